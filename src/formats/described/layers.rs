//! From TOML to a description.

use toml::de::DeTable;

use super::table::{Entry, Fields, Lines, Problem, Text};
use crate::graph::lower::described::{Conv, Description, Function, Keys, Latent, Layer};
use crate::picture::{ImageShape, ValueRange};

/// Strides, paddings and factors of real models stay far below.
const MOST_STEPS: usize = 1024;
/// The most values of a shape that a person writes.
const MOST_VALUES: usize = Description::MOST_VALUES;
/// What PyTorch adds to variances.
const EPSILON: f32 = 1e-5;
/// PyTorch's slope of a leaky relu.
const SLOPE: f32 = 0.01;

const LAYERS: &str = "conv, conv_transpose, linear, batch_norm, group_norm, attention, residual, relu, \
    leaky_relu, silu, tanh, sigmoid, upsample, reshape, flatten, affine or clamp; leave out what does nothing in \
    use, such as dropout";
const LATENTS: &str = "\"halves\", \"interleaved\", \"plain\", { mean = LAYERS, logvar = LAYERS } or \
    { codebook = \"KEY\" }";
const KEY: &str = "\"KEY\", what the names of its tensors begin with";
const LIST: &str = "a list of layers, or one layer";

/// A description, the weights that it names with their line, and its lines.
pub(super) type Parsed = (Description, Option<(String, usize)>, Lines);

/// The description in a text.
pub(super) fn parse(text: &str) -> Result<Parsed, Problem> {
    let lines = Text::new(text);
    let (parsed, errors) = DeTable::parse_recoverable(text);
    let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    if let Some(first) = errors.iter().min_by_key(|error| start(error)) {
        return Err(Problem {
            line: lines.line(start(first)),
            found: first.message().to_owned(),
            expected: "TOML, see https://toml.io".to_owned(),
        });
    }
    let mut fields = Fields::new("the description", parsed.get_ref(), &lines, 1);
    let mut reader = Reader { lines: Lines::default(), layers: 0 };
    let image = reader.image(&mut fields)?;
    let range = reader.range(&mut fields)?;
    let weights = fields.take("weights").map(|entry| {
        Ok((entry.name("\"FILE\", a path from the description's folder")?, entry.line))
    });
    let encoder = reader.side(&mut fields, "encoder")?;
    let latent = reader.latent(&mut fields)?;
    let decoder = reader.side(&mut fields, "decoder")?;
    let bernoulli = reader.likelihood(&mut fields)?;
    fields.finish("")?;
    let description = Description { image, range, encoder, latent, decoder, bernoulli };
    Ok((description, weights.transpose()?, reader.lines))
}

/// Reads layers and keeps their lines.
struct Reader {
    lines: Lines,
    /// Layers so far.
    layers: usize,
}

impl Reader {
    fn image(&mut self, fields: &mut Fields<'_>) -> Result<ImageShape, Problem> {
        let expected = "[CHANNELS, HEIGHT, WIDTH]";
        let entry = fields.need("image", expected)?;
        self.lines.keep_place("image", entry.line);
        if entry.items().is_none() {
            return Err(entry.wrong(expected));
        }
        let [channels, height, width] = entry.wholes(1..=Description::LARGEST_SIDE, expected)?;
        Ok(ImageShape::new(channels, height, width))
    }

    fn range(&mut self, fields: &mut Fields<'_>) -> Result<ValueRange, Problem> {
        let Some(entry) = fields.take("range") else { return Ok(ValueRange::UNIT) };
        self.lines.keep_place("range", entry.line);
        let items = entry.items().unwrap_or_default();
        let numbers = items.iter().map(Entry::number).collect::<Result<Vec<_>, _>>()?;
        match *numbers {
            [lo, hi] => Ok(ValueRange { lo, hi }),
            _ => Err(entry.wrong("[BLACK, WHITE], such as [0, 1] or [-1, 1]")),
        }
    }

