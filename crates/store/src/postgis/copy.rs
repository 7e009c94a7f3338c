//! PostgreSQL's binary COPY format (documentation of COPY, "Binary Format").

use ditu_model::{Row, Value};

/// 2000-01-01 in days and milliseconds since 1970-01-01: where PostgreSQL counts from.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MS: i64 = EPOCH_DAYS as i64 * 86_400_000;
/// EPSG:4490.
pub(super) const SRS: u32 = 4490;

/// Rows on their way into a table.
pub(super) struct Copy(Vec<u8>);

impl Copy {
    pub(super) fn new() -> Copy {
        let mut out = b"PGCOPY\n\xff\r\n\0".to_vec();
        out.extend([0; 8]);
        Copy(out)
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes what is there out, to be sent on; what follows continues it.
    pub(super) fn take(&mut self) -> Vec<u8> {
        // A piece ends with the row that fills it: the next one may be a little longer.
        let next = Vec::with_capacity(self.0.len() + self.0.len() / 16);
        std::mem::replace(&mut self.0, next)
    }

    pub(super) fn begin(&mut self, fields: usize) {
        self.0.extend((fields as i16).to_be_bytes());
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.0.extend((bytes.len() as i32).to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn null(&mut self) {
        self.0.extend((-1i32).to_be_bytes());
    }

    pub(super) fn bigint(&mut self, v: u64) {
        self.sized(&(v as i64).to_be_bytes());
    }

    pub(super) fn text(&mut self, v: &str) {
        self.sized(v.as_bytes());
    }

    pub(super) fn bytea(&mut self, v: Option<&[u8]>) {
        match v {
            Some(v) => self.sized(v),
            None => self.null(),
        }
    }

    /// Shape and values of a row.
    pub(super) fn row(&mut self, row: &Row, wkb: &mut Vec<u8>) {
        match row.geometry.as_ref().filter(|g| !g.is_empty()) {
            Some(g) => {
                wkb.clear();
                g.write_wkb(g.shape != ditu_model::Shape::Point, Some(SRS), wkb);
                self.sized(wkb);
            }
            None => self.null(),
        }
        for v in &row.values {
            match v {
                Value::Null => self.null(),
                // PostgreSQL's text cannot hold a zero byte.
                Value::Text(t) if t.contains('\0') => self.sized(t.replace('\0', "").as_bytes()),
                Value::Text(t) => self.sized(t.as_bytes()),
                Value::Integer(i) => self.sized(&i.to_be_bytes()),
                Value::Real(r) => self.sized(&r.to_be_bytes()),
                Value::Boolean(b) => self.sized(&[u8::from(*b)]),
                Value::Date(d) => self.sized(&(d.to_days() - EPOCH_DAYS).to_be_bytes()),
                Value::DateTime(t) => self.sized(&((t.0 - EPOCH_MS) * 1000).to_be_bytes()),
                Value::Json(t) => {
                    let mut bytes = vec![1];
                    bytes.extend_from_slice(t.as_bytes());
                    self.sized(&bytes);
                }
            }
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.0.extend((-1i16).to_be_bytes());
        self.0
    }
}
