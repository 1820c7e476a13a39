//! The words of a text as chips: which of them codes attend to.

use egui::{Button, ComboBox, Response, RichText, Role, TextWrapMode, Ui, WidgetInfo};

use crate::language::tr;
use crate::sample::Words;
use crate::session::prior::PriorLine;
use crate::ui::{Scene, theme};

/// What is looked at of the words and the codes.
#[derive(Clone, Debug, Default)]
pub struct WordsView {
    /// The layer of the transformer; nothing for the mean over all of them.
    pub layer: Option<usize>,
    /// The word under the pointer or with the focus.
    pub word: Option<usize>,
    /// The cell of the map of bits under the pointer.
    pub cell: Option<usize>,
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, line: &PriorLine, view: &mut WordsView) {
    view.word = None;
    let Some(words) = scene.prior.words() else {
        view.cell = None;
        return;
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let hint = tr!(
            "How much each code attends to each word as the prior tells it: the softmax of queries by keys, the mean over heads. A word under the pointer shows its shares on the map of bits; a cell of that map shows its own shares here."
        );
        ui.label(theme::muted(tr!("Attention"))).on_hover_text(hint);
        layers(ui, words, view);
        let shares: Vec<f32> = match view.cell {
            Some(cell) => (0..words.words.len())
                .map(|word| of_cell(words, line, view.layer, cell, word))
                .collect(),
            None => Vec::new(),
        };
        let most = shares.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        for (word, text) in words.words.iter().enumerate() {
            let share = shares.get(word).copied();
            let chip = chip(ui, text, word, share.map(|share| share / most));
            if chip.hovered() || chip.has_focus() {
                view.word = Some(word);
            }
        }
    });
}

/// One word, lit by its share of what the cell under the pointer attends to.
fn chip(ui: &mut Ui, text: &str, word: usize, lit: Option<f32>) -> Response {
    let button = match lit {
        Some(lit) => {
            let colour = theme::viridis(lit);
            Button::new(RichText::new(text).color(theme::ink_on(colour))).fill(colour)
        }
        None => Button::new(text),
    };
    let chip = ui.add(button.wrap_mode(TextWrapMode::Extend));
    let name = tr!("Word {}: {}", word + 1, text);
    chip.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    chip
}

fn layers(ui: &mut Ui, words: &Words, view: &mut WordsView) {
    let count = words.layers.len();
    view.layer = view.layer.filter(|layer| *layer < count);
    let name = |layer: Option<usize>| match layer {
        None => tr!("all layers").to_owned(),
        Some(layer) => tr!("layer {}", layer + 1),
    };
    let shown = ComboBox::from_id_salt("attention layer").selected_text(name(view.layer));
    let shown = shown.width(72.0).show_ui(ui, |ui| {
        for layer in [None].into_iter().chain((0..count).map(Some)) {
            ui.selectable_value(&mut view.layer, layer, name(layer));
        }
    });
    let hint = tr!("The layer whose attention is shown, or the mean over all of them.");
    let (response, now) = (shown.response.on_hover_text(hint), name(view.layer));
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, tr!("Layer of attention"));
        info.current_text_value = Some(now.clone());
        info
    });
}

/// The share of a word where the codes of a cell are told, their mean.
pub(super) fn of_cell(
    words: &Words,
    line: &PriorLine,
    layer: Option<usize>,
    cell: usize,
    word: usize,
) -> f32 {
    let places = cell * line.per_cell..(cell + 1) * line.per_cell;
    let sum: f32 = places.map(|place| words.share(layer, place, word)).sum();
    sum / line.per_cell.max(1) as f32
}

/// How much a cell attends to all words, and to all codes before it.
pub(super) fn tell_cell(
    ui: &mut Ui,
    words: &Words,
    line: &PriorLine,
    layer: Option<usize>,
    cell: usize,
) {
    let each: Vec<f32> =
        (0..words.words.len()).map(|word| of_cell(words, line, layer, cell, word)).collect();
    let places = cell * line.per_cell..(cell + 1) * line.per_cell;
    let of_codes: f32 = places.map(|place| words.of_codes(layer, place)).sum();
    let [all, codes] = [each.iter().sum(), of_codes / line.per_cell.max(1) as f32].map(percent);
    ui.label(tr!("Attention: {} % to words, {} % to codes before it", all, codes));
    let most = words.words.iter().zip(&each).max_by(|a, b| a.1.total_cmp(b.1));
    if let Some((word, share)) = most {
        ui.label(tr!("Most to \"{}\": {} %", word, percent(*share)));
    }
}

/// A share in percent, with one digit behind the point.
pub(super) fn percent(share: f32) -> String {
    format!("{:.1}", 100.0 * share)
}
