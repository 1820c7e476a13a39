//! A layout in a process of its own, which ends at once when it is not wanted any more.
//!
//! The other process is this program with the hidden verb `layout`: a request on its standard input, and progress and
//! places on its standard output, as frames of a tag and little-endian numbers.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Method, Progress, Request, Tell, lay_out};
use crate::array::Array;
use crate::watch::Stopped;

/// The verb of the command line behind which a layout waits for its request.
pub const VERB: &str = "layout";

/// The most values that a request may have: more are no request.
const MOST_VALUES: u64 = 1 << 28;

const NEIGHBOURS: u8 = 1;
const MOVING: u8 = 2;
const PLACES: u8 = 3;
const DONE: u8 = 4;

/// A layout came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// It was stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// There are too few vectors.
    #[error("lay out {found} points (expected {} at least): encode more images", Method::FEWEST)]
    TooFew {
        /// How many there are.
        found: usize,
    },
    /// The other process.
    #[error("run the layout in a process of its own: {0}")]
    Process(#[from] io::Error),
    /// The other process ended without an answer.
    #[error("run the layout in a process of its own: it ended early ({status}): {said}")]
    Ended {
        /// How.
        status: String,
        /// The end of what it wrote to its standard error.
        said: String,
    },
}

/// Ends the layout that it was given to, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Mutex<Stopping>>);

#[derive(Debug, Default)]
struct Stopping {
    is_stopped: bool,
    child: Option<Child>,
}

impl Stop {
    /// Ends it now, or as soon as it begins.
    pub fn stop(&self) {
        let mut stopping = self.lock();
        stopping.is_stopped = true;
        if let Some(child) = &mut stopping.child {
            // It may have ended by itself.
            child.kill().ok();
        }
    }

    /// Whether it was ended.
    pub fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    fn lock(&self) -> MutexGuard<'_, Stopping> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lays vectors out in a process of `program`, which is this one; waits until it is done.
///
/// # Errors
/// When it is stopped, when there are too few vectors, or when the process fails.
pub fn run(
    program: &Path,
    request: &Request,
    stop: &Stop,
    mut told: impl FnMut(Progress),
) -> Result<Vec<[f32; 2]>, LayoutError> {
    let n = request.vectors.num_rows();
    if n < Method::FEWEST {
        return Err(LayoutError::TooFew { found: n });
    }
    let (input, output, errors) = {
        let mut stopping = stop.lock();
        if stopping.is_stopped {
            return Err(Stopped.into());
        }
        let mut child = Command::new(program)
            .arg(VERB)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        stopping.child = Some(child);
        let (Some(input), Some(output), Some(errors)) = pipes else {
            return Err(io::Error::other("no pipes").into());
        };
        (input, output, errors)
    };
    // An input that breaks off is told by how the process ends.
    write_request(BufWriter::new(input), request).ok();
    let answer = read_answer(BufReader::new(output), n, &mut told);
    let mut said = String::new();
    errors.take(4096).read_to_string(&mut said).ok();
    let child = stop.lock().child.take();
    let status = child.map(|mut child| {
        if answer.is_err() {
            child.kill().ok();
        }
        child.wait()
    });
    if stop.is_stopped() {
        return Err(Stopped.into());
    }
    answer.map_err(|error| LayoutError::Ended {
        status: match status {
            Some(Ok(status)) => status.to_string(),
            _ => error.to_string(),
        },
        said: said.trim().to_owned(),
    })
}

/// The other side: reads a request, lays it out and answers.
///
/// # Errors
/// When the request is none, or nobody hears the answer any more.
pub fn serve(input: impl Read, output: impl Write + Send + 'static) -> io::Result<()> {
    let request = read_request(input)?;
    let output = Arc::new(Mutex::new(BufWriter::new(output)));
    let heard = Arc::clone(&output);
    let tell: Tell = Arc::new(move |progress| {
        let mut output = heard.lock().unwrap_or_else(PoisonError::into_inner);
        write_progress(&mut *output, &progress).and_then(|()| output.flush()).is_ok()
    });
    let places = lay_out(&request, &tell).map_err(io::Error::other)?;
    let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
    write_places(&mut *output, DONE, &places)?;
    output.flush()
}

fn write_request(mut out: impl Write, request: &Request) -> io::Result<()> {
    let Request { method, vectors, start, epochs } = request;
    let numbers = [
        u64::from(*method == Method::Tsne),
        vectors.num_rows() as u64,
        vectors.row_len() as u64,
        u64::from(start.is_some()),
        epochs.map_or(0, |epochs| epochs as u64),
    ];
    for number in numbers {
        out.write_all(&number.to_le_bytes())?;
    }
    let start = start.as_deref().unwrap_or_default().as_flattened();
    write_values(&mut out, vectors.data())?;
    write_values(&mut out, start)?;
    out.flush()
}

fn read_request(mut input: impl Read) -> io::Result<Request> {
    let mut numbers = [0; 5];
    for number in &mut numbers {
        let mut bytes = [0; 8];
        input.read_exact(&mut bytes)?;
        *number = u64::from_le_bytes(bytes);
    }
    let [method, n, d, has_start, epochs] = numbers;
    let values = n.checked_mul(d).filter(|&values| values <= MOST_VALUES && n <= MOST_VALUES);
    let found = || format!("a request of {n} vectors of {d} values by method {method}");
    let refused = || io::Error::new(io::ErrorKind::InvalidData, found());
    let (Some(values), 0..=1, 0..=1) = (values, method, has_start) else { return Err(refused()) };
    if n < Method::FEWEST as u64 || d == 0 {
        return Err(refused());
    }
    let data = read_values(&mut input, values as usize)?;
    if !data.iter().all(|value| value.is_finite()) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a value that is no number"));
    }
    let vectors = Array::new([n as usize, d as usize], data).map_err(io::Error::other)?;
    let start = if has_start == 1 { Some(read_places(&mut input, n as usize)?) } else { None };
    let method = if method == 1 { Method::Tsne } else { Method::Umap };
    let epochs = Some(epochs as usize).filter(|&epochs| epochs > 0);
    Ok(Request { method, vectors, start, epochs })
}

