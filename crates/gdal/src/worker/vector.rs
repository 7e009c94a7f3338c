//! Features: opens a file by the allow-list, describes its tables, sends their rows.
#![allow(unsafe_code)]

use super::{Asked, Out, last_error};
use crate::drivers;
use crate::frame::{self, Shape};
use crate::types::{Description, Domain, FieldInfo, LayerInfo, RasterInfo, ReadOptions, SourceValue, Srs};
use ditu_model::Date;
use ditu_model::value::of_single;
use gdal::spatial_ref::{AxisMappingStrategy, SpatialRef};
use gdal::vector::LayerAccess;
use gdal::{Dataset, DatasetOptions, GdalOpenFlags};
use gdal_sys::{OGRFieldSubType, OGRFieldType, OGRwkbByteOrder};
use std::ffi::{CStr, CString};
use std::io::Write;
use std::path::Path;
use std::ptr;
use std::time::Duration;

/// Vertices that the arcs of one geometry may come to for the sake of its widest.
const STROKED: f64 = 100_000.0;
/// Bytes of rows a frame.
const BATCH: usize = 1 << 20;

pub(super) fn open(
    path: &Path,
    options: &ReadOptions,
    raster: bool,
    vector: bool,
) -> Result<Dataset, String> {
    let mut flags = GdalOpenFlags::GDAL_OF_READONLY;
    if raster {
        flags |= GdalOpenFlags::GDAL_OF_RASTER;
    }
    if vector {
        flags |= GdalOpenFlags::GDAL_OF_VECTOR;
    }
    let allowed: Vec<&str> = drivers::VECTOR.iter().chain(drivers::RASTER).copied().collect();
    // A driver passes over options of others. To open twice, once to learn the driver's name, would cost a whole pass
    // over a text file each time.
    let encoding = options.encoding.as_ref().map(|e| format!("ENCODING={e}"));
    let told: Vec<&str> = drivers::OPEN_OPTIONS
        .iter()
        .copied()
        .chain(options.open_options.iter().map(String::as_str))
        .chain(encoding.as_deref())
        .collect();
    let how = DatasetOptions {
        open_flags: flags,
        allowed_drivers: Some(&allowed),
        open_options: Some(&told),
        sibling_files: None,
    };
    Dataset::open_ex(path, how).map_err(|e| {
        let said = last_error(&e.to_string());
        // The reader knows the file's name; the folder is nobody's business.
        let folder = path.parent().map(|f| format!("{}/", f.display())).unwrap_or_default();
        said.replace(&folder, "")
    })
}

pub(super) fn describe(dataset: &Dataset) -> Result<Description, String> {
    let mut layers = Vec::new();
    for layer in dataset.layers() {
        let defn = layer.defn();
        let fields = defn
            .fields()
            .enumerate()
            .map(|(i, f)| FieldInfo {
                name: f.name(),
                kind: field_type_name(f.field_type()),
                width: u32::try_from(f.width()).unwrap_or(0),
                alias: alias(&layer, i),
                domain: domain(dataset, &layer, i),
            })
            .collect();
        let extent = layer.try_get_extent().ok().flatten();
        layers.push(LayerInfo {
            name: layer.name(),
            features: layer.try_feature_count(),
            geometry: geometry_name(defn.geometry_type()),
            fields,
            srs: layer.spatial_ref().map(|s| srs(&s)),
            extent: extent.map(|e| [e.MinX, e.MinY, e.MaxX, e.MaxY]),
        });
    }
    let raster = (dataset.raster_count() > 0).then(|| {
        let (width, height) = dataset.raster_size();
        let band = dataset.rasterband(1).ok();
        let t = dataset.geo_transform().ok().filter(|t| t[2] == 0.0 && t[4] == 0.0);
        let extent = t.map(|t| {
            let (x, y) = (t[0] + t[1] * width as f64, t[3] + t[5] * height as f64);
            [t[0].min(x), t[3].min(y), t[0].max(x), t[3].max(y)]
        });
        RasterInfo {
            width,
            height,
            bands: dataset.raster_count(),
            kind: band.as_ref().map(|b| format!("{:?}", b.band_type())).unwrap_or_default(),
            srs: dataset.spatial_ref().ok().map(|s| srs(&s)),
            extent,
            nodata: band.as_ref().and_then(gdal::raster::RasterBand::no_data_value),
        }
    });
    Ok(Description { driver: dataset.driver().short_name(), layers, raster })
}

