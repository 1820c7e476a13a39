//! Downloads, against a small server on the loopback device.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use sha2::{Digest as _, Sha256};
use zscope::data::fetch::{
    Failure, FetchError, Fetched, Member, Progress, RemoteFile, SET_NAMES, fetch, fetch_files,
    remote_files,
};

use crate::common::shared;

/// How the server answers.
#[derive(Clone, Copy, Default)]
struct Manners {
    /// How many bytes of body it sends before it breaks off, by request; the last holds for all further ones.
    breaks_after: &'static [usize],
    /// Whether it sends the whole file whatever range is asked for.
    ignores_ranges: bool,
}

/// A server of a few files, with the requests that it has seen.
struct Server {
    base: String,
    /// Path and first byte of each request.
    requests: Arc<Mutex<Vec<(String, usize)>>>,
}

impl Server {
    fn start(files: &[(&str, Vec<u8>)], manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        let files: Vec<(String, Vec<u8>)> =
            files.iter().map(|(name, bytes)| (format!("/{name}"), bytes.clone())).collect();
        std::thread::Builder::new()
            .name("server".to_owned())
            .spawn(move || {
                for stream in listener.incoming().flatten() {
                    // A client that hangs up is none of the server's business.
                    answer(stream, &files, manners, &seen).unwrap_or_default();
                }
            })
            .expect("thread");
        Self { base, requests }
    }

    fn requests(&self) -> Vec<(String, usize)> {
        self.requests.lock().expect("lock").clone()
    }
}

