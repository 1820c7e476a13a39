//! Convolutions as layers of networks that learn.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata as _, backend_extension};
use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::tensor::{Shape, Tensor, TensorData};

use super::conv::{Conv, Finish};
use super::transformer::fold;
use super::values;
use crate::watch::Watch;

/// A layer that makes planes of planes.
pub trait Convolve {
    /// What it makes of planes.
    ///
    /// # Shapes
    /// `planes [b, c, h, w]`; the result is `[b, c', h', w']`.
    fn convolve(&self, planes: Tensor<4>) -> Tensor<4>;
}

impl Convolve for Conv2d {
    fn convolve(&self, planes: Tensor<4>) -> Tensor<4> {
        let PaddingConfig2d::Explicit(top, left, bottom, right) = self.padding else {
            return self.forward(planes);
        };
        if self.groups != 1 || self.dilation != [1, 1] {
            return self.forward(planes);
        }
        let bias = self.bias.as_ref().map(Param::val);
        convolved(planes, self.weight.val(), bias, self.stride, [top, bottom, left, right])
    }
}

impl Convolve for ConvTranspose2d {
    fn convolve(&self, planes: Tensor<4>) -> Tensor<4> {
        if self.groups != 1 || self.dilation != [1, 1] {
            return self.forward(planes);
        }
        let bias = self.bias.as_ref().map(Param::val);
        let Self { stride, padding, padding_out, .. } = *self;
        transposed(planes, self.weight.val(), bias, stride, [padding, padding_out])
    }
}

/// The cross-correlation of planes with kernels. `padding` is zeros above, below, on the left and on the right.
///
/// # Shapes
/// `planes [b, c, h, w]`, `kernels [c', c, kh, kw]`, `bias [c']`; the result is `[b, c', h', w']`.
pub fn convolved(
    planes: Tensor<4>,
    kernels: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: [usize; 2],
    padding: [usize; 4],
) -> Tensor<4> {
    let [top, bottom, left, right] = padding;
    let ([_, channels, height, width], [out, _, kh, kw]) = (planes.dims(), kernels.dims());
    let conv = Conv {
        fine: [channels, height, width],
        coarse: [
            out,
            (height + top + bottom - kh) / stride[0] + 1,
            (width + left + right - kw) / stride[1] + 1,
        ],
        kernel: [kh, kw],
        stride,
        padding: [top, left],
        upsample: 1,
    };
    run(planes, kernels, bias, conv, false)
}

/// The transpose of [`convolved`]. `padding` is what it takes away above and on the left, and what it adds below and on
/// the right after having taken away as much there.
///
/// # Shapes
/// `planes [b, c, h, w]`, `kernels [c, c', kh, kw]`, `bias [c']`; the result is `[b, c', h', w']`.
pub fn transposed(
    planes: Tensor<4>,
    kernels: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: [usize; 2],
    [padding, added]: [[usize; 2]; 2],
) -> Tensor<4> {
    let ([_, channels, height, width], [_, out, kh, kw]) = (planes.dims(), kernels.dims());
    let side = |places: usize, kernel: usize, side: usize| {
        (places - 1) * stride[side] + kernel + added[side] - 2 * padding[side]
    };
    let conv = Conv {
        fine: [out, side(height, kh, 0), side(width, kw, 1)],
        coarse: [channels, height, width],
        kernel: [kh, kw],
        stride,
        padding,
        upsample: 1,
    };
    run(planes, kernels, bias, conv, true)
}

fn run(
    planes: Tensor<4>,
    kernels: Tensor<4>,
    bias: Option<Tensor<1>>,
    conv: Conv,
    is_to_fine: bool,
) -> Tensor<4> {
    let has_bias = bias.is_some();
    // Nothing is read of what stands there instead.
    let bias = match bias {
        Some(bias) => bias.into_dispatch(),
        None => kernels.clone().detach().into_dispatch(),
    };
    let [planes, kernels] = [planes, kernels].map(Tensor::into_dispatch);
    let made =
        <Dispatch as ConvOps>::convolved_planes(planes, kernels, bias, has_bias, conv, is_to_fine);
    Tensor::from_dispatch(made)
}

