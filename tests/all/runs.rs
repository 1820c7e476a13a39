//! The table of runs, the queue, sweeps, the film strip, and which checkpoints stay along a run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rand::RngExt as _;
use zscope::formats::run_dir::{CheckpointState, RunDir, thinned};
use zscope::formats::run_list::{
    DELETED, Ended, MOST_NOTES, NOTES, RunSummary, put_away, runs_in, summary, write_notes,
};
use zscope::random::{Purpose, stream};
use zscope::session::anchor::Anchor;
use zscope::session::queue::{MOST_QUEUED, Queue};
use zscope::session::runs::{Column, Standing, csv, date, differences, shown};
use zscope::session::strip::Strip;
use zscope::session::sweep::{MOST_VALUES, SweepError, values};
use zscope::train::recipe::Recipe;
use zscope::ui::{QueuedRun, TrainForm};

use crate::common::runs::{folder, planned, request, run};

/// A run of that name, of which nothing is told but this.
pub fn made_up(name: &str, step: u64, changed_secs: u64) -> RunSummary {
    RunSummary {
        dir: PathBuf::from("/runs").join(name),
        name: name.to_owned(),
        recipe: "vae".to_owned(),
        data: "shapes".to_owned(),
        step,
        total_steps: 1_000,
        measures: BTreeMap::new(),
        changed_secs,
        trained_secs: step as f64,
        bytes: 1_000 * step,
        checkpoints: vec![0, step],
        notes: String::new(),
        ended: if step >= 1_000 { Ended::Finished } else { Ended::Stopped },
        config: BTreeMap::from([
            ("recipe".to_owned(), "vae".to_owned()),
            ("lr".to_owned(), format!("0.{step}")),
        ]),
    }
}

#[test]
fn thinned_steps_keep_both_ends_and_a_bound() {
    for seed in 0..200 {
        let mut rng = stream(seed, 0, Purpose::Explore);
        let steps: BTreeSet<u64> =
            (0..rng.random_range(0..60)).map(|_| rng.random_range(0..100_000)).collect();
        let steps: Vec<u64> = steps.into_iter().collect();
        let most = rng.random_range(0..30);
        let kept = thinned(&steps, most);
        assert_eq!(kept.len(), steps.len().min(most), "{steps:?} to {most}");
        assert!(kept.windows(2).all(|pair| pair[0] < pair[1]), "ascending");
        assert!(kept.iter().all(|step| steps.contains(step)), "no other steps");
        if most > 0 {
            assert_eq!(kept.last(), steps.last(), "the newest");
        }
        if most > 1 {
            assert_eq!(kept.first(), steps.first(), "the first");
        }
    }
}

/// As a run goes on and each checkpoint thins anew, what is left spreads by ratio, not evenly.
#[test]
fn thinning_again_and_again_spreads_by_ratio() {
    for most in [6, 12, 24] {
        let mut kept = Vec::new();
        for number in 0..=2_000_u64 {
            kept.push(500 * number);
            kept = thinned(&kept, most);
        }
        assert_eq!((kept.len(), kept[0], *kept.last().unwrap()), (most, 0, 1_000_000));
        // From the first real checkpoint on; 0 has no ratio.
        let ratios: Vec<f64> =
            kept[1..].windows(2).map(|pair| pair[1] as f64 / pair[0] as f64).collect();
        let ideal = 2_000_f64.powf(1.0 / ratios.len() as f64);
        let widest = ratios.iter().copied().fold(0.0, f64::max);
        assert!(widest <= ideal.powi(3), "{most}: {widest} of {ideal}: {kept:?}");
        let early = kept.iter().filter(|step| **step <= 100_000).count();
        assert!(2 * early >= most, "{most}: only {early} in the first tenth: {kept:?}");
        // Evenly spread ones would fail that.
        assert!(2 * (most / 10 + 1) < most, "the bound tells the two apart");
    }
}

