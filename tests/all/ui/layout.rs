//! Where things lie: inside of the window, on nothing else, and the same every time.

use eframe::egui;
use egui::accesskit::Role;
use egui::{Rect, WidgetRect, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use zscope::session::canvas::Tool;
use zscope::ui::{Notice, Order, Pane};

use super::behaviour::is_of_the_dock;
use super::window::{SIZES, Window, asked, describe, nodes, phases};
use super::{
    canvas, codes_alone, directions, evaluate, inside, own_picture, prior, prior_texts, runs,
};

/// Scenes that fill the window in different ways.
fn scenes() -> Vec<(&'static str, Window)> {
    let mut scenes = phases();
    scenes.push(("empty", Window::default()));
    scenes.push(("twenty dimensions", Window::running(20, 500)));
    let text = "open the model: no such file or directory (expected a run directory): /a/long/path";
    let notice = Notice::new(text, true);
    let mut opening = Window::full(20);
    opening.data.opening = Some((123_456, 1_234_567));
    scenes.push(("data being opened", opening));
    scenes.push(("a codebook", Window::with_codes(512)));
    scenes.push(("one code", Window::with_codes(1)));
    let mut on_plane = Window::with_codes(512);
    on_plane.view.codebook.order = Order::Plane;
    scenes.push(("codes on a plane", on_plane));
    for (scene, tab) in [("a code", Pane::Codebook), ("a code on images", Pane::Reconstructions)] {
        let mut window = Window::with_codes(512);
        window.view.codebook.select(Some(5));
        window.view.codebook.cell = Some(12);
        window.view.dock.show(tab);
        scenes.push((scene, window));
    }
    for tool in Tool::ALL {
        let mut window = canvas::palette_window(512);
        window.view.codebook.canvas.tool = tool;
        window.view.codebook.cell = Some(12);
        scenes.push(("a palette and a tool", window));
    }
    scenes.push(("codebooks compared", canvas::changes_window()));
    scenes.push(("directions", directions::window()));
    scenes.extend(codes_alone::scenes());
    scenes.extend(inside::scenes());
    scenes.extend(own_picture::scenes());
    scenes.extend(prior::scenes());
    scenes.extend(prior_texts::scenes());
    scenes.extend(runs::scenes());
    for (scene, window) in evaluate::scenes() {
        scenes.push((scene, window));
    }
    scenes.push(("a notice", Window { notices: vec![notice], ..Window::full(20) }));
    scenes
}

/// The widgets of the last frame.
fn widgets(harness: &Harness<'_, Window>) -> Vec<WidgetRect> {
    harness.ctx.viewport(|viewport| {
        viewport
            .prev_pass
            .widgets
            .layers()
            .flat_map(|(_, widgets)| widgets.iter().copied())
            .collect()
    })
}

/// What a widget is, for messages.
fn name(harness: &Harness<'_, Window>, widget: &WidgetRect) -> String {
    nodes(harness)
        .iter()
        .find(|node| node.accesskit_node().locate().0 == widget.id.accesskit_id())
        .map_or_else(|| format!("no node at {}", widget.rect), describe)
}

/// The parts of the window that scroll, told by their bars.
fn scrolling(harness: &Harness<'_, Window>) -> Vec<Rect> {
    let mut bars: Vec<Rect> = nodes(harness)
        .iter()
        .filter(|node| node.accesskit_node().role() == Role::ScrollBar)
        .map(egui_kittest::Node::rect)
        .collect();
    bars.sort_by(|a, b| a.left().total_cmp(&b.left()));
    let mut left = 0.0;
    bars.iter()
        .map(|bar| {
            let area = Rect::from_min_max(pos2(left, bar.top()), bar.max);
            left = bar.right();
            area
        })
        .collect()
}

/// Whether a place belongs to a part that scrolls, also where it has scrolled out of sight.
fn scrolls(areas: &[Rect], rect: Rect) -> bool {
    areas.iter().any(|area| {
        rect.left() >= area.left() - 1.0
            && rect.right() <= area.right() + 1.0
            && rect.bottom() >= area.top() - 1.0
    })
}

/// Whether something is the name of a view: where there is no room for all, they scroll by arrows beside them.
fn is_of_a_view(node: &egui_kittest::Node<'_>) -> bool {
    let label = node.accesskit_node().label().unwrap_or_default();
    Pane::ALL.iter().any(|pane| pane.name() == label) || label == "Samples"
}

/// The widgets that take clicks, drags or keys; texts that can be marked are none.
fn inputs(harness: &Harness<'_, Window>) -> Vec<WidgetRect> {
    let texts: Vec<_> = nodes(harness)
        .iter()
        .filter(|node| node.accesskit_node().role() == Role::Label)
        .map(|node| node.accesskit_node().locate().0)
        .collect();
    let of_views: Vec<_> = nodes(harness)
        .iter()
        .filter(|node| is_of_a_view(node))
        .map(|node| node.accesskit_node().locate().0)
        .collect();
    let mut inputs = widgets(harness);
    inputs.retain(|widget| {
        let sense = widget.sense;
        let id = widget.id.accesskit_id();
        let is_text = texts.contains(&id) || of_views.contains(&id);
        !is_text && (sense.senses_click() || sense.senses_drag() || sense.is_focusable())
    });
    inputs
}

/// The area of a widget that is out of sight.
fn lost(widget: &WidgetRect) -> f32 {
    let seen = widget.interact_rect.intersect(widget.rect);
    widget.rect.area() - if seen.is_positive() { seen.area() } else { 0.0 }
}

#[test]
fn nothing_lies_outside_of_the_window() {
    let mut outside = Vec::new();
    for size in SIZES {
        let screen = Rect::from_min_size(pos2(0.0, 0.0), size.into()).expand(1.0);
        for (scene, window) in scenes() {
            let mut harness = window.open(size);
            asked(&mut harness);
            let areas = scrolling(&harness);
            for node in nodes(&harness) {
                let Some(bounds) = node.accesskit_node().raw_bounds() else { continue };
                let rect = Rect::from_min_max(
                    pos2(bounds.x0 as f32, bounds.y0 as f32),
                    pos2(bounds.x1 as f32, bounds.y1 as f32),
                );
                let is_name = is_of_a_view(&node);
                if !screen.contains_rect(rect) && !is_name && !scrolls(&areas, rect) {
                    outside.push(format!("{size:?}, {scene}: {}", describe(&node)));
                }
            }
        }
    }
    assert!(outside.is_empty(), "{} lie outside:\n{}", outside.len(), outside.join("\n"));
}

/// What is cut off by a panel's border and cannot be scrolled to.
#[test]
fn nothing_that_takes_input_is_cut_off() {
    let mut cut = Vec::new();
    for size in SIZES {
        for (scene, window) in scenes() {
            let mut harness = window.open(size);
            asked(&mut harness);
            let areas = scrolling(&harness);
            for widget in inputs(&harness) {
                let much = 1.0 + 0.02 * widget.rect.area();
                if lost(&widget) > much && !scrolls(&areas, widget.rect) {
                    cut.push(format!("{size:?}, {scene}: {}", name(&harness, &widget)));
                }
            }
        }
    }
    assert!(cut.is_empty(), "{} are cut off:\n{}", cut.len(), cut.join("\n"));
}

/// The default window shows the whole form and all that is explored without scrolling; only the list of
/// dimensions, which can be thousands, may be longer than its place.
#[test]
fn the_default_window_needs_no_scrolling() {
    let mut clipped = Vec::new();
    let scenes = vec![
        ("full", Window::full(8)),
        ("running", Window::running(8, 500)),
        ("codebook", Window::with_codes(512)),
    ];
    for (scene, window) in scenes {
        let mut harness = window.open(SIZES[0]);
        asked(&mut harness);
        // The bars that names of views lie in are drags of the library's, not things to reach.
        let is_lost = |widget: &&WidgetRect| lost(widget) > 1.0 && !is_of_the_dock(widget.rect);
        for widget in inputs(&harness).iter().filter(is_lost) {
            clipped.push(format!("{scene}: {}", name(&harness, widget)));
        }
    }
    assert!(clipped.is_empty(), "{} are out of sight:\n{}", clipped.len(), clipped.join("\n"));
}

/// Texts and widgets do not lie on each other.
#[test]
fn nothing_lies_on_anything_else() {
    let mut overlaps = Vec::new();
    for size in SIZES {
        for (scene, window) in scenes() {
            let mut harness = window.open(size);
            asked(&mut harness);
            let seen = widgets(&harness);
            let shown: Vec<_> = nodes(&harness)
                .into_iter()
                .filter_map(|node| {
                    let role = node.accesskit_node().role();
                    let solid = matches!(
                        role,
                        Role::Label
                            | Role::Button
                            | Role::CheckBox
                            | Role::TextInput
                            | Role::SpinButton
                            | Role::ComboBox
                            | Role::ProgressIndicator
                            | Role::Image
                    );
                    let id = node.accesskit_node().locate().0;
                    let widget = seen.iter().find(|widget| widget.id.accesskit_id() == id)?;
                    let rect = widget.interact_rect.intersect(widget.rect);
                    (solid && rect.is_positive()).then_some((node, rect, widget.layer_id))
                })
                .collect();
            for (i, (a, rect_a, layer_a)) in shown.iter().enumerate() {
                for (b, rect_b, layer_b) in &shown[..i] {
                    let both = rect_a.intersect(*rect_b);
                    // Notices lie in a corner over everything.
                    if layer_a == layer_b
                        && both.is_positive()
                        && both.width() > 1.0
                        && both.height() > 1.0
                    {
                        let told = format!("{}\n      {}", describe(a), describe(b));
                        overlaps.push(format!("{size:?}, {scene}: {told}"));
                    }
                }
            }
        }
    }
    assert!(overlaps.is_empty(), "{} overlaps:\n{}", overlaps.len(), overlaps.join("\n"));
}

/// The pad and the picture, which are what the window is for, are large enough to work with.
#[test]
fn pictures_are_large_enough() {
    for (size, least) in SIZES.into_iter().zip([240.0, 120.0]) {
        let harness = Window::full(20).open(size);
        for name in ["Latent pad", "Decoded picture"] {
            let rect = harness.get_by_label(name).rect();
            assert!(rect.width() >= least && rect.height() >= least, "{name} at {size:?}: {rect}");
            assert!((rect.width() - rect.height()).abs() < 0.5, "{name} is square: {rect}");
        }
    }
    for (size, least) in SIZES.into_iter().zip([200.0, 120.0]) {
        for selected in [None, Some(5)] {
            let mut window = Window::with_codes(512);
            window.view.codebook.select(selected);
            let harness = window.open(size);
            for name in ["Latent pad", "Decoded picture", "Code map"] {
                let rect = harness.get_by_label(name).rect();
                assert!(
                    rect.width() >= least && rect.height() >= least,
                    "{name} at {size:?}: {rect}"
                );
            }
        }
    }
}

/// What is drawn is a function of the scene: two windows of one scene are equal, pixel for pixel.
#[test]
fn the_picture_of_a_window_is_repeatable() {
    if std::env::var("ZSCOPE_SKIP_GPU").is_ok_and(|value| value == "1") {
        eprintln!("SKIPPED: ZSCOPE_SKIP_GPU=1");
        return;
    }
    let render = |window: Window| {
        let mut harness = window.open(SIZES[1]);
        asked(&mut harness);
        harness.render().expect("an adapter: install the package mesa-vulkan-drivers")
    };
    let [first, second] = [render(Window::running(3, 50)), render(Window::running(3, 50))];
    assert_eq!(vec2(first.width() as f32, first.height() as f32), vec2(900.0, 600.0), "size");
    assert!(first.as_raw() == second.as_raw(), "one scene, one picture");
    let other = render(Window::full(3));
    assert!(first.as_raw() != other.as_raw(), "another scene, another picture");
    let mut colours: Vec<_> = first.pixels().map(|pixel| pixel.0).collect();
    colours.sort_unstable();
    colours.dedup();
    assert!(colours.len() > 50, "{} colours are more than an empty window has", colours.len());
}
