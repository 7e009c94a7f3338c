//! What differs between two versions of a feature, in words: how far it moved, how its size changed, which field went from
//! what to what; and what a feature is called where it has no key.

use crate::geojson;
use ditu_importers::ground;
use ditu_model::{
    Bounds, Difference, Feature, FeatureSource, Field, Geometry, LayerDef, Layers, Query, Row, Shape, Text,
    Value,
};
use futures_util::StreamExt;
use serde_json::{Value as Json, json};

/// Pairs of a vertex and a segment that are measured; of larger shapes only the box is.
const PAIRS_MOST: usize = 4_000_000;
/// Half a side, in degrees, of where a place name is looked for: some 500 m.
const AROUND: f64 = 0.005;

/// One thing that differs.
#[derive(Debug)]
pub(crate) enum Change<'a> {
    /// A field.
    Field { field: &'a Field, from: &'a Value, to: &'a Value },
    /// The shape.
    Shape(Reshaped),
    /// There was no shape before.
    Gained,
    /// There is none any more.
    Lost,
}

/// How a shape differs from what it was.
#[derive(Debug)]
pub(crate) struct Reshaped {
    /// How far the middle of its box has moved, in metres.
    middle_m: f64,
    /// How far the vertex that lies furthest off lies from the other shape, in metres.
    furthest_m: f64,
    /// Area in m² or length in m, before and after.
    size: Option<[f64; 2]>,
    vertices: [usize; 2],
    parts: [usize; 2],
    /// Mean heights, where there are heights on both sides.
    height: Option<[f64; 2]>,
    shape: Shape,
}

/// What differs between two versions.
pub(crate) fn between<'a>(def: &'a LayerDef, a: &'a Row, b: &'a Row) -> Vec<Change<'a>> {
    let fields = def.fields.iter().zip(a.values.iter().zip(&b.values));
    let mut all: Vec<Change<'_>> = fields
        .filter(|(_, (from, to))| from != to)
        .map(|(field, (from, to))| Change::Field { field, from, to })
        .collect();
    match (&a.geometry, &b.geometry) {
        (Some(x), Some(y)) if x != y => all.push(Change::Shape(Reshaped::new(x, y))),
        (None, Some(_)) => all.push(Change::Gained),
        (Some(_), None) => all.push(Change::Lost),
        _ => {}
    }
    all
}

/// All that differs in one line.
pub(crate) fn line(changes: &[Change<'_>]) -> Text {
    let texts: Vec<Text> = changes.iter().map(Change::text).collect();
    let join = |sep: &str, f: fn(&Text) -> &str| texts.iter().map(f).collect::<Vec<_>>().join(sep);
    Text::new(join("；", |t| &t.zh), join("; ", |t| &t.en))
}

fn written(v: &Value) -> String {
    if v.is_null() { "∅".to_owned() } else { v.to_string() }
}

impl Change<'_> {
    /// In words.
    pub(crate) fn text(&self) -> Text {
        match self {
            Change::Field { field, from, to } => {
                let (from, to) = (written(from), written(to));
                Text::new(
                    format!("{}：{from} → {to}", field.title.zh),
                    format!("{}: {from} → {to}", field.name),
                )
            }
            Change::Shape(s) => s.text(),
            Change::Gained => Text::new("新增图形", "a shape where there was none"),
            Change::Lost => Text::new("图形已去掉", "the shape is gone"),
        }
    }

    /// For programs.
    pub(crate) fn json(&self) -> Json {
        match self {
            Change::Field { field, from, to } => {
                json!({"field": field.name, "from": geojson::value(from), "to": geojson::value(to)})
            }
            Change::Shape(s) => s.json(),
            Change::Gained => json!({"geometry": "added"}),
            Change::Lost => json!({"geometry": "removed"}),
        }
    }
}

/// Metres as people say them: millimetres below a centimetre.
fn metres(m: f64) -> String {
    if m < 0.01 { format!("{:.1} mm", m * 1000.0) } else { format!("{m:.2} m") }
}

