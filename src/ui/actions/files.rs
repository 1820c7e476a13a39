//! What is opened, copied and saved.

use egui::Key;

use super::{Actions, CTRL, CTRL_SHIFT, explores, keys};
use crate::language::{told, tr};
use crate::ui::{Command, CommandOf, Demo, Scene, SheetOf, View, save};

pub(super) fn files(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    actions.group = tr!("Files");
    actions.add(tr!("Open a run or model folder…"), keys(CTRL, Key::O), Command::PickModel);
    actions.add(tr!("Open a model file…"), keys(CTRL_SHIFT, Key::O), Command::PickModelFile);
    actions.add(tr!("Open pictures or data…"), None, Command::PickData);
    let is_opening = scene.data.opening.is_some();
    actions.add_if(is_opening, tr!("Cancel opening the data"), None, Command::CancelData);
    actions.add(tr!("Open the demo VAE"), None, Command::OpenDemo(Demo::Vae));
    actions.add(tr!("Open the demo VQ-VAE"), None, Command::OpenDemo(Demo::VqVae));
    for path in scene.recent {
        actions.add(tr!("Open {}", path), None, Command::OpenPath(path.into()));
    }
    for (of, what) in CommandOf::ALL {
        let name = tr!("Copy as a command: {}", told(what));
        actions.add_if(can_be_a_command(scene, of), name, None, Command::CopyLine(of));
    }
    let save = tr!("Save the point and bookmarks as tensors…");
    actions.add_if(explores(scene), save, None, Command::SavePoints(None));
    actions.add(tr!("Save the workspace…"), None, Command::SaveWorkspace(None));
    for of in SheetOf::ALL {
        let is_there = save::has_sheet(scene, view, of);
        let save = Command::SaveSheet { of, path: None };
        actions.add_if(is_there, save::sheet_name(of), None, save);
    }
    let has_picture = scene.pictures.main.is_some();
    actions.add_if(
        has_picture,
        tr!("Save the picture…"),
        keys(CTRL, Key::S),
        Command::SavePicture(None),
    );
}

/// Whether the command line can make it of what is open.
fn can_be_a_command(scene: &Scene<'_>, of: CommandOf) -> bool {
    let (is_there, has_codes) = (explores(scene), scene.codebook.is_some());
    match of {
        CommandOf::Training => true,
        CommandOf::Point | CommandOf::Pad => is_there,
        CommandOf::Traversals => is_there && !has_codes,
        CommandOf::Evaluation => {
            let has_model = is_there || scene.model.only_classifies;
            has_model && !scene.data.spec.is_empty()
        }
        CommandOf::Codebook => has_codes && (scene.model.only_codes || !scene.data.spec.is_empty()),
    }
}
