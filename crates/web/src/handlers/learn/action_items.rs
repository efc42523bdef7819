//! Action items on pages: the list, one of them with its forms, the form that proposes one, and the panel of a room.

use actions::learn::action_items::{self as acts, Detail, Survival};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::learn::action_items::{ActionItem, By, Kind, NewItem, Priority, State, within};
use domain::learn::item_checks::{Answer, Check, Evidence, Must};
use domain::prepare::people::Access;
use domain::prepare::severity::SeverityMatrix;
use domain::respond::incidents::Phase;
use domain::words::{EventKind, IncidentId, Name, Refusal, RefusalKind, Timestamp};
use jiff::tz::TimeZone;
use serde_json::Value;
use store::journal::Entry;
use store::learn::action_items::ItemRow;
use store::respond::incidents::IncidentRow;
use store::{Halt, Store};

use crate::api::learn::action_items::{ActionItemDeed, ActionItemEdit, ActionItemQuery, deed, read_id, say_anew};
use crate::handlers::detect::alert::actor;
use crate::handlers::detect::silences::zone_of;
use crate::handlers::engage::pages::capital;
use crate::handlers::fields::{Fields, escape};
use crate::handlers::filters::{chips, href, option};
use crate::handlers::frame::{Asked, Look, done, refused, sentence};
use crate::handlers::respond::incidents::restricted;
use crate::handlers::respond::room::read_id as read_incident;
use crate::pages::detect::alert::Happened;
use crate::pages::filters::{self, Choice, Tab};
use crate::pages::learn::action_items::{
    ActionItemPage, ActionItemsPage, CheckView, CurveView, DropView, EvidenceView, ItemForm, ItemLine, ItemMay,
    ItemsPanel, NewActionItemPage, TrackedView,
};
use crate::pages::learn::survival::draw;
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

const PATH: &str = "/action-items";
const CSV: &str = "/api/v1/action-items.csv";

/// `GET /action-items?tab=mine|overdue|open|all&kind=&priority=&service=&incident=&by=`.
pub async fn get_action_items(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Incidents, |look, shell| {
            let query = &look.asked.query;
            let tab = match query.text("tab") {
                word @ ("overdue" | "open" | "all") => word,
                _ => "mine",
            };
            let said = |name: &str| query.some(name).map(str::to_owned);
            let wanted = ActionItemQuery {
                owner: (tab == "mine").then(|| "me".to_owned()),
                state: match tab {
                    "mine" | "open" => Some("open".to_owned()),
                    _ => None,
                },
                overdue: (tab == "overdue").then_some(true),
                kind: said("kind"),
                priority: said("priority"),
                incident: said("incident"),
                service: said("service"),
                ..ActionItemQuery::default()
            };
            let (sight, now) = (look.asked.sight(), look.now());
            let read = wanted.filter(Some(&look.asked.person), now);
            let listed = read
                .map_err(Halt::from)
                .and_then(|filter| Ok((acts::list(look.tx, &filter, sight, acts::LISTED_MOST)?, filter.incident)));
            let (found, incident, error) = match listed {
                Ok((found, incident)) => (found, incident, None),
                Err(Halt::Refused(refusal)) => (Vec::new(), None, Some(sentence(&refusal.message))),
                Err(failed) => return Err(failed),
            };
            let by: By = query.parse("by").unwrap_or(By::All);
            let curves = acts::survival(look.tx, by, sight, now)?;
            let incident = match incident {
                Some(id) => store::respond::incidents::get(look.tx, id, sight)?,
                None => None,
            };
            let one = |title, word: &str| Tab {
                title,
                href: href(PATH, query, &[], &[("tab", word)]),
                count: None,
                current: tab == word,
            };
            Ok(ActionItemsPage {
                csv: csv_of(&wanted),
                tabs: vec![one("Mine", "mine"), one("Overdue", "overdue"), one("Open", "open"), one("All", "all")],
                filter: filter(look, query, tab),
                error,
                incident: incident.map(|row| Link::new(row.name(), format!("/incidents/{}", row.id))),
                rows: found.iter().map(|(row, of)| line(look, row, of)).collect(),
                by: By::ALL.iter().map(|one| (one.word().to_owned(), capital(one.word()), *one == by)).collect(),
                curves: curves.iter().filter(|one| one.n > 0).map(|one| curve(look, by, one)).collect(),
                shell,
            })
        })
        .await
}

