//! Comments on a section of a postmortem: about all of it, or about words of it, which they quote.
//!
//! A comment is beside the text and never in it: it is not published, and whoever comments has not written. When the words that it
//! is about are gone it says so, and stays.

use super::postmortem_sections::Section;
use crate::respond::entries::text;
use crate::words::{CommentId, Name, Refusal, Result, Timestamp};

/// Words that a comment is about are no more than this, in characters.
pub const QUOTE_MOST: usize = 500;
/// So many comments one postmortem has.
pub const COMMENTS_MOST: usize = 2000;

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub id: CommentId,
    pub section: Section,
    /// The words that it is about; nothing: the whole section.
    pub quote: Option<String>,
    /// What it answers. That is no answer itself.
    pub reply_to: Option<CommentId>,
    pub text: String,
    pub by: Name,
    pub at: Timestamp,
    /// It is settled, with its answers: who said so, and when.
    pub resolved: Option<(Name, Timestamp)>,
}

/// What somebody wants to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub section: Section,
    pub quote: Option<String>,
    pub reply_to: Option<CommentId>,
    pub text: String,
}

impl Wanted {
    /// As it is kept; or what is wrong with it, given what stands in the section and what was said before.
    pub fn checked(&self, stands: &str, all: &[Comment]) -> Result<Self> {
        if all.len() >= COMMENTS_MOST {
            return Err(Refusal::conflict(format!("there are {COMMENTS_MOST} comments: no more are taken")));
        }
        let quote = self.quote.as_deref().map(|said| said.trim().replace("\r\n", "\n")).filter(|said| !said.is_empty());
        if let Some(quote) = &quote {
            if quote.chars().count() > QUOTE_MOST {
                return Err(Refusal::invalid(format!("quote at most {QUOTE_MOST} letters")).at("/quote"));
            }
            if !stands.contains(quote.as_str()) {
                let message = format!("these words do not stand in {}: copy them from there", self.section.title());
                return Err(Refusal::invalid(message).at("/quote"));
            }
        }
        if let Some(reply_to) = self.reply_to {
            let found = all.iter().find(|one| one.id == reply_to && one.section == self.section);
            let found = found.ok_or_else(|| Refusal::not_found(format!("comment {reply_to}")).at("/reply_to"))?;
            if found.reply_to.is_some() || quote.is_some() {
                return Err(
                    Refusal::invalid("answer the comment that began it, without words of its own").at("/reply_to")
                );
            }
        }
        Ok(Self { quote, text: text(&self.text, "/text")?, ..self.clone() })
    }
}

impl Comment {
    /// Whether the words that it is about stand there no more.
    pub fn is_about_what_is_gone(&self, stands: &str) -> bool {
        self.quote.as_deref().is_some_and(|quote| !stands.contains(quote))
    }

    /// It is settled. Twice is the same as once; an answer is settled with what it answers.
    pub fn resolve(&self, by: &Name, now: Timestamp) -> Result<Self> {
        if self.reply_to.is_some() {
            return Err(Refusal::conflict("this is an answer: resolve the comment that it answers"));
        }
        let resolved = self.resolved.clone().unwrap_or_else(|| (by.clone(), now));
        Ok(Self { resolved: Some(resolved), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Mint;

    fn wanted(quote: Option<&str>, reply_to: Option<CommentId>) -> Wanted {
        Wanted { section: Section::Summary, quote: quote.map(str::to_owned), reply_to, text: " Since when? ".into() }
    }

    fn comment(reply_to: Option<CommentId>) -> Comment {
        let at = Timestamp::from_second(1_790_000_000).unwrap();
        let wanted = wanted(Some("the pool"), reply_to);
        Comment {
            id: Mint::seeded(1).id(at),
            section: wanted.section,
            quote: wanted.quote,
            reply_to,
            text: wanted.text,
            by: "ana".parse().unwrap(),
            at,
            resolved: None,
        }
    }

    #[test]
    fn a_comment_is_about_words_that_stand_there() {
        let kept = wanted(Some(" the pool "), None).checked("First the pool was full.", &[]).unwrap();
        assert_eq!((kept.quote.as_deref(), kept.text.as_str()), (Some("the pool"), "Since when?"));
        assert_eq!(wanted(Some("  "), None).checked("", &[]).unwrap().quote, None);
        let refused = wanted(Some("the queue"), None).checked("First the pool was full.", &[]).unwrap_err();
        assert!(refused.message.contains("do not stand in Summary"), "{refused}");
        assert!(wanted(Some(&"x".repeat(501)), None).checked(&"x".repeat(501), &[]).is_err());
        assert!(comment(None).is_about_what_is_gone("First it was full."));
        assert!(!comment(None).is_about_what_is_gone("First the pool was full."));
    }

    #[test]
    fn an_answer_answers_what_began_it() {
        let first = comment(None);
        assert!(wanted(None, Some(first.id)).checked("", std::slice::from_ref(&first)).is_ok());
        assert!(wanted(None, Some(first.id)).checked("", &[]).is_err());
        assert!(wanted(Some("a"), Some(first.id)).checked("a", std::slice::from_ref(&first)).is_err());
        let answer = comment(Some(first.id));
        assert!(wanted(None, Some(answer.id)).checked("", std::slice::from_ref(&answer)).is_err());
    }

    #[test]
    fn what_is_settled_stays_so() {
        let (ana, ben) = ("ana".parse().unwrap(), "ben".parse().unwrap());
        let once = comment(None).resolve(&ben, comment(None).at).unwrap();
        assert_eq!(once.resolve(&ana, once.at).unwrap(), once);
        assert!(comment(Some(once.id)).resolve(&ana, once.at).is_err());
    }
}
