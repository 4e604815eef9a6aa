//! Changes cut into a packet's text. A removed part takes the space before it along and an added one brings its own, so
//! that adding and removing the same leaves no trace.

use std::ops::Range;

use roxmltree::Node;

use super::tags;

/// Changes to a text, collected while its tree is looked at.
pub(crate) struct Splices<'t> {
    text: &'t str,
    changes: Vec<(Range<usize>, String)>,
}

impl<'t> Splices<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, changes: Vec::new() }
    }

    /// Puts a part on a line of its own behind an element's last child.
    pub fn append(&mut self, parent: Node<'_, '_>, part: &str) {
        let range = parent.range();
        let indent = indent(parent);
        let Some(tag) = tags::open_tag(self.text, range.start) else { return };
        if tag.is_empty_element {
            let name = self.text[range.start + 1..tag.end].split(|c: char| c.is_whitespace() || c == '/' || c == '>');
            let name = name.into_iter().next().unwrap_or_default();
            let filled = format!(">\n{indent} {part}\n{indent}</{name}>");
            self.changes.push((tag.end - 2..tag.end, filled));
        } else {
            let at = parent.last_element_child().map_or(tag.end, |child| child.range().end);
            self.changes.push((at..at, format!("\n{indent} {part}")));
        }
    }

    /// Puts a part on a line of its own before an element.
    pub fn insert_before(&mut self, sibling: Node<'_, '_>, part: &str) {
        let at = self.with_space_before(sibling.range()).start;
        let indent = sibling.parent_element().map(indent).unwrap_or_default();
        self.changes.push((at..at, format!("\n{indent} {part}")));
    }

    pub fn remove(&mut self, element: Node<'_, '_>) {
        let range = self.with_space_before(element.range());
        self.changes.push((range, String::new()));
    }

    /// The changed text. What lies within a removed part goes with it.
    pub fn apply(mut self) -> String {
        // At one place what is added comes before what is removed; the order of additions is kept.
        self.changes.sort_by_key(|(range, _)| (range.start, !range.is_empty()));
        let mut changed = String::with_capacity(self.text.len() + 1024);
        let mut at = 0;
        for (range, part) in self.changes {
            if range.start >= at {
                changed.push_str(&self.text[at..range.start]);
                changed.push_str(&part);
                at = range.end;
            } else if range.end > at {
                at = range.end;
            }
        }
        changed.push_str(&self.text[at..]);
        changed
    }

    fn with_space_before(&self, range: Range<usize>) -> Range<usize> {
        let before = self.text[..range.start].trim_end_matches([' ', '\t', '\r', '\n']);
        before.len()..range.end
    }
}

/// One space for each level.
fn indent(node: Node<'_, '_>) -> String {
    " ".repeat(node.ancestors().filter(Node::is_element).count().saturating_sub(1))
}
