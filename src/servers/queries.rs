//! Reads of sessions.

use sqlx::PgConnection;

use super::{
    model::ServerSession,
    store::{self, SessionFilter},
};
use crate::{
    db::DbError,
    kernel::{
        id::{DiscordId, ServerSessionId},
        page::{Page, PageQuery},
    },
};

/// Sessions on a page when nobody says how many, and at the most.
const PAGE_SESSIONS_DEFAULT: u16 = 50;
const PAGE_SESSIONS_MAX: u16 = 100;
/// Following servers are counted up to here; a page that says so many may have more.
const COUNTED_SERVERS_MAX: i64 = 10_000;
/// Open sessions of one user that are shown.
const OPEN_OF_USER_MAX: i64 = 100;

/// Where a page of sessions begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor(i64);

impl Cursor {
    /// At the newest.
    pub(super) const START: Self = Self(i64::MAX);

    /// Reads one that was given out; `None` when it is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| *number > 0).map(Self)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

pub(super) async fn session(
    conn: &mut PgConnection,
    id: ServerSessionId,
) -> Result<Option<ServerSession>, DbError> {
    store::session_find(conn, id).await
}

/// A page of sessions, newest first, and where the next one begins.
pub(super) async fn sessions(
    conn: &mut PgConnection,
    filter: &SessionFilter,
    cursor: Cursor,
    limit: Option<u16>,
) -> Result<(Vec<ServerSession>, Option<Cursor>), DbError> {
    let rows = usize::from(limit.unwrap_or(PAGE_SESSIONS_DEFAULT).clamp(1, PAGE_SESSIONS_MAX));
    // One more than is shown says whether there is another page.
    let asked = i64::try_from(rows).map_err(DbError::impossible)? + 1;
    let mut found = store::sessions_list(conn, filter, cursor.0, asked).await?;
    let more = found.len() > rows;
    found.truncate(rows);
    let next = found.last().filter(|_| more).map(|last| Cursor(last.number));
    Ok((found, next))
}

/// A page of open sessions, newest first.
pub(super) async fn servers(
    conn: &mut PgConnection,
    query: PageQuery,
) -> Result<Page<ServerSession>, DbError> {
    let before = query.before.unwrap_or(i64::MAX);
    let found = store::servers_list(conn, before, i64::from(query.rows())).await?;
    let remaining = match found.last() {
        Some(last) => store::servers_count(conn, last.number, COUNTED_SERVERS_MAX).await?,
        None => 0,
    };
    Ok(Page::new(found, remaining, |session| session.number))
}

/// The open sessions of a user, newest first.
pub(super) async fn open_of(
    conn: &mut PgConnection,
    owner: DiscordId,
) -> Result<Vec<ServerSession>, DbError> {
    store::sessions_open_of(conn, owner, OPEN_OF_USER_MAX).await
}
