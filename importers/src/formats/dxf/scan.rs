//! One pass over a drawing's groups before GDAL reads it: what its texts are written in, its unit, what its blocks hold and
//! repeat, and what GDAL leaves out or takes apart (escapes, curves in blocks, paper space).

use super::curved::{Entity, Kind};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, Read};

/// Bytes in which texts are sought that tell the encoding, and how many.
const SAMPLED: u64 = 64 << 20;
const SAMPLES: usize = 2_000;
/// Bytes of a value that are looked at.
const LONGEST: u64 = 1 << 16;
/// Kinds of entities that are told apart.
const KINDS: usize = 200;
/// The group of a comment.
const COMMENT: i32 = 999;

/// What a block, or the drawing itself, holds.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Entities by their kind.
    pub(super) kinds: BTreeMap<String, u64>,
    /// Blocks that are inserted, and how many cells of each: an array is one entity.
    pub(super) inserts: HashMap<Vec<u8>, u64>,
}

/// A block's definition.
#[derive(Debug, Default)]
pub(super) struct Definition {
    /// Groups 10, 20, 30.
    pub(super) base: [f64; 3],
    /// Its entities are in another file.
    pub(super) external: bool,
    pub(super) held: Held,
    /// Its entities with curves, in order.
    pub(super) curves: Vec<Entity>,
}

/// A text as the file holds it, before any code in it is read.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    /// With the codes of MTEXT.
    pub(super) many_lines: bool,
}

/// What is found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Texts that are not ASCII.
    pub(super) samples: Vec<Vec<u8>>,
    /// `$DWGCODEPAGE`.
    pub(super) page: Option<String>,
    /// `$INSUNITS`.
    pub(super) units: Option<i64>,
    /// Blocks by their names as the file holds them. A name that comes twice is its first, as for GDAL.
    pub(super) blocks: HashMap<Vec<u8>, Definition>,
    /// The drawing's own entities.
    pub(super) model: Held,
    /// Entities in paper space.
    pub(super) paper: u64,
    /// Texts with codes in them, by their handles.
    pub(super) texts: HashMap<Vec<u8>, Written>,
    /// What attributes are called.
    pub(super) tags: HashSet<Vec<u8>>,
    /// Handles of dimensions and leaders: GDAL gives their strokes.
    pub(super) annotations: HashSet<Vec<u8>>,
    /// Cells of all inserts, wherever they are: GDAL makes one after the other.
    pub(super) cells: u64,
    /// Bytes of the file.
    pub(super) bytes: u64,
}

/// Kinds that speak of others and are drawn with no map.
const ANNOTATIONS: [&str; 8] = [
    "DIMENSION",
    "ARC_DIMENSION",
    "LARGE_RADIAL_DIMENSION",
    "LEADER",
    "MLEADER",
    "MULTILEADER",
    "TOLERANCE",
    "ACAD_TABLE",
];
/// Kinds that are read.
const READ: [&str; 19] = [
    "POINT",
    "MTEXT",
    "TEXT",
    "LINE",
    "POLYLINE",
    "LWPOLYLINE",
    "MLINE",
    "CIRCLE",
    "ELLIPSE",
    "ARC",
    "SPLINE",
    "HELIX",
    "3DFACE",
    "SOLID",
    "TRACE",
    "HATCH",
    "INSERT",
    // A window of paper space, and the value of an attribute where none is given.
    "VIEWPORT",
    "ATTDEF",
];

/// Whether entities of a kind become no rows.
pub(super) fn is_passed(kind: &str) -> bool {
    !READ.contains(&kind)
}

impl Scan {
    /// A block by the name that an insert says: large and small letters are the same.
    pub(super) fn block(&self, name: &[u8]) -> Option<&Definition> {
        let same = |n: &&Vec<u8>| n.eq_ignore_ascii_case(name);
        self.blocks.get(name).or_else(|| self.blocks.get(self.blocks.keys().find(same)?))
    }
}

