//! Holds the house: floors, addresses, module docs, file sizes, glossary, no clock below the edge.
//!
//! Reads the repository as text. Deliberately no linter: what rustc and clippy can refuse, they refuse.
//! Each exception stands in a list here, with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use domain::prepare::documents::Kind;
use domain::words::EventKind;

/// The floors, from the ground up, and what each may stand on.
const FLOORS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    ("channels", &["domain"]),
    ("actions", &["domain", "store"]),
    ("rehearsal", &["domain", "store", "actions"]),
    ("web", &["domain", "store", "actions", "rehearsal"]),
    ("allclear", &["domain", "store", "channels", "actions", "rehearsal", "web"]),
];

/// The phases, in the order of an incident's life; whoever responds also informs. Within `domain` a later one may use an earlier one.
const PHASES: &[&str] = &["prepare", "detect", "engage", "inform", "respond", "change", "learn"];

/// Crates that only some floors may name: drivers of databases, and whatever speaks outward.
const KEPT: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("postgres", &["store"]),
    ("tokio-postgres-rustls", &["store"]),
    ("tantivy", &["store"]),
    ("lettre", &["channels"]),
    ("reqwest", &["channels", "allclear"]),
    ("axum", &["web", "allclear"]),
    ("tokio", &["channels", "web", "allclear"]),
];

/// Files that look up instead of down within `domain`, each with its reason.
const LOOKS_UP: &[(&str, &str)] = &[
    ("prepare/addresses.rs", "addresses stand in documents of every phase, and are masked in one place"),
    ("prepare/catalog.rs", "the catalog is the union of all documents, of every phase"),
    ("prepare/documents.rs", "documents of every phase are handled in one way"),
    ("prepare/checks.rs", "documents of every phase are handled in one way"),
    ("prepare/diff.rs", "documents of every phase are handled in one way"),
    ("prepare/fields.rs", "documents of every phase are handled in one way"),
    ("prepare/readiness.rs", "documents of every phase are handled in one way"),
    ("prepare/references.rs", "documents of every phase are handled in one way"),
    ("prepare/schemas.rs", "documents of every phase are handled in one way"),
    ("prepare/defaults.rs", "documents of every phase are handled in one way"),
];

