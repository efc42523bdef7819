//! Tests of what customers read: derived, cut, found, and only then published.

use proptest::prelude::*;

use super::*;
use crate::learn::leaks::Kind;
use crate::prepare::catalog::Catalog;
use crate::words::{Mint, RefusalKind};

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn blocks() -> Vec<Block> {
    [
        ("summary", "Summary", "A pool at Acme Hosting ran full; Acme said so."),
        ("impact", "Impact", "40 payments failed."),
        ("response", "Response", "Ana looked at db-2."),
    ]
    .map(|(name, title, text)| Block { name: name.into(), title: title.into(), text: text.into() })
    .into()
}

fn cut(words: &str, instead: Option<&str>) -> Redaction {
    Redaction { words: words.into(), reason: Reason::Vendor, instead: instead.map(str::to_owned) }
}

fn plan() -> Plan {
    Plan { title: "Payments failed".into(), blocks: BTreeSet::from(["summary".into()]), ..Plan::default() }
}

fn begun() -> CustomerPostmortem {
    let none = CustomerPostmortem::none(Mint::seeded(1).id(at(0)), plan(), at(0));
    none.prepare(plan(), 0, &name("ana"), at(1)).unwrap()
}

fn conditions(leaks: &[Leak]) -> Conditions<'_> {
    Conditions { restricted: false, second_person: true, leaks }
}

fn leak(text: &str) -> Vec<Leak> {
    leaks(&[("Summary", text)], &House::of(&Catalog::default(), "https://a.example"))
}

#[test]
fn the_longest_words_are_taken_out_and_the_rest_is_as_it_was() {
    let plan = Plan { redactions: vec![cut("Acme", None), cut("Acme Hosting", Some("our host"))], ..plan() };
    let plan = plan.checked(&blocks(), &[]).unwrap();
    let report = plan.derive(&blocks(), &[]);
    assert_eq!(report.parts.len(), 1, "what is not chosen stays inside");
    assert_eq!(report.parts[0].text, "A pool at our host ran full; [a vendor] said so.");
    assert_eq!(report.lead(), report.parts[0].text);
    assert_ne!(report.hash(), Report::default().hash());
}

#[test]
fn a_plan_that_cannot_be_is_refused_with_its_place() {
    let promised = Plan { promises: BTreeSet::from([Mint::seeded(2).id(at(0))]), ..plan() };
    for (plan, place) in [
        (Plan { title: " ".into(), ..plan() }, "/title"),
        (Plan { blocks: BTreeSet::new(), ..plan() }, "/blocks"),
        (Plan { blocks: BTreeSet::from(["sumary".into()]), ..plan() }, "/blocks"),
        (Plan { redactions: vec![cut("Globex", None)], ..plan() }, "/redactions/0/words"),
        (Plan { redactions: vec![cut("Acme", None), cut("Acme", None)], ..plan() }, "/redactions/1/words"),
        (Plan { redactions: vec![cut("Acme", Some("two\nlines"))], ..plan() }, "/redactions/0/instead"),
        (promised, "/promises"),
    ] {
        assert_eq!(plan.checked(&blocks(), &[]).unwrap_err().at.as_deref(), Some(place));
    }
}

#[test]
fn a_second_person_publishes_and_only_what_they_saw() {
    let one = begun();
    let refused = |revision, by: &str| one.publish(revision, &name(by), conditions(&[])).unwrap_err().kind;
    assert_eq!(refused(1, "ana"), RefusalKind::Forbidden);
    assert_eq!(refused(0, "ben"), RefusalKind::Conflict);
    let out = one.publish(1, &name("ben"), conditions(&[])).unwrap();
    assert_eq!((out.versions, out.revision), (1, 2));
    let alone = Conditions { second_person: false, ..conditions(&[]) };
    assert!(one.publish(1, &name("ana"), alone).is_ok(), "where no second person is asked for");
    let again = out.publish(2, &name("ben"), conditions(&[])).unwrap_err();
    assert!(again.message.contains("say what is corrected"), "{again}");
    let fixed = Plan { correction: "It was 41 payments.".into(), ..plan() };
    let next = out.prepare(fixed, 2, &name("ana"), at(2)).unwrap().publish(3, &name("ben"), conditions(&[])).unwrap();
    assert_eq!((next.versions, next.plan.correction.as_str()), (2, ""));
}

#[test]
fn what_was_found_is_answered_one_by_one_and_a_secret_never() {
    let one = begun();
    let found = leak("OPS-12 on db-2, password=hunter2");
    assert_eq!(found.len(), 3);
    let key = |kind: Kind| found.iter().find(|leak| leak.kind == kind).unwrap().key.clone();
    assert_eq!(one.publish(1, &name("ben"), conditions(&found)).unwrap_err().kind, RefusalKind::Conflict);
    let answered = one.answer(&found, &key(Kind::Ticket), "it is public", &name("ana"), at(2)).unwrap();
    assert_eq!(answered.open(&found).len(), 2);
    let secret = answered.answer(&found, &key(Kind::Secret), "it is old", &name("ana"), at(2)).unwrap_err();
    assert_eq!(secret.kind, RefusalKind::Conflict);
    assert_eq!(one.answer(&found, "0", "x", &name("ana"), at(2)).unwrap_err().kind, RefusalKind::NotFound);
    assert_eq!(one.answer(&found, &key(Kind::Host), " ", &name("ana"), at(2)).unwrap_err().at.as_deref(), Some("/why"));
}

#[test]
fn what_is_restricted_takes_the_consent_of_who_may_open_it_to_this_plan() {
    let (one, ben) = (begun(), name("ben"));
    let hidden = Conditions { restricted: true, ..conditions(&[]) };
    assert_eq!(one.publish(1, &ben, hidden).unwrap_err().kind, RefusalKind::Conflict);
    let by = |may_open| Publisher { name: &ben, may_open };
    assert_eq!(one.consent(1, true, by(false), "so", at(2)).unwrap_err().kind, RefusalKind::Forbidden);
    assert_eq!(one.consent(1, false, by(true), "so", at(2)).unwrap_err().kind, RefusalKind::Conflict);
    let agreed = one.consent(1, true, by(true), "customers must know", at(2)).unwrap();
    assert!(agreed.publish(1, &ben, hidden).is_ok());
    let other = agreed.prepare(plan(), 1, &name("ana"), at(3)).unwrap();
    assert_eq!(other.publish(2, &ben, hidden).unwrap_err().kind, RefusalKind::Conflict, "it was to another plan");
}

proptest! {
    /// Pieces are the text, and what is taken out stands in no text for customers that has other words instead.
    #[test]
    fn nothing_is_lost_and_nothing_that_is_taken_out_remains(said in "(a|b|c|é| |\n){0,30}", cuts in proptest::collection::btree_set("(a|b|é){1,3}", 0..4)) {
        let redactions: Vec<Redaction> = cuts.iter().map(|words| cut(words, Some("_"))).collect();
        let plan = Plan { redactions, ..Plan::default() };
        let whole: String = plan.pieces(&said).into_iter().map(|piece| match piece {
            Piece::Kept(text) | Piece::Cut(text, _, _) => text,
        }).collect();
        prop_assert_eq!(whole, said.clone());
        let outside = plan.outside(&said);
        prop_assert!(cuts.iter().all(|words| !outside.contains(words.as_str())), "{}", outside);
    }
}
