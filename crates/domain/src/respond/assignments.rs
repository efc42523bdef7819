//! Who plays which role in an incident: offered, and held only once it was accepted.
//!
//! A role that one person holds at a time is handed over, not taken: the one who holds it goes on until the next one
//! has accepted. Somebody more senior who arrives is no hand-over.

use std::collections::BTreeSet;
use std::fmt;

use crate::words::{EventKind, Name, Refusal, Result, Span, Timestamp};

/// A role that was offered to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub role: Name,
    pub person: Name,
    pub offered_at: Timestamp,
    pub state: State,
}

/// How an assignment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Offered,
    Held { since: Timestamp },
    Declined { at: Timestamp },
    Ended { at: Timestamp },
}

impl Assignment {
    pub fn is_held(&self) -> bool {
        matches!(self.state, State::Held { .. })
    }

    /// How long it has been held.
    pub fn held_for(&self, now: Timestamp) -> Option<Span> {
        match self.state {
            State::Held { since } => Some(Span::between(since, now)),
            _ => None,
        }
    }
}

/// What becomes of one assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub assignment: Assignment,
    pub event: EventKind,
}

/// Offers a role. Somebody who takes it for themselves has accepted with that.
pub fn offer(all: &[Assignment], role: &Name, to: &Name, by: Option<&Name>, now: Timestamp) -> Result<Move> {
    let theirs = |one: &&Assignment| one.role == *role && one.person == *to;
    match all.iter().filter(theirs).find(|one| matches!(one.state, State::Offered | State::Held { .. })) {
        Some(Assignment { state: State::Offered, .. }) => {
            return Err(Refusal::conflict(format!("{role} is offered to {to} already")));
        }
        Some(_) => return Err(Refusal::conflict(format!("{to} is {role} already"))),
        None => {}
    }
    let assignment = Assignment { role: role.clone(), person: to.clone(), offered_at: now, state: State::Offered };
    if by == Some(to) {
        return Ok(Move {
            assignment: Assignment { state: State::Held { since: now }, ..assignment },
            event: EventKind::RoleAccepted,
        });
    }
    Ok(Move { assignment, event: EventKind::RoleOffered })
}

/// Accepts what was offered, and ends what another holds if only one may. The accepted one comes first.
pub fn accept(all: &[Assignment], role: &Name, by: &Name, single: bool, now: Timestamp) -> Result<Vec<Move>> {
    let offered = all.iter().find(|one| one.role == *role && one.person == *by && one.state == State::Offered);
    let Some(offered) = offered else {
        return Err(Refusal::conflict(format!("{role} is not offered to {by}")));
    };
    let mut moves = vec![Move {
        assignment: Assignment { state: State::Held { since: now }, ..offered.clone() },
        event: EventKind::RoleAccepted,
    }];
    let before = all.iter().filter(|one| single && one.role == *role && one.is_held());
    moves.extend(before.map(|one| ended(one, EventKind::RoleHandedOver, now)));
    Ok(moves)
}

/// Says no, with a reason that helps to find the next one.
pub fn decline(all: &[Assignment], role: &Name, by: &Name, why: &str, now: Timestamp) -> Result<Move> {
    let offered = all.iter().find(|one| one.role == *role && one.person == *by && one.state == State::Offered);
    let Some(offered) = offered else {
        return Err(Refusal::conflict(format!("{role} is not offered to {by}")));
    };
    if why.trim().is_empty() {
        return Err(Refusal::invalid("say why, so that whoever looks for the next one knows").at("/why"));
    }
    let assignment = Assignment { state: State::Declined { at: now }, ..offered.clone() };
    Ok(Move { assignment, event: EventKind::RoleDeclined })
}

