//! The record of an incident over HTTP: what is sent is what is kept, what is altered is not given out, and what is marked
//! stays where it may be.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, StatusCode};
use domain::respond::evidence::Digest;
use http_body::Frame;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use crate::support::{Answer, EVIDENCE_MOST, House, ask};

/// A house with an open incident that rob declared; max is none of those who are named.
struct Breach {
    house: House,
    rob: String,
    max: String,
    incident: String,
}

impl Breach {
    async fn new() -> Self {
        let mut house = House::new();
        let (rob, max) = (house.token("rob", &[], None), house.token("max", &[], None));
        let new = json!({ "title": "A token was used", "class": "security", "visibility": "open" });
        let made = house.call(ask("POST", "/api/v1/incidents").by(&rob).json(&new)).await.json();
        let incident = made["id"].as_str().unwrap().to_owned();
        Self { house, rob, max, incident }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/incidents/{}/{rest}", self.incident)
    }

    async fn get(&self, rest: &str, by: &str) -> Answer {
        self.house.call(ask("GET", &self.path(rest)).by(by)).await
    }

    async fn post(&self, rest: &str, body: &Value) -> Answer {
        self.house.call(ask("POST", &self.path(rest)).by(&self.rob).json(body)).await
    }

    /// Sends bytes as evidence.
    async fn send(&self, query: &str, bytes: &str) -> Answer {
        self.house.call(ask("POST", &self.path(&format!("evidence?{query}"))).by(&self.rob).text("x/y", bytes)).await
    }

    /// The word of each entry of the journal, the latest first.
    async fn told(&self) -> Vec<Value> {
        let journal = self.house.call(ask("GET", "/api/v1/journal?limit=500").by(&self.max)).await.json();
        journal["items"].as_array().unwrap().clone()
    }
}

