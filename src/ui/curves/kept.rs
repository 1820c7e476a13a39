//! How curves are drawn, as it is kept for the next start.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CurvesView, PLOTS, SMOOTHING};

/// The options of the curves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptCurves {
    smoothing: f64,
    log: bool,
    robust: bool,
    /// Whether each plot is shown, by its title.
    plots: BTreeMap<String, bool>,
}

impl Default for KeptCurves {
    fn default() -> Self {
        CurvesView::default().kept()
    }
}

impl CurvesView {
    /// What is kept of it.
    pub fn kept(&self) -> KeptCurves {
        let titles = PLOTS.iter().map(|plot| plot.title.to_owned());
        KeptCurves {
            smoothing: self.smoothing,
            log: self.log,
            robust: self.robust,
            plots: titles.zip(self.shown.iter().copied()).collect(),
        }
    }

    /// Draws as was kept; plots that are not named there stay as they are.
    pub fn take_up(&mut self, kept: &KeptCurves) {
        if kept.smoothing.is_finite() {
            self.smoothing = kept.smoothing.clamp(*SMOOTHING.start(), *SMOOTHING.end());
        }
        (self.log, self.robust) = (kept.log, kept.robust);
        for (plot, shown) in PLOTS.iter().zip(&mut self.shown) {
            *shown = kept.plots.get(plot.title).copied().unwrap_or(*shown);
        }
    }
}
