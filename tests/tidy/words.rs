//! Words that code does not use, each with what is used instead and the one place that may.

use crate::tidy::source::{Source, Violation, find_words, identifier};

/// A word, what to write instead, and the paths that may use it all the same.
struct Banned {
    word: &'static str,
    instead: &'static str,
    except: &'static [&'static str],
}

/// Words that shipped code does not use; a test module may.
const SHIPPED: &[Banned] = &[
    Banned {
        word: "Utc::now",
        instead: "ask Tx::now what is due, or HostClock how long to sleep",
        except: &["src/kernel/time.rs"],
    },
    Banned {
        word: "SystemTime::now",
        instead: "ask Tx::now what is due, or HostClock how long to sleep",
        except: &["src/kernel/time.rs"],
    },
    Banned {
        word: "Uuid::new_v4",
        instead: "take ids from db::random::uuid",
        except: &["src/db/random.rs"],
    },
    Banned { word: "env::var", instead: SETTINGS, except: CONFIG },
    Banned { word: "env::var_os", instead: SETTINGS, except: CONFIG },
    Banned { word: "env::vars", instead: SETTINGS, except: CONFIG },
    Banned { word: "tokio::spawn", instead: SPAWN, except: &["src/db/tasks.rs"] },
    Banned { word: "task::spawn", instead: SPAWN, except: &["src/db/tasks.rs"] },
    Banned { word: "spawn_local", instead: SPAWN, except: &["src/hub/", "src/db/tasks.rs"] },
    Banned { word: "unbounded_channel", instead: BOUNDED, except: &[] },
    Banned { word: "mpsc::unbounded", instead: BOUNDED, except: &[] },
    Banned { word: "std::sync::mpsc::channel", instead: BOUNDED, except: &[] },
    Banned {
        word: "println!",
        instead: "write to the output the subcommand was given",
        except: &[],
    },
    Banned {
        word: "StatusCode",
        instead: "return the slice's error; the edge chooses the status",
        except: &["/routes.rs", "src/http/", "src/gateways/", "src/bench/stand/"],
    },
];

/// Words that nothing uses, a test neither.
const EVERYWHERE: &[Banned] = &[
    Banned { word: "unbounded_channel", instead: BOUNDED, except: &[] },
    Banned { word: "dbg!", instead: "use tracing, or an assertion", except: &[] },
    Banned { word: "todo!", instead: "write it, or leave it out", except: &[] },
    Banned { word: "unimplemented!", instead: "write it, or leave it out", except: &[] },
    Banned { word: "#[allow(", instead: EXPECT, except: &[] },
    Banned { word: "#![allow(", instead: EXPECT, except: &[] },
    Banned { word: "#[ignore", instead: "mend the test, or delete it", except: &[] },
];

const SETTINGS: &str = "take a typed setting; config.rs alone reads the environment";
const CONFIG: &[&str] = &["src/config.rs", "src/config/"];
const SPAWN: &str = "use db::tasks::Tasks::spawn, which names the task and ties it to shutdown";
const BOUNDED: &str = "use a bounded queue with a named limit";
const EXPECT: &str = "use #[expect(lint, reason = \"…\")]";

/// Names that say nothing about what a thing is. `ledger::Transfer` is the order given to `post`.
const NAMES: &[(&str, &[&str])] = &[
    ("service", &[]),
    ("manager", &[]),
    ("util", &[]),
    ("common", &[]),
    ("helper", &[]),
    ("dto", &[]),
    ("entity", &[]),
    ("transfer", &["src/ledger/"]),
];

/// No banned word in shipped code.
pub(crate) fn shipped(source: &Source) -> Vec<Violation> {
    banned(source, &source.shipped(), SHIPPED)
}

/// No banned word anywhere.
pub(crate) fn everywhere(source: &Source) -> Vec<Violation> {
    banned(source, &source.code, EVERYWHERE)
}

/// Work that is left over has an issue.
pub(crate) fn leftovers(source: &Source) -> Vec<Violation> {
    let mut violations = Vec::new();
    for word in ["TODO", "FIXME"] {
        for offset in find_words(&source.text, word) {
            let line =
                source.text.get(offset..).and_then(|text| text.lines().next()).unwrap_or_default();
            let issue =
                line.split('#').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            if !issue {
                let line = source.text.get(..offset).unwrap_or_default().matches('\n').count();
                let start = source.code.split_inclusive('\n').take(line).map(str::len).sum();
                let cure = "do it, or name its issue as #7";
                violations.push(source.violation(start, format!("{word} without an issue"), cure));
            }
        }
    }
    violations
}

