//! Tables, triggers and functions of a deployment's schema.

use super::quote;
use crate::api::StoreError;
use ditu_model::{FieldType, LayerDef, Layers, Shape};
use std::collections::HashMap;
use tokio_postgres::Transaction;

/// `{s}` stands for the schema.
const CORE: &str = r#"
CREATE SCHEMA IF NOT EXISTS {s};
CREATE TABLE IF NOT EXISTS {s}.ditu_revision (id bigint NOT NULL, layer text NOT NULL, at timestamptz NOT NULL,
  author text NOT NULL, message text NOT NULL, source text NOT NULL, transformation text NOT NULL,
  added bigint NOT NULL, changed bigint NOT NULL, removed bigint NOT NULL, PRIMARY KEY (layer, id));
CREATE INDEX IF NOT EXISTS ditu_revision_id ON {s}.ditu_revision (id);
CREATE TABLE IF NOT EXISTS {s}.ditu_layer (layer text PRIMARY KEY, revision bigint NOT NULL, next_id bigint NOT NULL,
  features bigint NOT NULL);
CREATE TABLE IF NOT EXISTS {s}.ditu_added (layer text NOT NULL, revision bigint NOT NULL, first bigint NOT NULL,
  last bigint NOT NULL, PRIMARY KEY (layer, revision, first));
CREATE TABLE IF NOT EXISTS {s}.ditu_change (layer text NOT NULL, revision bigint NOT NULL, fid bigint NOT NULL,
  before jsonb, geom geometry, min_x float8, min_y float8, max_x float8, max_y float8,
  PRIMARY KEY (layer, revision, fid));
CREATE TABLE IF NOT EXISTS {s}.ditu_pack (layer text NOT NULL, first bigint NOT NULL, hashes bytea NOT NULL,
  PRIMARY KEY (layer, first));
CREATE INDEX IF NOT EXISTS ditu_change_fid ON {s}.ditu_change (layer, fid, revision);

CREATE OR REPLACE FUNCTION {s}.ditu_take_id(name text) RETURNS bigint LANGUAGE sql AS
  'UPDATE {s}.ditu_layer SET next_id = next_id + 1 WHERE layer = name RETURNING next_id - 1';

-- What a first import knows of its rows lies in packs: key and content of a feature after the other, 16 bytes each, nought
-- for no key. The first change of a single row takes them apart.
CREATE OR REPLACE FUNCTION {s}.ditu_unpack(name text) RETURNS void LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = pg_catalog AS $f$
DECLARE
  -- Not the caller's word: whoever may call this writes with the owner's rights.
  tab text := replace(name, '.', '_');
BEGIN
  IF EXISTS (SELECT FROM {s}.ditu_pack WHERE layer = name) THEN
    EXECUTE format('INSERT INTO {s}.%I SELECT p.first + i,
      nullif(substring(p.hashes FROM i * 32 + 1 FOR 16), decode(repeat(''00'', 16), ''hex'')),
      substring(p.hashes FROM i * 32 + 17 FOR 16)
      FROM {s}.ditu_pack p CROSS JOIN generate_series(0, length(p.hashes) / 32 - 1) i
      JOIN {s}.%I f ON f.fid = p.first + i WHERE p.layer = $1 ORDER BY 1 ON CONFLICT DO NOTHING',
      'ditu_side_' || tab, tab)
      USING name;
    DELETE FROM {s}.ditu_pack WHERE layer = name;
  END IF;
END $f$;

