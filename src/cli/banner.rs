//! What a hub says on standard output once it is ready: where it is, what to keep, and what to try.
//!
//! Every command in it works when it is pasted into a shell. Secrets are printed here and nowhere else, and only when
//! this is the one time that they can be read.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use secrecy::{ExposeSecret as _, SecretString};

use super::demo::Demo;

/// The address that the subcommands look for a hub at.
const URL_DEFAULT: &str = "http://127.0.0.1:8080";

/// What there is to say.
#[derive(Debug)]
pub struct Banner<'a> {
    /// Where the hub listens.
    pub address: SocketAddr,
    /// Where `/metrics` is served.
    pub admin: Option<SocketAddr>,
    /// Where the private PostgreSQL has its data.
    pub data_dir: Option<&'a Path>,
    /// The admin key, when it was made by this start.
    pub admin_key: Option<&'a SecretString>,
    /// The wallets of the demonstration.
    pub demo: Option<&'a Demo>,
    /// The orchestrator of the demonstration, and what it is asked with.
    pub orchestrator: Option<(SocketAddr, &'a SecretString)>,
    /// Whether admins may move the clock.
    pub dev: bool,
    /// How this program is called from where the reader stands.
    pub program: &'a str,
}

impl Banner<'_> {
    /// The whole text.
    pub fn text(&self) -> String {
        let url = url(self.address);
        let mut lines = vec![format!("tollbell {} on {url}", env!("CARGO_PKG_VERSION"))];
        lines.push(String::new());
        lines.push(format!("  dashboard  {url}/app/"));
        lines.push(format!("  docs       {url}/docs"));
        lines.extend(self.admin.map(|admin| format!("  metrics    {}/metrics", self::url(admin))));
        lines.extend(self.data_dir.map(|dir| format!("  data       {}", dir.display())));
        lines.extend(self.admin_key.map(|key| {
            let key = key.expose_secret();
            format!("  admin key  {key}   keep it: it is not shown again")
        }));
        for wallet in self.demo.iter().flat_map(|demo| demo.shown()) {
            let key = wallet.key.expose_secret();
            lines.push(format!("  wallet     {}   private key {key}", wallet.address));
        }
        lines.extend(self.orchestrator.map(|(address, token)| {
            let token = token.expose_secret();
            format!("  games      {}   token {token}", self::url(address))
        }));
        if self.dev {
            lines.push(String::new());
            lines.push(
                "  !! --dev: admins may move the clock of this database, and it never goes back"
                    .to_owned(),
            );
            lines.push(
                "  !! --dev: everything that falls due with time does so early; no real money here"
                    .to_owned(),
            );
        }
        lines.push(String::new());
        lines.extend(self.trials(&url));
        lines.join("\n") + "\n"
    }

    fn trials(&self, url: &str) -> Vec<String> {
        let program = self.program;
        let at = if url == URL_DEFAULT { String::new() } else { format!(" --url {url}") };
        let mut lines = vec!["try, in another terminal:".to_owned(), String::new()];
        lines.push(format!("  {program} tail payments{at}"));
        if let Some([one, other]) = self.demo.map(Demo::shown) {
            let key = one.key.expose_secret();
            let json = "-H 'Content-Type: application/json'";
            lines.push(format!(
                "  TOKEN=$(curl -s {url}/api/v1/login {json} -d '{{\"privatekey\":\"{key}\"}}' | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')"
            ));
            lines.push(format!(
                "  curl -s {url}/api/v1/payments -H \"Authorization: Bearer $TOKEN\" {json} -d '{{\"to\":\"{}\",\"amount\":1,\"metadata\":\"message=hello\"}}'",
                other.address
            ));
            lines.push(format!("  curl -s {url}/api/v1/wallets/{}", other.address));
        } else {
            lines.push(format!("  curl -s {url}/api/v1/supply"));
        }
        lines.extend(self.orchestrator.map(|(address, token)| {
            let (games, token) = (self::url(address), token.expose_secret());
            format!("  curl -s {games}/v1/games -H 'Authorization: Bearer {token}'")
        }));
        // Without the data directory it would look at the default one.
        let dir = self.data_dir.and_then(Path::to_str).map(quoted);
        lines.extend(dir.map(|dir| format!("  {program} doctor --data-dir {dir}")));
        lines
    }
}

