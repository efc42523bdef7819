//! Signing in: `POST /sign-in` with `email`, `password`, `next` (a path of ours). One answer for a wrong address
//! and a wrong password.

use askama::Template;

use crate::pages::Theme;

/// The form.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/sign_in.html")]
pub struct SignInPage {
    pub theme: Theme,
    pub email: String,
    /// Where to go afterwards.
    pub next: String,
    /// `That e-mail and password do not belong together`, `Too many attempts: wait 40 seconds`.
    pub error: Option<String>,
    /// Why one has to sign in, if it is not plain: `Your session has ended`.
    pub note: Option<String>,
}

#[cfg(test)]
impl SignInPage {
    pub(crate) fn sample() -> Self {
        Self {
            theme: Theme::Auto,
            email: String::new(),
            next: "/alerts".into(),
            error: None,
            note: Some("Your session has ended.".into()),
        }
    }

    pub(crate) fn sample_refused() -> Self {
        Self {
            email: "ana@example.org".into(),
            error: Some("That e-mail and password do not belong together.".into()),
            note: None,
            ..Self::sample()
        }
    }
}
