//! What a hand does, and what the panels ask for.

use eframe::egui;
use egui::accesskit::{Role, Toggled};
use egui::{Event, Key, PointerButton, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node};
use zscope::event::{Event as RunEvent, StepRecord};
use zscope::latent::Mixing;
use zscope::session::Compared;
use zscope::session::anchor::Anchor;
use zscope::session::explore::CornerSource;
use zscope::train::recipe::Recipe;
use zscope::train::settings::{Settings, Value};
use zscope::ui::{Command, DataLine, Demo, Notice, TrainForm, Unfinished, View};

use super::window::{
    SIZES, Window, asked, block, describe, drag, is_enabled, nodes, phases, press, says, started,
};

/// The widget of a key of the form, named after the key or by what it does.
#[track_caller]
fn field<'a>(harness: &'a Harness<'_, Window>, role: Role, key: &str) -> Node<'a> {
    query_field(harness, role, key).unwrap_or_else(|| panic!("a {role:?} for {key}"))
}

fn query_field<'a>(harness: &'a Harness<'_, Window>, role: Role, key: &str) -> Option<Node<'a>> {
    let help = Recipe::Vae.keys().iter().find(|known| known.name == key).map(|key| key.help);
    let [name, help] = [key, help.unwrap_or(key)];
    nodes(harness).into_iter().find(|node| {
        let label = node.accesskit_node().label().unwrap_or_default();
        node.accesskit_node().role() == role && (label == name || label.starts_with(help))
    })
}

#[track_caller]
pub fn text_field<'a>(harness: &'a Harness<'_, Window>, words: &str) -> Node<'a> {
    let found = nodes(harness).into_iter().find(|node| {
        let node = node.accesskit_node();
        node.role() == Role::TextInput && node.label().is_some_and(|label| label.contains(words))
    });
    found.unwrap_or_else(|| panic!("a text field named {words:?}"))
}

/// Replaces what is typed in a field and presses Enter.
pub fn type_and_enter(harness: &mut Harness<'_, Window>, words: &str, text: &str) -> Vec<Command> {
    text_field(harness, words).focus();
    asked(harness);
    harness.key_combination_modifiers(egui::Modifiers::COMMAND, &[Key::A]);
    text_field(harness, words).type_text(text);
    harness.key_press(Key::Enter);
    asked(harness)
}

#[test]
fn of_many_dimensions_only_those_in_view_are_drawn() {
    let count = |d: usize| {
        let harness = Window::full(d).open(SIZES[0]);
        harness.query_all_by_role(Role::Slider).count()
    };
    let others = count(1) - 1;
    assert_eq!(count(100) - others, 100, "all of some");
    let shown = count(16_384) - others;
    assert!((5..50).contains(&shown), "{shown} of very many");
}

#[test]
fn a_preview_says_that_it_is_one() {
    let mut harness = Window::full(3).open(SIZES[0]);
    assert!(harness.query_by_label_contains("preview").is_none(), "the picture is whole");
    harness.state_mut().pictures.unfinished = Some(Unfinished { factor: 8, share: 0.437 });
    harness.run();
    harness.get_by_label("preview 1/8, 43 %");
}

#[test]
fn train_starts_what_the_form_says() {
    let mut form = TrainForm { epochs: 3, batch: 64, seed: 7, ..TrainForm::default() };
    form.settings.set("latent_dim", Value::Number(5.0)).unwrap();
    form.data = "shapes?size=16".to_owned();
    let window = Window { view: View { form: form.clone(), ..View::default() }, ..Window::full(3) };
    let mut harness = window.open(SIZES[0]);
    let commands = press(&mut harness, "Train");
    assert_eq!(commands, [Command::StartTraining(Box::new(form))], "the form, once");
}

#[test]
fn the_form_keeps_to_what_keys_accept() {
    let mut harness = Window::full(3).open([1280.0, 1600.0]);
    harness.get_by_label("More keys").click();
    harness.run_steps(20);
    let form = |harness: &Harness<'_, Window>| harness.state().view.form.clone();
    for key in Recipe::Vae.keys() {
        let Value::Number(default) = form(&harness).settings.values()[key.name].clone() else {
            continue;
        };
        for value in [default + 1.0, 1e300, -1e300, f64::NAN, 0.37, default] {
            field(&harness, Role::SpinButton, key.name).set_value_accesskit(value);
            assert_eq!(asked(&mut harness), [], "typing starts nothing");
            let now = form(&harness).settings.values()[key.name].clone();
            let mut admitted = Settings::defaults(Recipe::Vae.keys());
            assert_eq!(admitted.set(key.name, now.clone()), Ok(()), "{} is {now}", key.name);
        }
    }
    for (name, value) in [("Epochs", 1e300), ("Batch", -5.0), ("Epochs", 0.0)] {
        field(&harness, Role::SpinButton, name).set_value_accesskit(value);
        asked(&mut harness);
        let form = form(&harness);
        assert!((1..=1_000_000).contains(&form.epochs), "{}", form.epochs);
        assert!((1..=65_536).contains(&form.batch), "{}", form.batch);
    }
    field(&harness, Role::SpinButton, "latent_dim").set_value_accesskit(5.0);
    asked(&mut harness);
    assert_eq!(form(&harness).settings.integer("latent_dim"), 5, "a value is taken");

    let combo = nodes(&harness)
        .into_iter()
        .find(|node| {
            node.accesskit_node().role() == Role::ComboBox
                && node.value().as_deref() == Some("conv")
        })
        .expect("the choice of the architecture");
    combo.click();
    asked(&mut harness);
    harness.get_by_label("mlp").click();
    asked(&mut harness);
    assert_eq!(form(&harness).settings.word("arch"), "mlp", "chosen from a list");
    let combo = nodes(&harness)
        .into_iter()
        .find(|node| {
            node.accesskit_node().role() == Role::ComboBox
                && node.value().as_deref() == Some("none")
        })
        .expect("the choice of the corruption");
    combo.click();
    asked(&mut harness);
    harness.get_by_label("mask").click();
    asked(&mut harness);
    assert_eq!(form(&harness).settings.word("corrupt"), "mask:0.5", "of the usual strength");
    for (value, expected) in [(0.25, "mask:0.25"), (7.0, "mask:1"), (f64::NAN, "mask:1")] {
        field(&harness, Role::SpinButton, "corrupt strength").set_value_accesskit(value);
        asked(&mut harness);
        assert_eq!(form(&harness).settings.word("corrupt"), expected, "{value}");
    }
    field(&harness, Role::CheckBox, "learned").click();
    asked(&mut harness);
    assert!(form(&harness).settings.number("sigma") > 0.0, "a number instead of the word");

    let commands = press(&mut harness, "Defaults");
    assert_eq!(commands, [], "asks for nothing");
    let defaults = Settings::defaults(Recipe::Vae.keys());
    assert_eq!(form(&harness).settings, defaults, "every key is back");
}

