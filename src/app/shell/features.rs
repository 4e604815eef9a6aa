//! The features of the window, in the order of the rail. A new one is one line here.
//!
//! The first word is its room below `src/app`, the second its name among messages, requests and answers. Of the room the
//! shell knows `state::State` (a [`Feature`]), `job::Job` (a
//! [`FeatureJob`](crate::app::engine::shared::FeatureJob)) and `view::Views` (a
//! [`FeatureView`](crate::app::ui::feature::FeatureView)).

use crate::app::ui::feature::Feature;
use crate::app::ui::view::View;

/// Hands the features to a macro that makes something of each, after what else it is given.
macro_rules! for_features {
    ($make:ident $($given:tt)*) => {
        $make! {
            [$($given)*]
            photos: Photos,
            people: People,
            compare: Compare,
            evaluate: Evaluate,
            train: Train,
            models: Models,
            settings: Settings,
            metadata: Metadata,
            care: Care,
            scan: Scan,
        }
    };
}

pub(super) use for_features;

macro_rules! views_of {
    ([] $($feature:ident: $Feature:ident,)*) => {
        [$(crate::app::$feature::state::State::VIEW,)*]
    };
}

/// The view of each feature.
const VIEWS: &[Option<View>] = &for_features!(views_of);

/// The views of the rail.
pub fn views() -> impl Iterator<Item = View> {
    VIEWS.iter().enumerate().filter(|(index, view)| !VIEWS[..*index].contains(view)).filter_map(|(_, view)| *view)
}

/// Whether several features are drawn in this view, one below the other.
pub(super) fn is_shared(view: View) -> bool {
    VIEWS.iter().filter(|other| **other == Some(view)).count() > 1
}
