//! What a delivery is: every table with its layer, CRS, encoding and fields, or all the reasons why it cannot be taken.

mod files;
mod layers;
mod together;

use crate::Lang;
use crate::formats;
use crate::notes::{both, of_file};
use crate::options::{Options, Unit};
use crate::question::{Answer, Question, Subject};
use crate::recognise::crs::{self, Decision, Stated};
use crate::recognise::layer::Recognised;
use crate::recognise::nodata::Nothing;
use crate::recognise::plane_unit::{self, Drawn};
use crate::recognise::{fields, heights, units};
use crate::report::{Report, summary_line};
use crate::table::{ShapeSource, Table};
use ditu_crs::{Crs, Transform};
use ditu_model::{Finding, LayerDef, LayerId, Layers, Severity, Text};
use std::path::PathBuf;
use std::sync::Arc;

/// A column and the field that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The column's name in the file.
    pub column: String,
    /// The field's name in the layer.
    pub field: String,
}

/// One table as recognised.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The file's name in the delivery.
    pub file: String,
    /// The table's name in the file.
    pub table: String,
    /// The format.
    pub format: &'static str,
    /// The layer that it goes to.
    pub layer: LayerId,
    /// Number of rows as far as known before reading; 0 when unknown.
    pub features: u64,
    /// The encoding, where the format does not fix it.
    pub encoding: Option<String>,
    /// What decided the encoding, with five values as they read.
    pub encoding_evidence: Option<Text>,
    /// The CRS's name.
    pub crs: String,
    /// The CRS's EPSG code, where it has one.
    pub epsg: Option<u32>,
    /// What decided the CRS.
    pub crs_evidence: Text,
    /// How coordinates become EPSG:4490, and how accurately.
    pub transformation: String,
    /// The fitted control by name, where one is used: its use is to be written down.
    pub control: Option<String>,
    /// What heights are above, and what is added to them; `None` where the layer knows no heights.
    pub heights: Option<Text>,
    /// Columns that became fields.
    pub mapping: Vec<Mapping>,
    /// Columns that did not.
    pub unused: Vec<String>,
}

/// A table ready to be read.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) dataset: Dataset,
    pub(crate) table: Table,
    pub(crate) layer: Arc<LayerDef>,
    /// Column of each field.
    pub(crate) mapping: Vec<Option<usize>>,
    /// By what numbers are multiplied to be in the field's unit.
    pub(crate) factors: Vec<f64>,
    pub(crate) decision: Decision,
    /// Metres to add to heights.
    pub(crate) height_offset: f64,
    /// What the Z of its shapes means.
    pub(crate) z: heights::Z,
    /// The finished row of a raster.
    pub(crate) raster: Option<crate::run::RasterRow>,
}

impl Source {
    /// True when the heights of shapes fill this field.
    pub(crate) fn filled_by_z(&self, field: usize) -> bool {
        self.z.field == Some(field) && self.z.seen == heights::Seen::Heights
    }

    /// True when neither a column nor the shape says anything of this field.
    pub(crate) fn lacks(&self, field: usize) -> bool {
        self.mapping[field].is_none() && !self.filled_by_z(field)
    }
}

/// A delivery that can be read; as often as asked.
#[derive(Clone)]
pub struct Plan {
    pub(crate) sources: Vec<Source>,
    pub(crate) datasets: Vec<Dataset>,
    pub(crate) layers: Arc<Layers>,
    pub(crate) options: Options,
    pub(crate) report: Report,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan").field("datasets", &self.datasets).finish_non_exhaustive()
    }
}

impl Plan {
    /// The tables.
    pub fn datasets(&self) -> &[Dataset] {
        &self.datasets
    }

    /// Places of some features of each table, longitude and latitude: where the delivery lies. Reads the first rows.
    pub fn sample(&self) -> Vec<(LayerId, Vec<[f64; 2]>)> {
        let each = self.sources.iter().filter(|s| s.table.raster.is_none());
        each.map(|s| {
            let mut points = crs::sample(&s.table);
            s.decision.place(&mut points);
            (s.layer.id.clone(), points)
        })
        .collect()
    }

