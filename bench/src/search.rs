//! Search: a million entries that are made up, and how well reports are found by one sentence that somebody else wrote of them.
//!
//! The index is that of the product, on disk. What is added and found goes the whole way: an act in a transaction on SQLite, and
//! a search on behalf of a person.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use actions::learn::search::{Wanted, search};
use actions::node::{Identity, Node};
use actions::respond::entries::add;
use actions::respond::incidents::{Declaration, declare};
use actions::{Halt, Moment};
use domain::engage::links::LinkKey;
use domain::learn::queries::read;
use domain::learn::search::{Document, Found, Key};
use domain::respond::entries::{Entry, Sort};
use domain::respond::incidents::Class;
use domain::respond::sight::Sight;
use domain::words::{Actor, EventId, IncidentId, Mint, Name, Timestamp};
use serde_json::Value;
use store::learn::search::{Ask, Changed, Cursor, Folder, Hidden, Index, Order};
use store::{Place, Store};

/// Entries that are written at once, as when the product makes its index.
const AT_ONCE: usize = 20_000;
const QUERIES: usize = 1_000;
const INCIDENTS: u64 = 20_000;

/// Words as they stand in rooms, the commonest first.
const WORDS: &str = "the to is and of on for in error latency deploy failed service restart pod node alert checked again now \
    timeout database rollback traffic cluster primary replica queue memory cpu disk connection requests rate spike seeing \
    normal looks customers dashboard metrics logs config change release version failover region zone cache api gateway \
    payments checkout orders search login session token certificate expired dns resolved investigating mitigation applied \
    waiting confirmed reported paging responder incident update status page support ticket volume growing recovered degraded \
    partial full outage slow retry backoff limit throttled pool exhausted leak crash loop oom killed scheduler drain cordon \
    upgrade kernel network packet loss switch router firewall rule blocked opened closed health probe readiness liveness \
    consumer producer lag offset partition broker topic message backlog worker job cron batch import export sync replication \
    snapshot backup restore migration schema index lock deadlock query plan scan table row column transaction commit isolation \
    write read throughput storage volume mount filesystem quota inode bucket object upload download bandwidth proxy balancer \
    upstream downstream backend frontend client server thread goroutine heap garbage collection pause stall freeze hang stuck \
    flag feature toggle experiment canary rollout stage percent production staging environment secret key rotation credential \
    permission denied role policy access audit suspicious phishing malware quarantine isolate forensic evidence hash domain \
    address vendor provider third party escalated contacted legal privacy notified regulator deadline handover shift commander \
    scribe liaison assigned accepted declined finished pending scheduled approved reverted hotfix patch build pipeline artifact \
    image registry pull tag branch merge revert test flaky coverage review owner team contact phone bridge call joined left";

/// Measures an index of so many entries in a directory, which is emptied.
pub fn run(entries: usize, directory: &Path, seed: u64) -> Result<(), String> {
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    let mut source = Source::new(seed);
    let (mut indexing, mut bytes) = (Duration::ZERO, 0);
    let index_directory = directory.join("search");
    let index = Index::open(&Folder::Disk(index_directory.clone())).map_err(said)?;
    let mut asked: Vec<String> = Vec::new();
    let mut done = 0;
    let cursor = || Cursor { number: 0, event: None, seeded: true, seeded_to: None };
    while done < entries {
        let some = AT_ONCE.min(entries - done);
        let batch: Vec<Changed> = (0..some).map(|_| source.entry()).map(|one| (one.key.clone(), Some(one))).collect();
        bytes += batch.iter().filter_map(|(_, one)| Some(one.as_ref()?.text.len())).sum::<usize>();
        for _ in 0..=(QUERIES * some / entries) {
            let text = batch[source.below(some)].1.as_ref().map_or("", |one| one.text.as_str());
            asked.extend(source.two_words(text));
        }
        let began = Instant::now();
        index.write_through(&batch, cursor()).map_err(said)?;
        indexing += began.elapsed();
        done += some;
    }
    asked.truncate(QUERIES);
    let began = Instant::now();
    index.settle().map_err(said)?;
    println!("{done} entries, {:.1} MiB of text", mib(bytes as u64));
    println!(
        "index: {:.1} s, and {:.1} s until its segments are together",
        seconds(indexing),
        seconds(began.elapsed())
    );
    println!("size on disk: {:.1} MiB", mib(size(&index_directory)));
    drop(index);
    let began = Instant::now();
    let index = Index::open(&Folder::Disk(index_directory.clone())).map_err(said)?;
    println!("open: {:.1} ms", seconds(began.elapsed()) * 1000.0);
    println!(
        "| two words, top 10, {} queries | p50 ms | p99 ms | most ms | found |\n| --- | --- | --- | --- | --- |",
        asked.len()
    );
    for waiting in [0, 1_000] {
        if waiting > 0 {
            let some: Vec<Changed> =
                (0..waiting).map(|_| source.entry()).map(|one| (one.key.clone(), Some(one))).collect();
            index.take(some, cursor());
        }
        for (name, order) in [("ranked", Order::Ranked), ("newest", Order::Newest)] {
            for warm in [true, false] {
                let (mut times, mut found) = (Vec::new(), 0);
                for typed in &asked {
                    let query = read(typed).query;
                    let hidden = Hidden::nothing();
                    let ask = Ask { query: &query, order, hidden: &hidden, skip: 0, limit: 10 };
                    let began = Instant::now();
                    let answer = index.ask(&ask).map_err(said)?;
                    times.push(began.elapsed());
                    found += answer.hits.len();
                }
                if !warm {
                    row(&format!("{name}, {waiting} in memory"), &mut times, found);
                }
            }
        }
    }
    drop(index);
    add_and_find(directory, &index_directory, seed)
}