    fn likelihood(&mut self, fields: &mut Fields<'_>) -> Result<bool, Problem> {
        let Some(entry) = fields.take("likelihood") else { return Ok(false) };
        self.lines.keep_place("likelihood", entry.line);
        match entry.text() {
            Some("bernoulli") => Ok(true),
            _ => Err(entry.wrong("\"bernoulli\", or no such line")),
        }
    }

    fn side(&mut self, fields: &mut Fields<'_>, side: &'static str) -> Result<Vec<Layer>, Problem> {
        let entry = fields.need(side, LIST)?;
        self.lines.keep_place(side, entry.line);
        self.list(&entry, side)
    }

    fn latent(&mut self, fields: &mut Fields<'_>) -> Result<Latent, Problem> {
        let entry = fields.need("latent", LATENTS)?;
        self.lines.keep_place("latent", entry.line);
        let Some(mut fields) = entry.fields() else {
            return match entry.text() {
                Some("halves") => Ok(Latent::Halves),
                Some("interleaved") => Ok(Latent::Interleaved),
                Some("plain") => Ok(Latent::Plain),
                _ => Err(entry.wrong(LATENTS)),
            };
        };
        let latent = if let Some(key) = fields.take("codebook") {
            let codebook = key.name("\"KEY\", the whole name of the codes")?;
            self.lines.keep_key(codebook.clone(), key.line);
            let transposed = fields.take("transposed").map_or(Ok(false), |entry| {
                entry.flag().ok_or_else(|| entry.wrong("true or false"))
            })?;
            Latent::Codes { codebook, transposed }
        } else {
            let mut side = |key, place: &str| {
                let entry = fields.need(key, LIST)?;
                self.lines.keep_place(place, entry.line);
                self.list(&entry, place)
            };
            let mean = side("mean", "latent.mean")?;
            Latent::Layers { mean, logvar: side("logvar", "latent.logvar")? }
        };
        fields.finish("")?;
        Ok(latent)
    }

    /// A list of layers, or one.
    fn list(&mut self, entry: &Entry<'_>, place: &str) -> Result<Vec<Layer>, Problem> {
        let Some(items) = entry.items() else {
            if entry.text().is_none() && entry.fields().is_none() {
                return Err(entry.wrong(LIST));
            }
            return Ok(vec![self.layer(entry, &format!("{place}.0"))?]);
        };
        let layer = |(index, item)| self.layer(&item, &format!("{place}.{index}"));
        items.into_iter().enumerate().map(layer).collect()
    }

    /// A layer: its name alone, or a table.
    fn layer(&mut self, entry: &Entry<'_>, place: &str) -> Result<Layer, Problem> {
        self.layers += 1;
        self.lines.keep_place(place, entry.line);
        let depth = place.matches('.').count().div_ceil(2);
        if self.layers > Description::MOST_LAYERS || depth > Description::DEEPEST {
            let (most, deepest) = (Description::MOST_LAYERS, Description::DEEPEST);
            let (line, found) = (entry.line, format!("layer {} at depth {depth}", self.layers));
            let expected = format!("at most {most} layers, and {deepest} within each other");
            return Err(Problem { line, found, expected });
        }
        let empty = DeTable::new();
        let no_text = Text::new("");
        if let Some(name) = entry.text() {
            let fields = Fields::new(format!("this {name}"), &empty, &no_text, entry.line);
            return self.layer_of(entry, name, fields, place);
        }
        let Some(mut fields) = entry.fields() else {
            return Err(entry.wrong("a layer: { layer = \"NAME\", … }, or \"NAME\" alone"));
        };
        let name = fields.need("layer", "\"NAME\"")?;
        // The header of a table of its own spans its entries' lines; its name stands on one of them.
        self.lines.keep_place(place, name.line);
        match name.text() {
            Some(text) => {
                let fields = fields.called(format!("this {text}"));
                self.layer_of(&name, text, fields, place)
            }
            None => Err(name.wrong(LAYERS)),
        }
    }

