//! Carries events to the endpoint: takes what is due, signs it, sends it, and notes what was answered.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use reqwest::Client;
use tokio::time::{sleep, timeout};

use super::{Polar, post::Parcel, scheme};
use crate::{
    db::random,
    http::{client, signature},
    kernel::time::HostClock,
};

/// How long an endpoint may take to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The longest sleep between two looks.
const SLEEP_MAX: Duration = Duration::from_millis(500);
/// Deliveries at one time.
const DELIVERIES_MAX: usize = 8;

/// A client that follows no redirect: a redirect is no success.
pub(super) fn client() -> anyhow::Result<Client> {
    Ok(client::builder().timeout(ANSWER).no_proxy().user_agent("polar.sh webhooks").build()?)
}

/// Delivers for ever.
pub(super) async fn run(polar: Polar, client: Client) {
    let lines = stream::repeat(()).take(DELIVERIES_MAX);
    // Each line takes one event after the other.
    lines.for_each_concurrent(DELIVERIES_MAX, |()| deliver(&polar, &client)).await;
}

async fn deliver(polar: &Polar, client: &Client) {
    loop {
        match next(polar) {
            Some((parcel, body)) => attempt(polar, client, &parcel, &body).await,
            None => {
                // Either somebody says so or the time comes.
                if timeout(SLEEP_MAX, polar.0.wake.notified()).await.is_err() {
                    polar.tick();
                }
            }
        }
    }
}

/// The next event that is due, and its body.
fn next(polar: &Polar) -> Option<(Parcel, String)> {
    let (hold, reorder) = {
        let faults = polar.0.faults.lock();
        (faults.hold, faults.reorder)
    };
    if hold {
        return None;
    }
    let now = polar.now();
    let mut world = polar.0.world.lock();
    let parcel = world.post.take(now, reorder)?;
    let body = world.envelope(&parcel.body, now);
    Some((parcel, body))
}

async fn attempt(polar: &Polar, client: &Client, parcel: &Parcel, body: &str) {
    let copies = polar.0.faults.lock().copies;
    let tries = stream::iter(0..=copies).map(|_| send(polar, client, parcel, body));
    let statuses: Vec<_> = tries.buffer_unordered(usize::from(copies) + 1).collect().await;
    let status = statuses.into_iter().flatten().max();
    let now = polar.now();
    let mut world = polar.0.world.lock();
    if world.post.attempted(parcel.id, status, now, random::fraction()) {
        tracing::warn!("ten events in a row were not delivered; the endpoint is disabled");
        world.endpoint.enabled = false;
        world.post.skip();
    }
    drop(world);
    // The others may have waited for this one.
    polar.0.wake.notify_waiters();
}

/// Gives the status of the answer, if there was one.
async fn send(polar: &Polar, client: &Client, parcel: &Parcel, body: &str) -> Option<u16> {
    let (url, scheme) = {
        let world = polar.0.world.lock();
        (world.endpoint.url.clone(), scheme(&world.endpoint))
    };
    let id = parcel.id.to_string();
    let at = HostClock.now().get().timestamp();
    let Some(signature) = signature::sign(&polar.0.secret, scheme, &id, at, body.as_bytes()) else {
        tracing::error!("the secret has no key in the scheme of the endpoint");
        return None;
    };
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", at.to_string())
        .header("webhook-signature", signature)
        .body(body.to_owned());
    match request.send().await {
        Ok(response) => Some(response.status().as_u16()),
        Err(error) => {
            tracing::debug!(%error, kind = parcel.kind, "an event could not be delivered");
            // An endpoint that is not there refuses at once; a pause keeps the log readable.
            sleep(Duration::from_millis(10)).await;
            None
        }
    }
}
