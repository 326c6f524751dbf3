//! Everything that can go wrong with the private cluster, each with its cause and its cure.
//!
//! An operator meets these texts on a machine where nothing else runs yet, so a message is a
//! whole answer: what was attempted, what stood in the way, which command removes it.

use std::io;
use std::path::{Path, PathBuf};

/// Why the private cluster could not be opened, revived or closed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No usable PostgreSQL is installed.
    #[error(
        "find PostgreSQL 15 to 18 (initdb, pg_ctl and postgres in one folder; {searched}): \
         install it with `{install}`, name its folder in TOLLBELL_PG_BIN, or set DATABASE_URL"
    )]
    NoBinaries {
        /// What was looked at, and which unusable versions were met.
        searched: String,
        /// The install command of this operating system.
        install: String,
    },
    /// `TOLLBELL_PG_BIN` names a folder that cannot be used.
    #[error(
        "use the PostgreSQL of TOLLBELL_PG_BIN={}: {reason}: point it at the folder that holds \
         initdb, pg_ctl and postgres of PostgreSQL 15 to 18, or unset it",
        dir.display()
    )]
    BinDir {
        /// The folder named.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The data directory belongs to a major version that is not installed.
    #[error(
        "open {}: it was made by PostgreSQL {pinned} and only {found} is installed: install \
         PostgreSQL {pinned} beside it, or dump with the old version and restore with the new one",
        pgdata.display()
    )]
    MajorMissing {
        /// The PGDATA folder.
        pgdata: PathBuf,
        /// Its major version.
        pinned: u32,
        /// The majors that are installed, or "none".
        found: String,
    },
    /// `pg/` holds something that is not a whole cluster.
    #[error(
        "open {}: it is not empty and has no readable PG_VERSION, so it is not a cluster: move it \
         away, or choose another --data-dir",
        pgdata.display()
    )]
    NotACluster {
        /// The PGDATA folder.
        pgdata: PathBuf,
    },
    /// The path cannot be handed to `pg_ctl`, which passes it through a shell, or to libpq.
    #[error(
        "use {} as data directory: quotes, commas, backslashes, $, backticks, newlines and bytes \
         that are no UTF-8 cannot be handed to pg_ctl and psql: choose another --data-dir",
        path.display()
    )]
    UnusablePath {
        /// The data directory.
        path: PathBuf,
    },
    /// The server's user cannot walk down to the data directory.
    #[error(
        "reach {} as user {user}: {} does not let that user through: `chmod o+x {}`, or choose \
         another --data-dir", target.display(), parent.display(), parent.display()
    )]
    Unreachable {
        /// Where the server has to get.
        target: PathBuf,
        /// The first folder on the way that is closed.
        parent: PathBuf,
        /// The user the server runs as.
        user: String,
    },
    /// A folder belongs to a user the server cannot run as.
    #[error(
        "use {}: it belongs to uid {owner}, the server would run as {user}, and PostgreSQL insists \
         on its own: `{cure}`", path.display()
    )]
    WrongOwner {
        /// The folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The user the server runs as.
        user: String,
        /// The command that cures it.
        cure: String,
    },
    /// Root has no unprivileged user to run the server as.
    #[error(
        "choose a user for PostgreSQL, which refuses to run as root: there is neither `postgres` \
         nor `nobody` on this machine: create one with `useradd --system postgres`, or start the \
         hub as an ordinary user"
    )]
    NoServerUser,
    /// The data directory, and the place where its socket would go instead, are both too long.
    #[error(
        "place the socket at {}: the path has more than {limit} bytes, the most a unix socket \
         allows: choose a shorter --data-dir", path.display()
    )]
    SocketPathTooLong {
        /// The socket's path.
        path: PathBuf,
        /// The limit in bytes.
        limit: usize,
    },
    /// The socket folder in a shared place is not ours alone.
    #[error(
        "use the socket folder {}: it is not a private folder (0700) of {user}: remove it, or \
         choose a shorter --data-dir so that it is not needed", path.display()
    )]
    SocketDirTaken {
        /// The folder.
        path: PathBuf,
        /// The user it must belong to.
        user: String,
    },
    /// The disk is full.
    #[error(
        "write to {}: no space is left on the device: free some and start again\n{log}",
        path.display()
    )]
    DiskFull {
        /// The data directory.
        path: PathBuf,
        /// What PostgreSQL said.
        log: String,
    },
    /// The server's user may not read or write something.
    #[error(
        "run PostgreSQL on {} as {user}: permission denied: make the folder and everything in it \
         belong to {user}\n{log}", path.display()
    )]
    Permission {
        /// The data directory.
        path: PathBuf,
        /// The user the server runs as.
        user: String,
        /// What PostgreSQL said.
        log: String,
    },
    /// The cluster uses a locale this machine lacks.
    #[error(
        "start the cluster in {}: it was made with a locale this machine does not have: install \
         that locale (`localedef`, or the package `locales`), or move the folder away; clusters \
         that the hub makes use the locale C\n{log}", path.display()
    )]
    Locale {
        /// The data directory.
        path: PathBuf,
        /// What PostgreSQL said.
        log: String,
    },
    /// `initdb` failed for another reason.
    #[error(
        "make a cluster in {} with initdb: it refused; nothing was kept, so cure what it names \
         and start again\n{log}", path.display()
    )]
    Init {
        /// The data directory.
        path: PathBuf,
        /// What initdb said.
        log: String,
    },
    /// The server did not come up and said why.
    #[error(
        "start PostgreSQL in {}: it gave up; cure what its last lines name\n{log}",
        path.display()
    )]
    Start {
        /// The data directory.
        path: PathBuf,
        /// The last lines of its log.
        log: String,
    },
    /// The server neither answers nor lets another one start.
    #[error(
        "wait for PostgreSQL in {}: it did not answer within {seconds} s ({holder}): a recovery \
         may still be running, so start again later; if it hangs, end it with `kill -INT` and \
         that pid\n{log}", path.display()
    )]
    StartTimeout {
        /// The data directory.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
        /// Who holds `postmaster.pid`.
        holder: String,
        /// The last lines of its log.
        log: String,
    },
    /// The server did not go down.
    #[error(
        "stop PostgreSQL in {} within {seconds} s: it is still busy and will finish by itself; the \
         next start finds it as it is\n{log}", path.display()
    )]
    StopTimeout {
        /// The data directory.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
        /// What `pg_ctl` said.
        log: String,
    },
    /// Another hub has been starting or stopping the server for too long.
    #[error(
        "lock {}: another hub has been starting or stopping this cluster for {seconds} s: wait \
         for it or end it; a hub that is dead holds no lock", path.display()
    )]
    LockTimeout {
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// The server lives and refuses the connection.
    #[error(
        "connect to PostgreSQL on {}: it runs but refuses: too many connections are ended by \
         closing other hubs and psql sessions; a missing role or database means that this is not \
         a cluster of the hub", socket_dir.display()
    )]
    Refused {
        /// The socket folder.
        socket_dir: PathBuf,
        /// What it answered.
        #[source]
        source: sqlx::Error,
    },
    /// A file operation failed.
    #[error(
        "{action} {}: check that this user may do so and that the disk is sound", path.display()
    )]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl ClusterError {
    /// For `map_err` on a file operation: a full disk gets its own message.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull => Self::DiskFull { path, log: source.to_string() },
            _ => Self::Io { action, path, source },
        }
    }

    /// The causes that `initdb` and `postgres` report in words. They speak English here because
    /// they run with `LC_ALL=C`. `None` when the words name none of them.
    pub(super) fn from_words(path: &Path, user: &str, words: &str) -> Option<Self> {
        let (path, log) = (path.to_path_buf(), words.to_owned());
        if words.contains("No space left on device") {
            Some(Self::DiskFull { path, log })
        } else if words.contains("Permission denied") {
            Some(Self::Permission { path, user: user.to_owned(), log })
        } else if words.contains("locale") || words.contains("invalid value for parameter \"lc_") {
            Some(Self::Locale { path, log })
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_postgres_become_causes() {
        let check = |words: &str, expected: &str| {
            let error = ClusterError::from_words(Path::new("/data"), "postgres", words);
            let text = error.map_or("none".to_owned(), |error| error.to_string());
            assert!(text.contains(expected), "{words}: {text}");
        };
        check("FATAL: could not write to file: No space left on device", "free some");
        check("initdb: error: could not access directory: Permission denied", "belong to postgres");
        check("FATAL: invalid value for parameter \"lc_messages\": \"de_DE\"", "install that");
        check("FATAL: database locale is incompatible with operating system", "install that");
        check("FATAL: could not create shared memory segment", "none");
    }

    #[test]
    fn a_full_disk_is_recognised_by_its_kind() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = ClusterError::io("write", Path::new("/data/x"))(full);
        assert!(matches!(error, ClusterError::DiskFull { .. }));
    }
}
