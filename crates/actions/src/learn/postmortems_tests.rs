//! Tests of postmortems on both engines: judged, owned, written, published, waived.

use domain::learn::postmortem_policies::Effect;
use domain::learn::postmortems::{OWNER, State};
use domain::respond::incidents::{Class, Command, Visibility};
use domain::respond::stamps::{Milestone, When};
use domain::words::RefusalKind;
use store::Store;

use super::*;
use crate::respond::assignments;
use crate::respond::desk::{Desk, at, name};
use crate::respond::incidents::Declaration;
use crate::respond::stamps::Claim;

pub(crate) const POLICY: &str = "
kind: role
name: postmortem-owner
spec: { title: Postmortem owner, duties: [sees to it], single: true }
---
kind: postmortem-policy
name: default
spec:
  title: Postmortems
  calendar: { time_zone: UTC }
  accept_within: { hours: 24 }
  dates: [{ draft: { hours: 48 }, publish: { hours: 240 } }]
  rules:
  - { name: severe, because: it was bad, when: { severities: [SEV1, SEV2] }, effect: required, form: light }
  - { name: data-lost, because: data was lost, when: { data_lost: true }, effect: required, form: light, waivable: false }
  - { name: near-miss, because: luck, when: { near_miss: true }, effect: recommended, form: light }
  - { name: requested, because: somebody asked, when: { requested: true }, effect: required, form: light }
";

const LONG: &str = "the same lesson was published last week for the very same fault";

struct House<'s>(Desk<'s>);

impl<'s> House<'s> {
    fn open(store: &'s Store) -> Self {
        let desk = Desk::open(store);
        desk.apply(POLICY);
        Self(desk)
    }

    fn over(&self, level: Option<&str>) -> IncidentId {
        let id = self.0.declare("ana", &Declaration::new("Payments fail", Class::System)).id;
        if let Some(level) = level {
            self.0.act("ana", id, &Command::Grade { level: level.into() }, "so it is").unwrap();
        }
        self.0.act("ana", id, &Command::Resolve { unmet: vec![] }, "it works again").unwrap();
        id
    }

    fn whole(&self, id: IncidentId) -> Whole {
        self.0.store.read(|tx| whole(tx, id, Sight::Whole)).unwrap()
    }

    fn stands(&self, id: IncidentId) -> (State, Option<String>, Option<String>) {
        let Whole { postmortem, held, .. } = self.whole(id);
        let word = |name: Option<Name>| name.map(|name| name.to_string());
        (postmortem.state, word(held.owner), word(held.asked))
    }

    fn role(&self, person: &str, id: IncidentId, accepts: bool) -> Result<(), Halt> {
        let role = name(OWNER);
        self.0.by(person, |tx, node, moment| {
            if accepts {
                return assignments::accept(tx, node, moment, id, &role);
            }
            assignments::decline(tx, node, moment, id, &role, "on leave")
        })
    }

    fn writes(&self, person: &str, id: IncidentId, section: &str, text: &str, from: u32) -> Result<Whole, Halt> {
        let text = Text { section: section.parse().unwrap(), text: text.into(), from };
        self.0.by(person, |tx, node, moment| write(tx, node, moment, id, std::slice::from_ref(&text)))
    }

    fn completes(&self, person: &str, id: IncidentId) {
        for section in ["summary", "impact", "learning"] {
            self.writes(person, id, section, "words that somebody wrote", 0).unwrap();
        }
        let wanted = Wanted { text: "The pool has no limit".into(), ..Wanted::default() };
        self.0.by(person, |tx, node, moment| name_factor(tx, node, moment, id, &wanted)).unwrap();
        self.0.by(person, |tx, _, moment| submit(tx, moment, id)).unwrap();
    }

    fn publishes(&self, person: &str, id: IncidentId) -> Result<Postmortem, Halt> {
        self.0.by(person, |tx, node, moment| publish(tx, node, moment, id))
    }

    fn waives(&self, person: &str, access: Access, id: IncidentId, why: &str) -> Result<Postmortem, Halt> {
        self.0.by(person, |tx, node, moment| waive(tx, node, moment, id, Some(access), why))
    }
}

fn kind<T>(done: Result<T, Halt>) -> RefusalKind {
    match done {
        Err(Halt::Refused(refusal)) => refusal.kind,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was done"),
    }
}

