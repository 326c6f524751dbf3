//! Opens the database that the settings name: a server of the operator's, or the private cluster.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use secrecy::ExposeSecret;
use sqlx::postgres::PgConnectOptions;

use crate::{
    config::{Settings, search_path},
    db::{
        Db, DbSettings, Inbox,
        embedded::{Cluster, ClusterSettings},
    },
    kernel::money::Scale,
};

/// How often a dead private cluster is looked after.
const CARE: Duration = Duration::from_millis(500);

/// The place of the data.
#[derive(Debug)]
pub struct Place {
    /// How to connect.
    pub options: PgConnectOptions,
    /// Our own cluster, unless a server is named.
    pub cluster: Option<Cluster>,
}

impl Place {
    /// Finds the server, or starts the private cluster.
    ///
    /// # Errors
    /// When the URL does not parse or the cluster does not start; the message says what to do.
    pub async fn find(settings: &Settings) -> anyhow::Result<Self> {
        let database = &settings.database;
        if let Some(url) = &database.database_url {
            let options =
                url.expose_secret().parse().context("database_url is no URL of a PostgreSQL")?;
            return Ok(Self { options, cluster: None });
        }
        let data_dir = database
            .data_dir
            .clone()
            .context("no data_dir is set and there is no home; set data_dir")?;
        let cluster = Cluster::open(&ClusterSettings {
            data_dir,
            bin_dir: database.pg_bin.clone(),
            path: search_path(),
            durable: true,
        })
        .await?;
        Ok(Self { options: cluster.options(), cluster: Some(cluster) })
    }

    /// Opens the database.
    ///
    /// # Errors
    /// See [`crate::db::OpenError`].
    pub async fn open(&self, settings: &Settings) -> anyhow::Result<(Db, Inbox)> {
        let scale = Scale::new(settings.ledger.money_scale).context("money_scale is 0 to 5")?;
        let opened = Db::open(DbSettings {
            options: self.options.clone(),
            pool_size: settings.database.pool_size,
            migrate: !settings.database.no_migrate,
            partition_events: settings.database.log_partition_events.into(),
            scale,
        })
        .await?;
        Ok(opened)
    }

    /// Leaves the private cluster; the last hub stops it.
    ///
    /// # Errors
    /// When the server does not stop.
    pub async fn leave(self) -> anyhow::Result<()> {
        if let Some(cluster) = self.cluster {
            let closed = cluster.close().await?;
            tracing::info!(?closed, "left the private PostgreSQL");
        }
        Ok(())
    }
}

/// Starts the private cluster again whenever the relay has lost it.
pub async fn care(db: Db, place: Arc<Place>) {
    let Some(cluster) = &place.cluster else { return std::future::pending().await };
    let mut up = db.progress().up();
    loop {
        if up.wait_for(|up| !up).await.is_err() {
            return;
        }
        if let Err(error) = cluster.revive().await {
            tracing::error!(%error, "could not start the private PostgreSQL again; trying again");
        }
        tokio::time::sleep(CARE).await;
    }
}
