//! Documents that are proposed as a change: from a plan or the git source; edited; shown on the page of the change. And what holds an
//! edit of documents now.

use actions::change::document_proposals::{self as acts, Carried, WantedDocuments};
use actions::change::{changes, document_edits, gates};
use actions::prepare::documents::{self, Order, Preview};
use actions::prepare::source::order as order_of_source;
use axum::extract::Path;
use axum::response::Response;
use domain::change::changes::Path as Way;
use domain::change::gates::Exempter;
use domain::change::rollback_plans::Way as Back;
use domain::prepare::checks::Conditions;
use domain::prepare::documents::Reference;
use domain::prepare::writing;
use domain::words::{ChangeId, Refusal, RefusalKind};
use store::Halt;

use super::changes::{read_id, rule_link};
use crate::handlers::engage::pages::capital;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, refused, sentence};
use crate::handlers::prepare::documents::{order_of, problem};
use crate::pages::change::document_proposals::{ConflictLine, DocumentsEditPage, DocumentsView, HeldLine, HeldView};
use crate::pages::prepare::documents::PlannedChange;
use crate::pages::prepare::what_if::WhatIfView;
use crate::pages::{Link, Section};
use crate::pin_runs;
use crate::problem::Problem;
use crate::what_if::{self, WhatIf};

/// What holds an edit now, as the viewer may know it.
pub fn held(look: &mut Look<'_, '_>, preview: &Preview) -> Result<HeldView, Halt> {
    let node = look.app.node();
    let decision = document_edits::held(look.tx, node, preview, look.now())?;
    if decision.reasons.is_empty() {
        return Ok(HeldView::default());
    }
    let who = gates::who(look.tx, node, &look.asked.person, look.asked.access)?;
    let line = |reason: &domain::change::gates::Reason| HeldLine {
        message: capital(&reason.message),
        link: rule_link(&reason.rule),
        may_override: Exempter::to_string(&reason.exempter),
    };
    Ok(HeldView {
        reasons: decision.reasons.iter().map(line).collect(),
        yours: decision.reasons.iter().all(|reason| reason.exempter.admits(&who)),
    })
}

/// `POST /changes/documents` with `yaml`, `title` and `reason`; or with `commit`, `reason` and `take`, of the git source. With
/// `emergency`, the id of an open incident, it does not wait for an approval.
pub async fn post_documents(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let why = fields.text("reason").to_owned();
    let from_source = fields.some("commit").is_some();
    let back = if from_source { "/documents/source" } else { "/documents" };
    let wanted = match wanted(&asked, &fields, why) {
        Ok(wanted) => wanted,
        Err(refusal) => return Ok(asked.lead(back, Some(refused(&refusal)))),
    };
    let app = asked.app.clone();
    let made = asked.app.act(asked.actor(), move |store, _, moment| {
        let (works, may_post) = (app.works(), app.may_post());
        let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
        store.write(|tx| acts::propose(tx, &mut moment.again(), &wanted, conditions))
    });
    match made.await {
        Ok(row) => {
            let said = match row.change.path {
                Way::Emergency => "Proposed as an emergency. Nothing is in force until it is applied",
                _ => "Proposed. Nothing is in force yet",
            };
            Ok(asked.lead(&format!("/changes/{}", row.change.id), Some(done(said))))
        }
        Err(Halt::Refused(refusal)) => {
            Ok(asked.lead(back, Some(refused(&Refusal { message: sentence(&refusal.message), ..refusal }))))
        }
        Err(failed) => Err(failed.into()),
    }
}

