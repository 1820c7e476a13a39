//! Does what commands ask.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui;

use super::jobs::{Chosen, Done, Found};
use super::workspace::{self, Workspace};
use super::{ZscopeApp, card, dialogs};
use crate::data::{self, DataSpec, Dataset};
use crate::formats::run_dir::{ModelConfig, RunDir};
use crate::formats::{foreign, pictures, write_whole};
use crate::language::{Language, speak, tr};
use crate::open::Opened;
use crate::session::explore::{Explore, PasteError};
use crate::session::inside::Inside;
use crate::session::own_picture::Source;
use crate::session::prior::Prior;
use crate::session::{Phase, Series, write_csv};
use crate::train::init::{Init, Part};
use crate::train::recipe::Recipe;
use crate::train::runs;
use crate::train::settings::Settings;
use crate::train::start::{Length, Request, StartError, resume, settings_from_json};
use crate::train::worker::{Control, Plan};
use crate::ui::{Command, Demo, Page, TrainForm, View};

impl ZscopeApp {
    /// Does one thing that a person asked for.
    #[expect(clippy::too_many_lines, reason = "a table: what does each command")]
    pub fn apply(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::BeginEdit => self.explore.begin_edit(),
            Command::SetDim { dim, value } => {
                self.move_point(|app| app.explore.set_dim(dim, value));
            }
            Command::SetLatent(latent) => self.move_point(|app| app.explore.set_latent(&latent)),
            Command::SetPad(at) => self.move_point(|app| app.explore.set_pad(at)),
            Command::BeginWalk => self.explore.begin_walk(),
            Command::Walk([right, down]) => self.move_point(|app| app.explore.walk(right, down)),
            Command::WalkDims => self.explore.walk_dims(),
            Command::WalkRandom => self.explore.walk_random(),
            Command::SetMixing(mixing) => self.move_corners(|app| app.explore.set_mixing(mixing)),
            Command::SetCorner { index, source } => {
                self.move_corners(|app| app.explore.set_corner(index, source, &app.probe_latents));
            }
            Command::PointToCorner { index, point } => self.point_to_corner(index, point),
            Command::GoTo(point) => self.go_to(point),
            Command::TraverseFrom(point) => self.traverse_from(point),
            Command::RedrawCorner(index) => {
                self.move_corners(|app| app.explore.redraw_corner(index));
            }
            Command::Seeds(ask) => self.ask_seeds(ask),
            Command::SetTemperature(temperature) => {
                self.move_point(|app| app.explore.set_temperature(temperature));
                self.pad_is_stale = true;
            }
            Command::Bookmark(ask) => self.ask_bookmarks(ask),
            Command::Station(ask) => self.ask_stations(ctx, ask),
            Command::Directions(ask) => self.ask_directions(ctx, ask),
            Command::SaveSheet { of, path: Some(path) } => self.save_sheet(ctx, of, path),
            Command::SaveSheet { of, path: None } => dialogs::ask(&self.jobs, Chosen::Sheet(of)),
            Command::Companion(ask) => self.ask_companions(ask),
            Command::CancelTask(number) => self.tasks.cancel(number),
            Command::CopyPoint => self.copy_point(ctx),
            Command::PastePoint(text) => self.paste_point(&text),
            Command::JumpToDraw => self.move_point(|app| app.explore.jump_to_draw()),
            Command::Undo => self.move_point(|app| app.explore.undo()),
            Command::Redo => self.move_point(|app| app.explore.redo()),
            Command::Freeze(false) if self.film.strip.at().is_some() => self.leave_checkpoint(),
            Command::Freeze(frozen) => self.explore.set_frozen(frozen),
            Command::ShowClass(class) => self.show_other(|shown| shown.class = class),
            Command::ShowAverage(averaged) => self.show_other(|shown| shown.averaged = averaged),
            Command::OpenData(spec) => self.open_data(spec),
            Command::CancelData => self.cancel_data(),
            Command::OpenPath(path) => self.open_path(path),
            Command::PickData => dialogs::ask(&self.jobs, Chosen::Data),
            Command::PickModel => dialogs::ask(&self.jobs, Chosen::Model),
            Command::PickModelFile => dialogs::ask(&self.jobs, Chosen::ModelFile),
            Command::ShowCard(is_shown) => self.view.shows_card = is_shown,
            Command::OpenDemo(demo) => self.open_demo(demo),
            Command::StartTraining(form) => self.start_training(*form, None, None),
            Command::TrainOn => self.train_on(),
            Command::ResumeRun { dir, more_epochs } => self.resume_run(dir, more_epochs),
            Command::Pause => self.ask(Control::Pause),
            Command::Resume => self.ask(Control::Resume),
            Command::TogglePause => self.ask(match self.session.phase() {
                Phase::Paused => Control::Resume,
                _ => Control::Pause,
            }),
            Command::StepOnce => self.ask(Control::Step),
            Command::Stop => self.ask(Control::Stop),
            Command::SaveCheckpoint => self.ask(Control::Save),
            Command::SetLive { name, value } => self.ask(Control::Set { name, value }),
            Command::SaveCurves(Some(path)) => self.save_curves(ctx, path),
            Command::SaveCurves(None) => dialogs::ask(&self.jobs, Chosen::Curves),
            Command::KeepCurves => self.keep_curves(),
            Command::CompareRun(Some(path)) => self.compare_run(path),
            Command::CompareRun(None) => dialogs::ask(&self.jobs, Chosen::Compared),
            Command::StopComparing(index) => self.stop_comparing(index),
            Command::EvaluateRun(Some(path)) => self.evaluate_run(&path),
            Command::EvaluateRun(None) => dialogs::ask(&self.jobs, Chosen::Evaluated),
            Command::StopEvaluating(index) => self.evaluation.models.remove(index),
            Command::Measure(form) => self.measure(*form),
            Command::CancelMeasuring => self.evaluation.stop(),
            Command::PickClassifier => dialogs::ask(&self.jobs, Chosen::Classifier),
            Command::SaveMeasures(Some(path)) => self.save_measures(ctx, path),
            Command::SaveMeasures(None) => dialogs::ask(&self.jobs, Chosen::Measures),
            Command::SavePicture(Some(path)) => self.save_picture(path),
            Command::SavePicture(None) => dialogs::ask(&self.jobs, Chosen::Picture),
            Command::Runs(ask) => self.ask_runs(ctx, ask),
            Command::Queue(ask) => self.ask_queue(ask),
            Command::Prior(ask) => self.ask_prior(ctx, ask),
            Command::Texts(ask) => self.ask_texts(ask),
            Command::Strip(ask) => self.ask_strip(ask),
            Command::ShowPage(page) => self.view.page = page,
            Command::ShowPane(pane) => {
                self.view.page = Page::Explore;
                self.view.dock.show(pane);
            }
            Command::ClosePane(pane) => self.view.dock.close(pane),
            Command::MovePane(pane, to) => {
                if let Some(shape) = self.view.dock.moved(pane, to) {
                    self.view.dock.rearrange(&shape);
                }
            }
            Command::ResizePane(pane, grow) => {
                if let Some(shape) = self.view.dock.resized(pane, grow) {
                    self.view.dock.rearrange(&shape);
                }
            }
            Command::ResetLayout => self.view.dock.reset(),
            Command::OrderCodes(order) => self.view.codebook.order = order,
            Command::SelectCode(code) => self.select_code(code),
            Command::ReviveCodes { codes, from } => self.revive_codes(codes, from),
            Command::FreezeCodes { codes, frozen } => self.freeze_codes(codes, frozen),
            Command::UndoCodes => self.undo_codes(),
            Command::SetCell { cell, code } => self.set_cell(cell, code),
            Command::Codes(ask) => self.ask_codes(ask),
            Command::ResetCells => self.reset_cells(),
            Command::Map(ask) => self.ask_map(ctx, &ask),
            Command::FitMap => self.view.map.fit(),
            Command::SetMapMode(mode) => self.view.map.mode = mode,
            Command::SaveView { pane, path: Some(path) } => self.save_view(ctx, pane, path),
            Command::SaveView { pane, path: None } => dialogs::ask(&self.jobs, Chosen::View(pane)),
            Command::SavePage(Some(path)) => self.save_page(ctx, path),
            Command::SavePage(None) => dialogs::ask(&self.jobs, Chosen::Page),
            Command::SavePoints(Some(path)) => self.save_points(path),
            Command::SavePoints(None) => dialogs::ask(&self.jobs, Chosen::Points),
            Command::CopyLine(of) => self.copy_line(ctx, of),
            Command::LookInto(side) => self.look(|inside| inside.look_into(side)),
            Command::LookAt(node) => self.look(|inside| inside.choose(&node)),
            Command::Perturb(change) => self.look(|inside| inside.change(change)),
            Command::Unperturb(index) => self.look(|inside| inside.unchange(index)),
            Command::UnperturbAll => self.look(Inside::unchange_all),
            Command::SaveNode(Some(path)) => self.save_node(path),
            Command::SaveNode(None) => dialogs::ask(&self.jobs, Chosen::Node),
            Command::PickPicture => dialogs::ask(&self.jobs, Chosen::OwnPicture),
            Command::PastePicture => {
                ctx.send_viewport_cmd(egui::ViewportCommand::RequestPaste);
            }
            Command::AddPicture { name, source } => self.add_picture(name, source),
            Command::ChoosePicture(number) => self.change_own(|own| own.choose(number)),
            Command::RemovePicture(number) => self.change_own(|own| own.remove(number)),
            Command::GoToPicture => self.go_to_picture(),
            Command::PictureToCorner(index) => self.picture_to_corner(index),
            Command::Invert(form) => self.invert(ctx, &form),
            Command::StopInverting => self.own.stop_search(),
            Command::SaveWorkspace(Some(path)) => self.save_workspace(ctx, path),
            Command::SaveWorkspace(None) => dialogs::ask(&self.jobs, Chosen::Workspace),
            Command::TypedPath(path) => {
                if let Some(purpose) = self.prompted.take() {
                    self.take_chosen(ctx, purpose, path);
                }
            }
            Command::ShowCommandPalette(is_shown) => {
                self.view.command_palette = is_shown.then(crate::ui::CommandPalette::new);
            }
            Command::ShowKeys(is_shown) => self.view.shows_keys = is_shown,
            Command::SetTheme(theme) => ctx.set_theme(theme),
            Command::SetLanguage(language) => self.set_language(language),
            Command::Zoom(steps) => zoom(ctx, steps),
            Command::Dismiss(index) => {
                if index < self.notices.len() {
                    self.notices.remove(index);
                }
            }
            Command::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        }
    }

    /// Speaks another language, also on the card, which is put together when a model is opened.
    fn set_language(&mut self, language: Language) {
        speak(language);
        if let Some(model) = &mut self.model {
            model.card = model.opened.as_deref().map(card::card);
        }
    }

    pub(super) fn move_point(&mut self, change: impl FnOnce(&mut Self)) {
        change(self);
        self.picture_is_stale = true;
        self.log_moved("point");
    }

    /// Goes to a point that comes as text; of other text, opens what it is the path of.
    fn paste_point(&mut self, text: &str) {
        let mut pasted = Ok(());
        self.move_point(|app| pasted = app.explore.paste(text));
        let path = Path::new(text.trim().trim_start_matches("file://"));
        match pasted {
            Ok(()) => {}
            Err(PasteError::NoNumber { .. }) if path.exists() => self.open_path(path.into()),
            Err(error @ PasteError::Count { .. }) => self.paste_codes(text, &error),
            Err(error) => self.notice(error.to_string(), true),
        }
    }

    pub(super) fn move_corners(&mut self, change: impl FnOnce(&mut Self)) {
        self.explore.begin_edit();
        self.move_point(change);
        self.pad_is_stale = true;
    }

    /// Where a person stands in the latent space of the model.
    pub fn explore(&self) -> &Explore {
        &self.explore
    }

    /// What the views remember for themselves.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// What is drawn from the prior of the model.
    pub fn prior(&self) -> &Prior {
        &self.priors.state
    }

    /// Whether there is a model in the explorer.
    pub fn has_model(&self) -> bool {
        self.model.is_some()
    }

    fn ask(&self, control: Control) {
        if let Some(training) = &self.training {
            training.ask(control);
        }
    }

    /// Opens whatever is at a path.
    pub(super) fn open_path(&mut self, path: PathBuf) {
        let question = self.next_question();
        self.jobs.spawn("path", move |done| {
            let found = found_at(&path);
            done(Done::Found { question, path, found });
        });
    }

    /// Opens what was found at a path, unless a newer question has been asked since.
    pub(super) fn open_found(
        &mut self,
        ctx: &egui::Context,
        question: u64,
        path: PathBuf,
        found: Found,
    ) {
        // Data and pictures are looked at through a model; the first one is the demo.
        if self.model_question == 0 && !matches!(found, Found::Model | Found::Workspace(_)) {
            self.open_demo(Demo::Vae);
        }
        match found {
            Found::Data(spec) if question > self.data_question => {
                // Through a model of another library it is looked at in that model's size.
                let opened = self.model.as_ref().and_then(|model| model.opened.as_ref());
                let size =
                    opened.filter(|opened| opened.run.is_none()).map(|opened| opened.image.height);
                let spec =
                    size.into_iter().filter(|size| *size > 0).fold(spec, DataSpec::with_size);
                self.open_spec(question, spec.to_string(), spec);
            }
            Found::Model if question > self.model_question => self.open_model(question, &path),
            Found::Picture => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.add_picture(name, Source::File(path));
            }
            Found::Workspace(Ok(workspace)) if !self.is_busy() => {
                self.take_up(ctx, *workspace, true);
            }
            Found::Workspace(Err(error)) => self.notice(error, true),
            Found::Workspace(Ok(_)) | Found::Data(_) | Found::Model => {}
        }
    }

    fn open_model(&mut self, question: u64, path: &Path) {
        if self.is_busy() {
            return;
        }
        self.model_question = question;
        let text = path.display().to_string();
        self.jobs.spawn("open", move |done| {
            let opened = crate::open::open(&text).map(Box::new).map_err(|error| error.to_string());
            done(Done::Model { question, opened });
        });
    }

    /// The number of a new question.
    pub(super) fn next_question(&mut self) -> u64 {
        self.questions += 1;
        self.questions
    }

    /// The number of a new question for a model; none while a run goes on, which a person has to end first.
    pub(super) fn ask_for_model(&mut self) -> Option<u64> {
        if self.is_busy() {
            return None;
        }
        self.model_question = self.next_question();
        Some(self.model_question)
    }

    /// Whether a run goes on or is being set up; says so.
    fn is_busy(&mut self) -> bool {
        let busy = self.training.is_some() || self.is_starting;
        if busy {
            self.notice(
                if self.queue.goes_on() {
                    tr!(
                        "A run is still going on: hold the queue on the page Runs, and stop it first."
                    )
                } else {
                    tr!("A run is still going on: stop it first.")
                },
                true,
            );
        }
        busy
    }

    /// Starts a run, which is kept under `name` where one is given.
    pub(super) fn start_training(
        &mut self,
        form: TrainForm,
        init: Option<Init>,
        name: Option<String>,
    ) {
        let Some(_) = self.ask_for_model() else { return };
        self.is_starting = true;
        self.view.form = form.clone();
        if self.data.spec != form.data {
            self.open_data(form.data.clone());
        }
        let known = self.dataset.clone().filter(|(spec, _)| *spec == form.data);
        let known = known.map(|(_, dataset)| dataset);
        self.jobs.spawn("plan", move |done| {
            let plan = plan(form, known, init, name.as_deref());
            done(Done::Plan(plan.map(Box::new).map_err(|error| error.to_string())));
        });
    }

    /// What the model in the explorer would be trained on, where it has no run of its own: the data in the form
    /// where that fits, else its own.
    pub(super) fn trains_on(&self) -> Option<String> {
        let opened =
            self.model.as_ref()?.opened.as_ref().filter(|_| self.session.run().is_none())?;
        recipe_of(opened)?;
        let fitting = self.dataset.as_ref().filter(|(spec, dataset)| {
            *spec == self.view.form.data && dataset.shape() == opened.image
        });
        fitting.map(|(spec, _)| spec.clone()).or_else(|| opened.data())
    }

    /// Starts a run of the model in the explorer that begins with its weights.
    fn train_on(&mut self) {
        let opened = self.model.as_ref().and_then(|model| model.opened.clone());
        let Some((opened, data)) = opened.zip(self.trains_on()) else { return };
        let Some(recipe) = recipe_of(&opened) else { return };
        let given = match &opened.run {
            Some(run) => settings_from_json(recipe, &run.settings).map(|keys| (keys, run.batch)),
            None => Ok((Settings::defaults(recipe.keys()), self.view.form.batch)),
        };
        let (settings, batch) = match given {
            Ok(given) => given,
            Err(error) => return self.notice(tr!("train the model on: {}", error), true),
        };
        let form = TrainForm { recipe, settings, data, batch, ..self.view.form.clone() };
        self.start_training(form, Some(Init::of(&opened, Part::Whole)), None);
    }

    fn resume_run(&mut self, dir: PathBuf, more_epochs: u64) {
        let Some(_) = self.ask_for_model() else { return };
        self.is_starting = true;
        let length = (more_epochs > 0).then_some(Length::MoreEpochs(more_epochs));
        self.jobs.spawn("resume", move |done| {
            done(Done::Plan(
                resume(&dir, length, true).map(Box::new).map_err(|error| error.to_string()),
            ));
        });
    }

    /// Writes every point of every curve, or to a `.png` the plots as they are on the screen.
    pub(super) fn save_curves(&mut self, ctx: &egui::Context, path: PathBuf) {
        if is_png(&path) {
            return self.save_part(ctx, self.view.curves.rect(), path);
        }
        // A copy: they go on while it is written.
        let series: Vec<(String, Series)> =
            self.session.series().map(|(name, series)| (name.to_owned(), series.clone())).collect();
        self.jobs.spawn_save(move || {
            let series: Vec<_> = series.iter().map(|(name, series)| (&**name, series)).collect();
            let saved = write_whole(&path, |out| write_csv(&series, out));
            saved.map(|()| path).map_err(|error| error.to_string())
        });
    }

    /// Writes the picture of the point.
    pub(super) fn save_picture(&mut self, path: PathBuf) {
        let (Some(decoder), Some(model)) = (&self.decoder, &self.model) else { return };
        let pixels = decoder.read_point(model.image).map_err(|error| error.to_string());
        let none_yet = tr!("save the picture: there is none yet");
        self.jobs.spawn_save(move || {
            let pixels = pixels?.ok_or(none_yet)?;
            pictures::write_picture(&path, &pixels).map_err(|error| error.to_string())?;
            Ok(path)
        });
    }
}