impl Reshaped {
    fn new(a: &Geometry, b: &Geometry) -> Reshaped {
        let middle = |g: &Geometry| {
            let b = g.bounds();
            [(b.min[0] + b.max[0]) / 2.0, (b.min[1] + b.max[1]) / 2.0]
        };
        let some = !a.is_empty() && !b.is_empty();
        let middle_m = if some { ground::distance(middle(a), middle(b)) } else { 0.0 };
        let size = |of: fn(&Geometry) -> f64| Some([of(a), of(b)]);
        let mean = |g: &Geometry| g.z.iter().sum::<f64>() / g.z.len() as f64;
        Reshaped {
            middle_m,
            furthest_m: if some { furthest(a, b).max(furthest(b, a)) } else { 0.0 },
            size: match b.shape {
                Shape::Point => None,
                Shape::Line => size(ground::length),
                Shape::Polygon => size(ground::area),
            },
            vertices: [a.coords.len(), b.coords.len()],
            parts: [a.part_count(), b.part_count()],
            height: (a.has_z() && b.has_z() && a.z != b.z).then(|| [mean(a), mean(b)]),
            shape: b.shape,
        }
    }

    fn text(&self) -> Text {
        let (mut zh, mut en) = (Vec::new(), Vec::new());
        // Below this two doubles of a degree are the same place; what moves as a whole moves as far as its middle, give or take
        // how degrees narrow to the north.
        let (least, one) = (1e-5, self.shape == Shape::Point && self.vertices == [1, 1]);
        if self.middle_m > least
            && (one || (self.middle_m - self.furthest_m).abs() < least + self.middle_m * 0.002)
        {
            zh.push(format!("移动 {}", metres(self.middle_m)));
            en.push(format!("moved {}", metres(self.middle_m)));
        } else {
            if self.furthest_m > least {
                zh.push(format!("顶点最多移动 {}", metres(self.furthest_m)));
                en.push(format!("moved by up to {}", metres(self.furthest_m)));
            }
            if self.middle_m > least {
                zh.push(format!("中心移动 {}", metres(self.middle_m)));
                en.push(format!("its middle by {}", metres(self.middle_m)));
            }
        }
        if let Some([from, to]) = self.size.filter(|[a, b]| (a - b).abs() >= 0.005) {
            let (name, named, unit) =
                if self.shape == Shape::Line { ("长度", "length", "m") } else { ("面积", "area", "m²") };
            zh.push(format!("{name} {from:.2} → {to:.2} {unit}"));
            en.push(format!("{named} {from:.2} → {to:.2} {unit}"));
        }
        let mut counts = |zh_name: &str, en_name: &str, [from, to]: [usize; 2]| {
            if from != to {
                zh.push(format!("{zh_name} {from} → {to}"));
                en.push(format!("{en_name} {from} → {to}"));
            }
        };
        counts("顶点", "vertices", self.vertices);
        counts("部分", "parts", self.parts);
        if let Some([from, to]) = self.height {
            zh.push(format!("高程 {from:.3} → {to:.3} m"));
            en.push(format!("height {from:.3} → {to:.3} m"));
        }
        if zh.is_empty() {
            zh.push("图形写法不同，位置相同".to_owned());
            en.push("the shape is written differently, in the same place".to_owned());
        }
        Text::new(zh.join("，"), en.join(", "))
    }

    fn json(&self) -> Json {
        let mut json = json!({
            "geometry": "changed",
            "moved_m": self.furthest_m.max(self.middle_m),
            "middle_m": self.middle_m,
            "vertices": self.vertices,
            "parts": self.parts,
        });
        if let Some(size) = self.size {
            json[if self.shape == Shape::Line { "length_m" } else { "area_m2" }] = json!(size);
        }
        if let Some(height) = self.height {
            json["height_m"] = json!(height);
        }
        json
    }
}

