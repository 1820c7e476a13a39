//! What happens every frame, also while the window is hidden: events in, jobs in, pictures made.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;

use super::dialogs::{self, Dialog};
use super::jobs::{Chosen, Done};
use super::script::Work;
use super::{Model, ZscopeApp, script};
use crate::array::NamedArrays;
use crate::data::Dataset;
use crate::data::corrupt::{self, Corruption};
use crate::engine::wgsl::Gpu;
use crate::event::{Event, FinishReason, Value};
use crate::graph::lower::quantizer::CLUSTER_SIZE;
use crate::graph::lower::{Shown, Task};
use crate::language::tr;
use crate::metrics::KlPerDim;
use crate::metrics::code_use::{CodeUse, per_million};
use crate::metrics::evaluate::Examined;
use crate::open::Opened;
use crate::session::codebook::Usage;
use crate::session::explore::Explore;
use crate::train::live::{Probe, Weights};
use crate::train::memory::training_bytes;
use crate::train::recipe::Recipe;
use crate::train::worker::Training;
use crate::ui::{Estimate, Link, ModelLine, Notice, PathPrompt, RunsAsk, Scene};

/// How often the window looks at a run, or at data being opened, that nobody touches.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);
/// The same where frames are painted by the very cores that train.
const SOFTWARE_WATCH_INTERVAL: Duration = Duration::from_millis(350);
/// A pointer that has not moved for so long lets the sliders change places.
const REST_SECS: f32 = 2.0;
/// The share of the past in the KL that sorts the sliders.
const KL_SMOOTHING: f32 = 0.9;

