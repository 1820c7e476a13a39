//! The table of a recipe's keys, and what setting them accepts and says.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use zscope::random::{Purpose, stream};
use zscope::train::recipe::Recipe;
use zscope::train::settings::{Key, Kind, SettingError, Settings, Value};
use zscope::train::start::settings_from_json;

fn all_keys() -> impl Iterator<Item = (Recipe, &'static Key)> {
    Recipe::ALL.iter().flat_map(|recipe| recipe.keys().iter().map(|key| (*recipe, key)))
}

fn vae() -> Settings {
    Settings::defaults(Recipe::Vae.keys())
}

fn default_of(recipe: Recipe, key: &Key) -> Value {
    Settings::defaults(recipe.keys()).values()[key.name].clone()
}

/// Values on either side of the border of what a key accepts: (accepted, refused).
fn borders(key: &Key) -> (Vec<String>, Vec<String>) {
    let texts = |values: &[f64]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
    let poison = ["nan", "inf", "-inf", "", "1e999", "no such word", "1,5", "0x10", "true"];
    let mut refused: Vec<String> = poison.map(str::to_owned).to_vec();
    let accepted = match key.kind {
        Kind::Integer { lo, hi } => {
            refused.extend(texts(&[lo as f64 - 1.0, hi as f64 + 1.0, lo as f64 + 0.5]));
            texts(&[lo as f64, hi as f64])
        }
        Kind::Number { lo, hi } => {
            refused.extend(texts(&[lo - 1e-6, hi * (1.0 + 1e-9) + 1e-9]));
            texts(&[lo, hi, f64::midpoint(lo, hi)])
        }
        Kind::Choice(words) => {
            refused.extend(["0".to_owned(), words.join(" "), words[0].to_uppercase()]);
            words.iter().map(|word| (*word).to_owned()).collect()
        }
        Kind::NumberOr { lo, hi, word } => {
            refused.extend(texts(&[lo / 2.0, hi * 2.0]));
            let mut accepted = texts(&[lo, hi]);
            accepted.push(word.to_owned());
            accepted
        }
        Kind::Levels { word } => {
            refused
                .extend(["1", "65", "8,", "8,1", "8;8", &["2"; 17].join(",")].map(str::to_owned));
            [word, "2", "64", "8,5,5,5", "4, 4"].map(str::to_owned).to_vec()
        }
        Kind::Corruption { word } => {
            let wrong = ["noise", "noise:11", "mask:1.5", "downsample:0", "blur:3", "None", "0.2"];
            refused.extend(wrong.map(str::to_owned));
            let right = ["noise:0", "noise:10", "mask:0.5", "mask:1", "downsample:1024"];
            [&[word][..], &right].concat().into_iter().map(str::to_owned).collect()
        }
        // Any text names a place; whether anything is there shows when a run begins.
        Kind::Path => return (["", "7", "runs/a b"].map(str::to_owned).to_vec(), Vec::new()),
    };
    (accepted, refused)
}

#[test]
fn every_recipe_has_a_name_of_its_own() {
    assert!(!Recipe::ALL.is_empty(), "there are recipes");
    for recipe in Recipe::ALL {
        assert_eq!(Recipe::from_name(recipe.name()), Some(*recipe), "found by its name");
        assert!(recipe.about().len() > 10, "{} says what it trains", recipe.name());
    }
    for name in ["", "VAE", "vae ", "no-such"] {
        assert_eq!(Recipe::from_name(name), None, "{name:?} is no recipe");
    }
}

#[test]
fn every_key_says_what_it_is() {
    for (recipe, key) in all_keys() {
        let name = key.name;
        let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        assert!(!name.is_empty() && plain, "{name:?} can be typed after --set");
        assert!(key.help.trim().len() > 10, "{name} has a help text");
        assert!(key.help.ends_with('.'), "the help of {name} is a sentence: {:?}", key.help);
        assert!(!key.source.trim().is_empty(), "{name} says where it comes from");
        let same = recipe.keys().iter().filter(|other| other.name == name).count();
        assert_eq!(same, 1, "{name} is there once");
    }
}

#[test]
fn the_contracted_keys_are_there() {
    let keys: Vec<&str> = Recipe::Vae.keys().iter().map(|key| key.name).collect();
    for name in ["arch", "image_size", "latent_dim", "beta", "likelihood", "lr", "checkpoint_every"]
    {
        assert!(keys.contains(&name), "{name} is a key of vae");
    }
    let choices = |name: &str| match Recipe::Vae.keys().iter().find(|key| key.name == name) {
        Some(Key { kind: Kind::Choice(words), .. }) => words.to_vec(),
        _ => Vec::new(),
    };
    assert_eq!(choices("arch"), ["mlp", "conv"], "architectures");
    assert_eq!(choices("likelihood"), ["bernoulli", "gaussian"], "likelihoods");
}

