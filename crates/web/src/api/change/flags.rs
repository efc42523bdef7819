//! Flags over the API: what each is in each environment, what stands above it, and what looks forgotten. What a flag says
//! is a document, and is changed as one.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use domain::change::exposures::UNASKED_AFTER;
use domain::change::flag_sets;
use domain::change::flags::{self as rules, Setting};
use domain::prepare::catalog::Catalog;
use domain::prepare::documents::Kind;
use domain::respond::sight::Sight;
use domain::words::{Name, Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::change::exposures;
use store::change::kills::{self as rows, KillRow};
use store::{Halt, Tx};
use utoipa::ToSchema;

use super::kills::{Kill, wire};
use crate::api::detect::alerts::name as read_name;
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// A flag, as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Flag {
    /// The name of its document.
    pub name: String,
    /// What programs call it.
    pub key: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `release`, `experiment`, `operational`, `permission`, `kill-switch`.
    pub purpose: String,
    /// The team that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    pub services: Vec<String>,
    /// The day by which it should be gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    pub environments: Vec<FlagState>,
    /// Why it looks forgotten, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<String>,
    pub changed_at: Timestamp,
    /// Its kills, the newest first; only where one flag is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kills: Option<Vec<Kill>>,
}

/// What a flag is in one environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlagState {
    pub environment: String,
    /// `ENABLED` or `DISABLED`.
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_variant: Option<String>,
    /// Whether a rule may name another variant than the default.
    pub targeting: bool,
    /// The kill that is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kill: Option<Kill>,
    /// When it was last killed here: a switch that never was is unproven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exercised_at: Option<Timestamp>,
    /// When a program was last told of it here: to about a minute, and not what programs evaluate themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated_at: Option<Timestamp>,
    /// How often it was evaluated in the last 24 hours and the hour in which they began, by variant; under no name where whoever
    /// asked took their own default. Only where one flag is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluations: Option<BTreeMap<String, u64>>,
}

/// What is needed to tell of flags, read once.
pub(crate) struct Look {
    standing: Vec<KillRow>,
    exercised: BTreeMap<(Name, String), Timestamp>,
    changed_at: BTreeMap<Name, Timestamp>,
    evaluated: BTreeMap<(Name, String), Timestamp>,
    counted_since: Option<Timestamp>,
}

impl Look {
    pub(crate) fn of(tx: &mut Tx<'_>) -> Result<Self, Halt> {
        Ok(Self {
            standing: rows::standing(tx)?,
            exercised: rows::exercised(tx)?,
            changed_at: store::prepare::documents::changed_at(tx, Kind::Flag)?,
            evaluated: exposures::last(tx)?,
            counted_since: exposures::since(tx)?,
        })
    }

    pub(crate) fn flag(
        &self,
        tx: &mut Tx<'_>,
        catalog: &Catalog,
        (name, flag): (&Name, &rules::Flag),
        sight: Sight<'_>,
        now: Timestamp,
    ) -> Result<Flag, Halt> {
        let key = flag.key(name);
        let mut environments = Vec::with_capacity(flag.environments.len());
        for (environment, setting) in &flag.environments {
            environments.push(self.state(tx, catalog, (environment, setting), key, sight, now)?);
        }
        let changed_at = self.changed_at.get(name).copied().unwrap_or(now);
        Ok(Flag {
            name: name.to_string(),
            key: key.to_owned(),
            title: flag.title.clone(),
            description: flag.description.clone(),
            purpose: flag.purpose.word().to_owned(),
            owner: flag.owner.as_ref().map(ToString::to_string),
            services: flag.services.iter().map(ToString::to_string).collect(),
            expires: flag.expires.map(|date| date.to_string()),
            environments,
            stale: flag.stale(changed_at, self.is_unasked(flag, key, now), now).map(rules::Stale::sentence),
            changed_at,
            kills: None,
        })
    }

    /// Whether it was counted for long enough, and nobody asked for it, and nobody fetched definitions to evaluate it elsewhere.
    fn is_unasked(&self, flag: &rules::Flag, key: &str, now: Timestamp) -> bool {
        let since = UNASKED_AFTER.before(now);
        let lately = |environment: &Name, key: &str| {
            self.evaluated.get(&(environment.clone(), key.to_owned())).is_some_and(|at| *at >= since)
        };
        self.counted_since.is_some_and(|first| first <= since)
            && !flag.environments.keys().any(|environment| lately(environment, key) || lately(environment, ""))
    }

    fn state(
        &self,
        tx: &mut Tx<'_>,
        catalog: &Catalog,
        (environment, setting): (&Name, &Setting),
        key: &str,
        sight: Sight<'_>,
        now: Timestamp,
    ) -> Result<FlagState, Halt> {
        let is_here = |row: &&KillRow| row.environment == *environment && row.kill.flag == key;
        let kill = self.standing.iter().rfind(|row| is_here(row) && row.kill.is_in_force(now)).cloned();
        let state = match setting.state {
            flag_sets::State::Enabled => "ENABLED",
            flag_sets::State::Disabled => "DISABLED",
        };
        Ok(FlagState {
            environment: environment.to_string(),
            state: state.to_owned(),
            default_variant: setting.default_variant.clone(),
            targeting: setting.has_rule(),
            kill: kill.map(|row| wire(tx, catalog, row, sight, now)).transpose()?,
            exercised_at: self.exercised.get(&(environment.clone(), key.to_owned())).copied(),
            evaluated_at: self.evaluated.get(&(environment.clone(), key.to_owned())).copied(),
            evaluations: None,
        })
    }
}

/// How many kills are told of a flag.
const KILLS_TOLD: u32 = 20;

/// One flag with its kills.
pub(crate) fn whole(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    name: &Name,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Flag, Halt> {
    let flag = actions::change::kills::must(catalog, name)?;
    let mut told = Look::of(tx)?.flag(tx, catalog, (name, flag), sight, now)?;
    let counted = exposures::of_flag(tx, flag.key(name), Span::hours(24).before(now))?;
    for state in &mut told.environments {
        let here = counted.iter().filter(|one| one.environment.as_str() == state.environment);
        state.evaluations = Some(here.map(|one| (one.variant.clone(), one.count)).collect());
    }
    let kills = rows::of_flag(tx, flag.key(name), KILLS_TOLD)?;
    let kills = kills.into_iter().map(|row| wire(tx, catalog, row, sight, now)).collect::<Result<_, _>>()?;
    Ok(Flag { kills: Some(kills), ..told })
}

/// All flags, with what each is in each environment.
#[utoipa::path(get, path = "/api/v1/flags", tag = "flags", responses((status = 200, body = Listing<Flag>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Json<Listing<Flag>>, Problem> {
    let (again, now) = (app.clone(), app.now());
    let found = app.read(move |tx| {
        let catalog = again.node().rules(tx)?.catalog.clone();
        let look = Look::of(tx)?;
        catalog.flags.iter().map(|one| look.flag(tx, &catalog, one, visitor.sight(), now)).collect()
    });
    Ok(Json(Listing::whole(found.await?)))
}

/// One flag, with its kills.
#[utoipa::path(get, path = "/api/v1/flags/{name}", tag = "flags", params(("name" = String, Path)),
    responses((status = 200, body = Flag)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Flag>, Problem> {
    let name = read_name(&text, "flag")?;
    let (again, now) = (app.clone(), app.now());
    let found = app.read(move |tx| {
        let catalog = again.node().rules(tx)?.catalog.clone();
        whole(tx, &catalog, &name, visitor.sight(), now)
    });
    Ok(Json(found.await?))
}
