//! Several models measured on the same images, one after the other; one that fails does not stop the others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{MeasureOptions, Report, examined_images, measure};
use crate::array::Array;
use crate::codec::{CodecError, take};
use crate::data::{self, DataError, DataSpec, Dataset, Split, Watch};
use crate::graph::lower::Task;
use crate::latent::draws;
use crate::open::Opened;
use crate::panics::panic_text;
use crate::picture::ImageShape;

/// Pictures that are made by each model.
pub const PICTURES: usize = 8;

/// What is to be measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The models as they are named, each with a number that its results are told under.
    pub models: Vec<(u64, String)>,
    /// The images; those of the first model without any.
    pub data: Option<String>,
    /// How; the same for all.
    pub options: MeasureOptions,
}

/// The images that models are measured on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Their specification.
    pub spec: String,
    /// What people call them.
    pub name: String,
    /// The shape of each.
    pub shape: ImageShape,
    /// Which part.
    pub split: Split,
    /// How many of the part are used, the first ones.
    pub count: u64,
    /// How many the part has.
    pub all: u64,
}

/// What a model makes, to be looked at beside its numbers; `[b, c, h, w]` in `[0, 1]`, [`PICTURES`] at most.
#[derive(Clone, Debug, PartialEq)]
pub enum Pictures {
    /// Reconstructions of the first images.
    Reconstructions(Array),
    /// The first draws of the seed.
    Draws(Array),
}

/// What is told while models are measured, in this order for each.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// The images are open.
    Opened {
        /// What they are.
        images: Images,
        /// The first of them, `[b, c, h, w]` in `[0, 1]`, [`PICTURES`] at most.
        originals: Array,
    },
    /// A model is being measured.
    Progress {
        /// The model's number.
        id: u64,
        /// Images that are done.
        done: u32,
        /// Images in all; 0 while the model is being opened.
        all: u32,
    },
    /// A model was measured.
    Measured {
        /// The model's number.
        id: u64,
        /// Its family.
        family: &'static str,
        /// What was found.
        report: Box<Report>,
        /// What it makes; nothing for families that make no images.
        pictures: Option<Pictures>,
    },
    /// A model could not be measured.
    Failed {
        /// The model's number.
        id: u64,
        /// What was attempted and what was found.
        message: String,
    },
    /// Nothing more comes.
    Ended {
        /// Why nothing could be measured, where that is so.
        message: Option<String>,
    },
}

/// Measures models by turns until `cancel` is set. `open` gives the model of a name; `known` is data that is open
/// already, under its specification, and is used where it is what is asked for. Always ends with [`Told::Ended`].
pub fn measure_side_by_side(
    request: &Request,
    known: Option<(&str, Arc<dyn Dataset>)>,
    open: &dyn Fn(&str) -> Result<Opened, String>,
    cancel: &AtomicBool,
    tell: &mut dyn FnMut(Told),
) {
    let mut turns = Turns { request, known, dataset: None, cancel };
    let mut message = None;
    for (id, model) in &request.models {
        if cancel.load(Ordering::Relaxed) {
            break;
        }
        tell(Told::Progress { id: *id, done: 0, all: 0 });
        let turn = AssertUnwindSafe(|| turns.take(*id, &open(model)?, tell));
        let result = catch_unwind(turn).unwrap_or_else(|panic| {
            Err(Trouble::Model(format!("measuring broke: {}", panic_text(panic.as_ref()))))
        });
        match result {
            Ok(Some(told)) => tell(told),
            Ok(None) => break,
            Err(Trouble::Model(message)) => tell(Told::Failed { id: *id, message }),
            Err(Trouble::Data(found)) => {
                message = Some(found);
                break;
            }
        }
    }
    tell(Told::Ended { message });
}

const NO_DATA: &str = "the model tells of no images (expected data to be chosen)";

/// What goes wrong in a turn: for its model alone, or for all of them.
enum Trouble {
    Model(String),
    Data(String),
}

impl From<String> for Trouble {
    fn from(message: String) -> Self {
        Self::Model(message)
    }
}

struct Turns<'a> {
    request: &'a Request,
    known: Option<(&'a str, Arc<dyn Dataset>)>,
    dataset: Option<Arc<dyn Dataset>>,
    cancel: &'a AtomicBool,
}

