//! The codebook of the model in the explorer: what is known of it, its pictures, and what a person does to it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;

use super::compared_codes::Comparing;
use super::jobs::Done;
use super::palette::PaletteJob;
use super::survey::{CodePictures, Surveyed, code_pictures, survey};
use super::wake::wake;
use super::{ZscopeApp, textures};
use crate::array::Array;
use crate::formats::write_whole;
use crate::graph::lower::Task;
use crate::language::{told, tr, tr_later};
use crate::latent::{CodeLayout, CodeSpace, PrincipalPlane, chain, nearest_others};
use crate::metrics::code_use::CodeUse;
use crate::open::Opened;
use crate::session::codebook::{
    CodeMap, Codebook, ComparedCodes, ReviveFrom, Usage, Uses, write_table,
};
use crate::train::worker::Control;
use crate::ui::{Palette, Pane};
use crate::watch::Watch;

/// What changes nothing, as long as no model with codes is in training.
const NOT_IN_TRAINING: &str =
    tr_later!("No model with a codebook is in training: its codes can be changed while it trains.");
/// While codes move, their plane and pictures are made anew no more often than this.
const RENEW: Duration = Duration::from_secs(5);

/// Of more codes than this, which follows on which takes too long to find.
const MOST_IN_CHAIN: usize = 4096;

/// The codebook of the model in the explorer, for families that have one.
#[derive(Default)]
pub(super) struct Codes {
    /// Its vectors and their use.
    pub(super) codebook: Option<Codebook>,
    /// The codes of the picture.
    pub(super) map: Option<CodeMap>,
    /// Its codebook beside another one.
    pub(super) compared: ComparedCodes,
    pub(super) comparing: Comparing,
    pub(super) palette: PaletteJob,
    seen: u64,
    picture: Option<egui::TextureHandle>,
    surveyed: Option<Arc<Surveyed>>,
    alone: Option<egui::TextureHandle>,
    in_context: Option<egui::TextureHandle>,
    patches: Option<egui::TextureHandle>,
    plane_job: Job,
    survey_job: Job,
    picture_job: Job,
}

/// Something that is made in the background, again and again.
#[derive(Default)]
pub(super) struct Job {
    pub(super) is_stale: bool,
    pub(super) is_running: bool,
    begun: Option<Instant>,
}

impl Job {
    /// Whether it is to be started now; notes that it was.
    pub(super) fn starts(&mut self, interval: Duration) -> bool {
        let rests = self.begun.is_none_or(|begun| begun.elapsed() >= interval);
        let starts = self.is_stale && !self.is_running && rests;
        if starts {
            *self = Self { is_stale: false, is_running: true, begun: Some(Instant::now()) };
        }
        starts
    }

    /// What it makes is out of date, and needed at once.
    pub(super) fn hurry(&mut self) {
        self.is_stale = true;
        self.begun = None;
    }
}

impl Codes {
    /// Vectors moved: what is made of them is out of date.
    fn are_stale(&mut self) {
        let Self { plane_job, survey_job, picture_job, palette, .. } = self;
        for job in [plane_job, survey_job, picture_job, &mut palette.job] {
            job.is_stale = true;
        }
    }
}

impl ZscopeApp {
    /// Begins anew with the codebook of another model, if it has one.
    pub(super) fn show_codebook(
        &mut self,
        codes: Option<CodeSpace>,
        usage: Usage,
        text_usage: Option<Arc<CodeUse>>,
    ) {
        // A run that goes on with a model has its codes: who looks at one goes on looking.
        let size = |codes: &Array| codes.num_rows();
        let known = self.codes.codebook.as_ref().map(|codebook| size(&codebook.codes));
        if known != codes.as_ref().map(|space| size(&space.codebook)) {
            self.view.codebook.select(None);
        }
        self.cancel_comparing_codes();
        self.codes = Codes {
            codebook: codes.map(|space| Codebook {
                usage,
                text_usage,
                layout: space.layout,
                ..Codebook::new(space.codebook)
            }),
            ..Codes::default()
        };
        self.forget_code_pictures();
        self.pictures.palette = Palette::default();
        self.codes.are_stale();
    }

    fn forget_code_pictures(&mut self) {
        self.pictures.code_alone = None;
        self.pictures.code_in_context = None;
        self.pictures.code_patches = None;
    }

    /// Takes the newest vectors of the codes.
    pub(super) fn take_code_vectors(&mut self, codes: Arc<Array>) {
        if let Some(codebook) = &mut self.codes.codebook {
            codebook.codes = codes;
            self.codes.are_stale();
        }
    }

