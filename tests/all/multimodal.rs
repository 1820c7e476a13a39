//! Images and texts by the same codes: the losses, the graphs of what reads and writes texts, training and measures.

use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData};
use zscope::array::{Array, NamedArrays};
use zscope::engine::wgsl::headless;
use zscope::engine::{EngineKind, Runner};
use zscope::formats::run_dir::{ModelConfig, Pick, RunDir};
use zscope::graph::lower::Architecture as _;
use zscope::graph::lower::multimodal::{Codebooks, MultimodalConfig};
use zscope::graph::lower::prior::TextConfig;
use zscope::graph::lower::quantizer::QuantizerConfig;
use zscope::graph::lower::vq_vae::VqVaeConfig;
use zscope::measure::{MeasureOptions, measure};
use zscope::metrics::recall;
use zscope::model::multimodal::{Multimodal, Pairs, contrast};
use zscope::model::params;
use zscope::model::quantizer::planes_of;
use zscope::open::open;
use zscope::picture::ImageShape;
use zscope::random::{Purpose, normals, uniforms};
use zscope::sample::reading::Reader;
use zscope::sample::{Sampler, places, texts};
use zscope::session::codebook::UsedBy;
use zscope::train::recipe::Recipe;
use zscope::train::start::{Length, Request, resume};

use crate::common::runs::{self, curve, folder, mean, planned, run};
use crate::common::{Tolerance, assert_close, first_difference};

const ENGINES: [EngineKind; 3] = [EngineKind::Twin, EngineKind::Cpu, EngineKind::Wgsl];

fn config(codebooks: Codebooks) -> MultimodalConfig {
    let image = ImageShape { channels: 3, height: 8, width: 12 };
    let quantizer = QuantizerConfig { codebook_size: 7, code_dim: 5, ..QuantizerConfig::new() };
    let config = MultimodalConfig {
        images: VqVaeConfig {
            hidden: 6,
            res_blocks: 1,
            res_hidden: 3,
            quantizer,
            ..VqVaeConfig::new(image)
        },
        text: TextConfig { places: 5, tokens: 11 },
        codebooks,
        width: 12,
        layers: 2,
        heads: 3,
        align: 4,
        adversary: None,
    };
    config.check().expect("sizes that go together");
    config
}

fn module(config: &MultimodalConfig) -> Multimodal {
    let model = Multimodal::new(config, 3, &Device::flex());
    // Away from zeros and ones, and from what differs too little to choose other codes.
    let mut tensors = model.tensors();
    for (index, array) in tensors.values_mut().enumerate() {
        let moved = normals(5, index as u64, Purpose::Explore, array.data().len());
        array.data_mut().iter_mut().zip(moved).for_each(|(value, more)| *value += 0.2 * more);
    }
    model.with_tensors(&tensors).expect("its own tensors")
}

/// Texts with an end at different places.
fn texts() -> Vec<Vec<u32>> {
    vec![vec![7, 3, 10, 2, 0], vec![4, 2, 0, 0, 0], vec![8, 9, 6, 5, 2]]
}

fn whole(texts: &[Vec<u32>]) -> Tensor<2, Int> {
    let values: Vec<i64> = texts.iter().flatten().map(|&token| i64::from(token)).collect();
    Tensor::from_data(TensorData::new(values, [texts.len(), texts[0].len()]), &Device::flex())
}

fn differs(found: &Array, expected: &Array) -> Option<String> {
    first_difference(found.data(), expected.data(), Tolerance::ENGINE).map(|it| format!("{it:?}"))
}

