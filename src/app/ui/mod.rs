//! What all views are made of: theme, words, fonts, widgets, plots, what a view sees and what it can send.
//!
//! It knows no feature: what one feature asks of another is an [`action::Action`], which the shell carries over, and
//! [`feature`] is what the shell asks of each.

pub mod action;
pub mod appearance;
pub mod context;
pub mod feature;
pub mod fonts;
pub mod icons;
pub mod locale;
pub mod page;
pub mod path_question;
pub mod plot;
pub mod preprocessing_words;
mod reasons;
pub mod search;
pub mod theme;
pub mod thumbnails;
pub mod view;
pub mod widgets;
