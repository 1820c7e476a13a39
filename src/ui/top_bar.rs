//! The bar at the top: the model, how training goes, and its buttons.

use egui::{Align, Button, Label, Layout, ProgressBar, TextEdit, ThemePreference, Ui};

use super::actions::{self, Action};
use super::words::{self, duration, grouped};
use super::{Command, Demo, Page, Scene, View, menu, pace, save, theme};
use crate::event::FinishReason;
use crate::language::{self, Language, told, tr, tr_later};
use crate::session::{Phase, Session};

/// A window that is narrower than this does without what is nice to know.
const NARROW: f32 = 1150.0;

/// The room for the model's name and the times of a frame; with less, the name has all of it.
const LEAST_WITH_PACE: f32 = 260.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let narrow = ui.available_width() < NARROW;
    ui.horizontal(|ui| {
        ui.label(theme::heading("Zscope"));
        ui.separator();
        pages(ui, view);
        if view.page == Page::Explore {
            views(ui, scene, view, out);
        }
        ui.separator();
        open(ui, scene, view, if narrow { 72.0 } else { 112.0 }, out);
        ui.separator();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            buttons(ui, scene, out);
            progress(ui, scene.session, narrow);
            if ui.available_width() >= LEAST_WITH_PACE {
                pace::show(ui, scene);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                model(ui, scene, view, narrow, out);
            });
        });
    });
}

/// What the window is for at the moment.
fn pages(ui: &mut Ui, view: &mut View) {
    let pages = [
        (Page::Explore, tr!("Explore"), tr!("Train a model and walk in its latent space.")),
        (
            Page::Evaluate,
            tr!("Evaluate"),
            tr!("Measure models side by side on the same images (E)."),
        ),
        (Page::Runs, tr!("Runs"), tr!("All runs, and those that wait for their turn (L).")),
    ];
    for (page, name, hint) in pages {
        let button = Button::selectable(view.page == page, name);
        if ui.add(button).on_hover_text(hint).clicked() {
            view.page = page;
        }
    }
}

/// Grounds that the window can have.
pub(super) const THEMES: [(&str, ThemePreference); 3] = [
    (tr_later!("Dark"), ThemePreference::Dark),
    (tr_later!("Light"), ThemePreference::Light),
    (tr_later!("As the system"), ThemePreference::System),
];

/// How the window looks, and its help.
fn window(ui: &mut Ui, actions: &[Action], out: &mut Vec<Command>) {
    let chosen = ui.ctx().options(|options| options.theme_preference);
    ui.horizontal(|ui| {
        for (name, theme) in THEMES {
            let hint = tr!("The ground that everything lies on.");
            if ui.selectable_label(chosen == theme, told(name)).on_hover_text(hint).clicked() {
                out.push(Command::SetTheme(theme));
            }
        }
    });
    ui.horizontal(|ui| {
        for language in Language::ALL {
            let chosen = language::spoken() == language;
            let hint = tr!("The language of the window.");
            if ui.selectable_label(chosen, language.name()).on_hover_text(hint).clicked() {
                out.push(Command::SetLanguage(language));
            }
        }
    });
    ui.horizontal(|ui| {
        for (name, steps, hint) in [
            ("−", -1, tr!("Everything smaller (Ctrl+−).")),
            ("+", 1, tr!("Everything larger (Ctrl++).")),
        ] {
            if ui.button(name).on_hover_text(hint).clicked() {
                out.push(Command::Zoom(steps));
            }
        }
        let percent = (ui.ctx().zoom_factor() * 100.0).round();
        ui.label(theme::number(format!("{percent} %")));
    });
    for (name, command, hint) in [
        (
            tr!("Find something to do…"),
            Command::ShowCommandPalette(true),
            tr!("Everything by its name."),
        ),
        (tr!("Keys"), Command::ShowKeys(true), tr!("All keys.")),
        (
            tr!("Save workspace…"),
            Command::SaveWorkspace(None),
            tr!("What returns on the next start, as a file."),
        ),
    ] {
        if menu::entry(ui, actions, name, &command).on_hover_text(hint).clicked() {
            out.push(command);
            ui.close();
        }
    }
}

/// Which views of the model are there.
fn views(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let menu = ui.menu_button(tr!("Views"), |ui| {
        let actions = actions::all(scene, view);
        for pane in view.dock.offered() {
            let mut is_there = view.dock.has(pane);
            let (name, show) = (told(pane.name()), Command::ShowPane(pane));
            let response = menu::switch(ui, &actions, &mut is_there, name, &show);
            if response.on_hover_text(told(pane.hint())).changed() {
                out.push(if is_there { show } else { Command::ClosePane(pane) });
            }
        }
        ui.separator();
        let hint = tr!("Arrange all views as they were at first.");
        if ui.button(tr!("Reset layout")).on_hover_text(hint).clicked() {
            out.push(Command::ResetLayout);
            ui.close();
        }
        ui.separator();
        window(ui, &actions, out);
        let hint = tr!("Save all views as they are on the screen, as a PNG file.");
        let text = tr!("Save page as a picture…");
        if let Some(place) = save::button(ui, text, hint, &mut view.page_path) {
            out.push(Command::SavePage(place.path()));
        }
    });
    menu.response.on_hover_text(
        tr!("Which views of the model are shown. Drag a view by its name to another place; drag the gaps between them."),
    );
}

