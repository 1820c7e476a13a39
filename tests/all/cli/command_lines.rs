//! The commands that the window copies: the command line accepts each, and they make what they say.

use clap::Parser as _;
use eframe::egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use zscope::app::{CommandLine, POINTS, ZscopeApp};
use zscope::cli::Cli;
use zscope::ui::{BookmarkAsk, Command, CommandOf, Demo, Pane, SeedsAsk};

use super::world::World;
use crate::ui::any_commands::open_demo;

/// The whole program with a demo, its data and its watched images in it.
fn opened(demo: Demo) -> Harness<'static, ZscopeApp> {
    let mut harness = open_demo(demo, Harness::builder().with_size([1280.0, 800.0]));
    for _ in 0..4000 {
        harness.step();
        let evaluation = harness.state().command_line(CommandOf::Evaluation);
        let has_images = harness.query_by_label("There are no watched images.").is_none();
        if evaluation.is_ok() && has_images && !harness.state().explore().kl()[0].is_nan() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    harness
}

fn apply(harness: &mut Harness<'_, ZscopeApp>, command: Command) {
    let ctx = harness.ctx.clone();
    harness.state_mut().apply(&ctx, command);
    harness.step();
}

fn line(harness: &Harness<'_, ZscopeApp>, of: CommandOf) -> CommandLine {
    harness.state().command_line(of).unwrap_or_else(|error| panic!("{of:?}: {error}"))
}

/// The words of a line as a shell takes them; only single quotes are in use.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(std::mem::take(&mut word)),
            letter => word.push(letter),
        }
    }
    words.push(word);
    words
}

#[track_caller]
fn is_accepted(line: &str) {
    if let Err(error) = Cli::try_parse_from(words(line)) {
        panic!("{line}\n{error}");
    }
}

/// Runs a line in a folder of its own.
#[track_caller]
fn run(world: &World, line: &str, more: &[&str]) {
    is_accepted(line);
    let words = words(line);
    let args: Vec<&str> =
        words[1..].iter().map(String::as_str).chain(more.iter().copied()).collect();
    world.run(&args).ok();
}

fn save_points(harness: &mut Harness<'_, ZscopeApp>, world: &World) {
    apply(harness, Command::SavePoints(Some(world.path(POINTS))));
    for _ in 0..400 {
        if world.path(POINTS).exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("the points are not saved");
}

#[test]
fn every_line_of_a_vae_runs() {
    let world = World::new();
    let mut harness = opened(Demo::Vae);
    is_accepted(&line(&harness, CommandOf::Training).text);
    run(&world, &line(&harness, CommandOf::Evaluation).text, &["--limit", "8", "--draws", "8"]);
    assert!(harness.state().command_line(CommandOf::Codebook).is_err(), "it has no codes");
    let pad = line(&harness, CommandOf::Pad);
    run(&world, &pad.text, &[]);
    assert!(world.path("way.png").exists(), "{}", pad.text);
    // The point as it is at first is none that a seed names.
    let point = line(&harness, CommandOf::Point);
    let swept = line(&harness, CommandOf::Traversals);
    assert!(point.reads_points && swept.reads_points, "{point:?} {swept:?}");
    apply(&mut harness, Command::Bookmark(BookmarkAsk::Add));
    save_points(&mut harness, &world);
    run(&world, &point.text, &[]);
    run(&world, &swept.text, &[]);
    assert!(world.path("traversals.png").exists() && world.path("pictures.png").exists());
    apply(&mut harness, Command::Seeds(SeedsAsk::Go([3.0, 1.0])));
    let [point, swept] = [CommandOf::Point, CommandOf::Traversals].map(|of| line(&harness, of));
    assert!(!point.reads_points && point.text.contains("--seed 103"), "{point:?}");
    assert!(!swept.reads_points && swept.text.contains("--base seed:103"), "{swept:?}");
    run(&world, &point.text, &[]);
    run(&world, &swept.text, &[]);
    apply(&mut harness, Command::SetTemperature(0.5));
    assert!(line(&harness, CommandOf::Point).reads_points, "a draw that no seed names");
    let error = harness.state().command_line(CommandOf::Pad).expect_err("nor the corners");
    assert!(error.contains("temperature"), "{error}");
}

/// Whatever stands beside "from", and a range of each dimension's own.
#[test]
fn every_traversal_is_a_line() {
    let world = World::new();
    let mut harness = opened(Demo::Vae);
    apply(&mut harness, Command::Bookmark(BookmarkAsk::Add));
    save_points(&mut harness, &world);
    apply(&mut harness, Command::ShowPane(Pane::Traversals));
    harness.run_steps(3);
    harness.get_by_role_and_label(Role::Button, "Watched images").click();
    harness.run_steps(3);
    let swept = line(&harness, CommandOf::Traversals).text;
    assert!(swept.matches(" --range=").count() > 1, "a range for each dimension: {swept}");
    run(&world, &swept, &[]);
    for (name, base) in
        [("Point 1", " --base 'points.safetensors#1'"), ("image 2", " --base 1"), ("zero", "")]
    {
        harness.get_by_label_contains("What the other dimensions are held at: ").click();
        harness.run_steps(3);
        harness.get_by_role_and_label(Role::Button, name).click();
        harness.run_steps(3);
        let swept = line(&harness, CommandOf::Traversals).text;
        assert!(swept.contains(&format!("{base} --steps")), "{name}: {swept}");
        assert!(!base.is_empty() || !swept.contains("--base"), "{name}: {swept}");
        run(&world, &swept, &[]);
    }
}

#[test]
fn every_line_of_a_vq_vae_runs() {
    let world = World::new();
    let mut harness = opened(Demo::VqVae);
    for of in [CommandOf::Evaluation, CommandOf::Codebook] {
        let more: &[&str] = if of == CommandOf::Codebook { &[] } else { &["--draws", "8"] };
        run(&world, &line(&harness, of).text, &[&["--limit", "8"], more].concat());
    }
    run(&world, &line(&harness, CommandOf::Pad).text, &[]);
    let error = harness.state().command_line(CommandOf::Traversals).expect_err("it has codes");
    assert!(error.contains("codes"), "{error}");
    save_points(&mut harness, &world);
    run(&world, &line(&harness, CommandOf::Point).text, &[]);
    assert!(world.path("pictures.png").exists());
}

/// The notice of a line that reads the points says how they are saved.
#[test]
fn a_line_that_reads_the_points_says_so() {
    let mut harness = opened(Demo::Vae);
    apply(&mut harness, Command::CopyLine(CommandOf::Point));
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("The command reads points.safetensors").is_some());
}
