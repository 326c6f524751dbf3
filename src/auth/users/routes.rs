//! Users over HTTP: for programs that act for them, and for themselves.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    LinkedWallet, Profile, USERNAME_CHARS_MAX, User,
    commands::{
        EndUserSessions, LinkUser, OpenUserSession, TOKEN_TTL, TOKEN_TTL_MAX, TOKEN_TTL_MIN,
        UnlinkWallet, UserRefusal, UserSessions,
    },
    store,
};
use crate::{
    auth::{
        Auth, Caller, Scope,
        acts::{Acted, Acting},
        gate::{Bot, CsrfToken, SignedIn},
    },
    db::{DbError, Failure, Never, Refusal},
    http::{
        Data,
        error::ApiError,
        extract::{Body, Params},
        openapi::Failures,
    },
    kernel::{
        address::Address,
        id::{DiscordId, ServiceKeyId, UserSessionId},
        page::PAGE_ROWS_MAX,
        time::Timestamp,
    },
};

/// The codes that this part of the slice adds.
pub const CODES: &[(&str, u16, &str)] = &[
    ("user_not_linked", 404, "nobody with this Discord id has signed in or was vouched for"),
    ("wallet_not_linked", 404, "the wallet is not this user's"),
];

/// The routes of this part of the slice.
pub(in crate::auth) fn routes() -> OpenApiRouter<Arc<Auth>> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(unlink))
        .routes(routes!(user, link))
        .routes(routes!(tokens, issue, revoke))
}

/// A user and what is theirs.
#[derive(Debug, Serialize, ToSchema)]
struct UserView {
    #[serde(flatten)]
    user: User,
    /// The address that Discord gave, if it did.
    email: Option<String>,
    /// Their wallets.
    wallets: Vec<LinkedWallet>,
    /// What a page that came by cookie sends as `X-CSRF-Token` to change something; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
}

async fn view(auth: &Auth, user: User) -> Result<UserView, ApiError> {
    let mut conn = auth.db().read().await?;
    let wallets = store::wallets_of(&mut conn, user.discord_user_id).await?;
    Ok(UserView { email: user.email.clone(), user, wallets, csrf_token: None })
}

async fn find(auth: &Auth, id: DiscordId) -> Result<User, ApiError> {
    let user = store::user_find(&mut *auth.db().read().await?, id).await?;
    user.ok_or_else(|| refused(&UserRefusal::NotLinked))
}

/// Who am I
#[utoipa::path(get, path = "/api/v1/users/me", tag = "users", security(("session" = [])),
    responses((status = 200, body = Data<UserView>), Failures))]
async fn me(
    State(auth): State<Arc<Auth>>,
    signed_in: SignedIn,
    CsrfToken(csrf_token): CsrfToken,
) -> Result<Json<Data<UserView>>, ApiError> {
    let user = find(&auth, signed_in.user).await?;
    Ok(Data::json(UserView { csrf_token, ..view(&auth, user).await? }))
}

/// A user, for themselves and for programs that act for them
#[utoipa::path(get, path = "/api/v1/users/{discord_id}", tag = "users", params(("discord_id" = DiscordId, Path)),
    security(("session" = []), ("service_key" = [])),
    responses((status = 200, body = Data<UserView>), Failures))]
async fn user(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
    Params(id): Params<DiscordId>,
) -> Result<Json<Data<UserView>>, ApiError> {
    match caller {
        _ if caller.is_user(id) || caller.has(Scope::Bot) => {}
        Caller::Guest => return Err(ApiError::unauthorized("unauthorized", "sign in first")),
        _ => return Err(ApiError::forbidden("forbidden", "this is for the user themselves")),
    }
    let user = find(&auth, id).await?;
    Ok(Data::json(view(&auth, user).await?))
}

/// What a program says of a user; what is absent stays as it was.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct ProfileBody {
    /// Discord's unique name, at most 100 characters.
    username: Option<String>,
    /// What they want to be called, at most 100 characters.
    display_name: Option<String>,
    /// Discord's hash of their picture, at most 128 characters.
    avatar: Option<String>,
    /// Their address, 3 to 320 characters with an @.
    email: Option<String>,
}