store::both_engines! {
    fn a_severe_incident_asks_for_a_postmortem_and_silence_asks_the_next(store) {
        let house = House::open(store);
        let quiet = house.over(Some("SEV3"));
        assert_eq!(house.stands(quiet), (State::NotDue, None, None));
        let id = house.over(Some("SEV2"));
        let judged = house.whole(id).postmortem;
        assert_eq!(judged.judgement.effect, Some(Effect::Required));
        assert_eq!(judged.judgement.reasons[0].seen[0].says, "the worst that it was is SEV2");
        // Nobody manages here, so an administrator is asked.
        assert_eq!(house.stands(id), (State::Due, None, Some("cleo".into())));
        house.0.wait(1);
        let told = |person: &str| {
            house.0.paged(id).iter().filter(|(kind, who, _)| kind == "reminder" && who == person).count()
        };
        assert_eq!(told("cleo"), 1);
        house.0.wait(60 * 24);
        assert_eq!(house.stands(id), (State::Due, None, Some("cleo".into())), "there is nobody else: asked anew");
        assert_eq!(told("cleo"), 2);
        house.0.by("cleo", |tx, node, moment| assignments::offer(tx, node, moment, id, &name(OWNER), &name("ben"), None)).unwrap();
        house.role("ben", id, false).unwrap();
        house.0.wait(1);
        assert_eq!(house.stands(id).2.as_deref(), Some("cleo"));
        house.role("cleo", id, true).unwrap();
        assert_eq!(house.stands(id), (State::Due, Some("cleo".into()), None));
        let next = house.0.wait(60 * 24 * 30);
        assert!(next.is_some_and(|next| next > at(house.0.minute())), "the clockwork rests: {next:?}");
        let lines = house.0.told("ana", id);
        for kind in ["postmortem.judged", "postmortem.escalated", "role.declined", "role.accepted", "postmortem.reminded"] {
            assert!(lines.contains(&kind.to_owned()), "{kind}: {lines:?}");
        }
        assert_eq!(kind(house.0.act("ana", id, &Command::Close, "done")), RefusalKind::Conflict);
    }

    fn it_is_written_reviewed_by_another_and_published_once(store) {
        let house = House::open(store);
        let id = house.over(Some("SEV1"));
        assert_eq!(kind(house.0.by("ana", |tx, _, moment| submit(tx, moment, id))), RefusalKind::Conflict);
        let first = house.writes("ana", id, "summary", "Nobody could pay.\r\n", 0).unwrap();
        assert_eq!(first.postmortem.state, State::Draft);
        assert_eq!(first.incident.state.phase, Phase::InReview);
        assert_eq!(kind(house.writes("ben", id, "summary", "Other words.", 0)), RefusalKind::Conflict, "she was first");
        let second = house.writes("ben", id, "summary", "Nobody could pay for an hour.", 1).unwrap();
        assert_eq!(second.text("summary".parse().unwrap()).map(|one| one.revision), Some(2));
        let same = house.writes("ana", id, "summary", "Nobody could pay for an hour.", 0).unwrap();
        assert_eq!(same.written.len(), 1, "the same words are no new revision");
        for section in ["impact", "learning"] {
            house.writes("ana", id, section, "words", 0).unwrap();
        }
        let wanted = Wanted { text: "Ben deployed it".into(), ..Wanted::default() };
        assert_eq!(kind(house.0.by("ana", |tx, node, moment| name_factor(tx, node, moment, id, &wanted))), RefusalKind::Invalid);
        let wanted = Wanted { text: "The pool has no limit".into(), ..Wanted::default() };
        let factor = house.0.by("ana", |tx, node, moment| name_factor(tx, node, moment, id, &wanted)).unwrap();
        house.0.by("ana", |tx, _, moment| strike_factor(tx, moment, id, factor.id, "it has one")).unwrap();
        assert_eq!(kind(house.0.by("ana", |tx, _, moment| submit(tx, moment, id))), RefusalKind::Conflict, "no factor holds");
        house.0.by("ana", |tx, node, moment| name_factor(tx, node, moment, id, &wanted)).unwrap();
        house.0.by("ana", |tx, _, moment| submit(tx, moment, id)).unwrap();
        assert_eq!(kind(house.publishes("ben", id)), RefusalKind::Forbidden, "he wrote in it");
        house.0.by("cleo", |tx, _, moment| send_back(tx, moment, id, "how was it measured?")).unwrap();
        house.0.by("ana", |tx, _, moment| submit(tx, moment, id)).unwrap();
        let published = house.publishes("cleo", id).unwrap();
        assert_eq!((published.state, published.versions), (State::Published, 1));
        assert_eq!(kind(house.writes("ana", id, "summary", "Better words.", 2)), RefusalKind::Conflict);
        house.0.by("ana", |tx, _, moment| correct(tx, moment, id, "It was 50 minutes.")).unwrap();
        let versions = house.whole(id).versions;
        assert_eq!(versions.len(), 2);
        assert_eq!(versions[0].body["sections"][0]["text"], "Nobody could pay for an hour.");
        assert_eq!(versions[0].body, versions[1].body);
        assert_eq!(versions[1].correction.as_deref(), Some("It was 50 minutes."));
        house.0.act("ana", id, &Command::Close, "all is tracked").unwrap();
    }

    fn a_correction_changes_the_verdict_and_a_waiver_falls(store) {
        let house = House::open(store);
        let id = house.over(Some("SEV2"));
        assert_eq!(kind(house.waives("ben", Access::Responder, id, LONG)), RefusalKind::Forbidden);
        assert_eq!(kind(house.waives("cleo", Access::Administrator, id, "not needed")), RefusalKind::Invalid);
        let waived = house.waives("cleo", Access::Administrator, id, LONG).unwrap();
        assert_eq!(waived.waiver.map(|one| (one.by, one.why)), Some((name("cleo"), LONG.to_owned())));
        house.0.wait(60 * 24 * 2);
        assert_eq!(house.stands(id).0, State::Waived);
        let lost = Claim::by_person(Milestone::DataLossStarted, When::exactly(at(1)));
        house.0.by("ana", |tx, _, moment| crate::respond::stamps::claim(tx, moment, id, &lost)).unwrap();
        house.0.wait(1);
        let one = house.whole(id);
        assert_eq!((one.postmortem.state, one.postmortem.waiver), (State::Due, None));
        assert!(one.held.asked.is_some());
        assert_eq!(kind(house.waives("cleo", Access::Administrator, id, LONG)), RefusalKind::Conflict, "data was lost");
        let milder = house.over(Some("SEV3"));
        house.0.act("ana", milder, &Command::Grade { level: "SEV2".into() }, "more felt it").unwrap();
        house.0.wait(1);
        assert_eq!(house.stands(milder).0, State::Due);
    }

    fn anybody_asks_for_one_and_what_came_back_is_written_anew(store) {
        let house = House::open(store);
        let id = house.over(None);
        let asked = house.0.by("ben", |tx, node, moment| request(tx, node, moment, id, "customers ask")).unwrap();
        assert_eq!(asked.state, State::Due);
        assert!(house.stands(id).2.is_some());
        house.completes("ana", id);
        house.publishes("cleo", id).unwrap();
        house.0.act("ana", id, &Command::Reopen, "it is back").unwrap();
        house.0.wait(60);
        house.0.act("ana", id, &Command::Resolve { unmet: vec![] }, "now it works").unwrap();
        assert_eq!(house.stands(id).0, State::Draft, "it tells of an end that was none");
        house.0.by("ana", |tx, _, moment| submit(tx, moment, id)).unwrap();
        assert_eq!(house.publishes("cleo", id).unwrap().versions, 2);
    }

    fn nobody_is_let_into_a_restricted_one_or_chased_for_a_drill(store) {
        let house = House::open(store);
        let mut wanted = Declaration::new("Somebody is in", Class::System);
        (wanted.visibility, wanted.severity) = (Some(Visibility::Restricted), Some("SEV1".into()));
        let hidden = house.0.declare("ana", &wanted).id;
        house.0.act("ana", hidden, &Command::Resolve { unmet: vec![] }, "out").unwrap();
        assert_eq!(house.stands(hidden), (State::Due, None, None), "no rule names cleo for it");
        let seen = |person: &str| {
            let person = name(person);
            store.read(|tx| list(tx, &Filter::default(), Sight::Of(&person), 10)).unwrap().len()
        };
        assert_eq!((seen("ana"), seen("cleo")), (1, 0));
        assert_eq!(kind(house.0.by("cleo", |tx, _, moment| submit(tx, moment, hidden))), RefusalKind::NotFound);
        let mut wanted = Declaration::new("We practise", Class::System);
        (wanted.drill, wanted.severity) = (true, Some("SEV1".into()));
        let drill = house.0.declare("ana", &wanted).id;
        house.0.act("ana", drill, &Command::Resolve { unmet: vec![] }, "well done").unwrap();
        let one = house.whole(drill).postmortem;
        assert_eq!((one.state, one.judgement.effect), (State::NotDue, Some(Effect::Recommended)));
        house.completes("ben", drill);
        assert_eq!(house.publishes("cleo", drill).unwrap().state, State::Published);
    }
}
