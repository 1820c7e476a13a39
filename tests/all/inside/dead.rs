//! Channels that say nothing: judged by the picture that is shown, and by the watched images.

use std::sync::Arc;

use zscope::array::Array;
use zscope::engine::EngineKind;
use zscope::graph::lower::Networks;
use zscope::graph::{Activation, Epilogue, Graph, GraphBuilder, Op, Perturbation};
use zscope::measure::inside::{Due, Inspector};
use zscope::picture::ValueRange;
use zscope::session::inside::{Look, Measured, Side, Watched};
use zscope::session::wanted::Point;
use zscope::watch::Watch;

use crate::graph::{array, named};

/// Four rectified units of one number x: x, -x, nothing, and a half.
fn units() -> Graph {
    let weights = named([
        ("w", array(&[4, 1], &[1.0, -1.0, 0.0, 0.0])),
        ("b", array(&[4], &[0.0, 0.0, -1.0, 0.5])),
    ]);
    let mut builder = GraphBuilder::new(&[1], &weights).unwrap();
    let epilogue = Epilogue::bias("b").with_activation(Activation::Relu);
    let input = builder.input();
    let units = builder.add("units", Op::Linear { input, weight: "w".into(), epilogue }).unwrap();
    let planes = builder.add("image", Op::Reshape { input: units, shape: vec![1, 2, 2] }).unwrap();
    builder.output("image", planes).unwrap();
    builder.finish().unwrap()
}

/// The same units as an encoder of pictures of one pixel.
fn encoder() -> Graph {
    let weights = named([
        ("w", array(&[4, 1, 1, 1], &[1.0, -1.0, 0.0, 0.0])),
        ("b", array(&[4], &[0.0, 0.0, -1.0, 0.5])),
    ]);
    let mut builder = GraphBuilder::new(&[1, 1, 1], &weights).unwrap();
    let epilogue = Epilogue::bias("b").with_activation(Activation::Relu);
    let op = Op::Conv2d {
        input: builder.input(),
        weight: "w".into(),
        upsample: 1,
        stride: [1, 1],
        padding: [0; 4],
        epilogue,
    };
    let units = builder.add("units", op).unwrap();
    builder.output("latent", units).unwrap();
    builder.finish().unwrap()
}

fn watched(values: &[f32]) -> Arc<Watched> {
    let count = values.len();
    let seen = array(&[count, 1, 1, 1], values);
    Arc::new(Watched { images: seen.clone(), seen, latents: array(&[count, 1], values) })
}

fn look(side: Side, latents: &[f32]) -> Look {
    Look {
        model: 1,
        networks: Networks { encoder: Some(encoder()), decoder: Some(units()), codes: None },
        discriminator: None,
        weights: 1,
        range: ValueRange::SIGNED,
        side,
        point: Point::Latent(vec![-1.0]),
        picture: Some(Array::filled([1, 1, 1], 0.25)),
        watched: Some(watched(latents)),
        chosen: None,
        changes: Vec::new(),
    }
}

/// Looks through all watched images.
fn judged(inspector: &mut Inspector, look: &Look) -> Measured {
    inspector.measure(look, &Watch::default()).unwrap();
    for image in 1.. {
        assert!(inspector.due(look).is_some(), "image {image} is due");
        if let Some(measured) = inspector.census_next(look, &Watch::default()).unwrap() {
            return measured;
        }
    }
    unreachable!("there is a last image");
}

#[test]
fn dead_is_what_says_nothing_in_any_image() {
    let mut inspector = Inspector::new(EngineKind::Cpu, None);
    let look = look(Side::Decoder, &[1.0, -2.0, -3.0]);
    let alone = inspector.measure(&look, &Watch::default()).unwrap();
    assert_eq!((alone.images, alone.spreads["units"].dead), (0, 2), "zero here: the picture alone");
    assert!(alone.dead.is_empty(), "nothing is known of others");
    let all = judged(&mut inspector, &look);
    assert_eq!(all.images, 4, "three and the one that is shown");
    assert_eq!(
        all.dead["units"],
        [false, false, true, true],
        "what is always the same is dead too"
    );
    assert_eq!(all.spreads["units"].dead, 2, "their number");
    assert_eq!(
        all.spreads["units"].all, alone.spreads["units"].all,
        "the rest is of what is shown"
    );
    assert_eq!(inspector.due(&look), None, "all is known");
    // Another point needs no other images.
    let elsewhere = Look { point: Point::Latent(vec![5.0]), ..look.clone() };
    assert_eq!(inspector.due(&elsewhere), None, "they are the same");
    let measured = inspector.measure(&elsewhere, &Watch::default()).unwrap();
    assert_eq!((measured.images, measured.spreads["units"].dead), (4, 2), "judged at once");
    // Images in which x is never above zero.
    let below = Look { watched: Some(watched(&[-1.0, -4.0])), ..look };
    assert_eq!(inspector.due(&below), Some(Due::Later), "those that are known serve for a while");
    let all = judged(&mut inspector, &below);
    assert_eq!((all.images, all.spreads["units"].dead), (3, 3), "one more is dead in these");
    let elsewhere = Look { point: Point::Latent(vec![5.0]), ..below };
    let measured = inspector.measure(&elsewhere, &Watch::default()).unwrap();
    assert_eq!(measured.dead["units"], [false, false, true, true], "what is shown counts");
}

