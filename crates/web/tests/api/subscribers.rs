//! Subscribing as a browser and a mail program do it: the same answer for every address, and no link that acts by itself.

use axum::http::StatusCode;
use domain::engage::links::LinkKey;
use domain::inform::subscribers::{Claim, Deed, mint};
use domain::words::SubscriberId;

use crate::status::PAGE;
use crate::support::{Answer, House, KEY, ask};

const FORM: &str = "application/x-www-form-urlencoded";

async fn subscribe(house: &House, from: &str, form: &str) -> Answer {
    house.call(ask("POST", "/status/subscribe").from(from).text(FORM, form)).await
}

fn known(house: &House) -> Vec<(SubscriberId, bool)> {
    let all = house.store.read(|tx| Ok(store::inform::subscribers::list(tx, None, 50)?)).unwrap();
    all.iter().map(|one| (one.id, one.confirmed_at.is_some())).collect()
}

fn link(subscriber: SubscriberId, deed: Deed) -> String {
    format!("/status/subscriptions/{}", mint(&LinkKey::new(KEY), Claim { subscriber, deed }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_acts_when_it_is_pressed_and_the_answer_tells_nobody_who_is_known() {
    let mut house = House::new();
    house.apply(PAGE);
    let first = subscribe(&house, "203.0.113.1", "email=ana%40example.org&component=web").await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let [(id, false)] = known(&house)[..] else { panic!("{:?}", known(&house)) };
    let confirm = link(id, Deed::Confirm);
    let opened = house.call(ask("GET", &confirm)).await;
    assert!(opened.text.contains("Yes, tell me"), "{}", opened.text);
    assert_eq!(known(&house), [(id, false)], "a scanner opened it");
    assert_eq!(house.call(ask("POST", &confirm)).await.status, StatusCode::OK);
    assert_eq!(house.call(ask("POST", &confirm)).await.status, StatusCode::OK, "pressed twice");
    assert_eq!(known(&house), [(id, true)]);
    house.wait(3600);
    for email in ["ana%40example.org", "new%40example.org"] {
        let again = subscribe(&house, "203.0.113.1", &format!("email={email}")).await;
        assert_eq!((again.status, again.text.as_str()), (first.status, first.text.as_str()), "{email}");
    }
    // As a mail program does it (RFC 8058): one POST, no cookie, no page.
    let leave = link(id, Deed::Unsubscribe);
    assert!(house.call(ask("GET", &leave)).await.text.contains("Unsubscribe"));
    let left = house.call(ask("POST", &leave).text(FORM, "List-Unsubscribe=One-Click")).await;
    assert_eq!(left.status, StatusCode::OK, "{}", left.text);
    assert!(!known(&house).iter().any(|(one, _)| *one == id));
    assert_eq!(house.call(ask("POST", &leave)).await.status, StatusCode::OK, "said twice");
    assert_eq!(house.call(ask("GET", &confirm)).await.status, StatusCode::GONE);
    for wrong in ["nonsense", &confirm.rsplit('/').next().unwrap().replace(char::is_uppercase, "x")] {
        for method in ["GET", "POST"] {
            let answer = house.call(ask(method, &format!("/status/subscriptions/{wrong}"))).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
        }
    }
    assert_eq!(
        house.call(ask("POST", &leave).with("origin", "https://evil.example")).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_is_refused_in_words_and_who_asks_too_often_waits() {
    let mut house = House::new();
    house.apply(PAGE);
    for (form, why) in [
        ("email=", "Write an e-mail address, or the URL of a webhook"),
        ("email=ana", "is not an e-mail address"),
        ("email=a%40example.org%0d%0aBcc%3a+b%40example.org", "is not an e-mail address"),
        ("webhook=http%3a%2f%2f127.0.0.1%2f", "begins with https://"),
        ("email=a%40example.org&webhook=https%3a%2f%2fexample.org", "not both"),
        ("email=a%40example.org&component=internal", "There is no component internal"),
    ] {
        let answer = subscribe(&house, "203.0.113.2", form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{form}: {}", answer.text);
        assert!(answer.text.contains(why), "{form}: {}", answer.text);
    }
    assert_eq!(known(&house), []);
    let mut last = StatusCode::OK;
    for _ in 0..8 {
        last = subscribe(&house, "203.0.113.3", "email=victim%40example.org").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let mails = house.store.read(|tx| Ok(store::outbox::load(tx, house.now(), house.now())?)).unwrap();
    assert_eq!(mails.open, 1, "one mail, however often somebody asks");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_seen_by_administrators_alone_and_removed_for_good() {
    let mut house = House::new();
    house.apply(PAGE);
    let (ada, mia) = (house.token("ada", &[], None), house.token("mia", &[], None));
    let cookie = house.session("ada");
    subscribe(&house, "203.0.113.4", "email=ana%40example.org").await;
    assert_eq!(house.call(ask("GET", "/api/v1/subscribers").by(&mia)).await.status, StatusCode::FORBIDDEN);
    let all = house.call(ask("GET", "/api/v1/subscribers").by(&ada)).await.json();
    assert_eq!(all["items"][0]["address"], "ana@example.org");
    let page = house.call(ask("GET", "/subscribers").with("cookie", &cookie).with("accept", "text/html")).await;
    assert!(page.text.contains("ana@example.org"));
    for path in ["/notices", "/api/v1/journal?limit=100", "/api/v1/notices?state=all"] {
        assert!(!house.call(ask("GET", path).by(&ada)).await.text.contains("ana@"), "{path}");
    }
    let id = all["items"][0]["id"].as_str().unwrap();
    let gone = house.call(ask("DELETE", &format!("/api/v1/subscribers/{id}")).by(&ada)).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        house.call(ask("DELETE", &format!("/api/v1/subscribers/{id}")).by(&ada)).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(known(&house), []);
}