/// How to reach an address from this machine: one that stands for all of them is reached at loopback.
pub(super) fn url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

/// How the running program is called from the current directory; its plain name when that can't be known.
pub fn program() -> String {
    let path = std::env::current_exe().ok();
    let here = std::env::current_dir().ok();
    let path = path.map(|path| {
        match here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf)) {
            // A bare name would be searched for in PATH.
            Some(inner) => Path::new(".").join(inner),
            None => path,
        }
    });
    path.as_deref().and_then(Path::to_str).map_or_else(|| "tollbell".to_owned(), quoted)
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::demo::tests::demo, *};

    fn banner<'a>(address: &str, demo: Option<&'a Demo>) -> Banner<'a> {
        Banner {
            address: address.parse().unwrap(),
            admin: None,
            data_dir: None,
            admin_key: None,
            demo,
            orchestrator: None,
            dev: false,
            program: "./x",
        }
    }

    #[test]
    fn a_hub_without_anything_to_keep_says_where_it_is() {
        let text = banner("127.0.0.1:8080", None).text();
        assert!(
            text.starts_with(&format!("tollbell {} on {URL_DEFAULT}\n", env!("CARGO_PKG_VERSION")))
        );
        assert!(text.contains("\n  ./x tail payments\n"), "{text}");
        for absent in ["admin key", "private key", "data ", "metrics", "doctor", "--dev", "TOKEN"] {
            assert!(!text.contains(absent), "{absent}: {text}");
        }
    }

    #[test]
    fn commands_name_the_address_that_works_from_here() {
        for (address, url) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("0.0.0.0:9000", "http://127.0.0.1:9000"),
            ("[::]:9000", "http://[::1]:9000"),
            ("192.0.2.7:80", "http://192.0.2.7:80"),
        ] {
            assert_eq!(super::url(address.parse().unwrap()), url);
        }
        let text = banner("0.0.0.0:9000", None).text();
        assert!(text.contains("tail payments --url http://127.0.0.1:9000\n"), "{text}");
    }

    #[test]
    fn the_demonstration_shows_two_keys_and_uses_them() {
        let demo = demo(2);
        let text = banner("127.0.0.1:8080", Some(&demo)).text();
        let [one, other] = demo.shown() else { panic!("two wallets") };
        assert_eq!(text.matches("private key demo").count(), 2, "{text}");
        assert_eq!(text.matches(one.key.expose_secret()).count(), 2, "{text}");
        assert_eq!(text.matches(other.address.as_str()).count(), 3, "{text}");
    }

    #[test]
    fn the_orchestrator_is_told_with_its_token() {
        let token = SecretString::from("tbk_7c94d2f38846a1");
        let at = "127.0.0.1:41234".parse().unwrap();
        let text =
            Banner { orchestrator: Some((at, &token)), ..banner("127.0.0.1:8080", None) }.text();
        assert!(
            text.contains("  games      http://127.0.0.1:41234   token tbk_7c94d2f38846a1\n"),
            "{text}"
        );
        assert!(
            text.contains("/v1/games -H 'Authorization: Bearer tbk_7c94d2f38846a1'\n"),
            "{text}"
        );
    }

    #[test]
    fn a_fresh_admin_key_and_dev_stand_out() {
        let key = SecretString::from("tbk_0b5e7a1c94d2f38846a1");
        let dir = Path::new("/data");
        let mut banner = banner("127.0.0.1:8080", None);
        (banner.admin_key, banner.dev, banner.data_dir) = (Some(&key), true, Some(dir));
        banner.admin = Some("127.0.0.1:8081".parse().unwrap());
        let text = banner.text();
        assert!(text.contains("admin key  tbk_0b5e7a1c94d2f38846a1 "), "{text}");
        assert!(text.contains("  metrics    http://127.0.0.1:8081/metrics\n"), "{text}");
        assert!(text.contains("  data       /data\n"), "{text}");
        assert!(text.ends_with("\n  ./x doctor --data-dir /data\n"), "{text}");
        assert_eq!(text.matches("!! --dev").count(), 2, "{text}");
    }

    #[test]
    fn the_program_is_a_word_for_a_shell() {
        assert_eq!(quoted("./target/release/tollbell"), "./target/release/tollbell");
        assert_eq!(quoted("/my dir/it's"), r"'/my dir/it'\''s'");
    }
}
