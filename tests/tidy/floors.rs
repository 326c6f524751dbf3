//! Floors: a module imports strictly lower floors only, and few may know the hub.

use crate::tidy::source::{Source, Violation, find_words, identifier};

/// Every module of `src` with its floor. Floor 7 has stairs: what it holds is assembled from left to right.
const FLOORS: &[(&str, (u8, u8))] = &[
    ("kernel", (0, 0)),
    ("db", (1, 0)),
    ("http", (1, 0)),
    ("auth", (2, 0)),
    ("hub", (2, 0)),
    ("ledger", (3, 0)),
    ("plans", (3, 0)),
    ("names", (4, 0)),
    ("servers", (4, 0)),
    ("billing", (4, 0)),
    ("contracts", (5, 0)),
    ("gateways", (6, 0)),
    ("config", (7, 0)),
    ("telemetry", (7, 1)),
    ("orchestrator", (7, 0)),
    ("app", (7, 2)),
    ("bench", (7, 3)),
    ("cli", (7, 4)),
    ("main", (7, 5)),
];

/// The modules that may know the hub, although it is below more of them.
const HUB_READERS: &[&str] = &["app", "main", "cli", "gateways", "bench"];

/// All that the runnable orchestrator may know: it stands for a program of somebody else.
const ORCHESTRATOR_READS: &[&str] = &["kernel", "http"];

/// Every path into another module leads down.
pub(crate) fn imports(source: &Source) -> Vec<Violation> {
    let Some(module) = source.module() else { return Vec::new() };
    let Some(own) = floor(module) else {
        let cure = "give it a floor in FLOORS of tests/tidy/floors.rs and in src/lib.rs";
        return vec![Violation::of_file(&source.path, format!("`{module}` has no floor"), cure)];
    };
    let mut violations = Vec::new();
    for (offset, other) in paths(source) {
        let mut refuse = |what: String, cure: &str| {
            violations.push(source.violation(offset, what, cure));
        };
        match floor(other) {
            _ if other == module => {}
            None => refuse(
                format!("`{module}` imports `{other}`, which is no module with a floor"),
                "import from a module listed in FLOORS of tests/tidy/floors.rs",
            ),
            Some(floor) if floor >= own => refuse(
                format!("`{module}` (floor {}) imports `{other}` (floor {})", own.0, floor.0),
                "move the shared part to a lower floor, or let `app` pass it in",
            ),
            Some(_) if other == "hub" && !HUB_READERS.contains(&module) => refuse(
                format!("`{module}` imports `hub`"),
                "emit an event through Tx; the relay brings it to the hub",
            ),
            Some(_) if module == "orchestrator" && !ORCHESTRATOR_READS.contains(&other) => refuse(
                format!("`orchestrator` imports `{other}`"),
                "it speaks to the hub over HTTP only; use kernel and http",
            ),
            Some(_) => {}
        }
    }
    for offset in find_words(&source.code, "super::super") {
        let cure = "write the path from `crate::`, so that its floor can be read";
        violations.push(source.violation(offset, "a path climbs two modules", cure));
    }
    violations
}

/// The floor of a module, with its stair.
fn floor(module: &str) -> Option<(u8, u8)> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// The top-level modules that a file names, in `use` and inline, each with its place.
fn paths(source: &Source) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for prefix in ["crate::", "tollbell::"] {
        for offset in find_words(&source.code, prefix) {
            let start = offset + prefix.len();
            let rest = source.code.get(start..).unwrap_or_default();
            let names =
                if rest.starts_with('{') { group(rest) } else { vec![(0, identifier(rest))] };
            found.extend(names.into_iter().map(|(at, name)| (start + at, name)));
        }
    }
    // In a top-level module, `super` is the root; elsewhere `super::db` is a sibling that is no module of the root.
    let folder = source.path.matches('/').count();
    if folder == 1 || (folder == 2 && source.file_name() == "mod.rs") {
        for offset in find_words(&source.code, "super::") {
            let start = offset + "super::".len();
            let name = identifier(source.code.get(start..).unwrap_or_default());
            if floor(name).is_some() {
                found.push((start, name));
            }
        }
    }
    // A name in capitals is an item of the root itself, such as a macro's helper; the root holds no modules' items.
    found.retain(|(_, name)| name.starts_with(|c: char| c.is_lowercase()) && *name != "self");
    found
}

/// The first names of the branches of `{a::b, c::{d, e}}`.
fn group(text: &str) -> Vec<(usize, &str)> {
    let (mut depth, mut expects, mut names) = (0_usize, false, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => break,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 1 && (c == '{' || c == ',') {
            expects = true;
        } else if expects && !c.is_whitespace() {
            names.push((at, identifier(text.get(at..).unwrap_or_default())));
            expects = false;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        imports(&Source::rust(path, text)).iter().map(Violation::line).collect()
    }

    #[test]
    fn lower_floors_are_open() {
        assert!(
            lines(
                "src/ledger/store.rs",
                "use crate::db::Tx;\nuse crate::{auth::Caller, kernel};\n"
            )
            .is_empty()
        );
        assert!(
            lines("src/ledger/store.rs", "use crate::ledger::model;\nuse super::{hub, model};\n")
                .is_empty()
        );
        assert!(lines("src/gateways/ws/mod.rs", "use crate::hub::Hub;\n").is_empty());
        assert!(lines("src/main.rs", "fn main() { tollbell::cli::run() }\n").is_empty());
        assert!(lines("src/lib.rs", "pub mod ledger;\n").is_empty());
        assert!(lines("src/db/log.rs", "//! See [`crate::hub`].\n").is_empty());
    }

    #[test]
    fn upward_and_sideways_are_shut() {
        assert_eq!(lines("src/kernel/id.rs", "\nuse crate::db::Tx;\n"), [2]);
        assert_eq!(lines("src/db/log.rs", "use crate::http::Error;\n"), [1]);
        assert_eq!(
            lines(
                "src/auth/mod.rs",
                "use crate::{\n    kernel::{id, page},\n    ledger::Wallet,\n};\n"
            ),
            [3]
        );
        assert_eq!(lines("src/hub/mod.rs", "fn f() -> super::gateways::X {}\n"), [1]);
        assert_eq!(lines("src/app.rs", "use super::cli;\n"), [1]);
        assert_eq!(lines("src/config.rs", "fn f() { crate::app::run() }\n"), [1]);
    }

    #[test]
    fn few_know_the_hub() {
        assert_eq!(lines("src/ledger/mod.rs", "use crate::hub::Hub;\n"), [1]);
        assert_eq!(
            lines("src/orchestrator/mod.rs", "use crate::kernel::id;\nuse crate::db::Db;\n"),
            [2]
        );
    }

    #[test]
    fn paths_can_be_read() {
        assert_eq!(lines("src/misc.rs", ""), [1]);
        assert_eq!(lines("src/db/log.rs", "use crate::misc::X;\n"), [1]);
        assert_eq!(lines("src/db/log/page.rs", "use super::super::tx;\n"), [1]);
    }
}
