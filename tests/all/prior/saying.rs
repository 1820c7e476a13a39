//! What priors with texts say: between two texts, of a picture that changes, which words codes attend to, and how a text
//! goes on.

use zscope::array::{Array, NamedArrays};
use zscope::data::shapes::{parse_caption, with_values};
use zscope::engine::EngineKind;
use zscope::engine::params::DrawParams;
use zscope::engine::twin;
use zscope::graph::DrawControls;
use zscope::graph::lower::prior::PriorConfig;
use zscope::model::params;
use zscope::open::Opened;
use zscope::random::{Purpose, uniforms};
use zscope::sample::{Begun, LEAST_BITS, Options, Sampler, texts};
use zscope::text::Tokenizer;

use super::{ENGINES, autoencoder, gpu, of_graph, quiet, sampler, with_texts};
use crate::common::runs::folder;
use crate::common::{Tolerance, assert_close, first_difference};

/// How many bits make a change, of a prior that has hardly learnt its texts: each of them marks other codes.
const LEAST: [f32; 3] = [0.005, 0.0, -0.02];
const RED: &str = "a small red triangle on navy, top left";
const BLUE: &str = "a large blue circle on white, right";

/// A prior that knows some texts.
struct Known {
    prior: Opened,
    config: PriorConfig,
    tokenizer: Tokenizer,
    _folder: tempfile::TempDir,
}

fn known(steps: u64) -> Known {
    let folder = folder();
    let codes = autoencoder(&folder.path().join("codes"));
    let (prior, config) = with_texts(&folder.path().join("texts"), &codes, steps);
    let tokenizer = prior.tokenizer().expect("readable").expect("a tokenizer");
    Known { prior, config, tokenizer, _folder: folder }
}

fn image() -> Vec<u32> {
    (0..16).map(|place| (place * 5) % 24).collect()
}

impl Known {
    fn tokens(&self, text: &str) -> Vec<u32> {
        texts::tokens_of(&self.tokenizer, &self.config, text)
    }

    fn sampler(&self, engine: EngineKind) -> Sampler {
        sampler(&self.prior, &self.config, engine, &gpu())
    }

    /// What a whole sequence tells at a place, `[k]`.
    fn logits(&self, text: &[u32], codes: &[u32]) -> Array {
        let transformer = self.config.transformer();
        let own = params::under(&self.prior.tensors, "prior");
        let mut tokens = [&[self.config.start(None)], text, codes].concat();
        tokens.resize(transformer.places, 0);
        of_graph(&transformer, &own, &tokens, EngineKind::Twin, &gpu())
    }
}

#[test]
fn the_best_draw_leaves_the_text_most_probable() {
    let known = known(160);
    let red = known.tokens(RED);
    let options = Options { seed: 6, ..Options::default() };
    let mut sampler = known.sampler(EngineKind::Cpu);
    let all = sampler.draw_of(Some(&red), &options, None, [0, 15], &mut quiet).expect("codes");
    let said = texts::said(&known.config, &red);
    let mut bits = |codes: &Vec<u32>| -> f32 {
        sampler.text_bits(&red, Some(codes)).expect("bits")[..said].iter().sum()
    };
    let bits: Vec<f32> = all.iter().map(&mut bits).collect();
    let mut best =
        |range, best| sampler.draw_best(&red, &options, range, best, &mut quiet).expect("codes");
    let least = |from: usize| (from..from + 5).min_by(|&a, &b| bits[a].total_cmp(&bits[b]));
    let expected: Vec<_> = [0, 5, 10].map(|from| all[least(from).expect("five")].clone()).into();
    let kept = best([0, 3], 5);
    assert_eq!(kept, expected, "of each five, that of fewest bits: {bits:?}");
    assert_eq!(best([1, 2], 5), expected[1..], "the same of a later beginning");
    assert_eq!(best([2, 4], 1), all[2..6], "of one draw that one");
    assert_ne!(kept, all[..3], "a choice was made");
}

