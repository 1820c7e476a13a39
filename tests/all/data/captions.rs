//! The grammar of captions, its parser, and combinations that training does not see.

use std::collections::BTreeSet;

use zscope::data::shapes::{
    Attribute, CaptionFactors, NUM_FORMS, ShapeFactors, caption_in_form, parse_caption,
    varied_caption,
};
use zscope::data::{Dataset, Split};

use super::opened;
use crate::common::assert_says;

const CORNER: ShapeFactors =
    ShapeFactors { shape: 2, colour: 1, background: 3, size: 0.13, angle: 0.0, x: 0.34, y: 0.34 };

/// A picture of each value of every attribute, in turn.
fn picture(number: usize) -> ShapeFactors {
    let middle = |third: usize, (lo, hi): (f32, f32)| lo + (hi - lo) * (third as f32 + 0.5) / 3.0;
    ShapeFactors {
        shape: number % 6,
        colour: number % 8,
        background: number % 5,
        size: middle(number % 3, (0.13, 0.24)),
        angle: 0.0,
        x: middle(number % 3, (0.33, 0.67)),
        y: middle(number / 3 % 3, (0.33, 0.67)),
    }
}

fn values(named: &CaptionFactors) -> [Option<usize>; 5] {
    Attribute::ALL.map(|attribute| named.get(attribute))
}

#[test]
fn every_sentence_is_read_back() {
    let (mut sentences, mut read) = (BTreeSet::new(), 0);
    for form in 0..NUM_FORMS {
        for number in 0..360 {
            // Wordings in all combinations of a few places in the sentence: the n-th is the turn-th of its choices.
            for turn in 0..4 {
                let mut at = turn;
                let factors = picture(number);
                let (caption, named) = caption_in_form(&factors, form, &mut |of| {
                    at = at * 5 + number + 1;
                    at % of
                });
                assert_eq!(parse_caption(&caption).as_ref(), Ok(&named), "{caption:?}");
                let all = CaptionFactors::of(&factors);
                for attribute in Attribute::ALL {
                    let value = named.get(attribute);
                    assert!(value.is_none() || value == all.get(attribute), "{caption:?}");
                }
                assert!(!caption.contains(['{', '}']), "{caption:?}");
                sentences.insert(caption);
                read += 1;
            }
        }
    }
    assert!(sentences.len() > 8000, "{} different of {read}", sentences.len());
}

#[test]
fn most_forms_name_everything_and_all_name_shape_and_colour() {
    let named: Vec<CaptionFactors> =
        (0..NUM_FORMS).map(|form| caption_in_form(&CORNER, form, &mut |_| 0).1).collect();
    let complete = named.iter().filter(|named| named.num_named() == 5).count();
    assert!(complete >= 10, "{complete} forms");
    assert!(complete < NUM_FORMS, "some leave causes out");
    for named in named {
        assert_eq!((named.get(Attribute::Shape), named.get(Attribute::Colour)), (Some(2), Some(1)));
    }
}

#[test]
fn sentences_by_hand() {
    let mut first = |_| 0;
    let mut last = |of: usize| of - 1;
    assert_eq!(caption_in_form(&CORNER, 0, &mut first).0, CORNER.caption(), "the plain form");
    assert_eq!(
        caption_in_form(&CORNER, 3, &mut last).0,
        "a tangerine three-sided shape, tiny, near the upper left corner, on a navy blue background"
    );
    let emerald = ShapeFactors { colour: 3, ..CORNER };
    assert_eq!(caption_in_form(&emerald, 12, &mut last).0, "an emerald three-sided shape");
}

#[test]
fn captions_are_read_whatever_their_case_space_and_order() {
    let plain = parse_caption("a small red triangle on navy, top left").expect("known words");
    assert_eq!(values(&plain), [Some(2), Some(0), Some(3), Some(0), Some(0)]);
    for text in [
        "  A SMALL\tRed\n triangle on NAVY , Top-Left. ",
        "Top left: a triangle, red, small. Background: navy.",
        "on navy, small red triangle in the upper left corner",
        "a dark blue picture with a tiny scarlet wedge at the upper left",
    ] {
        assert_eq!(parse_caption(text).as_ref(), Ok(&plain), "{text:?}");
    }
    let said = |text: &str| values(&parse_caption(text).expect(text));
    assert_eq!(said(""), [None; 5]);
    assert_eq!(said("a ring"), [Some(5), None, None, None, None]);
    assert_eq!(said("center"), [None, None, None, None, Some(4)]);
    assert_eq!(said("dark gray"), [None, None, Some(4), None, None]);
    assert_eq!(said("blue on dark blue"), [None, Some(5), Some(3), None, None]);
    assert_eq!(said("to the left side"), [None, None, None, None, Some(3)]);
}

