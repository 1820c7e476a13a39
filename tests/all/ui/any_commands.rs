//! The whole program, without a display, under commands that no person would give in this order.

use std::path::{Path, PathBuf};

use eframe::egui;
use egui_kittest::{Harness, HarnessBuilder};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use zscope::app::ZscopeApp;
use zscope::cli::WindowArgs;
use zscope::engine::EngineKind;
use zscope::event::Value;
use zscope::graph::Perturbation;
use zscope::language::Language;
use zscope::latent::Mixing;
use zscope::measure::directions::{Lesson, Method, Source};
use zscope::random::{Purpose, stream};
use zscope::sample::Options;
use zscope::session::anchor::Anchor;
use zscope::session::codebook::ReviveFrom;
use zscope::session::explore::CornerSource;
use zscope::session::inside::Side;
use zscope::session::map::{Ask, Projection};
use zscope::session::prior::{Form, PriorAsk};
use zscope::session::texts::TextAsk;
use zscope::session::walk::{Easing, Looping};
use zscope::ui::{
    BookmarkAsk, CodesAsk, Command, CommandOf, CompanionAsk, Demo, DirectionsAsk, Grow, Link,
    Order, Page, Pane, QueueAsk, RunsAsk, SeedsAsk, SheetOf, StationAsk, StripAsk, Towards,
};

use crate::common::runs;
use crate::prior::{autoencoder, request};

/// Commands to each model.
const COMMANDS: usize = 1000;

/// The whole program with a demo in it.
pub fn open_demo(demo: Demo, builder: HarnessBuilder<ZscopeApp>) -> Harness<'static, ZscopeApp> {
    open_model(demo.path(), builder)
}

/// The whole program with a model in it, named as on the command line.
pub fn open_model(model: &str, builder: HarnessBuilder<ZscopeApp>) -> Harness<'static, ZscopeApp> {
    let args = WindowArgs {
        path: Some(PathBuf::from(model)),
        engine: EngineKind::Cpu,
        frame_log: None,
        script: None,
    };
    let mut harness = builder
        .allow_missing_glyphs()
        .with_accessibility_check(false)
        .build_eframe(|cc| ZscopeApp::new(cc, args).expect("nothing that could fail"));
    for _ in 0..2000 {
        if harness.state().has_model() {
            return harness;
        }
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("{model} does not open")
}

/// Numbers that a hand gives, and those that none should.
fn number(rng: &mut ChaCha8Rng) -> f32 {
    const ODD: [f32; 7] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -1.0, 1e30, 1e-30];
    if rng.random::<f32>() < 0.2 {
        ODD[rng.random_range(0..7)]
    } else {
        rng.random_range(-4.0..4.0)
    }
}

fn of<T: Clone>(rng: &mut ChaCha8Rng, all: &[T]) -> T {
    all[rng.random_range(0..all.len())].clone()
}

/// Anything that is asked of a prior, but for a dialog.
pub fn any_ask(rng: &mut ChaCha8Rng, folder: &Path) -> PriorAsk {
    let index = rng.random_range(0..24);
    match rng.random_range(0..14) {
        9 => PriorAsk::Say(any_text(rng)),
        10 => PriorAsk::Towards(any_text(rng)),
        11 => PriorAsk::But(any_text(rng)),
        12 => PriorAsk::Complete,
        13 => PriorAsk::Edit,
        0 => PriorAsk::Set(any_form(rng)),
        1 => PriorAsk::Draw,
        2 => PriorAsk::Fill,
        3 => PriorAsk::Cancel,
        4 => PriorAsk::Take(index),
        5 => PriorAsk::Erase { cells: vec![index, index / 2, 9999], erased: true },
        6 => PriorAsk::Erase { cells: vec![index], erased: false },
        7 => PriorAsk::Restore,
        _ => PriorAsk::SaveFilm(Some(folder.join("draws.gif"))),
    }
}

/// What somebody may type.
fn any_text(rng: &mut ChaCha8Rng) -> String {
    of(rng, &["", " ", "blue", "a red circle on navy, top left", "🙂"]).to_owned()
}

