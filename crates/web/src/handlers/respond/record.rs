//! The record of an incident: read as it stands, and every form on it but those of evidence.

use actions::Moment;
use actions::respond::observables::{Judgement, Wanted};
use actions::respond::{affected, incidents::seen, observables, techniques};
use axum::extract::Path;
use axum::response::Response;
use domain::prepare::people::Access;
use domain::respond::affected::{Affected, Claim, DATA, Subject, What};
use domain::respond::evidence::{Content, Custody, Step, holder};
use domain::respond::observables::{Kind, Seen, Verdict, defang, extract, normalise};
use domain::respond::techniques::{NOTICE, Named, Technique, in_use, known, name, warning};
use domain::respond::tlp::Tlp;
use domain::words::{EventKind, IncidentId, Name, Refusal, RefusalKind};
use store::{Halt, Store, Tx};

use super::room::read_id;
use crate::handlers::detect::alert::actor;
use crate::handlers::engage::pages::capital;
use crate::handlers::fields::{Fields, escape};
use crate::handlers::frame::{Asked, Look, done, refused};
use crate::pages::respond::record::{
    AffectedView, CountView, CustodyView, EvidenceView, FoundPage, FoundView, ObservableView, RecordPage, RecordTally,
    TechniqueView, Who,
};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

/// `GET /incidents/ID/record`
pub async fn get_record(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    let wanted = read_id(&id);
    asked
        .page(Section::Incidents, move |look, shell| {
            let (id, sight) = (wanted.clone()?, look.asked.sight());
            let row = seen(look.tx, id, sight)?;
            let evidence = actions::respond::evidence::of_incident(look.tx, id, sight)?;
            let seen_there = observables::of_incident(look.tx, id, sight)?;
            let inside = store::respond::sight::is_inside(look.tx, id, sight)?;
            let (counted, named) =
                (affected::of_incident(look.tx, id, sight)?, techniques::of_incident(look.tx, id, sight)?);
            Ok(RecordPage {
                id: id.to_string(),
                incident: Link::new(row.name(), format!("/incidents/{id}")),
                may_write: look.asked.access >= Access::Responder,
                inside,
                evidence: evidence.iter().map(|held| evidence_view(look, held)).collect(),
                observables: seen_there.iter().map(|one| observable_view(look, one)).collect(),
                affected: counted.iter().map(|one| affected_view(look, one)).collect(),
                techniques: named.iter().map(|one| technique_view(id, one)).collect(),
                tlps: Tlp::ALL.into_iter().filter(|tlp| inside || *tlp != Tlp::Red).map(Tlp::word).collect(),
                kinds: Kind::ALL.iter().map(|kind| kind.word()).collect(),
                verdicts: Verdict::ALL.iter().map(|verdict| verdict.word()).collect(),
                subjects: Subject::ALL.iter().map(|subject| (subject.word(), subject.title())).collect(),
                data: DATA.to_vec(),
                attack: in_use().filter_map(|one| Some((one.id, name(&one.id.parse().ok()?)?))).collect(),
                notice: NOTICE,
                viewer: look.asked.person.to_string(),
                viewer_zone: look.zone_name.clone(),
                most: size(look.app.settings().evidence.most()),
                shell,
            })
        })
        .await
}

/// How much there is of it, for the room.
pub(super) fn tally(look: &mut Look<'_, '_>, id: IncidentId, is_breach: bool) -> Result<RecordTally, Halt> {
    let tally = actions::respond::record::tally(look.tx, id, look.asked.sight())?;
    Ok(RecordTally {
        href: format!("/incidents/{id}/record"),
        evidence: tally.evidence,
        observables: tally.observables,
        affected: tally.affected,
        techniques: tally.techniques,
        open: is_breach || !tally.is_empty(),
    })
}

