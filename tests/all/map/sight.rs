//! What a picture of a part of the map is still good for once another part is to be seen.

#![expect(clippy::float_cmp, reason = "halves and quarters are exact")]

use zscope::ui::Sight;

/// 200 by 100 pixels of 0.01 around a place.
fn around([x, y]: [f64; 2]) -> Sight {
    Sight { seen: [[x - 1.0, y - 0.5], [x + 1.0, y + 0.5]], size: [200, 100], radius: 1.5 }
}

#[test]
fn a_margin_is_of_whole_pixels_and_has_a_bound() {
    let sight = around([3.0, -2.0]);
    let wider = sight.with_margin(0.25, 8192);
    assert_eq!(wider.size, [300, 150], "a quarter on both sides");
    assert_eq!(wider.seen, [[1.5, -2.75], [4.5, -1.25]], "of the plane, too");
    assert_eq!(wider.scale(), sight.scale(), "a pixel is as long");
    assert_eq!(sight.with_margin(0.25, 250).size, [250, 150], "a texture has a greatest side");
    assert_eq!(sight.with_margin(0.25, 10), sight, "no margin where there is no room");
}

#[test]
fn a_picture_serves_as_long_as_the_scale_stays_and_it_reaches() {
    let drawn = around([0.0; 2]).with_margin(0.25, 8192);
    assert!(drawn.looks_as(&around([0.0; 2])), "where it was drawn for");
    assert!(drawn.looks_as(&around([0.49, -0.24])), "within the margin");
    assert!(!drawn.looks_as(&around([0.6, 0.0])), "beyond it");
    assert!(!drawn.looks_as(&around([0.0, -0.3])), "beyond it, down");
    assert!(!drawn.looks_as(&Sight { radius: 2.0, ..around([0.0; 2]) }), "other dots");
    let nearer = Sight { seen: [[-0.9, -0.45], [0.9, 0.45]], ..around([0.0; 2]) };
    assert!(!drawn.looks_as(&nearer), "another scale");
    let [lo, hi] = around([0.0; 2]).seen;
    let hardly = Sight { seen: [lo, [hi[0] * 1.001, hi[1] * 1.001]], ..around([0.0; 2]) };
    assert!(drawn.looks_as(&hardly), "less than half a pixel over all of it");
}

#[test]
fn a_moved_picture_lands_on_whole_pixels() {
    let drawn = around([0.0; 2]);
    assert_eq!(drawn.within(&drawn), [-1.0, -1.0, 1.0, 1.0], "all of the window");
    // 10.3 pixels to the right of it are 10; a pixel is 2 / 200 of clip space.
    let [left, bottom, right, top] = drawn.within(&around([-0.103, 0.0]));
    let near = |a: f32, b: f32| (a - b).abs() < 1e-6;
    assert!(near(left, -0.9) && near(right, 1.1), "{left} to {right}");
    assert!(near(bottom, -1.0) && near(top, 1.0), "{bottom} to {top}");
    let nearer = Sight { seen: [[-0.5, -0.25], [0.5, 0.25]], ..drawn };
    assert_eq!(drawn.within(&nearer), [-2.0, -2.0, 2.0, 2.0], "twice as near");
}

#[test]
fn a_share_is_of_what_is_to_be_seen() {
    let drawn = around([0.0; 2]);
    for (at, expected) in
        [([0.0; 2], 1.0), ([1.0, 0.0], 0.5), ([1.0, 0.5], 0.25), ([5.0, 0.0], 0.0)]
    {
        let share = drawn.share_of(&around(at));
        assert!((share - expected).abs() < 1e-9, "at {at:?}: {share}");
    }
    let farther = Sight { seen: [[-2.0, -1.0], [2.0, 1.0]], ..drawn };
    assert_eq!(drawn.share_of(&farther), 0.25, "twice as far");
    assert_eq!(farther.share_of(&drawn), 1.0, "a part of it");
}
