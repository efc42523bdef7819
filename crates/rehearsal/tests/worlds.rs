//! Plays the worlds of many seeds; a seed that breaks a promise prints its story.
//!
//! `WORLD_SEEDS=10000` plays more of them, `WORLD_SEED=17` one of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rehearsal::story::Story;
use rehearsal::worlds::{Failure, Season, run, run_in};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn tell(failure: &Failure) -> String {
    let told = failure.answer.len().saturating_sub(40);
    format!(
        "seed {}: {}\n\n----- its story, to be kept in stories/ -----\n{}\n----- the end of its answer -----\n{}\n",
        failure.seed,
        failure.trouble,
        failure.story,
        failure.answer[told..].join("\n")
    )
}

#[test]
fn every_seed_keeps_every_promise() {
    let seeds = match number("WORLD_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("WORLD_SEEDS").unwrap_or(120),
    };
    let (next, failed) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    let totals: [AtomicU64; 6] = Default::default();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || !failed.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                        break;
                    }
                    match run(seed, Season::default()) {
                        Ok(went) => {
                            let (pages, items) = (went.pages as u64, [went.reminders, went.items_over]);
                            let counts = [pages, went.attempts, went.duplicates, went.faults, items[0], items[1]];
                            for (total, count) in totals.iter().zip(counts) {
                                total.fetch_add(count, Ordering::Relaxed);
                            }
                        }
                        Err(failure) => failed.lock().unwrap_or_else(PoisonError::into_inner).push(failure),
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let [pages, attempts, duplicates, faults, reminders, over] = totals.map(AtomicU64::into_inner);
    println!(
        "seeds {} pages {pages} messages tried {attempts} came twice {duplicates} faults that may send twice {faults} \
         reminders of action items {reminders}, of which came to an end {over}",
        seeds.end - seeds.start
    );
    assert!(failed.is_empty(), "{}", failed.iter().map(|failure| tell(failure)).collect::<Vec<_>>().join("\n\n"));
    // What never happens tests nothing.
    let some = pages > 500 && faults > 20 && reminders > 10 && over > 10;
    assert!(seeds.end - seeds.start < 100 || some, "pages {pages}, faults {faults}, items {reminders} and {over}");
}

#[test]
fn the_same_seed_goes_the_same_way_and_its_story_tells_all_of_it() {
    for seed in 0..3 {
        let season = Season { days: 2, troubles: 12 };
        let (first, again) = (run(seed, season), run(seed, season));
        let (Ok(first), Ok(again)) = (first, again) else { panic!("seed {seed} breaks a promise") };
        assert_eq!(first.trace, again.trace, "seed {seed} went two ways");
        let story = Story::read(&first.story.write()).unwrap();
        assert_eq!(story.play().unwrap().trace(), first.trace, "the story of seed {seed} goes another way");
    }
}

#[test]
fn worlds_on_postgres_keep_every_promise_too() {
    // Few: each step is a trip to the server. Here nodes follow each other's changes instead of reading all again.
    for seed in 0..number("WORLD_SEEDS_POSTGRES").unwrap_or(3) {
        let Some(store) = store::testing::Fresh::postgres() else { return };
        if let Err(failure) = run_in((*store).clone(), seed, Season { days: 1, troubles: 8 }) {
            panic!("on PostgreSQL, {}", tell(&failure));
        }
    }
}
