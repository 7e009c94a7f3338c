//! The tables of the file: OGC's, one a layer, and the revision log.

use super::{env, quote};
use crate::api::StoreError;
use ditu_geopackage::SRS;
use ditu_model::{FieldType, LayerDef, Layers, Shape};
use rusqlite::{Connection, params};

const CORE: &str = r#"
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
  definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE ditu_revision (id INTEGER NOT NULL, layer TEXT NOT NULL, at INTEGER NOT NULL, author TEXT NOT NULL,
  message TEXT NOT NULL, source TEXT NOT NULL, transformation TEXT NOT NULL, added INTEGER NOT NULL,
  changed INTEGER NOT NULL, removed INTEGER NOT NULL, PRIMARY KEY (layer, id)) WITHOUT ROWID;
CREATE INDEX ditu_revision_id ON ditu_revision (id);
CREATE TABLE ditu_layer (layer TEXT PRIMARY KEY, revision INTEGER NOT NULL, next_id INTEGER NOT NULL,
  features INTEGER NOT NULL) WITHOUT ROWID;
-- Features that a revision brought in bulk, as a range of ids.
CREATE TABLE ditu_added (layer TEXT NOT NULL, revision INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (layer, revision, first)) WITHOUT ROWID;
-- What a feature was before a revision changed, removed or (before IS NULL) restored it, and the box it covered then.
CREATE TABLE ditu_change (layer TEXT NOT NULL, revision INTEGER NOT NULL, fid INTEGER NOT NULL, before BLOB,
  min_x REAL, min_y REAL, max_x REAL, max_y REAL, PRIMARY KEY (layer, revision, fid)) WITHOUT ROWID;
CREATE INDEX ditu_change_fid ON ditu_change (layer, fid, revision);
"#;

const WKT_4490: &str = r#"GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4490"]]"#;
const WKT_4326: &str = r#"GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]"#;

/// Makes what is missing: the whole file, or tables and columns of layers that were declared since.
pub(super) fn prepare(db: &mut Connection, layers: &Layers) -> Result<(), StoreError> {
    let failed = env("preparing the GeoPackage");
    let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(&failed)?;
    let has = |name: &str| {
        tx.query_row("SELECT count(*) FROM sqlite_master WHERE name = ?1", [name], |r| r.get::<_, i64>(0))
            .map(|n| n > 0)
    };
    if !has("ditu_revision").map_err(&failed)? {
        if has("gpkg_contents").map_err(&failed)? {
            return Err(StoreError::Schema {
                what: "this GeoPackage was not made by Ditu".into(),
                cure: "import it: `ditu import FILE`".into(),
            });
        }
        tx.execute_batch(CORE).map_err(&failed)?;
        let srs = "INSERT INTO gpkg_spatial_ref_sys VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        for (name, id, org, definition) in [
            ("Undefined Cartesian", -1, "NONE", "undefined"),
            ("Undefined geographic", 0, "NONE", "undefined"),
            ("WGS 84", 4326, "EPSG", WKT_4326),
            ("CGCS2000", 4490, "EPSG", WKT_4490),
        ] {
            tx.execute(srs, params![name, id, org, id, definition, ""]).map_err(&failed)?;
        }
    }
    for def in layers.iter() {
        let table = def.id.table();
        if has(&table).map_err(&failed)? {
            columns(&tx, def, &table)?;
        } else {
            tx.execute_batch(&layer_sql(def)).map_err(&failed)?;
            register(&tx, def).map_err(&failed)?;
        }
        super::foreign::prepare(&tx, def)?;
    }
    tx.commit().map_err(&failed)
}

pub(super) fn sql_type(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text | FieldType::Json => "TEXT",
        FieldType::Integer => "INTEGER",
        FieldType::Real => "REAL",
        FieldType::Boolean => "BOOLEAN",
        FieldType::Date => "DATE",
        FieldType::DateTime => "DATETIME",
    }
}

fn geometry_type(def: &LayerDef) -> &'static str {
    match def.kind.shape() {
        Shape::Point => "POINT",
        Shape::Line => "MULTILINESTRING",
        Shape::Polygon => "MULTIPOLYGON",
    }
}

