//! The use of a codebook: two clocks, deaths and births, and a round trip through arrays.

use rand::RngExt as _;
use zscope::array::Array;
use zscope::metrics::code_use::{
    CodeEvent, CodeEventKind, CodeState, CodeUse, code_state, codes_used, perplexity,
};
use zscope::random::{Purpose, stream};

fn event(kind: CodeEventKind, first_step: u64, last_step: u64, times: u64) -> CodeEvent {
    CodeEvent { kind, first_step, last_step, times }
}

#[test]
fn perplexity_by_hand() {
    for (counts, expected) in [
        (vec![5, 5, 5, 5], 4.0),
        (vec![7, 0, 0], 1.0),
        (vec![0, 0], 1.0),
        (vec![], 1.0),
        // Shares ½, ¼, ¼: entropy 1.5 bits.
        (vec![2, 1, 1, 0], 2f64.powf(1.5)),
    ] {
        let found = perplexity(&counts);
        assert!((found - expected).abs() < 1e-9, "{counts:?}: {found}, expected {expected}");
    }
    assert!((perplexity(&[3, 1]) - 2.0).abs() > 0.1, "uneven use is less than the number of codes");
    assert_eq!(codes_used(&[0, 3, 0, 1]), 2, "codes used");
}

#[test]
fn states_by_hand() {
    // An even share is 100 / 4 = 25; a tenth of it is 2.5.
    let counts = [95, 3, 2, 0];
    let expected = [CodeState::Used, CodeState::Used, CodeState::Dying, CodeState::Dead];
    for (code, expected) in expected.into_iter().enumerate() {
        assert_eq!(code_state(&counts, code), expected, "code {code}");
    }
    assert_eq!(code_state(&counts, 9), CodeState::Dead, "a code that is not there");
    assert_eq!(code_state(&[0, 0], 0), CodeState::Dead, "nothing counted");
}

#[test]
fn the_two_clocks() {
    let mut usage = CodeUse::new(3, 4);
    for step in 1..=4 {
        usage.add_step(step, &[2.0, 1.0, 0.0], &[]);
    }
    assert_eq!((usage.batch(), usage.window()), (&[2, 1, 0][..], &[8, 4, 0][..]), "filling");
    for step in 5..=8 {
        usage.add_step(step, &[0.0, 3.0, 0.0], &[]);
    }
    assert_eq!(usage.window(), [0, 12, 0], "the oldest steps have left the window");
    assert_eq!(usage.total(), [8, 16, 0], "but are counted for ever");
    assert_eq!(usage.vectors_seen(), 24, "vectors");
    assert_eq!(usage.last_used(0), Some(4), "last use");
    assert_eq!(usage.last_used(2), None, "never used");
    assert_eq!(usage.vectors_since_use(0), 12, "vectors since");
    assert_eq!(usage.vectors_since_use(2), 24, "all of them");
    assert_eq!(usage.state(1), CodeState::Used, "used");
    assert_eq!(usage.state(0), CodeState::Dead, "dead on the window's clock");
}

/// A window that is longer than it has parts stays within one part of its length.
#[test]
fn a_long_window_holds_its_length() {
    let mut usage = CodeUse::new(2, 320);
    for step in 1..=5000 {
        usage.add_step(step, &[1.0, 0.0], &[]);
        let covered = usage.window()[0];
        if step >= 330 {
            assert!((320..=330).contains(&covered), "{covered} steps at step {step}");
        } else {
            assert_eq!(covered, step, "everything so far");
        }
    }
}

