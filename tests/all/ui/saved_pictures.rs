//! What views show as files: the buttons that ask for it, and what the program writes.

use std::path::Path;

use eframe::egui;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, HarnessBuilder};
use image::RgbImage;
use zscope::app::ZscopeApp;
use zscope::array::Array;
use zscope::cli::WindowArgs;
use zscope::codec::take;
use zscope::data::{self, Split};
use zscope::engine::EngineKind;
use zscope::formats::pictures;
use zscope::open::{self, Opened};
use zscope::picture::level_from_unit;
use zscope::session::map::{Ask, Extent, Splits};
use zscope::session::own_picture::Source;
use zscope::session::tiles::Corners;
use zscope::ui::{
    BookmarkAsk, Command, CompanionAsk, Demo, Page, Pane, RunsAsk, SheetOf, StationAsk, View,
};

use super::any_commands::open_demo;
use super::behaviour::type_and_enter;
use super::window::{SIZES, Window, asked, nodes, press};
use super::{actions, directions, own_picture};
use crate::runs::made_up;

/// Clicks what has a name that begins so.
#[track_caller]
fn click(harness: &mut Harness<'_, Window>, name: &str) {
    asked(harness);
    let found = nodes(harness).into_iter().find(|node| {
        let node = node.accesskit_node();
        node.role() == Role::Button && node.label().is_some_and(|label| label.starts_with(name))
    });
    found.unwrap_or_else(|| panic!("a button {name:?}")).click();
    asked(harness);
}

/// Saves by a button, to a path and by the dialog.
#[track_caller]
fn saves(
    harness: &mut Harness<'_, Window>,
    button: &str,
    command: impl Fn(Option<&str>) -> Command,
) {
    click(harness, button);
    assert_eq!(press(harness, "Choose…"), [command(None)], "{button} in a dialog");
    click(harness, button);
    let typed = type_and_enter(harness, "Where to", "a.png");
    assert_eq!(typed, [command(Some("a.png"))], "{button} typed");
}

fn sheet(of: SheetOf) -> impl Fn(Option<&str>) -> Command {
    move |path| Command::SaveSheet { of, path: path.map(Into::into) }
}

#[test]
fn every_view_of_pictures_has_a_button_that_saves_them() {
    let with = |pane: Pane| {
        let mut window = Window::full(3);
        window.view.dock.show(pane);
        window
    };
    let mut marked = with(Pane::Bookmarks);
    let place = marked.explore.as_ref().expect("it has one").place();
    marked.kept.bookmarks.add(place);
    let own = own_picture::scenes().into_iter().find(|(name, _)| *name == "a picture of one's own");
    let mut beside = actions::beside(zscope::ui::Link::Latent);
    beside.view.dock.show(Pane::SideBySide);
    let mut selected = actions::map_with(|map| {
        let line = vec![[-1e9, -1e9], [1e9, -1e9], [1e9, 1e9], [-1e9, 1e9]];
        map.apply(&Ask::SelectWithin { line, adds: false });
    });
    selected.view.dock.show(Pane::Map);
    let windows = vec![
        (SheetOf::Reconstructions, with(Pane::Reconstructions)),
        (SheetOf::Traversals, with(Pane::Traversals)),
        (SheetOf::Directions, directions::window()),
        (SheetOf::Bookmarks, marked),
        (SheetOf::OwnPicture, own.expect("it is there").1),
        (SheetOf::SideBySide, beside),
        (SheetOf::Selection, selected),
    ];
    for (of, window) in windows {
        let mut harness = window.open(SIZES[0]);
        saves(&mut harness, &format!("Save {} as a picture", of.name()), sheet(of));
    }
}

#[test]
fn the_pad_is_saved_from_its_menu() {
    let mut harness = Window::full(3).open(SIZES[0]);
    press(&mut harness, "Corners");
    click(&mut harness, "Save the pad as a picture");
    let typed = type_and_enter(&mut harness, "Where to", "pad.png");
    assert_eq!(typed, [sheet(SheetOf::Pad)(Some("pad.png"))]);
}

