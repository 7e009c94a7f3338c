//! Flat geometry: one buffer of coordinates, with ring and part ends beside it.

use geo_types as gt;

/// What kind of shape a [`Geometry`] holds. Multi-part shapes are the same kind with more than one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// One or more points; every coordinate is a part.
    Point,
    /// One or more line strings; every ring is a line.
    Line,
    /// One or more polygons; a part is an exterior ring followed by its holes.
    Polygon,
}

/// A box, `min` and `max` inclusive, x = longitude or easting, y = latitude or northing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Lower left corner.
    pub min: [f64; 2],
    /// Upper right corner.
    pub max: [f64; 2],
}

impl Bounds {
    /// A box that contains nothing and grows with [`Bounds::add`].
    pub const EMPTY: Bounds = Bounds { min: [f64::INFINITY; 2], max: [f64::NEG_INFINITY; 2] };

    /// A box from its four sides.
    pub fn new(min_x: f64, min_y: f64, max_x: f64, max_y: f64) -> Self {
        Bounds { min: [min_x, min_y], max: [max_x, max_y] }
    }

    /// True when nothing was added.
    pub fn is_empty(&self) -> bool {
        self.min[0] > self.max[0]
    }

    /// Grows the box to hold a point.
    #[inline]
    pub fn add(&mut self, p: [f64; 2]) {
        self.min[0] = self.min[0].min(p[0]);
        self.min[1] = self.min[1].min(p[1]);
        self.max[0] = self.max[0].max(p[0]);
        self.max[1] = self.max[1].max(p[1]);
    }

    /// The smallest box that holds both.
    pub fn union(&self, other: &Bounds) -> Bounds {
        let mut b = *self;
        if !other.is_empty() {
            b.add(other.min);
            b.add(other.max);
        }
        b
    }

    /// True when the two boxes share at least a point.
    pub fn intersects(&self, other: &Bounds) -> bool {
        self.min[0] <= other.max[0]
            && self.max[0] >= other.min[0]
            && self.min[1] <= other.max[1]
            && self.max[1] >= other.min[1]
    }

    /// True when `other` lies wholly inside.
    pub fn contains(&self, other: &Bounds) -> bool {
        self.min[0] <= other.min[0]
            && self.min[1] <= other.min[1]
            && self.max[0] >= other.max[0]
            && self.max[1] >= other.max[1]
    }
}

/// A shape of one or many parts, in one coordinate buffer.
///
/// *Shape*: `coords` holds x, y pairs; `z` is empty or as long as `coords`; `rings` holds the end (exclusive) of each
/// line or ring in `coords`; `parts` holds the end (exclusive) of each polygon in `rings`. For points both are empty,
/// for lines `parts` is empty. Rings are closed (first = last). An empty geometry has no coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry {
    /// Point, line or polygon.
    pub shape: Shape,
    /// x, y pairs.
    pub coords: Vec<[f64; 2]>,
    /// Heights in metres, empty when two-dimensional.
    pub z: Vec<f64>,
    /// Ends of lines or rings in `coords`.
    pub rings: Vec<u32>,
    /// Ends of polygons in `rings`.
    pub parts: Vec<u32>,
}

impl Geometry {
    /// An empty geometry of a kind, to push into.
    pub fn new(shape: Shape) -> Self {
        Geometry { shape, coords: Vec::new(), z: Vec::new(), rings: Vec::new(), parts: Vec::new() }
    }

    /// One point.
    pub fn point(x: f64, y: f64) -> Self {
        Geometry { coords: vec![[x, y]], ..Geometry::new(Shape::Point) }
    }

    /// One line string.
    pub fn line(coords: Vec<[f64; 2]>) -> Self {
        let end = coords.len() as u32;
        Geometry { shape: Shape::Line, coords, z: Vec::new(), rings: vec![end], parts: Vec::new() }
    }

    /// One polygon from its rings (exterior first), each closed.
    pub fn polygon(rings: Vec<Vec<[f64; 2]>>) -> Self {
        let mut g = Geometry::new(Shape::Polygon);
        for ring in rings {
            g.push_ring(&ring);
        }
        g.end_part();
        g
    }

    /// Appends a line or ring.
    pub fn push_ring(&mut self, ring: &[[f64; 2]]) {
        self.coords.extend_from_slice(ring);
        self.rings.push(self.coords.len() as u32);
    }

    /// Ends the polygon whose rings were pushed since the last end.
    pub fn end_part(&mut self) {
        self.parts.push(self.rings.len() as u32);
    }

    /// True when there is no coordinate.
    pub fn is_empty(&self) -> bool {
        self.coords.is_empty()
    }

    /// True when every coordinate has a height.
    pub fn has_z(&self) -> bool {
        !self.z.is_empty()
    }

    /// Number of points, lines or polygons.
    pub fn part_count(&self) -> usize {
        match self.shape {
            Shape::Point => self.coords.len(),
            Shape::Line => self.rings.len(),
            Shape::Polygon => self.parts.len(),
        }
    }

