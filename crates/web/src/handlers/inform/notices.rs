//! Notices from inside: the list with the truth audit, the form, and every press on it.

use actions::inform::notices::{self as acts, Correction, Post, Target};
use actions::inform::{audits, status_pages};
use axum::extract::Path;
use axum::response::Response;
use domain::inform::audits::{Gap, GapKind, What};
use domain::inform::notices::{Effects, Notice, Sort, State, Status, Window};
use domain::inform::published::{Published, heading, utc};
use domain::prepare::people::Access;
use domain::words::{IncidentId, Name, NoticeId, PostId, Refusal, Span, Timestamp};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use store::Halt;
use store::inform::notices::{self as rows, Which};

use super::published::{notice_view, span};
use crate::handlers::detect::silences::zone_of;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::pages::inform::notices::{
    CorrectionForm, DescribeForm, GapLine, NoticeLine, NoticePage, NoticesPage, PageState, PostForm,
};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

const ROWS: u32 = 60;

/// `GET /notices`.
pub async fn get_notices(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Notices, |look, shell| {
            let rules = look.rules.clone();
            let state = match status_pages::page(&rules.catalog) {
                None => PageState::Missing,
                Some((name, page)) => {
                    let document = format!("/documents/status-page/{name}");
                    if page.hidden { PageState::Hidden { document } } else { PageState::Shown { document } }
                }
            };
            let gaps = audits::audit(look.tx, look.app.node(), look.asked.sight(), look.now())?;
            let notices = rows::list(look.tx, Which::Changed, ROWS)?;
            let all = status_pages::preview(look.tx, look.app.node(), look.now())?;
            let lines = |look: &mut Look<'_, '_>, open: bool| -> Result<Vec<NoticeLine>, Halt> {
                let wanted = notices.iter().filter(|notice| notice.is_open() == open);
                wanted.map(|notice| line(look, all.as_ref(), notice)).collect()
            };
            Ok(NoticesPage {
                gaps: gap_lines(look, &gaps, all.as_ref(), &notices),
                open: lines(look, true)?,
                past: lines(look, false)?,
                subscribers: store::inform::subscribers::count(look.tx)?,
                may_write: look.asked.access >= Access::Responder,
                state,
                shell,
            })
        })
        .await
}

fn line(look: &mut Look<'_, '_>, all: Option<&Published>, notice: &Notice) -> Result<NoticeLine, Halt> {
    let view = all.map(|all| notice_view(all, notice));
    let tone = match (notice.is_open(), notice.sort) {
        (false, _) => Tone::Good,
        (true, Sort::Maintenance) => Tone::Info,
        (true, Sort::Incident) if notice.state() == State::Monitoring => Tone::Warning,
        (true, Sort::Incident) => Tone::Critical,
    };
    Ok(NoticeLine {
        link: Link::new(&notice.title, format!("/notices/{}", notice.id)),
        state: Badge::new(tone, notice.state().title()),
        sort: notice.sort.word(),
        touched: view.as_ref().map_or_else(String::new, |view| view.touched.clone()),
        window: view.and_then(|view| view.window),
        changed: look.when(notice.changed_at),
        incident: about(look, notice.incident)?,
    })
}

/// The incident, if the viewer may see it.
fn about(look: &mut Look<'_, '_>, incident: Option<IncidentId>) -> Result<Option<Link>, Halt> {
    let Some(id) = incident else { return Ok(None) };
    let row = store::respond::incidents::get(look.tx, id, look.asked.sight())?;
    Ok(row.map(|row| Link::new(row.name(), format!("/incidents/{id}"))))
}

/// The gaps of the truth audit, to be shown on a page.
pub fn gap_lines(look: &Look<'_, '_>, gaps: &[Gap], all: Option<&Published>, notices: &[Notice]) -> Vec<GapLine> {
    let component = |name: &Name| all.map_or_else(|| name.to_string(), |all| all.title_of(name));
    let titled = |id: &NoticeId| {
        notices.iter().find(|one| one.id == *id).map_or_else(|| "A notice".into(), |one| one.title.clone())
    };
    let link = |id: &NoticeId| Some(Link::new(titled(id), format!("/notices/{id}")));
    let shown = gaps.iter().map(|gap| {
        let (about, says, link, serious) = match &gap.kind {
            GapKind::Silent { component: name, inside } => {
                let (what, href) = match inside.what {
                    What::Incident(id) => {
                        (inside.severity.clone().unwrap_or_else(|| "an incident".into()), format!("/incidents/{id}"))
                    }
                    What::Alerts(id) => ("alerts that page".into(), format!("/alerts?q=group%3D{id}")),
                };
                let since = look.view.brief(inside.since);
                let href = if matches!(inside.what, What::Alerts(_)) { "/alerts".to_owned() } else { href };
                let says = format!("{what} since {since}, and the page says operational");
                (component(name), says, Some(Link::new(&inside.title, href)), true)
            }
            GapKind::Stale { component: name, status, notice } => {
                let says = format!(
                    "the page says {}, and nothing that you can see goes on inside",
                    status.title().to_lowercase()
                );
                (component(name), says, link(notice), false)
            }
            GapKind::LeftOpen { notice, .. } => {
                (titled(notice), "the incident is over, and its notice is not".into(), link(notice), false)
            }
            GapKind::Overdue { notice } => {
                (titled(notice), format!("more was promised by {}", look.view.brief(gap.since)), link(notice), true)
            }
        };
        let took = span((look.now().as_second() - gap.since.as_second()).max(0));
        GapLine { about, says, link, since: look.when(gap.since), took, serious }
    });
    shown.collect()
}

