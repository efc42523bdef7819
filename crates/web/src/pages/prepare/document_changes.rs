//! What was changed of late in documents that bear on services, each with the way back.
//!
//! `GET /documents/changes?service=NAME&hours=N`. The list is also a part of other pages: `prepare::document_changes` in
//! `templates/prepare/parts.html` takes [`DocumentChanges`]. Its forms `POST /documents/KIND/NAME/rollback` with `to` and
//! `reason`, which shows what that would do.

use askama::Template;

use crate::pages::{Link, PersonTag, Shell, When};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/document_changes.html")]
pub struct DocumentChangesPage {
    pub shell: Shell,
    /// Of which services; empty: of any route.
    pub services: Vec<Link>,
    pub changes: DocumentChanges,
}

/// Changesets that touch documents of some services.
#[derive(Clone, Debug, Default)]
pub struct DocumentChanges {
    /// How many hours were looked back.
    pub hours: u32,
    pub changesets: Vec<ChangesetRow>,
}

/// What was changed together.
#[derive(Clone, Debug)]
pub struct ChangesetRow {
    pub number: i64,
    pub when: When,
    pub by: Option<PersonTag>,
    pub reason: Option<String>,
    pub documents: Vec<DocumentChangeRow>,
}

/// One document of it.
#[derive(Clone, Debug)]
pub struct DocumentChangeRow {
    pub document: Link,
    /// `2 fields changed`.
    pub what: String,
    /// What it meant.
    pub sentences: Vec<String>,
    /// The form that goes back to the revision before.
    pub back: Option<Back>,
}

/// A way back: one button.
#[derive(Clone, Debug)]
pub struct Back {
    pub action: String,
    pub to: i64,
    pub reason: String,
}
