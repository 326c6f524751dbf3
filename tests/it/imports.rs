//! Moving in: wallets and names from files.

use std::{
    fmt::Write as _,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::support::{ANNA, BERT, CARA, NOBODY, Site, Socket, names::give, soak};

/// Krist's verifier of the private key `a`.
const VERIFIER: &str = "a350fa569fc53804c4282afbebafeba973c33238704815ea41fa8eec1f13a791";

/// What a run said: its exit code and its lines.
struct Said {
    code: i32,
    lines: Vec<String>,
}

impl Said {
    fn last(&self) -> &str {
        self.lines.last().map_or("", String::as_str)
    }
}

fn file(site: &Site, name: &str, text: &str) -> PathBuf {
    let path = site.data_dir().join(name);
    fs::write(&path, text).unwrap();
    path
}

fn import(site: &Site, what: &str, text: &str) -> Said {
    let path = file(site, &format!("{what}.csv"), text);
    let output = site.run(&["import", what, path.to_str().unwrap()]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(!stderr.contains("error"), "{stderr}");
    Said {
        code: output.status.code().unwrap(),
        lines: lines.lines().map(ToOwned::to_owned).collect(),
    }
}

/// Everything that an import leaves behind, as one number, and the head of the log.
async fn state(site: &Site) -> (String, i64) {
    let all = "select md5(string_agg(line, ';' order by line)) from (
                   select concat_ws(',', address, balance, total_in, version, locked, encode(verifier, 'hex')) as line
                   from wallets
                   union all select concat_ws(',', name, owner, original_owner, version) from names
                   union all select concat_ws(',', amount, request_id, kind) from payments) l";
    let mut sql = site.sql().await;
    let sum = sqlx::query_scalar(all).fetch_one(&mut sql).await.unwrap();
    (sum, sqlx::query_scalar("select seq from log_head").fetch_one(&mut sql).await.unwrap())
}

/// Wallets as another server would have them: some empty, some locked, some claimed.
fn crowd(wallets: usize) -> String {
    let mut text = String::from("address,balance,verifier,locked\n");
    for n in 0..wallets {
        let balance =
            if n % 10 == 0 { "0".into() } else { format!("{}.{:02}", n % 5_000, n % 100) };
        let verifier = if n % 3 == 0 { String::new() } else { format!("{n:064x}") };
        writeln!(text, "k{n:09},{balance},{verifier},{}", n % 50 == 7).unwrap();
    }
    text
}

#[tokio::test]
async fn what_was_imported_is_as_if_it_had_always_been_here() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let topics = [&*format!("wallet:{}", ANNA.1), &*format!("wallet:{}", BERT.1)];
    let mut socket = Socket::on(&hub, &topics).await;
    let text = format!(
        "address,balance,verifier,locked\n{},10.25,{VERIFIER},\n{},3,,true\n{},0,,\n",
        ANNA.1, BERT.1, CARA.1
    );
    let said = import(&site, "wallets", &text);
    assert_eq!((said.code, said.last()), (0, "3 imported, 0 were here already, 0 refused"));
    // A hub that runs meanwhile tells it all.
    let heard = socket.events(5).await;
    let kinds: Vec<_> = heard.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["wallet.created", "wallet.created", "wallet.locked", "payment.made", "payment.made"]
    );
    assert_eq!(heard[3]["data"]["type"], "mined");
    assert_eq!(hub.guest().get("/api/v1/supply").await.data()["supply"], 13.25);
    // Anna's private key opens her wallet; what nobody had claimed is claimed by its key; a locked one is not opened.
    let anna = hub.login(ANNA).await;
    hub.login(CARA).await;
    let locked = hub.guest().post("/api/v1/login", &json!({"privatekey": BERT.0})).await;
    assert_eq!(locked.said(), (403, "wallet_locked"));
    assert_eq!(anna.pay(BERT.1, "0.25").await.status, 201);
    site.verify();
}

