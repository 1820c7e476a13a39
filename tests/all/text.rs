//! The tokenizer of captions: what it gives back, and what it refuses to read.

use std::fs;

use zscope::data::shapes::{ShapeFactors, varied_caption};
use zscope::text::{END, LEAST_VOCABULARY, MOST_CHARS, PAD, START, Tokenizer};

use crate::common::assert_says;

fn captions(count: u64) -> Vec<String> {
    (0..count).map(|index| varied_caption(&ShapeFactors::drawn(3, index), 3, index)).collect()
}

fn trained() -> Tokenizer {
    Tokenizer::train(captions(2000).iter(), 512)
}

/// What a text becomes and what comes back of it, with room for all of it.
fn there_and_back(tokenizer: &Tokenizer, text: &str) -> String {
    tokenizer.decode(&tokenizer.encode(text, tokenizer.places_of(text)))
}

#[test]
fn captions_come_back() {
    let tokenizer = trained();
    assert_eq!(tokenizer.vocabulary(), 512);
    let mut most = 0;
    for caption in captions(3000) {
        assert_eq!(there_and_back(&tokenizer, &caption), caption);
        most = most.max(tokenizer.places_of(&caption));
    }
    assert!(most <= 32, "captions of the grammar take at most {most} places");
    for text in [
        "",
        "一个红色的三角形在左上角",
        "مثلث أحمر صغير",
        "שלום עולם",
        "🔴👩‍👩‍👧 on 🟦!",
        "naïve café — “quoted”",
        "<pad> <start> <end> [unk]",
        "under_score\u{0}nul",
        "don't",
    ] {
        assert_eq!(there_and_back(&tokenizer, text), text);
    }
}

#[test]
fn case_space_and_composition_do_not_matter() {
    let tokenizer = trained();
    let plain = tokenizer.encode("a small café on navy", 24);
    assert_eq!(tokenizer.encode("  A\tSMALL \n cafe\u{301} on  NAVY ", 24), plain);
    assert_ne!(tokenizer.encode("a small cafe on navy", 24), plain, "an accent does");
}

#[test]
fn texts_fill_a_fixed_number_of_places() {
    let tokenizer = trained();
    assert_eq!(tokenizer.encode("", 4), [START, END, PAD, PAD]);
    assert_eq!(tokenizer.encode("  \n ", 2), [START, END]);
    assert_eq!(tokenizer.places_of(""), 2);
    let on = tokenizer.encode("on", 5);
    assert_eq!((on[0], on[2], on[3], on[4]), (START, END, PAD, PAD), "a word is a token");
    assert_eq!(tokenizer.spelling(on[1]).as_deref(), Some(" on"));
    assert_eq!(tokenizer.spelling(START).as_deref(), Some("<start>"));
    assert_eq!(tokenizer.spelling(512), None);

    let long = "a small red triangle, ".repeat(500);
    assert!(long.len() > 10_000);
    let numbers = tokenizer.encode(&long, 16);
    assert_eq!((numbers.len(), numbers[15]), (16, END), "cut before its end");
    assert!(tokenizer.decode(&numbers).starts_with("a small red triangle, a small"));
    for text in ["x".repeat(10_000), "红".repeat(10_000), " ".repeat(10_000) + "x"] {
        let numbers = tokenizer.encode(&text, 32);
        assert_eq!((numbers.len(), numbers[0]), (32, START));
        assert!(tokenizer.places_of(&text) <= 4 * MOST_CHARS + 2, "only a part is read");
    }
    // Two places are too few for the three bytes of a letter.
    assert!(tokenizer.decode(&tokenizer.encode("红", 4)).contains('\u{fffd}'), "half a letter");
}

#[test]
fn letters_that_spell_special_tokens_are_letters() {
    let captions = ["<pad><start><end>"; 50];
    for tokenizer in [trained(), Tokenizer::train(captions.iter(), 512)] {
        let numbers = tokenizer.encode("<end> <pad>", 24);
        let end = numbers.iter().position(|&number| number == END).expect("an end");
        assert!(end > 4, "spelt out: {numbers:?}");
        assert!(numbers[1..end].iter().all(|&number| number > END), "{numbers:?}");
    }
}

#[test]
fn numbers_that_are_no_tokens_are_left_out() {
    let tokenizer = trained();
    let mut numbers = tokenizer.encode("a red star", 12);
    numbers.extend([512, u32::MAX, PAD, START]);
    assert_eq!(tokenizer.decode(&numbers), "a red star");
    assert_eq!(tokenizer.decode(&[]), "");
}

