//! What is done with a model as a whole: looking inside, a picture of one's own, other models beside it, measuring.

use super::{Actions, explores};
use crate::language::{told, tr};
use crate::session::evaluate::Evaluate;
use crate::session::inside::Side;
use crate::ui::pad::CORNERS;
use crate::ui::{Command, CompanionAsk, Demo, Link, Scene, View};

pub(super) fn layers(actions: &mut Actions, scene: &Scene<'_>) {
    actions.group = tr!("Layers");
    let inside = scene.inside;
    let has_nodes = !inside.lines().is_empty();
    for (side, name, is_there) in [
        (Side::Decoder, tr!("Look into the decoder"), explores(scene)),
        (Side::Encoder, tr!("Look into the encoder"), has_nodes && inside.has(Side::Encoder)),
        (
            Side::Discriminator,
            tr!("Look into the discriminator"),
            has_nodes && inside.has(Side::Discriminator),
        ),
    ] {
        let is_other = inside.side() != side;
        actions.add_if(is_there && is_other, name, None, Command::LookInto(side));
    }
    let has_changes = !inside.changes().is_empty();
    let back = tr!("Take all changes of layers back");
    actions.add_if(has_changes, back, None, Command::UnperturbAll);
    actions.add_if(has_nodes, tr!("Save the layer…"), None, Command::SaveNode(None));
}

pub(super) fn own_picture(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    actions.group = tr!("Your picture");
    actions.add(tr!("Open a picture of your own…"), None, Command::PickPicture);
    actions.add(tr!("Paste a picture of your own"), None, Command::PastePicture);
    let own = scene.own;
    let found = own.found();
    let is_known = own.latent().is_some();
    let go = tr!("Go to the point of your picture");
    actions.add_if(is_known, go, None, Command::GoToPicture);
    for (index, corner) in CORNERS.into_iter().enumerate() {
        let name = tr!("Put your picture at the pad's corner: {}", told(corner).to_lowercase());
        actions.add_if(is_known, name, None, Command::PictureToCorner(index));
    }
    let is_running = own.search().is_some_and(|search| search.is_running);
    let can_search = found.is_some() && scene.codebook.is_none() && !is_running;
    let search = Command::Invert(Box::new(view.own_picture.form.clone()));
    actions.add_if(can_search, tr!("Search for the point of your picture"), None, search);
    let stop = tr!("Stop the search for your picture's point");
    actions.add_if(is_running, stop, None, Command::StopInverting);
}

pub(super) fn side_by_side(actions: &mut Actions, scene: &Scene<'_>) {
    actions.group = tr!("Side by side");
    let add = |path: Option<&str>| Command::Companion(CompanionAsk::Add(path.map(Into::into)));
    actions.add(tr!("Add a model side by side…"), None, add(None));
    actions.add(tr!("Add the demo VAE side by side"), None, add(Some(Demo::Vae.path())));
    actions.add(tr!("Add the demo VQ-VAE side by side"), None, add(Some(Demo::VqVae.path())));
    let is_latent = scene.link == Link::Latent;
    let link = |link| Command::Companion(CompanionAsk::Link(link));
    let has_models = !scene.companions.is_empty();
    actions.add_if(
        has_models && !is_latent,
        tr!("Let all models draw the same latent"),
        None,
        link(Link::Latent),
    );
    actions.add_if(
        has_models && !matches!(scene.link, Link::Image(_)) && !scene.watched.is_empty(),
        tr!("Let all models draw the same watched image"),
        None,
        link(Link::Image(0)),
    );
    actions.add_if(
        has_models && scene.link != Link::OwnPicture && scene.own.chosen().is_some(),
        tr!("Let all models draw your picture"),
        None,
        link(Link::OwnPicture),
    );
    for (index, line) in scene.companions.iter().enumerate() {
        for (name, ask) in [
            (tr!("Explore the model at the side: {}", line.name), CompanionAsk::Explore(index)),
            (tr!("Take away the model at the side: {}", line.name), CompanionAsk::Remove(index)),
        ] {
            actions.add(name, None, Command::Companion(ask));
        }
    }
}

pub(super) fn evaluate(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    actions.group = tr!("Evaluate");
    let models = scene.evaluate;
    let (count, progress) = (models.entries().len(), models.progress());
    let has_room = count < Evaluate::MOST;
    actions.add_if(has_room, tr!("Add a run to measure…"), None, Command::EvaluateRun(None));
    actions.add(tr!("Judge by a classifier…"), None, Command::PickClassifier);
    let measure = Command::Measure(Box::new(view.measure.clone()));
    let can_measure = count > 0 && progress.is_none();
    actions.add_if(can_measure, tr!("Measure all models of the list"), None, measure);
    let can_stop = progress.is_some_and(|progress| !progress.is_stopping);
    actions.add_if(can_stop, tr!("Cancel measuring"), None, Command::CancelMeasuring);
    let has_table = !models.table().columns.is_empty();
    actions.add_if(has_table, tr!("Save the measures…"), None, Command::SaveMeasures(None));
}
