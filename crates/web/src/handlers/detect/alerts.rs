//! The list of alerts, and what is done with one or many of them.

use actions::detect::lists::{self, Place, Search, Sort, Tab};
use actions::detect::views::AlertView;
use actions::detect::{alerts, silences};
use actions::engage::pages;
use axum::response::Response;
use domain::detect::alerts::{Muted, Severity as How, Taken};
use domain::detect::silences::Silence;
use domain::engage::escalations::State as PageState;
use domain::words::labels::Compare;
use domain::words::{AlertId, Id as _, Matcher, Refusal, SilenceId, Span, Timestamp};
use store::Halt;

use crate::handlers::engage::schedules::uncovered;
use crate::handlers::fields::Fields;
use crate::handlers::filters::{chips, href, option};
use crate::handlers::frame::{Asked, Look, done};
use crate::pages::detect::alerts::{AlertRow, AlertsPage, Empty, Who};
use crate::pages::filters::{self as shown, Choice, Filter};
use crate::pages::{Link, Section, Severity, State, Toast, Undo, Viewpoint};
use crate::problem::Problem;

/// How many alerts a page shows.
const ROWS: usize = 50;
/// Labels that say little about which alert it is, or that stand elsewhere in the row.
const QUIET_LABELS: [&str; 6] = ["alertname", "severity", "service", "prometheus", "monitor", "replica"];

/// `GET /alerts`: `tab`, `q`, `service`, `severity`, `integration`, `sort`, `after`.
pub async fn get_alerts(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Alerts, |look, mut shell| {
            shell.notices.extend(uncovered(look));
            let query = look.asked.query.clone();
            let (search, error) = search(&query);
            let after: Option<Place> = query.some("after").and_then(|place| place.parse().ok());
            let node = look.app.node();
            let listed = match error {
                None => lists::list(look.tx, &node.board(), &search, after, ROWS)?,
                Some(_) => lists::Listed::default(),
            };
            let rows = listed.alerts.iter().map(|view| row(look, view)).collect::<Result<Vec<_>, Halt>>()?;
            let clear_href = format!("/alerts?tab={}", search.tab.word());
            let filter = filter(look, &query, search.tab, error, clear_href.clone());
            let empty = match () {
                () if filter.is_set() => Empty::filtered(&clear_href),
                () if node.board().is_empty() && store::detect::alerts::resolved(look.tx, None, 1)?.is_empty() => {
                    Empty::never()
                }
                () => Empty::all_clear(),
            };
            let shown = counted(rows.len(), listed.next.is_some() || after.is_some(), search.tab);
            Ok(AlertsPage {
                shell,
                tabs: tabs(look, &query, search.tab),
                filter,
                shown,
                rows,
                next: listed.next.map(|place| href("/alerts", &query, &["after"], &[("after", &place.to_string())])),
                empty,
            })
        })
        .await
}

fn counted(rows: usize, part: bool, tab: Tab) -> String {
    let alerts = if rows == 1 { "alert" } else { "alerts" };
    let which = if matches!(tab, Tab::All) { String::new() } else { format!("{} ", tab.word()) };
    if part { format!("{rows} {which}{alerts} of more") } else { format!("{rows} {which}{alerts}") }
}

/// What the URL asks for; and what of it does not read.
fn search(query: &Fields) -> (Search, Option<String>) {
    let mut search = Search {
        tab: query.parse("tab").unwrap_or_default(),
        sort: query.parse("sort").unwrap_or_default(),
        integration: query.parse("integration").ok(),
        ..Search::default()
    };
    let mut error = search.type_in(query.text("q")).err().map(|refusal| refusal.message);
    if let Some(service) = query.some("service") {
        match Matcher::new("service", Compare::Equal, service) {
            Ok(matcher) => search.matchers.push(matcher),
            Err(refusal) => error = Some(refusal.message),
        }
    }
    search.severity = query.some("severity").map(How::read);
    (search, error)
}

fn tabs(look: &Look<'_, '_>, query: &Fields, current: Tab) -> Vec<shown::Tab> {
    let counts = look.counts();
    let tab = |tab: Tab| shown::Tab {
        title: match tab {
            Tab::Open => "Open",
            Tab::Unacknowledged => "Unacknowledged",
            Tab::Acknowledged => "Acknowledged",
            Tab::Snoozed => "Snoozed",
            Tab::Silenced => "Silenced",
            Tab::Resolved => "Resolved",
            Tab::All => "All",
        },
        href: href("/alerts", query, &["after"], &[("tab", tab.word())]),
        count: counts.tab(tab),
        current: tab == current,
    };
    Tab::ALL.into_iter().map(tab).collect()
}

