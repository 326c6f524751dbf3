//! Server sessions: the orchestrator as the settings name it, and the loops around it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use url::Url;

use crate::{
    config::{Settings, settings::ServerSettings},
    db::{Db, follow::follow, tasks::Tasks},
    gateways,
    http::signature::Keys,
    hub::Hub,
    servers::{
        ClientSettings, Orchestrator, OrchestratorClient, Revocations, Sweeper, Ticks,
        model::sweep::Limits, routes::ServerState,
    },
};

/// How long a server runs on without a plan, where such servers are stopped.
const REVOKED: Duration = Duration::from_mins(5);

/// Starts the loops, and gives what the routes need.
///
/// # Errors
/// When the client of the orchestrator can't be made.
pub(super) fn start(
    db: &Db,
    hub: &Hub,
    settings: &Settings,
    address: SocketAddr,
    tasks: &Tasks,
) -> anyhow::Result<ServerState> {
    let orchestrator = orchestrator(db, settings, address, tasks)?;
    let seconds = |value: u32| Duration::from_secs(value.into());
    let servers = &settings.servers;
    let limits = Limits {
        launch: seconds(servers.server_launch_timeout_seconds),
        silence: seconds(servers.server_silence_seconds),
        stop: seconds(servers.server_stop_timeout_seconds),
        revoked: servers.server_stop_on_revoke.then_some(REVOKED),
    };
    if let Some(orchestrator) = &orchestrator {
        tasks.spawn("server roll call", orchestrator.roll_call().run());
    }
    let stopper = orchestrator.as_ref().map(Orchestrator::stopper);
    let every = seconds(servers.server_sweep_seconds);
    let sweeper = Sweeper::new(db.clone(), limits, every, stopper.clone());
    tasks.spawn_vital("server sweep", sweeper.run(tasks.stopping()));
    if let Some(stopper) = stopper {
        tasks.spawn("server stops", stopper.run());
    }
    if servers.server_stop_on_revoke {
        tasks.spawn("server revocations", follow(db.clone(), Revocations));
    }
    let (ticks, told) = Ticks::new();
    tasks.spawn("server ticks", gateways::ticks::tell(hub.clone(), told));
    let keys =
        servers.orchestrator_webhook_secret.as_ref().map(|secret| Arc::new(Keys::new(secret)));
    Ok(ServerState { db: db.clone(), orchestrator, ticks, keys })
}

/// The orchestrator, when the settings name one.
fn orchestrator(
    db: &Db,
    settings: &Settings,
    address: SocketAddr,
    tasks: &Tasks,
) -> anyhow::Result<Option<Orchestrator>> {
    let ServerSettings {
        orchestrator_api_base_url: Some(base),
        orchestrator_api_token: Some(token),
        orchestrator_request_timeout_seconds: limit,
        ..
    } = &settings.servers
    else {
        return Ok(None);
    };
    let hub = match &settings.listen.public_url {
        Some(url) => url.clone(),
        None => Url::parse(&format!("http://{}", reachable(address)))?,
    };
    let client = OrchestratorClient::new(ClientSettings {
        base: base.clone(),
        token: token.clone(),
        limit: Duration::from_secs((*limit).into()),
        hub,
    })
    .context("could not make a client for the orchestrator")?;
    Ok(Some(Orchestrator::new(db, client, tasks)))
}

/// Where a program on this machine finds a listener: one that listens everywhere listens here as well.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let here = match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(here);
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_everywhere_is_found_here() {
        for (listens, found) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("192.0.2.7:80", "192.0.2.7:80"),
        ] {
            assert_eq!(reachable(listens.parse().unwrap()).to_string(), found);
        }
    }
}
