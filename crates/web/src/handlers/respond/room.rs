//! The incident room: read as it stands, and every form on it.

use actions::respond::assignments;
use actions::respond::incidents::{self as acts, COMMANDER, Description};
use actions::respond::room::{self, GroupStanding, Room};
use actions::respond::stamps::{self, Claim};
use actions::respond::{command, entries, links, tasks};
use actions::{Moment, Node};
use axum::extract::Path;
use axum::response::Response;
use domain::engage::escalations::State as PageState;
use domain::engage::pages::About;
use domain::prepare::people::Access;
use domain::respond::assignments::State as Held;
use domain::respond::entries::{Entry, Shows};
use domain::respond::handovers::Handover;
use domain::respond::incidents::{Activity, Class, Command, Phase, Visibility};
use domain::respond::stamps::{Measure, Milestone, Precision, Source, When as Claimed, standing};
use domain::respond::tasks::{State as Stage, Wish};
use domain::words::{IncidentId, Name, Refusal, Span, TaskId, Timestamp};
use store::{Halt, Store, Tx};

use super::incidents::{levels, phase, restricted, service_title};
use super::lines::{line, names, with_days};
use super::{checklists, obligations, runbooks, updates};
use crate::api::respond::entries as cursor;
use crate::handlers::change::{suspects, switches};
use crate::handlers::detect::alert::actor;
use crate::handlers::detect::silences::zone_of;
use crate::handlers::fields::{Fields, escape};
use crate::handlers::frame::{Asked, Look, done, refused, sentence};
use crate::handlers::learn::{action_items, pins, postmortems};
use crate::pages::respond::room::{
    ActivityStage, ActivityView, GroupView, PersonView, RoleView, RoomMay, RoomPage, TaskView, TimeView,
};
use crate::pages::respond::updates::UpdateForm;
use crate::pages::{Badge, Link, Section, Severity, State, Tone};
use crate::problem::Problem;

/// So many lines of the timeline at a time.
const LINES: usize = 100;

/// `GET /incidents/ID?before=PLACE`.
pub async fn get_room(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    page(asked, id, Typed::default()).await
}

/// What was typed into a form of the room and refused.
#[derive(Clone, Default)]
pub(super) struct Typed {
    /// On the timeline: the text, and why not.
    pub entry: Option<(String, String)>,
    pub update: Option<UpdateForm>,
}

