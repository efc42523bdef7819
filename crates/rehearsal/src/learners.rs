//! What people learn from the incidents of a story: who owns the postmortem, what is written, who publishes it or waives it.
//!
//! Each line becomes one act of one person, as in `responders.rs`.

use actions::learn::customer_postmortems as outside;
use actions::learn::postmortem_owners;
use actions::learn::postmortems::{self as acts, Deed, Text};
use actions::learn::review_meetings as meetings;
use actions::respond::assignments as roles;
use domain::learn::customer_postmortems::{Reason, Redaction};
use domain::learn::factors::Wanted;
use domain::learn::postmortem_sections::Section;
use domain::learn::postmortems::OWNER;
use domain::learn::review_meetings::Wanted as Wanting;
use domain::respond::sight::Sight;
use domain::words::{IncidentId, Name, Span};

use crate::play::{Play, Stop, unquoted};
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
            [verb, "the", "customer", "postmortem"] | [verb, "to", "the", "customer", "postmortem"] => {
                let (id, verb, plan) = (id()?, (*verb).to_owned(), None);
                responder.act(self, |tx, node, moment| customers(tx, node, moment, id, &verb, &why, plan))?;
                return Ok(true);
            }
            ["prepares", "the", "customer", "postmortem", "without", cut] => {
                let (id, cut) = (id()?, unquoted(cut));
                responder
                    .act(self, |tx, node, moment| customers(tx, node, moment, id, "prepares", &why, cut.as_deref()))?;
                return Ok(true);
            }
            ["lets", "what", "was", "found", "stay"] => {
                let id = id()?;
                responder.act(self, |tx, node, moment| customers(tx, node, moment, id, "lets", &why, None))?;
                return Ok(true);
            }
            ["plans", "the", "review", "led", "by", person] => {
                let (id, facilitator) = (id()?, person.parse::<Name>()?);
                responder.act(self, |tx, node, moment| {
                    // A day on, for an hour.
                    let starts_at = Span::hours(24).after(moment.now);
                    let (place, invitees) = (why.clone(), Vec::new());
                    let wanted = Wanting { starts_at, minutes: 60, place, facilitator: facilitator.clone(), invitees };
                    meetings::act(tx, node, moment, id, &meetings::Deed::Plan(wanted)).map(drop)
                })?;
                return Ok(true);
            }
            ["cancels", "the", "review"] => {
                let (id, deed) = (id()?, meetings::Deed::Cancel { why });
                responder.act(self, |tx, node, moment| meetings::act(tx, node, moment, id, &deed).map(drop))?;
                return Ok(true);
            }
            ["decides", "in", "the", "review"] => {
                let (id, deed) = (id()?, meetings::Deed::Decide { text: why });
                responder.act(self, |tx, node, moment| meetings::act(tx, node, moment, id, &deed).map(drop))?;
                return Ok(true);
            }
            ["holds", "the", "review", "with", people @ ..] => {
                let there: Result<_, _> = people.iter().map(|person| person.parse::<Name>()).collect();
                let (id, deed) = (id()?, meetings::Deed::Hold { attended: there? });
                responder.act(self, |tx, node, moment| meetings::act(tx, node, moment, id, &deed).map(drop))?;
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

/// What customers are to read: from whatever stands there now, with all that is usual, and without these words.
fn customers(
    tx: &mut store::Tx<'_>,
    node: &actions::Node,
    moment: &mut actions::Moment<'_>,
    id: IncidentId,
    verb: &str,
    said: &str,
    cut: Option<&str>,
) -> Result<(), actions::Halt> {
    let me = moment.person().cloned();
    let sight = Sight::of(&moment.actor);
    let found = outside::whole(tx, node, id, me.as_ref(), sight)?;
    let (one, mut plan) = (&found.one, found.one.plan.clone());
    let deeds = match verb {
        "prepares" | "corrects" => {
            if verb == "prepares" {
                said.clone_into(&mut plan.title);
            } else {
                said.clone_into(&mut plan.correction);
            }
            if let Some(words) = cut {
                plan.redactions.push(Redaction { words: words.to_owned(), reason: Reason::Security, instead: None });
            }
            vec![outside::Deed::Prepare { plan, from: one.revision }]
        }
        "lets" => {
            let open = one.open(&found.leaks).into_iter();
            open.map(|leak| outside::Deed::Answer { finding: leak.key.clone(), why: said.to_owned() }).collect()
        }
        "agrees" => vec![outside::Deed::Agree { revision: one.revision, why: said.to_owned() }],
        _ => vec![outside::Deed::Publish { revision: one.revision }],
    };
    for deed in deeds {
        outside::act(tx, node, moment, id, &deed)?;
    }
    Ok(())
}
