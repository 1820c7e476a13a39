//! What is seen inside of networks: the values of nodes, what comes of changes, spreads and times.

use zscope::array::Array;
use zscope::engine::trace::trace;
use zscope::engine::{EngineKind, Runner, twin};
use zscope::graph::lower::Networks;
use zscope::graph::{Epilogue, Graph, GraphBuilder, Op, Perturbation};
use zscope::measure::inside::{Inspector, named as named_values};
use zscope::metrics::{NodeSpread, Spread};
use zscope::picture::ValueRange;
use zscope::session::inside::{Look, Side};
use zscope::session::wanted::Point;
use zscope::watch::Watch;

use super::{generator, latents};
use crate::common::{Tolerance, assert_close, first_difference};
use crate::engine_matches_twin::{gpu, noise};
use crate::graph::{array, named};

/// Pictures of 1 × 5 × 4 to 3 numbers, with a posterior.
pub fn encoder() -> Graph {
    let weights = named([
        ("mean", array(&[3, 20], &noise(30, 60))),
        ("logvar", array(&[3, 20], &noise(31, 60))),
    ]);
    let mut builder = GraphBuilder::new(&[1, 5, 4], &weights).unwrap();
    let input = builder.input();
    let flat = builder.add("flat", Op::Reshape { input, shape: vec![20] }).unwrap();
    for name in ["mean", "logvar"] {
        let (weight, epilogue) = (name.to_owned(), Epilogue::default());
        let value = builder.add(name, Op::Linear { input: flat, weight, epilogue }).unwrap();
        builder.output(if name == "mean" { "latent" } else { name }, value).unwrap();
    }
    builder.finish().unwrap()
}

pub fn networks() -> Networks {
    Networks { encoder: Some(encoder()), decoder: Some(generator()), codes: None }
}

fn look(side: Side, chosen: &str, changes: Vec<Perturbation>) -> Look {
    Look {
        model: 1,
        networks: networks(),
        discriminator: None,
        weights: 1,
        range: ValueRange::SIGNED,
        side,
        point: Point::Latent(latents(1).into_data()),
        picture: None,
        watched: None,
        chosen: Some(chosen.to_owned()),
        changes,
    }
}

fn taken_out(node: &str, channel: usize) -> Perturbation {
    Perturbation { node: node.to_owned(), channel: Some(channel), scale: 0.0, shift: 0.0 }
}

fn engines() -> Vec<EngineKind> {
    let mut kinds = vec![EngineKind::Cpu, EngineKind::Twin];
    kinds.extend(gpu().map(|_| EngineKind::Wgsl));
    kinds
}

#[test]
fn the_values_of_a_node_are_seen_on_every_engine() {
    let decoder = generator();
    let norm = decoder.find("norm").unwrap();
    let part = decoder.part(&[("tap", norm)]).unwrap();
    let expected = twin::run(&part, &latents(1)).unwrap().remove("tap").unwrap();
    for kind in engines() {
        let mut inspector = Inspector::new(kind, gpu().cloned());
        let seen =
            inspector.look(&look(Side::Decoder, "norm", Vec::new()), &Watch::default()).unwrap();
        let node = seen.node.expect("the node");
        assert_eq!((&*node.name, node.values.shape()), ("norm", &[2, 5, 4][..]), "{kind}");
        assert_close(node.values.data(), expected.data(), Tolerance::ENGINE);
        assert_eq!(node.spreads.len(), 2, "one for each channel");
        assert_eq!((seen.after, seen.before), (None, None), "nothing is changed");
    }
}

