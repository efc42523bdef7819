//! Flags that are refused before they come into force, and that answer as flagd does all the same, should they come
//! into force otherwise: nobody who asks is left without an answer.

use domain::change::flag_sets::{Compiled, Context, FlagSet};
use domain::change::fractional::Bucketing;
use domain::change::kills::Overlay;
use jiff::Timestamp;
use serde_json::json;

#[test]
fn what_is_refused_beforehand_answers_as_flagd_does() {
    let version = json!({ "var": "version" });
    let key = json!({ "var": "targetingKey" });
    for (rule, wanted) in [
        (json!({ "starts_with": ["abc"] }), "Default fallback"),
        (json!({ "ends_with": ["xyz"] }), "Default fallback"),
        (json!({ "sem_ver": [version, "="] }), "Default fallback"),
        (json!({ "sem_ver": [version, "===", "1.0.0"] }), "Default fallback"),
        (json!({ "fractional": [key, ["one", 0], ["two", 0]] }), "Default fallback"),
        (json!({ "fractional": [["one", 0], ["two", 0]] }), "Default fallback"),
        (json!({ "fractional": [key, ["one", -50], ["two", 100]] }), "TargetingMatch two"),
        (json!({ "fractional": [["one", -50], ["two", 100]] }), "TargetingMatch two"),
        (json!({ "if": [{ "$ref": "nobody" }, "one", "two"] }), "Error - ParseError"),
    ] {
        let set: FlagSet = serde_json::from_value(json!({ "flags": { "flag": {
            "state": "ENABLED", "variants": { "one": "1", "two": "2", "true": "t", "false": "f", "fallback": "x" },
            "defaultVariant": "fallback", "targeting": rule,
        } } }))
        .expect("a set");
        assert!(!set.problems().is_empty(), "{rule}");
        let context = Context::read(&json!({ "targetingKey": "any-user", "version": "1.0.0" })).expect("a context");
        let now = Timestamp::from_second(1_790_000_000).expect("a time");
        for bucketing in [Bucketing::Canonical, Bucketing::Text] {
            let compiled = Compiled::new(&set, bucketing);
            let answer = compiled.evaluate("flag", &context, &Overlay::none(), now);
            let code = answer.error.map(|(code, _)| format!(" {code:?}")).unwrap_or_default();
            assert_eq!(format!("{:?} {}{code}", answer.reason, answer.variant.unwrap_or("-")), wanted, "{rule}");
        }
    }
}
