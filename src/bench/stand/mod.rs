//! What is measured: a child process each, so that its use of the machine can be told from ours.
//!
//! The child is this program again, as `bench stand PLAN`. It connects to a socket of ours and takes orders as lines
//! of JSON; the orders are the same for all, so a contender gains nothing by how it is driven.

mod child;
mod naive;
mod payers;
mod product;
mod raw;
mod statements;

use std::{
    ffi::OsString,
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use core_affinity::CoreId;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::{Deserialize, Serialize};

pub(super) use self::{
    child::run,
    payers::{Payer, Way},
};
use super::{
    event::Spread,
    machine::{Usage, pin},
};
use crate::{
    kernel::{address::Address, money::Amount},
    ledger::{self, PaymentKind},
};

/// How long a child may take to start: the private PostgreSQL may have to be made.
const START_MAX: Duration = Duration::from_secs(30);
/// How long a child may take to answer an order, and to end.
const ANSWER_MAX: Duration = Duration::from_mins(2);
/// Connections that a child takes: what usual limits of open files allow.
pub(super) const CONNECTIONS_MAX: u32 = 19_500;
/// How often is looked whether it has.
const LOOK: Duration = Duration::from_millis(5);

/// A contender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Role {
    /// The hub.
    Product,
    /// The limit: a loop that writes one frame, built before, to every socket.
    Raw,
    /// What is written in an hour: axum, a broadcast channel for each topic, a task for each connection.
    Naive,
    /// A door that makes each payment statement by statement.
    Statements,
}

impl Role {
    /// Its name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Product => "hub",
            Self::Raw => "raw",
            Self::Naive => "naive",
            Self::Statements => "statements",
        }
    }
}

/// What a child is told to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    /// Say which event is the last before those that will be ordered.
    Begin,
    /// Send so many events to whom they concern. Not answered.
    Publish(u32),
    /// Say what you have used.
    Usage,
    /// Make one payment, and say when it was committed.
    Pay,
    /// Make so many wallets with money and sessions, and say them.
    Payers(u32),
    /// Make so many tickets for websockets of the Krist door, and say them.
    Tickets(u32),
    /// Let all of them pay for a while, and say how many payments were made.
    PayAll { way: Way, hot: bool, seconds: u64 },
    /// Say how long a batch of payments takes, and its events alone.
    WeighLog,
    /// Make subscriptions that are paid up to some moments from now.
    Subscribe { count: u32, first_s: f64, between_s: f64 },
    /// Renew all that is due, so many in one transaction, and say how many were.
    Renew { page: u16 },
    /// Say how late the last so many charges were.
    Delays { count: u32 },
    /// Run PostgreSQL's own load test on a database beside ours, and say its transactions a second.
    Pgbench { scale: u32, clients: u32, seconds: u64 },
    /// Say how many transactions the database has finished.
    Transactions,
    /// Say how many connections are behind.
    Behind,
    /// Say the newest event.
    Head,
    /// Put so many events into the log, as if they had been committed before.
    Backlog(u32),
}

/// What a child says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// It listens.
    Ready(SocketAddr),
    /// See [`Order::Usage`].
    Usage(Usage),
    /// See [`Order::Pay`]: by the clock of [`super::machine::uptime`].
    Paid(Duration),
    /// See [`Order::Payers`].
    Payers(Vec<Payer>),
    /// See [`Order::Tickets`].
    Tickets(Vec<String>),
    /// See [`Order::WeighLog`].
    Spans([Duration; 2]),
    /// See [`Order::Pgbench`].
    Rate(f64),
    /// See [`Order::Delays`]: the longest but one in a hundred.
    Delay(Duration),
    /// A count, such as that of [`Order::Transactions`].
    Count(u64),
    /// It could not be done.
    Failed(String),
}

/// How to start a child.
#[derive(Debug, Clone)]
pub(super) struct Plan<'a> {
    pub(super) role: Role,
    pub(super) spread: Spread,
    pub(super) listeners: u32,
    /// The processor it runs on, if it is kept on one.
    pub(super) core: Option<CoreId>,
    /// The folder of the control socket.
    pub(super) folder: &'a Path,
    /// What verifiers are made with: children that share a folder share it.
    pub(super) secret: &'a str,
    /// Settings of the hub besides those of every load test.
    pub(super) settings: Vec<OsString>,
}

/// What a child needs to know of its plan.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    role: Role,
    spread: Spread,
    listeners: u32,
    /// The socket of whoever gives the orders.
    control: PathBuf,
}

