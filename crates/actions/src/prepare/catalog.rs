//! The documents in force, kept in memory: one small query asks whether they moved, and only then are they read.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use domain::prepare::catalog::Catalog;
use domain::words::ChangesetId;
use store::prepare::documents;
use store::{Error, Tx};

/// The catalog as a process last read it. One per store.
#[derive(Default)]
pub struct Cache(RwLock<Option<Kept>>);

/// The changeset by its id, not its number: a number that was rolled back is given again.
type Kept = (Option<ChangesetId>, Arc<Catalog>);

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cache")
    }
}

/// The catalog as this transaction sees it.
pub fn catalog(tx: &mut Tx<'_>, cache: &Cache) -> Result<Arc<Catalog>, Error> {
    let last = documents::last_changeset_id(tx)?;
    let kept = cache.0.read().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((_, catalog)) = kept.filter(|(id, _)| *id == last) {
        return Ok(catalog);
    }
    let catalog = Arc::new(documents::load_all(tx)?);
    *cache.0.write().unwrap_or_else(PoisonError::into_inner) = Some((last, catalog.clone()));
    Ok(catalog)
}
