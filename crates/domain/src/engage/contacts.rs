//! A person's contacts: which of them is due when, by urgency and waking hours; and whether any of them works.
//!
//! It sends nothing. Later contacts go on when the policy's next step begins: nothing cuts a ladder off but an
//! acknowledgement or the end of the page.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::deliveries::Urgency;
use super::schedules::zone;
use super::windows::{Week, minutes};
use crate::prepare::addresses::check_whole;
use crate::prepare::people::{Address, Person, Rung};
use crate::words::{Refusal, Span, text};

/// A contact that is to be tried at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// What the ladder calls it.
    pub contact: String,
    pub address: Address,
    pub due_at: Timestamp,
}

/// The name under which a ladder may use the person's own e-mail address without a contact for it.
pub const EMAIL: &str = "email";
const DEFAULT_WAKING: (i64, i64) = (8 * 60, 22 * 60);
const MOST_CONTACTS: usize = 20;
const MOST_RUNGS: usize = 40;
const MOST_AFTER: Span = Span::hours(24);

/// Which contacts of the person are due when, in order. Low urgency is held back until the person is awake.
///
/// Without a ladder, high urgency goes to all contacts and the e-mail address at once, low urgency to mail alone. A
/// ladder that leads nowhere (its contacts were removed) is as good as none: a page must not be lost to it.
pub fn plan(person: &Person, urgency: Urgency, now: Timestamp) -> Vec<Planned> {
    let contacts = contacts(person);
    let rungs: &[Rung] = match urgency {
        Urgency::High => &person.ladder.high,
        Urgency::Low => &person.ladder.low,
    };
    let begins = match urgency {
        Urgency::High => now,
        Urgency::Low => awake_from(person, now),
    };
    let mut planned: Vec<Planned> = rungs
        .iter()
        .filter_map(|rung| {
            let (contact, address) = contacts.iter().find(|(name, _)| *name == rung.contact)?;
            let due_at = match urgency {
                Urgency::High => rung.after.after(begins),
                Urgency::Low => awake_from(person, rung.after.after(begins)),
            };
            Some(Planned { contact: contact.clone(), address: address.clone(), due_at })
        })
        .collect();
    if planned.is_empty() {
        planned = contacts
            .into_iter()
            .filter(|(_, address)| urgency == Urgency::High || matches!(address, Address::Email(_)))
            .map(|(contact, address)| Planned { contact, address, due_at: begins })
            .collect();
    }
    planned.sort_by_key(|one| one.due_at);
    let mut told: Vec<Planned> = Vec::with_capacity(planned.len());
    for one in planned {
        if !told.iter().any(|earlier| earlier.due_at == one.due_at && earlier.address == one.address) {
            told.push(one);
        }
    }
    told
}

/// One contact alone, at once, whatever the ladder says of it: for a test of just that.
pub fn plan_one(person: &Person, contact: &str, now: Timestamp) -> Option<Planned> {
    let (contact, address) = contacts(person).into_iter().find(|(name, _)| name == contact)?;
    Some(Planned { contact, address, due_at: now })
}

/// The instant itself if the person is awake by their own clock, or else when their waking hours begin.
pub fn awake_from(person: &Person, at: Timestamp) -> Timestamp {
    let zone = zone(&person.time_zone).unwrap_or(TimeZone::UTC);
    let (from, to) =
        person.ladder.waking.as_deref().and_then(|waking| read_waking(waking).ok()).unwrap_or(DEFAULT_WAKING);
    let Some(week) = Week::daily(from, to) else { return at };
    week.open(&zone, at, Span::hours(3 * 24).after(at))
        .into_iter()
        .find(|(_, ends)| *ends > at)
        .map_or(at, |(begins, _)| begins.max(at))
}

/// That a page of this urgency has a way to the person; or why not, in words.
pub fn reachable(person: &Person, urgency: Urgency) -> Result<(), String> {
    reachable_by(person, urgency, &|_| Ok(()))
}

