//! Every shader is valid, lies in memory as its Rust mirror says, and has a twin and a test. Needs no GPU.

use std::collections::BTreeMap;
use std::fs;
use std::mem::offset_of;
use std::path::{Path, PathBuf};

use wgpu::naga;
use zscope::engine::dispatch::{OF_NEIGHBOURS, OF_SEARCHES, OF_SUMS, Tile};
use zscope::engine::params::{
    AdamParams, ArgMaxParams, AttentionParams, CachedAttentionParams, ChannelSumsParams,
    Conv2dParams, ConvTranspose2dParams, DrawParams, ElementwiseParams, GatherParams,
    GroupNormParams, KernelGradientParams, LANES, LatentMixParams, LayerNormParams, LinearParams,
    ModulateParams, NearestCodeParams, PLACE_BLOCK, PartSumsParams, PixelsParams, WORKGROUP_SIZE,
};
use zscope::engine::shader::{Shader, WeightStorage, resolve_imports};

/// Size and field offsets of a params struct.
type Layout = (usize, Vec<(String, usize)>);

macro_rules! mirrors {
    ($($mirror:ident { $($field:ident),* $(,)? })*) => {
        BTreeMap::from([$((
            stringify!($mirror).to_owned(),
            (size_of::<$mirror>(), vec![$((stringify!($field).to_owned(), offset_of!($mirror, $field))),*]),
        )),*])
    };
}

fn mirrors() -> BTreeMap<String, Layout> {
    mirrors! {
        LinearParams {
            rows, in_features, out_features, has_bias, has_residual, activation, slope, pad0,
        }
        Conv2dParams {
            batch, in_channels, in_height, in_width, out_channels, out_height, out_width, kernel_height,
            kernel_width, stride_y, stride_x, pad_top, pad_left, has_bias, has_residual, activation, slope,
            upsample, pad0, pad1,
        }
        ConvTranspose2dParams {
            batch, in_channels, in_height, in_width, out_channels, out_height, out_width, kernel_height,
            kernel_width, stride_y, stride_x, pad_top, pad_left, has_bias, has_residual, activation, slope,
            pad0, pad1, pad2,
        }
        GroupNormParams { items, channels, plane, groups, epsilon, activation, slope, pad0 }
        ModulateParams { planes, height, width, step, activation, slope, pad0, pad1 }
        LayerNormParams { items, channels, plane, epsilon }
        AttentionParams { sequences, dim, tokens, scale, causal, pad0, pad1, pad2 }
        CachedAttentionParams { items, heads, dim, streams, slots, scale, pad0, pad1 }
        ElementwiseParams {
            items, in_len, out_len, start, scale, shift, activation, slope, has_limits, lo, hi, pad0,
        }
        LatentMixParams { items, dim, spherical, pad0 }
        NearestCodeParams { vectors, plane, dim, codes, first, pad0, pad1, pad2 }
        ArgMaxParams { places, plane, codes, first }
        GatherParams { items, plane, dim, codes, first, pad0, pad1, pad2 }
        DrawParams { items, codes, streams, pad0 }
        PixelsParams { items, channels, height, width, columns, lo, scale, pad0 }
        KernelGradientParams {
            batch, coarse_channels, coarse_height, coarse_width, fine_channels, fine_height, fine_width,
            kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, parts, part_len, has_sums,
            kernel_len, part_stride, pad0, pad1,
        }
        ChannelSumsParams { batch, channels, plane, parts, part_len, pad0, pad1, pad2 }
        PartSumsParams { parts, len, pad0, pad1 }
        AdamParams { len, beta_1, beta_2, rate, epsilon, shrink, pad0, pad1 }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files in `folder` that are shaders, by stem.
fn shader_files(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the folder of shaders") {
        let path = entry.expect("an entry of the folder of shaders").path();
        if path.extension().is_some_and(|extension| extension == "wgsl") {
            let stem = path.file_stem().expect("a file has a stem").to_string_lossy().into_owned();
            files.insert(stem, fs::read_to_string(&path).expect("a readable shader"));
        }
    }
    files
}

/// The module of a shader, or what is wrong with it.
fn validated(source: &str) -> Result<naga::Module, String> {
    let source = resolve_imports(source).map_err(|error| error.to_string())?;
    let module =
        naga::front::wgsl::parse_str(&source).map_err(|error| error.emit_to_string(&source))?;
    // What every Vulkan, Metal and DX12 has: reading halves out of words. Subgroups are asked for before they are used.
    let capabilities =
        naga::valid::Capabilities::SHADER_FLOAT16_IN_FLOAT32 | naga::valid::Capabilities::SUBGROUP;
    let mut validator =
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), capabilities);
    validator.validate(&module).map_err(|error| error.emit_to_string(&source))?;
    Ok(module)
}

