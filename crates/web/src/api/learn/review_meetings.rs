//! Meetings in which postmortems are read together, over the API: whom the record names, the agenda, what was decided.

use std::collections::BTreeSet;

use actions::learn::review_meetings::{self as acts, Deed, Whole};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::learn::review_meetings::{Invitee, State as Standing, Wanted};
use domain::learn::review_surveys::{Answer, QUESTIONS};
use domain::prepare::people::Access;
use domain::words::{Name, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::Body;
use crate::api::respond::incidents::id;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// The meeting about a postmortem: planned, or to be planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Review {
    pub incident: String,
    /// Absent: none was planned yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<ReviewMeeting>,
    /// Whom the record names, with why.
    pub suggested: Vec<ReviewInvitee>,
    /// Who had a part in the incident: none of them leads the meeting.
    pub involved: Vec<String>,
    pub agenda: Vec<ReviewTopic>,
    /// What was said of it afterwards; absent, before it took place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<ReviewSurvey>,
}

/// A meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewMeeting {
    pub revision: u32,
    /// `planned`, `held`, `cancelled`.
    pub state: String,
    pub starts_at: Timestamp,
    pub minutes: u32,
    /// A room, or an address of a call.
    pub place: String,
    pub facilitator: String,
    pub invitees: Vec<ReviewInvitee>,
    /// How often invitations were sent anew.
    pub sequence: u32,
    pub notes: Vec<ReviewNote>,
    pub decisions: Vec<ReviewDecision>,
    pub attended: Vec<String>,
}

/// Somebody who is asked to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewInvitee {
    #[schema(value_type = String)]
    pub person: Name,
    /// Why they are asked, in a few words.
    #[serde(default)]
    pub why: String,
}

/// A topic of the agenda.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewTopic {
    pub topic: String,
    pub title: String,
    pub minutes: u32,
    pub asks: Vec<String>,
}

/// What was said to a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewNote {
    pub topic: String,
    pub text: String,
    pub by: String,
    pub at: Timestamp,
}

/// Something that was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewDecision {
    pub text: String,
    pub by: String,
    pub at: Timestamp,
}

/// What those who were there say of a meeting, counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewSurvey {
    /// You are asked, and did not answer yet.
    pub asks_you: bool,
    /// How many answered.
    pub answers: u32,
    /// How many of them are counted here: from three up, and three more at a time.
    pub shown: u32,
    pub questions: Vec<ReviewQuestion>,
    /// What some of them said, in their alphabet.
    pub said: Vec<String>,
}

/// One question of a survey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewQuestion {
    /// `learned`, `blameless`, `actions`.
    pub question: String,
    /// What somebody agrees with.
    pub title: String,
    /// How often each of 1 (not at all) to 5 (fully) was answered.
    pub counts: Vec<u32>,
}

/// What becomes of a meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ReviewDeed {
    /// Plans it, and invites by mail.
    Plan { meeting: NewReview },
    /// Moves it, or asks others; everybody is told. `revision` is the one that you began from.
    Change { meeting: NewReview, revision: u32 },
    /// It does not take place.
    Cancel { why: String },
    /// What was said to a topic; in the place of what stood there.
    Note { topic: String, text: String },
    /// Something was decided.
    Decide { text: String },
    /// It took place, with these people.
    Hold {
        #[schema(value_type = Vec<String>)]
        attended: Vec<Name>,
    },
    /// What you say of it: each from 1 (not at all) to 5 (fully). Once, when it took place; counted, and told of nobody.
    Answer {
        learned: u32,
        blameless: u32,
        actions: u32,
        #[serde(default)]
        said: String,
    },
}

/// A meeting, as it is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReview {
    pub starts_at: Timestamp,
    /// 15 to 240; 60, if absent.
    #[serde(default = "hour")]
    pub minutes: u32,
    /// A room, or an address of a call.
    #[serde(default)]
    pub place: String,
    /// Somebody who was not involved.
    #[schema(value_type = String)]
    pub facilitator: Name,
    /// Absent: those whom the record names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invitees: Vec<ReviewInvitee>,
}

const fn hour() -> u32 {
    60
}

impl NewReview {
    fn read(self) -> Wanted {
        let Self { starts_at, minutes, place, facilitator, invitees } = self;
        let invitees = invitees.into_iter().map(|one| Invitee { person: one.person, why: one.why }).collect();
        Wanted { starts_at, minutes, place, facilitator, invitees }
    }
}

