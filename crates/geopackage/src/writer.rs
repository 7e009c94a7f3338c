//! A GeoPackage of plain feature tables with R-trees.

use crate::blob;
use ditu_model::{Geometry, Shape};
use rusqlite::types::Value;
use rusqlite::{Connection, Result, params};
use std::path::Path;

/// A GeoPackage being written, in EPSG:4490.
pub struct GeoPackage {
    db: Connection,
}

/// The date in every header, so that the same content has the same bytes.
const DATE: &str = "2024-06-30T00:00:00.000Z";

const WKT_4490: &str = "GEOGCS[\"China Geodetic Coordinate System 2000\",DATUM[\"China_2000\",SPHEROID[\"CGCS2000\",6378137,298.257222101,AUTHORITY[\"EPSG\",\"1024\"]],AUTHORITY[\"EPSG\",\"1043\"]],PRIMEM[\"Greenwich\",0,AUTHORITY[\"EPSG\",\"8901\"]],UNIT[\"degree\",0.0174532925199433,AUTHORITY[\"EPSG\",\"9122\"]],AUTHORITY[\"EPSG\",\"4490\"]]";

const WKT_4326: &str = "GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433],AUTHORITY[\"EPSG\",\"4326\"]]";

impl GeoPackage {
    /// Makes the file, replacing one that is there; all that follows is one transaction until [`GeoPackage::finish`].
    ///
    /// # Errors
    /// What SQLite says, or why the old file cannot be removed.
    pub fn create(path: &Path) -> Result<GeoPackage> {
        if path.exists() {
            // SQLite would add to what is there.
            std::fs::remove_file(path).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
        }
        let db = Connection::open(path)?;
        db.execute_batch(
            "PRAGMA page_size = 4096; PRAGMA application_id = 1196444487; PRAGMA user_version = 10300; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;
             BEGIN;
             CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
             CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER, CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
             CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name), CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name), CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
             CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
             INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined cartesian SRS', -1, 'NONE', -1, 'undefined', NULL), ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', NULL);",
        )?;
        let mut add = db.prepare("INSERT INTO gpkg_spatial_ref_sys VALUES (?1, ?2, 'EPSG', ?2, ?3, NULL)")?;
        add.execute(params!["WGS 84", 4326, WKT_4326])?;
        add.execute(params!["CGCS2000", 4490, WKT_4490])?;
        drop(add);
        Ok(GeoPackage { db })
    }

    /// Makes a table of one kind of shape (`None`: any) and fills it: columns as `(name, SQL type)`, coordinates in
    /// degrees, longitude first. The number of rows.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn table(
        &mut self,
        name: &str,
        shape: Option<Shape>,
        columns: &[(&str, &str)],
        rows: impl Iterator<Item = (Geometry, Vec<Value>)>,
    ) -> Result<u64> {
        let kind = match shape {
            Some(Shape::Point) => "POINT",
            Some(Shape::Line) => "LINESTRING",
            Some(Shape::Polygon) => "POLYGON",
            None => "GEOMETRY",
        };
        let quoted = |s: &str| format!("\"{}\"", s.replace('"', "\"\""));
        let t = quoted(name);
        let list: String = columns.iter().map(|(n, ty)| format!(", {} {ty}", quoted(n))).collect();
        self.db.execute_batch(&format!(
            "CREATE TABLE {t} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {kind}{list});"
        ))?;
        self.db.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change, srs_id) VALUES (?1, 'features', ?1, ?2, 4490)",
            params![name, DATE],
        )?;
        self.db.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?1, 'geom', ?2, 4490, 0, 0)",
            params![name, kind],
        )?;
        self.db.execute(
            "INSERT INTO gpkg_extensions VALUES (?1, 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')",
            params![name],
        )?;
        let rtree = quoted(&format!("rtree_{name}_geom"));
        self.db.execute_batch(&format!(
            "CREATE VIRTUAL TABLE {rtree} USING rtree(id, minx, maxx, miny, maxy);"
        ))?;
        let marks: String = (0..columns.len()).map(|i| format!(", ?{}", i + 2)).collect();
        let names: String = columns.iter().map(|(n, _)| format!(", {}", quoted(n))).collect();
        let mut insert = self.db.prepare(&format!("INSERT INTO {t} (geom{names}) VALUES (?1{marks})"))?;
        let mut index = self.db.prepare(&format!("INSERT INTO {rtree} VALUES (?1, ?2, ?3, ?4, ?5)"))?;
        let mut all = [f64::MAX, f64::MIN, f64::MAX, f64::MIN];
        let mut count = 0;
        for (geometry, values) in rows {
            let bounds = geometry.bounds();
            let b = [bounds.min[0], bounds.max[0], bounds.min[1], bounds.max[1]];
            let mut blob = Vec::new();
            blob::write(&geometry, &bounds, false, &mut blob);
            let cells = std::iter::once(Value::Blob(blob)).chain(values);
            insert.execute(rusqlite::params_from_iter(cells))?;
            count += 1;
            index.execute(params![count as i64, b[0], b[1], b[2], b[3]])?;
            all = [all[0].min(b[0]), all[1].max(b[1]), all[2].min(b[2]), all[3].max(b[3])];
        }
        drop((insert, index));
        if count > 0 {
            self.db.execute(
                "UPDATE gpkg_contents SET min_x = ?2, max_x = ?3, min_y = ?4, max_y = ?5 WHERE table_name = ?1",
                params![name, all[0], all[1], all[2], all[3]],
            )?;
        }
        // The triggers that keep the index true when somebody edits.
        let (ix, idx) = (rtree.as_str(), name.replace('"', "\"\""));
        self.db.execute_batch(&format!(
            "CREATE TRIGGER \"rtree_{idx}_geom_insert\" AFTER INSERT ON {t} WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom)) BEGIN INSERT OR REPLACE INTO {ix} VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
             CREATE TRIGGER \"rtree_{idx}_geom_update1\" AFTER UPDATE OF geom ON {t} WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom)) BEGIN INSERT OR REPLACE INTO {ix} VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
             CREATE TRIGGER \"rtree_{idx}_geom_delete\" AFTER DELETE ON {t} WHEN old.geom NOT NULL BEGIN DELETE FROM {ix} WHERE id = OLD.fid; END;"
        ))?;
        Ok(count)
    }

    /// Commits.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn finish(self) -> Result<()> {
        self.db.execute_batch("COMMIT;")
    }
}
