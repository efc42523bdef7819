//! Notices: what the public is told, posted, corrected and described by people; a maintenance begins and ends by the clock.
//!
//! Nothing of an incident is copied into a notice. That a notice is about one is kept inside alone, and stands on its
//! timeline for those who may see it.

use domain::inform::notices::{self as rule, Draft, Effects, Notice, POSTS_MOST, Sort, State, Window};
use domain::inform::status_pages::StatusPage;
use domain::respond::sight::Sight;
use domain::respond::stamps::{Milestone, Source, When};
use domain::words::text::did_you_mean;
use domain::words::{EventKind, IncidentId, Mint, Name, NoticeId, PostId, Refusal, Timestamp};
use serde_json::{Value, json};
use store::inform::notices as rows;
use store::{Halt, Store, Tx};

use super::status_pages;
use crate::announce::Told;
use crate::prepare::drills;
use crate::respond::{incidents, stamps, updates};
use crate::{Moment, Node, announce};

/// Where something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    New { title: String, sort: Sort, window: Option<Window> },
    Existing(NoticeId),
}

/// Something to tell the public. The text is written for the public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub notice: Target,
    /// What it is about inside.
    pub incident: Option<IncidentId>,
    /// `None`: an update that changes no state.
    pub state: Option<State>,
    pub text: String,
    pub components: Effects,
    pub next_update_by: Option<Timestamp>,
    /// When it holds from: now, if absent.
    pub at: Option<Timestamp>,
    /// Subscribers are not told.
    pub quiet: bool,
}

/// What is to be read in the place of what was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    pub text: Option<String>,
    pub state: Option<State>,
    pub components: Option<Effects>,
}

/// Tells the public, by itself. What is about an incident whose public word waits for a second person is an update there.
pub fn post_directly(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, wanted: &Post) -> Result<Notice, Halt> {
    may_be_said(tx, moment, wanted)?;
    let about = match wanted.notice {
        Target::Existing(id) => find(tx, id)?.incident.or(wanted.incident),
        Target::New { .. } => wanted.incident,
    };
    if let Some(incident) = about {
        let row = store::respond::incidents::get(tx, incident, Sight::Whole)?;
        let catalog = node.rules(tx)?.catalog.clone();
        if row.is_some_and(|row| row.state.phase.is_open() && updates::second_person(&catalog, &row)) {
            let message = "a second person approves what is said of this incident: post it as an update there";
            return Err(Refusal::conflict(message).into());
        }
    }
    let notice = post(tx, node, moment, wanted)?;
    if let (Some(incident), Some(added)) = (notice.incident, notice.posts.iter().max_by_key(|post| post.id)) {
        let (milestone, when) = (Milestone::FirstPublicUpdate, When::exactly(added.at));
        stamps::derive(tx, moment, incident, milestone, when, Source::Derived)?;
    }
    Ok(notice)
}

/// Tells the public. Answers with the notice as it is then.
pub fn post(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, wanted: &Post) -> Result<Notice, Halt> {
    let (notice, event) = posted(tx, node, moment, wanted)?;
    let added = notice.posts.iter().max_by_key(|post| post.id).ok_or_else(nothing_said)?;
    rows::save_post(tx, notice.id, added)?;
    rows::save(tx, &notice)?;
    if !wanted.quiet {
        rows::tell(tx, added.id)?;
    }
    tell_of(tx, moment, event, &notice, added.id, json!({ "at": added.at }), None)?;
    Ok(notice)
}

/// What would be public if this were posted; keeps nothing.
pub fn preview(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, wanted: &Post) -> Result<Notice, Halt> {
    Ok(posted(tx, node, moment, wanted)?.0)
}

/// What is about an incident is about one that the person sees, and that is no drill.
fn may_be_said(tx: &mut Tx<'_>, moment: &Moment<'_>, wanted: &Post) -> Result<(), Halt> {
    let Some(incident) = wanted.incident else { return Ok(()) };
    let row = incidents::find(tx, moment, incident)?;
    Ok(drills::must_stay_inside(&row).map_err(|refusal| refusal.at("/incident"))?)
}

