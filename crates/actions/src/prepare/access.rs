//! Who may come in: signing in, sessions, tokens of the API and of integrations.
//!
//! What they may do once they are in is asked elsewhere; how often they may try is for the edge.

use domain::prepare::access::{SESSION_IDLE, SESSION_LONGEST, Scope, Secret, SecretKind, check_password};
use domain::prepare::catalog::Catalog;
use domain::prepare::people::Access;
use domain::words::{Actor, EventKind, Mint, Name, Refusal, RefusalKind, Span, Timestamp, TokenId, text};
use serde_json::json;
use store::prepare::access::{self as rows, Account, ApiToken, IntegrationToken, Session};
use store::{Error, Halt, Store, Tx};

use super::passwords;
use crate::{Moment, announce};

/// A session is marked as seen no more often than this, so that looking around writes little.
const SEEN_EVERY: Span = Span::minutes(5);
/// Answers to repeated requests are kept for this long.
pub const ANSWERS_KEPT: Span = Span::hours(24);
const AGENT_MOST: usize = 200;

/// Where a person signs in from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visitor<'v> {
    pub agent: Option<&'v str>,
    pub address: Option<&'v str>,
}

/// Checks name (or e-mail address) and password, and begins a session. The secret goes into the browser's cookie.
///
/// Takes the store, not a transaction: the password is verified between two, since that is slow on purpose.
pub fn sign_in(
    store: &Store,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    login: &str,
    password: &str,
    visitor: Visitor<'_>,
) -> Result<(Name, Secret), Halt> {
    let person = find_person(catalog, login);
    let account = match &person {
        Some(person) => store.read(|tx| Ok(rows::account(tx, person)?))?,
        None => None,
    };
    let hash = account.as_ref().map(|account| account.password_hash.as_str());
    let (true, Some(person)) = (passwords::verify(password, hash), person) else {
        let message = "the name or the password is wrong";
        return Err(Refusal::new(RefusalKind::Unauthenticated, message).into());
    };
    let secret = store.write(|tx| begin_session(tx, moment, &person, visitor))?;
    Ok((person, secret))
}

/// The active person of that name or e-mail address.
fn find_person(catalog: &Catalog, login: &str) -> Option<Name> {
    let login = login.trim();
    let mut active = catalog.people.iter().filter(|(_, person)| !person.inactive);
    let found = active.find(|(name, person)| **name == *login || person.email.eq_ignore_ascii_case(login));
    found.map(|(name, _)| name.clone())
}

/// Begins a session for a person who has proved who they are.
pub fn begin_session(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    person: &Name,
    visitor: Visitor<'_>,
) -> Result<Secret, Halt> {
    let secret = Secret::new(SecretKind::Session, moment.mint.secret());
    rows::add_session(
        tx,
        &Session {
            token_hash: secret.hash().to_vec(),
            person: person.clone(),
            created_at: moment.now,
            seen_at: moment.now,
            expires_at: SESSION_LONGEST.after(moment.now),
            agent: visitor.agent.map(|agent| text::shorten(agent, AGENT_MOST)),
            address: visitor.address.map(str::to_owned),
        },
    )?;
    let mut moment = Moment { actor: Actor::Person(person.clone()), ..moment.again() };
    let data = json!({ "address": visitor.address });
    announce::event(tx, &mut moment, EventKind::PersonSignedIn, vec![format!("person/{person}")], None, data)?;
    Ok(secret)
}

/// The session of a cookie, if it still holds and its person is still active.
pub fn session(tx: &mut Tx<'_>, catalog: &Catalog, shown: &str, now: Timestamp) -> Result<Option<Session>, Error> {
    let Some(secret) = Secret::read(SecretKind::Session, shown) else { return Ok(None) };
    let session = rows::session(tx, &secret.hash())?;
    Ok(session.filter(|session| {
        now < session.expires_at
            && now < SESSION_IDLE.after(session.seen_at)
            && catalog.people.get(&session.person).is_some_and(|person| !person.inactive)
    }))
}

/// Whether [`seen`] is worth a write.
pub fn is_worth_noting(session: &Session, now: Timestamp) -> bool {
    SEEN_EVERY.after(session.seen_at) <= now
}

