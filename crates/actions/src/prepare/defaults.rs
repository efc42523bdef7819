//! The defaults that teach: documents that a fresh installation begins with. Each can be changed or deleted.
//!
//! No people, teams or schedules: those are made on the first-run page.

use domain::prepare::checks::Conditions;
use domain::prepare::ownership::Via;
use domain::prepare::reading::Reading;
use store::prepare::documents as rows;
use store::{Halt, Tx};

use super::documents::{self, Order};
use crate::Moment;

const FILES: [(&str, &str); 9] = [
    ("defaults/severity.yaml", include_str!("../../../../defaults/severity.yaml")),
    ("defaults/roles.yaml", include_str!("../../../../defaults/roles.yaml")),
    ("defaults/templates.yaml", include_str!("../../../../defaults/templates.yaml")),
    ("defaults/updates.yaml", include_str!("../../../../defaults/updates.yaml")),
    ("defaults/integrations.yaml", include_str!("../../../../defaults/integrations.yaml")),
    ("defaults/routes.yaml", include_str!("../../../../defaults/routes.yaml")),
    ("defaults/checklists.yaml", include_str!("../../../../defaults/checklists.yaml")),
    ("defaults/obligations.yaml", include_str!("../../../../defaults/obligations.yaml")),
    ("defaults/postmortems.yaml", include_str!("../../../../defaults/postmortems.yaml")),
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
    let order =
        Order { proposals, ..Order::default() }.via(Via::Defaults).because("The defaults of a fresh installation");
    let conditions = Conditions::at(moment.now);
    Ok(documents::apply(tx, moment, &order, conditions)?.into_result()?.is_some())
}

