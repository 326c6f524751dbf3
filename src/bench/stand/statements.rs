//! A baseline: the door that makes each payment in a transaction of its own, statement by statement, over the same
//! tables and with the same events, from a pool. It has no till, no keys and no limits to check.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, bail, ensure};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use dashmap::DashMap;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{PgPool, postgres::PgConnectOptions};
use tokio::{net::TcpListener, process::Command};

use super::{
    Answer, Order,
    child::{Contender, Line},
    payers,
};
use crate::{
    app::database::Place,
    bench::store,
    config::{Settings, search_path},
    contracts::renew_page,
    db::Db,
    kernel::{address::Address, money::Scale},
};

/// The database of PostgreSQL's own load test.
const PGBENCH: &str = "pgbench";
/// Where Debian keeps it, besides the search path.
const DEBIAN: &str = "/usr/lib/postgresql";

struct Door {
    db: Db,
    options: PgConnectOptions,
    secret: SecretString,
    bin: Option<PathBuf>,
    callers: Arc<DashMap<String, Address>>,
}

#[derive(Clone)]
struct Shared {
    pool: PgPool,
    callers: Arc<DashMap<String, Address>>,
    scale: Scale,
}

#[derive(Deserialize)]
struct Asked {
    to: Address,
    amount: Box<serde_json::value::RawValue>,
}

/// Serves until its line ends.
pub(super) async fn run(settings: &Settings, mut line: Line) -> anyhow::Result<()> {
    let place = Place::find(settings).await?;
    let (db, _inbox) = place.open(settings).await?;
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(settings.database.pool_size)
        .test_before_acquire(false)
        .connect_with(place.options.clone())
        .await?;
    let callers = Arc::<DashMap<_, _>>::default();
    let shared = Shared { pool, callers: Arc::clone(&callers), scale: db.scale() };
    let app = Router::new().route("/api/v1/payments", post(pay)).with_state(shared);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    line.say(&Answer::Ready(listener.local_addr()?)).await?;
    let door = Door {
        db,
        options: place.options.clone(),
        secret: settings.auth.secret.clone().context("no secret is set")?,
        bin: settings.database.pg_bin.clone(),
        callers,
    };
    tokio::select! {
        served = axum::serve(listener, app) => served?,
        ended = line.serve(door) => ended?,
    }
    place.leave().await
}

impl Contender for Door {
    async fn obey(&mut self, order: Order) -> anyhow::Result<Option<Answer>> {
        match order {
            Order::Payers(count) => {
                let payers = payers::make(&self.db, &self.secret, count).await?;
                for payer in &payers {
                    self.callers.insert(payer.token.clone(), payer.address.parse()?);
                }
                Ok(Some(Answer::Payers(payers)))
            }
            Order::Pgbench { scale, clients, seconds } => {
                Ok(Some(Answer::Rate(self.pgbench(scale, clients, seconds).await?)))
            }
            Order::Subscribe { count, first_s, between_s } => {
                let mut conn = self.db.read().await?;
                store::subscribe(&mut conn, count, first_s, between_s).await?;
                Ok(Some(Answer::Count(count.into())))
            }
            Order::Renew { page } => {
                let mut renewed = 0;
                loop {
                    match renew_page(&self.db, page).await? {
                        0 => break Ok(Some(Answer::Count(renewed))),
                        some => renewed += u64::try_from(some)?,
                    }
                }
            }
            other => bail!("a baseline can't do {other:?}"),
        }
    }
}

async fn pay(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Json(asked): Json<Asked>,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer "));
    let payer = token.and_then(|token| shared.callers.get(token).map(|found| found.clone()));
    let payer = payer.ok_or(StatusCode::UNAUTHORIZED)?;
    let amount = shared.scale.parse(asked.amount.get()).or(Err(StatusCode::BAD_REQUEST))?;
    let id = store::pay(&shared.pool, &payer, &asked.to, amount).await;
    match id {
        Ok(Some(id)) => Ok((StatusCode::CREATED, Json(json!({ "data": { "id": id } })))),
        Ok(None) => Err(StatusCode::CONFLICT),
        Err(_) => Err(StatusCode::SERVICE_UNAVAILABLE),
    }
}

impl Door {
    /// PostgreSQL's TPC-B-like load on the same server.
    async fn pgbench(&self, scale: u32, clients: u32, seconds: u64) -> anyhow::Result<f64> {
        store::make_database(&mut *self.db.read().await?, PGBENCH).await?;
        let scale = scale.to_string();
        self.run(&["-i", "-q", "-s", &scale]).await?;
        let (clients, seconds) = (clients.to_string(), seconds.to_string());
        let said =
            self.run(&["-n", "-M", "prepared", "-c", &clients, "-j", "2", "-T", &seconds]).await?;
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
        Ok(rate.context("pgbench said nothing of its rate")?.parse()?)
    }

    async fn run(&self, args: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(self.program()?);
        command.args(args).args(["-U", self.options.get_username()]);
        match self.options.get_socket() {
            Some(folder) => command.arg("-h").arg(folder),
            None => command.args(["-h", self.options.get_host()]),
        };
        command.args(["-p", &self.options.get_port().to_string()]).arg(PGBENCH);
        let output = command.output().await.context("could not run pgbench")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pgbench ended with {}: {said}", output.status);
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn program(&self) -> anyhow::Result<PathBuf> {
        let path = search_path().unwrap_or_default();
        let debian = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
        let mut debian: Vec<_> = debian.map(|entry| entry.path().join("bin")).collect();
        debian.sort();
        let folders = self.bin.iter().cloned().chain(debian.into_iter().rev());
        let programs = folders.chain(std::env::split_paths(&path)).map(|bin| bin.join(PGBENCH));
        programs.into_iter().find(|program| program.exists()).context("pgbench is not installed")
    }
}
