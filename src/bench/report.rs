//! What a benchmark says in the end: a line for each figure with its spread, what it must be, and whether it is.

use std::fmt::Write as _;

use comfy_table::{Table, presets};
use serde::Serialize;

use super::figures::{Bound, Figures, Values, short};

/// A finished benchmark.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    title: String,
    rows: Vec<Row>,
    /// What else the reader should know.
    notes: Vec<String>,
    /// Why the run counts for nothing, if it does.
    void: Option<String>,
    /// Everything that was measured.
    figures: Figures,
}

#[derive(Debug, Serialize)]
struct Row {
    figure: String,
    unit: &'static str,
    median: f64,
    least: f64,
    most: f64,
    repetitions: usize,
    must: Option<Bound>,
    aim: Option<Bound>,
}

impl Report {
    /// An empty report.
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            rows: Vec::new(),
            notes: Vec::new(),
            void: None,
            figures: Figures::default(),
        }
    }

    /// Adds a figure.
    pub(super) fn row(
        &mut self,
        figure: impl Into<String>,
        unit: &'static str,
        values: &Values,
    ) -> &mut Self {
        let (least, most) = values.spread();
        self.rows.push(Row {
            figure: figure.into(),
            unit,
            median: values.median(),
            least,
            most,
            repetitions: values.len(),
            must: None,
            aim: None,
        });
        self
    }

    /// What the figure that was added last must be.
    pub(super) fn must(&mut self, bound: Bound) -> &mut Self {
        if let Some(row) = self.rows.last_mut() {
            row.must = Some(bound);
        }
        self
    }

    /// What it should be.
    pub(super) fn aim(&mut self, bound: Bound) -> &mut Self {
        if let Some(row) = self.rows.last_mut() {
            row.aim = Some(bound);
        }
        self
    }

    /// Adds a remark.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Says that the run counts for nothing.
    pub(super) fn void(&mut self, why: impl Into<String>) {
        self.void.get_or_insert_with(|| why.into());
    }

    /// Whether it counts for nothing.
    pub(super) fn is_void(&self) -> bool {
        self.void.is_some()
    }

    /// Keeps all that was measured, for the JSON form.
    pub(super) fn keep(&mut self, figures: Figures) {
        self.figures = figures;
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut table = Table::new();
        table.load_preset(presets::ASCII_MARKDOWN);
        table.set_header(["figure", "unit", "median", "spread", "must", "aim", "met"]);
        for row in &self.rows {
            let bound =
                |bound: Option<Bound>| bound.map(|bound| bound.to_string()).unwrap_or_default();
            table.add_row([
                row.figure.clone(),
                row.unit.to_owned(),
                short(row.median),
                format!("{} - {} ({})", short(row.least), short(row.most), row.repetitions),
                bound(row.must),
                bound(row.aim),
                row.verdict().to_owned(),
            ]);
        }
        let mut text = format!("{}\n{table}\n", self.title);
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        if let Some(why) = &self.void {
            let _ = writeln!(text, "VOID: {why}");
        }
        text
    }

    /// For programs.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

impl Row {
    fn verdict(&self) -> &'static str {
        let met = |bound: Option<Bound>| bound.is_none_or(|bound| bound.is_met(self.median));
        match (self.must.is_some() || self.aim.is_some(), met(self.must), met(self.aim)) {
            (false, ..) => "",
            (_, false, _) => "no",
            (_, true, true) => "yes",
            (_, true, false) => "must, not aim",
        }
    }
}
