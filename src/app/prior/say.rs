//! What the prior knows of texts: which words codes attend to, what a text can become, and what it changes in a picture.

use super::{Weighed, alone, caption};
use crate::app::ZscopeApp;
use crate::app::jobs::Done;
use crate::language::tr;
use crate::sample::{Begun, LEAST_BITS, Options, Sampler, Words, places, texts};
use crate::session::prior::{Completions, Edit};

/// Texts that a text is completed to, at most.
const COMPLETIONS: u64 = 12;

/// What is found out.
#[derive(Default)]
pub(super) struct Saying {
    /// The codes, the weights and the text that attention was asked for.
    asked: Option<(Vec<u32>, u64, String)>,
    is_asked: bool,
}

/// What was found out.
pub(in crate::app) enum Said {
    /// Which words the codes of the picture attend to.
    Words(Result<Words, String>),
    /// What a text can become.
    Completions(Result<Completions, String>),
    /// Which cells do not fit another text.
    Edit(Result<(Edit, Vec<usize>), String>),
}

impl ZscopeApp {
    /// Asks which words the codes of the picture attend to, where that is not known: of the text that pictures are drawn
    /// of, else of what the prior says of the picture.
    pub(super) fn ask_words(&mut self) {
        let priors = &self.priors;
        let Some(tokenizer) = priors.tokenizer.clone().filter(|_| !priors.saying.is_asked) else {
            return;
        };
        let own = priors.state.text().trim();
        let told = priors.state.bits().and_then(|bits| bits.caption.as_deref());
        let text = if own.is_empty() { told.unwrap_or_default() } else { own }.to_owned();
        let Some((Weighed { config, tensors }, number)) = self.weighed() else { return };
        let Some(codes) = self.picture_places(&config).filter(|_| !text.is_empty()) else {
            self.priors.state.take_words(None);
            self.priors.saying.asked = None;
            return;
        };
        let asked = Some((codes.clone(), number, text.clone()));
        if self.priors.saying.asked == asked {
            return;
        }
        (self.priors.saying.asked, self.priors.saying.is_asked) = (asked, true);
        let (engine, gpu) = (self.engine_kind(), self.gpu.clone());
        let question = self.model_question;
        self.jobs.spawn("words", move |done| {
            let words = alone(|| {
                let mut sampler = Sampler::new(&config, &tensors, engine, gpu.as_ref());
                sampler.words(&tokenizer, &codes, &text).map_err(|error| error.to_string())
            });
            done(Done::PriorSaid { question, said: Said::Words(words) });
        });
    }

    /// Has texts that begin with the one that pictures are drawn of.
    pub(super) fn complete_text(&mut self) {
        let Some(tokenizer) = self.priors.tokenizer.clone() else {
            return self.notice(tr!("complete a text: this model knows no texts"), true);
        };
        let Some((Weighed { config, tensors }, _)) = self.weighed() else { return };
        if self.priors.state.completes() {
            return;
        }
        self.priors.state.begin_completions();
        let begin = self.priors.state.text().to_owned();
        let form = *self.priors.state.form();
        let (engine, gpu) = (self.engine_kind(), self.gpu.clone());
        let question = self.model_question;
        self.jobs.spawn("completions", move |done| {
            let found = alone(|| {
                let mut sampler = Sampler::new(&config, &tensors, engine, gpu.as_ref());
                let options = Options { seed: form.options.seed, ..Options::default() };
                let begun = Begun::new(&tokenizer, &config, &begin);
                let range = [0, COMPLETIONS];
                let told = sampler.complete(&begun, None, &options, range, &mut |_, _| true);
                let ranked =
                    told.and_then(|told| texts::ranked(&mut sampler, &tokenizer, &told, None));
                let texts = ranked.map_err(|error| error.to_string())?;
                Ok(Completions { begin, texts })
            });
            done(Done::PriorSaid { question, said: Said::Completions(found) });
        });
    }

    /// Erases the cells of the picture that do not fit what is to be said of it.
    pub(super) fn edit_picture(&mut self) {
        let Some(tokenizer) = self.priors.tokenizer.clone() else {
            return self.notice(tr!("change the picture: this model knows no texts"), true);
        };
        let text = self.priors.state.but().trim().to_owned();
        let Some((Weighed { config, tensors }, _)) = self.weighed() else { return };
        let Some(codes) = self.picture_places(&config).filter(|_| !text.is_empty()) else {
            let text = tr!("change the picture: no text says how (type one, such as \"blue\")");
            return self.notice(text, true);
        };
        if self.priors.state.edits() {
            return;
        }
        self.priors.state.begin_edit();
        let (engine, gpu) = (self.engine_kind(), self.gpu.clone());
        let question = self.model_question;
        self.jobs.spawn("edit", move |done| {
            let found = alone(|| {
                let mut sampler = Sampler::new(&config, &tensors, engine, gpu.as_ref());
                let from = caption(&mut sampler, &tokenizer, &codes);
                let from = from.map_err(|error| error.to_string())?;
                let to = texts::changed(&from, &text);
                let tokens = [&from, &to].map(|text| texts::tokens_of(&tokenizer, &config, text));
                let changed = sampler.changes(&codes, [&tokens[0], &tokens[1]], LEAST_BITS);
                let changed = changed.map_err(|error| error.to_string())?;
                let cells = places::cells_of(&changed, config.per_cell());
                Ok((Edit { from, to }, cells))
            });
            done(Done::PriorSaid { question, said: Said::Edit(found) });
        });
    }

    /// Something was found out about texts.
    pub(in crate::app) fn prior_said(&mut self, question: u64, said: Said) {
        if matches!(said, Said::Words(_)) {
            self.priors.saying.is_asked = false;
        }
        if question != self.model_question {
            return;
        }
        let state = &mut self.priors.state;
        let error = match said {
            Said::Words(Ok(words)) => return state.take_words(Some(words)),
            Said::Completions(Ok(found)) => return state.end_completions(Some(found)),
            Said::Edit(Ok(found)) => {
                let is_same = found.1.is_empty();
                state.end_edit(Some(found));
                if is_same {
                    let text = tr!("change the picture: every cell fits the text already");
                    self.notice(text, false);
                }
                return;
            }
            Said::Words(Err(error)) => error,
            Said::Completions(Err(error)) => {
                state.end_completions(None);
                error
            }
            Said::Edit(Err(error)) => {
                state.end_edit(None);
                error
            }
        };
        self.notice(error, true);
    }
}
