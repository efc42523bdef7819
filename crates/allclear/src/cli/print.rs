//! `allclear schema`, `completions`, `config`: what the program knows without asking anybody.

use clap::{ArgMatches, Args, Command, parser::ValueSource};
use domain::prepare::documents::Kind;
use domain::prepare::schemas;
use serde_json::json;

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};
use crate::config;

/// Print the JSON Schema of a kind of document, for editors; without a kind: list the kinds
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  allclear schema schedule > schedule.schema.json")]
pub(crate) struct Schema {
    /// The kind, for example schedule; any: of all kinds together
    kind: Option<String>,

    #[command(flatten)]
    look: Look,
}

/// Print the completions of a shell
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  allclear completions bash > /etc/bash_completion.d/allclear")]
pub(crate) struct Completions {
    shell: clap_complete::Shell,
}

/// Print every setting of the server, its value, and where it comes from
///
/// Takes the flags of serve, and reads the same environment. Secrets are masked.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  ALLCLEAR_LISTEN=0.0.0.0:8080 allclear config")]
pub(crate) struct Config {
    #[command(flatten)]
    serve: config::Serve,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn schema(command: &Schema) -> Outcome {
    match command.kind.as_deref() {
        Some("any") => screen::say_json(&schemas::of_any()),
        Some(word) => screen::say_json(&schemas::of(word.parse::<Kind>()?)),
        None if command.look.json => screen::say_json(&Kind::ALL.map(Kind::word)),
        None => Kind::ALL.iter().for_each(|kind| screen::say(kind.word())),
    }
    Ok(Exit::Fine)
}

pub(crate) fn completions(command: &Completions, whole: &mut Command) {
    let mut text = Vec::new();
    clap_complete::generate(command.shell, whole, "allclear", &mut text);
    screen::pour(&String::from_utf8_lossy(&text));
}

/// `matches` are those of this command, and `whole` is the description of all commands.
pub(crate) fn config(command: &Config, matches: &ArgMatches, whole: &Command) -> Outcome {
    let public_url = command.serve.public_url();
    let described = whole.find_subcommand("serve").ok_or_else(|| Failure::invalid("there is no command serve"))?;
    let mut rows = Vec::new();
    let mut settings = serde_json::Map::new();
    for argument in described.get_arguments().filter(|argument| argument.get_env().is_some()) {
        let id = argument.get_id().as_str();
        let value = matches.try_get_raw(id).ok().flatten().and_then(|mut values| values.next());
        let value = value.map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty());
        let value = value.map(|value| if argument.is_hide_env_values_set() { masked(&value) } else { value });
        let environment = argument.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let origin = match matches.try_get_one_source(id) {
            Some(ValueSource::CommandLine) => "command line",
            Some(ValueSource::EnvVariable) => "environment",
            Some(_) if value.is_some() => "default",
            _ => "not set",
        };
        let name = format!("--{}", argument.get_long().unwrap_or(id));
        settings.insert(id.to_owned(), json!({ "value": value, "from": origin, "environment": environment }));
        rows.push([name, value.unwrap_or_default(), origin.to_owned(), environment]);
    }
    if command.look.json {
        screen::say_json(&settings);
    } else {
        screen::say_table(["SETTING", "VALUE", "FROM", "ENVIRONMENT"], &rows, "there are no settings");
    }
    public_url?;
    Ok(Exit::Fine)
}

/// A secret: of a URL the password is hidden, of anything else everything.
fn masked(value: &str) -> String {
    let hidden = "********";
    let Some((scheme, rest)) = value.split_once("://") else { return hidden.into() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // A query may hold a password too.
    let path = if path.contains("password") { "/..." } else { path };
    match authority.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:{hidden}@{host}{path}")
        }
        None => format!("{scheme}://{authority}{path}"),
    }
}

/// Asks where a value came from, without falling over an id that is not there.
trait Source {
    fn try_get_one_source(&self, id: &str) -> Option<ValueSource>;
}

impl Source for ArgMatches {
    fn try_get_one_source(&self, id: &str) -> Option<ValueSource> {
        self.ids().any(|known| known == id).then(|| self.value_source(id)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked() {
        for (value, shown) in [
            ("whsec_abcdef", "********"),
            ("postgres://allclear:s3cret@db/allclear", "postgres://allclear:********@db/allclear"),
            ("smtp://u:p@ss@mail:587?tls=required", "smtp://u:********@mail:587?tls=required"),
            ("smtp://mail:25", "smtp://mail:25"),
            ("postgres://db/x?password=s3cret", "postgres://db/..."),
        ] {
            assert_eq!(masked(value), shown);
        }
    }
}
