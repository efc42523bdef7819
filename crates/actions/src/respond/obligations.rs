//! Obligations in an incident: which regimes it may fall under, when their clocks start, what was told, what is not due,
//! and who is reminded.
//!
//! Only a person records an anchor, and only of what somebody decided: nothing is copied from the times of the
//! incident. A clock does not stop because the incident is over, cancelled or merged: somebody says that it is not due.

use std::collections::BTreeSet;

use domain::prepare::catalog::Catalog;
use domain::respond::entries::{self, past};
use domain::respond::obligation_packs::{Duty, ObligationPack};
use domain::respond::obligations::{Deadline, Decision, Recorded, Records, Ruling, Standing, Submission};
use domain::words::{AnchorId, EventKind, IncidentId, Name, Refusal, SubmissionId, Timestamp, text};
use serde_json::{Value, json};
use store::respond::incidents::IncidentRow;
use store::respond::obligations::{self as rows, Started};
use store::{Halt, Tx};

use super::incidents::find;
use super::reminders::owed;
use crate::announce::Told;
use crate::engage::pages;
use crate::{Moment, Node, announce};

/// What somebody says of an obligation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The incident may fall under the pack.
    Consider { pack: Name, why: String },
    /// It does not.
    RuleOut { pack: Name, why: String },
    /// A moment that starts clocks.
    Anchor(NewAnchor),
    /// Something was told.
    Submit(NewSubmission),
    /// Nothing must be told under this clock.
    NotDue { pack: Name, clock: Name, why: String },
    /// It must, after all.
    Due { pack: Name, clock: Name, why: String },
    /// A law or an authority moves the end: `why` names it.
    Postpone { pack: Name, clock: Name, until: Timestamp, why: String },
}

/// A moment that starts clocks, as somebody records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAnchor {
    pub pack: Name,
    pub anchor: Name,
    pub at: Timestamp,
    /// Who decided it, on what facts.
    pub basis: String,
    pub evidence: Option<String>,
    /// The record that stands now, if there is one.
    pub supersedes: Option<AnchorId>,
}

/// What was told, as somebody records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSubmission {
    pub pack: Name,
    pub clock: Name,
    /// Now, if absent.
    pub at: Option<Timestamp>,
    pub receipt: Option<String>,
    /// Exactly what was sent.
    pub text: String,
    pub amends: Option<SubmissionId>,
    pub why_late: Option<String>,
}

/// Does what somebody says of an obligation. Answers with the id of the record that was made.
pub fn act(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    deed: &Deed,
) -> Result<String, Halt> {
    let row = find(tx, moment, incident)?;
    if moment.person().is_none() {
        return Err(Refusal::forbidden("what is owed is decided by a person, by name").into());
    }
    let catalog = node.rules(tx)?.catalog.clone();
    let records = rows::of_incident(tx, incident)?;
    let pack = deed.pack();
    let spec = known(&catalog, pack)?;
    let desk = Desk { row: &row, records: &records, pack, spec };
    let made = match deed {
        Deed::Consider { why, .. } => desk.decide(tx, moment, None, Ruling::Considered, why)?,
        Deed::RuleOut { why, .. } => desk.decide(tx, moment, None, Ruling::RuledOut, why)?,
        Deed::NotDue { clock, why, .. } => desk.decide(tx, moment, Some(clock), Ruling::NotDue, why)?,
        Deed::Due { clock, why, .. } => desk.decide(tx, moment, Some(clock), Ruling::Due, why)?,
        Deed::Postpone { clock, until, why, .. } => {
            desk.decide(tx, moment, Some(clock), Ruling::Postponed { until: *until }, why)?
        }
        Deed::Anchor(new) => desk.anchor(tx, moment, new)?,
        Deed::Submit(new) => desk.submit(tx, moment, new)?,
    };
    keep(tx, moment, &catalog, incident, pack)?;
    Ok(made)
}

