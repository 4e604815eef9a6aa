//! What a network needs at once of a device: the largest tensor of its weights, and the largest of what its layers put
//! out. An adapter binds no buffer beyond its limit; what is larger makes its driver fail in the middle.

use super::Net;
use super::blocks::MapShape;
use crate::types::counted;

/// The largest buffers of a network for pictures of one size, as 32-bit floats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LargestBuffers {
    weights: (String, u64),
    /// For one picture.
    output: (String, u64),
    /// All weights together.
    all_weights: u64,
    /// All that a step of training keeps of one picture.
    kept: u64,
    /// One picture as it is put in, and the largest of what is computed of it.
    looked_at: u64,
}

/// Why a network does not run on a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooLarge {
    #[error(
        "the weights {name} need a buffer of {} MB, and the largest of this device is {} MB: use --device cpu, an adapter \
         with larger buffers, or a smaller network", mb(*bytes), mb(*most)
    )]
    Weights { name: String, bytes: u64, most: u64 },
    #[error(
        "the layer {name} needs a buffer of {} MB for {} at once, and the largest of this device is {} MB: \
         take up to {fit} at once, or --device cpu", mb(*bytes), counted(*pictures, "picture", "pictures"), mb(*most)
    )]
    Pictures { name: String, pictures: usize, bytes: u64, most: u64, fit: usize },
    #[error(
        "{pictures} at once need {} MB of memory at least, which this computer does not have: {}", mb(*bytes),
        match fit { 0 => "take a smaller network, or smaller pictures".to_owned(), fit => format!("take up to {fit} at once") }
    )]
    Memory { pictures: String, bytes: u64, fit: usize },
}

/// Bytes for so many pictures.
fn need(before: u64, each: u64, pictures: usize) -> u64 {
    each.saturating_mul(pictures as u64).saturating_add(before)
}

fn held(
    what: &str,
    wanted: usize,
    need: &dyn Fn(usize) -> u64,
    can_reserve: &dyn Fn(u64) -> bool,
) -> Result<(), TooLarge> {
    if can_reserve(need(wanted)) {
        return Ok(());
    }
    // More need more: the last that is held is found by halving.
    let (mut fit, mut refused) = (0, wanted);
    while refused - fit > 1 {
        let middle = fit + (refused - fit) / 2;
        match can_reserve(need(middle)) {
            true => fit = middle,
            false => refused = middle,
        }
    }
    let pictures = format!("{} {what}", counted(wanted, "picture", "pictures"));
    Err(TooLarge::Memory { pictures, bytes: need(wanted), fit })
}

fn mb(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}

