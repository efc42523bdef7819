//! The frame around every page of somebody who is signed in: rail, top bar, banners, toasts. The same on each
//! page; filled in by one function of the edge.

use super::parts::{Link, PersonTag, Tone};

/// Everything that the frame shows.
#[derive(Clone, Debug)]
pub struct Shell {
    pub theme: Theme,
    /// Which entry of the rail is marked.
    pub section: Section,
    /// Path and query of this page: forms send it back as `back`.
    pub here: String,
    pub viewer: Viewer,
    /// Shown as a chip while the viewer is on call.
    pub on_call: Option<OnCallChip>,
    /// Alerts that fire and that nobody has taken; on the rail.
    pub unacknowledged: u64,
    /// Incidents that are reported or active, of those that the viewer may see; on the rail.
    pub incidents: u64,
    /// Banners over the page: degraded, nobody is on call ...
    pub notices: Vec<Notice>,
    /// What the last act did, with a way back if there is one.
    pub toast: Option<Toast>,
    /// The server's clock when the page was made, in milliseconds: relative times follow it, not the phone's.
    pub now_ms: i64,
    /// How far the journal went when the page was made: what happened since is told to it.
    pub journal: i64,
    /// When the page is no longer true by the clock alone: the next hand-off that it shows.
    pub stale_ms: Option<i64>,
    /// `Allclear 0.1.0`.
    pub version: String,
}

impl Shell {
    /// The entries of the rail that lead through the day.
    pub fn rail(&self) -> &'static [Entry] {
        &Section::RAIL
    }

    /// Those that are used more rarely.
    pub fn rail_below(&self) -> &'static [Entry] {
        &Section::RAIL_BELOW
    }
}

/// Who looks.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub person: PersonTag,
    /// Shows what only administrators may do (integrations' tokens, people).
    pub administrator: bool,
}

/// `On call until 09:00`.
#[derive(Clone, Debug)]
pub struct OnCallChip {
    pub until: String,
    /// The titles of the schedules: `Payments, primary`.
    pub schedules: String,
}

/// A banner over the page.
#[derive(Clone, Debug)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
    pub link: Option<Link>,
}

/// A short message at the edge of the screen.
#[derive(Clone, Debug)]
pub struct Toast {
    pub tone: Tone,
    pub text: String,
    pub undo: Option<Undo>,
}

/// The form behind a toast's **Undo**.
#[derive(Clone, Debug)]
pub struct Undo {
    /// Where it posts to.
    pub action: String,
    /// Its hidden fields.
    pub fields: Vec<(String, String)>,
}

/// Dark, light, or as the device says. Kept in the cookie `theme`, so that no page flashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub const COOKIE: &'static str = "theme";

    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What the cookie says; anything else means automatic.
    pub fn of(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }
}

/// The entries of the rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Alerts,
    Incidents,
    Changes,
    /// What the public is told.
    Notices,
    Silences,
    Schedules,
    Policies,
    Services,
    Postmortems,
    Insights,
    Documents,
    Integrations,
    Flags,
    OutgoingWebhooks,
    Chats,
    Tokens,
    People,
    Me,
    /// Search, errors.
    Nowhere,
}

impl Section {
    /// Which entry, its address, its title, its icon, and the letter that goes there after `g`.
    pub const RAIL: [Entry; 11] = [
        Entry::new(Self::Alerts, "/alerts", "Alerts", "alerts", "a"),
        Entry::new(Self::Incidents, "/incidents", "Incidents", "incidents", "n"),
        Entry::new(Self::Changes, "/changes", "Changes", "changes", "r"),
        Entry::new(Self::Postmortems, "/postmortems", "Postmortems", "postmortems", "b"),
        Entry::new(Self::Notices, "/notices", "Status page", "notices", "u"),
        Entry::new(Self::Schedules, "/schedules", "On call", "schedules", "s"),
        Entry::new(Self::Policies, "/escalation-policies", "Policies", "policies", "p"),
        Entry::new(Self::Services, "/services", "Services", "services", "e"),
        Entry::new(Self::Documents, "/documents", "Documents", "documents", "d"),
        Entry::new(Self::Integrations, "/integrations", "Integrations", "integrations", "i"),
        Entry::new(Self::Me, "/me", "My page", "me", "m"),
    ];

    /// Those that are used more rarely.
    pub const RAIL_BELOW: [Entry; 7] = [
        Entry::new(Self::Insights, "/insights", "Insights", "insights", "h"),
        Entry::new(Self::Flags, "/flags", "Flags", "flags", "f"),
        Entry::new(Self::Silences, "/silences", "Silences", "silences", "l"),
        Entry::new(Self::OutgoingWebhooks, "/outgoing-webhooks", "Webhooks", "webhook", "w"),
        Entry::new(Self::Chats, "/chats", "Chats", "send", "c"),
        Entry::new(Self::People, "/people", "People", "people", "o"),
        Entry::new(Self::Tokens, "/tokens", "API tokens", "tokens", "t"),
    ];
}

/// One entry of the rail.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub section: Section,
    pub href: &'static str,
    pub title: &'static str,
    pub icon: &'static str,
    /// `g` and then this letter goes there.
    pub letter: &'static str,
}

impl Entry {
    const fn new(
        section: Section,
        href: &'static str,
        title: &'static str,
        icon: &'static str,
        letter: &'static str,
    ) -> Self {
        Self { section, href, title, icon, letter }
    }
}

#[cfg(test)]
impl Shell {
    pub(crate) fn sample(section: Section, here: &str) -> Self {
        Self {
            theme: Theme::Auto,
            section,
            here: here.to_owned(),
            viewer: Viewer { person: PersonTag::new("ana", "Ana Silva"), administrator: true },
            on_call: Some(OnCallChip { until: "09:00".into(), schedules: "Payments, primary".into() }),
            unacknowledged: 3,
            incidents: 1,
            notices: vec![],
            toast: None,
            now_ms: crate::pages::gallery::now().as_millisecond(),
            stale_ms: None,
            journal: 0,
            version: "Allclear 0.1.0".into(),
        }
    }
}
