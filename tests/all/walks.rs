//! Points that are kept, walks between them, the plane of seeds and sheets of pictures: by hand and by properties.
#![expect(clippy::float_cmp, reason = "values by hand that are exact")]

use std::sync::Arc;

use rand::RngExt as _;
use zscope::array::Array;
use zscope::latent::{Mixing, mix};
use zscope::random::{Purpose, normals, stream};
use zscope::session::anchor::{Anchor, Anchors};
use zscope::session::bookmarks::{Bookmarks, MOST_BOOKMARKS, analogy};
use zscope::session::explore::{CornerSource, Explore, Place, SeedPlane, Standing};
use zscope::session::kept::Kept;
use zscope::session::map::{Ask, Map, Projection};
use zscope::session::own_picture::{Found, OwnPictures, Source};
use zscope::session::sheets::{SheetName, SheetPoints, Sheets};
use zscope::session::traversals::{Span, Traversals, encoded};
use zscope::session::walk::{Easing, Looping, Walk, slider_of_speed, speed_of_slider};
use zscope::session::wanted::Point;

use crate::map::state::{placed, points};

fn point(values: &[f32]) -> Place {
    Place::of(values.to_vec())
}

/// Three stations on a line, 2 s, 1 s and 3 s to the next.
fn walk(looping: Looping, easing: Easing) -> Walk {
    let mut walk = Walk::default();
    for (place, secs) in [(0.0, 2.0), (1.0, 1.0), (5.0, 3.0)] {
        walk.add(point(&[place, -place]));
        walk.set_secs(walk.stations().len() - 1, secs);
    }
    walk.change(1.0, easing, looping);
    walk
}

fn at(walk: &Walk, secs: f32) -> f32 {
    let explore = Explore::new(2);
    walk.latent_at(secs, Mixing::Lerp, &explore).expect("there are stations")[0]
}

#[test]
fn a_walk_by_hand() {
    let even = walk(Looping::Loop, Easing::Linear);
    assert_eq!([even.length(), even.round_secs()], [6.0, 6.0], "all three ways");
    let places =
        [(0.0, 0.0), (1.0, 0.5), (2.0, 1.0), (2.5, 3.0), (3.0, 5.0), (4.5, 2.5), (6.0, 0.0)];
    for (secs, place) in places {
        assert!((at(&even, secs) - place).abs() < 1e-6, "{} at {secs} s", at(&even, secs));
    }
    let once = walk(Looping::Once, Easing::Linear);
    assert_eq!([once.length(), at(&once, 3.0), at(&once, 99.0)], [3.0, 5.0, 5.0], "ends there");
    let back = walk(Looping::Back, Easing::Linear);
    assert_eq!([back.length(), back.round_secs()], [3.0, 6.0], "there and back");
    let smooth = walk(Looping::Loop, Easing::Smooth);
    assert!((at(&smooth, 0.5) - 0.156_25).abs() < 1e-6, "3 t² - 2 t³ at a quarter");
    assert_eq!(at(&smooth, 1.0), 0.5, "half-way at half time");
}

#[test]
fn stations_are_met_to_the_last_bit() {
    let explore = Explore::new(8);
    for easing in Easing::ALL.map(|(easing, _)| easing) {
        for looping in Looping::ALL.map(|(looping, _)| looping) {
            let mut walk = Walk::default();
            for seed in 0..5 {
                walk.add(point(&normals(seed, 0, Purpose::Explore, 8)));
                walk.set_secs(seed as usize, 0.7 + seed as f32 * 0.31);
            }
            walk.change(1.0, easing, looping);
            for index in 0..5 {
                let found = walk.latent_at(walk.secs_of(index), Mixing::Slerp, &explore);
                let expected = &walk.stations()[index].place.latent;
                assert_eq!(found.as_ref(), Some(expected), "{easing:?}, {looping:?}, {index}");
            }
        }
    }
}

#[test]
fn easings_lead_from_end_to_end_and_never_back() {
    for (easing, name) in Easing::ALL {
        assert_eq!([easing.share(0.0), easing.share(1.0)], [0.0, 1.0], "{name}");
        let shares: Vec<f32> = (0..=50).map(|step| easing.share(step as f32 / 50.0)).collect();
        assert!(shares.is_sorted(), "{name}: {shares:?}");
        assert_eq!([easing.share(-3.0), easing.share(7.0)], [0.0, 1.0], "{name}: clamped");
    }
}

