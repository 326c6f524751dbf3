//! The secrets a hub starts with: the one behind the verifiers, and the first admin key.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    auth::{
        Scope, Scopes, Token,
        commands::{CreateServiceKey, has_admin},
    },
    config::Settings,
    db::{Db, random},
};

/// The server's secret: that of the settings, else the one in the data directory, which is made when it is missing.
///
/// # Errors
/// When the file can't be read or made.
pub fn server_secret(settings: &Settings) -> anyhow::Result<SecretString> {
    Ok(match (&settings.auth.secret, &settings.database.data_dir) {
        (Some(secret), _) => secret.clone(),
        (None, Some(dir)) => kept_in(dir)?,
        (None, None) => {
            anyhow::bail!("no secret is set and there is no data_dir to keep one in; set secret")
        }
    })
}

fn kept_in(dir: &Path) -> anyhow::Result<SecretString> {
    let path = dir.join("secret");
    fs::create_dir_all(dir).with_context(|| format!("could not make {}", dir.display()))?;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match made {
        Ok(mut file) => {
            let text = hex::encode(random::bytes::<32>());
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(|| format!("could not write {}", path.display()))?;
            Ok(text.into())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("could not read {}", path.display()))?;
            anyhow::ensure!(
                text.trim().len() >= 32,
                "{} holds no secret; restore it from a backup",
                path.display()
            );
            Ok(text.trim().to_owned().into())
        }
        Err(error) => Err(error).with_context(|| format!("could not make {}", path.display())),
    }
}

/// Stores the key of the settings that programs of others know.
///
/// # Errors
/// When the database fails.
pub(super) async fn api_key(settings: &Settings, db: &Db) -> anyhow::Result<()> {
    let Some(text) = &settings.people.api_key else { return Ok(()) };
    let key = Token::new(text.expose_secret())
        .context("api_key is not 16 to 256 visible ASCII characters; use a longer one")?;
    let scopes = Scopes::new(vec![Scope::Bot, Scope::Orchestrator]).context("both are scopes")?;
    db.run(&CreateServiceKey { key, name: "API_KEY".into(), scopes }).await?;
    Ok(())
}

/// Stores the admin key of the settings; without one, and without any in the database, makes one. Gives the key that
/// was made: it is shown once.
///
/// # Errors
/// When the database fails.
pub(super) async fn admin_key(settings: &Settings, db: &Db) -> anyhow::Result<Option<Token>> {
    let scopes = Scopes::new(vec![Scope::Admin]).context("admin is a scope")?;
    let command = |key: &Token| CreateServiceKey {
        key: key.clone(),
        name: "admin".into(),
        scopes: scopes.clone(),
    };
    if let Some(text) = &settings.auth.admin_key {
        let key = Token::new(text.expose_secret())
            .context("admin_key is not 16 to 256 visible ASCII characters; use a longer one")?;
        db.run(&command(&key)).await?;
        return Ok(None);
    }
    if has_admin(db).await? {
        return Ok(None);
    }
    let key = Token::service_key();
    db.run(&command(&key)).await?;
    Ok(Some(key))
}