#[tokio::test]
async fn somebody_elses_key_does_not_open_an_imported_wallet() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let other = VERIFIER.replace('a', "b");
    let text = format!("address,balance,verifier\n{},10,{other}\n", ANNA.1);
    assert_eq!(import(&site, "wallets", &text).code, 0);
    let reply = hub.guest().post("/api/v1/login", &json!({"privatekey": ANNA.0})).await;
    assert_eq!(reply.said(), (401, "authentication_failed"));
}

#[tokio::test]
async fn what_is_refused_is_told_with_its_line_and_the_rest_comes_in() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.login(BERT).await;
    let text = format!(
        "address,balance,verifier,locked\n\
         {anna},10,{VERIFIER},\n\
         {anna},10,{VERIFIER},\n\
         {anna},11,{VERIFIER},\n\
         {bert},5,{VERIFIER},\n\
         serverwelf,5,,\n\
         nonsense,5,,\n\
         {cara},-5,,\n\
         {cara},5,my-key,\n\
         {cara},5,,maybe\n\
         {cara},5\n\
         {bert},0,,true\n\
         {cara},5,,\n",
        anna = ANNA.1,
        bert = BERT.1,
        cara = CARA.1
    );
    let said = import(&site, "wallets", &text);
    let refused: Vec<_> = said
        .lines
        .iter()
        .filter_map(|line| {
            let (place, rest) = line.strip_prefix("line ")?.split_once(": ")?;
            Some((place.parse::<u32>().unwrap(), rest.split(':').next().unwrap()))
        })
        .collect();
    let mut expected = vec![
        (4, "import_conflict"),
        (5, "verifier_conflict"),
        (6, "system_wallet"),
        (7, "address_invalid"),
        (8, "amount_invalid"),
        (9, "verifier_invalid"),
        (10, "locked_invalid"),
        (11, "csv_malformed"),
        (12, "wallet_exists"),
    ];
    let mut refused = refused;
    refused.sort_unstable();
    expected.sort_unstable();
    assert_eq!(refused, expected, "{:?}", said.lines);
    assert_eq!((said.code, said.last()), (1, "2 imported, 1 were here already, 9 refused"));
    assert!(said.lines.iter().all(|line| !line.contains("my-key")), "no secret is repeated");
    assert_eq!(hub.guest().balance(ANNA.1).await, "10");
    assert_eq!(hub.guest().balance(BERT.1).await, "0");
    assert_eq!(hub.guest().balance(CARA.1).await, "5");
    let head = site.run(&["import", "wallets", file(&site, "x.csv", "a,b\n").to_str().unwrap()]);
    assert_eq!(head.status.code(), Some(1));
    let error = String::from_utf8(head.stderr).unwrap();
    assert!(error.contains("no column is called address"), "{error}");
    let gone = site.run(&["import", "names", "/nowhere/names.csv"]);
    assert_eq!(gone.status.code(), Some(1));
    site.verify();
}

#[tokio::test]
async fn names_move_in_behind_their_wallets() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let mut socket = Socket::on(&hub, &["names"]).await;
    let text = format!(
        "name,owner,original_owner,registered,updated,transferred,a\n\
         bakery,{anna},,,,,\n\
         Mill.kro,{bert},{anna},2020-01-02T03:04:05.678Z,2021-01-01T00:00:00Z,2021-01-01T00:00:00Z,example.org\n\
         well,{nobody},,,,,\n\
         a b,{anna},,,,,\n\
         bakery,{bert},,,,,\n",
        anna = ANNA.1,
        bert = BERT.1,
        nobody = NOBODY
    );
    let said = import(&site, "names", &text);
    assert_eq!(
        (said.code, said.last()),
        (1, "2 imported, 0 were here already, 3 refused"),
        "{:?}",
        said.lines
    );
    let codes = ["line 4: wallet_not_found", "line 5: name_invalid", "line 6: name_taken"];
    for code in codes {
        assert!(said.lines.iter().any(|line| line.starts_with(code)), "{code}: {:?}", said.lines);
    }
    let heard = socket.events(2).await;
    assert_eq!(
        (&heard[1]["kind"], &heard[1]["data"]["payment_id"]),
        (&json!("name.registered"), &Value::Null)
    );
    let mill = hub.guest().get("/api/v1/names/mill").await;
    let mill = mill.data();
    assert_eq!(
        (&mill["original_owner"], &mill["registered_at"], &mill["record"]),
        (&json!(ANNA.1), &json!("2020-01-02T03:04:05.678Z"), &json!("example.org"))
    );
    // A name that came with an import is a name: it pays its owner and goes from hand to hand.
    assert_eq!(anna.pay("mill.kro", "1").await.data()["to"], BERT.1);
    assert_eq!(give(&anna, "bakery", BERT.1).await.status, 200);
    let before = state(&site).await;
    let again = import(&site, "names", &text);
    assert_eq!(again.last(), "0 imported, 2 were here already, 3 refused");
    assert_eq!(state(&site).await, before, "what became of a name since stays");
    site.verify();
}