impl Held {
    fn count(&mut self, kind: &[u8]) {
        let kind = String::from_utf8_lossy(kind.get(..40).unwrap_or(kind)).to_ascii_uppercase();
        if self.kinds.len() < KINDS || self.kinds.contains_key(&kind) {
            *self.kinds.entry(kind).or_default() += 1;
        }
    }
}

/// The groups of a drawing, with no allocation for each.
struct Groups<R> {
    input: R,
    value: Vec<u8>,
    bytes: u64,
}

impl<R: BufRead> Groups<R> {
    /// Fills `value` with a line without space around it; `None` at the end.
    fn line(&mut self) -> std::io::Result<Option<()>> {
        self.value.clear();
        let mut more = true;
        while more {
            let kept = self.value.len();
            let n = self.input.by_ref().take(LONGEST).read_until(b'\n', &mut self.value)?;
            if n == 0 {
                break;
            }
            self.bytes += n as u64;
            more = self.value.last() != Some(&b'\n');
            if kept > 0 {
                self.value.truncate(kept);
            }
        }
        Ok((!self.value.is_empty()).then_some(()))
    }

    /// The next group's code; its value is in `value`. `None` at the end.
    fn next(&mut self) -> std::io::Result<Option<i32>> {
        loop {
            if self.line()?.is_none() {
                return Ok(None);
            }
            let code = std::str::from_utf8(self.value.trim_ascii()).ok().and_then(|c| c.parse().ok());
            if self.line()?.is_none() {
                return Ok(None);
            }
            if code != Some(COMMENT) {
                return Ok(Some(code.unwrap_or(-1)));
            }
        }
    }
}

/// The entity at hand.
#[derive(Default)]
struct Open {
    kind: Vec<u8>,
    handle: Option<Vec<u8>>,
    name: Vec<u8>,
    paper: bool,
    /// Groups 70 and 71 of an insert.
    array: [i64; 2],
    text: Vec<u8>,
    curve: Option<Entity>,
}

#[derive(Clone, Copy, PartialEq)]
enum Section {
    Header,
    Blocks,
    Entities,
    Other,
}

struct Pass {
    scan: Scan,
    section: Section,
    /// The variable of the header at hand.
    variable: Vec<u8>,
    open: Option<Open>,
    /// The block at hand: its name, and whether it is a sheet of paper.
    block: Option<(Vec<u8>, bool, Definition)>,
    /// A polyline whose vertices follow.
    polyline: Option<(Entity, bool)>,
}

fn is_kind(kind: &[u8], list: &[&str]) -> bool {
    list.iter().any(|k| kind.eq_ignore_ascii_case(k.as_bytes()))
}

fn real(value: &[u8]) -> f64 {
    crate::formats::lines::real(value).unwrap_or(0.0)
}

