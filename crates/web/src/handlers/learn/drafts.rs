//! What the record of an incident says, as a page.

use actions::learn::drafts::of_incident;
use actions::respond::incidents::seen;
use axum::extract::Path;
use axum::response::Response;
use domain::learn::drafts::{Draft, as_known, clock};
use domain::learn::insights::title;
use domain::learn::ledgers::{Row, Spent, took_in_words};
use domain::learn::records::Cite;

use crate::api::learn::drafts::address;
use crate::handlers::frame::Asked;
use crate::handlers::respond::incidents::restricted;
use crate::handlers::respond::room::read_id;
use crate::pages::learn::drafts::{
    DraftCite, DraftPage, DraftPart, DraftPrompt, DraftSection, DraftSentence, DraftView, LedgerRow, LedgerView,
};
use crate::pages::{Link, Section};
use crate::problem::Problem;

/// `GET /incidents/ID/draft`.
pub async fn get_draft(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    asked
        .page(Section::Incidents, move |look, shell| {
            let row = seen(look.tx, id, look.asked.sight())?;
            let (node, sight, now) = (look.app.node(), look.asked.sight(), look.now());
            let draft = of_incident(look.tx, node, id, sight, now)?;
            Ok(DraftPage {
                incident: Link::new(row.name(), format!("/incidents/{id}")),
                restricted: restricted(&row),
                drill: row.drill,
                markdown: format!("/api/v1/incidents/{id}/draft.md"),
                read_at: now.strftime("%Y-%m-%d %H:%M").to_string(),
                draft: view(&draft),
                shell,
            })
        })
        .await
}

/// As a page shows it.
pub(in crate::handlers) fn view(draft: &Draft) -> DraftView {
    let sentence = |one: &domain::learn::drafts::Sentence| DraftSentence {
        at: one.at.map(clock),
        text: one.text.clone(),
        cites: cites(draft, &one.cites),
    };
    let part = |part: &domain::learn::drafts::Part| DraftPart {
        title: part.title.clone(),
        sentences: part.sentences.iter().map(sentence).collect(),
    };
    let section = |section: &domain::learn::drafts::Section| DraftSection {
        name: section.name,
        title: section.title,
        parts: section.parts.iter().map(part).collect(),
    };
    let prompt = |one: &domain::learn::drafts::Prompt| DraftPrompt {
        name: one.name,
        title: one.title,
        questions: one.questions,
    };
    DraftView {
        sections: draft.sections.iter().map(section).collect(),
        ledger: ledger(draft),
        prompts: draft.prompts.iter().map(prompt).collect(),
        truncated: draft.truncated,
    }
}

/// What is cited, each once.
fn cites(draft: &Draft, all: &[Cite]) -> Vec<DraftCite> {
    let mut shown: Vec<DraftCite> = Vec::new();
    for cite in all {
        if shown.iter().all(|one| one.id != cite.as_str()) {
            shown.push(DraftCite { label: draft.label(cite), href: address(draft, cite), id: cite.to_string() });
        }
    }
    shown
}

fn ledger(draft: &Draft) -> LedgerView {
    let ledger = &draft.ledger;
    let longest: i64 = ledger.rows.iter().filter_map(Row::took).map(|took| took.seconds.max(0)).sum();
    let row = |row: &Row| match &row.spent {
        Spent::Known { from, to, took } => LedgerRow {
            title: row.stage.title(),
            took: Some(took_in_words(*took)),
            share: u8::try_from(took.seconds.max(0) * 100 / longest.max(1)).unwrap_or(100),
            says: format!(
                "from when {} ({}) until {} ({})",
                from.says,
                as_known(&from.when),
                to.says,
                as_known(&to.when)
            ),
            source: format!("{}, to the {}", to.source.word(), to.when.precision.word()),
            cites: cites(draft, &[from.cites.as_slice(), to.cites.as_slice()].concat()),
        },
        Spent::Unknown { why, cites: shown } => LedgerRow {
            title: row.stage.title(),
            took: None,
            share: 0,
            says: why.clone(),
            source: String::new(),
            cites: cites(draft, shown),
        },
    };
    let total = |total: &domain::learn::ledgers::Total| {
        (title(total.measure), total.took.as_ref().map(|(.., took)| took_in_words(*took)))
    };
    LedgerView {
        rows: ledger.rows.iter().map(row).collect(),
        whole: ledger.whole.as_ref().map(|(.., took)| took_in_words(*took)),
        totals: ledger.totals.iter().map(total).collect(),
    }
}
