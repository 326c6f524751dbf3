//! What exists is tested: every event has a golden file, every route a row of the authorisation table, every
//! error code a test that names it.

use crate::tidy::source::{Literal, Source, Violation, find_words, identifier};

/// Where the golden events lie, one file a kind.
const GOLDEN: &str = "tests/golden/events/";
/// Where the authorisation table lies: rows that begin with a method and a path.
const AUTHORISATION: &str = "tests/it/authorisation.rs";
/// The description of the API that the binary writes.
const OPENAPI: &str = "clients/openapi.json";
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Every kind that an `events.rs` lists in `KINDS` has a golden file, and every golden file a kind.
pub(crate) fn events(sources: &[Source], tests: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut kinds = Vec::new();
    for source in sources.iter().filter(|source| source.file_name() == "events.rs") {
        let Some((listed, rest)) = source.constant("KINDS") else {
            let cure = "list them: pub const KINDS: &[&str] = &[\"payment.made\"]";
            violations.push(Violation::of_file(
                &source.path,
                "the kinds of events are not listed",
                cure,
            ));
            continue;
        };
        let named = rest.split(|c: char| !c.is_alphanumeric() && c != '_');
        let named = named.filter(|name| name.starts_with(|c: char| c.is_uppercase()));
        let named =
            named.filter_map(|name| sources.iter().find_map(|source| source.constant(name)));
        for Literal { offset, text } in
            listed.iter().chain(named.flat_map(|(literals, _)| literals))
        {
            kinds.push(text.as_str());
            let golden = format!("{GOLDEN}{text}.json");
            if !tests.iter().any(|test| test.path == golden) {
                let what = format!("event `{text}` has no golden file");
                violations.push(source.violation(
                    *offset,
                    what,
                    format!("write {golden} and test it"),
                ));
            }
        }
    }
    for test in tests {
        let kind = test.path.strip_prefix(GOLDEN).and_then(|name| name.strip_suffix(".json"));
        if let Some(kind) = kind.filter(|kind| !kinds.contains(kind)) {
            let what = format!("no `events.rs` lists the event `{kind}`");
            violations.push(Violation::of_file(
                &test.path,
                what,
                "list it in KINDS, or delete the file",
            ));
        }
    }
    violations
}

/// Every code that an array named `CODES` lists occurs in a test.
pub(crate) fn codes(sources: &[Source], tests: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources {
        for Literal { offset, text } in
            source.constant("CODES").map(|(codes, _)| codes).unwrap_or_default()
        {
            // A row also has the meaning of its code, which is a sentence.
            let of = |case: fn(&u8) -> bool| {
                text.bytes().all(|b| case(&b) || b.is_ascii_digit() || b == b'_')
            };
            let is_code = of(u8::is_ascii_lowercase) || of(u8::is_ascii_uppercase);
            if is_code && !tests.iter().any(|test| find_words(&test.text, text).next().is_some()) {
                let what = format!("no test names the error code `{text}`");
                let cure = "add a test under tests/ that provokes it and names it";
                violations.push(source.violation(*offset, what, cure));
            }
        }
    }
    violations
}

/// Every route has a row in the authorisation table, and every row a route.
///
/// The routes are those of the API's description and those that a `utoipa::path` or a `.route` declares; the
/// latter may stand under a prefix, so a row matches them by its end.
pub(crate) fn routes(
    sources: &[Source],
    tests: &[Source],
    openapi: Option<&Source>,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let table = tests.iter().find(|test| test.path == AUTHORISATION);
    let rows = table.map(rows).unwrap_or_default();
    let cure = format!("add its row to {AUTHORISATION}: method, path, and who may");
    for source in sources {
        for (offset, method, path) in declared(source) {
            let fits = |row: &Row| {
                method.is_none_or(|method| row.method == method) && row.path.ends_with(path)
            };
            if !rows.iter().any(fits) {
                let what = format!("route {} {path} has no row", method.unwrap_or("of any method"));
                violations.push(source.violation(offset, what, cure.clone()));
            }
        }
    }
    let Some(openapi) = openapi else { return violations };
    let described = operations(&openapi.text);
    for Row { method, path, .. } in &described {
        if !rows.iter().any(|row| row.method == *method && row.path == *path) {
            let what = format!("route {method} {path} has no row");
            violations.push(Violation::of_file(&openapi.path, what, cure.clone()));
        }
    }
    for row in rows.iter().filter(|row| row.path.starts_with("/api/v1")) {
        if !described.iter().any(|route| route.method == row.method && route.path == row.path) {
            let what = format!("{OPENAPI} has no {} {}", row.method, row.path);
            let cure = "describe the route with utoipa::path, or delete the row";
            violations.extend(table.map(|table| table.violation(row.offset, what, cure)));
        }
    }
    violations
}

/// A method and a path, with their place.
struct Row {
    offset: usize,
    method: String,
    path: String,
}