#[test]
fn mended_images_stand_between_the_spoilt_and_the_clean_ones() {
    let mut window = Window::full(3);
    let probe = window.pictures.probe.as_mut().expect("watched images");
    for (row, name) in probe.rows.iter_mut().zip(["Corrupted", "Restored", "Clean"]) {
        row.0 = name;
    }
    probe.spoilt_psnr_db = vec![12.0; 16];
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    for name in ["Corrupted images", "Restored images", "Clean images"] {
        assert!(says(&harness, name), "{name} are shown");
    }
    assert!(says(&harness, "mean PSNR 23.8 dB, corrupted 12.0 dB"), "before and after");
    // Negative control.
    let mut harness = Window::full(3).open(SIZES[0]);
    asked(&mut harness);
    assert!(says(&harness, "mean PSNR 23.8 dB") && !says(&harness, "orrupted"));
}

#[test]
fn the_pad_moves_within_its_border() {
    let mut harness = Window::full(3).open(SIZES[0]);
    let rect = harness.get_by_label("Latent pad").rect();
    let beyond = rect.max + vec2(300.0, 40.0);
    let commands = drag(
        &mut harness,
        &[
            rect.center(),
            rect.center() + vec2(9.0, 0.0),
            rect.lerp_inside(vec2(0.75, 0.25)),
            beyond,
        ],
    );
    assert_eq!(commands[0], Command::BeginEdit, "first the way back");
    let begins = commands.iter().filter(|command| **command == Command::BeginEdit).count();
    assert_eq!(begins, 1, "one drag is one edit: {commands:?}");
    let places: Vec<[f32; 2]> = commands[1..]
        .iter()
        .map(|command| match command {
            Command::SetPad(at) => *at,
            other => panic!("a drag on the pad asks for {other:?}"),
        })
        .collect();
    assert!(places.iter().flatten().all(|at| (0.0..=1.0).contains(at)), "{places:?}");
    assert!(
        places.iter().any(|[u, v]| (u - 0.75).abs() < 0.01 && (v - 0.25).abs() < 0.01),
        "right is right and down is down: {places:?}"
    );
    assert_eq!(places.last(), Some(&[1.0, 1.0]), "beyond the border is the border");

    harness.get_by_label("Latent pad").click();
    let commands = asked(&mut harness);
    assert_eq!(commands.len(), 2, "a click moves too: {commands:?}");
    assert_eq!(commands[0], Command::BeginEdit, "with a way back");
    let Command::SetPad([u, v]) = commands[1] else { panic!("{commands:?}") };
    assert!((u - 0.5).abs() < 0.01 && (v - 0.5).abs() < 0.01, "to where it was: {u}, {v}");

    harness.get_by_label("Latent pad").click_secondary();
    assert_eq!(asked(&mut harness), [], "the other button opens a menu and moves nothing");
    for corner in ["Top left", "Top right", "Bottom left", "Bottom right"] {
        assert!(says(&harness, corner), "{corner} is in the menu");
    }
}

#[test]
fn a_drag_on_the_picture_walks() {
    let mut harness = Window::full(3).open(SIZES[0]);
    let rect = harness.get_by_label("Decoded picture").rect();
    let start = rect.lerp_inside(vec2(0.2, 0.8));
    let moved = vec2(0.5, -0.25) * rect.width();
    let commands =
        drag(&mut harness, &[start, start + moved * 0.5, start + moved * 3.0, start + moved]);
    assert_eq!(commands[0], Command::BeginWalk, "from here");
    let walks: Vec<[f32; 2]> = commands[1..]
        .iter()
        .map(|command| match command {
            Command::Walk(to) => *to,
            other => panic!("a drag on the picture asks for {other:?}"),
        })
        .collect();
    let last = walks.last().expect("walks");
    // Four deviations of the prior over the whole picture.
    assert!((last[0] - 2.0).abs() < 1e-3 && (last[1] + 1.0).abs() < 1e-3, "{walks:?}");
    assert!(walks.iter().any(|to| to[0] > 5.0), "it goes on outside of the picture: {walks:?}");
}