#[test]
fn an_encoder_is_judged_by_pictures_in_its_own_range() {
    let mut inspector = Inspector::new(EngineKind::Cpu, None);
    // A quarter and less are below zero in [-1, 1].
    let all = judged(&mut inspector, &look(Side::Encoder, &[0.2, 0.4]));
    assert_eq!(all.dead["units"], [true, false, true, true], "never above zero");
    let all = judged(&mut inspector, &look(Side::Encoder, &[0.2, 0.9]));
    assert_eq!(all.dead["units"], [false, false, true, true], "once above");
    // What spoils images for an encoder is no matter of a discriminator.
    let judge = look(Side::Discriminator, &[0.2, 0.9]);
    let spoilt =
        Watched { seen: Array::zeros([2, 1, 1, 1]), ..(**judge.watched.as_ref().unwrap()).clone() };
    let judge = Look { discriminator: Some(encoder()), watched: Some(Arc::new(spoilt)), ..judge };
    let all = judged(&mut inspector, &judge);
    assert_eq!(all.dead["units"], [false, false, true, true], "clean images");
}

#[test]
fn what_gives_way_goes_on_and_what_is_of_another_subject_begins_anew() {
    let mut inspector = Inspector::new(EngineKind::Cpu, None);
    let look = look(Side::Decoder, &[1.0, 2.0, 3.0]);
    assert_eq!(inspector.due(&look), Some(Due::Soon), "nothing is known");
    assert!(
        inspector.census_next(&look, &Watch::default()).unwrap().is_none(),
        "the first of three"
    );
    let stopped = inspector.census_next(&look, &Watch::new(|_| false)).unwrap_err();
    assert_eq!(stopped.to_string(), "stopped before it was done", "gives way");
    // Newer weights come while it goes on: it ends with those that it began with.
    let newer = Look { weights: 2, ..look.clone() };
    assert!(inspector.census_next(&newer, &Watch::default()).unwrap().is_none(), "the second");
    assert!(
        inspector.census_next(&newer, &Watch::default()).unwrap().is_none(),
        "nothing measured"
    );
    assert_eq!(inspector.due(&look), None, "known by these weights");
    assert_eq!(inspector.due(&newer), Some(Due::Later), "and for a while by those");
    let change = Perturbation { node: "units".into(), channel: Some(0), scale: 0.0, shift: 0.0 };
    let changed = Look { changes: vec![change], ..newer.clone() };
    assert_eq!(inspector.due(&changed), Some(Due::Soon), "another subject");
    let measured = inspector.measure(&changed, &Watch::default()).unwrap();
    assert_eq!(measured.images, 0, "of which nothing is known");
    let all = judged(&mut inspector, &changed);
    assert_eq!(all.dead["units"], [true, false, true, true], "as it is after the change");
    let model = Look { model: 2, ..newer };
    assert_eq!(inspector.due(&model), Some(Due::Soon), "another model");
    assert_eq!(inspector.measure(&model, &Watch::default()).unwrap().images, 0, "it too");
    let none = Look { watched: None, ..model.clone() };
    assert_eq!(inspector.due(&none), None, "no images");
    let (images, latents) = (Array::zeros([2, 1, 3, 3]), Array::zeros([2, 5]));
    let misfit = Watched { seen: images.clone(), images, latents };
    let misfit = Look { watched: Some(Arc::new(misfit)), ..model };
    assert_eq!(inspector.due(&misfit), None, "images of another model");
    assert!(inspector.census_next(&misfit, &Watch::default()).unwrap().is_none(), "nothing to do");
}

#[test]
fn a_network_of_codes_is_judged_by_the_codes_of_latents() {
    let opened = zscope::open::open("demo:vq-vae").expect("the demo");
    let codes = opened.networks.codes.as_ref().expect("codes");
    let shape = [&[3], codes.quantizer.input_shape()].concat();
    let values =
        zscope::random::normals(1, 0, zscope::random::Purpose::Sample, shape.iter().product());
    let latents = Array::new(shape, values).unwrap();
    let cells = codes.decoder().unwrap().input_shape().iter().product();
    let nothing = Array::zeros([3, 1, 1, 1]);
    let nothing = Watched { images: nothing.clone(), seen: nothing.clone(), latents: nothing };
    let look = Look {
        model: 1,
        discriminator: None,
        weights: 1,
        range: opened.range,
        side: Side::Decoder,
        point: Point::Codes(vec![0.0; cells]),
        picture: None,
        watched: Some(Arc::new(Watched { latents, ..nothing })),
        chosen: None,
        changes: Vec::new(),
        networks: opened.networks.clone(),
    };
    let mut inspector = Inspector::new(EngineKind::Cpu, None);
    let all = judged(&mut inspector, &look);
    assert_eq!(all.images, 4, "three and the point");
    assert!(all.spreads.keys().eq(all.dead.keys()), "of every node");
}