/// Where the same items are downloaded.
fn csv_of(wanted: &ActionItemQuery) -> String {
    let overdue = wanted.overdue.map(|only| only.to_string());
    let asked = [
        ("owner", &wanted.owner),
        ("state", &wanted.state),
        ("overdue", &overdue),
        ("kind", &wanted.kind),
        ("priority", &wanted.priority),
        ("incident", &wanted.incident),
        ("service", &wanted.service),
    ];
    let pairs = asked.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", escape(value.as_deref()?))));
    let pairs: Vec<String> = pairs.collect();
    if pairs.is_empty() { CSV.to_owned() } else { format!("{CSV}?{}", pairs.join("&")) }
}

fn filter(look: &Look<'_, '_>, query: &Fields, tab: &str) -> filters::Filter {
    let (kind, priority, service) = (query.text("kind"), query.text("priority"), query.text("service"));
    let kinds = Kind::ALL.iter().map(|one| option(kind, one.word(), &capital(one.word())));
    let priorities = Priority::ALL.iter().map(|one| option(priority, one.word(), &capital(one.word())));
    let services = look.rules.catalog.services.iter();
    let services = services.map(|(name, spec)| option(service, name.as_str(), &spec.title));
    let choices = vec![
        Choice { name: "kind", title: "Kind", any: "All kinds", options: kinds.collect() },
        Choice { name: "priority", title: "Priority", any: "All priorities", options: priorities.collect() },
        Choice { name: "service", title: "Service", any: "All services", options: services.collect() },
    ];
    filters::Filter {
        tab: tab.to_owned(),
        text: String::new(),
        error: None,
        chips: chips(PATH, query, &choices),
        choices,
        clear_href: format!("{PATH}?tab={tab}"),
    }
}

fn line(look: &Look<'_, '_>, row: &ItemRow, of: &IncidentRow) -> ItemLine {
    let item = &row.item;
    ItemLine {
        link: Link::new(&item.title, format!("{PATH}/{}", item.id)),
        incident: Link::new(of.name(), format!("/incidents/{}", of.id)),
        owner: look.tag(&item.owner),
        state: badge(item, look.now()),
        kind: item.kind.to_string(),
        high: item.priority == Priority::High,
        due: look.when(item.due_at),
        late: late(item, look.now()),
        by_hand: item.check.is_manual(),
        reopened: item.reopened,
        drill: of.drill,
    }
}

fn badge(item: &ActionItem, now: Timestamp) -> Badge {
    match &item.state {
        _ if item.drop_asked.is_some() => Badge::new(Tone::Warning, "somebody decides"),
        state if item.is_overdue(now) => Badge::new(Tone::Critical, state.word()),
        State::Proposed => Badge::new(Tone::Warning, "proposed"),
        State::Accepted { .. } => Badge::new(Tone::Info, "accepted"),
        State::Done { .. } => Badge::new(Tone::Info, "done, not proven"),
        State::Verified { by: Some(_), .. } => Badge::new(Tone::Good, "verified by hand"),
        State::Verified { .. } => Badge::new(Tone::Good, "verified"),
        State::WontDo { .. } => Badge::new(Tone::Quiet, "won’t do"),
    }
}

fn late(item: &ActionItem, now: Timestamp) -> Option<String> {
    item.is_overdue(now).then(|| match item.days_overdue(now) {
        0 => "overdue".to_owned(),
        1 => "1 day overdue".to_owned(),
        days => format!("{days} days overdue"),
    })
}

fn curve(look: &Look<'_, '_>, by: By, one: &Survival) -> CurveView {
    let service = one.what.parse::<Name>().ok().and_then(|name| look.rules.catalog.services.get(&name));
    let title = match service {
        Some(service) if by == By::Service => service.title.clone(),
        _ => capital(&one.what),
    };
    let says = match &one.curve {
        None => format!("It cannot be told: {} are too few, it takes {}.", one.n, domain::learn::survival::LEAST),
        Some(curve) => match curve.half {
            Some(days) => format!("Half are done within {days:.0} days."),
            None => format!("Fewer than half are done; the oldest is {:.0} days old.", curve.ends),
        },
    };
    CurveView {
        title,
        n: one.n,
        open: one.curve.as_ref().map_or(0, |curve| curve.open),
        says,
        drawing: one.curve.as_ref().map(draw),
    }
}

