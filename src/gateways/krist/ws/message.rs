//! The messages of Krist's websocket: an `id` that is echoed as it was written, a `type` in any case, and fields.

use serde_json::value::RawValue;

use crate::gateways::krist::{error::KristError, fields::Fields, reply::Reply};

/// Characters of a message at the most, as JavaScript counts them, and of one that Krist does not have.
const MESSAGE_CHARS_MAX: usize = 512;
const OWN_MESSAGE_BYTES_MAX: usize = 4_096;
/// The longest id in bytes of JSON.
const ID_BYTES_MAX: usize = 128;

/// The client's own name for a message: a number or a text, echoed exactly as it was written.
pub(super) type Id = Box<RawValue>;

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Work,
    Address,
    Me,
    Login,
    Logout,
    GetSubscriptionLevel,
    GetValidSubscriptionLevels,
    Subscribe,
    Unsubscribe,
    MakeTransaction,
    SubmitBlock,
    /// Not Krist's: go on behind an event.
    Replay,
}

const KINDS: [(&str, Kind); 12] = [
    ("work", Kind::Work),
    ("address", Kind::Address),
    ("me", Kind::Me),
    ("login", Kind::Login),
    ("logout", Kind::Logout),
    ("get_subscription_level", Kind::GetSubscriptionLevel),
    ("get_valid_subscription_levels", Kind::GetValidSubscriptionLevels),
    ("subscribe", Kind::Subscribe),
    ("unsubscribe", Kind::Unsubscribe),
    ("make_transaction", Kind::MakeTransaction),
    ("submit_block", Kind::SubmitBlock),
    ("replay", Kind::Replay),
];

impl Kind {
    fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map(|(name, _)| *name).unwrap_or_default()
    }
}

/// A message that can be answered.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: Id,
    pub(super) kind: Kind,
    pub(super) fields: Fields,
}

/// What a text comes to.
#[derive(Debug)]
pub(super) enum Read {
    /// Something to answer.
    Asked(Asked),
    /// The client says that it is still there.
    Alive,
    /// Nothing that can be answered otherwise.
    Refused(Option<Id>, KristError),
}

impl Read {
    /// Reads a text.
    pub(super) fn new(text: &str) -> Self {
        let long =
            text.len() > MESSAGE_CHARS_MAX && text.encode_utf16().count() > MESSAGE_CHARS_MAX;
        if long && text.len() > OWN_MESSAGE_BYTES_MAX {
            return Self::too_long();
        }
        let fields = if text.trim_start().starts_with('{') { Fields::json(text) } else { None };
        let Some(fields) = fields else {
            return if long { Self::too_long() } else { Self::syntax_error() };
        };
        let kind = fields.text("type");
        let word = kind.as_ref().ok().cloned().flatten().map(|kind| kind.trim().to_lowercase());
        if long && word.as_deref() != Some("replay") {
            return Self::too_long();
        }
        if word.as_deref() == Some("keepalive") && fields.given("id").is_none() {
            return Self::Alive;
        }
        let id = match fields.given("id") {
            None => return Self::Refused(None, KristError::missing("id")),
            Some(id) if !is_id(id) => return Self::Refused(None, KristError::invalid("id")),
            Some(id) => id.to_owned(),
        };
        match (kind, word) {
            (Err(error), _) => Self::Refused(Some(id), error),
            (Ok(None), _) | (_, None) => Self::Refused(Some(id), KristError::missing("type")),
            (_, Some(word)) => match KINDS.iter().find(|(name, _)| *name == word) {
                Some((_, kind)) => Self::Asked(Asked { id, kind: *kind, fields }),
                None => Self::Refused(Some(id), KristError::invalid("type")),
            },
        }
    }

    /// What is no text at all is no JSON either.
    pub(super) fn syntax_error() -> Self {
        Self::Refused(None, KristError::new("syntax_error", "Syntax error"))
    }

    fn too_long() -> Self {
        Self::Refused(None, KristError::new("message_too_long", "message_too_long"))
    }
}