#[test]
fn sliders_move_dimensions() {
    let mut harness = Window::full(3).open(SIZES[0]);
    let slider = harness.get_by_role_and_label(Role::Slider, "Dimension 1").rect();
    let start = slider.left_center() + vec2(60.0, 0.0);
    let commands = drag(&mut harness, &[start, start + vec2(30.0, 0.0), start + vec2(40.0, 5.0)]);
    assert_eq!(commands.first(), Some(&Command::BeginEdit), "first the way back: {commands:?}");
    let begins = commands.iter().filter(|command| **command == Command::BeginEdit).count();
    assert_eq!(begins, 1, "one drag is one edit: {commands:?}");
    let moved = commands[1..].iter().all(|command| {
        matches!(command, Command::SetDim { dim: 1, value } if (-4.0..=4.0).contains(value))
    });
    assert!(moved && commands.len() > 1, "only this dimension: {commands:?}");
}

/// Whatever moves a dimension — arrow keys, a typed number, a screen reader — can be undone.
#[test]
fn every_edit_of_a_slider_can_be_undone() {
    let check = |commands: &[Command], how: &str, expected: f32| {
        let begin = commands.iter().position(|command| *command == Command::BeginEdit);
        let set = commands.iter().position(|c| matches!(c, Command::SetDim { .. }));
        let last = commands.iter().rev().find_map(|command| match command {
            Command::SetDim { dim: 1, value } => Some(*value),
            _ => None,
        });
        assert!(last.is_some_and(|v| (v - expected).abs() < 0.2), "by {how}: {commands:?}");
        assert!(begin.is_some() && begin < set, "by {how}, no way back: {commands:?}");
    };
    let mut harness = Window::full(3).open(SIZES[0]);
    harness.get_by_role_and_label(Role::Slider, "Dimension 1").focus();
    let mut commands = asked(&mut harness);
    harness.key_press(Key::ArrowRight);
    commands.extend(asked(&mut harness));
    check(&commands, "arrow keys", 0.1);

    let mut harness = Window::full(3).open(SIZES[0]);
    harness.get_by_role_and_label(Role::SpinButton, "Dimension 1").click();
    let mut commands = asked(&mut harness);
    harness.key_combination_modifiers(egui::Modifiers::COMMAND, &[Key::A]);
    harness.event(Event::Text("1.5".to_owned()));
    harness.key_press(Key::Enter);
    commands.extend(asked(&mut harness));
    check(&commands, "a typed number", 1.5);

    let mut harness = Window::full(3).open(SIZES[0]);
    harness.get_by_role_and_label(Role::Slider, "Dimension 1").set_value_accesskit(-2.0);
    let commands = asked(&mut harness);
    check(&commands, "a screen reader", -2.0);
}

#[test]
fn a_dimension_is_set_to_zero() {
    let mut window = Window::full(3);
    let explore = window.explore.as_mut().unwrap();
    explore.set_dim(2, 1.25);
    let mut harness = window.open(SIZES[0]);
    let enabled: Vec<_> = nodes(&harness)
        .into_iter()
        .filter(|node| {
            let node = node.accesskit_node();
            let names =
                ["0", "Set dimension 2 to zero", "Reset dimension 2", "Dimension 2 to zero"];
            let named = node.label().is_some_and(|label| names.contains(&label.as_str()));
            node.role() == Role::Button && named && !node.is_disabled()
        })
        .collect();
    assert_eq!(enabled.len(), 1, "only where there is something to set");
    enabled[0].click();
    let commands = asked(&mut harness);
    assert_eq!(commands, [Command::BeginEdit, Command::SetDim { dim: 2, value: 0.0 }], "zero");
}

#[test]
fn draw_zero_undo_and_redo() {
    let mut harness = Window::full(3).open(SIZES[0]);
    assert!(!is_enabled(&harness, "Undo") && !is_enabled(&harness, "Redo"), "nothing to undo");
    assert_eq!(press(&mut harness, "Undo"), [], "and no way to ask for it");
    assert_eq!(press(&mut harness, "Draw"), [Command::JumpToDraw], "a draw");
    let zero = [Command::BeginEdit, Command::SetLatent(vec![0.0; 3])];
    assert_eq!(press(&mut harness, "Zero"), zero, "the origin");

    harness.state_mut().explore.as_mut().unwrap().jump_to_draw();
    asked(&mut harness);
    assert!(is_enabled(&harness, "Undo") && !is_enabled(&harness, "Redo"), "back");
    assert_eq!(press(&mut harness, "Undo"), [Command::Undo], "undo");
    harness.state_mut().explore.as_mut().unwrap().undo();
    asked(&mut harness);
    assert!(is_enabled(&harness, "Redo"), "forward");
    assert_eq!(press(&mut harness, "Redo"), [Command::Redo], "redo");
}

#[test]
fn corners_are_mixed_and_chosen() {
    let mut window = Window::full(3);
    window.watched = vec![vec![0.0; 3]; 16];
    let mut harness = window.open(SIZES[0]);
    for (name, mixing, other) in
        [("Linear", Mixing::Lerp, "Spherical"), ("Spherical", Mixing::Slerp, "Linear")]
    {
        assert_eq!(press(&mut harness, name), [Command::SetMixing(mixing)], "{name}");
        harness.state_mut().explore.as_mut().unwrap().set_mixing(mixing);
        asked(&mut harness);
        let toggled =
            |name| harness.get_by_role_and_label(Role::Button, name).accesskit_node().toggled();
        assert_eq!(toggled(name), Some(Toggled::True), "{name} is on");
        assert_eq!(toggled(other), Some(Toggled::False), "{other} is off");
    }

    press(&mut harness, "Corners");
    let commands = press(&mut harness, "Redraw all four");
    assert_eq!(commands, [0, 1, 2, 3].map(Command::RedrawCorner), "each once");
    press(&mut harness, "Corners");
    let commands = press(&mut harness, "Four watched images");
    let image = |index| Command::SetCorner { index, source: CornerSource::Image(index) };
    assert_eq!(commands, [0, 1, 2, 3].map(image), "each another image");

    for (item, expected) in [
        ("A fresh draw", Command::RedrawCorner(2)),
        ("The point I am at", Command::SetCorner { index: 2, source: CornerSource::Point }),
    ] {
        press(&mut harness, "Corners");
        press_menu(&mut harness, "Bottom left");
        assert_eq!(press_menu(&mut harness, item), [expected], "{item}");
        close_menus(&mut harness);
    }
    press(&mut harness, "Corners");
    press_menu(&mut harness, "Top right");
    press_menu(&mut harness, "An image or a bookmark");
    let expected = Command::PointToCorner { index: 1, point: Anchor::Image(15) };
    assert_eq!(press_menu(&mut harness, "image 16"), [expected], "counted from 1 for people");
}

