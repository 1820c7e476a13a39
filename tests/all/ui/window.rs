//! A window over a scene that a test makes up: nothing behind it, no clock, no display.

use eframe::egui;
use egui::accesskit::Role;
use egui::{Event, PointerButton, Pos2, TextureId, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, HarnessBuilder, Node};
use zscope::data::FactorInfo;
use zscope::event::{Event as RunEvent, FinishReason, RunStarted, StepRecord};
use zscope::session::codebook::{CodeMap, Codebook, ComparedCodes};
use zscope::session::evaluate::Evaluate;
use zscope::session::explore::Explore;
use zscope::session::inside::Inside;
use zscope::session::kept::Kept;
use zscope::session::map::Map;
use zscope::session::own_picture::OwnPictures;
use zscope::session::pace::Pace;
use zscope::session::prior::Prior;
use zscope::session::queue::Queue;
use zscope::session::runs::RunList;
use zscope::session::strip::Strip;
use zscope::session::texts::Texts;
use zscope::session::{Compared, Session};
use zscope::ui::{
    Card, Command, CompanionLine, DataLine, Ground, Link, MapScene, ModelLine, Notice, Picture,
    Pictures, ProbePictures, QueuedRun, Scene, Teachers, Thumbs, View,
};

/// The sizes that the window has at first, and at least.
pub const SIZES: [[f32; 2]; 2] = [[1280.0, 800.0], [900.0, 600.0]];

/// All that a scene is made of, and what the panels asked for.
#[derive(Default)]
pub struct Window {
    pub session: Session,
    pub explore: Option<Explore>,
    pub pictures: Pictures,
    pub data: DataLine,
    pub notices: Vec<Notice>,
    pub view: View,
    pub codebook: Option<Codebook>,
    pub code_map: Option<CodeMap>,
    pub compared_codes: ComparedCodes,
    pub heatmap: Option<egui::TextureHandle>,
    pub name: &'static str,
    pub is_live: bool,
    pub trains_on: Option<&'static str>,
    pub only_classifies: bool,
    pub card: Option<Card>,
    pub recent: Vec<String>,
    pub only_codes: bool,
    pub notes: Vec<String>,
    pub map: Map,
    pub ground: Ground,
    pub classes: Vec<String>,
    pub factors: Vec<FactorInfo>,
    pub thumbs: Thumbs,
    pub compared: Vec<Compared>,
    pub evaluate: Evaluate,
    pub inside: Inside,
    pub own: OwnPictures,
    pub pace: Pace,
    pub commands: Vec<Command>,
    pub watched: Vec<Vec<f32>>,
    pub kept: Kept,
    pub companions: Vec<CompanionLine>,
    pub link: Link,
    pub teachers: Teachers<'static>,
    pub runs: RunList,
    pub queue: Queue<QueuedRun>,
    pub strip: Strip,
    pub prior: Prior,
    pub texts: Texts,
    pub codes_of: Option<String>,
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let explore = self.explore.get_or_insert_with(|| Explore::new(2));
        let scene = Scene {
            session: &self.session,
            compared: &self.compared,
            evaluate: &self.evaluate,
            explore,
            model: ModelLine {
                name: self.name,
                family: if self.name.is_empty() { "" } else { "vae" },
                step: 12_400,
                engine: if self.name.is_empty() { "" } else { "CPU (Flex)" },
                is_live: self.is_live,
                trains_on: self.trains_on.map(str::to_owned),
                only_classifies: self.only_classifies,
                card: self.card.as_ref(),
                only_codes: self.only_codes,
                notes: &self.notes,
                codes_of: self.codes_of.clone(),
                ..ModelLine::default()
            },
            codebook: self.codebook.as_ref(),
            code_map: self.code_map.as_ref(),
            map: MapScene {
                state: &self.map,
                ground: &self.ground,
                classes: &self.classes,
                factors: &self.factors,
                thumbs: &self.thumbs,
                colours: &[],
                canvas: None,
            },
            compared_codes: &self.compared_codes,
            inside: &self.inside,
            own: &self.own,
            pace: &self.pace,
            pictures: &self.pictures,
            data: &self.data,
            estimate: None,
            recent: &self.recent,
            runs_folder: "/home/somebody/.local/share/zscope/runs",
            notices: &self.notices,
            watched: &self.watched,
            bookmarks: &self.kept.bookmarks,
            walk: &self.kept.walk,
            directions: &self.kept.directions,
            teachers: self.teachers,
            drift: [0.0; 2],
            tasks: &[],
            companions: &self.companions,
            link: self.link,
            runs: &self.runs,
            queue: &self.queue,
            strip: &self.strip,
            prior: &self.prior,
            texts: &self.texts,
        };
        let commands = zscope::ui::show(ui, &scene, &mut self.view);
        self.commands.extend(commands);
        self.draw_heatmap(ui.ctx());
    }
}

