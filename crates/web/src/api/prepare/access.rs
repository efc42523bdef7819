//! Who one is, and tokens of the API: made in one's own name, shown once, taken back.

use actions::prepare::access::NewToken as Wanted;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::engage::oncall;
use domain::prepare::access::Scope;
use domain::prepare::people::Access;
use domain::words::{Refusal, Timestamp, TokenId};
use serde::{Deserialize, Serialize};
use store::prepare::access::{self as rows, ApiToken};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Body, Search};
use crate::api::detect::integrations::shown_once;
use crate::api::engage::pages::somebody;
use crate::api::engage::schedules::{self, OnCall};
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Who calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    pub name: String,
    pub full_name: String,
    pub email: String,
    /// What you may do: `viewer`, `responder`, `manager` or `administrator`; of a token, no more than that of the token.
    pub access: String,
    /// What the token may be used for; empty: everything that the access allows.
    pub scopes: Vec<String>,
    /// The token, if this is a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    pub teams: Vec<String>,
    /// Where you are on call now.
    pub on_call: Vec<OnCall>,
}

/// A token of the API, without its secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Token)]
pub struct Token {
    pub id: String,
    /// What it is for.
    pub name: String,
    pub person: String,
    pub access: String,
    /// Empty: everything that the access allows.
    pub scopes: Vec<String>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// A token that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for, in a line.
    pub name: String,
    /// `viewer`, `responder`, `manager` or `administrator`; no more than your own.
    pub access: String,
    /// `read`, `alerts`, `schedules`, `documents`, `administration`; none: everything that the access allows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A token that was made. The secret is shown this once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MadeToken {
    #[serde(flatten)]
    pub token: Token,
    /// Goes into the header `Authorization: Bearer ...`.
    pub secret: String,
}

/// Whose tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TokenQuery {
    /// Everybody's, not only yours: for administrators.
    #[serde(default)]
    pub all: bool,
}

fn wire(token: &ApiToken) -> Token {
    Token {
        id: token.id.to_string(),
        name: token.name.clone(),
        person: token.person.to_string(),
        access: token.access.to_string(),
        scopes: token.scopes.iter().map(ToString::to_string).collect(),
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
        revoked_at: token.revoked_at,
    }
}

/// Who you are, what you may do, where you are on call.
#[utoipa::path(get, path = "/api/v1/me", tag = "me", responses((status = 200, body = Me)))]
pub async fn me(State(app): State<App>, Extension(visitor): Extension<Visitor>) -> Result<Json<Me>, Problem> {
    let name = somebody(&visitor)?.clone();
    let (again, now) = (app.clone(), app.now());
    let me = app.read(move |tx| {
        let rules = again.node().rules(tx)?;
        let catalog = &rules.catalog;
        let person = catalog.people.get(&name).ok_or_else(|| Refusal::not_found(format!("person {name}")))?;
        let mut on_call = Vec::new();
        for (schedule, spec) in &catalog.schedules {
            let answer = oncall::on_call(spec, &store::engage::overrides::at(tx, schedule, now)?, now);
            if answer.person.as_ref() == Some(&name) {
                on_call.push(schedules::wire(catalog, schedule, &spec.title, &answer));
            }
        }
        let (scopes, token) = match &visitor {
            Visitor::Program { scopes, token, .. } => {
                (scopes.iter().map(ToString::to_string).collect(), Some(token.to_string()))
            }
            _ => (Vec::new(), None),
        };
        let teams = catalog.teams.iter().filter(|(_, team)| team.members.contains(&name));
        Ok(Me {
            name: name.to_string(),
            full_name: person.full_name.clone(),
            email: person.email.clone(),
            access: visitor.access().unwrap_or(person.access).to_string(),
            scopes,
            token,
            teams: teams.map(|(team, _)| team.to_string()).collect(),
            on_call,
        })
    });
    Ok(Json(me.await?))
}

/// Your tokens, the newest first; or everybody's.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", params(TokenQuery),
    responses((status = 200, body = Listing<Token>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<TokenQuery>,
) -> Result<Json<Listing<Token>>, Problem> {
    if query.all && visitor.access() != Some(Access::Administrator) {
        return Err(Refusal::forbidden("only administrators see everybody's tokens").at("?all").into());
    }
    let person = (!query.all).then(|| somebody(&visitor).cloned()).transpose()?;
    let tokens = app.read(move |tx| Ok(rows::api_tokens(tx, person.as_ref())?)).await?;
    Ok(Json(Listing::whole(tokens.iter().map(wire).collect())))
}

/// Makes a token in your own name. It never may more than you, nor more than the token that makes it.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = MadeToken)))]
pub async fn create(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<NewToken>,
) -> Result<Response, Problem> {
    let NewToken { name, access, scopes, expires_at } = body.value;
    let mut read = Vec::with_capacity(scopes.len());
    for (place, scope) in scopes.iter().enumerate() {
        read.push(scope.parse::<Scope>().map_err(|wrong| wrong.at(format!("/scopes/{place}")))?);
    }
    let access: Access = access.parse().map_err(|wrong: Refusal| wrong.at("/access"))?;
    let wanted = Wanted { name, access, scopes: read, expires_at, person: None };
    let own: &[Scope] = match &visitor {
        Visitor::Program { scopes, .. } => scopes,
        _ => &[],
    };
    actions::allow::new_token(visitor.access(), own, wanted.access, &wanted.scopes)?;
    let made = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let rules = node.rules(tx)?;
            let (token, secret) =
                actions::prepare::access::create_api_token(tx, &mut moment.again(), &rules.catalog, wanted.clone())?;
            Ok(MadeToken { token: wire(&token), secret: secret.reveal().to_owned() })
        })
    });
    Ok(shown_once(&made.await?))
}

/// Ends a token for good: one of yours; an administrator, anybody's.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", params(("id" = String, Path)),
    responses((status = 204)))]
pub async fn revoke(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<StatusCode, Problem> {
    let gone = || Refusal::not_found("token with this id");
    let id: TokenId = text.parse().map_err(|_| gone())?;
    let (own, access) = (somebody(&visitor)?.clone(), visitor.access());
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| {
            // Another's token and none at all are answered alike.
            let token =
                rows::api_token(tx, id)?.filter(|token| token.person == own || access == Some(Access::Administrator));
            token.ok_or_else(gone)?;
            actions::prepare::access::revoke_api_token(tx, &mut moment.again(), id)
        })
    });
    done.await?;
    app.doors().forget();
    Ok(StatusCode::NO_CONTENT)
}
