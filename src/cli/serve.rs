//! `tollbell serve`: starts the hub, says how to use it, and stays until it is told to stop.

use std::process::ExitCode;

use secrecy::SecretString;

use super::{
    arcade::{Arcade, Site},
    banner::{self, Banner},
    demo::{self, Demo},
    output, players,
};
use crate::{
    app::{self, Running, files},
    config::{AdminListen, Settings},
    telemetry::Figures,
};

/// Runs a hub to its end.
///
/// # Errors
/// When it can't start, or a part without which it is of no use has ended.
pub(super) async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    files::raise(settings);
    let mut settings = settings.clone();
    let site = if settings.trial.demo { Site::take(&mut settings)? } else { None };
    let running = Box::pin(app::start(&settings, Figures::install()?)).await?;
    let demo = if settings.trial.demo { prepare(&running).await } else { None };
    let arcade = match site {
        Some(site) => games(site, &running, &settings).await,
        None => None,
    };
    greet(&running, &settings, demo.as_ref(), arcade.as_ref());
    if let Some(arcade) = arcade {
        let players =
            players::play(banner::url(running.address), arcade.key.clone(), running.db.clone());
        running.tasks.spawn("players", players);
        // It waits for its games to end, so it is not dropped in the middle of that.
        running.tasks.spawn_vital("orchestrator", arcade.run(running.tasks.stopping()));
    }
    if let Some(demo) = demo {
        running.tasks.spawn("demo", demo::live(demo, running.till.clone()));
    }
    Box::pin(running.serve()).await?;
    Ok(ExitCode::SUCCESS)
}

/// A hub without its demonstration is still a hub.
async fn prepare(running: &Running) -> Option<Demo> {
    match demo::prepare(&running.db, &running.till, &running.secret).await {
        Ok(demo) => Some(demo),
        Err(error) => {
            let error = anyhow::Error::from(error);
            tracing::error!(error = format!("{error:#}"), "there is no demonstration");
            None
        }
    }
}

/// As [`prepare`], for the games.
async fn games(site: Site, running: &Running, settings: &Settings) -> Option<Arcade> {
    match Arcade::open(site, running, settings).await {
        Ok(arcade) => Some(arcade),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "there are no games to try");
            None
        }
    }
}

fn greet(running: &Running, settings: &Settings, demo: Option<&Demo>, arcade: Option<&Arcade>) {
    let admin_key = running.admin_key.as_ref().map(|key| SecretString::from(key.reveal()));
    let private = settings.database.database_url.is_none();
    let banner = Banner {
        address: running.address,
        admin: match settings.listen.admin_listen {
            AdminListen::At(address) => Some(address),
            AdminListen::Off => None,
        },
        data_dir: settings.database.data_dir.as_deref().filter(|_| private),
        admin_key: admin_key.as_ref(),
        demo,
        orchestrator: arcade.map(|arcade| (arcade.address(), &arcade.token)),
        dev: settings.trial.dev,
        program: &banner::program(),
    };
    // Nobody may be there to read it; the clients are served all the same.
    if let Err(error) = output::print(&banner.text()) {
        tracing::warn!(%error, "could not print how to use the hub");
    }
}
