//! One's own weekly digest on a page: a preview, and whether it is sent.

use actions::learn::digests;
use axum::response::Response;
use domain::words::Refusal;

use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, done};
use crate::pages::Section;
use crate::pages::learn::digests::DigestPage;
use crate::problem::Problem;

/// `GET /me/digest`.
pub async fn get_digest(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Me, |look, shell| {
            let name = look.asked.person.clone();
            let now = look.now();
            let told = digests::of(look.tx, look.app.node(), &name, now)?;
            let wanted = store::learn::digests::get(look.tx, &name)?.is_none_or(|row| row.wanted);
            let address = look.rules.catalog.people.get(&name).map_or_else(String::new, digests::address);
            Ok(DigestPage { shell, wanted, address, sections: told.sections })
        })
        .await
}

/// `POST /me/digest` with `act`: `on`, `off` or `send`.
pub async fn post_digest(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let name = asked.person.clone();
    let (act, said) = match fields.text("act") {
        "on" => (Some(true), "It is sent on Mondays"),
        "off" => (Some(false), "It is not sent any more"),
        "send" => (None, "It is on its way to you"),
        _ => return Err(Refusal::invalid("say on, off or send").at("/act").into()),
    };
    let outcome = asked
        .app
        .act(asked.actor(), move |store, node, moment| {
            store.write(|tx| match act {
                Some(wanted) => digests::want(tx, &mut moment.again(), &name, wanted),
                None => digests::send_now(tx, node, &mut moment.again(), &name),
            })
        })
        .await;
    asked.back_with(&fields, "/me/digest", outcome.map(|()| done(said)))
}