#[test]
fn a_row_goes_from_one_text_to_another() {
    let known = known(160);
    let [red, blue] = [RED, BLUE].map(|text| known.tokens(text));
    // A seed whose pictures differ by their text: which these are hangs on the rounding of all updates.
    let mut sampler = known.sampler(EngineKind::Cpu);
    let mut pictures_differ = |seed: &u64| {
        let options = Options { seed: *seed, ..Options::default() };
        let mut of = |share| {
            let texts = [&red, &blue].map(Vec::as_slice);
            let drawn = sampler.draw_between(texts, Some(share), &options, [3, 1], &mut quiet);
            drawn.expect("codes").remove(0)
        };
        let half = of(0.5);
        of(0.0) != of(1.0) && [of(0.0), of(4.0)].iter().all(|other| *other != half)
    };
    let seed = (0..64).find(&mut pictures_differ).expect("texts make a difference");
    let options = Options { seed, ..Options::default() };
    let mut rows = Vec::new();
    for engine in ENGINES {
        let mut sampler = known.sampler(engine);
        let mut between = |share, range| {
            sampler.draw_between([&red, &blue], share, &options, range, &mut quiet).expect("codes")
        };
        let row = between(None, [3, 5]);
        assert_eq!(between(None, [3, 1]), row[..1], "{engine}: a row of one begins");
        let [first, second] = [between(Some(0.0), [3, 2]), between(Some(1.0), [3, 2])];
        let mut alone = |text: &[u32]| {
            sampler.draw_of(Some(text), &options, None, [3, 2], &mut quiet).expect("codes")
        };
        let [of_red, of_blue] = [alone(&red), alone(&blue)];
        assert_eq!([&row[0], &row[4]], [&of_red[0], &of_blue[0]], "{engine}: by the same chance");
        assert_eq!([first, second], [of_red.clone(), of_blue], "{engine}: no more than one text");
        assert_ne!(of_red[0], of_red[1], "{engine}: another chance");
        rows.push(row);
    }
    assert_eq!(rows[0], rows[1], "twin and cpu");
    assert_eq!(rows[0], rows[2], "twin and shaders");
    // The third picture by hand, from whole sequences: halves of both.
    let drawn = &rows[0][2];
    let draws = uniforms(seed, 3, Purpose::Prior, 16, 0.0, 1.0);
    let by_hand = |share: f32| -> Vec<u32> {
        let code = |place: usize| {
            let [of_red, of_blue] = [&red, &blue].map(|text| known.logits(text, &drawn[..place]));
            let row = red.len() + place;
            let both = of_red.row(row).iter().zip(of_blue.row(row));
            let mixed: Vec<f32> = both.map(|(a, b)| (1.0 - share) * a + share * b).collect();
            let params = DrawParams { items: 1, codes: 24, streams: 1, pad0: 0 };
            let controls = DrawControls { u: draws[place], ..DrawControls::default() };
            let mut code = [0.0];
            twin::draw(&params, &mixed[..24], &controls.values(), &mut code);
            code[0] as u32
        };
        (0..16).map(code).collect()
    };
    assert_eq!(*drawn, by_hand(0.5));
    assert_ne!(rows[0][0], rows[0][4], "two texts");
    assert_ne!(*drawn, by_hand(0.0), "one text alone");
    assert_ne!(*drawn, by_hand(4.0), "another share");
}

#[test]
fn what_does_not_fit_another_text_changes() {
    let known = known(160);
    let [red, blue] = [RED, BLUE].map(|text| known.tokens(text));
    let image = image();
    let mut found = Vec::new();
    for engine in ENGINES {
        let mut sampler = known.sampler(engine);
        let mut changes =
            |texts: [&[u32]; 2], least| sampler.changes(&image, texts, least).expect("changes");
        assert_eq!(changes([&red, &red], LEAST[0]), [false; 16], "{engine}: the same text");
        assert_eq!(changes([&red, &blue], f32::INFINITY), [false; 16], "{engine}");
        assert_eq!(changes([&red, &blue], f32::NEG_INFINITY), [true; 16], "{engine}");
        found.push(LEAST.map(|least| changes([&red, &blue], least)));
    }
    assert_eq!(found[0], found[1], "twin and cpu");
    assert_eq!(found[0], found[2], "twin and shaders");
    let found = found.swap_remove(0);
    assert!(found[0].contains(&true) && found[0].contains(&false), "{found:?}");
    // By hand, from whole sequences: what does not fit is replaced before the next one is judged.
    let bits = |logits: &[f32], code: u32| {
        let sum: f64 = logits[..24].iter().map(|&logit| f64::from(logit).exp()).sum();
        sum.log2() - f64::from(logits[code as usize]) / std::f64::consts::LN_2
    };
    let by_hand = |replaces: bool, least: f32| -> Vec<bool> {
        let mut draft = image.clone();
        let mut changed = Vec::new();
        for place in 0..16 {
            let row = red.len() + place;
            let of_blue = known.logits(&blue, &draft[..place]);
            let of_red = known.logits(&red, &image[..place]);
            let [own, other] = [&of_red, &of_blue].map(|of| bits(of.row(row), image[place]));
            changed.push(other - own >= f64::from(least));
            if changed[place] && replaces {
                let codes = of_blue.row(row)[..24].iter().enumerate();
                draft[place] = codes.max_by(|a, b| a.1.total_cmp(b.1)).expect("codes").0 as u32;
            }
        }
        changed
    };
    assert_eq!(found, LEAST.map(|least| by_hand(true, least)));
    assert_ne!(found, LEAST.map(|least| by_hand(false, least)), "what is replaced tells something");
    let mut sampler = known.sampler(EngineKind::Cpu);
    let [own, other] =
        [&red, &blue].map(|text| sampler.image_bits(&image, None, Some(text)).expect("bits"));
    let first = found[0].iter().position(|&changed| changed).expect("one");
    assert!(
        other[first] - own[first] >= LEAST[0],
        "up to the first one both pictures are the same"
    );
    assert!((0..first).all(|place| other[place] - own[place] < LEAST[0]));
    const { assert!(LEAST_BITS > LEAST[0]) };
}

