//! Revisioned feature stores: GeoPackage and PostGIS behind one trait.
