//! Makes a cluster, once.
//!
//! `initdb` works in `init-PID/`, which becomes `pg/` by one rename: whatever interrupts it, `pg/`
//! is a whole cluster or is not there. The next start deletes what was left half made.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use super::error::ClusterError;
use super::find::Binaries;
use super::layout::{Layout, make_dir};
use super::run_as::RunAs;

/// How long `initdb` may take; about a second on an idle disk.
const INIT_WAIT: Duration = Duration::from_mins(3);
const HALF_MADE: &str = "init-";

/// The major version of the cluster in `pgdata`, or `None` when there is no cluster yet.
pub(super) fn pinned_major(pgdata: &Path) -> Result<Option<u32>, ClusterError> {
    let file = pgdata.join("PG_VERSION");
    match fs::read_to_string(&file) {
        Ok(text) => match text.trim().parse() {
            Ok(major) => Ok(Some(major)),
            Err(_) => Err(ClusterError::NotACluster { pgdata: pgdata.to_path_buf() }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if is_empty(pgdata)? {
                Ok(None)
            } else {
                Err(ClusterError::NotACluster { pgdata: pgdata.to_path_buf() })
            }
        }
        Err(error) => Err(ClusterError::io("read", &file)(error)),
    }
}

/// Makes the cluster in `pg/`, which must be missing or empty. The caller holds the start lock.
pub(super) async fn make(
    layout: &Layout,
    binaries: &Binaries,
    run_as: &RunAs,
    durable: bool,
) -> Result<(), ClusterError> {
    remove_half_made(&layout.root)?;
    let fresh = layout.root.join(format!("{HALF_MADE}{}", std::process::id()));
    make_dir(&fresh, 0o700)?;
    run_as.give(&fresh)?;
    initdb(&fresh, layout, binaries, run_as, durable).await?;
    fs::rename(&fresh, &layout.pgdata).map_err(ClusterError::io("name the new cluster", &fresh))?;
    // The rename itself must survive a power cut, or the cluster would come back as a leftover.
    let root = File::open(&layout.root).map_err(ClusterError::io("open", &layout.root))?;
    root.sync_all().map_err(ClusterError::io("flush", &layout.root))
}

async fn initdb(
    fresh: &Path,
    layout: &Layout,
    binaries: &Binaries,
    run_as: &RunAs,
    durable: bool,
) -> Result<(), ClusterError> {
    let program = binaries.initdb();
    let flags = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--data-checksums"];
    let output = run_as
        .run(
            &program,
            |command| {
                command.args(flags).args((!durable).then_some("--no-sync"));
                command.arg("--no-instructions").arg("-D").arg(fresh)
            },
            INIT_WAIT,
        )
        .await
        .map_err(ClusterError::io("run", &program))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let path = layout.root.clone();
    Err(ClusterError::from_words(&path, run_as.name(), &words)
        .unwrap_or(ClusterError::Init { path, log: words }))
}

fn remove_half_made(root: &Path) -> Result<(), ClusterError> {
    for entry in fs::read_dir(root).map_err(ClusterError::io("read", root))? {
        let entry = entry.map_err(ClusterError::io("read", root))?;
        if entry.file_name().to_string_lossy().starts_with(HALF_MADE) {
            let path = entry.path();
            fs::remove_dir_all(&path).map_err(ClusterError::io("remove half made", &path))?;
        }
    }
    Ok(())
}

fn is_empty(dir: &Path) -> Result<bool, ClusterError> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(ClusterError::io("read", dir)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_cluster_pins_its_major() {
        let root = tempfile::tempdir().unwrap();
        let pgdata = root.path().join("pg");
        assert_eq!(pinned_major(&pgdata).unwrap(), None);
        fs::create_dir(&pgdata).unwrap();
        assert_eq!(pinned_major(&pgdata).unwrap(), None, "an empty folder may become one");
        fs::write(pgdata.join("postgresql.conf"), "").unwrap();
        let error = pinned_major(&pgdata).unwrap_err().to_string();
        assert!(error.contains("move it away"), "{error}");
        fs::write(pgdata.join("PG_VERSION"), "16\n").unwrap();
        assert_eq!(pinned_major(&pgdata).unwrap(), Some(16));
        fs::write(pgdata.join("PG_VERSION"), "").unwrap();
        assert!(pinned_major(&pgdata).is_err());
    }
}
