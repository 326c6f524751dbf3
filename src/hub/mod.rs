//! Floor 2: fan-out.
mod cursor;
mod entry;
#[cfg(test)]
mod fixtures;
mod frame;
mod interest;
mod outbox;
mod page;
mod ring;
