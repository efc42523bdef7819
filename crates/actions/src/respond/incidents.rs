//! Incidents: declared, described, led from phase to phase, hidden and shown.

use std::collections::BTreeSet;

use domain::prepare::catalog::Catalog;
use domain::respond::assignments::Assignment;
use domain::respond::incidents::{By, Class, Command, Incident, Phase, Visibility};
use domain::respond::sight::Sight;
use domain::respond::stamps::{Milestone, Source, When};
use domain::respond::{codenames, entries};
use domain::words::{EventKind, IncidentId, Name, Refusal, text};
use serde_json::{Value, json};
use store::respond::incidents::{self as rows, IncidentRow};
use store::respond::{assignments, tasks};
use store::{Halt, Tx};

use super::stamps::{self, Claim};
use super::{command, links, room, updates};
use crate::announce::Told;
use crate::change::{reflexes, suspects};
use crate::engage::pages;
use crate::learn::{postmortem_policies, recurrences};
use crate::prepare::drills;
use crate::{Moment, Node, announce};

/// The roles whose holders may do more.
pub const COMMANDER: &str = "incident-commander";
pub(super) const DEPUTY: &str = "deputy";
const SECURITY_LEAD: &str = "security-lead";

/// What somebody says is wrong.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is said by itself")]
pub struct Declaration {
    pub title: String,
    pub class: Class,
    /// A level of the severity matrix.
    pub severity: Option<String>,
    /// "I declare it because ..."
    pub because: Option<String>,
    /// "The impact is ..."
    pub impact: Option<String>,
    pub services: Vec<Name>,
    /// What it comes from: alerts, groups, pages, other incidents.
    pub from: Vec<String>,
    /// As its class has it, if absent.
    pub visibility: Option<Visibility>,
    pub codename: Option<String>,
    /// Somebody is to look at it before people are called together.
    pub only_reported: bool,
    pub near_miss: bool,
    /// It is only practised, and is marked so wherever it is named.
    pub drill: bool,
    /// It is over, and is written down afterwards.
    pub retrospective: bool,
    pub stamps: Vec<Claim>,
}

impl Declaration {
    /// With nothing but what must be said.
    pub fn new(title: impl Into<String>, class: Class) -> Self {
        Self {
            title: title.into(),
            class,
            severity: None,
            because: None,
            impact: None,
            services: Vec::new(),
            from: Vec::new(),
            visibility: None,
            codename: None,
            only_reported: false,
            near_miss: false,
            drill: false,
            retrospective: false,
            stamps: Vec::new(),
        }
    }
}

/// What is said anew of an incident. What is absent stays; what is empty goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    pub title: Option<String>,
    pub because: Option<String>,
    pub impact: Option<String>,
    pub services: Option<Vec<Name>>,
    pub near_miss: Option<bool>,
}

/// Declares an incident, or reports it. Anybody may; whoever does is named for it.
pub fn declare(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    wanted: &Declaration,
) -> Result<IncidentRow, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let now = moment.now;
    let id: IncidentId = moment.mint.id(now);
    let mut state = Incident::reported(wanted.class, now);
    state.visibility = wanted.visibility.unwrap_or(state.visibility);
    let hidden = state.visibility == Visibility::Restricted;
    let codename = wanted.codename.as_deref().map(codenames::checked).transpose()?;
    let mut row = IncidentRow {
        id,
        title: title(&wanted.title)?,
        state,
        codename: codename.or_else(|| hidden.then(|| codenames::of(id))),
        because: optional(wanted.because.as_deref(), "/because")?,
        impact: optional(wanted.impact.as_deref(), "/impact")?,
        services: services(&catalog, &wanted.services)?,
        reported_by: moment.actor.to_string(),
        reported_at: now,
        retrospective: wanted.retrospective,
        near_miss: wanted.near_miss,
        drill: wanted.drill,
    };
    if let Some(level) = &wanted.severity {
        check_level(&catalog, level)?;
    }
    let person = moment.person().cloned();
    if hidden && person.is_none() {
        return Err(Refusal::forbidden("a restricted incident is declared by a person, who may see it then").into());
    }
    rows::save(tx, &row)?;
    if let Some(person) = &person {
        rows::name_person(tx, id, person)?;
    }
    let mut said = json!({
        "title": row.title,
        "class": row.state.class,
        "visibility": row.state.visibility,
        "impact": row.impact,
        "services": row.services,
    });
    if wanted.retrospective {
        said["retrospective"] = json!(true);
    }
    if wanted.near_miss {
        said["near_miss"] = json!(true);
    }
    if wanted.drill {
        said["drill"] = json!(true);
    }
    let why = row.because.clone();
    if wanted.only_reported {
        tell(tx, moment, EventKind::IncidentReported, id, why.as_deref(), said)?;
    } else {
        row.state = row.state.act(&Command::Declare, By::Rule, None, now)?.incident;
        rows::save(tx, &row)?;
        tell(tx, moment, EventKind::IncidentDeclared, id, why.as_deref(), said)?;
        if !wanted.retrospective {
            stamps::derive(tx, moment, id, Milestone::Declared, When::exactly(now), Source::Derived)?;
        }
        follow(tx, node, moment, &row)?;
    }
    if let Some(level) = &wanted.severity {
        act(tx, node, moment, id, &Command::Grade { level: level.clone() }, None)?;
    }
    for subject in &wanted.from {
        links::link(tx, node, moment, id, subject)?;
    }
    for claim in &wanted.stamps {
        stamps::claim(tx, moment, id, claim)?;
    }
    let declared = find(tx, moment, id)?;
    suspects::at_declaration(tx, node, moment, &declared)?;
    if wanted.retrospective && !wanted.only_reported {
        let over = Command::Resolve { unmet: Vec::new() };
        act(tx, node, moment, id, &over, Some("written down after it was over"))?;
    }
    find(tx, moment, id)
}

