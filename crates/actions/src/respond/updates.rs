//! Updates: what people are told meanwhile, and the promises in them, kept by the clock.

use domain::engage::deliveries::Urgency;
use domain::inform::notices::{Effects, Notice, Sort};
use domain::prepare::catalog::Catalog;
use domain::respond::assignments::Assignment;
use domain::respond::entries;
use domain::respond::incidents::{Phase, Visibility};
use domain::respond::sight::Sight;
use domain::respond::stamps::{Milestone, Source, When, standing};
use domain::respond::update_templates::{self, Known, UpdateTemplate};
use domain::respond::updates::{self as rules, Audience, Fate, Promise, Stage, State, Update};
use domain::words::{Actor, EventKind, IncidentId, Mint, Name, Refusal, Timestamp, UpdateId};
use serde_json::json;
use store::inform::notices::Which;
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::respond::{assignments, updates as rows};
use store::{Halt, Store, Tx};

pub use super::incidents::leads;
use super::incidents::{COMMANDER, DEPUTY, find, levels};
use super::room::Room;
use super::{command, stamps};
use crate::announce::Told;
use crate::board::{self, Pace, Turn};
use crate::engage::pages::{self, Reminder};
use crate::inform::notices::{self, Post, Target};
use crate::inform::status_pages;
use crate::prepare::drills;
use crate::{Moment, Node, announce};

/// The role that owes what is said.
const COMMUNICATIONS: &str = "communications-lead";

/// What somebody wants to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub audience: Audience,
    /// What the public is told of how far it is; only in public.
    pub stage: Option<Stage>,
    pub text: String,
    /// Of a public one: the title of the notice on the status page, if it opens one.
    pub title: Option<String>,
    /// Of a public one: how components are from then on.
    pub components: Effects,
    /// The next one is promised by then.
    pub next_by: Option<Timestamp>,
    /// Why the one before comes late, if it does.
    pub late_because: Option<String>,
}

/// How an update begins by a template, with what is known of the incident. Nothing is said by it yet.
pub fn begun(catalog: &Catalog, room: &Room, template: &UpdateTemplate) -> Result<String, Refusal> {
    let row = &room.row;
    let service = |name: &Name| catalog.services.get(name).map_or(name.as_str(), |found| &found.title).to_owned();
    let services = row.services.iter().map(service).collect::<Vec<_>>().join(", ");
    let held = standing(&room.stamps);
    let began = [Milestone::ImpactStarted, Milestone::Detected, Milestone::Declared];
    let began = began.iter().find_map(|milestone| held.get(milestone));
    let since = began.map(|stamp| stamp.when.at.strftime("%H:%M UTC on %-d %B").to_string());
    let full_name = |name: &Name| catalog.people.get(name).map_or(name.as_str(), |found| &found.full_name).to_owned();
    let commander = row.state.commander.as_ref().map(full_name);
    // What is restricted is not put into the public's text by a machine.
    if row.state.visibility == Visibility::Restricted && template.audience == Audience::Public {
        return update_templates::fill(template, &Known::default());
    }
    let name = row.name();
    let known = Known {
        title: Some(&name),
        impact: row.impact.as_deref().map(|impact| impact.trim_end_matches('.')),
        services: Some(services.as_str()).filter(|said| !said.is_empty()),
        severity: row.state.severity.as_deref(),
        commander: commander.as_deref(),
        since: since.as_deref(),
    };
    update_templates::fill(template, &known)
}