    /// Takes what training has counted, and starts what is due in the background.
    pub(super) fn take_codes(&mut self) {
        if let (Some(codebook), Some((seen, live))) =
            (&mut self.codes.codebook, self.live.codes.newer_than(self.codes.seen))
        {
            self.codes.seen = seen;
            codebook.usage = Usage::Trained(Arc::clone(&live.usage));
            codebook.text_usage.clone_from(&live.of_texts);
            codebook.frozen.clone_from(&live.frozen);
            codebook.can_undo = live.can_undo;
        }
        // Nobody sees the plane and pieces while other things are shown.
        let is_alone =
            self.model.as_ref().is_some_and(|model| model.config.task() == Task::Quantize);
        let panes = [Pane::Codebook, Pane::Palette, Pane::Changes];
        let are_seen = is_alone
            || self.view.codebook.selected.is_some()
            || panes.into_iter().any(|pane| self.view.dock.shows(pane));
        if self.codes.codebook.is_some() && are_seen {
            self.start_code_jobs();
            self.start_palette();
            self.list_checkpoints();
        }
    }

    fn start_code_jobs(&mut self) {
        let Some(model) = &self.model else { return };
        let Some(codebook) = &self.codes.codebook else { return };
        let question = self.model_question;
        let (networks, range, corruption) = (model.networks.clone(), model.range, model.corruption);
        if self.codes.plane_job.starts(RENEW) {
            let (codes, before) = (Arc::clone(&codebook.codes), codebook.plane.clone());
            self.jobs.spawn_behind("plane", move |done| {
                let plane = PrincipalPlane::of(&codes, before.as_deref());
                let is_short = codes.num_rows() <= MOST_IN_CHAIN;
                let first = plane.order.first().copied().unwrap_or(0);
                let chain = is_short.then(|| chain(&codes, first).into());
                done(Done::CodePlane { question, plane, chain });
            });
        }
        let fitting = self.dataset.as_ref().filter(|(_, data)| data.shape() == model.image);
        if let Some((_, dataset)) = fitting
            && self.codes.survey_job.starts(RENEW)
        {
            let (dataset, networks) = (Arc::clone(dataset), networks.clone());
            self.jobs.spawn_behind("survey", move |done| {
                let surveyed =
                    survey(&networks, range, dataset.as_ref(), corruption, &Watch::default());
                done(Done::Survey {
                    question,
                    surveyed: surveyed.map_err(|error| error.to_string()),
                });
            });
        }
        if let Some(code) = self.view.codebook.selected
            && self.codes.picture_job.starts(RENEW)
        {
            let surveyed = self.codes.surveyed.clone();
            self.jobs.spawn("code", move |done| {
                let pictures = code_pictures(&networks, range, surveyed.as_deref(), code);
                let pictures = pictures.map_err(|error| error.to_string());
                done(Done::CodePictures { question, code, pictures });
            });
        }
    }

    /// Takes what a job found out about codes, unless the model is another one by now.
    pub(super) fn take_codes_made(&mut self, ctx: &egui::Context, made: Done) {
        let asked = self.model_question;
        match made {
            Done::CodePlane { question, plane, chain } if question == asked => {
                self.code_plane_made(plane, chain);
            }
            Done::Survey { question, surveyed } if question == asked => {
                let surveyed = surveyed.unwrap_or_else(|error| {
                    log::warn!("search held-out images for codes: {error}");
                    None
                });
                self.survey_made(surveyed);
            }
            Done::CodePictures { question, code, pictures } if question == asked => {
                let pictures = pictures.unwrap_or_else(|error| {
                    log::warn!("draw a code: {error}");
                    None
                });
                self.code_pictures_made(ctx, code, pictures);
            }
            Done::Checkpoints { question, checkpoints } if question == asked => {
                self.checkpoints_listed(checkpoints);
            }
            Done::PaletteRow { question, row } => self.palette_row_made(ctx, question, &row),
            Done::Palette { question, made } => self.palette_made(question, made),
            Done::CodesCompared { question, compared } => self.codes_compared(question, compared),
            _ => {}
        }
    }

    fn code_plane_made(&mut self, plane: PrincipalPlane, chain: Option<Arc<[usize]>>) {
        self.codes.plane_job.is_running = false;
        if let Some(codebook) = &mut self.codes.codebook {
            codebook.plane = Some(Arc::new(plane));
            codebook.chain = chain;
        }
    }

    fn survey_made(&mut self, surveyed: Option<Surveyed>) {
        self.codes.survey_job.is_running = false;
        let Some(codebook) = &mut self.codes.codebook else { return };
        let surveyed = surveyed.map(Arc::new);
        // A model that tells nothing of its training is judged by these pictures.
        if let (Some(surveyed), Usage::Unknown | Usage::Evaluated(_)) = (&surveyed, &codebook.usage)
        {
            codebook.usage = Usage::Evaluated(surveyed.survey.counts.as_slice().into());
        }
        codebook.survey = surveyed.as_ref().map(|surveyed| Arc::new(surveyed.survey.clone()));
        self.codes.surveyed = surveyed;
        self.codes.picture_job.hurry();
    }

