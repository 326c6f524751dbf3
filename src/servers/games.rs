//! The list of games, as the orchestrator gives it: asked for once a minute, by one caller for all who wait, and shown
//! for an hour more when it can't be had.

use std::{sync::Arc, time::Duration};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::Instant;

use super::client::{CallError, OrchestratorClient};

/// How long the list is not asked for again.
const FRESH: Duration = Duration::from_mins(1);
/// How long it is shown although a newer one can't be had.
const STALE: Duration = Duration::from_hours(1);
/// How long a failure stands for those who ask next, when there is a list to show.
const RETRY: Duration = Duration::from_secs(5);

/// The list of games.
#[derive(Debug, Clone)]
pub(super) struct Games {
    client: OrchestratorClient,
    shelf: Arc<Mutex<Shelf>>,
}

/// A list, and whether it is an old one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listed {
    /// The games.
    pub(super) games: Arc<[Value]>,
    /// Whether a newer one could not be had.
    pub(super) stale: bool,
}

type Fetched = Result<Arc<[Value]>, CallError>;
type Flight = Shared<BoxFuture<'static, Fetched>>;

/// What is known, and what is on its way.
#[derive(Default)]
struct Shelf {
    games: Option<(Arc<[Value]>, Instant)>,
    failed_at: Option<Instant>,
    flight: Option<Flight>,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").finish_non_exhaustive()
    }
}

/// What is to be done for somebody who asks.
enum Step {
    Show(Listed),
    Wait(Flight),
}

impl Games {
    /// The games of an orchestrator.
    pub(super) fn new(client: OrchestratorClient) -> Self {
        Self { client, shelf: Arc::default() }
    }

    /// The list.
    pub(super) async fn list(&self) -> Result<Listed, CallError> {
        let client = &self.client;
        list(&self.shelf, || {
            let client = client.clone();
            async move { client.games().await.map(Arc::from) }.boxed()
        })
        .await
    }
}

/// Shows the list of a shelf, or has it fetched; all who come meanwhile wait for the same.
async fn list(
    shelf: &Mutex<Shelf>,
    fetch: impl FnOnce() -> BoxFuture<'static, Fetched>,
) -> Result<Listed, CallError> {
    let flight = match shelf.lock().step(Instant::now(), fetch) {
        Step::Show(listed) => return Ok(listed),
        Step::Wait(flight) => flight,
    };
    let fetched = flight.clone().await;
    shelf.lock().put(&flight, fetched, Instant::now())
}

impl Shelf {
    fn step(&mut self, now: Instant, fetch: impl FnOnce() -> BoxFuture<'static, Fetched>) -> Step {
        let since = |at: Instant| now.saturating_duration_since(at);
        if let Some((games, at)) = &self.games {
            let fresh = since(*at) < FRESH;
            let failed = self.failed_at.is_some_and(|at| since(at) < RETRY);
            if fresh || (failed && since(*at) < STALE) {
                return Step::Show(Listed { games: Arc::clone(games), stale: !fresh });
            }
        }
        Step::Wait(self.flight.get_or_insert_with(|| fetch().shared()).clone())
    }

    /// Puts a list on the shelf, and gives what is to be shown.
    fn put(
        &mut self,
        flight: &Flight,
        fetched: Fetched,
        now: Instant,
    ) -> Result<Listed, CallError> {
        // The first who is back puts it away; a later flight stays.
        let first = self.flight.as_ref().is_some_and(|held| held.ptr_eq(flight));
        if first {
            self.flight = None;
            match &fetched {
                Ok(games) => (self.games, self.failed_at) = (Some((Arc::clone(games), now)), None),
                Err(_) => self.failed_at = Some(now),
            }
        }
        match (fetched, &self.games) {
            (Ok(games), _) => Ok(Listed { games, stale: false }),
            (Err(_), Some((games, at))) if now.saturating_duration_since(*at) < STALE => {
                Ok(Listed { games: Arc::clone(games), stale: true })
            }
            (Err(error), _) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;
    use serde_json::json;
    use tokio::time::{advance, sleep};

    use super::*;

    /// An orchestrator that takes a second, counts its calls, and can be out of order.
    #[derive(Default)]
    struct Far {
        calls: AtomicU32,
        broken: std::sync::atomic::AtomicBool,
    }

    async fn ask(shelf: &Mutex<Shelf>, far: &Arc<Far>) -> Result<Listed, CallError> {
        let far = Arc::clone(far);
        list(shelf, move || {
            async move {
                let call = far.calls.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_secs(1)).await;
                if far.broken.load(Ordering::Relaxed) {
                    Err(CallError::Unavailable("it hung up"))
                } else {
                    Ok([json!({"gameCode": call})].into())
                }
            }
            .boxed()
        })
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_share_one_call() {
        let (shelf, far) = (Mutex::default(), Arc::new(Far::default()));
        let asked = join_all((0..50).map(|_| ask(&shelf, &far))).await;
        assert!(asked.iter().all(|listed| listed == &asked[0] && listed.is_ok()));
        assert_eq!(far.calls.load(Ordering::Relaxed), 1);
        advance(FRESH).await;
        ask(&shelf, &far).await.unwrap();
        assert_eq!(far.calls.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_outlives_its_orchestrator_for_an_hour() {
        let (shelf, far) = (Mutex::default(), Arc::new(Far::default()));
        let first = ask(&shelf, &far).await.unwrap();
        far.broken.store(true, Ordering::Relaxed);
        advance(FRESH).await;
        for _ in 0..3 {
            let stale = ask(&shelf, &far).await.unwrap();
            assert!(stale.stale && stale.games == first.games);
        }
        assert_eq!(far.calls.load(Ordering::Relaxed), 2, "a failure stands for a while");
        advance(STALE).await;
        assert_eq!(ask(&shelf, &far).await, Err(CallError::Unavailable("it hung up")));
        far.broken.store(false, Ordering::Relaxed);
        assert!(!ask(&shelf, &far).await.unwrap().stale);
    }

    #[tokio::test(start_paused = true)]
    async fn somebody_who_goes_away_leaves_the_call_to_the_others() {
        let (shelf, far) = (Arc::new(Mutex::default()), Arc::new(Far::default()));
        let gone = tokio::time::timeout(Duration::from_millis(500), ask(&shelf, &far)).await;
        assert!(gone.is_err());
        ask(&shelf, &far).await.unwrap();
        assert_eq!(far.calls.load(Ordering::Relaxed), 1);
    }
}
