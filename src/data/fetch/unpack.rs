//! The files that are wanted out of a downloaded archive.

use std::fs::{self, File};
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use flate2::read::GzDecoder;

use super::{Failure, FetchError, IoError, Member, RemoteFile, check, part_of, sha256_of};

/// Unpacks the members of a verified archive into `out_dir`, verifies each, and deletes the archive.
pub(super) fn unpack(
    archive: &Path,
    file: &RemoteFile,
    out_dir: &Path,
    cancel: &AtomicBool,
) -> Result<(), FetchError> {
    let failed = |member: &Member, failure| FetchError::Unpack {
        archive: file.name.clone(),
        name: member.name.clone(),
        failure,
    };
    let opened = File::open(archive).map_err(IoError::at("unpack an archive", archive))?;
    let mut reader = tar::Archive::new(GzDecoder::new(BufReader::new(opened)));
    let mut missing: Vec<&Member> = file.members.iter().collect();
    for entry in reader.entries().map_err(IoError::at("unpack an archive", archive))? {
        check(cancel)?;
        let entry = entry.map_err(IoError::at("unpack an archive", archive))?;
        let path = entry.path().map_err(IoError::at("unpack an archive", archive))?;
        // Only the last part of a path is used, and only when it is expected: nothing lands elsewhere.
        let Some(at) =
            missing.iter().position(|member| path.file_name() == Some(member.name.as_ref()))
        else {
            continue;
        };
        let member = missing.swap_remove(at);
        let target = out_dir.join(&member.name);
        let part = part_of(&target);
        let mut out = File::create(&part).map_err(IoError::at("unpack an archive", &part))?;
        let copied = std::io::copy(&mut entry.take(member.bytes), &mut out)
            .map_err(IoError::at("unpack an archive", &part))?;
        out.sync_all().map_err(IoError::at("unpack an archive", &part))?;
        if copied != member.bytes {
            return Err(failed(member, Failure::Interrupted { found: copied }));
        }
        let found = sha256_of(&part, cancel)?;
        if found != member.sha256 {
            fs::remove_file(&part).map_err(IoError::at("delete a wrong file", &part))?;
            return Err(failed(
                member,
                Failure::Checksum { found, expected: member.sha256.clone() },
            ));
        }
        fs::rename(&part, &target).map_err(IoError::at("rename an unpacked file", &target))?;
    }
    if let Some(member) = missing.first() {
        return Err(failed(member, Failure::Missing));
    }
    fs::remove_file(archive).map_err(IoError::at("delete an unpacked archive", archive))?;
    Ok(())
}
