//! Painting, copying and pasting codes: against plain searches, with undo to the exact cells.

use std::collections::BTreeSet;
use std::sync::Arc;

use zscope::array::Array;
use zscope::latent::{CodeLayout, CodeSpace};
use zscope::random::{Purpose, normals};
use zscope::session::canvas::{
    Area, Canvas, LARGEST_BRUSH, Place, Region, RegionError, Tool, brush, flood, stroke,
};
use zscope::session::codebook::CodeMap;
use zscope::session::explore::Explore;

/// A map of codes below `k`, one grid after the other.
fn map(shape: [usize; 2], grids: usize, k: u32, seed: u64) -> CodeMap {
    let cells = shape[0] * shape[1];
    let codes = normals(seed, 0, Purpose::Explore, grids * cells);
    let code = |(cell, z): (usize, &f32)| {
        let part = (cell / cells) as u32;
        part * k + ((z.abs() * 10.0) as u32) % k
    };
    CodeMap {
        shape: [grids * shape[0], shape[1]],
        grids,
        codes: codes.iter().enumerate().map(code).collect(),
        edited: vec![false; grids * cells],
    }
}

/// Grows by one ring of equal neighbours after the other until nothing is added.
fn grown(codes: &[u32], [rows, columns]: [usize; 2], start: Place) -> BTreeSet<Place> {
    let mut found = BTreeSet::from([start]);
    loop {
        let mut more = found.clone();
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |at| (row, at))) {
            let same = codes[row * columns + column] == codes[start[0] * columns + start[1]];
            let touches = found.iter().any(|at| at[0].abs_diff(row) + at[1].abs_diff(column) == 1);
            if same && touches {
                more.insert([row, column]);
            }
        }
        if more.len() == found.len() {
            return found;
        }
        found = more;
    }
}

#[test]
fn flooding_finds_what_hangs_together() {
    for (shape, k) in [([1, 1], 1), ([7, 5], 2), ([8, 8], 3), ([3, 11], 1), ([16, 16], 2)] {
        for seed in 0..8 {
            let map = map(shape, 1, k, seed);
            for start in [[0, 0], [shape[0] - 1, shape[1] - 1], [shape[0] / 2, shape[1] / 2]] {
                let found = flood(&map.codes, shape, start);
                let set: BTreeSet<Place> = found.iter().copied().collect();
                assert_eq!(set.len(), found.len(), "each once");
                assert_eq!(set, grown(&map.codes, shape, start), "{shape:?}, {k} codes, {start:?}");
            }
        }
    }
    // Corners do not hang together, and a border does not lead to the other side.
    assert_eq!(flood(&[0, 1, 1, 0], [2, 2], [0, 0]), [[0, 0]], "diagonal");
    assert_eq!(flood(&[0, 1, 0, 0, 1, 0], [2, 3], [0, 0]).len(), 2, "left column alone");
    assert!(flood(&[0; 4], [2, 2], [2, 0]).is_empty(), "outside");
    assert!(flood(&[], [0, 0], [0, 0]).is_empty(), "nothing");
}

#[test]
fn brushes_are_round_and_stay_inside() {
    let shape = [40, 40];
    for size in 1..=LARGEST_BRUSH {
        let cells: BTreeSet<Place> = brush([20, 20], size, shape).collect();
        let extent = |axis: usize| {
            let all = cells.iter().map(|place| place[axis]);
            all.clone().max().unwrap() - all.min().unwrap() + 1
        };
        assert_eq!([extent(0), extent(1)], [size; 2], "as wide and high as it says");
        let turned: BTreeSet<Place> = cells.iter().map(|&[row, column]| [column, row]).collect();
        assert_eq!(cells, turned, "the same along both axes");
        let area = cells.len() as f64 / (std::f64::consts::PI * (size as f64 / 2.0).powi(2));
        assert!(size < 4 || (0.8..1.25).contains(&area), "about a circle: {area} for {size}");
    }
    assert_eq!(brush([0, 0], 1, [5, 5]).collect::<Vec<_>>(), [[0, 0]], "one cell");
    assert_eq!(brush([4, 4], 3, [5, 5]).count(), 4, "cut off at the corner");
    assert_eq!(brush([0, 0], 3, [0, 0]).count(), 0, "no grid");
}

