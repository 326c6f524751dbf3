//! Reads `postmaster.pid` and tells a running postmaster from a leftover.
//!
//! PostgreSQL removes a leftover by itself when its pid is free. It cannot when the pid is taken
//! by something else of the same user: a zombie nobody reaps (the hub is process 1 of a
//! container), or a thread of the hub after a container came back with the same small pids.

use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// Who holds `postmaster.pid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// There is no file, or its process is gone: PostgreSQL deals with it.
    Nobody,
    /// A running postmaster.
    Postmaster(i32),
    /// The postmaster died and nobody has reaped it.
    Zombie(i32),
    /// The pid was taken by another program.
    Stranger(i32),
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nobody => f.write_str("no process holds it"),
            Self::Postmaster(pid) => write!(f, "pid {pid} holds it"),
            Self::Zombie(pid) => write!(f, "pid {pid} is dead and not reaped"),
            Self::Stranger(pid) => write!(f, "pid {pid} is another program"),
        }
    }
}

/// Looks at the pid file of a cluster.
pub(super) fn holder(pgdata: &Path) -> Holder {
    let text = fs::read_to_string(pgdata.join("postmaster.pid")).unwrap_or_default();
    // A negative number is a single backend that maintains the cluster by hand: as good as one.
    match text.lines().next().and_then(|line| line.trim().trim_start_matches('-').parse().ok()) {
        Some(pid) => identify(pid),
        None => Holder::Nobody,
    }
}

/// Deletes the lock files a dead postmaster left. The caller has made sure that it is dead.
pub(super) fn clear(pgdata: &Path, socket: &Path) {
    let mut socket_lock = socket.as_os_str().to_owned();
    socket_lock.push(".lock");
    for file in [&pgdata.join("postmaster.pid"), Path::new(&socket_lock)] {
        // What cannot be deleted makes the start fail with PostgreSQL's own, better message.
        let _ = fs::remove_file(file);
    }
}

fn identify(pid: i32) -> Holder {
    if kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH) {
        return Holder::Nobody;
    }
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => from_stat(pid, &stat),
        // Without /proc there is no more to learn.
        Err(_) => Holder::Postmaster(pid),
    }
}

/// Reads `PID (NAME) STATE ...`; the name may hold brackets itself.
fn from_stat(pid: i32, stat: &str) -> Holder {
    let named = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(") "));
    match named {
        Some((name, state)) if name == "postgres" || name == "postmaster" => {
            if state.starts_with(['Z', 'X']) {
                Holder::Zombie(pid)
            } else {
                Holder::Postmaster(pid)
            }
        }
        Some(_) => Holder::Stranger(pid),
        None => Holder::Postmaster(pid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_a_process_is_read_from_its_stat_line() {
        for (stat, expected) in [
            ("7 (postgres) S 1 7 7", Holder::Postmaster(7)),
            ("7 (postgres) Z 1 7 7", Holder::Zombie(7)),
            ("7 (tokio-rt (x) y) S 1 7 7", Holder::Stranger(7)),
            ("garbage", Holder::Postmaster(7)),
        ] {
            assert_eq!(from_stat(7, stat), expected, "{stat}");
        }
    }

    #[test]
    fn a_pid_file_is_judged_by_its_process() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(holder(dir.path()), Holder::Nobody);
        let us = std::process::id();
        fs::write(dir.path().join("postmaster.pid"), format!("{us}\n/data\n")).unwrap();
        assert_eq!(holder(dir.path()), Holder::Stranger(i32::try_from(us).unwrap()));
        fs::write(dir.path().join("postmaster.pid"), "").unwrap();
        assert_eq!(holder(dir.path()), Holder::Nobody);
    }
}
