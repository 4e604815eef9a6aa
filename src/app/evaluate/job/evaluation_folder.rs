//! One folder a run: what was asked, on which files, and what came out.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::app::engine::home::Home;
use crate::app::jobs::input_file::InputFile;
use crate::figures::Table;
use crate::figures::plot::{Figure, PNG_SCALE, PngError, to_png};
use crate::figures::report::HtmlReport;
use crate::types::PROGRAM;

pub(crate) struct EvaluationFolder(PathBuf);

#[derive(Serialize)]
struct RunConfig<'a, C> {
    kind: &'a str,
    program: &'static str,
    started: String,
    config: &'a C,
    inputs: &'a [InputFile],
}

impl EvaluationFolder {
    /// A new folder below `home`'s runs, named by time and kind, holding `config.json`.
    pub(crate) fn create(home: &Home, kind: &str, config: &impl Serialize, inputs: &[InputFile]) -> Result<Self> {
        let now = jiff::Zoned::now();
        let stem = format!("{}-eval-{kind}", now.strftime("%Y%m%d-%H%M%S"));
        home.create()?;
        let mut folder = home.runs().join(&stem);
        let mut count = 1;
        while let Err(error) = fs::create_dir(&folder) {
            if error.kind() != std::io::ErrorKind::AlreadyExists {
                return Err(error).with_context(|| format!("cannot create the run's folder {}", folder.display()));
            }
            count += 1;
            folder = home.runs().join(format!("{stem}-{count}"));
        }
        let run = Self(folder);
        run.json("config.json", &RunConfig { kind, program: PROGRAM, started: now.to_string(), config, inputs })?;
        Ok(run)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        self.file(name, serde_json::to_string_pretty(value)?.as_bytes())
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.0.join(name);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    }

    /// A table as CSV and as JSON.
    pub(crate) fn table(&self, name: &str, table: &Table) -> Result<()> {
        self.file(&format!("{name}.csv"), table.to_csv().as_bytes())?;
        self.json(&format!("{name}.json"), table)
    }

    /// SVG, PNG and CSV of a figure. A system without fonts gets no PNG and one note.
    pub(crate) fn figure(&self, name: &str, figure: &Figure, note: &mut dyn FnMut(String)) -> Result<String> {
        let svg = figure.to_svg();
        self.file(&format!("{name}.svg"), svg.as_bytes())?;
        self.file(&format!("{name}.csv"), figure.to_csv().as_bytes())?;
        match to_png(&svg, PNG_SCALE) {
            Ok(png) => self.file(&format!("{name}.png"), &png)?,
            Err(error @ PngError::NoFonts) => note(format!("No {name}.png: {error}")),
            Err(error) => return Err(error).with_context(|| format!("cannot draw {name}.png")),
        }
        Ok(svg)
    }

    pub(crate) fn report(&self, report: &HtmlReport) -> Result<()> {
        self.file("report.html", report.to_html().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_of_one_second_have_two_folders() {
        let home = tempfile::tempdir().unwrap();
        let home = Home::open(Some(home.path())).unwrap();
        let [a, b] = [(); 2].map(|()| EvaluationFolder::create(&home, "lfw", &"config", &[]).unwrap());
        assert_ne!(a.path(), b.path());
        let config: serde_json::Value =
            serde_json::from_slice(&fs::read(b.path().join("config.json")).unwrap()).unwrap();
        assert_eq!(config["kind"], "lfw");
    }
}