/// How far the vertex of one shape that lies furthest from another lies from it, in metres.
fn furthest(of: &Geometry, from: &Geometry) -> f64 {
    if of.coords.len().saturating_mul(from.coords.len()) > PAIRS_MOST {
        let (a, b) = (of.bounds(), from.bounds());
        return ground::distance(a.min, b.min).max(ground::distance(a.max, b.max));
    }
    // Degrees of longitude as long as those of latitude.
    let squeeze = of.coords.first().map_or(1.0, |c| c[1].to_radians().cos());
    let flat = |p: [f64; 2]| [p[0] * squeeze, p[1]];
    let nearest = |p: [f64; 2]| -> [f64; 2] {
        let q = flat(p);
        let mut best = (f64::INFINITY, p);
        let mut take = |c: [f64; 2]| {
            let f = flat(c);
            let d = (f[0] - q[0]).hypot(f[1] - q[1]);
            if d < best.0 {
                best = (d, c);
            }
        };
        if from.shape == Shape::Point {
            from.coords.iter().for_each(|c| take(*c));
        }
        for w in from.rings().flat_map(|r| r.windows(2)) {
            let (a, b) = (flat(w[0]), flat(w[1]));
            let along = [b[0] - a[0], b[1] - a[1]];
            let length = along[0] * along[0] + along[1] * along[1];
            let t = ((q[0] - a[0]) * along[0] + (q[1] - a[1]) * along[1]) / length;
            let t = if t.is_finite() { t.clamp(0.0, 1.0) } else { 0.0 };
            take([0, 1].map(|i| w[0][i] + (w[1][i] - w[0][i]) * t));
        }
        best.1
    };
    of.coords.iter().map(|c| ground::distance(*c, nearest(*c))).fold(0.0, f64::max)
}

/// Where a feature lies: the middle of its box.
pub(crate) fn place(f: &Feature) -> Option<[f64; 2]> {
    let b = f.row.geometry.as_ref().filter(|g| !g.is_empty())?.bounds();
    Some([(b.min[0] + b.max[0]) / 2.0, (b.min[1] + b.max[1]) / 2.0])
}

/// What an office knows a feature by; empty where it has no key.
pub(crate) fn key(def: &LayerDef, f: &Feature) -> String {
    let parts: Vec<String> =
        def.key.iter().map(|&i| f.row.values[i].to_string()).filter(|t| !t.is_empty()).collect();
    parts.join(" ")
}

fn label<'a>(def: &LayerDef, row: &'a Row) -> Option<&'a str> {
    let label = def.label.as_ref()?;
    [Some(label.field), label.fallback].into_iter().flatten().find_map(|i| row.values[i].as_str())
}

/// What to call a feature: its key, else its label and where it lies, with a place name near it if one is given.
pub(crate) fn name(def: &LayerDef, f: &Feature, near: Option<&Near>) -> Text {
    let key = key(def, f);
    if !key.is_empty() {
        return Text::new(key.clone(), key);
    }
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    if let Some(label) = label(def, &f.row) {
        zh.push(label.to_owned());
        en.push(label.to_owned());
    }
    if let Some(near) = near.filter(|n| label(def, &f.row) != Some(&n.name)) {
        zh.push(format!("距“{}”{:.0} m", near.name, near.metres));
        en.push(format!("{:.0} m from {}", near.metres, near.name));
    }
    if let Some([lon, lat]) = place(f) {
        zh.push(format!("({lon:.6}, {lat:.6})"));
        en.push(format!("({lon:.6}, {lat:.6})"));
    }
    if zh.is_empty() {
        zh.push(format!("#{}", f.id));
        en.push(format!("#{}", f.id));
    }
    Text::new(zh.join(" "), en.join(" "))
}

/// A place name near a feature.
#[derive(Clone, Debug)]
pub(crate) struct Near {
    name: String,
    metres: f64,
}

/// The nearest named thing of the gazetteer, where there is one within some 500 m.
pub(crate) async fn near(source: &dyn FeatureSource, layers: &Layers, at: [f64; 2]) -> Option<Near> {
    let def = layers.iter().find(|l| l.theme.id == "placename" && l.label.is_some())?;
    let [x, y] = at;
    let bounds = Some(Bounds::new(x - AROUND, y - AROUND, x + AROUND, y + AROUND));
    let query = Query { bounds, limit: Some(500), ..Query::default() };
    // A gazetteer that cannot be read only leaves the name out.
    let mut stream = source.scan(&def.id, query).await.ok()?;
    let mut best: Option<Near> = None;
    while let Some(Ok(batch)) = stream.batches.next().await {
        for f in &batch {
            if let (Some(name), Some(p)) = (label(def, &f.row), place(f)) {
                let metres = ground::distance(at, p);
                if best.as_ref().is_none_or(|b| metres < b.metres) {
                    best = Some(Near { name: name.to_owned(), metres });
                }
            }
        }
    }
    best
}