fn answer(
    stream: TcpStream,
    files: &[(String, Vec<u8>)],
    manners: Manners,
    seen: &Mutex<Vec<(String, usize)>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut start = 0;
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            start = range.trim_end_matches('-').parse().expect("a range without an end");
        }
    }
    let number = seen.lock().expect("lock").len();
    seen.lock().expect("lock").push((path.clone(), start));
    let mut out = stream;
    let Some((_, bytes)) = files.iter().find(|(name, _)| *name == path) else {
        return write!(
            out,
            "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n"
        );
    };
    let all = bytes.len();
    let body = if start > 0 && !manners.ignores_ranges {
        if start >= all {
            return write!(
                out,
                "HTTP/1.1 416 Nope\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
        let range = format!("bytes {start}-{}/{all}", all - 1);
        write!(out, "HTTP/1.1 206 Partial Content\r\nContent-Range: {range}\r\n")?;
        &bytes[start..]
    } else {
        write!(out, "HTTP/1.1 200 OK\r\n")?;
        &bytes[..]
    };
    write!(out, "Content-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    let breaks_after = manners.breaks_after.get(number).or(manners.breaks_after.last()).copied();
    out.write_all(&body[..breaks_after.unwrap_or(body.len()).min(body.len())])?;
    out.flush()
}

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// Bytes that do not repeat.
fn noise(len: usize) -> Vec<u8> {
    (0..len as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 21) as u8).collect()
}

fn remote(server: &Server, name: &str, bytes: &[u8]) -> RemoteFile {
    RemoteFile {
        name: name.to_owned(),
        urls: vec![format!("{}/{name}", server.base)],
        bytes: bytes.len() as u64,
        sha256: sha256(bytes),
        members: Vec::new(),
    }
}

fn fetched(files: &[RemoteFile], dir: &Path) -> Result<Fetched, FetchError> {
    fetch_files(files, dir, &mut |_| (), &AtomicBool::new(false))
}

/// The failures at each address.
#[track_caller]
fn failures(result: Result<Fetched, FetchError>) -> Vec<Failure> {
    match result {
        Err(FetchError::Download { failures, .. }) => {
            failures.into_iter().map(|(_, failure)| failure).collect()
        }
        other => panic!("{other:?} should be a failed download"),
    }
}

#[test]
fn a_file_arrives_and_is_kept() {
    let data = noise(300_000);
    let server = Server::start(&[("a.bin", data.clone())], Manners::default());
    let dir = tempfile::tempdir().expect("dir");
    let out = dir.path().join("made/for/it");
    let files = [remote(&server, "a.bin", &data)];
    let mut reports: Vec<Progress> = Vec::new();
    let first = fetch_files(&files, &out, &mut |p| reports.push(p), &AtomicBool::new(false))
        .expect("fetched");
    assert_eq!(first.new_files, [out.join("a.bin")], "new");
    assert_eq!(fs::read(out.join("a.bin")).expect("read"), data, "content");
    assert!(!out.join("a.bin.part").exists(), "no part is left");
    assert!(
        reports.windows(2).all(|pair| pair[0].done_bytes <= pair[1].done_bytes),
        "progress grows"
    );
    let last = Progress { file: "a.bin".to_owned(), done_bytes: 300_000, total_bytes: 300_000 };
    assert_eq!(reports.last(), Some(&last), "progress ends at the end");

    let second = fetched(&files, &out).expect("fetched");
    assert_eq!((second.kept_files.len(), second.new_files.len()), (1, 0), "kept");
    assert_eq!(server.requests().len(), 1, "no second request");

    fs::write(out.join("a.bin"), noise(299_999)).expect("write");
    fetched(&files, &out).expect("fetched");
    assert_eq!(fs::read(out.join("a.bin")).expect("read"), data, "a wrong file is replaced");
}

#[test]
fn an_interrupted_transfer_goes_on_where_it_stopped() {
    let data = noise(200_000);
    let manners = Manners { breaks_after: &[70_000, 50_000, usize::MAX], ..Default::default() };
    let server = Server::start(&[("a.bin", data.clone())], manners);
    let dir = tempfile::tempdir().expect("dir");
    fetched(&[remote(&server, "a.bin", &data)], dir.path()).expect("fetched");
    assert_eq!(fs::read(dir.path().join("a.bin")).expect("read"), data, "content");
    let starts: Vec<usize> = server.requests().iter().map(|(_, start)| *start).collect();
    assert_eq!(starts, [0, 70_000, 120_000], "each request asks for the rest");
}

#[test]
fn a_later_run_goes_on_where_an_earlier_one_gave_up() {
    let data = noise(200_000);
    let broken = Server::start(
        &[("a.bin", data.clone())],
        Manners { breaks_after: &[30_000], ..Default::default() },
    );
    let dir = tempfile::tempdir().expect("dir");
    let given_up = fetched(&[remote(&broken, "a.bin", &data)], dir.path());
    assert_eq!(failures(given_up), [Failure::Interrupted { found: 120_000 }], "four attempts");
    assert!(!dir.path().join("a.bin").exists(), "nothing under the final name");

    let whole = Server::start(&[("a.bin", data.clone())], Manners::default());
    fetched(&[remote(&whole, "a.bin", &data)], dir.path()).expect("fetched");
    assert_eq!(whole.requests(), [("/a.bin".to_owned(), 120_000)], "only the rest");
    assert_eq!(fs::read(dir.path().join("a.bin")).expect("read"), data, "content");
}

#[test]
fn a_cancelled_transfer_goes_on_later() {
    let data = noise(2_000_000);
    let server = Server::start(&[("a.bin", data.clone())], Manners::default());
    let dir = tempfile::tempdir().expect("dir");
    let files = [remote(&server, "a.bin", &data)];
    let cancel = AtomicBool::new(false);
    let mut stop_midway =
        |progress: Progress| cancel.store(progress.done_bytes > 500_000, Ordering::Relaxed);
    let stopped = fetch_files(&files, dir.path(), &mut stop_midway, &cancel);
    assert!(matches!(stopped, Err(FetchError::Cancelled)), "{stopped:?}");
    let have = fs::metadata(dir.path().join("a.bin.part")).expect("part").len();
    assert!((500_001..2_000_000).contains(&have), "{have} bytes are kept");
    fetched(&files, dir.path()).expect("fetched");
    assert_eq!(server.requests()[1].1 as u64, have, "the rest");
    assert_eq!(fs::read(dir.path().join("a.bin")).expect("read"), data, "content");
}

#[test]
fn a_server_that_ignores_ranges_is_understood() {
    let data = noise(100_000);
    let manners = Manners { breaks_after: &[60_000, usize::MAX], ignores_ranges: true };
    let server = Server::start(&[("a.bin", data.clone())], manners);
    let dir = tempfile::tempdir().expect("dir");
    fetched(&[remote(&server, "a.bin", &data)], dir.path()).expect("fetched");
    assert_eq!(fs::read(dir.path().join("a.bin")).expect("read"), data, "not appended twice");
    assert_eq!(server.requests()[1].1, 60_000, "a range was asked for");
}

#[test]
fn a_wrong_checksum_is_refused_and_deleted() {
    let data = noise(50_000);
    let mut changed = data.clone();
    changed[25_000] ^= 1;
    let server = Server::start(&[("a.bin", changed.clone())], Manners::default());
    let dir = tempfile::tempdir().expect("dir");
    let result = fetched(&[remote(&server, "a.bin", &data)], dir.path());
    let message = result.as_ref().expect_err("wrong").to_string();
    assert!(message.contains(&sha256(&changed)) && message.contains(&sha256(&data)), "{message:?}");
    assert_eq!(
        failures(result),
        [Failure::Checksum { found: sha256(&changed), expected: sha256(&data) }],
        "why"
    );
    assert_eq!(fs::read_dir(dir.path()).expect("dir").count(), 0, "nothing is left");
}

#[test]
fn a_part_of_something_else_is_given_up() {
    let data = noise(50_000);
    let server = Server::start(&[("a.bin", data.clone())], Manners::default());
    let dir = tempfile::tempdir().expect("dir");
    let files = [remote(&server, "a.bin", &data)];
    // Too long: begun anew. Right length, wrong content: deleted, and the next run begins anew.
    fs::write(dir.path().join("a.bin.part"), noise(50_001)).expect("write");
    fetched(&files, dir.path()).expect("fetched");
    fs::remove_file(dir.path().join("a.bin")).expect("remove");
    fs::write(dir.path().join("a.bin.part"), vec![0; 50_000]).expect("write");
    assert!(
        matches!(failures(fetched(&files, dir.path()))[..], [Failure::Checksum { .. }]),
        "wrong content"
    );
    fetched(&files, dir.path()).expect("fetched");
}

#[test]
fn missing_files_and_other_lengths_are_reported() {
    let data = noise(1000);
    let server = Server::start(&[("long.bin", noise(1001))], Manners::default());
    let dir = tempfile::tempdir().expect("dir");
    let missing = fetched(&[remote(&server, "none.bin", &data)], dir.path());
    assert!(missing.as_ref().is_err_and(|error| error.to_string().contains("404")), "{missing:?}");
    assert_eq!(failures(missing), [Failure::Status(404)], "not found");
    assert_eq!(server.requests().len(), 1, "asked once");
    let long = fetched(&[remote(&server, "long.bin", &data)], dir.path());
    assert_eq!(failures(long), [Failure::TooLong { expected: 1000 }], "too long");

    // The next address is tried.
    let whole = Server::start(&[("none.bin", data.clone())], Manners::default());
    let mut file = remote(&server, "none.bin", &data);
    file.urls.push(format!("{}/none.bin", whole.base));
    fetched(&[file], dir.path()).expect("fetched from the second address");
}

/// An archive with a file in a folder, and one that tries to get out of it.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(encoder);
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, name, *bytes).expect("memory");
    }
    builder.into_inner().expect("memory").finish().expect("memory")
}