    /// The coordinates of ring or line `i`.
    pub fn ring(&self, i: usize) -> &[[f64; 2]] {
        let start = if i == 0 { 0 } else { self.rings[i - 1] as usize };
        &self.coords[start..self.rings[i] as usize]
    }

    /// The range of rings that make up polygon `i`, the exterior first.
    pub fn part(&self, i: usize) -> std::ops::Range<usize> {
        let start = if i == 0 { 0 } else { self.parts[i - 1] as usize };
        start..self.parts[i] as usize
    }

    /// All lines or rings in order.
    pub fn rings(&self) -> impl Iterator<Item = &[[f64; 2]]> {
        (0..self.rings.len()).map(|i| self.ring(i))
    }

    /// The box around all coordinates.
    pub fn bounds(&self) -> Bounds {
        let mut b = Bounds::EMPTY;
        for c in &self.coords {
            b.add(*c);
        }
        b
    }

    /// True when every coordinate and height is finite.
    pub fn is_finite(&self) -> bool {
        self.coords.iter().all(|c| c[0].is_finite() && c[1].is_finite())
            && self.z.iter().all(|z| z.is_finite())
    }

    /// Applies a function to every coordinate in place.
    pub fn map_coords(&mut self, mut f: impl FnMut([f64; 2]) -> [f64; 2]) {
        for c in &mut self.coords {
            *c = f(*c);
        }
    }

    /// The same shape as a `geo_types` geometry; heights are left out.
    pub fn to_geo(&self) -> gt::Geometry<f64> {
        let line =
            |r: &[[f64; 2]]| gt::LineString(r.iter().map(|c| gt::Coord { x: c[0], y: c[1] }).collect());
        match self.shape {
            Shape::Point if self.coords.len() == 1 => {
                gt::Point::new(self.coords[0][0], self.coords[0][1]).into()
            }
            Shape::Point => {
                gt::MultiPoint(self.coords.iter().map(|c| gt::Point::new(c[0], c[1])).collect()).into()
            }
            Shape::Line if self.rings.len() == 1 => line(self.ring(0)).into(),
            Shape::Line => gt::MultiLineString(self.rings().map(line).collect()).into(),
            Shape::Polygon => {
                let mut polygons: Vec<gt::Polygon<f64>> = (0..self.parts.len())
                    .map(|p| {
                        let mut rings = self.part(p).map(|r| line(self.ring(r)));
                        let exterior = rings.next().unwrap_or_else(|| gt::LineString(Vec::new()));
                        gt::Polygon::new(exterior, rings.collect())
                    })
                    .collect();
                match (polygons.len(), polygons.pop()) {
                    (1, Some(only)) => only.into(),
                    (_, last) => {
                        polygons.extend(last);
                        gt::MultiPolygon(polygons).into()
                    }
                }
            }
        }
    }

    /// A flat geometry from a `geo_types` one. Collections, and kinds that mix, give `None`.
    pub fn from_geo(geometry: &gt::Geometry<f64>) -> Option<Geometry> {
        let ring = |l: &gt::LineString<f64>| l.0.iter().map(|c| [c.x, c.y]).collect::<Vec<_>>();
        let polygon = |g: &mut Geometry, p: &gt::Polygon<f64>| {
            if p.exterior().0.is_empty() {
                return;
            }
            g.push_ring(&ring(p.exterior()));
            for hole in p.interiors() {
                g.push_ring(&ring(hole));
            }
            g.end_part();
        };
        let mut g;
        match geometry {
            gt::Geometry::Point(p) => return Some(Geometry::point(p.x(), p.y())),
            gt::Geometry::MultiPoint(m) => {
                g = Geometry::new(Shape::Point);
                g.coords.extend(m.iter().map(|p| [p.x(), p.y()]));
            }
            gt::Geometry::Line(l) => {
                return Some(Geometry::line(vec![[l.start.x, l.start.y], [l.end.x, l.end.y]]));
            }
            gt::Geometry::LineString(l) => return Some(Geometry::line(ring(l))),
            gt::Geometry::MultiLineString(m) => {
                g = Geometry::new(Shape::Line);
                m.iter().for_each(|l| g.push_ring(&ring(l)));
            }
            gt::Geometry::Polygon(p) => {
                g = Geometry::new(Shape::Polygon);
                polygon(&mut g, p);
            }
            gt::Geometry::MultiPolygon(m) => {
                g = Geometry::new(Shape::Polygon);
                m.iter().for_each(|p| polygon(&mut g, p));
            }
            gt::Geometry::Rect(r) => return Self::from_geo(&r.to_polygon().into()),
            gt::Geometry::Triangle(t) => return Self::from_geo(&t.to_polygon().into()),
            gt::Geometry::GeometryCollection(_) => return None,
        }
        Some(g)
    }
}