fn alias(layer: &gdal::vector::Layer<'_>, field: usize) -> Option<String> {
    // SAFETY: the definition belongs to the layer, which lives; the index is one of its fields; the text is copied.
    let text = unsafe {
        let field = gdal_sys::OGR_FD_GetFieldDefn(layer.defn().c_defn(), field as i32);
        let name = gdal_sys::OGR_Fld_GetAlternativeNameRef(field);
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    };
    text.filter(|t| !t.is_empty())
}

/// Values of a domain beyond which it is no list that anybody made.
const DOMAIN: usize = 10_000;

/// The coded values of a field's domain.
fn domain(dataset: &Dataset, layer: &gdal::vector::Layer<'_>, field: usize) -> Option<Domain> {
    let text = |p: *const std::ffi::c_char| {
        // SAFETY: GDAL's texts end in NUL and live as long as the dataset, which lives through this function.
        (!p.is_null()).then(|| unsafe { CStr::from_ptr(p) }.to_string_lossy().into_owned())
    };
    // SAFETY: the definition belongs to the layer, the domain to the dataset; both live. The list ends in a null code.
    unsafe {
        let field = gdal_sys::OGR_FD_GetFieldDefn(layer.defn().c_defn(), field as i32);
        let name = text(gdal_sys::OGR_Fld_GetDomainName(field)).filter(|n| !n.is_empty())?;
        let called = CString::new(name.as_str()).ok()?;
        let domain = gdal_sys::GDALDatasetGetFieldDomain(dataset.c_dataset(), called.as_ptr());
        if domain.is_null()
            || gdal_sys::OGR_FldDomain_GetDomainType(domain) != gdal_sys::OGRFieldDomainType::OFDT_CODED
        {
            return None;
        }
        let mut item = gdal_sys::OGR_CodedFldDomain_GetEnumeration(domain);
        let mut values = Vec::new();
        while !item.is_null() && values.len() < DOMAIN {
            let Some(code) = text((*item).pszCode) else { break };
            values.extend(text((*item).pszValue).map(|value| (code, value)));
            item = item.add(1);
        }
        Some(Domain { name, values }).filter(|d| !d.values.is_empty())
    }
}

fn field_type_name(kind: OGRFieldType::Type) -> String {
    // SAFETY: returns a static text for any number.
    unsafe { CStr::from_ptr(gdal_sys::OGR_GetFieldTypeName(kind)) }.to_string_lossy().into_owned()
}

fn geometry_name(kind: gdal_sys::OGRwkbGeometryType::Type) -> String {
    // SAFETY: returns a static text for any number.
    unsafe { CStr::from_ptr(gdal_sys::OGRGeometryTypeToName(kind)) }.to_string_lossy().into_owned()
}

fn srs(srs: &SpatialRef) -> Srs {
    let code = |s: &SpatialRef| s.auth_code().ok().filter(|c| *c > 0).map(|c| c as u32);
    let mut known = srs.clone();
    let epsg = code(srs).or_else(|| known.auto_identify_epsg().ok().and_then(|()| code(&known)));
    Srs { epsg, wkt: srs.to_wkt().unwrap_or_default() }
}

/// PROJ's way from a CRS to EPSG:4490, refused when it would be a no-op between different datums.
struct ToCgcs2000(gdal_sys::OGRCoordinateTransformationH);

