//! The door when what is behind it fails: a disk that refuses, a server that goes away in the middle, a
//! commit whose answer never comes. Each test says how often its fault fired; one that never fires proves nothing.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{ErrorKind, Halt, Place, Store, Tx};
use crate::settings;
use crate::testing::Fresh;

/// Where the test that runs in a process of its own finds its database.
const CHILD: &str = "ALLCLEAR_TEST_FAULT_FILE";

/// Not a test by itself: what runs in the process whose disk refuses to grow a file.
#[test]
fn child_writes_until_the_disk_fails() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = Store::open(&Place::Sqlite(PathBuf::from(path))).unwrap();
    let mut acked = 0;
    let error = loop {
        let written = store.write(|tx| {
            settings::set(tx, "filler", &"x".repeat(100_000))?;
            Ok(settings::set(tx, "acked", &(acked + 1).to_string())?)
        });
        match written {
            Ok(()) => acked += 1,
            Err(Halt::Failed(error)) => break error,
            Err(Halt::Refused(refusal)) => panic!("{refusal}"),
        }
        assert!(acked < 1_000, "the disk never failed");
    };
    assert!(matches!(error.kind, ErrorKind::InDoubt | ErrorKind::Unavailable), "{error:?}");
    assert!(store.broken().is_some(), "{error:?}");
    for _ in 0..3 {
        let Err(Halt::Failed(error)) = store.write(|tx| Ok(settings::set(tx, "small", "x")?)) else {
            panic!("written after the disk failed");
        };
        assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
        assert!(error.message.contains("until a restart"), "{error}");
    }
    // What was acknowledged is still read.
    let read = store.read(|tx| Ok(settings::get(tx, "acked")?)).unwrap();
    println!("acked={acked} read={}", read.unwrap_or_default());
}

#[test]
fn a_disk_that_fails_ends_all_writing_and_loses_nothing_that_was_acknowledged() {
    let fresh = Fresh::unopened();
    let Place::Sqlite(path) = fresh.place() else { unreachable!() };
    // No file may grow past 4 MiB or less, so that the log never gets to be folded; the signal that says so is ignored, so that the write fails instead.
    let outcome = Command::new("sh")
        .arg("-c")
        .arg("trap '' XFSZ; ulimit -f 4096; exec \"$0\" --exact --nocapture door::faults::child_writes_until_the_disk_fails")
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&outcome.stdout);
    assert!(outcome.status.success(), "{said}\n{}", String::from_utf8_lossy(&outcome.stderr));
    let acked: u32 = said.split("acked=").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().parse().unwrap();
    let store = Store::open(fresh.place()).unwrap();
    let found = store.read(|tx| Ok(settings::get(tx, "acked")?)).unwrap().unwrap().parse::<u32>().unwrap();
    assert!(found == acked || found == acked + 1, "{acked} were acknowledged, {found} are there");
    assert_eq!(crate::keeping::check(fresh.place()).unwrap().problems, Vec::<String>::new());
    println!("injected=1 acked={acked} lost=0 in doubt={}", found - acked);
}

#[test]
fn the_log_is_folded_while_it_is_written() {
    let fresh = Fresh::sqlite();
    let text = "x".repeat(100_000);
    for turn in 0..600 {
        fresh.write_bulk(|tx| Ok(settings::set(tx, &format!("filler-{}", turn % 50), &text)?)).unwrap();
    }
    let Place::Sqlite(path) = fresh.place() else { unreachable!() };
    let log = std::fs::metadata(super::files::beside(path, "-wal")).unwrap().len();
    println!("60 MB were written, and the log has {} MiB", log >> 20);
    assert!(log < 50 << 20, "{log}");
}

#[test]
fn what_was_promised_of_sqlite_is_so() {
    let fresh = Fresh::sqlite();
    fresh
        .write(|tx| {
            for (pragma, value) in [("synchronous", 1), ("foreign_keys", 1), ("wal_autocheckpoint", 0)] {
                let row = tx.one(&format!("PRAGMA {pragma}"), &[])?.unwrap();
                let found = row.into_values().remove(0);
                assert_eq!(found, super::Value::Int(value), "{pragma}");
            }
            let mode = tx.one("PRAGMA journal_mode", &[])?.unwrap();
            assert_eq!(mode.text("journal_mode")?, "wal");
            Ok(())
        })
        .unwrap();
    // The log is synced by us: never later than the answer, and earlier only where somebody waits for it.
    let super::Engine::Sqlite(database) = &fresh.0.engine else { unreachable!() };
    assert_eq!(database.unsynced(), 0);
    fresh.write(|tx| Ok(settings::set(tx, "waits", "1")?)).unwrap();
    assert_eq!(database.unsynced(), 0);
    let ((), first) = fresh.write_ahead(|tx| Ok(settings::set(tx, "ahead", "1")?)).unwrap();
    let ((), second) = fresh.write_bulk_ahead(|tx| Ok(settings::set(tx, "ahead", "2")?)).unwrap();
    assert_eq!(database.unsynced(), 2);
    // Whoever only saw it waits as well.
    let (seen, third) = fresh.write_ahead(|tx| Ok(settings::get(tx, "ahead")?)).unwrap();
    assert_eq!((seen.as_deref(), database.unsynced()), (Some("2"), 2));
    third.wait().unwrap();
    assert_eq!(database.unsynced(), 0);
    second.wait().unwrap();
    first.wait().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let Place::Sqlite(path) = fresh.place() else { unreachable!() };
        for ending in ["", "-wal", "-shm", ".lock"] {
            let mode = std::fs::metadata(super::files::beside(path, ending)).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "others may read {ending:?}");
        }
    }
}

