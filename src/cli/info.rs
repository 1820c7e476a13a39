//! `zscope info`: what a model is.

use clap::Args;

use super::{Failure, output};
use crate::open::{CodebookInfo, PriorInfo};

/// Tell what a model is: family, sizes, range of its images
#[derive(Debug, Args)]
pub(super) struct InfoArgs {
    /// A run directory (its best checkpoint), DIR@latest, DIR@STEP, a checkpoint file, a folder of diffusers, or
    /// FILE#TENSOR for a codebook alone
    model: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &InfoArgs) -> Result<(), Failure> {
    let opened = crate::open::open(&args.model)?;
    let info = opened.info();
    if args.json {
        output::json(&info)?;
        return Ok(());
    }
    let image = &info.image;
    let shape = info.latent.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×");
    output::line(&format!("family      {} ({})", info.family, info.source));
    output::line(&format!("parameters  {}", info.parameters));
    if let Some(run) = &opened.run {
        output::line(&format!("step        {} of {}", info.step, run.total_steps));
    }
    output::line(&match image.channels {
        0 => "image       none".to_owned(),
        _ => format!(
            "image       {}×{}×{} in [{}, {}]",
            image.channels, image.height, image.width, image.range[0], image.range[1]
        ),
    });
    output::line(&format!("latent      {shape} ({})", info.latent.kind));
    if let Some(CodebookInfo { size, dim }) = info.codebook {
        output::line(&format!("codebook    {size} codes of {dim}"));
    }
    if let Some(prior) = &info.prior {
        let PriorInfo { over, places, width, layers, heads, .. } = prior;
        output::line(&format!("prior       {} over {places} codes of {over}", prior.order.name()));
        output::line(&format!("transformer {layers} layers, {width} wide, {heads} heads"));
        let classes = match &prior.classes[..] {
            [] => "none".to_owned(),
            names => names.join(", "),
        };
        output::line(&format!("classes     {classes}"));
    }
    if let Some(run) = &opened.run {
        output::line(&format!("data        {}", run.data));
    }
    for (key, value) in &info.facts {
        output::line(&format!("{key:<11} {value}"));
    }
    for note in &info.notes {
        output::line(&format!("note        {note}"));
    }
    Ok(())
}
