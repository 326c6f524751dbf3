//! Users: linked by a bot, asking with tokens, heard on their topics.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Knock, Site, Socket};

const ADA: &str = "80351110224678912";

#[tokio::test]
async fn a_bot_links_a_user_once_and_everybody_concerned_hears_it() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let bot = hub.with(&site.key("bot"));
    let mut socket = Socket::of(&hub, &bot).await;
    socket.listen(&["users"]).await;
    let path = format!("/api/v1/users/{ADA}");
    assert_eq!(bot.get(&path).await.said(), (404, "user_not_linked"));
    let linked = bot.put(&path, &json!({"username": "ada", "email": "ada@example.com"})).await;
    assert_eq!(linked.status, 200, "{linked:?}");
    assert_eq!(linked.data()["discord_user_id"], ADA, "a string: it exceeds 2^53");
    assert_eq!(linked.data()["version"], 1);
    // Once more, with less: what is absent stays, and nobody is told.
    let again = bot.put(&path, &json!({"display_name": "Ada"})).await;
    let seen = |key: &str| again.data()[key].clone();
    assert_eq!((seen("username"), seen("display_name")), (json!("ada"), json!("Ada")));
    let other = bot.put("/api/v1/users/2002", &json!({})).await;
    assert_eq!(other.status, 200);
    let events = socket.events(2).await;
    let whom: Vec<_> = events.iter().map(|event| &event["data"]["user"]).collect();
    assert_eq!(events[0]["kind"], "user.linked");
    assert_eq!(
        (&whom[0]["discord_user_id"], &whom[1]["discord_user_id"]),
        (&json!(ADA), &json!("2002"))
    );
    assert_eq!(whom[0]["email"], Value::Null, "an address is in no event");
}

