//! Python runs the component (`examples/python`).
