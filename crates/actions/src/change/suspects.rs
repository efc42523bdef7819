//! Suspects of an incident: gathers what was changed before it began, and has it ranked. Verdicts of people are kept.

use std::collections::{BTreeMap, BTreeSet};

use domain::change::changes::Path;
use domain::change::document_edits::about;
use domain::change::proposals::Kind;
use domain::change::reach::Graph;
use domain::change::suspects::{Candidate, Case, Finding, Found, LOOK_BACK, Ranking, Weights, Which, rank};
use domain::change::verdicts::Outcome;
use domain::prepare::catalog::Catalog;
use domain::prepare::documents::Kind as DocumentKind;
use domain::prepare::ownership::Via;
use domain::respond::entries;
use domain::respond::sight::Sight;
use domain::respond::stamps::{Milestone, standing};
use domain::words::{ChangeId, EventKind, IncidentId, Name, Refusal, Span, Timestamp};
use serde_json::json;
use store::change::changes::{self as rows, ChangeRow};
use store::change::{kills, rollbacks, suspects as findings};
use store::journal;
use store::prepare::documents;
use store::respond::incidents::IncidentRow;
use store::respond::stamps;
use store::{Halt, Tx};

use super::rollbacks::stands_for;
use super::{preflights, reflexes};
use crate::announce::Told;
use crate::respond::incidents::find;
use crate::respond::links::groups_of;
use crate::{Moment, Node, announce};

/// The suspects of an incident, and what it rests on.
#[derive(Debug)]
pub struct Suspicion {
    pub case: Case,
    pub ranking: Ranking,
    /// The changes among them.
    pub changes: BTreeMap<ChangeId, ChangeRow>,
}

/// More changes than this are not looked at.
const MOST: u32 = 500;
/// More entries than a kill has.
const FEW: u32 = 50;
/// What came this long after the harm began is shown, far down: the clocks may be wrong.
const AFTERWARDS: Span = Span::minutes(30);

/// Ranks what was changed before an incident began.
pub fn of_incident(tx: &mut Tx<'_>, node: &Node, row: &IncidentRow, sight: Sight<'_>) -> Result<Suspicion, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let case = case(tx, node, row)?;
    let (from, to) = (LOOK_BACK.before(case.began_at), AFTERWARDS.after(case.began_at));
    let found = findings::of_incident(tx, row.id)?;
    let mut outcomes: BTreeMap<Which, Outcome> = BTreeMap::new();
    let (mut candidates, mut changes, mut proposed) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    for run in rollbacks::of_incident(tx, row.id)? {
        let Some(change) = rows::get(tx, run.run.change, sight)? else { continue };
        let which = stands_for(&change).unwrap_or(Which::Change(run.run.change));
        outcomes.extend(run.verdict.map(|verdict| (which, verdict.outcome)));
    }
    for change in rows::in_stretch(tx, from, to, sight, MOST)? {
        let id = change.change.id;
        // What was proposed stands for itself, once.
        proposed.extend(
            change.source.as_ref().filter(|_| change.change.path != Path::Observed).map(|(_, key)| key.clone()),
        );
        // What was done in the incident is the cure, not the cause.
        if change.change.incident == Some(row.id) || stands_for(&change).is_some() {
            continue;
        }
        let services = change.change.proposal.services();
        candidates.push(Candidate {
            which: Which::Change(id),
            kind: change.change.proposal.kind,
            title: called(&change),
            stages: rows::stages(tx, id)?.into_iter().map(|(at, ..)| at).collect(),
            risk: change.risk.map(|risk| u8::try_from(risk.clamp(0, 100)).unwrap_or(100)),
            failure_rate: failure_rate(tx, &services, case.began_at)?,
            services,
            rolled_back: None,
            found: None,
        });
        changes.insert(id, change);
    }
    candidates.extend(of_documents(tx, &catalog, (from, case.began_at, to), &proposed)?);
    candidates.extend(of_flips(tx, &catalog, from, to, row.id, sight)?);
    for one in &mut candidates {
        one.found = found.get(&one.which).cloned();
        one.rolled_back = outcomes.get(&one.which).copied();
    }
    let graph = Graph::of(&catalog.services);
    Ok(Suspicion { ranking: rank(&case, candidates, &graph, Weights::default()), case, changes })
}

/// Its title, with the version that it brought, where the title does not say it.
fn called(row: &ChangeRow) -> String {
    let proposal = &row.change.proposal;
    let version = proposal.targets.iter().find_map(|target| target.to.as_deref());
    match version.filter(|version| !proposal.title.contains(*version)) {
        Some(version) => format!("{}: {version}", proposal.title),
        None => proposal.title.clone(),
    }
}

