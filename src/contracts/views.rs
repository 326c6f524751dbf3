//! Contracts on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    model::{AllowList, CatchUp, Contract, ContractStatus, Description, Title},
    schedule::Schedule,
};
use crate::{
    auth::{Caller, Scope},
    kernel::{
        address::Address,
        id::ContractId,
        money::{Decimal, Scale},
        time::Timestamp,
    },
};

/// A contract as everybody may see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicContract {
    /// Its number.
    contract_id: ContractId,
    /// Who is paid.
    address: Address,
    /// Whether it can be subscribed to.
    status: ContractStatus,
    /// What its owner calls it.
    title: Title,
    /// What its owner says of it. Of a restricted contract only those see it who may subscribe.
    description: Option<Description>,
    /// What a term costs.
    price: Decimal,
    #[serde(flatten)]
    schedule: ScheduleView,
    /// What is paid when renewals were held up for longer than a term.
    catch_up: CatchUp,
    /// How many may be subscribed at once; null is any number.
    max_subscribers: Option<u32>,
    /// Whether it is for an allow list only.
    restricted: bool,
    /// Raised by 1 with each event of the contract; also the `ETag`.
    version: i64,
    /// The version that brought the price and the schedule.
    terms_version: i64,
    /// Subscribers who have not agreed to the newest terms end with the first term that ends at this time or later.
    require_consent_by: Option<Timestamp>,
    /// When it was made.
    created_at: Timestamp,
    /// When it was changed last.
    updated_at: Timestamp,
}

/// When terms end: one of these is set.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScheduleView {
    /// At each occurrence of this cron expression of five fields, in UTC.
    cron_expr: Option<String>,
    /// Every so many seconds.
    period_seconds: Option<u32>,
    /// Every so many months, on the day of the first or the last one of a shorter month.
    period_months: Option<u32>,
}

/// A contract as one caller may see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContractView {
    #[serde(flatten)]
    contract: PublicContract,
    /// How many are subscribed; counted up to 10,000.
    subscribers: i64,
    /// Who may subscribe; null is everybody, and what others than the owner see.
    allow_list: Option<AllowList>,
    /// Whether the caller's wallet may subscribe as far as the allow list is concerned; null without one.
    eligible: Option<bool>,
    /// When the terms of a cron expression end next.
    next_occurrence: Option<Timestamp>,
}

impl PublicContract {
    /// The contract as everybody may see it.
    pub fn new(contract: &Contract, scale: Scale) -> Self {
        let offer = &contract.offer;
        let restricted = contract.allow_list.is_some();
        Self {
            contract_id: contract.id,
            address: offer.owner.clone(),
            status: offer.status,
            title: contract.title.clone(),
            description: contract.description.clone().filter(|_| !restricted),
            price: offer.terms.price.amount().at(scale),
            schedule: ScheduleView::new(&offer.terms.schedule),
            catch_up: offer.terms.catch_up,
            max_subscribers: contract.max_subscribers,
            restricted,
            version: contract.version,
            terms_version: offer.terms.version,
            require_consent_by: offer.consent_by,
            created_at: contract.created_at,
            updated_at: contract.updated_at,
        }
    }
}

impl ScheduleView {
    /// The schedule on the wire.
    pub fn new(schedule: &Schedule) -> Self {
        let mut view = Self { cron_expr: None, period_seconds: None, period_months: None };
        match schedule {
            Schedule::Cron(cron) => view.cron_expr = Some(cron.as_str().to_owned()),
            Schedule::Seconds(seconds) => view.period_seconds = Some(*seconds),
            Schedule::Months(months) => view.period_months = Some(*months),
        }
        view
    }
}

impl ContractView {
    /// The contract as this caller may see it.
    pub fn new(
        contract: &Contract,
        subscribers: i64,
        caller: &Caller,
        now: Timestamp,
        scale: Scale,
    ) -> Self {
        let eligible = match caller {
            Caller::Wallet { address, .. } => Some(contract.admits(address)),
            Caller::Guest | Caller::User { .. } | Caller::Service { .. } => None,
        };
        let owns = caller.owns(&contract.offer.owner) || caller.has(Scope::Admin);
        let mut public = PublicContract::new(contract, scale);
        if owns || eligible == Some(true) {
            public.description.clone_from(&contract.description);
        }
        Self {
            contract: public,
            subscribers,
            allow_list: contract.allow_list.clone().filter(|_| owns),
            eligible,
            next_occurrence: contract.offer.terms.schedule.next_occurrence(now),
        }
    }
}