/// Noun files of the upper floors that have no namesake in `domain`, each with its reason.
const NO_NAMESAKE: &[(&str, &str)] = &[
    ("detect/rejections.rs", "a rejection has no rule of its own: it is what the reading of a body refused"),
    ("detect/births.rs", "how alerts without a row are kept; to the rules they are alerts like any other"),
    ("detect/intake.rs", "gathers the calls that wait; what they say is read in domain/detect/signals.rs"),
    ("detect/lists.rs", "filters and pages of the list of alerts, which API and pages share"),
    ("detect/views.rs", "an alert with all that is told of it, for API and pages"),
    ("inform/subscribers_tests.rs", "the tests of subscribers.rs, which would be too long with them"),
    ("engage/chart.rs", "draws the strips of a schedule"),
    ("change/document_proposals_tests.rs", "the tests of the file beside it, which would be too long with them"),
    (
        "change/document_proposals.rs",
        "a change that carries documents: its rules are domain/change/changes.rs and prepare/three_way.rs",
    ),
    ("change/change_documents.rs", "rows of what document_proposals.rs carries"),
    ("change/changes_tests.rs", "the tests of the file beside it, which would be too long with them"),
    ("change/rollbacks_tests.rs", "the tests of the file beside it, which would be too long with them"),
    ("change/reflexes_tests.rs", "the tests of the file beside it, which would be too long with them"),
    (
        "change/preflights.rs",
        "asks of a plan of rollback whether it could run: the rule is domain/change/rollback_plans.rs",
    ),
    ("respond/chats_tests.rs", "the tests of the file beside it, which would be too long with them"),
    ("respond/chat_commands_tests.rs", "the tests of the file beside it, which would be too long with them"),
    ("respond/links.rs", "what belongs to an incident has no rule of its own but that nothing leaks"),
    ("respond/desk.rs", "a small company for the tests of incidents"),
    ("respond/record.rs", "evidence, observables, what is affected and techniques side by side"),
    ("respond/lines.rs", "puts what stands on a timeline into words; what it tells of has rules of its own"),
    ("respond/room.rs", "what the room shows of an incident and of all around it"),
    ("respond/reminders.rs", "pages about obligations; when they are due is domain/respond/obligations.rs"),
    ("respond/owed.rs", "what an incident owes, for API and pages; its rule is domain/respond/obligations.rs"),
    ("engage/compose.rs", "puts the facts of a page into the words of a template"),
    ("engage/escalation_policies.rs", "the document is an escalation policy; its rule is domain/engage/escalations.rs"),
    ("engage/overrides.rs", "the rule of an override is in domain/engage/schedules.rs and oncall.rs"),
    ("engage/who.rs", "asks domain/engage/oncall.rs and contacts.rs what a page wants to know"),
    ("inform/outgoing_webhooks_tests.rs", "the tests of the file beside it, which would be too long with them"),
    (
        "change/kept_flags.rs",
        "flags as a node keeps them on disk; what they mean is read in domain/change/flag_sets.rs",
    ),
    ("learn/search_tests.rs", "the tests of the file beside it, which would be too long with them"),
    ("learn/mentions_tests.rs", "the tests of the file beside it, which would be too long with them"),
    ("learn/shared_texts_tests.rs", "the tests of the file beside it, which would be too long with them"),
    ("learn/search/ask.rs", "a part of the index; what is asked is domain/learn/queries.rs"),
    ("learn/search/collect.rs", "a part of the index: how what matches is collected"),
    ("learn/search/expand.rs", "a part of the index: words that are like what was typed"),
    ("learn/search/fields.rs", "a part of the index: how a document is kept"),
    ("learn/search/like.rs", "a part of the index; what likeness comes to is domain/learn/likeness.rs"),
    ("learn/search/tail.rs", "a part of the index: what is in memory"),
    ("learn/search/tests.rs", "the tests of the index"),
    ("learn/axes.rs", "draws changes and incidents on one axis of time"),
    ("learn/action_items_tests.rs", "the tests of the file beside it, which would be too long with them"),
    ("learn/item_reminders.rs", "reminders of action items; when they are due is domain/learn/action_items.rs"),
    ("learn/postmortem_exports.rs", "a postmortem as one file; what stands in it is domain/learn/postmortems.rs"),
    ("learn/review_meetings_tests.rs", "the tests of the file beside it, which would be too long with them"),
    ("learn/recurrences.rs", "what an incident reopens; the rule is domain/learn/action_items.rs"),
    ("learn/strips.rs", "draws the dots of a measure"),
    ("prepare/answers.rs", "what was answered to a request is the store's and the edge's affair: no rule knows of it"),
    ("prepare/defaults.rs", "the documents of a fresh installation"),
    ("prepare/mirror.rs", "what a mirror is told of changesets, which are the store's; no rule knows of it"),
    ("prepare/source.rs", "files that are followed elsewhere; what they would change is planned like any other"),
    ("prepare/what_if.rs", "lays out rehearsal/what_if.rs and domain/engage/coverage_changes.rs beside a plan"),
    ("prepare/documents_samples.rs", "what the pages of documents are tried with"),
    ("prepare/sign_in.rs", "a page of access: domain/prepare/access.rs"),
    ("prepare/tokens.rs", "a page of access: domain/prepare/access.rs"),
    ("prepare/welcome.rs", "the first run, before there is anything else"),
    ("prepare/passwords.rs", "hashing is slow on purpose, and done outside of transactions"),
    ("prepare/sign_in.rs", "a form; the rules of access are in domain/prepare/access.rs"),
    ("prepare/tokens.rs", "a list and a form; the rules of access are in domain/prepare/access.rs"),
    ("prepare/welcome.rs", "the first run: makes a person and sends a page"),
];

/// Files of more than 800 lines, each with its reason.
const LONG: &[(&str, &str)] = &[];
const LONGEST: usize = 800;

/// Places that may read a clock, each with its reason.
const CLOCKS: &[(&str, &str)] = &[
    ("crates/store/src/testing.rs", "names the schemas of tests, which shall not meet those of a run before"),
    ("crates/allclear/", "the edge: the one clock is made here"),
];

