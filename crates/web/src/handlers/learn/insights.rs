//! Insights on pages: the overview with its strips, and the list behind each number.

use actions::learn::insights::{Gathered, Question, gather};
use axum::extract::Path;
use axum::response::Response;
use domain::learn::insights::{
    Case, Cohort, Comparison, Distribution, ENOUGH, Filter, Insights, Point, Promised, Promises, Quantile, Which,
    in_words, insights, meaning, range_in_words, title,
};
use domain::respond::incidents::Class;
use domain::respond::stamps::{Measure, Precision, Source, Stamp, Took};
use domain::respond::updates::{Fate, Promise};
use domain::words::{Refusal, Timestamp};
use store::Halt;

use crate::api::learn::insights::{InsightQuery, part, points, promise_key};
use crate::handlers::engage::pages::capital;
use crate::handlers::fields::{Fields, escape};
use crate::handlers::frame::{Asked, Look, sentence};
use crate::pages::filters::{Choice, Chosen, Tab};
use crate::pages::learn::insights::{
    EndView, Figure, FilterView, InsightListPage, InsightsPage, MeasureView, PromisesView, QuantileView, RowView,
};
use crate::pages::learn::strips::{Drawing, Mark, Value};
use crate::pages::{Badge, Link, Section, Severity, Shell, Tone, When};
use crate::problem::Problem;

/// So many rows on one page of a list.
const ROWS: usize = 200;

/// The words of the query that say which incidents are looked at.
const FILTERS: [&str; 7] = ["from", "to", "class", "severity", "service", "team", "retrospective"];

