//! Data behind the window: opened by jobs of its own, with progress, and given up when other data is wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use eframe::egui;

use super::jobs::Done;
use super::{ZscopeApp, textures};
use crate::array::Array;
use crate::data::{self, DataError, DataSpec, Dataset, Split, Watch};
use crate::ui::DataLine;

/// Images in the preview.
const PREVIEW_IMAGES: usize = 48;
/// Pictures side by side in the preview.
const PREVIEW_COLUMNS: usize = 12;

/// Data that is being opened, as the window and the job's threads see it.
#[derive(Default)]
pub(super) struct Opening {
    done: AtomicUsize,
    all: AtomicUsize,
    cancel: AtomicBool,
}

impl Opening {
    /// Images done and in all; 0 in all while that is not known.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.done.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed))
    }

    fn run(&self, spec: &DataSpec) -> Result<OpenedData, DataError> {
        let on_progress = |done, all| {
            self.all.store(all, Ordering::Relaxed);
            // Several threads tell, in any order.
            self.done.fetch_max(done, Ordering::Relaxed);
        };
        let watch = Watch { on_progress: &on_progress, cancel: &self.cancel };
        let dataset = data::open_watched(spec, watch)?;
        // Spread over all of them: many sets come sorted.
        let images = dataset.len(Split::Train);
        let count = images.min(PREVIEW_IMAGES);
        let indices: Vec<u32> = (0..count).map(|at| (at * images / count) as u32).collect();
        let preview = data::batch(dataset.as_ref(), Split::Train, &indices);
        Ok(OpenedData { dataset, preview })
    }
}

/// Data that is open.
pub(super) struct OpenedData {
    dataset: Arc<dyn Dataset>,
    /// A few of its training images, `[b, c, h, w]` in `[0, 1]`.
    preview: Array,
}

impl ZscopeApp {
    /// Opens data in the background.
    pub(super) fn open_data(&mut self, text: String) {
        let question = self.next_question();
        self.view.form.data.clone_from(&text);
        match text.parse::<DataSpec>() {
            Ok(spec) => self.open_spec(question, text, spec),
            Err(error) => self.notice(error.to_string(), true),
        }
    }

    /// Opens `spec`, which was typed as `text`, to answer a question.
    pub(super) fn open_spec(&mut self, question: u64, text: String, spec: DataSpec) {
        self.cancel_data();
        self.view.form.data.clone_from(&text);
        self.data_question = question;
        self.data = DataLine { spec: text.clone(), opening: Some((0, 0)), ..DataLine::default() };
        self.pictures.preview = None;
        let opening = Arc::new(Opening::default());
        self.opening = Some(Arc::clone(&opening));
        self.jobs.spawn("data", move |done| {
            let opened = opening.run(&spec);
            let dataset = opened.as_ref().ok().map(|opened| Arc::clone(&opened.dataset));
            let opened = opened.map_err(|error| error.to_string());
            done(Done::Data { question, spec: text, opened });
            // Counting looks at every image, which nothing has to wait for.
            if let Some(dataset) = dataset {
                let counts = data::class_counts(dataset.as_ref(), Split::Train);
                done(Done::ClassCounts { question, counts });
            }
        });
    }

    /// Gives up the data that is being opened, if any is.
    pub(super) fn cancel_data(&mut self) {
        if let Some(opening) = self.opening.take() {
            opening.cancel.store(true, Ordering::Relaxed);
            self.data = DataLine::default();
            // Its answer is not wanted any more, whatever it is.
            self.data_question = self.next_question();
        }
    }

    /// Takes over what opening data has come to.
    pub(super) fn data_opened(
        &mut self,
        ctx: &egui::Context,
        spec: String,
        opened: Result<OpenedData, String>,
    ) {
        self.opening = None;
        self.data.opening = None;
        let OpenedData { dataset, preview } = match opened {
            Ok(opened) => opened,
            Err(error) => return self.notice(error, true),
        };
        // What the images before were warned of goes with them.
        if let Some((_, before)) = &self.dataset {
            let old = before.warnings();
            self.notices.retain(|notice| !old.contains(&notice.text));
        }
        for warning in dataset.warnings() {
            self.notice(warning.clone(), false);
        }
        let options = egui::TextureOptions::LINEAR;
        textures::show(&mut self.preview, ctx, "preview", &preview, PREVIEW_COLUMNS, options);
        self.pictures.preview = self.preview.as_ref().map(textures::picture);
        self.data = DataLine {
            spec,
            name: dataset.name().to_owned(),
            counts: [dataset.len(Split::Train), dataset.len(Split::Test)],
            shape: dataset.shape().to_string(),
            ..DataLine::default()
        };
        self.dataset = Some((self.data.spec.clone(), dataset));
        self.map.begin_anew();
    }

    /// Shows how the classes are spread.
    pub(super) fn classes_counted(&mut self, counts: Vec<usize>) {
        if let Some((_, dataset)) = &self.dataset {
            self.data.classes = dataset.class_names().iter().cloned().zip(counts).collect();
        }
    }
}
