//! The newest events of the log, in memory, indexed by topic. One ring serves all shards and readers of a node.
//!
//! Its entries are dense: it knows every event from the oldest it keeps up to its head. So a reader whose position
//! lies inside needs no SQL, and a storm of reconnecting clients costs the database nothing.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::RwLock;
use tokio::sync::watch;

use super::{
    Map,
    entry::Entry,
    interest::Interest,
    page::{Page, PageLimit},
};
use crate::kernel::event::{Seq, Topic};

/// How much a ring keeps.
#[derive(Debug, Clone, Copy)]
pub struct RingLimit {
    /// Entries at the most.
    pub events: usize,
    /// Bytes at the most, roughly.
    pub bytes: usize,
}

impl Default for RingLimit {
    fn default() -> Self {
        Self { events: 100_000, bytes: 64 << 20 }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Ring {
    kept: RwLock<Kept>,
    limit: RingLimit,
    head: watch::Sender<Seq>,
}

#[derive(Debug)]
struct Kept {
    entries: VecDeque<Arc<Entry>>,
    topics: Map<Topic, VecDeque<Seq>>,
    bytes: usize,
    /// The newest entry, or where the ring began.
    head: Seq,
}

impl Ring {
    /// An empty ring that goes on behind a position.
    pub(super) fn new(position: Seq, limit: RingLimit) -> Self {
        let kept =
            Kept { entries: VecDeque::new(), topics: Map::default(), bytes: 0, head: position };
        Self { kept: RwLock::new(kept), limit, head: watch::Sender::new(position) }
    }

    /// Takes the next entries, which continue the log without a hole, and wakes whoever waits.
    pub(super) fn push(&self, entries: impl IntoIterator<Item = Arc<Entry>>) {
        let mut evicted = Vec::new();
        let mut kept = self.kept.write();
        for entry in entries {
            kept.push(entry);
        }
        while kept.entries.len() > self.limit.events || kept.bytes > self.limit.bytes {
            match kept.evict() {
                Some(entry) => evicted.push(entry),
                None => break,
            }
        }
        let head = kept.head;
        drop(kept);
        // Freeing memory can take long; nobody has to wait for it.
        drop(evicted);
        self.head.send_replace(head);
    }

    /// The newest position. All of its events can be read by now.
    pub(super) fn head(&self) -> Seq {
        self.kept.read().head
    }

    /// Whether it has every event behind a position, which it has heard of.
    pub(super) fn reaches(&self, after: Seq) -> bool {
        let kept = self.kept.read();
        after <= kept.head && kept.index(after.next()).is_some()
    }

    /// Tells of every new position.
    pub(super) fn watch(&self) -> watch::Receiver<Seq> {
        self.head.subscribe()
    }

    /// The next entries behind a position whatever their topic, up to and including the first revocation. `None` when
    /// some of them are no longer kept.
    pub(super) fn run(&self, after: Seq, limit: PageLimit) -> Option<Vec<Arc<Entry>>> {
        let kept = self.kept.read();
        let mut run = Vec::new();
        let mut bytes = 0_usize;
        for entry in kept.entries.range(kept.index(after.next())?..) {
            bytes = bytes.saturating_add(entry.wire_bytes());
            if run.len() == limit.events || (bytes > limit.bytes && !run.is_empty()) {
                break;
            }
            run.push(Arc::clone(entry));
            if entry.revoked().is_some() {
                break;
            }
        }
        Some(run)
    }

    /// The next wanted entries with `after < seq <= upto`, and how far that is. `upto` must not lie behind the head.
    /// `None` when some events in this range are no longer kept.
    pub(super) fn page(
        &self,
        after: Seq,
        upto: Seq,
        interest: &Interest,
        limit: PageLimit,
    ) -> Option<Page> {
        let kept = self.kept.read();
        kept.index(after.next())?;
        // Of each topic the first few are enough: no page can hold more of them.
        let mut seqs: Vec<Seq> = Vec::new();
        for seqs_of_topic in interest.topics().filter_map(|topic| kept.topics.get(topic)) {
            let start = seqs_of_topic.partition_point(|seq| *seq <= after);
            let behind = seqs_of_topic.range(start..).copied();
            seqs.extend(behind.take_while(|seq| *seq <= upto).take(limit.events.saturating_add(1)));
        }
        seqs.sort_unstable();
        seqs.dedup();
        let candidates = seqs.iter().filter_map(|seq| kept.entries.get(kept.index(*seq)?));
        Some(Page::collect(candidates, upto, interest, limit))
    }

    /// How many entries it keeps, and how many bytes they hold.
    pub(super) fn size(&self) -> (usize, usize) {
        let kept = self.kept.read();
        (kept.entries.len(), kept.bytes)
    }
}

impl Kept {
    fn push(&mut self, entry: Arc<Entry>) {
        let seq = entry.seq();
        if seq <= self.head {
            return;
        }
        if seq != self.head.next() {
            // Density is what every reader relies on. Without it the log itself must answer.
            tracing::error!(head = %self.head, %seq, "the relay left a hole; forgetting the ring");
            self.entries.clear();
            self.topics.clear();
            self.bytes = 0;
        }
        for topic in &entry.event().topics {
            match self.topics.get_mut(topic) {
                Some(seqs) if seqs.back() == Some(&seq) => {}
                Some(seqs) => seqs.push_back(seq),
                None => {
                    self.topics.insert(topic.clone(), VecDeque::from([seq]));
                }
            }
        }
        self.bytes = self.bytes.saturating_add(entry.weight_bytes());
        self.head = seq;
        self.entries.push_back(entry);
    }

    fn evict(&mut self) -> Option<Arc<Entry>> {
        let entry = self.entries.pop_front()?;
        for topic in &entry.event().topics {
            if let Some(seqs) = self.topics.get_mut(topic) {
                if seqs.front() == Some(&entry.seq()) {
                    seqs.pop_front();
                }
                if seqs.is_empty() {
                    self.topics.remove(topic);
                }
            }
        }
        self.bytes = self.bytes.saturating_sub(entry.weight_bytes());
        Some(entry)
    }

    /// The place of an entry. The place behind the newest one counts; `None` for what is no longer kept.
    fn index(&self, seq: Seq) -> Option<usize> {
        let back = usize::try_from(self.head.next().distance(seq)).ok()?;
        self.entries.len().checked_sub(back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::fixtures::{entry, revocation, want, want_kinds};

    const PAGE: PageLimit = PageLimit { events: 3, bytes: 1 << 20 };

    fn ring(events: usize, pushed: i64) -> Ring {
        let ring = Ring::new(Seq::ZERO, RingLimit { events, bytes: 1 << 20 });
        // Odd events are on `a`, every third on `b`, all on `all`.
        ring.push((1..=pushed).map(|seq| {
            let mut topics = vec!["all"];
            topics.extend((seq % 2 == 1).then_some("a"));
            topics.extend((seq % 3 == 0).then_some("b"));
            entry(seq, "x.y", &topics)
        }));
        ring
    }

    fn seqs(page: &Page) -> Vec<i64> {
        page.entries.iter().map(|entry| entry.seq().get()).collect()
    }

    #[test]
    fn a_page_merges_topics_and_says_how_far_it_went() {
        let ring = ring(100, 10);
        let both = Interest::new([want("a"), want("b")]);
        let check = |after: i64, upto: i64, expected: &[i64], position: i64| {
            let page = ring.page(Seq::new(after), Seq::new(upto), &both, PAGE).unwrap();
            assert_eq!(seqs(&page), expected, "after {after} up to {upto}");
            assert_eq!(page.position.get(), position, "after {after} up to {upto}");
        };
        check(0, 10, &[1, 3, 5], 5);
        check(5, 10, &[6, 7, 9], 10);
        check(5, 7, &[6, 7], 7);
        check(9, 10, &[], 10);
        check(10, 10, &[], 10);
    }

    #[test]
    fn a_filter_is_applied_to_each_entry() {
        let ring = Ring::new(Seq::ZERO, RingLimit::default());
        ring.push((1..=6).map(|n| entry(n, if n % 2 == 0 { "x.y" } else { "x.z" }, &["a"])));
        let some = Interest::new([want_kinds("a", &["x.y"])]);
        let page = ring.page(Seq::ZERO, Seq::new(6), &some, PAGE).unwrap();
        assert_eq!((seqs(&page), page.position), (vec![2], Seq::new(3)), "three were looked at");
    }

    #[test]
    fn what_was_evicted_is_not_answered() {
        let ring = ring(4, 10);
        let all = Interest::new([want("all")]);
        assert!(ring.page(Seq::new(5), Seq::new(10), &all, PAGE).is_none());
        assert_eq!(seqs(&ring.page(Seq::new(6), Seq::new(10), &all, PAGE).unwrap()), [7, 8, 9]);
        assert!(ring.run(Seq::new(5), PAGE).is_none());
        let reached: Vec<_> = [5, 6, 10, 11].map(|seq| ring.reaches(Seq::new(seq))).into();
        assert_eq!(reached, [false, true, true, false]);
        assert_eq!(ring.run(Seq::new(6), PAGE).unwrap().len(), 3);
        assert_eq!(ring.run(Seq::new(10), PAGE).unwrap().len(), 0);
    }

    #[test]
    fn an_idle_topic_leaves_nothing_behind() {
        let ring = ring(4, 10);
        ring.push((11..=20).map(|seq| entry(seq, "x.y", &["other"])));
        let kept = ring.kept.read();
        assert_eq!(kept.topics.keys().map(Topic::as_str).collect::<Vec<_>>(), ["other"]);
        assert_eq!(kept.topics.values().next().unwrap().len(), 4);
        assert_eq!(
            kept.bytes,
            kept.entries.iter().map(|entry| entry.weight_bytes()).sum::<usize>()
        );
    }

    #[test]
    fn a_run_ends_with_a_revocation() {
        let ring = Ring::new(Seq::ZERO, RingLimit::default());
        ring.push([entry(1, "x.y", &["a"]), revocation(2, "session:1"), entry(3, "x.y", &["a"])]);
        let run = ring.run(Seq::ZERO, PAGE).unwrap();
        assert_eq!(run.iter().map(|entry| entry.seq().get()).collect::<Vec<_>>(), [1, 2]);
        let heard = Interest::new([want("a"), want("access")]);
        let page = ring.page(Seq::ZERO, Seq::new(3), &heard, PAGE).unwrap();
        assert_eq!(seqs(&page), [1, 3], "a revocation is sent to nobody");
    }

    #[test]
    fn a_hole_empties_the_ring() {
        let ring = ring(100, 3);
        ring.push([entry(5, "x.y", &["a"])]);
        let all = Interest::new([want("a")]);
        assert!(ring.page(Seq::new(3), Seq::new(5), &all, PAGE).is_none());
        assert_eq!(seqs(&ring.page(Seq::new(4), Seq::new(5), &all, PAGE).unwrap()), [5]);
        assert_eq!(ring.head(), Seq::new(5));
    }

    #[test]
    fn bytes_are_a_limit_too() {
        let ring = Ring::new(Seq::ZERO, RingLimit { events: 1_000, bytes: 4_000 });
        ring.push((1..=100).map(|seq| entry(seq, "x.y", &["a"])));
        let (events, bytes) = ring.size();
        assert!(events > 0 && events < 10, "{events}");
        assert!(bytes <= 4_000, "{bytes}");
        let one = PageLimit { events: 100, bytes: 1 };
        assert_eq!(
            ring.run(Seq::new(99), one).unwrap().len(),
            1,
            "a page holds at least one entry"
        );
    }
}
