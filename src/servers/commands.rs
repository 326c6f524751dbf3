//! What changes sessions: a start, the answer to a launch, a report, a stop, a heartbeat, the sweep.
//!
//! Whatever may settle minutes locks the session's user first, then the session. Minutes are settled, and servers
//! wanted to stop, in the transaction of the change that says so.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    client::CallError,
    events::{ServerAnomaly, ServerWarning, tell},
    input::{Callback, StartInput},
    model::{
        Anomaly, Change, Details, LaunchSource, Order, ServerName, ServerSession, Settlement,
        Status, Stop, Text,
        launch::{Beaten, Launched},
        report::{Report, Verdict},
        sweep::{Limits, Swept},
    },
    roll_call::is_orphan,
    stops::{self, AGAIN, ToTell, store::stops_close},
    store,
    views::SessionView,
};
use crate::{
    auth::users::lock_user,
    db::{Command, DbError, Failure, Never, Refusal, Tx},
    kernel::id::{DiscordId, ServerSessionId},
    plans::{self, Ask, Denied},
};

/// Why a change of a session is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerRefusal {
    /// There is no such session, or it is somebody else's.
    SessionNotFound,
    /// The session has ended.
    SessionNotOpen,
}

impl Refusal for ServerRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::SessionNotFound => "SESSION_NOT_FOUND",
            Self::SessionNotOpen => "SESSION_NOT_OPEN",
        }
    }
}

/// Who wants something of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// A user, whose it should be.
    User(DiscordId),
    /// A program of the operator's.
    Program,
}

impl By {
    fn may(self, owner: DiscordId) -> bool {
        match self {
            Self::User(user) => user == owner,
            Self::Program => true,
        }
    }
}

/// Reserves minutes and opens a session. What it gives is remembered under the request's key, so it is the id alone:
/// passwords are kept in one place.
#[derive(Debug)]
pub(super) struct StartSession {
    /// For whom.
    pub(super) owner: DiscordId,
    /// What.
    pub(super) input: StartInput,
    /// Who asks.
    pub(super) source: LaunchSource,
}

impl Serialize for StartSession {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let StartInput { game_code, game, comment, password, minutes, context, .. } = &self.input;
        let asked = (game_code, game, comment, password, minutes, context);
        (self.owner, self.source, asked).serialize(serializer)
    }
}

impl Command for StartSession {
    const NAME: &'static str = "server_start";
    type Done = ServerSessionId;
    type Refusal = Denied;

    async fn apply(&self, tx: &mut Tx) -> Result<ServerSessionId, Failure<Denied>> {
        let (id, now) = (ServerSessionId::new(tx.new_id()), tx.now());
        let input = &self.input;
        let ask = Ask { session: id, requested: input.minutes };
        let held = plans::reserve(tx, self.owner, &ask).await?;
        let order = Order {
            game_code: input.game_code.clone(),
            game: input.game.clone(),
            comment: input.comment.clone(),
            source: self.source,
            context: input.context.clone(),
            requested: held.requested,
        };
        let password = input.password.clone();
        let mut session = ServerSession::new(id, self.owner, order, held.allocated, password, now);
        session.number = store::session_insert(tx.conn(), &session).await?;
        tell(tx, None, &session)?;
        Ok(id)
    }
}

/// What the orchestrator's answer to a launch made of the session.
#[derive(Debug)]
pub(super) struct Landed {
    /// The session as it is now.
    pub(super) session: ServerSession,
    /// Whether a server was left over that somebody has to stop.
    pub(super) wants_stop: bool,
}

/// Brings the orchestrator's answer to a launch home.
#[derive(Debug)]
pub(super) struct FinishLaunch<'a> {
    /// Of which session.
    pub(super) id: ServerSessionId,
    /// The answer.
    pub(super) answer: &'a Result<Details, CallError>,
}

