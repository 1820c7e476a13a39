//! Convolutions as they lie in memory: against burn's own, forward and back.

use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use zscope::fused::{Conv, convolved, transposed};
use zscope::watch::Watch;

use crate::common::{Tolerance, first_difference};
use crate::engine_matches_twin::gpu;

/// As close as sums of some hundred products come to each other in two orders.
const CLOSE: Tolerance = Tolerance { abs: 1e-4, rel: 1e-4 };

/// A convolution: channels, rows and columns of what it reads, and its kernels.
#[derive(Clone, Copy, Debug)]
struct Case {
    items: usize,
    planes: [usize; 3],
    channels: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    /// Above, below, on the left, on the right.
    padding: [usize; 4],
}

impl Case {
    const PLAIN: Self = Self {
        items: 2,
        planes: [3, 7, 8],
        channels: 5,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1; 4],
    };

    /// Kernels of all sizes and strides, planes of few places and of many, more channels than a panel holds and fewer,
    /// more items than threads and fewer, with zeros on all sides, on one, and more than kernels are wide.
    fn all() -> Vec<Self> {
        let of = |planes, channels, [kernel, stride, around]: [usize; 3]| Self {
            planes,
            channels,
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [around; 4],
            ..Self::PLAIN
        };
        let mut cases = vec![
            Self::PLAIN,
            Self { items: 1, ..Self::PLAIN },
            Self { items: 37, ..Self::PLAIN },
            Self { padding: [0, 1, 0, 1], stride: [2, 2], ..Self::PLAIN },
            Self { kernel: [5, 2], stride: [1, 3], padding: [2, 2, 1, 0], ..Self::PLAIN },
            Self { padding: [4, 3, 3, 4], ..Self::PLAIN },
            of([2, 8, 8], 4, [4, 2, 1]),
            of([6, 1, 1], 9, [1, 1, 0]),
            of([4, 9, 5], 3, [1, 2, 0]),
            of([2, 8, 8], 3, [2, 3, 0]),
            of([1, 3, 3], 1, [3, 1, 1]),
            of([40, 70, 66], 6, [3, 1, 1]),
            of([40, 70, 66], 6, [4, 2, 1]),
            of([3, 33, 130], 70, [3, 1, 1]),
        ];
        cases.push(Self { items: 1, ..of([64, 8, 8], 33, [3, 1, 1]) });
        cases.extend(Self::in_tiles(of));
        cases
    }

    /// What is taken in tiles: all their arrangements, gradients by kernels of enough tiles, and planes in bands of rows.
    fn in_tiles(of: impl Fn([usize; 3], usize, [usize; 3]) -> Self) -> [Self; 9] {
        [
            Self { items: 21, ..of([64, 8, 8], 33, [3, 1, 1]) },
            Self { items: 21, ..of([33, 16, 16], 64, [4, 2, 1]) },
            Self { items: 5, ..of([64, 16, 16], 41, [3, 1, 1]) },
            Self { items: 5, ..of([34, 32, 32], 67, [4, 2, 1]) },
            of([64, 24, 32], 32, [3, 1, 1]),
            Self { items: 17, padding: [1, 0, 0, 1], ..of([64, 8, 8], 64, [2, 1, 0]) },
            Self { items: 17, padding: [2, 0, 0, 2], ..of([64, 8, 8], 64, [3, 1, 0]) },
            of([130, 64, 64], 130, [3, 1, 1]),
            of([400, 24, 16], 500, [3, 1, 1]),
        ]
    }
}

/// Values between -1 and 1, in an order of its own.
fn numbers(len: usize, salt: usize) -> Vec<f32> {
    (0..len).map(|at| (((at + salt) * 7919) % 2003) as f32 / 1001.0 - 1.0).collect()
}

fn tensor<const D: usize>(shape: [usize; D], salt: usize, device: &Device) -> Tensor<D> {
    let values = numbers(shape.iter().product(), salt);
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn told<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("single precision")
}

