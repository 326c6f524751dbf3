//! The shape of a file: it opens with its purpose, and it and its functions fit the reader.

use crate::tidy::source::{Source, Violation, find_words, identifier};

/// Lines of a file at the most.
const FILE_LINES_MAX: usize = 600;
/// How the first line of a file ends that a program wrote.
const GENERATED: &str = ": do not edit.";
/// Lines of a function at the most, from `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;

/// Every file opens with a header.
pub(crate) fn header(source: &Source) -> Vec<Violation> {
    if source.text.starts_with("//! ") {
        return Vec::new();
    }
    let cure = "open with `//!`: what it is, what it owns, which invariants hold";
    vec![Violation::of_file(&source.path, "no header", cure)]
}

/// A file has a bounded length, unless a program wrote it and says so in its first line.
pub(crate) fn file_lines(source: &Source) -> Vec<Violation> {
    let lines = source.text.lines().count();
    let generated = source.text.lines().next().is_some_and(|line| line.ends_with(GENERATED));
    if lines <= FILE_LINES_MAX || generated {
        return Vec::new();
    }
    let cure = "split it along a seam that has a name";
    vec![Violation::of_file(
        &source.path,
        format!("{lines} lines, {FILE_LINES_MAX} are the most"),
        cure,
    )]
}

/// A function has a bounded length.
pub(crate) fn function_lines(source: &Source) -> Vec<Violation> {
    let mut violations = Vec::new();
    for offset in find_words(&source.code, "fn ") {
        let rest = source.code.get(offset..).unwrap_or_default();
        let function = rest.get(..body_end(rest)).unwrap_or_default();
        let lines = function.lines().count();
        if lines > FUNCTION_LINES_MAX {
            let name = identifier(rest.trim_start_matches("fn "));
            let what = format!("`{name}` has {lines} lines, {FUNCTION_LINES_MAX} are the most");
            let cure = "keep the branches here and move straight work into functions below";
            violations.push(source.violation(offset, what, cure));
        }
    }
    violations
}

/// The bytes from `fn` to the closing brace of its body, or to the `;` that stands for none.
fn body_end(text: &str) -> usize {
    let (mut round, mut curly) = (0_i32, 0_i32);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => round += 1,
            ')' | ']' => round -= 1,
            '{' => curly += 1,
            '}' => curly -= 1,
            _ => {}
        }
        // Between round or square brackets stand types such as `[u8; 4]`; a brace below zero ends a `fn` type.
        if (curly == 0 && round <= 0 && (c == '}' || c == ';')) || curly < 0 {
            return at + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_opens_with_its_purpose() {
        assert!(header(&Source::rust("src/a.rs", "//! Wallets.\n")).is_empty());
        for bad in ["", "use std::fmt;\n//! Late.\n", "// Not a header.\n", "//!\n"] {
            assert_eq!(header(&Source::rust("src/a.rs", bad)).len(), 1, "{bad:?}");
        }
    }

    #[test]
    fn a_file_has_a_bounded_length() {
        let check =
            |lines: usize| file_lines(&Source::rust("src/a.rs", &"//\n".repeat(lines))).len();
        assert_eq!((check(FILE_LINES_MAX), check(FILE_LINES_MAX + 1)), (0, 1));
        let long = "//\n".repeat(FILE_LINES_MAX);
        for (head, expected) in
            [("//! Written by `x`: do not edit.\n", 0), ("//! Mine: edit.\n", 1)]
        {
            let file = Source::rust("src/a.rs", &format!("{head}{long}"));
            assert_eq!(file_lines(&file).len(), expected, "{head}");
        }
    }

    #[test]
    fn a_function_has_a_bounded_length() {
        let check = |head: &str, inner: usize| {
            let text = format!(
                "trait T {{\n    fn none(&self, a: [u8; 4]);\n}}\n\n{head} {{\n{}}}\n",
                "    x;\n".repeat(inner)
            );
            function_lines(&Source::rust("src/a.rs", &text))
                .iter()
                .map(Violation::line)
                .collect::<Vec<_>>()
        };
        assert!(
            check("pub(crate) async fn f(a: [u8; 4]) -> u8", FUNCTION_LINES_MAX - 2).is_empty()
        );
        assert_eq!(check("pub(crate) async fn f(a: [u8; 4]) -> u8", FUNCTION_LINES_MAX - 1), [5]);
        assert_eq!(check("fn f()\nwhere\n    A: B,\n", FUNCTION_LINES_MAX), [5]);
        assert!(check("static F: fn (u8) = g; struct S", FUNCTION_LINES_MAX).is_empty());
    }
}
