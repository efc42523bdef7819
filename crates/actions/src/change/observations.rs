//! Changes that programs report: a deployment began, went on, ended. One call may bring many.
//!
//! What they call a change is its key: the same key of the same integration is the same change, in whatever order and however
//! often its reports come.

use domain::change::changes::{Change, State};
use domain::change::deploy_events::Report;
use domain::change::observations::{Observation, Stage, stands, stretch};
use domain::words::{EventKind, Name, Refusal};
use serde_json::json;
use store::change::changes::{self as rows, ChangeRow};
use store::{Halt, Tx};

use super::changes::tell;
use super::preflights;
use crate::{Moment, Node};

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is of a change that was not known.
    New,
    /// It says more of one.
    More,
    /// It was said before.
    Known,
}

/// Takes one report. `source` is the integration that it came by.
pub fn observe(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    source: &Name,
    seen: &Observation,
) -> Result<(ChangeRow, Taken), Halt> {
    seen.check(moment.now)?;
    let before = rows::of_source(tx, source, &seen.key)?;
    let is_new = before.is_none();
    let mut row = match before {
        Some(row) => row,
        None => ChangeRow {
            change: Change::observe(moment.mint.id(moment.now), seen.proposal.clone(), seen.at)?,
            proposed_by: moment.actor.to_string(),
            proposed_at: moment.now,
            began_at: None,
            ended_at: None,
            risk: None,
            source: Some((source.clone(), seen.key.clone())),
            link: None,
        },
    };
    let word_before = row.change.state.word();
    if is_new {
        rows::save(tx, &row)?;
    }
    let is_news = rows::add_stage(tx, row.change.id, seen.at, seen.stage, &seen.said)?;
    let is_richer = enrich(&mut row, seen);
    if !is_news && !is_richer {
        return Ok((row, Taken::Known));
    }
    let said = rows::stages(tx, row.change.id)?;
    // What was taken back from here is told by the rollback, not by the pipeline that does it.
    let ours = matches!(row.change.state, State::RollingBack { .. } | State::RolledBack { .. } | State::Stuck { .. });
    if let Some(state) = stands(&said).filter(|_| !ours) {
        row.change.state = state;
    }
    (row.began_at, row.ended_at) = stretch(&said);
    rows::save(tx, &row)?;
    if is_new || row.change.state.word() != word_before || seen.stage == Stage::Stage {
        let data = json!({ "stage": seen.stage, "at": seen.at, "key": seen.key, "state": row.change.state.word() });
        let why = Some(seen.said.as_str());
        tell(tx, moment, EventKind::ChangeObserved, &row, why, data)?;
    }
    preflights::wish(tx, node, &row, moment.now)?;
    Ok((row, if is_new { Taken::New } else { Taken::More }))
}

/// Later reports may know more: a target, a link, a longer title. Of two words for one thing the longer stands, so that it does
/// not show which came first. Answers whether anything is different now.
fn enrich(row: &mut ChangeRow, seen: &Observation) -> bool {
    let before = (row.change.proposal.clone(), row.link.clone());
    let proposal = &mut row.change.proposal;
    for target in &seen.proposal.targets {
        let known = proposal
            .targets
            .iter_mut()
            .find(|one| one.service == target.service && one.environment == target.environment);
        match known {
            Some(known) => {
                fuller_of(&mut known.from, target.from.as_ref());
                fuller_of(&mut known.to, target.to.as_ref());
            }
            None => proposal.targets.push(target.clone()),
        }
    }
    proposal.targets.sort();
    fuller(&mut proposal.title, &seen.proposal.title);
    fuller(&mut proposal.why, &seen.proposal.why);
    fuller_of(&mut row.link, seen.link.as_ref());
    before != (row.change.proposal.clone(), row.link.clone())
}

fn fuller(known: &mut String, other: &String) {
    if (other.len(), other) > (known.len(), known) {
        known.clone_from(other);
    }
}

fn fuller_of(known: &mut Option<String>, other: Option<&String>) {
    match (known, other) {
        (Some(known), Some(other)) => fuller(known, other),
        (known @ None, Some(other)) => *known = Some(other.clone()),
        (_, None) => {}
    }
}

/// Takes what the reading of one call came to, or nothing of it.
pub fn take(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    source: &Name,
    reports: &[Report],
) -> Result<Vec<(ChangeRow, Taken)>, Halt> {
    let mut taken = Vec::with_capacity(reports.len());
    for (place, report) in reports.iter().enumerate() {
        let seen = &report.observation;
        let known = if report.on_arrival { said_before(tx, source, seen)? } else { None };
        taken.push(match known {
            Some(row) => (row, Taken::Known),
            None => observe(tx, node, moment, source, seen).map_err(|halt| placed(halt, place, reports.len()))?,
        });
    }
    Ok(taken)
}

/// The change of which the same was said, at whatever time.
fn said_before(tx: &mut Tx<'_>, source: &Name, seen: &Observation) -> Result<Option<ChangeRow>, Halt> {
    let Some(row) = rows::of_source(tx, source, &seen.key)? else { return Ok(None) };
    let said = rows::stages(tx, row.change.id)?;
    Ok(said.iter().any(|(_, stage, words)| *stage == seen.stage && *words == seen.said).then_some(row))
}