/// An address with the same incidents in sight.
fn address(query: &Fields, path: &str, more: &[(&str, &str)]) -> String {
    let kept = FILTERS.into_iter().filter_map(|name| Some((name, query.some(name)?)));
    let pairs: Vec<String> =
        kept.chain(more.iter().copied()).map(|(name, value)| format!("{name}={}", escape(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// What is asked for. What cannot be meant is told, and everything is shown instead.
fn ask(look: &mut Look<'_, '_>) -> Result<(Gathered, Option<String>), Halt> {
    let query = &look.asked.query;
    let said = |name: &str| query.some(name).map(str::to_owned);
    let asked = InsightQuery {
        from: said("from"),
        to: said("to"),
        class: said("class"),
        severity: said("severity"),
        service: said("service"),
        team: said("team"),
        retrospective: Some(query.some("retrospective").is_some_and(|word| word != "false")),
    };
    let (node, sight, now) = (look.app.node(), look.asked.sight(), look.now());
    let gathered = match asked.read(&look.view.zone) {
        Ok(question) => gather(look.tx, node, &question, sight, now),
        Err(refusal) => Err(refusal.into()),
    };
    match gathered {
        Ok(gathered) => Ok((gathered, None)),
        Err(Halt::Refused(refusal)) => {
            let all = gather(look.tx, node, &Question::default(), sight, now)?;
            Ok((all, Some(sentence(&refusal.message))))
        }
        Err(failed) => Err(failed),
    }
}

/// `GET /insights`.
pub async fn get_insights(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Insights, |look, shell| {
            let (gathered, error) = ask(look)?;
            let filter = &gathered.filter;
            let found = insights(&gathered.cases, filter, look.now());
            let before = insights(&gathered.cases, &filter.before(), look.now());
            let pairs = found.distributions.iter().zip(&before.distributions);
            let measures = pairs.map(|(now, then)| measure(look, filter, now, then)).collect();
            let csv = |name: &str| address(&look.asked.query, &format!("/api/v1/insights{name}.csv"), &[]);
            Ok(InsightsPage {
                csv: [("Measures", ""), ("Incidents", "/incidents"), ("Promises", "/promises")]
                    .map(|(title, name)| Link::new(title, csv(name)))
                    .into(),
                filter: filter_view(look, filter, error),
                cohorts: cohorts(look, &found),
                measures,
                promises: promises_view(look, &found.promises),
                shell,
            })
        })
        .await
}

fn cohorts(look: &Look<'_, '_>, found: &Insights<'_>) -> Vec<Figure> {
    let figure = |cohort: &Cohort| {
        let n = found.of(*cohort).len();
        let says = match cohort {
            Cohort::Counted => plural(n, "incident measured", "incidents measured"),
            Cohort::NearMiss => plural(n, "near miss, shown apart", "near misses, shown apart"),
            Cohort::Retrospective => "written down afterwards, not measured",
            Cohort::Cancelled => plural(n, "turned out to be none", "turned out to be none"),
            Cohort::Merged => "merged into another, counted there",
            Cohort::Drill => plural(n, "drill, not measured", "drills, not measured"),
        };
        let href = address(&look.asked.query, "/insights/incidents", &[("which", cohort.word())]);
        (n > 0 || *cohort == Cohort::Counted).then(|| Figure { number: n.to_string(), says: says.into(), href })
    };
    Cohort::ALL.iter().filter_map(figure).collect()
}

const fn plural(n: usize, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}

/// `31 Aug 2026 to 29 Nov 2026`, in the viewer's days.
fn period(look: &Look<'_, '_>, filter: &Filter) -> String {
    let day = |at: Timestamp| at.to_zoned(look.view.zone.clone()).strftime("%-d %b %Y").to_string();
    let last = filter.to.saturating_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(filter.to);
    let (first, last) = (day(filter.from), day(last));
    if first == last { first } else { format!("{first} to {last}") }
}

fn filter_view(look: &Look<'_, '_>, filter: &Filter, error: Option<String>) -> FilterView {
    let (query, catalog) = (&look.asked.query, &look.rules.catalog);
    let choice = |name: &'static str, title, any, all: Vec<(String, String)>| {
        let chosen = query.text(name);
        let options = all.into_iter().map(|(value, title)| Chosen { chosen: value == chosen, value, title });
        Choice { name, title, any, options: options.collect() }
    };
    let classes = [Class::System, Class::Operational, Class::Security];
    let classes = classes.map(|class| (class.word().to_owned(), capital(class.word()))).into();
    let levels = actions::respond::incidents::levels(catalog).into_iter();
    let levels = levels.map(|level| (level.name.clone(), format!("{}: {}", level.name, level.title))).collect();
    let services = catalog.services.iter().map(|(name, one)| (name.to_string(), one.title.clone())).collect();
    let teams = catalog.teams.iter().map(|(name, one)| (name.to_string(), one.title.clone())).collect();
    FilterView {
        from: query.text("from").to_owned(),
        to: query.text("to").to_owned(),
        choices: vec![
            choice("class", "Class", "Any class", classes),
            choice("severity", "Severity", "Any severity", levels),
            choice("service", "Service", "Any service", services),
            choice("team", "Services of", "Any team's services", teams),
        ],
        retrospective: filter.retrospective,
        period: period(look, filter),
        error,
    }
}

fn measure(look: &Look<'_, '_>, filter: &Filter, found: &Distribution<'_>, before: &Distribution<'_>) -> MeasureView {
    let word = found.measure.word();
    let path = format!("/insights/{word}");
    let list = |which: Which| address(&look.asked.query, &path, &[("which", which.word())]);
    let of_all = found.of_all();
    let figure = |n: usize, says: &str, which| {
        (n > 0).then(|| Figure { number: n.to_string(), says: says.to_owned(), href: list(which) })
    };
    let quantiles = found.quantiles();
    let drawing = Drawing {
        values: found.points.iter().map(value).collect(),
        quantiles: quantiles.iter().map(mark).collect(),
        list: list(Which::Known),
    };
    let early =
        if found.measure == Measure::Detect { "caught before the impact" } else { "with the end before the beginning" };
    let few = match found.n() {
        0 => Some("Not known of any incident of this time.".to_owned()),
        n if n < ENOUGH => {
            Some(format!("Fewer than {ENOUGH}: each value stands for itself, and there are no quantiles."))
        }
        _ => None,
    };
    MeasureView {
        word,
        title: title(found.measure),
        means: meaning(found.measure),
        known: Figure {
            number: found.n().to_string(),
            says: format!("of {of_all} {}", plural(of_all, "incident", "incidents")),
            href: list(Which::Known),
        },
        unknown: figure(found.unknown.len(), "not known", Which::Unknown),
        before: figure(found.before(), early, Which::Before),
        quantiles: quantiles.iter().map(quantile).collect(),
        strip: (found.n() > 0).then(|| drawing.draw()),
        few,
        compared: compared(filter, found.n(), found.against(before)),
    }
}

fn room(case: &Case) -> String {
    format!("/incidents/{}", case.id)
}

/// `4 h`, or `about 4 h (3 h to 5 h)` if it is not known exactly.
fn length(took: Took) -> String {
    let said = in_words(took.middle());
    range_in_words(took).map_or_else(|| said.clone(), |range| format!("about {said} ({range})"))
}

fn value(point: &Point<'_>) -> Value {
    Value {
        took: point.took,
        title: format!("{}: {}", domain::words::text::shorten(&point.case.title, 80), length(point.took)),
        href: room(point.case),
    }
}

fn interval(one: &Quantile<'_>) -> String {
    let said = |point: &Point<'_>| in_words(point.seconds());
    match (&one.least, &one.most) {
        (Some(least), Some(most)) => format!("{} to {}", said(least), said(most)),
        (Some(least), None) => format!("{} or more", said(least)),
        (None, Some(most)) => format!("{} or less", said(most)),
        (None, None) => "too few to say".to_owned(),
    }
}

const fn share(percent: u8) -> &'static str {
    match percent {
        50 => "Half within",
        75 => "Three quarters within",
        _ => "Nine tenths within",
    }
}

fn mark(one: &Quantile<'_>) -> Mark {
    let seconds = one.point.seconds();
    Mark {
        label: format!("{}%", one.percent),
        seconds,
        least: one.least.map(|point| point.seconds()),
        most: one.most.map(|point| point.seconds()),
        title: format!("{} {} ({})", share(one.percent), in_words(seconds), interval(one)),
        href: room(one.point.case),
    }
}

fn quantile(one: &Quantile<'_>) -> QuantileView {
    QuantileView {
        says: share(one.percent),
        value: Link::new(in_words(one.point.seconds()), room(one.point.case)),
        interval: interval(one),
    }
}

/// In a sentence: how it was before, and whether a difference can be seen.
fn compared(filter: &Filter, n: usize, comparison: Comparison) -> String {
    let days = (filter.to.duration_since(filter.from).as_secs() + 43_200) / 86_400;
    let then = match days {
        1 => "on the day before".to_owned(),
        2..=400 => format!("in the {days} days before"),
        _ => "in as long a time before".to_owned(),
    };
    let more = |seconds: i64| match seconds {
        0 => "no more".to_owned(),
        1.. => format!("{} more", in_words(seconds)),
        _ => format!("{} less", in_words(seconds.saturating_neg())),
    };
    match comparison {
        Comparison::TooFew { before } if n == 0 && before == 0 => String::new(),
        Comparison::TooFew { before } => {
            format!(
                "Whether it differs from {}, cannot be told (n = {n}, and {before} then).",
                then.trim_start_matches("in ")
            )
        }
        Comparison::Difference { before, seconds, least, most, chance, needed } => {
            let verdict = if comparison.is_detectable() {
                format!(". Chance alone does that in {}.", of_hundred(chance))
            } else {
                let needed = needed.filter(|needed| *needed > n.min(before));
                let needed = needed.map_or_else(String::new, |needed| {
                    format!(" To see that it takes half as long, it takes about {needed} incidents in each.")
                });
                format!(": no detectable difference; chance alone does that in {}.{needed}", of_hundred(chance))
            };
            let (by, least, most) = (more(seconds), more(least), more(most));
            format!("The median took {by} than {then} ({least} to {most}; n = {before}){verdict}")
        }
    }
}

/// `31 of 100 cases`
fn of_hundred(thousandths: u32) -> String {
    match thousandths {
        0..10 => "less than 1 of 100 cases".to_owned(),
        more => format!("{} of 100 cases", more / 10),
    }
}

fn promises_view(look: &Look<'_, '_>, promises: &Promises<'_>) -> PromisesView {
    let (kept, due) = (promises.kept(), promises.due.len());
    let figure = |n: usize, says: &str, which: Promised| Figure {
        number: n.to_string(),
        says: says.to_owned(),
        href: address(&look.asked.query, "/insights/promises", &[("which", which.word())]),
    };
    let percent = |share: f64| format!("{:.0}%", share * 100.0);
    let share = match promises.share() {
        Some((share, least, most)) => {
            format!("{} were kept (in the long run {} to {}).", percent(share), percent(least), percent(most))
        }
        None if due == 0 => "No promise fell due.".to_owned(),
        None => format!("Fewer than {ENOUGH}: there is no share."),
    };
    PromisesView {
        kept: figure(kept, "kept", Promised::Kept),
        due: figure(due, plural(due, "promise that fell due", "promises that fell due"), Promised::Due),
        missed: figure(due - kept, "missed", Promised::Missed),
        share,
    }
}

/// What all lists have in common.
struct List {
    title: String,
    means: String,
    tabs: Vec<Tab>,
    columns: &'static [&'static str],
    rows: Vec<RowView>,
    next: Option<String>,
    between: Option<String>,
}

