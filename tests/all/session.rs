//! The reducer and its curves: what events must lead to, and properties over any order of any events.

use std::path::PathBuf;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use zscope::event::{Event, FinishReason, RunStarted, StepRecord};
use zscope::random::{Purpose, stream};
use zscope::session::{
    Compared, Ema, MAX_WARNINGS, Phase, Series, Session, Steps, decimate, thin, write_csv,
};

use crate::common::{Tolerance, assert_close, first_difference};

fn series(points: &[(u64, f32)]) -> Series {
    let mut series = Series::default();
    for &(step, value) in points {
        series.push(step, value);
    }
    series
}

fn decimated(series: &Series, first: f64, last: f64, columns: usize) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    series.decimate(first, last, columns, |x, y| points.push((x, y)));
    points
}

#[test]
fn series_keeps_order_when_steps_go_back() {
    let mut curve = series(&[(1, 1.0), (2, 2.0), (5, 5.0), (9, 9.0)]);
    curve.push(4, 4.0);
    let steps = |curve: &Series| curve.steps().iter().collect::<Vec<_>>();
    assert_eq!(steps(&curve), [1, 2, 4], "the newest telling cuts what it replaces");
    curve.push(4, 4.5);
    assert_eq!(curve.last(), Some((4, 4.5)), "the same step is replaced");
    curve.cut_after(1);
    assert_eq!((steps(&curve), curve.values()), (vec![1], &[1.0][..]), "cut");
    curve.cut_after(0);
    assert!(curve.is_empty() && curve.last().is_none(), "all gone");
}

#[test]
fn steps_are_what_was_pushed_however_they_are_spaced() {
    let mut rng = stream(7, 0, Purpose::Evaluate);
    for _ in 0..200 {
        let (mut curve, mut expected) = (Series::default(), Vec::new());
        let (mut step, mut stride) = (0, 1);
        for _ in 0..rng.random_range(0..300) {
            if rng.random::<f32>() < 0.05 {
                stride = rng.random_range(1..400);
            }
            step += stride;
            curve.push(step, 0.0);
            expected.push(step);
            if rng.random::<f32>() < 0.02 {
                let cut = rng.random_range(0..=step);
                curve.cut_after(cut);
                expected.retain(|&s| s <= cut);
                step = expected.last().copied().unwrap_or(0);
            }
        }
        assert_eq!(curve.steps().iter().collect::<Vec<_>>(), expected, "every step");
        assert_eq!(curve.steps().len(), expected.len(), "their number");
        assert_eq!(curve.steps().get(expected.len()), None, "nothing behind the last");
        let mut again = Series::default();
        for &step in &expected {
            again.push(step, 0.0);
        }
        assert_eq!(again.steps(), curve.steps(), "the same steps are equal, however they came");
    }
}

#[test]
fn nearest_point_by_hand() {
    let curve = series(&[(10, 1.0), (20, 2.0), (40, 4.0)]);
    for (step, expected) in
        [(-5.0, 10), (10.0, 10), (14.9, 10), (15.0, 10), (15.1, 20), (31.0, 40), (99.0, 40)]
    {
        assert_eq!(curve.nearest(step).map(|point| point.0), Some(expected), "nearest to {step}");
    }
    assert_eq!(series(&[]).nearest(3.0), None, "nothing there");
    assert_eq!(series(&[(1, 1.0)]).nearest(f64::NAN), Some((1, 1.0)), "NaN finds something");
}

#[test]
fn ema_by_hand() {
    // weight ½: 4 → (½·4)/½ = 4; then (½·2 + ½·0)/¾ = 4/3; NaN keeps it; then (½·1 + ½·7)/⅞ = 32/7.
    let curve = series(&[(1, 4.0), (2, 0.0), (3, f32::NAN), (4, 7.0)]);
    let mut ema = Ema::default();
    assert_close(
        ema.update(&curve, 0.5),
        &[4.0, 4.0 / 3.0, 4.0 / 3.0, 32.0 / 7.0],
        Tolerance::TIGHT,
    );
    assert!(
        first_difference(
            ema.update(&curve, 0.6),
            &[4.0, 4.0 / 3.0, 4.0 / 3.0, 32.0 / 7.0],
            Tolerance::TIGHT
        )
        .is_some(),
        "another weight gives another curve"
    );
    assert_close(&ema.update(&curve, 0.0)[3..], &[7.0], Tolerance::TIGHT);
    let broken = series(&[(1, f32::INFINITY), (2, 3.0)]);
    let smoothed = ema.update(&broken, 0.9);
    assert!(smoothed[0].is_nan(), "nothing finite yet");
    assert_close(&smoothed[1..], &[3.0], Tolerance::TIGHT);
    for weight in [-1.0, 1.0, 7.0, f64::NAN] {
        assert!(
            ema.update(&series(&[(1, 2.0)]), weight)[0].is_finite(),
            "weight {weight} is clamped"
        );
    }
}

