//! What people are told meanwhile: the panel of the room, and its forms.

use actions::inform::{audits, status_pages};
use actions::respond::room::Room;
use actions::respond::updates::{self as acts, Word};
use actions::{Moment, Node};
use axum::extract::Path;
use axum::response::Response;
use domain::inform::audits::{GapKind, What};
use domain::inform::notices::{Effects, Notice, Status};
use domain::inform::published::Published;
use domain::prepare::people::Access;
use domain::respond::updates::{Audience, Fate, State, Update, kept};
use domain::words::{IncidentId, Name, NoticeId, Refusal, RefusalKind, Span, UpdateId};
use store::{Halt, Store};

use super::room::{self, Typed, act, read_id};
use crate::handlers::fields::{Fields, escape};
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::handlers::inform::notices::gap_lines;
use crate::pages::inform::notices::GapLine;
use crate::pages::respond::updates::{PromiseView, UpdateForm, UpdateView, UpdatesView};
use crate::pages::{Badge, Link, Tone};
use crate::problem::Problem;

/// So many updates stand there at once.
const SHOWN: usize = 2;

/// The panel; with what was typed and refused.
pub(super) fn panel(
    look: &mut Look<'_, '_>,
    id: IncidentId,
    room: &Room,
    typed: Option<&UpdateForm>,
) -> Result<UpdatesView, Halt> {
    let now = look.now();
    let outside = outside(look, id)?;
    let open = room.promises.iter().filter(|promise| promise.fate == Fate::Open);
    let promises: Vec<PromiseView> = open
        .map(|promise| PromiseView {
            audience: promise.audience.word(),
            by: look.when(promise.by),
            missed: promise.is_missed(now),
        })
        .collect();
    let count = kept(room.promises.iter(), now);
    let view = |update: &Update| view(look, room, update);
    let mut said: Vec<UpdateView> =
        room.updates.iter().rev().filter(|update| update.state != State::Draft).map(view).collect();
    let said_before = said.split_off(said.len().min(SHOWN));
    let mut form = typed.cloned().unwrap_or_else(|| begun(look, room));
    form.templates = templates(look, id);
    form.needs_title = outside.page.is_some() && outside.notice.is_none();
    if let Some(page) = &outside.page {
        let effects = page.effects();
        form.components = page
            .page
            .components()
            .map(|one| {
                let now = effects.get(&one.name).copied().unwrap_or(Status::Operational);
                let chosen = form.chosen.get(one.name.as_str()).cloned().unwrap_or_default();
                (one.name.to_string(), one.title.clone(), chosen, now.title())
            })
            .collect();
        form.statuses = Status::ALL.iter().map(|status| (status.word(), status.title())).collect();
    }
    let public = outside.notice.as_ref().map(|notice| {
        let over = notice.state().is_over();
        let badge = Badge::new(if over { Tone::Good } else { Tone::Info }, notice.state().title());
        (badge, Link::new(notice.title.clone(), format!("/notices/{}", notice.id)))
    });
    Ok(UpdatesView {
        public,
        gaps: outside.gaps,
        is_late: promises.iter().any(|promise| promise.missed),
        owes: room.owes_update.as_ref().filter(|_| !promises.is_empty()).map(|name| look.tag(name)),
        promises,
        kept: (count.of > 0).then(|| format!("{} of {} came in time", count.kept, count.of)),
        drafts: room.updates.iter().filter(|update| update.state == State::Draft).map(view).collect(),
        said,
        said_before,
        second_person: room.second_person,
        form,
    })
}

/// What the public knows of an incident, and where that is not what goes on.
struct Outside {
    page: Option<Published>,
    notice: Option<Notice>,
    gaps: Vec<GapLine>,
}

fn outside(look: &mut Look<'_, '_>, id: IncidentId) -> Result<Outside, Halt> {
    let (node, now) = (look.app.node(), look.now());
    let Some(page) = status_pages::preview(look.tx, node, now)? else {
        return Ok(Outside { page: None, notice: None, gaps: Vec::new() });
    };
    let notice = acts::notice_of(look.tx, id)?;
    let ours = |notice_id: &NoticeId| notice.as_ref().is_some_and(|notice| notice.id == *notice_id);
    let mut gaps = audits::audit(look.tx, node, look.asked.sight(), now)?;
    gaps.retain(|gap| match &gap.kind {
        GapKind::Silent { inside, .. } => inside.what == What::Incident(id),
        GapKind::Stale { notice, .. } | GapKind::LeftOpen { notice, .. } | GapKind::Overdue { notice } => ours(notice),
    });
    let gaps = gap_lines(look, &gaps, Some(&page), notice.as_slice());
    Ok(Outside { page: Some(page), notice, gaps })
}