/// What the timeline says of it.
pub(super) fn told(look: &Look<'_, '_>, kind: EventKind, data: &serde_json::Value) -> Option<(Tone, String)> {
    let text = |name: &str| data[name].as_str().unwrap_or("").to_owned();
    // What is marked above AMBER is told without its content.
    let titled =
        |name: &str| data[name].as_str().map_or_else(|| format!("TLP:{}", text("tlp")), |said| format!("“{said}”"));
    let whom = |name: &str| data[name].as_str().map_or_else(|| "somebody".to_owned(), |said| called(look, said));
    Some(match kind {
        EventKind::EvidenceCollected => (Tone::Info, format!("Evidence collected: {}", titled("title"))),
        EventKind::EvidenceHandedOver => {
            (Tone::Info, format!("Evidence {} went from {} to {}", titled("title"), whom("from"), whom("to")))
        }
        EventKind::EvidenceDownloaded => (Tone::Quiet, format!("Evidence {} was copied", titled("title"))),
        EventKind::EvidenceAltered => {
            (Tone::Critical, format!("Evidence {} was found altered or gone", titled("title")))
        }
        EventKind::ObservableAdded => {
            let list = data["observables"].as_array().map_or(&[][..], Vec::as_slice);
            let shown: Vec<String> = list
                .iter()
                .take(5)
                .map(|one| match one["value"].as_str() {
                    Some(value) => value.to_owned(),
                    None => format!("{} (TLP:{})", one["type"].as_str().unwrap_or(""), text("tlp")),
                })
                .collect();
            let more = list.len().saturating_sub(shown.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            (Tone::Info, format!("Seen: {}{more}", shown.join(", ")))
        }
        EventKind::ObservableJudged => {
            (Tone::Info, format!("{} is {}, was {}", titled("value"), text("verdict"), text("before")))
        }
        EventKind::ObservableRemoved => (Tone::Quiet, format!("Struck: {}", titled("value"))),
        EventKind::AffectedCounted => {
            let before = data["before"].as_str().map(|before| format!(", was {before}")).unwrap_or_default();
            (Tone::Warning, format!("Affected: {} {}{before}", text("count"), text("what")))
        }
        EventKind::TechniqueNamed => (Tone::Info, format!("Technique {} {}", text("technique"), text("name"))),
        EventKind::TechniqueWithdrawn => {
            (Tone::Quiet, format!("Not so: technique {} {}", text("technique"), text("name")))
        }
        _ => return None,
    })
}

/// The full name of somebody of ours, or the words.
fn called(look: &Look<'_, '_>, said: &str) -> String {
    match who(look, said) {
        Who::Person(tag) => tag.name,
        Who::Words(words) => words,
    }
}

fn who(look: &Look<'_, '_>, said: &str) -> Who {
    let ours = said.parse::<Name>().ok().filter(|name| look.rules.catalog.people.contains_key(name));
    ours.map_or_else(|| Who::Words(said.to_owned()), |name| Who::Person(look.tag(&name)))
}

fn tlp(tlp: Tlp) -> Badge {
    let tone = match tlp {
        Tlp::Red => Tone::Critical,
        Tlp::Amber | Tlp::AmberStrict => Tone::Warning,
        Tlp::Green => Tone::Good,
        Tlp::Clear => Tone::Quiet,
    };
    Badge::new(tone, tlp.to_string())
}

/// `812 B`, `3.4 MiB`
fn size(bytes: u64) -> String {
    let mut unit = "B";
    let (mut whole, mut tenths) = (bytes, 0);
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if whole < 1024 {
            break;
        }
        (tenths, whole, unit) = (whole % 1024 * 10 / 1024, whole / 1024, next);
    }
    if tenths == 0 { format!("{whole} {unit}") } else { format!("{whole}.{tenths} {unit}") }
}

