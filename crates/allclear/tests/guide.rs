//! What the guide shows is true: its documents can be read, its commands exist, and its links lead somewhere.
//!
//! It does not check what the documents refer to: an example names people who are not there.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/allclear stands in the repository").into()
}

/// The pages of the guide and those beside it, each with its path from the root.
fn pages() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["", "docs", "docs/decisions"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("a folder").flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == "md") {
                let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    assert!(found.len() > 10, "the guide is somewhere else");
    found.sort();
    found
}

/// The blocks of code of a page in one language, each with its line.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<(usize, &'p str)> {
    let fence = format!("```{language}\n");
    let starts = page.match_indices(&fence).map(|(at, _)| at + fence.len());
    starts
        .map(|at| (page[..at].matches('\n').count() + 1, page[at..].split("```").next().unwrap_or_default()))
        .collect()
}

#[test]
fn every_document_of_the_guide_can_be_read() {
    let mut read = 0;
    for (name, page) in pages() {
        for (line, block) in blocks(&page, "yaml") {
            if !block.starts_with("kind: ") {
                continue; // the configuration of another program
            }
            let reading = actions::prepare::documents::read_files([("example", block)]);
            let problems: Vec<String> = reading.problems.iter().map(ToString::to_string).collect();
            assert!(problems.is_empty(), "{name}:{line}: {problems:#?}");
            read += reading.proposals.len();
        }
    }
    assert!(read >= 6, "only {read} documents were found");
}

#[test]
fn every_link_of_the_guide_leads_somewhere() {
    for (name, page) in pages() {
        let folder = root().join(&name).parent().expect("a page stands in a folder").to_path_buf();
        // What stands in code is shown, and leads nowhere.
        let words: String = page.split('`').step_by(2).collect();
        for target in words.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            assert!(folder.join(file).exists(), "{name}: the link to {target} leads nowhere");
        }
    }
}

/// The help of a command, if there is such a command.
fn help(words: &[&str]) -> Option<String> {
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_allclear")).args(words).arg("--help").output();
    let output = program.expect("the program runs");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn every_command_of_the_guide_exists_with_its_flags() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for (name, page) in pages() {
        for (line, block) in blocks(&page, "sh") {
            let joined = block.replace("\\\n", " ");
            for command in joined.lines().filter_map(|text| text.trim().strip_prefix("allclear ")) {
                let command = command.split(" #").next().unwrap_or_default();
                let words: Vec<&str> = command.split_whitespace().collect();
                // `alert list` is a command of two words, `incident evidence add` one of three; in `history schedule/payments`
                // the second is an argument.
                let lengths = [3, 2, 1].into_iter().filter(|length| *length <= words.len());
                let Some(text) = lengths.into_iter().find_map(|length| help(&words[..length])) else {
                    wrong.push(format!("{name}:{line}: there is no command `allclear {command}`"));
                    continue;
                };
                seen += 1;
                // A time may begin with a dash: -40m.
                let is_flag =
                    |word: &&&str| word.starts_with('-') && !word[1..].starts_with(|c: char| c.is_ascii_digit());
                for flag in words.iter().filter(is_flag) {
                    let known = text.split([' ', ',', '\n', '=']).any(|word| word == *flag);
                    if !known {
                        wrong.push(format!("{name}:{line}: `allclear {}` does not know {flag}", words[0]));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 10, "only {seen} commands were found");
}
