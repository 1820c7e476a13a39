//! Where a person stands in latent space: properties over any commands, and the way back by hand.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

use zscope::array::Array;
use zscope::latent::Mixing;
use zscope::latent::{codes_of_latent, latent_of_codes};
use zscope::random::{Purpose, stream};
use zscope::session::explore::{CornerSource, Explore};

const SIZES: [usize; 3] = [1, 2, 20];

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[track_caller]
fn assert_point(explore: &Explore, d: usize, after: &str) {
    let latent = explore.latent();
    assert_eq!(latent.len(), d, "after {after}");
    assert!(latent.iter().all(|value| value.is_finite()), "{latent:?} after {after}");
    if let Some([u, v]) = explore.pad() {
        assert!((0.0..=1.0).contains(&u) && (0.0..=1.0).contains(&v), "({u}, {v}) after {after}");
    }
    let mut order = explore.order().to_vec();
    order.sort_unstable();
    assert_eq!(order, (0..d).collect::<Vec<_>>(), "every dimension once after {after}");
    assert_eq!(explore.kl().len(), d, "after {after}");
    for corner in explore.corners() {
        assert_eq!(corner.latent.len(), d, "a corner after {after}");
        let finite = corner.latent.iter().all(|value| value.is_finite());
        assert!(finite, "the corner {corner:?} after {after}");
    }
    if let Some(dims) = explore.plane_dims() {
        assert!(dims.iter().all(|dim| *dim < d), "{dims:?} after {after}");
    }
}

/// What a run of random commands may use.
struct Poison {
    floats: &'static [f32],
    images: Vec<Vec<f32>>,
}

impl Poison {
    fn float(&self, rng: &mut ChaCha8Rng) -> f32 {
        if rng.random::<f32>() < 0.3 {
            self.floats[rng.random_range(0..self.floats.len())]
        } else {
            rng.random_range(-4.0..4.0)
        }
    }

    fn floats(&self, rng: &mut ChaCha8Rng, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.float(rng)).collect()
    }
}

/// One random command; says which it was.
fn act(explore: &mut Explore, rng: &mut ChaCha8Rng, poison: &Poison, d: usize) -> String {
    let length = [d, d, d, d + 1, d - 1, 0][rng.random_range(0..6)];
    match rng.random_range(0..17) {
        0 => {
            explore.begin_edit();
            "begin edit".to_owned()
        }
        1 => {
            let (dim, value) = (rng.random_range(0..d + 2), poison.float(rng));
            explore.set_dim(dim, value);
            format!("dimension {dim} to {value}")
        }
        2 => {
            let latent = poison.floats(rng, length);
            explore.set_latent(&latent);
            format!("point {latent:?}")
        }
        3 | 4 => {
            let at = [poison.float(rng), poison.float(rng)];
            explore.set_pad(at);
            format!("pad {at:?}")
        }
        5 => {
            explore.begin_walk();
            "begin walk".to_owned()
        }
        6 | 7 => {
            let (right, down) = (poison.float(rng), poison.float(rng));
            explore.walk(right, down);
            format!("walk {right} {down}")
        }
        8 => {
            explore.walk_dims();
            "walk along dimensions".to_owned()
        }
        9 => {
            explore.walk_random();
            "walk along random directions".to_owned()
        }
        10 => {
            let mixing = if rng.random() { Mixing::Lerp } else { Mixing::Slerp };
            explore.set_mixing(mixing);
            format!("{mixing:?}")
        }
        11 => {
            let index = rng.random_range(0..6);
            let source = match rng.random_range(0..3) {
                0 => CornerSource::Image(rng.random_range(0..poison.images.len() + 2)),
                1 => CornerSource::Draw(rng.random()),
                _ => CornerSource::Point,
            };
            explore.set_corner(index, source.clone(), &poison.images);
            format!("corner {index} to {source:?}")
        }
        12 => {
            let index = rng.random_range(0..6);
            explore.redraw_corner(index);
            format!("corner {index} drawn afresh")
        }
        13 => {
            explore.jump_to_draw();
            "jump".to_owned()
        }
        14 => {
            explore.undo();
            "undo".to_owned()
        }
        15 => {
            explore.redo();
            "redo".to_owned()
        }
        _ => {
            let kl = poison.floats(rng, length);
            explore.set_kl(&kl, rng.random());
            explore.follow_images(&poison.images);
            explore.set_frozen(rng.random());
            format!("KL {kl:?}, new images")
        }
    }
}

