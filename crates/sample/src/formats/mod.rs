//! Writers of the formats that offices deliver, each with every date in its headers fixed.

pub(crate) mod dxf;
pub(crate) mod geotiff;
pub mod shp;
pub(crate) mod text;
pub(crate) mod xlsx;

/// The well-known text that ESRI software writes into a `.prj` for EPSG:4525.
pub const PRJ_4525: &str = "PROJCS[\"CGCS2000_3_Degree_GK_Zone_37\",GEOGCS[\"GCS_China_Geodetic_Coordinate_System_2000\",DATUM[\"D_China_2000\",SPHEROID[\"CGCS2000\",6378137.0,298.257222101]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\"Gauss_Kruger\"],PARAMETER[\"False_Easting\",37500000.0],PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",111.0],PARAMETER[\"Scale_Factor\",1.0],PARAMETER[\"Latitude_Of_Origin\",0.0],UNIT[\"Meter\",1.0]]";