#[tokio::test]
async fn a_user_asks_with_a_token_that_a_bot_issued_until_it_ends() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let key = site.key("bot");
    let bot = hub.with(&key);
    let ada = hub.user(&bot, ADA).await;
    let token = ada.token.clone().unwrap();
    assert_eq!(ada.get("/api/v1/users/me").await.data()["discord_user_id"], ADA);
    // The three spellings of a credential.
    let bearer = format!("Bearer {token}");
    let other = format!("Token {token}");
    for header in [("authorization", &bearer), ("authorization", &other), ("x-api-key", &token)] {
        let header = (header.0, header.1.as_str());
        let me = hub.guest().send(Method::GET, "/api/v1/users/me", &[header], Vec::new()).await;
        assert_eq!(me.status, 200, "{header:?}");
    }
    // Theirs alone: not another user's, and not what is for programs or wallets.
    assert_eq!(ada.get(&format!("/api/v1/users/{ADA}")).await.status, 200);
    assert_eq!(ada.get("/api/v1/users/2002").await.said(), (403, "forbidden"));
    let tokens = format!("/api/v1/users/{ADA}/tokens");
    assert_eq!(ada.post(&tokens, &json!({})).await.said(), (403, "forbidden"));
    assert_eq!(ada.get("/api/v1/session").await.said(), (403, "forbidden"));
    // It ends by itself, by logging out, by the bot, and with the bot's key.
    let other = "/api/v1/users/2002/tokens";
    let short = bot.post(other, &json!({"ttl_s": 60})).await;
    let short = hub.with(short.data()["token"].as_str().unwrap());
    assert_eq!(short.get("/api/v1/users/me").await.status, 200);
    hub.advance(61).await;
    assert_eq!(short.get("/api/v1/users/me").await.said(), (401, "unauthorized"));
    assert_eq!(ada.post("/api/v1/logout", &json!({})).await.status, 200);
    assert_eq!(ada.get("/api/v1/users/me").await.status, 401);
    let ada = hub.user(&bot, ADA).await;
    assert_eq!(bot.get(&tokens).await.data().as_array().unwrap().len(), 1);
    assert_eq!(bot.delete(&tokens).await.data()["revoked"], 1);
    assert_eq!(ada.get("/api/v1/users/me").await.status, 401);
    let ada = hub.user(&bot, ADA).await;
    let listed = site.run(&["token", "list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    let row = listed.lines().find(|line| line.contains("bot")).unwrap();
    let id = row.split_whitespace().find(|word| word.len() == 36).unwrap();
    assert!(site.run(&["token", "revoke", id]).status.success());
    hub.wait_until(async || ada.get("/api/v1/users/me").await.status == 401).await;
}

#[tokio::test]
async fn what_is_no_user_is_refused_with_a_code() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let bot = hub.with(&site.key("bot"));
    for bad in ["abc", "0", "-1", "007", "1.5", "9223372036854775808", "%00", "ada%20"] {
        let answer = bot.get(&format!("/api/v1/users/{bad}")).await;
        assert_eq!(answer.said(), (400, "path_invalid"), "{bad}");
    }
    let path = format!("/api/v1/users/{ADA}");
    for (body, code) in [
        ("[]", "json_type"),
        ("{", "json_syntax"),
        (r#"{"username": 7}"#, "json_type"),
        (r#"{"email": "x"}"#, "validation_error"),
        (r#"{"username": "a\u0000b"}"#, "validation_error"),
    ] {
        let answer = bot.send(Method::PUT, &path, &[], body.into()).await;
        assert_eq!(answer.said(), (400, code), "{body}");
    }
    for ttl in ["0", "59", "2592001", "-1", "1e3", "\"60\""] {
        let body = format!(r#"{{"ttl_s": {ttl}}}"#);
        let answer = bot.send(Method::POST, &format!("{path}/tokens"), &[], body.into()).await;
        assert_eq!(answer.status, 400, "{ttl}");
    }
    assert_eq!(bot.get(&path).await.said(), (404, "user_not_linked"), "nothing was written");
    let ada = hub.user(&bot, ADA).await;
    let unlinked = ada.delete("/api/v1/users/me/wallets/k8juvewcui").await;
    assert_eq!(unlinked.said(), (404, "wallet_not_linked"));
}

#[tokio::test]
async fn users_hear_their_own_topic_and_no_other() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let bot = hub.with(&site.key("bot"));
    let orchestrator = hub.with(&site.key("orchestrator"));
    let ada = hub.user(&bot, ADA).await;
    let own = format!("user:{ADA}");
    for (caller, hears) in [
        (&ada, [true, false, false]),
        (&bot, [true, true, true]),
        (&hub.admin(), [true, true, true]),
        (&orchestrator, [false, false, false]),
        (&hub.guest(), [false, false, false]),
    ] {
        let mut socket = Socket::of(&hub, caller).await;
        for (topic, allowed) in [own.as_str(), "user:2002", "users"].into_iter().zip(hears) {
            let answer = socket.ask(json!({"type": "subscribe", "topics": [topic]})).await;
            let expected = if allowed { Value::Null } else { json!("forbidden") };
            assert_eq!(answer["code"], expected, "{topic} {:?}", caller.token);
        }
        for unknown in ["user:x", "user:0", "user:007"] {
            let answer = socket.ask(json!({"type": "subscribe", "topics": [unknown]})).await;
            assert_eq!(answer["code"], "not_found", "{unknown}");
        }
    }
    // A ticket makes a browser's socket the user's; the greeting says so.
    let ticket = ada.post("/api/v1/ws/tickets", &json!({})).await;
    let ticket = ticket.data()["ticket"].as_str().unwrap().to_owned();
    let mut socket = Knock::at(&hub).ticket(&ticket).open().await.unwrap();
    assert_eq!(socket.welcome["caller"], json!({"kind": "user", "user": ADA}));
    // It ends with the token.
    assert_eq!(bot.delete(&format!("/api/v1/users/{ADA}/tokens")).await.status, 200);
    assert_eq!(socket.closed().await, 4401);
}