/// The same, where a channel may be missing: `works` says why an address cannot be used (`no mail server is set up`).
pub fn reachable_by(
    person: &Person,
    urgency: Urgency,
    works: &dyn Fn(&Address) -> Result<(), String>,
) -> Result<(), String> {
    if person.inactive {
        return Err("is marked as inactive".into());
    }
    let mut broken = Vec::new();
    for one in plan(person, urgency, Timestamp::UNIX_EPOCH) {
        match check_address(&one.address).map_err(|refusal| refusal.message).and_then(|()| works(&one.address)) {
            Ok(()) => return Ok(()),
            Err(why) => broken.push(format!("{}: {why}", one.contact)),
        }
    }
    broken.dedup();
    Err(if broken.is_empty() {
        format!("has no contact for {urgency} urgency")
    } else {
        format!("has no working contact for {urgency} urgency ({})", broken.join("; "))
    })
}

/// Everything that is wrong in a person's zone, contacts and ladder, each with a JSON pointer into the spec.
pub fn check(person: &Person) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut refuse = |at: String, message: String| refusals.push(Refusal::invalid(message).at(at));
    if person.full_name.trim().is_empty() {
        refuse("/full_name".into(), "the name that people read is empty".into());
    }
    if let Err(wrong) = check_email(&person.email) {
        refuse("/email".into(), wrong.message);
    }
    if let Err(wrong) = zone(&person.time_zone) {
        refuse("/time_zone".into(), wrong.message);
    }
    if person.contacts.len() > MOST_CONTACTS {
        refuse("/contacts".into(), format!("{} contacts are too many: {MOST_CONTACTS} at most", person.contacts.len()));
    }
    for (i, contact) in person.contacts.iter().take(MOST_CONTACTS).enumerate() {
        let letters = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
        if contact.name.trim().is_empty() || contact.name.chars().count() > 40 || !contact.name.chars().all(letters) {
            let message = "a contact needs a short name that the ladder can use, like mail or phone";
            refuse(format!("/contacts/{i}/name"), message.into());
        } else if person.contacts[..i].iter().any(|earlier| earlier.name == contact.name) {
            let message = format!("two contacts are called {:?}; give each a name of its own", contact.name);
            refuse(format!("/contacts/{i}/name"), message);
        }
        if let Err(wrong) = check_address(&contact.address) {
            refuse(format!("/contacts/{i}/{}", channel(&contact.address)), wrong.message);
        }
    }
    refusals.extend(person.chat.check());
    let mut refuse = |at: String, message: String| refusals.push(Refusal::invalid(message).at(at));
    let known = contacts(person);
    for (urgency, rungs) in [("high", &person.ladder.high), ("low", &person.ladder.low)] {
        if rungs.len() > MOST_RUNGS {
            let message = format!("{} rungs are too many: {MOST_RUNGS} at most", rungs.len());
            refuse(format!("/ladder/{urgency}"), message);
        }
        for (i, rung) in rungs.iter().take(MOST_RUNGS).enumerate() {
            if !known.iter().any(|(name, _)| *name == rung.contact) {
                let names = known.iter().map(|(name, _)| name.as_str());
                let near = text::did_you_mean(&rung.contact, names.clone());
                let names = names.collect::<Vec<_>>().join(", ");
                let contact = text::shorten(&rung.contact, 40);
                let message = format!("there is no contact {contact:?}{near}; the contacts are: {names}");
                refuse(format!("/ladder/{urgency}/{i}/contact"), message);
            }
            if rung.after > MOST_AFTER {
                let message = format!("{} is too late for a page: a day at most", rung.after);
                refuse(format!("/ladder/{urgency}/{i}/after"), message);
            }
        }
    }
    if let Some(waking) = &person.ladder.waking
        && let Err(wrong) = read_waking(waking)
    {
        refuse("/ladder/waking".into(), wrong.message);
    }
    refusals
}

