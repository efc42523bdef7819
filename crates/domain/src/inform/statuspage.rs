//! The page in the shape of Statuspage's API (v2), so that readers made for it can read us. The names of fields and states
//! are Statuspage's own.

use serde_json::{Value, json};

use super::notices::{Notice, Post, Sort, State, Status};
use super::published::{Published, digest, impact};
use super::status_pages::Component;
use crate::words::Timestamp;

/// So many are listed.
pub const LISTED: usize = 50;

/// `summary.json`.
pub fn summary(all: &Published) -> Value {
    json!({
        "page": page(all),
        "components": components(all),
        "incidents": list(all, all.incidents()),
        "scheduled_maintenances": list(all, all.upcoming().into_iter().chain(all.active())),
        "status": standing(all),
    })
}

/// `status.json`.
pub fn status(all: &Published) -> Value {
    json!({ "page": page(all), "status": standing(all) })
}

/// `components.json`.
pub fn components_list(all: &Published) -> Value {
    json!({ "page": page(all), "components": components(all) })
}

/// `incidents.json`.
pub fn incidents(all: &Published) -> Value {
    let newest = all.newest.iter().filter(|notice| notice.sort == Sort::Incident).take(LISTED);
    json!({ "page": page(all), "incidents": list(all, newest) })
}

/// `incidents/unresolved.json`.
pub fn unresolved(all: &Published) -> Value {
    json!({ "page": page(all), "incidents": list(all, all.incidents()) })
}

/// `scheduled-maintenances.json`.
pub fn maintenances(all: &Published) -> Value {
    let newest = all.newest.iter().filter(|notice| notice.sort == Sort::Maintenance).take(LISTED);
    json!({ "page": page(all), "scheduled_maintenances": list(all, newest) })
}

/// `scheduled-maintenances/upcoming.json`.
pub fn upcoming(all: &Published) -> Value {
    json!({ "page": page(all), "scheduled_maintenances": list(all, all.upcoming()) })
}

/// `scheduled-maintenances/active.json`.
pub fn active(all: &Published) -> Value {
    json!({ "page": page(all), "scheduled_maintenances": list(all, all.active()) })
}

/// What the webhook of a subscriber is told.
pub fn webhook(all: &Published, notice: &Notice) -> Value {
    let id = page_id();
    json!({
        "page": { "id": id, "status_indicator": indicator(all), "status_description": description(all) },
        "incident": incident(all, notice),
    })
}

fn list<'n>(all: &Published, notices: impl IntoIterator<Item = &'n Notice>) -> Vec<Value> {
    notices.into_iter().map(|notice| incident(all, notice)).collect()
}

fn page(all: &Published) -> Value {
    json!({
        "id": page_id(),
        "name": all.page.title,
        "url": all.base,
        "time_zone": "Etc/UTC",
        "updated_at": time(all.changed_at()),
    })
}

fn page_id() -> String {
    code("status-page")
}

fn indicator(all: &Published) -> &'static str {
    match all.standing().status {
        Status::Operational | Status::Maintenance => "none",
        Status::Degraded => "minor",
        Status::PartialOutage => "major",
        Status::MajorOutage => "critical",
    }
}

fn description(all: &Published) -> &'static str {
    match all.standing().status {
        Status::Operational => "All Systems Operational",
        Status::Maintenance => "Service Under Maintenance",
        Status::Degraded => "Partially Degraded Service",
        Status::PartialOutage => "Partial System Outage",
        Status::MajorOutage => "Major Service Outage",
    }
}

fn standing(all: &Published) -> Value {
    json!({ "indicator": indicator(all), "description": description(all) })
}

/// Twelve letters and digits that stand for good for what they are made of.
fn code(of: &str) -> String {
    const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    digest(of)[..12].iter().map(|byte| char::from(LETTERS[usize::from(*byte) % 36])).collect()
}

/// `2026-09-21T14:13:20.000Z`.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Operational => "operational",
        Status::Maintenance => "under_maintenance",
        Status::Degraded => "degraded_performance",
        Status::PartialOutage => "partial_outage",
        Status::MajorOutage => "major_outage",
    }
}

const fn state(state: State) -> &'static str {
    match state {
        State::InProgress => "in_progress",
        other => other.word(),
    }
}

fn component_id(component: &Component) -> String {
    code(&format!("component/{}", component.name))
}