fn filter(look: &Look<'_, '_>, query: &Fields, tab: Tab, error: Option<String>, clear_href: String) -> Filter {
    let catalog = &look.rules.catalog;
    let (service, severity, integration) = (query.text("service"), query.text("severity"), query.text("integration"));
    let services = catalog.services.iter().map(|(name, one)| option(service, name.as_str(), &one.title));
    let severities = [How::Critical, How::Error, How::Warning, How::Info, How::Unknown].iter();
    let severities = severities.map(|one| option(severity, one.word(), one.word()));
    let integrations = catalog.integrations.iter().map(|(name, one)| option(integration, name.as_str(), &one.title));
    let mut choices = vec![
        Choice { name: "service", title: "Service", any: "All services", options: services.collect() },
        Choice { name: "severity", title: "Severity", any: "All severities", options: severities.collect() },
        Choice { name: "integration", title: "Integration", any: "All integrations", options: integrations.collect() },
    ];
    let chips = chips("/alerts", query, &choices);
    // Those that are over come as they ended.
    if tab != Tab::Resolved {
        let sort: Sort = query.parse("sort").unwrap_or_default();
        let title = |one: Sort| if one == Sort::Oldest { "Oldest first" } else { "Worst first" };
        let options = [Sort::Oldest, Sort::Severity].map(|one| option(sort.word(), one.word(), title(one)));
        choices.push(Choice { name: "sort", title: "Order", any: "Newest first", options: options.into() });
    }
    Filter { tab: tab.word().into(), text: query.text("q").to_owned(), error, choices, chips, clear_href }
}

/// The state of an alert as pages show it.
pub fn state(view: &AlertView) -> State {
    match view.state() {
        "acknowledged" => State::Acknowledged,
        "snoozed" => State::Snoozed,
        "silenced" => State::Silenced,
        "inhibited" => State::Inhibited,
        "resolved" if view.closing.as_deref() == Some("lapsed") => State::Closed,
        "resolved" => State::Resolved,
        _ => State::Firing,
    }
}

/// The severity in the source's own word.
pub fn severity(view: &AlertView) -> Severity {
    Severity::of(view.labels.get("severity").unwrap_or(""))
}

/// The service that the alert is about: its group's, or its label's.
pub fn service(look: &Look<'_, '_>, view: &AlertView) -> Option<Link> {
    let (name, found) = look.rules.catalog.services.get_key_value(view.service.as_ref()?)?;
    Some(Link::new(&found.title, format!("/services/{name}")))
}

fn row(look: &mut Look<'_, '_>, view: &AlertView) -> Result<AlertRow, Halt> {
    let labels = view.labels.iter().filter(|(name, _)| !QUIET_LABELS.contains(name));
    let labels = labels.take(3).map(|(name, value)| format!("{name}={:?}", domain::words::text::shorten(value, 60)));
    Ok(AlertRow {
        id: view.id.to_string(),
        severity: severity(view),
        state: state(view),
        summary: summary(view),
        service: service(look, view),
        labels: labels.collect(),
        why: why(look, view),
        who: who(look, view)?,
        since: look.when(view.resolved_at.unwrap_or(view.starts_at)),
        count: u64::from(view.count),
    })
}

/// What people read first.
pub fn summary(view: &AlertView) -> String {
    let said = view.summary();
    let name = view.name();
    let said = if said == name { name.to_owned() } else { format!("{name}: {said}") };
    domain::words::text::shorten(&domain::prepare::drills::marked(view.is_drill(), &said), 300)
}

/// In one line: why it paged, or why not.
pub fn why(look: &Look<'_, '_>, view: &AlertView) -> String {
    let route = view.route.as_ref().map_or_else(|| "no route".to_owned(), |route| format!("route {route}"));
    let about = view.verdict_about.as_deref().unwrap_or("");
    match view.muted {
        Some(Muted::Silenced(id)) => {
            let silence = look.app.node().board().silences.iter().find(|silence| silence.id == id).cloned();
            return match silence {
                Some(silence) => format!("Silenced until {}: {}", look.view.brief(silence.ends_at), silence.comment),
                None => "Silenced".into(),
            };
        }
        Some(Muted::Inhibited(id)) => return format!("Muted while another alert fires: {id}"),
        None => {}
    }
    if let Some(noise) = &view.noise {
        return format!("Marked as noise: {noise}");
    }
    match view.verdict.as_str() {
        "paged" => format!("Paged by {route}"),
        "joined" => format!("Joined its group's page, by {route}"),
        "waits" => match about.parse::<Timestamp>() {
            Ok(until) => format!("Waits for company until {}, by {route}", look.view.brief(until)),
            Err(_) => format!("Waits for company, by {route}"),
        },
        "nobody" => format!("Paged nobody: {about}"),
        "silenced" => "It was silenced when it fired".into(),
        "inhibited" => "It was muted by another when it fired".into(),
        "over" => "It was over when we heard of it".into(),
        _ => format!("Taken by {route}"),
    }
}

