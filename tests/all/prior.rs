//! Priors over codes: the module, its graphs, training, and draws.

mod cells;
mod saying;

use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData};
use zscope::array::{Array, NamedArrays};
use zscope::engine::params::DrawParams;
use zscope::engine::wgsl::{Gpu, headless};
use zscope::engine::{EngineKind, Runner, twin};
use zscope::formats::arrays::{ArrayFile, Indices, write_arrays};
use zscope::formats::run_dir::{CODES_FILE, ModelConfig, Pick, RunDir};
use zscope::graph::DrawControls;
use zscope::graph::lower::prior::PriorConfig;
use zscope::graph::lower::transformer::TransformerConfig;
use zscope::measure::{MeasureOptions, measure};
use zscope::model::params;
use zscope::model::transformer::Transformer;
use zscope::open::{Opened, open};
use zscope::random::{Purpose, normals, uniforms};
use zscope::sample::{Options, SampleError, Sampler, places, texts};
use zscope::train::recipe::Recipe;
use zscope::train::start::{Length, Request, resume};

use crate::common::runs::{self, curve, folder, mean, planned, run};
use crate::common::{Tolerance, assert_close, assert_says, first_difference};

fn gpu() -> Gpu {
    headless(true).expect("a graphics device, if only a software one (package mesa-vulkan-drivers)")
}

fn transformer(causal: bool) -> TransformerConfig {
    let config = TransformerConfig {
        inputs: 13,
        outputs: 11,
        places: 7,
        embedding: 5,
        width: 12,
        layers: 2,
        heads: 3,
        causal,
    };
    config.check().expect("sizes that go together");
    config
}

/// First values of a module, those of normalizations moved away from ones and zeros.
fn tensors(config: &TransformerConfig) -> NamedArrays {
    let mut tensors = params::collect(&Transformer::new(config, 3, &Device::flex()));
    for (index, (name, array)) in tensors.iter_mut().enumerate() {
        let moved = normals(5, index as u64, Purpose::Explore, array.data().len());
        let scale = if name.contains("norm") { 0.2 } else { 0.1 };
        array.data_mut().iter_mut().zip(moved).for_each(|(value, more)| *value += scale * more);
    }
    tensors
}

fn tokens(config: &TransformerConfig, b: usize) -> Vec<u32> {
    let draws = uniforms(8, 0, Purpose::Explore, b * config.places, 0.0, config.inputs as f32);
    draws.into_iter().map(|draw| draw as u32).collect()
}

/// What the training module tells, `[b * t, k]`.
fn of_module(config: &TransformerConfig, tensors: &NamedArrays, tokens: &[u32]) -> Array {
    let device = Device::flex();
    let module = params::load(Transformer::new(config, 0, &device), tensors).expect("its tensors");
    let t = config.places;
    let tokens: Vec<i64> = tokens.iter().map(|&token| i64::from(token)).collect();
    let b = tokens.len() / t;
    let tokens: Tensor<2, Int> = Tensor::from_data(TensorData::new(tokens, [b, t]), &device);
    params::array_from_tensor(module.forward(tokens))
}

/// The same of the graph of whole sequences, on an engine.
fn of_graph(
    config: &TransformerConfig,
    tensors: &NamedArrays,
    tokens: &[u32],
    engine: EngineKind,
    gpu: &Gpu,
) -> Array {
    let graph = config.sequence(tensors).expect("a graph");
    let mut runner = Runner::new(engine, &graph, Some(gpu)).expect("a runner");
    let t = config.places;
    let of_sequence = |tokens: &[u32]| {
        let tokens: Vec<f32> = tokens.iter().map(|&token| token as f32).collect();
        [tokens, (0..t).map(|place| place as f32).collect()].concat()
    };
    let input: Vec<f32> = tokens.chunks_exact(t).flat_map(of_sequence).collect();
    let input = Array::new([tokens.len() / t, 2, t], input).expect("sequences");
    let logits = runner.run(&input).expect("logits").remove("logits").expect("logits");
    // [b, k, 1, t] as [b * t, k]
    let k = config.outputs;
    let row = |b: usize, place: usize| logits.row(b)[place..].iter().step_by(t).copied();
    let data = (0..logits.num_rows()).flat_map(|b| (0..t).flat_map(move |place| row(b, place)));
    Array::new([tokens.len(), k], data.collect()).expect("logits")
}

