//! What a server writes: a file that it appends to by itself, so that it needs no reader to live on, kept short by
//! whoever tends it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use crate::orchestrator::folder::older;

/// Bytes read at one look for a line.
const LOOK_BYTES_MAX: u64 = 256 * 1_024;

/// The output of one server.
#[derive(Debug)]
pub(super) struct Output {
    path: PathBuf,
    /// How far it was searched.
    searched: u64,
}

impl Output {
    pub(super) const fn at(path: PathBuf) -> Self {
        Self { path, searched: 0 }
    }

    /// Opens it for the server. Every write goes to the end, wherever that is by then.
    pub(super) fn open(&self) -> io::Result<File> {
        OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)
    }

    /// Whether a text has been written. It goes on where the last look ended.
    pub(super) fn holds(&mut self, text: &str) -> io::Result<bool> {
        let mut file = File::open(&self.path)?;
        if file.metadata()?.len() < self.searched {
            self.searched = 0;
        }
        file.seek(SeekFrom::Start(self.searched))?;
        let mut bytes = Vec::new();
        file.take(LOOK_BYTES_MAX).read_to_end(&mut bytes)?;
        let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
        // The text may have been written by half.
        let keep = bytes.len().min(text.len().saturating_sub(1));
        self.searched += u64::try_from(bytes.len() - keep).unwrap_or(0);
        Ok(found)
    }

    /// Moves what is there to the older file and begins anew, once it is longer than that.
    pub(super) fn shorten(&mut self, bytes_max: u64) -> io::Result<()> {
        if fs::metadata(&self.path)?.len() <= bytes_max {
            return Ok(());
        }
        let older = older(&self.path);
        let mut from = File::open(&self.path)?;
        let len = from.metadata()?.len();
        // A flood between two looks must not fill the older file either.
        from.seek(SeekFrom::Start(len.saturating_sub(bytes_max)))?;
        let mut options = OpenOptions::new();
        let mut to = options.write(true).create(true).truncate(true).mode(0o600).open(older)?;
        io::copy(&mut from.take(bytes_max), &mut to)?;
        OpenOptions::new().write(true).open(&self.path)?.set_len(0)?;
        self.searched = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_line_is_found_once_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let mut output = Output::at(dir.path().join("a.log"));
        assert!(output.holds("ready").is_err(), "there is no file yet");
        let mut file = output.open().unwrap();
        for (written, found) in [("", false), ("loading\nrea", false), ("dy\n", true), ("x", false)]
        {
            file.write_all(written.as_bytes()).unwrap();
            assert_eq!(output.holds("ready").unwrap(), found, "{written}");
        }
    }

    #[test]
    fn the_output_stays_short_while_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut output = Output::at(dir.path().join("a.log"));
        let mut file = output.open().unwrap();
        for round in 0..10 {
            file.write_all(&[b'a' + round; 70]).unwrap();
            output.shorten(100).unwrap();
        }
        let now = fs::read(&output.path).unwrap();
        let before = fs::read(older(&output.path)).unwrap();
        assert!(now.len() <= 100 && before.len() <= 100, "{} {}", now.len(), before.len());
        assert_eq!(before.last(), Some(&b'j'), "the newest is kept");
        file.write_all(b"ready").unwrap();
        assert!(output.holds("ready").unwrap());
        assert_eq!(fs::read(&output.path).unwrap(), b"ready");
    }
}
