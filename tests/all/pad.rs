//! The pad's thumbnails: the order that they are drawn in, by hand, and what comes before them.

use zscope::graph::lower::Networks;
use zscope::latent::{Mixing, latent_from_pad};
use zscope::session::explore::Explore;
use zscope::session::tiles::{Corners, PAD_TILES, Tiles};
use zscope::session::wanted::{Job, Point, Wanted};

const ALL: usize = PAD_TILES * PAD_TILES;
const MIDDLE: usize = ALL / 2;

fn distance(tile: usize, [u, v]: [f32; 2]) -> f32 {
    let [tile_u, tile_v] = Tiles::middle(tile);
    (tile_u - u).hypot(tile_v - v)
}

fn all_asked() -> Tiles {
    let mut tiles = Tiles::default();
    tiles.ask();
    tiles
}

fn sorted(mut tiles: Vec<usize>) -> Vec<usize> {
    tiles.sort_unstable();
    tiles
}

#[test]
fn tiles_come_nearest_first_and_each_once() {
    for place in [[0.5, 0.5], [0.0, 0.0], [1.0, 0.0], [0.83, 0.41]] {
        let mut tiles = all_asked();
        tiles.follow(Some(place));
        let mut taken = Vec::new();
        while !tiles.is_empty() {
            let next = tiles.take(4);
            assert!((1..=4).contains(&next.len()), "{next:?}");
            taken.extend(next);
        }
        assert!(tiles.take(4).is_empty(), "nothing is left");
        let far = |tile: &usize| distance(*tile, place);
        assert!(taken.is_sorted_by_key(far), "from {place:?}: {taken:?}");
        assert_eq!(sorted(taken), (0..ALL).collect::<Vec<_>>(), "each once");
    }
}

#[test]
fn the_first_tiles_by_hand() {
    let mut tiles = all_asked();
    // Without a word of the point from the middle outwards; of equal distances the upper left first.
    let expected = [MIDDLE, MIDDLE - PAD_TILES, MIDDLE - 1, MIDDLE + 1, MIDDLE + PAD_TILES];
    assert_eq!(tiles.take(5), expected, "a cross");
    tiles.follow(Some([1.0, 1.0]));
    assert_eq!(tiles.take(1), [ALL - 1], "the lower right");
    // Off the pad, it goes on from where the point was last.
    tiles.follow(None);
    assert_eq!(sorted(tiles.take(2)), [ALL - 1 - PAD_TILES, ALL - 2], "beside it");
}

#[test]
fn tiles_that_were_given_back_come_again() {
    let mut tiles = all_asked();
    let first = tiles.take(3);
    tiles.put_back(&first);
    assert_eq!(tiles.take(3), first, "as if they had not been taken");
    tiles.put_back(&first[..1]);
    tiles.forget();
    assert!(tiles.is_empty(), "nothing is wanted");
}

#[test]
fn far_tiles_are_not_starved() {
    let mut tiles = Tiles::default();
    let mut drawn = [0; ALL];
    // Newer weights come after every ten tiles: ten drawings for each.
    for _ in 0..49 {
        tiles.ask();
        for tile in tiles.take(10) {
            drawn[tile] += 1;
        }
    }
    assert!(drawn.iter().all(|&times| (8..=14).contains(&times)), "{drawn:?}");
}

fn corners(value: f32) -> Corners {
    Corners {
        latents: [0.0, 1.0, 2.0, 3.0].map(|corner| vec![value + corner; 2]),
        mixing: Mixing::Lerp,
    }
}

fn point(value: f32) -> Point {
    Point::Latent(vec![value])
}

fn numbers(job: Option<Job>) -> Vec<usize> {
    match job {
        Some(Job::Tiles { tiles, .. }) => tiles,
        other => panic!("{other:?}, expected tiles"),
    }
}

