//! Codes as dots on a plane, as one picture, and which code lies where in it. Pure functions.

use egui::{Color32, ColorImage};

use super::theme;
use crate::metrics::code_use::CodeState;

/// Radius of a dot in points: at least so much, and at most.
const RADIUS_PTS: [f32; 2] = [2.0, 5.0];
/// A dot is so large beside the room that each would have if they lay evenly.
const SHARE_OF_ROOM: f32 = 0.3;

/// The part of a plane that is seen, and on how many pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// The place at the lower left corner.
    pub lo: [f64; 2],
    /// The place at the upper right corner.
    pub hi: [f64; 2],
    /// Width and height in pixels.
    pub size_px: [usize; 2],
    /// The radius of a dot in pixels.
    pub radius_px: f32,
}

impl Seen {
    /// A part of a plane on a screen with so many pixels a point, and `k` dots on it.
    pub fn new([lo, hi]: [[f64; 2]; 2], size_pts: [f32; 2], scale: f32, k: usize) -> Self {
        let size_px = size_pts.map(|side| (side * scale).round().max(1.0) as usize);
        let room_pts = (size_pts[0] * size_pts[1] / k.max(1) as f32).sqrt();
        let radius_pts = (SHARE_OF_ROOM * room_pts).clamp(RADIUS_PTS[0], RADIUS_PTS[1]);
        Self { lo, hi, size_px, radius_px: radius_pts * scale }
    }

    /// Where a place lies, in pixels from the top left.
    pub fn px(&self, place: [f64; 2]) -> [f32; 2] {
        let [x, y] = [0, 1].map(|axis: usize| {
            let span = (self.hi[axis] - self.lo[axis]).max(f64::MIN_POSITIVE);
            (place[axis] - self.lo[axis]) / span * self.size_px[axis] as f64
        });
        [x as f32, (self.size_px[1] as f64 - y) as f32]
    }

    /// The code whose dot is nearest to a point in pixels from the top left, no farther than `reach_px` from it.
    pub fn code_at(
        &self,
        places: &[Option<[f64; 2]>],
        [x, y]: [f32; 2],
        reach_px: f32,
    ) -> Option<usize> {
        let far = |&(code, place): &(usize, &Option<[f64; 2]>)| {
            let [px, py] = self.px((*place)?);
            let far = (px - x).hypot(py - y);
            (far <= reach_px).then_some((far, code))
        };
        let near = places.iter().enumerate().filter_map(|entry| far(&entry));
        near.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|(_, code)| code)
    }
}

/// The code next to another one on the plane, right or left, down or up: the nearest among those that lie more in
/// that direction than across it. Nothing where there is none.
pub fn next(places: &[Option<[f64; 2]>], from: usize, [right, down]: [isize; 2]) -> Option<usize> {
    let [x, y] = (*places.get(from)?)?;
    let step = |(code, place): (usize, &Option<[f64; 2]>)| {
        let [dx, dy] = [(*place)?[0] - x, y - (*place)?[1]];
        let along = dx * right as f64 + dy * down as f64;
        let across = dx * down as f64 - dy * right as f64;
        (along > 0.0 && across.abs() <= along).then_some((dx.hypot(dy), code))
    };
    let ahead = places.iter().enumerate().filter_map(step);
    ahead.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|(_, code)| code)
}

/// The plane as a picture, clear where no dot is. Dots of used codes are filled with their brightness, those of
/// dying ones have a light core, of dead ones only the rim is there, frozen ones are square: told apart by form,
/// not only by colour. In the order of their numbers, so that no kind hides the others.
pub fn image(
    places: &[Option<[f64; 2]>],
    seen: &Seen,
    dot_of: impl Fn(usize) -> Dot,
) -> ColorImage {
    let mut image = ColorImage::filled(seen.size_px, Color32::TRANSPARENT);
    let stamps = Stamps::new(seen.radius_px);
    for (code, place) in places.iter().enumerate() {
        if let Some(place) = *place {
            stamps.put(&mut image, seen.px(place), dot_of(code));
        }
    }
    image
}

