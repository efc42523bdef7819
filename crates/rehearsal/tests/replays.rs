//! Replays stories: where nothing failed and nobody died, a replay as it was calls whom the story called.

use std::path::Path;

use domain::words::Span;
use rehearsal::replay::replay;
use rehearsal::story::Story;

#[test]
fn a_replay_as_it_was_calls_whom_the_story_called() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stories");
    for name in [
        "a_storm_of_five_hundred_alerts_is_one_page",
        "a_new_severity_in_a_group_pages_again",
        "low_urgency_at_night_waits_for_the_morning",
        "a_silence_that_ends_mid_page_lets_it_page",
        "a_silence_created_mid_page_stops_it",
        "a_silence_in_the_future_begins_in_time",
        "a_host_that_is_down_mutes_what_runs_on_it",
        "the_autumn_hand_off_in_berlin",
        "an_override_begins_and_ends_mid_escalation",
        "a_heartbeat_is_missed_and_returns",
        "a_group_waits_for_company",
        "a_snooze_ends_and_pages_again",
        "an_acknowledgement_times_out",
        "an_alert_flaps",
        "a_stale_alert_is_closed",
        "repeats_cost_nothing",
        "what_a_person_resolved_stays_resolved",
        "the_policy_changes_during_an_escalation",
        "the_urgency_of_a_group_rises",
        "one_alert_of_two_is_acknowledged_and_the_other_ends",
    ] {
        let text = std::fs::read_to_string(folder.join(name).with_extension("story")).unwrap();
        let story = Story::read(&text).unwrap();
        let play = story.play().unwrap();
        let (since, until) = (Span::minutes(1).before(story.starts_at), Span::seconds(1).after(play.world.now()));
        let again = replay(&play.world.store, since, until, None).unwrap();
        let show = |at, person: Option<&domain::words::Name>, channel: &str| format!("{at} {person:?} {channel}");
        let was = play.arrivals.iter().filter(|arrival| arrival.step > 0);
        let was: Vec<String> = was.map(|one| show(one.at, one.person.as_ref(), &one.channel)).collect();
        let is: Vec<String> =
            again.as_it_was.iter().map(|one| show(one.at, one.person.as_ref(), &one.channel)).collect();
        assert_eq!(is, was, "{name}");
        assert!(!was.is_empty(), "{name} calls nobody");
    }
}
