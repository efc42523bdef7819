//! A fresh store for a test, on either engine, gone when the test ends.
//!
//! SQLite is a real file (in memory-backed storage where there is some). PostgreSQL is a schema of its
//! own in the database that `ALLCLEAR_TEST_POSTGRES` names; without the variable the test says that it
//! is skipped, and where `CI` is set it fails instead.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::door::{Place, Store};

/// A store, and what is to be removed after it.
pub struct Fresh {
    store: Option<Store>,
    place: Place,
    /// A folder of the test's own.
    folder: PathBuf,
    /// The database and the schema in it.
    schema: Option<(String, String)>,
}

impl Fresh {
    /// An empty SQLite database with our schema.
    pub fn sqlite() -> Self {
        let mut fresh = Self::unopened();
        fresh.store = Some(Store::open(&fresh.place).expect("a fresh SQLite database opens"));
        fresh
    }

    /// A place where a SQLite database may be made.
    pub fn unopened() -> Self {
        let shared_memory = Path::new("/dev/shm");
        let base = if shared_memory.is_dir() { shared_memory.to_owned() } else { std::env::temp_dir() };
        let folder = base.join(format!("allclear-{}", unique()));
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        Self { store: None, place: Place::Sqlite(folder.join("allclear.db")), folder, schema: None }
    }

    /// An empty schema of PostgreSQL with our tables, or `None` if there is none to test with.
    pub fn postgres() -> Option<Self> {
        let Ok(url) = std::env::var("ALLCLEAR_TEST_POSTGRES") else {
            assert!(std::env::var_os("CI").is_none(), "ALLCLEAR_TEST_POSTGRES is not set, and CI needs it");
            #[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
            {
                eprintln!("skipped: set ALLCLEAR_TEST_POSTGRES=postgres://.. to run this test on PostgreSQL");
            }
            return None;
        };
        let schema = format!("allclear_{}", unique());
        run(&url, &format!("CREATE SCHEMA {schema}"));
        let joint = if url.contains('?') { '&' } else { '?' };
        let mut fresh = Self::unopened();
        fresh.place = Place::Postgres(format!("{url}{joint}options=-csearch_path%3D{schema}"));
        fresh.schema = Some((url, schema));
        fresh.store = Some(Store::open(&fresh.place).expect("a fresh PostgreSQL schema opens"));
        Some(fresh)
    }

    /// Where the store is, to open it again.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// A folder for files of the test.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Closes the store, for a test that goes on with the place.
    pub fn close(&mut self) {
        self.store = None;
    }
}

impl Deref for Fresh {
    type Target = Store;

    fn deref(&self) -> &Store {
        self.store.as_ref().expect("the store of this test is closed")
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        self.store = None;
        let _ = std::fs::remove_dir_all(&self.folder);
        if let Some((url, schema)) = &self.schema {
            run(url, &format!("DROP SCHEMA {schema} CASCADE"));
        }
    }
}

fn run(url: &str, sql: &str) {
    crate::door::run_on_postgres(url, sql).expect("the schema of a test");
}

/// Unlike any other of this machine, now or from a run that was killed.
fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let at = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_micros());
    format!("{}_{at}_{count}", std::process::id())
}

/// Makes two tests of each function, one on either engine.
///
/// ```ignore
/// store::both_engines! {
///     fn a_claimed_message_is_claimed_once(store) { store.write(|tx| ..).unwrap(); }
/// }
/// ```
#[macro_export]
macro_rules! both_engines {
    ($($(#[$attribute:meta])* fn $name:ident($store:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "a test may need nothing from around it")]
            use super::*;

            fn on_either_engine($store: &$crate::testing::Fresh) $body

            $(#[$attribute])*
            #[test]
            fn on_sqlite() {
                on_either_engine(&$crate::testing::Fresh::sqlite());
            }

            $(#[$attribute])*
            #[test]
            fn on_postgres() {
                if let Some(store) = $crate::testing::Fresh::postgres() {
                    on_either_engine(&store);
                }
            }
        }
    )*};
}