/// That a mail address has the shape of one.
pub fn check_email(address: &str) -> Result<(), Refusal> {
    let wrong =
        |why: &str| Err(Refusal::invalid(format!("{:?} is not an e-mail address: {why}", text::shorten(address, 80))));
    check_whole(address)?;
    if address.contains(['<', '>', ',', ';']) {
        return wrong("write the bare address, like ana@example.org");
    }
    let Some((local, domain)) = address.rsplit_once('@') else {
        return wrong("write it like ana@example.org");
    };
    if address.len() > 254 || local.is_empty() || local.len() > 64 {
        return wrong("what stands before the @ is empty, or the whole is too long");
    }
    if address.chars().any(|c| c.is_whitespace() || c.is_control() || "()[]:\"\\".contains(c)) || local.contains('@') {
        return wrong("it contains a character that does not belong there");
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return wrong("a dot stands at the edge, or two in a row, before the @");
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if domain.split('.').all(label) { Ok(()) } else { wrong("what stands after the @ is not a domain") }
}

/// That a URL is one to which something can be posted.
pub fn check_url(url: &str) -> Result<(), Refusal> {
    let wrong =
        |why: &str| Err(Refusal::invalid(format!("{:?} is not a URL to post to: {why}", text::shorten(url, 120))));
    check_whole(url)?;
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return wrong("it begins with https:// or http://");
    };
    if url.len() > 2048 || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return wrong("it is too long, or contains a space");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return wrong("a user name and password do not belong into it");
    }
    let in_brackets = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = if let Some((host, port)) = in_brackets {
        let fits = host.contains(':') && host.chars().all(|c| c.is_ascii_hexdigit() || c == ':' || c == '.');
        (fits, port.strip_prefix(':').unwrap_or(port))
    } else {
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        let label = |l: &str| !l.is_empty() && l.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
        (host.trim_end_matches('.').split('.').all(label), port)
    };
    if !host {
        return wrong("there is no host name after the //");
    }
    if !port.is_empty() && port.parse::<u16>().is_err() {
        return wrong("the port is not a number up to 65535");
    }
    Ok(())
}

/// That an address has the shape that its channel needs.
pub fn check_address(address: &Address) -> Result<(), Refusal> {
    match address {
        Address::Email(address) => check_email(address),
        Address::Webhook(url) => check_url(url),
        Address::Ntfy(url) => {
            check_url(url)?;
            let topic = url.split("://").nth(1).and_then(|rest| rest.split_once('/')).map_or("", |(_, topic)| topic);
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
            if topic.trim_matches('/').is_empty() || !topic.chars().all(fits) {
                let message = format!(
                    "{:?} names no ntfy topic: write it like https://ntfy.example.org/ana-9f3k",
                    text::shorten(url, 120)
                );
                return Err(Refusal::invalid(message));
            }
            Ok(())
        }
    }
}

/// The channel's word, as documents write it.
pub fn channel(address: &Address) -> &'static str {
    match address {
        Address::Email(_) => "email",
        Address::Ntfy(_) => "ntfy",
        Address::Webhook(_) => "webhook",
    }
}

/// Where it goes, as the channel needs it.
pub fn target(address: &Address) -> &str {
    let (Address::Email(target) | Address::Ntfy(target) | Address::Webhook(target)) = address;
    target
}

/// The contacts by name, and the person's own e-mail address where no contact is a mail address.
pub fn contacts(person: &Person) -> Vec<(String, Address)> {
    let mut contacts: Vec<(String, Address)> =
        person.contacts.iter().map(|contact| (contact.name.clone(), contact.address.clone())).collect();
    let mail = contacts.iter().any(|(name, address)| name == EMAIL || matches!(address, Address::Email(_)));
    if !mail {
        contacts.push((EMAIL.into(), Address::Email(person.email.clone())));
    }
    contacts
}