/// One linear layer by hand, `[out, t]` of `[in, t]`.
fn linear(tensors: &NamedArrays, name: &str, input: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let [weight, bias] = ["weight", "bias"].map(|part| &tensors[&format!("{name}.{part}")]);
    let of_output = |out: usize| -> Vec<f64> {
        let sum = |place: usize| {
            let products = weight.row(out).iter().zip(input);
            f64::from(bias.data()[out])
                + products.map(|(w, values)| f64::from(*w) * values[place]).sum::<f64>()
        };
        (0..input[0].len()).map(sum).collect()
    };
    (0..weight.num_rows()).map(of_output).collect()
}

/// What the first layer attends to by hand, `[t, t]`; scores are divided by the root of `divisor` values, and a place
/// sees so many behind it.
fn attention_by_hand(
    known: &Known,
    tokens: &[u32],
    divisor: usize,
    behind: usize,
) -> Vec<Vec<f64>> {
    let own = params::under(&known.prior.tensors, "prior");
    let transformer = known.config.transformer();
    let (t, width) = (transformer.places, transformer.width);
    let embedded: Vec<Vec<f64>> = (0..transformer.embedding)
        .map(|i| {
            let row = |&token: &u32| f64::from(own["embedding.weight"].row(token as usize)[i]);
            tokens.iter().map(row).collect()
        })
        .collect();
    let mut x = linear(&own, "widen", &embedded);
    for (i, values) in x.iter_mut().enumerate() {
        for (place, value) in values.iter_mut().enumerate() {
            *value += f64::from(own["positions.weight"].row(place)[i]);
        }
    }
    for place in 0..t {
        let mean = x.iter().map(|values| values[place]).sum::<f64>() / width as f64;
        let squares = x.iter().map(|values| (values[place] - mean).powi(2)).sum::<f64>();
        let deviation = (squares / width as f64 + 1e-5).sqrt();
        for (i, values) in x.iter_mut().enumerate() {
            let [weight, bias] = ["weight", "bias"]
                .map(|part| f64::from(own[&format!("blocks.0.norm1.{part}")].data()[i]));
            values[place] = (values[place] - mean) / deviation * weight + bias;
        }
    }
    let [query, key] = ["blocks.0.query", "blocks.0.key"].map(|name| linear(&own, name, &x));
    let dim = width / transformer.heads;
    let mut mean = vec![vec![0.0; t]; t];
    for head in 0..transformer.heads {
        for (place, row) in mean.iter_mut().enumerate() {
            let seen = t.min(place + 1 + behind);
            let exp = |other: usize| {
                let own = head * dim..(head + 1) * dim;
                let score: f64 = own.map(|i| query[i][place] * key[i][other]).sum();
                (score / (divisor as f64).sqrt()).exp()
            };
            let exps: Vec<f64> = (0..seen).map(exp).collect();
            let sum: f64 = exps.iter().sum::<f64>() * transformer.heads as f64;
            row.iter_mut().zip(exps).for_each(|(mean, exp)| *mean += exp / sum);
        }
    }
    mean
}