#[test]
fn what_is_no_caption_of_shapes_says_why() {
    for (text, words) in [
        ("a small brown cat on navy, a cat", &["brown, cat", "circle", "red", "white"][..]),
        ("一个红色的三角形", &["一个红色的三角形"]),
        ("a red 🔴 circle", &["🔴"]),
        ("a gray ring", &["grey"]),
        ("مثلث أحمر", &["مثلث, أحمر"]),
        ("a red blue circle", &["\"red\" and \"blue\"", "one colour"]),
        ("a circle and a ring", &["\"circle\" and \"ring\"", "one shape"]),
        ("red circle on a blue background", &["\"blue\" as a background", "white, cream"]),
        ("a circle against pink", &["\"pink\" as a background"]),
        ("a white circle", &["\"white\" as a colour of a shape", "red, orange"]),
        ("a navy small star", &["\"navy\" as a colour of a shape"]),
    ] {
        let message = parse_caption(text).expect_err(text).to_string();
        assert_says(&message, words);
    }
    let long =
        "word ".repeat(10_000) + &(0..1000).map(|i| format!("w{i}")).collect::<Vec<_>>().join(" ");
    let message = parse_caption(&long).expect_err("unknown").to_string();
    assert!(message.len() < 500, "a long caption gives a short message: {message:?}");
}

#[test]
fn varied_captions_depend_on_seed_and_index_only() {
    let varied = opened("shapes?captions=varied&train=40&test=20").expect("shapes");
    let again = opened("shapes?captions=varied&train=4000&test=20&size=64").expect("shapes");
    let plain = opened("shapes?train=40&test=20").expect("shapes");
    let all = |set: &dyn Dataset, split| {
        (0..20).map(|index| set.caption(split, index).expect("caption")).collect::<Vec<String>>()
    };
    for split in [Split::Train, Split::Test] {
        assert_eq!(all(&*varied, split), all(&*again, split), "whatever the counts and sizes");
        assert_ne!(all(&*varied, split), all(&*plain, split), "not the plain form");
        for index in 0..20 {
            let plain = plain.caption(split, index).expect("caption");
            let plain = parse_caption(&plain).expect("the plain form is in the grammar");
            let caption = varied.caption(split, index).expect("caption");
            let named = parse_caption(&caption).expect("the grammar's own");
            for attribute in Attribute::ALL {
                let value = named.get(attribute);
                assert!(value.is_none() || value == plain.get(attribute), "{caption:?}");
            }
        }
    }
    let captions: BTreeSet<String> =
        (0..500).map(|index| varied_caption(&CORNER, 1, index)).collect();
    assert!(captions.len() > 300, "{} ways to tell of one picture", captions.len());
    assert_ne!(varied_caption(&CORNER, 1, 0), varied_caption(&CORNER, 2, 0), "another seed");
}

/// The pairs of shape and colour of a part, and those that are told to be held out.
fn pairs(set: &dyn Dataset, split: Split) -> (BTreeSet<[u32; 2]>, BTreeSet<[u32; 2]>) {
    let (mut all, mut held_out) = (BTreeSet::new(), BTreeSet::new());
    for index in 0..set.len(split) {
        let values = set.factor_values(split, index).expect("factors");
        let pair = [values[0] as u32, values[1] as u32];
        all.insert(pair);
        if set.is_held_out(split, index) {
            held_out.insert(pair);
        }
    }
    (all, held_out)
}

#[test]
fn training_never_sees_what_is_held_out() {
    for (count, seed) in [(0, 0), (1, 0), (6, 1), (12, 0), (24, 0), (24, 1), (24, 2), (24, 3)] {
        let text = format!("shapes?hold_out={count}&seed={seed}&train=5000&test=5000");
        let set = opened(&text).expect("shapes");
        let (train, in_train) = pairs(&*set, Split::Train);
        let (test, in_test) = pairs(&*set, Split::Test);
        assert_eq!((train.len(), test.len()), (48 - count, 48), "{text}");
        assert_eq!((in_train.len(), in_test.len()), (0, count), "{text}");
        assert!(in_test.is_disjoint(&train), "{text}");
        let seen = |at: usize| train.iter().map(|pair| pair[at]).collect::<BTreeSet<u32>>().len();
        assert_eq!((seen(0), seen(1)), (6, 8), "every shape and every colour is seen: {text}");
    }
    let held_out = |seed: u32| {
        let text = format!("shapes?hold_out=12&train=10&test=3000&seed={seed}");
        pairs(&*opened(&text).expect("shapes"), Split::Test).1
    };
    assert_ne!(held_out(0), held_out(1), "the seed chooses");
    assert!(
        !opened("shapes").expect("shapes").is_held_out(Split::Test, 0),
        "nothing is held out unless asked"
    );
}

#[test]
fn what_is_not_held_out_stays_as_it_was() {
    let whole = opened("shapes?train=300&test=300").expect("shapes");
    let part = opened("shapes?train=300&test=300&hold_out=12").expect("shapes");
    let factors =
        |set: &dyn Dataset, split, index| set.factor_values(split, index).expect("shapes");
    let mut changed = 0;
    for index in 0..300 {
        let (before, after) =
            (factors(&*whole, Split::Train, index), factors(&*part, Split::Train, index));
        assert_eq!(before[2..], after[2..], "only shape and colour change");
        changed += usize::from(before != after);
        assert_eq!(
            factors(&*whole, Split::Test, index),
            factors(&*part, Split::Test, index),
            "the test part is the same"
        );
    }
    assert!((40..110).contains(&changed), "a quarter of 300 images changes: {changed}");
}
