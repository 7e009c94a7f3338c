//! Elevation grids as text: CNSDTF-DEM (GB/T 17798) and the older NSDTF-DEM. GDAL has no driver for either; they are
//! checked here value by value and handed on as an ESRI grid.
//!
//! X0, Y0 are taken for the centre of the first, north-western cell, as CH/T 9009.2 has it; writers that mean its corner
//! are half a cell off, which is said.

use super::lines::{Fault, Lines, real};
use super::{Head, Refused, raster, refused};
use crate::delivery::Found;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::recognise::nodata::{EARTH, is_conventional};
use crate::table::Table;
use ditu_model::{Severity, Text};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};

/// Cells of one grid.
const CELLS: u64 = 1 << 31;
/// True for a height that there is on earth, or in its seas.
fn possible(height: f64) -> bool {
    (-12_000.0..=9_000.0).contains(&height)
}

/// What stands for "no height", before the factor.
const NOTHING: f64 = -99_999.0;

pub(super) fn sniff(head: &Head<'_>) -> bool {
    head.begins("NSDTF-DEM")
        || (head.begins("DataMark")
            && (head.holds("NSDTF-DEM") || head.holds("CSDTF-DEM") || head.holds("CNSDTF-RAS")))
}

/// What stands before the cells.
#[derive(Debug, PartialEq)]
struct Header {
    x0: f64,
    y0: f64,
    dx: f64,
    dy: f64,
    rows: u64,
    columns: u64,
    /// Written value over this is metres.
    factor: f64,
    degrees: bool,
}

/// Degrees out of DDDMMSS.SSSS.
fn degrees(packed: f64) -> f64 {
    let (d, rest) = ((packed.abs() / 10_000.0).trunc(), packed.abs() % 10_000.0);
    packed.signum() * (d + (rest / 100.0).trunc() / 60.0 + rest % 100.0 / 3600.0)
}

/// The parts of a header as written, whichever of the two forms it has.
fn header<R: BufRead>(lines: &mut Lines<R>) -> Result<Header, Fault> {
    lines.need("文件头", "the head")?;
    let mut values: [Option<String>; 10] = Default::default();
    const KEYS: [&[&str]; 10] = [
        &["unit"],
        &["alpha"],
        &["compress"],
        &["x0"],
        &["y0"],
        &["dx"],
        &["dy"],
        &["row", "rows"],
        &["col", "column", "columns"],
        &["hzoom"],
    ];
    if lines.is("NSDTF-DEM") {
        lines.need("版本", "the version")?;
        for value in &mut values {
            let text = lines.need("文件头的下一项", "the head's next value")?;
            *value = Some(String::from_utf8_lossy(text).into_owned());
        }
    } else {
        let mut any = 0;
        while lines.advance()? {
            let text = String::from_utf8_lossy(lines.text()).into_owned();
            let Some((key, value)) = text.split_once(':') else {
                lines.back();
                break;
            };
            let key = key.trim().to_ascii_lowercase();
            if let Some(i) = KEYS.iter().position(|k| k.contains(&key.as_str())) {
                values[i] = Some(value.trim().to_owned());
            }
            any += 1;
            if any > 200 {
                return Err(lines.fault("文件头过长", "the head is too long"));
            }
        }
    }
    let text = |i: usize| values[i].as_deref().unwrap_or("").trim();
    let number = |i: usize| {
        real(text(i).as_bytes()).ok_or_else(|| {
            let key = KEYS[i][0];
            lines.fault(
                format!("文件头缺 {key} 或不是数"),
                format!("{key} is missing in the head, or no number"),
            )
        })
    };
    let unit = text(0).to_ascii_uppercase();
    if real(text(1).as_bytes()).unwrap_or(0.0) != 0.0 {
        return Err(lines.fault("格网有旋转角（Alpha），不能读", "the grid is turned (Alpha): not read"));
    }
    if real(text(2).as_bytes()).unwrap_or(0.0) != 0.0 {
        return Err(lines.fault(
            "数据是压缩的（Compress:1），请以不压缩方式重新导出",
            "the cells are compressed (Compress:1): export it without",
        ));
    }
    let count = |i: usize| {
        let n = number(i)?;
        let sound = n.fract() == 0.0 && (1.0..1e6).contains(&n);
        if sound {
            Ok(n as u64)
        } else {
            Err(lines.fault(format!("行列数 {n} 不合理"), format!("{n} rows or columns are none")))
        }
    };
    let packed = unit == "S";
    let place = |v: f64| match (packed, unit.as_str()) {
        (true, _) => degrees(v),
        (_, "K") => v * 1000.0,
        _ => v,
    };
    let h = Header {
        x0: place(number(3)?),
        y0: place(number(4)?),
        // Spacings are in seconds where places are in degrees, minutes and seconds.
        dx: if packed { number(5)? / 3600.0 } else { place(number(5)?) },
        dy: if packed { number(6)? / 3600.0 } else { place(number(6)?) },
        rows: count(7)?,
        columns: count(8)?,
        factor: if text(9).is_empty() { 1.0 } else { number(9)? },
        degrees: packed || unit == "D",
    };
    if h.rows * h.columns > CELLS || !(h.dx > 0.0 && h.dy > 0.0) || h.factor <= 0.0 {
        return Err(
            lines.fault("格网间距、倍率或大小不合理", "spacing, factor or size of the grid make no sense")
        );
    }
    Ok(h)
}

