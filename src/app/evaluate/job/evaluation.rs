//! An evaluation put together: vectors from where they are to be had, judged by a protocol. Command line and window both
//! come here, and only say what was chosen.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::app::engine::home::Home;
use crate::app::engine::networks::{Engine, EngineOptions, choose_device};
use crate::app::engine::progress::JobEvent;
use crate::app::engine::workers::LoadedNetworks;
use crate::app::evaluate::job::check::{CheckConfig, CheckOutcome, eval_check};
use crate::app::evaluate::job::count::PairCounter;
use crate::app::evaluate::job::folder::eval_folder;
use crate::app::evaluate::job::images::{embed_plain, labelled_images};
use crate::app::evaluate::job::inputs::{FaceInputs, Photos, read_embeddings};
use crate::app::evaluate::job::library_faces::library_faces;
use crate::app::evaluate::job::pairs::{Lists, eval_images, eval_pairs};
use crate::app::evaluate::job::pairs_config::PairsConfig;
use crate::app::evaluate::job::sensitivity::{SensitivityConfig, SensitivityOutcome, eval_sensitivity, read_list};
use crate::app::evaluate::job::training::eval_training;
use crate::app::evaluate::job::variants::{eval_dimensions, eval_networks};
use crate::app::evaluate::job::video::{VideoConfig, VideoOutcome, eval_video, listed_frames};
use crate::app::jobs::input_file::{ListFormat, read_pairs};
use crate::app::jobs::repeat::{Repeat, RepeatOn};
use crate::eval::Run;
use crate::eval::sensitivity::Study;
use crate::networks::models::Store;
use crate::types::{Cancel, FaceCrop, Preprocessing};

/// What an evaluation works with.
pub(crate) struct EvaluationContext<'a> {
    pub home: &'a Home,
    pub networks: &'a mut LoadedNetworks,
    /// The network that is judged, and where it runs.
    pub options: EngineOptions,
    pub cancel: &'a Cancel,
    pub events: &'a mut dyn FnMut(JobEvent),
}

/// Where the vectors of a labelled set come from.
#[derive(Debug, Clone)]
pub(crate) enum FacesFrom {
    Embeddings {
        file: EmbeddingsFile,
        /// The folder of the embedded images, for pictures in the report.
        images: Option<PathBuf>,
    },
    /// Images in one sub-folder a person, embedded now.
    Images { folder: PathBuf, crop: FaceCrop },
    /// The named faces of the library.
    Library,
}

/// What a study of sensitivity goes by.
#[derive(Debug, Clone)]
pub(crate) enum StudyFrom {
    /// The pictures of its list.
    Pictures,
    /// Embeddings of them that are there already.
    Embeddings(PathBuf),
    /// A finished training run, repeated at each level.
    TrainingRun { run: PathBuf, levels: Vec<usize>, repeat: Repeat },
}

/// Embeddings that are there already.
#[derive(Debug, Clone)]
pub(crate) struct EmbeddingsFile {
    pub path: PathBuf,
    /// The list of its images, where it is a NumPy array and the list does not lie beside it.
    pub images: Option<PathBuf>,
    /// Embeddings of the mirrored images.
    pub mirrored: Option<PathBuf>,
}

impl EmbeddingsFile {
    pub fn at(path: PathBuf) -> Self {
        Self { path, images: None, mirrored: None }
    }

    pub fn read(&self) -> Result<FaceInputs> {
        read_embeddings(&self.path, self.images.as_deref())
    }

    fn read_mirrored(&self) -> Result<Option<FaceInputs>> {
        self.mirrored.as_deref().map(|file| read_embeddings(file, self.images.as_deref())).transpose()
    }
}

