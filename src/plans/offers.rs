//! Plans as the operator keeps them.

mod store;

pub(super) use self::store::{
    plan_insert, plan_lock, plan_update, products_replace, sold_as, standings_due, standings_review,
};
