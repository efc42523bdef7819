//! What the kernel tells of processes and of the machine: processor time, memory, bytes written, the load of others.

use std::time::Instant;

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Seconds of processor time in the program itself.
    pub user: f64,
    /// And in the kernel on its behalf.
    pub system: f64,
    /// MiB handed to the disk.
    pub written: f64,
}

impl Usage {
    pub fn of(process: u32) -> Self {
        let stat = read(process, "stat");
        // The name of the program stands in brackets and may hold anything.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
        let written = number_after(&read(process, "io"), "write_bytes:") / f64::from(1 << 20);
        Self { user: ticks(11) / 100.0, system: ticks(12) / 100.0, written }
    }

    pub fn of_all(processes: &[u32]) -> Self {
        processes.iter().map(|process| Self::of(*process)).fold(Self::default(), |sum, one| Self {
            user: sum.user + one.user,
            system: sum.system + one.system,
            written: sum.written + one.written,
        })
    }

    pub fn since(self, before: Self) -> Self {
        Self {
            user: self.user - before.user,
            system: self.system - before.system,
            written: self.written - before.written,
        }
    }

    pub fn processor(self) -> f64 {
        self.user + self.system
    }
}

/// Memory in use, in MiB: `VmRSS` now, `VmHWM` at most.
pub fn memory(processes: &[u32], which: &str) -> f64 {
    processes.iter().map(|process| number_after(&read(*process, "status"), which) / 1024.0).sum()
}

/// Seconds that the processors of this machine were busy since it started.
pub fn busy() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let ticks: Vec<f64> =
        stat.lines().next().unwrap_or("").split_whitespace().skip(1).filter_map(|text| text.parse().ok()).collect();
    // user, nice, system, then idle and waiting, then interrupts twice, and what the host took.
    [0, 1, 2, 5, 6, 7].iter().filter_map(|at| ticks.get(*at)).sum::<f64>() / 100.0
}

/// Milliseconds that a fixed piece of arithmetic takes: how fast the processor is just now.
pub fn pace() -> f64 {
    let once = || {
        let began = Instant::now();
        let mut state = 88_172_645_463_325_252_u64;
        for _ in 0..4_000_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }
        std::hint::black_box(state);
        began.elapsed().as_secs_f64() * 1e3
    };
    (0..3).map(|_| once()).fold(f64::INFINITY, f64::min)
}

fn read(process: u32, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default()
}

fn number_after(text: &str, key: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start_matches(':').split_whitespace().next());
    line.and_then(|number| number.parse().ok()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_process_is_seen() {
        let me = [std::process::id()];
        assert!(memory(&me, "VmRSS") > 0.5 && memory(&me, "VmHWM") >= memory(&me, "VmRSS"));
        assert!(busy() > 0.0 && pace() > 0.0);
        assert!(Usage::of_all(&me).processor() >= 0.0);
    }
}
