//! Which classes samples reach.

use zscope::array::Array;
use zscope::metrics::{CONFIDENT, ClassCover, class_cover};

use super::{backwards, rows, with_value};
use crate::common::assert_says;

#[test]
fn classes_by_hand() {
    let probabilities = rows(
        4,
        &[
            [1.0, 0.0, 0.0, 0.0],
            [0.05, 0.0, CONFIDENT, 0.05], // just enough
            [0.11, 0.89, 0.0, 0.0],       // not enough
            [0.0, 0.0, 0.97, 0.03],
            [0.25, 0.25, 0.25, 0.25],
        ]
        .concat(),
    );
    let expected = ClassCover { counts: vec![1, 0, 2, 0], covered: 2, unsure: 2 };
    assert_eq!(class_cover(&probabilities), Ok(expected.clone()), "by hand");
    assert_eq!(class_cover(&backwards(&probabilities)), Ok(expected), "in any order");
    let one_class = class_cover(&Array::filled([3, 1], 1.0)).expect("probabilities");
    assert_eq!((one_class.covered, one_class.unsure), (1, 0), "the only class");
    // What a softmax over many classes rounds to is let through.
    let many = Array::filled([1, 1000], 0.001_000_1);
    assert_eq!(class_cover(&many).expect("probabilities").unsure, 1, "unsure");
}

#[test]
fn what_is_no_distribution_is_refused() {
    let good = rows(3, &[0.2, 0.3, 0.5, 0.0, 1.0, 0.0]);
    let refused = |rows: &Array| class_cover(rows).expect_err("refused").to_string();
    assert_says(&refused(&with_value(&good, 4, f32::NAN)), &["classes", "NaN in", "sample 1"]);
    assert_says(&refused(&with_value(&good, 0, -0.2)), &["-0.2 in", "sample 0", "0 to 1"]);
    assert_says(&refused(&with_value(&good, 5, 4.5)), &["4.5 in", "sample 1"]);
    assert_says(&refused(&with_value(&good, 2, 0.25)), &["a sum of 0.75", "sum to 1"]);
    assert_says(&refused(&Array::zeros([0, 3])), &["found 0", "at least 1"]);
    assert_says(&refused(&Array::zeros([3, 0])), &["no values"]);
}