#[test]
fn every_default_is_admitted_by_its_own_key() {
    for (recipe, key) in all_keys() {
        let default = default_of(recipe, key);
        let mut settings = Settings::defaults(recipe.keys());
        assert_eq!(settings.set(key.name, default.clone()), Ok(()), "{} = {default}", key.name);
        let text = format!("{}={default}", key.name);
        assert_eq!(settings.set_text(&text), Ok(()), "{text}, as the help shows it");
        assert_eq!(settings, Settings::defaults(recipe.keys()), "{text} changes nothing");
    }
}

#[test]
fn values_at_the_border() {
    for (recipe, key) in all_keys() {
        let (accepted, refused) = borders(key);
        for value in accepted {
            let text = format!("{}={value}", key.name);
            let mut settings = Settings::defaults(recipe.keys());
            assert_eq!(settings.set_text(&text), Ok(()), "{text} lies within {}", key.kind);
            assert_eq!(settings.values()[key.name].to_string(), value, "{text} is kept");
        }
        for value in refused {
            let text = format!("{}={value}", key.name);
            let mut settings = Settings::defaults(recipe.keys());
            let error = settings.set_text(&text).expect_err(&text);
            let SettingError::Value { name, found, expected } = &error else {
                panic!("{text} is refused as a value, not with {error:?}")
            };
            assert_eq!((name.as_str(), expected), (key.name, &key.kind.to_string()), "{text}");
            assert!(!found.chars().any(char::is_control), "{found:?} is one line");
            assert_eq!(settings, Settings::defaults(recipe.keys()), "{text} changed nothing");
        }
    }
}

#[test]
fn an_unknown_key_lists_the_right_ones() {
    for name in ["", "Lr", "learning_rate", "lr ", "latent dim", "=", "β"] {
        for error in [
            vae().set(name, Value::Number(1.0)).expect_err("there is no such key"),
            vae().set_live(name, 1.0).expect_err("there is no such key"),
        ] {
            assert!(matches!(error, SettingError::UnknownKey { .. }), "{name:?}: {error:?}");
            let text = error.to_string();
            for key in Recipe::Vae.keys() {
                assert!(text.contains(key.name), "{text:?} lists {}", key.name);
            }
        }
    }
}

#[test]
fn texts_by_hand() {
    let mut settings = vae();
    for text in [" beta = 4 ", "latent_dim=1e1", "arch=mlp", "sigma=0.5", "lr=1E-4"] {
        assert_eq!(settings.set_text(text), Ok(()), "{text}");
    }
    assert_eq!(settings.number("beta").to_bits(), 4.0f64.to_bits(), "blanks around are left out");
    assert_eq!(settings.integer("latent_dim"), 10, "an exponent is a number");
    assert_eq!(settings.word("arch"), "mlp", "a word");
    assert_eq!(settings.number("sigma").to_bits(), 0.5f64.to_bits(), "a number or a word");
    assert_eq!(settings.word("sigma"), "", "no word any more");
    assert_eq!(settings.set_text("sigma=learned"), Ok(()), "and back");
    assert!(settings.number("sigma").is_nan(), "no number any more");
    for text in ["", "beta", "latent_dim 3", "-", "β"] {
        let error = settings.set_text(text).expect_err("there is no =");
        assert!(matches!(error, SettingError::Syntax { .. }), "{text:?}: {error:?}");
        assert!(error.to_string().contains("key=value"), "{error} says the form");
    }
    let error = settings.set_text("beta=1=2").expect_err("a value with = in it");
    assert!(error.to_string().contains("1=2"), "{error} shows the whole value");
}

#[test]
fn only_live_keys_change_while_training() {
    let live: Vec<&str> =
        Recipe::Vae.keys().iter().filter(|key| key.live).map(|key| key.name).collect();
    assert!(live.contains(&"lr") && live.contains(&"beta"), "some keys may change: {live:?}");
    for key in Recipe::Vae.keys() {
        let mut settings = vae();
        let default = default_of(Recipe::Vae, key);
        let result = settings.set_live(key.name, default);
        if key.live {
            assert_eq!(result, Ok(()), "{} is live", key.name);
            for bad in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
                let error = settings.set_live(key.name, bad).expect_err("out of range");
                assert!(matches!(error, SettingError::Value { .. }), "{}: {error:?}", key.name);
            }
        } else {
            let error = result.expect_err("fixed once training has begun");
            assert!(matches!(error, SettingError::Fixed { .. }), "{}: {error:?}", key.name);
            for name in &live {
                assert!(error.to_string().contains(name), "{error} lists {name}");
            }
            assert_eq!(settings, vae(), "{} stays", key.name);
        }
    }
}

