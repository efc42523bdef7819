//! What a seed makes up about flags: they are set, killed, for longer, lifted, by several people at several nodes, in any order.

use domain::words::Timestamp;

use crate::worlds::Author;

impl Author {
    /// Somebody kills a flag, and others go on setting it.
    pub(crate) fn switch(&mut self, at: Timestamp) {
        let (flag, mut at) = (["new-cart", "thumbnails"][self.pick(2)], at);
        for turn in 0..3 + self.pick(8) {
            let (who, node) = (self.person(), self.node());
            let span = ["10m", "2h", "30h"][self.pick(3)];
            let to = ["", "", " to=on", " to=off", " incident"][self.pick(5)];
            let line = match if turn == 0 { 0 } else { self.pick(12) } {
                0..=2 => format!("{who} kills {flag} in live for {span}{to}: it hurts"),
                3..=6 => {
                    let setting = ["on", "off", "half", "disabled"][self.pick(4)];
                    format!("{who} sets {flag} in live to {setting}: as planned")
                }
                7 => format!("{who} extends the kill of {flag} in live for {span}: still bad"),
                8 => format!("{who} lifts the kill of {flag} in live: mended"),
                _ => format!("programs ask for {flag} in live"),
            };
            self.plan(at, format!("{node}{line}"));
            at = self.seconds(5, 3000).after(at);
        }
    }
}
