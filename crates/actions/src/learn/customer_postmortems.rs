//! What customers read of a postmortem: prepared, looked through, agreed to, published under a notice of the status page,
//! corrected there.

use domain::inform::notices::{Effects, Sort, State};
use domain::learn::customer_postmortems::{
    Block, Conditions, CustomerPostmortem, FACTORS, Kept, Plan, Publisher, Report,
};
use domain::learn::leaks::{House, Leak};
use domain::respond::incidents::Visibility;
use domain::respond::sight::Sight;
use domain::words::text::shorten;
use domain::words::{EventKind, IncidentId, Name, NoticeId, Refusal};
use serde_json::{Value, json};
use store::learn::action_items::ItemRow;
use store::learn::customer_postmortems::{self as rows, Version};
use store::learn::postmortems::Version as Inside;
use store::respond::incidents::IncidentRow;
use store::{Halt, Tx};

use crate::announce::Told;
use crate::inform::notices::{self, Post, Target};
use crate::inform::status_pages;
use crate::prepare::drills;
use crate::respond::incidents::{find, may_open, seen};
use crate::respond::updates;
use crate::{Moment, Node, announce};

/// Letters that a post on the status page tells of it.
const TOLD_MOST: usize = 2000;

/// Everything of one, as pages and programs show it.
#[derive(Clone, Debug)]
pub struct Whole {
    pub incident: IncidentRow,
    pub one: CustomerPostmortem,
    /// What was published inside, block by block.
    pub blocks: Vec<Block>,
    /// What is to be done after the incident: what may be promised.
    pub items: Vec<ItemRow>,
    /// What customers would read now.
    pub report: Report,
    pub leaks: Vec<Leak>,
    pub versions: Vec<Version>,
    /// What stands between this and its publication by whoever looks.
    pub hindrances: Vec<String>,
    /// Whoever looks may agree that something of the restricted incident goes out.
    pub may_agree: bool,
    /// Where the public reads it.
    pub link: Option<String>,
}

impl Whole {
    pub fn is_restricted(&self) -> bool {
        self.incident.state.visibility == Visibility::Restricted
    }
}

/// That of an incident, for somebody.
pub fn whole(tx: &mut Tx<'_>, node: &Node, id: IncidentId, me: Option<&Name>, sight: Sight<'_>) -> Result<Whole, Halt> {
    let incident = seen(tx, id, sight)?;
    let source = store::learn::postmortems::versions(tx, id)?;
    let inside = source.last().ok_or_else(|| {
        let message =
            format!("customer postmortem of {id}: it is derived from the postmortem, and none is published yet");
        Refusal::not_found(message)
    })?;
    let blocks = blocks(inside);
    let catalog = node.rules(tx)?.catalog.clone();
    let notice = updates::notice_of(tx, id)?;
    let title = notice.as_ref().map_or("", |notice| notice.title.as_str());
    let first = || CustomerPostmortem::none(id, Plan::first(title, &blocks), inside.at);
    let one = rows::get(tx, id)?.unwrap_or_else(first);
    let items = store::learn::action_items::of_incident(tx, id)?;
    let things: Vec<_> = items.iter().map(|row| row.item.clone()).collect();
    let report = one.plan.derive(&blocks, &things);
    let page = status_pages::page(&catalog).map(|(_, page)| page);
    let base = page.and_then(|page| page.url.as_deref()).unwrap_or(&node.identity.public_url).trim_end_matches('/');
    let leaks = report.leaks(&one.plan.correction, &House::of(&catalog, base));
    let restricted = incident.state.visibility == Visibility::Restricted;
    let conditions =
        Conditions { restricted, second_person: updates::second_person(&catalog, &incident), leaks: &leaks };
    let mut hindrances = match me {
        Some(me) => one.hindrances(me, conditions),
        None => Vec::new(),
    };
    if page.is_none() {
        hindrances.insert(0, "there is no status page where customers could read it".to_owned());
    }
    if let Err(refusal) = drills::must_stay_inside(&incident) {
        hindrances.insert(0, refusal.message);
    }
    if incident.state.phase.is_open() {
        hindrances.insert(0, "the incident is open again: its end is told when it is over".to_owned());
    }
    Ok(Whole {
        may_agree: match me {
            Some(me) if restricted => may_open(tx, &incident, me)?,
            _ => false,
        },
        versions: rows::versions(tx, id)?,
        link: one.notice.map(|notice| format!("{base}/status/notices/{notice}/postmortem")),
        incident,
        one,
        blocks,
        items,
        report,
        leaks,
        hindrances,
    })
}