/// Says it, or drafts it where a second person approves.
pub fn say(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    word: &Word,
) -> Result<Update, Halt> {
    let row = find(tx, moment, incident)?;
    let now = moment.now;
    if word.audience == Audience::Public {
        drills::must_stay_inside(&row).map_err(|refusal| refusal.at("/audience"))?;
    }
    if word.stage.is_none() && word.audience == Audience::Public {
        return Err(Refusal::invalid("say how far it is: investigating, identified, monitoring or resolved")
            .at("/stage")
            .into());
    }
    if word.stage.is_some() && word.audience == Audience::Internal {
        return Err(Refusal::invalid("only what is said in public has a stage").at("/stage").into());
    }
    if word.audience == Audience::Internal && (word.title.is_some() || !word.components.is_empty()) {
        return Err(Refusal::invalid("only the public is told of components").at("/components").into());
    }
    let next_by = rules::promised(word.next_by, now)?;
    if next_by.is_some() && !row.state.phase.is_open() {
        let message = format!("it is {}: there is no next update to promise", row.state.phase);
        return Err(Refusal::conflict(message).at("/next_by").into());
    }
    let late_because = word.late_because.as_deref().filter(|why| !why.trim().is_empty());
    let update = Update {
        id: moment.mint.id(now),
        audience: word.audience,
        stage: word.stage,
        text: entries::text(&word.text, "/text")?,
        title: word.title.as_deref().filter(|title| !title.trim().is_empty()).map(str::to_owned),
        components: word.components.clone(),
        next_by,
        author: moment.person().cloned(),
        written_at: now,
        late_because: late_because.map(|why| entries::text(why, "/late_because")).transpose()?,
        state: State::Draft,
    };
    // Asked of the draft already: whoever approves it does not know why it is late.
    for promise in open(tx, incident, word.audience)? {
        promise.answer(update.late_because.as_deref(), now)?;
    }
    let (update, event) = update.say(second_person(&node.rules(tx)?.catalog, &row), now);
    if update.state == State::Draft
        && let Some(post) = public(tx, node, incident, &update)?
    {
        // What could not be posted is not drafted either.
        notices::preview(tx, node, moment, &post)?;
    }
    write(tx, node, moment, incident, &update, event)?;
    Ok(update)
}

/// A second person approves a draft: it is said.
pub fn approve(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    id: UpdateId,
) -> Result<Update, Halt> {
    let (row, update) = (find(tx, moment, incident)?, found(tx, incident, id)?);
    let given = assignments::of_incident(tx, incident)?;
    let by = moment.person().cloned();
    let author_leads = leads(&row, &given, update.author.as_ref());
    let posted = update.approve(by.as_ref(), leads(&row, &given, by.as_ref()), author_leads, moment.now)?;
    write(tx, node, moment, incident, &posted, EventKind::UpdatePosted)?;
    Ok(posted)
}

/// A draft will not be said.
pub fn withdraw(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    id: UpdateId,
) -> Result<Update, Halt> {
    let (row, update) = (find(tx, moment, incident)?, found(tx, incident, id)?);
    let given = assignments::of_incident(tx, incident)?;
    let by = moment.person().cloned();
    let withdrawn = update.withdraw(by.as_ref(), leads(&row, &given, by.as_ref()), moment.now)?;
    write(tx, node, moment, incident, &withdrawn, EventKind::UpdateWithdrawn)?;
    Ok(withdrawn)
}

fn found(tx: &mut Tx<'_>, incident: IncidentId, id: UpdateId) -> Result<Update, Halt> {
    Ok(rows::get(tx, incident, id)?.ok_or_else(|| Refusal::not_found(format!("update {id}")))?)
}

/// Whether what is said in public waits for a second person: as the severity has it, or the worst while there is none.
pub fn second_person(catalog: &Catalog, row: &IncidentRow) -> bool {
    let levels = levels(catalog);
    let level = match &row.state.severity {
        Some(name) => levels.iter().find(|level| level.name == *name),
        None => levels.first(),
    };
    level.is_some_and(|level| level.second_person)
}

/// What is posted on the status page with a public update; nothing, if there is no page. The first one opens a notice, and
/// says what that is called: nothing of the incident is copied there.
fn public(tx: &mut Tx<'_>, node: &Node, incident: IncidentId, update: &Update) -> Result<Option<Post>, Halt> {
    let (Some(stage), true) = (update.stage, status_pages::page(&node.rules(tx)?.catalog).is_some()) else {
        return Ok(None);
    };
    let open = notice_of(tx, incident)?;
    let notice = match (open, &update.title) {
        (Some(notice), _) => Target::Existing(notice.id),
        (None, Some(title)) => Target::New { title: title.clone(), sort: Sort::Incident, window: None },
        (None, None) => {
            let message = "say in a line, for the public, what it is: the status page has no notice of it yet";
            return Err(Refusal::invalid(message).at("/title").into());
        }
    };
    Ok(Some(Post {
        notice,
        incident: Some(incident),
        state: Some(stage.told()),
        text: update.text.clone(),
        components: update.components.clone(),
        next_update_by: update.next_by,
        at: None,
        quiet: false,
    }))
}

