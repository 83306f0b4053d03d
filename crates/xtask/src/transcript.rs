//! A command whose words are shown as they come and kept for counting.

use std::io::{self, BufRead, BufReader};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How long a process that a command left behind may keep its output open.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// Runs a command to its end, or ends it at the limit. Returns how it ended and what it said on
/// both its outputs, in order.
///
/// # Errors
/// When it cannot be started, or went on past the limit.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<(ExitStatus, String)> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (reader, writer) = io::pipe().context("cannot make a pipe")?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    // The command holds the writing ends; until they are dropped the reader would never see the
    // end of the output.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let (lines, received) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            if lines.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });

    let started = Instant::now();
    let mut ended = None;
    let mut output = String::new();
    loop {
        match received.recv_timeout(Duration::from_millis(100)) {
            Ok(line) => {
                println!("{line}");
                output.push_str(&line);
                output.push('\n');
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                if ended.is_none() && child.try_wait()?.is_some() {
                    ended = Some(Instant::now());
                }
                if ended.is_some_and(|then| then.elapsed() > AFTERWARDS) {
                    println!("{name} left a process behind that keeps its output open");
                    break;
                }
            }
        }
        if ended.is_none() && started.elapsed() > limit {
            child.kill().ok();
            child.wait().ok();
            anyhow::bail!("{name} went on past its limit of {} s", limit.as_secs());
        }
    }
    Ok((child.wait()?, output))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_are_kept_in_order() {
        let mut command = shell("echo one; echo two >&2; echo three; exit 3");
        let (status, output) = run(&mut command, Duration::from_mins(1)).unwrap();
        assert_eq!(output, "one\ntwo\nthree\n");
        assert_eq!(status.code(), Some(3));
    }

    #[test]
    fn a_command_that_goes_on_past_its_limit_is_ended() {
        let refused = run(&mut shell("exec sleep 60"), Duration::from_millis(50)).unwrap_err();
        assert_eq!(refused.to_string(), "sh went on past its limit of 0 s");
    }
}
