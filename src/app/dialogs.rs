//! The system's file dialogs, off the window's thread; a system without any has a path typed in the window.

use std::time::{Duration, Instant};

use super::jobs::{Chosen, Done, Jobs};
use crate::formats::foreign;
use crate::language::tr;

/// What is chosen in a dialog.
#[derive(Clone, Copy)]
enum What {
    Folder,
    File,
    NewFile,
}

/// A dialog.
pub(super) struct Dialog {
    /// What it is for.
    pub(super) title: &'static str,
    /// The name that a new file has at first.
    pub(super) file_name: String,
    what: What,
    /// The kinds of files that are offered, with their endings.
    filters: Vec<(&'static str, Vec<&'static str>)>,
}

impl Dialog {
    fn new(what: What, title: &'static str) -> Self {
        Self { title, file_name: String::new(), what, filters: Vec::new() }
    }

    fn folder(title: &'static str) -> Self {
        Self::new(What::Folder, title)
    }

    fn file(title: &'static str) -> Self {
        Self::new(What::File, title)
    }

    fn new_file(title: &'static str, file_name: impl Into<String>) -> Self {
        Self { file_name: file_name.into(), ..Self::new(What::NewFile, title) }
    }

    fn of(mut self, kind: &'static str, endings: &[&'static str]) -> Self {
        self.filters.push((kind, endings.to_vec()));
        self
    }

    fn png(self) -> Self {
        self.of("PNG", &["png"])
    }

    fn csv(self) -> Self {
        self.of("CSV", &["csv"])
    }
}

/// The dialog of each purpose.
pub(super) fn dialog(purpose: Chosen) -> Dialog {
    let pictures = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "qoi"];
    match purpose {
        Chosen::Data => Dialog::folder(tr!("Open data")),
        Chosen::Model => Dialog::folder(tr!("Open a run or model")),
        Chosen::ModelFile => Dialog::file(tr!("Open a model's file"))
            .of(tr!("Weights and descriptions"), &foreign::ENDINGS_OF_MODELS)
            .of(tr!("All files"), &["*"]),
        Chosen::Companion => Dialog::folder(tr!("Add a run or model")),
        Chosen::Compared => Dialog::folder(tr!("Compare with a run")),
        Chosen::Evaluated => Dialog::folder(tr!("Add a run to measure")),
        Chosen::Classifier => Dialog::folder(tr!("Judge by a classifier's run")),
        Chosen::Measures => Dialog::new_file(tr!("Save measures"), "measures.csv")
            .of(tr!("CSV, Markdown or JSON"), &["csv", "md", "json"])
            .png(),
        Chosen::Curves => Dialog::new_file(tr!("Save curves"), "curves.csv").csv().png(),
        Chosen::MapPicture => Dialog::new_file(tr!("Save the map"), "map.png").png(),
        Chosen::MapPoints => Dialog::new_file(tr!("Save points"), "points.csv").csv(),
        Chosen::MapLatents => Dialog::new_file(tr!("Save latents"), "latents.safetensors")
            .of("safetensors", &["safetensors"]),
        Chosen::View(pane) => {
            Dialog::new_file(tr!("Save the view"), format!("{}.png", pane.name().to_lowercase()))
                .png()
        }
        Chosen::Points => Dialog::new_file(tr!("Save points"), "points.safetensors")
            .of(tr!("Tensors"), &["safetensors"]),
        Chosen::Node => Dialog::new_file(tr!("Save the node"), "channels.png")
            .of(tr!("Channels"), &["png"])
            .of(tr!("Values"), &["safetensors"])
            .of(tr!("All nodes"), &["csv"]),
        Chosen::OwnPicture => Dialog::file(tr!("Open a picture"))
            .of(tr!("Pictures"), &pictures)
            .of(tr!("All files"), &["*"]),
        Chosen::Directions => {
            Dialog::file(tr!("Load directions")).of(tr!("Directions"), &["safetensors"])
        }
        Chosen::DirectionsOut => Dialog::new_file(tr!("Save directions"), "directions.safetensors")
            .of(tr!("Directions"), &["safetensors"]),
        Chosen::RunsFolder => Dialog::folder(tr!("List the runs of a folder")),
        Chosen::PriorFilm => {
            Dialog::new_file(tr!("Save a film of drawing"), "draws.gif").of(tr!("Film"), &["gif"])
        }
        Chosen::Strip => Dialog::new_file(tr!("Save the film strip"), "film-strip.png")
            .of(tr!("PNG or JPEG"), &["png", "jpg"]),
        Chosen::Workspace => Dialog::new_file(tr!("Save the workspace"), "workspace.zscope")
            .of(tr!("Workspace"), &["zscope"]),
        Chosen::Walk { .. } => Dialog::new_file(tr!("Save the walk"), "walk.gif")
            .of(tr!("Film or strip"), &["gif", "png", "jpg"]),
        Chosen::Sheet(of) => Dialog::new_file(tr!("Save pictures"), format!("{}.png", of.key()))
            .of(tr!("PNG or JPEG"), &["png", "jpg"]),
        Chosen::Page => Dialog::new_file(tr!("Save the page"), "page.png").png(),
        Chosen::RunTable => Dialog::new_file(tr!("Save the runs"), "runs.csv").csv().png(),
        Chosen::Picture => Dialog::new_file(tr!("Save picture"), "picture.png").png(),
        Chosen::Palette => Dialog::new_file(tr!("Save palette"), "palette.png").png(),
        Chosen::CodeTable => Dialog::new_file(tr!("Save all codes"), "codes.csv").csv(),
        Chosen::CodePairs => Dialog::new_file(tr!("Save pairs of codes"), "pairs.csv").csv(),
        Chosen::CodeChanges => Dialog::folder(tr!("Compare codes with a run or model")),
        Chosen::SavedCodeChanges => {
            Dialog::new_file(tr!("Save changes of codes"), "changes.csv").csv()
        }
    }
}

/// Who cancels a dialog takes longer: one that is over sooner has not been there.
const LEAST_SEEN: Duration = Duration::from_millis(500);

/// Asks for a path; nothing happens when a person cancels.
pub(super) fn ask(jobs: &Jobs, purpose: Chosen) {
    let Dialog { title, file_name, what, filters } = dialog(purpose);
    // Made here, on the window's thread, as some systems insist; awaited elsewhere.
    let mut asked = rfd::AsyncFileDialog::new().set_title(title);
    for (kind, endings) in filters {
        asked = asked.add_filter(kind, &endings);
    }
    match what {
        What::Folder => wait(jobs, purpose, asked.pick_folder()),
        What::File => wait(jobs, purpose, asked.pick_file()),
        What::NewFile => wait(jobs, purpose, asked.set_file_name(file_name).save_file()),
    }
}

fn wait(
    jobs: &Jobs,
    purpose: Chosen,
    chosen: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static,
) {
    jobs.spawn("dialog", move |done| {
        let asked = Instant::now();
        match pollster::block_on(chosen) {
            Some(file) => done(Done::Chosen(purpose, file.path().to_owned())),
            None if asked.elapsed() < LEAST_SEEN => done(Done::NoDialog(purpose)),
            None => {}
        }
    });
}