impl EvaluationContext<'_> {
    /// The networks, and who hears how far they are.
    pub fn engine(&mut self) -> Result<(&Engine, &mut dyn FnMut(JobEvent))> {
        Ok((self.networks.engine(&self.options, self.cancel, self.events)?, self.events))
    }

    /// The same for the pictures of a folder, which must be there: that is seen before minutes are spent on models.
    fn engine_for(&mut self, folder: Option<&Path>) -> Result<(&Engine, &mut dyn FnMut(JobEvent))> {
        let missing = folder.filter(|folder| !folder.is_dir());
        missing.map_or(Ok(()), |folder| bail!("there is no folder of images at {}", folder.display()))?;
        self.engine()
    }

    pub fn faces(&mut self, from: &FacesFrom) -> Result<FaceInputs> {
        match from {
            FacesFrom::Embeddings { file, images } => {
                let folder = images.clone();
                let photos = folder.map_or(Photos::Unknown, |folder| Photos::Folder { folder, crop: None, rule: None });
                Ok(FaceInputs { photos, ..file.read()? })
            }
            FacesFrom::Images { folder, crop } => {
                let (own, cancel) = (self.home.own_folders(), self.cancel);
                let images = labelled_images(folder, &own, cancel, &mut |text| self.note(text))?;
                self.embedded(folder, &images, *crop)
            }
            FacesFrom::Library => library_faces(self.home, &self.options.model_id()),
        }
    }

    /// Embeds the images at `paths` below `folder`.
    pub fn embedded(&mut self, folder: &Path, paths: &[String], crop: FaceCrop) -> Result<FaceInputs> {
        let (home, cancel) = (self.home, self.cancel);
        let (engine, events) = self.engine_for(Some(folder))?;
        embed_plain(home, engine, (folder, paths), crop, cancel, events)
    }

    /// A list of pairs: by ready embeddings where there are any, else by its images, embedded now.
    pub fn judge_pairs(&mut self, ready: Option<&EmbeddingsFile>, config: &PairsConfig) -> Result<Run> {
        let (home, cancel) = (self.home, self.cancel);
        let lists = Lists::read(config)?;
        let Some(ready) = ready else {
            let (engine, events) = self.engine_for(config.images.as_deref())?;
            return eval_images(home, engine, (config, lists), cancel, events);
        };
        let config = PairsConfig { crop: None, ..config.clone() };
        let (faces, mirrored) = (ready.read()?, ready.read_mirrored()?);
        eval_pairs(home, faces, mirrored.as_ref(), (&config, lists), &mut |text| self.note(text))
    }

    /// Pairs of videos, by the frames that a list of them names.
    pub fn judge_videos(&mut self, from: &FacesFrom, config: &VideoConfig) -> Result<VideoOutcome> {
        let (list, input) = read_pairs(&config.list, ListFormat::Csv)?;
        let faces = match from {
            FacesFrom::Images { folder, crop } => {
                let frames = listed_frames(&list, folder)?;
                self.embedded(folder, &frames, *crop)?
            }
            from => self.faces(from)?,
        };
        eval_video(self.home, faces, (&list, input), config, &mut |text| self.note(text))
    }

    /// VAL while one thing varies.
    pub fn study(&mut self, config: &SensitivityConfig, from: &StudyFrom) -> Result<SensitivityOutcome> {
        match (config.study, from) {
            (_, StudyFrom::TrainingRun { run, levels, repeat }) => {
                let (device, notes) = choose_device(self.home, &self.options.device_choice())?;
                notes.into_iter().for_each(|text| self.note(text));
                let store = Store::open(self.home.models())?;
                let on = RepeatOn { store: &store, device: &device, cancel: self.cancel };
                eval_training(self.home, (run, *repeat), levels, config, &on, &mut |text| self.note(text))
            }
            (Study::Dimensions, from) => {
                let (list, input) = read_list(config)?;
                let faces = match from {
                    StudyFrom::Embeddings(file) => read_embeddings(file, None)?,
                    _ => self.embedded(&config.images, &list.images, config.crop)?,
                };
                eval_dimensions(self.home, &faces, config, (&list, input), &mut |text| self.note(text))
            }
            (Study::MultiplyAdds, _) => eval_networks(self.home, &self.options, config, self.cancel, self.events),
            _ => self.worsen_pictures(config),
        }
    }

    fn worsen_pictures(&mut self, config: &SensitivityConfig) -> Result<SensitivityOutcome> {
        let (home, cancel) = (self.home, self.cancel);
        let list = read_list(config)?;
        let (engine, events) = self.engine_for(Some(&config.images))?;
        eval_sensitivity(home, engine, (config, list), cancel, events)
    }

    /// How pictures of a list of pairs are prepared for the network; `ready` are embeddings of them from elsewhere.
    /// `used` says how they were prepared, given the model's own way.
    pub fn check_pairs(
        &mut self,
        ready: Option<&EmbeddingsFile>,
        config: &CheckConfig,
        used: impl FnOnce(&Preprocessing) -> Preprocessing,
    ) -> Result<CheckOutcome> {
        let (home, cancel) = (self.home, self.cancel);
        let list = read_pairs(&config.list, config.format)?;
        let ready = ready.map(EmbeddingsFile::read).transpose()?;
        let (engine, events) = self.engine_for(Some(&config.images))?;
        let config = CheckConfig { used: Some(used(engine.preprocessing())), ..config.clone() };
        eval_check(home, engine, (&config, list), ready.as_ref(), cancel, events)
    }

    /// Every pair of a labelled set.
    pub fn judge_every_pair(&mut self, faces: &FaceInputs, far_target: f64) -> Result<Run> {
        let (home, cancel, device) = (self.home, self.cancel, self.options.device_choice());
        let note = &mut |text| self.note(text);
        let counter = PairCounter::choose(&device, faces.images.vectors.len(), note)?;
        eval_folder(home, faces, far_target, &counter, cancel, note)
    }

    fn note(&mut self, text: String) {
        (self.events)(JobEvent::Note(text));
    }
}
