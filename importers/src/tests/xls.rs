//! Old workbooks, written here record by record after the published description of the format, so that what reads them
//! is not what wrote them.

use super::*;
use std::path::Path;

/// A cell of the workbooks made here.
#[derive(Clone)]
pub(super) enum Cell {
    Empty,
    Text(&'static str),
    Number(f64),
    /// Days since 1899-12-30.
    Day(f64),
}
use Cell::{Day, Empty, Number, Text};

fn record(out: &mut Vec<u8>, kind: u16, body: &[u8]) {
    out.extend(kind.to_le_bytes());
    out.extend((body.len() as u16).to_le_bytes());
    out.extend_from_slice(body);
}

fn words(list: &[u16]) -> Vec<u8> {
    list.iter().flat_map(|w| w.to_le_bytes()).collect()
}

fn utf16(text: &str) -> (u16, Vec<u8>) {
    let units: Vec<u16> = text.encode_utf16().collect();
    (units.len() as u16, words(&units))
}

/// Merged ranges: first and last row, first and last column.
pub(super) type Merged<'a> = &'a [[u16; 4]];

/// A sheet of a workbook: its name, whether it is hidden, its rows.
type Sheet<'a> = (&'a str, bool, &'a [&'a [Cell]]);

/// The stream of a workbook (BIFF8).
fn workbook(sheets: &[Sheet]) -> Vec<u8> {
    workbook_merged(sheets, &[])
}

/// The same with merged cells in every sheet.
fn workbook_merged(sheets: &[Sheet], merged: Merged) -> Vec<u8> {
    let mut texts = Vec::new();
    let mut bodies = Vec::new();
    for (_, _, rows) in sheets {
        let mut cells = Vec::new();
        record(&mut cells, 0x809, &words(&[0x600, 0x10, 0xdbb, 0x7cc, 0, 0, 6, 0]));
        let width = rows.iter().map(|r| r.len()).max().unwrap_or(0) as u16;
        record(&mut cells, 0x200, &words(&[0, 0, rows.len() as u16, 0, 0, width, 0]));
        for (r, row) in rows.iter().enumerate() {
            for (c, cell) in row.iter().enumerate() {
                let place = |xf: u16| words(&[r as u16, c as u16, xf]);
                match cell {
                    Empty => {}
                    Text(t) => {
                        let mut body = place(0);
                        body.extend((texts.len() as u32).to_le_bytes());
                        texts.push(*t);
                        record(&mut cells, 0xfd, &body);
                    }
                    Number(n) | Day(n) => {
                        let mut body = place(u16::from(matches!(cell, Day(_))));
                        body.extend(n.to_le_bytes());
                        record(&mut cells, 0x203, &body);
                    }
                }
            }
        }
        if !merged.is_empty() {
            let all: Vec<u16> = std::iter::once(merged.len() as u16).chain(merged.concat()).collect();
            record(&mut cells, 0xe5, &words(&all));
        }
        record(&mut cells, 0x0a, &[]);
        bodies.push(cells);
    }
    let mut globals = Vec::new();
    record(&mut globals, 0x809, &words(&[0x600, 5, 0xdbb, 0x7cc, 0, 0, 6, 0]));
    record(&mut globals, 0x42, &words(&[1200]));
    record(&mut globals, 0x22, &words(&[0]));
    for format in [0u16, 14] {
        let mut xf = words(&[0, format]);
        xf.resize(20, 0);
        record(&mut globals, 0xe0, &xf);
    }
    let mut places = Vec::new();
    for (name, hidden, _) in sheets {
        let (n, name) = utf16(name);
        let mut bound = vec![0, 0, 0, 0, u8::from(*hidden), 0];
        bound.extend([n as u8, 1]);
        bound.extend(name);
        places.push(globals.len() + 4);
        record(&mut globals, 0x85, &bound);
    }
    let mut table = Vec::new();
    table.extend((texts.len() as u32).to_le_bytes());
    table.extend((texts.len() as u32).to_le_bytes());
    for text in &texts {
        let (n, units) = utf16(text);
        table.extend(n.to_le_bytes());
        table.push(1);
        table.extend(units);
    }
    record(&mut globals, 0xfc, &table);
    record(&mut globals, 0x0a, &[]);
    for (place, cells) in places.into_iter().zip(bodies) {
        let begin = globals.len() as u32;
        globals[place..place + 4].copy_from_slice(&begin.to_le_bytes());
        globals.extend(cells);
    }
    globals
}

