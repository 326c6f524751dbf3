//! Signing in with Discord over HTTP: two stops of a browser.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ATTEMPT_TTL, Attempt, DiscordSettings, challenge,
    client::{ClientError, Discord},
    cookies, return_path, state_hash, store, with_error,
};
use crate::{
    auth::{
        Auth,
        users::commands::{BROWSER_TTL, OpenUserSession},
    },
    db::{Failure, random},
    http::{Data, error::ApiError, extract::Query, openapi::Failures},
};

/// The codes that this part of the slice adds.
pub const CODES: &[(&str, u16, &str)] = &[
    (
        "csrf_required",
        403,
        "a change by cookie needs the X-CSRF-Token that GET /api/v1/users/me says",
    ),
    (
        "sign_in_invalid",
        400,
        "the state is unknown, used, too old or another browser's; sign in again",
    ),
    ("discord_not_configured", 503, "the operator has not set discord_client_id"),
];

/// Where Discord sends browsers back to, below the hub's own address.
const CALLBACK: &str = "/api/v1/sign-in/discord/callback";

/// What the routes of this part of the slice need.
#[derive(Debug)]
pub struct SignIn {
    auth: Arc<Auth>,
    discord: Option<Discord>,
    /// Where browsers reach the hub; what they ask for when the operator has not said it.
    public_url: Option<Url>,
}

impl SignIn {
    /// Signs people in, when the operator has registered an application.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(
        auth: Arc<Auth>,
        discord: Option<DiscordSettings>,
        public_url: Option<Url>,
    ) -> Result<Arc<Self>, reqwest::Error> {
        let discord = discord.map(Discord::new).transpose()?;
        Ok(Arc::new(Self { auth, discord, public_url }))
    }

    fn discord(&self) -> Result<&Discord, ApiError> {
        self.discord.as_ref().ok_or_else(|| {
            let message = "signing in with Discord is not set up; set discord_client_id";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "discord_not_configured", message)
        })
    }

    /// Where Discord sends the browser back to. Discord knows the addresses that may stand here, so a forged `Host` leads
    /// nowhere.
    fn callback(&self, headers: &HeaderMap) -> Result<Url, ApiError> {
        let base = match &self.public_url {
            Some(url) => Ok(url.clone()),
            None => {
                let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
                Url::parse(&format!("http://{}/", host.unwrap_or("")))
            }
        };
        let Ok(mut url) = base else {
            return Err(ApiError::bad_request("sign_in_invalid", "the request names no host"));
        };
        let path = format!("{}{CALLBACK}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url.set_query(None);
        Ok(url)
    }

    fn secure(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }
}

/// The routes of this part of the slice.
pub fn routes() -> OpenApiRouter<Arc<SignIn>> {
    OpenApiRouter::new().routes(routes!(ways)).routes(routes!(begin)).routes(routes!(finish))
}

/// How people can sign in; a token works always.
#[derive(Debug, Serialize, ToSchema)]
struct Ways {
    /// Whether `GET /api/v1/sign-in/discord` leads to Discord.
    discord: bool,
}

/// How people can sign in here
#[utoipa::path(get, path = "/api/v1/sign-in", tag = "users", responses((status = 200, body = Data<Ways>), Failures))]
async fn ways(State(sign_in): State<Arc<SignIn>>) -> Json<Data<Ways>> {
    Data::json(Ways { discord: sign_in.discord.is_some() })
}

/// Where to go afterwards.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Begin {
    /// A path of this host, `/` when absent. `sign_in_error` is added to it when it fails: `denied`, `email_required`
    /// or `discord_failed`.
    return_to: Option<String>,
}

/// Sign in with Discord: sends a browser there
#[utoipa::path(get, path = "/api/v1/sign-in/discord", tag = "users", params(Begin),
    responses((status = 303, description = "to Discord, with the cookie of the attempt"), Failures))]