impl Command for FinishLaunch<'_> {
    const NAME: &'static str = "server_launched";
    const REPEATABLE: bool = true;
    type Done = Landed;
    type Refusal = ServerRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Landed, Failure<ServerRefusal>> {
        let before = lock(tx, self.id, self.answer.is_err()).await?;
        let now = tx.now();
        let launched = match self.answer {
            Ok(details) => before.launched(details, now),
            Err(error) => match error.launch_error() {
                Some(error) => before.not_launched(&error, now),
                None => Launched::Stands,
            },
        };
        Ok(match launched {
            Launched::Stands => Landed { session: before, wants_stop: false },
            Launched::Orphan(server) => {
                let wants_stop = want_orphan(tx, before.id, Some(server)).await?;
                Landed { session: before, wants_stop }
            }
            Launched::Changed(change) => {
                let (session, wants_stop) = carry_out(tx, &before, *change, Duration::ZERO).await?;
                Landed { session, wants_stop }
            }
        })
    }
}

/// What a report came to.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own, and all can be yes"
)]
pub(super) struct Heard {
    /// The session as it is now.
    pub(super) session: ServerSession,
    /// Whether it changed anything, now or when it was heard first.
    pub(super) processed: bool,
    /// Whether it was heard before.
    pub(super) duplicate: bool,
    /// Whether its server should stop.
    pub(super) stop: bool,
    /// Whether somebody has to tell a server to stop.
    pub(super) wants_stop: bool,
    /// Whether listeners should be told that the server lives.
    pub(super) tick: bool,
}

/// Hears a report of the orchestrator. The same report twice changes nothing the second time.
#[derive(Debug)]
pub(super) struct HearReport<'a> {
    /// About which session.
    pub(super) id: ServerSessionId,
    /// What it says.
    pub(super) callback: &'a Callback,
}

impl Command for HearReport<'_> {
    const NAME: &'static str = "server_report";
    const REPEATABLE: bool = true;
    type Done = Heard;
    type Refusal = ServerRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Heard, Failure<ServerRefusal>> {
        let Self { id, callback } = self;
        let report = callback.report.as_ref();
        let settles = report.is_some_and(|report| report.event.settles());
        let before = lock(tx, *id, settles).await?;
        let now = tx.now();
        let beats = report.is_some_and(|report| report.event.is_beat());
        if !beats && let Some(processed) = store::report_find(tx.conn(), *id, callback).await? {
            let stop = before.status == Status::Stopping;
            return Ok(Heard::of(before, processed, stop).again());
        }
        let verdict = report.map(|report| (report, before.hear(report, now)));
        let (heard, keep) = match verdict {
            None => (Heard::of(before, false, false), true),
            Some((_, Verdict::Beat(at))) => {
                store::session_beat(tx.conn(), *id, at).await?;
                let stop = before.status == Status::Stopping;
                let tick = before.ticks(at);
                let session = ServerSession { beat_at: at, ..before };
                // What can be repeated a million times is not kept.
                (Heard { tick, ..Heard::of(session, true, stop) }, !beats)
            }
            Some((report, Verdict::Ignored { orphan, anomaly })) => {
                let server = report.details.orchestrator_id.clone();
                let server = server.or_else(|| before.details.orchestrator_id.clone());
                let wants_stop = orphan && want_orphan(tx, *id, server).await?;
                self.note(tx, report, anomaly)?;
                (Heard { wants_stop, ..Heard::of(before, false, orphan) }, !beats)
            }
            Some((report, Verdict::Changed(change))) => {
                self.note(tx, report, change.anomaly)?;
                // Who says that it stops has a minute for it.
                let announced = report.event.announces_stop();
                let patience = if announced { AGAIN } else { Duration::ZERO };
                let (session, wants_stop) = carry_out(tx, &before, *change, patience).await?;
                let stop = session.status == Status::Stopping && report.event.claims_life();
                (Heard { wants_stop, ..Heard::of(session, true, stop) }, true)
            }
        };
        if keep {
            store::report_insert(tx.conn(), *id, callback, heard.processed, now).await?;
        }
        Ok(heard)
    }
}

impl HearReport<'_> {
    /// Tells the operator what can't be.
    fn note(&self, tx: &mut Tx, report: &Report, anomaly: Option<Anomaly>) -> Result<(), DbError> {
        let Some(anomaly) = anomaly else { return Ok(()) };
        let server = report.details.orchestrator_id.as_ref();
        tx.emit(&ServerAnomaly {
            session_id: self.id,
            orchestrator_session_id: server.map(ToString::to_string),
            event: self.callback.name.to_string(),
            event_id: self.callback.id.to_string(),
            anomaly,
        })
    }
}