/// A compound file with one stream, `Workbook`.
fn compound(mut stream: Vec<u8>) -> Vec<u8> {
    stream.resize(stream.len().max(4096).next_multiple_of(512), 0);
    let sectors = stream.len() / 512;
    assert!(sectors + 2 <= 128, "one sector of the table of sectors is enough here");
    let mut out = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    out.extend([0; 16]);
    out.extend(words(&[0x3e, 3, 0xfffe, 9, 6, 0, 0, 0]));
    // No directory count, one sector of table; the directory is sector 1; streams below 4096 bytes would be small.
    for n in [0u32, 1, 1, 0, 4096, 0xffff_fffe, 0, 0xffff_fffe, 0, 0] {
        out.extend(n.to_le_bytes());
    }
    out.resize(512, 0xff);
    let mut table: Vec<u32> = vec![0xffff_fffd, 0xffff_fffe];
    table.extend((0..sectors as u32).map(|i| if i + 1 == sectors as u32 { 0xffff_fffe } else { i + 3 }));
    table.resize(128, 0xffff_ffff);
    out.extend(table.iter().flat_map(|n| n.to_le_bytes()));
    for (name, kind, child, start, size) in [
        ("Root Entry", 5u8, 1u32, 0xffff_fffe_u32, 0u32),
        ("Workbook", 2, 0xffff_ffff, 2, stream.len() as u32),
    ] {
        let (n, units) = utf16(name);
        let mut entry = units;
        entry.resize(64, 0);
        entry.extend((n * 2 + 2).to_le_bytes());
        entry.extend([kind, 1]);
        for link in [0xffff_ffff, 0xffff_ffff, child] {
            entry.extend(link.to_le_bytes());
        }
        entry.resize(116, 0);
        entry.extend(start.to_le_bytes());
        entry.extend(size.to_le_bytes());
        entry.resize(128, 0);
        out.extend(entry);
    }
    out.resize(512 * 3, 0);
    out.extend(stream);
    out
}

fn write(dir: &Path, name: &str, rows: &[&[Cell]]) -> PathBuf {
    write_merged(&dir.join(name), rows, &[]);
    dir.join(name)
}

/// A workbook of one sheet, 控制点, with merged cells.
pub(super) fn write_merged(path: &Path, rows: &[&[Cell]], merged: Merged) {
    std::fs::write(path, compound(workbook_merged(&[("控制点", false, rows)], merged))).unwrap();
}

