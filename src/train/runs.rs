//! Where runs are kept when nobody says where.

use std::io;
use std::path::PathBuf;

/// The runs folder: `$ZSCOPE_RUNS`, or `zscope/runs` in the user's data folder.
pub fn folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("ZSCOPE_RUNS").filter(|folder| !folder.is_empty()) {
        return PathBuf::from(folder);
    }
    directories::ProjectDirs::from("", "", "zscope")
        .map_or_else(|| PathBuf::from("runs"), |dirs| dirs.data_dir().join("runs"))
}

/// Where a run of a name can be kept: the first of `NAME`, `NAME-2` and so on in the runs folder that is not there.
pub fn free(name: &str) -> PathBuf {
    let folder = folder();
    let numbered = (2..).map(|number| folder.join(format!("{name}-{number}")));
    let own = folder.join(name);
    std::iter::once(own.clone()).chain(numbered).find(|path| !path.exists()).unwrap_or(own)
}

/// Makes a new directory for a run of `recipe`: the first free `RECIPE-N`.
///
/// # Errors
/// When the disk refuses.
pub fn fresh(recipe: &str) -> io::Result<PathBuf> {
    let folder = folder();
    std::fs::create_dir_all(&folder)?;
    for number in 1..100_000 {
        let dir = folder.join(format!("{recipe}-{number}"));
        match std::fs::create_dir(&dir) {
            Ok(()) => return Ok(dir),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!("no free run number in {}", folder.display())))
}
