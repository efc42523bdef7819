//! What people learn from the incidents of a story: who owns the postmortem, what is written, who publishes it or waives it.
//!
//! Each line becomes one act of one person, as in `responders.rs`.

use actions::learn::postmortem_owners;
use actions::learn::postmortems::{self as acts, Deed, Text};
use actions::respond::assignments as roles;
use domain::learn::factors::Wanted;
use domain::learn::postmortem_sections::Section;
use domain::learn::postmortems::OWNER;
use domain::words::{IncidentId, Name};

use crate::play::{Play, Stop};
use crate::responders::Responder;

impl Play {
    /// A line about what is learned from an incident; false if it is none.
    pub(crate) fn in_learning(
        &mut self,
        responder: &Responder,
        words: &[&str],
        id: Option<IncidentId>,
        said: &str,
    ) -> Result<bool, Stop> {
        let id = || id.ok_or_else(|| Stop::Words("there is no incident yet".into()));
        let (owner, why): (Name, String) = (OWNER.parse()?, said.to_owned());
        let deed = match words {
            ["submits", "the", "postmortem"] => Deed::Submit,
            ["sends", "back", "the", "postmortem"] => Deed::SendBack { why },
            ["publishes", "the", "postmortem"] => Deed::Publish,
            ["corrects", "the", "postmortem"] => Deed::Correct { correction: why },
            ["waives", "the", "postmortem"] => Deed::Waive { why },
            ["wants", "a", "postmortem"] => Deed::Request { why },
            ["takes", "the", "postmortem"] => {
                let id = id()?;
                responder.act(self, |tx, node, moment| postmortem_owners::take(tx, node, moment, id))?;
                return Ok(true);
            }
            ["accepts", "the", "postmortem"] => {
                let id = id()?;
                responder.act(self, |tx, node, moment| roles::accept(tx, node, moment, id, &owner))?;
                return Ok(true);
            }
            ["declines", "the", "postmortem"] => {
                let id = id()?;
                responder.act(self, |tx, node, moment| roles::decline(tx, node, moment, id, &owner, &why))?;
                return Ok(true);
            }
            ["names", "the", "factor"] => {
                let (id, wanted) = (id()?, Wanted { text: why, ..Wanted::default() });
                responder.act(self, |tx, node, moment| acts::name_factor(tx, node, moment, id, &wanted).map(drop))?;
                return Ok(true);
            }
            ["writes", section] => {
                let (id, section) = (id()?, section.parse::<Section>()?);
                responder.act(self, |tx, node, moment| write(tx, node, moment, id, &[(section, &why)]))?;
                return Ok(true);
            }
            ["writes", "all", "of", "the", "postmortem"] => {
                let (id, all) = (id()?, Section::ALL.iter().map(|section| (*section, why.as_str())));
                let all: Vec<(Section, &str)> = all.collect();
                responder.act(self, |tx, node, moment| write(tx, node, moment, id, &all))?;
                return Ok(true);
            }
            _ => return Ok(false),
        };
        let id = id()?;
        responder.act(self, |tx, node, moment| {
            let access = moment.person().and_then(|me| access(tx, node, me));
            acts::act(tx, node, moment, id, access, &deed).map(drop)
        })?;
        Ok(true)
    }
}

fn access(tx: &mut store::Tx<'_>, node: &actions::Node, me: &Name) -> Option<domain::prepare::people::Access> {
    let rules = node.rules(tx).ok()?;
    rules.catalog.people.get(me).map(|person| person.access)
}

/// Writes sections from whatever stands there now.
fn write(
    tx: &mut store::Tx<'_>,
    node: &actions::Node,
    moment: &mut actions::Moment<'_>,
    id: IncidentId,
    texts: &[(Section, &str)],
) -> Result<(), actions::Halt> {
    let before = store::learn::postmortems::written(tx, id)?;
    let from = |section: Section| before.iter().find(|one| one.section == section).map_or(0, |one| one.revision);
    let text =
        |(section, text): &(Section, &str)| Text { section: *section, text: (*text).to_owned(), from: from(*section) };
    let texts: Vec<Text> = texts.iter().map(text).collect();
    acts::write(tx, node, moment, id, &texts).map(drop)
}