async fn begin(
    State(sign_in): State<Arc<SignIn>>,
    headers: HeaderMap,
    Query(query): Query<Begin>,
) -> Result<Response, ApiError> {
    let discord = sign_in.discord()?;
    let wanted = query.return_to.as_deref().unwrap_or("/");
    let return_to = return_path(wanted)
        .ok_or_else(|| ApiError::validation("return_to", "a path of this host, such as /app/"))?;
    // A browser with two tabs tries twice with one cookie.
    let known = cookies::find(&headers, cookies::ATTEMPT).as_deref().and_then(Attempt::read);
    let attempt = known.unwrap_or_else(Attempt::fresh);
    let state = URL_SAFE_NO_PAD.encode(random::bytes::<24>());
    let now = sign_in.auth.db().now();
    let expires = now.plus(ATTEMPT_TTL).unwrap_or(now);
    let mut conn = sign_in.auth.db().read().await?;
    store::attempt_insert(&mut conn, &state_hash(&state), &attempt.hash(), return_to, expires)
        .await?;
    let callback = sign_in.callback(&headers)?;
    let challenge = challenge(&attempt.verifier(&state));
    let url = discord.authorize(&callback, &state, &challenge).map_err(ApiError::internal)?;
    let age = i64::try_from(ATTEMPT_TTL.as_secs()).unwrap_or(0);
    let cookie = cookies::attempt(&attempt.0, age, sign_in.secure());
    Ok(redirect(url.as_str(), cookie))
}

/// What Discord says.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Finish {
    /// What is exchanged for the person.
    code: Option<String>,
    /// What was sent along.
    state: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

/// Come back from Discord: signs the browser in by a cookie
#[utoipa::path(get, path = "/api/v1/sign-in/discord/callback", tag = "users", params(Finish),
    responses((status = 303, description = "to the page, with the cookie of the session"), Failures))]
async fn finish(
    State(sign_in): State<Arc<SignIn>>,
    headers: HeaderMap,
    Query(query): Query<Finish>,
) -> Result<Response, ApiError> {
    let discord = sign_in.discord()?;
    let invalid = || {
        let message = "this attempt to sign in is unknown, used or too old; sign in again";
        ApiError::bad_request("sign_in_invalid", message)
    };
    let attempt = cookies::find(&headers, cookies::ATTEMPT).as_deref().and_then(Attempt::read);
    let (Some(attempt), Some(state)) = (attempt, query.state) else { return Err(invalid()) };
    let now = sign_in.auth.db().now();
    let mut conn = sign_in.auth.db().read().await?;
    let taken = store::attempt_take(&mut conn, &state_hash(&state), &attempt.hash(), now).await?;
    drop(conn);
    let return_to = taken.ok_or_else(invalid)?;
    let Some(code) = query.code.filter(|_| query.error.is_none()) else {
        return Ok(redirect(&with_error(&return_to, "denied"), None));
    };
    let callback = sign_in.callback(&headers)?;
    let person = match discord.person(&callback, &code, &attempt.verifier(&state)).await {
        Ok(person) => person,
        Err(error) => return Ok(failed(&return_to, error)),
    };
    if person.profile.email.is_none() {
        return Ok(redirect(&with_error(&return_to, "email_required"), None));
    }
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let command = OpenUserSession {
        user: person.id,
        profile: person.profile,
        issued_by: None,
        ttl: BROWSER_TTL,
        user_agent: agent.map(ToOwned::to_owned),
    };
    let (_, opened) = match sign_in.auth.db().run(&command).await {
        Ok(done) => done,
        Err(Failure::Db(error)) => return Err(error.into()),
        Err(Failure::Refused(never)) => match never {},
    };
    let age = i64::try_from(BROWSER_TTL.as_secs()).unwrap_or(0);
    Ok(redirect(&return_to, cookies::session(opened.token.reveal(), age, sign_in.secure())))
}

fn failed(return_to: &str, error: ClientError) -> Response {
    tracing::warn!(
        error = format!("{:#}", anyhow::Error::new(error)),
        "could not sign in with Discord"
    );
    redirect(&with_error(return_to, "discord_failed"), None)
}

/// Sends a browser elsewhere. Neither the answer nor the code in the address it came from is kept.
fn redirect(to: &str, cookie: Option<HeaderValue>) -> Response {
    let mut response =
        (StatusCode::SEE_OTHER, [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store")])
            .into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