#[test]
fn deaths_and_births() {
    use CodeEventKind::{Died, Restarted, Returned, Revived};
    let mut usage = CodeUse::new(4, 10);
    let mut step = 0;
    let mut take = |usage: &mut CodeUse, steps: u64, counts: [f32; 4], restarted: [f32; 4]| {
        for _ in 0..steps {
            step += 1;
            usage.add_step(step, &counts, &restarted);
        }
    };
    let none = [0.0; 4];
    take(&mut usage, 5, [1.0, 1.0, 0.0, 0.0], none);
    take(&mut usage, 10, [1.0, 0.0, 0.0, 0.0], none);
    assert_eq!(usage.events(0), [], "used all the time");
    assert_eq!(usage.events(1), [event(Died, 5, 5, 1)], "died at its last use");
    assert_eq!(usage.events(2), [event(Died, 0, 0, 1)], "was never alive");
    take(&mut usage, 1, [1.0, 2.0, 0.0, 0.0], none);
    assert_eq!(usage.events(1)[1..], [event(Returned, 16, 16, 1)], "came back by itself");
    take(&mut usage, 3, [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(usage.events(2)[1..], [event(Restarted, 17, 19, 3)], "three in a row are one");
    usage.revive(19, &[3, 77]);
    assert_eq!(usage.events(3)[1..], [event(Revived, 19, 19, 1)], "by hand");
    take(&mut usage, 10, [1.0, 1.0, 0.0, 1.0], none);
    assert_eq!(usage.events(3).len(), 2, "it lives");
    assert_eq!(usage.events(2)[2..], [event(Died, 19, 19, 1)], "its restart did not help");
    for round in 0..200 {
        take(&mut usage, 1, [1.0; 4], none);
        take(&mut usage, 11, [1.0, 0.0, 0.0, 0.0], none);
        assert!(usage.events(1).len() <= 24, "bounded in round {round}");
    }
}

#[test]
fn the_past_takes_no_more_room_as_it_grows() {
    for (k, most) in [(3, 256), (16_384, 64)] {
        let mut usage = CodeUse::new(k, 32);
        let mut counts = vec![1.0; k];
        for step in 1..=700 {
            counts[0] = if step <= 350 { 0.0 } else { 1.0 };
            usage.add_step(step, &counts, &[]);
        }
        let snapshots = usage.snapshots();
        assert!((16..=most).contains(&snapshots.len()), "{} snapshots", snapshots.len());
        assert!(snapshots.is_sorted_by(|a, b| a.step < b.step), "in order");
        let (first, last) = (&snapshots[0].shares, &snapshots[snapshots.len() - 1].shares);
        assert!(first[0] == 0.0 && last[0] > 0.0, "a birth shows");
        let sum: f32 = last.iter().sum();
        assert!((sum - 1.0).abs() < 1e-3, "shares sum to 1, found {sum}");
    }
}

/// A resumed run counts on as if nothing had happened.
#[test]
fn a_round_trip_through_arrays_goes_on_the_same() {
    let mut rng = stream(3, 0, Purpose::Evaluate);
    let k = 7;
    let mut step = |usage: &mut CodeUse, steps: &mut u64, other: Option<&mut CodeUse>| {
        *steps += 1;
        let counts: Vec<f32> = (0..k)
            .map(|code| if code == 3 { 0.0 } else { rng.random_range(0..4) as f32 })
            .collect();
        let restarted: Vec<f32> = (0..k).map(|_| f32::from(rng.random::<f32>() < 0.02)).collect();
        usage.add_step(*steps, &counts, &restarted);
        if let Some(other) = other {
            other.add_step(*steps, &counts, &restarted);
        }
    };
    for window in [1, 5, 100] {
        let (mut usage, mut steps) = (CodeUse::new(k, window), 0);
        for _ in 0..600 {
            step(&mut usage, &mut steps, None);
        }
        let arrays = usage.to_arrays();
        let mut again = CodeUse::from_arrays(&arrays).expect("its own arrays");
        assert_eq!(again, usage, "as it was, window {window}");
        for _ in 0..300 {
            step(&mut usage, &mut steps, Some(&mut again));
        }
        assert_eq!(again, usage, "and on, window {window}");
        // Not of its making.
        for name in arrays.keys() {
            let mut damaged = arrays.clone();
            damaged.remove(name);
            assert!(CodeUse::from_arrays(&damaged).is_none(), "without {name}");
            damaged.insert(name.clone(), Array::filled([2, 3], 0.5));
            assert!(CodeUse::from_arrays(&damaged).is_none(), "with another {name}");
        }
    }
    // Counts beyond what f32 holds.
    let mut usage = CodeUse::new(1, 1_000_000);
    for step in 1..=40 {
        usage.add_step(step, &[16_777_215.0], &[]);
    }
    let again = CodeUse::from_arrays(&usage.to_arrays()).expect("its own arrays");
    assert_eq!(again.total(), [40 * 16_777_215], "exact");
}
