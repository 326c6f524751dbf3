//! The clients that people already have, as the registry serves them, against the real binary: they connect,
//! subscribe, pay, hear what was paid, and come back after a restart of the hub.
//!
//! `tests/krist-clients` has the two packages and a script each, driven by lines of JSON.

use std::{path::PathBuf, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::support::{ANNA, BERT, Hub, Site};

/// How long a client may take: it waits for seconds before it connects again.
const PATIENCE: Duration = Duration::from_secs(40);

/// A client in a process of its own.
struct Client {
    _child: Child,
    orders: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    /// What happened before an answer that was waited for.
    early: Vec<Value>,
    count: u64,
}

/// Whether the clients are installed. Where everything must run, it is a failure that they are not.
fn installed() -> bool {
    let there = folder().join("node_modules/krist").is_dir();
    let must = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(there || !must, "run `npm ci` in tests/krist-clients; ./x test does");
    if !there {
        eprintln!("skipped: run `npm ci` in tests/krist-clients");
    }
    there
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/krist-clients")
}

impl Client {
    fn start(script: &str, node: &[&str], door: &str, private: &str) -> Self {
        let mut child = Command::new("node")
            .args(node)
            .args([script, door, private])
            .current_dir(folder())
            .env("NODE_NO_WARNINGS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { _child: child, orders, lines, early: Vec::new(), count: 0 }
    }

    async fn line(&mut self) -> Value {
        loop {
            let line =
                timeout(PATIENCE, self.lines.next_line()).await.expect("the client is silent");
            let line = line.unwrap().expect("the client has ended");
            // The clients also print for people.
            if let Ok(line) = serde_json::from_str::<Value>(&line) {
                return line;
            }
        }
    }

    /// Lets the client do something, and gives what it says of it.
    async fn order(&mut self, order: &str, args: Value) -> Value {
        self.count += 1;
        let line = json!({"n": self.count, "order": order, "args": args});
        self.orders.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        loop {
            let line = self.line().await;
            if line["n"] == self.count {
                return line;
            }
            self.early.push(line);
        }
    }

    /// The same, when it must succeed.
    async fn done(&mut self, order: &str, args: Value) -> Value {
        let answer = self.order(order, args).await;
        assert!(answer.get("failed").is_none(), "{order}: {answer}");
        answer["done"].clone()
    }

    /// The next thing of a kind that happened.
    async fn hears(&mut self, event: &str) -> Value {
        if let Some(at) = self.early.iter().position(|line| line["event"] == event) {
            return self.early.remove(at);
        }
        loop {
            let line = self.line().await;
            if line["event"] == event {
                return line;
            }
            self.early.push(line);
        }
    }

    /// The next payment that the client hears of.
    async fn hears_payment(&mut self, to: &str, value: Value) {
        let heard = self.hears("transaction").await["transaction"].clone();
        assert_eq!((&heard["to"], &heard["value"]), (&json!(to), &value), "{heard}");
    }
}

async fn funded(site: &Site, flags: &[&str]) -> Hub {
    let hub = site.hub(flags).await;
    for person in [ANNA, BERT] {
        hub.login(person).await;
        hub.admin().mint(person.1, "2000").await;
    }
    hub
}

/// What all ways of running npm `krist` must do.
async fn krist_js(node: &[&str]) {
    if !installed() {
        return;
    }
    let site = Site::new().await;
    let flags = ["--krist-profile=krist", "--money-scale=0"];
    let hub = funded(&site, &flags).await;
    let address = hub.address.clone();
    // The profile's own clients are served at the root.
    let mut client = Client::start("krist.mjs", node, &format!("{}/", hub.url()), ANNA.0);
    client.done("connect", json!([])).await;
    let hello = client.hears("ready").await;
    assert_eq!(hello["hello"]["currency"]["name_suffix"], "kst");

    assert_eq!(client.done("login", json!(["a"])).await["address"], ANNA.1);
    assert_eq!(client.done("address", json!([ANNA.1])).await["balance"], 2_000);
    let paid = client.done("pay", json!([BERT.1, 10, "message=hi"])).await;
    assert_eq!((&paid["value"], &paid["metadata"]), (&json!(10), &json!("message=hi")));
    client.hears_payment(BERT.1, json!(10)).await;
    client.done("socketPay", json!([BERT.1, 5])).await;
    client.hears_payment(BERT.1, json!(5)).await;
    assert_eq!(client.done("transactions", json!([])).await, json!([1, 2, 3, 4]));
    assert_eq!(client.done("of", json!([ANNA.1])).await["total"], 2);
    assert_eq!(client.done("rich", json!([])).await["addresses"][0]["address"], BERT.1);
    let me = client.done("socketMe", json!([])).await;
    assert_eq!(me["isGuest"], false, "{me}");
    client.done("socketWork", json!([])).await;
    let refused = client.order("pay", json!([BERT.1, 1_000_000])).await;
    assert_eq!(refused["message"], "Insufficient funds", "{refused}");
    assert_eq!(client.done("register", json!(["bakery"])).await["owner"], ANNA.1);
    assert_eq!(client.hears("name").await["name"]["name"], "bakery");
    client.hears_payment("name", json!(500)).await;
    assert_eq!(client.done("move", json!(["bakery", BERT.1])).await["owner"], BERT.1);
    client.hears_payment(BERT.1, json!(0)).await;
    let named = client.done("pay", json!(["shop@bakery.kst", 1])).await;
    assert_eq!((&named["to"], &named["sent_metaname"]), (&json!(BERT.1), &json!("shop")));
    client.hears_payment(BERT.1, json!(1)).await;
    // The client's own fault: an error is no response to it, and its promise waits for ever.
    assert_eq!(client.done("socketUnsettled", json!([])).await, "unsettled");

    drop(hub);
    client.hears("close").await;
    let _hub = site.hub_at(&address, &flags).await;
    client.hears("ready").await;
    client.done("pay", json!([BERT.1, 7])).await;
    client.hears_payment(BERT.1, json!(7)).await;
    site.verify_with(&flags);
}

#[tokio::test]
async fn npm_krist_works_unmodified() {
    krist_js(&[]).await;
}

/// With a websocket of the platform's own, as in browsers, it offers a subprotocol and wants it echoed.
#[tokio::test]
async fn npm_krist_works_as_in_a_browser() {
    krist_js(&["--experimental-websocket"]).await;
}

#[tokio::test]
async fn npm_kromer_works_unmodified() {
    if !installed() {
        return;
    }
    let site = Site::new().await;
    let hub = funded(&site, &[]).await;
    let address = hub.address.clone();
    let door = format!("{}/api/krist/", hub.url());
    let mut client = Client::start("kromer.mjs", &["--experimental-websocket"], &door, ANNA.0);
    client.done("connect", json!([])).await;
    let hello = client.hears("ready").await;
    assert_eq!(hello["hello"]["currency"]["name_suffix"], "kro");
    let levels = client.done("socketLevels", json!([])).await;
    assert_eq!(levels["subscription_level"], json!(["transactions", "ownSubscriptions"]));

    assert_eq!(client.done("login", json!(["a"])).await["address"], ANNA.1);
    assert_eq!(client.done("supply", json!([])).await, 4_000);
    assert!(client.done("motd", json!([])).await["motd_set"].is_string());
    let found = client.done("several", json!([[ANNA.1, BERT.1]])).await;
    assert_eq!(
        (&found["found"], &found["addresses"][BERT.1]["balance"]),
        (&json!(2), &json!(2_000))
    );
    let paid = client.done("pay", json!([BERT.1, 10.25, "message=hi"])).await;
    client.hears_payment(BERT.1, json!(10.25)).await;
    let read = client.done("withMeta", json!([paid["id"]])).await;
    assert_eq!(read["meta"]["entries"], json!([{"name": "message", "value": "hi"}]));
    let all = client.done("lookup", json!([[ANNA.1, BERT.1]])).await;
    assert_eq!((&all["total"], &all["transactions"][0]["id"]), (&json!(3), &paid["id"]));
    assert_eq!(client.done("socketMe", json!([])).await["isGuest"], false);
    assert_eq!(client.done("socketAddress", json!([BERT.1])).await["balance"], 2_010.25);
    client.done("socketLogout", json!([])).await;
    assert_eq!(client.done("socketMe", json!([])).await["isGuest"], true);
    let refused = client.order("pay", json!([BERT.1, 1_000_000])).await;
    assert_eq!(refused["failed"], "insufficient_funds", "{refused}");

    drop(hub);
    client.hears("close").await;
    let _hub = site.hub_at(&address, &[]).await;
    client.hears("ready").await;
    client.done("pay", json!([BERT.1, 7])).await;
    client.hears_payment(BERT.1, json!(7)).await;
    site.verify();
}

#[tokio::test]
async fn npm_kromer_offers_and_subscribes() {
    if !installed() {
        return;
    }
    let site = Site::new().await;
    let hub = funded(&site, &[]).await;
    let door = format!("{}/api/krist/", hub.url());
    let mut client = Client::start("kromer.mjs", &["--experimental-websocket"], &door, ANNA.0);
    client.done("connect", json!([])).await;
    client.hears("ready").await;
    client.done("register", json!(["bakery.kro"])).await;
    assert_eq!(client.done("name", json!(["bakery"])).await["owner"], ANNA.1);
    assert_eq!(client.done("names", json!([])).await["total"], 1);
    let offer = json!({"name": "shop@bakery.kro", "price": 2.5, "period": 10,
        "description": "Every morning", "maxSubscribers": 5});
    let id = client.done("offer", json!([offer])).await["id"].clone();
    let subscribed = client.done("subscribe", json!([id, BERT.0])).await;
    assert!(subscribed["nextPayment"].is_string(), "a date that can be read: {subscribed}");
    client.hears_payment("serverwelf", json!(500)).await;
    client.hears_payment(ANNA.1, json!(2.5)).await;
    let heard = client.hears("subscription").await["subscription"].clone();
    assert_eq!(
        (&heard["action"], &heard["subscriberAddress"]),
        (&json!("subscribe"), &json!(BERT.1))
    );
    assert!(heard["nextPayment"].is_string(), "{heard}");
    let listed = client.done("offers", json!([{"name": "bakery"}])).await;
    assert_eq!(
        (&listed["total"], &listed["subscriptions"][0]["maxSubscribers"]),
        (&json!(1), &json!(5))
    );
    let one = client.done("subscription", json!([id])).await;
    assert_eq!((&one["name"], &one["subscribers"]), (&json!("shop@bakery.kro"), &json!(1)));
    client.done("unsubscribe", json!([id, BERT.0])).await;
    assert_eq!(client.hears("subscription").await["subscription"]["action"], "unsubscribe");
    client.done("close", json!([id])).await;
    // The client's own fault: it asks for the contract with GET instead of deleting it.
    client.done("cancel", json!([id])).await;
    assert_eq!(client.done("subscription", json!([id])).await["status"], "closed");
    site.verify();
}