#[test]
fn time_passes_by_speed_whatever_the_frames() {
    for looping in [Looping::Once, Looping::Loop, Looping::Back] {
        for speed in [0.5, 1.0, 3.0] {
            let run = |frames: usize| {
                let mut walk = walk(looping, Easing::Linear);
                walk.change(speed, Easing::Linear, looping);
                walk.play(true);
                for _ in 0..frames {
                    walk.advance(4.0 / frames as f32);
                }
                walk.secs()
            };
            let (few, many) = (run(3), run(1000));
            assert!((few - many).abs() < 0.01, "{looping:?} × {speed}: {few} s and {many} s");
        }
    }
    let mut once = walk(Looping::Once, Easing::Linear);
    once.play(true);
    assert!(once.advance(10.0), "to the end");
    assert!(!once.is_playing() && once.secs() == 3.0, "and no farther");
    once.play(true);
    assert_eq!(once.secs(), 0.0, "from the beginning again");
    let mut backwards = walk(Looping::Loop, Easing::Linear);
    backwards.change(-1.0, Easing::Linear, Looping::Loop);
    backwards.play(true);
    backwards.advance(1.0);
    assert_eq!(backwards.secs(), 5.0, "from the end of the last way");
    assert!(!walk(Looping::Loop, Easing::Linear).advance(1.0), "it does not play");
}

#[test]
fn a_film_is_a_whole_round() {
    for (looping, last) in [(Looping::Once, 3.0), (Looping::Loop, 5.4), (Looping::Back, 0.6)] {
        let walk = walk(looping, Easing::Linear);
        let moments = walk.moments(10);
        assert_eq!(moments.len(), 10, "{looping:?}");
        assert!((moments[9] - last).abs() < 1e-5, "{looping:?}: {moments:?}");
        assert_eq!(moments[0], 0.0, "{looping:?}");
    }
    assert_eq!(Walk::default().moments(3), [0.0; 3], "nowhere to go");
}

#[test]
fn speeds_and_sliders_are_inverse() {
    for step in -20..=20 {
        let slider = step as f32 / 20.0;
        let back = slider_of_speed(speed_of_slider(slider, 8.0), 8.0);
        assert!((back - slider).abs() < 1e-6, "{slider} became {back}");
    }
    assert_eq!(speed_of_slider(-1.0, 5.0), -5.0, "backwards at the left end");
}

/// Whatever is done to a walk, it stays one.
#[test]
fn any_changes_leave_a_walk() {
    let explore = Explore::new(2);
    for seed in 0..200 {
        let mut rng = stream(seed, 0, Purpose::Explore);
        let mut walk = Walk::default();
        for _ in 0..60 {
            let index = rng.random_range(0..6);
            let value =
                [f32::NAN, f32::INFINITY, -1.0, 0.0, 1e30, rng.random()][rng.random_range(0..6)];
            let looping = Looping::ALL[rng.random_range(0..3)].0;
            match rng.random_range(0..10) {
                0..=2 => walk.add(point(&[rng.random(), rng.random()])),
                3 => walk.remove(index),
                4 => walk.reorder(index, rng.random_range(0..6)),
                5 => walk.set_secs(index, value),
                6 => walk.seek(value),
                7 => walk.change(value, Easing::ALL[index % 4].0, looping),
                8 => walk.play(rng.random()),
                _ => drop(walk.advance(value)),
            }
            let secs = walk.secs();
            assert!((0.0..=walk.length()).contains(&secs), "{secs} s of {} s", walk.length());
            let latent = walk.latent_at(secs, Mixing::Slerp, &explore);
            assert_eq!(latent.is_some(), !walk.stations().is_empty());
            assert!(latent.is_none_or(|latent| latent.iter().all(|value| value.is_finite())));
            assert!(!walk.is_playing() || walk.stations().len() > 1, "one station leads nowhere");
        }
    }
}

