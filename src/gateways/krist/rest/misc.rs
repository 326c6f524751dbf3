//! What is left of Krist's routes: logging in, what the community says of itself, and mining, which there is none of.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap};

use super::Answered;
use crate::{
    auth::gate::ClientIp,
    gateways::krist::{
        Krist,
        error::KristError,
        fields::Fields,
        motd::{WALLET_VERSION, WORK, motd as motd_of},
        query::Query,
        reply::Reply,
    },
    kernel::address::Address,
    ledger,
};

pub(super) async fn login(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    query: Query,
    fields: Fields,
) -> Answered {
    if query.get("v") == Some("1") {
        // Addresses of the first version belong to nobody.
        return Err(KristError::invalid("v"));
    }
    let key = fields.key()?;
    Ok(match krist.prove(ip, &key).await? {
        Some(address) => Reply::ok().with("authed", &true).with("address", &address),
        None => Reply::ok().with("authed", &false),
    })
}

/// Which address a key leads to. Nothing is looked up and nothing made.
pub(super) async fn v2(fields: Fields) -> Answered {
    Ok(Reply::ok().with("address", &Address::of(&fields.key()?)))
}

pub(super) async fn motd(State(krist): State<Arc<Krist>>, headers: HeaderMap) -> Answered {
    let (_, host) = krist.place(&headers);
    Ok(Reply::ok().and(motd_of(&krist, &host, krist.native.db.now())))
}

pub(super) async fn supply(State(krist): State<Arc<Krist>>) -> Answered {
    let supply = ledger::queries::supply(&mut *krist.native.db.read().await?).await?;
    Ok(Reply::ok().with("money_supply", &supply.at(krist.scale())))
}

pub(super) async fn wallet_version() -> Reply {
    Reply::ok().with("walletVersion", &WALLET_VERSION)
}

pub(super) async fn whatsnew() -> Reply {
    Reply::ok().with("new", &[(); 0])
}

pub(super) async fn work() -> Reply {
    Reply::ok().with("work", &WORK)
}

pub(super) async fn work_day() -> Reply {
    Reply::ok().with("work", &[0_u32; 0])
}

pub(super) async fn work_detailed() -> Reply {
    let reply = Reply::ok().with("work", &WORK).with("unpaid", &0).with("base_value", &0);
    let decrease = Reply::default().with("value", &0).with("blocks", &0).with("reset", &0);
    reply.with("block_value", &0).with("decrease", &decrease)
}

/// An empty list.
pub(super) async fn blocks(query: Query) -> Answered {
    query.rows()?;
    Ok(Reply::ok().with("count", &0).with("total", &0).with("blocks", &[(); 0]))
}

pub(super) async fn block() -> KristError {
    KristError::new("block_not_found", "Block not found")
}

pub(super) async fn block_value() -> Reply {
    Reply::ok().with("value", &0).with("base_value", &0)
}

pub(super) async fn submit() -> KristError {
    KristError::mining_disabled()
}
