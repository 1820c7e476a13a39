//! `--script`: commands replayed from a file, for pictures and tests. One a line, `#` begins a comment.

mod arrange;
mod directions;
mod prior;
mod runs;
mod texts;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use eframe::egui;

use crate::event::Value;
use crate::graph::Perturbation;
use crate::language::Language;
use crate::latent::{Metric, Mixing};
use crate::layout::Method;
use crate::session::anchor::Anchor;
use crate::session::canvas::{Area, Tool};
use crate::session::codebook::{Pairing, ReviveFrom};
use crate::session::explore::CornerSource;
use crate::session::inside::Side;
use crate::session::map::{Ask, Colouring, Extent, Projection, Splits};
use crate::train::recipe::Recipe;
use crate::train::settings::Settings;
use crate::ui::{
    BookmarkAsk, CodesAsk, Command, CompanionAsk, Demo, DirectionsAsk, InvertForm, Link, MapMode,
    MeasureForm, Order, Page, PaletteOrder, Pane, SeedsAsk, SheetOf, StationAsk, TrainForm,
};

/// How long a script rests for a screenshot to be taken.
const SCREENSHOT_WAIT: Duration = Duration::from_millis(700);

/// How long tooltips take to go, in seconds.
const POINTER_WAIT: f64 = 0.3;

/// How long the window rests at the most while a script does: what it shows goes on by itself.
const LONGEST_REST: Duration = Duration::from_millis(250);

/// Frames without a job after which work counts as done.
const RESTS: u32 = 5;

/// One line of a script.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// Does what a person would do.
    Do(Box<Command>),
    /// Waits for so many seconds.
    Wait(f64),
    /// Waits until so many updates are done.
    WaitStep(u64),
    /// Waits until work is done.
    WaitFor(Work),
    /// Drags the point round and round over the pad for so many seconds, on in every frame.
    Drag(f64),
    /// Resizes the window.
    Size([f32; 2]),
    /// Ignores the pointer: a picture must not depend on where it rests.
    HidePointer,
    /// Writes what the window shows to a PNG file.
    Screenshot(PathBuf),
    /// Writes a line to standard output.
    Tell(String),
}

/// What a script can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Measuring models.
    Measuring,
    /// Making something for the map.
    Mapping,
    /// Searching for a point.
    Inverting,
    /// Drawing from a prior.
    Drawing,
    /// Decoding the first picture.
    Beginning,
}

impl Work {
    /// Frames without it after which it counts as done.
    fn rests(self) -> u32 {
        match self {
            // One frame to be told of it, another in which it is on the screen.
            Self::Beginning => 2,
            _ => RESTS,
        }
    }
}

/// How far the window has come, for a script that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Updates that are done.
    pub(super) step: u64,
    /// Whether no run goes on.
    pub(super) is_over: bool,
    /// What is being worked on.
    pub(super) busy: Vec<Work>,
}

/// A script being replayed.
pub(super) struct Script {
    lines: std::vec::IntoIter<Line>,
    wait_until: Option<Instant>,
    wait_step: Option<u64>,
    /// When dragging began, and for how many seconds it goes on.
    drag: Option<(Instant, f64)>,
    /// What is waited for, and how many more frames it must be at rest: a job may begin in the next one.
    awaited: Option<(Work, u32)>,
    hides_pointer: bool,
}

impl Script {
    /// Whether the pointer is to be ignored.
    pub(super) fn hides_pointer(&self) -> bool {
        self.hides_pointer
    }

    /// Whether what is waited for has not been at rest for long enough yet.
    fn is_awaited(&mut self, at: &Progress) -> bool {
        let Some((work, rests)) = self.awaited else { return false };
        let rests = if at.busy.contains(&work) { work.rests() } else { rests.saturating_sub(1) };
        self.awaited = (rests > 0).then_some((work, rests));
        rests > 0
    }

