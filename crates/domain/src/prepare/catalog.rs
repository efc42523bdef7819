//! All documents in force, typed, at one revision. What the rules look things up in.

use std::collections::BTreeMap;

use super::people::Person;
use super::roles::Role;
use super::services::Service;
use super::severity::SeverityMatrix;
use super::teams::Team;
use super::templates::NotificationTemplate;
use crate::detect::integrations::Integration;
use crate::detect::routes::Route;
use crate::engage::escalations::EscalationPolicy;
use crate::engage::schedules::Schedule;
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
}