#[tokio::test]
async fn a_second_run_changes_nothing_whatever_happened_meanwhile() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let text = format!(
        "address,balance,verifier,locked\n{},10,{VERIFIER},\n{},3,,true\n{},0,,\n",
        ANNA.1, BERT.1, CARA.1
    );
    import(&site, "wallets", &text);
    let anna = hub.login(ANNA).await;
    anna.pay(CARA.1, "4").await;
    let path = format!("/api/v1/admin/wallets/{}", BERT.1);
    hub.admin().patch(&path, &json!({"locked": false})).await;
    let before = state(&site).await;
    let again = import(&site, "wallets", &text);
    assert_eq!((again.code, again.last()), (0, "0 imported, 3 were here already, 0 refused"));
    assert_eq!(state(&site).await, before);
    site.verify();
}

/// The whole of it: many wallets, a kill in the middle, the rest behind it, and the same end as without the kill.
#[tokio::test]
async fn an_import_that_is_killed_goes_on_where_it_was() {
    let wallets = if soak() { 100_000 } else { 6_000 };
    let text = crowd(wallets);
    let whole = Site::new().await;
    let started = Instant::now();
    let said = import(&whole, "wallets", &text);
    let span = started.elapsed();
    assert_eq!(said.last(), format!("{wallets} imported, 0 were here already, 0 refused"));
    eprintln!("{wallets} wallets in {span:?}");
    let (expected, head) = state(&whole).await;
    let again = import(&whole, "wallets", &text);
    assert_eq!(again.last(), format!("0 imported, {wallets} were here already, 0 refused"));
    assert_eq!(state(&whole).await, (expected.clone(), head));
    whole.verify();

    let cut = Site::new().await;
    let path = file(&cut, "wallets.csv", &text);
    let mut child = cut.spawn(&["import", "wallets", path.to_str().unwrap()]);
    let mut sql = cut.sql().await;
    let some = async |sql: &mut sqlx::PgConnection| -> i64 {
        sqlx::query_scalar("select count(*) from wallets").fetch_one(sql).await.unwrap()
    };
    let deadline = Instant::now() + Duration::from_mins(1);
    while some(&mut sql).await <= 500 {
        assert!(Instant::now() < deadline, "the import does not begin");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let left = some(&mut sql).await;
    assert!(left < i64::try_from(wallets).unwrap(), "the kill came too late to prove anything");
    cut.verify();
    let rest = import(&cut, "wallets", &text);
    let (imported, known) = rest.last().split_once(" imported, ").unwrap();
    let known = known.split(' ').next().unwrap();
    let sum = imported.parse::<usize>().unwrap() + known.parse::<usize>().unwrap();
    assert!(sum == wallets && known != "0" && imported != "0", "{:?}", rest.last());
    let (reached, reached_head) = state(&cut).await;
    assert_eq!((reached, reached_head), (expected, head));
    cut.verify();
}