#[test]
fn whole_places_of_the_plane_are_draws() {
    let mut explore = Explore::new(6);
    for place in [[0, 0], [3, 2], [-2, 5], [7, -1]] {
        explore.set_seeds(place.map(|value| value as f64));
        let seed = SeedPlane::seed(place);
        assert_eq!(explore.latent(), normals(seed, 0, Purpose::Sample, 6), "{place:?}");
        assert_eq!(explore.corners()[0].source, CornerSource::Draw(seed), "at the top left");
    }
    assert_eq!(SeedPlane::seed([3, 2]), 203, "x + 100 y");
    explore.set_seeds([3.4, 1.6]);
    explore.snap_seeds();
    assert_eq!(explore.latent(), normals(203, 0, Purpose::Sample, 6), "the nearest");
}

#[test]
fn the_plane_has_no_seams() {
    let mut explore = Explore::new(12);
    let mut before: Option<Vec<f32>> = None;
    for step in 0..400 {
        let along = step as f64 * 0.01;
        explore.set_seeds([-2.0 + along, 0.3 + 0.5 * along]);
        if let Some(before) = &before {
            let far = explore.latent().iter().zip(before).map(|(a, b)| (a - b).abs());
            let far = far.fold(0.0, f32::max);
            assert!(far < 0.15, "a jump of {far} at step {step}");
        }
        before = Some(explore.latent().to_vec());
    }
}

#[test]
fn the_pad_moves_on_the_plane_and_other_corners_leave_it() {
    let mut explore = Explore::new(4);
    explore.set_seeds([2.25, 3.5]);
    assert_eq!(explore.pad(), Some([0.25, 0.5]));
    explore.set_pad([0.75, 0.0]);
    assert_eq!(explore.seeds().map(|seeds| seeds.at), Some([2.75, 3.0]), "follows the hand");
    explore.redraw_corner(1);
    assert_eq!(explore.seeds(), None, "no piece of it any more");
    for wrong in [[f64::NAN, 0.0], [0.0, f64::INFINITY]] {
        explore.set_seeds(wrong);
        assert_eq!(explore.seeds(), None, "{wrong:?} is no place");
    }
    explore.set_seeds([1e300, -1e300]);
    assert!(explore.latent().iter().all(|value| value.is_finite()), "the edge of the plane");
}

#[test]
fn a_temperature_scales_draws() {
    let mut explore = Explore::new(5);
    explore.set_seeds([1.0, 0.0]);
    let whole = explore.latent().to_vec();
    explore.set_temperature(0.5);
    let half: Vec<f32> = whole.iter().map(|value| value * 0.5).collect();
    assert_eq!(explore.latent(), half, "corners follow");
    explore.set_temperature(0.0);
    assert_eq!(explore.latent(), [0.0; 5], "the most typical of all");
    explore.set_temperature(f32::NAN);
    assert_eq!(explore.temperature(), 0.0, "no number is no temperature");
}

fn with_codes() -> Explore {
    let codebook = Arc::new(Array::new([4, 2], vec![0., 0., 1., 0., 0., 1., 1., 1.]).unwrap());
    Explore::with_codes(3, codebook, vec![0.7, 0.1, 0.1, 0.1].into())
}

#[test]
fn a_cold_draw_of_codes_takes_the_most_used_one() {
    let mut explore = with_codes();
    explore.set_temperature(0.0);
    explore.jump_to_draw();
    assert_eq!(explore.codes().unwrap(), [0, 0, 0]);
}

#[test]
fn a_place_with_changed_codes_is_returned_to() {
    let mut explore = with_codes();
    explore.set_cell(1, 3);
    let (place, codes) = (explore.place(), explore.codes().unwrap());
    assert!(matches!(explore.point_of(&place), Point::Codes(_)), "its picture has the codes");
    explore.jump_to_draw();
    explore.visit(&place);
    assert_eq!((explore.codes().unwrap(), explore.place()), (codes.clone(), place.clone()));
    explore.set_latent(&explore.latent_of(&place));
    assert_eq!(explore.codes().unwrap(), codes, "the latent alone has them too");
    let mut wrong = place;
    wrong.cells.insert(99, 1);
    wrong.cells.insert(0, 77);
    explore.visit(&wrong);
    assert_eq!(explore.codes().unwrap(), codes, "cells and codes that there are not are left out");
}

#[test]
fn undo_leads_back_from_a_visit_to_the_last_bit() {
    let mut explore = Explore::new(7);
    explore.jump_to_draw();
    let before = explore.place();
    explore.visit(&point(&[0.1; 7]));
    explore.undo();
    assert_eq!(explore.place(), before);
    explore.visit(&point(&[0.1; 3]));
    explore.visit(&point(&[f32::NAN; 7]));
    assert_eq!(explore.place(), before, "no places of this space");
}

