//! Reads what users, bots and orchestrators send: forgiving about spelling, strict about meaning.
//!
//! Names come in snake case or camel case, numbers as numbers or as text. What can't be read names its field; nothing
//! that was sent can make the hub fail.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::{Map, Value};

use super::model::{
    Details, GameCode, LaunchError, LaunchSource, REQUESTED_MINUTES_MAX, Text,
    report::{Event, Report},
};
use super::roll_call::{Living, SERVERS_MAX};
use crate::kernel::{id::DiscordId, time::Timestamp};

/// A JSON object, as it was sent.
pub(super) type Object = Map<String, Value>;

/// Why something that was sent can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum InputError {
    /// No game was named, or one whose code is too long.
    GameCode,
    /// Nobody was named for whom to start.
    Owner,
    /// The owner is no Discord id.
    DiscordId,
    /// The minutes are no whole number.
    Minutes,
    /// This field can't be read.
    Field(&'static str),
}

/// A start, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StartInput {
    /// Which game.
    pub(super) game_code: GameCode,
    /// What the game is called.
    pub(super) game: Text<80>,
    /// What the server is to be called.
    pub(super) comment: Option<Text<120>>,
    /// What players are to connect with.
    pub(super) password: Option<Text<80>>,
    /// How long; `None` is as long as the plan allows.
    pub(super) minutes: Option<u32>,
    /// Who asks, when they say so.
    pub(super) source: Option<LaunchSource>,
    /// What the asker wants to find again.
    pub(super) context: Option<Text<4096>>,
}

/// Reads a start.
pub(super) fn start(body: &Object) -> Result<StartInput, InputError> {
    let code = text(body, "game_code", &["game_code", "gameCode"])?;
    let game_code = code.as_deref().and_then(GameCode::whole).ok_or(InputError::GameCode)?;
    let label = text(body, "game", &["game"])?;
    let game = label.as_deref().and_then(Text::cut);
    let game = game.or_else(|| Text::cut(game_code.as_str())).ok_or(InputError::GameCode)?;
    let source = text(body, "launch_source", &["launch_source", "launchSource"])?;
    Ok(StartInput {
        game,
        comment: text(body, "comment", &["comment"])?.as_deref().and_then(Text::cut),
        password: text(body, "password", &["password"])?.as_deref().and_then(Text::cut),
        minutes: minutes(find(body, &["requested_minutes", "requestedMinutes"]))?,
        source: source.and_then(|name| name.parse().ok()),
        context: context(find(body, &["launch_context", "launchContext"]))?,
        game_code,
    })
}

/// Reads for whom a bot starts.
pub(super) fn owner(body: &Object) -> Result<DiscordId, InputError> {
    let named = match find(body, &["owner_discord_id", "ownerDiscordUserId"]) {
        None => return Err(InputError::Owner),
        Some(Value::String(text)) if text.trim().is_empty() => return Err(InputError::Owner),
        Some(Value::String(text)) => text.trim().to_owned(),
        // Exact as long as it fits into 64 bits, which this parser keeps.
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(InputError::DiscordId),
    };
    named.parse().map_err(|_error| InputError::DiscordId)
}

/// Reads minutes: absent, null, empty and 0 are `None`, which is as long as the plan allows.
fn minutes(value: Option<&Value>) -> Result<Option<u32>, InputError> {
    let whole = match value {
        None => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim().parse::<i128>().ok(),
        Some(Value::Number(number)) => whole(number),
        Some(_) => None,
    };
    let whole = whole.ok_or(InputError::Minutes)?;
    let most = i128::from(REQUESTED_MINUTES_MAX);
    let bounded = u32::try_from(whole.clamp(1, most)).ok();
    Ok(bounded.filter(|_| whole != 0))
}

/// A number without a fraction.
fn whole(number: &serde_json::Number) -> Option<i128> {
    match number.as_i128() {
        Some(whole) => Some(whole),
        None => number.as_f64().filter(|value| value.fract() == 0.0).map(saturated),
    }
}

/// The whole part of a finite number, as far as it fits.
fn saturated(value: f64) -> i128 {
    let edge = if value < 0.0 { i128::MIN } else { i128::MAX };
    format!("{:.0}", value.floor()).parse().unwrap_or(edge)
}

