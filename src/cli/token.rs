//! `tollbell token`: service keys. A hub may run meanwhile; it learns of a revocation from the log.

use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use uuid::Uuid;

use super::{database, database::Schema, output};
use crate::{
    auth::{
        KeyRow, Scope, Scopes, Token,
        acts::{Acting, Actor},
        commands::{AuthRefusal, CreateServiceKey, RevokeServiceKey, service_keys},
    },
    config::{Settings, TokenCmd},
    db::{Db, Failure},
    kernel::{id::ServiceKeyId, time::Timestamp},
};

/// The longest name of a key in characters.
const NAME_CHARS_MAX: usize = 64;

/// Makes, lists or revokes.
///
/// # Errors
/// When the database fails, or there is no such key.
pub(super) async fn run(settings: &Settings, cmd: TokenCmd) -> anyhow::Result<ExitCode> {
    database::on(settings, Schema::AsSet, async |db| match cmd {
        TokenCmd::Create { name, scopes } => create(db, name, &scopes).await,
        TokenCmd::List => Ok(output::print(&table(&service_keys(db).await?))?),
        TokenCmd::Revoke { id } => revoke(db, id).await,
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

/// The key alone stands on standard output, so that a script can take it.
async fn create(db: &Db, name: String, scopes: &[String]) -> anyhow::Result<()> {
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
        bail!("a key's name is 1 to {NAME_CHARS_MAX} characters; choose a shorter one");
    }
    let scopes = scopes.iter().map(|scope| scope.parse()).collect::<Result<Vec<Scope>, _>>();
    let scopes = scopes.map_err(anyhow::Error::msg)?;
    let scopes = Scopes::new(scopes).context("a key needs a scope; name one with --scopes")?;
    let key = Token::service_key();
    let named: Vec<&str> = scopes.iter().map(Scope::name).collect();
    let act = Actor::console().acts("key.create", &name).with("scopes", named);
    let command = CreateServiceKey { key: key.clone(), name, scopes };
    let made = db.run(&Acting::when(act, command, Option::is_some)).await;
    match made {
        // A key of ours that is there already came from a run whose COMMIT had an unknown outcome.
        Ok(_) => {}
        Err(Failure::Db(error)) => return Err(error).context("could not store the key"),
        Err(Failure::Refused(never)) => match never {},
    }
    eprintln!("keep this key: only its hash is stored, so it is never shown again");
    Ok(output::print_line(key.reveal())?)
}

async fn revoke(db: &Db, id: Uuid) -> anyhow::Result<()> {
    let act = Actor::console().acts("key.revoke", id);
    match db.run(&Acting::new(act, RevokeServiceKey(ServiceKeyId::new(id)))).await {
        Ok(()) => Ok(output::print_line(&format!("revoked {id}; its connections are closed"))?),
        Err(Failure::Refused(AuthRefusal::KeyNotFound)) => {
            Err(anyhow!("no live key has the id {id}; see `tollbell token list`"))
        }
        Err(Failure::Refused(other)) => bail!("could not revoke {id}: {other:?}"),
        Err(Failure::Db(error)) => Err(error).context("could not revoke the key"),
    }
}

fn table(keys: &[KeyRow]) -> String {
    let head = ["id", "name", "scopes", "made", "revoked"].map(str::to_owned).to_vec();
    let rows = keys.iter().map(|key| {
        let revoked = key.revoked_at.map(|at| Timestamp::new(at).to_string());
        vec![
            key.id.to_string(),
            output::plain(&key.name),
            key.scopes.join(","),
            Timestamp::new(key.created_at).to_string(),
            revoked.unwrap_or_else(|| "-".to_owned()),
        ]
    });
    output::columns(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn the_list_shows_who_may_do_what_and_no_secret() {
        let made = DateTime::from_timestamp_millis(1_795_309_200_123).unwrap();
        let key = |name: &str, revoked_at| KeyRow {
            id: Uuid::nil(),
            name: name.into(),
            scopes: vec!["admin".into(), "bot".into()],
            created_at: made,
            revoked_at,
        };
        let text = table(&[key("shop", None), key("old\u{1b}", Some(made))]);
        let expected = "\
id                                    name       scopes     made                      revoked
00000000-0000-0000-0000-000000000000  shop       admin,bot  2026-11-22T01:00:00.123Z  -
00000000-0000-0000-0000-000000000000  old\\u{1b}  admin,bot  2026-11-22T01:00:00.123Z  2026-11-22T01:00:00.123Z
";
        assert_eq!(text, expected);
    }
}
