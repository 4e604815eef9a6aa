//! The protocol check of a run, and what its findings suggest.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::app::engine::networks::EngineOptions;
use crate::app::engine::progress::JobEvent;
use crate::app::engine::shared::Shared;
use crate::app::engine::workers::LoadedNetworks;
use crate::app::evaluate::job::check::CheckConfig;
use crate::app::evaluate::job::check::alternatives::PossibleFault;
use crate::app::evaluate::job::checked::{Checked, SuggestedEvaluation};
use crate::app::evaluate::job::evaluation::{EmbeddingsFile, EvaluationContext};
use crate::app::evaluate::job::runs::{PairSources, record, sources};
use crate::app::evaluate::job::setup::{EvaluationOptions, EvaluationSetup, Subject};
use crate::types::{Cancel, FaceCrop, ModelId};

/// What a run was made from, as its folder says.
struct RunSource {
    model: ModelId,
    list: PathBuf,
    images: PathBuf,
    crop: Option<FaceCrop>,
    /// The file of embeddings, where they were not made here.
    given: Option<PathBuf>,
}

pub fn run(
    shared: &Shared,
    networks: &mut LoadedNetworks,
    folder: &Path,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Checked> {
    let asked = asked(folder)?;
    let options = EngineOptions { model: Some(asked.model.0.clone()), ..shared.options() };
    let mut on = EvaluationContext { home: &shared.home, networks, options, cancel, events };
    let given = asked.given.clone().map(EmbeddingsFile::at);
    let outcome = on.check_pairs(given.as_ref(), &config(&asked), |own| *own)?;
    let suggestions = outcome.findings.iter().map(|finding| suggestion(&asked, finding.suspect)).collect();
    Ok(Checked { outcome, suggestions })
}

fn config(asked: &RunSource) -> CheckConfig {
    let usual = CheckConfig::of(asked.list.clone(), asked.images.clone());
    CheckConfig { crop: asked.crop.unwrap_or(usual.crop), ..usual }
}

fn asked(folder: &Path) -> Result<RunSource> {
    let (PairSources { list, images, crop }, input) = sources(folder)?;
    let result = record(folder, "result.json")?;
    Ok(RunSource {
        model: ModelId(result["model"].as_str().unwrap_or_default().to_owned()),
        list: list.context("only evaluations of a list of pairs can be checked")?,
        images: images.context("the check needs the folder of images; evaluate again with it")?,
        given: input.filter(|_| crop.is_none()),
        crop,
    })
}

/// Evaluating again in a way that avoids the fault. Wrong preprocessing is put right where the model was imported.
fn suggestion(asked: &RunSource, suspect: PossibleFault) -> Option<SuggestedEvaluation> {
    let setup = |crop: FaceCrop| EvaluationSetup {
        subject: Subject::PairList,
        pairs: Some(asked.list.clone()),
        threshold_from: None,
        images: Some(asked.images.clone()),
        embeddings: Vec::new(),
        models: vec![asked.model.clone()],
        options: EvaluationOptions { crop, ..EvaluationOptions::default() },
    };
    match (suspect, &asked.given) {
        (PossibleFault::SkippedPairs, _) => Some(SuggestedEvaluation::WithoutDetector(setup(FaceCrop::CENTRE))),
        (_, Some(_)) => Some(SuggestedEvaluation::EmbedHere(setup(FaceCrop::Central))),
        // Faces were cut without a detector.
        (PossibleFault::Alignment | PossibleFault::CropMargin, None)
            if matches!(asked.crop, Some(FaceCrop::Centre { .. } | FaceCrop::AsStored)) =>
        {
            Some(SuggestedEvaluation::EmbedHere(setup(FaceCrop::Central)))
        }
        (_, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(crop: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            r#"{{"config":{{"list":"/l/pairs.txt","images":"/l/images","crop":{crop}}},"inputs":[{{"path":"/e.jsonl"}}]}}"#
        );
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        std::fs::write(folder.path().join("result.json"), r#"{"model":"m"}"#).unwrap();
        folder
    }

    #[test]
    fn what_was_embedded_elsewhere_is_embedded_here() {
        let given = asked(folder("null").path()).unwrap();
        assert_eq!(config(&given), CheckConfig::of("/l/pairs.txt".into(), "/l/images".into()));
        assert_eq!((given.model.0.as_str(), given.given.as_deref()), ("m", Some(Path::new("/e.jsonl"))));
        assert!(
            matches!(suggestion(&given, PossibleFault::Channels), Some(SuggestedEvaluation::EmbedHere(setup)) if setup.missing().is_none())
        );
        let here = asked(folder("\"largest\"").path()).unwrap();
        assert_eq!((here.crop, here.given.as_deref()), (Some(FaceCrop::Largest), None));
        assert_eq!(suggestion(&here, PossibleFault::Channels), None);
        assert!(matches!(
            suggestion(&here, PossibleFault::SkippedPairs),
            Some(SuggestedEvaluation::WithoutDetector(_))
        ));
        let stored = asked(folder("\"as_stored\"").path()).unwrap();
        assert!(matches!(suggestion(&stored, PossibleFault::Alignment), Some(SuggestedEvaluation::EmbedHere(_))));
    }
}