impl Heard {
    fn of(session: ServerSession, processed: bool, stop: bool) -> Self {
        Self { session, processed, duplicate: false, stop, wants_stop: false, tick: false }
    }

    fn again(self) -> Self {
        Self { duplicate: true, ..self }
    }
}

/// What a stop came to.
#[derive(Debug)]
pub(super) struct Stopping {
    /// The session as it is now.
    pub(super) session: ServerSession,
    /// The server that this node tells now.
    pub(super) tell: Option<ToTell>,
}

/// Stops a session. The wish is stored before anybody is told; wishing twice is the same wish.
#[derive(Debug)]
pub(super) struct StopSession {
    /// Which.
    pub(super) id: ServerSessionId,
    /// Who wants it.
    pub(super) by: By,
    /// Why.
    pub(super) reason: Text<80>,
}

impl Command for StopSession {
    const NAME: &'static str = "server_stop";
    const REPEATABLE: bool = true;
    type Done = Stopping;
    type Refusal = ServerRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Stopping, Failure<ServerRefusal>> {
        let before = lock_of(tx, self.id, self.by, true).await?;
        let session = match before.stop(self.reason.as_str(), tx.now()) {
            Stop::Over => return Ok(Stopping { session: before, tell: None }),
            Stop::Again => before,
            Stop::Now(change) => settle(tx, &before, *change).await?,
        };
        let wanted = match ToTell::of(&session) {
            Some(wanted) => stops::take(tx, &wanted).await?.then_some(wanted),
            None => None,
        };
        Ok(Stopping { session, tell: wanted })
    }
}

/// Hears a heartbeat that a user or a bot gives.
#[derive(Debug)]
pub(super) struct BeatSession {
    /// Of which session.
    pub(super) id: ServerSessionId,
    /// Who gives it.
    pub(super) by: By,
    /// What the server is called now.
    pub(super) identifier: Option<ServerName>,
}

impl Command for BeatSession {
    const NAME: &'static str = "server_beat";
    const REPEATABLE: bool = true;
    type Done = ServerSession;
    type Refusal = ServerRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<ServerSession, Failure<ServerRefusal>> {
        let before = lock_of(tx, self.id, self.by, false).await?;
        let beaten = before.beat(self.identifier.as_ref(), tx.now());
        match beaten.ok_or(ServerRefusal::SessionNotOpen)? {
            Beaten::At(at) => {
                store::session_beat(tx.conn(), self.id, at).await?;
                Ok(ServerSession { beat_at: at, ..before })
            }
            Beaten::Renamed(change) => Ok(settle(tx, &before, *change).await?),
        }
    }
}

/// Does what is due about a session, unless somebody else is at it. Gives whether a server has to be told to stop.
#[derive(Debug)]
pub(super) struct SweepSession {
    /// Which.
    pub(super) id: ServerSessionId,
    /// How long it may stand still.
    pub(super) limits: Limits,
}

impl Command for SweepSession {
    const NAME: &'static str = "server_sweep";
    const REPEATABLE: bool = true;
    type Done = bool;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, Failure<Never>> {
        let Some(owner) = store::session_owner(tx.conn(), self.id).await? else { return Ok(false) };
        lock_user(tx, owner).await?;
        let Some(before) = store::session_take(tx.conn(), self.id).await? else { return Ok(false) };
        let now = tx.now();
        let Some(due) = before.due(&self.limits, now) else { return Ok(false) };
        match before.sweep(due, now) {
            Swept::Changed(change) => {
                tracing::info!(session = %self.id, ?due, "swept a server session");
                Ok(carry_out(tx, &before, *change, Duration::ZERO).await?.1)
            }
            Swept::Warned(session) => {
                store::session_write(tx.conn(), &session).await?;
                let minutes_left = session.warned.unwrap_or_default();
                tx.emit(&ServerWarning { minutes_left, session: SessionView::from(&*session) })?;
                Ok(false)
            }
        }
    }
}

