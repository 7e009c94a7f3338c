//! VCT, China's transfer format for spatial data: 1.0 (1999), the land administration's 1.0 and 2.0, GB/T 17798-2007
//! and 3.0. Text in sections; shapes first, attributes after, joined by object id.

mod head;
mod index;
mod object;
mod rows;
#[cfg(test)]
mod tests;

use super::lines::Lines;
use super::{Head, Refused, refused};
use crate::delivery::Found;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::recognise::encoding::{self, Evidence};
use crate::table::{Encoded, Raw, Reader, ShapeSource, Sink, SourceRow, Table, bulk};
use ditu_model::{Finding, Severity, Shape, Text};
use head::{FeatureCode, Kind};
use index::Index;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Seek};
use std::path::PathBuf;
use std::sync::Arc;

/// What a file is read from.
trait Bytes: BufRead + Seek {}
impl<T: BufRead + Seek> Bytes for T {}

/// A file, or bytes in memory.
#[derive(Clone)]
enum Input {
    File(PathBuf),
    Memory(Arc<[u8]>),
}

impl Input {
    /// Bytes.
    fn length(&self) -> u64 {
        match self {
            Input::File(path) => path.metadata().map_or(0, |m| m.len()),
            Input::Memory(bytes) => bytes.len() as u64,
        }
    }

    fn open(&self) -> io::Result<Box<dyn Bytes>> {
        Ok(match self {
            Input::File(path) => Box::new(BufReader::with_capacity(1 << 16, File::open(path)?)),
            Input::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
        })
    }
}

/// The lines of a file from a place on, without comments.
fn text<R: BufRead>(file: R, line: u64, byte: u64) -> Lines<R> {
    Lines::new(file, line, byte).without("CommentBegin", "CommentEnd")
}

pub(super) fn sniff(head: &Head<'_>) -> bool {
    head.begins("HeadBegin") || (head.begins("CommentBegin") && head.holds("HeadBegin"))
}

/// What a file holds, read once.
struct Vct {
    input: Input,
    index: Index,
}

impl Vct {
    fn read(input: Input) -> Result<Vct, Text> {
        let file = input
            .open()
            .map_err(|e| both(format!("文件无法读取（{e}）"), format!("the file cannot be read ({e})")))?;
        let index = Index::read(&mut text(file, 1, 0)).map_err(|f| f.text())?;
        Ok(Vct { input, index })
    }

    /// Feature codes that have objects, with how many.
    fn used(&self) -> impl Iterator<Item = (&FeatureCode, u64)> {
        self.index
            .head
            .codes
            .iter()
            .filter_map(|c| Some((c, *self.index.counts.get(&(c.kind, c.code.clone()))?)))
    }
}

/// One feature code with one attribute table.
struct Part {
    vct: Arc<Vct>,
    code: FeatureCode,
    encoded: Encoded,
    /// Whether each column of the table holds numbers.
    numeric: Vec<bool>,
    /// Code and name as values, after the table's columns.
    extra: [Raw; 2],
}

/// Columns after the table's own.
const EXTRA: [&str; 2] = ["要素代码", "要素名称"];
/// The column of what annotations say.
const TEXT: &str = "注记内容";

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let vct = Vct::read(Input::File(found.path.clone())).map_err(|why| {
        let cure = both("未导入；向提供单位重新索取文件", "not imported; ask for another copy of the file");
        refused("file.damaged", why, cure)
    })?;
    let index = &vct.index;
    let encoded = encoding::decide(&Evidence {
        user: options.encoding(&found.name),
        samples: index.samples.clone(),
        ..Default::default()
    })
    .map_err(Refused::from)?;
    let numbers = bulk(&index.points);
    let claim = index.head.claim(numbers.map(|n| n[0]));
    let findings = left_out(index, &found.name);
    let vct = Arc::new(vct);
    let mut tables: Vec<Table> = Vec::new();
    for (code, count) in vct.used().filter(|(c, _)| c.kind != Kind::Other) {
        let decode = |b: &[u8]| encoded.encoding.decode(b).0.trim().to_owned();
        let structure = vct.index.head.structure(&code.table);
        let fields = structure.map_or(&[][..], |s| &s.fields);
        let mut columns: Vec<String> = fields.iter().map(|(n, _)| decode(n)).collect();
        columns.extend(EXTRA.map(str::to_owned));
        columns.extend((code.kind == Kind::Annotation).then(|| TEXT.to_owned()));
        let (name, table) = (decode(&code.name), decode(&code.table));
        let part = Part {
            vct: vct.clone(),
            code: code.clone(),
            encoded: encoded.clone(),
            numeric: fields.iter().map(|f| f.1).collect(),
            extra: [Raw::text(&decode(&code.code)), Raw::text(&name)],
        };
        tables.push(Table {
            name: if table.is_empty() { name.clone() } else { table },
            other_names: vec![name],
            file: found.name.as_str().into(),
            path: found.path.clone(),
            format,
            columns,
            shapes: ShapeSource::File(Some(match code.kind {
                Kind::Point | Kind::Annotation => Shape::Point,
                Kind::Line => Shape::Line,
                Kind::Polygon | Kind::Other => Shape::Polygon,
            })),
            features: Some(count),
            claim: claim.clone(),
            numbers,
            first: Arc::default(),
            encoded: Some(encoded.clone()),
            projected: false,
            obfuscated: false,
            raster: None,
            findings: Vec::new(),
            reader: Arc::new(part),
        });
    }
    match tables.first_mut() {
        Some(first) => first.findings = findings,
        None => {
            let cure = both("核对文件", "check the file");
            return Err(refused("file.nothing", both("文件里没有要素", "the file holds no features"), cure));
        }
    }
    Ok(tables)
}