/// What was filled in, before it is read.
fn filled(fields: &Fields) -> PostForm {
    PostForm {
        maintenance: fields.text("kind") == "maintenance",
        title: fields.raw("title").to_owned(),
        from: fields.text("from").to_owned(),
        until: fields.text("until").to_owned(),
        text: fields.raw("text").replace("\r\n", "\n"),
        next: fields.text("next").to_owned(),
        at: fields.text("at").to_owned(),
        quiet: fields.some("quiet").is_some(),
        incident: fields.text("incident").to_owned(),
        ..PostForm::default()
    }
}

/// As the browser writes it, in the viewer's zone.
fn local(text: &str, zone: &TimeZone, place: &str) -> Result<Option<Timestamp>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Refusal::invalid("this is no time: write it like 2026-11-22T03:12").at(place);
    let at: DateTime = text.parse().map_err(|_| wrong())?;
    Ok(Some(at.to_zoned(zone.clone()).map_err(|_| wrong())?.timestamp()))
}

fn window(from: &str, until: &str, zone: &TimeZone) -> Result<Option<Window>, Refusal> {
    match (local(from, zone, "/scheduled_for")?, local(until, zone, "/scheduled_until")?) {
        (Some(from), Some(until)) => Ok(Some(Window { from, until })),
        (None, None) => Ok(None),
        _ => Err(Refusal::invalid("say when it begins and when it ends").at("/scheduled_for")),
    }
}

fn read(fields: &Fields, target: Option<NoticeId>, zone: &TimeZone, now: Timestamp) -> Result<Post, Refusal> {
    let form = filled(fields);
    let state: Option<State> = fields.some("state").map(str::parse).transpose()?;
    let mut components = Effects::new();
    for (name, word) in fields.beginning("component.") {
        if !word.is_empty() {
            components.insert(name.parse::<Name>()?, word.parse::<Status>()?);
        }
    }
    let notice = match target {
        Some(id) => Target::Existing(id),
        None => Target::New {
            title: form.title.clone(),
            sort: if form.maintenance { Sort::Maintenance } else { Sort::Incident },
            window: if form.maintenance { window(&form.from, &form.until, zone)? } else { None },
        },
    };
    let at = local(&form.at, zone, "/at")?;
    let within = fields.some("next").map(str::parse::<Span>).transpose()?;
    Ok(Post {
        notice,
        incident: fields.some("incident").map(str::parse).transpose()?,
        state,
        text: form.text.clone(),
        components,
        next_update_by: within.map(|span| span.after(at.unwrap_or(now))),
        at,
        quiet: form.quiet,
    })
}

/// `GET /notices/new?kind=incident|maintenance&incident=ID`.
pub async fn get_new(asked: Asked) -> Result<Response, Problem> {
    let fields = asked.query.clone();
    page(asked, None, fields, None, None).await
}

/// `GET /notices/ID`.
pub async fn get_notice(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    page(asked, Some(read_id(&id)?), Fields::default(), None, None).await
}

fn read_id(text: &str) -> Result<NoticeId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("such notice"))
}