fn evidence_view(look: &Look<'_, '_>, held: &actions::respond::evidence::Held) -> EvidenceView {
    let (one, found) = (&held.evidence, &held.evidence.found);
    let line = |line: &Custody| {
        let of = |who: Option<&String>| who.map_or_else(|| "somebody".to_owned(), |said| called(look, said));
        let late = line.recorded_at.duration_since(line.at).as_secs() >= 60;
        CustodyView {
            when: look.when(line.at),
            text: match line.step {
                Step::Collected => format!("Collected by {}", of(line.to.as_ref())),
                Step::HandedOver => format!("{} gave it to {}", of(line.from.as_ref()), of(line.to.as_ref())),
                Step::Downloaded => format!("{} took a copy", of(line.to.as_ref())),
                Step::Altered => "Found altered or gone: nothing was given out".to_owned(),
            },
            place: line.place.clone(),
            why: line.why.clone(),
            recorded: late.then(|| look.when(line.recorded_at)),
        }
    };
    EvidenceView {
        id: one.id.to_string(),
        title: found.title.clone(),
        tlp: tlp(found.tlp),
        kept: one.content.is_kept(),
        size: match &one.content {
            Content::Kept { size: bytes, .. } => Some(size(*bytes)),
            _ => None,
        },
        sha256: one.content.sha256().map(|hash| hash.to_string()),
        why_no_hash: match &one.content {
            Content::Unhashed { why } => Some(why.clone()),
            _ => None,
        },
        file: found.file.clone(),
        collector: who(look, &found.collector),
        collected: look.when(found.collected_at),
        place: found.place.clone(),
        note: found.note.clone(),
        holder: holder(&held.custody).filter(|holder| *holder != found.collector).map(|holder| who(look, holder)),
        altered: one.altered_at.map(|at| look.when(at)),
        custody: held.custody.iter().map(line).collect(),
    }
}

fn observable_view(look: &Look<'_, '_>, (one, also): &observables::Known) -> ObservableView {
    let tone = match one.seen.verdict {
        Verdict::Malicious => Tone::Critical,
        Verdict::Suspicious => Tone::Warning,
        Verdict::Benign => Tone::Good,
        Verdict::Unknown => Tone::Quiet,
    };
    ObservableView {
        id: one.id.to_string(),
        kind: one.kind.word(),
        shown: defang(one.kind, &one.value),
        verdict: Badge::new(tone, one.seen.verdict.word()),
        tlp: tlp(one.seen.tlp),
        first: one.seen.first.map(|at| look.when(at)),
        last: one.seen.last.map(|at| look.when(at)),
        note: one.seen.note.clone(),
        source: one.seen.source.clone(),
        added: look.when(one.added_at),
        by: actor(look, &one.added_by),
        also: also.iter().map(|(id, title)| Link::new(title, format!("/incidents/{id}/record#observables"))).collect(),
        struck: one.struck.as_ref().map(|struck| struck.why.clone()),
    }
}

fn affected_view(look: &Look<'_, '_>, one: &Affected) -> AffectedView {
    let counts = one.counts.iter().rev().map(|count| CountView {
        count: count.amount.to_string(),
        when: look.when(count.at),
        by: actor(look, &count.by),
        source: count.source.clone(),
        note: count.note.clone(),
    });
    AffectedView { id: one.id.to_string(), what: capital(&one.what.to_string()), counts: counts.collect() }
}

fn technique_view(id: IncidentId, one: &Named) -> TechniqueView {
    let tactics: Vec<&str> = known(&one.technique).into_iter().flat_map(Technique::tactics).collect();
    TechniqueView {
        technique: one.technique.to_string(),
        name: name(&one.technique),
        tactics: tactics.join(", "),
        warning: warning(&one.technique),
        entry: one.entry.map(|entry| Link::new("The entry that shows it", format!("/incidents/{id}/entries/{entry}"))),
        entry_id: one.entry.map(|entry| entry.to_string()).unwrap_or_default(),
        note: one.note.clone(),
        withdrawn: one.withdrawn.as_ref().map(|withdrawn| withdrawn.why.clone()),
    }
}

