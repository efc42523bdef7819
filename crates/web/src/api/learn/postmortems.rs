//! Postmortems over the API: why one is due, who owns it, what was written, which factors were named, what was published.

use actions::learn::postmortems::{self as acts, Listed, Text, Whole};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::learn::factors::{Factor, Wanted};
use domain::learn::postmortem_policies::Reason;
use domain::learn::postmortem_sections::Section;
use domain::learn::postmortems::{Postmortem as One, State as Standing};
use domain::words::{EvidenceId, FactorId, IncidentId, Name, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use store::learn::postmortems::{Filter, Version, Written};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Body, Search, created};
use crate::api::listing::Listing;
use crate::api::respond::evidence::picture;
use crate::api::respond::incidents::id;
use crate::app::App;
use crate::enter::Visitor;
use crate::handlers::frame::{Asked, Look};
use crate::handlers::learn::mentions::names;
use crate::pages::learn::postmortem_exports::Export;
use crate::pages::mentions::Names;
use crate::problem::Problem;

/// So many are listed.
const LIST_MOST: u32 = 500;
/// Bytes of all pictures in one file.
const PICTURES_MOST: u64 = 16 << 20;

/// What is learned from an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Postmortem {
    #[serde(flatten)]
    pub summary: PostmortemSummary,
    /// The rules that fired, with what they saw.
    pub reasons: Vec<PostmortemReason>,
    /// The last text of each section; what nobody wrote is absent.
    pub sections: Vec<PostmortemSection>,
    /// Sections that its form has, in the order in which they are read.
    pub form_sections: Vec<String>,
    pub factors: Vec<PostmortemFactor>,
    /// What is missing before it can be reviewed.
    pub missing: Vec<String>,
    /// What could be better, and holds nothing up.
    pub advice: Vec<String>,
    pub versions: Vec<PostmortemVersion>,
}

/// How one stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PostmortemSummary {
    pub incident: String,
    pub title: String,
    pub drill: bool,
    /// `not-due`, `due`, `draft`, `in-review`, `published`, `waived`.
    pub state: String,
    pub since: Timestamp,
    /// `required`, `recommended`; absent: no rule asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// `full`, `light`.
    pub form: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Who was asked to own it, and has not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_by: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft_due: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish_due: Option<Timestamp>,
    /// Who waived it, why and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<PostmortemWaiver>,
    /// Who read and published it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<String>,
}

/// That none is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PostmortemWaiver {
    pub by: String,
    pub why: String,
    pub at: Timestamp,
}

/// A rule that fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PostmortemReason {
    /// The document and the rule in it.
    pub policy: String,
    pub rule: String,
    pub because: String,
    /// `required`, `recommended`.
    pub effect: String,
    pub waivable: bool,
    pub seen: Vec<PostmortemSeen>,
}

/// What made a rule fire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PostmortemSeen {
    /// Which condition of the rule it met: `data_lost`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub condition: String,
    pub says: String,
    /// Ids of what it rests on.
    pub cites: Vec<String>,
}

/// A section that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PostmortemSection {
    pub section: String,
    pub title: String,
    /// In Markdown.
    pub text: String,
    pub revision: u32,
    /// Who saved it, or changed it last.
    pub author: String,
    /// Who wrote in it, too, since the revision before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    pub written_at: Timestamp,
}

/// A condition that contributed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PostmortemFactor {
    /// `fac_…`.
    pub id: String,
    pub text: String,
    /// Of the taxonomy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    pub named_by: String,
    pub named_at: Timestamp,
    /// Why it does not hold, if somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub struck: Option<String>,
}

/// What was published, or corrected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PostmortemVersion {
    pub version: u32,
    pub published_by: String,
    pub published_at: Timestamp,
    /// What was not so in the version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<String>,
    /// As it was then: sections, factors, minutes, and why it was due.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
}

/// Sections, written anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSections {
    pub sections: Vec<NewSection>,
}

/// A section, written anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSection {
    /// `summary`, `impact`, `background`, `detection`, `trigger`, `response`, `resolution`, `went-well`, `was-hard`, `lucky`,
    /// `surprised`, `learning`.
    #[schema(value_type = String)]
    pub section: Section,
    /// In Markdown, at most 40,000 characters.
    pub text: String,
    /// The revision that you began from; 0, or absent, if there was none. What others changed since is taken together with yours;
    /// where both changed the same words, nothing is written.
    #[serde(default)]
    pub from: u32,
}