/// How one dot looks.
#[derive(Clone, Copy, Debug)]
pub struct Dot {
    /// Where its code stands, if that is known.
    pub state: Option<CodeState>,
    /// How bright it is, in `[0, 1]`.
    pub brightness: f32,
    /// Whether its code is frozen.
    pub is_frozen: bool,
}

/// What a point of a dot is painted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ink {
    /// The colour of its brightness.
    Fill,
    /// What tells that it is dying or dead.
    Mark,
}

impl Dot {
    /// The colour of a point, from the middle of a dot of this radius; clear outside of it.
    pub fn colour(self, radius: f32, at: [f32; 2]) -> Color32 {
        let (ink, cover) = self.ink(radius, at);
        self.colour_of(ink).gamma_multiply(cover)
    }

    fn colour_of(self, ink: Ink) -> Color32 {
        match (ink, self.state) {
            (Ink::Mark, Some(CodeState::Dead)) => theme::colours().dead,
            (Ink::Mark, _) => theme::colours().hatch,
            (Ink::Fill, None) => theme::colours().unknown,
            (Ink::Fill, Some(_)) => theme::viridis(self.brightness),
        }
    }

    /// What is there of a dot, and how much of a pixel it covers.
    fn ink(self, radius: f32, [x, y]: [f32; 2]) -> (Ink, f32) {
        let far = if self.is_frozen { x.abs().max(y.abs()) } else { x.hypot(y) };
        let inside = |radius: f32| (radius + 0.5 - far).clamp(0.0, 1.0);
        match self.state {
            Some(CodeState::Dead) => {
                let rim = (radius * 0.3).max(1.0);
                (Ink::Mark, inside(radius) - inside(radius - rim))
            }
            Some(CodeState::Dying) if far < (radius * 0.4).max(0.6) => (Ink::Mark, 1.0),
            Some(CodeState::Used | CodeState::Dying) | None => (Ink::Fill, inside(radius)),
        }
    }
}

/// The pixels of dots of every form, from their middle.
struct Stamps(Vec<Vec<([isize; 2], Ink, f32)>>);

impl Stamps {
    const STATES: [Option<CodeState>; 4] =
        [None, Some(CodeState::Used), Some(CodeState::Dying), Some(CodeState::Dead)];

    fn new(radius: f32) -> Self {
        let reach = (radius + 0.5).ceil() as isize;
        let stamp = |state, is_frozen| {
            let dot = Dot { state, brightness: 0.0, is_frozen };
            let rows = (-reach..=reach).flat_map(|y| (-reach..=reach).map(move |x| [x, y]));
            let pixels = rows.map(|at| {
                let (ink, cover) = dot.ink(radius, at.map(|at| at as f32));
                (at, ink, cover)
            });
            pixels.filter(|(.., cover)| *cover > 0.0).collect()
        };
        let forms =
            Self::STATES.iter().flat_map(|&state| [false, true].map(|frozen| (state, frozen)));
        Self(forms.map(|(state, is_frozen)| stamp(state, is_frozen)).collect())
    }

    fn put(&self, image: &mut ColorImage, px: [f32; 2], dot: Dot) {
        let form = Self::STATES.iter().position(|&state| state == dot.state).unwrap_or(0);
        let inks = [Ink::Fill, Ink::Mark].map(|ink| dot.colour_of(ink));
        let [width, height] = image.size.map(usize::cast_signed);
        let [left, top] = px.map(|px| px.floor() as isize);
        for &([x, y], ink, cover) in &self.0[2 * form + usize::from(dot.is_frozen)] {
            let (x, y) = (left + x, top + y);
            if (0..width).contains(&x) && (0..height).contains(&y) {
                let pixel = &mut image.pixels[(y * width + x).cast_unsigned()];
                let ink = inks[ink as usize];
                *pixel = if cover < 1.0 { pixel.blend(ink.gamma_multiply(cover)) } else { ink };
            }
        }
    }
}
