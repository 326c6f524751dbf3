//! `tollbell tail`: prints events as they happen, through the client that everybody else uses too.
//!
//! Events go to standard output, one line each, flushed; what the link does goes to standard error, so that a pipe
//! carries events only. Links that break are resumed without a gap or a repetition; a gap that can't be helped is told.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;
use tollbell_client::{Events, GapReason, Hub, Item, Position, Status};

use super::{
    output::{plain, print_line},
    summary,
};
use crate::config::TailArgs;

/// Listens until interrupted.
///
/// # Errors
/// When the hub refuses to be listened to, or standard output takes nothing more.
pub(super) async fn run(args: TailArgs) -> anyhow::Result<ExitCode> {
    let mut builder =
        Hub::builder(args.url.as_str()).topics(args.topics.clone()).kinds(args.kinds.clone());
    if let Some(token) = &args.token {
        builder = builder.token(token.expose_secret());
    }
    if let Some(seq) = args.since {
        builder = builder.since_seq(seq);
    }
    let (hub, mut events) = builder.connect().await?;
    tokio::select! {
        ended = follow(&mut events, &args) => ended?,
        interrupted = tokio::signal::ctrl_c() => interrupted.context("could not wait for Ctrl-C")?,
    }
    hub.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn follow(events: &mut Events, args: &TailArgs) -> anyhow::Result<()> {
    while let Some(item) = events.next().await {
        match item {
            Item::Event(event) if args.json => print_line(&summary::event_json(&event)?)?,
            Item::Event(event) => print_line(&summary::event_line(&event))?,
            Item::Hint(hint) if args.json => print_line(&summary::hint_json(&hint)?)?,
            Item::Hint(hint) => print_line(&summary::hint_line(&hint))?,
            Item::Status(Status::Stopped(stop)) => {
                bail!("could not listen to {} at {}: {stop}", args.topics.join(", "), args.url)
            }
            other => {
                if let Some(note) = note(&other) {
                    eprintln!("tail: {}", plain(&note));
                }
            }
        }
    }
    Ok(())
}

/// What a person wants to know about the link; nothing when it is as it should be.
fn note(item: &Item) -> Option<String> {
    match item {
        Item::Status(Status::Connected) => Some("connected".to_owned()),
        Item::Status(Status::Reconnecting { in_ms, reason }) => {
            Some(format!("reconnecting in {}.{} s: {reason}", in_ms / 1_000, in_ms % 1_000 / 100))
        }
        Item::Gap { reason, held, oldest } => Some(gap(*reason, held, *oldest)),
        Item::Revoked { topics, code } => Some(format!("lost {}: {code}", topics.join(", "))),
        _ => None,
    }
}

fn gap(reason: GapReason, held: &Position, oldest: Option<u64>) -> String {
    match (reason, oldest) {
        (GapReason::EpochChanged, _) => format!(
            "the hub has another history than {}, where event {} was the last one seen; going on from its present",
            held.epoch, held.seq
        ),
        (_, Some(oldest)) => format!(
            "events behind {} are no longer kept; going on from now, or start again with --since {}",
            held.seq,
            oldest.saturating_sub(1)
        ),
        _ => format!("events behind {} are no longer kept; going on from now", held.seq),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_link_does_is_told_in_words() {
        let held = Position { epoch: "e7".into(), seq: 40 };
        let gap = |reason, oldest| Item::Gap { reason, held: held.clone(), oldest };
        for (item, expected) in [
            (Item::Status(Status::Connected), Some("connected")),
            (
                Item::Status(Status::Reconnecting { in_ms: 1_250, reason: "no pong".into() }),
                Some("reconnecting in 1.2 s: no pong"),
            ),
            (
                gap(GapReason::Gone, Some(9_001)),
                Some(
                    "events behind 40 are no longer kept; going on from now, or start again with --since 9000",
                ),
            ),
            (
                gap(GapReason::EpochChanged, None),
                Some(
                    "the hub has another history than e7, where event 40 was the last one seen; going on from its present",
                ),
            ),
            (
                Item::Revoked { topics: vec!["users".into()], code: "forbidden".into() },
                Some("lost users: forbidden"),
            ),
            (Item::Live { seq: 50 }, None),
        ] {
            assert_eq!(note(&item).as_deref(), expected, "{item:?}");
        }
    }
}
