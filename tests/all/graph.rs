//! Graphs: hand-computed numbers on the twin, PyTorch's numbers on twin and CPU, and hostile networks.

use zscope::array::{Array, NamedArrays};
use zscope::engine::plan::{Plan, largest_batch};
use zscope::engine::{EngineError, EngineKind, Runner, twin};
use zscope::graph::{Activation, Epilogue, Graph, GraphBuilder, GraphError, Op, ValueId};

use crate::common::{Tolerance, assert_close, shared};

pub fn array(shape: &[usize], data: &[f32]) -> Array {
    Array::new(shape, data.to_vec()).expect("a shape that fits")
}

pub fn named<const N: usize>(arrays: [(&str, Array); N]) -> NamedArrays {
    arrays.into_iter().map(|(name, array)| (name.to_owned(), array)).collect()
}

/// A graph of one operation on the input, whose output is `y`.
pub fn graph_of(
    input: &[usize],
    weights: &NamedArrays,
    op: impl FnOnce(ValueId) -> Op,
) -> Result<Graph, GraphError> {
    let mut builder = GraphBuilder::new(input, weights)?;
    let value = builder.add("node", op(builder.input()))?;
    builder.output("y", value)?;
    builder.finish()
}

/// `y` of a graph of one operation, on the twin.
pub fn twin_of(input: &Array, weights: &NamedArrays, op: impl FnOnce(ValueId) -> Op) -> Array {
    let graph = graph_of(&input.shape()[1..], weights, op).expect("a graph");
    twin::run(&graph, input).expect("a run").remove("y").expect("its output")
}

fn activated(activation: Activation) -> Epilogue {
    Epilogue::default().with_activation(activation)
}

// Hand-computed numbers.

#[test]
fn linear_by_hand() {
    let weights = named([
        ("w", array(&[2, 3], &[1.0, 2.0, 3.0, -1.0, 0.0, 1.0])),
        ("b", array(&[2], &[0.5, -4.0])),
    ]);
    let op = |input| Op::Linear {
        input,
        weight: "w".into(),
        epilogue: Epilogue::bias("b").with_activation(Activation::Relu),
    };
    let y = twin_of(&array(&[2, 3], &[1.0, 0.0, 2.0, 1.0, 1.0, 9.0]), &weights, op);
    // 1 + 6 + 0.5 and -1 + 2 - 4; 1 + 2 + 27 + 0.5 and -1 + 9 - 4.
    assert_eq!((y.shape(), y.data()), (&[2, 2][..], &[7.5, 0.0, 30.5, 4.0][..]), "linear");
}

#[test]
fn residual_is_added_before_the_activation() {
    let weights = named([("w", array(&[2, 2], &[1.0, 0.0, 0.0, -3.0]))]);
    let op = |input| Op::Linear {
        input,
        weight: "w".into(),
        epilogue: activated(Activation::Relu).with_residual(input),
    };
    let y = twin_of(&array(&[1, 2], &[1.0, 2.0]), &weights, op);
    // relu(1 + 1) and relu(-6 + 2).
    assert_eq!(y.data(), [2.0, 0.0], "relu of the sum");
}

