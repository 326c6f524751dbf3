//! SQL lives in `store.rs` and `src/db/`, and a table is named in the SQL of one slice only.

use std::collections::BTreeMap;

use crate::tidy::source::{Source, Violation, find_words, identifier};

/// The functions and macros of the database library that take SQL.
const QUERIES: &[&str] = &[
    "query",
    "query_as",
    "query_scalar",
    "query_with",
    "query_as_with",
    "query_scalar_with",
    "query_file",
    "query_file_as",
    "query_file_scalar",
    "query_unchecked",
    "query_as_unchecked",
    "query_scalar_unchecked",
    "raw_sql",
];

/// What a literal begins with, and contains, when it is SQL.
const STATEMENTS: &[(&str, &str)] = &[
    ("select ", " from "),
    ("insert into ", ""),
    ("update ", " set "),
    ("delete from ", ""),
    ("with ", " as ("),
    ("create table ", ""),
    ("alter table ", ""),
    ("lock table ", ""),
];

/// The words of SQL that a table's name follows.
const BEFORE_TABLE: &[&str] =
    &["from", "join", "into", "update", "table", "only", "using", "references", "of", "truncate"];

/// SQL stands in `store.rs` and `src/db/` only.
pub(crate) fn place(source: &Source) -> Vec<Violation> {
    if source.module().is_none() || holds_sql(source) {
        return Vec::new();
    }
    let cure = "move the statement to the slice's store.rs and call it by name";
    let mut violations = Vec::new();
    for word in QUERIES {
        for offset in find_words(&source.code, word).filter(|offset| calls(source, *offset, word)) {
            violations.push(source.violation(offset, format!("`{word}` outside store.rs"), cure));
        }
    }
    for offset in find_words(&source.code, "QueryBuilder") {
        violations.push(source.violation(offset, "`QueryBuilder` outside store.rs", cure));
    }
    for literal in source.literals.iter().filter(|literal| is_statement(&literal.text)) {
        violations.push(source.violation(literal.offset, "SQL outside store.rs", cure));
    }
    violations
}

/// A table is named by one slice. The tables are those that the migrations create.
pub(crate) fn owners(migrations: &[Source], sources: &[Source]) -> Vec<Violation> {
    let tables: Vec<String> = migrations.iter().flat_map(created).collect();
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| holds_sql(source)) {
        // A load test prepares a database that nobody else uses, past the commands of the slices.
        let Some(module) = source.module().filter(|module| *module != "bench") else { continue };
        for literal in &source.literals {
            let named = named(&literal.text);
            for table in tables.iter().filter(|table| named.contains(table)) {
                let owner = *owners.entry(table).or_insert(module);
                if owner != module {
                    let what = format!("`{module}` names table `{table}`, and so does `{owner}`");
                    let cure = "let the slice that owns the table offer a function for it";
                    violations.push(source.violation(literal.offset, what, cure));
                }
            }
        }
    }
    violations
}

/// Whether the file is one of those that hold SQL.
fn holds_sql(source: &Source) -> bool {
    source.path.starts_with("src/db/")
        || source.path == "src/db.rs"
        || source.file_name() == "store.rs"
}

/// Whether the word is used as the database library's: as macro or called as a function, not as a method.
fn calls(source: &Source, offset: usize, word: &str) -> bool {
    let before = source.code.get(..offset).unwrap_or_default();
    let after = source.code.get(offset + word.len()..).unwrap_or_default();
    let sqlx = before.ends_with("sqlx::");
    let other = before.ends_with(['.', ':']) || before.ends_with("fn ");
    sqlx || after.starts_with("!(")
        || (!other && (after.starts_with('(') || after.starts_with("::<")))
}

/// Whether a literal is SQL rather than prose.
fn is_statement(text: &str) -> bool {
    let text = words(text).join(" ");
    STATEMENTS.iter().any(|(start, part)| text.starts_with(start) && text.contains(part))
}