/// All components, and the groups among them, as Statuspage lists both.
fn components(all: &Published) -> Vec<Value> {
    let mut found = Vec::new();
    for (place, group) in all.page.groups.iter().enumerate() {
        let members: Vec<String> = group.components.iter().map(component_id).collect();
        let id = group.title.as_ref().map(|title| code(&format!("group/{place}/{title}")));
        if let (Some(id), Some(title)) = (&id, &group.title) {
            let effects = all.effects();
            let worst = group.components.iter().filter_map(|one| effects.get(&one.name)).max();
            found.push(json!({
                "id": id,
                "name": title,
                "status": word(worst.copied().unwrap_or(Status::Operational)),
                "created_at": time(all.since),
                "updated_at": time(all.changed_at()),
                "position": found.len() + 1,
                "description": null,
                "showcase": false,
                "start_date": null,
                "group_id": null,
                "page_id": page_id(),
                "group": true,
                "only_show_if_degraded": false,
                "components": members,
            }));
        }
        for component in &group.components {
            let position = found.len() + 1;
            found.push(component_json(all, component, id.as_deref(), position));
        }
    }
    found
}

fn component_json(all: &Published, component: &Component, group: Option<&str>, position: usize) -> Value {
    let status = all.effects().get(&component.name).copied().unwrap_or(Status::Operational);
    let changed = super::components::since(&component.name, &all.notices, all.now);
    json!({
        "id": component_id(component),
        "name": component.title,
        "status": word(status),
        "created_at": time(all.since),
        "updated_at": time(changed.unwrap_or(all.since)),
        "position": position,
        "description": component.description,
        "showcase": true,
        "start_date": all.first_day(component).to_string(),
        "group_id": group,
        "page_id": page_id(),
        "group": false,
        "only_show_if_degraded": false,
    })
}

/// A notice as an incident, or a scheduled maintenance.
fn incident(all: &Published, notice: &Notice) -> Value {
    let id = code(&notice.id.to_string());
    let touched = notice.touched();
    let named = all.page.groups.iter().enumerate().flat_map(|(place, group)| {
        let id = group.title.as_ref().map(|title| code(&format!("group/{place}/{title}")));
        group.components.iter().map(move |component| (id.clone(), component))
    });
    let components: Vec<Value> = named
        .enumerate()
        .filter(|(_, (_, component))| touched.contains_key(&component.name))
        .map(|(place, (group, component))| component_json(all, component, group.as_deref(), place + 1))
        .collect();
    let mut updates: Vec<Value> = (0..notice.posts.len()).map(|place| update(all, notice, place, &id)).collect();
    updates.reverse();
    let resolved = notice.posts.iter().find(|post| post.state.is_some_and(State::is_over)).map(|post| post.at);
    let mut said = json!({
        "id": id,
        "name": notice.title,
        "status": state(notice.state()),
        "created_at": time(notice.posts.first().map_or(notice.created_at, |post| post.at)),
        "updated_at": time(notice.changed_at),
        "monitoring_at": notice.reached(State::Monitoring).map(time),
        "resolved_at": notice.over_at().and(resolved).map(time),
        "impact": impact(notice),
        "shortlink": all.link(notice.id),
        "started_at": time(notice.began_at()),
        "page_id": page_id(),
        "incident_updates": updates,
        "components": components,
    });
    if let Some(window) = notice.window {
        said["scheduled_for"] = json!(time(window.from));
        said["scheduled_until"] = json!(time(window.until));
    }
    said
}

fn update(all: &Published, notice: &Notice, place: usize, incident: &str) -> Value {
    let post: &Post = &notice.posts[place];
    let before = |name: &crate::words::Name| {
        let said = notice.posts[..place].iter().rev().find_map(|post| post.effects.get(name));
        said.copied().unwrap_or(Status::Operational)
    };
    let affected: Vec<Value> = post
        .effects
        .iter()
        .filter_map(|(name, status)| {
            let component = all.page.component(name)?;
            Some(json!({
                "code": component_id(component),
                "name": component.title,
                "old_status": word(before(name)),
                "new_status": word(*status),
            }))
        })
        .collect();
    json!({
        "id": code(&post.id.to_string()),
        "status": state(notice.state_after(place)),
        "body": post.text,
        "incident_id": incident,
        "created_at": time(post.recorded_at),
        "updated_at": time(post.corrected_at.unwrap_or(post.recorded_at)),
        "display_at": time(post.at),
        "affected_components": affected,
        "deliver_notifications": true,
        "custom_tweet": null,
        "tweet_id": null,
    })
}

