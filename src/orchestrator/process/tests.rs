//! Servers as real processes: what a driver promises, asked of `/bin/sh`.

use std::{collections::BTreeMap, fs};

use super::*;
use crate::orchestrator::{model::tests::server, settings::Settings};

/// How long a process may take for what it does at once.
const PROMPT: Duration = Duration::from_secs(20);

/// A game that is a script; its keys are lines more of its table.
fn game(script: &str, keys: &str) -> Game {
    let text = format!(
        "token = \"0b5e7a1c94d2f38846a1\"\nports = \"27000\"\n[hub]\nurl = \"http://h\"\nkey = \"0b5e7a1c94d2f38846a1\"\n\
         [[games]]\ncode = \"20\"\ncommand = \"sh\"\nargs = [\"-c\", '''{script}''', \"{{port}}\"]\n{keys}\n"
    );
    let settings = Settings::parse(&text, Path::new("/tmp"), Some("/usr/bin:/bin".as_ref()));
    settings.unwrap().games.remove(0)
}

fn driver() -> Processes {
    let environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
    Processes::new("/proc/self/exe".into(), environment)
}

struct Run {
    process: Process,
    game: Game,
    dir: tempfile::TempDir,
}

impl Run {
    async fn prepare(script: &str, keys: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let game = game(script, keys);
        let log = dir.path().join("log");
        let process = driver().prepare(&server(), &game, log).await.unwrap();
        Self { process, game, dir }
    }

    async fn go(script: &str, keys: &str) -> Self {
        let mut run = Self::prepare(script, keys).await;
        run.process.go().await.unwrap();
        run
    }

    async fn news(&mut self, until_ready: bool) -> News {
        timeout(PROMPT, self.process.news(until_ready)).await.expect("no news")
    }

