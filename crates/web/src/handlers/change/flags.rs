//! Flags: the list, one with its rules in words, and its kills: made, lifted, put off.

use actions::change::kills::{self as acts, Wanted, must};
use axum::extract::Path;
use axum::response::Response;
use domain::change::exposures::percent;
use domain::change::flag_words;
use domain::change::flags::{Flag, Setting};
use domain::change::kills::KillTo;
use domain::prepare::access_rules::may_edit_some;
use domain::prepare::documents::{Kind, Reference};
use domain::prepare::people::Access;
use domain::words::{EventKind, IncidentId, KillId, Name, Refusal, Span, text};
use serde_json::Value;
use store::Halt;
use store::change::kills as rows;
use store::respond::incidents::{self, Filter};

use crate::api::change::flags::{self as api, FlagState};
use crate::api::change::kills::{self as kills_api, Kill};
use crate::handlers::engage::pages::capital;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::pages::change::flags::{
    Choice, FlagPage, FlagRow, FlagsPage, KillForm, KillRow, SPANS, SettingView, StandingKill,
};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

/// How many open incidents a kill may name on the page.
const INCIDENTS_MOST: u32 = 30;

fn read(name: &str) -> Result<Name, Problem> {
    name.parse().map_err(|_| Refusal::not_found(format!("flag {}", text::shorten(name, 63))).into())
}

/// `GET /flags?stale=true`.
pub async fn get_flags(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Flags, |look, shell| {
            let (catalog, now, asked) = (look.rules.catalog.clone(), look.now(), look.asked);
            let only_stale = asked.query.text("stale") == "true";
            let told = api::Look::of(look.tx)?;
            let (mut rows, mut stale) = (Vec::with_capacity(catalog.flags.len()), 0);
            for one in &catalog.flags {
                let flag = told.flag(look.tx, &catalog, one, asked.sight(), now)?;
                stale += usize::from(flag.stale.is_some());
                if only_stale && flag.stale.is_none() {
                    continue;
                }
                rows.push(FlagRow {
                    flag: Link::new(flag.title, format!("/flags/{}", flag.name)),
                    key: (flag.key != flag.name).then_some(flag.key),
                    purpose: capital(&flag.purpose.replace('-', " ")),
                    states: flag.environments.iter().map(short_state).collect(),
                    stale: flag.stale,
                });
            }
            let mut kills = Vec::new();
            for row in rows::standing(look.tx)?.into_iter().rev().filter(|row| row.kill.is_in_force(now)) {
                let kill = kills_api::wire(look.tx, &catalog, row, asked.sight(), now)?;
                kills.push(kill_row(look, &kill)?);
            }
            let link = |(name, spec): (&Name, &domain::change::environments::Environment)| {
                Link::new(spec.title.clone(), format!("/environments/{name}"))
            };
            Ok(FlagsPage {
                environments: catalog.environments.iter().map(link).collect(),
                may_edit: asked.access >= Access::Manager,
                kills,
                rows,
                stale,
                only_stale,
                shell,
            })
        })
        .await
}

/// `production: on`, in a pill.
fn short_state(one: &FlagState) -> Badge {
    let (tone, said) = match (&one.kill, one.state.as_str(), one.default_variant.as_deref()) {
        (Some(_), ..) => (Tone::Critical, "killed".to_owned()),
        (None, "DISABLED", _) => (Tone::Quiet, "disabled".to_owned()),
        (None, _, default) => {
            let default = default.unwrap_or("own default");
            if one.targeting { (Tone::Info, format!("rule, else {default}")) } else { (Tone::Good, default.to_owned()) }
        }
    };
    Badge::new(tone, format!("{}: {said}", one.environment))
}

/// What everybody gets.
fn gets(variant: Option<&str>) -> String {
    variant.map_or_else(|| "Everybody takes their own default".to_owned(), |name| format!("Everybody gets {name}"))
}

fn person(look: &Look<'_, '_>, word: &str) -> String {
    word.parse::<Name>().map_or_else(|_| word.to_owned(), |name| look.full_name(&name))
}

fn incident(look: &mut Look<'_, '_>, id: Option<&String>) -> Result<Option<Link>, Halt> {
    let Some(id) = id.and_then(|id| id.parse::<IncidentId>().ok()) else { return Ok(None) };
    let row = incidents::get(look.tx, id, look.asked.sight())?;
    Ok(row.map(|row| Link::new(row.name().into_owned(), format!("/incidents/{id}"))))
}

