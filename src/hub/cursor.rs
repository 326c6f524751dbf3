//! Where one reader stands in the log, and what it has to do next. No IO.
//!
//! A reader is `Live` when it has everything its guide has handed on, and otherwise `Behind` a position, from which
//! it reads pages. The guide is whoever walks the ring in front of the reader: a shard for its connections; a pull
//! reader has the head of the ring itself. A new client that resumes, a slow client, and one that waits for a
//! snapshot are all the same state.
//!
//! Two rules make the seam between reading and live delivery exact, and `cursor/model.rs` tries every interleaving:
//! * a reader never reads past its guide, so when it arrives there, nothing lies between what it has read and what
//!   the guide hands on next;
//! * a change of interest takes effect at one position. Pages that were asked for before it are thrown away.
//!
//! A snapshot is state at a position `S` of its own. The reader is held *before* the snapshot's transaction begins,
//! so `S` can't lie behind it; then it reads its old interest up to `S`, tells the snapshot, and goes on behind `S`
//! with the new interest. One connection sees strictly rising positions through all of this.

use super::interest::Interest;
use crate::kernel::event::Seq;

#[cfg(test)]
mod model;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Cursor {
    place: Place,
    interest: Interest,
    change: Change,
    /// Counts what makes pages on their way worthless.
    turn: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    /// At the position of the guide.
    Live,
    /// Everything wanted up to here was handed on.
    Behind(Seq),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Change {
    None,
    /// A snapshot is being read; until its position is known, this reader must not move.
    Held,
    /// At this position the interest becomes another.
    Splice(Seq, Interest),
}

/// What a reader has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Be handed what comes; it is live now.
    Live,
    /// Wait for the guide to move or for the snapshot.
    Wait,
    /// Read a page of the interest, and tell how far it went with [`Cursor::read`].
    Read(Ask),
    /// Tell the snapshot now: the new interest is in force.
    Splice,
}

/// A page to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Ask {
    /// Events behind this position,
    pub after: Seq,
    /// up to this one.
    pub upto: Seq,
    turn: u32,
}

impl Ask {
    /// The same of what follows this page.
    pub(super) fn behind(self, position: Seq) -> Self {
        Self { after: position, ..self }
    }
}

/// The position of a snapshot lies behind the reader, which must not happen while it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a snapshot at {snapshot} can't be told to a reader that is at {position} already")]
pub(super) struct Rewound {
    snapshot: Seq,
    position: Seq,
}

impl Cursor {
    /// A reader of nothing yet, at its guide's position.
    pub(super) fn live() -> Self {
        Self { place: Place::Live, interest: Interest::default(), change: Change::None, turn: 0 }
    }

    /// A reader that goes on behind a position.
    pub(super) fn behind(position: Seq, interest: Interest) -> Self {
        Self { place: Place::Behind(position), interest, change: Change::None, turn: 0 }
    }

    /// Whether it is handed what comes.
    pub(super) fn is_live(&self) -> bool {
        self.place == Place::Live
    }

    /// Whether a snapshot is on its way or waits for its place in the order.
    pub(super) fn is_changing(&self) -> bool {
        self.change != Change::None
    }

    /// What it listens to now.
    pub(super) fn interest(&self) -> &Interest {
        &self.interest
    }

    /// Everything wanted up to here was handed on.
    pub(super) fn position(&self, guide: Seq) -> Seq {
        match self.place {
            Place::Live => guide,
            Place::Behind(position) => position,
        }
    }

    /// Something handed on could not be taken at once: what follows has to be read. `guide` is the position behind
    /// what was handed on.
    pub(super) fn fall_behind(&mut self, guide: Seq) {
        self.place = Place::Behind(self.position(guide));
    }

    /// Listens to something else from its position on.
    pub(super) fn listen(&mut self, interest: Interest) {
        self.interest = interest;
        self.turn = self.turn.wrapping_add(1);
    }

    /// Goes on behind another position. Only a reader that listens to nothing may do this: it has handed on nothing
    /// that could come again or be left out.
    pub(super) fn resume(&mut self, position: Seq, interest: Interest) {
        self.place = Place::Behind(position);
        self.listen(interest);
    }

    /// Stays where it is until [`Cursor::splice`] or [`Cursor::release`].
    pub(super) fn hold(&mut self, guide: Seq) {
        self.fall_behind(guide);
        self.change = Change::Held;
        self.turn = self.turn.wrapping_add(1);
    }

    /// Moves on without a snapshot, if it is still held for one.
    pub(super) fn release(&mut self) {
        if self.change == Change::Held {
            self.change = Change::None;
        }
    }

    /// The snapshot that it was held for was taken at this position. Behind it, another interest is in force.
    ///
    /// # Errors
    /// When the position lies behind the reader.
    pub(super) fn splice(&mut self, snapshot: Seq, interest: Interest) -> Result<(), Rewound> {
        match self.place {
            Place::Behind(position) if position <= snapshot => {
                self.change = Change::Splice(snapshot, interest);
                Ok(())
            }
            _ => Err(Rewound { snapshot, position: self.position(snapshot) }),
        }
    }

    /// What to do next, with all that was handed on taken. Asked again after every step, until it says to wait, or
    /// that the reader is live.
    pub(super) fn next(&mut self, guide: Seq) -> Step {
        let Place::Behind(position) = self.place else { return Step::Live };
        let upto = match &self.change {
            Change::Held => return Step::Wait,
            // Not before the guide is there: a revocation on the way must not be overtaken.
            Change::Splice(seq, interest) if *seq == position && position <= guide => {
                let interest = interest.clone();
                self.change = Change::None;
                self.listen(interest);
                return Step::Splice;
            }
            Change::Splice(seq, _) => guide.min(*seq),
            Change::None if position == guide => {
                self.place = Place::Live;
                return Step::Live;
            }
            Change::None => guide,
        };
        if position >= upto {
            return Step::Wait;
        }
        if self.interest.is_empty() {
            self.place = Place::Behind(upto);
            return self.next(guide);
        }
        Step::Read(Ask { after: position, upto, turn: self.turn })
    }

    /// A page was read and its events handed on. False when it was asked for before a change: then it must not be
    /// handed on.
    #[must_use = "a page that comes too late must be thrown away"]
    pub(super) fn read(&mut self, ask: Ask, position: Seq) -> bool {
        let valid = self.place == Place::Behind(ask.after) && self.turn == ask.turn;
        if valid {
            self.place = Place::Behind(position);
        }
        valid
    }
}
