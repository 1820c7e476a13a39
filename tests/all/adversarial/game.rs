//! A whole game, four rounds of a toy DCGAN, against PyTorch; and generators as graphs.

use burn::module::Module as _;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use zscope::array::{Array, NamedArrays};
use zscope::codec::Codec as _;
use zscope::engine::{EngineKind, Runner};
use zscope::graph::lower::discriminator::{DiscriminatorConfig, DiscriminatorNorm};
use zscope::graph::lower::gan::{AVERAGE, GENERATOR, GanConfig};
use zscope::graph::lower::vae::Arch;
use zscope::graph::lower::{Architecture, Shown};
use zscope::model::adversarial::AdversarialLoss;
use zscope::model::codec::GanCodec;
use zscope::model::discriminator::Discriminator;
use zscope::model::gan::Generator;
use zscope::model::params;
use zscope::picture::ImageShape;
use zscope::random::{Purpose, normals};
use zscope::train::optimizer::{Adam, Rates};

use super::{device, oracle, value};
use crate::common::{Tolerance, assert_close, first_difference};

/// Four rounds of Adam in another order of sums.
const AFTER_ROUNDS: Tolerance = Tolerance { abs: 2e-5, rel: 2e-5 };

/// The toy of the oracle: 16×16 grey, 8 latent dimensions.
fn toy() -> GanConfig {
    GanConfig {
        arch: Arch::Conv,
        image: ImageShape::new(1, 16, 16),
        latent_dim: 8,
        channels: 8,
        discriminator: DiscriminatorConfig { channels: 8, norm: DiscriminatorNorm::Batch },
        classes: 0,
    }
}

/// Names of the oracle beside ours.
const MAKER: [(&str, &str); 5] = [
    ("fc", "layers.0.linear"),
    ("bn0", "layers.0.norm"),
    ("up1", "doublings.0.conv"),
    ("bn1", "doublings.0.norm"),
    ("up2", "doublings.1.conv"),
];
const JUDGE: [(&str, &str); 4] = [
    ("c1", "convs.0.conv"),
    ("c2", "convs.1.conv"),
    ("bn2", "convs.1.norm"),
    ("fc", "layers.0.linear"),
];

/// The tensors of one network at one time, under our names.
fn renamed(
    names: &[(&str, &str)],
    prefix: &str,
    array: &dyn Fn(&str) -> Option<Array>,
) -> NamedArrays {
    let parts = ["weight", "bias", "running_mean", "running_var"];
    let all = names.iter().flat_map(|name| parts.map(|part| (*name, part)));
    all.filter_map(|((theirs, ours), part)| {
        Some((format!("{ours}.{part}"), array(&format!("{prefix}.{theirs}.{part}"))?))
    })
    .collect()
}

#[test]
fn four_rounds_match_pytorch() {
    let Some((file, case)) = oracle("train_dcgan_hinge") else { return };
    let array = |name: &str| file.array(name).ok();
    let config = toy();
    let device = device();
    let judge = Discriminator::new(&config.discriminator, config.arch, config.image, 0, &device);
    let maker = Generator::new(&config, &device);
    let mut maker = params::load(maker, &renamed(&MAKER, "gen.init", &array)).expect("fits");
    let mut judge = params::load(judge, &renamed(&JUDGE, "disc.init", &array)).expect("fits");
    let (mut of_maker, mut of_judge) = (Adam::new(0.5, 0.999), Adam::new(0.5, 0.999));
    let loss = AdversarialLoss::Hinge;
    let (data, noise) = (array("data").expect("data"), array("z").expect("noise"));
    for round in 0..4 {
        let item = |array: &Array, index: usize, shape: &[usize]| {
            let len = shape.iter().product::<usize>();
            let values = array.data()[index * len..(index + 1) * len].to_vec();
            Array::new(shape.to_vec(), values).expect("as many")
        };
        let real: Tensor<4> =
            params::tensor_from_array(&item(&data, round, &[8, 1, 16, 16]), &device);
        let z = |turn: usize| -> Tensor<2> {
            params::tensor_from_array(&item(&noise, 2 * round + turn, &[8, 8]), &device)
        };
        let (made, statistics) = maker.learn(z(0), None);
        maker = maker.moved(statistics);
        let of_real = judge.judge(real, None);
        let of_made = judge.judge(made.detach(), None);
        let of_judge_loss = loss.discriminator(of_real.scores, of_made.scores, 0.0);
        let grads = GradientsParams::from_grads(of_judge_loss.backward(), &judge);
        judge = of_judge.step(&Rates::plain(1e-3), judge, grads);
        judge = judge.moved(of_real.statistics).moved(of_made.statistics);

        let (made, statistics) = maker.learn(z(1), None);
        let judgement = judge.judge(made, None);
        let of_maker_loss = loss.generator(judgement.scores);
        let grads = GradientsParams::from_grads(of_maker_loss.backward(), &maker);
        maker = of_maker.step(&Rates::plain(1e-3), maker, grads).moved(statistics);
        judge = judge.moved(judgement.statistics);
        let told = &case["scalars"]["loss_d_g"][round];
        let told = [told[0].as_f64().expect("d") as f32, told[1].as_f64().expect("g") as f32];
        assert_close(&[value(of_judge_loss), value(of_maker_loss)], &told, AFTER_ROUNDS);
    }
    let networks = [
        (params::collect(&maker), renamed(&MAKER, "gen.final", &array)),
        (params::collect(&judge), renamed(&JUDGE, "disc.final", &array)),
    ];
    for (found, expected) in &networks {
        assert!(found.keys().eq(expected.keys()), "{:?}, {:?}", found.keys(), expected.keys());
        for (name, expected) in expected {
            if let Some(error) = first_difference(found[name].data(), expected.data(), AFTER_ROUNDS)
            {
                panic!("{name}: {error}");
            }
        }
    }
}

