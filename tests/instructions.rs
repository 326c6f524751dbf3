//! How many instructions the pure parts take, so that a regression is seen without a clock.
//!
//! The test runs itself under `valgrind --tool=callgrind`, which counts the same for the same program whatever else
//! the machine does. A part is run with few and with many items, and what it needs is made without the work; the
//! differences, divided, are the price of one. The prices of the build that tests use stand in
//! `benches/instructions.txt`; `TOLLBELL_COUNT=write` writes them anew.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program that can't be run is a failed test"
)]

use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    fs,
    hint::black_box,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use serde_json::value::RawValue;
use tollbell::{
    hub::{Interest, Kinds, Want, rehearse as deliver},
    kernel::{
        event::{Event, Seq, Topic},
        id::WalletId,
        money::Amount,
        time::Timestamp,
    },
    ledger::{PaymentKind, Transfer, Wallet, rehearse as decide},
};

/// Which part this process runs, and on how many items, when it is the one that is counted.
const PART: &str = "TOLLBELL_COUNT_PART";
const ITEMS: &str = "TOLLBELL_COUNT_ITEMS";
/// Whether it does the work, or only makes what the work needs.
const WHOLE: &str = "TOLLBELL_COUNT_WHOLE";
const WRITE: &str = "TOLLBELL_COUNT";
const FEW: u32 = 100;
const MANY: u32 = 600;
/// How much dearer a part may become before somebody has to say that it may.
const MARGIN: f64 = 1.15;
const PRICES: &str = "benches/instructions.txt";
const PARTS: [&str; 3] = ["delivery", "delivery_one_of_1000_topics", "decision"];

fn at() -> Timestamp {
    serde_json::from_str(r#""2026-11-22T01:00:00.000Z""#).unwrap()
}

fn events(count: u32, topic: impl Fn(u32) -> String) -> Vec<Arc<Event>> {
    let event = |n: u32| Event {
        seq: Seq::new(n.into()),
        at: at(),
        kind: "payment.made".into(),
        topics: [topic(n).parse::<Topic>().unwrap()].into(),
        data: RawValue::from_string(format!(r#"{{"id":{n},"amount":1.5}}"#)).unwrap(),
    };
    (1..=count).map(|n| Arc::new(event(n))).collect()
}

fn interest(topic: &str) -> Interest {
    Interest::new([Want { topic: topic.parse().unwrap(), kinds: Kinds::All }])
}

fn orders(count: u32) -> (Vec<Wallet>, Vec<Transfer>) {
    let wallet = |n: u32| Wallet {
        id: WalletId::new(n.into()),
        address: format!("k{n:09}").parse().unwrap(),
        balance: Amount::minor(1_000_000),
        floor: Amount::minor(0),
        total_in: Amount::minor(1_000_000),
        total_out: Amount::minor(0),
        version: 1,
        locked: false,
        created_at: at(),
    };
    let wallets: Vec<_> = (0..64).map(wallet).collect();
    let transfer = |n: u32| Transfer {
        payer: wallet(n % 64).address,
        payee: wallet((n + 1) % 64).address.into(),
        amount: Amount::minor(1).payable().unwrap(),
        kind: PaymentKind::Transfer,
        name: None,
        metadata: None,
        request_id: None,
    };
    (wallets, (0..count).map(transfer).collect())
}

/// What is counted; or only what has to be made before it.
fn run(part: &str, items: u32, whole: bool) {
    let hear = |topic: &dyn Fn(u32) -> String, interest: &Interest| {
        let events = black_box(events(items, topic));
        if whole {
            black_box(deliver(&events, interest));
        }
    };
    match part {
        "delivery" => hear(&|_| "payments".into(), &interest("payments")),
        "delivery_one_of_1000_topics" => {
            let own = |n| format!("wallet:k{:09}", n % 1_000);
            hear(&own, &interest(&own(7)));
        }
        "decision" => {
            let (wallets, orders) = black_box(orders(items));
            if whole {
                assert_eq!(decide(wallets, &orders), orders.len());
            }
        }
        other => panic!("there is no part {other}"),
    }
}

/// Instructions of one item.
fn price(part: &str, folder: &Path) -> f64 {
    let count = |items: u32, whole: bool| -> f64 {
        let out = folder.join(format!("{part}.{items}.{whole}"));
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--quiet"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(env::current_exe().unwrap())
            .args(["--exact", "the_pure_parts_cost_what_they_did", "--test-threads", "1"])
            .env(PART, part)
            .env(ITEMS, items.to_string())
            .env(WHOLE, whole.to_string())
            .stdin(Stdio::null())
            .output()
            .expect("valgrind is not installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = fs::read_to_string(&out).unwrap();
        let summary = said.lines().find_map(|line| line.strip_prefix("summary: ")).unwrap();
        summary.trim().parse::<u32>().unwrap().into()
    };
    let each = |whole| (count(MANY, whole) - count(FEW, whole)) / f64::from(MANY - FEW);
    each(true) - each(false)
}

fn prices() -> BTreeMap<String, f64> {
    let text = fs::read_to_string(PRICES).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(' '))
        .map(|(part, price)| (part.to_owned(), price.parse().unwrap()))
        .collect()
}

#[test]
fn the_pure_parts_cost_what_they_did() {
    if let Some(part) = env::var_os(PART) {
        let items = env::var_os(ITEMS).unwrap();
        let whole = env::var_os(WHOLE).is_some_and(|whole| whole == "true");
        return run(part.to_str().unwrap(), items.to_str().unwrap().parse().unwrap(), whole);
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        assert!(env::var_os("CI").is_none(), "valgrind is missing, and CI skips nothing");
        eprintln!("valgrind is missing: nothing was counted");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let now: BTreeMap<_, _> =
        PARTS.iter().map(|part| ((*part).to_owned(), price(part, folder.path()))).collect();
    if env::var_os(WRITE).is_some_and(|word| word == "write") {
        let mut text = String::from(
            "# Instructions of one item in the build that tests use; see tests/instructions.rs.\n",
        );
        for (part, price) in &now {
            writeln!(text, "{part} {price:.0}").unwrap();
        }
        return fs::write(PRICES, text).unwrap();
    }
    let before = prices();
    for (part, price) in &now {
        let known = before.get(part).unwrap_or_else(|| panic!("{PRICES} says nothing of {part}"));
        eprintln!("{part}: {price:.0} instructions, {known:.0} before");
        assert!(
            *price <= known * MARGIN,
            "{part} takes {price:.0} instructions, {known:.0} before"
        );
    }
}