/// The notice that tells of an incident: the newest of those that the status page has.
pub fn notice_of(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Option<Notice>, Halt> {
    Ok(store::inform::notices::list(tx, Which::About(incident), 1)?.pop())
}

fn write(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    update: &Update,
    event: EventKind,
) -> Result<(), Halt> {
    rows::save(tx, incident, update)?;
    let data = json!({
        "update": update.id,
        "audience": update.audience,
        "stage": update.stage,
        "text": update.text,
        "title": update.title,
        "components": update.components,
        "next_by": update.next_by,
        "author": update.author,
    });
    let told = Told { why: update.late_because.as_deref(), data, at: None };
    announce::of_incident(tx, moment, event, incident, vec![update.id.to_string()], told)?;
    let Some(at) = update.posted_at() else { return Ok(()) };
    let milestone = match update.audience {
        Audience::Internal => Milestone::FirstInternalUpdate,
        Audience::Public => Milestone::FirstPublicUpdate,
    };
    stamps::derive(tx, moment, incident, milestone, When::exactly(at), Source::Derived)?;
    if let Some(post) = public(tx, node, incident, update)? {
        notices::post(tx, node, moment, &post)?;
    }
    pages::end_reminders(tx, moment, incident, owed(update.audience))?;
    for promise in open(tx, incident, update.audience)? {
        rows::save_promise(tx, incident, &promise.answer(update.late_because.as_deref(), at)?, None)?;
    }
    if let Some(by) = update.next_by {
        let promise = Promise { audience: update.audience, given_at: at, by, fate: Fate::Open };
        rows::save_promise(tx, incident, &promise, Some(promise.remind_at()))?;
    }
    Ok(())
}

fn open(tx: &mut Tx<'_>, incident: IncidentId, audience: Audience) -> Result<Vec<Promise>, Halt> {
    let all = rows::promises(tx, incident)?.into_iter();
    Ok(all.filter(|promise| promise.audience == audience && promise.fate == Fate::Open).collect())
}

/// When people are told next, as the severity asks: from the declaration, and anew when it rises.
pub(super) fn arm(tx: &mut Tx<'_>, node: &Node, moment: &Moment<'_>, row: &IncidentRow) -> Result<(), Halt> {
    let levels = levels(&node.rules(tx)?.catalog);
    let level = row.state.severity.as_ref().and_then(|name| levels.iter().find(|level| level.name == *name));
    let live = row.state.phase == Phase::Active && (!row.retrospective || row.state.reopened > 0);
    let Some(every) = level.and_then(|level| level.update_every).filter(|_| live) else { return Ok(()) };
    let by = every.after(moment.now);
    let open = open(tx, row.id, Audience::Internal)?;
    let promise = match open.into_iter().next() {
        // What was promised to people stays, unless it is worse now.
        Some(before) if before.by <= by => return Ok(()),
        Some(before) => Promise { by, ..before },
        None => Promise { audience: Audience::Internal, given_at: moment.now, by, fate: Fate::Open },
    };
    rows::save_promise(tx, row.id, &promise, Some(promise.remind_at()))?;
    Ok(())
}

/// The response is over: nothing is owed any more.
pub(super) fn release(tx: &mut Tx<'_>, moment: &Moment<'_>, incident: IncidentId) -> Result<(), Halt> {
    for promise in rows::promises(tx, incident)?.into_iter().filter(|promise| promise.fate == Fate::Open) {
        let over = Promise { fate: Fate::Over { at: moment.now }, ..promise };
        rows::save_promise(tx, incident, &over, None)?;
    }
    Ok(())
}

/// How many promises are looked at in one transaction.
const AT_ONCE: u32 = 50;

/// Reminds of updates that are due soon, and says of those that did not come that they are missed. Answers how many.
pub fn keep_time(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(rows::due(tx, now, 1)?))?.is_empty() {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("update"), mint);
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let due = rows::due(turn.tx, now, AT_ONCE)?;
        for (incident, promise) in &due {
            nudge(turn, *incident, promise)?;
        }
        Ok(due.len())
    })
}