/// The room; with what was typed and refused.
pub(super) async fn page(asked: Asked, id: String, typed: Typed) -> Result<Response, Problem> {
    let wanted = read_id(&id);
    asked
        .page(Section::Incidents, move |look, shell| {
            let id = wanted.clone()?;
            let asked = look.asked;
            let before = asked.query.some("before").map(cursor::place).transpose()?;
            let room = room::room(look.tx, look.app.node(), id, asked.sight(), look.now())?;
            let most = u32::try_from(LINES + 1).unwrap_or(u32::MAX);
            let mut lines = room::timeline(look.tx, id, asked.sight(), before, most)?;
            let more = lines.len() > LINES;
            lines.truncate(LINES);
            let earlier = lines.last().filter(|_| more);
            let earlier = earlier.map(|line| format!("/incidents/{id}?before={}", escape(&cursor::place_text(line))));
            let pinned = room::pinned(look.tx, id, asked.sight())?;
            let merged_into = match room.row.state.merged_into {
                Some(into) => store::respond::incidents::get(look.tx, into, asked.sight())?,
                None => None,
            };
            let told_meanwhile = updates::panel(look, id, &room, typed.update.as_ref())?;
            let row = &room.row;
            let held = standing(&room.stamps);
            let names = names(&room);
            // What is still to be done comes first.
            let mut tasks: Vec<TaskView> = room.tasks.iter().map(|task| task_view(look, task)).collect();
            tasks.sort_by_key(|task| !task.open);
            let record = super::record::tally(look, id, row.state.class == Class::Security)?;
            let checklists = checklists::views(look, &room.row)?;
            let obligations = obligations::panel(look, &room.row)?;
            let chats = super::chats::links(look, id)?;
            let action_items = action_items::panel(look, &room.row)?;
            let pin_panel = pins::panel(look, &room.row)?;
            let suspects = suspects::panel(look, &room.row)?;
            let similar = crate::handlers::search::alike(look, id)?;
            let hit = room.row.services.iter().cloned().collect();
            let switches = switches::list(look, &hit, Some(id))?;
            let mut all_roles = roles(look, &room);
            let few = all_roles.iter().position(|role| !is_near(role, &room)).unwrap_or(all_roles.len());
            let activity = |one: Activity| {
                let going = row.state.activities.get(&one);
                let reached = one.milestone().and_then(|milestone| held.get(&milestone));
                ActivityView {
                    word: one.word(),
                    title: title_of(one),
                    stage: match (going, reached) {
                        (Some(_), _) => ActivityStage::Going,
                        (None, Some(_)) => ActivityStage::Done,
                        (None, None) => ActivityStage::Not,
                    },
                    when: going.copied().or_else(|| reached.map(|stamp| stamp.when.at)).map(|at| look.when(at)),
                }
            };
            let everybody = look.rules.catalog.people.iter();
            let everybody = everybody.map(|(name, person)| (name.to_string(), person.full_name.clone())).collect();
            let link =
                |row: &store::respond::incidents::IncidentRow| Link::new(row.name(), format!("/incidents/{}", row.id));
            Ok(RoomPage {
                id: id.to_string(),
                title: row.title.clone(),
                severity: Severity::of(row.state.severity.as_deref().unwrap_or("")),
                level: row.state.severity.clone(),
                phase: phase(row.state.phase),
                chats,
                suspects,
                similar,
                switches,
                class: row.state.class.word(),
                restricted: restricted(row),
                near_miss: row.near_miss,
                drill: row.drill,
                retrospective: row.retrospective,
                because: row.because.clone(),
                impact: row.impact.clone(),
                services: row
                    .services
                    .iter()
                    .map(|name| Link::new(service_title(look, name), format!("/services/{name}")))
                    .collect(),
                since: look.when(row.reported_at),
                reported_by: actor(look, &row.reported_by),
                commander: row.state.commander.as_ref().map(|name| look.tag(name)),
                merged_into: merged_into.as_ref().map(link),
                activities: Activity::ALL.into_iter().map(activity).collect(),
                levels: levels(look),
                may: may(look, &room),
                hints: room.hints.iter().map(|hint| sentence(&hint.to_string())).collect(),
                other_roles: all_roles.split_off(few),
                roles: all_roles,
                everybody,
                tasks,
                checklists,
                runbooks: room.runbooks.iter().map(|one| runbooks::in_room(look, one)).collect(),
                obligations,
                action_items,
                pin_panel,
                groups: room.groups.iter().map(group_view).collect(),
                others: room.others.iter().map(link).collect(),
                record,
                draft: (!row.state.phase.is_open()).then(|| format!("/incidents/{id}/draft")),
                postmortem: postmortems::link(look, id)?.filter(|_| !row.state.phase.is_open()),
                criteria: room.criteria.iter().map(|one| (one.says.clone(), one.met)).collect(),
                times: times(look, &room),
                measures: room
                    .measures
                    .iter()
                    .map(|(one, took)| (measure(*one).to_owned(), span(took.seconds)))
                    .collect(),
                oddities: room.oddities.iter().map(|odd| sentence(&odd.to_string())).collect(),
                milestones: Milestone::ALL.iter().map(|one| (one.word(), one.to_string())).collect(),
                people: room
                    .people
                    .iter()
                    .map(|name| PersonView { name: name.to_string(), tag: look.tag(name) })
                    .collect(),
                updates: told_meanwhile,
                calls: calls(look, &room),
                composer: typed.entry.as_ref().map_or_else(String::new, |(text, _)| text.clone()),
                composer_error: typed.entry.as_ref().map(|(_, error)| error.clone()),
                pinned: pinned.iter().map(|one| line(look, id, one, &names)).collect(),
                lines: with_days(look, id, &lines, &names),
                earlier,
                viewer_zone: look.zone_name.clone(),
                shell,
            })
        })
        .await
}

