//! Which documents a document names, and where in it. The one place that knows all references.

use super::documents::{Kind, Spec};
use crate::change::freezes::Freeze;
use crate::change::reviews::Review;
use crate::engage::escalations::Target;
use crate::inform::outgoing_webhooks::OutgoingWebhook;
use crate::learn::postmortem_policies::PostmortemPolicy;
use crate::respond::obligation_packs::Accountable;
use crate::respond::runbooks::Runbook;
use crate::words::Name;

/// A document that is named by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Where in the document: `/spec/steps/0/notify/1/schedule`.
    pub pointer: String,
    pub kind: Kind,
    pub name: Name,
}

/// Every document that the spec names, in the order in which they stand.
pub fn mentions(spec: &Spec) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut one = |pointer: String, kind: Kind, name: &Name| {
        found.push(Mention { pointer: format!("/spec{pointer}"), kind, name: name.clone() });
    };
    let team = |team: &Option<Name>| team.clone().map(|name| ("/team".to_owned(), Kind::Team, name));
    match spec {
        Spec::Person(_)
        | Spec::SeverityMatrix(_)
        | Spec::NotificationTemplate(_)
        | Spec::UpdateTemplate(_)
        | Spec::RollbackAdapter(_)
        | Spec::FactorTaxonomy(_)
        | Spec::Tracker(_)
        | Spec::Environment(_) => {}
        Spec::Role(spec) => {
            if let Some(policy) = &spec.escalation_policy {
                one("/escalation_policy".into(), Kind::EscalationPolicy, policy);
            }
        }
        Spec::Team(spec) => {
            for (place, member) in spec.members.iter().enumerate() {
                one(format!("/members/{place}"), Kind::Person, member);
            }
        }
        Spec::Schedule(spec) => {
            for (layer, spec) in spec.layers.iter().enumerate() {
                for (place, person) in spec.people.iter().enumerate() {
                    one(format!("/layers/{layer}/people/{place}"), Kind::Person, person);
                }
            }
            if let Some((pointer, kind, name)) = team(&spec.team) {
                one(pointer, kind, &name);
            }
        }
        Spec::EscalationPolicy(spec) => {
            for (step, spec) in spec.steps.iter().enumerate() {
                for (place, target) in spec.notify.iter().enumerate() {
                    let pointer = format!("/steps/{step}/notify/{place}");
                    match target {
                        Target::Person(name) => one(format!("{pointer}/person"), Kind::Person, name),
                        Target::Schedule(name) => one(format!("{pointer}/schedule"), Kind::Schedule, name),
                        Target::Webhook(_) => {}
                    }
                }
            }
            if let Some((pointer, kind, name)) = team(&spec.team) {
                one(pointer, kind, &name);
            }
        }
        Spec::Service(spec) => {
            one("/team".into(), Kind::Team, &spec.team);
            for (place, service) in spec.depends_on.iter().enumerate() {
                one(format!("/depends_on/{place}"), Kind::Service, service);
            }
            if let Some(policy) = &spec.escalation_policy {
                one("/escalation_policy".into(), Kind::EscalationPolicy, policy);
            }
        }
        Spec::Route(spec) => {
            if let Some(service) = &spec.service {
                one("/service".into(), Kind::Service, service);
            }
            if let Some(policy) = &spec.escalation_policy {
                one("/escalation_policy".into(), Kind::EscalationPolicy, policy);
            }
        }
        Spec::Checklist(spec) => {
            for (place, item) in spec.items.iter().enumerate() {
                if let Some(role) = &item.role {
                    one(format!("/items/{place}/role"), Kind::Role, role);
                }
            }
        }
        Spec::ObligationPack(spec) => {
            for (place, service) in spec.consider.services.iter().enumerate() {
                one(format!("/consider/services/{place}"), Kind::Service, service);
            }
            match &spec.accountable {
                Some(Accountable::Person(person)) => one("/accountable/person".into(), Kind::Person, person),
                Some(Accountable::Team(team)) => one("/accountable/team".into(), Kind::Team, team),
                None => {}
            }
            if let Some(policy) = &spec.escalation_policy {
                one("/escalation_policy".into(), Kind::EscalationPolicy, policy);
            }
        }
        Spec::StatusPage(spec) => {
            for (group, spec) in spec.groups.iter().enumerate() {
                for (component, spec) in spec.components.iter().enumerate() {
                    for (place, service) in spec.services.iter().enumerate() {
                        let pointer = format!("/groups/{group}/components/{component}/services/{place}");
                        one(pointer, Kind::Service, service);
                    }
                }
            }
        }
        Spec::Chat(spec) => {
            let (roles, people) = spec.rooms.as_ref().map_or((&[][..], &[][..]), |rooms| (&rooms.roles, &rooms.people));
            for (place, role) in roles.iter().enumerate() {
                one(format!("/rooms/roles/{place}"), Kind::Role, role);
            }
            for (place, person) in people.iter().enumerate() {
                one(format!("/rooms/people/{place}"), Kind::Person, person);
            }
        }
        Spec::Flag(spec) => {
            if let Some(owner) = &spec.owner {
                one("/owner".into(), Kind::Team, owner);
            }
            for (place, service) in spec.services.iter().enumerate() {
                one(format!("/services/{place}"), Kind::Service, service);
            }
            for environment in spec.environments.keys() {
                one(format!("/environments/{environment}"), Kind::Environment, environment);
            }
        }
        Spec::Integration(spec) => {
            for (word, service) in spec.source.reports().into_iter().flat_map(|reports| &reports.services) {
                let word = word.replace('~', "~0").replace('/', "~1");
                one(format!("/source/{}/services/{word}", spec.source.word()), Kind::Service, service);
            }
            if let Some((pointer, kind, name)) = team(&spec.team) {
                one(pointer, kind, &name);
            }
        }
        Spec::Freeze(Freeze { services, .. })
        | Spec::Review(Review { services, .. })
        | Spec::PostmortemPolicy(PostmortemPolicy { services, .. }) => {
            for (place, service) in services.iter().enumerate() {
                one(format!("/services/{place}"), Kind::Service, service);
            }
        }
        Spec::OutgoingWebhook(OutgoingWebhook { services, .. }) | Spec::Runbook(Runbook { services, .. }) => {
            for (place, service) in services.iter().enumerate() {
                one(format!("/services/{place}"), Kind::Service, service);
            }
        }
    }
    found
}
