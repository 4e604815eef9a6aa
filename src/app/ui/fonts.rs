//! Which fonts the window writes with.
//!
//! The platform's own interface font, where one of the families below is installed, in a regular and a heavier weight;
//! else the font that egui carries, in one weight. For characters that these lack, eframe asks the system for more
//! fonts. With a Chinese interface, a Chinese font is named before that, because the system's first answer for Han
//! characters may be a Japanese one.

use std::sync::Arc;

use eframe::egui::{self, FontData, FontDefinitions, FontFamily};
use resvg::usvg::fontdb::{Database, Family, Query, Stretch, Style, Weight};

use crate::app::ui::locale::Language;
use crate::app::ui::{icons, theme};

/// Interface families in order of preference: Windows, macOS, the Linux desktops, then what almost every machine has.
const INTERFACE_FAMILIES: [&str; 14] = [
    "Inter",
    "Segoe UI Variable Text",
    "Segoe UI",
    "SF Pro Text",
    "Helvetica Neue",
    "Adwaita Sans",
    "Cantarell",
    "Noto Sans",
    "Roboto",
    "Ubuntu",
    "Source Sans 3",
    "Noto Sans CJK SC",
    "Liberation Sans",
    "DejaVu Sans",
];

/// Families that draw Simplified Chinese as it is written in China.
const CHINESE_FAMILIES: [&str; 6] = [
    "PingFang SC",
    "Microsoft YaHei UI",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
];

/// Where the window's letters come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FontSource {
    /// The platform's interface font.
    System,
    /// Only what the program carries: the same on every machine, for tests.
    Carried,
}

/// Gives `ctx` the fonts for `language`. Reads the font files, so call it before the first frame and when the
/// language changes, not while drawing.
pub(crate) fn install(ctx: &egui::Context, source: FontSource, language: Language) {
    let mut fonts = FontDefinitions::default();
    let carried = fonts.families[&FontFamily::Proportional].clone();
    let mut regular = carried.clone();
    let mut strong = carried;
    if source == FontSource::System {
        let mut database = Database::new();
        database.load_system_fonts();
        let weights = [(&mut regular, "", Weight::NORMAL), (&mut strong, " strong", Weight::SEMIBOLD)];
        for (family, suffix, weight) in weights {
            let interface = find(&database, &INTERFACE_FAMILIES, weight);
            insert(&mut fonts, family, 0, format!("interface{suffix}"), interface);
            if language == Language::Chinese {
                let chinese = find(&database, &CHINESE_FAMILIES, weight);
                insert(&mut fonts, family, 1, format!("chinese{suffix}"), chinese);
            }
        }
    }
    fonts.font_data.insert("lucide".into(), Arc::new(icon_data()));
    fonts.families.insert(FontFamily::Proportional, regular);
    fonts.families.insert(theme::strong_family(), strong);
    fonts.families.insert(theme::icon_family(), vec!["lucide".into()]);
    ctx.set_fonts(fonts);
}

/// Shifted down a little, so that icons sit on the middle of the lower-case letters beside them.
fn icon_data() -> FontData {
    FontData::from_static(icons::FONT).tweak(egui::FontTweak { y_offset_factor: 0.09, ..Default::default() })
}

fn insert(fonts: &mut FontDefinitions, family: &mut Vec<String>, at: usize, name: String, data: Option<FontData>) {
    if let Some(data) = data {
        fonts.font_data.insert(name.clone(), Arc::new(data));
        family.insert(at.min(family.len()), name);
    }
}

/// The first installed family's face of about this weight.
fn find(database: &Database, families: &[&str], weight: Weight) -> Option<FontData> {
    families.iter().find_map(|family| {
        let query = Query { families: &[Family::Name(family)], weight, stretch: Stretch::Normal, style: Style::Normal };
        let id = database.query(&query)?;
        let (bytes, index) = database.with_face_data(id, |bytes, index| (bytes.to_vec(), index))?;
        let mut font = FontData::from_blob(Arc::new(bytes), index);
        if font.variation_axes().iter().any(|axis| axis.tag == "wght") {
            font.tweak.coords.push(b"wght", f32::from(weight.0));
        }
        Some(font)
    })
}
