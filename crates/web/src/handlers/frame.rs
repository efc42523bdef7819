//! Whoever asks for a page, and the frame around every page: what they may see of it, and what the last act did.
//!
//! A page is made in one read of the store, on a thread that may wait, and rendered there.

use std::collections::BTreeMap;
use std::sync::Arc;

use actions::detect::lists::Counts;
use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::detect::rules::Rules;
use domain::engage::oncall::{OnCall, on_call};
use domain::engage::schedules::{Override, zone};
use domain::prepare::addresses::Reader;
use domain::prepare::people::{Access, Person};
use domain::respond::sight::Sight;
use domain::words::{Actor, Name, Refusal, RefusalKind, Timestamp};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::{Halt, Tx};

use super::fields::{Fields, local_path};
use crate::app::App;
use crate::enter::Visitor;
use crate::pages::{
    Link, Notice, OnCallChip, PersonTag, Section, Shell, Theme, Toast, Tone, Undo, Viewer, Viewpoint, When,
};
use crate::problem::Problem;

const TOAST: &str = "toast";

/// A request for a page, by somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Asked {
    pub app: App,
    pub visitor: Visitor,
    pub person: Name,
    pub access: Access,
    pub now: Timestamp,
    pub theme: Theme,
    /// Path and query.
    pub here: String,
    pub query: Fields,
    toast: Option<Toast>,
}

impl FromRequestParts<App> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let visitor = parts.extensions.get::<Visitor>().cloned().unwrap_or(Visitor::Nobody);
        let (Some(person), Some(access)) = (visitor.person().cloned(), visitor.access()) else {
            return Err(Refusal::new(RefusalKind::Unauthenticated, "sign in first").into());
        };
        let here = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self {
            app: app.clone(),
            visitor,
            person,
            access,
            now: app.now(),
            theme: theme_of(&parts.headers),
            here,
            query: Fields::of_query(parts.uri.query()),
            toast: cookie(&parts.headers, TOAST).and_then(read_toast),
        })
    }
}

impl Asked {
    pub fn actor(&self) -> Actor {
        self.visitor.actor()
    }

    /// Which incidents they see.
    pub fn sight(&self) -> Sight<'_> {
        self.visitor.sight()
    }

    /// Which addresses in documents they see.
    pub fn reader(&self) -> Reader {
        self.visitor.reader()
    }

    /// Makes a page and sends it.
    pub async fn page<P: Template>(
        self,
        section: Section,
        make: impl FnMut(&mut Look<'_, '_>, Shell) -> Result<P, Halt> + Send + 'static,
    ) -> Result<Response, Problem> {
        self.page_with(section, StatusCode::OK, make).await
    }

    /// The same, with another status: a form that was refused.
    pub async fn page_with<P: Template>(
        self,
        section: Section,
        status: StatusCode,
        mut make: impl FnMut(&mut Look<'_, '_>, Shell) -> Result<P, Halt> + Send + 'static,
    ) -> Result<Response, Problem> {
        let said = self.toast.is_some();
        let secure = self.app.settings().secure_cookies;
        let html = self
            .look(move |look| {
                let shell = look.shell(section)?;
                let page = make(look, shell)?;
                page.render().map_err(|error| store::Error::other(format!("a page does not render: {error}")).into())
            })
            .await?;
        let mut response = html_page(status, html);
        if said {
            response.headers_mut().append(SET_COOKIE, set_cookie(TOAST, "", Some(0), secure));
        }
        Ok(response)
    }

    /// Looks around in one read of the store.
    pub async fn look<T: Send + 'static>(
        self,
        mut look: impl FnMut(&mut Look<'_, '_>) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, Problem> {
        let app = self.app.clone();
        let done = tokio::task::spawn_blocking(move || {
            actions::board::refresh(app.store(), app.node(), self.now)?;
            app.store().read(|tx| look(&mut Look::new(tx, &self)?))
        });
        let outcome =
            done.await.unwrap_or_else(|panic| Err(store::Error::other(format!("a page was not made: {panic}")).into()));
        Ok(outcome?)
    }

    /// Leads on to a path of ours, with a word about what was done.
    #[expect(clippy::needless_pass_by_value, reason = "callers make the toast on the spot")]
    pub fn lead(&self, to: &str, toast: Option<Toast>) -> Response {
        lead(to, toast.as_ref(), self.app.settings().secure_cookies)
    }

    /// Leads back to where the form stood.
    pub fn back(&self, fields: &Fields, fallback: &str, toast: Toast) -> Response {
        self.lead(&local_path(fields.text("back"), fallback), Some(toast))
    }

    /// The same for an act that may have been refused: then the toast says why. Failures are pages of their own.
    pub fn back_with(&self, fields: &Fields, fallback: &str, done: Result<Toast, Halt>) -> Result<Response, Problem> {
        match done {
            Ok(toast) => Ok(self.back(fields, fallback, toast)),
            Err(Halt::Refused(refusal)) => Ok(self.back(fields, fallback, refused(&refusal))),
            Err(failed) => Err(failed.into()),
        }
    }
}