impl Window {
    /// As the program does after every frame.
    fn draw_heatmap(&mut self, ctx: &egui::Context) {
        let image = self.codebook.as_ref().and_then(|book| self.view.codebook.take_picture(book));
        let Some(image) = image else { return };
        let options = egui::TextureOptions::NEAREST;
        match &mut self.heatmap {
            Some(handle) => handle.set(image, options),
            None => self.heatmap = Some(ctx.load_texture("heatmap", image, options)),
        }
        let handle = self.heatmap.as_ref().unwrap();
        self.pictures.codes = Some(Picture { id: handle.id(), size: handle.size_vec2() });
        ctx.request_repaint();
    }

    /// With a model of `d` dimensions, its pictures, and data.
    pub fn full(d: usize) -> Self {
        let mut explore = Explore::new(d);
        let kl: Vec<f32> = (0..d).map(|dim| 3.0 / (1.0 + dim as f32)).collect();
        explore.set_kl(&kl, true);
        explore.walk_dims();
        let picture = |w: f32, h: f32| Picture { id: TextureId::default(), size: vec2(w, h) };
        let strip = picture(16.0 * 32.0, 32.0);
        Self {
            explore: Some(explore),
            pictures: Pictures {
                main: Some(picture(32.0, 32.0)),
                pad: Some(picture(7.0 * 32.0, 7.0 * 32.0)),
                probe: Some(ProbePictures {
                    step: 12_400,
                    columns: 16,
                    rows: [("Original", strip), ("Model", strip), ("Error", strip)],
                    psnr_db: (0..16).map(|index| 20.0 + f64::from(index) * 0.5).collect(),
                    spoilt_psnr_db: Vec::new(),
                }),
                preview: Some(picture(8.0 * 33.0 - 1.0, 8.0 * 33.0 - 1.0)),
                ..Pictures::default()
            },
            data: DataLine {
                spec: "shapes".to_owned(),
                name: "Shapes".to_owned(),
                counts: [50_000, 10_000],
                shape: "3×32×32".to_owned(),
                classes: ["circle", "square", "triangle", "star", "cross", "ring"]
                    .map(|name| (name.to_owned(), 8_333))
                    .to_vec(),
                opening: None,
            },
            name: "demo",
            ..Self::default()
        }
    }

    /// [`Window::full`] with a run that has taken `steps` steps.
    pub fn running(d: usize, steps: u64) -> Self {
        let mut window = Self::full(d);
        window.tell(&started(d));
        window.is_live = true;
        window.tell(&block(d, 1..=steps));
        window.tell(&RunEvent::Evaluated {
            step: steps,
            values: vec![
                ("eval/elbo_nats".to_owned(), -312.5),
                ("eval/psnr_db".to_owned(), 18.25),
                ("eval/active_units".to_owned(), d as f64),
            ],
        });
        window
    }

    pub fn tell(&mut self, event: &RunEvent) {
        self.session.apply(event);
    }

    /// Shows it. `size` in points.
    pub fn open(self, size: [f32; 2]) -> Harness<'static, Self> {
        self.open_with(Harness::builder().with_size(size).allow_missing_glyphs())
    }

    /// Shows it, and fails at a character that the fonts of the program itself cannot draw.
    pub fn open_without_system_fonts(self, size: [f32; 2]) -> Harness<'static, Self> {
        self.open_with(Harness::builder().with_size(size))
    }

    fn open_with(self, builder: HarnessBuilder<Self>) -> Harness<'static, Self> {
        builder
            // What lacks a name is listed by a test of its own.
            .with_accessibility_check(false)
            .with_context_setup(zscope::ui::theme::apply)
            .build_eframe(|_| self)
    }
}

