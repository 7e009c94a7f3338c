//! What a delivery is: every table with its layer, CRS, encoding and fields, or all the reasons why it cannot be taken.

mod together;

use crate::Lang;
use crate::delivery::{self, Found};
use crate::formats;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::question::{Answer, Question, Subject};
use crate::recognise::crs::{self, Decision, Stated};
use crate::recognise::layer::{Recognised, recognise};
use crate::recognise::{fields, heights, units};
use crate::report::{Report, summary_line};
use crate::table::{ShapeSource, Table};
use ditu_crs::{Crs, Transform};
use ditu_model::layer::Kind;
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
    /// The finished row of a raster.
    pub(crate) raster: Option<crate::run::RasterRow>,
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
    let mut work = Work { layers, options, findings: Vec::new(), questions: Vec::new() };
    let tables = work.tables(sources);
    let mut found = work.recognise(tables);
    work.check_companions(&found);
    work.check_definitions(&found);
    work.check_emptiness(&found);
    work.say_once();
    if work.errors() == 0 {
        for (i, source) in found.iter_mut().enumerate().filter(|(_, s)| s.table.raster.is_some()) {
            match crate::run::RasterRow::make(i, source, options) {
                Ok(row) => source.raster = Some(row),
                Err(r) => work.findings.push(of_file(
                    r.rule,
                    Severity::Error,
                    &source.table.file,
                    r.message,
                    r.cure,
                )),
            }
        }
    }
    if found.is_empty() && work.errors() == 0 {
        let name = sources.first().and_then(|s| s.file_name()).map(|n| n.to_string_lossy().into_owned());
        work.findings.push(of_file(
            "file.nothing",
            Severity::Error,
            &name.unwrap_or_default(),
            both("没有找到可以导入的数据", "there is nothing to import"),
            both("核对路径", "check the path"),
        ));
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

    /// All tables of all files.
    fn tables(&mut self, sources: &[PathBuf]) -> Vec<Table> {
        let files = delivery::gather(sources, &self.options.scratch, &mut self.findings);
        let mut tables = Vec::new();
        for found in &files {
            if self.is_companion(found) {
                continue;
            }
            let format = match formats::recognise(found) {
                Ok(Some(format)) => format,
                Ok(None) => {
                    self.unknown(found);
                    continue;
                }
                Err(r) => {
                    self.note(r.rule, Severity::Error, &found.name, r.message, r.cure);
                    continue;
                }
            };
            match (format.open)(found, format.name, self.options) {
                // A text beside the data may look like a table and be none.
                Ok(more)
                    if found.ending() == "txt"
                        && !found.explicit
                        && more.iter().all(|t| t.shapes == ShapeSource::None) =>
                {
                    let message = both("文本里没有坐标", "the text holds no coordinates");
                    self.note(
                        "file.ignored",
                        Severity::Note,
                        &found.name,
                        message,
                        both("未导入", "passed over"),
                    );
                }
                Ok(mut more) => {
                    more.iter_mut().for_each(|t| self.findings.append(&mut t.findings));
                    tables.append(&mut more);
                }
                Err(r) if r.rule == "table.no_header" && found.ending() == "txt" && !found.explicit => {
                    self.note(
                        "file.ignored",
                        Severity::Note,
                        &found.name,
                        r.message,
                        both("未导入", "passed over"),
                    );
                }
                Err(r) => {
                    if let Some((subject, answers)) = r.asks.map(|a| *a) {
                        self.ask(&found.name, None, subject, &r.message, answers);
                    }
                    self.note(r.rule, Severity::Error, &found.name, r.message, r.cure);
                }
            }
        }
        tables
    }

    /// True for files that belong to others; a part without its main file is an error of its own.
    fn is_companion(&mut self, found: &Found) -> bool {
        let ending = found.ending();
        if matches!(ending.as_str(), "dbf" | "shx") {
            if formats::shapefile::beside(&found.path, "shp").is_none() && (ending == "dbf" || found.explicit)
            {
                self.note(
                    "file.incomplete",
                    Severity::Error,
                    &found.name,
                    both("缺少同名的 .shp（图形）", "the .shp (shapes) of this name is missing"),
                    both(
                        "把同名的 .shp、.shx、.dbf 一起导入",
                        "import the .shp, .shx and .dbf of the same name together",
                    ),
                );
            }
            return true;
        }
        let of_shapefile = matches!(ending.as_str(), "prj" | "cpg" | "qpj" | "sbn" | "sbx" | "qix");
        // Metadata beside data are XML too; a surface or a map is known by what is in it.
        let metadata = || {
            let of_another = found.stem().contains('.');
            // Any XML may look like GML.
            of_another || !matches!(formats::recognise(found), Ok(Some(f)) if f.name != "GML")
        };
        of_shapefile
            || (!found.explicit
                && (matches!(ending.as_str(), "xsd" | "gfs") || (ending == "xml" && metadata())))
    }

    fn unknown(&mut self, found: &Found) {
        let known = formats::COMPANIONS.contains(&found.ending().as_str());
        if !found.explicit && known {
            return;
        }
        let severity = if found.explicit { Severity::Error } else { Severity::Warning };
        let length = found.path.metadata().map_or(0, |m| m.len());
        let (rule, message) = if length == 0 {
            ("file.empty", both("文件是空的", "the file is empty"))
        } else if found.ending() == "shp" {
            ("file.damaged", both("不是 Shapefile：文件头不对", "is no shapefile: its header is wrong"))
        } else {
            ("format.unknown", both("不认识的格式", "the format is not known"))
        };
        let severity = if found.ending() == "shp" { Severity::Error } else { severity };
        let names: Vec<&str> = formats::FORMATS.iter().filter(|f| f.reads).map(|f| f.name).collect();
        self.note(
            rule,
            severity,
            &found.name,
            message,
            both(
                format!("可以导入的格式：{}", names.join("、")),
                format!("formats that are read: {}", names.join(", ")),
            ),
        );
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
            if let Some(decision) = self.crs_of(&table, &stated) {
                sources.push(self.source(table, layer, decision));
            }
        }
        sources
    }

    /// The CRS of a table; where it cannot be decided, the reason and the question.
    fn crs_of(&mut self, table: &Table, stated: &Stated) -> Option<Decision> {
        let said = self.options.crs(&table.file, Some(&table.name));
        let undecided = match crs::decide(table, said, &self.options.controls, self.options.city, stated) {
            Ok(decision) => return Some(decision),
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

    fn layer_of(&mut self, table: &Table) -> Recognised {
        let Some(id) = self.options.layer(&table.file, &table.name) else {
            return recognise(table, self.layers);
        };
        let Some(layer) = self.layers.get(id) else { return Recognised::None };
        let raster = layer.kind == Kind::Raster;
        let fits = match table.shapes {
            _ if raster || table.raster.is_some() => raster == table.raster.is_some(),
            ShapeSource::File(Some(shape)) => {
                let wanted = layer.kind.shape();
                shape == wanted || (shape == ditu_model::Shape::Line && wanted == ditu_model::Shape::Polygon)
            }
            ShapeSource::Columns(..) => layer.kind.shape() == ditu_model::Shape::Point,
            ShapeSource::File(None) => true,
            ShapeSource::None => layer.checks.iter().any(|c| c.rule == "ends"),
        };
        if fits { Recognised::One(Arc::clone(layer)) } else { Recognised::None }
    }

    fn unplaced(&mut self, table: &Table, why: &Recognised, known: &[(Table, Arc<LayerDef>)]) {
        let name = if table.name == *table.file { String::new() } else { format!("“{}”", table.name) };
        if let Some(id) = self.options.layer(&table.file, &table.name) {
            let (rule, message) = if self.layers.get(id).is_none() {
                ("layer.unknown", both(format!("没有图层 {id}"), format!("there is no layer {id}")))
            } else {
                let what = describe(table);
                (
                    "layer.shape",
                    both(
                        format!("{name}是{}，不能进 {id}", what.zh),
                        format!("{name} holds {}, which {id} does not take", what.en),
                    ),
                )
            };
            let other = known.iter().any(|(t, _)| t.file == table.file);
            let (severity, cure) = if other {
                let cure = both(
                    "这部分未导入；它们属于另一图层时，再导入一次该文件并用 --layer 指定那一层",
                    "this part is passed over; where it belongs to another layer import the file once more and name that one with --layer",
                );
                (Severity::Warning, cure)
            } else {
                (Severity::Error, both("用 ditu layers 查看图层", "see ditu layers"))
            };
            self.note(rule, severity, &table.file, message, cure);
            return;
        }
        match why {
            Recognised::Several(several) => {
                let list = |zh: bool| -> String {
                    several
                        .iter()
                        .map(|l| {
                            format!("\n  --layer {} {}", l.id, if zh { &l.title.zh } else { &l.title.en })
                        })
                        .collect()
                };
                let message =
                    both(format!("{name}可能是几个图层"), format!("{name} may be one of several layers"));
                let answers = several.iter().map(layer_answer).collect();
                self.ask(&table.file, Some(&table.name), Subject::Layer, &message, answers);
                self.note(
                    "layer.unclear",
                    Severity::Error,
                    &table.file,
                    message,
                    both(format!("选一个：{}", list(true)), format!("choose one:{}", list(false))),
                );
            }
            _ => {
                let file_known = known.iter().any(|(t, _)| t.file == table.file);
                let severity = if file_known { Severity::Warning } else { Severity::Error };
                let what = describe(table);
                let takes: Vec<&Arc<LayerDef>> = self
                    .layers
                    .iter()
                    .filter(|l| match table.shapes {
                        _ if table.raster.is_some() => l.kind == Kind::Raster,
                        ShapeSource::File(Some(s)) => l.kind == Kind::Vector(s),
                        ShapeSource::Columns(..) => l.kind == Kind::Vector(ditu_model::Shape::Point),
                        _ => true,
                    })
                    .collect();
                let fitting: Vec<String> = takes.iter().map(|l| l.id.to_string()).collect();
                if !file_known && table.shapes != ShapeSource::None {
                    let message = both(
                        format!("{name}（{}）是哪个图层？", what.zh),
                        format!("which layer is {name} ({})?", what.en),
                    );
                    let answers = takes.into_iter().map(layer_answer).collect();
                    self.ask(&table.file, Some(&table.name), Subject::Layer, &message, answers);
                }
                let cure = if file_known {
                    both(
                        "未导入；需要时单独导入并指定图层（--layer）",
                        "passed over; import it alone and name its layer (--layer) if it is wanted",
                    )
                } else if table.shapes == ShapeSource::None {
                    let seen: Vec<&str> =
                        table.columns.iter().map(String::as_str).filter(|c| !c.is_empty()).take(16).collect();
                    both(
                        format!("加上坐标列（经度、纬度或 X坐标、Y坐标）；现有列：{}", seen.join("、")),
                        format!(
                            "add columns of coordinates (longitude and latitude, or X and Y); there are: {}",
                            seen.join(", ")
                        ),
                    )
                } else {
                    both(
                        format!("用 --layer 指定：{}", fitting.join("、")),
                        format!("name it with --layer: {}", fitting.join(", ")),
                    )
                };
                self.note(
                    if file_known { "table.ignored" } else { "layer.unknown" },
                    severity,
                    &table.file,
                    both(
                        format!("{name}（{}）看不出是哪个图层", what.zh),
                        format!("{name} ({}) is recognised as no layer", what.en),
                    ),
                    cure,
                );
            }
        }
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
            if let Some((subject, answers)) = r.asks.map(|a| *a) {
                self.ask(&table.file, Some(&table.name), subject, &r.message, answers);
            }
            self.note(r.rule, Severity::Error, &table.file, r.message, r.cure);
            (0.0, None)
        });
        if table.raster.is_none() {
            for (field, column) in layer.fields.iter().zip(&mapping) {
                if field.required && column.is_none() && !layer.is_filled(&field.name) {
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
                .collect(),
            unused: (0..table.columns.len())
                .filter(|i| !used.contains(i) && !is_place(*i))
                .map(|i| table.columns[i].clone())
                .filter(|c| !c.is_empty())
                .collect(),
        };
        Source { dataset, table, layer, mapping, factors, decision, height_offset, raster: None }
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

/// What a table holds, in words.
fn describe(table: &Table) -> Text {
    use ditu_model::Shape;
    match table.shapes {
        _ if table.raster.is_some() => both("栅格", "a raster"),
        ShapeSource::File(Some(shape)) if table.features.is_some() => {
            let n = table.features.unwrap_or_default();
            let (zh, en) = match shape {
                Shape::Point => ("点", "points"),
                Shape::Line => ("线", "lines"),
                Shape::Polygon => ("面", "polygons"),
            };
            both(format!("{zh}，{n} 个"), format!("{n} {en}"))
        }
        ShapeSource::File(Some(Shape::Point)) | ShapeSource::Columns(..) => both("点", "points"),
        ShapeSource::File(Some(Shape::Line)) => both("线", "lines"),
        ShapeSource::File(Some(Shape::Polygon)) => both("面", "polygons"),
        ShapeSource::File(None) => both("多种图形", "shapes of several kinds"),
        ShapeSource::None => both("没有图形的表", "a table without shapes"),
    }
}

fn layer_answer(layer: &Arc<LayerDef>) -> Answer {
    Answer::new(layer.id.as_str(), layer.title.clone())
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