#[test]
fn an_old_workbook_reads_like_a_new_one_with_title_merged_header_units_and_dates() {
    let dir = tempfile::tempdir().unwrap();
    let rows: &[&[Cell]] = &[
        &[Text("控制点成果表")],
        &[Text("点号"), Text("坐标"), Empty, Text("高程"), Text("施测日期")],
        &[Empty, Text("X坐标(m)"), Text("Y坐标(m)"), Text("高程(m)"), Empty],
        &[Empty, Text("(m)"), Text("(m)"), Text("m"), Empty],
        &[Text("GPS01"), Number(3_212_973.25), Number(568_041.5), Number(32.125), Day(45_356.0)],
        &[Number(1002.0), Number(3_212_990.0), Number(568_100.0), Empty, Empty],
    ];
    for name in ["控制点.xls", "控制点.et"] {
        let path = write(dir.path(), name, rows);
        let (_scratch, plan) = planned(&[path], |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
        let plan = plan.unwrap_or_else(|r| panic!("{name}: {r}"));
        assert_eq!(plan.datasets()[0].format, "XLS");
        let (rows, report) = drained(plan);
        let rows =
            &rows.unwrap_or_else(|why| panic!("{why} {}", report.summary(crate::Lang::En)))["control.point"];
        let of = |row: usize, field: &str| value("control.point", &rows[row], field).to_string();
        assert_eq!(rows.len(), 2, "{name}");
        assert_eq!((of(0, "point_no"), of(1, "point_no")), ("GPS01".into(), "1002".into()), "{name}");
        assert_eq!((of(0, "height_m"), of(0, "surveyed")), ("32.125".into(), "2024-03-05".into()), "{name}");
        let p = rows[0].geometry.as_ref().unwrap().coords[0];
        assert!((p[0] - 111.6985).abs() < 1e-4 && (p[1] - 29.0316).abs() < 1e-4, "{p:?}");
    }
}

#[test]
fn a_hidden_sheet_of_an_old_workbook_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let head: &[Cell] = &[Text("点号"), Text("X坐标"), Text("Y坐标")];
    let draft: &[&[Cell]] = &[head, &[Text("旧"), Number(3_212_900.0), Number(568_000.0)]];
    let good: &[&[Cell]] = &[head, &[Text("新"), Number(3_212_973.25), Number(568_041.5)]];
    let path = dir.path().join("控制点.xls");
    let sheets = [("草稿", true, draft), ("控制点", false, good)];
    std::fs::write(&path, compound(workbook(&sheets))).unwrap();
    let (_scratch, plan) = planned(&[path], |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
    let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
    let rows = &rows.unwrap()["control.point"];
    let names: Vec<_> = rows.iter().map(|r| value("control.point", r, "point_no").to_string()).collect();
    assert_eq!(names, ["新"]);
    assert_eq!(count(&report, "sheet.hidden"), 1);
    assert!(report.summary(crate::Lang::En).contains("草稿"));
}

#[test]
fn a_long_code_that_an_old_workbook_made_a_number_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let rows: &[&[Cell]] = &[
        &[Text("点号"), Text("X坐标"), Text("Y坐标")],
        &[Number(4.307_020_020_01e18), Number(3_212_973.25), Number(568_041.5)],
        &[Text("G2"), Number(3_212_973.25), Number(568_141.5)],
    ];
    let path = write(dir.path(), "控制点.xls", rows);
    let (_scratch, plan) = planned(&[path], |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
    let report = drained(plan.unwrap_or_else(|r| panic!("{r}"))).1;
    assert_eq!((count(&report, "value.digits_lost"), report.committed()), (1, 1));
}

#[test]
fn an_old_workbook_cut_or_changed_anywhere_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let rows: &[&[Cell]] =
        &[&[Text("点号"), Text("X坐标"), Text("Y坐标")], &[Text("1"), Number(1.0), Number(2.0)]];
    let whole = compound(workbook(&[("点", false, rows)]));
    let path = dir.path().join("a.xls");
    for at in [30, 48, 76, 516, 1030, 1540, 1600] {
        let mut changed = whole.clone();
        changed[at] ^= 0xa5;
        std::fs::write(&path, &changed).unwrap();
        let (_scratch, plan) =
            planned(std::slice::from_ref(&path), |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
        if let Err(refused) = plan {
            assert!(!refused.findings.is_empty());
        }
    }
    std::fs::write(&path, &whole[..1500]).unwrap();
    let (_scratch, plan) = planned(&[path], |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
    assert_eq!(rules(&plan.unwrap_err()), ["file.damaged"]);
}

#[test]
fn an_open_workbook_goes_the_same_way() {
    let dir = tempfile::tempdir().unwrap();
    let ods = dir.path().join("控制点.ods");
    let cell = |t: &str| match t.parse::<f64>() {
        Ok(n) => format!(r#"<table:table-cell office:value-type="float" office:value="{n}"/>"#),
        Err(_) if t.is_empty() => "<table:covered-table-cell/>".to_owned(),
        Err(_) => {
            format!(r#"<table:table-cell office:value-type="string"><text:p>{t}</text:p></table:table-cell>"#)
        }
    };
    let rows: String = ["控制点成果表,,,", "点号,坐标,,高程", ",X坐标,Y坐标,", "G1,3212973.25,568041.5,32.5"]
        .iter()
        .map(|r| format!("<table:table-row>{}</table:table-row>", r.split(',').map(cell).collect::<String>()))
        .collect();
    let names: String = ["office", "table", "text"]
        .iter()
        .map(|n| format!(r#" xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0""#))
        .collect();
    let content = format!(
        r#"<?xml version="1.0"?><office:document-content{names}><office:body><office:spreadsheet><table:table table:name="控制点">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&ods).unwrap());
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in
        [("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", content.as_str())]
    {
        zip.start_file(name, stored).unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let (_scratch, plan) = planned(&[ods], |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
    let plan = plan.unwrap_or_else(|r| panic!("{r}"));
    assert_eq!(plan.datasets()[0].format, "ODS");
    let rows = drained(plan).0.unwrap();
    assert_eq!(value("control.point", &rows["control.point"][0], "height_m").to_string(), "32.5");
}
