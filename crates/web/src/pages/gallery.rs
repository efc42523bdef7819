//! Renders every page from its sample, checks what holds for all of them, and writes them to the folder
//! `ALLCLEAR_GALLERY` if that is set, for the browser tests and for looking at them.

use askama::Template;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Viewpoint;
use super::detect::alert::AlertPage;
use super::detect::alerts::AlertsPage;
use super::engage::escalation_policies::{PoliciesPage, PolicyPage};
use super::engage::pages::PageByLink;
use super::engage::schedules::{SchedulePage, SchedulesPage};

/// A Sunday night in Berlin.
pub(crate) fn now() -> Timestamp {
    "2026-11-22T02:12:09Z".parse().unwrap()
}

pub(crate) fn viewpoint() -> Viewpoint {
    Viewpoint { now: now(), zone: TimeZone::get("Europe/Berlin").unwrap() }
}

pub(crate) fn minutes_ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

fn every_page() -> Vec<(&'static str, String)> {
    let mut pages = vec![
        ("alerts", AlertsPage::sample().render().unwrap()),
        ("alerts-filtered", AlertsPage::sample_filtered().render().unwrap()),
        ("alerts-empty", AlertsPage::sample_empty().render().unwrap()),
        ("alert", AlertPage::sample().render().unwrap()),
        ("alert-acknowledged", AlertPage::sample_acknowledged().render().unwrap()),
        ("schedules", SchedulesPage::sample().render().unwrap()),
        ("schedules-empty", SchedulesPage::sample_empty().render().unwrap()),
        ("schedule", SchedulePage::sample().render().unwrap()),
        ("policies", PoliciesPage::sample().render().unwrap()),
        ("policy", PolicyPage::sample().render().unwrap()),
    ];
    pages.extend(PageByLink::samples().into_iter().map(|(name, page)| (name, page.render().unwrap())));
    pages
}

#[test]
fn every_page_renders_within_the_content_security_policy() {
    let folder = std::env::var_os("ALLCLEAR_GALLERY").map(std::path::PathBuf::from);
    for (name, html) in every_page() {
        assert!(html.starts_with("<!doctype html>"), "{name}: starts with {:?}", &html[..html.len().min(40)]);
        assert_eq!(html.matches("<h1").count(), 1, "{name}: one h1");
        assert_eq!(html.matches("<main").count(), 1, "{name}: one main");
        assert!(!html.contains(" style="), "{name}: a style attribute");
        assert!(!html.contains("<style"), "{name}: a style element");
        assert!(!html.contains("javascript:"), "{name}: a script in a link");
        assert_eq!(html.matches("<script").count(), html.matches("<script type=\"module\" src=").count(), "{name}");
        for handler in [" onclick=", " onsubmit=", " onchange=", " onload=", " oninput="] {
            assert!(!html.contains(handler), "{name}: {handler}");
        }
        let mut ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        ids.sort_unstable();
        for pair in ids.windows(2) {
            assert_ne!(pair[0], pair[1], "{name}: an id that is there twice");
        }
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
        }
    }
}