    fn code_pictures_made(&mut self, ctx: &egui::Context, code: usize, made: Option<CodePictures>) {
        self.codes.picture_job.is_running = false;
        // A person may look at another one by now.
        if self.view.codebook.selected != Some(code) {
            return self.codes.picture_job.hurry();
        }
        let Some(made) = made else { return };
        let show = |slot: &mut Option<egui::TextureHandle>, tiles: Option<&Array>| {
            let tiles = tiles?;
            let options = egui::TextureOptions::NEAREST;
            textures::show(slot, ctx, "code", tiles, tiles.num_rows(), options);
            slot.as_ref().map(textures::picture)
        };
        let codes = &mut self.codes;
        self.pictures.code_alone = show(&mut codes.alone, Some(&made.alone));
        self.pictures.code_in_context = show(&mut codes.in_context, made.in_context.as_ref());
        self.pictures.code_patches = show(&mut codes.patches, made.patches.as_ref());
    }

    /// Puts a code into the inspector, or closes it.
    pub(super) fn select_code(&mut self, code: Option<usize>) {
        if self.view.codebook.selected != code {
            self.forget_code_pictures();
        }
        self.view.codebook.select(code);
        self.codes.picture_job.hurry();
    }

    /// Brings the map of the picture's codes up to date, to be seen from the next frame on.
    pub(super) fn map_codes(&mut self, ctx: &egui::Context) {
        let graphs = self.model.as_ref().and_then(|model| model.networks.codes.as_ref());
        let map = graphs.zip(self.explore.codes()).map(|(graphs, codes)| {
            let ([h, w], grids) = (graphs.grid(), graphs.layout.per_cell());
            let edited =
                (0..codes.len()).map(|cell| self.explore.edited_cells().contains_key(&cell));
            CodeMap { shape: [grids * h, w], grids, edited: edited.collect(), codes }
        });
        if self.codes.map != map {
            self.codes.map = map;
            wake(ctx);
        }
    }

    /// Brings the texture of the heatmap or the plane up to date with the frame that was just laid out.
    pub(super) fn draw_codes(&mut self, ctx: &egui::Context) {
        let Some(codebook) = &self.codes.codebook else {
            self.pictures.codes = None;
            return;
        };
        if let Some(image) = self.view.codebook.take_picture(codebook) {
            textures::set(&mut self.codes.picture, ctx, "codes", image);
            // The first time, the frame was laid out without it.
            if self.pictures.codes.is_none() {
                ctx.request_repaint();
            }
        }
        self.pictures.codes = self.codes.picture.as_ref().map(textures::picture);
    }

    /// Puts codes of the model in training onto vectors of its encoder.
    pub(super) fn revive_codes(&mut self, codes: Vec<usize>, from: ReviveFrom) {
        self.ask_of_codes(Control::Revive { codes, from });
    }

    /// Keeps codes of the model in training where they are, or lets them move again.
    pub(super) fn freeze_codes(&mut self, codes: Vec<usize>, frozen: bool) {
        self.ask_of_codes(Control::FreezeCodes { codes, frozen });
    }

    /// Takes the last change of codes back.
    pub(super) fn undo_codes(&mut self) {
        self.ask_of_codes(Control::UndoCodes);
    }

    fn ask_of_codes(&mut self, control: Control) {
        let layout = self.codes.codebook.as_ref().map(|codebook| &codebook.layout);
        if let Some(why) = layout.and_then(CodeLayout::why_fixed) {
            return self.notice(told(why), true);
        }
        match &self.training {
            Some(training) if self.codes.codebook.is_some() => training.ask(control),
            _ => self.notice(told(NOT_IN_TRAINING), true),
        }
    }

    /// Writes all codes with their use as the command line does.
    pub(super) fn save_codes(&mut self, path: PathBuf) {
        let Some(codebook) = &self.codes.codebook else {
            return self.notice(tr!("save the codes: this model has none"), true);
        };
        let (codes, parts) = (Arc::clone(&codebook.codes), codebook.layout.parts());
        let counts = codebook.window_counts().to_vec();
        let opened = self.model.as_ref().and_then(|model| model.opened.clone());
        // An average that the file tells is written as it is.
        let opened = opened.filter(|_| matches!(codebook.usage, Usage::Averaged(_)));
        self.jobs.spawn_save(move || {
            let nearest = nearest_others(&codes, parts);
            let told = opened.as_deref().and_then(Opened::told_use);
            let uses = Uses {
                told: told.filter(|told| told.len() == codes.num_rows()),
                counts: (counts.len() == codes.num_rows()).then_some(&*counts),
            };
            let saved = write_whole(&path, |out| write_table(&codes, &nearest, uses, out));
            saved.map(|()| path).map_err(|error| error.to_string())
        });
    }

    /// Puts another code into a cell of the picture.
    pub(super) fn set_cell(&mut self, cell: usize, code: u32) {
        self.explore.set_cell(cell, code);
        self.picture_is_stale = true;
        self.log_moved("cell");
    }

    /// Gives every cell of the picture the code that is nearest again.
    pub(super) fn reset_cells(&mut self) {
        self.explore.reset_cells();
        self.picture_is_stale = true;
    }
}