/// Files that may build SQL from pieces, each with its reason.
const SQL_FROM_PIECES: &[(&str, &str)] = &[
    ("crates/store/src/door/", "the door itself, and its builder of filters"),
    ("crates/store/src/keeping/", "copies and counts whole tables, whose names it asks of the schema"),
    ("crates/rehearsal/src/replay.rs", "empties whole tables of a copy, whose names are in a list of ours"),
    ("crates/store/src/testing.rs", "makes and drops the schemas of tests"),
    ("crates/store/src/schema.rs", "expands the words of dialect in migrations of ours"),
];

/// The spelling of this repository is British where the two differ.
const SPELLING: &[(&str, &str)] = &[
    ("organization", "organisation"),
    ("organize", "organise"),
    ("behavior", "behaviour"),
    ("acknowledgment", "acknowledgement"),
    ("canceled", "cancelled"),
    ("canceling", "cancelling"),
    ("labeled", "labelled"),
    ("favorite", "favourite"),
    ("honor ", "honour "),
    ("normalize", "normalise"),
    ("recognize", "recognise"),
    ("summarize", "summarise"),
    ("minimize", "minimise"),
    ("optimize", "optimise"),
    ("judgment", "judgement"),
];

#[test]
fn arrows_between_crates_run_one_way() {
    let mut wrong = Wrong::default();
    for (floor, below) in FLOORS {
        let manifest = read(&root().join("crates").join(floor).join("Cargo.toml"));
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']']);
                continue;
            }
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let is_floor = FLOORS.iter().any(|(other, _)| *other == name);
            if section == "dependencies" && is_floor && !below.contains(&name) {
                wrong.say(&format!("crates/{floor}/Cargo.toml: {floor} may not stand on {name}"));
            }
            // A test may play on a floor above, but `domain` is tested alone.
            if section == "dev-dependencies" && is_floor && *floor == "domain" {
                wrong.say(&format!("crates/{floor}/Cargo.toml: domain is tested alone, without {name}"));
            }
            if section == "dependencies"
                && let Some((_, keepers)) = KEPT.iter().find(|(kept, _)| *kept == name)
                && !keepers.contains(floor)
            {
                wrong.say(&format!("crates/{floor}/Cargo.toml: only {} may use {name}", keepers.join(", ")));
            }
        }
    }
    let listed: BTreeSet<String> = FLOORS.iter().map(|(floor, _)| (*floor).to_owned()).collect();
    for folder in folders(&root().join("crates")) {
        if !listed.contains(&folder) {
            wrong.say(&format!(
                "crates/{folder}: is not one of the floors; add it to FLOORS, and say in ARCHITECTURE.md what it does"
            ));
        }
    }
    wrong.none();
}

#[test]
fn arrows_between_phases_of_the_domain_run_one_way() {
    let mut wrong = Wrong::default();
    let order: Vec<&str> = std::iter::once("words").chain(PHASES.iter().copied()).collect();
    for source in rust().iter().filter(|source| source.path.starts_with("crates/domain/src/")) {
        let inside = &source.path["crates/domain/src/".len()..];
        let Some(own) = order.iter().position(|phase| inside.starts_with(&format!("{phase}/"))) else { continue };
        for (at, line) in source.code_before_tests().lines().enumerate() {
            for above in &order[own + 1..] {
                if line.contains(&format!("crate::{above}::")) && !excused(LOOKS_UP, inside) {
                    wrong.say(&format!("{}:{}: {} looks up to {above}", source.path, at + 1, order[own]));
                }
            }
        }
    }
    wrong.none();
}

#[test]
fn only_the_door_names_a_database_driver() {
    let mut wrong = Wrong::default();
    for source in rust().iter().filter(|source| source.path.starts_with("crates/store/src/")) {
        if source.path.starts_with("crates/store/src/door/") || source.path == "crates/store/src/testing.rs" {
            continue;
        }
        for (at, line) in source.code.lines().enumerate() {
            if line.contains("rusqlite::") || line.contains("postgres::") && !line.contains("door::postgres::") {
                wrong.say(&format!("{}:{}: only store/door names a database driver", source.path, at + 1));
            }
        }
    }
    wrong.none();
}

