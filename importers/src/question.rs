//! What a delivery leaves open, with the answers that are possible.

use ditu_model::Text;

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The CRS of the coordinates.
    Crs,
    /// The layer of a table.
    Layer,
    /// The encoding of texts.
    Encoding,
    /// The datum of heights; its answer may be any `NAME:METRES`.
    Heights,
    /// The unit of plane coordinates.
    Units,
    /// What stands for "no height"; its answer may be any number, or `none`.
    NoData,
}

/// One thing that somebody must decide; answered by a [`crate::Choice`] for the same file and table.
#[derive(Clone, Debug)]
pub struct Question {
    /// The file's name in the delivery.
    pub file: String,
    /// The table in it; `None` when the question is about the whole file.
    pub table: Option<String>,
    /// What it is about.
    pub subject: Subject,
    /// The question.
    pub message: Text,
    /// What may be answered, the likeliest first. Empty where any name may be given.
    pub answers: Vec<Answer>,
}

/// One possible answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What the choice must say: `EPSG:4525`, `GCJ-02`, a layer's id, an encoding, `1985`.
    pub value: String,
    /// The same for people, with the reason.
    pub label: Text,
    /// How well the evidence fits, 0 to 1, where that can be said.
    pub confidence: Option<f64>,
    /// Where the data would lie: west, south, east, north in degrees.
    pub bounds: Option<[f64; 4]>,
    /// Places of some features as they would lie, longitude and latitude; at most a few hundred.
    pub sample: Vec<[f64; 2]>,
}

impl Answer {
    pub(crate) fn new(value: impl Into<String>, label: Text) -> Answer {
        Answer { value: value.into(), label, confidence: None, bounds: None, sample: Vec::new() }
    }
}
