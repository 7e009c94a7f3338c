//! The same sheet with merged cells as the three kinds of workbooks, each by a writer that is not what reads it.

use super::xls::Cell;
use super::*;

/// A title over all, a head of two rows, values merged down, across and both, and a footer.
const ROWS: [[&str; 6]; 8] = [
    ["管线点成果表", "", "", "", "", ""],
    ["管线种类", "物探点号", "坐标", "", "地面高程", "权属单位"],
    ["", "", "X坐标", "Y坐标", "", ""],
    ["给水", "JS1", "3212900", "568000", "32.5", "甲公司"],
    ["", "JS2", "3212900", "568030", "", ""],
    ["", "JS3", "3212900", "568060", "33.5", ""],
    ["雨水", "YS4", "3212920", "568090", "32.5", ""],
    ["制表：某某", "", "", "", "", ""],
];

/// First and last row, first and last column.
const MERGED: [[u16; 4]; 10] = [
    [0, 0, 0, 5],
    [1, 2, 0, 0],
    [1, 2, 1, 1],
    [1, 1, 2, 3],
    [1, 2, 4, 4],
    [1, 2, 5, 5],
    [3, 5, 0, 0],
    [3, 4, 4, 4],
    [3, 5, 5, 5],
    [7, 7, 0, 5],
];

fn xlsx(path: &Path) {
    let cell = |t: &str| match t.parse::<f64>() {
        Ok(n) => format!("<c><v>{n}</v></c>"),
        Err(_) if t.is_empty() => "<c/>".to_owned(),
        Err(_) => xlsx::text(t),
    };
    let rows: Vec<String> = ROWS.iter().map(|r| r.map(cell).concat()).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let name = |row: u16, column: u16| format!("{}{}", char::from(b'A' + column as u8), row + 1);
    let merged: String = MERGED
        .iter()
        .map(|[a, b, c, d]| format!("<mergeCell ref='{}:{}'/>", name(*a, *c), name(*b, *d)))
        .collect();
    let behind = format!("<mergeCells count='{}'>{merged}</mergeCells>", MERGED.len());
    xlsx::workbook_and(path, &[("管线点", "", &rows)], &behind);
}

fn xls(path: &Path) {
    let cell = |t: &'static str| match t.parse::<f64>() {
        Ok(n) => Cell::Number(n),
        Err(_) if t.is_empty() => Cell::Empty,
        Err(_) => Cell::Text(t),
    };
    let rows: Vec<Vec<Cell>> = ROWS.iter().map(|r| r.map(cell).into()).collect();
    let rows: Vec<&[Cell]> = rows.iter().map(Vec::as_slice).collect();
    xls::write_merged(path, &rows, &MERGED);
}

fn ods(path: &Path) {
    let mut content = String::new();
    for (r, row) in ROWS.iter().enumerate() {
        content += "<table:table-row>";
        for (c, text) in row.iter().enumerate() {
            let (r, c) = (r as u16, c as u16);
            let of = MERGED.iter().find(|m| (m[0]..=m[1]).contains(&r) && (m[2]..=m[3]).contains(&c));
            let span = match of {
                Some([a, b, left, d]) if (*a, *left) == (r, c) => format!(
                    " table:number-rows-spanned='{}' table:number-columns-spanned='{}'",
                    b - a + 1,
                    d - left + 1
                ),
                Some(_) => {
                    content += "<table:covered-table-cell/>";
                    continue;
                }
                None => String::new(),
            };
            content += &match text.parse::<f64>() {
                Ok(n) => format!("<table:table-cell{span} office:value-type='float' office:value='{n}'/>"),
                Err(_) if text.is_empty() => format!("<table:table-cell{span}/>"),
                Err(_) => format!(
                    "<table:table-cell{span} office:value-type='string'><text:p>{text}</text:p></table:table-cell>"
                ),
            };
        }
        content += "</table:table-row>";
    }
    let names: String = ["office", "table", "text"]
        .iter()
        .map(|n| format!(" xmlns:{n}='urn:oasis:names:tc:opendocument:xmlns:{n}:1.0'"))
        .collect();
    let content = format!(
        "<?xml version='1.0'?><office:document-content{names}><office:body><office:spreadsheet><table:table table:name='管线点'>{content}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in
        [("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", content.as_str())]
    {
        zip.start_file(name, stored).unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn values_of_merged_cells_reach_every_row_of_their_range_in_all_workbooks() {
    let dir = tempfile::tempdir().unwrap();
    for (ending, make) in [("xlsx", xlsx as fn(&Path)), ("xls", xls), ("ods", ods)] {
        let path = dir.path().join(format!("管线点.{ending}"));
        make(&path);
        let (_scratch, plan) = planned(&[path], |o| {
            o.all().crs = Some(CrsChoice::Epsg(4546));
            o.all().layer = ditu_model::LayerId::new("pipeline.node");
        });
        let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{ending}: {r}")));
        let rows = &rows.unwrap_or_else(|e| panic!("{ending}: {e}"))["pipeline.node"];
        let of = |row: &Row| {
            ["point_no", "kind", "ground_m", "owner"]
                .map(|f| value("pipeline.node", row, f).to_string())
                .join(" ")
        };
        let found: Vec<String> = rows.iter().map(of).collect();
        let wanted =
            ["JS1 water 32.5 甲公司", "JS2 water 32.5 甲公司", "JS3 water 33.5 甲公司", "YS4 rain 32.5 "];
        assert_eq!(found, wanted, "{ending}: {}", report.to_json());
        // Title, head and footer are no rows.
        assert_eq!(report.layers.values().map(|c| c.read).sum::<u64>(), 4, "{ending}");
    }
}

/// A range as large as a sheet can be costs what the rows cost that are there.
#[test]
fn a_range_greater_than_the_sheet_reaches_the_rows_that_are_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("控制点.xlsx");
    let head = ["点号", "X坐标", "Y坐标", "高程"].map(xlsx::text).concat();
    let row = |no: &str, height: &str| {
        format!("{}<c><v>3212973.25</v></c><c><v>568041.5</v></c>{height}", xlsx::text(no))
    };
    let (one, two) = (row("G1", "<c><v>32.5</v></c>"), row("G2", "<c/>").replace("568041", "568091"));
    let behind = "<mergeCells><mergeCell ref='D2:XFD1048576'/><mergeCell ref='?'/></mergeCells>";
    for behind in [behind.replace("<mergeCell ref='?'/>", ""), behind.to_owned()] {
        xlsx::workbook_and(&path, &[("控制点", "", &[&head, &one, &two])], &behind);
        let (_scratch, plan) =
            planned(std::slice::from_ref(&path), |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
        let rows = drained(plan.unwrap_or_else(|r| panic!("{r}"))).0.unwrap();
        let height = value("control.point", &rows["control.point"][1], "height_m").to_string();
        // What is wrong with one range costs the ranges, not the rows.
        assert_eq!(height, if behind.contains('?') { "" } else { "32.5" });
    }
}
