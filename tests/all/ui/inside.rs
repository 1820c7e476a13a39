//! The view of layers: what is chosen, changed and saved by hand, keyboard and screen reader.

use std::sync::Arc;

use eframe::egui;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use zscope::array::Array;
use zscope::graph::Perturbation;
use zscope::metrics::{NodeSpread, channel_spreads};
use zscope::session::inside::{Inside, Judged, Measured, Seen, SeenNode, Side};
use zscope::ui::inside::shades::{Colours, Look, Scaling, maps, sheet};
use zscope::ui::{Command, Pane};

use crate::common::{Tolerance, assert_close};

use super::window::{SIZES, Window, asked, is_enabled, nodes, press, says};
use crate::inside::generator;

/// A window that looks at `conv`, of 2 × 5 × 4 values.
fn looking() -> Window {
    let mut window = Window::full(3);
    window.view.dock.show(Pane::Layers);
    window.inside.show(Some(&generator()), &[Side::Encoder]);
    window.inside.choose("conv");
    see(&mut window.inside, "conv", Array::new([2, 5, 4], values()).unwrap());
    let mut measured = Measured { engine: "CPU (Flex)".to_owned(), ..Measured::default() };
    measured.spreads.insert("conv".to_owned(), NodeSpread::of(&values(), 2));
    measured.secs.insert("conv".to_owned(), 12e-6);
    window.inside.take_measured(Arc::new(measured));
    window
}

fn values() -> Vec<f32> {
    (0..40).map(|index| if index < 20 { index as f32 - 10.0 } else { 0.5 }).collect()
}

fn see(inside: &mut Inside, name: &str, values: Array) {
    let channels = zscope::session::inside::channels(values.shape());
    let spreads = channel_spreads(values.data(), channels);
    let node = Some(SeenNode { name: name.to_owned(), values, spreads });
    inside.take_seen(Arc::new(Seen { side: inside.side(), node, ..Seen::default() }));
}

/// Scenes that fill the view in different ways.
pub fn scenes() -> Vec<(&'static str, Window)> {
    let mut changed = looking();
    for channel in [None, Some(0), Some(1)] {
        let (node, scale, shift) = ("conv".to_owned(), 0.5, 0.25);
        changed.inside.change(Perturbation { node, channel, scale, shift });
    }
    changed.pictures.changed = changed.pictures.main;
    let mut vector = looking();
    vector.inside.choose("fc");
    see(&mut vector.inside, "fc", Array::new([40], vec![0.5; 40]).unwrap());
    vec![
        ("layers", looking()),
        ("changes in layers", changed),
        ("a vector in layers", vector),
        ("patches of a discriminator", judging(&[1, 2, 3], &[0.5, -1.0, 2.0, 0.0, 1.0, 0.5])),
    ]
}

/// A window that looks into a discriminator, whose score before and after a change is that.
fn judging(shape: &[usize], score: &[f32]) -> Window {
    let mut window = looking();
    window.inside.look_into(Side::Discriminator);
    window.inside.show(Some(&generator()), &[Side::Encoder, Side::Discriminator]);
    window.inside.choose("conv");
    let (node, channel) = ("conv".to_owned(), Some(1));
    window.inside.change(Perturbation { node, channel, scale: 0.0, shift: 0.0 });
    let before = Array::new(shape, score.to_vec()).unwrap();
    let doubled: Vec<f32> = score.iter().map(|score| 2.0 * score).collect();
    let judged = Judged { before, after: Some(Array::new(shape, doubled).unwrap()) };
    let seen = Seen { side: Side::Discriminator, judged: Some(judged), ..Seen::default() };
    window.inside.take_seen(Arc::new(seen));
    window.pictures.unchanged = window.pictures.main;
    window.pictures.changed = window.pictures.main;
    window
}

#[test]
fn a_discriminator_is_offered_where_there_is_one() {
    let mut harness = looking().open(LARGE);
    asked(&mut harness);
    assert!(!says(&harness, "Discriminator"), "an autoencoder has none");
    let mut window = looking();
    window.inside.show(Some(&generator()), &[Side::Discriminator]);
    let mut harness = window.open(LARGE);
    asked(&mut harness);
    let commands = press(&mut harness, "Discriminator");
    assert_eq!(commands, [Command::LookInto(Side::Discriminator)], "chosen");
    assert!(!is_enabled(&harness, "Encoder"), "this model has none");
}

#[test]
fn a_discriminator_tells_scores() {
    let mut harness = judging(&[1], &[-1.5]).open(LARGE);
    asked(&mut harness);
    assert!(says(&harness, "score -1.5") || says(&harness, "score −1.5"), "without changes");
    assert!(says(&harness, "score -3") || says(&harness, "score −3"), "with them");
    assert!(!says(&harness, "Scores of patches"), "one number has no map");
    harness.state_mut().inside.unchange_all();
    asked(&mut harness);
    assert!(says(&harness, "the score that comes of it"), "what will be here");
    let mut harness = judging(&[1, 2, 3], &[0.5, -1.0, 2.0, 0.0, 1.0, 0.5]).open(LARGE);
    asked(&mut harness);
    assert!(says(&harness, "mean score 0.5"), "of six patches");
    assert!(says(&harness, "Scores of patches without changes"), "their map");
    assert!(says(&harness, "Scores of patches with changes"), "and what comes of the change");
}

