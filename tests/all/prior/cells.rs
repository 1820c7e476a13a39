//! Codes of an image in the order in which priors tell them.

use zscope::array::Array;
use zscope::sample::places::{cells_of, hidden, masked_share, of_images, place, to_indices};

#[test]
fn codes_of_one_cell_come_one_after_the_other() {
    let indices =
        Array::new([1, 2, 1, 3], vec![0.0, 1.0, 2.0, 10.0, 11.0, 12.0]).expect("two slots");
    let codes = of_images(&indices, 2);
    assert_eq!(codes, [0, 10, 1, 11, 2, 12]);
    assert_eq!(codes[place(2, 1, 2)], 12);
    let marked = codes.iter().map(|&code| code == 1 || code == 12).collect::<Vec<_>>();
    assert_eq!(cells_of(&marked, 2), [1, 5], "of the first codebook, then of the second");
    assert_eq!(to_indices(&codes, [1, 3], 2), indices, "and back");
    let single = Array::new([2, 1, 2], vec![4.0, 5.0, 6.0, 7.0]).expect("two images");
    assert_eq!(of_images(&single, 1), [4, 5, 6, 7]);
    assert_eq!(to_indices(&[4, 5, 6, 7], [1, 2], 1), single);
}

#[test]
fn the_lowest_draws_are_hidden() {
    assert_eq!(hidden(&[0.9, 0.1, 0.5, 0.3], 0.5), [false, true, false, true]);
    assert_eq!(hidden(&[0.9, 0.1, 0.5, 0.3], 0.0), [false, true, false, false], "at least one");
    assert_eq!(hidden(&[0.9, 0.1], masked_share(0.0)), [true, true], "all");
}
