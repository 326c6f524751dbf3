//! The files of the page: all of them are there, they need nobody else, and they are kept to the house's style.

use std::{fs, path::Path as FilePath};

use axum::{body::Body, http::Request};
use tower::ServiceExt as _;

use super::*;

/// Lines of a file at the most, as for Rust.
const LINES_MAX: usize = 600;

fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().map(|(name, _, content)| (*name, std::str::from_utf8(content).unwrap()))
}

async fn fetch(path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    routes().merge(home()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn header_of(response: &Response, name: header::HeaderName) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[test]
fn every_file_of_the_folder_is_served() {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("src/gateways/dashboard/page");
    let mut found = Vec::new();
    for below in [folder.clone(), folder.join("views")] {
        for entry in fs::read_dir(below).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                let name = entry.path().strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
                found.push(name);
            }
        }
    }
    found.sort();
    let mut served: Vec<_> = FILES.iter().map(|(name, ..)| (*name).to_owned()).collect();
    served.sort();
    assert_eq!(found, served);
}

#[test]
fn every_module_that_is_loaded_is_there() {
    for (name, text) in texts().filter(|(name, _)| name.rsplit('.').next() == Some("js")) {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        for line in text.lines().filter(|line| line.contains(" from \"")) {
            let (_, rest) = line.rsplit_once(" from \"").unwrap();
            let wanted = rest.trim_end_matches([';', '"']);
            let place = match (wanted.strip_prefix("/app/"), wanted.strip_prefix("../")) {
                (Some(absolute), _) => absolute.to_owned(),
                (None, Some(above)) => above.to_owned(),
                (None, None) => {
                    let beside = wanted.strip_prefix("./").unwrap();
                    if folder.is_empty() { beside.into() } else { format!("{folder}/{beside}") }
                }
            };
            let known = FILES.iter().chain([&CLIENT]).any(|(name, ..)| *name == place);
            assert!(known, "{name} loads {wanted}, which is not there");
        }
    }
}

#[test]
fn the_page_needs_nobody_else() {
    for (name, text) in texts() {
        for address in text.split(['"', '\'', '`', ' ', '(']).filter(|word| word.contains("://")) {
            assert!(address.starts_with("http://www.w3.org/"), "{name} names {address}");
        }
    }
}

#[test]
fn the_files_are_kept_to_the_style_of_the_house() {
    for (name, text) in texts() {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{name} has {lines} lines");
        let headed = match name.rsplit_once('.') {
            Some((_, "js")) => text.starts_with("// "),
            Some((_, "css")) => text.starts_with("/* "),
            _ => true,
        };
        assert!(headed, "{name} does not say what it is");
    }
}

#[tokio::test]
async fn a_file_comes_with_its_hash_and_a_strict_policy() {
    for (path, kind) in [("/app", HTML), ("/app/main.js", SCRIPT), ("/app/tollbell.min.js", SCRIPT)]
    {
        let response = fetch(path, &[]).await;
        assert_eq!(response.status().as_u16(), 200, "{path}");
        assert_eq!(header_of(&response, header::CONTENT_TYPE), kind);
        assert_eq!(header_of(&response, header::CONTENT_SECURITY_POLICY), POLICY);
        let tag = header_of(&response, header::ETAG);
        let again = fetch(path, &[("if-none-match", &tag)]).await;
        assert_eq!(again.status().as_u16(), 304, "{path}");
    }
    assert_eq!(fetch("/app/nothing.js", &[]).await.status().as_u16(), 404);
    assert_eq!(fetch("/app/..%2fmod.rs", &[]).await.status().as_u16(), 404);
}

#[tokio::test]
async fn people_are_led_to_the_page_and_programs_are_told_where_things_are() {
    let browser = fetch("/", &[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")]).await;
    assert_eq!(browser.status().as_u16(), 303);
    assert_eq!(header_of(&browser, header::LOCATION), "/app/");
    let program = fetch("/", &[("accept", "*/*")]).await;
    assert_eq!(program.status().as_u16(), 200);
    assert_eq!(header_of(&program, header::CONTENT_TYPE), "application/json");
}

#[tokio::test]
async fn every_event_is_on_the_page_of_events_with_its_example() {
    let response = fetch("/docs/events", &[]).await;
    assert_eq!(header_of(&response, header::CONTENT_SECURITY_POLICY), POLICY);
    let bytes = axum::body::to_bytes(response.into_body(), 8 << 20).await.unwrap();
    let html = String::from_utf8(bytes.to_vec()).unwrap();
    for catalogue in asyncapi::catalogues() {
        for entry in catalogue.kinds.iter().chain(&catalogue.hints) {
            assert!(
                html.contains(&format!("<h2 id=\"{0}\"><code>{0}</code>", entry.kind)),
                "{}",
                entry.kind
            );
        }
    }
    assert!(html.contains("&quot;payment.made&quot;") && !html.contains("<script"));
    let document = fetch("/asyncapi.json", &[]).await;
    assert_eq!(header_of(&document, header::CONTENT_TYPE), "application/json");
}
