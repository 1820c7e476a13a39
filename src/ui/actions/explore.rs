//! The point, and the pad around it.

use egui::Key;

use super::{Actions, CTRL, CTRL_SHIFT, PLAIN, explores, keys};
use crate::language::{told, tr};
use crate::latent::Mixing;
use crate::session::explore::CornerSource;
use crate::ui::pad::CORNERS;
use crate::ui::{Command, Scene, SeedsAsk, StripAsk};

pub(super) fn explore(actions: &mut Actions, scene: &Scene<'_>) {
    let (explore, is_there) = (scene.explore, explores(scene));
    actions.group = tr!("Explore");
    actions.add_if(
        is_there,
        tr!("Jump to a random draw"),
        keys(PLAIN, Key::D),
        Command::JumpToDraw,
    );
    let zero = Command::SetLatent(vec![0.0; explore.latent().len()]);
    let middle = tr!("Go to the middle of the latent space");
    actions.add_all_if(is_there, middle, keys(PLAIN, Key::Num0), vec![Command::BeginEdit, zero]);
    actions.add_if(explore.can_undo(), tr!("Undo"), keys(CTRL, Key::Z), Command::Undo);
    actions.add_if(explore.can_redo(), tr!("Redo"), keys(CTRL_SHIFT, Key::Z), Command::Redo);
    actions.add_if(is_there, tr!("Copy the point as numbers"), None, Command::CopyPoint);
    let is_on_plane = explore.seeds().is_some();
    let (name, ask) = if is_on_plane {
        (tr!("Snap to the nearest seed"), SeedsAsk::Snap)
    } else {
        (tr!("Explore the plane of seeds"), SeedsAsk::Go([0.5; 2]))
    };
    actions.add_if(is_there, name, keys(PLAIN, Key::S), Command::Seeds(ask));
    actions.add_if(
        is_on_plane,
        tr!("Leave the plane of seeds"),
        None,
        Command::Seeds(SeedsAsk::Leave),
    );
    let drifts = scene.drift.iter().any(|speed| *speed != 0.0);
    let halt = Command::Seeds(SeedsAsk::Drift([0.0; 2]));
    actions.add_if(is_on_plane && drifts, tr!("Halt the drift over the seeds"), None, halt);
    let along = tr!("Walk on the picture along the two dimensions that say most");
    actions.add_if(is_there, along, None, Command::WalkDims);
    let random = tr!("Walk on the picture along two random directions");
    actions.add_if(is_there, random, None, Command::WalkRandom);
    weights(actions, scene);
}

/// Which weights, and which class.
fn weights(actions: &mut Actions, scene: &Scene<'_>) {
    let (name, freeze) = if scene.explore.is_frozen() {
        (tr!("Follow the newest weights"), false)
    } else {
        (tr!("Freeze the weights of the picture"), true)
    };
    actions.add_if(scene.model.is_live, name, keys(PLAIN, Key::F), Command::Freeze(freeze));
    if let Some(averaged) = scene.model.averaged {
        let name = if averaged {
            tr!("Show the generator's newest weights")
        } else {
            tr!("Show the average of the generator's weights")
        };
        actions.add(name, None, Command::ShowAverage(!averaged));
    }
    let strip = scene.strip;
    for (name, by) in
        [(tr!("Show the checkpoint before"), -1), (tr!("Show the checkpoint after"), 1)]
    {
        let beside = strip.beside(by).filter(|step| strip.at() != Some(*step));
        let show = Command::Strip(StripAsk::Show(beside.unwrap_or_default()));
        actions.add_if(beside.is_some(), name, None, show);
    }
    let newest = Command::Strip(StripAsk::Newest);
    actions.add_if(
        strip.shown().is_some(),
        tr!("Leave the checkpoint for the newest weights"),
        None,
        newest,
    );
    for (class, name) in scene.model.classes.iter().enumerate() {
        actions.add(tr!("Show class: {}", name), None, Command::ShowClass(class));
    }
}

pub(super) fn pad(actions: &mut Actions, scene: &Scene<'_>) {
    let (explore, is_there) = (scene.explore, explores(scene));
    actions.group = tr!("Pad");
    let redraws = (0..CORNERS.len()).map(Command::RedrawCorner);
    for (corner, redraw) in CORNERS.into_iter().zip(redraws.clone()) {
        let name = tr!("Redraw the pad's corner: {}", told(corner).to_lowercase());
        actions.add_if(is_there, name, None, redraw);
    }
    let all = redraws.collect();
    actions.add_all_if(is_there, tr!("Redraw all four corners of the pad"), None, all);
    let watched = scene.pictures.probe.as_ref().map_or(0, |probe| probe.psnr_db.len());
    let image = |index| Command::SetCorner { index, source: CornerSource::Image(index) };
    actions.add_all_if(
        watched >= CORNERS.len(),
        tr!("Put four watched images at the pad's corners"),
        None,
        (0..CORNERS.len()).map(image).collect(),
    );
    for (index, corner) in CORNERS.into_iter().enumerate() {
        let name = tr!("Put this point at the pad's corner: {}", told(corner).to_lowercase());
        let here = Command::SetCorner { index, source: CornerSource::Point };
        actions.add_if(is_there, name, None, here);
    }
    for (mixing, name) in [
        (Mixing::Slerp, tr!("Mix the pad's corners along great circles (spherical)")),
        (Mixing::Lerp, tr!("Mix the pad's corners along straight lines (linear)")),
    ] {
        let is_other = is_there && explore.mixing() != mixing;
        actions.add_if(is_other, name, None, Command::SetMixing(mixing));
    }
    #[expect(clippy::float_cmp, reason = "what is set when nobody moved the slider")]
    let is_plain = explore.temperature() == 1.0;
    let name = tr!("Set the temperature of draws to 1");
    actions.add_if(is_there && !is_plain, name, None, Command::SetTemperature(1.0));
}
