//! Postmortems on pages: the list, and one with its forms.

use std::collections::BTreeMap;

use actions::learn::postmortem_owners;
use actions::learn::postmortems::{self as acts, Deed, Listed, Text, Whole};
use actions::respond::assignments;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::learn::factor_taxonomies::FactorTaxonomy;
use domain::learn::factors::{Factor, Wanted};
use domain::learn::postmortem_policies::{Effect, Form, Reason};
use domain::learn::postmortem_sections::Section as Part;
use domain::learn::postmortems::{OWNER, Postmortem, State};
use domain::prepare::catalog::Catalog;
use domain::prepare::people::Access;
use domain::words::{EventKind, FactorId, IncidentId, Name, Refusal, RefusalKind};
use serde_json::Value;
use store::Halt;
use store::learn::postmortems::{Filter, Version};

use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::handlers::learn::mentions::names;
use crate::handlers::respond::incidents::restricted;
use crate::handlers::respond::room::read_id;
use crate::pages::learn::postmortems::{
    CorrectionView, FactorView, May, PostmortemPage, PostmortemRow, PostmortemsPage, PublishedView, ReasonView,
    SectionView, Tab, WaiverView,
};
use crate::pages::markdown::html_with;
use crate::pages::mentions::Names;
use crate::pages::respond::obligations::Typed;
use crate::pages::{Badge, Link, Section, Severity, Shell, Tone};
use crate::problem::Problem;

/// So many are listed.
const LIST_MOST: u32 = 200;

fn badge(state: State) -> Badge {
    let tone = match state {
        State::NotDue | State::Waived => Tone::Quiet,
        State::Due => Tone::Critical,
        State::Draft => Tone::Warning,
        State::InReview => Tone::Info,
        State::Published => Tone::Good,
    };
    Badge::new(tone, state.title())
}

/// `GET /postmortems`.
pub async fn get_postmortems(asked: Asked) -> Result<Response, Problem> {
    let state = match asked.query.some("state") {
        None => None,
        Some(word) => Some(word.parse::<State>().map_err(|wrong| wrong.at("?state"))?),
    };
    let mine = asked.query.some("mine").is_some();
    asked
        .page(Section::Postmortems, move |look, shell| {
            let owner = mine.then(|| look.asked.person.clone());
            let filter = Filter { state, open: state.is_none(), owner };
            let found = acts::list(look.tx, &filter, look.asked.sight(), LIST_MOST)?;
            let counts = store::learn::postmortems::counts(look.tx, look.asked.sight())?;
            let count = |wanted: &[State]| counts.iter().filter(|(one, _)| wanted.contains(one)).map(|(_, n)| n).sum();
            let of = if mine { "&mine=yes" } else { "" };
            let tab = |one: State| Tab {
                href: format!("/postmortems?state={one}{of}"),
                title: one.title(),
                count: Some(count(&[one])),
                current: state == Some(one),
            };
            let open = Tab {
                href: if mine { "/postmortems?mine=yes".into() } else { "/postmortems".into() },
                title: "To do",
                count: Some(count(&[State::Due, State::Draft, State::InReview])),
                current: state.is_none(),
            };
            let others = [State::Due, State::Draft, State::InReview, State::Published, State::Waived];
            Ok(PostmortemsPage {
                tabs: std::iter::once(open).chain(others.map(tab)).collect(),
                rows: found.iter().map(|one| row(look, one)).collect(),
                mine,
                shell,
            })
        })
        .await
}

fn row(look: &Look<'_, '_>, one: &Listed) -> PostmortemRow {
    let (incident, found) = (&one.incident, &one.postmortem);
    let (open, late) = (found.state.is_open(), found.late(look.now()));
    let due = late.map(|(_, due)| due).or(found.due.filter(|_| open).map(|due| due.publish));
    PostmortemRow {
        link: Link::new(incident.name(), format!("/incidents/{}/postmortem", incident.id)),
        severity: incident.state.severity.as_deref().map(Severity::of),
        restricted: restricted(incident),
        drill: incident.drill,
        state: badge(found.state),
        owner: one.held.owner.as_ref().map(|person| look.tag(person)),
        asked: one.held.asked.as_ref().filter(|_| open).map(|person| look.tag(person)),
        due: due.map(|due| look.when(due)),
        late: late.map(|(says, _)| says),
        says: says(found),
    }
}