fn kill_row(look: &mut Look<'_, '_>, kill: &Kill) -> Result<KillRow, Halt> {
    let incident = incident(look, kill.incident.as_ref())?;
    let state = match (kill.state.as_str(), &kill.lifted_by) {
        ("in-force", _) => Badge::new(Tone::Critical, "In force"),
        (_, Some(by)) => Badge::new(Tone::Quiet, format!("Lifted by {}", person(look, by))),
        _ => Badge::new(Tone::Quiet, "Expired"),
    };
    let href = kill.flag.as_ref().map_or_else(|| "/flags".to_owned(), |flag| format!("/flags/{flag}"));
    let title = kill.flag.as_ref().and_then(|name| look.rules.catalog.flags.get(name.as_str()));
    let title = title.map_or_else(|| kill.key.clone(), |flag| flag.title.clone());
    Ok(KillRow {
        flag: Link::new(title, href),
        environment: kill.environment.clone(),
        state,
        gets: gets(kill.variant.as_deref()),
        by: person(look, &kill.by),
        at: look.when(kill.at),
        ends: look.when(kill.lifted_at.unwrap_or(kill.expires_at)),
        over: kill.state != "in-force",
        why: kill.why.clone(),
        incident,
    })
}

/// `GET /flags/NAME?in=&incident=`.
pub async fn get_flag(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    let (name, typed) = (read(&name)?, asked.query.clone());
    one(asked, name, typed, None).await
}

async fn one(asked: Asked, name: Name, typed: Fields, error: Option<String>) -> Result<Response, Problem> {
    asked
        .page(Section::Flags, move |look, shell| {
            let (catalog, now, asked) = (look.rules.catalog.clone(), look.now(), look.asked);
            let flag = must(&catalog, &name)?;
            let told = api::whole(look.tx, &catalog, &name, asked.sight(), now)?;
            let may_kill = asked.access >= Access::Responder;
            let mut settings = Vec::with_capacity(told.environments.len());
            for (state, (environment, setting)) in told.environments.iter().zip(&flag.environments) {
                let title = catalog.environments.get(environment).map_or(environment.as_str(), |spec| &spec.title);
                let link = Link::new(title, format!("/environments/{environment}"));
                settings.push(setting_view(look, link, setting, state, may_kill)?);
            }
            let mut kills = Vec::new();
            for kill in told.kills.iter().flatten() {
                kills.push(kill_row(look, kill)?);
            }
            let form = may_kill && !flag.environments.is_empty();
            let form = form.then(|| kill_form(look, flag, &typed, error.clone())).transpose()?;
            let team = |name: &Name| {
                let title = catalog.teams.get(name).map_or(name.as_str(), |team| team.title.as_str());
                Link::new(title, format!("/documents/team/{name}"))
            };
            let reference = Reference::new(Kind::Flag, name.clone());
            let edit = if may_edit_some(&asked.person, asked.access, &catalog, &reference) { "/edit" } else { "" };
            Ok(FlagPage {
                title: flag.title.clone(),
                key: told.key,
                description: told.description,
                purpose: capital(&told.purpose.replace('-', " ")),
                owner: flag.owner.as_ref().map(team),
                services: flag.services.iter().map(|one| Link::new(one.as_str(), format!("/services/{one}"))).collect(),
                expires: told.expires,
                stale: told.stale,
                changed: look.when(told.changed_at),
                variants: flag.variants.iter().map(|(name, value)| (name.clone(), shown(value))).collect(),
                settings,
                kills,
                form,
                document_href: format!("/documents/{reference}{edit}"),
                history_href: format!("/documents/{reference}/history"),
                name: name.to_string(),
                shell,
            })
        })
        .await
}

fn shown(value: &Value) -> String {
    text::shorten(&value.to_string(), 200)
}

fn setting_view(
    look: &mut Look<'_, '_>,
    environment: Link,
    setting: &Setting,
    told: &FlagState,
    may_end: bool,
) -> Result<SettingView, Halt> {
    let state = match (&told.kill, told.state.as_str()) {
        (Some(_), _) => Badge::new(Tone::Critical, "Killed"),
        (None, "DISABLED") => Badge::new(Tone::Quiet, "Disabled"),
        _ => Badge::new(Tone::Good, "Enabled"),
    };
    let default = setting.default_variant.as_deref().unwrap_or("their own default");
    let lines = match (told.state.as_str(), &setting.targeting) {
        ("DISABLED", _) => vec!["Everybody takes their own default".to_owned()],
        (_, Some(rule)) if setting.has_rule() => {
            let mut lines = flag_words::lines(rule);
            lines.push(format!("The default: {default}"));
            lines
        }
        _ => vec![format!("Everybody: {default}")],
    };
    let proven = match told.exercised_at {
        Some(at) => Badge::new(Tone::Good, format!("Thrown {}", look.view.relative(at))),
        None => Badge::new(Tone::Warning, "Unproven switch"),
    };
    let evaluated = evaluated(look, told);
    let kill = match &told.kill {
        Some(kill) => Some(standing(look, kill, may_end)?),
        None => None,
    };
    let rule = setting.targeting.as_ref().filter(|_| setting.has_rule()).map(|rule| format!("{rule:#}"));
    Ok(SettingView { environment, state, lines, rule, proven, evaluated, kill })
}

