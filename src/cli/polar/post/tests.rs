//! An hour of retries in no time.

use super::*;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_856_000, 0).unwrap()
}

fn sent(post: &mut Post, now: DateTime<Utc>) -> Uuid {
    let id = crate::db::random::uuid();
    post.send("subscription.updated", Body::Ready(String::new()), (id, now, now));
    id
}

/// When the next event is due.
fn next_due(post: &Post) -> Option<DateTime<Utc>> {
    let dues = post.parcels().iter().filter_map(|parcel| match parcel.progress {
        Progress::Waiting(due) => Some(due),
        _ => None,
    });
    dues.min()
}

/// Fails an event until it is given up, and says how long that took.
fn give_up(post: &mut Post, mut now: DateTime<Utc>, chance: f64) -> (DateTime<Utc>, bool) {
    let mut disabled = false;
    while let Some(due) = next_due(post) {
        now = now.max(due);
        let parcel = post.take(now, false).unwrap();
        disabled = post.attempted(parcel.id, Some(500), now, chance);
    }
    (now, disabled)
}

#[test]
fn the_pauses_are_those_of_the_real_one() {
    let bounds = [
        (4, 8),
        (8, 16),
        (16, 32),
        (32, 64),
        (64, 128),
        (128, 256),
        (256, 512),
        (512, 1024),
        (600, 1200),
    ];
    for (made, (least, most)) in (1..).zip(bounds) {
        assert_eq!(pause(made, 0.0), Duration::seconds(least), "{made}");
        assert_eq!(pause(made, 1.0), Duration::seconds(most), "{made}");
    }
}

#[test]
fn an_event_is_given_up_after_ten_attempts_and_half_an_hour_to_an_hour() {
    for (chance, minutes) in [(0.0, 27), (1.0, 54)] {
        let mut post = Post::default();
        sent(&mut post, start());
        let (end, _) = give_up(&mut post, start(), chance);
        assert_eq!((end - start()).num_minutes(), minutes);
        let parcel = post.parcels().first().unwrap();
        assert_eq!((parcel.attempts.len(), parcel.progress), (ATTEMPTS_MAX, Progress::GivenUp));
    }
}

#[test]
fn ten_events_that_fail_in_a_row_disable_the_endpoint() {
    let mut post = Post::default();
    let mut now = start();
    for event in 1..=10 {
        sent(&mut post, now);
        let (end, disabled) = give_up(&mut post, now, 0.5);
        assert_eq!(disabled, event == 10, "{event}");
        now = end;
    }
    let late = sent(&mut post, now);
    post.skip();
    let parcel = post.parcels().iter().find(|parcel| parcel.id == late).unwrap();
    assert_eq!(parcel.progress, Progress::Skipped);
    assert!(next_due(&post).is_none());
}

#[test]
fn one_delivery_among_them_keeps_the_endpoint() {
    let mut post = Post::default();
    let mut now = start();
    for event in 0..30 {
        let id = sent(&mut post, now);
        if event % 9 == 0 {
            assert!(post.take(now, false).is_some_and(|parcel| parcel.id == id));
            assert!(!post.attempted(id, Some(202), now, 0.5));
        } else {
            let (end, disabled) = give_up(&mut post, now, 0.5);
            assert!(!disabled, "{event}");
            now = end;
        }
    }
}

#[test]
fn an_event_waits_for_older_ones_that_nobody_has_tried_and_no_longer_than_a_minute() {
    let mut post = Post::default();
    let (older, younger) = (sent(&mut post, start()), sent(&mut post, start()));
    assert_eq!(post.take(start(), false).unwrap().id, older);
    assert!(post.take(start(), false).is_none(), "the older one is on its way");
    // Its first attempt failed, and the younger one overtakes it.
    post.attempted(older, Some(500), start(), 0.0);
    assert_eq!(post.take(start(), false).unwrap().id, younger);

    let mut post = Post::default();
    let (older, younger) = (sent(&mut post, start()), sent(&mut post, start()));
    assert_eq!(post.take(start(), false).unwrap().id, older);
    assert_eq!(post.take(start() + Duration::seconds(60), false).unwrap().id, younger);
}

#[test]
fn a_disorderly_one_sends_the_youngest_first() {
    let mut post = Post::default();
    let ids = [sent(&mut post, start()), sent(&mut post, start()), sent(&mut post, start())];
    for id in ids.iter().rev() {
        assert_eq!(post.take(start(), true).unwrap().id, *id);
    }
}

#[test]
fn a_redelivery_has_the_same_id() {
    let mut post = Post::default();
    let id = sent(&mut post, start());
    give_up(&mut post, start(), 0.0);
    assert!(post.redeliver(id, start() + Duration::days(1)));
    assert_eq!(post.take(start() + Duration::days(1), false).unwrap().id, id);
    assert!(!post.redeliver(Uuid::nil(), start()));
}