    /// Reads a script.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("read the script: {}", path.display()))?;
        let lines = parse(&text).with_context(|| format!("read the script: {}", path.display()))?;
        Ok(Self {
            lines: lines.into_iter(),
            wait_until: None,
            wait_step: None,
            drag: None,
            awaited: None,
            hides_pointer: false,
        })
    }

    /// What is to be done in this frame, if anything is.
    pub(super) fn next(&mut self, at: &Progress, ctx: &egui::Context) -> Option<Command> {
        let rest = self.wait_until.map(|until| until.saturating_duration_since(Instant::now()));
        if let Some(rest) = rest.filter(|rest| !rest.is_zero()) {
            ctx.request_repaint_after(rest.min(LONGEST_REST));
            return None;
        }
        if self.wait_step.is_some_and(|wanted| at.step < wanted && !at.is_over)
            || self.is_awaited(at)
        {
            ctx.request_repaint_after(Duration::from_millis(20));
            return None;
        }
        self.wait_until = None;
        self.wait_step = None;
        ctx.request_repaint();
        if let Some((begun, secs)) = self.drag {
            let now = begun.elapsed().as_secs_f64();
            if now < secs {
                return Some(Command::SetPad(dragged_to(now)));
            }
            self.drag = None;
        }
        match self.lines.next()? {
            Line::Do(command) => {
                self.hides_pointer = false;
                return Some(*command);
            }
            Line::Wait(secs) => {
                self.wait_until = Some(Instant::now() + Duration::from_secs_f64(secs));
            }
            Line::Drag(secs) => self.drag = Some((Instant::now(), secs)),
            Line::WaitFor(work) => self.awaited = Some((work, work.rests())),
            Line::Tell(text) => {
                writeln!(std::io::stdout().lock(), "{text}").ok();
            }
            Line::WaitStep(step) => self.wait_step = Some(step),
            Line::Size([width, height]) => {
                ctx.send_viewport_cmd(egui::ViewportCommand::InnerSize(egui::vec2(width, height)));
            }
            Line::HidePointer => self.hides_pointer = true,
            Line::Screenshot(path) => {
                ctx.request_screenshot(move |picture| save(&picture, &path));
                // The picture is taken of a later frame: nothing may move before.
                self.wait_until = Some(Instant::now() + SCREENSHOT_WAIT);
            }
        }
        None
    }
}

/// Where a hand is after so many seconds: round and round, never twice the same way.
fn dragged_to(secs: f64) -> [f32; 2] {
    [(1.5 * secs).cos(), (0.97 * secs).sin()].map(|at| (0.5 + 0.4 * at) as f32)
}

fn save(picture: &egui::ColorImage, path: &Path) {
    let [width, height] = picture.size;
    let rgb: Vec<u8> =
        picture.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    let saved = image::RgbImage::from_raw(width as u32, height as u32, rgb)
        .ok_or_else(|| anyhow!("a picture of another size"))
        .and_then(|image| Ok(image.save(path)?));
    match saved {
        Ok(()) => log::info!("screenshot: {}", path.display()),
        Err(error) => log::error!("save the screenshot: {error}: {}", path.display()),
    }
}

/// The lines of a script.
///
/// # Errors
/// At the first line that is none, with its number and what was expected.
pub(super) fn parse(text: &str) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split_once('#').map_or(line, |(code, _)| code).trim();
        if line.is_empty() {
            continue;
        }
        let parsed = parse_line(line).with_context(|| format!("line {}: {line:?}", index + 1))?;
        if matches!(parsed, Line::Screenshot(_)) {
            lines.extend([Line::HidePointer, Line::Wait(POINTER_WAIT)]);
        }
        lines.push(parsed);
    }
    Ok(lines)
}

/// How long something goes on.
fn secs_of(verb: &str, secs: f32) -> anyhow::Result<f64> {
    if !(0.0..=86_400.0).contains(&secs) {
        bail!("{verb} {secs} s (expected 0 to 86400)");
    }
    Ok(f64::from(secs))
}