/// What cannot be an id is an incident that is not there.
pub(in crate::handlers) fn read_id(text: &str) -> Result<IncidentId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found(format!("incident {}", domain::words::text::shorten(text, 40))))
}

const fn title_of(activity: Activity) -> &'static str {
    match activity {
        Activity::Analysis => "Analysis",
        Activity::Containment => "Containment",
        Activity::Eradication => "Eradication",
        Activity::Recovery => "Recovery",
        Activity::Monitoring => "Monitoring",
    }
}

/// What the forms offer. The act decides; here nothing is offered that would be refused for certain.
fn may(look: &Look<'_, '_>, room: &Room) -> RoomMay {
    let state = &room.row.state;
    if look.asked.access < Access::Responder {
        return RoomMay::default();
    }
    let active = state.phase == Phase::Active;
    let mine = state.commander.as_ref() == Some(&look.asked.person);
    let free = state.commander.is_none();
    let over = matches!(state.phase, Phase::Resolved | Phase::InReview);
    let mitigated = room.stamps.iter().any(|stamp| stamp.milestone == Milestone::Mitigated);
    RoomMay {
        write: true,
        declare: state.phase == Phase::Reported,
        command: free && state.phase.is_open(),
        call: free && state.phase.is_open() && calls_for_command(look, room),
        mitigate: active && !mitigated,
        resolve: active && (mine || free),
        reopen: over || state.phase == Phase::Closed,
        close: over,
        cancel: state.phase.is_open(),
        grade: !matches!(state.phase, Phase::Cancelled | Phase::Merged),
        restrict: state.visibility == Visibility::Open,
        reveal: state.visibility == Visibility::Restricted,
        merge: state.phase.is_open() || state.phase == Phase::Resolved,
        lead: true,
    }
}

/// Whether somebody could be called now: there is a policy, and nobody is being called.
fn calls_for_command(look: &Look<'_, '_>, room: &Room) -> bool {
    let role = look.rules.catalog.roles.get(COMMANDER);
    let calling = room
        .pages
        .iter()
        .any(|page| matches!((&page.about, &page.state), (About::Command(_), PageState::Calling { .. })));
    !calling && role.is_some_and(|role| role.escalation_policy.is_some())
}

/// Who is being called to command it; or that nobody answered.
fn calls(look: &Look<'_, '_>, room: &Room) -> Option<String> {
    if room.row.state.commander.is_some() || !room.row.state.phase.is_open() {
        return None;
    }
    let page = room.pages.iter().find(|page| matches!(page.about, About::Command(_)))?;
    let policy = page.policy.as_ref();
    let policy = policy.and_then(|name| look.rules.catalog.escalation_policies.get(name));
    let title = policy.map_or("the policy", |policy| policy.title.as_str());
    Some(match page.state {
        PageState::Calling { step, .. } => format!("calling {title}, step {step}"),
        _ => format!("called {title}, and nobody answered"),
    })
}