#[test]
fn scores_of_patches_share_a_range_of_colours() {
    let map = |values: &[f32]| Array::new([1, 1, 2], values.to_vec()).unwrap();
    let judged = Judged { before: map(&[-1.0, 1.0]), after: Some(map(&[4.0, 0.0])) };
    let [before, after] = maps(&judged).expect("two patches");
    assert_eq!((before.size, after.size), ([2, 1], [2, 1]), "a pixel for each patch");
    let colour = |value: f32| Look::default().colour(value, [-4.0, 4.0]);
    assert_eq!(before.pixels, [colour(-1.0), colour(1.0)], "of the greater range");
    assert_eq!(after.pixels, [colour(4.0), colour(0.0)], "which both have");
    let single = Judged { before: Array::filled([1], 0.5), after: None };
    assert!(maps(&single).is_none(), "a score is no map");
}

/// The window as large as a view of its own would be.
const LARGE: [f32; 2] = [1920.0, 1400.0];

fn channel_image<'a>(harness: &'a Harness<'_, Window>) -> egui_kittest::Node<'a> {
    harness.get_by_role_and_label(Role::Image, "Channels of the node")
}

#[test]
fn every_size_has_room_for_it() {
    for size in [SIZES[0], SIZES[1], LARGE] {
        let mut harness = looking().open(size);
        harness.run_ok();
        assert!(says(&harness, "Channels of the node"), "channels at {size:?}");
    }
    let mut empty = Window::full(3);
    empty.view.dock.show(Pane::Layers);
    let mut harness = empty.open(SIZES[0]);
    harness.run_ok();
    assert!(says(&harness, "The layers of a model"), "what will be here");
}

#[test]
fn nodes_are_chosen_by_hand_and_keyboard() {
    let mut harness = looking().open(LARGE);
    let label = "norm: norm of 1 groups, silu, 2×5×4";
    let commands = press(&mut harness, label);
    assert_eq!(commands, [Command::LookAt("norm".to_owned())], "clicked");
    harness.get_by_role_and_label(Role::ListBox, "Nodes of the network").focus();
    asked(&mut harness);
    harness.key_press(egui::Key::ArrowDown);
    let commands = asked(&mut harness);
    assert_eq!(commands, [Command::LookAt("out".to_owned())], "the next one");
    harness.key_press(egui::Key::ArrowUp);
    let commands = asked(&mut harness);
    assert_eq!(commands, [Command::LookAt("norm".to_owned())], "the one before");
    let commands = press(&mut harness, "Encoder");
    assert_eq!(commands, [Command::LookInto(Side::Encoder)], "the other network");
    harness.state_mut().inside.show(Some(&generator()), &[]);
}

#[test]
fn channels_are_chosen_and_changed() {
    let mut harness = looking().open(LARGE);
    asked(&mut harness);
    assert!(!is_enabled(&harness, "Channel …"), "none is chosen yet");
    let commands = press(&mut harness, "Take these values out");
    let whole = Perturbation { node: "conv".to_owned(), channel: None, scale: 0.0, shift: 0.0 };
    assert_eq!(commands, [Command::Perturb(whole)], "the whole node without a channel");
    channel_image(&harness).focus();
    asked(&mut harness);
    harness.key_press(egui::Key::ArrowRight);
    asked(&mut harness);
    harness.key_press(egui::Key::ArrowRight);
    asked(&mut harness);
    let told = channel_image(&harness).accesskit_node().value();
    assert_eq!(told.as_deref(), Some("conv: channel 1"), "arrows lead to the second");
    let commands = press(&mut harness, "Take these values out");
    let change = Perturbation { node: "conv".to_owned(), channel: Some(1), scale: 0.0, shift: 0.0 };
    assert_eq!(commands, [Command::Perturb(change.clone())], "the channel");
    harness.state_mut().inside.change(change);
    asked(&mut harness);
    assert!(says(&harness, "1 change"), "it is listed");
    assert_eq!(press(&mut harness, "Take this change back"), [Command::Unperturb(0)], "taken back");
    let label = "Take back the change of conv · 1";
    assert_eq!(press(&mut harness, label), [Command::Unperturb(0)], "from the list too");
    assert_eq!(press(&mut harness, "Reset all"), [Command::UnperturbAll], "all of them");
}

#[test]
fn a_slider_back_where_it_was_takes_the_change_back() {
    let mut window = looking();
    window.inside.change(Perturbation {
        node: "conv".to_owned(),
        channel: None,
        scale: 0.5,
        shift: 0.0,
    });
    let mut harness = window.open(LARGE);
    asked(&mut harness);
    let factor = |harness: &Harness<'_, Window>, value: f64| {
        let found = nodes(harness).into_iter().find(|node| {
            let node = node.accesskit_node();
            node.role() == Role::Slider && node.label().as_deref() == Some("Factor")
        });
        found.expect("the factor").set_value_accesskit(value);
    };
    factor(&harness, 1.0);
    assert_eq!(asked(&mut harness), [Command::Unperturb(0)], "a factor of one changes nothing");
    factor(&harness, 2.0);
    let change = Perturbation { node: "conv".to_owned(), channel: None, scale: 2.0, shift: 0.0 };
    assert_eq!(asked(&mut harness), [Command::Perturb(change)], "another factor");
}

