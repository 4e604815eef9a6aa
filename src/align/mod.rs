//! Landmarks or a box to a similarity transform to a crop.