fn roles(look: &Look<'_, '_>, room: &Room) -> Vec<RoleView> {
    let viewer = &look.asked.person;
    let open = room.row.state.phase.is_open();
    let view = |(name, role): (&Name, &domain::prepare::roles::Role)| {
        let of = |wanted: fn(&Held) -> Option<Timestamp>| {
            let theirs = room.assignments.iter().filter(move |one| one.role == *name);
            theirs.filter_map(move |one| Some((one.person.clone(), wanted(&one.state)?)))
        };
        let held: Vec<(Name, Timestamp)> = of(|state| match state {
            Held::Held { since } => Some(*since),
            _ => None,
        })
        .collect();
        let asked = room.assignments.iter().filter(|one| one.role == *name && one.state == Held::Offered);
        let offered: Vec<(Name, Timestamp)> = asked.map(|one| (one.person.clone(), one.offered_at)).collect();
        let has = |all: &[(Name, Timestamp)]| all.iter().any(|(person, _)| person == viewer);
        let tags = |all: &[(Name, Timestamp)]| {
            all.iter().map(|(person, at)| (look.tag(person), look.when(*at))).collect::<Vec<_>>()
        };
        RoleView {
            name: name.to_string(),
            title: role.title.clone(),
            duties: role.duties.clone(),
            asks_viewer: open && has(&offered),
            may_take: open && !has(&held) && !has(&offered) && (held.is_empty() || !role.single),
            may_lay_down: has(&held) && (name.as_str() != COMMANDER || !open),
            is_handed_over: role.single && !held.is_empty(),
            held: tags(&held),
            offered: tags(&offered),
        }
    };
    let mut all: Vec<RoleView> = look.rules.catalog.roles.iter().map(view).collect();
    // Who commands comes first, then the roles that somebody plays, then those that are mostly needed.
    all.sort_by_key(|role| {
        let empty = role.held.is_empty() && role.offered.is_empty();
        (role.name != COMMANDER, empty, !is_near(role, room), role.title.clone())
    });
    all
}

/// Roles that are shown at once: those that somebody plays, and those that most incidents of the class need.
fn is_near(role: &RoleView, room: &Room) -> bool {
    let mostly: &[&str] = match room.row.state.class {
        Class::Security => &[COMMANDER, "scribe", "security-lead", "evidence-custodian", "communications-lead"],
        Class::System | Class::Operational => &[COMMANDER, "scribe", "communications-lead"],
    };
    !role.held.is_empty() || !role.offered.is_empty() || mostly.contains(&role.name.as_str())
}

fn task_view(look: &Look<'_, '_>, task: &domain::respond::tasks::Task) -> TaskView {
    let late = task.is_late(look.now());
    let (badge, said) = match &task.state {
        _ if late => (Badge::new(Tone::Critical, "late"), None),
        Stage::Given => (Badge::new(Tone::Warning, "not taken yet"), None),
        Stage::Taken { .. } => (Badge::new(Tone::Info, "taken"), None),
        Stage::Done { result, .. } => (Badge::new(Tone::Good, "done"), Some(result.clone())),
        Stage::Dropped { why, .. } => (Badge::new(Tone::Quiet, "dropped"), Some(why.clone())),
    };
    TaskView {
        id: task.id.to_string(),
        title: task.title.clone(),
        owner: look.tag(&task.owner),
        state: badge,
        due: task.due_at.filter(|_| task.is_open()).map(|due| look.when(due)),
        said,
        open: task.is_open(),
        asks_viewer: task.state == Stage::Given && task.owner == look.asked.person,
    }
}

fn group_view(group: &GroupStanding) -> GroupView {
    let title = group.title.clone().unwrap_or_else(|| "Alerts that are no longer kept".to_owned());
    let href = match group.alert {
        Some(alert) => format!("/alerts/{alert}"),
        None => "/alerts?tab=resolved".to_owned(),
    };
    GroupView {
        link: Link::new(title, href),
        state: if group.open > 0 { State::Firing } else { State::Resolved },
        said: match group.open {
            0 => "all have cleared".into(),
            1 => "1 alert is open".into(),
            many => format!("{many} alerts are open"),
        },
        subject: group.id.to_string(),
    }
}

fn times(look: &Look<'_, '_>, room: &Room) -> Vec<TimeView> {
    let view = |stamp: &domain::respond::stamps::Stamp| TimeView {
        milestone: stamp.milestone.to_string(),
        when: look.view.as_known(stamp.when.at, stamp.when.precision),
        precision: (stamp.when.precision == Precision::Hour).then_some("the hour"),
        source: match (stamp.source, actor(look, &stamp.by)) {
            (Source::Human, Some(who)) => format!("by {}", who.name),
            (source, _) => source.word().to_owned(),
        },
        note: stamp.note.clone(),
    };
    standing(&room.stamps).values().map(|stamp| view(stamp)).collect()
}

