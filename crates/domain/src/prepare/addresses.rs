//! The addresses in documents: who reads them whole, what others see instead, and which of them are webhooks.
//!
//! An address of a person is their own affair, and the path of a topic or webhook is as good as a password. What is
//! masked cannot be applied: every check of an address refuses it.

use super::diff::{self, Difference, Verb};
use super::documents::{Document, Reference, Spec};
use super::people::{Access, Address};
use crate::change::rollback_adapters::{RollbackAdapter, System};
use crate::engage::escalations::Target;
use crate::inform::outgoing_webhooks::OutgoingWebhook;
use crate::words::{Name, Refusal, Timestamp};

/// Stands for what is not shown.
pub const MASK: char = '…';

/// Who reads, and so which addresses they see: their own; managers and administrators, all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    person: Option<Name>,
    access: Option<Access>,
}

impl Reader {
    /// Sees no address.
    pub const NOBODY: Self = Self { person: None, access: None };

    pub fn new(person: Option<&Name>, access: Option<Access>) -> Self {
        Self { person: person.cloned(), access }
    }

    /// Whether they see the addresses of everybody.
    pub fn sees_all(&self) -> bool {
        self.access.is_some_and(|access| access >= Access::Manager)
    }

    /// Whether they see the addresses of this person.
    pub fn sees(&self, person: &Name) -> bool {
        self.sees_all() || self.person.as_ref() == Some(person)
    }

    /// The mail address of this person, as they may read it.
    pub fn email(&self, person: &Name, address: &str) -> String {
        if self.sees(person) { address.to_owned() } else { masked_email(address) }
    }

    /// What a document says, as they may read it.
    pub fn spec(&self, reference: &Reference, spec: &Spec) -> Spec {
        match spec {
            Spec::Person(person) if !self.sees(&reference.name) => {
                let mut person = person.clone();
                person.email = masked_email(&person.email);
                for contact in &mut person.contacts {
                    contact.address = masked(&contact.address);
                }
                person.into()
            }
            Spec::EscalationPolicy(policy) if !self.sees_all() => {
                let mut policy = policy.clone();
                for target in policy.steps.iter_mut().flat_map(|step| &mut step.notify) {
                    if let Target::Webhook(url) = target {
                        *url = masked_url(url);
                    }
                }
                policy.into()
            }
            Spec::OutgoingWebhook(webhook) if !self.sees_all() => {
                OutgoingWebhook { url: masked_url(&webhook.url), ..webhook.clone() }.into()
            }
            Spec::RollbackAdapter(adapter) if !self.sees_all() => match &adapter.system {
                System::Webhook { url } => {
                    RollbackAdapter { system: System::Webhook { url: masked_url(url) }, ..adapter.clone() }.into()
                }
                _ => adapter.clone().into(),
            },
            other => other.clone(),
        }
    }

    /// A document, as they may read it.
    pub fn document(&self, document: &Document) -> Document {
        Document::new(document.name.clone(), self.spec(&document.reference(), &document.spec))
    }

    /// What differs, as they may read it. That a hidden address changes is told, not what it was.
    pub fn difference(
        &self,
        reference: &Reference,
        before: Option<&Spec>,
        after: Option<&Spec>,
        now: Timestamp,
    ) -> Option<Difference> {
        if before == after {
            return None;
        }
        let show = |spec: Option<&Spec>| spec.map(|spec| self.spec(reference, spec));
        diff::specs(reference, show(before).as_ref(), show(after).as_ref(), now).or_else(|| {
            let sentences = vec!["an address changes that is not shown to you".into()];
            Some(Difference { reference: reference.clone(), verb: Verb::Change, sentences, fields: vec![] })
        })
    }
}

/// The address without what would let somebody use it: channel and host stay.
pub fn masked(address: &Address) -> Address {
    match address {
        Address::Email(address) => Address::Email(masked_email(address)),
        Address::Ntfy(url) => Address::Ntfy(masked_url(url)),
        Address::Webhook(url) => Address::Webhook(masked_url(url)),
    }
}

/// `a…@example.org`
pub fn masked_email(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    if domain.is_empty() { format!("{first}{MASK}") } else { format!("{first}{MASK}@{domain}") }
}

/// `https://ntfy.example.org/…`
pub fn masked_url(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    let host = url[start..end].rsplit('@').next().unwrap_or("");
    format!("{}{host}/{MASK}", &url[..start])
}

/// That an address is a whole one. A masked one was read by somebody who may not see it.
pub fn check_whole(address: &str) -> Result<(), Refusal> {
    if !address.contains(MASK) {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "{address:?} is masked: it was read by somebody who may not see the whole; write the whole address, or leave this \
         document out"
    )))
}