#[test]
fn the_same_noun_has_the_same_address_on_each_floor() {
    let mut wrong = Wrong::default();
    let sources = rust();
    let nouns: BTreeSet<&str> =
        sources.iter().filter_map(|source| source.path.strip_prefix("crates/domain/src/")).collect();
    for source in &sources {
        for above in ["crates/store/src/", "crates/actions/src/", "crates/web/src/api/", "crates/web/src/pages/"] {
            let Some(noun) = source.path.strip_prefix(above) else { continue };
            let is_phase = noun.split_once('/').is_some_and(|(folder, _)| PHASES.contains(&folder));
            // One alert and the list of alerts are one noun.
            let stem = noun.trim_end_matches(".rs");
            let (one, many) = (format!("{}.rs", stem.trim_end_matches('s')), format!("{stem}s.rs"));
            let namesakes = [noun, &one, &many];
            let is_address = namesakes.iter().any(|name| nouns.contains(name)) || noun.ends_with("/mod.rs");
            if is_phase && !is_address && !excused(NO_NAMESAKE, noun) {
                wrong.say(&format!(
                    "{}: there is no crates/domain/src/{noun}; the same noun has the same file on each floor",
                    source.path
                ));
            }
        }
    }
    wrong.none();
}

#[test]
fn every_module_says_what_it_is() {
    let mut wrong = Wrong::default();
    for source in rust() {
        let first = source.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        if !first.starts_with("//! ") || first.contains("Skeleton") {
            wrong.say(&format!("{}: begin with `//! what it is. What it deliberately is not.`", source.path));
        }
    }
    wrong.none();
}

#[test]
fn files_are_short_enough_to_be_read() {
    let mut wrong = Wrong::default();
    for (path, text) in all_texts() {
        let is_code = ["rs", "sql", "html", "css", "ts", "mjs", "sh"].iter().any(|end| is(&path, end));
        let lines = text.lines().count();
        if is_code && lines > LONGEST && !excused(LONG, &path) {
            wrong.say(&format!("{path}: {lines} lines; cut it, or say in tidy.rs why it must be so long"));
        }
    }
    for (path, _) in LONG {
        if read(&root().join(path)).lines().count() <= LONGEST {
            wrong.say(&format!("{path}: is short again; take it off the list"));
        }
    }
    wrong.none();
}

#[test]
fn the_glossary_names_every_noun() {
    let mut wrong = Wrong::default();
    let glossary = read(&root().join("GLOSSARY.md"));
    let headwords: BTreeSet<String> = glossary
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split_once("**"))
        .map(|(word, _)| word.to_lowercase().replace(' ', "-"))
        .collect();
    let mut need = |word: &str, of: &str| {
        if !headwords.contains(word) {
            wrong.say(&format!("GLOSSARY.md: `- **{word}**: ...` is missing ({of})"));
        }
    };
    for kind in Kind::ALL {
        need(kind.word(), "a kind of document");
    }
    for kind in EventKind::ALL {
        let noun = kind.word().split('.').next().unwrap_or_default();
        // `alerts.fired` tells of alerts: the headword is the singular.
        need(noun.strip_suffix('s').unwrap_or(noun), "a noun of the journal");
    }
    for (path, text) in all_texts() {
        if !path.starts_with("crates/store/migrations/") {
            continue;
        }
        for line in text.lines() {
            let Some(rest) = line.trim_start().strip_prefix("CREATE TABLE ") else { continue };
            let table = rest.trim_start_matches("IF NOT EXISTS ").split([' ', '(']).next().unwrap_or_default();
            if !glossary.contains(&format!("`{table}`")) {
                wrong.say(&format!("GLOSSARY.md: the table `{table}` is not named ({path})"));
            }
        }
    }
    wrong.none();
}

#[test]
fn no_clock_is_read_below_the_edge() {
    let mut wrong = Wrong::default();
    let clocks = ["Timestamp::now", "Zoned::now", "SystemTime", "Instant::now"];
    for source in rust() {
        if excused(CLOCKS, &source.path) || source.path.contains("/tests/") {
            continue;
        }
        for (at, line) in source.code_before_tests().lines().enumerate() {
            for clock in clocks {
                if line.contains(clock) {
                    wrong.say(&format!("{}:{}: {clock}: take `now: Timestamp` as an argument", source.path, at + 1));
                }
            }
        }
    }
    wrong.none();
}