#[test]
fn ema_in_pieces_equals_ema_at_once() {
    let mut rng = stream(1, 0, Purpose::Evaluate);
    let (mut curve, mut in_pieces) = (Series::default(), Ema::default());
    for step in 1..=2000 {
        let value = if rng.random::<f32>() < 0.1 { f32::NAN } else { rng.random::<f32>() };
        curve.push(step, value);
        if rng.random::<f32>() < 0.02 {
            curve.cut_after(step - rng.random_range(0..step.min(30)));
        }
        if rng.random::<f32>() < 0.3 {
            let at_once = Ema::default().update(&curve, 0.97).to_vec();
            let found = in_pieces.update(&curve, 0.97);
            assert_eq!(format!("{found:?}"), format!("{at_once:?}"), "at {step}");
        }
    }
    // A curve that was cut and grew back to the same length is not mistaken for its old self.
    let mut regrown = series(&[(1, 1.0), (2, 2.0)]);
    let before = in_pieces.update(&regrown, 0.5).to_vec();
    regrown.cut_after(0);
    regrown.push(1, 5.0);
    regrown.push(2, 2.0);
    assert_ne!(in_pieces.update(&regrown, 0.5), before, "its past has changed");
    assert_close(
        &in_pieces.update(&series(&[(1, 8.0), (2, 2.0)]), 0.5)[..1],
        &[8.0],
        Tolerance::TIGHT,
    );
}

#[test]
fn a_copied_curve_goes_on_by_itself() {
    let mut curve = series(&[(1, 1.0), (2, 2.0)]);
    let mut copy = curve.clone();
    assert_eq!(copy, curve, "the same points");
    let mut smooth = Ema::default();
    smooth.update(&curve, 0.5);
    curve.push(3, 8.0);
    copy.push(3, -8.0);
    assert_eq!(smooth.update(&curve, 0.5), Ema::default().update(&curve, 0.5), "the first");
    assert_eq!(smooth.update(&copy, 0.5), Ema::default().update(&copy, 0.5), "the copy");
}

#[test]
fn decimation_by_hand() {
    let values = [0.0, 5.0, -3.0, 1.0, f32::NAN, 2.0, 8.0, 7.0, 6.0, 9.0, 1.0, 0.5];
    let points: Vec<_> = (0..).zip(values).collect();
    let curve = series(&points);
    // Two columns over steps 1..=10, ten points: too few to leave any out at three columns, not at two.
    let all = decimated(&curve, 1.0, 10.0, 3);
    assert_eq!(all.len(), 12, "few points are all there, with a neighbour on either side");
    let steps: Vec<f64> = decimated(&curve, 1.0, 10.0, 2).iter().map(|point| point.0).collect();
    // 0 and 11 are the neighbours; 1..=5: ends, the smallest (2) and the gap (4); 6..=9: ends and the
    // smallest (8); 10 has a column of its own.
    assert_eq!(
        steps,
        [0.0, 1.0, 2.0, 4.0, 5.0, 6.0, 8.0, 9.0, 10.0, 11.0],
        "first, min, max, gap, last"
    );
    assert!(decimated(&curve, 1.0, 10.0, 2)[3].1.is_nan(), "the gap is NaN");
    let one: Vec<f64> = decimated(&curve, 3.0, 3.0, 100).iter().map(|point| point.0).collect();
    assert_eq!(one, [2.0, 3.0, 4.0], "one step and its neighbours");
}