fn modules() -> BTreeMap<String, naga::Module> {
    let files = shader_files(&root().join("shaders"));
    let valid =
        files.into_iter().filter_map(|(stem, source)| Some((stem, validated(&source).ok()?)));
    valid.collect()
}

/// Those that compute; shaders that only draw need no twin.
fn compute_modules() -> BTreeMap<String, naga::Module> {
    let computes = |module: &naga::Module| {
        module.entry_points.iter().any(|entry| entry.stage == naga::ShaderStage::Compute)
    };
    modules().into_iter().filter(|(_, module)| computes(module)).collect()
}

fn assert_none(failures: &[String]) {
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The shader of which another one does the same without tiles.
fn specified(stem: &str) -> &str {
    stem.trim_end_matches("_serial")
}

/// `conv_transpose2d` becomes `ConvTranspose2dParams`.
fn params_name(stem: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    specified(stem).split('_').map(word).collect::<String>() + "Params"
}

fn reflected(module: &naga::Module, name: &str) -> Option<Layout> {
    let (_, found) = module.types.iter().find(|(_, found)| found.name.as_deref() == Some(name))?;
    let naga::TypeInner::Struct { members, span } = &found.inner else {
        return None;
    };
    let field = |member: &naga::StructMember| {
        let name = member.name.clone().unwrap_or_default();
        (name.trim_start_matches('_').to_owned(), member.offset as usize)
    };
    Some((*span as usize, members.iter().map(field).collect()))
}

#[test]
fn every_shader_is_valid() {
    let files = shader_files(&root().join("shaders"));
    assert!(!files.is_empty(), "there are shaders");
    let failure = |(stem, source): (&String, &String)| {
        Some(format!("{stem}.wgsl: {}", validated(source).err()?))
    };
    assert_none(&files.iter().filter_map(failure).collect::<Vec<_>>());
}

#[test]
fn the_validator_sees_a_mistake() {
    assert!(validated("fn f() -> u32 { return 1.5; }").is_err(), "a wrong type");
    assert!(validated("#import nothing.wgsl").is_err(), "an import of nothing");
}

#[test]
fn the_program_holds_every_shader() {
    let on_disk: Vec<String> = compute_modules().into_keys().collect();
    let mut held: Vec<&str> = Shader::ALL.iter().map(|shader| shader.stem()).collect();
    held.sort_unstable();
    assert_eq!(held, on_disk, "the shaders of the program and those on disk");
    for shader in Shader::ALL {
        let text = fs::read_to_string(root().join(format!("shaders/{}.wgsl", shader.stem())))
            .expect("its file");
        let resolved = resolve_imports(&text).expect("its imports");
        let source = |weights| shader.source(weights, None).expect("its source");
        assert_eq!(source(WeightStorage::Single), resolved, "{} is embedded", shader.stem());
        let tiles: &[(Tile, u32)] = match shader {
            _ if !text.contains("#import tile.wgsl") => &[],
            Shader::NearestCode => &OF_SEARCHES,
            _ => &OF_SUMS,
        };
        for (tile, _) in tiles {
            let tiled = shader.source(WeightStorage::Single, Some(*tile)).expect("its source");
            assert!(validated(&tiled).is_ok(), "{tile:?} of {}", shader.stem());
            assert_eq!(tiled == resolved, *tile == Tile::WIDE, "{tile:?} of {}", shader.stem());
        }
        if text.contains("#import own_reads.wgsl") {
            for channels in OF_NEIGHBOURS {
                let tile = Tile { channels, places: PLACE_BLOCK };
                let together =
                    shader.source(WeightStorage::Single, Some(tile)).expect("its source");
                assert!(together.contains("subgroupBroadcast"), "{} together", shader.stem());
                assert!(together.contains(&format!("CHANNEL_TILE: u32 = {channels}u;")), "rows");
                let valid = validated(&together);
                assert!(valid.is_ok(), "{tile:?} of {}: {valid:?}", shader.stem());
            }
        }
        let halves = source(WeightStorage::Half);
        assert!(validated(&halves).is_ok(), "{} over halves", shader.stem());
        let has_weights = text.contains("#import weight.wgsl");
        assert_eq!(halves != resolved, has_weights, "{} over halves", shader.stem());
    }
}

#[test]
fn every_shared_file_is_imported() {
    let shaders: String = shader_files(&root().join("shaders")).into_values().collect();
    for (stem, source) in shader_files(&root().join("shaders/shared")) {
        // Halves stand in for what is imported, and what neighbours read together for what each reads itself.
        let stem = stem.trim_start_matches("half_").replace("shared_reads", "own_reads");
        assert!(shaders.contains(&format!("#import {stem}.wgsl")), "nothing imports {stem}.wgsl");
        assert!(!source.contains("#import"), "{stem}.wgsl imports: imports have one level");
    }
}

#[test]
fn params_lie_in_memory_as_their_mirrors() {
    let mirrors = mirrors();
    let mut failures = Vec::new();
    for (stem, module) in compute_modules() {
        let name = params_name(&stem);
        let (found, expected) = (reflected(&module, &name), mirrors.get(&name));
        if found.as_ref() != expected {
            failures.push(format!("{name}: shader {found:?}, mirror {expected:?}"));
        }
        if expected.is_some_and(|(size, _)| size % 16 != 0) {
            failures.push(format!("{name}: not a multiple of four scalars"));
        }
    }
    assert_none(&failures);
}

#[test]
fn constants_are_those_of_the_program() {
    let known = [("LANES", LANES), ("PLACE_BLOCK", PLACE_BLOCK)];
    let mut checked = 0;
    for (stem, module) in compute_modules() {
        let has_tiles =
            module.constants.iter().any(|(_, constant)| constant.name.as_deref() == Some("LANES"));
        let invocations = if has_tiles { LANES } else { WORKGROUP_SIZE };
        for entry in &module.entry_points {
            assert_eq!(entry.workgroup_size, [invocations, 1, 1], "workgroups of {stem}");
        }
        for (_, constant) in module.constants.iter() {
            let name = constant.name.as_deref().unwrap_or_default();
            let Some((_, expected)) = known.iter().find(|(known, _)| *known == name) else {
                continue;
            };
            let found = &module.global_expressions[constant.init];
            let expected = naga::Expression::Literal(naga::Literal::U32(*expected));
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{name} of {stem}");
            checked += 1;
        }
    }
    assert_eq!(checked, 9, "block sizes that were compared");
}

#[test]
fn every_shader_has_a_twin_and_a_test() {
    let files = [
        "engine_matches_twin.rs",
        "planes/passes.rs",
        "quantization/passes.rs",
        "tokens/passes.rs",
    ];
    let read = |file| fs::read_to_string(root().join("tests/all").join(file)).expect("the tests");
    let tests: String = files.into_iter().map(read).collect();
    let mut failures = Vec::new();
    for stem in compute_modules().into_keys() {
        if !root().join(format!("src/engine/twin/{}.rs", specified(&stem))).exists() {
            failures.push(format!("{stem}.wgsl has no twin in src/engine/twin/{stem}.rs"));
        }
        if !tests.contains(&format!("#[test]\nfn {stem}_matches_twin()")) {
            failures.push(format!(
                "{stem}.wgsl has no test {stem}_matches_twin in {}",
                files.join(" or ")
            ));
        }
    }
    assert_none(&failures);
}