/// What is hit, and since when.
fn case(tx: &mut Tx<'_>, node: &Node, row: &IncidentRow) -> Result<Case, Halt> {
    let mut services: BTreeSet<Name> = row.services.iter().cloned().collect();
    let mut first: Option<Timestamp> = None;
    for id in groups_of(tx, row.id)? {
        if let Some((group, _)) = store::detect::groups::get(tx, id)? {
            services.extend(group.service);
            first = Some(first.map_or(group.opened_at, |first| first.min(group.opened_at)));
        }
        let board = node.board();
        let open = board.group(id).into_iter().flat_map(|open| open.alerts.iter());
        for alert in open.map(|slot| board.at(*slot)) {
            first = Some(first.map_or(alert.starts_at, |first| first.min(alert.starts_at)));
        }
    }
    let all = stamps::of_incident(tx, row.id)?;
    let held = standing(&all);
    let stamp = |milestone| held.get(&milestone).map(|stamp| stamp.when.at);
    let began = stamp(Milestone::ImpactStarted).or(first).or_else(|| stamp(Milestone::Detected));
    Ok(Case { services, began_at: began.unwrap_or(row.reported_at) })
}

/// How many of the changes there failed in 30 days, of 100; nothing where there were too few to say.
fn failure_rate(tx: &mut Tx<'_>, services: &BTreeSet<Name>, now: Timestamp) -> Result<Option<u8>, Halt> {
    let (mut began, mut failed) = (0u32, 0u32);
    for service in services {
        let (all, bad) = rows::failures(tx, service, Span::hours(30 * 24).before(now))?;
        began += all;
        failed += bad;
    }
    Ok((began >= 5).then(|| u8::try_from(failed * 100 / began).unwrap_or(100)))
}

/// Revisions of documents of ours, by what they are about.
fn of_documents(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    (from, began_at, to): (Timestamp, Timestamp, Timestamp),
    proposed: &BTreeSet<String>,
) -> Result<Vec<Candidate>, Halt> {
    let mut candidates = Vec::new();
    for set in documents::changesets(tx, None, i64::from(MOST))? {
        if set.at < from {
            break;
        }
        // What came with the program, and what was done to mend this.
        let mends = set.via == Via::Rollback.word() && set.at > began_at;
        if set.at > to || set.via == Via::Defaults.word() || mends || proposed.contains(&set.id.to_string()) {
            continue;
        }
        let mut revisions = documents::of_changeset(tx, set.number)?;
        // What was written down for the first time has not changed what was there.
        revisions.retain(|one| one.number > 1 || one.reference.kind == DocumentKind::Flag);
        if revisions.is_empty() {
            continue;
        }
        let names: Vec<String> = revisions.iter().map(|one| one.reference.to_string()).collect();
        let services = revisions.iter().flat_map(|one| about(catalog, &one.reference)).collect();
        let title = match (names.as_slice(), &set.reason) {
            ([one], Some(reason)) => format!("{one}: {reason}"),
            ([one], None) => one.clone(),
            (many, Some(reason)) => format!("{} documents: {reason}", many.len()),
            (many, None) => format!("{} documents", many.len()),
        };
        let flags_only = revisions.iter().all(|one| one.reference.kind == DocumentKind::Flag);
        candidates.push(Candidate {
            which: Which::Documents(set.id),
            kind: if flags_only { Kind::Flag } else { Kind::Document },
            title: domain::words::text::shorten(&title, 160),
            services,
            stages: vec![set.at],
            risk: None,
            failure_rate: None,
            rolled_back: None,
            found: None,
        });
    }
    Ok(candidates)
}

/// Flags that were killed, and kills that were lifted or ended, though not in this incident: that is the cure.
fn of_flips(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    from: Timestamp,
    to: Timestamp,
    incident: IncidentId,
    sight: Sight<'_>,
) -> Result<Vec<Candidate>, Halt> {
    let mut candidates = Vec::new();
    for row in kills::list(tx, None, MOST)? {
        let ended = row.kill.lifted.as_ref().map_or(row.kill.expires_at, |lifted| lifted.at);
        if row.kill.at > to || row.kill.at < from && ended < from {
            continue;
        }
        let name = catalog.flags.iter().find(|(name, flag)| flag.key(name) == row.kill.flag);
        let services: BTreeSet<Name> = name.into_iter().flat_map(|(_, flag)| flag.services.iter().cloned()).collect();
        let title = name.map_or_else(|| row.kill.flag.clone(), |(name, _)| name.to_string());
        for entry in journal::of_subject(tx, &row.id.to_string(), sight, None, FEW)? {
            let verb = match entry.kind() {
                Some(EventKind::FlagKilled) => "killed",
                Some(EventKind::FlagKillLifted) => "no longer killed",
                Some(EventKind::FlagKillExpired) => "no longer killed, its time is over",
                _ => continue,
            };
            if entry.at < from || entry.at > to || entry.incident == Some(incident) {
                continue;
            }
            candidates.push(Candidate {
                which: Which::Flip(entry.id),
                kind: Kind::Flag,
                title: format!("flag {title} in {}: {verb}", row.environment),
                services: services.clone(),
                stages: vec![entry.at],
                risk: None,
                failure_rate: None,
                rolled_back: None,
                found: None,
            });
        }
    }
    Ok(candidates)
}

