//! Fitted control: the transformation from a datum or a city's own grid to CGCS2000, found from points that are known
//! in both. No published one exists for Xian 1980, Beijing 1954 and city grids, and the parameters are state secrets:
//! what is in a [`Control`] is never printed.
//!
//! Formulas: plane similarity (4 parameters) and Bursa–Wolf (7 parameters, EPSG methods 1032, 1033) as in GB/T 28584
//! and the GDA handbook; least squares on coordinates reduced to their centroid.

mod fit;
mod geocentric;
mod plane;
mod solve;

pub use fit::{ControlPoint, FitError, FitReport, Residual, Used, fit};
pub use geocentric::{BursaWolf, Convention};
pub use plane::Plane4;

use crate::crs::{Crs, Projection};
use crate::ellipsoid::{Datum, Ellipsoid};
use crate::gauss::TransverseMercator;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A grid on a datum, by its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// The datum.
    pub datum: Datum,
    /// Longitude of the central meridian in degrees.
    pub central_meridian: f64,
    /// Scale on the central meridian; 1 for Gauss–Krüger.
    pub scale: f64,
    /// Metres added to eastings.
    pub false_easting: f64,
    /// Metres added to northings.
    pub false_northing: f64,
    /// Height of the projection plane above the ellipsoid in metres; 0 for national grids. The ellipsoid is enlarged by
    /// it, as city grids do.
    #[serde(default)]
    pub plane_height: f64,
}

impl Grid {
    /// The grid of a projected CRS; `None` for others.
    pub fn of(crs: &Crs) -> Option<Grid> {
        match crs.projection() {
            Projection::TransverseMercator(tm) if tm.latitude_of_origin == 0.0 => Some(Grid {
                datum: crs.datum(),
                central_meridian: tm.central_meridian,
                scale: tm.scale,
                false_easting: tm.false_easting,
                false_northing: tm.false_northing,
                plane_height: 0.0,
            }),
            _ => None,
        }
    }

    /// The ellipsoid, enlarged to the projection plane.
    pub fn ellipsoid(&self) -> Ellipsoid {
        let e = self.datum.ellipsoid();
        Ellipsoid { a: e.a + self.plane_height, ..e }
    }

    /// The projection.
    pub fn projection(&self) -> TransverseMercator {
        let Grid { central_meridian, scale, false_easting, false_northing, .. } = *self;
        TransverseMercator::new(self.ellipsoid(), central_meridian, 0.0, scale, false_easting, false_northing)
    }
}

/// What the source coordinates are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A grid whose projection is known.
    Grid(Grid),
    /// A plane of its own: only a plane similarity leads out of it.
    Local,
}

/// The fitted model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Between planes.
    Plane4(Plane4),
    /// Between geocentric coordinates.
    BursaWolf(BursaWolf),
}

/// A named transformation to CGCS2000. Serialises with its parameters, for a sealed file only; prints without them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// Its name.
    pub name: String,
    /// What it comes from.
    pub source: Source,
    /// The grid on CGCS2000 in which the points were given.
    pub target: Grid,
    /// The transformation.
    pub model: Model,
    /// Standard deviation of a coordinate after the fit, metres.
    pub sigma0: f64,
    /// Convex hull of the points that were used, longitude and latitude in degrees: outside it the fit extrapolates.
    pub hull: Vec<[f64; 2]>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("name", &self.name)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Why a control cannot be used for some coordinates.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// It was fitted for another datum.
    #[error("the control {name} leads from {} and not from {}", wanted.name(), found.name())]
    Datum {
        /// The control's name.
        name: String,
        /// The datum it was fitted for.
        wanted: Datum,
        /// The datum of the coordinates.
        found: Datum,
    },
    /// The coordinates are in a known CRS and the control is for a plane of its own.
    #[error("the control {0} is for a local grid, the coordinates are in a known CRS")]
    Local(String),
}

impl Control {
    /// The datum that it leads from; `None` for a plane of its own.
    pub fn datum(&self) -> Option<Datum> {
        match self.source {
            Source::Grid(g) => Some(g.datum),
            Source::Local => None,
        }
    }