impl Deed {
    fn pack(&self) -> &Name {
        match self {
            Self::Consider { pack, .. }
            | Self::RuleOut { pack, .. }
            | Self::NotDue { pack, .. }
            | Self::Due { pack, .. }
            | Self::Postpone { pack, .. } => pack,
            Self::Anchor(new) => &new.pack,
            Self::Submit(new) => &new.pack,
        }
    }
}

fn known<'c>(catalog: &'c Catalog, pack: &Name) -> Result<&'c ObligationPack, Refusal> {
    catalog.obligation_packs.get(pack).ok_or_else(|| {
        let near = text::did_you_mean(pack.as_str(), catalog.obligation_packs.keys().map(Name::as_str));
        Refusal::invalid(format!("there is no obligation pack {pack}{near}")).at("/pack")
    })
}

fn optional(said: Option<&String>, place: &str) -> Result<Option<String>, Refusal> {
    said.filter(|said| !said.trim().is_empty()).map(|said| entries::text(said, place)).transpose()
}

/// Where something is said of a pack in an incident.
struct Desk<'d> {
    row: &'d IncidentRow,
    records: &'d Records,
    pack: &'d Name,
    spec: &'d ObligationPack,
}

impl Desk<'_> {
    /// Its clocks can run here: it is in force, and was not ruled out.
    fn must_be_open(&self) -> Result<(), Refusal> {
        self.must_be_in_force()?;
        if self.records.decision(self.pack, None).is_some_and(|one| one.ruling == Ruling::RuledOut) {
            let message = format!("{} was ruled out here: consider it again first", self.pack);
            return Err(Refusal::conflict(message).at("/pack"));
        }
        Ok(())
    }

    fn must_be_in_force(&self) -> Result<(), Refusal> {
        self.spec.in_force(self.row.reported_at).map_err(|why| {
            Refusal::conflict(format!("{} is inactive: {}", self.pack, why.trim_end_matches('.'))).at("/pack")
        })
    }

    fn clock(&self, name: &Name) -> Result<&Duty, Refusal> {
        self.spec.clock(name).ok_or_else(|| {
            let near = text::did_you_mean(name.as_str(), self.spec.clocks.iter().map(|one| one.name.as_str()));
            Refusal::invalid(format!("{} has no clock {name}{near}", self.pack)).at("/clock")
        })
    }

    fn deadline(&self, duty: &Duty, now: Timestamp) -> (Deadline, Standing) {
        self.records.stands(self.pack, &duty.name, &duty.rule(), &self.spec.days(), now)
    }

    fn decide(
        &self,
        tx: &mut Tx<'_>,
        moment: &mut Moment<'_>,
        clock: Option<&Name>,
        ruling: Ruling,
        why: &str,
    ) -> Result<String, Halt> {
        let why = entries::text(why, "/why")?;
        let before = self.records.decision(self.pack, clock).map(|one| one.ruling);
        let duty = clock.map(|clock| self.clock(clock)).transpose()?;
        match (ruling, before) {
            (Ruling::Considered, _) => self.must_be_in_force()?,
            (Ruling::RuledOut, _) => {}
            _ => self.must_be_open()?,
        }
        let same = before == Some(ruling)
            || ruling == Ruling::Due && before.is_none()
            || ruling == Ruling::Considered && before.is_none() && self.records.has_facts(self.pack);
        if same {
            return Err(Refusal::conflict("it stands so already").into());
        }
        if let (Ruling::Postponed { until }, Some(duty)) = (ruling, duty) {
            match self.deadline(duty, moment.now).0 {
                Deadline::Waits(_) => return Err(Refusal::conflict("its clock has not started").into()),
                Deadline::Due { at, .. } if until <= at => {
                    let message = format!("that is not after its end, {at}");
                    return Err(Refusal::invalid(message).at("/until").into());
                }
                Deadline::Prompt { .. } | Deadline::Due { .. } => {}
            }
        }
        let decision = Decision {
            id: moment.mint.id(moment.now),
            pack: self.pack.clone(),
            clock: clock.cloned(),
            ruling,
            why: why.clone(),
            by: moment.actor.to_string(),
            at: moment.now,
        };
        rows::insert_decision(tx, self.row.id, &decision)?;
        let kind = match ruling {
            Ruling::Considered => EventKind::ObligationConsidered,
            Ruling::RuledOut => EventKind::ObligationRuledOut,
            Ruling::NotDue => EventKind::ObligationNotDue,
            Ruling::Due => EventKind::ObligationDue,
            Ruling::Postponed { .. } => EventKind::ObligationPostponed,
        };
        let mut data = json!({ "decision": decision.id });
        if let Ruling::Postponed { until } = ruling {
            data["until"] = json!(until);
        }
        let told = Told { why: Some(&why), data: self.particulars(duty, data), at: None };
        self.tell(tx, moment, kind, &decision.id.to_string(), told)?;
        Ok(decision.id.to_string())
    }

    fn anchor(&self, tx: &mut Tx<'_>, moment: &mut Moment<'_>, new: &NewAnchor) -> Result<String, Halt> {
        self.must_be_open()?;
        let start = self.spec.anchor(&new.anchor).ok_or_else(|| {
            let near = text::did_you_mean(new.anchor.as_str(), self.spec.anchors.iter().map(|one| one.name.as_str()));
            Refusal::invalid(format!("{} has no anchor {}{near}", self.pack, new.anchor)).at("/anchor")
        })?;
        let stands = self.records.anchor(self.pack, &new.anchor);
        match (stands, new.supersedes) {
            (Some(stands), None) => {
                let message = format!("it is on record already: say that this supersedes {}", stands.id);
                return Err(Refusal::conflict(message).at("/supersedes").into());
            }
            (stands, Some(earlier)) if stands.is_none_or(|stands| stands.id != earlier) => {
                let message = format!("{earlier} is not the record that stands now");
                return Err(Refusal::conflict(message).at("/supersedes").into());
            }
            _ => {}
        }
        let record = Recorded {
            id: moment.mint.id(moment.now),
            pack: self.pack.clone(),
            anchor: new.anchor.clone(),
            at: past(new.at, moment.now)?,
            basis: entries::text(&new.basis, "/basis")?,
            evidence: optional(new.evidence.as_ref(), "/evidence")?,
            by: moment.actor.to_string(),
            entered_at: moment.now,
            supersedes: new.supersedes,
        };
        rows::insert_anchor(tx, self.row.id, &record)?;
        let data = json!({
            "record": record.id,
            "anchor": record.anchor,
            "title": start.title,
            "at": record.at,
            "evidence": record.evidence,
            "supersedes": record.supersedes,
            "before": stands.map(|stands| stands.at),
        });
        let told = Told { why: Some(&record.basis), data: self.particulars(None, data), at: None };
        self.tell(tx, moment, EventKind::ObligationAnchored, &record.id.to_string(), told)?;
        Ok(record.id.to_string())
    }

    fn submit(&self, tx: &mut Tx<'_>, moment: &mut Moment<'_>, new: &NewSubmission) -> Result<String, Halt> {
        self.must_be_open()?;
        let duty = self.clock(&new.clock)?;
        let earlier = self.records.submissions(self.pack, &new.clock);
        match (earlier.last(), new.amends) {
            (Some(last), None) => {
                let message = format!("something was told already: say that this amends {}", last.id);
                return Err(Refusal::conflict(message).at("/amends").into());
            }
            (_, Some(amends)) if !earlier.iter().any(|one| one.id == amends) => {
                let message = format!("{amends} was not told under this clock");
                return Err(Refusal::invalid(message).at("/amends").into());
            }
            _ => {}
        }
        let at = past(new.at.unwrap_or(moment.now), moment.now)?;
        let why_late = optional(new.why_late.as_ref(), "/why_late")?;
        let due = self.deadline(duty, moment.now).0.at();
        if earlier.is_empty() && why_late.is_none() && due.is_some_and(|due| at > due) {
            return Err(Refusal::invalid("it comes after the deadline: say why").at("/why_late").into());
        }
        let submission = Submission {
            id: moment.mint.id(moment.now),
            pack: self.pack.clone(),
            clock: new.clock.clone(),
            at,
            receipt: optional(new.receipt.as_ref(), "/receipt")?,
            text: entries::text(&new.text, "/text")?,
            by: moment.actor.to_string(),
            entered_at: moment.now,
            amends: new.amends,
            why_late,
        };
        rows::insert_submission(tx, self.row.id, &submission)?;
        let data = json!({
            "submission": submission.id,
            "at": submission.at,
            "to": duty.to,
            "receipt": submission.receipt,
            "text": submission.text,
            "amends": submission.amends,
            "due_at": due,
        });
        let told = Told {
            why: submission.why_late.as_deref(),
            data: self.particulars(Some(duty), data),
            at: Some(submission.at),
        };
        self.tell(tx, moment, EventKind::ObligationSubmitted, &submission.id.to_string(), told)?;
        Ok(submission.id.to_string())
    }

    fn particulars(&self, duty: Option<&Duty>, data: Value) -> Value {
        particulars(self.pack, self.spec, duty, data)
    }

    fn tell(
        &self,
        tx: &mut Tx<'_>,
        moment: &mut Moment<'_>,
        kind: EventKind,
        record: &str,
        told: Told<'_>,
    ) -> Result<(), Halt> {
        let also = vec![record.to_owned(), format!("obligation-pack/{}", self.pack)];
        announce::of_incident(tx, moment, kind, self.row.id, also, told)?;
        Ok(())
    }
}

