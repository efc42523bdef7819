//! Chats: one errand at a time, to Slack or to a homeserver of Matrix, with the token that this installation was told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::engage::deliveries::Outcome;
use domain::respond::chats::{Errand, Provider};
use domain::words::{Name, Timestamp};
use reqwest::header::HeaderMap;

use crate::egress::Egress;
use crate::matrix::{Batch, Matrix, Message};
use crate::slack::Slack;
use crate::token::Token;
use crate::{later, never};

/// An errand may take several calls, and must end before the lease of its delivery does.
const ERRAND_TIMEOUT: Duration = Duration::from_secs(20);

/// The channel. Cheap to clone.
#[derive(Clone)]
pub struct Chats {
    egress: Arc<Egress>,
    tokens: Arc<BTreeMap<Name, Token>>,
}

impl Chats {
    pub fn new(egress: Arc<Egress>, tokens: BTreeMap<Name, Token>) -> Self {
        Self { egress, tokens: Arc::new(tokens) }
    }

    fn headers(&self, chat: &Name, provider: &Provider) -> Result<HeaderMap, Outcome> {
        self.egress.check_private(provider.url()).map_err(never)?;
        let token = self.tokens.get(chat).ok_or_else(|| later(no_token(chat)))?;
        token.headers().ok_or_else(|| later("the token of the chat cannot stand in a header: is it whole?"))
    }

    /// Does one thing in a chat. Safe to cancel and to do again: see each provider for how a repeat is told.
    pub async fn carry(&self, errand: &Errand, now: Timestamp) -> Outcome {
        let headers = match self.headers(&errand.chat, &errand.provider) {
            Ok(headers) => headers,
            Err(outcome) => return outcome,
        };
        let carried = async {
            match &errand.provider {
                Provider::Slack { api } => Slack::new(&self.egress, api, headers, now).carry(errand).await,
                Provider::Matrix { homeserver } => {
                    Matrix::new(&self.egress, homeserver, headers, now).carry(errand).await
                }
            }
        };
        tokio::time::timeout(ERRAND_TIMEOUT, carried).await.unwrap_or_else(|_| later("it took too long"))
    }

    /// Waits a moment for what is said in a chat of Matrix after `since` (the first time: since it was begun to listen), and
    /// for what it answers to.
    pub async fn listen(
        &self,
        chat: &Name,
        homeserver: &str,
        since: Option<&str>,
        begun: Timestamp,
        now: Timestamp,
    ) -> Result<Batch, String> {
        let provider = Provider::Matrix { homeserver: homeserver.to_owned() };
        let headers = self.headers(chat, &provider).map_err(|outcome| why(&outcome))?;
        Matrix::new(&self.egress, homeserver, headers, now).listen(since, begun).await.map_err(|outcome| why(&outcome))
    }

    /// Reads a message of Matrix that another one is about.
    pub async fn message(
        &self,
        chat: &Name,
        homeserver: &str,
        room: &str,
        event: &str,
        now: Timestamp,
    ) -> Result<Message, String> {
        let provider = Provider::Matrix { homeserver: homeserver.to_owned() };
        let headers = self.headers(chat, &provider).map_err(|outcome| why(&outcome))?;
        let found = Matrix::new(&self.egress, homeserver, headers, now).message(room, event).await;
        found.map_err(|outcome| why(&outcome))
    }
}

/// What to say when there is no token for a chat.
pub fn no_token(chat: &Name) -> String {
    format!("there is no token for this chat: write {chat}.token=... into the file of --chat-secrets")
}

fn why(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Later { why, .. } | Outcome::Never { why } | Outcome::Gone { why } => why.clone(),
        Outcome::Sent { .. } => String::new(),
    }
}