fn layer_sql(def: &LayerDef) -> String {
    let t = def.id.table();
    let q = quote(&t);
    let fields: String =
        def.fields.iter().map(|f| format!(", {} {}", quote(&f.name), sql_type(f.kind))).collect();
    let (tree, side) = (quote(&format!("rtree_{t}_geom")), quote(&format!("ditu_side_{t}")));
    let trigger = |name: &str| quote(&format!("rtree_{t}_geom_{name}"));
    let box_ = |row: &str| {
        format!("ST_MinX({row}.geom), ST_MaxX({row}.geom), ST_MinY({row}.geom), ST_MaxY({row}.geom)")
    };
    let some = |row: &str| format!("({row}.geom NOT NULL AND NOT ST_IsEmpty({row}.geom))");
    let none = |row: &str| format!("({row}.geom ISNULL OR ST_IsEmpty({row}.geom))");
    // The triggers of the GeoPackage R-tree extension (12-128r18 annex F.3), for other programs that edit the file.
    format!(
        r#"
CREATE TABLE {q} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {geometry}{fields});
CREATE VIRTUAL TABLE {tree} USING rtree(id, minx, maxx, miny, maxy);
CREATE TABLE {side} (fid INTEGER PRIMARY KEY, key BLOB, content BLOB NOT NULL);
CREATE TRIGGER {insert} AFTER INSERT ON {q} WHEN {some_new} BEGIN
  INSERT OR REPLACE INTO {tree} VALUES (NEW.fid, {new}); END;
CREATE TRIGGER {update1} AFTER UPDATE OF geom ON {q} WHEN OLD.fid = NEW.fid AND {some_new} BEGIN
  INSERT OR REPLACE INTO {tree} VALUES (NEW.fid, {new}); END;
CREATE TRIGGER {update2} AFTER UPDATE OF geom ON {q} WHEN OLD.fid = NEW.fid AND {none_new} BEGIN
  DELETE FROM {tree} WHERE id = OLD.fid; END;
CREATE TRIGGER {update3} AFTER UPDATE ON {q} WHEN OLD.fid != NEW.fid AND {some_new} BEGIN
  DELETE FROM {tree} WHERE id = OLD.fid; INSERT OR REPLACE INTO {tree} VALUES (NEW.fid, {new}); END;
CREATE TRIGGER {update4} AFTER UPDATE ON {q} WHEN OLD.fid != NEW.fid AND {none_new} BEGIN
  DELETE FROM {tree} WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER {delete} AFTER DELETE ON {q} WHEN OLD.geom NOT NULL BEGIN
  DELETE FROM {tree} WHERE id = OLD.fid; END;
"#,
        geometry = geometry_type(def),
        insert = trigger("insert"),
        update1 = trigger("update1"),
        update2 = trigger("update2"),
        update3 = trigger("update3"),
        update4 = trigger("update4"),
        delete = trigger("delete"),
        some_new = some("NEW"),
        none_new = none("NEW"),
        new = box_("NEW"),
    )
}

fn register(db: &Connection, def: &LayerDef) -> rusqlite::Result<()> {
    let t = def.id.table();
    db.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)
         VALUES (?1, 'features', ?1, ?2, ?3)",
        params![t, def.title.zh, SRS],
    )?;
    db.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?1, 'geom', ?2, ?3, 2, 0)",
        params![t, geometry_type(def), SRS],
    )?;
    db.execute(
        "INSERT INTO gpkg_extensions VALUES (?1, 'geom', 'gpkg_rtree_index',
         'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')",
        [&t],
    )?;
    db.execute("INSERT INTO ditu_layer VALUES (?1, 0, 1, 0)", [def.id.as_str()])?;
    Ok(())
}

/// Adds columns for fields that the file does not have yet; a column of another type is refused.
pub(super) fn columns(db: &Connection, def: &LayerDef, table: &str) -> Result<(), StoreError> {
    let failed = env("reading the GeoPackage's tables");
    let mut statement = db.prepare("SELECT name, type FROM pragma_table_info(?1)").map_err(&failed)?;
    let rows = statement.query_map([table], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)));
    let present: Vec<(String, String)> = rows.and_then(Iterator::collect).map_err(&failed)?;
    for field in &def.fields {
        let wanted = sql_type(field.kind);
        match present.iter().find(|(name, _)| name.eq_ignore_ascii_case(&field.name)) {
            None => {
                let sql = format!("ALTER TABLE {} ADD COLUMN {} {wanted}", quote(table), quote(&field.name));
                db.execute_batch(&sql).map_err(&failed)?;
            }
            Some((_, kind)) if kind.eq_ignore_ascii_case(wanted) => {}
            Some((_, kind)) => {
                return Err(StoreError::Schema {
                    what: format!("{}.{} is {kind} in the store and {wanted} in layers/", def.id, field.name),
                    cure: "give the field another name, or import into a new data folder".into(),
                });
            }
        }
    }
    Ok(())
}
