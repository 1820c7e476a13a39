//! What returns on the next start of the program, and what a workspace file holds to be shared.

mod looks;
mod others;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eframe::egui;
use serde::{Deserialize, Serialize};

use self::looks::Looks;
use self::others::Others;
use super::ZscopeApp;
use super::queue::KeptRun;
use crate::formats::{FormatError, write_whole};
use crate::language::tr;
use crate::session::explore::Standing;
use crate::session::kept::Kept;
use crate::session::lenient::or_default;
use crate::ui::{Demo, Kind, Shape};

/// How workspace files end.
pub(super) const ENDING: &str = "zscope";
/// What the state is called where eframe keeps it.
const KEY: &str = "workspace";
/// What the newest program writes.
const VERSION: u32 = 1;
/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 1 << 28;

/// Everything that is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Workspace {
    version: u32,
    /// The model in the explorer.
    model: Option<ModelPlace>,
    /// The data, as typed.
    data: String,
    /// Where a person stands in the model's latent space.
    standing: Option<Standing>,
    /// What is kept for each model.
    kept: BTreeMap<String, Kept>,
    /// How the views of each kind of model are arranged, where a person did.
    layouts: BTreeMap<Kind, Shape>,
    /// How large everything is.
    zoom: Option<f32>,
    /// Folders whose runs are listed beside those of the runs folder.
    run_folders: Vec<String>,
    /// Runs that wait for their turn.
    queue: Vec<KeptRun>,
    /// The ground.
    theme: Option<egui::ThemePreference>,
    /// How a person looks at everything.
    #[serde(deserialize_with = "or_default")]
    looks: Looks,
    /// Models and runs beside the one in the explorer.
    #[serde(deserialize_with = "or_default")]
    others: Others,
}

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ModelPlace {
    /// One that is part of the program.
    Demo(Demo),
    /// A run, or a file or folder of another library.
    Path(PathBuf),
}

impl ModelPlace {
    /// The place of a model that was opened from a path.
    fn of(path: &Path) -> Option<Self> {
        let demo = super::demo::of_path(path);
        demo.map(Self::Demo).or_else(|| others::whole(path).map(Self::Path))
    }

    /// What opens it, if that is there.
    fn there(&self) -> Option<PathBuf> {
        let path = match self {
            Self::Demo(demo) => demo.path().into(),
            Self::Path(path) => path.clone(),
        };
        others::is_there(&path).then_some(path)
    }
}

impl Workspace {
    /// What was kept at the last end.
    pub(super) fn kept(storage: Option<&dyn eframe::Storage>) -> Option<Self> {
        let text = storage?.get_string(KEY)?;
        let parsed = parse(&text, Path::new("the program's state"));
        parsed.inspect_err(|error| log::warn!("{error}")).ok()
    }

    /// Reads a workspace file.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub(super) fn read(path: &Path) -> Result<Self, FormatError> {
        let io = FormatError::io("open the workspace", path);
        let bytes = match std::fs::metadata(path).map(|file| file.len()) {
            Ok(bytes) if bytes > MOST_BYTES => {
                let found = format!("{bytes} bytes");
                let expected = format!("at most {MOST_BYTES}");
                return Err(FormatError::content("open the workspace", found, expected, path));
            }
            _ => std::fs::read_to_string(path).map_err(io)?,
        };
        parse(&bytes, path)
    }
}

fn parse(text: &str, path: &Path) -> Result<Workspace, FormatError> {
    let wrong = |found: String, expected: &str| {
        FormatError::content("open the workspace", found, expected, path)
    };
    let parsed: Workspace = serde_json::from_str(text)
        .map_err(|error| wrong(error.to_string(), "what Zscope saves as a workspace"))?;
    if parsed.version != VERSION {
        let found = format!("version {}", parsed.version);
        return Err(wrong(
            found,
            &format!("version {VERSION}: open it with the Zscope that saved it"),
        ));
    }
    Ok(parsed)
}

impl ZscopeApp {
    /// All that is kept, as it is now.
    fn workspace(&self, ctx: &egui::Context) -> Workspace {
        let mut kept = self.kept_before.clone();
        if !self.kept.is_empty() {
            kept.insert(self.kept_key.clone(), self.kept.clone());
        }
        Workspace {
            version: VERSION,
            model: self.model_place(),
            data: self.data.spec.clone(),
            standing: self.model.is_some().then(|| self.explore.standing()),
            kept,
            layouts: self.view.dock.shapes(),
            zoom: Some(ctx.zoom_factor()),
            run_folders: self.runs.list.folders.clone(),
            queue: self.kept_queue(),
            theme: Some(ctx.options(|options| options.theme_preference)),
            looks: self.looks(),
            others: self.others(),
        }
    }

    fn model_place(&self) -> Option<ModelPlace> {
        let model = self.model.as_ref()?;
        let Some(opened) = &model.opened else {
            return self.session.run().map(|run| ModelPlace::Path(run.run_dir.clone()));
        };
        ModelPlace::of(opened.run_dir.as_ref().unwrap_or(&opened.path))
    }

    /// Keeps everything for the next start.
    pub(super) fn keep_workspace(&self, ctx: &egui::Context, storage: &mut dyn eframe::Storage) {
        match serde_json::to_string(&self.workspace(ctx)) {
            Ok(text) => storage.set_string(KEY, text),
            Err(error) => log::error!("keep the workspace: {error}"),
        }
    }

    /// Takes everything up where it was left; `opens` says whether the model and the data are among it.
    pub(super) fn take_up(&mut self, ctx: &egui::Context, workspace: Workspace, opens: bool) {
        self.view.dock.arrange(&workspace.layouts);
        self.kept_before.extend(workspace.kept);
        if let Some(zoom) = workspace.zoom.filter(|zoom| (0.6..=2.5).contains(zoom)) {
            ctx.set_zoom_factor(zoom);
        }
        for folder in workspace.run_folders {
            if !self.runs.list.folders.contains(&folder) {
                self.runs.list.folders.push(folder);
            }
        }
        self.runs.is_stale = true;
        if self.queue.is_empty() {
            self.take_up_queue(workspace.queue);
        }
        if let Some(theme) = workspace.theme {
            ctx.set_theme(theme);
        }
        self.take_up_looks(workspace.looks, opens);
        if !opens {
            return;
        }
        self.take_up_others(workspace.others);
        if !workspace.data.is_empty() {
            self.open_data(workspace.data);
        }
        self.wanted_standing = workspace.standing;
        match workspace.model {
            Some(ModelPlace::Path(path)) if path.exists() => self.open_path(path),
            Some(ModelPlace::Path(path)) => {
                let text = tr!(
                    "The model of last time is gone: {}. The demo is open instead.",
                    path.display()
                );
                self.notice(text, false);
                self.open_demo(Demo::Vae);
            }
            Some(ModelPlace::Demo(demo)) => self.open_demo(demo),
            None => self.open_demo(Demo::Vae),
        }
    }

    /// Writes a workspace file.
    pub(super) fn save_workspace(&mut self, ctx: &egui::Context, path: PathBuf) {
        let workspace = self.workspace(ctx);
        let path = match path.extension() {
            Some(_) => path,
            None => path.with_extension(ENDING),
        };
        self.jobs.spawn_save(move || {
            let saved = write_whole(&path, |out| {
                serde_json::to_writer_pretty(out, &workspace).map_err(std::io::Error::other)
            });
            saved.map(|()| path).map_err(|error| error.to_string())
        });
    }
}