fn integer(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

impl Pass {
    fn begin(&mut self, kind: &[u8]) {
        let in_block = self.section == Section::Blocks;
        let of = if kind == b"VERTEX" { Some(Kind::Polyline) } else { Kind::of(kind) };
        let curve = of.filter(|_| in_block).map(Entity::new);
        self.open = Some(Open { kind: kind.to_owned(), curve, array: [1, 1], ..Open::default() });
    }

    fn take(&mut self, code: i32, value: &[u8]) {
        let Some(open) = &mut self.open else { return };
        if let Some(curve) = &mut open.curve {
            curve.take(code, value);
        }
        let block = open.kind == b"BLOCK";
        match code {
            5 => open.handle = Some(value.to_owned()),
            2 => open.name = value.to_owned(),
            67 => open.paper = value == b"1",
            1 | 3 if matches!(&*open.kind, b"TEXT" | b"MTEXT") => open.text.extend_from_slice(value),
            70 | 71 => open.array[usize::from(code == 71)] = integer(value).unwrap_or(1),
            10 | 20 | 30 if block => {
                if let Some((.., definition)) = &mut self.block {
                    definition.base[(code / 10 - 1) as usize] = real(value);
                }
            }
            _ => {}
        }
    }

    /// The entity at hand is whole.
    fn end(&mut self) {
        let Some(open) = self.open.take() else { return };
        match &*open.kind {
            b"BLOCK" => {
                if let Some((name, paper, definition)) = &mut self.block {
                    *paper = open.name.len() >= 12 && open.name[..12].eq_ignore_ascii_case(b"*PAPER_SPACE");
                    *name = open.name;
                    // Group 70: 4 an external reference, 8 one that lies over.
                    definition.external = open.array[0] & (4 | 8) != 0;
                }
                return;
            }
            b"VERTEX" => {
                if let (Some((whole, _)), Some(vertex)) = (&mut self.polyline, &open.curve) {
                    whole.add_vertex(vertex);
                }
                return;
            }
            b"SEQEND" => return,
            b"ATTRIB" | b"ATTDEF" => {
                if !open.name.is_empty() && self.scan.tags.len() < 10_000 {
                    self.scan.tags.insert(open.name);
                }
                return;
            }
            _ => {}
        }
        let cells = open.array.iter().fold(1u64, |n, m| n.saturating_mul((*m).max(1) as u64));
        if open.kind == b"INSERT" {
            self.scan.cells = self.scan.cells.saturating_add(cells);
        }
        let (held, paper) = match (&mut self.block, self.section) {
            (Some((_, paper, definition)), Section::Blocks) => (&mut definition.held, *paper || open.paper),
            (_, Section::Entities) => (&mut self.scan.model, open.paper),
            _ => return,
        };
        if paper {
            self.scan.paper += u64::from(open.kind != b"VIEWPORT");
            return;
        }
        held.count(&open.kind);
        if open.kind == b"INSERT" {
            let of = held.inserts.entry(open.name).or_default();
            *of = of.saturating_add(cells);
        }
        if let Some(handle) = open.handle {
            if is_kind(&open.kind, &ANNOTATIONS) {
                self.scan.annotations.insert(handle);
            } else if super::text::is_coded(&open.text) {
                let many_lines = open.kind == b"MTEXT";
                self.scan.texts.insert(handle, Written { bytes: open.text, many_lines });
            }
        }
        if let Some(curve) = open.curve {
            if open.kind == b"POLYLINE" {
                self.polyline = Some((curve.without_vertices(), true));
            } else if curve.is_curved()
                && let Some((.., definition)) = &mut self.block
            {
                definition.curves.push(curve);
            }
        }
    }

    /// A polyline whose last vertex was read.
    fn end_polyline(&mut self) {
        if let Some((whole, _)) = self.polyline.take()
            && whole.is_curved()
            && let Some((.., definition)) = &mut self.block
        {
            definition.curves.push(whole);
        }
    }

    fn group(&mut self, code: i32, value: &[u8]) {
        if code != 0 {
            match self.section {
                Section::Header if code == 9 => self.variable = value.to_owned(),
                Section::Header => self.header(value),
                _ => self.take(code, value),
            }
            return;
        }
        self.end();
        if value != b"VERTEX" {
            self.end_polyline();
        }
        match value {
            b"SECTION" | b"ENDSEC" | b"EOF" => self.section = Section::Other,
            b"BLOCK" if self.section == Section::Blocks => {
                self.block = Some(Default::default());
                self.begin(value);
            }
            b"ENDBLK" => {
                if let Some((name, paper, definition)) = self.block.take()
                    && !paper
                {
                    self.scan.blocks.entry(name).or_insert(definition);
                }
            }
            _ if matches!(self.section, Section::Blocks | Section::Entities) => self.begin(value),
            _ => {}
        }
    }

    fn header(&mut self, value: &[u8]) {
        match &*self.variable {
            b"$DWGCODEPAGE" => self.scan.page = Some(String::from_utf8_lossy(value).into_owned()),
            b"$INSUNITS" => self.scan.units = integer(value),
            _ => return,
        }
        self.variable.clear();
    }
}

/// Reads a drawing's groups.
///
/// # Errors
/// What the system says.
pub(super) fn scan(input: impl BufRead) -> std::io::Result<Scan> {
    let mut groups = Groups { input, value: Vec::new(), bytes: 0 };
    let mut pass = Pass {
        scan: Scan::default(),
        section: Section::Other,
        variable: Vec::new(),
        open: None,
        block: None,
        polyline: None,
    };
    let mut seen = HashSet::new();
    let mut after_section = false;
    while let Some(code) = groups.next()? {
        let value = groups.value.trim_ascii();
        if groups.bytes < SAMPLED
            && pass.scan.samples.len() < SAMPLES
            && !value.is_ascii()
            && seen.insert(value.to_vec())
        {
            pass.scan.samples.push(value.to_vec());
        }
        if after_section && code == 2 {
            pass.section = match value {
                b"HEADER" => Section::Header,
                b"BLOCKS" => Section::Blocks,
                b"ENTITIES" => Section::Entities,
                _ => Section::Other,
            };
        } else {
            pass.group(code, value);
        }
        after_section = code == 0 && value == b"SECTION";
    }
    pass.end();
    pass.end_polyline();
    pass.scan.bytes = groups.bytes;
    Ok(pass.scan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Scan {
        let lines = text.split_whitespace().map(|w| format!("{w}\r\n")).collect::<String>();
        scan(lines.as_bytes()).unwrap()
    }

    #[test]
    fn blocks_are_counted_by_what_they_hold() {
        let found = of("0 SECTION 2 HEADER 9 $INSUNITS 70 4 9 $MEASUREMENT 70 1 0 ENDSEC \
             0 SECTION 2 BLOCKS 0 BLOCK 2 A 70 0 10 5 20 6 30 7 0 LINE 0 ARC 5 F 10 1 20 2 40 3 50 0 51 90 0 INSERT 2 B 70 3 71 4 0 ENDBLK \
             0 BLOCK 2 X 70 4 0 ENDBLK 0 BLOCK 2 *Paper_Space0 0 LINE 0 LINE 0 ENDBLK 0 ENDSEC \
             0 SECTION 2 ENTITIES 0 INSERT 2 A 0 INSERT 2 A 70 30000 71 30000 0 LINE 67 1 0 3DSOLID 0 DIMENSION 5 D1 2 *D1 0 \
             TEXT 5 T1 1 a%%c 0 TEXT 5 T2 1 plain 0 ENDSEC 0 EOF");
        assert_eq!((found.units, found.paper), (Some(4), 3));
        let block = &found.blocks[&b"A"[..]];
        assert_eq!(block.base, [5.0, 6.0, 7.0]);
        assert_eq!(block.held.inserts[&b"B"[..]], 12);
        assert_eq!((block.held.kinds["LINE"], block.curves.len()), (1, 1));
        assert!(found.blocks[&b"X"[..]].external && found.blocks.len() == 2);
        assert_eq!(found.model.inserts[&b"A"[..]], 900_000_001);
        assert_eq!(found.model.kinds["3DSOLID"], 1);
        assert!(found.annotations.contains(&b"D1"[..]) && is_passed("3DSOLID") && is_passed("DIMENSION"));
        assert_eq!(found.texts.len(), 1);
    }

    #[test]
    fn a_polyline_of_r12_in_a_block_keeps_its_bulges() {
        let found = of(
            "0 SECTION 2 BLOCKS 0 BLOCK 2 A 0 POLYLINE 66 1 70 0 0 VERTEX 10 0 20 0 42 1 0 VERTEX 10 9 20 0 0 SEQEND \
             0 POLYLINE 66 1 70 0 0 VERTEX 10 0 20 0 0 VERTEX 10 9 20 0 0 SEQEND 0 ENDBLK 0 ENDSEC",
        );
        let block = &found.blocks[&b"A"[..]];
        assert_eq!((block.curves.len(), block.held.kinds["POLYLINE"]), (1, 2));
        assert!(block.curves[0].stroked().unwrap().coords.len() > 4);
    }
}
