//! What a session keeps of looking inside and of the window's pace.

use std::sync::Arc;

use zscope::graph::Perturbation;
use zscope::metrics::NodeSpread;
use zscope::session::inside::{Inside, MOST_CHANGES, Measured, Seen, Side, channels, plane};
use zscope::session::pace::Pace;

use super::generator;
use super::looking::encoder;

fn inside() -> Inside {
    let mut inside = Inside::default();
    inside.show(Some(&generator()), &[Side::Encoder]);
    inside
}

fn change(node: &str, channel: Option<usize>, scale: f32) -> Perturbation {
    Perturbation { node: node.to_owned(), channel, scale, shift: 0.0 }
}

#[test]
fn nodes_are_listed_and_one_is_chosen() {
    let mut inside = inside();
    let names: Vec<&str> = inside.lines().iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["input", "fc", "planes", "norm", "conv", "out"], "in their order");
    let share: f32 = inside.lines().iter().map(|line| line.share).sum();
    assert!((share - 1.0).abs() < 1e-5, "shares of one whole: {share}");
    assert!(inside.chosen().is_some(), "something is looked at from the start");
    inside.choose("fc");
    inside.choose("nowhere");
    assert_eq!(inside.chosen(), Some("fc"), "what is not there is not chosen");
    inside.show(Some(&generator()), &[Side::Encoder]);
    assert_eq!(inside.chosen(), Some("fc"), "newer weights change nothing");
    let smaller = generator().part(&[("image", generator().find("planes").unwrap())]).unwrap();
    inside.change(change("conv", Some(0), 0.0));
    inside.change(change("fc", Some(0), 0.0));
    inside.show(Some(&smaller), &[Side::Encoder]);
    assert_eq!(inside.chosen(), Some("fc"), "it is still there");
    assert_eq!(inside.changes(), [change("fc", Some(0), 0.0)], "conv is gone");
}

#[test]
fn each_network_has_its_own_choice_and_changes() {
    let mut inside = inside();
    inside.choose("conv");
    inside.change(change("conv", Some(1), 0.0));
    inside.look_into(Side::Encoder);
    assert!(inside.lines().is_empty(), "until they come");
    inside.show(Some(&encoder()), &[Side::Encoder]);
    assert_eq!(inside.changes(), [], "none there");
    inside.choose("mean");
    inside.look_into(Side::Decoder);
    inside.show(Some(&generator()), &[Side::Encoder]);
    assert_eq!(inside.chosen(), Some("conv"), "as it was left");
    assert_eq!(inside.changes().len(), 1, "so are its changes");
    let seen = Seen { side: Side::Encoder, ..Seen::default() };
    inside.take_seen(Arc::new(seen));
    assert!(inside.seen().is_none(), "what was seen elsewhere is not shown here");
}

#[test]
fn networks_are_offered_that_are_there() {
    let mut inside = inside();
    let there = |inside: &Inside| {
        [Side::Decoder, Side::Encoder, Side::Discriminator].map(|side| inside.has(side))
    };
    assert_eq!(there(&inside), [true, true, false], "an autoencoder");
    inside.show(Some(&generator()), &[Side::Discriminator]);
    assert_eq!(there(&inside), [true, false, true], "the same network, of another model");
    inside.look_into(Side::Discriminator);
    inside.show(Some(&encoder()), &[Side::Discriminator]);
    inside.change(change("mean", Some(1), 0.0));
    inside.look_into(Side::Decoder);
    assert_eq!(inside.changes(), [], "each has its own");
    inside.forget();
    assert_eq!(there(&inside), [true, false, false], "before there is a model");
}

