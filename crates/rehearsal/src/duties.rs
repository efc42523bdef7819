//! What people say of obligations in the incidents of a story, as `pack/clock`.

use actions::respond::obligations::{self, Deed, NewAnchor, NewSubmission};
use domain::words::{IncidentId, Name, Timestamp};

use crate::play::{Play, Stop};
use crate::responders::Responder;

impl Play {
    /// A line about an obligation; false if it is none. What is said after " / " is why something comes late.
    pub(crate) fn in_duty(
        &mut self,
        responder: &Responder,
        id: IncidentId,
        words: &[&str],
        said: String,
        also: Option<String>,
    ) -> Result<bool, Stop> {
        let why = said;
        let deed = match words {
            ["anchors", what, rest @ ..] => {
                let (pack, anchor) = pair(what)?;
                let at = match rest {
                    [at] => at.parse::<Timestamp>().map_err(|bad| Stop::Words(bad.to_string()))?,
                    _ => self.world.now(),
                };
                let records = self.world.store.read(|tx| Ok(store::respond::obligations::of_incident(tx, id)?))?;
                let supersedes = records.anchor(&pack, &anchor).map(|stands| stands.id);
                Deed::Anchor(NewAnchor { pack, anchor, at, basis: why, evidence: None, supersedes })
            }
            ["submits", what] => {
                let (pack, clock) = pair(what)?;
                let records = self.world.store.read(|tx| Ok(store::respond::obligations::of_incident(tx, id)?))?;
                let amends = records.submissions(&pack, &clock).last().map(|last| last.id);
                let told = NewSubmission { pack, clock, at: None, receipt: None, text: why, amends, why_late: also };
                Deed::Submit(told)
            }
            ["postpones", what, "until", until] => {
                let (pack, clock) = pair(what)?;
                let until = until.parse::<Timestamp>().map_err(|bad| Stop::Words(bad.to_string()))?;
                Deed::Postpone { pack, clock, until, why }
            }
            ["waives", what] => {
                let (pack, clock) = pair(what)?;
                Deed::NotDue { pack, clock, why }
            }
            ["rules", "out", pack] => Deed::RuleOut { pack: pack.parse()?, why },
            _ => return Ok(false),
        };
        responder.act(self, |tx, node, moment| obligations::act(tx, node, moment, id, &deed))?;
        Ok(true)
    }
}

/// `gdpr/authority`
fn pair(text: &str) -> Result<(Name, Name), Stop> {
    let (pack, name) = text.split_once('/').ok_or_else(|| Stop::Words(format!("{text}: say PACK/NAME")))?;
    Ok((pack.parse()?, name.parse()?))
}
