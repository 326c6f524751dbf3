//! One websocket as the session sees it.

use std::time::{Duration, Instant};

/// Names a link for as long as the session lives.
pub(crate) type LinkId = u64;

/// How far the conversation on a link has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The socket is being opened, or the server has not greeted yet.
    Opening,
    /// Subscribe was sent as `request`; `resuming` when it named a position.
    Subscribing { request: u64, resuming: bool },
    /// The subscription was accepted.
    Joined,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) id: LinkId,
    pub(super) stage: Stage,
    /// The history the server speaks of; none before its greeting.
    pub(super) epoch: Option<String>,
    /// The token the server knows this link by.
    pub(super) token: Option<String>,
    /// The `auth` request still unanswered, and its token.
    pub(super) presented: Option<(u64, String)>,
    /// The last sign of life, or when opening began.
    pub(super) heard: Instant,
    /// How long silence is borne.
    silence: Duration,
    /// When the subscription was accepted.
    pub(super) joined_at: Option<Instant>,
    /// When the server wants this link to be replaced.
    pub(super) replace_at: Option<Instant>,
    /// Before when the server does not want to hear of us again.
    pub(super) told: Option<Instant>,
}

impl Link {
    pub(super) fn opening(
        id: LinkId,
        token: Option<String>,
        now: Instant,
        within: Duration,
    ) -> Self {
        Self {
            id,
            stage: Stage::Opening,
            epoch: None,
            token,
            presented: None,
            heard: now,
            silence: within,
            joined_at: None,
            replace_at: None,
            told: None,
        }
    }

    pub(super) fn greeted(&mut self, epoch: String, now: Instant, silence: Duration) {
        self.epoch = Some(epoch);
        self.heard = now;
        self.silence = silence;
    }

    /// When the link counts as dead unless something is heard.
    pub(super) fn deadline(&self) -> Instant {
        self.heard + self.silence
    }
}
