//! The state folder: a file for each server, its output beside it, and a lock that one orchestrator holds.
//!
//! A file is written whole beside the old one, flushed, and put in its place, so that a crash leaves the old or the
//! new state and never a part. A server's events stand in its own file: state and what is still to be told commit as
//! one.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::model::{Server, ServerId};

const SERVERS: &str = "servers";
const LOGS: &str = "logs";

/// The folder of one orchestrator, for as long as this lives.
#[derive(Debug)]
pub(super) struct Folder {
    servers: PathBuf,
    logs: PathBuf,
    _lock: File,
}

/// Why the folder can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderError {
    /// Another orchestrator has it.
    #[error("another orchestrator uses {}; give this one another state_dir", .0.display())]
    Taken(PathBuf),
    /// It can't be read or written.
    #[error("could not {doing} {}; make sure that this user may read and write there", path.display())]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What came of it.
        source: io::Error,
    },
}

impl Folder {
    /// Opens the folder, or makes it, and locks it.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub(super) fn open(root: &Path) -> Result<Self, FolderError> {
        let (servers, logs) = (root.join(SERVERS), root.join(LOGS));
        for path in [root, &servers, &logs] {
            // Passwords of servers stand in there.
            DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io("make", path))?;
        }
        let path = root.join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(&path).map_err(io("open", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { servers, logs, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Taken(root.to_owned())),
            Err(TryLockError::Error(source)) => Err(io("lock", &path)(source)),
        }
    }

    /// All servers. A file that can't be understood is put aside, with an error in the log: the others must go on.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub(super) fn load(&self) -> Result<Vec<Server>, FolderError> {
        let mut servers = Vec::new();
        for entry in fs::read_dir(&self.servers).map_err(io("read", &self.servers))? {
            let path = entry.map_err(io("read", &self.servers))?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("json") => {}
                // A crash came between writing and putting it in place.
                Some("new") => {
                    fs::remove_file(&path).map_err(io("remove", &path))?;
                    continue;
                }
                _ => continue,
            }
            let text = fs::read(&path).map_err(io("read", &path))?;
            match serde_json::from_slice(&text) {
                Ok(server) => servers.push(server),
                Err(error) => {
                    let aside = path.with_extension("bad");
                    tracing::error!(
                        file = %path.display(), aside = %aside.display(), %error,
                        "a server's file can't be understood and is put aside; end its process by hand"
                    );
                    fs::rename(&path, &aside).map_err(io("rename", &path))?;
                }
            }
        }
        Ok(servers)
    }

    /// Writes a server's state; it is on the disk when this returns.
    ///
    /// # Errors
    /// What the operating system says; then the old state stands.
    pub(super) fn save(&self, server: &Server) -> io::Result<()> {
        let (path, new) = (self.file(server.id, "json"), self.file(server.id, "new"));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(server)?)?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(&self.servers)?.sync_all()
    }

    /// Forgets a server and its output.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn remove(&self, id: ServerId) -> io::Result<()> {
        for path in [self.file(id, "json"), self.log(id), older(&self.log(id))] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Where a server's output goes.
    pub(super) fn log(&self, id: ServerId) -> PathBuf {
        self.logs.join(format!("{id}.log"))
    }

    fn file(&self, id: ServerId, extension: &str) -> PathBuf {
        self.servers.join(format!("{id}.{extension}"))
    }
}

/// Where the older half of an output is.
pub(super) fn older(log: &Path) -> PathBuf {
    log.with_extension("log.1")
}

fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError + use<> {
    let path = path.to_owned();
    move |source| FolderError::Io { doing, path, source }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::orchestrator::model::{
        Input,
        tests::{PATIENCE, server},
    };

    #[test]
    fn a_server_is_found_as_it_was_saved() {
        let dir = tempfile::tempdir().unwrap();
        let mut server = server();
        {
            let folder = Folder::open(dir.path()).unwrap();
            folder.save(&server).unwrap();
            server.take(
                Input::Refused { code: "x", message: "y".into() },
                server.order.at,
                &PATIENCE,
            );
            folder.save(&server).unwrap();
        }
        let folder = Folder::open(dir.path()).unwrap();
        assert_eq!(folder.load().unwrap(), [server.clone()]);
        folder.remove(server.id).unwrap();
        folder.remove(server.id).unwrap();
        assert_eq!(folder.load().unwrap(), []);
    }

    #[test]
    fn one_orchestrator_has_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::open(dir.path()).unwrap();
        let second = Folder::open(dir.path());
        assert!(matches!(second, Err(FolderError::Taken(_))), "{second:?}");
        drop(first);
        Folder::open(dir.path()).unwrap();
    }

    #[test]
    fn half_a_file_is_no_server_and_stops_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let server = server();
        folder.save(&server).unwrap();
        let beside = |name: &str| dir.path().join(SERVERS).join(name);
        fs::write(beside(&format!("{}.new", Uuid::nil())), "{\"id\":").unwrap();
        fs::write(beside("odd.json"), "{\"id\":").unwrap();
        assert_eq!(folder.load().unwrap(), [server]);
        assert!(!beside(&format!("{}.new", Uuid::nil())).exists());
        assert!(beside("odd.bad").exists());
    }

    #[test]
    fn a_folder_that_can_not_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Folder::open(&file.path().join("state")).unwrap_err();
        assert!(error.to_string().contains("could not make"), "{error}");
    }
}
