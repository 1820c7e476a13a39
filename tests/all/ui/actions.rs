//! What the palette lists: everything that can be done, and nothing as possible that is not.

use std::sync::Arc;

use eframe::egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable as _};
use zscope::data::{FactorInfo, FactorKind};
use zscope::latent::Mixing;
use zscope::session::explore::CornerSource;
use zscope::session::inside::Side;
use zscope::session::map::{Map, Points, Projection, Work};
use zscope::ui::{
    Card, CodesAsk, Command, CommandPalette, CompanionLine, Ground, Link, Pane, Teachers,
};

use super::window::{SIZES, Window, asked, nodes, press};
use super::{canvas, directions, evaluate, inside, own_picture};
use crate::inside::generator;
use crate::map::state::{placed, points};

/// The window with the palette open.
fn listed(window: Window) -> Harness<'static, Window> {
    let mut harness = window.open(SIZES[0]);
    // Which views are seen is known from the first frame on.
    asked(&mut harness);
    harness.state_mut().view.command_palette = Some(CommandPalette::new());
    asked(&mut harness);
    harness
}

/// Whether an action is in the list, and whether it can be done.
fn of(harness: &Harness<'_, Window>, name: &str) -> (bool, bool) {
    let all = nodes(harness);
    let found = all.iter().map(NodeT::accesskit_node).filter(|node| {
        node.role() == Role::Button && node.label().is_some_and(|label| label.starts_with(name))
    });
    found.fold((false, false), |(_, can), node| (true, can || !node.is_disabled()))
}

pub fn map_with(change: impl FnOnce(&mut Map)) -> Window {
    let coded = |points: Arc<Points>| {
        let codes = Some((0..points.len() as u32).collect());
        Arc::new(Points { codes, ..(*points).clone() })
    };
    let mut map = Map::default();
    map.set_points(coded(points(1)));
    map.set_placed(placed(&points(1), Projection::Pca));
    change(&mut map);
    let kind = FactorKind::Continuous { lo: 0.0, hi: 1.0 };
    let mut window = Window::full(2);
    window.factors = vec![FactorInfo { name: "scale".to_owned(), kind }];
    (window.map, window.ground) = (map, Ground::Images([0, 20]));
    window.view.dock.show(Pane::Map);
    window
}

fn scene(scenes: Vec<(&'static str, Window)>, name: &str) -> Window {
    let found = scenes.into_iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("no scene {name:?}")).1
}

fn walking() -> Window {
    let mut window = Window::running(3, 10);
    let place = window.explore.as_ref().expect("it has one").place();
    window.kept.walk.add(place.clone());
    window.kept.walk.add(place);
    window.strip.set_steps(vec![0, 5, 10]);
    window.strip.set_drawing(true);
    window.view.dock.show(Pane::Traversals);
    window
}

pub fn beside(link: Link) -> Window {
    let line = CompanionLine {
        name: "other".to_owned(),
        family: "vae".to_owned(),
        step: 7,
        picture: None,
        why: None,
    };
    let (companions, watched) = (vec![line], vec![vec![0.0; 3]]);
    Window { watched, companions, link, ..Window::full(3) }
}

fn trained_codes() -> Window {
    let mut window = canvas::palette_window(512);
    window.view.codebook.select(Some(3));
    window
}

