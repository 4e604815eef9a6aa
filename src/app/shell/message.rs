//! Everything a user can do, as a closed list. Views send these and change nothing themselves.

use std::path::PathBuf;

use crate::app::compare::state::CompareSource;
use crate::app::engine::facts::Linkage;
use crate::app::engine::report::JobId;
use crate::app::evaluate::state::message::EvaluateCommand;
use crate::app::models::state::importing::Form;
use crate::app::people::state::MoveTarget;
use crate::app::photos::state::PhotoFilter;
use crate::app::shell::notices::NoticeId;
use crate::app::train::state::message::TrainCommand;
use crate::app::ui::locale::Language;
use crate::app::ui::theme::ThemeChoice;
use crate::app::ui::view::View;
use crate::figures::Saving;
use crate::types::{FaceId, ModelId, PersonId, PhotoId};

#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    // Going somewhere
    /// Opens one of the views of the rail.
    Show(View),
    OpenPerson(PersonId),
    OpenPhoto(PhotoId),
    /// Leaves the open photo or person for the view it was opened from.
    Back,
    /// Opens the next photo of the timeline.
    NextPhoto,
    /// Opens the previous photo of the timeline.
    PreviousPhoto,
    /// Shows only the photos that pass.
    Filter(PhotoFilter),

    // Photos
    /// Asks for a folder and scans it.
    ChooseFolder,
    /// Adds folders to the library and scans them.
    ScanFolders(Vec<PathBuf>),
    /// Looks for what changed in all known folders.
    Rescan,
    CancelJob(JobId),

    // People
    /// Names a person or an unnamed group; a name that another person has merges the two.
    Name {
        person: PersonId,
        name: String,
    },
    Confirm {
        person: PersonId,
        faces: Vec<FaceId>,
    },
    /// Confirms every suggestion of this person.
    ConfirmAll(PersonId),
    /// Says that these faces are not this person.
    Reject {
        person: PersonId,
        faces: Vec<FaceId>,
    },
    /// Gives faces to another person.
    Move {
        faces: Vec<FaceId>,
        to: MoveTarget,
    },
    /// Puts faces back among those without a person.
    TakeOut(Vec<FaceId>),
    /// Opens the preview of merging two people.
    AskMerge {
        from: PersonId,
        into: PersonId,
    },
    /// Closes that preview.
    CloseMerge,
    Merge {
        from: PersonId,
        into: PersonId,
    },
    /// Says that a group holds different people.
    Split(PersonId),
    /// Keeps a group out of sight.
    Ignore(PersonId),
    /// Says that a group shows no faces of people.
    NotAPerson(PersonId),
    Undo,
    Redo,

    // Search
    /// Looks for photos by their file's name.
    FindPhotos(String),

    // Grouping
    /// Opens or closes the grouping panel.
    ToggleGrouping,
    /// Shows what another threshold or linkage would change.
    PreviewGrouping {
        squared_distance: f32,
        linkage: Linkage,
    },
    /// Groups anew as previewed.
    ApplyGrouping,

    // Compare
    /// Adds faces to the comparison.
    Compare(Vec<CompareSource>),
    /// Takes the face in this slot out.
    RemoveCompared(usize),
    ClearCompared,
    /// Asks for files to compare.
    ChooseCompareFiles,

    Evaluate(EvaluateCommand),
    /// Asks for a file and writes this to it.
    Save(Box<Saving>),
    SaveTo(PathBuf, Box<Saving>),
    // Train
    Train(TrainCommand),

    // Models
    InstallModels(Vec<ModelId>),
    /// Asks for a model file that is already on this computer.
    ChooseModelFile,
    ImportModels(Vec<PathBuf>),
    /// What is answered to what a model file leaves open.
    AnswerImport(Box<Form>),
    /// Imports the file as answered.
    ConfirmImport,
    /// Does not import the file that is asked about.
    SkipImport,
    /// Shows the layers of a network, or the catalogue again.
    OpenNetwork(Option<String>),
    VerifyModel(ModelId),
    RemoveModel(ModelId),
    UseModel(ModelId),

    // Settings
    /// None chooses the best device.
    UseDevice(Option<String>),
    SetTheme(ThemeChoice),
    SetLanguage(Language),
    /// Side of a photo in the grid, in points.
    SetTileSize(f32),
    SetReducedMotion(bool),

    /// Takes a notice away.
    Dismiss(NoticeId),
}
