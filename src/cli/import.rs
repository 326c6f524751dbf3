//! `tollbell import`: wallets and names that move in from elsewhere.
//!
//! The file is read line by line and imported batch by batch, each batch one transaction with its events: memory is
//! that of a batch, and whatever ends the import, the same command again goes on where it was. A hub may run
//! meanwhile. What is refused is told on standard output, one line each, with its place in the file and a code; the
//! bar is on standard error.

use std::{collections::HashSet, fs::File, io::BufReader, path::Path, process::ExitCode};

use anyhow::Context as _;
use csv::{Reader, ReaderBuilder, StringRecord, Trim};
use indicatif::{ProgressBar, ProgressStyle};

use super::{database, database::Schema, output};
use crate::{
    app::server_secret,
    config::{ImportCmd, Settings},
    db::{Command, Db, Failure, Never},
    kernel::{
        address::Address,
        money::Scale,
        name::{Name, Suffix},
        time::Timestamp,
    },
    ledger::{
        VerifierSecret,
        imports::{
            commands::{IMPORT_LINES_MAX, ImportWallets},
            model::{Fate, ImportRefusal, WalletLine},
        },
    },
    names::{
        ARecord,
        import::{ImportNames, NameFate, NameLine},
    },
};

/// How often the bar is drawn at the most, a second.
const DRAWS_PER_S: u8 = 5;