/// Reads what a launch should remember.
fn context(value: Option<&Value>) -> Result<Option<Text<4096>>, InputError> {
    match value {
        None => Ok(None),
        Some(Value::Object(fields)) if fields.is_empty() => Ok(None),
        Some(object @ Value::Object(_)) => {
            let text = Text::whole(&object.to_string());
            text.map(Some).ok_or(InputError::Field("launch_context"))
        }
        Some(_) => Err(InputError::Field("launch_context")),
    }
}

/// Reads a reason to stop.
pub(super) fn stop_reason(body: &Object) -> Result<Option<Text<80>>, InputError> {
    Ok(text(body, "reason", &["reason"])?.as_deref().and_then(Text::cut))
}

/// Reads a server's name.
pub(super) fn identifier(body: &Object) -> Result<Option<Text<128>>, InputError> {
    let names = ["server_identifier", "serverIdentifier"];
    Ok(text(body, "server_identifier", &names)?.as_deref().and_then(Text::cut))
}

/// A call of the orchestrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Callback {
    /// Its name of the event: the same one is the same event.
    pub(super) id: Text<128>,
    /// What it calls the event.
    pub(super) name: Text<64>,
    /// What it reports; `None` of an event that nobody here knows.
    pub(super) report: Option<Report>,
    /// How many players there are, when it says so.
    pub(super) players: Option<u32>,
}

/// Reads a call of the orchestrator.
pub(super) fn callback(body: &Object) -> Result<Callback, InputError> {
    let id = text(body, "event_id", &["event_id", "eventId"])?;
    let id = id.as_deref().and_then(Text::whole).ok_or(InputError::Field("event_id"))?;
    let name = text(body, "event", &["event"])?;
    let name: Text<64> = name.as_deref().and_then(Text::cut).ok_or(InputError::Field("event"))?;
    let event = Event::ALL.into_iter().find(|event| event.name() == name.as_str());
    let report = event.map(|event| report(body, event)).transpose()?;
    let players = find(body, &["players"]).and_then(Value::as_u64);
    Ok(Callback { id, name, report, players: players.and_then(|count| count.try_into().ok()) })
}

fn report(body: &Object, event: Event) -> Result<Report, InputError> {
    let short = |name, names: &[&str]| -> Result<_, InputError> {
        Ok(text(body, name, names)?.as_deref().and_then(Text::cut))
    };
    let code = short("error_code", &["error_code", "errorCode"])?;
    let message = text(body, "error_message", &["error_message", "errorMessage"])?;
    let message = message.as_deref().and_then(Text::cut);
    let code = code.or_else(|| Text::cut("launch_failed").filter(|_| message.is_some()));
    Ok(Report {
        event,
        occurred_at: time(body, "occurred_at", "occurredAt")?,
        details: details(body)?,
        ready_at: time(body, "ready_at", "readyAt")?,
        stopped_at: time(body, "stopped_at", "stoppedAt")?,
        runtime_s: runtime(find(body, &["runtime_seconds", "runtimeSeconds"]))?,
        reason: short("reason", &["reason"])?,
        launch_error: code.map(|code| LaunchError { code, message }),
    })
}

fn details(body: &Object) -> Result<Details, InputError> {
    let id = ["orchestrator_session_id", "orchestratorSessionId"];
    let id = text(body, "orchestrator_session_id", &id)?;
    let state = text(body, "orchestrator_state", &["orchestrator_state", "orchestratorState"])?;
    Ok(Details {
        orchestrator_id: id.as_deref().and_then(Text::cut),
        state: state.as_deref().and_then(Text::cut),
        identifier: identifier(body)?,
        host: text(body, "host", &["host"])?.as_deref().and_then(Text::cut),
        port: port(find(body, &["port"])).map_err(|()| InputError::Field("port"))?,
        password: text(body, "password", &["password"])?.as_deref().and_then(Text::cut),
    })
}