    /// A name for reports, without parameters: `常德80, 4 parameters, Xian 1980 → CGCS2000`.
    pub fn describe(&self) -> String {
        let model = match self.model {
            Model::Plane4(_) => "4 parameters",
            Model::BursaWolf(_) => "7 parameters",
        };
        let from = self.datum().map_or("local grid", Datum::name);
        format!("{}, {model}, {from} → CGCS2000", self.name)
    }

    /// The share (0 to 1) of places (longitude and latitude in degrees) that lie outside the points' hull.
    pub fn share_outside(&self, places: &[[f64; 2]]) -> f64 {
        fit::share_outside(&self.hull, places)
    }

    /// The way from coordinates in a CRS (`None`: in the control's own source) to longitude and latitude of CGCS2000.
    ///
    /// # Errors
    /// When the CRS is not on the datum that the control leads from.
    pub fn way(&self, from: Option<&Crs>) -> Result<Way, ControlError> {
        let before = match (&self.source, from) {
            (Source::Local, Some(_)) => return Err(ControlError::Local(self.name.clone())),
            (Source::Local, None) => Before::Plane(None),
            (Source::Grid(g), crs) => {
                let other = match crs {
                    Some(crs) if crs.datum() != g.datum => {
                        let (wanted, found) = (g.datum, crs.datum());
                        return Err(ControlError::Datum { name: self.name.clone(), wanted, found });
                    }
                    Some(crs) if Grid::of(crs).as_ref() != Some(g) => Some(*crs.projection()),
                    _ => None,
                };
                Before::Plane(other.map(|p| (p, g.projection())))
            }
        };
        Ok(match self.model {
            Model::Plane4(plane) => Way::Plane { before, plane, target: self.target.projection() },
            Model::BursaWolf(helmert) => {
                let own = match (&self.source, before) {
                    (_, Before::Plane(Some((given, _)))) => given,
                    (Source::Grid(g), Before::Plane(None)) => Projection::TransverseMercator(g.projection()),
                    (Source::Local, _) => return Err(ControlError::Local(self.name.clone())),
                };
                let from = self.datum().unwrap_or(Datum::Cgcs2000).ellipsoid();
                Way::Geocentric { own, from, helmert, to: Datum::Cgcs2000.ellipsoid() }
            }
        })
    }
}

/// What happens before a plane similarity: coordinates of another grid of the same datum go through it exactly.
#[derive(Clone, Copy, Debug)]
pub enum Before {
    /// From a projection to the control's own grid; `None` when they are in it already.
    Plane(Option<(Projection, TransverseMercator)>),
}

/// A control made ready for many points.
#[allow(clippy::large_enum_variant, reason = "made once a table, read once a vertex")]
#[derive(Clone, Copy)]
pub enum Way {
    /// Plane to plane, then off the target's grid.
    Plane {
        /// Into the source plane.
        before: Before,
        /// The similarity.
        plane: Plane4,
        /// The target's projection.
        target: TransverseMercator,
    },
    /// Off the source's grid, through geocentric coordinates at height 0.
    Geocentric {
        /// The source's projection.
        own: Projection,
        /// The source's ellipsoid.
        from: Ellipsoid,
        /// The seven parameters.
        helmert: BursaWolf,
        /// The target's ellipsoid.
        to: Ellipsoid,
    },
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Way(…)")
    }
}

fn unproject(p: &Projection, xy: [f64; 2]) -> [f64; 2] {
    match p {
        Projection::Geographic => xy,
        Projection::TransverseMercator(tm) => tm.unproject(xy),
        Projection::WebMercator => crate::mercator::unproject(xy),
    }
}

impl Way {
    /// Easting and northing (or degrees) → longitude and latitude of CGCS2000 in degrees; NaN outside the domain.
    pub fn apply(&self, xy: [f64; 2]) -> [f64; 2] {
        match self {
            Way::Plane { before: Before::Plane(before), plane, target } => {
                let xy = match before {
                    Some((given, own)) => own.project(unproject(given, xy)),
                    None => xy,
                };
                let [n, e] = plane.apply([xy[1], xy[0]]);
                target.unproject([e, n])
            }
            Way::Geocentric { own, from, helmert, to } => {
                let lonlat = unproject(own, xy);
                let p = geocentric::to_xyz(from, [lonlat[0], lonlat[1], 0.0]);
                let [lon, lat, _] = geocentric::to_lonlat(to, helmert.apply(p));
                [lon, lat]
            }
        }
    }
}

#[cfg(test)]
mod tests;
