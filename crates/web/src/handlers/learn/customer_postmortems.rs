//! What customers read of a postmortem, on its page: prepared, looked through, agreed to, published.

use actions::learn::customer_postmortems::{self as acts, Deed, Whole};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::learn::customer_postmortems::{Piece, Plan, Reason, Redaction};
use domain::learn::leaks::Kind;
use domain::prepare::people::Access;
use domain::words::{EventKind, IncidentId, Refusal, RefusalKind};
use serde_json::Value;
use store::Halt;

use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::handlers::respond::incidents::restricted;
use crate::handlers::respond::room::read_id;
use crate::pages::learn::customer_postmortems::{
    BlockView, CustomerPostmortemPage, FindingView, PlanForm, VersionView,
};
use crate::pages::markdown::html;
use crate::pages::{Link, Section, Shell, Tone};
use crate::problem::Problem;

/// So many empty rows stand below the words that are taken out.
const EMPTY: usize = 3;

/// `GET /incidents/ID/customer-postmortem`.
pub async fn get_customer_postmortem(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    page(asked, read_id(&id)?, None).await
}

async fn page(asked: Asked, id: IncidentId, refused: Option<(Refusal, Option<Plan>)>) -> Result<Response, Problem> {
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    asked
        .page_with(Section::Postmortems, status, move |look, shell| {
            let whole = acts::whole(look.tx, look.asked.app.node(), id, Some(&look.asked.person), look.asked.sight())?;
            Ok(view(look, shell, &whole, refused.as_ref()))
        })
        .await
}

fn view(
    look: &Look<'_, '_>,
    shell: Shell,
    whole: &Whole,
    refused: Option<&(Refusal, Option<Plan>)>,
) -> CustomerPostmortemPage {
    let (one, plan) = (&whole.one, &whole.one.plan);
    let here = format!("/incidents/{}", whole.incident.id);
    let outside = |title: &str| whole.report.parts.iter().find(|part| part.title == title).map(|part| html(&part.text));
    let inside = |text: &str| {
        let pieces = plan.pieces(text).into_iter().map(|piece| match piece {
            Piece::Kept(text) => (text, None),
            Piece::Cut(words, reason, instead) => (words, Some((reason.title(), instead))),
        });
        pieces.collect()
    };
    CustomerPostmortemPage {
        incident: Link::new(whole.incident.name(), here.clone()),
        postmortem: format!("{here}/postmortem"),
        restricted: restricted(&whole.incident),
        revision: one.revision,
        may_prepare: look.asked.access >= Access::Responder,
        may_agree: whole.may_agree && one.revision > 0,
        hindrances: whole.hindrances.iter().map(|one| sentence(one)).collect(),
        agreed: one
            .consent
            .as_ref()
            .filter(|consent| consent.revision == one.revision)
            .map(|consent| (look.tag(&consent.by), consent.why.clone())),
        form: form(whole, refused.and_then(|(_, typed)| typed.as_ref()).unwrap_or(plan)),
        blocks: whole
            .blocks
            .iter()
            .map(|block| BlockView {
                title: block.title.clone(),
                inside: inside(&block.text),
                outside: outside(&block.title),
            })
            .collect(),
        opening: html(&whole.report.opening),
        findings: whole
            .leaks
            .iter()
            .map(|leak| FindingView {
                key: leak.key.clone(),
                quote: leak.quote.clone(),
                says: leak.kind.says(),
                places: leak.places.join(", "),
                answer: one.answers.get(&leak.key).map(|answer| (look.tag(&answer.by), answer.why.clone())),
                never: leak.kind == Kind::Secret,
            })
            .collect(),
        promises: whole.report.promises.iter().map(|promise| promise.text.clone()).collect(),
        versions: whole
            .versions
            .iter()
            .rev()
            .map(|version| VersionView {
                number: version.version,
                by: look.tag(&version.by),
                when: look.when(version.at),
                correction: version.correction.clone(),
                hash: version.hash.clone(),
                href: format!("/status/notices/{}/postmortem/{}", version.notice, version.version),
            })
            .collect(),
        link: whole.link.clone(),
        error: refused.map(|(refusal, _)| sentence(&refusal.message)),
        shell,
    }
}