fn any_commands(seed: u64, d: usize, poison: &Poison) {
    let mut rng = stream(seed, d as u64, Purpose::Evaluate);
    let mut explore = Explore::new(d);
    assert_point(&explore, d, "nothing");
    let mut done = Vec::new();
    for _ in 0..3000 {
        done.push(act(&mut explore, &mut rng, poison, d));
        let recent = &done[done.len().saturating_sub(6)..];
        assert_point(&explore, d, &recent.join("; "));
    }
}

fn images(d: usize, value: impl Fn(usize, usize) -> f32) -> Vec<Vec<f32>> {
    (0..4).map(|row| (0..d).map(|i| value(row, i)).collect()).collect()
}

#[test]
fn any_commands_leave_a_finite_point() {
    for d in SIZES {
        let floats =
            &[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1e-45, 1e6, -7.0, 2.0];
        let mut images = images(d, |row, i| (row * 7 + i) as f32 * 0.1 - 1.0);
        images.push(vec![0.0; d + 1]);
        images.push(Vec::new());
        any_commands(1, d, &Poison { floats, images });
    }
}

/// Numbers that are finite themselves, but whose sums and products are not.
#[test]
fn huge_numbers_leave_a_finite_point() {
    for d in SIZES {
        let floats = &[f32::MAX, f32::MIN, 1e38, -3e38, 1e30, 0.0];
        any_commands(2, d, &Poison { floats, images: images(d, |_, _| f32::MAX) });
    }
}

/// An encoder that diverged gives watched images latents that are no numbers.
#[test]
fn broken_watched_images_leave_a_finite_point() {
    for d in SIZES {
        let broken = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0];
        let images = images(d, |row, _| broken[row]);
        let mut explore = Explore::new(d);
        for index in 0..4 {
            explore.set_corner(index, CornerSource::Image(index), &images);
        }
        for at in [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]] {
            explore.set_pad(at);
            assert_point(&explore, d, "corners that are no numbers");
        }
        any_commands(3, d, &Poison { floats: &[0.0, 1.0], images });
    }
}

#[test]
fn what_is_out_of_range_changes_nothing() {
    for d in SIZES {
        let mut explore = Explore::new(d);
        explore.set_dim(0, 0.75);
        let before = explore.clone();
        explore.set_dim(d, 1.0);
        explore.set_dim(usize::MAX, 1.0);
        explore.set_dim(0, f32::NAN);
        explore.set_dim(0, f32::INFINITY);
        explore.set_latent(&vec![1.0; d + 1]);
        explore.set_latent(&vec![1.0; d - 1]);
        explore.set_latent(&vec![f32::NAN; d]);
        explore.set_corner(4, CornerSource::Point, &[]);
        explore.set_corner(usize::MAX, CornerSource::Draw(1), &[]);
        explore.set_corner(0, CornerSource::Image(0), &[]);
        explore.set_corner(0, CornerSource::Image(usize::MAX), &[vec![0.0; d]]);
        explore.set_corner(0, CornerSource::Image(0), &[vec![0.0; d + 1]]);
        explore.set_kl(&vec![1.0; d + 1], true);
        explore.walk(f32::NAN, 0.0);
        explore.walk(0.0, f32::INFINITY);
        explore.undo();
        explore.redo();
        // `kl` is not known, and NaN differs from itself.
        assert_eq!(format!("{explore:?}"), format!("{before:?}"), "d = {d}");
    }
}

#[test]
fn the_pad_is_exact_at_its_corners() {
    let places = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
    for d in SIZES {
        for mixing in [Mixing::Lerp, Mixing::Slerp] {
            let same = vec![vec![0.3; d], vec![0.3; d], vec![-0.3; d], vec![0.0; d]];
            for images in [Vec::new(), images(d, |row, i| (row + i) as f32 - 2.0), same] {
                let mut explore = Explore::new(d);
                explore.set_mixing(mixing);
                for index in 0..images.len() {
                    explore.set_corner(index, CornerSource::Image(index), &images);
                }
                for (index, at) in places.into_iter().enumerate() {
                    explore.set_pad(at);
                    let corner = &explore.corners()[index].latent;
                    assert_eq!(explore.latent(), corner, "{mixing:?}, corner {index}, d = {d}");
                    assert_eq!(explore.pad(), Some(at), "and stands there");
                    assert_eq!(&explore.latent_at_pad(at), corner, "asked without going there");
                }
                // Beyond the pad is its border; no number is its middle.
                explore.set_pad([-3.0, 7.0]);
                assert_eq!(explore.latent(), explore.corners()[2].latent, "clamped");
                explore.set_pad([f32::NAN, f32::INFINITY]);
                assert_eq!(explore.pad(), Some([0.5, 0.5]), "no number is the middle");
            }
        }
    }
}

