//! Finds the PostgreSQL programs that are installed.
//!
//! `TOLLBELL_PG_BIN` decides alone when it is set. Otherwise `pg_config --bindir`, the `PATH`, and
//! the folders of Debian, RPM, Alpine, Homebrew and Postgres.app are looked at, in this order. The
//! highest supported major wins, the earlier place among equals; an existing cluster takes only
//! its own major. Programs are asked as the server's user: what it cannot run does not count.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ClusterSettings;
use super::error::ClusterError;
use super::run_as::RunAs;

/// The first major version the hub works with.
const MAJOR_MIN: u32 = 15;
/// The last major version the hub works with.
const MAJOR_MAX: u32 = 18;
/// What a folder must hold.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];
/// How long a program may take to say its version.
const VERSION_WAIT: Duration = Duration::from_secs(10);
/// Folders in which each entry that starts with the prefix is an installation: parent, prefix,
/// and where in the entry the programs are.
const LAYOUTS: [(&str, &str, &str); 7] = [
    ("usr/lib/postgresql", "", "bin"),
    ("usr", "pgsql-", "bin"),
    ("usr/libexec", "postgresql", ""),
    ("opt/homebrew/opt", "postgresql@", "bin"),
    ("usr/local/opt", "postgresql@", "bin"),
    ("home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
    ("Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// One installation of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    dir: PathBuf,
    /// Its major version, 15 to 18.
    pub(super) major: u32,
}

impl Binaries {
    /// Finds the installation to use; `pinned` is the major of an existing cluster.
    pub(super) async fn find(
        settings: &ClusterSettings,
        run_as: &RunAs,
        pgdata: &Path,
        pinned: Option<u32>,
    ) -> Result<Self, ClusterError> {
        let installed = match &settings.bin_dir {
            Some(dir) => vec![named(dir, run_as).await?],
            None => survey(settings, run_as).await,
        };
        pick(installed, pgdata, pinned)
    }

    /// The program that makes a cluster.
    pub(super) fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    /// The program that starts and stops a server.
    pub(super) fn pg_ctl(&self) -> PathBuf {
        self.dir.join("pg_ctl")
    }
}

/// Every installation outside `TOLLBELL_PG_BIN`, also those of an unsupported major.
async fn survey(settings: &ClusterSettings, run_as: &RunAs) -> Vec<Binaries> {
    let mut dirs = Vec::new();
    let path = settings.path.clone().unwrap_or_default();
    dirs.extend(pg_config_dir(&path, run_as).await);
    dirs.extend(std::env::split_paths(&path).filter(|dir| dir.is_absolute()));
    dirs.extend(known_dirs(Path::new("/")));
    let mut installed: Vec<Binaries> = Vec::new();
    for dir in dirs {
        let seen = installed.iter().any(|known| known.dir == dir);
        if let (false, Ok(binaries)) = (seen, ask(&dir, run_as).await) {
            installed.push(binaries);
        }
    }
    installed
}

async fn named(dir: &Path, run_as: &RunAs) -> Result<Binaries, ClusterError> {
    let refuse = |reason: String| ClusterError::BinDir { dir: dir.to_path_buf(), reason };
    if !dir.is_absolute() {
        return Err(refuse("the path is not absolute".to_owned()));
    }
    let binaries = ask(dir, run_as).await.map_err(refuse)?;
    if supported(binaries.major) {
        Ok(binaries)
    } else {
        Err(refuse(format!("it holds PostgreSQL {}", binaries.major)))
    }
}

/// The installation in a folder, or why there is none.
async fn ask(dir: &Path, run_as: &RunAs) -> Result<Binaries, String> {
    if let Some(missing) = PROGRAMS.into_iter().find(|program| !dir.join(program).is_file()) {
        return Err(format!("it holds no {missing}"));
    }
    let postgres = dir.join("postgres");
    let output = run_as
        .run(&postgres, |command| command.arg("--version"), VERSION_WAIT)
        .await
        .map_err(|error| format!("user {} cannot run its postgres: {error}", run_as.name()))?;
    let words = String::from_utf8_lossy(&output.stdout);
    let major = major_of(&words).ok_or_else(|| {
        format!("its postgres tells no version: {}", String::from_utf8_lossy(&output.stderr).trim())
    })?;
    Ok(Binaries { dir: dir.to_path_buf(), major })
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`; betas are `18beta1`.
fn major_of(words: &str) -> Option<u32> {
    let version = words.strip_prefix("postgres (PostgreSQL) ")?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn pick(
    installed: Vec<Binaries>,
    pgdata: &Path,
    pinned: Option<u32>,
) -> Result<Binaries, ClusterError> {
    let found = match installed.iter().map(|one| one.major.to_string()).collect::<Vec<_>>() {
        none if none.is_empty() => "none".to_owned(),
        majors => majors.join(", "),
    };
    let wanted = |one: &Binaries| supported(one.major) && pinned.is_none_or(|pin| pin == one.major);
    // `max_by_key` keeps the last among equals, and the earlier place shall win.
    let best = installed.into_iter().rev().filter(wanted).max_by_key(|one| one.major);
    match (best, pinned) {
        (Some(best), _) => Ok(best),
        (None, Some(pinned)) => {
            Err(ClusterError::MajorMissing { pgdata: pgdata.to_path_buf(), pinned, found })
        }
        (None, None) => {
            let searched =
                format!("looked at pg_config, PATH and the usual folders, found {found}");
            Err(ClusterError::NoBinaries { searched, install: install_line() })
        }
    }
}

fn supported(major: u32) -> bool {
    (MAJOR_MIN..=MAJOR_MAX).contains(&major)
}

async fn pg_config_dir(path: &OsString, run_as: &RunAs) -> Option<PathBuf> {
    let program = std::env::split_paths(path)
        .map(|dir| dir.join("pg_config"))
        .find(|program| program.is_absolute() && program.is_file())?;
    let output =
        run_as.run(&program, |command| command.arg("--bindir"), VERSION_WAIT).await.ok()?;
    let dir = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
    dir.is_absolute().then_some(dir)
}

fn known_dirs(root: &Path) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    for (parent, prefix, inner) in LAYOUTS {
        // A parent that cannot be read is an operating system that has it elsewhere.
        let Ok(entries) = fs::read_dir(root.join(parent)) else { continue };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                dirs.push(entry.path().join(inner));
            }
        }
    }
    dirs.sort();
    dirs
}

fn install_line() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    install_command(std::env::consts::OS, &release).to_owned()
}

/// The install command for an operating system, by the `ID` and `ID_LIKE` of its `os-release`.
fn install_command(os: &str, release: &str) -> &'static str {
    let ids: Vec<&str> = release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split(' '))
        .collect();
    let like = |names: &[&str]| ids.iter().any(|id| names.contains(id));
    match os {
        "macos" => "brew install postgresql@17",
        "freebsd" => "pkg install postgresql17-server",
        _ if like(&["debian", "ubuntu"]) => "apt-get install postgresql",
        _ if like(&["fedora", "rhel", "centos"]) => "dnf install postgresql-server",
        _ if like(&["alpine"]) => "apk add postgresql17",
        _ if like(&["arch"]) => "pacman -S postgresql",
        _ if like(&["suse", "opensuse"]) => "zypper install postgresql-server",
        _ => "the package postgresql-server of your system",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(places: &[(&str, u32)]) -> Vec<Binaries> {
        places.iter().map(|(dir, major)| Binaries { dir: dir.into(), major: *major }).collect()
    }

    #[test]
    fn the_version_is_read_from_what_postgres_says() {
        for (words, major) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1\n", Some(18)),
            ("postgres (PostgreSQL) 9.6.24\n", Some(9)),
            ("mysqld 8.0\n", None),
            ("", None),
        ] {
            assert_eq!(major_of(words), major, "{words}");
        }
    }

    #[test]
    fn the_highest_supported_major_wins_unless_one_is_pinned() {
        let all = installed(&[("/a", 16), ("/b", 17), ("/c", 17), ("/d", 14), ("/e", 19)]);
        let check = |pinned, expected: &str| {
            let text = match pick(all.clone(), Path::new("/data/pg"), pinned) {
                Ok(best) => best.dir.display().to_string(),
                Err(error) => error.to_string(),
            };
            assert!(text.contains(expected), "{pinned:?}: {text}");
        };
        check(None, "/b");
        check(Some(16), "/a");
        check(Some(15), "made by PostgreSQL 15 and only 16, 17, 17, 14, 19 is installed");
        check(Some(14), "made by PostgreSQL 14");
    }

    #[test]
    fn no_binaries_names_the_install_command() {
        let error = pick(Vec::new(), Path::new("/data/pg"), None).unwrap_err().to_string();
        assert!(error.contains(&install_line()) && error.contains("DATABASE_URL"), "{error}");
        for (os, release, command) in [
            ("linux", "ID=debian\n", "apt-get install postgresql"),
            ("linux", "ID=pop\nID_LIKE=\"ubuntu debian\"\n", "apt-get install postgresql"),
            ("linux", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf install"),
            ("linux", "ID=alpine\n", "apk add"),
            ("linux", "", "the package postgresql-server"),
            ("macos", "", "brew install"),
        ] {
            assert!(install_command(os, release).starts_with(command), "{os} {release}");
        }
    }

    #[test]
    fn the_layouts_of_distributions_are_walked() {
        let root = tempfile::tempdir().unwrap();
        for dir in ["usr/lib/postgresql/16/bin", "usr/pgsql-17/bin", "usr/libexec/postgresql15"] {
            fs::create_dir_all(root.path().join(dir)).unwrap();
        }
        let found: Vec<_> = known_dirs(root.path())
            .into_iter()
            .map(|dir| dir.strip_prefix(root.path()).unwrap().to_path_buf())
            .collect();
        assert_eq!(
            found,
            ["usr/lib/postgresql/16/bin", "usr/libexec/postgresql15/", "usr/pgsql-17/bin"]
                .map(PathBuf::from)
        );
    }

    #[tokio::test]
    async fn a_named_folder_without_the_programs_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let run_as = RunAs::choose(&dir.path().join("pg")).unwrap();
        let error = named(dir.path(), &run_as).await.unwrap_err().to_string();
        assert!(error.contains("it holds no initdb"), "{error}");
        let error = named(Path::new("bin"), &run_as).await.unwrap_err().to_string();
        assert!(error.contains("not absolute"), "{error}");
    }
}
