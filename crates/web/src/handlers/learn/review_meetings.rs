//! The meeting in which a postmortem is read together, on its page: planned, moved, led, held.

use std::collections::BTreeSet;

use actions::learn::review_meetings::{self as acts, Deed, Whole};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::learn::review_meetings::{Invitee, State, Wanted};
use domain::learn::review_surveys::{Answer, QUESTIONS};
use domain::prepare::people::Access;
use domain::words::{EventKind, IncidentId, Name, Refusal, RefusalKind, Timestamp};
use jiff::tz::TimeZone;
use serde_json::Value;
use store::Halt;

use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::handlers::respond::incidents::restricted;
use crate::handlers::respond::room::read_id;
use crate::pages::learn::review_meetings::{
    May, MeetingForm, MeetingView, QuestionView, ReviewMeetingPage, SurveyView, TopicView,
};
use crate::pages::{Badge, Link, Section, Shell, Tone};
use crate::problem::Problem;

/// `GET /incidents/ID/review`.
pub async fn get_review_meeting(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    page(asked, read_id(&id)?, None).await
}

async fn page(asked: Asked, id: IncidentId, refused: Option<(Fields, Refusal)>) -> Result<Response, Problem> {
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    asked
        .page_with(Section::Postmortems, status, move |look, shell| {
            let now = look.now();
            let whole = acts::whole(look.tx, look.asked.app.node(), id, look.asked.sight(), now)?;
            Ok(view(look, shell, &whole, refused.as_ref()))
        })
        .await
}

fn view(look: &Look<'_, '_>, shell: Shell, whole: &Whole, refused: Option<&(Fields, Refusal)>) -> ReviewMeetingPage {
    let here = format!("/incidents/{}", whole.incident.id);
    let responds = look.asked.access >= Access::Responder;
    let standing = whole.meeting.as_ref().filter(|meeting| meeting.state != State::Cancelled);
    let planned = standing.is_some_and(|meeting| meeting.state == State::Planned);
    let begun = standing.is_some_and(|meeting| meeting.starts_at <= look.now());
    let mut from = 0;
    let topics = whole.agenda.iter().map(|topic| {
        let note = standing.and_then(|meeting| meeting.notes.iter().find(|note| note.topic == topic.name));
        let begins = from;
        from += topic.minutes;
        TopicView {
            name: topic.name,
            title: topic.title,
            minutes: topic.minutes,
            from: begins,
            asks: topic.asks.clone(),
            note: note.map_or_else(String::new, |note| note.text.clone()),
            by: note.map(|note| look.tag(&note.by)),
        }
    });
    let topics = topics.collect();
    ReviewMeetingPage {
        incident: Link::new(whole.incident.name(), here.clone()),
        postmortem: format!("{here}/postmortem"),
        restricted: restricted(&whole.incident),
        drill: whole.incident.drill,
        meeting: meeting(look, whole, &here),
        may: May {
            plan: responds && standing.is_none(),
            change: responds && planned,
            write: responds && standing.is_some(),
            hold: responds && planned && begun,
            answer: responds && standing.is_some_and(|meeting| whole.survey.asks(meeting, &look.asked.person)),
        },
        topics,
        survey: standing
            .filter(|meeting| meeting.state == State::Held)
            .map(|_| survey(whole, refused.map(|(fields, _)| fields))),
        form: form(look, whole, refused.map(|(fields, _)| fields)),
        error: refused.map(|(fields, refusal)| {
            let form = match fields.text("act") {
                "plan" | "change" => "plan",
                form @ ("decide" | "hold" | "answer") => form,
                _ => "act",
            };
            (form.to_owned(), sentence(&refusal.message))
        }),
        shell,
    }
}

