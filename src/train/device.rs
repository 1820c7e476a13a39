//! Where a run trains.

use burn::tensor::Device;

/// The burn device of a name in `config.json`.
///
/// # Errors
/// When the name is neither `cpu` nor `gpu`.
pub fn burn_device(name: &str) -> Result<Device, String> {
    match name {
        "cpu" => Ok(Device::flex()),
        "gpu" => Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
        other => Err(format!("unknown device {other:?} (expected cpu or gpu)")),
    }
}

/// The device for people, for example `CPU (Flex, 2 threads)`.
pub fn describe(name: &str, threads: usize) -> String {
    match (name, threads) {
        ("cpu", 1) => "CPU (Flex, 1 thread)".to_owned(),
        ("cpu", threads) => format!("CPU (Flex, {threads} threads)"),
        _ => "GPU (wgpu)".to_owned(),
    }
}
