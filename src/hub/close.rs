//! Why the hub ends a connection, as clients see it.

/// A close code of the protocol and its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    /// The code: 1000–1015 are RFC 6455's, 4000–4999 the protocol's own.
    pub code: u16,
    /// At most 123 bytes.
    pub reason: &'static str,
}

impl Close {
    /// This node stops after it has told everyone.
    pub const AWAY: Self = Self::new(1001, "going away");
    /// RFC 6455 was violated.
    pub const PROTOCOL: Self = Self::new(1002, "protocol error");
    /// A binary message where only text is understood.
    pub const UNSUPPORTED: Self = Self::new(1003, "send text, not binary");
    /// Text that is not UTF-8.
    pub const INVALID: Self = Self::new(1007, "invalid UTF-8");
    /// A message above the limit.
    pub const TOO_LARGE: Self = Self::new(1009, "message too large");
    /// This node stops at once.
    pub const RESTART: Self = Self::new(1012, "restart");
    /// A message that is no message of the dialect.
    pub const MALFORMED: Self = Self::new(4400, "malformed message");
    /// The credentials were bad, or were revoked.
    pub const UNAUTHORIZED: Self = Self::new(4401, "credentials were revoked");
    /// The credentials came to their end.
    pub const EXPIRED: Self = Self::new(4403, "credentials expired");
    /// Nothing was heard for two rounds of pings.
    pub const SILENT: Self = Self::new(4408, "no pong");
    /// The socket took nothing for too long. It can't take this either: it stands in the log only.
    pub const STALLED: Self = Self::new(4413, "took no byte for too long");
    /// More messages than allowed.
    pub const TOO_MANY: Self = Self::new(4429, "too many messages");
    /// A defect of ours.
    pub const INTERNAL: Self = Self::new(4500, "internal error");

    /// Any other code of a dialect.
    pub const fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason }
    }
}
