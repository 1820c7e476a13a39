//! The window's program: the only place that sees every side.
//!
//! `logic.rs` runs every frame, also while the window is hidden; `apply.rs` does what commands ask;
//! panels in `ui/` only draw.

mod apply;
mod canvas;
mod card;
mod codes;
mod command_lines;
mod companions;
mod compare;
mod compared_codes;
mod decoder;
mod demo;
mod dialogs;
mod directions;
mod evaluate;
mod films;
mod frame_log;
mod history;
mod inside;
mod jobs;
mod language;
mod logic;
mod map;
mod notify;
mod opening;
mod own_picture;
mod painter;
mod palette;
mod prior;
mod queue;
mod recent;
mod returning;
mod runs;
mod script;
mod sheets;
mod shots;
mod strip;
mod survey;
mod system_theme;
mod tasks;
mod texts;
mod textures;
mod wake;
mod walking;
mod workspace;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use eframe::egui;
use eframe::egui_wgpu::{RenderState, WgpuConfiguration, WgpuSetup};

use crate::array::NamedArrays;
use crate::cli::WindowArgs;
use crate::data::Dataset;
use crate::data::corrupt::Corruption;
use crate::engine::EngineKind;
use crate::engine::wgsl::Gpu;
use crate::formats::run_dir::ModelConfig;
use crate::graph::lower::{CodeGraphs, Networks, Shown};
use crate::latent::CodeSpace;
use crate::open::{Opened, code_shares};
use crate::picture::{ImageShape, ValueRange};
use crate::session::explore::{Explore, Standing};
use crate::session::kept::Kept;
use crate::session::long_jobs::LongJobs;
use crate::session::pace::Pace;
use crate::session::queue::Queue;
use crate::session::sheets::SheetPoints;
use crate::session::{Compared, Session};
use crate::train::live::Live;
use crate::train::worker::Training;
use crate::ui::{Card, CompanionLine, DataLine, Demo, Notice, Pictures, QueuedRun, TaskLine, View};

use codes::Codes;
pub use command_lines::{CommandLine, POINTS};
use companions::Companions;
use decoder::Decoder;
use evaluate::Evaluation;
use frame_log::FrameLog;
use inside::Looking;
use jobs::Jobs;
use map::Mapping;
use opening::Opening;
use own_picture::OwnWork;
use painter::Painter;
use prior::Priors;
use recent::Recent;
use returning::Returning;
use runs::Runs;
use script::Script;
use strip::FilmStrip;
use system_theme::SystemTheme;
use tasks::Tasks;
use texts::Reading;
use textures::ProbeTextures;
use workspace::Workspace;

/// The model in the explorer.
struct Model {
    name: String,
    config: ModelConfig,
    image: ImageShape,
    range: ValueRange,
    networks: Networks,
    /// Which of its networks these are.
    shown: Shown,
    /// The names of its classes, where it knows some.
    classes: Vec<String>,
    step: u64,
    /// How images are spoilt for its encoder, where it is to mend them.
    corruption: Option<Corruption>,
    is_live: bool,
    /// What its card tells, where it was opened.
    card: Option<Card>,
    /// What was opened, where the model does not come from the run in progress.
    opened: Option<Arc<Opened>>,
}

impl Model {
    /// What tells it from other models, for what a person keeps for it.
    fn key(&self) -> String {
        let path = self
            .opened
            .as_ref()
            .map(|opened| opened.run_dir.as_ref().unwrap_or(&opened.path).display().to_string());
        path.unwrap_or_else(|| self.name.clone())
    }

    /// The codes with how often each was used in training, where pictures are made of them.
    fn codes(&self, tensors: &NamedArrays) -> Option<(CodeSpace, Arc<[f32]>)> {
        let codes = self.networks.codes.as_ref().filter(|codes| codes.decoder.is_some())?;
        Some((codes.space(), code_shares(codes, tensors)))
    }

    /// The codes of a codebook without its model.
    fn codebook_alone(&self) -> Option<CodeSpace> {
        self.networks.codes.as_ref().filter(|codes| codes.decoder.is_none()).map(CodeGraphs::space)
    }
}

