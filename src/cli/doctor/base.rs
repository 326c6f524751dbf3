//! What PostgreSQL says: whether it is reached, how fast and how safe it is, and whether its clock is ours.

use std::time::{Duration, Instant};

use super::Finding;
use crate::{
    app::database::Place,
    cli::{database, database::Schema},
    config::Settings,
    db::{
        self, Db, DbError, Head,
        inspect::{self, Health, NewestCheck},
        log::LOG_READERS_MAX,
    },
    kernel::time::{HostClock, Timestamp},
};

/// Round trips of which the quickest counts.
const ROUNDS: u32 = 5;
/// A round trip above which every payment is slow: one takes several.
const ROUND_TRIP_LOW: Duration = Duration::from_millis(5);
/// How far the clocks may be apart. Tokens and tickets live by the database's clock.
const SKEW_MS_MAX: u64 = 2_000;
/// The age of a snapshot from which the head row's dead versions are felt.
const SNAPSHOT_S_MAX: f64 = 60.0;
/// How many of the newest events are counted.
const NEWEST_EVENTS: i64 = 10_000;
/// Connections that a hub holds besides its pool and the log's readers: relay, listener, two of the till, a
/// subcommand, one to spare.
const CONNECTIONS_SPARE: i64 = 6;

/// Looks at the database, as far as it lets us.
pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    if !is_made(settings) {
        let cure = "start the hub once: `tollbell serve`";
        return vec![Finding::warn("database", "there is no private PostgreSQL yet", cure)];
    }
    let looked =
        database::at(settings, async |place| Ok(Box::pin(look_at(settings, place)).await)).await;
    looked.unwrap_or_else(|error| vec![unreachable(&error)])
}

/// Whether looking would not have to make a cluster first.
fn is_made(settings: &Settings) -> bool {
    let database = &settings.database;
    let made = |dir: &std::path::PathBuf| dir.join("pg").exists();
    database.database_url.is_some() || database.data_dir.as_ref().is_some_and(made)
}

async fn look_at(settings: &Settings, place: &Place) -> Vec<Finding> {
    let started = Instant::now();
    let missing = match db::migrate(place.options.clone(), true).await {
        Ok(missing) => missing,
        Err(error) => return vec![unreachable(&error.into())],
    };
    let reached = Finding::ok("database", format!("reached in {}", millis(started.elapsed())));
    let schema = of_schema(missing, settings.database.no_migrate);
    let mut findings = vec![reached, schema];
    if missing == 0 {
        let asked = match database::open(place, settings, Schema::Found).await {
            Ok(db) => ask(settings, &db).await.map_err(anyhow::Error::from),
            Err(error) => Err(error),
        };
        findings.extend(asked.unwrap_or_else(|error| vec![unreachable(&error)]));
    }
    findings
}

async fn ask(settings: &Settings, db: &Db) -> Result<Vec<Finding>, DbError> {
    let mut conn = db.read().await?;
    let mut quickest = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        sqlx::Connection::ping(&mut *conn).await?;
        quickest = quickest.min(started.elapsed());
    }
    let before = HostClock.now();
    let health = inspect::health(&mut conn).await?;
    let skew_ms = skew_ms(&health, before, HostClock.now());
    let newest = inspect::check_newest(&mut conn, NEWEST_EVENTS).await?;
    drop(conn);
    let head = db.log().head().await?;
    db.close().await;
    let mut findings = of_health(settings, &health);
    findings.extend([of_round_trip(quickest), of_skew(skew_ms), of_log(&head, newest)]);
    Ok(findings)
}

fn unreachable(error: &anyhow::Error) -> Finding {
    let cure =
        "cure what is named, and see that PostgreSQL runs and database_url or data_dir is right";
    Finding::fail("database", format!("{error:#}"), cure)
}

