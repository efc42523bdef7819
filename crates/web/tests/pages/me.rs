//! What somebody does about how they are reached: contacts, tests, ladders; and gaps that concern them.

use axum::http::StatusCode;
use domain::engage::deliveries::LinkKind;
use domain::engage::links::{Claim, LinkKey, mint};
use domain::respond::sight::Sight;
use domain::words::Span;

use crate::house::{Browser, House, KEY, between};

/// Ana with a contact for push besides her mail.
async fn with_phone() -> (House, Browser) {
    let (house, mut ana, _) = House::with_ana().await;
    let fields = [("channel", "ntfy"), ("name", "phone"), ("address", "https://ntfy.example.org/ana-9f3k")];
    let added = ana.post("/me/contacts", &fields).await;
    assert!(added.text.contains("Saved, and a test page is on its way"), "{}", added.text);
    (house, ana)
}

#[tokio::test]
async fn my_ladder_is_changed_as_a_document_is_and_what_was_refused_stays_in_the_form() {
    let (_house, mut ana) = with_phone().await;
    let ladder = |urgency, rungs: &[(&'static str, &'static str)]| {
        let mut fields = vec![("urgency", urgency)];
        fields.extend(rungs.iter().flat_map(|(contact, after)| [("contact", *contact), ("after", *after)]));
        fields
    };
    let saved = ana.post("/me/ladder", &ladder("high", &[("phone", "0"), ("mail", "3"), ("", "9")])).await;
    assert_eq!(saved.path, "/me");
    assert!(saved.text.contains("Saved: when it may wake you"), "{}", saved.text);
    assert!(saved.text.contains("<h3>At once</h3>") && saved.text.contains("<h3>After 3 min</h3>"), "{}", saved.text);
    let history = ana.get("/documents/person/ana/history").await;
    assert!(history.text.contains("On my page"), "a new version of the document: {}", history.text);
    let mut low = ladder("low", &[("mail", "")]);
    low.extend([("waking-from", "07:00"), ("waking-to", "23:30")]);
    let saved = ana.post("/me/ladder", &low).await;
    assert!(saved.text.contains("my waking hours, 07:00 to 23:30"), "{}", saved.text);

    for (fields, why, kept) in [
        (ladder("high", &[("mail", "soon")]), "are no minutes", "value=\"soon\""),
        (ladder("high", &[("fax", "1")]), "there is no contact", "value=\"1\""),
        (
            [ladder("low", &[("mail", "0")]), vec![("waking-from", "25:00"), ("waking-to", "26:00")]].concat(),
            "waking hours",
            "value=\"25:00\"",
        ),
        (
            [ladder("low", &[("mail", "0")]), vec![("waking-from", "08:00"), ("waking-to", "")]].concat(),
            "both a begin and an end",
            "value=\"08:00\"",
        ),
    ] {
        let refused = ana.post("/me/ladder", &fields).await;
        let said = refused.text.to_lowercase();
        assert!(said.contains(why) && refused.text.contains(kept), "{why}, {kept}: {}", refused.text);
    }
    let after = ana.get("/me").await;
    assert!(after.text.contains("<h3>After 3 min</h3>"), "what was refused changed nothing");
}

#[tokio::test]
async fn one_contact_is_tested_by_itself() {
    let (house, mut ana) = with_phone().await;
    let tested = ana.post("/me/test", &[("contact", "mail")]).await;
    assert!(tested.text.contains("A test is on its way by mail"), "{}", tested.text);
    let pages = house.store.read(|tx| Ok(store::engage::pages::list(tx, false, Sight::Whole, None, 50)?)).unwrap();
    let last = pages.iter().find(|page| page.because == "they asked for a test of mail").expect("a page for it");
    let told = house.store.read(|tx| Ok(store::outbox::for_page(tx, last.id)?)).unwrap();
    let contacts: Vec<&str> = told.iter().map(|(one, _)| one.contact.as_str()).collect();
    assert_eq!(contacts, ["mail"], "and nothing else of the ladder");
    let refused = ana.post("/me/test", &[("contact", "fax")]).await;
    assert!(refused.text.contains("There is no contact"), "{}", refused.text);

    let claim = Claim {
        page: last.id,
        person: "ana".parse().unwrap(),
        action: LinkKind::Acknowledge,
        expires: Span::hours(1).after(house.now()),
    };
    let link = format!("/p/{}", mint(&LinkKey::new(KEY), &claim));
    let seen = house.browser().get(&link).await;
    assert!(seen.text.contains("Acknowledge</button>") && !seen.text.contains("value=\"escalate\""), "{}", seen.text);
    let pressed = house.browser().post(&link, &[("act", "acknowledge")]).await;
    assert!(pressed.text.contains("This way works."), "{}", pressed.text);
}