#[test]
fn a_point_on_the_pad_follows_its_corners() {
    let mut explore = Explore::new(2);
    explore.set_pad([0.0, 0.0]);
    let images = vec![vec![1.0, 2.0]];
    explore.set_corner(0, CornerSource::Image(0), &images);
    assert_eq!(explore.latent(), [1.0, 2.0], "a new corner under the point");
    explore.follow_images(&[vec![3.0, 4.0]]);
    assert_eq!(explore.latent(), [3.0, 4.0], "the image's latent moved while it learns");
    explore.set_dim(0, 9.0);
    explore.follow_images(&[vec![5.0, 6.0]]);
    assert_eq!(explore.latent(), [9.0, 4.0], "off the pad it stays");
    assert_eq!(explore.corners()[0].latent, [5.0, 6.0], "the corner moves all the same");
    explore.set_corner(3, CornerSource::Point, &[]);
    explore.set_dim(1, 0.0);
    assert_eq!(explore.corners()[3].latent, [9.0, 4.0], "a point stays where it was put");
}

/// A fresh model shows its own images at the corners; whoever has chosen something keeps it.
#[test]
fn untouched_corners_become_watched_images() {
    let images = images(2, |row, i| (row * 2 + i) as f32);
    let mut explore = Explore::new(2);
    explore.set_mixing(Mixing::Lerp);
    assert!(explore.follow_images(&images), "something moved");
    for (index, corner) in explore.corners().iter().enumerate() {
        assert_eq!(corner.source, CornerSource::Image(index), "corner {index}");
        assert_eq!(corner.latent, images[index], "corner {index}");
    }
    assert_eq!(
        (explore.pad(), explore.latent()),
        (Some([0.2, 0.2]), &[1.2, 2.2][..]),
        "near to the first"
    );
    assert!(!explore.follow_images(&images), "nothing new");

    let touches: [fn(&mut Explore); 5] = [
        |explore| explore.set_dim(1, 0.5),
        |explore| explore.set_pad([0.0, 1.0]),
        |explore| explore.jump_to_draw(),
        |explore| explore.redraw_corner(2),
        |explore| {
            explore.begin_walk();
            explore.walk(1.0, 1.0);
        },
    ];
    for touch in touches {
        let mut explore = Explore::new(2);
        touch(&mut explore);
        let before = explore.clone();
        assert!(!explore.follow_images(&images), "nothing moved");
        assert_eq!(format!("{explore:?}"), format!("{before:?}"), "what was chosen stays");
    }
    let mut few = Explore::new(2);
    few.follow_images(&images[..3]);
    assert!(few.corners().iter().all(|c| matches!(c.source, CornerSource::Draw(_))), "too few");
}

#[test]
fn redrawn_corners_and_jumps_are_all_different() {
    let mut explore = Explore::new(20);
    let mut seen: Vec<Vec<u32>> =
        explore.corners().iter().map(|corner| bits(&corner.latent)).collect();
    for _ in 0..8 {
        explore.redraw_corner(1);
        seen.push(bits(&explore.corners()[1].latent));
        explore.jump_to_draw();
        seen.push(bits(explore.latent()));
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count, "no draw comes twice");
}

#[test]
fn the_way_back_by_hand() {
    let mut explore = Explore::new(2);
    assert!(!explore.can_undo() && !explore.can_redo(), "nothing to go back to");
    explore.begin_edit();
    explore.set_dim(0, 1.0);
    explore.set_dim(0, 2.0);
    explore.begin_edit();
    explore.set_latent(&[3.0, 3.0]);
    explore.undo();
    assert_eq!(explore.latent(), [2.0, 0.0], "a drag is one edit");
    explore.undo();
    assert_eq!(explore.latent(), [0.0, 0.0], "the beginning");
    explore.undo();
    assert_eq!(explore.latent(), [0.0, 0.0], "nothing further back");
    explore.redo();
    explore.redo();
    assert_eq!(explore.latent(), [3.0, 3.0], "and forward");
    assert!(!explore.can_redo(), "nothing further on");
    explore.undo();
    explore.begin_edit();
    explore.set_dim(1, 7.0);
    assert!(!explore.can_redo(), "a new edit ends the other way forward");
    explore.redo();
    assert_eq!(explore.latent(), [2.0, 7.0], "and it is gone");
}

