//! Taking down, applying and trying again.

use sha2::{Digest as _, Sha256};

use super::{
    Waiting,
    store::{self, Arrival, Claimed, Settled},
};
use crate::{
    billing::{
        apply::{Teller, Verdict},
        events::{WebhookFailed, WebhookSettled},
        model::{EventStatus, Note, retry_pause},
        polar::{self, News},
    },
    db::{Command, DbError, Failure, Never, Tx},
    kernel::time::Timestamp,
    plans::model::Provider,
};

/// What a sender is told of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// How far it is.
    pub status: EventStatus,
    /// What is to be said of it.
    pub code: Option<Note>,
    /// Whether it was done before.
    pub duplicate: bool,
}

/// An event by the name that its provider gave it.
#[derive(Debug, Clone, Copy)]
struct Named<'a> {
    provider: Provider,
    event_id: &'a str,
    kind: &'a str,
}

/// Takes an event down and applies it.
#[derive(Debug)]
pub struct Receive<'a> {
    /// Who sends it.
    pub teller: Teller,
    /// The provider's name for it.
    pub event_id: &'a str,
    /// What it says.
    pub news: &'a News,
}

impl Receive<'_> {
    async fn claim(&self, tx: &mut Tx) -> Result<Claimed, DbError> {
        let now = tx.now();
        let arrival = Arrival {
            provider: self.teller.provider,
            event_id: self.event_id,
            kind: &self.news.kind,
            told_at: self.news.told_at,
            payload: &self.news.payload,
            sha256: Sha256::digest(&self.news.payload).into(),
        };
        store::event_claim(tx.conn(), &arrival, now).await
    }

    fn named(&self) -> Named<'_> {
        let (provider, kind) = (self.teller.provider, self.news.kind.as_str());
        Named { provider, event_id: self.event_id, kind }
    }
}

impl Command for Receive<'_> {
    const NAME: &'static str = "webhook_receive";
    const REPEATABLE: bool = true;
    type Done = Receipt;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Receipt, Failure<Never>> {
        let claimed = self.claim(tx).await?;
        // Done before: known by what was done, never by having been seen.
        if claimed.known && claimed.status.is_done() {
            let Claimed { status, code, .. } = claimed;
            return Ok(Receipt { status, code, duplicate: true });
        }
        let verdict = self.teller.apply(tx, &self.news.change).await?;
        let receipt = Receipt { status: verdict.status, code: verdict.code, duplicate: false };
        settle(tx, &claimed, self.named(), verdict).await?;
        Ok(receipt)
    }
}

/// Notes that an event could not be applied, in a transaction of its own: the one that failed left nothing behind.
#[derive(Debug)]
pub struct NoteFailure<'a>(pub Receive<'a>);

impl Command for NoteFailure<'_> {
    const NAME: &'static str = "webhook_note_failure";
    const REPEATABLE: bool = true;
    type Done = ();
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<Never>> {
        let claimed = self.0.claim(tx).await?;
        if claimed.known && claimed.status.is_done() {
            return Ok(());
        }
        Ok(settle(tx, &claimed, self.0.named(), failed()).await?)
    }
}

/// Tries an event again.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Which.
    pub id: i64,
    /// Whether a plan ends when its payment is given back in full.
    pub revoke_on_full_refund: bool,
    /// Whether it only notes that trying failed.
    pub note_failure: bool,
}

impl Command for Retry {
    const NAME: &'static str = "webhook_retry";
    const REPEATABLE: bool = true;
    /// None when it is done, or in the hands of another node.
    type Done = Option<Receipt>;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Option<Receipt>, Failure<Never>> {
        let Some(held) = store::event_reclaim(tx.conn(), self.id).await? else { return Ok(None) };
        let (provider, event_id, kind) = (held.provider, &held.event_id, &held.kind);
        let named = Named { provider, event_id, kind };
        let teller =
            Teller { provider, occasion: None, revoke_on_full_refund: self.revoke_on_full_refund };
        let verdict = if self.note_failure {
            failed()
        } else {
            let news = polar::news(held.payload.as_bytes()).map_err(DbError::impossible)?;
            teller.apply(tx, &news.change).await?
        };
        let receipt = Receipt { status: verdict.status, code: verdict.code, duplicate: false };
        settle(tx, &held.claimed, named, verdict).await?;
        Ok(Some(receipt))
    }
}

/// Forgets the payloads of events that were done long ago. Gives how many.
#[derive(Debug)]
pub struct ForgetPayloads {
    /// Done before that.
    pub before: Timestamp,
    /// At most so many.
    pub limit: i64,
}

impl Command for ForgetPayloads {
    const NAME: &'static str = "webhook_forget";
    const REPEATABLE: bool = true;
    type Done = u64;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, Failure<Never>> {
        Ok(store::payloads_forget(tx.conn(), self.before, self.limit).await?)
    }
}

fn failed() -> Verdict {
    Verdict {
        status: EventStatus::Failed,
        code: Some(Note::Internal),
        waiting: Waiting::default(),
        drift: Vec::new(),
    }
}

/// Stores how an event stands, and tells operators what they should know: once, not with each attempt.
async fn settle(
    tx: &mut Tx,
    claimed: &Claimed,
    Named { provider, event_id, kind }: Named<'_>,
    verdict: Verdict,
) -> Result<(), DbError> {
    let now = tx.now();
    let Verdict { status, code, waiting, .. } = verdict;
    let pause = retry_pause(status, claimed.attempts);
    let next_attempt_at = pause.and_then(|pause| now.plus(pause));
    let settled = Settled {
        id: claimed.id,
        status,
        code,
        attempts: claimed.attempts,
        next_attempt_at,
        waiting: &waiting,
    };
    store::event_settle(tx.conn(), &settled, now).await?;
    let told = claimed.known && (claimed.status, claimed.code) == (status, code);
    let gives_up = status == EventStatus::Failed && next_attempt_at.is_none();
    let code = code.filter(|code| code.is_alarming() && (!told || gives_up));
    let (id, attempts) = (claimed.id, claimed.attempts);
    if let Some(code) = code {
        let (event_id, kind) = (event_id.into(), kind.into());
        tx.emit(&WebhookFailed {
            id,
            provider,
            event_id,
            kind,
            status,
            code,
            attempts,
            next_attempt_at,
        })?;
    }
    if status.is_done() && claimed.is_announced() {
        let (event_id, kind) = (event_id.into(), kind.into());
        tx.emit(&WebhookSettled { id, provider, event_id, kind, status, attempts })?;
    }
    metrics::counter!("webhook_events_total", "provider" => provider.name(), "status" => status.name())
        .increment(1);
    Ok(())
}