#[test]
fn a_run_keeps_its_past() {
    let base = folder();
    let keys =
        ["arch=mlp", "hidden=8", "checkpoint_every=1", "keep_checkpoints=2", "keep_history=4"];
    run(planned(request(Recipe::Vae, &keys, 24), base.path()));
    let told = summary(base.path());
    assert!(told.checkpoints.contains(&0), "the untrained network: {:?}", told.checkpoints);
    assert!(told.checkpoints.ends_with(&[23, 24]), "the newest: {:?}", told.checkpoints);
    // Two newest, the best, and four along the way.
    assert!((4..=7).contains(&told.checkpoints.len()), "{:?}", told.checkpoints);
    let early = told.checkpoints.iter().filter(|step| (1..12).contains(*step)).count();
    assert!(early > 0, "something of its first half: {:?}", told.checkpoints);
}

#[test]
fn a_summary_tells_what_the_files_tell() {
    let base = folder();
    let dir = base.path().join("first");
    let keys = ["arch=mlp", "hidden=8", "checkpoint_every=4"];
    run(planned(request(Recipe::Vae, &keys, 8), &dir));
    assert_eq!(runs_in(base.path()).expect("a folder"), vec![dir.clone()]);
    assert_eq!(runs_in(&dir).expect("a run"), vec![dir.clone()], "a run is a folder of itself");
    let told = summary(&dir);
    assert_eq!((told.step, told.total_steps, &told.ended), (8, 8, &Ended::Finished));
    assert_eq!((&*told.name, &*told.recipe), ("first", "vae"));
    assert_eq!(told.data, "shapes?size=16&train=96&test=32");
    assert!(told.measures.contains_key("psnr_db") && told.measures.contains_key("elbo_nats"));
    assert_eq!(told.config["hidden"], "8", "the recipe's own keys by their names");
    assert_eq!(told.config["model.latent_dim"], told.config["latent_dim"]);
    assert!(told.bytes > 1_000 && told.changed_secs > 1_600_000_000 && told.trained_secs > 0.0);
    assert_eq!(told.notes, "");
}

#[test]
fn damaged_runs_say_what_is_wrong() {
    let base = folder();
    let dir = base.path().join("run");
    run(planned(request(Recipe::Vae, &["arch=mlp", "hidden=8"], 2), &dir));
    let metrics = fs::read_to_string(dir.join("metrics.csv")).expect("curves");
    let last = metrics.trim_end().rsplit('\n').next().expect("a row").to_owned();
    let (lead, _) = last.rsplit_once(',').expect("cells");
    let broken = format!("{metrics}{lead},NaN\n3,torn");
    fs::write(dir.join("metrics.csv"), broken).expect("written");
    assert_eq!(summary(&dir).ended, Ended::Diverged, "a value that is no number");
    fs::write(dir.join("metrics.csv"), b"\xff\xfe,,\n,,,\n").expect("written");
    assert_eq!(summary(&dir).ended, Ended::Finished, "curves are no proof of anything");
    let says = |word: &str| match summary(&dir).ended {
        Ended::Damaged(why) => assert!(why.contains(word), "{why:?} says nothing of {word:?}"),
        other => panic!("{other:?} where {word:?} is wrong"),
    };
    fs::remove_dir_all(dir.join("checkpoints")).expect("removed");
    fs::create_dir(dir.join("checkpoints")).expect("made");
    says("checkpoint");
    for text in ["", "{", "[]", "{\"format\": 1}", "{\"format\": 99}", "\u{0}"] {
        fs::write(dir.join("config.json"), text).expect("written");
        says("config.json");
        assert_eq!(runs_in(base.path()).expect("listed"), vec![dir.clone()], "listed all the same");
    }
    fs::remove_file(dir.join("config.json")).expect("removed");
    says("config.json");
    fs::write(base.path().join("a file"), "no run").expect("written");
    fs::create_dir(base.path().join("pictures")).expect("made");
    assert_eq!(runs_in(base.path()).expect("listed"), [dir], "strangers are left out");
    assert_eq!(runs_in(&base.path().join("nowhere")).expect("none yet"), Vec::<PathBuf>::new());
    assert!(runs_in(&base.path().join("a file")).is_err(), "a file is no folder");
}

