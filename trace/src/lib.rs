//! A small tracer that is handed to the component it observes.
