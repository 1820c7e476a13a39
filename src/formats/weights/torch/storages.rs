//! Where the storages of a PyTorch file lie: as entries of a zip archive, or one after the other behind the pickles of
//! the older stream.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom};

use zip::{CompressionMethod, ZipArchive};

use super::pickle::Pickle;
use super::tensors::{self, Contents, Place, Storage};

/// What the older stream begins with: a pickle of this number, least byte first.
const MAGIC: [u8; 14] =
    [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const ZIP: &[u8] = b"PK\x03\x04";
const TAR: (u64, &[u8]) = (257, b"ustar");

/// How the values of storages are found.
#[derive(Debug)]
pub(super) enum Storages {
    /// In entries below `<root>data/`.
    Zip { archive: ZipArchive<BufReader<File>>, root: String },
    /// From these bytes on.
    Stream { file: File, starts: BTreeMap<String, u64> },
}

/// The tensors of a file and where their values are.
pub(super) fn open(mut file: File) -> Result<(BTreeMap<String, Place>, Storages), String> {
    let mut first = Vec::new();
    let start = TAR.0 + TAR.1.len() as u64;
    (&mut file).take(start).read_to_end(&mut first).map_err(|error| error.to_string())?;
    file.rewind().map_err(|error| error.to_string())?;
    if first.starts_with(ZIP) {
        return open_zip(file);
    }
    if first.ends_with(TAR.1) && first.len() as u64 == start {
        return Err("a tar archive, as PyTorch wrote them before 0.1.10".to_owned());
    }
    if first.starts_with(&MAGIC) {
        return open_stream(file);
    }
    Err(match first.first() {
        Some(0x80) => "a pickle without PyTorch's storages".to_owned(),
        Some(_) => "neither safetensors nor a zip archive nor a pickle".to_owned(),
        None => "an empty file".to_owned(),
    })
}

fn open_zip(file: File) -> Result<(BTreeMap<String, Place>, Storages), String> {
    let broken =
        |error: zip::result::ZipError| format!("a zip archive that does not open: {error}");
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let names = archive.file_names().filter_map(Result::ok);
    let roots: Vec<String> = names
        .filter_map(|name| name.strip_suffix("data.pkl").map(str::to_owned))
        .filter(|root| root.is_empty() || root.ends_with('/'))
        .collect();
    let [root] = <[String; 1]>::try_from(roots)
        .map_err(|roots| format!("a zip archive with {} entries named data.pkl", roots.len()))?;
    let order = text(&mut archive, &format!("{root}byteorder"));
    if let Some(order) = order.filter(|order| order.trim() != "little") {
        return Err(format!("numbers in the byte order {:?}", order.trim()));
    }
    let entry = archive.by_name(&format!("{root}data.pkl")).map_err(broken)?;
    let pickle = Pickle::read(&mut BufReader::new(entry))?;
    let Contents { tensors, .. } = tensors::named(&pickle)?;
    Ok((tensors, Storages::Zip { archive, root }))
}

/// A short entry, if it is there.
fn text(archive: &mut ZipArchive<BufReader<File>>, name: &str) -> Option<String> {
    let mut text = String::new();
    archive.by_name(name).ok()?.take(64).read_to_string(&mut text).ok()?;
    Some(text)
}

fn open_stream(file: File) -> Result<(BTreeMap<String, Place>, Storages), String> {
    let len = file.metadata().map_err(|error| error.to_string())?.len();
    let mut reader = BufReader::new(file);
    // The magic number, the protocol, what kind of system wrote it.
    for _ in 0..2 {
        Pickle::read(&mut reader)?;
    }
    let system = Pickle::read(&mut reader)?;
    let little = system.entry(system.root(), "little_endian").map(|id| system.get(id));
    if little == Some(&super::pickle::Object::Bool(false)) {
        return Err("numbers in the byte order of a big-endian system".to_owned());
    }
    let pickle = Pickle::read(&mut reader)?;
    let Contents { tensors, storages } = tensors::named(&pickle)?;
    let keys = Pickle::read(&mut reader)?;
    let starts = starts(&mut reader, len, &keys, &storages)?;
    Ok((tensors, Storages::Stream { file: reader.into_inner(), starts }))
}

/// Where each storage begins: they lie in the order of their keys, each behind its length.
fn starts(
    reader: &mut (impl BufRead + std::io::Seek),
    len: u64,
    keys: &Pickle,
    storages: &BTreeMap<String, Storage>,
) -> Result<BTreeMap<String, u64>, String> {
    let Some(order) = keys.list(keys.root()) else {
        return Err("no list of storages behind the pickle".to_owned());
    };
    let mut starts = BTreeMap::new();
    for &key in order {
        let key = keys.text(key).ok_or("a storage whose name is no text")?;
        // Of unknown size, so that nothing behind it could be found.
        let storage = storages
            .get(key)
            .ok_or_else(|| format!("a storage {key} that the pickle does not name"))?;
        let mut count = [0; 8];
        reader.read_exact(&mut count).map_err(|_broken| "storages that break off".to_owned())?;
        let start = reader.stream_position().map_err(|error| error.to_string())?;
        let count = u64::from_le_bytes(count);
        let size = count.checked_mul(storage.dtype.size() as u64);
        let end = size.and_then(|size| start.checked_add(size)).filter(|end| *end <= len);
        let (Some(end), true) = (end, count == storage.len as u64) else {
            return Err(format!(
                "a storage of {count} numbers (expected {}, within the file)",
                storage.len
            ));
        };
        starts.insert(key.to_owned(), start);
        reader.seek(SeekFrom::Start(end)).map_err(|error| error.to_string())?;
    }
    Ok(starts)
}

impl Storages {
    /// All bytes of a storage.
    ///
    /// # Errors
    /// When it is not there, of another length, or packed.
    pub(super) fn read(&mut self, storage: &Storage) -> Result<Vec<u8>, String> {
        let Storage { key, dtype, len } = storage;
        let size =
            (*len as u64).checked_mul(dtype.size() as u64).ok_or("a storage of no real size")?;
        match self {
            Self::Zip { archive, root } => {
                let name = format!("{root}data/{key}");
                let entry = archive.by_name(&name).map_err(|error| format!("{name}: {error}"))?;
                // torch.save stores them as they are; a packed one might be of any size.
                if entry.compression() != CompressionMethod::Stored || entry.size() != size {
                    return Err(format!(
                        "{name} of {} bytes, {} (expected {size}, stored)",
                        entry.size(),
                        entry.compression()
                    ));
                }
                let mut bytes = Vec::new();
                // The end is asked for as well: there the checksum is looked at.
                entry
                    .take(size + 1)
                    .read_to_end(&mut bytes)
                    .map_err(|error| format!("{name}: {error}"))?;
                (bytes.len() as u64 == size)
                    .then_some(bytes)
                    .ok_or_else(|| format!("{name}, which breaks off"))
            }
            Self::Stream { file, starts } => {
                let start = *starts.get(key).ok_or_else(|| format!("no storage {key}"))?;
                file.seek(SeekFrom::Start(start)).map_err(|error| error.to_string())?;
                let mut bytes = Vec::new();
                file.take(size).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
                (bytes.len() as u64 == size)
                    .then_some(bytes)
                    .ok_or_else(|| format!("a storage {key} that breaks off"))
            }
        }
    }
}
