//! Runs that are watched: the shares that they tell, and that they end when they are told to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use zscope::codec::{Codec as _, Way};
use zscope::engine::codec::EngineCodec;
use zscope::engine::{EngineError, EngineKind, Runner};
use zscope::train::memory::{check_pictures, check_run};
use zscope::watch::{Stopped, Watch};

use super::{autoencoder, decoder};
use crate::engine_matches_twin::{gpu, latents};

#[test]
fn every_engine_tells_how_far_it_is_and_ends_when_told() {
    let Some(gpu) = gpu() else { return };
    let graph = decoder(&autoencoder(16, &[8, 8], 1, 4), 5);
    let input = latents(&graph, 4);
    for kind in [EngineKind::Wgsl, EngineKind::Cpu, EngineKind::Twin] {
        let mut runner = Runner::new(kind, &graph, Some(gpu)).expect("a runner");
        runner.limit_batch(2);
        let expected = runner.run(&input).expect("a run");
        let shares = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&shares);
        runner.watch(&Watch::new(move |share| {
            told.lock().expect("no panic").push(share);
            true
        }));
        assert_eq!(
            runner.run(&input).expect("a run"),
            expected,
            "{kind}: watching changes nothing"
        );
        let shares = shares.lock().expect("no panic").clone();
        assert!(shares.is_sorted(), "{kind}: {shares:?}");
        assert!(shares.len() > 1 && shares[0] < 1.0, "{kind}: {shares:?}");
        assert!(shares.last().is_some_and(|last| (last - 1.0).abs() < 1e-9), "{kind}: {shares:?}");

        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        runner.watch(&Watch::new(move |_| counted.fetch_add(1, Ordering::Relaxed) > 0));
        assert_eq!(runner.run(&input), Err(EngineError::Stopped(Stopped)), "{kind}");
        assert_eq!(calls.load(Ordering::Relaxed), 1, "{kind} ends at once");
        assert_eq!(runner.run(&input).expect("a run"), expected, "{kind} runs again");
    }
}

#[test]
fn a_convolution_in_bands_tells_of_every_band() {
    let graph = decoder(&autoencoder(128, &[32], 1, 4), 6);
    let mut runner = Runner::new(EngineKind::Cpu, &graph, None).expect("a runner");
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    runner.watch(&Watch::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        true
    }));
    runner.run(&latents(&graph, 1)).expect("a run");
    let calls = calls.load(Ordering::Relaxed);
    // Kernels of 3 by 3 over 32 planes of 128 by 128 are columns of 18 MiB: two bands.
    let in_bands = graph.nodes().iter().filter(|node| node.name.contains("conv1")).count();
    assert!(calls >= graph.nodes().len() + 2 * in_bands, "{calls} for {in_bands}");
}

#[test]
fn a_codec_tells_what_each_way_takes() {
    let config = autoencoder(16, &[8, 8], 1, 4);
    let graph = decoder(&config, 7);
    let runner = Runner::new(EngineKind::Cpu, &graph, None).expect("a runner");
    let expected = runner.memory();
    let codec = EngineCodec::new(None, Some(runner), None);
    assert_eq!(codec.memory(Way::Decode), Some(expected), "its decoder's");
    assert!(expected.values > 0 && expected.weights > 0, "{expected:?}");
    assert_eq!(codec.memory(Way::Encode), None, "it has no encoder");
    assert_eq!(codec.memory(Way::DecodeIndices), None, "nor codes");
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = check_run("one image is decoded", 3 << 30, Some(1 << 30)).expect_err("too much");
    assert_eq!(
        refused,
        "one image is decoded with 3.0 GiB of memory at once, 1.0 GiB is free (free some, or choose a model of smaller images)"
    );
    assert_eq!(check_run("one image is decoded", 1 << 30, Some(1 << 30)), Ok(()), "it fits");
    assert_eq!(check_run("one image is decoded", 1 << 40, None), Ok(()), "nobody knows");
    let refused = check_pictures(1 << 16, 1 << 20, Some(1 << 30)).expect_err("too many");
    assert_eq!(refused, "65536 pictures take 256.0 GiB of memory, 1.0 GiB is free (ask for fewer)");
    assert_eq!(check_pictures(256, 1 << 20, Some(1 << 30)), Ok(()), "they fit");
    assert!(check_pictures(usize::MAX, usize::MAX, Some(1 << 30)).is_err(), "whatever is asked");
}
