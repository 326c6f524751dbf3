//! `serve`: starts the hub, says where it is and what to try, and runs it until it is told to stop.

use std::process::ExitCode;

use super::{
    banner::{Banner, program},
    demo, output,
};
use crate::{
    app,
    config::{AdminListen, Settings},
    telemetry::Figures,
};

pub(super) async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    let figures = Figures::install()?;
    let running = Box::pin(app::start(&settings, figures)).await?;
    let wallets = if settings.trial.demo {
        Some(demo::prepare(&running.db, &running.till, &running.secret).await?)
    } else {
        None
    };
    let admin_key = running.admin_key.as_ref().map(|key| key.reveal().to_owned().into());
    let banner = Banner {
        address: running.address,
        admin: match settings.listen.admin_listen {
            AdminListen::Off => None,
            AdminListen::At(at) => Some(at),
        },
        data_dir: match settings.database.database_url {
            Some(_) => None,
            None => settings.database.data_dir.as_deref(),
        },
        admin_key: admin_key.as_ref(),
        demo: wallets.as_ref(),
        dev: settings.trial.dev,
        program: &program(),
    };
    output::print(&banner.text())?;
    if let Some(wallets) = wallets {
        running.tasks.spawn("demo", demo::live(wallets, running.till.clone()));
    }
    Box::pin(running.serve()).await?;
    Ok(ExitCode::SUCCESS)
}
