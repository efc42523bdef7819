//! Action items over the API and on pages: from the proposal to the proof, and what is refused.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{House, ask};

/// Something that can be proposed.
pub(crate) fn item(title: &str, owner: &str) -> Value {
    json!({ "title": title, "bound": "a test with 1001 is refused", "owner": owner, "kind": "prevent" })
}

async fn incident(house: &House, by: &str) -> String {
    let said = json!({ "title": "The queue is full", "class": "system", "services": ["shop"] });
    let made = house.call(ask("POST", "/api/v1/incidents").by(by).json(&said)).await.json();
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_goes_from_the_proposal_to_the_proof() {
    let mut house = House::new();
    let (rob, mia) = (house.token("rob", &[], None), house.token("mia", &[], None));
    let incident = incident(&house, &mia).await;
    let mut wanted = item("Add a runbook for the shop", "rob");
    wanted["kind"] = json!("mitigate");
    wanted["check"] = json!({ "by": "document", "document": "service/shop", "field": "/runbook", "must": "exist" });
    let made =
        house.call(ask("POST", &format!("/api/v1/incidents/{incident}/action-items")).by(&mia).json(&wanted)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let made = made.json();
    assert_eq!(
        (&made["state"], &made["check_says"]),
        (&json!("proposed"), &json!("/runbook of service/shop is there"))
    );
    let id = made["id"].as_str().unwrap().to_owned();
    let act = async |by: &str, body: Value| {
        house.call(ask("POST", &format!("/api/v1/action-items/{id}")).by(by).json(&body)).await
    };
    assert_eq!(act(&mia, json!({ "do": "accept" })).await.status, StatusCode::FORBIDDEN);
    assert_eq!(act(&rob, json!({ "do": "accept" })).await.json()["state"], "accepted");
    assert_eq!(act(&rob, json!({ "do": "done", "said": "written" })).await.json()["state"], "done");
    assert_eq!(act(&rob, json!({ "do": "check" })).await.json()["state"], "done", "it is not there yet");
    assert_eq!(act(&mia, json!({ "do": "confirm", "seen": "x" })).await.status, StatusCode::CONFLICT);
    house.wait(60);
    house.apply("kind: service\nname: shop\nspec: { title: Shop, team: web, escalation_policy: web, runbook: 'https://wiki.example/shop' }");
    let act = async |by: &str, body: Value| {
        house.call(ask("POST", &format!("/api/v1/action-items/{id}")).by(by).json(&body)).await
    };
    assert_eq!(act(&rob, json!({ "do": "check" })).await.json()["state"], "verified");
    let shown = house.call(ask("GET", &format!("/api/v1/action-items/{id}")).by(&rob)).await.json();
    let answers: Vec<&str> =
        shown["evidence"].as_array().unwrap().iter().map(|one| one["answer"].as_str().unwrap()).collect();
    assert_eq!(
        (answers, &shown["strength"], &shown["incident_title"]),
        (vec!["yes", "no"], &json!("document"), &json!("The queue is full"))
    );
    let of = house.call(ask("GET", &format!("/api/v1/incidents/{incident}/action-items")).by(&mia)).await.json();
    assert_eq!(of["items"][0]["id"], id.as_str());
    let list = async |query: &str| {
        let found = house.call(ask("GET", &format!("/api/v1/action-items?{query}")).by(&rob)).await.json();
        found["items"].as_array().unwrap().len()
    };
    for (query, count) in [
        ("", 1),
        ("owner=me", 1),
        ("owner=mia", 0),
        ("state=open", 0),
        ("state=verified&kind=mitigate", 1),
        ("service=shop", 1),
        ("overdue=true", 0),
    ] {
        assert_eq!(list(query).await, count, "{query}");
    }
    let curves = house.call(ask("GET", "/api/v1/action-items/survival?by=kind").by(&rob)).await.json();
    assert_eq!((&curves["items"][0]["n"], &curves["items"][0]["steps"]), (&json!(1), &json!([])), "one cannot tell");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_or_proven_is_refused_with_its_place() {
    let mut house = House::new();
    let mia = house.token("mia", &[], None);
    let incident = incident(&house, &mia).await;
    let with = |name: &str, value: Value| {
        let mut wanted = item("Limit the queue", "rob");
        wanted[name] = value;
        wanted
    };
    let before = house.events();
    for (body, place) in [
        (with("title", json!("Be more careful")), "/title"),
        (with("title", json!("Improve monitoring")), "/title"),
        (
            json!({ "title": "Investigate the queue", "bound": "when we know", "owner": "rob", "kind": "prevent" }),
            "/bound",
        ),
        (with("title", json!(" ")), "/title"),
        (with("bound", json!("")), "/bound"),
        (with("owner", json!("nobody")), "/owner"),
        (with("due_at", json!("2020-01-01T00:00:00Z")), "/due_at"),
        (with("check", json!({ "by": "url", "url": "file:///etc/passwd" })), "/check/url"),
        (with("check", json!({ "by": "replay", "service": "shpo" })), "/check/service"),
        (
            with("check", json!({ "by": "document", "document": "shop", "field": "/a", "must": "exist" })),
            "/check/document",
        ),
    ] {
        let path = format!("/api/v1/incidents/{incident}/action-items");
        let answer = house.call(ask("POST", &path).by(&mia).json(&body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.text);
        assert!(answer.text.contains(&format!("\"{place}\"")), "{body}: {}", answer.text);
    }
    for query in ["state=lost", "kind=lost", "owner=No%20Name", "by=x"] {
        let answer = house.call(ask("GET", &format!("/api/v1/action-items?{query}")).by(&mia)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}: {}", answer.text);
    }
    assert_eq!(house.events(), before, "nothing happened");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_do_the_same_and_keep_what_was_typed() {
    let mut house = House::new();
    let mia = house.token("mia", &[], None);
    let cookie = house.session("rob");
    let incident = incident(&house, &mia).await;
    let post = async |house: &House, path: &str, form: &str| {
        let asked = ask("POST", path).text("application/x-www-form-urlencoded", form);
        house.call(asked.with("cookie", &cookie).with("accept", "text/html")).await
    };
    let get = async |house: &House, path: &str| {
        let answer = house.call(ask("GET", path).with("cookie", &cookie).with("accept", "text/html")).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.text
    };
    let path = format!("/incidents/{incident}/action-items");
    assert!(get(&house, &path).await.contains("60 days after"));
    let form = "title=Improve+monitoring&bound=it+is+%3Cb%3Ebetter&owner=rob&kind=detect&priority=high&check=manual";
    let refused = post(&house, &path, form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("cannot be done as it is written") && refused.text.contains("it is &#60;b&#62;better"),
        "{}",
        refused.text
    );
    let form = "title=Page+when+the+queue+is+full&bound=the+replay+pages&owner=rob&kind=detect&priority=high&check=replay&within=5m";
    let made = post(&house, &path, form).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let here = made.headers["location"].to_str().unwrap().to_owned();
    let page = get(&house, &here).await;
    assert!(page.contains("page somebody within 5m") && page.contains("It is done"), "{page}");
    assert_eq!(post(&house, &here, "act=done&said=merged").await.status, StatusCode::SEE_OTHER);
    assert!(get(&house, &here).await.contains("done, not proven"));
    assert!(get(&house, &format!("/incidents/{incident}")).await.contains("Page when the queue is full"));
    assert!(get(&house, "/action-items?tab=all&kind=detect").await.contains("Page when the queue is full"));
    assert!(get(&house, "/action-items?tab=all&kind=nothing").await.contains("is one of prevent"));
    assert_eq!(post(&house, &here, "act=reopen&why-reopen=it+was+not+enough").await.status, StatusCode::SEE_OTHER);
    let edit = "act=edit&title=Page+when+it+is+full&bound=the+replay+pages&kind=detect&priority=low&check=manual&due=2030-01-01&why=later";
    assert!(post(&house, &here, edit).await.text.contains("more than a year"), "a day that is too far");
    let edit = "act=edit&title=Page+when+it+is+full&bound=the+replay+pages&kind=detect&priority=low&check=manual";
    assert_eq!(post(&house, &here, edit).await.status, StatusCode::SEE_OTHER);
    assert!(get(&house, &here).await.contains("by hand"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_comes_in_parts_each_item_once_and_those_that_are_over_last() {
    let mut house = House::new();
    let (rob, mia) = (house.token("rob", &[], None), house.token("mia", &[], None));
    let incident = incident(&house, &mia).await;
    let (mut ids, begun) = (Vec::new(), house.now());
    for (title, days) in
        [("Add a limit", 30), ("Add a test", 10), ("Add a page", 20), ("Add a graph", 20), ("Add a drill", 5)]
    {
        let mut wanted = item(title, "mia");
        wanted["due_at"] = json!(domain::words::Span::hours(24 * days).after(begun));
        let made =
            house.call(ask("POST", &format!("/api/v1/incidents/{incident}/action-items")).by(&mia).json(&wanted)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        ids.push(made.json()["id"].as_str().unwrap().to_owned());
        house.wait(1);
    }
    let done = house
        .call(ask("POST", &format!("/api/v1/action-items/{}", ids[4])).by(&mia).json(&json!({ "do": "done" })))
        .await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let (mut seen, mut path) = (Vec::new(), "/api/v1/action-items?owner=mia&limit=2".to_owned());
    for _ in 0..9 {
        let answer = house.call(ask("GET", &path).by(&rob)).await;
        let body = answer.json();
        let part = body["items"].as_array().unwrap();
        assert!(part.len() <= 2, "{body}");
        seen.extend(part.iter().map(|one| one["title"].as_str().unwrap().to_owned()));
        let link = answer.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        assert_eq!(link.is_some(), body["next_cursor"].is_string());
        let Some(link) = link else { break };
        path = link.strip_prefix('<').unwrap().split('>').next().unwrap().to_owned();
        assert!(path.contains("owner=mia"), "the next part is of the same: {path}");
    }
    // By when they are due, of one day by their ids; what is done comes last, though it was due first.
    assert_eq!(seen, ["Add a test", "Add a page", "Add a graph", "Add a limit", "Add a drill"]);
    let whole = house.call(ask("GET", "/api/v1/action-items").by(&rob)).await.json();
    assert_eq!((whole["items"].as_array().unwrap().len(), &whole["next_cursor"]), (5, &Value::Null));
    for query in ["limit=0", "limit=501", "cursor=zzz", "cursor=dHJ1ZQ", "cursor=dHJ1ZSB4IHk"] {
        let refused = house.call(ask("GET", &format!("/api/v1/action-items?{query}")).by(&rob)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}: {}", refused.text);
    }
}
