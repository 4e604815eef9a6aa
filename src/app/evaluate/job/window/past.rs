//! The evaluations there are, read from their folders.

use std::path::Path;

use anyhow::Result;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::reopen::{run_folders, run_record};
use crate::app::evaluate::state::rows::RunRow;

/// Finished evaluations, the newest first. A folder that cannot be read is no evaluation: a run that was stopped
/// leaves one without a result.
pub fn list(home: &Home) -> Result<Vec<RunRow>> {
    Ok(run_folders(home)?.iter().filter_map(|run| row(run)).collect())
}

/// One run as a line; None where the folder holds no finished evaluation.
pub fn row(run: &Path) -> Option<RunRow> {
    let name = run.file_name()?.to_string_lossy().into_owned();
    let (stamp, kind) = name.split_once("-eval-")?;
    let (config, result) = (run_record(run, "config.json").ok()?, run_record(run, "result.json").ok()?);
    let count = |key: &str| result[key].as_u64().unwrap_or(0);
    let config = &config["config"];
    let list = config["list"].as_str().or_else(|| config["of"].as_str()).unwrap_or_default();
    Some(RunRow {
        kind: kind.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned(),
        model: result["model"].as_str().unwrap_or_default().to_owned(),
        on: list.rsplit(['/', '\\']).next().unwrap_or(list).to_owned(),
        when: minute(stamp),
        score: result["accuracy_mean"].as_f64().or_else(|| result["val"]["val"].as_f64()),
        pairs: result["pairs"].as_u64().unwrap_or_else(|| count("same_pairs") + count("different_pairs")),
        skipped: count("skipped"),
        has_curves: run.join("pairs.json").is_file() || run.join("histogram.json").is_file(),
        run: run.to_owned(),
    })
}

/// "20240501-101530" is 2024-05-01 10:15.
fn minute(stamp: &str) -> String {
    let digits = |range: std::ops::Range<usize>| stamp.get(range).unwrap_or_default();
    let (date, time) =
        ([digits(0..4), digits(4..6), digits(6..8)].join("-"), [digits(9..11), digits(11..13)].join(":"));
    format!("{date} {time}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_stopped_is_not_listed() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        assert_eq!(list(&home).unwrap(), []);
        let run = |name: &str, result: Option<&str>| {
            let run = home.runs().join(name);
            std::fs::create_dir_all(&run).unwrap();
            std::fs::write(run.join("config.json"), r#"{"config":{"list":"/data/pairs.txt"}}"#).unwrap();
            if let Some(result) = result {
                std::fs::write(run.join("result.json"), result).unwrap();
            }
        };
        run("20240501-101530-eval-lfw", Some(r#"{"model":"m","accuracy_mean":0.99,"pairs":6000,"skipped":2}"#));
        run(
            "20240502-000000-eval-folder-2",
            Some(r#"{"model":"n","val":{"val":0.5},"same_pairs":3,"different_pairs":4}"#),
        );
        run("20240503-000000-eval-lfw", None);
        run("20240503-000000-train", Some("{}"));
        let rows = list(&home).unwrap();
        let told: Vec<_> =
            rows.iter().map(|row| (row.kind.as_str(), row.when.as_str(), row.score, row.pairs)).collect();
        assert_eq!(told, [("folder", "2024-05-02 00:00", Some(0.5), 7), ("lfw", "2024-05-01 10:15", Some(0.99), 6000)]);
        assert_eq!((rows[1].on.as_str(), rows[1].skipped, rows[1].has_curves), ("pairs.txt", 2, false));
    }
}
