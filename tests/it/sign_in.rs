//! Signing in with Discord, against a Discord that is made here: it checks what the real one checks, and misbehaves when
//! it is told to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Client, Method, Response, redirect::Policy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

use super::support::{Hub, Knock, Site};

const ADA: &str = "80351110224678912";
const SECRET: &str = "s3cr3t-of-the-application";

/// What the fake Discord knows.
#[derive(Default)]
struct World {
    /// Codes that were given out: the challenge and the redirect they are bound to.
    codes: HashMap<String, (String, String)>,
    /// Who is signed in at Discord.
    person: Value,
    /// Answer the exchange with this instead.
    broken: Option<(u16, &'static str)>,
}

type Shared = Arc<Mutex<World>>;

/// A Discord of our own.
struct FakeDiscord {
    world: Shared,
    url: String,
    task: JoinHandle<()>,
}

impl Drop for FakeDiscord {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FakeDiscord {
    async fn start() -> Self {
        let world = Shared::default();
        world.lock().unwrap().person = json!({"id": ADA, "username": "ada", "global_name": "Ada", "avatar": null, "email": "ada@example.com"});
        let app = Router::new()
            .route("/api/oauth2/token", post(exchange))
            .route("/api/users/@me", get(person))
            .with_state(Arc::clone(&world));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { world, url, task }
    }

