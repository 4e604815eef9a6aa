//! The self-test in a process of its own: a driver that crashes or hangs takes only that process with it.
//!
//! The parent starts this program as `likeness devices --self-test INDEX`; the child writes one JSON line for each
//! [`Phase`] that it finished. A phase that takes longer than [`PHASE_LIMIT`] counts as a hang.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::thread::{Builder, sleep};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use tempfile::TempDir;

use super::{Adapter, AdapterKind, DeviceError, Phase, PhaseResult, TestFailure, Verdict, adapters, open};

/// Kernels are compiled and, with autotuning, measured: on slow drivers that takes most of a minute.
const PHASE_LIMIT: Duration = Duration::from_secs(180);
/// Some drivers hang when they are closed; a child that has told everything is not waited for longer than this.
const END_LIMIT: Duration = Duration::from_secs(5);

/// The child's side: tests the adapter of that index and writes what it finds to `out`.
pub(crate) fn answer_trial(index: usize, out: &mut dyn Write) -> Result<(), DeviceError> {
    let adapters = adapters();
    let device = open(adapters.get(index).ok_or(DeviceError::NoSuchIndex(index))?)?;
    for phase in Phase::ALL {
        let finding = serde_json::to_string(&phase.run(&device.burn)).map_err(io::Error::from);
        finding.and_then(|line| writeln!(out, "{line}")).and_then(|()| out.flush()).map_err(DeviceError::Answer)?;
    }
    Ok(())
}

/// The parent's side.
pub(crate) fn try_out(adapter: &Adapter) -> Verdict {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return Verdict::failed(TestFailure::NoProgram { details: error.to_string() }),
    };
    let mut command = Command::new(program);
    command.args(["devices", "--self-test", &adapter.index.to_string()]);
    match run(command, PHASE_LIMIT) {
        Verdict::Failed { reason, cause } if adapter.kind == AdapterKind::Software && cfg!(feature = "autotune") => {
            let reason = format!("{reason} (software rasterisers may need CUBECL_AUTOTUNE_LEVEL=minimal)");
            Verdict::Failed { reason, cause }
        }
        verdict => verdict,
    }
}

fn run(command: Command, phase_limit: Duration) -> Verdict {
    match Trial::start(command) {
        Ok(trial) => trial.verdict(phase_limit),
        Err(error) => Verdict::failed(TestFailure::NotStarted { details: error.to_string() }),
    }
}

struct Trial {
    child: Child,
    findings: Receiver<PhaseResult>,
    last_words: Receiver<String>,
    started: Instant,
    /// Where the child may keep its things; it vanishes with the trial.
    _home: TempDir,
}

impl Trial {
    fn start(mut command: Command) -> io::Result<Self> {
        let home = TempDir::new()?;
        command.env("LIKENESS_HOME", home.path()).env("RUST_BACKTRACE", "0");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        match listen(stdout).and_then(|findings| Ok((findings, overhear(stderr)?))) {
            Ok((findings, last_words)) => {
                Ok(Self { child, findings, last_words, started: Instant::now(), _home: home })
            }
            Err(error) => {
                end(&mut child, Duration::ZERO);
                Err(error)
            }
        }
    }

    fn verdict(mut self, phase_limit: Duration) -> Verdict {
        match collect(&self.findings, phase_limit) {
            Heard::All(findings) => {
                let elapsed = self.started.elapsed();
                end(&mut self.child, END_LIMIT);
                judge(&findings, elapsed)
            }
            Heard::Silence(phase) => {
                end(&mut self.child, Duration::ZERO);
                Verdict::failed(TestFailure::Hung { phase, limit_secs: phase_limit.as_secs() })
            }
            Heard::EndedIn(phase) => {
                let status = end(&mut self.child, END_LIMIT);
                let said = self.last_words.recv_timeout(END_LIMIT);
                let details = said.map_or_else(|_| status.clone(), |line| format!("{status}: {line}"));
                Verdict::failed(TestFailure::Died { phase, details })
            }
        }
    }
}

enum Heard {
    All(Vec<PhaseResult>),
    /// Nothing came from this phase in time.
    Silence(Phase),
    /// The process ended before this phase did.
    EndedIn(Phase),
}

