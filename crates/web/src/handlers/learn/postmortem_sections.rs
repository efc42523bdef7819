//! One section of a postmortem on a page: what is said beside it, and every text that it had.

use std::collections::BTreeMap;

use actions::learn::comments as comment_acts;
use actions::learn::comments::Said;
use actions::learn::postmortems as acts;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::learn::comments::{QUOTE_MOST, Wanted};
use domain::learn::edits::{self, Piece};
use domain::learn::postmortem_sections::Section as Part;
use domain::learn::postmortems::State;
use domain::prepare::people::Access;
use domain::words::text::shorten;
use domain::words::{CommentId, IncidentId, Refusal, RefusalKind};
use store::Halt;
use store::learn::postmortems::Written;

use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::handlers::learn::mentions::names;
use crate::handlers::respond::incidents::restricted;
use crate::handlers::respond::room::read_id;
use crate::pages::learn::postmortem_sections::{PostmortemSectionPage, RevisionView, SaidView, ThreadView};
use crate::pages::markdown::html_with;
use crate::pages::mentions::Names;
use crate::pages::respond::obligations::Typed;
use crate::pages::{Link, Section};
use crate::problem::Problem;

/// So many revisions are shown.
const REVISIONS_MOST: usize = 40;
/// Of what did not change, so many characters are shown on either side.
const AROUND: usize = 120;

/// `GET /incidents/ID/postmortem/sections/SECTION`.
pub async fn get_section(asked: Asked, Path((id, part)): Path<(String, String)>) -> Result<Response, Problem> {
    page(asked, read_id(&id)?, read_part(&part)?, Typed::default()).await
}

fn read_part(word: &str) -> Result<Part, Refusal> {
    word.parse().map_err(|_| Refusal::not_found(format!("section {}", shorten(word, 40))))
}

async fn page(asked: Asked, id: IncidentId, part: Part, typed: Typed) -> Result<Response, Problem> {
    let status = if typed.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let quote = asked.query.some("quote").map_or_else(String::new, |quote| quote.chars().take(QUOTE_MOST).collect());
    asked
        .page_with(Section::Postmortems, status, move |look, shell| {
            let sight = look.asked.sight();
            let whole = acts::whole(look.tx, id, sight)?;
            let said = comment_acts::of_incident(look.tx, id, sight)?;
            let texts = acts::history(look.tx, id, part, sight)?;
            let comments = said.iter().map(|one| one.comment.text.as_str());
            let names = names(look, id, texts.last().map(|last| last.text.as_str()).into_iter().chain(comments))?;
            let said: Vec<Said> = said.into_iter().filter(|one| one.comment.section == part).collect();
            let (settled, open) = threads(look, &said, &names).into_iter().partition(|one| one.resolved.is_some());
            Ok(PostmortemSectionPage {
                incident: Link::new(whole.incident.name(), format!("/incidents/{id}")),
                restricted: restricted(&whole.incident),
                name: part.word(),
                title: part.title(),
                html: texts.last().map_or_else(String::new, |last| html_with(&last.text, &names)),
                may: look.asked.access >= Access::Responder
                    && !matches!(whole.postmortem.state, State::Published | State::Waived),
                open,
                settled,
                revisions: revisions(look, &texts),
                older: texts.len().saturating_sub(REVISIONS_MOST),
                quote: quote.clone(),
                topics: names.topics(),
                typed: typed.clone(),
                shell,
            })
        })
        .await
}

fn threads(look: &Look<'_, '_>, all: &[Said], names: &Names) -> Vec<ThreadView> {
    let view = |one: &Said| SaidView {
        by: look.tag(&one.comment.by),
        when: look.when(one.comment.at),
        html: html_with(&one.comment.text, names),
    };
    let began = all.iter().filter(|one| one.comment.reply_to.is_none());
    began
        .map(|first| {
            let answers = all.iter().filter(|one| one.comment.reply_to == Some(first.comment.id));
            ThreadView {
                id: first.comment.id.to_string(),
                quote: first.comment.quote.clone(),
                gone: first.gone,
                said: std::iter::once(first).chain(answers).map(view).collect(),
                resolved: first.comment.resolved.as_ref().map(|(by, at)| (look.tag(by), look.when(*at))),
            }
        })
        .collect()
}