/// Does something with the record and leads back to it.
pub(super) async fn act<T: Send + 'static>(
    asked: &Asked,
    id: &str,
    part: &str,
    said: &str,
    mut act: impl FnMut(&mut Tx<'_>, &mut Moment<'_>, IncidentId) -> Result<T, Halt> + Send + 'static,
) -> Result<Response, Problem> {
    let outcome = match read_id(id) {
        Ok(id) => {
            let run = move |store: &Store, _: &actions::Node, moment: &mut Moment<'_>| {
                store.write(|tx| act(tx, &mut moment.again(), id))
            };
            asked.app.act(asked.actor(), run).await.map(|_| ())
        }
        Err(refusal) => Err(refusal.into()),
    };
    lead(asked, id, part, said, outcome)
}

/// Leads back to a part of the record, with what was done or why not.
pub(super) fn lead(
    asked: &Asked,
    id: &str,
    part: &str,
    said: &str,
    outcome: Result<(), Halt>,
) -> Result<Response, Problem> {
    let record = format!("/incidents/{}/record#{part}", escape(id));
    match outcome {
        Ok(()) => Ok(asked.lead(&record, Some(done(said)))),
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            Ok(asked.lead(&record, Some(refused(&refusal))))
        }
        Err(failed) => Err(failed.into()),
    }
}

/// What was found in a text stands at its own address; whoever loads that again is led back to the record.
pub async fn get_back(asked: Asked, Path(id): Path<String>) -> Response {
    asked.lead(&format!("/incidents/{}/record", escape(&id)), None)
}

fn about(fields: &Fields) -> Result<Seen, Refusal> {
    let some = |name: &str| fields.some(name).map(str::to_owned);
    Ok(Seen {
        verdict: fields.some("verdict").map_or(Ok(Verdict::Unknown), str::parse)?,
        tlp: fields.some("tlp").map_or(Ok(Tlp::Amber), str::parse)?,
        first: None,
        last: None,
        note: some("note"),
        source: some("source"),
    })
}

/// What is in the text: as it looks, or each line as one of a type.
fn look_through(fields: &Fields) -> Result<Vec<(Kind, String)>, Refusal> {
    let text = fields.raw("text");
    match fields.some("type") {
        None => Ok(extract(text)),
        Some(word) => {
            let kind: Kind = word.parse()?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let mut all: Vec<(Kind, String)> = Vec::new();
            for line in lines {
                let one = (kind, normalise(kind, line)?);
                if !all.contains(&one) {
                    all.push(one);
                }
            }
            Ok(all)
        }
    }
}

/// `POST /incidents/ID/observables` with `act`: `look` shows what is in `text`, `add` adds each `value`.
pub async fn post_observables(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    if fields.text("act") == "add" {
        let about = about(&fields);
        let values: Vec<(String, String)> = fields
            .all("value")
            .filter_map(|pair| pair.split_once(' '))
            .map(|(kind, value)| (kind.to_owned(), value.to_owned()))
            .collect();
        return act(&asked, &id, "observables", "Added", move |tx, moment, id| {
            let read =
                |(kind, value): &(String, String)| Ok(Wanted { kind: Some(kind.parse()?), value: value.clone() });
            let wanted = values.iter().map(read).collect::<Result<Vec<_>, Refusal>>()?;
            observables::add(tx, moment, id, &wanted, &about.clone()?)
        })
        .await;
    }
    let read = (|| Ok((read_id(&id)?, about(&fields)?, look_through(&fields)?)))();
    let (incident, about, found) = match read {
        Ok(read) => read,
        Err(refusal) => {
            return act(&asked, &id, "observables", "", move |_, _, _| {
                Err::<(), Halt>(Refusal::clone(&refusal).into())
            })
            .await;
        }
    };
    asked
        .page(Section::Incidents, move |look, shell| {
            let sight = look.asked.sight();
            let row = seen(look.tx, incident, sight)?;
            let mut views = Vec::new();
            for (kind, value) in &found {
                let known = store::respond::observables::standing(look.tx, incident, *kind, value, sight)?.is_some();
                views.push(FoundView { kind: kind.word(), value: value.clone(), shown: defang(*kind, value), known });
            }
            Ok(FoundPage {
                id: incident.to_string(),
                incident: Link::new(row.name(), format!("/incidents/{incident}")),
                found: views,
                verdict: about.verdict.word().to_owned(),
                tlp: about.tlp.word().to_owned(),
                source: about.source.clone().unwrap_or_default(),
                note: about.note.clone().unwrap_or_default(),
                shell,
            })
        })
        .await
}

