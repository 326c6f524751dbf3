//! Whose processes the server's are.
//!
//! PostgreSQL refuses root. A hub that is root runs it as the owner of an existing cluster, else
//! as `postgres`, else as `nobody`; it creates no user and never changes the owner of a cluster
//! that exists. Any other hub runs it as itself.
//!
//! Children get an empty environment but for `LC_ALL=C`: the hub's secrets do not belong into a
//! process that other programs of that user may inspect, and no `PG*` variable may redirect it.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use nix::unistd::{Uid, User, geteuid};
use tokio::process::Command;

use super::error::ClusterError;

/// The user the server's processes run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RunAs {
    /// The hub's own user.
    Ourselves {
        /// Its name or number, for messages.
        name: String,
    },
    /// The hub is root and steps down.
    Other {
        /// User id.
        uid: u32,
        /// Primary group id.
        gid: u32,
        /// Its name or number, for messages.
        name: String,
    },
}

impl RunAs {
    /// Applies the rule of the header to the cluster in `pgdata`, which need not exist yet.
    pub(super) fn choose(pgdata: &Path) -> Result<Self, ClusterError> {
        let owner = match pgdata.metadata() {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(ClusterError::io("read", pgdata)(error)),
        };
        let us = geteuid();
        match owner {
            Some(owner) if us.is_root() && owner.uid() != 0 => Ok(Self::owner_of(&owner)),
            Some(owner) if owner.uid() != us.as_raw() || us.is_root() => {
                let user = if us.is_root() { Self::unprivileged()? } else { Self::ourselves(us) };
                let cure = format!("chown -R {} {}", user.name(), pgdata.display());
                let (path, user) = (pgdata.to_path_buf(), user.name().to_owned());
                Err(ClusterError::WrongOwner { path, owner: owner.uid(), user, cure })
            }
            None if us.is_root() => Self::unprivileged(),
            Some(_) | None => Ok(Self::ourselves(us)),
        }
    }

    /// The user's name, or its number when it has none.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Ourselves { name } | Self::Other { name, .. } => name,
        }
    }

    /// Whether a file belongs to this user.
    pub(super) fn owns(&self, file: &Metadata) -> bool {
        match self {
            Self::Ourselves { .. } => file.uid() == geteuid().as_raw(),
            Self::Other { uid, .. } => file.uid() == *uid,
        }
    }

    /// Gives a file that the hub made to this user.
    pub(super) fn give(&self, path: &Path) -> Result<(), ClusterError> {
        match self {
            Self::Ourselves { .. } => Ok(()),
            Self::Other { uid, gid, .. } => chown(path, Some(*uid), Some(*gid))
                .map_err(ClusterError::io("change the owner of", path)),
        }
    }

    /// Runs a program to its end as this user and returns what it said.
    ///
    /// It gets a process group of its own, so that Ctrl-C reaches the hub alone, and starts in `/`,
    /// because the hub's working directory may be closed to that user.
    pub(super) async fn run(
        &self,
        program: &Path,
        arguments: impl FnOnce(&mut Command) -> &mut Command,
        limit: Duration,
    ) -> io::Result<Output> {
        let mut command = self.command(program);
        arguments(&mut command);
        tokio::time::timeout(limit, command.output()).await.map_err(io::Error::from)?
    }

    /// Finds the first folder on the way to `target` that this user cannot enter. The kernel is
    /// asked, by a child that starts there, since mode bits alone do not tell (ACLs, mounts).
    pub(super) async fn reach(&self, target: &Path) -> Result<(), ClusterError> {
        if self.enters(target).await? {
            return Ok(());
        }
        let mut way: Vec<&Path> = target.ancestors().collect();
        way.reverse();
        for parent in way {
            if !self.enters(parent).await? {
                let (target, parent) = (target.to_path_buf(), parent.to_path_buf());
                let user = self.name().to_owned();
                return Err(ClusterError::Unreachable { target, parent, user });
            }
        }
        Ok(())
    }

    async fn enters(&self, dir: &Path) -> Result<bool, ClusterError> {
        let mut command = self.command(Path::new("/bin/sh"));
        match command.args(["-c", ":"]).current_dir(dir).status().await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
            Err(error) => Err(ClusterError::io("enter", dir)(error)),
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
        command.process_group(0).kill_on_drop(true);
        if let Self::Other { uid, gid, .. } = self {
            // std also drops the supplementary groups of root here.
            command.uid(*uid).gid(*gid);
        }
        command
    }

    fn ourselves(us: Uid) -> Self {
        Self::Ourselves { name: name_of(us) }
    }

    fn owner_of(file: &Metadata) -> Self {
        let (uid, gid) = (file.uid(), file.gid());
        Self::Other { uid, gid, name: name_of(Uid::from_raw(uid)) }
    }

    fn unprivileged() -> Result<Self, ClusterError> {
        let named = |name| User::from_name(name).ok().flatten();
        let user =
            named("postgres").or_else(|| named("nobody")).ok_or(ClusterError::NoServerUser)?;
        Ok(Self::Other { uid: user.uid.as_raw(), gid: user.gid.as_raw(), name: user.name })
    }
}

fn name_of(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_closed_parent_is_named_with_its_cure() {
        let run_as = RunAs::choose(Path::new("/nonexistent/pg")).unwrap();
        if !geteuid().is_root() {
            return; // Only root can close a folder to the server and still enter it.
        }
        let root = tempfile::tempdir_in("/tmp").unwrap();
        let (closed, inner) = (root.path().join("closed"), root.path().join("closed/inner"));
        fs::create_dir_all(&inner).unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o711)).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let error = run_as.reach(&inner).await.unwrap_err().to_string();
        assert!(error.contains(&format!("chmod o+x {}`", closed.display())), "{error}");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o701)).unwrap();
        run_as.reach(&inner).await.unwrap();
    }

    #[test]
    fn an_existing_cluster_keeps_its_owner() {
        if !geteuid().is_root() {
            return; // Only root can give a folder away.
        }
        let dir = tempfile::tempdir().unwrap();
        let error = RunAs::choose(dir.path()).unwrap_err().to_string();
        assert!(error.contains("chown -R"), "{error}");
        chown(dir.path(), Some(65_534), Some(65_534)).unwrap();
        let chosen = RunAs::choose(dir.path()).unwrap();
        assert!(matches!(chosen, RunAs::Other { uid: 65_534, .. }), "{chosen:?}");
    }

    #[tokio::test]
    async fn children_inherit_no_environment() {
        let run_as = RunAs::choose(Path::new("/nonexistent/pg")).unwrap();
        let limit = Duration::from_secs(5);
        let output = run_as.run(Path::new("/usr/bin/env"), |command| command, limit).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "LC_ALL=C\n");
    }
}