async fn list(
    asked: Asked,
    make: impl Fn(&mut Look<'_, '_>, &Insights<'_>) -> Result<List, Halt> + Send + 'static,
) -> Result<Response, Problem> {
    asked
        .page(Section::Insights, move |look, shell: Shell| {
            let (gathered, error) = ask(look)?;
            let found = insights(&gathered.cases, &gathered.filter, look.now());
            let List { title, means, tabs, columns, rows, next, between } = make(look, &found)?;
            let query = &look.asked.query;
            let mut about = vec![period(look, &gathered.filter)];
            if error.is_none() {
                about.extend(
                    ["class", "severity", "service", "team"]
                        .into_iter()
                        .filter_map(|name| query.some(name))
                        .map(str::to_owned),
                );
            }
            let back = address(query, "/insights", &[]);
            Ok(InsightListPage {
                title,
                means,
                about: about.join(" · "),
                between,
                back,
                tabs,
                columns,
                rows,
                next,
                error,
                shell,
            })
        })
        .await
}

/// A word of the query, or what stands for it.
fn which<T: std::str::FromStr<Err = Refusal>>(look: &Look<'_, '_>, otherwise: T) -> T {
    look.asked.query.parse("which").unwrap_or(otherwise)
}

/// A page of rows from behind `after`, and where the next one is.
fn page_of<T>(
    look: &Look<'_, '_>,
    path: &str,
    more: &[(&str, &str)],
    all: Vec<T>,
    key: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), Halt> {
    let (rows, next) = part(all, key, look.asked.query.some("after"), ROWS)?;
    let next = next.map(|after| {
        let mut more = more.to_vec();
        more.push(("after", &after));
        address(&look.asked.query, path, &more)
    });
    Ok((rows, next))
}

/// `GET /insights/MEASURE`.
pub async fn get_measure(asked: Asked, Path(word): Path<String>) -> Result<Response, Problem> {
    let measure: Measure = word.parse()?;
    list(asked, move |look, found| {
        let found = found.distribution(measure);
        let path = format!("/insights/{}", measure.word());
        let chosen = which(look, Which::Known);
        let bound = |name: &str| look.asked.query.text(name).parse::<i64>().ok();
        let (least, most) = (bound("at_least"), bound("below"));
        let tab = |one: Which, title, count: usize| Tab {
            title,
            href: address(&look.asked.query, &path, &[("which", one.word())]),
            count: u64::try_from(count).ok(),
            current: one == chosen,
        };
        let mut tabs =
            vec![tab(Which::Known, "Known", found.n()), tab(Which::Unknown, "Not known", found.unknown.len())];
        if found.before() > 0 {
            let title = if measure == Measure::Detect { "Before the impact" } else { "End before the beginning" };
            tabs.push(tab(Which::Before, title, found.before()));
        }
        let (low, high) = (least.map(|one| one.to_string()), most.map(|one| one.to_string()));
        let mut more = vec![("which", chosen.word())];
        more.extend(low.as_deref().map(|low| ("at_least", low)));
        more.extend(high.as_deref().map(|high| ("below", high)));
        let (columns, rows, next): (&'static [&'static str], _, _) = if chosen == Which::Unknown {
            let (all, next) = page_of(look, &path, &more, found.unknown.clone(), |case| case.id.to_string())?;
            (&["Incident", "Known of it"], all.iter().map(|case| row(look, case)).collect(), next)
        } else {
            let all = points(found, chosen, least, most);
            let (all, next) = page_of(look, &path, &more, all, |point| point.case.id.to_string())?;
            (&["Incident", "Took", "From", "To"], all.iter().map(|point| measured(look, point)).collect(), next)
        };
        let between = match (least, most) {
            _ if chosen == Which::Unknown => None,
            (Some(least), Some(most)) => Some(format!("{} to {}", in_words(least), in_words(most))),
            (Some(least), None) => Some(format!("{} or more", in_words(least))),
            (None, Some(most)) => Some(format!("less than {}", in_words(most))),
            (None, None) => None,
        };
        let (title, means) = (title(measure).to_owned(), meaning(measure).to_owned());
        Ok(List { title, means, tabs, columns, rows, next, between })
    })
    .await
}

