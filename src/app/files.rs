//! How many files the hub may have open: a connection is one, and the usual soft limit is far below what a hub holds.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::config::Settings;

/// File descriptors besides those of connections and the pool: listeners, locks, logs, the runtime's own.
const FILES_SPARE: u64 = 64;

/// How many files a hub with these settings may have open at one time.
pub fn wanted(settings: &Settings) -> u64 {
    u64::from(settings.hub.connections_max) + u64::from(settings.database.pool_size) + FILES_SPARE
}

/// Raises this process's soft limit as far as it is wanted and may be.
pub fn raise(settings: &Settings) {
    let wanted = wanted(settings);
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        let most = wanted.min(hard);
        if most > soft {
            setrlimit(Resource::RLIMIT_NOFILE, most, hard)?;
        }
        Ok(most.max(soft))
    });
    match raised {
        Ok(files) if files >= wanted => {}
        Ok(files) => tracing::warn!(
            files,
            wanted,
            "fewer files may be open than connections_max wants; raise the limit of open files"
        ),
        Err(error) => tracing::warn!(%error, wanted, "could not raise the limit of open files"),
    }
}