impl ToCgcs2000 {
    fn new(from: &SpatialRef) -> Result<ToCgcs2000, String> {
        let mut from = from.clone();
        from.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
        let mut to = SpatialRef::from_epsg(4490).map_err(|e| e.to_string())?;
        to.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
        // SAFETY: both references live through the call, which clones them; the options are destroyed after it.
        let handle = unsafe {
            let options = gdal_sys::OCTNewCoordinateTransformationOptions();
            gdal_sys::OCTCoordinateTransformationOptionsSetBallparkAllowed(options, 0);
            let handle =
                gdal_sys::OCTNewCoordinateTransformationEx(from.to_c_hsrs(), to.to_c_hsrs(), options);
            gdal_sys::OCTDestroyCoordinateTransformationOptions(options);
            handle
        };
        if handle.is_null() {
            return Err(last_error("there is no published transformation to CGCS2000"));
        }
        Ok(ToCgcs2000(handle))
    }
}

impl Drop for ToCgcs2000 {
    fn drop(&mut self) {
        // SAFETY: made by OCTNewCoordinateTransformationEx, destroyed once.
        unsafe { gdal_sys::OCTDestroyCoordinateTransformation(self.0) };
    }
}

/// Sends the rows of a table, until the parent wants no more.
pub(super) fn read(
    dataset: &Dataset,
    name: &str,
    to_cgcs2000: bool,
    asked: &Asked,
    out: &mut Out,
) -> Result<(), String> {
    let layer = dataset.layer_by_name(name).map_err(|_| format!("there is no table {name} in the file"))?;
    let transform = match layer.spatial_ref() {
        Some(from) if to_cgcs2000 => Some(ToCgcs2000::new(&from)?),
        None if to_cgcs2000 => return Err("the file states no coordinate reference system".into()),
        _ => None,
    };
    let kinds = field_kinds(&layer);
    let mut values = vec![SourceValue::Null; kinds.len()];
    let (mut batch, mut wkb) = (Vec::with_capacity(BATCH + (64 << 10)), Vec::new());
    // SAFETY: the layer lives through the loop.
    unsafe { gdal_sys::OGR_L_ResetReading(layer.c_layer()) };
    loop {
        // SAFETY: as above; the feature is destroyed at the end of the turn and nothing of it is kept.
        let feature = unsafe {
            gdal_sys::CPLErrorReset();
            gdal_sys::OGR_L_GetNextFeature(layer.c_layer())
        };
        if feature.is_null() {
            break;
        }
        for (i, kind) in kinds.iter().enumerate() {
            // SAFETY: the feature is of this layer, the index one of its fields.
            values[i] = unsafe { value(feature, i as i32, kind) };
        }
        // SAFETY: the geometry belongs to the feature, which lives until destroyed here.
        unsafe {
            let geometry = gdal_sys::OGR_F_GetGeometryRef(feature);
            let shape = shape(geometry, transform.as_ref(), &mut wkb);
            frame::put_row(&mut batch, gdal_sys::OGR_F_GetFID(feature), &shape, &values);
            gdal_sys::OGR_F_Destroy(feature);
        }
        if batch.len() >= BATCH {
            frame::write(out, frame::ROWS, &batch).map_err(|e| e.to_string())?;
            batch.clear();
            if asked.waits(Duration::ZERO) {
                return Ok(());
            }
        }
    }
    // SAFETY: reads a thread-local number.
    if unsafe { gdal_sys::CPLGetLastErrorType() } >= gdal_sys::CPLErr::CE_Failure {
        return Err(last_error("the file is broken"));
    }
    frame::write(out, frame::ROWS, &batch).and_then(|()| out.flush()).map_err(|e| e.to_string())
}

struct Kind {
    of: OGRFieldType::Type,
    boolean: bool,
    /// A number of 32 bits.
    single: bool,
}

