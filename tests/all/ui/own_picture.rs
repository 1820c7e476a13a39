//! The view of one's own picture.

use std::sync::Arc;

use eframe::egui;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use zscope::array::Array;
use zscope::session::own_picture::{Errors, Found, Rank, Search, Source};
use zscope::ui::{Command, Pane};

use super::window::{SIZES, Window, asked, is_enabled, press, says};

/// A window that looks at the newer of two pictures, and its number.
fn looking(has_encoder: bool) -> (Window, u64) {
    let mut window = Window::full(3);
    window.view.dock.show(Pane::OwnPicture);
    let pixels = |level: u8| Source::Pixels { size: [1, 1], rgba: vec![level; 4].into() };
    window.own.add("cat.png".to_owned(), pixels(1));
    let number = window.own.add("dog.png".to_owned(), pixels(2));
    let mut found = Found { picture: Array::zeros([3, 32, 32]), ..Found::default() };
    if has_encoder {
        found.reconstruction = Some(Array::zeros([3, 32, 32]));
        found.latent = Some(vec![0.5, -1.0, 2.0]);
        found.deviation = Some(vec![0.1, 0.9, 0.2]);
        found.errors = Some(Errors { mse: 0.0123, psnr_db: 19.1, ssim: 0.812 });
        found.kl_nats = Some(12.5);
        found.error_rank = Some(Rank { below: 16, of: 16 });
    }
    window.own.take_found(number, Arc::new(found));
    (window, number)
}

/// Scenes that fill the view in different ways.
pub fn scenes() -> Vec<(&'static str, Window)> {
    let pictures = |mut window: Window| {
        window.pictures.own = window.pictures.main;
        window.pictures.own_made = window.pictures.main;
        window.pictures.own_error = window.pictures.main;
        window.pictures.own_error_reach = 0.25;
        window
    };
    let mut none = Window::full(3);
    none.view.dock.show(Pane::OwnPicture);
    let (mut searching, number) = looking(false);
    let latent = vec![0.0; 3];
    searching.own.take_search(Search {
        number,
        is_running: true,
        steps: [30, 300],
        errors: vec![0.5, 0.2, 0.1],
        latent,
        error: 0.1,
    });
    vec![
        ("no picture of one's own", none),
        ("a picture of one's own", pictures(looking(true).0)),
        ("a search for a picture", pictures(searching)),
    ]
}

#[test]
fn without_a_picture_it_says_how_to_bring_one() {
    let mut window = Window::full(3);
    window.view.dock.show(Pane::OwnPicture);
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    assert!(says(&harness, "a picture of your own will be here"), "what will be here");
    assert_eq!(press(&mut harness, "Open picture…"), [Command::PickPicture], "the next step");
}

#[test]
fn what_the_model_makes_of_it_is_told() {
    for size in [SIZES[0], SIZES[1], [1920.0, 1080.0]] {
        let (window, _) = looking(true);
        let mut harness = window.open(size);
        asked(&mut harness);
        for words in
            ["MSE 0.012", "PSNR 19.1 dB", "SSIM 0.812", "KL 12.5 nats", "16 of 16", "unusual"]
        {
            assert!(says(&harness, words), "{words} at {size:?}");
        }
    }
}

#[test]
fn it_leads_into_the_explorer() {
    let (window, number) = looking(true);
    let mut harness = window.open([1920.0, 1080.0]);
    assert_eq!(press(&mut harness, "Go there"), [Command::GoToPicture], "the point");
    harness.get_by_label("Make it a corner").click();
    asked(&mut harness);
    assert_eq!(press(&mut harness, "Bottom left"), [Command::PictureToCorner(2)], "a corner");
    let commands = press(&mut harness, "Picture dog.png");
    assert_eq!(commands, [Command::ChoosePicture(number)], "the strip");
    let commands = press(&mut harness, "Refine the point");
    assert_eq!(commands, [Command::Invert(Box::default())], "the search");
}

#[test]
fn a_generator_offers_a_search() {
    let (window, number) = looking(false);
    let mut harness = window.open([1920.0, 1080.0]);
    asked(&mut harness);
    assert!(says(&harness, "This model only generates"), "why nothing comes back");
    assert!(!is_enabled(&harness, "Go there"), "nowhere to go yet");
    let commands = press(&mut harness, "Search for the point");
    assert!(matches!(&commands[..], [Command::Invert(_)]), "{commands:?}");
    let search = |is_running| Search {
        number,
        is_running,
        steps: [30, 300],
        errors: vec![0.5, 0.2, 0.1],
        latent: vec![0.0; 3],
        error: 0.1,
    };
    harness.state_mut().own.take_search(search(true));
    asked(&mut harness);
    assert!(says(&harness, "MSE 0.10  PSNR 10.0 dB"), "how well");
    assert_eq!(press(&mut harness, "Stop the search"), [Command::StopInverting], "an end");
    harness.state_mut().own.take_search(search(false));
    asked(&mut harness);
    assert!(is_enabled(&harness, "Go there"), "to the best point");
    harness.get_by_role_and_label(Role::Image, "Error of the search, step by step");
}

#[test]
fn codes_have_no_slope() {
    let mut window = Window::with_codes(64);
    window.view.dock.show(Pane::OwnPicture);
    let pixels = Source::Pixels { size: [1, 1], rgba: vec![0; 4].into() };
    let number = window.own.add("cat.png".to_owned(), pixels);
    let codes = Some(((0..64).collect(), [8, 8], 1));
    let latent = Some(vec![0.0; 3]);
    let found = Found { codes, latent, ..Found::default() };
    window.own.take_found(number, Arc::new(found));
    let mut harness = window.open([1920.0, 1080.0]);
    asked(&mut harness);
    assert!(!is_enabled(&harness, "Refine the point"), "no search among codes");
    harness.get_by_role_and_label(Role::Image, "Codes of your picture");
}