/// Clicks an item of an open menu, whose name may end in an arrow.
#[track_caller]
fn press_menu(harness: &mut Harness<'_, Window>, name: &str) -> Vec<Command> {
    asked(harness);
    let found = nodes(harness).into_iter().find(|node| {
        let node = node.accesskit_node();
        node.label().is_some_and(|label| label.starts_with(name))
    });
    found.unwrap_or_else(|| panic!("an item {name:?}")).click();
    asked(harness)
}

fn close_menus(harness: &mut Harness<'_, Window>) {
    harness.key_press(Key::Escape);
    harness.key_press(Key::Escape);
    asked(harness);
    assert!(!says(harness, "Redraw all four"), "the menu is closed");
}

#[test]
fn walks_choose_their_directions() {
    let mut harness = Window::full(3).open(SIZES[0]);
    for (item, expected) in [
        ("Two random directions", Command::WalkRandom),
        ("The two dimensions that say most", Command::WalkDims),
    ] {
        press(&mut harness, "Along z0 × z1");
        assert_eq!(press(&mut harness, item), [expected], "{item}");
    }
    harness.state_mut().explore.as_mut().unwrap().walk_random();
    asked(&mut harness);
    assert!(harness.query_by_label("Random directions").is_some(), "told where it stands");
}

#[test]
fn buttons_of_a_run_in_every_phase() {
    let running =
        [("Pause", Command::Pause), ("Save", Command::SaveCheckpoint), ("Stop", Command::Stop)];
    let paused = [
        ("Resume", Command::Resume),
        ("Step", Command::StepOnce),
        ("Save", Command::SaveCheckpoint),
        ("Stop", Command::Stop),
    ];
    for (phase, window) in phases() {
        let enabled: &[(&str, Command)] = match phase {
            "running" => &running,
            "paused" => &paused,
            _ => &[],
        };
        let mut harness = window.open(SIZES[0]);
        for name in ["Pause", "Resume", "Step", "Save", "Stop"] {
            let found = harness
                .query_by_role_and_label(Role::Button, name)
                .is_some_and(|node| !node.accesskit_node().is_disabled());
            let expected = enabled.iter().any(|(enabled, _)| *enabled == name);
            assert_eq!(found, expected, "{name} while {phase}");
        }
        for (name, command) in enabled {
            assert_eq!(press(&mut harness, name), std::slice::from_ref(command), "{name}");
        }
        let can_train = !matches!(phase, "running" | "paused");
        let train = harness.query_by_role_and_label(Role::Button, "Train").is_some();
        assert_eq!(train, can_train, "one run at a time: {phase}");
        // The phase can be read on the screen.
        let told = match phase {
            "idle" => "no training yet",
            "running" => "step 10 of",
            "paused" => "paused at step 10",
            "completed" => "finished at step 10",
            "stopped" => "stopped at step 10",
            "diverged" => "diverged at step 10",
            _ => "at step 10",
        };
        assert!(says(&harness, told), "{told:?} while {phase}");
    }
}

#[test]
fn the_point_is_copied_by_a_button() {
    let mut harness = Window::full(3).open(SIZES[0]);
    assert_eq!(press(&mut harness, "Copy"), [Command::CopyPoint]);
    assert!(is_enabled(&harness, "Paste"), "and the way back");
}

#[test]
fn a_run_on_a_graphics_device_says_that_it_begins_slowly() {
    let RunEvent::Started(mut run) = started(3) else { panic!("how a run starts") };
    run.device = "GPU (wgpu)".to_owned();
    let says_it = |steps: u64| {
        let mut window = Window::full(3);
        window.tell(&RunEvent::Started(run.clone()));
        window.tell(&block(3, 1..=steps));
        says(&window.open(SIZES[0]), "preparing the graphics device")
    };
    assert!(says_it(0), "before the first update");
    assert!(!says_it(1), "control: after it");
}

#[test]
fn a_run_that_is_not_done_can_go_on() {
    for (phase, window) in phases() {
        let mut harness = window.open([1280.0, 1400.0]);
        let name = "Continue the run";
        let offered = harness.query_by_role_and_label(Role::Button, name).is_some();
        assert_eq!(offered, !matches!(phase, "idle" | "running" | "paused"), "while {phase}");
        if offered {
            let dir = "/home/somebody/.local/share/zscope/runs/vae-7".into();
            let expected = Command::ResumeRun { dir, more_epochs: 0 };
            assert_eq!(press(&mut harness, name), [expected], "while {phase}");
        }
    }
    let mut window = Window::running(3, 39_100);
    let reason = zscope::event::FinishReason::Completed;
    window.tell(&RunEvent::Finished { step: 39_100, reason, elapsed_secs: 1.0 });
    let mut harness = window.open([1280.0, 1400.0]);
    assert!(harness.query_by_label("Continue the run").is_none(), "all steps are done");
    let dir = "/home/somebody/.local/share/zscope/runs/vae-7".into();
    let expected = Command::ResumeRun { dir, more_epochs: 10 };
    assert_eq!(press(&mut harness, "Train on for 10 more epochs"), [expected], "beyond its end");
}