fn of_schema(missing: usize, no_migrate: bool) -> Finding {
    match (missing, no_migrate) {
        (0, _) => Finding::ok("schema", "up to date"),
        (_, true) => {
            let found = format!("{missing} migrations missing, and no_migrate is set");
            Finding::fail("schema", found, "run `tollbell migrate`")
        }
        (_, false) => {
            let found = format!("{missing} migrations missing");
            Finding::warn("schema", found, "the next start applies them, or run `tollbell migrate`")
        }
    }
}

fn of_health(settings: &Settings, health: &Health) -> Vec<Finding> {
    let version = Finding::ok("version", format!("PostgreSQL {}", health.version));
    let durable = if health.durable {
        Finding::ok("durability", "a commit survives a power cut")
    } else {
        Finding::fail(
            "durability",
            "fsync or synchronous_commit is off, so a power cut loses payments",
            "turn both on in postgresql.conf",
        )
    };
    let age = health.oldest_snapshot_s;
    let snapshot = if age < SNAPSHOT_S_MAX {
        Finding::ok("snapshots", format!("the oldest is {age:.1} s old"))
    } else {
        Finding::warn(
            "snapshots",
            format!("the oldest is {age:.0} s old and makes every commit slower"),
            "end that dump or transaction; pg_stat_activity has it with the oldest backend_xmin",
        )
    };
    let wanted =
        i64::from(settings.database.pool_size) + i64::from(LOG_READERS_MAX) + CONNECTIONS_SPARE;
    let room = if i64::from(health.connections_max) >= wanted {
        Finding::ok("connections", format!("{} allowed, {wanted} wanted", health.connections_max))
    } else {
        Finding::fail(
            "connections",
            format!("the server allows {}, a hub wants {wanted}", health.connections_max),
            "raise max_connections or lower pool_size",
        )
    };
    vec![version, durable, snapshot, room, of_offset(health.clock_offset_ms, settings.trial.dev)]
}

fn of_offset(offset_ms: i64, dev: bool) -> Finding {
    let found = format!("the test clock is {} s ahead", offset_ms / 1_000);
    match (offset_ms, dev) {
        (0, _) => Finding::ok("test clock", "not moved"),
        (_, true) => Finding::warn("test clock", found, "never let money be real in this database"),
        (_, false) => Finding::fail(
            "test clock",
            format!("{found}, and dev is not set: everything falls due too early"),
            "use another database; one whose clock was moved can't go back",
        ),
    }
}

fn of_round_trip(quickest: Duration) -> Finding {
    let found = format!("{} to the database and back", millis(quickest));
    if quickest < ROUND_TRIP_LOW {
        return Finding::ok("round trip", found);
    }
    Finding::warn("round trip", found, "bring the hub and the database closer together")
}

/// The database's clock minus the host's in milliseconds: 0 when it lies between what the host said before and after.
fn skew_ms(health: &Health, before: Timestamp, after: Timestamp) -> i64 {
    let theirs = Duration::try_from_secs_f64(health.unix_s).unwrap_or_default().as_millis();
    let theirs = i64::try_from(theirs).unwrap_or(i64::MAX);
    let (before, after) = (before.get().timestamp_millis(), after.get().timestamp_millis());
    match theirs {
        early if early < before => early - before,
        late if late > after => late - after,
        _ => 0,
    }
}

fn of_skew(skew_ms: i64) -> Finding {
    let found = format!("the database's clock is {skew_ms} ms ahead of this machine's");
    if skew_ms.unsigned_abs() <= SKEW_MS_MAX {
        return Finding::ok("clock", found);
    }
    Finding::warn("clock", found, "let both machines keep their time by NTP")
}

fn of_log(head: &Head, newest: NewestCheck) -> Finding {
    let NewestCheck { expected, kept } = newest;
    let place = format!("epoch {}, head {}, oldest {}", head.epoch, head.seq, head.oldest);
    if kept == expected {
        return Finding::ok("log", format!("{place}; the newest {kept} events have no hole"));
    }
    Finding::fail(
        "log",
        format!("{place}; of the newest {expected} events {kept} are there"),
        "stop the hub, run `tollbell verify-ledger`, and restore a backup",
    )
}

