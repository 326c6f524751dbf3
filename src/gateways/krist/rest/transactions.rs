//! `/transactions`: payments, in Krist's words.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};

use super::{Answered, excludes_mined};
use crate::{
    auth::{Caller, gate::ClientIp},
    gateways::krist::{
        Krist, Part,
        error::KristError,
        fields::Fields,
        pay::Ask,
        query::{Query, parse_int},
        reply::Reply,
        views::TransactionView,
    },
    http::idempotency::IdempotencyKey,
    kernel::id::PaymentId,
    ledger::{
        self,
        lists::{self, PaymentList, PaymentOrder},
    },
};

/// Whether an answer with an `Idempotency-Key` was given before.
const IDEMPOTENCY_STATE: HeaderName = HeaderName::from_static("x-idempotency-state");

pub(super) async fn transactions(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    query: Query,
) -> Answered {
    listed(&krist, &caller, &query, false).await
}

pub(super) async fn latest(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    query: Query,
) -> Answered {
    listed(&krist, &caller, &query, true).await
}

async fn listed(krist: &Krist, caller: &Caller, query: &Query, descending: bool) -> Answered {
    krist.may_see(caller, &[])?;
    let rows = query.rows()?;
    let mined = !excludes_mined(query);
    let list = PaymentList { wallets: None, mined, order: PaymentOrder::Id, descending };
    let listed = lists::payments(&mut *krist.native.db.read().await?, &list, rows).await?;
    Ok(krist.transactions(&listed))
}

pub(super) async fn transaction(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    Part(id): Part,
) -> Answered {
    let id = parse_int(&id).ok_or_else(|| KristError::invalid("id"))?;
    let found =
        ledger::queries::payment(&mut *krist.native.db.read().await?, PaymentId::new(id)).await?;
    let payment = found.ok_or_else(KristError::transaction_not_found)?;
    krist.may_see(&caller, &[payment.payer.as_str(), payment.payee.as_str()])?;
    let view = TransactionView::new(&payment, krist.settings.profile, krist.scale());
    Ok(Reply::ok().with("transaction", &view))
}

pub(super) async fn pay(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    key: IdempotencyKey,
    fields: Fields,
) -> Response {
    let state = if key.0.is_some() { "cache-miss" } else { "not-idempotent" };
    let paid = krist.pay(Ask { fields: &fields, session: None, ip, key: key.0 }).await;
    let (mut response, state) = match paid {
        Ok(paid) => {
            let view = TransactionView::new(&paid.payment, krist.settings.profile, krist.scale());
            let state = if paid.replayed && state == "cache-miss" { "cache-hit" } else { state };
            (Reply::ok().with("transaction", &view).into_response(), state)
        }
        Err(error) => (error.into_response(), state),
    };
    response.headers_mut().insert(IDEMPOTENCY_STATE, HeaderValue::from_static(state));
    response
}
