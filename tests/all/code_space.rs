//! Latents and codes on the host, for every quantizer: what the window and the command line make of them.

use std::sync::Arc;

use zscope::array::Array;
use zscope::latent::{CodeLayout, CodeSpace, Levels, Projection};
use zscope::random::{Purpose, normals};
use zscope::session::codebook::Codebook;
use zscope::session::explore::Explore;

const CELLS: usize = 6;
const K: usize = 7;

fn noise(seed: u64, shape: [usize; 2]) -> Array {
    let values = normals(seed, 1, Purpose::Explore, shape[0] * shape[1]);
    Array::new(shape, values).expect("values fill the shape")
}

fn space(layout: CodeLayout) -> CodeSpace {
    let codebook = match &layout {
        CodeLayout::Levels(levels) => levels.codebook(),
        layout => noise(1, [layout.parts() * K, 3]),
    };
    CodeSpace { codebook: Arc::new(codebook), layout }
}

fn layouts() -> Vec<CodeLayout> {
    vec![
        CodeLayout::Whole,
        CodeLayout::Mapped,
        CodeLayout::Levels(Levels::new(vec![4, 3, 5]).expect("levels")),
        CodeLayout::Heads { heads: 2, shared: true },
        CodeLayout::Heads { heads: 3, shared: false },
        CodeLayout::Residual { quantizers: 3 },
        CodeLayout::Projected(Arc::new(projection())),
    ]
}

/// Seven codes whose rows lie in as many directions, and summands that favour the first.
fn projection() -> Projection {
    let angle = |code: usize| std::f32::consts::TAU * code as f32 / K as f32;
    let row = |code: usize| [angle(code).cos(), angle(code).sin(), 0.1];
    let rows = (0..K).flat_map(row).collect();
    let bias = (0..K).map(|code| -0.2 * code as f32).collect();
    let [rows, bias] = [([K, 3].to_vec(), rows), ([K].to_vec(), bias)]
        .map(|(shape, values)| Array::new(shape, values).expect("values fill the shape"));
    Projection::new(&rows, &bias)
}

#[test]
fn projections_choose_by_their_scores() {
    let rows = Array::new([3, 2, 1, 1], vec![1.0, 0.0, 0.0, 1.0, -1.0, -1.0]).expect("kernels");
    let bias = Array::new([3], vec![0.0, 0.5, 0.0]).expect("summands");
    let projection = Projection::new(&rows, &bias);
    // The cells (1, 0), (1, 0.5), (0.4, 0) and (-1, -1): the first code, two that are equally good, the second
    // by its summand, the third.
    let latent = [1.0, 1.0, 0.4, -1.0, 0.0, 0.5, 0.0, -1.0];
    let space = CodeSpace {
        codebook: Arc::new(noise(3, [3, 2])),
        layout: CodeLayout::Projected(Arc::new(projection)),
    };
    assert_eq!(space.codes_of_latent(&latent), [0, 0, 1, 2]);
    let latents = Array::new([1, 2, 2, 2], latent.to_vec()).expect("a latent");
    assert_eq!(space.near_ties(&latents), 1, "the second cell");
    assert!(space.layout.why_fixed().is_some(), "no code is chosen for its place");
}

#[test]
fn sizes_by_hand() {
    let sizes = |layout: CodeLayout| {
        let space = space(layout);
        (space.vector_len(), space.layout.per_cell(), space.layout.parts(), space.part_len())
    };
    let found: Vec<_> = layouts().into_iter().map(sizes).collect();
    let expected = [
        (3, 1, 1, 7),
        (3, 1, 1, 7),
        (3, 1, 1, 60),
        (6, 2, 1, 7),
        (9, 3, 3, 7),
        (3, 3, 3, 7),
        (3, 1, 1, 7),
    ];
    assert_eq!(found, expected);
}

#[test]
fn codes_of_a_latent_are_the_nearest_and_come_back() {
    for layout in layouts() {
        let space = space(layout);
        let latent = noise(2, [space.vector_len(), CELLS]).into_data();
        let codes = space.codes_of_latent(&latent);
        assert_eq!(codes.len(), space.layout.per_cell() * CELLS, "{space:?}");
        for (place, &code) in codes.iter().enumerate() {
            assert!(space.range(place / CELLS).contains(&(code as usize)), "{place}: {space:?}");
        }
        // As the indices of a decoder, and back.
        let indices = space.indices(&codes);
        assert!(indices.iter().all(|&index| (index as usize) < space.part_len()), "{space:?}");
        assert_eq!(space.codes(&indices), codes, "{space:?}");
        // What codes stand for has these codes; sums of codes may have others that are nearer.
        let again = space.latent_of_codes(&codes);
        assert_eq!(again.len(), latent.len(), "{space:?}");
        if !matches!(space.layout, CodeLayout::Residual { .. }) {
            assert_eq!(space.codes_of_latent(&again), codes, "{space:?}");
        }
    }
}