#[test]
fn sql_never_asks_the_database_for_the_time() {
    let mut wrong = Wrong::default();
    let clocks = [
        "NOW()",
        "CURRENT_TIMESTAMP",
        "CURRENT_DATE",
        "CURRENT_TIME",
        "DATETIME(",
        "STRFTIME(",
        "UNIXEPOCH(",
        "CLOCK_TIMESTAMP(",
    ];
    let mut look = |place: String, sql: &str| {
        let upper = sql.to_uppercase();
        for clock in clocks {
            if upper.contains(clock) {
                wrong.say(&format!("{place}: {clock} in SQL; bind the instant instead"));
            }
        }
    };
    for (path, text) in all_texts() {
        if is(&path, "sql") {
            for (at, line) in text.lines().enumerate() {
                look(format!("{path}:{}", at + 1), line.split("--").next().unwrap_or_default());
            }
        }
    }
    for source in rust() {
        for (line, literal) in &source.literals {
            if is_sql(literal) {
                look(format!("{}:{line}", source.path), literal);
            }
        }
    }
    wrong.none();
}

#[test]
fn sql_is_not_built_from_pieces() {
    let mut wrong = Wrong::default();
    for source in rust() {
        if excused(SQL_FROM_PIECES, &source.path) || source.path.contains("/tests/") {
            continue;
        }
        for (line, literal) in &source.literals {
            let is_format = source.code.lines().nth(line - 1).is_some_and(|code| code.contains("format!("))
                || line
                    .checked_sub(2)
                    .and_then(|before| source.code.lines().nth(before))
                    .is_some_and(|code| code.trim_end().ends_with("format!("));
            // A constant of ours may be named (a list of columns), and what was chosen from texts of ours in this
            // file (`let filter = if open { ".." } else { "" }`); a value never.
            let is_ours = |piece: &String| {
                !piece.is_empty() && piece.chars().all(|c| c.is_ascii_uppercase() || c == '_')
                    || ["if", "match"].iter().any(|word| source.code.contains(&format!("let {piece} = {word} ")))
            };
            let pieces = placeholders(literal);
            let all_ours = pieces.iter().all(is_ours);
            if is_format && is_sql(literal) && !all_ours {
                wrong.say(&format!(
                    "{}:{line}: SQL with {pieces:?} put in; bind it as $1, or use the builder of filters",
                    source.path
                ));
            }
        }
    }
    wrong.none();
}

#[test]
fn no_test_sleeps_in_and_no_lint_is_silenced() {
    let mut wrong = Wrong::default();
    for source in rust() {
        for (at, line) in source.code.lines().enumerate() {
            if line.contains(concat!("#[", "ignore")) {
                wrong.say(&format!("{}:{}: an ignored test is none; mend it or remove it", source.path, at + 1));
            }
            let silenced = line.contains(concat!("#[", "allow(")) || line.contains(concat!("#![", "allow("));
            // In a macro an expectation may not come true; then it is allowed, with its reason.
            if silenced && !line.contains("reason = ") {
                wrong.say(&format!("{}:{}: use #[expect(.., reason = \"..\")]", source.path, at + 1));
            }
        }
    }
    for (path, text) in all_texts() {
        if path.ends_with(".test.mjs") {
            for (at, line) in text.lines().enumerate() {
                if ["test.only(", "test.skip(", "test.todo(", "skip: true", "only: true"]
                    .iter()
                    .any(|word| line.contains(word))
                {
                    wrong.say(&format!("{path}:{}: a journey that is left out is none", at + 1));
                }
            }
        }
        if path.ends_with(".pending-snap") || path.ends_with(".snap.new") {
            wrong.say(&format!("{path}: a snapshot that nobody looked at"));
        }
    }
    wrong.none();
}