/// `GET /action-items/ID`.
pub async fn get_action_item(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    page(asked, id, None).await
}

/// One item; with what was typed and refused.
async fn page(asked: Asked, id: String, typed: Option<ItemForm>) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let status = if typed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    asked
        .page_with(Section::Incidents, status, move |look, shell| {
            let detail = acts::detail(look.tx, id, look.asked.sight())?;
            let mut recurrences = Vec::new();
            for one in &detail.recurrences {
                let Some(row) = store::respond::incidents::get(look.tx, one.incident, look.asked.sight())? else {
                    continue;
                };
                let says = match (&one.was, one.undone_at) {
                    (_, Some(_)) => "it was no incident",
                    (Some(_), None) => "it was done, and was reopened",
                    (None, None) => "it was not done",
                };
                recurrences.push((Link::new(row.name(), format!("/incidents/{}", row.id)), look.when(one.at), says));
            }
            let (item, now) = (&detail.row.item, look.now());
            let form = typed.clone().unwrap_or_else(|| form_of(item, &look.view.zone));
            Ok(ActionItemPage {
                id: item.id.to_string(),
                title: item.title.clone(),
                bound: item.bound.clone(),
                incident: Link::new(detail.incident.name(), format!("/incidents/{}", detail.incident.id)),
                restricted: restricted(&detail.incident),
                drill: detail.incident.drill,
                owner: look.tag(&item.owner),
                state: badge(item, now),
                kind: item.kind.to_string(),
                priority: item.priority.to_string(),
                due: look.when(item.due_at),
                late: late(item, now),
                factor: item.factor.clone(),
                strength: detail.advice.strength.map(|strength| capital(strength.word())),
                advice: detail.advice.notes.clone(),
                reopened: item.reopened,
                drop: dropped(look, item),
                check: CheckView {
                    says: item.check.to_string(),
                    by_hand: item.check.is_manual(),
                    pending: detail.row.check_at.is_some_and(|at| at <= now),
                    next: detail.row.check_at.map(|at| look.when(at)),
                },
                evidence: detail.evidence.iter().map(|one| evidence(look, one)).collect(),
                recurrences,
                tracked: detail.tracked.as_ref().map(|row| tracked(look, row)),
                trackers: look
                    .rules
                    .catalog
                    .trackers
                    .iter()
                    .map(|(name, one)| (name.to_string(), one.title.clone()))
                    .collect(),
                history: detail.history.iter().map(|entry| happened(look, entry)).collect(),
                may: may(look, &detail),
                everybody: everybody(look),
                form,
                shell,
            })
        })
        .await
}

fn tracked(look: &Look<'_, '_>, row: &store::learn::trackers::TrackedRow) -> TrackedView {
    let spec = look.rules.catalog.trackers.get(&row.tracker);
    let issue = row.issue.as_ref().zip(row.url.as_ref());
    TrackedView {
        tracker: spec.map_or_else(|| row.tracker.to_string(), |spec| spec.title.clone()),
        issue: issue.map(|(key, url)| Link::new(format!("{key}: {}", row.title.as_deref().unwrap_or_default()), url)),
        status: row.status.clone(),
        heard: row.heard_at.map(|at| look.when(at)),
        trouble: row.trouble.as_deref().map(sentence),
    }
}

fn dropped(look: &Look<'_, '_>, item: &ActionItem) -> Option<DropView> {
    let asked = item.drop_asked.as_ref().map(|asked| DropView {
        why: sentence(&asked.why),
        asked_by: look.tag(&asked.by),
        approved_by: None,
    });
    match &item.state {
        State::WontDo { why, asked_by, approved_by, .. } => Some(DropView {
            why: sentence(why),
            asked_by: look.tag(asked_by),
            approved_by: Some(look.tag(approved_by)),
        }),
        _ => asked,
    }
}

fn evidence(look: &Look<'_, '_>, one: &Evidence) -> EvidenceView {
    let tone = match one.seen.answer {
        Answer::Yes => Tone::Good,
        Answer::No => Tone::Critical,
        Answer::Unknown => Tone::Quiet,
    };
    let word = if one.seen.answer == Answer::Unknown { "cannot tell" } else { one.seen.answer.word() };
    EvidenceView {
        answer: Badge::new(tone, word),
        at: look.when(one.at),
        until: (one.until > one.at).then(|| look.when(one.until)),
        said: one.seen.said.clone(),
        by: one.by.as_ref().map(|name| look.tag(name)),
    }
}

