//! Where in a file a network's tensors stand: training scripts and wrappers put words before every name (`module.`,
//! `state_dict.model.`, `_orig_mod.`), and keep heads, teachers and averages beside the network.
//!
//! A network is looked for by one of its own names at the end of the file's names; what stands before it is the prefix.

use std::collections::{BTreeMap, BTreeSet};

use super::{TensorFile, WeightsError};

/// No more places than this are looked at: a state dict in a checkpoint has two or three.
const PLACES_AT_MOST: usize = 64;

/// What stands before `marker` wherever a name of the file ends with it; the empty prefix where a name is it. Shorter
/// prefixes first.
pub(crate) fn prefixes(file: &TensorFile, marker: &str) -> Vec<String> {
    let mut found: BTreeSet<(usize, &str)> = BTreeSet::new();
    for name in file.all_names() {
        let Some(prefix) = name.strip_suffix(marker).filter(|prefix| prefix.is_empty() || prefix.ends_with(['.', '/']))
        else {
            continue;
        };
        found.insert((prefix.len(), prefix));
        if found.len() > PLACES_AT_MOST {
            found.pop_last();
        }
    }
    found.into_iter().map(|(_, prefix)| prefix.to_owned()).collect()
}

/// The beginning that all names share, up to a dot or slash: told, where no network was found.
pub(crate) fn common_prefix(file: &TensorFile) -> &str {
    let mut names = file.all_names();
    let Some(first) = names.next() else { return "" };
    let shared = names.fold(first.len(), |shared, name| {
        first.bytes().zip(name.bytes()).take(shared).take_while(|(a, b)| a == b).count()
    });
    let end = first.as_bytes()[..shared].iter().rposition(|byte| matches!(byte, b'.' | b'/'));
    end.map_or("", |end| &first[..=end])
}

/// The tensors under a prefix, without it.
pub(crate) fn under(file: TensorFile, prefix: &str) -> Result<TensorFile, WeightsError> {
    if prefix.is_empty() { Ok(file) } else { file.renamed(|name| name.strip_prefix(prefix).map(str::to_owned)) }
}

/// What compilers, and what spreads parts of a network over machines or computes them twice, put between the words of
/// names.
const WRAPPERS: [&str; 6] =
    ["module", "_module", "_orig_mod", "_forward_module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

/// The tensors without the words of wrappers, wherever those stand, and the words that were found. None where there are
/// none, or where two tensors would be called alike.
pub(crate) fn unwrapped(file: &TensorFile) -> Option<(TensorFile, Vec<&'static str>)> {
    let words = |name: &str| name.split('.').map(str::to_owned).collect::<BTreeSet<_>>();
    let all: BTreeSet<String> = file.all_names().flat_map(words).collect();
    let found: Vec<&str> = WRAPPERS.into_iter().filter(|wrapper| all.contains(*wrapper)).collect();
    let bare = |name: &str| name.split('.').filter(|word| !found.contains(word)).collect::<Vec<_>>().join(".");
    let apart = file.all_names().map(bare).collect::<BTreeSet<_>>().len() == file.all_names().count();
    let inner = (apart && !found.is_empty()).then(|| file.clone().renamed(|name| Some(bare(name))).ok())??;
    Some((inner, found))
}

/// The parts of a file beside a prefix, each by its first word, with how many tensors it has.
pub(crate) fn beside(file: &TensorFile, prefix: &str) -> Vec<(String, usize)> {
    let mut parts: BTreeMap<&str, usize> = BTreeMap::new();
    if !prefix.is_empty() {
        for name in file.names().filter(|name| !name.starts_with(prefix)) {
            // As far as both go together, and one word more.
            let shared = name.bytes().zip(prefix.bytes()).take_while(|(a, b)| a == b).count();
            let end = name[shared..].find(['.', '/']).map_or(name.len(), |end| shared + end);
            *parts.entry(&name[..end]).or_default() += 1;
        }
    }
    parts.into_iter().map(|(part, count)| (part.to_owned(), count)).collect()
}

/// Whether a place holds an average or a teacher of the network that is trained: taken only where that is not there.
pub(crate) fn is_secondary(prefix: &str) -> bool {
    const WORDS: [&str; 8] = ["ema", "teacher", "target", "momentum", "swa", "average", "shadow", "averaged"];
    prefix.split(['.', '/', '_']).any(|word| {
        let word = word.to_ascii_lowercase();
        WORDS.contains(&&*word) || word.ends_with("ema")
    })
}

/// Whether a tensor belongs to what a training puts on top of a network: the classifier over the training's people.
pub(crate) fn is_head(name: &str) -> bool {
    const HEADS: [&str; 11] = [
        "logits",
        "classifier",
        "head",
        "margin",
        "criterion",
        "loss",
        "arcface",
        "metric_fc",
        "parallel_fc",
        "classification",
        "product",
    ];
    name.split(['.', '/']).next().is_some_and(|first| HEADS.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::super::NamedTensor;
    use super::*;

    fn file(names: &[&str]) -> TensorFile {
        let mut file = TensorFile::default();
        for name in names {
            file.insert(NamedTensor::new(*name, vec![1], vec![0.0]).unwrap()).unwrap();
        }
        file
    }

    #[test]
    fn a_network_is_found_wherever_it_stands() {
        let file =
            file(&["state_dict.module.conv1.weight", "state_dict.module.fc.bias", "ema.conv1.weight", "xconv1.weight"]);
        assert_eq!(prefixes(&file, "conv1.weight"), ["ema.", "state_dict.module."]);
        assert_eq!(beside(&file, "state_dict.module."), [("ema".to_owned(), 1), ("xconv1".to_owned(), 1)]);
        assert!(is_secondary("ema.") && is_secondary("model_ema.module.") && is_secondary("teacher.backbone."));
        assert!(!is_secondary("state_dict.module.") && !is_secondary("student."));
        let found = under(file, "state_dict.module.").unwrap();
        assert_eq!(found.names().collect::<Vec<_>>(), ["conv1.weight", "fc.bias"]);
    }

    #[test]
    fn wrappers_within_names_are_taken_out_where_that_leaves_names_apart() {
        let (inner, words) = unwrapped(&file(&["a._orig_mod.b.module.weight", "c.weight"])).unwrap();
        assert_eq!(inner.names().collect::<Vec<_>>(), ["a.b.weight", "c.weight"]);
        assert_eq!(words, ["module", "_orig_mod"]);
        assert!(unwrapped(&file(&["a.module.weight", "a.weight"])).is_none());
        assert!(unwrapped(&file(&["a.weight", "modules.b"])).is_none());
    }

    #[test]
    fn the_shared_beginning_ends_with_a_word() {
        assert_eq!(
            common_prefix(&file(&["model.backbone.conv1.weight", "model.backbone.conv1.bias"])),
            "model.backbone.conv1."
        );
        assert_eq!(common_prefix(&file(&["module.conv", "module.cat"])), "module.");
        assert_eq!(common_prefix(&file(&["conv", "cat"])), "");
        assert_eq!(common_prefix(&file(&["_orig_mod.öa", "_orig_mod.ób"])), "_orig_mod.");
    }
}