#[test]
fn a_fast_stroke_leaves_no_gaps() {
    for (from, to) in [([0, 0], [19, 7]), ([3, 18], [3, 2]), ([11, 4], [2, 19]), ([5, 5], [5, 5])] {
        let cells = stroke(from, to, 1, [20, 20]);
        assert!(cells.contains(&from) && cells.contains(&to), "both ends");
        // Every cell but an end touches two others, corners counted.
        for place in &cells {
            let touches = |other: &&Place| {
                *other != place && other[0].abs_diff(place[0]).max(other[1].abs_diff(place[1])) == 1
            };
            let expected = if *place == from || *place == to { 1 } else { 2 };
            let found = cells.iter().filter(touches).count();
            assert!(from == to || found >= expected, "{place:?} of {from:?} to {to:?}");
        }
    }
}

#[test]
fn a_stroke_paints_only_its_own_grid() {
    let map = map([6, 7], 2, 4, 3);
    let mut canvas = Canvas { tool: Tool::Brush, brush: 3, code: 5, ..Canvas::default() };
    let first = canvas.stroke_to(&map, 1, [2, 2]);
    assert!(!first.is_empty(), "something changes");
    for (cell, code) in first {
        assert_eq!((map.grid_of(cell), code), (1, 5), "in the second grid");
        assert_ne!(map.code(cell), Some(5), "only what changes");
    }
    assert!(canvas.stroke_to(&map, 0, [2, 2]).is_empty(), "it does not cross into another");
    assert!(canvas.stroke_to(&map, 1, [5, 6]).len() > 3, "and goes on in its own");
}

#[test]
fn regions_go_from_picture_to_picture() {
    let from = map([6, 5], 2, 9, 1);
    let to = map([4, 8], 2, 9, 2);
    let area = Area::between([4, 3], [1, 2]);
    let region = Region::of(&from, area).expect("inside");
    assert_eq!(region.shape(), [4, 2], "rows and columns");
    let mut canvas = Canvas { clipboard: Some(region.clone()), ..Canvas::default() };
    canvas.fit(None, 0);
    canvas.fit(Some(&to), 18);
    assert_eq!(canvas.clipboard, Some(region.clone()), "it survives another picture");
    let mut after = to.clone();
    for (cell, code) in canvas.paste_at(&to, [1, 7]) {
        after.codes[cell] = code;
    }
    for (grid, [row, column]) in (0..2).flat_map(|grid| (0..4).map(move |row| (grid, [row, 7]))) {
        let cell = to.cell(grid, [row, column]).unwrap();
        let expected = match row {
            0 => to.code(cell),
            _ => from.code(from.cell(grid, [row, 2]).unwrap()),
        };
        assert_eq!(after.code(cell), expected, "grid {grid}, row {row}; the rest is cut off");
    }
    let changed = |cell: &usize| after.codes[*cell] != to.codes[*cell];
    assert!((0..after.codes.len()).filter(changed).all(|cell| to.place(cell)[1] == 7), "no other");
    // Of another number of grids nothing is taken.
    assert!(canvas.paste_at(&map([4, 8], 1, 9, 2), [0, 0]).is_empty(), "other grids");
    assert_eq!(Region::of(&from, Area::between([5, 4], [6, 4])), None, "beyond the border");
}

#[test]
fn regions_are_read_back_from_text() {
    for (shape, grids) in [([1, 1], 1), ([3, 4], 1), ([2, 5], 3)] {
        let map = map(shape, grids, 700, 4);
        let region = Region::whole(shape, grids, map.codes).expect("whole");
        let text = region.to_text();
        assert_eq!(text.lines().filter(|line| !line.is_empty()).count(), grids * shape[0], "rows");
        assert_eq!(Region::parse(&text, grids), Ok(region.clone()), "{text}");
        assert_eq!(Region::parse(&text.replace('\t', ", "), grids), Ok(region), "commas too");
    }
    let no_code = |found: &str, row| Err(RegionError::NoCode { found: found.to_owned(), row });
    for (text, grids, expected) in [
        ("1 2\n3 x", 1, no_code("x", 2)),
        ("1 -2", 1, no_code("-2", 1)),
        ("1.5", 1, no_code("1.5", 1)),
        ("99999999999", 1, no_code("99999999999", 1)),
        ("1 2\n3", 1, Err(RegionError::Uneven { row: 2, found: 1, expected: 2 })),
        ("1 2\n3 4\n5 6", 2, Err(RegionError::Grids { found: 3, grids: 2 })),
        ("", 1, Err(RegionError::Grids { found: 0, grids: 1 })),
        ("[]\n;;", 1, Err(RegionError::Grids { found: 0, grids: 1 })),
    ] {
        assert_eq!(Region::parse(text, grids), expected, "{text:?}");
    }
}