/// An entry of the journal about an item, in words.
fn happened(look: &Look<'_, '_>, entry: &Entry) -> Happened {
    let (tone, text) = match entry.kind() {
        Some(kind) => told(look, kind, &entry.data),
        None => (Tone::Quiet, sentence(&entry.word.replace(['.', '-'], " "))),
    };
    Happened { when: look.when(entry.at), tone, text, who: actor(look, &entry.actor), why: entry.why.clone() }
}

/// The same on a timeline, where the item is named.
pub(in crate::handlers) fn told(look: &Look<'_, '_>, kind: EventKind, data: &Value) -> (Tone, String) {
    let text = |name: &str| data[name].as_str().unwrap_or_default();
    let title = text("title");
    let owner = look.tag_of(text("person")).name;
    match kind {
        EventKind::ActionItemProposed => (Tone::Info, format!("Action item for {owner}: {title}")),
        EventKind::ActionItemAccepted => (Tone::Good, format!("{owner} does it: {title}")),
        EventKind::ActionItemGiven => (Tone::Info, format!("{owner} is to own it: {title}")),
        EventKind::ActionItemEdited => (Tone::Quiet, format!("An action item was said anew: {title}")),
        EventKind::ActionItemDone => (Tone::Good, format!("Done, says {owner}: {title}")),
        EventKind::ActionItemVerified if data["by_hand"] == true => (Tone::Good, format!("Proven by hand: {title}")),
        EventKind::ActionItemVerified => (Tone::Good, format!("Proven: {title}")),
        EventKind::ActionItemUnproven => (Tone::Warning, format!("What proved it does not hold any more: {title}")),
        EventKind::ActionItemDropAsked => (Tone::Warning, format!("Somebody asks that it need not be done: {title}")),
        EventKind::ActionItemDropped => (Tone::Quiet, format!("It will not be done: {title}. {}", text("because"))),
        EventKind::ActionItemKept => (Tone::Info, format!("It is to be done after all: {title}")),
        EventKind::ActionItemReopened => (Tone::Warning, format!("Reopened: {title}")),
        EventKind::ActionItemRestored => (Tone::Quiet, format!("It stands as it did: {title}")),
        EventKind::ActionItemReminded => {
            let late = match data["days_overdue"].as_i64() {
                Some(days) if days > 0 => format!(", {days} days overdue"),
                _ => String::new(),
            };
            (Tone::Info, format!("{owner} was reminded{late}: {title}"))
        }
        EventKind::ActionItemRecalled => {
            let one = |item: &Value| {
                let title = item["title"].as_str().unwrap_or_default();
                match (item["reopened"] == true, item["days_overdue"].as_i64()) {
                    (true, _) => format!("“{title}” was done, and is reopened"),
                    (false, Some(days)) if days > 0 => format!("“{title}” is not done, {days} days overdue"),
                    _ => format!("“{title}” is {}", item["state"].as_str().unwrap_or("not done").replace('-', " ")),
                }
            };
            let all: Vec<String> = data["items"].as_array().into_iter().flatten().map(one).collect();
            (Tone::Warning, format!("The same happened before, and action items address it: {}", all.join("; ")))
        }
        EventKind::ActionItemTracked | EventKind::ActionItemUntracked => {
            let part = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
            let issue = match (data["issue"].as_str(), kind) {
                (Some(issue), _) => format!("{issue} of {}", part("tracker")),
                (None, EventKind::ActionItemTracked) => format!("a new issue in {}", part("tracker")),
                (None, _) => format!("the issue in {}", part("tracker")),
            };
            match kind {
                EventKind::ActionItemTracked => (Tone::Info, format!("Followed by {issue}: {title}")),
                _ => (Tone::Quiet, format!("No longer followed by {issue}: {title}")),
            }
        }
        _ => (Tone::Quiet, sentence(&kind.word().replace(['.', '-'], " "))),
    }
}

