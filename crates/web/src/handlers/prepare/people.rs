//! People: the list, and one person. My own page has its own file.

use axum::extract::Path;
use axum::response::Response;
use domain::engage::contacts::{channel as word, reachable_by, target};
use domain::prepare::people::{Address, Contact, Person, Rung};
use domain::words::{Name, Refusal, Urgency};
use store::Halt;
use store::outbox::{Delivery, State};

use crate::handlers::engage::pages::{capital, channel, shown, span};
use crate::handlers::engage::schedules::shifts_of;
use crate::handlers::frame::{Asked, Look};
use crate::pages::prepare::people::{ContactView, MyShift, PeoplePage, PersonPage, PersonRow, RungView};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

const SHIFTS: usize = 12;
/// Deliveries in which to look for the last word of a contact.
const LOOKED_AT: u32 = 200;

/// `GET /people`.
pub async fn get_people(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::People, |look, shell| {
            let catalog = look.rules.catalog.clone();
            let works = look.app.works();
            let reader = look.asked.reader();
            let mut rows: Vec<PersonRow> = catalog
                .people
                .iter()
                .map(|(name, person)| {
                    let teams = catalog.teams.values().filter(|team| team.members.contains(name));
                    let on_call: Vec<String> = look
                        .parts_of(name)
                        .into_iter()
                        .filter(|(_, answer)| answer.person.as_ref() == Some(name))
                        .filter_map(|(schedule, _)| catalog.schedules.get(&schedule).map(|one| one.title.clone()))
                        .collect();
                    let problem = match reachable_by(person, Urgency::High, &works) {
                        _ if person.inactive => Some("Inactive".to_owned()),
                        Ok(()) => None,
                        Err(_) => Some("No working contact: cannot be paged".to_owned()),
                    };
                    PersonRow {
                        person: look.tag(name),
                        email: reader.email(name, &person.email),
                        access: capital(person.access.word()),
                        teams: teams.map(|team| team.title.clone()).collect(),
                        on_call: (!on_call.is_empty()).then(|| format!("On call: {}", on_call.join(", "))),
                        problem,
                    }
                })
                .collect();
            rows.sort_by(|a, b| a.person.name.cmp(&b.person.name));
            Ok(PeoplePage { shell, rows })
        })
        .await
}

/// `GET /people/NAME`.
pub async fn get_person(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    asked
        .page(Section::People, move |look, shell| {
            let catalog = look.rules.catalog.clone();
            let gone = || Refusal::not_found(format!("person {}", domain::words::text::shorten(&name, 63)));
            let (name, person) = catalog.people.get_key_value(name.as_str()).ok_or_else(gone)?;
            let zone = domain::engage::schedules::zone(&person.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
            let teams = catalog.teams.iter().filter(|(_, team)| team.members.contains(name));
            Ok(PersonPage {
                person: look.tag(name),
                email: look.asked.reader().email(name, &person.email),
                access: capital(person.access.word()),
                time_zone: format!("{} · {} there", person.time_zone, look.now().to_zoned(zone).strftime("%H:%M")),
                teams: teams.map(|(name, team)| Link::new(&team.title, format!("/documents/team/{name}"))).collect(),
                on_call: shifts(look, name),
                contacts: contacts(look, name, person, false)?,
                high: rungs(look, person, &person.ladder.high, Urgency::High),
                low: rungs(look, person, &person.ladder.low, Urgency::Low),
                document_href: format!("/documents/person/{name}"),
                shell,
            })
        })
        .await
}

/// The coming shifts, as rows.
pub fn shifts(look: &Look<'_, '_>, person: &Name) -> Vec<MyShift> {
    let title = |name: &Name| look.rules.catalog.schedules.get(name).map_or(name.to_string(), |one| one.title.clone());
    let shift = |(name, turn): (Name, domain::engage::oncall::Shift)| MyShift {
        schedule: Link::new(title(&name), format!("/schedules/{name}")),
        from: look.view.brief(turn.from),
        to: look.view.brief(turn.to),
        now: turn.from <= look.now(),
    };
    shifts_of(look, person).into_iter().take(SHIFTS).map(shift).collect()
}

/// The contacts, and how each did last. Others see where a push goes, not the topic that would let them read along, and
/// a mail address whole only if they may.
pub fn contacts(look: &mut Look<'_, '_>, name: &Name, person: &Person, own: bool) -> Result<Vec<ContactView>, Halt> {
    let recent = store::outbox::for_person(look.tx, name, LOOKED_AT)?;
    let (works, reader) = (look.app.works(), look.asked.reader());
    let mut all = person.contacts.clone();
    let planned = domain::engage::contacts::plan(person, Urgency::High, look.now());
    for one in planned {
        if !all.iter().any(|contact| contact.name == one.contact) {
            all.push(Contact { name: one.contact, address: one.address });
        }
    }
    let view = |contact: &Contact| {
        let (kind, address) = (word(&contact.address), target(&contact.address));
        let settled = |one: &&Delivery| {
            one.channel == kind && one.address == address && matches!(one.state, State::Sent | State::Failed)
        };
        let last = recent.iter().find(settled);
        let (state, note) = match (works(&contact.address), last) {
            (Err(why), _) => (Badge::new(Tone::Critical, "Cannot work"), Some(capital(&why))),
            (Ok(()), None) => (Badge::new(Tone::Warning, "Never tested"), None),
            (Ok(()), Some(one)) if one.state == State::Failed => {
                (Badge::new(Tone::Critical, "Failed"), one.detail.clone())
            }
            (Ok(()), Some(one)) => {
                let at = one.settled_at.unwrap_or(one.created_at);
                (Badge::new(Tone::Good, format!("Worked {}", look.view.relative(at))), None)
            }
        };
        ContactView {
            name: contact.name.clone(),
            channel: channel(kind),
            address: if own { address.to_owned() } else { shown(&reader, Some(name), kind, address) },
            state,
            note,
            secret: match &contact.address {
                Address::Webhook(url) if reader.sees(name) => Some(look.app.webhook_secret(url)),
                _ => None,
            },
        }
    };
    Ok(all.iter().map(view).collect())
}

/// The ladder; what counts without one.
pub fn rungs(look: &Look<'_, '_>, person: &Person, rungs: &[Rung], urgency: Urgency) -> Vec<RungView> {
    let address = |name: &str| -> Option<&Address> {
        person.contacts.iter().find(|contact| contact.name == name).map(|contact| &contact.address)
    };
    if rungs.is_empty() {
        let planned = domain::engage::contacts::plan(person, urgency, look.now());
        return planned
            .into_iter()
            .map(|one| RungView { after: "At once".into(), channel: channel(word(&one.address)), contact: one.contact })
            .collect();
    }
    let view = |rung: &Rung| RungView {
        after: if rung.after.is_zero() { "At once".into() } else { format!("After {}", span(rung.after)) },
        channel: channel(address(&rung.contact).map_or("email", word)),
        contact: rung.contact.clone(),
    };
    rungs.iter().map(view).collect()
}
