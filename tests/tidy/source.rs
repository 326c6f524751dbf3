//! A file as the rules read it: its code without comments and literals, its literals with their places.
//!
//! A word in a comment or in a message breaks no rule, so both are blanked before a rule looks; every byte that
//! is blanked is replaced, never removed, so a place in the code is a place in the file.

use std::fmt;
use std::path::Path;

/// One file of the repository.
pub(crate) struct Source {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    /// As it lies on the disk.
    pub(crate) text: String,
    /// The text with comments and the insides of literals blanked. Lines are those of the text.
    pub(crate) code: String,
    /// The string literals, in order.
    pub(crate) literals: Vec<Literal>,
}

/// A string literal.
pub(crate) struct Literal {
    /// Where its opening quote stands in [`Source::code`].
    pub(crate) offset: usize,
    /// What it holds, escapes as written.
    pub(crate) text: String,
}

/// A broken rule: where, which, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    path: String,
    line: usize,
    what: String,
    cure: String,
}

impl Violation {
    /// A violation of a file as a whole.
    pub(crate) fn of_file(path: &str, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: 1, what: what.into(), cure: cure.into() }
    }

    /// The line it was found on.
    pub(crate) fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line, self.what, self.cure)
    }
}

impl Source {
    /// Reads a Rust file.
    pub(crate) fn rust(path: &str, text: &str) -> Self {
        let (code, literals) = lex(text);
        Self { path: path.to_owned(), text: text.to_owned(), code, literals }
    }

    /// Takes a file of any other language; its code is its text.
    pub(crate) fn plain(path: &str, text: &str) -> Self {
        let literals = Vec::new();
        Self { path: path.to_owned(), text: text.to_owned(), code: text.to_owned(), literals }
    }

    /// The line of a place in the code, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.code.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }

    /// A violation at a place in the code.
    pub(crate) fn violation(
        &self,
        offset: usize,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) -> Violation {
        let line = self.line(offset);
        Violation { path: self.path.clone(), line, what: what.into(), cure: cure.into() }
    }

    /// The top-level module the file belongs to: `ledger` for `src/ledger/store.rs`, `app` for `src/app.rs`.
    /// `None` outside `src`, and for `src/lib.rs`, which is only the map.
    pub(crate) fn module(&self) -> Option<&str> {
        let first = self.path.strip_prefix("src/")?.split('/').next()?;
        let name = first.strip_suffix(".rs").unwrap_or(first);
        (name != "lib").then_some(name)
    }

    /// The last part of the path.
    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The code with the file's `#[cfg(test)]` modules blanked as well.
    pub(crate) fn shipped(&self) -> String {
        let mut shipped = self.code.clone();
        while let Some(start) = test_module(&shipped) {
            let body = shipped.get(start..).unwrap_or_default();
            let end = body.find("\n}").map_or(shipped.len(), |at| start + at + 2);
            let blank = blanked(shipped.get(start..end).unwrap_or_default());
            shipped.replace_range(start..end, &blank);
        }
        shipped
    }

    /// The literals in the initialiser of `const NAME`, and what else stands there.
    pub(crate) fn constant(&self, name: &str) -> Option<(&[Literal], &str)> {
        let start = find_words(&self.code, &format!("const {name}")).next()?;
        let assigned = start + self.code.get(start..)?.find('=')?;
        let end = assigned + self.code.get(assigned..)?.find(';')?;
        let from = self.literals.partition_point(|literal| literal.offset < assigned);
        let to = self.literals.partition_point(|literal| literal.offset < end);
        Some((self.literals.get(from..to)?, self.code.get(assigned..end)?))
    }
}

/// Where the first module for tests begins, whoever may see it.
fn test_module(code: &str) -> Option<usize> {
    const MARK: &str = "#[cfg(test)]\n";
    code.match_indices(MARK).map(|(start, _)| start).find(|start| {
        let line = code.get(start + MARK.len()..).and_then(|rest| rest.lines().next());
        line.is_some_and(|line| find_words(line, "mod").next().is_some() && line.ends_with('{'))
    })
}

/// The places where a word stands alone: no identifier continues it on a side where it ends in one.
pub(crate) fn find_words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).map(|(offset, _)| offset).filter(move |offset| {
        let before = code.get(..*offset).and_then(|text| text.chars().next_back());
        let after = code.get(offset + word.len()..).and_then(|text| text.chars().next());
        let starts = word.starts_with(part) && before.is_some_and(part);
        let ends = word.ends_with(part) && after.is_some_and(part);
        !starts && !ends
    })
}