fn nothing_said() -> Refusal {
    Refusal::conflict("nothing was said in this notice")
}

fn posted(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, wanted: &Post) -> Result<(Notice, EventKind), Halt> {
    let rules = node.rules(tx)?;
    let page = status_pages::must(&rules.catalog)?;
    may_be_said(tx, moment, wanted)?;
    let now = moment.now;
    let (mut notice, event) = match &wanted.notice {
        Target::New { title, sort, window } => {
            rule::check_window(*sort, *window)?;
            let notice = Notice {
                id: moment.mint.id(now),
                title: rule::title(title)?,
                sort: *sort,
                window: *window,
                incident: wanted.incident,
                created_at: now,
                changed_at: now,
                posts: Vec::new(),
            };
            (notice, EventKind::NoticeOpened)
        }
        Target::Existing(id) => (find(tx, *id)?, EventKind::NoticeUpdated),
    };
    if notice.posts.len() >= POSTS_MOST {
        return Err(Refusal::conflict(format!("a notice has at most {POSTS_MOST} posts: open another")).into());
    }
    let draft = Draft {
        state: wanted.state,
        text: wanted.text.clone(),
        effects: wanted.components.clone(),
        next_update_by: wanted.next_update_by,
        at: wanted.at,
    };
    let draft = draft.checked(notice.sort, &known(page), now)?;
    notice.incident = notice.incident.or(wanted.incident);
    add(moment, &mut notice, draft);
    Ok((notice, event))
}

/// Puts in what somebody, or the clock, says.
fn add(moment: &mut Moment<'_>, notice: &mut Notice, draft: Draft) -> PostId {
    let now = moment.now;
    let id = moment.mint.id(now);
    notice.changed_at = now.max(notice.changed_at);
    notice.add(rule::Post {
        id,
        state: draft.state,
        text: draft.text,
        at: draft.at.unwrap_or(now),
        recorded_at: now,
        by: moment.actor.to_string(),
        effects: draft.effects,
        next_update_by: draft.next_update_by,
        revision: 1,
        corrected_at: None,
    });
    id
}

/// Whether the page has such a component.
fn known(page: &StatusPage) -> impl Fn(&Name) -> Result<(), Refusal> {
    move |name| {
        if page.component(name).is_some() {
            return Ok(());
        }
        let near = did_you_mean(name.as_str(), page.components().map(|component| component.name.as_str()));
        Err(Refusal::invalid(format!("the status page has no component {name}{near}"))
            .at(format!("/components/{name}")))
    }
}

/// The notice, or a refusal.
pub fn find(tx: &mut Tx<'_>, id: NoticeId) -> Result<Notice, Halt> {
    Ok(rows::get(tx, id)?.ok_or_else(|| Refusal::not_found(format!("notice {id}")))?)
}

/// Says anew what was said in a post. The public sees that it was corrected; the journal keeps what it said before.
pub fn correct(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: NoticeId,
    post: PostId,
    wanted: &Correction,
) -> Result<Notice, Halt> {
    let rules = node.rules(tx)?;
    let page = status_pages::must(&rules.catalog)?;
    let mut notice = find(tx, id)?;
    let (sort, now) = (notice.sort, moment.now);
    let found = notice.posts.iter_mut().find(|one| one.id == post);
    let found = found.ok_or_else(|| Refusal::not_found(format!("post {post} in this notice")))?;
    let before = found.clone();
    let draft = Draft {
        state: wanted.state.or(found.state),
        text: wanted.text.clone().unwrap_or_else(|| found.text.clone()),
        effects: wanted.components.clone().unwrap_or_else(|| found.effects.clone()),
        next_update_by: None,
        at: Some(found.at),
    };
    // What was said of a component that is no longer there may stay.
    let knows = known(page);
    let draft =
        draft.checked(sort, &|name| if before.effects.contains_key(name) { Ok(()) } else { knows(name) }, now)?;
    (found.state, found.text, found.effects) = (draft.state, draft.text, draft.effects);
    if *found == before {
        return Ok(notice);
    }
    found.revision += 1;
    found.corrected_at = Some(now);
    let said = json!({
        "revision": found.revision,
        "before": { "state": before.state, "text": before.text, "components": before.effects },
    });
    rows::save_post(tx, id, found)?;
    notice.changed_at = now.max(notice.changed_at);
    rows::save(tx, &notice)?;
    tell_of(tx, moment, EventKind::NoticeCorrected, &notice, post, said, None)?;
    Ok(notice)
}