/// How alike the rows of two cells are depends on what leads from one to the other, and not on where they lie.
#[test]
fn places_on_a_grid_begin_as_waves() {
    let config = TransformerConfig { places: 40, width: 128, heads: 4, ..transformer(true) };
    let fresh = || Transformer::new(&config, 3, &Device::flex());
    let table = |module: &Transformer| params::collect(module)["positions.weight"].clone();
    let (drawn, begun) = (table(&fresh()), table(&fresh().on_grid(4, [6, 6], 1)));
    for row in 0..4 {
        assert_eq!(drawn.row(row), begun.row(row), "places of texts stay as they were");
    }
    // Cells [row, column], both a step down and to the right of the cells that they are compared with.
    let alike = |table: &Array, [a, b]: [[usize; 2]; 2]| -> f32 {
        let row = |[row, column]: [usize; 2]| table.row(4 + 6 * row + column);
        let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let [a, b] = [row(a), row(b)];
        product(a, b) / (product(a, a) * product(b, b)).sqrt()
    };
    let step = |[row, column]: [usize; 2]| [row + 1, column + 1];
    let mut most = [0.0_f32; 2];
    for pair in [[[0, 0], [0, 1]], [[2, 3], [1, 3]], [[4, 0], [0, 4]], [[3, 3], [3, 3]]] {
        for (most, table) in most.iter_mut().zip([&begun, &drawn]) {
            *most = most.max((alike(table, pair) - alike(table, pair.map(step))).abs());
        }
    }
    let [waves, drawn] = most;
    assert!(waves < 0.03 && drawn > 0.1, "waves {waves}, drawn values {drawn}");
    assert!(alike(&begun, [[1, 2], [1, 3]]) > alike(&begun, [[1, 2], [1, 5]]), "near is alike");
}

const ENGINES: [EngineKind; 3] = [EngineKind::Twin, EngineKind::Cpu, EngineKind::Wgsl];

#[test]
fn a_transformer_is_the_same_as_a_module_and_as_a_graph() {
    let gpu = gpu();
    for causal in [true, false] {
        let config = transformer(causal);
        let (tensors, tokens) = (tensors(&config), tokens(&config, 3));
        let expected = of_module(&config, &tensors, &tokens);
        for engine in ENGINES {
            let found = of_graph(&config, &tensors, &tokens, engine, &gpu);
            let difference = first_difference(found.data(), expected.data(), Tolerance::ENGINE);
            assert_eq!(difference, None, "{engine}, causal: {causal}");
        }
        let mut other = tensors.clone();
        other.get_mut("blocks.1.value.bias").expect("a bias").data_mut()[4] += 0.05;
        let found = of_graph(&config, &other, &tokens, EngineKind::Cpu, &gpu);
        let difference = first_difference(found.data(), expected.data(), Tolerance::ENGINE);
        assert!(difference.is_some(), "another bias tells something else");
    }
}

#[test]
fn a_causal_transformer_sees_no_later_token() {
    let config = transformer(true);
    let tensors = tensors(&config);
    let tokens = tokens(&config, 1);
    let before = of_module(&config, &tensors, &tokens);
    let mut changed = tokens;
    changed[4] = (changed[4] + 1) % 13;
    let after = of_module(&config, &tensors, &changed);
    for place in 0..4 {
        assert_eq!(before.row(place), after.row(place), "place {place}");
    }
    for place in 4..7 {
        assert_ne!(before.row(place), after.row(place), "place {place}");
    }
}

/// A small VQ-VAE over shapes, trained a little.
pub fn autoencoder(dir: &Path) -> String {
    let keys = [
        "hidden=8",
        "res_hidden=4",
        "res_blocks=1",
        "code_dim=5",
        "codebook_size=24",
        "eval_images=16",
    ];
    run(planned(runs::request(Recipe::VqVae, &keys, 60), dir));
    dir.to_string_lossy().into_owned()
}

pub fn request(codes: &str, keys: &[&str], steps: u64) -> Request {
    let codes = format!("codes={codes}");
    let small = [
        "width=24",
        "layers=2",
        "heads=2",
        "embedding=8",
        "eval_images=32",
        "lr=0.003",
        "lr_warmup=0",
        "lr_schedule=constant",
    ];
    let own = [codes.as_str()];
    runs::request(Recipe::Prior, &[&own, small.as_slice(), keys].concat(), steps)
}

fn opened(dir: &Path) -> (Opened, PriorConfig) {
    let opened = open(&dir.to_string_lossy()).expect("it opens");
    let ModelConfig::Prior(config) = opened.model.clone() else { panic!("no prior") };
    (opened, config)
}