fn view(look: &Look<'_, '_>, room: &Room, update: &Update) -> UpdateView {
    let viewer = &look.asked.person;
    let audience = match update.stage {
        Some(stage) => format!("{}: {stage}", update.audience),
        None => update.audience.to_string(),
    };
    let (state, approved, at) = match &update.state {
        State::Draft => (Badge::new(Tone::Warning, audience), None, update.written_at),
        State::Posted { at, approved_by } => {
            let tone = if update.audience == Audience::Public { Tone::Info } else { Tone::Quiet };
            (Badge::new(tone, audience), approved_by.clone(), *at)
        }
        State::Withdrawn { at, .. } => (Badge::new(Tone::Quiet, format!("{audience}, withdrawn")), None, *at),
    };
    let commander = room.row.state.commander.as_ref();
    let leads = |person: Option<&Name>| acts::leads(&room.row, &room.assignments, person);
    let approves = update.author.as_ref() != Some(viewer)
        && (leads(Some(viewer)) || leads(update.author.as_ref()) || commander.is_none());
    UpdateView {
        id: update.id.to_string(),
        state,
        text: update.text.clone(),
        at: look.when(at),
        who: update.author.as_ref().map(|name| look.tag(name)),
        approved: approved.as_ref().map(|name| look.tag(name)),
        late_because: update.late_because.clone(),
        may_approve: approves && look.asked.access >= Access::Responder,
    }
}

/// Where the form comes filled in.
fn templates(look: &Look<'_, '_>, id: IncidentId) -> Vec<(String, String)> {
    let all = look.rules.catalog.update_templates.iter();
    let mut all: Vec<_> = all
        .map(|(name, template)| {
            let href = format!("/incidents/{id}?template={name}#update-form");
            (template.audience, template.stage, template.title.clone(), href)
        })
        .collect();
    all.sort();
    all.into_iter().map(|(_, _, title, href)| (title, href)).collect()
}

/// The form as it begins: by the template that was asked for, with the next update as the severity has it.
fn begun(look: &Look<'_, '_>, room: &Room) -> UpdateForm {
    let levels = actions::respond::incidents::levels(&look.rules.catalog);
    let level = room.row.state.severity.as_ref().and_then(|name| levels.iter().find(|level| level.name == *name));
    let next = level.and_then(|level| level.update_every).unwrap_or(Span::minutes(30)).to_string();
    let next = if room.row.state.phase.is_open() { next } else { String::new() };
    let plain = UpdateForm { next, ..UpdateForm::default() };
    let asked = look.asked.query.some("template").and_then(|name| look.rules.catalog.update_templates.get(name));
    let Some(template) = asked else { return plain };
    UpdateForm {
        public: template.audience == Audience::Public,
        stage: template.stage.map_or_else(String::new, |stage| stage.to_string()),
        text: acts::begun(&look.rules.catalog, room, template).unwrap_or_default(),
        ..plain
    }
}

/// How components are from then on, by fields `component.NAME`.
fn components(fields: &Fields) -> Result<Effects, Refusal> {
    let set = fields.beginning("component.").filter(|(_, word)| !word.is_empty());
    set.map(|(name, word)| Ok((name.parse::<Name>()?, word.parse::<Status>()?))).collect()
}

/// `POST /incidents/ID/updates` with `act` (`say`; `approve`, `withdraw` and `update`), `audience`, `stage`, `title`, `text`,
/// `component.NAME`, `next` and `late`.
pub async fn post_update(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let word = fields.text("act").to_owned();
    if word != "say" {
        let update = fields.parse::<UpdateId>("update");
        let said = if word == "approve" { "It is posted" } else { "Withdrawn" };
        return act(asked, &id, said, move |tx, node, moment, id| match word.as_str() {
            "approve" => acts::approve(tx, node, moment, id, update.clone()?),
            "withdraw" => acts::withdraw(tx, node, moment, id, update.clone()?),
            _ => Err(Refusal::invalid("there is no such button").into()),
        })
        .await;
    }
    let public = fields.text("audience") == Audience::Public.word();
    let now = asked.app.now();
    let read = || -> Result<(IncidentId, Word), Refusal> {
        let next = fields.some("next").map(str::parse::<Span>).transpose()?;
        let word = Word {
            audience: if public { Audience::Public } else { Audience::Internal },
            stage: if public { fields.some("stage").map(str::parse).transpose()? } else { None },
            text: fields.raw("text").to_owned(),
            title: if public { fields.some("title").map(str::to_owned) } else { None },
            components: if public { components(&fields)? } else { Effects::new() },
            next_by: next.map(|next| next.after(now)),
            late_because: fields.some("late").map(str::to_owned),
        };
        Ok((read_id(&id)?, word))
    };
    let outcome = match read() {
        Ok((id, word)) => {
            let run = move |store: &Store, node: &Node, moment: &mut Moment<'_>| {
                store.write(|tx| acts::say(tx, node, &mut moment.again(), id, &word))
            };
            asked.app.act(asked.actor(), run).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    let refused = match outcome {
        Ok(update) => {
            let said = if update.state == State::Draft { "A second person approves it now" } else { "It is posted" };
            return Ok(asked.lead(&format!("/incidents/{}", escape(&id)), Some(done(said))));
        }
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => refusal,
        Err(failed) => return Err(failed.into()),
    };
    // What was typed is not lost.
    let form = UpdateForm {
        public,
        stage: fields.text("stage").to_owned(),
        text: fields.raw("text").to_owned(),
        next: fields.text("next").to_owned(),
        late_because: fields.text("late").to_owned(),
        error: Some(sentence(&refused.message)),
        title: fields.text("title").to_owned(),
        chosen: fields.beginning("component.").map(|(name, word)| (name.to_owned(), word.to_owned())).collect(),
        ..UpdateForm::default()
    };
    room::page(asked, id, Typed { update: Some(form), ..Typed::default() }).await
}
