//! Postmortems: written, factors named, handed over for review, published, corrected, waived, asked for.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use domain::learn::factors::{Factor, Wanted};
use domain::learn::ledgers::{Spent, took_in_words};
use domain::learn::postmortem_policies::Form;
use domain::learn::postmortem_sections::{self as sections, Section, Texts};
use domain::learn::postmortems::{Move, Postmortem, State};
use domain::prepare::people::Access;
use domain::respond::entries::{line, text as paragraph};
use domain::respond::incidents::{Command, Phase};
use domain::respond::sight::Sight;
use domain::words::{EventKind, FactorId, IncidentId, Name, Refusal};
use serde_json::{Value, json};
use store::learn::postmortems::{self as rows, Filter, Version, Written};
use store::respond::incidents::IncidentRow;
use store::{Halt, Tx};

use super::postmortem_owners::{self, Ownership};
use super::postmortem_policies::{self, particulars, save};
use super::{drafts, recurrences, shared_texts};
use crate::announce::Told;
use crate::respond::incidents::{self, find, seen};
use crate::{Moment, Node, announce};

/// Everything of one, as pages and programs show it.
#[derive(Clone, Debug)]
pub struct Whole {
    pub incident: IncidentRow,
    pub postmortem: Postmortem,
    pub held: Ownership,
    /// The last text of each section.
    pub written: Vec<Written>,
    pub factors: Vec<Factor>,
    pub versions: Vec<Version>,
    /// What is missing before it can be reviewed.
    pub missing: Vec<String>,
    /// What could be better, and holds nothing up.
    pub advice: Vec<String>,
}

impl Whole {
    pub fn form(&self) -> Form {
        self.postmortem.form()
    }

    pub fn text(&self, section: Section) -> Option<&Written> {
        self.written.iter().find(|one| one.section == section)
    }
}

fn nothing_yet(row: &IncidentRow) -> Refusal {
    let open = row.state.phase.is_open();
    let why = if open { "its response is not over" } else { "it was not judged" };
    Refusal::not_found(format!("postmortem of {}: {why}", row.id))
}

/// That of an incident.
pub fn whole(tx: &mut Tx<'_>, id: IncidentId, sight: Sight<'_>) -> Result<Whole, Halt> {
    let incident = seen(tx, id, sight)?;
    let postmortem = rows::get(tx, id)?.ok_or_else(|| nothing_yet(&incident))?;
    let written = rows::written(tx, id)?;
    let factors = rows::factors(tx, id)?;
    let texts = rows::texts(&written);
    let hold = factors.iter().filter(|one| one.holds()).count();
    Ok(Whole {
        held: postmortem_owners::of_incident(tx, id)?,
        versions: rows::versions(tx, id)?,
        missing: sections::missing(postmortem.form(), &texts, hold),
        advice: sections::advice(&texts),
        incident,
        postmortem,
        written,
        factors,
    })
}

/// One in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub incident: IncidentRow,
    pub postmortem: Postmortem,
    pub held: Ownership,
}

/// Those that are seen.
pub fn list(tx: &mut Tx<'_>, filter: &Filter, sight: Sight<'_>, limit: u32) -> Result<Vec<Listed>, Halt> {
    let mut all = Vec::new();
    for postmortem in rows::list(tx, filter, sight, limit)? {
        let incident = seen(tx, postmortem.incident, sight)?;
        let held = postmortem_owners::of_incident(tx, postmortem.incident)?;
        all.push(Listed { incident, postmortem, held });
    }
    Ok(all)
}

pub(super) fn load(tx: &mut Tx<'_>, moment: &Moment<'_>, id: IncidentId) -> Result<(IncidentRow, Postmortem), Halt> {
    let row = find(tx, moment, id)?;
    let one = rows::get(tx, id)?.ok_or_else(|| nothing_yet(&row))?;
    Ok((row, one))
}

pub(super) fn person(moment: &Moment<'_>) -> Result<Name, Refusal> {
    moment.person().cloned().ok_or_else(|| Refusal::forbidden("only a person can do this"))
}

/// Keeps a move and tells of it.
fn carry(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    (one, event): Move,
    why: Option<&str>,
    data: Value,
) -> Result<Postmortem, Halt> {
    save(tx, &one, moment.now)?;
    if let Some(event) = event {
        let mut said = json!({ "state": one.state });
        if let (Some(said), Value::Object(more)) = (said.as_object_mut(), data) {
            said.extend(more);
        }
        announce::of_incident(tx, moment, event, one.incident, Vec::new(), Told { why, data: said, at: None })?;
    }
    Ok(one)
}