#[test]
fn a_model_without_a_run_can_train_on() {
    let mut harness = Window::full(3).open([1280.0, 1400.0]);
    let name = "Train this model on for 10 epochs";
    assert!(harness.query_by_label(name).is_none(), "there is nothing to train");
    harness.state_mut().trains_on = Some("shapes");
    assert_eq!(press(&mut harness, name), [Command::TrainOn], "from its weights");
    let mut window = Window::running(3, 10);
    window.trains_on = Some("shapes");
    let harness = window.open([1280.0, 1400.0]);
    assert!(harness.query_by_label(name).is_none(), "it trains already");
}

#[test]
fn a_classifier_has_nothing_to_explore_and_says_so() {
    let mut harness = Window::full(3).open(SIZES[0]);
    assert!(says(&harness, "Dimensions"), "a model of images has an explorer");
    harness.state_mut().only_classifies = true;
    harness.run();
    assert!(says(&harness, "A classifier makes no images"), "why there is none");
    assert!(!says(&harness, "Dimensions"), "no sliders that move nothing");
    assert!(harness.query_by_label("Train").is_some(), "the rest of the window is there");
}

#[test]
fn other_runs_are_compared() {
    let other = |name: &str, steps| Compared::of(name, &Window::running(3, steps).session);
    let mut harness = Window::full(3).open(SIZES[0]);
    press(&mut harness, "Compare");
    assert!(!is_enabled(&harness, "Keep this run's curves"), "there are none");
    let typed = type_and_enter(&mut harness, "Which run", " /runs/vae-6 ");
    assert_eq!(typed, [Command::CompareRun(Some("/runs/vae-6".into()))], "typed");
    press(&mut harness, "Compare");
    assert_eq!(press(&mut harness, "Choose…"), [Command::CompareRun(None)], "in a dialog");

    assert!(!says(&harness, "Plot: Losses"), "nothing to draw");
    harness.state_mut().compared = vec![other("vae-6", 30)];
    asked(&mut harness);
    assert!(says(&harness, "Plot: Losses"), "curves of another run alone are drawn");

    let mut harness = Window::running(3, 200).open(SIZES[0]);
    press(&mut harness, "Compare");
    assert_eq!(press(&mut harness, "Keep this run's curves"), [Command::KeepCurves], "kept");
    harness.state_mut().compared = ["a", "b", "c"].map(|name| other(name, 300)).to_vec();
    asked(&mut harness);
    press(&mut harness, "Compare");
    for name in ["Keep this run's curves", "Add run", "Choose…"] {
        assert!(!is_enabled(&harness, name), "{name}: there is no room for a fourth");
    }
    close_menus(&mut harness);
    let stop = "Stop comparing with b";
    assert_eq!(press(&mut harness, stop), [Command::StopComparing(1)], "the second");
}

/// A run that was stopped half-way is not a finished one.
#[test]
fn stopped_and_completed_runs_are_told_apart() {
    let told = |phase: &str| {
        let window = phases().into_iter().find(|(name, _)| *name == phase).unwrap().1;
        let harness = window.open(SIZES[0]);
        let bar = harness.get_by_role(Role::ProgressIndicator);
        bar.accesskit_node().label().unwrap_or_default()
    };
    assert_ne!(told("stopped"), told("completed"), "stopped at step 10 of 39 100");
}

#[test]
fn typed_paths_are_opened() {
    let mut harness = Window::full(3).open(SIZES[0]);
    let commands = type_and_enter(&mut harness, "path", "  /runs/vae 7@latest ");
    assert_eq!(commands, [Command::OpenPath("/runs/vae 7@latest".into())], "without blanks around");
    for nothing in ["", "   "] {
        harness.state_mut().view.open_path.clear();
        assert_eq!(type_and_enter(&mut harness, "path", nothing), [], "{nothing:?}");
    }
    text_field(&harness, "path").focus();
    asked(&mut harness);
    text_field(&harness, "path").type_text("/half");
    harness.key_press(Key::Tab);
    assert_eq!(asked(&mut harness), [], "leaving the field opens nothing");
    let commands = type_and_enter(&mut harness, "Data", " shapes?size=16 ");
    assert_eq!(commands, [Command::OpenData("shapes?size=16".to_owned())], "data");
    for (item, expected) in [
        ("Run or model folder…", Command::PickModel),
        ("Folder of pictures or data…", Command::PickData),
        ("Demo: VAE", Command::OpenDemo(Demo::Vae)),
        ("Demo: VQ-VAE", Command::OpenDemo(Demo::VqVae)),
    ] {
        press(&mut harness, "Open");
        assert_eq!(press(&mut harness, item), [expected], "{item}");
    }
    assert_eq!(press(&mut harness, "Folder…"), [Command::PickData], "a dialog for data");
    let mut harness = Window::running(3, 5).open(SIZES[0]);
    for (button, dialog, typed) in [
        ("Save…", Command::SavePicture(None), Command::SavePicture(Some("a.png".into()))),
        ("Save curves…", Command::SaveCurves(None), Command::SaveCurves(Some("a.png".into()))),
    ] {
        press(&mut harness, button);
        assert_eq!(press(&mut harness, "Choose…"), [dialog], "{button} in a dialog");
        press(&mut harness, button);
        assert!(text_field(&harness, "Where to").is_focused(), "{button}: keys go into the path");
        assert_eq!(type_and_enter(&mut harness, "Where to", "a.png"), [typed], "{button} typed");
    }
}