#[test]
fn where_one_stood_comes_back_from_text() {
    for mut explore in [Explore::new(6), with_codes()] {
        explore.set_temperature(0.7);
        explore.set_seeds([1.37, -2.81]);
        explore.set_cell(0, 2);
        let text = serde_json::to_string(&explore.standing()).unwrap();
        let standing: Standing = serde_json::from_str(&text).unwrap();
        let mut other = match explore.codes() {
            Some(_) => with_codes(),
            None => Explore::new(6),
        };
        other.stand(&standing);
        assert_eq!(other.standing(), explore.standing(), "to the last bit");
        assert!(!other.can_undo(), "there is nothing before");
        let mut small = Explore::new(2);
        let before = small.standing();
        small.stand(&standing);
        assert_eq!(small.standing(), before, "another space is left as it is");
    }
}

#[test]
fn bookmarks_keep_names_apart_and_end_somewhere() {
    let mut marks = Bookmarks::default();
    for _ in 0..3 {
        marks.add(point(&[0.0]));
    }
    marks.remove(1);
    marks.add(point(&[1.0]));
    let names: Vec<&str> = marks.iter().map(|mark| mark.name.as_str()).collect();
    assert_eq!(names, ["Point 1", "Point 3", "Point 2"], "the free number");
    marks.rename(0, "  smile ");
    marks.rename(1, "   ");
    assert_eq!([&*marks[0].name, &*marks[1].name], ["smile", "Point 3"]);
    marks.rename(2, &"é".repeat(1000));
    assert_eq!(marks[2].name.chars().count(), 60, "names end");
    while marks.add(point(&[0.0])).is_some() {}
    assert_eq!(marks.len(), MOST_BOOKMARKS);
    let walk = walk(Looping::Loop, Easing::Linear);
    let mut kept = Kept { bookmarks: marks, walk, ..Kept::default() };
    kept.retain_fitting(&Explore::new(2));
    assert_eq!((kept.bookmarks.len(), kept.walk.stations().len()), (0, 3), "of two dimensions");
    assert_eq!(serde_json::from_str::<Kept>("{}").unwrap(), Kept::default(), "an empty one");
}

#[test]
fn sums_of_points_by_hand() {
    let (a, b, c) = ([1.0, 2.0], [0.5, 0.5], [1.5, -0.5]);
    assert_eq!(analogy(&a, &b, &c, 1.0), [2.0, 1.0]);
    assert_eq!(analogy(&a, &b, &c, -0.5), [0.5, 2.5]);
    let explore = Explore::new(2);
    let (watched, bookmarks) = (vec![vec![3.0, 4.0], vec![1.0]], Bookmarks::default());
    let (own, map) = (OwnPictures::default(), Map::default());
    let anchors = Anchors {
        explore: &explore,
        watched: &watched,
        bookmarks: &bookmarks,
        own: &own,
        map: &map,
    };
    assert_eq!(anchors.latent(Anchor::Image(0)), Some(vec![3.0, 4.0]));
    assert_eq!(anchors.latent(Anchor::Image(1)), None, "of another space");
    assert_eq!(anchors.latent(Anchor::Bookmark(0)), None, "gone");
    let others = [Anchor::OwnPicture, Anchor::MapPoint, Anchor::MapSelection];
    assert_eq!(others.map(|anchor| anchors.latent(anchor)), [None, None, None], "none chosen");
    assert_eq!(anchors.chosen(), [], "nor offered");
}

#[test]
fn a_row_of_a_traversal_by_hand() {
    let traversals = Traversals { columns: 5, span: Span::Absolute(2.0), ..Traversals::default() };
    let points = traversals.points(&[0.5, 0.25], &[1, 0], &[[0.0_f32; 2]; 0]);
    let values: Vec<&[f32]> = points.iter().map(Point::values).collect();
    assert_eq!(values[0], [0.5, -2.0], "the first row sweeps the second dimension");
    assert_eq!([values[2], values[4], values[5]], [&[0.5, 0.0], &[0.5, 2.0], &[-2.0, 0.25]]);
    let range = traversals.range(0, &[[0.0_f32; 2]; 0]);
    // The middles of the five pictures.
    for (column, value) in [-2.0, -1.0, 0.0, 1.0, 2.0].into_iter().enumerate() {
        let share = (column as f32 + 0.5) / 5.0;
        assert!((traversals.value(range, share) - value).abs() < 1e-6, "picture {column}");
        assert!((traversals.share(range, value) - share).abs() < 1e-6, "and back");
    }
    assert_eq!(traversals.value(range, -1.0), -2.0, "no farther than the first picture");
}