/// A toast that says what was done.
pub fn done(text: impl Into<String>) -> Toast {
    Toast { tone: Tone::Good, text: text.into(), undo: None }
}

/// A toast that says why not.
pub fn refused(refusal: &Refusal) -> Toast {
    Toast { tone: Tone::Critical, text: sentence(&refusal.message), undo: None }
}

/// With a capital and a full stop.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut said: String =
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    if !said.is_empty() && !said.ends_with(['.', '!', '?', ')', '"']) {
        said.push('.');
    }
    said
}

/// `303 See Other` to a path of ours.
pub fn lead(to: &str, toast: Option<&Toast>, secure: bool) -> Response {
    let location = HeaderValue::from_str(&local_path(to, "/")).unwrap_or(HeaderValue::from_static("/"));
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response();
    if let Some(toast) = toast {
        let undo = toast.undo.as_ref().map(|undo| json!({ "action": undo.action, "fields": undo.fields }));
        let said = json!({ "tone": toast.tone.word(), "text": toast.text, "undo": undo }).to_string();
        let value = URL_SAFE_NO_PAD.encode(said);
        // A cookie holds 4 kB; an undo of a hundred alerts does not fit, and goes.
        let value = if value.len() <= 3500 {
            value
        } else {
            URL_SAFE_NO_PAD.encode(
                json!({ "tone": toast.tone.word(), "text": domain::words::text::shorten(&toast.text, 600) })
                    .to_string(),
            )
        };
        response.headers_mut().append(SET_COOKIE, set_cookie(TOAST, &value, Some(60), secure));
    }
    response
}

/// A cookie of ours: not for scripts, not for other sites.
pub fn set_cookie(name: &str, value: &str, seconds: Option<i64>, secure: bool) -> HeaderValue {
    let life = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{life}{secure}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// A page of HTML: for this reader alone, and never from a cache.
pub fn html_page(status: StatusCode, html: String) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (VARY, HeaderValue::from_static("cookie")),
    ];
    (status, headers, html).into_response()
}

pub fn theme_of(headers: &HeaderMap) -> Theme {
    Theme::of(cookie(headers, Theme::COOKIE).unwrap_or(""))
}

/// A cookie by its name.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// What a toast said before the redirect. Anything could be in a cookie; it is only ever shown, escaped, and an undo
/// leads to a path of ours.
fn read_toast(value: &str) -> Option<Toast> {
    let said: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
    let tone = match said["tone"].as_str() {
        Some("good") => Tone::Good,
        Some("critical") => Tone::Critical,
        Some("warning") => Tone::Warning,
        _ => Tone::Info,
    };
    let undo = said["undo"]["action"].as_str().map(|action| Undo {
        action: local_path(action, "/"),
        fields: serde_json::from_value(said["undo"]["fields"].clone()).unwrap_or_default(),
    });
    Some(Toast { tone, text: said["text"].as_str()?.to_owned(), undo })
}

