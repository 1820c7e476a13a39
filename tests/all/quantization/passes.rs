//! The passes against their twins, each over a sentinel.

use zscope::array::Array;
use zscope::engine::dispatch::{Dispatch, OF_NEIGHBOURS, OF_SEARCHES};
use zscope::engine::kernel::Kernel;
use zscope::engine::params::{ArgMaxParams, GatherParams, NearestCodeParams};
use zscope::engine::shader::Shader;
use zscope::engine::twin;
use zscope::engine::wgsl::{Gpu, SinglePass, run_single};

use super::assert_indices_match;
use super::by_hand::ANY_INDICES;
use crate::engine_matches_twin::{GUARD, SENTINEL, gpu, noise, reads_together};

/// The indices of a way to search and the twin's, the former over a sentinel.
#[track_caller]
fn nearest_of_both(
    gpu: &Gpu,
    dispatch: Dispatch,
    params: NearestCodeParams,
    input: &[f32],
    codebook: &[f32],
) -> [Vec<f32>; 2] {
    let len = params.vectors as usize;
    let mut expected = vec![SENTINEL; len];
    twin::nearest_code(&params, input, codebook, &mut expected);
    assert!(expected.iter().all(|index| *index < SENTINEL), "the twin left something out");
    // Counts begin at zero, which has the same bits in both types.
    let usage = vec![0.0; params.codes as usize];
    let pass = SinglePass {
        dispatch,
        params: bytemuck::bytes_of(&params),
        inputs: &[input, codebook, &usage],
    };
    let mut found = run_single(gpu, pass, &vec![SENTINEL; len + GUARD]).expect("a pass");
    let guard = found.split_off(len);
    assert!(
        guard.iter().all(|value| *value == SENTINEL),
        "wrote behind the end: {dispatch:?} {params:?}"
    );
    [found, expected]
}

#[track_caller]
fn assert_nearest_matches(
    gpu: &Gpu,
    dispatch: Dispatch,
    params: NearestCodeParams,
    input: &[f32],
    codebook: &[f32],
) {
    let [found, expected] = nearest_of_both(gpu, dispatch, params, input, codebook);
    let shape = [params.codes as usize, params.dim as usize];
    let codebook = Array::new(shape, codebook.to_vec()).expect("a shape that fits");
    assert_indices_match(&found, &expected, input, params.plane as usize, &codebook);
}

/// Items, vectors of one, values of a vector, codes.
const SIZES: [[u32; 4]; 13] = [
    [1, 1, 1, 1],
    [1, 1, 1, 2],
    [2, 7, 3, 5],
    [3, 49, 64, 512],
    [1, 131, 67, 127],
    [4, 64, 32, 16],
    [1, 128, 33, 17],
    [129, 1, 31, 15],
    [2, 65, 4, 1024],
    [1, 1, 1, 16_384],
    [1, 13, 8, 16_384],
    [5, 101, 1, 33],
    [1, 67, 2049, 37],
];

/// A search in all of its tiles.
fn in_tiles(params: NearestCodeParams) -> Vec<Dispatch> {
    let kernel = Kernel::NearestCode(params);
    let in_tile = |(tile, _)| Dispatch::in_tiles(&kernel, tile).expect("a search");
    OF_SEARCHES.into_iter().map(in_tile).collect()
}

/// A search without tiles, in all the ways that the device has.
fn serially(params: NearestCodeParams) -> Vec<Dispatch> {
    let kernel = Kernel::NearestCode(params);
    let together = |codes| Dispatch::by_neighbours(&kernel, codes).expect("a search");
    let neighbours = if reads_together() { &OF_NEIGHBOURS[..] } else { &[] };
    std::iter::once(Dispatch::alone(&kernel))
        .chain(neighbours.iter().copied().map(together))
        .collect()
}

/// Every way to search.
fn all_ways(params: NearestCodeParams) -> Vec<Dispatch> {
    [in_tiles(params), serially(params)].concat()
}

#[test]
fn nearest_code_matches_twin() {
    assert_all_match(in_tiles);
}

#[test]
fn nearest_code_serial_matches_twin() {
    assert_all_match(serially);
}

fn assert_all_match(ways: fn(NearestCodeParams) -> Vec<Dispatch>) {
    let Some(gpu) = gpu() else { return };
    for [items, plane, dim, codes] in SIZES {
        let params = NearestCodeParams {
            vectors: items * plane,
            plane,
            dim,
            codes,
            ..NearestCodeParams::default()
        };
        let input = noise(1, (items * plane * dim) as usize);
        for dispatch in ways(params) {
            assert_nearest_matches(
                gpu,
                dispatch,
                params,
                &input,
                &noise(2, (codes * dim) as usize),
            );
        }
    }
}

#[test]
fn more_vectors_than_one_row_of_workgroups_holds() {
    let Some(gpu) = gpu() else { return };
    let vectors = 65_535 * 64 + 129;
    let params = NearestCodeParams {
        vectors,
        plane: vectors,
        dim: 1,
        codes: 3,
        ..NearestCodeParams::default()
    };
    // Those that read together have the smaller workgroups.
    for dispatch in serially(params) {
        assert_nearest_matches(
            gpu,
            dispatch,
            params,
            &noise(3, vectors as usize),
            &[-0.5, 0.0, 0.5],
        );
    }
}