impl eframe::App for ZscopeApp {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        if let Some(log) = &mut self.frame_log {
            log.begin(frame.info().cpu_usage, ctx.requested_repaint_last_pass());
        }
        if let Some(secs) = frame.info().cpu_usage {
            self.pace.add_frame(secs);
        }
        if self.interrupted.load(std::sync::atomic::Ordering::Relaxed) {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        self.take_events();
        self.take_jobs(ctx);
        self.take_live(ctx);
        self.take_dropped(ctx);
        self.bring_back();
        self.start_next();
        self.follow_runs(ctx);
        self.follow_strip();
        self.take_prior(ctx);
        self.take_texts(ctx);
        self.step_map(ctx);
        let step = self.session.step();
        let is_over = self.training.is_none() && !self.is_starting && !self.queue.goes_on();
        let is_inverting = self.own.state.search().is_some_and(|search| search.is_running);
        let busy = [
            (Work::Measuring, self.evaluation.is_measuring()),
            (Work::Mapping, self.map.is_busy()),
            (Work::Inverting, is_inverting),
            (Work::Drawing, self.priors.state.is_busy()),
            (Work::Beginning, self.pictures.main.is_none()),
        ];
        let busy = busy.into_iter().filter_map(|(work, is_busy)| is_busy.then_some(work)).collect();
        let at = script::Progress { step, is_over, busy };
        let scripted = self.script.as_mut().and_then(|script| script.next(&at, ctx));
        if let Some(command) = scripted {
            self.apply(ctx, command);
        }
        self.notices.retain(|notice| notice.time_left().is_none_or(|left| !left.is_zero()));
        if let Some(left) = self.notices.iter().filter_map(Notice::time_left).min() {
            ctx.request_repaint_after(left);
        }
        self.advance(ctx);
        self.kept.directions.follow(&self.explore);
        self.task_lines = self.tasks.lines();
        self.tell_long_jobs(ctx);
        self.companion_lines = self.companions.lines(self.explore.latent().len());
        self.data.opening = self.opening.as_ref().map(|opening| opening.progress());
        if self.training.is_some() || self.opening.is_some() {
            let is_software = self.gpu.as_ref().is_none_or(Gpu::is_software);
            let interval = if is_software { SOFTWARE_WATCH_INTERVAL } else { WATCH_INTERVAL };
            ctx.request_repaint_after(interval);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        let engine = self.decoder.as_ref().map(super::Decoder::describe).unwrap_or_default();
        let mut view = std::mem::take(&mut self.view);
        let commands = crate::ui::show(ui, &self.scene(&engine), &mut view);
        self.view = view;
        self.draw_codes(&ctx);
        self.draw_map(&ctx);
        self.draw_channels(&ctx);
        for command in commands {
            self.apply(&ctx, command);
        }
        self.draw(&ctx);
    }

    fn raw_input_hook(&mut self, _ctx: &egui::Context, raw_input: &mut egui::RawInput) {
        if self.script.as_ref().is_some_and(super::Script::hides_pointer) {
            raw_input.events.push(egui::Event::PointerGone);
        }
        if let Some(theme) = self.system_theme.theme() {
            raw_input.system_theme = Some(theme);
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        if self.script.is_none() {
            self.recent.keep(storage);
            super::language::keep(storage);
            let ctx = self.jobs.ctx().clone();
            self.keep_workspace(&ctx, storage);
        }
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        crate::ui::theme::colours().stage.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self) {
        if let Some((dir, text)) = self.view.runs.take_notes() {
            self.ask_runs(&self.jobs.ctx().clone(), RunsAsk::SetNotes { dir, text });
        }
        // Dropping a run stops it after its current step and saves it.
        self.training = None;
        self.evaluation.stop();
        self.map.end_job();
        self.tasks.cancel_all();
        self.jobs.finish_saves();
    }
}

impl ZscopeApp {
    fn scene<'a>(&'a self, engine: &'a str) -> Scene<'a> {
        let model = self.model.as_ref().map_or_else(ModelLine::default, |model| ModelLine {
            name: &model.name,
            family: model.config.family(),
            step: model.step,
            engine,
            is_live: model.is_live,
            classes: &model.classes,
            class: model.shown.class,
            averaged: model.config.has_average().then_some(model.shown.averaged),
            trains_on: self.trains_on(),
            codes_of: self.codes_of(),
            only_classifies: model.config.task() == Task::Classify,
            only_codes: model.config.task() == Task::Quantize,
            notes: model.opened.as_ref().map_or(&[], |opened| &opened.notes),
            card: model.card.as_ref(),
        });
        Scene {
            session: &self.session,
            compared: &self.compared,
            evaluate: &self.evaluation.models,
            explore: &self.explore,
            model,
            codebook: self.codes.codebook.as_ref(),
            code_map: self.codes.map.as_ref(),
            map: self.map.scene(self.dataset.as_ref().map(|(_, data)| data.as_ref())),
            compared_codes: &self.codes.compared,
            inside: &self.looking.inside,
            own: &self.own.state,
            pace: &self.pace,
            pictures: &self.pictures,
            data: &self.data,
            estimate: self.estimate(),
            recent: self.recent.paths(),
            runs_folder: &self.runs_folder,
            notices: self.notices(),
            watched: &self.probe_latents,
            bookmarks: &self.kept.bookmarks,
            walk: &self.kept.walk,
            directions: &self.kept.directions,
            teachers: self.teachers(),
            drift: self.drift,
            tasks: &self.task_lines,
            companions: &self.companion_lines,
            link: self.companions.link,
            runs: &self.runs.list,
            queue: &self.queue,
            strip: &self.film.strip,
            prior: &self.priors.state,
            texts: &self.reading.state,
        }
    }

    /// What the run in the form would take.
    fn estimate(&self) -> Option<Result<Estimate, String>> {
        let form = &self.view.form;
        let (_, dataset) = self.dataset.as_ref().filter(|(spec, _)| *spec == form.data)?;
        let mut image = dataset.shape();
        let size = form.settings.integer("image_size");
        if size != 0 {
            (image.height, image.width) = (size, size);
        }
        let classes = dataset.class_names();
        let codes = match form.recipe {
            // Of another autoencoder than the one in the explorer nothing is known before it is opened.
            Recipe::Prior => {
                let is_own = self.codes_of().is_some_and(|own| own == form.settings.word("codes"));
                Some(&self.model.as_ref().filter(|_| is_own)?.config)
            }
            _ => None,
        };
        let model = form.recipe.model_config(&form.settings, image, classes, codes);
        Some(model.map_err(|error| error.to_string()).map(|model| Estimate {
            parameters: model.num_parameters(),
            memory_bytes: training_bytes(&model, form.batch),
        }))
    }

    pub(super) fn notice(&mut self, text: impl Into<String>, is_error: bool) {
        let notice = Notice::new(text, is_error);
        if is_error {
            log::warn!("{}", notice.text);
        }
        // What is told again is told once.
        self.notices.retain(|known| known.text != notice.text);
        self.notices.push(notice);
        // Old news gives way.
        if self.notices.len() > 4 {
            self.notices.remove(0);
        }
    }

    pub(super) fn log_moved(&mut self, what: &str) {
        if let Some(log) = &mut self.frame_log {
            log.moved(what);
        }
    }

    fn take_events(&mut self) {
        let Some(training) = &self.training else { return };
        let over = training.is_over();
        let events: Vec<Event> = training.events().try_iter().collect();
        for event in &events {
            self.session.apply(event);
            self.tell_desktop(event);
            match event {
                Event::Diverged { message, last_checkpoint, .. }
                | Event::Failed { message, last_checkpoint, .. } => {
                    let text = match last_checkpoint {
                        None => tr!("Training ended: {}; no checkpoint was saved", message),
                        Some(path) => tr!(
                            "Training ended: {}; the last good checkpoint is {}",
                            message,
                            path.display()
                        ),
                    };
                    self.notice(text, true);
                }
                Event::Warning { message, .. } => self.notice(message.clone(), false),
                Event::CheckpointSaved { .. } => self.runs.is_stale = true,
                // The form shows what is in force, whoever changed it.
                Event::SettingChanged { name, to, .. } => {
                    self.view.form.settings.set(name, to.clone()).ok();
                    let model = self.model.as_mut().filter(|model| model.is_live);
                    if let (corrupt::KEY, Value::Word(word), Some(model)) =
                        (name.as_str(), to, model)
                    {
                        model.corruption = word.parse().ok();
                    }
                }
                _ => {}
            }
        }
        if !events.is_empty() {
            self.log_moved("curves");
        }
        if over && events.is_empty() {
            self.training = None;
            self.runs.is_stale = true;
            if let Some(model) = &mut self.model {
                model.is_live = false;
            }
            // A run that ended before its first weights leaves nothing to show.
            self.pending = None;
        }
    }

    /// Tells the desktop that a run is over.
    fn tell_desktop(&self, event: &Event) {
        let step = match event {
            Event::Finished { step, reason: FinishReason::Stopped, .. } => {
                tr!("The run was stopped at step {}.", step)
            }
            Event::Finished { step, .. } => tr!("The run has finished at step {}.", step),
            Event::Diverged { step, .. } => tr!("The run has diverged at step {}.", step),
            Event::Failed { step, .. } => tr!("The run broke at step {}.", step),
            _ => return,
        };
        let took = self.started.map(|started| started.elapsed()).unwrap_or_default();
        super::notify::over(self.jobs.ctx(), step, took);
    }

    fn take_jobs(&mut self, ctx: &egui::Context) {
        while let Some(done) = self.jobs.next() {
            match done {
                Done::Found { question, path, found } => {
                    self.open_found(ctx, question, path, found);
                }
                Done::Data { question, spec, opened } if question == self.data_question => {
                    self.data_opened(ctx, spec, opened);
                }
                Done::ClassCounts { question, counts } if question == self.data_question => {
                    self.classes_counted(counts);
                }
                Done::Model { question, opened: Ok(opened) } if question == self.model_question => {
                    self.model_opened(ctx, *opened);
                }
                Done::Probe { question, probe, kl } if question == self.model_question => {
                    self.live.probe.put(probe);
                    self.explore.set_kl(&kl, true);
                    if !kl.is_empty() {
                        self.explore.walk_dims();
                    }
                }
                Done::History { question, events: Ok(events) }
                    if question == self.model_question =>
                {
                    for event in &events {
                        self.session.apply(event);
                    }
                }
                Done::Compared(Ok(compared)) => self.compare(compared),
                Done::Evaluated(told) => self.take_measured(ctx, &told),
                made @ (Done::CodePlane { .. }
                | Done::Survey { .. }
                | Done::CodePictures { .. }
                | Done::PaletteRow { .. }
                | Done::Palette { .. }
                | Done::Checkpoints { .. }
                | Done::CodesCompared { .. }) => self.take_codes_made(ctx, made),
                Done::Plan(Ok(plan)) => self.start_run(*plan),
                Done::Own { question, number, found } => {
                    self.own_found(ctx, question, number, found);
                }
                Done::View { picture, path } => self.write_view(picture, path),
                Done::Companion(opened) => self.companion_opened(ctx, opened),
                Done::CompanionImage { question, index, latent } => {
                    self.companion_encoded(question, index, latent);
                }
                Done::Inverted { question, found } => self.inverted(ctx, question, found),
                Done::Directions { question, found } if question == self.model_question => {
                    self.add_directions(found);
                }
                Done::Runs { question, found } => self.runs_read(question, found),
                Done::PriorDrawn { question, moments } => self.prior_drawn(question, moments),
                Done::PriorBits { question, bits } => self.bits_found(question, bits),
                Done::Texts { question, read } => self.texts_read(question, read),
                Done::PriorSaid { question, said } => self.prior_said(question, said),
                Done::Strip { question, found } => self.strip_found(ctx, question, found),
                Done::StripWeights { question, step, tensors } => {
                    self.strip_weights(question, step, tensors);
                }
                Done::Chosen(chosen, path) => self.take_chosen(ctx, chosen, path),
                Done::NoDialog(purpose) => {
                    let Dialog { title, file_name, .. } = dialogs::dialog(purpose);
                    self.view.path_prompt = Some(PathPrompt::new(title, file_name));
                    self.prompted = Some(purpose);
                }
                Done::Map { question, made } => self.take_map(question, made),
                Done::MapNear { near } => self.map_near_found(near),
                Done::MapHere { point } => self.map_here_found(point),
                Done::Saved(Ok(path)) => self.notice(tr!("Saved {}", path.display()), false),
                Done::Plan(Err(error)) => {
                    self.is_starting = false;
                    self.notice(error, true);
                }
                Done::Model { opened: Err(error), .. }
                | Done::History { events: Err(error), .. }
                | Done::Compared(Err(error))
                | Done::Saved(Err(error)) => {
                    self.notice(error, true);
                }
                // Answers to questions that newer ones have replaced.
                Done::Data { .. }
                | Done::ClassCounts { .. }
                | Done::Model { .. }
                | Done::Probe { .. }
                | Done::Directions { .. }
                | Done::History { .. } => {}
            }
        }
    }

    /// A person chose a path.
    pub(super) fn take_chosen(&mut self, ctx: &egui::Context, chosen: Chosen, path: PathBuf) {
        match chosen {
            Chosen::Node => self.save_node(path),
            Chosen::Data | Chosen::Model | Chosen::ModelFile | Chosen::OwnPicture => {
                self.open_path(path);
            }
            Chosen::Compared => self.compare_run(path),
            Chosen::Evaluated => self.evaluate_run(&path),
            Chosen::Classifier => {
                self.view.measure.classifier = path.display().to_string();
            }
            Chosen::Measures => self.save_measures(ctx, path),
            Chosen::Curves => self.save_curves(ctx, path),
            Chosen::Picture => self.save_picture(path),
            Chosen::MapPicture => self.save_map_picture(ctx, path),
            Chosen::MapPoints => self.save_map_points(path),
            Chosen::MapLatents => self.save_map_latents(path),
            Chosen::Palette => self.save_palette(path),
            Chosen::CodeTable => self.save_codes(path),
            Chosen::CodePairs => self.save_code_pairs(path),
            Chosen::CodeChanges => self.compare_codes(path),
            Chosen::SavedCodeChanges => self.save_code_changes(path),
            Chosen::Companion => self.add_companion(&path),
            Chosen::View(pane) => self.save_view(ctx, pane, path),
            Chosen::Points => self.save_points(path),
            Chosen::Directions => self.load_directions(path),
            Chosen::DirectionsOut => self.save_directions(path),
            Chosen::RunsFolder => self.add_runs_folder(&path),
            Chosen::PriorFilm => self.save_prior_film(ctx, path),
            Chosen::Strip => self.save_strip(path),
            Chosen::Workspace => self.save_workspace(ctx, path),
            Chosen::Walk { pictures } => {
                self.save_walk(ctx, pictures, path);
            }
            Chosen::Sheet(of) => self.save_sheet(ctx, of, path),
            Chosen::Page => self.save_page(ctx, path),
            Chosen::RunTable => self.save_runs(ctx, path),
        }
    }

    /// A run is ready to start.
    fn start_run(&mut self, plan: crate::train::worker::Plan) {
        self.is_starting = false;
        // What the run before was warned of is its own affair.
        let old = self.session.warnings();
        self.notices.retain(|notice| old.iter().all(|warning| warning.message != notice.text));
        // The form shows what is in force, also for a run that goes on.
        if let Some(recipe) = Recipe::from_name(&plan.config.recipe) {
            self.view.form.recipe = recipe;
        }
        self.view.form.settings = plan.settings.clone();
        self.view.form.batch = plan.config.batch;
        self.view.form.seed = plan.config.seed;
        self.pending = Some(super::PendingRun {
            name: plan.run.path().file_name().unwrap_or_default().to_string_lossy().into_owned(),
            config: plan.config.model.clone(),
            image: plan.config.image,
            range: plan.config.range,
            classes: plan.config.classes.clone(),
            corruption: Corruption::of_settings(&crate::train::settings_json(&plan.settings)),
        });
        match Training::start(plan) {
            Ok(training) => self.follow(training),
            Err(error) => {
                self.notice(tr!("start the training thread: {}", error), true);
            }
        }
    }

    /// A run has begun: its weights and reconstructions are what is shown from now on.
    fn follow(&mut self, training: Training) {
        self.live = training.live().clone();
        self.seen_weights = 0;
        self.seen_probe = 0;
        self.started = Some(Instant::now());
        self.training = Some(training);
    }

    fn take_live(&mut self, ctx: &egui::Context) {
        if let Some((seen, weights)) = self.live.weights.newer_than(self.seen_weights)
            && (self.pending.is_some() || !self.explore.is_frozen())
        {
            self.seen_weights = seen;
            self.take_weights(ctx, &weights);
        }
        if let Some((seen, probe)) = self.live.probe.newer_than(self.seen_probe) {
            self.seen_probe = seen;
            self.take_probe(ctx, &probe);
        }
        self.take_kl(ctx);
        self.take_codes();
        self.take_inside(ctx);
        self.take_descent(ctx);
        self.start_own();
        if let Some(decoder) = &mut self.decoder {
            decoder.poll(ctx);
            self.pictures.main = decoder.point();
            self.pictures.unfinished = decoder.unfinished();
            self.pictures.pad = decoder.pad();
            let decode = decoder.decode_secs().or_else(|| self.looking.inside.decoder_secs());
            self.pace.set_decode(decode);
            self.pictures.sheets = decoder.sheets();
            if let Some(error) = decoder.take_error() {
                self.notice(tr!("draw the picture: {}", error), true);
            }
        }
    }

    fn take_weights(&mut self, ctx: &egui::Context, weights: &Weights) {
        if let Some(pending) = self.pending.take() {
            match pending.config.lower(&weights.tensors) {
                Ok(networks) => self.show_model(
                    ctx,
                    Model {
                        name: pending.name,
                        config: pending.config,
                        image: pending.image,
                        range: pending.range,
                        networks,
                        shown: Shown::default(),
                        classes: pending.classes,
                        step: weights.step,
                        corruption: pending.corruption,
                        is_live: true,
                        card: None,
                        opened: None,
                    },
                    &weights.tensors,
                    [None, None],
                ),
                Err(error) => self.notice(tr!("show the run: {}", error), true),
            }
            return;
        }
        if self.model.as_ref().is_some_and(|model| model.is_live) {
            self.put_weights(weights.step, &weights.tensors);
            self.log_moved("weights");
        }
    }

    /// Gives the model in the explorer other weights.
    pub(super) fn put_weights(&mut self, step: u64, tensors: &NamedArrays) {
        let Some(model) = self.model.as_mut() else { return };
        let updated = model.config.lower_shown(tensors, model.shown);
        model.step = step;
        let shown = updated.map_err(|error| error.to_string()).and_then(|networks| {
            model.networks = networks;
            match &mut self.decoder {
                Some(decoder) => {
                    decoder.update_weights(&model.networks).map_err(|error| error.to_string())
                }
                None => Ok(()),
            }
        });
        if let Some((space, shares)) = model.codes(tensors) {
            let vectors = Arc::clone(&space.codebook);
            self.explore.set_codes(space, shares);
            self.take_code_vectors(vectors);
        }
        if let Err(error) = shown {
            self.notice(tr!("show other weights: {}", error), true);
        }
        self.looking.weights_changed(tensors);
        self.own.weights_changed();
        self.picture_is_stale = true;
        self.pad_is_stale = true;
    }

    /// Shows another class, or other weights, of the model in the explorer.
    pub(super) fn show_other(&mut self, change: impl FnOnce(&mut Shown)) {
        let Some(model) = &mut self.model else { return };
        let mut shown = model.shown;
        change(&mut shown);
        let live = self.live.weights.newer_than(0).filter(|_| model.is_live);
        let live = live.as_ref().map(|(_, weights)| &weights.tensors);
        // Those of a checkpoint, while one of the film strip is shown.
        let checkpoint = self.film.tensors.as_deref();
        let Some(tensors) =
            checkpoint.or(live).or(model.opened.as_ref().map(|opened| &opened.tensors))
        else {
            return;
        };
        self.looking.weights_changed(tensors);
        let lowered = model.config.lower_shown(tensors, shown).map_err(|error| error.to_string());
        let shown = lowered.and_then(|networks| {
            (model.networks, model.shown) = (networks, shown);
            match &mut self.decoder {
                Some(decoder) => {
                    decoder.update_weights(&model.networks).map_err(|error| error.to_string())
                }
                None => Ok(()),
            }
        });
        if let Err(error) = shown {
            self.notice(tr!("show another part of the model: {}", error), true);
        }
        self.own.weights_changed();
        self.picture_is_stale = true;
        self.pad_is_stale = true;
    }

    fn take_probe(&mut self, ctx: &egui::Context, probe: &Probe) {
        self.pictures.probe = self.probe_textures.show(ctx, probe);
        self.probe_latents =
            (0..probe.latents.num_rows()).map(|row| probe.latents.row(row).to_vec()).collect();
        if self.probe_latents.first().map(Vec::len) == Some(self.explore.latent().len())
            && !self.explore.is_frozen()
            && self.explore.follow_images(&self.probe_latents)
        {
            self.picture_is_stale = true;
            self.pad_is_stale = true;
        }
        self.looking.images_changed(probe);
        if matches!(self.companions.link, Link::Image(_)) {
            self.encode_for_companions();
        }
        self.log_moved("reconstructions");
    }

    /// While a model trains, the KL of its dimensions is that of recent batches.
    fn take_kl(&mut self, ctx: &egui::Context) {
        if !self.model.as_ref().is_some_and(|model| model.is_live) {
            return;
        }
        if self.session.step() == self.kl_step {
            return;
        }
        self.kl_step = self.session.step();
        let old = self.explore.kl().to_vec();
        let mut kl = vec![f32::NAN; old.len()];
        for (name, series) in self.session.series() {
            let dim = name.strip_prefix("kl_").and_then(|dim| dim.parse::<usize>().ok());
            let slot = dim.and_then(|dim| kl.get_mut(dim));
            if let (Some(slot), Some((_, value))) = (slot, series.last()) {
                *slot = value;
            }
        }
        if kl.iter().any(|value| value.is_nan()) {
            return;
        }
        for (kl, old) in kl.iter_mut().zip(old).filter(|(_, old)| !old.is_nan()) {
            *kl = KL_SMOOTHING * old + (1.0 - KL_SMOOTHING) * *kl;
        }
        let first = self.explore.kl().first().is_some_and(|kl| kl.is_nan());
        // Sliders change places only while the hand rests, never under it.
        let rests = ctx.input(|input| {
            input.pointer.time_since_last_movement() > REST_SECS && !input.pointer.any_down()
        });
        self.explore.set_kl(&kl, first || rests);
        if first {
            self.explore.walk_dims();
        }
    }

    fn take_dropped(&mut self, ctx: &egui::Context) {
        let dropped: Vec<_> = ctx.input(|input| {
            input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect()
        });
        for path in dropped {
            self.open_path(path);
        }
    }

    fn model_opened(&mut self, ctx: &egui::Context, opened: Opened) {
        self.pending = None;
        self.session = crate::session::Session::default();
        self.live = crate::train::live::Live::default();
        self.seen_weights = 0;
        self.seen_probe = 0;
        self.pictures.probe = None;
        self.probe_latents.clear();
        // Where codes occur can be told only in images like those that it was trained on.
        let fits = |(_, data): &(String, Arc<dyn Dataset>)| data.shape() == opened.image;
        let data = opened.data().filter(|data| self.data.spec != *data);
        if let Some(data) = data.filter(|_| !self.dataset.as_ref().is_some_and(fits)) {
            self.open_data(data);
        }
        self.tell_history(&opened);
        self.watch_images(&opened);
        self.recent.add(&opened);
        let opened = Arc::new(opened);
        let model = Model {
            name: model_name(&opened),
            config: opened.model.clone(),
            image: opened.image,
            range: opened.range,
            networks: opened.networks.clone(),
            shown: opened.shown,
            classes: opened.classes.clone(),
            step: opened.step,
            corruption: opened.corruption,
            is_live: false,
            card: Some(super::card::card(&opened)),
            opened: Some(Arc::clone(&opened)),
        };
        let usage = [opened.usage.clone(), opened.text_usage.clone()];
        self.show_model(ctx, model, &opened.tensors, usage);
    }

    /// Shows the curves of the run that a model belongs to.
    fn tell_history(&self, opened: &Opened) {
        let Some((dir, config)) = opened.run_dir.clone().zip(opened.run.clone()) else { return };
        let question = self.model_question;
        self.jobs.spawn("history", move |done| {
            let events = super::history::read(&dir, &config).map_err(|error| error.to_string());
            done(Done::History { question, events });
        });
    }

    /// Encodes held-out images of the data that a model was trained on, where it is still there.
    fn watch_images(&self, opened: &Opened) {
        let opened = opened.clone();
        let question = self.model_question;
        self.jobs.spawn("watch", move |done| match watched(&opened) {
            Ok((probe, kl)) => done(Done::Probe { question, probe, kl }),
            Err(error) => log::info!("no watched images: {error}"),
        });
    }

    pub(super) fn show_model(
        &mut self,
        ctx: &egui::Context,
        model: Model,
        tensors: &NamedArrays,
        [usage, text_usage]: [Option<Arc<CodeUse>>; 2],
    ) {
        let decoder = model.networks.decoder.is_some().then(|| {
            super::Decoder::new(
                self.engine,
                &model.networks,
                model.image,
                model.range,
                self.gpu.as_ref(),
                self.render_state.as_ref(),
                ctx,
            )
        });
        let decoder = decoder.transpose().unwrap_or_else(|error| {
            self.notice(tr!("show the model: {}", error), true);
            None
        });
        if decoder.is_none() {
            self.pictures.main = None;
            self.pictures.unfinished = None;
            self.pictures.pad = None;
            self.pictures.sheets.clear();
        }
        if model.networks.decoder.is_none() {
            self.pictures.probe = None;
        }
        self.decoder = decoder;
        self.sheets.clear();
        let shape = model.config.latent();
        let codes = model.codes(tensors);
        let alone = model.codebook_alone();
        self.explore = match codes.clone() {
            Some((space, shares)) => {
                let cells = shape.iter().skip(1).product();
                Explore::with_codes(cells, space, shares)
            }
            None => Explore::new(shape.iter().product()),
        };
        let usage = match usage {
            Some(usage) => Usage::Trained(usage),
            None if alone.is_some() => told_use(tensors),
            None => Usage::Unknown,
        };
        self.keep_for(&model);
        if let Some(standing) = self.wanted_standing.take() {
            self.explore.stand(&standing);
        }
        self.show_codebook(alone.or(codes.map(|(space, _)| space)), usage, text_usage);
        self.model = Some(model);
        self.film.forget();
        self.returning.model_shown();
        self.pictures.strip = None;
        self.map.begin_anew();
        self.looking.model_changed(tensors);
        self.own.model_changed();
        self.prior_model_changed();
        self.texts_model_changed();
        self.follow_models();
        self.kl_step = 0;
        self.picture_is_stale = true;
        self.pad_is_stale = true;
    }

    /// Makes the pictures that are out of date: the point at once, the pad a few tiles a frame.
    fn draw(&mut self, ctx: &egui::Context) {
        if self.picture_is_stale {
            self.map_codes(ctx);
            self.looking.is_stale = true;
        }
        self.draw_companions(ctx, self.picture_is_stale);
        self.ask_inside(ctx);
        let Some(decoder) = &mut self.decoder else { return };
        let mut drawn = Ok(());
        if std::mem::take(&mut self.picture_is_stale) {
            drawn = decoder.draw_point(&self.explore);
            decoder.settle(ctx);
        }
        if drawn.is_ok() && std::mem::take(&mut self.pad_is_stale) {
            drawn = decoder.ask_tiles(&self.explore);
        }
        if drawn.is_ok() && self.sheets != self.view.sheets {
            self.sheets.clone_from(&self.view.sheets);
            drawn = decoder.want_sheets(&self.sheets);
        }
        let tiles = drawn.and_then(|()| decoder.draw_tiles());
        match tiles {
            Ok(true) => ctx.request_repaint(),
            Ok(false) => {}
            Err(error) => self.notice(tr!("draw the picture: {}", error), true),
        }
    }
}

/// What a checkpoint tells of the use of its codes.
fn told_use(tensors: &NamedArrays) -> Usage {
    let counts = tensors.get(CLUSTER_SIZE).and_then(|shares| per_million(shares.data()));
    counts.map_or(Usage::Unknown, |counts| Usage::Averaged(counts.into()))
}

pub(super) fn model_name(opened: &Opened) -> String {
    if let Some(demo) = super::demo::of_path(&opened.path) {
        return demo.name().to_owned();
    }
    // A checkpoint is called as its run; a model of another library has a name of its own.
    let parent = opened.path.parent().filter(|_| opened.run.is_some());
    let folder = opened.run_dir.as_deref().or(parent);
    let name = folder.and_then(std::path::Path::file_name).or(opened.path.file_name());
    name.unwrap_or_default().to_string_lossy().into_owned()
}

fn watched(opened: &Opened) -> Result<(Probe, Vec<f32>), crate::codec::CodecError> {
    if opened.model.task() == Task::Generate {
        let mut codec = opened.sampler(crate::engine::EngineKind::Cpu, None)?;
        let (range, latent) = (opened.range, opened.model.latent());
        return Ok((Probe::generate(codec.as_mut(), range, opened.step, &latent)?, Vec::new()));
    }
    let Some(data) = opened.data() else { return Err("the model tells of no data".into()) };
    let spec: crate::data::DataSpec = data.parse()?;
    let dataset = crate::data::open(&spec)?;
    let count = dataset.len(crate::data::Split::Test).min(256) as u32;
    let indices: Vec<u32> = (0..count).collect();
    let images = crate::data::batch(dataset.as_ref(), crate::data::Split::Test, &indices);
    let range = opened.range;
    let mut codec = opened.sampler(crate::engine::EngineKind::Cpu, None)?;
    let label = |&index: &u32| dataset.label(crate::data::Split::Test, index as usize);
    let labels: Option<Vec<u32>> = indices.iter().map(label).collect();
    codec.set_classes(labels.as_deref());
    let seen = opened.seen(images.clone(), 0);
    let mut codes = codec.encode(&range.images_from_unit(&seen))?;
    let mut kl = KlPerDim::default();
    if let (Some(mean), Some(logvar)) = (codes.remove("latent"), codes.remove("logvar")) {
        kl.add(&mean, &logvar);
    }
    let kl = kl.per_dim().iter().map(|&kl| kl as f32).collect();
    let few = images.rows(0, Probe::IMAGES.min(images.num_rows()));
    let labels = labels.map(|labels| labels[..few.num_rows()].to_vec());
    let few = Examined { labels, images: few };
    let probe = Probe::reconstruct(codec.as_mut(), range, opened.step, &few, opened.corruption)?;
    Ok((probe, kl))
}