#[test]
fn what_comes_of_changes_is_seen_while_the_hand_moves_them() {
    let range = ValueRange::SIGNED;
    for kind in engines() {
        let mut inspector = Inspector::new(kind, gpu().cloned());
        for scale in [0.0, 0.5, 2.0] {
            let change = Perturbation { scale, ..taken_out("conv", 1) };
            let seen = inspector
                .look(&look(Side::Decoder, "conv", vec![change.clone()]), &Watch::default())
                .unwrap();
            let changed = generator().perturbed(&[change]).unwrap();
            let expected = twin::run(&changed, &latents(1)).unwrap().remove("image").unwrap();
            let after = seen.after.expect("a picture");
            let expected = range.images_to_unit(&expected);
            assert_close(after.data(), expected.data(), Tolerance::ENGINE);
            let node = seen.node.unwrap();
            let whole = twin::run(
                &generator().part(&[("tap", generator().find("conv").unwrap())]).unwrap(),
                &latents(1),
            )
            .unwrap()
            .remove("tap")
            .unwrap();
            let channel: Vec<f32> = whole.data()[20..].iter().map(|value| scale * value).collect();
            assert_close(&node.values.data()[20..], &channel, Tolerance::ENGINE);
        }
    }
}

#[test]
fn newer_weights_are_seen() {
    let mut inspector = Inspector::new(EngineKind::Cpu, None);
    let mut look = look(Side::Decoder, "out", vec![taken_out("norm", 0)]);
    let before = inspector.look(&look, &Watch::default()).unwrap();
    let mut weights: zscope::array::NamedArrays = generator()
        .weights()
        .iter()
        .map(|(name, array)| (name.clone(), array.as_ref().clone()))
        .collect();
    weights.get_mut("out").unwrap().data_mut()[0] += 1.0;
    look.networks.decoder = Some(generator().with_weights(&weights).unwrap());
    look.weights = 2;
    let after = inspector.look(&look, &Watch::default()).unwrap();
    let [before, after] = [before, after].map(|seen| seen.after.unwrap());
    assert!(first_difference(before.data(), after.data(), Tolerance::ENGINE).is_some(), "newer");
}

#[test]
fn an_encoder_sees_the_picture_of_the_point_or_ones_own() {
    let range = ValueRange::SIGNED;
    let mut inspector = Inspector::new(EngineKind::Cpu, None);
    let mut look = look(Side::Encoder, "mean", vec![taken_out("mean", 1)]);
    let seen = inspector.look(&look, &Watch::default()).unwrap();
    let picture = twin::run(&generator(), &latents(1)).unwrap().remove("image").unwrap();
    let latent = twin::run(&encoder(), &picture).unwrap().remove("latent").unwrap();
    let mut changed = latent.clone();
    changed.data_mut()[1] = 0.0;
    let decode = |latent: &Array| {
        range.images_to_unit(&twin::run(&generator(), latent).unwrap().remove("image").unwrap())
    };
    assert_close(seen.before.unwrap().data(), decode(&latent).data(), Tolerance::ENGINE);
    assert_close(seen.after.unwrap().data(), decode(&changed).data(), Tolerance::ENGINE);
    assert_close(seen.node.unwrap().values.data(), changed.data(), Tolerance::ENGINE);
    let own = array(&[1, 5, 4], &[0.25; 20]);
    look.picture = Some(own.clone());
    look.changes.clear();
    let seen = inspector.look(&look, &Watch::default()).unwrap().node.unwrap();
    let own = range.images_from_unit(&own).reshaped([1, 1, 5, 4]).unwrap();
    let expected = twin::run(&encoder(), &own).unwrap().remove("latent").unwrap();
    assert_close(seen.values.data(), expected.data(), Tolerance::ENGINE);
    let stopped = inspector.look(&look, &Watch::new(|_| false)).unwrap_err();
    assert_eq!(stopped.to_string(), "stopped before it was done", "gives way");
    look.networks.encoder = None;
    look.weights = 2;
    assert!(inspector.look(&look, &Watch::default()).is_err(), "there is none");
}