const fn measure(measure: Measure) -> &'static str {
    match measure {
        Measure::Detect => "to detect",
        Measure::Dwell => "undetected",
        Measure::Acknowledge => "to acknowledge",
        Measure::Declare => "to declare",
        Measure::Command => "to a commander",
        Measure::FirstPublicWord => "to the first public word",
        Measure::Contain => "to contain",
        Measure::Mitigate => "to mitigate",
        Measure::Recover => "to recover",
        Measure::Resolve => "to resolve",
    }
}

/// `4 min`, `1 h 5 min`, `3 d 2 h`; `3 h before` when the end came first.
fn span(seconds: i64) -> String {
    let (size, before) = (seconds.unsigned_abs(), if seconds < 0 { " before" } else { "" });
    let said = match size {
        0..=59 => format!("{size} s"),
        60..=3599 => format!("{} min", size / 60),
        3600..=86_399 => format!("{} h {} min", size / 3600, size / 60 % 60),
        _ => format!("{} d {} h", size / 86_400, size / 3600 % 24),
    };
    said + before
}

/// Does something with the incident and leads back to its room.
pub(super) async fn act<T: Send + 'static>(
    asked: Asked,
    id: &str,
    said: &str,
    mut act: impl FnMut(&mut Tx<'_>, &Node, &mut Moment<'_>, IncidentId) -> Result<T, Halt> + Send + 'static,
) -> Result<Response, Problem> {
    let outcome = match read_id(id) {
        Ok(id) => {
            let run = move |store: &Store, node: &Node, moment: &mut Moment<'_>| {
                store.write(|tx| act(tx, node, &mut moment.again(), id))
            };
            asked.app.act(asked.actor(), run).await.map(|_| ())
        }
        Err(refusal) => Err(refusal.into()),
    };
    lead_back(&asked, id, outcome, said)
}

/// Back to the room, with what came of it.
fn lead_back(asked: &Asked, id: &str, outcome: Result<(), Halt>, said: &str) -> Result<Response, Problem> {
    let room = format!("/incidents/{}", escape(id));
    match outcome {
        Ok(()) => Ok(asked.lead(&room, Some(done(said)))),
        // To somebody who may not see it there is no room to lead back to.
        Err(Halt::Refused(refusal)) if refusal.kind != domain::words::RefusalKind::NotFound => {
            Ok(asked.lead(&room, Some(refused(&refusal))))
        }
        Err(failed) => Err(failed.into()),
    }
}

