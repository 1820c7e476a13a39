//! The whole program with a workspace that was kept: what returns on the next start, whatever the file holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use eframe::App as _;
use egui_kittest::Harness;
use serde_json::{Value, json};
use zscope::app::ZscopeApp;
use zscope::cli::WindowArgs;
use zscope::engine::EngineKind;
use zscope::session::anchor::Anchor;
use zscope::session::long_jobs::{LongJob, LongJobs};
use zscope::session::map::{Choices, Colouring, Extent, Projection};
use zscope::session::traversals::{COLUMNS, Span, Traversals};
use zscope::train::recipe::Recipe;
use zscope::ui::{Command, CurvesView, Dock, KeptCurves, Kind, MapMode, Page, Pane};

use crate::common::runs::{planned, request, run};

const PATIENCE: Duration = Duration::from_mins(2);

/// What eframe keeps, in memory.
#[derive(Clone, Debug, Default)]
struct Memory(BTreeMap<String, String>);

impl eframe::Storage for Memory {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }

    fn set_string(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }

    fn remove_string(&mut self, key: &str) {
        self.0.remove(key);
    }

    fn flush(&mut self) {}
}

impl Memory {
    fn of(workspace: &Value) -> Self {
        Self(BTreeMap::from([("workspace".to_owned(), workspace.to_string())]))
    }
}

/// The program as it starts with what was kept, with its model open.
fn start(memory: &Memory) -> Harness<'_, ZscopeApp> {
    let args = WindowArgs { path: None, engine: EngineKind::Cpu, frame_log: None, script: None };
    let mut harness = Harness::builder()
        .with_size([1280.0, 800.0])
        .allow_missing_glyphs()
        .with_accessibility_check(false)
        .build_eframe(|cc| {
            cc.storage = Some(memory);
            ZscopeApp::new(cc, args).expect("nothing that could fail")
        });
    wait(&mut harness, "the model opens", |app| app.has_model());
    harness
}

