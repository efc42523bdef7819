//! An event of the journal: what happened, when, who did it, on what, why.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use super::ids::{EventId, IncidentId, TokenId};
use super::names::Name;

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    Person(Name),
    /// An API token, and the person who made it.
    Token(TokenId, Name),
    /// From a chat (its name), the person who speaks there.
    Chat(Name, Name),
    /// A source of signals.
    Integration(Name),
    /// A rule of ours: `escalation`, `auto-close`, `silence`.
    Rule(&'static str),
    /// Somebody at the machine itself, who works on the database: the name of their account there.
    Local(Name),
    /// The program itself: start, migration, the defaults.
    System,
}

impl fmt::Display for Actor {
    /// One word that reads back: `person:ana`, `token:tok_…:ana`, `chat:ops:ana`, `integration:prom`, `rule:escalation`,
    /// `local:root`, `system`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => write!(f, "person:{name}"),
            Self::Token(id, name) => write!(f, "token:{id}:{name}"),
            Self::Chat(chat, name) => write!(f, "chat:{chat}:{name}"),
            Self::Integration(name) => write!(f, "integration:{name}"),
            Self::Rule(rule) => write!(f, "rule:{rule}"),
            Self::Local(name) => write!(f, "local:{name}"),
            Self::System => f.write_str("system"),
        }
    }
}

/// An entry to be appended to the journal, in the transaction of the act that it tells of.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: EventId,
    pub kind: EventKind,
    /// When it happened; the journal adds when it was recorded.
    pub at: Timestamp,
    pub actor: Actor,
    /// What it is about: ids (`alr_…`, `pag_…`) and documents (`schedule/payments`). Each finds the event.
    pub subjects: Vec<String>,
    /// The incident that it is part of: it stands on its timeline, and only those see it who may see the incident.
    pub incident: Option<IncidentId>,
    /// The reason, in words, if one was given.
    pub why: Option<String>,
    /// The particulars, by kind.
    pub data: Value,
}

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What happened. The word is what the API, webhooks and the log say.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventKind { $($(#[$doc])* $name,)* }

        impl EventKind {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)* _ => None }
            }
        }
    };
}

