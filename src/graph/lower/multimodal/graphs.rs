//! What becomes of texts as graphs: grids of codes, and points beside those of images.

use super::{IMAGE_ALIGN, MultimodalConfig, OF_TEXT, READER, SCALE, TEXT_ALIGN, WRITER};
use crate::array::{Array, NamedArrays, prefixed, under};
use crate::graph::lower::check_shapes;
use crate::graph::lower::prior::PRIOR;
use crate::graph::lower::quantizer::{CODEBOOK, quantized};
use crate::graph::{Epilogue, Graph, GraphBuilder, GraphError, Op, ValueId};

/// The reader's last layer, made to look at cells alone.
const OF_CELLS: &str = "head.cells";

impl MultimodalConfig {
    /// What the reader is shown of a text, `[2, text.places + cells]`: the tokens, then the row of each in the table of
    /// positions.
    ///
    /// # Shapes
    /// - `text`: `[text.places]`
    pub fn reading(&self, text: &[u32]) -> Vec<f32> {
        let cells = std::iter::repeat_n(self.cell_token(), self.cells());
        let tokens = text.iter().copied().chain(cells);
        let rows = 0..self.reader().places as u32;
        tokens.chain(rows).map(|value| value as f32).collect()
    }

    /// A text, as [`MultimodalConfig::reading`] gives it, to `latent` `[d, h, w]`, before quantization, `indices`
    /// `[h, w]`, `quantized` `[d, h, w]`, and `embedding` `[align]`, not scaled, in the space that images and texts are
    /// compared in.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape, or holds values that are not finite.
    pub fn lower_reader(&self, tensors: &NamedArrays) -> Result<Graph, GraphError> {
        check_shapes(self, tensors)?;
        let mut own = under(tensors, READER);
        own.extend(tensors.get(TEXT_ALIGN).map(|weight| (TEXT_ALIGN.to_owned(), weight.clone())));
        let of_text = under(tensors, OF_TEXT);
        let codebook = of_text.get(CODEBOOK).or_else(|| tensors.get(CODEBOOK));
        own.extend(codebook.map(|codes| (CODEBOOK.to_owned(), codes.clone())));
        let reader = self.reader();
        let mut graph = GraphBuilder::new(&[2, reader.places], &own)?;
        let seen = reader.trunk_of_sequence(&mut graph)?; // [width, 1, places]
        let head = graph.find(OF_CELLS, "head.weight")?.clone();
        graph.make(OF_CELLS, behind(&head, self.text.places));
        let cells = Op::Conv2d {
            input: seen,
            weight: OF_CELLS.to_owned(),
            upsample: 1,
            stride: [1, 1],
            padding: [0; 4],
            epilogue: Epilogue::bias("head.bias"),
        };
        let cells = graph.add("head", cells)?; // [d, 1, cells]
        let [h, w] = self.images.grid();
        let shape = vec![self.quantizer_config().code_dim, h, w];
        let latent = graph.add("latent", Op::Reshape { input: cells, shape })?;
        graph.output("latent", latent)?;
        quantized(&mut graph, self.quantizer_config(), latent)?;
        self.embed(&mut graph, latent, TEXT_ALIGN)?;
        graph.finish()
    }

    /// An image's `latent` `[d, h, w]`, before quantization, to its `embedding` `[align]`, not scaled.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape, or holds values that are not finite.
    pub fn lower_image_align(&self, tensors: &NamedArrays) -> Result<Graph, GraphError> {
        check_shapes(self, tensors)?;
        let [h, w] = self.images.grid();
        let mut graph = GraphBuilder::new(&[self.quantizer_config().code_dim, h, w], tensors)?;
        let latent = graph.input();
        self.embed(&mut graph, latent, IMAGE_ALIGN)?;
        graph.finish()
    }

    fn embed(
        &self,
        graph: &mut GraphBuilder<'_>,
        latent: ValueId,
        weight: &str,
    ) -> Result<(), GraphError> {
        let shape = vec![self.latent_len()];
        let flat = graph.add("flat", Op::Reshape { input: latent, shape })?;
        let (weight, epilogue) = (weight.to_owned(), Epilogue::default());
        let embedding = graph.add("align", Op::Linear { input: flat, weight, epilogue })?;
        graph.output("embedding", embedding)
    }

    /// What cosines of embeddings are multiplied with, learnt beside them.
    pub fn scale(&self, tensors: &NamedArrays) -> f32 {
        tensors.get(SCALE).and_then(|scale| scale.data().first()).map_or(1.0, |scale| scale.exp())
    }

    /// The writer's tensors as those of [`MultimodalConfig::captioner`]: codes lie in its table before the tokens of
    /// texts, and nothing makes it tell codes.
    pub fn captioner_tensors(&self, tensors: &NamedArrays) -> NamedArrays {
        let mut own = under(tensors, WRITER);
        let tokens = self.text.tokens;
        if let (Some(codes), Some(table)) =
            (tensors.get(CODEBOOK), own.get("embedding.weight").cloned())
        {
            let d = table.row_len();
            // The start of a sequence that begins with a text is never read.
            let unread = Array::zeros([1, d]);
            let rows =
                [codes.clone(), table.rows(0, tokens), unread, table.rows(tokens, tokens + 1)];
            own.insert("embedding.weight".to_owned(), Array::joined(&rows));
        }
        for name in ["head.weight", "head.bias"] {
            let Some(told) = own.get(name).cloned() else { continue };
            let mut shape = told.shape().to_vec();
            shape[0] = self.quantizer_config().codebook_size;
            own.insert(name.to_owned(), Array::joined(&[Array::zeros(shape), told]));
        }
        prefixed(PRIOR, own)
    }
}

/// A matrix `[out, in]` as kernels `[out, in, 1, first + 1]` that see only the last column: the planes that they make of
/// planes of one row lack its first columns.
fn behind(matrix: &Array, first: usize) -> Array {
    let [outputs, inputs] = [matrix.num_rows(), matrix.row_len()];
    let mut kernels = Array::zeros([outputs, inputs, 1, first + 1]);
    let columns = kernels.data_mut().chunks_exact_mut(first + 1);
    columns.zip(matrix.data()).for_each(|(column, &value)| column[first] = value);
    kernels
}