fn field_kinds(layer: &gdal::vector::Layer<'_>) -> Vec<Kind> {
    // SAFETY: the definition belongs to the layer, which lives; indices are within its count.
    unsafe {
        let defn = layer.defn().c_defn();
        (0..gdal_sys::OGR_FD_GetFieldCount(defn))
            .map(|i| {
                let field = gdal_sys::OGR_FD_GetFieldDefn(defn, i);
                let sub = gdal_sys::OGR_Fld_GetSubType(field);
                Kind {
                    of: gdal_sys::OGR_Fld_GetType(field),
                    boolean: sub == OGRFieldSubType::OFSTBoolean,
                    single: sub == OGRFieldSubType::OFSTFloat32,
                }
            })
            .collect()
    }
}

/// # Safety
/// `feature` must be alive and `i` one of its fields.
unsafe fn value(feature: gdal_sys::OGRFeatureH, i: i32, kind: &Kind) -> SourceValue {
    // SAFETY: as the caller promises; texts are copied before the next call can move them.
    unsafe {
        if gdal_sys::OGR_F_IsFieldSetAndNotNull(feature, i) == 0 {
            return SourceValue::Null;
        }
        match kind.of {
            OGRFieldType::OFTInteger | OGRFieldType::OFTInteger64 => {
                let n = gdal_sys::OGR_F_GetFieldAsInteger64(feature, i);
                if kind.boolean { SourceValue::Boolean(n != 0) } else { SourceValue::Integer(n) }
            }
            OGRFieldType::OFTReal => {
                let n = gdal_sys::OGR_F_GetFieldAsDouble(feature, i);
                let single = n as f32;
                // Of what 32 bits hold the decimal that was put in is meant, not its binary tail.
                let held = kind.single && f64::from(single) == n;
                SourceValue::Real(if held { of_single(single) } else { n })
            }
            OGRFieldType::OFTBinary => SourceValue::Null,
            OGRFieldType::OFTDate | OGRFieldType::OFTDateTime => {
                date(feature, i, kind.of == OGRFieldType::OFTDate)
            }
            OGRFieldType::OFTStringList => {
                let list = gdal_sys::OGR_F_GetFieldAsStringList(feature, i);
                let mut bytes: Vec<u8> = Vec::new();
                let mut item = list;
                while !item.is_null() && !(*item).is_null() {
                    if item != list {
                        bytes.push(b',');
                    }
                    bytes.extend_from_slice(CStr::from_ptr(*item).to_bytes());
                    item = item.add(1);
                }
                match String::from_utf8(bytes) {
                    Ok(text) => SourceValue::Text(text),
                    Err(e) => SourceValue::Bytes(e.into_bytes()),
                }
            }
            OGRFieldType::OFTIntegerList | OGRFieldType::OFTInteger64List | OGRFieldType::OFTRealList => {
                // GDAL writes `(2:1,2)`.
                let text = CStr::from_ptr(gdal_sys::OGR_F_GetFieldAsString(feature, i)).to_string_lossy();
                let inner = text.split_once(':').map_or(&*text, |(_, rest)| rest.trim_end_matches(')'));
                SourceValue::Text(inner.to_owned())
            }
            _ => {
                let bytes = CStr::from_ptr(gdal_sys::OGR_F_GetFieldAsString(feature, i)).to_bytes();
                match std::str::from_utf8(bytes) {
                    Ok(text) => SourceValue::Text(text.to_owned()),
                    Err(_) => SourceValue::Bytes(bytes.to_vec()),
                }
            }
        }
    }
}