/// A contender that runs. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Stand {
    child: Child,
    line: BufReader<UnixStream>,
    /// Where it listens.
    pub(super) address: SocketAddr,
}

impl Stand {
    /// Starts a child and waits until it listens.
    pub(super) fn start(plan: &Plan<'_>, data: &Path) -> anyhow::Result<Self> {
        let path = plan.folder.join("control");
        // One of an earlier child; that there is none is as good.
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).context("could not make the control socket")?;
        listener.set_nonblocking(true)?;
        // A child inherits the processor of the thread that starts it.
        plan.core.map(pin);
        let mut child = plan.command(&path, data)?.spawn().context("could not start a child")?;
        let stream = match meet(&listener, &mut child) {
            Ok(stream) => stream,
            Err(error) => {
                let _ = child.kill();
                return Err(error);
            }
        };
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut stand = Self { child, line: BufReader::new(stream), address };
        match stand.listen()? {
            Answer::Ready(address) => stand.address = address,
            other => bail!("a child began with {other:?}"),
        }
        Ok(stand)
    }

    /// Sends an order that is not answered.
    pub(super) fn tell(&mut self, order: &Order) -> io::Result<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        self.line.get_mut().write_all(&line)
    }

    /// Sends an order and waits for its answer.
    pub(super) fn ask(&mut self, order: &Order) -> anyhow::Result<Answer> {
        self.tell(order)?;
        match self.listen()? {
            Answer::Failed(why) => bail!("{order:?} failed: {why}"),
            answer => Ok(answer),
        }
    }

    /// What it has used since it began.
    pub(super) fn usage(&mut self) -> anyhow::Result<Usage> {
        match self.ask(&Order::Usage)? {
            Answer::Usage(usage) => Ok(usage),
            other => bail!("a child answered {other:?} when asked what it uses"),
        }
    }

    /// A count that an order asks for.
    pub(super) fn count(&mut self, order: &Order) -> anyhow::Result<u64> {
        match self.ask(order)? {
            Answer::Count(count) => Ok(count),
            other => bail!("a child answered {other:?} to {order:?}"),
        }
    }

    /// Ends it as an operator would, and waits.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        kill(self.pid()?, Signal::SIGTERM)?;
        self.wait()
    }

    /// Ends it without a word, and waits.
    pub(super) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.wait()
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + ANSWER_MAX;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > end {
                bail!("a child did not end");
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    fn pid(&self) -> anyhow::Result<Pid> {
        Ok(Pid::from_raw(i32::try_from(self.child.id())?))
    }

    /// Waits for an answer to something that was told.
    pub(super) fn listen(&mut self) -> anyhow::Result<Answer> {
        let mut line = String::new();
        match self.line.read_line(&mut line).context("a child does not answer")? {
            0 => bail!("a child has ended; its last words are above"),
            _ => serde_json::from_str(&line).context("a child said something strange"),
        }
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Plan<'_> {
    fn command(&self, control: &Path, data: &Path) -> anyhow::Result<Command> {
        let part = Part {
            role: self.role,
            spread: self.spread,
            listeners: self.listeners,
            control: control.to_owned(),
        };
        let mut command = Command::new(std::env::current_exe()?);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.args(["--listen", "127.0.0.1:0", "--admin-listen", "off", "--drain-seconds", "0"]);
        command
            .args(["--connections-max", &CONNECTIONS_MAX.to_string()])
            .args(["--secret", self.secret, "--log-filter", "error"])
            .arg("--data-dir")
            .arg(data);
        command.args(&self.settings);
        command.args(["bench", "stand"]).arg(serde_json::to_string(&part)?);
        Ok(command)
    }
}

/// Waits until the child connects, or has ended.
fn meet(listener: &UnixListener, child: &mut Child) -> anyhow::Result<UnixStream> {
    let end = Instant::now() + START_MAX;
    loop {
        match listener.accept() {
            Ok((stream, _)) => return Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(status) = child.try_wait()? {
            bail!("a child ended at its start with {status}");
        }
        if Instant::now() > end {
            bail!("a child did not start within {START_MAX:?}");
        }
        std::thread::sleep(LOOK);
    }
}

/// An order to pay.
fn transfer(
    payer: &Address,
    payee: &Address,
    amount: i64,
    kind: PaymentKind,
) -> anyhow::Result<ledger::Order> {
    let transfer = ledger::Transfer {
        payer: payer.clone(),
        payee: payee.clone().into(),
        amount: Amount::minor(amount).payable().context("an amount is positive")?,
        kind,
        name: None,
        metadata: None,
        request_id: None,
    };
    Ok(ledger::Order { transfer, key: None, act: None })
}
