//! Renders every page from its sample, checks what holds for all of them, and writes them to the folder
//! `ALLCLEAR_GALLERY` if that is set, for the browser tests and for looking at them.

use askama::Template;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::bare::ErrorPage;
use super::change::calendars::CalendarPage;
use super::change::changes::{ChangePage, ChangesPage};
use super::change::document_proposals::DocumentsEditPage;
use super::change::environments::EnvironmentPage;
use super::change::flags::{FlagPage, FlagsPage};
use super::change::proposals::ChangeFormPage;
use super::change::rollbacks::RollbackPage;
use super::change::suspects::SuspectsPage;
use super::detect::alert::AlertPage;
use super::detect::alerts::AlertsPage;
use super::detect::integrations::{IntegrationPage, IntegrationsPage, NewIntegrationPage};
use super::detect::silences::{NewSilencePage, SilencesPage};
use super::engage::escalation_policies::{PoliciesPage, PolicyPage};
use super::engage::pages::PageByLink;
use super::engage::schedules::{SchedulePage, SchedulesPage};
use super::inform::notices::{NoticePage, NoticesPage};
use super::inform::outgoing_webhooks::{
    NewOutgoingWebhookPage, OutgoingWebhookDeliveryPage, OutgoingWebhookPage, OutgoingWebhooksPage,
};
use super::inform::status_pages::{HistoryPage as PublicHistory, NoticePublicPage, PublicPage, ReportPage};
use super::inform::subscribers::{SubscribePage, SubscribersPage};
use super::learn::action_items::{ActionItemPage, ActionItemsPage, NewActionItemPage};
use super::learn::changes::{ChangeInsightsPage, ChangeListPage};
use super::learn::customer_postmortems::CustomerPostmortemPage;
use super::learn::digests::DigestPage;
use super::learn::drafts::DraftPage;
use super::learn::insights::{InsightListPage, InsightsPage};
use super::learn::language::LanguagePage;
use super::learn::paging::PagingPage;
use super::learn::pins::{PinPage, PinsPage};
use super::learn::postmortem_sections::PostmortemSectionPage;
use super::learn::postmortems::{PostmortemPage, PostmortemsPage};
use super::learn::review_meetings::ReviewMeetingPage;
use super::learn::score_sheets::ScoreSheetPage;
use super::learn::search::SearchPage;
use super::prepare::document_changes::DocumentChangesPage;
use super::prepare::documents::{DocumentPage, DocumentsPage, EditPage, HistoryPage, PlanPage};
use super::prepare::ownership::DriftPage;
use super::prepare::people::{MePage, PeoplePage, PersonPage};
use super::prepare::services::{ServicePage, ServicesPage};
use super::prepare::sign_in::SignInPage;
use super::prepare::source::SourcePage;
use super::prepare::tokens::TokensPage;
use super::prepare::welcome::{FirstPage, WelcomePage};
use super::respond::chats::ChatsPage;
use super::respond::entries::EntryPage;
use super::respond::incidents::{IncidentsPage, NewIncidentPage};
use super::respond::obligations::{ObligationsPage, RunningPage};
use super::respond::record::{FoundPage, RecordPage};
use super::respond::room::RoomPage;
use super::respond::runbooks::RunbookPage;
use super::{Theme, Viewpoint};

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

fn page(name: &'static str, page: &impl Template) -> (&'static str, String) {
    (name, page.render().unwrap())
}