#[test]
fn archives_are_unpacked_and_verified() {
    let (one, two) = (noise(5000), noise(7000));
    let packed =
        archive(&[("set/readme.html", b"hello"), ("set/one.bin", &one), ("set/two.bin", &two)]);
    let server = Server::start(&[("set.tar.gz", packed.clone())], Manners::default());
    let member = |name: &str, bytes: &[u8]| Member {
        name: name.to_owned(),
        bytes: bytes.len() as u64,
        sha256: sha256(bytes),
    };
    let file = |members| [RemoteFile { members, ..remote(&server, "set.tar.gz", &packed) }];
    let dir = tempfile::tempdir().expect("dir");
    let right = file(vec![member("two.bin", &two), member("one.bin", &one)]);
    assert_eq!(fetched(&right, dir.path()).expect("fetched").new_files.len(), 2, "two files");
    assert_eq!(fs::read(dir.path().join("one.bin")).expect("read"), one, "one");
    assert_eq!(fs::read(dir.path().join("two.bin")).expect("read"), two, "two");
    assert_eq!(
        fs::read_dir(dir.path()).expect("dir").count(),
        2,
        "neither the archive nor anything else"
    );
    assert_eq!(fetched(&right, dir.path()).expect("fetched").kept_files.len(), 2, "kept");
    assert_eq!(server.requests().len(), 1, "no second request");

    for (wrong, expected) in [
        (member("three.bin", &one), Failure::Missing),
        (member("one.bin", &noise(5001)), Failure::Interrupted { found: 5000 }),
        (
            Member { sha256: sha256(&two), ..member("one.bin", &one) },
            Failure::Checksum { found: sha256(&one), expected: sha256(&two) },
        ),
    ] {
        let empty = tempfile::tempdir().expect("dir");
        match fetched(&file(vec![wrong]), empty.path()) {
            Err(FetchError::Unpack { failure, .. }) => assert_eq!(failure, expected, "why"),
            other => panic!("{other:?} should not unpack"),
        }
    }
}

