//! Workbooks as programs write them, part by part.

use super::*;
use std::io::Write;

/// A workbook of these sheets: name, attributes, rows of cells as XML.
fn workbook(path: &Path, sheets: &[(&str, &str, &[&str])]) {
    workbook_and(path, sheets, "");
}

/// The same with what stands behind the cells of each sheet.
pub(super) fn workbook_and(path: &Path, sheets: &[(&str, &str, &[&str])], behind: &str) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let mut part = |name: &str, text: &str| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let package = "http://schemas.openxmlformats.org/package/2006";
    part(
        "[Content_Types].xml",
        &format!(
            "<Types xmlns='{package}/content-types'><Default Extension='xml' ContentType='application/xml'/></Types>"
        ),
    );
    part(
        "_rels/.rels",
        &format!(
            "<Relationships xmlns='{package}/relationships'><Relationship Id='r' Type='{office}/officeDocument' Target='xl/workbook.xml'/></Relationships>"
        ),
    );
    let (mut list, mut links) = (String::new(), String::new());
    for (i, (name, more, rows)) in sheets.iter().enumerate() {
        list += &format!("<sheet name='{name}' sheetId='{0}' r:id='r{0}' {more}/>", i + 1);
        links += &format!(
            "<Relationship Id='r{0}' Type='{office}/worksheet' Target='worksheets/sheet{0}.xml'/>",
            i + 1
        );
        let rows: String = rows.iter().map(|r| format!("<row>{r}</row>")).collect();
        part(
            &format!("xl/worksheets/sheet{}.xml", i + 1),
            &format!("<worksheet xmlns='{main}'><sheetData>{rows}</sheetData>{behind}</worksheet>"),
        );
    }
    part(
        "xl/workbook.xml",
        &format!("<workbook xmlns='{main}' xmlns:r='{office}'><sheets>{list}</sheets></workbook>"),
    );
    part(
        "xl/_rels/workbook.xml.rels",
        &format!("<Relationships xmlns='{package}/relationships'>{links}</Relationships>"),
    );
    zip.finish().unwrap();
}

pub(super) fn text(t: &str) -> String {
    format!("<c t='inlineStr'><is><t>{t}</t></is></c>")
}

fn points(path: PathBuf) -> (Vec<Row>, Report) {
    let (_scratch, plan) = planned(&[path], |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
    let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
    (rows.unwrap().remove("control.point").unwrap(), report)
}

/// A program that writes a workbook does not compute: what a formula gives is in the file once a spreadsheet saved it.
#[test]
fn a_formula_without_its_result_is_told_where_the_value_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let head = ["点号", "X坐标", "Y坐标", "高程"].map(text).concat();
    let row = |no: &str, height: &str| {
        format!("{}<c><v>3212973.25</v></c><c><v>568041.5</v></c>{height}", text(no))
    };
    let rows = [
        row("G1", "<c><f>1+B2</f></c>"),
        row("G2", "<c><f>1+B2</f><v>32.5</v></c>"),
        row("G3", "<c s='0'/>"),
        row("G4", "<c><f>1+B2</f><v></v></c>"),
        row("G5", "<c><v>33.5</v></c>"),
        row("G6", "<c><f t='shared' si='0'/></c>"),
    ];
    let rows: Vec<&str> = std::iter::once(head.as_str()).chain(rows.iter().map(String::as_str)).collect();
    let path = dir.path().join("控制点.xlsx");
    workbook(&path, &[("表", "", &rows)]);
    let (rows, report) = points(path);
    let heights: Vec<String> =
        rows.iter().map(|r| value("control.point", r, "height_m").to_string()).collect();
    assert_eq!(heights, ["", "32.5", "", "", "33.5", ""]);
    assert_eq!(count(&report, "value.fault"), 3);
    let said = report.summary(crate::Lang::Zh);
    assert!(said.contains("没有存计算结果"), "{said}");
}

/// How a formula is written does not touch the value that is there.
#[test]
fn a_formula_that_breaks_the_rules_costs_nothing_but_itself() {
    let dir = tempfile::tempdir().unwrap();
    let head = ["点号", "X坐标", "Y坐标", "高程"].map(text).concat();
    for formula in [
        "<f t='shared' ref='D2:D4' si='3000000000'>C3</f>",
        "<f t='shared' ref='D2:D4' si='999999999999999999'>C3</f>",
        "<f t='shared' ref='D2:D4'>C3</f>",
        "<f t='shared' ref='?' si='0'>C3</f>",
        "<f t='shared' si='7'/>",
        "<f>1+</f>",
    ] {
        let row = |no: &str, height: &str| {
            format!("{}<c><v>3212973.25</v></c><c><v>568041.5</v></c>{height}", text(no))
        };
        let rows = [
            row("G1", "<c><v>31.5</v></c>"),
            row("G2", &format!("<c>{formula}<v>32.5</v></c>")),
            row("G3", "<c><v>33.5</v></c>"),
        ];
        let rows: Vec<&str> = std::iter::once(head.as_str()).chain(rows.iter().map(String::as_str)).collect();
        let path = dir.path().join("控制点.xlsx");
        workbook(&path, &[("表", "", &rows)]);
        let (rows, report) = points(path);
        let heights: Vec<String> =
            rows.iter().map(|r| value("control.point", r, "height_m").to_string()).collect();
        assert_eq!(heights, ["31.5", "32.5", "33.5"], "{formula}");
        assert_eq!(count(&report, "value.fault"), 0, "{formula}");
    }
}

#[test]
fn hidden_sheets_of_a_workbook_are_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let head = ["点号", "X坐标", "Y坐标"].map(text).concat();
    let row = |no: &str| format!("{}<c><v>3212973.25</v></c><c><v>568041.5</v></c>", text(no));
    let path = dir.path().join("控制点.xlsx");
    let (old, new) = (row("旧"), row("新"));
    let sheets: [(&str, &str, &[&str]); 3] = [
        ("草稿", "state='hidden'", &[&head, &old]),
        ("控制点", "", &[&head, &new]),
        ("旧版", "state='veryHidden'", &[&head, &old]),
    ];
    workbook(&path, &sheets);
    let (rows, report) = points(path);
    assert_eq!(value("control.point", &rows[0], "point_no").to_string(), "新");
    assert_eq!((rows.len(), count(&report, "sheet.hidden")), (1, 1));
}
