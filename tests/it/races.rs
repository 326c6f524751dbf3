//! Money under contention: many payers, two hubs, one supply.

use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::task::JoinSet;

use super::support::{Site, ring, seed, soak};

/// Who pays in the ring.
const OWNERS: usize = 64;
/// What each of them holds at the beginning.
const EACH: u64 = 50;

/// What all hold together, what is below its floor, and what the whole ledger adds up to: all in one snapshot.
async fn audit(sql: &mut sqlx::PgConnection) -> (i64, i64, i64) {
    sqlx::query_as(
        "select coalesce(sum(balance) filter (where floor = 0), 0)::bigint,
                count(*) filter (where balance < floor), sum(balance)::bigint
         from wallets",
    )
    .fetch_one(sql)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_payers_in_a_ring_on_two_hubs_keep_the_supply() {
    let span = Duration::from_secs(if soak() { 60 } else { 5 });
    let mut chance = StdRng::seed_from_u64(seed());
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&[]).await];
    let owners = ring(&[&hubs[0], &hubs[1]], OWNERS, EACH).await;
    let mut sql = site.sql().await;
    let supply = i64::try_from(EACH).unwrap() * 64 * 100;
    assert_eq!(audit(&mut sql).await, (supply, 0, 0));
    let deadline = Instant::now() + span;
    let mut payers = JoinSet::new();
    for at in 0..OWNERS {
        let payer = owners[at].0.clone();
        // The next of the ring, and now and then anybody: every order of locks is asked for.
        let payees: Vec<_> = owners.iter().map(|(_, address)| address.clone()).collect();
        let mut chance = StdRng::seed_from_u64(chance.random());
        payers.spawn(async move {
            let (mut paid, mut refused) = (0_u64, 0_u64);
            while Instant::now() < deadline {
                let step =
                    if chance.random_range(0..3) == 0 { chance.random_range(1..OWNERS) } else { 1 };
                let amount = chance.random_range(1..=40).to_string();
                let reply = payer.pay(&payees[(at + step) % OWNERS], &amount).await;
                match reply.said() {
                    (201, _) => paid += 1,
                    (402, "insufficient_funds") => refused += 1,
                    _ => panic!("{reply:?}"),
                }
            }
            (paid, refused)
        });
    }
    let mut looks = 0;
    while Instant::now() < deadline {
        assert_eq!(audit(&mut sql).await, (supply, 0, 0));
        looks += 1;
    }
    let (mut paid, mut refused) = (0, 0);
    while let Some(payer) = payers.join_next().await {
        let (done, no_funds) = payer.unwrap();
        assert!(done + no_funds > 0, "a payer was never answered");
        (paid, refused) = (paid + done, refused + no_funds);
    }
    assert!(
        paid > 100 && refused > 0 && looks > 100,
        "{paid} paid, {refused} refused, {looks} looks"
    );
    assert_eq!(audit(&mut sql).await, (supply, 0, 0));
    let told = u64::try_from(site.seqs(&["payments"]).await.len()).unwrap();
    assert_eq!(told, paid + 64, "each answered payment and each mint is one event");
    let deadlocks: i64 = sqlx::query_scalar(
        "select deadlocks from pg_stat_database where datname = current_database()",
    )
    .fetch_one(&mut sql)
    .await
    .unwrap();
    assert_eq!(deadlocks, 0);
    let verified = site.run(&["verify-ledger"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
