//! The token a session holds, and what it knows about fetching another.

use std::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Token {
    pub(super) held: Option<String>,
    /// The one the server refused last: offering it again would be an endless loop.
    refused: Option<String>,
    /// Whether the source has been asked and has not answered.
    pub(super) fetching: bool,
    /// Whether a link is to be opened with the answer.
    pub(super) opens: bool,
    /// When to fetch a fresh token for links that are open.
    pub(super) renew_at: Option<Instant>,
}

impl Token {
    /// Never offers a refused token again. One fetched since then is another matter.
    pub(super) fn discard(&mut self, token: Option<String>) {
        if token.is_some() {
            self.held.take_if(|held| Some(&*held) == token.as_ref());
            self.refused = token;
        }
    }

    pub(super) fn is_refused(&self, token: &str) -> bool {
        self.refused.as_deref() == Some(token)
    }

    pub(super) fn renew_due(&self) -> Option<Instant> {
        self.renew_at.filter(|_| !self.fetching)
    }
}
