//! The one type that every route and every topic decides by.

use std::{fmt, str::FromStr, sync::Arc};

use serde::Serialize;
use utoipa::ToSchema;

use crate::kernel::{
    address::Address,
    event::Credential,
    id::{DiscordId, ServiceKeyId, SessionId, UserSessionId},
    time::Timestamp,
};

/// What a service key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything an operator may.
    Admin,
    /// Act for users: bots and websites.
    Bot,
    /// Report the state of game servers.
    Orchestrator,
}

impl Scope {
    const ALL: [Self; 3] = [Self::Admin, Self::Bot, Self::Orchestrator];

    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Bot => "bot",
            Self::Orchestrator => "orchestrator",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or_else(|| format!("no scope is called {text:?}; use admin, bot or orchestrator"))
    }
}

/// The scopes of one key: at least one, each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// A set of scopes, or `None` when there is none in it.
    pub fn new(mut scopes: Vec<Scope>) -> Option<Self> {
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() { None } else { Some(Self(scopes)) }
    }

    /// Whether the set has this scope. Admin has all.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.iter().any(|held| *held == scope || *held == Scope::Admin)
    }

    /// The scopes, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular.
    Guest,
    /// The holder of a wallet's private key, through a session.
    Wallet {
        /// The wallet.
        address: Address,
        /// The session that proves it.
        session: SessionId,
        /// When the token ends.
        expires: Timestamp,
    },
    /// A person, through a token that a service key issued or through a sign-in.
    User {
        /// Who.
        user: DiscordId,
        /// The session that proves it.
        session: UserSessionId,
        /// When the token ends.
        expires: Timestamp,
    },
    /// A program of the operator's.
    Service {
        /// The key that proves it.
        key: ServiceKeyId,
        /// What the operator called it.
        name: Arc<str>,
        /// What it may do.
        scopes: Scopes,
    },
}

impl Caller {
    /// What they proved it with: what a revocation names.
    pub fn credential(&self) -> Option<Credential> {
        match self {
            Self::Guest => None,
            Self::Wallet { session, .. } => Some(Credential::of("session", session)),
            Self::User { session, .. } => Some(Credential::of("user_session", session)),
            Self::Service { key, .. } => Some(Credential::of("key", key)),
        }
    }

    /// When they must prove it again.
    pub const fn expires(&self) -> Option<Timestamp> {
        match self {
            Self::Wallet { expires, .. } | Self::User { expires, .. } => Some(*expires),
            Self::Guest | Self::Service { .. } => None,
        }
    }

    /// Whether they hold a scope.
    pub fn has(&self, scope: Scope) -> bool {
        matches!(self, Self::Service { scopes, .. } if scopes.allow(scope))
    }

    /// Whether they are the owner of a wallet.
    pub fn owns(&self, wallet: &Address) -> bool {
        matches!(self, Self::Wallet { address, .. } if address == wallet)
    }

    /// Whether they are a user.
    pub fn is_user(&self, id: DiscordId) -> bool {
        matches!(self, Self::User { user, .. } if *user == id)
    }

    /// A name for logs, rate limits and request keys: stable while their credential is.
    pub fn name(&self) -> String {
        match self {
            Self::Guest => "guest".into(),
            Self::Wallet { address, .. } => format!("wallet:{address}"),
            Self::User { user, .. } => format!("user:{user}"),
            Self::Service { key, .. } => format!("key:{key}"),
        }
    }

    /// What they are told about themselves.
    pub fn view(&self) -> CallerView {
        match self {
            Self::Guest => CallerView::Guest,
            Self::Wallet { address, .. } => CallerView::Wallet { wallet: address.clone() },
            Self::User { user, .. } => CallerView::User { user: *user },
            Self::Service { name, scopes, .. } => {
                CallerView::Service { name: name.to_string(), scopes: scopes.clone() }
            }
        }
    }
}

/// A caller on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CallerView {
    /// Nobody in particular.
    Guest,
    /// The holder of a wallet's private key.
    Wallet {
        /// The wallet's address.
        wallet: Address,
    },
    /// A person.
    User {
        /// The id that Discord gave them.
        user: DiscordId,
    },
    /// A program of the operator's.
    Service {
        /// What the operator called it.
        name: String,
        /// What it may do.
        scopes: Scopes,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_has_every_scope_and_the_others_only_their_own() {
        let has = |held: &[Scope], scope| Scopes::new(held.to_vec()).unwrap().allow(scope);
        for scope in Scope::ALL {
            assert!(has(&[Scope::Admin], scope));
            assert_eq!(scope.name().parse(), Ok(scope));
        }
        assert!(has(&[Scope::Bot], Scope::Bot));
        assert!(!has(&[Scope::Bot], Scope::Admin));
        assert!(!has(&[Scope::Orchestrator], Scope::Bot));
        assert_eq!(Scopes::new(vec![]), None);
    }
}
