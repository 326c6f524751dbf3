//! What the stand-in tells of a purchase, and that it tells what the hub reads.

use super::*;
use crate::cli::polar::world::buying::Purchase;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_856_000, 0).unwrap()
}

fn world() -> World {
    let endpoint = Endpoint {
        id: Uuid::nil(),
        url: "http://hub.example/".into(),
        enabled: true,
        is_standard: true,
    };
    World::new(endpoint, start())
}

fn kinds(world: &World) -> Vec<&'static str> {
    world.post.parcels().iter().map(|parcel| parcel.kind).collect()
}

fn bought(world: &mut World) -> Uuid {
    let purchase = Purchase { external_id: Some("2002".into()), ..Purchase::default() };
    world.buy(&purchase, start()).unwrap()
}

#[test]
fn a_purchase_is_told_in_the_order_of_the_real_one() {
    let mut world = world();
    bought(&mut world);
    assert_eq!(
        kinds(&world),
        [
            "subscription.created",
            "customer.state_changed",
            "order.created",
            "subscription.active",
            "order.updated",
            "order.paid"
        ]
    );
    let Body::Ready(first) = &world.post.parcels().first().unwrap().body else {
        panic!("the first event is made at once");
    };
    let first: Value = serde_json::from_str(first).unwrap();
    assert_eq!(first["data"]["status"], "incomplete");
    assert_eq!(first["data"]["modified_at"], Value::Null);
    assert_eq!(first["data"]["customer"]["external_id"], "2002");
}

#[test]
fn a_disabled_endpoint_has_no_events() {
    let mut world = world();
    world.endpoint.enabled = false;
    bought(&mut world);
    assert!(kinds(&world).is_empty());
    assert_eq!(world.subscriptions.len(), 1);
}

#[test]
fn time_renews_what_goes_on_and_ends_what_was_canceled() {
    let mut world = world();
    let id = bought(&mut world);
    let month = start() + Duration::days(31);
    assert!(world.tick(month));
    assert!(!world.tick(month));
    assert_eq!(world.subscriptions[&id].period.0, start() + Duration::days(31));
    world.cancel(id, month).unwrap();
    assert!(world.subscriptions[&id].is_active());
    assert!(world.tick(month + Duration::days(31)));
    assert_eq!(world.subscriptions[&id].status, "canceled");
    assert!(
        kinds(&world).ends_with(&["subscription.revoked", "customer.state_changed"])
            || kinds(&world).ends_with(&["subscription.revoked"])
    );
}

#[test]
fn a_payment_that_fails_makes_it_past_due() {
    let mut world = world();
    let id = bought(&mut world);
    let customer = world.subscriptions[&id].customer;
    world.customers.get_mut(&customer).unwrap().declines = true;
    assert!(world.tick(start() + Duration::days(31)));
    let subscription = &world.subscriptions[&id];
    assert_eq!(subscription.status, "past_due");
    // The period has moved all the same.
    assert_eq!(subscription.period.0, start() + Duration::days(31));
    assert!(
        world.last_order(id).is_some_and(|order| !order.paid && order.next_attempt_at.is_some())
    );
    world.recover(id, start() + Duration::days(33)).unwrap();
    assert!(world.last_order(id).is_some_and(|order| order.paid));
}
