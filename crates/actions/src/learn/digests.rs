//! The weekly digest of each person: due on Monday morning where they are, once for each week whatever node sends it, and
//! written when it leaves, of what they may see then.

use std::collections::BTreeSet;

use domain::engage::deliveries::{Message, Urgency};
use domain::learn::digests::{About, Digest, LATE, Line, Week, YEARS, years_before};
use domain::prepare::catalog::Catalog;
use domain::prepare::people::{Address, Person};
use domain::respond::sight::Sight;
use domain::words::{EventKind, Mint, Name, Refusal, Span, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::learn::action_items::{self as items, Filter};
use store::learn::{digests as rows, postmortems};
use store::outbox::{self, Delivery, Kind};
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::{Halt, Store, Tx};

use crate::inform::subscribers::mail;
use crate::{Moment, Node, announce};

/// The contact under which it stands in the outbox.
const CONTACT: &str = "digest";
const WEEK: Span = Span::hours(7 * 24);
/// So many items are looked at.
const ITEMS: u32 = 500;

/// What the outbox keeps of it: it is written when it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    from: Timestamp,
    to: Timestamp,
}

/// What somebody would be told of a week that ends then.
///
/// # Errors
/// When the database fails.
pub fn of(tx: &mut Tx<'_>, node: &Node, person: &Name, to: Timestamp) -> Result<Digest, Halt> {
    let rules = node.rules(tx)?;
    let (catalog, sight, from) = (&rules.catalog, Sight::Of(person), WEEK.before(to));
    let near = services(catalog, person);
    let about = |row: &IncidentRow| row.services.iter().any(|service| near.contains(service));
    let room = |row: &IncidentRow| format!("/incidents/{}", row.id);
    let mut learned = Vec::new();
    for (row, at, corrected) in rows::published(tx, from, to, sight)?.into_iter().filter(|(row, ..)| about(row)) {
        let what = if corrected { "corrected" } else { "published" };
        let note = format!("its postmortem was {what} on {}", day(at));
        learned.push(Line::new(&row.name(), note, format!("{}/postmortem", room(&row))));
    }
    let mut back = Vec::new();
    for one in rows::returned(tx, from, to, sight)?.into_iter().filter(|one| one.owner == *person || about(&one.of)) {
        let Some(again) = incident_rows::get(tx, one.again, sight)? else { continue };
        let what = if one.reopened { "was done, and is open again" } else { "is open" };
        let note = format!("{what}: it came back as “{}”", again.name());
        back.push(Line::new(&one.title, note, format!("/action-items/{}", one.item)));
    }
    let mut overdue = Vec::new();
    let late = Filter { overdue_at: Some(to), ..Filter::default() };
    for row in items::list(tx, &late, sight, ITEMS)? {
        let Some(of) = incident_rows::get(tx, row.incident, sight)?.filter(|of| !of.drill) else { continue };
        if row.item.owner != *person && !about(&of) {
            continue;
        }
        let owner = if row.item.owner == *person { "yours".to_owned() } else { full_name(catalog, &row.item.owner) };
        let note = match row.item.days_overdue(to) {
            0 => format!("overdue since today, {owner}"),
            1 => format!("1 day overdue, {owner}"),
            days => format!("{days} days overdue, {owner}"),
        };
        overdue.push(Line::new(&row.item.title, note, format!("/action-items/{}", row.item.id)));
    }
    let open = postmortems::Filter { open: true, ..Default::default() };
    for one in super::postmortems::list(tx, &open, sight, ITEMS)? {
        let whose = one.held.owner.as_ref().or(one.held.asked.as_ref());
        let Some((says, due)) = one.postmortem.late(to).filter(|_| !one.incident.drill) else { continue };
        if whose != Some(person) && !about(&one.incident) {
            continue;
        }
        let owner = match whose {
            Some(owner) if owner == person => "yours".to_owned(),
            Some(owner) => full_name(catalog, owner),
            None => "nobody owns it".to_owned(),
        };
        let title = format!("Postmortem: {}", one.incident.name());
        overdue.push(Line::new(
            &title,
            format!("{says} on {}, {owner}", day(due)),
            format!("{}/postmortem", room(&one.incident)),
        ));
    }
    let mut anniversary = Vec::new();
    for years in 1..=YEARS {
        let Some((from, to)) = years_before(to, years) else { continue };
        for row in rows::reported(tx, from, to, sight)?.into_iter().filter(about) {
            let ago = if years == 1 { "a year".to_owned() } else { format!("{years} years") };
            let note = format!("{ago} ago, on {}", day(row.reported_at));
            anniversary.push(Line::new(&row.name(), note, format!("{}/postmortem", room(&row))));
        }
    }
    let sections = vec![
        (About::Learned, learned),
        (About::Back, back),
        (About::Overdue, overdue),
        (About::Anniversary, anniversary),
    ];
    Ok(Digest::of(from, to, sections))
}

fn day(at: Timestamp) -> String {
    at.strftime("%-d %b %Y").to_string()
}

fn full_name(catalog: &Catalog, name: &Name) -> String {
    catalog.people.get(name).map_or_else(|| name.to_string(), |person| person.full_name.clone())
}

