//! The first run: the administrator, a first page to themselves, and enough documents that a real alert reaches them.

use actions::Moment;
use actions::engage::pages;
use actions::prepare::access::{self, Visitor as From};
use actions::prepare::documents::{self, Order};
use askama::Template;
use axum::extract::State;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::engage::contacts::{check_address, check_email};
use domain::engage::escalations::{EscalationPolicy, State as PageState, Step, Target};
use domain::engage::schedules::{Layer, Rotate, Schedule, zone};
use domain::prepare::access::check_password;
use domain::prepare::catalog::Catalog;
use domain::prepare::documents::Document;
use domain::prepare::ownership::Via;
use domain::prepare::people::{Access, Address, Contact, Ladder, Person, Rung};
use domain::words::{Actor, Name, Refusal, Span, Timestamp};
use store::outbox::Kind;
use store::{Halt, Store, Tx};

use crate::app::App;
use crate::handlers::engage::pages::delivery_view;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, html_page, lead, sentence, theme_of};
use crate::handlers::prepare::sign_in::signed_in;
use crate::pages::Link;
use crate::pages::prepare::welcome::{FieldError, FirstPage, FirstSent, WelcomePage};
use crate::problem::Problem;

/// `GET /`: to the alerts, or to the first run.
pub async fn get_home(State(app): State<App>) -> Result<Response, Problem> {
    let begun = app.read(|tx| Ok(store::prepare::access::has_accounts(tx)?)).await?;
    Ok(lead(if begun { "/alerts" } else { "/welcome" }, None, app.settings().secure_cookies))
}

/// `GET /welcome`.
pub async fn get_welcome(headers: HeaderMap) -> Response {
    let page = WelcomePage {
        theme: theme_of(&headers),
        full_name: String::new(),
        email: String::new(),
        time_zone: jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned(),
        errors: vec![],
    };
    html_page(StatusCode::OK, page.render().unwrap_or_default())
}

/// `POST /welcome`: makes the administrator, and signs them in.
pub async fn post_welcome(State(app): State<App>, headers: HeaderMap, fields: Fields) -> Result<Response, Problem> {
    let wanted = Wanted {
        full_name: fields.text("full_name").to_owned(),
        email: fields.text("email").to_owned(),
        time_zone: fields.text("time_zone").to_owned(),
        password: fields.raw("password").to_owned(),
    };
    let errors = wanted.errors();
    let refused = |errors: Vec<FieldError>| {
        let page = WelcomePage {
            theme: theme_of(&headers),
            full_name: fields.text("full_name").to_owned(),
            email: fields.text("email").to_owned(),
            time_zone: fields.text("time_zone").to_owned(),
            errors,
        };
        // Not an error of HTTP: browsers would report one for what is only a form to be filled in again.
        Ok(html_page(StatusCode::OK, page.render().unwrap_or_default()))
    };
    if !errors.is_empty() {
        return refused(errors);
    }
    let Some(_turn) = app.attempts().turn().await else { return refused(vec![]) };
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let outcome = app
        .act(Actor::System, move |store, _, moment| {
            let from = From { agent: agent.as_deref(), address: None };
            create_administrator(store, moment, &wanted, from)
        })
        .await;
    match outcome {
        Ok(secret) => Ok(signed_in(&app, "/welcome/page", secret.reveal())),
        Err(Halt::Refused(refusal)) => refused(vec![FieldError { field: "", text: sentence(&refusal.to_string()) }]),
        Err(failed) => Err(failed.into()),
    }
}

/// What the form of the first run asks for.
#[derive(Debug)]
struct Wanted {
    full_name: String,
    email: String,
    time_zone: String,
    password: String,
}

impl Wanted {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |field: &'static str, checked: Result<(), Refusal>| {
            if let Err(refusal) = checked {
                errors.push(FieldError { field, text: sentence(&refusal.message) });
            }
        };
        let named = (1..=200).contains(&self.full_name.chars().count());
        wrong("full_name", named.then_some(()).ok_or_else(|| Refusal::invalid("say what people call you")));
        wrong("email", check_email(&self.email));
        wrong("time_zone", zone(&self.time_zone).map(|_| ()));
        wrong("password", check_password(&self.password, &self.full_name.to_lowercase(), &self.email));
        errors
    }
}

