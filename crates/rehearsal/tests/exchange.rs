//! A world that was lived through moves house: out of one engine as an archive, into the other and back, and is what it was.

use std::path::Path;

use actions::seals;
use domain::words::{Mint, Timestamp};
use rehearsal::worlds::{Season, run_in};
use store::keeping::archive::{Listed, Manifest, export, import};
use store::testing::Fresh;
use store::{Blobs, Halt, Place, Store};

/// After everything that happened.
fn later() -> Timestamp {
    "2100-01-01T00:00:00Z".parse().expect("a time")
}

fn blobs(folder: &Path) -> Blobs {
    Blobs::new(folder.join("evidence"), u64::MAX)
}

/// What moves: everything but messages that were on their way, and who held what.
fn moving(manifest: &Manifest) -> Vec<&Listed> {
    let stays = ["deliveries", "leases", "readers"];
    manifest.tables.iter().filter(|table| !stays.contains(&table.name.as_str())).collect()
}

/// Empties it, so that something may move in.
fn empty(target: &mut Fresh) {
    target.close();
    if let Place::Sqlite(path) = target.place() {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
    }
}

/// The connection that says that a database is in use takes a moment to close.
fn once_alone<T>(act: impl Fn() -> Result<T, Halt>) -> T {
    loop {
        match act() {
            Err(Halt::Refused(refusal)) if refusal.message.contains("in use") => {}
            other => return other.unwrap_or_else(|halt| panic!("{halt}")),
        }
    }
}

/// Lives through a world, seals it, and moves it through the other places, one after the other.
fn moves(seed: u64, season: Season, mut first: Fresh, others: Vec<Fresh>) {
    if let Err(failure) = run_in((*first).clone(), seed, season) {
        panic!("seed {seed}: {}", failure.trouble);
    }
    let mut mint = Mint::seeded(seed);
    while seals::turn(&first, &mut mint, later()).expect("it is sealed") > 0 {}
    let (key, sealed) = seals::verify(&first, None, &[]).expect("it is looked over");
    assert_eq!((sealed.findings.len(), sealed.unsealed), (0, 0), "seed {seed}: {:?}", sealed.findings);
    assert!(sealed.sound > 50 && sealed.newest.is_some(), "seed {seed}: too little happened: {sealed:?}");

    let file = first.folder().join("all.tar.gz");
    let made = export(first.place(), &blobs(first.folder()), &file, "1", later()).expect("an archive");
    let (mut from, mut kept) = (file, vec![]);
    first.close();
    for mut target in others {
        empty(&mut target);
        let (there, _) = once_alone(|| import(&from, target.place(), &blobs(target.folder()), later()));
        assert_eq!(moving(&there), moving(&made), "seed {seed}, into {}", target.place());
        let moved = Store::open(target.place()).expect("it opens");
        // Its journal holds what was sealed, by the key and by the checkpoint of the house that it came from.
        let against: Vec<_> = sealed.newest.iter().cloned().collect();
        let (_, report) = seals::verify(&moved, Some(key), &against).expect("it is looked over");
        assert_eq!((report.findings.len(), report.held), (0, 1), "seed {seed}: {:?}", report.findings);
        assert_eq!((report.sound, &report.newest), (sealed.sound, &sealed.newest));
        drop(moved);
        let out = target.folder().join("all.tar.gz");
        let again = export(target.place(), &blobs(target.folder()), &out, "1", later()).expect("an archive");
        assert_eq!(moving(&again), moving(&made), "seed {seed}, out of {}", target.place());
        from = out;
        kept.push(target);
    }
}

#[test]
fn a_world_moves_from_sqlite_to_postgres_and_back() {
    for seed in 0..2 {
        let others = Fresh::postgres().into_iter().chain([Fresh::sqlite()]).collect();
        moves(seed, Season { days: 1, troubles: 12 }, Fresh::sqlite(), others);
    }
}

#[test]
fn a_world_moves_from_postgres_to_sqlite_and_back() {
    let (Some(first), Some(last)) = (Fresh::postgres(), Fresh::postgres()) else { return };
    moves(2, Season { days: 1, troubles: 6 }, first, vec![Fresh::sqlite(), last]);
}