#[test]
fn decimation_keeps_extremes_ends_and_gaps() {
    let mut rng = stream(2, 0, Purpose::Evaluate);
    let mut curve = Series::default();
    let mut step = 0;
    for _ in 0..20_000 {
        step += rng.random_range(1..5);
        curve.push(step, poisoned(&mut rng));
    }
    for (first, last, columns) in [
        (0.0, step as f64, 100),
        (1000.0, 9000.0, 37),
        (5000.5, 5100.0, 800),
        (0.0, 1e12, 10),
        (9.0, 9.0, 5),
    ] {
        let points = decimated(&curve, first, last, columns);
        assert!(
            points.len() <= 5 * (columns + 1) + 2,
            "{} points in {columns} columns",
            points.len()
        );
        assert!(points.is_sorted_by(|a, b| a.0 < b.0), "in order, each once");
        let visible = || {
            curve
                .steps()
                .iter()
                .zip(curve.values())
                .map(|(s, &v)| (s as f64, v))
                .filter(|(s, _)| (first..=last).contains(s))
        };
        let inside: Vec<_> = points.iter().filter(|p| (first..=last).contains(&p.0)).collect();
        assert_eq!(inside.first().map(|p| p.0), visible().next().map(|p| p.0), "first");
        assert_eq!(inside.last().map(|p| p.0), visible().last().map(|p| p.0), "last");
        let finite = || visible().map(|p| f64::from(p.1)).filter(|v| v.is_finite());
        let drawn = || inside.iter().map(|p| p.1).filter(|v| !v.is_nan());
        assert_eq!(finite().reduce(f64::max), drawn().reduce(f64::max), "largest");
        assert_eq!(finite().reduce(f64::min), drawn().reduce(f64::min), "smallest");
        let gaps = visible().any(|p| !p.1.is_finite());
        assert_eq!(gaps, inside.iter().any(|p| p.1.is_nan()), "gaps");
    }
}

/// What is left of a line whose points are one step apart.
fn thinned(values: &[f64], tolerance: f64) -> Vec<[f64; 2]> {
    let mut points: Vec<[f64; 2]> = (0..).zip(values).map(|(x, y)| [f64::from(x), *y]).collect();
    thin(&mut points, tolerance, |point| *point);
    points
}

#[test]
fn thinning_by_hand() {
    let xs = |points: Vec<[f64; 2]>| points.iter().map(|point| point[0]).collect::<Vec<_>>();
    assert_eq!(xs(thinned(&[1.0; 9], 0.0)), [0.0, 8.0], "a flat line is its ends");
    assert_eq!(xs(thinned(&[0.0, 1.0, 2.0, 1.0, 0.0], 0.1)), [0.0, 2.0, 4.0], "a corner stays");
    assert_eq!(xs(thinned(&[0.0, 0.1, 0.0, 0.1, 0.0], 0.1)), [0.0, 4.0], "ripples go");
    assert_eq!(xs(thinned(&[0.0, 0.1, 0.0, 0.1, 0.0], 0.01)).len(), 5, "unless they show");
    let gap = thinned(&[1.0, 1.0, 1.0, f64::NAN, 2.0, 2.0, 2.0], 0.5);
    assert_eq!(xs(gap), [0.0, 2.0, 3.0, 4.0, 6.0], "the gap and its ends stay");
    assert_eq!(thinned(&[], 1.0).len(), 0, "nothing");
}

#[test]
fn a_thinned_line_passes_near_every_point() {
    let mut rng = stream(6, 0, Purpose::Evaluate);
    for tolerance in [0.0, 0.02, 0.3, 5.0] {
        let mut at = 0.0;
        let walk = |_| {
            at += rng.random_range(-0.2..0.2);
            at
        };
        let values: Vec<f64> = (0..500).map(walk).collect();
        let points = thinned(&values, tolerance);
        let mut farthest: f64 = 0.0;
        for pair in points.windows(2) {
            let [[x0, y0], [x1, y1]] = [pair[0], pair[1]];
            let within = values.iter().enumerate().take(x1 as usize + 1).skip(x0 as usize);
            for (x, value) in within {
                let share = (x as f64 - x0) / (x1 - x0);
                farthest = farthest.max((y0 + share * (y1 - y0) - value).abs());
            }
        }
        assert!(farthest <= tolerance + 1e-9, "{farthest} from a point at {tolerance}");
        assert_eq!(points.len() < values.len() / 2, tolerance >= 0.3, "{} points", points.len());
    }
}

#[test]
fn decimation_takes_any_range() {
    let curve = series(&[(1, 1.0), (5, 2.0), (9, 3.0)]);
    for first in [f64::NEG_INFINITY, -1.0, 0.0, 5.0, 100.0, f64::INFINITY, f64::NAN] {
        for last in [f64::NEG_INFINITY, -1.0, 0.0, 5.0, 100.0, f64::INFINITY, f64::NAN] {
            for columns in [0, 1, 1000] {
                assert!(decimated(&curve, first, last, columns).len() <= 4, "{first}..{last}");
                let _range = curve.robust_range(first, last);
            }
        }
    }
    decimate(&Steps::default(), &[], [0.0, 1.0], 10, |_, _| panic!("nothing to draw"));
}

