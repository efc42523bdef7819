//! How often the guilty change stands first, or among the first three: ours beside random, newest first and distance alone.
//!
//! Cases have a known truth: generated worlds, and faults that somebody set off on a real system (PetShop), among changes that are
//! made up. Each case is shuffled before it is ranked, and who shares a rank is counted by what a draw among them would come to:
//! no order in which cases were written can help. Nothing here was used to choose the weights.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use domain::change::proposals::Kind;
use domain::change::reach::Graph;
use domain::change::suspects::{Candidate, Case, Weights, Which, rank};
use domain::words::{ChangeId, Id as _, Mint, Name, Span, Timestamp};
use serde_json::Value;

/// One case: what is known of an incident, and which change it was.
struct Trial {
    case: Case,
    candidates: Vec<Candidate>,
    graph: Graph,
    guilty: Which,
    /// Cases of one group say one thing: the interval is that of so many groups.
    group: usize,
}

/// How a world is made. Shares are of 100.
struct Manner {
    name: &'static str,
    /// How many other changes there were, about, and in how many hours before.
    others: (f64, f64),
    /// How many of the services that are hit have an alert.
    seen: u64,
    /// In how many cases that also goes for the one that was changed.
    seen_itself: u64,
    /// How many of the arrows between services the catalog knows.
    known: u64,
    /// After how many minutes it shows, in the middle, and how far that scatters (of a logarithm).
    shows_after: (f64, f64),
}

const MANNERS: [Manner; 6] = [
    Manner { name: "all is seen", others: (8.0, 24.0), seen: 90, seen_itself: 95, known: 100, shows_after: (5.0, 1.0) },
    Manner { name: "half is seen", others: (8.0, 24.0), seen: 50, seen_itself: 50, known: 85, shows_after: (5.0, 1.0) },
    Manner { name: "not itself", others: (8.0, 24.0), seen: 50, seen_itself: 0, known: 85, shows_after: (5.0, 1.0) },
    Manner { name: "busy", others: (40.0, 24.0), seen: 50, seen_itself: 50, known: 85, shows_after: (5.0, 1.0) },
    // Changes come together: what is ready goes out in one afternoon.
    Manner { name: "release day", others: (8.0, 2.0), seen: 50, seen_itself: 50, known: 85, shows_after: (5.0, 1.0) },
    Manner { name: "slow", others: (8.0, 24.0), seen: 50, seen_itself: 50, known: 85, shows_after: (90.0, 1.0) },
];

const RANKERS: [&str; 5] = ["random", "newest first", "distance alone", "distance and age", "ours"];

/// Prints the table.
pub fn run(data: Option<&str>, worlds: usize, seed: u64) -> Result<(), String> {
    println!(
        "seed {seed}; 95 % intervals in brackets; the last column is by how much ours is ahead at top-1, case by case"
    );
    println!(
        "| set | n | changes | ranking | top-1 | top-3 | ours is ahead by |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    for (number, manner) in MANNERS.iter().enumerate() {
        let mut dice = Dice(Mint::seeded(seed.wrapping_add(number as u64)));
        let trials: Vec<Trial> = (0..worlds).map(|group| world(manner, group, &mut dice)).collect();
        print(manner.name, trials, &mut dice);
    }
    if let Some(data) = data {
        let mut dice = Dice(Mint::seeded(seed));
        print("petshop", petshop(Path::new(data), &mut dice)?, &mut dice);
    }
    Ok(())
}

fn print(name: &str, trials: Vec<Trial>, dice: &mut Dice) {
    let changes = trials.iter().map(|trial| trial.candidates.len()).sum::<usize>() as f64 / trials.len() as f64;
    let mut hits: BTreeMap<(usize, usize), BTreeMap<usize, Vec<f64>>> = BTreeMap::new();
    for mut trial in trials {
        dice.shuffle(&mut trial.candidates);
        for ranker in 0..RANKERS.len() {
            let (better, tied) = place(&trial, ranker);
            for most in [1, 3] {
                let group = hits.entry((ranker, most)).or_default().entry(trial.group).or_default();
                group.push(expected(better, tied, most));
            }
        }
    }
    let of = |ranker, most| -> Vec<f64> { hits[&(ranker, most)].values().map(|group| mean(group)).collect() };
    for (ranker, called) in RANKERS.iter().enumerate() {
        let (first, three) = (of(ranker, 1), of(ranker, 3));
        let ahead: Vec<f64> = of(RANKERS.len() - 1, 1).iter().zip(&first).map(|(ours, its)| ours - its).collect();
        let ahead = if *called == "ours" { String::new() } else { difference(&ahead) };
        println!(
            "| {name} | {} | {changes:.1} | {called} | {} | {} | {ahead} |",
            first.len(),
            share(&first),
            share(&three)
        );
    }
}