/// Pictures of 1 × 5 × 4 to a map of 3 × 2 patches.
fn discriminator() -> Graph {
    let weights = named([
        ("judge", array(&[2, 1, 3, 3], &noise(50, 18))),
        ("judge.b", array(&[2], &noise(51, 2))),
        ("last", array(&[1, 2, 1, 1], &[0.7, -0.4])),
    ]);
    let mut builder = GraphBuilder::new(&[1, 5, 4], &weights).unwrap();
    let conv = |input, weight: &str, epilogue| Op::Conv2d {
        input,
        weight: weight.into(),
        upsample: 1,
        stride: [1, 1],
        padding: [0; 4],
        epilogue,
    };
    let judge = conv(builder.input(), "judge", Epilogue::bias("judge.b"));
    let judge = builder.add("judge", judge).unwrap();
    let last = builder.add("last", conv(judge, "last", Epilogue::default())).unwrap();
    builder.output("score", last).unwrap();
    builder.finish().unwrap()
}

#[test]
fn a_discriminator_tells_what_it_makes_of_the_picture_and_of_changes() {
    let judge = |graph: &Graph, picture: &Array| {
        twin::run(graph, picture).unwrap().remove("score").unwrap().into_data()
    };
    let picture = twin::run(&generator(), &latents(1)).unwrap().remove("image").unwrap();
    let change = taken_out("judge", 1);
    for kind in engines() {
        let mut inspector = Inspector::new(kind, gpu().cloned());
        let mut look = look(Side::Discriminator, "judge", Vec::new());
        look.discriminator = Some(discriminator());
        let seen = inspector.look(&look, &Watch::default()).unwrap();
        let judged = seen.judged.expect("a score");
        assert_eq!((judged.before.shape(), judged.map()), (&[1, 3, 2][..], Some([3, 2])), "{kind}");
        let plain = judge(&discriminator(), &picture);
        assert_close(judged.before.data(), &plain, Tolerance::ENGINE);
        assert_eq!(judged.after, None, "nothing is changed");
        assert_eq!(seen.node.expect("the node").values.shape(), [2, 3, 2], "its values");
        look.changes = vec![change.clone()];
        let judged = inspector.look(&look, &Watch::default()).unwrap().judged.expect("scores");
        assert_close(judged.before.data(), &plain, Tolerance::ENGINE);
        let changed = discriminator().perturbed(std::slice::from_ref(&change)).unwrap();
        let after = judged.after.expect("with the change");
        assert_close(after.data(), &judge(&changed, &picture), Tolerance::ENGINE);
        assert!(first_difference(after.data(), &plain, Tolerance::ENGINE).is_some(), "it shows");
        // A picture of one's own, in the range of the model's.
        let own = array(&[1, 5, 4], &noise(52, 20));
        look.picture = Some(own.clone());
        let own = ValueRange::SIGNED.images_from_unit(&own).reshaped([1, 1, 5, 4]).unwrap();
        let judged = inspector.look(&look, &Watch::default()).unwrap().judged.expect("scores");
        assert_close(judged.before.data(), &judge(&discriminator(), &own), Tolerance::ENGINE);
        let measured = inspector.measure(&look, &Watch::default()).unwrap();
        assert_eq!(measured.spreads["judge"].dead, 1, "the one that is taken out");
        look.discriminator = None;
        look.weights = 2;
        assert!(inspector.look(&look, &Watch::default()).is_err(), "there is none");
    }
}

#[test]
fn all_nodes_are_measured() {
    for kind in engines() {
        let mut inspector = Inspector::new(kind, gpu().cloned());
        let change = taken_out("conv", 0);
        let look = look(Side::Decoder, "conv", vec![change]);
        let measured = inspector.measure(&look, &Watch::default()).unwrap();
        let names: Vec<&str> = measured.spreads.keys().map(String::as_str).collect();
        assert_eq!(names, ["conv", "fc", "input", "norm", "out", "planes"], "{kind}");
        let conv = measured.spreads["conv"];
        assert_eq!((conv.channels, conv.dead), (2, 1), "after the change");
        if kind != EngineKind::Twin {
            let total: f64 = measured.secs.values().sum();
            assert!(total > 0.0 && total < 10.0, "{kind}: {total} s");
            assert!(measured.secs.values().all(|secs| *secs >= 0.0), "{:?}", measured.secs);
        }
        let stopped = inspector.measure(&look, &Watch::new(|_| false)).unwrap_err();
        assert_eq!(stopped.to_string(), "stopped before it was done", "gives way");
    }
}

