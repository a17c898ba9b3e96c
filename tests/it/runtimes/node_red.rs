//! Node-RED runs the component (`examples/node-red`).
