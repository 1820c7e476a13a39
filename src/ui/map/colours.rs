//! The colour of every point.

use egui::Color32;

use super::MapScene;
use crate::session::map::Colouring;
use crate::ui::theme;

/// How much of its colour a point keeps that is not among those selected.
const NOT_SELECTED: f32 = 0.16;

/// The colours of all points, `[n]`; clear for those that lie nowhere.
pub fn colours(map: &MapScene<'_>) -> Vec<Color32> {
    let Some(points) = map.state.points() else { return Vec::new() };
    let first_draw = points.len() - points.draws();
    let numbers = map.state.coloured_numbers();
    let scale = map.state.scale();
    let of_point = |point: usize| {
        if point >= first_draw {
            return theme::colours().draw;
        }
        match map.state.colouring() {
            Colouring::Label => points.labels[point].map_or(theme::colours().accent, |label| {
                theme::class_colour(label, map.classes.len())
            }),
            Colouring::Code => {
                let code = points.codes.as_ref().and_then(|codes| codes.get(point));
                code.map_or(theme::colours().unknown, |&code| theme::code_colour(code))
            }
            Colouring::Factor(_) | Colouring::Loss => match (numbers, scale) {
                (Some(numbers), Some(scale)) if numbers[point].is_finite() => {
                    match map.categories() {
                        Some(names) => theme::class_colour(numbers[point] as u32, names.len()),
                        None => theme::viridis(scale.share(numbers[point])),
                    }
                }
                _ => theme::colours().unknown,
            },
            Colouring::Nothing => theme::colours().accent,
        }
    };
    let mut colours: Vec<Color32> = (0..points.len()).map(of_point).collect();
    if !map.state.selected().is_empty() {
        let mut faded: Vec<Color32> =
            colours.iter().map(|colour| colour.gamma_multiply(NOT_SELECTED)).collect();
        for &point in map.state.selected() {
            faded[point as usize] = colours[point as usize];
        }
        colours = faded;
    }
    if let Some(placed) = map.state.placed() {
        let is_nowhere = |place: &[f32; 2]| !place.iter().all(|value| value.is_finite());
        for (colour, _) in
            colours.iter_mut().zip(placed.places.iter()).filter(|(_, at)| is_nowhere(at))
        {
            *colour = Color32::TRANSPARENT;
        }
    }
    colours
}
