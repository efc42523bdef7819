//! Subscribers through their acts: asked twice, told once, forgotten whole.

use domain::engage::deliveries::Outcome;
use domain::inform::subscribers::read;
use domain::words::{Id as _, RefusalKind, Span};

use super::super::notices::tests::{House, at, say};
use super::*;
use crate::courier;

/// What the courier would carry now.
fn carried(house: &mut House<'_>, minute: i64) -> Vec<courier::Claimed> {
    let node = house.node.clone();
    let mut all = Vec::new();
    loop {
        let some = courier::claim(house.store, &node, at(minute), &|_| 16).unwrap();
        if some.is_empty() {
            return all;
        }
        for one in &some {
            let sent = Outcome::Sent { receipt: None };
            assert!(courier::settle(house.store, &mut house.mint, one, &sent, at(minute)).unwrap());
        }
        all.extend(some);
    }
}

fn ask(house: &mut House<'_>, minute: i64, way: Way, address: &str, components: &[&str]) -> Result<(), Halt> {
    let components: BTreeSet<Name> = components.iter().map(|name| name.parse().unwrap()).collect();
    house.act("ana", minute, |tx, node, moment| subscribe(tx, node, moment, way, address, components.clone()))
}

/// The token of the link in a message.
fn token(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

fn confirmed(house: &mut House<'_>, minute: i64, address: &str, components: &[&str]) -> SubscriberId {
    ask(house, minute, Way::Email, address, components).unwrap();
    let mails = carried(house, minute);
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!((mail.address.as_str(), mail.message.event.as_str()), (address, "status.subscription-asked"));
    assert_eq!(mail.message.unsubscribe, None, "there is nothing yet to leave");
    let claim = read(&house.node.identity.link_key, token(mail.message.data["confirm_url"].as_str().unwrap())).unwrap();
    assert_eq!(claim.deed, Deed::Confirm);
    house.act("ana", minute, |tx, _, moment| confirm(tx, moment, claim.subscriber)).unwrap();
    claim.subscriber
}

fn tell_all(house: &mut House<'_>, minute: i64) {
    while tell(house.store, &mut house.mint, at(minute)).unwrap() > 0 {}
}

store::both_engines! {
    fn nobody_is_told_before_they_confirm_and_each_is_told_once_of_what_they_asked_for(store) {
        let mut house = House::new(store);
        confirmed(&mut house, 1, "all@example.org", &[]);
        confirmed(&mut house, 2, "web@example.org", &["web"]);
        confirmed(&mut house, 3, "api@example.org", &["api"]);
        ask(&mut house, 4, Way::Email, "never@example.org", &[]).unwrap();
        assert_eq!(carried(&mut house, 4).len(), 1);
        let notice = house.post(5, &say(None, "investigating", "It is **slow** <b>", Some(Status::Degraded))).unwrap();
        tell_all(&mut house, 5);
        tell_all(&mut house, 5);
        let told = carried(&mut house, 5);
        let to: BTreeSet<&str> = told.iter().map(|one| one.address.as_str()).collect();
        assert_eq!((told.len(), to), (2, ["all@example.org", "web@example.org"].into()));
        let keys: BTreeSet<&str> = told.iter().map(|one| one.message.key.as_str()).collect();
        assert_eq!(keys.len(), 2, "one key each");
        let mail = &told[0].message;
        assert_eq!(mail.subject, "[Shop status] Investigating: It is slow");
        assert!(mail.text.contains("It is **slow** <b>") && mail.text.contains("Website: Degraded performance"), "{}", mail.text);
        let html = mail.html.as_ref().unwrap();
        assert!(html.contains("It is <strong>slow</strong> &lt;b&gt;") && !html.contains("<b>"), "{html}");
        assert_eq!(mail.thread, notice.id.to_string());
        let leave = mail.unsubscribe.as_ref().unwrap();
        assert!(mail.text.contains(leave.as_str()) && html.contains(leave.as_str()));
        house.post(6, &crate::inform::notices::Post { quiet: true, ..say(Some(&notice), "resolved", "Over.", None) }).unwrap();
        tell_all(&mut house, 6);
        assert_eq!(carried(&mut house, 6), [], "said quietly");
    }

    fn whoever_leaves_is_forgotten_with_all_that_was_said_and_waits_to_be(store) {
        let mut house = House::new(store);
        let id = confirmed(&mut house, 1, "ana@example.org", &[]);
        house.post(2, &say(None, "investigating", "It is slow.", None)).unwrap();
        tell_all(&mut house, 2);
        let gone = house.act("ana", 3, |tx, _, moment| remove(tx, moment, id)).unwrap();
        assert!(gone && !house.act("ana", 3, |tx, _, moment| remove(tx, moment, id)).unwrap());
        assert_eq!(carried(&mut house, 3), []);
        let left = store.read(|tx| {
            let rows = tx.query("SELECT address AS found FROM deliveries WHERE address LIKE '%ana@example.org%'", &[])?;
            let told = tx.query("SELECT data AS found FROM journal WHERE data LIKE '%example.org%' AND kind LIKE 'subscriber.%'", &[])?;
            Ok(rows.len() + told.len())
        });
        assert_eq!(left.unwrap(), 0, "the address is nowhere");
    }

    fn the_answer_is_the_same_for_every_address_and_its_owner_is_asked_seldom(store) {
        let mut house = House::new(store);
        let id = confirmed(&mut house, 1, "ana@example.org", &[]);
        ask(&mut house, 2, Way::Email, "ANA@example.org", &[]).unwrap();
        assert_eq!(carried(&mut house, 2), [], "asked a minute ago");
        ask(&mut house, 20, Way::Email, "ana@example.org", &[]).unwrap();
        let again = carried(&mut house, 20);
        assert_eq!(again[0].message.event, "status.subscription-known");
        ask(&mut house, 40, Way::Email, "ana@example.org", &["api"]).unwrap();
        let other = carried(&mut house, 40);
        assert_eq!(other[0].message.event, "status.subscription-asked", "they want it otherwise");
        let claim = read(&house.node.identity.link_key, token(other[0].message.data["confirm_url"].as_str().unwrap())).unwrap();
        assert_ne!(claim.subscriber, id);
        house.act("ana", 41, |tx, _, moment| confirm(tx, moment, claim.subscriber)).unwrap();
        let all = store.read(|tx| Ok(rows::list(tx, None, 9)?)).unwrap();
        assert_eq!(all.iter().map(|one| (one.id, one.components.len())).collect::<Vec<_>>(), [(claim.subscriber, 1)]);
        for (way, address, components) in [
            (Way::Email, "no address", &[][..]),
            (Way::Webhook, "http://example.org", &[]),
            (Way::Email, "ben@example.org", &["none"]),
        ] {
            assert!(matches!(ask(&mut house, 50, way, address, components), Err(Halt::Refused(_))), "{address}");
        }
        ask(&mut house, 60, Way::Webhook, "https://example.org/hook", &[]).unwrap();
        let hook = carried(&mut house, 60);
        assert_eq!((hook[0].channel.as_str(), hook[0].address.as_str()), (PUBLIC_WEBHOOK, "https://example.org/hook"));
    }

    fn who_does_not_confirm_in_time_is_forgotten(store) {
        let mut house = House::new(store);
        ask(&mut house, 1, Way::Email, "ana@example.org", &[]).unwrap();
        let id = store.read(|tx| Ok(rows::list(tx, None, 1)?)).unwrap()[0].id;
        let late = CONFIRMED_WITHIN.as_millis() / 60_000 + 2;
        let refusal = match house.act("ana", late, |tx, _, moment| confirm(tx, moment, id)) {
            Err(Halt::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        assert_eq!(refusal.kind, RefusalKind::NotFound);
        crate::housekeeping::keep_house(store, &house.node, &mut house.mint, Span::hours(1), at(late)).unwrap();
        assert_eq!(store.read(|tx| Ok(rows::get(tx, id)?)).unwrap(), None);
        assert!(id.to_string().starts_with(SubscriberId::PREFIX));
    }

    fn thousands_are_told_a_few_hundred_at_a_time(store) {
        let mut house = House::new(store);
        let mint = &mut house.mint;
        store.write(|tx| {
            for number in 0..450 {
                let one = Subscriber {
                    id: mint.id(at(0)),
                    way: Way::Email,
                    address: format!("p{number}@example.org"),
                    components: BTreeSet::new(),
                    asked_at: at(0),
                    confirmed_at: Some(at(0)),
                };
                rows::save(tx, &one)?;
            }
            Ok(())
        }).unwrap();
        house.post(1, &say(None, "investigating", "It is slow.", None)).unwrap();
        let mut turns = Vec::new();
        loop {
            match tell(store, &mut house.mint, at(1)).unwrap() {
                0 => break,
                some => turns.push(some),
            }
        }
        assert_eq!(turns, [200, 200, 50]);
        assert_eq!(store.read(|tx| Ok(store::outbox::load(tx, at(1), at(0))?)).unwrap().open, 450);
    }
}
