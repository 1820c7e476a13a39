//! Round trips with the real Python libraries, where they are installed.

use std::process::Command;

/// What a script says that runs this program and the real libraries; nothing, said loudly, where they are missing.
///
/// The Python is the variable `ZSCOPE_PYTHON`, else `python3`.
fn said_by(script: &str, arguments: &[&str]) -> Option<String> {
    let python = std::env::var("ZSCOPE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let libraries =
        Command::new(&python).args(["-c", "import diffusers, safetensors, torch"]).output();
    if !libraries.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "SKIPPED: needs {python} with torch, diffusers and safetensors (pip install torch diffusers safetensors; \
             ZSCOPE_PYTHON names another Python)"
        );
        return None;
    }
    let script = format!("{}/tests/python/{script}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(&python)
        .args(["-B", &script, env!("CARGO_BIN_EXE_zscope")])
        .args(arguments)
        .output()
        .expect("the script runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{said}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(said)
}

#[test]
fn round_trips_with_diffusers_are_equal() {
    let Some(said) = said_by("round_trips.py", &[]) else { return };
    assert!(said.contains("all round trips are equal"), "{said}");
}

#[test]
fn random_configurations_of_diffusers_agree() {
    let Some(said) = said_by("configurations.py", &["12"]) else { return };
    assert!(said.contains("all 12 configurations agree"), "{said}");
}
