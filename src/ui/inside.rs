//! Inside of a network: its nodes with what they hold and take, the channels of one, and changes on the way.

mod changes;
mod channels;
mod nodes;
pub mod shades;

use egui::{ComboBox, DragValue, Role, Slider, Ui, WidgetInfo, vec2};

pub use self::channels::ChannelGrid;
pub(super) use self::nodes::time;
use self::shades::{Colours, Look, Scaling};
use super::{Command, Scene, View, keys, save, theme};
use crate::language::{tr, tr_later};
use crate::session::inside::{Inside, Side};

/// The keys of its parts.
pub(super) const KEYS: &[keys::Listed] = &[
    (tr_later!("Up, Down"), tr_later!("Look at the node above or below, in the list")),
    (tr_later!("Arrows"), tr_later!("Go to the channel beside, among the channels")),
];

/// Narrower than this, one of the three parts is shown at a time.
const LEAST_FOR_ALL: f32 = 760.0;
/// Narrower than this, the nodes and one other part.
const LEAST_FOR_TWO: f32 = 520.0;
/// Between the parts.
const GAP: f32 = 12.0;
/// What the changes take, at least and at most.
const CHANGES: [f32; 2] = [264.0, 440.0];

/// One of the parts, where there is no room for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shown {
    Nodes,
    #[default]
    Channels,
    Changes,
}

/// What is remembered of looking inside.
#[derive(Clone, Debug, Default)]
pub struct InsideView {
    shown: Shown,
    /// How values become colours.
    look: Look,
    /// Which channels are on the sheet, and the one that is chosen.
    grid: ChannelGrid,
    /// Whether the whole node is changed, and not its chosen channel.
    whole: bool,
    path: String,
}

impl InsideView {
    /// How values become colours.
    pub fn look(&self) -> Look {
        self.look
    }

    /// The sheet of channels to be drawn, where that has changed since the last call.
    pub fn take_picture(&mut self, inside: &Inside) -> Option<egui::ColorImage> {
        inside.seen_node()?;
        self.grid.take_picture(inside.seen()?, self.look)
    }
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let inside = scene.inside;
    if inside.lines().is_empty() {
        let text = match inside.side() {
            Side::Encoder if !inside.has(Side::Encoder) => {
                tr!("This model has no encoder to look into.")
            }
            _ => tr!(
                "The layers of a model that makes pictures will be here, with what each of them computes. Open one, or start a run."
            ),
        };
        ui.label(theme::muted(text));
        return;
    }
    let view = &mut view.inside;
    let width = ui.available_width();
    bar(ui, scene, view, width, out);
    ui.add_space(2.0);
    let room = vec2(width, ui.available_height());
    let parts: &[Shown] = match (width, view.shown) {
        (LEAST_FOR_ALL.., _) => &[Shown::Nodes, Shown::Channels, Shown::Changes],
        (LEAST_FOR_TWO.., Shown::Changes) => &[Shown::Channels, Shown::Changes],
        (LEAST_FOR_TWO.., _) => &[Shown::Nodes, Shown::Channels],
        (_, Shown::Nodes) => &[Shown::Nodes],
        (_, Shown::Channels) => &[Shown::Channels],
        (_, Shown::Changes) => &[Shown::Changes],
    };
    let has = |part| parts.contains(&part);
    let changes = match parts {
        [Shown::Changes] => room.x,
        _ if has(Shown::Changes) => (0.24 * room.x).clamp(CHANGES[0], CHANGES[1]),
        _ => 0.0,
    };
    let nodes = match parts {
        [Shown::Nodes] => room.x,
        _ if has(Shown::Nodes) => (0.5 * (room.x - changes)).clamp(200.0, 600.0),
        _ => 0.0,
    };
    let gaps = GAP * (parts.len() - 1) as f32;
    let channels = (room.x - nodes - changes - gaps).max(0.0);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        for part in parts {
            let width = match part {
                Shown::Nodes => nodes,
                Shown::Channels => channels,
                Shown::Changes => changes,
            };
            let size = vec2(width, room.y);
            ui.allocate_ui_with_layout(size, egui::Layout::top_down(egui::Align::Min), |ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                ui.set_min_size(size);
                ui.set_max_width(width);
                match part {
                    Shown::Nodes => nodes::show(ui, inside, out),
                    Shown::Channels => channels::show(ui, scene, &mut view.grid, view.look),
                    Shown::Changes => {
                        changes::show(ui, scene, view.grid.channel(), &mut view.whole, out);
                    }
                }
            });
        }
    });
}