    /// What was noticed so far.
    pub fn report(&self) -> Report {
        self.report.clone()
    }

    /// Number of rows as far as known.
    pub fn total_features(&self) -> u64 {
        self.datasets.iter().map(|d| d.features).sum()
    }
}

/// Why a delivery cannot be taken. Nothing was changed.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The reasons, each with its cure and choices.
    pub findings: Vec<Finding>,
    /// What to answer, where an answer would let it be taken.
    pub questions: Vec<Question>,
    /// The same as a report, with what else was noticed.
    pub report: Report,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, finding) in self.findings.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            let (zh, en) = (summary_line(finding, Lang::Zh), summary_line(finding, Lang::En));
            write!(f, "{zh}\n{en}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// Looks at files and folders and says what they are.
///
/// # Errors
/// All reasons why the delivery cannot be taken as it is, with the choices.
pub fn plan(sources: &[PathBuf], layers: &Arc<Layers>, options: &Options) -> Result<Plan, Refusal> {
    let options = &Options { layers: Some(Arc::clone(layers)), ..options.clone() };
    let mut work = Work { layers, options, findings: Vec::new(), questions: Vec::new(), passed: Vec::new() };
    let tables = work.tables(sources);
    let mut found = work.recognise(tables);
    work.check_companions(&found);
    work.check_definitions(&found);
    work.check_emptiness(&found);
    work.say_once();
    if work.errors() == 0 {
        for (i, source) in found.iter_mut().enumerate().filter(|(_, s)| s.table.raster.is_some()) {
            match crate::run::RasterRow::make(i, source, options) {
                Ok((row, findings)) => {
                    source.raster = Some(row);
                    work.findings.extend(findings);
                }
                Err(r) => work.refuse(&source.table, r),
            }
        }
    }
    if found.is_empty() && work.errors() == 0 {
        let name = sources.first().and_then(|s| s.file_name()).map(|n| n.to_string_lossy().into_owned());
        let (name, message) = match work.passed.as_slice() {
            [] => (name.unwrap_or_default(), both("没有找到可以导入的数据", "there is nothing to import")),
            [first, rest @ ..] => {
                let n = rest.len() + 1;
                (
                    first.clone(),
                    both(
                        format!("共 {n} 个文件，都不是地图数据"),
                        format!("none of {n} files holds map data"),
                    ),
                )
            }
        };
        work.findings.push(of_file("file.nothing", Severity::Error, &name, message, files::formats_read()));
    }
    let refused = work.errors() > 0;
    let mut report =
        Report { datasets: found.iter().map(|s| s.dataset.clone()).collect(), ..Report::default() };
    let (errors, rest): (Vec<Finding>, Vec<Finding>) =
        work.findings.into_iter().partition(|f| f.severity == Severity::Error);
    for finding in errors.iter().chain(&rest) {
        report.add(None, finding.clone());
    }
    if refused {
        return Err(Refusal { findings: errors, questions: work.questions, report });
    }
    let datasets = report.datasets.clone();
    Ok(Plan { sources: found, datasets, layers: layers.clone(), options: options.clone(), report })
}

struct Work<'a> {
    layers: &'a Arc<Layers>,
    options: &'a Options,
    findings: Vec<Finding>,
    questions: Vec<Question>,
    /// Files of a folder that nobody means as data.
    passed: Vec<String>,
}