/// Notes that the session is in use.
pub fn seen(tx: &mut Tx<'_>, session: &Session, now: Timestamp) -> Result<(), Error> {
    rows::touch_session(tx, &session.token_hash, now)
}

/// Ends the session of a cookie.
pub fn sign_out(tx: &mut Tx<'_>, shown: &str) -> Result<(), Error> {
    if let Some(secret) = Secret::read(SecretKind::Session, shown) {
        rows::delete_session(tx, &secret.hash())?;
    }
    Ok(())
}

/// Checks a new password and hashes it, for [`set_password`]. Slow: outside of transactions.
pub fn prepare_password(catalog: &Catalog, mint: &mut Mint, person: &Name, password: &str) -> Result<String, Halt> {
    let email = catalog.people.get(person).map_or("", |person| person.email.as_str());
    check_password(password, person.as_str(), email)?;
    let [salt @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = mint.secret();
    Ok(passwords::hash(password, salt)?)
}

/// Gives the person this password, and ends all their sessions but `keep`.
pub fn set_password(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    person: &Name,
    password_hash: &str,
    keep: Option<&Session>,
) -> Result<(), Halt> {
    let account =
        Account { person: person.clone(), password_hash: password_hash.to_owned(), password_set_at: moment.now };
    rows::put_account(tx, &account)?;
    rows::delete_sessions_of(tx, person, keep.map_or(&[], |session| &session.token_hash))?;
    announce::event(tx, moment, EventKind::PasswordSet, vec![format!("person/{person}")], None, json!({}))
}

/// What somebody wants a token for.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub name: String,
    pub access: Access,
    pub scopes: Vec<Scope>,
    pub expires_at: Option<Timestamp>,
    /// In whose name, for whoever has the database in their hands; anybody else makes tokens in their own.
    pub person: Option<Name>,
}

/// Makes a token of the API in the name of a person. The secret is shown once.
pub fn create_api_token(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    new: NewToken,
) -> Result<(ApiToken, Secret), Halt> {
    let named = new.person.filter(|_| matches!(moment.actor, Actor::Local(_) | Actor::System));
    let Some(person) = named.or_else(|| moment.person().cloned()) else {
        return Err(Refusal::forbidden("a token is made in the name of a person").into());
    };
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Refusal::invalid("say in a line of at most 100 characters what the token is for")
            .at("/name")
            .into());
    }
    if catalog.people.get(&person).is_none_or(|own| own.inactive || new.access > own.access) {
        let message = format!("a token cannot do more than you: {} is too much", new.access);
        return Err(Refusal::forbidden(message).at("/access").into());
    }
    if new.expires_at.is_some_and(|at| at <= moment.now) {
        return Err(Refusal::invalid("the token would have expired already").at("/expires_at").into());
    }
    let mut scopes = new.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    let token = ApiToken {
        id: moment.mint.id(moment.now),
        name: name.to_owned(),
        access: new.access,
        scopes,
        person: person.clone(),
        created_at: moment.now,
        expires_at: new.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    let secret = Secret::new(SecretKind::ApiToken, moment.mint.secret());
    rows::add_api_token(tx, &token, &secret.hash())?;
    let subjects = vec![token.id.to_string(), format!("person/{person}")];
    let data = json!({ "name": token.name, "access": token.access.word() });
    announce::event(tx, moment, EventKind::TokenCreated, subjects, None, data)?;
    Ok((token, secret))
}

/// Ends a token for good.
pub fn revoke_api_token(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: TokenId) -> Result<(), Halt> {
    let token = rows::api_token(tx, id)?.ok_or_else(|| Refusal::not_found(format!("token {id}")))?;
    if rows::revoke_api_token(tx, id, moment.now)? {
        let subjects = vec![id.to_string(), format!("person/{}", token.person)];
        announce::event(tx, moment, EventKind::TokenRevoked, subjects, None, json!({ "name": token.name }))?;
    }
    Ok(())
}