    /// What Discord's page does when the person agrees: a code, bound to what was asked for.
    fn agree(&self, authorize: &Url, code: &str) -> String {
        let asked: HashMap<_, _> = authorize.query_pairs().into_owned().collect();
        assert_eq!(authorize.path(), "/oauth2/authorize");
        assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", "7"));
        assert_eq!(
            (asked["scope"].as_str(), asked["code_challenge_method"].as_str()),
            ("identify email", "S256")
        );
        let bound = (asked["code_challenge"].clone(), asked["redirect_uri"].clone());
        self.world.lock().unwrap().codes.insert(code.to_owned(), bound);
        asked["state"].clone()
    }
}

/// Each code is good for one exchange, by who knows the secret and the verifier.
async fn exchange(State(world): State<Shared>, body: String) -> (StatusCode, Json<Value>) {
    let form: HashMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let mut world = world.lock().unwrap();
    if let Some((status, body)) = world.broken {
        return (StatusCode::from_u16(status).unwrap(), Json(json!(body)));
    }
    let refused = (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"})));
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let Some((challenge, redirect)) = world.codes.remove(field("code")) else { return refused };
    let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")));
    let known = field("client_id") == "7" && field("client_secret") == SECRET;
    if !known || proof != challenge || field("redirect_uri") != redirect {
        return refused;
    }
    (StatusCode::OK, Json(json!({"access_token": "of-ada", "token_type": "Bearer"})))
}

async fn person(State(world): State<Shared>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    if headers.get("authorization").is_none_or(|value| value != "Bearer of-ada") {
        return (StatusCode::UNAUTHORIZED, Json(json!({})));
    }
    (StatusCode::OK, Json(world.lock().unwrap().person.clone()))
}

/// A browser: it keeps cookies, and follows nothing by itself.
struct Browser {
    http: Client,
    base: String,
    cookies: HashMap<String, String>,
}

impl Browser {
    fn at(hub: &Hub) -> Self {
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { http, base: hub.url(), cookies: HashMap::new() }
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        csrf: Option<&str>,
    ) -> (u16, Value, Option<String>) {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if let Some(token) = csrf {
            request = request.header("x-csrf-token", token);
        }
        let response = request.send().await.unwrap();
        self.keep(&response);
        let location =
            response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default(), location)
    }

    async fn get(&mut self, path: &str) -> (u16, Value, Option<String>) {
        self.send(Method::GET, path, None).await
    }

    fn keep(&mut self, response: &Response) {
        for line in response.headers().get_all("set-cookie") {
            let line = line.to_str().unwrap();
            assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax"), "{line}");
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Goes to Discord and agrees there. Gives the state.
    async fn begin(&mut self, discord: &FakeDiscord, return_to: &str, code: &str) -> String {
        let (status, body, location) =
            self.get(&format!("/api/v1/sign-in/discord?return_to={return_to}")).await;
        assert_eq!(status, 303, "{body}");
        discord.agree(&location.unwrap().parse().unwrap(), code)
    }

    async fn finish(&mut self, state: &str, code: &str) -> (u16, String) {
        let path = format!("/api/v1/sign-in/discord/callback?code={code}&state={state}");
        let (status, body, location) = self.get(&path).await;
        let code = || body["error"]["code"].as_str().unwrap_or("").to_owned();
        (status, location.unwrap_or_else(code))
    }

    fn signed_in(&self) -> bool {
        self.cookies.contains_key("tollbell_session")
    }
}

async fn stage(site: &Site) -> (Hub, FakeDiscord) {
    let discord = FakeDiscord::start().await;
    let hub = site
        .hub(&[
            "--discord-client-id",
            "7",
            "--discord-client-secret",
            SECRET,
            "--discord-base-url",
            &discord.url,
        ])
        .await;
    (hub, discord)
}

#[tokio::test]
async fn a_browser_signs_in_and_changes_things_with_the_token_of_its_page_only() {
    let site = Site::new().await;
    let (hub, discord) = stage(&site).await;
    let mut browser = Browser::at(&hub);
    let state = browser.begin(&discord, "/app/?tab=plan", "c1").await;
    assert_eq!(browser.finish(&state, "c1").await, (303, "/app/?tab=plan".to_owned()));
    assert!(browser.signed_in());
    let (status, me, _) = browser.get("/api/v1/users/me").await;
    let me = &me["data"];
    assert_eq!(
        (status, &me["discord_user_id"], &me["username"]),
        (200, &json!(ADA), &json!("ada"))
    );
    assert_eq!(me["email"], "ada@example.com");
    let csrf = me["csrf_token"].as_str().unwrap().to_owned();
    assert_eq!(browser.get("/api/subscriptions/me/entitlement/").await.0, 200);
    // Regression: a page of another site could change what a signed-in visitor has.
    for token in [None, Some(""), Some("forged")] {
        let (status, body, _) = browser.send(Method::POST, "/api/v1/ws/tickets", token).await;
        assert_eq!((status, &body["error"]["code"]), (403, &json!("csrf_required")), "{token:?}");
    }
    let (status, ticket, _) = browser.send(Method::POST, "/api/v1/ws/tickets", Some(&csrf)).await;
    assert_eq!(status, 201);
    let ticket = ticket["data"]["ticket"].as_str().unwrap().to_owned();
    let socket = Knock::at(&hub).ticket(&ticket).open().await.unwrap();
    assert_eq!(socket.welcome["caller"], json!({"kind": "user", "user": ADA}));
    // A cookie opens no socket: any page may open one.
    let cookie = format!("tollbell_session={}", browser.cookies["tollbell_session"]);
    let guest = Knock::at(&hub).header("cookie", &cookie).open().await.unwrap();
    assert_eq!(guest.welcome["caller"], json!({"kind": "guest"}));
    // Another browser's token is not this one's.
    let mut other = Browser::at(&hub);
    let state = other.begin(&discord, "/", "c2").await;
    assert_eq!(other.finish(&state, "c2").await.0, 303);
    let (status, ..) = other.send(Method::POST, "/api/v1/logout", Some(&csrf)).await;
    assert_eq!(status, 403);
    // Signing out ends the session and takes the cookie; the other browser stays.
    assert_eq!(browser.send(Method::POST, "/api/v1/logout", Some(&csrf)).await.0, 200);
    assert!(!browser.signed_in());
    browser.cookies.insert("tollbell_session".into(), cookie.split('=').nth(1).unwrap().into());
    assert_eq!(browser.get("/api/v1/users/me").await.0, 401);
    assert_eq!(browser.get("/api/subscriptions/plans/").await.0, 200, "a dead cookie is a guest's");
    assert_eq!(other.get("/api/v1/users/me").await.0, 200);
}

#[tokio::test]
async fn a_state_opens_nothing_for_another_browser_or_twice() {
    let site = Site::new().await;
    let (hub, discord) = stage(&site).await;
    let (mut browser, mut thief) = (Browser::at(&hub), Browser::at(&hub));
    let invalid = (400, "sign_in_invalid".to_owned());
    let state = browser.begin(&discord, "/", "c1").await;
    // Forged, of another browser with an attempt of its own, of one without, and without a state.
    assert_eq!(browser.finish("forged", "c1").await, invalid);
    assert_eq!(thief.finish(&state, "c1").await, invalid);
    thief.begin(&discord, "/", "c9").await;
    assert_eq!(thief.finish(&state, "c1").await, invalid);
    assert!(!thief.signed_in());
    let without = browser.get("/api/v1/sign-in/discord/callback?code=c1").await;
    assert_eq!(without.0, 400);
    // The one it was made for, once.
    assert_eq!(browser.finish(&state, "c1").await, (303, "/".to_owned()));
    assert_eq!(browser.finish(&state, "c1").await, invalid);
    // A fresh state with a used code: Discord says no.
    let state = browser.begin(&discord, "/", "c2").await;
    discord.world.lock().unwrap().codes.remove("c2");
    assert_eq!(
        browser.finish(&state, "c1").await,
        (303, "/?sign_in_error=discord_failed".to_owned())
    );
    // A code that was given to another attempt of the same browser has another verifier.
    let first = browser.begin(&discord, "/", "c3").await;
    let second = browser.begin(&discord, "/", "c4").await;
    assert_eq!(browser.finish(&first, "c4").await.1, "/?sign_in_error=discord_failed");
    assert_eq!(browser.finish(&second, "c3").await.1, "/?sign_in_error=discord_failed");
    // Two tabs of one browser do not disturb each other.
    let first = browser.begin(&discord, "/a", "c5").await;
    let second = browser.begin(&discord, "/b", "c6").await;
    assert_eq!(browser.finish(&first, "c5").await, (303, "/a".to_owned()));
    assert_eq!(browser.finish(&second, "c6").await, (303, "/b".to_owned()));
}

#[tokio::test]
async fn a_sign_in_that_fails_says_why_and_signs_nobody_in() {
    let site = Site::new().await;
    let (hub, discord) = stage(&site).await;
    let mut browser = Browser::at(&hub);
    // Whoever has no address is refused, as they were before.
    discord.world.lock().unwrap().person["email"] = Value::Null;
    let state = browser.begin(&discord, "/app/", "c1").await;
    assert_eq!(
        browser.finish(&state, "c1").await,
        (303, "/app/?sign_in_error=email_required".to_owned())
    );
    // The person says no.
    let state = browser.begin(&discord, "/app/", "c2").await;
    let path = format!("/api/v1/sign-in/discord/callback?error=access_denied&state={state}");
    let (status, _, location) = browser.get(&path).await;
    assert_eq!((status, location.as_deref()), (303, Some("/app/?sign_in_error=denied")));
    // Discord is broken in several ways.
    let broken = [(500, "x"), (200, "no object"), (302, "elsewhere"), (429, "later")];
    for (at, broken) in broken.into_iter().enumerate() {
        let code = format!("b{at}");
        discord.world.lock().unwrap().broken = Some(broken);
        let state = browser.begin(&discord, "/app/", &code).await;
        let said = browser.finish(&state, &code).await;
        assert_eq!(said, (303, "/app/?sign_in_error=discord_failed".to_owned()), "{broken:?}");
    }
    discord.world.lock().unwrap().broken = None;
    for person in [
        json!({}),
        json!({"id": "x", "username": "a", "email": "a@b.c"}),
        json!([]),
        json!({"id": 7}),
    ] {
        discord.world.lock().unwrap().person = person.clone();
        let state = browser.begin(&discord, "/", "p").await;
        assert_eq!(
            browser.finish(&state, "p").await.1,
            "/?sign_in_error=discord_failed",
            "{person}"
        );
    }
    assert!(!browser.signed_in());
    assert_eq!(site.count("select count(*) from users").await, 0);
    // Where to return to is a path of this host, or the attempt does not begin.
    for bad in [
        "https://evil.example",
        "//evil.example",
        "/%5Cevil.example",
        "app",
        "/%0d%0aset-cookie:x=y",
    ] {
        let (status, body, _) =
            browser.get(&format!("/api/v1/sign-in/discord?return_to={bad}")).await;
        assert_eq!((status, &body["error"]["code"]), (400, &json!("validation_error")), "{bad}");
    }
    drop(discord);
}

#[tokio::test]
async fn without_an_application_at_discord_nobody_signs_in_by_it() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    for path in ["/api/v1/sign-in/discord", "/api/v1/sign-in/discord/callback?code=a&state=b"] {
        assert_eq!(hub.guest().get(path).await.said(), (503, "discord_not_configured"), "{path}");
    }
    assert_eq!(hub.guest().get("/api/v1/sign-in").await.data()["discord"], false);
    let (hub, _discord) = stage(&site).await;
    assert_eq!(hub.guest().get("/api/v1/sign-in").await.data()["discord"], true);
}