#[test]
fn a_prior_learns_the_codes_of_an_autoencoder_that_stays_as_it_is() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    for order in ["order=raster", "order=masked"] {
        let dir = base.path().join(order);
        let events = run(planned(request(&codes, &[order], 200), &dir));
        let bits = curve(&events, "bits_per_code");
        let (first, last) = (mean(&bits[..10]), mean(&bits[190..]));
        assert!(last < 0.8 * first, "{order}: {first} to {last} bits");
        let nats = curve(&events, "loss");
        assert_close(
            &nats.iter().map(|nats| nats / std::f32::consts::LN_2).collect::<Vec<_>>(),
            &bits,
            Tolerance::ENGINE,
        );
        let autoencoder = open(&codes).expect("it opens");
        let (prior, config) = opened(&dir);
        for (name, array) in &autoencoder.tensors {
            assert_eq!(prior.tensors.get(name), Some(array), "{order}: {name}");
        }
        assert_eq!(config.num_places(), 16);
        // The codes that the run keeps are those that the autoencoder gives.
        let kept = ArrayFile::open(&dir.join("codes-train.safetensors")).expect("kept codes");
        let kept = kept.indices("indices").expect("codes");
        assert_eq!(kept.shape, [96, 16]);
        let dataset = zscope::data::open(&"shapes?size=16&train=96&test=32".parse().expect("data"))
            .expect("shapes");
        let images = zscope::data::batch(dataset.as_ref(), zscope::data::Split::Train, &[41]);
        let mut codec = autoencoder.codec(EngineKind::Cpu, None).expect("a codec");
        let indices = codec.encode(&images).expect("codes").remove("indices").expect("codes");
        let expected: Vec<i32> =
            places::of_images(&indices, 1).iter().map(|c| c.cast_signed()).collect();
        assert_eq!(kept.data[41 * 16..42 * 16], expected, "{order}");
    }
}

#[test]
fn a_resumed_prior_equals_an_unbroken_one() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    for order in ["order=raster", "order=masked"] {
        let [whole, broken] = ["whole", "broken"].map(|name| base.path().join(name).join(order));
        run(planned(request(&codes, &[order], 12), &whole));
        run(planned(request(&codes, &[order], 7), &broken));
        run(resume(&broken, Some(Length::Steps(12)), false).expect("a plan"));
        let tensors = |dir: &Path| {
            let (run, _) = RunDir::open(dir).expect("a run");
            run.pick(Pick::Latest).expect("a checkpoint").model().expect("readable")
        };
        assert_eq!(tensors(&whole), tensors(&broken), "{order}");
    }
}

fn sampler(opened: &Opened, config: &PriorConfig, engine: EngineKind, gpu: &Gpu) -> Sampler {
    Sampler::new(config, &opened.tensors, engine, Some(gpu))
}

fn quiet(_: &[Vec<Option<u32>>], _: f32) -> bool {
    true
}

#[test]
fn draws_follow_from_their_seed_and_number_alone() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    let gpu = gpu();
    for order in ["order=raster", "order=masked"] {
        let dir = base.path().join(order);
        run(planned(request(&codes, &[order], 60), &dir));
        let (prior, config) = opened(&dir);
        let options = Options { seed: 9, steps: 5, ..Options::default() };
        let draw = |engine, options: &Options, range| {
            let mut sampler = sampler(&prior, &config, engine, &gpu);
            sampler.draw(options, None, range, &mut quiet).expect("codes")
        };
        let four = draw(EngineKind::Cpu, &options, [0, 4]);
        assert_eq!(four.len(), 4);
        assert!(four.iter().all(|codes| codes.len() == 16 && codes.iter().all(|&c| c < 24)));
        assert_ne!(four[0], four[1], "{order}");
        assert_eq!(draw(EngineKind::Cpu, &options, [2, 1])[0], four[2], "{order}: alone");
        for engine in [EngineKind::Twin, EngineKind::Wgsl] {
            assert_eq!(draw(engine, &options, [0, 4]), four, "{order} on {engine}");
        }
        let other = Options { seed: 10, ..options };
        assert_ne!(draw(EngineKind::Cpu, &other, [0, 4]), four, "{order}: another seed");
        // Without chance no seed matters, but for the order in which a masked prior tells codes.
        if order == "order=raster" {
            let greedy = |seed| Options { temperature: 0.0, seed, ..Options::default() };
            let first = draw(EngineKind::Cpu, &greedy(1), [0, 1]);
            assert_eq!(first, draw(EngineKind::Cpu, &greedy(2), [0, 1]));
            let single = Options { top_k: 1, ..options };
            assert_eq!(first, draw(EngineKind::Cpu, &single, [0, 1]));
        }
    }
}

