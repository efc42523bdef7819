//! Insights about changes on pages: the overview, and the list behind each number.

use actions::learn::changes::{Gathered, Question, gather};
use actions::respond::incidents::levels;
use axum::response::Response;
use domain::learn::changes::{Insights, Lengths, Quantile, Share, Which, insights};
use domain::learn::insights::{ENOUGH, in_words};
use domain::respond::stamps::Took;
use domain::words::{Refusal, Timestamp, text};
use store::Halt;
use store::respond::incidents::IncidentRow;

use crate::api::learn::changes::ChangeInsightQuery;
use crate::handlers::change::changes::badge;
use crate::handlers::fields::escape;
use crate::handlers::filters::option;
use crate::handlers::frame::{Asked, Look, sentence};
use crate::pages::filters::{Choice, Tab};
use crate::pages::learn::axes::{self, Axis, Happening};
use crate::pages::learn::changes::{
    CaseView, ChangeInsightsPage, ChangeListPage, LengthsView, ReadyView, ShareView, WeekView,
};
use crate::pages::learn::insights::{Figure, QuantileView};
use crate::pages::learn::strips::{Drawing, Mark, Value};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

const PATH: &str = "/insights/changes";

/// `GET /insights/changes?from=&to=&service=&which=`.
pub async fn get_changes(asked: Asked) -> Result<Response, Problem> {
    match asked.query.some("which").map(str::parse::<Which>) {
        None => overview(asked).await,
        Some(which) => list(asked, which?).await,
    }
}

/// An address with the same changes in sight.
fn address(look: &Look<'_, '_>, more: &[(&str, &str)]) -> String {
    let query = &look.asked.query;
    let kept = ["from", "to", "service"].into_iter().filter_map(|name| Some((name, query.some(name)?)));
    let kept = kept.filter(|(name, _)| more.iter().all(|(added, _)| added != name));
    let pairs: Vec<String> =
        kept.chain(more.iter().copied()).map(|(name, value)| format!("{name}={}", escape(value))).collect();
    if pairs.is_empty() { PATH.to_owned() } else { format!("{PATH}?{}", pairs.join("&")) }
}

fn ask(look: &mut Look<'_, '_>) -> Result<(Gathered, Option<String>), Halt> {
    let said = |name: &str| look.asked.query.some(name).map(str::to_owned);
    let asked = ChangeInsightQuery { from: said("from"), to: said("to"), service: said("service") };
    let (node, sight, now) = (look.app.node(), look.asked.sight(), look.now());
    let found = match asked.read(&look.view.zone) {
        Ok(question) => gather(look.tx, node, &question, sight, now),
        Err(refusal) => Err(refusal.into()),
    };
    match found {
        Ok(found) => Ok((found, None)),
        Err(Halt::Refused(Refusal { message, .. })) => {
            Ok((gather(look.tx, node, &Question::default(), sight, now)?, Some(sentence(&message))))
        }
        Err(failed) => Err(failed),
    }
}

fn period(look: &Look<'_, '_>, from: Timestamp, to: Timestamp) -> String {
    let day = |at: Timestamp| at.to_zoned(look.view.zone.clone()).strftime("%-d %b %Y").to_string();
    let last = to.saturating_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(to);
    format!("{} to {}", day(from), day(last))
}

async fn overview(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Insights, |look, shell| {
            let (gathered, error) = ask(look)?;
            let found = insights(&gathered.cases);
            let query = &look.asked.query;
            let service = query.text("service");
            let services = look.rules.catalog.services.iter();
            let options = services.map(|(name, spec)| option(service, name.as_str(), &spec.title)).collect();
            let csv = address(look, &[]).replacen(PATH, "/api/v1/insights/changes.csv", 1);
            Ok(ChangeInsightsPage {
                from: query.text("from").to_owned(),
                to: query.text("to").to_owned(),
                services: Choice { name: "service", title: "Service", any: "Any service", options },
                period: period(look, gathered.from, gathered.to),
                error,
                shares: shares(look, &found),
                lengths: vec![
                    lengths(look, Which::Recovered, &found.recovery),
                    lengths(look, Which::Lead, &found.lead),
                ],
                axis: axis(look, &gathered),
                weeks: weeks(look, &gathered, &found),
                readiness: readiness(look, &gathered),
                csv,
                shell,
            })
        })
        .await
}

fn figure(look: &Look<'_, '_>, n: usize, says: &str, which: Which) -> Figure {
    Figure { number: n.to_string(), says: says.to_owned(), href: address(look, &[("which", which.word())]) }
}

