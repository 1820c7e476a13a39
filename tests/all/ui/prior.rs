//! The view of a prior over codes and the eraser on the code map, by their accessible labels.

use std::collections::BTreeSet;

use eframe::egui;
use egui::accesskit::Role;
use egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use rand::RngExt as _;
use zscope::graph::lower::prior::Order;
use zscope::random::{Purpose, stream};
use zscope::session::canvas::Tool;
use zscope::session::prior::{
    Bits, Drawn, Edit, Form, MOST, MOST_STEPS, Prior, PriorAsk, PriorLine,
};
use zscope::train::recipe::Recipe;
use zscope::ui::{Command, CommandPalette, Page, Pane, SheetOf};

use super::any_commands::{any_ask, any_form};
use super::behaviour::{painted, type_and_enter};
use super::codebook::cell_at;
use super::made_up::{GRID, map};
use super::window::{SIZES, Window, asked, drag, is_enabled, nodes, press, says};

pub const CODES: usize = 512;
pub const PLACES: usize = GRID[0] * GRID[1];

pub fn line(order: Order, classes: &[&str]) -> PriorLine {
    let classes = classes.iter().map(|&name| name.to_owned()).collect();
    PriorLine { classes, order, grid: GRID, per_cell: 1, codes: CODES, knows_texts: false }
}

/// A model with a prior, whose view is not shown.
fn with_prior(order: Order, classes: &[&str]) -> Window {
    let mut window = Window::with_codes(CODES);
    window.prior.show(Some(line(order, classes)));
    window
}

/// A model with a prior and its view.
fn window(order: Order, classes: &[&str]) -> Window {
    let mut window = with_prior(order, classes);
    window.view.dock.show(Pane::Prior);
    window
}

/// Three pictures, the second of which lacks a code.
pub fn three() -> Drawn {
    let mut drawn = vec![vec![Some(3); PLACES]; 3];
    drawn[1][40] = None;
    drawn
}

/// Draws that are under way.
fn drawing() -> Window {
    let mut window = window(Order::Masked, &["disc", "hoop"]);
    window.prior.begin(None);
    window.prior.take_drawn(three(), 0.5);
    window
}

/// Draws that are done, and the picture's bits.
fn done() -> Window {
    let mut window = drawing();
    window.prior.end(vec![three(), vec![vec![Some(3); PLACES]; 3]]);
    let bits = (0..PLACES).map(|place| if place < 4 { 8.0 } else { 1.6 }).collect();
    window.prior.take_bits(Some(Bits { codes: map(CODES, 17), bits, caption: None }));
    window.prior.erase(&[3, 4], true);
    window
}

/// The view as it can be, for tests of layout.
pub fn scenes() -> Vec<(&'static str, Window)> {
    let mut without = Window::with_codes(CODES);
    without.view.dock.show(Pane::Prior);
    without.codes_of = Some("/runs/vq-vae-3".to_owned());
    let mut erasing = with_prior(Order::Raster, &[]);
    erasing.view.codebook.canvas.tool = Tool::Erase;
    erasing.prior.erase(&[0, 1, 8], true);
    vec![
        ("no prior", without),
        ("a prior", window(Order::Raster, &[])),
        ("a prior draws", drawing()),
        ("a prior has drawn", done()),
        ("cells are erased", erasing),
    ]
}

pub fn asks(commands: Vec<Command>) -> Vec<PriorAsk> {
    let ask = |command| match command {
        Command::Prior(ask) => ask,
        other => panic!("{other:?}"),
    };
    commands.into_iter().map(ask).collect()
}

#[test]
fn a_model_without_a_prior_offers_to_train_one() {
    let mut window = Window::with_codes(CODES);
    window.view.dock.show(Pane::Prior);
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    let name = "Set up a prior over these codes";
    assert!(harness.query_by_label(name).is_none(), "codes of nowhere");
    harness.state_mut().codes_of = Some("/runs/vq-vae-3".to_owned());
    assert_eq!(press(&mut harness, name), [Command::ShowPage(Page::Explore)]);
    let form = &harness.state().view.form;
    assert_eq!(form.recipe, Recipe::Prior);
    assert_eq!(form.settings.word("codes"), "/runs/vq-vae-3");
}

