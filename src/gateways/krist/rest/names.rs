//! `/names`: names that wallets own, in Krist's words.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc};

use axum::extract::State;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Answered, list,
    lookup::{addresses_of, descending, only},
};
use crate::{
    auth::{Caller, gate::ClientIp},
    db::{
        Command,
        keys::{Outcome, RequestKey},
    },
    gateways::krist::{
        Krist, Part, error::KristError, fields::Fields, query::Query, reply::Reply, views::NameView,
    },
    http::idempotency::IdempotencyKey,
    kernel::{address::Address, name::Name},
    ledger::lists::{self, NamePayments, Rows},
    names::{
        ARecord, NameRefusal,
        commands::{GiveName, LeadName, NameDone, PurchaseName},
        queries::{self, NameFilter, NameOrder},
    },
};

/// What an operation on a name costs of a payer's limit, in payments.
const NAME_COST: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

/// A name, with or without its suffix.
fn name_of(krist: &Krist, text: &str) -> Result<Name, KristError> {
    let text = text.trim().to_ascii_lowercase();
    let suffix = format!(".{}", krist.settings.suffix.as_str());
    text.strip_suffix(&suffix)
        .unwrap_or(&text)
        .parse()
        .map_err(|_unknown| KristError::invalid("name"))
}

pub(super) async fn names(State(krist): State<Arc<Krist>>, query: Query) -> Answered {
    listed(&krist, NameFilter::default(), NameOrder::Name, query.rows()?).await
}

pub(super) async fn new(State(krist): State<Arc<Krist>>, query: Query) -> Answered {
    listed(&krist, NameFilter::default(), NameOrder::Newest, query.rows()?).await
}

async fn listed(krist: &Krist, filter: NameFilter, order: NameOrder, rows: Rows) -> Answered {
    let mut conn = krist.native.db.read().await?;
    let total = queries::count(&mut conn, &filter, i64::MAX).await?;
    let found = queries::list(&mut conn, &filter, order, (rows.offset, rows.limit)).await?;
    let views: Vec<_> = found.iter().map(NameView::new).collect();
    Ok(list("names", &views, total))
}

/// The names of a wallet, which must be there.
pub(super) async fn of_address(
    State(krist): State<Arc<Krist>>,
    Part(address): Part,
    query: Query,
) -> Answered {
    let address = super::addresses::address_of(&address)?;
    let rows = query.rows()?;
    krist.wallet(&address).await?;
    let filter = NameFilter { owners: Some(vec![address]), ..NameFilter::default() };
    listed(&krist, filter, NameOrder::Name, rows).await
}

pub(super) async fn lookup_all(State(krist): State<Arc<Krist>>, query: Query) -> Answered {
    looked_up(&krist, None, &query).await
}

pub(super) async fn lookup(
    State(krist): State<Arc<Krist>>,
    Part(text): Part,
    query: Query,
) -> Answered {
    let owners = addresses_of(&text)?;
    looked_up(&krist, Some(owners).filter(|owners| !owners.is_empty()), &query).await
}

async fn looked_up(krist: &Krist, owners: Option<Vec<Address>>, query: &Query) -> Answered {
    let order = match (query.get("orderBy"), descending(query)?) {
        (None | Some("" | "name"), false) => NameOrder::Name,
        (Some("registered"), false) => NameOrder::Oldest,
        (Some("registered"), true) => NameOrder::Newest,
        (None | Some("" | "name"), true) => return Err(KristError::invalid("order")),
        (Some(_), _) => return Err(KristError::invalid("orderBy")),
    };
    listed(krist, NameFilter { owners, ..NameFilter::default() }, order, query.rows()?).await
}

pub(super) async fn name(State(krist): State<Arc<Krist>>, Part(text): Part) -> Answered {
    let name = name_of(&krist, &text)?;
    let found = queries::name(&mut *krist.native.db.read().await?, &name).await?;
    let found = found.ok_or_else(|| KristError::name_not_found(&name))?;
    Ok(Reply::ok().with("name", &NameView::new(&found)))
}

pub(super) async fn check(State(krist): State<Arc<Krist>>, Part(text): Part) -> Answered {
    let name = name_of(&krist, &text)?;
    let found = queries::name(&mut *krist.native.db.read().await?, &name).await?;
    Ok(Reply::ok().with("available", &found.is_none()))
}

