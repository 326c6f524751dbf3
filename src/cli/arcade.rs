//! `serve --demo`: an orchestrator with two harmless games beside the hub, so that game servers can be tried out.
//!
//! It is the one that `tollbell orchestrator` runs, in this process: it has a service key of its own, and it and the hub
//! know each other by HTTP only. Its servers end with it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::Context as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{banner, orchestrator::surroundings};
use crate::{
    app::Running,
    auth::{Scope, Scopes, Token, commands::CreateServiceKey},
    config::{self, Settings},
    db::random,
    http::serve::bind,
    orchestrator::{self, Orchestrator},
};

/// The ports of its servers: below those that the system gives out by itself.
const PORTS: &str = "27100-27115";

/// The games, and all else that does not depend on the hub.
const GAMES: &str = r#"
[[games]]
code = "dice"
name = "Dice"
command = "{self}"
args = ["dev", "game", "--port", "{port}", "--password", "{password}", "--name", "Dice", "--minutes", "60"]
makes_password = true
minutes_max = 60

[[games]]
code = "chat"
name = "A place to talk"
command = "{self}"
args = ["dev", "game", "--port", "{port}", "--name", "A place to talk", "--load-seconds", "3", "--minutes", "60"]
ready_line = "is ready on port"
minutes_max = 60
"#;

/// Where the orchestrator will be found: a hub is told at its start, and the orchestrator needs a hub that is up.
pub(super) struct Site {
    listener: TcpListener,
    address: SocketAddr,
    token: SecretString,
}

impl Site {
    /// Takes an address, and tells the hub's settings of it. `None` when they name an orchestrator already.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub(super) fn take(settings: &mut Settings) -> anyhow::Result<Option<Self>> {
        let servers = &mut settings.servers;
        if servers.orchestrator_api_base_url.is_some() {
            return Ok(None);
        }
        let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let token = SecretString::from(hex::encode(random::bytes::<24>()));
        servers.orchestrator_api_base_url = Some(banner::url(address).parse()?);
        servers.orchestrator_api_token = Some(token.clone());
        Ok(Some(Self { listener, address, token }))
    }
}

/// An orchestrator that is up, and how to call it.
pub(super) struct Arcade {
    orchestrator: Orchestrator,
    /// What it must be asked with.
    pub(super) token: SecretString,
    /// The service key that it and the players have at the hub.
    pub(super) key: SecretString,
}

impl Arcade {
    /// Starts the orchestrator of the demonstration for a hub that is up.
    ///
    /// # Errors
    /// When it can't start; the hub is of use without it.
    pub(super) async fn open(
        site: Site,
        running: &Running,
        settings: &Settings,
    ) -> anyhow::Result<Self> {
        let Site { listener, address, token } = site;
        let key = made_key(&running.secret);
        let key_at_hub = Token::new(&key).context("a made key is a key")?;
        let scopes = Scopes::new(vec![Scope::Orchestrator, Scope::Bot]);
        let scopes = scopes.context("both are scopes")?;
        let name = "orchestrator of the demonstration".to_owned();
        running.db.run(&CreateServiceKey { key: key_at_hub, name, scopes }).await?;

        let text = format!(
            "listen = \"{address}\"\ntoken = \"{}\"\nports = \"{PORTS}\"\nstop_with_me = true\n\
             [hub]\nurl = \"{}\"\nkey = \"{key}\"\n{GAMES}",
            token.expose_secret(),
            banner::url(running.address)
        );
        let folder = folder(settings, running.address);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
        let path = config::search_path();
        let settings = orchestrator::Settings::parse(&text, &folder, path.as_deref());
        let settings = settings.map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
        let orchestrator = Orchestrator::start_at(listener, settings, surroundings()?)?;
        Ok(Self { orchestrator, token, key: key.into() })
    }

    /// Where it listens.
    pub(super) const fn address(&self) -> SocketAddr {
        self.orchestrator.address()
    }

    /// Runs until the hub stops. A hub whose demonstration has failed is still a hub.
    pub(super) async fn run(self, stopping: CancellationToken) {
        if let Err(error) = self.orchestrator.run(stopping.clone()).await {
            tracing::error!(
                error = format!("{error:#}"),
                "the orchestrator of the demonstration has failed"
            );
            stopping.cancelled().await;
        }
    }
}

/// Where it keeps its servers: in the data directory, else where the system keeps what may go.
fn folder(settings: &Settings, address: SocketAddr) -> PathBuf {
    match &settings.database.data_dir {
        Some(dir) => dir.join("demo"),
        None => std::env::temp_dir().join(format!("tollbell-demo-{}", address.port())),
    }
}

/// A key that a restart makes again and nobody can guess.
#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn made_key(secret: &SecretString) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(b"service key of the orchestrator of the demonstration");
    format!("tbk_{}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_key_is_made_again_and_differs() {
        let made = |secret: &str| made_key(&SecretString::from(secret));
        assert_eq!(made("a"), made("a"));
        assert_ne!(made("a"), made("b"));
    }
}
