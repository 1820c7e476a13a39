//! The state of the map: what is encoded, chosen, and told of it.

#![expect(clippy::float_cmp, reason = "these numbers are exact")]

use std::sync::Arc;

use zscope::array::Array;
use zscope::data::Split;
use zscope::latent::{Chart, Metric};
use zscope::layout::Method;
use zscope::session::map::{
    Ask, Colouring, Extent, Map, Near, Placed, Points, Projection, Source, Splits, scale_of,
};

fn image(index: u32) -> Source {
    Source::Image { split: Split::Test, index }
}

/// A grid of 5 × 4 points in two dimensions, of 3 classes in turn, and a draw.
pub fn points(step: u64) -> Arc<Points> {
    let mut latents: Vec<f32> = (0..20).flat_map(|at| [(at % 5) as f32, (at / 5) as f32]).collect();
    latents.extend([9.0, 9.0]);
    let sources = (0..20).map(image).chain([Source::Draw(0)]).collect();
    let labels = (0..20).map(|at| (at < 18).then_some(at % 3)).chain([None]).collect();
    Arc::new(Points {
        step,
        latents: Array::new([21, 2], latents).unwrap(),
        sources,
        labels,
        factors: vec![(0..21).map(|at| at as f32).collect()],
        codes: None,
        made: None,
    })
}

pub fn placed(points: &Points, projection: Projection) -> Placed {
    let chart = Chart::of_dims(2, [0, 1]);
    let is_plane = !matches!(projection, Projection::Layout(_));
    Placed {
        projection,
        step: points.step,
        places: Arc::new(chart.places(&points.latents)),
        chart: is_plane.then(|| Arc::new(chart)),
        shares: None,
        is_unfinished: false,
        layout: 1,
    }
}

fn map() -> Map {
    let mut map = Map::default();
    let points = points(1);
    map.set_placed(placed(&points, Projection::Pca));
    map.set_points(points.clone());
    map.set_placed(placed(&points, Projection::Pca));
    map
}

fn square([x, y]: [f32; 2], side: f32) -> Vec<[f32; 2]> {
    vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side]]
}

#[test]
fn images_are_spread_evenly_over_their_splits() {
    let sources =
        |splits, images, draws| Extent { splits, images, draws }.sources([60_000, 10_000], 16);
    assert_eq!(sources(Splits::Both, 70_000, 0).len(), 70_000, "all");
    assert_eq!(sources(Splits::Test, 70_000, 5).len(), 10_005, "no more than there are");
    let few = sources(Splits::Both, 7, 2);
    let train = |index| Source::Image { split: Split::Train, index };
    let expected = [0, 10_000, 20_000, 30_000, 40_000, 50_000].map(train);
    assert_eq!(few[..6], expected);
    assert_eq!(few[6..], [image(0), Source::Draw(0), Source::Draw(1)]);
    for images in [1, 2, 999, 10_000] {
        let found = sources(Splits::Test, images, 0);
        let mut unique: Vec<String> = found.iter().map(|at| format!("{at:?}")).collect();
        unique.dedup();
        assert_eq!(unique.len(), images, "none twice");
    }
    let long = Extent { splits: Splits::Both, images: 70_000, draws: 9 };
    let room = Extent::MOST_VALUES / 16_384;
    assert_eq!(long.sources([60_000, 10_000], 16_384).len(), room, "as many as memory holds");
    let wild = Extent { splits: Splits::Both, images: 0, draws: usize::MAX }.admitted();
    assert_eq!((wild.images, wild.draws), (1, Extent::MOST_DRAWS));
}

#[test]
fn a_line_selects_what_lies_in_it() {
    let mut map = map();
    let within = |at, side, adds| Ask::SelectWithin { line: square(at, side), adds };
    map.apply(&within([-0.5, -0.5], 2.0, false));
    assert_eq!(map.selected(), [0, 1, 5, 6]);
    assert_eq!(map.selected_by_class(3), [2, 1, 1, 0]);
    map.apply(&within([0.5, 0.5], 1.0, true));
    assert_eq!(map.selected(), [0, 1, 5, 6], "none twice");
    map.apply(&within([3.5, 2.5], 1.0, true));
    assert_eq!(map.selected(), [0, 1, 5, 6, 19]);
    assert_eq!(map.selected_by_class(3)[3], 1, "one without a class");
    map.apply(&within([3.5, 2.5], 1.0, false));
    assert_eq!(map.selected(), [19], "in the place of the others");
    map.apply(&Ask::SelectClass(1));
    assert_eq!(map.selected(), [1, 4, 7, 10, 13, 16]);
    map.apply(&Ask::Deselect);
    assert!(map.selected().is_empty());
}

#[test]
fn what_is_chosen_stays_while_the_same_images_move() {
    let mut map = map();
    map.apply(&Ask::SelectClass(2));
    map.apply(&Ask::Choose(Some(3)));
    map.set_points(points(2));
    assert_eq!((map.selected().len(), map.chosen()), (6, Some(3)), "the same images");
    let mut other = Points::clone(&points(3));
    other.sources[0] = image(77);
    map.set_points(Arc::new(other));
    assert_eq!((map.selected().len(), map.chosen()), (0, None), "other images");
    assert!(map.placed().is_none(), "they lie elsewhere");
    map.apply(&Ask::Choose(Some(1000)));
    assert_eq!(map.chosen(), None, "no such point");
}

