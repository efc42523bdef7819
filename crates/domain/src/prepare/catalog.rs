//! All documents in force, typed, at one revision. What the rules look things up in.

use std::collections::BTreeMap;

use super::documents::{Document, Kind, Reference, Spec, with_kinds};
use super::people::Person;
use super::roles::Role;
use super::services::Service;
use super::severity::SeverityMatrix;
use super::teams::Team;
use super::templates::NotificationTemplate;
use crate::change::environments::Environment;
use crate::change::flags::Flag;
use crate::change::freezes::Freeze;
use crate::change::reviews::Review;
use crate::change::rollback_adapters::RollbackAdapter;
use crate::detect::integrations::Integration;
use crate::detect::routes::Route;
use crate::engage::escalations::EscalationPolicy;
use crate::engage::schedules::Schedule;
use crate::inform::outgoing_webhooks::OutgoingWebhook;
use crate::inform::status_pages::StatusPage;
use crate::learn::factor_taxonomies::FactorTaxonomy;
use crate::learn::postmortem_policies::PostmortemPolicy;
use crate::learn::trackers::Tracker;
use crate::respond::chats::Chat;
use crate::respond::checklists::Checklist;
use crate::respond::obligation_packs::ObligationPack;
use crate::respond::runbooks::Runbook;
use crate::respond::update_templates::UpdateTemplate;
use crate::words::Name;

/// The documents in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    /// The number of the last changeset that is part of it; 0 before the first.
    pub revision: i64,
    pub people: BTreeMap<Name, Person>,
    pub teams: BTreeMap<Name, Team>,
    pub services: BTreeMap<Name, Service>,
    pub schedules: BTreeMap<Name, Schedule>,
    pub escalation_policies: BTreeMap<Name, EscalationPolicy>,
    pub routes: BTreeMap<Name, Route>,
    pub integrations: BTreeMap<Name, Integration>,
    pub severity_matrices: BTreeMap<Name, SeverityMatrix>,
    pub roles: BTreeMap<Name, Role>,
    pub notification_templates: BTreeMap<Name, NotificationTemplate>,
    pub update_templates: BTreeMap<Name, UpdateTemplate>,
    pub obligation_packs: BTreeMap<Name, ObligationPack>,
    pub checklists: BTreeMap<Name, Checklist>,
    pub runbooks: BTreeMap<Name, Runbook>,
    pub outgoing_webhooks: BTreeMap<Name, OutgoingWebhook>,
    pub status_pages: BTreeMap<Name, StatusPage>,
    pub chats: BTreeMap<Name, Chat>,
    pub freezes: BTreeMap<Name, Freeze>,
    pub reviews: BTreeMap<Name, Review>,
    pub rollback_adapters: BTreeMap<Name, RollbackAdapter>,
    pub environments: BTreeMap<Name, Environment>,
    pub flags: BTreeMap<Name, Flag>,
    pub postmortem_policies: BTreeMap<Name, PostmortemPolicy>,
    pub factor_taxonomies: BTreeMap<Name, FactorTaxonomy>,
    pub trackers: BTreeMap<Name, Tracker>,
}

macro_rules! lookups {
    ($($kind:ident($spec:ty) in $field:ident;)*) => {
        impl Catalog {
            /// What the document says, if there is one.
            pub fn get(&self, reference: &Reference) -> Option<Spec> {
                match reference.kind { $(Kind::$kind => self.$field.get(&reference.name).cloned().map(Spec::$kind),)* }
            }

            pub fn has(&self, kind: Kind, name: &str) -> bool {
                match kind { $(Kind::$kind => self.$field.contains_key(name),)* }
            }

            /// Puts the document in force, in the place of what was there.
            pub fn insert(&mut self, document: Document) {
                match document.spec { $(Spec::$kind(spec) => { self.$field.insert(document.name, spec); })* }
            }

            pub fn remove(&mut self, reference: &Reference) {
                match reference.kind { $(Kind::$kind => { self.$field.remove(&reference.name); })* }
            }

            /// The names of all documents of a kind, sorted.
            pub fn names(&self, kind: Kind) -> Vec<&Name> {
                match kind { $(Kind::$kind => self.$field.keys().collect(),)* }
            }

            /// All documents of a kind, sorted by name.
            pub fn of_kind(&self, kind: Kind) -> Vec<Document> {
                match kind {
                    $(Kind::$kind => {
                        self.$field.iter().map(|(name, spec)| Document::new(name.clone(), spec.clone())).collect()
                    })*
                }
            }
        }
    };
}
with_kinds!(lookups);

impl Catalog {
    /// All documents, in the order in which the kinds refer to each other.
    pub fn documents(&self) -> Vec<Document> {
        Kind::ALL.into_iter().flat_map(|kind| self.of_kind(kind)).collect()
    }

    /// All references, in the same order.
    pub fn references(&self) -> Vec<Reference> {
        let names = |kind| self.names(kind).into_iter().map(move |name| Reference::new(kind, name.clone()));
        Kind::ALL.into_iter().flat_map(names).collect()
    }
}
