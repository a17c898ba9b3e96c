//! Node runs the component (`examples/node`).
