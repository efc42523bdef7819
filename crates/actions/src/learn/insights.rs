//! Insights for whoever asks: which incidents they mean, in the words of a query, and what is read for it.
//!
//! Reads only. What whoever looks may not see is not counted: a number tells nothing of it.

use domain::learn::insights::{Case, Filter};
use domain::prepare::catalog::Catalog;
use domain::respond::incidents::Class;
use domain::respond::sight::Sight;
use domain::respond::stamps::When;
use domain::words::{Name, Refusal, Timestamp, text};
use store::{Halt, Tx};

use crate::Node;

/// What is asked for; what is not said is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The first day, or a time as exact as it is meant.
    pub from: Option<When>,
    /// The last day, which is part of it.
    pub to: Option<When>,
    pub class: Option<Class>,
    pub severity: Option<String>,
    pub service: Option<Name>,
    /// The services that this team looks after.
    pub team: Option<Name>,
    /// What was written down afterwards is measured, too.
    pub retrospective: bool,
}

/// The filter, and what it may admit: of its stretch of time, and of as long a one before.
#[derive(Clone, Debug)]
pub struct Gathered {
    pub filter: Filter,
    pub cases: Vec<Case>,
}

/// Reads what a question is about.
pub fn gather(
    tx: &mut Tx<'_>,
    node: &Node,
    question: &Question,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Gathered, Halt> {
    let filter = filter(&node.rules(tx)?.catalog, question, now)?;
    let cases = store::learn::insights::cases(tx, filter.before().from, filter.to, sight)?;
    Ok(Gathered { filter, cases })
}

fn filter(catalog: &Catalog, question: &Question, now: Timestamp) -> Result<Filter, Refusal> {
    let (from, to) = (question.from.as_ref().map(|when| when.at), question.to.as_ref().map(|when| when.until));
    let team = question.team.as_ref().map(|name| team(catalog, name)).transpose()?;
    let services = match (question.service.clone(), team) {
        (Some(service), Some(team)) => Some(team.into_iter().filter(|one| *one == service).collect()),
        (Some(service), None) => Some(vec![service]),
        (None, team) => team,
    };
    Ok(Filter {
        class: question.class,
        severity: question.severity.clone(),
        services,
        retrospective: question.retrospective,
        ..Filter::period(from, to, now)?
    })
}

/// The services that a team looks after.
fn team(catalog: &Catalog, name: &Name) -> Result<Vec<Name>, Refusal> {
    if !catalog.teams.contains_key(name) {
        let near = text::did_you_mean(name.as_str(), catalog.teams.keys().map(Name::as_str));
        return Err(Refusal::invalid(format!("there is no team {:?}{near}", name.as_str())).at("?team"));
    }
    let own = catalog.services.iter().filter(|(_, service)| service.team == *name);
    Ok(own.map(|(name, _)| name.clone()).collect())
}

#[cfg(test)]
mod tests {
    use domain::learn::insights::{Cohort, insights};
    use domain::respond::stamps::{Measure, Precision};

    use super::*;
    use crate::respond::desk::{Desk, name};
    use crate::respond::incidents::Declaration;

    const OWNERS: &str = "
kind: team
name: web
spec: { title: Web, members: [ana] }
---
kind: team
name: db
spec: { title: Databases, members: [ben] }
---
kind: service
name: shop
spec: { title: Shop, team: web }
---
kind: service
name: search
spec: { title: Search, team: web }
";

    store::both_engines! {
        fn a_question_is_about_what_its_words_say(store) {
            let desk = Desk::open(store);
            desk.apply(OWNERS);
            let declare = |service: &str, severity: &str, class| {
                let services = vec![name(service)];
                desk.declare("ana", &Declaration { services, severity: Some(severity.into()), ..Declaration::new("It fails", class) })
            };
            declare("shop", "SEV1", Class::System);
            declare("search", "SEV2", Class::Operational);
            // Restricted: there for ana alone.
            declare("shop", "SEV2", Class::Security);
            let count = |person: &str, question: Question| desk.by(person, |tx, node, moment| {
                let viewer = name(person);
                let found = gather(tx, node, &question, Sight::Of(&viewer), moment.now)?;
                let found = insights(&found.cases, &found.filter, moment.now);
                Ok((found.of(Cohort::Counted).len(), found.distribution(Measure::Command).of_all()))
            });
            let any = Question::default;
            let day = |at: &str, until: &str| Some(When { at: at.parse().unwrap(), until: until.parse().unwrap(), precision: Precision::Day });
            let first = || day("2026-09-20T00:00:00Z", "2026-09-21T00:00:00Z");
            let second = || day("2026-09-21T00:00:00Z", "2026-09-22T00:00:00Z");
            let table = [
                (any(), 2, 3),
                (Question { service: Some(name("shop")), ..any() }, 1, 2),
                (Question { team: Some(name("web")), ..any() }, 2, 3),
                (Question { team: Some(name("db")), ..any() }, 0, 0),
                (Question { team: Some(name("web")), service: Some(name("shop")), ..any() }, 1, 2),
                (Question { team: Some(name("db")), service: Some(name("shop")), ..any() }, 0, 0),
                (Question { severity: Some("SEV2".into()), ..any() }, 1, 2),
                (Question { class: Some(Class::Security), ..any() }, 0, 1),
                (Question { to: first(), ..any() }, 0, 0),
                (Question { from: second(), to: second(), ..any() }, 2, 3),
            ];
            for (question, others, ana) in table {
                assert_eq!(count("ben", question.clone()).unwrap(), (others, others), "{question:?}");
                assert_eq!(count("ana", question.clone()).unwrap(), (ana, ana), "{question:?}");
            }
            for (question, says) in [
                (Question { from: second(), to: first(), ..any() }, "?to: the period ends before it begins"),
                (Question { team: Some(name("wbe")), ..any() }, "?team: there is no team \"wbe\" (did you mean \"web\"?)"),
            ] {
                match count("ana", question) {
                    Err(Halt::Refused(refusal)) => assert_eq!(refusal.to_string(), says),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}
