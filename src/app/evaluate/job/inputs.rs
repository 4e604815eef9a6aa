//! What an evaluation is made from: embeddings and where their photos are, with the files' hashes.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::app::engine::home::Home;
use crate::app::jobs::input_file::{InputFile, read, read_text};
use crate::app::jobs::walk::listed::ListedFiles;
use crate::eval::Vectors;
use crate::eval::embedded::EmbeddedImages;
use crate::networks::models::Store;
use crate::types::path_text::to_text;
use crate::types::{CropRule, FaceCrop, ModelId, PersonId, counted};

/// One vector an image, ready to be judged.
#[derive(Debug)]
pub struct FaceInputs {
    pub(crate) images: EmbeddedImages,
    pub(crate) inputs: Vec<InputFile>,
    pub photos: Photos,
}

/// Where the photos of a set are, for its pictures.
#[derive(Debug, Clone, Default)]
pub enum Photos {
    #[default]
    Unknown,
    /// Under their own paths in a folder; how faces were found and cut in them is not known of ready embeddings.
    Folder { folder: PathBuf, crop: Option<FaceCrop>, rule: Option<CropRule> },
    /// The library's: whose each face is, and its photo by its name.
    Library { people: Vec<PersonId>, photos: HashMap<String, PathBuf> },
}

impl Photos {
    pub(crate) fn of(&self, listed: &str) -> Option<PathBuf> {
        match self {
            Self::Unknown => None,
            Self::Folder { folder, .. } => Some(ListedFiles::in_folder(folder).path(listed)),
            Self::Library { photos, .. } => photos.get(listed).cloned(),
        }
    }

    /// The kind of a run over every pair of this set, as its folder is called, and what was judged: a folder, or the
    /// file of embeddings. Only the library's faces are known one by one.
    pub(crate) fn origin(&self, inputs: &[InputFile]) -> (&'static str, Option<String>) {
        match self {
            Self::Library { .. } => ("library", None),
            Self::Folder { folder, .. } => ("folder", Some(to_text(folder.as_os_str()))),
            Self::Unknown => ("folder", inputs.first().map(|input| input.path.clone())),
        }
    }

    pub(crate) fn crop(&self) -> Option<FaceCrop> {
        match self {
            Self::Folder { crop, .. } => *crop,
            Self::Unknown | Self::Library { .. } => None,
        }
    }

    pub(crate) fn crop_rule(&self) -> Option<CropRule> {
        match self {
            Self::Folder { rule, .. } => *rule,
            Self::Unknown | Self::Library { .. } => None,
        }
    }
}

impl FaceInputs {
    /// The model's name, or what stands for one.
    pub fn model(&self) -> String {
        self.images.model.clone().unwrap_or_else(|| "not named".to_owned())
    }

    /// What a reader should know: failures and vectors that were not of unit length.
    pub(crate) fn notes(&self, note: &mut dyn FnMut(String)) {
        if self.images.normalised > 0 {
            let were = counted(self.images.normalised, "embedding was", "embeddings were");
            note(format!("{were} not of unit length, which was mended"));
        }
        for (path, reason) in &self.images.failed {
            note(format!("Skipped {path}: {reason}"));
        }
    }

    /// Who is on each image, numbered in the order of first sight, and how many they are: as the library says, else by the
    /// folders' names.
    pub(crate) fn labels(&self) -> Result<(Vec<u32>, usize)> {
        if let Photos::Library { people, .. } = &self.photos {
            return Ok(numbered(people));
        }
        let folders = self.images.folders();
        if let Some(place) = folders.iter().position(|folder| folder.is_empty()) {
            let path = &self.images.paths[place];
            bail!("every image must lie in a folder with its person's name, but this one does not: {path}");
        }
        Ok(numbered(&folders))
    }
}

fn numbered<T: Eq + Hash>(people: &[T]) -> (Vec<u32>, usize) {
    let mut known = HashMap::new();
    let mut number = |person| {
        let next = known.len() as u32;
        *known.entry(person).or_insert(next)
    };
    let labels = people.iter().map(&mut number).collect();
    (labels, known.len())
}

/// Reads JSON Lines of `embed`, or a `.npy` array with `paths` as its list of paths; where none is named, that is the
/// text file of the same name beside it.
pub(crate) fn read_embeddings(file: &Path, paths: Option<&Path>) -> Result<FaceInputs> {
    let (bytes, input) = read(file)?;
    let mut inputs = vec![input];
    let images = if bytes.starts_with(b"\x93NUMPY") {
        let Some(paths) = paths.map(Path::to_owned).or_else(|| paths_beside(file)) else {
            let beside = file.with_extension("txt");
            bail!(
                "a NumPy array needs the list of its images' paths, one a line: give it with --paths, or put it beside \
                 the array: {}",
                beside.display()
            );
        };
        let (list, input) = read_text(&paths)?;
        inputs.push(input);
        EmbeddedImages::parse_npy(&bytes, &list)
    } else {
        let text = std::str::from_utf8(&bytes)
            .with_context(|| format!("this is neither JSON Lines nor a NumPy array: {}", file.display()))?;
        EmbeddedImages::parse_json_lines(text)
    };
    let images = images.with_context(|| format!("cannot use the embeddings in {}", file.display()))?;
    Ok(FaceInputs { images, inputs, photos: Photos::Unknown })
}

/// The list of paths that belongs to a NumPy array: a text file of the same name beside it.
fn paths_beside(embeddings: &Path) -> Option<PathBuf> {
    Some(embeddings.with_extension("txt")).filter(|list| list.is_file())
}

/// Joins the vectors of `faces` with those of the same images in `mirrored`.
pub(crate) fn join_mirrored(
    faces: &mut FaceInputs,
    mirrored: &FaceInputs,
    join: fn(&Vectors, &Vectors) -> Result<Vectors, crate::eval::EvalError>,
) -> Result<()> {
    let rows: Option<Vec<usize>> = faces.images.paths.iter().map(|path| mirrored.images.row(path)).collect();
    let rows = rows.context("some images have no embedding of their mirror image")?;
    faces.images.vectors = join(&faces.images.vectors, &mirrored.images.vectors.select(&rows))?;
    faces.inputs.extend(mirrored.inputs.iter().cloned());
    Ok(())
}

/// The files of installed models.
pub(crate) fn model_files<'a>(home: &Home, ids: impl Iterator<Item = &'a ModelId>) -> Result<Vec<InputFile>> {
    let store = Store::open(home.models())?;
    let mut files = Vec::new();
    for id in ids {
        for file in &store.entry(id)?.files {
            files.push(InputFile { path: format!("{id}/{}", file.name), sha256: file.sha256.clone() });
        }
    }
    Ok(files)
}