fn says(one: &Postmortem) -> String {
    if let Some(waiver) = &one.waiver {
        return format!("waived by {}: {}", waiver.by, waiver.why);
    }
    let seen = |reason: &Reason| reason.seen.iter().map(|seen| seen.says.clone()).collect::<Vec<_>>().join(", ");
    one.judgement.reasons.iter().map(seen).collect::<Vec<_>>().join("; ")
}

/// `GET /incidents/ID/postmortem`.
pub async fn get_postmortem(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    page(asked, read_id(&id)?, Typed::default()).await
}

async fn page(asked: Asked, id: IncidentId, typed: Typed) -> Result<Response, Problem> {
    let status = if typed.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    asked
        .page_with(Section::Postmortems, status, move |look, shell| {
            let whole = acts::whole(look.tx, id, look.asked.sight())?;
            let items = super::action_items::of_incident(look, &whole.incident)?;
            let names = names(look, id, texts(&whole))?;
            let mut page = PostmortemPage { items, ..view(look, shell, &whole, &typed, &names) };
            for comment in store::learn::comments::of_incident(look.tx, id)? {
                let open = comment.reply_to.is_none() && comment.resolved.is_none();
                let section = page.sections.iter_mut().find(|one| open && one.name == comment.section.word());
                if let Some(section) = section {
                    section.comments += 1;
                }
            }
            Ok(page)
        })
        .await
}

/// All that a page of it draws.
fn texts(whole: &Whole) -> impl Iterator<Item = &str> {
    let published = whole.versions.last().and_then(|version| version.body["sections"].as_array());
    let published = published.into_iter().flatten();
    let published = published.filter_map(|one| one["text"].as_str());
    let corrections = whole.versions.iter().filter_map(|version| version.correction.as_deref());
    whole.written.iter().map(|one| one.text.as_str()).chain(published).chain(corrections)
}

fn view(look: &Look<'_, '_>, shell: Shell, whole: &Whole, typed: &Typed, names: &Names) -> PostmortemPage {
    let (one, held) = (&whole.postmortem, &whole.held);
    let catalog = look.rules.catalog.clone();
    let open = one.state.is_open();
    let due = one.due.filter(|_| open);
    let dates = due.map_or_else(Vec::new, |due| {
        let drafted = (one.state == State::Due).then(|| ("to be drafted", look.when(due.draft)));
        drafted.into_iter().chain([("to be published", look.when(due.publish))]).collect()
    });
    let last = whole.versions.last().filter(|_| one.state == State::Published);
    let here = format!("/incidents/{}", whole.incident.id);
    PostmortemPage {
        incident: Link::new(whole.incident.name(), here.clone()),
        restricted: restricted(&whole.incident),
        drill: whole.incident.drill,
        severity: whole.incident.state.severity.as_deref().map(Severity::of),
        state: badge(one.state),
        since: look.when(one.since),
        is_light: one.form() == Form::Light,
        reasons: one.judgement.reasons.iter().map(reason).collect(),
        dates,
        late: one.late(look.now()).map(|(says, _)| says),
        owner: held.owner.as_ref().map(|person| look.tag(person)),
        asked: held.asked.as_ref().filter(|_| open).map(|person| look.tag(person)),
        accept_by: one.accept_by.map(|at| look.when(at)),
        waiver: one.waiver.as_ref().map(|waiver| WaiverView {
            by: look.tag(&waiver.by),
            when: look.when(waiver.at),
            why: waiver.why.clone(),
        }),
        missing: whole.missing.iter().map(|one| sentence(one)).collect(),
        advice: whole.advice.clone(),
        sections: Part::of(one.form()).map(|part| section(look, whole, part, typed, names)).collect(),
        factors: whole.factors.iter().map(|factor| factor_view(look, &catalog, factor)).collect(),
        kinds: kinds(&catalog),
        items: Vec::new(),
        items_href: format!("/action-items?tab=all&incident={}", whole.incident.id),
        published: last.map(|version| published(look, &catalog, one, version, names)),
        corrections: whole
            .versions
            .iter()
            .filter_map(|version| {
                let correction = version.correction.as_ref()?;
                Some(CorrectionView {
                    when: look.when(version.at),
                    by: look.tag(&version.by),
                    html: html_with(correction, names),
                })
            })
            .collect(),
        versions: whole.versions.iter().map(|one| (one.version, look.when(one.at), look.tag(&one.by))).collect(),
        may: may(look, whole),
        draft: format!("{here}/draft"),
        markdown: format!("/api/v1{here}/postmortem.md"),
        topics: names.topics(),
        typed: typed.clone(),
        shell,
    }
}