/// The program behind the window.
pub struct ZscopeApp {
    session: Session,
    /// Other runs behind the curves of this one.
    compared: Vec<Compared>,
    explore: Explore,
    view: View,
    /// What a path is typed for.
    prompted: Option<jobs::Chosen>,
    training: Option<Training>,
    /// When the newest run began.
    started: Option<Instant>,
    /// Whether a run is being set up.
    is_starting: bool,
    /// Counts what was asked for.
    questions: u64,
    /// The newest question for a model and for data, so that an answer to an older one is known as one.
    model_question: u64,
    data_question: u64,
    /// The step whose KL values are known already.
    kl_step: u64,
    /// What the run that trains will look like, until its first weights come.
    pending: Option<PendingRun>,
    live: Live,
    seen_weights: u64,
    seen_probe: u64,
    model: Option<Model>,
    decoder: Option<Decoder>,
    picture_is_stale: bool,
    /// Whether all thumbnails of the pad are out of date and not asked for yet.
    pad_is_stale: bool,
    /// The sheets that the decoder was asked for last.
    sheets: SheetPoints,
    /// What a person keeps for the model, what tells that model from others, and what was kept for those.
    kept: Kept,
    kept_key: String,
    kept_before: BTreeMap<String, Kept>,
    /// Where to stand in the model that is being opened.
    wanted_standing: Option<Standing>,
    returning: Returning,
    /// How fast the point drifts over the plane of seeds, in places a second.
    drift: [f32; 2],
    companions: Companions,
    companion_lines: Vec<CompanionLine>,
    tasks: Tasks,
    task_lines: Vec<TaskLine>,
    long_jobs: LongJobs,
    probe_latents: Vec<Vec<f32>>,
    pictures: Pictures,
    codes: Codes,
    map: Mapping,
    looking: Looking,
    own: OwnWork,
    film: FilmStrip,
    priors: Priors,
    reading: Reading,
    runs: Runs,
    /// Runs that wait for their turn.
    queue: Queue<QueuedRun>,
    pace: Pace,
    evaluation: Evaluation,
    probe_textures: ProbeTextures,
    preview: Option<egui::TextureHandle>,
    /// The data that is open, under its specification.
    dataset: Option<(String, Arc<dyn Dataset>)>,
    data: DataLine,
    opening: Option<Arc<Opening>>,
    notices: Vec<Notice>,
    /// When a picture of the window was last asked for, until it is there.
    shot_asked: Option<Instant>,
    jobs: Jobs,
    frame_log: Option<FrameLog>,
    script: Option<Script>,
    recent: Recent,
    system_theme: SystemTheme,
    runs_folder: String,
    /// Set from outside (Ctrl-C, a system that shuts down) to close the window in order.
    interrupted: Arc<AtomicBool>,
    engine: EngineKind,
    gpu: Option<Gpu>,
    render_state: Option<RenderState>,
}

/// A run whose first weights have not come yet.
struct PendingRun {
    name: String,
    config: ModelConfig,
    image: ImageShape,
    range: ValueRange,
    classes: Vec<String>,
    corruption: Option<Corruption>,
}

/// Opens the window and runs until it is closed.
///
/// # Errors
/// When there is no display or no graphics driver, or a file that the arguments name cannot be used.
pub fn run(args: WindowArgs) -> anyhow::Result<()> {
    if !has_display() {
        anyhow::bail!(
            "open the window: no display (expected DISPLAY or WAYLAND_DISPLAY to be set; \
             `zscope --help` lists what works without a window)"
        );
    }
    // A script that cannot be read is told of before there is a window.
    args.script.as_deref().map(Script::read).transpose()?;
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Zscope")
            .with_app_id("zscope")
            .with_inner_size([1280.0, 800.0])
            .with_min_inner_size([900.0, 600.0]),
        wgpu_options: wgpu_options(),
        // There are no gradients to smooth, and it costs a software adapter dearly.
        dithering: false,
        // A script's pictures must not depend on how a person left the window.
        persist_window: args.script.is_none(),
        ..Default::default()
    };
    let result = eframe::run_native(
        "zscope",
        options,
        Box::new(move |cc| Ok(Box::new(ZscopeApp::new(cc, args)?))),
    );
    result.map_err(|error| {
        anyhow::anyhow!(
            "open the window: {error} (expected a graphics driver for Vulkan, Metal or DirectX 12)"
        )
    })
}

