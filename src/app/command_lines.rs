//! What is shown, as a command that makes it without the window.

use super::ZscopeApp;
use crate::latent::Mixing;
use crate::session::anchor::Anchor;
use crate::session::explore::{CornerSource, SeedPlane};
use crate::session::traversals::Span;
use crate::train::settings::Settings;
use crate::ui::{CommandOf, TrainForm};

impl ZscopeApp {
    /// The command that makes what is shown, or why there is none.
    pub(super) fn command_line(&self, of: CommandOf) -> Result<String, String> {
        if of == CommandOf::Training {
            return Ok(training(&self.view.form));
        }
        let model = self.model_argument().ok_or("There is no model yet.")?;
        match of {
            CommandOf::Training => Ok(training(&self.view.form)),
            CommandOf::Point => Ok(self.point_line(&model)),
            CommandOf::Pad => self.pad_line(&model),
            CommandOf::Traversals => self.traversals_line(&model),
            CommandOf::Evaluation => {
                Ok(format!("zscope eval {model} --data {}", quoted(&self.data.spec)))
            }
            CommandOf::Codebook => {
                Ok(format!("zscope codebook {model} --data {}", quoted(&self.data.spec)))
            }
        }
    }

    /// The model as an argument: with its step where it is not what the path alone means.
    fn model_argument(&self) -> Option<String> {
        let model = self.model.as_ref()?;
        let path = match &model.opened {
            Some(opened) => opened.path.display().to_string(),
            // Of a run in training: the newest checkpoint.
            None => format!("{}@latest", self.session.run()?.run_dir.display()),
        };
        Some(quoted(&path))
    }

    fn point_line(&self, model: &str) -> String {
        let explore = &self.explore;
        #[expect(clippy::float_cmp, reason = "what is set when nobody moved the slider")]
        let is_plain = explore.temperature() == 1.0 && explore.edited_cells().is_empty();
        let is_whole = |seeds: &SeedPlane| seeds.at.iter().all(|value| value.fract() == 0.0);
        match explore.seeds().filter(|seeds| is_plain && is_whole(seeds)) {
            Some(seeds) => {
                let seed = SeedPlane::seed(seeds.at.map(|value| value as i64));
                format!("zscope sample {model} -n 1 --seed {seed} --out picture.png")
            }
            None => {
                format!("zscope decode {model} --input points.safetensors --output pictures.png")
            }
        }
    }

    fn pad_line(&self, model: &str) -> Result<String, String> {
        let [from, to] = [0, 1].map(|index: usize| match self.explore.corners()[index].source {
            CornerSource::Draw(seed) => Ok(format!("seed:{seed}")),
            CornerSource::Image(image) => Ok(image.to_string()),
            CornerSource::Point => {
                Err("A corner that is a point has no name on the command line: choose draws or watched images.")
            }
        });
        let mode = match self.explore.mixing() {
            Mixing::Lerp => "lerp",
            Mixing::Slerp => "slerp",
        };
        let (from, to) = (from?, to?);
        Ok(format!(
            "zscope interpolate {model} --from {from} --to {to} --steps 9 --mode {mode} --out way.png"
        ))
    }

    fn traversals_line(&self, model: &str) -> Result<String, String> {
        let traversals = &self.view.traversals;
        let Span::Absolute(reach) = traversals.span else {
            return Err("The command line knows ranges of the prior only.".to_owned());
        };
        if traversals.base != Anchor::Origin {
            return Err("On the command line the other dimensions are zero: choose \"zero\" beside \"from\".".to_owned());
        }
        let dims: Vec<String> = self.explore.order().iter().map(usize::to_string).collect();
        let columns = traversals.columns;
        Ok(format!(
            "zscope traverse {model} --dims {} --range {},{reach} --steps {columns} --out traversals.png",
            dims.join(","),
            -reach
        ))
    }
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
