//! Subscribers: the public form, what a link from a mail leads to, and the list that administrators see.

use askama::Template;

use super::status_pages::Frame;
use crate::pages::{Shell, When};

/// `GET /status/subscribe`, and what follows from it.
#[derive(Clone, Debug, Template)]
#[template(path = "inform/status_subscribe.html")]
pub struct SubscribePage {
    pub frame: Frame,
    pub title: String,
    /// What came of it.
    pub said: Option<String>,
    pub form: Option<SubscribeForm>,
    pub press: Option<Press>,
}

/// The form.
#[derive(Clone, Debug, Default)]
pub struct SubscribeForm {
    pub email: String,
    pub webhook: String,
    /// Name, title, whether it is chosen.
    pub components: Vec<(String, String, bool)>,
    pub error: Option<String>,
}

impl SubscribeForm {
    pub fn chosen(&self) -> bool {
        self.components.iter().any(|(_, _, chosen)| *chosen)
    }
}

/// One button: a link alone does nothing, since scanners of mail open links.
#[derive(Clone, Debug)]
pub struct Press {
    pub action: String,
    pub text: String,
    pub label: &'static str,
}

/// `GET /subscribers`, for administrators.
#[derive(Clone, Debug, Template)]
#[template(path = "inform/subscribers.html")]
pub struct SubscribersPage {
    pub shell: Shell,
    pub rows: Vec<SubscriberLine>,
    pub next: Option<String>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct SubscriberLine {
    pub id: String,
    pub way: &'static str,
    pub address: String,
    /// Titles of components; empty: all.
    pub components: String,
    pub asked: When,
    pub confirmed: Option<When>,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::Section;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::inform::status_pages::NoticePublicPage;

    impl SubscribePage {
        pub(crate) fn sample() -> Self {
            Self {
                frame: NoticePublicPage::sample().frame,
                title: "Be told".into(),
                said: None,
                form: Some(SubscribeForm {
                    components: vec![("web".into(), "Checkout".into(), true), ("api".into(), "API".into(), false)],
                    error: Some("Write an address.".into()),
                    ..SubscribeForm::default()
                }),
                press: None,
            }
        }

        pub(crate) fn sample_link() -> Self {
            let press = Press { action: "/status/subscriptions/x".into(), text: "Is it you?".into(), label: "Confirm" };
            Self { form: None, press: Some(press), said: Some("Nearly done.".into()), ..Self::sample() }
        }
    }

    impl SubscribersPage {
        pub(crate) fn sample() -> Self {
            let line = |address: &str, confirmed| SubscriberLine {
                id: "sbr_06f1k2m9qv7x3t01".into(),
                way: "email",
                address: address.into(),
                components: "Checkout".into(),
                asked: viewpoint().when(minutes_ago(90)),
                confirmed,
            };
            Self {
                shell: Shell::sample(Section::Notices, "/subscribers"),
                rows: vec![
                    line("ana@example.org", Some(viewpoint().when(minutes_ago(80)))),
                    line("a-very-long-address-of-somebody@department.subsidiary.example.org", None),
                ],
                next: None,
            }
        }
    }
}
