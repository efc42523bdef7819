//! People: the list, one person, and my page.
//!
//! `GET /me`; `POST /me/test` with `contact` (its name; empty: the whole ladder) sends a test page; `POST
//! /me/contacts` with `name`, `channel`, `address`; `POST /me/contacts/NAME/remove`; `POST /me/ladder` with `urgency`,
//! `contact` and `after` (in minutes; both once per rung), for low urgency also `waking-from` and `waking-to`; `POST
//! /me/time-zone` with `time_zone`; `POST /me/password` with `current`, `new`; `POST /me/sessions/ID/end`. Each of these changes the
//! person's own document, or what is not a document (password, sessions).

use askama::Template;

use crate::pages::engage::pages::DeliveryView;
use crate::pages::filters::Chosen;
use crate::pages::{Badge, Link, PersonTag, Shell, When};

/// Everyone.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/people.html")]
pub struct PeoplePage {
    pub shell: Shell,
    pub rows: Vec<PersonRow>,
}

/// One person in a line.
#[derive(Clone, Debug)]
pub struct PersonRow {
    pub person: PersonTag,
    pub email: String,
    /// `Administrator`, `Responder`.
    pub access: String,
    pub teams: Vec<String>,
    /// `On call: Payments, primary`.
    pub on_call: Option<String>,
    /// `No working contact: cannot be paged`, `Inactive`.
    pub problem: Option<String>,
}

/// Somebody else.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/person.html")]
pub struct PersonPage {
    pub shell: Shell,
    pub person: PersonTag,
    pub email: String,
    pub access: String,
    /// `Europe/Berlin · 03:12 there`.
    pub time_zone: String,
    pub teams: Vec<Link>,
    pub on_call: Vec<MyShift>,
    pub contacts: Vec<ContactView>,
    pub high: Vec<RungView>,
    pub low: Vec<RungView>,
    pub document_href: String,
}

/// My page.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/me.html")]
pub struct MePage {
    pub shell: Shell,
    pub full_name: String,
    /// `You are on call for Payments, primary until Mon 09:00`, `You are not on call`.
    pub now: String,
    pub on_call: bool,
    /// The first shift that comes, if none runs.
    pub next: Option<String>,
    pub shifts: Vec<MyShift>,
    pub contacts: Vec<ContactView>,
    /// For pages that may wake, and for those that wait for waking hours.
    pub ladders: Vec<LadderView>,
    /// What keeps a page from reaching you.
    pub problems: Vec<String>,
    /// The last test page, as it goes.
    pub test: Vec<DeliveryView>,
    pub time_zone: String,
    pub email: String,
    pub sessions: Vec<Session>,
    /// What the form of a section was refused for: (section, sentence). Sections: contacts, high, low, zone, password.
    pub refused: Option<(&'static str, String)>,
    pub document_href: String,
}

impl MePage {
    fn refusal(&self, section: &str) -> Option<&str> {
        self.refused.as_ref().filter(|(where_, _)| *where_ == section).map(|(_, text)| text.as_str())
    }
}

/// A ladder of mine, and the form that changes it.
#[derive(Clone, Debug)]
pub struct LadderView {
    /// `high` or `low`.
    pub urgency: &'static str,
    pub heading: &'static str,
    pub note: String,
    pub rungs: Vec<RungView>,
    /// One line for each rung, and some that are empty.
    pub lines: Vec<RungForm>,
    /// From and to, on the ladder that waits for them.
    pub waking: Option<(String, String)>,
}

/// A line of that form.
#[derive(Clone, Debug)]
pub struct RungForm {
    /// The contacts to choose from; none chosen: no rung.
    pub contacts: Vec<Chosen>,
    /// Minutes, as they were typed.
    pub after: String,
}

/// A shift of mine.
#[derive(Clone, Debug)]
pub struct MyShift {
    pub schedule: Link,
    pub from: String,
    pub to: String,
    /// It runs now.
    pub now: bool,
}

/// A contact, and whether it works.
#[derive(Clone, Debug)]
pub struct ContactView {
    pub name: String,
    /// `mail`, `push` or `webhook`: the icon.
    pub channel: &'static str,
    pub address: String,
    /// `Worked 3 d ago`, `Never tested`, `Failed`.
    pub state: Badge,
    /// What the provider said when it failed.
    pub note: Option<String>,
    /// What the receiver of a webhook verifies with, for those who may see it.
    pub secret: Option<String>,
}

/// A rung of the ladder.
#[derive(Clone, Debug)]
pub struct RungView {
    /// `At once`, `After 5 min`.
    pub after: String,
    pub channel: &'static str,
    pub contact: String,
}

/// A signed-in browser.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: String,
    /// `Firefox on Linux`.
    pub browser: String,
    pub seen: When,
    pub this: bool,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::engage::pages::samples::delivery;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    impl PeoplePage {
        pub(crate) fn sample() -> Self {
            let row = |name: &str, full: &str, access: &str| PersonRow {
                person: PersonTag::new(name, full),
                email: format!("{name}@example.org"),
                access: access.into(),
                teams: vec!["Payments".into()],
                on_call: None,
                problem: None,
            };
            Self {
                shell: Shell::sample(Section::People, "/people"),
                rows: vec![
                    PersonRow {
                        on_call: Some("On call: Payments, primary".into()),
                        ..row("ana", "Ana Silva", "Administrator")
                    },
                    PersonRow {
                        on_call: Some("On call: Payments, secondary".into()),
                        ..row("ben", "Ben Okafor", "Responder")
                    },
                    row("chidi", "Chidi Anyanwu", "Manager"),
                    PersonRow {
                        problem: Some("No contact that works: cannot be paged".into()),
                        teams: vec![],
                        ..row("erin", "Erin Weiss", "Responder")
                    },
                ],
            }
        }
    }

