//! From one CRS's numbers to longitude and latitude, in batches.

use crate::control::{Control, ControlError, Way};
use crate::crs::{Crs, Projection};
use crate::ellipsoid::Datum;
use crate::mercator;

/// Why there is no transformation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransformError {
    /// No published operation joins the two datums; PROJ would silently do nothing.
    #[error("there is no published transformation from {} to {}: control points must be fitted", from.name(), to.name())]
    NeedsControl {
        /// The source's datum.
        from: Datum,
        /// The target's datum.
        to: Datum,
    },
    /// The target is not longitude and latitude.
    #[error("the target is not a geographic CRS")]
    NotGeographic,
}

/// A transformation from a CRS to longitude and latitude in degrees.
#[derive(Clone, Debug)]
pub struct Transform {
    from: Projection,
    /// How far the two datums lie apart, in metres.
    apart_m: f64,
    /// Fitted control, with its standard deviation in metres.
    control: Option<(Way, f64)>,
}

impl Transform {
    /// Between equal datums, or between CGCS2000, WGS 84 and ETRS89, which agree to a decimetre or (ETRS89, which moves
    /// with Europe: EPSG 1149) a metre. A no-op, stated as such.
    ///
    /// # Errors
    /// [`TransformError::NeedsControl`] for Xian 1980 and Beijing 1954 to anything else.
    pub fn to_geographic(from: &Crs, to: &Crs) -> Result<Transform, TransformError> {
        if !to.is_geographic() {
            return Err(TransformError::NotGeographic);
        }
        let (a, b) = (from.datum(), to.datum());
        let modern = |d| matches!(d, Datum::Cgcs2000 | Datum::Wgs84 | Datum::Etrs89);
        if a != b && !(modern(a) && modern(b)) {
            return Err(TransformError::NeedsControl { from: a, to: b });
        }
        let apart_m = match (a == b, a == Datum::Etrs89 || b == Datum::Etrs89) {
            (true, _) => 0.0,
            (_, true) => 1.0,
            _ => 0.1,
        };
        Ok(Transform { from: *from.projection(), apart_m, control: None })
    }

    /// By fitted control, to CGCS2000. `from` is the CRS of the coordinates; `None` when they are in the control's own
    /// source.
    ///
    /// # Errors
    /// When the control leads from another datum.
    pub fn by_control(from: Option<&Crs>, control: &Control) -> Result<Transform, ControlError> {
        let way = control.way(from)?;
        let from = from.map_or(Projection::Geographic, |c| *c.projection());
        Ok(Transform { from, apart_m: 0.0, control: Some((way, control.sigma0)) })
    }

    /// Stated accuracy in metres: the projection is exact; CGCS2000 against WGS 84 is a decimetre, against
    /// ETRS89 a metre; control is as good as its points fitted.
    pub fn accuracy_m(&self) -> f64 {
        match &self.control {
            Some((_, sigma0)) => *sigma0,
            None => self.apart_m,
        }
    }

    /// Easting and northing (or longitude and latitude) → longitude and latitude, in place. A point outside the CRS's
    /// domain becomes NaN; returns how many did.
    pub fn apply(&self, points: &mut [[f64; 2]]) -> usize {
        let mut lost = 0;
        let mut each = |f: &dyn Fn([f64; 2]) -> [f64; 2]| {
            // A ring ends where it began: that point is known, and the next one begins another.
            let mut began: Option<([f64; 2], [f64; 2])> = None;
            for p in points.iter_mut() {
                match began {
                    Some((from, to)) if from == *p => (*p, began) = (to, None),
                    _ => {
                        let from = *p;
                        *p = f(from);
                        began = began.or(Some((from, *p)));
                    }
                }
                lost += usize::from(p[0].is_nan() || p[1].is_nan());
            }
        };
        if let Some((way, _)) = &self.control {
            each(&|p| way.apply(p));
            return lost;
        }
        match &self.from {
            Projection::Geographic => each(&|p| {
                let fits = p[0].abs() <= 180.0 && p[1].abs() <= 90.0;
                if fits { p } else { [f64::NAN; 2] }
            }),
            Projection::TransverseMercator(tm) => each(&|p| tm.unproject(p)),
            Projection::WebMercator => each(&mercator::unproject),
        }
        lost
    }
}