/// Reads a grid and writes it as an ESRI grid; the header.
fn convert<R: BufRead>(
    lines: &mut Lines<R>,
    out: &mut impl Write,
) -> Result<Result<Header, Fault>, std::io::Error> {
    let h = match header(lines) {
        Ok(h) => h,
        Err(fault) => return Ok(Err(fault)),
    };
    let south = h.y0 - h.dy * (h.rows - 1) as f64;
    writeln!(out, "ncols {}\nnrows {}\nxllcenter {:.12}\nyllcenter {south:.12}", h.columns, h.rows, h.x0)?;
    if h.dx == h.dy {
        writeln!(out, "cellsize {:.12}", h.dx)?;
    } else {
        writeln!(out, "dx {:.12}\ndy {:.12}", h.dx, h.dy)?;
    }
    writeln!(out, "NODATA_value -99999")?;
    let all = h.rows * h.columns;
    let mut n = 0u64;
    loop {
        match lines.advance() {
            Ok(true) => {}
            Ok(false) => break,
            Err(fault) => return Ok(Err(fault)),
        }
        for token in lines.text().split(|b| b.is_ascii_whitespace() || *b == b',').filter(|t| !t.is_empty()) {
            let Some(v) = real(token) else { return Ok(Err(lines.expected("高程值", "a height"))) };
            n += 1;
            if n > all {
                let (zh, en) = (format!("格网值多于 {all} 个"), format!("there are more than {all} cells"));
                return Ok(Err(lines.fault(zh, en)));
            }
            let height = v / h.factor;
            let height = if v == NOTHING || height <= NOTHING {
                NOTHING
            } else if is_conventional(v) && (v < 0.0 || !possible(height)) {
                // Written without regard to the factor; what it is will be told where the cells are looked at.
                if (EARTH[0]..=EARTH[1]).contains(&v) { NOTHING } else { v }
            } else if possible(height) {
                height
            } else {
                let (zh, en) =
                    (format!("高程 {height} m 不可能"), format!("a height of {height} m cannot be"));
                return Ok(Err(lines.fault(zh, en)));
            };
            let end = if n.is_multiple_of(h.columns) { '\n' } else { ' ' };
            write!(out, "{height}{end}")?;
        }
    }
    if n < all {
        let (zh, en) = (format!("应有 {all} 个格网值，只有 {n} 个"), format!("there are {n} cells of {all}"));
        return Ok(Err(lines.fault(zh, en)));
    }
    Ok(Ok(h))
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let disk = |e: std::io::Error| {
        let cure = both("检查磁盘空间和权限", "check disk space and permissions");
        refused(
            "file.unreadable",
            both(format!("无法转换（{e}）"), format!("it cannot be converted ({e})")),
            cure,
        )
    };
    let damaged =
        |why: Text| refused("file.damaged", why, both("未导入；核对文件", "not imported; check the file"));
    let mut lines = Lines::new(BufReader::new(File::open(&found.path).map_err(disk)?), 1, 0);
    let made = tempfile::Builder::new().prefix("dem-").suffix(".asc").tempfile_in(&options.scratch);
    let (file, out) = made.and_then(|t| t.keep().map_err(|e| e.error)).map_err(disk)?;
    let mut writer = BufWriter::with_capacity(1 << 17, file);
    let made = convert(&mut lines, &mut writer).map_err(disk)?;
    let h = made.map_err(|f| damaged(f.text()))?;
    writer.flush().map_err(disk)?;
    let converted = Found { path: out, ..found.clone() };
    let mut tables = raster::open(&converted, format, options)?;
    let half = (h.dx / 2.0, if h.degrees { "°" } else { " m" });
    for table in &mut tables {
        table.findings.push(of_file(
            "raster.origin",
            Severity::Note,
            &found.name,
            both(
                "X0、Y0 按左上角格网的中心处理",
                "X0 and Y0 are taken for the centre of the north-western cell",
            ),
            both(
                format!("若生产软件指的是角点，整体会偏半格（{}{}）；请核对", half.0, half.1),
                format!(
                    "where the writer meant its corner all lies half a cell ({}{}) off; please check",
                    half.0, half.1
                ),
            ),
        ));
    }
    Ok(tables)
}

