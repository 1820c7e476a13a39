//! The model's card and the models that were opened last.

use zscope::ui::{Card, Command, View};

use super::window::{SIZES, Window, asked, press, says};

fn window() -> Window {
    let rows = [["Family", "vqgan"], ["Codebook", "64 codes of 3"]];
    let rows = rows.map(|row| row.map(str::to_owned)).to_vec();
    let card = Card { rows, notes: vec!["The weights are stored as f16.".to_owned()] };
    Window { name: "movq", card: Some(card), ..Window::full(3) }
}

#[test]
fn the_name_shows_and_hides_the_card() {
    for size in SIZES {
        let mut harness = window().open(size);
        assert!(!says(&harness, "64 codes of 3"), "hidden at first");
        assert_eq!(press(&mut harness, "movq"), [Command::ShowCard(true)], "asked for");
        let view = View { shows_card: true, ..View::default() };
        let mut harness = Window { view, ..window() }.open(size);
        asked(&mut harness);
        for words in ["Family", "64 codes of 3", "The weights are stored as f16."] {
            assert!(says(&harness, words), "{words} at {size:?}");
        }
        press(&mut harness, "Close window");
        asked(&mut harness);
        assert!(!says(&harness, "64 codes of 3"), "closed");
    }
}

#[test]
fn a_card_is_a_text_as_well() {
    let card = window().card.expect("a card");
    let text = "Family: vqgan\nCodebook: 64 codes of 3\nThe weights are stored as f16.\n";
    assert_eq!(card.text(), text, "to be copied");
}

#[test]
fn models_opened_last_are_in_the_menu() {
    let recent = vec!["/models/kandinsky/movq".to_owned(), "/models/vae.ckpt".to_owned()];
    let mut harness = Window { recent, ..window() }.open(SIZES[0]);
    press(&mut harness, "Open");
    asked(&mut harness);
    let expected = Command::OpenPath("/models/vae.ckpt".into());
    assert_eq!(press(&mut harness, "vae.ckpt"), [expected], "by its path");
    let mut harness = window().open(SIZES[0]);
    press(&mut harness, "Open");
    asked(&mut harness);
    assert!(!says(&harness, "Recent"), "no list where there is none");
}