fn millis(span: Duration) -> String {
    format!("{:.2} ms", span.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use chrono::DateTime;

    use super::*;
    use crate::{
        cli::doctor::Level,
        config::Config,
        kernel::event::{Epoch, Seq},
    };

    fn settings(args: &[&str]) -> Settings {
        let args = ["tollbell", "--data-dir", "/nowhere"].iter().chain(args);
        Config::load(args.map(OsString::from), []).unwrap().settings
    }

    fn health(change: impl FnOnce(&mut Health)) -> Health {
        let mut health = Health {
            version: "15.18".into(),
            durable: true,
            oldest_snapshot_s: 0.2,
            unix_s: 1_795_309_200.5,
            clock_offset_ms: 0,
            connections_max: 97,
        };
        change(&mut health);
        health
    }

    #[test]
    fn each_fault_of_the_server_is_one_finding() {
        let settings = settings(&[]);
        let faults = |health: &Health| -> Vec<_> {
            let findings = of_health(&settings, health);
            assert_eq!(findings.len(), 5);
            let bad = findings.into_iter().filter(|finding| finding.level != Level::Ok);
            bad.map(|finding| (finding.check, finding.level)).collect()
        };
        assert_eq!(faults(&health(|_| {})), []);
        assert_eq!(faults(&health(|it| it.durable = false)), [("durability", Level::Fail)]);
        let old = health(|it| it.oldest_snapshot_s = 61.0);
        assert_eq!(faults(&old), [("snapshots", Level::Warn)]);
        let few = health(|it| it.connections_max = 19);
        assert_eq!(faults(&few), [("connections", Level::Fail)]);
        let moved = health(|it| it.clock_offset_ms = 5_000);
        assert_eq!(faults(&moved), [("test clock", Level::Fail)]);
        assert_eq!(of_offset(5_000, true).level, Level::Warn);
    }

    #[test]
    fn the_clocks_are_compared_between_two_looks_at_ours() {
        let at = |ms: i64| Timestamp::new(DateTime::from_timestamp_millis(ms).unwrap());
        let health = health(|_| {});
        for (before, after, expected) in [
            (1_795_309_200_400, 1_795_309_200_600, 0),
            (1_795_309_200_000, 1_795_309_200_100, 400),
            (1_795_309_203_500, 1_795_309_203_600, -3_000),
        ] {
            assert_eq!(skew_ms(&health, at(before), at(after)), expected);
        }
        assert_eq!(of_skew(-2_000).level, Level::Ok);
        assert_eq!(of_skew(-2_001).level, Level::Warn);
    }

    #[test]
    fn the_rest_has_its_levels() {
        assert_eq!(of_schema(0, true).level, Level::Ok);
        assert_eq!(of_schema(2, false).level, Level::Warn);
        assert_eq!(of_schema(2, true).level, Level::Fail);
        assert_eq!(of_round_trip(Duration::from_micros(300)).level, Level::Ok);
        assert_eq!(of_round_trip(ROUND_TRIP_LOW).level, Level::Warn);
        let head = Head { epoch: Epoch::new("e7"), seq: Seq::new(9), oldest: Seq::new(1) };
        assert_eq!(of_log(&head, NewestCheck { expected: 9, kept: 9 }).level, Level::Ok);
        assert_eq!(of_log(&head, NewestCheck { expected: 9, kept: 8 }).level, Level::Fail);
    }

    #[test]
    fn looking_makes_no_cluster() {
        let dir = tempfile::tempdir().unwrap();
        let named = format!("--data-dir={}", dir.path().display());
        let settings = Config::load(["tollbell", &named].map(OsString::from), []).unwrap().settings;
        assert!(!is_made(&settings));
        std::fs::create_dir(dir.path().join("pg")).unwrap();
        assert!(is_made(&settings));
    }
}