#[test]
fn attention_is_the_softmax_of_queries_and_keys() {
    let known = known(60);
    let (text, image) = (known.tokens(RED), image());
    let transformer = known.config.transformer();
    let t = transformer.places;
    let tokens = [&[known.config.start(None)], &text[..], &image[..15]].concat();
    let flat = |divisor, behind| -> Vec<f32> {
        let rows = attention_by_hand(&known, &tokens, divisor, behind);
        rows.concat().into_iter().map(|share| share as f32).collect()
    };
    let dim = transformer.width / transformer.heads;
    for engine in ENGINES {
        let layers = known.sampler(engine).attention(&image, &text).expect("attention");
        assert_eq!(layers.len(), transformer.layers);
        for layer in &layers {
            assert_eq!(layer.shape(), [t, t]);
            for place in 0..t {
                let row = layer.row(place);
                let sum: f32 = row.iter().sum();
                assert!((sum - 1.0).abs() < 1e-5, "{engine}, place {place}: {sum}");
                assert!(row[place + 1..].iter().all(|&share| share == 0.0), "nothing behind it");
            }
        }
        assert_close(layers[0].data(), &flat(dim, 0), Tolerance::ENGINE);
        for (divisor, behind) in [(1, 0), (dim, 1)] {
            let other = flat(divisor, behind);
            let difference = first_difference(layers[0].data(), &other, Tolerance::ENGINE);
            assert!(difference.is_some(), "{engine}: divided by √{divisor}, {behind} behind");
        }
        assert_ne!(layers[0], layers[1], "each layer has its own");
    }
}

#[test]
fn words_have_the_attention_of_their_pieces() {
    let known = known(60);
    let image = image();
    let text = "a small turquoise-ish ring, qzx";
    let mut sampler = known.sampler(EngineKind::Cpu);
    let words = sampler.words(&known.tokenizer, &image, text).expect("words");
    assert_eq!(words.words, ["a", "small", "turquoise", "-ish", "ring", ",", "qzx"]);
    let tokens = known.tokens(text);
    let layers = sampler.attention(&image, &tokens).expect("attention");
    let places = texts::words_of(&known.tokenizer, &known.config, &tokens);
    assert!(places.iter().any(|(_, at)| at.len() > 1), "a word of several pieces");
    for (layer, weights) in layers.iter().enumerate() {
        for code in 0..16 {
            let row = weights.row(tokens.len() + code);
            for (word, (_, at)) in places.iter().enumerate() {
                let expected: f32 = at.clone().map(|place| row[place + 1]).sum();
                let found = words.share(Some(layer), code, word);
                assert!((found - expected).abs() < 1e-6, "layer {layer}, code {code}, {word}");
            }
            let of_codes = words.of_codes(Some(layer), code);
            let expected: f32 = row[tokens.len() + 1..=tokens.len() + code].iter().sum();
            assert!((of_codes - expected).abs() < 1e-6, "codes before {code}");
        }
    }
    let mean = f32::midpoint(words.share(Some(0), 5, 2), words.share(Some(1), 5, 2));
    assert!((words.share(None, 5, 2) - mean).abs() < 1e-6, "all layers");
    assert!(words.of_codes(None, 0) < f32::MIN_POSITIVE, "nothing comes before the first code");
}