/// Which network, how values become colours, and what is saved.
fn bar(ui: &mut Ui, scene: &Scene<'_>, view: &mut InsideView, width: f32, out: &mut Vec<Command>) {
    let inside = scene.inside;
    ui.horizontal_wrapped(|ui| {
        if width < LEAST_FOR_ALL {
            let number = inside.changes().len();
            let changes = match number {
                0 => tr!("Changes").to_owned(),
                _ => tr!("Changes ({})", number),
            };
            for (part, name, hint) in [
                (Shown::Nodes, tr!("Nodes"), tr!("All nodes of the network, in their order.")),
                (Shown::Channels, tr!("Channels"), tr!("What the chosen node holds.")),
                (Shown::Changes, &*changes, tr!("Change values on their way, and see what comes of it.")),
            ] {
                if ui.selectable_label(view.shown == part, name).on_hover_text(hint).clicked() {
                    view.shown = part;
                }
            }
            ui.separator();
        }
        for (side, name, hint) in [
            (Side::Decoder, tr!("Decoder"), tr!("What makes the picture of the point.")),
            (Side::Encoder, tr!("Encoder"), tr!("What makes a point of a picture: it sees your own picture, or without one the picture of the point.")),
            (Side::Discriminator, tr!("Discriminator"), tr!("What tells made pictures from data in training: it sees your own picture, or without one the picture of the point.")),
        ] {
            let there = inside.has(side);
            // Most models have none.
            if side == Side::Discriminator && !there {
                continue;
            }
            let label = egui::Button::selectable(inside.side() == side, name);
            let none = tr!("This model only generates: it has no encoder.");
            let response = ui.add_enabled(there, label).on_hover_text(hint);
            if response.on_disabled_hover_text(none).clicked() {
                out.push(Command::LookInto(side));
            }
        }
        ui.separator();
        colours(ui, &mut view.look, width);
        let hint = tr!("Save the node: its channels as a picture (.png), its values and their spread (.safetensors), or what is known of all nodes (.csv).");
        if let Some(place) = save::button(ui, tr!("Save…"), hint, &mut view.path) {
            out.push(Command::SaveNode(place.path()));
        }
        if let Some(node) = inside.chosen_line().filter(|_| width >= LEAST_FOR_TWO) {
            let shape: Vec<String> = node.shape.iter().map(ToString::to_string).collect();
            let told = format!("{}, {}", node.name, shape.join("×"));
            ui.add(egui::Label::new(theme::muted(told)).truncate()).on_hover_text(&node.op);
        }
    });
}

fn colours(ui: &mut Ui, look: &mut Look, width: f32) {
    let name = |scaling| match scaling {
        Scaling::Channel => tr!("Each channel"),
        Scaling::Node => tr!("All channels"),
        Scaling::Fixed => tr!("Fixed range"),
    };
    let shown = ComboBox::from_id_salt("scaling").selected_text(name(look.scaling)).width(96.0);
    let shown = shown.show_ui(ui, |ui| {
        for scaling in [Scaling::Channel, Scaling::Node, Scaling::Fixed] {
            ui.selectable_value(&mut look.scaling, scaling, name(scaling));
        }
    });
    let hint = tr!(
        "What fills the range of colours: the values of each channel for itself, those of all channels, or a range that stays."
    );
    let response = shown.response.on_hover_text(hint);
    response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, tr!("Range of colours")));
    if look.scaling == Scaling::Fixed {
        let drag = DragValue::new(&mut look.reach).range(1e-6..=1e6).speed(0.02).prefix("± ");
        let response =
            ui.add(drag).on_hover_text(tr!("Values from minus this to this fill the colours."));
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::SpinButton, true, tr!("Fixed range"));
            info.value = Some(f64::from(look.reach));
            info
        });
    }
    gain_ui(ui, &mut look.gain_db, width);
    for (colours, name, hint) in [
        (Colours::Diverging, "±", tr!("Blue below zero, orange above, dark at zero.")),
        (Colours::Grey, tr!("Grey"), tr!("From black, the lowest value, to white, the highest.")),
    ] {
        let response = ui.selectable_label(look.colours == colours, name).on_hover_text(hint);
        response.widget_info(|| {
            let label = if colours == Colours::Grey { tr!("Grey") } else { tr!("Signed colours") };
            WidgetInfo::selected(Role::Button, true, look.colours == colours, label)
        });
        if response.clicked() {
            look.colours = colours;
        }
    }
    if *look != Look::default() {
        let hint = tr!("Colours as they were at first.");
        if ui.small_button(tr!("Reset")).on_hover_text(hint).clicked() {
            *look = Look::default();
        }
    }
}

/// How far values are amplified.
fn gain_ui(ui: &mut Ui, gain_db: &mut f32, width: f32) {
    const RANGE: std::ops::RangeInclusive<f32> = -40.0..=40.0;
    let hint = tr!(
        "Gain: more shows small values, less shows large ones. Double-click the number to type."
    );
    // A slider does not wrap where rows are short.
    let response = if width >= LEAST_FOR_ALL {
        ui.spacing_mut().slider_width = 72.0;
        ui.add(Slider::new(gain_db, RANGE).suffix(" dB").fixed_decimals(0))
    } else {
        ui.add(DragValue::new(gain_db).range(RANGE).speed(0.5).suffix(" dB").fixed_decimals(0))
    };
    let value = f64::from(*gain_db);
    response.on_hover_text(hint).widget_info(|| {
        let mut info = WidgetInfo::slider(true, value, tr!("Gain in dB"));
        info.label = Some(tr!("Gain in dB").to_owned());
        info
    });
}
