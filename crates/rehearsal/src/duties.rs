//! What people say of obligations in the incidents of a story.
//!
//! Each line becomes one act of one person, as in `responders.rs`.

use actions::respond::obligations::{self, Deed, NewAnchor, NewSubmission};
use domain::respond::obligations::Records;
use domain::words::{IncidentId, Name, Span, Timestamp};

use crate::play::{Play, Stop};
use crate::responders::Responder;

impl Play {
    /// A line about an obligation; false if it is none. What is said after " / " is why something comes late.
    pub(crate) fn in_duty(
        &mut self,
        responder: &Responder,
        words: &[&str],
        id: Option<IncidentId>,
        (said, also): (&str, Option<&str>),
    ) -> Result<bool, Stop> {
        let known = ["considers", "rules", "anchors", "submits", "postpones", "waives"];
        if !words.first().is_some_and(|word| known.contains(word)) {
            return Ok(false);
        }
        let id = id.ok_or_else(|| Stop::Words("there is no incident yet".into()))?;
        let records = self.world.store.read(|tx| Ok(store::respond::obligations::of_incident(tx, id)?))?;
        let Some(deed) = deed(words, (said, also), &records, self.world.now())? else { return Ok(false) };
        responder.act(self, |tx, node, moment| obligations::act(tx, node, moment, id, &deed))?;
        Ok(true)
    }
}

fn deed(
    words: &[&str],
    (said, also): (&str, Option<&str>),
    records: &Records,
    now: Timestamp,
) -> Result<Option<Deed>, Stop> {
    let why = said.to_owned();
    let instant = |text: &str| text.parse::<Timestamp>().map_err(|bad| Stop::Words(format!("{text}: {bad}")));
    Ok(Some(match words {
        ["considers", pack] => Deed::Consider { pack: pack.parse()?, why },
        ["rules", "out", pack] => Deed::RuleOut { pack: pack.parse()?, why },
        ["anchors", pack, anchor, when @ ..] => {
            let (pack, anchor): (Name, Name) = (pack.parse()?, anchor.parse()?);
            let at = match when {
                [text] => text.parse::<Span>().map_or_else(|_| instant(text), |ago| Ok(ago.before(now)))?,
                _ => now,
            };
            let supersedes = records.anchor(&pack, &anchor).map(|stands| stands.id);
            Deed::Anchor(NewAnchor { pack, anchor, at, basis: why, evidence: None, supersedes })
        }
        ["submits", pack, clock, receipt @ ..] => {
            let (pack, clock): (Name, Name) = (pack.parse()?, clock.parse()?);
            let amends = records.submissions(&pack, &clock).last().map(|last| last.id);
            let receipt = receipt.first().map(|receipt| (*receipt).to_owned());
            let why_late = also.map(str::to_owned);
            Deed::Submit(NewSubmission { pack, clock, at: None, receipt, text: why, amends, why_late })
        }
        ["postpones", pack, clock, "until", until] => {
            Deed::Postpone { pack: pack.parse()?, clock: clock.parse()?, until: instant(until)?, why }
        }
        ["waives", pack, clock] => Deed::NotDue { pack: pack.parse()?, clock: clock.parse()?, why },
        _ => return Ok(None),
    }))
}
