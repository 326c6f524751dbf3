//! How often somebody may ask: callers by their credential, guests by their address.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use super::{Caller, Scope};
use crate::kernel::address::Address;

/// The limits, per minute. Bursts of a whole minute's worth are fine except for logins.
#[derive(Debug, Clone, Copy)]
pub struct LimitSettings {
    /// Requests of one guest address.
    pub guest_per_min: NonZeroU32,
    /// Requests of one credential.
    pub caller_per_min: NonZeroU32,
    /// Logins from one address and to one wallet.
    pub login_per_min: NonZeroU32,
    /// Logins at once.
    pub login_burst: NonZeroU32,
    /// Whether clients on this machine may ask as often as they like.
    pub loopback_unlimited: bool,
}

/// Whether it is a caller whose requests say what has happened: one that is not heard is a server that ran for free.
/// How many there are is up to what the hub itself had started.
fn reports(caller: &Caller) -> bool {
    match caller {
        Caller::Service { scopes, .. } => scopes.iter().any(|held| held == Scope::Orchestrator),
        _ => false,
    }
}

/// Who has asked too often must wait this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded(pub Duration);

/// Counts requests.
pub struct Limits {
    guests: DefaultKeyedRateLimiter<IpAddr>,
    callers: DefaultKeyedRateLimiter<String>,
    logins: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
    loopback_unlimited: bool,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits").finish_non_exhaustive()
    }
}

impl Limits {
    /// Counters at zero.
    pub fn new(settings: LimitSettings) -> Self {
        let login = Quota::per_minute(settings.login_per_min).allow_burst(settings.login_burst);
        Self {
            guests: RateLimiter::keyed(Quota::per_minute(settings.guest_per_min)),
            callers: RateLimiter::keyed(Quota::per_minute(settings.caller_per_min)),
            logins: RateLimiter::keyed(login),
            clock: DefaultClock::default(),
            loopback_unlimited: settings.loopback_unlimited,
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait, when the caller has asked too often.
    pub fn request(&self, caller: &Caller, ip: IpAddr) -> Result<(), Exceeded> {
        if self.exempt(ip) || reports(caller) {
            return Ok(());
        }
        match caller {
            Caller::Guest => self.guests.check_key(&ip).map_err(|until| self.wait(&until)),
            _ => self.callers.check_key(&caller.name()).map_err(|until| self.wait(&until)),
        }
    }

    /// Counts a login, against the client's address and against the wallet.
    ///
    /// # Errors
    /// As [`Limits::request`].
    pub fn login(&self, ip: IpAddr, address: &Address) -> Result<(), Exceeded> {
        if self.exempt(ip) {
            return Ok(());
        }
        for key in [ip.to_string(), address.to_string()] {
            self.logins.check_key(&key).map_err(|until| self.wait(&until))?;
        }
        Ok(())
    }

    /// Forgets who has not asked lately, so that addresses seen once do not pile up.
    pub fn forget_idle(&self) {
        self.guests.retain_recent();
        self.callers.retain_recent();
        self.logins.retain_recent();
    }

    fn exempt(&self, ip: IpAddr) -> bool {
        self.loopback_unlimited && ip.is_loopback()
    }

    fn wait(&self, until: &NotUntil<<DefaultClock as Clock>::Instant>) -> Exceeded {
        Exceeded(until.wait_time_from(self.clock.now()))
    }
}