#[expect(clippy::too_many_lines, reason = "a table: what each word means")]
fn parse_line(line: &str) -> anyhow::Result<Line> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let words: Vec<&str> = rest.split_whitespace().collect();
    let number = |index: usize| -> anyhow::Result<f32> {
        let word = words.get(index).ok_or_else(|| anyhow!("a number is missing"))?;
        word.parse().with_context(|| format!("{word:?} is no number"))
    };
    let command = match verb {
        "wait" if rest == "picture" => return Ok(Line::WaitFor(Work::Beginning)),
        "tell" => return Ok(Line::Tell(rest.trim().to_owned())),
        "wait" => return Ok(Line::Wait(secs_of(verb, number(0)?)?)),
        "drag" => return Ok(Line::Drag(secs_of(verb, number(0)?)?)),
        "wait-step" => return Ok(Line::WaitStep(number(0)? as u64)),
        "size" => return Ok(Line::Size([number(0)?, number(1)?])),
        "evaluate" if rest == "wait" => return Ok(Line::WaitFor(Work::Measuring)),
        "evaluate" => evaluate(rest)?,
        "map" if rest == "wait" => return Ok(Line::WaitFor(Work::Mapping)),
        "map" => map(rest, &words)?,
        "screenshot" => return Ok(Line::Screenshot(rest.trim().into())),
        "train" => Command::StartTraining(Box::new(train_form(&words)?)),
        "data" => Command::OpenData(rest.trim().to_owned()),
        "open" => Command::OpenPath(rest.trim().into()),
        "pad" => Command::SetPad([number(0)?, number(1)?]),
        "dim" => Command::SetDim { dim: number(0)? as usize, value: number(1)? },
        "begin-walk" => Command::BeginWalk,
        "walk" => Command::Walk([number(0)?, number(1)?]),
        "draw" => Command::JumpToDraw,
        "seeds" => Command::Seeds(SeedsAsk::Go([number(0)?.into(), number(1)?.into()])),
        "snap" => Command::Seeds(SeedsAsk::Snap),
        "drift" => Command::Seeds(SeedsAsk::Drift([number(0)?, number(1)?])),
        "temperature" => Command::SetTemperature(number(0)?),
        "bookmark" if rest.is_empty() => Command::Bookmark(BookmarkAsk::Add),
        "bookmark" => Command::Bookmark(BookmarkAsk::GoTo(number(0)? as usize)),
        "name-bookmark" => {
            let name = words.get(1..).unwrap_or_default().join(" ");
            Command::Bookmark(BookmarkAsk::Rename { index: number(0)? as usize, name })
        }
        "beside" => Command::Companion(CompanionAsk::Add(Some(rest.trim().into()))),
        "link" if rest == "latent" => Command::Companion(CompanionAsk::Link(Link::Latent)),
        "link" if rest == "picture" => Command::Companion(CompanionAsk::Link(Link::OwnPicture)),
        "link" => Command::Companion(CompanionAsk::Link(Link::Image(number(0)? as usize))),
        "station" if rest.is_empty() => Command::Station(StationAsk::Add(Anchor::Point)),
        "station" => Command::Station(StationAsk::Add(runs::point(rest)?)),
        "go-to" => Command::GoTo(runs::point(rest)?),
        "traverse-from" => Command::TraverseFrom(runs::point(rest)?),
        "point-to-corner" => {
            let (index, point) = rest.split_once(' ').unwrap_or((rest, ""));
            Command::PointToCorner { index: index.parse()?, point: runs::point(point)? }
        }
        "play" => Command::Station(StationAsk::Play(rest != "off")),
        "seek" => Command::Station(StationAsk::Seek(number(0)?)),
        "save-walk" => {
            let path = words.get(1).map(PathBuf::from);
            Command::Station(StationAsk::Save { pictures: number(0)? as usize, path })
        }
        "learn" => Command::Directions(DirectionsAsk::Learn(directions::lesson(&words)?)),
        "direction" => {
            let begins = words.get(2).is_none_or(|word| *word != "on");
            let index = number(0)? as usize;
            Command::Directions(DirectionsAsk::Set { index, value: number(1)?, begins })
        }
        "directions" => Command::Directions(directions::directions(rest)?),
        "images-at-corners" => {
            let index = number(0)? as usize;
            Command::SetCorner { index, source: CornerSource::Image(number(1)? as usize) }
        }
        "mixing" if rest == "lerp" => Command::SetMixing(Mixing::Lerp),
        "mixing" if rest == "slerp" => Command::SetMixing(Mixing::Slerp),
        "set" => Command::SetLive {
            name: (*words.first().ok_or_else(|| anyhow!("a key is missing"))?).to_owned(),
            value: Value::from_text(words.get(1).ok_or_else(|| anyhow!("a value is missing"))?),
        },
        "freeze" => Command::Freeze(true),
        "card" => Command::ShowCard(rest != "off"),
        "class" => Command::ShowClass(number(0)? as usize),
        "average" => Command::ShowAverage(rest != "off"),
        "tab" if rest == "evaluate" => Command::ShowPage(Page::Evaluate),
        "tab" if rest == "explore" => Command::ShowPage(Page::Explore),
        "tab" if rest == "runs" => Command::ShowPage(Page::Runs),
        "tab" | "close" => {
            let pane = arrange::pane(rest)?;
            if verb == "tab" { Command::ShowPane(pane) } else { Command::ClosePane(pane) }
        }
        "move-view" => arrange::moved(rest)?,
        "resize-view" => arrange::resized(rest)?,
        "runs" => runs::runs(rest)?,
        "queue" => runs::queue(rest)?,
        "prior" if rest == "wait" => return Ok(Line::WaitFor(Work::Drawing)),
        "prior" => prior::prior(rest)?,
        "texts" => texts::texts(rest)?,
        "strip" => runs::strip(rest)?,
        "reset-layout" => Command::ResetLayout,
        "code-palette" => code_palette(rest)?,
        "compare-codes" => compare_codes(rest)?,
        "save-codes" => Command::Codes(CodesAsk::SaveCodes(Some(rest.trim().into()))),
        "save-code-pairs" => Command::Codes(CodesAsk::SavePairs(Some(rest.trim().into()))),
        "tool" => Command::Codes(CodesAsk::TakeTool(tool(rest)?)),
        "paint" => {
            let code = number(0)? as u32;
            let cells = (1..words.len()).map(|index| Ok((number(index)? as usize, code)));
            Command::Codes(CodesAsk::Paint(cells.collect::<anyhow::Result<_>>()?))
        }
        "begin-edit" => Command::BeginEdit,
        "select-cells" => {
            let at = |index: usize| Ok::<_, anyhow::Error>(number(index)? as usize);
            let shape = [at(2)?.max(1), at(3)?.max(1)];
            Command::Codes(CodesAsk::Select(Area { corner: [at(0)?, at(1)?], shape }))
        }
        "copy" => Command::CopyPoint,
        // A line of a script holds rows with semicolons between.
        "paste" => Command::PastePoint(rest.replace(';', "\n")),
        "order" if rest == "index" => Command::OrderCodes(Order::Index),
        "order" if rest == "use" => Command::OrderCodes(Order::Use),
        "order" if rest == "norm" => Command::OrderCodes(Order::Norm),
        "order" if rest == "similarity" => Command::OrderCodes(Order::Similarity),
        "order" if rest == "pca" => Command::OrderCodes(Order::Plane),
        "code" => Command::SelectCode(Some(number(0)? as usize)),
        "revive" => {
            Command::ReviveCodes { codes: vec![number(0)? as usize], from: ReviveFrom::Random }
        }
        "demo" if rest == "vae" => Command::OpenDemo(Demo::Vae),
        "demo" if rest == "vq-vae" => Command::OpenDemo(Demo::VqVae),
        "train-on" => Command::TrainOn,
        "compare" => Command::CompareRun(Some(rest.trim().into())),
        "keep-curves" => Command::KeepCurves,
        "save-curves" => Command::SaveCurves(Some(rest.trim().into())),
        "cell" => Command::SetCell { cell: number(0)? as usize, code: number(1)? as u32 },
        "look-into" if rest == "decoder" => Command::LookInto(Side::Decoder),
        "look-into" if rest == "encoder" => Command::LookInto(Side::Encoder),
        "look-into" if rest == "discriminator" => Command::LookInto(Side::Discriminator),
        "node" => Command::LookAt(rest.trim().to_owned()),
        "perturb" => perturb(&words)?,
        "unperturb" => Command::UnperturbAll,
        "save-node" => Command::SaveNode(Some(rest.trim().into())),
        "go-to-picture" => Command::GoToPicture,
        "picture-to-corner" => Command::PictureToCorner(number(0)? as usize),
        "invert" if rest == "stop" => Command::StopInverting,
        "invert" if rest == "wait" => return Ok(Line::WaitFor(Work::Inverting)),
        "invert" => Command::Invert(Box::new(invert_form(&words)?)),
        "pause" => Command::Pause,
        "resume" => Command::Resume,
        "step" => Command::StepOnce,
        "stop" => Command::Stop,
        "save" => Command::SaveCheckpoint,
        "undo" => Command::Undo,
        "redo" => Command::Redo,
        "save-view" => {
            let (path, name) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
            let pane = Pane::from_name(name.trim());
            let pane = pane.ok_or_else(|| anyhow!("{name:?} is no view (expected PATH VIEW)"))?;
            Command::SaveView { pane, path: Some(path.into()) }
        }
        "save-sheet" => {
            let (key, path) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
            let keys = || SheetOf::ALL.map(SheetOf::key).join(", ");
            let of = SheetOf::from_key(key).ok_or_else(|| {
                anyhow!("{key:?} (expected NAME PATH, the name one of {})", keys())
            })?;
            if path.trim().is_empty() {
                bail!("a path is missing (expected {key} PATH)");
            }
            Command::SaveSheet { of, path: Some(path.trim().into()) }
        }
        "save-page" => Command::SavePage(Some(rest.trim().into())),
        "save-points" => Command::SavePoints(Some(rest.trim().into())),
        "save-workspace" => Command::SaveWorkspace(Some(rest.trim().into())),
        "palette" => Command::ShowCommandPalette(rest != "off"),
        "keys" => Command::ShowKeys(rest != "off"),
        "theme" if rest == "dark" => Command::SetTheme(egui::ThemePreference::Dark),
        "theme" if rest == "light" => Command::SetTheme(egui::ThemePreference::Light),
        "theme" if rest == "system" => Command::SetTheme(egui::ThemePreference::System),
        "language" => {
            let language = Language::from_tag(rest.trim());
            Command::SetLanguage(
                language.ok_or_else(|| anyhow!("{rest:?} (expected en or zh-CN)"))?,
            )
        }
        "zoom" => Command::Zoom(number(0)? as i32),
        "quit" => Command::Quit,
        _ => bail!(
            "unknown command {verb:?} (expected wait, wait-step, size, screenshot, train, train-on, demo, data, open, pad, dim, \
             begin-walk, walk, draw, seeds, snap, drift, temperature, bookmark, name-bookmark, beside, link, station, play, seek, save-walk, learn, direction, directions, images-at-corners, mixing, set, freeze, class, average, tab, close, reset-layout, runs, queue, strip, card, order, code, revive, compare, keep-curves, save-curves, evaluate, map, cell, tool, begin-edit, paint, select-cells, copy, paste, code-palette, compare-codes, save-codes, save-code-pairs, look-into, node, perturb, unperturb, save-node, go-to-picture, picture-to-corner, invert, pause, resume, step, stop, save, undo, redo, save-view, save-sheet, save-page, save-points, save-workspace, palette, keys, theme, language, zoom or quit)"
        ),
    };
    Ok(Line::Do(Box::new(command)))
}

