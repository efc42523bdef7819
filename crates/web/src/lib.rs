//! Shows: the pages, the API, what comes in. Handlers parse, act and render; a handler holds no rule.

pub mod assets;
pub mod pages;
