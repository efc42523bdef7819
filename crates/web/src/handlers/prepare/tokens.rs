//! API tokens: made, shown once, revoked.

use actions::prepare::access::{self, NewToken};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::prepare::access::Scope;
use domain::prepare::people::Access;
use domain::words::{Refusal, Span, TokenId};
use store::Halt;
use store::prepare::access as rows;

use crate::enter::Visitor;
use crate::handlers::engage::pages::capital;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, done, sentence};
use crate::pages::Section;
use crate::pages::prepare::tokens::{FreshToken, TokenRow, TokensPage};
use crate::problem::Problem;

/// `GET /tokens`.
pub async fn get_tokens(asked: Asked) -> Result<Response, Problem> {
    page(asked, None, None).await
}

async fn page(asked: Asked, fresh: Option<FreshToken>, error: Option<String>) -> Result<Response, Problem> {
    asked
        .page(Section::Tokens, move |look, shell| {
            let administrator = look.asked.access == Access::Administrator;
            let mine = (!administrator).then_some(&look.asked.person);
            let tokens = rows::api_tokens(look.tx, mine)?;
            let holds = |token: &rows::ApiToken| {
                token.revoked_at.is_none() && token.expires_at.is_none_or(|at| at > look.now())
            };
            let row = |token: &rows::ApiToken| TokenRow {
                id: token.id.to_string(),
                title: token.name.clone(),
                access: token.access.to_string(),
                by: look.tag(&token.person),
                made: look.when(token.created_at),
                used: token.last_used_at.map(|at| look.when(at)),
                ends: token.expires_at.map(|at| look.when(at)),
            };
            let may = |access: &&Access| **access <= look.asked.access;
            Ok(TokensPage {
                rows: tokens.iter().filter(|token| holds(token)).map(row).collect(),
                fresh: fresh.clone(),
                accesses: Access::ALL
                    .iter()
                    .filter(may)
                    .rev()
                    .map(|one| (one.to_string(), capital(one.word())))
                    .collect(),
                error: error.clone(),
                base_url: look.app.settings().public_url.clone(),
                shell,
            })
        })
        .await
}

/// `POST /tokens` with `title`, `access`, `days`; the secret is shown on the answer, and never again.
pub async fn post_tokens(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let title = fields.text("title").to_owned();
    let own: Vec<Scope> = match &asked.visitor {
        Visitor::Program { scopes, .. } => scopes.clone(),
        _ => Vec::new(),
    };
    let (now, access) = (asked.now, asked.access);
    let read = || -> Result<NewToken, Refusal> {
        let wanted: Access = fields.parse("access")?;
        let days = fields.some("days").map(str::parse::<u16>);
        let days = days.transpose().map_err(|_| Refusal::invalid("say after how many days it ends"))?;
        actions::allow::new_token(Some(access), &own, wanted, &[])?;
        let expires_at = days.map(|days| Span::hours(24 * i64::from(days)).after(now));
        Ok(NewToken { name: title.clone(), access: wanted, scopes: vec![], expires_at, person: None })
    };
    let made = match read() {
        Ok(new) => {
            asked
                .app
                .act(asked.actor(), move |store, node, moment| {
                    store.write(|tx| {
                        let rules = node.rules(tx)?;
                        access::create_api_token(tx, &mut moment.again(), &rules.catalog, new.clone())
                    })
                })
                .await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match made {
        Ok((token, secret)) => {
            let fresh = FreshToken { title: token.name, secret: secret.reveal().to_owned() };
            page(asked, Some(fresh), None).await
        }
        Err(Halt::Refused(refusal)) => page(asked, None, Some(sentence(&refusal.message))).await,
        Err(failed) => Err(failed.into()),
    }
}

/// `POST /tokens/ID/revoke`: one's own; an administrator, anybody's.
pub async fn post_revoke(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let gone = || Refusal::not_found("token with this id");
    let id: TokenId = id.parse().map_err(|_| Problem::new(StatusCode::NOT_FOUND, "there is no such token"))?;
    let (own, rank) = (asked.person.clone(), asked.access);
    let outcome = asked
        .app
        .act(asked.actor(), move |store, _, moment| {
            store.write(|tx| {
                let token = rows::api_token(tx, id)?;
                token.filter(|token| token.person == own || rank == Access::Administrator).ok_or_else(gone)?;
                access::revoke_api_token(tx, &mut moment.again(), id)
            })
        })
        .await;
    asked.app.doors().forget();
    asked.back_with(&fields, "/tokens", outcome.map(|()| done("The token no longer works")))
}
