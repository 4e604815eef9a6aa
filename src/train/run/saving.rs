//! What a run leaves on the disk: checkpoints while it learns, and the network that it hands on.

use burn::module::Module;

use super::{RunOutcome, TrainError, Trained, TrainingRun};
use crate::networks::nets::EmbeddingNet;
use crate::networks::weights::{collect, save};
use crate::train::checkpoint::{Checkpoint, CheckpointState};
use crate::train::ema::Ema;
use crate::train::events::{ClosingReport, StopReason, TrainEvent};
use crate::train::sampler::SamplerPosition;
use crate::train::times::Lap;

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
        folder.save(&Checkpoint {
            state,
            weights: collect(&self.net)?,
            optimiser: self.optimiser.state()?,
            average: self.average.as_ref().map(Ema::state).transpose()?,
        })?;
        if self.trunk.is_none() {
            folder.forget_features()?;
        }
        self.saved_at = Some(self.step);
        self.times.saving_secs += lap.secs();
        (self.emit)(TrainEvent::Saved { step: self.step });
        Ok(())
    }

    pub(super) fn finish(mut self, reason: StopReason) -> Result<Trained<N>, TrainError> {
        let reason = match self.judge_at_the_end(reason) {
            Err(TrainError::Interrupted(reason)) => reason,
            judged => judged.map(|()| reason)?,
        };
        if reason != StopReason::Discarded {
            self.save()?;
        }
        let (judged, net) = match self.best.take() {
            Some((report, net)) => (Some(report), net),
            None => (None, self.inference_net()),
        };
        if let Some(folder) = &self.folder
            && reason != StopReason::Discarded
        {
            save(&net, &self.card, &folder.model())?;
            if reason != StopReason::Cancelled {
                // Once the run has ended nobody would look for them.
                folder.forget_features()?;
                folder.keep_end(reason, self.step, judged.as_ref())?;
            }
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
            judged,
            skipped_pictures: self.skipped.len(),
        };
        Ok(Trained { net, outcome })
    }
}