/// The form; with what was filled in, what they would read, and why it was refused.
async fn page(
    asked: Asked,
    id: Option<NoticeId>,
    fields: Fields,
    preview: Option<Notice>,
    error: Option<String>,
) -> Result<Response, Problem> {
    asked
        .page(Section::Notices, move |look, shell| {
            let all = status_pages::preview(look.tx, look.app.node(), look.now())?;
            let Some(all) = all else {
                let rules = look.rules.clone();
                return Err(status_pages::must(&rules.catalog)
                    .err()
                    .unwrap_or_else(|| Refusal::not_found("status page"))
                    .into());
            };
            let notice = id.map(|id| acts::find(look.tx, id)).transpose()?;
            let mut form = filled(&fields);
            let sort = notice
                .as_ref()
                .map_or(if form.maintenance { Sort::Maintenance } else { Sort::Incident }, |notice| notice.sort);
            let chosen = fields.text("state");
            let first = if notice.is_none() { State::of(sort).next().map(State::word) } else { None };
            let chosen = if chosen.is_empty() && preview.is_none() { first.unwrap_or("") } else { chosen };
            let keeps = notice.as_ref().map(|_| ("", "No change: an update", chosen.is_empty()));
            form.states = keeps
                .into_iter()
                .chain(State::of(sort).map(|state| (state.word(), state.title(), state.word() == chosen)))
                .collect();
            let effects = all.effects();
            form.components = all
                .page
                .components()
                .map(|one| {
                    let now = effects.get(&one.name).copied().unwrap_or(Status::Operational);
                    let chosen = fields.text(&format!("component.{}", one.name)).to_owned();
                    (one.name.to_string(), one.title.clone(), chosen, now.title())
                })
                .collect();
            form.statuses = Status::ALL.iter().map(|status| (status.word(), status.title())).collect();
            form.new = notice.is_none();
            form.action =
                notice.as_ref().map_or_else(|| "/notices".to_owned(), |notice| format!("/notices/{}", notice.id));
            form.error.clone_from(&error);
            form.zone.clone_from(&look.zone_name);
            let incident = notice.as_ref().and_then(|notice| notice.incident).or_else(|| form.incident.parse().ok());
            let wall = |at: Timestamp| at.to_zoned(look.view.zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string();
            let describe = notice.as_ref().map(|notice| DescribeForm {
                action: format!("/notices/{}/describe", notice.id),
                title: notice.title.clone(),
                window: notice.window.map(|window| (wall(window.from), wall(window.until))),
            });
            let corrections = notice.iter().flat_map(|notice| {
                notice.posts.iter().rev().map(|post| CorrectionForm {
                    action: format!("/notices/{}/posts/{}", notice.id, post.id),
                    heading: format!("{}, {}", heading(post), utc(post.at)),
                    text: post.text.clone(),
                })
            });
            let corrections = corrections.collect();
            Ok(NoticePage {
                heading: match (&notice, sort) {
                    (Some(notice), _) => notice.title.clone(),
                    (None, Sort::Incident) => "Tell the public of an incident".into(),
                    (None, Sort::Maintenance) => "Plan a maintenance".into(),
                },
                incident: about(look, incident)?,
                preview: preview.as_ref().map(|notice| notice_view(&all, notice)),
                notice: notice.as_ref().map(|notice| notice_view(&all, notice)),
                may_write: look.asked.access >= Access::Responder,
                form,
                corrections,
                describe,
                shell,
            })
        })
        .await
}

/// `POST /notices` and `POST /notices/ID`: posts, or shows what they would read.
async fn say(asked: Asked, id: Option<NoticeId>, fields: Fields) -> Result<Response, Problem> {
    let zone = zone_of(&asked).await?;
    let looks = fields.text("how") == "preview";
    let outcome = match read(&fields, id, &zone, asked.now) {
        Ok(wanted) => {
            let act = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                if looks {
                    return store.read(|tx| acts::preview(tx, node, &mut moment.again(), &wanted));
                }
                store.write(|tx| acts::post_directly(tx, node, &mut moment.again(), &wanted))
            };
            asked.app.act(asked.actor(), act).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(notice) if looks => page(asked, id, fields, Some(notice), None).await,
        Ok(notice) => Ok(asked.lead(&format!("/notices/{}", notice.id), Some(done("It is public")))),
        Err(Halt::Refused(refusal)) => page(asked, id, fields, None, Some(sentence(&refusal.message))).await,
        Err(failed) => Err(failed.into()),
    }
}

/// `POST /notices`.
pub async fn post_notices(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    say(asked, None, fields).await
}

/// `POST /notices/ID`.
pub async fn post_notice(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    say(asked, Some(id), fields).await
}

/// `POST /notices/ID/describe` with `title`, `from`, `until`.
pub async fn post_describe(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let zone = zone_of(&asked).await?;
    let title = fields.raw("title").to_owned();
    let outcome = match window(fields.text("from"), fields.text("until"), &zone) {
        Ok(window) => {
            let act = move |store: &store::Store, _: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| acts::describe(tx, &mut moment.again(), id, Some(&title), window))
            };
            asked.app.act(asked.actor(), act).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    asked.back_with(&fields, &format!("/notices/{id}"), outcome.map(|_| done("Changed")))
}

/// `POST /notices/ID/posts/POST` with `text`: corrects.
pub async fn post_correction(
    asked: Asked,
    Path((id, post)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let post: PostId = post.parse().map_err(|_| Refusal::not_found("such post"))?;
    let wanted = Correction { text: Some(fields.raw("text").to_owned()), ..Correction::default() };
    let act = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
        store.write(|tx| acts::correct(tx, node, &mut moment.again(), id, post, &wanted))
    };
    let outcome = asked.app.act(asked.actor(), act).await;
    asked.back_with(&fields, &format!("/notices/{id}"), outcome.map(|_| done("Corrected, and shown as corrected")))
}