/// How codes are drawn, as no person would say.
pub fn any_form(rng: &mut ChaCha8Rng) -> Form {
    let index = rng.random_range(0..24);
    let options = Options {
        class: of(rng, &[None, Some(index as u32), Some(u32::MAX)]),
        temperature: number(rng),
        top_k: of(rng, &[0, index, usize::MAX]),
        top_p: number(rng),
        guidance: number(rng),
        seed: rng.random(),
        steps: of(rng, &[0, index, usize::MAX]),
    };
    Form {
        options,
        count: of(rng, &[0, index, usize::MAX]),
        follows: rng.random(),
        share: of(rng, &[None, Some(0.3), Some(f32::NAN), Some(9.0)]),
    }
}

/// Any command that asks for no dialog, starts no run and does not close the window.
#[expect(clippy::too_many_lines, reason = "a table: every command")]
fn any_command(rng: &mut ChaCha8Rng, folder: &Path) -> Command {
    let index = rng.random_range(0..24);
    let file = |name: &str| Some(folder.join(name));
    let (odd, yes) = (number(rng), rng.random());
    let anchors = [
        Anchor::Point,
        Anchor::Origin,
        Anchor::Image(index),
        Anchor::Bookmark(index),
        Anchor::OwnPicture,
        Anchor::MapPoint,
        Anchor::MapSelection,
    ];
    match rng.random_range(0..68) {
        0 => Command::BeginEdit,
        1 => Command::SetDim { dim: index, value: number(rng) },
        2 => Command::SetLatent((0..index).map(|_| number(rng)).collect()),
        3 => Command::SetPad([number(rng), number(rng)]),
        4 => Command::BeginWalk,
        5 => Command::Walk([number(rng), number(rng)]),
        6 => of(rng, &[Command::WalkDims, Command::WalkRandom]),
        7 => Command::SetMixing(of(rng, &[Mixing::Lerp, Mixing::Slerp])),
        8 => {
            let sources = [CornerSource::Image(index), CornerSource::Draw(7), CornerSource::Point];
            Command::SetCorner { index: index % 6, source: of(rng, &sources) }
        }
        9 => Command::RedrawCorner(index % 6),
        10 => Command::JumpToDraw,
        11 => Command::Seeds(SeedsAsk::Go([number(rng).into(), number(rng).into()])),
        12 => Command::Seeds(of(rng, &[SeedsAsk::Snap, SeedsAsk::Leave])),
        13 => Command::Seeds(SeedsAsk::Drift([number(rng), number(rng)])),
        14 => Command::SetTemperature(number(rng)),
        15 => Command::Bookmark(BookmarkAsk::Add),
        16 => Command::Bookmark(BookmarkAsk::GoTo(index)),
        17 => Command::Bookmark(BookmarkAsk::Rename { index, name: "x".repeat(index * 9) }),
        18 => {
            Command::Bookmark(of(rng, &[BookmarkAsk::Replace(index), BookmarkAsk::Remove(index)]))
        }
        19 => Command::Bookmark(BookmarkAsk::AtCorner { index, corner: index % 6 }),
        20 => Command::Station(StationAsk::Add(of(rng, &anchors))),
        21 => Command::Station(of(rng, &[StationAsk::Replace(index), StationAsk::Remove(index)])),
        22 => Command::Station(StationAsk::Move { from: index, to: index / 2 }),
        23 => Command::Station(StationAsk::SetSecs { index, secs: number(rng) }),
        24 => Command::Station(StationAsk::Change {
            speed: number(rng),
            easing: of(rng, &Easing::ALL).0,
            looping: of(rng, &Looping::ALL).0,
        }),
        25 => Command::Station(StationAsk::Seek(number(rng))),
        26 => Command::Station(StationAsk::Play(rng.random())),
        27 => Command::Station(StationAsk::Save { pictures: index, path: file("walk.gif") }),
        28 => Command::SaveSheet { of: of(rng, &SheetOf::ALL), path: file("sheet.png") },
        29 => {
            let path = of(rng, &["demo:vae", "demo:vq-vae", "/nowhere/at/all"]);
            Command::Companion(CompanionAsk::Add(Some(path.into())))
        }
        30 => Command::Companion(CompanionAsk::Remove(index % 5)),
        62 => Command::Runs(of(
            rng,
            &[
                RunsAsk::Refresh,
                RunsAsk::AddFolder(file("nowhere")),
                RunsAsk::AddFolder(Some(folder.to_owned())),
                RunsAsk::RemoveFolder(index),
                RunsAsk::Choose(vec!["vae-1".to_owned()]),
                RunsAsk::CompareCurves(vec![folder.join("nowhere"); index % 6]),
                RunsAsk::Save(file("runs.csv")),
                RunsAsk::Delete(vec![folder.to_owned()]),
            ],
        )),
        63 => {
            let (number, place) = (index as u64, index);
            let moved = QueueAsk::Move { number, place };
            let all = [moved, QueueAsk::Remove(number), QueueAsk::Clear, QueueAsk::Hold(yes)];
            Command::Queue(of(rng, &all))
        }
        64 => Command::Strip(of(
            rng,
            &[
                StripAsk::Show(index as u64),
                StripAsk::Newest,
                StripAsk::Cancel,
                StripAsk::Source(anchors[index % 7]),
                StripAsk::Save(file("strip.png")),
            ],
        )),
        65 => {
            let point = of(rng, &anchors);
            let all = [
                Command::GoTo(point),
                Command::TraverseFrom(point),
                Command::PointToCorner { index: index % 6, point },
            ];
            of(rng, &all)
        }
        66 => Command::Prior(any_ask(rng, folder)),
        67 => {
            let all = [
                TextAsk::Say(any_text(rng)),
                TextAsk::Towards(any_text(rng)),
                TextAsk::But(any_text(rng)),
                TextAsk::Steps(index),
                TextAsk::GoBetween(index % 8),
                TextAsk::GoChange(index % 8),
            ];
            if rng.random_bool(0.5) {
                Command::Texts(of(rng, &all))
            } else {
                Command::Prior(any_ask(rng, folder))
            }
        }
        31 => {
            let links = [Link::Latent, Link::Image(index), Link::OwnPicture];
            Command::Companion(CompanionAsk::Link(of(rng, &links)))
        }
        32 => Command::CancelTask(index as u64),
        33 => Command::CopyPoint,
        34 => {
            Command::PastePoint(of(rng, &["[1, 2]", "", "nan", "0 0 0 0 0 0 0 0 0 0"]).to_owned())
        }
        35..=37 => Command::Undo,
        38 => Command::Redo,
        39 => Command::Freeze(rng.random()),
        40 => of(rng, &[Command::ShowClass(index), Command::ShowAverage(true)]),
        41 => Command::ShowCard(rng.random()),
        42 => of(rng, &[Command::Pause, Command::Resume, Command::StepOnce, Command::Stop]),
        43 => Command::SetLive { name: "lr".to_owned(), value: Value::Number(number(rng).into()) },
        44 => of(rng, &[Command::KeepCurves, Command::StopComparing(index)]),
        45 => Command::SavePicture(file("picture.png")),
        46 => Command::ShowPage(of(rng, &[Page::Explore, Page::Evaluate, Page::Runs])),
        47..=49 => Command::ShowPane(of(rng, &Pane::ALL)),
        50 => match rng.random_range(0..4) {
            0 => Command::ClosePane(of(rng, &Pane::ALL)),
            1 => Command::MovePane(of(rng, &Pane::ALL), of(rng, &Towards::ALL).0),
            2 => Command::ResizePane(of(rng, &Pane::ALL), of(rng, &Grow::ALL).0),
            _ => Command::FitMap,
        },
        51 => Command::ResetLayout,
        52 => Command::OrderCodes(of(rng, &[Order::Index, Order::Use, Order::Similarity])),
        53 => Command::SelectCode(of(rng, &[None, Some(index), Some(5000)])),
        54 => Command::ReviveCodes { codes: vec![index, 5000], from: ReviveFrom::Random },
        55 => Command::SetCell { cell: index * 4, code: index as u32 * 5 },
        56 => of(
            rng,
            &[
                Command::ResetCells,
                Command::UndoCodes,
                Command::Codes(CodesAsk::MakePalette),
                Command::Codes(CodesAsk::SaveCodes(file("codes.csv"))),
                Command::PastePicture,
                Command::Codes(CodesAsk::Paint(vec![(index, 3), (9999, 9999)])),
            ],
        ),
        57 => Command::Map(of(
            rng,
            &[Ask::Cancel, Ask::Deselect, Ask::Choose(Some(3)), Ask::Project(Projection::Pca)],
        )),
        58 => Command::CopyLine(of(rng, &CommandOf::ALL).0),
        59 => of(
            rng,
            &[
                Command::LookInto(Side::Decoder),
                Command::LookInto(Side::Encoder),
                Command::LookInto(Side::Discriminator),
                Command::LookAt("no such node".to_owned()),
                Command::Perturb(Perturbation {
                    node: "nothing".to_owned(),
                    channel: Some(index),
                    scale: odd,
                    shift: -odd,
                }),
                Command::UnperturbAll,
            ],
        ),
        60 => of(
            rng,
            &[
                Command::SavePoints(file("points.safetensors")),
                Command::SaveWorkspace(file("state.zscope")),
                Command::GoToPicture,
                Command::PictureToCorner(index),
                Command::StopInverting,
            ],
        ),
        61 => Command::Directions(of(
            rng,
            &[
                DirectionsAsk::Learn(Lesson {
                    source: if yes { Source::Classes } else { Source::FirstLayer },
                    method: Method::Means,
                    images: 40,
                    count: index,
                }),
                DirectionsAsk::Between { from: anchors[index % 7], to: Anchor::Point },
                DirectionsAsk::Set { index: index / 3, value: odd, begins: yes },
                DirectionsAsk::Reset,
                DirectionsAsk::Invert(index / 3),
                DirectionsAsk::Move { from: index / 3, to: index / 5 },
                DirectionsAsk::Orthogonalise { index: index / 3, against: vec![0, 1, index] },
                DirectionsAsk::Remove(index),
                DirectionsAsk::Save(file("directions.safetensors")),
                DirectionsAsk::Load(file("directions.safetensors")),
            ],
        )),
        _ => of(
            rng,
            &[
                Command::ShowCommandPalette(yes),
                Command::TypedPath("nowhere".into()),
                Command::ShowKeys(yes),
                Command::SetTheme(egui::ThemePreference::Light),
                Command::SetLanguage(if yes {
                    Language::SimplifiedChinese
                } else {
                    Language::English
                }),
                Command::Zoom(1),
                Command::Zoom(0),
                Command::Dismiss(index),
            ],
        ),
    }
}

