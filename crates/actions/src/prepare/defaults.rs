//! The defaults that teach: documents that a fresh installation begins with. Each can be changed or deleted.
//!
//! No people, teams or schedules: those are made on the first-run page.

use domain::prepare::checks::Conditions;
use domain::prepare::reading::Reading;
use store::prepare::documents as rows;
use store::{Halt, Tx};

use super::documents::{self, Order};
use crate::Moment;

const FILES: [(&str, &str); 6] = [
    ("defaults/severity.yaml", include_str!("../../../../defaults/severity.yaml")),
    ("defaults/roles.yaml", include_str!("../../../../defaults/roles.yaml")),
    ("defaults/templates.yaml", include_str!("../../../../defaults/templates.yaml")),
    ("defaults/updates.yaml", include_str!("../../../../defaults/updates.yaml")),
    ("defaults/integrations.yaml", include_str!("../../../../defaults/integrations.yaml")),
    ("defaults/routes.yaml", include_str!("../../../../defaults/routes.yaml")),
];

/// The defaults, as documents.
pub fn read() -> Reading {
    documents::read_files(FILES)
}

/// Puts the defaults in force, if nothing ever was. Whether it did.
pub fn load(tx: &mut Tx<'_>, moment: &mut Moment<'_>) -> Result<bool, Halt> {
    if rows::head_number(tx)? > 0 {
        return Ok(false);
    }
    let proposals = read().proposals;
    let order = Order { proposals, ..Order::default() }.via("defaults").because("The defaults of a fresh installation");
    let conditions = Conditions::at(moment.now);
    Ok(documents::apply(tx, moment, &order, conditions)?.into_result()?.is_some())
}

#[cfg(test)]
mod tests {
    use domain::prepare::catalog::Catalog;
    use domain::prepare::checks::{self, Findings};
    use domain::words::{Actor, Mint, Timestamp};

    use super::*;

    #[test]
    fn the_defaults_are_in_order() {
        let reading = read();
        assert_eq!(reading.problems, []);
        let now = Conditions::at(Timestamp::from_second(1_790_000_000).unwrap());
        assert_eq!(checks::check(&Catalog::default(), &reading.proposals, &[], now), Findings::default());
        let catalog = checks::proposed(&Catalog::default(), &reading.proposals, &[]);
        assert_eq!(catalog.severity_matrices["default"].levels.len(), 5);
        assert!(catalog.roles.len() >= 10 && catalog.routes.contains_key("everything"));
        assert!(
            ["page-started", "page-escalated", "page-test"]
                .map(|name| catalog.notification_templates.contains_key(name))
                == [true; 3]
        );
        assert!(catalog.people.is_empty() && catalog.teams.is_empty() && catalog.schedules.is_empty());
    }

    #[test]
    fn the_templates_say_what_a_person_needs_at_night() {
        use std::fmt::Write as _;

        use domain::prepare::templates::{example, render};

        let catalog = checks::proposed(&Catalog::default(), &read().proposals, &[]);
        let mut told = String::new();
        let plain = serde_json::json!({
            "summary": "Odd", "severity": "", "service": null, "person": null, "count": 1, "alerts": [], "step": 1,
            "round": 1, "policy": "web", "waited": null, "why": "the policy names you",
            "page": { "url": "https://x", "title": "Odd", "because": "It is odd" },
        });
        for (name, template) in &catalog.notification_templates {
            for facts in [&example(), &plain] {
                let (subject, text) = render(template, facts).unwrap();
                writeln!(told, "== {name}: {subject}\n{text}").unwrap();
            }
        }
        insta::assert_snapshot!(told, @"
        == page-command: Take command: Disk full on db1 (nobody has for 5m)
        Disk full on db1

        the first alert of its group. Whoever acknowledges this page commands the incident.

        You are told because: on call for database until Mon 23 Nov 09:00.
        https://allclear.example.org/alerts/alr_06f1k2m9qv7x3t1a
        == page-command: Take command: Odd
        Odd

        It is odd. Whoever acknowledges this page commands the incident.

        You are told because: the policy names you.
        https://x
        == page-ended: Over: DiskFull database
        This page is over: DiskFull database. There is nothing left to do for it.
        https://allclear.example.org/alerts/alr_06f1k2m9qv7x3t1a
        == page-ended: Over: Odd
        This page is over: Odd. There is nothing left to do for it.
        https://x
        == page-escalated: Escalated: [critical] Disk full on db1
        Nobody answered for 5m, so this comes to you: step 2 of database.

        Disk full on db1

        Service: Database
        Runbook: https://wiki.example.org/disk-full

        - DiskFull: Disk full on db1 (since 2026-11-22 02:04 UTC)
        - DiskFull: Disk full on db2 (since 2026-11-22 02:05 UTC)

        You are told because: on call for database until Mon 23 Nov 09:00.
        https://allclear.example.org/alerts/alr_06f1k2m9qv7x3t1a
        == page-escalated: Escalated: Odd
        Nobody answered, so this comes to you: step 1 of web.

        Odd


        You are told because: the policy names you.
        https://x
        == page-reminder: Disk full on db1
        Disk full on db1

        the first alert of its group.
        https://allclear.example.org/alerts/alr_06f1k2m9qv7x3t1a
        == page-reminder: Odd
        Odd

        It is odd.
        https://x
        == page-started: [critical] Disk full on db1 (and 2 more)
        Disk full on db1

        Service: Database
        Runbook: https://wiki.example.org/disk-full

        - DiskFull: Disk full on db1 (since 2026-11-22 02:04 UTC)
          https://prometheus.example.org/graph
        - DiskFull: Disk full on db2 (since 2026-11-22 02:05 UTC)
        and 1 more

        You are told because: on call for database until Mon 23 Nov 09:00.
        https://allclear.example.org/alerts/alr_06f1k2m9qv7x3t1a
        == page-started: Odd
        Odd

        and 1 more

        You are told because: the policy names you.
        https://x
        == page-test: Test page for Ana Silva
        This is a test. Nothing is wrong.

        If you read this, pages reach you here. Acknowledge it to see that the way back works too.
        https://allclear.example.org/alerts/alr_06f1k2m9qv7x3t1a
        == page-test: Test page
        This is a test. Nothing is wrong.

        If you read this, pages reach you here. Acknowledge it to see that the way back works too.
        https://x
        ");
    }

    store::both_engines! {
        fn the_defaults_are_loaded_once(store) {
            let mut mint = Mint::seeded(1);
            let mut load_once = || store.write(|tx| {
                load(tx, &mut Moment::new(Timestamp::from_second(1_790_000_000).unwrap(), Actor::System, &mut mint))
            }).unwrap();
            assert!(load_once());
            assert!(!load_once());
            store.read(|tx| {
                assert_eq!(rows::head_number(tx)?, 1);
                assert_eq!(rows::changesets(tx, None, 5)?[0].via, "defaults");
                Ok::<_, Halt>(())
            }).unwrap();
        }
    }
}