/// The rows of the authorisation table: a method and a path in two neighbouring literals.
fn rows(table: &Source) -> Vec<Row> {
    let pairs = table.literals.iter().zip(table.literals.iter().skip(1));
    let rows = pairs.filter(|(method, path)| {
        METHODS.contains(&method.text.as_str()) && path.text.starts_with('/')
    });
    rows.map(|(method, path)| Row {
        offset: method.offset,
        method: method.text.clone(),
        path: path.text.clone(),
    })
    .collect()
}

/// The operations of an OpenAPI document.
fn operations(text: &str) -> Vec<Row> {
    let document: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let paths = document.get("paths").and_then(serde_json::Value::as_object);
    let mut rows = Vec::new();
    for (path, methods) in paths.into_iter().flatten() {
        for method in
            methods.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase())
        {
            if METHODS.contains(&method.as_str()) {
                rows.push(Row { offset: 0, method, path: path.clone() });
            }
        }
    }
    rows
}

/// The routes that a file declares; a plain `.route` does not say its method in one place.
fn declared(source: &Source) -> Vec<(usize, Option<&'static str>, &str)> {
    let shipped = source.shipped();
    let mut routes = Vec::new();
    for (mark, described) in [("utoipa::path(", true), (".route(", false)] {
        for offset in find_words(&shipped, mark) {
            let rest = shipped.get(offset + mark.len()..).unwrap_or_default().trim_start();
            let method = identifier(rest).to_uppercase();
            let method = METHODS.iter().copied().find(|known| described && *known == method);
            let first = source.literals.partition_point(|literal| literal.offset < offset);
            let path =
                source.literals.iter().skip(first).map(|literal| literal.text.as_str()).next();
            if let Some(path) = path.filter(|path| path.starts_with('/')) {
                routes.push((offset, method, path));
            }
        }
    }
    routes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(violations: &[Violation]) -> Vec<usize> {
        violations.iter().map(Violation::line).collect()
    }

    #[test]
    fn an_event_has_a_golden_file() {
        let kinds =
            "pub const KINDS: &[&str] = &[\n    \"payment.made\",\n    \"supply.changed\",\n];\n";
        let events_rs = || [Source::rust("src/ledger/events.rs", kinds)];
        let golden = |kind: &str| Source::plain(&format!("{GOLDEN}{kind}.json"), "{}");
        assert!(
            events(&events_rs(), &[golden("payment.made"), golden("supply.changed")]).is_empty()
        );
        assert_eq!(lines(&events(&events_rs(), &[golden("payment.made")])), [3]);
        let stale = [golden("payment.made"), golden("supply.changed"), golden("payment.lost")];
        assert_eq!(events(&events_rs(), &stale).len(), 1);
        let shared =
            Source::rust("src/kernel/event.rs", "const REVOKED: &str = \"access.revoked\";\n");
        let listed =
            Source::rust("src/auth/events.rs", "const KINDS: &[&str] = &[event::REVOKED];\n");
        assert!(events(&[shared, listed], &[golden("access.revoked")]).is_empty());
        assert_eq!(
            events(&[Source::rust("src/names/events.rs", "enum NameEvent {}\n")], &[]).len(),
            1
        );
    }

    #[test]
    fn an_error_code_is_tested() {
        let source =
            || [Source::rust("src/ledger/error.rs", "\nconst CODES: &[&str] = &[\"no_funds\"];\n")];
        let test = |text: &str| [Source::rust("tests/it/payments.rs", text)];
        assert!(codes(&source(), &test("check(\"no_funds\")")).is_empty());
        assert_eq!(lines(&codes(&source(), &test("check(\"no_funds_left\")"))), [2]);
    }

    #[test]
    fn a_route_has_a_row() {
        let table = |text: &str| [Source::rust(AUTHORISATION, text)];
        let full = "const T: &[Row] = &[(\"GET\", \"/api/v1/supply\", Anyone), (\"GET\", \"/healthz\", Anyone)];";
        let described =
            Source::plain(OPENAPI, r#"{"paths":{"/api/v1/supply":{"get":{},"parameters":[]}}}"#);
        let more = Source::plain(OPENAPI, r#"{"paths":{"/api/v1/supply":{"get":{},"post":{}}}}"#);
        let none = Source::plain(OPENAPI, r#"{"paths":{}}"#);
        assert!(routes(&[], &table(full), Some(&described)).is_empty());
        assert_eq!(routes(&[], &table(full), Some(&more)).len(), 1);
        assert_eq!(routes(&[], &table(full), Some(&none)).len(), 1);
        assert_eq!(routes(&[], &[], Some(&described)).len(), 1);

        let check = |text: &str, tests: &[Source]| {
            lines(&routes(&[Source::rust("src/ledger/routes.rs", text)], tests, None))
        };
        assert!(
            check("#[utoipa::path(get, path = \"/supply\", tag = \"x\")]", &table(full)).is_empty()
        );
        assert_eq!(check("\n#[utoipa::path(post, path = \"/supply\")]", &table(full)), [2]);
        assert!(check(".route(\"/healthz\", get(healthz))", &table(full)).is_empty());
        assert_eq!(check(".route(\"/healthz\", get(healthz))", &[]), [1]);
    }
}
