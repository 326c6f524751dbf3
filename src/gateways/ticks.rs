//! Signs of life of game servers, told to those who listen now. In no log: the next one says all.

use serde_json::value::to_raw_value;
use tokio::sync::mpsc;

use crate::{
    hub::Hub,
    kernel::event::Topic,
    servers::events::{SERVER_TICK, ServerTick},
};

/// Tells them until nobody sends any more.
pub async fn tell(hub: Hub, mut ticks: mpsc::Receiver<ServerTick>) {
    while let Some(tick) = ticks.recv().await {
        let server = Topic::of("server", tick.id);
        match to_raw_value(&tick) {
            Ok(data) => {
                let topics = vec![Topic::named("servers"), server.clone()];
                hub.hint(server.as_str(), SERVER_TICK, topics, &data);
            }
            Err(error) => tracing::error!(%error, "could not encode a hint"),
        }
    }
}