#[test]
fn a_view_is_saved_as_it_is_on_the_screen_to_a_typed_path() {
    let mut harness = Window::full(3).open(SIZES[0]);
    asked(&mut harness);
    let name = nodes(&harness).into_iter().find(|node| {
        let node = node.accesskit_node();
        node.label().as_deref() == Some("Reconstructions")
    });
    name.expect("its name").click_secondary();
    click(&mut harness, "Save as a picture");
    let typed = type_and_enter(&mut harness, "Where to", "view.png");
    let save = Command::SaveView { pane: Pane::Reconstructions, path: Some("view.png".into()) };
    assert_eq!(typed, [save]);
}

#[test]
fn pages_are_saved_as_they_are_on_the_screen() {
    let mut harness = Window::full(3).open(SIZES[0]);
    press(&mut harness, "Views");
    click(&mut harness, "Save page as a picture");
    let typed = type_and_enter(&mut harness, "Where to", "page.png");
    assert_eq!(typed, [Command::SavePage(Some("page.png".into()))]);
    let rect = harness.state().view.page_rect.expect("it was drawn");
    assert!(rect.top() > 20.0 && rect.bottom() >= 799.0 && rect.width() >= 1279.0, "{rect:?}");
    let mut window =
        Window { view: View { page: Page::Runs, ..View::default() }, ..Window::full(3) };
    window.runs.all = vec![made_up("early", 10, 10)];
    window.runs.is_read = true;
    let mut harness = window.open(SIZES[0]);
    saves(&mut harness, "Save…", |path| Command::Runs(RunsAsk::Save(path.map(Into::into))));
}

