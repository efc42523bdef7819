//! What customers read of a postmortem, over the API: what it is derived from, what is taken out, what was found, what is public.

use actions::learn::customer_postmortems::{self as acts, Deed, Whole};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Json};
use domain::learn::customer_postmortems::{Plan, Reason, Redaction};
use domain::words::{ActionItemId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::postmortems::{in_html, on_paper};
use crate::api::body::Body;
use crate::api::respond::incidents::id;
use crate::app::App;
use crate::enter::Visitor;
use crate::pages::learn::postmortem_exports::Export;
use crate::problem::Problem;

/// What customers read of a postmortem, or would read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerPostmortem {
    pub incident: String,
    /// How often the plan was saved; 0: nothing was prepared, and the plan is a proposal.
    pub revision: u32,
    pub plan: CustomerPlan,
    /// What was published inside, block by block, and what customers would read of each.
    pub blocks: Vec<CustomerBlock>,
    /// What the leak check found in what customers would read.
    pub findings: Vec<CustomerFinding>,
    /// What stands between this and its publication by you. Empty: you may publish it.
    pub hindrances: Vec<String>,
    /// Of a restricted incident: who agreed to this plan, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<CustomerAnswer>,
    pub versions: Vec<CustomerVersion>,
    /// Where the public reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
}

/// What goes out, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerPlan {
    /// What customers call it, in one line.
    pub title: String,
    /// The first lines, written for customers, in Markdown.
    #[serde(default)]
    pub opening: String,
    /// Names of the blocks that go out: sections, and `factors`. All others stay inside.
    pub blocks: Vec<String>,
    /// Words that customers do not read, wherever they stand.
    #[serde(default)]
    pub redactions: Vec<CustomerRedaction>,
    /// Ids of action items that are promised in public, with how they stand.
    #[serde(default)]
    pub promises: Vec<String>,
    /// What is not so in the version before, and why. Needed once something was published.
    #[serde(default)]
    pub correction: String,
}

/// Words that are taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerRedaction {
    /// Exactly as they stand.
    pub words: String,
    /// `security`, `personal`, `customer-name`, `vendor`, `speculation`.
    #[schema(value_type = String)]
    pub reason: Reason,
    /// What customers read there; absent: a word for the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// A block of the postmortem inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerBlock {
    pub name: String,
    pub title: String,
    /// In Markdown, as it was published inside.
    pub inside: String,
    /// As customers would read it; absent: it stays inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<String>,
}

/// Something that may tell too much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerFinding {
    /// By it the finding is answered.
    pub finding: String,
    /// `person`, `email`, `host`, `url`, `address`, `ticket`, `secret`, `flag`.
    pub kind: String,
    pub says: String,
    /// The words; of a secret only how it begins.
    pub quote: String,
    pub places: Vec<String>,
    /// Why it may stay, if somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<CustomerAnswer>,
}

/// Who said so, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerAnswer {
    pub by: String,
    pub why: String,
    pub at: Timestamp,
}

/// What was published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerVersion {
    pub version: u32,
    pub published_by: String,
    pub published_at: Timestamp,
    /// Of the text, in SHA-256.
    pub sha256: String,
    /// What was not so in the version before, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<String>,
    /// As customers read it: title, opening, parts, promises.
    #[schema(value_type = Object)]
    pub report: serde_json::Value,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CustomerPostmortemDeed {
    /// Says what goes out. `revision` is the one that you began from; if it is another now, nothing is saved.
    Prepare { plan: CustomerPlan, revision: u32 },
    /// Says why something that was found may stay. A secret never may.
    Answer { finding: String, why: String },
    /// Agrees that this revision goes out, though the incident is restricted: its commander, or its security lead.
    Agree { revision: u32, why: String },
    /// Publishes this revision on the status page; again: as a correction. Where the severity asks for it, not by whoever prepared it.
    Publish { revision: u32 },
}

impl CustomerPostmortemDeed {
    fn read(self) -> Result<Deed, Refusal> {
        Ok(match self {
            Self::Prepare { plan, revision } => Deed::Prepare { plan: plan.read()?, from: revision },
            Self::Answer { finding, why } => Deed::Answer { finding, why },
            Self::Agree { revision, why } => Deed::Agree { revision, why },
            Self::Publish { revision } => Deed::Publish { revision },
        })
    }
}

impl CustomerPlan {
    fn read(self) -> Result<Plan, Refusal> {
        let item = |id: &String| id.parse::<ActionItemId>();
        let promises: Result<_, _> = self.promises.iter().map(item).collect();
        let cut = |one: CustomerRedaction| Redaction { words: one.words, reason: one.reason, instead: one.instead };
        Ok(Plan {
            title: self.title,
            opening: self.opening,
            blocks: self.blocks.into_iter().collect(),
            redactions: self.redactions.into_iter().map(cut).collect(),
            promises: promises
                .map_err(|_| Refusal::invalid("an id of an action item begins with act_").at("/plan/promises"))?,
            correction: self.correction,
        })
    }