/// Whether somebody may let out what is restricted: who commands it, and who leads its security.
pub(crate) fn may_open(tx: &mut Tx<'_>, row: &IncidentRow, name: &Name) -> Result<bool, Halt> {
    let given = assignments::of_incident(tx, row.id)?;
    Ok(row.state.may_open(by(&given, name)))
}

fn by<'n>(given: &[Assignment], name: &'n Name) -> By<'n> {
    By::Person { name, deputy: holds(given, DEPUTY, name), security_lead: holds(given, SECURITY_LEAD, name) }
}

/// The incident, or a refusal that says as little of one that may not be seen as of one that never was.
pub fn find(tx: &mut Tx<'_>, moment: &Moment<'_>, id: IncidentId) -> Result<IncidentRow, Halt> {
    seen(tx, id, Sight::of(&moment.actor))
}

/// The same for whoever looks.
pub fn seen(tx: &mut Tx<'_>, id: IncidentId, sight: Sight<'_>) -> Result<IncidentRow, Halt> {
    Ok(rows::get(tx, id, sight)?.ok_or_else(|| Refusal::not_found(format!("incident {id}")))?)
}

/// Does what was asked with an incident; or says why not.
pub fn act(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    command: &Command,
    why: Option<&str>,
) -> Result<IncidentRow, Halt> {
    let mut row = find(tx, moment, id)?;
    let command = &completed(tx, node, moment, &row, command)?;
    let given = assignments::of_incident(tx, id)?;
    let person = moment.person().cloned();
    let by = match &person {
        Some(name) => self::by(&given, name),
        None => By::Rule,
    };
    let why = why.map(|why| entries::text(why, "/why")).transpose()?;
    let done = row.state.act(command, by, why.as_deref(), moment.now)?;
    let before = std::mem::replace(&mut row.state, done.incident);
    if row.state.visibility == Visibility::Restricted {
        row.codename.get_or_insert_with(|| codenames::of(id));
    }
    rows::save(tx, &row)?;
    match command {
        Command::Restrict => name_all(tx, &given, id, person.as_ref())?,
        Command::Merge { into } => links::merge(tx, moment, id, *into)?,
        _ => {}
    }
    tell(tx, moment, done.event, id, why.as_deref(), particulars(command, &before))?;
    if matches!(command, Command::Cancel) {
        recurrences::undo(tx, moment, id)?;
    }
    let is_live = !row.retrospective || before.reopened > 0;
    if let Some(milestone) = done.milestone.filter(|_| is_live) {
        stamps::reach(tx, moment, id, milestone)?;
    }
    if row.state != before {
        follow(tx, node, moment, &row)?;
    }
    if matches!(command, Command::Declare | Command::Grade { .. }) {
        reflexes::wish(tx, id, moment.now)?;
    }
    if matches!(row.state.phase, Phase::Resolved | Phase::Cancelled) && row.state.phase != before.phase {
        postmortem_policies::look(tx, node, moment, id)?;
    }
    Ok(row)
}