/// Lays a role down, where nobody needs to follow.
pub fn lay_down(all: &[Assignment], role: &Name, by: &Name, must_be_followed: bool, now: Timestamp) -> Result<Move> {
    let Some(held) = all.iter().find(|one| one.role == *role && one.person == *by && one.is_held()) else {
        return Err(Refusal::conflict(format!("{by} is not {role}")));
    };
    if must_be_followed {
        return Err(Refusal::conflict(format!("{role} is handed over, not laid down: offer it to whoever follows")));
    }
    Ok(ended(held, EventKind::RoleEnded, now))
}

/// What becomes of an offer that nobody answered.
pub fn lapse(all: &[Assignment], role: &Name, person: &Name, now: Timestamp) -> Vec<Move> {
    let offered = all.iter().filter(|one| one.role == *role && one.person == *person && one.state == State::Offered);
    offered.map(|one| ended(one, EventKind::RoleEnded, now)).collect()
}

fn ended(one: &Assignment, event: EventKind, now: Timestamp) -> Move {
    Move { assignment: Assignment { state: State::Ended { at: now }, ..one.clone() }, event }
}

/// Something to think of, for whoever leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Held for long: think of handing over. `urgent` after twice as long.
    Tired { person: Name, held_for: Span, urgent: bool },
    /// So many report to one person: let some of them lead others.
    ManyReports { reports: usize },
    /// Whoever commands also repairs: nobody sees the whole then.
    Repairs { person: Name },
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tired { person, held_for, urgent } => {
                let hours = held_for.as_millis() / 3_600_000;
                let advice = if *urgent { "hand over now" } else { "think of handing over" };
                write!(f, "{person} has commanded for {hours} hours: {advice}")
            }
            Self::ManyReports { reports } => {
                write!(f, "{reports} people report to the commander: let some of them lead others")
            }
            Self::Repairs { person } => {
                write!(f, "{person} commands and has a task of repair: nobody sees the whole then")
            }
        }
    }
}

const TIRED_AFTER: Span = Span::hours(4);
const URGENT_AFTER: Span = Span::hours(8);
/// From the incident command system: three to seven.
const REPORTS_MOST: usize = 7;

