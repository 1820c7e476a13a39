//! What a description names, and how much of it there is.

use super::{Conv, Description, Keys, Latent, Layer};

impl Layer {
    /// The names of its tensors, those of inner layers left out.
    fn own_names(&self) -> Vec<String> {
        let parts = |key: &str, parts: &[&str]| {
            parts.iter().map(|part| format!("{key}.{part}")).collect::<Vec<_>>()
        };
        match self {
            Self::Conv(Conv { keys, .. })
            | Self::ConvTranspose { keys, .. }
            | Self::Linear { keys } => keys.names().collect(),
            Self::BatchNorm { key, .. } => {
                parts(key, &["weight", "bias", "running_mean", "running_var"])
            }
            Self::GroupNorm { key, .. } => parts(key, &["weight", "bias"]),
            Self::Attention { keys, .. } => keys.iter().flat_map(Keys::names).collect(),
            Self::Residual { .. }
            | Self::Activation { .. }
            | Self::Upsample { .. }
            | Self::Reshape { .. }
            | Self::Flatten
            | Self::Affine { .. }
            | Self::Clamp { .. } => Vec::new(),
        }
    }

    /// The lists of its inner layers.
    fn inner(&self) -> [&[Self]; 2] {
        match self {
            Self::Residual { layers, shortcut } => [layers, shortcut],
            _ => [&[], &[]],
        }
    }
}

impl Keys {
    fn names(&self) -> impl Iterator<Item = String> {
        [Some(&self.weight), self.bias.as_ref()].into_iter().flatten().cloned()
    }
}

impl Description {
    /// The names of all tensors, in the order of the layers; shared ones more than once.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.visit(&mut |layer, _| names.extend(layer.own_names()));
        if let Latent::Codes { codebook, .. } = &self.latent {
            names.push(codebook.clone());
        }
        names
    }

    /// The number of layers, inner ones counted, and how deep the deepest of them lies.
    pub(super) fn extent(&self) -> (usize, usize) {
        let (mut count, mut deepest) = (0, 0);
        self.visit(&mut |_, depth| (count, deepest) = (count + 1, deepest.max(depth)));
        (count, deepest)
    }

    /// Calls `see` with every layer and its depth, which is 1 for outer ones.
    fn visit(&self, see: &mut dyn FnMut(&Layer, usize)) {
        fn visit_list(layers: &[Layer], depth: usize, see: &mut dyn FnMut(&Layer, usize)) {
            for layer in layers {
                see(layer, depth);
                layer.inner().into_iter().for_each(|list| visit_list(list, depth + 1, see));
            }
        }
        visit_list(&self.encoder, 1, see);
        if let Latent::Layers { mean, logvar } = &self.latent {
            visit_list(mean, 1, see);
            visit_list(logvar, 1, see);
        }
        visit_list(&self.decoder, 1, see);
    }
}
