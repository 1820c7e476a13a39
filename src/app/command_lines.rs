//! What is shown, as a command that makes it without the window.

use eframe::egui;

use super::{Model, ZscopeApp};
use crate::graph::lower::Shown;
use crate::language::tr;
use crate::latent::Mixing;
use crate::session::anchor::Anchor;
use crate::session::explore::{CornerSource, SeedPlane};
use crate::session::own_picture::Source;
use crate::session::traversals::{Span, encoded};
use crate::train::settings::Settings;
use crate::ui::{CommandOf, TrainForm, anchor_name};

/// The file that lines read the point and the bookmarks from, as [`Command::SavePoints`](crate::ui::Command::SavePoints)
/// writes it.
pub const POINTS: &str = "points.safetensors";

/// A command as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// All of it, as a shell takes it.
    pub text: String,
    /// Whether it reads [`POINTS`], which is to be saved first.
    pub reads_points: bool,
}

impl From<String> for CommandLine {
    fn from(text: String) -> Self {
        let reads_points = text.contains(POINTS);
        Self { text, reads_points }
    }
}

impl ZscopeApp {
    /// Copies the command that makes what is shown, and says what it needs.
    pub(super) fn copy_line(&mut self, ctx: &egui::Context, of: CommandOf) {
        match self.command_line(of) {
            Ok(CommandLine { text, reads_points }) => {
                self.notice(tr!("Copied: {}", text), false);
                if reads_points {
                    let save = tr!("Save the point and bookmarks as tensors…");
                    let hint =
                        tr!("The command reads {}: save it first by Ctrl+K, “{}”.", POINTS, save);
                    self.notice(hint, false);
                }
                ctx.copy_text(text);
            }
            Err(error) => self.notice(tr!("Copy as a command: {}", error), true),
        }
    }

    /// The command that makes what is shown.
    ///
    /// # Errors
    /// Why there is none.
    pub fn command_line(&self, of: CommandOf) -> Result<CommandLine, String> {
        if of == CommandOf::Training {
            return Ok(training(&self.view.form).into());
        }
        let model = self.model.as_ref().ok_or_else(|| tr!("There is no model yet.").to_owned())?;
        let path = self.model_argument(model)?;
        let line = match of {
            CommandOf::Training => training(&self.view.form),
            CommandOf::Point => self.point_line(model, &path)?,
            CommandOf::Pad => self.pad_line(model, &path)?,
            CommandOf::Traversals => self.traversals_line(model, &path)?,
            CommandOf::Evaluation => {
                let data = self.data_argument()?;
                format!("zscope eval {path} --data {data}")
            }
            CommandOf::Codebook => self.codebook_line(model, &path)?,
        };
        Ok(line.into())
    }

    /// The model as an argument: with its step where it is not what the path alone means.
    fn model_argument(&self, model: &Model) -> Result<String, String> {
        let run = self.session.run().map(|run| run.run_dir.display());
        let path = match (&model.opened, self.film.strip.shown(), run) {
            (_, Some(step), Some(dir)) => format!("{dir}@{step}"),
            // A codebook alone is a tensor of its file.
            (Some(opened), ..) => match opened.facts.get("tensor").and_then(|name| name.as_str()) {
                Some(tensor) => format!("{}#{tensor}", opened.path.display()),
                None => opened.path.display().to_string(),
            },
            // Of a run in training: the newest checkpoint.
            (None, _, Some(dir)) => format!("{dir}@latest"),
            (None, _, None) => return Err(tr!("There is no model yet.").to_owned()),
        };
        Ok(quoted(&path))
    }

    /// The open data as an argument.
    fn data_argument(&self) -> Result<String, String> {
        match &*self.data.spec {
            "" => Err(tr!("No data is open.").to_owned()),
            spec => Ok(quoted(spec)),
        }
    }

    fn codebook_line(&self, model: &Model, path: &str) -> Result<String, String> {
        if model.networks.codes.is_none() {
            return Err(tr!("This model has no codebook.").to_owned());
        }
        if model.codebook_alone().is_some() {
            return Ok(format!("zscope codebook {path}"));
        }
        Ok(format!("zscope codebook {path} --data {}", self.data_argument()?))
    }

    /// The seed of the draw that the point is, where it is one that a line can name.
    fn seed_of_point(&self) -> Option<u64> {
        let explore = &self.explore;
        let is_draw =
            self.has_plain_draws() && explore.edited_cells().is_empty() && explore.pad().is_some();
        let seeds = explore.seeds().filter(|_| is_draw)?;
        let is_whole = seeds.at.iter().all(|value| value.fract() == 0.0);
        is_whole.then(|| SeedPlane::seed(seeds.at.map(|value| value as i64)))
    }

    /// Whether draws are those of the prior itself.
    #[expect(clippy::float_cmp, reason = "what is set when nobody moved the slider")]
    fn has_plain_draws(&self) -> bool {
        self.explore.temperature() == 1.0
    }

