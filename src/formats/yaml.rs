//! YAML as plain values, by the events of `saphyr-parser`. References to other parts of the document are not
//! followed, so that no short text stands for a long one.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// A list or a mapping that is not at its end yet.
enum Open {
    List(Vec<Value>),
    Mapping { done: Map<String, Value>, key: Option<String> },
}

impl Open {
    fn put(&mut self, value: Value) {
        match self {
            Self::List(list) => list.push(value),
            Self::Mapping { done, key } => match key.take() {
                Some(key) => {
                    done.insert(key, value);
                }
                None => {
                    *key = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                }
            },
        }
    }

    fn closed(self) -> Value {
        match self {
            Self::List(list) => Value::Array(list),
            Self::Mapping { done, .. } => Value::Object(done),
        }
    }
}

/// The first document of a text; what refers to another part of it is null.
///
/// # Errors
/// Where and why it does not parse.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.to_string())?;
        let value = match event {
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Mapping { done: Map::new(), key: None });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(Open::closed),
            Event::Scalar(text, style, ..) => Some(scalar(&text, style == ScalarStyle::Plain)),
            Event::Alias(_) => Some(Value::Null),
            _ => None,
        };
        if open.len() > MAX_DEPTH {
            return Err(format!("line {}: nested over {MAX_DEPTH} deep", span.start.line()));
        }
        if let Some(value) = value {
            match open.last_mut() {
                Some(parent) => parent.put(value),
                None => return Ok(value),
            }
        }
    }
    Ok(Value::Null)
}

/// A plain word is what it looks like; a quoted one is a text.
fn scalar(text: &str, is_plain: bool) -> Value {
    let number = || {
        let whole = text.parse::<i64>().ok().map(Value::from);
        whole.or_else(|| text.parse::<f64>().ok().map(Value::from))
    };
    match text {
        _ if !is_plain => text.into(),
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => number().unwrap_or_else(|| text.into()),
    }
}