fn write_progress(out: &mut impl Write, progress: &Progress) -> io::Result<()> {
    let (tag, share) = match progress {
        Progress::Neighbours(share) => (NEIGHBOURS, share),
        Progress::Moving(share) => (MOVING, share),
        Progress::Places(places) => return write_places(out, PLACES, places),
    };
    out.write_all(&[tag])?;
    out.write_all(&share.to_le_bytes())
}

fn write_places(out: &mut impl Write, tag: u8, places: &[[f32; 2]]) -> io::Result<()> {
    out.write_all(&[tag])?;
    write_values(out, places.as_flattened())
}

/// Reads frames until the last places.
fn read_answer(
    mut input: impl Read,
    n: usize,
    told: &mut impl FnMut(Progress),
) -> io::Result<Vec<[f32; 2]>> {
    loop {
        let mut tag = [0];
        input.read_exact(&mut tag)?;
        match tag[0] {
            NEIGHBOURS => told(Progress::Neighbours(read_values(&mut input, 1)?[0])),
            MOVING => told(Progress::Moving(read_values(&mut input, 1)?[0])),
            PLACES => told(Progress::Places(read_places(&mut input, n)?)),
            DONE => return read_places(&mut input, n),
            tag => {
                let found = format!("a frame with the tag {tag}");
                return Err(io::Error::new(io::ErrorKind::InvalidData, found));
            }
        }
    }
}

fn write_values(out: &mut impl Write, values: &[f32]) -> io::Result<()> {
    for value in values {
        out.write_all(&value.to_le_bytes())?;
    }
    Ok(())
}

fn read_values(input: &mut impl Read, count: usize) -> io::Result<Vec<f32>> {
    // A count that lies fails at the end of the input, not by the memory that it asks for.
    let mut bytes = Vec::new();
    let read = input.take(4 * count as u64).read_to_end(&mut bytes)?;
    if read < 4 * count {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let (values, _) = bytes.as_chunks::<4>();
    Ok(values.iter().map(|value| f32::from_le_bytes(*value)).collect())
}

fn read_places(input: &mut impl Read, n: usize) -> io::Result<Vec<[f32; 2]>> {
    let values = read_values(input, 2 * n)?;
    let (places, _) = values.as_chunks::<2>();
    Ok(places.to_vec())
}
