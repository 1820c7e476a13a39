//! What a model makes of one picture, and how unusual it finds it among others.

use crate::array::Array;
use crate::codec::{CodecError, take};
use crate::engine::{EngineKind, Runner};
use crate::graph::lower::Networks;
use crate::metrics::{kl_nats, mse, psnr_db, ssim};
use crate::picture::{ImageShape, ValueRange};
use crate::session::own_picture::{Errors, Found, Rank};

/// Encodes and decodes a picture and compares it with others that the model is used to.
///
/// # Shapes
/// `picture` `[c, h, w]` and `others` `[b, c, h, w]`, in `[0, 1]`.
///
/// # Errors
/// When the model has no decoder, a shape is another, or the engine fails.
pub fn examine(
    networks: &Networks,
    range: ValueRange,
    picture: &Array,
    others: Option<&Array>,
) -> Result<Found, CodecError> {
    let mut found = Found { picture: picture.clone(), ..Found::default() };
    let Some(encoder) = &networks.encoder else { return Ok(found) };
    let mut encoder = Runner::new(EngineKind::Cpu, encoder, None)?;
    let mut decoder = Runner::new(EngineKind::Cpu, networks.decoder()?, None)?;
    let mut through = |images: &Array| -> Result<Through, CodecError> {
        let mut outputs = encoder.run(&range.images_from_unit(images))?;
        let latent = take(&mut outputs, "latent")?;
        let image = take(&mut decoder.run(&latent)?, "image")?;
        Ok(Through {
            image: range.images_to_unit(&image),
            logvar: outputs.remove("logvar"),
            indices: outputs.remove("indices"),
            latent,
        })
    };
    let shape = picture.shape().to_vec();
    let own = through(&picture.clone().reshaped([&[1], &shape[..]].concat())?)?;
    let made =
        Array::new(shape.clone(), own.image.row(0).iter().map(|x| x.clamp(0.0, 1.0)).collect())?;
    let [c, h, w] = *shape.as_slice() else { return Err("a picture of another shape".into()) };
    let [a, b] = [picture.data(), made.data()];
    found.errors = Some(Errors {
        mse: mse(a, b),
        psnr_db: psnr_db(a, b),
        ssim: ssim(a, b, ImageShape::new(c, h, w)),
    });
    found.kl_nats = own.kl(0);
    found.deviation = own.logvar.as_ref().map(|logvar| deviations(logvar.row(0)));
    let codes = networks.codes.as_ref().zip(own.indices.as_ref());
    found.codes = codes.map(|(graphs, indices)| {
        let [h, w] = graphs.grid();
        let grids = graphs.layout.per_cell();
        (graphs.space().codes(indices.row(0)), [grids * h, w], grids)
    });
    if let Some(others) = others.filter(|others| others.shape()[1..] == shape[..]) {
        let theirs = through(others)?;
        let rows = 0..others.num_rows();
        let errors: Vec<f64> =
            rows.clone().map(|row| mse(others.row(row), theirs.image.row(row))).collect();
        found.error_rank = found.errors.map(|own| Rank::of(own.mse, &errors));
        let kls: Vec<f64> = rows.filter_map(|row| theirs.kl(row)).collect();
        found.kl_rank = found.kl_nats.map(|kl| Rank::of(kl, &kls));
    }
    found.latent = Some(own.latent.row(0).to_vec());
    found.reconstruction = Some(made);
    Ok(found)
}

/// What images become on their way through a model.
struct Through {
    image: Array,
    latent: Array,
    logvar: Option<Array>,
    indices: Option<Array>,
}

impl Through {
    /// How far the posterior of an image lies from the prior, for families that have one.
    fn kl(&self, row: usize) -> Option<f64> {
        let logvar = self.logvar.as_ref()?;
        Some(kl_nats(self.latent.row(row), logvar.row(row)))
    }
}

fn deviations(logvar: &[f32]) -> Vec<f32> {
    logvar.iter().map(|logvar| (0.5 * logvar).exp()).collect()
}
