//! Time as the wire and the database see it.
//!
//! The database's clock decides what is due; a host clock only decides how long to sleep, so it is a type of its
//! own and the one place in the program that asks the operating system for the date.

use std::time::Duration;

use chrono::{DateTime, Datelike, SecondsFormat, SubsecRound, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in UTC with millisecond precision, RFC 3339 with `Z` on the wire.
///
/// Milliseconds are all a JavaScript client can hold, and a value that survives a round trip unchanged can be
/// compared for equality on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// Truncates an instant to milliseconds.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(3))
    }

    /// The instant, for binding to a statement.
    pub const fn get(self) -> DateTime<Utc> {
        self.0
    }

    /// This instant moved forward, or `None` past the end of the calendar.
    pub fn plus(self, span: Duration) -> Option<Self> {
        chrono::Duration::from_std(span)
            .ok()
            .and_then(|span| self.0.checked_add_signed(span))
            .map(Self)
    }

    /// This instant moved back, or `None` before the beginning of the calendar.
    pub fn minus(self, span: Duration) -> Option<Self> {
        chrono::Duration::from_std(span)
            .ok()
            .and_then(|span| self.0.checked_sub_signed(span))
            .map(Self)
    }

    /// How long after `earlier` this instant is; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        (self.0 - earlier.0).to_std().unwrap_or_default()
    }
}

impl Timestamp {
    #[cold]
    fn fmt_rare(self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl std::fmt::Display for Timestamp {
    /// Digit by digit: an event has its time in it, and chrono takes longer for that than all the rest takes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (at, milli) = (self.0, self.0.nanosecond() / 1_000_000);
        // More digits, or a leap second.
        let Ok(year @ ..=9_999) = u32::try_from(at.year()) else { return self.fmt_rare(f) };
        if milli > 999 {
            return self.fmt_rare(f);
        }
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let parts = [
            (0..4, year),
            (5..7, at.month()),
            (8..10, at.day()),
            (11..13, at.hour()),
            (14..16, at.minute()),
            (17..19, at.second()),
            (20..23, milli),
        ];
        for (place, value) in parts {
            let mut rest = value;
            for digit in text.get_mut(place).into_iter().flatten().rev() {
                *digit = digit.saturating_add(u8::try_from(rest % 10).unwrap_or(0));
                rest /= 10;
            }
        }
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DateTime::<Utc>::deserialize(deserializer).map(Self::new)
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

/// The operating system's clock. It decides how long to sleep, never whether something is due.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostClock;

impl HostClock {
    /// The host's idea of now.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system")]
    pub fn now(self) -> Timestamp {
        Timestamp::new(Utc::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_has_milliseconds_and_z() {
        let check = |text: &str, expected: &str| {
            let at: Timestamp = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert_eq!(at.to_string(), expected);
            assert_eq!(serde_json::to_string(&at).unwrap(), format!("\"{expected}\""));
        };
        check("2026-11-22T01:00:00.123456Z", "2026-11-22T01:00:00.123Z");
        check("2026-11-22T01:00:00Z", "2026-11-22T01:00:00.000Z");
        check("2026-11-22T03:00:00.5+02:00", "2026-11-22T01:00:00.500Z");
        // A leap second is the sixty-first of its minute.
        check("2016-12-31T23:59:60.25Z", "2016-12-31T23:59:60.250Z");
    }

    #[test]
    fn it_is_written_as_chrono_writes_it() {
        let year = 31_556_952_000;
        for milli in [0, -1, 951_782_399_999, 253_402_300_799_999, 253_402_300_800_000, -70 * year]
        {
            let at = DateTime::from_timestamp_millis(milli).unwrap();
            let expected = at.to_rfc3339_opts(SecondsFormat::Millis, true);
            assert_eq!(Timestamp::new(at).to_string(), expected);
        }
    }
}
