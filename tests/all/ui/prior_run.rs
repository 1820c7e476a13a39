//! The whole program with a small prior in it: what is drawn is what the sampler draws, and can be taken and undone.

use std::path::Path;
use std::time::Duration;

use egui_kittest::Harness;
use image::AnimationDecoder as _;
use zscope::app::ZscopeApp;
use zscope::engine::EngineKind;
use zscope::formats::run_dir::ModelConfig;
use zscope::open::open;
use zscope::sample::{LEAST_BITS, Options, Sampler, texts};
use zscope::session::prior::{Form, PriorAsk};
use zscope::ui::{Command, Demo, Pane};

use super::any_commands::open_model;
use crate::common::runs;
use crate::common::{Tolerance, assert_close};
use crate::prior::{autoencoder, request};

type App = Harness<'static, ZscopeApp>;

fn apply(harness: &mut App, command: Command) {
    let ctx = harness.ctx.clone();
    harness.state_mut().apply(&ctx, command);
    harness.step();
}

fn ask(harness: &mut App, ask: PriorAsk) {
    apply(harness, Command::Prior(ask));
}

#[track_caller]
fn wait(harness: &mut App, what: &str, is_there: impl Fn(&ZscopeApp) -> bool) {
    for _ in 0..4000 {
        if is_there(harness.state()) {
            return;
        }
        harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("never: {what}")
}

/// Asks for draws, and waits for them.
#[track_caller]
fn drawn(harness: &mut App, asked: PriorAsk) -> Vec<Vec<u32>> {
    ask(harness, asked);
    wait(harness, "all is drawn", |app| {
        app.prior().share().is_none() && !app.prior().drawn().is_empty()
    });
    // The last codes come with the next frame at the latest.
    harness.step();
    let prior = harness.state().prior();
    (0..prior.drawn().len()).map(|picture| prior.whole(picture).expect("whole")).collect()
}

fn codes(harness: &App) -> Vec<u32> {
    harness.state().explore().codes().expect("codes")
}

/// The prior of a run, on the CPU.
fn sampler(dir: &Path) -> Sampler {
    let opened = open(&dir.to_string_lossy()).expect("it opens");
    let ModelConfig::Prior(config) = &opened.model else { panic!("no prior") };
    Sampler::new(config, &opened.tensors, EngineKind::Cpu, None)
}

/// The program on a new prior with these keys.
fn program(base: &Path, keys: &[&str], codes: &str) -> (App, std::path::PathBuf) {
    let dir = base.join("prior");
    runs::run(runs::planned(request(codes, keys, 40), &dir));
    let builder = Harness::builder().with_size([1280.0, 800.0]);
    let mut harness = open_model(&dir.to_string_lossy(), builder);
    apply(&mut harness, Command::ShowPane(Pane::Prior));
    (harness, dir)
}

#[test]
fn draws_are_taken_erased_filled_and_undone() {
    let base = runs::folder();
    let of = autoencoder(&base.path().join("codes"));
    let (mut harness, dir) = program(base.path(), &[], &of);
    let mut sampler = sampler(&dir);
    let options = Options { seed: 5, temperature: 0.9, ..Options::default() };
    ask(&mut harness, PriorAsk::Set(Form { options, count: 3, ..Form::default() }));
    let found = drawn(&mut harness, PriorAsk::Draw);
    let expected = sampler.draw(&options, None, [0, 3], &mut |_, _| true).expect("codes");
    assert_eq!(found, expected, "as the command line draws");

    // A film has a picture for every code.
    let path = base.path().join("film.gif");
    assert_eq!(harness.state().prior().moments().len(), 16);
    ask(&mut harness, PriorAsk::SaveFilm(Some(path.clone())));
    wait(&mut harness, "the film", |_| path.is_file());
    let bytes = std::fs::read(&path).expect("the film");
    let film = image::codecs::gif::GifDecoder::new(std::io::Cursor::new(bytes)).expect("a GIF");
    assert_eq!(film.into_frames().collect_frames().expect("frames").len(), 16);

    let before = codes(&harness);
    ask(&mut harness, PriorAsk::Take(1));
    assert_eq!(codes(&harness), found[1], "the picture has the codes that were drawn");
    apply(&mut harness, Command::Undo);
    assert_eq!(codes(&harness), before, "exactly as before");
    apply(&mut harness, Command::Redo);
    assert_eq!(codes(&harness), found[1]);

    wait(&mut harness, "bits", |app| app.prior().bits().is_some_and(|bits| bits.codes == found[1]));
    let bits = sampler.bits(&found[1], &[None]).expect("bits");
    let shown = harness.state().prior().bits().expect("bits").bits.clone();
    assert_close(&shown, &bits, Tolerance::ENGINE);

    let erased = vec![0, 5, 6];
    ask(&mut harness, PriorAsk::Fill);
    assert!(!harness.state().prior().fills(), "nothing is erased");
    ask(&mut harness, PriorAsk::Erase { cells: erased.clone(), erased: true });
    let filled = drawn(&mut harness, PriorAsk::Fill);
    assert!(harness.state().prior().fills());
    for codes in &filled {
        for place in (0..16).filter(|place| !erased.contains(place)) {
            assert_eq!(codes[place], found[1][place], "place {place} was known");
        }
    }
    assert_eq!(harness.state().prior().moments().len(), 7, "nothing is left behind place 6");
    // What is erased later was not drawn.
    ask(&mut harness, PriorAsk::Erase { cells: vec![9], erased: true });
    apply(&mut harness, Command::BeginEdit);
    apply(&mut harness, Command::SetCell { cell: 9, code: (found[1][9] + 1) % 24 });
    let before = codes(&harness);
    ask(&mut harness, PriorAsk::Take(2));
    let mut expected = before.clone();
    for &place in &erased {
        expected[place] = filled[2][place];
    }
    assert_eq!(codes(&harness), expected, "only what was erased");
    apply(&mut harness, Command::Undo);
    assert_eq!(codes(&harness), before);
    ask(&mut harness, PriorAsk::Restore);
    assert!(harness.state().prior().erased().is_empty());
}

#[test]
fn texts_are_drawn_between_completed_and_put_into_the_picture() {
    let base = runs::folder();
    let of = autoencoder(&base.path().join("codes"));
    let keys = ["text=yes", "vocabulary=300", "lr=0.01"];
    let (mut harness, dir) = program(base.path(), &keys, &of);
    let opened = open(&dir.to_string_lossy()).expect("it opens");
    let tokenizer = opened.tokenizer().expect("readable").expect("a tokenizer");
    let mut sampler = sampler(&dir);
    let config = sampler.config().clone();
    let tokens = |text: &str| texts::tokens_of(&tokenizer, &config, text);
    let [red, blue] = ["a red circle", "a blue star on navy"];
    ask(&mut harness, PriorAsk::Say(red.to_owned()));
    ask(&mut harness, PriorAsk::Towards(blue.to_owned()));
    let options = Options { seed: 5, ..Options::default() };
    for share in [None, Some(0.25)] {
        ask(&mut harness, PriorAsk::Set(Form { options, count: 4, share, ..Form::default() }));
        let found = drawn(&mut harness, PriorAsk::Draw);
        let texts = [&tokens(red)[..], &tokens(blue)];
        let expected = sampler.draw_between(texts, share, &options, [0, 4], &mut |_, _| true);
        assert_eq!(found, expected.expect("codes"), "{share:?}");
    }

    // What a text becomes.
    ask(&mut harness, PriorAsk::Complete);
    wait(&mut harness, "completions", |app| app.prior().completions().is_some());
    let found = harness.state().prior().completions().expect("texts").texts.clone();
    assert!(!found.is_empty() && found.iter().all(|(text, _)| text.starts_with(red)), "{found:?}");
    assert!(found.is_sorted_by_key(|(_, bits)| *bits), "the likeliest first");
    ask(&mut harness, PriorAsk::Say("another".to_owned()));
    assert!(harness.state().prior().completions().is_none(), "of another text");

    // The words of the text have attention, those of the picture where there is none.
    let words = |app: &ZscopeApp| app.prior().words().map(|words| words.words.join(" "));
    wait(&mut harness, "attention", |app| words(app).as_deref() == Some("another"));
    ask(&mut harness, PriorAsk::Say(String::new()));
    wait(&mut harness, "a caption", |app| app.prior().bits().is_some());
    let codes_before = codes(&harness);
    let likeliest = Options { temperature: 0.0, ..Options::default() };
    let caption = sampler.captions(&codes_before, &likeliest, [0, 1], &mut |_, _| true);
    let caption = texts::text_of(&tokenizer, &config, &caption.expect("a text").concat());
    let known = sampler.words(&tokenizer, &codes_before, &caption).expect("attention");
    if !caption.is_empty() {
        wait(&mut harness, "attention", |app| app.prior().words() == Some(&known));
    }

    // What does not fit another text is erased, and filled with codes of that text.
    ask(&mut harness, PriorAsk::Edit);
    assert!(harness.state().prior().edit().is_none(), "nothing is typed");
    ask(&mut harness, PriorAsk::But("a large ring on white, centre".to_owned()));
    ask(&mut harness, PriorAsk::Edit);
    wait(&mut harness, "an edit", |app| app.prior().edit().is_some());
    let edit = harness.state().prior().edit().expect("an edit").clone();
    assert_eq!(edit.from, caption);
    assert_eq!(edit.to, texts::changed(&caption, "a large ring on white, centre"));
    let [from, to] = [&edit.from, &edit.to].map(|text| tokens(text));
    let changes = sampler.changes(&codes_before, [&from, &to], LEAST_BITS).expect("changes");
    let erased: Vec<usize> = harness.state().prior().erased().iter().copied().collect();
    let expected: Vec<usize> = (0..16).filter(|&place| changes[place]).collect();
    assert_eq!(erased, expected);
    // Others can be chosen.
    ask(&mut harness, PriorAsk::Restore);
    assert!(
        harness.state().prior().edit().is_none() && harness.state().prior().erased().is_empty()
    );
    ask(&mut harness, PriorAsk::Edit);
    wait(&mut harness, "an edit", |app| app.prior().edit().is_some());
    ask(&mut harness, PriorAsk::Erase { cells: vec![3, 7], erased: true });
    let filled = drawn(&mut harness, PriorAsk::Fill);
    let is_open = |place: usize| changes[place] || [3, 7].contains(&place);
    let given: Vec<Option<u32>> =
        (0..16).map(|place| (!is_open(place)).then_some(codes_before[place])).collect();
    let expected = sampler.draw_of(Some(&to), &options, Some(&given), [0, 4], &mut |_, _| true);
    assert_eq!(filled, expected.expect("codes"), "of the text that is to be true");
    ask(&mut harness, PriorAsk::Take(1));
    assert_eq!(codes(&harness), filled[1]);
    apply(&mut harness, Command::Undo);
    assert_eq!(codes(&harness), codes_before, "one step");
}

#[test]
fn a_model_that_goes_takes_its_draws_along() {
    let base = runs::folder();
    let of = autoencoder(&base.path().join("codes"));
    let (mut harness, _) = program(base.path(), &["order=masked"], &of);
    let options = Options { steps: 16, ..Options::default() };
    ask(&mut harness, PriorAsk::Set(Form { options, count: 64, ..Form::default() }));
    ask(&mut harness, PriorAsk::Draw);
    wait(&mut harness, "some are drawn", |app| !app.prior().drawn().is_empty());
    ask(&mut harness, PriorAsk::Draw);
    apply(&mut harness, Command::OpenDemo(Demo::VqVae));
    wait(&mut harness, "the demo", |app| app.prior().line().is_none());
    for _ in 0..60 {
        harness.step();
        std::thread::sleep(Duration::from_millis(5));
        assert!(harness.state().prior().drawn().is_empty(), "draws of the model before");
    }
}

#[test]
fn several_codes_a_cell_are_taken_as_they_were_drawn() {
    let base = runs::folder();
    let dir = base.path().join("codes");
    let keys = [
        "hidden=8",
        "res_hidden=4",
        "res_blocks=1",
        "code_dim=5",
        "codebook_size=8",
        "eval_images=16",
        "quantizer=residual",
        "quantizers=2",
    ];
    let plan = runs::request(zscope::train::recipe::Recipe::VqVae, &keys, 20);
    runs::run(runs::planned(plan, &dir));
    let (mut harness, _) = program(base.path(), &[], &dir.to_string_lossy());
    ask(&mut harness, PriorAsk::Set(Form { count: 4, ..Form::default() }));
    let found = drawn(&mut harness, PriorAsk::Draw);
    for (picture, places) in found.iter().enumerate() {
        ask(&mut harness, PriorAsk::Take(picture));
        // All cells of the first quantizer, then of the second one, whose codes count on.
        let slot = |slot: usize| (0..16).map(move |cell| places[cell * 2 + slot] + 8 * slot as u32);
        let expected: Vec<u32> = slot(0).chain(slot(1)).collect();
        assert_eq!(codes(&harness), expected, "picture {picture}");
    }
    // An erased cell of the second quantizer.
    let before = codes(&harness);
    ask(&mut harness, PriorAsk::Erase { cells: vec![16 + 3], erased: true });
    let filled = drawn(&mut harness, PriorAsk::Fill);
    ask(&mut harness, PriorAsk::Take(1));
    let mut expected = before;
    expected[16 + 3] = filled[1][3 * 2 + 1] + 8;
    assert_eq!(codes(&harness), expected);
}