/// Reads bytes as a grid, whatever they are.
pub(crate) fn fuzz(bytes: &[u8]) {
    let _ = convert(&mut Lines::new(bytes, 1, 0), &mut std::io::sink());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cnsdtf(rows: &[Vec<f64>], factor: f64, newline: &str) -> String {
        let mut t = String::new();
        let head = [
            "DataMark:CNSDTF-DEM".to_owned(),
            "Version:1.0".into(),
            "Alpha:0".into(),
            "Unit:M".into(),
            "Compress:0".into(),
            "X0:568000".into(),
            "Y0:3213000".into(),
            "DX:5".into(),
            "DY:5".into(),
            format!("Row:{}", rows.len()),
            format!("Col:{}", rows[0].len()),
            "ValueType:Integer".into(),
            format!("Hzoom:{factor}"),
            "MinV:".into(),
            "MaxV:".into(),
        ];
        head.iter().for_each(|l| t += &format!("{l}{newline}"));
        for row in rows {
            // Ten values a line, as writers wrap them.
            for part in row.chunks(10) {
                let line: Vec<String> = part
                    .iter()
                    .map(|v| if v.is_nan() { "-99999".into() } else { format!("{}", v * factor) })
                    .collect();
                t += &format!(" {}{newline}", line.join(" "));
            }
        }
        t
    }

    fn nsdtf(rows: &[Vec<f64>], factor: f64) -> String {
        let mut t = format!(
            "NSDTF-DEM\n1.0\nM\n0.0\n0.0\n568000\n3213000\n5\n5\n{}\n{}\n{factor}\n",
            rows.len(),
            rows[0].len()
        );
        rows.iter()
            .flatten()
            .for_each(|v| t += &format!("{}\n", if v.is_nan() { NOTHING } else { v * factor }));
        t
    }

    fn read(text: &str) -> Result<(Header, Vec<f64>), Text> {
        let mut out = Vec::new();
        let h = convert(&mut Lines::new(text.as_bytes(), 1, 0), &mut out).unwrap().map_err(|f| f.text())?;
        let text = String::from_utf8(out).unwrap();
        let cells =
            text.lines().skip(6).flat_map(str::split_whitespace).map(|v| v.parse().unwrap()).collect();
        Ok((h, cells))
    }

    proptest! {
        #[test]
        fn both_forms_read_back_what_was_written(
            columns in 1usize..25,
            values in prop::collection::vec(prop::option::weighted(0.9, -500i32..80_000), 1..200),
            windows in any::<bool>(),
        ) {
            let all: Vec<f64> = values.iter().map(|v| v.map_or(f64::NAN, |v| f64::from(v) / 10.0)).collect();
            let rows: Vec<Vec<f64>> = all.chunks_exact(columns).map(<[f64]>::to_vec).collect();
            prop_assume!(!rows.is_empty());
            for text in [cnsdtf(&rows, 10.0, if windows { "\r\n" } else { "\n" }), nsdtf(&rows, 10.0)] {
                let (h, cells) = read(&text).unwrap();
                prop_assert_eq!((h.rows, h.columns, h.x0, h.dx), (rows.len() as u64, columns as u64, 568_000.0, 5.0));
                for (a, b) in rows.iter().flatten().zip(&cells) {
                    prop_assert!((a.is_nan() && *b == NOTHING) || (a - b).abs() < 1e-9, "{} {}", a, b);
                }
                prop_assert_eq!(cells.len(), rows.len() * columns);
            }
        }

        #[test]
        fn changed_bytes_break_nothing(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = cnsdtf(&[vec![1.0, 2.0], vec![3.0, f64::NAN]], 100.0, "\n").into_bytes();
            let i = at.index(bytes.len());
            bytes[i] = byte;
            fuzz(&bytes);
        }
    }

    #[test]
    fn what_is_short_long_turned_compressed_or_absurd_is_refused_by_line_and_byte() {
        let good = cnsdtf(&[vec![1.0, 2.0], vec![3.0, 4.0]], 100.0, "\n");
        assert!(read(&good).is_ok());
        for (from, to, said) in [
            (" 300 400\n", " 300\n", "3 cells of 4"),
            (" 300 400\n", " 300 400 500\n", "more than 4"),
            (" 300 400\n", " 300 abc\n", "a height"),
            (" 300 400\n", " 300 88888888\n", "cannot be"),
            ("Alpha:0", "Alpha:30", "turned"),
            ("Compress:0", "Compress:1", "compressed"),
            ("Row:2", "Row:2000000", "rows or columns"),
            ("Row:2", "Row:x", "row is missing"),
            ("DX:5", "DX:-5", "no sense"),
        ] {
            let why = read(&good.replacen(from, to, 1)).unwrap_err();
            assert!(why.en.contains(said) && why.en.starts_with("line "), "{to}: {}", why.en);
        }
        // A cut inside the last number cannot be seen.
        for cut in 0..good.rfind("400").unwrap() {
            assert!(read(&good[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn places_in_degrees_minutes_and_seconds_are_degrees() {
        let text = cnsdtf(&[vec![1.0]], 1.0, "\n")
            .replace("Unit:M", "Unit:S")
            .replace("X0:568000", "X0:1114154.6")
            .replace("Y0:3213000", "Y0:290153.76");
        let (h, _) = read(&text).unwrap();
        assert!(
            (h.x0 - 111.6985).abs() < 1e-9
                && (h.y0 - 29.0316).abs() < 1e-9
                && (h.dx - 5.0 / 3600.0).abs() < 1e-15
        );
    }
}
