//! Figures, tables and reports written where the user wants them.

use std::path::Path;

use anyhow::{Context, Result};

use crate::export::figures::to_png;
use crate::gui::saving::{Content, Saving};

/// A figure is this many pixels a unit wide when saved as PNG: 1,440 in all.
const PNG_SCALE: f32 = 2.0;

/// Writes `saving` to `path` as the path's ending says.
pub fn write(saving: &Saving, path: &Path) -> Result<()> {
    let bytes = match (&saving.content, saving.ending(path)) {
        (Content::Figure(figure), "png") => to_png(&figure.to_svg(), PNG_SCALE)?,
        (Content::Figure(figure), _) => figure.to_svg().into_bytes(),
        (Content::Table(table), "json") => serde_json::to_vec_pretty(table)?,
        (Content::Table(table), _) => table.to_csv().into_bytes(),
        (Content::Copy(file), _) => {
            std::fs::read(file).with_context(|| format!("cannot read the report: {}", file.display()))?
        }
    };
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Table;
    use crate::export::figures::{Axis, Figure, Scale};

    #[test]
    fn what_is_saved_follows_the_ending() {
        let folder = tempfile::tempdir().unwrap();
        let axis = || Axis::new("x", Scale::Linear, 0.0, 1.0);
        let figure = Saving::figure("roc", &Figure::new("ROC", axis(), axis()));
        let svg = folder.path().join("roc.svg");
        write(&figure, &svg).unwrap();
        assert!(std::fs::read_to_string(&svg).unwrap().starts_with("<svg"));
        let mut table = Table::new(&["a"]);
        table.push(vec!["1".into()]);
        let json = folder.path().join("t.json");
        write(&Saving::table("t", table), &json).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
        assert_eq!(value["rows"][0][0], "1");
        let missing = write(&Saving::copy("r", folder.path().join("no.html")), &folder.path().join("r.html"));
        assert!(format!("{:#}", missing.unwrap_err()).contains("cannot read the report"));
    }
}