fn placed(halt: Halt, place: usize, of: usize) -> Halt {
    match halt {
        Halt::Refused(refusal) if of > 1 => {
            let at = format!("/{place}{}", refusal.at.as_deref().unwrap_or_default());
            Halt::Refused(Refusal { at: Some(at), ..refusal })
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use domain::change::proposals::{Kind, Proposal, Target};
    use domain::respond::sight::Sight;
    use domain::words::{Actor, Mint, Timestamp};
    use store::Store;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn seen(key: &str, minute: i64, stage: Stage) -> Observation {
        let target = Target { service: name("shop"), environment: None, from: None, to: None };
        Observation {
            key: key.into(),
            stage,
            at: at(minute),
            proposal: Proposal {
                kind: Kind::Deploy,
                title: "Shop".into(),
                why: String::new(),
                targets: vec![target],
                steps: Vec::new(),
                rollback: None,
                verification: Vec::new(),
            },
            said: String::new(),
            link: None,
        }
    }

    fn report(observation: Observation, on_arrival: bool) -> Report {
        Report { observation, on_arrival, unmapped: Vec::new() }
    }

    fn take_all(store: &Store, mint: &mut Mint, now: Timestamp, reports: &[Report]) -> Result<Vec<Taken>, Halt> {
        let by = Actor::Integration(name("ci"));
        let link_key = domain::engage::links::LinkKey::new([7; 32]);
        let node =
            Node::new(crate::node::Identity { name: "n".into(), public_url: "https://a.example".into(), link_key });
        let done = store.write(|tx| take(tx, &node, &mut Moment::new(now, by.clone(), mint), &name("ci"), reports));
        Ok(done?.into_iter().map(|(_, taken)| taken).collect())
    }

    /// All that a reader of the list could tell apart, but for ids.
    fn listed(store: &Store) -> Vec<String> {
        let rows = store.read(|tx| Ok(rows::list(tx, &rows::Filter::default(), Sight::Open, None, 99)?)).unwrap();
        let line = |row: &ChangeRow| {
            let (state, proposal) = (&row.change.state, &row.change.proposal);
            format!("{:?} {state:?} {:?} {:?} {:?} {proposal:?}", row.source, row.began_at, row.ended_at, row.link)
        };
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        lines.sort();
        lines
    }

    store::both_engines! {
        fn the_same_reports_make_the_same_list_in_any_order_and_any_number(store) {
            let mut with_link = seen("a", 1, Stage::Began);
            with_link.link = Some("https://ci.example/1".into());
            with_link.proposal.title = "Shop 4.2".into();
            let mut with_version = seen("a", 5, Stage::Finished);
            with_version.proposal.targets[0].to = Some("4.2".into());
            let mut failed = seen("b", 4, Stage::Failed);
            failed.said = "no disk".into();
            let all = [seen("a", 1, Stage::Began), with_link, with_version, seen("b", 2, Stage::Began), failed, seen("c", 9, Stage::RolledBack)];
            let mut lists = Vec::new();
            let mut mint = Mint::seeded(1);
            // Each rotation of them, to and fro, one by one and once more as one call; each in a source of its own.
            for turn in 0..all.len() {
                for back in [false, true] {
                    let mut order = all.clone();
                    order.rotate_left(turn);
                    if back {
                        order.reverse();
                    }
                    for one in &order {
                        take_all(store, &mut mint, at(20), &[report(one.clone(), false)]).unwrap();
                    }
                    let before = store.read(|tx| Ok(store::journal::last(tx)?)).unwrap();
                    let again: Vec<Report> = order.iter().map(|one| report(one.clone(), false)).collect();
                    let taken = take_all(store, &mut mint, at(21), &again).unwrap();
                    assert!(taken.iter().all(|one| *one == Taken::Known), "{taken:?}");
                    assert_eq!(store.read(|tx| Ok(store::journal::last(tx)?)).unwrap(), before, "nothing happened");
                    lists.push(listed(store));
                    store.write(|tx| {
                        for table in ["DELETE FROM changes", "DELETE FROM change_stages", "DELETE FROM change_targets"] {
                            tx.execute(table, &[])?;
                        }
                        Ok(())
                    }).unwrap();
                }
            }
            assert_eq!(lists[0].len(), 3);
            assert!(lists[0][0].contains("Finished") && lists[0][0].contains("Shop 4.2") && lists[0][0].contains("ci.example"), "{:?}", lists[0]);
            assert!(lists.iter().all(|list| *list == lists[0]), "{lists:#?}");
        }

        fn what_tells_no_time_counts_when_it_first_came(store) {
            let mut mint = Mint::seeded(2);
            let mut take_one = |minute, stage| {
                take_all(store, &mut mint, at(minute), &[report(seen("a", minute, stage), true)]).unwrap()[0]
            };
            assert_eq!([take_one(1, Stage::Began), take_one(2, Stage::Began)], [Taken::New, Taken::Known]);
            assert_eq!([take_one(3, Stage::Finished), take_one(9, Stage::Finished)], [Taken::More, Taken::Known]);
            assert!(listed(store)[0].contains(&format!("Finished {{ at: {} }}", at(3))), "{:?}", listed(store));
        }

        fn one_call_is_taken_whole_or_not_at_all(store) {
            let mut mint = Mint::seeded(3);
            let reports = [report(seen("a", 1, Stage::Began), false), report(seen("", 1, Stage::Began), false)];
            let refused = take_all(store, &mut mint, at(2), &reports).unwrap_err();
            assert!(matches!(&refused, Halt::Refused(refusal) if refusal.at.as_deref() == Some("/1/key")), "{refused}");
            assert_eq!(listed(store), Vec::<String>::new());
        }
    }
}