/// Every text that is drawn, also what is painted without a widget.
pub fn painted(harness: &Harness<'_, Window>) -> String {
    fn collect(shape: &egui::Shape, text: &mut String) {
        match shape {
            egui::Shape::Text(shape) => {
                text.push_str(shape.galley.text());
                text.push('\n');
            }
            egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, text)),
            _ => {}
        }
    }
    let mut text = String::new();
    harness.output().shapes.iter().for_each(|shape| collect(&shape.shape, &mut text));
    text
}

#[test]
fn empty_states_say_what_will_be_there() {
    for size in SIZES {
        let mut harness = Window::default().open(size);
        asked(&mut harness);
        let text = painted(&harness);
        for words in [
            "images to learn from will be",
            "picture of the point will be",
            "what the model makes of them will be",
            "will be drawn here while a model trains",
            "no training yet",
        ] {
            assert!(text.contains(words), "{words:?} at {size:?} in\n{text}");
        }
        // Everything is offered all the same: the next step is never further than a button.
        for name in ["Open", "Folder…", "Train"] {
            assert!(is_enabled(&harness, name), "{name}");
        }
    }
    // Data that is being opened.
    for (opening, data) in [((0, 0), "0"), ((5, 10), "5"), ((10, 10), "10")] {
        let window = Window {
            data: DataLine { opening: Some(opening), ..DataLine::default() },
            ..Window::default()
        };
        let harness = window.open(SIZES[0]);
        assert!(says(&harness, "opening"), "{data} of {opening:?}");
    }
}

#[test]
fn opening_data_tells_how_far_it_is_and_can_be_cancelled() {
    let opening = |progress| {
        let data = DataLine { opening: Some(progress), ..DataLine::default() };
        Window { data, ..Window::full(3) }.open(SIZES[0])
    };
    let bar = |harness: &Harness<'_, Window>| {
        let node = nodes(harness).into_iter().find(|node| {
            let node = node.accesskit_node();
            let is_bar = node.role() == Role::ProgressIndicator;
            is_bar && node.label().is_some_and(|label| label.starts_with("opening"))
        });
        let node = node.expect("a progress bar");
        (node.accesskit_node().label().unwrap_or_default(), node.accesskit_node().numeric_value())
    };
    let mut harness = opening((1_234, 60_000));
    assert_eq!(bar(&harness).0, "opening 1\u{2009}234 of 60\u{2009}000", "in numbers");
    assert_eq!(bar(&harness).1.map(f64::round), Some(2.0), "and as a bar, in percent");
    assert_eq!(press(&mut harness, "Cancel"), [Command::CancelData], "a way out");
    let mut harness = opening((0, 0));
    assert_eq!(bar(&harness).0, "opening", "how many is not known yet");
    assert_eq!(press(&mut harness, "Cancel"), [Command::CancelData], "a way out all the same");
    harness.state_mut().data.opening = None;
    asked(&mut harness);
    assert!(harness.query_by_label("Cancel").is_none(), "nothing to give up");
}

#[test]
fn a_run_shows_only_keys_that_may_change() {
    let mut harness = Window::running(3, 10).open([1280.0, 1400.0]);
    harness.get_by_label("More keys").click();
    harness.run();
    for key in Recipe::Vae.keys() {
        let shown = harness.query_by_role_and_label(Role::Label, key.name).is_some();
        assert_eq!(shown, key.live, "{} is live: {}", key.name, key.live);
        for role in [Role::SpinButton, Role::ComboBox] {
            let found = query_field(&harness, role, key.name).is_some();
            assert!(key.live || !found, "no widget for {}", key.name);
        }
    }
    for name in ["Epochs", "Batch", "Seed"] {
        let node = field(&harness, Role::SpinButton, name);
        assert!(node.accesskit_node().is_disabled(), "{name}… is fixed now");
    }
    for (name, value) in [("lr", 0.0005), ("kl_warmup", 100.0)] {
        field(&harness, Role::SpinButton, name).set_value_accesskit(value);
        let commands = asked(&mut harness);
        let [Command::SetLive { name: found, value: Value::Number(sent) }] = &commands[..] else {
            panic!("{name} to {value} asks for {commands:?}")
        };
        assert!(found == name && (sent - value).abs() < 1e-9, "{commands:?}");
        assert!((harness.state().view.form.settings.number(name) - value).abs() < 1e-9, "{name}");
    }
}

#[test]
fn weights_freeze_only_while_they_change() {
    let mut harness = Window::running(3, 10).open(SIZES[0]);
    harness.get_by_role_and_label(Role::CheckBox, "Freeze").click();
    assert_eq!(asked(&mut harness), [Command::Freeze(true)], "kept");
    harness.state_mut().explore.as_mut().unwrap().set_frozen(true);
    asked(&mut harness);
    harness.get_by_role_and_label(Role::CheckBox, "Freeze").click();
    assert_eq!(asked(&mut harness), [Command::Freeze(false)], "followed again");
    let harness = Window::full(3).open(SIZES[0]);
    assert!(harness.query_by_label("Freeze").is_none(), "nothing changes, nothing to freeze");
}

