//! What the settings and the machine say: addresses, secrets, file descriptors, the data directory and its disk.

use std::{
    fs,
    net::IpAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use nix::sys::{
    resource::{Resource, getrlimit},
    statvfs::statvfs,
};
use url::{Host, Url};

use super::Finding;
use crate::{
    app::files,
    config::{
        AdminListen, Settings,
        settings::{AuthSettings, ListenSettings},
    },
};

/// Free space below which the disk will be full soon, and below which PostgreSQL may stop at any moment.
const DISK_BYTES_LOW: u128 = 2 << 30;
const DISK_BYTES_MIN: u128 = 256 << 20;

/// Looks at all of it.
pub(super) fn look(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![open_files(settings)];
    findings.extend(of_addresses(&settings.listen));
    findings.push(of_loopback(settings));
    findings.push(of_trial(settings));
    findings.extend(secrets(&settings.auth));
    if settings.auth.secret.is_none() && settings.database.data_dir.is_none() {
        let found = "no secret is set, and there is no data_dir to keep one in";
        findings.push(Finding::fail("secrets", found, "set secret or secret_file"));
    }
    if let (None, Some(dir)) = (&settings.database.database_url, &settings.database.data_dir) {
        findings.extend(data_dir(dir));
    }
    findings
}

fn open_files(settings: &Settings) -> Finding {
    let wanted = files::wanted(settings);
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((_, hard)) => of_files(wanted, hard),
        Err(error) => Finding::warn(
            "files",
            format!("could not read the limit of open files: {error}"),
            format!("make sure that {wanted} may be open"),
        ),
    }
}

/// A hub raises its soft limit itself, so the hard one counts.
fn of_files(wanted: u64, hard: u64) -> Finding {
    if hard >= wanted {
        return Finding::ok("files", format!("{hard} may be open, {wanted} are wanted"));
    }
    Finding::warn(
        "files",
        format!("{hard} may be open, connections_max wants {wanted}"),
        format!("set LimitNOFILE={wanted} in the hub's unit, or lower connections_max"),
    )
}

