//! Results out: XMP, CSV, JSON, NumPy, figures.
