//! The one line of text that names a data source: `KIND`, `KIND:DIR` or `KIND:FILE`, options as
//! `?key=value&key=value`.

use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use super::super::DataError;
use super::{Background, CaptionStyle, DataSpec, DspritesOptions, FolderOptions, ShapesOptions};

const SHAPE_SIZES: &[usize] = &[16, 32, 64, 128];
const FOLDER_SIZES: RangeInclusive<usize> = 4..=1024;
const SHAPE_COUNTS: RangeInclusive<usize> = 1..=100_000_000;

/// An option: its name and its values in words.
type OptionHelp = (&'static str, &'static str);

const SEED_HELP: OptionHelp = ("seed", "a whole number");
const SHAPES_HELP: &[OptionHelp] = &[
    ("size", "16, 32, 64 or 128"),
    ("train", "1 to 100000000"),
    ("test", "1 to 100000000"),
    SEED_HELP,
    ("captions", "plain or varied"),
    ("hold_out", "0 to 24"),
];
const DSPRITES_HELP: &[OptionHelp] = &[("size", "16, 32 or 64"), SEED_HELP];
const FOLDER_HELP: &[OptionHelp] = &[
    ("size", "4 to 1024"),
    ("channels", "1 or 3"),
    ("background", "white, black or grey"),
    SEED_HELP,
];

/// The options of one source as they are taken out one by one.
struct Options<'a> {
    kind: &'static str,
    help: &'static [OptionHelp],
    pairs: Vec<(&'a str, &'a str)>,
}

impl<'a> Options<'a> {
    fn new(
        kind: &'static str,
        help: &'static [OptionHelp],
        text: &'a str,
    ) -> Result<Self, DataError> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for item in text.split('&').filter(|item| !item.is_empty()) {
            let (key, value) = item.split_once('=').unwrap_or((item, ""));
            let Some((_, expected)) = help.iter().find(|(name, _)| *name == key) else {
                return Err(DataError::UnknownOption {
                    kind,
                    key: key.to_owned(),
                    expected: list_of(help),
                });
            };
            if pairs.iter().any(|(earlier, _)| *earlier == key) {
                let expected = format!("it once, {expected}");
                return Err(DataError::BadOption {
                    kind,
                    key: key.to_owned(),
                    value: value.to_owned(),
                    expected,
                });
            }
            pairs.push((key, value));
        }
        Ok(Self { kind, help, pairs })
    }

    /// Sets `target` from the option `key` if it was given, when `parse` accepts its value.
    fn set<T>(
        &self,
        key: &'static str,
        target: &mut T,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<(), DataError> {
        let Some((_, value)) = self.pairs.iter().find(|(name, _)| *name == key) else {
            return Ok(());
        };
        *target = parse(value).ok_or_else(|| DataError::BadOption {
            kind: self.kind,
            key: key.to_owned(),
            value: (*value).to_owned(),
            expected: self
                .help
                .iter()
                .find(|(name, _)| *name == key)
                .map_or("", |(_, help)| help)
                .to_owned(),
        })?;
        Ok(())
    }
}

/// Every option with its values, for messages.
fn list_of(help: &[OptionHelp]) -> String {
    if help.is_empty() {
        return "no options".to_owned();
    }
    let items: Vec<String> =
        help.iter().map(|(key, values)| format!("`{key}` = {values}")).collect();
    items.join("; ")
}

/// A parser of whole numbers within a range.
fn within(range: RangeInclusive<usize>) -> impl Fn(&str) -> Option<usize> {
    move |text| text.parse().ok().filter(|value| range.contains(value))
}

/// A parser of whole numbers out of a few.
fn one_of(values: &[usize]) -> impl Fn(&str) -> Option<usize> {
    move |text| text.parse().ok().filter(|value| values.contains(value))
}

fn seed_from(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn captions_from(text: &str) -> Option<CaptionStyle> {
    [CaptionStyle::Plain, CaptionStyle::Varied].into_iter().find(|style| style.name() == text)
}

fn background_from(text: &str) -> Option<Background> {
    [Background::White, Background::Black, Background::Grey].into_iter().find(|b| b.name() == text)
}

impl FromStr for DataSpec {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let (source, options) = text.rsplit_once('?').unwrap_or((text, ""));
        let (kind, dir) =
            source.split_once(':').map_or((source, None), |(kind, dir)| (kind, Some(dir)));
        match kind {
            "shapes" => {
                if let Some(found) = dir {
                    return Err(DataError::UnexpectedFolder {
                        kind: "shapes",
                        found: found.to_owned(),
                    });
                }
                parse_shapes(options)
            }
            "mnist" => {
                Options::new("mnist", &[], options)?;
                Ok(Self::Mnist(folder_from("mnist", dir)?))
            }
            "fashion-mnist" => {
                Options::new("fashion-mnist", &[], options)?;
                Ok(Self::FashionMnist(folder_from("fashion-mnist", dir)?))
            }
            "cifar10" => {
                let mut seed = 0;
                Options::new("cifar10", &[SEED_HELP], options)?
                    .set("seed", &mut seed, seed_from)?;
                Ok(Self::Cifar10 { dir: folder_from("cifar10", dir)?, seed })
            }
            "dsprites" => parse_dsprites(dir, options),
            "folder" => parse_folder(dir, options),
            _ => Err(DataError::UnknownKind { found: kind.to_owned() }),
        }
    }
}