/// Place names near the features that have no key, one a difference.
pub(crate) async fn places(
    source: &dyn FeatureSource,
    layers: &Layers,
    def: &LayerDef,
    all: &[Difference],
) -> Vec<Option<Near>> {
    let mut found = Vec::with_capacity(all.len());
    for d in all {
        let nameless = d.after.as_ref().or(d.before.as_ref()).filter(|f| key(def, f).is_empty());
        found.push(match nameless.and_then(place) {
            Some(at) => near(source, layers, at).await,
            None => None,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, size: f64) -> Geometry {
        let y = 29.0;
        Geometry::polygon(vec![vec![[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]])
    }

    #[test]
    fn a_moved_a_grown_and_a_rewritten_shape_are_told_apart() {
        let said = |a: &Geometry, b: &Geometry| Reshaped::new(a, b).text().en;
        let metre = 1.0 / 97_440.0;
        let a = square(111.5, 1e-3);
        assert_eq!(said(&a, &square(111.5 + 3.2 * metre, 1e-3)), "moved 3.20 m");
        assert_eq!(
            said(&Geometry::point(111.5, 29.0), &Geometry::point(111.5 + 0.002 * metre, 29.0)),
            "moved 2.0 mm"
        );
        let grown = said(&a, &square(111.5, 1.01e-3));
        // 110.836 m along the meridian by 97.439 m along the parallel of GRS 80 at 29°.
        assert!(grown.starts_with("moved by up to 1.") && grown.contains("area 10799."), "{grown}");
        let mut more = a.clone();
        more.coords.insert(1, [111.500_5, 29.0]);
        more.rings[0] += 1;
        assert_eq!(said(&a, &more), "vertices 5 → 6");
        let mut turned = a.clone();
        turned.coords.reverse();
        assert!(said(&a, &turned).contains("written differently"));
        let high = |z: f64| Geometry { z: vec![z], ..Geometry::point(111.5, 29.0) };
        assert_eq!(said(&high(31.5), &high(31.75)), "height 31.500 → 31.750 m");
    }

    #[test]
    fn a_feature_without_a_key_is_called_by_its_label_and_its_place() {
        let layers = Layers::parse(&[
            ("basemap.toml".into(), "themes = [\"t\"]".into()),
            (
                "t.toml".into(),
                "theme = \"t\"\ntitle = { zh = \"t\", en = \"t\" }\n[[layer]]\nid = \"t.a\"\ntitle = { zh = \"a\", en = \"a\" }\ngeometry = \"polygon\"\nsharing = \"open\"\ndisplay = { zooms = [0, 18] }\nlabel = { field = \"name\" }\n[[layer.field]]\nname = \"name\"\ntitle = { zh = \"名\", en = \"n\" }\ntype = \"text\"\n"
                    .into(),
            ),
        ])
        .unwrap();
        let def = layers.named("t.a").unwrap();
        let feature =
            |name: &str, geometry| Feature { id: 7, row: Row { values: vec![Value::text(name)], geometry } };
        let near = Near { name: "月亮湾".into(), metres: 120.4 };
        let called = |f: &Feature| name(def, f, Some(&near)).en;
        assert_eq!(
            called(&feature("柳叶湖", Some(square(111.5, 0.0)))),
            "柳叶湖 120 m from 月亮湾 (111.500000, 29.000000)"
        );
        assert_eq!(
            called(&feature("", Some(square(111.5, 0.0)))),
            "120 m from 月亮湾 (111.500000, 29.000000)"
        );
        assert_eq!(name(def, &feature("", None), None).en, "#7");
    }
}