/// Somebody writes: it is a draft from then on, and the incident is being learned from.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    row: &IncidentRow,
    one: &Postmortem,
) -> Result<Postmortem, Halt> {
    let moved = one.write(moment.now)?;
    if moved.1.is_none() {
        return Ok(moved.0);
    }
    let one = carry(tx, moment, moved, None, json!({}))?;
    if row.state.phase == Phase::Resolved {
        let mut rule = moment.by_rule("postmortem");
        incidents::act(tx, node, &mut rule, row.id, &Command::Review, None)?;
    }
    Ok(one)
}

/// A text of a section, and which revision whoever wrote it began from: 0 if there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub section: Section,
    pub text: String,
    pub from: u32,
}

/// Writes sections anew, together with what others wrote since: all of them, or none where somebody changed the same words. What is
/// the same stays as it is.
pub fn write(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    texts: &[Text],
) -> Result<Whole, Halt> {
    let author = person(moment)?;
    let (row, mut one) = load(tx, moment, id)?;
    one.write(moment.now)?;
    shared_texts::settle(tx, moment, id)?;
    let before = rows::written(tx, id)?;
    let mut saved = Texts::new();
    for new in texts {
        let held = before.iter().find(|one| one.section == new.section);
        let text = shared_texts::together(tx, id, held, new)?;
        if held.map_or("", |held| held.text.as_str()) == text {
            continue;
        }
        one = begin(tx, node, moment, &row, &one)?;
        saved.insert(new.section, text.clone());
        let revision = held.map_or(0, |held| held.revision) + 1;
        let (author, others, at) = (author.clone(), Vec::new(), moment.now);
        shared_texts::revise(tx, moment, id, Written { section: new.section, revision, text, author, others, at })?;
    }
    shared_texts::follow(tx, moment, id, &saved)?;
    whole(tx, id, Sight::of(&moment.actor))
}

/// Writes an earlier text of a section anew; what stands there now stays in its history.
pub fn restore(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    section: Section,
    revision: u32,
) -> Result<Whole, Halt> {
    load(tx, moment, id)?.1.write(moment.now)?;
    shared_texts::settle(tx, moment, id)?;
    let missing = || Refusal::not_found(format!("revision {revision} of {}", section.title()));
    let earlier = rows::revision(tx, id, section, revision)?.ok_or_else(missing)?;
    let from = rows::written(tx, id)?.iter().find(|one| one.section == section).map_or(0, |one| one.revision);
    write(tx, node, moment, id, &[Text { section, text: earlier.text, from }])
}

/// Names a contributing factor.
pub fn name_factor(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    wanted: &Wanted,
) -> Result<Factor, Halt> {
    let by = person(moment)?;
    let (row, one) = load(tx, moment, id)?;
    let wanted = wanted.checked(&node.rules(tx)?.catalog)?;
    begin(tx, node, moment, &row, &one)?;
    let Wanted { text, kind, evidence } = wanted;
    let factor = Factor { id: moment.mint.id(moment.now), text, kind, evidence, by, at: moment.now, struck: None };
    rows::save_factor(tx, id, &factor)?;
    let data = json!({ "factor": factor.id, "text": factor.text, "kind": factor.kind });
    announce::of_incident(tx, moment, EventKind::FactorNamed, id, vec![factor.id.to_string()], Told::of(data))?;
    if let Some(kind) = &factor.kind {
        recurrences::factor_confirmed(tx, node, &mut moment.again(), id, kind.as_str())?;
    }
    Ok(factor)
}

/// Says that a factor does not hold; it stays on record.
pub fn strike_factor(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    id: IncidentId,
    factor: FactorId,
    why: &str,
) -> Result<Factor, Halt> {
    let by = person(moment)?;
    let (_, one) = load(tx, moment, id)?;
    one.write(moment.now)?;
    let found = rows::factor(tx, id, factor)?.ok_or_else(|| Refusal::not_found(format!("factor {factor}")))?;
    let struck = found.strike(&by, why, moment.now)?;
    rows::save_factor(tx, id, &struck)?;
    let data = json!({ "factor": factor, "text": struck.text });
    let told = Told { why: Some(why.trim()), data, at: None };
    announce::of_incident(tx, moment, EventKind::FactorStruck, id, vec![factor.to_string()], told)?;
    Ok(struck)
}

