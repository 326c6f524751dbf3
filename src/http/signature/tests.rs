//! The vectors, which two libraries of other languages agree on, and the edges where we say what counts.

use super::*;

const BODY1: &str = r#"{"type":"subscription.active","timestamp":"2026-10-01T12:00:00.000000Z","data":{"id":"5f6c1d1e-0a37-4b0e-9a38-2f1f3a0c7e11","status":"active"}}"#;
const BODY2: &str = r#"{"type":"customer.state_changed","timestamp":"2026-10-01T12:00:01Z","data":{"name":"Zoë ✓"}}"#;
const BODY3: &str = r#"{"email":"test@example.com","username":"test_user"}"#;
const ID1: &str = "3f0d4a52-6f0a-4d8e-9a44-0c5b0f1d2e30";
const ID2: &str = "3f0d4a52-6f0a-4d8e-9a44-0c5b0f1d2e31";
const TS1: i64 = 1_790_856_000;
const HEX: &str = "6a3c8ce2247c493a3ade20bea4484d64";
const BYTES32: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

/// A secret, how its key is made, what is signed, and the signature.
struct Vector {
    name: &'static str,
    secret: &'static str,
    scheme: Scheme,
    id: &'static str,
    at: i64,
    body: &'static str,
    signature: &'static str,
}

