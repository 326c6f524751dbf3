//! What our signer signs is believed by the libraries of two other languages, and so are deliveries of the stand-in.
//!
//! The libraries are installed below `target/`, in the versions that stand here. Where a language is missing its test is
//! skipped; in CI that is a failure.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use secrecy::SecretString;
use serde_json::json;
use tollbell::http::signature::{Scheme, sign};

use crate::support::polar::seconds;

const PYTHON_VERSION: &str = "1.1.0";
const NPM_VERSION: &str = "1.1.1";

/// The secrets of the vectors, with the schemes that each has.
const SECRETS: &[&str] = &[
    "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
    "whsec_TollbellVectorSecretNotARealOne0000000AbCdE",
    "whsec_TollbellVectorSecretNotARealOne00000000AbCdE",
    "polar_whs_TollbellVectorSecretNotARealOne0000000AbCdE",
    "6a3c8ce2247c493a3ade20bea4484d64",
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
];

/// Bodies: plain, beyond ASCII, and empty of meaning.
const BODIES: &[&str] = &[
    r#"{"type":"subscription.active","timestamp":"2026-10-01T12:00:00.000000Z","data":{"id":"5f6c1d1e"}}"#,
    r#"{"type":"customer.state_changed","timestamp":"2026-10-01T12:00:01Z","data":{"name":"Zoë ✓"}}"#,
    "{}",
];

/// Deliveries of now, one a line, and whether each is to be believed.
fn deliveries() -> (String, Vec<bool>) {
    let (mut lines, mut believed, at) = (String::new(), Vec::new(), seconds());
    let mut add = |secret: &str, scheme: &str, body: &str, signature: &str, good: bool| {
        let headers = json!({"webhook-id": "msg_1", "webhook-timestamp": at.to_string(),
                             "webhook-signature": signature});
        let line = json!({"secret": secret, "scheme": scheme, "body": body, "headers": headers});
        lines.extend([line.to_string(), "\n".into()]);
        believed.push(good);
    };
    for secret in SECRETS {
        for body in BODIES {
            let of =
                |scheme| sign(&SecretString::from(*secret), scheme, "msg_1", at, body.as_bytes());
            let raw = of(Scheme::Raw).unwrap();
            add(secret, "raw", body, &raw, true);
            // Their reading of base64 is stricter than ours: only what is padded is for them.
            let is_padded = secret.strip_prefix("whsec_").is_some_and(|text| text.len() % 4 == 0);
            if is_padded {
                add(secret, "standard", body, &of(Scheme::Standard).unwrap(), true);
                add(secret, "standard", body, &raw, false);
            }
        }
    }
    (lines, believed)
}

fn verify(mut program: Command) {
    let (lines, believed) = deliveries();
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said: Vec<_> = text.lines().collect();
    assert_eq!(said.len(), believed.len(), "{text}");
    for ((said, good), line) in said.iter().zip(&believed).zip(lines.lines()) {
        assert_eq!(*said == "ok", *good, "{said}: {line}");
    }
    assert!(believed.iter().filter(|good| **good).count() >= 24);
}

/// Where a library is installed. One that was left half made has no file that says it is complete, and is made anew.
fn installed(name: &str, make: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/interop");
    let folder = root.join(name);
    if folder.join("complete").exists() {
        return Some(folder);
    }
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&root).unwrap();
    if make(&folder) {
        std::fs::write(folder.join("complete"), "").unwrap();
        return Some(folder);
    }
    let _ = std::fs::remove_dir_all(&folder);
    let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!in_ci, "{name} can't be installed, and CI skips nothing");
    eprintln!("{name} can't be installed; skipped");
    None
}

fn runs(program: &str, args: &[&str]) -> bool {
    let status = Command::new(program).args(args).stdout(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[test]
fn the_library_of_python_believes_our_signatures() {
    let name = format!("python-standardwebhooks-{PYTHON_VERSION}");
    let make = |folder: &Path| {
        let folder = folder.to_str().unwrap();
        let wanted = format!("standardwebhooks=={PYTHON_VERSION}");
        runs("python3", &["-m", "venv", folder])
            && runs(&format!("{folder}/bin/pip"), &["install", "-q", "--no-input", &wanted])
    };
    let Some(folder) = installed(&name, make) else { return };
    let mut program = Command::new(folder.join("bin/python"));
    program.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/verify.py"));
    verify(program);
}

#[test]
fn the_library_of_npm_believes_our_signatures() {
    let name = format!("npm-standardwebhooks-{NPM_VERSION}");
    let make = |folder: &Path| {
        std::fs::create_dir_all(folder).unwrap();
        let wanted = format!("standardwebhooks@{NPM_VERSION}");
        let folder = folder.to_str().unwrap();
        runs("node", &["--version"])
            && runs(
                "npm",
                &[
                    "install",
                    "--silent",
                    "--no-audit",
                    "--no-fund",
                    "--no-package-lock",
                    "--prefix",
                    folder,
                    &wanted,
                ],
            )
    };
    let Some(folder) = installed(&name, make) else { return };
    let mut program = Command::new("node");
    program.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/verify.mjs")).arg(folder);
    verify(program);
}