/// `similarity`, `use`, `number`, `brightness`, `make`, `cancel` or `save PATH`.
fn code_palette(words: &str) -> anyhow::Result<Command> {
    Ok(match words.split_once(' ').unwrap_or((words, "")) {
        ("similarity", _) => Command::Codes(CodesAsk::OrderPalette(PaletteOrder::Similarity)),
        ("use", _) => Command::Codes(CodesAsk::OrderPalette(PaletteOrder::Use)),
        ("number", _) => Command::Codes(CodesAsk::OrderPalette(PaletteOrder::Number)),
        ("brightness", _) => Command::Codes(CodesAsk::OrderPalette(PaletteOrder::Brightness)),
        ("make", _) => Command::Codes(CodesAsk::MakePalette),
        ("cancel", _) => Command::Codes(CodesAsk::CancelPalette),
        ("save", path) if !path.trim().is_empty() => {
            Command::Codes(CodesAsk::SavePalette(Some(path.trim().into())))
        }
        _ => bail!(
            "code-palette {words:?} (expected similarity, use, number, brightness, make, cancel or save PATH)"
        ),
    })
}

/// `with PATH`, `by number`, `by one-to-one`, `by nearest`, `cancel` or `save PATH`.
fn compare_codes(words: &str) -> anyhow::Result<Command> {
    Ok(match words.split_once(' ').unwrap_or((words, "")) {
        ("with", path) if !path.trim().is_empty() => {
            Command::Codes(CodesAsk::Compare(Some(path.trim().into())))
        }
        ("by", name) => {
            let found = Pairing::ALL.into_iter().find(|pairing| pairing.name() == name.trim());
            let names = Pairing::ALL.map(Pairing::name).join(", ");
            Command::Codes(CodesAsk::Pair(
                found.ok_or_else(|| anyhow!("by {name:?} (expected {names})"))?,
            ))
        }
        ("cancel", _) => Command::Codes(CodesAsk::CancelComparing),
        ("save", path) if !path.trim().is_empty() => {
            Command::Codes(CodesAsk::SaveChanges(Some(path.trim().into())))
        }
        _ => bail!("compare-codes {words:?} (expected with PATH, by PAIRING, cancel or save PATH)"),
    })
}

