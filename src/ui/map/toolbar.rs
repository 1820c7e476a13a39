//! Above the map: how points are laid out and coloured, what a drag does, what is encoded, and saving.

use egui::{ComboBox, DragValue, ProgressBar, Response, Role, Ui, WidgetInfo};

use super::{Ground, MapMode, MapScene, MapView};
use crate::language::{told, tr, tr_later};
use crate::layout::Method;
use crate::session::map::{Ask, Colouring, Extent, Map, Projection, Splits};
use crate::ui::words::grouped;
use crate::ui::{Command, Scene, save, theme};

/// What a drag can do.
const MODES: [(MapMode, &str, &str); 4] = [
    (
        MapMode::Walk,
        tr_later!("Walk"),
        tr_later!(
            "Click a point to go to its latent. Drag to move on from there: exactly along the plane for PCA and dimensions; on a UMAP or t-SNE map to a mixture of the nearest points' latents."
        ),
    ),
    (
        MapMode::Pan,
        tr_later!("Pan"),
        tr_later!(
            "Drag to move the map. The right button does so in every mode; the wheel zooms, a double click shows all."
        ),
    ),
    (
        MapMode::Box,
        tr_later!("Box"),
        tr_later!("Drag to select the points in a rectangle; with Shift, to add them."),
    ),
    (
        MapMode::Lasso,
        tr_later!("Lasso"),
        tr_later!("Draw around points to select them; with Shift, to add them."),
    ),
];

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut MapView, out: &mut Vec<Command>) {
    let map = scene.map;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        projection(ui, map.state, out);
        colouring(ui, map, out);
        ui.separator();
        for (mode, name, hint) in MODES {
            if ui
                .selectable_label(view.mode == mode, told(name))
                .on_hover_text(told(hint))
                .clicked()
            {
                view.mode = mode;
            }
        }
        let fit = ui
            .small_button(tr!("All"))
            .on_hover_text(tr!("See all points. A double click does so too."));
        if fit.clicked() {
            out.push(Command::FitMap);
        }
        let hint = tr!("Show images instead of dots once few enough points are in view.");
        ui.checkbox(&mut view.shows_images, tr!("Images")).on_hover_text(hint);
        ui.separator();
        saving(ui, view, out);
        ui.separator();
        ui.menu_button(told_extent(map.state), |ui| extent_menu(ui, map, out))
            .response
            .on_hover_text(tr!("Which images are encoded. Change it and encode anew."));
        told_state(ui, scene, out);
        working(ui, map.state, out);
    });
}

fn ask(out: &mut Vec<Command>, asked: Ask) {
    out.push(Command::Map(asked));
}

/// Names a widget that shows something else than what it is.
fn named(response: &Response, role: Role, name: &str, value: &str) {
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(role, true, name);
        info.current_text_value = Some(value.to_owned());
        info
    });
}

fn projection(ui: &mut Ui, map: &Map, out: &mut Vec<Command>) {
    let now = map.projection();
    let d = map.points().map_or(1, |points| points.latents.row_len());
    let shown = ComboBox::from_id_salt("projection").selected_text(now.name()).width(76.0);
    let shown = shown.show_ui(ui, |ui| {
        let dims = match now {
            Projection::Dims(dims) => dims,
            _ => [0, 1.min(d.saturating_sub(1))],
        };
        let choices = [
            (Projection::Pca, "PCA", tr!("The plane in which points spread most; at once.")),
            (
                Projection::Dims(dims),
                tr!("Two dimensions"),
                tr!("Two dimensions of the latent as they are."),
            ),
            (
                Projection::Layout(Method::Umap),
                "UMAP",
                tr!(
                    "Keeps neighbours together; distances between groups mean little. Made in the background."
                ),
            ),
            (
                Projection::Layout(Method::Tsne),
                "t-SNE",
                tr!(
                    "Keeps nearest neighbours together; sizes of groups and distances between them mean little. Made in the background."
                ),
            ),
        ];
        for (choice, name, hint) in choices {
            if ui.selectable_label(now == choice, name).on_hover_text(hint).clicked() {
                ask(out, Ask::Project(choice));
            }
        }
    });
    let response = shown.response.on_hover_text(tr!("How latents are put onto the plane."));
    named(&response, Role::ComboBox, tr!("Projection"), &now.name());
    if let Projection::Dims(dims) = now {
        let hints = [tr!("The dimension to the right."), tr!("The dimension upwards.")];
        for (axis, hint) in hints.into_iter().enumerate() {
            let mut to = dims;
            // Without points nobody knows how many there are: those that were chosen stay.
            let last = map.points().map_or(dims[0].max(dims[1]), |_| d.saturating_sub(1));
            let drag = DragValue::new(&mut to[axis]).range(0..=last).prefix("z").speed(0.1);
            if ui.add(drag).on_hover_text(hint).changed() {
                ask(out, Ask::Project(Projection::Dims(to)));
            }
        }
    }
}

