//! The small words that every phase uses: ids, names, time spans, labels, refusals.

pub(crate) mod choices;
pub mod csv;
pub mod events;
pub mod ids;
pub mod labels;
pub mod names;
pub mod refusal;
pub mod text;
pub mod time;
pub mod urgency;

pub use events::{Actor, Event, EventKind};
pub use ids::{
    ActionItemId, AffectedId, AlertId, AnchorId, ChangeId, ChangesetId, CommentId, DecisionId, DeliveryId,
    EnvironmentKeyId, EventId, EvidenceId, FactorId, GroupId, Id, IdText, IncidentId, KillId, Mint, NoticeId,
    ObservableId, OverrideId, PageId, PinId, PostId, ReflexId, RejectionId, RollbackId, SignalId, SilenceId, StampId,
    SubmissionId, SubscriberId, TaskId, TokenId, UpdateId,
};
pub use jiff::Timestamp;
pub use labels::{Labels, Matcher};
pub use names::Name;
pub use refusal::{Refusal, RefusalKind, Result};
pub use time::Span;
pub use urgency::Urgency;
