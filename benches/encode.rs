//! Encoding an event once for all its listeners, against encoding it for each of them.
//!
//! `cargo bench --bench encode` prints the time per delivery of both and their ratio, from the same run: the machines
//! are noisy, the ratio is not. It covers no socket; the cost of a write is the kernel's.

use std::{
    hint::black_box,
    io::{self, Write},
    time::{Duration, Instant},
};

use serde_json::json;
use tollbell::hub::frame;

/// Listeners of one event.
const LISTENERS: u32 = 1_000;
/// Events of one repetition.
const EVENTS: u32 = 200;
/// Repetitions, the two sides taking turns.
const REPETITIONS: usize = 5;

fn main() -> io::Result<()> {
    let event = json!({"type": "event", "seq": 18_447, "kind": "payment.made", "topics": ["payments"],
        "data": {"id": 9_912, "from": "k8juvewcui", "to": "k7oax47quv", "amount": 10.25}});
    let once = || {
        let shared = frame::json(&event);
        for _ in 0..LISTENERS {
            black_box(shared.clone());
        }
    };
    let each = || {
        for _ in 0..LISTENERS {
            black_box(frame::json(&event));
        }
    };
    let (mut shared, mut apart) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        shared.push(per_delivery(once));
        apart.push(per_delivery(each));
    }
    let (shared, apart) = (median(shared), median(apart));
    let ratio = apart.as_secs_f64() / shared.as_secs_f64();
    writeln!(io::stdout(), "once {shared:?}  each {apart:?}  ratio {ratio:.0}")
}

fn per_delivery(deliver: impl Fn()) -> Duration {
    let started = Instant::now();
    for _ in 0..EVENTS {
        deliver();
    }
    started.elapsed() / (EVENTS * LISTENERS)
}

fn median(mut spans: Vec<Duration>) -> Duration {
    spans.sort_unstable();
    spans.get(spans.len() / 2).copied().unwrap_or_default()
}
