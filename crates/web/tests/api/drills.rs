//! Drills over the API: declared, listed, told in JSON and in pages, refused to the public.

use axum::http::StatusCode;
use domain::respond::drill_reading;
use serde_json::{Value, json};

use crate::status::PAGE;
use crate::support::{House, ask};

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_says_so_wherever_it_is_named_and_nothing_in_public() {
    let mut house = House::new();
    house.apply(PAGE);
    let rob = house.token("rob", &[], None);
    let declare = async |title: &str, drill: Option<bool>| -> Value {
        let mut body = json!({ "title": title, "class": "system" });
        if let Some(drill) = drill {
            body["drill"] = json!(drill);
        }
        let answer = house.call(ask("POST", "/api/v1/incidents").by(&rob).json(&body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()
    };
    let (drill, real) = (declare("A rack burns", Some(true)).await, declare("Payments fail", None).await);
    assert_eq!(
        (&drill["drill"], &real["drill"], &drill["title"]),
        (&json!(true), &json!(false), &json!("A rack burns"))
    );
    let id = drill["id"].as_str().unwrap();
    let listed = async |query: &str| -> Vec<String> {
        let found = house.call(ask("GET", &format!("/api/v1/incidents?{query}")).by(&rob)).await.json();
        found["items"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed("drill=true").await, ["A rack burns"]);
    assert_eq!(listed("drill=false").await, ["Payments fail"]);
    assert_eq!(listed("").await.len(), 2);
    let wrong = house.call(ask("GET", "/api/v1/incidents?drill=maybe").by(&rob)).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.text);

    // The journal, and the file that proves itself.
    let bundle = house.call(ask("GET", &format!("/api/v1/incidents/{id}/bundle")).by(&rob)).await;
    assert!(bundle.text.contains("\"drill\":true") || bundle.text.contains("\"drill\": true"), "{}", bundle.text);

    for (path, body, place) in [
        (
            format!("/api/v1/incidents/{id}/updates"),
            json!({ "audience": "public", "stage": "investigating", "text": "It burns", "title": "Fire" }),
            "/audience",
        ),
        (
            "/api/v1/notices".to_owned(),
            json!({ "title": "Fire", "state": "investigating", "text": "It burns", "incident": id }),
            "/incident",
        ),
    ] {
        let refused = house.call(ask("POST", &path).by(&rob).json(&body)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
        assert_eq!(refused.json()["at"], place);
        assert!(refused.text.contains("a drill says nothing in public"), "{}", refused.text);
    }
    let public = house.call(ask("GET", "/status")).await.text;
    assert!(!public.contains("burns") && !public.contains("Fire"), "{public}");
    let audit = house.call(ask("GET", "/api/v1/status-audit").by(&rob)).await.text;
    assert!(!audit.contains("A rack burns"), "the audit is of what is real: {audit}");
}

const EXAMPLE: &str = include_str!("../../../../docs/examples/wrong-invoices.json");

/// Declares, plays a file as `allclear drill run` does, and ends it.
async fn play(house: &mut House, token: &str, because: &str, file: &Value) -> String {
    let body = json!({ "title": file["title"], "class": "system", "because": because, "drill": true });
    let made = house.call(ask("POST", "/api/v1/incidents").by(token).json(&body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    for event in file["events"].as_array().unwrap() {
        let entry = json!({ "sort": "observation", "text": event["text"], "at": event["t"], "played": event });
        let answer = house.call(ask("POST", &format!("/api/v1/incidents/{id}/entries")).by(token).json(&entry)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    }
    id
}

async fn end(house: &mut House, token: &str, id: &str) {
    let over = json!({ "do": "resolve", "why": "it is over" });
    let answer = house.call(ask("POST", &format!("/api/v1/incidents/{id}/act")).by(token).json(&over)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_played_is_written_again_with_the_same_events_and_no_person() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let mut file: Value = serde_json::from_str(EXAMPLE).unwrap();
    file["events"][9]["facts"] = json!(["manual_recovery"]);
    let id = play(&mut house, &rob, "The drill of wrong-invoices.json is played", &file).await;
    let note = json!({ "text": "rob looks at the queue" });
    house.call(ask("POST", &format!("/api/v1/incidents/{id}/entries")).by(&rob).json(&note)).await;
    end(&mut house, &rob, &id).await;
    let written = house.call(ask("GET", &format!("/api/v1/incidents/{id}/drill-file")).by(&rob)).await;
    assert_eq!(written.status, StatusCode::OK, "{}", written.text);
    let before = drill_reading::read(file.to_string().as_bytes()).unwrap();
    let after = drill_reading::read(written.text.as_bytes()).unwrap();
    assert_eq!(after.events, before.events);
    assert_eq!((after.title, after.practises), (before.title, None), "it practises nothing that was real");
    assert!(!written.text.to_lowercase().contains("rob"), "{}", written.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_from_history_is_in_no_measure_and_its_sheet_names_what_was_missed() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let declared = json!({ "title": "Payments fail", "class": "system" });
    let made = house.call(ask("POST", "/api/v1/incidents").by(&rob).json(&declared)).await.json();
    let real = made["id"].as_str().unwrap().to_owned();
    for text in ["Cards of one bank alone fail", "The pool of connections is exhausted"] {
        let seen = json!({ "sort": "observation", "text": text });
        house.call(ask("POST", &format!("/api/v1/incidents/{real}/entries")).by(&rob).json(&seen)).await;
    }
    // Nothing is played in what is real.
    let event = json!({ "t": "2026-03-04T09:00:00Z", "kind": "alert", "text": "Errors" });
    let played = json!({ "text": "Errors", "played": event });
    let refused = house.call(ask("POST", &format!("/api/v1/incidents/{real}/entries")).by(&rob).json(&played)).await;
    assert_eq!((refused.status, &refused.json()["at"]), (StatusCode::CONFLICT, &json!("/played")), "{}", refused.text);
    end(&mut house, &rob, &real).await;
    let insights = house.call(ask("GET", "/api/v1/insights").by(&rob)).await;
    let file = house.call(ask("GET", &format!("/api/v1/incidents/{real}/drill-file")).by(&rob)).await.json();

    let drill = play(&mut house, &rob, &format!("It practises {real}"), &file).await;
    let note = json!({ "text": "it is the pool of connections, exhausted by something" });
    house.call(ask("POST", &format!("/api/v1/incidents/{drill}/entries")).by(&rob).json(&note)).await;
    end(&mut house, &rob, &drill).await;
    let sheet = house.call(ask("GET", &format!("/api/v1/incidents/{drill}/score-sheet")).by(&rob)).await;
    let sheet = sheet.json();
    assert_eq!(sheet["original"], json!(real));
    let taken: Vec<(&str, Option<&str>)> = sheet["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["title"].as_str().unwrap(), one["taken"].as_str()))
        .collect();
    assert_eq!(
        taken,
        [("Cards of one bank alone fail", None), ("The pool of connections is exhausted", Some("named"))],
        "{sheet}"
    );
    let text = house.call(ask("GET", &format!("/api/v1/incidents/{drill}/score-sheet.md")).by(&rob)).await.text;
    assert!(text.contains("- missed: finding Cards of one bank alone fail ("), "{text}");
    let page = house.call(ask("GET", &format!("/incidents/{drill}/score-sheet")).by(&rob)).await.text;
    assert!(page.contains("1 of 2 missed"), "{page}");
    assert!(!sheet.to_string().contains("rob"), "it names no person: {sheet}");
    let after = house.call(ask("GET", "/api/v1/insights").by(&rob)).await;
    // Drills are counted as such, beside all others.
    let counted = |text: &Value| {
        let cohorts = text["incidents"].as_array().unwrap().iter();
        let real: Vec<Value> = cohorts.filter(|one| one["which"] != "drill").cloned().collect();
        (real, text["measures"].clone())
    };
    assert_eq!(counted(&after.json()), counted(&insights.json()), "a drill is in no measure");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runbook_that_was_followed_in_a_drill_says_so_and_one_of_what_is_real_does_not() {
    let mut house = House::new();
    house.apply("kind: runbook\nname: queue\nspec: { title: The queue, match: ['alertname=Queue'], text: Look. }\n");
    let rob = house.token("rob", &[], None);
    let follow = json!({ "sort": "action", "text": "We went by it", "followed": ["runbook/queue"] });
    let last = async |house: &mut House| {
        house.call(ask("GET", "/api/v1/documents/runbook/queue").by(&rob)).await.json()["rehearsed"].clone()
    };
    for (drill, counts) in [(false, false), (true, true)] {
        let body = json!({ "title": "The queue stands still", "class": "system", "drill": drill });
        let made = house.call(ask("POST", "/api/v1/incidents").by(&rob).json(&body)).await.json();
        let id = made["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/incidents/{id}/entries");
        let answer = house.call(ask("POST", &path).by(&rob).json(&follow)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        let expected = if counts { json!(id) } else { Value::Null };
        assert_eq!(last(&mut house).await["drill"], expected);
        if counts {
            // What is struck does not hold.
            let entry = answer.json()["id"].as_str().unwrap().to_owned();
            let strike = json!({ "do": "strike", "why": "we did not" });
            house.call(ask("POST", &format!("{path}/{entry}")).by(&rob).json(&strike)).await;
            assert_eq!(last(&mut house).await, Value::Null);
        }
        for wrong in ["runbook/other", "service/queue"] {
            let refused = json!({ "text": "We went by it", "followed": [wrong] });
            let answer = house.call(ask("POST", &path).by(&rob).json(&refused)).await;
            assert!(answer.status.is_client_error() && answer.json()["at"] == "/followed", "{}", answer.text);
        }
    }
}
