//! Operations that burn would take apart into many, or do more slowly than a device can: each in one pass over its values,
//! with its way back. They are done here on the CPU; graphics devices do what burn composes, or a shader's pass where
//! [`engine`](crate::engine) has one.
//!
//! What is to have the widest instructions of the processor is a `WithSimd` whose functions are all inlined: of a closure
//! that is as long as a loop and more, the compiler makes a function of its own, which has those of the build.

mod activation;
mod adam;
mod conv;
mod grid;
mod lanes;
mod layers;
mod ranking;
mod space;
mod transformer;
mod winograd;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata as _};
use burn::tensor::{Device, TensorData};

pub use self::activation::activate;
pub(crate) use self::adam::AdamOps;
pub use self::adam::{AdamRule, adam};
pub use self::conv::{Conv, Finish, Kernels};
pub(crate) use self::layers::{ConvOps, ConvSlopes, made_shape};
pub use self::layers::{Convolve, convolved, transposed};
pub(crate) use self::ranking::NearestOps;
pub use self::ranking::{Ranked, Ranking, nearest_rows, products};
pub use self::transformer::{Later, attention_shares, gelu};

/// Whether a device is the CPU.
pub(crate) fn is_cpu(device: &Device) -> bool {
    device.clone().inner() == Device::flex()
}

/// The values of a tensor that lies in one piece.
fn values(tensor: &FloatTensor<Flex>) -> &[f32] {
    tensor.as_slice().expect("it lies in one piece")
}

/// A tensor of the shape of another one.
fn like(other: &FloatTensor<Flex>, values: Vec<f32>) -> FloatTensor<Flex> {
    FloatTensor::<Flex>::from_data(TensorData::new(values, other.shape()))
}
