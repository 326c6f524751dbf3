//! A process, told apart from a later one with the same number.
//!
//! The operating system gives numbers out again. What it never repeats is a number together with the time of its
//! start and the boot that this time counts from.

use std::{fmt, fs, process::Command, str::FromStr};

use nix::unistd::Pid;

/// Which process it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pid: i32,
    started: String,
    boot: String,
}

/// What can be seen of a number.
#[derive(Debug, PartialEq, Eq)]
struct Sight {
    started: String,
    /// It ended, and its parent has not asked how.
    dead: bool,
}

impl Identity {
    /// The process that has this number now.
    pub(super) fn of(pid: i32) -> Option<Self> {
        let Sight { started, .. } = look(pid)?;
        Some(Self { pid, started, boot: boot() })
    }

    /// Its number.
    pub(super) const fn pid(&self) -> Pid {
        Pid::from_raw(self.pid)
    }

    /// Whether it lives.
    pub(super) fn is_alive(&self) -> bool {
        self.boot == boot()
            && look(self.pid).is_some_and(|sight| sight.started == self.started && !sight.dead)
    }

    /// Whether a group of processes under its number can only be its own: nobody else has the number, which is not
    /// given out while a group has it.
    pub(super) fn owns_group(&self) -> bool {
        self.boot == boot() && look(self.pid).is_none_or(|sight| sight.started == self.started)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|{}", self.pid, self.started, self.boot)
    }
}

impl FromStr for Identity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('|');
        let (Some(pid), Some(started), Some(boot), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        let pid = pid.parse().ok().filter(|pid| *pid > 1).ok_or(())?;
        Ok(Self { pid, started: started.to_owned(), boot: boot.to_owned() })
    }
}

fn look(pid: i32) -> Option<Sight> {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => from_stat(&stat),
        Err(_) if fs::exists("/proc/self/stat").unwrap_or(false) => None,
        // A system without /proc.
        Err(_) => ask_ps(pid),
    }
}

/// Reads `PID (NAME) STATE …`; the name may hold brackets itself. The start is the 22nd field.
fn from_stat(stat: &str) -> Option<Sight> {
    let (_, behind) = stat.rsplit_once(") ")?;
    let mut fields = behind.split(' ');
    let state = fields.next()?;
    Some(Sight { started: fields.nth(18)?.to_owned(), dead: state.starts_with(['Z', 'X']) })
}

fn ask_ps(pid: i32) -> Option<Sight> {
    let pid = pid.to_string();
    let output =
        Command::new("ps").args(["-o", "stat=", "-o", "lstart=", "-p", &pid]).output().ok()?;
    from_ps(&String::from_utf8_lossy(&output.stdout))
}

/// Reads `STATE DATE`.
fn from_ps(line: &str) -> Option<Sight> {
    let (state, started) = line.trim().split_once(char::is_whitespace)?;
    Some(Sight { started: started.trim().to_owned(), dead: state.starts_with(['Z', 'X']) })
}

/// What the time of a start counts from. A system that does not say it has starts in calendar time.
fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map(|id| id.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_number_start_and_boot() {
        let us = Identity::of(std::process::id().try_into().unwrap()).unwrap();
        assert!(us.is_alive() && us.owns_group());
        assert_eq!(us.to_string().parse(), Ok(us.clone()));
        let later = Identity { started: format!("{}0", us.started), ..us.clone() };
        assert!(!later.is_alive() && !later.owns_group());
        let rebooted = Identity { boot: "another".into(), ..us };
        assert!(!rebooted.is_alive() && !rebooted.owns_group());
    }

    #[test]
    fn a_child_that_ended_is_not_alive_although_it_has_its_number() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let child_is = Identity::of(child.id().try_into().unwrap()).unwrap();
        assert!(child_is.is_alive());
        child.kill().unwrap();
        while child_is.is_alive() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(!child_is.is_alive() && child_is.owns_group());
    }

    #[test]
    fn the_start_is_read_from_what_the_system_says() {
        let fields = "S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 83921 rest";
        for (name, dead) in [("sleep", false), ("a) Z (b", false)] {
            let sight = from_stat(&format!("7 ({name}) {fields}")).unwrap();
            assert_eq!(sight, Sight { started: "83921".into(), dead });
        }
        assert!(from_stat(&format!("7 (x) Z{}", &fields[1..])).unwrap().dead);
        assert_eq!(from_stat("garbage"), None);
        let sight = from_ps("Ss   Sun Nov 22 14:00:00 2026\n").unwrap();
        assert_eq!(sight, Sight { started: "Sun Nov 22 14:00:00 2026".into(), dead: false });
        assert_eq!(from_ps(""), None);
    }

    #[test]
    fn garbage_is_no_identity() {
        for text in ["", "7", "7|8", "x|8|b", "1|8|b", "-7|8|b", "7|8|b|9"] {
            assert_eq!(text.parse::<Identity>(), Err(()), "{text}");
        }
    }
}