/// A factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFactor {
    /// A condition, in one line. No person is one.
    pub text: String,
    /// Of the taxonomy: `no-limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub kind: Option<Name>,
    /// What shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// Why something does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Strike {
    pub why: String,
}

/// What becomes of a postmortem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PostmortemDeed {
    /// It is complete, and somebody else reads it.
    Submit,
    /// Something is to be changed before it is published.
    SendBack { why: String },
    /// You read it, wrote none of it and do not own it: everybody may read it.
    Publish,
    /// What is not so in what was published; that stays as it is.
    Correct { correction: String },
    /// None is written: why, in 40 letters or more. Whoever manages may, where no rule forbids it.
    Waive { why: String },
    /// There is to be one.
    Request { why: String },
}

/// Which to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PostmortemQuery {
    /// `open` (something is to be done, and what is listed without this), `all`, or a state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Whose they are, or who was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl PostmortemQuery {
    pub(crate) fn filter(&self) -> Result<Filter, Refusal> {
        let owner = self.owner.as_deref().map(str::parse).transpose().map_err(|wrong: Refusal| wrong.at("?owner"))?;
        let (open, state) = match self.state.as_deref().unwrap_or("open") {
            "open" => (true, None),
            "all" => (false, None),
            word => (false, Some(word.parse::<Standing>().map_err(|wrong| wrong.at("?state"))?)),
        };
        Ok(Filter { state, open, owner })
    }
}

fn summary(title: String, drill: bool, one: &One, owner: Option<&Name>, asked: Option<&Name>) -> PostmortemSummary {
    PostmortemSummary {
        incident: one.incident.to_string(),
        title,
        drill,
        state: one.state.to_string(),
        since: one.since,
        effect: one.judgement.effect.map(|effect| effect.to_string()),
        form: one.form().to_string(),
        owner: owner.map(ToString::to_string),
        asked: asked.filter(|_| one.state.is_open()).map(ToString::to_string),
        accept_by: one.accept_by,
        draft_due: one.due.map(|due| due.draft),
        publish_due: one.due.map(|due| due.publish),
        waiver: one.waiver.as_ref().map(|one| PostmortemWaiver {
            by: one.by.to_string(),
            why: one.why.clone(),
            at: one.at,
        }),
        reviewer: one.reviewer.as_ref().map(ToString::to_string),
    }
}

fn listed(one: &Listed) -> PostmortemSummary {
    let title = one.incident.name().into_owned();
    summary(title, one.incident.drill, &one.postmortem, one.held.owner.as_ref(), one.held.asked.as_ref())
}

fn reason(one: &Reason) -> PostmortemReason {
    PostmortemReason {
        policy: one.policy.to_string(),
        rule: one.rule.to_string(),
        because: one.because.clone(),
        effect: one.effect.to_string(),
        waivable: one.waivable,
        seen: one
            .seen
            .iter()
            .map(|seen| PostmortemSeen {
                condition: seen.condition.clone(),
                says: seen.says.clone(),
                cites: seen.cites.clone(),
            })
            .collect(),
    }
}

fn section(one: &Written) -> PostmortemSection {
    PostmortemSection {
        section: one.section.to_string(),
        title: one.section.title().to_owned(),
        text: one.text.clone(),
        revision: one.revision,
        author: one.author.to_string(),
        others: one.others.iter().map(ToString::to_string).collect(),
        written_at: one.at,
    }
}

fn factor(one: &Factor) -> PostmortemFactor {
    PostmortemFactor {
        id: one.id.to_string(),
        text: one.text.clone(),
        kind: one.kind.as_ref().map(ToString::to_string),
        evidence: one.evidence.clone(),
        named_by: one.by.to_string(),
        named_at: one.at,
        struck: one.struck.as_ref().map(|(_, why, _)| why.clone()),
    }
}

fn version(one: &Version) -> PostmortemVersion {
    PostmortemVersion {
        version: one.version,
        published_by: one.by.to_string(),
        published_at: one.at,
        correction: one.correction.clone(),
        body: one.body.clone(),
    }
}

fn wire(whole: &Whole) -> Postmortem {
    let (one, held) = (&whole.postmortem, &whole.held);
    let title = whole.incident.name().into_owned();
    let order = |one: &&Written| Section::ALL.iter().position(|section| *section == one.section);
    let mut written: Vec<&Written> = whole.written.iter().collect();
    written.sort_by_key(order);
    Postmortem {
        summary: summary(title, whole.incident.drill, one, held.owner.as_ref(), held.asked.as_ref()),
        reasons: one.judgement.reasons.iter().map(reason).collect(),
        sections: written.into_iter().map(section).collect(),
        form_sections: Section::of(one.form()).map(|section| section.to_string()).collect(),
        factors: whole.factors.iter().map(factor).collect(),
        missing: whole.missing.clone(),
        advice: whole.advice.clone(),
        versions: whole.versions.iter().map(version).collect(),
    }
}