/// `GET /insights/incidents`.
pub async fn get_incidents(asked: Asked) -> Result<Response, Problem> {
    list(asked, |look, found| {
        let path = "/insights/incidents";
        let chosen = which(look, Cohort::Counted);
        let tab = |one: &Cohort| Tab {
            title: match one {
                Cohort::Counted => "Measured",
                Cohort::NearMiss => "Near misses",
                Cohort::Retrospective => "Written down afterwards",
                Cohort::Cancelled => "None after all",
                Cohort::Merged => "Merged",
                Cohort::Drill => "Drills",
            },
            href: address(&look.asked.query, path, &[("which", one.word())]),
            count: u64::try_from(found.of(*one).len()).ok(),
            current: *one == chosen,
        };
        let tabs = Cohort::ALL.iter().map(tab).collect();
        let all = found.of(chosen).to_vec();
        let (all, next) = page_of(look, path, &[("which", chosen.word())], all, |case| case.id.to_string())?;
        Ok(List {
            title: "Incidents".into(),
            means: "An incident is of the time at which it was declared, or of the best that is known of it.".into(),
            tabs,
            columns: &["Incident", "Known of it"],
            rows: all.iter().map(|case| row(look, case)).collect(),
            next,
            between: None,
        })
    })
    .await
}

/// `GET /insights/promises`.
pub async fn get_promises(asked: Asked) -> Result<Response, Problem> {
    list(asked, |look, found| {
        let (path, found) = ("/insights/promises", &found.promises);
        let chosen = which(look, Promised::Due);
        let tab = |one: &Promised| Tab {
            title: match one {
                Promised::Due => "Fell due",
                Promised::Kept => "Kept",
                Promised::Missed => "Missed",
            },
            href: address(&look.asked.query, path, &[("which", one.word())]),
            count: u64::try_from(found.list(*one).len()).ok(),
            current: *one == chosen,
        };
        let tabs = Promised::ALL.iter().map(tab).collect();
        let (all, next) = page_of(look, path, &[("which", chosen.word())], found.list(chosen), promise_key)?;
        Ok(List {
            title: "Promises of updates".into(),
            means: "Each update says by when the next one comes. It is kept if one came by then; what was over before owes none."
                .into(),
            tabs,
            columns: &["Incident", "Promised by", "Came"],
            rows: all.iter().map(|(case, promise)| promised(look, case, promise, found.is_kept(promise))).collect(),
            next,
            between: None,
        })
    })
    .await
}