/// Imports a file.
///
/// # Errors
/// When the file can't be read or the database fails. A line that is refused is no error but an exit code.
pub(super) async fn run(settings: &Settings, cmd: ImportCmd) -> anyhow::Result<ExitCode> {
    let report = match cmd {
        ImportCmd::Wallets { file } => {
            let secret = VerifierSecret::new(&server_secret(settings)?);
            database::on(settings, Schema::AsSet, async |db| {
                secret.claim(db).await?;
                let wallets = Wallets { secret, scale: db.scale() };
                import(db, settings, &file, &wallets).await
            })
            .await?
        }
        ImportCmd::Names { file } => {
            let names = Names { suffix: settings.ledger.name_suffix.clone() };
            database::on(settings, Schema::AsSet, async |db| {
                import(db, settings, &file, &names).await
            })
            .await?
        }
    };
    output::print_line(&report.summary())?;
    Ok(if report.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a kind of file holds.
trait Kind {
    /// The columns that there must be, and those there may be.
    const COLUMNS: (&'static [&'static str], &'static [&'static str]);
    /// A line that could be read.
    type Line;
    /// What imports a batch.
    type Batch: Command<Refusal = Never>;

    /// Reads a line.
    fn line(&self, fields: &Fields<'_>) -> Result<Self::Line, Refused>;
    /// What no batch may hold twice.
    fn key(line: &Self::Line) -> String;
    /// The command of a batch.
    fn batch(&self, lines: Vec<Self::Line>) -> Self::Batch;
    /// What became of each line.
    fn verdicts(done: <Self::Batch as Command>::Done) -> Vec<Verdict>;
}

/// What became of a line.
enum Verdict {
    Imported,
    Known,
    Refused(Refused),
}

/// Why a line stays out: a stable code, and words.
struct Refused {
    code: &'static str,
    why: String,
}

impl Refused {
    fn new(code: &'static str, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }
}

/// How many lines became what.
#[derive(Debug, Default)]
struct Report {
    imported: u64,
    known: u64,
    refused: u64,
}

impl Report {
    fn count(&mut self, line: u64, verdict: &Verdict) -> std::io::Result<()> {
        match verdict {
            Verdict::Imported => self.imported += 1,
            Verdict::Known => self.known += 1,
            Verdict::Refused(refused) => {
                self.refused += 1;
                let why = output::plain(&refused.why);
                output::print_line(&format!("line {line}: {}: {why}", refused.code))?;
            }
        }
        Ok(())
    }

    fn summary(&self) -> String {
        let Self { imported, known, refused } = self;
        format!("{imported} imported, {known} were here already, {refused} refused")
    }
}

async fn import<K: Kind>(
    db: &Db,
    settings: &Settings,
    path: &Path,
    kind: &K,
) -> anyhow::Result<Report> {
    let file = File::open(path).with_context(|| format!("could not open {}", path.display()))?;
    let bar = bar(file.metadata()?.len());
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(BufReader::new(file));
    let columns = Columns::find(reader.headers()?, K::COLUMNS)
        .with_context(|| format!("could not read {}", path.display()))?;
    let room = settings.database.log_partition_events.into();
    let (mut report, mut batch) = (Report::default(), Batch::<K>::default());
    let mut record = StringRecord::new();
    loop {
        let line = reader.position().line();
        let read = read(&mut reader, &mut record)
            .with_context(|| format!("could not read {} at line {line}", path.display()))?;
        let parsed = match read {
            Read::End => break,
            Read::Broken(why) => Err(Refused::new("csv_malformed", why)),
            Read::Record => kind.line(&Fields { record: &record, columns: &columns }),
        };
        // The reader stands where the record before it ended; the record knows where it begins itself.
        let line = record.position().map_or(line, csv::Position::line);
        match parsed {
            Err(refused) => report.count(line, &Verdict::Refused(refused))?,
            Ok(parsed) => {
                if !batch.has_room(&parsed) {
                    batch.carry_out(db, room, kind, &mut report).await?;
                    bar.set_position(reader.position().byte());
                }
                batch.add(line, parsed);
            }
        }
    }
    batch.carry_out(db, room, kind, &mut report).await?;
    bar.finish_and_clear();
    Ok(report)
}

fn bar(bytes: u64) -> ProgressBar {
    let target = indicatif::ProgressDrawTarget::stderr_with_hz(DRAWS_PER_S);
    let bar = ProgressBar::with_draw_target(Some(bytes), target);
    let style = "{wide_bar} {percent:>3} %  {bytes}/{total_bytes}  {eta} left";
    // A template that is wrong is a defect that the first look shows; the bar without it is a bar too.
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

/// Lines that wait for their transaction.
struct Batch<K: Kind> {
    lines: Vec<(u64, K::Line)>,
    keys: HashSet<String>,
}

impl<K: Kind> Default for Batch<K> {
    fn default() -> Self {
        Self { lines: Vec::new(), keys: HashSet::new() }
    }
}

impl<K: Kind> Batch<K> {
    /// Whether a line can join. One about the same thing as another waits until that one is in.
    fn has_room(&self, line: &K::Line) -> bool {
        self.lines.len() < IMPORT_LINES_MAX && !self.keys.contains(&K::key(line))
    }

    fn add(&mut self, line: u64, parsed: K::Line) {
        self.keys.insert(K::key(&parsed));
        self.lines.push((line, parsed));
    }

    async fn carry_out(
        &mut self,
        db: &Db,
        room: i64,
        kind: &K,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let (numbers, lines): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.lines).into_iter().unzip();
        self.keys.clear();
        if lines.is_empty() {
            return Ok(());
        }
        // No hub may be there to make room in the log.
        db.make_room(room).await.context("could not make room in the log")?;
        let done = match db.run(&kind.batch(lines)).await {
            Ok(done) => done,
            Err(Failure::Db(error)) => {
                let context = "could not import a batch; run the same command again to go on";
                return Err(anyhow::Error::new(error).context(context));
            }
            Err(Failure::Refused(never)) => match never {},
        };
        for (line, verdict) in numbers.into_iter().zip(K::verdicts(done)) {
            report.count(line, &verdict)?;
        }
        Ok(())
    }
}

/// What came next in the file.
enum Read {
    Record,
    Broken(String),
    End,
}

/// Reads a record. One that is broken costs itself and not the file.
fn read(reader: &mut Reader<impl std::io::Read>, record: &mut StringRecord) -> csv::Result<Read> {
    match reader.read_record(record) {
        Ok(true) => Ok(Read::Record),
        Ok(false) => Ok(Read::End),
        Err(error) if error.is_io_error() => Err(error),
        Err(error) => Ok(Read::Broken(error.to_string())),
    }
}

/// Where the columns are that a kind of file has.
struct Columns(Vec<(&'static str, usize)>);

impl Columns {
    fn find(
        head: &StringRecord,
        (needed, known): (&'static [&'static str], &'static [&'static str]),
    ) -> anyhow::Result<Self> {
        let place =
            |name: &str| head.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
        if let Some(missing) = needed.iter().find(|name| place(name).is_none()) {
            let all = [needed, known].concat().join(", ");
            anyhow::bail!("no column is called {missing}; the first line must name some of {all}");
        }
        let found = needed.iter().chain(known).filter_map(|name| Some((*name, place(name)?)));
        Ok(Self(found.collect()))
    }
}

/// The fields of a record by their columns.
struct Fields<'a> {
    record: &'a StringRecord,
    columns: &'a Columns,
}

impl Fields<'_> {
    /// A field; `None` when it is empty or its column is not there.
    fn get(&self, column: &str) -> Option<&str> {
        let (_, place) = self.columns.0.iter().find(|(name, _)| *name == column)?;
        self.record.get(*place).filter(|text| !text.is_empty())
    }

    /// A field that there must be.
    fn needed(&self, column: &'static str, code: &'static str) -> Result<&str, Refused> {
        self.get(column).ok_or_else(|| Refused::new(code, format!("{column} is empty")))
    }

    fn address(&self, column: &'static str, code: &'static str) -> Result<Address, Refused> {
        parse(self.needed(column, code)?, code)
    }

    fn time(&self, column: &str) -> Result<Option<Timestamp>, Refused> {
        let read = |text: &str| {
            let time = chrono::DateTime::parse_from_rfc3339(text).map_err(|error| {
                Refused::new(
                    "time_invalid",
                    format!("{column}: {error}; write 2026-11-22T01:00:00Z"),
                )
            })?;
            Ok(Timestamp::new(time.to_utc()))
        };
        self.get(column).map(read).transpose()
    }
}