#[test]
fn controls_ask_for_what_was_typed() {
    type Change = fn(&mut Form);
    let mut harness = window(Order::Masked, &["disc", "hoop"]).open(SIZES[0]);
    asked(&mut harness);
    let before = *harness.state().prior.form();
    let cases: [(&str, f64, Change); 7] = [
        ("Temperature of the draws", 0.5, |form| form.options.temperature = 0.5),
        ("Top k", 7.0, |form| form.options.top_k = 7),
        ("Top p", 0.75, |form| form.options.top_p = 0.75),
        ("Guidance", 2.5, |form| form.options.guidance = 2.5),
        ("Steps of the draws", 9.0, |form| form.options.steps = 9),
        ("Seed of the draws", 11.0, |form| form.options.seed = 11),
        ("Pictures to draw", 4.0, |form| form.count = 4),
    ];
    for (name, value, change) in cases {
        harness.get_by_role_and_label(Role::SpinButton, name).set_value_accesskit(value);
        let mut expected = before;
        change(&mut expected);
        let found = asks(asked(&mut harness));
        assert!(found.contains(&PriorAsk::Set(expected)), "{name}: {found:?}");
    }
    harness.get_by_role_and_label(Role::ComboBox, "Class of the draws").click();
    asked(&mut harness);
    harness.get_by_label("hoop").click();
    let mut expected = before;
    expected.options.class = Some(1);
    assert_eq!(asks(asked(&mut harness)), [PriorAsk::Set(expected)]);
    let value = harness.get_by_role_and_label(Role::ComboBox, "Class of the draws").value();
    assert_eq!(value.as_deref(), Some("any class"));
    harness.get_by_role_and_label(Role::CheckBox, "Follow").click();
    let expected = Form { follows: !before.follows, ..before };
    assert_eq!(asks(asked(&mut harness)), [PriorAsk::Set(expected)], "while the model learns");
}

#[test]
fn what_a_prior_lacks_is_not_offered() {
    let mut harness = window(Order::Raster, &[]).open(SIZES[0]);
    asked(&mut harness);
    for name in ["Guidance", "Steps of the draws", "Class of the draws"] {
        assert!(harness.query_by_label(name).is_none(), "{name}");
    }
    assert!(harness.query_by_label("Top k").is_some());
    assert!(painted(&harness).contains("Nothing is drawn yet."));
}

#[test]
fn drawing_begins_and_ends() {
    let mut harness = window(Order::Raster, &[]).open(SIZES[0]);
    assert_eq!(asks(press(&mut harness, "Draw")), [PriorAsk::Draw]);
    harness.state_mut().prior.begin(None);
    assert_eq!(asks(press(&mut harness, "Stop drawing from the prior")), [PriorAsk::Cancel]);
    assert!(harness.query_by_role_and_label(Role::Button, "Draw").is_none(), "it draws");
    harness.state_mut().prior.end(Vec::new());
    assert_eq!(asks(press(&mut harness, "Draw")), [PriorAsk::Draw], "again");
}

#[test]
fn only_whole_pictures_are_taken() {
    let mut harness = drawing().open(SIZES[0]);
    assert_eq!(asks(press(&mut harness, "Draw 1")), [PriorAsk::Take(0)]);
    assert!(!is_enabled(&harness, "Draw 2"), "a code is not known yet");
    assert_eq!(press(&mut harness, "Draw 2"), []);
    assert_eq!(asks(press(&mut harness, "Draw 3")), [PriorAsk::Take(2)]);
    assert!(harness.query_by_label("Draw 4").is_none());
    // The keyboard does it too.
    harness.get_by_label("Draw 3").focus();
    asked(&mut harness);
    harness.key_press(Key::Enter);
    assert_eq!(asks(asked(&mut harness)), [PriorAsk::Take(2)]);
}

#[test]
fn what_is_erased_is_filled_or_comes_back() {
    let mut harness = window(Order::Raster, &[]).open(SIZES[0]);
    asked(&mut harness);
    assert!(!is_enabled(&harness, "Fill erased"), "nothing is erased");
    assert!(harness.query_by_label("Restore").is_none());
    harness.state_mut().prior.erase(&[3], true);
    assert_eq!(asks(press(&mut harness, "Fill erased")), [PriorAsk::Fill]);
    assert_eq!(asks(press(&mut harness, "Restore")), [PriorAsk::Restore]);
}

/// The cells of what is asked, and whether they are to be erased.
fn erased(commands: Vec<Command>) -> (BTreeSet<usize>, BTreeSet<bool>) {
    let mut found = (BTreeSet::new(), BTreeSet::new());
    for ask in asks(commands) {
        let PriorAsk::Erase { cells, erased } = ask else { panic!("{ask:?}") };
        found.0.extend(cells);
        found.1.insert(erased);
    }
    found
}

