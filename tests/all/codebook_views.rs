//! What is told of codes: what stands beside them, how they moved, how many bits they take, and their orders.

use std::collections::HashMap;

use zscope::array::Array;
use zscope::formats::pictures::png_bytes;
use zscope::latent::{CodeLayout, chain, one_to_one, squared_distance};
use zscope::metrics::code_use::perplexity;
use zscope::metrics::{CodeRate, entropy_bits};
use zscope::random::{Purpose, normals};
use zscope::session::codebook::{
    Beside, Changes, ChangesOrder, Direction, Fate, Pairing, Side, Survey,
};

fn rows(n: usize, d: usize, seed: u64) -> Array {
    Array::new([n, d], normals(seed, 0, Purpose::Explore, n * d)).unwrap()
}

/// The sum of distances of every way to match `n` rows with as many of `m`, the least of them.
fn least(from: &Array, to: &Array, row: usize, taken: &mut Vec<bool>) -> f64 {
    if row == from.num_rows() {
        return 0.0;
    }
    let mut best = f64::INFINITY;
    for column in 0..to.num_rows() {
        if !taken[column] {
            taken[column] = true;
            let distance = f64::from(squared_distance(from.row(row), to.row(column))).sqrt();
            best = best.min(distance + least(from, to, row + 1, taken));
            taken[column] = false;
        }
    }
    best
}

fn total(from: &Array, to: &Array, found: &[Option<usize>]) -> f64 {
    let pairs = found.iter().enumerate().filter_map(|(row, column)| Some((row, (*column)?)));
    pairs.map(|(a, b)| f64::from(squared_distance(from.row(a), to.row(b))).sqrt()).sum()
}

#[test]
fn matching_is_the_best_of_all() {
    for (n, m) in [(1, 1), (4, 4), (6, 6), (3, 7), (7, 4), (5, 1)] {
        for seed in 0..6 {
            let (from, to) = (rows(n, 3, seed), rows(m, 3, 100 + seed));
            let found = one_to_one(&from, &to, |_| true).expect("not stopped");
            assert_eq!(found.len(), n, "an answer for each");
            let mut columns: Vec<usize> = found.iter().flatten().copied().collect();
            assert_eq!(columns.len(), n.min(m), "as many as there can be");
            columns.sort_unstable();
            columns.dedup();
            assert_eq!(columns.len(), n.min(m), "one to one");
            let (few, many) = if n <= m { (&from, &to) } else { (&to, &from) };
            let best = least(few, many, 0, &mut vec![false; many.num_rows()]);
            let sum = total(&from, &to, &found);
            assert!(
                (sum - best).abs() < 1e-5,
                "{n}×{m}, seed {seed}: {sum} but {best} is possible"
            );
        }
    }
    let shuffled: Vec<usize> = (0..97).map(|row| row * 31 % 97).collect();
    let from = rows(97, 8, 5);
    let data: Vec<f32> = shuffled.iter().flat_map(|&row| from.row(row).to_vec()).collect();
    let found = one_to_one(&from, &Array::new([97, 8], data).unwrap(), |_| true).unwrap();
    for (row, column) in found.into_iter().enumerate() {
        assert_eq!(shuffled[column.unwrap()], row, "the order does not matter");
    }
    let mut asked = 0;
    let stopped = one_to_one(&from, &from, |_| {
        asked += 1;
        asked < 3
    });
    assert_eq!((stopped, asked), (None, 3), "it stops when it is told to");
    let mut odd = from.clone();
    odd.data_mut()[0] = f32::NAN;
    assert!(one_to_one(&odd, &from, |_| true).is_some(), "what is no number does not hang it");
}

#[test]
fn a_chain_goes_to_the_nearest_that_is_left() {
    let mut codes = rows(60, 5, 8);
    codes.data_mut()[5 * 7] = f32::NAN;
    let order = chain(&codes, 13);
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert!(sorted.into_iter().eq(0..60), "a permutation");
    assert_eq!((order[0], order[59]), (13, 7), "from the first on; what is no number comes last");
    for place in 0..57 {
        let distance = |code: usize| squared_distance(codes.row(order[place]), codes.row(code));
        let rest = order[place + 1..59].iter().map(|&code| distance(code));
        let nearest = rest.fold(f32::INFINITY, f32::min);
        assert!(distance(order[place + 1]) <= nearest, "place {place}");
    }
    let long = rows(700, 2, 9);
    assert_eq!(chain(&long, 0).len(), 700, "also where it is searched side by side");
    assert_eq!(chain(&long, 0), chain(&long, 0), "repeatable");
    assert_eq!(chain(&long, 9_999).len(), 700, "from a row that is not there");
    assert!(chain(&rows(0, 2, 9), 0).is_empty(), "nothing");
}