/// When an incident is declared: names the first three, so that the timeline keeps what was known then, and has their plans asked.
pub(crate) fn at_declaration(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    row: &IncidentRow,
) -> Result<(), Halt> {
    if row.retrospective {
        return Ok(());
    }
    reflexes::wish(tx, row.id, moment.now)?;
    let suspicion = of_incident(tx, node, row, Sight::Open)?;
    let first: Vec<_> = suspicion.ranking.suspects.iter().take(3).filter(|one| one.score.0 > 0).collect();
    if first.is_empty() {
        return Ok(());
    }
    for change in first.iter().filter_map(|one| suspicion.change(&one.candidate.which)) {
        preflights::wish(tx, node, change, moment.now)?;
    }
    let named: Vec<_> = first
        .iter()
        .map(|one| {
            json!({
                "suspect": one.candidate.which.to_string(),
                "title": one.candidate.title,
                "rank": one.rank,
                "score": one.score.to_string(),
                "why": one.reasons(),
            })
        })
        .collect();
    let told = Told::of(json!({ "began_at": suspicion.case.began_at, "suspects": named }));
    let mut rule = moment.by_rule("suspects");
    announce::of_incident(tx, &mut rule, EventKind::SuspectsNamed, row.id, Vec::new(), told)?;
    Ok(())
}

impl Suspicion {
    /// The change that a suspect is, if it is one.
    pub fn change(&self, which: &Which) -> Option<&ChangeRow> {
        match which {
            Which::Change(id) => self.changes.get(id),
            Which::Documents(_) | Which::Flip(_) => None,
        }
    }
}

/// Keeps what somebody found of a suspect. It stands above every number.
pub fn judge(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    suspect: &Which,
    finding: Finding,
    why: &str,
) -> Result<(), Halt> {
    let row = find(tx, moment, incident)?;
    let Some(person) = moment.person().cloned() else {
        return Err(Refusal::forbidden("a verdict is given by a person").into());
    };
    let why = entries::text(why, "/why")?;
    let title = must_be_there(tx, moment, suspect)?;
    let before = findings::of_incident(tx, row.id)?.remove(suspect);
    if before.as_ref().is_some_and(|before| before.finding == finding && before.why == why) {
        return Err(Refusal::conflict("that stands already").into());
    }
    let found = Found { finding, by: person, why: why.clone(), at: moment.now };
    findings::save(tx, row.id, suspect, &found)?;
    // Another one may be the first now.
    reflexes::wish(tx, row.id, moment.now)?;
    let data = json!({
        "suspect": suspect.to_string(),
        "title": title,
        "finding": finding,
        "before": before.map(|before| before.finding),
    });
    let told = Told { why: Some(&why), data, at: None };
    announce::of_incident(tx, moment, EventKind::SuspectJudged, row.id, vec![suspect.to_string()], told)?;
    Ok(())
}

/// What a suspect is called, if there is one.
fn must_be_there(tx: &mut Tx<'_>, moment: &Moment<'_>, suspect: &Which) -> Result<String, Halt> {
    let gone = || Refusal::not_found(format!("suspect {suspect}")).at("/suspect");
    Ok(match suspect {
        Which::Change(id) => super::changes::find(tx, *id, Sight::of(&moment.actor))?.change.proposal.title,
        Which::Documents(id) => {
            let sets = documents::changesets(tx, None, i64::from(MOST))?;
            let set = sets.into_iter().find(|set| set.id == *id).ok_or_else(gone)?;
            set.reason.unwrap_or_else(|| format!("changeset {}", set.number))
        }
        Which::Flip(id) => {
            let entry = store::journal::get(tx, *id, Sight::of(&moment.actor))?.ok_or_else(gone)?;
            entry.data["title"].as_str().unwrap_or(&entry.word).to_owned()
        }
    })
}