/// Hands it over for review.
pub fn submit(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId) -> Result<Postmortem, Halt> {
    person(moment)?;
    let (_, one) = load(tx, moment, id)?;
    shared_texts::settle(tx, moment, id)?;
    let texts = rows::texts(&rows::written(tx, id)?);
    let factors = rows::factors(tx, id)?.iter().filter(|one| one.holds()).count();
    carry(tx, moment, one.submit(&texts, factors, moment.now)?, None, json!({}))
}

/// Sends it back to those who write it.
pub fn send_back(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId, why: &str) -> Result<Postmortem, Halt> {
    person(moment)?;
    let (_, one) = load(tx, moment, id)?;
    let moved = one.send_back(why, moment.now)?;
    let why = paragraph(why, "/why")?;
    carry(tx, moment, moved, Some(&why), json!({}))
}

/// Publishes what was reviewed. It stays as it is from then on.
pub fn publish(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, id: IncidentId) -> Result<Postmortem, Halt> {
    let by = person(moment)?;
    let (row, one) = load(tx, moment, id)?;
    shared_texts::settle(tx, moment, id)?;
    let mut wrote: BTreeSet<Name> = rows::authors(tx, id)?.into_iter().collect();
    wrote.extend(rows::factors(tx, id)?.into_iter().filter(Factor::holds).map(|one| one.by));
    let owner = postmortem_owners::of_incident(tx, id)?.owner;
    let moved = one.publish(&by, &wrote, owner.as_ref(), moment.now)?;
    let body = body(tx, node, moment, &row, &moved.0)?;
    let version = Version { version: moved.0.versions, body, by: by.clone(), at: moment.now, correction: None };
    rows::publish(tx, id, &version)?;
    let one = carry(tx, moment, moved, None, json!({ "version": version.version, "reviewer": by }))?;
    postmortem_owners::follow(tx, node, moment, &row)?;
    Ok(one)
}

/// Says what is not so in what was published. The text stays; the correction is a version of its own.
pub fn correct(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId, correction: &str) -> Result<Postmortem, Halt> {
    let by = person(moment)?;
    let (_, one) = load(tx, moment, id)?;
    let moved = one.correct()?;
    let correction = paragraph(correction, "/correction")?;
    let last = rows::versions(tx, id)?.pop().ok_or_else(|| Refusal::conflict("nothing was published yet"))?;
    let version = Version {
        version: moved.0.versions,
        body: last.body,
        by,
        at: moment.now,
        correction: Some(correction.clone()),
    };
    rows::publish(tx, id, &version)?;
    carry(tx, moment, moved, Some(&correction), json!({ "version": version.version }))
}

/// Says that none is written, by name and with a reason.
pub fn waive(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    access: Option<Access>,
    why: &str,
) -> Result<Postmortem, Halt> {
    let by = person(moment)?;
    let (row, one) = load(tx, moment, id)?;
    shared_texts::settle(tx, moment, id)?;
    let owner = postmortem_owners::of_incident(tx, id)?.owner;
    let moved = one.waive(&by, access.unwrap_or(Access::Viewer), owner.as_ref(), why, moment.now)?;
    let one = carry(tx, moment, moved, Some(why.trim()), json!({ "person": by }))?;
    postmortem_owners::follow(tx, node, moment, &row)?;
    Ok(one)
}

/// Asks for one; it is judged at once.
pub fn request(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    why: &str,
) -> Result<Postmortem, Halt> {
    let by = person(moment)?;
    let (_, one) = load(tx, moment, id)?;
    let why = line(why, 500, "/why")?;
    let moved = one.request(&by, &why, moment.now)?;
    carry(tx, moment, moved, Some(&why), json!({ "person": by }))?;
    postmortem_policies::look(tx, node, moment, id)?;
    Ok(load(tx, moment, id)?.1)
}

/// What somebody wants of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    Submit,
    SendBack { why: String },
    Publish,
    Correct { correction: String },
    Waive { why: String },
    Request { why: String },
}

/// Does it; answers with how it stands then.
pub fn act(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    access: Option<Access>,
    deed: &Deed,
) -> Result<Whole, Halt> {
    match deed {
        Deed::Submit => submit(tx, moment, id)?,
        Deed::SendBack { why } => send_back(tx, moment, id, why)?,
        Deed::Publish => publish(tx, node, moment, id)?,
        Deed::Correct { correction } => correct(tx, moment, id, correction)?,
        Deed::Waive { why } => waive(tx, node, moment, id, access, why)?,
        Deed::Request { why } => request(tx, node, moment, id, why)?,
    };
    whole(tx, id, Sight::of(&moment.actor))
}