fn folder_from(kind: &'static str, dir: Option<&str>) -> Result<PathBuf, DataError> {
    dir.filter(|dir| !dir.is_empty()).map(PathBuf::from).ok_or(DataError::NoFolder { kind })
}

fn parse_shapes(text: &str) -> Result<DataSpec, DataError> {
    let given = Options::new("shapes", SHAPES_HELP, text)?;
    let mut options = ShapesOptions::default();
    given.set("size", &mut options.size, one_of(SHAPE_SIZES))?;
    given.set("train", &mut options.train, within(SHAPE_COUNTS))?;
    given.set("test", &mut options.test, within(SHAPE_COUNTS))?;
    given.set("seed", &mut options.seed, seed_from)?;
    given.set("captions", &mut options.captions, captions_from)?;
    given.set("hold_out", &mut options.hold_out, within(0..=ShapesOptions::MOST_HELD_OUT))?;
    Ok(DataSpec::Shapes(options))
}

fn parse_dsprites(file: Option<&str>, text: &str) -> Result<DataSpec, DataError> {
    let given = Options::new("dsprites", DSPRITES_HELP, text)?;
    let mut options = DspritesOptions::default();
    given.set("size", &mut options.size, one_of(DspritesOptions::SIZES))?;
    given.set("seed", &mut options.seed, seed_from)?;
    let file = file.filter(|file| !file.is_empty()).map(PathBuf::from);
    let file = file.ok_or(DataError::NoFile { kind: "dsprites" })?;
    Ok(DataSpec::Dsprites { file, options })
}

fn parse_folder(dir: Option<&str>, text: &str) -> Result<DataSpec, DataError> {
    let given = Options::new("folder", FOLDER_HELP, text)?;
    let mut options = FolderOptions::default();
    given.set("size", &mut options.size, within(FOLDER_SIZES))?;
    given.set("channels", &mut options.channels, one_of(&[1, 3]))?;
    given.set("background", &mut options.background, background_from)?;
    given.set("seed", &mut options.seed, seed_from)?;
    Ok(DataSpec::Folder { dir: folder_from("folder", dir)?, options })
}

impl std::fmt::Display for DataSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (source, options) = match self {
            Self::Shapes(options) => {
                let default = ShapesOptions::default();
                let text = changed(&[
                    ("size", &options.size, options.size == default.size),
                    ("train", &options.train, options.train == default.train),
                    ("test", &options.test, options.test == default.test),
                    ("seed", &options.seed, options.seed == default.seed),
                    ("captions", &options.captions.name(), options.captions == default.captions),
                    ("hold_out", &options.hold_out, options.hold_out == default.hold_out),
                ]);
                ("shapes".to_owned(), text)
            }
            Self::Mnist(dir) => (format!("mnist:{}", dir.display()), String::new()),
            Self::FashionMnist(dir) => (format!("fashion-mnist:{}", dir.display()), String::new()),
            Self::Cifar10 { dir, seed } => {
                (format!("cifar10:{}", dir.display()), changed(&[("seed", seed, *seed == 0)]))
            }
            Self::Dsprites { file, options } => {
                let default = DspritesOptions::default();
                let text = changed(&[
                    ("size", &options.size, options.size == default.size),
                    ("seed", &options.seed, options.seed == default.seed),
                ]);
                (format!("dsprites:{}", file.display()), text)
            }
            Self::Folder { dir, options } => {
                let default = FolderOptions::default();
                let text = changed(&[
                    ("size", &options.size, options.size == default.size),
                    ("channels", &options.channels, options.channels == default.channels),
                    (
                        "background",
                        &options.background.name(),
                        options.background == default.background,
                    ),
                    ("seed", &options.seed, options.seed == default.seed),
                ]);
                (format!("folder:{}", dir.display()), text)
            }
        };
        f.write_str(&source)?;
        if !options.is_empty() || source.contains('?') {
            write!(f, "?{options}")?;
        }
        Ok(())
    }
}

/// `key=value&key=value` of the options (name, value, whether it is the default) that are not the default.
fn changed(options: &[(&str, &dyn std::fmt::Display, bool)]) -> String {
    let mut text = String::new();
    for (key, value, _) in options.iter().filter(|(_, _, is_default)| !is_default) {
        let separator = if text.is_empty() { "" } else { "&" };
        write!(text, "{separator}{key}={value}").expect("writing to a string cannot fail");
    }
    text
}

impl From<DataSpec> for String {
    fn from(spec: DataSpec) -> Self {
        spec.to_string()
    }
}

impl TryFrom<String> for DataSpec {
    type Error = DataError;

    fn try_from(text: String) -> Result<Self, DataError> {
        text.parse()
    }
}