    fn point_line(&self, model: &Model, path: &str) -> Result<String, String> {
        can_decode(model)?;
        let is_conditional = model.config.classes() > 0;
        match self.seed_of_point() {
            Some(seed) if model.shown.averaged && is_conditional => {
                let class = model.shown.class;
                Ok(format!(
                    "zscope sample {path} -n 1 --seed {seed} --class {class} --out picture.png"
                ))
            }
            Some(seed) if !is_conditional => {
                plain_weights(model)?;
                Ok(format!("zscope sample {path} -n 1 --seed {seed} --out picture.png"))
            }
            _ => {
                plain_weights(model)?;
                Ok(format!("zscope decode {path} --input {POINTS} --output pictures.png"))
            }
        }
    }

    fn pad_line(&self, model: &Model, path: &str) -> Result<String, String> {
        can_decode(model)?;
        plain_weights(model)?;
        let end = |index: usize| {
            match self.explore.corners()[index].source {
            CornerSource::Draw(_) if !self.has_plain_draws() => Err(tr!(
                "Draws of another temperature have no name on the command line: set the temperature to 1."
            )
            .to_owned()),
            CornerSource::Draw(seed) => Ok(format!("seed:{seed}")),
            CornerSource::Image(image) => image_argument(model, image),
            CornerSource::Point => Err(tr!(
                "A corner that is a point has no name on the command line: choose draws or watched images."
            )
            .to_owned()),
        }
        };
        let mode = match self.explore.mixing() {
            Mixing::Lerp => "lerp",
            Mixing::Slerp => "slerp",
        };
        let (from, to) = (end(0)?, end(1)?);
        Ok(format!(
            "zscope interpolate {path} --from {from} --to {to} --steps 9 --mode {mode} --out way.png"
        ))
    }

    /// The picture of one's own, where it is a file.
    fn own_argument(&self) -> Result<String, String> {
        match self.own.state.chosen().map(|own| &own.source) {
            Some(Source::File(path)) => Ok(quoted(&path.display().to_string())),
            _ => Err(tr!("A pasted picture has no name on the command line: open it as a file.")
                .to_owned()),
        }
    }

    fn traversals_line(&self, model: &Model, path: &str) -> Result<String, String> {
        can_decode(model)?;
        plain_weights(model)?;
        if model.networks.codes.is_some() {
            let text = tr!(
                "The command line sweeps dimensions of continuous latents only: this model has codes."
            );
            return Err(text.to_owned());
        }
        let traversals = &self.view.traversals;
        let base = match traversals.base {
            Anchor::Origin => None,
            Anchor::OwnPicture if self.own.state.search().is_none() => Some(self.own_argument()?),
            Anchor::OwnPicture | Anchor::MapPoint | Anchor::MapSelection => {
                return Err(tr!(
                    "{} has no name on the command line: go there, and let the traversals go from this point.",
                    anchor_name(&self.anchors(), traversals.base)
                ));
            }
            Anchor::Image(image) => Some(image_argument(model, image)?),
            Anchor::Bookmark(index) => Some(quoted(&format!("{POINTS}#{}", index + 1))),
            Anchor::Point => Some(match self.seed_of_point() {
                Some(seed) => format!("seed:{seed}"),
                None => POINTS.to_owned(),
            }),
        };
        let base = base.map(|base| format!(" --base {base}")).unwrap_or_default();
        let order = self.explore.order();
        let ranged = match traversals.span {
            Span::Absolute(_) => &order[..order.len().min(1)],
            Span::Watched { .. } => order,
        };
        let latents = encoded(&self.map.state, &self.probe_latents);
        let range = |&dim: &usize| {
            let range = traversals.range(dim, &latents);
            format!(" --range={},{}", range.lo, range.hi)
        };
        let ranges: String = ranged.iter().map(range).collect();
        let dims: Vec<String> = order.iter().map(usize::to_string).collect();
        let (dims, columns) = (dims.join(","), traversals.columns);
        Ok(format!(
            "zscope traverse {path} --dims {dims}{ranges}{base} --steps {columns} --out traversals.png"
        ))
    }
}

/// A watched image, by its number among the held-out ones of the model's own data.
fn image_argument(model: &Model, image: usize) -> Result<String, String> {
    if model.networks.encoder.is_none() {
        return Err(tr!("This model only generates: it has no encoder.").to_owned());
    }
    Ok(image.to_string())
}

/// Whether the model makes pictures.
fn can_decode(model: &Model) -> Result<(), String> {
    let makes = model.networks.decoder.is_some();
    makes.then_some(()).ok_or_else(|| tr!("This model makes no pictures.").to_owned())
}

/// Whether the weights are those that a command takes when it is told of no class.
fn plain_weights(model: &Model) -> Result<(), String> {
    let is_plain =
        model.shown == Shown::default() || (model.config.classes() == 0 && model.shown.averaged);
    is_plain.then_some(()).ok_or_else(|| {
        tr!("The command line takes the first class and the averaged weights here: show these.")
            .to_owned()
    })
}

/// The run in the form.
fn training(form: &TrainForm) -> String {
    let TrainForm { recipe, settings, data, epochs, batch, seed } = form;
    let data = quoted(data);
    let mut line = format!(
        "zscope train {} --data {data} --epochs {epochs} --batch {batch} --seed {seed}",
        recipe.name()
    );
    let defaults = Settings::defaults(recipe.keys());
    for (name, value) in settings.values() {
        if defaults.values().get(name) != Some(value) {
            line.push_str(" --set ");
            line.push_str(&quoted(&format!("{name}={value}")));
        }
    }
    line
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
