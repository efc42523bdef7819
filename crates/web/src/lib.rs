//! Shows: the pages, the API, what comes in. Handlers parse, act and render; a handler holds no rule.

pub mod address;
pub mod api;
pub mod app;
pub mod around;
pub mod assets;
pub mod attempts;
pub mod enter;
pub mod handlers;
pub mod health;
pub mod inbound;
pub mod limits;
pub mod listen;
pub mod live;
pub mod mcp;
pub mod metrics;
pub mod ofrep;
pub mod pages;
pub mod paper;
pub mod pin_runs;
pub mod problem;
pub mod reach;
pub mod routes;
pub mod source;
pub mod upload;
pub mod waiting;
pub mod what_if;

pub use app::{App, ChatSecrets, SecretOf, Settings, TrackerSecrets, WebhookSecrets};
pub use reach::Reach;