/// How many stand before the guilty one, and how many share its place, itself included.
fn place(trial: &Trial, ranker: usize) -> (usize, usize) {
    let Trial { case, candidates, graph, guilty, .. } = trial;
    let only = Weights { distance: 300, recency: 0, spread: 0, risk: 0, failures: 0, later: 0, no_effect: 0 };
    let weights = match ranker {
        0 => return (0, candidates.len()),
        1 => {
            // What came after it began is no answer to what changed last before.
            let last = |one: &Candidate| one.stages.iter().filter(|stage| **stage <= case.began_at).max().copied();
            let its = candidates.iter().find(|one| one.which == *guilty).and_then(last);
            let better = candidates.iter().filter(|one| last(one) > its).count();
            return (better, candidates.iter().filter(|one| last(one) == its).count());
        }
        2 => only,
        3 => Weights { spread: 0, risk: 0, failures: 0, ..Weights::default() },
        _ => Weights::default(),
    };
    let ranking = rank(case, candidates.clone(), graph, weights);
    let found = ranking.suspects.iter().find(|one| one.candidate.which == *guilty);
    found.map_or((usize::MAX, 1), |one| (one.rank as usize - 1, one.tied as usize))
}

/// How likely it is among the first if those who share its place are drawn at random.
fn expected(better: usize, tied: usize, most: usize) -> f64 {
    (most.saturating_sub(better) as f64 / tied as f64).min(1.0)
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / of.len() as f64
}

/// A share with its interval (Wilson's).
fn share(of: &[f64]) -> String {
    const Z: f64 = 1.96;
    let (n, share) = (of.len() as f64, mean(of));
    let middle = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    format!("{share:.2} ({:.2} to {:.2})", (middle - half).max(0.0), (middle + half).min(1.0))
}

