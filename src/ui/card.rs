//! The card of the model in the explorer: what it is, whose file it came from, and what was noticed on reading it.

use egui::{Context, Grid, Label, ScrollArea, Window, pos2, vec2};

use super::theme;
use crate::language::{told, tr};

/// What is told of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// What each thing is called, and what it is.
    pub rows: Vec<[String; 2]>,
    /// What a person should know of how it was read.
    pub notes: Vec<String>,
}

impl Card {
    /// All of it as a text.
    pub fn text(&self) -> String {
        let rows =
            self.rows.iter().map(|[name, value]| format!("{}: {}\n", told(name), told(value)));
        let notes = self.notes.iter().map(|note| format!("{}\n", told(note)));
        rows.chain(notes).collect()
    }
}

/// The width of the card at first.
const WIDTH: f32 = 420.0;

/// A window of its own over the explorer, until it is closed.
pub(super) fn show(ctx: &Context, name: &str, card: &Card, is_open: &mut bool) {
    let mut copied = false;
    Window::new(tr!("Model"))
        .id(egui::Id::unique("model card window"))
        .open(is_open)
        .collapsible(false)
        .resizable(true)
        .default_size(vec2(WIDTH, 360.0))
        .default_pos(pos2(ctx.content_rect().right() - WIDTH - 28.0, 44.0))
        .show(ctx, |ui| {
            ui.horizontal(|ui| {
                ui.add(Label::new(theme::heading(name)).truncate());
                let button =
                    ui.button(tr!("Copy")).on_hover_text(tr!("Copies all of this as a text."));
                copied = button.clicked();
            });
            ui.add_space(4.0);
            ScrollArea::vertical().max_height(460.0).show(ui, |ui| {
                Grid::new("model card").num_columns(2).spacing(vec2(16.0, 4.0)).show(ui, |ui| {
                    for [name, value] in &card.rows {
                        ui.label(theme::muted(told(name)));
                        ui.add(Label::new(told(value)).wrap());
                        ui.end_row();
                    }
                });
                if !card.notes.is_empty() {
                    ui.add_space(8.0);
                    ui.label(theme::heading(tr!("Noticed on reading it")));
                    for note in &card.notes {
                        ui.add(Label::new(told(note)).wrap());
                    }
                }
            });
        });
    if copied {
        ctx.copy_text(card.text());
    }
}
