//! Calls at ingest URLs that were refused: counted, the newest kept for inspection.

use domain::words::{Name, RejectionId, Timestamp};

use crate::door::{Error, Row, Tx};

/// A refused call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub id: RejectionId,
    pub integration: Name,
    pub at: Timestamp,
    pub format: String,
    /// The HTTP status that was answered.
    pub status: u16,
    /// Where in the body.
    pub place: Option<String>,
    pub why: String,
    /// The beginning of the body.
    pub excerpt: String,
}

/// How many are kept for each integration.
const KEPT: i64 = 50;

/// Counts and keeps a refused call, and forgets the oldest.
pub fn add(tx: &mut Tx<'_>, rejection: &Rejection) -> Result<(), Error> {
    let integration = rejection.integration.as_str();
    tx.execute(
        "INSERT INTO rejections (id, integration, at, format, status, place, why, excerpt) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            rejection.id.into(),
            integration.into(),
            rejection.at.into(),
            rejection.format.as_str().into(),
            i64::from(rejection.status).into(),
            rejection.place.as_deref().into(),
            rejection.why.as_str().into(),
            rejection.excerpt.as_str().into(),
        ],
    )?;
    tx.execute(
        "INSERT INTO rejection_counts (integration, count) VALUES ($1, 1) \
         ON CONFLICT (integration) DO UPDATE SET count = rejection_counts.count + 1",
        &[integration.into()],
    )?;
    tx.execute(
        "DELETE FROM rejections WHERE integration = $1 AND id NOT IN \
         (SELECT id FROM rejections WHERE integration = $1 ORDER BY id DESC LIMIT $2)",
        &[integration.into(), KEPT.into()],
    )?;
    Ok(())
}

/// The newest refused calls of an integration.
pub fn list(tx: &mut Tx<'_>, integration: &Name) -> Result<Vec<Rejection>, Error> {
    let sql = "SELECT id, integration, at, format, status, place, why, excerpt FROM rejections \
               WHERE integration = $1 ORDER BY id DESC";
    tx.query(sql, &[integration.as_str().into()])?.iter().map(read).collect()
}

/// How many there ever were, by integration.
pub fn counts(tx: &mut Tx<'_>) -> Result<Vec<(Name, i64)>, Error> {
    let rows = tx.query("SELECT integration, count FROM rejection_counts ORDER BY integration", &[])?;
    rows.iter().map(|row| Ok((row.name("integration")?, row.int("count")?))).collect()
}

fn read(row: &Row) -> Result<Rejection, Error> {
    Ok(Rejection {
        id: row.id("id")?,
        integration: row.name("integration")?,
        at: row.instant("at")?,
        format: row.text("format")?.to_owned(),
        status: u16::try_from(row.int("status")?).unwrap_or(0),
        place: row.opt_text("place")?.map(str::to_owned),
        why: row.text("why")?.to_owned(),
        excerpt: row.text("excerpt")?.to_owned(),
    })
}