fn difference(of: &[f64]) -> String {
    let (n, middle) = (of.len() as f64, mean(of));
    let spread = of.iter().map(|one| (one - middle).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    let half = 1.96 * (spread / n).sqrt();
    format!("{middle:+.2} ({:+.2} to {:+.2})", middle - half, middle + half)
}

/// A world: services in four layers, one guilty change, harm that goes up, of which a part is seen.
fn world(manner: &Manner, group: usize, dice: &mut Dice) -> Trial {
    let services: Vec<Name> = (0..dice.below(26) + 15).map(|number| named(&format!("service-{number}"))).collect();
    let count = services.len();
    let layer = |place: usize| place * 4 / count;
    let mut arrows = Vec::new();
    for place in 0..count {
        let lower: Vec<usize> = (0..count).filter(|other| layer(*other) > layer(place)).collect();
        for _ in 0..if lower.is_empty() { 0 } else { dice.below(3) + 1 } {
            arrows.push((place, lower[dice.below(lower.len())]));
        }
    }
    let culprit = dice.below(count);
    let mut hit = BTreeSet::from([culprit]);
    let mut next = vec![culprit];
    while let Some(broken) = next.pop() {
        for (place, _) in arrows.iter().filter(|(_, needs)| *needs == broken) {
            if dice.percent(70) && hit.insert(*place) {
                next.push(*place);
            }
        }
    }
    let mut seen: BTreeSet<usize> = hit
        .iter()
        .copied()
        .filter(|place| dice.percent(if *place == culprit { manner.seen_itself } else { manner.seen }))
        .collect();
    if seen.is_empty() {
        // Nobody would look if nothing was seen: then it is what stands nearest to those who use it.
        seen.extend(hit.iter().next());
    }
    let known = arrows.iter().filter(|_| dice.percent(manner.known));
    let graph: Graph = known.map(|(a, b)| (services[*a].clone(), services[*b].clone())).collect();
    let (median, sigma) = manner.shows_after;
    let lag = median * (sigma * dice.normal()).exp();
    trial(
        &services,
        seen.iter().map(|place| services[*place].clone()).collect(),
        culprit,
        lag,
        manner.others,
        graph,
        group,
        dice,
    )
}

/// The guilty change among others. When it began is known up to some minutes only.
#[expect(clippy::too_many_arguments, reason = "what a case is made of")]
fn trial(
    services: &[Name],
    seen: BTreeSet<Name>,
    culprit: usize,
    lag_minutes: f64,
    (others, hours): (f64, f64),
    graph: Graph,
    group: usize,
    dice: &mut Dice,
) -> Trial {
    let onset = 1_790_000_000.0;
    let began = onset + 60.0 * (dice.part() * 4.0 - 1.0);
    let mut candidates = Vec::new();
    let more = dice.poisson(others);
    for number in 0..=more {
        let is_guilty = number == 0;
        let kind =
            [Kind::Deploy, Kind::Deploy, Kind::Deploy, Kind::Config, Kind::Flag, Kind::Infrastructure, Kind::Schema]
                [dice.below(7)];
        let last = if is_guilty {
            onset - 60.0 * lag_minutes
        } else {
            began - hours * 3600.0 + dice.part() * (hours * 3600.0 + 1200.0)
        };
        let mut stages = vec![at(last)];
        if dice.percent(25) {
            stages.extend((0..dice.below(3)).map(|_| at(last - 60.0 * (5.0 + 55.0 * dice.part()))));
        }
        let service = if is_guilty { culprit } else { dice.below(services.len()) };
        let names_none = dice.percent(5);
        // What did harm was thought a little more dangerous than the rest.
        let worry = |dice: &mut Dice| {
            let one = dice.part();
            let worst = if is_guilty { one.max(dice.part()) } else { one };
            dice.percent(60).then_some((worst * 100.0) as u8)
        };
        candidates.push(Candidate {
            which: Which::Change(ChangeId::from_bits(u128::from(dice.0.chance()))),
            kind,
            title: String::new(),
            services: if names_none { BTreeSet::new() } else { [services[service].clone()].into() },
            stages,
            risk: worry(dice),
            failure_rate: worry(dice),
            rolled_back: None,
            found: None,
        });
    }
    let guilty = candidates[0].which.clone();
    Trial { case: Case { services: seen, began_at: at(began) }, candidates, graph, guilty, group }
}

/// The faults that were set off in a pet shop, on its real graph. Its changes are not in the data: those besides are made up, and
/// so is how long it took to show. Each fault is drawn some times and counts once.
fn petshop(data: &Path, dice: &mut Dice) -> Result<Vec<Trial>, String> {
    let read = |name: &str| {
        let path = data.join(name);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let table = read("rca/petshop_graph_high_traffic.csv")?;
    let mut lines = table.lines();
    let heads: Vec<&str> = lines.next().unwrap_or_default().split(',').skip(1).collect();
    let services: Vec<Name> = (0..heads.len()).map(|place| named(&format!("node-{place}"))).collect();
    let find =
        |node: &str| heads.iter().position(|head| *head == node).ok_or_else(|| format!("no node {node} in the graph"));
    let mut arrows = Vec::new();
    for line in lines {
        let mut cells = line.split(',');
        let from = find(cells.next().unwrap_or_default())?;
        let needs = cells.enumerate().filter(|(_, cell)| cell.parse().is_ok_and(|weight: f64| weight != 0.0));
        arrows.extend(needs.map(|(to, _)| (services[from].clone(), services[to].clone())));
    }
    let mut trials = Vec::new();
    for (group, line) in read("rca/petshop_issues.jsonl")?.lines().enumerate() {
        let issue: Value =
            serde_json::from_str(line).map_err(|error| format!("petshop_issues.jsonl:{}: {error}", group + 1))?;
        let node = |value: &Value| find(value["node"].as_str().unwrap_or_default());
        let (hit, culprit) = (node(&issue["target"])?, node(&issue["root_cause"])?);
        for _ in 0..50 {
            let lag = 5.0 * dice.normal().exp();
            let graph: Graph = arrows.iter().cloned().collect();
            trials.push(trial(
                &services,
                [services[hit].clone()].into(),
                culprit,
                lag,
                (8.0, 24.0),
                graph,
                group,
                dice,
            ));
        }
    }
    Ok(trials)
}

fn named(text: &str) -> Name {
    text.parse().expect("a name")
}

fn at(second: f64) -> Timestamp {
    Span::millis((second * 1000.0) as i64).after(Timestamp::UNIX_EPOCH)
}

/// Chance from a seed.
struct Dice(Mint);

impl Dice {
    /// From 0 to 1, without 1.
    fn part(&mut self) -> f64 {
        (self.0.chance() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, most: usize) -> usize {
        (self.part() * most as f64) as usize
    }

    fn percent(&mut self, share: u64) -> bool {
        self.part() * 100.0 < share as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.part()).ln()).sqrt() * (std::f64::consts::TAU * self.part()).cos()
    }

    fn poisson(&mut self, mean: f64) -> usize {
        let (least, mut product, mut count) = ((-mean).exp(), self.part(), 0);
        while product > least {
            product *= self.part();
            count += 1;
        }
        count
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_shares_a_place_is_drawn() {
        for (better, tied, most, wanted) in
            [(0, 1, 1, 1.0), (0, 4, 1, 0.25), (1, 4, 1, 0.0), (1, 4, 3, 0.5), (0, 2, 3, 1.0), (3, 1, 3, 0.0)]
        {
            assert_eq!(expected(better, tied, most), wanted, "{better} {tied} {most}");
        }
    }

    #[test]
    fn the_order_of_a_case_helps_nobody() {
        let mut dice = Dice(Mint::seeded(7));
        for group in 0..50 {
            let mut one = world(&MANNERS[1], group, &mut dice);
            let before: Vec<_> = (0..RANKERS.len()).map(|ranker| place(&one, ranker)).collect();
            one.candidates.reverse();
            let after: Vec<_> = (0..RANKERS.len()).map(|ranker| place(&one, ranker)).collect();
            assert_eq!(before, after);
        }
    }

    #[test]
    fn draws_are_what_they_should_be() {
        let mut dice = Dice(Mint::seeded(1));
        let draws: Vec<f64> = (0..20_000).map(|_| dice.poisson(8.0) as f64).collect();
        assert!((mean(&draws) - 8.0).abs() < 0.1);
        let draws: Vec<f64> = (0..20_000).map(|_| dice.normal()).collect();
        assert!(mean(&draws).abs() < 0.03);
    }
}