#[test]
fn a_kept_cache_draws_what_whole_sequences_tell() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    let dir = base.path().join("prior");
    run(planned(request(&codes, &[], 60), &dir));
    let (prior, config) = opened(&dir);
    let transformer = config.transformer();
    let own = params::under(&prior.tensors, "prior");
    let gpu = gpu();
    let options = Options { seed: 4, top_k: 9, top_p: 0.9, temperature: 0.8, ..Options::default() };
    let mut sampler = sampler(&prior, &config, EngineKind::Cpu, &gpu);
    let drawn = sampler.draw(&options, None, [0, 1], &mut quiet).expect("codes").remove(0);
    let draws = uniforms(4, 0, Purpose::Prior, 16, 0.0, 1.0);
    for place in 0..16 {
        // The whole sequence from the beginning: what comes later is not seen.
        let mut tokens = vec![config.start(None)];
        tokens.extend(&drawn[..place]);
        tokens.resize(16, 0);
        let logits = of_graph(&transformer, &own, &tokens, EngineKind::Twin, &gpu);
        let controls = DrawControls {
            temperature: 0.8,
            top_k: 9,
            top_p: 0.9,
            u: draws[place],
            ..DrawControls::default()
        };
        let params = DrawParams { items: 1, codes: 24, streams: 1, pad0: 0 };
        let mut expected = [0.0];
        twin::draw(&params, logits.row(place), &controls.values(), &mut expected);
        assert_eq!(drawn[place], expected[0] as u32, "place {place}");
    }
}

#[test]
fn known_codes_stay_and_the_others_follow() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    let gpu = gpu();
    for order in ["order=raster", "order=masked"] {
        let dir = base.path().join(order);
        run(planned(request(&codes, &[order], 60), &dir));
        let (prior, config) = opened(&dir);
        let mut sampler = sampler(&prior, &config, EngineKind::Cpu, &gpu);
        let known: Vec<Option<u32>> =
            (0..16).map(|place| (place % 3 != 0).then_some(place % 24)).collect();
        let mut shown = Vec::new();
        let options = Options { steps: 4, ..Options::default() };
        let drawn = sampler
            .draw(&options, Some(&known), [0, 3], &mut |codes, share| {
                shown.push((codes.to_vec(), share));
                true
            })
            .expect("codes");
        for codes in &drawn {
            for (place, known) in known.iter().enumerate() {
                assert!(known.is_none_or(|known| known == codes[place]), "{order}: {place}");
            }
        }
        assert!(drawn[0] != drawn[1] || drawn[1] != drawn[2], "{order}: proposals differ");
        assert!(shown.len() > 1, "{order}: it is told as it goes");
        assert!(shown.is_sorted_by_key(|(_, share)| *share), "{order}");
        let (last, share) = shown.last().expect("the end");
        assert_eq!((last[0].iter().flatten().count(), *share), (16, 1.0), "{order}");
        // All known: nothing is left to draw.
        let all: Vec<Option<u32>> = (0..16).map(Some).collect();
        let same = sampler.draw(&options, Some(&all), [0, 1], &mut quiet).expect("codes");
        assert_eq!(same[0], (0..16).collect::<Vec<u32>>(), "{order}");
        let stopped = sampler.draw(&options, None, [0, 1], &mut |_, _| false);
        assert!(matches!(stopped, Err(SampleError::Cancelled)), "{order}");
    }
}

#[test]
fn bits_are_those_of_the_loss() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    let dir = base.path().join("prior");
    run(planned(request(&codes, &["checkpoint_every=40"], 40), &dir));
    let (prior, config) = opened(&dir);
    let gpu = gpu();
    let mut sampler = sampler(&prior, &config, EngineKind::Twin, &gpu);
    let codes: Vec<u32> = (0..32).map(|place| (place * 7) % 24).collect();
    let found = sampler.bits(&codes, &[None, None]).expect("bits");
    let own = params::under(&prior.tensors, "prior");
    let transformer = config.transformer();
    let mut tokens = Vec::new();
    for codes in codes.chunks_exact(16) {
        tokens.push(config.start(None));
        tokens.extend(&codes[..15]);
    }
    let logits = of_module(&transformer, &own, &tokens);
    let expected: Vec<f32> = (0..32)
        .map(|row| {
            let exps: Vec<f64> = logits.row(row).iter().map(|&l| f64::from(l).exp()).collect();
            (-(exps[codes[row] as usize] / exps.iter().sum::<f64>()).log2()) as f32
        })
        .collect();
    assert_close(&found, &expected, Tolerance::ENGINE);
}

