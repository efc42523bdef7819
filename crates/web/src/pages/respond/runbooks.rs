//! Runbooks: the page of one, and where the room points to them.

use askama::Template;

use crate::pages::{Link, Shell, When};

/// `GET /runbooks/NAME`.
#[derive(Clone, Debug, Template)]
#[template(path = "respond/runbook.html")]
pub struct RunbookPage {
    pub shell: Shell,
    pub title: String,
    pub services: Vec<Link>,
    /// The matchers of alerts that it is about.
    pub matchers: Vec<String>,
    /// What to do, as HTML that [`crate::pages::markdown`] made.
    pub html: String,
    pub document_href: String,
    /// The drill in which it was last followed, and when.
    pub drilled: Option<(Link, When)>,
}

/// A runbook in a room.
#[derive(Clone, Debug)]
pub struct RunbookView {
    pub link: Link,
    /// As an entry says that it was followed; nothing of what is kept elsewhere.
    pub name: Option<String>,
    pub drilled: Option<(Link, When)>,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, markdown};

    impl RunbookPage {
        pub(crate) fn sample() -> Self {
            let text = "## What it means\n\nMore than **2 %** of card payments fail for five minutes.\n\n\
                ## What to do\n\n1. See which bank it is: `paymentctl banks --failing`.\n2. If it is one, switch it off:\n\n   \
                ```shell\n   paymentctl banks disable NAME --for 30m --reason \"refuses every card since the deployment of this morning\"\n   ```\n\n\
                3. If it is all of them, look at [the gateway](https://wiki.example.org/gateway).\n\n\
                | code | means |\n| --- | --- |\n| `05` | the bank refuses |\n| `91` | the bank is away |\n\n\
                > Never restart the gateway before the queue is empty.\n";
            Self {
                shell: Shell::sample(Section::Documents, "/runbooks/payments-fail"),
                title: "Card payments fail".into(),
                services: vec![Link::new("Card payments", "/services/payments")],
                matchers: vec!["alertname=\"PaymentErrorsHigh\"".into()],
                html: markdown::html(text),
                document_href: "/documents/runbook/payments-fail".into(),
                drilled: Some((
                    Link::new("a drill", "/incidents/inc_06f1k2m9qv7x3t09"),
                    viewpoint().when(minutes_ago(9_000)),
                )),
            }
        }
    }
}
