//! `serve --demo`: a few people who start a game server, play for a while and end it, so that there is something to see.
//!
//! They do so through the door that bots use. Each has a plan from the operator; who has spent the minutes of a month
//! rests until the next one.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::future;
use reqwest::Client;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    auth::users::{Profile, commands::LinkUser},
    db::{Db, random},
    http::client,
    kernel::id::DiscordId,
    plans::{
        commands::grant::{Grant, Until, What},
        model::{Provider, Reference, Status, Tier},
    },
};

/// Who plays: a Discord id that is nobody's, a name, and what they play.
const PLAYERS: [(i64, &str, &str); 3] =
    [(1, "Ada", "dice"), (2, "Grace", "chat"), (3, "Linus", "dice")];
/// The plan that they are given.
const PLAN: &str = "host";
/// Months that they are given it for.
const MONTHS: u32 = 120;
/// How long they play at least, and what chance adds to it at the most.
const GAME: (Duration, Duration) = (Duration::from_secs(20), Duration::from_mins(2));
/// The same of the pause between two games.
const PAUSE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(1));
/// The longest session they ask for, in minutes. It ends what they leave behind when the hub stops.
const MINUTES: u32 = 10;
/// How long an answer may take: a launch waits for the orchestrator.
const ANSWER_SPAN_MAX: Duration = Duration::from_secs(30);

/// Lets them play for ever.
pub(super) async fn play(url: String, key: SecretString, db: Db) {
    let http = match client::builder().timeout(ANSWER_SPAN_MAX).no_proxy().build() {
        Ok(http) => http,
        Err(error) => {
            tracing::error!(%error, "nobody plays: HTTP could not be set up");
            return;
        }
    };
    let bot = Bot { http, url, key };
    let lives = (0_u32..).zip(PLAYERS).map(|(number, player)| {
        let (bot, db) = (&bot, &db);
        async move {
            // There is something to see at once, and then not all of it at the same time.
            sleep(PAUSE.0 * number).await;
            live(bot, db, player).await;
        }
    });
    future::join_all(lives).await;
}

async fn live(bot: &Bot, db: &Db, (id, name, game): (i64, &str, &str)) {
    let id = DiscordId::new(id);
    if let Err(error) = welcome(db, id, name).await {
        tracing::error!(error = format!("{error:#}"), name, "there is one player less to see");
        return;
    }
    loop {
        if let Err(error) = round(bot, id, name, game).await {
            // A newcomer may have taken the plan away, or the minutes are spent.
            tracing::debug!(error = format!("{error:#}"), name, "a player rests");
        }
        wait(PAUSE).await;
    }
}

/// Makes the user and gives them the plan, or finds both as they are.
async fn welcome(db: &Db, user: DiscordId, name: &str) -> anyhow::Result<()> {
    let profile = Profile { display_name: Some(name.to_owned()), ..Profile::default() };
    db.run(&LinkUser { id: user, profile }).await.map_err(refused)?;
    let tier = PLAN.parse::<Tier>()?;
    let grant = Grant {
        user,
        provider: Provider::Comp,
        reference: Reference::of(format_args!("demo-{user}")),
        what: What::Tier(tier),
        status: Status::Active,
        start: None,
        until: Until::Months(MONTHS),
        ends: true,
        past_due_at: None,
        granted_by: "demo".to_owned(),
        note: Some("a player of the demonstration".to_owned()),
    };
    db.run(&grant).await.map_err(refused)?;
    Ok(())
}

fn refused(refusal: impl std::fmt::Debug) -> anyhow::Error {
    anyhow::anyhow!("{refusal:?}")
}

/// One game, from its start to its end.
async fn round(bot: &Bot, player: DiscordId, name: &str, game: &str) -> anyhow::Result<()> {
    let started = bot
        .post(
            "start",
            &json!({
                "owner_discord_id": player,
                "game_code": game,
                "comment": format!("{name}'s game"),
                "requested_minutes": MINUTES,
            }),
        )
        .await?;
    let session = started.pointer("/session/id").and_then(Value::as_str);
    let session = session.context("a session has an id")?;
    wait(GAME).await;
    bot.post(&format!("{session}/stop"), &json!({"reason": "enough for today"})).await?;
    Ok(())
}

async fn wait((least, chance): (Duration, Duration)) {
    sleep(least + chance.mul_f64(random::fraction())).await;
}

/// The bot that starts and stops for them.
struct Bot {
    http: Client,
    url: String,
    key: SecretString,
}

impl Bot {
    async fn post(&self, what: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/api/subscriptions/server-sessions/{what}", self.url);
        let request = self.http.post(url).header("x-api-key", self.key.expose_secret()).json(body);
        let response = request.send().await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        ensure!(status.is_success(), "{status}: {answer}");
        Ok(answer)
    }
}