    fn of(plan: &Plan) -> Self {
        let cut = |one: &Redaction| CustomerRedaction {
            words: one.words.clone(),
            reason: one.reason,
            instead: one.instead.clone(),
        };
        Self {
            title: plan.title.clone(),
            opening: plan.opening.clone(),
            blocks: plan.blocks.iter().cloned().collect(),
            redactions: plan.redactions.iter().map(cut).collect(),
            promises: plan.promises.iter().map(ToString::to_string).collect(),
            correction: plan.correction.clone(),
        }
    }
}

fn wire(whole: &Whole) -> CustomerPostmortem {
    let one = &whole.one;
    let outside =
        |title: &str| whole.report.parts.iter().find(|part| part.title == title).map(|part| part.text.clone());
    CustomerPostmortem {
        incident: one.incident.to_string(),
        revision: one.revision,
        plan: CustomerPlan::of(&one.plan),
        blocks: whole
            .blocks
            .iter()
            .map(|block| CustomerBlock {
                name: block.name.clone(),
                title: block.title.clone(),
                inside: block.text.clone(),
                outside: outside(&block.title),
            })
            .collect(),
        findings: whole
            .leaks
            .iter()
            .map(|leak| CustomerFinding {
                finding: leak.key.clone(),
                kind: leak.kind.to_string(),
                says: leak.kind.says().to_owned(),
                quote: leak.quote.clone(),
                places: leak.places.clone(),
                answer: one.answers.get(&leak.key).map(|answer| CustomerAnswer {
                    by: answer.by.to_string(),
                    why: answer.why.clone(),
                    at: answer.at,
                }),
            })
            .collect(),
        hindrances: whole.hindrances.clone(),
        agreed: one.consent.as_ref().filter(|consent| consent.revision == one.revision).map(|consent| CustomerAnswer {
            by: consent.by.to_string(),
            why: consent.why.clone(),
            at: consent.at,
        }),
        versions: whole
            .versions
            .iter()
            .map(|one| CustomerVersion {
                version: one.version,
                published_by: one.by.to_string(),
                published_at: one.at,
                sha256: one.hash.clone(),
                correction: one.correction.clone(),
                report: serde_json::to_value(&one.report).unwrap_or_default(),
            })
            .collect(),
        public_url: whole.link.clone(),
    }
}

/// What customers read of the postmortem of an incident, or would read, with what stands in the way.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/customer-postmortem", tag = "postmortems", params(("id" = String, Path)),
    responses((status = 200, body = CustomerPostmortem)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<CustomerPostmortem>, Problem> {
    let id = id(&text)?;
    let again = app.clone();
    let found = app.read(move |tx| acts::whole(tx, again.node(), id, visitor.person(), visitor.sight())).await?;
    Ok(Json(wire(&found)))
}

/// Prepares, answers a finding, agrees to or publishes what customers read.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/customer-postmortem", tag = "postmortems", params(("id" = String, Path)),
    request_body = CustomerPostmortemDeed, responses((status = 200, body = CustomerPostmortem)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<CustomerPostmortemDeed>,
) -> Result<Json<CustomerPostmortem>, Problem> {
    let id = id(&text)?;
    let deed = body.value.read()?;
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| acts::act(tx, node, &mut moment.again(), id, &deed))
    });
    Ok(Json(wire(&done.await?)))
}

/// What customers read, or would read, as one file of HTML that needs nothing else, and prints well.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/customer-postmortem.html", tag = "postmortems",
    params(("id" = String, Path)), responses((status = 200, body = String, content_type = "text/html")))]
pub async fn html(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let (id, again) = (id(&text)?, app.clone());
    let found = app.read(move |tx| acts::whole(tx, again.node(), id, visitor.person(), visitor.sight())).await?;
    in_html(&Export::outside(&found), "customer-postmortem")
}

/// The same for paper, as a tagged PDF.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/customer-postmortem.pdf", tag = "postmortems",
    params(("id" = String, Path)), responses((status = 200, content_type = "application/pdf")))]
pub async fn pdf(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let (id, again) = (id(&text)?, app.clone());
    let bytes = app.read(move |tx| {
        let found = acts::whole(tx, again.node(), id, visitor.person(), visitor.sight())?;
        Ok(Export::outside(&found).pdf())
    });
    Ok(on_paper(bytes.await?, "customer-postmortem"))
}