#[test]
fn residuals_are_what_is_left_over() {
    let codebook = Array::new([4, 1], vec![0.0, 10.0, -1.0, 1.0]).expect("codes");
    let layout = CodeLayout::Residual { quantizers: 2 };
    let space = CodeSpace { codebook: Arc::new(codebook), layout };
    let latent = [8.0, 0.5];
    assert_eq!(space.codes_of_latent(&latent), [1, 0, 2, 3]);
    assert_eq!(space.latent_of_codes(&[1, 0, 2, 3]), [9.0, 1.0]);
    let at = |place| space.vector_at(&latent, place);
    assert_eq!([at(0), at(1), at(2)], [Some(vec![8.0]), Some(vec![0.5]), Some(vec![-2.0])]);
    assert_eq!((at(3), at(4)), (Some(vec![0.5]), None));
    assert_eq!(space.alone(1), [1, 2], "beside the code that adds least, the first of two");
    assert_eq!(space.alone(3), [0, 3]);
}

#[test]
fn draws_keep_to_their_codebooks() {
    for layout in layouts() {
        let space = space(layout);
        // Only the second code of every codebook is used.
        let mut shares = vec![0.0; space.codebook.num_rows()];
        shares.iter_mut().skip(1).step_by(space.part_len()).for_each(|share| *share = 2.0);
        let drawn = space.draw(&shares, CELLS, 3, 0);
        let expected: Vec<u32> = (0..space.layout.per_cell() * CELLS)
            .map(|place| space.range(place / CELLS).start as u32 + 1)
            .collect();
        assert_eq!(drawn, expected, "{space:?}");
        let even = vec![1.0; space.codebook.num_rows()];
        let [a, b, c] = [(3, 0), (3, 0), (4, 0)].map(|(seed, i)| space.draw(&even, 40, seed, i));
        assert!(a == b && a != c, "by the seed alone: {space:?}");
    }
}

#[test]
fn every_code_can_be_shown_alone() {
    for layout in layouts() {
        let space = space(layout);
        for code in 0..space.codebook.num_rows() {
            let codes = space.alone(code);
            assert_eq!(codes.len(), space.layout.per_cell(), "{space:?}");
            assert!(codes.contains(&(code as u32)), "{code}: {codes:?} of {space:?}");
        }
    }
}

#[test]
fn near_ties_are_counted_in_every_codebook() {
    for layout in layouts() {
        let space = space(layout);
        let items = 4;
        let data = noise(5, [items, space.vector_len() * CELLS]);
        assert_eq!(space.near_ties(&data), 0, "{space:?}");
    }
    // The first head's second code lies as near as its first.
    let codebook = Arc::new(Array::new([2, 1], vec![-1.0, 1.0]).expect("codes"));
    let layout = CodeLayout::Heads { heads: 2, shared: true };
    let space = CodeSpace { codebook, layout };
    let vectors = Array::new([1, 2], vec![0.0, 0.7]).expect("a vector");
    assert_eq!(space.near_ties(&vectors), 1);
}

/// Every grid's cells can be changed, to codes of their own codebook only.
#[test]
fn cells_of_every_grid_are_explored() {
    for layout in layouts() {
        let space = space(layout);
        let shares: Arc<[f32]> = vec![1.0; space.codebook.num_rows()].into();
        let mut explore = Explore::with_codes(CELLS, space.clone(), shares);
        assert_eq!(explore.latent().len(), space.vector_len() * CELLS, "{space:?}");
        let slots = space.layout.per_cell();
        let before = explore.codes().expect("codes");
        let last = (slots - 1) * CELLS + 2;
        let wanted = space.range(slots - 1).end - 1;
        explore.set_cell(last, wanted as u32);
        explore.set_cell(slots * CELLS, wanted as u32);
        if space.layout.parts() > 1 {
            explore.set_cell(0, wanted as u32);
        }
        let edited: Vec<usize> = explore.edited_cells().keys().copied().collect();
        assert_eq!(edited, [last], "only cells and codes that there are: {space:?}");
        assert_eq!(explore.codes().expect("codes")[last] as usize, wanted, "{space:?}");
        let index = explore.indices().expect("indices")[last] as usize;
        assert_eq!(index, space.part_len() - 1, "{space:?}");
        let vector = explore.vector_of_cell(last).expect("a vector");
        assert_eq!(vector.len(), space.codebook.row_len(), "{space:?}");
        explore.undo();
        assert_eq!(explore.codes().expect("codes"), before, "{space:?}");
    }
}

#[test]
fn codebooks_know_which_codes_go_together() {
    for layout in layouts() {
        let space = space(layout.clone());
        let parts = layout.parts();
        let codebook = Codebook { layout, ..Codebook::new(Arc::clone(&space.codebook)) };
        for code in [0, space.codebook.num_rows() - 1] {
            let siblings = codebook.siblings(code);
            assert!(siblings.contains(&code) && siblings.len() == space.part_len(), "{siblings:?}");
            let near = codebook.neighbours(code, 100);
            assert_eq!(near.len(), space.part_len() - 1, "its own codebook's");
            assert!(near.iter().all(|near| siblings.contains(&near.code)), "{near:?}");
        }
        assert_eq!(codebook.size(), parts * space.part_len());
    }
}
