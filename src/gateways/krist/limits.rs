//! How often this door may be knocked at: requests and tickets by address of the client, payments by that and by the
//! payer too.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};

use super::error::KristError;

/// The limits.
#[derive(Debug, Clone, Copy)]
pub struct KristLimits {
    /// Requests a minute of one address.
    pub requests_per_min: NonZeroU32,
    /// Tickets for websockets a minute of one address.
    pub starts_per_min: NonZeroU32,
    /// Payments a second, of one address and of one payer; four times as many may come at once.
    pub payments_per_s: NonZeroU32,
    /// Whether clients on this machine may ask as often as they like.
    pub loopback_unlimited: bool,
}

type Counter<K> =
    RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// Counts requests.
pub(super) struct Limits {
    settings: KristLimits,
    requests: Counter<IpAddr>,
    starts: Counter<IpAddr>,
    payments: Counter<String>,
    clock: DefaultClock,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What is left of a minute's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    /// Requests a minute.
    pub(super) limit: u32,
    /// Requests that may follow at once.
    pub(super) remaining: u32,
    /// Seconds until all of them may.
    pub(super) reset_s: u32,
}

impl Limits {
    /// Counters at zero.
    pub(super) fn new(settings: KristLimits) -> Self {
        let payments = settings.payments_per_s;
        let burst = payments.saturating_mul(NonZeroU32::MIN.saturating_add(3));
        let quota = Quota::per_second(payments).allow_burst(burst);
        Self {
            requests: RateLimiter::keyed(Quota::per_minute(settings.requests_per_min))
                .with_middleware(),
            starts: RateLimiter::keyed(Quota::per_minute(settings.starts_per_min))
                .with_middleware(),
            payments: RateLimiter::keyed(quota).with_middleware(),
            clock: DefaultClock::default(),
            settings,
        }
    }

    /// Counts a request. `None` when the client is not counted.
    ///
    /// # Errors
    /// `rate_limit_hit`.
    pub(super) fn request(&self, ip: Option<IpAddr>) -> Result<Option<Left>, KristError> {
        let Some(ip) = self.counted(ip) else { return Ok(None) };
        let limit = self.settings.requests_per_min.get();
        let state = self.requests.check_key(&ip).map_err(|until| self.wait(&until))?;
        let remaining = state.remaining_burst_capacity();
        let used = limit.saturating_sub(remaining);
        let reset_s = used.saturating_mul(60).div_ceil(limit);
        Ok(Some(Left { limit, remaining, reset_s }))
    }

    /// Counts a ticket for a websocket.
    ///
    /// # Errors
    /// `rate_limit_hit`.
    pub(super) fn start(&self, ip: Option<IpAddr>) -> Result<(), KristError> {
        let Some(ip) = self.counted(ip) else { return Ok(()) };
        self.starts.check_key(&ip).map(drop).map_err(|until| self.wait(&until))
    }

    /// Counts what moves money or names, against the client's address and the payer.
    ///
    /// # Errors
    /// `rate_limit_hit`.
    pub(super) fn payment(
        &self,
        ip: Option<IpAddr>,
        payer: &str,
        cost: NonZeroU32,
    ) -> Result<(), KristError> {
        let Some(ip) = self.counted(ip) else { return Ok(()) };
        for key in [ip.to_string(), payer.to_owned()] {
            match self.payments.check_key_n(&key, cost) {
                Ok(Ok(_)) => {}
                Ok(Err(until)) => return Err(self.wait(&until)),
                Err(_more_than_a_burst) => {
                    return Err(KristError::rate_limited(Duration::from_secs(1)));
                }
            }
        }
        Ok(())
    }

    /// Forgets who has not asked lately.
    pub(super) fn forget_idle(&self) {
        self.requests.retain_recent();
        self.starts.retain_recent();
        self.payments.retain_recent();
    }

    fn counted(&self, ip: Option<IpAddr>) -> Option<IpAddr> {
        ip.filter(|ip| !(self.settings.loopback_unlimited && ip.is_loopback()))
    }

    fn wait(&self, until: &NotUntil<<DefaultClock as Clock>::Instant>) -> KristError {
        KristError::rate_limited(until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let per = |count| NonZeroU32::new(count).unwrap();
        Limits::new(KristLimits {
            requests_per_min: per(2),
            starts_per_min: per(1),
            payments_per_s: per(1),
            loopback_unlimited: true,
        })
    }

    #[test]
    fn each_bucket_is_its_own() {
        let (limits, far, near) =
            (limits(), Some([10, 0, 0, 1].into()), Some([127, 0, 0, 1].into()));
        let left = limits.request(far).unwrap().unwrap();
        assert_eq!((left.limit, left.remaining, left.reset_s), (2, 1, 30));
        assert!(limits.request(far).is_ok());
        assert_eq!(limits.request(far).unwrap_err().code, "rate_limit_hit");
        assert!(limits.start(far).is_ok(), "a ticket is no request");
        assert_eq!(limits.start(far).unwrap_err().code, "rate_limit_hit");
        for _ in 0..5 {
            assert_eq!(limits.request(near).unwrap(), None, "this machine is not counted");
        }
    }

    #[test]
    fn a_payment_counts_for_the_payer_wherever_it_comes_from() {
        let limits = limits();
        let (one, two) = (NonZeroU32::MIN, NonZeroU32::new(2).unwrap());
        for last in 1..=2 {
            assert!(limits.payment(Some([10, 0, 0, last].into()), "kanna", two).is_ok());
        }
        assert!(limits.payment(Some([10, 0, 0, 3].into()), "kanna", one).is_err());
        assert!(limits.payment(Some([10, 0, 0, 3].into()), "kbert", one).is_ok());
    }
}