/// When it was last evaluated, and to what.
fn evaluated(look: &Look<'_, '_>, told: &FlagState) -> String {
    let Some(at) = told.evaluated_at else { return "No program has asked for it here, as far as is known".into() };
    let last = format!("Last evaluated {}", look.view.relative(at));
    let counts = told.evaluations.iter().flatten();
    let total: u64 = counts.clone().map(|(_, count)| count).sum();
    if total == 0 {
        return last;
    }
    let mut counts: Vec<_> = counts.collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let share = |(variant, count): (&String, &u64)| {
        let variant = if variant.is_empty() { "their own default" } else { variant };
        format!("{variant} {} %", percent(*count, total))
    };
    let shares: Vec<String> = counts.into_iter().map(share).collect();
    format!("{last}; in the last 24 hours {}: {}", times(total), shares.join(", "))
}

fn times(count: u64) -> String {
    if count == 1 { "once".into() } else { format!("{count} times") }
}

fn standing(look: &mut Look<'_, '_>, kill: &Kill, may_end: bool) -> Result<StandingKill, Halt> {
    let (catalog, now) = (look.rules.catalog.clone(), look.now());
    let row = acts::find(look.tx, kills_api::read_id(&kill.id)?)?;
    let whole = kills_api::whole(look.tx, &catalog, row, look.asked.sight(), now)?;
    let (reached, behind) = whole.propagation.map(|told| (told.reached, told.behind)).unwrap_or_default();
    let behind = behind.iter().map(|reader| {
        let parts = [Some(&reader.key), reader.address.as_ref(), reader.agent.as_ref()];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        format!("{}, {}", parts.join(", "), look.view.relative(reader.fetched_at))
    });
    let behind = behind.collect();
    Ok(StandingKill {
        id: kill.id.clone(),
        gets: gets(kill.variant.as_deref()),
        by: person(look, &kill.by),
        at: look.when(kill.at),
        ends: look.when(kill.expires_at),
        why: kill.why.clone(),
        incident: incident(look, kill.incident.as_ref())?,
        reached: match reached {
            0 => "no program has fetched since".into(),
            1 => "1 program has fetched since".into(),
            more => format!("{more} programs have fetched since"),
        },
        behind,
        may_end,
    })
}

const DISABLED: &str = "disabled";
const VARIANT: &str = "variant:";

fn kill_form(look: &mut Look<'_, '_>, flag: &Flag, typed: &Fields, error: Option<String>) -> Result<KillForm, Halt> {
    let catalog = look.rules.catalog.clone();
    let choice = |value: String, title: String, chosen: bool| Choice { value, title, chosen };
    let wanted = typed.some("environment").or(typed.some("in")).unwrap_or_default();
    let environments = flag.environments.keys().map(|name| {
        let title = catalog.environments.get(name).map_or(name.as_str(), |spec| &spec.title);
        choice(name.to_string(), title.to_owned(), name.as_str() == wanted)
    });
    let off = match flag.off() {
        KillTo::Variant(name) => format!("{VARIANT}{name}"),
        KillTo::Disabled => DISABLED.to_owned(),
    };
    let to = typed.some("to").map_or(off, str::to_owned);
    let variants = flag.variants.iter().map(|(name, value)| {
        let named = format!("{VARIANT}{name}");
        choice(named.clone(), format!("{name} ({})", text::shorten(&value.to_string(), 40)), named == to)
    });
    let variants = variants.chain([choice(DISABLED.into(), "Their own default".into(), to == DISABLED)]);
    let span = typed.some("for").unwrap_or("24h");
    let spans = SPANS.map(|(value, title)| choice(value.into(), title.into(), value == span));
    let wanted = typed.some("incident").unwrap_or_default();
    let open = Filter { open: true, ..Filter::default() };
    let open = incidents::list(look.tx, &open, look.asked.sight(), None, INCIDENTS_MOST)?;
    let open = open.iter().map(|row| {
        let id = row.id.to_string();
        choice(id.clone(), text::shorten(&row.name(), 60), id == wanted)
    });
    Ok(KillForm {
        environments: environments.collect(),
        to: variants.collect(),
        spans: spans.into(),
        incidents: std::iter::once(choice(String::new(), "None".into(), wanted.is_empty())).chain(open).collect(),
        why: typed.text("why").to_owned(),
        error,
    })
}