#[test]
fn robust_range_leaves_outliers_out() {
    let mut points: Vec<(u64, f32)> = (1..=5000).map(|i| (i, (i % 100) as f32)).collect();
    points[77].1 = 1e30;
    points[78].1 = f32::NAN;
    points[79].1 = f32::NEG_INFINITY;
    let (lo, hi) = series(&points).robust_range(0.0, 5000.0).expect("finite values");
    assert!((0.0..=3.0).contains(&lo) && (96.0..=99.0).contains(&hi), "{lo}..{hi}");
    assert_eq!(series(&points[..10]).robust_range(3.0, 5.0), Some((3.0, 5.0)), "what is visible");
    assert_eq!(series(&points[78..80]).robust_range(0.0, 1e9), None, "nothing finite");
    assert_eq!(series(&[]).robust_range(0.0, 1e9), None, "nothing at all");
}

#[test]
fn csv_has_a_row_a_step_and_gaps() {
    let (loss, eval) =
        (series(&[(1, 0.5), (2, f32::NAN), (4, 0.25)]), series(&[(0, 9.0), (4, 1.5)]));
    let mut out = Vec::new();
    write_csv(&[("loss", &loss), ("eval/a, \"b\"", &eval)], &mut out).expect("memory is writable");
    let expected = "step,loss,\"eval/a, \"\"b\"\"\"\n0,,9\n1,0.5,\n2,NaN,\n4,0.25,1.5\n";
    assert_eq!(String::from_utf8(out).expect("text"), expected);
    let mut out = Vec::new();
    write_csv(&[], &mut out).expect("memory is writable");
    assert_eq!(out, b"step\n", "no series");
}

fn started(run_dir: &str, first_step: u64) -> RunStarted {
    RunStarted {
        run_dir: run_dir.into(),
        recipe: "vae".into(),
        data: "shapes".into(),
        first_step,
        total_steps: 1000,
        steps_per_epoch: 100,
        batch: 32,
        parameters: 10,
        memory_bytes: 1,
        device: "CPU".into(),
        curves: vec!["loss".into(), "kl".into()],
    }
}

fn steps(range: std::ops::RangeInclusive<u64>, images_per_s: f64) -> Event {
    let record = |step| StepRecord { step, values: vec![1.0 / step as f32, step as f32] };
    Event::StepsDone { steps: range.map(record).collect(), images_per_s }
}

fn session(events: &[Event]) -> Session {
    let mut session = Session::default();
    for event in events {
        session.apply(event);
    }
    session
}

fn warning(step: u64, message: &str) -> Event {
    Event::Warning { step, message: message.into() }
}

#[test]
fn a_run_from_start_to_end() {
    let mut session = session(&[Event::Started(started("a", 0)), steps(1..=250, 320.0)]);
    assert_eq!((session.phase(), session.step()), (Phase::Running, 250));
    assert_eq!((session.progress(), session.epochs()), (Some(0.25), Some(2.5)));
    assert_eq!(session.images_per_s(), Some(320.0));
    let left = session.secs_left().expect("a speed is known");
    assert!((left - 75.0).abs() < 1e-9, "750 steps of 32 images at 320 a second are {left} s");
    session.apply(&Event::Evaluated { step: 250, values: vec![("eval/elbo_nats".into(), -106.0)] });
    session.apply(&Event::CheckpointSaved { step: 250, path: "a/checkpoints/step-250".into() });
    session.apply(&Event::SettingChanged {
        step: 251,
        name: "lr".into(),
        from: 0.001.into(),
        to: 0.0005.into(),
    });
    session.apply(&Event::Paused { step: 250 });
    assert_eq!(session.phase(), Phase::Paused);
    session.apply(&Event::Resumed { step: 250 });
    session.apply(&steps(251..=1000, 320.0));
    let reason = FinishReason::Completed;
    session.apply(&Event::Finished { step: 1000, reason, elapsed_secs: 100.0 });
    assert_eq!(session.phase(), Phase::Finished(reason));
    assert_eq!((session.progress(), session.secs_left()), (Some(1.0), None));
    assert_eq!(session.elapsed_secs(), Some(100.0));
    let names: Vec<_> = session.series().map(|(name, series)| (name, series.len())).collect();
    let expected = [("loss", 1000), ("kl", 1000), ("images_per_s", 2), ("eval/elbo_nats", 1)];
    assert_eq!(names, expected, "in their order");
    assert_eq!(session.series_by_name("kl").and_then(Series::last), Some((1000, 1000.0)));
    assert_eq!(session.marks()[0].text, "lr 0.001 to 0.0005");
    assert_eq!(session.checkpoints()[0].step, 250);
    session.apply(&Event::Resumed { step: 3 });
    assert!(session.phase().is_over(), "no late message revives a run");
}