#[test]
fn a_row_between_quantiles_of_watched_images() {
    let traversals = Traversals { span: Span::Watched { share: 0.25 }, ..Traversals::default() };
    let watched: Vec<Vec<f32>> =
        [4.0, 0.0, f32::NAN, 2.0, 3.0, 1.0].map(|value| vec![9.0, value]).to_vec();
    let range = traversals.range(1, &watched);
    assert_eq!([range.lo, range.hi], [1.0, 3.0], "of 0 to 4, without what is no number");
    let all_alike = traversals.range(0, &watched);
    assert_eq!([all_alike.lo, all_alike.hi], [9.0, 9.0]);
    assert_eq!(traversals.share(all_alike, 9.0), 0.5, "in the middle of nothing");
    assert_eq!(
        traversals.range(0, &[[0.0_f32; 2]; 0]).hi,
        3.0,
        "the prior's where nothing is watched"
    );
}

#[test]
fn quantiles_are_of_the_images_on_the_map_once_there_are_more() {
    let watched = vec![vec![7.0, 7.0]; 3];
    let mut map = Map::default();
    assert_eq!(encoded(&map, &watched), [[7.0, 7.0]; 3], "none on the map");
    map.set_points(points(1));
    let latents = encoded(&map, &watched);
    assert_eq!(latents.len(), 20, "the images, not the draw");
    assert!(latents.iter().all(|latent| latent[0] <= 4.0), "{latents:?}");
    let many = vec![vec![7.0, 7.0]; 24];
    assert_eq!(encoded(&map, &many).len(), 24, "more are watched");
}

fn sheet(values: &[f32]) -> Arc<[Point]> {
    values.iter().map(|&value| Point::Latent(vec![value])).collect()
}

fn drain(sheets: &mut Sheets) -> Vec<(SheetName, usize)> {
    let mut drawn = Vec::new();
    while let Some(tiles) = sheets.take(3) {
        let count = tiles.tiles.len();
        assert!((1..=3).contains(&count) && tiles.points.len() == count, "{tiles:?}");
        drawn.extend(tiles.tiles.iter().map(|&tile| (tiles.sheet, tile)));
    }
    drawn
}

#[test]
fn only_pictures_that_changed_are_drawn() {
    let mut sheets = Sheets::default();
    let want = |values: &[f32]| SheetPoints::from([(SheetName::Bookmarks, sheet(values))]);
    sheets.want(&want(&[1.0, 2.0, 3.0, 4.0]));
    let all = |numbers: &[usize]| -> Vec<_> {
        numbers.iter().map(|&number| (SheetName::Bookmarks, number)).collect()
    };
    assert_eq!(drain(&mut sheets), all(&[0, 1, 2, 3]), "all at first, in order");
    sheets.want(&want(&[1.0, 7.0, 3.0, 4.0, 5.0]));
    assert_eq!(drain(&mut sheets), all(&[1, 4]), "the new ones");
    sheets.want(&want(&[1.0, 7.0]));
    assert!(sheets.is_empty(), "fewer need no drawing");
    sheets.renew();
    assert_eq!(drain(&mut sheets), all(&[0, 1]), "weights have changed");
    sheets.want(&SheetPoints::new());
    sheets.renew();
    assert!(drain(&mut sheets).is_empty(), "nobody looks");
    sheets.want(&want(&[1.0]));
    assert_eq!(drain(&mut sheets), all(&[0]), "may be out of date since");
}

