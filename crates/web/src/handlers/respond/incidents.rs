//! Incidents: the list, and the form that declares one.

use actions::detect::views;
use actions::respond::incidents::{self as acts, Declaration};
use axum::response::Response;
use domain::respond::incidents::{Class, Phase, Visibility};
use domain::words::{AlertId, GroupId, IncidentId, Name, Refusal};
use store::Halt;
use store::respond::incidents::{self as rows, Filter, IncidentRow};

use crate::handlers::detect::alerts::summary;
use crate::handlers::engage::pages::capital;
use crate::handlers::fields::Fields;
use crate::handlers::filters::{chips, href, option};
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::pages::filters::{self, Choice, Tab};
use crate::pages::respond::incidents::{IncidentLine, IncidentsPage, LevelChoice, NewIncidentPage, ServiceChoice};
use crate::pages::{Badge, Link, Section, Severity, Tone};
use crate::problem::Problem;

const ROWS: usize = 100;

/// `GET /incidents?tab=open|all&q=&class=&severity=&drill=&before=ID`.
pub async fn get_incidents(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Incidents, |look, shell| {
            let query = &look.asked.query;
            let all = query.text("tab") == "all";
            let word = if all { "all" } else { "open" };
            let before: Option<IncidentId> = query.parse("before").ok();
            let wanted = Filter {
                open: !all,
                class: query.parse("class").ok(),
                severity: query.some("severity").map(str::to_owned),
                words: query.some("q").map(str::to_owned),
                drill: query.some("drill").and_then(|word| word.parse().ok()),
            };
            let most = u32::try_from(ROWS + 1).unwrap_or(u32::MAX);
            let mut found = rows::list(look.tx, &wanted, look.asked.sight(), before, most)?;
            let more = found.len() > ROWS;
            found.truncate(ROWS);
            let tab = |title, word: &str, count, current| Tab {
                title,
                href: href("/incidents", query, &["before"], &[("tab", word)]),
                count,
                current,
            };
            let earlier = |row: &IncidentRow| href("/incidents", query, &[], &[("before", &row.id.to_string())]);
            Ok(IncidentsPage {
                tabs: vec![tab("Open", "open", Some(shell.incidents), !all), tab("All", "all", None, all)],
                filter: filter(look, query, word),
                next: found.last().filter(|_| more).map(earlier),
                rows: found.iter().map(|row| line(look, row)).collect(),
                shell,
            })
        })
        .await
}

fn filter(look: &Look<'_, '_>, query: &Fields, tab: &str) -> filters::Filter {
    let (class, severity) = (query.text("class"), query.text("severity"));
    let classes = Class::ALL.iter().map(|one| option(class, one.word(), &capital(one.word())));
    let levels = levels(look).into_iter();
    let levels = levels.map(|one| option(severity, &one.name, &format!("{}: {}", one.name, one.title)));
    let drill = query.text("drill");
    let drills = [("false", "No drills"), ("true", "Only drills")].map(|(value, title)| option(drill, value, title));
    let choices = vec![
        Choice { name: "class", title: "Class", any: "All classes", options: classes.collect() },
        Choice { name: "severity", title: "Severity", any: "All severities", options: levels.collect() },
        Choice { name: "drill", title: "Drills", any: "Drills, too", options: drills.into() },
    ];
    filters::Filter {
        tab: tab.to_owned(),
        text: query.text("q").to_owned(),
        error: None,
        chips: chips("/incidents", query, &choices),
        choices,
        clear_href: format!("/incidents?tab={tab}"),
    }
}