/// What a layer makes, and its gradients by planes, kernels and bias.
fn all_of(
    [planes, kernels]: [Tensor<4>; 2],
    bias: Tensor<1>,
    layer: impl Fn(Tensor<4>, Tensor<4>, Tensor<1>) -> Tensor<4>,
) -> [Vec<f32>; 4] {
    let (planes, kernels, bias) =
        (planes.require_grad(), kernels.require_grad(), bias.require_grad());
    let made = layer(planes.clone(), kernels.clone(), bias.clone());
    let weights = tensor(made.dims(), 5, &made.device());
    let grads = (made.clone() * weights).sum().backward();
    [
        told(made),
        told(planes.grad(&grads).expect("planes have a gradient")),
        told(kernels.grad(&grads).expect("kernels have a gradient")),
        told(bias.grad(&grads).expect("a bias has a gradient")),
    ]
}

fn assert_all_close(what: &str, found: &[Vec<f32>; 4], expected: &[Vec<f32>; 4]) {
    let parts = ["values", "gradient by planes", "gradient by kernels", "gradient by bias"];
    for ((part, found), expected) in parts.iter().zip(found).zip(expected) {
        let difference = first_difference(found, expected, CLOSE);
        assert_eq!(difference, None, "{what}: {part}");
    }
}

#[test]
fn convolutions_and_their_gradients_are_those_of_burn() {
    let device = Device::flex().autodiff();
    for case in Case::all() {
        let Case { items, planes: [c, h, w], channels, kernel: [kh, kw], stride, padding } = case;
        let [top, bottom, left, right] = padding;
        let planes = tensor([items, c, h, w], 1, &device);
        let kernels = tensor([channels, c, kh, kw], 2, &device);
        let bias = tensor([channels], 3, &device);
        let options = [(top, bottom), (left, right)];
        let options = ConvOptions::new_with_padding(stride, options, [1, 1], 1);
        let expected = all_of([planes.clone(), kernels.clone()], bias.clone(), |x, k, b| {
            conv2d(x, k, Some(b), options.clone())
        });
        let found =
            all_of([planes, kernels], bias, |x, k, b| convolved(x, k, Some(b), stride, padding));
        assert_all_close(&format!("{case:?}"), &found, &expected);
    }
}

/// Planes, channels, kernels, strides, what is taken away around, what is added below and on the right.
type Transposed = ([usize; 4], usize, [usize; 2], [usize; 2], [usize; 2], [usize; 2]);

const TRANSPOSED: [Transposed; 11] = [
    ([2, 3, 5, 6], 4, [4, 4], [2, 2], [1, 1], [0, 0]),
    ([1, 8, 4, 4], 3, [4, 4], [2, 2], [1, 1], [0, 0]),
    ([9, 5, 3, 4], 7, [3, 3], [1, 1], [1, 1], [0, 0]),
    ([3, 4, 5, 5], 5, [3, 3], [2, 2], [1, 1], [1, 1]),
    ([2, 6, 1, 1], 5, [4, 4], [1, 1], [0, 0], [0, 0]),
    ([2, 3, 4, 4], 2, [2, 3], [3, 2], [0, 1], [0, 1]),
    ([1, 33, 40, 41], 6, [4, 4], [2, 2], [1, 1], [0, 0]),
    ([1, 64, 8, 8], 33, [4, 4], [2, 2], [1, 1], [0, 0]),
    ([19, 39, 16, 16], 64, [4, 4], [2, 2], [1, 1], [0, 0]),
    ([3, 64, 32, 32], 32, [3, 3], [1, 1], [1, 1], [0, 0]),
    ([2, 140, 64, 64], 64, [4, 4], [2, 2], [1, 1], [0, 0]),
];

#[test]
fn transposed_convolutions_and_their_gradients_are_those_of_burn() {
    let device = Device::flex().autodiff();
    for (shape, channels, kernel, stride, padding, added) in TRANSPOSED {
        let planes = tensor(shape, 1, &device);
        let kernels = tensor([shape[1], channels, kernel[0], kernel[1]], 2, &device);
        let bias = tensor([channels], 3, &device);
        let options = ConvTransposeOptions::new(stride, padding, added, [1, 1], 1);
        let expected = all_of([planes.clone(), kernels.clone()], bias.clone(), |x, k, b| {
            conv_transpose2d(x, k, Some(b), options.clone())
        });
        let found = all_of([planes, kernels], bias, |x, k, b| {
            transposed(x, k, Some(b), stride, [padding, added])
        });
        assert_all_close(&format!("{shape:?} by {kernel:?}"), &found, &expected);
    }
}

