//! The view of a prior that knows texts, by its accessible labels.

use eframe::egui;
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use zscope::graph::lower::prior::Order;
use zscope::sample::Words;
use zscope::session::prior::{Bits, Completions, Edit, Form, PriorAsk, PriorLine};
use zscope::ui::Pane;

use super::behaviour::painted;
use super::made_up::map;
use super::prior::{CODES, PLACES, asks, line, three};
use super::window::{SIZES, Window, asked, is_enabled, press, says};

const TOLD: &str =
    "a small red triangle on navy, at the top left of everything there is to be seen";

/// Attention of cell c to word w, in two layers.
fn words() -> Words {
    let names: Vec<String> = TOLD.split(' ').map(str::to_owned).collect();
    let share = |place: usize, word: usize, layer: usize| {
        if place % names.len() == (word + layer) % names.len() { 0.4 } else { 0.01 }
    };
    let layer = |layer: usize| -> Vec<f32> {
        let all = (0..PLACES).flat_map(|place| (0..names.len()).map(move |word| (place, word)));
        all.map(|(place, word)| share(place, word, layer)).collect()
    };
    let layers = vec![layer(0), layer(1)];
    Words { words: names, layers, codes: vec![vec![0.25; PLACES]; 2] }
}

fn window() -> Window {
    let mut window = Window::with_codes(CODES);
    window.prior.show(Some(PriorLine { knows_texts: true, ..line(Order::Raster, &[]) }));
    window.view.dock.show(Pane::Prior);
    let bits = vec![2.0; PLACES];
    let caption = Some(TOLD.to_owned());
    window.prior.take_bits(Some(Bits { codes: map(CODES, 17), bits, caption }));
    window
}

/// All that there can be.
fn full() -> Window {
    let mut window = window();
    window.prior.say("a red ring".to_owned());
    window.prior.go_towards("a large blue circle on white, right".to_owned());
    window.prior.say_but("blue".to_owned());
    window.prior.begin(None);
    window.prior.take_drawn(three(), 1.0);
    window.prior.end(vec![three()]);
    let edit = Edit { from: TOLD.to_owned(), to: TOLD.replace("red", "blue") };
    window.prior.end_edit(Some((edit, vec![3, 4, 11])));
    window.prior.take_words(Some(words()));
    window
}

/// The view as it can be, for tests of layout.
pub fn scenes() -> Vec<(&'static str, Window)> {
    vec![("a prior that knows texts", window()), ("texts and attention", full())]
}

/// What is asked when a text is typed into a field.
fn typed(harness: &mut Harness<'_, Window>, label: &str, text: &str) -> Vec<PriorAsk> {
    harness.get_by_role_and_label(Role::TextInput, label).focus();
    asked(harness);
    harness.get_by_role_and_label(Role::TextInput, label).type_text(text);
    asks(asked(harness))
}

#[test]
fn texts_are_typed() {
    let mut harness = window().open(SIZES[0]);
    asked(&mut harness);
    let said = |text: &str| text.to_owned();
    assert_eq!(typed(&mut harness, "Draw of", "ring"), [PriorAsk::Say(said("ring"))]);
    assert_eq!(typed(&mut harness, "towards", "star"), [PriorAsk::Towards(said("star"))]);
    assert_eq!(typed(&mut harness, "but", "blue"), [PriorAsk::But(said("blue"))]);
    assert!(says(&harness, &format!("the picture: {TOLD}")));
}

#[test]
fn a_share_or_a_row_of_two_texts() {
    let mut harness = window().open(SIZES[0]);
    asked(&mut harness);
    assert!(harness.query_by_label("Row").is_none(), "there is one text");
    assert!(harness.query_by_label("Guidance").is_some());
    harness.state_mut().prior.go_towards("a star".to_owned());
    asked(&mut harness);
    assert!(harness.query_by_label("Guidance").is_none(), "the mixture has another use");
    let share = harness.get_by_role_and_label(Role::SpinButton, "Share of the second text");
    assert!(share.accesskit_node().is_disabled(), "a row has all of them");
    let before = *harness.state().prior.form();
    let half = Form { share: Some(0.5), ..before };
    let row = |harness: &mut Harness<'_, Window>| {
        harness.get_by_role_and_label(Role::CheckBox, "Row").click();
        asks(asked(harness))
    };
    assert_eq!(row(&mut harness), [PriorAsk::Set(half)]);
    harness.state_mut().prior.set_form(half);
    asked(&mut harness);
    let field = harness.get_by_role_and_label(Role::SpinButton, "Share of the second text");
    field.set_value_accesskit(0.75);
    let found = asks(asked(&mut harness));
    assert!(found.contains(&PriorAsk::Set(Form { share: Some(0.75), ..before })), "{found:?}");
    assert_eq!(row(&mut harness), [PriorAsk::Set(before)]);
}