/// Entries that are written by an act on SQLite, each found by a person right after.
fn add_and_find(directory: &Path, index: &Path, seed: u64) -> Result<(), String> {
    let store = Store::open(&Place::Sqlite(directory.join("allclear.db"))).map_err(said)?;
    let identity =
        Identity { name: "bench".into(), public_url: "http://localhost".into(), link_key: LinkKey::new([7; 32]) };
    let node = Node::alone(identity);
    node.search().keep_in(Folder::Disk(index.to_owned()));
    let mut mint = Mint::seeded(seed);
    let now = Timestamp::now();
    let wanted = Declaration::new("The bench", Class::System);
    let row = store
        .write(|tx| {
            let mut moment = Moment::new(now, Actor::System, &mut mint);
            actions::prepare::defaults::load(tx, &mut moment)?;
            declare(tx, &node, &mut moment, &wanted)
        })
        .map_err(halted)?;
    let person: Name = "bench".parse().map_err(said)?;
    let (mut acts, mut searches, mut found) = (Vec::new(), Vec::new(), 0);
    for number in 0..500 {
        let text = format!("failover of the primary began, seen by needle{number}x{seed}");
        let entry = Entry::new(Sort::Note, text);
        let began = Instant::now();
        store
            .write(|tx| {
                let mut moment = Moment::new(Timestamp::now(), Actor::System, &mut mint);
                add(tx, &mut moment, row.id, &entry)
            })
            .map_err(halted)?;
        acts.push(began.elapsed());
        let query = read(&format!("failover needle{number}x{seed} ")).query;
        let began = Instant::now();
        let wanted = Wanted { order: Order::Ranked, skip: 0, limit: 10 };
        let outcome = store.read(|tx| search(tx, &node, Sight::Of(&person), &query, wanted)).map_err(halted)?;
        searches.push(began.elapsed());
        found += outcome.answer.hits.len();
    }
    row_of_acts("add one (act, durable)", &mut acts, "");
    row_of_acts("find it (search of a person)", &mut searches, &format!("{found} of 500"));
    Ok(())
}

fn row(name: &str, times: &mut [Duration], found: usize) {
    row_of_acts(name, times, &found.to_string());
}

