//! The fleet with a driver of paper, which sees what is on the disk at each step.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use tokio_util::task::TaskTracker;

use super::*;
use crate::orchestrator::{
    courier::Courier,
    driver::{Held, LaunchError, News},
    folder::Folder,
    model::{Ending, Force, Mark, State},
};

fn random_id() -> Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}

/// How long anything may take.
const PROMPT: Duration = Duration::from_secs(20);

/// What a paper driver does, and what it saw.
#[derive(Debug, Default)]
struct Paper {
    state: PathBuf,
    refuses: bool,
    loses: bool,
    seen: Mutex<Vec<String>>,
}

#[derive(Debug, Clone)]
struct PaperDriver(Arc<Paper>);

#[derive(Debug)]
struct PaperServer {
    paper: Arc<Paper>,
    asked: bool,
}

impl Paper {
    /// What is stored of the one server.
    fn stored(&self) -> String {
        let files = std::fs::read_dir(self.state.join("servers")).into_iter().flatten();
        let text = files.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
        text.collect()
    }

    fn saw(&self, what: impl Into<String>) {
        self.seen.lock().push(what.into());
    }
}

impl Driver for PaperDriver {
    type Held = PaperServer;

    async fn prepare(
        &self,
        server: &Server,
        _: &Game,
        _: PathBuf,
    ) -> Result<PaperServer, LaunchError> {
        assert!(self.0.stored().contains(&server.id.to_string()), "an order that is not stored");
        self.0.saw("prepare");
        if self.0.refuses {
            return Err(LaunchError { code: "no_paper", message: "there is none".into() });
        }
        Ok(PaperServer { paper: Arc::clone(&self.0), asked: false })
    }

    async fn find(&self, _: &Server, _: &Game, mark: &Mark, _: PathBuf) -> Option<PaperServer> {
        self.0.saw(format!("find {}", mark.0));
        (!self.0.loses).then(|| PaperServer { paper: Arc::clone(&self.0), asked: false })
    }
}

impl Held for PaperServer {
    fn mark(&self) -> Mark {
        Mark("on paper".to_owned())
    }

    async fn go(&mut self) -> Result<(), LaunchError> {
        assert!(
            self.paper.stored().contains("on paper"),
            "it runs, and a restart would not find it"
        );
        self.paper.saw("go");
        Ok(())
    }

    async fn news(&mut self, until_ready: bool) -> News {
        if self.asked {
            return News::Ended(Ending::Code(0));
        }
        if until_ready {
            return News::Ready;
        }
        std::future::pending().await
    }

    fn force(&mut self, force: Force) {
        let word = if force == Force::Ask { "stopping" } else { "killed_at" };
        assert!(self.paper.stored().contains(word), "it is told before it is stored");
        self.asked = true;
    }

    async fn tend(&mut self) {}
}

impl Drop for PaperServer {
    fn drop(&mut self) {
        self.paper.saw("dropped");
    }
}

/// A fleet on a folder, with a hub that is not there.
struct Stand {
    paper: Arc<Paper>,
    fleet: Fleet,
    stop: CancellationToken,
    yard: JoinSet<anyhow::Result<()>>,
}

impl Stand {
    fn start(paper: Paper) -> Self {
        let text = "token = \"0b5e7a1c94d2f38846a1\"\nports = \"27900-27910\"\nservers_max = 2\n\
                    [hub]\nurl = \"http://127.0.0.1:9\"\nkey = \"0b5e7a1c94d2f38846a1\"\n\
                    [[games]]\ncode = \"20\"\ncommand = \"/bin/sh\"\nready_line = \"x\"\nminutes_max = 60\n";
        let settings = Arc::new(Settings::parse(text, Path::new("/"), None).unwrap());
        let folder = Arc::new(Folder::open(&paper.state).unwrap());
        let stored = folder.load().unwrap();
        let paper = Arc::new(paper);
        let means = Arc::new(Means {
            driver: PaperDriver(Arc::clone(&paper)),
            folder,
            saves: TaskTracker::new(),
            courier: Courier::new(&settings.hub).unwrap(),
            heartbeat: settings.heartbeat,
        });
        let (yard, fleet) = Yard::new(settings, means, random_id, stored);
        let stop = CancellationToken::new();
        let mut task = JoinSet::new();
        task.spawn(yard.run(stop.clone()));
        Self { paper, fleet, stop, yard: task }
    }

