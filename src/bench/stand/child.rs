//! The child's side: connects to whoever started it, and takes orders until that line ends.

use std::{io, path::Path};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{UnixStream, unix},
};

use super::{Answer, Order, Part, Role, naive, product, raw, statements};
use crate::{
    bench::{event::Press, machine::Usage},
    config::Settings,
};

/// Someone who takes orders.
pub(super) trait Contender {
    /// Does it. What is asked for is answered, other orders are not.
    async fn obey(&mut self, order: Order) -> anyhow::Result<Option<Answer>>;
}

/// The line to whoever gives the orders.
pub(super) struct Line {
    orders: Lines<BufReader<unix::OwnedReadHalf>>,
    answers: unix::OwnedWriteHalf,
}

/// Runs a child to its end.
pub(in crate::bench) async fn run(settings: &Settings, part: &str) -> anyhow::Result<()> {
    let Part { role, spread, listeners, control } = serde_json::from_str(part)?;
    let press = Press::new(spread, listeners)?;
    match role {
        Role::Raw => tokio::task::block_in_place(|| raw::run(&control, &press)),
        Role::Naive => tokio::task::block_in_place(|| naive::run(&control, press)),
        Role::Statements => statements::run(settings, Line::connect(&control).await?).await,
        Role::Product => {
            Box::pin(product::run(settings, Line::connect(&control).await?, press)).await
        }
    }
}

impl Line {
    /// Meets whoever gives the orders.
    pub(super) async fn connect(path: &Path) -> io::Result<Self> {
        let (orders, answers) = UnixStream::connect(path).await?.into_split();
        Ok(Self { orders: BufReader::new(orders).lines(), answers })
    }

    /// Says something.
    pub(super) async fn say(&mut self, answer: &Answer) -> io::Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        self.answers.write_all(&line).await
    }

    /// Takes orders until there are no more.
    pub(super) async fn serve(mut self, mut contender: impl Contender) -> anyhow::Result<()> {
        while let Some(line) = self.orders.next_line().await? {
            let answer = match serde_json::from_str(&line)? {
                Order::Usage => Some(Answer::Usage(Usage::of_this_process()?)),
                order => match contender.obey(order).await {
                    Ok(answer) => answer,
                    Err(error) => Some(Answer::Failed(format!("{error:#}"))),
                },
            };
            if let Some(answer) = answer {
                self.say(&answer).await?;
            }
        }
        Ok(())
    }
}
