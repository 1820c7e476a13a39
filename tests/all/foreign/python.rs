//! Round trips with the real Python libraries, where they are installed.

use std::process::Command;

/// The Python to ask: the variable `ZSCOPE_PYTHON`, else `python3`.
#[test]
fn round_trips_with_diffusers_are_equal() {
    let python = std::env::var("ZSCOPE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let libraries =
        Command::new(&python).args(["-c", "import diffusers, safetensors, torch"]).output();
    if !libraries.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "SKIPPED: needs {python} with torch, diffusers and safetensors (pip install torch diffusers safetensors; \
             ZSCOPE_PYTHON names another Python)"
        );
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/round_trips.py");
    let output = Command::new(&python)
        .args([script, env!("CARGO_BIN_EXE_zscope")])
        .output()
        .expect("the script runs");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("all round trips are equal"), "{said}");
}