/// What follows from how an incident stands now: who is called, by when people are told next, and what is over.
fn follow(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, row: &IncidentRow) -> Result<(), Halt> {
    command::watch(tx, node, row)?;
    if row.state.phase.is_open() {
        return updates::arm(tx, node, moment, row);
    }
    updates::release(tx, moment, row.id)?;
    pages::end_for_incident(tx, moment, row.id)
}

/// A command with what the rule must know, and does not look up itself.
fn completed(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &Moment<'_>,
    row: &IncidentRow,
    command: &Command,
) -> Result<Command, Halt> {
    match command {
        Command::Grade { level } => {
            check_level(&node.rules(tx)?.catalog, level)?;
        }
        Command::Resolve { .. } if !row.retrospective => {
            let unmet = domain::respond::criteria::unmet(&room::criteria(tx, node, row)?);
            return Ok(Command::Resolve { unmet });
        }
        Command::Close => {
            if let Some(state) = postmortem_policies::is_owed(tx, row.id)? {
                let message =
                    format!("its postmortem is {state}: it is published or waived before the incident is closed");
                return Err(Refusal::conflict(message).into());
            }
        }
        Command::Merge { into } => {
            if *into == row.id {
                return Err(Refusal::invalid("an incident is not merged into itself").at("/into").into());
            }
            let target = find(tx, moment, *into)?;
            links::must_not_leak(tx, row, &target)?;
            drills::must_be_alike(row, &target)?;
            if let Some(further) = target.state.merged_into {
                let message = format!("{into} is itself part of {further}: merge into that one");
                return Err(Refusal::conflict(message).at("/into").into());
            }
        }
        _ => {}
    }
    Ok(command.clone())
}

/// What the journal keeps of a command beside its kind.
fn particulars(command: &Command, before: &Incident) -> Value {
    match command {
        Command::Grade { level } => json!({ "severity": level, "before": before.severity }),
        Command::Reclassify { class } => json!({ "class": class, "before": before.class }),
        Command::Begin { activity } => json!({ "activity": activity }),
        Command::End { activity, integrity_checked } => match activity {
            domain::respond::incidents::Activity::Recovery => {
                json!({ "activity": activity, "integrity_checked": integrity_checked })
            }
            _ => json!({ "activity": activity }),
        },
        Command::Resolve { unmet } => json!({ "unmet": unmet }),
        Command::Merge { into } => json!({ "into": into }),
        _ => json!({}),
    }
}

/// Says anew what an incident is about.
pub fn describe(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    said: &Description,
) -> Result<IncidentRow, Halt> {
    let before = find(tx, moment, id)?;
    let mut row = before.clone();
    if let Some(title) = &said.title {
        row.title = self::title(title)?;
    }
    if let Some(because) = &said.because {
        row.because = optional(Some(because), "/because")?;
    }
    if let Some(impact) = &said.impact {
        row.impact = optional(Some(impact), "/impact")?;
    }
    if let Some(services) = &said.services {
        row.services = self::services(&node.rules(tx)?.catalog, services)?;
    }
    row.near_miss = said.near_miss.unwrap_or(row.near_miss);
    if row == before {
        return Ok(row);
    }
    rows::save(tx, &row)?;
    let mut data = json!({});
    let mut note = |name: &str, old: Value, new: Value| {
        if old != new {
            data[name] = json!({ "before": old, "after": new });
        }
    };
    note("title", json!(before.title), json!(row.title));
    note("because", json!(before.because), json!(row.because));
    note("impact", json!(before.impact), json!(row.impact));
    note("services", json!(before.services), json!(row.services));
    if row.services != before.services {
        reflexes::wish(tx, id, moment.now)?;
    }
    note("near_miss", json!(before.near_miss), json!(row.near_miss));
    tell(tx, moment, EventKind::IncidentDescribed, id, None, data)?;
    Ok(row)
}

/// Names somebody for an incident: they may see it if it is restricted.
pub fn name_person(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    person: &Name,
) -> Result<(), Halt> {
    find(tx, moment, id)?;
    must_be_person(&node.rules(tx)?.catalog, person)?;
    if !rows::name_person(tx, id, person)? {
        return Err(Refusal::conflict(format!("{person} is named already")).into());
    }
    let told = Told::of(json!({ "person": person }));
    announce::of_incident(tx, moment, EventKind::IncidentPersonNamed, id, vec![format!("person/{person}")], told)?;
    Ok(())
}

