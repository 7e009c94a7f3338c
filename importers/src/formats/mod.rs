//! The formats: one module each, found by what is in a file, not by what it is called.

mod balloon;
mod cass;
mod csv;
mod curves;
pub(crate) mod dxf;
mod e00;
mod gdal;
mod geojson;
pub(crate) mod grid_text;
mod hidden;
pub(crate) mod inp;
mod landxml;
pub(crate) mod lines;
pub(crate) mod mapgis;
mod mapinfo;
mod merged;
mod osm;
pub(crate) mod parcel_text;
mod raster;
mod refused;
pub(crate) mod shapefile;
mod sheets;
mod text;
mod utf8;
pub(crate) mod vct;
mod wkt;
mod workdef;
mod xlsx;
mod xml;

use crate::delivery::Found;
use crate::notes::both;
use crate::options::Options;
use crate::question::{Answer, Subject};
use crate::table::Table;
pub(crate) use csv::look;
use ditu_model::Text;
pub(crate) use gdal::view_answer;
pub(crate) use raster::spacing as raster_spacing;
use std::io::Read;

/// Why a file gives no tables.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) rule: &'static str,
    pub(crate) message: Text,
    pub(crate) cure: Text,
    /// What would let the file be read.
    pub(crate) asks: Option<Box<(Subject, Vec<Answer>)>>,
}

pub(crate) fn refused(rule: &'static str, message: Text, cure: Text) -> Refused {
    Refused { rule, message, cure, asks: None }
}

/// A file that the system does not let be read.
pub(crate) fn unreadable(e: std::io::Error) -> Refused {
    refused(
        "file.unreadable",
        both(format!("文件无法读取（{e}）"), format!("the file cannot be read ({e})")),
        both("检查文件", "check the file"),
    )
}

/// What is found wrong in the middle of a file, unless it is something more particular.
impl From<Text> for Refused {
    fn from(message: Text) -> Refused {
        let cure = both(
            "整批未入库；按所述原因处理，或向提供单位重新索取文件",
            "nothing was committed; see to the reason named, or ask for another copy of the file",
        );
        refused("file.damaged", message, cure)
    }
}

impl Refused {
    /// The same with another cure, where the file is damaged.
    pub(crate) fn if_damaged(self, cure: Text) -> Refused {
        if self.rule == "file.damaged" { Refused { cure, ..self } } else { self }
    }

    /// The same with what may be answered.
    pub(crate) fn asking(self, subject: Subject, answers: Vec<Answer>) -> Refused {
        Refused { asks: Some(Box::new((subject, answers))), ..self }
    }
}

/// The beginning of a file, with its name.
pub(crate) struct Head<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) ending: &'a str,
    pub(crate) folder: bool,
    pub(crate) length: u64,
}

impl Head<'_> {
    /// True when the text begins (after marks and space) with a prefix, ignoring ASCII case.
    pub(crate) fn begins(&self, prefix: &str) -> bool {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.bytes).trim_ascii_start();
        bytes.len() >= prefix.len() && bytes[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes())
    }

    /// True when the beginning holds a text, ignoring ASCII case.
    pub(crate) fn holds(&self, text: &str) -> bool {
        self.bytes.windows(text.len()).any(|w| w.eq_ignore_ascii_case(text.as_bytes()))
    }

    /// True when nothing in the beginning is binary.
    pub(crate) fn is_text(&self) -> bool {
        let text = text::without_end(self.bytes);
        // ^Z is how old programs end a text, and some leave it behind a value.
        !text.is_empty() && !text.iter().any(|b| *b < 9 || (14..26).contains(b))
    }
}

