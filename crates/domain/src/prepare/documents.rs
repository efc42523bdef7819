//! A document: kind, name, spec. The one form of everything that an administrator sets.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;
use sha2::{Digest, Sha256};

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
use crate::words::{Name, Refusal, text};

/// The kinds of document. The word is the same in files, URLs and on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Person,
    Team,
    Service,
    Schedule,
    EscalationPolicy,
    Route,
    Integration,
    SeverityMatrix,
    Role,
    NotificationTemplate,
    UpdateTemplate,
    ObligationPack,
    Checklist,
    Runbook,
    OutgoingWebhook,
    StatusPage,
    Chat,
    Freeze,
    Review,
    RollbackAdapter,
    Environment,
    Flag,
    PostmortemPolicy,
    FactorTaxonomy,
    Tracker,
}

impl Kind {
    /// In the order in which they refer to each other.
    pub const ALL: [Self; 25] = [
        Self::Person,
        Self::Team,
        Self::Schedule,
        Self::EscalationPolicy,
        Self::Service,
        Self::Route,
        Self::Integration,
        Self::SeverityMatrix,
        Self::Role,
        Self::NotificationTemplate,
        Self::UpdateTemplate,
        Self::ObligationPack,
        Self::Checklist,
        Self::Runbook,
        Self::OutgoingWebhook,
        Self::StatusPage,
        Self::Chat,
        Self::Freeze,
        Self::Review,
        Self::RollbackAdapter,
        Self::Environment,
        Self::Flag,
        Self::PostmortemPolicy,
        Self::FactorTaxonomy,
        Self::Tracker,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Team => "team",
            Self::Service => "service",
            Self::Schedule => "schedule",
            Self::EscalationPolicy => "escalation-policy",
            Self::Route => "route",
            Self::Integration => "integration",
            Self::SeverityMatrix => "severity-matrix",
            Self::Role => "role",
            Self::NotificationTemplate => "notification-template",
            Self::UpdateTemplate => "update-template",
            Self::ObligationPack => "obligation-pack",
            Self::Checklist => "checklist",
            Self::Runbook => "runbook",
            Self::OutgoingWebhook => "outgoing-webhook",
            Self::StatusPage => "status-page",
            Self::Chat => "chat",
            Self::Freeze => "freeze",
            Self::Review => "review",
            Self::RollbackAdapter => "rollback-adapter",
            Self::Environment => "environment",
            Self::Flag => "flag",
            Self::PostmortemPolicy => "postmortem-policy",
            Self::FactorTaxonomy => "factor-taxonomy",
            Self::Tracker => "tracker",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Kind {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| {
            let near = text::did_you_mean(word, Self::ALL.map(Self::word));
            Refusal::invalid(format!("there is no kind of document {:?}{near}", text::shorten(word, 40)))
        })
    }
}

/// Calls a macro with every kind, the type of its spec, and its field in the catalog.
macro_rules! with_kinds {
    ($then:ident) => {
        $then! {
            Person(Person) in people;
            Team(Team) in teams;
            Schedule(Schedule) in schedules;
            EscalationPolicy(EscalationPolicy) in escalation_policies;
            Service(Service) in services;
            Route(Route) in routes;
            Integration(Integration) in integrations;
            SeverityMatrix(SeverityMatrix) in severity_matrices;
            Role(Role) in roles;
            NotificationTemplate(NotificationTemplate) in notification_templates;
            UpdateTemplate(UpdateTemplate) in update_templates;
            ObligationPack(ObligationPack) in obligation_packs;
            Checklist(Checklist) in checklists;
            Runbook(Runbook) in runbooks;
            OutgoingWebhook(OutgoingWebhook) in outgoing_webhooks;
            StatusPage(StatusPage) in status_pages;
            Chat(Chat) in chats;
            Freeze(Freeze) in freezes;
            Review(Review) in reviews;
            RollbackAdapter(RollbackAdapter) in rollback_adapters;
            Environment(Environment) in environments;
            Flag(Flag) in flags;
            PostmortemPolicy(PostmortemPolicy) in postmortem_policies;
            FactorTaxonomy(FactorTaxonomy) in factor_taxonomies;
            Tracker(Tracker) in trackers;
        }
    };
}
pub(super) use with_kinds;

