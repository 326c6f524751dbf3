//! How a subcommand comes to the database: the one that is named, else the private cluster of the data directory.
//!
//! A cluster that a hub runs is adopted; one that nobody runs is started for the subcommand and stopped behind it.
//! Invariant: whatever becomes of the work, the pool is closed and the cluster is left in this order, and a failure
//! of the work is told before one of leaving.

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use sqlx::postgres::PgConnectOptions;

use crate::{
    config::{self, Settings},
    db::{
        Db, DbSettings,
        embedded::{Cluster, ClusterSettings},
    },
    kernel::money::Scale,
};

/// Connections that a subcommand uses at one time, whatever the hub's pool has.
const CONNECTIONS_MAX: u32 = 2;

/// Whether missing migrations are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    /// As the settings say: a subcommand that changes something may be the first to come.
    AsSet,
    /// Never: a subcommand that only looks changes nothing.
    Found,
}

/// Carries out work on the address of the database.
///
/// # Errors
/// When there is no way to the database, or the work's own.
pub(super) async fn at<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(PgConnectOptions) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (options, cluster) = reach(settings).await?;
    let worked = work(options).await;
    if let Some(cluster) = cluster {
        let left = cluster.close().await.context("could not leave the private PostgreSQL");
        if worked.is_ok() {
            left?;
        }
    }
    worked
}

/// Carries out work on the open database.
///
/// # Errors
/// When the database can't be opened, or the work's own.
pub(super) async fn on<T>(
    settings: &Settings,
    schema: Schema,
    work: impl AsyncFnOnce(&Db) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let migrate = schema == Schema::AsSet && !settings.database.no_migrate;
    at(settings, async |options| {
        let db = open(settings, options, migrate).await?;
        let worked = work(&db).await;
        db.close().await;
        worked
    })
    .await
}

/// Opens the database at an address.
///
/// # Errors
/// As [`Db::open`].
pub(super) async fn open(
    settings: &Settings,
    options: PgConnectOptions,
    migrate: bool,
) -> anyhow::Result<Db> {
    let scale = Scale::new(settings.ledger.money_scale).context("money_scale is out of range")?;
    let partition_events = i64::from(settings.database.log_partition_events);
    let settings =
        DbSettings { options, pool_size: CONNECTIONS_MAX, migrate, partition_events, scale };
    // Nobody publishes here: the hubs find in the log what a subcommand commits.
    let (db, _inbox) = Box::pin(Db::open(settings)).await?;
    Ok(db)
}

async fn reach(settings: &Settings) -> anyhow::Result<(PgConnectOptions, Option<Cluster>)> {
    let database = &settings.database;
    if let Some(url) = &database.database_url {
        let options = url.expose_secret().parse().context("could not read database_url")?;
        return Ok((options, None));
    }
    let data_dir = database.data_dir.clone().context("there is no data_dir; set it")?;
    let wanted = ClusterSettings {
        data_dir,
        bin_dir: database.pg_bin.clone(),
        path: config::search_path(),
        durable: true,
    };
    let cluster =
        Box::pin(Cluster::open(&wanted)).await.context("could not open the private PostgreSQL")?;
    Ok((cluster.options(), Some(cluster)))
}
