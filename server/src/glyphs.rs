//! Glyph ranges for MapLibre: signed distance fields drawn from the fonts on this machine.
//!
//! The format is the one that MapLibre reads (glyphs.proto; 24 px, 3 px around, distances over 8 px, cut at a quarter).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// The font stacks that the styles name.
pub(crate) const STACKS: [&str; 2] = ["Noto Sans CJK SC Regular", "Noto Sans CJK SC Bold"];
/// Pixels an em.
const SIZE: f32 = 24.0;
/// Pixels around a glyph.
const BUFFER: i32 = 3;
/// Pixels over which distance is told.
const RADIUS: f32 = 8.0;
/// Where the outline lies between 0 and 1.
const CUTOFF: f32 = 0.25;
/// Where glyph boxes are hung, in pixels above the baseline.
const ASCENDER: i32 = 26;
/// Ranges kept ready.
const KEPT: usize = 400;

struct Font {
    data: Arc<Vec<u8>>,
    index: u32,
}

/// Ranges that were drawn, by stack and first code.
type Ranges = HashMap<(String, u32), Arc<Vec<u8>>>;

/// The fonts that were found, by full name.
pub(crate) struct Fonts {
    files: HashMap<String, (PathBuf, u32)>,
    open: Mutex<HashMap<String, Arc<Font>>>,
    ready: Mutex<Ranges>,
}

impl Fonts {
    /// Looks through the system's and the user's font folders.
    pub(crate) fn find() -> Fonts {
        let mut folders: Vec<PathBuf> =
            ["/usr/share/fonts", "/usr/local/share/fonts"].map(PathBuf::from).to_vec();
        folders.extend(std::env::var_os("DITU_FONTS").map(PathBuf::from));
        folders.extend(std::env::var_os("HOME").map(|h| Path::new(&h).join(".local/share/fonts")));
        let mut files = HashMap::new();
        for folder in folders {
            scan(&folder, 0, &mut files);
        }
        Fonts { files, open: Mutex::default(), ready: Mutex::default() }
    }

    /// True when a font of this full name is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.files.contains_key(&key(name))
    }

    fn font(&self, name: &str) -> Option<Arc<Font>> {
        let name = key(name);
        if let Some(font) = self.open.lock().unwrap_or_else(|e| e.into_inner()).get(&name) {
            return Some(font.clone());
        }
        let (path, index) = self.files.get(&name)?;
        let font = Arc::new(Font { data: Arc::new(std::fs::read(path).ok()?), index: *index });
        self.open.lock().unwrap_or_else(|e| e.into_inner()).insert(name, font.clone());
        Some(font)
    }

    /// The glyphs `start` to `start + 255` of a comma-separated stack: of each character the first font that has it.
    /// `None` when no font of the stack is here. Takes some milliseconds the first time: not for an async thread.
    pub(crate) fn range(&self, stack: &str, start: u32) -> Option<Arc<Vec<u8>>> {
        let id = (stack.to_owned(), start);
        if let Some(done) = self.ready.lock().unwrap_or_else(|e| e.into_inner()).get(&id) {
            return Some(done.clone());
        }
        let fonts: Vec<Arc<Font>> = stack.split(',').filter_map(|name| self.font(name.trim())).collect();
        if fonts.is_empty() {
            return None;
        }
        let faces: Vec<Face<'_>> = fonts.iter().filter_map(|f| Face::parse(&f.data, f.index).ok()).collect();
        let mut glyphs = Vec::new();
        for code in start..start + 256 {
            let Some(c) = char::from_u32(code) else { continue };
            if let Some((face, glyph)) = faces.iter().find_map(|f| Some((f, f.glyph_index(c)?))) {
                field(&mut glyphs, 3, &draw(face, glyph, code));
            }
        }
        let mut inner = Vec::new();
        field(&mut inner, 1, stack.as_bytes());
        field(&mut inner, 2, format!("{start}-{}", start + 255).as_bytes());
        inner.extend(glyphs);
        let mut out = Vec::new();
        field(&mut out, 1, &inner);
        let out = Arc::new(out);
        let mut ready = self.ready.lock().unwrap_or_else(|e| e.into_inner());
        if ready.len() >= KEPT {
            ready.clear();
        }
        ready.insert(id, out.clone());
        Some(out)
    }
}

fn key(name: &str) -> String {
    let lower = name.to_lowercase();
    // A regular face calls itself by the family's name alone.
    lower.strip_suffix(" regular").unwrap_or(&lower).to_owned()
}

fn scan(folder: &Path, depth: usize, files: &mut HashMap<String, (PathBuf, u32)>) {
    if depth > 6 {
        return;
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            scan(&path, depth + 1, files);
            continue;
        }
        let known = ["ttf", "otf", "ttc", "otc"];
        if !path.extension().is_some_and(|e| known.iter().any(|k| e.eq_ignore_ascii_case(k))) {
            continue;
        }
        let Ok(data) = std::fs::read(&path) else { continue };
        for index in 0..ttf_parser::fonts_in_collection(&data).unwrap_or(1).min(64) {
            let Ok(face) = Face::parse(&data, index) else { continue };
            let names = face.names().into_iter().filter(|n| n.name_id == ttf_parser::name_id::FULL_NAME);
            for name in names.filter_map(|n| n.to_string()) {
                files.entry(key(&name)).or_insert_with(|| (path.clone(), index));
            }
        }
    }
}