#[test]
fn english_has_one_spelling() {
    let mut wrong = Wrong::default();
    let mut look = |place: &str, prose: &str| {
        // A property of iCalendar (RFC 5545) is spelt as it is.
        let prose = prose.replace("ORGANIZER", "").to_lowercase();
        for (american, ours) in SPELLING {
            if prose.contains(american) {
                wrong.say(&format!("{place}: {american}; here it is {ours}"));
            }
        }
    };
    for (path, text) in all_texts() {
        if is(&path, "md") {
            for (at, line) in text.lines().enumerate() {
                look(&format!("{path}:{}", at + 1), line);
            }
        }
    }
    for source in rust().iter().filter(|source| !source.path.ends_with("tests/tidy.rs")) {
        for (line, prose) in source.comments.iter().chain(&source.literals) {
            look(&format!("{}:{line}", source.path), prose);
        }
    }
    wrong.none();
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let mut wrong = Wrong::default();
    let places = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("lane", "-"),
    ];
    for (path, text) in all_texts() {
        if path == "package-lock.json" || path == "Cargo.lock" {
            continue;
        }
        for (at, line) in text.lines().enumerate() {
            for place in places {
                if line.contains(place) {
                    wrong.say(&format!("{path}:{}: names {place}", at + 1));
                }
            }
        }
    }
    wrong.none();
}

/// `cargo deny` asks the same and more, where it is installed; this holds everywhere.
#[test]
fn dependencies_are_what_deny_toml_allows() {
    let mut wrong = Wrong::default();
    let rules = read(&root().join("deny.toml"));
    let list = |key: &str| -> Vec<String> {
        let start = rules.find(&format!("\n{key} = [")).expect("the list is in deny.toml");
        let list = rules[start..].split("\n]").next().unwrap_or_default();
        list.lines().filter_map(|line| Some(line.split('"').nth(1)?.to_owned())).collect()
    };
    let (allowed, banned) = (list("allow"), list("deny"));
    assert!(
        allowed.contains(&"MIT".to_owned()) && banned.contains(&"openssl-sys".to_owned()),
        "deny.toml is read wrongly"
    );
    let is_allowed = |licence: &str| {
        licence.replace('/', " OR ").split(" AND ").all(|part| {
            let part = part.trim_matches(['(', ')']);
            part.split(" OR ").any(|name| allowed.iter().any(|known| known == name.trim()))
        })
    };
    let cargo = std::process::Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--offline",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&cargo.stdout).expect("cargo writes JSON");
    for package in metadata["packages"].as_array().expect("packages") {
        let (name, licence) =
            (package["name"].as_str().unwrap_or_default(), package["license"].as_str().unwrap_or_default());
        if !is_allowed(licence) {
            wrong.say(&format!("{name}: the licence {licence:?} is not among those of deny.toml"));
        }
        if banned.iter().any(|other| other == name) {
            wrong.say(&format!("{name}: is banned by deny.toml"));
        }
        let source = package["source"].as_str();
        if !source.is_none_or(|source| source.starts_with("registry+https://github.com/rust-lang/crates.io-index")) {
            wrong.say(&format!("{name}: comes from {source:?}"));
        }
    }
    wrong.none();
}

// ---------------------------------------------------------------------------------------------

/// What is wrong, collected: a person wants to see all of it at once.
#[derive(Default)]
struct Wrong(String);

impl Wrong {
    fn say(&mut self, what: &str) {
        writeln!(self.0, "  {what}").expect("a String takes all");
    }

    fn none(&self) {
        assert!(self.0.is_empty(), "not tidy:\n{}", self.0);
    }
}

fn excused(list: &[(&str, &str)], path: &str) -> bool {
    list.iter().any(|(place, reason)| {
        assert!(!reason.is_empty(), "{place} is excused without a reason");
        path == *place || place.ends_with('/') && path.starts_with(place)
    })
}

/// Does the file name end so?
fn is(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end == extension)
}

fn is_sql(literal: &str) -> bool {
    let start = literal.trim_start();
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "CREATE "].iter().any(|verb| start.starts_with(verb))
}

/// The `{names}` of a format string.
fn placeholders(literal: &str) -> Vec<String> {
    literal.replace("{{", "").split('{').skip(1).filter_map(|piece| Some(piece.split_once('}')?.0.to_owned())).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/allclear stands in the repository").into()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn folders(of: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(of).expect("a folder");
    entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into())
        .collect()
}

