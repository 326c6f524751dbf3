//! Load tests in their smallest size: they run, check every delivery, and say something about each figure. What the
//! figures are is for a quiet machine to say; those that only a quiet one can carry out at all are not here.

use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs a load test once and gives its report.
fn bench(args: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_tollbell"))
        .args(["bench"])
        .args(args)
        .args(["--repetitions", "1", "--seconds", "1", "--json"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    // A slow machine may make a baseline useless; nothing makes an event of the hub disappear.
    let void = report["void"].as_str().unwrap_or_default();
    assert!(void.is_empty() || void.contains("naive"), "{void}\n{said}");
    report
}

/// Every figure of a report is a number.
fn assert_measured(report: &Value, figures: &[&str]) {
    let rows = report["rows"].as_array().unwrap();
    for row in rows {
        assert!(row["median"].is_number(), "{row}");
    }
    for figure in figures {
        let row = rows.iter().find(|row| row["figure"].as_str().unwrap().starts_with(figure));
        assert!(row.is_some(), "nothing is said about {figure}");
    }
}

#[test]
fn fanout_is_measured_beside_its_baselines() {
    let report = bench(&["fanout", "--listeners", "20"]);
    assert_measured(
        &report,
        &[
            "CPU per delivery, paced, 20 listeners, hub / raw",
            "CPU per delivery, paced, 20 listeners, hub / naive",
            "CPU per delivery, saturated, hub 20",
            "deliveries a second, saturated, hub 20",
            "commit to the last listener, p99",
        ],
    );
}

#[test]
fn a_storm_is_weathered() {
    let report = bench(&["storm", "--clients", "100"]);
    assert_measured(&report, &["until all are back, hub / naive", "CPU per handshake"]);
}

#[test]
fn renewals_are_made_in_pages_and_in_time() {
    let report = bench(&["renewals", "--subscriptions", "300", "--due", "100"]);
    assert_measured(&report, &["pages of 500 / one", "from due to committed, p99"]);
}

#[test]
fn clients_go_on_after_a_restart_and_from_far_behind() {
    let report = bench(&["resume", "--clients", "100", "--backlog", "5000"]);
    assert_measured(&report, &["until all have caught up", "events a second from far behind"]);
}

#[test]
fn another_dialect_is_measured_beside_the_native_one() {
    let report = bench(&["fanout", "--dialect", "krist", "--listeners", "20"]);
    assert_measured(
        &report,
        &[
            "CPU per delivery, saturated, 20 listeners, native / krist",
            "CPU per delivery, paced, krist 20",
            "deliveries a second, saturated, native 20",
        ],
    );
}
