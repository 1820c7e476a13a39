//! The standard sets: addresses, lengths and checksums as published.

use super::{FetchError, Member, RemoteFile};

/// The names of the sets that can be downloaded.
pub const SET_NAMES: [&str; 3] = ["mnist", "fashion-mnist", "cifar10"];

/// A name, a length and a SHA-256.
type Entry = (&'static str, u64, &'static str);

const MNIST_BASES: &[&str] = &[
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
];
const MNIST: &[Entry] = &[
    (
        "train-images-idx3-ubyte.gz",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    (
        "train-labels-idx1-ubyte.gz",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    (
        "t10k-images-idx3-ubyte.gz",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    (
        "t10k-labels-idx1-ubyte.gz",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
];

const FASHION_MNIST_BASES: &[&str] =
    &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"];
const FASHION_MNIST: &[Entry] = &[
    (
        "train-images-idx3-ubyte.gz",
        26_421_880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    (
        "train-labels-idx1-ubyte.gz",
        29_515,
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    (
        "t10k-images-idx3-ubyte.gz",
        4_422_102,
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    (
        "t10k-labels-idx1-ubyte.gz",
        5_148,
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
];

const CIFAR10_BASES: &[&str] = &["https://www.cs.toronto.edu/~kriz/"];
const CIFAR10: Entry = (
    "cifar-10-binary.tar.gz",
    170_052_171,
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
);
const CIFAR10_BATCH_BYTES: u64 = 30_730_000;
const CIFAR10_BATCHES: &[(&str, &str)] = &[
    ("data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
    ("data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
    ("data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
    ("data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
    ("data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
    ("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
];

/// The files of a set.
///
/// # Errors
/// When no set of this name can be downloaded.
pub fn remote_files(name: &str) -> Result<Vec<RemoteFile>, FetchError> {
    match name {
        "mnist" => Ok(MNIST.iter().map(|entry| remote(entry, MNIST_BASES)).collect()),
        "fashion-mnist" => {
            Ok(FASHION_MNIST.iter().map(|entry| remote(entry, FASHION_MNIST_BASES)).collect())
        }
        "cifar10" => {
            let member = |&(name, sha256): &(&str, &str)| Member {
                name: name.to_owned(),
                bytes: CIFAR10_BATCH_BYTES,
                sha256: sha256.to_owned(),
            };
            let members = CIFAR10_BATCHES.iter().map(member).collect();
            Ok(vec![RemoteFile { members, ..remote(&CIFAR10, CIFAR10_BASES) }])
        }
        _ => Err(FetchError::UnknownSet { found: name.to_owned() }),
    }
}

fn remote(&(name, bytes, sha256): &Entry, bases: &[&str]) -> RemoteFile {
    RemoteFile {
        name: name.to_owned(),
        urls: bases.iter().map(|base| format!("{base}{name}")).collect(),
        bytes,
        sha256: sha256.to_owned(),
        members: Vec::new(),
    }
}