#[test]
fn a_stroke_of_the_eraser_rubs_cells_out_and_alt_brings_them_back() {
    let mut harness = with_prior(Order::Raster, &[]).open(SIZES[0]);
    press(&mut harness, "Eraser");
    assert_eq!(harness.state().view.codebook.canvas.tool, Tool::Erase);
    let way = [cell_at(&harness, 8), cell_at(&harness, 10), cell_at(&harness, 13)];
    let found = erased(drag(&mut harness, &way));
    assert_eq!(found, ((8..=13).collect(), [true].into()), "without gaps, and no edit");
    harness.event(Event::ModifiersChanged(Modifiers::ALT));
    let found = erased(drag(&mut harness, &[way[0], way[0]]));
    assert_eq!(found, ([8].into(), [false].into()), "back");
}

#[test]
fn delete_erases_the_cells_that_are_chosen() {
    let mut harness = with_prior(Order::Raster, &[]).open(SIZES[0]);
    asked(&mut harness);
    let key = |harness: &mut Harness<'_, Window>, modifiers| {
        harness.get_by_label("Code map").focus();
        asked(harness);
        harness.key_press_modifiers(modifiers, Key::Delete);
        asked(harness)
    };
    assert_eq!(key(&mut harness, Modifiers::NONE), [], "nothing is chosen");
    let way = [9, 18, 27].map(|cell| cell_at(&harness, cell));
    drag(&mut harness, &way);
    let square: BTreeSet<usize> = [9, 10, 11, 17, 18, 19, 25, 26, 27].into();
    let found = erased(key(&mut harness, Modifiers::NONE));
    assert_eq!(found, (square.clone(), [true].into()));
    let found = erased(key(&mut harness, Modifiers::ALT));
    assert_eq!(found, (square, [false].into()), "with Alt they come back");
    let canvas = &mut harness.state_mut().view.codebook;
    (canvas.cell, canvas.canvas.selection) = (Some(5), None);
    assert_eq!(erased(key(&mut harness, Modifiers::NONE)).0, [5].into(), "one cell");
    harness.state_mut().view.shows_keys = true;
    asked(&mut harness);
    assert!(says(&harness, "Erase the chosen cells"), "it is listed");
}

#[test]
fn without_a_prior_nothing_is_erased() {
    let mut harness = Window::with_codes(CODES).open(SIZES[0]);
    asked(&mut harness);
    assert!(harness.query_by_label("Eraser").is_none());
    harness.state_mut().view.codebook.cell = Some(5);
    harness.get_by_label("Code map").focus();
    asked(&mut harness);
    harness.key_press(Key::Delete);
    assert_eq!(asked(&mut harness), []);
    harness.key_press(Key::E);
    assert_eq!(asked(&mut harness), [Command::ShowPage(Page::Evaluate)], "E means that elsewhere");
    harness.state_mut().view.codebook.canvas.tool = Tool::Erase;
    asked(&mut harness);
    let tool = harness.state().view.codebook.canvas.tool;
    assert_eq!(tool, Tool::Select, "the tool of another model");
}

#[test]
fn bits_are_a_map_that_is_told() {
    let mut window = window(Order::Raster, &[]);
    let bits = vec![2.0; PLACES];
    window.prior.take_bits(Some(Bits { codes: map(CODES, 17), bits, caption: None }));
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    let shown = harness.get_by_role_and_label(Role::Image, "Bits of the picture's codes");
    assert_eq!(shown.value().as_deref(), Some("128 bits, 2.00 a code"));
    assert!(says(&harness, "0 to 2.0 bits"), "the scale");
    shown_cell(&mut harness);
    harness.state_mut().prior.take_bits(None);
    asked(&mut harness);
    assert!(painted(&harness).contains("They are being measured."));
}

/// A cell tells its code.
fn shown_cell(harness: &mut Harness<'_, Window>) {
    let rect = harness.get_by_role_and_label(Role::Image, "Bits of the picture's codes").rect();
    harness.hover_at(rect.min + egui::vec2(4.0, 4.0));
    harness.run_steps(8);
    let code = map(CODES, 17)[0];
    let told = format!("Code {code}: 2.00 bits, a probability of 25.00 %");
    assert!(painted(harness).contains(&told), "{}", painted(harness));
    harness.remove_cursor();
}

#[test]
fn pictures_and_films_are_saved() {
    let mut harness = done().open(SIZES[0]);
    let sheet =
        |path: Option<&str>| Command::SaveSheet { of: SheetOf::Draws, path: path.map(Into::into) };
    let film = |path: Option<&str>| Command::Prior(PriorAsk::SaveFilm(path.map(Into::into)));
    let name = "Save the draws from the prior as a picture…";
    press(&mut harness, name);
    assert_eq!(press(&mut harness, "Choose…"), [sheet(None)]);
    press(&mut harness, name);
    assert_eq!(type_and_enter(&mut harness, "Where to", "a.png"), [sheet(Some("a.png"))]);
    press(&mut harness, "Film…");
    assert_eq!(press(&mut harness, "Choose…"), [film(None)]);
    press(&mut harness, "Film…");
    assert_eq!(type_and_enter(&mut harness, "Where to", "a.gif"), [film(Some("a.gif"))]);
}