/// Whether a path's ending asks for a picture.
pub(super) fn is_png(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"))
}

/// Makes everything in the window larger or smaller.
fn zoom(ctx: &egui::Context, steps: i32) {
    let factor = match steps {
        0 => 1.0,
        _ => ctx.zoom_factor() + 0.1 * steps as f32,
    };
    ctx.set_zoom_factor(((factor * 10.0).round() / 10.0).clamp(0.6, 2.5));
}

/// The recipe that trains an opened model on: its own, or the one of its network where another library made it.
fn recipe_of(opened: &Opened) -> Option<Recipe> {
    match (&opened.run, &opened.model) {
        (Some(run), _) => Recipe::from_name(&run.recipe),
        (None, ModelConfig::VqModel(config)) if config.has_module() => Some(Recipe::Vqgan),
        (None, _) => None,
    }
}

/// What a path leads to, by what its files are called.
fn found_at(path: &Path) -> Found {
    if path.is_file() && path.extension().is_some_and(|ending| ending == workspace::ENDING) {
        let read = Workspace::read(path).map(Box::new);
        return Found::Workspace(read.map_err(|error| error.to_string()));
    }
    if RunDir::is_run(path) || path.join("model.safetensors").is_file() {
        return Found::Model;
    }
    // A folder of pictures is any folder, so that weights in it are looked for first.
    let is_standard = |spec: &DataSpec| !matches!(spec, DataSpec::Folder { .. });
    if foreign::is_model(path) && !data::recognise(path).as_ref().is_some_and(is_standard) {
        return Found::Model;
    }
    if let Some(spec) = data::recognise(path) {
        return Found::Data(spec);
    }
    let is_picture = path.is_file() && image::ImageFormat::from_path(path).is_ok();
    if is_picture { Found::Picture } else { Found::Model }
}

/// Sets a run up as the form says.
fn plan(
    form: TrainForm,
    known: Option<Arc<dyn Dataset>>,
    init: Option<Init>,
    name: Option<&str>,
) -> Result<Plan, StartError> {
    let dir = name.map(runs::free);
    let dir = dir.as_deref();
    let data: DataSpec = form.data.parse()?;
    let resized = form.settings.integer("image_size") != 0;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let request = Request {
        recipe: form.recipe,
        settings: form.settings,
        data: data.clone(),
        length: Length::Epochs(form.epochs),
        batch: form.batch,
        seed: form.seed,
        device: if crate::engine::has_real_gpu() { "gpu" } else { "cpu" },
        // The window keeps a core.
        threads: cores.saturating_sub(1).max(1),
        watched: true,
        init,
    };
    match known.filter(|_| !resized) {
        Some(dataset) => request.plan_with(&data, dataset, dir, false),
        None => request.plan(dir, false),
    }
}
