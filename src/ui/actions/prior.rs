//! Draws from a prior over codes.

use super::Actions;
use crate::language::tr;
use crate::session::prior::{Form, PriorAsk};
use crate::ui::{Command, Scene};

pub(super) fn prior(actions: &mut Actions, scene: &Scene<'_>) {
    actions.group = tr!("Prior");
    let prior = scene.prior;
    let (is_there, draws) = (prior.line().is_some(), prior.share().is_some());
    let is_erased = !prior.erased().is_empty();
    let mut add = |is_offered: bool, name: String, ask: PriorAsk| {
        actions.add_if(is_offered, name, None, Command::Prior(ask));
    };
    add(is_there && !draws, tr!("Draw pictures from the prior").to_owned(), PriorAsk::Draw);
    add(draws, tr!("Stop drawing from the prior").to_owned(), PriorAsk::Cancel);
    let fill = tr!("Fill the erased cells from the prior").to_owned();
    add(is_there && is_erased && !draws, fill, PriorAsk::Fill);
    add(is_erased, tr!("Bring all erased cells back").to_owned(), PriorAsk::Restore);
    let is_said = !prior.but().trim().is_empty() && !prior.edits();
    let edit = tr!("Erase what the text changes in the picture").to_owned();
    add(is_there && is_said, edit, PriorAsk::Edit);
    let film = tr!("Save a film of drawing from the prior…").to_owned();
    add(!prior.moments().is_empty(), film, PriorAsk::SaveFilm(None));
    let form = *prior.form();
    let classes = prior.line().map_or(&[][..], |line| &line.classes);
    for (class, name) in (0..).zip(classes) {
        let is_other = form.options.class != Some(class);
        let mut asked: Form = form;
        asked.options.class = Some(class);
        add(is_other, tr!("Draw from the class {}", name), PriorAsk::Set(asked));
    }
}
