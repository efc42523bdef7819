//! Counterfactuals over the API: had a step of an escalation policy waited less, whom would its past pages have called earlier?

use actions::learn::counterfactuals as acts;
use axum::extract::{Path, State as Shared};
use axum::{Extension, Json};
use domain::learn::counterfactuals::{Candidate, Counterfactual as Told, Found, LEAST};
use domain::words::{Refusal, Span};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::Search;
use crate::api::detect::alerts::name;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// What would have been, of the last pages of a policy that are over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counterfactuals {
    pub escalation_policy: String,
    /// How many pages could be compared: of high urgency, over, and as the policy of today would have them.
    pub n: usize,
    /// How many could not.
    pub left_out: usize,
    /// Below five pages nothing is told: it cannot be told.
    pub told: Vec<Counterfactual>,
}

/// Another wait, and what it would have come to. `Called` means that a message went out: what people do then cannot be played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counterfactual {
    /// Counted from 1.
    pub step: usize,
    #[schema(value_type = String)]
    pub wait: Span,
    /// As it is.
    #[schema(value_type = String)]
    pub was: Span,
    /// In how many pages whoever answered would have been called earlier.
    pub earlier: usize,
    /// By how much in the middle of those.
    #[schema(value_type = String)]
    pub by: Span,
    /// In how many somebody would have been called who was not needed, had whoever answered answered as fast.
    pub more_called: usize,
    pub sentence: String,
}

/// Which step, and how long it would wait. Without, what would have won something is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CounterfactualQuery {
    /// Counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// `2m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub wait: Option<Span>,
}

impl CounterfactualQuery {
    fn candidate(&self) -> Result<Option<Candidate>, Refusal> {
        match (self.step, self.wait) {
            (None, None) => Ok(None),
            (Some(step), Some(wait)) => Ok(Some(Candidate { step, wait })),
            (None, Some(_)) => Err(Refusal::invalid("which step waits so long?").at("?step")),
            (Some(_), None) => Err(Refusal::invalid("how long would it wait?").at("?wait")),
        }
    }
}

fn wire(one: &Told) -> Counterfactual {
    Counterfactual {
        step: one.candidate.step,
        wait: one.candidate.wait,
        was: one.was,
        earlier: one.earlier,
        by: one.by,
        more_called: one.more_called,
        sentence: one.to_string(),
    }
}

/// What is said where nothing is told.
pub fn silence(found: &Found) -> Option<String> {
    if found.n < LEAST {
        let few = if found.n == 1 { "1 page is".to_owned() } else { format!("{} pages are", found.n) };
        return Some(format!("It cannot be told: {few} too few, it takes {LEAST}."));
    }
    found.told.is_empty().then(|| "No shorter wait would have called whoever answered earlier.".to_owned())
}

/// Had a step waited less, whom would the past pages of a policy have called earlier? Of pages that you may see.
#[utoipa::path(get, path = "/api/v1/escalation-policies/{name}/counterfactuals", tag = "learn",
    params(("name" = String, Path), CounterfactualQuery), responses((status = 200, body = Counterfactuals)))]
pub async fn of_policy(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    Search(query): Search<CounterfactualQuery>,
) -> Result<Json<Counterfactuals>, Problem> {
    let (policy, candidate) = (name(&text, "escalation policy")?, query.candidate()?);
    let (again, of) = (app.clone(), policy.clone());
    let found = app.read(move |tx| acts::of_policy(tx, again.node(), &of, candidate, visitor.sight())).await?;
    Ok(Json(Counterfactuals {
        escalation_policy: policy.to_string(),
        n: found.n,
        left_out: found.left_out,
        told: found.told.iter().map(wire).collect(),
    }))
}
