//! `tollbell doctor`: looks for what keeps the hub from working well, before its clients find it.
//!
//! What is asked of the machine stands in `host.rs`, what is asked of PostgreSQL in `base.rs`; each has a pure part that
//! judges and a thin part that looks. Invariants: every warning has a cure; a check that can't be made is a finding
//! and never an error; looking makes no cluster and migrates nothing.

mod base;
mod host;

use std::process::ExitCode;

use serde::Serialize;

use super::output;
use crate::config::Settings;

/// How bad it is, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// As it should be.
    Ok,
    /// It works, and will not for ever or not for everybody.
    Warn,
    /// It does not work.
    Fail,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }

    /// The exit code of a run whose worst finding this is.
    const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warn => 1,
            Self::Fail => 2,
        }
    }
}

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    /// What was looked at.
    check: &'static str,
    level: Level,
    /// What is so.
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, found: found.into(), cure: None }
    }

    fn warn(check: &'static str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, level: Level::Warn, found: found.into(), cure: Some(cure.into()) }
    }

    fn fail(check: &'static str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, level: Level::Fail, found: found.into(), cure: Some(cure.into()) }
    }
}

/// Looks at everything and prints what was found. Exits with 0, with 1 when something should be cured, with 2 when
/// something must be.
///
/// # Errors
/// When standard output takes nothing more.
pub(super) async fn run(settings: &Settings, json: bool) -> anyhow::Result<ExitCode> {
    let mut findings = host::look(settings);
    findings.extend(base::look(settings).await);
    let text =
        if json { serde_json::to_string_pretty(&findings)? + "\n" } else { report(&findings) };
    output::print(&text)?;
    Ok(ExitCode::from(worst(&findings).code()))
}

fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
}

fn report(findings: &[Finding]) -> String {
    let rows = findings.iter().map(|Finding { check, level, found, cure }| {
        let text = match cure {
            Some(cure) => format!("{found}; {cure}"),
            None => found.clone(),
        };
        vec![level.name().to_owned(), (*check).to_owned(), text]
    });
    output::columns(&rows.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_decides_the_exit_code() {
        let ok = Finding::ok("clock", "fine");
        let warn = Finding::warn("files", "few", "raise the limit");
        let fail = Finding::fail("database", "no answer", "start it");
        for (findings, code) in [
            (vec![], 0),
            (vec![ok.clone()], 0),
            (vec![warn.clone(), ok.clone()], 1),
            (vec![ok, fail, warn], 2),
        ] {
            assert_eq!(worst(&findings).code(), code, "{findings:?}");
        }
    }

    #[test]
    fn a_finding_is_a_line_with_its_cure() {
        let findings =
            [Finding::ok("clock", "fine"), Finding::fail("database", "no answer", "start it")];
        assert_eq!(
            report(&findings),
            "ok    clock     fine\nFAIL  database  no answer; start it\n"
        );
        let json = serde_json::to_string(&findings).unwrap();
        assert_eq!(
            json,
            r#"[{"check":"clock","level":"ok","found":"fine"},{"check":"database","level":"fail","found":"no answer","cure":"start it"}]"#
        );
    }
}
