//! Where the position is kept between two runs of the application.

use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use crate::item::Position;

/// Keeps one position. Both calls run on a thread that may block.
///
/// A position is saved only after the application has come back for the item behind it, so that a crash repeats items
/// and never skips any. An application that must not see an item twice keeps [`crate::Events::position`] in the same
/// transaction as the item's effect, and gives it to [`crate::HubBuilder::since`].
pub trait PositionStore: Send + Sync + 'static {
    /// The position saved last, or none when there was never one.
    ///
    /// # Errors
    /// When it cannot be read; connecting fails then, for starting elsewhere would be a silent gap.
    fn load(&self) -> io::Result<Option<Position>>;

    /// Replaces the position. Called about every 5 s while events pass.
    ///
    /// # Errors
    /// When it cannot be written; the older position stays and the failure is logged.
    fn save(&self, position: &Position) -> io::Result<()>;
}

/// Keeps the position as long as the process lives.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Option<Position>>);

impl PositionStore for MemoryStore {
    fn load(&self) -> io::Result<Option<Position>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn save(&self, position: &Position) -> io::Result<()> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(position.clone());
        Ok(())
    }
}

/// Keeps the position in a small JSON file, replaced as a whole so that a crash leaves the old or the new one.
#[derive(Debug, Clone)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// Names the file. Its folder must exist; the file need not.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl PositionStore for FileStore {
    fn load(&self) -> io::Result<Option<Position>> {
        match std::fs::read(&self.path) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn save(&self, position: &Position) -> io::Result<()> {
        let mut fresh = self.path.clone().into_os_string();
        fresh.push(".new");
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec(position)?)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_the_last_position_and_refuses_nonsense() {
        let path = std::env::temp_dir().join(format!("tollbell-position-{}", std::process::id()));
        let store = FileStore::new(&path);
        assert_eq!(store.load().unwrap(), None);
        for seq in [7, 8] {
            store.save(&Position { epoch: "e7".into(), seq }).unwrap();
        }
        assert_eq!(store.load().unwrap(), Some(Position { epoch: "e7".into(), seq: 8 }));
        std::fs::write(&path, "{").unwrap();
        assert_eq!(store.load().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        std::fs::remove_file(&path).unwrap();
    }
}
