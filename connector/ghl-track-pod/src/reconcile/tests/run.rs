//! Pages, cursors and what is remembered between runs.