/// Modules and types are named after what they are.
pub(crate) fn names(source: &Source) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut check = |offset: usize, name: &str| {
        let last = last_word(name);
        let banned =
            NAMES.iter().find(|(word, _)| last == *word || last.strip_suffix('s') == Some(word));
        if let Some((word, except)) = banned
            && !except.iter().any(|path| source.path.starts_with(path))
        {
            let cure = "name it after what it is, in the words of ARCHITECTURE.md";
            violations.push(source.violation(offset, format!("`{name}` is called a {word}"), cure));
        }
    };
    for part in source.path.split('/') {
        check(0, part.strip_suffix(".rs").unwrap_or(part));
    }
    for keyword in ["mod", "struct", "enum", "trait", "type", "union"] {
        for offset in find_words(&source.code, keyword) {
            let rest = source.code.get(offset + keyword.len()..).unwrap_or_default();
            check(offset, identifier(rest.trim_start()));
        }
    }
    violations
}

/// The places where a list's words stand in the code and may not.
fn banned(source: &Source, code: &str, list: &[Banned]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for Banned { word, instead, except } in list {
        let open = except.iter().any(|path| match path.strip_prefix('/') {
            Some(name) => source.file_name() == name,
            None => source.path.starts_with(path),
        });
        if !open {
            let found = find_words(code, word);
            violations.extend(found.map(|at| source.violation(at, format!("`{word}`"), *instead)));
        }
    }
    violations
}

/// The last word of `WalletStore`, `wallet_store` or `wallet-store`, in lowercase.
fn last_word(name: &str) -> String {
    let after = name.rsplit(['_', '-']).next().unwrap_or(name);
    let start = after.rfind(|c: char| c.is_uppercase()).unwrap_or_default();
    after.get(start..).unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shipped_word_is_caught() {
        for Banned { word, except, .. } in SHIPPED {
            let text = format!("fn f() {{\n    {word}();\n}}\n");
            let lines = |path: &str, text: &str| {
                shipped(&Source::rust(path, text)).iter().map(Violation::line).collect::<Vec<_>>()
            };
            assert!(lines("src/ledger/model.rs", &text).contains(&2), "{word}");
            let in_test = format!("#[cfg(test)]\nmod tests {{\n    {word}();\n}}\n");
            assert!(lines("src/ledger/model.rs", &in_test).is_empty(), "{word}");
            assert!(
                lines("src/ledger/model.rs", &format!("/// {word}\nconst A: &str = \"{word}\";"))
                    .is_empty()
            );
            for path in *except {
                let path = path
                    .strip_prefix('/')
                    .map_or((*path).to_owned(), |name| format!("src/ledger/{name}"));
                let path = if path.ends_with('/') { format!("{path}mod.rs") } else { path };
                assert!(lines(&path, &text).is_empty(), "{word} in {path}");
            }
        }
    }

    #[test]
    fn each_word_is_caught_in_tests_too() {
        for Banned { word, .. } in EVERYWHERE {
            let text = format!("#[cfg(test)]\nmod tests {{\n    {word} x\n}}\n");
            let found = everywhere(&Source::rust("tests/it/main.rs", &text));
            assert_eq!(found.iter().map(Violation::line).collect::<Vec<_>>(), [3], "{word}");
        }
        assert!(
            everywhere(&Source::rust("src/a.rs", "#[expect(dead_code, reason = \"…\")]"))
                .is_empty()
        );
    }

    #[test]
    fn leftovers_need_an_issue() {
        let found = leftovers(&Source::rust(
            "src/a.rs",
            "fn f() {}\n// é\n// TODO: later\n// FIXME #12: soon\n",
        ));
        assert_eq!(found.iter().map(Violation::line).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn names_say_what_a_thing_is() {
        for (word, _) in NAMES {
            let camel = format!("{}{}", word[..1].to_uppercase(), &word[1..]);
            for bad in [
                format!("pub struct Wallet{camel};"),
                format!("mod wallet_{word}s;"),
                format!("type {camel} = u8;"),
            ] {
                assert_eq!(names(&Source::rust("src/auth/mod.rs", &bad)).len(), 1, "{bad}");
            }
            assert_eq!(names(&Source::rust(&format!("src/{word}.rs"), "")).len(), 1, "{word}");
        }
        assert!(
            names(&Source::rust("src/auth/mod.rs", "struct ServiceKey; enum Caller { Service }"))
                .is_empty()
        );
        assert!(names(&Source::rust("src/ledger/model.rs", "pub struct Transfer;")).is_empty());
    }
}