/// What every entry about an obligation has.
pub(super) fn particulars(pack: &Name, spec: &ObligationPack, duty: Option<&Duty>, mut data: Value) -> Value {
    data["pack"] = json!(pack);
    data["regime"] = json!(spec.title);
    if let Some(duty) = duty {
        data["clock"] = json!(duty.name);
        data["title"] = json!(duty.title);
    }
    data
}

/// Writes down which clocks of a pack run in an incident now, and when somebody is to be reminded.
fn keep(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    incident: IncidentId,
    pack: &Name,
) -> Result<(), Halt> {
    let records = rows::of_incident(tx, incident)?;
    let before = rows::started(tx, incident, pack)?;
    let ruled_out = records.decision(pack, None).is_some_and(|one| one.ruling == Ruling::RuledOut);
    let mut kept = BTreeSet::new();
    if let Some(spec) = catalog.obligation_packs.get(pack) {
        for duty in &spec.clocks {
            // Whether it is over does not depend on the time: only on what is on record.
            let (deadline, standing) = records.stands(pack, &duty.name, &duty.rule(), &spec.days(), Timestamp::MIN);
            let since = match deadline {
                Deadline::Waits(_) => continue,
                Deadline::Prompt { since } | Deadline::Due { since, .. } => since,
            };
            let was = before.iter().find(|one| one.clock == duty.name);
            let due_at = deadline.at();
            let running = !ruled_out && matches!(standing, Standing::Running(_));
            // A clock with another end is another clock to whoever is reminded.
            let reminded = was.filter(|was| was.since == since && was.due_at == due_at).map_or(0, |was| was.reminded);
            let one = Started {
                incident,
                pack: pack.clone(),
                clock: duty.name.clone(),
                running,
                since,
                due_at,
                reminded,
                remind_at: next_reminder(&deadline, reminded).filter(|_| running),
            };
            if was != Some(&one) {
                rows::save(tx, &one)?;
            }
            // Nobody is asked for what was told, is not due, or has another end now.
            if was.is_some_and(|was| was.reminded > 0 && (!running || one.reminded == 0)) {
                pages::end_reminders(tx, moment, incident, &owed(pack, &duty.name))?;
            }
            kept.insert(&duty.name);
        }
    }
    for gone in before.iter().filter(|one| !kept.contains(&one.clock)) {
        rows::remove(tx, incident, pack, &gone.clock)?;
        pages::end_reminders(tx, moment, incident, &owed(pack, &gone.clock))?;
    }
    Ok(())
}

