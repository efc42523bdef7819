//! Plays every story of `stories/` and compares what follows with the answer beside it.
//!
//! `UPDATE_STORIES=1 cargo test -p rehearsal --test stories` writes the answers anew: review them as a diff.

use std::path::{Path, PathBuf};

use rehearsal::story::Story;

fn stories() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stories");
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of the stories")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "story"))
        .collect();
    found.sort();
    found
}

#[test]
fn every_story_has_the_answer_that_stands_beside_it() {
    let update = std::env::var_os("UPDATE_STORIES").is_some();
    let only = std::env::var("STORY").ok();
    let mut wrong = Vec::new();
    let all = stories();
    assert!(all.len() >= 30, "only {} stories", all.len());
    for path in &all {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let answer = Story::read(&text).and_then(|story| story.answer());
        let answer = answer.unwrap_or_else(|trouble| {
            wrong.push(format!("{name}: {trouble}"));
            String::new()
        });
        let beside = path.with_extension("answer");
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        if answer == expected || answer.is_empty() {
            continue;
        }
        if update {
            std::fs::write(&beside, answer).unwrap();
        } else {
            wrong.push(format!("{name}:\n{}", difference(&expected, &answer)));
        }
    }
    assert!(wrong.is_empty(), "{} stories went differently\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn every_story_goes_the_same_way_twice_and_reads_back_as_it_is_written() {
    for path in stories() {
        let story = Story::read(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let (first, again) = (story.answer().unwrap(), Story::read(&story.write()).unwrap().answer().unwrap());
        assert!(first == again, "{}:\n{}", path.display(), difference(&first, &again));
    }
}

/// The first lines that differ, with a little of what stands before.
fn difference(expected: &str, answer: &str) -> String {
    let (expected, answer): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), answer.lines().collect());
    let same = expected.iter().zip(&answer).take_while(|(one, other)| one == other).count();
    let mut shown: Vec<String> = answer[same.saturating_sub(3)..same].iter().map(|line| format!("  {line}")).collect();
    shown.extend(expected.iter().skip(same).take(6).map(|line| format!("- {line}")));
    shown.extend(answer.iter().skip(same).take(6).map(|line| format!("+ {line}")));
    shown.join("\n")
}
