//! `serve --demo`: an orchestrator with two harmless games beside the hub, so that game servers can be tried out.
//!
//! It is the one that `tollbell orchestrator` runs, in this process: it has a service key of its own, and it and the hub
//! know each other by HTTP only. Its servers end with it.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

use super::{banner, orchestrator::surroundings};
use crate::{
    app::Running,
    auth::{Scope, Scopes, Token, commands::CreateServiceKey},
    config::{self, Settings},
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

/// An orchestrator that is up, and how to call it.
pub(super) struct Arcade {
    orchestrator: Orchestrator,
    /// What it must be asked with.
    pub(super) token: SecretString,
}

impl Arcade {
    /// Starts the orchestrator of the demonstration for a hub that is up.
    ///
    /// # Errors
    /// When it can't start; the hub is of use without it.
    pub(super) async fn open(running: &Running, settings: &Settings) -> anyhow::Result<Self> {
        let key = made("service key", &running.secret);
        let token = made("token", &running.secret);
        let key_at_hub = Token::new(&key).context("a made key is a key")?;
        let scopes = Scopes::new(vec![Scope::Orchestrator]).context("orchestrator is a scope")?;
        let name = "orchestrator of the demonstration".to_owned();
        running.db.run(&CreateServiceKey { key: key_at_hub, name, scopes }).await?;

        let text = format!(
            "listen = \"127.0.0.1:0\"\ntoken = \"{token}\"\nports = \"{PORTS}\"\nstop_with_me = true\n\
             [hub]\nurl = \"{}\"\nkey = \"{key}\"\n{GAMES}",
            banner::url(running.address)
        );
        let folder = folder(settings, running.address);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
        let path = config::search_path();
        let settings = orchestrator::Settings::parse(&text, &folder, path.as_deref());
        let settings = settings.map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
        let orchestrator = Orchestrator::start(settings, surroundings()?)?;
        Ok(Self { orchestrator, token: token.into() })
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

/// A secret that a restart makes again and nobody can guess.
#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn made(what: &str, secret: &SecretString) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(format!("{what} of the orchestrator of the demonstration").as_bytes());
    format!("tbk_{}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_secrets_are_made_again_and_differ() {
        let made = |what: &str, secret: &str| super::made(what, &SecretString::from(secret));
        assert_eq!(made("token", "a"), made("token", "a"));
        assert_ne!(made("token", "a"), made("service key", "a"));
        assert_ne!(made("token", "a"), made("token", "b"));
    }
}