-- Edits by any other client go into the same log: one revision a transaction, one writer at a time.
CREATE OR REPLACE FUNCTION {s}.ditu_log() RETURNS trigger LANGUAGE plpgsql AS $f$
DECLARE
  name text := TG_ARGV[0];
  mine text := nullif(current_setting('ditu.edit_revision', true), '');
  rev bigint;
  was jsonb;
  bare record;
  was_geom geometry;
  feature bigint;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE EXCEPTION 'ditu: TRUNCATE cannot be logged; use DELETE';
  ELSIF TG_OP = 'UPDATE' AND OLD.fid <> NEW.fid THEN
    RAISE EXCEPTION 'ditu: fid % is the feature''s lasting id and cannot be changed', OLD.fid;
  END IF;
  IF mine IS NULL THEN
    PERFORM pg_advisory_xact_lock({lock});
    SELECT coalesce(max(r.id), 0) + 1 INTO rev FROM {s}.ditu_revision r;
    PERFORM set_config('ditu.edit_revision', rev::text, true);
    PERFORM pg_notify('ditu', rev::text);
  ELSE
    rev := mine::bigint;
  END IF;
  IF TG_OP <> 'INSERT' THEN bare := OLD; bare.geom := NULL; was := to_jsonb(bare) - 'geom'; was_geom := OLD.geom; feature := OLD.fid; END IF;
  IF TG_OP <> 'DELETE' THEN feature := NEW.fid; END IF;
  INSERT INTO {s}.ditu_change VALUES (name, rev, feature, was, was_geom,
    ST_XMin(was_geom), ST_YMin(was_geom), ST_XMax(was_geom), ST_YMax(was_geom)) ON CONFLICT DO NOTHING;
  INSERT INTO {s}.ditu_revision AS r VALUES (rev, name, now(), current_user, '', '', '',
    (TG_OP = 'INSERT')::int, (TG_OP = 'UPDATE')::int, (TG_OP = 'DELETE')::int)
  ON CONFLICT (layer, id) DO UPDATE SET added = r.added + excluded.added, changed = r.changed + excluded.changed,
    removed = r.removed + excluded.removed;
  UPDATE {s}.ditu_layer SET revision = rev, next_id = greatest(next_id, feature + 1),
    features = features + (TG_OP = 'INSERT')::int - (TG_OP = 'DELETE')::int WHERE layer = name;
  PERFORM {s}.ditu_unpack(name);
  -- The hashes are not SQL's business: a NULL content is computed by the next import.
  IF TG_OP = 'DELETE' THEN
    EXECUTE format('DELETE FROM {s}.%I WHERE fid = $1', TG_ARGV[1]) USING feature;
  ELSE
    EXECUTE format('INSERT INTO {s}.%I VALUES ($1, NULL, NULL) ON CONFLICT (fid) DO UPDATE SET key = NULL, content = NULL',
      TG_ARGV[1]) USING feature;
  END IF;
  RETURN NULL;
END $f$;
"#;

/// Makes what is missing. A spatial index comes with a layer's first rows and a key index with its first edit: made faster after than beside rows,
/// and making one does not keep readers waiting, as dropping it would.
pub(super) async fn prepare(
    tx: &Transaction<'_>,
    schema: &str,
    lock: i64,
    layers: &Layers,
) -> Result<(), StoreError> {
    let failed = super::env("preparing the database");
    let core = CORE.replace("{s}", &quote(schema)).replace("{lock}", &lock.to_string());
    let mark = mark(&core, layers);
    if let Some(found) = state(tx, schema).await.map_err(&failed)?
        && found.comment.as_deref() == Some(&found.written(&mark))
    {
        return Ok(());
    }
    tx.batch_execute(&format!("SET LOCAL lock_timeout = '20s'; SELECT pg_advisory_xact_lock({lock})"))
        .await
        .map_err(&failed)?;
    let version = tx
        .query("SELECT extversion FROM pg_extension WHERE extname = 'postgis'", &[])
        .await
        .map_err(&failed)?;
    if version.is_empty() && tx.batch_execute("CREATE EXTENSION postgis").await.is_err() {
        return Err(StoreError::Schema {
            what: "the database has no PostGIS".into(),
            cure: "install the package and run `CREATE EXTENSION postgis` as a superuser".into(),
        });
    }
    tx.batch_execute(&core).await.map_err(&failed)?;
    let columns = columns(tx, schema).await?;
    for def in layers.iter() {
        let present = columns.get(&def.id.table()).map_or(&[][..], Vec::as_slice);
        layer(tx, schema, def, present).await?;
    }
    // Somebody else's comment on the schema stays; then it is prepared each time.
    if let Some(found) = state(tx, schema).await.map_err(&failed)?
        && found.owned
        && found.comment.as_deref().is_none_or(|c| c.starts_with(MARK))
    {
        let sql = format!("COMMENT ON SCHEMA {} IS '{}'", quote(schema), found.written(&mark));
        tx.batch_execute(&sql).await.map_err(&failed)?;
    }
    Ok(())
}

/// How a schema's comment begins that says for which layers it is ready.
const MARK: &str = "ditu ";

/// What a schema must be ready for.
fn mark(core: &str, layers: &Layers) -> String {
    let mut text = core.to_owned();
    for def in layers.iter() {
        text += &format!("\n{} {:?}", def.id, def.kind.shape());
        def.fields.iter().for_each(|f| text += &format!(" {} {:?}", f.name, f.kind));
    }
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(text.as_bytes()))
}

/// A schema as it is.
struct State {
    comment: Option<String>,
    owned: bool,
    /// Its functions by their text, and the number of its tables: an older Ditu or a person may have changed them.
    inside: String,
}

impl State {
    fn written(&self, mark: &str) -> String {
        format!("{MARK}{mark} {}", self.inside)
    }
}

