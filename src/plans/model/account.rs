//! All that is known of one user's plans and minutes, and what follows from it at a time.

use std::{cmp::Reverse, sync::Arc};

use super::{Balance, Entitlement, Plan, REQUEST_MINUTES_MAX, REQUEST_MINUTES_MIN, Window};
use crate::{
    kernel::{
        id::{DiscordId, EntitlementId, ServerSessionId},
        time::Timestamp,
    },
    plans::usage::Denied,
};

/// An entitlement with its plan.
#[derive(Debug, Clone)]
pub struct Held {
    /// The entitlement.
    pub entitlement: Entitlement,
    /// Its plan, as it is now.
    pub plan: Arc<Plan>,
}

/// Minutes that are held for an open server session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The session.
    pub session: ServerSessionId,
    /// What they are taken from.
    pub entitlement: EntitlementId,
    /// In which window.
    pub window_start: Timestamp,
    /// How many.
    pub minutes: u32,
}

/// What was used in one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowUse {
    /// What of.
    pub entitlement: EntitlementId,
    /// In which window.
    pub window_start: Timestamp,
    /// How many minutes.
    pub minutes: i64,
}

/// All that is known of one user's plans and minutes.
#[derive(Debug, Clone)]
pub struct Account {
    /// Who.
    pub user: DiscordId,
    /// Everything that was ever granted and may still count.
    pub held: Vec<Held>,
    /// What was used in the windows that may be open.
    pub used: Vec<WindowUse>,
    /// What is held for open sessions.
    pub holds: Vec<Hold>,
}

/// An entitlement that can be used now.
#[derive(Debug, Clone, Copy)]
pub struct Usable<'a> {
    /// The entitlement.
    pub entitlement: &'a Entitlement,
    /// Its plan.
    pub plan: &'a Plan,
    /// The window that is open.
    pub window: Window,
    /// How its minutes stand.
    pub balance: Balance,
}

/// What a server session gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allotment {
    /// From which entitlement.
    pub entitlement: EntitlementId,
    /// In which window.
    pub window: Window,
    /// What was asked for, within the rules.
    pub requested: u32,
    /// What it gets.
    pub allocated: u32,
    /// What the plan allows for one session.
    pub max_session: u32,
}

impl Account {
    /// What can be used at a time, the best first: the first one is the user's plan.
    pub fn usable(&self, now: Timestamp) -> Vec<Usable<'_>> {
        let mut usable: Vec<_> = self.held.iter().filter_map(|held| self.open(held, now)).collect();
        usable.sort_by_key(|one| {
            let plan = one.plan;
            (
                Reverse((
                    plan.entitlement_priority,
                    plan.monthly_price_usd,
                    plan.limits.monthly_server_minutes,
                )),
                plan.display_order,
                Reverse((one.entitlement.period.end, one.entitlement.id)),
            )
        });
        usable
    }

    /// How the minutes of one window stand.
    pub fn balance(&self, held: &Held, window_start: Timestamp) -> Balance {
        let id = held.entitlement.id;
        let here = |entitlement, start| entitlement == id && start == window_start;
        let used = self.used.iter().filter(|used| here(used.entitlement, used.window_start));
        let holds = self.holds.iter().filter(|hold| here(hold.entitlement, hold.window_start));
        Balance {
            quota: held.plan.limits.monthly_server_minutes,
            used: used.map(|used| used.minutes).sum(),
            reserved: holds.fold(0, |sum, hold| sum.saturating_add(hold.minutes)),
        }
    }

    /// One of the entitlements.
    pub fn find(&self, id: EntitlementId) -> Option<&Held> {
        self.held.iter().find(|held| held.entitlement.id == id)
    }

    /// The next moment at which time alone changes what the user has.
    pub fn review_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.held.iter().filter_map(|held| held.entitlement.review_at(&held.plan, now)).min()
    }

    /// Decides what a session gets. The first rule that is broken is told: a plan, the number of sessions, the minutes.
    ///
    /// # Errors
    /// Why it gets nothing.
    pub fn allot(&self, requested: Option<u32>, now: Timestamp) -> Result<Allotment, Denied> {
        let usable = self.usable(now);
        let with_minutes = usable.iter().find(|one| one.balance.available() >= 1);
        let one = with_minutes.or(usable.first()).ok_or(Denied::NoActiveSubscription)?;
        let limits = one.plan.limits;
        let open = u32::try_from(self.holds.len()).unwrap_or(u32::MAX);
        if open >= limits.max_concurrent_servers {
            return Err(Denied::ConcurrencyLimit { open, limit: limits.max_concurrent_servers });
        }
        let available = one.balance.available();
        if available < 1 {
            let (remaining, period_end) = (one.balance.remaining(), one.window.end);
            return Err(Denied::MinutesExhausted { remaining, period_end });
        }
        let asked = requested.filter(|minutes| *minutes > 0).unwrap_or(limits.max_session_minutes);
        let requested = asked.clamp(REQUEST_MINUTES_MIN, REQUEST_MINUTES_MAX);
        Ok(Allotment {
            entitlement: one.entitlement.id,
            window: one.window,
            requested,
            allocated: requested.min(limits.max_session_minutes).min(available),
            max_session: limits.max_session_minutes,
        })
    }

    fn open<'a>(&self, held: &'a Held, now: Timestamp) -> Option<Usable<'a>> {
        let window = held.entitlement.window(&held.plan, now)?;
        let balance = self.balance(held, window.start);
        Some(Usable { entitlement: &held.entitlement, plan: &held.plan, window, balance })
    }
}
