//! The commands as people type them, against a server of their own: what they print, and their exit codes.
//!
//! Ids, secrets, times and ports are taken out before a screen is compared.

#![expect(clippy::unwrap_used, clippy::format_push_string, reason = "a test that cannot go on shall fail where it is")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use regex::Regex;
use serde_json::Value;

/// A directory, a server on it, and somebody who may do everything.
struct House {
    folder: PathBuf,
    address: String,
    token: String,
    server: Option<Child>,
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop();
        _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What a command printed, and how it ended.
struct Said {
    out: String,
    beside: String,
    code: i32,
}

impl House {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("allclear-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder, address: format!("127.0.0.1:{port}"), token: String::new(), server: None }
    }

    /// Set up, and serving.
    fn serving(name: &str) -> Self {
        let mut house = Self::new(name);
        let said = house.with_input(
            &[
                "setup",
                "--local",
                "--person",
                "ana",
                "--full-name",
                "Ana Silva",
                "--email",
                "ana@example.org",
                "--password-stdin",
            ],
            "correct horse battery\n",
        );
        assert_eq!(said.code, 0, "{}", said.beside);
        let made = house.run(&["token", "create", "--local", "--person", "ana", "--access", "administrator"]);
        house.token = made.out.trim().into();
        house.start();
        house
    }

    fn start(&mut self) {
        let mut server = self.command(&["serve", "--listen", &self.address]);
        let mut child = server.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("allclear serves"));
        assert!(ready, "the server did not start");
        // What it logs later is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        self.server = Some(child);
    }

    fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            _ = server.kill();
            _ = server.wait();
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allclear"));
        command.args(arguments).current_dir(&self.folder).env_clear();
        command.env("HOME", &self.folder).env("ALLCLEAR_DATA", "data").env("ALLCLEAR_TOKEN", &self.token);
        command.env("ALLCLEAR_URL", format!("http://{}", self.address));
        command
    }

    fn with_input(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Said { out: text(&output.stdout), beside: text(&output.stderr), code: output.status.code().unwrap() }
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.with_input(arguments, "")
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let said = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.beside);
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", said.out))
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.folder.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    /// The screens after these commands, one after the other, fit to be compared.
    fn screens(&self, commands: &[&[&str]]) -> String {
        let mut text = String::new();
        for arguments in commands {
            let said = self.run(arguments);
            text += &format!("$ allclear {}\n{}{}[{}]\n\n", arguments.join(" "), said.out, said.beside, said.code);
        }
        self.same(&text)
    }

    /// Without what differs from run to run.
    fn same(&self, text: &str) -> String {
        let mut text = text.replace(&self.address, "HOST:PORT").replace(self.folder.to_str().unwrap(), "FOLDER");
        for (pattern, instead) in [
            (r"\b(alr|grp|pag|dlv|sig|evt|sil|ovr|chg|tok|rej)_[0-9a-z]{16}", "${1}_ID"),
            (r"\b(ac[lis])_[0-9a-z]{58,64}", "${1}_SECRET"),
            (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?Z?", "TIME"),
            (r"\b(\d+[dhms])+ ago\b|(?m)\bnow$|\bin (\d+[dhms])+\b", "WHEN"),
            (r"\bnow  ", "WHEN  "),
            (r"(?m)^at +\w{3} \d+ \w{3} \d{4} \d\d:\d\d", "at  TIME"),
            (r"turn \d+", "turn N"),
            (r"\d+ KiB", "N KiB"),
            (r" {2,}", "  "),
        ] {
            text = Regex::new(pattern).unwrap().replace_all(&text, instead).into_owned();
        }
        text
    }
}

