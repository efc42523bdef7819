//! Is something wrong: signals come in, alerts come of them, routes say who cares.

pub mod integrations;
pub mod routes;