fn meeting(look: &Look<'_, '_>, whole: &Whole, here: &str) -> Option<MeetingView> {
    let one = whole.meeting.as_ref()?;
    let tone = match one.state {
        State::Planned => Tone::Info,
        State::Held => Tone::Good,
        State::Cancelled => Tone::Quiet,
    };
    let zone = zone(look);
    let (starts, ends) = (one.starts_at.to_zoned(zone.clone()), one.ends_at().to_zoned(zone));
    let invited = |person: &Name| one.invitees.iter().any(|invitee| invitee.person == *person);
    Some(MeetingView {
        state: Badge::new(tone, one.state.title()),
        is_planned: one.state == State::Planned,
        revision: one.revision,
        when: look.when(one.starts_at),
        says: format!("{} to {}", starts.strftime("%a %-d %b %Y, %H:%M"), ends.strftime("%H:%M %Z")),
        call: one.place.starts_with("https://").then(|| one.place.clone()),
        place: one.place.clone(),
        facilitator: look.tag(&one.facilitator),
        invitees: one
            .invitees
            .iter()
            .map(|invited| {
                let there = one.attended.contains(&invited.person);
                (look.tag(&invited.person), invited.person.to_string(), invited.why.clone(), there)
            })
            .collect(),
        others: one.attended.iter().filter(|person| !invited(person)).map(|person| look.tag(person)).collect(),
        decisions: one.decisions.iter().map(|one| (one.text.clone(), look.tag(&one.by))).collect(),
        calendar: format!("/api/v1{here}/review.ics"),
    })
}

fn survey(whole: &Whole, typed: Option<&Fields>) -> SurveyView {
    let (tally, typed) = (&whole.survey.shown, typed.filter(|fields| fields.text("act") == "answer"));
    let question = |((name, title), counts): (&(&'static str, &'static str), &[u32; 5])| QuestionView {
        name,
        title,
        marks: (1..)
            .zip(counts)
            .map(|(mark, count): (usize, &u32)| {
                let chosen = typed.is_some_and(|fields| fields.text(name) == mark.to_string());
                (mark, *count, QuestionView::share(*count, tally.answers), chosen)
            })
            .collect(),
    };
    SurveyView {
        answers: whole.survey.answers(),
        shown: tally.answers,
        questions: QUESTIONS.iter().zip(&tally.counts).map(question).collect(),
        said: tally.said.iter().cloned().collect(),
        typed: typed.map_or_else(String::new, |fields| fields.text("said").to_owned()),
    }
}

fn zone(look: &Look<'_, '_>) -> TimeZone {
    let me = look.rules.catalog.people.get(&look.asked.person);
    me.and_then(|me| TimeZone::get(&me.time_zone).ok()).unwrap_or(TimeZone::UTC)
}

fn form(look: &Look<'_, '_>, whole: &Whole, typed: Option<&Fields>) -> MeetingForm {
    let typed = typed.filter(|fields| matches!(fields.text("act"), "plan" | "change"));
    let kept = whole.meeting.as_ref().filter(|meeting| meeting.state == State::Planned);
    let zone = zone(look);
    let at = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string();
    let text = |name: &str, kept: String| typed.map_or(kept, |fields| fields.text(name).to_owned());
    let people = || look.rules.catalog.people.iter().filter(|(_, person)| !person.inactive);
    let leads = |name: &Name| match typed {
        Some(fields) => fields.text("facilitator") == name.as_str(),
        None => kept.is_some_and(|meeting| meeting.facilitator == *name),
    };
    let why = |name: &Name| {
        let of = |all: &[Invitee]| all.iter().find(|one| one.person == *name).map(|one| one.why.clone());
        kept.and_then(|meeting| of(&meeting.invitees)).or_else(|| of(&whole.suggested)).unwrap_or_default()
    };
    let asked = |name: &Name| match (typed, kept) {
        (Some(fields), _) => fields.all("invite").any(|one| one == name.as_str()),
        (None, Some(meeting)) => meeting.invitees.iter().any(|one| one.person == *name),
        (None, None) => whole.suggested.iter().any(|one| one.person == *name),
    };
    let mut invited: Vec<(String, String, String, bool)> =
        people().map(|(name, person)| (name.to_string(), person.full_name.clone(), why(name), asked(name))).collect();
    // Whom the record names stands first.
    invited.sort_by_key(|(_, full, why, asked)| (!asked, why.is_empty(), full.clone()));
    MeetingForm {
        at: text("at", kept.map_or_else(String::new, |meeting| at(meeting.starts_at))),
        zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        minutes: text("minutes", kept.map_or_else(|| "60".to_owned(), |meeting| meeting.minutes.to_string())),
        place: text("place", kept.map_or_else(String::new, |meeting| meeting.place.clone())),
        leaders: people()
            .filter(|(name, _)| !whole.involved.contains(*name))
            .map(|(name, person)| (name.to_string(), person.full_name.clone(), leads(name)))
            .collect(),
        people: invited,
    }
}