#[test]
fn the_point_comes_before_its_whole_picture_and_that_before_tiles() {
    let mut wanted = Wanted::default();
    assert_eq!(wanted.take_job(1), None, "nothing is wanted yet");
    wanted.ask_tiles(corners(0.0));
    wanted.ask_point(point(1.0), Some([0.0, 0.0]));
    wanted.ask_point(point(2.0), Some([1.0, 0.0]));
    assert!(wanted.is_urgent(), "a point");
    assert_eq!(wanted.take_job(1), Some(Job::Point(point(2.0))), "the newest point");
    assert!(!wanted.is_urgent(), "nothing that others give way to");
    wanted.ask_whole(point(2.0));
    assert!(!wanted.is_urgent(), "tiles do not give way to it");
    assert_eq!(wanted.take_job(1), Some(Job::Whole(point(2.0))), "the whole picture");
    assert_eq!(numbers(wanted.take_job(1)), [PAD_TILES - 1], "the tile under the point");
}

#[test]
fn a_newer_point_forgets_the_whole_picture_and_turns_the_tiles_to_itself() {
    let mut wanted = Wanted::default();
    wanted.ask_tiles(corners(0.0));
    wanted.ask_point(point(1.0), Some([0.0, 0.0]));
    wanted.take_job(1);
    let first = numbers(wanted.take_job(1));
    assert_eq!(first, [0], "the upper left");
    // What is in the making is given up for a newer point.
    wanted.ask_whole(point(1.0));
    wanted.ask_point(point(2.0), Some([1.0, 1.0]));
    assert!(wanted.is_urgent(), "a newer point");
    wanted.put_back(&first);
    assert_eq!(wanted.take_job(1), Some(Job::Point(point(2.0))), "the newer point");
    assert_eq!(numbers(wanted.take_job(1)), [ALL - 1], "no whole picture of the older one");
    let rest = numbers(wanted.take_job(ALL));
    assert_eq!((rest.len(), rest.last()), (ALL - 1, Some(&0)), "what was given up is the farthest");
    assert!(!wanted.has_tiles(), "all are taken");
    assert_eq!(wanted.take_job(ALL), None, "nothing is left");
}

#[test]
fn weights_come_first_and_only_the_newest() {
    let mut wanted = Wanted::default();
    wanted.ask_tiles(corners(0.0));
    wanted.ask_weights(Networks { encoder: None, decoder: None, codes: None });
    assert!(wanted.is_urgent(), "whatever is drawn has older weights");
    assert!(wanted.take_weights().is_some(), "they are taken before the job");
    assert!(wanted.take_weights().is_none(), "once");
    assert!(!wanted.is_urgent(), "nothing but tiles");
    assert!(!wanted.is_over(), "it goes on");
    wanted.end();
    assert!(wanted.is_over() && wanted.is_urgent(), "everything gives way to the end");
}

#[test]
fn between_other_corners_all_tiles_are_wanted_alike() {
    let mut wanted = Wanted::default();
    wanted.ask_tiles(corners(0.0));
    assert_eq!(numbers(wanted.take_job(2)).first(), Some(&MIDDLE), "nearest first");
    wanted.ask_tiles(corners(0.0));
    let left = numbers(wanted.take_job(ALL - 2));
    assert!(!left.contains(&MIDDLE), "with newer weights those first that are still older");
    wanted.ask_tiles(corners(0.0));
    wanted.ask_tiles(corners(1.0));
    assert_eq!(numbers(wanted.take_job(1)), [MIDDLE], "nearest first again");
    assert_eq!(numbers(wanted.take_job(ALL)).len(), ALL - 1, "all anew");
}

#[test]
fn a_job_has_the_latents_of_its_tiles() {
    let explore = Explore::new(3);
    let corners = Corners::of(&explore);
    assert!(corners.are_of(&explore), "{corners:?}");
    let mut moved = explore.clone();
    moved.redraw_corner(2);
    assert!(!corners.are_of(&moved), "another corner");
    moved = explore.clone();
    moved.set_mixing(Mixing::Lerp);
    assert!(!corners.are_of(&moved), "another mixing");
    let mut wanted = Wanted::default();
    wanted.ask_tiles(corners);
    let Some(Job::Tiles { tiles, latents }) = wanted.take_job(PAD_TILES) else {
        panic!("tiles are wanted")
    };
    let expected = tiles.iter().flat_map(|&tile| {
        let [u, v] = Tiles::middle(tile);
        latent_from_pad(explore.corner_slices(), explore.mixing(), u, v)
    });
    assert_eq!(latents, expected.collect::<Vec<f32>>(), "of {tiles:?}");
}