/// Postmortems of incidents that you may see, the first to be published first.
#[utoipa::path(get, path = "/api/v1/postmortems", tag = "postmortems", params(PostmortemQuery),
    responses((status = 200, body = Listing<PostmortemSummary>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<PostmortemQuery>,
) -> Result<Json<Listing<PostmortemSummary>>, Problem> {
    let filter = query.filter()?;
    let found = app.read(move |tx| acts::list(tx, &filter, visitor.sight(), LIST_MOST)).await?;
    Ok(Json(Listing::whole(found.iter().map(listed).collect())))
}

/// That of an incident, once its response is over.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/postmortem", tag = "postmortems", params(("id" = String, Path)),
    responses((status = 200, body = Postmortem)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Postmortem>, Problem> {
    let id = id(&text)?;
    let whole = app.read(move |tx| acts::whole(tx, id, visitor.sight())).await?;
    Ok(Json(wire(&whole)))
}

/// The same as Markdown: what was published last, or what is written so far.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/postmortem.md", tag = "postmortems", params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "text/markdown")))]
pub async fn text(asked: Asked, Path(text): Path<String>) -> Result<Response, Problem> {
    let id = id(&text)?;
    let text = asked.look(move |look| {
        let (whole, names) = read(look, id)?;
        Ok(acts::markdown(&whole) + &names.list())
    });
    Ok(([(CONTENT_TYPE, "text/markdown; charset=utf-8")], text.await?).into_response())
}

/// The postmortem, and the names of what its texts mention, for a file that is read elsewhere.
fn read(look: &mut Look<'_, '_>, id: IncidentId) -> Result<(Whole, Names), store::Halt> {
    let whole = acts::whole(look.tx, id, look.asked.sight())?;
    let export = Export::inside(&whole, Names::default());
    let names = names(look, id, export.parts.iter().map(|(_, text)| text.as_str()))?;
    Ok((whole, names.from(&look.app.settings().public_url)))
}

/// The same as one file of HTML that needs nothing else, and prints well.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/postmortem.html", tag = "postmortems", params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html")))]
pub async fn html(asked: Asked, Path(text): Path<String>) -> Result<Response, Problem> {
    let id = id(&text)?;
    let (app, visitor) = (asked.app.clone(), asked.visitor.clone());
    let (whole, mut names) = asked.look(move |look| read(look, id)).await?;
    take_pictures_in(&app, &visitor, &mut names).await?;
    in_html(&Export::inside(&whole, names), "postmortem")
}

/// Puts pictures into the file, as long as it stays one that can be sent. Of others their hash is told.
async fn take_pictures_in(app: &App, visitor: &Visitor, names: &mut Names) -> Result<(), Problem> {
    let mut left = PICTURES_MOST;
    for (written, shown) in names.pictures() {
        shown.src = None;
        let Ok(evidence) = written.parse::<EvidenceId>() else { continue };
        let Some((kind, bytes)) = picture(app, visitor, None, evidence, left).await? else { continue };
        left -= bytes.len() as u64;
        shown.src = Some(format!("data:{kind};base64,{}", STANDARD.encode(&bytes)));
    }
    Ok(())
}

/// The same for paper, as a tagged PDF.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/postmortem.pdf", tag = "postmortems", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/pdf")))]
pub async fn pdf(asked: Asked, Path(text): Path<String>) -> Result<Response, Problem> {
    let id = id(&text)?;
    // Laid out where it may take its time.
    let bytes = asked.look(move |look| {
        let (whole, names) = read(look, id)?;
        Ok(Export::inside(&whole, names).pdf())
    });
    Ok(on_paper(bytes.await?, "postmortem"))
}

/// A file that a browser keeps, and does not open within this server's pages.
pub(super) fn in_html(export: &Export, name: &str) -> Result<Response, Problem> {
    let failed = |error| store::Halt::from(store::Error::other(format!("a file does not render: {error}")));
    let html = export.html().map_err(failed)?;
    let kept = format!("attachment; filename=\"{name}.html\"");
    Ok(([(CONTENT_TYPE, "text/html; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, kept)], html).into_response())
}

pub(super) fn on_paper(bytes: Vec<u8>, name: &str) -> Response {
    let kept = format!("attachment; filename=\"{name}.pdf\"");
    ([(CONTENT_TYPE, "application/pdf".to_owned()), (CONTENT_DISPOSITION, kept)], bytes).into_response()
}

/// All texts that a section had, the first first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/postmortem/sections/{section}", tag = "postmortems",
    params(("id" = String, Path), ("section" = String, Path)), responses((status = 200, body = Listing<PostmortemSection>)))]
pub async fn history(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, wanted)): Path<(String, String)>,
) -> Result<Json<Listing<PostmortemSection>>, Problem> {
    let id = id(&text)?;
    let wanted: Section = wanted.parse().map_err(|_| Refusal::not_found(format!("section {wanted}")))?;
    let found = app.read(move |tx| acts::history(tx, id, wanted, visitor.sight())).await?;
    Ok(Json(Listing::whole(found.iter().map(section).collect())))
}

/// Writes sections anew, together with what others wrote since: all of them, or none where somebody changed the same words.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/postmortem/sections", tag = "postmortems", params(("id" = String, Path)),
    request_body = NewSections, responses((status = 200, body = Postmortem)))]