fn varint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

fn field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.push(number << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn number(out: &mut Vec<u8>, field: u8, v: u64) {
    out.push(field << 3);
    varint(out, v);
}

fn signed(v: i32) -> u64 {
    u64::from(((v << 1) ^ (v >> 31)) as u32)
}

/// One glyph's message.
fn draw(face: &Face<'_>, glyph: GlyphId, code: u32) -> Vec<u8> {
    let scale = SIZE / f32::from(face.units_per_em());
    let advance = (f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale).round().max(0.0) as u64;
    let mut outline = Outline { scale, ..Outline::default() };
    let drawn = face.outline_glyph(glyph, &mut outline).is_some() && !outline.edges.is_empty();
    let mut out = Vec::new();
    number(&mut out, 1, u64::from(code));
    let (mut width, mut height, mut left, mut top) = (0, 0, 0, 0);
    if drawn {
        let (x0, y0) = (outline.low[0].floor() as i32, outline.low[1].floor() as i32);
        let (x1, y1) = (outline.high[0].ceil() as i32, outline.high[1].ceil() as i32);
        (width, height, left, top) = (x1 - x0, y1 - y0, x0, y1);
        field(&mut out, 2, &outline.distances(x0, y1, width, height));
    }
    number(&mut out, 3, width as u64);
    number(&mut out, 4, height as u64);
    number(&mut out, 5, signed(left));
    number(&mut out, 6, signed(top - ASCENDER));
    number(&mut out, 7, advance);
    out
}

/// A glyph's outline as edges in pixels, y upwards.
struct Outline {
    scale: f32,
    edges: Vec<[[f32; 2]; 2]>,
    start: [f32; 2],
    pen: [f32; 2],
    low: [f32; 2],
    high: [f32; 2],
}

impl Default for Outline {
    fn default() -> Self {
        let zero = [0.0; 2];
        Outline {
            scale: 1.0,
            edges: Vec::new(),
            start: zero,
            pen: zero,
            low: [f32::MAX; 2],
            high: [f32::MIN; 2],
        }
    }
}

impl Outline {
    fn go(&mut self, to: [f32; 2]) {
        if to != self.pen {
            self.edges.push([self.pen, to]);
        }
        for p in [self.pen, to] {
            self.low = [self.low[0].min(p[0]), self.low[1].min(p[1])];
            self.high = [self.high[0].max(p[0]), self.high[1].max(p[1])];
        }
        self.pen = to;
    }

    fn at(&self, x: f32, y: f32) -> [f32; 2] {
        [x * self.scale, y * self.scale]
    }

    fn curve(&mut self, point: impl Fn(f32) -> [f32; 2]) {
        // Eight chords a curve: at 24 px they are off by less than a twentieth of a pixel.
        for i in 1..=8 {
            self.go(point(i as f32 / 8.0));
        }
    }

    /// The field, row by row from the top left (`left`, `top` are the box without the buffer).
    fn distances(&self, left: i32, top: i32, width: i32, height: i32) -> Vec<u8> {
        let (w, h) = (width + 2 * BUFFER, height + 2 * BUFFER);
        let mut out = Vec::with_capacity((w * h) as usize);
        for row in 0..h {
            let y = (top + BUFFER - row) as f32 - 0.5;
            for column in 0..w {
                let x = (left - BUFFER + column) as f32 + 0.5;
                let (mut nearest, mut winding) = (f32::MAX, 0);
                for [a, b] in &self.edges {
                    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
                    let t = (((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
                    let (ex, ey) = (x - a[0] - t * dx, y - a[1] - t * dy);
                    nearest = nearest.min(ex * ex + ey * ey);
                    if (a[1] <= y) != (b[1] <= y) && x < a[0] + (y - a[1]) / dy * dx {
                        winding += if dy > 0.0 { 1 } else { -1 };
                    }
                }
                let d = nearest.sqrt() * if winding != 0 { -1.0 } else { 1.0 };
                out.push((255.0 * (1.0 - CUTOFF - d / RADIUS)).clamp(0.0, 255.0).round() as u8);
            }
        }
        out
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.pen = self.at(x, y);
        self.start = self.pen;
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.go(self.at(x, y));
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (a, b, c) = (self.pen, self.at(x1, y1), self.at(x, y));
        self.curve(|t| [0, 1].map(|i| (1. - t) * (1. - t) * a[i] + 2. * t * (1. - t) * b[i] + t * t * c[i]));
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (a, b, c, d) = (self.pen, self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.curve(|t| {
            let u = 1. - t;
            [0, 1]
                .map(|i| u * u * u * a[i] + 3. * u * u * t * b[i] + 3. * u * t * t * c[i] + t * t * t * d[i])
        });
    }
    fn close(&mut self) {
        self.go(self.start);
    }
}
