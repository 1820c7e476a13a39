//! The past of an opened run, told again as the events that it once was.

use std::path::Path;

use crate::event::{Event, FinishReason, RunStarted, StepRecord};
use crate::formats::FormatError;
use crate::formats::run_dir::{Metrics, RunConfig, RunDir};

/// The events of a run directory: its start, all its steps, what its checkpoints measured, its end.
///
/// # Errors
/// When its files cannot be read.
pub(super) fn read(dir: &Path, config: &RunConfig) -> Result<Vec<Event>, FormatError> {
    let (run, _) = RunDir::open(dir)?;
    let Metrics { curves, rows } = run.read_metrics()?;
    let mut events = vec![Event::Started(RunStarted {
        run_dir: dir.to_owned(),
        recipe: config.recipe.clone(),
        data: config.data.clone(),
        first_step: 0,
        total_steps: config.total_steps,
        // Known once the data is open, which looking at a run does not need.
        steps_per_epoch: 0,
        batch: config.batch,
        parameters: 0,
        memory_bytes: 0,
        device: config.device.clone(),
        curves,
    })];
    let last = rows.last().map_or(0, |(step, _)| *step);
    let steps = rows.into_iter().map(|(step, values)| StepRecord { step, values }).collect();
    events.push(Event::StepsDone { steps, images_per_s: f64::NAN });
    let mut elapsed_secs = 0.0;
    for checkpoint in run.checkpoints()? {
        let state = checkpoint.state;
        elapsed_secs = state.elapsed_secs;
        let values = state.eval.iter();
        let values =
            values.filter_map(|(name, value)| Some((format!("eval/{name}"), value.as_f64()?)));
        events.push(Event::Evaluated { step: state.step, values: values.collect() });
        events.push(Event::CheckpointSaved { step: state.step, path: checkpoint.path });
    }
    let done = last >= config.total_steps;
    let reason = if done { FinishReason::Completed } else { FinishReason::Stopped };
    events.push(Event::Finished { step: last, reason, elapsed_secs });
    Ok(events)
}