impl Work<'_> {
    fn errors(&self) -> usize {
        self.findings.iter().filter(|f| f.severity == Severity::Error).count()
    }

    fn note(&mut self, rule: &'static str, severity: Severity, file: &str, message: Text, cure: Text) {
        self.findings.push(of_file(rule, severity, file, message, cure));
    }

    fn ask(
        &mut self,
        file: &str,
        table: Option<&str>,
        subject: Subject,
        message: &Text,
        answers: Vec<Answer>,
    ) {
        self.questions.push(Question {
            file: file.to_owned(),
            table: table.map(str::to_owned),
            subject,
            message: message.clone(),
            answers,
        });
    }

    /// The reason why a table cannot be taken, and the question that would let it be.
    fn refuse(&mut self, table: &Table, why: formats::Refused) {
        if let Some((subject, answers)) = why.asks.map(|a| *a) {
            self.ask(&table.file, Some(&table.name), subject, &why.message, answers);
        }
        self.note(why.rule, Severity::Error, &table.file, why.message, why.cure);
    }

    /// Layer, CRS and fields of every table.
    fn recognise(&mut self, tables: Vec<Table>) -> Vec<Source> {
        let stated = Stated::of(tables.iter());
        let mut known: Vec<(Table, Arc<LayerDef>)> = Vec::new();
        let mut left: Vec<(Table, Recognised)> = Vec::new();
        for table in tables {
            match self.layer_of(&table) {
                Recognised::One(layer) => known.push((table, layer)),
                other => left.push((table, other)),
            }
        }
        for (table, why) in left {
            let asked = self.questions.len();
            self.unplaced(&table, &why, &known);
            if self.questions.len() > asked {
                // Somebody is asked anyway: better about everything at once.
                self.crs_of(&table, &stated);
            }
        }
        let mut sources = Vec::new();
        for (table, layer) in known {
            if let Some((table, decision)) = self.crs_of(&table, &stated) {
                sources.push(self.source(table, layer, decision));
            }
        }
        sources
    }

    /// The CRS of a table; where it cannot be decided, the reason and the question.
    /// With it comes the table in metres.
    fn crs_of(&mut self, table: &Table, stated: &Stated) -> Option<(Table, Decision)> {
        let said = self.options.crs(&table.file, Some(&table.name));
        let beside = plane_unit::Beside {
            crs: said,
            controls: &self.options.controls,
            city: self.options.city,
            stated,
        };
        let (table, decided, asked) = match self.options.units(&table.file, &table.name) {
            Some(unit) => {
                let scaled = plane_unit::in_unit(table, unit);
                let name = unit.name();
                if unit != Unit::Metre {
                    self.note(
                        "units.scaled",
                        Severity::Note,
                        &table.file,
                        both(
                            format!("坐标按{}读，已换算为米", name.zh),
                            format!("the coordinates are read as {} and brought to metres", name.en),
                        ),
                        both("由使用者指定（--units）", "named by the user (--units)"),
                    );
                }
                let decided = beside.decide(&scaled);
                (scaled, decided, false)
            }
            None => match plane_unit::decide(table, &beside) {
                Drawn::Metres(decided, against) => {
                    if let Some((severity, message, cure)) = against {
                        self.note("units.header", severity, &table.file, message, cure);
                    }
                    (table.clone(), decided, false)
                }
                Drawn::Asked { message, cure, answers, likeliest } => {
                    let of_file = |q: &Question| q.subject == Subject::Units && q.file == *table.file;
                    if !self.questions.iter().any(of_file) {
                        self.ask(&table.file, None, Subject::Units, &message, answers);
                        self.note("units.unclear", Severity::Error, &table.file, message, cure);
                    }
                    // Somebody is asked anyway: better about the CRS as well.
                    let scaled = plane_unit::in_unit(table, likeliest);
                    let decided = beside.decide(&scaled);
                    (scaled, decided, true)
                }
            },
        };
        let table = &table;
        let undecided = match decided {
            Ok(_) if asked => return None,
            Ok(decision) => return Some((table.clone(), decision)),
            Err(undecided) => undecided,
        };
        if undecided.rule != "crs.unknown_code" {
            let guesses = &undecided.guesses;
            let points = if guesses.is_empty() { Vec::new() } else { crs::sample(table) };
            let answers = guesses.iter().map(|g| g.answer(&points)).collect();
            self.ask(&table.file, Some(&table.name), Subject::Crs, &undecided.message, answers);
        }
        self.note(undecided.rule, Severity::Error, &table.file, undecided.message, undecided.cure);
        None
    }

    fn source(&mut self, table: Table, layer: Arc<LayerDef>, decision: Decision) -> Source {
        let mut mapping = fields::map(&layer, &table.columns, table.format == "Shapefile");
        if table.format == "CASS DAT" && decision.swapped {
            // The format knows no headings, only an order: what is exchanged in the places is so in the columns.
            let (east, north) = formats::cass_places();
            for column in mapping.iter_mut().flatten().filter(|c| **c == east || **c == north) {
                *column = if *column == east { north } else { east };
            }
        }
        for (rule, severity, message, cure) in &decision.remarks {
            self.note(rule, *severity, &table.file, message.clone(), cure.clone());
        }
        self.note_obfuscation(&table, &decision);
        let said = self.options.heights(&table.file, &table.name);
        let (height_offset, heights) = heights::decide(&table, &layer, &mapping, said).unwrap_or_else(|r| {
            self.refuse(&table, r);
            (0.0, None)
        });
        let nothing = Nothing { said: self.options.nodata(&table.file, &table.name) };
        let z = heights::of_shapes(&table, &layer, &mapping, nothing);
        let by_z = z.field.filter(|_| z.seen == heights::Seen::Heights);
        if z.seen == heights::Seen::Nought {
            self.note(
                "heights.nought",
                Severity::Note,
                &table.file,
                both("图形的 Z 全是 0，按没有高程处理", "Z is 0 in all shapes: taken as no height"),
                both(
                    "确在海平面的，加一列高程",
                    "where it is the level of the sea, add a column with the heights",
                ),
            );
        }
        if table.raster.is_none() {
            for (i, (field, column)) in layer.fields.iter().zip(&mapping).enumerate() {
                if Some(i) != by_z && field.required && column.is_none() && !layer.is_filled(&field.name) {
                    self.note(
                        "field.missing",
                        Severity::Warning,
                        &table.file,
                        both(
                            format!("没有“{}”（{}）列，所有行都缺这个值", field.title.zh, field.name),
                            format!(
                                "there is no column for {} ({}): all rows lack it",
                                field.title.en, field.name
                            ),
                        ),
                        both("补上该列，或改列名", "add the column, or rename the one that holds it"),
                    );
                }
            }
        }
        let mut factors = vec![1.0; layer.fields.len()];
        for ((field, column), factor) in layer.fields.iter().zip(&mapping).zip(&mut factors) {
            let Some(heading) = column.map(|c| table.columns[c].as_str()) else { continue };
            let own = field.unit.as_deref().unwrap_or_default();
            match units::factor(field, heading) {
                Ok(1.0) => {}
                Ok(n) => {
                    *factor = n;
                    self.note(
                        "unit.converted",
                        Severity::Note,
                        &table.file,
                        both(
                            format!("“{heading}”的单位不是 {own}，已乘以 {n:.6}"),
                            format!("{heading} is not in {own}: multiplied by {n:.6}"),
                        ),
                        both("请核对几个值", "please check some values"),
                    );
                }
                Err(unit) => self.note(
                    "unit.other",
                    Severity::Warning,
                    &table.file,
                    both(
                        format!("“{heading}”的单位 {unit} 与字段的 {own} 不是一类"),
                        format!("{heading} is in {unit}, the field in {own}: they measure different things"),
                    ),
                    both(
                        "数值原样入库；改正列名或单位",
                        "the numbers are taken as they are; correct the heading or the unit",
                    ),
                ),
            }
        }
        let used: Vec<usize> = mapping.iter().flatten().copied().collect();
        let text = fields::wkt(&table.columns).filter(|_| matches!(table.format, "CSV" | "XLSX"));
        let is_place = |i: usize| match table.shapes {
            ShapeSource::Columns(a, b) => i == a || i == b,
            ShapeSource::File(_) => Some(i) == text,
            ShapeSource::None => false,
        };
        let transformation = transformation(&decision);
        let dataset = Dataset {
            file: table.file.to_string(),
            table: table.name.clone(),
            format: table.format,
            layer: layer.id.clone(),
            features: table.features.unwrap_or(0),
            encoding: table.encoded.as_ref().map(|e| e.encoding.name().to_owned()),
            encoding_evidence: table.encoded.as_ref().map(|e| e.evidence.clone()),
            crs: match (decision.crs, &decision.control) {
                (Some(crs), _) => crs.name(),
                (None, Some(control)) => control.describe(),
                (None, None) => table.claim.as_ref().map(|c| c.by.clone()).unwrap_or_default(),
            },
            epsg: decision.crs.and_then(|c| c.epsg()),
            crs_evidence: decision.evidence.clone(),
            transformation,
            control: decision.control.as_ref().map(|c| c.name.clone()),
            heights,
            mapping: layer
                .fields
                .iter()
                .zip(&mapping)
                .filter_map(|(f, c)| {
                    Some(Mapping { column: table.columns[(*c)?].clone(), field: f.name.clone() })
                })
                .chain(by_z.map(|i| Mapping { column: "Z".into(), field: layer.fields[i].name.clone() }))
                .collect(),
            unused: (0..table.columns.len())
                .filter(|i| !used.contains(i) && !is_place(*i))
                .map(|i| table.columns[i].clone())
                .filter(|c| !c.is_empty())
                .collect(),
        };
        Source { dataset, table, layer, mapping, factors, decision, height_offset, z, raster: None }
    }

    /// Coordinates of internet maps, undone or taken as they are by the caller's word.
    fn note_obfuscation(&mut self, table: &Table, decision: &Decision) {
        if let Some(shift) = decision.shift {
            let by_file = table.obfuscated;
            let name = shift.name();
            self.note(
                "crs.obfuscated",
                Severity::Warning,
                &table.file,
                if by_file {
                    both(
                        format!("文件注明坐标为 {name}"),
                        format!("the file says that its coordinates are {name}"),
                    )
                } else {
                    both(format!("坐标按 {name} 处理"), format!("the coordinates are taken as {name}"))
                },
                both(
                    "已按公开公式还原，精度约 1～2 m，不可作测绘成果",
                    "undone by the public formula, good to 1–2 m: no survey data",
                ),
            );
        } else if let Some(shift) = crs::suspicion(table) {
            self.note(
                "crs.obfuscated",
                Severity::Warning,
                &table.file,
                both(
                    format!("很像互联网地图的数据（{}），比真实位置偏约 600 m", shift.name()),
                    format!("looks like data of an internet map ({}), about 600 m off", shift.name()),
                ),
                both("已按指定的坐标系原样使用", "taken as it is, in the CRS that was named"),
            );
        }
    }
}

/// How coordinates become EPSG:4490, for the record.
fn transformation(decision: &Decision) -> String {
    let mut steps = Vec::new();
    if decision.packed {
        steps.push("degrees.minutes and seconds read as such".to_owned());
    }
    if decision.swapped {
        steps.push("axes exchanged".to_owned());
    }
    if let Some(shift) = decision.shift {
        steps.push(format!("{} undone (1–2 m)", shift.name()));
    }
    if let Some(control) = &decision.control {
        let sigma = control.sigma0;
        steps.push(format!("control {} → EPSG:4490, sigma {sigma:.3} m", control.describe()));
        return steps.join("; ");
    }
    match decision.crs {
        None => steps.push("PROJ, best published operation → EPSG:4490".to_owned()),
        Some(crs) => match Transform::to_geographic(&crs, &Crs::CGCS2000) {
            Ok(t) => steps.push(format!("{} → EPSG:4490, accuracy {} m", crs.name(), t.accuracy_m())),
            Err(e) => steps.push(e.to_string()),
        },
    }
    steps.join("; ")
}
