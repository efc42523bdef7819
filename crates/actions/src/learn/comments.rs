//! Comments on sections of postmortems: said, answered, settled.

use domain::learn::comments::{Comment, Wanted};
use domain::respond::sight::Sight;
use domain::words::{CommentId, EventKind, IncidentId, Refusal};
use serde_json::json;
use store::learn::{comments as rows, postmortems};
use store::{Halt, Tx};

use super::postmortems::{load, person};
use super::shared_texts;
use crate::announce::Told;
use crate::respond::incidents::seen;
use crate::{Moment, announce};

/// A comment, and whether the words that it is about are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub comment: Comment,
    pub gone: bool,
}

/// All of a postmortem, the first first.
pub fn of_incident(tx: &mut Tx<'_>, id: IncidentId, sight: Sight<'_>) -> Result<Vec<Said>, Halt> {
    seen(tx, id, sight)?;
    let texts = postmortems::texts(&postmortems::written(tx, id)?);
    let all = rows::of_incident(tx, id)?.into_iter();
    let said = |comment: Comment| {
        let gone = comment.is_about_what_is_gone(texts.get(&comment.section).map_or("", String::as_str));
        Said { comment, gone }
    };
    Ok(all.map(said).collect())
}

/// Says something. Where a postmortem is published or waived, nothing more is said beside it.
pub fn say(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId, wanted: &Wanted) -> Result<Said, Halt> {
    let by = person(moment)?;
    let (_, one) = load(tx, moment, id)?;
    one.write(moment.now)?;
    // What was typed a moment ago may be quoted.
    shared_texts::settle(tx, moment, id)?;
    let texts = postmortems::texts(&postmortems::written(tx, id)?);
    let stands = texts.get(&wanted.section).map_or("", String::as_str);
    let Wanted { section, quote, reply_to, text } = wanted.checked(stands, &rows::of_incident(tx, id)?)?;
    let at = moment.now;
    let comment = Comment { id: moment.mint.id(at), section, quote, reply_to, text, by, at, resolved: None };
    rows::save(tx, id, &comment)?;
    let data = json!({ "section": section, "comment": comment.id, "text": comment.text });
    announce::of_incident(
        tx,
        moment,
        EventKind::PostmortemCommented,
        id,
        vec![comment.id.to_string()],
        Told::of(data),
    )?;
    Ok(Said { comment, gone: false })
}

/// Says that one is settled, with its answers.
pub fn resolve(tx: &mut Tx<'_>, moment: &mut Moment<'_>, id: IncidentId, comment: CommentId) -> Result<Said, Halt> {
    let by = person(moment)?;
    load(tx, moment, id)?;
    let found = rows::get(tx, id, comment)?.ok_or_else(|| Refusal::not_found(format!("comment {comment}")))?;
    let settled = found.resolve(&by, moment.now)?;
    let texts = postmortems::texts(&postmortems::written(tx, id)?);
    let gone = settled.is_about_what_is_gone(texts.get(&settled.section).map_or("", String::as_str));
    if settled != found {
        rows::save(tx, id, &settled)?;
        let data = json!({ "section": settled.section, "comment": comment });
        let also = vec![comment.to_string()];
        announce::of_incident(tx, moment, EventKind::PostmortemCommentResolved, id, also, Told::of(data))?;
    }
    Ok(Said { comment: settled, gone })
}