#[test]
fn a_text_is_read_the_same_by_the_module_and_by_graphs() {
    let gpu = headless(true).expect("a graphics device (package mesa-vulkan-drivers)");
    for codebooks in [Codebooks::Shared, Codebooks::Two] {
        let config = config(codebooks);
        let model = module(&config);
        let tensors = model.tensors();
        let names: Vec<&String> = tensors.keys().collect();
        let mut told: Vec<String> = config.tensors().into_iter().map(|(name, _)| name).collect();
        told.sort();
        assert_eq!(names, told.iter().collect::<Vec<_>>(), "{codebooks:?}");
        let (codes, numbers) = model.chosen(model.read(whole(&texts())));
        let latents = planes_of(codes, 3, config.images.grid());
        let expected = params::array_from_tensor(latents.clone());
        let numbers = params::array_from_tensor(numbers.float());
        let points = params::array_from_tensor(model.text_points(latents));
        for engine in ENGINES {
            let mut reader = Reader::new(&config, &tensors, engine, Some(&gpu)).expect("a reader");
            let read = reader.read(&texts()).expect("codes");
            assert_eq!(differs(&read["latent"], &expected), None, "{engine} {codebooks:?}");
            assert_eq!(read["indices"].shape(), [3, 2, 3]);
            assert_eq!(read["indices"].data(), numbers.data(), "{engine} {codebooks:?}");
            // Of the length that the module takes from them.
            for (row, point) in (0..3).map(|row| (read["embedding"].row(row), points.row(row))) {
                let length = point.iter().zip(row).map(|(_, value)| value * value).sum::<f32>();
                let unit: Vec<f32> = row.iter().map(|value| value / length.sqrt()).collect();
                assert_close(&unit, point, Tolerance::ENGINE);
            }
            // Codes are those of the texts' own codebook, where there is one.
            let codes = match codebooks {
                Codebooks::Shared => &tensors["quantizer.codebook"],
                Codebooks::Two => &tensors["text_codes.weight"],
            };
            let first = codes.row(read["indices"].data()[0] as usize);
            let latent: Vec<f32> =
                read["latent"].row(0).iter().step_by(6).copied().take(5).collect();
            assert_close(&latent, first, Tolerance::ENGINE);
        }
        let logits = |texts: &[Vec<u32>]| params::array_from_tensor(model.read(whole(texts)));
        let mut others = texts();
        others[1][0] = 5;
        let (own, other) = (logits(&texts()), logits(&others));
        let is_same = |row: usize| {
            let rows = row * 6..(row + 1) * 6;
            let [own, other] = [&own, &other].map(|it| it.rows(rows.start, rows.end));
            differs(&own, &other).is_none()
        };
        assert_eq!([0, 1, 2].map(is_same), [true, false, true], "each text for itself");
    }
}

