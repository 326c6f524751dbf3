//! Where everything of the cluster lies.
//!
//! ```text
//! DATA_DIR/            the hub's; 0700, or 0711 when the server steps down to another user
//!   hub.lock           shared by every hub that uses the cluster
//!   start.lock         held by the one hub that starts, adopts or stops the server
//!   pg/                PGDATA, the server's
//!   init-PID/          a cluster in the making; becomes pg/ by one rename
//!   run/               the socket, the server's, 0700
//!   log/               start.log of the last start, postgres-Mon.log .. postgres-Sun.log
//! ```

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::ClusterError;
use super::run_as::RunAs;

/// The longest socket path. Linux takes 107 bytes, macOS 103; this leaves room for both.
pub(super) const SOCKET_PATH_BYTES_MAX: usize = 99;
/// The file PostgreSQL makes in the socket folder for port 5432.
pub(super) const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// The paths of one cluster, absolute and free of characters a shell would read.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) root: PathBuf,
    pub(super) pgdata: PathBuf,
    pub(super) log_dir: PathBuf,
    pub(super) socket_dir: PathBuf,
    pub(super) hub_lock: PathBuf,
    pub(super) start_lock: PathBuf,
}

impl Layout {
    /// Makes the data directory when it is missing and works out the paths.
    pub(super) fn prepare(data_dir: &Path) -> Result<Self, ClusterError> {
        // Folders on the way are made as the umask says; the data directory itself is private.
        if let Some(parent) = data_dir.parent() {
            fs::create_dir_all(parent).map_err(ClusterError::io("make", parent))?;
        }
        let made = make_dir(data_dir, 0o700)?;
        let root = fs::canonicalize(data_dir).map_err(ClusterError::io("resolve", data_dir))?;
        let root = usable(root)?;
        if made && nix::unistd::geteuid().is_root() {
            let through = Permissions::from_mode(0o711);
            fs::set_permissions(&root, through).map_err(ClusterError::io("open up", &root))?;
        }
        Ok(Self {
            pgdata: root.join("pg"),
            log_dir: root.join("log"),
            socket_dir: socket_dir(&root, &shared_place())?,
            hub_lock: root.join("hub.lock"),
            start_lock: root.join("start.lock"),
            root,
        })
    }

    /// Makes the server's folders and gives them to it. A socket folder outside the data
    /// directory stands where anybody may have put it first, so it is looked at, not trusted.
    pub(super) fn make_dirs(&self, run_as: &RunAs) -> Result<(), ClusterError> {
        for dir in [&self.log_dir, &self.socket_dir] {
            if make_dir(dir, 0o700)? {
                run_as.give(dir)?;
            }
        }
        let found = fs::symlink_metadata(&self.socket_dir)
            .map_err(ClusterError::io("read", &self.socket_dir))?;
        let private = found.permissions().mode() & 0o777 == 0o700;
        if found.is_dir() && private && run_as.owns(&found) {
            return Ok(());
        }
        let (path, user) = (self.socket_dir.clone(), run_as.name().to_owned());
        Err(ClusterError::SocketDirTaken { path, user })
    }

    /// The socket itself.
    pub(super) fn socket(&self) -> PathBuf {
        self.socket_dir.join(SOCKET_NAME)
    }
}

/// `run/`, or a folder in `place` named after the data directory when the path gets too long.
fn socket_dir(root: &Path, place: &Path) -> Result<PathBuf, ClusterError> {
    let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
    let name: String = hex::encode(digest).chars().take(16).collect();
    let fits = |dir: &Path| dir.join(SOCKET_NAME).as_os_str().len() <= SOCKET_PATH_BYTES_MAX;
    let (near, far) = (root.join("run"), place.join(format!("tollbell-{name}")));
    if fits(&near) {
        Ok(near)
    } else if fits(&far) {
        Ok(far)
    } else {
        let (path, limit) = (far.join(SOCKET_NAME), SOCKET_PATH_BYTES_MAX);
        Err(ClusterError::SocketPathTooLong { path, limit })
    }
}

/// Only root may write to `/run`. A session's own runtime folder is no choice: it goes away when
/// the user logs out, and the socket with it.
fn shared_place() -> PathBuf {
    let run = Path::new("/run");
    let place = if nix::unistd::geteuid().is_root() && run.is_dir() { "/run" } else { "/tmp" };
    PathBuf::from(place)
}

/// `pg_ctl` puts the paths into a shell command, between double quotes, and libpq splits the
/// folder of a socket at commas, however it is quoted.
fn usable(path: PathBuf) -> Result<PathBuf, ClusterError> {
    let refused = |c: char| matches!(c, '"' | '\'' | '\\' | '$' | '`' | ',') || c.is_control();
    match path.to_str() {
        Some(text) if !text.contains(refused) => Ok(path),
        Some(_) | None => Err(ClusterError::UnusablePath { path }),
    }
}

/// Makes one folder; false when it was there.
pub(super) fn make_dir(dir: &Path, mode: u32) -> Result<bool, ClusterError> {
    match DirBuilder::new().mode(mode).create(dir) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(ClusterError::io("make", dir)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_moves_the_socket_and_keeps_it_stable() {
        let root = PathBuf::from(format!("/srv/{}", "x".repeat(90)));
        let place = Path::new("/run");
        let first = socket_dir(&root, place).unwrap();
        assert!(first.starts_with("/run") && first.join(SOCKET_NAME).as_os_str().len() < 100);
        assert_eq!(first, socket_dir(&root, place).unwrap());
        assert_ne!(first, socket_dir(&root.join("y"), place).unwrap());
        assert_eq!(socket_dir(Path::new("/srv/a"), place).unwrap(), Path::new("/srv/a/run"));
        let error = socket_dir(&root, &root).unwrap_err().to_string();
        assert!(error.contains("shorter --data-dir"), "{error}");
    }

    #[test]
    fn the_longest_path_that_fits_stays_in_the_data_directory() {
        let room = SOCKET_PATH_BYTES_MAX - "/run/".len() - SOCKET_NAME.len() - 1;
        let (fits, over) = (format!("/{}", "x".repeat(room)), format!("/{}", "x".repeat(room + 1)));
        let near = socket_dir(Path::new(&fits), Path::new("/run")).unwrap();
        assert_eq!(near.join(SOCKET_NAME).as_os_str().len(), SOCKET_PATH_BYTES_MAX);
        assert!(socket_dir(Path::new(&over), Path::new("/run")).unwrap().starts_with("/run"));
    }

    #[test]
    fn a_path_that_a_shell_or_libpq_would_split_is_refused() {
        for bad in ["/a$(id)", "/a`id`", "/a\"b", "/a'b", "/a\\b", "/a\nb", "/a,b"] {
            assert!(usable(PathBuf::from(bad)).is_err(), "{bad}");
        }
        usable(PathBuf::from("/a b/ü")).unwrap();
    }

    #[test]
    fn a_socket_folder_others_can_enter_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut layout = Layout::prepare(dir.path()).unwrap();
        layout.socket_dir = dir.path().join("open");
        make_dir(&layout.socket_dir, 0o755).unwrap();
        let run_as = RunAs::choose(&layout.pgdata).unwrap();
        let error = layout.make_dirs(&run_as).unwrap_err().to_string();
        assert!(error.contains("not a private folder"), "{error}");
    }
}
