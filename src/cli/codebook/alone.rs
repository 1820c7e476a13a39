//! `zscope codebook` of a codebook without its model: what can be told without images.

use serde_json::{Value, json};

use super::{CodebookArgs, write_csv};
use crate::array::Array;
use crate::cli::{Failure, output, usage};
use crate::graph::lower::{CodeGraphs, OnlyCodes};
use crate::latent::nearest_others;
use crate::metrics::code_use::{CodeState, code_states, codes_used, per_million, perplexity};
use crate::open::Opened;
use crate::session::codebook::Uses;
use crate::session::words::measure;

/// Codes at the place of another one that are named, at most.
const NAMED: usize = 6;

pub(super) fn run(
    args: &CodebookArgs,
    opened: &Opened,
    graphs: &CodeGraphs,
) -> Result<(), Failure> {
    let asked = [
        ("--data", args.data.is_some()),
        ("--limit", args.limit.is_some()),
        ("--png", args.png.is_some()),
    ];
    if let Some((option, _)) = asked.iter().find(|(_, is_asked)| *is_asked) {
        return Err(usage(anyhow::anyhow!("codebook: {option}: {OnlyCodes}")));
    }
    let codebook = graphs.codebook();
    let nearest = nearest_others(codebook, graphs.layout.parts());
    let shares = opened.told_use();
    let counts = shares.and_then(per_million);
    if let Some(path) = &args.csv {
        write_csv(path, Uses { told: shares, counts: counts.as_deref() }, codebook, &nearest)?;
    }
    let twins: Vec<(usize, usize)> = nearest
        .iter()
        .enumerate()
        .filter_map(|(code, near)| Some((code, near.filter(|near| near.1 == 0.0)?.0)))
        .filter(|(code, other)| other < code)
        .collect();
    if args.json {
        output::json(&told(codebook, &nearest, twins.len(), shares, counts.as_deref()))?;
        return Ok(());
    }
    let (size, dim) = (codebook.num_rows(), codebook.row_len());
    output::line(&format!("codebook      {size} codes of {dim} dimensions"));
    output::line(&format!("norms         {}", spread(&norms(codebook))));
    let distances: Vec<f32> = nearest.iter().flatten().map(|near| near.1.sqrt()).collect();
    output::line(&format!("nearest code  {} away", spread(&distances)));
    output::line(&format!("duplicates    {}", told_twins(&twins)));
    match counts {
        Some(counts) => {
            let used = codes_used(&counts);
            let states = code_states(&counts);
            let dying = states.iter().filter(|&&state| state == CodeState::Dying).count();
            output::line(&format!(
                "codes used    {used}, {dying} of them dying, {} dead",
                size - used
            ));
            output::line(&format!("perplexity    {:.1}", perplexity(&counts)));
        }
        None => output::line("codes used    not told by the file"),
    }
    opened.notes.iter().for_each(|note| output::line(&format!("note          {note}")));
    Ok(())
}

/// All of it for scripts.
fn told(
    codebook: &Array,
    nearest: &[Option<(usize, f32)>],
    duplicates: usize,
    shares: Option<&[f32]>,
    counts: Option<&[u64]>,
) -> Value {
    let used = counts.map(codes_used);
    let near = |near: &Option<(usize, f32)>| {
        near.map(|(code, square)| json!({ "code": code, "distance": square.sqrt() }))
    };
    json!({
        "codebook_size": codebook.num_rows(),
        "dim": codebook.row_len(),
        "vectors": null,
        "codes_used": used,
        "dead": used.map(|used| codebook.num_rows() - used),
        "perplexity": counts.map(perplexity),
        "usage": shares,
        "norms": norms(codebook),
        "nearest": nearest.iter().map(near).collect::<Vec<_>>(),
        "duplicates": duplicates,
    })
}

fn norms(codebook: &Array) -> Vec<f32> {
    (0..codebook.num_rows()).map(|code| super::norm(codebook.row(code))).collect()
}

/// The least, the middle and the greatest of some values.
fn spread(values: &[f32]) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    match (sorted.first(), sorted.last()) {
        (Some(&least), Some(&most)) => {
            let [least, middle, most] = [least, sorted[sorted.len() / 2], most].map(measure);
            format!("{least} to {most}, in the middle {middle}")
        }
        _ => "none".to_owned(),
    }
}

fn told_twins(twins: &[(usize, usize)]) -> String {
    if twins.is_empty() {
        return "none".to_owned();
    }
    let some: Vec<String> =
        twins.iter().take(NAMED).map(|(code, other)| format!("{code} = {other}")).collect();
    let dots = if twins.len() > NAMED { ", …" } else { "" };
    format!("{} at the place of a lower one ({}{dots})", twins.len(), some.join(", "))
}