/// What was published inside, block by block.
fn blocks(inside: &Inside) -> Vec<Block> {
    let all = |name: &str| inside.body[name].as_array().into_iter().flatten();
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or("").to_owned();
    let sections = all("sections").map(|one| Block {
        name: text(one, "section"),
        title: text(one, "title"),
        text: text(one, "text"),
    });
    let factors: Vec<String> = all("factors").map(|one| format!("- {}", text(one, "text"))).collect();
    let factors = Block { name: FACTORS.into(), title: "Contributing factors".into(), text: factors.join("\n") };
    sections.chain([factors]).filter(|block| !block.text.trim().is_empty()).collect()
}

fn load(tx: &mut Tx<'_>, node: &Node, moment: &Moment<'_>, id: IncidentId) -> Result<(Name, Whole), Halt> {
    let me = moment.person().cloned().ok_or_else(|| Refusal::forbidden("only a person can do this"))?;
    find(tx, moment, id)?;
    let whole = whole(tx, node, id, Some(&me), Sight::of(&moment.actor))?;
    Ok((me, whole))
}

fn tell(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    id: IncidentId,
    kind: EventKind,
    why: Option<&str>,
    data: Value,
) -> Result<(), Halt> {
    announce::of_incident(tx, moment, kind, id, Vec::new(), Told { why, data, at: None })?;
    Ok(())
}

/// Somebody says what goes out, and what of it does not.
pub fn prepare(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    plan: &Plan,
    from: u32,
) -> Result<(), Halt> {
    let (me, all) = load(tx, node, moment, id)?;
    let items: Vec<_> = all.items.iter().map(|row| row.item.clone()).collect();
    let plan = plan.clone().checked(&all.blocks, &items)?;
    let next = all.one.prepare(plan, from, &me, moment.now)?;
    rows::save(tx, &next)?;
    let cuts: Vec<Value> = next
        .plan
        .redactions
        .iter()
        .map(|one| json!({ "reason": one.reason, "letters": one.words.chars().count() }))
        .collect();
    let data = json!({ "revision": next.revision, "blocks": next.plan.blocks, "redactions": cuts,
        "promises": next.plan.promises });
    tell(tx, moment, id, EventKind::CustomerPostmortemPrepared, None, data)
}

/// Somebody says why what the leak check found may stay.
pub fn answer(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    key: &str,
    why: &str,
) -> Result<(), Halt> {
    let (me, all) = load(tx, node, moment, id)?;
    let next = all.one.answer(&all.leaks, key, why, &me, moment.now)?;
    if all.one.revision == 0 {
        return Err(Refusal::conflict("nothing was prepared yet: choose what goes out, and save it").into());
    }
    rows::save(tx, &next)?;
    let kind = all.leaks.iter().find(|leak| leak.key == key).map(|leak| leak.kind);
    let data = json!({ "finding": key, "kind": kind });
    tell(tx, moment, id, EventKind::CustomerPostmortemAnswered, Some(why.trim()), data)
}

/// Whoever may open the incident agrees.
pub fn agree(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    revision: u32,
    why: &str,
) -> Result<(), Halt> {
    let (me, all) = load(tx, node, moment, id)?;
    let by = Publisher { name: &me, may_open: all.may_agree };
    let next = all.one.consent(revision, all.is_restricted(), by, why, moment.now)?;
    rows::save(tx, &next)?;
    let data = json!({ "revision": revision, "person": me });
    tell(tx, moment, id, EventKind::CustomerPostmortemAgreed, Some(why.trim()), data)
}