/// The token that a request shows, if it still holds; with the access that is left of it when its person has less now.
pub fn api_token(tx: &mut Tx<'_>, catalog: &Catalog, shown: &str, now: Timestamp) -> Result<Option<ApiToken>, Error> {
    let Some(secret) = Secret::read(SecretKind::ApiToken, shown) else { return Ok(None) };
    let Some(token) = rows::api_token_by_hash(tx, &secret.hash())? else { return Ok(None) };
    let person = catalog.people.get(&token.person).filter(|person| !person.inactive);
    let holds = token.revoked_at.is_none() && token.expires_at.is_none_or(|at| now < at);
    Ok(person.filter(|_| holds).map(|person| ApiToken { access: token.access.min(person.access), ..token }))
}

/// Whether noting the use of a token is worth a write.
pub fn is_use_worth_noting(last_used_at: Option<Timestamp>, now: Timestamp) -> bool {
    last_used_at.is_none_or(|at| SEEN_EVERY.after(at) <= now)
}

/// Gives an integration a new token. Those it had go on working for `grace`, so that no signal is lost meanwhile.
pub fn rotate_integration_token(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    catalog: &Catalog,
    integration: &Name,
    grace: Span,
) -> Result<Secret, Halt> {
    if !catalog.integrations.contains_key(integration) {
        return Err(Refusal::not_found(format!("integration {integration:?}")).into());
    }
    rows::end_integration_tokens(tx, integration, grace.after(moment.now))?;
    let secret = Secret::new(SecretKind::IntegrationToken, moment.mint.secret());
    let token = IntegrationToken {
        integration: integration.clone(),
        ending: secret.ending().to_owned(),
        created_at: moment.now,
        expires_at: None,
        used_at: None,
    };
    rows::add_integration_token(tx, &token, &secret.hash())?;
    let subjects = vec![format!("integration/{integration}")];
    let data = json!({ "ending": token.ending, "grace": grace.to_string() });
    announce::event(tx, moment, EventKind::IntegrationTokenRotated, subjects, None, data)?;
    Ok(secret)
}

/// The integration whose token a call shows, if it still holds.
pub fn integration_token(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    shown: &str,
    now: Timestamp,
) -> Result<Option<IntegrationToken>, Error> {
    let Some(secret) = Secret::read(SecretKind::IntegrationToken, shown) else { return Ok(None) };
    let token = rows::integration_token_by_hash(tx, &secret.hash())?;
    Ok(token.filter(|token| {
        token.expires_at.is_none_or(|at| now < at) && catalog.integrations.contains_key(&token.integration)
    }))
}

/// Notes that an integration's token is in use.
pub fn integration_token_seen(tx: &mut Tx<'_>, shown: &str, now: Timestamp) -> Result<(), Error> {
    match Secret::read(SecretKind::IntegrationToken, shown) {
        Some(secret) => rows::touch_integration_token(tx, &secret.hash(), now),
        None => Ok(()),
    }
}

