//! Rollback adapters over the API: who may set them, and what is not shown.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{House, ask};

#[tokio::test(flavor = "multi_thread")]
async fn administrators_set_them_and_the_path_of_a_webhook_is_for_managers() {
    let mut house = House::new();
    let (ada, max, rob) = (house.token("ada", &[], None), house.token("max", &[], None), house.token("rob", &[], None));
    let path = "/api/v1/documents/rollback-adapter/deployer";
    let spec =
        json!({ "title": "Deployer", "system": { "webhook": { "url": "https://deploy.example.org/in/s3cret" } } });
    let document = json!({ "kind": "rollback-adapter", "name": "deployer", "spec": spec });
    for (token, status) in [(&rob, StatusCode::FORBIDDEN), (&max, StatusCode::FORBIDDEN), (&ada, StatusCode::OK)] {
        let made = house.call(ask("PUT", path).by(token).json(&document)).await;
        assert_eq!(made.status, status, "{}", made.text);
    }
    let mut wrong = document.clone();
    wrong["name"] = json!("other");
    wrong["spec"]["system"] =
        json!({ "gitlab": { "url": "https://gitlab.example.org", "project": "a/../b", "ref": "main" } });
    let refused = house.call(ask("PUT", "/api/v1/documents/rollback-adapter/other").by(&ada).json(&wrong)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text.contains("/system/gitlab/project"), "{}", refused.text);
    for path in [path, "/api/v1/export", "/api/v1/journal?since=0&limit=500"] {
        let (all, some) = (house.call(ask("GET", path).by(&ada)).await, house.call(ask("GET", path).by(&rob)).await);
        assert_eq!(all.text.contains("s3cret"), !path.contains("journal"), "{path}: {}", all.text);
        assert!(!some.text.contains("s3cret"), "{path}: {}", some.text);
    }
}
