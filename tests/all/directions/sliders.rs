//! Directions as sliders: what they add up to, and what becomes of them when other hands move the point.

use rand::RngExt as _;
use zscope::random::{Purpose, normals, stream};
use zscope::session::directions::{Directions, MOST_DIRECTIONS};
use zscope::session::explore::Explore;
use zscope::session::wanted::Point;

use super::direction;

fn two() -> Directions {
    let mut directions = Directions::default();
    let two = vec![direction("a", &[1.0, 0.0]), direction("b", &[0.0, 2.0])];
    assert_eq!(directions.add(two), 0, "both fit");
    directions
}

/// As the program does what a hand does.
fn drag(directions: &mut Directions, explore: &mut Explore, index: usize, values: &[f32]) {
    explore.begin_edit();
    directions.grab(explore);
    for &value in values {
        let latent = directions.set(index, value, explore).expect("a point");
        explore.set_latent(&latent);
        directions.follow(explore);
    }
}

fn values(directions: &Directions) -> Vec<f32> {
    (0..directions.len()).map(|index| directions.value(index)).collect()
}

#[test]
fn sliders_add_up_by_hand() {
    let (mut directions, mut explore) = (two(), Explore::new(2));
    explore.set_latent(&[10.0, 20.0]);
    drag(&mut directions, &mut explore, 0, &[0.5, 1.5]);
    drag(&mut directions, &mut explore, 1, &[-1.0]);
    assert_eq!(explore.latent(), [11.5, 18.0], "both at once, from where they were taken hold of");
    drag(&mut directions, &mut explore, 0, &[0.0]);
    assert_eq!((explore.latent(), values(&directions)), (&[10.0, 18.0][..], vec![0.0, -1.0]));
    let latent = directions.reset(&explore).expect("where it began");
    assert_eq!((latent, directions.is_moved()), (vec![10.0, 20.0], false));
}

#[test]
fn undo_gives_point_and_sliders_back_to_the_last_bit() {
    let d = 7;
    let (mut directions, mut explore) = (Directions::default(), Explore::new(d));
    let steps = (0..3).map(|seed| normals(seed, 1, Purpose::Explore, d));
    directions.add(steps.map(|step| direction("any", &step)).collect());
    explore.set_latent(&normals(9, 0, Purpose::Explore, d));
    let mut states = vec![(explore.latent().to_vec(), values(&directions))];
    for (index, value) in [(0, 0.37), (2, -2.1), (0, 1.93), (1, 0.004)] {
        drag(&mut directions, &mut explore, index, &[0.5 * value, value]);
        states.push((explore.latent().to_vec(), values(&directions)));
    }
    let now = |directions: &Directions, explore: &Explore| {
        (explore.latent().to_vec(), values(directions))
    };
    for state in states.iter().rev().skip(1) {
        explore.undo();
        directions.follow(&explore);
        assert_eq!(now(&directions, &explore), *state, "back, one step a drag");
    }
    for state in &states[1..] {
        explore.redo();
        directions.follow(&explore);
        assert_eq!(now(&directions, &explore), *state, "and forward");
    }
}

#[test]
fn other_hands_put_the_sliders_back() {
    let (mut directions, mut explore) = (two(), Explore::new(2));
    drag(&mut directions, &mut explore, 0, &[2.0]);
    assert!(!directions.was_put_back());
    explore.begin_edit();
    explore.set_dim(1, 3.0);
    directions.follow(&explore);
    assert_eq!((values(&directions), directions.was_put_back()), (vec![0.0, 0.0], true));
    drag(&mut directions, &mut explore, 1, &[1.0]);
    assert_eq!(explore.latent(), [2.0, 5.0], "from the new point");
    assert!(!directions.was_put_back(), "told until the next move");
    explore.undo();
    explore.undo();
    directions.follow(&explore);
    assert_eq!((explore.latent(), values(&directions)), (&[2.0, 0.0][..], vec![2.0, 0.0]));
}

#[test]
fn changes_of_the_list_leave_the_point() {
    let (mut directions, mut explore) = (two(), Explore::new(2));
    directions.add(vec![direction("c", &[1.0, 1.0])]);
    drag(&mut directions, &mut explore, 0, &[1.0]);
    drag(&mut directions, &mut explore, 2, &[2.0]);
    let point = explore.latent().to_vec();
    directions.invert(2);
    assert_eq!(values(&directions), [1.0, 0.0, -2.0], "turned round, so is its slider");
    directions.reorder(2, 0);
    assert_eq!(values(&directions), [-2.0, 1.0, 0.0]);
    assert!(directions.orthogonalise(0, &[1]), "something is left");
    assert_eq!(values(&directions), [0.0, 1.0, 0.0], "what it was has become the base");
    directions.remove(0);
    directions.follow(&explore);
    assert_eq!((values(&directions), explore.latent()), (vec![1.0, 0.0], &point[..]));
    let latent = directions.set(0, 0.0, &explore).expect("a point");
    assert_eq!(latent, [2.0, 2.0], "the rest is still a slider's");
    assert!(!directions.orthogonalise(0, &[0, 7]) || directions[0].step == [1.0, 0.0]);
}

