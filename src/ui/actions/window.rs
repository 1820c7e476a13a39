//! The window itself.

use egui::{Key, Modifiers};

use super::{Actions, CTRL, PLAIN, keys};
use crate::language::{Language, filled, told, tr};
use crate::ui::{Command, Grow, Page, Pane, Scene, Towards, View, top_bar};

/// The keys of the first views.
const DIGITS: [Key; 9] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
];

pub(super) fn window(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    actions.group = tr!("Window");
    actions.add(
        tr!("Find something to do…"),
        keys(CTRL, Key::K),
        Command::ShowCommandPalette(true),
    );
    actions.add(
        tr!("Show all keys"),
        keys(Modifiers::SHIFT, Key::Questionmark),
        Command::ShowKeys(!view.shows_keys),
    );
    let (name, page) = match view.page {
        Page::Evaluate => (tr!("Go to the page Explore"), Page::Explore),
        _ => (tr!("Go to the page Evaluate"), Page::Evaluate),
    };
    actions.add(name, keys(PLAIN, Key::E), Command::ShowPage(page));
    let (name, page) = match view.page {
        Page::Runs => (tr!("Go back from the page Runs to Explore"), Page::Explore),
        _ => (tr!("Go to the page Runs"), Page::Runs),
    };
    actions.add(name, keys(PLAIN, Key::L), Command::ShowPage(page));
    let mut digits = DIGITS.into_iter();
    for pane in view.dock.offered() {
        let digit = digits.next().and_then(|digit| keys(PLAIN, digit));
        actions.add(tr!("Show {}", told(pane.name())), digit, Command::ShowPane(pane));
        if view.page == Page::Explore && view.dock.shows(pane) {
            let close = tr!("Close {}", told(pane.name()));
            actions.add(close, None, Command::ClosePane(pane));
            let save = Command::SaveView { pane, path: None };
            actions.add(tr!("Save the view {} as a picture…", told(pane.name())), None, save);
            arrange(actions, view, pane);
        }
    }
    let save = Command::SavePage(None);
    actions.add(tr!("Save the page as a picture…"), None, save);
    let card = Command::ShowCard(!view.shows_card);
    let has_card = scene.model.card.is_some();
    actions.add_if(has_card, tr!("Show or hide the model's card"), None, card);
    let has_notice = !scene.notices.is_empty();
    actions.add_if(has_notice, tr!("Dismiss the oldest notice"), None, Command::Dismiss(0));
    actions.add(tr!("Reset the layout"), None, Command::ResetLayout);
    for (name, theme) in top_bar::THEMES {
        actions.add(tr!("Theme: {}", told(name).to_lowercase()), None, Command::SetTheme(theme));
    }
    for language in Language::ALL {
        actions.add(tr!("Language: {}", language.name()), None, Command::SetLanguage(language));
    }
    actions.add(tr!("Larger"), keys(CTRL, Key::Plus), Command::Zoom(1));
    actions.add(tr!("Smaller"), keys(CTRL, Key::Minus), Command::Zoom(-1));
    actions.add(tr!("As large as at first"), keys(CTRL, Key::Num0), Command::Zoom(0));
    actions.add(tr!("Quit"), keys(CTRL, Key::Q), Command::Quit);
}

/// Other places and sizes for a view.
fn arrange(actions: &mut Actions, view: &View, pane: Pane) {
    for (to, name) in Towards::ALL {
        let can_go = view.dock.moved(pane, to).is_some();
        let command = Command::MovePane(pane, to);
        actions.add_if(can_go, filled(name, &[&told(pane.name())]), None, command);
    }
    for (grow, name) in Grow::ALL {
        let can_grow = view.dock.resized(pane, grow).is_some();
        let command = Command::ResizePane(pane, grow);
        actions.add_if(can_grow, filled(name, &[&told(pane.name())]), None, command);
    }
}
