//! Clients that pay over HTTP, one payment after the other, on connections they keep.

use std::{
    io::{self, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token, net::TcpStream};

use super::stand::Payer;

const EVENTS: usize = 1_024;
/// The largest answer to a payment, head and body.
const ANSWER_BYTES_MAX: usize = 8 << 10;
/// How long the last answers may take.
const DRAIN_MAX: Duration = Duration::from_secs(30);

/// See the module.
pub(super) struct Callers {
    poll: Poll,
    events: Events,
    lines: Vec<Caller>,
}

struct Caller {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
    asked: Option<Instant>,
}

/// What the callers have seen.
pub(super) struct Paid {
    pub(super) payments: u64,
    pub(super) took: Duration,
    /// From the request to its answer, in nanoseconds.
    pub(super) latencies: Histogram<u64>,
}

impl Callers {
    /// One for each payer. All pay the first of them, or each its neighbour.
    pub(super) fn new(target: SocketAddr, payers: &[Payer], hot: bool) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let first = payers.first().context("nobody pays")?;
        let neighbours = payers.iter().skip(1).chain([first]);
        let mut callers = Vec::new();
        for (payer, neighbour) in payers.iter().zip(neighbours) {
            let payee = if hot && payer.address != first.address { first } else { neighbour };
            let body = format!(r#"{{"to":"{}","amount":0.01}}"#, payee.address);
            let request = format!(
                "POST /api/v1/payments HTTP/1.1\r\nHost: {target}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                payer.token,
                body.len()
            );
            let stream = std::net::TcpStream::connect(target)?;
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(callers.len()), Interest::READABLE)?;
            callers.push(Caller {
                stream,
                request: request.into(),
                answer: Vec::new(),
                asked: None,
            });
        }
        Ok(Self { poll, events: Events::with_capacity(EVENTS), lines: callers })
    }

    /// Everyone pays again and again for a while. `beside` is called between two looks at the answers.
    pub(super) fn pay(
        &mut self,
        span: Duration,
        mut beside: impl FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<Paid> {
        let began = Instant::now();
        let mut latencies = Histogram::new(3)?;
        self.lines.iter_mut().try_for_each(Caller::ask)?;
        let mut open = self.lines.len();
        while open > 0 {
            ensure!(began.elapsed() < span + DRAIN_MAX, "{open} payments were not answered");
            match self.poll.poll(&mut self.events, Some(Duration::from_millis(1))) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => other?,
            }
            for event in &self.events {
                let Token(place) = event.token();
                let Some(caller) = self.lines.get_mut(place) else { continue };
                while let Some(took) = caller.hear()? {
                    latencies.record(u64::try_from(took.as_nanos())?)?;
                    if began.elapsed() < span {
                        caller.ask()?;
                    } else {
                        open -= 1;
                    }
                }
            }
            beside()?;
        }
        Ok(Paid { payments: latencies.len(), took: began.elapsed(), latencies })
    }
}

impl Caller {
    fn ask(&mut self) -> io::Result<()> {
        self.asked = Some(Instant::now());
        self.stream.write_all(&self.request)
    }

    /// How long the answer took, once it is whole.
    fn hear(&mut self) -> anyhow::Result<Option<Duration>> {
        let Some(asked) = self.asked else { return Ok(None) };
        let mut input = [0; ANSWER_BYTES_MAX];
        match self.stream.read(&mut input) {
            Ok(0) => bail!("a hub closed the connection of a payer"),
            Ok(read) => self.answer.extend_from_slice(input.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        if !is_whole(&self.answer)? {
            return Ok(None);
        }
        if !self.answer.starts_with(b"HTTP/1.1 201") {
            bail!("a payment failed: {}", String::from_utf8_lossy(&self.answer));
        }
        self.answer.clear();
        self.asked = None;
        Ok(Some(asked.elapsed()))
    }
}

/// Whether an answer has come in to its end.
fn is_whole(answer: &[u8]) -> anyhow::Result<bool> {
    let Some(end) = answer.windows(4).position(|end| end == b"\r\n\r\n") else { return Ok(false) };
    let head = str::from_utf8(answer.get(..end).unwrap_or_default())?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    });
    let length = length.context("an answer has no length")??;
    Ok(answer.len() >= end.saturating_add(4).saturating_add(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\nabcd";
        for end in 0..answer.len() {
            assert!(!is_whole(&answer[..end]).unwrap(), "{end} bytes");
        }
        assert!(is_whole(answer).unwrap());
        assert!(is_whole(b"HTTP/1.1 201 Created\r\n\r\n").is_err());
    }
}