fn form(whole: &Whole, plan: &Plan) -> PlanForm {
    let cut = |one: &Redaction| (one.words.clone(), one.reason.to_string(), one.instead.clone().unwrap_or_default());
    let empty = || (String::new(), Reason::Security.to_string(), String::new());
    PlanForm {
        title: plan.title.clone(),
        opening: plan.opening.clone(),
        blocks: whole
            .blocks
            .iter()
            .map(|block| (block.name.clone(), block.title.clone(), plan.blocks.contains(&block.name)))
            .collect(),
        cuts: plan.redactions.iter().map(cut).chain(std::iter::repeat_with(empty).take(EMPTY)).collect(),
        reasons: Reason::ALL.iter().map(|reason| (reason.word(), reason.title())).collect(),
        items: whole
            .items
            .iter()
            .map(|row| (row.item.id.to_string(), row.item.title.clone(), plan.promises.contains(&row.item.id)))
            .collect(),
        correction: plan.correction.clone(),
        corrects: whole.one.versions > 0,
    }
}

/// `POST /incidents/ID/customer-postmortem` with `act`, and what that needs.
pub async fn post_customer_postmortem(
    asked: Asked,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let mut typed = None;
    let outcome = match read(&fields) {
        Ok((deed, said)) => {
            if let Deed::Prepare { plan, .. } = &deed {
                typed = Some(plan.clone());
            }
            let run = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| acts::act(tx, node, &mut moment.again(), id, &deed).map(drop))
            };
            asked.app.act(asked.actor(), run).await.map(|()| said)
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(said) => Ok(asked.lead(&format!("/incidents/{id}/customer-postmortem"), Some(done(said)))),
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            page(asked, id, Some((refusal, typed))).await
        }
        Err(failed) => Err(failed.into()),
    }
}

fn read(fields: &Fields) -> Result<(Deed, &'static str), Refusal> {
    let revision = || {
        let text = fields.text("revision");
        text.parse::<u32>().map_err(|_| Refusal::invalid("the revision is a number").at("/revision"))
    };
    let words = |name: &str| fields.raw(name).replace("\r\n", "\n");
    Ok(match fields.text("act") {
        "prepare" => {
            let promises: Result<_, Refusal> = fields.all("promise").map(str::parse).collect();
            let (reasons, instead): (Vec<&str>, Vec<&str>) =
                (fields.all("reason").collect(), fields.all("instead").collect());
            let mut redactions = Vec::new();
            for (place, words) in fields.all("words").enumerate().filter(|(_, words)| !words.trim().is_empty()) {
                redactions.push(Redaction {
                    words: words.trim().to_owned(),
                    reason: reasons.get(place).copied().unwrap_or_default().parse()?,
                    instead: instead.get(place).map(|said| said.trim().to_owned()).filter(|said| !said.is_empty()),
                });
            }
            let plan = Plan {
                title: words("title"),
                opening: words("opening"),
                blocks: fields.all("block").map(str::to_owned).collect(),
                redactions,
                promises: promises?,
                correction: words("correction"),
            };
            (Deed::Prepare { plan, from: revision()? }, "Saved: this is what customers would read")
        }
        "answer" => {
            let (finding, why) = (fields.text("finding").to_owned(), words("why"));
            (Deed::Answer { finding, why }, "It may stay, with your name and reason")
        }
        "agree" => (Deed::Agree { revision: revision()?, why: words("why-agree") }, "You agreed to this text"),
        "publish" => (Deed::Publish { revision: revision()? }, "Customers can read it, and subscribers are told"),
        _ => return Err(Refusal::invalid("there is no such button")),
    })
}

/// What happened to what customers read, as a line of the timeline.
pub(in crate::handlers) fn told(look: &Look<'_, '_>, kind: EventKind, data: &Value) -> Option<(Tone, String)> {
    let text = |name: &str| data[name].as_str().unwrap_or("").to_owned();
    Some(match kind {
        EventKind::CustomerPostmortemPrepared => (Tone::Quiet, "The postmortem for customers was prepared".into()),
        EventKind::CustomerPostmortemAnswered => {
            (Tone::Quiet, format!("In the postmortem for customers something may stay: {}", text("kind")))
        }
        EventKind::CustomerPostmortemAgreed => {
            let person = look.tag_of(&text("person")).name;
            (Tone::Warning, format!("{person} agreed that customers read of it"))
        }
        EventKind::CustomerPostmortemPublished => match data["version"].as_u64() {
            Some(version) if version > 1 => (Tone::Info, "The postmortem for customers was corrected".into()),
            _ => (Tone::Good, "The postmortem for customers was published".into()),
        },
        _ => return None,
    })
}