impl ProfileBody {
    fn read(self) -> Result<Profile, ApiError> {
        let within = |field: &str, text: Option<String>, most: usize| match text {
            Some(text) if text.chars().count() > most || text.chars().any(char::is_control) => {
                let rule = format!("at most {most} characters, none of them a control character");
                Err(ApiError::validation(field, rule))
            }
            text => Ok(text),
        };
        let email = within("email", self.email, 320)?;
        if email.as_ref().is_some_and(|text| text.len() < 3 || !text.contains('@')) {
            return Err(ApiError::validation("email", "an address such as ada@example.com"));
        }
        Ok(Profile {
            username: within("username", self.username, USERNAME_CHARS_MAX)?,
            display_name: within("display_name", self.display_name, USERNAME_CHARS_MAX)?,
            avatar: within("avatar", self.avatar, 128)?,
            email,
        })
    }
}

/// Link a user, or renew what is known of them, on the word of the program that asks
#[utoipa::path(put, path = "/api/v1/users/{discord_id}", tag = "users", params(("discord_id" = DiscordId, Path)),
    request_body = ProfileBody, security(("service_key" = [])),
    responses((status = 200, body = Data<UserView>), Failures))]
async fn link(
    State(auth): State<Arc<Auth>>,
    bot: Bot,
    Params(id): Params<DiscordId>,
    Body(body): Body<ProfileBody>,
) -> Result<Json<Data<UserView>>, ApiError> {
    let profile = body.read()?;
    let command = Acting::new(bot.operates("user.link", id), LinkUser { id, profile });
    let user = auth.db().run(&command).await.map_err(failed)?;
    Ok(Data::json(view(&auth, user).await?))
}

/// A token to issue.
#[derive(Debug, Deserialize, ToSchema)]
struct IssueBody {
    /// How long it is valid: 60 to 2,592,000 seconds; a day when absent.
    ttl_s: Option<u64>,
    #[serde(flatten)]
    profile: ProfileBody,
}

/// A user's token, shown once.
#[derive(Debug, Serialize, ToSchema)]
struct TokenView {
    /// Goes into `Authorization: Bearer` or `Authorization: Token`.
    token: String,
    /// When it ends.
    expires: Timestamp,
    /// Whose it is.
    discord_user_id: DiscordId,
}

/// Issue a token with which a user asks for themselves; the user is linked by it
#[utoipa::path(post, path = "/api/v1/users/{discord_id}/tokens", tag = "users",
    params(("discord_id" = DiscordId, Path)), request_body = IssueBody, security(("service_key" = [])),
    responses((status = 201, body = Data<TokenView>), Failures))]
async fn issue(
    State(auth): State<Arc<Auth>>,
    bot: Bot,
    Params(id): Params<DiscordId>,
    headers: HeaderMap,
    Body(body): Body<IssueBody>,
) -> Result<(StatusCode, Json<Data<TokenView>>), ApiError> {
    let ttl = body.ttl_s.map_or(TOKEN_TTL, Duration::from_secs);
    if !(TOKEN_TTL_MIN..=TOKEN_TTL_MAX).contains(&ttl) {
        let rule = format!("{} to {} seconds", TOKEN_TTL_MIN.as_secs(), TOKEN_TTL_MAX.as_secs());
        return Err(ApiError::validation("ttl_s", rule));
    }
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let command = OpenUserSession {
        user: id,
        profile: body.profile.read()?,
        issued_by: Some(bot.key),
        ttl,
        user_agent: agent.map(ToOwned::to_owned),
    };
    // A bot's user logs in by this; an operator's use of it is told, although no event tells of a login.
    let act = bot.operates("user_token.issue", id).map(|act| act.with("ttl_s", ttl.as_secs()));
    let command = Acting::when(act, command, |_| true);
    let (_, opened) = auth.db().run(&command).await.map_err(failed)?;
    let view = TokenView {
        token: opened.token.reveal().into(),
        expires: opened.expires,
        discord_user_id: id,
    };
    Ok((StatusCode::CREATED, Data::json(view)))
}

/// A live session of a user.
#[derive(Debug, Serialize, ToSchema)]
struct UserSessionView {
    /// Its public id.
    id: UserSessionId,
    /// The service key that issued it; null when they signed in themselves.
    issued_by: Option<ServiceKeyId>,
    /// When it was opened.
    created_at: Timestamp,
    /// When its token ends.
    expires_at: Timestamp,
    /// What the client calls itself.
    user_agent: Option<String>,
}