/// Contradictions that are no mistake in every installation, so that the start lets them pass.
fn of_addresses(listen: &ListenSettings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let open = !listen.listen.ip().is_loopback();
    match &listen.public_url {
        None if open => findings.push(Finding::warn(
            "address",
            format!("listening on {} without encryption", listen.listen),
            "put a proxy that speaks TLS before it and set public_url and trusted_proxies",
        )),
        Some(url) if url.scheme() == "http" && !is_local(url) => findings.push(Finding::warn(
            "address",
            format!("public_url is {url}: tokens cross the network unencrypted"),
            "serve https there",
        )),
        Some(url) if url.scheme() == "https" && listen.trusted_proxies.is_empty() => {
            findings.push(Finding::warn(
                "address",
                format!("{url} is served by a proxy that is not trusted, so all its clients share one rate limit"),
                "name the proxy's network in trusted_proxies",
            ));
        }
        _ => {}
    }
    if listen.public_url.is_none() && !listen.trusted_proxies.is_empty() {
        findings.push(Finding::warn(
            "address",
            "trusted_proxies is set and public_url is not",
            "set public_url to where clients reach the proxy, or remove trusted_proxies",
        ));
    }
    if let AdminListen::At(admin) = listen.admin_listen
        && !admin.ip().is_loopback()
    {
        findings.push(Finding::warn(
            "metrics",
            format!("everybody who reaches {admin} can read them"),
            "set admin_listen to an address of 127.0.0.1, or guard the port",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("address", format!("listening on {}", listen.listen)));
    }
    findings
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A proxy on this machine that is not believed makes all the world a caller on this machine.
fn of_loopback(settings: &Settings) -> Finding {
    let listen = &settings.listen;
    let believed = ["127.0.0.1", "::1"].iter().any(|ip| {
        ip.parse::<IpAddr>()
            .is_ok_and(|ip| listen.trusted_proxies.iter().any(|network| network.contains(&ip)))
    });
    if settings.auth.loopback_unlimited && listen.public_url.is_some() && !believed {
        return Finding::warn(
            "limits",
            "callers on this machine have no rate limits, and neither has anybody behind a proxy on it",
            "set loopback_unlimited to false, or name the proxy in trusted_proxies as 127.0.0.1/32",
        );
    }
    Finding::ok("limits", "rate limits hold for whoever they should")
}

fn of_trial(settings: &Settings) -> Finding {
    let public = settings.listen.public_url.is_some() || !settings.listen.listen.ip().is_loopback();
    match (settings.trial.dev, settings.trial.demo) {
        (true, _) if public => Finding::fail(
            "trial",
            "dev lets admins move the clock, and the hub is public",
            "remove dev; it belongs on a machine of your own",
        ),
        (true, _) => Finding::warn(
            "trial",
            "dev lets admins move the clock",
            "never set it where money is real",
        ),
        (false, true) => Finding::warn(
            "trial",
            "demo makes money and moves it about",
            "remove demo where money is real",
        ),
        (false, false) => Finding::ok("trial", "neither dev nor demo is set"),
    }
}

fn secrets(auth: &AuthSettings) -> Vec<Finding> {
    let files = [("admin_key_file", &auth.admin_key_file), ("secret_file", &auth.secret_file)];
    let open = files.into_iter().filter_map(|(name, path)| {
        let path = path.as_ref()?;
        let mode = fs::metadata(path).ok()?.permissions().mode();
        (mode & 0o077 != 0).then(|| {
            Finding::warn(
                "secrets",
                format!("{name} {} can be read by other users", path.display()),
                format!("run `chmod 600 {}`", path.display()),
            )
        })
    });
    let mut findings: Vec<_> = open.collect();
    if findings.is_empty() {
        let from = |given: bool| if given { "given" } else { "made by the first start" };
        findings.push(Finding::ok(
            "secrets",
            format!(
                "admin_key is {}, secret is {}",
                from(auth.admin_key.is_some()),
                from(auth.secret.is_some())
            ),
        ));
    }
    findings
}

fn data_dir(dir: &Path) -> Vec<Finding> {
    let Some(found) = existing(dir) else { return Vec::new() };
    let mut findings = Vec::new();
    if found == dir {
        match fs::metadata(dir) {
            Ok(metadata) => findings.push(of_mode(dir, metadata.permissions().mode())),
            Err(error) => findings.push(Finding::warn(
                "data_dir",
                format!("could not look at {}: {error}", dir.display()),
                "run the doctor as the user of the hub",
            )),
        }
    }
    match statvfs(&found) {
        Ok(disk) => {
            let free = u128::from(disk.blocks_available()) * u128::from(disk.fragment_size());
            findings.push(of_disk(dir, free));
        }
        Err(error) => findings.push(Finding::warn(
            "disk",
            format!("could not ask for the free space of {}: {error}", found.display()),
            "look with `df`",
        )),
    }
    findings
}

/// The directory, or the nearest one above it that exists already.
fn existing(dir: &Path) -> Option<PathBuf> {
    dir.ancestors().find(|path| path.is_dir()).map(Path::to_path_buf)
}

/// Other users may pass through, to the server's own folders, and nothing else.
fn of_mode(dir: &Path, mode: u32) -> Finding {
    let dir = dir.display();
    if mode & 0o066 == 0 {
        Finding::ok("data_dir", format!("{dir} is private"))
    } else {
        let found = format!("other users may read or write {dir} (mode {:o})", mode & 0o777);
        Finding::warn("data_dir", found, format!("run `chmod go-rw {dir}`"))
    }
}

fn of_disk(dir: &Path, free: u128) -> Finding {
    let found = format!("{} MiB are free for {}", free >> 20, dir.display());
    let cure = "free some, move data_dir to a larger disk, or lower retain_days";
    match free {
        free if free < DISK_BYTES_MIN => Finding::fail("disk", found, cure),
        free if free < DISK_BYTES_LOW => Finding::warn("disk", found, cure),
        _ => Finding::ok("disk", found),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::{cli::doctor::Level, config::Config};

    fn settings(args: &[&str]) -> Settings {
        let args = ["tollbell", "--data-dir", "/nowhere"].iter().chain(args);
        Config::load(args.map(OsString::from), []).unwrap().settings
    }

    fn levels(findings: &[Finding]) -> Vec<Level> {
        findings.iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn addresses_that_contradict_one_another_are_told() {
        let public = "--public-url=https://hub.example.org";
        for (args, expected) in [
            (vec![], [Level::Ok].as_slice()),
            (vec!["--listen=0.0.0.0:8080"], &[Level::Warn]),
            (vec![public, "--trusted-proxies=10.0.0.0/8"], &[Level::Ok]),
            (vec![public], &[Level::Warn]),
            (vec!["--public-url=http://hub.example.org"], &[Level::Warn]),
            (vec!["--public-url=http://localhost:8080"], &[Level::Ok]),
            (vec!["--trusted-proxies=10.0.0.0/8"], &[Level::Warn]),
            (vec!["--admin-listen=0.0.0.0:9000"], &[Level::Warn]),
            (vec!["--listen=0.0.0.0:1", "--admin-listen=0.0.0.0:2"], &[Level::Warn, Level::Warn]),
        ] {
            let findings = of_addresses(&settings(&args).listen);
            assert_eq!(levels(&findings), expected, "{args:?}: {findings:?}");
        }
    }

    #[test]
    fn a_proxy_on_this_machine_is_no_way_round_the_limits() {
        let public = "--public-url=https://hub.example.org";
        for (args, expected) in [
            (vec![], Level::Ok),
            (vec![public], Level::Warn),
            (vec![public, "--trusted-proxies=10.0.0.0/8"], Level::Warn),
            (vec![public, "--trusted-proxies=127.0.0.1/32"], Level::Ok),
            (vec![public, "--loopback-unlimited=false"], Level::Ok),
        ] {
            assert_eq!(of_loopback(&settings(&args)).level, expected, "{args:?}");
        }
    }

    #[test]
    fn trial_switches_stand_out_where_others_come() {
        for (args, expected) in [
            (vec![], Level::Ok),
            (vec!["--demo"], Level::Warn),
            (vec!["--dev"], Level::Warn),
            (vec!["--dev", "--listen=0.0.0.0:8080"], Level::Fail),
        ] {
            assert_eq!(of_trial(&settings(&args)).level, expected, "{args:?}");
        }
    }

    #[test]
    fn limits_have_their_levels() {
        assert_eq!(of_files(100, 100).level, Level::Ok);
        assert_eq!(of_files(100, 99).level, Level::Warn);
        let dir = Path::new("/data");
        assert_eq!(of_disk(dir, DISK_BYTES_LOW).level, Level::Ok);
        assert_eq!(of_disk(dir, DISK_BYTES_LOW - 1).level, Level::Warn);
        assert_eq!(of_disk(dir, DISK_BYTES_MIN - 1).level, Level::Fail);
        for (mode, expected) in [
            (0o40700, Level::Ok),
            (0o40711, Level::Ok),
            (0o40755, Level::Warn),
            (0o702, Level::Warn),
        ] {
            assert_eq!(of_mode(dir, mode).level, expected, "{mode:o}");
        }
    }

    #[test]
    fn a_secret_that_others_can_read_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "0b5e7a1c94d2f38846a1").unwrap();
        let of = |mode| {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            let named = format!("--secret-file={}", file.path().display());
            levels(&secrets(&settings(&[&named]).auth))
        };
        assert_eq!(of(0o600), [Level::Ok]);
        assert_eq!(of(0o644), [Level::Warn]);
    }
}
