//! Files of documents that are followed elsewhere, and what they would change. The one function that yields both: pages
//! and the API show it, and a person applies it. Nothing is applied by itself.

use domain::prepare::addresses::Reader;
use domain::prepare::checks::Conditions;
use domain::prepare::ownership::Via;
use domain::prepare::problems::Problem;
use domain::words::text;
use store::{Halt, Tx};

use super::documents::{self, Order, Preview};

/// The files of one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    pub branch: String,
    pub commit: String,
    /// The first line of what the commit says.
    pub subject: String,
    /// Name and text of each.
    pub texts: Vec<(String, String)>,
}

impl Files {
    /// `main at abc1234`
    pub fn title(&self) -> String {
        format!("{} at {}", self.branch, self.commit.chars().take(7).collect::<String>())
    }
}

/// What files wait for somebody to apply them.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// What they order, as it comes to be applied: it takes nothing that was set by hand.
    pub order: Order,
    /// What does not read. With any of these, the order is of the rest, and is not to be applied.
    pub unread: Vec<Problem>,
    /// What it would do, as the reader may see it.
    pub preview: Preview,
}

impl Waiting {
    /// How many documents would change.
    pub fn count(&self) -> usize {
        self.preview.plan.differences.len()
    }

    /// Whether it can be applied.
    pub fn is_sound(&self) -> bool {
        self.unread.is_empty() && self.preview.plan.problems.is_empty()
    }
}

/// What these files order.
pub fn order(files: &Files) -> (Order, Vec<Problem>) {
    let texts = files.texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let mut reading = documents::read_files(texts);
    if reading.proposals.is_empty() && reading.problems.is_empty() {
        reading.problems.push(Problem {
            place: files.title(),
            document: None,
            pointer: String::new(),
            message: "there is no document in these files".into(),
            suggestion: None,
        });
    }
    let order = Order { proposals: reading.proposals, ..Order::default() };
    let why = text::shorten(&format!("{}: {}", files.title(), files.subject), 500);
    (order.via(Via::Source).because(why), reading.problems)
}

/// What these files would change.
pub fn waiting(tx: &mut Tx<'_>, files: &Files, conditions: Conditions<'_>, reader: &Reader) -> Result<Waiting, Halt> {
    let (order, unread) = order(files);
    let preview = documents::preview_for(tx, &order, conditions, reader)?;
    Ok(Waiting { order, unread, preview })
}
