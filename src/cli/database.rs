//! How a subcommand comes to the database: the one that is named, else the private cluster of the data directory.
//!
//! A cluster that a hub runs is adopted; one that nobody runs is started for the subcommand and stopped behind it.
//! Invariant: whatever becomes of the work, the pool is closed and the cluster is left in this order, and a failure
//! of the work is told before one of leaving.

use crate::{app::database::Place, config::Settings, db::Db};

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

/// Carries out work at the place of the database.
///
/// # Errors
/// When there is no way to the database, or the work's own.
pub(super) async fn at<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Place) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let place = Box::pin(Place::find(settings)).await?;
    let worked = work(&place).await;
    let left = place.leave().await;
    let done = worked?;
    left?;
    Ok(done)
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
    at(settings, async |place| {
        let db = open(place, settings, schema).await?;
        let worked = work(&db).await;
        db.close().await;
        worked
    })
    .await
}

/// Opens the database at its place.
///
/// # Errors
/// As [`Place::open`].
pub(super) async fn open(place: &Place, settings: &Settings, schema: Schema) -> anyhow::Result<Db> {
    let mut settings = settings.clone();
    settings.database.pool_size = CONNECTIONS_MAX;
    settings.database.no_migrate |= schema == Schema::Found;
    // Nobody publishes here: the hubs find in the log what a subcommand commits.
    let (db, _inbox) = Box::pin(place.open(&settings)).await?;
    Ok(db)
}
