//! The project speaks of itself alone: no file names a place on somebody's machine or the way a package came.

use crate::tidy::source::{Source, Violation, find_words};

/// What no file names, not even this one. The root of the checkout is added where the rule runs.
const PLACES: &[&str] =
    &[concat!("sha", "red/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

/// Where package registries live. A lock file names the public ones, and nothing else does.
const REGISTRIES: &[&str] = &[
    "index.crates.io",
    "static.crates.io",
    "registry.npmjs.org",
    "pypi.org/simple",
    "files.pythonhosted.org",
    "proxy.golang.org",
    "artifactory",
];

/// The one source of packages that `Cargo.lock` may name.
const CRATES: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// No file names a place on a machine, or a registry.
pub(crate) fn named(source: &Source, root: &str) -> Vec<Violation> {
    let lock = source.file_name().contains("lock");
    let registries = REGISTRIES.iter().filter(|_| !lock);
    let mut violations = Vec::new();
    for place in PLACES.iter().chain(registries).copied().chain([root]) {
        for offset in find_words(&source.text, place).filter(|at| begins(source, *at, place)) {
            let cure = "say what is meant in words of the project";
            violations.push(at_text(source, offset, format!("names `{place}`"), cure));
        }
    }
    for offset in
        find_words(&source.text, "registry+").filter(|_| source.file_name() == "Cargo.lock")
    {
        if !source.text.get(offset..).unwrap_or_default().starts_with(CRATES) {
            let cure = "resolve the dependencies against crates.io";
            violations.push(at_text(
                source,
                offset,
                "a package from another registry".to_owned(),
                cure,
            ));
        }
    }
    violations
}

/// Whether an absolute path begins here, rather than going on: `/srv/` does not begin in `docs/srv/`.
fn begins(source: &Source, offset: usize, place: &str) -> bool {
    let before = source.text.get(..offset).and_then(|text| text.chars().next_back());
    !place.starts_with('/') || !before.is_some_and(|c| c.is_alphanumeric() || "_-.}~".contains(c))
}

/// A violation at a place in the text; the code of a Rust file may have other offsets.
fn at_text(source: &Source, offset: usize, what: String, cure: &str) -> Violation {
    Source::plain(&source.path, &source.text).violation(offset, what, cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let found = named(&Source::plain(path, text), "/srv/checkout");
        found.iter().map(Violation::line).collect()
    }

    #[test]
    fn machines_are_not_named() {
        for bad in PLACES.iter().chain(REGISTRIES).chain(&["/srv/checkout"]) {
            assert_eq!(lines("README.md", &format!("Intro.\n\nSee {bad}/\n")), [3], "{bad}");
        }
        assert!(
            lines(
                "README.md",
                "Under `docs/home/`, `/usr/share/`, `$HOME/work/` and unshared/parts."
            )
            .is_empty()
        );
    }

    #[test]
    fn a_lock_file_names_public_registries_only() {
        assert!(lines("Cargo.lock", &format!("source = \"{CRATES}\"\n")).is_empty());
        assert_eq!(
            lines("Cargo.lock", "source = \"registry+https://crates.example/index\"\n"),
            [1]
        );
        assert!(
            lines("clients/typescript/package-lock.json", "https://registry.npmjs.org/ws\n")
                .is_empty()
        );
    }
}
