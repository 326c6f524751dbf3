//! What the hub says about itself: its documents, its page, its figures.

use std::{collections::BTreeSet, path::PathBuf};

use reqwest::Method;
use serde_json::{Value, json};
use tollbell::{
    gateways::codes,
    telemetry::{Kind, METRICS},
};

use super::support::{BERT, Site};

#[tokio::test]
async fn the_openapi_document_is_the_committed_one_and_the_served_one() {
    let site = Site::new().await;
    let printed = document(&site, "openapi");
    assert_committed("openapi", &printed);
    let hub = site.hub(&[]).await;
    let served = hub.guest().get("/openapi.json").await;
    assert_eq!((served.status, &served.body), (200, &parse(&printed)));
}

#[tokio::test]
async fn the_asyncapi_document_is_the_committed_one_and_has_every_code() {
    let site = Site::new().await;
    let printed = document(&site, "asyncapi");
    assert_committed("asyncapi", &printed);
    let document = parse(&printed);
    let listed = |list: &str| -> Vec<Value> {
        document[list].as_array().unwrap().iter().map(|row| row["code"].clone()).collect()
    };
    let errors: Vec<_> = codes::CODES.iter().map(|row| json!(row.1)).collect();
    let closes: Vec<_> = codes::CLOSES.iter().map(|row| json!(row.0)).collect();
    assert_eq!((listed("x-error-codes"), listed("x-close-codes")), (errors, closes));
    for message in ["welcome", "subscribe", "mark", "drain", "payment.made", "hub.stats"] {
        assert!(document["components"]["messages"][message].is_object(), "{message}");
    }
    assert_references(&document);
}

#[tokio::test]
async fn every_documented_route_is_there() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let document = hub.guest().get("/openapi.json").await.body;
    assert_references(&document);
    let mut count = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        // Any value will do: a route that is there complains about the value, not about the path.
        let filled = path.split('/').map(|part| if part.starts_with('{') { "0" } else { part });
        let filled = filled.collect::<Vec<_>>().join("/");
        for method in operations.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            // To all but the operator the game's door is not there.
            let internal = path.starts_with("/api/_internal");
            let caller = if internal { hub.admin() } else { hub.guest() };
            let reply = caller.send(method.clone(), &filled, &[], Vec::new()).await;
            let gone = ["route_not_found", "method_not_allowed"].contains(&reply.code());
            // What the operator has not set up says so.
            let unset = reply.body.to_string().to_lowercase().contains("_not_configured");
            assert!(!gone && (reply.status < 500 || unset), "{method} {path}: {reply:?}");
            count += 1;
        }
    }
    assert!(count >= 15, "{count} routes are documented");
    assert_eq!(hub.guest().get("/api/v1/nothing").await.said(), (404, "route_not_found"));
}

#[tokio::test]
async fn the_page_of_the_api_needs_no_other_host() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let page = hub.guest().get("/docs").await;
    assert_eq!(page.status, 200);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'self'") || policy.contains("default-src 'none'"),
        "{policy}"
    );
    let html = page.body.as_str().unwrap();
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    let attributes = html.split(['"', '\'']);
    let files = attributes.filter(|text| [".js", ".css"].iter().any(|end| text.ends_with(end)));
    let files: BTreeSet<_> = files.map(|file| file.trim_start_matches("./")).collect();
    assert!(files.len() > 2, "{html}");
    for file in files {
        let reply = hub.guest().get(&format!("/docs/{file}")).await;
        assert_eq!(reply.status, 200, "{file}");
    }
}

#[tokio::test]
async fn the_figures_are_all_there_and_move() {
    let site = Site::new().await;
    let admin = free_address();
    let hub = site.hub(&["--admin-listen", &admin]).await;
    let [anna, ..] = hub.people().await;
    let before = figures(&admin).await;
    assert_eq!(anna.pay(BERT.1, "1").await.status, 201);
    hub.wait_until(async || {
        let now = figures(&admin).await;
        ["events_total", "till_batch_orders_count", "http_requests_total"]
            .iter()
            .all(|name| sum(&now, name) > sum(&before, name))
    })
    .await;
    let now = figures(&admin).await;
    for metric in METRICS {
        let name = match metric.kind {
            Kind::Histogram(_) => format!("{}_count", metric.name),
            _ => metric.name.to_owned(),
        };
        assert!(
            lines(&now, &name).next().is_some() || RARE.contains(&metric.name),
            "{name} is missing:\n{now}"
        );
    }
    // The figures are for the operator: the public door does not show them.
    assert_eq!(hub.guest().get("/metrics").await.said(), (404, "route_not_found"));
}

/// Figures that begin with their first label, for which nothing here gives cause.
const RARE: &[&str] = &[
    "command_reruns_total",
    "orchestrator_call_seconds",
    "renewal_delay_seconds",
    "webhook_events_total",
    "webhooks_refused_total",
];

#[tokio::test]
async fn health_and_readiness_are_told() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    assert_eq!(hub.guest().get("/healthz").await.status, 200);
    assert_eq!(hub.guest().get("/readyz").await.status, 200);
    assert_eq!(hub.guest().post("/healthz", &json!({})).await.status, 405);
}

/// What the program prints.
fn document(site: &Site, name: &str) -> String {
    let output = site.run(&[name]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Clients are made from the committed file, so it must say what the program says.
fn assert_committed(name: &str, printed: &str) {
    let file = format!("clients/{name}.json");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(&file);
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == printed, "{file} is not what the program says; run ./x {name} >{file}");
}

/// Every reference inside a document leads somewhere.
fn assert_references(document: &Value) {
    let mut open = vec![document];
    let mut count = 0;
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(target)) = fields.get("$ref") {
                    let found = target.strip_prefix('#').and_then(|path| document.pointer(path));
                    assert!(found.is_some(), "{target} leads nowhere");
                    count += 1;
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(count > 10, "{count} references");
}

async fn figures(admin: &str) -> String {
    let reply = super::support::Api::new(&format!("http://{admin}"), None).get("/metrics").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body.as_str().unwrap().to_owned()
}

/// The lines of one figure, whatever its labels.
fn lines<'a>(page: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    page.lines()
        .filter_map(move |line| line.strip_prefix(name).filter(|rest| rest.starts_with([' ', '{'])))
}

fn sum(page: &str, name: &str) -> f64 {
    lines(page, name).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// An address that nobody listens on.
fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
