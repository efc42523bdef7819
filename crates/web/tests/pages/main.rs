//! The pages as a browser without JavaScript uses them, over the real store.

mod house;
mod me;

use axum::http::StatusCode;
use domain::engage::deliveries::LinkKind;
use domain::engage::escalations::State;
use domain::engage::links::{Claim, LinkKey, mint};
use domain::respond::sight::Sight;
use domain::words::{PageId, Span};
use house::{House, KEY, PASSWORD, between};
use store::engage::pages::PageRow;
use tower::ServiceExt as _;

/// The pages of alerts, without the test page of the first run.
fn pages(house: &House) -> Vec<PageRow> {
    let all = house.store.read(|tx| Ok(store::engage::pages::list(tx, false, Sight::Whole, None, 50)?)).expect("pages");
    all.into_iter().filter(|page| page.about.group().is_some()).collect()
}

fn state(house: &House, id: PageId) -> State {
    house.store.read(|tx| Ok(store::engage::pages::get(tx, id)?)).expect("a page").expect("it is there").state
}

#[tokio::test]
async fn the_first_run_makes_an_administrator_once_and_somebody_on_call() {
    let house = House::new();
    let mut ana = house.browser();
    assert_eq!(ana.get("/").await.path, "/welcome");
    assert_eq!(ana.get("/sign-in").await.path, "/welcome", "there is nobody to sign in yet");
    let fields =
        [("full_name", "Ana Silva"), ("email", "ana at nowhere"), ("password", "short"), ("time_zone", "Mars/Base")];
    let refused = ana.post("/welcome", &fields).await;
    for field in ["email", "password", "time_zone"] {
        assert!(refused.text.contains(&format!("id=\"{field}-error\"")), "{field}: {}", refused.text);
    }
    assert!(refused.text.contains("value=\"Ana Silva\""), "what was typed stays");
    assert!(!refused.text.contains("short\""), "but not the password");

    let (house, mut ana, _) = House::with_ana().await;
    assert_eq!(ana.get("/").await.path, "/alerts");
    let call = ana.get("/schedules/on-call").await;
    assert!(call.text.contains("<strong>Ana Silva</strong> is on call"), "{}", call.text);
    let route = ana.get("/documents/route/everything").await;
    assert!(route.text.contains("escalation_policy</span>: everything"), "{}", route.text);
    let mut eve = house.browser();
    let again = [("full_name", "Eve"), ("email", "eve@example.org"), ("password", PASSWORD), ("time_zone", "UTC")];
    let refused = eve.post("/welcome", &again).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "set-up is over for good");
    assert_eq!(eve.get("/alerts").await.path, "/sign-in?next=/alerts");
}