fn tool(name: &str) -> anyhow::Result<Tool> {
    Ok(match name.trim() {
        "select" => Tool::Select,
        "brush" => Tool::Brush,
        "pick" => Tool::Pick,
        "fill" => Tool::Fill,
        "clone" => Tool::Clone,
        "paste" => Tool::Paste,
        "erase" => Tool::Erase,
        _ => bail!("tool {name:?} (expected select, brush, pick, fill, clone, paste or erase)"),
    })
}

/// `perturb NODE CHANNEL SCALE SHIFT`, the channel a number or `all`; a node's name may have spaces.
fn perturb(words: &[&str]) -> anyhow::Result<Command> {
    let [node @ .., channel, scale, shift] = words else {
        bail!("perturb {words:?} (expected NODE CHANNEL SCALE SHIFT)");
    };
    let channel = match *channel {
        "all" => None,
        number => Some(number.parse().with_context(|| format!("channel {number:?}"))?),
    };
    let (scale, shift) = (scale.parse()?, shift.parse()?);
    Ok(Command::Perturb(Perturbation { node: node.join(" "), channel, scale, shift }))
}

/// `invert steps=300 starts=4 rate=0.05 prior=0.001 seed=0`, each where it differs; `here` begins at the point.
fn invert_form(words: &[&str]) -> anyhow::Result<InvertForm> {
    let mut form = InvertForm::default();
    let options = &mut form.options;
    for key in words {
        match key.split_once('=') {
            Some(("steps", value)) => options.steps = value.parse()?,
            Some(("starts", value)) => options.starts = value.parse()?,
            Some(("rate", value)) => options.rate = value.parse()?,
            Some(("prior", value)) => options.prior_weight = value.parse()?,
            Some(("seed", value)) => options.seed = value.parse()?,
            None if *key == "here" => form.from_here = true,
            _ => bail!("{key:?} (expected steps=, starts=, rate=, prior=, seed= or here)"),
        }
    }
    Ok(form)
}