/// `POST /incidents/ID/review` with `act`, and what that needs.
pub async fn post_review_meeting(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let me = asked.person.clone();
    let again = asked.app.clone();
    let zone = asked
        .app
        .read(move |tx| {
            let rules = again.node().rules(tx)?;
            let found = rules.catalog.people.get(&me).and_then(|me| TimeZone::get(&me.time_zone).ok());
            Ok(found.unwrap_or(TimeZone::UTC))
        })
        .await?;
    let outcome = match read(&fields, &zone) {
        Ok((deed, said)) => {
            let run = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| acts::act(tx, node, &mut moment.again(), id, &deed).map(drop))
            };
            asked.app.act(asked.actor(), run).await.map(|()| said)
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(said) => Ok(asked.lead(&format!("/incidents/{id}/review"), Some(done(said)))),
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            page(asked, id, Some((fields, refusal))).await
        }
        Err(failed) => Err(failed.into()),
    }
}

fn read(fields: &Fields, zone: &TimeZone) -> Result<(Deed, &'static str), Refusal> {
    let words = |name: &str| fields.raw(name).replace("\r\n", "\n");
    Ok(match fields.text("act") {
        "plan" => (Deed::Plan(wanted(fields, zone)?), "It is planned, and everybody is invited"),
        "change" => {
            let revision = fields.text("revision").parse().map_err(|_| Refusal::invalid("the revision is a number"))?;
            (Deed::Change { wanted: wanted(fields, zone)?, revision }, "It is changed, and everybody is told")
        }
        "cancel" => (Deed::Cancel { why: words("why-cancel") }, "It is cancelled, and everybody is told"),
        "note" => (Deed::Note { topic: fields.text("topic").to_owned(), text: words("text") }, "Kept"),
        "decide" => (Deed::Decide { text: words("text") }, "It is decided"),
        "hold" => {
            let attended: Result<BTreeSet<Name>, Refusal> = fields.all("attended").map(str::parse).collect();
            (Deed::Hold { attended: attended? }, "It took place")
        }
        "answer" => {
            let mark = |name: &str| {
                let missing =
                    || Refusal::invalid("answer each question with a number from 1 to 5").at(format!("/{name}"));
                fields.text(name).parse::<u32>().map_err(|_| missing())
            };
            let marks = [mark("learned")?, mark("blameless")?, mark("actions")?];
            (Deed::Answer(Answer { marks, said: fields.text("said").to_owned() }), "Counted; thank you")
        }
        _ => return Err(Refusal::invalid("there is no such button")),
    })
}

fn wanted(fields: &Fields, zone: &TimeZone) -> Result<Wanted, Refusal> {
    let at = fields.text("at").parse::<jiff::civil::DateTime>().ok().and_then(|at| at.to_zoned(zone.clone()).ok());
    let at = at.ok_or_else(|| Refusal::invalid("say when it begins: 2026-11-24T15:00").at("/starts_at"))?;
    let minutes = fields.text("minutes").parse();
    let invite = |name: &str| {
        let why = fields.text(&format!("why:{name}")).to_owned();
        Ok(Invitee { person: name.parse()?, why })
    };
    let invitees: Result<Vec<Invitee>, Refusal> = fields.all("invite").map(invite).collect();
    Ok(Wanted {
        starts_at: at.timestamp(),
        minutes: minutes.map_err(|_| Refusal::invalid("the minutes are a number").at("/minutes"))?,
        place: fields.text("place").to_owned(),
        facilitator: fields.parse("facilitator")?,
        invitees: invitees?,
    })
}

/// What happened to a meeting, as a line of the timeline.
pub(in crate::handlers) fn told(look: &Look<'_, '_>, kind: EventKind, data: &Value) -> Option<(Tone, String)> {
    let text = |name: &str| data[name].as_str().unwrap_or("").to_owned();
    let facilitator = || look.tag_of(&text("facilitator")).name;
    Some(match kind {
        EventKind::ReviewMeetingPlanned => (Tone::Info, format!("The review is planned; {} leads it", facilitator())),
        EventKind::ReviewMeetingMoved => (Tone::Info, "The review was moved, or others are asked to come".into()),
        EventKind::ReviewMeetingCancelled => (Tone::Quiet, "The review was cancelled".into()),
        EventKind::ReviewMeetingDecided => (Tone::Info, format!("Decided in the review: {}", text("decision"))),
        EventKind::ReviewMeetingHeld => {
            let there = data["attended"].as_array().map_or(0, Vec::len);
            (Tone::Good, format!("The review took place, with {there} people"))
        }
        _ => return None,
    })
}
