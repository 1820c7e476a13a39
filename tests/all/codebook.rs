//! What is said of a codebook: sentences, neighbours, the order by similarity, the heatmap.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rand::RngExt as _;
use zscope::array::Array;
use zscope::formats::arrays::ArrayFile;
use zscope::latent::PrincipalPlane;
use zscope::metrics::code_use::{CodeState, CodeUse, code_state, code_states};
use zscope::random::{Purpose, normals, permutation, stream};
use zscope::session::codebook::{CodeMap, Codebook, Neighbour, Survey, Usage};
use zscope::session::words::{measure, rounded};
use zscope::ui::heatmap::{CellLook, Heat, HeatGrid, brightness, count_at, image};
use zscope::ui::scatter::{self, Dot, Seen};
use zscope::ui::theme;

/// Codes 0 and 2 lie beside each other, code 3 is short.
const VECTORS: [[f32; 2]; 4] = [[3.0, 0.0], [0.0, 3.0], [3.0, 0.12], [0.0, -1.0]];

fn codebook(vectors: &[[f32; 2]], usage: Usage) -> Codebook {
    let codes = Array::new([vectors.len(), 2], vectors.concat()).unwrap();
    let mut codebook = Codebook::new(Arc::new(codes));
    codebook.usage = usage;
    codebook
}

/// The use of four codes over 20 steps and a window of 10, from the counts of each step.
fn trained(counts: impl Fn(u64) -> [f32; 4], restarted: impl Fn(u64) -> [f32; 4]) -> Usage {
    let mut usage = CodeUse::new(4, 10);
    for step in 1..=20 {
        usage.add_step(step, &counts(step), &restarted(step));
    }
    Usage::Trained(Arc::new(usage))
}

/// Thin spaces and spaces that do not break, as ordinary ones.
fn plain(text: &str) -> String {
    text.replace(['\u{2009}', '\u{a0}'], " ")
}

#[test]
fn why_a_code_is_dead() {
    let never = |_| [0.0; 4];
    let book = codebook(&VECTORS, trained(|_| [50.0, 50.0, 0.0, 0.0], never));
    let near = "its nearest living neighbour, code 0, is 0.12 away; its norm is like the others'.";
    let expected = format!("Dead: never the nearest for any of 2 000 vectors in 20 steps; {near}");
    assert_eq!(plain(&book.why(2)), expected, "never used");
    let expected = "Dead: never the nearest for any of 2 000 vectors in 20 steps; its nearest living neighbour, \
                    code 0, is 3.2 away; its norm is a third of the others'.";
    assert_eq!(plain(&book.why(3)), expected, "too short");

    let early = |step| [50.0, 50.0, if step <= 5 { 10.0 } else { 0.0 }, 0.0];
    let book = codebook(&VECTORS, trained(early, never));
    let expected = format!("Dead: not the nearest for any of 1 500 vectors since step 5; {near}");
    assert_eq!(plain(&book.why(2)), expected, "used once");

    let moved = |step| if step == 7 || step == 8 { [0.0, 0.0, 1.0, 0.0] } else { [0.0; 4] };
    let book = codebook(&VECTORS, trained(early, moved));
    let expected = format!(
        "Dead: not the nearest for any of 1 500 vectors since step 5; it was restarted at step 8 to no avail; {near}"
    );
    assert_eq!(plain(&book.why(2)), expected, "restarted in vain");
    let later = |step| [50.0, 50.0, if step == 9 { 10.0 } else { 0.0 }, 0.0];
    let book = codebook(&VECTORS, trained(later, moved));
    assert!(!book.why(2).contains("to no avail"), "used after it: {}", book.why(2));
    let Usage::Trained(usage) = &book.usage else { panic!("trained") };
    let mut usage = usage.as_ref().clone();
    usage.revive(20, &[2]);
    let book = codebook(&VECTORS, Usage::Trained(Arc::new(usage)));
    assert!(book.why(2).contains("it was revived at step 20 to no avail"), "{}", book.why(2));

    let mut book = codebook(&VECTORS, Usage::Evaluated(vec![3_200_000, 5, 0, 0].into()));
    book.frozen = vec![false, false, true];
    let expected = format!(
        "Dead: never the nearest for any of the 3.2 M vectors evaluated; {} it is frozen: training leaves it where it is.",
        near.replace('.', ";").replace("0;12", "0.12")
    );
    assert_eq!(plain(&book.why(2)), expected, "evaluated, and frozen");
}