/// `evaluate add PATH`, `remove PLACE`, `measure key=value …`, `cancel` or `save PATH`.
fn evaluate(words: &str) -> anyhow::Result<Command> {
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    let rest = rest.trim();
    Ok(match verb {
        "add" if !rest.is_empty() => Command::EvaluateRun(Some(rest.into())),
        "remove" => Command::StopEvaluating(rest.parse()?),
        "measure" => Command::Measure(Box::new(measure_form(rest)?)),
        "cancel" => Command::CancelMeasuring,
        "save" if !rest.is_empty() => Command::SaveMeasures(Some(rest.into())),
        _ => bail!(
            "evaluate {words:?} (expected add PATH, remove PLACE, measure, cancel, wait or save PATH)"
        ),
    })
}

/// `map VERB …`: see the message about a verb that is none.
fn map(rest: &str, words: &[&str]) -> anyhow::Result<Command> {
    let number = |index: usize| -> anyhow::Result<usize> {
        let word = words.get(index).ok_or_else(|| anyhow!("a number is missing"))?;
        word.parse().with_context(|| format!("{word:?} is no number"))
    };
    let path = || rest.splitn(3, ' ').nth(2).map(|path| path.trim().into());
    Ok(Command::Map(match *words {
        ["encode"] => Ask::Encode,
        ["cancel"] => Ask::Cancel,
        ["fit"] => Ask::Refit,
        ["extent", split, _, _] => {
            let splits = match split {
                "train" => Splits::Train,
                "test" => Splits::Test,
                "both" => Splits::Both,
                _ => bail!("{split:?} (expected train, test or both)"),
            };
            Ask::Extent(Extent { splits, images: number(2)?, draws: number(3)? })
        }
        ["project", "pca"] => Ask::Project(Projection::Pca),
        ["project", "umap"] => Ask::Project(Projection::Layout(Method::Umap)),
        ["project", "tsne"] => Ask::Project(Projection::Layout(Method::Tsne)),
        ["project", "dims", _, _] => Ask::Project(Projection::Dims([number(2)?, number(3)?])),
        ["colour", "class"] => Ask::Colour(Colouring::Label),
        ["colour", "factor", _] => Ask::Colour(Colouring::Factor(number(2)?)),
        ["colour", "error"] => Ask::Colour(Colouring::Loss),
        ["colour", "code"] => Ask::Colour(Colouring::Code),
        ["colour", "nothing"] => Ask::Colour(Colouring::Nothing),
        ["all"] => return Ok(Command::FitMap),
        ["mode", mode] => {
            return Ok(Command::SetMapMode(match mode {
                "walk" => MapMode::Walk,
                "pan" => MapMode::Pan,
                "box" => MapMode::Box,
                "lasso" => MapMode::Lasso,
                _ => bail!("{mode:?} (expected walk, pan, box or lasso)"),
            }));
        }
        ["choose", _] => Ask::Choose(Some(number(1)? as u32)),
        ["near", "euclidean"] => Ask::Measure(Metric::Euclidean),
        ["near", "cosine"] => Ask::Measure(Metric::Cosine),
        ["class", _] => Ask::SelectClass(number(1)? as u32),
        ["select", ref corners @ ..] if corners.len() >= 6 && corners.len().is_multiple_of(2) => {
            let values: Vec<f32> =
                corners.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
            let (line, _) = values.as_chunks::<2>();
            Ask::SelectWithin { line: line.to_vec(), adds: false }
        }
        ["deselect"] => Ask::Deselect,
        ["save", "picture", _, ..] => Ask::SavePicture(path()),
        ["save", "points", _, ..] => Ask::SavePoints(path()),
        ["save", "latents", _, ..] => Ask::SaveLatents(path()),
        _ => bail!(
            "map {rest:?} (expected encode, wait, cancel, fit, extent train|test|both IMAGES DRAWS, project pca|umap|tsne|dims U V, \
             colour class|factor N|error|code|nothing, mode walk|pan|box|lasso, choose POINT, near euclidean|cosine, \
             class N, select X Y X Y X Y …, deselect, or save picture|points|latents PATH)"
        ),
    }))
}