/// Does what is asked until the file is there.
fn written(harness: &mut Harness<'_, ZscopeApp>, of: SheetOf, path: &Path) -> RgbImage {
    let ctx = harness.ctx.clone();
    for turn in 0..4000 {
        if turn % 200 == 0 {
            let path = Some(path.to_owned());
            harness.state_mut().apply(&ctx, Command::SaveSheet { of, path });
        }
        harness.step();
        if path.exists() {
            return image::open(path).expect("a picture").to_rgb8();
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("{} is not written", of.key())
}

/// What latents draw, `[n, c, h, w]` in `[0, 1]`.
fn decoded(opened: &Opened, latents: &[Vec<f32>]) -> Array {
    let shape = [&[latents.len()], &opened.model.latent()[..]].concat();
    let latents = Array::new(shape, latents.concat()).expect("latents of the model");
    let mut codec = opened.codec(EngineKind::Cpu, None).expect("it decodes");
    let made = take(&mut codec.decode(&latents).expect("it decodes"), "image").expect("images");
    opened.range.images_to_unit(&made)
}

/// The levels of a picture `[c, h, w]`, as files have them.
fn levels(picture: &Array) -> RgbImage {
    let &[c, h, w] = picture.shape() else { panic!("[c, h, w]") };
    RgbImage::from_fn(w as u32, h as u32, |x, y| {
        let level = |channel: usize| {
            let at = (channel.min(c - 1) * h + y as usize) * w + x as usize;
            level_from_unit(picture.data()[at])
        };
        image::Rgb([level(0), level(1), level(2)])
    })
}

#[track_caller]
fn same(saved: &RgbImage, expected: &Array, what: &str) {
    let expected = levels(expected);
    assert_eq!(saved.dimensions(), expected.dimensions(), "the size of {what}");
    let worst = saved.as_raw().iter().zip(expected.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
    // Batches of another size round elsewhere.
    assert!(worst <= Some(1), "{what} differs by {worst:?}");
}

fn apply(harness: &mut Harness<'_, ZscopeApp>, commands: impl IntoIterator<Item = Command>) {
    let ctx = harness.ctx.clone();
    for command in commands {
        harness.state_mut().apply(&ctx, command);
    }
    harness.run_steps(3);
}

#[test]
fn pictures_of_points_are_what_they_decode_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut harness = open_demo(Demo::Vae, Harness::builder().with_size([1280.0, 800.0]));
    let opened = open::open(Demo::Vae.path()).expect("the demo");
    let d = harness.state().explore().latent().len();
    // The plane moves once more when what the data is like becomes known.
    let tiles = |harness: &Harness<'_, ZscopeApp>| -> Vec<Vec<f32>> {
        let corners = Corners::of(harness.state().explore());
        (0..49).map(|tile| corners.latent_of(tile)).collect()
    };
    let (saved, latents) = (0..10)
        .find_map(|turn| {
            let latents = tiles(&harness);
            let path = folder.path().join(format!("pad-{turn}.png"));
            let saved = written(&mut harness, SheetOf::Pad, &path);
            (tiles(&harness) == latents).then_some((saved, latents))
        })
        .expect("a plane that rests");
    same(&saved, &pictures::sheet(&decoded(&opened, &latents), 7, 1), "the pad");

    let places = [vec![0.5; d], vec![-1.0; d], vec![0.0; d]];
    for place in &places {
        apply(
            &mut harness,
            [Command::SetLatent(place.clone()), Command::Bookmark(BookmarkAsk::Add)],
        );
        let here = zscope::session::anchor::Anchor::Point;
        apply(&mut harness, [Command::Station(StationAsk::Add(here))]);
    }
    let row = pictures::sheet(&decoded(&opened, &places), 3, 1);
    for of in [SheetOf::Bookmarks, SheetOf::Stations] {
        let saved = written(&mut harness, of, &folder.path().join(format!("{}.png", of.key())));
        same(&saved, &row, of.key());
    }

    apply(&mut harness, [Command::ShowPane(Pane::Traversals)]);
    let path = folder.path().join("traversals.png");
    let saved = written(&mut harness, SheetOf::Traversals, &path);
    let columns = harness.state().view().traversals.columns as u32;
    let side = opened.image.width as u32 + 1;
    assert_eq!(saved.width() + 1, columns * side, "as many in a row as on the screen");
    assert!(saved.height() + 1 >= side, "rows: {}", saved.height());
}

#[test]
fn images_are_saved_as_the_model_sees_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let mut harness = open_demo(Demo::Vae, Harness::builder().with_size([1280.0, 800.0]));
    let opened = open::open(Demo::Vae.path()).expect("the demo");
    let spec = opened.data().expect("it tells").parse().expect("data");
    let data = data::open(&spec).expect("drawn images");
    let tile = |saved: &RgbImage, column: u32, row: u32| {
        let (w, h) = (opened.image.width as u32, opened.image.height as u32);
        image::imageops::crop_imm(saved, column * (w + 1), row * (h + 1), w, h).to_image()
    };
    let image = |index: u32| {
        let one = data::batch(data.as_ref(), Split::Test, &[index]);
        levels(&one.clone().reshaped(one.shape()[1..].to_vec()).expect("one image"))
    };

    let saved = written(&mut harness, SheetOf::Reconstructions, &file("reconstructions.png"));
    assert_eq!(saved.width() + 1, 16 * (opened.image.width as u32 + 1), "sixteen images");
    assert_eq!(
        saved.height() + 1,
        2 * (opened.image.height as u32 + 1),
        "and what is made of them"
    );
    assert!(tile(&saved, 3, 0) == image(3), "the images as they are");
    assert!(tile(&saved, 3, 1) != image(3), "and not once more");

    let (w, h) = (opened.image.width, opened.image.height);
    let first = image(0);
    let rgba = first.pixels().flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
    let source = Source::Pixels { size: [w, h], rgba };
    apply(&mut harness, [Command::AddPicture { name: "own".to_owned(), source }]);
    let saved = written(&mut harness, SheetOf::OwnPicture, &file("own.png"));
    assert_eq!(saved.width() as usize, 3 * (w + 1) - 1, "with what comes back, and the error");
    assert!(tile(&saved, 0, 0) == first, "the picture as it is");

    let extent = Extent { splits: Splits::Test, images: 10, draws: 2 };
    let line = vec![[-1e9, -1e9], [1e9, -1e9], [1e9, 1e9], [-1e9, 1e9]];
    let ask = |ask: Ask| Command::Map(ask);
    apply(&mut harness, [Command::ShowPane(Pane::Map), ask(Ask::Extent(extent)), ask(Ask::Encode)]);
    for _ in 0..4000 {
        apply(&mut harness, [ask(Ask::SelectWithin { line: line.clone(), adds: false })]);
        if harness.query_by_label_contains("12 selected").is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let saved = written(&mut harness, SheetOf::Selection, &file("selection.png"));
    assert_eq!(
        [saved.width() as usize + 1, saved.height() as usize + 1],
        [4 * (w + 1), 3 * (h + 1)]
    );
    assert!(tile(&saved, 0, 0) == image(0), "the first image of the map");
}

#[test]
fn models_side_by_side_are_saved_in_a_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut harness = open_demo(Demo::Vae, Harness::builder().with_size([1280.0, 800.0]));
    let opened = open::open(Demo::Vae.path()).expect("the demo");
    let add = CompanionAsk::Add(Some(Demo::Vae.path().into()));
    apply(&mut harness, [Command::ShowPane(Pane::SideBySide), Command::Companion(add)]);
    for _ in 0..2000 {
        harness.step();
        let pictures = harness.query_all_by_label("What this model draws").count();
        if pictures == 2 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let d = harness.state().explore().latent().len();
    apply(&mut harness, [Command::SetLatent(vec![0.25; d])]);
    for _ in 0..40 {
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let saved = written(&mut harness, SheetOf::SideBySide, &folder.path().join("beside.png"));
    let here = harness.state().explore().latent().to_vec();
    same(&saved, &pictures::sheet(&decoded(&opened, &[here.clone(), here]), 2, 1), "both");
}

/// A latent beside a point whose codes were edited: each goes through a network of its own.
#[test]
fn bookmarks_with_and_without_edited_codes_are_saved_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut harness = open_demo(Demo::VqVae, Harness::builder().with_size([1280.0, 800.0]));
    let opened = open::open(Demo::VqVae.path()).expect("the demo");
    let keep = Command::Bookmark(BookmarkAsk::Add);
    let edit = Command::SetCell { cell: 0, code: 5 };
    apply(&mut harness, [keep.clone(), Command::BeginEdit, edit, keep]);
    let saved = written(&mut harness, SheetOf::Bookmarks, &folder.path().join("both.png"));
    assert_eq!(saved.width() as usize, 2 * (opened.image.width + 1) - 1, "two pictures");
    assert_eq!(saved.height() as usize, opened.image.height, "in one row");
}

fn builder<T>() -> HarnessBuilder<T> {
    Harness::builder().allow_missing_glyphs().with_accessibility_check(false)
}

#[test]
fn scripts_save_pictures() {
    let folder = tempfile::tempdir().expect("a folder");
    let (script, path) = (folder.path().join("script"), folder.path().join("pad.png"));
    let args = |text: &str| {
        std::fs::write(&script, text).expect("a file");
        WindowArgs {
            path: Some(Demo::Vae.path().into()),
            engine: EngineKind::Cpu,
            frame_log: None,
            script: Some(script.clone()),
        }
    };
    let wrong = args("save-sheet nothing a.png");
    builder::<Window>().build_eframe(|cc| {
        let error = ZscopeApp::new(cc, wrong).err().expect("no such pictures");
        assert!(format!("{error:#}").contains("side-by-side"), "names those that are: {error:#}");
        Window::default()
    });
    let right = args(&format!("wait 0.5\nsave-sheet pad {}\n", path.display()));
    let mut harness =
        builder::<ZscopeApp>().build_eframe(|cc| ZscopeApp::new(cc, right).expect("a good script"));
    for _ in 0..2000 {
        harness.step();
        if path.exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("the pad is not written")
}

#[test]
fn images_of_other_sizes_and_colours_stand_in_a_row() {
    let grey = Array::new([1, 1, 2], vec![0.25, 0.75]).expect("an image");
    let coloured = Array::new([3, 2, 1], vec![1.0, 0.9, 0.0, 0.1, 0.2, 0.3]).expect("an image");
    let row = pictures::row(&[grey, coloured], 1);
    assert_eq!(row.shape(), [3, 2, 4]);
    let expected = [
        [0.25, 0.75, 0.5, 1.0, 0.5, 0.5, 0.5, 0.9],
        [0.25, 0.75, 0.5, 0.0, 0.5, 0.5, 0.5, 0.1],
        [0.25, 0.75, 0.5, 0.2, 0.5, 0.5, 0.5, 0.3],
    ];
    assert_eq!(row.data(), expected.concat(), "tops in line, grey below");
}
