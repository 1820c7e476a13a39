//! The view of directions by its labels.

use eframe::egui;
use egui::accesskit::Role;
use egui::vec2;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use zscope::latent::directions::{Direction, Unit};
use zscope::measure::directions::{Lesson, Method, Source};
use zscope::session::anchor::Anchor;
use zscope::ui::{Command, DirectionsAsk, Pane, Teachers};

use super::behaviour::painted;
use super::window::{SIZES, Window, asked, drag, press, says};

/// Three directions of a model of three dimensions.
pub fn window() -> Window {
    let mut window = Window::full(3);
    window.view.dock.show(Pane::Directions);
    let learnt = |name: &str, step: [f32; 3], accuracy, share| Direction {
        name: name.to_owned(),
        step: step.to_vec(),
        source: "logistic regression, 2000 images of Shapes".to_owned(),
        accuracy,
        share,
        ..Direction::default()
    };
    window.kept.directions.add(vec![
        learnt("circle", [1.0, 0.0, 0.0], Some([0.97, 0.83]), None),
        learnt("Component 1", [1.0, 1.0, 0.0], None, Some(0.25)),
        Direction { unit: Unit::Way, ..learnt("zero to this point", [0.0, 0.0, 1.0], None, None) },
    ]);
    window
}

fn ask(ask: DirectionsAsk) -> Command {
    Command::Directions(ask)
}

fn all(harness: &mut Harness<'_, Window>, menu: &str, entry: &str) -> Vec<Command> {
    press(harness, menu);
    press(harness, entry)
}

#[test]
fn an_empty_view_says_what_will_be_there_and_offers_it() {
    let mut window = Window::full(3);
    window.view.dock.show(Pane::Directions);
    window.teachers = Teachers {
        why_not: Some("Open data first: there are no images to learn from."),
        has_linear_layer: true,
        ..Teachers::default()
    };
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    assert!(says(&harness, "Directions that mean something will be here"));
    assert!(says(&harness, "Open data first"));
    let source = Source::FirstLayer;
    let lesson = Lesson { source, method: Method::Logistic, images: 2000, count: 8 };
    assert_eq!(press(&mut harness, "First layer"), [ask(DirectionsAsk::Learn(lesson))]);
}

#[test]
fn what_the_data_teaches_is_offered() {
    let mut window = window();
    let classes: &'static [String] = Box::leak(Box::new(["cat", "dog"].map(str::to_owned)));
    window.teachers = Teachers { data: "Pets", classes, ..Teachers::default() };
    let mut harness = window.open(SIZES[0]);
    press(&mut harness, "Learn…");
    harness.get_by_label("Difference of means").click();
    harness.run();
    let lesson = |source| Lesson { source, method: Method::Means, images: 2000, count: 8 };
    let found = press(&mut harness, "Classes of Pets");
    assert_eq!(found, [ask(DirectionsAsk::Learn(lesson(Source::Classes)))]);
    let found = all(&mut harness, "Learn…", "PCA of Pets");
    assert_eq!(found, [ask(DirectionsAsk::Learn(lesson(Source::Encodings)))]);
}

#[test]
fn a_slider_is_one_edit() {
    let mut harness = window().open(SIZES[0]);
    asked(&mut harness);
    let slider = harness.get_by_role_and_label(Role::Slider, "Along circle");
    let rect = slider.rect();
    let from = rect.left_center() + vec2(0.3 * rect.width(), 0.0);
    let found = drag(&mut harness, &[from, from + vec2(8.0, 0.0), from + vec2(16.0, 0.0)]);
    let begins: Vec<bool> = found
        .iter()
        .map(|command| match command {
            Command::Directions(DirectionsAsk::Set { index: 0, begins, .. }) => *begins,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(begins.len() > 1 && begins[0] && !begins[1..].contains(&true), "{begins:?}");
}

#[test]
fn the_row_of_pictures_leads_to_where_it_is_held() {
    let mut harness = window().open(SIZES[0]);
    asked(&mut harness);
    let rect = harness.get_by_label("Pictures along circle").rect();
    let sheet = &harness.state().view.sheets;
    assert!(sheet.values().any(|points| points.len() == 9), "nine pictures are asked for");
    let last = rect.right_center() - vec2(rect.width() / 18.0, 0.0);
    let found = drag(&mut harness, &[rect.center(), last]);
    let Some(Command::Directions(DirectionsAsk::Set { index: 0, value, .. })) = found.last() else {
        panic!("{found:?}");
    };
    assert!((value - 3.0).abs() < 0.05, "the last picture is at 3 deviations: {value}");
    harness.get_by_label("Pictures along circle").focus();
    asked(&mut harness);
    harness.key_press(egui::Key::ArrowLeft);
    let one_picture = DirectionsAsk::Set { index: 0, value: -0.75, begins: true };
    assert_eq!(asked(&mut harness), [ask(one_picture)]);
}

#[test]
fn another_direction_is_chosen_and_compared() {
    let mut harness = window().open(SIZES[0]);
    asked(&mut harness);
    assert!(painted(&harness).contains("97 %") && painted(&harness).contains("25 %"));
    assert!(painted(&harness).contains("+0.71"), "the cosine of 45 degrees");
    press(&mut harness, "Choose Component 1");
    assert!(harness.query_by_label("Pictures along Component 1").is_some());
}

#[test]
fn a_direction_is_changed_by_its_menu() {
    let mut harness = window().open(SIZES[0]);
    let more = "More of Component 1";
    assert_eq!(all(&mut harness, more, "Invert"), [ask(DirectionsAsk::Invert(1))]);
    let up = ask(DirectionsAsk::Move { from: 1, to: 0 });
    assert_eq!(all(&mut harness, more, "Move up"), [up]);
    assert_eq!(all(&mut harness, more, "Remove"), [ask(DirectionsAsk::Remove(1))]);
    press(&mut harness, more);
    harness.get_by_role_and_label(Role::CheckBox, "circle").click();
    harness.run();
    let found = press(&mut harness, "Orthogonalise");
    assert_eq!(found, [ask(DirectionsAsk::Orthogonalise { index: 1, against: vec![0] })]);
    press(&mut harness, more);
    press(&mut harness, "Rename");
    harness.run();
    let field = harness.get_by_label("Name of the direction");
    field.type_text("tilt ");
    harness.run();
    harness.key_press(egui::Key::Enter);
    let found = asked(&mut harness);
    let Some(Command::Directions(DirectionsAsk::Rename { index: 1, name })) = found.first() else {
        panic!("{found:?}");
    };
    assert!(name.contains("tilt"), "{name}");
}

#[test]
fn two_points_make_a_direction_and_all_can_be_reset() {
    let mut window = window();
    let explore = window.explore.as_mut().expect("a latent space");
    let latent = window.kept.directions.set(0, 1.0, explore).expect("a point");
    explore.set_latent(&latent);
    let mut harness = window.open(SIZES[0]);
    let found = press(&mut harness, "Add");
    let between = DirectionsAsk::Between { from: Anchor::Origin, to: Anchor::Point };
    assert_eq!(found, [ask(between)]);
    assert_eq!(press(&mut harness, "Reset"), [ask(DirectionsAsk::Reset)]);
    let zero = DirectionsAsk::Set { index: 0, value: 0.0, begins: true };
    assert_eq!(press(&mut harness, "Set circle to zero"), [ask(zero)]);
    assert_eq!(press(&mut harness, "Load…"), [ask(DirectionsAsk::Load(None))]);
}