/// Undo gives back the place on the pad too, unless its corners have moved since.
#[test]
fn undo_goes_back_onto_the_pad() {
    let mut explore = Explore::new(4);
    explore.begin_edit();
    explore.set_pad([0.25, 0.75]);
    explore.begin_edit();
    explore.set_pad([0.5, 0.5]);
    explore.begin_edit();
    explore.set_dim(2, 9.0);
    assert_eq!(explore.pad(), None, "off the pad");
    explore.undo();
    assert_eq!(explore.pad(), Some([0.5, 0.5]), "back on it");
    explore.undo();
    assert_eq!(explore.pad(), Some([0.25, 0.75]), "and further back");
    explore.redo();
    assert_eq!(explore.pad(), Some([0.5, 0.5]), "and forward");
    explore.begin_edit();
    explore.set_dim(2, 9.0);
    explore.redraw_corner(0);
    explore.undo();
    assert_eq!(explore.pad(), None, "the pad is another one now");
}

/// Edits of every kind, then all the way back and all the way forward, bit for bit.
#[test]
fn undo_and_redo_are_inverse() {
    for d in SIZES {
        let mut rng = stream(5, d as u64, Purpose::Evaluate);
        let mut explore = Explore::new(d);
        let mut points = vec![bits(explore.latent())];
        for _ in 0..100 {
            match rng.random_range(0..5) {
                0 => explore.jump_to_draw(),
                1 => {
                    explore.begin_walk();
                    explore.walk(rng.random_range(0.1..3.0), rng.random_range(0.1..3.0));
                }
                2 => {
                    explore.begin_edit();
                    explore.set_pad([rng.random(), rng.random()]);
                }
                3 => {
                    explore.begin_edit();
                    explore.set_dim(rng.random_range(0..d), rng.random_range(-4.0..4.0));
                }
                _ => {
                    // Taking hold of something without moving it is no edit.
                    explore.begin_edit();
                    continue;
                }
            }
            points.push(bits(explore.latent()));
        }
        points.dedup();
        for _ in 0..3 {
            for point in points.iter().rev().skip(1) {
                assert!(explore.can_undo(), "there is a way back");
                explore.undo();
                assert_eq!(&bits(explore.latent()), point, "back, d = {d}");
            }
            for point in &points[1..] {
                assert!(explore.can_redo(), "there is a way forward");
                explore.redo();
                assert_eq!(&bits(explore.latent()), point, "forward, d = {d}");
            }
        }
    }
}

/// A button that is enabled does something when it is pressed.
#[test]
fn what_can_be_undone_changes_the_point() {
    let mut explore = Explore::new(2);
    explore.begin_edit();
    let before = explore.latent().to_vec();
    if explore.can_undo() {
        explore.undo();
        assert_ne!(explore.latent(), before, "Undo was offered, yet nothing moved");
    }
}

#[test]
fn the_way_back_has_an_end() {
    let mut explore = Explore::new(1);
    for value in 1..1000 {
        explore.begin_edit();
        explore.set_dim(0, value as f32);
    }
    let mut back = 0;
    while explore.can_undo() {
        explore.undo();
        back += 1;
    }
    assert!((100..=999).contains(&back), "{back} edits are kept");
    assert_eq!(explore.latent(), [(999 - back) as f32], "the newest ones");
}

#[test]
fn sliders_are_sorted_by_kl_only_when_asked() {
    let mut explore = Explore::new(5);
    assert_eq!(explore.order(), [0, 1, 2, 3, 4], "as they come");
    assert!(explore.kl().iter().all(|kl| kl.is_nan()), "not known yet");
    explore.set_kl(&[0.0, 3.0, 1.0, f32::NAN, 3.0], false);
    assert_eq!(explore.order(), [0, 1, 2, 3, 4], "none moves away under a hand");
    assert_eq!(explore.kl()[..3], [0.0, 3.0, 1.0], "but the numbers are new");
    explore.set_kl(&[0.0, 3.0, 1.0, f32::NAN, 3.0], true);
    assert_eq!(explore.order(), [1, 4, 2, 0, 3], "most first, equal ones and unknown by number");
    explore.set_kl(&[9.0, 0.0, 0.0, 0.0, 0.0], false);
    assert_eq!(explore.order(), [1, 4, 2, 0, 3], "not asked");
    explore.set_kl(&[1.0], true);
    assert_eq!(explore.order(), [1, 4, 2, 0, 3], "of another model");
    explore.set_kl(&[9.0, 0.0, 0.0, 0.0, 0.0], true);
    assert_eq!(explore.order(), [0, 1, 2, 3, 4], "asked");
    explore.set_kl(&[f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -1.0, f32::MAX], true);
    assert_eq!(explore.order()[..2], [0, 4], "poison is sorted too");
}

