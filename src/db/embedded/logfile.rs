//! Reads what the server wrote to its log during one start, to quote it in an error.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Lines quoted in an error.
const QUOTED_LINES_MAX: usize = 12;
/// Bytes read from the end of one file.
const QUOTED_BYTES_MAX: u64 = 16 * 1024;

/// The length of each log file at one moment.
#[derive(Debug)]
pub(super) struct LogMark {
    dir: PathBuf,
    lengths: HashMap<PathBuf, u64>,
}

impl LogMark {
    /// Remembers where the logs end now.
    pub(super) fn set(dir: &Path) -> Self {
        Self { dir: dir.to_path_buf(), lengths: files(dir).into_iter().collect() }
    }

    /// The last lines written since. An unreadable log is an empty one: the error that wants to
    /// quote it matters more.
    pub(super) fn since(&self) -> String {
        let mut text = String::new();
        for (path, length) in files(&self.dir) {
            let before = self.lengths.get(&path).copied().filter(|before| *before <= length);
            let from = before.unwrap_or(0).max(length.saturating_sub(QUOTED_BYTES_MAX));
            text.push_str(&read_from(&path, from).unwrap_or_default());
        }
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let skip = lines.len().saturating_sub(QUOTED_LINES_MAX);
        lines.into_iter().skip(skip).collect::<Vec<_>>().join("\n")
    }
}

fn files(dir: &Path) -> Vec<(PathBuf, u64)> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .filter(|(_, metadata)| metadata.is_file())
        .map(|(path, metadata)| (path, metadata.len()))
        .collect();
    // `start.log` sorts behind the weekdays, yet is written first.
    files.sort_by_key(|(path, _)| (!path.ends_with("start.log"), path.clone()));
    files
}

fn read_from(path: &Path, offset: u64) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(QUOTED_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn only_what_was_written_since_the_mark_is_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let (day, start) = (dir.path().join("postgres-Mon.log"), dir.path().join("start.log"));
        fs::write(&day, "old: No space left on device\n").unwrap();
        let mark = LogMark::set(dir.path());
        File::options().append(true).open(&day).unwrap().write_all(b"second\n").unwrap();
        fs::write(&start, "first\n\n").unwrap();
        assert_eq!(mark.since(), "first\nsecond");
    }

    #[test]
    fn a_long_log_is_cut_to_its_last_lines() {
        let dir = tempfile::tempdir().unwrap();
        let mark = LogMark::set(dir.path());
        let lines: Vec<String> = (0..5000).map(|line| format!("line {line}")).collect();
        fs::write(dir.path().join("start.log"), lines.join("\n")).unwrap();
        let quoted = mark.since();
        assert_eq!(quoted.lines().count(), QUOTED_LINES_MAX);
        assert!(quoted.ends_with("line 4999"), "{quoted}");
    }
}
