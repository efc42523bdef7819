//! How the chronicle tells of flags: killed, for longer, lifted, over by the clock.

use domain::words::EventKind;
use store::journal::Entry;

use crate::chronicle::{Chronicle, actor};

impl Chronicle {
    /// What an entry tells of flags; nothing if it tells of none.
    pub(crate) fn of_flag(&mut self, kind: EventKind, entry: &Entry) -> Option<Vec<String>> {
        let data = &entry.data;
        let text = |name: &str| data[name].as_str().unwrap_or_default();
        let (flag, by) = (format!("{} in {}", text("flag"), text("environment")), actor(&entry.actor));
        let because = entry.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        let until = self.local(&data["expires_at"]);
        let said = match kind {
            EventKind::FlagKilled => {
                let to = data["variant"].as_str().unwrap_or("nothing");
                format!("{by} kills {flag}, to {to}, until {until}{because}")
            }
            EventKind::FlagKillExtended => format!("{by} lets the kill of {flag} last until {until}{because}"),
            EventKind::FlagKillLifted => format!("{by} lifts the kill of {flag}{because}"),
            EventKind::FlagKillEnding => format!("the kill of {flag} ends {until}"),
            EventKind::FlagKillExpired => format!("the kill of {flag} is over: its time is up"),
            _ => return None,
        };
        Some(vec![self.in_incident(entry, &said)])
    }
}
