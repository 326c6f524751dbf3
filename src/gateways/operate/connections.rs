//! The connections of this node, for the operator: who listens to what, who is behind, and the way to end one.

use std::net::IpAddr;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::routes::OperateState;
use crate::{
    auth::{acts::Tell, gate::Admin},
    db::Failure,
    http::{Data, error::ApiError, openapi::Failures},
    hub::{Census, Close, Connected, ConnectionId},
    kernel::event::{Seq, Topic},
};

/// Connections in one answer.
pub const CONNECTIONS_MAX: usize = 200;
/// Topics in one answer.
pub const TOPICS_MAX: usize = 100;
/// Sends a client away for a while; a good one resumes where it was.
const PARTED: Close = Close::new(1013, "ended by the operator");

/// One connection.
#[derive(Debug, Serialize, ToSchema)]
struct ConnectionView {
    /// Its name, which stands in its `welcome`.
    id: String,
    /// Where it comes from.
    #[schema(value_type = String)]
    peer: IpAddr,
    /// Who speaks, as in `welcome`; null for a guest.
    #[schema(value_type = Option<Object>)]
    caller: Option<serde_json::Value>,
    /// What it listens to.
    topics: Vec<Topic>,
    /// Whether it is handed what comes; else it reads on at its own pace.
    live: bool,
    /// Everything it listens to up to here was handed to its socket.
    position: Seq,
    /// Bytes that its socket has not accepted.
    queued_bytes: usize,
}

/// A topic and how many listen to it.
#[derive(Debug, Serialize, ToSchema)]
struct TopicView {
    /// The topic.
    topic: Topic,
    /// Connections of this node that listen to it.
    connections: usize,
}

/// The connections of one node.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConnectionsView {
    /// How many there are.
    total: usize,
    /// The newest event of this node.
    head: Seq,
    /// At most 200 of them: those that are behind first, then the newest.
    connections: Vec<ConnectionView>,
    /// The 100 topics that most listen to.
    topics: Vec<TopicView>,
}

impl From<Connected> for ConnectionView {
    fn from(one: Connected) -> Self {
        let Connected { id, peer, caller, topics, live, position, queued_bytes } = one;
        Self { id: id.to_string(), peer, caller, topics, live, position, queued_bytes }
    }
}

impl ConnectionsView {
    fn new(head: Seq, census: Census) -> Self {
        let topics = census.topics.into_iter();
        let mut topics: Vec<_> =
            topics.map(|(topic, connections)| TopicView { topic, connections }).collect();
        topics.sort_by(|a, b| {
            b.connections.cmp(&a.connections).then_with(|| a.topic.as_str().cmp(b.topic.as_str()))
        });
        topics.truncate(TOPICS_MAX);
        let connections = census.connections.into_iter().map(Into::into).collect();
        Self { total: census.total, head, connections, topics }
    }
}

/// The websocket connections of the node that answers
#[utoipa::path(get, path = "/api/v1/admin/connections", tag = "admin", security(("service_key" = [])),
    responses((status = 200, body = Data<ConnectionsView>), Failures))]
pub(super) async fn list(
    State(state): State<OperateState>,
    _: Admin,
) -> Json<Data<ConnectionsView>> {
    let census = state.hub.census(CONNECTIONS_MAX).await;
    Data::json(ConnectionsView::new(state.hub.head(), census))
}

/// Which connection was ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PartedView {
    /// Its name.
    id: String,
}

/// End a connection of the node that answers; a good client comes back by itself
#[utoipa::path(delete, path = "/api/v1/admin/connections/{id}", tag = "admin", security(("service_key" = [])),
    params(("id" = String, Path)), responses((status = 200, body = Data<PartedView>), Failures))]
pub(super) async fn part(
    State(state): State<OperateState>,
    admin: Admin,
    Path(name): Path<String>,
) -> Result<Json<Data<PartedView>>, ApiError> {
    let unknown =
        || ApiError::not_found("connection_not_found", "this node has no connection of that name");
    let id = ConnectionId::parse(&name).ok_or_else(unknown)?;
    if !state.hub.part(id, PARTED).await {
        return Err(unknown());
    }
    tracing::info!(by = admin.name, connection = name, "a connection was ended");
    // Nothing of it is in the database, so it is told alone, behind the act.
    match state.db.run(&Tell(admin.acts("connection.kick", &name))).await {
        Ok(()) => {}
        Err(Failure::Refused(never)) => match never {},
        Err(Failure::Db(error)) => return Err(error.into()),
    }
    Ok(Data::json(PartedView { id: name }))
}
