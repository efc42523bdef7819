//! Alertmanager v2