fn colouring(ui: &mut Ui, map: MapScene<'_>, out: &mut Vec<Command>) {
    let state = map.state;
    let now = state.colouring();
    let name_of = |colouring: Colouring| match colouring {
        Colouring::Label => tr!("class").to_owned(),
        Colouring::Loss => tr!("squared error").to_owned(),
        Colouring::Code => tr!("code").to_owned(),
        Colouring::Nothing => tr!("nothing").to_owned(),
        Colouring::Factor(factor) => {
            map.factors.get(factor).map_or_else(String::new, |known| told(&known.name).to_owned())
        }
    };
    let Some(points) = state.points() else { return };
    let shown = ComboBox::from_id_salt("colouring").selected_text(name_of(now)).width(84.0);
    let shown = shown.show_ui(ui, |ui| {
        let factors = (0..points.factors.len()).map(Colouring::Factor);
        let others = [Colouring::Loss, Colouring::Code, Colouring::Nothing];
        let all = [Colouring::Label].into_iter().chain(factors).chain(others);
        for colouring in all.filter(|colouring| colouring.is_there(points)) {
            let hint = match colouring {
                Colouring::Label => tr!("The class that the data gives an image."),
                Colouring::Factor(_) => tr!("What the data knows of how an image was made."),
                Colouring::Loss => {
                    tr!(
                        "Mean squared error of the reconstruction, on pixels in [0, 1]; decodes all images in the background."
                    )
                }
                Colouring::Code => tr!("The code in most cells of an image."),
                Colouring::Nothing => tr!("All images alike."),
            };
            let chosen = ui.selectable_label(now == colouring, name_of(colouring));
            if chosen.on_hover_text(hint).clicked() {
                ask(out, Ask::Colour(colouring));
            }
        }
    });
    let response = shown.response.on_hover_text(tr!("What the colour of a point tells."));
    named(&response, Role::ComboBox, tr!("Colour by"), &name_of(now));
}

fn saving(ui: &mut Ui, view: &mut MapView, out: &mut Vec<Command>) {
    let [picture, points, latents] = &mut view.paths;
    if let Some(place) =
        save::button(ui, "PNG…", tr!("Save the map as it is seen, as a PNG file."), picture)
    {
        ask(out, Ask::SavePicture(place.path()));
    }
    let hint = tr!("Save the selected points, or all, as a CSV file: image, class and place.");
    if let Some(place) = save::button(ui, "CSV…", hint, points) {
        ask(out, Ask::SavePoints(place.path()));
    }
    let hint = tr!("Save the latents of the selected points, or of all, as a safetensors file.");
    if let Some(place) = save::button(ui, tr!("Latents…"), hint, latents) {
        ask(out, Ask::SaveLatents(place.path()));
    }
}

fn told_extent(map: &Map) -> String {
    let Some(points) = map.points() else { return String::new() };
    let draws = points.draws();
    match (points.len() - draws, draws) {
        (0, draws) => tr!("{} draws", grouped(draws as u64)),
        (images, 0) => tr!("{} images", grouped(images as u64)),
        (images, draws) => {
            tr!("{} images, {} draws", grouped(images as u64), grouped(draws as u64))
        }
    }
}