#[rustfmt::skip]
const VECTORS: [Vector; 10] = [
    Vector { name: "A1", secret: BYTES32, scheme: Scheme::Standard, id: ID1, at: TS1, body: BODY1,
        signature: "v1,VpVMMQXX5rWU3pEO6bjmJECG6p54qc8eO7KP7DHLalE=" },
    Vector { name: "A2", secret: BYTES32, scheme: Scheme::Standard, id: ID2, at: TS1 + 1, body: BODY2,
        signature: "v1,obyT7nLIxpEHRTdEYV3Z4uZUWyj5t0lu5rWX8N3qjBU=" },
    Vector { name: "A3", secret: BYTES32, scheme: Scheme::Standard, id: "m", at: 0, body: "",
        signature: "v1,DEA0V8CigoLoYTzcR0MGtlFDbp/jWS3jMOrhhWSSXsE=" },
    Vector { name: "B", secret: "whsec_TollbellVectorSecretNotARealOne0000000AbCdE", scheme: Scheme::Raw,
        id: ID1, at: TS1, body: BODY1, signature: "v1,vDx9huTXMz0DetNS5PrgmkC0K76U5PI1XintrzXdfnw=" },
    Vector { name: "B2", secret: "whsec_TollbellVectorSecretNotARealOne00000000AbCdE", scheme: Scheme::Raw,
        id: ID1, at: TS1, body: BODY1, signature: "v1,FY2P9dLoiFswhJ6ooTXV/83CJPG6BHf5wnKGfB+HjeA=" },
    Vector { name: "C", secret: "polar_whs_TollbellVectorSecretNotARealOne0000000AbCdE", scheme: Scheme::Raw,
        id: ID1, at: TS1, body: BODY1, signature: "v1,et+EPco1Z+vuRQB5DLuLfWvpVvYFoiEWioFF/XBnxKo=" },
    Vector { name: "D", secret: HEX, scheme: Scheme::Raw, id: ID1, at: TS1, body: BODY1,
        signature: "v1,xW4rloLnx0LT57+op3y07UXQlSm1OP1aKYkG5DW0AfU=" },
    Vector { name: "E", secret: HEX, scheme: Scheme::Standard, id: ID1, at: TS1, body: BODY1,
        signature: "v1,mCbtbF3cG7jA6NL0Xloe/jetx7KVL9PhpZjozrt3hmY=" },
    Vector { name: "F", secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", scheme: Scheme::Standard,
        id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", at: 1_649_367_553, body: BODY3,
        signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=" },
    Vector { name: "the example of Standard Webhooks", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        scheme: Scheme::Standard, id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: 1_614_265_330,
        body: r#"{"test": 2432232314}"#, signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" },
];

fn keys(secrets: &str) -> Keys {
    Keys::new(&SecretString::from(secrets))
}

#[test]
fn the_nine_vectors_are_signed_and_believed_whatever_the_scheme() {
    for Vector { name, secret, scheme, id, at, body, signature } in VECTORS {
        let signed = sign(&SecretString::from(secret), scheme, id, at, body.as_bytes());
        assert_eq!(signed.as_deref(), Some(signature), "{name}");
        let timestamp = at.to_string();
        let headers = Headers { id, timestamp: &timestamp, signature };
        assert_eq!(keys(secret).check(headers, body.as_bytes(), at), Ok(()), "{name}");
    }
}

#[test]
fn a_signature_with_one_flipped_byte_is_refused() {
    for Vector { name, secret, id, at, body, signature, .. } in VECTORS {
        let timestamp = at.to_string();
        let raw = BASE64.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
        for at_byte in 0..raw.len() {
            let mut flipped = raw.clone();
            flipped[at_byte] ^= 1;
            let signature = format!("v1,{}", BASE64.encode(flipped));
            let headers = Headers { id, timestamp: &timestamp, signature: &signature };
            let checked = keys(secret).check(headers, body.as_bytes(), at);
            assert_eq!(checked, Err(SignatureError::Mismatch), "{name} byte {at_byte}");
        }
        for at_byte in 0..body.len() {
            let mut flipped = body.as_bytes().to_vec();
            flipped[at_byte] ^= 1;
            let headers = Headers { id, timestamp: &timestamp, signature };
            let checked = keys(secret).check(headers, &flipped, at);
            assert_eq!(checked, Err(SignatureError::Mismatch), "{name} body {at_byte}");
        }
        let headers = Headers { id: "another", timestamp: &timestamp, signature };
        let checked = keys(secret).check(headers, body.as_bytes(), at);
        assert_eq!(checked, Err(SignatureError::Mismatch), "{name} id");
        let later = (at + 1).to_string();
        let headers = Headers { id, timestamp: &later, signature };
        let checked = keys(secret).check(headers, body.as_bytes(), at);
        assert_eq!(checked, Err(SignatureError::Mismatch), "{name} timestamp");
    }
}

#[test]
fn the_edges_of_a_delivery() {
    const RIGHT: &str = "v1,VpVMMQXX5rWU3pEO6bjmJECG6p54qc8eO7KP7DHLalE=";
    const WRONG: &str = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const BARE: &str = "VpVMMQXX5rWU3pEO6bjmJECG6p54qc8eO7KP7DHLalE=";
    const UNPADDED: &str = "v1,VpVMMQXX5rWU3pEO6bjmJECG6p54qc8eO7KP7DHLalE";
    let ts = TS1.to_string();
    let (two, skipped, spaced) =
        (format!("{WRONG} {RIGHT}"), format!("v1a,AAAA {RIGHT}"), format!("{RIGHT}  "));
    let later_version = RIGHT.replace("v1,", "v2,");
    let long = "x".repeat(ID_BYTES_MAX + 1);
    let check = |id: &str, timestamp: &str, signature: &str, now: i64, expected| {
        let headers = Headers { id, timestamp, signature };
        let checked = keys(BYTES32).check(headers, BODY1.as_bytes(), now);
        assert_eq!(checked, expected, "{id} {timestamp} {signature} {now}");
    };
    for now in [TS1, TS1 + 300, TS1 - 300] {
        check(ID1, &ts, RIGHT, now, Ok(()));
    }
    check(ID1, &ts, RIGHT, TS1 + 301, Err(SignatureError::Stale));
    check(ID1, &ts, RIGHT, TS1 - 301, Err(SignatureError::Future));
    for signature in [&two, &skipped, &spaced] {
        check(ID1, &ts, signature, TS1, Ok(()));
    }
    for signature in [later_version.as_str(), BARE, UNPADDED, WRONG, "v1,", "v1,%%", "v1", ","] {
        check(ID1, &ts, signature, TS1, Err(SignatureError::Mismatch));
    }
    for timestamp in ["abc", "1790856000.0", "-1790856000", "+1790856000", " 1790856000", "0x6ab"] {
        check(ID1, timestamp, RIGHT, TS1, Err(SignatureError::Timestamp));
    }
    check(ID1, "1790856000000000", RIGHT, TS1, Err(SignatureError::Timestamp));
    check("", &ts, RIGHT, TS1, Err(SignatureError::Missing("webhook-id")));
    check(ID1, "", RIGHT, TS1, Err(SignatureError::Missing("webhook-timestamp")));
    check(ID1, &ts, "", TS1, Err(SignatureError::Missing("webhook-signature")));
    check("a\tb", &ts, RIGHT, TS1, Err(SignatureError::Id));
    check(&long, &ts, RIGHT, TS1, Err(SignatureError::Id));
}

#[test]
fn a_rotation_believes_the_old_secret_and_the_new_one() {
    let Vector { id, at, body, signature, .. } = VECTORS[0];
    let timestamp = at.to_string();
    let headers = Headers { id, timestamp: &timestamp, signature };
    // The end of a line, which environments like to have, is no part of a secret.
    for secrets in
        [format!("{HEX},{BYTES32}"), format!(" {BYTES32}\n, {HEX}"), format!("{BYTES32},")]
    {
        assert_eq!(keys(&secrets).check(headers, body.as_bytes(), at), Ok(()), "{secrets}");
    }
    let checked = keys(HEX).check(headers, body.as_bytes(), at);
    assert_eq!(checked, Err(SignatureError::Mismatch));
}

#[test]
fn a_legacy_signed_secret_that_happens_to_decode_is_believed() {
    // Both read as base64, and their senders used the raw bytes: a guess from the look of the secret is wrong.
    for name in ["B2", "D"] {
        let Vector { secret, id, at, body, signature, .. } =
            VECTORS.into_iter().find(|vector| vector.name == name).unwrap();
        assert!(Scheme::Standard.key(secret).is_some(), "{name}");
        let timestamp = at.to_string();
        let headers = Headers { id, timestamp: &timestamp, signature };
        assert_eq!(keys(secret).check(headers, body.as_bytes(), at), Ok(()), "{name}");
    }
}

#[test]
fn no_secret_believes_nobody() {
    let Vector { id, at, body, signature, .. } = VECTORS[0];
    let timestamp = at.to_string();
    let headers = Headers { id, timestamp: &timestamp, signature };
    for secrets in ["", " , ", "\n"] {
        assert!(keys(secrets).is_empty());
        let checked = keys(secrets).check(headers, body.as_bytes(), at);
        assert_eq!(checked, Err(SignatureError::Mismatch));
    }
    // A prefix alone has a raw key and no other.
    assert_eq!(keys("whsec_").0.len(), 1);
}
