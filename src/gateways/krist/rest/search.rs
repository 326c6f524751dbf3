//! `/search`: what a text could mean. Programs use it to find a payment by what they wrote on it.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use super::Answered;
use crate::{
    auth::Caller,
    gateways::krist::{
        Krist, Part,
        error::KristError,
        query::{Query, parse_int},
        reply::Reply,
        views::{AddressView, NameView, TransactionView},
    },
    kernel::{address::Address, id::PaymentId, name::Name},
    ledger::{
        self,
        lists::{self, PaymentSearch, Rows},
    },
    names::queries,
};

/// Characters of a text that is searched for, and of one that is searched for in metadata.
const QUERY_CHARS_MAX: usize = 256;
const EXTENDED_CHARS_MIN: usize = 3;
/// Nothing but the count.
const NO_ROWS: Rows = Rows { limit: 0, offset: 0 };

/// A text that is searched for.
struct Search<'a> {
    text: &'a str,
    address: Option<Address>,
    id: Option<i64>,
}

impl<'a> Search<'a> {
    fn new(query: &'a Query, chars_min: usize) -> Result<Self, KristError> {
        let text = query.get("q").unwrap_or_default();
        let text = text.split("?cc").next().unwrap_or_default().trim();
        if text.is_empty() {
            return Err(KristError::missing("q"));
        }
        if !(chars_min..=QUERY_CHARS_MAX).contains(&text.chars().count()) {
            return Err(KristError::invalid("q"));
        }
        let address = text.to_ascii_lowercase().parse().ok();
        Ok(Self { text, address, id: parse_int(text).filter(|id| *id >= 0) })
    }

    /// The text without the suffix of names.
    fn stripped(&self, krist: &Krist) -> &'a str {
        let suffix = krist.settings.suffix.as_str();
        let bare = self.text.strip_suffix(suffix).and_then(|text| text.strip_suffix('.'));
        bare.unwrap_or(self.text)
    }

    fn name(&self, krist: &Krist) -> Option<Name> {
        self.stripped(krist).parse().ok()
    }

    /// How it was understood.
    fn parsed(&self, krist: &Krist) -> Reply {
        let stripped = self.stripped(krist);
        let parsed = Reply::default()
            .with("originalQuery", self.text)
            .with("matchAddress", &self.address.is_some())
            .with("matchName", &stripped.parse::<Name>().is_ok())
            .with("matchBlock", &false)
            .with("matchTransaction", &self.id.is_some())
            .with("strippedName", stripped)
            .with("hasID", &self.id.is_some());
        match self.id {
            Some(id) => parsed.with("cleanID", &id),
            None => parsed,
        }
    }
}

pub(super) async fn search(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    query: Query,
) -> Answered {
    krist.may_see(&caller, &[])?;
    let search = Search::new(&query, 1)?;
    let mut conn = krist.native.db.read().await?;
    let wallets = match &search.address {
        Some(address) => lists::wallets_of(&mut conn, std::slice::from_ref(address)).await?,
        None => Vec::new(),
    };
    let payment = match search.id {
        Some(id) => ledger::queries::payment(&mut conn, PaymentId::new(id)).await?,
        None => None,
    };
    let name = match search.name(&krist) {
        Some(name) => queries::name(&mut conn, &name).await?,
        None => None,
    };
    drop(conn);
    let (profile, scale) = (krist.settings.profile, krist.scale());
    let address = wallets.first().map(|wallet| AddressView::new(wallet, None, scale));
    let payment = payment.as_ref().map(|payment| TransactionView::new(payment, profile, scale));
    let matches = Reply::default();
    let matches = or_false(matches, "exactAddress", address.as_ref());
    let name = name.as_ref().map(NameView::new);
    let matches = or_false(matches, "exactName", name.as_ref()).with("exactBlock", &false);
    let matches = or_false(matches, "exactTransaction", payment.as_ref());
    Ok(Reply::ok().with("query", &search.parsed(&krist)).with("matches", &matches))
}

/// What was not found is `false` in Krist.
fn or_false<T: Serialize>(reply: Reply, name: &'static str, found: Option<&T>) -> Reply {
    match found {
        Some(found) => reply.with(name, found),
        None => reply.with(name, &false),
    }
}

pub(super) async fn extended(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    query: Query,
) -> Answered {
    krist.may_see(&caller, &[])?;
    let search = Search::new(&query, EXTENDED_CHARS_MIN)?;
    let mut conn = krist.native.db.read().await?;
    let involved = match &search.address {
        Some(address) => {
            let wallet = PaymentSearch::Wallet(address.clone());
            Some(lists::search(&mut conn, &wallet, NO_ROWS).await?.total)
        }
        None => None,
    };
    let named = match search.name(&krist) {
        Some(name) => {
            Some(lists::search(&mut conn, &PaymentSearch::Name(name), NO_ROWS).await?.total)
        }
        None => None,
    };
    let text = PaymentSearch::Metadata(search.text.to_owned());
    let metadata = lists::search(&mut conn, &text, NO_ROWS).await?.total;
    drop(conn);
    let counts = or_false(Reply::default(), "addressInvolved", involved.as_ref());
    let counts = or_false(counts, "nameInvolved", named.as_ref()).with("metadata", &metadata);
    let matches = Reply::default().with("transactions", &counts);
    Ok(Reply::ok().with("query", &search.parsed(&krist)).with("matches", &matches))
}

pub(super) async fn results(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    Part(kind): Part,
    query: Query,
) -> Answered {
    krist.may_see(&caller, &[])?;
    let search = Search::new(&query, EXTENDED_CHARS_MIN)?;
    let rows = query.rows()?;
    let name = search.name(&krist);
    let wanted = match (kind.as_str(), search.address) {
        ("address", Some(address)) => PaymentSearch::Wallet(address),
        ("address", None) => return Err(KristError::invalid("q")),
        ("name", _) => match name {
            Some(name) => PaymentSearch::Name(name),
            None => return Err(KristError::invalid("q")),
        },
        ("metadata", _) => PaymentSearch::Metadata(search.text.to_owned()),
        _ => return Err(KristError::invalid("type")),
    };
    let listed = lists::search(&mut *krist.native.db.read().await?, &wanted, rows).await?;
    Ok(krist.transactions(&listed))
}