/// The webhooks in a document: what each is called there, and its URL.
pub fn webhooks(spec: &Spec) -> Vec<(String, String)> {
    let mut found = Vec::new();
    match spec {
        Spec::Person(person) => {
            for contact in &person.contacts {
                if let Address::Webhook(url) = &contact.address {
                    found.push((contact.name.clone(), url.clone()));
                }
            }
        }
        Spec::EscalationPolicy(policy) => {
            for (place, step) in policy.steps.iter().enumerate() {
                for target in &step.notify {
                    if let Target::Webhook(url) = target {
                        found.push((format!("step {}", place + 1), url.clone()));
                    }
                }
            }
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::reading::from_yaml;

    const ANA: &str = "
kind: person
name: ana
spec:
  full_name: Ana Silva
  email: ana@example.org
  contacts:
    - { name: phone, ntfy: 'https://ntfy.example.org/ana-9f3k' }
    - { name: desk, webhook: 'https://hooks.example.org/T0/secret?x=1' }
    - { name: home, email: silva@example.com }
---
kind: escalation-policy
name: web
spec: { title: Web, steps: [{ notify: [{ person: ana }, { webhook: 'https://hooks.example.org/all' }] }] }
";

    fn documents() -> Vec<Document> {
        let read = from_yaml("test", ANA);
        assert_eq!(read.problems, []);
        read.proposals.into_iter().map(|one| one.document).collect()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn others_see_how_somebody_is_reached_but_not_where() {
        let documents = documents();
        for (person, access, whole) in [
            ("ana", Some(Access::Viewer), [true, false]),
            ("ben", Some(Access::Viewer), [false, false]),
            ("ben", Some(Access::Responder), [false, false]),
            ("ben", Some(Access::Manager), [true, true]),
            ("ben", Some(Access::Administrator), [true, true]),
            ("ben", None, [false, false]),
        ] {
            let reader = Reader::new(Some(&name(person)), access);
            let shown: Vec<bool> = documents.iter().map(|one| reader.document(one) == *one).collect();
            assert_eq!(shown, whole, "{person} {access:?}");
        }
        let reader = Reader::new(Some(&name("ben")), Some(Access::Responder));
        let shown: Vec<Document> = documents.iter().map(|one| reader.document(one)).collect();
        insta::assert_snapshot!(crate::prepare::writing::to_yaml(&shown), @"
        kind: person
        name: ana
        spec:
          full_name: Ana Silva
          email: a…@example.org
          access: responder
          contacts:
          - { name: phone, ntfy: https://ntfy.example.org/… }
          - { name: desk, webhook: https://hooks.example.org/… }
          - { name: home, email: s…@example.com }
        ---
        kind: escalation-policy
        name: web
        spec:
          title: Web
          steps:
          - notify:
            - { person: ana }
            - { webhook: https://hooks.example.org/… }
            wait: 5m
          repeat: 2
        ");
    }

    #[test]
    fn a_masked_document_is_refused_with_the_reason() {
        let reader = Reader::new(Some(&name("ben")), Some(Access::Viewer));
        let mut said = String::new();
        for document in documents() {
            match reader.document(&document).spec {
                Spec::Person(person) => {
                    said.extend(crate::engage::contacts::check(&person).iter().map(|one| format!("{one}\n")));
                }
                Spec::EscalationPolicy(policy) => said.extend(policy.check().iter().map(|one| format!("{one}\n"))),
                _ => {}
            }
        }
        insta::assert_snapshot!(said, @r#"
        /email: "a…@example.org" is masked: it was read by somebody who may not see the whole; write the whole address, or leave this document out
        /contacts/0/ntfy: "https://ntfy.example.org/…" is masked: it was read by somebody who may not see the whole; write the whole address, or leave this document out
        /contacts/1/webhook: "https://hooks.example.org/…" is masked: it was read by somebody who may not see the whole; write the whole address, or leave this document out
        /contacts/2/email: "s…@example.com" is masked: it was read by somebody who may not see the whole; write the whole address, or leave this document out
        /steps/0/notify/1/webhook: "https://hooks.example.org/…" is masked: it was read by somebody who may not see the whole; write the whole address, or leave this document out
        "#);
    }

    #[test]
    fn a_change_of_a_hidden_address_is_told_without_it() {
        let reader = Reader::new(Some(&name("ben")), Some(Access::Viewer));
        let document = &documents()[0];
        let Spec::Person(mut after) = document.spec.clone() else { panic!("it is a person") };
        after.contacts[0].address = Address::Ntfy("https://ntfy.example.org/other-topic".into());
        let told =
            reader.difference(&document.reference(), Some(&document.spec), Some(&after.into()), Timestamp::UNIX_EPOCH);
        let told = told.unwrap();
        assert_eq!((told.verb, told.fields.len()), (Verb::Change, 0));
        assert_eq!(told.sentences, ["an address changes that is not shown to you"]);
        assert_eq!(
            reader.difference(&document.reference(), Some(&document.spec), Some(&document.spec), Timestamp::UNIX_EPOCH),
            None
        );
    }

    #[test]
    fn addresses_are_masked_whatever_they_look_like() {
        for (address, shown) in
            [("ana@example.org", "a…@example.org"), ("Åsa@x.org", "Å…@x.org"), ("none", "n…"), ("", "…")]
        {
            assert_eq!(masked_email(address), shown);
        }
        for (url, shown) in [
            ("https://ntfy.sh/secret-topic", "https://ntfy.sh/…"),
            ("https://u:p@hooks.example.org:8443/T/B?x", "https://hooks.example.org:8443/…"),
            ("https://h?token=1", "https://h/…"),
            ("nonsense", "nonsense/…"),
        ] {
            assert_eq!(masked_url(url), shown);
        }
    }
}