#[test]
fn convolutions_and_their_gradients_on_a_graphics_device_are_those_on_the_cpu() {
    if gpu().is_none() {
        return;
    }
    let graphics = Device::wgpu(DeviceKind::DefaultDevice);
    let devices = [Device::flex(), graphics].map(Device::autodiff);
    let all = Case::all();
    // Of all kernels and strides, of few planes and many, more places than fit into one part of a gradient, in tiles.
    for case in [0, 3, 4, 7, 9, 13, 14].map(|index| all[index]) {
        let Case { items, planes: [c, h, w], channels, kernel: [kh, kw], stride, padding } = case;
        let of = |device: &Device| {
            let planes = tensor([items, c, h, w], 1, device);
            let kernels = tensor([channels, c, kh, kw], 2, device);
            let bias = tensor([channels], 3, device);
            all_of([planes, kernels], bias, |x, k, b| convolved(x, k, Some(b), stride, padding))
        };
        let [expected, found] = devices.each_ref().map(of);
        assert_all_close(&format!("{case:?}"), &found, &expected);
    }
    for (shape, channels, kernel, stride, padding, added) in
        [0, 3, 5, 8].map(|index| TRANSPOSED[index])
    {
        let of = |device: &Device| {
            let planes = tensor(shape, 1, device);
            let kernels = tensor([shape[1], channels, kernel[0], kernel[1]], 2, device);
            let bias = tensor([channels], 3, device);
            all_of([planes, kernels], bias, |x, k, b| {
                transposed(x, k, Some(b), stride, [padding, added])
            })
        };
        let [expected, found] = devices.each_ref().map(of);
        assert_all_close(&format!("{shape:?} by {kernel:?}"), &found, &expected);
    }
}

#[test]
fn upsampled_planes_are_convolved_as_if_they_had_been_laid_out() {
    let device = Device::flex();
    let (planes, kernels) = (tensor([2, 3, 4, 5], 1, &device), tensor([4, 3, 3, 3], 2, &device));
    let laid_out = planes.clone().reshape([2, 3, 4, 1, 5, 1]).expand([2, 3, 4, 2, 5, 2]);
    let laid_out: Tensor<4> = laid_out.reshape([2, 3, 8, 10]);
    let expected = told(convolved(laid_out, kernels.clone(), None, [1, 1], [1; 4]));
    let conv = Conv {
        fine: [3, 4, 5],
        coarse: [4, 8, 10],
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        upsample: 2,
    };
    let kernels = conv.kernels(&told(kernels));
    let watch = Watch::default();
    let found = conv.coarse_of(&told(planes), &kernels, &|_, _, _, _| {}, watch.whole());
    let found = found.expect("nobody ends it");
    assert_eq!(first_difference(&found, &expected, CLOSE), None, "laid out and not");
}

#[test]
fn whoever_watches_ends_a_convolution() {
    let conv = Conv {
        fine: [8, 64, 64],
        coarse: [8, 64, 64],
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        upsample: 1,
    };
    let kernels = conv.kernels(&numbers(8 * 8 * 9, 1));
    let ended = Watch::new(|_| false);
    let planes = numbers(conv.fine_len(), 2);
    let made = conv.coarse_of(&planes, &kernels, &|_, _, _, _| {}, ended.whole());
    assert!(made.is_err(), "it goes on");
}

#[test]
fn a_shifted_kernel_is_seen() {
    let device = Device::flex();
    let (planes, kernels) = (tensor([1, 2, 5, 5], 1, &device), tensor([3, 2, 3, 3], 2, &device));
    let right = told(convolved(planes.clone(), kernels.clone(), None, [1, 1], [1; 4]));
    let shifted = told(convolved(planes, kernels, None, [1, 1], [1, 1, 2, 0]));
    assert!(first_difference(&shifted, &right, CLOSE).is_some(), "nothing differs");
}
