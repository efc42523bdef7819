//! The disk alone: 4 KiB written over a file that was laid out before, and synced, again and again.

use std::io::{Seek as _, Write as _};
use std::time::{Duration, Instant};

use crate::figures::Figures;
use crate::floor::lay_out;

const FILE: usize = 8 << 20;
const PIECE: usize = 4096;

pub fn run(directory: &str, seconds: f64, figures: &mut Figures) -> Result<(), String> {
    let path = format!("{directory}/sync.bin");
    let tell = |error: std::io::Error| format!("{path}: {error}");
    let mut file = lay_out(&path, FILE).map_err(tell)?;
    let (mut waits, mut at) = (Vec::new(), 0);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs_f64(seconds) {
        if at == FILE {
            at = 0;
            file.rewind().map_err(tell)?;
        }
        let once = Instant::now();
        file.write_all(&[2; PIECE]).map_err(tell)?;
        file.sync_data().map_err(tell)?;
        waits.push(once.elapsed().as_nanos() as u64);
        at += PIECE;
    }
    figures.put("syncs_s", waits.len() as f64 / began.elapsed().as_secs_f64());
    figures.put_waits("", &mut waits);
    std::fs::remove_file(&path).map_err(tell)
}