fn who(look: &mut Look<'_, '_>, view: &AlertView) -> Result<Option<Who>, Halt> {
    if let Some(at) = view.resolved_at {
        let by = view.closed_by.as_deref().map(|by| look.tag_of(by));
        let what = match view.closing.as_deref() {
            Some("lapsed") => "Closed: not heard of any more",
            Some("returned") => "Called in again",
            _ if by.is_some() => "Resolved by",
            _ => "Resolved by the source",
        };
        return Ok(Some(Who { what: what.into(), person: by, when: Some(look.when(at)) }));
    }
    Ok(match &view.taken {
        Some(Taken::Acknowledged { by, at }) => {
            Some(Who { what: "Acknowledged by".into(), person: Some(look.tag(by)), when: Some(look.when(*at)) })
        }
        Some(Taken::Snoozed { by, until, .. }) => {
            let what = format!("Snoozed until {} by", look.view.brief(*until));
            Some(Who { what, person: Some(look.tag(by)), when: None })
        }
        None => match view.page {
            Some(id) if view.muted.is_none() => paging(look, id)?,
            _ => None,
        },
    })
}

/// Whom its page calls right now.
fn paging(look: &mut Look<'_, '_>, id: domain::words::PageId) -> Result<Option<Who>, Halt> {
    let Some(page) = store::engage::pages::get(look.tx, id)? else { return Ok(None) };
    let PageState::Calling { since, .. } = page.state else {
        let unanswered =
            matches!(page.state, PageState::Ended { why: domain::engage::escalations::End::Unanswered, .. });
        return Ok(unanswered.then(|| Who { what: "Nobody answered".into(), person: None, when: None }));
    };
    let told = store::outbox::for_page(look.tx, id)?;
    let person = told.iter().rev().find_map(|(one, _)| one.person.clone().filter(|_| one.step > 0));
    let person = person.map(|person| look.tag(&person));
    Ok(Some(Who { what: "Paging".into(), person, when: Some(look.when(since)) }))
}