#[test]
fn a_class_is_asked_for_and_guides() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    let dir = base.path().join("prior");
    run(planned(request(&codes, &["conditional=yes"], 120), &dir));
    let (prior, config) = opened(&dir);
    assert!(!config.classes.is_empty(), "shapes have classes");
    let gpu = gpu();
    let draw = |options: &Options, engine| {
        let mut sampler = sampler(&prior, &config, engine, &gpu);
        sampler.draw(options, None, [0, 3], &mut quiet).expect("codes")
    };
    let of = |class, guidance| Options { class, guidance, ..Options::default() };
    let plain = draw(&of(Some(1), 1.0), EngineKind::Cpu);
    let bits = |class| {
        let mut sampler = sampler(&prior, &config, EngineKind::Cpu, &gpu);
        sampler.bits(&plain[0], &[class]).expect("bits")
    };
    assert_ne!(bits(Some(1)), bits(Some(2)), "another class");
    assert_ne!(bits(Some(1)), bits(None), "no class");
    let guided = draw(&of(Some(1), 60.0), EngineKind::Cpu);
    assert_ne!(plain, guided);
    assert_eq!(guided, draw(&of(Some(1), 60.0), EngineKind::Wgsl), "on shaders");
    assert_eq!(
        draw(&of(Some(1), 0.0), EngineKind::Cpu),
        draw(&of(None, 1.0), EngineKind::Cpu),
        "guided to nothing is no class"
    );
}

#[test]
fn what_has_no_codes_is_refused() {
    let base = folder();
    let refused = |codes: &str, keys: &[&str]| {
        let request = request(codes, keys, 2);
        request.plan(Some(&base.path().join("never")), false).err().expect("refused").to_string()
    };
    assert_says(&refused("", &[]), &["codes is \"\"", "nothing is named", "vq-vae or vqgan"]);
    assert_says(&refused("/nowhere", &[]), &["/nowhere", "no such file"]);
    let gan = base.path().join("gan");
    run(planned(runs::request(Recipe::Gan, &["channels=4", "d_channels=4"], 2), &gan));
    assert_says(&refused(&gan.to_string_lossy(), &[]), &["a prior over gan", "codebook"]);
    let codes = autoencoder(&base.path().join("codes"));
    assert_says(&refused(&codes, &["width=25"]), &["width is 25", "heads"]);
    let request = Request {
        data: "shapes?size=32&train=96&test=32".parse().expect("a source"),
        ..request(&codes, &[], 2)
    };
    let error = request.plan(Some(&base.path().join("never")), false).err().expect("refused");
    assert_says(&error.to_string(), &["takes images of", "16", "32"]);
    assert!(!base.path().join("never").exists(), "nothing is written");
}

/// The codes that an autoencoder gives a training image.
fn codes_of(autoencoder: &str, image: u32) -> Vec<i32> {
    let opened = open(autoencoder).expect("it opens");
    let data = "shapes?size=16&train=96&test=32".parse().expect("data");
    let dataset = zscope::data::open(&data).expect("shapes");
    let images = zscope::data::batch(dataset.as_ref(), zscope::data::Split::Train, &[image]);
    let mut codec = opened.codec(EngineKind::Cpu, None).expect("a codec");
    let indices = codec.encode(&images).expect("codes").remove("indices").expect("codes");
    places::of_images(&indices, 1).iter().map(|code| code.cast_signed()).collect()
}

fn kept(dir: &Path) -> Indices {
    let file = ArrayFile::open(&dir.join(CODES_FILE)).expect("kept codes");
    file.indices("indices").expect("codes")
}

#[test]
fn a_replaced_run_learns_the_codes_of_its_own_autoencoder() {
    let base = folder();
    let first = autoencoder(&base.path().join("first"));
    let second = base.path().join("second");
    let keys = ["hidden=8", "res_hidden=4", "res_blocks=1", "code_dim=5", "codebook_size=24"];
    run(planned(runs::request(Recipe::VqVae, &keys, 5), &second));
    let second = second.to_string_lossy().into_owned();
    assert_ne!(codes_of(&first, 41), codes_of(&second, 41));
    let dir = base.path().join("prior");
    run(planned(request(&first, &[], 12), &dir));
    assert_eq!(kept(&dir).data[41 * 16..42 * 16], codes_of(&first, 41));
    run(request(&second, &[], 12).plan(Some(&dir), true).expect("a plan"));
    assert_eq!(kept(&dir).data[41 * 16..42 * 16], codes_of(&second, 41), "computed anew");
}