impl LargestBuffers {
    /// For pictures of so many rows and columns. Draws no weights.
    pub fn of(net: &Net, [height, width]: [usize; 2]) -> Self {
        let bytes = |shape: &[usize]| 4 * shape.iter().map(|&side| side as u64).product::<u64>();
        let weights: Vec<(String, u64)> =
            net.parameters().into_iter().map(|(name, shape)| (name, bytes(&shape))).collect();
        let layers = net.table(MapShape::new(3, height, width)).layers;
        // The pictures themselves are one, too.
        let input = ("of the input".to_owned(), bytes(&[3, height, width]));
        let computed: Vec<(String, u64)> = layers.into_iter().map(|row| (row.name, row.activation_bytes)).collect();
        let looked_at = input.1 + computed.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0);
        let outputs = computed.into_iter().chain([input]);
        let all_weights = weights.iter().map(|(_, bytes)| bytes).sum();
        let outputs: Vec<(String, u64)> = outputs.collect();
        let kept = outputs.iter().map(|(_, bytes)| bytes).sum();
        let [weights, output] = [weights, outputs].map(|all| all.into_iter().max_by_key(|(_, bytes)| *bytes));
        Self { weights: weights.unwrap_or_default(), output: output.unwrap_or_default(), all_weights, kept, looked_at }
    }

    /// Of a network that is no embedding network: its weights, the pictures and what is computed of them, as far as it is
    /// known.
    pub(super) fn known(all_weights: u64, input: u64, (name, computed): (&str, u64)) -> Self {
        let weights = ("of all layers together".to_owned(), all_weights);
        let output = (name.to_owned(), computed.max(input));
        Self { weights, output, all_weights, kept: input + computed, looked_at: input + computed }
    }

    /// Refuses to time so many pictures at once, which are held meanwhile, where not even they, the weights and the
    /// largest of what is computed of them could be held.
    ///
    /// # Errors
    /// With as many as fit.
    pub fn fit_beside_pictures(&self, pictures: usize, can_reserve: impl Fn(u64) -> bool) -> Result<(), TooLarge> {
        held("to be timed", pictures, &|pictures| need(self.all_weights, self.looked_at, pictures), &can_reserve)
    }

    /// Refuses to learn from so many pictures at once, and to embed so many, where not even the weights with their
    /// gradients and what is computed of the pictures could be held. A device of its own memory is asked by
    /// [`Self::fit`].
    ///
    /// # Errors
    /// With as many as fit.
    pub fn fit_in_memory(
        &self,
        learned: usize,
        embedded: usize,
        can_reserve: impl Fn(u64) -> bool,
    ) -> Result<(), TooLarge> {
        let learning = |pictures| need(2 * self.all_weights, self.kept, pictures);
        let embedding = |pictures| need(self.all_weights, self.output.1, pictures);
        held("to be learned from", learned, &learning, &can_reserve)?;
        held("to be embedded", embedded, &embedding, &can_reserve)
    }

    /// How many pictures, of those that are wanted at once, a device takes whose largest buffer is `most`.
    ///
    /// # Errors
    /// Where it takes none.
    pub fn pictures_that_fit(&self, most: Option<u64>, wanted: usize) -> Result<usize, TooLarge> {
        let Some(most) = most else { return Ok(wanted) };
        let (name, bytes) = self.weights.clone();
        if bytes > most {
            return Err(TooLarge::Weights { name, bytes, most });
        }
        match usize::try_from(most / self.output.1.max(1)).unwrap_or(usize::MAX) {
            0 => Err(self.too_many(1, most, 0)),
            fit => Ok(fit.min(wanted)),
        }
    }

    /// Refuses so many pictures at once where they do not fit.
    pub fn fit(&self, most: Option<u64>, pictures: usize) -> Result<(), TooLarge> {
        match (self.pictures_that_fit(most, pictures)?, most) {
            (fit, Some(most)) if fit < pictures => Err(self.too_many(pictures, most, fit)),
            _ => Ok(()),
        }
    }

    fn too_many(&self, pictures: usize, most: u64, fit: usize) -> TooLarge {
        let (name, bytes) = self.output.clone();
        TooLarge::Pictures { name, pictures, bytes: bytes.saturating_mul(pictures as u64), most, fit }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::networks::nets::catalogue::{NetOptions, build, card};

    fn buffers(name: &str) -> LargestBuffers {
        let input = card(name, &NetOptions::default()).unwrap().input;
        let net = build(name, &NetOptions::default(), &Device::flex()).unwrap();
        LargestBuffers::of(&net, [input.height as usize, input.width as usize])
    }

    /// Table 1 of the FaceNet paper: fc1 has 7·7·256 inputs and 32·128 maxout units of 2, 103 M parameters; llvmpipe binds
    /// 128 MiB.
    #[test]
    fn nn1_is_too_large_for_a_software_adapter_and_it_is_said_what_of_it() {
        let nn1 = buffers("nn1");
        assert!(nn1.weights.1 > 400_000_000, "{nn1:?}");
        let told = nn1.fit(Some(128 << 20), 1).unwrap_err().to_string();
        assert!(told.contains("135 MB") && told.contains("--device cpu"), "{told}");
        assert_eq!(nn1.fit(None, 1000), Ok(()));
    }

    #[test]
    fn of_the_computers_own_memory_it_is_said_how_many_pictures_it_holds() {
        let nn2 = buffers("nn2");
        let memory = 2 * nn2.all_weights + 100 * nn2.kept;
        let at_most = |bytes: u64| bytes <= memory;
        assert_eq!(nn2.fit_in_memory(100, 100, at_most), Ok(()));
        let told = nn2.fit_in_memory(1_000_000_000, 1, at_most).unwrap_err().to_string();
        assert!(told.contains("to be learned from") && told.contains("take up to 100 at once"), "{told}");
        let told = nn2.fit_in_memory(1, 1_000_000_000, at_most).unwrap_err().to_string();
        assert!(told.contains("to be embedded"), "{told}");
        let told = nn2.fit_in_memory(1, 1, |_| false).unwrap_err().to_string();
        assert!(told.starts_with("1 picture ") && told.contains("a smaller network"), "{told}");
    }

    #[test]
    fn pictures_that_are_held_count_beside_the_weights_and_what_is_computed_of_them() {
        let nn2 = buffers("nn2");
        let pixels = 4 * 3 * 224 * 224;
        assert!(nn2.looked_at > pixels && nn2.looked_at - pixels <= nn2.output.1, "{nn2:?}");
        let memory = nn2.all_weights + 10 * nn2.looked_at;
        assert_eq!(nn2.fit_beside_pictures(10, |bytes| bytes <= memory), Ok(()));
        // Their pixels alone would fit many times.
        let told = nn2.fit_beside_pictures(11, |bytes| bytes <= memory).unwrap_err().to_string();
        assert!(told.contains("11 pictures to be timed") && told.contains("take up to 10 at once"), "{told}");
    }

    #[test]
    fn it_is_said_how_many_pictures_fit() {
        let nn2 = buffers("nn2");
        let most = 10 * nn2.output.1;
        assert_eq!(nn2.pictures_that_fit(Some(most.max(nn2.weights.1)), 10), Ok(10));
        let told = nn2.fit(Some(most), 64).unwrap_err().to_string();
        assert!(told.contains("take up to 10 at once"), "{told}");
        assert!(nn2.fit(Some(most), 10).is_ok());
    }
}
