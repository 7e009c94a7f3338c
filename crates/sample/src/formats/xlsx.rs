//! Excel tables: a sheet a table, a header row, values with the types that Excel gives them.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::path::Path;

/// A cell.
pub(crate) enum Cell<'a> {
    Text(&'a str),
    Number(f64),
    Empty,
}

/// A workbook being made.
pub(crate) struct Book {
    book: Workbook,
}

/// A sheet being filled.
pub(crate) struct Sheet {
    sheet: Worksheet,
    row: u32,
}

impl Book {
    pub(crate) fn new() -> Result<Book, XlsxError> {
        let mut book = Workbook::new();
        // A fixed date: equal data, equal bytes.
        let date = ExcelDateTime::from_ymd(2024, 6, 30)?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&date));
        Ok(Book { book })
    }

    pub(crate) fn add(&mut self, sheet: Sheet) {
        self.book.push_worksheet(sheet.sheet);
    }

    pub(crate) fn save(mut self, path: &Path) -> Result<(), XlsxError> {
        self.book.save(path)
    }
}

impl Sheet {
    pub(crate) fn new(name: &str, header: &[&str]) -> Result<Sheet, XlsxError> {
        let mut sheet = Worksheet::new();
        sheet.set_name(name)?;
        let bold = Format::new().set_bold();
        for (c, title) in header.iter().enumerate() {
            sheet.write_string_with_format(0, c as u16, *title, &bold)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        Ok(Sheet { sheet, row: 1 })
    }

    pub(crate) fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), XlsxError> {
        for (c, cell) in cells.iter().enumerate() {
            let c = c as u16;
            match cell {
                Cell::Text("") | Cell::Empty => continue,
                Cell::Text(t) => self.sheet.write_string(self.row, c, *t)?,
                Cell::Number(n) => self.sheet.write_number(self.row, c, *n)?,
            };
        }
        self.row += 1;
        Ok(())
    }
}