/// It goes out: customers read it, and subscribers are told.
pub fn publish(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    revision: u32,
) -> Result<(), Halt> {
    let (me, all) = load(tx, node, moment, id)?;
    drills::must_stay_inside(&all.incident)?;
    if all.incident.state.phase.is_open() {
        return Err(Refusal::conflict("the incident is open again: its end is told when it is over").into());
    }
    let catalog = node.rules(tx)?.catalog.clone();
    let conditions = Conditions {
        restricted: all.is_restricted(),
        second_person: updates::second_person(&catalog, &all.incident),
        leaks: &all.leaks,
    };
    let mut next = all.one.publish(revision, &me, conditions)?;
    let correction = Some(all.one.plan.correction.clone()).filter(|said| all.one.versions > 0 && !said.is_empty());
    let notice = match all.one.notice {
        Some(notice) => Some(notice),
        None => updates::notice_of(tx, id)?.map(|notice| notice.id),
    };
    let said = correction.as_ref().map_or_else(|| all.report.lead(), |said| format!("Correction: {said}"));
    let said = shorten(&said, TOLD_MOST);
    let page = status_pages::must(&catalog)?;
    let base = page.url.as_ref().unwrap_or(&node.identity.public_url).trim_end_matches('/');
    let text = match notice {
        Some(notice) => format!("{said}\n\nThe whole report: {base}/status/notices/{notice}/postmortem"),
        None => said,
    };
    let post = Post {
        notice: match notice {
            Some(notice) => Target::Existing(notice),
            None => Target::New { title: all.report.title.clone(), sort: Sort::Incident, window: None },
        },
        incident: Some(id),
        state: Some(State::Postmortem),
        text,
        components: Effects::new(),
        next_update_by: None,
        at: None,
        quiet: false,
    };
    let notice = notices::post(tx, node, moment, &post)?.id;
    next.notice = Some(notice);
    rows::save(tx, &next)?;
    let hash = all.report.hash();
    let version = Version {
        notice,
        version: next.versions,
        incident: id,
        report: all.report,
        hash: hash.clone(),
        by: me,
        at: moment.now,
        correction: correction.clone(),
    };
    rows::publish(tx, &version)?;
    let data = json!({ "version": version.version, "notice": notice, "sha256": hash });
    tell(tx, moment, id, EventKind::CustomerPostmortemPublished, correction.as_deref(), data)
}

/// What somebody wants of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    Prepare { plan: Plan, from: u32 },
    Answer { finding: String, why: String },
    Agree { revision: u32, why: String },
    Publish { revision: u32 },
}

/// Does it; answers with how it stands then.
pub fn act(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, id: IncidentId, deed: &Deed) -> Result<Whole, Halt> {
    match deed {
        Deed::Prepare { plan, from } => prepare(tx, node, moment, id, plan, *from)?,
        Deed::Answer { finding, why } => answer(tx, node, moment, id, finding, why)?,
        Deed::Agree { revision, why } => agree(tx, node, moment, id, *revision, why)?,
        Deed::Publish { revision } => publish(tx, node, moment, id, *revision)?,
    }
    whole(tx, node, id, moment.person().cloned().as_ref(), Sight::of(&moment.actor))
}

/// What was published under one notice, the first first; and what the last version promises, as it stands.
pub type Published = (Vec<Version>, Vec<(String, Kept)>);

/// What stands under a notice for everybody.
pub fn of_notice(tx: &mut Tx<'_>, notice: NoticeId) -> Result<Published, Halt> {
    let versions = rows::of_notice(tx, notice)?;
    let mut promises = Vec::new();
    for promise in versions.last().into_iter().flat_map(|last| &last.report.promises) {
        let row = store::learn::action_items::get(tx, promise.item, Sight::Whole)?;
        let kept = row.map_or(Kept::Dropped, |row| Kept::of(&row.item));
        promises.push((promise.text.clone(), kept));
    }
    Ok((versions, promises))
}

#[cfg(test)]
#[path = "customer_postmortems_tests.rs"]
mod tests;