#[test]
fn a_trace_tells_every_value_of_a_run() {
    let (graph, input) = (generator(), latents(2));
    let mut told = Vec::new();
    trace(&graph, &input, &Watch::default(), &mut |node| {
        assert!(node.secs >= 0.0, "a time");
        told.push((node.index, node.values.to_vec()));
    })
    .unwrap();
    let indices: Vec<usize> = told.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, (0..graph.nodes().len()).collect::<Vec<_>>(), "every node, in order");
    let expected = twin::run(&graph, &input).unwrap();
    let image = graph.output("image").unwrap().index();
    assert_close(&told[image].1, expected["image"].data(), Tolerance::ENGINE);
    assert!(trace(&graph, &Array::zeros([1, 4]), &Watch::default(), &mut |_| {}).is_err(), "shape");
}

#[test]
fn devices_with_a_clock_tell_the_time_of_every_node() {
    let Some(gpu) = gpu() else { return };
    let graph = generator();
    let mut runner = Runner::new(EngineKind::Wgsl, &graph, Some(gpu)).unwrap();
    let Some(secs) = runner.node_secs(&latents(1)).unwrap() else {
        let has = gpu.device().features().contains(wgpu::Features::TIMESTAMP_QUERY);
        assert!(!has, "a device with a clock tells");
        return;
    };
    assert_eq!(secs.len(), graph.nodes().len(), "one for each node");
    assert_eq!((secs[0], secs[2]), (0.0, 0.0), "the input and a reshape take none");
    assert!(secs.iter().all(|secs| (0.0..1.0).contains(secs)), "{secs:?}");
    assert!(secs.iter().sum::<f64>() > 0.0, "something takes time: {secs:?}");
    let mut cpu = Runner::new(EngineKind::Cpu, &graph, None).unwrap();
    assert_eq!(cpu.node_secs(&latents(1)).unwrap(), None, "the CPU engine is timed by traces");
}

#[test]
fn spreads_by_hand() {
    let spread = Spread::of(&[1.0, 3.0, f32::NAN, 5.0, f32::INFINITY]);
    assert_eq!((spread.mean, spread.min, spread.max, spread.not_finite), (3.0, 1.0, 5.0, 2), "all");
    assert!((spread.deviation - (8.0f32 / 3.0).sqrt()).abs() < 1e-6, "{}", spread.deviation);
    assert_eq!(Spread::of(&[]), Spread::default(), "of nothing");
    let spread = Spread::of(&[-4.0, 1.0]);
    assert_close(&[spread.magnitude()], &[4.0], Tolerance::TIGHT);
    let node = NodeSpread::of(&[0.0, 0.0, 2.0, 2.0, 1.0, 2.0], 3);
    assert_eq!((node.channels, node.dead), (3, 2), "one value everywhere, zero or not");
    assert_eq!(NodeSpread::of(&[0.0, 2.0, 0.0], 3).dead, 2, "entries that are zero");
    assert_eq!(NodeSpread::of(&[f32::NAN, f32::NAN], 1).dead, 0, "no number is another trouble");
}

#[test]
fn what_is_saved_of_a_node() {
    let mut inspector = Inspector::new(EngineKind::Cpu, None);
    let seen = inspector.look(&look(Side::Decoder, "norm", Vec::new()), &Watch::default()).unwrap();
    let named = named_values(&seen.node.unwrap());
    let names: Vec<&str> = named.keys().map(String::as_str).collect();
    assert_eq!(names, ["deviation", "max", "mean", "min", "values"], "values and spreads");
    assert_eq!(named["values"].shape(), [2, 5, 4], "the node's shape");
    assert_eq!(named["mean"].shape(), [2], "one for each channel");
}
