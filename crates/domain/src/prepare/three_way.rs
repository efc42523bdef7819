//! What a proposed revision of a document comes to, when the document changed since it was written: of each field the side that
//! changed it counts. Where both did, and say different things, that is a conflict for people.
//!
//! Fields are those of [`super::ownership`]: objects are entered, a list is one field.

use serde_json::Value;

use super::documents::Spec;
use super::ownership::merge;

/// A field that both sides changed, to different values. A value that is not there is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Into the spec; nothing: the whole document, which one side took away.
    pub pointer: String,
    pub base: Option<Value>,
    pub in_force: Option<Value>,
    pub proposed: Option<Value>,
}

/// What it comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// Where there is a conflict, it says what is in force. Nothing: the document is not there.
    pub spec: Option<Spec>,
    /// The same, but where there is a conflict it says what is proposed: for whoever settles it.
    pub mine: Option<Spec>,
    pub conflicts: Vec<Conflict>,
}

/// `base` is what the proposal was written against. Absent: there is no document.
pub fn three_way(base: Option<&Spec>, in_force: Option<&Spec>, proposed: Option<&Spec>) -> Merged {
    let clear = |spec: Option<&Spec>| Merged { spec: spec.cloned(), mine: spec.cloned(), conflicts: Vec::new() };
    if in_force == proposed || proposed == base {
        return clear(in_force);
    }
    if in_force == base {
        return clear(proposed);
    }
    let said = base.map(Spec::to_json);
    let (Some(now), Some(wanted)) = (in_force, proposed) else {
        let (here, there) = (in_force.map(Spec::to_json), proposed.map(Spec::to_json));
        let conflict = Conflict { pointer: String::new(), base: said, in_force: here, proposed: there };
        return Merged { spec: in_force.cloned(), mine: proposed.cloned(), conflicts: vec![conflict] };
    };
    let merged = merge(base, now, wanted, &|_| false);
    let conflict = |kept: super::ownership::Apart| Conflict {
        base: said.as_ref().and_then(|said| said.pointer(&kept.pointer)).cloned(),
        pointer: kept.pointer,
        in_force: kept.in_force,
        proposed: kept.in_files,
    };
    // What the proposal left as it was is no conflict: the other side counts.
    let conflicts: Vec<_> = merged.kept.into_iter().map(conflict).filter(|one| one.base != one.proposed).collect();
    let mine = merge(base, now, wanted, &|pointer| conflicts.iter().any(|one| one.pointer == pointer));
    Merged { spec: Some(merged.spec), mine: Some(mine.spec), conflicts }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prepare::diff::show;
    use crate::prepare::reading::from_yaml;

    fn spec(text: &str) -> Spec {
        let mut reading = from_yaml("test", &format!("kind: team\nname: web\nspec: {text}\n"));
        assert_eq!(reading.problems, []);
        reading.proposals.remove(0).document.spec
    }

    fn team(title: &str, members: &str) -> Spec {
        spec(&format!("{{ title: {title}, members: [{members}] }}"))
    }

    #[test]
    fn the_side_that_changed_a_field_counts() {
        let (old, titled, joined) = (team("Web", "ana"), team("Site", "ana"), team("Web", "ana, ben"));
        let look = |base: Option<&Spec>, now: Option<&Spec>, wanted: Option<&Spec>| {
            let merged = three_way(base, now, wanted);
            let show = |value: &Option<Value>| value.as_ref().map_or("-".into(), show);
            let line = |one: &Conflict| {
                format!("{}: {} here, {} proposed", one.pointer, show(&one.in_force), show(&one.proposed))
            };
            (merged.spec, merged.conflicts.iter().map(line).collect::<Vec<_>>())
        };
        let quiet = |spec: Option<Spec>| (spec, Vec::<String>::new());
        assert_eq!(look(Some(&old), Some(&titled), Some(&joined)), quiet(Some(team("Site", "ana, ben"))));
        assert_eq!(look(Some(&old), Some(&old), None), quiet(None));
        assert_eq!(look(None, None, Some(&old)), quiet(Some(old.clone())));
        assert_eq!(
            look(Some(&old), None, Some(&old)),
            quiet(None),
            "somebody took it away, and the proposal does not touch it"
        );
        assert_eq!(look(Some(&old), None, None), quiet(None), "it is gone already");
        let other = team("Shop", "ana");
        assert_eq!(
            look(Some(&old), Some(&titled), Some(&other)),
            (Some(titled.clone()), vec!["/title: Site here, Shop proposed".into()])
        );
        let (spec, conflicts) = look(Some(&old), Some(&titled), None);
        assert_eq!((spec.as_ref(), conflicts.len()), (Some(&titled), 1), "it is taken away, though it changed");
        let (spec, conflicts) = look(Some(&old), None, Some(&titled));
        assert_eq!((spec.as_ref(), conflicts.len()), (None, 1), "it was taken away, and is to be changed");
        assert_eq!(look(None, Some(&titled), Some(&joined)).1.len(), 2, "two wrote it for the first time");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        /// A field is in conflict if, and only if, both changed it and say different things; all others say what the side that
        /// changed them says.
        #[test]
        fn only_what_both_changed_differently_is_a_conflict(base in (0..3u8, 0..3u8), now in (0..3u8, 0..3u8), wanted in (0..3u8, 0..3u8)) {
            let of = |(title, members): (u8, u8)| team(&format!("T{title}"), ["", "ana", "ana, ben"][usize::from(members)]);
            let merged = three_way(Some(&of(base)), Some(&of(now)), Some(&of(wanted)));
            let clash = |base, now, wanted| now != base && wanted != base && now != wanted;
            let mut expected = Vec::new();
            if clash(base.0, now.0, wanted.0) { expected.push("/title"); }
            if clash(base.1, now.1, wanted.1) { expected.push("/members"); }
            let mut found: Vec<&str> = merged.conflicts.iter().map(|one| one.pointer.as_str()).collect();
            found.sort_unstable_by_key(|pointer| *pointer != "/title");
            prop_assert_eq!(found, expected);
            let side = |base, now, wanted| if now == base { wanted } else { now };
            prop_assert_eq!(merged.spec, Some(of((side(base.0, now.0, wanted.0), side(base.1, now.1, wanted.1)))));
            let alone = three_way(Some(&of(base)), Some(&of(base)), Some(&of(wanted)));
            prop_assert!(alone.conflicts.is_empty() && alone.spec == Some(of(wanted)));
        }
    }
}