/// The identifier a text begins with, or nothing.
pub(crate) fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Every file below a folder of the repository that is text, except what is built and what is not ours.
pub(crate) fn files_below(folder: &str) -> Vec<Source> {
    const SKIPPED: &[&str] = &[".git", "target", "node_modules", "__pycache__", ".venv"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let skipped = SKIPPED.iter().any(|skip| name == *skip);
            if path.is_dir() && !skipped {
                folders.push(path);
            } else if let (false, Ok(text)) = (skipped, std::fs::read_to_string(&path)) {
                let inside = path.strip_prefix(root).unwrap_or(&path);
                let name = inside.to_string_lossy().replace('\\', "/");
                let rust = is_rust(&name);
                found.push(if rust {
                    Source::rust(&name, &text)
                } else {
                    Source::plain(&name, &text)
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Whether a path is that of a Rust file.
pub(crate) fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

/// What a stretch of text becomes when a rule must not see it.
fn blanked(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect()
}

/// Splits Rust into code and string literals.
fn lex(text: &str) -> (String, Vec<Literal>) {
    let (mut code, mut literals) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let token = token(rest, code.chars().next_back());
        let (piece, next) = rest.split_at(token.as_ref().map_or(first.len_utf8(), Token::length));
        match token {
            None => code.push(first),
            Some(Token::Blank(_)) => code.push_str(&blanked(piece)),
            Some(Token::Text { open, close, .. }) => {
                let inner = piece.get(open..piece.len().saturating_sub(close)).unwrap_or_default();
                literals.push(Literal { offset: code.len(), text: inner.to_owned() });
                code.push('"');
                code.push_str(&blanked(inner));
                code.push('"');
            }
        }
        rest = next;
    }
    (code, literals)
}

/// What is no plain code, with its length in bytes.
enum Token {
    /// A comment or a character.
    Blank(usize),
    /// A string, with the bytes of its opening and closing marks.
    Text { length: usize, open: usize, close: usize },
}

impl Token {
    fn length(&self) -> usize {
        match self {
            Self::Blank(length) | Self::Text { length, .. } => *length,
        }
    }
}

/// The comment, string or character that begins here; `None` when plain code does.
fn token(rest: &str, before: Option<char>) -> Option<Token> {
    if rest.starts_with("//") {
        return Some(Token::Blank(rest.find('\n').unwrap_or(rest.len())));
    }
    if rest.starts_with("/*") {
        return Some(Token::Blank(block_comment(rest)));
    }
    let inside_name = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if let Some(raw) = raw_string(rest).filter(|_| !inside_name) {
        return Some(raw);
    }
    if rest.starts_with('"') {
        let length = closing_quote(rest, '"').map_or(rest.len(), |end| end + 1);
        return Some(Token::Text { length, open: 1, close: 1 });
    }
    // A quote opens a character when one character or an escape stands before the next quote; else a lifetime.
    let mut ahead = rest.strip_prefix('\'')?.chars();
    let character = ahead.next()? == '\\' || ahead.next() == Some('\'');
    character.then(|| Token::Blank(closing_quote(rest, '\'').map_or(rest.len(), |end| end + 1)))
}

/// The raw string that begins here: `r"…"`, `r#"…"#`, also of bytes.
fn raw_string(rest: &str) -> Option<Token> {
    let marked = rest.strip_prefix(['b', 'c']).unwrap_or(rest).strip_prefix('r')?;
    let bare = marked.trim_start_matches('#');
    let hashes = marked.len() - bare.len();
    let body = bare.strip_prefix('"')?;
    let open = rest.len() - body.len();
    let close = hashes + 1;
    let end = body.find(&format!("\"{}", "#".repeat(hashes)));
    Some(Token::Text { length: end.map_or(rest.len(), |end| open + end + close), open, close })
}

/// Where the quote stands that closes the literal at the start of the text.
fn closing_quote(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    rest.char_indices().skip(1).find_map(|(at, c)| {
        let closes = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// The bytes of the comment at the start of the text. Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(text) = rest.get(at..).filter(|text| !text.is_empty()) {
        if text.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += text.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let text = "let a = \"x{\"; // y{ \"v\"\n/* z{ /* n */ */ let b = '\"'; let c = r#\"w\"{\"#;\nfn f<'a>() {}\n";
        let source = Source::rust("src/a.rs", text);
        assert_eq!(source.code.lines().count(), text.lines().count());
        assert_eq!(source.code.matches('{').count(), 1, "{}", source.code);
        assert!(source.code.contains("fn f<'a>()"));
        let literals: Vec<_> =
            source.literals.iter().map(|literal| literal.text.as_str()).collect();
        assert_eq!(literals, ["x{", "w\"{"]);
        assert_eq!(
            source.literals.iter().map(|l| source.line(l.offset)).collect::<Vec<_>>(),
            [1, 2]
        );
    }

    #[test]
    fn escapes_do_not_end_a_literal() {
        let source = Source::rust("src/a.rs", r#"f("a\"b", "\\", '\'', b"c", 'é'); g("#);
        let literals: Vec<_> =
            source.literals.iter().map(|literal| literal.text.as_str()).collect();
        assert_eq!(literals, [r#"a\"b"#, r"\\", "c"]);
        assert!(source.code.ends_with("g("));
    }

    #[test]
    fn test_modules_are_not_shipped() {
        let source = Source::rust(
            "src/a.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    b();\n}\nfn c() {}\n",
        );
        let shipped = source.shipped();
        assert!(shipped.contains("a()") && shipped.contains("c()") && !shipped.contains("b()"));
        assert_eq!(shipped.lines().count(), 6);
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(find_words("eprintln!(); println!()", "println!").collect::<Vec<_>>(), [13]);
        assert_eq!(find_words("env::vars() env::var()", "env::var").collect::<Vec<_>>(), [12]);
    }

    #[test]
    fn a_constant_gives_its_literals() {
        let source = Source::rust(
            "src/a.rs",
            "f(\"x\");\npub const KINDS: &[&str] = &[\"a\", \"b\"];\ng(\"y\");\n",
        );
        let kinds: Vec<_> =
            source.constant("KINDS").unwrap().0.iter().map(|l| l.text.as_str()).collect();
        assert_eq!(kinds, ["a", "b"]);
        assert!(source.constant("CODES").is_none());
    }
}
