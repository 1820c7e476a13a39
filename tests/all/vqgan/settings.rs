//! What cannot be trained is refused before anything is written.

use zscope::train::recipe::Recipe;
use zscope::train::settings::Settings;

use super::{folder, request};
use crate::common::assert_says;

#[test]
fn sizes_that_do_not_go_together_are_refused() {
    for (keys, words) in [
        (&["channels=6", "groups=4"][..], &["channels is 6", "multiple of groups, 4"][..]),
        (&["levels=5"], &["3×16×16", "5 times", "multiples of 32"]),
        (&["d_layers=3"], &["d_layers is 3", "no patch", "fewer layers"]),
    ] {
        let base = folder();
        let place = base.path().join("run");
        let error = request(Recipe::Vqgan, keys, 4).plan(Some(&place), false);
        let error = error.map(|_| ()).expect_err("should be refused").to_string();
        assert_says(&error, words);
        assert!(!place.exists(), "{keys:?}: nothing is written");
    }
}

#[test]
fn values_out_of_range_are_refused() {
    let mut settings = Settings::defaults(Recipe::Vqgan.keys());
    for text in [
        "latents=gaussian",
        "loss=wasserstein",
        "attention=maybe",
        "disc_weight=-1",
        "disc_start=1.5",
        "beta_2=1",
        "codebook_size=0",
        "levels=7",
    ] {
        let error = settings.set_text(text).expect_err(text).to_string();
        assert_says(&error, &[text.split('=').next().unwrap(), "expected"]);
    }
}

#[test]
fn a_path_is_taken_as_it_is_typed() {
    let mut settings = Settings::defaults(Recipe::Vqgan.keys());
    for path in ["7", "runs/my classifier", "1e5", "a=b"] {
        settings.set_text(&format!("perceptual={path}")).expect("any text");
        assert_eq!(settings.word("perceptual"), path);
    }
}