fn read_waking(waking: &str) -> Result<(i64, i64), Refusal> {
    let wrong = |why: &str| Refusal::invalid(format!("{:?} are no waking hours: {why}", text::shorten(waking, 40)));
    let (from, to) = waking.split_once('-').ok_or_else(|| wrong("write them like 08:00-22:00"))?;
    let from = minutes(from.trim(), false).map_err(|refusal| wrong(&refusal.message))?;
    let to = minutes(to.trim(), true).map_err(|refusal| wrong(&refusal.message))?;
    if from == to {
        return Err(wrong("they are empty; for the whole day write 00:00-24:00"));
    }
    Ok((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: &str = "
full_name: Ana Silva
email: ana@example.org
time_zone: Europe/Berlin
contacts:
  - { name: push, ntfy: 'https://ntfy.example.org/ana-9f3k' }
  - { name: mail, email: ana@home.example }
ladder:
  high: [{ contact: push }, { contact: mail, after: 1m }, { contact: push, after: 3m }]
  low: [{ contact: mail }, { contact: push, after: 1h }]
";

    fn person(yaml: &str) -> Person {
        serde_saphyr::from_str(yaml).unwrap()
    }

    fn show(person: &Person, urgency: Urgency, now: &str) -> String {
        let line = |one: &Planned| format!("{} {} {}", one.due_at, one.contact, channel(&one.address));
        plan(person, urgency, now.parse().unwrap()).iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn high_urgency_follows_the_ladder_at_any_hour() {
        insta::assert_snapshot!(show(&person(ANA), Urgency::High, "2026-03-29T00:59:30Z"), @r"
        2026-03-29T00:59:30Z push ntfy
        2026-03-29T01:00:30Z mail email
        2026-03-29T01:02:30Z push ntfy
        ");
    }

    #[test]
    fn low_urgency_waits_until_the_person_wakes_by_their_own_clock() {
        let ana = person(ANA);
        // The night of the clock change: eight o'clock is at 06:00Z, not 07:00Z.
        insta::assert_snapshot!(show(&ana, Urgency::Low, "2026-03-28T22:30:00Z"), @r"
        2026-03-29T06:00:00Z mail email
        2026-03-29T07:00:00Z push ntfy
        ");
        // By day at once; but an hour later the day is over.
        insta::assert_snapshot!(show(&ana, Urgency::Low, "2026-03-28T20:30:00Z"), @r"
        2026-03-28T20:30:00Z mail email
        2026-03-29T06:00:00Z push ntfy
        ");
        let night_worker = person(&ANA.replace("ladder:", "ladder:\n  waking: 16:00-06:00"));
        insta::assert_snapshot!(show(&night_worker, Urgency::Low, "2026-06-01T02:00:00Z"), @r"
        2026-06-01T02:00:00Z mail email
        2026-06-01T03:00:00Z push ntfy
        ");
        insta::assert_snapshot!(show(&night_worker, Urgency::Low, "2026-06-01T09:00:00Z"), @r"
        2026-06-01T14:00:00Z mail email
        2026-06-01T15:00:00Z push ntfy
        ");
        let always = person(&ANA.replace("ladder:", "ladder:\n  waking: 00:00-24:00"));
        insta::assert_snapshot!(show(&always, Urgency::Low, "2026-06-01T02:00:00Z"), @r"
        2026-06-01T02:00:00Z mail email
        2026-06-01T03:00:00Z push ntfy
        ");
    }

    #[test]
    fn without_a_ladder_everything_is_tried_at_once_and_low_urgency_goes_to_mail() {
        let bare = ANA.split("ladder:").next().unwrap();
        insta::assert_snapshot!(show(&person(bare), Urgency::High, "2026-06-01T02:00:00Z"), @r"
        2026-06-01T02:00:00Z push ntfy
        2026-06-01T02:00:00Z mail email
        ");
        insta::assert_snapshot!(show(&person(bare), Urgency::Low, "2026-06-01T12:00:00Z"), @"2026-06-01T12:00:00Z mail email");
        let barer = bare.split("contacts:").next().unwrap();
        insta::assert_snapshot!(show(&person(barer), Urgency::High, "2026-06-01T02:00:00Z"), @"2026-06-01T02:00:00Z email email");
        let dangling = ANA.replace("contact: push", "contact: gone").replace("contact: mail", "contact: gone");
        insta::assert_snapshot!(show(&person(&dangling), Urgency::High, "2026-06-01T02:00:00Z"), @r"
        2026-06-01T02:00:00Z push ntfy
        2026-06-01T02:00:00Z mail email
        ");
    }

    #[test]
    fn a_person_is_reachable_while_one_contact_works() {
        let ana = person(ANA);
        assert_eq!(reachable(&ana, Urgency::High), Ok(()));
        let no_mail = |address: &Address| match address {
            Address::Email(_) => Err("no mail server is set up".to_owned()),
            _ => Ok(()),
        };
        assert_eq!(reachable_by(&ana, Urgency::High, &no_mail), Ok(()));
        let mail_only = person(ANA.split("contacts:").next().unwrap());
        insta::assert_snapshot!(reachable_by(&mail_only, Urgency::High, &no_mail).unwrap_err(), @"has no working contact for high urgency (email: no mail server is set up)");
        let left = person(&format!("{ANA}inactive: true\n"));
        insta::assert_snapshot!(reachable(&left, Urgency::High).unwrap_err(), @"is marked as inactive");
        let broken = person(&ANA.split("contacts:").next().unwrap().replace("ana@example.org", "ana"));
        insta::assert_snapshot!(reachable(&broken, Urgency::Low).unwrap_err(), @r#"has no working contact for low urgency (email: "ana" is not an e-mail address: write it like ana@example.org)"#);
    }

    #[test]
    fn each_mistake_is_refused_with_its_place_and_a_remedy() {
        let mistakes = [
            ("full_name: Ana Silva", "full_name: ''"),
            ("email: ana@example.org", "email: ana"),
            ("ana@example.org", "Ana <ana@example.org>"),
            ("Europe/Berlin", "Europe/Munich"),
            ("name: push", "name: mail"),
            ("name: push", "name: ''"),
            ("https://ntfy.example.org/ana-9f3k", "ntfy.example.org/ana"),
            ("https://ntfy.example.org/ana-9f3k", "https://ntfy.example.org/"),
            ("https://ntfy.example.org/ana-9f3k", "https://"),
            ("https://ntfy.example.org/ana-9f3k", "https://ana:secret@ntfy.example.org/x"),
            ("ana@home.example", "ana@home..example"),
            ("{ contact: mail, after: 1m }", "{ contact: mial }"),
            ("after: 3m", "after: 3d"),
            ("ladder:", "ladder:\n  waking: 8-22"),
            ("ladder:", "ladder:\n  waking: 08:00-8:30"),
            ("ladder:", "ladder:\n  waking: 08:00-08:00"),
        ];
        assert_eq!(check(&person(ANA)), []);
        let said: Vec<String> = mistakes
            .iter()
            .map(|(good, bad)| {
                assert!(ANA.contains(good), "{good}");
                let refusals = check(&person(&ANA.replacen(good, bad, 1)));
                refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            })
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        /full_name: the name that people read is empty
        /email: "ana" is not an e-mail address: write it like ana@example.org
        /email: "Ana <ana@example.org>" is not an e-mail address: write the bare address, like ana@example.org
        /time_zone: there is no time zone "Europe/Munich" (did you mean "Europe/Zurich"?); use an IANA name like Europe/Berlin
        /contacts/1/name: two contacts are called "mail"; give each a name of its own
        /ladder/high/0/contact: there is no contact "push"; the contacts are: mail, mail
        /ladder/high/2/contact: there is no contact "push"; the contacts are: mail, mail
        /ladder/low/1/contact: there is no contact "push"; the contacts are: mail, mail
        /contacts/0/name: a contact needs a short name that the ladder can use, like mail or phone
        /ladder/high/0/contact: there is no contact "push"; the contacts are: , mail
        /ladder/high/2/contact: there is no contact "push"; the contacts are: , mail
        /ladder/low/1/contact: there is no contact "push"; the contacts are: , mail
        /contacts/0/ntfy: "ntfy.example.org/ana" is not a URL to post to: it begins with https:// or http://
        /contacts/0/ntfy: "https://ntfy.example.org/" names no ntfy topic: write it like https://ntfy.example.org/ana-9f3k
        /contacts/0/ntfy: "https://" is not a URL to post to: there is no host name after the //
        /contacts/0/ntfy: "https://ana:secret@ntfy.example.org/x" is not a URL to post to: a user name and password do not belong into it
        /contacts/1/email: "ana@home..example" is not an e-mail address: what stands after the @ is not a domain
        /ladder/high/1/contact: there is no contact "mial" (did you mean "mail"?); the contacts are: push, mail
        /ladder/high/2/after: 3d is too late for a page: a day at most
        /ladder/waking: "8-22" are no waking hours: "8" is not a time of day: write HH:MM, like 09:00
        /ladder/waking: "08:00-8:30" are no waking hours: "8:30" is not a time of day: write it with two digits each, 08:30
        /ladder/waking: "08:00-08:00" are no waking hours: they are empty; for the whole day write 00:00-24:00
        "#);
    }

    #[test]
    fn addresses_of_every_usual_shape_are_accepted() {
        for email in ["a@b", "ana.silva+page@mail.example.org", "ana@münchen.example", "o'hara@example.org"] {
            assert_eq!(check_email(email), Ok(()), "{email}");
        }
        for url in
            ["http://localhost:8080/x", "https://[::1]:9000/x?y=1", "https://hooks.example.org", "http://10.0.0.1/"]
        {
            assert_eq!(check_url(url), Ok(()), "{url}");
        }
        for url in ["ftp://x", "https:///x", "http://a b", "http://x:99999/", "javascript:alert(1)", "http://[x]/", ""]
        {
            assert!(check_url(url).is_err(), "{url}");
        }
    }
}
