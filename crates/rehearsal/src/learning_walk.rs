//! What a seed makes up about postmortems: people write, decline, review and close in any order, and do with action items what they may;
//! and when all is over each postmortem that is due is brought to its end by people with names.

use domain::respond::sight::Sight;
use domain::words::{IncidentId, Name, Timestamp};
use store::learn::postmortems::{self as rows, Filter};

use crate::Trouble;
use crate::play::Play;
use crate::worlds::Author;

/// Who manages in worlds. She never writes or owns, so that she can always review and waive.
const MANAGER: &str = "ana";
const BECAUSE: &str = "nothing new is to be learned from a trouble that was made up";

impl Author {
    /// What people do about the postmortem of the newest incident.
    pub(crate) fn learn(&mut self, mut at: Timestamp) {
        for _ in 0..self.pick(10) {
            at = self.seconds(60, 20_000).after(at);
            let node = self.node();
            let who = self.writer();
            let line = match self.pick(10) {
                0 => format!("{who} accepts the postmortem"),
                1 => format!("{} declines the postmortem: no time", self.person()),
                2 | 3 => format!("{who} writes all of the postmortem: it was {}", self.pick(3)),
                4 => format!("{who} names the factor: The queue has no limit"),
                5 => format!("{who} submits the postmortem"),
                6 => format!("{MANAGER} sends back the postmortem: say more"),
                7 => format!("{MANAGER} publishes the postmortem"),
                8 => format!("{who} wants a postmortem: to know"),
                _ => format!("{who} closes the incident: done"),
            };
            self.plan(at, format!("{node}{line}"));
        }
        self.follow(at);
    }

    /// What is to be done since, and what becomes of it: mostly what one would expect, each step by whomever it takes, or by somebody else.
    fn follow(&mut self, mut at: Timestamp) {
        let item = format!("item \"Limit queue {}\"", 1 + self.pick(4));
        let owner = self.person();
        for step in 0..3 + self.pick(7) {
            at = self.seconds(60, 5000).after(at);
            let (node, other) = (self.node(), self.person());
            let who = if self.pick(4) == 0 { other } else { owner };
            let usual = if step < 4 { step } else { self.pick(10) };
            let line = match if self.pick(6) == 0 { self.pick(10) } else { usual } {
                0 if self.pick(3) == 0 => {
                    format!("{other} proposes {item} for {owner} check=service/api/runbook: the service says so")
                }
                0 => format!("{other} proposes {item} for {owner} due={}h: a test shows it", 1 + self.pick(40)),
                1 => format!("{who} accepts {item}"),
                2 => format!("{who} finishes {item}: it is limited"),
                3 => format!("{other} confirms {item}: seen"),
                4 => format!("{who} gives {item} to {other}"),
                5 | 6 => format!("{who} gives {item} up: it is gone"),
                7 | 8 => format!("{other} waives {item}"),
                _ => format!("{who} reopens {item}: it came back"),
            };
            self.plan(at, format!("{node}{line}"));
        }
    }

    fn writer(&mut self) -> &'static str {
        let who = self.person();
        if who == MANAGER { "ben" } else { who }
    }

    /// Every postmortem that is due ends published or waived, by somebody with a name.
    pub(crate) fn finish_learning(&mut self, play: &mut Play, at: Timestamp) -> Result<(), Trouble> {
        for (number, id) in owed(play)? {
            let sees = |person: &str| -> Result<bool, Trouble> {
                let person: Name = person.parse().map_err(|_| Trouble::Broken(format!("{person} is no name")))?;
                Ok(play
                    .world
                    .store
                    .read(|tx| Ok(store::respond::incidents::get(tx, id, Sight::Of(&person))?))?
                    .is_some())
            };
            let mut inside = None;
            for person in ["ben", "carla", "dai", "eve", MANAGER] {
                if inside.is_none() && sees(person)? {
                    inside = Some(person);
                }
            }
            let Some(inside) = inside else { continue };
            let mut lines = vec![format!("{inside} names {MANAGER} of incident {number}")];
            let writer = if inside == MANAGER { "ben" } else { inside };
            lines.push(format!("{MANAGER} names {writer} of incident {number}"));
            if self.pick(2) == 0 {
                lines.push(format!("{writer} writes all of the postmortem of incident {number}: in the end"));
                lines.push(format!("{writer} names the factor of incident {number}: The queue has no limit"));
                lines.push(format!("{writer} submits the postmortem of incident {number}"));
                lines.push(format!("{MANAGER} publishes the postmortem of incident {number}"));
            }
            lines.push(format!("{MANAGER} waives the postmortem of incident {number}: {BECAUSE}"));
            for line in lines {
                self.perform(play, at, line)?;
            }
        }
        match owed(play)?.first() {
            Some((number, id)) => {
                Err(Trouble::Broken(format!("the postmortem of incident {number} ({id}) came to no end")))
            }
            None => Ok(()),
        }
    }
}

/// Those that are owed, of incidents whose response is over.
fn owed(play: &Play) -> Result<Vec<(usize, IncidentId)>, Trouble> {
    let open = Filter { open: true, ..Filter::default() };
    let found = play.world.store.read(|tx| Ok(rows::list(tx, &open, Sight::Whole, 500)?))?;
    let mut owed = Vec::new();
    for one in found.into_iter().filter(|one| one.due.is_some()) {
        let over = play.world.store.read(|tx| {
            let row = store::respond::incidents::get(tx, one.incident, Sight::Whole)?;
            Ok(row.is_some_and(|row| !row.state.phase.is_open()))
        })?;
        let number = (1..=1000).find(|number| play.chronicle.incident_of(*number) == Some(one.incident));
        owed.extend(number.filter(|_| over).map(|number| (number, one.incident)));
    }
    Ok(owed)
}