/// Reads a text by its type's own rule.
fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
    text: &str,
    code: &'static str,
) -> Result<T, Refused> {
    text.parse().map_err(|error: T::Err| Refused::new(code, format!("{text:?}: {error}")))
}

/// A file of wallets.
struct Wallets {
    secret: VerifierSecret,
    scale: Scale,
}

impl Kind for Wallets {
    const COLUMNS: (&'static [&'static str], &'static [&'static str]) =
        (&["address", "balance"], &["verifier", "locked"]);
    type Line = WalletLine;
    type Batch = ImportWallets;

    fn line(&self, fields: &Fields<'_>) -> Result<WalletLine, Refused> {
        let text = fields.needed("balance", "amount_invalid")?;
        let invalid = |error: &dyn std::fmt::Display| {
            Refused::new("amount_invalid", format!("{text:?}: {error}"))
        };
        let amount = self.scale.parse(text).map_err(|error| invalid(&error))?;
        if amount.units() < 0 {
            return Err(invalid(&"a balance is not below 0"));
        }
        let locked = match fields.get("locked").map(str::to_ascii_lowercase).as_deref() {
            None | Some("false" | "f" | "0" | "no") => false,
            Some("true" | "t" | "1" | "yes") => true,
            Some(other) => {
                let why = format!("{other:?}: locked is true or false");
                return Err(Refused::new("locked_invalid", why));
            }
        };
        Ok(WalletLine {
            address: fields.address("address", "address_invalid")?,
            balance: amount.payable(),
            verifier: fields
                .get("verifier")
                .map(|text| {
                    text.parse().map_err(|error: crate::ledger::imports::model::VerifierError| {
                        // What stands there may be somebody's private key.
                        Refused::new("verifier_invalid", error.to_string())
                    })
                })
                .transpose()?,
            locked,
        })
    }

    fn key(line: &WalletLine) -> String {
        line.address.to_string()
    }

    fn batch(&self, lines: Vec<WalletLine>) -> ImportWallets {
        ImportWallets { lines, secret: self.secret.clone() }
    }

    fn verdicts(done: Vec<Fate>) -> Vec<Verdict> {
        let verdict = |fate| match fate {
            Fate::Imported => Verdict::Imported,
            Fate::Known => Verdict::Known,
            Fate::Refused(refusal) => {
                Verdict::Refused(Refused::new(refusal.code(), explain(&refusal)))
            }
        };
        done.into_iter().map(verdict).collect()
    }
}

fn explain(refusal: &ImportRefusal) -> &'static str {
    match refusal {
        ImportRefusal::SystemWallet => "this is the system's own wallet",
        ImportRefusal::VerifierConflict => "the wallet is claimed with another private key",
        ImportRefusal::ImportConflict(_) => "the wallet was imported before with another balance",
        ImportRefusal::WalletExists => "the wallet is here already and not locked; lock it by hand",
        ImportRefusal::Ledger(_) => "the ledger refuses the balance",
    }
}

/// A file of names.
struct Names {
    suffix: Suffix,
}

impl Names {
    fn name(&self, text: &str) -> Result<Name, Refused> {
        match self.suffix.target(text) {
            Some(Ok(target)) if target.metaname.is_none() => Ok(target.name),
            _ => parse(text, "name_invalid"),
        }
    }
}

