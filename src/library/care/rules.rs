//! What every table of the present format must hold, taken from the migrations themselves. SQLite keeps a column to its
//! type only loosely, and forgets the CHECK constraints of a file that it opens only to read, whatever it is asked.
//!
//! Not found here: a value of the right kind that is another one than was written. Nothing in the file says which it was.

use std::sync::OnceLock;

use rusqlite::Connection;

use super::check::{Problem, count};
use crate::library::error::Result;
use crate::library::migrate::STEPS;

/// A table as the migrations make it.
struct TableRule {
    name: String,
    columns: Vec<(String, String)>,
    /// One condition that every row meets.
    fits: String,
    texts: Vec<String>,
}

/// What no migration says, and every reader relies on.
const MORE: [(&str, &str); 10] = [
    ("photo", "picture IS NULL OR length(picture) = 32"),
    ("photo", "sha256 IS NULL OR length(sha256) = 32"),
    ("photo", "width BETWEEN 0 AND 4294967295 AND height BETWEEN 0 AND 4294967295 AND size >= 0"),
    ("file", "sha256 IS NULL OR length(sha256) = 32"),
    ("file", "size >= 0"),
    ("attempt", "sha256 IS NULL OR length(sha256) = 32"),
    ("forgotten", "length(picture) = 32"),
    // Five points.
    ("face", "length(landmarks) = 40"),
    ("undone_face", "length(landmarks) = 40"),
    // It counts one by one, and JSON holds it.
    ("clock", "revision BETWEEN 0 AND 4503599627370496"),
];

/// Tables and columns that are missing; where any is, nothing more can be asked.
pub(super) fn missing(c: &Connection) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for rule in rules()? {
        let there = columns(c, &rule.name)?;
        if there.is_empty() {
            problems.push(Problem::NoTable(rule.name.clone()));
            continue;
        }
        let is_missing = |column: &&(String, String)| !there.iter().any(|(name, _)| *name == column.0);
        problems.extend(
            rule.columns
                .iter()
                .filter(is_missing)
                .map(|(column, _)| Problem::NoColumn { table: rule.name.clone(), column: column.clone() }),
        );
    }
    Ok(problems)
}

/// Rows that Likeness never writes and cannot read, and what others have put between it and its rows.
pub(super) fn broken(c: &Connection) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for rule in rules()? {
        let sql = format!("SELECT count(*) FROM \"{}\" WHERE NOT ifnull({}, 1)", rule.name, rule.fits);
        let rows = count(c, &sql)?.max(unreadable_texts(c, rule)?);
        if rows > 0 {
            problems.push(Problem::Values { table: rule.name.clone(), rows });
        }
    }
    if count(c, "SELECT count(*) FROM clock")? != 1 {
        problems.push(Problem::Clock);
    }
    let numbers =
        "SELECT count(*) FROM sqlite_sequence WHERE typeof(seq) <> 'integer' OR seq < 0 OR seq > 4503599627370496";
    match count(c, numbers)? {
        0 => {}
        rows => problems.push(Problem::Values { table: "sqlite_sequence".to_owned(), rows }),
    }
    match count(c, "SELECT count(*) FROM sqlite_master WHERE type IN ('trigger', 'view')")? {
        0 => {}
        of_others => problems.push(Problem::OfOthers(of_others)),
    }
    Ok(problems)
}

/// Names of people have a problem of their own.
fn unreadable_texts(c: &Connection, rule: &TableRule) -> Result<usize> {
    let texts: Vec<&String> =
        rule.texts.iter().filter(|text| (rule.name.as_str(), text.as_str()) != ("person", "name")).collect();
    if texts.is_empty() {
        return Ok(0);
    }
    let list = texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ");
    let mut query = c.prepare(&format!("SELECT {list} FROM \"{}\"", rule.name))?;
    let mut rows = query.query([])?;
    let mut unreadable = 0;
    while let Some(row) = rows.next()? {
        let mut is_unreadable = false;
        for place in 0..texts.len() {
            is_unreadable |= row.get_ref(place)?.as_str_or_null().is_err();
        }
        unreadable += usize::from(is_unreadable);
    }
    Ok(unreadable)
}

