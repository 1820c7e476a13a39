//! What is known of a point, for a tooltip.

use egui::{Sense, Ui, Vec2};

use super::MapScene;
use crate::data::FactorKind;
use crate::language::{told, tr};
use crate::ui::theme;
use crate::ui::words::measure;

/// The side of its image, in points of the screen.
const IMAGE: f32 = 96.0;

/// What is known of a point.
pub(super) fn tell(ui: &mut Ui, map: MapScene<'_>, point: u32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(IMAGE), Sense::hover());
    map.thumbs.paint(ui, point, rect);
    ui.label(map.name_of(point));
    let at = point as usize;
    if let Some(loss) =
        map.state.losses().and_then(|losses| losses.get(at)).filter(|loss| loss.is_finite())
    {
        ui.label(theme::muted(tr!("squared error {}", measure(*loss))).small());
    }
    let Some(points) = map.state.points() else { return };
    if let Some(code) = points.codes.as_ref().and_then(|codes| codes.get(at)) {
        ui.label(theme::muted(tr!("most cells have code {}", code)).small());
    }
    for (factor, values) in map.factors.iter().zip(&points.factors) {
        if let Some(value) = values.get(at).filter(|value| value.is_finite()) {
            ui.label(
                theme::muted(format!(
                    "{} {}",
                    told(&factor.name),
                    told_factor(&factor.kind, *value)
                ))
                .small(),
            );
        }
    }
}

fn told_factor(kind: &FactorKind, value: f32) -> String {
    match kind {
        FactorKind::Categories(names) => names.get(value as usize).cloned().unwrap_or_default(),
        FactorKind::Continuous { .. } => measure(value),
    }
}