/// Forgets sessions that are over and answers that nobody will ask for again.
pub fn forget(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), Error> {
    rows::delete_expired_sessions(tx, now, SESSION_IDLE.before(now))?;
    store::prepare::answers::cut(tx, ANSWERS_KEPT.before(now))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::prepare::checks::Conditions;
    use domain::respond::sight::Sight;

    use super::*;
    use crate::prepare::documents::{self, Order, read_files};

    const FIRM: &str = "
kind: person
name: ana
spec: { full_name: Ana Silva, email: Ana@example.org, access: administrator }
---
kind: person
name: ben
spec: { full_name: Ben Ode, email: ben@example.org }
---
kind: integration
name: prom
spec: { title: Prometheus, source: { alertmanager: {} } }
";

    fn at(hours: i64) -> Timestamp {
        Span::hours(hours).after(Timestamp::from_second(1_790_000_000).unwrap())
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn apply(store: &Store, mint: &mut Mint, yaml: &str) -> Catalog {
        let order = Order { proposals: read_files([("firm", yaml)]).proposals, ..Order::default() };
        store
            .write(|tx| {
                let mut moment = Moment::new(at(0), Actor::System, mint);
                documents::apply(tx, &mut moment, &order, Conditions::at(at(0)))?.into_result()?;
                Ok(store::prepare::documents::load_all(tx)?)
            })
            .unwrap()
    }

    fn refusal<T: std::fmt::Debug>(answer: Result<T, Halt>) -> Refusal {
        match answer {
            Err(Halt::Refused(refusal)) => refusal,
            other => panic!("no refusal: {other:?}"),
        }
    }

    store::both_engines! {
        fn a_person_signs_in_and_the_session_ends_in_time(store) {
            let mut mint = Mint::seeded(1);
            let catalog = apply(store, &mut mint, FIRM);
            let hash = prepare_password(&catalog, &mut mint, &name("ana"), "correct horse battery").unwrap();
            let mut moment = Moment::new(at(0), Actor::System, &mut mint);
            store.write(|tx| set_password(tx, &mut moment, &name("ana"), &hash, None)).unwrap();
            let visitor = Visitor { agent: Some("Firefox"), address: Some("192.0.2.1") };
            for (login, password) in [("ana", "wrong horse battery"), ("ben", "correct horse battery"), ("zoe", ""), ("", "")] {
                let refusal = refusal(sign_in(store, &mut moment, &catalog, login, password, visitor));
                assert_eq!(refusal.kind, RefusalKind::Unauthenticated);
            }
            let (person, first) =
                sign_in(store, &mut moment, &catalog, " ana@EXAMPLE.org", "correct horse battery", visitor).unwrap();
            let (_, second) = sign_in(store, &mut moment, &catalog, "ana", "correct horse battery", visitor).unwrap();
            assert_eq!(person, name("ana"));
            let holds = |secret: &Secret, hours: i64| {
                store.read(|tx| Ok(session(tx, &catalog, secret.reveal(), at(hours))?)).unwrap()
            };
            let kept = holds(&first, 0).unwrap();
            assert_eq!((kept.agent.as_deref(), is_worth_noting(&kept, at(0)), is_worth_noting(&kept, at(1))), (Some("Firefox"), false, true));
            assert!(holds(&first, 14 * 24 - 1).is_some());
            assert!(holds(&first, 14 * 24).is_none());
            // Used every ten days it lives for ninety.
            for days in [10, 20, 30, 40, 50, 60, 70, 80] {
                let session = holds(&first, days * 24).unwrap();
                store.write(|tx| Ok(seen(tx, &session, at(days * 24))?)).unwrap();
            }
            assert!(holds(&first, 90 * 24 - 1).is_some());
            assert!(holds(&first, 90 * 24).is_none());
            // A new password ends the others.
            store.write(|tx| set_password(tx, &mut moment, &name("ana"), &hash, Some(&kept))).unwrap();
            assert!(holds(&second, 1).is_none() && holds(&first, 24 * 80).is_some());
            store.write(|tx| Ok(sign_out(tx, first.reveal())?)).unwrap();
            assert!(holds(&first, 24 * 80).is_none());
            assert!(refusal(prepare_password(&catalog, moment.mint, &name("ana"), "ana-ana-ana-1").map(drop)).at.is_some());
        }

        fn who_is_made_inactive_is_shown_out(store) {
            let mut mint = Mint::seeded(1);
            let catalog = apply(store, &mut mint, FIRM);
            let mut moment = Moment::new(at(0), Actor::Person(name("ben")), &mut mint);
            let new = NewToken { name: "ci".into(), access: Access::Responder, scopes: vec![], expires_at: None, person: None };
            let (secret, (_, token)) = store.write(|tx| {
                let secret = begin_session(tx, &mut moment, &name("ben"), Visitor::default())?;
                Ok((secret, create_api_token(tx, &mut moment, &catalog, new.clone())?))
            }).unwrap();
            let catalog = apply(store, &mut mint, "kind: person\nname: ben\nspec: { full_name: Ben Ode, email: ben@example.org, inactive: true }\n");
            store.read(|tx| {
                assert_eq!(rows::sessions_of(tx, &name("ben"))?, []);
                assert_eq!(session(tx, &catalog, secret.reveal(), at(0))?, None);
                assert_eq!(api_token(tx, &catalog, token.reveal(), at(0))?, None);
                Ok::<_, Halt>(())
            }).unwrap();
        }

        fn a_token_does_no_more_than_its_person(store) {
            let mut mint = Mint::seeded(1);
            let catalog = apply(store, &mut mint, FIRM);
            let mut moment = Moment::new(at(0), Actor::Person(name("ana")), &mut mint);
            let new = NewToken {
                name: " deploys ".into(), access: Access::Manager,
                scopes: vec![Scope::Documents, Scope::Read, Scope::Read], expires_at: Some(at(5)), person: None,
            };
            let (token, secret) = store.write(|tx| create_api_token(tx, &mut moment, &catalog, new.clone())).unwrap();
            assert_eq!((token.name.as_str(), &token.scopes[..]), ("deploys", &[Scope::Read, Scope::Documents][..]));
            assert!(secret.reveal().starts_with("acl_"));
            let mut lesser = catalog.clone();
            lesser.people.get_mut("ana").unwrap().access = Access::Viewer;
            let shown = |catalog: &Catalog, shown: &str, hours: i64| {
                store.read(|tx| Ok(api_token(tx, catalog, shown, at(hours))?)).unwrap().map(|token| token.access)
            };
            assert_eq!(shown(&catalog, secret.reveal(), 4), Some(Access::Manager));
            assert_eq!(shown(&lesser, secret.reveal(), 4), Some(Access::Viewer));
            assert_eq!(shown(&catalog, secret.reveal(), 5), None);
            assert_eq!(shown(&catalog, "acl_x", 4), None);
            store.write(|tx| revoke_api_token(tx, &mut moment, token.id)).unwrap();
            assert_eq!(shown(&catalog, secret.reveal(), 4), None);
            moment.actor = Actor::Local(name("root"));
            let for_ben = NewToken { person: Some(name("ben")), access: Access::Viewer, expires_at: None, ..new.clone() };
            let (made, _) = store.write(|tx| create_api_token(tx, &mut moment, &catalog, for_ben.clone())).unwrap();
            assert_eq!(made.person, name("ben"));
            let told = store.read(|tx| Ok(store::journal::of_subject(tx, &made.id.to_string(), Sight::Whole, None, 1)?)).unwrap();
            assert_eq!(told[0].actor, "local:root", "who acted, not in whose name");
            moment.actor = Actor::Person(name("ben"));
            for wrong in [
                NewToken { person: Some(name("ana")), access: Access::Manager, ..new.clone() },
                NewToken { access: Access::Administrator, ..new.clone() },
                NewToken { access: Access::Viewer, name: " ".into(), ..new.clone() },
                NewToken { access: Access::Viewer, expires_at: Some(at(0)), ..new.clone() },
            ] {
                refusal(store.write(|tx| create_api_token(tx, &mut moment, &catalog, wrong.clone())));
            }
            let unknown = moment.mint.id(at(0));
            assert_eq!(refusal(store.write(|tx| revoke_api_token(tx, &mut moment, unknown))).kind, RefusalKind::NotFound);
        }

        fn a_rotation_loses_nothing(store) {
            let mut mint = Mint::seeded(1);
            let catalog = apply(store, &mut mint, FIRM);
            let mut moment = Moment::new(at(0), Actor::Person(name("ana")), &mut mint);
            let mut rotate = |hours: i64| {
                moment.now = at(hours);
                store.write(|tx| rotate_integration_token(tx, &mut moment, &catalog, &name("prom"), Span::hours(2))).unwrap()
            };
            let (first, second) = (rotate(0), rotate(1));
            let holds = |secret: &Secret, hours: i64| {
                store.read(|tx| Ok(integration_token(tx, &catalog, secret.reveal(), at(hours))?)).unwrap().is_some()
            };
            assert_eq!([holds(&first, 2), holds(&first, 3), holds(&second, 2), holds(&second, 9999)], [true, false, true, true]);
            store.write(|tx| Ok(integration_token_seen(tx, second.reveal(), at(2))?)).unwrap();
            let tokens = store.read(|tx| Ok(rows::integration_tokens(tx, &name("prom"))?)).unwrap();
            assert_eq!((tokens.len(), tokens[0].used_at), (2, Some(at(2))));
            let mut without = catalog.clone();
            without.integrations.clear();
            assert!(store.read(|tx| Ok(integration_token(tx, &without, second.reveal(), at(2))?)).unwrap().is_none());
            refusal(store.write(|tx| rotate_integration_token(tx, &mut moment, &catalog, &name("nope"), Span::ZERO)));
        }
    }
}
