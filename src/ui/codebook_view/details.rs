//! What is known of one code, kept because it takes a look at all of them.

use std::sync::Arc;

use crate::array::Array;
use crate::language::{Language, filled, spoken};
use crate::session::codebook::{Codebook, Direction, Neighbour, Pair, Survey, Usage};

/// How many neighbours of a code are shown.
const NEIGHBOURS: usize = 8;

/// What is known of one code and takes a look at all of them, kept until the codebook changes.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Details {
    code: usize,
    codes: Arc<Array>,
    usage: Usage,
    is_frozen: bool,
    language: Language,
    /// Why it is used, hardly used or dead.
    pub why: String,
    /// The nearest codes.
    pub neighbours: Vec<Neighbour>,
    /// Its Euclidean norm.
    pub norm: f32,
    /// Its place among all norms, 1 for the longest.
    pub norm_rank: usize,
}

impl Details {
    pub(super) fn of<'a>(slot: &'a mut Option<Self>, codebook: &Codebook, code: usize) -> &'a Self {
        let is_known = |known: &Self| {
            known.code == code
                && Arc::ptr_eq(&known.codes, &codebook.codes)
                && known.usage.is_same(&codebook.usage)
                && known.is_frozen == codebook.is_frozen(code)
                && known.language == spoken()
        };
        match slot.take().filter(is_known) {
            Some(known) => slot.insert(known),
            None => slot.insert(Self::new(codebook, code)),
        }
    }

    fn new(codebook: &Codebook, code: usize) -> Self {
        let norms = codebook.norms();
        let norm = norms.get(code).copied().unwrap_or(0.0);
        Self {
            code,
            codes: Arc::clone(&codebook.codes),
            usage: codebook.usage.clone(),
            is_frozen: codebook.is_frozen(code),
            language: spoken(),
            why: codebook.why_said(code, &filled),
            neighbours: codebook.neighbours(code, NEIGHBOURS),
            norm,
            norm_rank: 1 + norms.iter().filter(|&&other| other > norm).count(),
        }
    }
}

/// What stands beside one code, kept until the survey changes.
#[derive(Clone, Debug)]
pub(super) struct BesideCode {
    code: usize,
    survey: Arc<Survey>,
    sides: [Vec<Pair>; 4],
}

impl BesideCode {
    pub(super) fn of<'a>(
        slot: &'a mut Option<Self>,
        codebook: &Codebook,
        code: usize,
    ) -> Option<&'a [Vec<Pair>; 4]> {
        let survey = codebook.survey.as_ref()?;
        let is_known = |known: &Self| known.code == code && Arc::ptr_eq(&known.survey, survey);
        let known = match slot.take().filter(is_known) {
            Some(known) => known,
            None => Self {
                code,
                survey: Arc::clone(survey),
                sides: Direction::ALL.map(|side| survey.beside.around(code, side)),
            },
        };
        Some(&slot.insert(known).sides)
    }
}