fn may(look: &Look<'_, '_>, whole: &Whole) -> May {
    let (one, held) = (&whole.postmortem, &whole.held);
    let (me, access) = (&look.asked.person, look.asked.access);
    if access < Access::Responder {
        return May::default();
    }
    let wrote = whole.written.iter().any(|text| text.author == *me)
        || whole.factors.iter().any(|factor| factor.holds() && factor.by == *me);
    let owns = held.owner.as_ref() == Some(me);
    let reviewing = one.state == State::InReview;
    let answer = one.state.is_open() && held.owner.is_none() && held.asked.as_ref() == Some(me);
    May {
        answer,
        own: one.state.is_open() && held.owner.is_none() && !answer,
        write: !matches!(one.state, State::Published | State::Waived),
        submit: one.state == State::Draft,
        review: reviewing && !wrote && !owns,
        review_not: match (reviewing, wrote, owns) {
            (true, true, _) => Some("You wrote in it: somebody who did not reads it and publishes it."),
            (true, _, true) => Some("You own it: somebody else reads it and publishes it."),
            _ => None,
        },
        correct: one.state == State::Published,
        waive: access >= Access::Manager
            && one.state.is_open()
            && one.due.is_some()
            && !owns
            && one.judgement.binding().next().is_none(),
        request: matches!(one.state, State::NotDue | State::Waived),
    }
}

fn reason(one: &Reason) -> ReasonView {
    ReasonView {
        rule: Link::new(one.rule.to_string(), format!("/documents/postmortem-policy/{}", one.policy)),
        because: one.because.clone(),
        required: one.effect == Effect::Required,
        binding: one.effect == Effect::Required && !one.waivable,
        seen: one.seen.iter().map(|seen| sentence(&seen.says)).collect(),
    }
}

fn section(look: &Look<'_, '_>, whole: &Whole, part: Part, typed: &Typed, names: &Names) -> SectionView {
    let kept = whole.text(part);
    let (text, revision) = kept.map_or(("", 0), |kept| (kept.text.as_str(), kept.revision));
    let was_typed = typed.is("write").then(|| typed.fields.get(part.word())).flatten();
    let began = typed.fields.get(&format!("from:{part}")).and_then(|from| from.parse::<u32>().ok());
    let clashes = was_typed.is_some_and(|typed| typed.trim_end() != text) && began.is_some_and(|from| from != revision);
    let shown = was_typed.map_or(text, String::as_str);
    SectionView {
        name: part.word(),
        title: part.title(),
        questions: part.questions(),
        text: shown.to_owned(),
        html: html_with(shown, names),
        revision,
        comments: 0,
        by: kept.map(|kept| look.tag(&kept.author)),
        when: kept.map(|kept| look.when(kept.at)),
        theirs: clashes.then(|| text.to_owned()),
        rows: (shown.lines().count() + shown.len() / 90 + 1).clamp(3, 24),
    }
}

fn title_of(catalog: &Catalog, kind: &str) -> Option<String> {
    let mut all = catalog.factor_taxonomies.values().flat_map(FactorTaxonomy::kinds);
    all.find(|(_, one)| one.name.as_str() == kind).map(|(_, one)| one.title.clone())
}

fn factor_view(look: &Look<'_, '_>, catalog: &Catalog, one: &Factor) -> FactorView {
    let kind = one.kind.as_ref().map(|kind| title_of(catalog, kind.as_str()).unwrap_or_else(|| kind.to_string()));
    FactorView {
        id: one.id.to_string(),
        text: one.text.clone(),
        kind,
        evidence: one.evidence.clone(),
        by: look.tag(&one.by),
        struck: one.struck.as_ref().map(|(_, why, _)| why.clone()),
    }
}

fn kinds(catalog: &Catalog) -> Vec<(String, Vec<(String, String)>)> {
    let groups = catalog.factor_taxonomies.values().flat_map(|taxonomy| &taxonomy.groups);
    let names = |kind: &domain::learn::factor_taxonomies::Kind| (kind.name.to_string(), kind.title.clone());
    groups.map(|group| (group.title.clone(), group.kinds.iter().map(names).collect())).collect()
}

