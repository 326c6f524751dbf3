//! Pages of a list: a bounded limit, a keyset cursor, one JSON shape.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Rows on a page when the client does not say.
pub const PAGE_ROWS_DEFAULT: u16 = 50;
/// Rows on a page at the most; a larger `limit` is clamped.
pub const PAGE_ROWS_MAX: u16 = 500;

/// The query string of a list: `?limit=&before=`.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Rows wanted, 1 to 500. Default 50.
    #[serde(default)]
    limit: Option<u16>,
    /// Continue behind this id: the `next` of the previous page.
    #[serde(default)]
    pub before: Option<i64>,
}

impl PageQuery {
    /// The number of rows to read.
    pub fn rows(self) -> u16 {
        self.limit.unwrap_or(PAGE_ROWS_DEFAULT).clamp(1, PAGE_ROWS_MAX)
    }
}

/// The largest `offset`; behind it `after_id` goes on at any depth.
pub const PAGE_OFFSET_MAX: u32 = 10_000;

/// The query string of a list that goes forward: `?limit=&after_id=` or `?limit=&offset=`.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ForwardQuery {
    /// Rows wanted, 1 to 500. Default 50.
    #[serde(default)]
    limit: Option<u16>,
    /// Continue behind this id: the `next` of the previous page.
    #[serde(default)]
    after_id: Option<i64>,
    /// Pass over so many rows, at most 10,000.
    #[serde(default)]
    offset: Option<u32>,
}

impl ForwardQuery {
    /// The number of rows to read.
    pub fn rows(self) -> u16 {
        PageQuery { limit: self.limit, before: None }.rows()
    }

    /// The id to continue behind.
    pub fn after(self) -> i64 {
        self.after_id.unwrap_or(0)
    }

    /// The rows to pass over.
    pub fn offset(self) -> i64 {
        self.offset.unwrap_or(0).min(PAGE_OFFSET_MAX).into()
    }
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows, in the order the route documents.
    pub items: Vec<T>,
    /// How many rows are on this page.
    pub count: usize,
    /// How many rows follow this page.
    pub remaining: i64,
    /// The `before` or `after_id` of the next page, null on the last one.
    pub next: Option<i64>,
}

impl<T> Page<T> {
    /// Builds a page; `key` names the row a following page continues behind.
    pub fn new(items: Vec<T>, remaining: i64, key: impl Fn(&T) -> i64) -> Self {
        let next = if remaining > 0 { items.last().map(key) } else { None };
        Self { count: items.len(), items, remaining, next }
    }

    /// The same page with its rows rendered for the wire.
    pub fn map<U>(self, render: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(render).collect(),
            count: self.count,
            remaining: self.remaining,
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_clamped() {
        for (limit, rows) in [(None, 50), (Some(0), 1), (Some(7), 7), (Some(9_999), 500)] {
            assert_eq!(PageQuery { limit, before: None }.rows(), rows, "{limit:?}");
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        assert_eq!(Page::new(vec![9, 7], 3, |id| *id).next, Some(7));
        assert_eq!(Page::new(vec![9, 7], 0, |id| *id).next, None);
    }
}