#[test]
fn resuming_cuts_back_to_the_checkpoint() {
    let before = [
        Event::Started(started("a", 0)),
        steps(1..=300, 100.0),
        Event::Evaluated { step: 200, values: vec![("eval/x".into(), 1.0)] },
        Event::Evaluated { step: 300, values: vec![("eval/x".into(), 2.0)] },
        Event::CheckpointSaved { step: 200, path: "200".into() },
        Event::CheckpointSaved { step: 300, path: "300".into() },
        Event::SettingChanged { step: 150, name: "lr".into(), from: 1.0.into(), to: 2.0.into() },
        Event::SettingChanged { step: 250, name: "lr".into(), from: 2.0.into(), to: 3.0.into() },
        Event::Diverged {
            step: 300,
            message: "loss is NaN".into(),
            last_checkpoint: Some("200".into()),
        },
    ];
    let mut resumed = session(&before);
    assert_eq!(resumed.phase(), Phase::Diverged);
    let failure = resumed.failure().expect("it diverged");
    assert_eq!(failure.last_checkpoint, Some(PathBuf::from("200")));
    resumed.apply(&Event::Started(started("a", 200)));
    assert_eq!((resumed.phase(), resumed.step()), (Phase::Running, 200));
    assert!(resumed.failure().is_none(), "the failure is past");
    let last = |name: &str| resumed.series_by_name(name).and_then(Series::last);
    assert_eq!(last("loss").map(|p| p.0), Some(200));
    assert_eq!(last("eval/x"), Some((200, 1.0)));
    assert_eq!(resumed.checkpoints().len(), 1, "later checkpoints belong to a past that is gone");
    assert_eq!(resumed.marks().iter().map(|mark| mark.step).collect::<Vec<_>>(), [150, 200]);
    // Another directory, or a start from nothing, is another run.
    for other in [started("b", 200), started("a", 0)] {
        let mut fresh = session(&before);
        fresh.apply(&Event::Started(other.clone()));
        assert_eq!(fresh, session(&[Event::Started(other)]), "nothing is left");
    }
}

#[test]
fn curves_are_kept_as_they_were() {
    let mut session = session(&[Event::Started(started("a", 0)), steps(1..=5, 10.0)]);
    let kept = Compared::of("a", &session);
    let before: Vec<_> =
        kept.series().map(|(name, series)| (name.to_owned(), series.clone())).collect();
    session.apply(&steps(6..=9, 10.0));
    session.apply(&Event::Started(started("b", 0)));
    assert_eq!((kept.name(), kept.step()), ("a", 5), "what it was");
    assert!(kept.series().all(|(_, series)| series.len() <= 5), "nothing was added");
    for (name, series) in &before {
        assert_eq!(kept.series_by_name(name), Some(series), "{name}");
    }
    assert_eq!(kept.series_by_name("unheard"), None, "only what was told");
    assert!(Compared::of("empty", &session).is_empty(), "a run that has told nothing");
}

#[test]
fn odd_events_become_warnings() {
    let step = |values: &[f32]| Event::StepsDone {
        steps: vec![StepRecord { step: 7, values: values.to_vec() }],
        images_per_s: f64::NAN,
    };
    let early = session(&[step(&[1.0])]);
    assert_eq!((early.phase(), early.step(), early.images_per_s()), (Phase::Running, 7, None));
    assert_eq!(early.warnings()[0].message, "a step told 1 values for 0 curves");
    let short =
        session(&[Event::Started(started("a", 0)), step(&[f32::NAN]), step(&[1.0, 2.0, 3.0])]);
    assert_eq!(short.series_by_name("kl").and_then(Series::last), Some((7, 2.0)));
    assert_eq!(short.warnings().len(), 2, "one of each kind");
    assert!(
        session(&[Event::Started(started("a", 0)), step(&[1.0, 2.0])]).warnings().is_empty(),
        "all is well"
    );
}

