//! The map by its accessible labels: what a hand does on it, and what it asks for.

use eframe::egui;
use egui::accesskit::Role;
use egui::{Key, Pos2, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use zscope::data::{FactorInfo, FactorKind};
use zscope::latent::Metric;
use zscope::layout::Method;
use zscope::session::explore::Explore;
use zscope::session::map::{Ask, Colouring, Map, Near, Projection, Work};
use zscope::ui::{Command, Ground, MapMode, MapScene, Pane, Thumbs, map_colours, theme};

use super::codebook::click_at;
use super::window::{SIZES, Window, asked, drag, press, says};
use crate::map::state::{placed, points};

/// A window on the map of a made-up model of two dimensions.
fn window() -> Window {
    let mut map = Map::default();
    map.set_points(points(1));
    map.set_placed(placed(&points(1), Projection::Pca));
    let mut window = Window::full(2);
    window.map = map;
    window.explore = Some(Explore::new(2));
    window.ground = Ground::Images([0, 20]);
    window.classes = ["cat", "dog", "rat"].map(str::to_owned).to_vec();
    window.view.dock.show(Pane::Map);
    window
}

fn opened(size: [f32; 2]) -> Harness<'static, Window> {
    let mut harness = window().open(size);
    assert_eq!(asked(&mut harness), [], "it asks for nothing");
    harness
}

/// Where a place of the map lies on the screen.
fn on_screen(harness: &Harness<'_, Window>, [x, y]: [f64; 2]) -> Pos2 {
    let view = &harness.state().view.map;
    let (rect, [lo, hi]) = (view.rect().expect("it is drawn"), view.seen().expect("it is seen"));
    let share = [(x - lo[0]) / (hi[0] - lo[0]), (y - lo[1]) / (hi[1] - lo[1])];
    pos2(
        rect.left() + share[0] as f32 * rect.width(),
        rect.bottom() - share[1] as f32 * rect.height(),
    )
}

fn point_of(harness: &Harness<'_, Window>, point: u32) -> Pos2 {
    let latent = harness.state().map.latent(point).expect("a point");
    on_screen(harness, [f64::from(latent[0]), f64::from(latent[1])])
}

#[test]
fn an_empty_map_says_what_will_be_there_and_what_to_do() {
    let with = |ground: Ground| {
        let mut window = window();
        window.map = Map::default();
        window.ground = ground;
        window.open(SIZES[0])
    };
    let mut images = with(Ground::Images([60_000, 10_000]));
    assert!(says(&images, "will be here"), "it says what will be");
    assert_eq!(press(&mut images, "Encode"), [Command::Map(Ask::Encode)]);
    let mut draws = with(Ground::Draws);
    assert!(says(&draws, "only generates"));
    assert_eq!(press(&mut draws, "Draw points"), [Command::Map(Ask::Encode)]);
    let misfit = with(Ground::Misfit("The open data are too small.".to_owned()));
    assert!(says(&misfit, "too small"));
    let has_nothing = |window: &Harness<'_, Window>| window.query_by_label("Encode").is_none();
    assert!(has_nothing(&misfit), "there is nothing to encode");
    assert!(has_nothing(&with(Ground::Nothing)), "there is nothing at all");
}

#[test]
fn what_is_made_can_be_ended() {
    for work in [Work::Encoding(0.25), Work::Neighbours(0.5), Work::Moving(0.1)] {
        let mut window = window();
        window.map.work = Some(work);
        let mut harness = window.open(SIZES[0]);
        assert_eq!(press(&mut harness, "Cancel"), [Command::Map(Ask::Cancel)]);
        assert!(says(&harness, work.told().0), "it says what is made");
    }
}

#[test]
fn a_click_takes_the_explorer_to_the_nearest_point() {
    for size in SIZES {
        let mut harness = opened(size);
        for point in [0, 7, 19, 20] {
            let at = point_of(&harness, point);
            let latent = harness.state().map.latent(point).unwrap().to_vec();
            let expected = [
                Command::BeginEdit,
                Command::SetLatent(latent),
                Command::Map(Ask::Choose(Some(point))),
            ];
            assert_eq!(click_at(&mut harness, at), expected, "point {point}");
        }
    }
}

#[test]
fn a_drag_walks_along_the_plane_under_the_pointer() {
    let mut harness = opened(SIZES[0]);
    let [from, to] = [[2.0, 1.0], [3.5, 2.25]].map(|at| on_screen(&harness, at));
    let commands = drag(&mut harness, &[from, from.lerp(to, 0.5), to]);
    assert_eq!(commands[0], Command::BeginEdit);
    let Some(Command::SetLatent(latent)) = commands.last() else { panic!("{commands:?}") };
    let place = harness.state().map.place_of_explorer(latent).expect("a place");
    let there = on_screen(&harness, place.map(f64::from));
    assert!(there.distance(to) < 1.0, "{there:?} under {to:?}");
}

#[test]
fn a_box_and_a_lasso_select_what_they_enclose() {
    for mode in [MapMode::Box, MapMode::Lasso] {
        let mut harness = opened(SIZES[0]);
        let name = if mode == MapMode::Box { "Box" } else { "Lasso" };
        harness.get_by_label(name).click();
        asked(&mut harness);
        assert_eq!(harness.state().view.map.mode, mode);
        let corners = match mode {
            MapMode::Box => vec![[0.5, 0.5], [1.0, 1.0], [2.5, 2.5]],
            _ => vec![[0.5, 0.5], [2.5, 0.5], [2.5, 2.5], [0.5, 2.5]],
        };
        let places: Vec<Pos2> = corners.into_iter().map(|at| on_screen(&harness, at)).collect();
        let commands = drag(&mut harness, &places);
        let [Command::Map(ask @ Ask::SelectWithin { adds: false, .. })] = &commands[..] else {
            panic!("{commands:?}")
        };
        let mut map = harness.state().map.clone();
        map.apply(ask);
        assert_eq!(map.selected(), [6, 7, 11, 12], "{mode:?}");
    }
}