/// Pages for a commander at once.
async fn call(asked: Asked, id: &str) -> Result<Response, Problem> {
    let outcome = match read_id(id) {
        Ok(id) => {
            let run =
                move |store: &Store, node: &Node, moment: &mut Moment<'_>| command::call_now(store, node, moment, id);
            asked.app.act(asked.actor(), run).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    lead_back(&asked, id, outcome, "Somebody is being called")
}

/// A form that was refused stands at its own address; whoever loads that again is led back to the room.
pub async fn get_back(asked: Asked, Path(id): Path<String>) -> Response {
    asked.lead(&format!("/incidents/{}", escape(&id)), None)
}

/// `POST /incidents/ID/act` with `act`.
pub async fn post_act(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let word = fields.text("act").to_owned();
    let why = |name: &str| fields.some(name).map(str::to_owned);
    if word == "command" {
        let person = asked.person.clone();
        return act(asked, &id, "You have command", move |tx, node, moment, id| {
            assignments::offer(tx, node, moment, id, &COMMANDER.parse()?, &person, None)
        })
        .await;
    }
    if word == "call" {
        return call(asked, &id).await;
    }
    if word == "describe" {
        let said = Description {
            title: why("title"),
            impact: Some(fields.raw("impact").to_owned()),
            ..Description::default()
        };
        return act(asked, &id, "Said anew", move |tx, node, moment, id| acts::describe(tx, node, moment, id, &said))
            .await;
    }
    let read = || -> Result<(Command, Option<String>, &'static str), Refusal> {
        Ok(match word.split_once(':').unwrap_or((&word, "")) {
            ("declare", _) => (Command::Declare, None, "Declared"),
            ("mitigate", _) => (Command::Mitigate, None, "Mitigated"),
            ("resolve", _) => (Command::Resolve { unmet: Vec::new() }, why("why-resolve"), "It is over"),
            ("grade", _) => {
                (Command::Grade { level: fields.text("level").to_owned() }, why("why-grade"), "The severity is set")
            }
            ("reopen", _) => (Command::Reopen, why("why-reopen"), "Reopened"),
            ("close", _) => (Command::Close, None, "Closed"),
            ("cancel", _) => (Command::Cancel, why("why-cancel"), "Cancelled"),
            ("restrict", _) => (Command::Restrict, None, "Only those who are named see it now"),
            ("reveal", _) => (Command::Reveal, why("why-reveal"), "Everybody may see it now"),
            ("merge", _) => (Command::Merge { into: fields.parse("into")? }, None, "Merged"),
            ("begin", activity) => (Command::Begin { activity: activity.parse()? }, None, "It goes on from now"),
            ("end", activity) => {
                let integrity_checked = fields.text("integrity") == "yes";
                (Command::End { activity: activity.parse()?, integrity_checked }, None, "It is done")
            }
            _ => return Err(Refusal::invalid("there is no such button")),
        })
    };
    match read() {
        Ok((command, why, said)) => {
            act(asked, &id, said, move |tx, node, moment, id| acts::act(tx, node, moment, id, &command, why.as_deref()))
                .await
        }
        Err(refusal) => act(asked, &id, "", move |_, _, _, _| Err::<(), Halt>(refusal.clone().into())).await,
    }
}

/// `POST /incidents/ID/entries`.
pub async fn post_entry(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let zone = zone_of(&asked).await?;
    let read = || -> Result<(IncidentId, Entry), Refusal> {
        let at = fields.some("at").map(|local| domain::engage::schedules::entered(local, &zone)).transpose()?;
        let objections = fields.some("objections").map(str::to_owned);
        let sort = fields.some("sort").unwrap_or("note").parse()?;
        let followed = fields.all("followed").map(str::parse).collect::<Result<_, Refusal>>()?;
        let facts = fields.all("facts").map(str::parse).collect::<Result<_, Refusal>>()?;
        let shows = Shows { facts, followed, played: None };
        Ok((read_id(&id)?, Entry { sort, text: fields.raw("text").to_owned(), objections, at, shows }))
    };
    let outcome = match read() {
        Ok((id, entry)) => {
            let run = move |store: &Store, _: &Node, moment: &mut Moment<'_>| {
                store.write(|tx| entries::add(tx, &mut moment.again(), id, &entry))
            };
            asked.app.act(asked.actor(), run).await.map(|_| ())
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(()) => Ok(asked.lead(&format!("/incidents/{}", escape(&id)), None)),
        Err(Halt::Refused(refusal)) if refusal.kind != domain::words::RefusalKind::NotFound => {
            // What was typed is not lost.
            let entry = (fields.raw("text").to_owned(), sentence(&refusal.message));
            page(asked, id, Typed { entry: Some(entry), ..Typed::default() }).await
        }
        Err(failed) => Err(failed.into()),
    }
}

/// `POST /incidents/ID/roles` with `act`, `role`, `person` and what a hand-over needs.
pub async fn post_role(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let word = fields.text("act").to_owned();
    let said = match word.as_str() {
        "take" | "accept" => "It is yours",
        "decline" => "Declined",
        "lay-down" => "Laid down",
        _ => "They were asked",
    };
    let text = |name: &str| fields.raw(name).to_owned();
    let handover = Handover { situation: text("situation"), objectives: text("objectives"), reason: text("reason") };
    let why = text("why");
    let (role, to) = (fields.parse::<Name>("role"), fields.parse::<Name>("person"));
    let person = asked.person.clone();
    act(asked, &id, said, move |tx, node, moment, id| {
        let role = role.clone()?;
        match word.as_str() {
            "take" => assignments::offer(tx, node, moment, id, &role, &person, None),
            "offer" => assignments::offer(tx, node, moment, id, &role, &to.clone()?, Some(&handover)),
            "accept" => assignments::accept(tx, node, moment, id, &role),
            "decline" => assignments::decline(tx, node, moment, id, &role, &why),
            "lay-down" => assignments::lay_down(tx, node, moment, id, &role),
            _ => Err(Refusal::invalid("there is no such button").into()),
        }
    })
    .await
}

/// `POST /incidents/ID/tasks` with `act` (`give`; `take`, `done`, `drop`, `extend`), `task`, and what that needs.
pub async fn post_task(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let word = fields.text("act").to_owned();
    let text = |name: &str| fields.raw(name).to_owned();
    let within = fields.some("within").map(str::parse::<Span>).transpose();
    if word == "give" {
        let (title, to) = (text("title"), fields.parse::<Name>("person"));
        return act(asked, &id, "The task is given", move |tx, node, moment, id| {
            tasks::give(tx, node, moment, id, &title, &to.clone()?, within.clone()?)
        })
        .await;
    }
    let said = match word.as_str() {
        "take" => "It is yours",
        "done" => "Done",
        "extend" => "You report later",
        _ => "Dropped",
    };
    let read = || -> Result<(TaskId, Wish), Refusal> {
        let wish = match word.as_str() {
            "take" => Wish::Take,
            "done" => Wish::Done { result: text("result") },
            "drop" => Wish::Drop { why: text("result") },
            "extend" => Wish::Extend { by: within.clone()?.unwrap_or(Span::minutes(20)) },
            _ => return Err(Refusal::invalid("there is no such button")),
        };
        Ok((fields.parse("task")?, wish))
    };
    let wanted = read();
    act(asked, &id, said, move |tx, node, moment, id| {
        let (task, wish) = wanted.clone()?;
        tasks::act(tx, node, moment, id, task, &wish)
    })
    .await
}

/// `POST /incidents/ID/stamps` with `milestone`, `at`, `note`.
pub async fn post_stamp(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let zone = zone_of(&asked).await?;
    let read = || -> Result<Claim, Refusal> {
        let when = Claimed::read(fields.text("at"), &zone)?;
        let claim = Claim::by_person(fields.parse("milestone")?, when);
        Ok(Claim { note: fields.some("note").map(str::to_owned), ..claim })
    };
    let claim = read();
    act(asked, &id, "It is noted", move |tx, _, moment, id| {
        let mut claim = claim.clone()?;
        // Whoever says it here has seen the time that stood, and means this one instead.
        let all = store::respond::stamps::of_incident(tx, id)?;
        claim.supersedes = standing(&all).get(&claim.milestone).map(|stamp| stamp.id);
        stamps::claim(tx, moment, id, &claim)
    })
    .await
}

/// `POST /incidents/ID/links` with `subject`.
pub async fn post_link(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let subject = fields.text("subject").to_owned();
    act(asked, &id, "It belongs to it now", move |tx, node, moment, id| links::link(tx, node, moment, id, &subject))
        .await
}

/// `POST /incidents/ID/people` with `act` (`name`, `remove`) and `person`.
pub async fn post_person(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let person = fields.parse::<Name>("person");
    if fields.text("act") == "remove" {
        return act(asked, &id, "They see it no more", move |tx, _, moment, id| {
            acts::remove_person(tx, moment, id, &person.clone()?)
        })
        .await;
    }
    act(asked, &id, "They see it now", move |tx, node, moment, id| {
        acts::name_person(tx, node, moment, id, &person.clone()?)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_two_units_and_the_sign_in_words() {
        for (seconds, said) in
            [(9, "9 s"), (240, "4 min"), (3900, "1 h 5 min"), (266_400, "3 d 2 h"), (-10_800, "3 h 0 min before")]
        {
            assert_eq!(span(seconds), said);
        }
    }
}