pub(super) async fn cost(State(krist): State<Arc<Krist>>) -> Reply {
    Reply::ok().with("name_cost", &krist.settings.name_price.amount().at(krist.scale()))
}

/// How many names pay miners of Krist: none do here.
pub(super) async fn bonus() -> Reply {
    Reply::ok().with("name_bonus", &0)
}

/// The payments that tell what became of a name.
pub(super) async fn history(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    Part(text): Part,
    query: Query,
) -> Answered {
    payments(&krist, &caller, &text, NamePayments::About, &query).await
}

/// The payments that were made to a name.
pub(super) async fn transactions(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    Part(text): Part,
    query: Query,
) -> Answered {
    payments(&krist, &caller, &text, NamePayments::To, &query).await
}

async fn payments(
    krist: &Krist,
    caller: &Caller,
    text: &str,
    which: NamePayments,
    query: &Query,
) -> Answered {
    let name = name_of(krist, text)?;
    if which == NamePayments::To {
        only(krist, caller, &[])?;
    }
    let (rows, descending) = (query.rows()?, descending(query)?);
    let mut conn = krist.native.db.read().await?;
    let listed = lists::payments_of_name(&mut conn, &name, which, descending, rows).await?;
    Ok(krist.transactions(&listed))
}

/// Who asks to change a name, and how often they may.
struct Asking<'a> {
    krist: &'a Krist,
    ip: Option<IpAddr>,
    key: IdempotencyKey,
    owner: Address,
}

impl<'a> Asking<'a> {
    async fn new(
        krist: &'a Krist,
        ip: Option<IpAddr>,
        key: IdempotencyKey,
        fields: &Fields,
    ) -> Result<Self, KristError> {
        let owner = krist.prove(ip, &fields.key()?).await?.ok_or_else(KristError::auth_failed)?;
        Ok(Self { krist, ip, key, owner })
    }

    async fn run<C>(self, command: &C) -> Answered
    where
        C: Command<Done = NameDone, Refusal = NameRefusal> + Serialize,
        C::Done: DeserializeOwned,
    {
        self.krist.limits.payment(self.ip, self.owner.as_str(), NAME_COST)?;
        let given = |key: &String| RequestKey::given(self.owner.as_str(), C::NAME, key, command);
        let key = self.key.0.as_ref().map(given).transpose()?;
        let answer = self.krist.native.db.run_keyed(key.as_ref(), command).await?;
        match answer.outcome {
            Outcome::Done(done) => Ok(Reply::ok().with("name", &NameView::new(&done.name))),
            Outcome::Refused(refusal) => Err(refusal.into()),
        }
    }
}

pub(super) async fn purchase(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    key: IdempotencyKey,
    Part(text): Part,
    fields: Fields,
) -> Answered {
    let name = name_of(&krist, &text)?;
    let asking = Asking::new(&krist, ip, key, &fields).await?;
    let (buyer, price) = (asking.owner.clone(), krist.settings.name_price);
    asking.run(&PurchaseName { name, buyer, price }).await
}

pub(super) async fn transfer(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    key: IdempotencyKey,
    Part(text): Part,
    fields: Fields,
) -> Answered {
    let name = name_of(&krist, &text)?;
    fields.key()?;
    let to: Address =
        fields.required("address")?.parse().map_err(|_unknown| KristError::invalid("address"))?;
    let asking = Asking::new(&krist, ip, key, &fields).await?;
    if krist.settings.profile.makes_payees() {
        krist.make_wallet(&to).await?;
    }
    let by = asking.owner.clone();
    asking.run(&GiveName { name, by, to }).await
}

pub(super) async fn update(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    key: IdempotencyKey,
    Part(text): Part,
    fields: Fields,
) -> Answered {
    let name = name_of(&krist, &text)?;
    fields.key()?;
    let record = match fields.text("a")?.map(ARecord::new) {
        Some(None) => return Err(KristError::invalid("a")),
        given => given.flatten(),
    };
    let asking = Asking::new(&krist, ip, key, &fields).await?;
    let by = asking.owner.clone();
    asking.run(&LeadName { name, by, record }).await
}