/// Takes somebody off an incident. Whoever holds a role in it stays.
pub fn remove_person(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId, person: &Name) -> Result<(), Halt> {
    let row = find(tx, moment, id)?;
    let given = assignments::of_incident(tx, id)?;
    if given.iter().any(|one| one.person == *person && one.is_held()) {
        return Err(Refusal::conflict(format!("{person} holds a role in it: that has to be handed over first")).into());
    }
    if tasks::of_incident(tx, id)?.iter().any(|task| task.owner == *person && task.is_open()) {
        return Err(Refusal::conflict(format!("{person} has a task in it: give that to somebody else first")).into());
    }
    let items = store::learn::action_items::of_incident(tx, id)?;
    if items.iter().any(|one| one.item.owner == *person && one.item.state.is_open()) {
        let message = format!("{person} owns an action item of it: give that to somebody else first");
        return Err(Refusal::conflict(message).into());
    }
    if row.state.visibility == Visibility::Restricted && rows::people(tx, id)? == [person.clone()] {
        return Err(Refusal::conflict(format!("{person} is the only one who sees it: nobody could any more")).into());
    }
    if !rows::remove_person(tx, id, person)? {
        return Err(Refusal::conflict(format!("{person} is not named for it")).into());
    }
    let told = Told::of(json!({ "person": person }));
    announce::of_incident(tx, moment, EventKind::IncidentPersonRemoved, id, vec![format!("person/{person}")], told)?;
    Ok(())
}

/// When an incident becomes restricted, those who take part in it go on seeing it.
fn name_all(tx: &mut Tx<'_>, given: &[Assignment], id: IncidentId, person: Option<&Name>) -> Result<(), Halt> {
    let held = given.iter().filter(|one| one.is_held()).map(|one| &one.person);
    for person in held.chain(person) {
        rows::name_person(tx, id, person)?;
    }
    if rows::people(tx, id)?.is_empty() {
        return Err(Refusal::conflict("nobody would see it: name somebody for it first").into());
    }
    Ok(())
}

pub(crate) fn must_be_person(catalog: &Catalog, person: &Name) -> Result<(), Refusal> {
    if catalog.people.contains_key(person) {
        return Ok(());
    }
    let near = text::did_you_mean(person.as_str(), catalog.people.keys().map(Name::as_str));
    Err(Refusal::invalid(format!("there is no person {person}{near}")).at("/person"))
}

/// The levels of the severity matrix in force, the worst first. That of the name `default`, or the only one.
pub fn levels(catalog: &Catalog) -> Vec<domain::prepare::severity::Level> {
    let matrices = &catalog.severity_matrices;
    let default = matrices.iter().find(|(name, _)| name.as_str() == "default");
    default.or_else(|| matrices.iter().next()).map_or_else(Vec::new, |(_, matrix)| matrix.levels.clone())
}

fn check_level(catalog: &Catalog, level: &str) -> Result<(), Refusal> {
    let levels = levels(catalog);
    if levels.iter().any(|one| one.name == level) {
        return Ok(());
    }
    let names: Vec<&str> = levels.iter().map(|one| one.name.as_str()).collect();
    let level = text::shorten(level, 40);
    let message = format!("there is no severity {level:?}: the matrix has {}", names.join(", "));
    Err(Refusal::invalid(message).at("/severity"))
}

/// Whether somebody speaks for the incident: the commander, the deputy; anybody while nobody commands.
pub fn leads(row: &IncidentRow, given: &[Assignment], person: Option<&Name>) -> bool {
    match (&row.state.commander, person) {
        (None, _) | (_, None) => true,
        (Some(commander), Some(person)) => commander == person || holds(given, DEPUTY, person),
    }
}

fn holds(given: &[Assignment], role: &str, person: &Name) -> bool {
    given.iter().any(|one| one.role.as_str() == role && one.person == *person && one.is_held())
}

const TITLE_MOST: usize = 200;

pub(super) fn title(text: &str) -> Result<String, Refusal> {
    let title = entries::text(text, "/title")?;
    if title.chars().count() > TITLE_MOST || title.contains(['\n', '\t']) {
        return Err(Refusal::invalid(format!("a title is one line of at most {TITLE_MOST} letters")).at("/title"));
    }
    Ok(title)
}

