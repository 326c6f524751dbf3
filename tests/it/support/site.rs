//! Databases and hub processes.

use std::{
    fs::Permissions,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{ANNA, Api, BERT, CARA, Socket};

/// How long a hub may take to be ready, on a busy machine.
const READY: Duration = Duration::from_secs(30);
/// What all hubs of a site share.
const ADMIN_KEY: &str = "tbk_4f1d7c52b0e94a6b9d3e8f7a6c5b4d3e";
const SECRET: &str = "9c0d5b7e3f2a1c8d6e4b9f7a5c3d1e0b";

static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Whether the long sizes run.
pub(crate) fn soak() -> bool {
    std::env::var_os("TOLLBELL_SOAK").is_some()
}

/// One community: a database of its own and what its hubs share.
pub(crate) struct Site {
    /// Where its database is.
    pub(crate) database_url: String,
    /// Whether its hubs run that database themselves.
    private: bool,
    dir: TempDir,
}

impl Site {
    /// A migrated, empty community.
    pub(crate) async fn new() -> Self {
        let server = server();
        let template = TEMPLATE.get_or_init(|| make_template(&server)).await;
        let name = format!("t_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        execute(&server, &format!("create database {name} template {template}")).await;
        Self::at(&on(&server, &name))
    }

    /// A community in a database that the test made, empty or not.
    pub(crate) fn at(database_url: &str) -> Self {
        Self { database_url: database_url.to_owned(), private: false, dir: directory() }
    }

    /// An empty community whose hubs run a PostgreSQL of their own. `cluster.rs` has what else it can do.
    pub(crate) fn private() -> Self {
        let dir = directory();
        let socket = dir.path().join("run");
        let database_url =
            format!("postgres://postgres@localhost/tollbell?host={}", socket.display());
        Self { database_url, private: true, dir }
    }

    /// Where its hubs keep what is theirs.
    pub(crate) fn data_dir(&self) -> &Path {
        self.dir.path()
    }

    /// Whether its hubs run their database themselves.
    pub(crate) fn is_private(&self) -> bool {
        self.private
    }

    /// Starts a hub with these flags more.
    pub(crate) async fn hub(&self, flags: &[&str]) -> Hub {
        Hub::start(self, "127.0.0.1:0", flags).await
    }

    /// Starts a hub again where another one was.
    pub(crate) async fn hub_at(&self, address: &str, flags: &[&str]) -> Hub {
        Hub::start(self, address, flags).await
    }

    /// A connection to the database, past the hubs.
    pub(crate) async fn sql(&self) -> PgConnection {
        PgConnection::connect(&self.database_url).await.unwrap()
    }

    /// The positions of the events of any of these topics, as the log has them.
    pub(crate) async fn seqs(&self, topics: &[&str]) -> Vec<i64> {
        sqlx::query_scalar("select seq from events where topics && $1 order by seq")
            .bind(topics)
            .fetch_all(&mut self.sql().await)
            .await
            .unwrap()
    }

    /// Takes the database away from everybody, or gives it back.
    pub(crate) async fn reachable(&self, yes: bool) {
        let name = database(&self.database_url);
        let server = server();
        execute(&server, &format!("alter database {name} allow_connections {yes}")).await;
        if !yes {
            let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname";
            execute(&server, &format!("{end} = '{name}'")).await;
        }
    }

    /// Makes a service key with one scope.
    pub(crate) fn key(&self, scope: &str) -> String {
        let output = self.run(&["token", "create", scope, "--scopes", scope]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let word = text.split_whitespace().find(|word| word.starts_with("tbk_"));
        word.expect("the key is printed").to_owned()
    }

    /// Runs a subcommand of the binary on this community.
    pub(crate) fn run(&self, args: &[&str]) -> std::process::Output {
        self.command(args).output().unwrap()
    }

    /// Starts a subcommand and does not wait for it. A test may read what it prints.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollbell"));
        command
            .args(args)
            .env("TOLLBELL_DATA_DIR", self.dir.path())
            .env("TOLLBELL_ADMIN_LISTEN", "off")
            .env("TOLLBELL_ADMIN_KEY", ADMIN_KEY)
            .env("TOLLBELL_SECRET", SECRET)
            .env_remove("DATABASE_URL");
        if !self.private {
            command.env("TOLLBELL_DATABASE_URL", &self.database_url);
        }
        command
    }
}

/// Lines of a hub's log that a test which fails shows.
const LOG_LINES_MAX: usize = 40;

/// A running hub. Dropping it kills it.
pub(crate) struct Hub {
    child: Child,
    log: Option<JoinHandle<String>>,
    database_url: String,
    /// Its address, such as `127.0.0.1:41234`.
    pub(crate) address: String,
}

impl Hub {
    async fn start(site: &Site, address: &str, flags: &[&str]) -> Self {
        let mut child = site
            .command(&["serve", "--listen", address])
            .args(["--log-filter", "info,sqlx=warn,tollbell::http::observe=warn"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (address, log) = address_in(&mut child);
        let hub = Self { child, log: Some(log), database_url: site.database_url.clone(), address };
        hub.wait_ready().await;
        hub
    }

    /// Waits until the hub wants clients.
    pub(crate) async fn wait_ready(&self) {
        let deadline = Instant::now() + READY;
        while self.guest().get("/readyz").await.status != 200 {
            assert!(Instant::now() < deadline, "the hub at {} is not ready", self.address);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The newest event of the log, which the hub itself may be a little behind.
    pub(crate) async fn log_head(&self) -> i64 {
        let mut sql = PgConnection::connect(&self.database_url).await.unwrap();
        sqlx::query_scalar("select seq from log_head").fetch_one(&mut sql).await.unwrap()
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Asks without a credential.
    pub(crate) fn guest(&self) -> Api {
        Api::new(&self.url(), None)
    }

    /// Asks as the operator.
    pub(crate) fn admin(&self) -> Api {
        Api::new(&self.url(), Some(ADMIN_KEY))
    }

    /// Asks as somebody with this token or service key.
    pub(crate) fn with(&self, token: &str) -> Api {
        Api::new(&self.url(), Some(token))
    }

    /// Asks as a user for whom a bot vouches.
    pub(crate) async fn user(&self, bot: &Api, discord_id: &str) -> Api {
        let path = format!("/api/v1/users/{discord_id}/tokens");
        let reply = bot.post(&path, &serde_json::json!({})).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        self.with(reply.data()["token"].as_str().unwrap())
    }

    /// Asks as the owner of a wallet, after a login.
    pub(crate) async fn login(&self, (private, address): (&str, &str)) -> Api {
        let reply =
            self.guest().post("/api/v1/login", &serde_json::json!({"privatekey": private})).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.data()["address"], address);
        Api::new(&self.url(), reply.data()["token"].as_str())
    }

    /// Anna with 1,000, Bert with nothing and Cara with nothing. The hub has told all that led to this.
    pub(crate) async fn people(&self) -> [Api; 3] {
        let mut listener = Socket::of(self, &self.admin()).await;
        listener.listen(&["payments"]).await;
        let people = [self.login(ANNA).await, self.login(BERT).await, self.login(CARA).await];
        let minted = self.admin().mint(ANNA.1, "1000").await;
        while listener.event().await["data"]["id"] != minted.data()["id"] {}
        people
    }

    /// Moves the test clock of a hub that was started with `--dev`, and waits until it has noticed.
    pub(crate) async fn advance(&self, seconds: u64) {
        let reply = self
            .admin()
            .post("/api/v1/admin/clock", &serde_json::json!({"advance_s": seconds}))
            .await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    /// Waits for something that another process does, at most ten seconds.
    pub(crate) async fn wait_until(&self, done: impl AsyncFn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !done().await {
            assert!(Instant::now() < deadline, "it did not happen within ten seconds");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.child.id().try_into().unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    /// Waits for it to end by itself.
    pub(crate) fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.kill();
        if let Some(Ok(log)) = self.log.take().filter(|_| thread::panicking()).map(JoinHandle::join)
        {
            let lines: Vec<_> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(LOG_LINES_MAX)..];
            eprintln!("the log of the hub at {}:\n{}", self.address, tail.join("\n"));
        }
    }
}

/// Finds the address in what the hub prints, and keeps reading behind it so that it never blocks on a full pipe. The
/// thread that reads its log ends with the hub.
fn address_in(child: &mut Child) -> (String, JoinHandle<String>) {
    let mut stderr = child.stderr.take().unwrap();
    let log = thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        text
    });
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let (_, rest) = line.split_once("http://")?;
        Some(rest.split(|c: char| c.is_whitespace() || c == '/').next()?.to_owned())
    });
    thread::spawn(move || lines.for_each(drop));
    match address {
        Some(address) => (address, log),
        None => panic!("the hub did not start:\n{}", log.join().unwrap()),
    }
}

async fn make_template(server: &str) -> String {
    let name = format!("template_{}", std::process::id());
    execute(server, &format!("create database {name}")).await;
    let output = Command::new(env!("CARGO_BIN_EXE_tollbell"))
        .arg("migrate")
        .env("TOLLBELL_DATABASE_URL", on(server, &name))
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    name
}

/// A folder that the server's user may pass through.
pub(super) fn directory() -> TempDir {
    let open = Permissions::from_mode(0o711);
    tempfile::Builder::new().prefix("tollbell-test-").permissions(open).tempdir_in("/tmp").unwrap()
}

fn server() -> String {
    std::env::var("TOLLBELL_TEST_PG")
        .expect("TOLLBELL_TEST_PG is unset; run the tests with ./x test")
}

/// The name of the database in a URL.
fn database(url: &str) -> &str {
    let base = url.split('?').next().unwrap();
    base.rsplit('/').next().unwrap()
}

/// The URL of another database on the same server.
fn on(server: &str, database: &str) -> String {
    let (base, query) =
        server.split_once('?').map_or((server, None), |(base, query)| (base, Some(query)));
    let (host, _) = base.rsplit_once('/').expect("the URL names a database");
    query.map_or_else(|| format!("{host}/{database}"), |query| format!("{host}/{database}?{query}"))
}

async fn execute(server: &str, sql: &str) {
    let mut conn = PgConnection::connect(server).await.unwrap();
    conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))).await.unwrap();
}