/// The person's document, their password and their first session; only if nobody has an account.
fn create_administrator(
    store: &Store,
    moment: &mut Moment<'_>,
    wanted: &Wanted,
    from: From<'_>,
) -> Result<domain::prepare::access::Secret, Halt> {
    let mut catalog = store.read(|tx| Ok(store::prepare::documents::load_all(tx)?))?;
    let name = free_name(&catalog, &wanted.full_name, &wanted.email);
    let person = Person {
        full_name: wanted.full_name.clone(),
        email: wanted.email.clone(),
        time_zone: wanted.time_zone.clone(),
        access: Access::Administrator,
        contacts: vec![],
        ladder: Ladder::default(),
        chat: domain::prepare::people::ChatIds::default(),
        inactive: false,
    };
    catalog.people.insert(name.clone(), person.clone());
    let hash = access::prepare_password(&catalog, moment.mint, &name, &wanted.password)?;
    store.write(|tx| {
        if store::prepare::access::has_accounts(tx)? {
            return Err(Refusal::forbidden("this installation is set up already: sign in").into());
        }
        let order = Order::put([Document::new(name.clone(), person.clone())]);
        let order = order.via(Via::Page).because("The first administrator");
        documents::apply(tx, moment, &order, domain::prepare::checks::Conditions::at(moment.now))?.into_result()?;
        access::set_password(tx, moment, &name, &hash, None)?;
        access::begin_session(tx, moment, &name, from)
    })
}

/// `ana` for Ana Silva: a name for the document that nobody has yet.
fn free_name(catalog: &Catalog, full_name: &str, email: &str) -> Name {
    let plain = |text: &str| -> String {
        let letters = text.chars().flat_map(char::to_lowercase);
        letters.filter(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit()).take(40).collect()
    };
    let words = [full_name.split_whitespace().next().unwrap_or(""), email.split('@').next().unwrap_or(""), "admin"];
    let base = words.into_iter().map(plain).find(|word| !word.is_empty()).unwrap_or_default();
    let mut candidates = std::iter::once(base.clone()).chain((2..).map(|number| format!("{base}-{number}")));
    let free = candidates.find_map(|word| word.parse::<Name>().ok().filter(|name| !catalog.people.contains_key(name)));
    free.unwrap_or_else(|| "admin".parse().expect("a name"))
}

/// `GET /welcome/page`: how to be paged; and what became of the page that was sent.
pub async fn get_first_page(asked: Asked) -> Result<Response, Problem> {
    let again = asked.query.some("again").is_some();
    first_page(asked, again, None).await
}

/// What was chosen and typed, and why it was refused.
type Tried = Option<(Fields, String)>;

async fn first_page(asked: Asked, again: bool, tried: Tried) -> Result<Response, Problem> {
    let html = asked
        .look(move |look| {
            let page = page(look, again, tried.as_ref())?;
            page.render().map_err(|error| store::Error::other(format!("a page does not render: {error}")).into())
        })
        .await?;
    Ok(html_page(StatusCode::OK, html))
}

fn page(look: &mut Look<'_, '_>, again: bool, tried: Option<&(Fields, String)>) -> Result<FirstPage, Halt> {
    let person = look.viewer().cloned().ok_or_else(|| Refusal::not_found("person of this session"))?;
    let sent = if again { None } else { last_test(look)? };
    let kept = |wanted: &str| {
        let mut addresses = person.contacts.iter().map(|contact| &contact.address);
        let found = addresses.find(|address| domain::engage::contacts::channel(address) == wanted);
        found.map(|address| domain::engage::contacts::target(address).to_owned())
    };
    let typed = |name: &str| tried.and_then(|(fields, _)| fields.some(name)).map(str::to_owned);
    let mail_ready = look.app.settings().mail;
    let channel = match tried.map(|(fields, _)| fields.text("channel")) {
        Some("webhook") => "webhook",
        Some("ntfy") => "ntfy",
        _ if mail_ready => "email",
        _ => "ntfy",
    };
    let ntfy = typed("address").or_else(|| kept("ntfy")).unwrap_or_else(|| topic(look));
    let webhook = typed("webhook").or_else(|| kept("webhook")).unwrap_or_default();
    Ok(FirstPage {
        theme: look.asked.theme,
        first_name: person.full_name.split_whitespace().next().unwrap_or("").to_owned(),
        email: person.email,
        channel,
        ntfy,
        webhook,
        mail_ready,
        error: tried.map(|(_, error)| error.clone()),
        sent,
    })
}

