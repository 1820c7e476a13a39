//! What becomes of texts as graphs: grids of codes, and points beside those of images.

use super::{
    Codebooks, IMAGE_ALIGN, MultimodalConfig, READER, SCALE, TEXT_ALIGN, TEXT_CODES, WRITER,
};
use crate::array::{Array, NamedArrays, prefixed, under};
use crate::graph::lower::check_shapes;
use crate::graph::lower::prior::PRIOR;
use crate::graph::lower::quantizer::CODEBOOK;
use crate::graph::{Codes, Epilogue, Graph, GraphBuilder, GraphError, Op, ValueId};

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

    /// A text, as [`MultimodalConfig::reading`] gives it, to `indices` `[h, w]`, their codes as `latent` `[d, h, w]`, and
    /// `embedding` `[align]`, not scaled, in the space that images and texts are compared in.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape, or holds values that are not finite.
    pub fn lower_reader(&self, tensors: &NamedArrays) -> Result<Graph, GraphError> {
        check_shapes(self, tensors)?;
        let mut own = under(tensors, READER);
        let codebook = if self.codebooks == Codebooks::Two { TEXT_CODES } else { CODEBOOK };
        for name in [TEXT_ALIGN, codebook] {
            own.extend(tensors.get(name).map(|array| (name.to_owned(), array.clone())));
        }
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
        let cells = graph.add("head", cells)?; // [k, 1, cells]
        let [h, w] = self.images.grid();
        let shape = vec![self.quantizer_config().codebook_size, h, w];
        let logits = graph.add("logits", Op::Reshape { input: cells, shape })?;
        let codebook = Codes::from(codebook);
        let choice = Op::ArgMax { input: logits, codebook: codebook.clone() };
        let indices = graph.add("indices", choice)?;
        let latent = graph.add("latent", Op::Gather { input: indices, codebook })?;
        graph.output("indices", indices)?;
        graph.output("latent", latent)?;
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