#[test]
fn why_a_code_is_dying_or_used() {
    let rare = |step| [50.0, 50.0, f32::from(step == 15), 0.0];
    let book = codebook(&VECTORS, trained(rare, |_| [0.0; 4]));
    let expected = "Dying: the nearest for only 1 of 1 001 vectors in the last 10 steps, 0.40 % of an even share, \
                    last at step 15; its nearest living neighbour, code 0, is 0.12 away; its norm is like the others'.";
    assert_eq!(plain(&book.why(2)), expected, "dying");
    let expected = "Used: the nearest for 500 of 1 001 vectors in the last 10 steps, 2.0 times an even share; \
                    no code is used more; its nearest living neighbour, code 2, is 0.12 away.";
    assert_eq!(plain(&book.why(0)), expected, "used");
    let counts = [60.0, 50.0, 20.0, 10.0];
    let book = codebook(&VECTORS, trained(|_| counts, |_| [0.0; 4]));
    let expected = "Used: the nearest for 100 of 1 400 vectors in the last 10 steps, 29 % of an even share; \
                    3 codes are used more; its nearest living neighbour, code 0, is 3.2 away; its norm is a third of \
                    the others'.";
    assert_eq!(plain(&book.why(3)), expected, "used little, and short");
    assert!(book.why(1).contains("; 1 code is used more;"), "{}", book.why(1));
    let book = codebook(&VECTORS, Usage::Unknown);
    let expected =
        "How often it is chosen was not counted; its nearest neighbour, code 2, is 0.12 away.";
    assert_eq!(book.why(0), expected, "not counted");
}

#[test]
fn why_says_something_of_any_code() {
    assert_eq!(
        codebook(&VECTORS, Usage::Unknown).why(4),
        "There is no code 4: the codebook has 4."
    );
    let alone = codebook(&VECTORS[..1], Usage::Evaluated(vec![7].into()));
    let expected = "Used: the nearest for 7 of 7 vectors evaluated, 1.0 times an even share; no code is used more.";
    assert_eq!(alone.why(0), expected, "a single code");
    let all_dead = codebook(&VECTORS, Usage::Evaluated(vec![0; 4].into()));
    assert!(all_dead.why(0).contains("; no other code is used;"), "{}", all_dead.why(0));
    let twins = [[1.0, 1.0], [1.0, 1.0], [5.0, 5.0], [0.0, 0.0], [f32::NAN, 1.0]];
    let book = codebook(&twins, Usage::Evaluated(vec![9, 0, 9, 0, 0].into()));
    let same = "code 0 lies at the same place, and the lower number is chosen";
    assert!(book.why(1).contains(same), "{}", book.why(1));
    assert!(!book.why(0).contains("same place"), "{}", book.why(0));
    assert!(book.why(3).contains("its norm is next to nothing"), "{}", book.why(3));
    assert!(book.why(2).contains("its norm is 5.0 times the others'"), "{}", book.why(2));
    let odd = "Dead: never the nearest for any of the 18 vectors evaluated; its vector holds values that are no numbers.";
    assert_eq!(book.why(4), odd, "no numbers");
    for size in [0.31, 0.5, 1.9, 3.1] {
        let book = codebook(&[[1.0, 0.0], [size, 0.0]], Usage::Evaluated(vec![9, 0].into()));
        let told = ["a third of", "half", "twice", "three times"];
        let found = told.iter().filter(|words| book.why(1).contains(**words)).count();
        assert_eq!(found, 1, "a ratio of {size}: {}", book.why(1));
    }
}

#[test]
fn numbers_in_words() {
    for (count, expected) in [
        (0, "0"),
        (999_999, "999 999"),
        (1_000_000, "1.0 M"),
        (536_500_000, "536.5 M"),
        (14_000_000_000, "14.0 G"),
    ] {
        assert_eq!(plain(&rounded(count)), expected, "{count}");
    }
    let values = [0.0, 0.123, -0.123, 3.16, 12.3, 270.4, 1e-9, f32::NAN, f32::INFINITY];
    let told = ["0", "0.12", "-0.12", "3.2", "12", "270", "1.0e-9", "no number", "no number"];
    for (value, expected) in values.into_iter().zip(told) {
        assert_eq!(measure(value), expected, "{value}");
    }
}