fn is_id(raw: &RawValue) -> bool {
    let named = raw.get().starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit());
    named && raw.get().len() <= ID_BYTES_MAX
}

/// The head of the answer to a message. Krist and its successors have named the same field differently, and one
/// client expects `subscribe` behind both halves of that pair.
pub(super) fn answer(id: &RawValue, kind: Kind) -> Reply {
    let responding_to = if kind == Kind::Unsubscribe { Kind::Subscribe } else { kind };
    Reply::ok()
        .with("id", id)
        .with("type", "response")
        .with("responding_to_type", kind.name())
        .with("responding_to", responding_to.name())
}

/// The answer to a message that is refused.
pub(super) fn refusal(id: Option<&RawValue>, error: &KristError) -> Reply {
    let head = error.fill(Reply::default().with("ok", &false)).with("type", "error");
    match id {
        Some(id) => head.with("id", id),
        None => head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (Option<String>, &'static str) {
        match Read::new(text) {
            Read::Refused(id, error) => (id.map(|id| id.get().to_owned()), error.code),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn every_type_is_known_in_any_case() {
        for (name, kind) in KINDS {
            for spelling in [name.to_owned(), name.to_uppercase(), format!("  {name} ")] {
                let text = format!(r#"{{"id":"x","type":"{spelling}"}}"#);
                let Read::Asked(asked) = Read::new(&text) else { panic!("{text}") };
                assert_eq!(asked.kind, kind);
            }
        }
    }

    #[test]
    fn an_id_comes_back_as_it_was_written() {
        for id in ["0", "7", "-1", "1.50", "\"0\"", "\"a b\"", "\"\""] {
            let text = format!(r#"{{"id":{id},"type":"me"}}"#);
            let Read::Asked(asked) = Read::new(&text) else { panic!("{text}") };
            let told = serde_json::to_string(&answer(&asked.id, asked.kind)).unwrap();
            assert!(told.contains(&format!(r#""id":{id},"#)), "{told}");
        }
    }

    #[test]
    fn what_can_not_be_answered_says_why() {
        let id = |text: &str| Some(text.to_owned());
        assert_eq!(refused(""), (None, "syntax_error"));
        assert_eq!(refused("nonsense"), (None, "syntax_error"));
        assert_eq!(refused(r#"{"id":1,"type":"me""#), (None, "syntax_error"));
        assert_eq!(refused(r#"[{"id":1}]"#), (None, "syntax_error"));
        assert_eq!(refused(r#"{"type":"me"}"#), (None, "missing_parameter"));
        assert_eq!(refused(r#"{"type":"me","id":{}}"#), (None, "invalid_parameter"));
        assert_eq!(refused(r#"{"type":"me","id":null}"#), (None, "invalid_parameter"));
        assert_eq!(refused(r#"{"id":0}"#), (id("0"), "missing_parameter"));
        assert_eq!(refused(r#"{"id":"0","type":""}"#), (id("\"0\""), "missing_parameter"));
        assert_eq!(refused(r#"{"id":1,"type":7}"#), (id("1"), "invalid_parameter"));
        assert_eq!(refused(r#"{"id":1,"type":"dance"}"#), (id("1"), "invalid_parameter"));
    }

    #[test]
    fn a_message_has_512_characters() {
        let padded = |kind: &str, chars: usize| {
            let head = format!(r#"{{"id":1,"type":"{kind}","pad":""#);
            format!("{head}{}\"}}", "é".repeat(chars - head.len() - 2))
        };
        assert!(matches!(Read::new(&padded("me", 512)), Read::Asked(_)));
        assert_eq!(refused(&padded("me", 513)), (None, "message_too_long"));
        assert!(matches!(Read::new(&padded("replay", 1_024)), Read::Asked(_)));
        assert_eq!(refused(&padded("replay", 4_096)), (None, "message_too_long"));
        assert_eq!(refused(&"x".repeat(513)), (None, "message_too_long"));
    }

    #[test]
    fn a_sign_of_life_is_no_question() {
        assert!(matches!(Read::new(r#"{"type":"keepalive"}"#), Read::Alive));
    }
}
