//! What is stored of buying.

use std::time::Duration;

use super::store;
use crate::{
    auth::users::lock_user,
    billing::{
        apply::{Teller, Verdict},
        events::CheckoutChanged,
        model::{Change, CheckoutNews},
        views::CheckoutView,
    },
    db::{Command, DbError, Failure, Never, Tx},
    kernel::id::DiscordId,
    plans::model::{Provider, Reference, Tier},
};

/// How long a checkout is looked at when its buyer has come back.
const WATCH: Duration = Duration::from_mins(1);

/// Takes down a checkout that was opened for a user.
#[derive(Debug)]
pub struct NoteCheckout<'a> {
    /// Where.
    pub provider: Provider,
    /// Who.
    pub user: DiscordId,
    /// What for.
    pub tier: &'a Tier,
    /// Where they come back to.
    pub success_url: Option<&'a str>,
    /// The checkout.
    pub news: &'a CheckoutNews,
}

impl Command for NoteCheckout<'_> {
    const NAME: &'static str = "checkout_note";
    const REPEATABLE: bool = true;
    type Done = CheckoutView;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<CheckoutView, Failure<Never>> {
        lock_user(tx, self.user).await?;
        let of = (self.provider, self.user);
        let reference = &self.news.reference;
        let known = store::checkout_lock(tx.conn(), self.provider, reference).await?;
        // Its webhook may have been faster.
        if known.as_ref().is_none_or(|known| self.news.outrank(known.seen, known.view.status)) {
            let now = tx.now();
            let tier = Some(self.tier);
            store::checkout_put(tx.conn(), of, self.news, tier, self.success_url, now).await?;
        }
        let after = store::checkout_find(tx.conn(), self.provider, reference).await?;
        let checkout = after.ok_or_else(|| DbError::impossible("a checkout just stored"))?;
        if known.is_none() {
            tx.emit(&CheckoutChanged { checkout: checkout.clone() })?;
        }
        Ok(checkout)
    }
}

/// The buyer has come back: the provider is asked until it is over.
#[derive(Debug)]
pub struct WatchCheckout<'a> {
    /// Where.
    pub provider: Provider,
    /// Which.
    pub id: &'a Reference,
}

impl Command for WatchCheckout<'_> {
    const NAME: &'static str = "checkout_watch";
    const REPEATABLE: bool = true;
    type Done = ();
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<Never>> {
        let now = tx.now();
        let until = now.plus(WATCH).unwrap_or(now);
        store::checkout_watch(tx.conn(), self.provider, self.id, (now, until)).await?;
        Ok(())
    }
}

/// Applies what a provider answered.
#[derive(Debug)]
pub struct ApplyAnswer<'a> {
    /// Who answered, and why it was asked.
    pub teller: Teller,
    /// What it said.
    pub change: &'a Change,
}

impl Command for ApplyAnswer<'_> {
    const NAME: &'static str = "billing_answer";
    const REPEATABLE: bool = true;
    const SETTLED: bool = true;
    type Done = Verdict;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Verdict, Failure<Never>> {
        Ok(self.teller.apply(tx, self.change).await?)
    }
}
