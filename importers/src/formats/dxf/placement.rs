//! How an inserted block stands: its axes and its place (DXF reference, INSERT; the arbitrary axis algorithm).

use ditu_model::Geometry;

type P = [f64; 3];

/// Rows of an affine map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placement([[f64; 4]; 3]);

fn cross(a: P, b: P) -> P {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit(a: P) -> Option<P> {
    let length = a.iter().map(|n| n * n).sum::<f64>().sqrt();
    (length > 0.0 && length.is_finite()).then(|| a.map(|n| n / length))
}

impl Placement {
    /// Where the drawing's own entities stand.
    pub(super) const OWN: Placement =
        Placement([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);

    /// Of a block whose base point comes to `at`, scaled along its own axes, turned by degrees in a plane of this normal.
    pub(super) fn of(at: P, scale: P, degrees: f64, normal: P) -> Placement {
        let z = unit(normal).unwrap_or([0.0, 0.0, 1.0]);
        let steep = z[0].abs() < 1.0 / 64.0 && z[1].abs() < 1.0 / 64.0;
        let x =
            unit(cross(if steep { [0.0, 1.0, 0.0] } else { [0.0, 0.0, 1.0] }, z)).unwrap_or([1.0, 0.0, 0.0]);
        let y = cross(z, x);
        // Right angles are met exactly.
        let (sin, cos) = match degrees.rem_euclid(360.0) {
            0.0 => (0.0, 1.0),
            90.0 => (1.0, 0.0),
            180.0 => (0.0, -1.0),
            270.0 => (-1.0, 0.0),
            other => other.to_radians().sin_cos(),
        };
        Placement(std::array::from_fn(|i| {
            [
                (x[i] * cos + y[i] * sin) * scale[0],
                (y[i] * cos - x[i] * sin) * scale[1],
                z[i] * scale[2],
                at[i],
            ]
        }))
    }

    /// A block that stands so in one that stands as this.
    pub(super) fn of_inner(&self, inner: &Placement) -> Placement {
        Placement(std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                let linear: f64 = (0..3).map(|k| self.0[i][k] * inner.0[k][j]).sum();
                if j == 3 { linear + self.0[i][3] } else { linear }
            })
        }))
    }

    /// A place.
    pub(super) fn at(&self, p: P) -> P {
        self.0.map(|r| r[0] * p[0] + r[1] * p[1] + r[2] * p[2] + r[3])
    }

    /// How many times as long anything becomes, at most.
    pub(super) fn widest(&self) -> f64 {
        let [[a, b, c, _], [d, e, f, _], [g, h, i, _]] = self.0;
        if [c, f, g, h].iter().all(|n| n.abs() < 1e-9) {
            // The greater singular value of the plane's two by two.
            let (s, t) = ((a + e).hypot(d - b), (a - e).hypot(d + b));
            return ((s + t) / 2.0).max(i.abs());
        }
        self.0.iter().flat_map(|r| &r[..3]).map(|n| n * n).sum::<f64>().sqrt()
    }

    /// Whether it makes anything longer in one direction of the plane than in the other.
    pub(super) fn is_stretched(&self) -> bool {
        let [[a, b, ..], [d, e, ..], _] = self.0;
        let (x, y) = (a.hypot(d), b.hypot(e));
        (x - y).abs() > 0.01 * x.max(y)
    }

    /// A shape, with heights where it comes to have any.
    pub(super) fn shape(&self, shape: &Geometry) -> Geometry {
        let mut made = shape.clone();
        made.z.clear();
        let mut high = !shape.z.is_empty();
        let heights: Vec<f64> = made
            .coords
            .iter_mut()
            .enumerate()
            .map(|(i, c)| {
                let [x, y, z] = self.at([c[0], c[1], shape.z.get(i).copied().unwrap_or(0.0)]);
                *c = [x, y];
                high |= z != 0.0;
                z
            })
            .collect();
        if high {
            made.z = heights;
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: P, b: P) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9)
    }

    #[test]
    fn scale_comes_before_turn_and_place() {
        let stands = Placement::of([100.0, 200.0, 5.0], [2.0, -3.0, 1.0], 90.0, [0.0, 0.0, 1.0]);
        assert!(near(stands.at([1.0, 1.0, 1.0]), [103.0, 202.0, 6.0]));
        assert_eq!(stands.widest(), 3.0);
        assert!(stands.is_stretched());
        assert!(!Placement::of([0.0; 3], [-2.0, 2.0, 1.0], 33.0, [0.0, 0.0, -1.0]).is_stretched());
    }

    #[test]
    fn seen_from_below_east_is_west() {
        let stands = Placement::of([-10.0, 20.0, 0.0], [1.0, 1.0, 1.0], 0.0, [0.0, 0.0, -1.0]);
        assert!(near(stands.at([3.0, 4.0, 0.0]), [-13.0, 24.0, 0.0]));
    }

    #[test]
    fn one_in_another_stands_as_both_say() {
        let outer = Placement::of([10.0, 0.0, 1.0], [2.0, 2.0, 2.0], 90.0, [0.0, 0.0, 1.0]);
        let inner = Placement::of([1.0, 2.0, 0.0], [1.0, 5.0, 1.0], 45.0, [0.0, 0.0, 1.0]);
        let p = [3.0, 4.0, 5.0];
        assert!(near(outer.of_inner(&inner).at(p), outer.at(inner.at(p))));
        assert!(near(Placement::OWN.of_inner(&inner).at(p), inner.at(p)));
    }

    #[test]
    fn the_widest_is_that_of_a_circle_of_one() {
        for (scale, degrees) in [([0.2, 7.0, 1.0], 31.0), ([-3.0, 3.0, 1.0], 75.0), ([0.1, 0.1, 4.0], 0.0)] {
            let stands = Placement::of([0.0; 3], scale, degrees, [0.0, 0.0, 1.0]);
            let wanted = scale.iter().fold(0.0f64, |w, s| w.max(s.abs()));
            assert!((stands.widest() - wanted).abs() < 1e-9, "{scale:?}");
        }
        assert!(Placement::of([0.0; 3], [1.0; 3], 0.0, [0.6, 0.0, 0.8]).widest() >= 1.0);
    }

    #[test]
    fn a_flat_shape_is_lifted_with_its_block() {
        let line = Geometry::line(vec![[0.0, 0.0], [1.0, 0.0]]);
        let at = |z: f64| Placement::of([0.0, 0.0, z], [1.0; 3], 0.0, [0.0, 0.0, 1.0]);
        assert!(at(0.0).shape(&line).z.is_empty());
        assert_eq!(at(7.0).shape(&line).z, [7.0, 7.0]);
    }
}