#[test]
fn the_legend_selects_a_class_and_tiles_lead_to_points() {
    let mut harness = opened(SIZES[0]);
    assert_eq!(press(&mut harness, "dog"), [Command::Map(Ask::SelectClass(1))]);
    harness.state_mut().map.apply(&Ask::SelectClass(1));
    asked(&mut harness);
    assert!(says(&harness, "6 selected"));
    let commands = press(&mut harness, "test image 4, dog");
    assert_eq!(commands.last(), Some(&Command::Map(Ask::Choose(Some(4)))));
    assert_eq!(press(&mut harness, "Deselect"), [Command::Map(Ask::Deselect)]);
}

#[test]
fn neighbours_are_listed_by_the_distance_that_is_chosen() {
    let mut harness = opened(SIZES[0]);
    harness.state_mut().map.apply(&Ask::Choose(Some(4)));
    asked(&mut harness);
    assert!(says(&harness, "searching"), "while they are not known");
    let near = Near { point: 4, metric: Metric::Euclidean, points: vec![(3, 1.0), (9, 1.0)] };
    harness.state_mut().map.set_near(near);
    asked(&mut harness);
    let commands = press(&mut harness, "test image 9, cat");
    assert_eq!(commands.last(), Some(&Command::Map(Ask::Choose(Some(9)))));
    assert_eq!(press(&mut harness, "Cosine"), [Command::Map(Ask::Measure(Metric::Cosine))]);
}

#[test]
fn projections_and_colours_are_chosen_from_lists() {
    for (list, entry, ask) in [
        ("Projection", "UMAP", Ask::Project(Projection::Layout(Method::Umap))),
        ("Projection", "t-SNE", Ask::Project(Projection::Layout(Method::Tsne))),
        ("Projection", "Two dimensions", Ask::Project(Projection::Dims([0, 1]))),
        ("Colour by", "squared error", Ask::Colour(Colouring::Loss)),
        ("Colour by", "nothing", Ask::Colour(Colouring::Nothing)),
    ] {
        let mut harness = opened(SIZES[0]);
        harness.get_by_role_and_label(Role::ComboBox, list).click();
        asked(&mut harness);
        harness.get_by_label(entry).click();
        assert_eq!(asked(&mut harness), [Command::Map(ask)], "{list}: {entry}");
    }
}

#[test]
fn arrows_lead_from_point_to_point_and_enter_goes_there() {
    let mut harness = opened(SIZES[0]);
    let at = point_of(&harness, 6);
    click_at(&mut harness, at);
    harness.key_press(Key::ArrowRight);
    assert_eq!(asked(&mut harness), [], "looking asks for nothing");
    assert_eq!(harness.state().view.map.cursor, Some(7));
    harness.key_press(Key::ArrowUp);
    asked(&mut harness);
    assert_eq!(harness.state().view.map.cursor, Some(12));
    harness.key_press(Key::Enter);
    let commands = asked(&mut harness);
    assert_eq!(commands.last(), Some(&Command::Map(Ask::Choose(Some(12)))));
    let told = harness.get_by_label("Map by PCA").value().unwrap_or_default();
    assert_eq!(told, "test image 12, cat");
}

#[test]
fn a_layout_that_lags_behind_says_so_and_can_be_made_anew() {
    let mut window = window();
    window.map.apply(&Ask::Project(Projection::Layout(Method::Umap)));
    window.map.set_placed(placed(&points(1), Projection::Layout(Method::Umap)));
    window.map.set_points(points(2));
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    assert!(says(&harness, "as of step 1"));
    assert_eq!(press(&mut harness, "Fit again"), [Command::Map(Ask::Refit)]);
}

#[test]
fn few_points_in_view_want_their_images() {
    let mut harness = opened(SIZES[0]);
    asked(&mut harness);
    let wanted = harness.state_mut().view.map.take_wanted();
    assert!(wanted.contains(&6), "{wanted:?}");
    harness.get_by_label("Images").click();
    asked(&mut harness);
    harness.state_mut().view.map.take_wanted();
    harness.run_ok();
    assert!(harness.state_mut().view.map.take_wanted().is_empty(), "none where they are not shown");
}

/// Names have no order, so that a scale from dark to bright would tell one.
#[test]
fn a_factor_of_names_has_the_colours_of_classes_and_a_number_a_scale() {
    let mut map = window().map;
    map.apply(&Ask::Colour(Colouring::Factor(0)));
    let of_kind = |kind| {
        let factors = [FactorInfo { name: "kind".to_owned(), kind }];
        let scene = MapScene {
            state: &map,
            ground: &Ground::Images([0, 20]),
            classes: &[],
            factors: &factors,
            thumbs: &Thumbs::default(),
            colours: &[],
            canvas: None,
        };
        map_colours(&scene)
    };
    let names = (0..7).map(|name| name.to_string()).collect();
    let colours = of_kind(FactorKind::Categories(names));
    let classes = [0, 3, 6].map(|name| theme::class_colour(name, 7));
    assert_eq!([0, 3, 6].map(|point| colours[point]), classes, "each its own");
    let colours = of_kind(FactorKind::Continuous { lo: 0.0, hi: 19.0 });
    let lumas = [0, 7, 13, 19].map(|point| theme::luma(colours[point]));
    assert!(lumas.is_sorted_by(|a, b| a < b), "from dark to bright: {lumas:?}");
}