fn optional(said: Option<&str>, place: &str) -> Result<Option<String>, Refusal> {
    said.filter(|said| !said.trim().is_empty()).map(|said| entries::text(said, place)).transpose()
}

fn services(catalog: &Catalog, names: &[Name]) -> Result<Vec<Name>, Refusal> {
    for (place, name) in names.iter().enumerate() {
        if !catalog.services.contains_key(name) {
            let near = text::did_you_mean(name.as_str(), catalog.services.keys().map(Name::as_str));
            return Err(Refusal::invalid(format!("there is no service {name}{near}")).at(format!("/services/{place}")));
        }
    }
    let unique: BTreeSet<&Name> = names.iter().collect();
    Ok(unique.into_iter().cloned().collect())
}

fn tell(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    kind: EventKind,
    id: IncidentId,
    why: Option<&str>,
    data: Value,
) -> Result<(), Halt> {
    announce::of_incident(tx, moment, kind, id, Vec::new(), Told { why, data, at: None })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::respond::assignments::Assignment;
    use domain::respond::entries::{Entry, Sort};
    use domain::respond::incidents::{Activity, Phase};
    use domain::words::{Actor, EventId, Mint, RefusalKind};

    use super::super::assignments as roles;
    use super::super::desk::{Desk, at, name};
    use super::super::entries as written;
    use super::super::entries::Wish;
    use super::*;
    use domain::respond::handovers::Handover;

    fn kind(outcome: Result<IncidentRow, Halt>) -> RefusalKind {
        match outcome {
            Err(Halt::Refused(refusal)) => refusal.kind,
            other => panic!("{other:?}"),
        }
    }

    store::both_engines! {
        fn an_incident_is_led_from_its_declaration_to_its_end(store) {
            let desk = Desk::open(store);
            let wanted = Declaration { severity: Some("SEV2".into()), ..Declaration::new(" Payments fail ", Class::System) };
            let row = desk.declare("ana", &wanted);
            assert_eq!((row.title.as_str(), row.state.phase), ("Payments fail", Phase::Active));
            let id = row.id;
            let take = |person: &str| desk.by(person, |tx, node, moment| {
                roles::offer(tx, node, moment, id, &name(COMMANDER), &name(person), None)
            });
            take("ana").unwrap();
            assert!(take("ben").is_err(), "it is handed over, not taken");
            assert_eq!(kind(desk.act("ben", id, &Command::Resolve { unmet: vec![] }, "x")), RefusalKind::Forbidden);
            assert_eq!(kind(desk.act("ben", id, &Command::Grade { level: "SEV1".into() }, "x")), RefusalKind::Forbidden);
            assert_eq!(kind(desk.act("ana", id, &Command::Grade { level: "SEV7".into() }, "x")), RefusalKind::Invalid);
            desk.act("ana", id, &Command::Grade { level: "SEV1".into() }, "a quarter of users").unwrap();
            desk.act("ben", id, &Command::Begin { activity: Activity::Recovery }, "").unwrap_err();
            desk.by("ben", |tx, node, moment| act(tx, node, moment, id, &Command::Begin { activity: Activity::Recovery }, None)).unwrap();
            desk.act("ben", id, &Command::Mitigate, "the errors are gone").unwrap();
            let unmet = desk.by("ana", |tx, node, moment| act(tx, node, moment, id, &Command::Resolve { unmet: vec![] }, None));
            assert!(format!("{unmet:?}").contains("nobody still contains or restores"), "{unmet:?}");
            let recovered = Command::End { activity: Activity::Recovery, integrity_checked: true };
            desk.by("ben", |tx, node, moment| act(tx, node, moment, id, &recovered, None)).unwrap();
            let over = desk.by("ana", |tx, node, moment| act(tx, node, moment, id, &Command::Resolve { unmet: vec![] }, None));
            assert_eq!(over.unwrap().state.phase, Phase::Resolved);
            let reached: Vec<String> = desk.standing(id).into_iter().map(|(word, _)| word).collect();
            assert_eq!(reached, ["declared", "commander-accepted", "mitigated", "recovered", "resolved"]);
            assert_eq!(desk.told("cleo", id), [
                "incident.declared", "incident.graded", "role.accepted", "incident.graded", "incident.activity-began",
                "incident.mitigated", "incident.activity-ended", "incident.resolved",
            ]);
            // It comes back: the end is claimed anew, and the first one stays on record.
            desk.act("ben", id, &Command::Reopen, "errors again").unwrap();
            desk.act("ana", id, &Command::Resolve { unmet: vec![] }, "for good").unwrap();
            let all = store.read(|tx| Ok(store::respond::stamps::of_incident(tx, id)?)).unwrap();
            assert_eq!(all.iter().filter(|stamp| stamp.milestone == Milestone::Resolved).count(), 2);
        }

        fn command_is_handed_over_with_what_the_next_one_must_know(store) {
            let desk = Desk::open(store);
            let id = desk.declare("ana", &Declaration::new("It fails", Class::System)).id;
            let commander = name(COMMANDER);
            let offer = |by: &str, to: &str, handover: Option<&Handover>| desk.by(by, |tx, node, moment| {
                roles::offer(tx, node, moment, id, &commander, &name(to), handover)
            });
            offer("ana", "ana", None).unwrap();
            let missing = offer("ana", "ben", Some(&Handover::default()));
            assert!(format!("{missing:?}").contains("/situation"), "{missing:?}");
            let said = Handover { situation: "errors are down".into(), objectives: "find the cause".into(), reason: "tired".into() };
            offer("ana", "ben", Some(&said)).unwrap();
            let row = || store.read(|tx| seen(tx, id, Sight::Whole)).unwrap();
            assert_eq!(row().state.commander, Some(name("ana")), "who leads goes on until the next one has accepted");
            desk.by("ben", |tx, node, moment| roles::accept(tx, node, moment, id, &commander)).unwrap();
            assert_eq!(row().state.commander, Some(name("ben")));
            let down = desk.by("ben", |tx, node, moment| roles::lay_down(tx, node, moment, id, &commander));
            assert!(format!("{down:?}").contains("handed over, not laid down"), "{down:?}");
            let told = desk.told("cleo", id);
            assert_eq!(told[told.len() - 3..], ["role.offered", "role.handed-over", "role.accepted"]);
            let given = store.read(|tx| Ok(store::respond::assignments::of_incident(tx, id)?)).unwrap();
            assert_eq!(given.iter().filter(|one: &&Assignment| one.is_held()).count(), 1);
        }

        fn a_restricted_incident_is_not_there_for_others(store) {
            let desk = Desk::open(store);
            let row = desk.declare("ana", &Declaration::new("A token was used from elsewhere", Class::Security));
            let id = row.id;
            assert_eq!(row.state.visibility, Visibility::Restricted);
            assert!(row.codename.is_some());
            for command in [Command::Mitigate, Command::Restrict, Command::Resolve { unmet: vec![] }] {
                assert_eq!(kind(desk.act("cleo", id, &command, "because")), RefusalKind::NotFound, "not even for administrators");
            }
            let ghost: IncidentId = Mint::seeded(9).id(at(0));
            let said = |id: IncidentId| format!("{:?}", desk.act("cleo", id, &Command::Mitigate, "x")).replace(&id.to_string(), "ID");
            assert_eq!(said(id), said(ghost), "as little is said of it as of one that never was");
            let journal = |person: &str| {
                let person = name(person);
                let all = store.read(|tx| Ok(store::journal::newest(tx, Sight::Of(&person), None, 500)?)).unwrap();
                all.iter().filter(|entry| entry.subjects.iter().any(|subject| *subject == id.to_string())).count()
            };
            assert_eq!((journal("ana"), journal("ben"), journal("cleo")), (2, 0, 0));
            desk.by("ana", |tx, node, moment| name_person(tx, node, moment, id, &name("ben"))).unwrap();
            assert_eq!((journal("ana"), journal("ben"), journal("cleo")), (3, 3, 0));
            // Nobody is left who could see it: refused.
            desk.by("ben", |tx, _, moment| remove_person(tx, moment, id, &name("ana"))).unwrap();
            assert!(desk.by("ben", |tx, _, moment| remove_person(tx, moment, id, &name("ben"))).is_err());
            // It is not named where everybody looks.
            let open = desk.declare("ben", &Declaration::new("Slow", Class::System)).id;
            let linked = desk.by("ben", |tx, node, moment| links::link(tx, node, moment, open, &id.to_string()));
            assert!(format!("{linked:?}").contains("restrict that one, too"), "{linked:?}");
            assert_eq!(kind(desk.act("ben", id, &Command::Merge { into: open }, "x")), RefusalKind::Conflict);
            assert_eq!(kind(desk.act("cleo", open, &Command::Merge { into: id }, "x")), RefusalKind::NotFound);
            // Nor where one looks who may not see it.
            let other = desk.declare("ben", &Declaration::new("A second heron", Class::Security)).id;
            desk.by("ben", |tx, node, moment| name_person(tx, node, moment, other, &name("cleo"))).unwrap();
            let link = |desk: &Desk<'_>| desk.by("ben", |tx, node, moment| links::link(tx, node, moment, other, &id.to_string()));
            let linked = link(&desk);
            assert!(format!("{linked:?}").contains("cleo may not see"), "{linked:?}");
            assert_eq!(kind(desk.act("ben", id, &Command::Merge { into: other }, "x")), RefusalKind::Conflict);
            desk.by("ben", |tx, _, moment| remove_person(tx, moment, other, &name("cleo"))).unwrap();
            link(&desk).unwrap();
            desk.act("ben", id, &Command::Reveal, "it was a test").unwrap();
            assert_eq!(journal("cleo"), 5);
        }

        fn what_is_merged_goes_on_in_the_other(store) {
            let desk = Desk::open(store);
            let one = desk.declare("ana", &Declaration::new("Payments fail", Class::System)).id;
            let two = desk.declare("ben", &Declaration::new("Ledger is slow", Class::System)).id;
            let note = |person: &str, id: IncidentId, text: &str| {
                let entry = Entry::new(Sort::Note, text);
                desk.by(person, |tx, _, moment| written::add(tx, moment, id, &entry)).unwrap()
            };
            note("ben", two, "locks");
            assert_eq!(kind(desk.act("ben", two, &Command::Merge { into: two }, "x")), RefusalKind::Invalid);
            desk.act("ben", two, &Command::Merge { into: one }, "the same cause").unwrap();
            let lines = store.read(|tx| room::timeline(tx, one, Sight::Open, None, 500)).unwrap();
            let locks = lines.iter().find(|line| line.entry.data["text"] == "locks").unwrap();
            assert_eq!(locks.origin, Some(two));
            let three = desk.declare("ben", &Declaration::new("Again", Class::System)).id;
            let further = desk.act("ben", three, &Command::Merge { into: two }, "x");
            assert!(format!("{further:?}").contains("merge into that one"), "{further:?}");
            // The timeline is read in parts that join without a gap.
            for second in 0..7 {
                note("ana", one, &format!("note {second}"));
            }
            let whole = desk.told("ana", one);
            let (mut parts, mut before) = (Vec::new(), None);
            loop {
                let part = store.read(|tx| room::timeline(tx, one, Sight::Open, before, 3)).unwrap();
                let Some(last) = part.last() else { break };
                before = Some((last.entry.at, last.entry.id));
                parts.extend(part.iter().map(|line| line.entry.word.clone()));
            }
            parts.reverse();
            assert_eq!(parts, whole);
        }

        fn what_was_written_is_corrected_and_not_changed(store) {
            let desk = Desk::open(store);
            let id = desk.declare("ana", &Declaration::new("It fails", Class::System)).id;
            let entry = Entry { at: Some(at(-30)), ..Entry::new(Sort::Observation, "28 %") };
            let event: EventId = desk.by("ana", |tx, _, moment| written::add(tx, moment, id, &entry)).unwrap();
            let mark = |person: &str, event: EventId, wish: Wish| desk.by(person, |tx, _, moment| written::mark(tx, moment, id, event, &wish));
            let correct = |text: &str| Wish::Correct { text: text.into() };
            mark("ben", event, correct("18 %")).unwrap();
            assert!(mark("ben", event, correct("18 %")).is_err(), "it says that already");
            mark("ben", event, Wish::Pin).unwrap();
            mark("ana", event, Wish::Strike { why: "another host".into() }).unwrap();
            assert!(mark("ana", event, correct("17 %")).is_err(), "it is struck");
            let lines = store.read(|tx| room::timeline(tx, id, Sight::Open, None, 50)).unwrap();
            let last = lines.last().unwrap();
            assert_eq!((last.entry.id, last.entry.at), (event, at(-30)), "back-dated: the earliest of all");
            assert_eq!(last.entry.data["text"], "28 %");
            let now = last.mark.as_ref().unwrap();
            assert_eq!(now.corrected.as_ref().map(|(text, _)| text.as_str()), Some("18 %"));
            assert_eq!(store.read(|tx| room::pinned(tx, id, Sight::Open)).unwrap().len(), 1);
            // What the system recorded stands; of another incident nothing is touched.
            let declared = lines.iter().find(|line| line.entry.word == "incident.declared").unwrap().entry.id;
            assert!(mark("ana", declared, correct("no")).is_err());
            mark("ana", declared, Wish::Pin).unwrap();
            let other = desk.declare("ana", &Declaration::new("Other", Class::System)).id;
            let foreign = desk.by("ana", |tx, _, moment| written::mark(tx, moment, other, event, &Wish::Pin));
            assert!(format!("{foreign:?}").contains("NotFound"), "{foreign:?}");
        }

        fn a_report_is_kept_as_it_was_written_wrong_year_and_all(store) {
            let desk = Desk::open(store);
            let claim = |milestone, text: &str| Claim {
                source: Source::Import,
                ..Claim::by_person(milestone, When::read(text, &domain::engage::schedules::zone("UTC").unwrap()).unwrap())
            };
            let row = desk.declare("ana", &Declaration {
                retrospective: true,
                stamps: vec![
                    claim(Milestone::Detected, "2020-01-04 08:56"),
                    claim(Milestone::Declared, "2021-01-04 09:10"),
                    claim(Milestone::Resolved, "2021-01-04 10:00"),
                ],
                ..Declaration::new("DNS fails", Class::System)
            });
            assert_eq!(row.state.phase, Phase::Resolved);
            let room = store.read(|tx| room::room(tx, &desk.node, row.id, Sight::Open, at(9))).unwrap();
            assert_eq!(room.stamps.len(), 3, "nothing of our own beside them");
            let odd: Vec<String> = room.oddities.iter().map(ToString::to_string).collect();
            assert_eq!(odd, ["\"detected\" is far from everything else; is the date right?"]);
            // A better claim takes its place; the first one stays.
            let wrong = room.stamps[0].id;
            let better = Claim { supersedes: Some(wrong), ..claim(Milestone::Detected, "2021-01-04 08:56") };
            desk.by("ben", |tx, _, moment| stamps::claim(tx, moment, row.id, &better)).unwrap();
            assert!(desk.by("ben", |tx, _, moment| stamps::claim(tx, moment, row.id, &better)).is_err());
            let room = store.read(|tx| room::room(tx, &desk.node, row.id, Sight::Open, at(9))).unwrap();
            assert_eq!((room.stamps.len(), room.oddities.len()), (4, 0));
        }

        fn what_makes_no_sense_is_refused_and_changes_nothing(store) {
            let desk = Desk::open(store);
            let before = store.read(|tx| Ok(store::journal::newest(tx, Sight::Whole, None, 500)?)).unwrap().len();
            let good = || Declaration::new("It fails", Class::System);
            for (wrong, place) in [
                (Declaration { title: "  ".into(), ..good() }, "/title"),
                (Declaration { title: "a\nb".into(), ..good() }, "/title"),
                (Declaration { title: "x".repeat(201), ..good() }, "/title"),
                (Declaration { severity: Some("SEV9".into()), ..good() }, "/severity"),
                (Declaration { services: vec![name("none")], ..good() }, "/services/0"),
                (Declaration { from: vec!["alr_0000000000000000".into()], ..good() }, "/subject"),
                (Declaration { from: vec!["nonsense".into()], ..good() }, "/subject"),
                (Declaration { codename: Some("<b>".into()), ..good() }, "/codename"),
                (Declaration { impact: Some("a\u{7}".into()), ..good() }, "/impact"),
            ] {
                let refused = desk.by("ana", |tx, node, moment| declare(tx, node, moment, &wrong));
                let Err(Halt::Refused(refusal)) = refused else { panic!("{wrong:?}") };
                assert_eq!(refusal.at.as_deref(), Some(place), "{refusal:?}");
            }
            let hidden = Declaration::new("It leaks", Class::Security);
            assert!(desk.as_actor(&Actor::Rule("x"), |tx, node, moment| declare(tx, node, moment, &hidden)).is_err());
            let after = store.read(|tx| Ok(store::journal::newest(tx, Sight::Whole, None, 500)?)).unwrap().len();
            assert_eq!(after, before);
            assert_eq!(store.read(|tx| Ok(rows::count_open(tx, Sight::Whole)?)).unwrap(), 0);
        }
    }
}