#[test]
fn pictures_given_back_come_again_and_none_starves() {
    let mut sheets = Sheets::default();
    let want = |first: f32| {
        let points = (0..9).map(|index| first + index as f32).collect::<Vec<_>>();
        SheetPoints::from([(SheetName::Traversals, sheet(&points))])
    };
    sheets.want(&want(0.0));
    let taken = sheets.take(2).unwrap();
    sheets.put_back(taken.sheet, &taken.tiles);
    sheets.put_back(SheetName::Keyframes, &[0]);
    sheets.put_back(taken.sheet, &[400]);
    assert_eq!(drain(&mut sheets).len(), 9, "each once");
    let mut drawn = [0; 9];
    for moment in 0..30 {
        sheets.want(&want(100.0 * (moment + 1) as f32));
        for tile in sheets.take(3).unwrap().tiles {
            drawn[tile] += 1;
        }
    }
    assert!(drawn.iter().all(|&count| count == 10), "{drawn:?} of 30 times three");
}

#[test]
fn latents_and_codes_are_drawn_apart() {
    let mut sheets = Sheets::default();
    let mixed: Arc<[Point]> = [
        Point::Latent(vec![0.0]),
        Point::Codes(vec![1.0]),
        Point::Latent(vec![2.0]),
        Point::Codes(vec![3.0]),
    ]
    .into();
    sheets.want(&SheetPoints::from([(SheetName::Bookmarks, mixed)]));
    for expected in [[0, 2], [1, 3]] {
        assert_eq!(sheets.take(9).unwrap().tiles, expected);
    }
}

#[test]
fn a_way_between_stations_is_that_of_the_corners() {
    let explore = Explore::new(3);
    let (a, b) = ([1.0, 0.0, 0.5], [-0.3, 2.0, 0.1]);
    let mut walk = Walk::default();
    walk.add(point(&a));
    walk.add(point(&b));
    walk.change(1.0, Easing::Linear, Looping::Once);
    for mixing in [Mixing::Lerp, Mixing::Slerp] {
        let found = walk.latent_at(0.5, mixing, &explore).unwrap();
        assert_eq!(found, mix(mixing, &a, &b, 0.25), "{mixing:?}");
    }
}

#[test]
fn points_that_are_chosen_elsewhere_have_names() {
    let explore = Explore::new(2);
    let bookmarks = Bookmarks::default();
    let (mut own, mut map) = (OwnPictures::default(), Map::default());
    map.set_points(points(1));
    map.set_placed(placed(&points(1), Projection::Pca));
    map.apply(&Ask::Choose(Some(7)));
    let line = vec![[-0.5, -0.5], [1.5, -0.5], [1.5, 0.5], [-0.5, 0.5]];
    map.apply(&Ask::SelectWithin { line, adds: false });
    let pixels = Source::Pixels { size: [1, 1], rgba: vec![0; 4].into() };
    let number = own.add("cat.png".to_owned(), pixels);
    let latent = Some(vec![0.5, -1.0]);
    own.take_found(number, Arc::new(Found { latent, ..Found::default() }));
    let named = |own: &OwnPictures, map: &Map| {
        let watched = &[];
        let anchors = Anchors { explore: &explore, watched, bookmarks: &bookmarks, own, map };
        anchors
            .chosen()
            .into_iter()
            .map(|anchor| (anchors.name(anchor), anchors.latent(anchor)))
            .map(|(name, latent)| (name, latent.expect("it is there")))
            .collect::<Vec<_>>()
    };
    let expected = [
        ("your picture".to_owned(), vec![0.5, -1.0]),
        ("point on the map".to_owned(), vec![2.0, 1.0]),
        ("selection on the map (2)".to_owned(), vec![0.5, 0.0]),
    ];
    assert_eq!(named(&own, &map), expected);
    let line = vec![[-0.5, -0.5], [0.5, -0.5], [0.5, 1.5], [-0.5, 1.5]];
    map.apply(&Ask::SelectWithin { line, adds: true });
    let (name, mean) = named(&own, &map).remove(2);
    assert_eq!((&*name, mean), ("selection on the map (3)", vec![1.0 / 3.0, 1.0 / 3.0]), "follows");
    own.forget_found();
    map.apply(&Ask::Choose(None));
    map.apply(&Ask::Deselect);
    assert_eq!(named(&own, &map), [], "gone");
    for anchor in [Anchor::OwnPicture, Anchor::MapPoint, Anchor::MapSelection, Anchor::Image(3)] {
        let text = serde_json::to_string(&anchor).expect("plain data");
        assert_eq!(serde_json::from_str::<Anchor>(&text).expect("the same"), anchor, "{text}");
    }
}