#[test]
fn points_are_placed_when_they_moved_or_are_to_lie_otherwise() {
    let mut map = Map::default();
    assert!(!map.wants_placing(), "there are none");
    map.set_points(points(1));
    assert!(map.wants_placing(), "they lie nowhere");
    map.set_placed(placed(&points(1), Projection::Pca));
    assert!(!map.wants_placing());
    map.set_points(points(2));
    assert!(map.wants_placing() && map.is_behind(), "on a plane they move on");
    map.apply(&Ask::Project(Projection::Layout(Method::Umap)));
    map.set_placed(placed(&points(2), Projection::Layout(Method::Umap)));
    map.set_points(points(3));
    assert!(!map.wants_placing(), "a layout is made only when asked for");
    assert!(map.is_behind(), "but is known to be old");
    map.apply(&Ask::Project(Projection::Dims([0, 1])));
    assert!(map.wants_placing());
    map.apply(&Ask::Project(Projection::Dims([0, 5])));
    map.set_points(points(4));
    assert_eq!(map.projection(), Projection::Pca, "there is no such dimension");
}

#[test]
fn the_way_back_is_exact_on_a_plane_and_a_mixture_on_a_layout() {
    let mut map = map();
    assert_eq!(map.latent_at([1.25, 7.5], &[0.0, 0.0]), Some(vec![1.25, 7.5]));
    assert_eq!(map.place_of_explorer(&[0.25, 3.0]), Some([0.25, 3.0]));
    assert_eq!(map.latent_at([1.0, 1.0], &[0.0; 5]), None, "a latent of another model");
    map.set_placed(placed(&points(1), Projection::Layout(Method::Tsne)));
    assert_eq!(map.latent_at([2.0, 1.0], &[0.0, 0.0]), Some(vec![2.0, 1.0]), "at a point");
    let between = map.latent_at([2.5, 1.5], &[0.0, 0.0]).unwrap();
    assert!(between.iter().zip([2.5, 1.5]).all(|(a, b)| (a - b).abs() < 0.3), "{between:?}");
    assert_eq!(map.place_of_explorer(&[0.25, 3.0]), None, "not known yet");
    map.nearest_to_explorer = Some(7);
    assert_eq!(map.place_of_explorer(&[0.25, 3.0]), Some([2.0, 1.0]));
    assert_eq!(map.nearest([4.4, 2.9]), Some(19));
}

#[test]
fn neighbours_are_shown_of_the_point_and_distance_that_are_asked_for() {
    let mut map = map();
    map.apply(&Ask::Choose(Some(4)));
    assert_eq!(map.wants_near(), Some((4, Metric::Euclidean)));
    let near = Near { point: 4, metric: Metric::Euclidean, points: vec![(3, 1.0)] };
    map.set_near(near.clone());
    assert_eq!((map.near(), map.wants_near()), (Some(&near), None));
    map.apply(&Ask::Measure(Metric::Cosine));
    assert_eq!((map.near(), map.wants_near()), (None, Some((4, Metric::Cosine))));
}

#[test]
fn colours_tell_numbers_but_for_the_most_extreme() {
    let mut values: Vec<f32> = (0..=1000).map(|value| value as f32).collect();
    values[500] = 1e9;
    values.push(f32::NAN);
    let scale = scale_of(&values).unwrap();
    assert!((scale.lo - 10.0).abs() < 1.5 && (scale.hi - 991.0).abs() < 1.5, "{scale:?}");
    assert_eq!([scale.share(-5.0), scale.share(1e9)], [0.0, 1.0]);
    assert_eq!(scale_of(&[f32::NAN]), None);
    let even = scale_of(&[3.0]).unwrap();
    assert!((0.0..=1.0).contains(&even.share(3.0)));
    let mut map = map();
    map.apply(&Ask::Colour(Colouring::Factor(0)));
    assert_eq!(map.coloured_numbers().unwrap().len(), 21);
    map.apply(&Ask::Colour(Colouring::Loss));
    assert!(map.wants_losses() && map.coloured_numbers().is_none());
    map.set_losses(vec![0.5; 21]);
    assert!(!map.wants_losses() && map.scale().is_some());
    map.apply(&Ask::Colour(Colouring::Code));
    map.set_points(points(9));
    assert_eq!(map.colouring(), Colouring::Label, "there are no codes");
}

#[test]
fn a_csv_file_tells_where_points_come_from_and_lie() {
    let mut map = map();
    let classes = ["cat".to_owned(), "a \"dog\", wet".to_owned(), "rat".to_owned()];
    let whole = map.csv(&classes);
    assert_eq!(whole.lines().count(), 22, "a header and all points");
    assert_eq!(whole.lines().nth(1), Some("0,test,0,0,cat,0,0"));
    assert_eq!(whole.lines().nth(2), Some("1,test,1,1,\"a \"\"dog\"\", wet\",1,0"));
    assert_eq!(whole.lines().last(), Some("20,draw,0,,,9,9"));
    map.apply(&Ask::SelectClass(0));
    assert_eq!(map.csv(&classes).lines().count(), 7, "those selected");
}

#[test]
fn another_model_begins_with_nothing_but_how_to_show_it() {
    let mut map = map();
    map.apply(&Ask::Extent(Extent { splits: Splits::Both, images: 123, draws: 4 }));
    map.apply(&Ask::Project(Projection::Layout(Method::Umap)));
    map.apply(&Ask::SelectClass(0));
    let next = map.renewed();
    assert!(next.points().is_none() && next.placed().is_none() && next.selected().is_empty());
    assert_eq!((next.extent().images, next.projection()), (123, Projection::Layout(Method::Umap)));
    assert!(next.places_version() > map.places_version(), "what was drawn is out of date");
}
