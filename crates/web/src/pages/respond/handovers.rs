//! A hand-over on the timeline.

use crate::pages::{PersonTag, When};

/// What whoever takes over must know.
#[derive(Clone, Debug)]
pub struct HandoverView {
    /// How things stand.
    pub situation: String,
    /// What is to be reached next.
    pub objectives: String,
    /// Tasks that are open, and updates that were promised.
    pub left: Vec<Left>,
}

/// Something that is left to do.
#[derive(Clone, Debug)]
pub struct Left {
    pub what: String,
    pub who: Option<PersonTag>,
    pub by: Option<When>,
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};

    impl HandoverView {
        pub(crate) fn sample() -> Self {
            let left = |what: &str, who: Option<PersonTag>, ago: i64| Left {
                what: what.into(),
                who,
                by: Some(viewpoint().when(minutes_ago(ago))),
            };
            Self {
                situation: "Errors are down to 2 % since the rollback. Refunds have not been looked at.".into(),
                objectives: "Find out which refunds were lost, and tell finance.".into(),
                left: vec![
                    left("Compare the two schemas", Some(PersonTag::new("cleo", "Cleo Marsh")), -20),
                    left("The next public update", None, -12),
                ],
            }
        }
    }
}
