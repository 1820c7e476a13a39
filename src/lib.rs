//! Zscope, an oscilloscope for latent spaces.
//!
//! # The way of the data
//!
//! ```text
//!  sources ─▶ data ─▶ train ─────────▶ (config, named arrays) ─lower─▶ graph ─▶ engine ─▶ texture ─▶ ui
//!  (files,     batches  worker thread,        ▲                          plain     WGSL       egui
//!  procedural)          burn modules          │                          network   passes
//!                         │             formats ◀─ checkpoints
//!                         │                                              latent, metrics: pure mathematics
//!                         └─ events, latest values ─▶ session ─▶ ui ─commands─▶ app
//! ```
//!
//! The hub is [`graph`]: a trained or opened network as plain data, free of burn and of wgpu.
//! Live weights from a trainer, a run directory and a foreign checkpoint all reach it through
//! the same lowering, a function of (config, named arrays). [`engine`] then runs a graph with
//! WGSL compute passes, with burn tensors on the CPU, or with the scalar twins that specify both.
//!
//! State travels on three roads: small [`event::Event`]s over a bounded channel, heavy values in a
//! [`latest::Latest`] slot that keeps only the newest, and requests of which only the last is served.
//!
//! `tests/all/architecture.rs` enforces who may import whom.
//!
//! # Where things are
//!
//! - Plain types that cross every border lie at the root: [`mod@array`], [`panics`], [`picture`], [`random`], [`latest`],
//!   [`event`], [`watch`], [`language`], and [`codec`], the one trait that every way of running a model fulfils (the engines, and
//!   the training module itself), so that evaluation, reconstruction and the command line are written once.
//! - An architecture's description (for example [`graph::lower::vae::VaeConfig`]) lies beside its lowering
//!   rather than in [`model`]: it is plain data, and the burn module and the graphs are both built from it.
//! - [`open`] joins files, graphs and engines into the model that a person names.
//!
//! # Choices that building it settled
//!
//! - Parameters travel by [`model::params`], a visitor of our own, rather than by burn-store: that one aborts
//!   the process when anything panics while tensors are put into a module, and keys nothing by PyTorch's
//!   layouts on the way out.
//! - Normalizations are modules of our own ([`model::group_norm`], [`model::batch_norm`]): burn's have other
//!   parameter names than PyTorch's, and its batch normalization moves its statistics within the forward pass, kept
//!   for every thread, towards the biased variance.
//! - Adam's arithmetic is burn's, its state is ours, by parameter path: burn keys it by ids that a
//!   safetensors file does not carry.
//! - A checkpoint counts only when all of it is there: `state.json` parses and both tensor files are as long
//!   as their headers say. A model whose measures on held-out images are no numbers is not saved at all.
//! - Whether there is a real GPU is asked of the kernel's device files first (on Linux): starting Vulkan only
//!   to find a software adapter costs a command line a tenth of a second and prints drivers' complaints.
//! - On a real GPU burn chooses and compiles its kernels in the first updates, 20 seconds to a minute on an NVIDIA H200
//!   by Vulkan, and again at every start: its feature `persistence`, which would keep the choices, brings an SQL database
//!   of a hundred crates that needs libclang to build. A run says that it begins slowly.
//! - Weights in half precision ([`engine::EngineKind::WgslHalf`]) are words of two halves that shaders unpack, so that no
//!   device needs an extension for them; sums, values, biases and codebooks stay `f32`.
//! - A VQ-VAE's squared errors reach its logits by the sigmoid's slope and by a small constant one
//!   ([`model::vq_vae`]): behind a saturated sigmoid nothing came back, and dSprites stayed black.
//! - How codes are used ([`metrics::code_use`]) is counted on the host from what a block of steps tells, so that
//!   a codebook's two clocks, deaths and births cost training no sync point of their own; a checkpoint keeps it
//!   in `codes.safetensors`.
//! - How vectors become codes is a description of its own, [`graph::lower::quantizer`], which any family can have.
//!   The codebooks of several quantizers lie in one weight and count as one codebook of all their codes: counting,
//!   restarts and every view work on them unchanged, and only [`latent::CodeSpace`] knows which codes go together.
//! - A description of a model is one trait, [`graph::lower::Architecture`], with a task: reconstruct, generate,
//!   classify, or only quantize. What follows a family asks the task, so that one without an encoder, or without a decoder, is no
//!   special case. Networks are lowered anew from (config, tensors) whenever weights change, as normalizations,
//!   classes and derived codebooks are folded into weights on the way.
//! - Penalties on a discriminator's slope take the gradient of |g| from a pass of tangents along g / |g|, which is
//!   exact; burn differentiates once. The difference of scores on either side of the image, which was tried first,
//!   agreed with PyTorch on a small critic and drowned in the turns of rectifiers on a real one.
//! - A generator is judged by no loss: its newest checkpoint counts as its best. Its measures take the average of its
//!   weights and, where it knows classes, all of them in turn.
//! - Terms of a loss that are weighed by their gradients ([`model::adaptive`]) are taken back to the images one by one,
//!   and from there through the whole network together: burn differentiates once, and going back uses a graph up.
//! - Arrays share their values until one of them changes its own: a checkpoint's tensors, the graphs made of them and
//!   the CPU engine's large kernels are one copy.
//! - Convolutions are our own on the CPU ([`fused`]), for networks that learn and for the CPU engine: planes lie with their
//!   zeros in one line, where a tap meets all places at one offset, so that there are no columns to lay out, and sums stay in
//!   registers. A megabyte is worked on at once, bands of rows where planes are large. Flex lays columns out and takes the
//!   gradient of kernels as a convolution by kernels as large as planes. Between many planes, kernels of 3×3 and of 4×4 at a
//!   stride of two are taken in tiles by minimal filters, with less than half and little more than half of the products.
//! - The search for codes on the CPU multiplies bytes where the processor can, with a bound on how far that is off, and
//!   scores in single precision the few codes that are left: the same results in half to a quarter of the time. Calling a function that
//!   is compiled for those instructions is, beside loops without counters in shaders, the only `unsafe` of the program.
//! - Work that a training repeats for the window, as searching images for codes, is as little urgent as the training
//!   ([`urgency`]), and a thread that has made something asks for one frame; egui paints two for what cannot wait at all.
//! - Networks that learn on a graphics device run convolutions, the search for codes and Adam's rule by shaders of ours over
//!   burn's tensors ([`engine`]'s `learning`), those of decoding among them. burn launches a shader's text as a kernel and
//!   defers it among what it fuses; it refuses WGSL where it compiles to SPIR-V, which this program is built without. An
//!   update there waits for its launches, of which burn's convolutions and optimizer made more than half, and burn chooses among
//!   kernels of its own by trials that take most of the first minute.
//! - Sums have two shaders each: in tiles that a workgroup shares, of a size that suits how many there are, and without, for
//!   processors that imitate a graphics device, to which shared memory is nothing ([`engine::dispatch`]).
//! - Values larger than a graphics device's buffers fall into bands of channels before the passes are planned
//!   ([`engine::split`]): a network of more and smaller values, with the operations that graphs have, so that no
//!   shader knows of it.
//! - A run tells a [`watch::Watch`] how far it is, after every layer and every band, and asks it whether to go on.
//! - What a window wants of the thread that decodes is a list of its own, [`session::wanted`], without threads: newest
//!   weights, newest point, its whole picture, then tiles of the pad, the nearest to the point first. A whole picture and
//!   tiles are watched runs that end as soon as a newer point is wanted.
//! - Models are measured side by side by one job ([`measure::side_by_side`]) that tells what it finds as events;
//!   [`session::evaluate`] makes the table of them, which the window draws and every export writes. Pictures go past it.
//! - Images for a model to mend are spoilt in the training loop, after augmentation, so that the key is a live one; a
//!   learner gets what the encoder sees beside the clean images. Held-out images are spoilt by their number alone
//!   ([`data::corrupt::Corruption::apply_to_held_out`]): every run, checkpoint and batch is measured on the same ones.
//!   Losses of another corruption are those of another task, so the best checkpoint is one of the newest corruption.
//! - A model of no standard layout is told of by its layers in order, in TOML ([`formats::described`]). Only the weights
//!   have shapes there: a description becomes a configuration when tensors fix the rest. Its text is walked by hand, as
//!   a mistake's line is lost where a parser chooses between kinds of layers by a tag.
//! - Models of other libraries become (config, named arrays) in [`formats::foreign`], which knows names and files and
//!   nothing of engines: tensors are renamed to those of one description ([`graph::lower::vq_model`] for all that have
//!   the layout of latent diffusion), the network is told from their shapes where no configuration says it, and none is
//!   read before its name and shape are known to be right. Networks of convolutions alone are lowered again for images
//!   of another size ([`open::Opened::at`]).
//! - PyTorch's pickles are read by a reader of our own: the crate that burn links refuses dictionaries whose keys are no
//!   texts, which every checkpoint of Lightning with callbacks has, and bounds neither how many objects a short archive
//!   unpacks to nor how often one is visited.
//! - An opened autoencoder is trained on as a `vqgan` that has its network, whatever the recipe's keys say: they cannot
//!   name every shape that exists ([`train::init::Init`]).
//! - UMAP and t-SNE run in a process of their own ([`layout::process`]), the program itself behind a hidden verb: making
//!   a graph of neighbours' weights or an epoch of t-SNE takes the libraries longer than a hand that cancels
//!   should wait, neither can be ended from outside, and both take every core that they find. A process is killed at
//!   once, and has threads of its own. Neighbours are exact, by matrix products over at most 50 principal components
//!   ([`latent::nearest_rows`]). Of the library for UMAP only the graph is used: its moves have another gradient than
//!   the paper's, and make a ball of everything.
//! - The map's points are one triangle each, drawn by a paint callback with places and colours from storage buffers: half
//!   of a square's corners, and none at all in vertex buffers. A software adapter takes 30 ms for 70,000 of them: there
//!   their picture is kept, moved and scaled with the map, and drawn anew a part in a frame; a real device draws all.
//! - On a software adapter the program paints what egui draws itself (`app::painter`, a plugin of egui): egui's own shader
//!   has a branch for tests that mixes texels by hand, Mesa works out both sides of a branch for every pixel, and a frame
//!   took two and a half times as long.
//! - What a code looks like alone is the middle of a uniform picture; of a large network only a grid of four by four
//!   cells is decoded for it ([`measure::code_tiles`]), where the network takes grids of any size.
//! - A stroke on the code map is one edit: panels tell where it begins, and [`session::canvas`], pure functions of grids,
//!   says which cells each touch means.
//! - Looking inside of networks is arithmetic on graphs ([`graph`]'s `part` and `perturbed`): a value becomes an output,
//!   a channel's change a sum with a residual over that channel alone, so that every engine runs it unchanged and its
//!   strength is but a weight. Only what is shown is computed, on a thread of its own ([`measure::inside`]).
//! - Which channels are dead is told by the watched images too ([`measure::inside`]): one after another, while nothing
//!   else is wanted, with only the extremes of each channel kept. A round of them ends with the weights that it began
//!   with, so that a model that learns is judged at all.
//! - A discriminator becomes a graph only where it is looked into
//!   ([`graph::lower::Architecture::lower_discriminator`]): folding its normalizations and singular values at every
//!   update would be paid by everybody who trains against one.
//! - The CPU engine is written once and also runs on burn's tape ([`engine::gradient`]), whole planes instead of bands:
//!   inversion of decoders ([`measure::invert`]) needs no second description of a network.
//! - Sliders of directions ([`session::directions`]) are sums onto the point at which they were taken hold of, not a second
//!   set of coordinates: whatever else moves the point puts them back to zero. States that they made are remembered by the
//!   point, so that the explorer's own undoing gives them back.
//! - The views of a model are tiles ([`ui::Dock`]); what surrounds them (data and training, the inspector, the curves) are
//!   panels with widths in points, as forms do not scale. An arrangement is kept as plain data of our own
//!   ([`ui::Shape`]), not as the tree of the library: whatever a file holds becomes one that can be shown, or none.
//! - Small pictures beside the pad (traversals, bookmarks, stations, directions) are sheets ([`session::sheets`]): a view
//!   says in every frame of what points it shows pictures, and only those that changed are drawn, after the point and the pad.
//! - A prior over codes holds its autoencoder's tensors, unchanged, beside its own: every checkpoint opens whole, and as the
//!   autoencoder wherever nothing asks for a prior. The codes of training images are computed when one is first met and kept
//!   in the run's directory (`codes-train.safetensors`): encoding is paid once, and never for images that no update sees.
//! - On the CPU an update of a prior or a VQ-VAE is worked at in as many parts as there are threads ([`train`]'s `parts`),
//!   each with a copy of the network: Flex takes one core for most operations, and parts that shared parameters would share
//!   a graph, through which burn's tape goes back for one of them at a time. What a run learns depends on the number of threads
//!   by rounding alone.
//! - GELU and the softmax of attention are operations of our own on Flex ([`fused`]), with their ways back: burn
//!   takes them apart into two dozen passes over the widest values that a transformer has. A graphics device fuses them.
//! - The allocator is mimalloc: updates take and free the same tensors again and again, and the C library gave their pages
//!   back in between, which the kernel zeroed anew.
//! - A trainer beside a window leaves it a core, and is less urgent than its threads: a frame is short and an update long.
//! - Graphs have no sum of two values but a convolution's residual. So a transformer's tokens lie in a narrower table and
//!   are widened by a layer that takes the places' vectors as its residual
//!   ([`graph::lower::transformer`]), which costs fewer parameters besides.
//! - A prior that knows texts tells them in sequences with the codes of their images, in either order; a place keeps its
//!   row in the table of positions in both, so that what is learnt of a cell in one order serves the other. A shared
//!   vocabulary of codes and tokens lets one transformer do both; draws are bounded to the part that a place is one of.
//! - An autoencoder of images and texts ([`graph::lower::multimodal`]) lowers as a VQ-VAE wherever nothing asks for texts.
//!   Its reader tells of every cell how probable each code is, by a transformer that knows all codes; vectors of texts that
//!   chose the nearest code, as those of images do, were tried first and drew codes of their own away from the images'.
//!   Its writer is a prior that tells texts behind codes ([`graph::lower::multimodal::MultimodalConfig::captioner`]), so that
//!   drawing and measuring captions was there already.
//! - Drawing from priors ([`sample`]) stands beside [`measure`], above engines and below whoever looks: the window, the
//!   command line and measures draw the same codes from a seed, one by one with the engine's cache of what came before.
//! - What another text changes in a picture ([`sample::Sampler::changes`]) is told along a draft of the changed picture, on
//!   two streams side by side: judged beside the old picture, the rest of a thing is right once its first codes are known.
//! - Texts of the window are their own keys in the files of other languages ([`language`]): the code reads as the window
//!   does, and a test reads the code for texts without a translation. The language belongs to the window's thread, as the
//!   ground does; what other threads and the command line say stays English.
//! - Captions become numbers by byte-level BPE of Hugging Face's library, built without its C and C++ parts. A
//!   `tokenizer.json` is read for its merges alone and must be what [`text`] would write of them: the library panics at
//!   merges that do not fit its vocabulary, and settings of a stranger could run any regular expression.
//! - Whether a model drew what a caption asked for is read from the pixels by plain code ([`metrics::read_attributes`]), not
//!   by a network that would have errors of its own to be measured.
//! - Colours depend on the ground, dark or light, which belongs to the window's thread ([`ui::theme`]): a parameter
//!   through every function that draws would say the same in a thousand places.

pub mod array;
pub mod codec;
pub mod data;
pub mod engine;
pub mod event;
pub mod formats;
pub mod fused;
pub mod graph;
pub mod language;
pub mod latent;
pub mod latest;
pub mod layout;
pub mod measure;
pub mod metrics;
pub mod model;
pub mod open;
pub mod panics;
pub mod picture;
pub mod random;
pub mod sample;
pub mod session;
pub mod text;
pub mod train;
pub mod urgency;
pub mod watch;

pub mod app;
pub mod cli;
pub mod ui;
