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
    /// Which pair of columns holds the places.
    Coordinates,
    /// Which of several tables or files is the layer; each answer names one of them ([`Answer::of`]).
    Table,
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
    /// What the choice must say: `EPSG:4525`, `GCJ-02`, a layer's id, an encoding, `1985`, `X2000,Y2000`.
    pub value: String,
    /// The same for people, with the reason.
    pub label: Text,
    /// How well the evidence fits, 0 to 1, where that can be said.
    pub confidence: Option<f64>,
    /// Where the data would lie: west, south, east, north in degrees.
    pub bounds: Option<[f64; 4]>,
    /// Places of some features as they would lie, longitude and latitude; at most a few hundred.
    pub sample: Vec<[f64; 2]>,
    /// The file and the table that the choice speaks of, where they are not the question's own.
    pub of: Option<(String, Option<String>)>,
}

impl Answer {
    pub(crate) fn new(value: impl Into<String>, label: Text) -> Answer {
        Answer { value: value.into(), label, confidence: None, bounds: None, sample: Vec::new(), of: None }
    }

    /// The same with places, longitude and latitude, and the box around them.
    pub(crate) fn lying_at(self, sample: Vec<[f64; 2]>) -> Answer {
        let bounds = sample.iter().fold(None, |b: Option<[f64; 4]>, p| {
            let [w, s, e, n] = b.unwrap_or([p[0], p[1], p[0], p[1]]);
            Some([w.min(p[0]), s.min(p[1]), e.max(p[0]), n.max(p[1])])
        });
        Answer { bounds, sample, ..self }
    }
}
