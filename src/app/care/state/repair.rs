//! What the page knows that takes the window's place where the library is damaged. No shell carries its questions to its
//! job there, so it asks itself.

use std::sync::Arc;

use super::restored_words;
pub(crate) use crate::app::care::job::Offers;
use crate::app::care::job::repair::{RepairAnswer, RepairJob};
use crate::app::engine::home::Home;
use crate::app::ui::locale::Locale;
use crate::library::care::Backup;

pub(crate) struct Repair {
    job: RepairJob,
    pub problem: String,
    /// What can be put in the library's place; none while it is being looked for.
    pub offers: Option<Offers>,
    pub is_restoring: bool,
}

impl Repair {
    /// `wake` tells the window that an answer is there.
    pub fn new(home: Home, problem: String, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let job = RepairJob::new(home, wake);
        job.find_offers();
        Self { job, problem, offers: None, is_restoring: false }
    }

    pub fn restore(&mut self, backup: Backup) {
        self.is_restoring = true;
        self.job.restore(backup);
    }

    /// Takes answers in. What was restored, once it is.
    pub fn update(&mut self, text: &Locale) -> Option<String> {
        for answer in self.job.answers() {
            match answer {
                RepairAnswer::Found(offers) => self.offers = Some(offers),
                RepairAnswer::Restored(restored) => return Some(restored_words(&restored, text)),
                RepairAnswer::Failed(problem) => {
                    self.problem = sentence(&problem);
                    self.is_restoring = false;
                    self.offers.get_or_insert_default();
                }
            }
        }
        None
    }
}

/// Begun as a sentence is.
fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::app::engine::shared::{damage_or_chain, is_damage};
    use crate::app::ui::locale::Language;
    use crate::library::Library;
    use crate::library::care::BackupReason;

    #[test]
    fn a_damaged_library_is_told_and_its_newest_sound_backup_offered() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let library = Library::open(&home.library()).unwrap();
        let backup = library.back_up(BackupReason::Asked).unwrap();
        library.back_up(BackupReason::BeforeRestore).unwrap();
        drop(library);
        std::fs::write(home.library(), b"overwritten").unwrap();
        let error = anyhow::Error::from(Library::open(&home.library()).map(drop).unwrap_err());
        assert!(is_damage(&error));
        let text = Locale::new(Language::English);
        let mut repair = Repair::new(home, damage_or_chain(&error), Arc::new(|| ()));
        let begun = Instant::now();
        while repair.offers.is_none() && begun.elapsed() < Duration::from_secs(20) {
            assert_eq!(repair.update(&text), None);
            std::thread::sleep(Duration::from_millis(5));
        }
        let offers = repair.offers.clone().unwrap();
        assert_eq!((&offers.best[0].path, offers.others.len()), (&backup, 1));
        assert!(repair.problem.contains("not a Likeness library"), "{}", repair.problem);
        repair.restore(offers.best[0].clone());
        let said = std::iter::from_fn(|| {
            std::thread::sleep(Duration::from_millis(5));
            Some(repair.update(&text)).filter(|_| begun.elapsed() < Duration::from_secs(20))
        });
        let said = said.flatten().next().unwrap();
        assert!(said.starts_with("Restored: 0 people with a name, what was there is kept as a backup"), "{said}");
        assert!(said.contains("1 older backup had to make room"), "there is room for two: {said}");
    }

    /// The page has the button that a command would do the work of.
    #[test]
    fn what_is_wrong_is_said_in_a_sentence_that_names_no_command() {
        use crate::library::LibraryError;
        let path = || std::path::PathBuf::from("/home/me/library.sqlite");
        let errors = [
            LibraryError::Damaged { path: path(), reason: "its log is garbled".into() },
            LibraryError::InTheWay { path: path(), what: crate::library::Obstacle::Folder },
            LibraryError::NotALibrary { path: path() },
            LibraryError::MigrationFailed { path: path(), to: 6, reason: "a row is missing".into() },
        ];
        for error in errors {
            let error = anyhow::Error::from(error).context("while the window opens");
            assert!(is_damage(&error));
            let words = damage_or_chain(&error);
            assert!(words.starts_with(char::is_uppercase) && words.contains("library.sqlite"), "{words}");
            assert_eq!(sentence(&words), words);
            assert!(!words.contains('`') && !words.contains("library restore"), "{words}");
        }
    }
}
