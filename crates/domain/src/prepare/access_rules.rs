//! Who may change which document. One function, for pages and programs alike; it knows people, teams and documents,
//! and nothing of sessions or tokens.

use super::catalog::Catalog;
use super::documents::{Kind, Reference, Spec};
use super::people::{Access, Person};
use crate::words::{Name, Refusal, Result};

/// Whether this person may make `after` of the document (nothing: take it away). What it says now is asked of the
/// catalog.
///
/// Administrators may everything. Managers may change what belongs to their teams, before and after. Everybody may
/// change how they themselves are reached.
pub fn may_edit(
    person: &Name,
    access: Access,
    catalog: &Catalog,
    reference: &Reference,
    after: Option<&Spec>,
) -> Result<()> {
    if access == Access::Administrator {
        return Ok(());
    }
    let before = catalog.get(reference);
    if let (Some(Spec::Person(before)), Some(Spec::Person(after))) = (&before, after)
        && reference.name == *person
    {
        return may_edit_self(before, after);
    }
    if access < Access::Manager {
        return Err(Refusal::forbidden(format!(
            "changing {reference} needs the access manager; you may change how you yourself are reached"
        )));
    }
    if before.is_none() && after.is_none() {
        return Err(Refusal::forbidden(format!("{reference} is not of a team of yours")));
    }
    for spec in before.as_ref().into_iter().chain(after) {
        owned(person, catalog, reference, spec)?;
    }
    Ok(())
}

/// Whether to offer the change at all: may they, if what it says stays with its team?
pub fn may_edit_some(person: &Name, access: Access, catalog: &Catalog, reference: &Reference) -> bool {
    let now = catalog.get(reference);
    may_edit(person, access, catalog, reference, now.as_ref()).is_ok()
}

/// Of themselves people change name, zone, contacts and ladder; not what they may do, nor how they sign in.
fn may_edit_self(before: &Person, after: &Person) -> Result<()> {
    for (field, same) in [
        ("access", before.access == after.access),
        ("email", before.email == after.email),
        ("inactive", before.inactive == after.inactive),
        // Who speaks in a chat as this acts here as this person.
        ("chat", before.chat == after.chat),
    ] {
        if !same {
            let why = format!("an administrator changes `{field}`; you may change your contacts and your ladder");
            return Err(Refusal::forbidden(why).at(format!("/spec/{field}")));
        }
    }
    Ok(())
}