fn hash(bytes: &[u8]) -> String {
    Digest(Sha256::digest(bytes).into()).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_is_kept_handed_over_and_given_out_as_it_was() {
    let breach = Breach::new().await;
    let bytes = "GET /login\r\n<script>alert(1)</script>";
    let query = format!(
        "title=Log+of+the+proxy&file=..%2F..%2Fevil%22%0D%0Ax.html&type=text/html&place=Frankfurt&tlp=AMBER%2BSTRICT&\
         collected_at=2026-09-20T10:00:00Z&sha256={}",
        hash(bytes.as_bytes())
    );
    let made = breach.send(&query, bytes).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let one = made.json();
    let id = one["id"].as_str().unwrap();
    assert_eq!(made.headers["location"], breach.path(&format!("evidence/{id}")));
    assert_eq!(one["sha256"], hash(bytes.as_bytes()));
    assert_eq!((one["size"].as_u64(), one["holder"].as_str()), (Some(bytes.len() as u64), Some("rob")));
    assert_eq!((one["file"].as_str(), one["tlp"].as_str()), (Some("evil\"__x.html"), Some("AMBER+STRICT")));
    let hand = json!({ "to": "Forensics Ltd", "why": "to be looked through", "place": "the lab" });
    let handed = breach.post(&format!("evidence/{id}/hand-over"), &hand).await;
    assert_eq!(handed.json()["holder"], "Forensics Ltd");
    let copy = breach.house.call(ask("POST", &breach.path(&format!("evidence/{id}/download"))).by(&breach.rob)).await;
    assert_eq!((copy.status, copy.text.as_str()), (StatusCode::OK, bytes));
    assert_eq!(copy.headers["content-type"], "application/octet-stream");
    assert_eq!(copy.headers["x-content-type-options"], "nosniff");
    assert_eq!(
        copy.headers["content-disposition"],
        "attachment; filename=\"evil___x.html\"; filename*=UTF-8''evil%22__x.html"
    );
    let shown = breach.get(&format!("evidence/{id}"), &breach.rob).await.json();
    let steps: Vec<&str> =
        shown["custody"].as_array().unwrap().iter().map(|line| line["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["collected", "handed-over", "downloaded"]);
    assert_eq!(shown["custody"][1]["from"], "rob");
    // Each is on the timeline, and says nothing of what is marked above AMBER.
    let told = breach.told().await;
    for word in ["evidence.collected", "evidence.handed-over", "evidence.downloaded"] {
        let entry = told.iter().find(|entry| entry["kind"] == word).unwrap_or_else(|| panic!("{word}: {told:#?}"));
        let text = entry.to_string();
        assert!(!text.contains("proxy") && !text.contains("Forensics") && text.contains("AMBER+STRICT"), "{text}");
    }
    // The same bytes again are kept once.
    breach.send("title=Again", bytes).await;
    let files = std::fs::read_dir(&breach.house.evidence.0).unwrap().count();
    assert_eq!(files, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leaves_nothing() {
    let breach = Breach::new().await;
    let before = breach.house.events();
    let wrong = hash(b"something else");
    for (query, status, at) in [
        (format!("title=x&sha256={wrong}"), StatusCode::BAD_REQUEST, json!("?sha256")),
        ("title=x&sha256=abc".into(), StatusCode::BAD_REQUEST, json!("?sha256")),
        ("title=%20".into(), StatusCode::BAD_REQUEST, json!("/title")),
        ("title=x&tlp=PINK".into(), StatusCode::BAD_REQUEST, json!("?tlp")),
        ("title=x&collected_at=2050-01-01T00:00:00Z".into(), StatusCode::BAD_REQUEST, json!("/collected_at")),
        ("title=x&unknown=1".into(), StatusCode::BAD_REQUEST, Value::Null),
    ] {
        let answer = breach.send(&query, "bytes").await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
        if !at.is_null() && !query.contains("PINK") {
            assert_eq!(answer.json()["at"], at, "{query}");
        }
    }
    let elsewhere = breach.post("evidence/elsewhere", &json!({ "title": "A disk" })).await;
    assert_eq!((elsewhere.status, elsewhere.json()["at"].as_str()), (StatusCode::BAD_REQUEST, Some("/sha256")));
    let many = Request::builder()
        .method("POST")
        .uri(breach.path("evidence?title=x"))
        .header("authorization", format!("Bearer {}", breach.rob))
        .header("content-length", EVIDENCE_MOST + 1)
        .body(Body::empty())
        .unwrap();
    let refused = breach.house.router().oneshot(many).await.unwrap();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let keyed =
        ask("POST", &breach.path("evidence?title=x")).by(&breach.rob).text("x/y", "a").with("idempotency-key", "k");
    let keyed = breach.house.call(keyed).await;
    assert_eq!((keyed.status, keyed.json()["at"].as_str()), (StatusCode::BAD_REQUEST, Some("?sha256")));
    assert_eq!(breach.house.events(), before);
    let left = std::fs::read_dir(&breach.house.evidence.0).map_or(0, |entries| {
        entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).count()
    });
    assert_eq!(left, 0, "no part is left over");
}

/// A body of so many bytes, which notes how far it is ahead of the disk.
struct Long {
    left: u64,
    sent: u64,
    folder: std::path::PathBuf,
    ahead_most: Arc<AtomicU64>,
}

const PART: u64 = 64 << 10;

impl HttpBody for Long {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let written: u64 = entries.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum();
        self.ahead_most.fetch_max(self.sent.saturating_sub(written), Ordering::Relaxed);
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let length = self.left.min(PART);
        self.left -= length;
        self.sent += length;
        let byte = (self.sent / PART).to_le_bytes()[0];
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![byte; usize::try_from(length).unwrap()])))))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_mebibytes_go_through_without_being_gathered() {
    let breach = Breach::new().await;
    let (size, ahead_most) = (50 << 20, Arc::new(AtomicU64::new(0)));
    let body = Long { left: size, sent: 0, folder: breach.house.evidence.0.clone(), ahead_most: ahead_most.clone() };
    let request = |path: &str, body: Body| {
        let request = Request::builder().method("POST").uri(breach.path(path));
        request.header("authorization", format!("Bearer {}", breach.rob)).body(body).unwrap()
    };
    let answer = breach.house.router().oneshot(request("evidence?title=Disk", Body::new(body))).await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let made = axum::body::to_bytes(answer.into_body(), 1 << 16).await.unwrap();
    let made: Value = serde_json::from_slice(&made).unwrap();
    assert_eq!(made["size"], size);
    let ahead = ahead_most.load(Ordering::Relaxed);
    assert!(ahead <= (512 << 10), "{ahead} bytes were in memory");
    let path = format!("evidence/{}/download", made["id"].as_str().unwrap());
    let answer = breach.house.router().oneshot(request(&path, Body::empty())).await.unwrap();
    let (mut body, mut seen, mut largest) = (answer.into_body(), Sha256::new(), 0);
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let data = frame.unwrap().into_data().unwrap();
        largest = largest.max(data.len());
        seen.update(&data);
    }
    assert_eq!(Digest(seen.finalize().into()).to_string(), made["sha256"]);
    assert!(largest <= (256 << 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn altered_evidence_is_refused_loudly_and_noted_once() {
    let breach = Breach::new().await;
    let made = breach.send("title=Log", "the log").await.json();
    let id = made["id"].as_str().unwrap();
    let file = breach.house.evidence.0.join(made["sha256"].as_str().unwrap());
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, "the lag").unwrap();
    let download = ask("POST", &breach.path(&format!("evidence/{id}/download"))).by(&breach.rob);
    for _ in 0..2 {
        let refused = breach.house.call(download.clone()).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
        assert!(refused.text.contains("altered or is gone") && !refused.text.contains("the lag"));
    }
    let told = breach.told().await;
    assert_eq!(told.iter().filter(|entry| entry["kind"] == "evidence.altered").count(), 1);
    assert_eq!(told.iter().filter(|entry| entry["kind"] == "evidence.downloaded").count(), 0);
    let shown = breach.get(&format!("evidence/{id}"), &breach.rob).await.json();
    assert!(shown["altered_at"].is_string());
    assert_eq!(shown["custody"][1]["step"], "altered");
    // Whoever has the right bytes mends it.
    breach.send("title=Log+again", "the log").await;
    assert_eq!(breach.house.call(download).await.text, "the log");
    let elsewhere = json!({ "title": "A disk", "why_no_hash": "not imaged" });
    let elsewhere = breach.post("evidence/elsewhere", &elsewhere).await.json();
    let path = breach.path(&format!("evidence/{}/download", elsewhere["id"].as_str().unwrap()));
    assert_eq!(breach.house.call(ask("POST", &path).by(&breach.rob)).await.status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_red_stays_with_those_inside_by_every_door() {
    let mut breach = Breach::new().await;
    let evidence = breach.send("title=The+red+heron&tlp=RED", "heron").await.json();
    let evidence = evidence["id"].as_str().unwrap().to_owned();
    let seen = json!({ "values": [{ "value": "heron.example" }], "tlp": "RED", "note": "heron" });
    let seen = breach.post("observables", &seen).await.json();
    let observable = seen["added"][0]["id"].as_str().unwrap().to_owned();
    breach.post(&format!("observables/{observable}"), &json!({ "do": "judge", "verdict": "malicious" })).await;
    let cookie = breach.house.session("max");
    let shows = |answer: &Answer| answer.text.contains("heron");
    for rest in ["evidence", "observables", "observables.csv?tlp=RED", "timeline"] {
        assert!(!shows(&breach.get(rest, &breach.max).await), "{rest}");
    }
    assert!(!shows(&breach.house.call(ask("GET", "/api/v1/journal?limit=500").by(&breach.max)).await));
    for page in ["record", ""] {
        let path = format!("/incidents/{}/{page}", breach.incident);
        let page = ask("GET", path.trim_end_matches('/')).with("cookie", &cookie).with("accept", "text/html");
        let answer = breach.house.call(page).await;
        assert!(answer.status == StatusCode::OK && !shows(&answer), "{path}");
        assert!(answer.text.contains("TLP:RED"), "{path}: that something is marked so may be known");
    }
    let one = breach.get(&format!("evidence/{evidence}"), &breach.max).await;
    assert_eq!(one.status, StatusCode::NOT_FOUND);
    let by_max = async |rest: String, body: Value| {
        breach.house.call(ask("POST", &breach.path(&rest)).by(&breach.max).json(&body)).await.status
    };
    assert_eq!(by_max(format!("evidence/{evidence}/download"), json!({})).await, StatusCode::NOT_FOUND);
    let strike = json!({ "do": "strike", "why": "x" });
    assert_eq!(by_max(format!("observables/{observable}"), strike).await, StatusCode::NOT_FOUND);
    // He cannot add what he could not see; and what he adds tells him nothing.
    let red = json!({ "values": [{ "value": "192.0.2.7" }], "tlp": "RED" });
    assert_eq!(by_max("observables".into(), red).await, StatusCode::FORBIDDEN);
    assert_eq!(by_max("evidence?title=x&tlp=RED".into(), json!({})).await, StatusCode::FORBIDDEN);
    let same = json!({ "values": [{ "value": "heron.example" }] });
    let same = breach.house.call(ask("POST", &breach.path("observables")).by(&breach.max).json(&same)).await.json();
    assert_eq!((same["added"].as_array().unwrap().len(), same["known"].as_array().unwrap().len()), (1, 0));
    // Once he is named he sees it.
    breach.post("people", &json!({ "person": "max" })).await;
    assert!(shows(&breach.get("evidence", &breach.max).await));
    assert!(shows(&breach.get("observables.csv?tlp=RED", &breach.max).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_goes_as_far_as_it_is_told_and_runs_nothing() {
    let breach = Breach::new().await;
    for (value, kind, tlp) in [
        ("clear.example", "domain", "CLEAR"),
        ("green.example", "domain", "GREEN"),
        ("amber.example", "domain", "AMBER"),
        ("strict.example", "domain", "AMBER+STRICT"),
        ("red.example", "domain", "RED"),
        ("=cmd|'/c calc'!A1", "user-agent", "CLEAR"),
        ("gone.example", "domain", "CLEAR"),
    ] {
        let new = json!({ "values": [{ "value": value, "type": kind }], "tlp": tlp, "note": "@sum(1,2)" });
        let made = breach.post("observables", &new).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        if value == "gone.example" {
            let id = made.json()["added"][0]["id"].as_str().unwrap().to_owned();
            breach.post(&format!("observables/{id}"), &json!({ "do": "strike", "why": "ours" })).await;
        }
    }
    for (query, upto) in [
        ("?tlp=CLEAR", 1),
        ("?tlp=green", 2),
        ("", 3),
        ("?tlp=AMBER", 3),
        ("?tlp=AMBER%2BSTRICT", 4),
        ("?tlp=AMBER+STRICT", 4),
        ("?tlp=TLP:RED", 5),
    ] {
        let answer = breach.get(&format!("observables.csv{query}"), &breach.rob).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let order = ["clear", "green", "amber", "strict", "red"];
        for (place, word) in order.iter().enumerate() {
            assert_eq!(answer.text.contains(&format!("{word}.example")), place < upto, "{query}: {word}");
        }
        assert!(!answer.text.contains("gone.example"));
    }
    let answer = breach.get("observables.csv?tlp=CLEAR", &breach.rob).await;
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    assert!(answer.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert!(answer.text.contains("user-agent,'=cmd|'/c calc'!A1,"), "{}", answer.text);
    assert!(answer.text.contains("\"'@sum(1,2)\""), "{}", answer.text);
    assert!(answer.text.contains("clear[.]example"));
    assert_eq!(breach.get("observables.csv?tlp=PINK", &breach.rob).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn observables_are_read_in_any_form_and_a_wrong_one_is_told_with_its_place() {
    let breach = Breach::new().await;
    let values = json!([
        { "value": "hxxps://EVIL[.]example/a?b=<script>" },
        { "value": "192[.]0[.]2[.]7" },
        { "value": "192.0.2.7" },
        { "value": "svchost.exe -k \"x\"", "type": "process" },
    ]);
    let done = breach.post("observables", &json!({ "values": values, "verdict": "malicious" })).await.json();
    let shown: Vec<(&str, &str)> = done["added"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["value"].as_str().unwrap(), one["defanged"].as_str().unwrap()))
        .collect();
    assert_eq!(
        shown,
        [
            ("https://evil.example/a?b=%3Cscript%3E", "hxxps://evil[.]example/a?b=%3Cscript%3E"),
            ("192.0.2.7", "192[.]0[.]2[.]7"),
            ("svchost.exe -k \"x\"", "svchost.exe -k \"x\""),
        ]
    );
    assert_eq!(done["known"].as_array().unwrap().len(), 1, "twice is once");
    let before = breach.house.events();
    for (body, at) in [
        (json!({ "values": [] }), "/values"),
        (json!({ "values": [{ "value": "192.0.2.8" }, { "value": "what is this" }] }), "/values/1/type"),
        (json!({ "values": [{ "value": "192.0.2.300", "type": "ipv4" }] }), "/values/0/value"),
        (json!({ "values": [{ "value": "x", "type": "ipv5" }] }), "/values/0/type"),
    ] {
        let answer = breach.post("observables", &body).await;
        assert_eq!(
            (answer.status, answer.json()["at"].as_str()),
            (StatusCode::BAD_REQUEST, Some(at)),
            "{}",
            answer.text
        );
    }
    assert_eq!(breach.house.events(), before, "all or none");
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_and_techniques_are_claims_that_stay_on_record() {
    let breach = Breach::new().await;
    let new =
        json!({ "subject": "customers", "data": "payment data", "count": { "precision": "at-least", "value": 40 } });
    let one = breach.post("affected", &new).await.json();
    let id = one["id"].as_str().unwrap();
    assert_eq!(breach.post("affected", &new).await.status, StatusCode::CONFLICT);
    let counted = json!({ "precision": "between", "value": 1000, "to": 1300, "source": "a query" });
    let one = breach.post(&format!("affected/{id}"), &counted).await.json();
    let counts: Vec<(&str, bool)> = one["counts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|count| (count["count"].as_str().unwrap(), count["counts"].as_bool().unwrap()))
        .collect();
    assert_eq!(counts, [("at least 40", false), ("1,000 to 1,300", true)]);
    let wrong = breach.post("affected", &json!({ "subject": "money", "unit": "EUR", "count": {} })).await;
    assert_eq!(wrong.json()["at"], "/count/value");
    let name = |technique: &str| json!({ "do": "name", "technique": technique });
    let known = breach.post("techniques", &name("t1566.001")).await.json();
    assert_eq!((known["name"].as_str(), known["warning"].as_str()), (Some("Phishing: Spearphishing Attachment"), None));
    assert_eq!(breach.post("techniques", &name("T1566.001")).await.status, StatusCode::CONFLICT);
    let unknown = breach.post("techniques", &name("T9999")).await.json();
    assert!(unknown["warning"].as_str().unwrap().contains("not in the list"));
    assert_eq!(breach.post("techniques", &name("phishing")).await.status, StatusCode::BAD_REQUEST);
    let entry = breach.post("entries", &json!({ "text": "a mail came" })).await.json()["id"].clone();
    let of_entry = breach.post("techniques", &json!({ "do": "name", "technique": "T1566", "entry": entry })).await;
    assert_eq!((of_entry.status, of_entry.json()["entry"].clone()), (StatusCode::OK, entry.clone()));
    let none = entry.as_str().unwrap().replace("evt_0", "evt_1");
    let none = breach.post("techniques", &json!({ "do": "name", "technique": "T1566", "entry": none })).await;
    assert_eq!(none.json()["at"], "/entry");
    let withdraw = json!({ "do": "withdraw", "technique": "T9999", "why": "mistyped" });
    assert_eq!(breach.post("techniques", &withdraw).await.json()["withdrawn"]["why"], "mistyped");
    assert_eq!(breach.post("techniques", &withdraw).await.status, StatusCode::NOT_FOUND);
    assert_eq!(breach.get("techniques", &breach.max).await.json()["items"].as_array().unwrap().len(), 3);
}

/// A form with a file, as a browser sends it.
fn form(fields: &[(&str, &str)], file: Option<(&str, &str)>) -> (String, String) {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!("--b0\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    let (name, bytes) = file.unwrap_or(("", ""));
    body += &format!(
        "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n{bytes}\r\n--b0--\r\n"
    );
    ("multipart/form-data; boundary=b0".into(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_takes_a_file_by_a_plain_form_and_shows_everything() {
    let mut breach = Breach::new().await;
    let cookie = breach.house.session("rob");
    let page = format!("/incidents/{}", breach.incident);
    let large = "x".repeat(3 << 20);
    let post = async |path: &str, kind: &str, body: &str| {
        let ask = ask("POST", &format!("{page}/{path}")).with("cookie", &cookie).with("accept", "text/html");
        breach.house.call(ask.text(kind, body)).await
    };
    let (kind, body) =
        form(&[("title", "Log <b>of</b> pay-1"), ("tlp", "GREEN"), ("place", "Frankfurt")], Some(("a.log", &large)));
    let kept = post("evidence", &kind, &body).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.text);
    assert_eq!(kept.headers["location"], format!("{page}/record#evidence"));
    let (kind, body) = form(&[("title", "Disk"), ("why_no_hash", "not imaged")], None);
    assert_eq!(post("evidence", &kind, &body).await.status, StatusCode::SEE_OTHER);
    let all = breach.get("evidence", &breach.rob).await.json();
    assert_eq!(all["items"][0]["sha256"], hash(large.as_bytes()));
    assert_eq!((all["items"][0]["file"].as_str(), all["items"][1]["kept"].as_bool()), (Some("a.log"), Some(false)));
    let before = breach.house.events();
    for fields in [&[("title", "")][..], &[("title", "x"), ("sha256", "abc")], &[("title", "x"), ("at", "yesterday")]] {
        let (kind, body) = form(fields, Some(("a.log", "x")));
        assert_eq!(post("evidence", &kind, &body).await.status, StatusCode::SEE_OTHER);
    }
    let (kind, body) = form(&[("title", "x")], None);
    post("evidence", &kind, &body).await;
    assert_eq!(breach.house.events(), before, "each was refused, with a word on the page");
    let plain = "application/x-www-form-urlencoded";
    let found =
        post("observables", plain, "act=look&text=see+hxxp%3A%2F%2Fevil%5B.%5Dexample%2Fa+and+192.0.2.7&tlp=GREEN")
            .await;
    assert!(found.text.contains("value=\"url http://evil.example/a\"") && found.text.contains("192[.]0[.]2[.]7"));
    let added = post(
        "observables",
        plain,
        "act=add&tlp=GREEN&verdict=malicious&value=ipv4+192.0.2.7&value=user-agent+%3Cb%3Ex",
    )
    .await;
    assert_eq!(added.status, StatusCode::SEE_OTHER);
    post("affected", plain, "subject=customers&count=about+1200&data=payment+data").await;
    post("techniques", plain, "act=name&technique=T1566.001+Phishing%3A+Spearphishing+Attachment").await;
    let get = async |path: &str| {
        breach.house.call(ask("GET", path).with("cookie", &cookie).with("accept", "text/html")).await.text
    };
    let shown = get(&format!("{page}/record")).await;
    for text in [
        "Log &#60;b&#62;of&#60;/b&#62; pay-1",
        "no hash: not imaged",
        "192[.]0[.]2[.]7",
        "&#60;b&#62;x",
        "about 1,200",
        "Phishing: Spearphishing Attachment",
        "© 2025 The MITRE Corporation",
    ] {
        assert!(shown.contains(text), "{text} is not on the page");
    }
    assert!(!shown.contains("href=\"http://evil"), "nothing leads there");
    let room = get(&page).await;
    assert!(room.contains(&format!("{page}/record#evidence")) && room.contains("Seen: 192[.]0[.]2[.]7"), "{room}");
}
