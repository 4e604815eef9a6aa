//! What all views are made of: theme, words, fonts, widgets, plots, and what they can send. It knows no feature.

pub mod action;
pub mod context;
pub mod fonts;
pub mod icons;
pub mod locale;
pub mod plot;
pub mod preprocessing_words;
pub mod theme;
pub mod thumbnails;
pub mod view;
pub mod widgets;