/// When somebody is to be reminded next, if they were last when so much of the time was over.
pub(super) fn next_reminder(deadline: &Deadline, reminded: u8) -> Option<Timestamp> {
    deadline.reminders().into_iter().find(|(share, _)| *share > reminded).map(|(_, at)| at)
}

/// The document of a pack changed: its clocks in all incidents may end at another time.
pub(crate) fn pack_changed(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    pack: &Name,
) -> Result<(), Halt> {
    for incident in rows::incidents_of_pack(tx, pack)? {
        keep(tx, moment, catalog, incident, pack)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use domain::prepare::checks::Conditions;
    use domain::respond::incidents::Class;
    use store::journal;

    use domain::respond::obligation_packs::Idle;
    use domain::respond::sight::Sight;
    use domain::words::{Actor, Mint};
    use store::Store;
    use store::respond::incidents as incident_rows;

    use super::super::incidents::{Declaration, declare};
    use super::super::owed::{self, Held, Owed};
    use super::super::reminders::remind_due;
    use super::*;
    use crate::node::Identity;
    use crate::prepare::documents::{self, Order, read_files};

    const FIRM: &str = "
kind: person
name: ana
spec:
  full_name: Ana
  email: ana@example.org
  contacts: [{ name: mail, email: ana@example.org }]
  ladder: { high: [{ contact: mail }] }
---
kind: person
name: ben
spec: { full_name: Ben, email: ben@example.org, inactive: true }
---
kind: team
name: privacy
spec: { title: Privacy, members: [ana, ben] }
---
kind: obligation-pack
name: gdpr
spec:
  title: GDPR
  jurisdiction: EU
  source: Articles 33 and 34
  applies: true
  asks: Is it personal data?
  consider: { classes: [security] }
  accountable: { team: privacy }
  calendar: { time_zone: Europe/Berlin }
  anchors:
  - { name: aware, title: Aware, means: Certain enough }
  clocks:
  - { name: authority, title: Notify, to: The authority, from: { recorded: aware }, within: { hours: 72 } }
  - { name: final, title: Report, to: The authority, from: { submitted: authority }, within: { months: 1 } }
  - { name: people, title: Tell the people, to: They, from: { recorded: aware } }
---
kind: obligation-pack
name: bill
spec:
  title: A bill
  jurisdiction: US
  source: None yet
  inactive: It is no law.
  applies: true
  asks: Is it?
  calendar: { time_zone: UTC }
  anchors: [{ name: aware, title: Aware, means: Known }]
  clocks: [{ name: notice, title: Notice, to: They, from: { recorded: aware }, within: { hours: 1 } }]
";

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hour * 3600).unwrap()
    }

    fn node(called: &str) -> Node {
        let link_key = domain::engage::links::LinkKey::new([7; 32]);
        Node::new(Identity { name: called.into(), public_url: "https://a.example".into(), link_key })
    }

    /// One incident, and what is said of it hour by hour.
    struct Desk<'s> {
        store: &'s Store,
        node: Node,
        mint: RefCell<Mint>,
        incident: IncidentId,
    }

    impl<'s> Desk<'s> {
        fn open(store: &'s Store) -> Self {
            let mut mint = Mint::seeded(1);
            let node = node("one");
            apply(store, &mut mint, FIRM);
            let ana = Actor::Person(name("ana"));
            let declaration = Declaration::new("It leaks", Class::Security);
            let incident = store
                .write(|tx| declare(tx, &node, &mut Moment::new(at(0), ana.clone(), &mut mint), &declaration))
                .unwrap()
                .id;
            Self { store, node, mint: RefCell::new(mint), incident }
        }

        fn by(&self, actor: &Actor, hour: i64, deed: &Deed) -> Result<String, Refusal> {
            let mut mint = self.mint.borrow_mut();
            let done = self.store.write(|tx| {
                act(tx, &self.node, &mut Moment::new(at(hour), actor.clone(), &mut mint), self.incident, deed)
            });
            match done {
                Err(Halt::Refused(refusal)) => Err(refusal),
                done => Ok(done.unwrap()),
            }
        }

        fn ana(&self, hour: i64, deed: &Deed) -> Result<String, Refusal> {
            self.by(&Actor::Person(name("ana")), hour, deed)
        }

        fn owed(&self, hour: i64) -> Owed {
            let owed = self.store.read(|tx| {
                let row = incident_rows::get(tx, self.incident, Sight::Whole)?.unwrap();
                owed::of_incident(tx, &self.node, &row, at(hour))
            });
            owed.unwrap()
        }

        fn standing(&self, hour: i64, clock: &str) -> Standing {
            let regimes = self.owed(hour).regimes;
            regimes[0].clocks.iter().find(|one| one.duty.name.as_str() == clock).unwrap().standing.clone()
        }

        fn tick(&self, node: &Node, hour: i64) -> usize {
            remind_due(self.store, node, &mut self.mint.borrow_mut(), at(hour)).unwrap()
        }

        fn events(&self, kind: EventKind) -> Vec<Value> {
            let all = self.store.read(|tx| Ok(journal::of_incident(tx, self.incident, None, 500)?)).unwrap();
            let mut found: Vec<_> = all.into_iter().filter(|entry| entry.kind() == Some(kind)).collect();
            found.sort_by_key(|entry| entry.id);
            found.into_iter().map(|entry| entry.data).collect()
        }
    }

    fn apply(store: &Store, mint: &mut Mint, yaml: &str) {
        let reading = read_files([("all.yaml", yaml)]);
        assert_eq!(reading.problems, []);
        let order = Order { proposals: reading.proposals, ..Order::default() };
        let done = store.write(|tx| {
            let mut moment = Moment::new(at(0), Actor::System, mint);
            Ok(documents::apply(tx, &mut moment, &order, Conditions::at(at(0)))?.into_result()?.is_some())
        });
        assert!(done.unwrap());
    }

    fn aware(hour: i64, supersedes: Option<AnchorId>) -> Deed {
        Deed::Anchor(NewAnchor {
            pack: name("gdpr"),
            anchor: name("aware"),
            at: at(hour),
            basis: "the log shows it".into(),
            evidence: None,
            supersedes,
        })
    }

    fn told(clock: &str, hour: Option<i64>, amends: Option<SubmissionId>, why_late: Option<&str>) -> NewSubmission {
        NewSubmission {
            pack: name("gdpr"),
            clock: name(clock),
            at: hour.map(at),
            receipt: Some("2026/1".into()),
            text: "We report".into(),
            amends,
            why_late: why_late.map(str::to_owned),
        }
    }

    fn not_due(clock: &str) -> Deed {
        Deed::NotDue { pack: name("gdpr"), clock: name(clock), why: "no risk".into() }
    }

    store::both_engines! {
        fn a_clock_runs_from_what_a_person_recorded_until_it_was_told(store) {
            let desk = Desk::open(store);
            let owed = desk.owed(0);
            assert_eq!((owed.regimes.len(), owed.regimes[0].held.clone()), (1, Held::Asked), "its question is put");
            assert!(matches!(owed.others[0].2, Some(Idle::Inactive(_))));
            assert!(matches!(desk.standing(1, "authority"), Standing::Waits(_)), "nothing is copied from the incident");
            desk.ana(1, &Deed::Consider { pack: name("gdpr"), why: "a table of customers".into() }).unwrap();
            let first: AnchorId = desk.ana(2, &aware(1, None)).unwrap().parse().unwrap();
            assert!(desk.ana(3, &aware(0, None)).is_err(), "it is on record: say what is superseded");
            desk.ana(3, &aware(0, Some(first))).unwrap();
            assert!(desk.ana(3, &aware(0, Some(first))).is_err(), "it stands no more");
            let due = |hour: i64, clock: &str| match desk.standing(hour, clock) {
                Standing::Running(deadline) => deadline.at(),
                other => panic!("{other:?}"),
            };
            assert_eq!(due(4, "authority"), Some(at(72)));
            assert_eq!(due(4, "people"), None, "without delay");
            assert_eq!(desk.standing(73, "authority"), Standing::Overdue { since: at(72) });
            // Told after the end: with a reason.
            let late = Deed::Submit(told("authority", Some(73), None, None));
            assert_eq!(desk.ana(74, &late).unwrap_err().at.as_deref(), Some("/why_late"));
            let late = Deed::Submit(told("authority", Some(73), None, Some("we slept")));
            let sent: SubmissionId = desk.ana(74, &late).unwrap().parse().unwrap();
            assert_eq!(desk.standing(75, "authority"), Standing::Late { at: at(73), due: at(72) });
            assert!(matches!(desk.standing(75, "final"), Standing::Running(_)), "the next of the chain");
            assert_eq!(desk.ana(75, &late).unwrap_err().at.as_deref(), Some("/amends"));
            desk.ana(75, &Deed::Submit(told("authority", None, Some(sent), None))).unwrap();
            // What need not be told is decided, and that can be revoked.
            desk.ana(76, &not_due("people")).unwrap();
            assert_eq!(desk.standing(77, "people"), Standing::NotDue);
            assert!(desk.ana(77, &not_due("people")).is_err());
            desk.ana(77, &Deed::Due { pack: name("gdpr"), clock: name("people"), why: "there is a risk".into() }).unwrap();
            assert!(matches!(desk.standing(78, "people"), Standing::Running(_)));
            let until = at(72 + 24 * 60);
            let postpone = |until| Deed::Postpone { pack: name("gdpr"), clock: name("final"), until, why: "a court".into() };
            assert_eq!(desk.ana(78, &postpone(at(80))).unwrap_err().at.as_deref(), Some("/until"));
            desk.ana(78, &postpone(until)).unwrap();
            assert_eq!(due(79, "final"), Some(until));
            let listed = |sight: Sight<'_>| store.read(|tx| {
                let found = owed::running(tx, &desk.node, sight, at(79), 9)?;
                Ok(found.into_iter().map(|one| one.clock.duty.name.to_string()).collect::<Vec<_>>())
            }).unwrap();
            assert_eq!(listed(Sight::Of(&name("ana"))), ["people", "final"]);
            assert_eq!(listed(Sight::Of(&name("ben"))), [""; 0], "a breach is restricted");
            // It was none of this after all: nothing runs any more.
            desk.ana(80, &Deed::RuleOut { pack: name("gdpr"), why: "made-up data".into() }).unwrap();
            assert_eq!(listed(Sight::Whole), [""; 0]);
            assert!(desk.ana(81, &aware(0, None)).is_err(), "it was ruled out");
            desk.ana(82, &Deed::Consider { pack: name("gdpr"), why: "not made up".into() }).unwrap();
            assert_eq!(listed(Sight::Whole), ["people", "final"]);
            let anchored = desk.events(EventKind::ObligationAnchored);
            assert_eq!((anchored.len(), anchored[1]["before"].clone()), (2, json!(at(1))));
            assert_eq!(desk.events(EventKind::ObligationSubmitted)[0]["text"], "We report");
        }

        fn what_makes_no_sense_is_refused_and_leaves_nothing(store) {
            let desk = Desk::open(store);
            let events = || store.read(|tx| Ok(journal::of_incident(tx, desk.incident, None, 500)?)).unwrap().len();
            let before = events();
            let anchor = |change: fn(&mut NewAnchor)| {
                let Deed::Anchor(mut new) = aware(1, None) else { unreachable!() };
                change(&mut new);
                Deed::Anchor(new)
            };
            let submission = |change: fn(&mut NewSubmission)| {
                let mut new = told("authority", None, None, None);
                change(&mut new);
                Deed::Submit(new)
            };
            let why = || "because".to_owned();
            for (wrong, place) in [
                (anchor(|new| new.pack = name("gpdr")), "/pack"),
                (anchor(|new| new.pack = name("bill")), "/pack"),
                (anchor(|new| new.anchor = name("awake")), "/anchor"),
                (anchor(|new| new.basis = " ".into()), "/basis"),
                (anchor(|new| new.at = at(9)), "/at"),
                (anchor(|new| new.supersedes = Some(Mint::seeded(9).id(at(0)))), "/supersedes"),
                (submission(|new| new.clock = name("athority")), "/clock"),
                (submission(|new| new.text = String::new()), "/text"),
                (submission(|new| new.at = Some(at(9))), "/at"),
                (submission(|new| new.amends = Some(Mint::seeded(9).id(at(0)))), "/amends"),
                (Deed::Consider { pack: name("bill"), why: why() }, "/pack"),
                (Deed::NotDue { pack: name("gdpr"), clock: name("none"), why: why() }, "/clock"),
                (Deed::NotDue { pack: name("gdpr"), clock: name("final"), why: String::new() }, "/why"),
            ] {
                let refusal = desk.ana(2, &wrong).unwrap_err();
                assert_eq!(refusal.at.as_deref(), Some(place), "{wrong:?}: {refusal:?}");
            }
            let postpone = Deed::Postpone { pack: name("gdpr"), clock: name("final"), until: at(99), why: why() };
            assert!(desk.ana(2, &postpone).is_err(), "it has not started");
            assert!(desk.by(&Actor::Rule("x"), 2, &aware(1, None)).is_err(), "only a person says so");
            assert!(desk.by(&Actor::Person(name("ben")), 2, &aware(1, None)).is_err(), "it is restricted");
            assert_eq!(events(), before);
        }

        fn whoever_is_accountable_is_reminded_once_each_whatever_node_does_it(store) {
            let desk = Desk::open(store);
            desk.ana(1, &aware(0, None)).unwrap();
            let other = node("two");
            let next = || store.read(|tx| Ok(rows::next_reminder(tx)?)).unwrap();
            assert_eq!((desk.tick(&desk.node, 35), next()), (0, Some(at(36))));
            assert_eq!((desk.tick(&desk.node, 36), desk.tick(&other, 36), next()), (1, 0, Some(at(54))));
            // A node that was away, and began anew: of two that were missed, the last; and never again.
            assert_eq!((desk.tick(&node("three"), 66), desk.tick(&desk.node, 67)), (1, 0));
            // Both at once.
            assert_eq!(next(), Some(at(72)));
            let both = std::thread::scope(|scope| {
                let tick = |node, seed| scope.spawn(move || remind_due(store, node, &mut Mint::seeded(seed), at(72)).unwrap());
                let running = [tick(&desk.node, 7), tick(&other, 8)];
                running.map(|one| one.join().unwrap())
            });
            assert_eq!(both.iter().sum::<usize>(), 1);
            assert_eq!((next(), desk.tick(&other, 500)), (None, 0));
            let reminded = desk.events(EventKind::ObligationReminded);
            let shares: Vec<_> = reminded.iter().map(|data| data["share"].as_u64().unwrap()).collect();
            assert_eq!(shares, [50, 90, 100]);
            assert_eq!(reminded[2]["people"], json!(["ana"]), "who is no longer there is not reminded");
            // She is paged each time, by the codename: what is owed is told in the room alone.
            let pages = store.read(|tx| Ok(store::engage::pages::of_incident(tx, desk.incident)?)).unwrap();
            assert_eq!(pages.len(), 3);
            assert!(pages.iter().all(|page| page.title.starts_with("Something is owed: ") && !page.title.contains("leaks")));
            assert!(pages.iter().any(|page| page.because.contains("its time is over: it is due on")));
            // Another end is another clock.
            let first = store.read(|tx| Ok(rows::of_incident(tx, desk.incident)?.anchors[0].id)).unwrap();
            desk.ana(73, &aware(60, Some(first))).unwrap();
            assert_eq!(next(), Some(at(96)));
            // The document says so now: 24 hours.
            apply(store, &mut desk.mint.borrow_mut(), &FIRM.replace("hours: 72", "hours: 24"));
            assert_eq!(next(), Some(at(72)));
            assert_eq!(desk.tick(&other, 73), 1);
            // Told, or not due: nobody is reminded.
            desk.ana(74, &Deed::Submit(told("authority", None, None, None))).unwrap();
            assert_ne!(next(), Some(at(78)), "three quarters of it");
            desk.ana(75, &not_due("final")).unwrap();
            assert_eq!(next(), None);
        }
    }
}