/// What a reminder of an update is of.
const fn owed(audience: Audience) -> &'static str {
    match audience {
        Audience::Internal => "update:internal",
        Audience::Public => "update:public",
    }
}

fn nudge(turn: &mut Turn<'_, '_>, incident: IncidentId, promise: &Promise) -> Result<(), Halt> {
    let now = turn.moment.now;
    let missed = promise.by <= now;
    rows::save_promise(turn.tx, incident, promise, (!missed).then_some(promise.by))?;
    let Some(row) = incident_rows::get(turn.tx, incident, Sight::Whole)? else { return Ok(()) };
    let owes = owes(&assignments::of_incident(turn.tx, incident)?);
    let event = if missed { EventKind::UpdateMissed } else { EventKind::UpdateDue };
    let data = json!({ "audience": promise.audience, "due_at": promise.by, "person": owes });
    let also = owes.iter().map(|person| format!("person/{person}")).collect();
    announce::of_incident(turn.tx, &mut turn.moment, event, incident, also, Told::of(data))?;
    let Some(person) = owes else { return Ok(()) };
    let name = command::outside_name(&row);
    let (audience, by) = (promise.audience, promise.by.strftime("%H:%M UTC"));
    pages::end_reminders(turn.tx, &mut turn.moment, incident, owed(audience))?;
    let (title, because) = if missed {
        (
            format!("The update is late: {name}"),
            format!(
                "The {audience} update that was promised by {by} did not come. Post it now, and say why it is late"
            ),
        )
    } else {
        let because = format!("The next {audience} update is promised by {by}");
        (format!("Update due by {by}: {name}"), because)
    };
    let owed = owed(audience);
    let reminder = Reminder { incident, owed, urgency: Urgency::High, title: &title, because: &because };
    pages::remind(turn, &person, &reminder)?;
    Ok(())
}

/// Who owes the next update: whoever leads the communication, or else commands.
pub fn owes(given: &[Assignment]) -> Option<Name> {
    let holder = |role: &str| given.iter().find(|one| one.role.as_str() == role && one.is_held());
    let found = holder(COMMUNICATIONS).or_else(|| holder(COMMANDER)).or_else(|| holder(DEPUTY));
    found.map(|one| one.person.clone())
}

#[cfg(test)]
mod tests {
    use domain::inform::notices::Status;
    use domain::respond::incidents::{Class, Command};
    use domain::words::{RefusalKind, Span};

    use super::super::assignments as roles;
    use super::super::desk::{Desk, at, name};
    use super::super::incidents::Declaration;
    use super::*;

    fn word(audience: Audience, stage: Option<Stage>, next_by: Option<i64>) -> Word {
        Word {
            audience,
            stage,
            text: " We look at it. ".into(),
            title: None,
            components: Effects::new(),
            next_by: next_by.map(at),
            late_because: None,
        }
    }

    fn open_sev1(desk: &Desk<'_>) -> IncidentId {
        let wanted = Declaration { severity: Some("SEV1".into()), ..Declaration::new("Payments fail", Class::System) };
        let id = desk.declare("ana", &wanted).id;
        desk.by("ana", |tx, node, moment| roles::offer(tx, node, moment, id, &name(COMMANDER), &name("ben"), None))
            .unwrap();
        desk.by("ben", |tx, node, moment| roles::accept(tx, node, moment, id, &name(COMMANDER))).unwrap();
        id
    }