fn wanted(asked: &Asked, fields: &Fields, why: String) -> Result<WantedDocuments, Refusal> {
    let (order, title, branch) = if let Some(commit) = fields.some("commit") {
        let files = asked.app.source().and_then(|source| source.state().files);
        let moved = || Refusal::new(RefusalKind::Stale, "the branch moved on meanwhile: look again");
        let files = files.filter(|files| files.commit == commit).ok_or_else(moved)?;
        let (mut order, unread) = order_of_source(&files);
        if let Some(wrong) = unread.first() {
            return Err(Refusal::invalid(wrong.to_string()));
        }
        for field in fields.all("take") {
            order.take.push(field.parse()?);
        }
        let title = if files.subject.trim().is_empty() { files.title() } else { files.subject.clone() };
        (order, title, Some(files.branch.clone()))
    } else {
        let (order, unread) = order_of(&fields.raw("yaml").replace("\r\n", "\n"));
        if let Some(wrong) = unread.first() {
            return Err(Refusal::invalid(wrong.to_string()));
        }
        let title = fields.some("title").unwrap_or("Change documents").to_owned();
        (order, title, None)
    };
    let title = domain::words::text::shorten(&title, 190);
    let incident = fields.some("emergency").map(str::parse).transpose();
    let incident = incident.map_err(|_| Refusal::invalid("this is not the id of an incident").at("/emergency"))?;
    Ok(WantedDocuments { order, title, why, branch, emergency: incident.is_some(), incident })
}

/// The documents of a change, with what they would do and what would have been.
pub struct Shown {
    pub carried: Carried,
    preview: Preview,
    what_if: Option<WhatIf>,
}

/// Reads them; nothing, if the change carries none, or is over.
pub async fn shown(asked: &Asked, id: ChangeId) -> Result<Option<Shown>, Problem> {
    let (app, now, reader, visitor) = (asked.app.clone(), asked.now, asked.reader(), asked.visitor.clone());
    let found = asked.app.read(move |tx| {
        let row = changes::find(tx, id, visitor.sight())?;
        let carried = acts::carried(tx, &row)?;
        if carried.proposed.is_empty() || !row.change.state.is_ahead() {
            return Ok(None);
        }
        let (works, may_post) = (app.works(), app.may_post());
        let conditions = Conditions { now, works: &works, may_post: &may_post };
        let preview = documents::preview_for(tx, &carried.order, conditions, &reader)?;
        Ok(Some((carried, preview)))
    });
    let Some((carried, preview)) = found.await? else { return Ok(None) };
    let what_if = what_if::ask(&asked.app, &preview, what_if::DAYS, what_if::PAGE_PATIENCE).await?;
    pin_runs::before_preview(&asked.app, &preview).await?;
    Ok(Some(Shown { carried, preview, what_if }))
}

impl Shown {
    /// For the page of the change.
    pub fn view(&self, look: &Look<'_, '_>) -> DocumentsView {
        let plan = &self.preview.plan;
        let link = |one: &Reference| Link::new(one.to_string(), format!("/documents/{one}/history"));
        DocumentsView {
            changes: plan.differences.iter().map(PlannedChange::of).collect(),
            problems: plan.problems.iter().map(|one| problem(one, "")).collect(),
            warnings: plan.warnings.iter().map(|one| problem(one, "")).collect(),
            conflicts: conflicts(&self.carried, look),
            moved: self.carried.moved.iter().map(link).collect(),
            branch: self.carried.proposed.branch.clone(),
            what_if: self.what_if.as_ref().map(|found| WhatIfView::of(found, &look.view)),
            is_done: false,
        }
    }
}

fn conflicts(carried: &Carried, look: &Look<'_, '_>) -> Vec<ConflictLine> {
    let says = |value: Option<String>| value.unwrap_or_else(|| "nothing".into());
    let all = carried.shown(&look.asked.reader()).into_iter();
    all.map(|one| ConflictLine {
        document: Link::new(one.reference.to_string(), format!("/documents/{}", one.reference)),
        pointer: if one.pointer.is_empty() { "the whole document".into() } else { one.pointer },
        in_force: says(one.in_force),
        proposed: says(one.proposed),
    })
    .collect()
}

/// What a change of documents that is over put in force.
pub fn done_view(look: &mut Look<'_, '_>, sheet: &changes::Sheet) -> Result<Option<DocumentsView>, Halt> {
    let change = &sheet.row.change;
    let Some(Back::Documents { changeset }) = change.proposal.rollback.as_ref().map(|plan| plan.way.clone()) else {
        return Ok(None);
    };
    let carries = !acts::carried(look.tx, &sheet.row)?.proposed.is_empty();
    if !carries || changeset == 0 || change.state.is_ahead() {
        return Ok(None);
    }
    let steps = documents::changes_of(look.tx, changeset, &look.asked.reader())?;
    let changes = steps.iter().filter_map(|step| step.difference.as_ref()).map(PlannedChange::of).collect();
    Ok(Some(DocumentsView {
        changes,
        problems: Vec::new(),
        warnings: Vec::new(),
        conflicts: Vec::new(),
        moved: Vec::new(),
        branch: None,
        what_if: None,
        is_done: true,
    }))
}

