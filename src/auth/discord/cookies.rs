//! Cookies: the session of a browser, and the attempt to sign in.
//!
//! A cookie is sent along by any page of any site, so it alone changes nothing: whoever wants to change something with
//! it also sends the token that only this site's pages can read ([`csrf_token`]).

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cookie::{Cookie, SameSite, time::Duration};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The cookie of a browser that is signed in.
pub(in crate::auth) const SESSION: &str = "tollbell_session";
/// The cookie of an attempt to sign in.
pub(super) const ATTEMPT: &str = "tollbell_sign_in";
/// Where the cookie of an attempt is sent.
const ATTEMPT_PATH: &str = "/api/v1/sign-in";
/// The header of the token against forged requests.
pub(in crate::auth) const X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// A cookie of a request.
pub(in crate::auth) fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = lines.flat_map(|line| Cookie::split_parse(line.to_owned())).flatten();
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// What a page of this site sends back to change something: made of the session's token, so that nothing is stored, and
/// telling nothing about it.
pub(in crate::auth) fn csrf_token(session: &str) -> String {
    let mut hash = Sha256::new();
    hash.update("csrf\0");
    hash.update(session);
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// Whether a request that came with a cookie may do what it wants: reading needs nothing more.
pub(in crate::auth) fn may_change(method: &Method, headers: &HeaderMap, session: &str) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let given = headers.get(X_CSRF_TOKEN).map(HeaderValue::as_bytes).unwrap_or_default();
    given.ct_eq(csrf_token(session).as_bytes()).into()
}

/// The cookie that signs a browser in.
pub(super) fn session(token: &str, max_age_s: i64, secure: bool) -> Option<HeaderValue> {
    written(SESSION, token, "/", max_age_s, secure)
}

/// The cookie of an attempt.
pub(super) fn attempt(secret: &str, max_age_s: i64, secure: bool) -> Option<HeaderValue> {
    written(ATTEMPT, secret, ATTEMPT_PATH, max_age_s, secure)
}

/// What makes a browser forget its session.
pub(in crate::auth) fn forget_session() -> Option<HeaderValue> {
    written(SESSION, "", "/", 0, false)
}

fn written(
    name: &str,
    value: &str,
    path: &str,
    max_age_s: i64,
    secure: bool,
) -> Option<HeaderValue> {
    let cookie = Cookie::build((name, value))
        .path(path)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .max_age(Duration::seconds(max_age_s))
        .build();
    HeaderValue::from_str(&cookie.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_for_this_site_and_no_script() {
        let text = session("abc", 60, true).unwrap();
        let text = text.to_str().unwrap();
        for part in
            ["tollbell_session=abc", "HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=60"]
        {
            assert!(text.contains(part), "{text}");
        }
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=b; tollbell_session=abc; c".parse().unwrap());
        assert_eq!(find(&headers, SESSION).as_deref(), Some("abc"));
        assert_eq!(find(&headers, ATTEMPT), None);
    }

    /// Regression: a page of another site could change what a signed-in visitor has.
    #[test]
    fn a_cookie_alone_changes_nothing() {
        let with = |token: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(X_CSRF_TOKEN, token.parse().unwrap());
            headers
        };
        let none = HeaderMap::new();
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(may_change(&method, &none, "abc"));
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(!may_change(&method, &none, "abc"));
            assert!(!may_change(&method, &with(""), "abc"));
            assert!(!may_change(&method, &with("abc"), "abc"));
            assert!(!may_change(&method, &with(&csrf_token("abd")), "abc"));
            assert!(may_change(&method, &with(&csrf_token("abc")), "abc"));
        }
    }
}