impl ReviewDeed {
    fn read(self) -> Deed {
        match self {
            Self::Plan { meeting } => Deed::Plan(meeting.read()),
            Self::Change { meeting, revision } => Deed::Change { wanted: meeting.read(), revision },
            Self::Cancel { why } => Deed::Cancel { why },
            Self::Note { topic, text } => Deed::Note { topic, text },
            Self::Decide { text } => Deed::Decide { text },
            Self::Answer { learned, blameless, actions, said } => {
                Deed::Answer(Answer { marks: [learned, blameless, actions], said })
            }
            Self::Hold { attended } => Deed::Hold { attended: attended.into_iter().collect::<BTreeSet<Name>>() },
        }
    }
}

fn invitee(one: &Invitee) -> ReviewInvitee {
    ReviewInvitee { person: one.person.clone(), why: one.why.clone() }
}

/// Whoever may only read is not asked.
fn may_answer(visitor: &Visitor) -> Option<&Name> {
    visitor.person().filter(|_| visitor.access() >= Some(Access::Responder))
}

fn survey(whole: &Whole, me: Option<&Name>) -> Option<ReviewSurvey> {
    let (survey, meeting) = (&whole.survey, whole.meeting.as_ref().filter(|one| one.state == Standing::Held)?);
    let question = |((question, title), counts): (&(&str, &str), &[u32; 5])| ReviewQuestion {
        question: (*question).to_owned(),
        title: (*title).to_owned(),
        counts: counts.to_vec(),
    };
    Some(ReviewSurvey {
        asks_you: me.is_some_and(|me| survey.asks(meeting, me)),
        answers: survey.answers(),
        shown: survey.shown.answers,
        questions: QUESTIONS.iter().zip(&survey.shown.counts).map(question).collect(),
        said: survey.shown.said.iter().cloned().collect(),
    })
}

fn wire(whole: &Whole, me: Option<&Name>) -> Review {
    Review {
        incident: whole.incident.id.to_string(),
        meeting: whole.meeting.as_ref().map(|one| ReviewMeeting {
            revision: one.revision,
            state: one.state.to_string(),
            starts_at: one.starts_at,
            minutes: one.minutes,
            place: one.place.clone(),
            facilitator: one.facilitator.to_string(),
            invitees: one.invitees.iter().map(invitee).collect(),
            sequence: one.sequence,
            notes: one
                .notes
                .iter()
                .map(|note| ReviewNote {
                    topic: note.topic.clone(),
                    text: note.text.clone(),
                    by: note.by.to_string(),
                    at: note.at,
                })
                .collect(),
            decisions: one
                .decisions
                .iter()
                .map(|one| ReviewDecision { text: one.text.clone(), by: one.by.to_string(), at: one.at })
                .collect(),
            attended: one.attended.iter().map(ToString::to_string).collect(),
        }),
        suggested: whole.suggested.iter().map(invitee).collect(),
        involved: whole.involved.iter().map(ToString::to_string).collect(),
        agenda: whole
            .agenda
            .iter()
            .map(|topic| ReviewTopic {
                topic: topic.name.to_owned(),
                title: topic.title.to_owned(),
                minutes: topic.minutes,
                asks: topic.asks.clone(),
            })
            .collect(),
        survey: survey(whole, me),
    }
}

/// The meeting about the postmortem of an incident: planned, or whom the record names for one.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/review", tag = "postmortems", params(("id" = String, Path)),
    responses((status = 200, body = Review)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Review>, Problem> {
    let (id, now, again) = (id(&text)?, app.now(), app.clone());
    let me = may_answer(&visitor).cloned();
    let found = app.read(move |tx| acts::whole(tx, again.node(), id, visitor.sight(), now)).await?;
    Ok(Json(wire(&found, me.as_ref())))
}

/// The meeting as a file for a calendar.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/review.ics", tag = "postmortems", params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "text/calendar")))]
pub async fn file(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let (id, now, again) = (id(&text)?, app.now(), app.clone());
    let found = app.read(move |tx| acts::file(tx, again.node(), id, visitor.sight(), now)).await?;
    let name = "attachment; filename=\"review.ics\"";
    Ok(([(CONTENT_TYPE, "text/calendar; charset=utf-8"), (CONTENT_DISPOSITION, name)], found).into_response())
}

/// Plans, moves or cancels the meeting, keeps notes and decisions, says that it took place, or what it was good for.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/review", tag = "postmortems", params(("id" = String, Path)),
    request_body = ReviewDeed, responses((status = 200, body = Review)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ReviewDeed>,
) -> Result<Json<Review>, Problem> {
    let id = id(&text)?;
    let deed = body.value.read();
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| acts::act(tx, node, &mut moment.again(), id, &deed))
    });
    Ok(Json(wire(&done.await?, may_answer(&visitor))))
}