#[test]
fn the_lowest_of_equal_codes_wins_on_the_shader() {
    let Some(gpu) = gpu() else { return };
    // Every code five times, in all the places of a tile, and every code's own vector.
    let (dim, codes) = (19, 67);
    let once = noise(4, dim * codes);
    let params = NearestCodeParams {
        vectors: codes as u32,
        plane: 1,
        dim: dim as u32,
        codes: 5 * codes as u32,
        ..NearestCodeParams::default()
    };
    let own: Vec<f32> = (0..codes).map(|index| index as f32).collect();
    for dispatch in all_ways(params) {
        let [found, expected] = nearest_of_both(gpu, dispatch, params, &once, &once.repeat(5));
        assert_eq!(expected, own, "the twin");
        assert_eq!(found, own, "the shader");
    }
}

#[test]
fn vectors_that_are_not_finite_have_index_0_on_the_shader() {
    let Some(gpu) = gpu() else { return };
    let (plane, dim, codes) = (71, 5, 21);
    let mut input = noise(5, plane * dim);
    let mut broken = Vec::new();
    for (place, value) in
        [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY].into_iter().enumerate()
    {
        let vector = 13 * (place + 1);
        input[place * plane + vector] = value;
        broken.push(vector);
    }
    // The first code is far from all vectors: nothing else chooses it.
    let mut codebook = noise(6, codes * dim);
    codebook[..dim].fill(100.0);
    let params = NearestCodeParams {
        vectors: plane as u32,
        plane: plane as u32,
        dim: dim as u32,
        codes: codes as u32,
        ..NearestCodeParams::default()
    };
    for dispatch in all_ways(params) {
        let [found, expected] = nearest_of_both(gpu, dispatch, params, &input, &codebook);
        assert_eq!(found, expected, "the twin's");
        for (vector, index) in found.into_iter().enumerate() {
            assert_eq!(index == 0.0, broken.contains(&vector), "vector {vector}");
        }
    }
}

#[test]
fn arg_max_matches_twin() {
    let Some(gpu) = gpu() else { return };
    for [items, plane, _, codes] in SIZES {
        let len = (items * plane) as usize;
        let mut scores = noise(9, len * codes as usize);
        // Every value twice in the first place; some that are no numbers in others.
        let half = (codes / 2) as usize;
        for code in 0..half {
            scores[(half + code) * plane as usize] = scores[code * plane as usize];
        }
        for (place, value) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY].into_iter().enumerate() {
            if let Some(score) = scores.get_mut(place + 1) {
                *score = value;
            }
        }
        let params = ArgMaxParams { places: items * plane, plane, codes, first: 3 };
        let mut expected = vec![SENTINEL; len];
        twin::arg_max(&params, &scores, &mut expected);
        let usage = vec![0.0; 3 + codes as usize];
        let pass = SinglePass {
            dispatch: Dispatch::new(Shader::ArgMax, params.places),
            params: bytemuck::bytes_of(&params),
            inputs: &[&scores, &usage],
        };
        let mut found = run_single(gpu, pass, &vec![SENTINEL; len + GUARD]).expect("a pass");
        let guard = found.split_off(len);
        assert!(guard.iter().all(|value| *value == SENTINEL), "wrote behind the end: {params:?}");
        assert_eq!(found, expected, "{params:?}");
    }
}

#[test]
fn gather_matches_twin() {
    let Some(gpu) = gpu() else { return };
    for [items, plane, dim, codes] in SIZES {
        let len = (items * plane) as usize;
        // Some of them behind either end.
        let scale = codes as f32;
        let mut indices: Vec<f32> =
            noise(7, len).into_iter().map(|value| (value * 0.6 + 0.5) * scale).collect();
        indices.iter_mut().zip(ANY_INDICES).for_each(|(index, (any, _))| *index = any);
        let codebook = noise(8, (codes * dim) as usize);
        let params = GatherParams { items, plane, dim, codes, ..GatherParams::default() };
        let mut expected = vec![SENTINEL; len * dim as usize];
        twin::gather(&params, &indices, &codebook, &mut expected);
        let pass = SinglePass {
            dispatch: Dispatch::new(Shader::Gather, params.invocations()),
            params: bytemuck::bytes_of(&params),
            inputs: &[&indices, &codebook],
        };
        let before = vec![SENTINEL; expected.len() + GUARD];
        let mut found = run_single(gpu, pass, &before).expect("a pass");
        let guard = found.split_off(expected.len());
        assert!(guard.iter().all(|value| *value == SENTINEL), "wrote behind the end: {params:?}");
        assert!(expected.iter().all(|value| *value < SENTINEL), "the twin left something out");
        // Codes are copied, so that their bits are the same.
        assert_eq!(found, expected, "{params:?}");
    }
}
