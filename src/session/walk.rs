//! A walk from station to station: where it is at a time, and how it goes on.

use serde::{Deserialize, Serialize};

use super::explore::{Explore, Place};
use crate::language::tr_later;
use crate::latent::{Mixing, mix};

/// The most stations: as many as a sheet has pictures.
pub const MOST_STATIONS: usize = 256;
/// How long the way from a station to the next may be, in seconds.
pub const STATION_SECS: std::ops::RangeInclusive<f32> = 0.1..=60.0;
/// The greatest speed, in times of the stations' own.
pub const TOP_SPEED: f32 = 8.0;

/// How a way between two stations begins and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Easing {
    /// At one speed.
    Linear,
    /// Slowly at both ends.
    #[default]
    Smooth,
    /// Slowly at first.
    In,
    /// Slowly at last.
    Out,
}

impl Easing {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Linear, tr_later!("even")),
        (Self::Smooth, tr_later!("smooth")),
        (Self::In, tr_later!("slow start")),
        (Self::Out, tr_later!("slow end")),
    ];

    /// The share of the way after a share of the time, both in `[0, 1]`.
    pub fn share(self, t: f32) -> f32 {
        let t = t.clamp(0.0, 1.0);
        match self {
            Self::Linear => t,
            Self::Smooth => t * t * (3.0 - 2.0 * t),
            Self::In => t * t,
            Self::Out => t * (2.0 - t),
        }
    }
}

/// What comes after the last station.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Looping {
    /// Nothing.
    Once,
    /// The first one again.
    #[default]
    Loop,
    /// The way back.
    Back,
}

impl Looping {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Once, tr_later!("once")),
        (Self::Loop, tr_later!("loop")),
        (Self::Back, tr_later!("there and back")),
    ];
}

/// A place on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Station {
    /// Where it is.
    pub place: Place,
    /// How long it takes to the next one, in seconds.
    pub secs: f32,
}

/// Stations, and where on the way between them the walk is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Walk {
    stations: Vec<Station>,
    /// How ways begin and end.
    pub easing: Easing,
    /// What comes after the last station.
    pub looping: Looping,
    /// How fast it goes, in times of the stations' own speed; backwards where negative.
    pub speed: f32,
    /// How far it is, in seconds from the first station.
    secs: f32,
    #[serde(skip)]
    is_playing: bool,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            stations: Vec::new(),
            easing: Easing::default(),
            looping: Looping::default(),
            speed: 1.0,
            secs: 0.0,
            is_playing: false,
        }
    }
}

impl Walk {
    /// How long the way to another station takes unless it is told, in seconds.
    const SECS: f32 = 2.0;

    /// All stations, in order.
    pub fn stations(&self) -> &[Station] {
        &self.stations
    }

    /// Adds a last station; does nothing where there are too many.
    pub fn add(&mut self, place: Place) {
        let secs = self.secs();
        if self.stations.len() < MOST_STATIONS {
            self.seek(secs);
            self.stations.push(Station { place, secs: Self::SECS });
        }
    }

    /// Takes a station out.
    pub fn remove(&mut self, index: usize) {
        if index < self.stations.len() {
            let secs = self.secs();
            self.stations.remove(index);
            self.is_playing &= self.stations.len() > 1;
            self.seek(secs);
        }
    }

    /// Puts a station to another place in the order.
    pub fn reorder(&mut self, from: usize, to: usize) {
        if from < self.stations.len() && to < self.stations.len() {
            let secs = self.secs();
            let station = self.stations.remove(from);
            self.stations.insert(to, station);
            self.seek(secs);
        }
    }

    /// Puts another place in the stead of a station's.
    pub fn replace(&mut self, index: usize, place: Place) {
        if let Some(station) = self.stations.get_mut(index) {
            station.place = place;
        }
    }

    /// Changes how long the way from a station to the next takes.
    pub fn set_secs(&mut self, index: usize, secs: f32) {
        let at = self.secs();
        if let Some(station) = self.stations.get_mut(index).filter(|_| secs.is_finite()) {
            station.secs = secs.clamp(*STATION_SECS.start(), *STATION_SECS.end());
            self.seek(at);
        }
    }

    /// Forgets all stations.
    pub fn clear(&mut self) {
        self.stations.clear();
        (self.secs, self.is_playing) = (0.0, false);
    }

    /// Forgets stations that are no places of the explorer's latent space, and what is no duration.
    pub fn retain_fitting(&mut self, explore: &Explore) {
        self.stations.retain(|station| explore.fits(&station.place) && station.secs.is_finite());
        self.stations.truncate(MOST_STATIONS);
        for index in 0..self.stations.len() {
            self.set_secs(index, self.stations[index].secs);
        }
        if !self.speed.is_finite() {
            self.speed = 1.0;
        }
        self.is_playing &= self.stations.len() > 1;
        self.seek(self.secs);
    }

    /// How long the whole way takes, in seconds: from the first station to the last, and back to the first where it
    /// leads there.
    pub fn length(&self) -> f32 {
        let ways = match self.looping {
            Looping::Loop => self.stations.len(),
            Looping::Once | Looping::Back => self.stations.len().saturating_sub(1),
        };
        self.stations.iter().take(ways).map(|station| station.secs).sum()
    }

