//! Sizes that go together and sizes that do not, by hand.

use zscope::graph::lower::Architecture as _;
use zscope::graph::lower::vq_model::{
    DownBlock, Latents, Level, UpBlock, VqModelConfig, VqModelConfigError,
};
use zscope::picture::{ImageShape, ValueRange};

use super::{config, configs, described};

#[test]
fn sizes_out_of_range_are_errors() {
    type Change = fn(&mut VqModelConfig);
    let cases: [(&str, Change); 17] = [
        ("the number of image channels is 0 (expected 1 to 4)", |c| c.image.channels = 0),
        ("the image height is 0 (expected 1 to 4096)", |c| c.image.height = 0),
        ("the image width is 8192 (expected 1 to 4096)", |c| c.image.width = 8192),
        ("the length of block_out_channels is 0 (expected 1 to 8)", |c| {
            c.block_out_channels.clear();
        }),
        ("the length of block_out_channels is 9 (expected 1 to 8)", |c| {
            c.block_out_channels = vec![2; 9];
        }),
        ("an entry of block_out_channels is 0 (expected 1 to 8192)", |c| {
            c.block_out_channels[1] = 0;
        }),
        ("layers_per_block is 0 (expected 1 to 16)", |c| c.layers_per_block = 0),
        ("norm_num_groups is 0 (expected 1 to 4096)", |c| c.norm_num_groups = 0),
        ("latent_channels is 0 (expected 1 to 4096)", |c| c.latent_channels = 0),
        ("num_vq_embeddings is 0 (expected 1 to 262144)", |c| {
            c.latents =
                Latents::Codes { num_vq_embeddings: 0, vq_embed_dim: 1, by_projection: false };
        }),
        ("vq_embed_dim is 0 (expected 1 to 4096)", |c| {
            c.latents =
                Latents::Codes { num_vq_embeddings: 1, vq_embed_dim: 0, by_projection: false };
        }),
        ("down_block_types has 2 entries (expected 3, as many as block_out_channels)", |c| {
            c.down_block_types = vec![DownBlock::Plain; 2];
        }),
        ("up_block_types has 4 entries (expected 3, as many as block_out_channels)", |c| {
            c.up_block_types = vec![UpBlock::Plain; 4];
        }),
        (
            "a level has 6 channels for 4 groups (expected multiples of norm_num_groups in block_out_channels)",
            |c| c.norm_num_groups = 4,
        ),
        (
            "images of 1×12×18 cannot be halved 2 times (expected sides that are multiples of 4)",
            |c| c.image.width = 18,
        ),
        (
            "images of 1×13×20 cannot be halved 2 times (expected sides that are multiples of 4)",
            |c| c.image.height = 13,
        ),
        ("norm_num_groups is 5000 (expected 1 to 4096)", |c| c.norm_num_groups = 5000),
    ];
    let good = configs().swap_remove(0);
    assert_eq!(good.check(), Ok(()), "sizes that go together");
    for (message, change) in cases {
        let mut bad = good.clone();
        change(&mut bad);
        assert_eq!(bad.check().expect_err(message).to_string(), message);
    }
}

#[test]
fn levels_by_hand() {
    let config = config([1, 12, 20], &[4, 6, 8], &[false, true, false]);
    let level = |blocks: &[[usize; 2]], attention, resamples| Level {
        blocks: blocks.to_vec(),
        attention,
        resamples,
    };
    let down = [
        level(&[[4, 4]], false, true),
        level(&[[4, 6]], true, true),
        level(&[[6, 8]], false, false),
    ];
    assert_eq!(config.down_levels(), down, "from the image down");
    let up = [
        level(&[[8, 8], [8, 8]], false, true),
        level(&[[8, 6], [6, 6]], true, true),
        level(&[[6, 4], [4, 4]], false, false),
    ];
    assert_eq!(config.up_levels(), up, "from the latent up");
    assert_eq!(
        (config.grid(), config.latent_planes()),
        ([3, 5], [5, 3, 5]),
        "a quarter of the image"
    );
    assert_eq!(config.quant_conv(), Some([3, 5]), "behind the encoder");
    assert_eq!(config.post_quant_conv(), Some([5, 3]), "in front of the decoder");
    assert_eq!(config.range(), ValueRange::SIGNED, "images of both signs");
    let normal = Latents::Normal { use_quant_conv: true, use_post_quant_conv: false };
    let normal = VqModelConfig { latents: normal, ..config };
    assert_eq!(normal.latent_planes(), [3, 3, 5], "means");
    assert_eq!(normal.quant_conv(), Some([6, 6]), "means and log-variances");
    assert_eq!(normal.post_quant_conv(), None, "none in front of the decoder");
}

