//! Where codes occur and what they look like: what jobs make for the inspector.

use crate::array::Array;
use crate::codec::{CodecError, compared, take};
use crate::data::corrupt::Corruption;
use crate::data::{self, Dataset, Split};
use crate::engine::{EngineKind, Runner};
use crate::formats::pictures;
use crate::graph::lower::Networks;
use crate::picture::ValueRange;
use crate::session::codebook::{Patch, Survey};
use crate::train::live::Probe;
use crate::watch::Watch;

/// Held-out images that are searched for a code.
const IMAGES: usize = 256;
/// Cells around the one that chose a code, on either side, that a piece shows.
const AROUND: usize = 1;
/// Pieces of a code that are shown.
const PIECES: usize = 8;

/// Held-out images and where their codes are.
pub(super) struct Surveyed {
    pub(super) survey: Survey,
    /// As the encoder sees them, `[b, c, h, w]` in `[0, 1]`.
    pub(super) images: Array,
    /// Their codes as indices, `[b, h, w]` or `[b, q, h, w]`.
    pub(super) indices: Array,
}

/// Encodes held-out images, spoilt where the model is to mend them, and notes which of their pieces choose which code.
pub(super) fn survey(
    networks: &Networks,
    range: ValueRange,
    dataset: &dyn Dataset,
    corruption: Option<Corruption>,
    watch: &Watch,
) -> Result<Option<Surveyed>, CodecError> {
    let (Some(codes), Some(encoder)) = (&networks.codes, &networks.encoder) else {
        return Ok(None);
    };
    let ([h, w], space) = (codes.grid(), codes.space());
    let numbers: Vec<u32> = (0..dataset.len(Split::Test).min(IMAGES) as u32).collect();
    let images = data::batch(dataset, Split::Test, &numbers);
    let images = match corruption {
        Some(corruption) => corruption.apply_to_held_out(&images, 0),
        None => images,
    };
    let own = range.images_from_unit(&images);
    let mut encoder = Runner::new(EngineKind::Cpu, encoder, None)?;
    encoder.watch(watch);
    let mut outputs = encoder.run(&own)?;
    let latent = compared(&mut outputs)?;
    let quantized = take(&mut outputs, "quantized")?;
    let indices = take(&mut outputs, "indices")?;
    let mut survey = Survey::new(space.codebook.num_rows(), [h, w]);
    survey.pixels = images.shape().iter().skip(2).product();
    survey.png_bytes = pictures::png_bytes(&images).ok();
    for image in 0..images.num_rows() {
        let chosen = space.codes(indices.row(image));
        let mut squares = vec![0.0; h * w];
        let planes = latent.row(image).chunks(h * w).zip(quantized.row(image).chunks(h * w));
        for (a, b) in planes {
            for (square, (a, b)) in squares.iter_mut().zip(a.iter().zip(b)) {
                *square += (a - b) * (a - b);
            }
        }
        // Of the whole vector, whichever of its codes is asked for.
        let distances: Vec<f32> = squares.into_iter().map(f32::sqrt).collect();
        let distances = distances.repeat(space.layout.per_cell());
        survey.add_image(image, &chosen, &distances);
        if image < Probe::IMAGES {
            survey.watched.push(chosen);
        }
    }
    Ok(Some(Surveyed { survey, images, indices }))
}

/// What one code looks like, as rows of square tiles in `[0, 1]`.
pub(super) struct CodePictures {
    pub(super) alone: Array,
    pub(super) in_context: Option<Array>,
    pub(super) patches: Option<Array>,
}

/// Decodes a code alone, and cuts the pieces that choose it out of the data and out of decoded pictures.
pub(super) fn code_pictures(
    networks: &Networks,
    range: ValueRange,
    surveyed: Option<&Surveyed>,
    code: usize,
) -> Result<Option<CodePictures>, CodecError> {
    let Some(codes) = &networks.codes else { return Ok(None) };
    let Some(graph) = &codes.decoder else { return Ok(None) };
    let ([h, w], space) = (codes.grid(), codes.space());
    let shape = graph.input_shape();
    let mut decoder = Runner::new(EngineKind::Cpu, graph, None)?;
    let mut decode = |indices: &Array| -> Result<Array, CodecError> {
        let mut image = take(&mut decoder.run(indices)?, "image")?;
        image.data_mut().iter_mut().for_each(|value| *value = range.to_unit(*value));
        Ok(image)
    };
    let one = space.indices(&space.alone(code));
    let grids = one.into_iter().flat_map(|index| vec![index; h * w]).collect();
    let everywhere = decode(&Array::new([&[1], shape].concat(), grids)?)?;
    let middle = Patch { image: 0, cell: (h / 2) * w + w / 2, distance: 0.0 };
    let alone = pieces(&everywhere, &[middle], [h, w]);
    let chosen = surveyed.map_or(&[][..], |surveyed| surveyed.survey.patches(code));
    let chosen = &chosen[..chosen.len().min(PIECES)];
    let (Some(surveyed), false) = (surveyed, chosen.is_empty()) else {
        return Ok(Some(CodePictures { alone, in_context: None, patches: None }));
    };
    let grids = chosen.iter().flat_map(|patch| surveyed.indices.row(patch.image).to_vec());
    let decoded = decode(&Array::new([&[chosen.len()], shape].concat(), grids.collect())?)?;
    let in_order: Vec<Patch> =
        (0..).zip(chosen).map(|(image, patch)| Patch { image, ..*patch }).collect();
    Ok(Some(CodePictures {
        alone,
        in_context: Some(pieces(&decoded, &in_order, [h, w])),
        patches: Some(pieces(&surveyed.images, chosen, [h, w])),
    }))
}

/// The pieces of images around cells, `[n, c, side, side]`; at a border they are moved inside.
fn pieces(images: &Array, patches: &[Patch], [h, w]: [usize; 2]) -> Array {
    let &[_, c, height, width] = images.shape() else { return Array::zeros([0, 1, 1, 1]) };
    let cell = [height / h.max(1), width / w.max(1)];
    let side = (cell[0].min(cell[1]) * (2 * AROUND + 1)).min(height).min(width).max(1);
    let start = |index: usize, cell: usize, extent: usize| {
        (index * cell + cell / 2).saturating_sub(side / 2).min(extent - side)
    };
    let mut data = Vec::with_capacity(patches.len() * c * side * side);
    for patch in patches {
        // Below the first grid lie those of other quantizers.
        let top = start(patch.cell / w.max(1) % h.max(1), cell[0], height);
        let left = start(patch.cell % w.max(1), cell[1], width);
        for plane in images.row(patch.image).chunks_exact(height * width) {
            for y in top..top + side {
                data.extend_from_slice(&plane[y * width + left..][..side]);
            }
        }
    }
    Array::new([patches.len(), c, side, side], data).unwrap_or_else(|_| Array::zeros([0, 1, 1, 1]))
}
