//! The name and the shape of every tensor, as diffusers has them.

use super::{Level, NormType, VqModelConfig};
use crate::graph::lower::Architecture as _;

/// Tensors as they are counted up.
#[derive(Default)]
struct Tensors {
    all: Vec<(String, Vec<usize>)>,
    /// Channels of the latent that normalizations depend on, if they do.
    guide: Option<usize>,
}

/// Every tensor of the model.
pub(super) fn tensors(config: &VqModelConfig) -> Vec<(String, Vec<usize>)> {
    let mut tensors = Tensors::default();
    let image = config.image.channels;
    let (widest, deepest) = (config.block_out_channels[0], config.mid_channels());
    tensors.conv("encoder.conv_in", [image, widest], 3);
    for (index, level) in config.down_levels().iter().enumerate() {
        tensors.level(&format!("encoder.down_blocks.{index}"), level, "downsamplers");
    }
    tensors.mid("encoder.mid_block", config);
    tensors.norm("encoder.conv_norm_out", deepest);
    tensors.conv("encoder.conv_out", [deepest, config.encoded_channels()], 3);
    tensors.guide = (config.norm_type == NormType::Spatial).then_some(config.latent_channels);
    tensors.conv("decoder.conv_in", [config.latent_channels, deepest], 3);
    tensors.mid("decoder.mid_block", config);
    for (index, level) in config.up_levels().iter().enumerate() {
        tensors.level(&format!("decoder.up_blocks.{index}"), level, "upsamplers");
    }
    tensors.norm("decoder.conv_norm_out", widest);
    tensors.conv("decoder.conv_out", [widest, image], 3);
    if let Some(channels) = config.quant_conv() {
        tensors.conv("quant_conv", channels, 1);
    }
    if let Some(channels) = config.post_quant_conv() {
        tensors.conv("post_quant_conv", channels, 1);
    }
    if let Some(codebook @ [codes, dim]) = config.codebook() {
        if config.is_projected() {
            tensors.conv(super::layers::PROJECTION, [dim, codes], 1);
        }
        tensors.all.push((super::layers::CODEBOOK.to_owned(), codebook.to_vec()));
    }
    tensors.all
}

impl Tensors {
    /// A weight and a bias.
    fn layer(&mut self, name: &str, weight: Vec<usize>, outputs: usize) {
        self.all.push((format!("{name}.weight"), weight));
        self.all.push((format!("{name}.bias"), vec![outputs]));
    }

    fn conv(&mut self, name: &str, [inputs, outputs]: [usize; 2], kernel: usize) {
        self.layer(name, vec![outputs, inputs, kernel, kernel], outputs);
    }

    fn norm(&mut self, name: &str, channels: usize) {
        let Some(latent) = self.guide else {
            return self.layer(name, vec![channels], channels);
        };
        self.layer(&format!("{name}.norm_layer"), vec![channels], channels);
        for part in ["conv_y", "conv_b"] {
            self.conv(&format!("{name}.{part}"), [latent, channels], 1);
        }
    }

    fn residual_block(&mut self, name: &str, [inputs, outputs]: [usize; 2]) {
        self.norm(&format!("{name}.norm1"), inputs);
        self.conv(&format!("{name}.conv1"), [inputs, outputs], 3);
        self.norm(&format!("{name}.norm2"), outputs);
        self.conv(&format!("{name}.conv2"), [outputs; 2], 3);
        if inputs != outputs {
            self.conv(&format!("{name}.conv_shortcut"), [inputs, outputs], 1);
        }
    }

    fn attention(&mut self, name: &str, channels: usize) {
        let norm = if self.guide.is_some() { "spatial_norm" } else { "group_norm" };
        self.norm(&format!("{name}.{norm}"), channels);
        for projection in ["to_q", "to_k", "to_v", "to_out.0"] {
            self.layer(&format!("{name}.{projection}"), vec![channels; 2], channels);
        }
    }

    fn level(&mut self, name: &str, level: &Level, resampler: &str) {
        for (index, &channels) in level.blocks.iter().enumerate() {
            self.residual_block(&format!("{name}.resnets.{index}"), channels);
            if level.attention {
                self.attention(&format!("{name}.attentions.{index}"), channels[1]);
            }
        }
        if level.resamples {
            self.conv(&format!("{name}.{resampler}.0.conv"), [level.channels(); 2], 3);
        }
    }

    fn mid(&mut self, name: &str, config: &VqModelConfig) {
        let channels = config.mid_channels();
        for index in 0..2 {
            self.residual_block(&format!("{name}.resnets.{index}"), [channels; 2]);
        }
        if config.mid_block_add_attention {
            self.attention(&format!("{name}.attentions.0"), channels);
        }
    }
}