/// Whether what the document says belongs to a team of this person.
fn owned(person: &Name, catalog: &Catalog, reference: &Reference, spec: &Spec) -> Result<()> {
    let member = |team: &Name| catalog.teams.get(team).is_some_and(|team| team.members.contains(person));
    let of_service = |service: &Name| catalog.services.get(service).is_some_and(|service| member(&service.team));
    let of_policy = |policy: &Name| {
        let policy = catalog.escalation_policies.get(policy);
        policy.and_then(|policy| policy.team.as_ref()).is_some_and(member)
    };
    let no = |why: String| Err(Refusal::forbidden(why));
    let by_team = |team: Option<&Name>| match team {
        Some(team) if member(team) => Ok(()),
        Some(team) => no(format!("{reference} belongs to the team {team}, and you do not")),
        None => no(format!("{reference} belongs to no team, so only an administrator may change it")),
    };
    match spec {
        Spec::Team(_) => match catalog.teams.get(&reference.name) {
            Some(team) if team.members.contains(person) => Ok(()),
            Some(_) => no(format!("you do not belong to {reference}")),
            None => no("an administrator makes a new team".into()),
        },
        Spec::Service(service) => by_team(Some(&service.team)),
        Spec::Schedule(schedule) => by_team(schedule.team.as_ref()),
        Spec::EscalationPolicy(policy) => by_team(policy.team.as_ref()),
        Spec::Integration(integration) => by_team(integration.team.as_ref()),
        Spec::Flag(flag) => by_team(flag.owner.as_ref()),
        // Whether a law applies to the organisation is nobody's own affair.
        Spec::ObligationPack(_) => {
            no(format!("{reference} is what the organisation owes others, so only an administrator may change it"))
        }
        // A route without matchers takes every alert from every other team.
        Spec::Route(route) if route.matchers.is_empty() => {
            no(format!("{reference} matches every alert, so only an administrator may change it"))
        }
        Spec::Route(route) => match (&route.service, &route.escalation_policy) {
            (Some(service), _) if of_service(service) => Ok(()),
            (None, Some(policy)) if of_policy(policy) => Ok(()),
            _ => no(format!("{reference} is not about a service of a team of yours")),
        },
        Spec::Runbook(runbook) if runbook.services.iter().any(&of_service) => Ok(()),
        Spec::Runbook(_) => no(format!("{reference} is not about a service of a team of yours")),
        // What the public is told of, and when nothing is changed, belongs to all teams: whoever manages may say it.
        Spec::StatusPage(_) | Spec::Freeze(_) => Ok(()),
        Spec::Person(_)
        | Spec::SeverityMatrix(_)
        | Spec::Role(_)
        | Spec::NotificationTemplate(_)
        | Spec::UpdateTemplate(_)
        | Spec::Checklist(_)
        | Spec::OutgoingWebhook(_)
        | Spec::Chat(_)
        | Spec::RollbackAdapter(_)
        | Spec::Review(_)
        | Spec::PostmortemPolicy(_)
        | Spec::FactorTaxonomy(_)
        | Spec::Tracker(_)
        | Spec::Environment(_) => {
            let what = match reference.kind {
                Kind::Person => "another person",
                _ => "what all teams share",
            };
            no(format!("{reference} is {what}, so only an administrator may change it"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::prepare::checks;
    use crate::prepare::reading::from_yaml;

    const FIRM: &str = "
kind: person
name: ana
spec: { full_name: Ana, email: ana@example.org, access: manager }
---
kind: person
name: ben
spec: { full_name: Ben, email: ben@example.org }
---
kind: team
name: web
spec: { title: Web, members: [ana] }
---
kind: team
name: db
spec: { title: Databases, members: [ben] }
---
kind: schedule
name: web
spec:
  title: Web
  time_zone: UTC
  team: web
  layers: [{ name: a, people: [ana], starts: 2026-11-02T09:00, rotate: { weeks: 1 } }]
---
kind: escalation-policy
name: web
spec: { title: Web, team: web, steps: [{ notify: [{ person: ana }] }] }
---
kind: escalation-policy
name: all
spec: { title: All, steps: [{ notify: [{ person: ana }] }] }
---
kind: service
name: shop
spec: { title: Shop, team: web }
---
kind: service
name: ledger
spec: { title: Ledger, team: db }
---
kind: route
name: shop
spec: { match: ['service=\"shop\"'], service: shop }
---
kind: route
name: everything
spec: { escalation_policy: web }
---
kind: route
name: by-policy
spec: { match: ['a=\"b\"'], escalation_policy: web }
---
kind: integration
name: prom
spec: { title: Prometheus, team: web, source: { alertmanager: {} } }
---
kind: integration
name: shared
spec: { title: Shared, source: { alertmanager: {} } }
---
kind: role
name: scribe
spec: { title: Scribe, duties: [writes] }
---
kind: rollback-adapter
name: shop
spec: { title: Shop, system: { webhook: { url: 'https://deploy.example.org/' } } }
";

    fn catalog() -> Catalog {
        let reading = from_yaml("firm", FIRM);
        assert_eq!(reading.problems, []);
        checks::proposed(&Catalog::default(), &reading.proposals, &[])
    }

    #[test]
    fn managers_change_what_belongs_to_their_teams_and_everybody_how_they_are_reached() {
        let catalog = catalog();
        let mut table = String::new();
        for reference in catalog.references() {
            write!(table, "{:<24}", reference.to_string()).unwrap();
            for (person, access) in [
                ("ana", Access::Administrator),
                ("ana", Access::Manager),
                ("ben", Access::Manager),
                ("ben", Access::Responder),
                ("ben", Access::Viewer),
            ] {
                let may = may_edit_some(&person.parse().unwrap(), access, &catalog, &reference);
                write!(table, " {:<9}", if may { "may" } else { "-" }).unwrap();
            }
            table = format!("{}\n", table.trim_end());
        }
        // ana as administrator, ana as manager (of web), ben as manager (of db), as responder, as viewer
        insta::assert_snapshot!(table, @"
        person/ana               may       may       -         -         -
        person/ben               may       -         may       may       may
        team/db                  may       -         may       -         -
        team/web                 may       may       -         -         -
        schedule/web             may       may       -         -         -
        escalation-policy/all    may       -         -         -         -
        escalation-policy/web    may       may       -         -         -
        service/ledger           may       -         may       -         -
        service/shop             may       may       -         -         -
        route/by-policy          may       may       -         -         -
        route/everything         may       -         -         -         -
        route/shop               may       may       -         -         -
        integration/prom         may       may       -         -         -
        integration/shared       may       -         -         -         -
        role/scribe              may       -         -         -         -
        rollback-adapter/shop    may       -         -         -         -
        ");
    }

    #[test]
    fn nothing_passes_from_or_to_another_team_and_nobody_raises_themselves() {
        let catalog = catalog();
        for (document, says) in [
            ("kind: service\nname: shop\nspec: { title: Shop, team: db }", "belongs to the team db, and you do not"),
            ("kind: service\nname: ledger\nspec: { title: L, team: web }", "belongs to the team db, and you do not"),
            ("kind: service\nname: new\nspec: { title: New, team: web }", ""),
            ("kind: service\nname: new\nspec: { title: New, team: db }", "belongs to the team db, and you do not"),
            ("kind: team\nname: new\nspec: { title: New, members: [ana] }", "an administrator makes a new team"),
            ("kind: team\nname: web\nspec: { title: Web, members: [ana, ben] }", ""),
            ("kind: team\nname: db\nspec: { title: Db, members: [ana] }", "you do not belong to team/db"),
            ("kind: route\nname: shop\nspec: { service: shop }", "matches every alert"),
            ("kind: route\nname: new\nspec: { match: ['a=\"b\"'], service: ledger }", "not about a service of a team"),
            ("kind: person\nname: ana\nspec: { full_name: A, email: ana@example.org, access: manager }", ""),
            (
                "kind: person\nname: ana\nspec: { full_name: A, email: ana@example.org, access: administrator }",
                "an administrator changes `access`",
            ),
            ("kind: person\nname: ana\nspec: { full_name: A, email: x@example.org, access: manager }", "`email`"),
            ("kind: person\nname: ben\nspec: { full_name: B, email: ben@example.org }", "is another person"),
            ("kind: person\nname: eve\nspec: { full_name: E, email: e@example.org }", "is another person"),
        ] {
            let reading = from_yaml("body", document);
            let [proposal] = &reading.proposals[..] else { panic!("{:?}", reading.problems) };
            let (reference, spec) = (proposal.document.reference(), &proposal.document.spec);
            let said = may_edit(&"ana".parse().unwrap(), Access::Manager, &catalog, &reference, Some(spec));
            let said = said.err().map(|refusal| refusal.message).unwrap_or_default();
            assert!(if says.is_empty() { said.is_empty() } else { said.contains(says) }, "{document}: {said}");
        }
        let own = "person/ana".parse().unwrap();
        assert!(may_edit(&"ana".parse().unwrap(), Access::Manager, &catalog, &own, None).is_err(), "not oneself away");
    }
}