#[test]
fn notes_come_back_and_go() {
    let base = folder();
    run(planned(request(Recipe::Vae, &["arch=mlp", "hidden=8"], 1), base.path()));
    write_notes(base.path(), "sharp, but slow\nline two\n\n").expect("written");
    assert_eq!(summary(base.path()).notes, "sharp, but slow\nline two");
    let long = "é".repeat(MOST_NOTES);
    write_notes(base.path(), &long).expect("written");
    let kept = summary(base.path()).notes;
    assert!(kept.len() <= MOST_NOTES && long.starts_with(&kept) && !kept.is_empty());
    write_notes(base.path(), "  ").expect("removed");
    assert!(!base.path().join(NOTES).exists(), "no empty file");
    write_notes(base.path(), "").expect("nothing to remove");
    assert!(write_notes(&base.path().join("nowhere"), "text").is_err());
}

#[test]
fn deleted_runs_can_be_taken_back() {
    let base = folder();
    let dir = base.path().join("run");
    for name in ["run", "run-2"] {
        run(planned(request(Recipe::Vae, &["arch=mlp", "hidden=8"], 1), &dir));
        let to = put_away(&dir).expect("moved");
        assert_eq!(to, base.path().join(DELETED).join(name), "under a free name");
        assert!(!dir.exists() && RunDir::is_run(&to), "moved as a whole");
        assert_eq!(runs_in(base.path()).expect("listed"), Vec::<PathBuf>::new(), "listed no more");
    }
    fs::create_dir(base.path().join("pictures")).expect("made");
    assert!(put_away(&base.path().join("pictures")).is_err(), "no run");
    assert!(base.path().join("pictures").exists(), "and left alone");
    assert!(put_away(Path::new("/")).is_err());
}

#[test]
fn words_find_runs_and_columns_order_them() {
    let mut all = vec![
        made_up("b", 10, 30),
        made_up("a", 1_000, 10),
        made_up("c", 500, 20),
        made_up("d", 5, 20),
    ];
    all[1].measures.insert("psnr_db".to_owned(), 20.0);
    all[2].measures.insert("psnr_db".to_owned(), 25.0);
    all[3].measures.insert("psnr_db".to_owned(), f64::NAN);
    all[2].notes = "Sharp one".to_owned();
    let names = |words: &str, column, falling| -> String {
        let training = Some(Path::new("/runs/b"));
        let places = shown(&all, training, words, column, falling);
        places.into_iter().map(|place| all[place].name.clone()).collect()
    };
    assert_eq!(names("", Column::Changed, true), "bcda", "the newest first");
    assert_eq!(names("", Column::Name, false), "abcd");
    assert_eq!(names("", Column::Psnr, true), "cabd", "none comes last");
    assert_eq!(names("", Column::Psnr, false), "acbd", "whichever the order");
    assert_eq!(names("", Column::State, false), "bacd", "in training, finished, stopped");
    assert_eq!(names("", Column::Notes, false), "cbda", "those without come last");
    assert_eq!(names("sharp VAE", Column::Name, false), "c", "all words, in any field");
    assert_eq!(names("in training", Column::Name, false), "b");
    assert_eq!(names("sharp gan", Column::Name, false), "");
    for column in Column::ALL {
        for falling in [false, true] {
            let mut found = shown(&all, None, "", column, falling);
            found.sort_unstable();
            assert_eq!(found, [0, 1, 2, 3], "{column:?} leaves none out");
        }
    }
    assert_eq!(Standing::of(&all[0], None), Standing::Stopped, "not in training here");
}