/// `POST /incidents/ID/observables/OBSERVABLE` with `act` (`judge` with `verdict`; `strike` with `why`).
pub async fn post_observable(
    asked: Asked,
    Path((id, observable)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let part = observable.clone();
    let read = observable.parse().map_err(|_| Refusal::not_found("observable with this id"));
    if fields.text("act") == "strike" {
        let why = fields.raw("why").to_owned();
        return act(&asked, &id, &part, "Struck", move |tx, moment, id| {
            observables::strike(tx, moment, id, read.clone()?, &why)
        })
        .await;
    }
    let verdict = fields.text("verdict").parse::<Verdict>();
    act(&asked, &id, &part, "The verdict is set", move |tx, moment, id| {
        let said = Judgement { verdict: Some(verdict.clone()?), ..Judgement::default() };
        observables::judge(tx, moment, id, read.clone()?, &said)
    })
    .await
}

fn claim(fields: &Fields) -> Result<Claim, Refusal> {
    let some = |name: &str| fields.some(name).map(str::to_owned);
    Ok(Claim { amount: fields.text("count").parse()?, at: None, source: some("source"), note: some("note") })
}

/// `POST /incidents/ID/affected` with `subject`, `label`, `data`, `unit`, `count`, `source`.
pub async fn post_affected(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let some = |name: &str| fields.some(name).map(str::to_owned);
    let read = || -> Result<(What, Claim), Refusal> {
        let subject = fields.parse("subject")?;
        Ok((What { subject, label: some("label"), data: some("data"), unit: some("unit") }, claim(&fields)?))
    };
    let wanted = read();
    act(&asked, &id, "affected", "It is counted", move |tx, moment, id| {
        let (what, claim) = wanted.clone()?;
        affected::begin(tx, moment, id, &what, &claim)
    })
    .await
}

/// `POST /incidents/ID/affected/AFFECTED` with `count`, `source`.
pub async fn post_count(
    asked: Asked,
    Path((id, one)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let (claim, part) = (claim(&fields), one.clone());
    let read = one.parse().map_err(|_| Refusal::not_found("count with this id"));
    act(&asked, &id, &part, "It is counted anew", move |tx, moment, id| {
        affected::count(tx, moment, id, read.clone()?, &claim.clone()?)
    })
    .await
}

/// `POST /incidents/ID/techniques` with `act` (`name`, `withdraw`), `technique`, `entry`, `note` or `why`.
pub async fn post_technique(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let technique = fields.parse("technique");
    let entry = fields.some("entry").map(str::parse).transpose();
    let said = |name: &str| fields.raw(name).to_owned();
    if fields.text("act") == "withdraw" {
        let why = said("why");
        return act(&asked, &id, "techniques", "Withdrawn", move |tx, moment, id| {
            techniques::withdraw(tx, moment, id, &technique.clone()?, entry.clone()?, &why)
        })
        .await;
    }
    let note = said("note");
    act(&asked, &id, "techniques", "It is named", move |tx, moment, id| {
        techniques::name(tx, moment, id, &technique.clone()?, entry.clone()?, Some(&note))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_the_unit_that_fits() {
        for (bytes, said) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (3_565_158, "3.3 MiB"),
            (2 << 30, "2 GiB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }
}
