//! `allclear insights`: how long things took, as distributions, and behind each number what it counts.

use clap::Args;
use domain::learn::insights::{in_words, range_in_words};
use domain::respond::stamps::{Measure, Precision, Took};
use web::api::learn::insights::{
    InsightComparison, InsightEnd, InsightIncident, InsightListQuery, InsightMeasure, InsightPromise, InsightQuantile,
    InsightQuery, InsightTook, Insights,
};
use web::api::learn::paging::{PagedAlert, PagedPerson, PagingInsights, PagingQuery};

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};
use crate::client::{Client, Server};

/// So many rows of a list are shown.
const MOST: usize = 1000;

/// Show how long it took to detect, acknowledge, mitigate ..., of the incidents that you may see
///
/// Fewer than twenty values are shown as they are; from twenty on there are quantiles, each with an interval. With the name of
/// a measure the incidents behind it are listed; with `incidents` those that are counted, with `promises` the promised updates.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear insights\n  allclear insights --from 2026-07-01 --to 2026-09-30 --class security\n  allclear insights mitigate --service payments\n  allclear insights detect --which unknown\n  allclear insights incidents --which near-miss\n  allclear insights promises --which missed\n  allclear insights nights\n  allclear insights alerts --from 2026-09-01\n  allclear insights --csv > measures.csv\n  allclear insights incidents --csv > incidents.csv"
)]
pub(crate) struct Show {
    /// A measure (detect, dwell, acknowledge, declare, command, first-public-word, contain, mitigate, recover, resolve), or
    /// incidents, promises, nights (your pages by night; those of all, if you manage), or alerts (what their pages were good for)
    #[arg(value_name = "MEASURE")]
    of: Option<String>,

    /// Of a measure: known, unknown or before; of incidents: counted, near-miss, retrospective, cancelled or merged; of promises:
    /// due, kept or missed
    #[arg(long, value_name = "WHICH", requires = "of")]
    which: Option<String>,

    /// The first day, in UTC: 2026-09-01; 90 days before the end, if absent
    #[arg(long, value_name = "DAY")]
    from: Option<String>,

    /// The last day, which is part of it; now, if absent
    #[arg(long, value_name = "DAY")]
    to: Option<String>,

    /// Only this class: security, system, operational
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,

    /// Only this severity
    #[arg(long, value_name = "LEVEL")]
    severity: Option<String>,

    /// Only what touches this service
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,

    /// Only what touches the services of this team
    #[arg(long, value_name = "TEAM")]
    team: Option<String>,

    /// Measure also what was written down afterwards
    #[arg(long)]
    retrospective: bool,

