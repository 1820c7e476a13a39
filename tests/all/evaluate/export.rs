//! Tables as files, letter by letter.

use std::path::Path;

use serde_json::{Value, json};
use zscope::measure::side_by_side::Told;
use zscope::session::evaluate::{Evaluate, ExportError, Format};

use super::made_up::{asked, candidate, evaluate, two};
use crate::common::assert_says;

/// A name with everything that a format means something by.
const HOSTILE: &str = "/runs/a,b \"c\" |d|\ne\\f *g* _h_ <b> [i](j) `k`";

fn hostile() -> Evaluate {
    evaluate(&[
        (HOSTILE, "vae", json!({"mse": 0.5, "psnr_db": 3.0})),
        ("/runs/plain", "vae", json!({"mse": 0.25, "psnr_db": 6.0})),
    ])
}

#[test]
fn csv_has_a_row_a_model_with_all_digits() {
    let text = two().export(Format::Csv).expect("something is measured");
    let features = "pixels pooled to 8x8";
    let expected = format!(
        "model,path,family,step,data,split,images,seed,features,mse,psnr_db,elbo_nats,kl_nats,codes_used,perplexity\n\
         vae-1,/runs/vae-1,vae,1900,shapes,test,1000,0,{features},0.0123456,19.5,-310.5,12.25,,\n\
         vq-vae-2,/runs/vq-vae-2,vq-vae,1901,shapes,test,1000,0,{features},0.0045,23.5,,,60,41.25\n"
    );
    assert_eq!(text, expected);
    let text = hostile().export(Format::Csv).expect("something is measured");
    let name = "\"a,b \"\"c\"\" |d|\ne\\f *g* _h_ <b> [i](j) `k`\"";
    let path = "\"/runs/a,b \"\"c\"\" |d|\ne\\f *g* _h_ <b> [i](j) `k`\"";
    let expected = format!(
        "model,path,family,step,data,split,images,seed,features,mse,psnr_db\n\
         {name},{path},vae,1900,shapes,test,1000,0,{features},0.5,3\n\
         plain,/runs/plain,vae,1901,shapes,test,1000,0,{features},0.25,6\n"
    );
    assert_eq!(text, expected, "quoted where it must be");
}

#[test]
fn markdown_is_what_the_window_shows() {
    let text = two().export(Format::Markdown).expect("something is measured");
    let caption = "Shapes, 3×32×32: the first 1\u{2009}000 of 10\u{2009}000 test images; sets of images compared by pixels pooled to 8x8 · 1\u{2009}000 draws beside as many images · seed 0 · data shapes.";
    let expected = format!(
        "{caption}\n\n\
         | measure | vae-1 | vq-vae-2 |\n\
         |---|---:|---:|\n\
         | family | vae | vq-vae |\n\
         | step | 1900 | 1901 |\n\
         | mse ↓ | 0.012346 | **0.004500** |\n\
         | psnr / dB ↑ | 19.50 | **23.50** |\n\
         | elbo / nats ↑ | -310.50 | – |\n\
         | kl / nats | 12.25 | – |\n\
         | codes used ↑ | – | 60 |\n\
         | perplexity ↑ | – | 41.2 |\n"
    );
    assert_eq!(text, expected);
    let text = hostile().export(Format::Markdown).expect("something is measured");
    let name = r#"a,b "c" \|d\| e\\f \*g\* \_h\_ \<b> \[i\](j) \`k\`"#;
    let row = text.lines().nth(2).expect("a head");
    assert_eq!(row, format!("| measure | {name} | plain |"), "nothing of it means anything");
    assert_eq!(text.lines().count(), 8, "no name breaks a line: {text}");
}

#[test]
fn json_has_all_that_was_measured_and_what_failed() {
    let mut models = two();
    models.add(candidate("/runs/gone"));
    let turns = models.begin(asked()).expect("three models");
    models.apply(&super::made_up::opened());
    models.apply(&super::made_up::measured(turns[0].0, "vae", &json!({"mse": 0.5, "odd": [1, 2]})));
    models.apply(&Told::Failed { id: turns[2].0, message: "no \"such\" file".to_owned() });
    models.apply(&Told::Ended { message: None });
    let text = models.export(Format::Json).expect("something is measured");
    assert!(text.ends_with("}\n"), "a whole line");
    let found: Value = serde_json::from_str(&text).expect("JSON");
    let expected = json!({
        "data": "shapes", "split": "test", "images": 1000, "seed": 0, "classifier": null,
        "models": [
            {
                "name": "vae-1", "model": "/runs/vae-1", "family": "vae",
                "measures": {"mse": 0.5, "odd": [1, 2]},
            },
            {"name": "gone", "model": "/runs/gone", "error": "no \"such\" file"},
        ],
    });
    assert_eq!(found, expected, "the one without a result is left out");
    let text = hostile().export(Format::Json).expect("something is measured");
    let found: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(found["models"][0]["model"], HOSTILE, "as it is");
}

#[test]
fn the_ending_names_the_format() {
    for (name, expected) in [
        ("a.csv", Format::Csv),
        ("a.b.MD", Format::Markdown),
        ("a.markdown", Format::Markdown),
        ("/x/a.json", Format::Json),
    ] {
        assert_eq!(Format::of(Path::new(name)), Ok(expected), "{name}");
    }
    for name in ["a", "a.txt", ".csv", "a.csv.gz", ""] {
        let error = Format::of(Path::new(name)).expect_err(name).to_string();
        assert_says(&error, &["save the measures", name, ".csv", ".md", ".json"]);
    }
    let nothing = Evaluate::default().export(Format::Csv);
    assert_eq!(nothing, Err(ExportError::Nothing));
}