#[test]
fn vectors_are_bars() {
    let mut window = looking();
    window.inside.choose("fc");
    let values = (0..40).map(|index| (index as f32 * 0.7).sin()).collect();
    see(&mut window.inside, "fc", Array::new([40], values).unwrap());
    let mut harness = window.open(LARGE);
    asked(&mut harness);
    assert!(says(&harness, "40 entries"), "a vector");
    channel_image(&harness).focus();
    asked(&mut harness);
    harness.key_press(egui::Key::ArrowRight);
    asked(&mut harness);
    assert!(says(&harness, "entry 1: 0.64"), "its second entry");
}

#[test]
fn many_channels_fall_into_pages() {
    let mut window = looking();
    let graph = {
        use zscope::graph::{GraphBuilder, Op};
        let none = zscope::array::NamedArrays::new();
        let mut builder = GraphBuilder::new(&[4096, 4, 4], &none).unwrap();
        let input = builder.input();
        let value = builder.add("many", Op::Affine { input, scale: 1.0, shift: 0.0 }).unwrap();
        builder.output("image", value).unwrap();
        builder.finish().unwrap()
    };
    window.inside.show(Some(&graph), &[]);
    window.inside.choose("many");
    see(&mut window.inside, "many", Array::zeros([4096, 4, 4]));
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    assert!(says(&harness, "channels 0 to "), "the first page");
    let next = "The next channels. The wheel turns pages too.";
    press(&mut harness, next);
    assert!(!says(&harness, "channels 0 to "), "the second page");
    assert!(is_enabled(&harness, "The channels before. The wheel turns pages too."), "and back");
}

#[test]
fn values_become_colours_by_hand() {
    let look = Look::default();
    let spread = zscope::metrics::Spread::of(&[-1.0, 4.0]);
    let all = zscope::metrics::Spread::of(&[-8.0, 2.0]);
    assert_close(&look.window(&spread, &all), &[-4.0, 4.0], Tolerance::TIGHT);
    let grey = Look { colours: Colours::Grey, ..look };
    assert_close(&grey.window(&spread, &all), &[-1.0, 4.0], Tolerance::TIGHT);
    let node = Look { scaling: Scaling::Node, ..look };
    assert_close(&node.window(&spread, &all), &[-8.0, 8.0], Tolerance::TIGHT);
    let fixed = Look { scaling: Scaling::Fixed, reach: 3.0, gain_db: 20.0, ..look };
    let [low, high] = fixed.window(&spread, &all);
    assert!((low + 0.3).abs() < 1e-6 && (high - 0.3).abs() < 1e-6, "20 dB are a factor of ten");
    let colour = |value: f32| look.colour(value, [-4.0, 4.0]).to_array();
    let [blue, zero, orange] = [colour(-4.0), colour(0.0), colour(4.0)];
    assert!(blue[2] > blue[0] && orange[0] > orange[2], "blue below, orange above");
    assert!(zero[..3].iter().all(|level| *level < 20), "dark at zero: {zero:?}");
    assert_eq!(colour(100.0), orange, "clamped");
    assert_ne!(colour(f32::NAN), zero, "no number stands out");
    assert_eq!(grey.colour(2.0, [2.0, 2.0]), grey.colour(0.5, [0.0, 1.0]), "all the same");
    assert_eq!(grey.colour(1.0, [0.0, 1.0]).to_array(), [255; 4], "white at the top");
}

#[test]
fn a_sheet_shows_each_channel_in_its_place() {
    let data = (0..3).flat_map(|channel| vec![channel as f32; 8]).collect();
    let values = Array::new([3, 2, 4], data).unwrap();
    let spreads = channel_spreads(values.data(), 3);
    let node = SeenNode { name: "n".to_owned(), values, spreads };
    let look = Look { colours: Colours::Grey, scaling: Scaling::Node, ..Look::default() };
    let image = sheet(&node, look, [0, 3], 2, [4, 2]);
    assert_eq!(image.size, [8, 4], "two columns, two rows");
    let level = |x: usize, y: usize| image.pixels[y * 8 + x].to_array();
    assert_eq!(level(0, 0), [0, 0, 0, 255], "the lowest is black");
    assert_eq!(level(7, 1), [128, 128, 128, 255], "the second, right");
    assert_eq!(level(0, 2), [255; 4], "the third, below");
    assert_eq!(level(7, 3), [0; 4], "there is no fourth");
    let later = sheet(&node, look, [2, 1], 1, [2, 1]);
    assert_eq!((later.size, later.pixels[0].to_array()), ([2, 1], [255; 4]), "smaller tiles");
}
