//! The stand-in's doors: the API as the hub knows it, pages for a person, and `/fake` for tests.
//!
//! One function looks at method and path, as in a table; a path that is in it nowhere is not found.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse as _, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::Duration;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::{
    Faults, Polar, scheme,
    shape::time,
    world::{Product, Refused, World, buying, changes},
};
use crate::{db::random, http::signature::Scheme};

/// The version of the API.
const VERSION: &str = "2026-04";
/// Rows of a page at the most.
const PAGE_ROWS_MAX: usize = 100;
/// How long a way into the portal works.
const PORTAL_HOURS: i64 = 1;

type Answer = Result<Response, Refused>;

pub(super) fn router(polar: Polar) -> Router {
    Router::new().fallback(answer).with_state(polar)
}

/// A secret as Polar makes them.
pub(super) fn fresh_secret() -> String {
    format!("whsec_{}", BASE64.encode(random::bytes::<32>()))
}

/// The text of a setting that this program's own user gave.
pub(super) fn revealed(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}

/// What to do with it, for whoever started it.
pub(super) fn greeting(polar: &Polar) -> String {
    let world = polar.0.world.lock();
    let products = world.products.values();
    let products: Vec<String> =
        products.map(|product| format!("  {}  {}\n", product.id, product.name)).collect();
    format!(
        "A stand-in for Polar listens on {base}\n\nStart a hub beside it:\n  TOLLBELL_POLAR_API_BASE_URL={base} \
         TOLLBELL_POLAR_ACCESS_TOKEN={token} \\\n  TOLLBELL_POLAR_WEBHOOK_SECRET='{secret}' tollbell serve\n\n\
         It delivers to {url}, and sells\n{products}",
        base = polar.0.base,
        token = polar.0.token,
        secret = polar.0.secret.expose_secret(),
        url = world.endpoint.url,
        products = products.concat(),
    )
}

async fn answer(
    State(polar): State<Polar>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
    let done = match path.split_first() {
        Some((&"v1", rest)) => api(&polar, &method, (rest, &uri), &headers, &body),
        Some((&"fake", rest)) => control(&polar, &method, rest, &body),
        Some((&("checkout" | "portal"), _)) => page(&polar, &method, &path, &body),
        _ => Err(Refused::NotFound),
    };
    polar.tick();
    done.unwrap_or_else(Refused::into_response)
}

impl Refused {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::NotFound => {
                let body = json!({"error": "ResourceNotFound", "detail": "Not found"});
                (StatusCode::NOT_FOUND, body)
            }
            Self::Unprocessable(field, message) => {
                let detail =
                    json!([{"loc": ["body", field], "msg": message, "type": "value_error"}]);
                let body = json!({"error": "RequestValidationError", "detail": detail});
                (StatusCode::UNPROCESSABLE_ENTITY, body)
            }
            Self::Forbidden(class, message) => {
                (StatusCode::FORBIDDEN, json!({"error": class, "detail": message}))
            }
        };
        (status, Json(body)).into_response()
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        tracing::debug!(%error, "a body does not fit");
        Refused::Unprocessable("body", "the body does not fit")
    })
}

fn id(text: &str) -> Result<Uuid, Refused> {
    text.parse().or(Err(Refused::NotFound))
}

fn made(status: StatusCode, body: Value) -> Response {
    ([("x-polar-sandbox", "1")], (status, Json(body))).into_response()
}

fn shown(body: Value) -> Response {
    made(StatusCode::OK, body)
}

fn listed(items: Vec<Value>, page: usize, limit: usize) -> Response {
    let limit = limit.clamp(1, PAGE_ROWS_MAX);
    let total = items.len();
    let items: Vec<_> =
        items.into_iter().skip(page.saturating_sub(1) * limit).take(limit).collect();
    shown(
        json!({"items": items, "pagination": {"total_count": total, "max_page": total.div_ceil(limit)}}),
    )
}

/// Which rows of a list.
#[derive(Debug, Deserialize)]
#[serde(default)]
struct ListQuery {
    active: Option<bool>,
    succeeded: Option<bool>,
    page: usize,
    limit: usize,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self { active: None, succeeded: None, page: 1, limit: 10 }
    }
}