    /// Waits for a line of its output and gives all of it.
    async fn said(&self, line: &str) -> String {
        let said = async {
            loop {
                let text = fs::read_to_string(self.dir.path().join("log")).unwrap();
                if text.contains(line) {
                    return text;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PROMPT, said).await.expect("it did not say so")
    }
}

fn is_alive(pid: i32) -> bool {
    Identity::of(pid).is_some_and(|one| one.is_alive())
}

async fn gone(pid: i32) {
    timeout(PROMPT, async {
        while is_alive(pid) {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("it lives on");
}

#[tokio::test]
async fn nothing_runs_before_it_is_let() {
    let mut run = Run::prepare("echo ran", "ready_line = \"ran\"").await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(fs::read_to_string(run.dir.path().join("log")).unwrap(), "");
    run.process.go().await.unwrap();
    assert_eq!(run.news(false).await, News::Ended(Ending::Code(0)));
    assert_eq!(run.said("ran").await, "ran\n");
}

/// The orchestrator was killed between making a process and writing it down.
#[tokio::test]
async fn what_is_never_let_run_ends_by_itself() {
    let Run { process, dir, .. } = Run::prepare("echo ran", "ready_line = \"ran\"").await;
    let pid = process.identity.pid().as_raw();
    drop(process);
    gone(pid).await;
    assert_eq!(fs::read_to_string(dir.path().join("log")).unwrap(), "");
}

#[tokio::test]
async fn words_reach_the_game_as_they_are() {
    let keys = "env = { NAME = \"{comment}; $(id)\" }\nfolder = \"/\"\nready_line = \"x\"";
    let mut run =
        Run::go("echo \"$0|$NAME|$PWD|$PATH|$HOME\"; read x; echo \"end $?\"", keys).await;
    assert_eq!(run.news(false).await, News::Ended(Ending::Code(0)));
    let said = run.said("end").await;
    assert_eq!(
        said, "27000|Ada's; $(id)|/|/usr/bin:/bin|\nend 1\n",
        "no more environment, no input"
    );
}

#[tokio::test]
async fn the_end_is_told_as_it_was() {
    for (script, ending) in [
        ("exit 3", Ending::Code(3)),
        ("kill -SEGV $$", Ending::Signal(11)),
        ("exec /no/such/program", Ending::Code(127)),
    ] {
        let mut run = Run::go(script, "ready_line = \"x\"").await;
        assert_eq!(run.news(true).await, News::Ended(ending), "{script}");
    }
}

#[tokio::test]
async fn ready_is_a_line_or_some_time() {
    let mut run = Run::go(
        "echo loading; sleep 0.2; echo 'Server started'; sleep 60",
        "ready_line = \"started\"",
    )
    .await;
    assert_eq!(run.news(true).await, News::Ready);
    run.process.force(Force::Kill);
    assert_eq!(run.news(true).await, News::Ended(Ending::Signal(9)));

    let begun = Instant::now();
    let mut run = Run::go("sleep 60", "ready_after_seconds = 1").await;
    assert_eq!(run.news(true).await, News::Ready);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    run.process.force(Force::Kill);
    run.news(false).await;
}

#[tokio::test]
async fn ready_is_an_open_port() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut run = Run::go("sleep 60", "").await;
    run.process.watch.port = port;
    let early = timeout(Duration::from_millis(300), run.process.news(true)).await;
    assert!(early.is_err(), "nobody listens: {early:?}");
    let _listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    assert_eq!(run.news(true).await, News::Ready);
    run.process.force(Force::Kill);
    run.news(false).await;
}

#[tokio::test]
async fn a_stop_reaches_all_that_it_started() {
    let script = "trap 'echo asked; exit 0' TERM; sleep 1000 & echo child $!; wait";
    let mut run = Run::go(script, "ready_line = \"child\"").await;
    let said = run.said("child").await;
    let child: i32 = said.trim().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(is_alive(child));
    run.process.force(Force::Ask);
    assert_eq!(run.news(false).await, News::Ended(Ending::Code(0)));
    gone(child).await;
    assert!(run.said("asked").await.contains("asked"));
}

/// What a game leaves behind when it ends by itself would hold its port.
#[tokio::test]
async fn what_it_leaves_behind_is_ended() {
    let mut run =
        Run::go("trap '' TERM; sleep 1000 & echo child $!", "ready_line = \"child\"").await;
    assert_eq!(run.news(false).await, News::Ended(Ending::Code(0)));
    let said = run.said("child").await;
    gone(said.trim().rsplit(' ').next().unwrap().parse().unwrap()).await;
}

#[tokio::test]
async fn only_force_ends_what_does_not_obey() {
    let mut run =
        Run::go("trap '' TERM; echo up; while :; do sleep 0.05; done", "ready_line = \"up\"").await;
    run.said("up").await;
    run.process.force(Force::Ask);
    let obeyed = timeout(Duration::from_millis(300), run.process.news(false)).await;
    assert!(obeyed.is_err(), "{obeyed:?}");
    run.process.force(Force::Kill);
    assert_eq!(run.news(false).await, News::Ended(Ending::Signal(9)));
}

/// A restart finds the process by its mark; it is no child any more, so nobody learns how it ended.
#[tokio::test]
async fn a_process_is_found_again_until_it_is_gone() {
    let mut run = Run::go("echo up; sleep 1000", "ready_line = \"up\"").await;
    run.said("up").await;
    let (mark, log) = (run.process.mark(), run.dir.path().join("log"));
    let find = async || driver().find(&server(), &run.game, &mark, log.clone()).await;
    let mut found = find().await.expect("it lives");
    assert_eq!(timeout(PROMPT, found.news(true)).await, Ok(News::Ready));
    found.force(Force::Ask);
    // Its parent asks how it ended, as init would.
    let (ended, _) = tokio::join!(found.news(false), run.process.child.as_mut().unwrap().wait());
    assert_eq!(ended, News::Ended(Ending::Unknown));
    assert!(find().await.is_none());
}

#[tokio::test]
async fn garbage_finds_nothing() {
    let game = game("true", "ready_line = \"x\"");
    for mark in ["", "garbage", "1|2|3", "999999999|1|x"] {
        let found = driver().find(&server(), &game, &Mark(mark.into()), "/nowhere".into()).await;
        assert!(found.is_none(), "{mark}");
    }
}

#[tokio::test]
async fn a_game_that_can_not_be_started_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut game = game("true", "ready_line = \"x\"");
    game.folder = folder.path().join("gone");
    let error = driver().prepare(&server(), &game, dir.path().join("log")).await.unwrap_err();
    assert_eq!(error.code, "spawn_failed");
}

#[tokio::test]
async fn the_output_is_kept_short() {
    let keys = "ready_line = \"x\"\nlog_kib_max = 4";
    let mut run =
        Run::go("while :; do echo 0123456789012345678901234567890123456789; done", keys).await;
    let sizes = async |run: &Run| {
        let sizes: BTreeMap<_, _> = fs::read_dir(run.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name(), entry.metadata().unwrap().len()))
            .collect();
        sizes
    };
    run.said("0123").await;
    timeout(PROMPT, async {
        while sizes(&run).await.len() < 2 {
            run.process.tend().await;
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    run.process.force(Force::Kill);
    run.news(false).await;
    run.process.tend().await;
    let sizes = sizes(&run).await;
    assert!(sizes.values().all(|size| *size <= 4_096), "{sizes:?}");
}