#[tokio::test]
async fn the_first_page_may_go_to_a_webhook_and_its_secret_is_shown() {
    let (_house, mut ana, _) = House::with_ana().await;
    let refused = ana.post("/welcome/page", &[("channel", "webhook"), ("webhook", "hooks.example.org")]).await;
    assert!(refused.text.contains("value=\"hooks.example.org\""), "what was typed stays: {}", refused.text);
    assert!(refused.text.contains("value=\"webhook\" checked"), "{}", refused.text);
    let url = "https://hooks.example.org/ana";
    let sent = ana.post("/welcome/page", &[("channel", "webhook"), ("webhook", url)]).await;
    assert!(sent.text.contains("On its way to you") && sent.text.contains(url), "{}", sent.text);
    for path in ["/me", "/people/ana", "/welcome/page"] {
        let seen = ana.get(path).await;
        assert!(seen.text.contains(&format!("whsec_of_{url}")), "{path}: {}", seen.text);
    }
    let policy = "kind: escalation-policy\nname: chat\nspec:\n  title: Chat\n  steps:\n  - notify: [{webhook: 'https://hooks.example.org/chat'}]\n";
    let applied = ana.post("/documents/apply", &[("yaml", policy), ("reason", "the chat wants to know")]).await;
    assert_eq!(applied.status, StatusCode::OK, "{}", applied.text);
    let seen = ana.get("/escalation-policies/chat").await;
    assert!(seen.text.contains("whsec_of_https://hooks.example.org/chat"), "{}", seen.text);
}

#[tokio::test]
async fn a_gap_that_concerns_somebody_is_told_where_they_look() {
    let (_house, mut ana, _) = House::with_ana().await;
    let quiet = ana.get("/alerts").await;
    assert!(!quiet.text.contains("nobody is on call"), "{}", quiet.text);
    // 1 790 000 000 is Monday 21 September 2026, 14:13 UTC.
    let schedule = "kind: schedule\nname: mornings\nspec:\n  title: Mornings\n  time_zone: UTC\n  layers:\n  - name: day\n    people: [ana]\n    starts: 2026-09-01T08:00\n    rotate: {days: 1}\n    only: [{days: [monday, tuesday, wednesday, thursday, friday], from: '08:00', to: '12:00'}]\n";
    let applied = ana.post("/documents/apply", &[("yaml", schedule), ("reason", "a test")]).await;
    assert_eq!(applied.status, StatusCode::OK, "{}", applied.text);
    for path in ["/alerts", "/schedules", "/me"] {
        let seen = ana.get(path).await;
        assert!(seen.text.contains("Mornings: nobody is on call until Tue 10:00."), "{path}: {}", seen.text);
    }
    let seen = ana.get("/schedules/mornings").await;
    assert!(seen.text.contains("more in the next four weeks"), "{}", seen.text);
    let fills: Vec<&str> = seen.text.split("href=\"/schedules/mornings?fill=").skip(1).collect();
    let second = fills[1].split(['#', '"']).next().unwrap();
    let form = ana.get(&format!("/schedules/mornings?fill={second}")).await;
    assert_eq!(between(&form.text, "name=\"from\" value=\"2026-09-22T", "\""), "14:00", "in Ana's zone");
    assert!(form.text.contains("name=\"to\" value=\"2026-09-23T10:00\""), "{}", form.text);
    let meant = schedule.replace("  title: Mornings\n", "  title: Mornings\n  gaps_intended: true\n");
    ana.post("/documents/apply", &[("yaml", &meant), ("reason", "it is meant")]).await;
    assert!(!ana.get("/alerts").await.text.contains("nobody is on call"), "a gap that is meant is no news");
}

#[tokio::test]
async fn alerts_come_in_the_order_that_the_address_says() {
    let (house, mut ana, token) = House::with_ana().await;
    for name in ["First", "Second", "Third"] {
        house.fires(&mut ana, &token, name).await;
        house.wait(60);
    }
    for (path, order) in [
        ("/alerts", ["Third", "Second", "First"]),
        ("/alerts?sort=newest", ["Third", "Second", "First"]),
        ("/alerts?sort=oldest", ["First", "Second", "Third"]),
        ("/alerts?sort=severity", ["Third", "Second", "First"]),
        ("/alerts?sort=sideways", ["Third", "Second", "First"]),
    ] {
        let seen = ana.get(path).await;
        let mut rows: Vec<&str> = seen.text.split("data-open>").skip(1).collect();
        rows.retain(|row| order.iter().any(|name| row.starts_with(&format!("{name}:"))));
        let came: Vec<&str> = rows.iter().map(|row| row.split(':').next().unwrap()).collect();
        assert_eq!(came, order, "{path}");
    }
    let oldest = ana.get("/alerts?sort=oldest").await;
    assert!(oldest.text.contains("<option value=\"oldest\" selected>Oldest first"), "{}", oldest.text);
    assert!(oldest.text.contains("/alerts?sort=oldest&#38;tab=acknowledged"), "the order stays on other tabs");
}