/// Ana and Ben take turns, and whoever it is is told of everything.
const COMPANY: &str = "\
kind: person
name: ben
spec: { full_name: Ben Ode, email: ben@example.org, contacts: [{ name: phone, ntfy: https://ntfy.example.org/ben }] }
---
kind: person
name: ana
spec:
  full_name: Ana Silva
  email: ana@example.org
  access: administrator
  contacts: [{ name: phone, ntfy: https://ntfy.example.org/ana }]
---
kind: schedule
name: web
spec:
  title: Web
  time_zone: Europe/Berlin
  layers:
    - name: always
      people: [ana]
      starts: 2026-01-05T09:00
      rotate: { weeks: 1 }
---
kind: team
name: web
spec: { title: Web, members: [ana, ben] }
---
kind: escalation-policy
name: web
spec:
  title: Web
  steps:
    - notify: [{ schedule: web }]
      wait: 10m
---
kind: service
name: shop
spec: { title: Shop, team: web, escalation_policy: web }
---
kind: route
name: everything
spec: { order: 1000, group_by: [alertname], escalation_policy: web }
";

#[test]
fn a_mistake_in_a_document_is_shown_where_it_is() {
    let house = House::new("mistake");
    house.write("wrong.yaml", &COMPANY.replace("schedule: web", "shedule: web").replace("rotate:", "rotation:"));
    house.write("far.yaml", &COMPANY.replace("[ana]", "[anna]"));
    house.write("empty.yaml", "# nothing\n");
    insta::assert_snapshot!(house.screens(&[
        &["apply", "--local", "-f", "wrong.yaml"],
        &["apply", "--local", "-f", "far.yaml"],
        &["apply", "--local", "-f", "far.yaml", "--json"],
        &["apply", "--local", "-f", "empty.yaml"],
        &["apply", "--local", "-f", "nowhere"],
        &["schema", "shedule"],
        &["schema"],
    ]));
}

#[test]
fn documents_without_a_server_are_held_against_the_channels_and_have_an_author() {
    let house = House::new("household");
    house.write("phone.yaml", COMPANY);
    house.write(
        "mail.yaml",
        &COMPANY.replace("name: phone, ntfy: https://ntfy.example.org/ana", "name: mail, email: a@example.org"),
    );
    house.write("inside.yaml", &COMPANY.replace("https://ntfy.example.org/ana", "http://127.0.0.1:2586/ana"));
    let smtp = ["--smtp", "smtp://mail.example.org"];
    for (file, more, refused) in [
        ("mail.yaml", &[][..], "no mail server is set up (--smtp)"),
        ("mail.yaml", &smtp[..], ""),
        ("inside.yaml", &[][..], "127.0.0.1"),
        ("inside.yaml", &["--allow", "loopback"][..], ""),
        ("phone.yaml", &["--author", "carol", "--reason", "by hand"][..], ""),
    ] {
        let said = house.run(&[&["apply", "--local", "-f", file], more].concat());
        assert_eq!(said.code, i32::from(!refused.is_empty()), "{file} {more:?}: {}{}", said.out, said.beside);
        assert!(said.out.contains(refused), "{file}: {}", said.out);
    }
    let store = store::Store::open_to_read(&store::Place::Sqlite(house.folder.join("data/allclear.db"))).unwrap();
    let done = store.read(|tx| Ok(store::prepare::documents::changesets(tx, None, 10)?)).unwrap();
    let authors: Vec<&str> = done.iter().map(|one| one.author.as_str()).collect();
    assert_eq!(authors[0], "local:carol");
    assert!(authors[1].starts_with("local:") && authors[1] != "local:carol", "{authors:?}");
    assert_eq!(house.run(&["apply", "-f", "phone.yaml", "--author", "carol"]).code, 1, "an author over the network");
}

#[test]
fn the_database_is_kept_without_a_server() {
    let mut house = House::serving("keeping");
    insta::assert_snapshot!(house.screens(&[
        &["setup", "--local", "--person", "eve", "--full-name", "Eve", "--email", "e@example.org", "--password-stdin"],
        &["integration", "token", "prometheus", "--local"],
        &["backup", "kept.db"],
        &["backup", "data/allclear.db"],
        &["restore", "kept.db", "--force"],
    ]));
    let checked = house.json(&["check"]);
    assert_eq!((&checked["sound"], &checked["rows"]["accounts"]), (&Value::Bool(true), &Value::from(1)));
    house.stop();
    insta::assert_snapshot!(house.screens(&[
        &["integration", "token", "prometheus", "--local"],
        &["integration", "token", "promtheus", "--local"],
        &["restore", "kept.db"],
        &["restore", "kept.db", "--force"],
        &["check", "--data", "nowhere"],
        &["alert", "list"],
    ]));
    house.write("data/allclear.db", "not a database at all");
    assert_eq!(house.run(&["check"]).code, 1);
}

#[test]
fn documents_are_planned_applied_and_rolled_back() {
    let house = House::serving("documents");
    house.write("config/all.yaml", COMPANY);
    insta::assert_snapshot!(house.screens(&[
        &["plan", "-f", "config"],
        &["apply", "-f", "config"],
        &["apply", "-f", "config", "--yes", "--reason", "the first of many"],
        &["plan", "-f", "config"],
        &["oncall"],
        &["oncall", "who", "web"],
        &["oncall", "at", "2026-12-24T18:00", "web", "--exact"],
        &["oncall", "who", "wbe"],
        &["oncall", "at", "tomorrow"],
    ]));
    house.write(
        "config/all.yaml",
        &COMPANY.replace("people: [ana]", "people: [ben]").replace("{ schedule: web }", "{ schedule: wbe }"),
    );
    assert_eq!(house.run(&["plan", "-f", "config"]).code, 1);
    house.write("config/all.yaml", &COMPANY.replace("people: [ana]", "people: [ben]"));
    assert_eq!(house.run(&["plan", "-f", "config"]).code, 2);
    assert_eq!(house.run(&["apply", "-f", "config", "--yes"]).code, 0);
    assert_eq!(house.json(&["oncall"])["items"][0]["person"], "ben");
    assert_eq!(house.run(&["rollback", "schedule/web", "--to", "1", "--reason", "too early"]).code, 0);
    assert_eq!(house.json(&["oncall"])["items"][0]["person"], "ana");
    assert_eq!(house.json(&["history", "schedule/web"])["items"].as_array().unwrap().len(), 3);
    assert_eq!(house.json(&["diff", "schedule/web", "--from", "1"])["change"], Value::Null);
    let exported = house.run(&["export", "-o", "out"]);
    assert_eq!(exported.code, 0, "{}", exported.beside);
    assert!(Path::new(&house.folder.join("out/schedule/web.yaml")).exists());
    // What was written out says what is in force.
    let planned = house.run(&["plan", "-f", "out"]);
    assert_eq!(planned.code, 0, "{}", planned.out);
}

#[test]
fn an_alert_is_worked_on_to_its_end() {
    let house = House::serving("alert");
    house.write("all.yaml", COMPANY);
    assert_eq!(house.run(&["apply", "-f", "all.yaml", "--yes"]).code, 0);
    let alert = house.json(&["integration", "test", "prometheus"])["alert"].as_str().unwrap().to_owned();
    insta::assert_snapshot!(house.screens(&[
        &["alert", "list"],
        &["alert", "list", "--severity", "wild"],
        &["alert", "list", "-m", "severity=critical", "-m", "alertname=~\"All.*\"", "--exact"],
        &["alert", "ack", &alert],
        &["alert", "ack", &alert],
        &["alert", "unack", &alert],
        &["alert", "snooze", &alert, "--for", "1h"],
        &["alert", "silence", &alert, "--label", "alertnam", "--comment", "x"],
        &["alert", "silence", &alert, "--label", "alertname", "--comment", "we know", "--for", "1h"],
        &["silence", "list"],
        &["alert", "noise", &alert, "--reason", "only a test"],
        &["alert", "resolve", &alert],
        &["alert", "list"],
        &["alert", "ack", "alr_0000000000000000"],
    ]));
    let shown = house.json(&["alert", "show", &alert]);
    assert_eq!((&shown["state"], &shown["noise"]), (&Value::from("resolved"), &Value::from("only a test")));
    let said = house.run(&["alert", "show", &alert]);
    assert!(said.out.contains("Why: ") && said.out.contains("matched everything"), "{}", said.out);
    let silence = house.json(&["silence", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(house.run(&["silence", "expire", &silence]).code, 0);
    assert_eq!(house.json(&["silence", "list"])["items"], serde_json::json!([]));
}

#[test]
fn people_stand_in_pages_are_sent_and_the_journal_tells() {
    let house = House::serving("engage");
    house.write("all.yaml", COMPANY);
    assert_eq!(house.run(&["apply", "-f", "all.yaml", "--yes"]).code, 0);
    insta::assert_snapshot!(house.screens(&[
        &["override", "add", "web", "--person", "ben", "--for", "4h", "--reason", "concert"],
        &["override", "add", "web", "--person", "bne", "--for", "4h"],
        &["override", "list"],
        &["oncall"],
        &["page", "test"],
        &["token", "create", "--name", "reader", "--access", "viewer", "--scope", "read"],
        &["token", "revoke", "tok_0000000000000000"],
    ]));
    let tokens = house.json(&["token", "list"]);
    assert_eq!((&tokens["items"][0]["name"], &tokens["items"][0]["scopes"][0]), (&"reader".into(), &"read".into()));
    // That the other one is in use was noted.
    assert!(tokens["items"][1]["last_used_at"].is_string(), "{tokens:#}");
    let page = house.json(&["page", "list", "--all"])["items"][0]["id"].as_str().unwrap().to_owned();
    let shown = house.json(&["page", "show", &page]);
    assert_eq!((&shown["title"], &shown["deliveries"][0]["person"]), (&Value::from("Test page"), &Value::from("ana")));
    let stands_in = house.json(&["override", "list", "web"])["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(house.run(&["override", "remove", &stands_in]).code, 0);
    assert_eq!(house.json(&["oncall"])["items"][0]["person"], "ana");
    let kinds: Vec<String> = house.json(&["journal", "--since", "1h"])["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap().to_owned())
        .collect();
    for kind in ["documents.applied", "override.created", "override.removed", "token.created"] {
        assert!(kinds.iter().any(|one| one == kind), "{kind} is not in {kinds:?}");
    }
    assert_eq!(house.json(&["journal", "--subject", &stands_in])["items"].as_array().unwrap().len(), 2);
}

#[test]
fn what_was_is_played_under_a_changed_configuration() {
    let house = House::serving("replay");
    house.write("all.yaml", COMPANY);
    assert_eq!(house.run(&["apply", "-f", "all.yaml", "--yes"]).code, 0);
    assert_eq!(house.run(&["integration", "test", "prometheus"]).code, 0);
    let changed = COMPANY.replace("notify: [{ schedule: web }]", "notify: [{ person: ben }]");
    house.write("changed/all.yaml", &changed);
    house.write("wrong.yaml", &changed.replace("person: ben", "person: bne"));
    let played = house.json(&["replay", "--since", "1h", "--with", "changed"]);
    assert_eq!(played["as_it_was"][0]["person"], "ana", "{played:#}");
    assert_eq!(played["with_the_other"][0]["person"], "ben", "{played:#}");
    // Nothing was changed by it, and a mistake is shown where it is.
    assert_eq!(house.run(&["plan", "-f", "all.yaml"]).code, 0);
    let said = house.run(&["replay", "--with", "wrong.yaml"]);
    assert_eq!((said.code, said.out.contains("did you mean ben?")), (1, true), "{}", said.out);
    let said = house.run(&["replay", "--since", "1h", "--with", "changed", "--time-zone", "Europe/Berlin"]);
    assert!(said.out.contains("ben"), "{}", said.out);
}

#[test]
fn what_is_altered_after_it_was_sealed_is_found_without_a_server() {
    let mut house = House::serving("sealed");
    let declared = house.json(&["declare", "The keys were copied", "--class", "security"]);
    let incident = declared["id"].as_str().unwrap().to_owned();
    assert_eq!(house.run(&["incident", "note", &incident, "the laptop was open"]).code, 0);
    let exported = house.run(&["incident", "export", &incident, "-o", "bundle.json"]);
    assert_eq!(exported.code, 0, "{}", exported.beside);
    for (flag, file) in [("--checkpoint", "checkpoint.txt"), ("--key", "journal.key")] {
        let said = house.run(&["journal", flag]);
        assert_eq!(said.code, 0, "{}", said.beside);
        house.write(file, &said.out);
    }
    let sound = |house: &House, arguments: &[&str]| {
        let said = house.run(&[&["verify", "--json"], arguments].concat());
        let told: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}{}", said.out, said.beside));
        assert_eq!(
            (said.code == 0, told["findings"] == serde_json::json!([])),
            (told["sound"] == true, told["sound"] == true)
        );
        told
    };
    let told = sound(&house, &["--key", "journal.key", "--against", "checkpoint.txt"]);
    assert_eq!(
        (&told["sound"], &told["key_pinned"], &told["checkpoints_held"]),
        (&true.into(), &true.into(), &1.into())
    );
    assert_eq!(sound(&house, &["bundle.json", "--key", "journal.key"])["sound"], true);
    assert_eq!(house.run(&["backup", "kept.db"]).code, 0);
    assert_eq!(sound(&house, &["kept.db", "--against", "checkpoint.txt"])["checkpoints_held"], 1);
    // A file that was touched, or that is of another journal.
    let bundle = std::fs::read_to_string(house.folder.join("bundle.json")).unwrap();
    house.write("forged.json", &bundle.replace("the laptop was open", "the laptop was shut"));
    let forged = sound(&house, &["forged.json"]);
    assert_eq!(forged["sound"], false);
    assert!(forged["findings"].to_string().contains("is not what seal"), "{forged:#}");
    let other = domain::seals::notes::SealKey::new([1; 32]).public().to_string();
    assert_eq!(sound(&house, &["bundle.json", "--key", &other])["sound"], false);
    assert_eq!(sound(&house, &["--key", &other])["findings"][0]["kind"], "other-key");
    house.stop();
    // Whoever may write to the database changes what was said, and takes an entry away.
    let place = store::Place::Sqlite(house.folder.join("data/allclear.db"));
    let direct = store::Store::open(&place).unwrap();
    let number = |kind: &str| {
        let row = direct.read(|tx| Ok(tx.one("SELECT number FROM journal WHERE kind = $1", &[kind.into()])?)).unwrap();
        row.unwrap().int("number").unwrap()
    };
    let (added, removed) = (number("entry.added"), number("token.created"));
    direct
        .write(|tx| {
            tx.execute("UPDATE journal SET data = replace(data, 'open', 'shut') WHERE kind = 'entry.added'", &[])?;
            Ok(tx.execute("DELETE FROM journal WHERE kind = 'token.created'", &[])?)
        })
        .unwrap();
    drop(direct);
    let said = house.run(&["verify", "--key", "journal.key", "--against", "checkpoint.txt"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains(&format!("wrong  entry {added} (evt_")), "{}", said.out);
    assert!(said.out.contains(&format!("entry {removed} is gone, and no record of a cut names it")), "{}", said.out);
    assert!(said.out.contains("held   1 checkpoint that you kept is of this record"), "{}", said.out);
    // The backup from before tells what it was.
    assert_eq!(house.run(&["verify", "kept.db"]).code, 0);
    let screens = house.screens(&[
        &["verify", "nowhere"],
        &["verify", "bundle.json", "--against", "checkpoint.txt"],
        &["verify", "--key", "nothing"],
        &["verify", "--against", "journal.key"],
        &["verify", "--data", "nowhere"],
        &["verify", "checkpoint.txt"],
    ]);
    insta::assert_snapshot!(screens);
}

#[test]
fn the_doctor_says_what_to_do() {
    let house = House::serving("doctor");
    insta::assert_snapshot!(house.screens(&[&["doctor"]]));
    house.write("all.yaml", COMPANY);
    assert_eq!(house.run(&["apply", "-f", "all.yaml", "--yes"]).code, 0);
    // Nobody answers at the push server of the company: that would stop a page, so it is no success.
    let said = house.run(&["doctor", "--local", "--json"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.beside);
    let found: Value = serde_json::from_str(&said.out).unwrap();
    let verdict = |what: &str| {
        let all = found["findings"].as_array().unwrap();
        all.iter().find(|one| one["what"] == what).map(|one| one["verdict"].clone()).unwrap_or_default()
    };
    assert_eq!(["server", "clock", "on call", "database"].map(verdict), ["ok"; 4].map(Value::from));
    assert_eq!(verdict("sources"), "warn");
    assert_eq!((verdict("policies"), verdict("push")), ("ok".into(), "fail".into()));
    // A wrong token is told as that, and not as a server that is broken.
    let mut house = house;
    house.token = "acl_wrong".into();
    let said = house.run(&["doctor"]);
    assert!(said.out.contains("does its work") && said.out.contains("FAIL token"), "{}", said.out);
}

#[test]
fn the_journal_is_followed_until_nobody_listens() {
    use std::io::{BufRead as _, BufReader};
    let house = House::serving("follow");
    let mut command = house.command(&["journal", "--follow", "--json"]);
    let mut following = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines().map(Result::unwrap);
    // What was there before comes first; what happens afterwards comes by itself.
    assert!(lines.any(|line| line.contains("documents.applied")));
    let added = house.run(&["silence", "add", "service=\"db\"", "--comment", "disks"]);
    assert_eq!(added.code, 0, "{}", added.beside);
    let entry = lines.find(|line| line.contains("silence.created"));
    following.kill().unwrap();
    following.wait().unwrap();
    assert!(entry.is_some_and(|line| line.contains("disks")));
}

#[test]
fn whoever_may_not_is_told_so_and_no_token_is_shown() {
    let mut house = House::serving("refused");
    let mine = house.token.clone();
    house.token = "acl_wrong".into();
    let said = house.run(&["alert", "list"]);
    assert_eq!(said.code, 1);
    assert!(said.beside.contains("ALLCLEAR_TOKEN") && !said.beside.contains("acl_wrong"), "{}", said.beside);
    // A token of the file belongs to the server of the file.
    house.token = String::new();
    house.write(".config/allclear/client.toml", &format!("url = \"http://{}\"\ntoken = \"{mine}\"\n", house.address));
    let bare = |url: Option<&str>| {
        let mut command = house.command(&["token", "list"]);
        command.env_remove("ALLCLEAR_URL").env_remove("ALLCLEAR_TOKEN");
        if let Some(url) = url {
            command.env("ALLCLEAR_URL", url);
        }
        command.output().unwrap().status.code()
    };
    assert_eq!(bare(None), Some(0));
    assert_eq!(bare(Some(&format!("http://localhost:{}", house.address.split(':').next_back().unwrap()))), Some(1));
    house.write(".config/allclear/client.toml", "url = nowhere\n");
    assert_eq!(bare(None), Some(1));
    house.stop();
    house.write(".config/allclear/client.toml", "");
    let said = house.run(&["doctor"]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.beside);
    assert_eq!(house.run(&["alert", "lst"]).code, 1);
    assert_eq!(house.run(&["--version"]).code, 0);
}

#[test]
fn the_record_of_an_incident_is_kept_by_command_and_looked_over() {
    let house = House::serving("record");
    let incident =
        house.json(&["declare", "A token was used", "--class", "security"])["id"].as_str().unwrap().to_owned();
    let on = |noun: &str, rest: &[&str]| house.run(&[&["incident", noun], rest].concat());
    let bytes = (0..200_000).map(|n| format!("{n}\n")).collect::<Vec<_>>().concat();
    house.write("mem.raw", &bytes);
    let kept =
        house.json(&["incident", "evidence", "add", &incident, "mem.raw", "--place", "Frankfurt", "--at", "-10m"]);
    let (id, hash) = (kept["id"].as_str().unwrap(), kept["sha256"].as_str().unwrap());
    assert_eq!(kept["size"], bytes.len());
    let disk = ["add", &incident, "--title", "Disk", "--no-hash", "not imaged"];
    assert!(on("evidence", &disk).out.contains("it lies elsewhere"));
    let handed = on("evidence", &["hand-over", &incident, id, "--to", "Forensics Ltd", "--why", "to be imaged"]);
    assert!(handed.out.contains("is with Forensics Ltd now"), "{}", handed.beside);
    let copied = on("evidence", &["get", &incident, id, "copy.raw"]);
    assert!(copied.out.contains(hash), "{}", copied.beside);
    assert_eq!(std::fs::read_to_string(house.folder.join("copy.raw")).unwrap(), bytes);
    assert_eq!(on("evidence", &["get", &incident, id, "copy.raw"]).code, 1, "a file that is there is left alone");
    let shown = on("evidence", &["show", &incident, id]).out;
    assert!(["collected", "handed-over", "downloaded"].iter().all(|step| shown.contains(step)), "{shown}");
    let pasted = house.with_input(
        &["incident", "observable", "add", &incident, "--paste"],
        "they spoke to hxxps://evil[.]example/a and 192.0.2.7.",
    );
    assert!(
        pasted.out.contains("hxxps://evil[.]example/a") && pasted.out.contains("192[.]0[.]2[.]7"),
        "{}",
        pasted.out
    );
    let csv = on("observable", &["export", &incident, "--up-to", "AMBER+STRICT"]).out;
    assert!(csv.starts_with("type,value,defanged") && csv.contains("https://evil.example/a"), "{csv}");
    let counted = on("affected", &["count", &incident, "about 1200", "--what", "customers"]);
    assert!(counted.out.contains("about 1,200 customers"), "{}{}", counted.out, counted.beside);
    let named = on("technique", &["name", &incident, "T9999"]);
    assert!(named.out.contains("Warning"), "{}", named.out);
    // Beside the server: the backup says what is not in it, and copies it if it is told to.
    let backup = house.run(&["backup", "saved.db"]);
    assert!(backup.out.contains("Evidence is not in it: 1 files"), "{}{}", backup.out, backup.beside);
    let backup = house.run(&["backup", "saved.db", "--evidence-to", "saved"]);
    assert!(backup.out.contains("Evidence: 1 of 1 files"), "{}{}", backup.out, backup.beside);
    assert_eq!(std::fs::read_to_string(house.folder.join("saved").join(hash)).unwrap(), bytes);
    assert_eq!(house.run(&["check"]).code, 0);
    let file = house.folder.join("data/evidence").join(hash);
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, bytes.replace("77777", "77778")).unwrap();
    let checked = house.run(&["check"]);
    assert!(checked.code == 1 && checked.out.contains(&format!("evidence {hash} was altered")), "{}", checked.out);
    let doctor = house.run(&["doctor", "--local"]);
    assert!(doctor.out.contains("FAIL evidence"), "{}", doctor.out);
    assert_eq!(house.run(&["check", "--evidence", "saved"]).code, 0, "the copy is sound");
    let refused = on("evidence", &["get", &incident, id, "again.raw"]);
    assert!(refused.code == 1 && refused.beside.contains("altered or is gone"), "{}", refused.beside);
    assert!(!house.folder.join("again.raw").exists());
}

#[test]
fn a_drill_is_looked_at_played_and_its_checks_are_told() {
    let house = House::serving("drill");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/wrong-invoices.json");
    let text = std::fs::read_to_string(example).unwrap();
    house.write("drill.json", &text);
    let checked = house.json(&["drill", "check", "drill.json"]);
    assert_eq!((&checked["events"], &checked["severity"]), (&Value::from(10), &Value::from("SEV2")));
    let played = house.json(&["drill", "run", "drill.json", "--speed", "max"]);
    assert_eq!(played["holds"], true, "{played}");
    assert!(played["checks"].as_array().unwrap().len() > 10);
    assert!(played["clocks"].to_string().contains("2026-03-07T09:40:00Z"), "{played}");
    let listed = house.run(&["incident", "list", "--all"]).out;
    assert!(listed.contains("DRILL: Invoices go to the wrong customers"), "{listed}");
    // What does not hold is no success; what is wrong is told with its place, and nothing is played.
    house.write("late.json", &text.replacen("\"detected\": \"2026-03-04T09:12", "\"detected\": \"2026-03-04T09:13", 1));
    let late = house.run(&["drill", "run", "late.json", "--speed", "max"]);
    assert_eq!(late.code, 1);
    assert!(late.out.contains("DIFFERS") && late.out.contains("Not every check holds."), "{}", late.out);
    house.write("wrong.json", &text.replacen("\"kind\": \"alert\"", "\"kind\": \"alarm\"", 1));
    for action in ["check", "run"] {
        let wrong = house.run(&["drill", action, "wrong.json"]);
        assert_eq!(wrong.code, 1);
        assert!(wrong.beside.contains("wrong.json/events/2/kind: there is no kind \"alarm\""), "{}", wrong.beside);
    }
    assert_eq!(house.json(&["incident", "list", "--all"])["items"].as_array().unwrap().len(), 2);
    let unknown = house.run(&["drill", "run", "drill.json", "--speed", "max", "--severity", "SEV9"]);
    assert!(unknown.code == 1 && unknown.beside.contains("there is no severity"), "{}", unknown.beside);
    assert_eq!(house.run(&["drill", "run", "drill.json", "--speed", "0"]).code, 1);
}

#[test]
fn a_made_up_company_fills_an_empty_directory_and_no_other() {
    let house = House::new("demo");
    let made = house.json(&["demo", "--data", "fresh"]);
    assert!(
        made["incidents"].as_u64() >= Some(25) && made["password"].as_str().is_some_and(|one| one.len() > 20),
        "{made}"
    );
    let again = house.run(&["demo", "--data", "fresh"]);
    assert!(again.code == 1 && again.beside.contains("has a database already"), "{}", again.beside);
    house.write("full/thesis.txt", "years of work");
    let full = house.run(&["demo", "--data", "full"]);
    assert!(full.code == 1 && full.beside.contains("is not empty"), "{}", full.beside);
    assert_eq!(std::fs::read_dir(house.folder.join("full")).unwrap().count(), 1);
    // What it wrote is whole, and proves itself like any other.
    assert_eq!(house.run(&["check", "--data", "fresh"]).code, 0);
}

#[test]
fn settings_are_shown_without_their_secrets() {
    let house = House::new("settings");
    let mut command = house.command(&["config", "--listen", "127.0.0.1:9"]);
    command.env("ALLCLEAR_SMTP", "smtp://ana:hidden@mail.example.org:587").env("ALLCLEAR_WATCH_SECRET", "hidden-too");
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("hidden"), "{text}");
    for line in ["--listen 127.0.0.1:9 command line", "--smtp smtp://ana:********@mail.example.org:587 environment"] {
        let words: Vec<&str> = line.split(' ').collect();
        let found = text.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found, "{line} is not in\n{text}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(house.run(&["completions", shell]).out.contains("oncall"));
    }
}

#[test]
fn a_change_is_proposed_from_a_file_and_the_gate_says_no_with_its_code() {
    let house = House::serving("changes");
    house.write("company.yaml", COMPANY);
    assert_eq!(house.run(&["apply", "-f", "company.yaml", "--yes"]).code, 0);
    house.write(
        "change.yaml",
        "kind: deploy\ntitle: Payments 4.2\nwhy: it is faster\ntargets: [{ service: shop, environment: live }]\n\
         steps: [{ text: deploy it, estimate: 5m }]\nverification: [it answers]\n",
    );
    let made = house.json(&["change", "propose", "-f", "change.yaml"]);
    let id = made["id"].as_str().unwrap();
    let shown = house.run(&["change", "show", id]);
    assert!(
        shown.out.contains("/rollback: say how it is taken back") && shown.out.contains("no plan"),
        "{}{}",
        shown.out,
        shown.beside
    );
    let listed = house.run(&["change", "list", "--open", "--service", "shop"]);
    assert!(listed.out.contains("Payments 4.2") && listed.out.contains("proposed"), "{}{}", listed.out, listed.beside);
    let held = house.run(&["change", "gate", id]);
    assert_eq!(held.code, 3, "{}", held.beside);
    assert!(held.out.contains("approval: revision 1 of it is not approved (nobody may exempt)"), "{}", held.out);
    assert_eq!(house.run(&["change", "gate", "--service", "shop"]).code, 0);
    assert_eq!(house.run(&["change", "gate", "--service", "shop", "--needs-record"]).code, 3);
    assert_eq!(house.run(&["change", "gate", "--service", "shpo"]).code, 1, "a slip is no answer");
    let refused = house.run(&["change", "approve", id, "--revision", "1"]);
    assert!(refused.code == 1 && refused.beside.contains("somebody else approves it"), "{}", refused.beside);
    assert!(house.run(&["change", "cancel", id, "--why", "not wanted"]).out.contains("cancelled"));
    house.write("change.yaml", "kind: deploy\ntitel: x\n");
    let refused = house.run(&["change", "propose", "-f", "change.yaml"]);
    assert!(refused.code == 1 && refused.beside.contains("titel"), "{}", refused.beside);
}

#[test]
fn reports_from_elsewhere_come_in_once_and_what_is_odd_is_told() {
    let house = House::serving("import");
    std::fs::create_dir(house.folder.join("reports")).unwrap();
    house.write(
        "reports/slow.md",
        "---\ntitle: Search was slow\n---\n\n## Impact\n\nSearch was slow for all.\n\n## Timeline\n\n- Detected 2026-03-04 22:05 UTC\n- 23:50 an index was dropped\n- 00:10 it was fast again\n- Resolved 2026-03-05 00:20 UTC\n",
    );
    std::fs::write(house.folder.join("reports/picture.png"), b"\x89PNG\0").unwrap();
    let checked = house.run(&["import", "postmortems", "reports", "--check"]);
    assert_eq!(checked.code, 0, "{}", checked.beside);
    assert!(
        checked.out.contains("slow.md:13: 00:10 after 23:50: taken for the next day, 2026-03-05"),
        "{}",
        checked.out
    );
    assert!(checked.out.contains("picture.png: not text"), "{}", checked.out);
    assert!(
        checked.out.ends_with("Times: 4, on lines: 4, key events: 2, sections: 2. Oddities: 1.\n"),
        "{}",
        checked.out
    );
    let made = house.run(&["import", "postmortems", "reports"]);
    assert!(made.out.ends_with("New incidents: 1.\n"), "{} {}", made.out, made.beside);
    let again = house.run(&["import", "postmortems", "reports"]);
    assert!(again.out.ends_with("New incidents: 0.\n"), "{} {}", again.out, again.beside);
    let list = house.json(&["incident", "list", "--all"]);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let one = &list["items"][0];
    assert_eq!((&one["title"], &one["impact"]), (&"Search was slow".into(), &"Search was slow for all.".into()));
    let id = one["id"].as_str().unwrap();
    let timeline = house.json(&["incident", "timeline", id]).to_string();
    assert_eq!(timeline.matches("it was fast again (slow.md, line 13)").count(), 1, "{timeline}");
    assert!(timeline.contains("2026-03-05T00:10:00Z"), "{timeline}");
    assert_eq!(house.json(&["incident", "evidence", "list", id])["items"].as_array().unwrap().len(), 1);
    assert_ne!(house.run(&["import", "postmortems", "nowhere"]).code, 0);
}