fn row_of_acts(name: &str, times: &mut [Duration], found: &str) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let ms = |time: Duration| format!("{:.3}", seconds(time) * 1000.0);
    println!("| {name} | {} | {} | {} | {found} |", ms(at(0.5)), ms(at(0.99)), ms(at(1.0)));
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn size(directory: &Path) -> u64 {
    let files = fs::read_dir(directory).into_iter().flatten().flatten();
    files.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn halted(halt: Halt) -> String {
    halt.to_string()
}

/// Makes entries up: 9 to 19 words of a skewed vocabulary, and people, services, hosts, incidents, traces that are only once.
struct Source {
    mint: Mint,
    words: Vec<&'static str>,
    /// The sum of the weights up to each word.
    weights: Vec<f64>,
    second: i64,
}

impl Source {
    fn new(seed: u64) -> Self {
        let words: Vec<&str> = WORDS.split_whitespace().collect::<BTreeSet<_>>().into_iter().collect();
        // Their order is that of the text, not of the alphabet.
        let mut words: Vec<&str> = words;
        words.sort_by_key(|word| WORDS.find(word));
        let mut sum = 0.0;
        let weights = (1..=words.len()).map(|rank| {
            sum += 1.0 / (rank as f64).powf(0.9);
            sum
        });
        let weights = weights.collect();
        Self { mint: Mint::seeded(seed), words, weights, second: 1_700_000_000 }
    }

    fn below(&mut self, most: usize) -> usize {
        (self.mint.chance() % most as u64) as usize
    }

    fn word(&mut self) -> &'static str {
        let most = self.weights.last().copied().unwrap_or(1.0);
        let drawn = (self.mint.chance() >> 11) as f64 / (1_u64 << 53) as f64 * most;
        let at = self.weights.partition_point(|sum| *sum < drawn);
        self.words[at.min(self.words.len() - 1)]
    }

    fn entry(&mut self) -> Document {
        self.second += 30;
        let at = Timestamp::from_second(self.second).unwrap_or_default();
        let mut text = String::new();
        for _ in 0..9 + self.below(11) {
            text.push_str(self.word());
            text.push(' ');
        }
        match self.below(6) {
            0 => text.push_str(&format!("user{}", self.below(400))),
            1 => text.push_str(&format!("service{}", self.below(120))),
            2 => text.push_str(&format!("host-{}.example", self.below(5_000))),
            3 => text.push_str(&format!("INC-{}", self.below(20_000))),
            4 => text.push_str(&format!("trace {:016x}", self.mint.chance())),
            _ => {}
        }
        let incident: IncidentId = Mint::seeded(self.mint.chance() % INCIDENTS).id(Timestamp::UNIX_EPOCH);
        let id: EventId = self.mint.id(at);
        Document {
            key: Key { kind: Found::Entry, id: id.to_string(), incident: Some(incident) },
            title: String::new(),
            text: text.trim().to_owned(),
            services: Vec::new(),
            severity: None,
            class: Some(Class::System),
            at,
            red: false,
        }
    }

    /// Two different words of a text, as somebody asks who has written them out.
    fn two_words(&mut self, text: &str) -> Option<String> {
        let words: Vec<&str> = text.split_whitespace().collect::<BTreeSet<_>>().into_iter().collect();
        if words.len() < 2 {
            return None;
        }
        let first = self.below(words.len());
        let second = (first + 1 + self.below(words.len() - 1)) % words.len();
        Some(format!("{} {} ", words[first], words[second]))
    }
}

/// A report, and what else was written of it.
struct Report {
    name: String,
    url: Option<String>,
    text: String,
}

/// Sentences of fewer letters say nothing.
const SENTENCE_LEAST: usize = 40;

