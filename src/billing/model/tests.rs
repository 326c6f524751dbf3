//! Whose something is, and when it is tried again.

use super::*;

const ADA: DiscordId = DiscordId::new(2002);
const BOB: DiscordId = DiscordId::new(3003);

#[test]
fn whose_a_subscription_is() {
    let check = |holder, external, metadata, of_customer, expected: Option<(DiscordId, bool)>| {
        let identity = Identity { external, metadata, customer: None };
        let resolved = identity.resolve(holder, of_customer).map(|it| (it.user, it.conflict));
        assert_eq!(resolved, expected, "{holder:?} {external:?} {metadata:?} {of_customer:?}");
    };
    let (ada, bob) = (Some(ADA), Some(BOB));
    check(None, None, None, None, None);
    check(None, ada, None, None, Some((ADA, false)));
    check(None, ada, ada, None, Some((ADA, false)));
    check(None, None, ada, None, Some((ADA, false)));
    check(None, None, None, ada, Some((ADA, false)));
    // The customer's name counts before the checkout's.
    check(None, ada, bob, None, Some((ADA, true)));
    check(None, None, ada, bob, Some((ADA, false)));
    // Who has it keeps it.
    check(ada, bob, bob, bob, Some((ADA, true)));
    check(ada, ada, None, bob, Some((ADA, false)));
    check(ada, None, bob, None, Some((ADA, false)));
    check(ada, None, None, None, Some((ADA, false)));
}

#[test]
fn what_waits_is_tried_soon_and_then_more_rarely() {
    let pauses: Vec<_> =
        (1..12).map(|n| retry_pause(EventStatus::Deferred, n).unwrap().as_secs()).collect();
    assert_eq!(pauses, [3, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360, 21_600]);
    assert_eq!(retry_pause(EventStatus::Deferred, i32::MAX), Some(RETRY_MAX));
    assert_eq!(retry_pause(EventStatus::Failed, ATTEMPTS_MAX - 1), Some(RETRY_MAX));
    assert_eq!(retry_pause(EventStatus::Failed, ATTEMPTS_MAX), None);
    assert_eq!(retry_pause(EventStatus::Processed, 1), None);
}

#[test]
fn names_have_one_spelling() {
    for status in EventStatus::ALL {
        assert_eq!(status.name().parse(), Ok(status));
        assert_eq!(serde_json::to_value(status).unwrap(), status.name());
    }
    for note in Note::ALL {
        assert_eq!(note.name().parse(), Ok(note));
        assert_eq!(serde_json::to_value(note).unwrap(), note.name());
    }
    for status in PurchaseStatus::ALL {
        assert_eq!(status.name().parse(), Ok(status));
        assert_eq!(serde_json::to_value(status).unwrap(), status.name());
    }
    for status in CheckoutStatus::ALL {
        assert_eq!(status.name().parse(), Ok(status));
        assert_eq!(serde_json::to_value(status).unwrap(), status.name());
    }
}

#[test]
fn two_news_of_one_moment_have_one_order_whatever_comes_first() {
    let at = Timestamp::new(chrono::DateTime::UNIX_EPOCH);
    let (seen, later) = (
        Seen { modified: at, told: at },
        Seen { modified: at, told: at.plus(Duration::from_millis(1)).unwrap() },
    );
    let news = |status, seen| CheckoutNews {
        reference: Reference::new("c").unwrap(),
        identity: Identity::default(),
        wish: Wish::default(),
        status,
        url: None,
        expires_at: at,
        seen,
    };
    for (older, newer) in CheckoutStatus::ALL.iter().zip(CheckoutStatus::ALL.iter().skip(1)) {
        assert!(news(*newer, seen).outrank(seen, *older), "{newer:?}");
        assert!(!news(*older, seen).outrank(seen, *newer), "{older:?}");
        assert!(!news(*older, seen).outrank(seen, *older), "{older:?} is the same");
        // Time comes first.
        assert!(news(*older, later).outrank(seen, *newer), "{older:?}");
    }
}
