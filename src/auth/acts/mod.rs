//! What operators do, told in the transaction that does it.
//!
//! Emits `ops.acted`. Whoever asks with the operator's rights is an [`Actor`]; what they have done is a command inside
//! of an [`Acting`]. Holds: an act that is committed is told once, by the same commit; one that was refused, or that
//! changed nothing, is not told.

pub mod events;

use std::{fmt, sync::Arc};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

pub use self::events::Acted;
use super::{Caller, Scope};
use crate::db::{Command, Failure, Never, Tx};

/// Somebody with the operator's rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    by: String,
    name: Arc<str>,
}

impl Actor {
    /// Whoever works on the hub's own host, with its database at hand.
    pub fn console() -> Self {
        Self { by: "console".into(), name: "console".into() }
    }

    /// A program of the operator's; nobody else acts for them.
    pub fn of(caller: &Caller) -> Option<Self> {
        match caller {
            Caller::Service { name, .. } => {
                Some(Self { by: caller.name(), name: Arc::clone(name) })
            }
            Caller::Guest | Caller::Wallet { .. } | Caller::User { .. } => None,
        }
    }

    /// As [`Self::of`], for those with the scope `admin`: a bot that acts for users is no operator.
    pub fn operator(caller: &Caller) -> Option<Self> {
        Self::of(caller).filter(|_| caller.has(Scope::Admin))
    }

    /// Says that they do something to something.
    pub fn acts(&self, action: &'static str, target: impl fmt::Display) -> Acted {
        Acted {
            by: self.by.clone(),
            name: self.name.to_string(),
            action: action.into(),
            target: target.to_string(),
            detail: Map::new(),
        }
    }
}

impl Acted {
    /// The same with more to say.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.into(), value.into());
        self
    }
}

/// A command that an operator has carried out, with what is to be told of it.
#[derive(Debug)]
pub struct Acting<C: Command> {
    act: Option<Acted>,
    command: C,
    did: Option<fn(&C::Done) -> bool>,
}

impl<C: Command> Acting<C> {
    /// A command of somebody who acts for themselves: nothing is told but what it tells.
    pub const fn own(command: C) -> Self {
        Self { act: None, command, did: None }
    }

    /// Tells of a command if it told something itself: what changes nothing tells nothing. Without an act it is the
    /// command alone.
    pub fn new(act: impl Into<Option<Acted>>, command: C) -> Self {
        Self { act: act.into(), command, did: None }
    }

    /// As [`Self::new`], for a command that changes what no event tells of: what it gave says whether it did.
    pub fn when(act: impl Into<Option<Acted>>, command: C, did: fn(&C::Done) -> bool) -> Self {
        Self { act: act.into(), command, did: Some(did) }
    }
}

impl<C: Command> Command for Acting<C> {
    const NAME: &'static str = C::NAME;
    const REPEATABLE: bool = C::REPEATABLE;
    const SETTLED: bool = C::SETTLED;
    type Done = C::Done;
    type Refusal = C::Refusal;

    async fn apply(&self, tx: &mut Tx) -> Result<C::Done, Failure<C::Refusal>> {
        let before = tx.emitted();
        let done = self.command.apply(tx).await?;
        let did = match self.did {
            Some(did) => did(&done),
            None => tx.emitted() > before,
        };
        if let Some(act) = self.act.as_ref().filter(|_| did) {
            tx.emit(act)?;
        }
        Ok(done)
    }
}

/// Who acts is no part of the request: the same one by another name of the key is the same.
impl<C: Command + Serialize> Serialize for Acting<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.command.serialize(serializer)
    }
}

/// Tells of an act that changes nothing in the database.
#[derive(Debug)]
pub struct Tell(pub Acted);

impl Command for Tell {
    const NAME: &'static str = "act_tell";
    type Done = ();
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<Never>> {
        Ok(tx.emit(&self.0)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{auth::Scopes, kernel::id::ServiceKeyId};

    #[test]
    fn only_programs_of_the_operator_and_the_console_act() {
        let key = ServiceKeyId::new(uuid::Uuid::nil());
        let service = |scope| {
            let scopes = Scopes::new(vec![scope]).unwrap();
            Caller::Service { key, name: "first key".into(), scopes }
        };
        let act =
            Actor::operator(&service(Scope::Admin)).unwrap().acts("wallet.lock", "k8juvewcui");
        assert_eq!((act.by, act.name), (format!("key:{key}"), "first key".to_owned()));
        assert_eq!(Actor::of(&Caller::Guest), None);
        assert_eq!(Actor::operator(&service(Scope::Bot)), None);
        assert!(Actor::of(&service(Scope::Bot)).is_some());
        assert_eq!(Actor::console().acts("key.create", "shop").by, "console");
    }
}