#[test]
fn everything_is_found_by_its_name() {
    let listed = |window: Window| -> Vec<(String, bool)> {
        let mut harness = window.open(SIZES[0]);
        asked(&mut harness);
        harness.state_mut().view.command_palette = Some(CommandPalette::new());
        asked(&mut harness);
        let all = nodes(&harness);
        let buttons = all.iter().map(egui_kittest::Node::accesskit_node);
        let buttons = buttons.filter(|node| node.role() == Role::Button);
        buttons.map(|node| (node.label().unwrap_or_default(), !node.is_disabled())).collect()
    };
    let can = |window: Window, name: &str| {
        let all = listed(window);
        all.iter().any(|(label, is_enabled)| label.starts_with(name) && *is_enabled)
    };
    assert!(can(window(Order::Raster, &[]), "Draw pictures from the prior"));
    assert!(!can(Window::with_codes(CODES), "Draw pictures from the prior"), "there is none");
    assert!(can(drawing(), "Stop drawing from the prior"));
    for name in [
        "Fill the erased cells from the prior",
        "Save a film of drawing from the prior…",
        "Save the draws from the prior as a picture…",
        "Bring all erased cells back",
        "Draw from the class hoop",
    ] {
        assert!(can(done(), name), "{name}");
    }
}

#[test]
fn any_asks_in_any_order_leave_something_that_can_be_drawn() {
    let folder = std::path::Path::new("/nowhere");
    for seed in 0..20 {
        let mut rng = stream(seed, 0, Purpose::Explore);
        let mut prior = Prior::default();
        for step in 0..500 {
            match rng.random_range(0..12) {
                0 => prior.show(None),
                1 => prior.show(Some(line(Order::Raster, &[]))),
                2 => prior.show(Some(line(Order::Masked, &["a", "b", "c"]))),
                3 => prior.set_form(any_form(&mut rng)),
                4 => prior.begin(None),
                5 => prior.begin(Some(vec![None; rng.random_range(0..70)])),
                6 => prior.take_drawn(three(), rng.random()),
                7 => prior.end(vec![three(); rng.random_range(0..3)]),
                8 => prior.take_bits(Some(Bits {
                    codes: vec![1; 4],
                    bits: vec![0.5; 4],
                    caption: None,
                })),
                _ => match any_ask(&mut rng, folder) {
                    PriorAsk::Set(form) => prior.set_form(form),
                    PriorAsk::Say(text) => prior.say(text),
                    PriorAsk::Towards(text) => prior.go_towards(text),
                    PriorAsk::But(text) => prior.say_but(text),
                    PriorAsk::Edit => {
                        prior.begin_edit();
                        let to = prior.but().to_owned();
                        let edit = Edit { from: String::new(), to };
                        prior.end_edit(Some((edit, vec![1, 9999])));
                    }
                    PriorAsk::Erase { cells, erased } => prior.erase(&cells, erased),
                    PriorAsk::Restore => prior.restore(),
                    PriorAsk::Take(picture) => {
                        let whole = prior.whole(picture);
                        assert!(whole.is_none_or(|codes| codes.len() == PLACES));
                    }
                    _ => {}
                },
            }
            let Form { options, count, share, .. } = *prior.form();
            let classes = prior.line().map_or(0, |line| line.classes.len() as u32);
            let at = format!("step {step} of seed {seed}: {options:?}");
            assert!(options.class.is_none_or(|class| class < classes), "{at}");
            assert!((0.0..=10.0).contains(&options.temperature), "{at}");
            assert!(options.top_p > 0.0 && options.top_p <= 1.0, "{at}");
            assert!((0.0..=100.0).contains(&options.guidance), "{at}");
            assert!(prior.line().is_none() || options.top_k <= CODES, "{at}");
            assert!((1..=MOST_STEPS).contains(&options.steps), "{at}");
            assert!((1..=MOST).contains(&count), "{at}: {count}");
            assert!(share.is_none_or(|share| (0.0..=1.0).contains(&share)), "{at}: {share:?}");
            let places = prior.line().map_or(0, PriorLine::num_places);
            assert!(prior.erased().iter().all(|cell| *cell < places), "{at}");
        }
    }
}