#[test]
fn the_clone_brush_takes_codes_from_their_own_places() {
    let map = map([5, 5], 2, 6, 7);
    let other: Vec<u32> =
        (0..50).map(|cell| if cell < 25 { cell % 6 } else { 6 + cell % 6 }).collect();
    let source = Region::whole([5, 5], 2, other.clone()).unwrap();
    let mut canvas = Canvas {
        tool: Tool::Clone,
        brush: 2,
        source: Some(("image 1".to_owned(), source)),
        ..Canvas::default()
    };
    let cells = canvas.stroke_to(&map, 0, [1, 1]);
    for &(cell, code) in &cells {
        assert_eq!(code, other[cell], "cell {cell}");
        assert!([[1, 1], [1, 2], [2, 1], [2, 2]].contains(&map.place(cell)), "under the brush");
    }
    let grids: BTreeSet<usize> = cells.iter().map(|&(cell, _)| map.grid_of(cell)).collect();
    assert_eq!(grids.len(), 2, "a mask of places: all grids");
    canvas.fit(Some(&super::canvas::map([4, 5], 2, 6, 7)), 12);
    assert_eq!(canvas.source, None, "a picture of another shape has no such places");
}

fn explore(layout: CodeLayout, rows: usize, cells: usize) -> Explore {
    let d = 3;
    let codes = Array::new([rows, d], normals(9, 0, Purpose::Explore, rows * d)).unwrap();
    let space = CodeSpace { codebook: Arc::new(codes), layout };
    Explore::with_codes(cells, space, vec![1.0; rows].into())
}

#[test]
fn one_undo_takes_a_whole_stroke_back() {
    let mut explore = explore(CodeLayout::Whole, 8, 16);
    explore.set_cell(3, 7);
    let before = (explore.codes().unwrap(), explore.edited_cells().clone());
    explore.begin_edit();
    for cells in [vec![(0, 1), (1, 1)], vec![(1, 1), (2, 2)], vec![(3, 4)]] {
        assert_eq!(explore.paint(&cells), 0, "all are taken");
    }
    let after = explore.codes().unwrap();
    assert_eq!([after[0], after[1], after[2], after[3]], [1, 1, 2, 4], "painted");
    explore.undo();
    assert_eq!((explore.codes().unwrap(), explore.edited_cells().clone()), before, "exactly back");
    explore.redo();
    assert_eq!(explore.codes().unwrap(), after, "and exactly forth");
}

#[test]
fn cells_take_only_codes_of_their_own() {
    let mut explore = explore(CodeLayout::Residual { quantizers: 2 }, 10, 4);
    let before = explore.codes().unwrap();
    explore.begin_edit();
    assert_eq!(explore.paint(&[(0, 5), (4, 4), (8, 5), (1, 10)]), 4, "none fits");
    assert_eq!(explore.codes().unwrap(), before, "nothing moved");
    assert_eq!(explore.paint(&[(0, 4), (4, 9)]), 0, "these do");
    assert_eq!(explore.codes().unwrap()[4], 9, "in the second grid");
    assert_eq!(explore.draw_codes(3).map(|codes| codes.len()), Some(8), "a draw for every cell");
    assert_eq!(explore.draw_codes(3), explore.draw_codes(3), "repeatable");
    assert_eq!(explore.chosen_codes().unwrap(), before, "what the encoder chose stays known");
    let mut normal = Explore::new(2);
    assert_eq!((normal.paint(&[(0, 0)]), normal.draw_codes(0)), (1, None), "no codes at all");
}