fn every_page() -> Vec<(&'static str, String)> {
    let mut pages = vec![
        page("alerts", &AlertsPage::sample()),
        page("alerts-filtered", &AlertsPage::sample_filtered()),
        page("alerts-empty", &AlertsPage::sample_empty()),
        page("alert", &AlertPage::sample()),
        page("alert-acknowledged", &AlertPage::sample_acknowledged()),
        page("silences", &SilencesPage::sample()),
        page("silences-empty", &SilencesPage::sample_empty()),
        page("silence-new", &NewSilencePage::sample()),
        page("integrations", &IntegrationsPage::sample()),
        page("integrations-empty", &IntegrationsPage::sample_empty()),
        page("integration", &IntegrationPage::sample()),
        page("integration-heartbeat", &IntegrationPage::sample_heartbeat()),
        page("integration-github", &IntegrationPage::sample_github()),
        page("integration-new", &NewIntegrationPage::sample()),
        page("incidents", &IncidentsPage::sample()),
        page("incidents-empty", &IncidentsPage::sample_empty()),
        page("incidents-filtered", &IncidentsPage::sample_filtered()),
        page("incident-new", &NewIncidentPage::sample()),
        page("incident-new-refused", &NewIncidentPage::sample_refused()),
        page("room", &RoomPage::sample()),
        page("room-restricted", &RoomPage::sample_restricted()),
        page("room-over", &RoomPage::sample_over()),
        page("suspects", &SuspectsPage::sample()),
        page("suspects-none", &SuspectsPage::sample_empty()),
        page("rollback", &RollbackPage::sample()),
        page("rollback-blocked", &RollbackPage::sample_blocked()),
        page("runbook", &RunbookPage::sample()),
        page("entry", &EntryPage::sample()),
        page("record", &RecordPage::sample()),
        page("record-empty", &RecordPage::sample_empty()),
        page("observables-found", &FoundPage::sample()),
        page("obligations", &ObligationsPage::sample()),
        page("obligations-running", &RunningPage::sample()),
        page("obligations-none", &RunningPage::sample_empty()),
        page("chats", &ChatsPage::sample()),
        page("chats-empty", &ChatsPage::sample_empty()),
        page("changes", &ChangesPage::sample()),
        page("changes-empty", &ChangesPage::sample_empty()),
        page("change", &ChangePage::sample()),
        page("change-proposed", &ChangePage::sample_proposed()),
        page("change-documents", &ChangePage::sample_documents()),
        page("change-documents-edit", &DocumentsEditPage::sample()),
        page("change-done", &ChangePage::sample_done()),
        page("calendar", &CalendarPage::sample()),
        page("calendar-week", &CalendarPage::sample_week()),
        page("change-new", &ChangeFormPage::sample()),
        page("change-edit", &ChangeFormPage::sample_edit()),
        page("notices", &NoticesPage::sample()),
        page("notices-empty", &NoticesPage::sample_empty()),
        page("notice", &NoticePage::sample()),
        page("notice-new", &NoticePage::sample_new()),
        page("subscribers", &SubscribersPage::sample()),
        page("status", &PublicPage::sample()),
        page("status-history", &PublicHistory::sample()),
        page("status-notice", &NoticePublicPage::sample()),
        page("status-report", &ReportPage::sample()),
        page("status-subscribe", &SubscribePage::sample()),
        page("status-link", &SubscribePage::sample_link()),
        page("language", &LanguagePage::sample()),
        page("language-empty", &LanguagePage::sample_empty()),
        page("language-well", &LanguagePage::sample_well()),
        page("postmortems", &PostmortemsPage::sample()),
        page("postmortems-empty", &PostmortemsPage::sample_empty()),
        page("postmortem-section", &PostmortemSectionPage::sample()),
        page("postmortem-draft", &PostmortemPage::sample()),
        page("postmortem-asked", &PostmortemPage::sample_asked()),
        page("postmortem-clash", &PostmortemPage::sample_clash()),
        page("postmortem-published", &PostmortemPage::sample_published()),
        page("postmortem-waived", &PostmortemPage::sample_waived()),
        page("customer-postmortem", &CustomerPostmortemPage::sample()),
        page("customer-postmortem-published", &CustomerPostmortemPage::sample_published()),
        page("customer-postmortem-restricted", &CustomerPostmortemPage::sample_restricted()),
        page("review-meeting", &ReviewMeetingPage::sample()),
        page("review-meeting-new", &ReviewMeetingPage::sample_new()),
        page("review-meeting-held", &ReviewMeetingPage::sample_held()),
        page("action-items", &ActionItemsPage::sample()),
        page("action-items-empty", &ActionItemsPage::sample_empty()),
        page("pins", &PinsPage::sample()),
        page("pins-empty", &PinsPage::sample_empty()),
        page("pin", &PinPage::sample()),
        page("action-item", &ActionItemPage::sample()),
        page("action-item-asked", &ActionItemPage::sample_asked()),
        page("action-item-new", &NewActionItemPage::sample()),
        page("draft", &DraftPage::sample()),
        page("score-sheet", &ScoreSheetPage::sample()),
        page("insights", &InsightsPage::sample()),
        page("insights-refused", &InsightsPage::sample_refused()),
        page("insight-list", &InsightListPage::sample()),
        page("insight-list-promises", &InsightListPage::sample_promises()),
        page("insight-list-empty", &InsightListPage::sample_empty()),
        page("digest", &DigestPage::sample()),
        page("digest-empty", &DigestPage::sample_empty()),
        page("insights-paging", &PagingPage::sample()),
        page("insights-paging-refused", &PagingPage::sample_empty()),
        page("insights-changes", &ChangeInsightsPage::sample()),
        page("insights-changes-list", &ChangeListPage::sample()),
        page("schedules", &SchedulesPage::sample()),
        page("schedules-empty", &SchedulesPage::sample_empty()),
        page("schedule", &SchedulePage::sample()),
        page("policies", &PoliciesPage::sample()),
        page("policy", &PolicyPage::sample()),
        page("flags", &FlagsPage::sample()),
        page("flags-empty", &FlagsPage::sample_empty()),
        page("flag", &FlagPage::sample()),
        page("flag-quiet", &FlagPage::sample_quiet()),
        page("environment", &EnvironmentPage::sample()),
        page("environment-new", &EnvironmentPage::sample_new()),
        page("outgoing-webhooks", &OutgoingWebhooksPage::sample()),
        page("outgoing-webhooks-empty", &OutgoingWebhooksPage::sample_empty()),
        page("outgoing-webhook-new", &NewOutgoingWebhookPage::sample()),
        page("outgoing-webhook", &OutgoingWebhookPage::sample()),
        page("outgoing-webhook-gone", &OutgoingWebhookPage::sample_gone()),
        page("outgoing-webhook-delivery", &OutgoingWebhookDeliveryPage::sample()),
        page("welcome", &WelcomePage::sample()),
        page("welcome-refused", &WelcomePage::sample_refused()),
        page("first-page", &FirstPage::sample()),
        page("first-page-sent", &FirstPage::sample_sent()),
        page("welcome-page-refused", &FirstPage::sample_refused()),
        page("first-page-acknowledged", &FirstPage::sample_acknowledged()),
        page("sign-in", &SignInPage::sample()),
        page("sign-in-refused", &SignInPage::sample_refused()),
        page("services", &ServicesPage::sample()),
        page("services-empty", &ServicesPage::sample_empty()),
        page("service", &ServicePage::sample()),
        page("service-ramp-off", &ServicePage::sample_off()),
        page("service-ramp-refused", &ServicePage::sample_refused()),
        page("documents", &DocumentsPage::sample()),
        page("document", &DocumentPage::sample()),
        page("document-edit", &EditPage::sample()),
        page("plan", &PlanPage::sample()),
        page("document-changes", &DocumentChangesPage::sample()),
        page("document-changes-empty", &DocumentChangesPage::sample_empty()),
        page("source", &SourcePage::sample()),
        page("source-unfetched", &SourcePage::sample_unfetched()),
        page("drift", &DriftPage::sample()),
        page("drift-empty", &DriftPage::sample_empty()),
        page("plan-held", &PlanPage::sample_held()),
        page("plan-refused", &PlanPage::sample_refused()),
        page("document-history", &HistoryPage::sample()),
        page("people", &PeoplePage::sample()),
        page("person", &PersonPage::sample()),
        page("me", &MePage::sample()),
        page("me-refused", &MePage::sample_refused()),
        page("tokens", &TokensPage::sample()),
        page("search", &SearchPage::sample()),
        page("search-empty", &SearchPage::sample_empty()),
        page("error-404", &ErrorPage::not_found(Theme::Auto, "There is no alert alr_06f1k2m9qv7x3t99.")),
        page(
            "error-403",
            &ErrorPage::forbidden(Theme::Auto, "Integrations are for administrators. Ask one of them: Ana Silva."),
        ),
        page("error-500", &ErrorPage::failed(Theme::Auto, "evt_06f1k2m9qv7x3t01")),
    ];
    pages.extend(PageByLink::samples().iter().map(|(name, sample)| page(name, sample)));
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