/// Windows with the actions that can be done in them.
#[expect(clippy::too_many_lines, reason = "a table: what each window offers")]
fn groups() -> Vec<(Window, Vec<&'static str>)> {
    let mut encoder = scene(inside::scenes(), "changes in layers");
    encoder.inside.look_into(Side::Encoder);
    let mut judged = scene(inside::scenes(), "layers");
    judged.inside.show(Some(&generator()), &[Side::Discriminator]);
    let mut lerp = Window::full(3);
    let explore = lerp.explore.as_mut().expect("it has one");
    explore.set_mixing(Mixing::Lerp);
    explore.set_temperature(0.5);
    let mut slerp = Window::full(3);
    slerp.explore.as_mut().expect("it has one").set_mixing(Mixing::Slerp);
    let mut stopped = canvas::palette_window(512);
    stopped.pictures.palette.is_stopped = true;
    let mut made = canvas::palette_window(512);
    made.pictures.palette.share = Some(0.5);
    let classes: &'static [String] = Box::leak(Box::new(["cat", "dog"].map(str::to_owned)));
    let mut taught = directions::window();
    taught.teachers = Teachers { data: "Pets", classes, ..Teachers::default() };
    let card = Some(Card { rows: Vec::new(), notes: Vec::new() });
    vec![
        (
            map_with(|_| {}),
            vec![
                "Encode the images of the map anew",
                "Lay the map out by two dimensions",
                "Lay the map out by UMAP",
                "Lay the map out by t-SNE",
                "Fit the map again",
                "Colour the map by scale",
                "Colour the map by squared error",
                "Colour the map by code",
                "Colour the points of the map all alike",
                "Drag on the map to pan",
                "Drag on the map to select a box",
                "Drag on the map to select with a lasso",
                "Save the map as a picture…",
                "Save the points of the map as CSV…",
                "Save the latents of the map…",
            ],
        ),
        (
            map_with(|map| map.work = Some(Work::Encoding(0.5))),
            vec!["Cancel what is made of the map"],
        ),
        (
            scene(own_picture::scenes(), "a picture of one's own"),
            vec![
                "Open a picture of your own…",
                "Paste a picture of your own",
                "Go to the point of your picture",
                "Put your picture at the pad's corner: bottom right",
                "Search for the point of your picture",
            ],
        ),
        (
            scene(own_picture::scenes(), "a search for a picture"),
            vec!["Stop the search for your picture's point"],
        ),
        (
            scene(inside::scenes(), "changes in layers"),
            vec!["Look into the encoder", "Take all changes of layers back", "Save the layer…"],
        ),
        (encoder, vec!["Look into the decoder"]),
        (judged, vec!["Look into the discriminator"]),
        (
            beside(Link::Image(0)),
            vec![
                "Add a model side by side…",
                "Let all models draw the same latent",
                "Explore the model at the side: other",
                "Take away the model at the side: other",
            ],
        ),
        (beside(Link::Latent), vec!["Let all models draw the same watched image"]),
        (
            taught,
            vec![
                "Learn directions: Classes of Pets",
                "Make a direction from zero to this point",
                "Load directions…",
                "Save the directions…",
                "Take all directions out",
            ],
        ),
        (
            lerp,
            vec![
                "Mix the pad's corners along great circles (spherical)",
                "Set the temperature of draws to 1",
                "Put four watched images at the pad's corners",
                "Redraw all four corners of the pad",
                "Put this point at the pad's corner: top left",
            ],
        ),
        (slerp, vec!["Mix the pad's corners along straight lines (linear)"]),
        (
            walking(),
            vec![
                "Save the walk as a film or a strip…",
                "Forget all stations of the walk",
                "Save the traversals as a picture…",
                "Save the pad as a picture…",
                "Save the reconstructions as a picture…",
                "Save the stations of the walk as a picture…",
                "Save the film strip as a picture…",
                "Draw this point in the film strip",
                "Cancel drawing the film strip",
                "Save all curves as CSV…",
                "Keep this run's curves behind those of the next",
                "List the runs of another folder…",
                "Copy as a command: the traversals",
                "Copy as a command: the picture of the point",
            ],
        ),
        (
            scene(evaluate::scenes(), "two models"),
            vec![
                "Go to the page Explore",
                "Add a run to measure…",
                "Measure all models of the list",
                "Save the measures…",
            ],
        ),
        (scene(evaluate::scenes(), "measuring"), vec!["Cancel measuring"]),
        (
            trained_codes(),
            vec![
                "Order the codebook by use",
                "Order the codebook by similarity",
                "Lay the codebook out by PCA",
                "Revive all dead codes",
                "Undo the last change of codes",
                "Close the inspector of the code",
                "Sort the palette of codes by use",
                "Sort the palette of codes by brightness",
                "Save the palette of codes…",
                "Save the table of all codes as CSV…",
                "Save which codes stand beside which…",
                "Compare the codebook with another model's…",
                "Give all cells the encoder's codes",
                "Copy as a command: the use of the codes",
            ],
        ),
        (stopped, vec!["Make the tiles of the palette of codes"]),
        (made, vec!["Cancel the tiles of the palette of codes"]),
        (canvas::changes_window(), vec!["Save how the codes changed as CSV…"]),
        (Window { card, ..Window::full(3) }, vec!["Show or hide the model's card"]),
    ]
}

