//! Reasons for a low score, found by measuring, and the evaluations that avoid them.

use crate::app::evaluate::job::check::CheckOutcome;
use crate::app::evaluate::job::setup::EvaluationSetup;

#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    pub(crate) outcome: CheckOutcome,
    /// One a finding; None where the model's own preprocessing has to be put right.
    pub(crate) suggestions: Vec<Option<SuggestedEvaluation>>,
}

/// An evaluation that avoids the fault.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SuggestedEvaluation {
    WithoutDetector(EvaluationSetup),
    /// As the model says, instead of the given embeddings.
    EmbedHere(EvaluationSetup),
}

impl SuggestedEvaluation {
    pub fn label_key(&self) -> &'static str {
        match self {
            Self::WithoutDetector(_) => "suggest_without_detector",
            Self::EmbedHere(_) => "suggest_embed_here",
        }
    }

    pub fn setup(&self) -> &EvaluationSetup {
        match self {
            Self::WithoutDetector(setup) | Self::EmbedHere(setup) => setup,
        }
    }
}