/// The API. What lies behind the token is in [`known`].
fn api(
    polar: &Polar,
    method: &Method,
    (path, uri): (&[&str], &Uri),
    headers: &HeaderMap,
    body: &[u8],
) -> Answer {
    if let Some(status) = polar.0.faults.lock().api_status {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = Json(json!({"error": "Fault", "detail": "told to fail"}));
        return Ok((status, [(header::RETRY_AFTER, "1")], body).into_response());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let expected = format!("Bearer {}", polar.0.token);
    if !bool::from(text("authorization").as_bytes().ct_eq(expected.as_bytes())) {
        let body = json!({"error": "invalid_token", "detail": "The access token is invalid."});
        return Ok(made(StatusCode::UNAUTHORIZED, body));
    }
    if !["", VERSION].contains(&text("polar-version")) {
        return Ok(made(StatusCode::NOT_FOUND, json!({"detail": "Not Found"})));
    }
    let is_collection = matches!(path, [_]);
    if is_collection && !uri.path().ends_with('/') {
        return Ok(Redirect::temporary(&format!("{}/", uri.path())).into_response());
    }
    let query =
        Query::<ListQuery>::try_from_uri(uri).map_or_else(|_| ListQuery::default(), |q| q.0);
    known(polar, method, path, &query, body)
}

fn known(polar: &Polar, method: &Method, path: &[&str], query: &ListQuery, body: &[u8]) -> Answer {
    let now = polar.now();
    let world = &mut *polar.0.world.lock();
    match (method.as_str(), path) {
        ("POST", ["checkouts"]) => {
            let checkout = world.open_checkout(parse(body)?, &polar.0.base, now)?;
            Ok(made(StatusCode::CREATED, checkout.shape()))
        }
        ("GET", ["checkouts", checkout]) => {
            Ok(shown(world.checkouts.get(&id(checkout)?).ok_or(Refused::NotFound)?.shape()))
        }
        ("POST", ["customer-sessions"]) => open_portal(polar, world, &parse(body)?),
        ("GET", ["customers", "external", external, "state"]) => {
            let customer = world.by_external_id(external).ok_or(Refused::NotFound)?.id;
            Ok(shown(world.state_of(customer).ok_or(Refused::NotFound)?))
        }
        ("GET", ["subscriptions"]) => {
            let wanted = |active: bool| query.active.is_none_or(|wanted| wanted == active);
            let found = world.subscriptions.values().filter(|one| wanted(one.is_active()));
            let items = found.filter_map(|one| world.shape_of(one)).collect();
            Ok(listed(items, query.page, query.limit))
        }
        ("GET", ["subscriptions", one]) => subscription(world, id(one)?),
        ("PATCH", ["subscriptions", one]) => {
            let one = id(one)?;
            update(world, one, &parse(body)?, now)?;
            subscription(world, one)
        }
        ("DELETE", ["subscriptions", one]) => {
            let one = id(one)?;
            world.revoke(one, now)?;
            subscription(world, one)
        }
        ("GET", ["webhooks", "endpoints"]) => Ok(listed(vec![world.endpoint.shape()], 1, 100)),
        ("GET" | "PATCH", ["webhooks", "endpoints", one]) if id(one)? == world.endpoint.id => {
            if *method == Method::PATCH {
                change_endpoint(world, &parse(body)?);
            }
            Ok(shown(world.endpoint.shape()))
        }
        ("GET", ["webhooks", "deliveries"]) => Ok(deliveries(world, query)),
        ("POST", ["webhooks", "events", one, "redeliver"]) => {
            let found = world.post.redeliver(id(one)?, now);
            if found { Ok(made(StatusCode::ACCEPTED, Value::Null)) } else { Err(Refused::NotFound) }
        }
        _ => Err(Refused::NotFound),
    }
}

fn subscription(world: &World, id: Uuid) -> Answer {
    let found = world.subscriptions.get(&id).and_then(|one| world.shape_of(one));
    Ok(shown(found.ok_or(Refused::NotFound)?))
}

/// What a change of a subscription may say.
#[derive(Debug, Deserialize)]
struct Update {
    product_id: Option<Uuid>,
    proration_behavior: Option<String>,
    cancel_at_period_end: Option<bool>,
}

fn update(
    world: &mut World,
    id: Uuid,
    update: &Update,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), Refused> {
    if !world.subscriptions.contains_key(&id) {
        return Err(Refused::NotFound);
    }
    if let Some(product) = update.product_id {
        let from = match update.proration_behavior.as_deref() {
            Some("next_period") => changes::From::NextPeriod,
            _ => changes::From::Now,
        };
        world.change_product(id, product, from, now)?;
    }
    match update.cancel_at_period_end {
        Some(true) => world.cancel(id, now),
        Some(false) => world.uncancel(id, now),
        None => Ok(()),
    }
}

/// Whose portal is to be opened.
#[derive(Debug, Deserialize)]
struct PortalBody {
    external_customer_id: Option<String>,
    customer_id: Option<Uuid>,
    return_url: Option<String>,
}

fn open_portal(polar: &Polar, world: &mut World, body: &PortalBody) -> Answer {
    let by_id = body.customer_id.and_then(|id| world.customers.get(&id));
    let by_name = || world.by_external_id(body.external_customer_id.as_deref()?);
    let missing = Refused::Unprocessable("external_customer_id", "Customer does not exist.");
    let customer = by_id.or_else(by_name).ok_or(missing)?.id;
    let token = format!("polar_cst_{}", hex::encode(random::bytes::<16>()));
    world.portals.insert(token.clone(), customer);
    let url = format!("{}/portal/{token}", polar.0.base);
    let expires_at = time(polar.now() + Duration::hours(PORTAL_HOURS));
    let body = json!({"id": random::uuid(), "token": token, "expires_at": expires_at, "customer_id": customer,
                      "customer_portal_url": url, "return_url": body.return_url});
    Ok(made(StatusCode::CREATED, body))
}

fn change_endpoint(world: &mut World, fields: &Map<String, Value>) {
    if let Some(url) = fields.get("url").and_then(Value::as_str) {
        url.clone_into(&mut world.endpoint.url);
    }
    if let Some(enabled) = fields.get("enabled").and_then(Value::as_bool) {
        world.endpoint.enabled = enabled;
        if enabled { world.post.forgive() } else { world.post.skip() }
    }
}

fn deliveries(world: &World, query: &ListQuery) -> Response {
    let all = world.post.parcels().iter().rev().flat_map(|parcel| {
        parcel.attempts.iter().map(move |attempt| {
            let succeeded = attempt.status.is_some_and(|status| (200..300).contains(&status));
            (succeeded, parcel, attempt)
        })
    });
    let found = all.filter(|(succeeded, ..)| query.succeeded.is_none_or(|it| it == *succeeded));
    let items = found.map(|(succeeded, parcel, attempt)| {
        json!({"id": random::uuid(), "created_at": time(attempt.at), "succeeded": succeeded,
               "http_code": attempt.status, "webhook_event": {"id": parcel.id, "type": parcel.kind}})
    });
    listed(items.collect(), query.page, query.limit)
}

/// What a test wants to be otherwise.
fn control(polar: &Polar, method: &Method, path: &[&str], body: &[u8]) -> Answer {
    let now = polar.now();
    match (method.as_str(), path) {
        ("GET", []) => Ok(shown(everything(polar))),
        ("POST", ["clock"]) => {
            let fields: Map<String, Value> = parse(body)?;
            let seconds = fields.get("advance_s").and_then(Value::as_i64).filter(|s| *s >= 0);
            let refused = Refused::Unprocessable("advance_s", "a whole number of seconds");
            polar.advance(Duration::seconds(seconds.ok_or(refused)?));
            Ok(shown(json!({"now": time(polar.now())})))
        }
        ("POST", ["faults"]) => {
            let faults: Faults = parse(body)?;
            *polar.0.faults.lock() = faults.clone();
            Ok(shown(json!(faults)))
        }
        ("POST", ["endpoint"]) => {
            let fields: Map<String, Value> = parse(body)?;
            let world = &mut *polar.0.world.lock();
            if let Some(is_standard) = fields.get("is_standard").and_then(Value::as_bool) {
                world.endpoint.is_standard = is_standard;
            }
            change_endpoint(world, &fields);
            Ok(shown(world.endpoint.shape()))
        }
        ("POST", ["subscriptions"]) => {
            let purchase: buying::Purchase = parse(body)?;
            let world = &mut *polar.0.world.lock();
            let id = world.buy(&purchase, now)?;
            subscription(world, id)
        }
        ("POST", ["subscriptions", one, change]) => {
            let world = &mut *polar.0.world.lock();
            let one = id(one)?;
            change_subscription(world, one, change, now)?;
            subscription(world, one)
        }
        ("POST", ["orders", order, "refund"]) => {
            let fields: Map<String, Value> = parse(body)?;
            let amount = fields.get("amount").and_then(Value::as_i64).unwrap_or_default();
            polar.0.world.lock().refund(id(order)?, amount, now)?;
            Ok(shown(json!({})))
        }
        ("POST", ["customers", customer, change @ ("delete" | "decline" | "accept")]) => {
            let world = &mut *polar.0.world.lock();
            let customer = id(customer)?;
            if *change == "delete" {
                world.delete_customer(customer, now)?;
            } else {
                world.customers.get_mut(&customer).ok_or(Refused::NotFound)?.declines =
                    *change == "decline";
            }
            Ok(shown(json!({})))
        }
        ("POST", ["products"]) => {
            let product = product(&parse(body)?, now);
            let shape = product.shape();
            polar.0.world.lock().add_product(product);
            Ok(shown(shape))
        }
        _ => Err(Refused::NotFound),
    }
}

fn change_subscription(
    world: &mut World,
    id: Uuid,
    change: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), Refused> {
    match change {
        "renew" => world.renew(id, now),
        "recover" => world.recover(id, now),
        "cancel" => world.cancel(id, now),
        "uncancel" => world.uncancel(id, now),
        "revoke" => world.revoke(id, now),
        "pause" => world.pause(id, now),
        "resume" => world.resume(id, now),
        _ => Err(Refused::NotFound),
    }
}

fn product(fields: &Map<String, Value>, now: chrono::DateTime<chrono::Utc>) -> Product {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let tier = text("tier").map(|tier| ("tier".to_owned(), json!(tier)));
    Product {
        id: text("id").and_then(|id| id.parse().ok()).unwrap_or_else(random::uuid),
        name: text("name").unwrap_or("Something else").to_owned(),
        price: fields.get("price").and_then(Value::as_i64).unwrap_or(500),
        interval: text("interval").unwrap_or("month").to_owned(),
        is_archived: fields.get("is_archived").and_then(Value::as_bool).unwrap_or_default(),
        metadata: tier.into_iter().collect(),
        created_at: now,
    }
}

fn everything(polar: &Polar) -> Value {
    let now = time(polar.now());
    let world = polar.0.world.lock();
    let subscriptions: Vec<_> =
        world.subscriptions.values().filter_map(|one| world.shape_of(one)).collect();
    let events: Vec<_> = world.post.parcels().iter().map(super::post::Parcel::view).collect();
    let customers: Vec<_> = world.customers.values().map(super::world::Customer::shape).collect();
    let checkouts: Vec<_> = world.checkouts.values().map(super::world::Checkout::shape).collect();
    let orders: Vec<_> = world.orders.values().map(|order| {
        json!({"id": order.id, "status": order.status, "subscription_id": order.subscription})
    }).collect();
    json!({"now": now, "endpoint": world.endpoint.shape(), "customers": customers, "checkouts": checkouts,
           "subscriptions": subscriptions, "orders": orders, "events": events,
           "scheme": if scheme(&world.endpoint) == Scheme::Standard { "standard" } else { "raw" }})
}

/// Pages for a person who tries things out.
fn page(polar: &Polar, method: &Method, path: &[&str], body: &[u8]) -> Answer {
    let now = polar.now();
    let world = &mut *polar.0.world.lock();
    match (method.as_str(), path) {
        ("GET", ["checkout", checkout]) => {
            let checkout = world.checkouts.get(&id(checkout)?).ok_or(Refused::NotFound)?;
            let product = world.products.get(&checkout.product).ok_or(Refused::NotFound)?;
            let what = format!(
                "{} for {}.{:02} USD",
                product.name,
                product.price / 100,
                product.price % 100
            );
            Ok(html(&what, &[("pay", &format!("/checkout/{}/pay", checkout.id))]))
        }
        ("POST", ["checkout", checkout, "pay"]) => {
            let fields: Map<String, Value> = parse(body).unwrap_or_default();
            let email = fields.get("email").and_then(Value::as_str).map(ToOwned::to_owned);
            match world.pay_checkout(id(checkout)?, email, now)? {
                Some(url) => Ok(Redirect::to(&url).into_response()),
                None => Ok(html("Thank you. You may close this page.", &[])),
            }
        }
        ("GET", ["portal", token]) => {
            let customer = *world.portals.get(*token).ok_or(Refused::NotFound)?;
            let theirs = world.subscriptions.values().filter(|one| one.customer == customer);
            let lines: Vec<String> =
                theirs.map(|one| format!("{}: {}", one.id, one.status)).collect();
            let actions = ["cancel", "uncancel", "revoke"]
                .map(|name| (name, format!("/portal/{token}/{name}")));
            let actions: Vec<_> = actions.iter().map(|(name, url)| (*name, url.as_str())).collect();
            Ok(html(&lines.join("<br>"), &actions))
        }
        ("POST", ["portal", token, change @ ("cancel" | "uncancel" | "revoke")]) => {
            let customer = *world.portals.get(*token).ok_or(Refused::NotFound)?;
            let theirs: Vec<Uuid> = world
                .subscriptions
                .values()
                .filter(|one| one.customer == customer && one.ended_at.is_none())
                .map(|one| one.id)
                .collect();
            for one in theirs {
                change_subscription(world, one, change, now)?;
            }
            Ok(Redirect::to(&format!("/portal/{token}")).into_response())
        }
        _ => Err(Refused::NotFound),
    }
}

fn html(text: &str, actions: &[(&str, &str)]) -> Response {
    let buttons: Vec<String> = actions
        .iter()
        .map(|(name, url)| {
            format!("<form method=post action=\"{url}\"><button>{name}</button></form>")
        })
        .collect();
    let buttons = buttons.concat();
    let page = "<!doctype html><meta charset=utf-8><title>A stand-in for Polar</title>";
    Html(format!("{page}<p>{text}</p>{buttons}")).into_response()
}