fn published(
    look: &Look<'_, '_>,
    catalog: &Catalog,
    one: &Postmortem,
    version: &Version,
    names: &Names,
) -> PublishedView {
    let all = |name: &str| version.body[name].as_array().cloned().unwrap_or_default();
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or("").to_owned();
    let kind =
        |value: &Value| value["kind"].as_str().map(|kind| title_of(catalog, kind).unwrap_or_else(|| kind.into()));
    PublishedView {
        when: look.when(one.since),
        reviewer: look.tag(one.reviewer.as_ref().unwrap_or(&version.by)),
        sections: all("sections")
            .iter()
            .map(|one| (text(one, "title"), html_with(&text(one, "text"), names)))
            .collect(),
        factors: all("factors").iter().map(|one| (text(one, "text"), kind(one))).collect(),
        minutes: all("minutes").iter().map(|one| (text(one, "stage"), text(one, "took"))).collect(),
    }
}

/// What a room shows of it: where it is, and how far.
pub(in crate::handlers) fn link(look: &mut Look<'_, '_>, id: IncidentId) -> Result<Option<(Link, Badge)>, Halt> {
    let found = store::learn::postmortems::get(look.tx, id)?;
    let title = Link::new("Postmortem", format!("/incidents/{id}/postmortem"));
    Ok(found.map(|one| (title, badge(one.state))))
}

/// What happened to a postmortem, as a line of the timeline.
pub(in crate::handlers) fn told(look: &Look<'_, '_>, kind: EventKind, data: &Value) -> Option<(Tone, String)> {
    let text = |name: &str| data[name].as_str().unwrap_or("").to_owned();
    let person = |name: &str| look.tag_of(&text(name)).name;
    let part = || text("section").parse::<Part>().map_or_else(|_| text("section"), |part| part.title().to_owned());
    Some(match kind {
        EventKind::PostmortemJudged => {
            let seen = |reason: &Value| reason["seen"].as_array().cloned().unwrap_or_default();
            let reasons = data["reasons"].as_array().into_iter().flatten().flat_map(seen);
            let reasons: Vec<String> = reasons.filter_map(|one| one.as_str().map(str::to_owned)).collect();
            let because = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
            match data["effect"].as_str() {
                Some("required") => (Tone::Warning, format!("A postmortem is due{because}")),
                Some(_) => (Tone::Info, format!("A postmortem is recommended{because}")),
                None => (Tone::Quiet, "No rule asks for a postmortem any more".into()),
            }
        }
        EventKind::PostmortemRequested => (Tone::Info, format!("{} asked for a postmortem", person("person"))),
        EventKind::PostmortemEscalated => match data["silent"].as_str() {
            Some(_) => (Tone::Warning, format!("{} did not say whether they own the postmortem", person("silent"))),
            None => (Tone::Warning, "Nobody owns the postmortem: somebody else is asked".into()),
        },
        EventKind::PostmortemBegun => (Tone::Info, "The postmortem was begun".into()),
        EventKind::PostmortemWritten => (Tone::Quiet, format!("Written in the postmortem: {}", part())),
        EventKind::PostmortemCommented => {
            (Tone::Quiet, format!("Said beside the postmortem, of {}: {}", part(), text("text")))
        }
        EventKind::PostmortemCommentResolved => (Tone::Quiet, format!("A comment on {} is settled", part())),
        EventKind::PostmortemSubmitted => (Tone::Info, "The postmortem is ready for review".into()),
        EventKind::PostmortemSentBack => (Tone::Warning, "The postmortem was sent back".into()),
        EventKind::PostmortemPublished => (Tone::Good, "The postmortem was published".into()),
        EventKind::PostmortemCorrected => (Tone::Info, "The postmortem was corrected".into()),
        EventKind::PostmortemWaived => (Tone::Warning, format!("{} waived the postmortem", person("person"))),
        EventKind::PostmortemReminded => {
            let late = data["late"].as_str().map_or_else(String::new, |late| format!(": {late}"));
            (Tone::Warning, format!("Reminded {} of the postmortem{late}", person("person")))
        }
        EventKind::FactorNamed => (Tone::Info, format!("Contributing factor: {}", text("text"))),
        EventKind::FactorStruck => (Tone::Quiet, format!("It does not hold as a factor: {}", text("text"))),
        _ => return None,
    })
}

