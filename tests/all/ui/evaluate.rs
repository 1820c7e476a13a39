//! The page that measures models side by side.

use eframe::egui;
use egui::accesskit::Role;
use egui::{TextureId, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use serde_json::json;
use zscope::data::Split;
use zscope::measure::side_by_side::Told;
use zscope::session::evaluate::Evaluate;
use zscope::ui::{Command, EvaluatedPictures, MeasureForm, Page, Picture, Pictures, View};

use super::behaviour::{painted, type_and_enter};
use super::window::{SIZES, Window, asked, describe, is_enabled, nodes, press, says};
use crate::evaluate::made_up;

/// The page over these models.
fn page(evaluate: Evaluate) -> Window {
    let sheet = Picture { id: TextureId::default(), size: vec2(4.0 * 32.0, 2.0 * 32.0) };
    let ids: Vec<u64> = evaluate.entries().iter().map(|entry| entry.id).collect();
    let evaluated = EvaluatedPictures {
        originals: Some(sheet),
        models: ids.into_iter().map(|id| (id, sheet)).collect(),
    };
    Window {
        view: View { page: Page::Evaluate, ..View::default() },
        pictures: Pictures { evaluated, ..Window::full(3).pictures },
        evaluate,
        ..Window::full(3)
    }
}

/// As many models as there can be.
fn many() -> Evaluate {
    some(Evaluate::MOST)
}

/// Models with names that are too long, one of which failed.
fn some(count: usize) -> Evaluate {
    let name = |index: usize| format!("/runs/a-name-that-is-longer-than-its-column-{index}");
    let names: Vec<String> = (0..count).map(name).collect();
    let numbers = json!({
        "mse": 0.012, "psnr_db": 19.5, "ssim": 0.5, "elbo_nats": -123_456.25, "kl_nats": 12.5,
        "codes_used": 60, "perplexity": 41.25, "frechet": 3.5, "precision": 0.5, "recall": 0.25,
        "density": 0.5, "coverage": 0.5, "diversity": 0.75, "sharpness": 0.5, "images_per_s": 120,
    });
    let models: Vec<_> =
        names.iter().map(|name| (name.as_str(), "vae-gan", numbers.clone())).collect();
    let mut evaluate = made_up::evaluate(&models);
    let message = "open the model: no such file or directory (expected a run directory): /a/b";
    evaluate.apply(&Told::Failed { id: 2, message: message.to_owned() });
    evaluate
}

/// Half-way through a measurement.
fn going() -> Evaluate {
    let mut evaluate = made_up::two();
    let turns = evaluate.begin(made_up::asked()).expect("two models");
    evaluate.apply(&made_up::opened());
    evaluate.apply(&Told::Progress { id: turns[1].0, done: 400, all: 1_000 });
    evaluate
}

/// What fills the page in different ways.
pub fn scenes() -> Vec<(&'static str, Window)> {
    vec![
        ("no models", page(Evaluate::default())),
        ("two models", page(made_up::two())),
        ("some models", page(some(4))),
        ("measuring", page(going())),
    ]
}

#[test]
fn the_page_is_reached_and_left() {
    let mut harness = Window::full(3).open(SIZES[0]);
    assert_eq!(press(&mut harness, "Evaluate"), [], "it asks for nothing");
    assert_eq!(harness.state().view.page, Page::Evaluate);
    assert!(says(&harness, "will be here"), "what there will be");
    assert!(!is_enabled(&harness, "Measure"), "there is nothing to measure");
    assert!(harness.query_by_label("Latent pad").is_none(), "the other page is put away");
    press(&mut harness, "Explore");
    assert!(harness.query_by_label("Latent pad").is_some(), "and back");
}

#[test]
fn models_come_and_go() {
    let mut harness = page(made_up::two()).open(SIZES[0]);
    let take_out = "Take out vq-vae-2";
    assert_eq!(press(&mut harness, take_out), [Command::StopEvaluating(1)], "the second");
    assert_eq!(press(&mut harness, "Add a run…"), [Command::EvaluateRun(None)], "in a dialog");
    let typed = type_and_enter(&mut harness, "DIR@latest", " /runs/c ");
    assert_eq!(typed, [Command::EvaluateRun(Some("/runs/c".into()))], "without blanks around");
    assert_eq!(harness.state().view.measure.add_path, "", "ready for the next");
    assert_eq!(type_and_enter(&mut harness, "DIR@latest", "  "), [], "nothing");
    harness.state_mut().evaluate = many();
    asked(&mut harness);
    assert!(!is_enabled(&harness, "Add a run…"), "there is no room for more");
}

#[test]
fn what_is_asked_for_is_what_the_form_says() {
    let mut harness = page(made_up::two()).open(SIZES[0]);
    assert_eq!(
        press(&mut harness, "Measure"),
        [Command::Measure(Box::default())],
        "1,000 held-out images of the first model's data"
    );
    press(&mut harness, "Training");
    harness.get_by_role_and_label(Role::SpinButton, "Images").set_value_accesskit(250.0);
    asked(&mut harness);
    harness.get_by_role_and_label(Role::SpinButton, "Images").set_value_accesskit(1e300);
    asked(&mut harness);
    assert_eq!(harness.state().view.measure.images, 1_000_000, "as many as there can be");
    harness.get_by_role_and_label(Role::SpinButton, "Images").set_value_accesskit(-3.0);
    asked(&mut harness);
    assert_eq!(harness.state().view.measure.images, 1, "at least one");
    assert_eq!(press(&mut harness, "Judge by a classifier…"), [Command::PickClassifier]);
    type_and_enter(&mut harness, "classifier's run", "/runs/judge");
    type_and_enter(&mut harness, "Images", "mnist:/data");
    let form = MeasureForm {
        data: "mnist:/data".to_owned(),
        split: Split::Train,
        images: 1,
        classifier: "/runs/judge".to_owned(),
        ..MeasureForm::default()
    };
    assert_eq!(press(&mut harness, "Measure"), [Command::Measure(Box::new(form))]);
}

#[test]
fn it_says_how_far_it_is_and_can_be_stopped() {
    let mut harness = page(going()).open(SIZES[0]);
    asked(&mut harness);
    assert!(says(&harness, "model 2 of 2, 400 of 1\u{2009}000 images"), "how far");
    assert!(harness.query_by_role_and_label(Role::Button, "Measure").is_none(), "one at a time");
    assert_eq!(press(&mut harness, "Cancel"), [Command::CancelMeasuring]);
    harness.state_mut().evaluate.stop();
    asked(&mut harness);
    assert!(!is_enabled(&harness, "Cancel"), "once is enough");
    harness.state_mut().evaluate.apply(&Told::Ended { message: Some("no images".to_owned()) });
    asked(&mut harness);
    assert!(says(&harness, "no images") && is_enabled(&harness, "Measure"), "why, and again");
}

#[test]
fn the_table_tells_what_where_and_which_is_best() {
    let mut harness = page(made_up::two()).open(SIZES[0]);
    asked(&mut harness);
    for words in [
        "Shapes, 3×32×32: the first 1\u{2009}000 of 10\u{2009}000 test images",
        "pixels pooled to 8x8",
        "psnr / dB",
        "psnr of vae-1: 19.50",
        "psnr of vq-vae-2: 23.50, the best",
        "kl of vq-vae-2: –",
        "codes used of vq-vae-2: 60",
        "vq-vae, step 1\u{2009}901",
        "Pictures of vae-1",
        "First images",
    ] {
        assert!(says(&harness, words), "{words:?}");
    }
    assert!(!says(&harness, "psnr of vae-1: 19.50, the best"), "only one is");
    assert!(painted(&harness).contains("◆ 23.50"), "marked by more than colour");
    let name = harness.get_by_label_contains("psnr / dB").rect().center();
    harness.hover_at(name);
    harness.run_steps(6);
    let told = painted(&harness);
    assert!(told.contains("Higher is better.") && told.contains("signal-to-noise"), "{told}");
    let value = harness.get_by_label("kl of vq-vae-2: –").rect().center();
    harness.hover_at(value);
    harness.run_steps(6);
    assert!(painted(&harness).contains("vq-vae has no such measure."), "why there is none");
}

#[test]
fn a_model_that_failed_says_why_beside_the_others() {
    let mut harness = page(many()).open(SIZES[0]);
    asked(&mut harness);
    assert!(says(&harness, "no such file or directory"), "in its row");
    let table = harness.state().evaluate.table();
    assert_eq!(table.columns.len(), Evaluate::MOST - 1, "the others are there");
}

#[test]
fn the_table_is_saved() {
    let mut harness = page(made_up::two()).open(SIZES[0]);
    press(&mut harness, "Save as…");
    let typed = type_and_enter(&mut harness, "Enter saves", " /tmp/a b.md ");
    assert_eq!(typed, [Command::SaveMeasures(Some("/tmp/a b.md".into()))], "typed");
    press(&mut harness, "Save as…");
    assert_eq!(press(&mut harness, "Choose…"), [Command::SaveMeasures(None)], "in a dialog");
}

/// What is shown when the pointer rests on a widget.
#[test]
fn every_widget_of_the_page_explains_itself() {
    for (scene, window) in scenes() {
        let mut harness = window.open([1280.0, 1000.0]);
        asked(&mut harness);
        let widgets: Vec<(String, egui::Rect)> = nodes(&harness)
            .iter()
            .filter(|node| {
                let takes_input = [Role::Button, Role::TextInput, Role::SpinButton];
                takes_input.contains(&node.accesskit_node().role())
            })
            .map(|node| (describe(node), node.rect()))
            .collect();
        let mut silent = Vec::new();
        for (name, rect) in widgets {
            harness.remove_cursor();
            harness.run_steps(3);
            let before = painted(&harness).lines().count();
            harness.hover_at(rect.center());
            harness.run_steps(6);
            if painted(&harness).lines().count() <= before {
                silent.push(name);
            }
        }
        assert!(silent.is_empty(), "{scene}: {} say nothing:\n{}", silent.len(), silent.join("\n"));
    }
}

#[test]
fn the_page_can_be_heard_and_rests() {
    for (scene, window) in scenes() {
        let mut harness = window.open_without_system_fonts(SIZES[0]);
        let rest = harness.try_run();
        assert!(rest.is_ok(), "{scene}: {}", rest.unwrap_err());
        assert_eq!(asked(&mut harness), [], "{scene}: asks for nothing by itself");
        let unnamed = harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{scene}:\n{}", unnamed.join("\n"));
        let label = |node: &egui_kittest::Node<'_>| node.accesskit_node().label();
        let mut buttons: Vec<String> = nodes(&harness)
            .iter()
            .filter(|node| node.accesskit_node().role() == Role::Button)
            .filter_map(label)
            .collect();
        buttons.sort();
        let shared = buttons.windows(2).find(|pair| pair[0] == pair[1]);
        assert!(shared.is_none(), "{scene}: {shared:?}");
        let inputs = [Role::Button, Role::TextInput, Role::SpinButton, Role::Image];
        let long: Vec<String> = nodes(&harness)
            .iter()
            .filter(|node| inputs.contains(&node.accesskit_node().role()))
            .filter_map(label)
            .filter(|label| label.chars().count() > 64)
            .collect();
        assert!(long.is_empty(), "{scene}: names are whole tooltips: {long:#?}");
    }
}

/// The room that pictures and numbers have in the window as it opens.
#[test]
fn two_models_need_no_scrolling() {
    let mut harness: Harness<'_, Window> = page(made_up::two()).open(SIZES[0]);
    asked(&mut harness);
    for label in ["perplexity of vq-vae-2: 41.2, the best", "perplexity of vq-vae-2: 41.2"] {
        if let Some(node) = harness.query_by_label(label) {
            assert!(node.rect().bottom() < 800.0, "{label}: {}", node.rect());
        }
    }
    let [first, second] =
        ["Pictures of vae-1", "First images"].map(|name| harness.get_by_label(name).rect());
    assert_eq!(first.size(), second.size(), "at one scale");
    assert!(first.height() >= 100.0, "large enough to be looked at: {first}");
}
