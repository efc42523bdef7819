//! Pages that belong to no noun: errors.

use askama::Template;

use crate::pages::{Link, Theme};

/// Something went wrong, or is not there, or not for this person. Shown without the frame, since what is wrong
/// may be what the frame needs.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub theme: Theme,
    pub status: u16,
    /// `There is no such page`.
    pub title: String,
    /// What is wrong, where, and what to do.
    pub text: String,
    /// The id under which the log has the particulars.
    pub id: Option<String>,
    pub links: Vec<Link>,
}

impl ErrorPage {
    fn alerts() -> Vec<Link> {
        vec![Link::new("Go to the alerts", "/alerts")]
    }

    /// 404.
    pub fn not_found(theme: Theme, what: &str) -> Self {
        Self {
            theme,
            status: 404,
            title: "There is nothing here".into(),
            text: format!("{what} It may have been removed, or the address is not quite right."),
            id: None,
            links: Self::alerts(),
        }
    }

    /// 403.
    pub fn forbidden(theme: Theme, why: &str) -> Self {
        Self {
            theme,
            status: 403,
            title: "Not for you to do".into(),
            text: why.into(),
            id: None,
            links: Self::alerts(),
        }
    }

    /// 500 and 503: nothing was changed.
    pub fn failed(theme: Theme, id: &str) -> Self {
        Self {
            theme,
            status: 500,
            title: "Something went wrong on our side".into(),
            text: "Nothing was changed. Try again; if it stays, the log has the particulars under the id below. Paging goes on meanwhile.".into(),
            id: Some(id.into()),
            links: Self::alerts(),
        }
    }
}
