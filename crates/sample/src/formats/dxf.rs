//! DXF R2000 as CASS writes it: ANSI_936 text, CASS layer names, the feature code as XDATA of application SOUTH.

use crate::plane::P;
use encoding_rs::GBK;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A drawing being written.
pub(crate) struct Drawing {
    out: BufWriter<File>,
    handle: u32,
    pub(crate) count: u64,
}

impl Drawing {
    /// Opens a drawing with these layers (name, colour number).
    pub(crate) fn create(path: &Path, layers: &[(&str, u8)]) -> io::Result<Drawing> {
        let mut d =
            Drawing { out: BufWriter::with_capacity(1 << 18, File::create(path)?), handle: 0x100, count: 0 };
        d.raw("  0\r\nSECTION\r\n  2\r\nHEADER\r\n  9\r\n$ACADVER\r\n  1\r\nAC1015\r\n  9\r\n$DWGCODEPAGE\r\n  3\r\nANSI_936\r\n  9\r\n$INSUNITS\r\n 70\r\n6\r\n  9\r\n$HANDSEED\r\n  5\r\nFFFFFFF\r\n  0\r\nENDSEC\r\n")?;
        d.raw("  0\r\nSECTION\r\n  2\r\nTABLES\r\n")?;
        d.raw("  0\r\nTABLE\r\n  2\r\nAPPID\r\n  5\r\n9\r\n100\r\nAcDbSymbolTable\r\n 70\r\n2\r\n")?;
        for (h, app) in [("12", "ACAD"), ("13", "SOUTH")] {
            d.raw(&format!("  0\r\nAPPID\r\n  5\r\n{h}\r\n100\r\nAcDbSymbolTableRecord\r\n100\r\nAcDbRegAppTableRecord\r\n  2\r\n{app}\r\n 70\r\n0\r\n"))?;
        }
        d.raw("  0\r\nENDTAB\r\n")?;
        d.raw("  0\r\nTABLE\r\n  2\r\nLTYPE\r\n  5\r\n5\r\n100\r\nAcDbSymbolTable\r\n 70\r\n1\r\n  0\r\nLTYPE\r\n  5\r\n16\r\n100\r\nAcDbSymbolTableRecord\r\n100\r\nAcDbLinetypeTableRecord\r\n  2\r\nContinuous\r\n 70\r\n0\r\n  3\r\nSolid line\r\n 72\r\n65\r\n 73\r\n0\r\n 40\r\n0.0\r\n  0\r\nENDTAB\r\n")?;
        d.raw(&format!(
            "  0\r\nTABLE\r\n  2\r\nLAYER\r\n  5\r\n2\r\n100\r\nAcDbSymbolTable\r\n 70\r\n{}\r\n",
            layers.len() + 1
        ))?;
        for (i, (name, colour)) in [("0", 7u8)].iter().chain(layers).enumerate() {
            d.raw(&format!("  0\r\nLAYER\r\n  5\r\n{:X}\r\n100\r\nAcDbSymbolTableRecord\r\n100\r\nAcDbLayerTableRecord\r\n  2\r\n{name}\r\n 70\r\n0\r\n 62\r\n{colour}\r\n  6\r\nContinuous\r\n", 0x20 + i))?;
        }
        d.raw("  0\r\nENDTAB\r\n  0\r\nENDSEC\r\n  0\r\nSECTION\r\n  2\r\nENTITIES\r\n")?;
        Ok(d)
    }

    fn raw(&mut self, text: &str) -> io::Result<()> {
        if text.is_ascii() {
            self.out.write_all(text.as_bytes())
        } else {
            self.out.write_all(&GBK.encode(text).0)
        }
    }

    fn head(&mut self, kind: &str, layer: &str) -> io::Result<()> {
        self.handle += 1;
        self.count += 1;
        let h = self.handle;
        self.raw(&format!("  0\r\n{kind}\r\n  5\r\n{h:X}\r\n100\r\nAcDbEntity\r\n  8\r\n{layer}\r\n"))
    }

    fn xdata(&mut self, words: &[&str]) -> io::Result<()> {
        self.raw("1001\r\nSOUTH\r\n")?;
        words.iter().try_for_each(|w| self.raw(&format!("1000\r\n{w}\r\n")))
    }

    /// A polyline, level at `elevation` where one is given; coordinates to the given decimals.
    pub(crate) fn polyline(
        &mut self,
        layer: &str,
        line: &[P],
        elevation: Option<f64>,
        closed: bool,
        decimals: usize,
        xdata: &[&str],
    ) -> io::Result<()> {
        self.head("LWPOLYLINE", layer)?;
        self.raw(&format!(
            "100\r\nAcDbPolyline\r\n 90\r\n{}\r\n 70\r\n{}\r\n",
            line.len(),
            u8::from(closed)
        ))?;
        if let Some(z) = elevation {
            self.raw(&format!(" 38\r\n{z}\r\n"))?;
        }
        for p in line {
            write!(self.out, " 10\r\n{:.decimals$}\r\n 20\r\n{:.decimals$}\r\n", p[0], p[1])?;
        }
        self.xdata(xdata)
    }

    /// A point with a height.
    pub(crate) fn point(&mut self, layer: &str, p: P, z: f64, xdata: &[&str]) -> io::Result<()> {
        self.head("POINT", layer)?;
        write!(
            self.out,
            "100\r\nAcDbPoint\r\n 10\r\n{:.3}\r\n 20\r\n{:.3}\r\n 30\r\n{z:.2}\r\n",
            p[0], p[1]
        )?;
        self.xdata(xdata)
    }

    /// Ends the drawing; gives the number of entities.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.raw("  0\r\nENDSEC\r\n  0\r\nEOF\r\n")?;
        self.out.flush()?;
        Ok(self.count)
    }
}