fn rules() -> Result<&'static [TableRule]> {
    static RULES: OnceLock<Vec<TableRule>> = OnceLock::new();
    if let Some(rules) = RULES.get() {
        return Ok(rules);
    }
    let made = make()?;
    Ok(RULES.get_or_init(|| made))
}

fn make() -> Result<Vec<TableRule>> {
    let model = Connection::open_in_memory()?;
    model.pragma_update(None, "foreign_keys", false)?;
    STEPS.iter().try_for_each(|step| model.execute_batch(step))?;
    let mut query = model.prepare(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )?;
    let tables = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    tables
        .collect::<rusqlite::Result<Vec<(String, String)>>>()?
        .into_iter()
        .map(|(name, sql)| rule(&model, name, &sql))
        .collect()
}

fn rule(model: &Connection, name: String, sql: &str) -> Result<TableRule> {
    let columns = columns(model, &name)?;
    let mut query = model.prepare("SELECT name, \"notnull\" = 0 AND pk = 0 FROM pragma_table_info(?1)")?;
    let nullable = query.query_map([&name], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let nullable: Vec<(String, bool)> = nullable.collect::<rusqlite::Result<_>>()?;
    let mut fits: Vec<String> = columns
        .iter()
        .zip(&nullable)
        .filter_map(|((column, kind), (_, may_be_null))| of_kind(column, kind, *may_be_null))
        .collect();
    // A condition that is neither true nor false holds, as SQLite has it.
    fits.extend(checks(sql).iter().map(|check| format!("ifnull(({check}), 1)")));
    fits.extend(MORE.iter().filter(|(table, _)| *table == name).map(|(_, more)| format!("ifnull(({more}), 1)")));
    let texts = columns.iter().filter(|(_, kind)| kind == "TEXT").map(|(column, _)| column.clone()).collect();
    Ok(TableRule { fits: fits.join(" AND "), name, columns, texts })
}

/// The names and kinds of a table's columns; none where there is no such table.
fn columns(c: &Connection, table: &str) -> Result<Vec<(String, String)>> {
    let mut query = c.prepare("SELECT name, type FROM pragma_table_info(?1)")?;
    let rows = query.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What a column's values are; a number that is none, or none that a face's box can have, is read as nothing.
fn of_kind(column: &str, kind: &str, may_be_null: bool) -> Option<String> {
    let is_of_it = match kind {
        "INTEGER" => format!("typeof(\"{column}\") = 'integer'"),
        "REAL" => format!("(typeof(\"{column}\") IN ('real', 'integer') AND abs(\"{column}\") < 1e30)"),
        "TEXT" => format!("typeof(\"{column}\") = 'text'"),
        "BLOB" => format!("typeof(\"{column}\") = 'blob'"),
        _ => return None,
    };
    Some(match may_be_null {
        true => format!("(\"{column}\" IS NULL OR {is_of_it})"),
        false => is_of_it,
    })
}

/// The conditions behind each CHECK of a table's own words, which are the migrations'.
fn checks(sql: &str) -> Vec<String> {
    let words: String = sql.lines().map(|line| line.split("--").next().unwrap_or(line)).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    let mut rest = words.as_str();
    while let Some((_, behind)) = rest.split_once("CHECK (") {
        let end = closing(behind);
        found.push(behind[..end].to_owned());
        rest = &behind[end..];
    }
    found
}

/// Where the bracket closes that was opened before. No migration has one within a text.
fn closing(text: &str) -> usize {
    let mut open = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constraint_of_the_migrations_is_asked() {
        let sql = "CREATE TABLE a (b TEXT CHECK (b IN ('c', 'd')), -- not (this CHECK (\n e INTEGER, CHECK ((b IS NULL) = (e IS NULL)))";
        assert_eq!(checks(sql), ["b IN ('c', 'd')", "(b IS NULL) = (e IS NULL)"]);
        let of = |table: &str| rules().unwrap().iter().find(|rule| rule.name == table).unwrap().fits.clone();
        assert!(of("face").contains("'stranger'") && of("face").contains("(person_id IS NULL) = (belongs IS NULL)"));
        assert!(MORE.iter().all(|(table, more)| of(table).contains(more)));
    }
}