/// Those of somebody's teams, and those that they stand on.
fn services(catalog: &Catalog, person: &Name) -> BTreeSet<Name> {
    let member = |team: &Name| catalog.teams.get(team).is_some_and(|team| team.members.contains(person));
    let own = catalog.services.iter().filter(|(_, service)| member(&service.team));
    own.flat_map(|(name, service)| std::iter::once(name).chain(&service.depends_on)).cloned().collect()
}

/// Where it goes: the first contact by mail, or else the address by which somebody signs in.
pub fn address(person: &Person) -> String {
    let by_mail = person.contacts.iter().find_map(|contact| match &contact.address {
        Address::Email(address) => Some(address.clone()),
        _ => None,
    });
    by_mail.unwrap_or_else(|| person.email.clone())
}

/// When somebody's week is to be looked at next.
///
/// # Errors
/// When the database fails.
pub fn next_due(store: &Store, node: &Node, now: Timestamp) -> Result<Option<Timestamp>, Halt> {
    let (rules, known) = store.read(|tx| Ok((node.rules(tx)?, rows::list(tx)?)))?;
    let due = |(name, person): (&Name, &Person)| {
        let week = Week::of(now, &person.time_zone)?;
        let row = known.iter().find(|row| row.person == *name);
        let seen = row.and_then(|row| row.week.as_deref()).is_some_and(|last| *last >= *week.name);
        if seen { week.next(&person.time_zone) } else { Some(now) }
    };
    Ok(rules.catalog.people.iter().filter(|(_, person)| !person.inactive).filter_map(due).min())
}

/// Queues what is due: for each person once in a week. Answers how many weeks were looked at.
///
/// # Errors
/// When the database fails.
pub fn keep_time(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    let (rules, known) = store.read(|tx| Ok((node.rules(tx)?, rows::list(tx)?)))?;
    let mut looked_at = 0;
    for (name, person) in rules.catalog.people.iter().filter(|(_, person)| !person.inactive) {
        let Some(week) = Week::of(now, &person.time_zone) else { continue };
        let row = known.iter().find(|row| row.person == *name);
        if row.and_then(|row| row.week.as_deref()).is_some_and(|last| *last >= *week.name) {
            continue;
        }
        // Whoever is new here is told from the next Monday on; and nobody is told what is old by now.
        let wanted = row.is_some_and(|row| row.wanted && row.week.is_some()) && LATE.after(week.at) > now;
        store.write(|tx| {
            if rows::claim(tx, name, &week.name)? && wanted && !of(tx, node, name, week.at)?.is_empty() {
                queue(tx, mint, name, person, week.at, now)?;
            }
            Ok(())
        })?;
        looked_at += 1;
    }
    Ok(looked_at)
}

fn queue(
    tx: &mut Tx<'_>,
    mint: &mut Mint,
    name: &Name,
    person: &Person,
    to: Timestamp,
    now: Timestamp,
) -> Result<(), Halt> {
    let address = address(person);
    let payload = json!(Kept { from: WEEK.before(to), to }).to_string();
    let new = outbox::New {
        id: mint.id(now),
        kind: Kind::Mail,
        page: None,
        person: Some(name),
        contact: CONTACT,
        channel: "email",
        address: &address,
        step: 0,
        round: 0,
        urgency: Urgency::Low,
        payload: &payload,
        due_at: now,
    };
    outbox::queue(tx, &new, None, now)?;
    Ok(())
}

/// Sends somebody theirs now, of the last seven days. Refused, if there is nothing to say.
///
/// # Errors
/// When there is nothing to say, or the database fails.
pub fn send_now(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, name: &Name) -> Result<(), Halt> {
    let rules = node.rules(tx)?;
    let person = rules.catalog.people.get(name).filter(|person| !person.inactive);
    let person = person.ok_or_else(|| Refusal::not_found(format!("person {name}")))?;
    if of(tx, node, name, moment.now)?.is_empty() {
        return Err(Refusal::conflict("there is nothing to say of the last seven days: no mail is sent").into());
    }
    let now = moment.now;
    queue(tx, moment.mint, name, person, now, now)
}

/// Somebody wants theirs, or does not.
///
/// # Errors
/// When the database fails.
pub fn want(tx: &mut Tx<'_>, moment: &mut Moment<'_>, name: &Name, wanted: bool) -> Result<(), Halt> {
    if rows::want(tx, name, wanted)? {
        let subjects = vec![format!("person/{name}")];
        announce::event(tx, moment, EventKind::DigestChosen, subjects, None, json!({ "wanted": wanted }))?;
    }
    Ok(())
}

/// Whether the message is a digest.
pub(crate) fn is_one(delivery: &Delivery) -> bool {
    delivery.kind == Kind::Mail && delivery.page.is_none() && delivery.contact == CONTACT
}

