//! The name and the shape of every tensor, as diffusers has them.

use super::{Level, VqModelConfig};
use crate::graph::lower::Architecture as _;

/// Tensors as they are counted up.
#[derive(Default)]
struct Tensors(Vec<(String, Vec<usize>)>);

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
    tensors.layer("encoder.conv_norm_out", vec![deepest], deepest);
    tensors.conv("encoder.conv_out", [deepest, config.encoded_channels()], 3);
    tensors.conv("decoder.conv_in", [config.latent_channels, deepest], 3);
    tensors.mid("decoder.mid_block", config);
    for (index, level) in config.up_levels().iter().enumerate() {
        tensors.level(&format!("decoder.up_blocks.{index}"), level, "upsamplers");
    }
    tensors.layer("decoder.conv_norm_out", vec![widest], widest);
    tensors.conv("decoder.conv_out", [widest, image], 3);
    if let Some(channels) = config.quant_conv() {
        tensors.conv("quant_conv", channels, 1);
    }
    if let Some(channels) = config.post_quant_conv() {
        tensors.conv("post_quant_conv", channels, 1);
    }
    if let Some(codebook) = config.codebook() {
        tensors.0.push((super::layers::CODEBOOK.to_owned(), codebook.to_vec()));
    }
    tensors.0
}

impl Tensors {
    /// A weight and a bias.
    fn layer(&mut self, name: &str, weight: Vec<usize>, outputs: usize) {
        self.0.push((format!("{name}.weight"), weight));
        self.0.push((format!("{name}.bias"), vec![outputs]));
    }

    fn conv(&mut self, name: &str, [inputs, outputs]: [usize; 2], kernel: usize) {
        self.layer(name, vec![outputs, inputs, kernel, kernel], outputs);
    }

    fn residual_block(&mut self, name: &str, [inputs, outputs]: [usize; 2]) {
        self.layer(&format!("{name}.norm1"), vec![inputs], inputs);
        self.conv(&format!("{name}.conv1"), [inputs, outputs], 3);
        self.layer(&format!("{name}.norm2"), vec![outputs], outputs);
        self.conv(&format!("{name}.conv2"), [outputs; 2], 3);
        if inputs != outputs {
            self.conv(&format!("{name}.conv_shortcut"), [inputs, outputs], 1);
        }
    }

    fn attention(&mut self, name: &str, channels: usize) {
        self.layer(&format!("{name}.group_norm"), vec![channels], channels);
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
