//! Counterfactuals of an escalation policy: reads its past pages, with who was on call then, and asks the rule.

use std::collections::{BTreeMap, BTreeSet};

use domain::engage::deliveries::Urgency;
use domain::engage::escalations::{Lookup, State};
use domain::learn::counterfactuals::{Candidate, Found, PastPage, counterfactuals, refuse};
use domain::prepare::catalog::Catalog;
use domain::respond::sight::Sight;
use domain::words::{EventKind, Name, Refusal, Timestamp};
use store::engage::pages::{self as rows, PageRow};
use store::{Halt, Tx, journal, outbox};

use crate::Node;
use crate::engage::who::Who;

/// So many of the last pages are looked at.
pub const PAGES_MOST: u32 = 100;

/// What would have been, had a step of the policy waited less; of the pages that whoever asks may see.
pub fn of_policy(
    tx: &mut Tx<'_>,
    node: &Node,
    policy: &Name,
    asked: Option<Candidate>,
    sight: Sight<'_>,
) -> Result<Found, Halt> {
    let rules = node.rules(tx)?;
    let gone = || Refusal::not_found(format!("escalation policy {policy}"));
    let spec = rules.catalog.escalation_policies.get(policy).ok_or_else(gone)?;
    if let Some(asked) = asked {
        refuse(spec, asked)?;
    }
    let mut past = Vec::new();
    for row in rows::of_policy(tx, policy, sight, PAGES_MOST)? {
        past.extend(past_page(tx, &row)?);
    }
    let catalogs = Catalogs::of(tx, past.iter().map(|page| page.started_at))?;
    let mut who = Vec::new();
    for page in &past {
        who.push(Who::for_policy(tx, catalogs.at(page.started_at, &rules.catalog), spec, page.started_at)?);
    }
    let pages: Vec<(PastPage, &dyn Lookup)> =
        past.iter().zip(&who).map(|(page, who)| (page.clone(), who as &dyn Lookup)).collect();
    Ok(counterfactuals(spec, &pages, asked))
}

/// A page that is over, with whom it called and who answered; nothing, if it is none that a policy of today can be compared with.
fn past_page(tx: &mut Tx<'_>, row: &PageRow) -> Result<Option<PastPage>, Halt> {
    let State::Ended { at: over_at, .. } = row.state else { return Ok(None) };
    if row.urgency != Urgency::High {
        return Ok(None);
    }
    let mut answered: Option<(Name, Timestamp)> = None;
    for entry in journal::of_subject(tx, &row.id.to_string(), Sight::Whole, None, 100)? {
        if entry.kind() == Some(EventKind::PageAcknowledged)
            && let Some(person) = entry.data["by"].as_str().and_then(|by| by.parse().ok())
            && answered.as_ref().is_none_or(|(_, before)| entry.at < *before)
        {
            answered = Some((person, entry.at));
        }
    }
    let until = answered.as_ref().map_or(over_at, |(_, at)| *at);
    let mut called: BTreeMap<Name, Timestamp> = BTreeMap::new();
    for (delivery, _) in outbox::for_page(tx, row.id)? {
        let Some(person) = delivery.person.filter(|_| delivery.step > 0 && delivery.created_at <= until) else {
            continue;
        };
        let at = called.entry(person).or_insert(delivery.created_at);
        *at = (*at).min(delivery.created_at);
    }
    Ok(Some(PastPage { started_at: row.started_at, answered, over_at, called }))
}

/// What was in force when pages began.
struct Catalogs {
    /// When each set of documents came into force, the latest first.
    since: Vec<(Timestamp, i64)>,
    known: BTreeMap<i64, Catalog>,
}

impl Catalogs {
    fn of(tx: &mut Tx<'_>, times: impl Iterator<Item = Timestamp>) -> Result<Self, Halt> {
        let all = store::prepare::documents::changesets(tx, None, i64::MAX)?;
        let since: Vec<(Timestamp, i64)> = all.iter().map(|one| (one.at, one.number)).collect();
        let number = |at: Timestamp| since.iter().find(|(from, _)| *from <= at).map(|(_, number)| *number);
        let wanted: BTreeSet<i64> = times.filter_map(number).collect();
        let mut known = BTreeMap::new();
        for number in wanted {
            known.insert(number, store::prepare::documents::as_of(tx, number)?);
        }
        Ok(Self { since, known })
    }

    fn at<'c>(&'c self, at: Timestamp, otherwise: &'c Catalog) -> &'c Catalog {
        let number = self.since.iter().find(|(from, _)| *from <= at).map(|(_, number)| number);
        number.and_then(|number| self.known.get(number)).unwrap_or(otherwise)
    }
}