#[test]
fn changes_replace_each_other_and_are_bounded() {
    let mut inside = inside();
    inside.change(change("conv", Some(1), 0.5));
    inside.change(change("conv", Some(1), 0.25));
    inside.change(change("conv", None, 2.0));
    assert_eq!(inside.changes().len(), 2, "one for the channel, one for the whole");
    assert_eq!(inside.changes()[0], change("conv", Some(1), 0.25), "the newest strength");
    for wrong in
        [change("conv", Some(2), 0.0), change("x", None, 0.0), change("fc", None, f32::NAN)]
    {
        inside.change(wrong);
    }
    assert_eq!(inside.changes().len(), 2, "what does not fit is left out");
    for channel in 0..40 {
        inside.change(change("fc", Some(channel), 0.0));
    }
    assert_eq!(inside.changes().len(), MOST_CHANGES, "no more than these");
    assert!(generator().perturbed(inside.changes()).is_ok(), "all of them can be made");
    inside.unchange(0);
    inside.unchange(1000);
    assert_eq!(inside.changes().len(), MOST_CHANGES - 1, "one is taken back");
    inside.unchange_all();
    assert_eq!(inside.changes(), [], "all are");
}

#[test]
fn the_table_of_nodes_has_a_row_for_each() {
    let mut inside = inside();
    let cells = |inside: &Inside| -> Vec<usize> {
        inside.to_csv().lines().map(|line| line.split(',').count()).collect()
    };
    // Commas in quoted operations count too.
    assert_eq!(inside.to_csv().lines().count(), 7, "a heading and six nodes");
    assert!(
        cells(&inside).iter().all(|cells| *cells >= 13),
        "thirteen columns: {:?}",
        cells(&inside)
    );
    let mut measured = Measured::default();
    measured.spreads.insert("fc".to_owned(), NodeSpread::of(&[1.0, 0.0], 2));
    measured.secs.insert("fc".to_owned(), 0.5);
    inside.take_measured(Arc::new(measured));
    let csv = inside.to_csv();
    assert!(csv.contains("0.5,0.5,0,1,1,2,1,0.5"), "what was measured: {csv}");
}

#[test]
fn what_is_dead_is_told_of_the_node_that_is_looked_at() {
    let mut inside = inside();
    inside.choose("fc");
    let mut measured = Measured::default();
    measured.spreads.insert("fc".to_owned(), NodeSpread::of(&[1.0, 0.0], 2));
    inside.take_measured(Arc::new(measured.clone()));
    assert_eq!(inside.dead_in_all(1), None, "one picture alone");
    measured.images = 17;
    measured.dead.insert("fc".to_owned(), vec![false, true]);
    inside.take_measured(Arc::new(measured));
    assert_eq!(inside.dead_in_all(0), Some((false, 17)), "alive");
    assert_eq!(inside.dead_in_all(1), Some((true, 17)), "dead");
    assert_eq!(inside.dead_in_all(2), None, "no such channel");
    assert!(inside.to_csv().contains(",1,2,17,"), "in how many: {}", inside.to_csv());
    inside.choose("conv");
    assert_eq!(inside.dead_in_all(0), None, "another node");
}

#[test]
fn shapes_fall_into_channels() {
    assert_eq!((channels(&[7]), plane(&[7])), (7, [1, 1]), "a vector");
    assert_eq!((channels(&[3, 4, 5]), plane(&[3, 4, 5])), (3, [4, 5]), "planes");
    assert_eq!((channels(&[4, 5]), plane(&[4, 5])), (1, [4, 5]), "one plane");
}

#[test]
fn quantiles_of_frames_by_hand() {
    let mut pace = Pace::default();
    assert_eq!(pace.frame_quantile(0.5), None, "no frames yet");
    for ms in [3.0, 1.0, 2.0, 4.0, f32::NAN, -1.0] {
        pace.add_frame(ms);
    }
    assert_eq!(pace.frames(), 4, "what is no time is left out");
    assert_eq!(pace.frame_quantile(0.5), Some(2.0), "half took no longer");
    assert_eq!(pace.frame_quantile(0.95), Some(4.0), "nearly all");
    assert_eq!(pace.frame_quantile(0.0), Some(1.0), "the fastest");
    (0..1000).for_each(|_| pace.add_frame(7.0));
    assert_eq!((pace.frames(), pace.frame_quantile(0.0)), (240, Some(7.0)), "recent ones only");
    pace.set_decode(Some(f32::INFINITY));
    assert_eq!(pace.decode_secs(), None, "no time at all");
}
