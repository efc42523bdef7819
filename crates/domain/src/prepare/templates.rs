//! A notification template: the words of a page or mail, with values filled in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The spec of a `notification-template` document. Jinja syntax; each output is escaped for its channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationTemplate {
    /// One line: the subject of a mail, the title of a push.
    pub subject: String,
    /// Plain text.
    pub text: String,
}