#[test]
fn differing_keys_come_first() {
    let (mut a, b) = (made_up("a", 1, 0), made_up("b", 2, 0));
    a.config.insert("beta".to_owned(), "4".to_owned());
    let lines = differences(&[&a, &b]);
    let keys: Vec<(&str, bool)> = lines.iter().map(|line| (&*line.key, line.differs)).collect();
    assert_eq!(keys, [("beta", true), ("lr", true), ("recipe", false)]);
    assert_eq!(lines[0].values, [Some("4".to_owned()), None], "a key that only one has");
    assert!(differences(&[&a, &a]).iter().all(|line| !line.differs), "nothing differs from itself");
    assert!(differences(&[]).is_empty());
}

#[test]
fn dates_are_those_of_the_calendar() {
    for (secs, text) in [
        (0, "1970-01-01 00:00"),
        (951_782_399, "2000-02-28 23:59"),
        (951_782_400, "2000-02-29 00:00"),
        (1_709_251_199, "2024-02-29 23:59"),
        (1_795_682_580, "2026-11-26 08:43"),
        (4_107_542_400, "2100-03-01 00:00"),
    ] {
        assert_eq!(date(secs), text);
    }
    date(u64::MAX);
}

#[test]
fn sweeps_are_lists_or_ranges() {
    let found = |text: &str| values(text, false).expect(text);
    assert_eq!(found(" 1, 2,4,, 2"), ["1", "2", "4"], "each once");
    assert_eq!(found("8,5,5; 8,8"), ["8,5,5", "8,8"], "values with commas");
    assert_eq!(found("0.0001 to 0.01 in 3 log"), ["0.0001", "0.001", "0.01"]);
    assert_eq!(found("0 to 1 in 5"), ["0", "0.25", "0.5", "0.75", "1"]);
    assert_eq!(found("1 to 0 in 2 linear"), ["1", "0"]);
    assert_eq!(found("3 to 9 in 1"), ["3"]);
    assert_eq!(values("1 to 4 in 7", true).expect("whole"), ["1", "2", "3", "4"], "rounded, once");
    assert_eq!(values("", false), Err(SweepError::Empty));
    assert_eq!(values(" , ", false), Err(SweepError::Empty));
    assert_eq!(values("1 to 2 in 0", false), Err(SweepError::Empty));
    assert_eq!(values("1 to 2 in 101", false), Err(SweepError::TooMany { found: 101 }));
    for wrong in
        ["a to 2 in 3", "0 to 1 in 3 log", "1 to 2 in x", "1 to inf in 3", "1 to 2 in 3 up"]
    {
        let error = values(wrong, false).expect_err(wrong);
        assert!(error.to_string().contains("0.001 to 0.1 in 5 log"), "{error}");
    }
    let many: Vec<String> = (0..=MOST_VALUES).map(|value| value.to_string()).collect();
    assert!(matches!(values(&many.join(","), false), Err(SweepError::TooMany { .. })));
}

#[test]
fn swept_runs_carry_their_value() {
    let form = TrainForm::default();
    let runs = QueuedRun::swept(&form, "beta", "0.5, 4").expect("values of beta");
    let told: Vec<_> =
        runs.iter().map(|run| (run.label(), run.form.settings.number("beta"))).collect();
    assert_eq!(told, [("vae-beta=0.5".to_owned(), 0.5), ("vae-beta=4".to_owned(), 4.0)]);
    assert!(runs.iter().all(|run| run.form.epochs == form.epochs), "the rest is the form's");
    let seeds = QueuedRun::swept(&form, "seed", "1 to 3 in 3").expect("seeds");
    assert_eq!(seeds.iter().map(|run| run.form.seed).collect::<Vec<_>>(), [1, 2, 3]);
    let error = QueuedRun::swept(&form, "beta", "1, much").expect_err("no number");
    assert!(error.contains("beta") && error.contains("much"), "{error}");
    assert!(QueuedRun::swept(&form, "wings", "1").is_err(), "no such key");
    assert!(
        QueuedRun::swept(&form, "batch", "0").is_err()
            && QueuedRun::swept(&form, "seed", "-1").is_err()
    );
    let hostile = QueuedRun::swept(&form, "arch", "mlp").expect("a word");
    assert_eq!(hostile[0].label(), "vae-arch=mlp");
}

