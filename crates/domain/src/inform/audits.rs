//! The truth audit: where the status page says something else than what goes on inside, and for how long.
//!
//! It compares what is on record and corrects nothing: whether the public is told, and what, is for people. Who looks sees
//! the gaps that come of incidents which they may see.

use super::components;
use super::notices::{self, Notice, Status};
use super::status_pages::StatusPage;
use crate::words::{IncidentId, Name, NoticeId, Timestamp};

/// Something that goes on inside, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    pub what: What,
    /// As people inside call it.
    pub title: String,
    /// `SEV1`, if it was said.
    pub severity: Option<String>,
    pub services: Vec<Name>,
    pub since: Timestamp,
    /// When it was over; what goes on has none.
    pub over: Option<Timestamp>,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Incident(IncidentId),
    /// Alerts of a service that may wake people.
    Alerts(crate::words::GroupId),
}

/// A difference between inside and outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub kind: GapKind,
    /// Since when both are as they are.
    pub since: Timestamp,
}

/// Which difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GapKind {
    /// It goes on, and the page says that the component is fine.
    Silent { component: Name, inside: Inside },
    /// The page says that the component is not fine, and nothing goes on.
    Stale { component: Name, status: Status, notice: NoticeId },
    /// The incident is over, and its notice is not.
    LeftOpen { notice: NoticeId, incident: IncidentId },
    /// More was promised by then.
    Overdue { notice: NoticeId },
}

/// All gaps, the longest first. `inside` is what goes on, and what was over lately.
pub fn gaps(page: &StatusPage, notices: &[Notice], inside: &[Inside], now: Timestamp) -> Vec<Gap> {
    let open: Vec<&Notice> = notices.iter().filter(|notice| notice.is_open()).collect();
    let standing = notices::standing(open.iter().copied());
    let mut found = Vec::new();
    for component in page.components() {
        let touches = |one: &&Inside| one.services.iter().any(|service| component.services.contains(service));
        let told: Vec<&&Notice> = open
            .iter()
            .filter(|notice| notice.effects().get(&component.name).is_some_and(|status| *status != Status::Operational))
            .collect();
        // What a notice is about counts for the components that the notice names, whatever services it has.
        let linked = |one: &Inside| told.iter().any(|notice| is_about(notice, one));
        let going: Vec<&Inside> =
            inside.iter().filter(|one| one.over.is_none() && (touches(one) || linked(one))).collect();
        let status = standing.get(&component.name).copied().unwrap_or(Status::Operational);
        let said = components::since(&component.name, notices, now);
        if status == Status::Operational {
            // Incidents before alerts, then what goes on for longest.
            let worst = going.into_iter().min_by_key(|one| (matches!(one.what, What::Alerts(_)), one.since));
            if let Some(one) = worst {
                let kind = GapKind::Silent { component: component.name.clone(), inside: one.clone() };
                found.push(Gap { kind, since: said.map_or(one.since, |said| said.max(one.since)) });
            }
        } else if status != Status::Maintenance
            && going.is_empty()
            && !component.services.is_empty()
            && let Some(notice) = told.first()
        {
            let over =
                inside.iter().filter(|one| touches(one) || is_about(notice, one)).filter_map(|one| one.over).max();
            let said = said.unwrap_or(now);
            let kind = GapKind::Stale { component: component.name.clone(), status, notice: notice.id };
            found.push(Gap { kind, since: over.map_or(said, |over| over.max(said)) });
        }
    }
    for notice in &open {
        let about = inside.iter().find(|one| is_about(notice, one));
        if let (Some(incident), Some(over)) = (notice.incident, about.and_then(|one| one.over)) {
            let since = notice.posts.last().map_or(over, |post| post.at.max(over));
            found.push(Gap { kind: GapKind::LeftOpen { notice: notice.id, incident }, since });
        }
        if let Some(by) = notice.promised().filter(|by| *by < now) {
            found.push(Gap { kind: GapKind::Overdue { notice: notice.id }, since: by });
        }
    }
    found.sort_by_key(|gap| gap.since);
    found
}

fn is_about(notice: &Notice, one: &Inside) -> bool {
    matches!(one.what, What::Incident(id) if notice.incident == Some(id))
}