#[test]
fn texts_go_on_as_they_began() {
    let known = known(160);
    let image = image();
    let options = Options { seed: 3, ..Options::default() };
    for engine in ENGINES {
        let mut sampler = known.sampler(engine);
        let mut complete = |text: &str, codes: Option<&[u32]>| {
            let begun = Begun::new(&known.tokenizer, &known.config, text);
            sampler.complete(&begun, codes, &options, [2, 6], &mut quiet).expect("texts")
        };
        let said = |tokens: &Vec<u32>| texts::text_of(&known.tokenizer, &known.config, tokens);
        for codes in [None, Some(&image[..])] {
            for begin in ["a small re", "a small red", "A  small red ", "qzx", "a larg", "a"] {
                let all = complete(begin, codes);
                let plain = begin.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
                for text in all.iter().map(said) {
                    assert!(text.starts_with(&plain), "{engine}: {begin:?} to {text:?}");
                }
                assert_eq!(all.len(), 6);
            }
        }
        // A whole word is what it is where a space follows it.
        let whole = complete("a ", None).iter().map(said).collect::<Vec<_>>();
        assert!(whole.iter().all(|text| text == "a" || text.starts_with("a ")), "{whole:?}");
        let of_image = complete("", Some(&image));
        let captions = sampler.captions(&image, &options, [2, 6], &mut quiet).expect("texts");
        assert_eq!(of_image, captions, "{engine}: nothing began");
    }
    let begun = |text: &str| Begun::new(&known.tokenizer, &known.config, text);
    // A part of a word that is one piece has the pieces that it can become.
    let spellings = (0..known.config.text.expect("texts").tokens as u32)
        .filter_map(|token| known.tokenizer.spelling(token));
    let is_word = |text: &String| text.len() > 3 && text.starts_with(' ');
    let word = spellings.filter(is_word).max_by_key(String::len).expect("a word");
    let part = format!("a{}", &word[..word.len() - 1]);
    assert_ne!(begun(&part), begun(&format!("{part} ")), "{part:?} is a part of {word:?}");
    let long = format!("a{word}");
    let mut sampler = known.sampler(EngineKind::Cpu);
    let told = sampler.complete(&begun(&part), None, &options, [0, 40], &mut quiet).expect("texts");
    let told: Vec<String> =
        told.iter().map(|text| texts::text_of(&known.tokenizer, &known.config, text)).collect();
    assert!(told.iter().all(|text| text.starts_with(&part)), "{told:?}");
    assert!(told.iter().any(|text| text.starts_with(&long)), "{long:?} in {told:?}");
    // The likeliest first, each with its own bits.
    let mut sampler = known.sampler(EngineKind::Cpu);
    let drawn =
        sampler.complete(&begun("a "), Some(&image), &options, [0, 9], &mut quiet).expect("texts");
    let ranked =
        texts::ranked(&mut sampler, &known.tokenizer, &drawn, Some(&image)).expect("ranked");
    assert!(ranked.is_sorted_by_key(|(_, bits)| *bits), "{ranked:?}");
    let (text, bits) = &ranked[0];
    let tokens = known.tokens(text);
    let own = sampler.text_bits(&tokens, Some(&image)).expect("bits");
    let sum: f32 = own[..texts::said(&known.config, &tokens)].iter().sum();
    assert!((sum - bits).abs() < 0.01 * sum.max(1.0), "{text}: {sum} and {bits}");
    // What is longer than a text can be is cut off.
    let long = "very ".repeat(2_000);
    let all = sampler.complete(&begun(&long), None, &options, [0, 2], &mut quiet).expect("texts");
    assert!(all.iter().all(|text| text.len() == known.config.text_places()));
}

#[test]
fn words_take_the_place_of_those_that_they_contradict() {
    let cases = [
        (RED, "blue", "a small blue triangle on navy, top left"),
        (RED, "ring", "a small red ring on navy, top left"),
        (RED, "an orange star", "a small orange star on navy, top left"),
        (RED, "on sky blue", "a small red triangle on sky blue, top left"),
        (RED, "big, bottom right", "a big red triangle on navy, bottom right"),
        (RED, BLUE, "a large blue circle on white, right"),
        (RED, "scarlet", RED),
        ("an orange circle", "blue", "a blue circle"),
        ("a blue circle", "orange", "an orange circle"),
        ("a circle", "small red", "a small red circle"),
        ("a red circle", "small", "a small red circle"),
        ("a red circle", "on navy, left", "a red circle, on navy, left"),
        (
            "at the upper left is a tiny red three-sided shape against dark blue",
            "green ring",
            "at the upper left is a tiny green ring against dark blue",
        ),
    ];
    for (caption, words, expected) in cases {
        let found = with_values(caption, words).expect("captions of shapes");
        assert_eq!(found, expected, "{caption:?} and {words:?}");
        assert_eq!(texts::changed(caption, words), expected);
        let (named, now) = (parse_caption(words).expect("known"), parse_caption(&found));
        let now = now.expect("still a caption");
        for attribute in zscope::data::shapes::Attribute::ALL {
            let before = parse_caption(caption).expect("known").get(attribute);
            assert_eq!(now.get(attribute), named.get(attribute).or(before), "{found:?}");
        }
    }
    for (caption, words) in [("a dog", "blue"), (RED, "a dog"), (RED, "the"), (RED, "")] {
        assert_eq!(with_values(caption, words), None, "{caption:?} and {words:?}");
    }
    let dog = "a dog that runs on the grass";
    assert_eq!(texts::changed(dog, " snow "), "a dog that runs on the grass, snow");
    assert_eq!(texts::changed(dog, "a cat on the snow"), "a cat on the snow");
}
