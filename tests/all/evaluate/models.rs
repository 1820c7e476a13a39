//! The list of models, how far measuring is, and which value is best.

use serde_json::json;
use zscope::measure::side_by_side::Told;
use zscope::random::{Purpose, normals};
use zscope::session::evaluate::{Evaluate, Origin, Progress, Row, State};

use super::made_up::{asked, candidate, evaluate, measured, opened, two};

fn labels(evaluate: &Evaluate) -> Vec<&str> {
    evaluate.entries().iter().map(|entry| entry.label.as_str()).collect()
}

#[test]
fn the_explorer_and_the_curves_are_followed() {
    let mut models = Evaluate::default();
    models.follow(Some(candidate("demo VAE")), vec![candidate("/runs/a")]);
    assert!(models.add(candidate("/runs/c/")), "there is room");
    assert!(models.add(candidate("/runs/./c")), "it is there already");
    assert_eq!(labels(&models), ["demo VAE", "a", "c"], "each once");
    assert_eq!(models.own_data(), Some("shapes"), "of the first");
    // Another model is opened, and another run compared; one of them was added by hand before.
    models.follow(Some(candidate("/runs/b")), vec![candidate("/runs/a"), candidate("/runs/c")]);
    assert_eq!(labels(&models), ["b", "a", "c"], "what nobody measured goes");
    assert_eq!(models.entries()[0].origin, Origin::Explorer, "it comes first");
    // What was taken away does not come back by itself, only when a person wants it.
    models.remove(1);
    models.follow(Some(candidate("/runs/b")), vec![candidate("/runs/a"), candidate("/runs/c")]);
    assert_eq!(labels(&models), ["b", "c"], "it stays away");
    assert!(models.add(candidate("/runs/a")), "there is room");
    assert_eq!(labels(&models), ["b", "c", "a"], "asked for");
    models.remove(99);
    assert_eq!(models.entries().len(), 3, "there is no such place");
    let before: Vec<u64> = models.entries().iter().map(|entry| entry.id).collect();
    models.follow(Some(candidate("/runs/a")), Vec::new());
    let after: Vec<u64> = models.entries().iter().map(|entry| entry.id).collect();
    assert_eq!(labels(&models), ["a", "c"], "to the front; what a person added stays");
    assert_eq!(after, [before[2], before[1]], "they are the same ones");
    assert_eq!(models.entries()[0].origin, Origin::Explorer);
    // A run goes on, its curves are kept, and another one takes its place.
    models.follow(Some(candidate("/runs/a")), vec![candidate("/runs/a")]);
    assert_eq!(models.entries()[0].origin, Origin::Explorer, "first of all");
    models.follow(Some(candidate("/runs/d")), vec![candidate("/runs/a")]);
    let origins: Vec<Origin> = models.entries().iter().map(|entry| entry.origin).collect();
    assert_eq!(labels(&models), ["d", "a", "c"]);
    assert_eq!(origins, [Origin::Explorer, Origin::Compared, Origin::Added], "each as it is now");
}

#[test]
fn what_was_measured_stays_when_another_model_is_opened() {
    let mut models = Evaluate::default();
    models.follow(Some(candidate("/runs/a")), Vec::new());
    let turns = models.begin(asked()).expect("a model");
    models.apply(&measured(turns[0].0, "vae", &json!({"mse": 0.5})));
    models.apply(&Told::Ended { message: None });
    models.follow(Some(candidate("/runs/b")), Vec::new());
    assert_eq!(labels(&models), ["b", "a"]);
    assert_eq!(models.table().columns.len(), 1, "its numbers are still told");
}

#[test]
fn equal_names_are_told_apart() {
    let mut models = Evaluate::default();
    for path in ["/x/vae-1", "/y/vae-1", "/runs/vae-2", "/p/z/gan", "/q/z/gan"] {
        models.add(candidate(path));
    }
    let expected = ["x/vae-1", "y/vae-1", "vae-2", "/p/z/gan", "/q/z/gan"];
    assert_eq!(labels(&models), expected, "as short as they can be");
    models.remove(0);
    assert_eq!(labels(&models)[0], "vae-1", "alone now");
}

#[test]
fn there_is_an_end_to_the_table() {
    let mut models = Evaluate::default();
    for index in 0..Evaluate::MOST {
        assert!(models.add(candidate(&format!("/runs/{index}"))), "{index}");
    }
    assert!(!models.add(candidate("/runs/more")), "no room");
    assert!(models.add(candidate("/runs/0")), "one that is there needs none");
    models.follow(Some(candidate("/runs/more")), Vec::new());
    assert_eq!(models.entries().len(), Evaluate::MOST, "no room for the explorer's either");
}

