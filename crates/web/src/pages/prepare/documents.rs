//! Documents: the list, one with its YAML, the editor, what a change would do, and its history.
//!
//! `GET /documents?kind=KIND`; `GET /documents/KIND/NAME`; `GET /documents/KIND/NAME/edit` and `GET
//! /documents/new?kind=KIND`; both editors `POST /documents/plan` with `yaml` and `back`, which shows the plan;
//! its form `POST /documents/apply` with `yaml`, `reason`, `revision` (the catalog it was planned against).
//! `GET /documents/KIND/NAME/history?from=N&to=M`; `POST /documents/KIND/NAME/rollback` with `to`, which plans too. `POST /documents/edit`
//! with `yaml` shows the editor again.

use std::fmt;

use askama::Template;
use askama::filters::{Escaper, Html, HtmlSafe};
use domain::prepare::diff::{Difference, Verb};

use super::ownership::FieldRow;
use super::source::SourceLine;
use super::what_if::WhatIfView;
use crate::pages::change::document_proposals::HeldView;
use crate::pages::{Badge, Link, PersonTag, Shell, Tone, When};

/// All documents, or all of a kind.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/documents.html")]
pub struct DocumentsPage {
    pub shell: Shell,
    pub kinds: Vec<KindTab>,
    /// The kind that is shown; makes the address of **New**.
    pub kind: Option<String>,
    /// One sentence: what this kind is for.
    pub about: Option<String>,
    pub groups: Vec<DocumentGroup>,
    /// What waits in the git source.
    pub source: Option<SourceLine>,
}

/// The documents of one kind.
#[derive(Clone, Debug)]
pub struct DocumentGroup {
    /// `Escalation policy`.
    pub title: String,
    pub rows: Vec<DocumentRow>,
}

#[derive(Clone, Debug)]
pub struct KindTab {
    pub title: String,
    pub href: String,
    pub count: u64,
    pub current: bool,
}

/// One document in a line.
#[derive(Clone, Debug)]
pub struct DocumentRow {
    pub href: String,
    pub kind: String,
    pub name: String,
    pub title: String,
    /// `revision 7`.
    pub revision: String,
    pub changed: When,
    /// Who changed it last, if it was a person.
    pub by: Option<PersonTag>,
    /// Who else: `came with Allclear`, `from the command line`.
    pub from: &'static str,
}

/// One document.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/document.html")]
pub struct DocumentPage {
    pub shell: Shell,
    pub kind: String,
    pub name: String,
    pub yaml: Yaml,
    pub revision: String,
    pub changed: When,
    pub by: Option<PersonTag>,
    pub reason: Option<String>,
    /// The revision before; 0: there is none.
    pub back: i64,
    /// What the documents that are in force lack: a schedule with a gap, a person without a working channel.
    pub problems: Vec<String>,
    /// Fields that say something else than files said last.
    pub by_hand: Vec<FieldRow>,
    /// The page that shows what it means: `/schedules/NAME`.
    pub shown_at: Option<Link>,
    pub refers_to: Vec<Link>,
    pub used_by: Vec<Link>,
    /// The drill in which it was last followed, and when.
    pub drilled: Option<(Link, When)>,
    pub may_edit: bool,
}

impl DocumentPage {
    fn has_before(&self) -> bool {
        self.back > 0
    }
}

/// The editor, of an old document or a new one.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/document_edit.html")]
pub struct EditPage {
    pub shell: Shell,
    /// `Edit schedule/payments-primary`, `New schedule`.
    pub title: String,
    pub back: Link,
    pub yaml: String,
    /// The fields of the kind: name, what it is, whether it must be there.
    pub fields: Vec<SpecField>,
    /// `allclear schema schedule`.
    pub schema_command: String,
}

/// A field that the kind knows.
#[derive(Clone, Debug)]
pub struct SpecField {
    pub name: String,
    pub about: String,
    pub required: bool,
}

/// What a change would do.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/plan.html")]
pub struct PlanPage {
    pub shell: Shell,
    /// `Change schedule/payments-primary`, `Roll back to revision 4`.
    pub title: String,
    pub back: Link,
    pub changes: Vec<PlannedChange>,
    /// It cannot be applied while there are any.
    pub problems: Vec<PlanProblem>,
    /// Worth knowing, but no reason to refuse.
    pub warnings: Vec<PlanProblem>,
    /// What was sent, sent on.
    pub yaml: String,
    /// The revision of the catalog it was planned against.
    pub revision: i64,
    pub reason: String,
    /// Whom past signals would reach: if the change decides who is paged.
    pub what_if: Option<WhatIfView>,
    /// How many days were looked back.
    pub days: u32,
    /// The revision that it goes back to: then nothing holds it.
    pub to: Option<i64>,
    /// Why the viewer does not apply it.
    pub may_not: Option<String>,
    pub held: HeldView,
    pub may_propose: bool,
    /// Open incidents in which it can be an emergency.
    pub incidents: Vec<(String, String)>,
}

