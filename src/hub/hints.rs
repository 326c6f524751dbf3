//! What is worth knowing only now: heartbeats, figures. Live only, coalesced, never in the log.
//!
//! A hint waits on a board under its key until the shards come by. A newer one under the same key replaces it, so a
//! busy shard tells the latest and the board never grows with the rate of hints.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use bytes::Bytes;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::watch;

use super::frame;
use crate::kernel::event::Topic;

/// Keys on the board at the most. The one that was silent for longest goes first.
const HINT_KEYS_MAX: usize = 1_024;

/// Something worth knowing only now.
#[derive(Debug)]
pub(super) struct Hint {
    /// Who hears it.
    pub topics: Vec<Topic>,
    /// What it is.
    pub kind: &'static str,
    /// Its native frame.
    pub frame: Bytes,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Board {
    posted: Mutex<Posted>,
    turn: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Posted {
    turns: HashMap<Box<str>, u64>,
    hints: BTreeMap<u64, (Box<str>, Arc<Hint>)>,
    last: u64,
}

#[derive(Serialize)]
struct HintWire<'a> {
    r#type: &'static str,
    kind: &'a str,
    topics: &'a [Topic],
    data: &'a RawValue,
}

impl Board {
    /// Posts a hint in place of the one under the same key.
    pub(super) fn post(&self, key: &str, kind: &'static str, topics: Vec<Topic>, data: &RawValue) {
        let wire = HintWire { r#type: "hint", kind, topics: &topics, data };
        let Some(frame) = frame::json(&wire) else { return };
        let mut posted = self.posted.lock();
        posted.last = posted.last.saturating_add(1);
        let turn = posted.last;
        if let Some(replaced) = posted.turns.insert(key.into(), turn) {
            posted.hints.remove(&replaced);
        }
        posted.hints.insert(turn, (key.into(), Arc::new(Hint { topics, kind, frame })));
        if posted.hints.len() > HINT_KEYS_MAX
            && let Some((_, (key, _))) = posted.hints.pop_first()
        {
            posted.turns.remove(&key);
        }
        drop(posted);
        self.turn.send_replace(turn);
    }

    /// The hints behind a turn, and the turn of the last of them.
    pub(super) fn behind(&self, seen: u64) -> (Vec<Arc<Hint>>, u64) {
        let posted = self.posted.lock();
        let fresh = posted.hints.range(seen.saturating_add(1)..);
        (fresh.map(|(_, (_, hint))| Arc::clone(hint)).collect(), posted.last)
    }

    /// Tells of new hints.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.turn.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(board: &Board, key: &str, n: u32) {
        let data = RawValue::from_string(n.to_string()).unwrap();
        board.post(key, "server.tick", vec![Topic::named("servers")], &data);
    }

    fn told(board: &Board, seen: u64) -> Vec<String> {
        let text =
            |hint: &Arc<Hint>| String::from_utf8(frame::payload(&hint.frame).to_vec()).unwrap();
        board.behind(seen).0.iter().map(text).collect()
    }

    #[test]
    fn the_latest_of_a_key_is_told_once() {
        let board = Board::default();
        post(&board, "a", 1);
        post(&board, "b", 2);
        post(&board, "a", 3);
        let form = r#"{"type":"hint","kind":"server.tick","topics":["servers"],"data":"#;
        assert_eq!(told(&board, 0), [format!("{form}2}}"), format!("{form}3}}")]);
        let (_, seen) = board.behind(0);
        assert!(told(&board, seen).is_empty());
    }

    #[test]
    fn the_board_is_bounded() {
        let board = Board::default();
        for n in 0..5_000 {
            post(&board, &format!("server:{n}"), n);
        }
        let posted = board.posted.lock();
        assert_eq!((posted.hints.len(), posted.turns.len()), (HINT_KEYS_MAX, HINT_KEYS_MAX));
    }
}
