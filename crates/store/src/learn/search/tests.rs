//! The index on its own: what is found, in which order, by what, after a restart, and what never is.

use std::path::PathBuf;

use domain::learn::queries::read;
use domain::learn::search::{Document, Found, Key};
use domain::words::{IncidentId, Mint, Timestamp};

use super::{Answer, Ask, Changed, Cursor, Folder, Hidden, Index, Matched, Order};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn incident(number: u64) -> IncidentId {
    Mint::seeded(number).id(at(0))
}

fn document(kind: Found, id: &str, of: Option<IncidentId>, title: &str, text: &str, second: i64) -> Document {
    Document {
        key: Key { kind, id: id.into(), incident: of },
        title: title.into(),
        text: text.into(),
        services: Vec::new(),
        severity: None,
        class: None,
        at: at(second),
        red: false,
    }
}

fn entry(id: &str, text: &str, second: i64) -> Document {
    document(Found::Entry, id, Some(incident(1)), "", text, second)
}

fn put(document: Document) -> Changed {
    (document.key.clone(), Some(document))
}

fn cursor(number: i64) -> Cursor {
    Cursor { number, event: Some(format!("evt_{number}")), seeded: true, seeded_to: None }
}

fn ask_hidden(index: &Index, typed: &str, order: Order, hidden: &Hidden) -> Answer {
    let query = read(typed).query;
    index.ask(&Ask { query: &query, order, hidden, skip: 0, limit: 10 }).unwrap()
}

fn ids(answer: &Answer) -> Vec<&str> {
    answer.hits.iter().map(|hit| hit.document.key.id.as_str()).collect()
}

fn found(index: &Index, typed: &str) -> Vec<String> {
    ids(&ask_hidden(index, typed, Order::Ranked, &Hidden::nothing())).into_iter().map(str::to_owned).collect()
}

fn newest(index: &Index, typed: &str) -> Vec<String> {
    ids(&ask_hidden(index, typed, Order::Newest, &Hidden::nothing())).into_iter().map(str::to_owned).collect()
}