fn may(look: &Look<'_, '_>, detail: &Detail) -> ItemMay {
    if look.asked.access < Access::Responder {
        return ItemMay::default();
    }
    let item = &detail.row.item;
    let me = &look.asked.person;
    let (owns, open) = (item.owner == *me, item.state.is_open());
    let asked_by_me = item.drop_asked.as_ref().is_some_and(|asked| asked.by == *me);
    let asked = item.drop_asked.is_some();
    ItemMay {
        accept: owns && item.state == State::Proposed,
        done: owns && open,
        check: !item.check.is_manual() && !matches!(item.state, State::WontDo { .. }),
        confirm: item.check.is_manual() && !owns && matches!(item.state, State::Done { .. }),
        give: open,
        ask_drop: open && !asked,
        approve_drop: asked && !asked_by_me && !owns,
        keep: asked,
        reopen: !open,
        edit: !matches!(item.state, State::WontDo { .. }),
    }
}

fn everybody(look: &Look<'_, '_>) -> Vec<(String, String)> {
    let there = look.rules.catalog.people.iter().filter(|(_, person)| !person.inactive);
    there.map(|(name, person)| (name.to_string(), person.full_name.clone())).collect()
}

fn form_of(item: &ActionItem, zone: &TimeZone) -> ItemForm {
    let mut form = ItemForm {
        title: item.title.clone(),
        bound: item.bound.clone(),
        owner: item.owner.to_string(),
        kind: item.kind.to_string(),
        priority: item.priority.to_string(),
        due: item.due_at.to_zoned(zone.clone()).date().to_string(),
        factor: item.factor.clone().unwrap_or_default(),
        check: item.check.word().to_owned(),
        ..ItemForm::default()
    };
    let text = |value: &Option<Name>| value.as_ref().map_or_else(String::new, Name::to_string);
    match &item.check {
        Check::Manual {} => {}
        Check::Replay { service, within, .. } => {
            form.service = text(service);
            form.within = within.map_or_else(String::new, |within| within.to_string());
        }
        Check::Document { document, field, must } => {
            (form.document, form.field) = (document.clone(), field.clone());
            let (word, value) = match must {
                Must::Exist => ("exist", String::new()),
                Must::Be(value) => ("be", value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
                Must::Contain(text) => ("contain", text.clone()),
            };
            (form.must, form.value) = (word.to_owned(), value);
        }
        Check::Url { url, contains } => {
            form.url.clone_from(url);
            form.contains = contains.clone().unwrap_or_default();
        }
        Check::Commit { url } => form.url.clone_from(url),
        Check::Drill { service } => form.service = text(service),
    }
    form
}

/// The form as it was typed.
fn typed(fields: &Fields, error: &Refusal) -> ItemForm {
    let text = |name: &str| fields.raw(name).to_owned();
    ItemForm {
        title: text("title"),
        bound: text("bound"),
        owner: text("owner"),
        kind: text("kind"),
        priority: text("priority"),
        due: text("due"),
        factor: text("factor"),
        check: text("check"),
        document: text("document"),
        field: text("field"),
        must: text("must"),
        value: text("value"),
        url: text("url"),
        contains: text("having"),
        service: text("service"),
        within: text("within"),
        why: text("why"),
        error: Some(sentence(&error.message)),
    }
}

/// The check that the form describes.
fn check(fields: &Fields) -> Result<Check, Refusal> {
    let name = |field: &str| fields.some(field).map(str::parse::<Name>).transpose();
    // Not `contains`: a field of that name would stand in the place of the method of its form in the browser.
    let contains = fields.some("having").map(str::to_owned);
    Ok(match fields.text("check") {
        "" | "manual" => Check::Manual {},
        "replay" => Check::Replay {
            service: name("service")?,
            route: None,
            policy: None,
            within: fields.some("within").map(str::parse).transpose()?,
        },
        "document" => Check::Document {
            document: fields.text("document").to_owned(),
            field: fields.text("field").to_owned(),
            must: match fields.text("must") {
                "be" => Must::Be(Value::String(fields.text("value").to_owned())),
                "contain" => Must::Contain(fields.text("value").to_owned()),
                _ => Must::Exist,
            },
        },
        "url" => Check::Url { url: fields.text("url").to_owned(), contains },
        "commit" => Check::Commit { url: fields.text("url").to_owned() },
        "drill" => Check::Drill { service: name("service")? },
        _ => return Err(Refusal::invalid("there is no such proof").at("/check")),
    })
}

/// The end of the day that was chosen, by the viewer's clock.
fn due(fields: &Fields, zone: &TimeZone) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = fields.some("due") else { return Ok(None) };
    let wrong = || Refusal::invalid("write the day as 2026-12-31").at("/due_at");
    let date: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    let end = date.at(23, 59, 0, 0).to_zoned(zone.clone()).map_err(|_| wrong())?;
    Ok(Some(end.timestamp()))
}