pub async fn write(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewSections>,
) -> Result<Json<Postmortem>, Problem> {
    let id = id(&text)?;
    let texts: Vec<Text> = body
        .value
        .sections
        .into_iter()
        .map(|one| Text { section: one.section, text: one.text, from: one.from })
        .collect();
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| acts::write(tx, node, &mut moment.again(), id, &texts))
    });
    Ok(Json(wire(&done.await?)))
}

/// Which text is to stand again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    pub revision: u32,
}

/// Writes an earlier text of a section anew. What stands there now stays in its history.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/postmortem/sections/{section}/restore", tag = "postmortems",
    params(("id" = String, Path), ("section" = String, Path)), request_body = Restore,
    responses((status = 200, body = Postmortem)))]
pub async fn restore(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, wanted)): Path<(String, String)>,
    body: Body<Restore>,
) -> Result<Json<Postmortem>, Problem> {
    let id = id(&text)?;
    let section: Section = wanted.parse().map_err(|_| Refusal::not_found(format!("section {wanted}")))?;
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| acts::restore(tx, node, &mut moment.again(), id, section, body.value.revision))
    });
    Ok(Json(wire(&done.await?)))
}

/// Names a contributing factor.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/postmortem/factors", tag = "postmortems", params(("id" = String, Path)),
    request_body = NewFactor, responses((status = 201, body = PostmortemFactor)))]
pub async fn name(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewFactor>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let NewFactor { text, kind, evidence } = body.value;
    let wanted = Wanted { text, kind, evidence };
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| acts::name_factor(tx, node, &mut moment.again(), id, &wanted))
    });
    Ok(created(&format!("/api/v1/incidents/{id}/postmortem"), &factor(&done.await?)))
}

/// Says that a factor does not hold. It stays on record.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/postmortem/factors/{factor}/strike", tag = "postmortems",
    params(("id" = String, Path), ("factor" = String, Path)), request_body = Strike,
    responses((status = 200, body = PostmortemFactor)))]
pub async fn strike(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, which)): Path<(String, String)>,
    body: Body<Strike>,
) -> Result<Json<PostmortemFactor>, Problem> {
    let id = id(&text)?;
    let which: FactorId = which.parse().map_err(|_| Refusal::not_found(format!("factor {which}")))?;
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| acts::strike_factor(tx, &mut moment.again(), id, which, &body.value.why))
    });
    Ok(Json(factor(&done.await?)))
}

/// Hands it over for review, sends it back, publishes, corrects or waives it, or asks for one.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/postmortem", tag = "postmortems", params(("id" = String, Path)),
    request_body = PostmortemDeed, responses((status = 200, body = Postmortem)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<PostmortemDeed>,
) -> Result<Json<Postmortem>, Problem> {
    let id = id(&text)?;
    let (deed, access) = (body.value.read(), visitor.access());
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| acts::act(tx, node, &mut moment.again(), id, access, &deed))
    });
    Ok(Json(wire(&done.await?)))
}

impl PostmortemDeed {
    fn read(self) -> acts::Deed {
        match self {
            Self::Submit => acts::Deed::Submit,
            Self::SendBack { why } => acts::Deed::SendBack { why },
            Self::Publish => acts::Deed::Publish,
            Self::Correct { correction } => acts::Deed::Correct { correction },
            Self::Waive { why } => acts::Deed::Waive { why },
            Self::Request { why } => acts::Deed::Request { why },
        }
    }
}