/// Whatever a person does, each run that waits stays one, and none is lost but those that are taken out.
#[test]
fn a_queue_loses_nothing() {
    for seed in 0..100 {
        let mut rng = stream(seed, 1, Purpose::Explore);
        let mut queue: Queue<u64> = Queue::default();
        let mut left = BTreeSet::new();
        for what in 0..200 {
            let number = rng.random_range(0..=what);
            match rng.random_range(0..6) {
                0..=2 => {
                    assert!(queue.add(what));
                    left.insert(what);
                }
                3 => {
                    let place = rng.random_range(0..9);
                    let whats =
                        |queue: &Queue<u64>| queue.iter().map(|q| q.what).collect::<Vec<_>>();
                    let before = whats(&queue);
                    let moved = queue.iter().find(|queued| queued.number == number).map(|q| q.what);
                    queue.move_to(number, place);
                    let after = whats(&queue);
                    if let Some(moved) = moved {
                        let at = after.iter().position(|what| *what == moved);
                        assert_eq!(at, Some(place.min(after.len() - 1)));
                    }
                    let others = |all: Vec<u64>| -> Vec<u64> {
                        all.into_iter().filter(|what| Some(*what) != moved).collect()
                    };
                    assert_eq!(others(before), others(after), "the others keep their order");
                }
                4 => {
                    let gone = queue.iter().find(|queued| queued.number == number).map(|q| q.what);
                    queue.remove(number);
                    gone.inspect(|what| assert!(left.remove(what)));
                }
                _ => {
                    queue.hold(rng.random_range(0..2) == 0);
                    let first = queue.first().map(|queued| queued.what);
                    let taken = queue.take_next().map(|queued| queued.what);
                    assert_eq!(taken, first.filter(|_| !queue.is_held()), "the next, unless held");
                    taken.inspect(|what| assert!(left.remove(what)));
                }
            }
            let numbers: BTreeSet<u64> = queue.iter().map(|queued| queued.number).collect();
            assert_eq!(numbers.len(), queue.len(), "numbers tell runs apart");
            assert_eq!(queue.iter().map(|queued| queued.what).collect::<BTreeSet<_>>(), left);
        }
    }
    let mut full: Queue<()> = Queue::default();
    assert!((0..MOST_QUEUED).all(|_| full.add(())) && !full.add(()), "a bound");
    assert!(full.goes_on());
    full.clear();
    assert!(!full.goes_on() && full.take_next().is_none());
}

/// Weights come one after the other, and at rest the explorer shows what was asked for last.
#[test]
fn the_strip_ends_where_it_was_asked_to() {
    for seed in 0..200 {
        let mut rng = stream(seed, 2, Purpose::Explore);
        let mut strip = Strip::default();
        strip.set_steps(vec![8, 0, 2, 4, 8]);
        assert_eq!(strip.steps(), [0, 2, 4, 8], "ascending, each once");
        let mut loading: Option<u64> = None;
        let mut last = None;
        for _ in 0..30 {
            match rng.random_range(0..4) {
                0 | 1 => {
                    let step = [0, 2, 4, 8, 5][rng.random_range(0..5)];
                    if let Some(step) = strip.go(step) {
                        assert!(loading.is_none(), "one after the other");
                        loading = Some(step);
                    }
                    if step != 5 {
                        last = Some(step);
                    }
                }
                2 => {
                    strip.leave();
                    last = None;
                }
                _ => {
                    if let Some(step) = loading.take() {
                        loading = strip.loaded(step, true).1;
                    }
                }
            }
            assert_eq!(strip.at(), last, "seed {seed}");
        }
        while let Some(step) = loading.take() {
            loading = strip.loaded(step, true).1;
        }
        assert_eq!(strip.shown(), last, "seed {seed}");
    }
}