/// Reads what a launch was answered with. What can't be read is taken for absent: the server is there all the same.
pub(super) fn launched(answer: &Value) -> Option<Details> {
    let whole = answer.as_object()?;
    let inner = ["session", "server"].iter().find_map(|name| whole.get(*name)?.as_object());
    let object = inner.unwrap_or(whole);
    let soft = |names: &[&str]| text(object, "", names).ok().flatten();
    Some(Details {
        orchestrator_id: soft(&["id", "sessionId", "orchestratorSessionId"])
            .as_deref()
            .and_then(Text::cut),
        state: soft(&["state", "status", "orchestratorState"]).as_deref().and_then(Text::cut),
        identifier: soft(&["serverIdentifier", "name"]).as_deref().and_then(Text::cut),
        host: soft(&["host"]).as_deref().and_then(Text::cut),
        port: port(find(object, &["port"])).ok().flatten(),
        password: soft(&["password"]).as_deref().and_then(Text::cut),
    })
}

/// What orchestrators call the state of a server that lives.
const LIVES: &[&str] = &["pending", "accepted", "launching", "starting", "ready", "running"];

/// Reads which servers live: `None` when the answer is no list. What can't be read, or has a state that nobody here
/// knows, is left alone.
pub(super) fn living(answer: &Value) -> Option<Vec<Living>> {
    let list = answer.as_array().or_else(|| answer.get("servers")?.as_array())?;
    let read = |server: &Value| {
        let object = server.as_object()?;
        let soft = |names: &[&str]| text(object, "", names).ok().flatten();
        let state = soft(&["state", "status", "orchestratorState"])?;
        let name = soft(&["id", "sessionId", "orchestratorSessionId"])?;
        let session = soft(&["websiteServerSessionId"])?.parse().ok()?;
        let server = Text::whole(&name).filter(|_| LIVES.contains(&state.as_str()))?;
        Some(Living { server, session })
    };
    Some(list.iter().take(SERVERS_MAX).filter_map(read).collect())
}

/// Reads a refusal of the orchestrator, of whatever shape: `{"error":{"code","message"}}`, `{"error":"…"}`, nothing.
pub(super) fn refusal(answer: &Value) -> (Option<Text<80>>, Option<Text<500>>) {
    let error = answer.get("error").unwrap_or(answer);
    let field = |name: &str| error.get(name).and_then(Value::as_str);
    let message = field("message")
        .or_else(|| error.as_str())
        .or_else(|| answer.get("message").or_else(|| answer.get("detail")).and_then(Value::as_str));
    (field("code").and_then(Text::cut), message.and_then(Text::cut))
}

/// The first of some names that has a value.
fn find<'a>(body: &'a Object, names: &[&str]) -> Option<&'a Value> {
    names.iter().filter_map(|name| body.get(*name)).find(|value| !value.is_null())
}

/// A text, or a number as text.
fn text(body: &Object, field: &'static str, names: &[&str]) -> Result<Option<String>, InputError> {
    match find(body, names) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(InputError::Field(field)),
    }
}

/// A time of RFC 3339; one without a zone is taken for UTC.
fn time(body: &Object, field: &'static str, camel: &str) -> Result<Option<Timestamp>, InputError> {
    let value = match find(body, &[field, camel]) {
        None => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim(),
        Some(_) => return Err(InputError::Field(field)),
    };
    let zoned = DateTime::parse_from_rfc3339(value).map(|at| at.with_timezone(&Utc)).ok();
    let plain = || {
        let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
        forms.iter().find_map(|form| NaiveDateTime::parse_from_str(value, form).ok())
    };
    let at = zoned.or_else(|| plain().map(|at| at.and_utc()));
    at.map(|at| Some(Timestamp::new(at))).ok_or(InputError::Field(field))
}

fn port(value: Option<&Value>) -> Result<Option<u16>, ()> {
    let number = match value {
        None => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Number(number)) => whole(number).and_then(|whole| whole.try_into().ok()),
        Some(_) => None,
    };
    number.filter(|port: &u16| *port > 0).map(Some).ok_or(())
}

/// Whole seconds; a fraction is dropped.
fn runtime(value: Option<&Value>) -> Result<Option<i64>, InputError> {
    let invalid = InputError::Field("runtime_seconds");
    let number = match value {
        None => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim().parse::<f64>().ok(),
        Some(Value::Number(number)) => number.as_f64(),
        Some(_) => None,
    };
    let seconds = saturated(number.filter(|value| value.is_finite()).ok_or(invalid)?);
    let edge = if seconds < 0 { i64::MIN } else { i64::MAX };
    Ok(Some(seconds.try_into().unwrap_or(edge)))
}

#[cfg(test)]
mod tests;