/// Convolutions, as a backend does them: [`Conv`] and whether coarse planes become fine ones say from which planes to which.
#[backend_extension(Flex, Cube, Fusion, Autodiff)]
pub(crate) trait ConvOps: Backend {
    /// Planes `[b, c, h, w]` on one side of those on the other.
    #[fusion(dtype = planes, shape = made_shape(planes, conv, *is_to_fine))]
    fn convolved_planes(
        planes: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        has_bias: bool,
        conv: Conv,
        is_to_fine: bool,
    ) -> FloatTensor<Self>;
}

/// The ways back.
#[backend_extension(Flex, Cube, Fusion)]
pub(crate) trait ConvSlopes: ConvOps {
    /// The gradient by the planes that became others, where `grad` is that by the others.
    #[fusion(dtype = grad, shape = made_shape(grad, conv, !was_to_fine))]
    fn planes_gradient(
        grad: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        conv: Conv,
        was_to_fine: bool,
    ) -> FloatTensor<Self>;
    /// The gradient by the kernels, where one of both sides is a gradient.
    #[fusion(dtype = fine, shape = kernel_shape(conv))]
    fn kernel_gradient(
        fine: FloatTensor<Self>,
        coarse: FloatTensor<Self>,
        conv: Conv,
    ) -> FloatTensor<Self>;
    /// The same with the gradient by the bias, where the coarse side is a gradient.
    #[fusion(meta = |fine, _, conv| (
        TensorSpec::new(kernel_shape(conv), fine.dtype),
        TensorSpec::new(Shape::new([conv.coarse[0]]), fine.dtype),
    ))]
    fn kernel_and_bias_gradients(
        fine: FloatTensor<Self>,
        coarse: FloatTensor<Self>,
        conv: Conv,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// The gradient by the bias, where `planes` is that by planes, `[b, c, h, w]`.
    #[fusion(dtype = planes, shape = Shape::new([planes[1]]))]
    fn bias_gradient(planes: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The shape of what becomes of planes.
pub(crate) fn made_shape(planes: &Shape, conv: &Conv, is_to_fine: bool) -> Shape {
    let [c, h, w] = if is_to_fine { conv.fine } else { conv.coarse };
    Shape::new([planes[0], c, h, w])
}

fn kernel_shape(conv: &Conv) -> Shape {
    Shape::new([conv.coarse[0], conv.fine[0], conv.kernel[0], conv.kernel[1]])
}

/// Nothing is added, and nothing becomes of sums.
const AS_THEY_ARE: Finish<'static> = &|_, _, _, _| {};

/// Sums with the bias of their channel.
fn biased(bias: &[f32]) -> impl Fn(usize, usize, usize, &mut [f32]) + Sync {
    |_, channel, _, values| {
        for value in values {
            *value += bias[channel];
        }
    }
}

impl Conv {
    /// Planes on one side of those on the other, by kernels as burn has them.
    fn made(
        self,
        is_to_fine: bool,
        planes: &FloatTensor<Flex>,
        kernels: &FloatTensor<Flex>,
        finish: Finish<'_>,
    ) -> FloatTensor<Flex> {
        let (planes, kernels) = (planes.to_contiguous(), kernels.to_contiguous());
        let watch = Watch::default();
        let (planes, kernels, part) = (values(&planes), values(&kernels), watch.whole());
        let (made, shape) = if is_to_fine {
            let kernels = self.transposed_kernels(kernels);
            (self.fine_of(planes, &kernels, finish, part), self.fine)
        } else {
            (self.coarse_of(planes, &self.kernels(kernels), finish, part), self.coarse)
        };
        let made = made.expect("nobody ends it");
        let batch = made.len() / shape.iter().product::<usize>();
        FloatTensor::<Flex>::from_data(TensorData::new(made, [batch, shape[0], shape[1], shape[2]]))
    }
}

impl ConvOps for Flex {
    fn convolved_planes(
        planes: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        has_bias: bool,
        conv: Conv,
        is_to_fine: bool,
    ) -> FloatTensor<Self> {
        if !has_bias {
            return conv.made(is_to_fine, &planes, &kernels, AS_THEY_ARE);
        }
        conv.made(is_to_fine, &planes, &kernels, &biased(values(&bias.to_contiguous())))
    }
}

impl ConvSlopes for Flex {
    fn planes_gradient(
        grad: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        conv: Conv,
        was_to_fine: bool,
    ) -> FloatTensor<Self> {
        conv.made(!was_to_fine, &grad, &kernels, AS_THEY_ARE)
    }

    fn kernel_gradient(
        fine: FloatTensor<Self>,
        coarse: FloatTensor<Self>,
        conv: Conv,
    ) -> FloatTensor<Self> {
        let (fine, coarse) = (fine.to_contiguous(), coarse.to_contiguous());
        let sums = conv.kernel_gradient(values(&fine), values(&coarse));
        let shape = [conv.coarse[0], conv.fine[0], conv.kernel[0], conv.kernel[1]];
        FloatTensor::<Self>::from_data(TensorData::new(sums, shape))
    }

    fn kernel_and_bias_gradients(
        fine: FloatTensor<Self>,
        coarse: FloatTensor<Self>,
        conv: Conv,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        (Self::kernel_gradient(fine, coarse.clone(), conv), Self::bias_gradient(coarse))
    }

    fn bias_gradient(planes: FloatTensor<Self>) -> FloatTensor<Self> {
        let planes = planes.to_contiguous();
        let shape = planes.shape();
        let (channels, plane) = (shape[1], shape[2] * shape[3]);
        let mut sums = vec![0.0; channels];
        for (index, plane) in values(&planes).chunks_exact(plane.max(1)).enumerate() {
            sums[index % channels] += fold(plane, 0.0, |sum, value| sum + value);
        }
        FloatTensor::<Self>::from_data(TensorData::new(sums, [channels]))
    }
}

/// The way back of convolutions, by the planes, the kernels and the bias.
#[derive(Debug)]
struct Back;

impl<B: ConvSlopes> Backward<B, 3> for Back {
    /// The planes and kernels that there were, and whether the planes became fine ones.
    type State = (FloatTensor<B>, FloatTensor<B>, Conv, bool);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let ([planes, kernels, bias], (from, weights, conv, is_to_fine)) = (ops.parents, ops.state);
        if let Some(node) = planes {
            let gradient = B::planes_gradient(grad.clone(), weights, conv, is_to_fine);
            grads.register::<B>(node.id, gradient);
        }
        if let (Some(kernels), Some(bias), false) = (&kernels, &bias, is_to_fine) {
            let (of_kernels, of_bias) = B::kernel_and_bias_gradients(from, grad, conv);
            grads.register::<B>(kernels.id, of_kernels);
            grads.register::<B>(bias.id, of_bias);
            return;
        }
        if let Some(node) = kernels {
            let (fine, coarse) =
                if is_to_fine { (grad.clone(), from) } else { (from, grad.clone()) };
            grads.register::<B>(node.id, B::kernel_gradient(fine, coarse, conv));
        }
        if let Some(node) = bias {
            grads.register::<B>(node.id, B::bias_gradient(grad));
        }
    }
}

impl<B: ConvSlopes, C: CheckpointStrategy> ConvOps for Autodiff<B, C> {
    fn convolved_planes(
        planes: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        has_bias: bool,
        conv: Conv,
        is_to_fine: bool,
    ) -> FloatTensor<Self> {
        let [(planes, of_planes), (kernels, of_kernels), (bias, of_bias)] =
            [planes, kernels, bias].map(FloatTensor::<Self>::into_parts);
        match Back.prepare::<C>([of_planes, of_kernels, of_bias]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let kept = (planes.clone(), kernels.clone(), conv, is_to_fine);
                let made = B::convolved_planes(planes, kernels, bias, has_bias, conv, is_to_fine);
                prep.finish(kept, made)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::convolved_planes(planes, kernels, bias, has_bias, conv, is_to_fine))
            }
        }
    }
}