macro_rules! specs {
    ($($kind:ident($spec:ty) in $field:ident;)*) => {
        /// What a document says: one variant per kind.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Spec { $($kind($spec),)* }

        impl Spec {
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)* }
            }

            /// As JSON, in the order in which the fields are declared.
            pub fn to_json(&self) -> Value {
                let value = match self { $(Self::$kind(spec) => serde_json::to_value(spec),)* };
                // A spec is made of texts, numbers, lists and maps with text keys: there is nothing to fail.
                value.unwrap_or(Value::Null)
            }

            /// Reads what [`Spec::canonical`] wrote.
            pub fn from_canonical(kind: Kind, text: &str) -> Result<Self, serde_json::Error> {
                let mut from = serde_json::Deserializer::from_str(text);
                let spec = Self::deserialize(kind, &mut from)?;
                from.end()?;
                Ok(spec)
            }

            /// Reads a spec of the given kind from anything that serde reads from.
            pub fn deserialize<'de, D: serde::Deserializer<'de>>(kind: Kind, from: D) -> Result<Self, D::Error> {
                use serde::Deserialize as _;
                match kind { $(Kind::$kind => <$spec>::deserialize(from).map(Self::$kind),)* }
            }
        }

        $(impl From<$spec> for Spec {
            fn from(spec: $spec) -> Self { Self::$kind(spec) }
        })*
    };
}
with_kinds!(specs);

impl Spec {
    /// The one text that says this and nothing else: JSON without blanks, keys sorted, and without what the specs
    /// leave out when it is the default.
    pub fn canonical(&self) -> String {
        sorted(self.to_json()).to_string()
    }
}

/// Which document: `schedule/payments-primary`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    pub kind: Kind,
    pub name: Name,
}

impl Reference {
    pub const fn new(kind: Kind, name: Name) -> Self {
        Self { kind, name }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl FromStr for Reference {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self, Refusal> {
        let (kind, name) = word.split_once('/').ok_or_else(|| {
            Refusal::invalid(format!(
                "{:?} does not name a document: write KIND/NAME, for example schedule/payments",
                text::shorten(word, 80)
            ))
        })?;
        Ok(Self { kind: kind.parse()?, name: name.parse()? })
    }
}

/// A document: kind (that of its spec), name, spec.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub name: Name,
    pub spec: Spec,
}

impl Document {
    pub fn new(name: Name, spec: impl Into<Spec>) -> Self {
        Self { name, spec: spec.into() }
    }

    pub const fn kind(&self) -> Kind {
        self.spec.kind()
    }

    pub fn reference(&self) -> Reference {
        Reference::new(self.kind(), self.name.clone())
    }

    /// `{"kind": .., "name": .., "spec": ..}`, fields in the order in which people read them.
    pub fn to_json(&self) -> Value {
        serde_json::json!({ "kind": self.kind().word(), "name": self.name.as_str(), "spec": self.spec.to_json() })
    }

    /// As [`Spec::canonical`], for the whole document.
    pub fn canonical(&self) -> String {
        sorted(self.to_json()).to_string()
    }

    /// SHA-256 of the canonical text, in hexadecimal. Equal exactly when the documents say the same.
    pub fn hash(&self) -> String {
        use fmt::Write as _;
        Sha256::digest(self.canonical()).iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// The same value with the keys of all objects in the order of their bytes.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().map(|(key, v)| (key, sorted(v))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::teams::Team;

    fn team(title: &str) -> Document {
        let members = vec!["ana".parse().unwrap()];
        Document::new("payments".parse().unwrap(), Team { title: title.into(), members, description: None })
    }

    #[test]
    fn the_canonical_text_is_sorted_and_leaves_defaults_out() {
        insta::assert_snapshot!(
            team("Payments").canonical(),
            @r#"{"kind":"team","name":"payments","spec":{"members":["ana"],"title":"Payments"}}"#
        );
        assert_eq!(team("Payments").hash(), team("Payments").hash());
        assert_ne!(team("Payments").hash(), team("payments").hash());
        assert_eq!(team("Payments").hash().len(), 64);
    }

    #[test]
    fn what_is_kept_reads_back() {
        let spec = team("Payments").spec;
        assert_eq!(Spec::from_canonical(Kind::Team, &spec.canonical()).unwrap(), spec);
        assert!(Spec::from_canonical(Kind::Team, "{}").is_err());
        assert!(Spec::from_canonical(Kind::Role, &spec.canonical()).is_err());
    }

    #[test]
    fn a_reference_reads_back_and_a_misspelt_kind_is_suggested() {
        let reference: Reference = "escalation-policy/payments".parse().unwrap();
        assert_eq!(reference.to_string(), "escalation-policy/payments");
        for (wrong, says) in [
            ("payments", r#""payments" does not name a document: write KIND/NAME, for example schedule/payments"#),
            ("shedule/a", r#"there is no kind of document "shedule" (did you mean "schedule"?)"#),
        ] {
            assert_eq!(wrong.parse::<Reference>().unwrap_err().to_string(), says);
        }
    }
}
