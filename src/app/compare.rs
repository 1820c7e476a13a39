//! Other runs behind the curves of this one.

use std::path::{Path, PathBuf};

use super::ZscopeApp;
use super::jobs::Done;
use crate::formats::FormatError;
use crate::formats::run_dir::RunDir;
use crate::language::tr;
use crate::session::{Compared, Session};

impl ZscopeApp {
    /// Keeps the curves of this run behind those of the next.
    pub(super) fn keep_curves(&mut self) {
        let dir = self.session.run().map(|run| run.run_dir.clone());
        self.compare(Compared::of(name(&dir.unwrap_or_default()), &self.session));
    }

    /// Reads the curves of another run.
    pub(super) fn compare_run(&mut self, dir: PathBuf) {
        self.jobs.spawn("compare", move |done| {
            done(Done::Compared(read(&dir).map_err(|error| error.to_string())));
        });
    }

    /// Puts a run behind the curves of this one.
    pub(super) fn compare(&mut self, compared: Compared) {
        if compared.is_empty() {
            let name = compared.name();
            self.notice(tr!("compare with {}: it has no curves yet", name), true);
        } else if self.compared.len() < Compared::MOST {
            self.compared.push(compared);
            self.follow_models();
        }
    }

    pub(super) fn stop_comparing(&mut self, index: usize) {
        if index < self.compared.len() {
            self.compared.remove(index);
            self.follow_models();
        }
    }
}

fn read(dir: &Path) -> Result<Compared, FormatError> {
    let (_, config) = RunDir::open(dir)?;
    let mut session = Session::default();
    for event in super::history::read(dir, &config)? {
        session.apply(&event);
    }
    Ok(Compared::of(name(dir), &session))
}

/// What a run is called: its directory's name.
fn name(dir: &Path) -> String {
    dir.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
