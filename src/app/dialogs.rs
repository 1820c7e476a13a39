//! The system's file dialogs, off the window's thread.

use super::jobs::{Chosen, Done, Jobs};
use crate::formats::foreign;
use crate::language::tr;

/// Asks for a path; nothing happens when a person cancels.
#[expect(clippy::too_many_lines, reason = "a table: a dialog for each purpose")]
pub(super) fn ask(jobs: &Jobs, purpose: Chosen) {
    // Made here, on the window's thread, as some systems insist; awaited elsewhere.
    let dialog = rfd::AsyncFileDialog::new();
    match purpose {
        Chosen::Data => wait(jobs, purpose, dialog.set_title(tr!("Open data")).pick_folder()),
        Chosen::Model => {
            wait(jobs, purpose, dialog.set_title(tr!("Open a run or model")).pick_folder());
        }
        Chosen::ModelFile => {
            let dialog = dialog.set_title(tr!("Open a model's file"));
            let dialog =
                dialog.add_filter(tr!("Weights and descriptions"), &foreign::ENDINGS_OF_MODELS);
            wait(jobs, purpose, dialog.add_filter(tr!("All files"), &["*"]).pick_file());
        }
        Chosen::Companion => {
            wait(jobs, purpose, dialog.set_title(tr!("Add a run or model")).pick_folder());
        }
        Chosen::Compared => {
            wait(jobs, purpose, dialog.set_title(tr!("Compare with a run")).pick_folder());
        }
        Chosen::Evaluated => {
            wait(jobs, purpose, dialog.set_title(tr!("Add a run to measure")).pick_folder());
        }
        Chosen::Classifier => {
            wait(jobs, purpose, dialog.set_title(tr!("Judge by a classifier's run")).pick_folder());
        }
        Chosen::Measures => {
            let dialog = dialog.set_title(tr!("Save measures")).set_file_name("measures.csv");
            let dialog = dialog.add_filter(tr!("CSV, Markdown or JSON"), &["csv", "md", "json"]);
            let dialog = dialog.add_filter("PNG", &["png"]);
            wait(jobs, purpose, dialog.save_file());
        }
        Chosen::Curves => {
            let dialog = dialog.set_title(tr!("Save curves")).set_file_name("curves.csv");
            let dialog = dialog.add_filter("CSV", &["csv"]).add_filter("PNG", &["png"]);
            wait(jobs, purpose, dialog.save_file());
        }
        Chosen::MapPicture => {
            let dialog = dialog.set_title(tr!("Save the map")).set_file_name("map.png");
            wait(jobs, purpose, dialog.add_filter("PNG", &["png"]).save_file());
        }
        Chosen::MapPoints => {
            let dialog = dialog.set_title(tr!("Save points")).set_file_name("points.csv");
            wait(jobs, purpose, dialog.add_filter("CSV", &["csv"]).save_file());
        }
        Chosen::MapLatents => {
            let dialog = dialog.set_title(tr!("Save latents")).set_file_name("latents.safetensors");
            wait(jobs, purpose, dialog.add_filter("safetensors", &["safetensors"]).save_file());
        }
        Chosen::View(pane) => {
            let name = format!("{}.png", pane.name().to_lowercase());
            let dialog = dialog.set_title(tr!("Save the view")).set_file_name(name);
            wait(jobs, purpose, dialog.add_filter("PNG", &["png"]).save_file());
        }
        Chosen::Points => {
            let dialog = dialog.set_title(tr!("Save points")).set_file_name("points.safetensors");
            wait(jobs, purpose, dialog.add_filter(tr!("Tensors"), &["safetensors"]).save_file());
        }
        Chosen::Node => {
            let dialog = dialog.set_title(tr!("Save the node")).set_file_name("channels.png");
            let dialog = dialog.add_filter(tr!("Channels"), &["png"]);
            let dialog = dialog.add_filter(tr!("Values"), &["safetensors"]);
            wait(jobs, purpose, dialog.add_filter(tr!("All nodes"), &["csv"]).save_file());
        }
        Chosen::OwnPicture => {
            let dialog = dialog.set_title(tr!("Open a picture"));
            let endings = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "qoi"];
            let dialog = dialog.add_filter(tr!("Pictures"), &endings);
            wait(jobs, purpose, dialog.add_filter(tr!("All files"), &["*"]).pick_file());
        }
        Chosen::Directions => {
            let dialog = dialog.set_title(tr!("Load directions"));
            let dialog = dialog.add_filter(tr!("Directions"), &["safetensors"]);
            wait(jobs, purpose, dialog.pick_file());
        }
        Chosen::DirectionsOut => {
            let dialog =
                dialog.set_title(tr!("Save directions")).set_file_name("directions.safetensors");
            let dialog = dialog.add_filter(tr!("Directions"), &["safetensors"]);
            wait(jobs, purpose, dialog.save_file());
        }
        Chosen::RunsFolder => {
            wait(jobs, purpose, dialog.set_title(tr!("List the runs of a folder")).pick_folder());
        }
        Chosen::PriorFilm => {
            let dialog = dialog.set_title(tr!("Save a film of drawing")).set_file_name("draws.gif");
            wait(jobs, purpose, dialog.add_filter(tr!("Film"), &["gif"]).save_file());
        }
        Chosen::Strip => {
            let dialog =
                dialog.set_title(tr!("Save the film strip")).set_file_name("film-strip.png");
            wait(jobs, purpose, dialog.add_filter(tr!("PNG or JPEG"), &["png", "jpg"]).save_file());
        }
        Chosen::Workspace => {
            let dialog =
                dialog.set_title(tr!("Save the workspace")).set_file_name("workspace.zscope");
            wait(jobs, purpose, dialog.add_filter(tr!("Workspace"), &["zscope"]).save_file());
        }
        Chosen::Walk { .. } => {
            let dialog = dialog.set_title(tr!("Save the walk")).set_file_name("walk.gif");
            let dialog = dialog.add_filter(tr!("Film or strip"), &["gif", "png", "jpg"]);
            wait(jobs, purpose, dialog.save_file());
        }
        Chosen::Sheet(of) => {
            let name = format!("{}.png", of.key());
            let dialog = dialog.set_title(tr!("Save pictures")).set_file_name(name);
            wait(jobs, purpose, dialog.add_filter(tr!("PNG or JPEG"), &["png", "jpg"]).save_file());
        }
        Chosen::Page => {
            let dialog = dialog.set_title(tr!("Save the page")).set_file_name("page.png");
            wait(jobs, purpose, dialog.add_filter("PNG", &["png"]).save_file());
        }
        Chosen::RunTable => {
            let dialog = dialog.set_title(tr!("Save the runs")).set_file_name("runs.csv");
            let dialog = dialog.add_filter("CSV", &["csv"]).add_filter("PNG", &["png"]);
            wait(jobs, purpose, dialog.save_file());
        }
        Chosen::Picture => {
            let dialog = dialog.set_title(tr!("Save picture")).set_file_name("picture.png");
            wait(jobs, purpose, dialog.add_filter("PNG", &["png"]).save_file());
        }
        Chosen::Palette => {
            let dialog = dialog.set_title(tr!("Save palette")).set_file_name("palette.png");
            wait(jobs, purpose, dialog.add_filter("PNG", &["png"]).save_file());
        }
        Chosen::CodeTable => {
            let dialog = dialog.set_title(tr!("Save all codes")).set_file_name("codes.csv");
            wait(jobs, purpose, dialog.add_filter("CSV", &["csv"]).save_file());
        }
        Chosen::CodePairs => {
            let dialog = dialog.set_title(tr!("Save pairs of codes")).set_file_name("pairs.csv");
            wait(jobs, purpose, dialog.add_filter("CSV", &["csv"]).save_file());
        }
        Chosen::CodeChanges => {
            let dialog = dialog.set_title(tr!("Compare codes with a run or model"));
            wait(jobs, purpose, dialog.pick_folder());
        }
        Chosen::SavedCodeChanges => {
            let dialog =
                dialog.set_title(tr!("Save changes of codes")).set_file_name("changes.csv");
            wait(jobs, purpose, dialog.add_filter("CSV", &["csv"]).save_file());
        }
    }
}

fn wait(
    jobs: &Jobs,
    purpose: Chosen,
    chosen: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static,
) {
    jobs.spawn("dialog", move |done| {
        if let Some(file) = pollster::block_on(chosen) {
            done(Done::Chosen(purpose, file.path().to_owned()));
        }
    });
}
