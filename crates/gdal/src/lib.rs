//! The one door to GDAL.