/// Reads `*.jsonl` of a directory, and prints how often a report is found by a sentence.
pub fn recall(directory: &Path) -> Result<(), String> {
    let mut reports = Vec::new();
    for source in ["icco", "chia", "dfds", "moj-cloud-platform", "posthog", "k8s-test-infra"] {
        for (number, one) in lines(&directory.join(format!("{source}.jsonl")))?.iter().enumerate() {
            let text = one["text"].as_str().unwrap_or_default();
            let (front, body) = front_matter(text);
            let url = front.lines().find_map(|line| line.strip_prefix("url: ")).map(plain_url);
            reports.push(Report { name: format!("{source}-{number}"), url, text: body.to_owned() });
        }
    }
    let mut of_others = Vec::new();
    for one in lines(&directory.join("danluu_index.jsonl"))? {
        let url = plain_url(one["url"].as_str().unwrap_or_default());
        let company: BTreeSet<String> =
            domain::learn::terms::stems(one["company"].as_str().unwrap_or_default()).into_iter().collect();
        let line = one["one_line"].as_str().unwrap_or_default();
        if let Some(report) = reports.iter().find(|report| report.url.as_deref() == Some(&url)) {
            let words = line
                .split_whitespace()
                .filter(|word| !domain::learn::terms::stems(word).iter().any(|stem| company.contains(stem)));
            of_others.push((report.name.clone(), words.collect::<Vec<_>>().join(" ")));
        }
    }
    let clean: Vec<(String, String)> = of_others
        .iter()
        .filter(|(name, line)| {
            let text = reports.iter().find(|report| report.name == *name).map_or("", |report| report.text.as_str());
            text.split_whitespace().count() >= 100 && !share_a_run(text, line, 8)
        })
        .cloned()
        .collect();
    // The first sentence of each report's own summary; it is taken out of the report before.
    let mut own = Vec::new();
    for report in reports.iter_mut().filter(|report| report.url.is_none()) {
        if let Some(sentence) = first_of_summary(&report.text) {
            report.text = report.text.replacen(&sentence, " ", 1);
            own.push((report.name.clone(), sentence));
        }
    }
    let index = Index::open(&Folder::Memory).map_err(said)?;
    let document = |report: &Report| {
        let key = Key { kind: Found::Report, id: report.name.clone(), incident: None };
        let (title, at) = (String::new(), Timestamp::UNIX_EPOCH);
        let text = report.text.clone();
        let one =
            Document { key: key.clone(), title, text, services: vec![], severity: None, class: None, at, red: false };
        (key, Some(one))
    };
    index.take(reports.iter().map(document).collect(), Cursor::default());
    index.write().map_err(said)?;
    println!(
        "{} reports\n| sentences | n | recall@1 | recall@5 | MRR |\n| --- | --- | --- | --- | --- |",
        reports.len()
    );
    measure(&index, "of others, without names", &of_others)?;
    measure(&index, "the same, with nothing copied", &clean)?;
    measure(&index, "of the report's own summary", &own)
}

fn measure(index: &Index, name: &str, pairs: &[(String, String)]) -> Result<(), String> {
    let (mut first, mut five, mut reciprocal) = (0, 0, 0.0);
    for (wanted, sentence) in pairs {
        let query = read(&format!("{} ", sentence.replace(['"', ':'], " "))).query;
        let hidden = Hidden::nothing();
        let answer = index
            .ask(&Ask { query: &query, order: Order::Ranked, hidden: &hidden, skip: 0, limit: 50 })
            .map_err(said)?;
        if let Some(place) = answer.hits.iter().position(|hit| hit.document.key.id == *wanted) {
            first += usize::from(place == 0);
            five += usize::from(place < 5);
            reciprocal += 1.0 / (place + 1) as f64;
        }
    }
    let n = pairs.len().max(1) as f64;
    println!("| {name} | {} | {:.2} | {:.2} | {:.2} |", pairs.len(), first as f64 / n, five as f64 / n, reciprocal / n);
    Ok(())
}

fn lines(file: &Path) -> Result<Vec<Value>, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    text.lines()
        .map(|line| serde_json::from_str(line).map_err(|error| format!("{}: {error}", file.display())))
        .collect()
}

fn front_matter(text: &str) -> (&str, &str) {
    let rest = text.strip_prefix("---\n");
    rest.and_then(|rest| rest.split_once("\n---\n")).unwrap_or(("", text))
}

/// Without what differs between two spellings of one address.
fn plain_url(url: &str) -> String {
    let mut url = url.trim().trim_matches('"').to_lowercase();
    if let Some((_, archived)) = url.split_once("web.archive.org/web/") {
        url = archived.split_once('/').map_or(String::new(), |(_, rest)| rest.to_owned());
    }
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(&url);
    rest.strip_prefix("www.").unwrap_or(rest).trim_end_matches('/').to_owned()
}

/// Whether two texts have so many words in a row in common.
fn share_a_run(one: &str, other: &str, words: usize) -> bool {
    let (one, other) = (domain::learn::terms::stems(one), domain::learn::terms::stems(other));
    let runs: BTreeSet<&[String]> = one.windows(words).collect();
    other.windows(words).any(|run| runs.contains(run))
}

fn first_of_summary(text: &str) -> Option<String> {
    let at = text.lines().position(|line| line.starts_with('#') && line.to_lowercase().contains("summary"))?;
    let paragraph =
        text.lines().skip(at + 1).find(|line| line.len() >= SENTENCE_LEAST && !line.starts_with(['#', '|', '>']))?;
    let end = paragraph.find(". ").map_or(paragraph.len(), |end| end + 1);
    let sentence = paragraph[..end].to_owned();
    (sentence.len() >= SENTENCE_LEAST).then_some(sentence)
}
