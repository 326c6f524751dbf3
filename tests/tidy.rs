//! The invariants of `ARCHITECTURE.md` and the style of the house, as tests that read the tree.
//!
//! A rule is a function from a file, or from all files, to violations; each names the place, the rule and the
//! cure. Beside each rule stands a test with text that breaks it, so that a rule which sees nothing is noticed.

mod tidy {
    pub(crate) mod coverage;
    pub(crate) mod floors;
    pub(crate) mod places;
    pub(crate) mod shape;
    pub(crate) mod source;
    pub(crate) mod sql;
    pub(crate) mod words;
}

use tidy::source::{Source, Violation, files_below, is_rust};
use tidy::{coverage, floors, places, shape, sql, words};

/// Fails with one line a violation.
fn report(violations: impl IntoIterator<Item = Violation>) {
    let lines: Vec<String> =
        violations.into_iter().map(|violation| format!("  {violation}")).collect();
    assert!(lines.is_empty(), "{} violations\n{}\n", lines.len(), lines.join("\n"));
}

/// The Rust files below some folders. None at all would be a tree that no rule reads.
fn rust(folders: &[&str]) -> Vec<Source> {
    let files = folders.iter().flat_map(|folder| files_below(folder));
    let files: Vec<Source> = files.filter(|file| is_rust(&file.path)).collect();
    assert!(!files.is_empty(), "no Rust file below {folders:?}");
    files
}

/// Tests as the coverage rules read them; the rules' own examples cover nothing.
fn tests() -> Vec<Source> {
    files_below("tests").into_iter().filter(|file| !file.path.starts_with("tests/tidy")).collect()
}

#[test]
fn modules_import_lower_floors_only() {
    report(rust(&["src"]).iter().flat_map(floors::imports));
}

#[test]
fn sql_stands_in_stores() {
    report(rust(&["src"]).iter().flat_map(sql::place));
}

#[test]
fn a_table_is_named_by_one_slice() {
    report(sql::owners(&files_below("migrations"), &rust(&["src"])));
}

#[test]
fn shipped_code_uses_no_banned_word() {
    report(rust(&["src"]).iter().flat_map(words::shipped));
}

#[test]
fn no_code_uses_a_banned_word() {
    report(rust(&["src", "clients/rust", "tests", "benches"]).iter().flat_map(words::everywhere));
}

#[test]
fn work_left_over_has_an_issue() {
    report(rust(&["src", "clients/rust"]).iter().chain(&tests()).flat_map(words::leftovers));
}

#[test]
fn names_say_what_a_thing_is() {
    report(rust(&["src", "clients/rust"]).iter().flat_map(words::names));
}

#[test]
fn files_open_with_their_purpose() {
    report(rust(&["src", "clients/rust", "tests", "benches"]).iter().flat_map(shape::header));
}

#[test]
fn files_and_functions_fit_the_reader() {
    let files = rust(&["src", "clients/rust", "tests", "benches"]);
    report(files.iter().flat_map(shape::file_lines));
    report(files.iter().flat_map(shape::function_lines));
}

#[test]
fn every_event_has_a_golden_file() {
    report(coverage::events(&rust(&["src"]), &tests()));
}

#[test]
fn every_error_code_is_tested() {
    report(coverage::codes(&rust(&["src"]), &tests()));
}

#[test]
fn every_route_has_a_row_in_the_authorisation_table() {
    let clients = files_below("clients");
    let openapi = clients.iter().find(|file| file.path == "clients/openapi.json");
    report(coverage::routes(&rust(&["src"]), &tests(), openapi));
}

#[test]
fn no_file_names_a_machine() {
    let files = files_below("").into_iter().filter(|file| !file.path.starts_with("tests/tidy"));
    let root = env!("CARGO_MANIFEST_DIR");
    report(files.flat_map(|file| places::named(&file, root)));
}
