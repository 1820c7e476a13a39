//! What the verbs write: results to standard output, all else to standard error.

use std::io::Write as _;

use serde::Serialize;

/// One line on standard output. A reader that has gone away is no error.
pub(super) fn line(text: &str) {
    writeln!(std::io::stdout().lock(), "{text}").ok();
}

/// One JSON value on one line of standard output.
pub(super) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string(value)?);
    Ok(())
}

/// One line on standard error.
pub(super) fn note(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").ok();
}

/// An error, then its causes, indented.
pub(super) fn error(error: &anyhow::Error) {
    let mut said = error.to_string();
    note(&format!("error: {said}"));
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Many errors tell their cause themselves.
        if !said.contains(&cause) {
            note(&format!("  {cause}"));
            said = cause;
        }
    }
}