/// `GET /incidents/ID/action-items`.
pub async fn get_new(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    new_page(asked, read_incident(&id)?, None).await
}

async fn new_page(asked: Asked, id: IncidentId, typed: Option<ItemForm>) -> Result<Response, Problem> {
    let status = if typed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    asked
        .page_with(Section::Incidents, status, move |look, shell| {
            let row = actions::respond::incidents::seen(look.tx, id, look.asked.sight())?;
            Ok(NewActionItemPage {
                incident: Link::new(row.name(), format!("/incidents/{id}")),
                id: id.to_string(),
                restricted: restricted(&row),
                everybody: everybody(look),
                form: typed.clone().unwrap_or_else(|| blank(look)),
                due_says: due_says(look, &row),
                shell,
            })
        })
        .await
}

fn blank(look: &Look<'_, '_>) -> ItemForm {
    ItemForm {
        owner: look.asked.person.to_string(),
        kind: Kind::Prevent.word().to_owned(),
        priority: Priority::Normal.word().to_owned(),
        check: Check::Manual {}.word().to_owned(),
        ..ItemForm::default()
    }
}

fn due_says(look: &Look<'_, '_>, row: &IncidentRow) -> String {
    let matrix = SeverityMatrix { levels: actions::respond::incidents::levels(&look.rules.catalog) };
    let span = within(Some(&matrix), row.state.severity.as_deref());
    format!("{} days after it is proposed, if you leave it", span.as_millis() / 86_400_000)
}

/// `POST /incidents/ID/action-items` with the fields of the form.
pub async fn post_new(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id = read_incident(&id)?;
    let zone = zone_of(&asked).await?;
    let read = || -> Result<NewItem, Refusal> {
        Ok(NewItem {
            title: fields.raw("title").to_owned(),
            bound: fields.raw("bound").to_owned(),
            owner: fields.parse("owner")?,
            kind: fields.parse("kind")?,
            priority: fields.parse("priority")?,
            due_at: due(&fields, &zone)?,
            factor: fields.some("factor").map(str::to_owned),
            check: check(&fields)?,
        })
    };
    let outcome = match read() {
        Ok(new) => {
            let run = move |store: &Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| acts::propose(tx, node, &mut moment.again(), id, &new))
            };
            asked.app.act(asked.actor(), run).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(row) => {
            let said = if row.item.state == State::Proposed { "Proposed: its owner accepts it" } else { "It is yours" };
            Ok(asked.lead(&format!("{PATH}/{}", row.item.id), Some(done(said))))
        }
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            // What was typed is not lost.
            let form = typed(&fields, &refusal);
            new_page(asked, id, Some(form)).await
        }
        Err(failed) => Err(failed.into()),
    }
}

