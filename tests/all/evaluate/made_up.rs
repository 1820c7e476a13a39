//! Results that nobody measured.

use serde_json::{Map, Value, json};
use zscope::array::Array;
use zscope::data::Split;
use zscope::measure::Report;
use zscope::measure::side_by_side::{Images, Pictures, Told};
use zscope::picture::ImageShape;
use zscope::session::evaluate::{Asked, Candidate, Evaluate};

/// A model at a path that learned from drawn shapes.
pub fn candidate(path: &str) -> Candidate {
    Candidate { data: Some("shapes".to_owned()), ..Candidate::at(path.as_ref()) }
}

pub fn asked() -> Asked {
    Asked { data: None, split: Split::Test, images: 1_000, seed: 0, classifier: None }
}

/// The images are open.
pub fn opened() -> Told {
    Told::Opened {
        images: Images {
            spec: "shapes".to_owned(),
            name: "Shapes".to_owned(),
            shape: ImageShape::new(3, 32, 32),
            split: Split::Test,
            count: 1_000,
            all: 10_000,
        },
        originals: Array::zeros([1, 3, 32, 32]),
    }
}

/// A model was measured, with these numbers under their keys.
pub fn measured(id: u64, family: &'static str, numbers: &Value) -> Told {
    let json: Map<String, Value> = numbers.as_object().expect("an object").clone();
    let report = Report {
        json,
        images: 1_000,
        step: 1_900 + id,
        features: Some("pixels pooled to 8x8".to_owned()),
        classes: None,
    };
    let pictures = Some(Pictures::Reconstructions(Array::zeros([1, 3, 32, 32])));
    Told::Measured { id, family, report: Box::new(report), pictures }
}

/// Models at these paths, each with its numbers.
pub fn evaluate(models: &[(&str, &'static str, Value)]) -> Evaluate {
    let mut evaluate = Evaluate::default();
    for (path, _, _) in models {
        assert!(evaluate.add(candidate(path)), "there is room for {path}");
    }
    let turns = evaluate.begin(asked()).expect("there are models");
    evaluate.apply(&opened());
    for ((id, _), (_, family, numbers)) in turns.into_iter().zip(models) {
        evaluate.apply(&Told::Progress { id, done: 0, all: 1_000 });
        evaluate.apply(&measured(id, family, numbers));
    }
    evaluate.apply(&Told::Ended { message: None });
    evaluate
}

/// A VAE and a VQ-VAE.
pub fn two() -> Evaluate {
    let vae = json!({
        "mse": 0.012_345_6, "psnr_db": 19.5, "kl_nats": 12.25, "elbo_nats": -310.5,
        "likelihood": {"name": "bernoulli"}, "codes": 3, "draws": 1000,
    });
    let vq_vae = json!({"mse": 0.004_5, "psnr_db": 23.5, "codes_used": 60, "perplexity": 41.25});
    evaluate(&[("/runs/vae-1", "vae", vae), ("/runs/vq-vae-2", "vq-vae", vq_vae)])
}