#[tokio::test]
async fn signing_in_leads_on_and_a_wrong_name_is_answered_as_a_wrong_password() {
    let (house, mut ana, _) = House::with_ana().await;
    assert_eq!(ana.post("/sign-out", &[]).await.path, "/sign-in");
    assert_eq!(ana.get("/me").await.path, "/sign-in?next=/me");
    let mut answers = Vec::new();
    for email in ["ana@example.org", "nobody@example.org"] {
        let wrong = ana.post("/sign-in", &[("email", email), ("password", "not the password")]).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        answers.push(wrong.text.replace(email, "EMAIL"));
    }
    assert_eq!(answers[0], answers[1]);
    for (next, leads) in [("/me", "/me"), ("//evil.example/", "/alerts"), ("https://evil.example", "/alerts")] {
        let fields = [("email", "ana@example.org"), ("password", PASSWORD), ("next", next)];
        let came = ana.post("/sign-in", &fields).await;
        assert_eq!((came.status, came.path.as_str()), (StatusCode::OK, leads));
    }
    assert!(ana.cookies.contains_key("__Host-allclear"));
    let mut eve = house.browser();
    let guess = [("email", "ana@example.org"), ("password", "guess guess guess")];
    let mut last = StatusCode::OK;
    for _ in 0..12 {
        last = eve.post("/sign-in", &guess).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    house.wait(120);
    assert_eq!(eve.post("/sign-in", &guess).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_alert_is_seen_acknowledged_and_handed_back_and_many_at_once() {
    let (house, mut ana, token) = House::with_ana().await;
    let disk = house.fires(&mut ana, &token, "DiskFull").await;
    let list = ana.get("/alerts").await;
    assert!(list.text.contains("&#60;b&#62;DiskFull"), "what comes from outside is escaped");
    assert!(list.text.contains("1 open alert"));
    let alert = ana.get(&format!("/alerts/{disk}")).await;
    for said in
        ["Route everything took it, and it paged. It told Ana Silva.", "Calling", "Fires", "High: it may wake people."]
    {
        assert!(alert.text.contains(said), "{said}: {}", alert.text);
    }
    let here = format!("/alerts/{disk}");
    let done = ana.post("/alerts/act", &[("alert", &disk), ("act", "acknowledge"), ("back", &here)]).await;
    assert_eq!(done.path, here);
    assert!(done.text.contains("Acknowledged the alert") && done.text.contains("by Ana Silva"), "{}", done.text);
    assert!(matches!(state(&house, pages(&house)[0].id), State::Acknowledged { .. }));
    assert!(!ana.get(&here).await.text.contains("Acknowledged the alert"), "it is said once");
    let undone = ana.post("/alerts/act", &[("alert", &disk), ("act", "unacknowledge"), ("back", &here)]).await;
    assert!(undone.text.contains("nobody has answered since it paged"), "{}", undone.text);

    let node = house.fires(&mut ana, &token, "NodeDown").await;
    let both = [("alert", disk.as_str()), ("alert", node.as_str()), ("back", "/alerts")];
    for (act, tab, said) in [
        ("snooze:1h", "snoozed", "Snoozed 2 alerts"),
        ("silence:4h", "silenced", "Made 2 silences for 4 h"),
        ("noise", "open", "Marked as noise: 2 alerts"),
        ("resolve", "resolved", "Resolved 2 alerts"),
    ] {
        let mut fields = both.to_vec();
        fields.extend([("act", act), ("reason", "Flapping")]);
        let done = ana.post("/alerts/act", &fields).await;
        assert!(done.text.contains(said), "{act}: {}", done.text);
        let list = ana.get(&format!("/alerts?tab={tab}")).await;
        assert!(list.text.contains(&disk) && list.text.contains(&node), "{act}: {}", list.text);
    }
    for (fields, why) in [
        (vec![("act", "acknowledge")], "Select at least one alert first."),
        (vec![("act", "explode"), ("alert", &disk)], "There is no such act"),
        (vec![("act", "snooze:3 weeks"), ("alert", &disk)], "is not a span of time"),
        (vec![("act", "resolve"), ("alert", "alr_0000000000000000")], "There is no alert alr_0000000000000000."),
    ] {
        let refused = ana.post("/alerts/act", &fields).await;
        assert!(refused.text.contains(why), "{why}: {}", refused.text);
    }
}

#[tokio::test]
async fn a_signed_link_does_nothing_when_opened_and_acts_when_pressed() {
    let (house, mut ana, token) = House::with_ana().await;
    house.fires(&mut ana, &token, "DiskFull").await;
    let page = pages(&house)[0].id;
    let link = |action, hours| {
        let claim =
            Claim { page, person: "ana".parse().unwrap(), action, expires: Span::hours(hours).after(house.now()) };
        format!("/p/{}", mint(&LinkKey::new(KEY), &claim))
    };
    let (acknowledge, escalate) = (link(LinkKind::Acknowledge, 1), link(LinkKind::Escalate, 1));
    let mut phone = house.browser();
    let before = state(&house, page);
    for path in [&acknowledge, &escalate] {
        let seen = phone.get(path).await;
        assert_eq!(seen.status, StatusCode::OK);
        assert!(seen.text.contains("Acknowledge</button>"), "{}", seen.text);
    }
    assert_eq!(state(&house, page), before, "opening a link changes nothing");
    let evil = {
        let mut evil = house.browser();
        evil.site = "cross-site";
        evil.post(&acknowledge, &[("act", "acknowledge")]).await
    };
    assert_eq!(evil.status, StatusCode::FORBIDDEN, "another site cannot press for her");
    assert_eq!(state(&house, page), before);
    let seen = phone.post(&escalate, &[]).await;
    assert!(seen.text.contains("Escalated to"), "{}", seen.text);
    let seen = phone.post(&acknowledge, &[("act", "acknowledge")]).await;
    assert!(seen.text.contains("Acknowledged by you."), "{}", seen.text);
    assert!(matches!(state(&house, page), State::Acknowledged { by, .. } if by == *"ana"));
    // The button in ntfy: no cookie, no origin, no form.
    let request = axum::http::Request::post(&acknowledge).body(axum::body::Body::empty()).unwrap();
    assert_eq!(house.router.clone().oneshot(request).await.unwrap().status(), StatusCode::NO_CONTENT);
    house.wait(3700);
    let late = phone.get(&acknowledge).await;
    assert_eq!(late.status, StatusCode::GONE);
    assert!(late.text.contains("This link no longer works"));
    assert_eq!(phone.get("/p/nonsense").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn another_site_changes_nothing_and_errors_are_pages() {
    let (house, mut ana, token) = House::with_ana().await;
    let disk = house.fires(&mut ana, &token, "DiskFull").await;
    ana.site = "cross-site";
    let refused = ana.post("/alerts/act", &[("alert", &disk), ("act", "resolve")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.starts_with("<!doctype html>"), "{}", refused.text);
    assert!(ana.get(&format!("/alerts/{disk}")).await.text.contains("nobody has answered since it paged"));
    for path in
        ["/nowhere", "/alerts/alr_0000000000000000", "/alerts/%3Cscript%3E", "/schedules/none", "/documents/x/y"]
    {
        let missing = ana.get(path).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}");
        assert!(missing.text.starts_with("<!doctype html>") && !missing.text.contains("<script>"), "{path}");
    }
}

#[tokio::test]
async fn an_override_is_added_and_removed_and_a_senseless_one_is_refused_in_the_form() {
    let (_house, mut ana, _) = House::with_ana().await;
    let fields = |from, to| [("person", "ana"), ("from", from), ("to", to), ("reason", "at the dentist's")];
    let refused = ana.post("/schedules/on-call/overrides", &fields("2026-10-02T09:00", "2026-10-01T09:00")).await;
    assert!(refused.text.contains("It ends before it begins."), "{}", refused.text);
    assert!(refused.text.contains("value=\"2026-10-02T09:00\""), "what was typed stays");
    let added = ana.post("/schedules/on-call/overrides", &fields("2026-10-01T09:00", "2026-10-02T09:00")).await;
    assert_eq!(added.path, "/schedules/on-call");
    assert!(added.text.contains("at the dentist&#39;s"), "{}", added.text);
    let at = ana.get("/schedules/on-call?at=2026-10-01T12:00").await;
    assert!(at.text.contains("by an override"), "{}", at.text);
    let id = between(&added.text, "action=\"/overrides/", "/remove");
    let removed = ana.post(&format!("/overrides/{id}/remove"), &[("back", "/schedules/on-call")]).await;
    assert!(!removed.text.contains("dentist"), "{}", removed.text);
}

#[tokio::test]
async fn a_document_is_planned_refused_with_its_line_applied_and_rolled_back() {
    let (_house, mut ana, _) = House::with_ana().await;
    let wrong = "kind: escalation-policy\nname: web\nspec:\n  title: Web\n  steps:\n  - notify: [{schedule: on-cal}]\n";
    let plan = ana.post("/documents/plan", &[("yaml", wrong), ("back", "/documents")]).await;
    assert!(plan.text.contains("line 6") && plan.text.contains("on-call"), "{}", plan.text);
    let right = wrong.replace("on-cal}", "on-call}");
    let plan = ana.post("/documents/plan", &[("yaml", &right), ("back", "/documents")]).await;
    let revision = between(&plan.text, "name=\"revision\" value=\"", "\"");
    let fields = [("yaml", right.as_str()), ("reason", "for the shop"), ("revision", revision.as_str())];
    let applied = ana.post("/documents/apply", &fields).await;
    assert_eq!(applied.path, "/documents/escalation-policy/web");
    assert!(applied.text.contains("for the shop"), "{}", applied.text);
    let changed = right.replace("title: Web", "title: The web");
    ana.post("/documents/apply", &[("yaml", &changed), ("reason", "a better title")]).await;
    let stale = ana.post("/documents/apply", &fields).await;
    assert!(stale.text.contains("was changed by"), "what somebody else changed is not overwritten: {}", stale.text);
    let history = ana.get("/documents/escalation-policy/web/history?from=1&to=2").await;
    assert!(history.text.contains("/title") && history.text.contains("a better title"), "{}", history.text);
    let back = ana.post("/documents/escalation-policy/web/rollback", &[("to", "1")]).await;
    assert!(back.text.contains("Back to revision 1"), "{}", back.text);
    for path in ["/escalation-policies", "/escalation-policies/web", "/documents", "/documents/new?kind=service"] {
        assert_eq!(ana.get(path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn every_page_answers_on_an_empty_house() {
    let (_house, mut ana, _) = House::with_ana().await;
    for path in [
        "/alerts",
        "/alerts?tab=all&sort=worst",
        "/silences",
        "/silences?tab=ended",
        "/silences/new",
        "/integrations",
        "/integrations/prometheus",
        "/integrations/generic",
        "/integrations/new",
        "/schedules",
        "/insights",
        "/insights/detect",
        "/insights/incidents",
        "/insights/promises",
        "/services",
        "/people",
        "/people/ana",
        "/tokens",
        "/me",
        "/search?q=ana",
        "/search",
        "/welcome/page",
        "/documents?kind=person",
    ] {
        let seen = ana.get(path).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}: {}", seen.text);
    }
    let wrong = ana.get("/alerts?q=region%3D%22eu").await;
    assert!(wrong.text.contains("the quote is not closed"), "{}", wrong.text);
    let made = ana.post("/tokens", &[("title", "cli"), ("access", "viewer"), ("days", "30")]).await;
    assert!(made.text.contains("<code id=\"secret\">acl_"), "{}", made.text);
    assert!(!ana.get("/tokens").await.text.contains("id=\"secret\""), "a secret is shown once");
}