fn row(look: &Look<'_, '_>, case: &Case) -> RowView {
    let known: Vec<&'static str> = {
        let standing = domain::respond::stamps::standing(&case.stamps);
        let known = Measure::ALL.into_iter().filter(|measure| measure.ends(&standing).is_some());
        known.map(|measure| title(measure).trim_start_matches("Time ")).collect()
    };
    let known = if known.is_empty() { "no length of time".to_owned() } else { known.join(", ") };
    RowView {
        severity: Severity::of(case.severity.as_deref().unwrap_or("")),
        link: Link::new(&case.title, room(case)),
        restricted: case.codename.clone(),
        class: case.class.word().to_owned(),
        at: dated(look, case.at(), Precision::Day),
        took: None,
        range: None,
        ends: vec![EndView { what: known, when: None, note: String::new() }],
        state: None,
    }
}

fn measured(look: &Look<'_, '_>, point: &Point<'_>) -> RowView {
    RowView {
        took: Some(in_words(point.seconds())),
        range: range_in_words(point.took),
        ends: vec![end(look, point.from), end(look, point.to)],
        ..row(look, point.case)
    }
}

fn promised(look: &Look<'_, '_>, case: &Case, promise: &Promise, kept: bool) -> RowView {
    let came = match promise.fate {
        Fate::Answered { at, .. } => {
            EndView { what: "came".into(), when: Some(dated(look, at, Precision::Minute)), note: String::new() }
        }
        Fate::Open => EndView { what: "not yet".into(), when: None, note: String::new() },
        Fate::Over { at } => {
            EndView { what: "never: over".into(), when: Some(dated(look, at, Precision::Minute)), note: String::new() }
        }
    };
    let by = EndView {
        what: format!("{} update by", promise.audience.word()),
        when: Some(dated(look, promise.by, Precision::Minute)),
        note: String::new(),
    };
    let state = if kept { Badge::new(Tone::Good, "Kept") } else { Badge::new(Tone::Warning, "Missed") };
    RowView { ends: vec![by, came], state: Some(state), ..row(look, case) }
}

fn end(look: &Look<'_, '_>, stamp: &Stamp) -> EndView {
    let source = match stamp.source {
        Source::Monitor => "by a monitor",
        Source::Human => "by a person",
        Source::Import => "imported",
        Source::Derived => "recorded",
    };
    EndView {
        what: stamp.milestone.to_string(),
        when: Some(dated(look, stamp.when.at, stamp.when.precision)),
        note: format!("to the {}, {source}", stamp.when.precision.word()),
    }
}

/// With its year: what is listed may be years apart. No more exact than it is known.
fn dated(look: &Look<'_, '_>, at: Timestamp, precision: Precision) -> When {
    let form = match precision {
        Precision::Year => "%Y",
        Precision::Month => "%b %Y",
        Precision::Day => "%-d %b %Y",
        Precision::Hour | Precision::Minute => "%-d %b %Y, %H:%M",
        Precision::Second => "%-d %b %Y, %H:%M:%S",
    };
    let relative = at.to_zoned(look.view.zone.clone()).strftime(form).to_string();
    When { relative, stays: true, ..look.when(at) }
}