#[test]
fn progress_tells_model_and_images() {
    let mut models = Evaluate::default();
    assert!(models.begin(asked()).is_none(), "nothing to measure");
    for path in ["/a", "/b", "/c"] {
        models.add(candidate(path));
    }
    let turns = models.begin(asked()).expect("three models");
    assert!(models.begin(asked()).is_none(), "it goes on already");
    let progress = |models: &Evaluate| models.progress().expect("it goes on");
    assert_eq!((progress(&models).models, progress(&models).all), (3, 0), "one is being opened");
    models.apply(&opened());
    models.apply(&measured(turns[0].0, "vae", &json!({"mse": 0.5})));
    models.apply(&Told::Progress { id: turns[1].0, done: 400, all: 1_000 });
    let second = Progress { model: 2, models: 3, done: 400, all: 1_000, is_stopping: false };
    assert_eq!(progress(&models), second, "the second is being measured");
    let share = models.progress().unwrap().share();
    assert!((share - 1.4 / 3.0).abs() < 1e-6, "{share}");
    assert_eq!(models.entries()[1].state, State::Measuring);
    assert_eq!(models.entries()[2].state, State::Waiting);
    models.stop();
    assert!(progress(&models).is_stopping, "it was told to stop");
    models.apply(&Told::Ended { message: None });
    assert!(models.progress().is_none(), "it has ended");
    assert_eq!(models.entries()[1].state, State::New, "not measured");
    assert_eq!(models.table().columns.len(), 1, "what was measured stays");
    assert_eq!(
        models.headline(),
        "Shapes, 3×32×32: the first 1\u{2009}000 of 10\u{2009}000 test images"
    );
    // The next one begins with an empty table.
    models.begin(asked()).expect("three models");
    assert!(models.table().columns.is_empty() && models.headline().is_empty(), "nothing yet");
    models.apply(&Told::Ended { message: Some("no such folder".to_owned()) });
    assert_eq!(models.trouble(), Some("no such folder"));
}

#[test]
fn the_best_of_a_row_is_marked() {
    let models = |values: &[f64], key: &str| {
        let numbers: Vec<_> = values.iter().map(|value| json!({ key: value })).collect();
        let paths: Vec<String> = (0..values.len()).map(|index| format!("/{index}")).collect();
        let all: Vec<_> = paths
            .iter()
            .zip(numbers)
            .map(|(path, numbers)| (path.as_str(), "vae", numbers))
            .collect();
        evaluate(&all).table().rows[0].best.clone()
    };
    for (key, values, expected) in [
        ("mse", vec![0.3, 0.1, 0.2], vec![false, true, false]),
        ("psnr_db", vec![10.0, 12.0, 11.0], vec![false, true, false]),
        // Nobody could tell why of two equal numbers one is marked.
        ("psnr_db", vec![12.001, 12.002, 9.0], vec![true, true, false]),
        ("psnr_db", vec![12.001, 12.002], vec![false, false]),
        ("mse", vec![0.3], vec![false]),
        ("kl_nats", vec![1.0, 2.0], vec![false, false]),
        ("elbo_nats", vec![-300.0, -200.0], vec![false, true]),
    ] {
        assert_eq!(models(&values, key), expected, "{key} of {values:?}");
    }
}

#[test]
fn what_a_family_lacks_is_a_dash() {
    let models = two();
    let table = models.table();
    let row = |name: &str| table.rows.iter().find(|row| row.kind.name == name).expect(name);
    assert_eq!([row("kl_nats").text(0), row("kl_nats").text(1)], ["12.25", "–"]);
    assert_eq!([row("codes_used").text(0), row("codes_used").text(1)], ["–", "60"]);
    assert_eq!(row("codes_used").best, [false, false], "nothing to compare with");
    assert_eq!(row("psnr_db").title(), "psnr / dB");
    assert_eq!(row("psnr_db").about().last(), Some("Higher is better."));
    let explains = |row: &Row| row.about().map(str::len).sum::<usize>() > 40;
    assert!(table.rows.iter().all(explains), "each is explained");
    assert_eq!(row("psnr_db").text(7), "–", "there is no such column");
}

/// Bounds under different pixel distributions are on different scales.
#[test]
fn bounds_of_different_distributions_are_not_compared() {
    let vae = |name: &str, elbo: f64| json!({"elbo_nats": elbo, "likelihood": {"name": name}});
    let best = |names: [&str; 2]| {
        let models =
            evaluate(&[("/a", "vae", vae(names[0], -300.0)), ("/b", "vae", vae(names[1], 900.0))]);
        let row = models.table().rows[0].clone();
        (row.best, row.caution.is_some())
    };
    assert_eq!(best(["bernoulli", "bernoulli"]), (vec![false, true], false));
    assert_eq!(best(["bernoulli", "gaussian"]), (vec![false, false], true));
}

/// Whatever is told in whatever order, also of models that are gone, nothing breaks.
#[test]
fn any_order_is_survived() {
    let order = normals(7, 0, Purpose::Explore, 4_000);
    let mut models = Evaluate::default();
    for (at, value) in order.into_iter().enumerate() {
        let id = (value.abs() * 5.0) as u64;
        match (value * 1e4).abs() as u64 % 11 {
            0 => models.follow(Some(candidate(&format!("/e/{id}"))), vec![candidate("/c")]),
            1 => drop(models.add(candidate(&format!("/a/{id}")))),
            2 => models.remove(id as usize),
            3 => drop(models.begin(asked())),
            4 => models.apply(&opened()),
            5 => models.apply(&Told::Progress { id, done: 9, all: id as u32 }),
            6 | 7 => models.apply(&measured(id, "vae", &json!({"mse": value, "psnr_db": null}))),
            8 => models.apply(&Told::Failed { id, message: "broken".to_owned() }),
            9 if at % 3 == 0 => models.apply(&Told::Ended { message: None }),
            _ => models.stop(),
        }
        let table = models.table();
        assert!(table.columns.len() <= models.entries().len(), "no columns of their own");
        let progress = models.progress().unwrap_or_default();
        assert!((0.0..=1.0).contains(&progress.share()), "{progress:?}");
        models.details();
        let ids: std::collections::BTreeSet<u64> =
            models.entries().iter().map(|entry| entry.id).collect();
        assert_eq!(ids.len(), models.entries().len(), "numbers are their own");
    }
}
