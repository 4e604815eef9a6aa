//! Whose an ID of Picasa is.

use std::collections::HashMap;

use super::ini::{PicasaIni, contact_id};
use crate::metadata::text;

/// Names by ID, from `contacts.xml` and from the `.picasa.ini` of all folders.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct PicasaContacts {
    from_xml: HashMap<u64, String>,
    /// Of folders: the name that most of them give.
    from_folders: HashMap<u64, HashMap<String, usize>>,
}

/// Why `contacts.xml` was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContactsError {
    #[error("it is damaged: {0}")]
    Damaged(#[from] roxmltree::Error),
    #[error("it is longer, or has longer entries, than Picasa writes it")]
    TooLong,
    #[error("it lists no contacts")]
    OtherXml,
}

/// Tens of thousands of contacts.
const MAX_BYTES: usize = 4 << 20;
/// Of one tag. The parser compares each attribute of a tag with all others.
const MAX_TAG_BYTES: usize = 2 << 10;

impl PicasaContacts {
    /// Adds `contacts.xml`: `<contacts><contact id="…" name="…" display="…"/>…`.
    pub(crate) fn add_xml(&mut self, bytes: &[u8]) -> Result<(), ContactsError> {
        let longest = bytes.split(|&byte| byte == b'>').map(<[u8]>::len).max().unwrap_or(0);
        if bytes.len() > MAX_BYTES || longest > MAX_TAG_BYTES {
            return Err(ContactsError::TooLong);
        }
        let text = text::decode(bytes);
        let document = roxmltree::Document::parse(&text)?;
        if !document.root_element().has_tag_name("contacts") {
            return Err(ContactsError::OtherXml);
        }
        for contact in document.descendants().filter(|node| node.has_tag_name("contact")) {
            let id = contact.attribute("id").and_then(contact_id);
            let name =
                ["name", "display"].iter().find_map(|key| contact.attribute(*key).filter(|n| !n.trim().is_empty()));
            if let (Some(id), Some(name)) = (id, name) {
                self.from_xml.insert(id, name.to_owned());
            }
        }
        Ok(())
    }

    /// Adds the names of one folder. Every folder is added before the first is asked about: Picasa writes a name only
    /// into the folders where the person was when it was given.
    pub(crate) fn add_folder(&mut self, ini: &PicasaIni) {
        for (&id, name) in ini.contacts() {
            *self.from_folders.entry(id).or_default().entry(name.clone()).or_default() += 1;
        }
    }

    /// The name of an ID that stands in `ini`.
    pub(super) fn name<'a>(&'a self, id: u64, ini: &'a PicasaIni) -> Option<&'a str> {
        let in_folders = || {
            let names = self.from_folders.get(&id)?;
            names.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map(|(name, _)| name)
        };
        self.from_xml.get(&id).or_else(|| ini.contacts().get(&id)).or_else(in_folders).map(String::as_str)
    }
}