/// One format.
pub(crate) struct Format {
    /// Its name in reports.
    pub(crate) name: &'static str,
    /// Its data are read; else it is known only to say what to do instead.
    pub(crate) reads: bool,
    /// Is a file in this format?
    pub(crate) sniff: fn(&Head<'_>) -> bool,
    /// Its tables, or why there are none.
    pub(crate) open: fn(&Found, &'static str, &Options) -> Result<Vec<Table>, Refused>,
}

/// The columns of a CASS point list that hold east and north.
pub(crate) fn cass_places() -> (usize, usize) {
    cass::PLACES
}

/// All formats, the surest signs first. Refusals that name a format stand here too: to know what a file is and say
/// what to do about it is better than not to know it.
pub(crate) const FORMATS: &[Format] = &[
    Format { name: "Shapefile", reads: true, sniff: shapefile::sniff, open: shapefile::open },
    Format { name: "GeoPackage", reads: true, sniff: gdal::is_geopackage, open: gdal::open },
    Format { name: "FileGDB", reads: true, sniff: gdal::is_filegdb, open: gdal::open },
    Format { name: "FlatGeobuf", reads: true, sniff: gdal::is_flatgeobuf, open: gdal::open },
    Format { name: "OSM PBF", reads: true, sniff: osm::sniff, open: osm::open },
    Format { name: "OSM XML", reads: false, sniff: osm::is_xml, open: osm::xml },
    Format { name: "XLSX", reads: true, sniff: xlsx::sniff, open: xlsx::open },
    Format { name: "XLS", reads: true, sniff: sheets::is_xls, open: sheets::open },
    Format { name: "ODS", reads: true, sniff: sheets::is_ods, open: sheets::open },
    Format { name: "GeoTIFF", reads: true, sniff: raster::is_tiff, open: raster::open },
    Format { name: "netCDF", reads: true, sniff: raster::is_netcdf, open: raster::open },
    Format { name: "AAIGrid", reads: true, sniff: raster::is_ascii_grid, open: raster::open },
    Format { name: "HGT", reads: true, sniff: raster::is_hgt, open: raster::open },
    Format { name: "RAR, 7z, gz", reads: false, sniff: refused::is_packed, open: refused::packed },
    Format { name: "HTML", reads: false, sniff: refused::is_page, open: refused::page },
    Format { name: "DWG", reads: false, sniff: refused::is_dwg, open: refused::dwg },
    Format { name: "DXF", reads: true, sniff: dxf::sniff, open: dxf::open },
    Format { name: "VRT", reads: false, sniff: refused::is_reference, open: refused::reference },
    Format { name: "OVKML", reads: true, sniff: xml::is_ovkml, open: xml::open },
    Format { name: "KML", reads: true, sniff: xml::is_kml, open: xml::open },
    Format { name: "GPX", reads: true, sniff: xml::is_gpx, open: xml::open },
    Format { name: "LandXML", reads: true, sniff: landxml::sniff, open: landxml::open },
    Format { name: "GML", reads: true, sniff: xml::is_gml, open: xml::open },
    Format { name: "VCT", reads: true, sniff: vct::sniff, open: vct::open },
    Format { name: "CNSDTF-DEM", reads: true, sniff: grid_text::sniff, open: grid_text::open },
    Format { name: "EPANET/SWMM", reads: true, sniff: inp::sniff, open: inp::open },
    Format { name: "电子报盘", reads: true, sniff: parcel_text::sniff, open: parcel_text::open },
    Format { name: "MDB", reads: false, sniff: refused::is_mdb, open: refused::mdb },
    Format { name: "MapGIS", reads: true, sniff: mapgis::sniff, open: mapgis::open },
    Format { name: "OVJSN", reads: false, sniff: refused::is_ovjsn, open: refused::ovital },
    Format { name: "OVOBJ", reads: false, sniff: refused::is_ovobj, open: refused::ovital },
    Format { name: "GeoJSON", reads: true, sniff: gdal::is_geojson, open: geojson::open },
    Format { name: "MapInfo TAB", reads: true, sniff: mapinfo::is_tab, open: mapinfo::open },
    Format { name: "MapInfo MIF", reads: true, sniff: mapinfo::is_mif, open: mapinfo::open },
    Format { name: "Arc E00", reads: true, sniff: e00::sniff, open: e00::open },
    Format { name: "CASS DAT", reads: true, sniff: cass::sniff, open: cass::open },
    Format { name: "CSV", reads: true, sniff: csv::sniff, open: csv::open },
];

/// Endings of files that belong to another file or are no data; they are passed over without a word.
pub(crate) const COMPANIONS: &[&str] = &[
    "shx", "dbf", "prj", "cpg", "qpj", "sbn", "sbx", "shp.xml", "xml", "qml", "sld", "qix", "fix", "idm",
    "ind", "id", "map", "dat", "mid", "gfs", "xsd", "tfw", "tif.aux", "aux", "ovr", "md", "txt", "pdf",
    "doc", "docx", "jpg", "jpeg", "png", "lyr", "mxd", "qgs", "qgz", "html", "htm", "log", "ini", "lock",
    "wal", "gpkg-wal", "gpkg-shm", "def", "dbt", "fpt",
];

/// The format of a file; `None` when it is none that is known.
pub(crate) fn recognise(found: &Found) -> Result<Option<&'static Format>, Refused> {
    let folder = found.path.is_dir();
    let mut bytes = Vec::new();
    let mut length = 0;
    if !folder {
        let cannot = |e: std::io::Error| {
            refused(
                "file.unreadable",
                both(format!("文件无法打开（{e}）"), format!("the file cannot be opened ({e})")),
                both("检查文件和权限", "check the file and its permissions"),
            )
        };
        let file = std::fs::File::open(&found.path).map_err(cannot)?;
        length = file.metadata().map_err(cannot)?.len();
        file.take(8192).read_to_end(&mut bytes).map_err(cannot)?;
    }
    let ending = found.ending();
    let head = Head { bytes: &bytes, ending: &ending, folder, length };
    Ok(FORMATS.iter().find(|f| (f.sniff)(&head)))
}

/// Opens bytes as a file of a format and reads every row; for fuzzing.
pub(crate) fn fuzz(format: &str, ending: &str, bytes: &[u8]) {
    let Some(format) = FORMATS.iter().find(|f| f.name == format) else { return };
    let folder = std::env::temp_dir().join(format!("ditu-fuzz-{}-{ending}", std::process::id()));
    let path = folder.join(format!("a.{ending}"));
    if std::fs::create_dir_all(&folder).is_err() {
        return;
    }
    let (main, beside) = match (ending, bytes) {
        ("shp", [a, b, rest @ ..]) => {
            rest.split_at(usize::from(u16::from_le_bytes([*a, *b])).min(rest.len()))
        }
        _ => (bytes, &[][..]),
    };
    if std::fs::write(&path, main).is_err() || std::fs::write(path.with_extension("dbf"), beside).is_err() {
        return;
    }
    let Ok(worker) = ditu_gdal::Worker::of_this_program("none") else { return };
    let options = Options {
        choices: Vec::new(),
        controls: Vec::new(),
        present: None,
        mode: ditu_model::Mode::Replace,
        part: None,
        scratch: folder.clone(),
        worker,
        city: None,
        layers: None,
    };
    let found = Found { name: format!("a.{ending}"), path, explicit: true };
    for table in (format.open)(&found, format.name, &options).unwrap_or_default() {
        let wanted = vec![true; table.columns.len()];
        let _ = table.reader.read(&wanted, &mut |_| std::ops::ControlFlow::Continue(()));
    }
}
