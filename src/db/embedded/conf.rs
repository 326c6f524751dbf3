//! The server's settings, written to `pg/tollbell.conf` at each start.
//!
//! `postgresql.conf` includes the file at its end, so ours win over it; an operator's
//! `alter system` (`postgresql.auto.conf`) wins over ours.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::error::ClusterError;
use super::layout::Layout;
use super::run_as::RunAs;

const MIB: u64 = 1024 * 1024;
/// The most the server takes for its page cache; more gains nothing at the hub's working set.
const SHARED_BUFFERS_MIB_MAX: u64 = 2048;
/// The least, and what a cluster without durability (tests) gets.
const SHARED_BUFFERS_MIB_MIN: u64 = 128;
/// Taken as the machine's memory when it cannot be read.
const MEMORY_MIB_ASSUMED: u64 = 2048;
/// A smaller `/dev/shm` (64 MiB in containers) fails parallel queries.
const SHM_MIB_MIN: u64 = 256;
const FILE: &str = "tollbell.conf";
const INCLUDE: &str = "include_if_exists 'tollbell.conf'";

/// Writes the settings of the start that follows.
pub(super) fn write(layout: &Layout, run_as: &RunAs, durable: bool) -> Result<(), ClusterError> {
    let machine = Machine::look();
    let text = render(&layout.socket_dir, &layout.log_dir, durable, machine);
    replace(&layout.pgdata.join(FILE), &text, run_as)?;
    let main = layout.pgdata.join("postgresql.conf");
    let current = fs::read_to_string(&main).map_err(ClusterError::io("read", &main))?;
    if current.lines().any(|line| line == INCLUDE) {
        return Ok(());
    }
    replace(&main, &format!("{current}\n{INCLUDE}\n"), run_as)
}

/// What the settings depend on.
#[derive(Debug, Clone, Copy)]
struct Machine {
    memory_mib: u64,
    shm_is_small: bool,
}

impl Machine {
    fn look() -> Self {
        let installed = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_mib(&text));
        let memory_mib = installed.unwrap_or(MEMORY_MIB_ASSUMED).min(cgroup_mib());
        Self { memory_mib, shm_is_small: shm_mib().is_some_and(|size| size < SHM_MIB_MIN) }
    }
}

fn render(socket_dir: &Path, log_dir: &Path, durable: bool, machine: Machine) -> String {
    let shared_mib = if durable {
        (machine.memory_mib / 4).clamp(SHARED_BUFFERS_MIB_MIN, SHARED_BUFFERS_MIB_MAX)
    } else {
        SHARED_BUFFERS_MIB_MIN
    };
    let shared_buffers = format!("{shared_mib}MB");
    // A list, in which a bare name would lose its capitals and end at a blank.
    let sockets = format!("\"{}\"", socket_dir.display());
    let logs = log_dir.display().to_string();
    let mut settings = vec![
        ("listen_addresses", ""),
        ("port", "5432"),
        ("unix_socket_directories", &sockets),
        ("unix_socket_permissions", "0700"),
        ("max_connections", "100"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("timezone", "UTC"),
        ("shared_buffers", &shared_buffers),
        ("synchronous_commit", "on"),
        ("max_wal_size", "4GB"),
        ("wal_compression", "on"),
        // A week of logs, one file a weekday, without statements: they carry what users wrote.
        ("logging_collector", "on"),
        ("log_directory", &logs),
        ("log_filename", "postgres-%a.log"),
        ("log_rotation_age", "1d"),
        ("log_rotation_size", "0"),
        ("log_truncate_on_rotation", "on"),
        ("log_timezone", "UTC"),
        ("log_checkpoints", "off"),
        ("log_min_error_statement", "panic"),
    ];
    if cfg!(target_os = "linux") {
        settings.push(("recovery_init_sync_method", "syncfs"));
    }
    if machine.shm_is_small {
        settings.push(("dynamic_shared_memory_type", "mmap"));
    }
    if !durable {
        settings.extend([("fsync", "off"), ("full_page_writes", "off")]);
    }
    let mut text =
        "# written at each start; use `alter system` for settings of your own\n".to_owned();
    for (name, value) in settings {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name} = '{value}'");
    }
    text
}

/// Replaces a file of the server's in one step, so that a crash leaves the old or the new one.
fn replace(path: &Path, text: &str, run_as: &RunAs) -> Result<(), ClusterError> {
    let fresh = path.with_extension("conf.new");
    fs::write(&fresh, text).map_err(ClusterError::io("write", &fresh))?;
    run_as.give(&fresh)?;
    fs::rename(&fresh, path).map_err(ClusterError::io("replace", path))
}

fn total_mib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

/// The tightest memory limit of this process' control groups (v2); without one, no limit.
fn cgroup_mib() -> u64 {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    let limit = |group: &Path| -> Option<u64> {
        let file = Path::new("/sys/fs/cgroup").join(group).join("memory.max");
        fs::read_to_string(file).ok()?.trim().parse().ok()
    };
    Path::new(own).ancestors().filter_map(limit).min().map_or(u64::MAX, |bytes| bytes / MIB)
}

#[cfg(target_os = "linux")]
fn shm_mib() -> Option<u64> {
    let shm = nix::sys::statvfs::statvfs("/dev/shm").ok()?;
    Some(shm.blocks().saturating_mul(shm.fragment_size()) / MIB)
}

/// Elsewhere shared memory is no file system and has no such limit.
#[cfg(not(target_os = "linux"))]
fn shm_mib() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(durable: bool, memory_mib: u64, shm_is_small: bool) -> String {
        let machine = Machine { memory_mib, shm_is_small };
        render(Path::new("/data old/run"), Path::new("/data old/log"), durable, machine)
    }

    #[test]
    fn shared_buffers_is_a_quarter_of_the_memory_within_bounds() {
        for (durable, memory, expected) in [
            (true, 256, "128MB"),
            (true, 4096, "1024MB"),
            (true, 65_536, "2048MB"),
            (false, 65_536, "128MB"),
        ] {
            let line = format!("shared_buffers = '{expected}'\n");
            assert!(rendered(durable, memory, false).contains(&line), "{memory}");
        }
    }

    #[test]
    fn only_tests_give_up_durability() {
        assert!(rendered(false, 4096, false).contains("fsync = 'off'"));
        let durable = rendered(true, 4096, false);
        assert!(!durable.contains("fsync =") && durable.contains("synchronous_commit = 'on'"));
        assert!(durable.contains("unix_socket_directories = '\"/data old/run\"'"));
        assert!(!durable.contains("mmap") && rendered(true, 4096, true).contains("mmap"));
    }

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        assert_eq!(total_mib("MemTotal:       25165824 kB\nMemFree: 1 kB\n"), Some(24_576));
        assert_eq!(total_mib("nothing"), None);
    }
}