async fn state(tx: &Transaction<'_>, schema: &str) -> Result<Option<State>, tokio_postgres::Error> {
    let sql = "SELECT obj_description(n.oid, 'pg_namespace'), pg_has_role(n.nspowner, 'USAGE'),
       (SELECT count(*) FROM pg_class WHERE relnamespace = n.oid AND relkind = 'r') || ' ' ||
       coalesce((SELECT string_agg(md5(prosrc), ' ' ORDER BY proname) FROM pg_proc
                 WHERE pronamespace = n.oid AND proname LIKE 'ditu\\_%'), '')
       FROM pg_namespace n WHERE n.nspname = $1";
    let row = tx.query_opt(sql, &[&schema]).await?;
    Ok(row.map(|r| State { comment: r.get(0), owned: r.get(1), inside: r.get(2) }))
}

fn sql_type(kind: FieldType) -> (&'static str, &'static str) {
    // As declared, and as information_schema names it.
    match kind {
        FieldType::Text => ("text", "text"),
        FieldType::Integer => ("bigint", "bigint"),
        FieldType::Real => ("float8", "double precision"),
        FieldType::Boolean => ("boolean", "boolean"),
        FieldType::Date => ("date", "date"),
        FieldType::DateTime => ("timestamptz", "timestamp with time zone"),
        FieldType::Json => ("jsonb", "jsonb"),
    }
}

/// Names and types of a table's columns.
type Columns = Vec<(String, String)>;

/// Columns of each table of the schema.
async fn columns(tx: &Transaction<'_>, schema: &str) -> Result<HashMap<String, Columns>, StoreError> {
    let sql = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
       WHERE table_schema = $1";
    let mut all: HashMap<String, Columns> = HashMap::new();
    for r in tx.query(sql, &[&schema]).await.map_err(super::env("reading the tables' columns"))? {
        all.entry(r.get(0)).or_default().push((r.get(1), r.get(2)));
    }
    Ok(all)
}

async fn layer(
    tx: &Transaction<'_>,
    schema: &str,
    def: &LayerDef,
    present: &[(String, String)],
) -> Result<(), StoreError> {
    let failed = super::env("preparing a layer's table");
    let (t, s) = (def.id.table(), quote(schema));
    let (q, side) = (quote(&t), quote(&format!("ditu_side_{t}")));
    if present.is_empty() {
        let fields: String =
            def.fields.iter().map(|f| format!(", {} {}", quote(&f.name), sql_type(f.kind).0)).collect();
        let kinds = match def.kind.shape() {
            Shape::Point => "'POINT', 'MULTIPOINT'",
            Shape::Line => "'MULTILINESTRING', 'LINESTRING'",
            Shape::Polygon => "'MULTIPOLYGON', 'POLYGON'",
        };
        let name = def.id.as_str().replace('\'', "''");
        let sql = format!(
            r#"
INSERT INTO {s}.ditu_layer VALUES ('{name}', 0, 1, 0) ON CONFLICT DO NOTHING;
CREATE TABLE {s}.{q} (fid bigint PRIMARY KEY DEFAULT {s}.ditu_take_id('{name}'), geom geometry{fields},
  CONSTRAINT enforce_srid_geom CHECK (ST_SRID(geom) = 4490),
  CONSTRAINT enforce_geotype_geom CHECK (geometrytype(geom) IN ({kinds})));
COMMENT ON TABLE {s}.{q} IS '{title}';
CREATE TABLE {s}.{side} (fid bigint PRIMARY KEY, key bytea, content bytea);
CREATE TRIGGER ditu_log AFTER INSERT OR UPDATE OR DELETE ON {s}.{q} FOR EACH ROW
  WHEN (current_setting('ditu.writer', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION {s}.ditu_log('{name}', 'ditu_side_{t}');
CREATE TRIGGER ditu_keep BEFORE TRUNCATE ON {s}.{q} FOR EACH STATEMENT EXECUTE FUNCTION {s}.ditu_log('{name}');
"#,
            title = def.title.zh.replace('\'', "''"),
        );
        return tx.batch_execute(&sql).await.map_err(failed);
    }
    for field in &def.fields {
        let (declare, named) = sql_type(field.kind);
        match present.iter().find(|(name, _)| *name == field.name).map(|(_, kind)| kind) {
            None => {
                let sql = format!("ALTER TABLE {s}.{q} ADD COLUMN {} {declare}", quote(&field.name));
                tx.batch_execute(&sql).await.map_err(&failed)?;
            }
            Some(kind) if kind == named => {}
            Some(kind) => {
                return Err(StoreError::Schema {
                    what: format!(
                        "{}.{} is {kind} in the database and {named} in layers/",
                        def.id, field.name
                    ),
                    cure: "give the field another name, or use another schema (?schema=NAME)".into(),
                });
            }
        }
    }
    Ok(())
}