#[test]
fn kept_codes_that_are_none_are_computed_again() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    let whole = base.path().join("whole");
    run(planned(request(&codes, &[], 12), &whole));
    let tensors = |dir: &Path| {
        let (run, _) = RunDir::open(dir).expect("a run");
        run.pick(Pick::Latest).expect("a checkpoint").model().expect("readable")
    };
    let broken = base.path().join("broken");
    run(planned(request(&codes, &[], 7), &broken));
    let good = std::fs::read(broken.join(CODES_FILE)).expect("kept codes");
    let of = |shape: [usize; 2], code: i32| {
        let indices = Indices { shape: shape.to_vec(), data: vec![code; shape[0] * shape[1]] };
        let path = base.path().join("made.safetensors");
        let indices = [("indices".to_owned(), indices)].into();
        write_arrays(&path, &NamedArrays::new(), &indices, &[].into()).expect("written");
        std::fs::read(&path).expect("readable")
    };
    let made = [
        ("half a file", good[..good.len() / 2].to_vec()),
        ("no tensors", b"no codes at all".to_vec()),
        ("codes that there are not", of([96, 16], 24)),
        ("less than nothing", of([96, 16], i32::MIN)),
        ("other images", of([95, 16], 1)),
        ("other places", of([96, 4], 1)),
    ];
    for (name, bytes) in made {
        let dir = base.path().join(name);
        run(planned(request(&codes, &[], 7), &dir));
        std::fs::write(dir.join(CODES_FILE), bytes).expect("written");
        run(resume(&dir, Some(Length::Steps(12)), false).expect("a plan"));
        assert_eq!(tensors(&whole), tensors(&dir), "{name}");
        assert_eq!(kept(&dir).data[41 * 16..42 * 16], codes_of(&codes, 41), "{name}");
    }
}

#[test]
fn any_quantizer_has_a_prior() {
    let base = folder();
    let gpu = gpu();
    let small = ["hidden=8", "res_hidden=4", "res_blocks=1", "code_dim=4", "eval_images=16"];
    let kinds: [(&str, &[&str], usize, usize); 7] = [
        ("one code", &["codebook_size=1"], 1, 1),
        ("residual", &["quantizer=residual", "quantizers=3", "codebook_size=6"], 6, 3),
        ("shared heads", &["quantizer=multi-head", "heads=2", "codebook_size=6"], 6, 2),
        (
            "separate heads",
            &["quantizer=multi-head", "heads=2", "head_codebooks=separate", "codebook_size=6"],
            6,
            2,
        ),
        ("levels", &["quantizer=fsq", "fsq_levels=3,3,2"], 18, 1),
        ("mapped", &["quantizer=simvq", "codebook_size=6"], 6, 1),
        ("one cell", &["codebook_size=6", "levels=4"], 6, 1),
    ];
    for (name, keys, codes, per_cell) in kinds {
        let dir = base.path().join(name);
        let keys = [&small[..], keys].concat();
        run(planned(runs::request(Recipe::VqVae, &keys, 3), &dir));
        let of = dir.to_string_lossy().into_owned();
        for order in ["order=raster", "order=masked"] {
            let dir = base.path().join(format!("{name} {order}"));
            run(planned(request(&of, &[order], 3), &dir));
            let (prior, config) = opened(&dir);
            assert_eq!((config.num_codes(), config.per_cell()), (codes, per_cell), "{name}");
            let places = config.num_places();
            let mut sampler = sampler(&prior, &config, EngineKind::Cpu, &gpu);
            let options = Options { steps: 3, ..Options::default() };
            let drawn = sampler.draw(&options, None, [0, 2], &mut quiet).expect("codes");
            assert!(drawn.iter().all(|drawn| drawn.len() == places), "{name} {order}");
            assert!(drawn.concat().iter().all(|&code| (code as usize) < codes), "{name} {order}");
            let bits = sampler.bits(&drawn.concat(), &[None, Some(1)]).expect("bits");
            assert_eq!(bits.len(), 2 * places, "{name} {order}");
            assert!(bits.iter().all(|bits| bits.is_finite() && *bits >= -1e-4), "{name} {order}");
            // They decode.
            let indices = places::to_indices(&drawn.concat(), config.grid(), per_cell);
            let mut codec = prior.codec(EngineKind::Cpu, None).expect("a codec");
            let images = codec.decode_indices(&indices).expect("images").remove("image");
            assert_eq!(images.expect("images").num_rows(), 2, "{name} {order}");
            let measured = measured(&prior, None);
            let unigram = measured["unigram_bits"].as_f64().expect("a number");
            assert!((0.0..=(codes as f64).log2() + 1e-9).contains(&unigram), "{name}: {unigram}");
            assert!(measured["independent_frechet"].is_number(), "{name} {order}");
        }
    }
}

