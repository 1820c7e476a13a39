//! Layouts: that they keep neighbours, tell of themselves, and end when they are told to.

#![expect(clippy::float_cmp, reason = "these numbers are exact")]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use zscope::array::Array;
use zscope::latent::nearest_places;
use zscope::layout::process::{LayoutError, Stop, run, serve};
use zscope::layout::{Method, Progress, Request, Tell, lay_out};
use zscope::random::{Purpose, normals};

const METHODS: [Method; 2] = [Method::Umap, Method::Tsne];

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_zscope"))
}

/// Vectors around three places that lie far apart, in turn.
fn groups(n: usize, d: usize) -> Array {
    let mut values = normals(11, 0, Purpose::Explore, n * d);
    for (row, values) in values.chunks_mut(d).enumerate() {
        values[row % 3] += 12.0;
    }
    Array::new([n, d], values).unwrap()
}

fn request(method: Method, n: usize, epochs: usize) -> Request {
    Request { method, vectors: groups(n, 8), start: None, epochs: Some(epochs) }
}

/// The share of points whose nearest neighbours on the plane are of their own group.
fn agreement(places: &[[f32; 2]], group: impl Fn(usize) -> usize) -> f64 {
    let of_point = |point: usize| {
        let near = nearest_places(places, places[point], 6);
        let same = near.iter().filter(|(other, _)| group(*other as usize) == group(point));
        (same.count() - 1) as f64 / 5.0
    };
    (0..places.len()).map(of_point).sum::<f64>() / places.len() as f64
}

#[test]
fn groups_stay_together() {
    for method in METHODS {
        let last = Arc::new(Mutex::new(-1.0));
        let heard = Arc::clone(&last);
        let tell: Tell = Arc::new(move |progress| {
            let at = match progress {
                Progress::Neighbours(share) => share - 1.0,
                Progress::Moving(share) => share,
                Progress::Places(places) => {
                    assert_eq!(places.len(), 400, "all of them");
                    return true;
                }
            };
            assert!((-1.0..=1.0).contains(&at), "{at}");
            *heard.lock().unwrap() = at;
            true
        });
        let places = lay_out(&request(method, 400, 300), &tell).expect("nobody stops it");
        assert_eq!(*last.lock().unwrap(), 1.0, "told of the end");
        let found = agreement(&places, |point| point % 3);
        assert!(found > 0.97, "{method:?}: {found}");
        let by_chance = agreement(&places, |point| point / 7 % 3);
        assert!(by_chance < 0.6, "{method:?}: {by_chance} of groups that are none");
    }
}

#[test]
fn a_layout_goes_on_from_where_points_lie() {
    for method in METHODS {
        let tell: Tell = Arc::new(|_| true);
        let first = lay_out(&request(method, 300, 300), &tell).expect("nobody stops it");
        let on = Request { start: Some(first.clone()), ..request(method, 300, 30) };
        let then = lay_out(&on, &tell).expect("nobody stops it");
        // Which way is up does not change: order along the axes is much the same.
        for axis in 0..2 {
            let pairs = (0..300).flat_map(|a| [17, 101, 203].map(|by| (a, (a + by) % 300)));
            let same = pairs.filter(|&(a, b)| {
                (first[a][axis] < first[b][axis]) == (then[a][axis] < then[b][axis])
            });
            let share = same.count() as f64 / 900.0;
            assert!(share > 0.75, "{method:?}, axis {axis}: {share}");
        }
    }
}

/// A model in training asks for it again and again.
#[test]
fn groups_do_not_drift_apart_as_a_layout_goes_on() {
    let tell: Tell = Arc::new(|_| true);
    let mut places = lay_out(&request(Method::Umap, 300, 300), &tell).expect("nobody stops it");
    for _ in 0..8 {
        let start = Some(places);
        let on = Request { start, epochs: None, ..request(Method::Umap, 300, 30) };
        places = lay_out(&on, &tell).expect("nobody stops it");
    }
    let farthest = places.iter().flatten().fold(0.0, |far: f32, at| far.max(at.abs()));
    assert!(farthest < 60.0, "{farthest}");
    let found = agreement(&places, |point| point % 3);
    assert!(found > 0.97, "the groups are still told apart: {found}");
}

