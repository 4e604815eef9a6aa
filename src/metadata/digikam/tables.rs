//! The rows of digiKam's tables, read one table after the other and joined here: a damaged or hostile file may have no
//! index, views in place of tables, or pages that lead in circles.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};

use super::DigikamError;

/// As much of the database as names and faces need.
#[derive(Debug, Default)]
pub(super) struct DigikamTables {
    pub roots: HashMap<i64, AlbumRootRow>,
    /// Root and path of an album.
    pub albums: HashMap<i64, (i64, String)>,
    pub images: HashMap<i64, ImageRow>,
    /// Stored width and height.
    pub sizes: HashMap<i64, (u32, u32)>,
    pub tags: HashMap<i64, String>,
    /// Tag, property, value.
    pub tag_properties: Vec<(i64, String, Option<String>)>,
    pub faces: Vec<FaceRow>,
    /// Image and tag.
    pub image_tags: Vec<(i64, i64)>,
}

#[derive(Debug)]
pub(super) struct AlbumRootRow {
    pub identifier: String,
    pub specific_path: String,
}

#[derive(Debug)]
pub(super) struct ImageRow {
    pub album: i64,
    pub name: String,
    pub status: i64,
}

/// A row of `ImageTagProperties`.
#[derive(Debug)]
pub(super) struct FaceRow {
    pub image: i64,
    pub tag: i64,
    pub property: String,
    pub value: String,
}

/// What is wrong with a file.
pub(super) enum TableFault {
    Missing(&'static str),
    Circle(&'static str),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for TableFault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl TableFault {
    pub(super) fn at(self, path: &Path) -> DigikamError {
        let path = path.to_owned();
        match self {
            Self::Missing(table) => DigikamError::NotDigikam { path, table },
            Self::Circle(table) => DigikamError::Damaged { path, reason: format!("rows of {table} are out of order") },
            Self::Sqlite(error) => DigikamError::Damaged { path, reason: error.to_string() },
        }
    }
}

impl DigikamTables {
    /// Reads a copy that is ours alone.
    pub(super) fn read(copy: PathBuf) -> Result<Self, TableFault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(copy, flags)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.execute_batch("PRAGMA cell_size_check = ON; PRAGMA query_only = ON; PRAGMA temp_store = MEMORY")?;
        let mut tables = Self::default();
        tables.places(&connection)?;
        tables.people(&connection)?;
        Ok(tables)
    }

    fn places(&mut self, c: &Connection) -> Result<(), TableFault> {
        each(c, "AlbumRoots", "id, identifier, specificPath", |row| {
            let place = AlbumRootRow { identifier: text(row, 2)?, specific_path: text(row, 3)? };
            self.roots.insert(number(row, 1)?, place);
            Ok(())
        })?;
        each(c, "Albums", "id, albumRoot, relativePath", |row| {
            self.albums.insert(number(row, 1)?, (number(row, 2)?, text(row, 3)?));
            Ok(())
        })?;
        each(c, "Images", "id, album, name, status", |row| {
            let image = ImageRow { album: number(row, 2)?, name: text(row, 3)?, status: number(row, 4)? };
            self.images.insert(number(row, 1)?, image);
            Ok(())
        })?;
        each(c, "ImageInformation", "imageid, width, height", |row| {
            let side = |at| number(row, at).map(|side| u32::try_from(side).unwrap_or(0));
            self.sizes.insert(number(row, 1)?, (side(2)?, side(3)?));
            Ok(())
        })
    }

    fn people(&mut self, c: &Connection) -> Result<(), TableFault> {
        each(c, "Tags", "id, name", |row| {
            self.tags.insert(number(row, 1)?, text(row, 2)?);
            Ok(())
        })?;
        each(c, "TagProperties", "tagid, property, value", |row| {
            let value = if matches!(row.get_ref(3)?, ValueRef::Null) { None } else { Some(text(row, 3)?) };
            self.tag_properties.push((number(row, 1)?, text(row, 2)?, value));
            Ok(())
        })?;
        each(c, "ImageTagProperties", "imageid, tagid, property, value", |row| {
            let (image, tag) = (number(row, 1)?, number(row, 2)?);
            self.faces.push(FaceRow { image, tag, property: text(row, 3)?, value: text(row, 4)? });
            Ok(())
        })?;
        each(c, "ImageTags", "imageid, tagid", |row| {
            self.image_tags.push((number(row, 1)?, number(row, 2)?));
            Ok(())
        })
    }
}

/// Every row of a table, which has to be one, with plain columns. Row numbers rise, or the pages lead in a circle.
fn each(
    c: &Connection,
    table: &'static str,
    columns: &str,
    mut take: impl FnMut(&Row) -> rusqlite::Result<()>,
) -> Result<(), TableFault> {
    let is_table = "SELECT 1 FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE AND type = 'table' AND rootpage > 0";
    let computed = "SELECT 1 FROM pragma_table_xinfo(?1) WHERE hidden <> 0";
    let has = |sql: &str| c.query_row(sql, [table], |_| Ok(())).optional().map(|found| found.is_some());
    if !has(is_table)? || has(computed)? {
        return Err(TableFault::Missing(table));
    }
    let mut query = c.prepare(&format!("SELECT rowid, {columns} FROM {table} NOT INDEXED"))?;
    let mut rows = query.query([])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        let this = Some(row.get::<_, i64>(0)?);
        if this <= last {
            return Err(TableFault::Circle(table));
        }
        last = this;
        take(row)?;
    }
    Ok(())
}

/// SQLite keeps any kind of value in any column: what is no number counts as 0, which is nobody's row.
fn number(row: &Row, at: usize) -> rusqlite::Result<i64> {
    Ok(if let ValueRef::Integer(number) = row.get_ref(at)? { number } else { 0 })
}

/// What is no text is none.
fn text(row: &Row, at: usize) -> rusqlite::Result<String> {
    Ok(if let ValueRef::Text(bytes) = row.get_ref(at)? {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        String::new()
    })
}