    async fn until(&self, state: &str) -> Server {
        let reached = async {
            loop {
                let server = self.fleet.one("s1".into()).await.unwrap().unwrap();
                if server.state_name() == state {
                    return server;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PROMPT, reached).await.expect(state)
    }

    async fn end(mut self) -> Arc<Paper> {
        self.stop.cancel();
        self.yard.join_next().await.unwrap().unwrap().unwrap();
        self.paper
    }
}

fn launch(session: &str) -> Launch {
    Launch {
        session: session.to_owned(),
        key: session.to_owned(),
        game: "20".to_owned(),
        minutes: 60,
        expires_at: None,
        comment: String::new(),
        source: String::new(),
        password: None,
        callback: "http://127.0.0.1:9/callback".parse().unwrap(),
    }
}

fn paper(dir: &Path) -> Paper {
    Paper { state: dir.to_owned(), ..Paper::default() }
}

#[tokio::test]
async fn each_step_is_stored_before_it_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let stand = Stand::start(paper(dir.path()));
    let launched = stand.fleet.launch(launch("s1")).await.unwrap().unwrap();
    assert!(!launched.replayed);
    stand.until("running").await;
    stand.fleet.stop("s1".into(), "enough".into()).await.unwrap().unwrap();
    let server = stand.until("stopped").await;
    // The hub can't be reached, so it is all still to be told.
    assert_eq!(server.outbox.len(), 4);
    assert_eq!(*stand.end().await.seen.lock(), ["prepare", "go", "dropped"]);
}

#[tokio::test]
async fn a_restart_finds_by_the_mark_or_reports_the_loss() {
    let dir = tempfile::tempdir().unwrap();
    let stand = Stand::start(paper(dir.path()));
    stand.fleet.launch(launch("s1")).await.unwrap().unwrap();
    stand.until("running").await;
    stand.end().await;
    let stand = Stand::start(paper(dir.path()));
    assert!(stand.fleet.launch(launch("s1")).await.unwrap().unwrap().replayed);
    let server = stand.until("running").await;
    assert_eq!(stand.end().await.seen.lock().first().unwrap(), "find on paper");
    let stand = Stand::start(Paper { loses: true, ..paper(dir.path()) });
    let lost = stand.until("exited").await;
    let State::Ended(end) = &lost.state else { panic!("{lost:?}") };
    assert_eq!((end.reason.as_str(), lost.id), ("lost", server.id));
    stand.end().await;
}

#[tokio::test]
async fn what_the_driver_refuses_has_failed() {
    let dir = tempfile::tempdir().unwrap();
    let stand = Stand::start(Paper { refuses: true, ..paper(dir.path()) });
    stand.fleet.launch(launch("s1")).await.unwrap().unwrap();
    let server = stand.until("failed").await;
    let State::Ended(end) = &server.state else { panic!("{server:?}") };
    assert_eq!((end.reason.as_str(), end.message.as_str()), ("no_paper", "there is none"));
    assert_eq!(*stand.end().await.seen.lock(), ["prepare"]);
}

#[tokio::test]
async fn what_can_not_be_stored_is_not_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let servers = dir.path().join("servers");
    let stand = Stand::start(paper(dir.path()));
    stand.fleet.launch(launch("s1")).await.unwrap().unwrap();
    stand.until("running").await;
    std::fs::rename(&servers, dir.path().join("aside")).unwrap();
    assert_eq!(stand.fleet.launch(launch("s2")).await.unwrap().unwrap_err(), Refusal::Unwritable);
    assert!(stand.fleet.one("s2".into()).await.unwrap().is_none());
    stand.end().await;
}

#[tokio::test]
async fn an_order_is_refused_for_one_reason_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let stand = Stand::start(paper(dir.path()));
    let refused = async |change: fn(&mut Launch)| {
        let mut launch = launch("s9");
        change(&mut launch);
        stand.fleet.launch(launch).await.unwrap().err()
    };
    assert_eq!(refused(|l| l.game = "x".into()).await, Some(Refusal::GameUnknown("x".into())));
    assert_eq!(refused(|l| l.minutes = 61).await, Some(Refusal::TooLong(60)));
    stand.fleet.launch(launch("s1")).await.unwrap().unwrap();
    let same = |change: fn(&mut Launch)| {
        let mut launch = launch("s1");
        change(&mut launch);
        stand.fleet.launch(launch)
    };
    let changes: [fn(&mut Launch); 4] = [
        |l| l.minutes = 5,
        |l| l.key = "k2".into(),
        |l| l.password = Some("x".into()),
        |l| l.comment = "x".into(),
    ];
    for change in changes {
        assert_eq!(same(change).await.unwrap().err(), Some(Refusal::Mismatch));
    }
    // What may differ from one repetition to the next.
    assert!(same(|l| l.source = "x".into()).await.unwrap().unwrap().replayed);
    let second = stand.fleet.launch(launch("s2")).await.unwrap().unwrap().server;
    assert_eq!(refused(|_| ()).await, Some(Refusal::ServersFull(2)));
    let first = stand.fleet.one("s1".into()).await.unwrap().unwrap();
    assert_eq!(second.order.port, first.order.port + 1, "ports take turns");
    stand.end().await;
}
