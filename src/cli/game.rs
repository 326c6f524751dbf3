//! `tollbell dev game`: a game that does no harm, for trying out how servers come and go.
//!
//! It listens on a port and speaks lines of text: `help`, `roll`, `players`, `say …`, `bye`. It keeps nothing, and
//! ends by itself when its minutes are over.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::broadcast,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::output;
use crate::{config::GameArgs, db::random};

/// Players at one time.
const PLAYERS_MAX: usize = 16;
/// Bytes of a line.
const LINE_BYTES_MAX: u64 = 512;
/// What is said and not yet heard by everybody.
const TALK_MAX: usize = 64;
/// How long a player may say nothing.
const SILENCE_MAX: Duration = Duration::from_mins(10);
/// What a player can say.
const HELP: &str = "say: help, roll, players, say TEXT, bye";

/// Plays until it is told to stop or its minutes are over.
///
/// # Errors
/// When it can't listen.
pub(super) async fn run(args: &GameArgs) -> anyhow::Result<()> {
    let mut term = signal(SignalKind::terminate())?;
    let listener = async {
        sleep(Duration::from_secs(args.load_seconds.into())).await;
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, args.port)).await
    };
    let listener = tokio::select! {
        listener = listener => listener.with_context(|| format!("could not listen on port {}", args.port))?,
        _ = term.recv() => return Ok(()),
    };
    output::print_line(&format!("{} is ready on port {}", args.name, args.port))?;
    let over = sleep(Duration::from_mins(args.minutes.into()));
    tokio::select! {
        () = play(listener, args) => {}
        () = over => output::print_line("the time is over")?,
        _ = term.recv() => output::print_line("told to stop")?,
    }
    Ok(())
}

/// What all players share.
#[derive(Clone)]
struct Table {
    name: Arc<str>,
    password: Arc<str>,
    players: Arc<AtomicUsize>,
    talk: broadcast::Sender<String>,
}

async fn play(listener: TcpListener, args: &GameArgs) {
    let table = Table {
        name: args.name.as_str().into(),
        password: args.password.as_str().into(),
        players: Arc::default(),
        talk: broadcast::Sender::new(TALK_MAX),
    };
    let mut guests = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if guests.len() < PLAYERS_MAX => {
                    guests.spawn(table.clone().seat(stream));
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "could not take in a player");
                    sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = guests.join_next() => {}
        }
    }
}

impl Table {
    async fn seat(self, stream: TcpStream) {
        self.players.fetch_add(1, Ordering::Relaxed);
        // A player who hangs up has simply left.
        let _ = self.talk_with(stream).await;
        self.players.fetch_sub(1, Ordering::Relaxed);
    }

    async fn talk_with(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut heard = self.talk.subscribe();
        let (reader, mut writer) = stream.split();
        let mut reader = BufReader::new(reader);
        let mut known = self.password.is_empty();
        let greeting = if known { HELP } else { "say the password" };
        writer.write_all(format!("welcome to {}; {greeting}\n", self.name).as_bytes()).await?;
        let mut line = Vec::new();
        loop {
            let mut bounded = (&mut reader).take(LINE_BYTES_MAX);
            let read = timeout(SILENCE_MAX, bounded.read_until(b'\n', &mut line));
            tokio::select! {
                read = read => match read {
                    Ok(Ok(bytes)) if bytes > 0 => {}
                    _ => return Ok(()),
                },
                Ok(said) = heard.recv(), if known => {
                    writer.write_all(format!("{said}\n").as_bytes()).await?;
                    continue;
                }
            }
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            line.clear();
            let answer = if !known && text == *self.password {
                known = true;
                HELP.to_owned()
            } else if !known {
                "that is not the password".to_owned()
            } else if text == "bye" {
                return writer.write_all(b"good-bye\n").await;
            } else {
                self.answer(&text)
            };
            if !answer.is_empty() {
                writer.write_all(format!("{answer}\n").as_bytes()).await?;
            }
        }
    }

    fn answer(&self, text: &str) -> String {
        match text.split_once(' ') {
            Some(("say", words)) => {
                // Nobody else may be there to hear it; the speaker is.
                let _ = self.talk.send(format!("somebody says: {words}"));
                String::new()
            }
            None if text == "players" => self.players.load(Ordering::Relaxed).to_string(),
            None if text == "roll" => {
                let [die] = random::bytes::<1>();
                format!("you roll {}", die % 6 + 1)
            }
            _ => HELP.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Player(BufReader<TcpStream>);

    impl Player {
        async fn join(port: u16) -> Self {
            Self(BufReader::new(TcpStream::connect(("127.0.0.1", port)).await.unwrap()))
        }

        async fn hear(&mut self) -> String {
            let mut line = String::new();
            self.0.read_line(&mut line).await.unwrap();
            line.trim_end().to_owned()
        }

        async fn say(&mut self, text: &str) -> String {
            self.0.get_mut().write_all(format!("{text}\n").as_bytes()).await.unwrap();
            self.hear().await
        }
    }

    async fn game(password: &str) -> (u16, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (name, password) = ("Dice".to_owned(), password.to_owned());
        let args = GameArgs { port, password, name, load_seconds: 0, minutes: 1 };
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { play(listener, &args).await });
        (port, tasks)
    }

    #[tokio::test]
    async fn it_answers_those_who_know_the_password() {
        let (port, _tasks) = game("sesame").await;
        let mut player = Player::join(port).await;
        assert_eq!(player.hear().await, "welcome to Dice; say the password");
        assert_eq!(player.say("roll").await, "that is not the password");
        assert_eq!(player.say("sesame").await, HELP);
        assert!(player.say("roll").await.starts_with("you roll "));
        assert_eq!(player.say("players").await, "1");
        assert_eq!(player.say("what").await, HELP);
        assert_eq!(player.say("bye").await, "good-bye");
        assert_eq!(player.hear().await, "", "it hangs up");
    }

    #[tokio::test]
    async fn players_hear_one_another() {
        let (port, _tasks) = game("").await;
        let (mut one, mut other) = (Player::join(port).await, Player::join(port).await);
        assert_eq!(one.hear().await, format!("welcome to Dice; {HELP}"));
        other.hear().await;
        assert_eq!(one.say("say hello").await, "somebody says: hello");
        assert_eq!(other.hear().await, "somebody says: hello");
    }
}