/// Every text of the repository, by its path from the root. What is built or installed is left out.
fn all_texts() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![root()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if path.is_dir() {
                let built = ["target", "node_modules", ".git", ".allclear", "dist", "screenshots", "data"];
                if !built.contains(&name.as_str()) {
                    open.push(path);
                }
            } else if name != ".git"
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                let inside = path.strip_prefix(root()).expect("found below the root");
                found.insert(inside.to_string_lossy().into_owned(), text);
            }
        }
    }
    found
}

/// A Rust file, taken apart: code without comments and texts, and those by line.
struct Source {
    path: String,
    text: String,
    code: String,
    comments: Vec<(usize, String)>,
    literals: Vec<(usize, String)>,
}

impl Source {
    /// The tests at the foot of a file may do what the file may not.
    fn code_before_tests(&self) -> &str {
        self.code.split("#[cfg(test)]\nmod ").next().unwrap_or_default()
    }
}

fn rust() -> Vec<Source> {
    let texts = all_texts();
    let sources = texts.into_iter().filter(|(path, _)| path.starts_with("crates/") && is(path, "rs"));
    sources.map(|(path, text)| take_apart(path, text)).collect()
}

fn take_apart(path: String, text: String) -> Source {
    let (mut code, mut comments, mut literals) = (String::new(), Vec::new(), Vec::new());
    let mut line = 1;
    let mut rest = text.as_str();
    while let Some(next) = rest.chars().next() {
        let (end, into) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), Some(&mut comments))
        } else if rest.starts_with("/*") {
            (rest.find("*/").map_or(rest.len(), |at| at + 2), Some(&mut comments))
        } else if next == '"' {
            (end_of_literal(rest), Some(&mut literals))
        } else if next == 'r' && !code.ends_with(|c: char| c.is_alphanumeric() || c == '_') && raw(rest).is_some() {
            (raw(rest).unwrap_or(rest.len()), Some(&mut literals))
        } else if next == '\'' && end_of_char(rest) > 1 {
            (end_of_char(rest), None)
        } else {
            code.push(next);
            line += usize::from(next == '\n');
            rest = &rest[next.len_utf8()..];
            continue;
        };
        let (piece, after) = rest.split_at(end);
        if let Some(list) = into {
            list.push((line, piece.trim_matches(['"', '#', 'r']).to_owned()));
        }
        // The code keeps its lines, so that a finding has the right number.
        code.push_str(if piece.starts_with('/') { "" } else { "\"\"" });
        for _ in piece.matches('\n') {
            code.push('\n');
        }
        line += piece.matches('\n').count();
        rest = after;
    }
    Source { path, text, code, comments, literals }
}

fn end_of_literal(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Where `r"…"` or `r#"…"#` ends, if one begins here.
fn raw(text: &str) -> Option<usize> {
    let fences = text[1..].bytes().take_while(|b| *b == b'#').count();
    let body = text[1 + fences..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(fences));
    Some(body.find(&close).map_or(text.len(), |at| 2 + fences + at + close.len()))
}

/// Where `'x'` ends; 1 if it is a lifetime.
fn end_of_char(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => text[3..].find('\'').map_or(1, |at| at + 4),
        Some(_) => chars.next().filter(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 1),
        None => 1,
    }
}

#[test]
fn a_source_is_taken_apart_rightly() {
    let text = "let a = \"x \\\" y\"; // why\nlet b = r#\"SELECT \"#; let c = '\"'; fn f<'a>() {}\n/* z */ let d;";
    let source = take_apart("a.rs".into(), text.into());
    assert_eq!(source.code, "let a = \"\"; \nlet b = \"\"; let c = \"\"; fn f<'a>() {}\n let d;");
    assert_eq!(source.comments, [(1, "// why".to_owned()), (3, "/* z */".to_owned())]);
    assert_eq!(source.literals, [(1, "x \\\" y".to_owned()), (2, "SELECT ".to_owned())]);
    assert_eq!(placeholders("SELECT {COLUMNS} FROM {table} {{}}"), ["COLUMNS", "table"]);
}