#[test]
fn warnings_are_bounded_and_counted() {
    let mut session = session(&[warning(1, "a"), warning(2, "b"), warning(3, "a")]);
    let told: Vec<_> =
        session.warnings().iter().map(|w| (w.message.as_str(), w.step, w.count)).collect();
    assert_eq!(told, [("b", 2, 1), ("a", 3, 2)], "the one that came last at the end");
    (0..500).for_each(|i| session.apply(&warning(i, &format!("number {i}"))));
    assert_eq!(session.warnings().len(), MAX_WARNINGS);
    assert_eq!(session.warnings()[0].message, "number 400", "the oldest go first");
}

/// A value as models in trouble give it.
fn poisoned(rng: &mut ChaCha8Rng) -> f32 {
    const POISON: [f32; 7] =
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, f32::MAX, f32::MIN_POSITIVE];
    if rng.random::<f32>() < 0.1 { POISON[rng.random_range(0..POISON.len())] } else { rng.random() }
}

/// Any event with any content.
fn any_event(rng: &mut ChaCha8Rng) -> Event {
    const STEPS: [u64; 6] = [0, 1, 7, 1000, u64::MAX - 1, u64::MAX];
    let poison = rng.random::<f32>() < 0.2;
    let step = if poison { STEPS[rng.random_range(0..6)] } else { rng.random_range(0..500) };
    let name = ["loss", "kl", "eval/x", "", "lr"][rng.random_range(0..5)].to_owned();
    let (path, message, value) = (PathBuf::from(&name), name.clone(), f64::from(poisoned(rng)));
    let last_checkpoint = rng.random::<bool>().then(|| path.clone());
    match rng.random_range(0..11) {
        0 => Event::Started(RunStarted {
            total_steps: STEPS[rng.random_range(0..6)],
            steps_per_epoch: rng.random_range(0..2),
            batch: rng.random_range(0..3),
            curves: vec![name; rng.random_range(0..4)],
            ..started(["a", "b"][rng.random_range(0..2)], step)
        }),
        1..=3 => {
            let mut record = |i| {
                let values = (0..rng.random_range(0..4)).map(|_| poisoned(rng)).collect();
                StepRecord { step: step.saturating_add(i), values }
            };
            Event::StepsDone { steps: (0..4).map(&mut record).collect(), images_per_s: value }
        }
        4 => Event::Evaluated { step, values: vec![(name.clone(), value), (name, -value)] },
        5 => Event::CheckpointSaved { step, path },
        6 => Event::SettingChanged { step, name, from: value.into(), to: (-value).into() },
        7 => [Event::Paused { step }, Event::Resumed { step }][rng.random_range(0..2)].clone(),
        8 => Event::Warning { step, message },
        9 if rng.random() => Event::Diverged { step, message, last_checkpoint },
        9 => Event::Failed { step, message, last_checkpoint },
        _ => Event::Finished { step, reason: FinishReason::Stopped, elapsed_secs: value },
    }
}

#[test]
fn any_events_in_any_order_keep_the_invariants() {
    for seed in 0..300 {
        let mut rng = stream(seed, 0, Purpose::Evaluate);
        let mut session = Session::default();
        for _ in 0..60 {
            let event = any_event(&mut rng);
            session.apply(&event);
            check_invariants(&session, &event);
        }
    }
}

fn check_invariants(session: &Session, event: &Event) {
    for (name, series) in session.series() {
        assert_eq!(series.steps().len(), series.values().len(), "{name} after {event:?}");
        assert!(series.steps().iter().is_sorted_by(|a, b| a < b), "{name} after {event:?}");
        let points = decimated(series, 0.0, 1e20, 7);
        assert!(points.len() <= series.len(), "{name} after {event:?}");
    }
    assert!(session.warnings().len() <= MAX_WARNINGS, "after {event:?}");
    assert!(session.progress().is_none_or(|p| (0.0..=1.0).contains(&p)), "after {event:?}");
    assert!(session.secs_left().is_none_or(|s| s >= 0.0), "after {event:?}");
    assert!(session.epochs().is_none_or(f64::is_finite), "after {event:?}");
    let failed = matches!(session.phase(), Phase::Diverged | Phase::Failed);
    assert_eq!(failed, session.failure().is_some(), "after {event:?}");
    let curves = session.run().map_or(0, |run| run.curves.len());
    assert!(session.series().len() >= curves, "after {event:?}");
}