/// `data=DATA split=test images=1000 seed=0 classifier=RUN`, each where it differs.
fn measure_form(words: &str) -> anyhow::Result<MeasureForm> {
    let mut form = MeasureForm::default();
    for key in words.split_whitespace() {
        match key.split_once('=') {
            Some(("data", value)) => value.clone_into(&mut form.data),
            Some(("split", value)) => form.split = value.parse()?,
            Some(("images", value)) => form.images = value.parse::<usize>()?.max(1),
            Some(("seed", value)) => form.seed = value.parse()?,
            Some(("classifier", value)) => value.clone_into(&mut form.classifier),
            _ => bail!("{key:?} (expected data=, split=, images=, seed= or classifier=)"),
        }
    }
    Ok(form)
}

/// `train DATA key=value …`; beside the recipe's keys, `recipe`, `epochs`, `batch` and `seed`.
fn train_form(words: &[&str]) -> anyhow::Result<TrainForm> {
    let mut form = TrainForm::default();
    let (data, keys) = words.split_first().ok_or_else(|| anyhow!("the data is missing"))?;
    (*data).clone_into(&mut form.data);
    for key in keys {
        match key.split_once('=') {
            Some(("epochs", value)) => form.epochs = value.parse()?,
            Some(("batch", value)) => form.batch = value.parse()?,
            Some(("seed", value)) => form.seed = value.parse()?,
            // Before the keys of the recipe.
            Some(("recipe", name)) => {
                let recipe = Recipe::from_name(name);
                form.recipe = recipe.ok_or_else(|| anyhow!("there is no recipe {name:?}"))?;
                form.settings = Settings::defaults(form.recipe.keys());
            }
            _ => form.settings.set_text(key)?,
        }
    }
    Ok(form)
}