/// A topic that nobody can guess, and that stays the same while this session lasts.
fn topic(look: &Look<'_, '_>) -> String {
    let letters: String = match &look.asked.visitor {
        crate::enter::Visitor::Person { session, .. } => session
            .iter()
            .take(16)
            .map(|byte| char::from(b"abcdefghjkmnpqrstuvwxyz23456789x"[usize::from(byte & 31)]))
            .collect(),
        _ => String::new(),
    };
    format!("https://ntfy.sh/allclear-{letters}")
}

/// The test page that was sent last, and how it goes.
fn last_test(look: &mut Look<'_, '_>) -> Result<Option<FirstSent>, Halt> {
    let recent = store::outbox::for_person(look.tx, &look.asked.person, 50)?;
    let Some(page) = recent.iter().find(|one| one.kind == Kind::Test).and_then(|one| one.page) else {
        return Ok(None);
    };
    let state = store::engage::pages::get(look.tx, page)?.map(|page| page.state);
    let acknowledged = matches!(state, Some(PageState::Acknowledged { .. }));
    let deliveries = store::outbox::for_page(look.tx, page)?;
    let hook = deliveries.iter().map(|(one, _)| one).find(|one| one.channel == "webhook");
    Ok(Some(FirstSent {
        secret: hook.map(|one| look.app.webhook_secret(&one.address)),
        deliveries: deliveries.iter().map(|(one, attempts)| delivery_view(look, one, attempts)).collect(),
        acknowledged,
        next: vec![
            Link::new("Connect Prometheus", "/integrations/prometheus"),
            Link::new("See who is on call", "/schedules"),
            Link::new("Go to the alerts", "/alerts"),
        ],
    }))
}

/// `POST /welcome/page` with `channel`, and `address` or `webhook`: saves the contact, sets up who is paged, and sends.
pub async fn post_first_page(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let address = match fields.text("channel") {
        "email" => None,
        "webhook" => Some(Address::Webhook(fields.text("webhook").to_owned())),
        _ => Some(Address::Ntfy(fields.text("address").to_owned())),
    };
    let person = asked.person.clone();
    let mail = asked.app.settings().mail;
    let outcome = asked
        .app
        .act(asked.actor(), move |store, node, moment| {
            store.write(|tx| save_starter(tx, moment, &person, address.as_ref(), mail))?;
            pages::send_test(store, node, moment, &person)
        })
        .await;
    match outcome {
        Ok(_) => Ok(asked.lead("/welcome/page", None)),
        Err(Halt::Refused(refusal)) => first_page(asked, true, Some((fields, sentence(&refusal.message)))).await,
        Err(failed) => Err(failed.into()),
    }
}

/// The contact, and, where nothing is set up yet, a schedule, a policy and a route: real alerts reach the person too.
fn save_starter(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    person: &Name,
    address: Option<&Address>,
    mail: bool,
) -> Result<(), Halt> {
    if let Some(address) = address {
        check_address(address)?;
    } else if !mail {
        let why = "no mail server is set up: start Allclear with --smtp smtp://user:password@host:587, or choose ntfy";
        return Err(Refusal::conflict(why).into());
    }
    let catalog = store::prepare::documents::load_all(tx)?;
    let mut own = catalog.people.get(person).cloned().ok_or_else(|| Refusal::not_found(format!("person {person}")))?;
    reach(&mut own, address, mail);
    let mut put = vec![Document::new(person.clone(), own)];
    if catalog.schedules.is_empty() && catalog.escalation_policies.is_empty() {
        put.extend(starter(&catalog, person, moment.now)?);
    }
    let order = Order::put(put).via(Via::Page).because("First run: page the administrator");
    let works = |address: &Address| works(mail, address);
    let conditions =
        domain::prepare::checks::Conditions { works: &works, ..domain::prepare::checks::Conditions::at(moment.now) };
    documents::apply(tx, moment, &order, conditions)?.into_result()?;
    Ok(())
}

