//! Images and texts of a batch, and which of them belong together.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::array::Array;
use crate::model::multimodal::Pairs;
use crate::model::params;
use crate::text::END;

/// What is learnt of a batch.
pub(super) struct Lesson {
    images: Array,
    /// Texts, those with an image first.
    texts: Vec<Vec<u32>>,
    /// The images of the first of them.
    image_of: Vec<usize>,
}

impl Lesson {
    /// Images, `[b, c, h, w]`, with the texts of those that have some; where they are torn apart neither is told what
    /// the other belongs to.
    pub(super) fn new(images: Array, texts: Vec<Option<Vec<u32>>>, torn: &[bool]) -> Self {
        let (mut paired, mut alone, mut image_of) = (Vec::new(), Vec::new(), Vec::new());
        for (image, text) in texts.into_iter().enumerate() {
            let Some(text) = text else { continue };
            if torn.get(image) == Some(&true) {
                alone.push(text);
            } else {
                paired.push(text);
                image_of.push(image);
            }
        }
        paired.extend(alone);
        Self { images, texts: paired, image_of }
    }

    /// The same with texts of no image.
    pub(super) fn with_lone(mut self, texts: impl Iterator<Item = Vec<u32>>) -> Self {
        self.texts.extend(texts);
        self
    }

    /// All of it on a device.
    pub(super) fn pairs(&self, device: &Device) -> Pairs {
        let said = self.texts.iter().flat_map(|text| {
            let end = text.iter().position(|&token| token == END).unwrap_or(text.len());
            (0..text.len()).map(move |place| if place <= end { 1.0 } else { 0.0 })
        });
        let said: Vec<f32> = said.collect();
        let p = self.image_of.len();
        let is_same = |a: usize, b: usize| a != b && self.texts[a] == self.texts[b];
        let same: Vec<f32> =
            (0..p * p).map(|pair| f32::from(is_same(pair / p, pair % p))).collect();
        let image_of: Vec<u32> = self.image_of.iter().map(|&image| image as u32).collect();
        let len = said.len();
        Pairs {
            images: params::tensor_from_array(&self.images, device),
            texts: whole(&self.texts, device),
            said: Tensor::from_data(TensorData::new(said, [len]), device),
            image_of: Tensor::from_data(TensorData::new(image_of, [p]), device),
            same: Tensor::from_data(TensorData::new(same, [p, p]), device),
        }
    }
}

/// Texts of one length, `[n, t]`.
fn whole(texts: &[Vec<u32>], device: &Device) -> Tensor<2, Int> {
    let shape = [texts.len(), texts.first().map_or(0, Vec::len)];
    Tensor::from_data(TensorData::new(texts.concat(), shape), device)
}
