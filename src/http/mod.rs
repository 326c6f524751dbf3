//! Floor 1: what every HTTP door shares, and nothing that belongs to one route.
//!
//! It owns the error envelope, the extractors that answer with it, the layers around the router, the loop that
//! accepts sockets and the OpenAPI document. It knows no domain and no database. Two invariants hold here: no
//! answer outside the envelope leaves a native route, and nothing internal (a cause, a secret, a query string)
//! leaves at all.

pub mod client;
pub mod client_ip;
pub mod envelope;
pub mod error;
pub mod etag;
pub mod extract;
pub mod idempotency;
pub mod layers;
pub mod observe;
pub mod openapi;
pub mod serve;
pub mod signature;

use serde::Serialize;
use utoipa::ToSchema;

pub use self::error::ApiError;

/// The envelope of every successful answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Data<T> {
    /// The answer.
    pub data: T,
}

impl<T> Data<T> {
    /// The answer as a JSON body.
    pub const fn json(data: T) -> axum::Json<Self> {
        axum::Json(Self { data })
    }
}
