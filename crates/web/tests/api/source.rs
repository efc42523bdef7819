//! The git source: it is planned once for each commit and each edit of documents.

use std::sync::Arc;

use actions::prepare::source::{Files, Waiting};
use axum::http::StatusCode;
use domain::prepare::addresses::Reader;
use domain::prepare::people::Access;
use serde_json::json;
use web::source::{Source, changes};

use crate::support::{House, ask, name};

fn files(commit: &str, title: &str) -> Arc<Files> {
    let text = format!("kind: team\nname: data\nspec: {{ title: {title}, members: [max] }}\n");
    let (branch, subject) = ("main".to_owned(), "The name".to_owned());
    Arc::new(Files { branch, commit: commit.into(), subject, texts: vec![("teams.yaml".into(), text)] })
}

fn planned(house: &House, reader: &Reader) -> Arc<Waiting> {
    house.store.read(|tx| changes(tx, &house.app, house.now(), reader)).unwrap().unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_of_the_source_is_made_anew_after_a_push_and_after_an_edit() {
    let mut house = House::new();
    let (ada, rob) = (house.token("ada", &[], None), house.token("rob", &[], None));
    let source = Arc::new(Source::new("/srv/documents".into(), "main".into()));
    _ = house.app.clone().following(source.clone());
    source.looked(Ok(files("abc1234", "Store")), house.now());
    let reader = Reader::new(Some(&name("mia")), Some(Access::Manager));
    let first = planned(&house, &reader);
    let waits = async |house: &House| {
        let page = house.call(ask("GET", "/documents").by(&rob).with("accept", "text/html")).await;
        assert_eq!(page.status, StatusCode::OK);
        page.text.contains("would change 1 document")
    };
    assert!(waits(&house).await);
    assert!(Arc::ptr_eq(&first, &planned(&house, &reader)), "whoever looks again sees the same plan");
    let other = planned(&house, &Reader::NOBODY);
    assert!(!Arc::ptr_eq(&first, &other), "each sees what they may");
    assert!(Arc::ptr_eq(&first, &planned(&house, &reader)));
    // Looked at again without news it is the same; after a push another.
    source.looked(Ok(files("abc1234", "Store")), house.now());
    assert!(Arc::ptr_eq(&first, &planned(&house, &reader)));
    source.looked(Ok(files("def5678", "Bazaar")), house.now());
    let pushed = planned(&house, &reader);
    assert!(!Arc::ptr_eq(&first, &pushed));
    assert!(waits(&house).await);
    // An edit: what was planned before is not what would happen now.
    let set =
        json!({ "documents": [{ "kind": "team", "name": "data", "spec": { "title": "Bazaar", "members": ["max"] } }] });
    let edited = house.call(ask("POST", "/api/v1/apply").by(&ada).json(&set)).await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.text);
    let after = planned(&house, &reader);
    assert!(!Arc::ptr_eq(&pushed, &after) && after.count() == 0);
    assert!(!waits(&house).await);
    assert!(Arc::ptr_eq(&after, &planned(&house, &reader)));
    // What is checked goes by the time, too.
    house.wait(16 * 60);
    assert!(!Arc::ptr_eq(&after, &planned(&house, &reader)));
}
