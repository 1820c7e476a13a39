//! The view of texts beside pictures, by its accessible labels.

use eframe::egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use zscope::session::explore::Explore;
use zscope::session::sheets::SheetName;
use zscope::session::texts::{CHANGES, TextAsk, Texts};
use zscope::session::wanted::Point;
use zscope::ui::{Command, Pane};

use super::window::{SIZES, Window, asked, press};

const D: usize = 2;

fn read(texts: &mut Texts, all: &[(&str, [f32; D])]) {
    let read = all.iter().map(|(text, at)| ((*text).to_owned(), at.as_slice().into()));
    texts.take_read(read.collect(), false);
}

/// Everything is known: two texts, and a picture whose caption is to be changed.
fn texts() -> Texts {
    let mut texts = Texts::default();
    texts.show(true);
    texts.ask(TextAsk::Say("a disc ".to_owned()));
    texts.ask(TextAsk::Towards("a star".to_owned()));
    texts.ask(TextAsk::Steps(3));
    texts.take_caption("a red circle".to_owned());
    texts.ask(TextAsk::But("blue".to_owned()));
    read(&mut texts, &[("a disc", [0.0, 1.0]), ("a star", [2.0, -1.0])]);
    read(&mut texts, &[("a red circle", [0.0, 0.0]), ("a blue circle", [4.0, 2.0])]);
    texts
}

fn window(texts: Texts) -> Window {
    let mut window = Window::with_codes(64);
    window.texts = texts;
    window.explore = Some(Explore::new(D));
    window.view.dock.show(Pane::Words);
    window
}

#[test]
fn texts_are_points_to_go_between() {
    let mut texts = texts();
    assert_eq!(texts.between(), [[0.0, 1.0], [1.0, 0.0], [2.0, -1.0]]);
    let changes = texts.changes(&[10.0, 20.0]);
    assert_eq!(changes.len(), CHANGES);
    assert_eq!(changes[0], [10.0, 20.0], "as it is");
    assert_eq!(changes[4], [14.0, 22.0], "the whole way from the caption to the changed one");
    assert_eq!(changes[6], [16.0, 23.0], "and beyond");
    assert!(texts.changes(&[1.0]).is_empty(), "of another latent space");
    texts.ask(TextAsk::Towards(String::new()));
    assert_eq!(texts.between(), [[0.0, 1.0]], "one text alone");
    texts.ask(TextAsk::Say(" ".to_owned()));
    assert!(texts.between().is_empty(), "nothing is typed");
}

#[test]
fn only_texts_that_matter_are_read() {
    let mut texts = texts();
    assert_eq!(texts.unread(), Vec::<String>::new());
    texts.ask(TextAsk::But("green".to_owned()));
    assert_eq!(texts.unread(), ["a green circle"]);
    texts.ask(TextAsk::But("anything else at all".to_owned()));
    assert_eq!(texts.unread(), ["anything else at all"], "words of no shapes are a whole text");
    read(&mut texts, &[("of long ago", [1.0, 1.0])]);
    assert_eq!(texts.unread(), ["anything else at all"]);
    assert!(texts.changes(&[0.0, 0.0]).is_empty(), "nothing before it is read");
    // Newer weights read all of them anew.
    texts.take_read(vec![("a disc".to_owned(), [7.0, 7.0].as_slice().into())], true);
    assert_eq!(texts.between(), [[7.0, 7.0]]);
    assert_eq!(texts.unread().len(), 3, "{:?}", texts.unread());
    texts.show(false);
    assert!(!texts.is_known() && texts.latent().is_none() && texts.caption().is_none());
    assert_eq!(texts.text(), "a disc ", "what was typed stays");
}

fn typed(harness: &mut Harness<'_, Window>, label: &str, text: &str) -> Vec<Command> {
    harness.get_by_role_and_label(Role::TextInput, label).focus();
    asked(harness);
    harness.get_by_role_and_label(Role::TextInput, label).type_text(text);
    asked(harness)
}

#[test]
fn texts_are_typed_and_pictures_gone_to() {
    let mut harness = window(texts()).open(SIZES[0]);
    asked(&mut harness);
    for (field, ask) in [
        ("Picture of", TextAsk::Say as fn(String) -> TextAsk),
        ("towards", TextAsk::Towards),
        ("but", TextAsk::But),
    ] {
        let said = typed(&mut harness, field, "x");
        let [Command::Texts(said)] = said.as_slice() else { panic!("{field}: {said:?}") };
        let text = match said {
            TextAsk::Say(text) | TextAsk::Towards(text) | TextAsk::But(text) => text.clone(),
            other => panic!("{field}: {other:?}"),
        };
        assert_eq!(*said, ask(text));
    }
    for (label, ask) in [
        ("Between the texts: 50 %", TextAsk::GoBetween(1)),
        ("The picture as it is", TextAsk::GoChange(0)),
        ("Changed: 100 %", TextAsk::GoChange(4)),
    ] {
        assert_eq!(press(&mut harness, label), [Command::Texts(ask)], "{label}");
    }
    let sheet = &harness.state().view.sheets[&SheetName::Texts];
    assert_eq!(sheet.len(), 3 + CHANGES);
    assert_eq!(sheet[1], Point::Latent(vec![1.0, 0.0]));
    assert!(harness.query_by_label("This picture: a red circle").is_some());
}

#[test]
fn a_model_without_texts_says_how_to_get_one() {
    let mut harness = window(Texts::default()).open(SIZES[0]);
    asked(&mut harness);
    assert!(harness.query_by_label_contains("recipe multimodal").is_some());
    assert!(harness.query_by_label("Picture of").is_none());
}
