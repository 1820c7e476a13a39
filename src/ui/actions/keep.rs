//! Points that are kept, ways between them, and directions.

use egui::Key;

use super::{Actions, PLAIN, explores, keys};
use crate::language::tr;
use crate::session::anchor::Anchor;
use crate::session::bookmarks::MOST_BOOKMARKS;
use crate::session::walk::MOST_STATIONS;
use crate::ui::{
    BookmarkAsk, Command, DirectionsAsk, Scene, StationAsk, StripAsk, View, anchors, directions,
};

pub(super) fn keep(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    actions.group = tr!("Keep and walk");
    let is_there = explores(scene);
    actions.add_if(
        is_there && scene.bookmarks.len() < MOST_BOOKMARKS,
        tr!("Keep this point"),
        keys(PLAIN, Key::B),
        Command::Bookmark(BookmarkAsk::Add),
    );
    let walk = scene.walk;
    let stations = walk.stations().len();
    actions.add_if(
        is_there && stations < MOST_STATIONS,
        tr!("Add this point to the walk"),
        keys(PLAIN, Key::K),
        Command::Station(StationAsk::Add(Anchor::Point)),
    );
    let name = if walk.is_playing() { tr!("Halt the walk") } else { tr!("Play the walk") };
    let play = Command::Station(StationAsk::Play(!walk.is_playing()));
    actions.add_if(stations > 1, name, keys(PLAIN, Key::W), play);
    let save = StationAsk::Save { pictures: view.film.pictures, path: None };
    actions.add_if(
        stations > 0,
        tr!("Save the walk as a film or a strip…"),
        None,
        Command::Station(save),
    );
    let clear = Command::Station(StationAsk::Clear);
    actions.add_if(stations > 0, tr!("Forget all stations of the walk"), None, clear);
    film_strip(actions, scene);
    points(actions, scene);
    for (index, mark) in scene.bookmarks.iter().enumerate() {
        actions.add(tr!("Go to {}", mark.name), None, Command::Bookmark(BookmarkAsk::GoTo(index)));
    }
}

/// Points that are chosen elsewhere, and watched images.
fn points(actions: &mut Actions, scene: &Scene<'_>) {
    let anchors = scene.anchors();
    let is_there = explores(scene);
    let has_room = is_there && scene.walk.stations().len() < MOST_STATIONS;
    for anchor in anchors.chosen() {
        let name = anchors::name(&anchors, anchor);
        let from = tr!("Traverse from {}", name);
        let sweeps = is_there && scene.has_traversals();
        actions.add_if(sweeps, from, None, Command::TraverseFrom(anchor));
        let add = Command::Station(StationAsk::Add(anchor));
        actions.add_if(has_room, tr!("Add {} to the walk", name), None, add);
        // A picture of one's own has an entry beside what else is done with it.
        if anchor != Anchor::OwnPicture {
            actions.add_if(is_there, tr!("Go to {}", name), None, Command::GoTo(anchor));
        }
    }
    for anchor in (0..scene.watched.len()).map(Anchor::Image) {
        let name = tr!("Go to {}", anchors::name(&anchors, anchor));
        actions.add_if(is_there, name, None, Command::GoTo(anchor));
    }
}

fn film_strip(actions: &mut Actions, scene: &Scene<'_>) {
    let strip = scene.strip;
    let draws = explores(scene) && scene.session.run().is_some();
    for (is_offered, name, ask) in [
        (draws, tr!("Draw this point in the film strip"), StripAsk::Source(Anchor::Point)),
        (strip.is_drawing(), tr!("Cancel drawing the film strip"), StripAsk::Cancel),
        (!strip.steps().is_empty(), tr!("Save the film strip as a picture…"), StripAsk::Save(None)),
    ] {
        actions.add_if(is_offered, name, None, Command::Strip(ask));
    }
}

pub(super) fn directions(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    actions.group = tr!("Directions");
    let is_there = explores(scene);
    for (what, learn) in directions::lessons(scene, &view.directions) {
        actions.add_if(is_there, tr!("Learn directions: {}", what), None, learn);
    }
    let has_some = !scene.directions.is_empty();
    for (is_offered, name, ask) in [
        (
            is_there,
            tr!("Make a direction from zero to this point"),
            DirectionsAsk::Between { from: Anchor::Origin, to: Anchor::Point },
        ),
        (scene.directions.is_moved(), tr!("Put all directions back to zero"), DirectionsAsk::Reset),
        (is_there, tr!("Load directions…"), DirectionsAsk::Load(None)),
        (has_some, tr!("Save the directions…"), DirectionsAsk::Save(None)),
        (has_some, tr!("Take all directions out"), DirectionsAsk::Clear),
    ] {
        actions.add_if(is_offered, name, None, Command::Directions(ask));
    }
}
