//! One pass over the file: what it holds and where. A file that is damaged anywhere is known before a row is taken.

use super::head::{Head, Kind, split};
use super::object::{self, Assumed, Body};
use crate::formats::lines::{Fault, Lines};
use ditu_model::Text;
use std::collections::BTreeMap;
use std::io::BufRead;

/// Points that are looked at for where the data lie.
const POINTS: usize = 100_000;
/// Texts that are looked at for their encoding.
const SAMPLES: usize = 2_000;

/// A place in the file: line and byte.
pub(super) type Place = (u64, u64);

/// What a file holds.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) head: Head,
    /// Where the objects of each kind begin.
    pub(super) sections: Vec<(Kind, Place)>,
    /// Objects by kind and feature code.
    pub(super) counts: BTreeMap<(Kind, Vec<u8>), u64>,
    /// Where the rows of each attribute table begin.
    pub(super) attributes: Vec<(Vec<u8>, Place)>,
    /// Rows of each attribute table.
    pub(super) rows: BTreeMap<Vec<u8>, u64>,
    /// Sections that are not imported.
    pub(super) others: Vec<String>,
    /// Objects of whose shape something had to be assumed, by [`Assumed`].
    pub(super) assumed: [u64; Assumed::KINDS],
    /// Why annotations are not read, where they are not.
    pub(super) annotations: Option<Text>,
    /// Some places, in the file's numbers.
    pub(super) points: Vec<[f64; 2]>,
    /// Some texts that hold more than ASCII.
    pub(super) samples: Vec<Vec<u8>>,
}

impl Index {
    fn sample(&mut self, text: &[u8]) {
        if !text.is_ascii() && self.samples.len() < SAMPLES {
            self.samples.push(text.to_vec());
        }
    }

    fn note(&mut self, body: &Body) {
        let vertices: &[crate::formats::curves::Vertex] = match body {
            Body::Points(v) | Body::Line(v) => v,
            Body::Rings(rings) => rings.first().map_or(&[], Vec::as_slice),
            _ => &[],
        };
        if self.points.len() < POINTS {
            self.points.extend(vertices.first().map(|v| [v[0], v[1]]));
            self.points.extend(vertices.get(vertices.len() / 2).map(|v| [v[0], v[1]]));
        }
    }

    /// Reads everything once.
    pub(super) fn read<R: BufRead>(lines: &mut Lines<R>) -> Result<Index, Fault> {
        lines.need("HeadBegin", "HeadBegin")?;
        if !lines.is("HeadBegin") {
            return Err(lines.expected("HeadBegin", "HeadBegin"));
        }
        let head = Head::read(lines)?;
        let mut index = Index {
            head,
            sections: Vec::new(),
            counts: BTreeMap::new(),
            attributes: Vec::new(),
            others: Vec::new(),
            rows: BTreeMap::new(),
            assumed: [0; Assumed::KINDS],
            annotations: None,
            points: Vec::new(),
            samples: Vec::new(),
        };
        while lines.advance()? {
            let keyword = lines.text().to_ascii_lowercase();
            match keyword.as_slice() {
                b"featurecodebegin" => {
                    index.head.read_codes(lines)?;
                    let names: Vec<Vec<u8>> = index.head.codes.iter().map(|c| c.name.clone()).collect();
                    names.iter().for_each(|n| index.sample(n));
                }
                b"tablestructurebegin" => index.head.read_tables(lines)?,
                b"pointbegin" => index.objects(lines, Kind::Point)?,
                b"linebegin" => index.objects(lines, Kind::Line)?,
                b"polygonbegin" => index.objects(lines, Kind::Polygon)?,
                b"annotationbegin" => index.annotations(lines)?,
                b"attributebegin" => index.tables(lines)?,
                _ => match keyword.strip_suffix(b"begin") {
                    Some(name) if !name.is_empty() => index.skip(lines, name)?,
                    _ => return Err(lines.expected("下一节（…Begin）", "the next section (…Begin)")),
                },
            }
        }
        Ok(index)
    }

    fn objects<R: BufRead>(&mut self, lines: &mut Lines<R>, kind: Kind) -> Result<(), Fault> {
        self.sections.push((kind, lines.next_place()));
        while let Some(object) = object::next(lines, &self.head, kind)? {
            self.note(&object.body);
            if let Some(assumed) = object.assumed {
                self.assumed[assumed as usize] += 1;
            }
            if let Some(text) = &object.text {
                self.sample(text);
            }
            *self.counts.entry((kind, object.code)).or_default() += 1;
        }
        Ok(())
    }

    /// Annotations differ more from writer to writer than shapes do: those that cannot be read take nothing else with them.
    fn annotations<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Result<(), Fault> {
        let Err(fault) = self.objects(lines, Kind::Annotation) else { return Ok(()) };
        self.annotations = Some(fault.text());
        self.sections.retain(|(kind, _)| *kind != Kind::Annotation);
        self.counts.retain(|(kind, _), _| *kind != Kind::Annotation);
        while !lines.is("AnnotationEnd") {
            lines.need("AnnotationEnd", "AnnotationEnd")?;
        }
        Ok(())
    }

    fn tables<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Result<(), Fault> {
        loop {
            lines.need("AttributeEnd", "AttributeEnd")?;
            if lines.is("AttributeEnd") {
                return Ok(());
            }
            let name = lines.text().to_vec();
            if self.head.structure(&name).is_none() {
                return Err(lines.expected("结构已定义的表名", "the name of a table with a structure"));
            }
            self.attributes.push((name.clone(), lines.next_place()));
            let mut rows = 0;
            loop {
                lines.need("TableEnd", "TableEnd")?;
                if lines.is("TableEnd") {
                    break;
                }
                rows += 1;
                if self.samples.len() < SAMPLES && !lines.text().is_ascii() {
                    let parts: Vec<Vec<u8>> =
                        split(lines.text(), self.head.separator).map(<[u8]>::to_vec).collect();
                    parts.iter().for_each(|p| self.sample(p));
                }
            }
            *self.rows.entry(name.to_ascii_lowercase()).or_default() += rows;
        }
    }

    /// Passes over a section that is not read, to its own end.
    fn skip<R: BufRead>(&mut self, lines: &mut Lines<R>, name: &[u8]) -> Result<(), Fault> {
        let end = [name, b"end"].concat();
        let begun = lines.fault("这一节没有结束", "the section does not end");
        let mut any = false;
        loop {
            if !lines.advance()? {
                return Err(begun);
            }
            if lines.text().eq_ignore_ascii_case(&end) {
                break;
            }
            any = true;
        }
        if any {
            self.others.push(String::from_utf8_lossy(name).into_owned());
        }
        Ok(())
    }
}
