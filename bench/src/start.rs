//! Cold start: from starting a program to its first good answer; and its memory when nothing was asked of it since.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::figures::{Figures, percentile};
use crate::http::Target;
use crate::machine;

pub struct Start {
    /// Asked until it answers well.
    pub ready: Target,
    pub trials: u32,
    /// A directory that is emptied before each start.
    pub fresh: Option<String>,
    pub command: Vec<String>,
}

const LONGEST: Duration = Duration::from_secs(60);
/// So long it is left alone before its memory is read.
const REST: Duration = Duration::from_secs(2);

pub fn run(start: &Start, figures: &mut Figures) -> Result<(), String> {
    let (mut took, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..start.trials {
        if let Some(directory) = &start.fresh {
            _ = std::fs::remove_dir_all(directory);
            std::fs::create_dir_all(directory).map_err(|error| format!("{directory}: {error}"))?;
        }
        let began = Instant::now();
        let mut program = spawn(&start.command)?;
        let ready = wait(&start.ready, &mut program, began);
        if ready.is_ok() {
            took.push(began.elapsed().as_nanos() as u64);
            std::thread::sleep(REST);
            idle.push(machine::memory(&[program.id()], "VmRSS"));
        }
        end(program);
        ready?;
    }
    figures.put_waits("", &mut took);
    idle.sort_by(f64::total_cmp);
    figures.put("idle_mib", *percentile(&idle, 0.5).unwrap_or(&0.0));
    Ok(())
}

/// Waits for a server that somebody else started.
pub fn until_ready(ready: &Target) -> Result<(), String> {
    let began = Instant::now();
    while began.elapsed() < LONGEST {
        if answers(ready) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Err(too_long())
}

fn too_long() -> String {
    format!("no good answer within {} seconds", LONGEST.as_secs())
}

fn spawn(command: &[String]) -> Result<Child, String> {
    let (program, arguments) = command.split_first().ok_or("name the program to start after --")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map_err(|error| format!("{program}: {error}"))
}

fn wait(ready: &Target, program: &mut Child, began: Instant) -> Result<(), String> {
    while began.elapsed() < LONGEST {
        if answers(ready) {
            return Ok(());
        }
        if let Ok(Some(status)) = program.try_wait() {
            return Err(format!("the program ended before it answered: {status}"));
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    Err(too_long())
}

fn answers(ready: &Target) -> bool {
    let Ok(mut stream) = TcpStream::connect(&ready.address) else { return false };
    _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let ask = format!("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", ready.path, ready.address);
    let mut first = [0; 12];
    stream.write_all(ask.as_bytes()).is_ok()
        && stream.read_exact(&mut first).is_ok()
        && first.starts_with(b"HTTP/1.1 2")
}

/// Asks it to end as a service manager would, and does not wait for ever.
fn end(mut program: Child) {
    _ = Command::new("kill").arg(program.id().to_string()).status();
    let asked = Instant::now();
    while asked.elapsed() < Duration::from_secs(20) {
        if let Ok(Some(_)) = program.try_wait() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    _ = program.kill();
    _ = program.wait();
}