    fn refused<T: std::fmt::Debug>(outcome: Result<T, Halt>) -> Refusal {
        match outcome {
            Err(Halt::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    store::both_engines! {
        fn the_next_update_is_reminded_of_and_missed_and_asked_about(store) {
            let desk = Desk::open(store);
            let id = open_sev1(&desk); // declared at 2, so the first one is due at 22
            desk.wait(12); // 16
            assert_eq!(desk.paged(id), []);
            desk.wait(1);
            let reminded = |title: &str| ("reminder".to_owned(), "ben".to_owned(), title.to_owned());
            let due = reminded("Update due by 14:35 UTC: Payments fail");
            assert_eq!(desk.paged(id), std::slice::from_ref(&due));
            desk.wait(5); // 22
            assert_eq!(desk.paged(id), [due, reminded("The update is late: Payments fail")]);
            let say = |word: &Word| desk.by("ben", |tx, node, moment| say(tx, node, moment, id, word));
            let late = refused(say(&word(Audience::Internal, None, Some(60))));
            assert_eq!((late.kind, late.at.as_deref()), (RefusalKind::Conflict, Some("/late_because")));
            let why = Word { late_because: Some("all hands on the database".into()), ..word(Audience::Internal, None, Some(60)) };
            let posted = say(&why).unwrap();
            assert_eq!((posted.text.as_str(), posted.posted_at()), ("We look at it.", Some(at(24))));
            assert_eq!(desk.standing(id).iter().filter(|(word, _)| word == "first-internal-update").count(), 1);
            let promises = store.read(|tx| Ok(rows::promises(tx, id)?)).unwrap();
            assert_eq!(rules::kept(promises.iter(), at(60)), rules::Kept { kept: 0, of: 1 });
            desk.act("ben", id, &Command::Resolve { unmet: vec![] }, "over").unwrap();
            desk.wait(120);
            assert_eq!(desk.paged(id).len(), 2, "nothing is owed after the end");
            let kinds = desk.told("ana", id);
            for kind in ["update.due", "update.missed", "update.posted"] {
                assert_eq!(kinds.iter().filter(|one| *one == kind).count(), 1, "{kind}: {kinds:?}");
            }
        }

        fn the_public_word_is_said_by_two(store) {
            let desk = Desk::open(store);
            let id = open_sev1(&desk);
            let wanted = word(Audience::Public, Some(Stage::Investigating), Some(60));
            let draft = desk.by("ana", |tx, node, moment| say(tx, node, moment, id, &wanted)).unwrap();
            assert_eq!(draft.state, State::Draft);
            let approve = |by: &str| desk.by(by, |tx, node, moment| approve(tx, node, moment, id, draft.id));
            assert_eq!(refused(approve("ana")).kind, RefusalKind::Forbidden);
            assert_eq!(refused(approve("cleo")).kind, RefusalKind::Forbidden, "the commander does");
            let public = || desk.standing(id).iter().any(|(word, _)| word == "first-public-update");
            assert!(!public());
            assert_eq!(approve("ben").unwrap().state.word(), "posted");
            assert!(public());
            assert_eq!(refused(approve("ben")).kind, RefusalKind::Conflict, "once");
            let again = desk.by("ana", |tx, node, moment| say(tx, node, moment, id, &wanted)).unwrap();
            desk.by("ana", |tx, node, moment| withdraw(tx, node, moment, id, again.id)).unwrap();
            // Where no second person is asked for it is said at once.
            desk.act("ben", id, &Command::Grade { level: "SEV2".into() }, "better").unwrap();
            let last = word(Audience::Public, Some(Stage::Resolved), None);
            assert_eq!(desk.by("ana", |tx, node, moment| say(tx, node, moment, id, &last)).unwrap().state.word(), "posted");
        }

        fn what_is_said_in_public_stands_on_the_status_page(store) {
            let desk = Desk::open(store);
            desk.apply(
                "kind: status-page\nname: status\nspec: { title: Acme, groups: [{ title: Shop, components: [{ name: web, title: Website }] }] }",
            );
            let id = open_sev1(&desk);
            let say = |word: &Word| desk.by("ana", |tx, node, moment| say(tx, node, moment, id, word));
            let approve = |update: &Update| desk.by("ben", |tx, node, moment| approve(tx, node, moment, id, update.id));
            let notice = || store.read(|tx| notice_of(tx, id)).unwrap();
            let first = word(Audience::Public, Some(Stage::Investigating), Some(60));
            assert_eq!(refused(say(&first)).at.as_deref(), Some("/title"), "nothing of the incident is copied");
            let components = |name: &str| Effects::from([(name.parse().unwrap(), Status::PartialOutage)]);
            let titled = Word { title: Some("Some pages fail".into()), components: components("web"), ..first };
            let unknown = Word { components: components("wbe"), ..titled.clone() };
            assert_eq!(refused(say(&unknown)).at.as_deref(), Some("/components/wbe"));
            let draft = say(&titled).unwrap();
            assert_eq!(notice(), None, "a draft is not public");
            approve(&draft).unwrap();
            let told = notice().unwrap();
            assert_eq!((told.title.as_str(), told.posts.len(), told.incident), ("Some pages fail", 1, Some(id)));
            assert_eq!(told.effects(), components("web"));
            let last = Word { components: Effects::new(), ..word(Audience::Public, Some(Stage::Resolved), None) };
            let over = say(&last).unwrap();
            approve(&over).unwrap();
            assert_eq!(notice().map(|notice| (notice.posts.len(), notice.is_open())), Some((2, false)));
            // Nor can the second person be gone around on the status page.
            let post = Post {
                notice: Target::Existing(told.id),
                incident: None,
                state: None,
                text: "And more".into(),
                components: Effects::new(),
                next_update_by: None,
                at: None,
                quiet: false,
            };
            let around = desk.by("ana", |tx, node, moment| notices::post_directly(tx, node, moment, &post));
            assert_eq!(refused(around).kind, RefusalKind::Conflict);
            let inside = Word { components: components("web"), ..word(Audience::Internal, None, None) };
            assert_eq!(refused(say(&inside)).at.as_deref(), Some("/components"));
        }

        fn what_cannot_be_said_is_refused_and_changes_nothing(store) {
            let desk = Desk::open(store);
            let id = open_sev1(&desk);
            let before = desk.told("ana", id).len();
            for (wrong, place) in [
                (word(Audience::Public, None, None), "/stage"),
                (word(Audience::Internal, Some(Stage::Resolved), None), "/stage"),
                (word(Audience::Internal, None, Some(1)), "/next_by"),
                (word(Audience::Internal, None, Some(100_000)), "/next_by"),
                (Word { text: " ".into(), ..word(Audience::Internal, None, None) }, "/text"),
                (Word { text: "a\u{7}".into(), ..word(Audience::Internal, None, None) }, "/text"),
            ] {
                let refusal = refused(desk.by("ana", |tx, node, moment| say(tx, node, moment, id, &wrong)));
                assert_eq!(refusal.at.as_deref(), Some(place), "{wrong:?}");
            }
            desk.act("ben", id, &Command::Resolve { unmet: vec![] }, "over").unwrap();
            let promise = word(Audience::Internal, None, Some(90));
            assert_eq!(refused(desk.by("ana", |tx, node, moment| say(tx, node, moment, id, &promise))).at.as_deref(), Some("/next_by"));
            assert!(!desk.told("ana", id).iter().skip(before).any(|kind| kind.starts_with("update.")));
        }

        fn a_severity_that_rises_asks_for_the_next_update_sooner(store) {
            let desk = Desk::open(store);
            let wanted = Declaration { severity: Some("SEV2".into()), ..Declaration::new("Payments fail", Class::System) };
            let id = desk.declare("ana", &wanted).id;
            let by = || store.read(|tx| Ok(rows::promises(tx, id)?)).unwrap().iter().map(|one| one.by).collect::<Vec<_>>();
            assert_eq!(by(), [], "this level asks for none");
            assert_eq!(owes(&store.read(|tx| Ok(assignments::of_incident(tx, id)?)).unwrap()), None, "nobody has a role yet");
            desk.act("ana", id, &Command::Grade { level: "SEV1".into() }, "worse").unwrap();
            assert_eq!(by(), [Span::minutes(20).after(at(3))]);
            desk.act("ana", id, &Command::Grade { level: "SEV2".into() }, "better").unwrap();
            desk.act("ana", id, &Command::Grade { level: "SEV1".into() }, "worse again").unwrap();
            assert_eq!(by(), [Span::minutes(20).after(at(3))], "what was promised stays");
        }
    }
}