fn listen(stdout: Option<ChildStdout>) -> io::Result<Receiver<PhaseResult>> {
    let (tell, findings) = bounded(Phase::ALL.len());
    Builder::new().name("self-test listener".into()).spawn(move || {
        for line in stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines()).map_while(Result::ok) {
            // Drivers print things of their own.
            let Ok(finding) = serde_json::from_str(&line) else { continue };
            if tell.send(finding).is_err() {
                return;
            }
        }
    })?;
    Ok(findings)
}

/// The last line that the process wrote to its standard error, told when it ends.
fn overhear(stderr: Option<ChildStderr>) -> io::Result<Receiver<String>> {
    let (tell, line) = bounded(1);
    Builder::new().name("self-test messages".into()).spawn(move || {
        let lines = stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).lines()).map_while(Result::ok);
        let said = |line: &String| !line.trim().is_empty() && !line.starts_with("note:");
        if let Some(last) = lines.filter(said).last() {
            // Nobody waits for the last words of a process that told everything.
            let _ = tell.send(last);
        }
    })?;
    Ok(line)
}

fn collect(findings: &Receiver<PhaseResult>, phase_limit: Duration) -> Heard {
    let mut heard = Vec::new();
    for phase in Phase::ALL {
        match findings.recv_timeout(phase_limit) {
            Ok(finding) => heard.push(finding),
            Err(RecvTimeoutError::Timeout) => return Heard::Silence(phase),
            Err(RecvTimeoutError::Disconnected) => return Heard::EndedIn(phase),
        }
    }
    Heard::All(heard)
}

fn judge(findings: &[PhaseResult], elapsed: Duration) -> Verdict {
    for PhaseResult { phase, failure, .. } in findings {
        if let Some(failure) = failure {
            return Verdict::failed(TestFailure::Wrong { phase: *phase, details: failure.clone() });
        }
    }
    let largest_difference = findings.iter().map(|finding| finding.largest_difference).fold(0.0, f32::max);
    Verdict::Passed { largest_difference, seconds: elapsed.as_secs_f32() }
}

/// Waits so long, then kills; says how the process ended.
fn end(child: &mut Child, grace: Duration) -> String {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.to_string(),
            Ok(None) if start.elapsed() < grace => sleep(Duration::from_millis(20)),
            _ => break,
        }
    }
    // It may have ended in this very moment, which is as good.
    let _ = child.kill();
    child.wait().map_or_else(|error| error.to_string(), |status| status.to_string())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn pretend(script: &str) -> Verdict {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, Duration::from_millis(500))
    }

    fn line(phase: &str, failure: &str) -> String {
        format!(r#"echo '{{"phase":"{phase}","largest_difference":1e-6,"seconds":0.1,"failure":{failure}}}';"#)
    }

    fn reason(verdict: Verdict) -> String {
        match verdict {
            Verdict::Failed { reason, .. } => reason,
            Verdict::Passed { .. } => panic!("passed"),
        }
    }

    #[test]
    fn a_process_that_tells_all_is_judged() {
        let good: String = ["forward", "backward", "frozen_base", "step"].map(|phase| line(phase, "null")).concat();
        let passed = pretend(&format!("echo driver noise; {good}"));
        assert!(matches!(passed, Verdict::Passed { largest_difference: 1e-6, .. }), "{passed:?}");
        assert!(matches!(pretend(&format!("{good} exec sleep 60")), Verdict::Passed { .. }), "a hang at the end");
        let wrong = good.replacen("null", "\"the embedding differs\"", 1);
        assert_eq!(reason(pretend(&wrong)), "the forward pass: the embedding differs");
    }

    #[test]
    fn a_crash_and_a_hang_are_told_with_their_phase() {
        let crash = reason(pretend(&format!("{} echo 'out of memory' >&2; kill -SEGV $$", line("forward", "null"))));
        assert!(crash.contains("died in the backward pass") && crash.contains("out of memory"), "{crash}");
        let hang = reason(pretend("exec sleep 60"));
        assert!(hang.contains("the forward pass did not end"), "{hang}");
    }
}