#[cfg(test)]
mod tests {
    use domain::prepare::catalog::Catalog;
    use domain::prepare::checks::{self, Findings};
    use domain::respond::incidents::{Activity, Class, Incident};
    use domain::respond::obligation_packs::ObligationPack;
    use domain::respond::obligations::{Deadline, Facts};
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
        // Each class has something for what goes on in it.
        for class in [Class::Security, Class::System, Class::Operational] {
            let mut incident = Incident::reported(class, Timestamp::UNIX_EPOCH);
            incident.activities.insert(Activity::Containment, Timestamp::UNIX_EPOCH);
            assert!(
                catalog.checklists.values().any(|list| !list.classes.is_empty() && list.fits(&incident)),
                "{class:?}"
            );
        }
        assert!(catalog.people.is_empty() && catalog.teams.is_empty() && catalog.schedules.is_empty());
    }

    /// When a clock of a default pack ends, in the zone of the pack, by what is on record; or what it waits for.
    fn due(pack: &ObligationPack, clock: &str, on_record: &[(&str, &str)]) -> String {
        let mut facts = Facts::default();
        for (name, at) in on_record {
            let at: Timestamp = at.parse().unwrap();
            match name.strip_prefix("told ") {
                Some(told) => facts.submitted.entry(told.parse().unwrap()).or_insert((at, at)).1 = at,
                None => _ = facts.anchors.insert(name.parse().unwrap(), at),
            }
        }
        let days = pack.days();
        let duty = pack.clock(&clock.parse().unwrap()).unwrap_or_else(|| panic!("{clock}"));
        match duty.rule().deadline(&facts, &days) {
            Deadline::Due { at, .. } => at.to_zoned(days.zone).strftime("%a %Y-%m-%d %H:%M %Z").to_string(),
            Deadline::Prompt { .. } => "without delay".into(),
            Deadline::Waits(anchor) => format!("waits for {anchor}"),
        }
    }

    /// Pack, clock, what is on record, and when it ends.
    type ByHand = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

    /// Every clock of every default pack, with dates worked out by hand.
    const BY_HAND: &[ByHand] = &[
        // 72 hours are 72 hours: over Christmas, and over the night in which the clocks go forward (28 March 2027).
        ("gdpr", "authority", &[("aware", "2026-12-25T23:30+01:00")], "Mon 2026-12-28 23:30 CET"),
        ("gdpr", "authority", &[("aware", "2027-03-26T17:00+01:00")], "Mon 2027-03-29 18:00 CEST"),
        ("gdpr", "authority", &[], "waits for aware"),
        ("gdpr", "controller", &[("aware-as-processor", "2027-03-26T17:00Z")], "without delay"),
        ("gdpr", "people", &[("aware", "2027-03-26T17:00Z")], "waits for high-risk"),
        ("gdpr", "people", &[("high-risk", "2027-03-26T17:00Z")], "without delay"),
        // They go back in London on 31 October 2027.
        ("uk-gdpr", "ico", &[("aware", "2027-10-29T12:00+01:00")], "Mon 2027-11-01 11:00 GMT"),
        ("uk-gdpr", "people", &[("high-risk", "2027-10-29T12:00Z")], "without delay"),
        // Over the end of the year; noon in UTC is one o'clock in Brussels.
        ("nis2", "early-warning", &[("aware", "2026-12-31T12:00Z")], "Fri 2027-01-01 13:00 CET"),
        ("nis2", "notification", &[("aware", "2026-12-31T12:00Z")], "Sun 2027-01-03 13:00 CET"),
        ("nis2", "intermediate", &[("requested", "2027-01-02T12:00Z")], "without delay"),
        // A month from the submission, not from becoming aware: 31 January has no 31 February, nor in a leap year.
        ("nis2", "final", &[("aware", "2027-01-28T12:00Z")], "waits for the submission of notification"),
        ("nis2", "final", &[("told notification", "2027-01-31T09:00+01:00")], "Sun 2027-02-28 09:00 CET"),
        ("nis2", "final", &[("told notification", "2028-01-31T09:00+01:00")], "Tue 2028-02-29 09:00 CET"),
        // An amendment of the notification does not move it.
        (
            "nis2",
            "final",
            &[("told notification", "2027-01-31T09:00+01:00"), ("told notification", "2027-02-02T09:00+01:00")],
            "Sun 2027-02-28 09:00 CET",
        ),
        ("nis2", "final-after-handling", &[("handled", "2027-05-31T12:00+02:00")], "Wed 2027-06-30 12:00 CEST"),
        // The earlier of four hours from the classification and a day from becoming aware ...
        (
            "dora",
            "initial",
            &[("aware", "2026-11-24T08:00+01:00"), ("classified-major", "2026-11-24T10:00+01:00")],
            "Tue 2026-11-24 14:00 CET",
        ),
        (
            "dora",
            "initial",
            &[("aware", "2026-11-24T08:00+01:00"), ("classified-major", "2026-11-25T06:00+01:00")],
            "Wed 2026-11-25 08:00 CET",
        ),
        // ... unless it was classified after that day.
        (
            "dora",
            "initial",
            &[("aware", "2026-11-24T08:00+01:00"), ("classified-major", "2026-11-26T10:00+01:00")],
            "Thu 2026-11-26 14:00 CET",
        ),
        ("dora", "initial", &[("aware", "2026-11-24T08:00+01:00")], "waits for classified-major"),
        ("dora", "intermediate", &[("told initial", "2026-11-27T18:00+01:00")], "Mon 2026-11-30 18:00 CET"),
        // From the latest intermediate report.
        (
            "dora",
            "final",
            &[("told intermediate", "2026-12-01T10:00+01:00"), ("told intermediate", "2026-12-31T10:00+01:00")],
            "Sun 2027-01-31 10:00 CET",
        ),
        ("cra-vulnerability", "early-warning", &[("aware", "2026-12-31T10:00+01:00")], "Fri 2027-01-01 10:00 CET"),
        ("cra-vulnerability", "notification", &[("aware", "2026-12-31T10:00+01:00")], "Sun 2027-01-03 10:00 CET"),
        // Fourteen days by the calendar keep the time of the clock, also when the clocks go forward.
        ("cra-vulnerability", "final", &[("aware", "2027-03-01T10:00Z")], "waits for measure-available"),
        ("cra-vulnerability", "final", &[("measure-available", "2027-03-20T09:00+01:00")], "Sat 2027-04-03 09:00 CEST"),
        ("cra-incident", "early-warning", &[("aware", "2027-02-28T10:00+01:00")], "Mon 2027-03-01 10:00 CET"),
        ("cra-incident", "notification", &[("aware", "2028-02-27T10:00+01:00")], "Wed 2028-03-01 10:00 CET"),
        ("cra-incident", "final", &[("told notification", "2027-08-31T10:00+02:00")], "Thu 2027-09-30 10:00 CEST"),
        ("cra-incident", "users", &[("aware", "2027-02-28T10:00Z")], "without delay"),
        // Tue, Wed, (Thanksgiving), Fri, (weekend), Mon; EDGAR closes at half past five.
        ("sec-8-k", "form-8-k", &[("materiality-determined", "2026-11-23T18:00-05:00")], "Mon 2026-11-30 17:30 EST"),
        // Found on a Saturday: the first day is the Monday. (Thanksgiving is in it again.)
        ("sec-8-k", "form-8-k", &[("materiality-determined", "2026-11-21T09:00-05:00")], "Fri 2026-11-27 17:30 EST"),
        // Thursday, (New Year), Mon, Tue, Wed.
        ("sec-8-k", "amendment", &[("information-determined", "2026-12-30T12:00-05:00")], "Wed 2027-01-06 17:30 EST"),
        // 16 days to the end of January, 28 in February, 16 in March; the clocks went forward on 14 March.
        ("hipaa", "individuals", &[("discovered", "2027-01-15T09:00-05:00")], "Tue 2027-03-16 09:00 EDT"),
        ("hipaa", "hhs-500", &[("discovered", "2027-01-15T09:00-05:00")], "Tue 2027-03-16 09:00 EDT"),
        ("hipaa", "media", &[("discovered", "2027-01-15T09:00-05:00")], "Tue 2027-03-16 09:00 EDT"),
        (
            "hipaa",
            "covered-entity",
            &[("discovered-as-associate", "2027-01-15T09:00-05:00")],
            "Tue 2027-03-16 09:00 EDT",
        ),
        // Sixty days from the end of the year: to the end of 1 March 2027; of 29 February in 2028, a leap year.
        ("hipaa", "hhs-log", &[("discovered", "2026-03-10T15:00Z")], "Tue 2027-03-02 00:00 EST"),
        ("hipaa", "hhs-log", &[("discovered", "2027-12-31T23:00-05:00")], "Wed 2028-03-01 00:00 EST"),
        ("pci", "acquirer", &[("suspected", "2026-11-27T16:00Z")], "without delay"),
        // From a Friday: Mon, Tue, Wed, to the end of it; two weeks of five days.
        ("pci", "first-report", &[("suspected", "2026-11-27T16:00Z")], "Thu 2026-12-03 00:00 UTC"),
        ("pci", "accounts", &[("suspected", "2026-11-27T16:00Z")], "Sat 2026-12-12 00:00 UTC"),
        (
            "contract-example",
            "notice",
            &[("aware", "2026-11-24T10:00+01:00"), ("told-by-customer", "2026-11-24T08:00+01:00")],
            "Wed 2026-11-25 08:00 CET",
        ),
        (
            "contract-example",
            "report",
            &[("resolved", "2026-11-24T10:00Z")],
            "waits for the latest of the submission of notice, resolved",
        ),
        (
            "contract-example",
            "report",
            &[("told notice", "2026-11-24T10:00+01:00"), ("resolved", "2026-11-27T10:00+01:00")],
            "Sat 2026-12-05 00:00 CET",
        ),
        ("circia", "report", &[("reasonable-belief", "2026-11-27T10:00-05:00")], "Mon 2026-11-30 10:00 EST"),
        ("circia", "payment", &[("ransom-paid", "2026-11-27T10:00-05:00")], "Sat 2026-11-28 10:00 EST"),
    ];

    #[test]
    fn the_clocks_of_the_packs_end_when_one_works_it_out_by_hand() {
        let catalog = checks::proposed(&Catalog::default(), &read().proposals, &[]);
        for (pack, clock, on_record, expected) in BY_HAND {
            let found = due(&catalog.obligation_packs[*pack], clock, on_record);
            assert_eq!(found, *expected, "{pack}, {clock}: {on_record:?}");
        }
        for (name, pack) in &catalog.obligation_packs {
            for clock in &pack.clocks {
                let tried = BY_HAND.iter().any(|row| row.0 == name.as_str() && row.1 == clock.name.as_str());
                assert!(tried, "{name}, {}: work it out", clock.name);
            }
        }
    }

    #[test]
    fn no_pack_is_ours_before_somebody_says_so() {
        let catalog = checks::proposed(&Catalog::default(), &read().proposals, &[]);
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let ours = catalog.obligation_packs.values().filter(|pack| pack.is_ours(now).is_ok());
        assert_eq!(ours.count(), 0);
        let in_force = |name: &str, day: &str| catalog.obligation_packs[name].in_force(day.parse().unwrap()).is_ok();
        assert!(in_force("gdpr", "2026-11-28T12:00:00Z") && !in_force("circia", "2026-11-28T12:00:00Z"));
        // The reporting duties of the CRA begin on 11 September 2026, at midnight in Brussels.
        assert!(!in_force("cra-incident", "2026-09-10T21:59:00Z") && in_force("cra-incident", "2026-09-10T22:00:00Z"));
        assert!(catalog.obligation_packs.len() >= 11);
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

        Seen 3 times before, the last time on 3 Nov 2026; its action item is 41 days overdue.
        The database is full: https://allclear.example.org/incidents/inc_06f1k2m9qv7x3t01

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

        Seen 3 times before, the last time on 3 Nov 2026; its action item is 41 days overdue.
        The database is full: https://allclear.example.org/incidents/inc_06f1k2m9qv7x3t01

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