/// `POST /action-items/ID` with `act` and what that needs.
pub async fn post_action_item(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let item = read_id(&id)?;
    let here = format!("{PATH}/{}", escape(&id));
    if fields.text("act") == "edit" {
        let zone = zone_of(&asked).await?;
        let read = || -> Result<ActionItemEdit, Refusal> {
            Ok(ActionItemEdit {
                title: Some(fields.raw("title").to_owned()),
                bound: Some(fields.raw("bound").to_owned()),
                kind: Some(fields.parse("kind")?),
                priority: Some(fields.parse("priority")?),
                due_at: due(&fields, &zone)?,
                factor: Some(fields.text("factor").to_owned()),
                check: Some(check(&fields)?),
                why: fields.some("why").map(str::to_owned),
            })
        };
        let outcome = match read() {
            Ok(mut said) => {
                keep_what_stands(&asked, item, &zone, &mut said).await?;
                say_anew(&asked.app, &asked.visitor, item, said).await
            }
            Err(refusal) => Err(refusal.into()),
        };
        return match outcome {
            Ok(_) => Ok(asked.lead(&here, Some(done("Said anew")))),
            Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
                let form = typed(&fields, &refusal);
                page(asked, id, Some(form)).await
            }
            Err(failed) => Err(failed.into()),
        };
    }
    let said = |name: &str| fields.raw(name).to_owned();
    let (wanted, word) = match fields.text("act") {
        "accept" => (ActionItemDeed::Accept {}, "It is yours"),
        "done" => (ActionItemDeed::Done { said: fields.some("said").map(str::to_owned) }, "Done: now it is proven"),
        "check" => (ActionItemDeed::Check {}, "It is looked at"),
        "confirm" => (ActionItemDeed::Confirm { seen: said("seen") }, "Proven by hand"),
        "give" => match fields.parse("owner") {
            Ok(owner) => (ActionItemDeed::Give { owner }, "They are to own it"),
            Err(refusal) => return Ok(asked.lead(&here, Some(refused(&refusal)))),
        },
        "ask-drop" => (ActionItemDeed::AskDrop { why: said("why-drop") }, "A second person decides"),
        "approve-drop" => (ActionItemDeed::ApproveDrop {}, "It will not be done"),
        "keep" => (ActionItemDeed::Keep { why: said("why-keep") }, "It is to be done"),
        "track" => match fields.parse("tracker") {
            Ok(tracker) => {
                let (issue, consent) = (fields.some("issue").map(str::to_owned), fields.some("consent").is_some());
                (ActionItemDeed::Track { tracker, issue, consent }, "An issue is to follow it")
            }
            Err(refusal) => return Ok(asked.lead(&here, Some(refused(&refusal)))),
        },
        "untrack" => (ActionItemDeed::Untrack {}, "No issue follows it any more"),
        "reopen" => (ActionItemDeed::Reopen { why: said("why-reopen") }, "Reopened"),
        _ => return Ok(asked.lead(&here, Some(refused(&Refusal::invalid("there is no such button"))))),
    };
    match deed(&asked.app, &asked.visitor, item, wanted).await {
        Ok(_) => Ok(asked.lead(&here, Some(done(word)))),
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            Ok(asked.lead(&here, Some(refused(&refusal))))
        }
        Err(failed) => Err(failed.into()),
    }
}

/// A form knows the day only, and no route or policy: what it shows as it stands is not said anew.
async fn keep_what_stands(
    asked: &Asked,
    id: domain::words::ActionItemId,
    zone: &TimeZone,
    said: &mut ActionItemEdit,
) -> Result<(), Problem> {
    let visitor = asked.visitor.clone();
    let (row, _) = asked.app.read(move |tx| acts::seen(tx, id, visitor.sight())).await?;
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    said.due_at = said.due_at.filter(|at| day(*at) != day(row.item.due_at));
    if let (Some(Check::Replay { service, within, .. }), Check::Replay { service: same, within: also, .. }) =
        (&said.check, &row.item.check)
        && service == same
        && within == also
    {
        said.check = None;
    }
    if let (
        Some(Check::Document { must: Must::Be(typed), document, field }),
        Check::Document { must: Must::Be(stands), document: same, field: also },
    ) = (&said.check, &row.item.check)
        && document == same
        && field == also
        && typed.as_str() == Some(stands.to_string().as_str())
    {
        said.check = None;
    }
    Ok(())
}

/// What follows from an incident.
pub(super) fn of_incident(look: &mut Look<'_, '_>, row: &IncidentRow) -> Result<Vec<ItemLine>, Halt> {
    let own = acts::of_incident(look.tx, row.id, look.asked.sight())?;
    Ok(own.iter().map(|item| line(look, item, row)).collect())
}

/// What the room shows of what follows from its incident, and of earlier items that it concerns.
pub(in crate::handlers) fn panel(look: &mut Look<'_, '_>, row: &IncidentRow) -> Result<ItemsPanel, Halt> {
    let sight = look.asked.sight();
    let mut earlier = Vec::new();
    for (recurrence, item) in acts::came_back_in(look.tx, row.id, sight)? {
        let Some(of) = store::respond::incidents::get(look.tx, item.incident, sight)? else { continue };
        let says = match (&recurrence.was, recurrence.undone_at) {
            (_, Some(_)) => continue,
            (Some(_), None) => "It was done, and came back here.",
            (None, None) => "It addresses this, and is not done.",
        };
        earlier.push((line(look, &item, &of), says.to_owned()));
    }
    Ok(ItemsPanel {
        rows: of_incident(look, row)?,
        earlier,
        may_write: look.asked.access >= Access::Responder
            && !matches!(row.state.phase, Phase::Cancelled | Phase::Merged),
        form: blank(look),
        due_says: due_says(look, row),
    })
}