#[test]
fn a_choice_of_codes_has_the_gradient_of_their_mean() {
    let config = config(Codebooks::Two);
    let device = Device::flex().autodiff();
    let model = Multimodal::new(&config, 3, &device);
    let codes = model.tensors()["text_codes.weight"].clone();
    let logits = Array::new([2, 7], normals(6, 0, Purpose::Explore, 14)).expect("logits");
    let factors = Array::new([2, 5], normals(7, 0, Purpose::Explore, 10)).expect("factors");
    let at = params::tensor_from_array::<2>(&logits, &device).require_grad();
    let (chosen, numbers) = model.chosen(at.clone());
    let numbers = params::array_from_tensor(numbers.inner().float());
    for (row, &number) in numbers.data().iter().enumerate() {
        let likeliest = (0..7).max_by(|&a, &b| logits.row(row)[a].total_cmp(&logits.row(row)[b]));
        assert_eq!(likeliest, Some(number as usize));
        let value = params::array_from_tensor(chosen.clone().inner());
        assert_close(value.row(row), codes.row(number as usize), Tolerance::ENGINE);
    }
    let sum = (chosen * params::tensor_from_array(&factors, &device)).sum();
    let gradients = sum.backward();
    let found = params::array_from_tensor(at.grad(&gradients).expect("a gradient"));
    // Of the mean of the codes by their probabilities, p_i (v_i - mean of v), where v_i is the factors times code i.
    for row in 0..2 {
        let exps: Vec<f64> = logits.row(row).iter().map(|&it| f64::from(it).exp()).collect();
        let all: f64 = exps.iter().sum();
        let value = |code: usize| -> f64 {
            let products = codes.row(code).iter().zip(factors.row(row));
            products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let mean: f64 = (0..7).map(|code| exps[code] / all * value(code)).sum();
        let expected: Vec<f32> =
            (0..7).map(|code| (exps[code] / all * (value(code) - mean)) as f32).collect();
        assert_close(found.row(row), &expected, Tolerance::ENGINE);
    }
}

#[test]
fn images_are_placed_the_same_by_the_module_and_by_graphs() {
    let config = config(Codebooks::Shared);
    let model = module(&config);
    let latents = Array::new([2, 5, 2, 3], normals(4, 0, Purpose::Explore, 60)).expect("latents");
    let graph = config.lower_image_align(&model.tensors()).expect("a graph");
    let expected = model.image_points(params::tensor_from_array(&latents, &Device::flex()));
    let expected = params::array_from_tensor(expected);
    let mut runner = Runner::new(EngineKind::Twin, &graph, None).expect("a runner");
    let found = runner.run(&latents).expect("points").remove("embedding").expect("points");
    for row in 0..2 {
        let length = found.row(row).iter().map(|value| value * value).sum::<f32>().sqrt();
        let unit: Vec<f32> = found.row(row).iter().map(|value| value / length).collect();
        assert_close(&unit, expected.row(row), Tolerance::ENGINE);
    }
}

#[test]
fn the_writer_is_a_prior_that_tells_texts_of_images() {
    let config = config(Codebooks::Shared);
    let model = module(&config);
    let tensors = model.tensors();
    let codes: Vec<u32> = vec![3, 0, 6, 6, 1, 2];
    let codebook = &tensors["quantizer.codebook"];
    let grid = codes.iter().flat_map(|&code| codebook.row(code as usize).to_vec()).collect();
    let grid = Array::new([6, 5], grid).expect("codes");
    let writer = config.captioner();
    let mut sampler =
        Sampler::new(&writer, &config.captioner_tensors(&tensors), EngineKind::Twin, None);
    for text in texts() {
        let grid = params::tensor_from_array(&grid, &Device::flex());
        let logits =
            params::array_from_tensor(model.write(whole(std::slice::from_ref(&text)), grid));
        let bits = |place: usize| {
            let of_place = logits.row(place);
            let sum: f32 = of_place.iter().map(|logit| logit.exp()).sum();
            (sum.ln() - of_place[text[place] as usize]) / std::f32::consts::LN_2
        };
        let expected: Vec<f32> = (0..5).map(bits).collect();
        let told = writer.of_text(&text);
        let found = sampler.text_bits(&told, Some(&codes)).expect("bits");
        assert_close(&found, &expected, Tolerance::ENGINE);
        let mut others = codes.clone();
        others[4] = 5;
        let other = sampler.text_bits(&told, Some(&others)).expect("bits");
        assert!(first_difference(&other, &expected, Tolerance::ENGINE).is_some(), "of other codes");
    }
}

/// The equation, number by number.
fn contrast_by_hand(images: &Array, texts: &Array, scale: f64, same: &[[bool; 3]; 3]) -> f64 {
    let score = |a: usize, b: usize| -> f64 {
        let products = images.row(a).iter().zip(texts.row(b));
        scale * products.map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>()
    };
    let mut total = 0.0;
    for (own, same) in same.iter().enumerate() {
        let others = |other: &usize| !same[*other];
        let of_texts: f64 = (0..3).filter(others).map(|text| score(own, text).exp()).sum();
        let of_images: f64 = (0..3).filter(others).map(|image| score(image, own).exp()).sum();
        total += of_texts.ln() + of_images.ln() - 2.0 * score(own, own);
    }
    total / 6.0
}

fn unit_rows(seed: u64) -> Array {
    let mut rows = Array::new([3, 4], normals(seed, 0, Purpose::Explore, 12)).expect("rows");
    for row in rows.data_mut().chunks_mut(4) {
        let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        for value in row {
            *value /= length;
        }
    }
    rows
}

#[test]
fn contrast_is_its_equation() {
    let (images, texts) = (unit_rows(1), unit_rows(2));
    let found = |log_scale: f32, same: &[[bool; 3]; 3]| {
        let device = Device::flex();
        let same: Vec<f32> = same.concat().into_iter().map(f32::from).collect();
        let value = contrast(
            params::tensor_from_array(&images, &device),
            params::tensor_from_array(&texts, &device),
            Tensor::from_floats([log_scale], &device),
            Tensor::from_data(TensorData::new(same, [3, 3]), &device),
        );
        params::array_from_tensor(value).data()[0]
    };
    let none = [[false; 3]; 3];
    let expected = contrast_by_hand(&images, &texts, 2.0_f64.exp(), &none);
    assert_close(&[found(2.0, &none)], &[expected as f32], Tolerance::ENGINE);
    // The two first say the same: neither is a wrong answer to the other.
    let same = [[false, true, false], [true, false, false], [false; 3]];
    let expected = contrast_by_hand(&images, &texts, 2.0_f64.exp(), &same);
    assert_close(&[found(2.0, &same)], &[expected as f32], Tolerance::ENGINE);
    assert!((found(2.0, &none) - found(2.0, &same)).abs() > 1e-3, "which is another number");
    // No further than a hundred times.
    let most = contrast_by_hand(&images, &texts, 100.0, &none);
    assert_close(&[found(9.0, &none)], &[most as f32], Tolerance::ENGINE);
}

#[test]
fn contrast_has_the_gradient_of_its_differences() {
    let device = Device::flex().autodiff();
    let (images, texts) = (unit_rows(1), unit_rows(2));
    let value = |images: Tensor<2>| {
        let device = images.device();
        let texts = params::tensor_from_array(&texts, &device);
        contrast(images, texts, Tensor::from_floats([1.0], &device), Tensor::zeros([3, 3], &device))
    };
    let at = params::tensor_from_array::<2>(&images, &device).require_grad();
    let gradients = value(at.clone()).backward();
    let found = params::array_from_tensor(at.grad(&gradients).expect("a gradient"));
    let moved = |index: usize, by: f32| {
        let mut moved = images.clone();
        moved.data_mut()[index] += by;
        let moved = params::tensor_from_array(&moved, &Device::flex());
        params::array_from_tensor(value(moved)).data()[0]
    };
    let expected: Vec<f32> =
        (0..12).map(|index| (moved(index, 1e-2) - moved(index, -1e-2)) / 2e-2).collect();
    assert_close(found.data(), &expected, Tolerance { abs: 1e-3, rel: 1e-2 });
}

#[test]
fn terms_are_those_of_their_parts() {
    let config = config(Codebooks::Shared);
    let model = module(&config);
    let device = Device::flex();
    let images = Array::new([3, 3, 8, 12], uniforms(6, 0, Purpose::Explore, 864, 0.0, 1.0));
    let images: Tensor<4> = params::tensor_from_array(&images.expect("images"), &device);
    let said = [1., 1., 1., 1., 0., 1., 1., 0., 0., 0., 1., 1., 1., 1., 1.];
    // The first two texts belong to the last and the first image, the third to none.
    let pairs = Pairs {
        images: images.clone(),
        texts: whole(&texts()),
        said: Tensor::from_floats(said, &device),
        image_of: Tensor::from_data(TensorData::new(vec![2_i64, 0], [2]), &device),
        same: Tensor::zeros([2, 2], &device),
    };
    let number = |tensor: Tensor<1>| params::array_from_tensor(tensor).data()[0];
    let terms = model.terms(&pairs, None);
    let latents = model.images().encode(images.clone());
    let quantizer = model.images().quantizer();
    let codes_of = |latents: Tensor<4>| {
        let [n, ..] = latents.dims();
        let indices = model.images().indices(latents);
        (n, quantizer.codes(indices.reshape([n * 6])))
    };
    let nats = |rows: std::ops::Range<usize>, grids: Tensor<2>| {
        let some = &texts()[rows.clone()];
        let logits = params::array_from_tensor(model.write(whole(some), grids));
        let (mut sum, mut count) = (0.0, 0.0);
        for (row, text) in some.iter().enumerate() {
            for (place, &token) in text.iter().enumerate() {
                let weight = said[(rows.start + row) * 5 + place];
                let of_place = logits.row(row * 5 + place);
                let all: f32 = of_place.iter().map(|logit| logit.exp()).sum();
                sum += weight * (all.ln() - of_place[token as usize]);
                count += weight;
            }
        }
        sum / count
    };
    let logits = model.read(whole(&texts()));
    let (of_texts, _) = model.chosen(logits.clone());
    assert_close(&[number(terms.text.clone())], &[nats(0..3, of_texts.clone())], Tolerance::ENGINE);
    let chosen = Tensor::from_data(TensorData::new(vec![2_i64, 0], [2]), &device);
    let (_, of_images) = codes_of(latents.clone().select(0, chosen.clone()));
    let crossed = nats(0..2, of_images);
    assert_close(&[number(terms.text_of_image.clone())], &[crossed], Tolerance::ENGINE);
    let read = planes_of(of_texts.slice(0..12), 2, config.images.grid());
    let painted = model.images().decode(read.clone());
    let error = (painted - images.clone().select(0, chosen.clone())).square().mean();
    assert_close(&[number(terms.image_of_text)], &[number(error)], Tolerance::ENGINE);
    let right = model.images().indices(latents.clone().select(0, chosen.clone()));
    let right = params::array_from_tensor(right.float()).into_data();
    let logits = params::array_from_tensor(logits);
    let nats_of_cell = |(cell, &right): (usize, &f32)| {
        let all: f32 = logits.row(cell).iter().map(|logit| logit.exp()).sum();
        all.ln() - logits.row(cell)[right as usize]
    };
    let told = right.iter().enumerate().map(nats_of_cell).sum::<f32>() / 12.0;
    assert_close(&[number(terms.codes_of_text)], &[told], Tolerance::ENGINE);
    let own = model.images().decode(model.images().codes(model.images().indices(latents.clone())));
    let error = (own - images).square().mean();
    assert_close(&[number(terms.image)], &[number(error)], Tolerance::ENGINE);
    let scale = Tensor::from_floats([model.tensors()["scale"].data()[0]], &device);
    let found = contrast(
        model.image_points(latents.select(0, chosen)),
        model.text_points(read),
        scale,
        Tensor::zeros([2, 2], &device),
    );
    assert_close(&[number(terms.contrastive)], &[number(found)], Tolerance::ENGINE);
    assert_eq!(terms.decoded.dims(), [5, 3, 8, 12]);
    let counted = [terms.text_counts, terms.quantized.counts].map(|counts| number(counts.sum()));
    assert_close(&counted, &[18.0, 18.0], Tolerance::ENGINE);
}

fn request(keys: &[&str], steps: u64) -> Request {
    let small = [
        "hidden=8",
        "res_hidden=4",
        "res_blocks=1",
        "code_dim=5",
        "codebook_size=24",
        "width=16",
        "layers=1",
        "heads=2",
        "vocabulary=259",
        "align=8",
        "d_channels=4",
        "disc_start=3",
        "eval_images=16",
        "lr=0.003",
    ];
    runs::request(Recipe::Multimodal, &[small.as_slice(), keys].concat(), steps)
}

#[test]
fn losses_fall_and_what_is_measured_is_sound() {
    let base = folder();
    let dir = base.path().join("run");
    let events = run(planned(request(&[], 150), &dir));
    for name in ["reconstruction", "bits_per_text_token", "bits_per_text_token_of_image"] {
        let values = curve(&events, name);
        let (first, last) = (mean(&values[..10]), mean(&values[140..]));
        assert!(last < 0.9 * first, "{name}: {first} to {last}");
    }
    let opened = open(&dir.to_string_lossy()).expect("it opens");
    let data = "shapes?size=16&train=96&test=32".parse().expect("a source");
    let dataset = zscope::data::open(&data).expect("shapes");
    let options = MeasureOptions { limit: Some(12), ..MeasureOptions::default() };
    let report = measure(&opened, dataset.as_ref(), &options, None, &mut |_, _| true);
    let told = report.expect("a report").expect("not stopped").json;
    for name in [
        "text_to_image_recall_1",
        "text_to_image_recall_10",
        "image_to_text_recall_5",
        "text_to_image_attributes",
    ] {
        let value = told[name].as_f64().expect(name);
        assert!((0.0..=1.0).contains(&value), "{name} is {value}");
    }
    assert!(told["text_bits_given_image"].as_f64().expect("bits") > 0.0, "{told:?}");
    assert_eq!(told["searched_among"], 12);
    // A tokenizer of other tokens would name codes that are not there.
    let file = dir.join("tokenizer.json");
    let own = std::fs::read(&file).expect("a tokenizer");
    zscope::text::Tokenizer::train(["a red cat", "a red car"].iter(), 262)
        .save(&file)
        .expect("another tokenizer");
    let refused = opened.tokenizer().expect_err("refused").to_string();
    assert!(refused.contains("its own run"), "{refused}");
    std::fs::write(&file, own).expect("its own again");
    // Both sides use codes, and the checkpoint tells which.
    let [texts, all] = [&opened.text_usage, &opened.usage]
        .map(|usage| usage.as_ref().expect("the use of codes").window().iter().sum::<u64>());
    assert_eq!(2 * texts, all, "a text has as many cells as its image");
    let images = zscope::data::batch(dataset.as_ref(), zscope::data::Split::Test, &[0, 1]);
    let mut codec = opened.codec(EngineKind::Cpu, None).expect("a codec");
    let mut burn = opened.codec(EngineKind::Burn, None).expect("the module");
    let [cpu, burn] = [&mut codec, &mut burn]
        .map(|codec| codec.encode(&images).expect("codes").remove("latent").expect("latents"));
    assert_close(cpu.data(), burn.data(), Tolerance::ENGINE);
    assert_eq!(places::of_images(&Array::zeros([1, 4, 4]), 1).len(), 16);
}

#[test]
fn pairs_come_together_by_contrast() {
    let base = folder();
    let events = run(planned(
        request(&["contrastive_weight=2", "image_of_text_weight=1"], 300),
        &base.path().join("run"),
    ));
    let values = curve(&events, "contrastive");
    let (first, last) = (mean(&values[..10]), mean(&values[280..]));
    assert!(last < 0.95 * first, "{first} to {last}");
}

#[test]
fn a_resumed_run_equals_an_unbroken_one() {
    let base = folder();
    let tensors = |dir: &Path| -> NamedArrays {
        let (run, _) = RunDir::open(dir).expect("a run");
        run.pick(Pick::Latest).expect("a checkpoint").model().expect("readable")
    };
    for (index, keys) in [
        &["adversary=pairs"][..],
        &["adversary=patches", "unpaired=0.5"],
        &["codebooks=two"],
        &["unpaired=1"],
    ]
    .into_iter()
    .enumerate()
    {
        let [whole, broken] =
            ["whole", "broken"].map(|name| base.path().join(format!("{name}-{index}")));
        run(planned(request(keys, 9), &whole));
        run(planned(request(keys, 5), &broken));
        run(resume(&broken, Some(Length::Steps(9)), false).expect("a plan"));
        assert_eq!(tensors(&whole), tensors(&broken), "{keys:?}");
    }
}

/// A folder of pictures of which only some have a text, and of texts without a picture.
fn torn_folder(dir: &Path) -> zscope::data::DataSpec {
    let mut table = "file\tcaption\n".to_owned();
    for n in 0..40_u8 {
        let colour = image::Rgb([6 * n, 250 - 6 * n, if n % 2 == 0 { 30 } else { 220 }]);
        image::RgbImage::from_pixel(16, 16, colour)
            .save(dir.join(format!("{n}.png")))
            .expect("a picture");
        if n % 3 == 0 {
            table = format!("{table}{n}.png\tcolour number {n}\n");
        }
        table = format!("{table}\tonly words about {n} and {}\n", n / 2);
    }
    std::fs::write(dir.join("captions.tsv"), table).expect("a table");
    format!("folder:{}?size=16", dir.display()).parse().expect("a source")
}

#[test]
fn pictures_without_text_and_texts_without_picture_are_learnt() {
    let base = folder();
    let pictures = base.path().join("pictures");
    std::fs::create_dir(&pictures).expect("a folder");
    let data = torn_folder(&pictures);
    let codes = base.path().join("codes");
    let plan = Request { data: data.clone(), ..request(&[], 60) };
    let events = run(planned(plan, &codes));
    for name in ["bits_per_text_token", "bits_per_text_token_of_image"] {
        let values = curve(&events, name);
        let (first, last) = (mean(&values[..6]), mean(&values[54..]));
        assert!(last < 0.9 * first, "{name}: {first} to {last}");
    }
    let keys = [
        format!("codes={}", codes.display()),
        "text=yes".to_owned(),
        "width=16".to_owned(),
        "layers=1".to_owned(),
        "heads=2".to_owned(),
        "embedding=8".to_owned(),
        "vocabulary=259".to_owned(),
        "eval_images=4".to_owned(),
        "lr=0.003".to_owned(),
        "lr_warmup=0".to_owned(),
    ];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let prior = base.path().join("prior");
    let plan = Request { data, ..runs::request(Recipe::Prior, &keys, 60) };
    let bits = curve(&run(planned(plan, &prior)), "bits_per_token");
    let (first, last) = (mean(&bits[..6]), mean(&bits[54..]));
    assert!(last < 0.8 * first, "{first} to {last} bits");
    // The prior knows a text that no picture has.
    let opened = open(&prior.to_string_lossy()).expect("it opens");
    let ModelConfig::Prior(config) = opened.model.clone() else { panic!("no prior") };
    let tokenizer = opened.tokenizer().expect("readable").expect("a tokenizer");
    let mut sampler = Sampler::new(&config, &opened.tensors, EngineKind::Cpu, None);
    let mut bits = |text: &str| -> f32 {
        let tokens = texts::tokens_of(&tokenizer, &config, text);
        let said = texts::said(&config, &tokens);
        sampler.text_bits(&tokens, None).expect("bits")[..said].iter().sum()
    };
    let (known, strange) = (bits("only words about 7 and 3"), bits("qxz!vkw)jh;ubqpwmzrt(%"));
    assert!(known < 0.7 * strange, "{known} and {strange} bits");
}

#[test]
fn what_does_not_go_together_is_refused_in_words() {
    let base = folder();
    for (keys, words) in [
        (&["heads=3"][..], "3 heads do not divide"),
        (&["adversary=pairs", "d_layers=8"], "d_layers"),
    ] {
        let refused = request(keys, 5).plan(Some(&base.path().join("run")), false);
        let message = refused.err().expect("refused").to_string();
        assert!(message.contains(words), "{message}");
    }
    assert!(!base.path().join("run").exists(), "nothing is written");
    let config = config(Codebooks::Shared);
    assert_eq!(ModelConfig::Multimodal(config).text().map(|text| text.places), Some(5));
}

#[test]
fn what_is_found_is_counted() {
    let at = |angles: &[f32]| {
        let data = angles.iter().flat_map(|angle| [angle.cos(), angle.sin()]).collect();
        Array::new([angles.len(), 2], data).expect("directions")
    };
    let queries = at(&[0.0, 0.5, 1.0]);
    // The second answer is nearer to the first query than its own.
    let answers = at(&[0.3, 0.1, 1.0]);
    let own = |a: usize, b: usize| a == b;
    let found = |queries: &Array, answers: &Array, belongs: fn(usize, usize) -> bool| {
        recall(queries, answers, belongs).map(|share| (share * 21.0).round() as u32)
    };
    assert_eq!(found(&queries, &answers, own), [7, 21, 21]);
    // As long as both say the same, either is right.
    let same = |a: usize, b: usize| a == b || a + b == 1;
    assert_eq!(found(&queries, &answers, same), [21; 3]);
    // Answers that cannot be told apart are no find.
    let alike = at(&[0.0; 7]);
    assert_eq!(found(&alike, &alike, own), [0, 0, 21]);
}

#[test]
fn a_code_is_used_by_who_chooses_it() {
    assert_eq!(UsedBy::of([0, 0]), None);
    assert_eq!(UsedBy::of([9, 0]), Some(UsedBy::Images));
    assert_eq!(UsedBy::of([0, 1]), Some(UsedBy::Texts));
    assert_eq!(UsedBy::of([50, 50]), Some(UsedBy::Both));
    assert_eq!(UsedBy::of([96, 4]), Some(UsedBy::Images));
    assert_eq!(UsedBy::of([95, 5]), Some(UsedBy::Both));
}