/// # Safety
/// As [`value`].
unsafe fn date(feature: gdal_sys::OGRFeatureH, i: i32, day_only: bool) -> SourceValue {
    let (mut y, mut mo, mut d, mut h, mut mi, mut zone) = (0, 0, 0, 0, 0, 0);
    let mut s = 0f32;
    // SAFETY: as the caller promises; all out-parameters live through the call.
    let ok = unsafe {
        gdal_sys::OGR_F_GetFieldAsDateTimeEx(
            feature, i, &mut y, &mut mo, &mut d, &mut h, &mut mi, &mut s, &mut zone,
        )
    };
    let day = || Date::new(i16::try_from(y).ok()?, u8::try_from(mo).ok()?, u8::try_from(d).ok()?);
    match day().filter(|_| ok != 0) {
        None => SourceValue::Null,
        Some(day) if day_only => SourceValue::Date(day),
        Some(day) => {
            // GDAL: 100 is UTC, a step is a quarter of an hour, below 2 is unknown.
            let offset = match zone {
                0 | 1 => String::new(),
                z => {
                    let minutes = (z - 100) * 15;
                    let sign = if minutes < 0 { '-' } else { '+' };
                    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
                }
            };
            SourceValue::Text(format!("{day}T{h:02}:{mi:02}:{s:06.3}{offset}"))
        }
    }
}

/// # Safety
/// `geometry` must be null or alive.
unsafe fn shape<'a>(
    geometry: gdal_sys::OGRGeometryH,
    transform: Option<&ToCgcs2000>,
    wkb: &'a mut Vec<u8>,
) -> Shape<'a> {
    use gdal_sys::OGRwkbGeometryType as T;
    // SAFETY: as the caller promises; what is made here is destroyed here; the buffer is as long as OGR asks.
    unsafe {
        if geometry.is_null() || gdal_sys::OGR_G_IsEmpty(geometry) != 0 {
            return Shape::None;
        }
        let flat = |g| gdal_sys::OGR_GT_Flatten(gdal_sys::OGR_G_GetGeometryType(g));
        let mut made: gdal_sys::OGRGeometryH = ptr::null_mut();
        let mut now = geometry;
        let mut replace = |new: gdal_sys::OGRGeometryH| {
            if !made.is_null() {
                gdal_sys::OGR_G_DestroyGeometry(made);
            }
            made = new;
            new
        };
        if gdal_sys::OGR_G_HasCurveGeometry(now, 0) != 0 {
            now = replace(gdal_sys::OGR_G_GetLinearGeometry(now, arc_step(now), ptr::null_mut()));
        }
        let target = match flat(now) {
            T::wkbTIN | T::wkbPolyhedralSurface | T::wkbTriangle => Some(T::wkbMultiPolygon),
            T::wkbGeometryCollection => common_kind(now),
            _ => None,
        };
        if let Some(target) = target {
            now = replace(gdal_sys::OGR_G_ForceTo(gdal_sys::OGR_G_Clone(now), target, ptr::null_mut()));
        }
        let mut bad = None;
        if let Some(t) = transform {
            if now == geometry {
                now = replace(gdal_sys::OGR_G_Clone(now));
            }
            if gdal_sys::OGR_G_Transform(now, t.0) != gdal_sys::OGRErr::OGRERR_NONE {
                bad = Some("outside the domain of its coordinate reference system");
            }
        }
        let size = usize::try_from(gdal_sys::OGR_G_WkbSize(now)).unwrap_or(0);
        wkb.resize(size, 0);
        let order = OGRwkbByteOrder::wkbNDR;
        if bad.is_none()
            && gdal_sys::OGR_G_ExportToIsoWkb(now, order, wkb.as_mut_ptr()) != gdal_sys::OGRErr::OGRERR_NONE
        {
            bad = Some("not a simple-features geometry");
        }
        if !made.is_null() {
            gdal_sys::OGR_G_DestroyGeometry(made);
        }
        bad.map_or(Shape::Wkb(wkb), Shape::Bad)
    }
}