/// Writes it, as things are now; nothing, if there is nothing to say any more, or its reader left.
pub(crate) fn message(tx: &mut Tx<'_>, node: &Node, delivery: &Delivery) -> Result<Option<Message>, Halt> {
    let (Some(name), Ok(kept)) = (&delivery.person, serde_json::from_str::<Kept>(&delivery.payload)) else {
        return Ok(None);
    };
    if node.rules(tx)?.catalog.people.get(name).is_none_or(|person| person.inactive) {
        return Ok(None);
    }
    let digest = of(tx, node, name, kept.to)?;
    if digest.is_empty() {
        return Ok(None);
    }
    let root = &node.identity.public_url;
    let foot = format!(
        "Sent on Mondays, of what you may see about the services of your teams and what you own. \
         <a href=\"{root}/me/digest\" style=\"color:inherit\">Not any more</a>."
    );
    let subject = digest.subject();
    Ok(Some(Message {
        key: delivery.id.to_string(),
        html: Some(mail("Allclear", &subject, &digest.html(root), &foot)),
        text: format!("{}Sent on Mondays. Not any more: {root}/me/digest\n", digest.text(root)),
        subject,
        urgency: Urgency::Low,
        links: Vec::new(),
        thread: format!("digest-{name}"),
        event: "digest".into(),
        data: json!({}),
        repeat_of: None,
        unsubscribe: None,
        calendar: None,
    }))
}

#[cfg(test)]
mod tests {
    use domain::learn::action_items::{Kind as For, NewItem, Priority};
    use domain::learn::item_checks::Check;
    use domain::respond::incidents::{Class, Command};

    use super::*;
    use crate::learn::postmortems::tests::POLICY;
    use crate::respond::desk::{Desk, name};
    use crate::respond::incidents::Declaration;

    const TEAMS: &str = "
kind: team
name: web
spec: { title: Web, members: [cleo] }
---
kind: service
name: shop
spec: { title: Shop, team: web }
";

    store::both_engines! {
        fn each_is_told_once_in_a_week_of_what_is_theirs_and_nobody_of_nothing(store) {
            let desk = Desk::open(store);
            desk.apply(TEAMS);
            let services = vec![name("shop")];
            let incident = desk.declare("ana", &Declaration { services, ..Declaration::new("It fails", Class::System) }).id;
            let new = NewItem {
                title: "Limit the queue to 1000".into(),
                bound: "a test with 1001 is refused".into(),
                owner: name("ben"),
                kind: For::Prevent,
                priority: Priority::Normal,
                due_at: None,
                factor: None,
                check: Check::Manual {},
            };
            desk.by("ana", |tx, node, moment| crate::learn::action_items::propose(tx, node, moment, incident, &new)).unwrap();
            let start = desk.by("ana", |_, _, moment| Ok(moment.now)).unwrap();
            let mut mint = Mint::seeded(9);
            let mut turn = |days: i64| keep_time(store, &desk.node, &mut mint, Span::hours(24 * days).after(start)).unwrap();
            let mails = || -> Vec<(String, String)> {
                let sql = "SELECT person, address FROM deliveries WHERE contact = 'digest' ORDER BY id";
                let read = |row: &store::Row| Ok((row.text("person")?.to_owned(), row.text("address")?.to_owned()));
                store.read(|tx| tx.query(sql, &[])?.iter().map(read).collect::<Result<_, Halt>>()).unwrap()
            };
            assert!(turn(0) > 0, "they are known from now on");
            assert_eq!(mails(), []);
            assert_eq!(turn(0), 0);
            desk.by("cleo", |tx, _, moment| want(tx, moment, &name("cleo"), false)).unwrap();
            // Many weeks later it is overdue: ben owns it, cleo looks after the service and wants none, ana has nothing to do with it.
            assert!(turn(70) > 0);
            assert_eq!(mails(), [("ben".to_owned(), "ben@example.org".to_owned())]);
            assert_eq!(turn(70), 0, "once");
            let of_cleo = desk.by("cleo", |tx, node, moment| of(tx, node, &name("cleo"), Span::hours(24 * 70).after(moment.now))).unwrap();
            assert_eq!(of_cleo.subject(), "Your week: 1 overdue", "the page shows what they would be told");
            let of_ana = desk.by("ana", |tx, node, moment| of(tx, node, &name("ana"), Span::hours(24 * 70).after(moment.now))).unwrap();
            assert!(of_ana.is_empty());
            // Its postmortem is late as well: whoever looks after the service is told.
            desk.apply(POLICY);
            desk.act("ana", incident, &Command::Resolve { unmet: vec![] }, "it works again").unwrap();
            desk.by("ana", |tx, node, moment| {
                crate::learn::postmortems::request(tx, node, moment, incident, "customers ask")
            })
            .unwrap();
            let of_cleo = desk.by("cleo", |tx, node, moment| of(tx, node, &name("cleo"), Span::hours(24 * 70).after(moment.now))).unwrap();
            assert_eq!(of_cleo.subject(), "Your week: 2 overdue");
            assert!(of_cleo.text("").contains("Postmortem: It fails"), "{}", of_cleo.text(""));
            match desk.by("ana", |tx, node, moment| send_now(tx, node, moment, &name("ana"))) {
                Err(Halt::Refused(refusal)) => assert!(refusal.message.contains("nothing to say"), "{refusal}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
