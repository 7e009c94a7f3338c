//! Which tags go into which layer, and what they mean there: a table to be read and corrected, not code.
//!
//! Tags as the OpenStreetMap wiki describes them; levels of divisions are those used in China.

use ditu_model::Shape;

/// What one layer takes.
pub(super) struct Theme {
    /// The layer's id, which is the table's name too.
    pub(super) layer: &'static str,
    pub(super) shape: Shape,
    /// Things without a name are nothing here.
    pub(super) named: bool,
    /// The first rule that fits a thing gives its code.
    pub(super) rules: &'static [Rule],
    pub(super) columns: &'static [(&'static str, Take)],
}

/// A tag and the code that it means.
pub(super) struct Rule {
    pub(super) key: &'static str,
    /// Values; none for any but `no`.
    pub(super) values: &'static [&'static str],
    /// A second key, and what its value must begin with.
    pub(super) also: Option<(&'static str, &'static [&'static str])>,
    pub(super) code: &'static str,
}

/// Where a column's value comes from.
pub(super) enum Take {
    /// The rule's code.
    Code,
    /// `way/123`: what the thing is called in the database.
    Id,
    /// The first of these keys that is there.
    Tag(&'static [&'static str]),
    /// The route number of a Chinese road; other countries' are no such numbers.
    Route,
    /// A division code: six, nine or twelve digits.
    Division,
    /// On a bridge, in a tunnel or on the ground.
    Level,
    /// A key's values and what they mean; others are left out.
    Words(&'static str, &'static [(&'static str, &'static [&'static str])]),
}
use Take::{Code, Division, Id, Level, Route, Tag, Words};

const fn rule(key: &'static str, values: &'static [&'static str], code: &'static str) -> Rule {
    Rule { key, values, also: None, code }
}

const fn with(
    key: &'static str,
    values: &'static [&'static str],
    also: (&'static str, &'static [&'static str]),
    code: &'static str,
) -> Rule {
    Rule { key, values, also: Some(also), code }
}

/// Classes of roads that may be numbered routes.
const ROUTES: &[&str] = &["trunk", "primary", "secondary", "tertiary", "unclassified"];

pub(super) const THEMES: &[Theme] = &[
    Theme {
        layer: "transport.road",
        shape: Shape::Line,
        named: false,
        rules: &[
            rule("highway", &["motorway"], "motorway"),
            rule(
                "highway",
                &["motorway_link", "trunk_link", "primary_link", "secondary_link", "tertiary_link"],
                "ramp",
            ),
            with(
                "highway",
                ROUTES,
                ("ref", &["G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "G9"]),
                "national",
            ),
            with(
                "highway",
                ROUTES,
                ("ref", &["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9"]),
                "provincial",
            ),
            with(
                "highway",
                ROUTES,
                ("ref", &["X0", "X1", "X2", "X3", "X4", "X5", "X6", "X7", "X8", "X9"]),
                "county",
            ),
            with(
                "highway",
                ROUTES,
                ("ref", &["Y0", "Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Y7", "Y8", "Y9"]),
                "township",
            ),
            with(
                "highway",
                ROUTES,
                ("ref", &["C0", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9"]),
                "village",
            ),
            rule("highway", &["trunk"], "expressway"),
            rule("highway", &["primary"], "arterial"),
            rule("highway", &["secondary"], "secondary"),
            rule("highway", &["tertiary", "unclassified", "residential", "road", "busway"], "branch"),
            rule("highway", &["service", "living_street"], "internal"),
            rule("highway", &["track"], "track"),
            rule(
                "highway",
                &["path", "footway", "cycleway", "steps", "pedestrian", "bridleway", "corridor"],
                "path",
            ),
        ],
        columns: &[
            ("code", Id),
            ("name", Tag(&["name"])),
            ("number", Route),
            ("class", Code),
            ("level", Level),
            ("oneway", Words("oneway", &[("是", &["yes", "1", "true"]), ("否", &["no", "0", "false"])])),
            ("lanes", Tag(&["lanes"])),
            ("width_m", Tag(&["width"])),
            ("speed_kmh", Tag(&["maxspeed"])),
            (
                "surface",
                Words(
                    "surface",
                    &[
                        ("asphalt", &["asphalt", "chipseal"]),
                        ("concrete", &["concrete", "concrete:plates", "concrete:lanes"]),
                        ("gravel", &["gravel", "fine_gravel", "compacted", "pebblestone"]),
                        ("stone", &["paving_stones", "sett", "cobblestone", "unhewn_cobblestone", "bricks"]),
                        ("earth", &["ground", "dirt", "earth", "unpaved", "mud", "sand", "grass"]),
                    ],
                ),
            ),
        ],
    },
    Theme {
        layer: "transport.railway",
        shape: Shape::Line,
        named: false,
        rules: &[
            with("railway", &["rail"], ("service", &["siding", "spur", "yard", "crossover"]), "siding"),
            with("railway", &["rail"], ("highspeed", &["yes"]), "highspeed"),
            rule("railway", &["rail"], "single"),
            rule("railway", &["narrow_gauge"], "narrow"),
            rule("railway", &["subway"], "metro"),
            rule("railway", &["light_rail", "tram"], "lightrail"),
            rule("railway", &["maglev"], "maglev"),
        ],
        columns: &[
            ("name", Tag(&["name"])),
            ("kind", Code),
            ("level", Level),
            (
                "electrified",
                Words(
                    "electrified",
                    &[("是", &["contact_line", "rail", "4th_rail", "yes"]), ("否", &["no"])],
                ),
            ),
        ],
    },
    Theme {
        layer: "transport.stop",
        shape: Shape::Point,
        named: true,
        rules: &[
            rule("highway", &["bus_stop"], "bus"),
            with("railway", &["station", "halt"], ("station", &["subway", "light_rail"]), "metro"),
            rule("railway", &["station", "halt"], "rail"),
            rule("amenity", &["bus_station"], "coach"),
            rule("amenity", &["ferry_terminal"], "port"),
            rule("amenity", &["parking"], "parking"),
            rule("amenity", &["fuel", "charging_station"], "fuel"),
            rule("aeroway", &["aerodrome"], "airport"),
        ],
        columns: &[("code", Id), ("name", Tag(&["name"])), ("kind", Code), ("routes", Tag(&["route_ref"]))],
    },
    Theme {
        layer: "water.area",
        shape: Shape::Polygon,
        named: false,
        rules: &[
            with("natural", &["water"], ("water", &["river", "stream", "oxbow", "rapids"]), "river"),
            with("natural", &["water"], ("water", &["canal", "ditch", "lock", "moat"]), "canal"),
            with("natural", &["water"], ("water", &["reservoir", "basin"]), "reservoir"),
            with("natural", &["water"], ("water", &["pond", "fish_pond", "fishpond"]), "pond"),
            rule("natural", &["water"], "lake"),
            rule("waterway", &["riverbank"], "river"),
            rule("landuse", &["reservoir", "basin"], "reservoir"),
            rule("landuse", &["aquaculture"], "pond"),
            rule("natural", &["wetland"], "wetland"),
            rule("natural", &["shoal"], "shoal"),
        ],
        columns: &[("name", Tag(&["name"])), ("kind", Code)],
    },
    Theme {
        layer: "water.line",
        shape: Shape::Line,
        named: false,
        rules: &[
            with(
                "waterway",
                &["river", "stream", "canal", "ditch", "drain"],
                ("tunnel", &["culvert"]),
                "culvert",
            ),
            with("waterway", &["canal", "ditch", "drain"], ("bridge", &["aqueduct"]), "aqueduct"),
            rule("waterway", &["river"], "river"),
            rule("waterway", &["stream", "tidal_channel"], "stream"),
            rule("waterway", &["canal"], "canal"),
            rule("waterway", &["ditch", "drain"], "ditch"),
            rule("waterway", &["dam", "weir"], "dam"),
            rule("waterway", &["lock_gate", "sluice_gate"], "sluice"),
            rule("man_made", &["dyke"], "dyke"),
        ],
        columns: &[("name", Tag(&["name"])), ("kind", Code), ("width_m", Tag(&["width"]))],
    },
    Theme {
        layer: "placename.place",
        shape: Shape::Point,
        named: true,
        rules: &[
            rule("place", &["state", "province"], "province"),
            rule("place", &["city"], "prefecture"),
            rule("place", &["county", "district", "municipality"], "county"),
            rule("place", &["town"], "town"),
            rule("place", &["suburb", "borough"], "subdistrict"),
            rule("place", &["village"], "village"),
            rule("place", &["hamlet", "isolated_dwelling", "farm"], "settlement"),
            rule("place", &["neighbourhood", "quarter", "city_block"], "neighbourhood"),
            rule("place", &["locality", "island", "islet", "region"], "area"),
            rule("natural", &["peak", "volcano"], "mountain"),
            rule("amenity", &["townhall"], "government"),
            rule("amenity", &["hospital"], "hospital"),
            rule("amenity", &["school", "university", "college"], "school"),
            rule("railway", &["station", "halt"], "station"),
            rule("aeroway", &["aerodrome"], "airport"),
            rule("tourism", &["attraction", "viewpoint", "museum", "zoo", "theme_park"], "scenic"),
            rule("leisure", &["park", "garden"], "park"),
            rule("shop", &["mall", "supermarket", "department_store"], "shop"),
            rule("amenity", &["marketplace"], "shop"),
        ],
        columns: &[
            ("code", Id),
            ("name", Tag(&["name"])),
            ("roman", Tag(&["name:zh-Latn-pinyin", "name:zh_pinyin", "name:en", "int_name"])),
            ("kind", Code),
            ("other_names", Tag(&["alt_name", "old_name", "short_name"])),
        ],
    },
    Theme {
        layer: "cadastre.building",
        shape: Shape::Polygon,
        named: false,
        rules: &[
            rule(
                "building",
                &[
                    "residential",
                    "apartments",
                    "house",
                    "detached",
                    "semidetached_house",
                    "terrace",
                    "dormitory",
                    "bungalow",
                ],
                "residential",
            ),
            rule(
                "building",
                &["commercial", "retail", "supermarket", "hotel", "kiosk", "bank"],
                "commercial",
            ),
            rule("building", &["office"], "office"),
            rule("building", &["industrial", "manufacture", "factory"], "industrial"),
            rule("building", &["warehouse", "storage_tank", "silo"], "storage"),
            rule("building", &["public", "civic", "government", "fire_station"], "public"),
            rule("building", &["school", "university", "college", "kindergarten"], "education"),
            rule("building", &["hospital", "clinic"], "medical"),
            rule("building", &["stadium", "sports_hall", "sports_centre", "museum", "theatre"], "culture"),
            rule("building", &["train_station", "transportation", "hangar", "parking"], "transport"),
            rule(
                "building",
                &[
                    "church",
                    "cathedral",
                    "chapel",
                    "mosque",
                    "temple",
                    "shrine",
                    "monastery",
                    "religious",
                    "synagogue",
                ],
                "religious",
            ),
            rule("building", &["farm", "farm_auxiliary", "barn", "greenhouse", "cowshed", "stable"], "farm"),
            rule("building", &["shed", "garage", "garages", "carport", "roof", "hut"], "shed"),
            rule("building", &["construction"], "building_site"),
            rule("building", &["ruins", "collapsed"], "ruin"),
            rule("building", &[], "general"),
        ],
        columns: &[
            ("name", Tag(&["name"])),
            ("number", Tag(&["addr:housenumber"])),
            ("kind", Code),
            ("floors", Tag(&["building:levels"])),
            ("floors_below", Tag(&["building:levels:underground"])),
            ("height_m", Tag(&["height"])),
            ("address", Tag(&["addr:full"])),
        ],
    },
    Theme {
        layer: "boundary.area",
        shape: Shape::Polygon,
        named: true,
        rules: LEVELS,
        columns: &[
            ("code", Division),
            ("name", Tag(&["name"])),
            ("level", Code),
            ("population", Tag(&["population"])),
        ],
    },
    Theme {
        layer: "boundary.line",
        shape: Shape::Line,
        named: false,
        rules: LEVELS,
        columns: &[("level", Code)],
    },
];

const LEVELS: &[Rule] = &[
    with("boundary", &["administrative"], ("admin_level", &["2"]), "country"),
    with("boundary", &["administrative"], ("admin_level", &["3", "4"]), "province"),
    with("boundary", &["administrative"], ("admin_level", &["5"]), "prefecture"),
    with("boundary", &["administrative"], ("admin_level", &["6", "7"]), "county"),
    with("boundary", &["administrative"], ("admin_level", &["8"]), "town"),
    with("boundary", &["administrative"], ("admin_level", &["10"]), "village"),
];
