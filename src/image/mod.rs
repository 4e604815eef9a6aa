//! Photos in: decode (format, EXIF orientation, scaled decode), resize, pixel scaling.