#[test]
fn a_layout_ends_when_told_to() {
    for method in METHODS {
        let told = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&told);
        let tell: Tell = Arc::new(move |progress| {
            let moves = matches!(progress, Progress::Moving(_));
            moves.then(|| counted.fetch_add(1, Ordering::Relaxed)) != Some(5)
        });
        assert!(lay_out(&request(method, 200, 1000), &tell).is_err(), "{method:?}");
        assert_eq!(told.load(Ordering::Relaxed), 6, "{method:?} stops at once");
    }
}

#[test]
fn a_process_of_its_own_gives_the_same_kind_of_layout() {
    for method in METHODS {
        let mut told = 0;
        let places = run(program(), &request(method, 400, 200), &Stop::default(), |_| told += 1);
        let places = places.expect("a layout");
        assert!(agreement(&places, |point| point % 3) > 0.97, "{method:?}");
        assert!(told > 100, "{method:?} told {told} times");
    }
}

#[test]
fn a_process_ends_within_a_fifth_of_a_second_in_every_phase() {
    let big = |method| Request { epochs: None, ..request(method, 12_000, 1) };
    for method in METHODS {
        for wait_ms in [0, 30, 300, 1500, 3000] {
            let (stop, request) = (Stop::default(), big(method));
            let heard = stop.clone();
            let running = std::thread::Builder::new()
                .spawn(move || run(program(), &request, &heard, |_| ()))
                .unwrap();
            std::thread::sleep(Duration::from_millis(wait_ms));
            if running.is_finished() {
                continue;
            }
            let told = Instant::now();
            stop.stop();
            let ended = running.join().expect("no panic");
            let took = told.elapsed();
            assert!(matches!(ended, Err(LayoutError::Stopped(_))), "{method:?}: {ended:?}");
            assert!(took < Duration::from_millis(200), "{method:?} after {wait_ms} ms: {took:?}");
        }
    }
}

#[test]
fn what_cannot_be_laid_out_says_why() {
    let few = Request { vectors: groups(5, 8), ..request(Method::Umap, 12, 10) };
    let error = run(program(), &few, &Stop::default(), |_| ()).unwrap_err().to_string();
    assert!(error.contains("5 points (expected 12 at least)"), "{error}");
    let nowhere = Path::new("/nowhere/zscope");
    let refused = run(nowhere, &request(Method::Umap, 40, 10), &Stop::default(), |_| ());
    assert!(matches!(refused, Err(LayoutError::Process(_))), "{refused:?}");
    // A program that is another one ends without an answer.
    if Path::new("/bin/false").exists() {
        let request = request(Method::Umap, 40, 10);
        let ended = run(Path::new("/bin/false"), &request, &Stop::default(), |_| ());
        assert!(matches!(ended, Err(LayoutError::Ended { .. })), "{ended:?}");
    }
    let stop = Stop::default();
    stop.stop();
    let stopped = run(program(), &request(Method::Umap, 40, 10), &stop, |_| ());
    assert!(matches!(stopped, Err(LayoutError::Stopped(_))), "stopped before it began");
}

#[test]
fn hostile_requests_are_refused() {
    let number = |value: u64| value.to_le_bytes();
    let request = |numbers: [u64; 5], values: &[f32]| {
        let mut bytes: Vec<u8> = numbers.iter().flat_map(|&value| number(value)).collect();
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    };
    let fine = vec![0.5; 24];
    let mut broken = fine.clone();
    broken[3] = f32::NAN;
    for (bytes, why) in [
        (Vec::new(), "nothing"),
        (vec![7; 17], "cut off"),
        (request([9, 12, 2, 0, 1], &fine), "no such method"),
        (request([0, u64::MAX, 2, 0, 1], &fine), "more vectors than there can be"),
        (request([0, 1 << 27, 2, 0, 1], &fine), "fewer values than it says"),
        (request([0, 12, 0, 0, 1], &fine), "vectors of nothing"),
        (request([0, 3, 2, 0, 1], &fine), "too few vectors"),
        (request([0, 12, 2, 2, 1], &fine), "a start that is neither there nor not"),
        (request([0, 12, 2, 1, 1], &fine), "a start that is missing"),
        (request([0, 12, 2, 0, 1], &broken), "a value that is no number"),
    ] {
        assert!(serve(&bytes[..], std::io::sink()).is_err(), "{why}");
    }
    assert!(serve(&request([0, 12, 2, 0, 1], &fine)[..], std::io::sink()).is_ok(), "a fine one");
}
