//! My page: am I on call, how am I reached, does it work; and what I change of myself.

use std::sync::Arc;

use actions::engage::pages;
use actions::prepare::access;
use actions::prepare::documents::{Order, Outcome};
use axum::extract::Path;
use axum::response::Response;
use domain::engage::contacts::reachable_by;
use domain::prepare::documents::{Document, Kind, Reference, Spec};
use domain::prepare::ownership::Via;
use domain::prepare::people::{Address, Contact, Person, Rung};
use domain::words::{Name, Refusal, RefusalKind, Span, Urgency};
use store::Halt;
use store::outbox::Kind as Sort;
use store::prepare::access as rows;

use super::documents::{apply_in, refusal_of};
use super::ladders::{self, Typed};
use super::people::{contacts, shifts};
use crate::enter::Visitor;
use crate::handlers::engage::pages::delivery_view;
use crate::handlers::engage::schedules::uncovered;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::pages::prepare::people::{MePage, Session};
use crate::pages::{Section, Toast};
use crate::pin_runs;
use crate::problem::Problem;

/// `GET /me`.
pub async fn get_me(asked: Asked) -> Result<Response, Problem> {
    page(asked, None, None).await
}

/// The page; after a refusal with the section, the reason, and the ladder as it was typed.
async fn page(
    asked: Asked,
    refused: Option<(&'static str, String)>,
    typed: Option<Typed>,
) -> Result<Response, Problem> {
    asked
        .page(Section::Me, move |look, mut shell| {
            shell.notices.extend(uncovered(look));
            let name = look.asked.person.clone();
            let person = look.viewer().cloned().ok_or_else(|| Refusal::not_found(format!("person {name}")))?;
            let works = look.app.works();
            let shifts = shifts(look, &name);
            let running: Vec<_> = shifts.iter().filter(|shift| shift.now).collect();
            let now = match running.as_slice() {
                [] => "You are not on call".to_owned(),
                [one] => format!("You are on call for {} until {}", one.schedule.title, one.to),
                many => {
                    let all: Vec<String> =
                        many.iter().map(|one| format!("{} until {}", one.schedule.title, one.to)).collect();
                    format!("You are on call for {}", all.join(" and "))
                }
            };
            let next = shifts
                .iter()
                .find(|shift| !shift.now)
                .map(|one| format!("Next: {}, from {} to {}", one.schedule.title, one.from, one.to));
            let mut problems = Vec::new();
            for urgency in [Urgency::High, Urgency::Low] {
                if let Err(why) = reachable_by(&person, urgency, &works) {
                    problems.push(format!("A page of {urgency} urgency would not reach you: your person {why}."));
                }
            }
            Ok(MePage {
                full_name: person.full_name.clone(),
                on_call: !running.is_empty(),
                now,
                next,
                contacts: contacts(look, &name, &person, true)?,
                ladders: ladders::views(look, &person, typed.as_ref()),
                problems,
                test: test(look, &name)?,
                time_zone: person.time_zone.clone(),
                email: person.email.clone(),
                sessions: sessions(look, &name)?,
                refused: refused.clone(),
                document_href: format!("/documents/person/{name}"),
                shifts,
                shell,
            })
        })
        .await
}

/// The last test page, as it goes.
fn test(look: &mut Look<'_, '_>, name: &Name) -> Result<Vec<crate::pages::engage::pages::DeliveryView>, Halt> {
    let recent = store::outbox::for_person(look.tx, name, 50)?;
    let Some(page) = recent.iter().find(|one| one.kind == Sort::Test).and_then(|one| one.page) else {
        return Ok(Vec::new());
    };
    let all = store::outbox::for_page(look.tx, page)?;
    Ok(all.iter().map(|(one, attempts)| delivery_view(look, one, attempts)).collect())
}

fn sessions(look: &mut Look<'_, '_>, name: &Name) -> Result<Vec<Session>, Halt> {
    let this = match &look.asked.visitor {
        Visitor::Person { session, .. } => session.to_vec(),
        _ => Vec::new(),
    };
    let all = rows::sessions_of(look.tx, name)?;
    Ok(all
        .iter()
        .map(|one| Session {
            id: session_id(&one.token_hash),
            browser: browser(one.agent.as_deref().unwrap_or("")),
            seen: look.when(one.seen_at),
            this: one.token_hash == this,
        })
        .collect())
}

/// A session's public name: half of its hash says which, and opens nothing.
fn session_id(hash: &[u8]) -> String {
    hash.iter().take(8).fold(String::new(), |id, byte| format!("{id}{byte:02x}"))
}

/// `Firefox on Linux`.
fn browser(agent: &str) -> String {
    let find = |names: &[(&'static str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = find(&[
        ("Firefox/", "Firefox"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "A browser".into(),
    }
}

/// Changes my own document, and shows the section again if that is refused.
async fn change(
    asked: Asked,
    section: &'static str,
    typed: Option<Typed>,
    said: Toast,
    change: impl Fn(&mut Person) -> Result<(), Refusal> + Send + Sync + 'static,
    test: bool,
) -> Result<Response, Problem> {
    let (app, visitor, name) = (asked.app.clone(), asked.visitor.clone(), asked.person.clone());
    let change = Arc::new(change);
    let (again, me) = (change.clone(), name.clone());
    let foreseen = app.read(move |tx| {
        let found = store::prepare::documents::head(tx, &Reference::new(Kind::Person, me.clone()))?;
        let Some(Spec::Person(mut person)) = found.map(|head| head.document.spec) else { return Ok(None) };
        Ok(again(&mut person).is_ok().then(|| Order::put([Document::new(me.clone(), person)])))
    });
    if let Some(order) = foreseen.await? {
        pin_runs::before_order(&app, &order).await?;
    }
    let outcome = asked
        .app
        .act(asked.actor(), move |store, node, moment| {
            store.write(|tx| {
                let catalog = store::prepare::documents::load_all(tx)?;
                let mut person =
                    catalog.people.get(&name).cloned().ok_or_else(|| Refusal::not_found(format!("person {name}")))?;
                change(&mut person)?;
                let order = Order::put([Document::new(name.clone(), person)]).via(Via::Page).because("On my page");
                match apply_in(tx, &mut moment.again(), &app, &visitor, &order)? {
                    Outcome::Refused(plan) => Err(refusal_of(&plan).into()),
                    _ => Ok(()),
                }
            })?;
            if test {
                pages::send_test(store, node, moment, &name)?;
            }
            Ok(())
        })
        .await;
    asked.app.doors().forget();
    match outcome {
        Ok(()) => Ok(asked.lead("/me", Some(said))),
        Err(Halt::Refused(refusal)) => page(asked, Some((section, sentence(&refusal.message))), typed).await,
        Err(failed) => Err(failed.into()),
    }
}

/// `POST /me/contacts` with `name`, `channel`, `address`: saved, put into the ladder, and tested.
pub async fn post_contacts(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let (name, address) = (fields.text("name").to_owned(), fields.text("address").to_owned());
    let address = match fields.text("channel") {
        "email" => Address::Email(address),
        "webhook" => Address::Webhook(address),
        _ => Address::Ntfy(address),
    };
    let add = move |person: &mut Person| {
        domain::engage::contacts::check_address(&address)?;
        if person.contacts.iter().any(|contact| contact.name == name) {
            return Err(Refusal::invalid(format!("there is a contact {name:?} already; choose another name")));
        }
        person.contacts.push(Contact { name: name.clone(), address: address.clone() });
        // Whoever has a ladder wants the new contact in it; without one, every contact counts.
        if !person.ladder.high.is_empty() {
            person.ladder.high.push(Rung { contact: name.clone(), after: Span::ZERO });
        }
        Ok(())
    };
    change(asked, "contacts", None, done("Saved, and a test page is on its way"), add, true).await
}

/// `POST /me/contacts/NAME/remove`.
pub async fn post_remove_contact(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    let said = done(format!("{} is gone", domain::words::text::shorten(&name, 60)));
    let remove = move |person: &mut Person| {
        let before = person.contacts.len();
        person.contacts.retain(|contact| contact.name != name);
        if person.contacts.len() == before {
            return Err(Refusal::invalid("your own e-mail address counts while there is no contact for mail"));
        }
        person.ladder.high.retain(|rung| rung.contact != name);
        person.ladder.low.retain(|rung| rung.contact != name);
        Ok(())
    };
    change(asked, "contacts", None, said, remove, false).await
}

/// `POST /me/ladder` with `urgency`, `contact` and `after` once per rung, and for low urgency `waking-from` and
/// `waking-to`: a new version of my document, through the checks of any other.
pub async fn post_ladder(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let typed = Typed::of(&fields);
    let section = typed.section();
    let said = done(if section == "low" { "Saved: when it can wait" } else { "Saved: when it may wake you" });
    let set = {
        let typed = typed.clone();
        move |person: &mut Person| typed.put(&mut person.ladder)
    };
    change(asked, section, Some(typed), said, set, false).await
}

/// `POST /me/time-zone` with `time_zone`.
pub async fn post_time_zone(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let zone = fields.text("time_zone").to_owned();
    let set = move |person: &mut Person| {
        domain::engage::schedules::zone(&zone)?;
        person.time_zone.clone_from(&zone);
        Ok(())
    };
    change(asked, "zone", None, done("Your time zone is set"), set, false).await
}

/// `POST /me/test` with `contact`: a test page by that contact alone; without it, through the whole ladder.
pub async fn post_test(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let (person, contact) = (asked.person.clone(), fields.some("contact").map(str::to_owned));
    let said = match &contact {
        Some(contact) => format!("A test is on its way by {}", domain::words::text::shorten(contact, 60)),
        None => "A test page is on its way to you".to_owned(),
    };
    let outcome = asked
        .app
        .act(asked.actor(), move |store, node, moment| match &contact {
            Some(contact) => pages::send_test_by(store, node, moment, &person, contact),
            None => pages::send_test(store, node, moment, &person),
        })
        .await;
    asked.back_with(&fields, "/me", outcome.map(|_| done(said)))
}

/// `POST /me/password` with `current` and `new`.
pub async fn post_password(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let (current, new) = (fields.raw("current").to_owned(), fields.raw("new").to_owned());
    let name = asked.person.clone();
    if let Err(wait) = asked.app.attempts().note(name.as_str(), asked.now) {
        return page(asked, Some(("password", format!("Too many attempts: wait {wait} seconds."))), None).await;
    }
    let Visitor::Person { session, .. } = asked.visitor.clone() else {
        return Err(Refusal::forbidden("a password is changed by whoever is signed in").into());
    };
    let app = asked.app.clone();
    let Some(_turn) = app.attempts().turn().await else { return page(asked, None, None).await };
    let outcome = asked
        .app
        .act(asked.actor(), move |store, node, moment| {
            let rules = store.read(|tx| Ok(node.rules(tx)?))?;
            let account = store.read(|tx| Ok(rows::account(tx, &name)?))?;
            let hash = account.map(|account| account.password_hash);
            if !actions::prepare::passwords::verify(&current, hash.as_deref()) {
                return Err(Refusal::new(RefusalKind::Unauthenticated, "the current password is not right").into());
            }
            let hash = access::prepare_password(&rules.catalog, moment.mint, &name, &new)?;
            store.write(|tx| {
                let keep = rows::session(tx, &session)?;
                access::set_password(tx, &mut moment.again(), &name, &hash, keep.as_ref())
            })
        })
        .await;
    asked.app.doors().forget();
    match outcome {
        Ok(()) => Ok(asked.lead("/me", Some(done("Your password is set; other browsers are signed out")))),
        Err(Halt::Refused(refusal)) => page(asked, Some(("password", sentence(&refusal.message))), None).await,
        Err(failed) => Err(failed.into()),
    }
}

/// `POST /me/sessions/ID/end`.
pub async fn post_end_session(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let name = asked.person.clone();
    let outcome = asked
        .app
        .act(asked.actor(), move |store, _, _| {
            store.write(|tx| {
                let all = rows::sessions_of(tx, &name)?;
                let found = all.into_iter().find(|one| session_id(&one.token_hash) == id);
                let found = found.ok_or_else(|| Refusal::not_found("session of yours with this id"))?;
                rows::delete_session(tx, &found.token_hash)?;
                Ok(())
            })
        })
        .await;
    asked.app.doors().forget();
    asked.back_with(&fields, "/me", outcome.map(|()| done("That browser is signed out")))
}

/// `GET` of what is only posted.
pub async fn get_back(asked: Asked) -> Response {
    asked.lead("/me", None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_by_its_own_words() {
        for (agent, said) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
            ("", "A browser"),
        ] {
            assert_eq!(browser(agent), said);
        }
    }
}