#[test]
fn notices_can_be_dismissed() {
    let notices = vec![
        Notice::new("Saved /tmp/curves.csv", false),
        Notice::new("open the model: no such file or directory: /nowhere", true),
    ];
    assert!(notices[0].time_left().is_some_and(|left| !left.is_zero()), "news go by themselves");
    assert_eq!(notices[1].time_left(), None, "errors stay");
    let mut harness = Window { notices, ..Window::full(3) }.open(SIZES[0]);
    assert!(says(&harness, "Saved /tmp/curves.csv") && says(&harness, "/nowhere"), "both");
    let buttons: Vec<_> = harness.get_all_by_role_and_label(Role::Button, "Dismiss").collect();
    assert_eq!(buttons.len(), 2, "one each");
    buttons[1].click();
    assert_eq!(asked(&mut harness), [Command::Dismiss(1)], "the second");
}

#[test]
fn curves_with_anything_in_them_are_drawn() {
    let poison = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -1.0, 1e38, -1e38, 1e-45];
    let mut window = Window::running(3, 5);
    let record = |step: u64| {
        let value = |curve: u64| poison[((step * 7 + curve) % 8) as usize];
        StepRecord { step, values: (0..8).map(value).collect() }
    };
    window.tell(&RunEvent::StepsDone {
        steps: (6..300).map(record).collect(),
        images_per_s: f64::NAN,
    });
    for step in [7, 7, 250, 10_000] {
        let name = "lr".to_owned();
        window.tell(&RunEvent::SettingChanged { step, name, from: 1e-3.into(), to: 5e-4.into() });
    }
    let values = vec![("eval/elbo_nats".to_owned(), f64::NAN), ("eval/psnr_db".to_owned(), 1e300)];
    window.tell(&RunEvent::Evaluated { step: 290, values });
    window.tell(&RunEvent::Warning { step: 290, message: "odd".to_owned() });
    let mut harness = window.open(SIZES[0]);
    for name in ["log10", "robust range", "log10", "robust range"] {
        harness.get_by_role_and_label(Role::CheckBox, name).click();
        asked(&mut harness);
        harness.state_mut().view.curves.smoothing = if name == "log10" { 0.0 } else { 0.999 };
        // The read-out follows the pointer over every plot.
        for x in (30..1280).step_by(97) {
            harness.hover_at(egui::pos2(x as f32, 700.0));
            harness.run_ok();
        }
        harness.remove_cursor();
        assert_eq!(asked(&mut harness), [], "looking asks for nothing");
    }
    // A wheel with Ctrl zooms; a drag moves; a double click fits again.
    let place = egui::pos2(150.0, 700.0);
    harness.hover_at(place);
    harness.event(Event::Zoom(4.0));
    drag(&mut harness, &[place, place + vec2(40.0, 9.0), place + vec2(90.0, -20.0)]);
    for _ in 0..2 {
        for pressed in [true, false] {
            harness.event(Event::PointerButton {
                pos: place,
                button: PointerButton::Primary,
                pressed,
                modifiers: egui::Modifiers::NONE,
            });
        }
    }
    asked(&mut harness);
}

#[test]
fn one_step_and_no_step_are_drawn() {
    for steps in [0, 1, 2] {
        let mut window = Window::full(1);
        window.tell(&super::window::started(1));
        if steps > 0 {
            window.tell(&block(1, 1..=steps));
        }
        let mut harness = window.open(SIZES[0]);
        harness.get_by_role_and_label(Role::CheckBox, "log10").click();
        asked(&mut harness);
        for x in (30..1280).step_by(200) {
            harness.hover_at(egui::pos2(x as f32, 700.0));
            asked(&mut harness);
        }
    }
}

/// Marks, units and menus are drawn on any machine, whichever fonts are installed there.
#[test]
fn texts_need_no_system_font() {
    let mut window = Window::running(3, 20);
    window.view.curves.shown.fill(true);
    window.tell(&RunEvent::Paused { step: 20 });
    window.tell(&RunEvent::Resumed { step: 20 });
    let mut harness = window.open_without_system_fonts(SIZES[0]);
    for menu in ["Open", "Corners", "Along z0 × z1", "Plots"] {
        press(&mut harness, menu);
        harness.key_press(Key::Escape);
        asked(&mut harness);
    }
    // A setting that was changed is marked on the curves.
    let name = "lr".to_owned();
    harness.state_mut().tell(&RunEvent::SettingChanged {
        step: 9,
        name,
        from: 1e-3.into(),
        to: 5e-4.into(),
    });
    asked(&mut harness);
}

/// What is shown when the pointer rests on a widget.
#[test]
fn every_widget_explains_itself() {
    let mut harness = Window::running(2, 20).open(SIZES[0]);
    let mut silent = Vec::new();
    let widgets: Vec<(String, egui::Rect)> = nodes(&harness)
        .iter()
        .filter(|node| {
            let role = node.accesskit_node().role();
            let takes_input = matches!(
                role,
                Role::Button | Role::CheckBox | Role::TextInput | Role::ComboBox | Role::SpinButton
            );
            takes_input && node.rect().bottom() < 580.0 || role == Role::CheckBox
        })
        .map(|node| (describe(node), node.rect()))
        .collect();
    assert!(widgets.len() > 15, "{} widgets", widgets.len());
    for (name, rect) in widgets {
        harness.remove_cursor();
        harness.run_steps(3);
        let before = painted(&harness).lines().count();
        harness.hover_at(rect.center());
        harness.run_steps(6);
        if painted(&harness).lines().count() <= before {
            silent.push(name);
        }
    }
    assert!(silent.is_empty(), "{} say nothing:\n{}", silent.len(), silent.join("\n"));
}