/// An incident in a list.
pub fn line(look: &Look<'_, '_>, row: &IncidentRow) -> IncidentLine {
    let services = row.services.iter().map(|name| service_title(look, name));
    IncidentLine {
        link: Link::new(&row.title, format!("/incidents/{}", row.id)),
        severity: Severity::of(row.state.severity.as_deref().unwrap_or("")),
        level: row.state.severity.clone().unwrap_or_else(|| "no severity yet".to_owned()),
        phase: phase(row.state.phase),
        class: row.state.class.word(),
        restricted: restricted(row),
        drill: row.drill,
        services: services.collect(),
        commander: row.state.commander.as_ref().map(|name| look.tag(name)),
        since: look.when(row.reported_at),
        going: row.state.activities.keys().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// What it is called where others might read it, if it is restricted.
pub fn restricted(row: &IncidentRow) -> Option<String> {
    row.codename.clone().filter(|_| row.state.visibility == Visibility::Restricted)
}

/// A phase, as a badge.
pub fn phase(phase: Phase) -> Badge {
    let tone = match phase {
        Phase::Reported => Tone::Warning,
        Phase::Active => Tone::Critical,
        Phase::Resolved | Phase::InReview => Tone::Good,
        Phase::Closed | Phase::Cancelled | Phase::Merged => Tone::Quiet,
    };
    Badge::new(tone, capital(&phase.to_string()))
}

pub(in crate::handlers) fn service_title(look: &Look<'_, '_>, name: &Name) -> String {
    look.rules.catalog.services.get(name).map_or_else(|| name.to_string(), |found| found.title.clone())
}

/// The levels that can be chosen.
pub(super) fn levels(look: &Look<'_, '_>) -> Vec<LevelChoice> {
    let levels = acts::levels(&look.rules.catalog).into_iter();
    let choice = |level: domain::prepare::severity::Level| LevelChoice {
        name: level.name,
        title: level.title,
        system: level.system,
        operational: level.operational,
        security: level.security,
    };
    levels.map(choice).collect()
}

/// What the form holds.
#[derive(Clone, Debug, Default)]
struct Form {
    title: String,
    class: String,
    severity: String,
    because: String,
    impact: String,
    visibility: String,
    drill: bool,
    services: Vec<String>,
    from: Vec<String>,
    error: Option<String>,
}

impl Form {
    fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.raw(name).to_owned();
        let class = fields.text("class");
        Self {
            title: text("title"),
            class: if class.is_empty() { Class::System.word().to_owned() } else { class.to_owned() },
            severity: fields.text("severity").to_owned(),
            because: text("because"),
            impact: text("impact"),
            visibility: fields.text("visibility").to_owned(),
            drill: fields.text("drill") == "yes",
            services: fields.all("service").map(str::to_owned).collect(),
            from: fields.all("from").map(str::to_owned).collect(),
            error: None,
        }
    }

    fn read(&self, how: &str) -> Result<Declaration, Refusal> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.trim().is_empty());
        Ok(Declaration {
            severity: some(&self.severity),
            because: some(&self.because),
            impact: some(&self.impact),
            visibility: some(&self.visibility).map(|word| word.parse()).transpose()?,
            services: self.services.iter().map(|name| name.parse()).collect::<Result<_, _>>()?,
            from: self.from.clone(),
            only_reported: how == "report" || how == "near-miss",
            near_miss: how == "near-miss",
            drill: self.drill,
            ..Declaration::new(&self.title, self.class.parse()?)
        })
    }
}

/// `GET /incidents/new?alert=ID` or `?group=ID`.
pub async fn get_new(asked: Asked) -> Result<Response, Problem> {
    let mut form = Form::of(&asked.query);
    let named = ["alert", "group"].into_iter().filter_map(|name| asked.query.some(name));
    form.from.extend(named.map(str::to_owned));
    page(asked, form, true).await
}

async fn page(asked: Asked, form: Form, fresh: bool) -> Result<Response, Problem> {
    asked
        .page(Section::Incidents, move |look, shell| {
            let mut form = form.clone();
            let mut from = Vec::new();
            for subject in std::mem::take(&mut form.from) {
                if let Some((name, service)) = origin(look, &subject)? {
                    if fresh && form.title.is_empty() {
                        form.title.clone_from(&name);
                    }
                    if fresh {
                        form.services.extend(service.map(|service| service.to_string()));
                    }
                    from.push((subject, name));
                }
            }
            let services = look.rules.catalog.services.iter().map(|(name, service)| ServiceChoice {
                name: name.to_string(),
                title: service.title.clone(),
                chosen: form.services.iter().any(|chosen| chosen == name.as_str()),
            });
            Ok(NewIncidentPage {
                services: services.collect(),
                levels: levels(look),
                title: domain::words::text::shorten(&form.title, 200),
                class: form.class,
                severity: form.severity,
                because: form.because,
                impact: form.impact,
                visibility: form.visibility,
                drill: form.drill,
                from,
                error: form.error,
                shell,
            })
        })
        .await
}

/// What something is called from which an incident may come, and the service that it is about.
fn origin(look: &mut Look<'_, '_>, subject: &str) -> Result<Option<(String, Option<Name>)>, Halt> {
    if let Ok(id) = subject.parse::<AlertId>() {
        let view = views::one(look.tx, &look.app.node().board(), id)?;
        return Ok(view.map(|view| (summary(&view), view.service)));
    }
    if let Ok(id) = subject.parse::<GroupId>() {
        return Ok(store::detect::groups::get(look.tx, id)?.map(|(group, _)| (group.title, group.service)));
    }
    Ok(None)
}

/// `POST /incidents`: declares, reports or keeps a near miss.
pub async fn post_incidents(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let mut form = Form::of(&fields);
    let how = fields.text("how").to_owned();
    let outcome = match form.read(&how) {
        Ok(wanted) => {
            let act = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| acts::declare(tx, node, &mut moment.again(), &wanted))
            };
            asked.app.act(asked.actor(), act).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(row) => {
            let said = match how.as_str() {
                "report" => "Reported. Somebody should look at it and declare it, or say that it is none",
                "near-miss" => "Kept as a near miss",
                _ => "Declared. Take command, or ask somebody to",
            };
            Ok(asked.lead(&format!("/incidents/{}", row.id), Some(done(said))))
        }
        Err(Halt::Refused(refusal)) => {
            form.error = Some(sentence(&refusal.message));
            page(asked, form, false).await
        }
        Err(failed) => Err(failed.into()),
    }
}
