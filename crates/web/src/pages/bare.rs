//! Pages without a frame: errors.