#[test]
fn parameters_are_counted_by_hand() {
    let config =
        VqModelConfig { mid_block_add_attention: false, ..config([3, 4, 4], &[2], &[false]) };
    let conv = |inputs: u64, outputs: u64, taps: u64| inputs * outputs * taps + outputs;
    let block = 2 * (2 * 2 + conv(2, 2, 9));
    let encoder = conv(3, 2, 9) + 3 * block + 2 * 2 + conv(2, 3, 9);
    let decoder = conv(3, 2, 9) + 4 * block + 2 * 2 + conv(2, 3, 9);
    let between = conv(3, 5, 1) + conv(5, 3, 1) + 13 * 5;
    assert_eq!(config.num_parameters(), encoder + decoder + between);
    let attended = VqModelConfig { mid_block_add_attention: true, ..config.clone() };
    let attention = 2 * 2 + 4 * (2 * 2 + 2);
    assert_eq!(attended.num_parameters(), config.num_parameters() + 2 * attention);
    assert!(attended.activations() > config.activations(), "attention keeps something");
    assert_eq!(attended.family(), "vqgan");
    assert_eq!(attended.codebook(), Some([13, 5]));
}

#[test]
fn a_description_comes_back_from_json() {
    for config in configs() {
        let text = serde_json::to_string(&config).expect("JSON");
        assert_eq!(serde_json::from_str::<VqModelConfig>(&text).expect("the same"), config);
        assert!(text.contains("EncoderBlock2D"), "diffusers' names: {text}");
    }
}

#[test]
fn diffusers_defaults_fill_gaps() {
    let vq = described(r#"{"_class_name": "VQModel"}"#).expect("defaults");
    assert_eq!(vq.image, ImageShape::new(3, 32, 32), "images");
    assert_eq!(vq.block_out_channels, [64], "one level");
    let codes = Latents::Codes { num_vq_embeddings: 256, vq_embed_dim: 3, by_projection: false };
    assert_eq!((vq.latents, vq.latent_channels), (codes, 3), "codes");
    let kl = r#"{"_class_name": "AutoencoderKL", "sample_size": [64, 48], "act_fn": "swish"}"#;
    let kl = described(kl).expect("defaults");
    assert_eq!(kl.image, ImageShape::new(3, 64, 48), "height and width");
    let normal = Latents::Normal { use_quant_conv: true, use_post_quant_conv: true };
    assert_eq!((kl.latents, kl.latent_channels), (normal, 4), "normal latents");
    assert!(kl.mid_block_add_attention, "attention in the middle");
    assert_eq!(kl.family(), "autoencoder-kl");
}

#[test]
fn other_models_are_refused() {
    let cases = [
        (r#"{"block_out_channels": [-1]}"#, "reading the configuration: invalid value"),
        (
            r#"{"down_block_types": ["DownBlock2D"]}"#,
            "unknown variant `DownBlock2D`, expected `DownEncoderBlock2D` or `AttnDownEncoderBlock2D`",
        ),
        (
            r#"{"_class_name": "AutoencoderTiny"}"#,
            r#"_class_name is "AutoencoderTiny" (expected VQModel or AutoencoderKL)"#,
        ),
        ("{}", r#"_class_name is "" (expected VQModel or AutoencoderKL)"#),
        (r#"{"_class_name": "VQModel", "act_fn": "gelu"}"#, "act_fn is gelu (expected silu)"),
        (
            r#"{"_class_name": "VQModel", "norm_type": "layer"}"#,
            "unknown variant `layer`, expected `group` or `spatial`",
        ),
        (
            r#"{"_class_name": "VQModel", "norm_type": "spatial", "vq_embed_dim": 5}"#,
            "vq_embed_dim is 5 (expected latent_channels, as norm_type is spatial)",
        ),
        (
            r#"{"_class_name": "VQModel", "out_channels": 4}"#,
            "out_channels is 4 (expected as many as in_channels)",
        ),
        (
            r#"{"_class_name": "VQModel", "sample_size": null}"#,
            "sample_size is null (expected a whole number, or two for height and width)",
        ),
        (r#"{"_class_name": "VQModel", "sample_size": [1, 2, 3]}"#, "sample_size is [1,2,3]"),
        (r#"{"_class_name": "VQModel", "sample_size": 0}"#, "the image height is 0"),
        (r#"{"_class_name": "VQModel", "norm_num_groups": 7}"#, "64 channels for 7 groups"),
    ];
    for (text, words) in cases {
        let refused: VqModelConfigError = described(text).expect_err("should be refused");
        let message = refused.to_string();
        assert!(message.contains(words), "{message:?} does not say {words:?}");
    }
}
