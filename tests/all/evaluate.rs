//! Models measured side by side: the list, the job, the table, the files.

mod export;
mod job;
pub mod made_up;
mod models;
