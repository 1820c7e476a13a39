//! Convolutions of large planes, a band of output rows at a time: the columns of a band are laid out and multiplied
//! with the kernels, so that what is worked on stays small however large the planes are.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::large::applied;
use super::read;
use crate::array::Array;
use crate::engine::EngineError;
use crate::graph::{Activation, Epilogue, Graph, Node, ValueId};
use crate::watch::Part;

/// About as many values of columns are laid out at once: 16 MiB.
pub(super) const COLUMNS: usize = 4 << 20;

/// A convolution as its node describes it.
pub(super) struct Conv<'a> {
    kernels: &'a Array,
    bias: Option<&'a Array>,
    activation: Activation,
    upsample: usize,
    stride: [usize; 2],
    /// Zeros above and on the left.
    padding: [usize; 2],
    /// Channels, rows and columns, before upsampling.
    input: [usize; 3],
    output: [usize; 3],
}

/// Some rows of all planes, upsampled ones.
struct Rows {
    values: Vec<f32>,
    /// The number of the first in its plane.
    first: usize,
    count: usize,
    width: usize,
}

impl<'a> Conv<'a> {
    /// That of `node`, which reads the planes of `input`.
    pub(super) fn new(
        graph: &'a Graph,
        node: &Node,
        (input, weight, epilogue): (ValueId, &str, &Epilogue),
        upsample: usize,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Self {
        let planes = |node: &Node| [node.shape[0], node.shape[1], node.shape[2]];
        Self {
            kernels: graph.weight(weight),
            bias: epilogue.bias.as_deref().map(|bias| graph.weight(bias)),
            activation: epilogue.activation,
            upsample,
            stride,
            padding,
            input: planes(graph.node(input)),
            output: planes(node),
        }
    }

    /// What it makes of planes, and of what is added to its sums.
    ///
    /// # Shapes
    /// `input [b, in * h * w]`, `residual [b, out * h' * w']`; the result is as `residual`.
    pub(super) fn run(
        &self,
        input: &Tensor<2>,
        residual: Option<&Tensor<2>>,
        part: Part<'_>,
    ) -> Result<Tensor<2>, EngineError> {
        let [out, height, width] = self.output;
        let ([batch, _], device) = (input.dims(), input.device());
        let kernels = matrix(self.kernels.data().to_vec(), out, &device); // [out, in * kh * kw]
        let len = out * height * width;
        let mut output = vec![0.0; batch * len];
        let band = self.band_rows();
        let bands = batch * height.div_ceil(band);
        let mut done = 0;
        for (item, output) in output.chunks_mut(len).enumerate() {
            for first in (0..height).step_by(band) {
                let rows = first..height.min(first + band);
                let columns = self.columns(input, item, rows.clone())?;
                let columns = matrix(columns, kernels.dims()[1], &device); // [in * kh * kw, n]
                let what = || "reading the sums of a convolution".to_owned();
                let sums = read(kernels.clone().matmul(columns), what)?; // [out, n]
                let added = residual.map(|value| rows_of(value, self.output, item, rows.clone()));
                self.store(output, &sums, added.transpose()?.as_deref(), first);
                done += 1;
                part.tell(done as f64 / bands as f64)?;
            }
        }
        Ok(matrix(output, batch, &device))
    }

    /// Rows and columns of the kernels; a matrix has one of each.
    fn kernel(&self) -> [usize; 2] {
        match *self.kernels.shape() {
            [_, _, height, width] => [height, width],
            _ => [1, 1],
        }
    }

    /// The output rows of a band.
    fn band_rows(&self) -> usize {
        (COLUMNS / (self.kernels.row_len() * self.output[2])).clamp(1, self.output[1])
    }

    /// Bytes that it works on at once.
    pub(super) fn workspace(&self) -> u64 {
        let [out, _, width] = self.output;
        let [channels, _, in_width] = self.input;
        let (taps, rows) = (self.kernels.row_len(), self.band_rows());
        let [kernel_height, _] = self.kernel();
        let read = channels * (rows * self.stride[0] + kernel_height) * in_width * self.upsample;
        // The sums once more where they leave their tensor, and the residual's rows.
        let values = taps * rows * width + 3 * out * rows * width + 2 * read + out * taps;
        4 * values as u64
    }

    /// What each kernel tap is multiplied with, for the output rows of a band.
    ///
    /// # Shapes
    /// The result is `[in * kh * kw, n]`, n being the places of the band.
    fn columns(
        &self,
        input: &Tensor<2>,
        item: usize,
        band: Range<usize>,
    ) -> Result<Vec<f32>, EngineError> {
        let [kernel_height, kernel_width] = self.kernel();
        let ([stride_y, stride_x], [pad_top, pad_left]) = (self.stride, self.padding);
        let rows = self.rows_under(input, item, &band)?;
        let is_plain = [kernel_height, kernel_width, stride_y, stride_x, self.upsample] == [1; 5]
            && self.padding == [0; 2]
            && self.output[1..] == self.input[1..];
        if is_plain {
            return Ok(rows.values);
        }
        let width = self.output[2];
        let n = band.len() * width;
        let mut columns = vec![0.0; self.kernels.row_len() * n];
        let of_channel = |(columns, plane): (&mut [f32], &[f32])| {
            for (tap, lines) in columns.chunks_mut(n).enumerate() {
                let (ky, kx) = (tap / kernel_width, tap % kernel_width);
                for (y, line) in band.clone().zip(lines.chunks_mut(width)) {
                    let row = (y * stride_y + ky).wrapping_sub(pad_top + rows.first);
                    if row < rows.count {
                        let row = &plane[row * rows.width..][..rows.width];
                        copy_row(row, line, [kx, stride_x, pad_left]);
                    }
                }
            }
        };
        let channels = columns.par_chunks_mut(kernel_height * kernel_width * n);
        channels.zip(rows.values.par_chunks((rows.count * rows.width).max(1))).for_each(of_channel);
        Ok(columns)
    }

    /// The upsampled input rows that the output rows of a band are made of.
    fn rows_under(
        &self,
        input: &Tensor<2>,
        item: usize,
        band: &Range<usize>,
    ) -> Result<Rows, EngineError> {
        let [channels, height, width] = self.input;
        let ([kernel_height, _], factor) = (self.kernel(), self.upsample);
        let top = (band.start * self.stride[0]).saturating_sub(self.padding[0]);
        let bottom = (band.end - 1) * self.stride[0] + kernel_height;
        let bottom = bottom.saturating_sub(self.padding[0]).min(height * factor);
        let source = top.min(bottom) / factor..bottom.div_ceil(factor);
        let (first, count) = (source.start * factor, source.len() * factor);
        let mut values = Vec::new();
        if count > 0 {
            values = rows_of(input, self.input, item, source)?;
            if factor > 1 {
                values = upsampled(&values, channels * count / factor, width, factor);
            }
        }
        Ok(Rows { values, first, count, width: width * factor })
    }

    /// Finishes the sums of a band that begins with row `first`, and writes them where they belong.
    fn store(&self, output: &mut [f32], sums: &[f32], added: Option<&[f32]>, first: usize) {
        let [out, height, width] = self.output;
        let n = sums.len() / out;
        let planes = output.par_chunks_mut(height * width).zip(sums.par_chunks(n)).enumerate();
        planes.for_each(|(channel, (plane, sums))| {
            let bias = self.bias.map_or(0.0, |bias| bias.data()[channel]);
            let plane = &mut plane[first * width..][..n];
            match added {
                Some(added) => {
                    let added = &added[channel * n..][..n];
                    for ((value, sum), more) in plane.iter_mut().zip(sums).zip(added) {
                        *value = applied(self.activation, sum + bias + more);
                    }
                }
                None => {
                    for (value, sum) in plane.iter_mut().zip(sums) {
                        *value = applied(self.activation, sum + bias);
                    }
                }
            }
        });
    }
}

/// Some rows of all planes of one item of `[b, c * h * w]`.
fn rows_of(
    value: &Tensor<2>,
    [c, h, w]: [usize; 3],
    item: usize,
    rows: Range<usize>,
) -> Result<Vec<f32>, EngineError> {
    let [batch, _] = value.dims();
    let planes = value.clone().reshape([batch, c, h, w]);
    let rows = planes.narrow(0, item, 1).narrow(2, rows.start, rows.len()); // [1, c, rows, w]
    read(rows, || "reading rows of planes".to_owned())
}

/// Every value of `rows` rows of `width` `factor` times, and every row.
fn upsampled(values: &[f32], rows: usize, width: usize, factor: usize) -> Vec<f32> {
    let wide = width * factor;
    let mut upsampled = vec![0.0; rows * factor * wide];
    let pairs = upsampled.par_chunks_mut(factor * wide).zip(values.par_chunks(width));
    pairs.for_each(|(lines, row)| {
        let (line, others) = lines.split_at_mut(wide);
        for (places, value) in line.chunks_mut(factor).zip(row) {
            places.fill(*value);
        }
        for other in others.chunks_mut(wide) {
            other.copy_from_slice(line);
        }
    });
    upsampled
}

/// What the tap `kx` of a kernel meets along a row, where that is not padding.
fn copy_row(row: &[f32], line: &mut [f32], [kx, stride, pad]: [usize; 3]) {
    // Output place x meets input place x * stride + kx - pad.
    let first = pad.saturating_sub(kx).div_ceil(stride);
    let end = (row.len() + pad).saturating_sub(kx).div_ceil(stride).min(line.len());
    if first >= end {
        return;
    }
    let from = &row[first * stride + kx - pad..];
    if stride == 1 {
        line[first..end].copy_from_slice(&from[..end - first]);
    } else {
        for (place, value) in line[first..end].iter_mut().zip(from.iter().step_by(stride)) {
            *place = *value;
        }
    }
}

/// Values as a matrix of so many rows.
fn matrix(values: Vec<f32>, rows: usize, device: &Device) -> Tensor<2> {
    let shape = [rows, values.len() / rows];
    Tensor::from_data(TensorData::new(values, shape), device)
}