/// The live sessions of a user, newest first; never their secrets
#[utoipa::path(get, path = "/api/v1/users/{discord_id}/tokens", tag = "users",
    params(("discord_id" = DiscordId, Path)), security(("service_key" = [])),
    responses((status = 200, body = Data<Vec<UserSessionView>>), Failures))]
async fn tokens(
    State(auth): State<Arc<Auth>>,
    _: Bot,
    Params(id): Params<DiscordId>,
) -> Result<Json<Data<Vec<UserSessionView>>>, ApiError> {
    find(&auth, id).await?;
    let mut conn = auth.db().read().await?;
    let now = auth.db().now();
    let rows = store::sessions_list(&mut conn, id, now, i64::from(PAGE_ROWS_MAX)).await?;
    let view = |row: store::UserSessionRow| UserSessionView {
        id: UserSessionId::new(row.id),
        issued_by: row.issued_by.map(ServiceKeyId::new),
        created_at: Timestamp::new(row.created_at),
        expires_at: Timestamp::new(row.expires_at),
        user_agent: row.user_agent,
    };
    Ok(Data::json(rows.into_iter().map(view).collect()))
}

/// How many sessions ended.
#[derive(Debug, Serialize, ToSchema)]
struct Ended {
    /// The number.
    revoked: usize,
}

/// End all sessions of a user; their sockets are closed
#[utoipa::path(delete, path = "/api/v1/users/{discord_id}/tokens", tag = "users",
    params(("discord_id" = DiscordId, Path)), security(("service_key" = [])),
    responses((status = 200, body = Data<Ended>), Failures))]
async fn revoke(
    State(auth): State<Arc<Auth>>,
    bot: Bot,
    Params(id): Params<DiscordId>,
) -> Result<Json<Data<Ended>>, ApiError> {
    find(&auth, id).await?;
    let act = bot.operates("user_tokens.revoke", id);
    Ok(Data::json(Ended { revoked: end(&auth, act, UserSessions::Of(id)).await? }))
}

/// Take a wallet from the caller
#[utoipa::path(delete, path = "/api/v1/users/me/wallets/{address}", tag = "users",
    params(("address" = Address, Path)), security(("session" = [])),
    responses((status = 200, body = Data<UserView>), Failures))]
async fn unlink(
    State(auth): State<Arc<Auth>>,
    signed_in: SignedIn,
    Params(address): Params<Address>,
) -> Result<Json<Data<UserView>>, ApiError> {
    let command = UnlinkWallet { user: signed_in.user, address };
    auth.db().run(&command).await.map_err(|failure| match failure {
        Failure::Db(error) => error.into(),
        Failure::Refused(refusal) => refused(&refusal),
    })?;
    let user = find(&auth, signed_in.user).await?;
    Ok(Data::json(view(&auth, user).await?))
}

/// Ends sessions of users; an operator's doing so is told.
pub(in crate::auth) async fn end(
    auth: &Auth,
    act: Option<Acted>,
    which: UserSessions,
) -> Result<usize, ApiError> {
    auth.db().run(&Acting::new(act, EndUserSessions(which))).await.map_err(failed)
}

/// What the client is told when a change of a user is refused.
pub fn refused(refusal: &UserRefusal) -> ApiError {
    let code = refusal.code();
    match refusal {
        UserRefusal::NotLinked => ApiError::not_found(
            code,
            "nobody with this Discord id has signed in; let them sign in or link them first",
        ),
        UserRefusal::WalletNotLinked => {
            ApiError::not_found(code, "the wallet is not linked to this user")
        }
        UserRefusal::WalletTaken => {
            ApiError::conflict(code, "the wallet is another user's; they must unlink it first")
        }
        UserRefusal::TooManyWallets => {
            ApiError::conflict(code, "the user has too many wallets; unlink one first")
        }
    }
}

fn failed(failure: Failure<Never>) -> ApiError {
    match failure {
        Failure::Db(error) => DbError::into(error),
        Failure::Refused(never) => match never {},
    }
}
