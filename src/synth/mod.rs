//! Synthetic people: a seeded generator of photo albums with ground truth.
