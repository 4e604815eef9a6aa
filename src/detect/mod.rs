//! Photos to face boxes and five landmarks.