    /// How long it takes until everything begins again, in seconds.
    pub fn round_secs(&self) -> f32 {
        match self.looping {
            Looping::Back => 2.0 * self.length(),
            Looping::Once | Looping::Loop => self.length(),
        }
    }

    /// How far the walk is, in seconds from the first station, up to [`Self::length`].
    pub fn secs(&self) -> f32 {
        let length = self.length();
        let secs = if self.secs > length { 2.0 * length - self.secs } else { self.secs };
        secs.clamp(0.0, length)
    }

    /// Whether it goes on by itself.
    pub fn is_playing(&self) -> bool {
        self.is_playing
    }

    /// Lets it go on by itself, or stops it. From an end that it cannot go beyond it begins at the other one.
    pub fn play(&mut self, is_playing: bool) {
        self.is_playing = is_playing && self.stations.len() > 1;
        let is_at = |end: f32| (self.secs - end).abs() < 1e-3;
        if self.is_playing && self.looping == Looping::Once {
            if self.speed > 0.0 && is_at(self.length()) {
                self.secs = 0.0;
            } else if self.speed < 0.0 && is_at(0.0) {
                self.secs = self.length();
            }
        }
    }

    /// Changes how it goes; a speed that is no number is ignored.
    pub fn change(&mut self, speed: f32, easing: Easing, looping: Looping) {
        if speed.is_finite() {
            self.speed = speed.clamp(-TOP_SPEED, TOP_SPEED);
        }
        let secs = self.secs();
        (self.easing, self.looping) = (easing, looping);
        self.seek(secs);
    }

    /// Goes to a moment.
    pub fn seek(&mut self, secs: f32) {
        let secs = if secs.is_finite() { secs } else { 0.0 };
        self.secs = secs.clamp(0.0, self.length());
    }

    /// Lets time pass, in seconds, while it plays; whether it moved.
    pub fn advance(&mut self, passed: f32) -> bool {
        let period = self.round_secs();
        if !self.is_playing || period <= 0.0 || self.speed == 0.0 || !passed.is_finite() {
            return false;
        }
        let secs = self.secs + passed * self.speed;
        if self.looping == Looping::Once {
            self.secs = secs.clamp(0.0, period);
            self.is_playing = (0.0..period).contains(&secs) && secs > 0.0;
        } else {
            self.secs = secs.rem_euclid(period);
        }
        true
    }

    /// The moment at which a station is reached, in seconds.
    pub fn secs_of(&self, index: usize) -> f32 {
        self.stations.iter().take(index).map(|station| station.secs).sum()
    }

    /// The stations that it is between at a moment, and the share of the way from one to the other.
    fn between(&self, secs: f32) -> Option<(usize, usize, f32)> {
        let last = self.stations.len().checked_sub(1)?;
        let mut start = 0.0;
        for (index, station) in self.stations.iter().enumerate() {
            let next = match (index == last, self.looping) {
                (false, _) => index + 1,
                (true, Looping::Loop) => 0,
                (true, Looping::Once | Looping::Back) => return Some((last, last, 0.0)),
            };
            if secs < start + station.secs {
                let share = ((secs - start) / station.secs).clamp(0.0, 1.0);
                return Some((index, next, self.easing.share(share)));
            }
            start += station.secs;
        }
        Some(if self.looping == Looping::Loop { (last, 0, 1.0) } else { (last, last, 0.0) })
    }

    /// The latent at a moment, in seconds from the first station; nothing without stations. Stations are met exactly.
    pub fn latent_at(&self, secs: f32, mixing: Mixing, explore: &Explore) -> Option<Vec<f32>> {
        let (from, to, share) = self.between(secs)?;
        let latent = |index: usize| explore.latent_of(&self.stations[index].place);
        Some(match share {
            0.0 => latent(from),
            1.0 => latent(to),
            _ => mix(mixing, &latent(from), &latent(to), share),
        })
    }

    /// Moments evenly over a whole round, both ends included where they differ: what a film of so many pictures shows.
    pub fn moments(&self, count: usize) -> Vec<f32> {
        let (length, period) = (self.length(), self.round_secs());
        let steps = match self.looping {
            Looping::Once => count.saturating_sub(1),
            Looping::Loop | Looping::Back => count,
        };
        let moment = |index: usize| period * index as f32 / steps.max(1) as f32;
        let fold = |secs: f32| if secs > length { 2.0 * length - secs } else { secs };
        (0..count).map(|index| fold(moment(index)).clamp(0.0, length)).collect()
    }
}

/// The speed that a slider in `[-1, 1]` stands for: fine around zero, up to `top` at its ends.
pub fn speed_of_slider(slider: f32, top: f32) -> f32 {
    top * slider.powi(3)
}

/// The place of a slider in `[-1, 1]` for a speed; the inverse of [`speed_of_slider`].
pub fn slider_of_speed(speed: f32, top: f32) -> f32 {
    (speed / top).cbrt()
}