#[test]
fn names_are_apart_and_room_ends() {
    let mut directions = two();
    directions.add(vec![direction("a", &[1.0, 1.0]), direction(" ", &[1.0, 2.0])]);
    let names = |directions: &Directions| -> Vec<String> {
        directions.iter().map(|direction| direction.name.clone()).collect()
    };
    assert_eq!(names(&directions), ["a", "b", "a 2", "Direction"]);
    directions.rename(1, "a");
    directions.rename(0, "  ");
    directions.rename(3, &"x".repeat(500));
    assert_eq!(names(&directions)[..3], ["a", "a 3", "a 2"]);
    assert_eq!(names(&directions)[3].len(), 60);
    let bad = [&[1.0][..], &[0.0, 0.0], &[f32::NAN, 1.0], &[f32::INFINITY, 1.0]];
    assert_eq!(directions.add(bad.map(|step| direction("bad", step)).to_vec()), 4, "none fits");
    let more = vec![direction("more", &[1.0, 0.0]); 2 * MOST_DIRECTIONS];
    assert_eq!(directions.add(more), MOST_DIRECTIONS + 4, "no room");
    let text = serde_json::to_string(&directions).expect("plain data");
    let read: Directions = serde_json::from_str(&text).expect("the same");
    assert_eq!(read.to_vec(), directions.to_vec());
    directions.retain_fitting(3);
    assert!(directions.is_empty(), "another latent space");
}

#[test]
fn a_row_of_pictures_goes_through_the_point() {
    let (mut directions, mut explore) = (two(), Explore::new(2));
    drag(&mut directions, &mut explore, 1, &[1.0]);
    let row = directions.sweep(0, 3, &explore);
    let latents = [[-3.0, 2.0], [0.0, 2.0], [3.0, 2.0]].map(|at| Point::Latent(at.to_vec()));
    assert_eq!(row[..], latents, "the other slider held");
    explore.set_latent(&[5.0, 5.0]);
    assert_eq!(directions.sweep(0, 3, &explore)[1], Point::Latent(vec![5.0, 5.0]), "from there");
    assert!(directions.sweep(9, 3, &explore).is_empty(), "no such direction");
}

/// Whatever is done in whatever order: the list and its sliders go together, the point is one, and it is what the sliders say.
#[test]
fn any_order_of_commands_leaves_valid_sliders() {
    let d = 4;
    for seed in 0..150 {
        let mut rng = stream(seed, 0, Purpose::Explore);
        let (mut directions, mut explore) = (Directions::default(), Explore::new(d));
        for step in 0..60 {
            let [i, j] = [0; 2].map(|_: i32| rng.random_range(0..6usize));
            let poison = [f32::NAN, f32::INFINITY, f32::MAX, -1e30, 0.0, 0.7, -2.5];
            let value = poison[rng.random_range(0..poison.len())];
            let before = explore.latent().to_vec();
            let mut moves = false;
            match rng.random_range(0..13) {
                0 | 1 => {
                    let mut new = normals(seed, step, Purpose::Init, d);
                    if rng.random_bool(0.1) {
                        new[0] = value;
                    }
                    directions.add(vec![direction("new", &new)]);
                }
                2..=4 => {
                    moves = true;
                    if rng.random_bool(0.5) {
                        explore.begin_edit();
                        directions.grab(&explore);
                    }
                    if let Some(latent) = directions.set(i, value, &explore) {
                        explore.set_latent(&latent);
                        assert_eq!(explore.latent(), latent, "seed {seed}: a point");
                    }
                }
                5 => directions.invert(i),
                6 => directions.remove(i),
                7 => directions.reorder(i, j),
                8 => {
                    directions.orthogonalise(i, &[j, i]);
                }
                9 => {
                    moves = true;
                    if let Some(latent) = directions.reset(&explore) {
                        explore.set_latent(&latent);
                    }
                }
                10 => {
                    moves = true;
                    explore.undo();
                }
                11 => {
                    moves = true;
                    explore.redo();
                }
                _ => {
                    moves = true;
                    explore.begin_edit();
                    explore.set_dim(i, value);
                }
            }
            assert!(moves || explore.latent() == before, "seed {seed}: the point stays");
            directions.follow(&explore);
            assert_eq!(values(&directions).len(), directions.len());
            assert!(values(&directions).iter().all(|value| value.is_finite()), "seed {seed}");
            assert!(directions.iter().all(|direction| direction.fits(d)), "seed {seed}");
            if directions.is_moved() {
                let index = (0..directions.len()).find(|&at| directions.value(at) != 0.0);
                let index = index.expect("one that is moved");
                let mut same = directions.clone();
                let again = same.set(index, directions.value(index), &explore).expect("a point");
                let scale =
                    again.iter().chain(explore.latent()).fold(1.0f32, |a, b| a.max(b.abs()));
                for (again, now) in again.iter().zip(explore.latent()) {
                    // Counting from a changed base rounds anew.
                    let limit = 1e-3 * scale.max(1e3);
                    assert!((again - now).abs() <= limit, "seed {seed}: {again} is {now}");
                }
            }
        }
    }
}
