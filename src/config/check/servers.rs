//! What the settings of game servers have to agree on.

use secrecy::ExposeSecret;

use super::{KEY_CHARS_MIN, Problems, read_files};
use crate::config::settings::ServerSettings;

/// Reads the secrets of game servers that stand in files.
pub(super) fn read_secrets(servers: &mut ServerSettings, problems: &mut Problems) {
    let token = &servers.orchestrator_api_token_file;
    let secret = &servers.orchestrator_webhook_secret_file;
    read_files(
        [
            ("orchestrator_api_token", &mut servers.orchestrator_api_token, token),
            ("orchestrator_webhook_secret", &mut servers.orchestrator_webhook_secret, secret),
        ],
        problems,
    );
}

impl Problems {
    pub(super) fn of_servers(&mut self, servers: &ServerSettings) {
        let pair = (&servers.orchestrator_api_base_url, &servers.orchestrator_api_token);
        match pair {
            (Some(_), None) => {
                let cure = "set it to a token that the orchestrator accepts";
                self.add(
                    "orchestrator_api_token",
                    "absent although there is an orchestrator",
                    cure,
                );
            }
            (None, Some(_)) => {
                let cure = "set it to the orchestrator's URL, or remove the token";
                self.add("orchestrator_api_base_url", "absent although there is a token", cure);
            }
            _ => {}
        }
        if let Some(base) = pair.0 {
            let plain = base.query().is_none() && base.fragment().is_none();
            if !matches!(base.scheme(), "http" | "https") || !base.has_host() || !plain {
                let cure = "give an http or https URL such as `http://127.0.0.1:8070`";
                self.add(
                    "orchestrator_api_base_url",
                    format!("`{base}` is no place of an API"),
                    cure,
                );
            }
        }
        let secrets = [
            ("orchestrator_api_token", &servers.orchestrator_api_token),
            ("orchestrator_webhook_secret", &servers.orchestrator_webhook_secret),
        ];
        for (place, secret) in secrets {
            let Some(secret) = secret.as_ref().map(ExposeSecret::expose_secret) else { continue };
            let parts = secret.split(',').map(str::trim);
            if parts.clone().any(|part| part.chars().count() < KEY_CHARS_MIN) {
                let cause = format!("shorter than {KEY_CHARS_MIN} characters and so easy to guess");
                self.add(place, cause, "make one with `openssl rand -hex 32`");
            } else if !secret.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
                self.add(place, "holds a character that no header can carry", "use plain letters");
            }
        }
        if servers.server_launch_timeout_seconds <= servers.orchestrator_request_timeout_seconds {
            let cure = "raise it, or lower orchestrator_request_timeout_seconds";
            let cause = "not above orchestrator_request_timeout_seconds, so a launch would be given up while it is asked for";
            self.add("server_launch_timeout_seconds", cause, cure);
        }
    }
}