#[cfg(test)]
mod tests {
    use super::super::notices::{Sort, tests::notice};
    use super::*;
    use crate::words::Mint;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn page() -> StatusPage {
        serde_json::from_str(
            r#"{"title":"a","groups":[{"components":[
                {"name":"web","title":"Web","services":["shop","cart"]},
                {"name":"api","title":"API","services":["api"]},
                {"name":"docs","title":"Docs"}]}]}"#,
        )
        .unwrap()
    }

    fn incident(number: u64, services: &[&str], since: i64, over: Option<i64>) -> Inside {
        Inside {
            what: What::Incident(Mint::seeded(number).id(at(0))),
            title: "It burns".into(),
            severity: Some("SEV1".into()),
            services: services.iter().map(|name| name.parse().unwrap()).collect(),
            since: at(since),
            over: over.map(at),
        }
    }

    fn alerts(services: &[&str], since: i64) -> Inside {
        Inside { what: What::Alerts(Mint::seeded(9).id(at(0))), severity: None, ..incident(9, services, since, None) }
    }

    fn shown(notices: &[Notice], inside: &[Inside], now: i64) -> Vec<String> {
        let said = gaps(&page(), notices, inside, at(now)).into_iter().map(|gap| {
            let minutes = (at(now).as_second() - gap.since.as_second()) / 60;
            let what = match gap.kind {
                GapKind::Silent { component, inside } => {
                    format!(
                        "silent {component} {}",
                        if matches!(inside.what, What::Incident(_)) { "incident" } else { "alerts" }
                    )
                }
                GapKind::Stale { component, status, .. } => format!("stale {component} {status}"),
                GapKind::LeftOpen { .. } => "left-open".into(),
                GapKind::Overdue { .. } => "overdue".into(),
            };
            format!("{what} {minutes}")
        });
        said.collect()
    }

    #[test]
    fn what_burns_inside_and_is_not_told_is_timed_and_so_is_the_reverse() {
        let degraded = || notice(Sort::Incident, None, &[(10, "investigating", "web=degraded")]);
        let over = || notice(Sort::Incident, None, &[(10, "investigating", "web=degraded"), (20, "resolved", "")]);
        let upkeep = || notice(Sort::Maintenance, Some((0, 90)), &[(0, "in-progress", "api=maintenance")]);
        let none: &[Notice] = &[];
        for (notices, inside, now, says) in [
            (none, vec![], 40, vec![]),
            (none, vec![incident(1, &["shop"], 9, None)], 40, vec!["silent web incident 31"]),
            (none, vec![alerts(&["api"], 30)], 40, vec!["silent api alerts 10"]),
            (none, vec![alerts(&["shop"], 2), incident(1, &["cart"], 9, None)], 40, vec!["silent web incident 31"]),
            (none, vec![incident(1, &["unmapped"], 9, None)], 40, vec![]),
            (&[degraded()], vec![incident(1, &["shop"], 9, None)], 40, vec![]),
            (&[degraded()], vec![], 40, vec!["stale web degraded 30"]),
            (&[degraded()], vec![incident(1, &["shop"], 9, Some(25))], 40, vec!["stale web degraded 15"]),
            // The page said that it is over, and it is not.
            (&[over()], vec![incident(1, &["shop"], 9, None)], 40, vec!["silent web incident 20"]),
            (&[upkeep()], vec![], 40, vec![]),
            (&[notice(Sort::Incident, None, &[(10, "investigating", "docs=degraded")])], vec![], 40, vec![]),
        ] {
            assert_eq!(shown(notices, &inside, now), says, "{inside:?}");
        }
    }

    #[test]
    fn a_notice_that_outlives_its_incident_or_its_promise_is_found() {
        let mut linked = notice(Sort::Incident, None, &[(10, "investigating", "docs=degraded api=degraded")]);
        let going = incident(1, &[], 9, None);
        let What::Incident(id) = going.what else { panic!() };
        linked.incident = Some(id);
        assert_eq!(shown(&[linked.clone()], &[going], 40), Vec::<String>::new(), "it names no service, and is linked");
        let ended = incident(1, &[], 9, Some(28));
        assert_eq!(shown(&[linked.clone()], &[ended], 40), ["stale api degraded 12", "left-open 12"]);
        linked.posts[0].next_update_by = Some(at(33));
        assert_eq!(shown(&[linked.clone()], &[incident(1, &[], 9, None)], 40), ["overdue 7"]);
        assert_eq!(shown(&[linked], &[incident(1, &[], 9, None)], 33), Vec::<String>::new());
    }
}