#[test]
fn walks_follow_the_dimensions_that_say_most() {
    let mut explore = Explore::new(20);
    let mut kl = vec![0.0; 20];
    (kl[13], kl[7]) = (5.0, 2.0);
    explore.set_kl(&kl, true);
    explore.walk_dims();
    assert_eq!(explore.plane_dims(), Some([13, 7]), "the two that say most");
    explore.set_dim(0, 0.5);
    explore.begin_walk();
    explore.walk(1.0, -2.0);
    explore.walk(1.5, 0.25);
    let mut expected = vec![0.0; 20];
    (expected[0], expected[13], expected[7]) = (0.5, 1.5, 0.25);
    assert_eq!(explore.latent(), expected, "from where it was taken hold of");
    explore.undo();
    assert_eq!(explore.latent()[13].to_bits(), 0, "one walk is one edit");
    assert_eq!(explore.pad(), None, "off the pad");

    explore.walk_random();
    assert_eq!(explore.plane_dims(), None, "random directions");
    explore.begin_walk();
    let before = explore.latent().to_vec();
    explore.walk(3.0, 4.0);
    let moved: f32 = explore.latent().iter().zip(&before).map(|(a, b)| (a - b).powi(2)).sum();
    assert!((moved.sqrt() - 5.0).abs() < 1e-4, "the directions are orthonormal: {moved}");
}

/// One dimension has no second direction: dragging down moves nothing.
#[test]
fn one_dimension_moves_to_the_right_only() {
    let mut explore = Explore::new(1);
    explore.begin_walk();
    explore.walk(0.5, 0.0);
    assert_eq!(explore.latent(), [0.5], "right");
    explore.walk_random();
    explore.begin_walk();
    explore.walk(0.0, 2.0);
    assert_eq!(explore.latent(), [0.5], "down, along random directions");
    explore.walk_dims();
    explore.begin_walk();
    explore.walk(0.0, 2.0);
    assert_eq!(explore.latent(), [0.5], "down, along the only dimension");
}

/// Grids of codes: draws are codes by their use, ways are straight, cells can be changed and changed back.
#[test]
fn a_grid_of_codes_is_explored() {
    let codebook = Array::new([3, 2], vec![0.0, 0.0, 1.0, 0.0, 0.0, 5.0]).expect("three codes");
    // The first code is never drawn.
    let shares: Arc<[f32]> = vec![0.0, 1.0, 3.0].into();
    let codebook = Arc::new(codebook);
    let mut explore = Explore::with_codes(4, Arc::clone(&codebook), Arc::clone(&shares));
    assert_eq!(explore.latent().len(), 8, "four vectors of two values");
    assert_eq!(explore.mixing(), Mixing::Lerp, "straight ways");
    assert_eq!(explore.plane_dims(), None, "no dimension means anything alone");
    for corner in explore.corners() {
        let codes = codes_of_latent(&codebook, &corner.latent);
        assert!(codes.len() == 4 && codes.iter().all(|&code| code > 0), "{codes:?}");
        assert_eq!(latent_of_codes(&codebook, &codes), corner.latent, "exactly codes");
    }
    explore.jump_to_draw();
    let drawn = explore.codes().expect("codes");
    explore.set_cell(2, 0);
    explore.set_cell(9, 1);
    explore.set_cell(1, 3);
    let edited: Vec<(usize, u32)> = explore.edited_cells().clone().into_iter().collect();
    assert_eq!(edited, [(2, 0)], "only cells and codes that there are");
    assert_eq!(explore.codes().expect("codes")[2], 0, "the cell has its code");
    explore.set_codes(Arc::clone(&codebook), shares);
    assert_eq!(explore.edited_cells().len(), 1, "newer codes take nothing away");
    explore.undo();
    assert_eq!(explore.codes().expect("codes"), drawn, "back");
    explore.redo();
    assert_eq!(explore.codes().expect("codes")[2], 0, "and forward");
    explore.reset_cells();
    assert_eq!(explore.codes().expect("codes"), drawn, "as the point has them");
    explore.undo();
    explore.set_pad([0.0, 0.0]);
    assert!(explore.edited_cells().is_empty(), "another point, other codes");
    let before = explore.latent().to_vec();
    explore.begin_walk();
    explore.walk(1.0, 0.0);
    assert_ne!(explore.latent(), before, "a walk moves");
    assert!(Explore::new(4).codes().is_none(), "no codebook, no codes");
}