/// What to think of. `busy` are those who have an open task each; `commander` is the name of the role that leads.
pub fn hints(all: &[Assignment], commander: &Name, busy: &[Name], now: Timestamp) -> Vec<Hint> {
    let Some(leads) = all.iter().find(|one| one.role == *commander && one.is_held()) else { return Vec::new() };
    let mut hints = Vec::new();
    if let Some(held_for) = leads.held_for(now).filter(|held| *held >= TIRED_AFTER) {
        hints.push(Hint::Tired { person: leads.person.clone(), held_for, urgent: held_for >= URGENT_AFTER });
    }
    let others = all.iter().filter(|one| one.is_held()).map(|one| &one.person).chain(busy);
    let reports: BTreeSet<&Name> = others.filter(|person| **person != leads.person).collect();
    if reports.len() > REPORTS_MOST {
        hints.push(Hint::ManyReports { reports: reports.len() });
    }
    if busy.contains(&leads.person) {
        hints.push(Hint::Repairs { person: leads.person.clone() });
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    /// Writes moves over what they are about, as the store does.
    fn write(all: &mut Vec<Assignment>, moves: impl IntoIterator<Item = Move>) -> Vec<&'static str> {
        let write_one = |one: Move| {
            let same = |there: &&mut Assignment| {
                let a = (&there.role, &there.person, there.offered_at);
                a == (&one.assignment.role, &one.assignment.person, one.assignment.offered_at)
            };
            match all.iter_mut().find(same) {
                Some(there) => *there = one.assignment,
                None => all.push(one.assignment),
            }
            one.event.word()
        };
        moves.into_iter().map(write_one).collect()
    }

    fn holders(all: &[Assignment], role: &str) -> Vec<String> {
        all.iter().filter(|one| one.role == *role && one.is_held()).map(|one| one.person.to_string()).collect()
    }

    #[test]
    fn who_holds_it_goes_on_until_the_next_one_has_accepted() {
        let (role, ana, ben) = (name("incident-commander"), name("ana"), name("ben"));
        let mut all = Vec::new();
        let taken = offer(&all, &role, &ana, Some(&ana), at(0));
        assert_eq!(write(&mut all, taken), ["role.accepted"], "who takes it for themselves has accepted");
        let offered = offer(&all, &role, &ben, Some(&ana), at(5));
        assert_eq!(write(&mut all, offered), ["role.offered"]);
        assert_eq!(holders(&all, "incident-commander"), ["ana"]);
        assert!(offer(&all, &role, &ben, Some(&ana), at(6)).is_err());
        assert_eq!(
            lay_down(&all, &role, &ana, true, at(6)).unwrap_err().message,
            "incident-commander is handed over, not laid down: offer it to whoever follows"
        );
        let accepted = accept(&all, &role, &ben, true, at(7)).unwrap();
        assert_eq!(write(&mut all, accepted), ["role.accepted", "role.handed-over"]);
        assert_eq!(holders(&all, "incident-commander"), ["ben"]);
        assert_eq!(
            accept(&all, &role, &ben, true, at(8)).unwrap_err().message,
            "incident-commander is not offered to ben"
        );
        // And back again, later.
        let back = offer(&all, &role, &ana, Some(&ben), at(60));
        write(&mut all, back);
        let accepted = accept(&all, &role, &ana, true, at(61)).unwrap();
        write(&mut all, accepted);
        assert_eq!(holders(&all, "incident-commander"), ["ana"]);
    }

    #[test]
    fn a_no_has_a_reason_and_a_role_of_several_is_shared() {
        let (role, ana, ben) = (name("resolver"), name("ana"), name("ben"));
        let mut all = Vec::new();
        for person in [&ana, &ben] {
            let offered = offer(&all, &role, person, None, at(0));
            write(&mut all, offered);
        }
        assert_eq!(decline(&all, &role, &ana, " ", at(1)).unwrap_err().at.as_deref(), Some("/why"));
        let declined = decline(&all, &role, &ana, "on a train", at(1));
        assert_eq!(write(&mut all, declined), ["role.declined"]);
        let again = offer(&all, &role, &ana, None, at(9));
        write(&mut all, again);
        for person in [&ana, &ben] {
            let accepted = accept(&all, &role, person, false, at(10)).unwrap();
            write(&mut all, accepted);
        }
        assert_eq!(holders(&all, "resolver"), ["ben", "ana"]);
        let down = lay_down(&all, &role, &ben, false, at(20));
        assert_eq!(write(&mut all, down), ["role.ended"]);
    }

    #[test]
    fn hours_of_command_many_reports_and_a_commander_who_repairs_are_pointed_out() {
        let (role, ana) = (name("incident-commander"), name("ana"));
        let mut all = Vec::new();
        let taken = offer(&all, &role, &ana, Some(&ana), at(0));
        write(&mut all, taken);
        assert_eq!(hints(&all, &role, &[], at(239)), []);
        let tired = |minute, urgent| [Hint::Tired { person: name("ana"), held_for: Span::minutes(minute), urgent }];
        assert_eq!(hints(&all, &role, &[], at(240)), tired(240, false));
        assert_eq!(hints(&all, &role, &[], at(480)), tired(480, true));
        let mut busy: Vec<Name> = (0..8).map(|n| name(&format!("r{n}"))).collect();
        assert_eq!(hints(&all, &role, &busy, at(1)), [Hint::ManyReports { reports: 8 }]);
        busy.truncate(1);
        busy.push(ana.clone());
        assert_eq!(hints(&all, &role, &busy, at(1)), [Hint::Repairs { person: ana }]);
        assert_eq!(hints(&[], &role, &busy, at(1)), []);
        assert_eq!(tired(490, true)[0].to_string(), "ana has commanded for 8 hours: hand over now");
    }
}