fn extent_menu(ui: &mut Ui, map: MapScene<'_>, out: &mut Vec<Command>) {
    ui.horizontal(|ui| extent(ui, map, out));
    let hint = tr!("Encodes these with the model as it is now.");
    if ui.button(tr!("Encode anew")).on_hover_text(hint).clicked() {
        ask(out, Ask::Encode);
        ui.close();
    }
}

/// Which images, how many, and how many draws beside them.
pub(super) fn extent(ui: &mut Ui, map: MapScene<'_>, out: &mut Vec<Command>) {
    let now = map.state.extent();
    let mut wanted = now;
    if matches!(map.ground, Ground::Images(_)) {
        for splits in [Splits::Train, Splits::Test, Splits::Both] {
            let chosen = ui.selectable_label(now.splits == splits, told(splits.name()));
            if chosen.on_hover_text(tr!("Which images of the data.")).clicked() {
                wanted.splits = splits;
            }
        }
        let most = DragValue::new(&mut wanted.images).range(1..=Extent::MOST).speed(100.0);
        let response = ui.add(most.suffix(tr!(" images")));
        let hint = tr!(
            "At most so many, evenly spread over all. Latents of more than a gibibyte are not kept."
        );
        named(&response, Role::SpinButton, tr!("Images on the map"), &wanted.images.to_string());
        response.on_hover_text(hint);
    }
    let only_draws = matches!(map.ground, Ground::Draws) && now.draws == 0;
    let before = if only_draws { Extent::DRAWS_ALONE } else { now.draws };
    let mut draws = before;
    let field = DragValue::new(&mut draws).range(0..=Extent::MOST_DRAWS).speed(10.0);
    let response = ui.add(field.suffix(tr!(" draws")));
    named(&response, Role::SpinButton, tr!("Draws on the map"), &draws.to_string());
    response.on_hover_text(tr!(
        "Draws from the prior beside the images: where they lie, data may lie."
    ));
    if draws != before {
        wanted.draws = draws;
    }
    if wanted != now {
        ask(out, Ask::Extent(wanted));
    }
}

/// Whether the map lags behind the model.
fn told_state(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let map = scene.map.state;
    let Some(placed) = map.placed() else { return };
    let is_layout = placed.chart.is_none();
    if is_layout && map.is_behind() && map.work.is_none() {
        let text = tr!("as of step {}", grouped(placed.step));
        let hint = tr!(
            "The model has learned on: points lie where its latents of that step were laid out. The layout follows at its own pace."
        );
        ui.label(theme::muted(text)).on_hover_text(hint);
    }
    if map.work.is_none() && placed.projection == map.projection() {
        let hint = if is_layout {
            tr!("Lays the points out again, from where they lie.")
        } else {
            tr!(
                "Finds the plane anew for the points as they are: while a model learns, they move on the plane of its first latents."
            )
        };
        let is_fixed = matches!(placed.projection, Projection::Dims(_));
        if !is_fixed && ui.small_button(tr!("Fit again")).on_hover_text(hint).clicked() {
            ask(out, Ask::Refit);
        }
    }
}

/// How far a job is, with a button that ends it.
pub(super) fn working(ui: &mut Ui, map: &Map, out: &mut Vec<Command>) {
    let Some(work) = map.work else { return };
    let (what, share) = work.told();
    let what = told(what);
    let percent = format!("{:.0} %", share * 100.0);
    let bar = ProgressBar::new(share).desired_width(184.0).text(format!("{what} {percent}"));
    let response = ui.add(bar);
    named(&response, Role::ProgressIndicator, what, &percent);
    response.on_hover_text(tr!("How far the map is with this."));
    if ui.small_button(tr!("Cancel")).on_hover_text(tr!("Ends it at once.")).clicked() {
        ask(out, Ask::Cancel);
    }
}
