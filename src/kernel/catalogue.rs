//! How a slice describes its events and topics to clients: what the AsyncAPI document is put together from.

use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

/// What one slice adds to the document.
#[derive(Default)]
pub struct Catalogue {
    /// Its topics.
    pub topics: Vec<TopicEntry>,
    /// The kinds of events that the log stores.
    pub kinds: Vec<KindEntry>,
    /// The kinds of hints, which are in no log.
    pub hints: Vec<KindEntry>,
}

/// A topic, or a family of topics.
pub struct TopicEntry {
    /// The name, with `{…}` for the part that differs: `wallet:{address}`.
    pub name: &'static str,
    /// Who may listen.
    pub audience: &'static str,
    /// The kinds of events and hints on it.
    pub kinds: &'static [&'static str],
    /// What its snapshot is, if it has one.
    pub snapshot: Option<Shape>,
}

/// A kind of event or hint.
pub struct KindEntry {
    /// The kind, `payment.made`.
    pub kind: &'static str,
    /// What has happened.
    pub meaning: &'static str,
    /// What its data is.
    pub data: Shape,
    /// `{"kind","topics","data"}` as it stands on the wire.
    pub example: &'static str,
}

/// A type of JSON by its name, with the types that it is made of.
pub struct Shape {
    /// The name of the type.
    pub name: String,
    /// The type and all that it refers to.
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

impl Shape {
    /// The JSON of a type.
    pub fn of<T: ToSchema>() -> Self {
        let name = T::name().into_owned();
        let mut schemas = vec![(name.clone(), T::schema())];
        T::schemas(&mut schemas);
        Self { name, schemas }
    }
}
