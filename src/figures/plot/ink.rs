//! The figures' own colours. They are printed on white paper, whatever the window looks like, so they are not the
//! theme's; told apart by the colour-blind too (Okabe and Ito 2008), and by the names beside the lines.

pub(super) const PAPER: &str = "#ffffff";
pub(super) const TEXT: &str = "#1b1c1e";
pub(super) const FAINT_TEXT: &str = "#6a6d72";
pub(super) const AXIS: &str = "#9a9ea5";
pub(super) const GRID: &str = "#ececea";

const LINES: [&str; 7] = ["#2f6fde", "#d55e00", "#009e73", "#a0478a", "#8a6d00", "#4a9fd1", "#55585c"];

pub(super) fn line(index: usize) -> &'static str {
    LINES[index % LINES.len()]
}
