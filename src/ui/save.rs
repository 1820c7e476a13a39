//! Buttons that save something: to a path that is typed, or to one from the system's dialog.

use std::path::PathBuf;

use egui::containers::menu::{MenuButton, MenuConfig, SubMenuButton, is_in_menu};
use egui::{PopupCloseBehavior, Role, TextEdit, Ui, WidgetInfo};

use super::command::{SheetOf, SheetPaths};
use super::{Command, Page, Scene, View, menu};
use crate::language::{told, tr};

/// Where something is to be saved.
pub(super) enum Place {
    /// At a path that was typed.
    Typed(PathBuf),
    /// Wherever the system's dialog says.
    Asked,
}

impl Place {
    /// The typed path; nothing where the dialog is to be asked.
    pub(super) fn path(self) -> Option<PathBuf> {
        match self {
            Self::Typed(path) => Some(path),
            Self::Asked => None,
        }
    }
}

/// Shows the button; gives the place once a person has chosen one. In a menu it is an entry.
pub(super) fn button(ui: &mut Ui, text: &str, hint: &str, path: &mut String) -> Option<Place> {
    named(ui, text, text, hint, path)
}

/// As [`button`], under another name where several have one text.
pub(super) fn named(
    ui: &mut Ui,
    text: &str,
    name: &str,
    hint: &str,
    path: &mut String,
) -> Option<Place> {
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (response, chosen) = if is_in_menu(ui) {
        SubMenuButton::new(text).config(config).ui(ui, |ui| places(ui, path))
    } else {
        MenuButton::new(text).config(config).ui(ui, |ui| places(ui, path))
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    response.on_hover_text(hint);
    chosen.and_then(|chosen| chosen.inner)
}

/// A path to type, and the dialog beside it.
fn places(ui: &mut Ui, path: &mut String) -> Option<Place> {
    let mut wanted = None;
    ui.horizontal(|ui| {
        let field = TextEdit::singleline(path).hint_text(tr!("a path")).desired_width(200.0);
        let field = ui.add(field).on_hover_text(tr!("Where to; Enter saves."));
        menu::give_keyboard(&field);
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let clicked =
            ui.button(tr!("Save there")).on_hover_text(tr!("Save to this path.")).clicked();
        if (entered || clicked) && !path.trim().is_empty() {
            wanted = Some(Place::Typed(PathBuf::from(path.trim())));
        }
        if ui.button(tr!("Choose…")).on_hover_text(tr!("Choose a place in a dialog.")).clicked() {
            wanted = Some(Place::Asked);
        }
        if wanted.is_some() {
            ui.close();
        }
    });
    wanted
}

/// What saving the pictures of a view is called.
pub(super) fn sheet_name(of: SheetOf) -> String {
    tr!("Save {} as a picture…", told(of.name()))
}

/// The button that saves the pictures of a view as one.
pub(super) fn sheet(
    ui: &mut Ui,
    text: &str,
    of: SheetOf,
    paths: &mut SheetPaths,
    out: &mut Vec<Command>,
) {
    let hint = tr!("Save {} as one PNG or JPEG file, at the model's own pixels.", told(of.name()));
    let path = paths.entry(of).or_default();
    if let Some(place) = named(ui, text, &sheet_name(of), &hint, path) {
        out.push(Command::SaveSheet { of, path: place.path() });
    }
}

/// Whether there are pictures of a view to be saved.
pub(super) fn has_sheet(scene: &Scene<'_>, view: &View, of: SheetOf) -> bool {
    let model = &scene.model;
    let explores = !model.family.is_empty() && !model.only_classifies && !model.only_codes;
    let is_seen = explores && view.page == Page::Explore && view.dock.shows(of.pane());
    match of {
        SheetOf::Pad => explores,
        SheetOf::Reconstructions => scene.pictures.probe.is_some(),
        SheetOf::Traversals => is_seen,
        SheetOf::Directions => is_seen && !scene.directions.is_empty(),
        SheetOf::Bookmarks => explores && !scene.bookmarks.is_empty(),
        SheetOf::Stations => explores && !scene.walk.stations().is_empty(),
        SheetOf::OwnPicture => scene.pictures.own.is_some(),
        SheetOf::SideBySide => explores && !scene.companions.is_empty(),
        SheetOf::Draws => is_seen && !scene.prior.drawn().is_empty(),
        SheetOf::Texts => is_seen && scene.texts.latent().is_some(),
        SheetOf::Selection => !scene.map.state.selected().is_empty(),
    }
}