/// One look at the store for a page: everything is of one moment.
#[derive(Debug)]
pub struct Look<'t, 'x> {
    pub tx: &'t mut Tx<'x>,
    pub asked: &'t Asked,
    pub app: &'t App,
    pub rules: Arc<Rules>,
    /// From where the viewer looks.
    pub view: Viewpoint,
    pub zone_name: String,
    /// Overrides that have not ended, of all schedules.
    pub overrides: Vec<Override>,
    /// Hues of people who would look alike on this page.
    hues: BTreeMap<Name, u8>,
}

impl<'t, 'x> Look<'t, 'x> {
    fn new(tx: &'t mut Tx<'x>, asked: &'t Asked) -> Result<Self, Halt> {
        let rules = asked.app.node().rules(tx)?;
        let zone_name = rules.catalog.people.get(&asked.person).map_or("UTC", |person| person.time_zone.as_str());
        let (zone, zone_name) =
            zone(zone_name).map_or((TimeZone::UTC, "UTC".to_owned()), |zone| (zone, zone_name.to_owned()));
        let overrides = store::engage::overrides::current(tx, asked.now)?;
        let view = Viewpoint { now: asked.now, zone };
        Ok(Self { tx, asked, app: &asked.app, rules, view, zone_name, overrides, hues: BTreeMap::new() })
    }

    pub fn now(&self) -> Timestamp {
        self.view.now
    }

    pub fn when(&self, at: Timestamp) -> When {
        self.view.when(at)
    }

    /// How many alerts are open, by state.
    pub fn counts(&self) -> Counts {
        self.app.counts()
    }

    /// A person as a tag; one who is gone under the name of the document.
    pub fn tag(&self, person: &Name) -> PersonTag {
        let full = self.rules.catalog.people.get(person).map_or(person.as_str(), |found| found.full_name.as_str());
        let tag = PersonTag::new(person.as_str(), full);
        PersonTag { hue: self.hues.get(person).copied().unwrap_or(tag.hue), ..tag }
    }