/// What a prior is worth on 32 held-out images.
fn measured(
    prior: &Opened,
    classifier: Option<&Path>,
) -> serde_json::Map<String, serde_json::Value> {
    let data = "shapes?size=16&train=96&test=32".parse().expect("data");
    let dataset = zscope::data::open(&data).expect("shapes");
    let classifier = classifier.map(|path| path.to_string_lossy().into_owned());
    let options =
        MeasureOptions { engine: EngineKind::Cpu, classifier, ..MeasureOptions::default() };
    let report = measure(prior, dataset.as_ref(), &options, None, &mut |_, _| true);
    report.expect("measures").expect("all of them").json
}

#[test]
fn only_a_classifier_of_the_same_classes_tells_whether_the_class_is_right() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    let dir = base.path().join("prior");
    run(planned(request(&codes, &[], 20), &dir));
    let (prior, config) = opened(&dir);
    assert_eq!(config.classes.len(), 6);
    let judge = |name: &str, keys: &[&str]| {
        let dir = base.path().join(name);
        run(planned(runs::request(Recipe::Classifier, keys, 5), &dir));
        measured(&prior, Some(&dir))
    };
    let told = judge("labels", &[]);
    let right = told["class_accuracy"].as_f64().expect("a number");
    assert!((0.0..=1.0).contains(&right), "{right}");
    assert!(!judge("turns", &["labels=rotation"]).contains_key("class_accuracy"), "other classes");
    assert!(!measured(&prior, None).contains_key("class_accuracy"), "nobody judges");
}

#[test]
fn a_masked_prior_ends_once_nothing_is_hidden() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    let dir = base.path().join("prior");
    run(planned(request(&codes, &["order=masked"], 20), &dir));
    let (prior, config) = opened(&dir);
    let gpu = gpu();
    let mut sampler = sampler(&prior, &config, EngineKind::Cpu, &gpu);
    let options = Options { steps: 1000, ..Options::default() };
    let mut shares = Vec::new();
    let drawn = sampler.draw(&options, None, [0, 3], &mut |_, share| {
        shares.push(share);
        true
    });
    assert!(drawn.expect("codes").iter().all(|codes| codes.len() == 16));
    assert_eq!(shares.len(), 16, "a step for every place: {shares:?}");
    assert!(shares.is_sorted() && shares.last() == Some(&1.0), "{shares:?}");
}

#[test]
fn a_prior_over_a_prior_is_refused() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    let dir = base.path().join("prior");
    run(planned(request(&codes, &[], 2), &dir));
    let (_, config) = opened(&dir);
    let nested = PriorConfig { codes: Box::new(ModelConfig::Prior(config.clone())), ..config };
    let error = ModelConfig::Prior(nested).check().expect_err("refused");
    assert_says(&error, &["a prior over prior", "autoencoder with a codebook"]);
    // Named as the autoencoder, a prior stands for its own one.
    let again = base.path().join("again");
    run(planned(request(&dir.to_string_lossy(), &[], 2), &again));
    let (_, config) = opened(&again);
    assert_eq!(config.codes.family(), "vq-vae");
}

/// What pictures a prior with texts is trained on: plain captions of shapes.
fn with_texts(dir: &Path, codes: &str, steps: u64) -> (Opened, PriorConfig) {
    run(planned(request(codes, &["text=yes", "vocabulary=300"], steps), dir));
    opened(dir)
}

#[test]
fn a_prior_with_texts_learns_both_sides_and_resumes() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    let dir = base.path().join("texts");
    let events = run(planned(request(&codes, &["text=yes", "vocabulary=300"], 160), &dir));
    let bits = curve(&events, "bits_per_token");
    assert!(mean(&bits[140..]) < 0.7 * mean(&bits[..10]), "{bits:?}");
    let (prior, config) = opened(&dir);
    let text = config.text.expect("texts");
    assert_eq!(config.classes, Vec::<String>::new(), "texts instead of classes");
    let tokenizer = prior.tokenizer().expect("readable").expect("a tokenizer");
    assert_eq!(text.tokens, tokenizer.vocabulary());
    let caption = "a small red triangle on navy, top left";
    let tokens = texts::tokens_of(&tokenizer, &config, caption);
    assert_eq!(tokens.len(), text.places);
    assert_eq!(texts::text_of(&tokenizer, &config, &tokens), caption);
    // The same run in two parts.
    let [whole, broken] = ["whole", "broken"].map(|name| base.path().join(name));
    with_texts(&whole, &codes, 9);
    with_texts(&broken, &codes, 5);
    run(resume(&broken, Some(Length::Steps(9)), false).expect("a plan"));
    assert_eq!(opened(&whole).0.tensors, opened(&broken).0.tensors);
}