    fn contacts() -> Vec<ContactView> {
        vec![
            ContactView {
                name: "phone".into(),
                channel: "push",
                address: "https://ntfy.example.org/ana-9f3k".into(),
                state: Badge::new(Tone::Good, "Worked 3 d ago"),
                note: None,
                secret: None,
            },
            ContactView {
                name: "mail".into(),
                channel: "mail",
                address: "ana@exmaple.org".into(),
                state: Badge::new(Tone::Critical, "Failed 3 min ago"),
                note: Some("550 5.1.1 recipient address rejected: domain not found".into()),
                secret: None,
            },
            ContactView {
                name: "desk lamp".into(),
                channel: "webhook",
                address: "https://hooks.example.org/ana/lamp".into(),
                state: Badge::new(Tone::Warning, "Never tested"),
                note: None,
                secret: Some("whsec_FhFm926WljKD/UhMpbkPxkHu3U/u0BhZG7veMLJ4rXY=".into()),
            },
        ]
    }

    fn rung(after: &str, channel: &'static str, contact: &str) -> RungView {
        RungView { after: after.into(), channel, contact: contact.into() }
    }

    fn line(chosen: &str, after: &str) -> RungForm {
        let contact = |name: &str| Chosen { value: name.into(), title: name.into(), chosen: name == chosen };
        RungForm { contacts: vec![contact("phone"), contact("mail")], after: after.into() }
    }

    fn shifts() -> Vec<MyShift> {
        let shift = |from: &str, to: &str, now| MyShift {
            schedule: Link::new("Payments, primary", "/schedules/payments-primary"),
            from: from.into(),
            to: to.into(),
            now,
        };
        vec![shift("Mon 16 Nov 09:00", "Mon 23 Nov 09:00", true), shift("Mon 7 Dec 09:00", "Mon 14 Dec 09:00", false)]
    }

    impl PersonPage {
        pub(crate) fn sample() -> Self {
            Self {
                shell: Shell::sample(Section::People, "/people/ana"),
                person: PersonTag::new("ana", "Ana Silva"),
                email: "ana@example.org".into(),
                access: "Administrator".into(),
                time_zone: "Europe/Berlin · 03:12 there".into(),
                teams: vec![Link::new("Payments", "/documents/team/payments")],
                on_call: shifts(),
                contacts: contacts(),
                high: vec![rung("At once", "push", "phone"), rung("After 3 min", "mail", "mail")],
                low: vec![rung("At once", "mail", "mail")],
                document_href: "/documents/person/ana".into(),
            }
        }
    }

    impl MePage {
        pub(crate) fn sample() -> Self {
            Self {
                shell: Shell::sample(Section::Me, "/me"),
                full_name: "Ana Silva".into(),
                now: "You are on call for Payments, primary until Mon 23 Nov 09:00".into(),
                on_call: true,
                next: None,
                shifts: shifts(),
                contacts: contacts(),
                ladders: vec![
                    LadderView {
                        urgency: "high",
                        heading: "When it may wake me",
                        note: "Pages of high urgency, at any hour.".into(),
                        rungs: vec![rung("At once", "push", "phone"), rung("After 3 min", "mail", "mail")],
                        lines: vec![line("phone", "0"), line("mail", "3"), line("", "")],
                        waking: None,
                    },
                    LadderView {
                        urgency: "low",
                        heading: "When it can wait",
                        note: "Pages of low urgency wait for my waking hours, 08:00 to 22:00.".into(),
                        rungs: vec![rung("At once", "mail", "mail")],
                        lines: vec![line("mail", "0"), line("", "")],
                        waking: Some(("08:00".into(), "22:00".into())),
                    },
                ],
                problems: vec![
                    "The last two mails to ana@exmaple.org failed for good. Pages reach you by phone only.".into(),
                ],
                test: vec![
                    delivery(
                        ("ana", "Ana Silva"),
                        "push",
                        "phone · ntfy.example.org/ana-9f3k",
                        (Tone::Good, "Sent"),
                        0,
                    ),
                    delivery(("ana", "Ana Silva"), "mail", "mail · ana@exmaple.org", (Tone::Quiet, "Sending"), 0),
                ],
                time_zone: "Europe/Berlin".into(),
                email: "ana@example.org".into(),
                sessions: vec![
                    Session {
                        id: "s1".into(),
                        browser: "Firefox on Linux".into(),
                        seen: viewpoint().when(minutes_ago(0)),
                        this: true,
                    },
                    Session {
                        id: "s2".into(),
                        browser: "Safari on iPhone".into(),
                        seen: viewpoint().when(minutes_ago(400)),
                        this: false,
                    },
                ],
                refused: Some(("password", "The current password is not right.".into())),
                document_href: "/documents/person/ana".into(),
            }
        }

        /// A ladder that was refused stands open, with what was typed.
        pub(crate) fn sample_refused() -> Self {
            let mut page = Self::sample();
            page.refused = Some(("high", "\"soon\" are no minutes: write 0, 5 or 1.5.".into()));
            page.ladders[0].lines[1].after = "soon".into();
            page.test.clear();
            page.problems.clear();
            page
        }
    }
}
