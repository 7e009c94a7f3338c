//! Which GDAL drivers may open a delivery. GDAL looks at content, so that a VRT named `.geojson` would read other files:
//! drivers that follow references to other places (VRT, WMS, databases, services) are never in this list.

/// Drivers for features.
pub(crate) const VECTOR: &[&str] = &[
    "ESRI Shapefile",
    "GPKG",
    "GeoJSON",
    "GeoJSONSeq",
    "ESRIJSON",
    "FlatGeobuf",
    "LIBKML",
    "KML",
    "GML",
    "DXF",
    "MapInfo File",
    "OpenFileGDB",
    "GPX",
    "AVCE00",
    "ODS",
    "XLS",
];

/// Drivers for rasters.
pub(crate) const RASTER: &[&str] = &["GTiff", "AAIGrid", "SRTMHGT", "netCDF"];

/// Settings that hold for every read, against side effects and references.
pub(crate) const CONFIG: &[(&str, &str)] = &[
    // No .aux.xml beside the delivery, none believed.
    ("GDAL_PAM_ENABLED", "NO"),
    ("GDAL_HTTP_MAX_RETRY", "0"),
    ("OGR_SQLITE_LOAD_EXTENSIONS", "NO"),
    ("OGR_SQLITE_LIST_VIRTUAL_OGR", "NO"),
    // Arcs to within a centimetre at a radius of a kilometre, for readers that stroke them by themselves.
    ("OGR_ARC_STEPSIZE", "0.5"),
    ("DXF_INLINE_BLOCKS", "FALSE"),
    ("DXF_CLOSED_LINE_AS_POLYGON", "NO"),
    ("GDAL_CACHEMAX", "64"),
    ("GDAL_NUM_THREADS", "1"),
    ("OGR_GEOJSON_MAX_OBJ_SIZE", "64"),
    // A GML without schema has codes, not numbers: 0701 stays 0701.
    ("GML_FIELDTYPES", "ALWAYS_STRING"),
];

/// Open options every file is opened with: a GML neither leaves a `.gfs` beside itself nor fetches its schema.
pub(crate) const OPEN_OPTIONS: &[&str] = &["WRITE_GFS=NO", "DOWNLOAD_SCHEMA=NO"];
