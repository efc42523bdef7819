//! Mentions over the API: what they are called now, and what may be mentioned in texts about an incident.

use axum::Json;
use axum::extract::Path;
use domain::learn::mentions::{MOST, Mention as Rule};
use domain::words::Refusal;
use domain::words::text::shorten;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::Search;
use crate::api::listing::Listing;
use crate::api::respond::incidents::id;
use crate::handlers::frame::Asked;
use crate::handlers::learn::mentions::{named, people, things};
use crate::pages::mentions::Named;
use crate::problem::Problem;

/// A person or a thing, as it is mentioned and as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mention {
    /// As it is written: `@ana`, `alr_…`.
    pub mention: String,
    /// `person`, `entry`, `alert`, `change`, `action-item`, `incident`, `evidence`.
    pub kind: String,
    pub title: String,
    /// How it stands: `firing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// A path on this server.
    pub url: String,
}

/// Which are wanted: those that are known, or those that may be written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MentionQuery {
    /// Mentions with commas between them, at most 200: `@ana,alr_…`. What you do not see is not in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// `people`, or `things` that belong to the incident; at most 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
    /// Words that are in the line of what is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What is asked for.
#[derive(Clone, Debug)]
enum Wish {
    Names(Vec<Rule>),
    People(String),
    Things(String),
}

impl MentionQuery {
    fn wish(self) -> Result<Wish, Refusal> {
        let text = self.text.unwrap_or_default();
        match (self.of, self.offer.as_deref()) {
            (Some(of), None) => {
                let read = |word: &str| {
                    let wrong = || format!("{} is no mention: @ana, alr_…, evt_…", shorten(word, 40));
                    Rule::of(word).ok_or_else(|| Refusal::invalid(wrong()).at("?of"))
                };
                let all = of.split(',').map(str::trim).filter(|word| !word.is_empty());
                let all = all.map(read).collect::<Result<Vec<_>, _>>()?;
                if all.len() > MOST {
                    return Err(Refusal::invalid(format!("ask for at most {MOST} at once")).at("?of"));
                }
                Ok(Wish::Names(all))
            }
            (None, Some("people")) => Ok(Wish::People(text)),
            (None, Some("things")) => Ok(Wish::Things(text)),
            (None, Some(_)) => Err(Refusal::invalid("people or things are offered").at("?offer")),
            _ => Err(Refusal::invalid("say either `of`, which mentions, or `offer`, people or things")),
        }
    }
}

fn wire(mention: &str, named: &Named) -> Mention {
    Mention {
        mention: mention.to_owned(),
        kind: named.kind.to_owned(),
        title: named.title.clone(),
        state: named.state.clone(),
        url: named.href.clone(),
    }
}

/// What is mentioned in texts about an incident, as it stands now; or what may be mentioned in them. As far as you see it.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/mentions", tag = "postmortems", params(("id" = String, Path), MentionQuery),
    responses((status = 200, body = Listing<Mention>)))]
pub async fn list(
    asked: Asked,
    Path(text): Path<String>,
    Search(query): Search<MentionQuery>,
) -> Result<Json<Listing<Mention>>, Problem> {
    let id = id(&text)?;
    let wish = query.wish();
    let found = asked.look(move |look| {
        actions::respond::incidents::seen(look.tx, id, look.asked.sight())?;
        Ok(match &wish.clone()? {
            Wish::Names(all) => named(look, id, all)?.iter().map(|(written, named)| wire(written, named)).collect(),
            Wish::People(text) => people(look, text).iter().map(|(written, named)| wire(written, named)).collect(),
            Wish::Things(text) => things(look, id, text)?.iter().map(|(written, named)| wire(written, named)).collect(),
        })
    });
    Ok(Json(Listing::whole(found.await?)))
}