#[test]
fn live_keys_take_their_words_and_no_others() {
    let mut words = 0;
    for (recipe, key) in all_keys().filter(|(_, key)| key.live) {
        let Kind::Choice(choices) = key.kind else { continue };
        let mut settings = Settings::defaults(recipe.keys());
        for word in choices {
            let value = Value::from_text(word);
            assert_eq!(settings.set_live(key.name, value), Ok(()), "{} = {word}", key.name);
            assert_eq!(settings.word(key.name), *word);
            words += 1;
        }
        for bad in [Value::from_text("none of them"), Value::Number(1.0)] {
            let error = settings.set_live(key.name, bad).expect_err("no such word");
            assert!(matches!(error, SettingError::Value { .. }), "{}: {error:?}", key.name);
        }
    }
    assert!(words > 0, "some words may change while training");
}

#[test]
fn settings_survive_json() {
    let mut settings = vae();
    for text in ["arch=mlp", "sigma=0.25", "lr=0.0003", "latent_dim=7", "beta=0"] {
        assert_eq!(settings.set_text(text), Ok(()), "{text}");
    }
    let json = serde_json::to_string(settings.values()).expect("plain values");
    let map = serde_json::from_str(&json).expect("an object");
    assert_eq!(settings_from_json(Recipe::Vae, &map), Ok(settings), "{json}");
    for bad in [
        r#"{"lr": null}"#,
        r#"{"lr": true}"#,
        r#"{"lr": "fast"}"#,
        r#"{"lr": [0.1]}"#,
        r#"{"lr": 2}"#,
        r#"{"latent_dim": 2.5}"#,
        r#"{"arch": 1}"#,
        r#"{"no_such": 1}"#,
    ] {
        let map = serde_json::from_str(bad).expect("an object");
        let error = settings_from_json(Recipe::Vae, &map).expect_err(bad);
        assert!(error.to_string().contains("expected") || bad.contains("no_such"), "{error}");
    }
}

#[test]
fn garbage_never_panics_and_never_gets_in() {
    let mut rng = stream(11, 0, Purpose::Evaluate);
    let mut settings = vae();
    let mut taken = 0;
    for _ in 0..20_000 {
        let text = garbage(&mut rng);
        let before = settings.clone();
        match settings.set_text(&text) {
            Ok(()) => taken += 1,
            Err(error) => {
                assert!(!error.to_string().is_empty(), "{text:?} is refused in words");
                assert_eq!(settings, before, "{text:?} is refused whole");
            }
        }
        settings.set_live(pick(&mut rng, &NAMES), poison(&mut rng)).ok();
        for key in Recipe::Vae.keys() {
            let value = settings.values()[key.name].clone();
            assert_eq!(
                settings.clone().set(key.name, value),
                Ok(()),
                "{} after {text:?}",
                key.name
            );
        }
    }
    assert!(taken > 500, "the garbage holds some good texts: {taken}");
}

const NAMES: [&str; 10] =
    ["lr", "beta", "latent_dim", "arch", "sigma", "likelihood", "", "LR", "hidden", "β\u{0}"];

fn pick<'a>(rng: &mut ChaCha8Rng, from: &[&'a str]) -> &'a str {
    from[rng.random_range(0..from.len())]
}

fn poison(rng: &mut ChaCha8Rng) -> f64 {
    let poison =
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, f64::MAX, f64::MIN_POSITIVE, -1.0];
    let index = rng.random_range(0..poison.len() + 2);
    poison.get(index).copied().unwrap_or_else(|| rng.random::<f64>() * 10.0)
}

fn garbage(rng: &mut ChaCha8Rng) -> String {
    let between = pick(rng, &["=", "=", "=", " = ", "", "==", "\n"]);
    let value = match rng.random_range(0..4) {
        0 => poison(rng).to_string(),
        1 => pick(rng, &["mlp", "conv", "learned", "gaussian", "", "nan", "🙂", "-0"]).to_owned(),
        2 => rng.random_range(0..100_000).to_string(),
        _ => (0..rng.random_range(0..8)).map(|_| rng.random::<char>()).collect(),
    };
    format!("{}{between}{value}", pick(rng, &NAMES))
}
