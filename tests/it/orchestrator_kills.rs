//! The orchestrator killed at random moments of many lifecycles: every session is reported to its end, every event
//! once and in order, and no process is left.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::Method;
use tokio::{sync::Mutex, time::sleep};

use super::support::{
    Api,
    orchestra::{ENDS, FakeHub, Mood, Orchestra, TOKEN, order},
    seed, soak,
};

/// What games do by themselves, so that every way to end comes up.
const GAMES: [&str; 5] = ["quick", "dice", "crash", "stubborn", "dud"];
/// Lifecycles at one time.
const AT_ONCE: usize = 4;

/// Where the orchestrator is now; nowhere while it is down.
type Address = Mutex<Option<String>>;

/// Asks until it is answered, as a hub does.
async fn insist(address: &Address, path: &str, body: &serde_json::Value) -> u16 {
    loop {
        let url = address.lock().await.clone();
        if let Some(url) = url {
            let caller = Api::new(&url, Some(TOKEN));
            let sent = caller.try_send(Method::POST, path, &[], body.to_string().into()).await;
            match sent {
                Ok(reply) if reply.status < 500 => return reply.status,
                _ => {}
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn lifecycle(hub: &FakeHub, address: &Address, session: &str, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let game = *GAMES.choose(&mut rng).unwrap();
    let status = insist(address, "/v1/servers", &order(session, game)).await;
    assert!(matches!(status, 200 | 201), "{session}: {status}");
    sleep(Duration::from_millis(rng.random_range(0..1_200))).await;
    if rng.random_bool(0.3) {
        // Twice the same order, at any time.
        let status = insist(address, "/v1/servers", &order(session, game)).await;
        assert_eq!(status, 200, "{session}");
    }
    let path = format!("/v1/servers/{session}/stop");
    assert_eq!(insist(address, &path, &serde_json::json!({"reason": "over"})).await, 200);
    hub.hears_end(session).await;
}

/// What a listener may hear of one session.
fn assert_story(hub: &FakeHub, session: &str) {
    let names = hub.names(session);
    let (end, before) = names.split_last().unwrap();
    assert!(ENDS.contains(&end.as_str()), "{session}: {names:?}");
    let order = ["launch_accepted", "ready", "stopping"];
    let mut expected = order.iter().filter(|name| before.contains(&(**name).to_owned()));
    assert!(
        before.iter().all(|name| expected.next() == Some(&name.as_str())),
        "{session}: {names:?}"
    );
    assert_eq!(before.first().map(String::as_str), Some("launch_accepted"), "{session}: {names:?}");
    let story = hub.story(session);
    for (number, event) in (1..).zip(&story) {
        let id = event["event_id"].as_str().unwrap();
        assert!(id.ends_with(&format!("-{number}")), "{session}: a hole before {id}");
        assert_eq!(
            event["orchestrator_session_id"], story[0]["orchestrator_session_id"],
            "{session}"
        );
    }
    let end = story.last().unwrap();
    let was_ready = before.iter().any(|name| name == "ready");
    assert!(was_ready || end["runtime_seconds"] == 0, "{session}: {end}");
}

#[tokio::test]
async fn kills_at_random_moments_lose_no_server_and_no_event() {
    let seed = seed();
    let mut rng = StdRng::seed_from_u64(seed);
    let rounds = if soak() { 100 } else { 16 };
    let hub = FakeHub::start().await;
    let mut orchestra = Orchestra::of(&hub);
    let address: Address = Mutex::new(Some(orchestra.url().to_owned()));
    let sessions: Vec<_> = (0..rounds).map(|round| format!("session-{round}")).collect();

    let lives = async {
        let lanes = (0..AT_ONCE).map(|lane| {
            let own = sessions.iter().enumerate().skip(lane).step_by(AT_ONCE);
            let (hub, address) = (&hub, &address);
            async move {
                for (round, session) in own {
                    let seed = seed.wrapping_add(u64::try_from(round).unwrap());
                    lifecycle(hub, address, session, seed).await;
                }
            }
        });
        futures_util::future::join_all(lanes).await;
    };
    let mut kills = 0;
    {
        let mut lives = std::pin::pin!(lives);
        loop {
            let pause = Duration::from_millis(rng.random_range(10..700));
            if tokio::time::timeout(pause, lives.as_mut()).await.is_ok() {
                break;
            }
            *address.lock().await = None;
            orchestra.kill();
            kills += 1;
            // Some find the hub away as well.
            hub.is(if rng.random_bool(0.2) { Mood::Down } else { Mood::Well });
            orchestra.up();
            *address.lock().await = Some(orchestra.url().to_owned());
        }
    }
    hub.is(Mood::Well);
    orchestra.has_processes(0).await;
    for session in &sessions {
        hub.hears_end(session).await;
        assert_story(&hub, session);
    }
    let states = orchestra.states().await;
    assert_eq!(states.len(), sessions.len());
    assert!(
        states
            .values()
            .all(|state| !["launching", "running", "stopping"].contains(&state.as_str()))
    );
    let told = hub.all().len();
    eprintln!("{rounds} lifecycles, {kills} kills, {told} callbacks");
    assert!(kills > 2, "too few kills");
}