/// The tables that a migration creates.
fn created(migration: &Source) -> Vec<String> {
    let text = migration.text.lines().map(|line| line.split("--").next().unwrap_or_default());
    let words = words(&text.collect::<Vec<_>>().join("\n"));
    let mut tables = Vec::new();
    for (at, _) in words.windows(2).enumerate().filter(|(_, two)| *two == ["create", "table"]) {
        let rest = words
            .iter()
            .skip(at + 2)
            .skip_while(|word| ["if", "not", "exists"].contains(&word.as_str()));
        tables.extend(rest.map(|word| identifier(word).to_owned()).next());
    }
    tables
}

/// The names that stand where a statement expects a table.
fn named(sql: &str) -> Vec<String> {
    let words = words(sql);
    let mut names = Vec::new();
    let mut expects = false;
    // `from a, b x, c`: after a comma that follows a table and its alias another table stands.
    let mut since_table = usize::MAX;
    for word in words {
        let name = identifier(&word).to_owned();
        if expects {
            since_table = 0;
            names.push(name);
        } else {
            since_table = since_table.saturating_add(1);
        }
        let listed = since_table <= 2 && word.ends_with(',');
        expects = listed || BEFORE_TABLE.contains(&word.as_str());
    }
    names
}

/// The words of a statement in lowercase, without quotes and the schema's name; brackets stand alone.
fn words(sql: &str) -> Vec<String> {
    let spaced = sql.to_lowercase().replace("public.", "").replace("\\n", " ").replace('"', "");
    let spaced = spaced.replace('(', " ( ").replace(')', " ) ").replace('\\', " ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(path: &str, text: &str) -> Vec<usize> {
        place(&Source::rust(path, text)).iter().map(Violation::line).collect()
    }

    #[test]
    fn sql_has_its_place() {
        for bad in [
            "sqlx::query!(\"x\")",
            "query_as::<_, Row>(S)",
            "sqlx::query_scalar(S)",
            "raw_sql(S)",
            "sqlx::query_as!(Row, \"x\")",
            "conn.execute(\"select id from wallets\")",
            "f(\"update wallets\\n set balance = 0\")",
            "f(r#\"with due as (select 1) table due\"#)",
            "QueryBuilder::new(S)",
        ] {
            assert!(!placed("src/ledger/queries.rs", bad).is_empty(), "{bad}");
            assert!(placed("src/ledger/store.rs", bad).is_empty(), "{bad}");
            assert!(placed("src/db/log.rs", bad).is_empty(), "{bad}");
        }
        for good in [
            "uri.query()",
            "fn query(&self)",
            "request.query(&[1])",
            "f(\"select a wallet\")",
            "Url::query(u)",
        ] {
            assert!(placed("src/http/extract.rs", good).is_empty(), "{good}");
        }
    }

    #[test]
    fn a_table_has_one_slice() {
        let migration = "-- create table ghost\ncreate table wallets (id bigint);\ncreate table if not exists public.keys\n(id int);";
        let migration = Source::plain("migrations/0001_all.sql", migration);
        assert_eq!(created(&migration), ["wallets", "keys"]);
        let check = |second: &str| {
            let ledger = Source::rust(
                "src/ledger/store.rs",
                "f(\"select id from wallets where id = 'keys'\")",
            );
            let other = Source::rust("src/names/store.rs", second);
            owners(std::slice::from_ref(&migration), &[ledger, other]).len()
        };
        assert_eq!(check("f(\"insert into keys (id) values ($1)\")"), 0);
        assert_eq!(check("f(\"select wallets from names\")"), 0);
        assert_eq!(check("f(\"select 1 from names n join wallets w using (id)\")"), 1);
        assert_eq!(check("f(\"select 1 from names n, wallets\")"), 1);
        assert_eq!(check("f(\"update\\n   wallets set balance = 0\")"), 1);
        assert_eq!(check("f(\"insert into wallets(id) values (1)\")"), 1);
        assert_eq!(check("f(\"select 1 from \\\"wallets\\\"\")"), 1);
    }
}
