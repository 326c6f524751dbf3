//! The topics of sessions: `servers` and `server:{id}`, in their public view. What a user is told stands under the
//! user's own topic.

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::{events::SERVERS, queries, store, views::ServerView};
use crate::{
    auth::{
        Caller,
        topics::{Audience, Topics, Verdict},
    },
    db::{DbError, Snapshot},
    kernel::{event::Topic, id::ServerSessionId},
};

/// Servers in one part of a snapshot: a part has to fit into a frame.
const PART_SERVERS_MAX: u16 = 80;

/// Who may listen to sessions: everyone, to what everyone may see.
#[derive(Debug, Clone, Copy)]
pub struct ServerTopics;

/// A part of the snapshot of `servers`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OpenServers {
    /// Open servers, oldest first.
    servers: Vec<ServerView>,
}

/// A topic of this slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ServerTopic {
    Servers,
    Server(ServerSessionId),
    /// Of a family of this slice, and naming nothing.
    Unknown,
}

fn parse(topic: &Topic) -> Option<ServerTopic> {
    match topic.split() {
        (SERVERS, None) => Some(ServerTopic::Servers),
        ("server", Some(text)) => {
            let id = text.parse::<ServerSessionId>().ok();
            let id = id.filter(|id| id.to_string() == text);
            Some(id.map_or(ServerTopic::Unknown, ServerTopic::Server))
        }
        _ => None,
    }
}

impl Topics for ServerTopics {
    fn audience<'a>(&'a self, _: &'a Caller, topic: &'a Topic) -> Option<Verdict<'a>> {
        let audience = match parse(topic)? {
            ServerTopic::Unknown => Audience::Unknown,
            ServerTopic::Servers | ServerTopic::Server(_) => Audience::Allowed,
        };
        Some(Verdict::Known(audience))
    }

    fn snapshot<'a>(
        &'a self,
        view: &'a mut Snapshot,
        topic: &'a Topic,
    ) -> Option<BoxFuture<'a, Result<Vec<Box<RawValue>>, DbError>>> {
        let topic = parse(topic)?;
        Some(Box::pin(async move {
            match topic {
                ServerTopic::Servers => open_servers(view).await,
                ServerTopic::Server(id) => {
                    let found = queries::session(view.conn(), id).await?;
                    let part = found.map(|session| to_raw_value(&ServerView::from(&session)));
                    Ok(part.transpose()?.into_iter().collect())
                }
                ServerTopic::Unknown => Ok(Vec::new()),
            }
        }))
    }
}

/// All open servers, in parts; one part without any when there is none.
async fn open_servers(view: &mut Snapshot) -> Result<Vec<Box<RawValue>>, DbError> {
    let (mut parts, mut after) = (Vec::new(), 0);
    loop {
        let page = store::sessions_open(view.conn(), after, PART_SERVERS_MAX.into()).await?;
        let last = page.last().map(|session| session.number);
        if last.is_some() || parts.is_empty() {
            let servers = page.iter().map(ServerView::from).collect();
            parts.push(to_raw_value(&OpenServers { servers })?);
        }
        match last {
            Some(number) if page.len() == usize::from(PART_SERVERS_MAX) => after = number,
            _ => return Ok(parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_told_apart() {
        let id = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
        let named = Some(ServerTopic::Server(id.parse().unwrap()));
        for (name, expected) in [
            ("servers", Some(ServerTopic::Servers)),
            (&format!("server:{id}"), named),
            ("server:7", Some(ServerTopic::Unknown)),
            ("server:7d4448409dc041d1b2455ffdce74fad2", Some(ServerTopic::Unknown)),
            ("server", None),
            ("servers:7", None),
            ("user:7", None),
        ] {
            assert_eq!(parse(&name.parse().unwrap()), expected, "{name}");
        }
    }
}