    fn layer_of(
        &mut self,
        named: &Entry<'_>,
        name: &str,
        mut fields: Fields<'_>,
        place: &str,
    ) -> Result<Layer, Problem> {
        let f = &mut fields;
        let function = |function| Layer::Activation { function };
        let layer = match name {
            "conv" => self.conv(f)?,
            "conv_transpose" => self.conv_transpose(f)?,
            "linear" => Layer::Linear { keys: self.keys(f)? },
            "batch_norm" => {
                let parts = ["weight", "bias", "running_mean", "running_var"];
                Layer::BatchNorm { key: self.key_of(f, &parts)?, epsilon: epsilon(f)? }
            }
            "group_norm" => Layer::GroupNorm {
                key: self.key_of(f, &["weight", "bias"])?,
                groups: f.need("groups", "the number of groups")?.whole(1..=MOST_VALUES)?,
                epsilon: epsilon(f)?,
            },
            "attention" => self.attention(f)?,
            "residual" => self.residual(f, place)?,
            "relu" => function(Function::Relu),
            "leaky_relu" => function(Function::LeakyRelu(f.number_or("slope", SLOPE)?)),
            "silu" => function(Function::Silu),
            "tanh" => function(Function::Tanh),
            "sigmoid" => function(Function::Sigmoid),
            "upsample" => {
                f.only("mode", "nearest")?;
                Layer::Upsample {
                    factor: f.need("factor", "a whole number")?.whole(1..=MOST_STEPS)?,
                }
            }
            "reshape" => {
                let entry = f.need("shape", "[CHANNELS, HEIGHT, WIDTH] or [LENGTH]")?;
                let Some(items) = entry.items().filter(|items| (1..=3).contains(&items.len()))
                else {
                    return Err(entry.wrong("one to three numbers, the batch left out"));
                };
                let sides = items.iter().map(|item| item.whole(1..=MOST_VALUES));
                Layer::Reshape { shape: sides.collect::<Result<_, _>>()? }
            }
            "flatten" => Layer::Flatten,
            "affine" => Layer::Affine {
                scale: f.number_or("scale", 1.0)?,
                shift: f.number_or("shift", 0.0)?,
            },
            "clamp" => Layer::Clamp {
                lo: f.need("min", "a number")?.number()?,
                hi: f.need("max", "a number")?.number()?,
            },
            _ => return Err(named.wrong(LAYERS)),
        };
        let of_the_model = "; what belongs to the whole model stands above the first [[encoder]]";
        fields.finish(of_the_model)?;
        Ok(layer)
    }

    fn conv(&mut self, fields: &mut Fields<'_>) -> Result<Layer, Problem> {
        let keys = self.keys(fields)?;
        let stride = steps(fields, "stride", 1)?;
        let padding = match fields.take("padding") {
            None => [0; 4],
            Some(entry) if entry.items().is_some_and(|items| items.len() == 2) => {
                let [rows, columns] = entry.wholes(0..=MOST_STEPS, "")?;
                [rows, rows, columns, columns]
            }
            Some(entry) => {
                entry.wholes(0..=MOST_STEPS, "[ROWS, COLUMNS], or [TOP, BOTTOM, LEFT, RIGHT]")?
            }
        };
        refuse_other_convolutions(fields)?;
        Ok(Layer::Conv(Conv { keys, stride, padding }))
    }

    fn conv_transpose(&mut self, fields: &mut Fields<'_>) -> Result<Layer, Problem> {
        let layer = Layer::ConvTranspose {
            keys: self.keys(fields)?,
            stride: steps(fields, "stride", 1)?,
            padding: steps(fields, "padding", 0)?,
            output_padding: steps(fields, "output_padding", 0)?,
        };
        refuse_other_convolutions(fields)?;
        Ok(layer)
    }

    fn attention(&mut self, fields: &mut Fields<'_>) -> Result<Layer, Problem> {
        let expected =
            "[\"QUERY\", \"KEY\", \"VALUE\"], what the names of their tensors begin with";
        let entry = fields.need("keys", expected)?;
        let has_bias = has_bias(fields)?;
        let stems = entry.items().unwrap_or_default();
        let keys = stems.iter().map(|stem| {
            let name = stem.name(expected)?;
            Ok(self.stem(&name, has_bias, stem.line))
        });
        let keys = keys.collect::<Result<Vec<_>, Problem>>()?;
        let keys = keys.try_into().map_err(|_other_number| entry.wrong(expected))?;
        Ok(Layer::Attention { keys, heads: fields.whole_or("heads", 1, 1..=MOST_VALUES)? })
    }