#[test]
fn pictures_go_with_their_checkpoints() {
    let mut strip = Strip::default();
    strip.set_steps(vec![0, 5, 10]);
    strip.draw(5);
    strip.draw(7);
    assert!(strip.is_drawn(5) && !strip.is_drawn(7), "only of checkpoints");
    strip.set_steps(vec![0, 10, 15]);
    assert!(!strip.is_drawn(5), "gone");
    strip.draw(15);
    strip.set_source(Anchor::Origin, true);
    assert!(!strip.is_drawn(15) && strip.is_chosen(), "of something else");
    assert_eq!((strip.beside(-1), strip.beside(1)), (Some(10), Some(15)), "from the newest");
    assert_eq!(strip.go(0), Some(0));
    assert_eq!((strip.beside(-1), strip.beside(1)), (Some(0), Some(10)));
    assert_eq!(strip.loaded(0, false), (false, None), "weights that cannot be read");
    assert_eq!((strip.shown(), strip.at()), (None, None), "change nothing");
    assert_eq!(Strip::default().beside(1), None);
}

#[test]
fn pruning_keeps_what_tells_of_the_past() {
    let base = folder();
    let plan = planned(request(Recipe::Vae, &["arch=mlp", "hidden=8"], 100), base.path());
    let run = plan.run.clone();
    let (arrays, loss) = (zscope::array::NamedArrays::new(), |step: u64| Some(-(step as f64)));
    for step in 0..40 {
        let state = CheckpointState { step, eval_loss: loss(step), ..CheckpointState::default() };
        run.save(&state, &arrays, &arrays, None).expect("saved");
        run.prune(2, 5).expect("pruned");
        let steps: Vec<u64> =
            run.checkpoints().expect("listed").iter().map(|c| c.state.step).collect();
        assert!(steps.len() <= 7 && steps[0] == 0 && steps.contains(&step), "{steps:?}");
    }
    run.prune(2, 0).expect("pruned");
    assert_eq!(
        run.checkpoints().expect("listed").len(),
        2,
        "and nothing of it where none is wanted"
    );
}

/// The cells of a CSV text, read as other programs do.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ => cell.push(character),
        }
    }
    assert!(!is_quoted && row.is_empty() && cell.is_empty(), "whole lines");
    rows
}

#[test]
fn the_table_is_read_back_from_csv() {
    let mut noted = made_up("a, \"b\"", 1_000, 86_400);
    noted.notes = "sharp, the \"best\"\nof all".to_owned();
    noted.measures.insert("psnr_db".to_owned(), 21.512_345_678);
    noted.measures.insert("frechet".to_owned(), f64::NAN);
    let trained = made_up("now", 10, 0);
    let dir = trained.dir.clone();
    let text = csv([&noted, &trained], Some((&dir, [25, 400])));
    let rows = cells(&text);
    let of = |row: usize, key: &str| {
        let column = rows[0].iter().position(|name| name == key).expect("a column");
        rows[row][column].clone()
    };
    assert_eq!(rows.len(), 3, "names, and a line a run");
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "of equally many cells");
    assert_eq!(of(1, "name"), noted.name);
    assert_eq!(of(1, "notes"), noted.notes);
    assert_eq!(of(1, "path"), noted.dir.display().to_string());
    assert_eq!(of(1, "state"), "finished");
    assert_eq!(of(1, "psnr_db"), "21.512345678", "all digits");
    assert_eq!([of(1, "frechet"), of(1, "elbo_nats")], ["", ""], "what is not known");
    assert_eq!([of(1, "changed_utc"), of(2, "changed_utc")], ["1970-01-02 00:00", ""]);
    assert_eq!([of(2, "state"), of(2, "step"), of(2, "total_steps")], ["in training", "25", "400"]);
}