#[test]
fn the_same_captions_give_the_same_file() {
    let json = trained().to_json();
    assert_eq!(trained().to_json(), json, "again");
    let backwards = Tokenizer::train(captions(2000).iter().rev(), 512);
    assert_eq!(backwards.to_json(), json, "in any order");
    let other = Tokenizer::train(captions(2000).iter(), 400);
    assert_ne!(other.to_json(), json, "another vocabulary");
    assert_eq!(other.vocabulary(), 400);
    let few = Tokenizer::train(["a red star"].iter(), 512);
    assert_eq!(few.vocabulary(), LEAST_VOCABULARY, "nothing occurs twice");
    let none = Tokenizer::train(std::iter::empty::<&str>(), LEAST_VOCABULARY);
    assert_eq!(there_and_back(&none, "a red star 红"), "a red star 红", "bytes alone");
    let odd = ["e\u{301}\u{301}", "\u{0}", "🔴🔴🔴🔴", ""].repeat(9);
    assert_eq!(there_and_back(&Tokenizer::train(odd.iter(), 300), "🔴🔴"), "🔴🔴");
}

#[test]
fn files_are_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tokenizer.json");
    for tokenizer in [
        trained(),
        Tokenizer::train(["🔴 ring"; 40].iter(), 512),
        Tokenizer::train(std::iter::empty::<&str>(), 512),
        Tokenizer::train(["x".repeat(300), "xy".repeat(200)].iter().cycle().take(50), 512),
    ] {
        tokenizer.save(&path).expect("written");
        let read = Tokenizer::load(&path).expect("its own file");
        assert_eq!(read.to_json(), tokenizer.to_json());
        for caption in captions(200) {
            assert_eq!(read.encode(&caption, 32), tokenizer.encode(&caption, 32), "{caption}");
        }
        let spelt = "<end> is no end";
        assert_eq!(read.encode(spelt, 32), tokenizer.encode(spelt, 32));
    }
}

#[test]
fn files_of_strangers_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tokenizer.json");
    let json = trained().to_json();
    let merge =
        |merges: &str| json.replacen("\"merges\": [", &format!("\"merges\": [{merges},"), 1);
    let doubled = |power: u32| {
        let half = "a".repeat(1_usize << power);
        format!("[\"{half}\",\"{half}\"]")
    };
    let long = (0..6).map(doubled).collect::<Vec<String>>().join(",");
    for (text, words) in [
        (String::new(), &["no JSON"][..]),
        ("{}".to_owned(), &["no list of merges"]),
        ("[".repeat(100_000), &["no JSON"]),
        (json[..json.len() / 2].to_owned(), &["no JSON"]),
        (json.replace("\"Lowercase\"", "\"StripAccents\""), &["another `normalizer`"]),
        (json.replace("\"use_regex\": true", "\"use_regex\": false"), &["another `pre_tokenizer`"]),
        (json.replace("\"id\": 2", "\"id\": 9"), &["another `added_tokens`"]),
        (json.replace("\"dropout\": null", "\"dropout\": 0.5"), &["another `model`"]),
        (json.replace("\"truncation\": null", "\"truncation\": {}"), &["another `truncation`"]),
        (json.replacen('{', "{\"extra\": 1,", 1), &["another `extra`"]),
        (merge("[\"zq\",\"z\"]"), &["a merge of \"zq\" and \"z\""]),
        (merge("[\"<pad>\",\"z\"]"), &["a merge of \"<pad>\""]),
        (merge("[\"\",\"z\"]"), &["a merge of \"\""]),
        (merge("[\"z\",\"q\"]"), &["another `model`"]),
        (merge("[\"z\"]"), &["a merge that is none"]),
        (merge("7"), &["a merge that is none"]),
        (merge(&long), &["the token", "at most 32 bytes"]),
        (merge(&vec!["[\"z\",\"q\"]"; 70_000].join(",")), &["merges", "at most 65536"]),
    ] {
        fs::write(&path, &text).expect("written");
        let message = Tokenizer::load(&path).expect_err("refused").to_string();
        assert_says(&message, words);
        assert_says(&message, &["cannot read a tokenizer", "tokenizer.json"]);
        assert!(message.len() < 400, "{message}");
    }
    fs::write(&path, [0xff, 0xfe]).expect("written");
    assert!(Tokenizer::load(&path).is_err(), "no text");
    assert!(Tokenizer::load(&folder.path().join("none.json")).is_err(), "no file");
    let file = fs::File::create(&path).expect("created");
    file.set_len(40 << 20).expect("a sparse file");
    assert_says(&Tokenizer::load(&path).expect_err("refused").to_string(), &["more than"]);
}