/// What a button asks for.
enum Act {
    Alerts(alerts::Wish, &'static str),
    Silence(Span),
    Escalate,
}

/// `POST /alerts/act` with `alert` (once per id), `act`, perhaps `reason`, and `back`.
pub async fn post_act(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let outcome = act(&asked, &fields).await;
    asked.back_with(&fields, "/alerts", outcome)
}

async fn act(asked: &Asked, fields: &Fields) -> Result<Toast, Halt> {
    let ids = fields.all("alert").map(str::parse).collect::<Result<Vec<AlertId>, Refusal>>()?;
    if ids.is_empty() {
        return Err(Refusal::invalid("select at least one alert first").into());
    }
    let word = fields.text("act").to_owned();
    let act = read_act(&word, fields.text("reason"), &viewpoint(asked).await?)?;
    let many = if ids.len() == 1 { "the alert".to_owned() } else { format!("{} alerts", ids.len()) };
    let reason = fields.text("reason").to_owned();
    let undone = ids.clone();
    match act {
        Act::Alerts(wish, said) => {
            let noise = matches!(wish, alerts::Wish::Noise { .. });
            let takes = matches!(wish, alerts::Wish::Acknowledge | alerts::Wish::Snooze { .. });
            let changed = asked
                .app
                .act(asked.actor(), move |store, node, moment| alerts::act(store, node, moment, &ids, &wish))
                .await?;
            if changed == 0 && !noise {
                return Ok(done("Nothing to do: that was so already, or it is over"));
            }
            let mut toast = done(format!("{said} {many}"));
            if takes {
                let fields = std::iter::once(("act".to_owned(), "unacknowledge".to_owned()));
                let fields = fields.chain(undone.iter().map(|id| ("alert".to_owned(), id.to_string()))).collect();
                toast.undo = Some(Undo { action: "/alerts/act".into(), fields });
            }
            Ok(toast)
        }
        Act::Silence(span) => {
            let count = silence_each(asked, ids, span, reason).await?;
            let many = if count == 1 { "a silence".to_owned() } else { format!("{count} silences") };
            Ok(done(format!("Made {many} for {}", crate::handlers::engage::pages::span(span))))
        }
        Act::Escalate => {
            let count = asked.app.act(asked.actor(), move |store, node, moment| {
                let mut all = std::collections::BTreeSet::new();
                for id in &ids {
                    let view = store.read(|tx| actions::detect::views::one(tx, &node.board(), *id))?;
                    let view = view.ok_or_else(|| Refusal::not_found(format!("alert {id}")))?;
                    all.extend(view.page);
                }
                if all.is_empty() {
                    return Err(Refusal::conflict("there is no page to escalate: it paged nobody").into());
                }
                for page in &all {
                    pages::escalate(store, node, moment, *page)?;
                }
                Ok(all.len())
            });
            count.await?;
            Ok(done("Escalated: the next step is called now"))
        }
    }
}

async fn viewpoint(asked: &Asked) -> Result<Viewpoint, Halt> {
    let rules = crate::inbound::rules(&asked.app).await?;
    let zone =
        rules.catalog.people.get(&asked.person).and_then(|own| domain::engage::schedules::zone(&own.time_zone).ok());
    Ok(Viewpoint { now: asked.now, zone: zone.unwrap_or(jiff::tz::TimeZone::UTC) })
}

fn read_act(word: &str, reason: &str, view: &Viewpoint) -> Result<Act, Refusal> {
    let (verb, span) = word.split_once(':').unwrap_or((word, ""));
    Ok(match verb {
        "acknowledge" => Act::Alerts(alerts::Wish::Acknowledge, "Acknowledged"),
        "unacknowledge" => Act::Alerts(alerts::Wish::Unacknowledge, "Handed back"),
        "resolve" => Act::Alerts(alerts::Wish::Resolve, "Resolved"),
        "noise" => Act::Alerts(alerts::Wish::Noise { reason: reason.to_owned() }, "Marked as noise:"),
        "snooze" if span == "morning" => Act::Alerts(alerts::Wish::Snooze { until: morning(view) }, "Snoozed"),
        "snooze" => Act::Alerts(alerts::Wish::Snooze { until: span.parse::<Span>()?.after(view.now) }, "Snoozed"),
        "silence" => Act::Silence(span.parse()?),
        "escalate" => Act::Escalate,
        _ => {
            return Err(Refusal::invalid(format!(
                "there is no such act: {:?}",
                domain::words::text::shorten(word, 40)
            )));
        }
    })
}

/// The next nine o'clock of the viewer.
fn morning(view: &Viewpoint) -> Timestamp {
    let here = view.now.to_zoned(view.zone.clone());
    let days = i64::from(here.hour() >= 9);
    let date = here.date().checked_add(jiff::Span::new().days(days)).unwrap_or(here.date());
    date.at(9, 0, 0, 0).to_zoned(view.zone.clone()).map_or(Span::hours(12).after(view.now), |zoned| zoned.timestamp())
}

/// More than these are better silenced by a matcher that says what they have in common.
const SILENCES_AT_ONCE: usize = 20;

/// A silence for the exact labels of each alert.
async fn silence_each(asked: &Asked, ids: Vec<AlertId>, span: Span, reason: String) -> Result<usize, Halt> {
    if ids.len() > SILENCES_AT_ONCE {
        let why = format!("at most {SILENCES_AT_ONCE} at once; make one silence with matchers that they share instead");
        return Err(Refusal::invalid(why).into());
    }
    let person = asked.person.clone();
    asked
        .app
        .act(asked.actor(), move |store, node, moment| {
            let views = store.read(|tx| {
                let board = node.board();
                let all = ids.iter().map(|id| actions::detect::views::one(tx, &board, *id));
                all.collect::<Result<Vec<_>, Halt>>()
            })?;
            let mut count = 0;
            for (view, id) in views.into_iter().zip(&ids) {
                let view = view.ok_or_else(|| Refusal::not_found(format!("alert {id}")))?;
                let matchers = view.labels.iter().map(|(name, value)| Matcher::new(name, Compare::Equal, value));
                let said = if reason.is_empty() {
                    format!("From the list of alerts: {}", summary(&view))
                } else {
                    reason.clone()
                };
                let silence = Silence {
                    id: SilenceId::from_bits(0),
                    matchers: matchers.collect::<Result<_, _>>()?,
                    starts_at: moment.now,
                    ends_at: span.after(moment.now),
                    created_by: person.to_string(),
                    comment: said,
                    updated_at: moment.now,
                };
                silences::put(store, node, moment, None, &silence)?;
                count += 1;
            }
            Ok(count)
        })
        .await
}