#[test]
fn an_act_whose_connection_dies_before_the_commit_runs_again() {
    let Some(store) = Fresh::postgres() else { return };
    let runs = AtomicU32::new(0);
    store
        .write(|tx| {
            settings::set(tx, "key", "value")?;
            if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                tx.query("SELECT pg_terminate_backend(pg_backend_pid()) AS gone", &[])?;
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    let runs = AtomicU32::new(0);
    let value = store.read(|tx| {
        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
            tx.query("SELECT pg_terminate_backend(pg_backend_pid()) AS gone", &[])?;
        }
        Ok(settings::get(tx, "key")?)
    });
    assert_eq!((value.unwrap().as_deref(), runs.load(Ordering::Relaxed)), (Some("value"), 2));
}

#[test]
fn one_node_hears_the_commit_of_another() {
    let Some(one) = Fresh::postgres() else { return };
    let other = Store::open(one.place()).unwrap();
    let (rung, heard) = std::sync::mpsc::channel();
    let rung = std::sync::Mutex::new(rung);
    other.on_commit(move || {
        let _ = rung.lock().unwrap().send(());
    });
    // It rings once as it begins to listen.
    while heard.recv_timeout(Duration::from_millis(500)).is_ok() {}
    one.write(|tx| Ok(settings::set(tx, "key", "value")?)).unwrap();
    heard.recv_timeout(Duration::from_secs(5)).expect("the bell of the other node");
}

/// What becomes of the commit that the proxy sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cut {
    /// It reaches the server, and the answer is lost.
    Answer,
    /// It never arrives.
    Commit,
}

/// A proxy before PostgreSQL that cuts the connection at a commit, while `armed`.
fn proxy(server: String, cut: Cut, armed: Arc<AtomicU32>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (Ok(client), Ok(upstream)) = (client, TcpStream::connect(&server)) else { return };
            let (mut down, mut to_client) = (upstream.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut down, &mut to_client);
                let _ = to_client.shutdown(Shutdown::Both);
            });
            let armed = armed.clone();
            std::thread::spawn(move || carry(client, upstream, cut, &armed));
        }
    });
    address
}

fn carry(mut client: TcpStream, mut upstream: TcpStream, cut: Cut, armed: &AtomicU32) {
    let mut bytes = [0; 8192];
    while let Ok(size @ 1..) = client.read(&mut bytes) {
        let commit = bytes[..size].windows(6).any(|six| six == b"COMMIT");
        let fires = commit && armed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        if fires {
            client.shutdown(Shutdown::Both).unwrap();
        }
        if fires && cut == Cut::Commit || upstream.write_all(&bytes[..size]).is_err() {
            break;
        }
        if fires {
            // Long enough for the server to commit; it says so to nobody.
            let _ = upstream.set_read_timeout(Some(Duration::from_secs(1)));
            let _ = upstream.read(&mut [0; 1024]);
            break;
        }
    }
    let _ = (client.shutdown(Shutdown::Both), upstream.shutdown(Shutdown::Both));
}

#[test]
fn a_commit_whose_answer_is_lost_is_in_doubt_and_not_repeated() {
    let Some(fresh) = Fresh::postgres() else { return };
    let Place::Postgres(url) = fresh.place() else { unreachable!() };
    let (_, rest) = url.split_once("://").unwrap();
    let host = rest.split('/').next().unwrap();
    let server = host.rsplit_once('@').map_or(host, |(_, server)| server);
    let server_address = if server.contains(':') { server.to_owned() } else { format!("{server}:5432") };
    for (cut, kept) in [(Cut::Answer, true), (Cut::Commit, false)] {
        let armed = Arc::new(AtomicU32::new(0));
        let through = url.replacen(server, &proxy(server_address.clone(), cut, armed.clone()), 1);
        let store = Store::open(&Place::Postgres(through)).unwrap();
        let runs = AtomicU32::new(0);
        let act = |tx: &mut Tx<'_>| {
            runs.fetch_add(1, Ordering::Relaxed);
            Ok(settings::set(tx, &format!("{cut:?}"), "value")?)
        };
        armed.store(1, Ordering::SeqCst);
        let Err(Halt::Failed(error)) = store.write(act) else { panic!("{cut:?}: acknowledged") };
        assert_eq!((error.kind, runs.load(Ordering::Relaxed)), (ErrorKind::InDoubt, 1), "{cut:?}: {error}");
        assert_eq!(armed.load(Ordering::SeqCst), 0, "{cut:?}: the fault did not fire");
        // The server may be committing still.
        let found = || fresh.read(|tx| Ok(settings::get(tx, &format!("{cut:?}"))?)).unwrap().is_some();
        assert_eq!((0..200).any(|_| found()), kept, "{cut:?}");
        // The next one goes through, on a new connection.
        store.write(act).unwrap();
        // A commit of nothing is not in doubt: it is simply done again.
        armed.store(1, Ordering::SeqCst);
        store.write(|tx| Ok(settings::get(tx, "key")?)).unwrap();
        assert_eq!(armed.load(Ordering::SeqCst), 0, "{cut:?}: the fault did not fire");
        println!("{cut:?}: injected=2 in doubt=1 kept={kept}");
    }
}

#[test]
fn a_server_that_is_not_there_is_said_to_be_so() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = Store::open(&Place::Postgres(format!("postgres://ana:secret@{closed}/x"))).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.starts_with("cannot connect: ") && !error.message.contains("secret"), "{error}");
}