event_kinds! {
    /// Alerts began to fire in a group. Subjects: the group and each alert.
    AlertsFired = "alerts.fired";
    AlertsResolved = "alerts.resolved";
    AlertsAcknowledged = "alerts.acknowledged";
    AlertsUnacknowledged = "alerts.unacknowledged";
    AlertsSnoozed = "alerts.snoozed";
    /// Closed because nothing was heard of them.
    AlertsClosed = "alerts.closed";
    AlertsMarkedNoise = "alerts.marked-noise";
    SilenceCreated = "silence.created";
    SilenceExpired = "silence.expired";
    HeartbeatMissed = "heartbeat.missed";
    HeartbeatReturned = "heartbeat.returned";
    SignalRejected = "signal.rejected";
    PageStarted = "page.started";
    /// The page went on to a step, or skipped one that reaches nobody.
    PageEscalated = "page.escalated";
    PageAcknowledged = "page.acknowledged";
    /// An acknowledgement timed out, or a snooze ended, and the alerts still fire.
    PageRestarted = "page.restarted";
    /// Over: resolved, silenced, or nobody answered.
    PageEnded = "page.ended";
    DeliverySent = "delivery.sent";
    /// Given up: every attempt failed, or the channel said never.
    DeliveryFailed = "delivery.failed";
    OverrideCreated = "override.created";
    OverrideRemoved = "override.removed";
    DocumentsApplied = "documents.applied";
    /// Files say what is in force already: it is theirs from now on.
    DocumentsAdopted = "documents.adopted";
    TokenCreated = "token.created";
    TokenRevoked = "token.revoked";
    IntegrationTokenRotated = "integration-token.rotated";
    PersonSignedIn = "person.signed-in";
    PasswordSet = "person.password-set";
    /// Somebody thinks that something is wrong.
    IncidentReported = "incident.reported";
    IncidentDeclared = "incident.declared";
    /// It was none.
    IncidentCancelled = "incident.cancelled";
    /// Its severity was set.
    IncidentGraded = "incident.graded";
    IncidentReclassified = "incident.reclassified";
    IncidentActivityBegan = "incident.activity-began";
    IncidentActivityEnded = "incident.activity-ended";
    IncidentMitigated = "incident.mitigated";
    IncidentResolved = "incident.resolved";
    IncidentReopened = "incident.reopened";
    IncidentMerged = "incident.merged";
    IncidentInReview = "incident.in-review";
    IncidentClosed = "incident.closed";
    IncidentRestricted = "incident.restricted";
    IncidentRevealed = "incident.revealed";
    /// Its title, its impact or its services were said anew.
    IncidentDescribed = "incident.described";
    /// A group of alerts, or another incident, belongs to it.
    IncidentLinked = "incident.linked";
    IncidentUnlinked = "incident.unlinked";
    /// Somebody may see it who could not.
    IncidentPersonNamed = "incident.person-named";
    IncidentPersonRemoved = "incident.person-removed";
    /// Somebody claims when a milestone was reached.
    StampClaimed = "stamp.claimed";
    /// The same by this program, from what it recorded: what that was has an entry of its own.
    StampDerived = "stamp.derived";
    /// Somebody wrote on the timeline: a note, an observation, an action, a decision.
    EntryAdded = "entry.added";
    TaskGiven = "task.given";
    /// Its owner does it.
    TaskTaken = "task.taken";
    /// Its owner reports later than was said.
    TaskExtended = "task.extended";
    TaskDone = "task.done";
    TaskDropped = "task.dropped";
    /// Its time box is over, and its owner has not reported.
    TaskLate = "task.late";
    /// Somebody drafted what is to be said in public; a second person approves it.
    UpdateDrafted = "update.drafted";
    UpdatePosted = "update.posted";
    /// A draft will not be said.
    UpdateWithdrawn = "update.withdrawn";
    /// The next update is due soon: whoever owes it was reminded.
    UpdateDue = "update.due";
    /// The next update did not come when it was promised.
    UpdateMissed = "update.missed";
    /// What was written is replaced; the journal keeps both.
    EntryCorrected = "entry.corrected";
    /// What was written does not hold.
    EntryStruck = "entry.struck";
    EntryPinned = "entry.pinned";
    EntryUnpinned = "entry.unpinned";
    RoleOffered = "role.offered";
    RoleAccepted = "role.accepted";
    RoleDeclined = "role.declined";
    RoleHandedOver = "role.handed-over";
    RoleEnded = "role.ended";
    /// A room of its own was opened for it in a chat.
    ChatRoomOpened = "chat-room.opened";
    /// Retention removed entries; it says which.
    JournalCut = "journal.cut";
    EvidenceCollected = "evidence.collected";
    EvidenceHandedOver = "evidence.handed-over";
    /// Somebody took a copy.
    EvidenceDownloaded = "evidence.downloaded";
    /// What is kept is not what was collected.
    EvidenceAltered = "evidence.altered";
    ObservableAdded = "observable.added";
    /// What is thought or known of it changed.
    ObservableJudged = "observable.judged";
    /// It was struck, with a reason; the row stays.
    ObservableRemoved = "observable.removed";
    /// Somebody claims how many are affected.
    AffectedCounted = "affected.counted";
    TechniqueNamed = "technique.named";
    TechniqueWithdrawn = "technique.withdrawn";
    /// An item of a checklist is done, or not applicable.
    ChecklistTicked = "checklist.ticked";
    ChecklistUnticked = "checklist.unticked";
    /// A pack is about this incident, or may be.
    ObligationConsidered = "obligation.considered";
    /// It is not, and why.
    ObligationRuledOut = "obligation.ruled-out";
    /// A moment that starts clocks was recorded.
    ObligationAnchored = "obligation.anchored";
    /// Something was told to those who are to be told.
    ObligationSubmitted = "obligation.submitted";
    /// Nothing has to be told under a clock, and why.
    ObligationNotDue = "obligation.not-due";
    /// It has, after all.
    ObligationDue = "obligation.due";
    /// A law or an authority moved the end of a clock.
    ObligationPostponed = "obligation.postponed";
    /// Half, three quarters, nine tenths or all of the time of a clock are over, and whoever is accountable is paged.
    ObligationReminded = "obligation.reminded";
    /// Its receiver answered 410: it wants no more.
    OutgoingWebhookDisabled = "outgoing-webhook.disabled";
    /// Somebody switched it on again after that.
    OutgoingWebhookEnabled = "outgoing-webhook.enabled";
    OutgoingWebhookSecretRotated = "outgoing-webhook.secret-rotated";
    /// The public is told of an incident or a maintenance.
    NoticeOpened = "notice.opened";
    /// The public is told more.
    NoticeUpdated = "notice.updated";
    /// What the public was told is replaced; the journal keeps both.
    NoticeCorrected = "notice.corrected";
    /// Its title or its time was said anew.
    NoticeDescribed = "notice.described";
    /// Somebody outside asked to be told of notices. No entry holds their address.
    SubscriberAsked = "subscriber.asked";
    SubscriberConfirmed = "subscriber.confirmed";
    /// Nothing is kept of them.
    SubscriberRemoved = "subscriber.removed";
    ChangeProposed = "change.proposed";
    /// It was written anew: what was approved is void.
    ChangeEdited = "change.edited";
    ChangeApproved = "change.approved";
    ChangeScheduled = "change.scheduled";
    /// It may be done, though something speaks against it: who said so, and why.
    ChangeExempted = "change.exempted";
    ChangeBegun = "change.begun";
    ChangeFinished = "change.finished";
    ChangeFailed = "change.failed";
    ChangeCancelled = "change.cancelled";
    /// An emergency was looked at afterwards.
    ChangeReviewed = "change.reviewed";
    /// A program reports a change that it does.
    ChangeObserved = "change.observed";
    /// When it was declared, these changes were the nearest and newest.
    SuspectsNamed = "suspects.named";
    /// Somebody found that a suspect was the trigger, contributed, or was not it.
    SuspectJudged = "suspect.judged";
    /// Somebody wants a change taken back; where a second person is asked for, it waits.
    RollbackAsked = "rollback.asked";
    RollbackConfirmed = "rollback.confirmed";
    /// Nobody wanted it after all.
    RollbackCalledOff = "rollback.called-off";
    /// The call that takes it back is made.
    RollbackStarted = "rollback.started";
    /// One of its steps is done.
    RollbackStepDone = "rollback.step-done";
    /// The other side says that it is done.
    RollbackSucceeded = "rollback.succeeded";
    RollbackFailed = "rollback.failed";
    /// Its time is over, and nobody knows what became of it.
    RollbackUnknown = "rollback.unknown";
    /// What the alerts say that it came to.
    RollbackJudged = "rollback.judged";
    /// A rule would take a change back, and leaves it to people.
    RollbackSuggested = "rollback.suggested";
    /// A rule takes a change back in a moment, unless somebody stops it.
    RollbackCounting = "rollback.counting";
    /// Somebody stopped a rule before it took a change back.
    RollbackStopped = "rollback.stopped";
    /// A rule does not take a change back after all: not everything speaks for it any more.
    RollbackLapsed = "rollback.lapsed";
    /// How far a service lets rules take back changes of it was said anew.
    RampMoved = "ramp.moved";
    /// A flag was switched to one variant, or off, above its definition.
    FlagKilled = "flag.killed";
    /// It is again what its definition says, because somebody said so.
    FlagKillLifted = "flag.kill-lifted";
    /// A kill ends at another time than was said.
    FlagKillExtended = "flag.kill-extended";
    /// A kill ends soon: whoever made it was reminded.
    FlagKillEnding = "flag.kill-ending";
    /// It is again what its definition says, because the time of the kill is over.
    FlagKillExpired = "flag.kill-expired";
    /// What policies say of an incident: whether it must be learned from, and why.
    PostmortemJudged = "postmortem.judged";
    /// Somebody asks for a postmortem.
    PostmortemRequested = "postmortem.requested";
    /// Whoever was asked to own it did not answer in time, or said no: somebody else is asked.
    PostmortemEscalated = "postmortem.escalated";
    /// Somebody began to write.
    PostmortemBegun = "postmortem.begun";
    /// A section was written anew.
    PostmortemWritten = "postmortem.written";
    /// Somebody said something beside its text.
    PostmortemCommented = "postmortem.commented";
    /// What was said is settled.
    PostmortemCommentResolved = "postmortem.comment-resolved";
    /// It is ready to be reviewed.
    PostmortemSubmitted = "postmortem.submitted";
    /// Whoever reviews it wants something changed.
    PostmortemSentBack = "postmortem.sent-back";
    /// Somebody who did not write it read it, and everybody may.
    PostmortemPublished = "postmortem.published";
    /// Something in what was published is not so.
    PostmortemCorrected = "postmortem.corrected";
    /// None is written: who answers for that, and why.
    PostmortemWaived = "postmortem.waived";
    /// It is late, or soon will be: whoever owns it was reminded.
    PostmortemReminded = "postmortem.reminded";
    /// An action item is followed by an issue in a tracker.
    ActionItemTracked = "action-item.tracked";
    /// It is not any more.
    ActionItemUntracked = "action-item.untracked";
    /// Somebody wants the weekly digest, or does not.
    DigestChosen = "digest.chosen";
    /// Somebody said what customers are to read of a postmortem.
    CustomerPostmortemPrepared = "customer-postmortem.prepared";
    /// Something that the leak check found may stay: who says so, and why.
    CustomerPostmortemAnswered = "customer-postmortem.answered";
    /// Whoever may open a restricted incident agrees to what customers are to read.
    CustomerPostmortemAgreed = "customer-postmortem.agreed";
    /// Customers can read it, or a correction of it.
    CustomerPostmortemPublished = "customer-postmortem.published";
    /// A meeting was planned in which a postmortem is read together.
    ReviewMeetingPlanned = "review-meeting.planned";
    /// It is at another time or place, or others are asked to come.
    ReviewMeetingMoved = "review-meeting.moved";
    /// It does not take place.
    ReviewMeetingCancelled = "review-meeting.cancelled";
    /// Something was decided there.
    ReviewMeetingDecided = "review-meeting.decided";
    /// It took place, and who was there.
    ReviewMeetingHeld = "review-meeting.held";
    /// Somebody named a condition that contributed.
    FactorNamed = "factor.named";
    /// A condition that was named does not hold.
    FactorStruck = "factor.struck";
    /// A program can ask for the flags of an environment with it.
    EnvironmentKeyCreated = "environment-key.created";
    EnvironmentKeyRevoked = "environment-key.revoked";
    /// Something is to be done after an incident.
    ActionItemProposed = "action-item.proposed";
    /// Its owner does it.
    ActionItemAccepted = "action-item.accepted";
    /// Somebody else owns it, who accepts it anew.
    ActionItemGiven = "action-item.given";
    /// What is to be done, by when, or what proves it, was said anew.
    ActionItemEdited = "action-item.edited";
    /// Its owner says that it is done.
    ActionItemDone = "action-item.done";
    /// Its check says so; or somebody who looked, where no machine can.
    ActionItemVerified = "action-item.verified";
    /// A check that held fails now.
    ActionItemUnproven = "action-item.unproven";
    /// Somebody asks that it need not be done: a second person decides.
    ActionItemDropAsked = "action-item.drop-asked";
    /// It will not be done: who asked, who agreed, and why.
    ActionItemDropped = "action-item.dropped";
    /// It is to be done after all.
    ActionItemKept = "action-item.kept";
    /// It was not enough.
    ActionItemReopened = "action-item.reopened";
    /// It was done enough: the incident that reopened it was none.
    ActionItemRestored = "action-item.restored";
    /// Whoever owns it was reminded, and from the second week on those who lead.
    ActionItemReminded = "action-item.reminded";
    /// An incident looks like an earlier one whose items are open, or were done.
    ActionItemRecalled = "action-item.recalled";
    /// From now on its signals must reach people, whatever is set up.
    PinCreated = "pin.created";
    /// Whom they must reach, or in what time, was said anew.
    PinEdited = "pin.edited";
    /// They need not any more, and why.
    PinRetired = "pin.retired";
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
