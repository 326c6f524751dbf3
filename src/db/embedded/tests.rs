//! The life of a cluster, against the PostgreSQL that is installed.
//!
//! Each test owns a data directory under `/tmp` that the server's user can reach. [`Home`] ends
//! the server when a test fails before it closes its clusters.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use super::postmaster::{Holder, holder};
use super::*;

/// A data directory that takes its server with it.
struct Home {
    _parent: tempfile::TempDir,
    settings: ClusterSettings,
}

impl Home {
    fn new() -> Self {
        Self::named("data")
    }

    fn named(name: &str) -> Self {
        let parent = tempfile::tempdir_in("/tmp").unwrap();
        fs::set_permissions(parent.path(), Permissions::from_mode(0o711)).unwrap();
        let settings = ClusterSettings {
            data_dir: parent.path().join(name),
            bin_dir: None,
            path: Some("/usr/local/bin:/usr/bin:/bin".into()),
            durable: false,
        };
        Self { _parent: parent, settings }
    }

    async fn open(&self) -> Cluster {
        Cluster::open(&self.settings).await.unwrap()
    }

    async fn refusal(&self) -> String {
        Cluster::open(&self.settings).await.unwrap_err().to_string()
    }

    fn pgdata(&self) -> PathBuf {
        self.settings.data_dir.join("pg")
    }

    /// The pid of the running postmaster.
    fn postmaster(&self) -> i32 {
        match holder(&self.pgdata()) {
            Holder::Postmaster(pid) => pid,
            other => panic!("no postmaster: {other}"),
        }
    }

    fn is_down(&self) -> bool {
        !matches!(holder(&self.pgdata()), Holder::Postmaster(_))
    }

    /// Kills the postmaster as the out-of-memory killer would.
    fn kill_postmaster(&self) {
        kill(Pid::from_raw(self.postmaster()), Signal::SIGKILL).unwrap();
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Holder::Postmaster(pid) = holder(&self.pgdata()) {
            // SIGQUIT ends it at once; the directory goes away next.
            let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
        }
    }
}

async fn one(options: PgConnectOptions, sql: &'static str) -> String {
    let mut connection: PgConnection = options.connect().await.unwrap();
    let answer = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    answer
}

