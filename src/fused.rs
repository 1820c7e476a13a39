//! Operations that burn's CPU backend would take apart into many, or do more slowly than a processor can: each in one
//! pass over its values, with its way back. Other devices do what burn composes.

mod activation;
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
pub use self::conv::{Conv, Finish, Kernels};
pub use self::layers::{Convolve, convolved, transposed};
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