    /// Gives people who stand beside each other in a drawing different hues, as long as there are enough: whoever
    /// comes first keeps their own.
    pub fn tell_apart<'p>(&mut self, people: impl IntoIterator<Item = &'p Name>) {
        for person in people {
            if self.hues.contains_key(person) {
                continue;
            }
            let own = PersonTag::new(person.as_str(), "").hue;
            let free = |hue: &u8| !self.hues.values().any(|taken| taken == hue);
            let hue = (0..PersonTag::HUES).map(|step| (own + step) % PersonTag::HUES).find(free).unwrap_or(own);
            self.hues.insert(person.clone(), hue);
        }
    }

    /// The same by a text that may name nobody of ours: `amtool`.
    pub fn tag_of(&self, text: &str) -> PersonTag {
        match text.parse::<Name>() {
            Ok(name) => self.tag(&name),
            Err(_) => PersonTag { href: "/people".into(), ..PersonTag::new("", text) },
        }
    }

    pub fn full_name(&self, person: &Name) -> String {
        self.rules.catalog.people.get(person).map_or(person.as_str(), |found| &found.full_name).to_owned()
    }

    pub fn viewer(&self) -> Option<&Person> {
        self.rules.catalog.people.get(&self.asked.person)
    }

    /// The overrides of one schedule, in the order in which they were made.
    pub fn overrides_of(&self, schedule: &Name) -> Vec<Override> {
        self.overrides.iter().filter(|one| one.schedule == *schedule).cloned().collect()
    }

    /// Who is on call by a schedule.
    pub fn on_call(&self, schedule: &Name) -> Option<OnCall> {
        let found = self.rules.catalog.schedules.get(schedule)?;
        Some(on_call(found, &self.overrides_of(schedule), self.now()))
    }

    /// The schedules in which the person has a part, and what they say now.
    pub fn parts_of(&self, person: &Name) -> Vec<(Name, OnCall)> {
        let has_part = |name: &Name, schedule: &domain::engage::schedules::Schedule| {
            schedule.layers.iter().any(|layer| layer.people.contains(person))
                || self.overrides.iter().any(|one| one.schedule == *name && one.person.as_ref() == Some(person))
        };
        let schedules = self.rules.catalog.schedules.iter().filter(|(name, schedule)| has_part(name, schedule));
        schedules.filter_map(|(name, _)| Some((name.clone(), self.on_call(name)?))).collect()
    }

    /// The frame around the page.
    pub fn shell(&mut self, section: Section) -> Result<Shell, Halt> {
        let asked = self.asked;
        let mine: Vec<(Name, OnCall)> = self
            .parts_of(&asked.person)
            .into_iter()
            .filter(|(_, answer)| answer.person.as_ref() == Some(&asked.person))
            .collect();
        // The earliest end: from then on something changes.
        let until = mine.iter().filter_map(|(_, answer)| answer.until).min();
        let chip = (!mine.is_empty()).then(|| {
            let title = |name: &Name| self.rules.catalog.schedules.get(name).map(|schedule| schedule.title.clone());
            OnCallChip {
                until: until.map_or_else(|| "further notice".into(), |until| self.view.brief(until)),
                schedules: mine.iter().filter_map(|(name, _)| title(name)).collect::<Vec<_>>().join(" · "),
            }
        });
        Ok(Shell {
            theme: asked.theme,
            section,
            here: asked.here.clone(),
            viewer: Viewer { person: self.tag(&asked.person), administrator: asked.access == Access::Administrator },
            on_call: chip,
            unacknowledged: self.counts().firing,
            incidents: store::respond::incidents::count_open(self.tx, asked.sight())?,
            notices: self.notices(),
            toast: asked.toast.clone(),
            now_ms: self.now().as_millisecond(),
            journal: store::journal::last(self.tx)?,
            stale_ms: until.map(Timestamp::as_millisecond),
            version: format!("Allclear {}", self.app.settings().version),
        })
    }

    fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        if let Some(why) = self.app.store().broken() {
            notices.push(Notice {
                tone: Tone::Critical,
                text: format!("The database takes no more writes: {why}. Nothing that is done here is kept until Allclear is restarted."),
                link: Some(Link::new("What to do", "/health")),
            });
        }
        if self.rules.catalog.escalation_policies.is_empty() && self.asked.access == Access::Administrator {
            notices.push(Notice {
                tone: Tone::Warning,
                text: "Nobody is paged yet: there is no escalation policy.".into(),
                link: Some(Link::new("Page yourself first", "/welcome/page")),
            });
        }
        notices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toast_survives_the_redirect_and_leads_nowhere_else() {
        let undo = Undo { action: "https://evil.example".into(), fields: vec![("act".into(), "unacknowledge".into())] };
        let toast = Toast { tone: Tone::Good, text: "Acknowledged \"x\"; 2 alerts".into(), undo: Some(undo) };
        let response = lead("/alerts?tab=open", Some(&toast), true);
        assert_eq!(response.headers()[LOCATION], "/alerts?tab=open");
        let set = response.headers()[SET_COOKIE].to_str().unwrap();
        assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"), "{set}");
        let value = set.split(['=', ';']).nth(1).unwrap();
        let read = read_toast(value).unwrap();
        assert_eq!((read.text.as_str(), read.tone), ("Acknowledged \"x\"; 2 alerts", Tone::Good));
        let undo = read.undo.unwrap();
        assert_eq!((undo.action.as_str(), undo.fields.len()), ("/", 1));
    }

    #[test]
    fn a_sentence_has_a_capital_and_an_end() {
        for (text, said) in [("there is no alert x", "There is no alert x."), ("Why?", "Why?"), ("", "")] {
            assert_eq!(sentence(text), said);
        }
    }
}
