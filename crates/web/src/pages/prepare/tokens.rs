//! API tokens. `POST /tokens` with `title`, `access`, `days`; the secret is shown once, on the answer to that.
//! `POST /tokens/ID/revoke`.

use askama::Template;

use crate::pages::{PersonTag, Shell, When};

/// All tokens that the viewer may see.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/tokens.html")]
pub struct TokensPage {
    pub shell: Shell,
    pub rows: Vec<TokenRow>,
    /// The secret of the token that was just made: shown once.
    pub fresh: Option<FreshToken>,
    /// Up to the viewer's own: word and title.
    pub accesses: Vec<(String, String)>,
    pub error: Option<String>,
    /// The address of this server, for the example.
    pub base_url: String,
}

/// A token; not its secret.
#[derive(Clone, Debug)]
pub struct TokenRow {
    pub id: String,
    pub title: String,
    pub access: String,
    pub by: PersonTag,
    pub made: When,
    pub used: Option<When>,
    pub ends: Option<When>,
}

/// The secret, once.
#[derive(Clone, Debug)]
pub struct FreshToken {
    pub title: String,
    pub secret: String,
}

#[cfg(test)]
impl TokensPage {
    pub(crate) fn sample() -> Self {
        use crate::pages::Section;
        use crate::pages::gallery::{minutes_ago, viewpoint};
        let row = |title: &str, access: &str, used: Option<i64>| TokenRow {
            id: format!("tok_06f1k2m9qv7x3t{}", title.len()),
            title: title.into(),
            access: access.into(),
            by: PersonTag::new("ana", "Ana Silva"),
            made: viewpoint().when(minutes_ago(90_000)),
            used: used.map(|ago| viewpoint().when(minutes_ago(ago))),
            ends: Some(viewpoint().when(minutes_ago(-200_000))),
        };
        Self {
            shell: Shell::sample(Section::Tokens, "/tokens"),
            rows: vec![row("deploy pipeline", "Manager", Some(14)), row("status board in the hall", "Viewer", None)],
            fresh: Some(FreshToken {
                title: "deploy pipeline".into(),
                secret: "acl_9f3kq7w2x1m8v5c0b4n6j2h7g3d1s9a8".into(),
            }),
            accesses: vec![
                ("viewer".into(), "Viewer: sees".into()),
                ("responder".into(), "Responder: acknowledges, resolves, silences".into()),
                ("manager".into(), "Manager: edits documents of your teams".into()),
            ],
            error: None,
            base_url: "https://allclear.example.org".into(),
        }
    }
}