/// Has a server stopped that no session pays for, if it still is one.
#[derive(Debug)]
pub(super) struct StopOrphan {
    /// The session that it was launched for.
    pub(super) id: ServerSessionId,
    /// Its name.
    pub(super) server: ServerName,
}

impl Command for StopOrphan {
    const NAME: &'static str = "server_orphan";
    const REPEATABLE: bool = true;
    type Done = ();
    type Refusal = ServerRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<ServerRefusal>> {
        let session = lock(tx, self.id, false).await?;
        if is_orphan(&session, &self.server) {
            want_orphan(tx, self.id, Some(self.server.clone())).await?;
        }
        Ok(())
    }
}

/// Locks a session that a report or an answer is about, after its user if minutes may be settled.
async fn lock(
    tx: &mut Tx,
    id: ServerSessionId,
    settles: bool,
) -> Result<ServerSession, Failure<ServerRefusal>> {
    lock_of(tx, id, By::Program, settles).await
}

async fn lock_of(
    tx: &mut Tx,
    id: ServerSessionId,
    by: By,
    settles: bool,
) -> Result<ServerSession, Failure<ServerRefusal>> {
    let owner = store::session_owner(tx.conn(), id).await?;
    // Whose a session is, is told to nobody else; not even that there is one.
    let owner = owner.filter(|owner| by.may(*owner)).ok_or(ServerRefusal::SessionNotFound)?;
    if settles {
        lock_user(tx, owner).await?;
    }
    let session = store::session_lock(tx.conn(), id).await?;
    session.ok_or_else(|| ServerRefusal::SessionNotFound.into())
}

/// Stores a change, settles its minutes, tells of it.
async fn settle(
    tx: &mut Tx,
    before: &ServerSession,
    change: Change,
) -> Result<ServerSession, DbError> {
    let Change { session, settlement, .. } = change;
    store::session_write(tx.conn(), &session).await?;
    let reason = session.reason.as_ref().map_or(session.status.name(), Text::as_str);
    match settlement {
        None => {}
        Some(Settlement::Release) => {
            plans::release(tx, session.id).await?;
        }
        Some(Settlement::Charge(minutes)) => {
            plans::settle(tx, session.id, minutes, reason).await?;
        }
        Some(Settlement::Correct(_)) => {
            let billed = session.end.map_or(0, |end| end.billed);
            plans::correct(tx, session.id, billed, reason).await?;
        }
    }
    tell(tx, Some(before.status), &session)?;
    Ok(session)
}

/// As [`settle`], and wants its server told to stop where that follows, after so long. Gives whether it is at once.
async fn carry_out(
    tx: &mut Tx,
    before: &ServerSession,
    change: Change,
    patience: Duration,
) -> Result<(ServerSession, bool), DbError> {
    let session = settle(tx, before, change).await?;
    let wanted = match session.details.orchestrator_id.clone() {
        _ if session.status == Status::Stopping => ToTell::of(&session).filter(|_| {
            before.status != Status::Stopping || before.details.orchestrator_id.is_none()
        }),
        // The orchestrator has not said that it is gone.
        Some(server) if session.end.is_some_and(|end| end.reported_at.is_none()) => {
            ToTell::orphan(session.id, server)
        }
        Some(server) if !session.status.is_open() => {
            stops_close(tx.conn(), session.id, &server).await?;
            None
        }
        _ => None,
    };
    match wanted {
        Some(wanted) => {
            stops::want(tx, &wanted, patience).await?;
            Ok((session, patience.is_zero()))
        }
        None => Ok((session, false)),
    }
}

/// Wants a server stopped that no session pays for. Nothing can be done about one whose name is not known.
async fn want_orphan(
    tx: &mut Tx,
    session: ServerSessionId,
    server: Option<ServerName>,
) -> Result<bool, DbError> {
    match server.and_then(|server| ToTell::orphan(session, server)) {
        Some(wanted) => stops::want(tx, &wanted, Duration::ZERO).await.map(|()| true),
        None => Ok(false),
    }
}