pub fn started(d: usize) -> RunEvent {
    let mut curves = ["loss", "reconstruction", "kl", "beta", "lr"].map(str::to_owned).to_vec();
    curves.extend((0..d).map(|dim| format!("kl_{dim}")));
    RunEvent::Started(RunStarted {
        run_dir: "/home/somebody/.local/share/zscope/runs/vae-7".into(),
        recipe: "vae".to_owned(),
        data: "shapes".to_owned(),
        first_step: 0,
        total_steps: 39_100,
        steps_per_epoch: 391,
        batch: 128,
        parameters: 1_234_567,
        memory_bytes: 1 << 28,
        device: "CPU (Flex, 2 threads)".to_owned(),
        curves,
    })
}

/// Steps with curves that fall.
pub fn block(d: usize, steps: std::ops::RangeInclusive<u64>) -> RunEvent {
    let record = |step: u64| {
        let falls = 100.0 / (1.0 + step as f32 * 0.1);
        let mut values = vec![500.0 + falls, 490.0 + falls, 10.0, 1.0, 1e-3];
        values.extend((0..d).map(|dim| dim as f32 / 10.0));
        StepRecord { step, values }
    };
    RunEvent::StepsDone { steps: steps.map(record).collect(), images_per_s: 1830.0 }
}

/// Every phase of a session, by name.
pub fn phases() -> Vec<(&'static str, Window)> {
    let running = || Window::running(3, 10);
    let with = |event: RunEvent| {
        let mut window = running();
        window.tell(&event);
        window
    };
    let finished = |reason| RunEvent::Finished { step: 10, reason, elapsed_secs: 3.5 };
    let message = "loss became NaN".to_owned();
    let last_checkpoint = Some("/runs/vae-7/checkpoints/step-5".into());
    vec![
        ("idle", Window::full(3)),
        ("running", running()),
        ("paused", with(RunEvent::Paused { step: 10 })),
        ("completed", with(finished(FinishReason::Completed))),
        ("stopped", with(finished(FinishReason::Stopped))),
        (
            "diverged",
            with(RunEvent::Diverged {
                step: 10,
                message: message.clone(),
                last_checkpoint: last_checkpoint.clone(),
            }),
        ),
        ("failed", with(RunEvent::Failed { step: 10, message, last_checkpoint })),
    ]
}

/// What the panels asked for since the last call, once the window is at rest.
pub fn asked(harness: &mut Harness<'_, Window>) -> Vec<Command> {
    harness.run_ok();
    std::mem::take(&mut harness.state_mut().commands)
}

/// Clicks the button of that name and tells what was asked for.
#[track_caller]
pub fn press(harness: &mut Harness<'_, Window>, name: &str) -> Vec<Command> {
    asked(harness);
    harness.get_by_role_and_label(Role::Button, name).click();
    asked(harness)
}

/// Drags with the primary button through these places; a frame for each.
pub fn drag(harness: &mut Harness<'_, Window>, places: &[Pos2]) -> Vec<Command> {
    asked(harness);
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    };
    harness.event(Event::PointerMoved(places[0]));
    harness.event(button(places[0], true));
    for place in &places[1..] {
        harness.event(Event::PointerMoved(*place));
    }
    harness.event(button(*places.last().expect("places"), false));
    harness.event(Event::PointerGone);
    asked(harness)
}

/// The nodes of the accessibility tree.
pub fn nodes<'a>(harness: &'a Harness<'_, Window>) -> Vec<Node<'a>> {
    harness.root().children_recursive().collect()
}

/// A node's role, label and value for messages.
pub fn describe(node: &Node<'_>) -> String {
    let node = node.accesskit_node();
    format!(
        "{:?} {:?} value {:?} at {:?}",
        node.role(),
        node.label(),
        node.value(),
        node.raw_bounds()
    )
}

/// Whether the button of that name can be pressed.
#[track_caller]
pub fn is_enabled(harness: &Harness<'_, Window>, name: &str) -> bool {
    !harness.get_by_role_and_label(Role::Button, name).accesskit_node().is_disabled()
}

/// Whether some text on the screen holds these words.
pub fn says(harness: &Harness<'_, Window>, words: &str) -> bool {
    nodes(harness).iter().any(|node| {
        let node = node.accesskit_node();
        [node.label(), node.value()].into_iter().flatten().any(|text| text.contains(words))
    })
}