/// `GET /changes/ID/documents`: the editor.
pub async fn get_edit(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    editor(asked, id, None).await
}

/// What was typed, and why it was refused.
struct Typed {
    title: String,
    why: String,
    yaml: String,
    error: String,
}

async fn editor(asked: Asked, id: ChangeId, typed: Option<Typed>) -> Result<Response, Problem> {
    asked
        .page(Section::Changes, move |look, shell| {
            let row = changes::find(look.tx, id, look.asked.sight())?;
            let carried = acts::carried(look.tx, &row)?;
            if carried.proposed.is_empty() {
                return Err(Refusal::not_found("documents of this change").into());
            }
            let reader = look.asked.reader();
            let mine: Vec<_> = carried.mine.iter().map(|one| reader.document(one)).collect();
            let deletes = carried.proposed.documents.iter().filter(|one| one.spec.is_none());
            let proposal = &row.change.proposal;
            let said = |of: fn(&Typed) -> &String, else_: &str| typed.as_ref().map_or(else_, |one| of(one)).to_owned();
            Ok(DocumentsEditPage {
                change: Link::new(&proposal.title, format!("/changes/{id}")),
                action: format!("/changes/{id}/documents"),
                revision: row.change.revision,
                title: said(|one| &one.title, &proposal.title),
                why: said(|one| &one.why, &proposal.why),
                yaml: said(|one| &one.yaml, &writing::to_yaml(&mine)),
                deletes: deletes.map(|one| one.reference.to_string()).collect(),
                conflicts: conflicts(&carried, look),
                problems: Vec::new(),
                error: typed.as_ref().map(|one| sentence(&one.error)),
                voids: row.change.approvals.iter().map(|one| look.full_name(&one.by)).collect(),
                shell,
            })
        })
        .await
}

/// `POST /changes/ID/documents` with `revision`, `title`, `why`, `yaml` and `delete`.
pub async fn post_edit(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let yaml = fields.raw("yaml").replace("\r\n", "\n");
    let (title, why) = (fields.text("title").to_owned(), fields.text("why").to_owned());
    let revision = fields.text("revision").parse().unwrap_or(0);
    let outcome = match edited(&fields, &yaml, &title, &why) {
        Ok(wanted) => {
            let app = asked.app.clone();
            let act = asked.app.act(asked.actor(), move |store, _, moment| {
                let (works, may_post) = (app.works(), app.may_post());
                let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
                store.write(|tx| acts::edit(tx, &mut moment.again(), id, revision, &wanted, conditions))
            });
            act.await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(row) => {
            let said = format!("It is at revision {}", row.change.revision);
            Ok(asked.lead(&format!("/changes/{id}"), Some(done(said))))
        }
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            editor(asked, id, Some(Typed { title, why, yaml, error: refusal.to_string() })).await
        }
        Err(failed) => Err(failed.into()),
    }
}

fn edited(fields: &Fields, yaml: &str, title: &str, why: &str) -> Result<WantedDocuments, Refusal> {
    let deletions: Vec<Reference> = fields.all("delete").map(str::parse).collect::<Result<_, _>>()?;
    let (order, unread) = order_of(yaml);
    // To take documents away alone is a change, too.
    if let Some(wrong) = unread.first().filter(|_| !yaml.trim().is_empty() || deletions.is_empty()) {
        let one = problem(wrong, yaml);
        return Err(Refusal::invalid(format!("{}: {}", one.place, one.text)));
    }
    let order = Order { deletions, ..order };
    let (title, why) = (title.to_owned(), why.to_owned());
    Ok(WantedDocuments { order, title, why, branch: None, emergency: false, incident: None })
}