#[test]
fn texts_condition_pictures_and_pictures_texts_on_every_engine() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    let (prior, config) = with_texts(&base.path().join("texts"), &codes, 320);
    let tokenizer = prior.tokenizer().expect("readable").expect("a tokenizer");
    let gpu = gpu();
    let texts =
        ["a small red triangle on navy, top left", "a large blue circle on white, right", ""]
            .map(|text| texts::tokens_of(&tokenizer, &config, text));
    let image: Vec<u32> = (0..16).map(|place| (place * 5) % 24).collect();
    let mut told: Vec<[Vec<Vec<u32>>; 2]> = Vec::new();
    for engine in ENGINES {
        let mut sampler = sampler(&prior, &config, engine, &gpu);
        let mut draw = |text: &[u32], guidance| {
            let options = Options { guidance, seed: 2, ..Options::default() };
            sampler.draw_of(Some(text), &options, None, [0, 2], &mut quiet).expect("codes")
        };
        let drawn = [draw(&texts[0], 1.0), draw(&texts[1], 1.0), draw(&texts[0], 4.0)].concat();
        assert!(drawn.iter().all(|codes| codes.len() == 16 && codes.iter().all(|&c| c < 24)));
        let options = Options { seed: 3, ..Options::default() };
        let captions = sampler.captions(&image, &options, [0, 2], &mut quiet).expect("texts");
        assert!(captions.iter().all(|text| text.len() == config.text_places()));
        assert!(captions.iter().flatten().all(|&token| token >= 24), "tokens of texts");
        told.push([drawn, captions]);
    }
    assert_eq!(told[0], told[1], "twin and cpu");
    assert_eq!(told[0], told[2], "twin and shaders");
    let [drawn, _] = &told[0];
    assert_ne!(drawn[..2], drawn[2..4], "another text");
    // Bits are those of the places alone, whichever order they are told in.
    let mut sampler = sampler(&prior, &config, EngineKind::Cpu, &gpu);
    let alone = sampler.image_bits(&image, None, None).expect("bits");
    let given = sampler.image_bits(&image, None, Some(&texts[1])).expect("bits");
    assert_eq!((alone.len(), given.len()), (16, 16));
    assert_ne!(alone, given, "a text tells something");
    let of_text = sampler.text_bits(&texts[0], None).expect("bits");
    let after_image = sampler.text_bits(&texts[0], Some(&image)).expect("bits");
    assert_eq!((of_text.len(), after_image.len()), (config.text_places(), config.text_places()));
    assert_ne!(of_text, after_image, "an image tells something");
    assert!(of_text.iter().chain(&after_image).all(|bits| bits.is_finite() && *bits >= 0.0));
}

#[test]
fn texts_need_captions_and_an_order() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    let refused = |keys: &[&str]| {
        let request = request(&codes, keys, 2);
        request.plan(Some(&base.path().join("never")), false).err().expect("refused").to_string()
    };
    assert_says(&refused(&["text=yes", "order=masked"]), &["order is masked", "text=no"]);
    // Any text at all is drawn of.
    let (prior, config) = with_texts(&base.path().join("texts"), &codes, 3);
    let tokenizer = prior.tokenizer().expect("readable").expect("a tokenizer");
    let mut sampler = sampler(&prior, &config, EngineKind::Cpu, &gpu());
    let long = "very ".repeat(2_000);
    for text in ["", "xyzzy", long.as_str(), "一个红色的圆", "דג אדום", "🙂🟥"] {
        let tokens = texts::tokens_of(&tokenizer, &config, text);
        assert_eq!(tokens.len(), config.text_places(), "{text:.20}");
        let drawn = sampler.draw_of(Some(&tokens), &Options::default(), None, [0, 1], &mut quiet);
        assert_eq!(drawn.expect("codes")[0].len(), 16);
    }
    std::fs::remove_file(base.path().join("texts/tokenizer.json")).expect("it is there");
    assert!(prior.tokenizer().is_err(), "it is missing");
}

/// Three threads work at parts of 6, 6 and 4 of 16 images, whose texts are not equally long.
#[test]
fn parts_of_a_batch_take_the_update_of_the_whole() {
    let base = folder();
    let codes = autoencoder(&base.path().join("codes"));
    for keys in [&["text=yes", "vocabulary=300"][..], &["order=masked"]] {
        let by_threads = |threads: usize| {
            let dir = base.path().join(format!("{}-{threads}", keys.len()));
            let events = run(planned(Request { threads, ..request(&codes, keys, 12) }, &dir));
            curve(&events, "loss")
        };
        assert_close(&by_threads(3), &by_threads(1), Tolerance { abs: 1e-4, rel: 1e-4 });
    }
}