/// What the file holds and is not imported.
fn left_out(index: &Index, file: &str) -> Vec<Finding> {
    let note = |rule: &'static str, severity, zh: String, en: String| {
        of_file(rule, severity, file, both(zh, en), both("未导入", "not imported"))
    };
    let mut all = Vec::new();
    for name in &index.others {
        all.push(note(
            "vct.section",
            Severity::Note,
            format!("{name} 一节没有对应的图层"),
            format!("the section {name} goes to no layer"),
        ));
    }
    let [straight, ellipses, splines] = index.assumed;
    let mut assumed = |zh: String, en: String, cure: Text| {
        all.push(of_file("vct.curve", Severity::Warning, file, both(zh, en), cure));
    };
    if straight > 0 {
        assumed(
            format!("{straight} 条光滑曲线或样条曲线只给出型值点，按折线读入"),
            format!(
                "{straight} smooth curves or splines give only points and are taken as straight lines between them"
            ),
            both(
                "需要曲线时在源系统中加密为折线",
                "densify them where they were drawn if the curve is wanted",
            ),
        );
    }
    if ellipses > 0 {
        assumed(
            format!("{ellipses} 个图形有椭圆，两个点按圆心和长轴端点理解，四个点按两轴端点理解"),
            format!(
                "{ellipses} shapes have ellipses: two points are taken as centre and end of the long axis, four as the ends of both axes"
            ),
            both("与面积属性核对", "compare with the area among the attributes"),
        );
    }
    if splines > 0 {
        assumed(
            format!("{splines} 条线有 B 样条，文件不写次数和节点，按过首末点的三次均匀 B 样条的控制点理解"),
            format!(
                "{splines} lines have B-splines without degree or knots; their points are taken as control points of a uniform cubic one through the outer two"
            ),
            both(
                "与源图核对，或在源系统中加密为折线",
                "compare with the drawing, or densify them where they were drawn",
            ),
        );
    }
    if let Some(why) = &index.annotations {
        all.push(note(
            "vct.annotation",
            Severity::Warning,
            format!("注记一节不能读：{}", why.zh),
            format!("the annotations cannot be read: {}", why.en),
        ));
    }
    for table in index.head.tables.iter().filter(|t| t.alone) {
        if index.attributes.iter().any(|(n, _)| n.eq_ignore_ascii_case(&table.name)) {
            let name = String::from_utf8_lossy(&table.name).into_owned();
            all.push(note(
                "vct.table",
                Severity::Note,
                format!("属性表 {name} 没有图形"),
                format!("the table {name} has no shapes"),
            ));
        }
    }
    for table in index.head.tables.iter().filter(|t| !t.alone) {
        let of = |c: &&FeatureCode| c.table.eq_ignore_ascii_case(&table.name);
        let objects: u64 = index
            .head
            .codes
            .iter()
            .filter(of)
            .filter_map(|c| index.counts.get(&(c.kind, c.code.clone())))
            .sum();
        let rows = index.rows.get(&table.name.to_ascii_lowercase()).copied().unwrap_or(0);
        // Where there are objects, the rows without one are read as such.
        if rows > 0 && objects == 0 {
            let name = String::from_utf8_lossy(&table.name).into_owned();
            all.push(note(
                "vct.table",
                Severity::Warning,
                format!("属性表 {name} 有 {rows} 行，却没有图形"),
                format!("the table {name} has {rows} rows and no shapes"),
            ));
        }
    }
    for ((kind, code), n) in &index.counts {
        let known = index.head.codes.iter().any(|c| c.code == *code && c.kind == *kind);
        // Border lines that only carry polygons have a code of their own.
        if !known && *kind != Kind::Line {
            let code = String::from_utf8_lossy(code).into_owned();
            all.push(note(
                "vct.code",
                Severity::Warning,
                format!("{n} 个对象的要素代码 {code} 没有定义"),
                format!("{n} objects have the feature code {code}, which is not defined"),
            ));
        }
    }
    all
}

impl Reader for Part {
    fn read(&self, wanted: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        let Vct { input, index } = self.vct.as_ref();
        let c = &self.code;
        rows::read(input, index, &c.code, c.kind, &c.table, &mut |found| {
            let mut values: Vec<Raw> = match found.values {
                None => vec![Raw::Null; self.numeric.len()],
                Some(list) => list
                    .into_iter()
                    .zip(&self.numeric)
                    .enumerate()
                    .map(|(i, (text, numeric))| {
                        if wanted.get(i) == Some(&false) {
                            return Raw::Null;
                        }
                        match super::lines::real(&text).filter(|_| *numeric && text.len() <= 15) {
                            Some(n) => Raw::Real(n),
                            None => encoding::decode(self.encoded.encoding, &text),
                        }
                    })
                    .collect(),
            };
            values.extend(self.extra.iter().cloned());
            values.extend(found.text.map(|t| encoding::decode(self.encoded.encoding, &t)));
            sink(SourceRow { row: found.line, values, geometry: found.geometry })
        })?;
        Ok(())
    }
}

/// Reads bytes as a VCT file, whatever they are, and every row of it.
pub(crate) fn fuzz(bytes: &[u8]) {
    let Ok(vct) = Vct::read(Input::Memory(bytes.into())) else { return };
    let codes: Vec<FeatureCode> = vct.used().map(|(c, _)| c.clone()).take(50).collect();
    let _ = vct.index.head.claim(vct.index.points.first().map(|p| p[0]));
    for c in codes {
        let _ = rows::read(&vct.input, &vct.index, &c.code, c.kind, &c.table, &mut |_| {
            std::ops::ControlFlow::Continue(())
        });
    }
}