/// What a button of the page asks for.
enum Wish {
    Act(Deed),
    Write(Vec<Text>),
    Factor(Wanted),
    Strike(FactorId, String),
    Own,
    Decline(String),
}

/// `POST /incidents/ID/postmortem` with `act`, and what that needs.
pub async fn post_postmortem(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let access = asked.access;
    let outcome = match read(&fields) {
        Ok((wish, said)) => {
            let run = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| carry_out(tx, node, &mut moment.again(), id, access, &wish))
            };
            asked.app.act(asked.actor(), run).await.map(|()| said)
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(said) => Ok(asked.lead(&format!("/incidents/{id}/postmortem"), Some(done(said)))),
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            page(asked, id, typed(&fields, &refusal)).await
        }
        Err(failed) => Err(failed.into()),
    }
}

/// What was typed is not lost.
fn typed(fields: &Fields, refusal: &Refusal) -> Typed {
    let form = match fields.text("act") {
        form @ ("write" | "factor" | "correct") => form,
        _ => "act",
    };
    let mut kept = BTreeMap::new();
    for part in Part::ALL {
        if fields.some(&format!("from-{part}")).is_some() {
            kept.insert(part.to_string(), fields.raw(&format!("text-{part}")).replace("\r\n", "\n"));
            kept.insert(format!("from:{part}"), fields.text(&format!("from-{part}")).to_owned());
        }
    }
    for name in ["factor-text", "factor-kind", "factor-evidence", "correction"] {
        kept.insert(name.to_owned(), fields.raw(name).to_owned());
    }
    Typed { form: form.to_owned(), fields: kept, error: Some(sentence(&refusal.message)) }
}

fn carry_out(
    tx: &mut store::Tx<'_>,
    node: &actions::Node,
    moment: &mut actions::Moment<'_>,
    id: IncidentId,
    access: Access,
    wish: &Wish,
) -> Result<(), Halt> {
    let owner: Name = OWNER.parse()?;
    match wish {
        Wish::Act(deed) => acts::act(tx, node, moment, id, Some(access), deed).map(drop),
        Wish::Write(texts) => acts::write(tx, node, moment, id, texts).map(drop),
        Wish::Factor(wanted) => acts::name_factor(tx, node, moment, id, wanted).map(drop),
        Wish::Strike(factor, why) => acts::strike_factor(tx, moment, id, *factor, why).map(drop),
        Wish::Own => postmortem_owners::take(tx, node, moment, id),
        Wish::Decline(why) => assignments::decline(tx, node, moment, id, &owner, why),
    }
}

fn read(fields: &Fields) -> Result<(Wish, &'static str), Refusal> {
    let words = |name: &str| fields.raw(name).to_owned();
    let act = |deed: Deed, said| Ok((Wish::Act(deed), said));
    match fields.text("act") {
        "write" => {
            let mut texts = Vec::new();
            for part in Part::ALL {
                let Some(from) = fields.some(&format!("from-{part}")) else { continue };
                let from = from.parse().map_err(|_| Refusal::invalid("the revision is a number"))?;
                texts.push(Text { section: *part, text: words(&format!("text-{part}")), from });
            }
            Ok((Wish::Write(texts), "Saved"))
        }
        "factor" => {
            let kind = fields.some("factor-kind").map(str::parse).transpose()?;
            let evidence = fields.some("factor-evidence").map(str::to_owned);
            Ok((Wish::Factor(Wanted { text: words("factor-text"), kind, evidence }), "The factor is named"))
        }
        "strike" => Ok((Wish::Strike(fields.parse("factor")?, words("why-strike")), "It stays on record as struck")),
        "submit" => act(Deed::Submit, "Somebody who did not write it can review it now"),
        "send-back" => act(Deed::SendBack { why: words("why-back") }, "It is a draft again, and says what to change"),
        "publish" => act(Deed::Publish, "It is published"),
        "correct" => act(Deed::Correct { correction: words("correction") }, "The correction is published"),
        "waive" => act(Deed::Waive { why: words("why-waive") }, "It is waived, with your name and reason"),
        "request" => act(Deed::Request { why: words("why-request") }, "Somebody is asked to see to it"),
        "own" => Ok((Wish::Own, "You own it")),
        "decline" => Ok((Wish::Decline(words("why-decline")), "Somebody else is asked")),
        _ => Err(Refusal::invalid("there is no such button")),
    }
}