/// What can be done without a model, data or a run.
const ALWAYS: [&str; 7] = [
    "Save the page as a picture…",
    "Open a picture of your own…",
    "Paste a picture of your own",
    "Add a model side by side…",
    "Add a run to measure…",
    "List the runs of another folder…",
    "Go to the page Explore",
];

#[test]
fn every_action_is_listed_where_it_can_be_done() {
    for (window, names) in groups() {
        let harness = listed(window);
        for name in names {
            assert_eq!(of(&harness, name), (true, true), "{name}");
        }
    }
}

#[test]
fn nothing_is_offered_in_an_empty_window_that_cannot_be_done_there() {
    let harness = listed(Window::default());
    let all = groups().into_iter().flat_map(|(_, names)| names);
    let others = [
        "Jump to a random draw",
        "Go to the middle of the latent space",
        "Copy the point as numbers",
        "Explore the plane of seeds",
        "Keep this point",
        "Add this point to the walk",
        "Play the walk",
        "Redraw the pad's corner: top left",
        "Walk on the picture along two random directions",
        "Save the picture…",
        "Save the point and bookmarks as tensors…",
        "Copy as a command: the upper edge of the pad",
        "Copy as a command: the measures on the open data",
        "Pause training",
        "Train this model on",
        "Encode images for the map",
        "Lay the map out by PCA",
        "Look into the decoder",
        "Save the table of runs as CSV…",
        "Save your picture and its error as a picture…",
        "Save the selected images as a picture…",
    ];
    for name in all.chain(others).filter(|name| !ALWAYS.contains(name)) {
        let (_, can_be_done) = of(&harness, name);
        assert!(!can_be_done, "{name}");
    }
    for name in ["Open the demo VAE", "Start training", "Copy as a command: the run in the form"] {
        assert_eq!(of(&harness, name), (true, true), "{name}");
    }
}

/// A model without codes has no use of them, one with codes no dimensions of its own.
#[test]
fn commands_are_those_of_the_model() {
    let of_kind = |window: Window| {
        let harness = listed(window);
        let names = ["the traversals", "the use of the codes"];
        names.map(|what| of(&harness, &format!("Copy as a command: {what}")).1)
    };
    assert_eq!(of_kind(Window::full(3)), [true, false], "a latent of numbers");
    assert_eq!(of_kind(Window::with_codes(64)), [false, true], "codes");
}

#[test]
fn an_action_of_several_commands_is_done_whole() {
    let mut window = Window::full(3);
    window.view.command_palette = Some(CommandPalette::new());
    let mut harness = window.open(SIZES[0]);
    let image = |index| Command::SetCorner { index, source: CornerSource::Image(index) };
    let expected: Vec<Command> = (0..4).map(image).collect();
    asked(&mut harness);
    harness.get_by_label("Find something to do").type_text("put four watched");
    harness.run();
    harness.key_press(egui::Key::Enter);
    assert_eq!(asked(&mut harness), expected);
    assert!(harness.state().view.command_palette.is_none(), "closed");
}

#[test]
fn the_table_of_codes_is_saved_beside_the_pairs() {
    let mut window = trained_codes();
    window.view.codebook.export_path = "codes.csv".to_owned();
    let mut harness = window.open(SIZES[0]);
    press(&mut harness, "Save codes…");
    let saved = press(&mut harness, "Save there");
    assert_eq!(saved, [Command::Codes(CodesAsk::SaveCodes(Some("codes.csv".into())))]);
    assert!(harness.query_by_label("Save pairs…").is_some(), "beside it");
}