/// Whether there is a screen to open a window on, where the system tells by its environment.
fn has_display() -> bool {
    let names = ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"];
    !cfg!(target_os = "linux")
        || names.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The adapter's own limits, and the optional features that engines use.
fn wgpu_options() -> WgpuConfiguration {
    let mut options = WgpuConfiguration::default();
    if let WgpuSetup::CreateNew(setup) = &mut options.wgpu_setup {
        setup.device_descriptor = Arc::new(|adapter| wgpu::DeviceDescriptor {
            label: Some("zscope window"),
            required_features: adapter.features()
                & (crate::engine::wgsl::optional_features() | wgpu::Features::SHADER_F16),
            required_limits: adapter.limits(),
            ..Default::default()
        });
    }
    options
}

/// A flag that Ctrl-C and its relatives set; the window wakes to see it.
fn close_on_interrupt(ctx: &egui::Context) -> anyhow::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let (flag, ctx) = (Arc::clone(&interrupted), ctx.clone());
    let set = ctrlc::set_handler(move || {
        flag.store(true, Ordering::Relaxed);
        ctx.request_repaint();
    });
    match set {
        // Of several windows of one process the first one hears.
        Ok(()) | Err(ctrlc::Error::MultipleHandlers) => Ok(interrupted),
        Err(error) => Err(error.into()),
    }
}

impl ZscopeApp {
    /// The program behind a window that is being made.
    ///
    /// # Errors
    /// When a file that the arguments name cannot be used.
    pub fn new(cc: &eframe::CreationContext<'_>, args: WindowArgs) -> anyhow::Result<Self> {
        crate::ui::theme::apply(&cc.egui_ctx);
        // The window has keys of its own for that, which its help lists.
        cc.egui_ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let render_state = cc.wgpu_render_state.clone();
        let gpu = render_state.as_ref().map(|state| {
            Gpu::new(state.adapter.get_info(), state.device.clone(), state.queue.clone())
        });
        if let Some(painter) = render_state.as_ref().and_then(Painter::new) {
            cc.egui_ctx.add_plugin(painter);
        }
        let script = args.script.as_deref().map(Script::read).transpose()?;
        // A script's pictures must not depend on what a person opened before.
        let storage = cc.storage.filter(|_| script.is_none());
        let recent = Recent::kept(storage);
        crate::language::speak(language::at_start(storage));
        let frame_log = args.frame_log.as_deref().map(FrameLog::create).transpose()?;
        let mut app = Self {
            session: Session::default(),
            compared: Vec::new(),
            explore: Explore::new(2),
            view: View::default(),
            prompted: None,
            training: None,
            started: None,
            is_starting: false,
            questions: 0,
            model_question: 0,
            data_question: 0,
            kl_step: 0,
            pending: None,
            live: Live::default(),
            seen_weights: 0,
            seen_probe: 0,
            model: None,
            decoder: None,
            picture_is_stale: false,
            pad_is_stale: false,
            sheets: SheetPoints::new(),
            kept: Kept::default(),
            kept_key: String::new(),
            kept_before: BTreeMap::new(),
            wanted_standing: None,
            returning: Returning::default(),
            drift: [0.0; 2],
            companions: Companions::default(),
            companion_lines: Vec::new(),
            tasks: Tasks::default(),
            task_lines: Vec::new(),
            long_jobs: LongJobs::default(),
            probe_latents: Vec::new(),
            pictures: Pictures::default(),
            codes: Codes::default(),
            map: Mapping::default(),
            looking: Looking::default(),
            own: OwnWork::default(),
            film: FilmStrip::default(),
            priors: Priors::default(),
            reading: Reading::default(),
            runs: Runs::default(),
            queue: Queue::default(),
            pace: Pace::default(),
            evaluation: Evaluation::default(),
            probe_textures: ProbeTextures::default(),
            preview: None,
            dataset: None,
            data: DataLine::default(),
            opening: None,
            notices: Vec::new(),
            shot_asked: None,
            jobs: Jobs::new(cc.egui_ctx.clone()),
            frame_log,
            // Nor on what the desktop looks like.
            system_theme: match &script {
                None => SystemTheme::follow(&cc.egui_ctx),
                Some(_) => SystemTheme::default(),
            },
            script,
            recent,
            runs_folder: crate::train::runs::folder().display().to_string(),
            interrupted: close_on_interrupt(&cc.egui_ctx)?,
            engine: args.engine,
            gpu,
            render_state,
        };
        let before = Workspace::kept(storage);
        let is_named = args.path.is_some();
        if is_named || before.is_none() {
            app.open_data(app.view.form.data.clone());
        }
        if let Some(workspace) = before {
            app.take_up(&cc.egui_ctx, workspace, !is_named);
        } else if !is_named {
            app.open_demo(Demo::Vae);
        }
        if let Some(path) = args.path {
            app.open_path(path);
        }
        Ok(app)
    }
}
