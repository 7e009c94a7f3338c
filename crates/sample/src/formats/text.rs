//! Text formats: CASS .dat, CSV, KML and GeoJSON, written line by line.

use crate::plane::{P, to_lonlat};
use encoding_rs::GBK;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// How the bytes of a text file are made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    Gbk,
    Utf8,
    Utf8Bom,
}

/// A text file being written, CRLF lines where Windows programs make it so.
pub(crate) struct TextFile {
    out: BufWriter<File>,
    charset: Charset,
}

impl TextFile {
    pub(crate) fn create(path: &Path, charset: Charset) -> io::Result<TextFile> {
        let mut out = BufWriter::with_capacity(1 << 17, File::create(path)?);
        if charset == Charset::Utf8Bom {
            out.write_all("\u{feff}".as_bytes())?;
        }
        Ok(TextFile { out, charset })
    }

    pub(crate) fn put(&mut self, text: &str) -> io::Result<()> {
        match self.charset {
            Charset::Gbk => self.out.write_all(&GBK.encode(text).0),
            Charset::Utf8 | Charset::Utf8Bom => self.out.write_all(text.as_bytes()),
        }
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A CSV field, quoted where it must be.
pub(crate) fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}

/// Text as XML content.
pub(crate) fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A coordinate pair in degrees with nine decimals: a tenth of a millimetre.
pub(crate) fn lonlat_text(p: P) -> String {
    let g = to_lonlat(p);
    format!("{:.9},{:.9}", g[0], g[1])
}

/// A GeoJSON feature collection being written; coordinates CGCS2000 longitude, latitude.
pub(crate) struct GeoJson {
    file: TextFile,
    first: bool,
    pub(crate) count: u64,
}

impl GeoJson {
    pub(crate) fn create(path: &Path, name: &str) -> io::Result<GeoJson> {
        let mut file = TextFile::create(path, Charset::Utf8)?;
        file.put(&format!(
            "{{\"type\":\"FeatureCollection\",\"name\":\"{name}\",\"crs\":{{\"type\":\"name\",\"properties\":{{\"name\":\"urn:ogc:def:crs:EPSG::4490\"}}}},\"features\":[\n"
        ))?;
        Ok(GeoJson { file, first: true, count: 0 })
    }

    fn feature(&mut self, properties: &serde_json::Value, kind: &str, coordinates: &str) -> io::Result<()> {
        let comma = if self.first { "" } else { ",\n" };
        self.first = false;
        self.count += 1;
        self.file.put(&format!(
            "{comma}{{\"type\":\"Feature\",\"properties\":{properties},\"geometry\":{{\"type\":\"{kind}\",\"coordinates\":{coordinates}}}}}"
        ))
    }

    fn path(line: &[P], out: &mut String) {
        out.push('[');
        for (i, p) in line.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            // Writing to a string does not fail.
            let _ = write!(out, "{comma}[{}]", lonlat_text(*p));
        }
        out.push(']');
    }

    pub(crate) fn line(&mut self, properties: &serde_json::Value, line: &[P]) -> io::Result<()> {
        let mut c = String::new();
        GeoJson::path(line, &mut c);
        self.feature(properties, "LineString", &c)
    }

    /// Polygons of closed rings, outer first; one makes a Polygon, more a MultiPolygon.
    pub(crate) fn polygons(
        &mut self,
        properties: &serde_json::Value,
        polygons: &[Vec<Vec<P>>],
    ) -> io::Result<()> {
        let mut c = String::new();
        let polygon = |rings: &[Vec<P>], c: &mut String| {
            c.push('[');
            for (i, ring) in rings.iter().enumerate() {
                if i > 0 {
                    c.push(',');
                }
                GeoJson::path(ring, c);
            }
            c.push(']');
        };
        if let [one] = polygons {
            polygon(one, &mut c);
            return self.feature(properties, "Polygon", &c);
        }
        c.push('[');
        for (i, p) in polygons.iter().enumerate() {
            if i > 0 {
                c.push(',');
            }
            polygon(p, &mut c);
        }
        c.push(']');
        self.feature(properties, "MultiPolygon", &c)
    }

    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.file.put("\n]}\n")?;
        self.file.finish()?;
        Ok(self.count)
    }
}
