//! Encoded images on a plane.

use super::Actions;
use crate::language::{told, tr};
use crate::layout::Method;
use crate::session::map::{Ask, Colouring, Projection};
use crate::ui::{Command, Ground, MapMode, Pane, Scene, View};

pub(super) fn map(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    actions.group = tr!("Map");
    let (map, ground) = (scene.map.state, scene.map.ground);
    let has_points = map.points().is_some();
    let is_at_work = map.work.is_some();
    let name = match ground {
        Ground::Draws => tr!("Draw points for the map"),
        _ if has_points => tr!("Encode the images of the map anew"),
        _ => tr!("Encode images for the map"),
    };
    let has_ground = matches!(ground, Ground::Images(_) | Ground::Draws);
    let can_encode = has_points || (has_ground && !is_at_work);
    actions.add_if(can_encode, name, None, Command::Map(Ask::Encode));
    let cancel = tr!("Cancel what is made of the map");
    actions.add_if(is_at_work, cancel, None, Command::Map(Ask::Cancel));
    projections(actions, scene);
    colours(actions, scene);
    for (mode, name) in [
        (MapMode::Walk, tr!("Drag on the map to walk")),
        (MapMode::Pan, tr!("Drag on the map to pan")),
        (MapMode::Box, tr!("Drag on the map to select a box")),
        (MapMode::Lasso, tr!("Drag on the map to select with a lasso")),
    ] {
        let is_other = view.map.mode != mode;
        actions.add_if(has_points && is_other, name, None, Command::SetMapMode(mode));
    }
    actions.add_if(has_points, tr!("See all points of the map"), None, Command::FitMap);
    let is_seen = map.placed().is_some() && view.dock.shows(Pane::Map);
    for (is_offered, name, ask) in [
        (!map.selected().is_empty(), tr!("Deselect the points of the map"), Ask::Deselect),
        (is_seen, tr!("Save the map as a picture…"), Ask::SavePicture(None)),
        (map.placed().is_some(), tr!("Save the points of the map as CSV…"), Ask::SavePoints(None)),
        (has_points, tr!("Save the latents of the map…"), Ask::SaveLatents(None)),
    ] {
        actions.add_if(is_offered, name, None, Command::Map(ask));
    }
}

/// How points are laid out.
fn projections(actions: &mut Actions, scene: &Scene<'_>) {
    let map = scene.map.state;
    let d = map.points().map_or(0, |points| points.latents.row_len());
    let dims = Projection::Dims([0, 1.min(d.saturating_sub(1))]);
    for (projection, name) in [
        (Projection::Pca, tr!("Lay the map out by PCA")),
        (dims, tr!("Lay the map out by two dimensions")),
        (Projection::Layout(Method::Umap), tr!("Lay the map out by UMAP")),
        (Projection::Layout(Method::Tsne), tr!("Lay the map out by t-SNE")),
    ] {
        let is_other = map.projection() != projection;
        let project = Command::Map(Ask::Project(projection));
        actions.add_if(map.points().is_some() && is_other, name, None, project);
    }
    let can_refit = map.work.is_none()
        && map.placed().is_some_and(|placed| {
            placed.projection == map.projection()
                && !matches!(placed.projection, Projection::Dims(_))
        });
    actions.add_if(can_refit, tr!("Fit the map again"), None, Command::Map(Ask::Refit));
}

/// What the colours of points tell.
fn colours(actions: &mut Actions, scene: &Scene<'_>) {
    let map = scene.map.state;
    let mut add = |colouring: Colouring, name: String| {
        let is_there = map.points().is_some_and(|points| colouring.is_there(points));
        let is_other = map.colouring() != colouring;
        actions.add_if(is_there && is_other, name, None, Command::Map(Ask::Colour(colouring)));
    };
    add(Colouring::Label, tr!("Colour the map by class").to_owned());
    let factors = map.points().map_or(0, |points| points.factors.len());
    for (factor, known) in scene.map.factors.iter().enumerate().take(factors) {
        add(Colouring::Factor(factor), tr!("Colour the map by {}", told(&known.name)));
    }
    add(Colouring::Loss, tr!("Colour the map by squared error").to_owned());
    add(Colouring::Code, tr!("Colour the map by code").to_owned());
    add(Colouring::Nothing, tr!("Colour the points of the map all alike").to_owned());
}