impl Turns<'_> {
    /// Measures one model; gives nothing when it was stopped.
    fn take(
        &mut self,
        id: u64,
        opened: &Opened,
        tell: &mut dyn FnMut(Told),
    ) -> Result<Option<Told>, Trouble> {
        let options = &self.request.options;
        let dataset = match self.dataset.clone() {
            Some(dataset) => dataset,
            None => match self.open_data(opened, tell)? {
                Some(dataset) => dataset,
                None => return Ok(None),
            },
        };
        let mut progress = |done, all| {
            tell(Told::Progress { id, done, all });
            !self.cancel.load(Ordering::Relaxed)
        };
        let measured = measure(opened, dataset.as_ref(), options, None, &mut progress);
        let Some(report) = measured.map_err(|error| error.to_string())? else { return Ok(None) };
        let pictures = pictures(opened, dataset.as_ref(), options);
        let pictures = pictures.map_err(|error| format!("draw the pictures: {error}"))?;
        let family = opened.model.family();
        Ok(Some(Told::Measured { id, family, report: Box::new(report), pictures }))
    }

    /// Opens the images, at the size of the first model where they come in several.
    fn open_data(
        &mut self,
        first: &Opened,
        tell: &mut dyn FnMut(Told),
    ) -> Result<Option<Arc<dyn Dataset>>, Trouble> {
        let own = first.data();
        let Some(text) = self.request.data.as_deref().or(own.as_deref()) else {
            return Err(Trouble::Data(NO_DATA.to_owned()));
        };
        let fail = |error: DataError| Trouble::Data(error.to_string());
        let spec: DataSpec = text.parse().map_err(fail)?;
        let spec = spec.with_size(first.image.height).absolute();
        let is_known = |known: &str| {
            let known = known.parse::<DataSpec>().map(DataSpec::absolute);
            known.is_ok_and(|known| known == spec)
        };
        let dataset = match &self.known {
            Some((known, dataset)) if is_known(known) => Arc::clone(dataset),
            _ => {
                let watch = Watch { on_progress: &|_, _| (), cancel: self.cancel };
                match data::open_watched(&spec, watch) {
                    Ok(dataset) => dataset,
                    Err(DataError::Cancelled) => return Ok(None),
                    Err(error) => return Err(fail(error)),
                }
            }
        };
        let MeasureOptions { split, limit, .. } = self.request.options;
        let all = dataset.len(split);
        let images = Images {
            spec: text.to_owned(),
            name: dataset.name().to_owned(),
            shape: dataset.shape(),
            split,
            count: all.min(limit.unwrap_or(usize::MAX)) as u64,
            all: all as u64,
        };
        tell(Told::Opened { images, originals: first_images(dataset.as_ref(), split) });
        self.dataset = Some(Arc::clone(&dataset));
        Ok(Some(dataset))
    }
}

fn first_images(dataset: &dyn Dataset, split: Split) -> Array {
    let count = dataset.len(split).min(PICTURES) as u32;
    data::batch(dataset, split, &(0..count).collect::<Vec<_>>())
}

/// What a model makes of the first images, or of the first draws of the seed.
fn pictures(
    opened: &Opened,
    dataset: &dyn Dataset,
    options: &MeasureOptions,
) -> Result<Option<Pictures>, CodecError> {
    let range = opened.range;
    let shown = |images: &Array| {
        let mut images = range.images_to_unit(images);
        images.data_mut().iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        images
    };
    Ok(match opened.model.task() {
        Task::Reconstruct => {
            let mut codec = opened.sampler(options.engine, None)?;
            let count = dataset.len(options.split).min(PICTURES) as u32;
            let numbers: Vec<u32> = (0..count).collect();
            let examined = examined_images(dataset, options.split, &numbers);
            codec.set_classes(examined.labels.as_deref());
            let seen = range.images_from_unit(&opened.seen(examined.images, 0));
            let latent = take(&mut codec.encode(&seen)?, "latent")?;
            Some(Pictures::Reconstructions(shown(&take(&mut codec.decode(&latent)?, "image")?)))
        }
        Task::Generate => {
            let latents = draws(&opened.model.latent(), PICTURES, options.seed);
            let mut codec = opened.sampler(options.engine, None)?;
            Some(Pictures::Draws(shown(&take(&mut codec.decode(&latents)?, "image")?)))
        }
        Task::Classify | Task::Quantize => None,
    })
}
