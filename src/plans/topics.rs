//! The topics of users and of plans: `user:{discord_id}`, `users` and `plans`.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    Access,
    events::PLANS,
    queries, store,
    views::{AccessView, PlanView, StandingView, Standings},
};
use crate::{
    auth::{
        Caller, Scope,
        topics::{Audience, Topics, Verdict},
    },
    db::{Db, DbError, Snapshot},
    kernel::{event::Topic, id::DiscordId},
};

/// Standings in one part of the snapshot of `users`.
const PART_STANDINGS_MAX: i64 = 400;

/// Who may listen to users: they themselves, and programs that act for them.
#[derive(Debug, Clone)]
pub struct PlanTopics {
    /// The database.
    pub db: Db,
    /// Shows open sessions.
    pub access: Arc<Access>,
}

/// A topic of this slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlanTopic {
    Plans,
    Users,
    User(DiscordId),
    /// Of a family of this slice, and naming nothing.
    Unknown,
}

fn parse(topic: &Topic) -> Option<PlanTopic> {
    match topic.split() {
        (PLANS, None) => Some(PlanTopic::Plans),
        ("users", None) => Some(PlanTopic::Users),
        ("user", Some(id)) => Some(id.parse().map_or(PlanTopic::Unknown, PlanTopic::User)),
        _ => None,
    }
}

impl Topics for PlanTopics {
    fn audience<'a>(&'a self, caller: &'a Caller, topic: &'a Topic) -> Option<Verdict<'a>> {
        let allowed = match parse(topic)? {
            PlanTopic::Unknown => return Some(Verdict::Known(Audience::Unknown)),
            PlanTopic::Plans => true,
            PlanTopic::Users => caller.has(Scope::Bot),
            PlanTopic::User(id) => caller.is_user(id) || caller.has(Scope::Bot),
        };
        Some(Verdict::allowed(allowed))
    }

    fn snapshot<'a>(
        &'a self,
        view: &'a mut Snapshot,
        topic: &'a Topic,
    ) -> Option<BoxFuture<'a, Result<Vec<Box<RawValue>>, DbError>>> {
        let topic = parse(topic)?;
        Some(Box::pin(async move {
            match topic {
                PlanTopic::Unknown => Ok(Vec::new()),
                PlanTopic::Plans => plans(view).await,
                PlanTopic::Users => standings(view).await,
                PlanTopic::User(id) => self.user(view, id).await,
            }
        }))
    }
}

impl PlanTopics {
    async fn user(
        &self,
        view: &mut Snapshot,
        id: DiscordId,
    ) -> Result<Vec<Box<RawValue>>, DbError> {
        let now = self.db.now();
        let Some(account) = queries::account(view.conn(), id, now).await? else {
            return Ok(Vec::new());
        };
        let sessions = if account.holds.is_empty() {
            Vec::new()
        } else {
            self.access.sessions().open(view.conn(), id).await?
        };
        Ok(vec![to_raw_value(&AccessView::new(&account, now).with_sessions(sessions))?])
    }
}

/// The plans that are offered, one a part.
async fn plans(view: &mut Snapshot) -> Result<Vec<Box<RawValue>>, DbError> {
    let plans = queries::plans(view.conn()).await?;
    let offered = plans.iter().filter(|plan| plan.is_active);
    Ok(offered.map(|plan| to_raw_value(&PlanView::from(plan))).collect::<Result<_, _>>()?)
}

/// Who has which plan, so that a bot that keeps roles begins with what is right.
async fn standings(view: &mut Snapshot) -> Result<Vec<Box<RawValue>>, DbError> {
    let mut parts = Vec::new();
    let mut after = DiscordId::new(0);
    loop {
        let page = store::standings_list(view.conn(), after, PART_STANDINGS_MAX).await?;
        let Some(last) = page.last().map(|one: &StandingView| one.discord_user_id) else {
            return Ok(parts);
        };
        after = last;
        parts.push(to_raw_value(&Standings { standings: page })?);
    }
}