#[track_caller]
fn wait(
    harness: &mut Harness<'_, ZscopeApp>,
    what: &str,
    mut is_so: impl FnMut(&mut ZscopeApp) -> bool,
) {
    let begun = Instant::now();
    while !is_so(harness.state_mut()) {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What the program would keep now.
fn kept(app: &mut ZscopeApp) -> Value {
    let mut memory = Memory::default();
    app.save(&mut memory);
    serde_json::from_str(&memory.0["workspace"]).expect("plain data")
}

/// A workspace that differs in everything from what there is at first.
fn another(run: &Path, other: &Path) -> Value {
    let recipe: Vec<(&str, Value)> = vec![
        ("name", Value::Null),
        ("recipe", json!("vae")),
        ("settings", json!({"latent_dim": 7})),
        ("data", json!("shapes")),
        ("epochs", json!(3)),
        ("batch", json!(32)),
        ("seed", json!(9)),
    ];
    json!({
        "version": 1,
        "model": {"demo": "vae"},
        "looks": {
            "page": "explore",
            "fronts": [["latent", "traversals"], ["codes", "palette"]],
            "traversals": {"columns": 5, "span": {"watched": {"share": 0.25}}, "base": {"image": 3}},
            "map": {
                "extent": {"splits": "both", "images": 123, "draws": 4},
                "projection": {"dims": [2, 1]},
                "colouring": "loss",
                "metric": "cosine",
            },
            "map_mode": "lasso",
            "curves": {"smoothing": 0.5, "log": true, "robust": false, "plots": {"Losses": false}},
            "form": recipe.into_iter().collect::<BTreeMap<_, _>>(),
            "strip": {"image": 2},
        },
        "others": {
            "companions": [{"demo": "vae"}],
            "link": {"image": 1},
            "compared": [run],
            "evaluated": [other],
        },
    })
}

#[test]
fn everything_returns_on_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = planned(request(Recipe::Vae, &["latent_dim=2"], 2), &folder.path().join("compared"));
    let dir = plan.run.path().canonicalize().expect("it is there");
    run(plan);
    let other = folder.path().canonicalize().expect("it is there");
    let workspace = another(&dir, &other);
    let memory = Memory::of(&workspace);
    let mut harness = start(&memory);
    let view = harness.state().view();
    assert!(view.dock.shows(Pane::Traversals), "the tab in front is the one of last time");
    assert!(!view.dock.shows(Pane::Reconstructions));
    assert_eq!(view.traversals.columns, 5);
    assert_eq!(view.traversals.span, Span::Watched { share: 0.25 });
    assert_eq!(view.map.mode, MapMode::Lasso);
    assert!((view.curves.smoothing - 0.5).abs() < 1e-9 && view.curves.log && !view.curves.robust);
    assert_eq!((view.form.epochs, view.form.batch, view.form.seed), (3, 32, 9));
    assert_eq!(view.form.settings.integer("latent_dim"), 7);
    wait(&mut harness, "traversals go from the watched image again", |app| {
        app.view().traversals.base == Anchor::Image(3)
    });
    wait(&mut harness, "other models and runs are opened", |app| {
        kept(app)["others"] == workspace["others"]
    });
    // What is kept then is what was kept, and returns again.
    let again = kept(harness.state_mut());
    for part in ["traversals", "map", "map_mode", "strip", "page"] {
        assert_eq!(again["looks"][part], workspace["looks"][part], "{part}");
    }
    let fronts: Vec<(Kind, Pane)> =
        serde_json::from_value(again["looks"]["fronts"].clone()).expect("plain data");
    assert!(fronts.contains(&(Kind::Codes, Pane::Palette)), "{fronts:?}");
    let memory = Memory::of(&again);
    drop(harness);
    let mut harness = start(&memory);
    wait(&mut harness, "a third start is as the second", |app| {
        let third = kept(app);
        third["looks"] == again["looks"] && third["others"] == again["others"]
    });
    let ctx = harness.ctx.clone();
    harness.state_mut().apply(&ctx, Command::ShowPage(Page::Evaluate));
    assert_eq!(kept(harness.state_mut())["looks"]["page"], "evaluate");
}

#[test]
fn an_older_or_a_hostile_workspace_opens_all_the_same() {
    let old = json!({"version": 1, "model": {"demo": "vae"}});
    let gone = json!(["/nowhere/at/all", 7, "", {"demo": "none"}]);
    let odd = json!({
        "version": 1,
        "model": {"demo": "vae"},
        "looks": {
            "page": "basement",
            "fronts": [["latent", "cellar"], 3, ["codes", "dimensions"], ["latent", "map"]],
            "traversals": {"columns": 4_000_000_000_u64, "span": {"absolute": 1e30}, "base": {"image": u64::MAX}},
            "map": {
                "extent": {"splits": "none", "images": u64::MAX, "draws": u64::MAX},
                "projection": {"dims": [u64::MAX, 0]},
                "colouring": {"factor": u64::MAX},
                "metric": 3,
            },
            "map_mode": ["lasso"],
            "curves": {"smoothing": 17.0, "plots": {"Losses": false, "None": true}},
            "form": {"recipe": "soup", "settings": {}, "data": "", "epochs": 0, "batch": 0, "seed": 0, "name": null},
            "strip": {"bookmark": u64::MAX},
        },
        "others": {
            "companions": [{"path": "/nowhere/at/all"}, {"demo": "none"}, 3],
            "link": {"image": u64::MAX},
            "compared": gone,
            "evaluated": gone,
        },
    });
    let wrong = json!({"version": 1, "model": {"demo": "vae"}, "looks": 3, "others": [null]});
    for workspace in [old, odd, wrong] {
        let memory = Memory::of(&workspace);
        let mut harness = start(&memory);
        harness.run_steps(20);
        let view = harness.state().view();
        assert_eq!((view.page, view.map.mode), (Page::Explore, MapMode::Walk), "{workspace}");
        assert!(COLUMNS.contains(&view.traversals.columns));
        assert_eq!(view.traversals.base, Anchor::Point);
        assert!((0.0..1.0).contains(&view.curves.smoothing));
        let ctx = harness.ctx.clone();
        harness.state_mut().apply(&ctx, Command::ShowPane(Pane::Map));
        harness.run_steps(5);
        let kept = kept(harness.state_mut());
        for list in ["companions", "compared", "evaluated"] {
            assert_eq!(kept["others"][list], json!([]), "{list} of {workspace}");
        }
    }
}

#[test]
fn what_is_kept_of_looks_is_bounded() {
    let odd = Traversals { columns: 0, span: Span::Absolute(f32::NAN), base: Anchor::Origin };
    let admitted = odd.admitted();
    assert_eq!(admitted.columns, *COLUMNS.start());
    assert_eq!(admitted.span, Span::default());
    let odd = Traversals { span: Span::Watched { share: 9.0 }, ..admitted };
    assert_eq!(odd.admitted().span, Span::Watched { share: 0.25 });
    let odd = Choices {
        extent: Extent { images: 0, draws: usize::MAX, ..Extent::default() },
        projection: Projection::Dims([0, 8]),
        colouring: Colouring::Factor(2),
        ..Choices::default()
    };
    let admitted = odd.clone().admitted(8, 2);
    assert_eq!(admitted.extent, odd.extent.admitted());
    assert_eq!((admitted.projection, admitted.colouring), (Projection::Pca, Colouring::Label));
    assert_eq!(odd.clone().admitted(9, 3).projection, odd.projection);
    let text = r#"{"smoothing": -3.0, "log": true, "plots": {"No such plot": true}}"#;
    let curves: KeptCurves = serde_json::from_str(text).expect("options");
    let mut view = CurvesView::default();
    view.take_up(&curves);
    assert!(view.smoothing.abs() < f64::EPSILON && view.log && view.robust);
    assert_eq!(view.shown, CurvesView::default().shown);
    let mut dock = Dock::default();
    dock.bring(&[(Kind::Latent, Pane::Palette), (Kind::Latent, Pane::Walk)]);
    assert_eq!(dock.fronts(), [(Kind::Latent, Pane::Walk)]);
    assert!(dock.shapes().is_empty(), "tabs in front are no arrangement of a person's own");
}

#[test]
fn jobs_are_told_of_once_they_have_ended() {
    let job = |name: &str, number| LongJob { name: name.to_owned(), number };
    let begun = Instant::now();
    let at = |secs| begun + Duration::from_secs(secs);
    let mut jobs = LongJobs::default();
    assert!(jobs.follow([job("UMAP", 0), job("film", 1)], at(0)).is_empty());
    assert!(jobs.follow([job("UMAP", 0), job("film", 1), job("film", 2)], at(5)).is_empty());
    let ended = jobs.follow([job("UMAP", 0), job("film", 2)], at(25));
    assert_eq!(ended, [("film".to_owned(), Duration::from_secs(25))]);
    let ended = jobs.follow([job("film", 2)], at(40));
    assert_eq!(ended, [("UMAP".to_owned(), Duration::from_secs(40))]);
    let ended = jobs.follow([], at(41));
    assert_eq!(ended, [("film".to_owned(), Duration::from_secs(36))]);
    assert!(jobs.follow([], at(90)).is_empty());
}