#[test]
fn the_table_holds_published_facts() {
    for name in SET_NAMES {
        for file in remote_files(name).expect(name) {
            assert_eq!(file.sha256.len(), 64, "{name} {}", file.name);
            assert!(file.urls.iter().all(|url| url.ends_with(&file.name)), "{:?}", file.urls);
        }
    }
    let message = remote_files("imagenet").expect_err("unknown").to_string();
    assert!(SET_NAMES.iter().all(|name| message.contains(name)), "{message:?}");
}

#[test]
fn real_mnist_from_a_mirror() {
    let Some(dir) = shared("data/mnist") else { return };
    let files: Vec<(String, Vec<u8>)> = remote_files("mnist")
        .expect("mnist")
        .into_iter()
        .map(|file| (format!("base/{}", file.name), fs::read(dir.join(&file.name)).expect("read")))
        .collect();
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let server = Server::start(&files, Manners::default());
    let out = tempfile::tempdir().expect("dir");
    let mirrors = [format!("{}/base/", server.base)];
    let got = fetch("mnist", out.path(), &mirrors, &mut |_| (), &AtomicBool::new(false))
        .expect("fetched");
    assert_eq!(got.new_files.len(), 4, "four files");
    let spec = format!("mnist:{}", out.path().display()).parse().expect("spec");
    zscope::data::open(&spec).expect("what was fetched opens");
}

#[test]
fn real_fashion_mnist_and_cifar10_match_the_table() {
    if let Some(dir) = shared("data/fashion-mnist") {
        let kept = fetched(&remote_files("fashion-mnist").expect("set"), &dir)
            .expect("all there, nothing fetched");
        assert_eq!((kept.kept_files.len(), kept.new_files.len()), (4, 0), "Fashion-MNIST");
    }
    if let Some(dir) = shared("data/cifar10") {
        let members = remote_files("cifar10").expect("set").remove(0).members;
        for name in ["data_batch_1.bin", "test_batch.bin"] {
            let mut bytes = Vec::new();
            let packed = fs::File::open(dir.join(format!("{name}.gz"))).expect("open");
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed), &mut bytes)
                .expect("unpack");
            let member = members.iter().find(|member| member.name == name).expect("in the table");
            assert_eq!(
                (member.bytes, &member.sha256),
                (bytes.len() as u64, &sha256(&bytes)),
                "{name}"
            );
        }
    }
}