async fn run(cluster: &Cluster, sql: &'static str) {
    let mut connection = cluster.options().connect().await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_first_start_makes_a_private_cluster_and_the_next_keeps_it() {
    let home = Home::new();
    let cluster = home.open().await;
    assert_eq!(one(cluster.options(), "select current_database()::text").await, "tollbell");
    for (setting, value) in [
        ("select current_setting('listen_addresses')", ""),
        ("select current_setting('max_connections')", "100"),
        ("select current_setting('data_checksums')", "on"),
        ("select current_setting('fsync')", "off"),
        ("select current_setting('unix_socket_permissions')", "0700"),
        ("select current_setting('server_encoding')", "UTF8"),
    ] {
        assert_eq!(one(cluster.options(), setting).await, value, "{setting}");
    }
    let run_dir = home.settings.data_dir.join("run");
    assert_eq!(fs::metadata(run_dir).unwrap().mode() & 0o777, 0o700);

    run(&cluster, "create table kept as select 'yes'::text as word").await;
    assert_eq!(cluster.close().await.unwrap(), Closed::Stopped);
    assert!(home.is_down());
    let cluster = home.open().await;
    assert_eq!(one(cluster.options(), "select word from kept").await, "yes");
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn the_url_leads_to_the_same_database_for_sqlx_and_psql() {
    let home = Home::named("a +ü data");
    let cluster = home.open().await;
    let options = PgConnectOptions::from_str(&cluster.url()).unwrap();
    assert_eq!(one(options, "select current_database()::text").await, "tollbell");
    let psql =
        Command::new("psql").arg(cluster.url()).args(["-XAtc", "select 7"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&psql.stdout), "7\n", "{psql:?}");
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn a_second_hub_adopts_and_the_last_one_out_stops() {
    let home = Home::new();
    let first = home.open().await;
    let pid = home.postmaster();
    let second = home.open().await;
    assert_eq!(home.postmaster(), pid, "the second hub started its own server");
    assert_eq!(first.close().await.unwrap(), Closed::LeftRunning);
    assert_eq!(one(second.options(), "select 'alive'").await, "alive");
    assert_eq!(second.close().await.unwrap(), Closed::Stopped);
    assert!(home.is_down());
}

#[tokio::test]
async fn two_hubs_that_open_at_once_share_one_server() {
    let home = Home::new();
    let (first, second) = tokio::join!(home.open(), home.open());
    let started = "select pg_postmaster_start_time()::text";
    assert_eq!(one(first.options(), started).await, one(second.options(), started).await);
    let (first, second) = tokio::join!(first.close(), second.close());
    let mut closed = [first.unwrap(), second.unwrap()];
    closed.sort_by_key(|closed| *closed == Closed::Stopped);
    assert_eq!(closed, [Closed::LeftRunning, Closed::Stopped]);
    assert!(home.is_down());
}

#[tokio::test]
async fn a_hub_that_opens_while_the_last_one_closes_gets_a_server() {
    let home = Home::new();
    let first = home.open().await;
    let (closed, second) = tokio::join!(first.close(), home.open());
    closed.unwrap();
    assert_eq!(one(second.options(), "select 'alive'").await, "alive");
    assert_eq!(second.close().await.unwrap(), Closed::Stopped);
}

#[tokio::test]
async fn a_dead_server_is_revived_once_whoever_asks() {
    let home = Home::new();
    let (first, second) = (home.open().await, home.open().await);
    assert_eq!(first.revive().await.unwrap(), Revived::Alive);
    run(&first, "create table kept as select 'yes'::text as word").await;
    // A session that lives on for a moment keeps the shared memory of the dead postmaster.
    let busy = first.options().connect().await.unwrap();
    home.kill_postmaster();
    let (one_answer, other_answer) = tokio::join!(first.revive(), second.revive());
    let mut answers = [one_answer.unwrap(), other_answer.unwrap()];
    answers.sort_by_key(|answer| *answer == Revived::Restarted);
    assert_eq!(answers, [Revived::Alive, Revived::Restarted]);
    drop(busy);
    assert_eq!(one(second.options(), "select word from kept").await, "yes");
    first.close().await.unwrap();
    second.close().await.unwrap();
}

#[tokio::test]
async fn a_hub_after_a_killed_hub_adopts_its_server() {
    let home = Home::new();
    let killed = home.open().await;
    let pid = home.postmaster();
    drop(killed); // The kernel closes a killed process' files in the same way.
    let next = home.open().await;
    assert_eq!(home.postmaster(), pid);
    assert_eq!(next.close().await.unwrap(), Closed::Stopped);
}

#[tokio::test]
async fn a_start_after_everything_was_killed_recovers() {
    let home = Home::new();
    let cluster = home.open().await;
    run(&cluster, "create table kept as select 'yes'::text as word").await;
    home.kill_postmaster();
    drop(cluster);
    let next = home.open().await;
    assert_eq!(one(next.options(), "select word from kept").await, "yes");
    next.close().await.unwrap();
}

#[tokio::test]
async fn a_pid_file_that_names_another_program_does_not_block_a_start() {
    let home = Home::new();
    home.open().await.close().await.unwrap();
    // PostgreSQL takes any process of its own user for a postmaster, so that is what it meets.
    let owner = fs::metadata(home.pgdata()).unwrap();
    let mut stranger = Command::new("sleep");
    stranger.arg("600").current_dir("/");
    if geteuid().is_root() {
        stranger.uid(owner.uid()).gid(owner.gid());
    }
    let mut stranger = stranger.spawn().unwrap();
    let fake = format!("{}\n{}\n", stranger.id(), home.pgdata().display());
    fs::write(home.pgdata().join("postmaster.pid"), fake).unwrap();
    let opened = Cluster::open(&home.settings).await;
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    let cluster = opened.unwrap();
    assert_eq!(one(cluster.options(), "select 'alive'").await, "alive");
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn a_half_made_cluster_is_made_anew() {
    let home = Home::new();
    let half = home.settings.data_dir.join("init-4194304");
    fs::create_dir_all(half.join("base")).unwrap();
    fs::set_permissions(&home.settings.data_dir, Permissions::from_mode(0o711)).unwrap();
    fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    let cluster = home.open().await;
    assert!(!half.exists());
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_is_no_cluster_is_left_alone() {
    let home = Home::new();
    fs::create_dir_all(home.pgdata()).unwrap();
    let precious = home.pgdata().join("precious");
    fs::write(&precious, "").unwrap();
    give_to_server(&home);
    let error = home.refusal().await;
    assert!(error.contains("not a cluster") && precious.exists(), "{error}");
}

#[tokio::test]
async fn a_cluster_of_a_missing_major_is_refused() {
    let home = Home::new();
    fs::create_dir_all(home.pgdata()).unwrap();
    fs::write(home.pgdata().join("PG_VERSION"), "12\n").unwrap();
    give_to_server(&home);
    let error = home.refusal().await;
    assert!(error.contains("made by PostgreSQL 12") && error.contains("install"), "{error}");
}

#[tokio::test]
async fn a_folder_without_programs_is_refused_by_name() {
    let mut home = Home::new();
    home.settings.bin_dir = Some("/tmp".into());
    let error = home.refusal().await;
    assert!(error.contains("TOLLBELL_PG_BIN=/tmp: it holds no initdb"), "{error}");
    assert!(!home.pgdata().exists());
}

#[tokio::test]
async fn a_refused_start_quotes_the_log() {
    let home = Home::new();
    home.open().await.close().await.unwrap();
    let own = home.pgdata().join("postgresql.auto.conf");
    fs::write(&own, "max_connections = 'many'\n").unwrap();
    let error = home.refusal().await;
    assert!(error.contains("start PostgreSQL") && error.contains("\"many\""), "{error}");
    fs::write(&own, "").unwrap();
    home.open().await.close().await.unwrap();
}

#[tokio::test]
async fn a_long_path_puts_the_socket_elsewhere() {
    let home = Home::named(&"long".repeat(30));
    let cluster = home.open().await;
    let socket_dir = cluster.server.layout.socket_dir.clone();
    assert!(!socket_dir.starts_with(&home.settings.data_dir), "{}", socket_dir.display());
    assert_eq!(one(cluster.options(), "select 'alive'").await, "alive");
    cluster.close().await.unwrap();
    fs::remove_dir_all(socket_dir).unwrap();
}

#[tokio::test]
async fn root_steps_down() {
    let home = Home::new();
    let cluster = home.open().await;
    let status = fs::read_to_string(format!("/proc/{}/status", home.postmaster())).unwrap();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    let uid: u32 = uid.split_whitespace().next().unwrap().parse().unwrap();
    assert_eq!(uid == geteuid().as_raw(), !geteuid().is_root());
    assert_eq!(uid, fs::metadata(home.pgdata()).unwrap().uid());
    assert!(home.pgdata().join("PG_VERSION").exists());
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn the_server_holds_no_lock_and_no_stream_of_the_hub() {
    let home = Home::new();
    let cluster = home.open().await;
    let pid = home.postmaster();
    let open: Vec<PathBuf> = fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok())
        .collect();
    // The server has lock files of its own.
    let ours = |file: &PathBuf| file.ends_with("hub.lock") || file.ends_with("start.lock");
    assert!(!open.iter().any(ours), "{open:?}");
    let session = |process: &str| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        fields.split(' ').nth(3).unwrap().to_owned()
    };
    assert_ne!(session(&pid.to_string()), session("self"), "Ctrl-C would reach the server");
    cluster.close().await.unwrap();
}

/// Gives a hand-made `pg/` to the user the server runs as, as the hub would have.
fn give_to_server(home: &Home) {
    fs::set_permissions(&home.settings.data_dir, Permissions::from_mode(0o711)).unwrap();
    let run_as = RunAs::choose(&home.settings.data_dir.join("none")).unwrap();
    run_as.give(&home.pgdata()).unwrap();
}