/// Degrees of a step along arcs that keep the widest of a geometry within a centimetre of its chords: half a degree at most,
/// and no less than gives it [`STROKED`] vertices.
///
/// # Safety
/// `geometry` must be alive.
unsafe fn arc_step(geometry: gdal_sys::OGRGeometryH) -> f64 {
    /// The widest radius by its tolerance, and degrees of all arcs.
    unsafe fn widest(geometry: gdal_sys::OGRGeometryH) -> (f64, f64) {
        let more = |(r, turns): (f64, f64), (other, more): (f64, f64)| (r.max(other), turns + more);
        // SAFETY: alive as the caller's, or a part of it; points are asked for below their count.
        unsafe {
            let count = gdal_sys::OGR_G_GetGeometryCount(geometry);
            let parts = (0..count).map(|i| widest(gdal_sys::OGR_G_GetGeometryRef(geometry, i)));
            let kind = gdal_sys::OGR_GT_Flatten(gdal_sys::OGR_G_GetGeometryType(geometry));
            if kind != gdal_sys::OGRwkbGeometryType::wkbCircularString {
                return parts.fold((0.0, 0.0), more);
            }
            let at = |i| [gdal_sys::OGR_G_GetX(geometry, i), gdal_sys::OGR_G_GetY(geometry, i)];
            let arcs = (2..gdal_sys::OGR_G_GetPointCount(geometry)).step_by(2);
            arcs.map(|i| arc(at(i - 2), at(i - 1), at(i))).fold((0.0, 0.0), more)
        }
    }
    fn arc(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> (f64, f64) {
        let off = |p: [f64; 2], q: [f64; 2]| [q[0] - p[0], q[1] - p[1]];
        let long = |p: [f64; 2]| p[0].hypot(p[1]);
        // What may be degrees in China is taken as such.
        let degrees = (70.0..=140.0).contains(&a[0]) && (0.0..=60.0).contains(&a[1]);
        let tolerance = if degrees { 1e-7 } else { 0.01 };
        let (ab, ac) = (off(a, b), off(a, c));
        let twice_area = (ab[0] * ac[1] - ab[1] * ac[0]).abs();
        // A closed arc is a circle whose far side is in the middle.
        if a == c {
            return (long(ab) / 2.0 / tolerance, 360.0);
        }
        // So flat that it is its chord.
        if twice_area / long(ac) < tolerance {
            return (0.0, 0.0);
        }
        let radius = long(ab) * long(ac) * long(off(b, c)) / twice_area / 2.0;
        (if radius.is_finite() { radius / tolerance } else { 0.0 }, 360.0)
    }
    // SAFETY: as the caller promises.
    let (radius, turns) = unsafe { widest(geometry) };
    let step = (2.0 * (1.0 - 1.0 / radius.max(1.0)).acos()).to_degrees();
    step.max(turns / STROKED).min(0.5)
}

/// The multi type that holds every part of a collection, if one does.
///
/// # Safety
/// `collection` must be alive.
unsafe fn common_kind(collection: gdal_sys::OGRGeometryH) -> Option<gdal_sys::OGRwkbGeometryType::Type> {
    use gdal_sys::OGRwkbGeometryType as T;
    // SAFETY: as the caller promises; parts belong to it.
    let part = |i| unsafe {
        gdal_sys::OGR_GT_Flatten(gdal_sys::OGR_G_GetGeometryType(gdal_sys::OGR_G_GetGeometryRef(
            collection, i,
        )))
    };
    // SAFETY: as the caller promises.
    let count = unsafe { gdal_sys::OGR_G_GetGeometryCount(collection) };
    let multi = |kind| match kind {
        T::wkbPoint | T::wkbMultiPoint => Some(T::wkbMultiPoint),
        T::wkbLineString | T::wkbMultiLineString => Some(T::wkbMultiLineString),
        T::wkbPolygon | T::wkbMultiPolygon => Some(T::wkbMultiPolygon),
        _ => None,
    };
    let first = multi(part(0))?;
    (1..count).all(|i| multi(part(i)) == Some(first)).then_some(first)
}
