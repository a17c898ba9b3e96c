//! `transload new`: each language, followed literally.