fn open(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, field_width: f32, out: &mut Vec<Command>) {
    let hint = tr!(
        "Open a run directory, a model of diffusers, a checkpoint, a picture, a folder of pictures or a dSprites file. Dropping it on the window does the same."
    );
    let menu = ui.menu_button(tr!("Open"), |ui| {
        let actions = actions::all(scene, view);
        let entries = [
            (tr!("Run or model folder…"), Command::PickModel),
            (tr!("Model file…"), Command::PickModelFile),
            (tr!("Folder of pictures or data…"), Command::PickData),
            (tr!("Demo: VAE"), Command::OpenDemo(Demo::Vae)),
            (tr!("Demo: VQ-VAE"), Command::OpenDemo(Demo::VqVae)),
        ];
        for (text, command) in entries {
            if menu::entry(ui, &actions, text, &command).clicked() {
                out.push(command);
                ui.close();
            }
        }
        recent(ui, scene.recent, out);
    });
    menu.response.on_hover_text(hint);
    let field = TextEdit::singleline(&mut view.open_path)
        .hint_text(tr!("or type a path"))
        .desired_width(field_width);
    let response = ui.add(field).on_hover_text(tr!("A path; Enter opens it."));
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    if entered && !view.open_path.trim().is_empty() {
        out.push(Command::OpenPath(view.open_path.trim().into()));
    }
}

/// The models that were opened last.
fn recent(ui: &mut Ui, paths: &[String], out: &mut Vec<Command>) {
    if paths.is_empty() {
        return;
    }
    ui.separator();
    ui.label(theme::muted(tr!("Recent")));
    for path in paths {
        let name = std::path::Path::new(path).file_name().unwrap_or_default().to_string_lossy();
        if ui.button(name).on_hover_text(path).clicked() {
            out.push(Command::OpenPath(path.into()));
            ui.close();
        }
    }
}

fn model(ui: &mut Ui, scene: &Scene<'_>, view: &View, narrow: bool, out: &mut Vec<Command>) {
    let model = &scene.model;
    let name = egui::RichText::new(model.name).strong();
    let about = tr!("{}, {}, decodes on {}", model.name, model.family, model.engine);
    match model.card {
        Some(card) => {
            let notes = match card.notes.len() {
                0 => String::new(),
                1 => tr!("; one thing was noticed on reading it").to_owned(),
                n => tr!("; {} things were noticed on reading it", n),
            };
            let button = Button::selectable(view.shows_card, name).truncate();
            let response = ui.add(button);
            if response.on_hover_text(tr!("{}{}. A click shows its card.", about, notes)).clicked()
            {
                out.push(Command::ShowCard(!view.shows_card));
            }
        }
        None => drop(ui.add(Label::new(name).truncate()).on_hover_text(about)),
    }
    if !narrow {
        // Long ones give way to the progress of the run.
        let family = Label::new(theme::muted(model.family)).truncate();
        ui.add(family).on_hover_text(tr!("The model's family"));
        let engine = Label::new(theme::muted(model.engine)).truncate();
        ui.add(engine).on_hover_text(tr!("What decodes the picture"));
    }
}

fn progress(ui: &mut Ui, session: &Session, narrow: bool) {
    let Some(run) = session.run() else {
        ui.label(theme::muted(tr!("no training yet")));
        return;
    };
    if !narrow && let Some(secs) = session.secs_left() {
        ui.label(theme::number(tr!("{} left", duration(secs))));
    }
    if !narrow && let Some(speed) = session.images_per_s() {
        ui.label(theme::number(tr!("{} img/s", grouped(speed as u64))))
            .on_hover_text(tr!("Training images a second"));
    }
    let step = grouped(session.step());
    let text = match session.phase() {
        Phase::Idle => tr!("waiting").to_owned(),
        Phase::Running if session.step() == run.first_step && run.warms_up() => {
            tr!("preparing the graphics device").to_owned()
        }
        Phase::Running => tr!("step {} of {}", step, grouped(run.total_steps)),
        Phase::Paused => tr!("paused at step {}", step),
        Phase::Finished(FinishReason::Completed) => tr!("finished at step {}", step),
        Phase::Finished(FinishReason::Stopped) => {
            tr!("stopped at step {} of {}", step, grouped(run.total_steps))
        }
        Phase::Diverged => tr!("diverged at step {}", step),
        Phase::Failed => tr!("broke at step {}", step),
    };
    let share = session.progress().unwrap_or(0.0) as f32;
    let epochs = session
        .epochs()
        .map_or_else(String::new, |epochs| tr!("{} epochs, ", format_args!("{epochs:.2}")));
    let width = if narrow { 150.0 } else { 216.0 };
    let bar = ProgressBar::new(share)
        .desired_width(width)
        .fill(theme::colours().accent.gamma_multiply(0.55))
        .text(theme::number(text).size(11.0));
    let memory = match run.memory_bytes {
        0 => String::new(),
        bytes => tr!(", about {} of memory", words::bytes(bytes)),
    };
    ui.add(bar).on_hover_text(format!("{epochs}{}{memory}", run.device));
}

fn buttons(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let phase = scene.session.phase();
    let running = phase == Phase::Running;
    let paused = phase == Phase::Paused;
    let mut button = |text: &str, enabled: bool, hint: &str, command: Command| {
        let response = ui.add_enabled(enabled, Button::new(text));
        let response = response.on_hover_text(hint).on_disabled_hover_text(hint);
        if response.clicked() {
            out.push(command);
        }
    };
    button(
        tr!("Stop"),
        running || paused,
        tr!("Save a checkpoint and end the run."),
        Command::Stop,
    );
    button(
        tr!("Save"),
        running || paused,
        tr!("Save a checkpoint now and go on."),
        Command::SaveCheckpoint,
    );
    button(tr!("Step"), paused, tr!("Take a single step, then wait again."), Command::StepOnce);
    if paused {
        button(tr!("Resume"), true, tr!("Go on training (Space)."), Command::Resume);
    } else {
        let hint = tr!("Wait after this step; everything stays explorable (Space).");
        button(tr!("Pause"), running, hint, Command::Pause);
    }
}
