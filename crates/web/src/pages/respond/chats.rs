//! Chats: where incidents are spoken of, how each stands, and the rooms in it.

use askama::Template;

use crate::pages::{Badge, Link, Shell, When};

/// All of them, `GET /chats`.
#[derive(Clone, Debug, Template)]
#[template(path = "respond/chats.html")]
pub struct ChatsPage {
    pub shell: Shell,
    pub chats: Vec<ChatView>,
    pub may_test: bool,
    pub may_edit: bool,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct ChatView {
    pub name: String,
    pub title: String,
    /// `Slack`, `Matrix`.
    pub provider: &'static str,
    pub state: Badge,
    /// What is to be done for it to work, or what failed.
    pub trouble: Option<String>,
    pub heard: Option<When>,
    pub spoke: Option<When>,
    pub waiting: u64,
    /// Where Slack brings what is said.
    pub request_url: Option<String>,
    pub rooms: Vec<ChatRoomView>,
    pub document_href: String,
}

/// The room of an incident.
#[derive(Clone, Debug)]
pub struct ChatRoomView {
    pub incident: Link,
    pub url: Option<String>,
    pub opened: Option<When>,
    pub failed: Option<String>,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    impl ChatsPage {
        pub(crate) fn sample() -> Self {
            let when = |minutes| Some(viewpoint().when(minutes_ago(minutes)));
            let room = |title: &str, id: char, failed: Option<&str>| ChatRoomView {
                incident: Link::new(title, format!("/incidents/inc_06f1k2m9qv7x3t1{id}")),
                url: failed.is_none().then(|| "https://matrix.to/#/%21aBcD".into()),
                opened: when(12).filter(|_| failed.is_none()),
                failed: failed.map(Into::into),
            };
            let matrix = ChatView {
                name: "ops".into(),
                title: "Operations chat".into(),
                provider: "Matrix",
                state: Badge::new(Tone::Good, "Works"),
                trouble: None,
                heard: when(1),
                spoke: when(3),
                waiting: 0,
                request_url: None,
                rooms: vec![
                    room("Card payments fail in the shop", 'a', None),
                    room("Search is slow", 'b', Some("Slack says no: restricted_action")),
                ],
                document_href: "/documents/chat/ops".into(),
            };
            let slack = ChatView {
                name: "firm".into(),
                title: "The workspace of everybody".into(),
                provider: "Slack",
                state: Badge::new(Tone::Critical, "Fails"),
                trouble: Some("Slack answered 503 Service Unavailable".into()),
                heard: None,
                spoke: when(90),
                waiting: 7,
                request_url: Some("https://allclear.example.org/chats/firm/slack".into()),
                rooms: vec![],
                document_href: "/documents/chat/firm".into(),
            };
            let shell = Shell::sample(Section::Chats, "/chats");
            Self { shell, chats: vec![matrix, slack], may_test: true, may_edit: true }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { chats: vec![], ..Self::sample() }
        }
    }
}