/// A configuration with weights, statistics and class rows that are all drawn.
pub(super) fn scrambled(config: &dyn Architecture) -> NamedArrays {
    let draw = |(index, (name, shape)): (usize, (String, Vec<usize>))| {
        let len = shape.iter().product();
        let mut values = normals(9, index as u64, Purpose::Init, len);
        for value in &mut values {
            *value = if name.ends_with("running_var") {
                0.5 + value.abs()
            } else if name.ends_with("norm.weight") {
                1.0 + 0.2 * *value
            } else {
                0.15 * *value
            };
        }
        (name, Array::new(shape, values).expect("as many"))
    };
    config.tensors().into_iter().enumerate().map(draw).collect()
}

pub(super) fn configs() -> Vec<GanConfig> {
    let sizes = [(Arch::Conv, 1, 28), (Arch::Conv, 3, 32), (Arch::Mlp, 1, 7), (Arch::Mlp, 3, 5)];
    let mut configs: Vec<GanConfig> = sizes
        .into_iter()
        .map(|(arch, channels, side)| GanConfig {
            arch,
            image: ImageShape::new(channels, side, side),
            latent_dim: 7,
            channels: 3,
            discriminator: DiscriminatorConfig { channels: 3, norm: DiscriminatorNorm::Spectral },
            classes: 0,
        })
        .collect();
    let conditional: Vec<_> =
        configs.iter().map(|config| GanConfig { classes: 3, ..config.clone() }).collect();
    configs.extend(conditional);
    configs
}

/// The graph has batch normalisation and the class folded into its weights; the module has neither.
#[test]
fn generators_as_graphs_match_burn_on_every_engine() {
    for config in configs() {
        let tensors = scrambled(&config);
        let latents = normals(1, 0, Purpose::Sample, 3 * config.latent_dim);
        let latents = Array::new([3, config.latent_dim], latents).expect("as many");
        for averaged in [false, true] {
            for class in 0..config.classes.max(1) {
                let shown = Shown { class, averaged };
                let mut module =
                    GanCodec::new(&config, &tensors, shown, &burn::tensor::Device::flex())
                        .expect("its own tensors");
                let expected =
                    module.decode(&latents).expect("decoded").remove("image").expect("image");
                let networks = config.lower_shown(&tensors, shown).expect("lowered");
                let graph = networks.decoder().expect("a generator");
                for engine in [EngineKind::Twin, EngineKind::Cpu, EngineKind::Wgsl] {
                    let mut runner = Runner::new(engine, graph, None).expect("a runner");
                    let found = runner.run(&latents).expect("ran").remove("image").expect("image");
                    let difference =
                        first_difference(found.data(), expected.data(), Tolerance::ENGINE);
                    assert!(
                        difference.is_none(),
                        "{engine:?} {config:?} {shown:?}: {difference:?}"
                    );
                }
            }
        }
        let average = Shown::default();
        let newest = Shown { averaged: false, ..average };
        let image = |shown| {
            let networks = config.lower_shown(&tensors, shown).expect("lowered");
            let graph = networks.decoder().expect("a generator");
            let mut runner = Runner::new(EngineKind::Cpu, graph, None).expect("a runner");
            runner.run(&latents).expect("ran").remove("image").expect("image")
        };
        assert_ne!(image(average), image(newest), "two generators are told apart");
        if config.classes > 0 {
            assert_ne!(image(average), image(Shown { class: 2, ..average }), "and two classes");
            let none = config.lower_shown(&tensors, Shown { class: 3, ..average });
            let error = none.expect_err("there are three").to_string();
            assert!(error.contains("0 to 2"), "{error}");
        }
    }
}

#[test]
fn tensors_are_named_as_described() {
    for norm in [DiscriminatorNorm::None, DiscriminatorNorm::Batch, DiscriminatorNorm::Spectral] {
        for config in configs() {
            let discriminator = DiscriminatorConfig { channels: 3, norm };
            let config = GanConfig { discriminator, ..config };
            let maker = Generator::new(&config, &device());
            let judge = Discriminator::new(
                &config.discriminator,
                config.arch,
                config.image,
                config.classes,
                &device(),
            );
            let mut found = params::prefixed(GENERATOR, params::collect(&maker));
            found.extend(params::prefixed(AVERAGE, params::collect(&maker.valid())));
            found.extend(params::prefixed("discriminator", params::collect(&judge)));
            let found: Vec<_> =
                found.into_iter().map(|(name, array)| (name, array.shape().to_vec())).collect();
            let mut expected = config.tensors();
            expected.sort();
            assert_eq!(found, expected, "{config:?}");
        }
    }
}

#[test]
fn an_average_follows_its_weights() {
    let config = toy();
    let first = params::init_uniform(Generator::new(&config, &device()), 1, &|_| false);
    let second = params::init_uniform(Generator::new(&config, &device()), 2, &|_| false);
    let moved = params::collect(&params::averaged(first.valid(), &second.valid(), 0.75));
    let (first, second) = (params::collect(&first), params::collect(&second));
    for (name, found) in &moved {
        let expected: Vec<f32> = first[name]
            .data()
            .iter()
            .zip(second[name].data())
            .map(|(old, new)| 0.75 * old + 0.25 * new)
            .collect();
        assert_close(found.data(), &expected, Tolerance::TIGHT);
    }
    assert_ne!(moved, first, "something has moved");
}