/// The same asked of what waits in memory, of what is on disk, and of both.
fn each_way(documents: &[Document], check: impl Fn(&Index)) {
    for written in [0, documents.len() / 2, documents.len()] {
        let index = Index::open(&Folder::Memory).unwrap();
        index.take(documents[..written].iter().cloned().map(put).collect(), cursor(1));
        if written > 0 {
            index.write().unwrap();
            assert_eq!(index.waiting(), 0);
        }
        index.take(documents[written..].iter().cloned().map(put).collect(), cursor(2));
        check(&index);
    }
}

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("allclear-search-{name}-{}", std::process::id()));
        _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    fn open(&self) -> Index {
        Index::open(&Folder::Disk(self.0.clone())).unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn words_phrases_and_filters_find_the_same_in_memory_and_on_disk() {
    let documents = [
        entry("e1", "Rolled back the deployment of checkout on db-1.shop.example", 1),
        entry("e2", "The checkout deployment is fine", 2),
        entry("e3", "Nobody rolled anything forward; back to db-2", 3),
        document(Found::Change, "c1", None, "Deployment of checkout", "Take it back by hand", 4),
        document(Found::Runbook, "r1", None, "Checkout fails", "Look at inc_06f1k2m9qv7x3t01 and restart", 5),
    ];
    each_way(&documents, |index| {
        let table: &[(&str, &[&str])] = &[
            ("checkout deployments ", &["c1", "e1", "e2"]),
            ("\"rolled back\"", &["e1"]),
            ("rolled back ", &["e1", "e3"]),
            ("db-1 ", &["e1"]),
            ("db-1.shop.example", &["e1"]),
            ("inc_06f1k2m9qv7x3t01", &["r1"]),
            ("checkout -deployment", &["r1"]),
            ("kind:change checkout", &["c1"]),
            ("kind:change kind:runbook ", &["c1", "r1"]),
            ("checkout until:2020-01-01", &[]),
            ("xyzzy", &[]),
        ];
        for (typed, wanted) in table {
            let mut all = found(index, typed);
            all.sort();
            assert_eq!(all, *wanted, "{typed}");
        }
        assert_eq!(found(index, "checkout deployment ")[0], "c1", "a title says the most");
        assert_eq!(newest(index, "checkout "), ["r1", "c1", "e2", "e1"]);
        assert_eq!(newest(index, "kind:entry"), ["e3", "e2", "e1"]);
    });
}

#[test]
fn a_beginning_and_a_slip_find_what_was_meant() {
    let documents = [
        entry("e1", "the payments gateway is down", 1),
        entry("e2", "the payment provider answers", 2),
        entry("e3", "postgresql replication lags behind", 3),
    ];
    each_way(&documents, |index| {
        assert_eq!(found(index, "gate"), ["e1"], "what is still written is a beginning");
        assert_eq!(found(index, "gate "), Vec::<String>::new(), "a whole word is not");
        assert_eq!(found(index, "gatewya "), ["e1"]);
        assert_eq!(found(index, "postgersql replcation "), ["e3"]);
        assert_eq!(found(index, "gatxxya "), Vec::<String>::new(), "two slips in seven letters are too many");
        let answer = ask_hidden(index, "gatewya ", Order::Ranked, &Hidden::nothing());
        assert_eq!(answer.also, [("gatewya".to_owned(), vec!["gateway".to_owned()])]);
        assert_eq!(answer.hits[0].matched, Matched::Nearly);
        // Nothing has all of it: what has some is found, and said to.
        let some = ask_hidden(index, "gateway replication ", Order::Ranked, &Hidden::nothing());
        assert_eq!(some.hits.iter().map(|hit| hit.matched).collect::<Vec<_>>(), [Matched::Some, Matched::Some]);
    });
}

#[test]
fn what_is_hidden_is_not_found_and_takes_no_place() {
    let mut documents: Vec<Document> = Vec::new();
    for number in 0..30 {
        let of = incident(1 + number % 3);
        documents.push(document(
            Found::Entry,
            &format!("e{number:02}"),
            Some(of),
            "",
            "failover",
            i64::try_from(number).unwrap(),
        ));
    }
    documents[3].red = true;
    documents[4].red = true;
    each_way(&documents, |index| {
        // The second is restricted; of the first (0, 3, 6 ...) what is marked RED is seen, of others not.
        let hidden = Hidden::new([incident(2)], Some([incident(1)]));
        let answer = ask_hidden(index, "failover", Order::Newest, &hidden);
        assert_eq!(ids(&answer), ["e29", "e27", "e26", "e24", "e23", "e21", "e20", "e18", "e17", "e15"]);
        let query = read("failover").query;
        let ranked = |hidden: &Hidden| {
            let ask = Ask { query: &query, order: Order::Ranked, hidden, skip: 0, limit: 100 };
            index.ask(&ask).unwrap().hits.len()
        };
        assert_eq!(ranked(&hidden), 20);
        assert_eq!(ranked(&Hidden::new([], Some([]))), 28);
        assert_eq!(ranked(&Hidden::nothing()), 30);
    });
}

#[test]
fn the_latest_of_a_key_hides_what_was_before() {
    let index = Index::open(&Folder::Memory).unwrap();
    index.take(vec![put(entry("e1", "the disk is full", 1)), put(entry("e2", "the disk is slow", 2))], cursor(1));
    index.write().unwrap();
    index.take(vec![put(entry("e1", "the volume is full", 1))], cursor(2));
    assert_eq!(found(&index, "disk "), ["e2"]);
    assert_eq!(found(&index, "volume "), ["e1"]);
    index.take(vec![(entry("e2", "", 2).key, None)], cursor(3));
    assert_eq!(found(&index, "disk "), Vec::<String>::new());
    index.write().unwrap();
    assert_eq!((found(&index, "disk "), found(&index, "volume ")), (vec![], vec!["e1".to_owned()]));
    assert_eq!(index.len(), 1);
}

#[test]
fn more_is_read_page_by_page() {
    let index = Index::open(&Folder::Memory).unwrap();
    let all = (0..25).map(|number| put(entry(&format!("e{number:02}"), "failover", number)));
    index.take(all.collect(), cursor(1));
    index.write().unwrap();
    let query = read("failover ").query;
    let page = |skip| {
        let ask = Ask { query: &query, order: Order::Newest, hidden: &Hidden::nothing(), skip, limit: 10 };
        let answer = index.ask(&ask).unwrap();
        (answer.hits.len(), answer.hits[0].document.key.id.clone(), answer.more)
    };
    assert_eq!(page(0), (10, "e24".into(), true));
    assert_eq!(page(10), (10, "e14".into(), true));
    assert_eq!(page(20), (5, "e04".into(), false));
}

#[test]
fn the_newest_are_found_wherever_they_lie() {
    // More than a block, in an order that is not that of time, in several segments.
    let index = Index::open(&Folder::Memory).unwrap();
    let mut seconds: Vec<i64> = (0..9_000).collect();
    let mut mint = Mint::seeded(7);
    for at in (1..seconds.len()).rev() {
        let other = usize::try_from(mint.chance() % (at as u64 + 1)).unwrap();
        seconds.swap(at, other);
    }
    for (number, some) in seconds.chunks(3_000).enumerate() {
        let text = |second: i64| if second % 7 == 0 { "failover of the shop" } else { "failover" };
        let all: Vec<Changed> =
            some.iter().map(|second| put(entry(&format!("e{second}"), text(*second), *second))).collect();
        index.write_through(&all, cursor(i64::try_from(number).unwrap())).unwrap();
    }
    assert_eq!(newest(&index, "failover ")[..3], ["e8999", "e8998", "e8997"]);
    assert_eq!(newest(&index, "failover shop ")[..3], ["e8995", "e8988", "e8981"]);
}

#[test]
fn after_a_restart_it_goes_on_from_where_it_was_written() {
    let directory = Directory::new("restart");
    {
        let index = directory.open();
        assert_eq!(index.cursor(), Cursor::default());
        index.take(vec![put(entry("e1", "failover", 1))], cursor(5));
        index.write().unwrap();
        index.take(vec![put(entry("e2", "failover", 2))], cursor(9));
        assert_eq!(found(&index, "failover ").len(), 2);
    }
    let index = directory.open();
    assert_eq!(index.cursor(), cursor(5), "what was not written is read again");
    assert_eq!(found(&index, "failover "), ["e1"]);
    index.clear().unwrap();
    assert_eq!((index.cursor(), index.len()), (Cursor::default(), 0));
    drop(index);
    assert_eq!(directory.open().cursor(), Cursor::default());
}

#[test]
fn a_broken_index_is_made_again() {
    let directory = Directory::new("broken");
    {
        let index = directory.open();
        index.take(vec![put(entry("e1", "failover", 1))], cursor(5));
        index.write().unwrap();
    }
    for (file, text) in [("meta.json", "{ \"index"), ("meta.json", "")] {
        std::fs::write(directory.0.join(file), text).unwrap();
        let index = directory.open();
        assert_eq!((index.cursor(), index.len()), (Cursor::default(), 0));
        index.take(vec![put(entry("e1", "failover", 1))], cursor(5));
        index.write().unwrap();
        assert_eq!(found(&index, "failover "), ["e1"]);
    }
    // A segment is missing.
    for file in std::fs::read_dir(&directory.0).unwrap().flatten() {
        if file.path().extension().is_some_and(|end| end == "term") {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    assert_eq!(directory.open().cursor(), Cursor::default());
}

#[test]
fn what_is_told_alike_is_found_with_what_both_have() {
    let of = |number, title: &str, text: &str| {
        let id = incident(number);
        document(Found::Incident, &id.to_string(), Some(id), title, text, i64::try_from(number).unwrap())
    };
    let documents = [
        of(1, "Checkout times out after the deploy", "Connection pool of the orders database exhausted"),
        of(2, "Checkout times out", "The connection pool of the orders database was exhausted by retries"),
        of(3, "Certificates of the mail relay expired", "Nobody renewed them"),
        of(4, "Search is slow", "A new index"),
    ];
    each_way(&documents, |index| {
        let alike = index.alike(&documents[0], &[Found::Incident], &Hidden::nothing(), 5).unwrap();
        assert_eq!(alike[0].document.key.incident, Some(incident(2)));
        assert!(alike[0].share > 0.5 && alike[0].share <= 1.0, "{}", alike[0].share);
        assert!(alike[0].both.contains(&"exhausted".to_owned()), "{:?}", alike[0].both);
        assert!(alike.iter().skip(1).all(|one| one.share < 0.3), "{alike:?}");
        let hidden = Hidden::new([incident(2)], None::<[IncidentId; 0]>);
        let seen = index.alike(&documents[0], &[Found::Incident], &hidden, 5).unwrap();
        assert!(seen.iter().all(|one| one.document.key.incident != Some(incident(2))));
    });
}