#[test]
fn neighbours_by_hand() {
    let book = codebook(&VECTORS, Usage::Evaluated(vec![0, 5, 0, 5].into()));
    let near = |code, distance: f32| Neighbour { code, distance };
    let expected = [near(2, 0.12), near(3, 10f32.sqrt()), near(1, 18f32.sqrt())];
    assert_eq!(book.neighbours(0, 8), expected, "nearest first");
    assert_eq!(book.neighbours(0, 2), expected[..2], "no more than asked for");
    assert_eq!(book.neighbours(0, 0), [], "none");
    assert_eq!(book.neighbours(9, 3), [], "of a code that is not there");
    assert_eq!(book.nearest_living(0), Some(expected[1]), "a dead one lies nearer");
    assert_eq!(book.state(1), Some(CodeState::Used), "used");
    assert_eq!(codebook(&VECTORS, Usage::Unknown).nearest_living(0), None, "not counted");
    assert_eq!(book.norms(), [3.0, 3.0, (9.0f32 + 0.0144).sqrt(), 1.0], "norms");
}

/// Every size, against a full sort.
#[test]
fn neighbours_as_a_full_sort_finds_them() {
    for (k, d) in [(1, 1), (2, 3), (17, 5), (131, 7)] {
        let mut values = normals(k as u64, 0, Purpose::Explore, k * d);
        if k > 5 {
            values.copy_within(0..d, 5 * d);
            values[3 * d] = f32::NAN;
        }
        let book = Codebook::new(Arc::new(Array::new([k, d], values).unwrap()));
        for code in [0, k / 2, k - 1] {
            let distance = |other: usize| {
                let pairs = book.vector(code).iter().zip(book.vector(other));
                pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
            };
            let mut expected: Vec<usize> =
                (0..k).filter(|&other| other != code && distance(other).is_finite()).collect();
            expected.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)).then(a.cmp(&b)));
            for most in [1, 8, 1000] {
                let found = book.neighbours(code, most);
                let codes: Vec<usize> = found.iter().map(|near| near.code).collect();
                let expected = &expected[..most.min(expected.len())];
                assert_eq!(codes, expected, "{most} of code {code} among {k} of {d}");
                for near in found {
                    assert!(
                        (f64::from(near.distance) - distance(near.code)).abs() < 1e-5,
                        "{near:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn states_of_all_codes_are_those_of_each() {
    let mut rng = stream(1, 0, Purpose::Evaluate);
    for k in [1, 2, 7, 100] {
        let counts: Vec<u64> = (0..k).map(|_| rng.random_range(0u64..40).pow(2) / 40).collect();
        let each: Vec<CodeState> = (0..k).map(|code| code_state(&counts, code)).collect();
        assert_eq!(code_states(&counts), each, "{counts:?}");
    }
    assert_eq!(code_states(&[]), [], "none");
}

#[test]
fn use_is_known_with_and_without_a_history() {
    let book = codebook(&VECTORS, trained(|step| [step as f32, 1.0, 0.0, 0.0], |_| [0.0; 4]));
    assert_eq!(book.window_counts(), [155, 10, 0, 0], "the window");
    assert_eq!(book.batch_counts(), Some(&[20, 1, 0, 0][..]), "the last batch");
    assert!(book.history().is_some(), "a history");
    let book = codebook(&VECTORS, Usage::Evaluated(vec![1, 2, 3, 4].into()));
    assert_eq!(book.window_counts(), [1, 2, 3, 4], "the evaluation");
    assert!(book.batch_counts().is_none() && book.history().is_none(), "nothing else");
    let book = codebook(&VECTORS, Usage::Unknown);
    assert!(book.window_counts().is_empty() && book.states().is_empty(), "nothing");
    assert_eq!(book.state(0), None, "so no code is called dead");
}

#[test]
fn usage_is_the_same_only_where_it_is_one() {
    let evaluated: Arc<[u64]> = vec![1, 2].into();
    let first = Usage::Evaluated(Arc::clone(&evaluated));
    assert!(first.is_same(&Usage::Evaluated(evaluated)), "shared");
    assert!(!first.is_same(&Usage::Evaluated(vec![1, 2].into())), "only equal");
    let trained = Usage::Trained(Arc::new(CodeUse::new(2, 1)));
    assert!(trained.is_same(&trained.clone()) && !trained.is_same(&first), "training");
    assert!(Usage::Unknown.is_same(&Usage::Unknown) && !Usage::Unknown.is_same(&first), "unknown");
}

#[test]
fn a_survey_keeps_the_most_typical_pieces() {
    let mut survey = Survey::new(3, [2, 2]);
    survey.add_image(7, &[0, 1, 1, 9], &[0.5, 0.2, f32::NAN, 0.1]);
    survey.add_image(8, &[0, 0, 1, 1], &[0.1, 0.5, 0.3, 0.2]);
    let told = |code| -> Vec<(usize, usize)> {
        survey.patches(code).iter().map(|patch| (patch.image, patch.cell)).collect()
    };
    assert_eq!(told(0), [(8, 0), (7, 0), (8, 1)], "nearest first, then the first that came");
    assert_eq!(told(1), [(7, 1), (8, 3), (8, 2)], "no NaN");
    assert_eq!(told(2), [], "chosen for nothing");
    assert_eq!(told(9), [], "not there");
    assert_eq!(survey.counts, [3, 4, 0], "all that are there, also at no known distance");
    for image in 0..50 {
        survey.add_image(image, &[2], &[1.0 - image as f32 * 0.01]);
    }
    let kept: Vec<usize> = survey.patches(2).iter().map(|patch| patch.image).collect();
    assert_eq!(kept, (38..50).rev().collect::<Vec<_>>(), "the twelve best");
    survey.watched = vec![vec![0, 0, 1, 2], vec![1; 4]];
    assert_eq!((survey.uses(0), survey.uses(1)), (vec![2, 0], vec![1, 4]), "cells");
}

#[test]
fn cells_have_places() {
    let codes = (10..16).collect();
    let map = CodeMap { shape: [2, 3], grids: 1, codes, edited: vec![false, true] };
    assert_eq!((map.code(4), map.code(6)), (Some(14), None), "codes");
    assert_eq!((map.place(4), map.place(0)), ([1, 1], [0, 0]), "row and column");
    assert_eq!([0, 1, 5].map(|cell| map.is_edited(cell)), [false, true, false], "edited");
    assert_eq!(CodeMap::default().place(3), [3, 0], "an empty map");
    let edited = vec![false; 12];
    let two = CodeMap { shape: [4, 3], grids: 2, codes: (0..12).collect(), edited };
    assert_eq!([5, 6, 11].map(|cell| two.place(cell)), [[1, 2], [0, 0], [1, 2]], "in its grid");
    assert_eq!([5, 6, 11].map(|cell| two.grid_of(cell)), [0, 1, 1], "which grid");
}

fn similarity_order(codes: &Array) -> Vec<usize> {
    PrincipalPlane::of(codes, None).order
}

/// Along a line, in whichever direction it runs.
#[test]
fn codes_on_a_line_are_ordered_along_it() {
    for (k, d) in [(1, 1), (2, 1), (13, 2), (101, 17)] {
        let direction = normals(1, 0, Purpose::Explore, d);
        let places = permutation(3, 0, Purpose::Explore, k);
        let values: Vec<f32> = places
            .iter()
            .flat_map(|&place| direction.iter().map(move |axis| axis * place as f32 + 2.0))
            .collect();
        let order = similarity_order(&Array::new([k, d], values).unwrap());
        let found: Vec<u32> = order.iter().map(|&row| places[row]).collect();
        assert!(found.is_sorted() || found.iter().rev().is_sorted(), "{k} in {d}: {found:?}");
        let mut all = order;
        all.sort_unstable();
        assert_eq!(all, (0..k).collect::<Vec<_>>(), "each once");
    }
}

/// In two dimensions the axis has a closed form: half the angle of (cxx - cyy, 2 cxy).
#[test]
fn the_order_follows_the_first_principal_component() {
    for seed in 0..20 {
        let k = 57;
        let draws = normals(seed, 1, Purpose::Explore, 2 * k);
        let values: Vec<f32> =
            draws.chunks(2).flat_map(|z| [z[0] + 0.8 * z[1], 0.5 * z[1]]).collect();
        let order = similarity_order(&Array::new([k, 2], values.clone()).unwrap());
        let mean = |axis: usize| {
            values.iter().skip(axis).step_by(2).map(|&v| f64::from(v)).sum::<f64>() / k as f64
        };
        let centred: Vec<[f64; 2]> = values
            .chunks(2)
            .map(|v| [f64::from(v[0]) - mean(0), f64::from(v[1]) - mean(1)])
            .collect();
        let sum = |f: fn(&[f64; 2]) -> f64| centred.iter().map(f).sum::<f64>();
        let angle = 0.5 * (2.0 * sum(|v| v[0] * v[1])).atan2(sum(|v| v[0] * v[0] - v[1] * v[1]));
        let place = |row: usize| centred[row][0] * angle.cos() + centred[row][1] * angle.sin();
        let places: Vec<f64> = order.iter().map(|&row| place(row)).collect();
        let rises = places.windows(2).filter(|pair| pair[1] > pair[0] - 1e-9).count();
        let falls = places.windows(2).filter(|pair| pair[1] < pair[0] + 1e-9).count();
        assert!(rises == k - 1 || falls == k - 1, "seed {seed}: {rises} up, {falls} down");
        // The control: the order by the other axis is no such order.
        assert!(rises.min(falls) < k / 2, "seed {seed}: {rises} up, {falls} down");
    }
}

#[test]
fn any_codes_have_an_order() {
    let order =
        |rows: &[[f32; 2]]| similarity_order(&Array::new([rows.len(), 2], rows.concat()).unwrap());
    assert!(order(&[]).is_empty(), "none");
    assert_eq!(order(&[[1.0, 2.0]; 3]), [0, 1, 2], "all at one place");
    let odd = [[2.0, 0.0], [f32::NAN, 0.0], [1.0, 0.0], [0.0, f32::INFINITY], [3.0, 0.0]];
    assert_eq!(order(&odd), [2, 0, 4, 1, 3], "no numbers last");
    assert_eq!(order(&[[1e38, 0.0], [-1e38, 0.0], [0.0, 1e38]]).len(), 3, "very large");
    // The direction of the greatest single variance, dimension 0, is not that of the greatest spread.
    let rows: Vec<[f32; 3]> =
        vec![[1.2, 0.0, 0.0], [-1.2, 0.0, 0.0], [0.0, 1.1, 1.1], [0.0, -1.1, -1.1]];
    let order = similarity_order(&Array::new([4, 3], rows.concat()).unwrap());
    assert!(order[0] >= 2 && order[3] >= 2, "{order:?}");
}

#[test]
fn many_codes_are_ordered_in_no_time() {
    let (k, d) = (16_384, 64);
    let codes = Array::new([k, d], normals(1, 0, Purpose::Explore, k * d)).unwrap();
    let start = Instant::now();
    let first = similarity_order(&codes);
    let took = start.elapsed();
    assert!(took.as_secs_f64() < 1.0, "{took:?} for {k} codes of {d}");
    assert_eq!(similarity_order(&codes), first, "the same again");
}

#[test]
fn every_place_is_found_again() {
    for (k, room) in [
        (1, [948, 120]),
        (7, [948, 120]),
        (512, [948, 120]),
        (512, [600, 40]),
        (509, [311, 97]),
        (16_384, [948, 160]),
        (65_536, [948, 160]),
        (5, [1, 1]),
    ] {
        let grid = HeatGrid::fit(k, room);
        let [width, height] = grid.size_px();
        assert!(width <= room[0].max(grid.cell_px), "{k} in {room:?}: {grid:?}");
        let smallest = if k > 20_000 { 2 } else { 3 };
        assert!(height <= room[1] || grid.cell_px == smallest, "{k} in {room:?}: {grid:?}");
        let mut covered = 0;
        for place in 0..k {
            let [left, top, side] = grid.cell(place).map(|px| px as f32);
            for inset in [0.1, side - 0.1] {
                let at = [left + inset, top + inset];
                assert_eq!(grid.place_at(at), Some(place), "{k} in {room:?} at {at:?}");
            }
            covered += 1;
        }
        assert_eq!(covered, k, "all");
        for at in
            [[-0.1, 1.0], [1.0, -0.1], [width as f32, 1.0], [1.0, height as f32], [f32::NAN, 1.0]]
        {
            assert_eq!(grid.place_at(at), None, "outside: {at:?}");
        }
    }
    let grid = HeatGrid::fit(0, [100, 100]);
    assert_eq!((grid.size_px()[1], grid.place_at([0.0, 0.0])), (0, None), "no codes");
}

#[test]
fn brightness_and_count_are_each_others_way_back() {
    for most in [1, 9, 1000, 3_000_000] {
        for log in [false, true] {
            let ends = [0, most].map(|count| brightness(count, most, log).to_bits());
            assert_eq!(ends, [0.0f32, 1.0].map(f32::to_bits), "ends");
            let mut last = 0.0;
            for count in [most / 7, most / 2, most] {
                let bright = brightness(count, most, log);
                assert!(bright >= last, "brighter as there are more");
                last = bright;
                let back = count_at(bright, most, log) as f64;
                assert!(
                    (back - count as f64).abs() <= 1.0 + 1e-4 * count as f64,
                    "{back}, {count}"
                );
            }
        }
    }
    assert!(brightness(10, 1000, true) > brightness(10, 1000, false), "log lifts what is rare");
    assert_eq!(brightness(0, 0, true).to_bits(), 0, "nothing counted");
}

/// The brightness of the pixels of a cell, without their colour.
fn greys(side: usize, state: Option<CodeState>, brightness: f32, is_frozen: bool) -> Vec<f32> {
    let look = CellLook { side, state, brightness, is_frozen };
    (0..side * side).map(|pixel| theme::luma(look.pixel(pixel % side, pixel / side))).collect()
}

/// The share of pixels that differ to the eye.
fn difference(a: &[f32], b: &[f32]) -> f64 {
    let differ = a.iter().zip(b).filter(|(a, b)| (*a - *b).abs() > 0.1).count();
    differ as f64 / a.len() as f64
}

/// By those who see no colours, and in print.
#[test]
fn states_are_told_apart_in_grey() {
    for side in 2..=27 {
        for step in 0..=10 {
            let bright = step as f32 / 10.0;
            let used = greys(side, Some(CodeState::Used), bright, false);
            let dead = greys(side, Some(CodeState::Dead), 0.0, false);
            let unknown = greys(side, None, 0.0, false);
            assert!(difference(&used, &used) < 1e-9, "the control");
            let flat = used.iter().all(|&grey| grey.to_bits() == used[0].to_bits());
            assert!(flat, "used is filled at {side}");
            assert!(difference(&used, &dead) >= 0.25, "used {bright} and dead at {side}");
            assert!(difference(&unknown, &dead) > 0.25, "unknown and dead at {side}");
            // What is dying is dark: it is used by less than a tenth of an even share.
            let dying = greys(side, Some(CodeState::Dying), bright * 0.5, false);
            assert!(difference(&dying, &used) > 0.25, "dying and used {bright} at {side}");
            assert!(difference(&dying, &dead) > 0.2, "dying and dead at {side}");
            if side >= 4 {
                let centre = (side / 2) * side + side / 2;
                assert!(dead[0] > dead[centre] + 0.3, "dead is hollow at {side}");
            }
            for state in [CodeState::Used, CodeState::Dying, CodeState::Dead] {
                let [free, frozen] =
                    [false, true].map(|frozen| greys(side, Some(state), bright * 0.5, frozen));
                let marked = difference(&free, &frozen);
                assert!(marked > 0.0 && marked < 0.5, "{state:?} frozen at {side}: {marked}");
            }
        }
    }
}

#[test]
fn brightness_shows_in_grey() {
    let lumas: Vec<f32> =
        (0..=20).map(|step| theme::luma(theme::viridis(step as f32 / 20.0))).collect();
    assert!(lumas.is_sorted_by(|a, b| a < b), "brighter as it is more: {lumas:?}");
    assert!(lumas[20] - lumas[0] > 0.5, "over most of the scale: {lumas:?}");
    assert_eq!(theme::viridis(f32::NAN), theme::viridis(0.0), "no number");
    assert_eq!(theme::viridis(7.0), theme::viridis(1.0), "beyond");
}

#[test]
fn codes_have_colours_of_their_own() {
    let mut colours: Vec<_> = (0..512).map(|code| theme::code_colour(code).to_array()).collect();
    for (code, pair) in colours.windows(2).enumerate() {
        let apart: i32 =
            (0..3).map(|c| (i32::from(pair[0][c]) - i32::from(pair[1][c])).abs()).sum();
        assert!(apart > 40, "codes {code} and {}: {pair:?}", code + 1);
    }
    colours.sort_unstable();
    colours.dedup();
    assert!(colours.len() > 400, "{} colours for 512 codes", colours.len());
    for code in 0..512 {
        let colour = theme::code_colour(code);
        let contrast = (theme::luma(theme::ink_on(colour)) - theme::luma(colour)).abs();
        assert!(contrast > 0.45, "numbers can be read on {code}: {contrast}");
    }
}

#[test]
fn the_heatmap_puts_codes_in_their_places() {
    let grid = HeatGrid { cells: 5, columns: 3, cell_px: 6 };
    let heat = Heat {
        order: &[4, 3, 2, 1, 0],
        counts: &[100, 50, 1, 0, 100],
        states: &[
            CodeState::Used,
            CodeState::Used,
            CodeState::Dying,
            CodeState::Dead,
            CodeState::Used,
        ],
        norms: &[],
        frozen: &[false, true],
        log: false,
    };
    let picture = image(heat, grid);
    assert_eq!(picture.size, [18, 12], "size");
    let pixel = |x: usize, y: usize| picture.pixels[y * 18 + x];
    let look = |state, brightness, is_frozen| CellLook {
        side: 5,
        state: Some(state),
        brightness,
        is_frozen,
    };
    let expected = [
        look(CodeState::Used, 1.0, false),
        look(CodeState::Dead, 0.0, false),
        look(CodeState::Dying, 0.01, false),
        look(CodeState::Used, 0.5, true),
        look(CodeState::Used, 1.0, false),
    ];
    for (place, look) in expected.into_iter().enumerate() {
        let (left, top) = (place % 3 * 6, place / 3 * 6);
        for (x, y) in (0..5).flat_map(|y| (0..5).map(move |x| (x, y))) {
            assert_eq!(pixel(left + x, top + y), look.pixel(x, y), "place {place} at {x}, {y}");
        }
        assert_eq!(pixel(left + 5, top).a(), 0, "a gap after place {place}");
    }
    assert!(picture.pixels[8 * 18 + 13..8 * 18 + 18].iter().all(|pixel| pixel.a() == 0), "nothing");
    let nothing =
        Heat { order: &[0, 1], counts: &[], states: &[], norms: &[], frozen: &[], log: true };
    let picture = image(nothing, HeatGrid { cells: 2, columns: 2, cell_px: 2 });
    assert!(picture.pixels.iter().all(|&pixel| pixel == theme::colours().unknown), "not counted");
    let by_norm = Heat { norms: &[2.0, 6.0], ..nothing };
    let picture = image(by_norm, HeatGrid { cells: 2, columns: 2, cell_px: 2 });
    assert_eq!(picture.pixels[0], theme::viridis(0.0), "the shortest");
    assert_eq!(picture.pixels[2], theme::viridis(1.0), "the longest");
}

/// A newcomer is to find dead codes in the model that the program brings along.
#[test]
fn the_demo_has_a_few_dead_codes() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/vq-vae");
    let demo = zscope::open::open(dir.to_str().unwrap()).unwrap();
    let arrays = ArrayFile::open(&dir.join("codes.safetensors")).and_then(|file| file.arrays());
    let usage = CodeUse::from_arrays(&arrays.unwrap()).expect("its use");
    assert_eq!(Some([usage.size(), 16]), demo.model.codebook(), "of this codebook");
    let dead = usage.window().iter().filter(|&&count| count == 0).count();
    assert!((1..=8).contains(&dead), "{dead} of {}", usage.size());
}

const CLEAR: eframe::egui::Color32 = eframe::egui::Color32::TRANSPARENT;

/// Ten pixels a unit, from (-1, -2) at the lower left.
fn seen(radius_px: f32) -> Seen {
    Seen { lo: [-1.0, -2.0], hi: [4.0, 2.0], size_px: [50, 40], radius_px }
}

#[test]
fn dots_lie_where_their_codes_do() {
    let places = [Some([0.0, 0.0]), Some([3.0, -1.0]), None, Some([0.2, 0.0]), Some([9.0, 0.0])];
    let seen = seen(4.0);
    let [x, y] = seen.px([0.0, 0.0]);
    assert!((x - 10.0).abs() < 1e-4 && (y - 20.0).abs() < 1e-4, "up is up: {x}, {y}");
    let at = |x, y| seen.code_at(&places, [x, y], 6.0);
    assert_eq!(at(9.0, 20.0), Some(0), "over it");
    assert_eq!(at(12.5, 20.0), Some(3), "nearer to another one");
    assert_eq!(at(40.0, 34.0), Some(1), "beside it");
    assert_eq!(at(40.0, 37.0), None, "too far");
    let dot = |code| Dot {
        state: Some(CodeState::Used),
        brightness: code as f32 / 4.0,
        is_frozen: false,
    };
    let image = scatter::image(&places, &seen, dot);
    let colour = |x: usize, y: usize| image.pixels[y * 50 + x];
    assert_eq!(colour(40, 30), theme::viridis(0.25), "code 1");
    assert_eq!(colour(10, 20), theme::viridis(0.75), "code 3 lies on code 0");
    assert_eq!(colour(7, 20), theme::viridis(0.0), "which is seen beside it");
    assert_eq!(colour(25, 5), CLEAR, "nothing");
    assert_eq!(scatter::next(&places, 0, [1, 0]), Some(3), "right");
    assert_eq!(scatter::next(&places, 3, [1, 0]), Some(1), "further right");
    assert_eq!(scatter::next(&places, 1, [-1, 0]), Some(3), "left");
    assert_eq!(scatter::next(&places, 0, [0, -1]), None, "nothing above");
    assert_eq!(scatter::next(&places, 1, [0, -1]), None, "nothing that is more above than beside");
    assert_eq!(scatter::next(&places, 2, [1, 0]), None, "from nowhere");
    assert!(
        Seen::new([[0.0; 2]; 2], [0.0, 0.0], 1.0, 0).px([1.0, 1.0]).iter().all(|px| !px.is_nan())
    );
}

#[test]
fn dots_tell_states_by_form() {
    let states = [CodeState::Used, CodeState::Dying, CodeState::Dead];
    for radius in [2.0, 5.0, 15.0] {
        let colour =
            |state, is_frozen, at| Dot { state, brightness: 0.5, is_frozen }.colour(radius, at);
        let [used, dying, dead] = states.map(|state| {
            [[0.0, 0.0], [radius - 0.5, 0.0]].map(|at| colour(Some(state), false, at))
        });
        assert_eq!(used, [theme::viridis(0.5); 2], "filled");
        assert_eq!(dying, [theme::colours().hatch, theme::viridis(0.5)], "with a core");
        assert_eq!(dead[0], CLEAR, "hollow");
        assert!(dead[1].a() > 100, "with a rim: {dead:?}");
        let corner = [radius - 0.5, 0.5 - radius];
        assert_eq!(colour(Some(CodeState::Used), true, corner), theme::viridis(0.5), "square");
        assert!(colour(Some(CodeState::Used), false, corner) != theme::viridis(0.5), "round");
        assert_eq!(colour(None, false, [0.0, 0.0]), theme::colours().unknown, "not known");
    }
}

/// What a frame may take where it changes.
#[test]
fn many_dots_are_drawn_in_no_time() {
    let places: Vec<Option<[f64; 2]>> = normals(1, 0, Purpose::Explore, 2 * 16_384)
        .chunks(2)
        .map(|z| Some([f64::from(z[0]), f64::from(z[1])]))
        .collect();
    let seen = Seen::new([[-4.0; 2], [4.0; 2]], [1400.0, 600.0], 1.0, places.len());
    let state = |code: usize| [CodeState::Used, CodeState::Dying, CodeState::Dead][code % 3];
    let dot = |code| Dot { state: Some(state(code)), brightness: 0.5, is_frozen: code % 9 == 0 };
    let start = Instant::now();
    for _ in 0..10 {
        assert_eq!(scatter::image(&places, &seen, dot).size, [1400, 600]);
    }
    let image_ms = start.elapsed().as_secs_f64() * 1e2;
    assert!(image_ms < 30.0, "{image_ms:.1} ms a picture");
    println!("{image_ms:.1} ms a picture of {} dots", places.len());
}