/// Models of any number of dimensions, with KL that is not known or no number.
#[test]
fn any_number_of_dimensions_is_drawn() {
    for d in [1, 2, 3, 300] {
        let mut window = Window::full(d);
        let kl: Vec<f32> =
            (0..d).map(|dim| [f32::NAN, 0.0, f32::INFINITY, -1.0][dim % 4]).collect();
        let explore = window.explore.as_mut().unwrap();
        explore.set_kl(&kl, true);
        explore.set_latent(&vec![1e30; d]);
        explore.set_pad([1.0, 0.0]);
        let harness = window.open(SIZES[1]);
        for dim in [0, d - 1] {
            let label = format!("Dimension {dim}");
            let sliders = nodes(&harness)
                .into_iter()
                .filter(|node| node.accesskit_node().role() == Role::Slider)
                .filter(|node| node.accesskit_node().label().as_deref() == Some(&label))
                .count();
            assert_eq!(sliders, 1, "a slider for {label} of {d}");
        }
    }
}

/// A window that nobody touches draws nothing: it would keep a core busy otherwise.
#[test]
fn a_window_at_rest_stays_at_rest() {
    for (phase, window) in phases() {
        let mut harness = window.open(SIZES[0]);
        let rest = harness.try_run();
        assert!(rest.is_ok(), "while {phase}: {}", rest.unwrap_err());
        assert_eq!(asked(&mut harness), [], "and asks for nothing by itself while {phase}");
    }
}

/// Every widget that takes input has a name that a screen reader can say.
#[test]
fn every_widget_has_a_name() {
    for (phase, window) in phases().into_iter().chain([("empty", Window::default())]) {
        let mut harness = window.open(SIZES[0]);
        asked(&mut harness);
        let unnamed = harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "while {phase}:\n{}", unnamed.join("\n"));
        let pictures: Vec<String> = nodes(&harness)
            .iter()
            .filter(|node| node.accesskit_node().role() == Role::Image)
            .filter(|node| node.accesskit_node().label().is_none_or(|label| label.is_empty()))
            .map(describe)
            .collect();
        assert!(pictures.is_empty(), "pictures without a name while {phase}: {pictures:#?}");
    }
}

/// A name that twenty buttons share tells nothing apart.
#[test]
fn no_two_buttons_share_a_name() {
    let harness = Window::running(20, 10).open(SIZES[0]);
    let mut names: Vec<String> = nodes(&harness)
        .iter()
        .filter(|node| node.accesskit_node().role() == Role::Button)
        .filter_map(|node| node.accesskit_node().label())
        .collect();
    names.sort();
    let shared: Vec<_> = names
        .chunk_by(|a, b| a == b)
        .filter(|same| same.len() > 1)
        .map(|s| (&s[0], s.len()))
        .collect();
    assert!(shared.is_empty(), "{shared:?}");
}

/// What is named is named in a few words: the long explanation belongs to the tooltip.
#[test]
fn names_are_short() {
    let harness = Window::full(3).open(SIZES[0]);
    let long: Vec<String> = nodes(&harness)
        .iter()
        .filter_map(|node| node.accesskit_node().label())
        .filter(|label| label.contains('\n') || label.chars().count() > 60)
        .collect();
    assert!(long.is_empty(), "{} names are whole tooltips: {long:#?}", long.len());
}

/// Whether a place is a gap between views or the bar with their names, which can be dragged too: each view can be
/// arranged by its name and by the menu of views.
pub fn is_of_the_dock(rect: egui::Rect) -> bool {
    const GAP: f32 = 6.0;
    const BAR: f32 = 22.0;
    [rect.width(), rect.height()].contains(&GAP) || (rect.height() - BAR).abs() < 0.5
}

/// A plot, too, can be found by who cannot see it.
#[test]
fn whatever_can_be_dragged_has_a_name() {
    let harness = Window::running(3, 20).open(SIZES[0]);
    let unnamed: Vec<String> = nodes(&harness)
        .iter()
        .filter(|node| node.accesskit_node().role() == Role::Unknown)
        .filter(|node| !is_of_the_dock(node.rect()))
        .filter(|node| node.accesskit_node().label().is_none_or(|label| label.is_empty()))
        .map(describe)
        .collect();
    assert!(unnamed.is_empty(), "{unnamed:#?}");
}

/// How much brighter one colour is than another, from 1 to 21.
///
/// # Source
/// Web Content Accessibility Guidelines 2.2, relative luminance and contrast ratio.
fn contrast(a: egui::Color32, b: egui::Color32) -> f32 {
    let light = |colour: egui::Color32| {
        let linear = |level: u8| {
            let level = f32::from(level) / 255.0;
            if level <= 0.04045 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
        };
        let [r, g, b] = [colour.r(), colour.g(), colour.b()].map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (light(a), light(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// As the guidelines' level AA wants it: 4.5 for text, 3 for what is drawn.
#[test]
fn text_and_curves_stand_off_both_grounds() {
    use zscope::ui::theme::{DARK, LIGHT};
    assert!((contrast(egui::Color32::WHITE, egui::Color32::BLACK) - 21.0).abs() < 1e-3);
    for (name, colours) in [("dark", DARK), ("light", LIGHT)] {
        for ground in [colours.stage, colours.panel, colours.empty] {
            for (what, text) in
                [("text", colours.text), ("muted text", colours.muted), ("an error", colours.error)]
            {
                let found = contrast(text, ground);
                assert!(found >= 4.5, "{what} on {ground:?}, {name}: {found:.2}");
            }
        }
        for (index, curve) in colours.curves.into_iter().enumerate() {
            let found = contrast(curve, colours.stage);
            assert!(found >= 3.0, "curve {index}, {name}: {found:.2}");
        }
        for (what, mark) in [("a dead code", colours.dead), ("the accent", colours.accent)] {
            let found = contrast(mark, colours.stage);
            assert!(found >= 3.0, "{what}, {name}: {found:.2}");
        }
    }
}
