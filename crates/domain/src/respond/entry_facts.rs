//! What an entry of a timeline shows, in a word that rules can look at: what no program here could have seen.
//!
//! Whoever writes it says so; nothing is guessed from the words of the entry.

use crate::words::choices::choices;

choices! {
    /// What an entry shows.
    EntryFact: "what an entry shows" at "/facts" {
        KillSwitchUsed = "kill-switch-used",
        RolledBack = "rolled-back",
        TrafficRerouted = "traffic-rerouted",
        FailedOver = "failed-over",
        ManualRecovery = "manual-recovery",
        RollbackFailed = "rollback-failed",
        RestoreFailed = "restore-failed",
        /// What a runbook says was not so.
        RunbookFailed = "runbook-failed",
        /// What those who responded work with was not there.
        ToolUnavailable = "tool-unavailable",
    }
}

impl EntryFact {
    /// As people say it.
    pub const fn says(self) -> &'static str {
        match self {
            Self::KillSwitchUsed => "a kill switch was used",
            Self::RolledBack => "something was rolled back",
            Self::TrafficRerouted => "traffic was sent another way",
            Self::FailedOver => "it was failed over by hand",
            Self::ManualRecovery => "people brought it back by hand",
            Self::RollbackFailed => "taking something back failed",
            Self::RestoreFailed => "a restore failed",
            Self::RunbookFailed => "a step of a runbook did not fit",
            Self::ToolUnavailable => "a tool of those who responded was not available",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_reads_back_and_is_said() {
        for fact in EntryFact::ALL {
            assert_eq!(fact.word().parse(), Ok(*fact));
            assert!(fact.says().contains(' '));
        }
        let refusal = "restore-fails".parse::<EntryFact>().unwrap_err();
        assert!(refusal.message.ends_with("(did you mean \"restore-failed\"?)"), "{refusal}");
        assert_eq!(refusal.at.as_deref(), Some("/facts"));
    }
}