    fn residual(&mut self, fields: &mut Fields<'_>, place: &str) -> Result<Layer, Problem> {
        let layers = fields.need("layers", LIST)?;
        let layers = self.list(&layers, &format!("{place}.layers"))?;
        let shortcut = match fields.take("shortcut") {
            Some(entry) => self.list(&entry, &format!("{place}.shortcut"))?,
            None => Vec::new(),
        };
        Ok(Layer::Residual { layers, shortcut })
    }

    /// The tensors of a layer: `key` for what their names begin with, or `weight` and `bias` in full.
    fn keys(&mut self, fields: &mut Fields<'_>) -> Result<Keys, Problem> {
        if let Some(weight) = fields.take("weight") {
            let name = weight.name("\"KEY\", its whole name")?;
            self.lines.keep_key(name.clone(), weight.line);
            let expected = "\"KEY\", its whole name, or false";
            let bias = fields.need("bias", expected)?;
            let bias = match bias.flag() {
                Some(false) => None,
                _ => Some((bias.name(expected)?, bias.line)),
            };
            if let Some((bias, line)) = &bias {
                self.lines.keep_key(bias.clone(), *line);
            }
            return Ok(Keys { weight: name, bias: bias.map(|(name, _)| name) });
        }
        let key = fields.need("key", KEY)?;
        let name = key.name(KEY)?;
        let has_bias = has_bias(fields)?;
        Ok(self.stem(&name, has_bias, key.line))
    }

    /// The tensors whose names begin with `stem`, or that are named by their weight.
    fn stem(&mut self, stem: &str, has_bias: bool, line: usize) -> Keys {
        let stem = stem.strip_suffix(".weight").unwrap_or(stem);
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{stem}.{part}"));
        self.lines.keep_key(weight.clone(), line);
        if has_bias {
            self.lines.keep_key(bias.clone(), line);
            return Keys { weight, bias: Some(bias) };
        }
        self.lines.keep_denied_bias(bias, line);
        Keys { weight, bias: None }
    }

    /// What the names of all parts of a layer begin with.
    fn key_of(&mut self, fields: &mut Fields<'_>, parts: &[&str]) -> Result<String, Problem> {
        let entry = fields.need("key", KEY)?;
        let name = entry.name(KEY)?;
        let stem = name.strip_suffix(".weight").unwrap_or(&name);
        for part in parts {
            self.lines.keep_key(format!("{stem}.{part}"), entry.line);
        }
        Ok(stem.to_owned())
    }
}

/// Whether a layer that is named by its `key` has a bias.
fn has_bias(fields: &mut Fields<'_>) -> Result<bool, Problem> {
    fields.take("bias").map_or(Ok(true), |entry| {
        entry.flag().ok_or_else(|| entry.wrong("true or false, as key is given"))
    })
}

/// One number for rows and columns, or one for each.
fn steps(
    fields: &mut Fields<'_>,
    key: &'static str,
    default: usize,
) -> Result<[usize; 2], Problem> {
    let least = usize::from(key == "stride");
    let Some(entry) = fields.take(key) else { return Ok([default; 2]) };
    entry.wholes(least..=MOST_STEPS, "[ROWS, COLUMNS]")
}

fn epsilon(fields: &mut Fields<'_>) -> Result<f32, Problem> {
    let Some(entry) = fields.take("eps") else { return Ok(EPSILON) };
    let epsilon = entry.number()?;
    if epsilon > 0.0 { Ok(epsilon) } else { Err(entry.wrong("a number above zero")) }
}

/// What convolutions can have elsewhere and not here.
fn refuse_other_convolutions(fields: &mut Fields<'_>) -> Result<(), Problem> {
    fields.only("dilation", "1")?;
    fields.only("groups", "1")?;
    fields.only("padding_mode", "zeros")
}