/// The newest first, each against the one before.
fn revisions(look: &Look<'_, '_>, texts: &[Written]) -> Vec<RevisionView> {
    let newest = texts.iter().enumerate().rev().take(REVISIONS_MOST);
    newest
        .map(|(at, one)| {
            let before = at.checked_sub(1).and_then(|before| texts.get(before)).map_or("", |one| one.text.as_str());
            RevisionView {
                number: one.revision,
                by: look.tag(&one.author),
                others: one.others.iter().map(|other| look.tag(other)).collect(),
                when: look.when(one.at),
                pieces: edits::pieces(before, &one.text).into_iter().map(shown).collect(),
                current: at + 1 == texts.len(),
            }
        })
        .collect()
}

fn shown(piece: Piece<'_>) -> (&'static str, String) {
    match piece {
        Piece::Gone(words) => ("gone", words.to_owned()),
        Piece::New(words) => ("new", words.to_owned()),
        Piece::Same(words) => {
            let letters: Vec<char> = words.chars().collect();
            if letters.len() <= 3 * AROUND {
                return ("same", words.to_owned());
            }
            let head: String = letters[..AROUND].iter().collect();
            let tail: String = letters[letters.len() - AROUND..].iter().collect();
            ("same", format!("{head} … {tail}"))
        }
    }
}

enum Wish {
    Comment(Wanted),
    Resolve(CommentId),
    Restore(u32),
}

fn read(fields: &Fields, part: Part) -> Result<(Wish, &'static str), Refusal> {
    match fields.text("act") {
        "comment" => {
            let reply_to = fields.some("reply-to").map(str::parse).transpose()?;
            let quote = fields.some("quote").map(str::to_owned);
            let wanted = Wanted { section: part, quote, reply_to, text: fields.raw("text").to_owned() };
            Ok((Wish::Comment(wanted), "Said"))
        }
        "resolve" => Ok((Wish::Resolve(fields.parse("comment")?), "Settled")),
        "restore" => {
            let revision = fields.text("revision").parse().map_err(|_| Refusal::invalid("the revision is a number"))?;
            Ok((Wish::Restore(revision), "It stands again"))
        }
        _ => Err(Refusal::invalid("there is no such button")),
    }
}

/// `POST /incidents/ID/postmortem/sections/SECTION` with `act`, and what that needs.
pub async fn post_section(
    asked: Asked,
    Path((id, part)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let (id, part) = (read_id(&id)?, read_part(&part)?);
    let outcome = match read(&fields, part) {
        Ok((wish, said)) => {
            let run = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| {
                    let moment = &mut moment.again();
                    match &wish {
                        Wish::Comment(wanted) => comment_acts::say(tx, moment, id, wanted).map(drop),
                        Wish::Resolve(comment) => comment_acts::resolve(tx, moment, id, *comment).map(drop),
                        Wish::Restore(revision) => acts::restore(tx, node, moment, id, part, *revision).map(drop),
                    }
                })
            };
            asked.app.act(asked.actor(), run).await.map(|()| said)
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(said) => Ok(asked.lead(&format!("/incidents/{id}/postmortem/sections/{part}"), Some(done(said)))),
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            let form =
                if fields.text("act") == "comment" && fields.some("reply-to").is_none() { "comment" } else { "act" };
            let kept = ["quote", "text"].map(|name| (name.to_owned(), fields.raw(name).to_owned()));
            let error = Some(sentence(&refusal.message));
            page(asked, id, part, Typed { form: form.into(), fields: BTreeMap::from(kept), error }).await
        }
        Err(failed) => Err(failed.into()),
    }
}