#[cfg(test)]
mod tests {
    use super::super::notices::tests::notice;
    use super::super::published::tests::published;
    use super::*;

    fn keys(value: &Value) -> Vec<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn the_shape_is_that_of_statuspage() {
        let all = published(vec![
            notice(
                Sort::Incident,
                None,
                &[(0, "investigating", "web=partial-outage"), (5, "", "web=degraded"), (9, "monitoring", "")],
            ),
            notice(Sort::Incident, None, &[(-90, "resolved", "api=major-outage"), (-80, "postmortem", "")]),
            notice(Sort::Maintenance, Some((90, 120)), &[(1, "scheduled", "pay=maintenance")]),
            notice(Sort::Maintenance, Some((20, 120)), &[(1, "scheduled", "pay=maintenance"), (20, "in-progress", "")]),
        ]);
        let summary = summary(&all);
        assert_eq!(keys(&summary), ["page", "components", "incidents", "scheduled_maintenances", "status"]);
        assert_eq!(keys(&summary["page"]), ["id", "name", "url", "time_zone", "updated_at"]);
        assert_eq!(summary["status"], json!({ "indicator": "minor", "description": "Partially Degraded Service" }));
        let components = summary["components"].as_array().unwrap();
        assert_eq!(
            keys(&components[1]),
            [
                "id",
                "name",
                "status",
                "created_at",
                "updated_at",
                "position",
                "description",
                "showcase",
                "start_date",
                "group_id",
                "page_id",
                "group",
                "only_show_if_degraded"
            ]
        );
        let shown: Vec<String> =
            components.iter().map(|one| format!("{} {} {}", one["name"], one["status"], one["group"])).collect();
        assert_eq!(
            shown,
            [
                r#""Buying" "degraded_performance" true"#,
                r#""Web <shop>" "degraded_performance" false"#,
                r#""Payments" "under_maintenance" false"#,
                r#""API" "operational" false"#
            ]
        );
        assert_eq!(components[0]["components"], json!([components[1]["id"], components[2]["id"]]));
        assert_eq!(components[1]["group_id"], components[0]["id"]);
        let incident = &summary["incidents"][0];
        assert_eq!(
            keys(incident),
            [
                "id",
                "name",
                "status",
                "created_at",
                "updated_at",
                "monitoring_at",
                "resolved_at",
                "impact",
                "shortlink",
                "started_at",
                "page_id",
                "incident_updates",
                "components"
            ]
        );
        assert_eq!((&incident["status"], &incident["impact"]), (&json!("monitoring"), &json!("major")));
        assert_eq!(incident["started_at"], "2026-09-21T14:13:20.000Z");
        let updates = incident["incident_updates"].as_array().unwrap();
        assert_eq!(
            updates.iter().map(|one| &one["status"]).collect::<Vec<_>>(),
            ["monitoring", "investigating", "investigating"]
        );
        assert_eq!(updates[1]["affected_components"][0]["old_status"], "partial_outage");
        assert_eq!(updates[1]["affected_components"][0]["new_status"], "degraded_performance");
        assert_eq!(incident["id"].as_str().unwrap().len(), 12);
        let said = |list: &Value, name: &str| {
            list[name].as_array().unwrap().iter().map(|one| one["status"].to_string()).collect::<Vec<_>>()
        };
        assert_eq!(said(&incidents(&all), "incidents"), ["\"monitoring\"", "\"postmortem\""]);
        assert_eq!(said(&unresolved(&all), "incidents"), ["\"monitoring\""]);
        assert_eq!(said(&upcoming(&all), "scheduled_maintenances"), ["\"scheduled\""]);
        assert_eq!(said(&active(&all), "scheduled_maintenances"), ["\"in_progress\""]);
        assert_eq!(said(&maintenances(&all), "scheduled_maintenances").len(), 2);
        assert_eq!(summary["scheduled_maintenances"].as_array().unwrap().len(), 2);
        assert!(!summary.to_string().contains("internal-shop"), "no service is named");
        assert_eq!(keys(&status(&all)), ["page", "status"]);
        assert_eq!(keys(&webhook(&all, &all.notices[0])), ["page", "incident"]);
    }
}