/// All texts that a section had, the first first.
pub fn history(tx: &mut Tx<'_>, id: IncidentId, section: Section, sight: Sight<'_>) -> Result<Vec<Written>, Halt> {
    seen(tx, id, sight)?;
    Ok(rows::history(tx, id, section)?)
}

/// As Markdown: what was published last with its corrections, or what is written so far.
pub fn markdown(whole: &Whole) -> String {
    let title = domain::learn::drafts::plain(&whole.incident.name());
    let mut out = format!("# {title}\n");
    let one = &whole.postmortem;
    if one.state != State::Published {
        _ = write!(out, "\n_{}: not published._\n", one.state.title());
    }
    let last = whole.versions.last().filter(|_| one.state == State::Published);
    let (sections, factors): (Vec<(String, String)>, Vec<String>) = match last {
        Some(version) => {
            let text = |value: &Value, name: &str| value[name].as_str().unwrap_or("").to_owned();
            let all = |name: &str| version.body[name].as_array().into_iter().flatten();
            (
                all("sections").map(|one| (text(one, "title"), text(one, "text"))).collect(),
                all("factors").map(|one| text(one, "text")).collect(),
            )
        }
        None => (
            Section::of(one.form())
                .filter_map(|section| Some((section.title().to_owned(), whole.text(section)?.text.clone())))
                .collect(),
            whole.factors.iter().filter(|one| one.holds()).map(|one| one.text.clone()).collect(),
        ),
    };
    for (title, text) in sections {
        _ = write!(out, "\n## {title}\n\n{text}\n");
    }
    if !factors.is_empty() {
        out.push_str("\n## Contributing factors\n\n");
        for factor in factors {
            _ = writeln!(out, "- {}", domain::learn::drafts::plain(&factor));
        }
    }
    for version in whole.versions.iter().filter(|_| last.is_some()) {
        if let Some(correction) = &version.correction {
            _ = write!(out, "\n## Correction of {}\n\n{correction}\n", version.at.strftime("%Y-%m-%d"));
        }
    }
    out
}

/// What is kept of a published one: its words as they are, who answers for them, and the facts that they rest on.
fn body(tx: &mut Tx<'_>, node: &Node, moment: &Moment<'_>, row: &IncidentRow, one: &Postmortem) -> Result<Value, Halt> {
    let written = rows::written(tx, row.id)?;
    let text = |section: Section| written.iter().find(|one| one.section == section).map(|one| one.text.clone());
    let words: Vec<Value> = Section::of(one.form())
        .filter_map(|section| Some(json!({ "section": section, "title": section.title(), "text": text(section)? })))
        .collect();
    let factors = rows::factors(tx, row.id)?.into_iter().filter(Factor::holds);
    let factors: Vec<Value> =
        factors.map(|one| json!({ "text": one.text, "kind": one.kind, "evidence": one.evidence })).collect();
    // Minutes only: sentences tell some readers more than others.
    let ledger = drafts::of_incident(tx, node, row.id, Sight::Whole, moment.now)?.ledger;
    let minutes: Vec<Value> = ledger
        .rows
        .iter()
        .filter_map(|row| match &row.spent {
            Spent::Known { took, .. } => Some(json!({
                "stage": row.stage.title(),
                "seconds": took.middle(),
                "took": took_in_words(*took),
            })),
            Spent::Unknown { .. } => None,
        })
        .collect();
    let totals: Vec<Value> = ledger
        .totals
        .iter()
        .filter_map(|total| {
            let (_, _, took) = total.took.as_ref()?;
            Some(json!({ "measure": total.measure.word(), "seconds": took.middle(), "took": took_in_words(*took) }))
        })
        .collect();
    let held = postmortem_owners::of_incident(tx, row.id)?;
    Ok(json!({
        "title": row.name(),
        "severity": row.state.severity,
        "class": row.state.class,
        "services": row.services,
        "form": one.form(),
        "sections": words,
        "factors": factors,
        "minutes": minutes,
        "totals": totals,
        "owner": held.owner,
        "judgement": particulars(one),
    }))
}

#[cfg(test)]
#[path = "postmortems_tests.rs"]
pub(crate) mod tests;