#[test]
fn points_come_and_go_as_text() {
    let mut explore = Explore::new(3);
    explore.set_latent(&[0.1, -2.5e-8, 3.0]);
    let text = explore.to_text();
    assert_eq!(text, "[0.1, -0.000000025, 3]");
    explore.set_latent(&[9.0; 3]);
    explore.paste(&text).expect("what was copied");
    assert_eq!(bits(explore.latent()), bits(&[0.1, -2.5e-8, 3.0]), "to the last bit");
    explore.undo();
    assert_eq!(explore.latent(), [9.0; 3], "and back");
    explore.paste("tensor([1e-1,\n 2; 3])").expect_err("a word");
    explore.paste(" 1e-1,\n 2; [3.] ").expect("whatever is between the numbers");
    assert_eq!(explore.latent(), [0.1, 2.0, 3.0]);
    for (wrong, part) in [
        ("", "found 0 numbers (expected 3"),
        ("1 2", "found 2 numbers (expected 3"),
        ("1 2 3 4", "found 4 numbers"),
        ("1 two 3", "\"two\" is no finite number"),
        ("1 inf 3", "\"inf\" is no finite"),
        ("1 NaN 3", "\"NaN\" is no finite"),
        ("1 1e39 3", "\"1e39\" is no finite"),
    ] {
        let error = explore.paste(wrong).expect_err(wrong).to_string();
        assert!(error.contains(part), "{wrong:?}: {error}");
        assert_eq!(explore.latent(), [0.1, 2.0, 3.0], "nothing moved: {wrong:?}");
    }
}

#[test]
fn codes_come_and_go_as_text() {
    let codebook = Array::new([3, 2], vec![0.0, 0.0, 1.0, 0.0, 0.0, 5.0]).expect("three codes");
    let mut explore = Explore::with_codes(4, Arc::new(codebook), vec![1.0; 3].into());
    explore.set_latent(&[0.0; 8]);
    explore.set_cell(1, 2);
    assert_eq!(explore.to_text(), "[0, 2, 0, 0]");
    explore.paste("[1, 2, 0, 2]").expect("codes");
    assert_eq!(explore.codes(), Some(vec![1, 2, 0, 2]), "the picture's");
    assert_eq!(explore.latent(), [0.0; 8], "codes lie over the point");
    explore.paste("0 0 0 0").expect("codes");
    assert_eq!(explore.codes(), Some(vec![0; 4]), "those of the point too");
    explore.undo();
    assert_eq!(explore.codes(), Some(vec![1, 2, 0, 2]), "and back");
    for wrong in ["0 1 2 3", "0 -1 2 2", "0 0.5 0 0"] {
        let error = explore.paste(wrong).expect_err(wrong).to_string();
        assert!(error.contains("is no code (expected a whole number from 0 to 2)"), "{error}");
    }
    let error = explore.paste("1 2 3").expect_err("three").to_string();
    assert!(error.contains("expected 4 codes, or 8 values of a latent"), "{error}");
    explore.paste("1 0 1 0 0 0 5 0").expect("a latent");
    assert!(explore.edited_cells().is_empty(), "a point of its own");
}

#[test]
fn a_corner_goes_onto_a_given_point_and_stays_there() {
    let mut explore = Explore::new(3);
    explore.set_pad([0.0, 0.0]);
    explore.put_corner(0, vec![1.0, -2.0, 0.5]);
    assert_eq!(explore.corners()[0].latent, [1.0, -2.0, 0.5], "the point");
    assert_eq!(explore.corners()[0].source, CornerSource::Point, "it stays where it was put");
    assert_eq!(explore.latent(), [1.0, -2.0, 0.5], "who stands there comes along");
    let before = explore.corners().clone();
    explore.put_corner(4, vec![0.0; 3]);
    explore.put_corner(1, vec![0.0; 2]);
    explore.put_corner(1, vec![0.0, f32::NAN, 0.0]);
    assert_eq!(*explore.corners(), before, "what is no corner or no point is ignored");
    explore.follow_images(&vec![vec![9.0; 3]; 4]);
    assert_eq!(explore.corners()[0].latent, [1.0, -2.0, 0.5], "images do not take it away");
}
