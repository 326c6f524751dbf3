//! `tollbell migrate`: brings the schema up to date, or says whether it is.

use std::process::ExitCode;

use super::{database, output};
use crate::{config::Settings, db};

/// Applies what is missing, or only counts it.
///
/// # Errors
/// When the database can't be reached or a migration fails.
pub(super) async fn run(settings: &Settings, check: bool) -> anyhow::Result<ExitCode> {
    let missing = database::at(settings, async |place| {
        Ok(Box::pin(db::migrate(place.options.clone(), check)).await?)
    })
    .await?;
    output::print_line(&report(missing, check))?;
    Ok(if check && missing > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn report(missing: usize, check: bool) -> String {
    let migrations = if missing == 1 { "migration" } else { "migrations" };
    match missing {
        0 => "the schema is up to date".to_owned(),
        _ if check => format!("{missing} {migrations} missing; run `tollbell migrate`"),
        _ => format!("applied {missing} {migrations}; the schema is up to date"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_says_what_was_found_and_what_to_do() {
        assert_eq!(report(0, true), "the schema is up to date");
        assert_eq!(report(0, false), "the schema is up to date");
        assert_eq!(report(1, true), "1 migration missing; run `tollbell migrate`");
        assert_eq!(report(3, false), "applied 3 migrations; the schema is up to date");
    }
}