/// `GET /flags/NAME/kills`: a form that was sent once is not sent again.
pub async fn get_back(asked: Asked, Path(name): Path<String>) -> Response {
    asked.lead(&format!("/flags/{name}"), None)
}

/// `POST /flags/NAME/kills` with `environment`, `to`, `why`, `for`, `incident`.
pub async fn post_kills(asked: Asked, Path(name): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let name = read(&name)?;
    let wanted = || -> Result<Wanted, Refusal> {
        Ok(Wanted {
            flag: name.clone(),
            environment: fields.parse("environment")?,
            to: match fields.text("to") {
                DISABLED => Some(KillTo::Disabled),
                to => to.strip_prefix(VARIANT).map(|variant| KillTo::Variant(variant.to_owned())),
            },
            why: fields.text("why").to_owned(),
            expires_at: fields.text("for").parse::<Span>()?.after(asked.now),
            incident: fields.some("incident").map(str::parse).transpose()?,
        })
    };
    let outcome = match wanted() {
        Ok(wanted) => kills_api::kill(&asked.app, &asked.visitor, wanted).await,
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(kill) => {
            let said = format!("Killed in {}: {}", kill.environment, gets(kill.variant.as_deref()));
            Ok(asked.lead(&format!("/flags/{name}"), Some(done(said))))
        }
        Err(Halt::Refused(refusal)) => one(asked, name, fields, Some(sentence(&refusal.message))).await,
        Err(failed) => Err(failed.into()),
    }
}

/// `GET /kills/ID`: leads to the flag.
pub async fn get_kill(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    let id: KillId = kills_api::read_id(&id)?;
    let again = asked.clone();
    let to = asked
        .look(move |look| {
            let row = acts::find(look.tx, id)?;
            let found = acts::document(&look.rules.catalog, &row.kill.flag);
            Ok(found.map_or_else(|| "/flags".to_owned(), |(name, _)| format!("/flags/{name}")))
        })
        .await?;
    Ok(again.lead(&to, None))
}

/// `POST /kills/ID` with `act` (`lift`, `extend`), `for`, `why`.
pub async fn post_kill(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id: KillId = kills_api::read_id(&id)?;
    let why = fields.some("why").map(str::to_owned);
    let outcome = match (fields.text("act"), fields.text("for").parse::<Span>()) {
        ("lift", _) => kills_api::lift_one(&asked.app, &asked.visitor, id, why)
            .await
            .map(|kill| (kill, "Lifted: it is what its definition says")),
        ("extend", Ok(span)) => {
            let until = span.after(asked.now);
            kills_api::extend_one(&asked.app, &asked.visitor, id, until, why)
                .await
                .map(|kill| (kill, "It lasts longer"))
        }
        (_, Err(refusal)) => Err(refusal.into()),
        _ => Err(Refusal::invalid("lift it, or let it last longer").into()),
    };
    let to = match &outcome {
        Ok((kill, _)) => kill.flag.as_ref().map_or_else(|| "/flags".to_owned(), |flag| format!("/flags/{flag}")),
        Err(_) => format!("/kills/{id}"),
    };
    asked.back_with(&fields, &to, outcome.map(|(_, said)| done(said)))
}

/// What happened to a kill, for timelines.
pub fn told(kind: EventKind, data: &Value) -> (Tone, String) {
    let text = |name: &str| data[name].as_str().unwrap_or_default();
    let of = format!("{} in {}", text("flag"), text("environment"));
    match kind {
        EventKind::FlagKilled => {
            let to = data["variant"].as_str().map_or_else(|| "off".to_owned(), |name| format!("to {name}"));
            (Tone::Warning, format!("Flag killed: {of}, {to}"))
        }
        EventKind::FlagKillLifted => (Tone::Info, format!("Flag no longer killed: {of}")),
        EventKind::FlagKillExtended => (Tone::Quiet, format!("Flag killed for longer: {of}")),
        EventKind::FlagKillEnding => (Tone::Warning, format!("The kill of a flag ends soon: {of}")),
        _ => (Tone::Warning, format!("The kill of a flag has ended: {of}")),
    }
}