impl PlanPage {
    fn may_apply(&self) -> bool {
        self.may_not.is_none() && (!self.held.is_held() || self.held.yours)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "a template hands on what it loops over by reference")]
    fn looks_back(&self, days: &u32) -> bool {
        self.days == *days
    }
}

/// What would happen to one document.
#[derive(Clone, Debug)]
pub struct PlannedChange {
    pub verb: Badge,
    pub document: Link,
    /// What it means: `Ana Silva is on call Mon 09:00 to Tue 09:00 instead of Ben Okafor`.
    pub sentences: Vec<String>,
    pub fields: Vec<FieldView>,
}

impl PlannedChange {
    pub fn of(difference: &Difference) -> Self {
        let (tone, word) = match difference.verb {
            Verb::Create => (Tone::Good, "New"),
            Verb::Change => (Tone::Warning, "Change"),
            Verb::Delete => (Tone::Critical, "Delete"),
        };
        let fields = difference.fields.iter().map(|field| FieldView {
            pointer: field.pointer.clone(),
            before: field.before.clone(),
            after: field.after.clone(),
        });
        Self {
            verb: Badge::new(tone, word),
            document: Link::new(difference.reference.to_string(), format!("/documents/{}", difference.reference)),
            sentences: difference.sentences.clone(),
            fields: fields.collect(),
        }
    }
}

/// One field that changes.
#[derive(Clone, Debug)]
pub struct FieldView {
    pub pointer: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl FieldView {
    pub(crate) fn class(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "change-added",
            (_, None) => "change-removed",
            _ => "change-set",
        }
    }

    pub(crate) fn sign(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "+",
            (_, None) => "−",
            _ => "~",
        }
    }
}

/// What is wrong, where, and what was probably meant.
#[derive(Clone, Debug)]
pub struct PlanProblem {
    /// `line 12`, or the document in force.
    pub place: String,
    pub text: String,
    pub suggestion: Option<String>,
    /// The line itself.
    pub line: Option<String>,
}

/// The history of one document.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/document_history.html")]
pub struct HistoryPage {
    pub shell: Shell,
    pub kind: String,
    pub name: String,
    pub revisions: Vec<Revision>,
    /// Two revisions compared: what the first has against the second.
    pub compared: Option<Compared>,
    pub may_edit: bool,
}

/// One revision.
#[derive(Clone, Debug)]
pub struct Revision {
    pub number: i64,
    pub when: When,
    pub by: Option<PersonTag>,
    pub reason: Option<String>,
    /// `Created`, `3 fields changed`.
    pub what: String,
    pub current: bool,
    /// It with what came before it.
    pub compare_href: String,
}

/// Two revisions, compared.
#[derive(Clone, Debug)]
pub struct Compared {
    pub from: i64,
    pub to: i64,
    pub change: PlannedChange,
}

/// A text in YAML: prints itself with its keys and comments marked.
#[derive(Clone, Debug)]
pub struct Yaml(pub String);

impl fmt::Display for Yaml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.lines() {
            let text = line.trim_start_matches([' ', '-']);
            let indent = &line[..line.len() - text.len()];
            f.write_str(indent)?;
            if text.starts_with('#') {
                f.write_str("<span class=\"yaml-note\">")?;
                Html.write_escaped_str(&mut *f, text)?;
                f.write_str("</span>\n")?;
                continue;
            }
            let key = text.split_once(": ").map(|(key, _)| key).or_else(|| text.strip_suffix(':'));
            match key.filter(|key| !key.starts_with(['"', '\'', '{', '[']) && !key.contains(' ')) {
                Some(key) => {
                    f.write_str("<span class=\"yaml-key\">")?;
                    Html.write_escaped_str(&mut *f, key)?;
                    f.write_str("</span>")?;
                    Html.write_escaped_str(&mut *f, &text[key.len()..])?;
                }
                None => Html.write_escaped_str(&mut *f, text)?,
            }
            f.write_str("\n")?;
        }
        Ok(())
    }
}

impl HtmlSafe for Yaml {}