/// The commands of a seed; the latent has to stay a place, and a move has to be undone to the last bit.
fn survives(model: &str, seed: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rng = stream(seed, 0, Purpose::Explore);
    let mut harness = open_model(model, Harness::builder().with_size([900.0, 600.0]));
    let d = harness.state().explore().latent().len();
    for step in 0..COMMANDS {
        let command = any_command(&mut rng, folder.path());
        let ctx = harness.ctx.clone();
        let app = harness.state_mut();
        app.apply(&ctx, command.clone());
        let latent = app.explore().latent();
        let is_place = latent.len() == d && latent.iter().all(|value| value.is_finite());
        assert!(is_place, "step {step} of seed {seed}, {command:?}: {latent:?}");
        if step % 7 == 0 {
            app.apply(&ctx, Command::Station(StationAsk::Play(false)));
            app.apply(&ctx, Command::Seeds(SeedsAsk::Drift([0.0; 2])));
            let before = app.explore().place();
            app.apply(&ctx, Command::BeginEdit);
            app.apply(&ctx, Command::SetDim { dim: step % d, value: step as f32 });
            app.apply(&ctx, Command::Undo);
            let after = app.explore().place();
            assert_eq!((after.latent, after.cells), (before.latent, before.cells), "step {step}");
        }
        if step % 3 == 0 {
            harness.step();
        }
    }
    harness.run_steps(3);
}

#[test]
fn a_vae_survives_a_thousand_commands() {
    survives(Demo::Vae.path(), 1);
}

#[test]
fn a_vq_vae_survives_a_thousand_commands() {
    survives(Demo::VqVae.path(), 2);
}

#[test]
fn a_prior_survives_a_thousand_commands() {
    let base = runs::folder();
    let codes = autoencoder(&base.path().join("codes"));
    for (order, seed) in [("order=raster", 3), ("order=masked", 4)] {
        let dir = base.path().join(order);
        runs::run(runs::planned(request(&codes, &[order], 20), &dir));
        survives(&dir.to_string_lossy(), seed);
    }
}