/// Gives a notice another title, or a maintenance another time.
pub fn describe(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    id: NoticeId,
    title: Option<&str>,
    window: Option<Window>,
) -> Result<Notice, Halt> {
    let mut notice = find(tx, id)?;
    let before = notice.clone();
    if let Some(title) = title {
        notice.title = rule::title(title)?;
    }
    if let Some(window) = window {
        rule::check_window(notice.sort, Some(window))?;
        notice.window = Some(window);
    }
    if notice == before {
        return Ok(notice);
    }
    notice.changed_at = moment.now.max(notice.changed_at);
    rows::save(tx, &notice)?;
    let last = notice.posts.last().map(|post| post.id).ok_or_else(nothing_said)?;
    let said = json!({ "before": { "title": before.title, "scheduled_for": before.window.map(|window| window.from),
        "scheduled_until": before.window.map(|window| window.until) } });
    tell_of(tx, moment, EventKind::NoticeDescribed, &notice, last, said, None)?;
    Ok(notice)
}

/// Notes it in the journal: on the timeline of the incident that it is about.
fn tell_of(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    event: EventKind,
    notice: &Notice,
    post: PostId,
    more: Value,
    why: Option<&str>,
) -> Result<(), Halt> {
    let said = notice.posts.iter().find(|one| one.id == post).ok_or_else(nothing_said)?;
    let mut data = json!({
        "notice": notice.id,
        "post": post,
        "title": notice.title,
        "kind": notice.sort,
        "state": notice.state(),
        "said": said.state,
        "text": said.text,
        "components": said.effects,
        "next_update_by": said.next_update_by,
        "scheduled_for": notice.window.map(|window| window.from),
        "scheduled_until": notice.window.map(|window| window.until),
    });
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    let also = vec![notice.id.to_string(), post.to_string()];
    match notice.incident {
        Some(incident) => {
            let told = Told { why, data, at: Some(said.at).filter(|_| event != EventKind::NoticeCorrected) };
            announce::of_incident(tx, moment, event, incident, also, told)?;
        }
        None => announce::event(tx, moment, event, also, why, data)?,
    }
    Ok(())
}

/// How many notices one turn of the clockwork looks at.
const AT_ONCE: u32 = 50;

/// Begins and ends maintenance whose time has come; how many.
pub fn keep_time(store: &Store, _: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(rows::next_due(tx)?))?.is_none_or(|due| due > now) {
        return Ok(0);
    }
    store.write(|tx| {
        let due = rows::due(tx, now, AT_ONCE)?;
        for id in &due {
            let mut notice = find(tx, *id)?;
            let mut moment = Moment::new(now, domain::words::Actor::Rule("maintenance"), mint);
            let Some(draft) = notice.by_the_clock(now) else {
                rows::save(tx, &notice)?;
                continue;
            };
            let post = add(&mut moment, &mut notice, draft);
            let said = notice.posts.iter().find(|one| one.id == post).ok_or_else(nothing_said)?;
            rows::save_post(tx, notice.id, said)?;
            rows::save(tx, &notice)?;
            rows::tell(tx, post)?;
            let why = Some("its time had come");
            tell_of(tx, &mut moment, EventKind::NoticeUpdated, &notice, post, json!({}), why)?;
        }
        Ok(due.len())
    })
}

#[cfg(test)]
#[path = "notices_tests.rs"]
pub(super) mod tests;
