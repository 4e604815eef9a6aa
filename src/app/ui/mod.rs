//! TODO

pub mod fonts;
pub mod icons;
pub mod locale;
pub mod plot;
pub mod preprocessing_words;
pub mod theme;
pub mod thumbnails;
pub mod widgets;
pub mod view;
