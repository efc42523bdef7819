//! Rows of comments on sections of postmortems.

use domain::learn::comments::Comment;
use domain::words::{CommentId, IncidentId};

use crate::door::{Error, Row, Tx};

const COLUMNS: &str = "id, section, quote, reply_to, text, author, said_at, resolved_by, resolved_at";

/// Writes one as it is now.
pub fn save(tx: &mut Tx<'_>, incident: IncidentId, one: &Comment) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO postmortem_comments (id, incident, section, quote, reply_to, text, author, said_at, resolved_by, \
         resolved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE SET \
         resolved_by = excluded.resolved_by, resolved_at = excluded.resolved_at",
        &[
            one.id.into(),
            incident.into(),
            one.section.word().into(),
            one.quote.as_deref().unwrap_or("").into(),
            one.reply_to.into(),
            one.text.as_str().into(),
            (&one.by).into(),
            one.at.into(),
            one.resolved.as_ref().map(|(by, _)| by).into(),
            one.resolved.as_ref().map(|(_, at)| *at).into(),
        ],
    )?;
    Ok(())
}

/// All of a postmortem, the first first. Whoever asks has seen the incident.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Comment>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM postmortem_comments WHERE incident = $1 ORDER BY id");
    tx.query(&sql, &[incident.into()])?.iter().map(read).collect()
}

/// One of a postmortem.
pub fn get(tx: &mut Tx<'_>, incident: IncidentId, id: CommentId) -> Result<Option<Comment>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM postmortem_comments WHERE incident = $1 AND id = $2");
    tx.one(&sql, &[incident.into(), id.into()])?.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Result<Comment, Error> {
    let resolved = match (row.opt_name("resolved_by")?, row.opt_instant("resolved_at")?) {
        (Some(by), Some(at)) => Some((by, at)),
        _ => None,
    };
    Ok(Comment {
        id: row.id("id")?,
        section: row.parse("section")?,
        quote: Some(row.text("quote")?.to_owned()).filter(|quote| !quote.is_empty()),
        reply_to: row.opt_id("reply_to")?,
        text: row.text("text")?.to_owned(),
        by: row.name("author")?,
        at: row.instant("said_at")?,
        resolved,
    })
}

#[cfg(test)]
mod tests {
    use domain::learn::postmortem_sections::Section;
    use domain::respond::incidents::Class;
    use domain::words::{Mint, Timestamp};

    use super::*;
    use crate::both_engines;
    use crate::respond::incidents::tests::incident;

    both_engines! {
        fn comments_read_back_and_are_settled(store) {
            let mut mint = Mint::seeded(1);
            let of = incident(&mut mint, 0, Class::System).id;
            let other = incident(&mut mint, 0, Class::System).id;
            let at = Timestamp::from_second(1_790_000_000).unwrap();
            let first = Comment {
                id: mint.id(at),
                section: Section::Summary,
                quote: Some("the pool".into()),
                reply_to: None,
                text: "Since when?".into(),
                by: "ana".parse().unwrap(),
                at,
                resolved: None,
            };
            let answer = Comment { id: mint.id(at), quote: None, reply_to: Some(first.id), ..first.clone() };
            let settled = Comment { resolved: Some(("ben".parse().unwrap(), at)), ..first.clone() };
            store.write(|tx| {
                save(tx, of, &first)?;
                save(tx, of, &answer)?;
                assert_eq!(of_incident(tx, of)?, [first.clone(), answer.clone()]);
                save(tx, of, &settled)?;
                assert_eq!(get(tx, of, first.id)?, Some(settled.clone()));
                assert_eq!((get(tx, other, first.id)?, of_incident(tx, other)?), (None, vec![]));
                Ok(())
            }).unwrap();
        }
    }
}