fn shares(look: &Look<'_, '_>, found: &Insights<'_>) -> Vec<ShareView> {
    let view = |title, means, hits: (Which, &str), of: (Which, &str)| {
        let share = found.share(hits.0, of.0);
        ShareView {
            title,
            means,
            hits: figure(look, share.hits, hits.1, hits.0),
            of: figure(look, share.n, of.1, of.0),
            says: says(share),
        }
    };
    vec![
        view(
            "Failed",
            "Failed, taken back, or found to be the trigger of an incident; of those that are over.",
            (Which::Failed, "failed"),
            (Which::Done, "that are over"),
        ),
        view(
            "Emergencies",
            "Begun in an incident without waiting for an approval; of those that people wrote down.",
            (Which::Emergency, "emergencies"),
            (Which::Written, "that people wrote down"),
        ),
        view(
            "Exempted",
            "Let through in spite of a freeze, an incident, a review, a collision or their window; of those that people wrote down, and edits of documents that were let through.",
            (Which::Exempted, "exempted"),
            (Which::Made, "that people made"),
        ),
    ]
}

fn says(share: Share) -> String {
    let percent = |share: f64| format!("{:.0}%", share * 100.0);
    match share.share() {
        Some((share, least, most)) => {
            format!("{} (in the long run {} to {}).", percent(share), percent(least), percent(most))
        }
        None => format!("Fewer than {ENOUGH}: there is no share."),
    }
}

fn lengths(look: &Look<'_, '_>, which: Which, found: &Lengths<'_>) -> LengthsView {
    let (title, means) = match which {
        Which::Lead => (
            "From the proposal to the end",
            "How long changes that people wrote down took from the first draft until they were finished. What programs report is known only from its beginning.",
        ),
        _ => (
            "Until it was well again",
            "From the beginning of a change that failed until it was taken back, or the next change of the same service was finished.",
        ),
    };
    let room = |id: domain::words::ChangeId| format!("/changes/{id}");
    let interval = |one: &Quantile<'_>| {
        let said = |seconds: Option<i64>| seconds.map_or_else(|| "?".to_owned(), in_words);
        format!("{} to {}", said(one.least), said(one.most))
    };
    let quantiles = found.quantiles();
    let value = |(seconds, case): &(i64, &domain::learn::changes::Case)| Value {
        took: Took { seconds: *seconds, least: *seconds, most: *seconds },
        title: format!("{}: {}", text::shorten(&case.title, 80), in_words(*seconds)),
        href: room(case.id),
    };
    let mark = |one: &Quantile<'_>| Mark {
        label: format!("{}%", one.percent),
        seconds: one.seconds,
        least: one.least,
        most: one.most,
        title: format!("{}% within {} ({})", one.percent, in_words(one.seconds), interval(one)),
        href: room(one.case.id),
    };
    let n = found.points.len();
    let drawing = Drawing {
        values: found.points.iter().map(value).collect(),
        quantiles: quantiles.iter().map(mark).collect(),
        list: address(look, &[("which", which.word())]),
    };
    LengthsView {
        word: which.word(),
        title,
        means,
        known: figure(look, n, "of which it is known", which),
        unknown: found.unknown.len(),
        quantiles: quantiles
            .iter()
            .map(|one| QuantileView {
                says: match one.percent {
                    50 => "Half within",
                    75 => "Three quarters within",
                    _ => "Nine tenths within",
                },
                value: Link::new(in_words(one.seconds), room(one.case.id)),
                interval: interval(one),
            })
            .collect(),
        strip: (n > 0).then(|| drawing.draw()),
        few: match n {
            0 => Some("Not known of any change of this time.".to_owned()),
            n if n < ENOUGH => {
                Some(format!("Fewer than {ENOUGH}: each value stands for itself, and there are no quantiles."))
            }
            _ => None,
        },
    }
}

/// More than so many of a kind are not drawn; the weeks below count them all.
const DRAWN_MOST: usize = 400;

/// The newest changes and incidents of that time on one axis.
fn axis(look: &Look<'_, '_>, gathered: &Gathered) -> Axis {
    let (from, to) = (gathered.from, gathered.to);
    let zone = &look.view.zone;
    let day = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%-d %b").to_string();
    let said = |at: Timestamp, title: &str| {
        format!("{}: {}", at.to_zoned(zone.clone()).strftime("%-d %b %H:%M"), text::shorten(title, 80))
    };
    let newest = |count: usize| count.saturating_sub(DRAWN_MOST);
    let changes: Vec<Happening> = gathered.cases[newest(gathered.cases.len())..]
        .iter()
        .map(|case| Happening {
            from: case.began_at,
            to: None,
            bad: case.failed(),
            title: said(case.began_at, &case.title) + if case.failed() { " (failed)" } else { "" },
            href: format!("/changes/{}", case.id),
        })
        .collect();
    let within = |row: &&IncidentRow| row.reported_at >= from && row.reported_at < to;
    let rows: Vec<&IncidentRow> = gathered.incidents.iter().filter(within).collect();
    let levels = levels(&look.rules.catalog);
    let severe = |row: &IncidentRow| {
        levels.iter().any(|level| Some(&level.name) == row.state.severity.as_ref() && level.freezes_changes)
    };
    let incidents: Vec<Happening> = rows[newest(rows.len())..]
        .iter()
        .map(|row| Happening {
            from: row.reported_at,
            to: (!row.state.phase.is_open()).then_some(row.state.since),
            bad: severe(row),
            title: match &row.state.severity {
                Some(severity) => format!("{} ({severity})", said(row.reported_at, &row.name())),
                None => said(row.reported_at, &row.name()),
            },
            href: format!("/incidents/{}", row.id),
        })
        .collect();
    let part = (to.as_second() - from.as_second()) / 6;
    let ticks: Vec<(Timestamp, String)> = (1..6)
        .filter_map(|n| Timestamp::from_second(from.as_second() + part * n).ok())
        .map(|at| (at, day(at)))
        .collect();
    axes::draw(&changes, &incidents, &ticks, from, to)
}

