//! What a subcommand prints: whole lines on a locked standard output, flushed, so that a pipe sees them at once.
//!
//! A reader that has seen enough (`tollbell tail payments | head`) closes the pipe. That is no failure:
//! [`is_closed`] recognises it, and the program ends quietly.

use std::io::{self, ErrorKind, Write};

/// Prints a text as it is.
///
/// # Errors
/// When standard output takes nothing more.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints a text and ends its line.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Whether a failure is nothing but a reader that has gone.
pub fn is_closed(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Rows as columns that begin below one another; the last one may be as long as it likes.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().enumerate();
        let cells = cells.map(|(column, cell)| format!("{cell:0$}", width(column).unwrap_or(0)));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A text that a terminal can be trusted with: what would steer it is written as an escape.
pub(crate) fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_steering(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Invisible characters that change the direction of what stands beside them.
const fn is_steering(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_one_another_and_end_without_blanks() {
        let row = |cells: [&str; 3]| cells.map(String::from).to_vec();
        let text = columns(&[row(["a", "→→→", "x"]), row(["long", "b", ""])]);
        assert_eq!(text, "a     →→→  x\nlong  b\n");
        assert_eq!(columns(&[]), "");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(plain("a → b \"é\""), "a → b \"é\"");
        assert_eq!(plain("\u{1b}[2Jx\n\u{9b}y\u{202e}z"), "\\u{1b}[2Jx\\u{a}\\u{9b}y\\u{202e}z");
    }

    #[test]
    fn a_closed_pipe_is_found_below_its_explanation() {
        let error = |kind| anyhow::Error::from(io::Error::from(kind)).context("print the events");
        assert!(is_closed(&error(ErrorKind::BrokenPipe)));
        assert!(!is_closed(&error(ErrorKind::StorageFull)));
    }
}
