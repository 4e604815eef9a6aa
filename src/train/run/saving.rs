//! What a run leaves on the disk: checkpoints while it learns, and the network that it hands on.

use burn::module::Module;

use super::{RunOutcome, TrainError, Trained, TrainingRun};
use crate::networks::nets::EmbeddingNet;
use crate::networks::weights::{ModelCard, collect, save};
use crate::train::checkpoint::{Checkpoint, CheckpointState, RunFolder};
use crate::train::ema::Ema;
use crate::train::events::{ClosingReport, StopReason, TrainEvent};
use crate::train::sampler::SamplerPosition;
use crate::train::times::Lap;
use crate::train::validate::ValidationReport;

impl<N: Module + EmbeddingNet> TrainingRun<'_, N> {
    /// Writes a checkpoint, unless this step has one.
    pub(super) fn save(&mut self) -> Result<(), TrainError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        if self.saved_at == Some(self.step) {
            return Ok(());
        }
        let mut lap = Lap::start();
        let mut state = CheckpointState::new(SamplerPosition(self.step), self.elapsed_secs());
        state.best = self.best.as_ref().map(|(report, _)| report.clone());
        state.first_judged = self.first_judged.clone();
        state.judged = self.judged.clone();
        state.plan = self.plan.clone();
        state.skipped = self.skipped.clone();
        let checkpoint = Checkpoint {
            state,
            weights: collect(&self.net)?,
            optimiser: self.optimiser.state()?,
            average: self.average.as_ref().map(Ema::state).transpose()?,
        };
        // Nobody could go on from a ruined network: the checkpoint before it stays the newest.
        if !checkpoint.is_finite() {
            return Ok(());
        }
        folder.save(&checkpoint)?;
        if self.trunk.is_none() {
            folder.forget_features()?;
        }
        self.saved_at = Some(self.step);
        self.times.saving_secs += lap.secs();
        (self.emit)(TrainEvent::Saved { step: self.step });
        Ok(())
    }

    pub(super) fn finish(&mut self, reason: StopReason) -> Result<Trained<N>, TrainError> {
        if reason != StopReason::Discarded {
            self.save()?;
        }
        let handed_on = self.handed_on()?;
        if reason != StopReason::Discarded {
            self.write_model(&handed_on)?;
        }
        let HandedOn { net, step, judged } = handed_on;
        if let Some(folder) = &self.folder
            && !matches!(reason, StopReason::Discarded | StopReason::Cancelled)
        {
            // Once the run has ended nobody would look for them.
            folder.forget_features()?;
            folder.keep_end(reason, self.step, step, judged.as_ref())?;
        }
        let elapsed_secs = self.elapsed_secs();
        let times = self.times_until(elapsed_secs);
        // A run that goes on tells it then.
        if reason != StopReason::Cancelled {
            let closing = ClosingReport { step: self.step, elapsed_secs, times };
            if let Some(folder) = self.folder.as_mut().filter(|_| reason != StopReason::Discarded) {
                folder.closing(&closing)?;
            }
            (self.emit)(TrainEvent::Closed(closing));
        }
        let outcome = RunOutcome {
            parameters: net.num_params(),
            steps: self.step,
            reason,
            elapsed_secs,
            model_step: step,
            judged,
            skipped_pictures: self.skipped.len(),
        };
        Ok(Trained { net, outcome })
    }

    /// After an error, which is told instead of any other that comes of it. Where a disk has no room for a checkpoint it
    /// may have some for the network alone.
    pub(super) fn leave(&mut self) {
        if self.step == 0 {
            return;
        }
        let _ = self.save();
        let _ = self.handed_on().and_then(|handed_on| self.write_model(&handed_on));
    }

    /// Its file says after how many steps it is what it is, however the run ends.
    fn write_model(&self, handed_on: &HandedOn<N>) -> Result<(), TrainError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let card = ModelCard { run_step: Some(handed_on.step), ..self.card.clone() };
        Ok(save(&handed_on.net, &card, &folder.model())?)
    }

    /// The network that was judged best, or else the newest that is not ruined.
    fn handed_on(&self) -> Result<HandedOn<N>, TrainError> {
        if let Some((report, net)) = &self.best {
            return Ok(HandedOn { net: net.clone(), step: report.step, judged: Some(report.clone()) });
        }
        let net = self.inference_net();
        let ruined = collect(&net)?.iter().any(|tensor| tensor.data.iter().any(|value| !value.is_finite()));
        let newest = self.folder.as_ref().filter(|_| ruined).map(RunFolder::newest).transpose()?.flatten();
        Ok(match newest {
            Some(newest) => HandedOn { net: self.network_of(&newest)?, step: newest.state.position.0, judged: None },
            None => HandedOn { net, step: self.step, judged: None },
        })
    }
}

struct HandedOn<N> {
    net: N,
    step: u64,
    judged: Option<ValidationReport>,
}