fn weeks(look: &Look<'_, '_>, gathered: &Gathered, found: &Insights<'_>) -> Vec<WeekView> {
    let day = |at: Timestamp, form: &str| at.to_zoned(look.view.zone.clone()).strftime(form).to_string();
    let weeks = found.weeks(&gathered.reported(), gathered.from, gathered.to);
    weeks
        .into_iter()
        .map(|week| {
            // The same to the second, so that the list has what the number counts.
            let (from, to) = (week.from.to_string(), week.to.to_string());
            let of = |which: Which| address(look, &[("from", &from), ("to", &to), ("which", which.word())]);
            let incidents = format!("/insights/incidents?from={}&to={}", escape(&from), escape(&to));
            let figure = |n: usize, href: String| Figure { number: n.to_string(), says: String::new(), href };
            WeekView {
                from: day(week.from, "%-d %b"),
                changes: figure(week.changes, of(Which::Begun)),
                failed: figure(week.failed, of(Which::Failed)),
                incidents: figure(week.incidents, incidents),
            }
        })
        .collect()
}

fn readiness(look: &Look<'_, '_>, gathered: &Gathered) -> Vec<ReadyView> {
    let title = |name: &domain::words::Name| {
        look.rules.catalog.services.get(name).map_or_else(|| name.to_string(), |found| found.title.clone())
    };
    gathered
        .ready
        .iter()
        .map(|(service, (row, readiness))| ReadyView {
            service: Link::new(title(service), format!("/services/{service}")),
            change: Link::new(&row.change.proposal.title, format!("/changes/{}", row.change.id)),
            state: if readiness.could() {
                Badge::new(Tone::Good, "could")
            } else {
                Badge::new(Tone::Critical, "could not")
            },
            way: readiness.plan.as_ref().map_or_else(|| "no plan".to_owned(), |plan| plan.way.word().replace('-', " ")),
            rehearsed: readiness.plan.as_ref().and_then(|plan| plan.last_rehearsed).map(|at| look.when(at)),
        })
        .collect()
}

async fn list(asked: Asked, which: Which) -> Result<Response, Problem> {
    asked
        .page(Section::Insights, move |look, shell| {
            let (gathered, _) = ask(look)?;
            let found = insights(&gathered.cases);
            let tab = |one: &Which| Tab {
                title: title(*one).0,
                href: address(look, &[("which", one.word())]),
                count: u64::try_from(found.of(*one).len()).ok(),
                current: *one == which,
            };
            let row = |case: &domain::learn::changes::Case| {
                let mut said = vec![case.kind.word().to_owned(), case.path.word().to_owned()];
                said.extend(case.services.iter().map(ToString::to_string));
                if case.triggered {
                    said.push("the trigger of an incident".to_owned());
                }
                CaseView {
                    link: Link::new(&case.title, format!("/changes/{}", case.id)),
                    said: said.join(" · "),
                    at: look.when(case.began_at),
                    state: badge(&case.state),
                }
            };
            Ok(ChangeListPage {
                title: title(which).1,
                period: period(look, gathered.from, gathered.to),
                back: address(look, &[]),
                tabs: Which::ALL.iter().map(tab).collect(),
                rows: found.of(which).into_iter().map(row).collect(),
                shell,
            })
        })
        .await
}

const fn title(which: Which) -> (&'static str, &'static str) {
    match which {
        Which::Begun => ("Begun", "Changes that began"),
        Which::Done => ("Over", "Changes that are over"),
        Which::Failed => ("Failed", "Changes that failed"),
        Which::Recovered => ("Well again", "Changes that failed, and it is known when it was well again"),
        Which::Lead => ("Finished", "Changes that people wrote down and that are finished"),
        Which::Written => ("Written down", "Changes that people wrote down"),
        Which::Emergency => ("Emergencies", "Changes that did not wait for an approval"),
        Which::Made => ("Made", "Changes that people wrote down, and edits of documents that were let through"),
        Which::Exempted => ("Exempted", "Changes that went past a rule"),
    }
}