#[test]
fn a_text_is_completed_from_a_menu() {
    let mut harness = window().open(SIZES[0]);
    harness.state_mut().prior.say("a re".to_owned());
    let found = asks(press(&mut harness, "Complete the text"));
    assert!(found.contains(&PriorAsk::Complete), "{found:?}");
    assert!(painted(&harness).contains("Texts are being drawn."));
    harness.state_mut().prior.begin_completions();
    assert_eq!(asks(asked(&mut harness)), [], "once");
    let texts = vec![("a red ring".to_owned(), 3.0), ("a red star".to_owned(), 4.5)];
    let found = Completions { begin: "a re".to_owned(), texts };
    harness.state_mut().prior.end_completions(Some(found));
    asked(&mut harness);
    assert!(painted(&harness).contains("4.5 bits"));
    let said = asks(press(&mut harness, "a red star 4.5 bits"));
    assert_eq!(said, [PriorAsk::Say("a red star".to_owned())]);
}

#[test]
fn what_changes_is_erased_and_the_text_told() {
    let mut harness = window().open(SIZES[0]);
    asked(&mut harness);
    assert!(!is_enabled(&harness, "Erase what changes"), "nothing is typed");
    harness.state_mut().prior.say_but("blue".to_owned());
    assert_eq!(asks(press(&mut harness, "Erase what changes")), [PriorAsk::Edit]);
    // By the keyboard.
    harness.get_by_role_and_label(Role::TextInput, "but").focus();
    asked(&mut harness);
    harness.key_press(Key::Enter);
    assert_eq!(asks(asked(&mut harness)), [PriorAsk::Edit]);
    harness.state_mut().prior.begin_edit();
    asked(&mut harness);
    assert!(!is_enabled(&harness, "Erase what changes"), "it is being looked for");
    let edit = Edit { from: TOLD.to_owned(), to: "a blue ring".to_owned() };
    harness.state_mut().prior.end_edit(Some((edit, vec![3, 9])));
    asked(&mut harness);
    assert!(says(&harness, "filled as: a blue ring"));
    assert!(is_enabled(&harness, "Fill erased"));
}

#[test]
fn words_and_cells_tell_their_attention() {
    let mut harness = window().open(SIZES[0]);
    asked(&mut harness);
    assert!(harness.query_by_label("Word 1: a").is_none(), "not known yet");
    harness.state_mut().prior.take_words(Some(words()));
    asked(&mut harness);
    let bits = "Bits of the picture's codes";
    let rect = harness.get_by_role_and_label(Role::Image, bits).rect();
    harness.hover_at(rect.min + egui::vec2(3.0, 3.0));
    harness.run_steps(8);
    let count = words().words.len();
    let all = 100.0 * (0.205 * 2.0 + 0.01 * (count - 2) as f32);
    let told = format!("Attention: {all:.1} % to words, 25.0 % to codes before it");
    assert!(painted(&harness).contains(&told), "{told} in {}", painted(&harness));
    assert_eq!(harness.state().view.prior_words.cell, Some(0));
    harness.remove_cursor();
    asked(&mut harness);
    // A word by the pointer, and by the keyboard.
    harness.get_by_label("Word 3: red").hover();
    harness.run_steps(4);
    let shown = harness.get_by_role_and_label(Role::Image, "Attention to \"red\"");
    let of_word = |layers: &[usize]| -> f32 {
        let words = words();
        let share = |layer: usize| (0..PLACES).map(move |place| (layer, place));
        let all: Vec<f32> = layers
            .iter()
            .flat_map(|&layer| share(layer))
            .map(|(layer, place)| words.share(Some(layer), place, 2))
            .collect();
        100.0 * all.iter().sum::<f32>() / all.len() as f32
    };
    let expected = format!("{:.1} % on average", of_word(&[0, 1]));
    assert_eq!(shown.value().as_deref(), Some(expected.as_str()));
    harness.remove_cursor();
    asked(&mut harness);
    assert!(harness.query_by_role_and_label(Role::Image, bits).is_some(), "the bits again");
    harness.get_by_label("Word 2: small").focus();
    asked(&mut harness);
    let title = "Attention to \"small\"";
    assert!(harness.query_by_role_and_label(Role::Image, title).is_some());
    // One layer alone.
    harness.get_by_role_and_label(Role::ComboBox, "Layer of attention").click();
    asked(&mut harness);
    harness.get_by_label("layer 2").click();
    asked(&mut harness);
    assert_eq!(harness.state().view.prior_words.layer, Some(1));
    let value = harness.get_by_role_and_label(Role::ComboBox, "Layer of attention").value();
    assert_eq!(value.as_deref(), Some("layer 2"));
    assert_eq!(asked(&mut harness), [], "nothing is asked for");
}