    /// Write it as comma-separated values: the measures, or with incidents, promises, nights or alerts that table
    #[arg(long, conflicts_with = "which")]
    csv: bool,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn show(command: &Show) -> Outcome {
    let client = command.server.client()?;
    match command.of.as_deref() {
        of if command.csv => table(&client, command, of)?,
        Some("nights") => nights(&paging(&client, command)?, command),
        Some("alerts") => alerts(&paging(&client, command)?, command),
        None => overview(&client, command)?,
        Some("promises") => promises(&client, command)?,
        Some("incidents") => incidents(&client, command, "incidents")?,
        Some(measure) => {
            // A slip is told here, with what is near; the server would only say that there is no such list.
            let measure: Measure = measure.parse()?;
            incidents(&client, command, measure.word())?;
        }
    }
    Ok(Exit::Fine)
}

fn filter(command: &Show) -> InsightQuery {
    InsightQuery {
        from: command.from.clone(),
        to: command.to.clone(),
        class: command.class.clone(),
        severity: command.severity.clone(),
        service: command.service.clone(),
        team: command.team.clone(),
        retrospective: command.retrospective.then_some(true),
    }
}

/// Writes a table as it is downloaded.
fn table(client: &Client, command: &Show, of: Option<&str>) -> Result<(), Failure> {
    let when = PagingQuery { from: command.from.clone(), to: command.to.clone() };
    let text = match of {
        None => client.text(&["insights.csv"], &filter(command))?,
        Some("incidents") => client.text(&["insights", "incidents.csv"], &filter(command))?,
        Some("promises") => client.text(&["insights", "promises.csv"], &filter(command))?,
        Some("nights") => client.text(&["insights", "paging", "people.csv"], &when)?,
        Some("alerts") => client.text(&["insights", "paging", "alerts.csv"], &when)?,
        Some(measure) => {
            let measure: Measure = measure.parse()?;
            let measure = measure.word();
            return Err(Failure::invalid(format!("{measure} is a column of `allclear insights incidents --csv`")));
        }
    };
    screen::pour(&text);
    Ok(())
}

fn paging(client: &Client, command: &Show) -> Result<PagingInsights, Failure> {
    client.get(&["insights", "paging"], &PagingQuery { from: command.from.clone(), to: command.to.clone() })
}

fn nights(found: &PagingInsights, command: &Show) {
    if command.look.json {
        screen::say_json(&found.people);
        return;
    }
    let row = |one: &PagedPerson| {
        let [pages, by_night, nights] = [one.pages, one.by_night, one.nights].map(|count| count.to_string());
        [one.person.clone(), pages, by_night, nights]
    };
    let rows: Vec<[String; 4]> = found.people.iter().map(row).collect();
    screen::say_table(["PERSON", "PAGES", "BY NIGHT", "NIGHTS"], &rows, "Nobody was paged, as far as you may see.");
}

fn alerts(found: &PagingInsights, command: &Show) {
    if command.look.json {
        screen::say_json(&found.alerts);
        return;
    }
    let row = |one: &PagedAlert| {
        let counts = [one.pages, one.nothing, one.incident, one.answered, one.open].map(|count| count.to_string());
        let [pages, nothing, incident, answered, open] = counts;
        [one.alert.clone(), one.service.clone().unwrap_or_default(), pages, nothing, incident, answered, open]
    };
    let rows: Vec<[String; 7]> = found.alerts.iter().map(row).collect();
    let headings = ["ALERT", "SERVICE", "PAGES", "FOR NOTHING", "INCIDENT", "ANSWERED", "OPEN"];
    screen::say_table(headings, &rows, "No alert paged.");
}

fn overview(client: &Client, command: &Show) -> Result<(), Failure> {
    let found: Insights = client.get(&["insights"], &filter(command))?;
    if command.look.json {
        screen::say_json(&found);
        return Ok(());
    }
    screen::say(format!("{} to {}", screen::exactly(found.from), screen::exactly(found.to)));
    let cohorts: Vec<String> = found.incidents.iter().map(|one| format!("{} {}", one.n, one.which)).collect();
    screen::say(format!("Incidents: {}", cohorts.join(", ")));
    screen::say("");
    let rows: Vec<[String; 5]> = found.measures.iter().map(row).collect();
    screen::say_table(["MEASURE", "KNOWN", "BEFORE", "HOW LONG", "AS LONG A TIME BEFORE"], &rows, "");
    screen::say("");
    let promises = &found.promises;
    let percent = |share: f64| format!("{:.0}%", share * 100.0);
    let share = match (promises.share, promises.least, promises.most) {
        (Some(share), Some(least), Some(most)) => {
            format!(": {} ({} to {})", percent(share), percent(least), percent(most))
        }
        _ => String::new(),
    };
    screen::say(format!("Promises of updates kept: {} of {} that fell due{share}", promises.kept, promises.due));
    Ok(())
}

fn row(one: &InsightMeasure) -> [String; 5] {
    let values = one.points.iter().filter_map(|point| Some(in_words(point.took.as_ref()?.seconds)));
    let quantile = |one: &InsightQuantile| {
        let bound = |seconds: Option<i64>| seconds.map_or_else(|| "?".to_owned(), in_words);
        format!("{}% within {} ({} to {})", one.percent, in_words(one.seconds), bound(one.least), bound(one.most))
    };
    let long = if one.quantiles.is_empty() {
        values.collect::<Vec<_>>().join(", ")
    } else {
        one.quantiles.iter().map(quantile).collect::<Vec<_>>().join("\n")
    };
    let before = if one.before > 0 { one.before.to_string() } else { String::new() };
    [one.measure.clone(), format!("{} of {}", one.n, one.of), before, long, compared(&one.compared)]
}

fn compared(one: &InsightComparison) -> String {
    match (one.seconds, one.least, one.most) {
        (Some(seconds), Some(least), Some(most)) => {
            let verdict = if one.detectable { "" } else { ": no detectable difference" };
            let by = |seconds: i64| if seconds > 0 { format!("+{}", in_words(seconds)) } else { in_words(seconds) };
            format!("median {} ({} to {}; n = {}){verdict}", by(seconds), by(least), by(most), one.n_before)
        }
        _ => format!("n = {}", one.n_before),
    }
}

fn query(command: &Show) -> InsightListQuery {
    InsightListQuery {
        which: command.which.clone(),
        from: command.from.clone(),
        to: command.to.clone(),
        class: command.class.clone(),
        severity: command.severity.clone(),
        service: command.service.clone(),
        team: command.team.clone(),
        retrospective: command.retrospective.then_some(true),
        limit: Some(500),
        ..InsightListQuery::default()
    }
}

/// Says that there is more than is shown.
fn remark(more: bool) {
    if more {
        screen::remark(format!("There are more than these {MOST}: make the period shorter to see them."));
    }
}

fn incidents(client: &Client, command: &Show, of: &str) -> Result<(), Failure> {
    let (found, more): (Vec<InsightIncident>, bool) = client.list(&["insights", of], &query(command), MOST)?;
    if command.look.json {
        screen::say_json(&serde_json::json!({ "items": found }));
        return Ok(());
    }
    let row = |one: &InsightIncident| {
        let took = one.took.as_ref();
        let title = one.codename.as_ref().map_or_else(|| one.title.clone(), |name| format!("{} [{name}]", one.title));
        [
            one.incident.clone(),
            took.map_or_else(String::new, length),
            took.map_or_else(String::new, |took| end(&took.from)),
            took.map_or_else(String::new, |took| end(&took.to)),
            one.severity.clone().unwrap_or_default(),
            title,
        ]
    };
    let rows: Vec<[String; 6]> = found.iter().map(row).collect();
    screen::say_table(["INCIDENT", "TOOK", "FROM", "TO", "SEVERITY", "TITLE"], &rows, "No incident is one of these.");
    remark(more);
    Ok(())
}

/// With what it may have been, where that is known less exactly.
fn length(one: &InsightTook) -> String {
    let said = in_words(one.seconds);
    let took = Took { seconds: one.seconds, least: one.least, most: one.most };
    range_in_words(took).map_or_else(|| said.clone(), |range| format!("{said} ({range})"))
}

/// No more exact than it is known.
fn end(one: &InsightEnd) -> String {
    let form = match Precision::from_word(&one.precision) {
        Some(Precision::Year) => "%Y",
        Some(Precision::Month) => "%Y-%m",
        Some(Precision::Day) => "%Y-%m-%d",
        Some(Precision::Hour | Precision::Minute) => "%Y-%m-%d %H:%MZ",
        Some(Precision::Second) | None => "%Y-%m-%d %H:%M:%SZ",
    };
    format!("{} {}", one.milestone, one.at.strftime(form))
}

fn promises(client: &Client, command: &Show) -> Result<(), Failure> {
    let (found, more): (Vec<InsightPromise>, bool) = client.list(&["insights", "promises"], &query(command), MOST)?;
    if command.look.json {
        screen::say_json(&serde_json::json!({ "items": found }));
        return Ok(());
    }
    let row = |one: &InsightPromise| {
        [
            if one.kept { "kept" } else { "missed" }.to_owned(),
            one.audience.clone(),
            command.look.time(one.by),
            command.look.time_or(one.answered_at, "never"),
            one.incident.clone(),
            one.title.clone(),
        ]
    };
    let rows: Vec<[String; 6]> = found.iter().map(row).collect();
    screen::say_table(
        ["WAS", "AUDIENCE", "PROMISED BY", "CAME", "INCIDENT", "TITLE"],
        &rows,
        "No promise is one of these.",
    );
    remark(more);
    Ok(())
}