impl Kind for Names {
    const COLUMNS: (&'static [&'static str], &'static [&'static str]) =
        (&["name", "owner"], &["original_owner", "registered", "updated", "transferred", "a"]);
    type Line = NameLine;
    type Batch = ImportNames;

    fn line(&self, fields: &Fields<'_>) -> Result<NameLine, Refused> {
        let record = |text: &str| {
            ARecord::new(text.to_owned())
                .ok_or_else(|| Refused::new("record_invalid", format!("{text:?} leads nowhere")))
        };
        Ok(NameLine {
            name: self.name(fields.needed("name", "name_invalid")?)?,
            owner: fields.address("owner", "address_invalid")?,
            original_owner: fields
                .get("original_owner")
                .map(|text| parse(text, "address_invalid"))
                .transpose()?,
            record: fields.get("a").map(record).transpose()?,
            registered_at: fields.time("registered")?,
            updated_at: fields.time("updated")?,
            transferred_at: fields.time("transferred")?,
        })
    }

    fn key(line: &NameLine) -> String {
        line.name.to_string()
    }

    fn batch(&self, lines: Vec<NameLine>) -> ImportNames {
        ImportNames(lines)
    }

    fn verdicts(done: Vec<NameFate>) -> Vec<Verdict> {
        let verdict = |fate| match fate {
            NameFate::Imported => Verdict::Imported,
            NameFate::Known => Verdict::Known,
            NameFate::NameTaken => Verdict::Refused(Refused::new(
                "name_taken",
                "somebody else has bought the name here",
            )),
            NameFate::WalletNotFound => Verdict::Refused(Refused::new(
                "wallet_not_found",
                "the owner has no wallet; import wallets first",
            )),
        };
        done.into_iter().map(verdict).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads one line behind a head and gives its code, or `ok`.
    fn said<K: Kind>(kind: &K, head: &str, line: &str) -> &'static str {
        let text = format!("{head}\n{line}\n");
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes());
        let columns = Columns::find(reader.headers().unwrap(), K::COLUMNS).unwrap();
        let mut record = StringRecord::new();
        match read(&mut reader, &mut record).unwrap() {
            Read::Record => kind
                .line(&Fields { record: &record, columns: &columns })
                .map_or_else(|refused| refused.code, |_| "ok"),
            Read::Broken(_) => "csv_malformed",
            Read::End => "nothing",
        }
    }

    #[test]
    fn a_line_of_wallets_is_read_or_refused() {
        let secret = VerifierSecret::new(&"0b5e7a1c94d2f38846a1".to_owned().into());
        let wallets = Wallets { secret, scale: Scale::new(2).unwrap() };
        let verifier = "a350fa569fc53804c4282afbebafeba973c33238704815ea41fa8eec1f13a791";
        let check = |line: &str, expected: &str| {
            let head = "Address, balance ,verifier,locked";
            assert_eq!(said(&wallets, head, line), expected, "{line}");
        };
        check("k8juvewcui,10.25,,", "ok");
        check(&format!(" k8juvewcui , 0 ,{verifier},TRUE"), "ok");
        check("serverwelf,1,,", "ok");
        check("k8juvewcui,,,", "amount_invalid");
        check("k8juvewcui,-1,,", "amount_invalid");
        check("k8juvewcui,1e3,,", "amount_invalid");
        check("k8juvewcui,0.001,,", "amount_invalid");
        check("a5dfb396d3,1,,", "address_invalid");
        check(",1,,", "address_invalid");
        check("k8juvewcui,1,hunter2,", "verifier_invalid");
        check("k8juvewcui,1,,perhaps", "locked_invalid");
        check("k8juvewcui,1", "csv_malformed");
        check("k8juvewcui,1,,,more", "csv_malformed");
        assert_eq!(said(&wallets, "balance,address", "7,k8juvewcui"), "ok");
    }

    #[test]
    fn a_line_of_names_is_read_or_refused() {
        let names = Names { suffix: "kro".parse().unwrap() };
        let check = |line: &str, expected: &str| {
            let head = "name,owner,original_owner,registered,a";
            assert_eq!(said(&names, head, line), expected, "{line}");
        };
        check("bakery,k8juvewcui,,,", "ok");
        check("Bakery.kro,k8juvewcui,k7oax47quv,2026-01-02T03:04:05.678Z,example.org", "ok");
        check("bakery,k8juvewcui,,2026-01-02T03:04:05+02:00,", "ok");
        check(",k8juvewcui,,,", "name_invalid");
        check("shelf@bakery.kro,k8juvewcui,,,", "name_invalid");
        check("bakery.kst,k8juvewcui,,,", "name_invalid");
        check("bakery,,,,", "address_invalid");
        check("bakery,k8juvewcui,x,,", "address_invalid");
        check("bakery,k8juvewcui,,yesterday,", "time_invalid");
        check("bakery,k8juvewcui,,,#x", "record_invalid");
    }

    #[test]
    fn a_file_without_its_columns_is_told_which() {
        let head = StringRecord::from(vec!["address", "amount"]);
        let error = Columns::find(&head, Wallets::COLUMNS).err().unwrap().to_string();
        assert!(error.contains("no column is called balance"), "{error}");
        assert!(error.contains("address, balance, verifier, locked"), "{error}");
    }
}