#[test]
fn conv2d_by_hand() {
    let weights =
        named([("w", array(&[1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])), ("b", array(&[1], &[100.0]))]);
    let x = array(&[1, 1, 2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let conv = |stride, padding| {
        let weight = "w".into();
        twin_of(&x, &weights, |input| Op::Conv2d {
            input,
            weight,
            upsample: 1,
            stride,
            padding,
            epilogue: Epilogue::bias("b"),
        })
    };
    // 1*1 + 2*2 + 4*3 + 5*4, then one column further.
    assert_eq!(conv([1, 1], [0; 4]).data(), [137.0, 147.0], "no padding");
    // Below and on the right lie zeros.
    let y = conv([1, 2], [0, 1, 0, 1]);
    assert_eq!(
        (y.shape(), y.data()),
        (&[1, 1, 2, 2][..], &[137.0, 121.0, 114.0, 106.0][..]),
        "padding, stride"
    );
}

#[test]
fn conv_transpose2d_by_hand() {
    let weights = named([("w", array(&[1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0]))]);
    let x = array(&[1, 1, 1, 2], &[10.0, 1.0]);
    let conv = |stride, padding, output_padding| {
        let (weight, epilogue) = ("w".into(), Epilogue::default());
        twin_of(&x, &weights, |input| Op::ConvTranspose2d {
            input,
            weight,
            stride,
            padding,
            output_padding,
            epilogue,
        })
    };
    // Two prints of the kernel, overlapping in one column.
    assert_eq!(conv([1, 1], [0, 0], [0, 0]).data(), [10.0, 21.0, 2.0, 30.0, 43.0, 4.0], "stride 1");
    let y = conv([2, 2], [0, 1], [1, 1]);
    // Columns 10 20 1 2 0 lose one on either side but for the additional one.
    assert_eq!(y.shape(), [1, 1, 3, 3], "the shape with output padding");
    assert_eq!(y.data(), [20.0, 1.0, 2.0, 40.0, 3.0, 4.0, 0.0, 0.0, 0.0], "stride 2");
}

#[test]
fn renaming_cutting_and_scaling_by_hand() {
    let x = array(&[2, 4], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    let none = NamedArrays::new();
    let y = twin_of(&x, &none, |input| Op::Reshape { input, shape: vec![2, 2] });
    assert_eq!((y.shape(), y.data()), (&[2, 2, 2][..], x.data()), "reshape");
    let y = twin_of(&x, &none, |input| Op::Slice { input, start: 1, len: 2 });
    assert_eq!((y.shape(), y.data()), (&[2, 2][..], &[2.0, 3.0, 6.0, 7.0][..]), "features");
    let planes = x.reshaped([1, 4, 1, 2]).expect("planes");
    let y = twin_of(&planes, &none, |input| Op::Slice { input, start: 2, len: 2 });
    assert_eq!((y.shape(), y.data()), (&[1, 2, 1, 2][..], &[5.0, 6.0, 7.0, 8.0][..]), "channels");
    let y = twin_of(&planes, &none, |input| Op::Affine { input, scale: 0.5, shift: -1.0 });
    assert_eq!(y.data(), [-0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0], "affine");
}

#[test]
fn activations_by_hand() {
    let x = array(&[1, 4], &[-2.0, 0.0, 1.0, 200.0]);
    let cases = [
        (Activation::None, [-2.0, 0.0, 1.0, 200.0]),
        (Activation::Relu, [0.0, 0.0, 1.0, 200.0]),
        (Activation::LeakyRelu(0.2), [-0.4, 0.0, 1.0, 200.0]),
        (Activation::Silu, [-0.238_405_84, 0.0, 0.731_058_6, 200.0]),
        (Activation::Tanh, [-0.964_027_6, 0.0, 0.761_594_2, 1.0]),
        (Activation::Sigmoid, [0.119_202_92, 0.5, 0.731_058_6, 1.0]),
        (Activation::Gelu, [-0.045_402_3, 0.0, 0.841_192, 200.0]),
    ];
    for (activation, expected) in cases {
        let y = twin_of(&x, &NamedArrays::new(), |input| Op::Activate { input, activation });
        assert_close(y.data(), &expected, Tolerance::TIGHT);
    }
}

#[test]
fn heads_share_a_trunk() {
    let weights =
        named([("w", array(&[4, 1], &[1.0, 2.0, 3.0, 4.0])), ("unused", array(&[1], &[9.0]))]);
    let mut builder = GraphBuilder::new(&[1], &weights).expect("a builder");
    let trunk =
        Op::Linear { input: builder.input(), weight: "w".into(), epilogue: Epilogue::default() };
    let trunk = builder.add("trunk", trunk).expect("a node");
    for (name, start) in [("mean", 0), ("logvar", 2)] {
        let head = builder.add(name, Op::Slice { input: trunk, start, len: 2 }).expect("a node");
        builder.output(name, head).expect("an output");
    }
    let graph = builder.finish().expect("a graph");
    assert_eq!((graph.num_parameters(), graph.flops()), (4, 8), "only what is named counts");
    let outputs = twin::run(&graph, &array(&[1, 1], &[10.0])).expect("a run");
    assert_eq!(outputs["mean"].data(), [10.0, 20.0], "mean");
    assert_eq!(outputs["logvar"].data(), [30.0, 40.0], "logvar");
}

// PyTorch's numbers.

/// The layers of `../shared/oracles/layers` that graphs know, by name.
fn oracle_op(case: &str, input: ValueId, has_bias: bool) -> Op {
    let weight = format!("{case}.weight");
    let epilogue =
        if has_bias { Epilogue::bias(format!("{case}.bias")) } else { Epilogue::default() };
    let transposed = |output_padding| Op::ConvTranspose2d {
        input,
        weight: weight.clone(),
        stride: [2, 2],
        padding: [1, 1],
        output_padding,
        epilogue: epilogue.clone(),
    };
    let conv = |stride, padding| Op::Conv2d {
        input,
        weight: weight.clone(),
        upsample: 1,
        stride: [stride; 2],
        padding,
        epilogue: epilogue.clone(),
    };
    match case {
        "conv3_s1_p1" => conv(1, [1; 4]),
        "conv3_s2_p1" | "conv4_s2_p1" => conv(2, [1; 4]),
        "conv3_s2_pad0101.1" => conv(2, [0, 1, 0, 1]),
        "convT4_s2_p1" => transposed([0, 0]),
        "convT3_s2_p1_op1" => transposed([1, 1]),
        other => panic!("no such layer: {other}"),
    }
}

#[test]
fn layers_match_pytorch() {
    let Some(path) = shared("oracles/layers/io.safetensors") else {
        return;
    };
    let bytes = std::fs::read(path).expect("the oracle");
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let load = |name: &str| {
        let tensor = file.tensor(name).ok()?;
        let values =
            tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        Some(Array::new(tensor.shape(), values.collect()).expect("a shape that fits"))
    };
    let x = load("x").expect("the input");
    let cases = [
        "conv3_s1_p1",
        "conv3_s2_p1",
        "conv4_s2_p1",
        "conv3_s2_pad0101.1",
        "convT4_s2_p1",
        "convT3_s2_p1_op1",
    ];
    for case in cases {
        let names = ["weight", "bias"].map(|part| format!("{case}.{part}"));
        let weights: NamedArrays =
            names.into_iter().filter_map(|name| Some((name.clone(), load(&name)?))).collect();
        let graph =
            graph_of(&x.shape()[1..], &weights, |input| oracle_op(case, input, weights.len() == 2))
                .expect("a graph");
        let expected = load(&format!("{}.y", case.trim_end_matches(".1"))).expect("the output");
        for kind in [EngineKind::Twin, EngineKind::Cpu] {
            let mut runner = Runner::new(kind, &graph, None).expect("a runner");
            let found = &runner.run(&x).expect("a run")["y"];
            assert_eq!(found.shape(), expected.shape(), "shape of {case} on {kind}");
            assert_close(found.data(), expected.data(), Tolerance::TIGHT);
        }
    }
}

// Hostile networks.

#[track_caller]
pub fn assert_refused(result: Result<Graph, GraphError>, words: &str) {
    let message = result.expect_err("should be refused").to_string();
    assert!(message.contains(words), "{message:?} does not say {words:?}");
}

fn conv_graph(
    input: &[usize],
    weight: &[usize],
    stride: [usize; 2],
    padding: [usize; 4],
) -> Result<Graph, GraphError> {
    let weights = named([("w", Array::zeros(weight))]);
    let op = |input| Op::Conv2d {
        input,
        weight: "w".into(),
        upsample: 1,
        stride,
        padding,
        epilogue: Epilogue::default(),
    };
    graph_of(input, &weights, op)
}

fn transposed_graph(
    weight: &[usize],
    stride: [usize; 2],
    padding: [usize; 2],
    output_padding: [usize; 2],
) -> Result<Graph, GraphError> {
    let weights = named([("w", Array::zeros(weight))]);
    let (name, epilogue) = ("w".into(), Epilogue::default());
    graph_of(&[3, 4, 4], &weights, |input| Op::ConvTranspose2d {
        input,
        weight: name,
        stride,
        padding,
        output_padding,
        epilogue,
    })
}

#[test]
fn impossible_inputs_are_refused() {
    let none = NamedArrays::new();
    for shape in [&[][..], &[3, 0], &[usize::MAX, 3], &[1 << 20, 1 << 20]] {
        let error = GraphBuilder::new(shape, &none).expect_err("should be refused").to_string();
        assert!(error.contains(&format!("{shape:?}")), "{error:?} does not show {shape:?}");
    }
}

#[test]
fn impossible_convolutions_are_refused() {
    let fits = conv_graph(&[3, 8, 8], &[5, 3, 3, 3], [1, 1], [0; 4]).expect("a graph that fits");
    assert_eq!(fits.output_shape("y"), Some(&[5, 6, 6][..]), "its shape");
    assert_refused(
        conv_graph(&[3, 8, 8], &[5, 4, 3, 3], [1, 1], [0; 4]),
        "input channels: found 3, expected 4",
    );
    assert_refused(
        conv_graph(&[24], &[5, 3, 3, 3], [1, 1], [0; 4]),
        "input shape: found [24], expected [in, h, w]",
    );
    assert_refused(
        conv_graph(&[3, 8, 8], &[5, 3, 3], [1, 1], [0; 4]),
        "expected [out, in, kh, kw] or [out, in]",
    );
    assert_refused(conv_graph(&[3, 8, 8], &[5, 3, 3, 3], [0, 1], [0; 4]), "stride: found [0, 1]");
    assert_refused(
        conv_graph(&[3, 8, 8], &[5, 3, 3, 3], [1, 1], [usize::MAX; 4]),
        "padding: found",
    );
    assert_refused(
        conv_graph(&[3, 2, 8], &[5, 3, 3, 3], [1, 1], [0; 4]),
        "rows with padding: found 2, expected at least",
    );
    assert_refused(conv_graph(&[3, 8, 8], &[5, 3, 0, 3], [1, 1], [0; 4]), "found [5, 3, 0, 3]");
    let huge = 1 << 16;
    assert_refused(
        conv_graph(&[1, 1, 1], &[1, 1, 1, 1], [1, 1], [huge; 4]),
        "output shape: found [1, 131073, 131073]",
    );
}

#[test]
fn impossible_transposed_convolutions_are_refused() {
    let fits = transposed_graph(&[3, 2, 4, 4], [2, 2], [1, 1], [0, 0]).expect("a graph that fits");
    assert_eq!(fits.output_shape("y"), Some(&[2, 8, 8][..]), "its shape");
    assert_eq!(fits.flops(), 2 * 16 * 3 * 2 * 16, "two per multiply-add");
    assert_refused(
        transposed_graph(&[2, 3, 4, 4], [2, 2], [1, 1], [0, 0]),
        "input channels: found 3, expected 2",
    );
    assert_refused(
        transposed_graph(&[3, 2, 4, 4], [2, 2], [1, 1], [2, 0]),
        "output padding: found [2, 0]",
    );
    assert_refused(
        transposed_graph(&[3, 2, 4, 4], [1, 1], [4, 0], [0, 0]),
        "rows: found 7, expected more than the 8",
    );
}

#[test]
fn impossible_linear_layers_are_refused() {
    let linear = |input: &[usize], weight: Array, bias: Array| {
        let weights = named([("w", weight), ("b", bias)]);
        graph_of(input, &weights, |input| Op::Linear {
            input,
            weight: "w".into(),
            epilogue: Epilogue::bias("b"),
        })
    };
    assert!(linear(&[3], Array::zeros([2, 3]), Array::zeros([2])).is_ok(), "one that fits");
    assert_refused(
        linear(&[4], Array::zeros([2, 3]), Array::zeros([2])),
        "input features: found 4, expected 3",
    );
    assert_refused(
        linear(&[3], Array::zeros([2, 3]), Array::zeros([3])),
        "shape of bias `b`: found [3], expected [2]",
    );
    assert_refused(linear(&[3, 1], Array::zeros([2, 3]), Array::zeros([2])), "expected [in]");
    let mut broken = Array::zeros([2, 3]);
    broken.data_mut()[4] = f32::NAN;
    assert_refused(
        linear(&[3], broken, Array::zeros([2])),
        "weight `w`: found 1 of 6 values that are not finite",
    );
}

#[test]
fn impossible_references_are_refused() {
    let weights = named([("w", Array::zeros([2, 3]))]);
    let relu = |input| Op::Activate { input, activation: Activation::Relu };
    let mut other = GraphBuilder::new(&[3], &weights).expect("a builder");
    let mut foreign = other.input();
    for name in ["a", "b"] {
        foreign = other.add(name, relu(foreign)).expect("a node");
    }
    let linear = |residual| Op::Linear {
        input: other.input(),
        weight: "w".into(),
        epilogue: Epilogue { residual, ..Epilogue::default() },
    };
    assert_refused(graph_of(&[3], &weights, |_| relu(foreign)), "reads value 2: found 1 values");
    assert_refused(graph_of(&[3], &weights, |_| linear(Some(foreign))), "reads value 2");
    assert_refused(
        graph_of(&[3], &weights, |input| linear(Some(input))),
        "residual shape: found [3], expected [2]",
    );
    assert_refused(
        graph_of(&[3], &NamedArrays::new(), |_| linear(None)),
        "weight `w`: found nothing",
    );
    assert_refused(graph_of(&[3], &weights, |_| Op::Input), "one input");
    let mut builder = GraphBuilder::new(&[3], &weights).expect("a builder");
    let value = builder.add("a", relu(builder.input())).expect("a node");
    let twice = GraphError::DuplicateName { name: "a".to_owned() };
    assert_eq!(builder.add("a", relu(value)), Err(twice.clone()), "two nodes of one name");
    assert!(builder.output("y", foreign).is_err(), "an output that does not exist");
    assert_refused(builder.finish(), "names no output");
}

#[test]
fn impossible_numbers_are_refused() {
    let none = NamedArrays::new();
    let of = |op: &dyn Fn(ValueId) -> Op| graph_of(&[4, 2], &none, op);
    assert_refused(of(&|input| Op::Reshape { input, shape: vec![3, 3] }), "found 9, expected 8");
    assert_refused(of(&|input| Op::Reshape { input, shape: vec![usize::MAX, 2, 8] }), "new shape");
    assert_refused(
        of(&|input| Op::Slice { input, start: 3, len: 2 }),
        "found (3, 2), expected within 4",
    );
    assert_refused(of(&|input| Op::Slice { input, start: 1, len: usize::MAX }), "slice");
    assert_refused(of(&|input| Op::Slice { input, start: 1, len: 0 }), "slice");
    assert_refused(
        of(&|input| Op::Affine { input, scale: f32::INFINITY, shift: 0.0 }),
        "scale: found inf",
    );
    let leaky = Activation::LeakyRelu(f32::NAN);
    assert_refused(of(&|input| Op::Activate { input, activation: leaky }), "slope: found NaN");
}

#[test]
fn weights_are_replaced_only_by_their_like() {
    let weights = named([("w", array(&[1, 1], &[2.0])), ("more", Array::zeros([5]))]);
    let op = |input| Op::Linear { input, weight: "w".into(), epilogue: Epilogue::default() };
    let graph = graph_of(&[1], &weights, op).expect("a graph");
    let newer = graph.with_weights(&named([("w", array(&[1, 1], &[3.0]))])).expect("newer weights");
    assert!(newer.same_structure(&graph), "the structure stays");
    let y = twin::run(&newer, &array(&[1, 1], &[5.0])).expect("a run");
    assert_eq!(y["y"].data(), [15.0], "the newer weight");
    assert_refused(
        graph.with_weights(&NamedArrays::new()),
        "node `node`: weight `w`: found nothing",
    );
    assert_refused(
        graph.with_weights(&named([("w", Array::zeros([1, 2]))])),
        "found [1, 2], expected [1, 1]",
    );
    assert_refused(graph.with_weights(&named([("w", array(&[1, 1], &[f32::NAN]))])), "not finite");
}

#[test]
fn inputs_are_checked() {
    let graph =
        graph_of(&[2], &NamedArrays::new(), |input| Op::Affine { input, scale: 1.0, shift: 0.0 })
            .expect("a graph");
    for shape in [&[2][..], &[0, 2], &[1, 3], &[1, 2, 1], &[]] {
        let input = Array::zeros(shape);
        let refused = EngineError::Input { found: shape.to_vec(), expected: vec![2] };
        assert_eq!(twin::run(&graph, &input), Err(refused.clone()), "twin, {shape:?}");
        let mut cpu = Runner::new(EngineKind::Cpu, &graph, None).expect("a runner");
        assert_eq!(cpu.run(&input), Err(refused), "cpu, {shape:?}");
    }
}

// Plans.

/// Ten convolutions in a row, each with the one before last as its residual, with a reshape in between.
fn long_graph() -> Graph {
    let weights = named([("w", Array::zeros([2, 2, 3, 3]))]);
    let mut builder = GraphBuilder::new(&[2, 4, 4], &weights).expect("a builder");
    let mut values = vec![builder.input()];
    for index in 0..10 {
        let input = values[index];
        let residual = values.get(index.wrapping_sub(1)).copied();
        let epilogue = Epilogue { residual, ..Epilogue::default() };
        let conv = Op::Conv2d {
            input,
            weight: "w".into(),
            upsample: 1,
            stride: [1, 1],
            padding: [1; 4],
            epilogue,
        };
        let conv = builder.add(format!("conv{index}"), conv).expect("a node");
        let flat = builder
            .add(format!("flat{index}"), Op::Reshape { input: conv, shape: vec![32] })
            .expect("a node");
        let planes = Op::Reshape { input: flat, shape: vec![2, 4, 4] };
        values.push(builder.add(format!("planes{index}"), planes).expect("a node"));
    }
    builder.output("y", values[10]).expect("an output");
    builder.finish().expect("a graph")
}

#[test]
fn plans_reuse_buffers_and_never_write_what_they_read() {
    let plan = Plan::new(&long_graph(), 3);
    assert_eq!(plan.buffers, [96; 4], "the input and three that take turns");
    assert_eq!(plan.passes.len(), 10, "reshapes cost nothing");
    for pass in &plan.passes {
        assert!(pass.reads().all(|read| read != pass.output), "{} writes what it reads", pass.node);
        assert_ne!(pass.output, 0, "{} writes the input", pass.node);
    }
}

#[test]
fn batches_fit_limits_or_are_refused() {
    let graph = long_graph();
    assert_eq!(largest_batch(&graph, 100, 1000), Ok(3), "one buffer is the limit");
    assert_eq!(largest_batch(&graph, 1000, 256), Ok(2), "all buffers are the limit");
    assert_eq!(largest_batch(&graph, 1000, 1), Ok(1), "one item always fits the total");
    let refused = EngineError::TooLarge {
        what: "bytes of the largest value of one item".into(),
        found: 128,
        limit: 124,
    };
    assert_eq!(largest_batch(&graph, 31, 1000), Err(refused), "one item does not fit a buffer");
}
