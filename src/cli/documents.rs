//! What the program knows about itself, printed: its settings and the descriptions of its interfaces.

use super::output;
use crate::{app, config, gateways};

/// The settings as a Markdown table.
///
/// # Errors
/// When standard output takes nothing more.
pub(super) fn settings() -> anyhow::Result<()> {
    Ok(output::print(&config::document())?)
}

/// The OpenAPI document.
///
/// # Errors
/// As [`settings`].
pub(super) fn openapi() -> anyhow::Result<()> {
    Ok(output::print_line(&app::document().to_pretty_json()?)?)
}

/// The AsyncAPI document.
///
/// # Errors
/// As [`settings`].
pub(super) fn asyncapi() -> anyhow::Result<()> {
    let document = serde_json::to_string_pretty(&gateways::asyncapi::document())?;
    Ok(output::print_line(&document)?)
}
