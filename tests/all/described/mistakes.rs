//! Mistakes in descriptions: each is told with its line, what was found and what was expected; and texts that chance
//! has changed, which never make the program panic.

use std::path::Path;

use rand::RngExt as _;
use zscope::array::{Array, NamedArrays};
use zscope::formats::described::Described;
use zscope::random::{Purpose, stream};

use super::{described, file, golden};
use crate::common::{Work, assert_says, mutants};

/// A description that is right.
const RIGHT: &str = "\
image = [1, 4, 6]
range = [-1, 1]
encoder = [
    { layer = \"conv\", key = \"enc\", stride = 2, padding = 1 },
    \"relu\",
    { layer = \"residual\", layers = [
        { layer = \"conv\", key = \"res\", bias = false },
    ] },
]
latent = { codebook = \"codes\" }
decoder = [
    { layer = \"conv_transpose\", key = \"dec\", stride = 2 },
]
";

/// What it describes: images of 1×4×6 to 2×3 codes of three values.
fn tensors() -> NamedArrays {
    let shapes: [(&str, &[usize]); 6] = [
        ("enc.weight", &[3, 1, 4, 4]),
        ("enc.bias", &[3]),
        ("res.weight", &[3, 3, 1, 1]),
        ("codes", &[5, 3]),
        ("dec.weight", &[3, 1, 2, 2]),
        ("dec.bias", &[1]),
    ];
    shapes.map(|(name, shape)| (name.to_owned(), Array::filled(shape, 0.5))).into()
}

/// The message of the description, or of its model.
fn message(text: &str, tensors: &NamedArrays) -> Option<String> {
    let path = Path::new("folder/model.toml");
    let names: Vec<String> = tensors.keys().cloned().collect();
    let model = Described::parse(text, path).and_then(|described| {
        described.check_names(&names)?;
        described.model(tensors)
    });
    model.err().map(|error| error.to_string())
}

/// What is replaced in the text, by what, and the line and words of the message.
const WRONG: &[(&str, &str, usize, &[&str])] = &[
    // The text.
    ("[1, 4, 6]", "[1, 4,, 6]", 1, &["TOML"]),
    ("\"relu\",", "\"relu,", 5, &["TOML"]),
    ("range", "image", 2, &["duplicate key", "TOML"]),
    ("latent =", "range =", 10, &["duplicate key"]),
    // What belongs to the whole model.
    (
        "image = [1, 4, 6]",
        "",
        1,
        &["no image in the description", "image = [CHANNELS, HEIGHT, WIDTH]"],
    ),
    ("[1, 4, 6]", "6", 1, &["image is 6", "[CHANNELS, HEIGHT, WIDTH]"]),
    ("[1, 4, 6]", "[4, 6]", 1, &["image is a list of 2", "[CHANNELS, HEIGHT, WIDTH]"]),
    ("[1, 4, 6]", "[1, 4, 0]", 1, &["image is 0", "1 to 4096"]),
    ("[1, 4, 6]", "[1, 4, -6]", 1, &["image is -6", "1 to 4096"]),
    ("[1, 4, 6]", "[1, 4, 6.5]", 1, &["image is 6.5", "1 to 4096"]),
    ("[1, 4, 6]", "[1, 4, 99999999999999999999]", 1, &["1 to 4096"]),
    ("[1, 4, 6]", "[7, 4, 6]", 1, &["image: shape: 7×4×6", "1 to 4 channels"]),
    ("[-1, 1]", "[1, 1]", 2, &["range: black to white: 1 to 1", "black below white"]),
    ("[-1, 1]", "[nan, 1]", 2, &["range is nan", "a finite number"]),
    ("[-1, 1]", "[0, 1e30]", 2, &["range: black to white", "within ±1000000"]),
    ("[-1, 1]", "[0, 1e99]", 2, &["range is 1e99", "a finite number"]),
    ("[-1, 1]", "\"unit\"", 2, &["range is \"unit\"", "[BLACK, WHITE]"]),
    ("range", "ragne", 2, &["\"ragne\" in the description", "image, range, weights, encoder"]),
    ("range = [-1, 1]", "likelihood = 'gauss'", 2, &["likelihood is \"gauss\"", "\"bernoulli\""]),
    ("range = [-1, 1]", "likelihood = 'bernoulli'", 2, &["likelihood", "without a variance"]),
    ("range = [-1, 1]", "weights = 3", 2, &["weights is 3", "\"FILE\""]),
    (
        "encoder = [",
        "encoder = 3\nrest = [",
        3,
        &["encoder is 3", "a list of layers, or one layer"],
    ),
    ("decoder", "decode", 1, &["no decoder in the description", "decoder = a list of layers"]),
    // The latent.
    ("latent =", "latend =", 1, &["no latent in the description", "\"halves\""]),
    ("{ codebook = \"codes\" }", "\"half\"", 10, &["latent is \"half\"", "\"interleaved\""]),
    ("{ codebook = \"codes\" }", "{ codebook = 7 }", 10, &["codebook is 7", "whole name"]),
    (
        "{ codebook = \"codes\" }",
        "{ codebook = \"codes\", flip = true }",
        10,
        &["\"flip\" in latent"],
    ),
    (
        "{ codebook = \"codes\" }",
        "{ codebook = \"codes\", transposed = 1 }",
        10,
        &["transposed is 1"],
    ),
    ("{ codebook = \"codes\" }", "{ mean = \"relu\" }", 10, &["no logvar in latent"]),
    (
        "{ codebook = \"codes\" }",
        "{ codebook = \"codes\", transposed = true }",
        10,
        &["[5, h, w]", "[3, 2, 3]"],
    ),
    ("{ codebook = \"codes\" }", "{ codebook = \"enc.bias\" }", 10, &["[1, h, w]", "`enc.bias`"]),
    (
        "{ codebook = \"codes\" }",
        "{ codebook = \"enc.bias\", transposed = true }",
        10,
        &["shape of weight `enc.bias`", "[d, k]"],
    ),
    (
        "{ codebook = \"codes\" }",
        "\"halves\"",
        10,
        &["values or planes of the encoder's output: 3", "even"],
    ),
    (
        "{ codebook = \"codes\" }",
        "{ mean = \"flatten\", logvar = \"relu\" }",
        10,
        &["shape of the log-variances"],
    ),
    (
        "    ] },\n",
        "    ] }, { layer = \"reshape\", shape = [6, 3] },\n",
        10,
        &["a vector [d] or planes"],
    ),
    // Layers.
    ("\"relu\"", "\"gelu\"", 5, &["is \"gelu\"", "conv, conv_transpose", "dropout"]),
    ("\"relu\"", "7", 5, &["encoder is 7", "{ layer = \"NAME\""]),
    ("\"relu\"", "{ name = \"relu\" }", 5, &["no layer in encoder", "layer = \"NAME\""]),
    ("\"relu\"", "{ layer = 3 }", 5, &["layer is 3"]),
    ("\"relu\"", "{ layer = \"relu\", slope = 1 }", 5, &["\"slope\" in this relu"]),
    (
        "\"relu\"",
        "{ layer = \"leaky_relu\", slope = inf }",
        5,
        &["slope is inf", "a finite number"],
    ),
    ("\"relu\"", "\"conv\"", 5, &["no key in this conv", "key = \"KEY\""]),
    ("\"relu\"", "\"linear\"", 5, &["no key in this linear"]),
    ("\"relu\"", "{ layer = \"upsample\" }", 5, &["no factor in this upsample"]),
    ("\"relu\"", "{ layer = \"upsample\", factor = 0 }", 5, &["factor is 0", "1 to 1024"]),
    (
        "\"relu\"",
        "{ layer = \"upsample\", factor = 2, mode = \"bilinear\" }",
        5,
        &["mode is \"bilinear\"", "nearest"],
    ),
    ("\"relu\"", "{ layer = \"reshape\", shape = 3 }", 5, &["shape is 3", "one to three numbers"]),
    ("\"relu\"", "{ layer = \"reshape\", shape = [3, -1] }", 5, &["shape is -1"]),
    (
        "\"relu\"",
        "{ layer = \"reshape\", shape = [3, 7] }",
        5,
        &["encoder.1: values in the new shape: 21", "18"],
    ),
    ("\"relu\"", "{ layer = \"clamp\", min = 1 }", 5, &["no max in this clamp"]),
    ("\"relu\"", "{ layer = \"clamp\", min = 1, max = 0 }", 5, &["encoder.1: limits"]),
    ("\"relu\"", "{ layer = \"affine\", scale = nan }", 5, &["scale is nan"]),
    (
        "\"relu\"",
        "{ layer = \"batch_norm\", key = \"enc\", eps = -1 }",
        5,
        &["eps is -1", "above zero"],
    ),
    ("\"relu\"", "{ layer = \"batch_norm\", key = \"res\" }", 5, &["no tensor \"res.bias\""]),
    ("\"relu\"", "{ layer = \"group_norm\", key = \"enc\" }", 5, &["no groups in this group_norm"]),
    (
        "\"relu\"",
        "{ layer = \"group_norm\", key = \"enc\", groups = 2 }",
        5,
        &["encoder.1: groups: 2", "a divisor"],
    ),
    (
        "\"relu\"",
        "{ layer = \"attention\", keys = [\"a\"] }",
        5,
        &["keys is a list of 1", "\"QUERY\""],
    ),
    ("\"relu\"", "{ layer = \"residual\" }", 5, &["no layers in this residual"]),
    (
        "\"relu\"",
        "{ layer = \"residual\", layers = \"flatten\" }",
        5,
        &["encoder.1.layers: shape within: [18]", "[3, 2, 3]", "shortcut"],
    ),
    (
        "\"relu\"",
        "{ layer = \"linear\", key = \"enc\" }",
        5,
        &["encoder.1: input shape: [3, 2, 3]", "write \"flatten\" before it"],
    ),
    (
        "\"relu\"",
        "\"flatten\"",
        7,
        &["encoder.2.layers.0: input shape: [18]", "write a reshape before it"],
    ),
    ("stride = 2, padding = 1", "stride = 0", 4, &["stride is 0", "1 to 1024"]),
    (
        "stride = 2, padding = 1",
        "stride = [2, 2, 2]",
        4,
        &["stride is a list of 3", "[ROWS, COLUMNS]"],
    ),
    ("stride = 2, padding = 1", "padding = 5000", 4, &["padding is 5000", "0 to 1024"]),
    ("stride = 2, padding = 1", "padding = [1, 2, 3]", 4, &["[TOP, BOTTOM, LEFT, RIGHT]"]),
    ("stride = 2, padding = 1", "padding = \"same\"", 4, &["padding is \"same\""]),
    ("stride = 2, padding = 1", "dilation = 2", 4, &["dilation is 2", "1: there is no other here"]),
    ("stride = 2, padding = 1", "groups = 3", 4, &["groups is 3"]),
    (
        "stride = 2, padding = 1",
        "padding_mode = \"reflect\"",
        4,
        &["padding_mode is \"reflect\"", "zeros"],
    ),
    (
        "stride = 2, padding = 1",
        "kernel_size = 4",
        4,
        &["\"kernel_size\" in this conv", "key, bias, stride, padding"],
    ),
    (
        "stride = 2 },\n]",
        "stride = 2, output_padding = 2 },\n]",
        12,
        &["decoder.0: output padding: [2, 2]"],
    ),
    // Tensors.
    ("\"enc\"", "\"\"", 4, &["key is \"\"", "what the names of its tensors begin with"]),
    ("\"enc\"", "5", 4, &["key is 5"]),
    ("\"enc\"", "\"inc\"", 4, &["no tensor \"inc.weight\"", "such as \"enc.weight\""]),
    ("key = \"enc\"", "weight = \"enc.weight\"", 4, &["no bias in this conv", "or false"]),
    ("key = \"enc\"", "key = \"enc\", bias = \"b\"", 4, &["bias is \"b\"", "true or false"]),
    (", bias = false", "", 7, &["no tensor \"res.bias\"", "bias = false"]),
    (
        "stride = 2, padding = 1",
        "stride = 2, padding = 1, bias = false",
        4,
        &["a bias, \"enc.bias\"", "no bias = false"],
    ),
    ("\"codes\"", "\"code\"", 10, &["no tensor \"code\"", "\"codes\""]),
    ("\"res\"", "\"dec\"", 7, &["a bias, \"dec.bias\""]),
    (
        "key = \"res\", bias = false",
        "weight = \"dec.weight\", bias = false",
        7,
        &["encoder.2.layers.0: input channels: 3"],
    ),
    ("key = \"dec\"", "key = \"enc\"", 12, &["decoder.0: shape of bias `enc.bias`"]),
    (
        "stride = 2 },\n]",
        "stride = 1 },\n]",
        11,
        &["decoder: shape of the last layer's output: [1, 3, 4]", "[1, 4, 6], as the image"],
    ),
];

#[test]
fn mistakes_are_told_with_their_line() {
    assert_eq!(message(RIGHT, &tensors()), None, "the text as it is");
    let mut untold = Vec::new();
    for (from, to, line, words) in WRONG {
        assert!(RIGHT.contains(from), "{from} is in the text");
        let message = message(&RIGHT.replacen(from, to, 1), &tensors()).unwrap_or_default();
        let line = format!(" line {line}: ");
        let always = [line.as_str(), "(expected ", "folder/model.toml"];
        if !words.iter().chain(&always).all(|word| message.contains(word)) {
            untold.push(format!("{to}: {message:?} should say{line}{words:?}"));
        }
    }
    assert!(untold.is_empty(), "{}", untold.join("\n"));
}

#[test]
fn mistakes_in_tables_of_their_own_are_told_with_their_line() {
    let text = "image = [1, 4, 6]\nlatent = 'plain'\n\n[[encoder]]\nlayer = 'relu'\n\n[[encoder]]\nlayer = \
        'reshape'\nshape = [24]\n\n[[decoder]]\nlayer = 'reshape'\nshape = [1, 4, 6]\n";
    assert_eq!(message(text, &NamedArrays::new()), None, "tables of their own will do");
    for (from, to, line, words) in [
        ("'relu'", "'rule'", 5, "layer is \"rule\""),
        ("shape = [24]", "shape = [24, 0]", 9, "shape is 0"),
        ("shape = [24]", "shape = [23]", 8, "encoder.1: values in the new shape: 23"),
        ("shape = [24]\n", "shape = [24]\nrange = [0, 1]\n", 10, "above the first [[encoder]]"),
        ("layer = 'relu'", "", 4, "no layer in encoder"),
    ] {
        let message = message(&text.replacen(from, to, 1), &NamedArrays::new()).expect("a message");
        assert_says(&message, &[&format!(" line {line}: "), words]);
    }
}

/// Tensors that are not what the layers need, and the line of the message.
#[test]
fn tensors_that_do_not_fit_are_told_with_their_line() {
    for (name, array, line, words) in [
        ("enc.weight", Array::zeros([3, 2, 4, 4]), 4, "input channels: 1"),
        ("enc.weight", Array::zeros([3, 1, 40, 4]), 4, "rows with padding: 6"),
        ("enc.weight", Array::zeros([3]), 4, "[out, in, kh, kw]"),
        ("enc.weight", Array::zeros([3, 1, 4, 0]), 4, "shape of weight `enc.weight`"),
        (
            "enc.weight",
            Array::filled([3, 1, 4, 4], f32::NAN),
            4,
            "48 of 48 values that are not finite",
        ),
        ("enc.bias", Array::zeros([4]), 4, "shape of bias `enc.bias`"),
        ("res.weight", Array::zeros([4, 3, 1, 1]), 7, "residual shape"),
        ("codes", Array::zeros([5, 2]), 10, "[2, h, w]"),
        ("codes", Array::filled([5, 3], f32::INFINITY), 10, "not finite"),
        ("dec.weight", Array::zeros([2, 1, 2, 2]), 12, "input channels: 3"),
        ("dec.weight", Array::zeros([3, 1, 3, 2]), 11, "shape of the last layer's output"),
    ] {
        let mut tensors = tensors();
        tensors.insert(name.to_owned(), array);
        let message = message(RIGHT, &tensors).unwrap_or_else(|| panic!("{name} was taken"));
        assert_says(&message, &[&format!(" line {line}: "), "(expected ", words]);
    }
    // A caller that has not asked for the names is told all the same.
    let missing = described(RIGHT).model(&NamedArrays::new()).expect_err("nothing is there");
    assert_says(&missing.to_string(), &["line 4: no tensor \"enc.weight\""]);
}

#[test]
fn absurd_sizes_are_refused() {
    let layers = "{ layer = 'upsample', factor = 1024 }, ".repeat(3);
    let text = RIGHT.replacen("\"relu\",", &layers, 1);
    assert_says(&message(&text, &tensors()).expect("too large"), &[" line 5: ", "expected"]);
    let text = "image = [4, 4096, 4096]\nencoder = { layer = 'upsample', factor = 2 }\nlatent = 'plain'\n\
        decoder = 'relu'\n";
    let message_of = |text: &str| message(text, &tensors()).expect("too large");
    assert_says(&message_of(text), &[" line 2: ", "at most 134217728 values"]);
    let text = RIGHT.replacen("\"relu\",", &"\"relu\",".repeat(501), 1);
    assert_says(&message_of(&text), &[" line 5: ", "at most 500 layers"]);
    let nested = |depth| {
        let open = "{ layer = 'residual', layers = ".repeat(depth);
        RIGHT.replacen("\"relu\"", &format!("{open}'relu'{}", "}".repeat(depth)), 1)
    };
    assert_eq!(message(&nested(7), &tensors()), None, "eight layers deep");
    assert_says(&message_of(&nested(8)), &[" line 5: ", "8 within each other"]);
    assert_says(&message_of(&nested(100_000)), &[" line 5: ", "TOML"]);
    let text = RIGHT.replacen("enc", &"e".repeat(100_000), 1);
    assert!(message_of(&text).len() < 1000, "long names are cut");
    // A lone normalization would become a matrix of its channels' square.
    let norm = "image = [1, 64, 128]\nencoder = ['flatten', { layer = 'batch_norm', key = 'n' }]\n\
        latent = 'plain'\ndecoder = { layer = 'reshape', shape = [1, 64, 128] }\n";
    let part = |part: &str| (format!("n.{part}"), Array::filled([8192], 1.0));
    let norms = ["weight", "bias", "running_mean", "running_var"].map(part).into();
    assert_says(&message(norm, &norms).expect("too large"), &[" line 2: ", "at most 4096"]);
}

/// A text with some of its characters and lines changed by chance.
fn changed(text: &str, seed: u64) -> String {
    const PIECES: [&str; 30] = [
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        ",",
        "=",
        "\n",
        ".",
        "-",
        "0",
        "9",
        "1e999",
        "nan",
        "-1",
        "999999999999",
        "true",
        "[[encoder]]",
        "[latent]",
        "\"relu\"",
        "layer",
        "key",
        "residual",
        "é",
        "\u{0}",
        "0x",
        "_",
        "#",
        "1979-05-27",
    ];
    let mut rng = stream(seed, 0, Purpose::Explore);
    let mut text: Vec<char> = text.chars().collect();
    for _ in 0..rng.random_range(1..4) {
        let from = rng.random_range(0..=text.len());
        let until = (from + rng.random_range(0..12)).min(text.len());
        let piece = PIECES[rng.random_range(0..PIECES.len())].repeat(rng.random_range(0..3));
        // Some pieces are copies of others, which keeps the text nearer to sense.
        let copy = rng.random_range(0..text.len().max(1)).min(text.len());
        let copied: String = text[copy..(copy + 20).min(text.len())].iter().collect();
        let new = if rng.random_range(0..4) == 0 { copied } else { piece };
        text.splice(from..until, new.chars());
    }
    text.into_iter().collect()
}

#[test]
fn changed_texts_never_panic() {
    let each = mutants(1500);
    let examples = ["ll-vq-vae", "disentangling-vae"].map(|name| {
        let path = file(&format!("assets/described/{name}.toml"));
        (std::fs::read_to_string(path).expect(name), golden(name).arrays().expect(name))
    });
    let texts = [(RIGHT.to_owned(), tensors())].into_iter().chain(examples);
    for (text, tensors) in texts {
        let (mut taken, work) = (0, Work::begin());
        for seed in 0..each {
            let text = changed(&text, seed);
            match message(&text, &tensors) {
                None => taken += 1,
                Some(message) => assert_says(&message, &[" line ", "(expected "]),
            }
        }
        let took = work.elapsed().as_secs_f64();
        println!("{taken} of {each} changed texts were taken, in {took:.1} s");
        assert!((1..each).contains(&taken), "{taken} of {each} were taken");
        assert!(took < 0.04 * each as f64, "{each} texts took {took} s");
    }
}