/// Counts by looking at every cell and every side.
fn counted(
    images: &[Vec<u32>],
    [h, w]: [usize; 2],
    direction: Direction,
) -> HashMap<(u32, u32), u64> {
    let mut counts = HashMap::new();
    let (down, right) = match direction {
        Direction::Left => (0, -1),
        Direction::Right => (0, 1),
        Direction::Above => (-1, 0),
        Direction::Below => (1, 0),
    };
    for codes in images.iter().flat_map(|image| image.chunks(h * w)) {
        for (row, column) in (0..h).flat_map(|row| (0..w).map(move |at| (row, at))) {
            let y = row.checked_add_signed(down).filter(|&y| y < h);
            let x = column.checked_add_signed(right).filter(|&x| x < w);
            if let (Some(y), Some(x)) = (y, x) {
                let pair = (codes[row * w + column], codes[y * w + x]);
                *counts.entry(pair).or_default() += 1;
            }
        }
    }
    counts
}

#[test]
fn neighbours_are_counted_on_every_side() {
    for (shape, grids) in [([4, 5], 1), ([3, 3], 2), ([1, 6], 1), ([5, 1], 1)] {
        let cells = shape[0] * shape[1];
        let image = |seed: u64| -> Vec<u32> {
            let values = normals(seed, 1, Purpose::Explore, cells * grids);
            let code = |(at, z): (usize, f32)| (at / cells) as u32 * 4 + (z.abs() * 3.0) as u32 % 4;
            values.into_iter().enumerate().map(code).collect()
        };
        let images: Vec<Vec<u32>> = (0..5).map(image).collect();
        let mut beside = Beside::default();
        for image in &images {
            beside.add(image, shape);
        }
        for direction in Direction::ALL {
            let expected = counted(&images, shape, direction);
            for code in 0..4 * grids {
                let pairs = beside.around(code, direction);
                let own: u64 =
                    expected.iter().filter(|((a, _), _)| *a as usize == code).map(|(_, n)| n).sum();
                assert_eq!(pairs.iter().map(|pair| pair.count).sum::<u64>(), own, "all of them");
                assert!(pairs.is_sorted_by(|a, b| a.count >= b.count), "the most frequent first");
                let share: f64 = pairs.iter().map(|pair| pair.share).sum();
                assert!(pairs.is_empty() || (share - 1.0).abs() < 1e-9, "shares of one whole");
                for pair in &pairs {
                    let key = (code as u32, pair.code as u32);
                    assert_eq!(Some(&pair.count), expected.get(&key), "{direction:?} {key:?}");
                    assert!(pair.lift.is_finite() && pair.lift > 0.0, "{pair:?}");
                }
            }
        }
    }
    // Stripes: right of 0 always stands 1, which is as often as beside any code twice.
    let mut stripes = Beside::default();
    stripes.add(&[0, 1, 0, 1, 0, 1, 0, 1], [2, 4]);
    let right = stripes.around(0, Direction::Right);
    assert_eq!((right.len(), right[0].code, right[0].share), (1, 1, 1.0), "{right:?}");
    assert!((right[0].lift - 1.5).abs() < 1e-9, "of six pairs four end in 1: {right:?}");
    assert_eq!(stripes.around(0, Direction::Below)[0].code, 0, "below it the same");
    assert!(stripes.around(7, Direction::Left).is_empty(), "a code that is not there");
    let mut csv = Vec::new();
    stripes.write_csv(2, &mut csv).unwrap();
    let text = String::from_utf8(csv).unwrap();
    assert!(
        text.starts_with("code,side,neighbour,count,probability,lift\n0,right,1,4,1,1.5\n"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1 + 4, "two along rows, two along columns:\n{text}");
}

#[test]
fn chance_alone_lifts_nothing() {
    let mut beside = Beside::default();
    for seed in 0..200 {
        let values = normals(seed, 2, Purpose::Explore, 256);
        let codes: Vec<u32> = values.iter().map(|z| u32::from(*z > 0.5)).collect();
        beside.add(&codes, [16, 16]);
    }
    for direction in Direction::ALL {
        for pair in beside.around(0, direction) {
            assert!((pair.lift - 1.0).abs() < 0.05, "independent codes: {pair:?}");
        }
    }
}

#[test]
fn codes_are_matched_and_their_fates_told() {
    let there = rows(6, 4, 1);
    let mut here = there.clone();
    here.data_mut()[4 * 2] += 3.0;
    let [ours, theirs] =
        [[5, 0, 2, 0, 1, 9], [5, 4, 0, 0, 1, 9]].map(|counts: [u64; 6]| counts.to_vec());
    let sides = [Side { codes: &here, counts: &ours }, Side { codes: &there, counts: &theirs }];
    let changes =
        Changes::between("a".to_owned(), sides, 1, Pairing::Number, |_| true).expect("not stopped");
    let fates: Vec<Fate> = changes.rows.iter().map(|row| row.fate).collect();
    let expected = [Fate::Lives, Fate::Died, Fate::Arose, Fate::Dead, Fate::Lives, Fate::Lives];
    assert_eq!(fates, expected, "fates");
    assert_eq!(changes.rows[2].distance, Some(3.0), "how far it moved");
    assert_eq!(changes.sorted(ChangesOrder::Movement)[0], 2, "the farthest first");
    assert_eq!(changes.sorted(ChangesOrder::Use)[..2], [5, 0], "the most used first");
    assert_eq!(changes.sorted(ChangesOrder::Fate)[..2], [1, 2], "died, came alive");
    assert!(changes.sorted(ChangesOrder::Number).into_iter().eq(0..6), "by number");
    let summary = changes.summary();
    assert_eq!(
        (summary.median, summary.most, summary.died, summary.arose),
        (0.0, 3.0, 1, 1),
        "in short"
    );
    assert_eq!(changes.rows[0].shares, [Some(5.0 / 17.0), Some(5.0 / 19.0)], "shares of use");

    // The same codes in another order: found by place, not by number.
    let order = [3, 5, 0, 1, 4, 2];
    let data: Vec<f32> = order.iter().flat_map(|&row| there.row(row).to_vec()).collect();
    let shuffled = Array::new([6, 4], data).unwrap();
    for pairing in [Pairing::OneToOne, Pairing::Nearest] {
        let sides = [Side { codes: &there, counts: &[] }, Side { codes: &shuffled, counts: &[] }];
        let changes = Changes::between(String::new(), sides, 1, pairing, |_| true).unwrap();
        for row in &changes.rows {
            assert_eq!(row.other.map(|other| order[other]), Some(row.code), "{pairing:?}");
            assert_eq!((row.distance, row.fate), (Some(0.0), Fate::Unknown), "use is not known");
        }
    }

    // Parts are matched apart, and a smaller codebook leaves codes alone.
    let [big, small] = [rows(8, 2, 3), rows(4, 2, 3)];
    let sides = [Side { codes: &big, counts: &[] }, Side { codes: &small, counts: &[] }];
    for pairing in Pairing::ALL {
        let changes = Changes::between(String::new(), sides, 2, pairing, |_| true).unwrap();
        for row in &changes.rows {
            assert!(
                row.other.is_none_or(|other| other / 2 == row.code / 4),
                "{pairing:?}: {row:?}"
            );
        }
        let alone = changes.rows.iter().filter(|row| row.other.is_none()).count();
        assert_eq!(alone, if pairing == Pairing::Nearest { 0 } else { 4 }, "{pairing:?}");
    }
    let mut csv = Vec::new();
    changes.write_csv(ChangesOrder::Movement, &mut csv).unwrap();
    let text = String::from_utf8(csv).unwrap();
    assert!(text.lines().nth(1).is_some_and(|line| line.starts_with("2,2,3,")), "{text}");
    assert_eq!(text.lines().count(), 7, "a row a code");
    let sides = [Side { codes: &here, counts: &[] }, Side { codes: &there, counts: &[] }];
    let stopped = Changes::between(String::new(), sides, 1, Pairing::OneToOne, |_| false);
    assert_eq!(stopped, None, "stopped");
}

#[test]
fn bits_follow_from_use() {
    for (counts, bits) in [(&[1, 1, 1, 1][..], 2.0), (&[7, 0, 0], 0.0), (&[], 0.0)] {
        assert!((entropy_bits(counts) - bits).abs() < 1e-12, "{bits} bits of {counts:?}");
    }
    let counts = [5, 1, 0, 17, 3, 3, 9, 0];
    assert!((2f64.powf(entropy_bits(&counts)) - perplexity(&counts)).abs() < 1e-9, "as perplexity");

    // 8 codes, 4 by 4 cells, 32 by 32 pixels.
    let rate = CodeRate::of(&counts, &CodeLayout::Whole, 16, 10, 1024, Some(5_000)).unwrap();
    assert_eq!((rate.bits, rate.per_pixel(rate.bits)), (48.0, 48.0 / 1024.0), "three bits a cell");
    assert!((rate.entropy_bits - 16.0 * entropy_bits(&counts)).abs() < 1e-9, "by use");
    assert!(rate.entropy_bits < rate.bits, "an uneven use says less");
    assert_eq!(rate.png_bits, Some(4_000.0), "bits of a file on average");
    // Two residual quantizers of four codes each.
    let layout = CodeLayout::Residual { quantizers: 2 };
    let both = CodeRate::of(&counts, &layout, 16, 10, 1024, None).unwrap();
    assert!((both.bits - 64.0).abs() < 1e-9, "two bits twice a cell");
    let sum = entropy_bits(&counts[..4]) + entropy_bits(&counts[4..]);
    assert!((both.entropy_bits - 16.0 * sum).abs() < 1e-9, "each by its own use");
    // Two heads that share all eight codes.
    let layout = CodeLayout::Heads { heads: 2, shared: true };
    let heads = CodeRate::of(&counts, &layout, 16, 10, 1024, None).unwrap();
    assert!((heads.bits - 96.0).abs() < 1e-9, "three bits twice a cell");
    assert!((heads.entropy_bits - 32.0 * entropy_bits(&counts)).abs() < 1e-9, "counted together");
    for (images, pixels, counts) in
        [(0, 9, &counts[..]), (1, 0, &counts), (1, 9, &[]), (1, 9, &[0; 4])]
    {
        assert_eq!(
            CodeRate::of(counts, &CodeLayout::Whole, 1, images, pixels, None),
            None,
            "nothing"
        );
    }
}

#[test]
fn a_survey_tells_the_rate_of_its_images() {
    let mut survey = Survey::new(4, [2, 2]);
    assert_eq!(survey.rate(&CodeLayout::Whole), None, "nothing was looked at");
    survey.pixels = 64;
    for image in 0..3 {
        survey.add_image(image, &[0, 1, 2, 3], &[0.0; 4]);
    }
    let rate = survey.rate(&CodeLayout::Whole).expect("something was");
    assert_eq!((rate.images, rate.bits, rate.entropy_bits), (3, 8.0, 8.0), "{rate:?}");
    assert_eq!(survey.beside.around(0, Direction::Right)[0].count, 3, "and what stands beside it");
}

#[test]
fn flat_pictures_take_fewer_bytes() {
    let flat = Array::filled([2, 3, 32, 32], 0.5);
    let mut noise = flat.clone();
    let values = normals(3, 0, Purpose::Explore, noise.data().len());
    noise.data_mut().iter_mut().zip(values).for_each(|(value, z)| *value = 0.5 + 0.2 * z);
    let [flat, noise] = [flat, noise].map(|images| png_bytes(&images).unwrap());
    assert!(flat > 100 && noise > 4_000 && noise > 10 * flat, "{flat} and {noise} bytes");
    assert!(png_bytes(&Array::zeros([1, 2, 4, 4])).is_err(), "two channels are none");
    assert_eq!(png_bytes(&Array::zeros([0, 1, 4, 4])).unwrap(), 0, "no images");
}
