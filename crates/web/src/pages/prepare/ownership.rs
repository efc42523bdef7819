//! What was set by hand: fields in which documents and files differ, with who set them.
//!
//! `GET /documents/drift`: all of them. The list of fields is also a part of other pages.

use askama::Template;

use crate::pages::{Badge, Link, PersonTag, Shell, When};

/// Where documents and files drift apart.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/drift.html")]
pub struct DriftPage {
    pub shell: Shell,
    pub documents: Vec<DriftRow>,
    /// Whether files were ever applied.
    pub has_files: bool,
}

/// A document that differs.
#[derive(Clone, Debug)]
pub struct DriftRow {
    pub document: Link,
    pub badge: Badge,
    pub fields: Vec<FieldRow>,
    /// Of a document that is gone: by whom, when.
    pub by: Option<PersonTag>,
    pub when: Option<When>,
    pub why: Option<String>,
}

/// A field that was set by hand.
#[derive(Clone, Debug)]
pub struct FieldRow {
    /// What `--take` calls it: `schedule/payments:/layers`.
    pub field: String,
    pub pointer: String,
    pub in_force: Option<String>,
    pub in_files: Option<String>,
    pub by: Option<PersonTag>,
    /// Who else: `by a rollback`.
    pub via: String,
    pub when: Option<When>,
    pub why: Option<String>,
}