/// Whether messages can be sent to such an address here.
pub fn works(mail: bool, address: &Address) -> Result<(), String> {
    match address {
        Address::Email(_) if !mail => Err("no mail server is set up".into()),
        _ => Ok(()),
    }
}

/// Puts the address at the head of the person's ladder; mail follows a minute later where it works.
fn reach(own: &mut Person, address: Option<&Address>, mail: bool) {
    let named = |own: &mut Person, wish: &str, address: &Address| -> String {
        if let Some(found) = own.contacts.iter().find(|contact| contact.address == *address) {
            return found.name.clone();
        }
        let taken = |name: &str| own.contacts.iter().any(|contact| contact.name == name);
        let mut names = std::iter::once(wish.to_owned()).chain((2..).map(|number| format!("{wish}-{number}")));
        let name = names.find(|name| !taken(name)).unwrap_or_default();
        own.contacts.push(Contact { name: name.clone(), address: address.clone() });
        name
    };
    let by_mail = mail.then(|| {
        let address = own.email.clone();
        named(own, "mail", &Address::Email(address))
    });
    let wish = if matches!(address, Some(Address::Webhook(_))) { "webhook" } else { "phone" };
    let first = address.map(|address| named(own, wish, address));
    let rung = |contact: &String, after| Rung { contact: contact.clone(), after };
    let contacts: Vec<&String> = first.iter().chain(by_mail.iter()).collect();
    if own.ladder.is_unset() || first.is_some() {
        own.ladder.high =
            contacts.iter().enumerate().map(|(at, contact)| rung(contact, Span::minutes(i64::from(at > 0)))).collect();
        let low = by_mail.iter().chain(first.iter()).take(1);
        own.ladder.low = low.map(|contact| rung(contact, Span::ZERO)).collect();
    }
}

/// Documents with which every alert that no other route takes pages this person.
fn starter(catalog: &Catalog, person: &Name, now: Timestamp) -> Result<Vec<Document>, Refusal> {
    let own = catalog.people.get(person);
    let zone_name = own.map_or("UTC", |own| own.time_zone.as_str());
    let today = now.to_zoned(zone(zone_name)?).date();
    let monday = today.checked_sub(jiff::Span::new().days(i64::from(today.weekday().to_monday_zero_offset())));
    let schedule = Schedule {
        title: "On call".into(),
        time_zone: zone_name.to_owned(),
        layers: vec![Layer {
            name: "weekly".into(),
            people: vec![person.clone()],
            starts: format!(
                "{}T09:00",
                monday.unwrap_or(today).checked_sub(jiff::Span::new().weeks(1)).unwrap_or(today)
            ),
            ends: None,
            rotate: Rotate::Weeks(1),
            only: vec![],
            turns: domain::engage::schedules::Turns::default(),
        }],
        team: None,
        gaps_intended: false,
    };
    let on_call: Name = "on-call".parse()?;
    let policy: Name = "everything".parse()?;
    let steps = vec![Step { notify: vec![Target::Schedule(on_call.clone())], wait: Span::minutes(5) }];
    let escalation = EscalationPolicy {
        title: "Everything".into(),
        steps,
        repeat: 2,
        ack_timeout: Some(Span::hours(4)),
        team: None,
    };
    let mut put = vec![Document::new(on_call, schedule), Document::new(policy.clone(), escalation)];
    if let Some(route) = catalog.routes.get(&policy).filter(|route| route.escalation_policy.is_none()) {
        put.push(Document::new(
            policy.clone(),
            domain::detect::routes::Route { escalation_policy: Some(policy.clone()), ..route.clone() },
        ));
    }
    Ok(put)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_for_the_document_is_made_of_the_first_name() {
        let mut catalog = Catalog::default();
        for (full, email, name) in [
            ("Ana Silva", "ana@example.org", "ana"),
            ("Łukasz Żak", "lz@example.org", "ukasz"),
            ("山田 太郎", "taro@example.org", "taro"),
            ("山田", "@", "admin"),
        ] {
            assert_eq!(free_name(&catalog, full, email).as_str(), name);
        }
        let person: Person = serde_json::from_str(r#"{"full_name":"Ana","email":"a@b.org"}"#).unwrap();
        catalog.people.insert("ana".parse().unwrap(), person);
        assert_eq!(free_name(&catalog, "Ana Other", "x@y.z").as_str(), "ana-2");
    }
}
