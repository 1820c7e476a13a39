//! Where a run trains.

use burn::BurnConfig;
use burn::tensor::Device;
use burn_cubecl::cubecl::config::RuntimeConfig as _;

/// Groups of operations that burn fuses side by side. Among more it finds orders in which they cannot run, and then fuses
/// none of dozens.
const FUSED_SIDE_BY_SIDE: usize = 3;

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

/// Tells burn how to fuse operations on graphics devices: once, before anything else is asked of it, as whatever comes first
/// settles it. Configuration files of other programs that lie about are not read.
pub fn configure() {
    let search =
        serde_json::json!({ "fusion": { "beam_search": { "max_blocks": FUSED_SIDE_BY_SIDE } } });
    let config = serde_json::from_value::<BurnConfig>(search).map(BurnConfig::override_from_env);
    if !config.is_ok_and(BurnConfig::try_set) {
        log::warn!(
            "burn was not configured: it may fuse less (expected to be asked before it has begun)"
        );
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
