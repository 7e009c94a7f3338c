//! 地籍: parcels, buildings and boundary points as shapefiles, made block by block.

use super::{Folder, Poi, io_at};
use crate::SampleError;
use crate::buildings::build;
use crate::city::City;
use crate::facts::{COUNTIES, STEMS, TOWNS};
use crate::formats::shp::{Cell, Column, Shape, Shapefile};
use crate::parcels::{Kind, cut, land_use};
use crate::partition::county_of;
use crate::plane::{P, area, key, lerp};
use crate::rng::Rng;
use crate::settlement::Rank;
use std::collections::BTreeSet;

const PARCEL: &[Column] = &[
    ("宗地代码", 'C', 19, 0),
    ("宗地号", 'C', 7, 0),
    ("地类编码", 'C', 5, 0),
    ("宗地面积", 'N', 12, 2),
    ("坐落", 'C', 56, 0),
    ("权利人", 'C', 20, 0),
    ("权利类型", 'C', 2, 0),
];

const BUILDING: &[Column] = &[
    ("房屋编码", 'C', 24, 0),
    ("宗地代码", 'C', 19, 0),
    ("房屋名称", 'C', 24, 0),
    ("幢号", 'C', 4, 0),
    ("房屋用途", 'C', 8, 0),
    ("房屋结构", 'C', 14, 0),
    ("总层数", 'N', 3, 0),
    ("房屋高度", 'N', 6, 1),
    ("建筑面积", 'N', 10, 1),
    ("建成年份", 'N', 4, 0),
];

const BOUNDARY_POINT: &[Column] =
    &[("宗地代码", 'C', 19, 0), ("界址点号", 'C', 8, 0), ("顺序号", 'N', 4, 0), ("界标类型", 'C', 8, 0)];

const SURNAMES: &[&str] =
    &["李", "王", "张", "刘", "陈", "杨", "黄", "周", "吴", "胡", "彭", "曾", "熊", "龚", "丁"];

pub(super) fn write(
    city: &City,
    folder: &mut Folder<'_>,
    pois: &mut Vec<Poi>,
    progress: &dyn Fn(u64, u64),
) -> Result<(), SampleError> {
    let names = ["08地籍/宗地.shp", "08地籍/房屋.shp", "08地籍/界址点.shp"];
    let paths = [folder.path(names[0])?, folder.path(names[1])?, folder.path(names[2])?];
    let mut parcels = Shapefile::create(&paths[0], Shape::Polygon, PARCEL).map_err(io_at(&paths[0]))?;
    let mut buildings = Shapefile::create(&paths[1], Shape::Polygon, BUILDING).map_err(io_at(&paths[1]))?;
    let mut points = Shapefile::create(&paths[2], Shape::Point, BOUNDARY_POINT).map_err(io_at(&paths[2]))?;
    let density = city.scale.powf(0.22);
    // Cadastral sub-districts are numbered within a town, over all its settlements.
    let mut districts = vec![0usize; TOWNS.len()];
    for (i, (lattice, plan)) in city.built.iter().enumerate() {
        let site = &city.sites[i];
        let county = COUNTIES[county_of(site.town)].0;
        let base = districts[site.town];
        districts[site.town] += plan.quarters.max(1);
        let mut serial = vec![0u32; plan.quarters];
        let mut point_serial = vec![0u32; plan.quarters];
        for (b, block) in plan.blocks.iter().enumerate() {
            let mut rng = Rng::new(city.site_seed(i), &[b as i64, 206]);
            let rural = site.rank >= Rank::Town;
            let mut seen: BTreeSet<(i64, i64)> = BTreeSet::new();
            // A sub-district has three digits; towns of more than 999 go on in districts of 800 and up.
            let sub = base + block.quarter;
            let district = if sub < 999 { district(site.town) } else { format!("{:03}", 800 + sub / 999) };
            let quarter_name = STEMS[(crate::rng::hash(city.seed, &[i as i64, block.quarter as i64, 5])
                % STEMS.len() as u64) as usize];
            for parcel in cut(&mut rng, block, &lattice.frame, density) {
                // Towns grow over their county's border; parcels do not lie across it, and each is its own county's.
                let Some(own) = county_around(city, &parcel.ring) else { continue };
                let home = own == county_of(site.town);
                let county = if home { county } else { COUNTIES[own].0 };
                let district = if home { district.clone() } else { format!("9{}", &district[1..]) };
                serial[block.quarter] += 1;
                let n = serial[block.quarter];
                let (land, _) = land_use(parcel.kind, rural);
                let owner_class = if land == "0702" { "JC" } else { "GB" };
                let code = format!("{county}{district}{:03}{owner_class}{n:05}", sub % 999 + 1);
                let m2 = area(&parcel.ring).abs();
                let house = land == "0702" || matches!(parcel.kind, Kind::House | Kind::Villa);
                let owner = if house {
                    format!("{}**", rng.pick(SURNAMES))
                } else {
                    format!(
                        "常德市{quarter_name}{}",
                        match parcel.kind {
                            Kind::School => "学校",
                            Kind::Hospital => "医院",
                            Kind::Works | Kind::Depot => "实业公司",
                            Kind::Slabs | Kind::Tower => "置业公司",
                            Kind::Park | Kind::Square | Kind::Vacant => "管理处",
                            _ => "商贸公司",
                        }
                    )
                };
                let place = format!("{}{quarter_name}片{n}号", TOWNS[site.town].1);
                let right = match (land, parcel.kind) {
                    ("0702", _) => "6",
                    (_, Kind::Vacant | Kind::Square | Kind::Park) => "3",
                    _ => "4",
                };
                parcels
                    .polygon(
                        &parcel.ring,
                        &[
                            Cell::Text(&code),
                            Cell::Text(&format!("{owner_class}{n:05}")),
                            Cell::Text(land),
                            Cell::Real(m2),
                            Cell::Text(&place),
                            Cell::Text(&owner),
                            Cell::Text(right),
                        ],
                    )
                    .map_err(io_at(&paths[0]))?;
                for (order, &m) in parcel.marks.iter().enumerate() {
                    let p = parcel.ring[m];
                    // Boundary points are set out in the county towns so far, not in the villages.
                    if rural || !seen.insert(key(p)) {
                        continue;
                    }
                    point_serial[block.quarter] += 1;
                    let mark = *rng.pick(&["钢钉", "水泥桩", "喷涂", "无标志"]);
                    points
                        .point(
                            p,
                            &[
                                Cell::Text(&code),
                                Cell::Text(&format!("J{}", point_serial[block.quarter])),
                                Cell::Whole(order as i64 + 1),
                                Cell::Text(mark),
                            ],
                        )
                        .map_err(io_at(&paths[2]))?;
                }
                let list = build(&mut rng, &parcel, &lattice.frame);
                let title = poi(&mut rng, &parcel, quarter_name, &list);
                if let Some((name, kind)) = &title {
                    pois.push(Poi {
                        name: name.clone(),
                        kind,
                        p: lerp(parcel.ring[0], parcel.ring[parcel.ring.len() / 2], 0.5),
                    });
                }
                let built = crate::streets::year(city.seed, &[i as i64, b as i64, i64::from(n), 7]);
                let many = list.len() > 1;
                for (k, house) in list.iter().enumerate() {
                    let base_area = area(&house.ring).abs();
                    let name = match &title {
                        Some((t, "住宅小区")) if many => format!("{t}{}栋", k + 1),
                        Some((t, _)) if k == 0 => t.clone(),
                        _ => String::new(),
                    };
                    buildings
                        .polygon(
                            &house.ring,
                            &[
                                Cell::Text(&format!("{code}F{:04}", k + 1)),
                                Cell::Text(&code),
                                Cell::Text(&name),
                                Cell::Text(&(k + 1).to_string()),
                                Cell::Text(house.usage),
                                Cell::Text(house.structure),
                                Cell::Whole(house.floors),
                                Cell::Real(house.height),
                                Cell::Real(base_area * house.floors as f64),
                                Cell::Whole(built),
                            ],
                        )
                        .map_err(io_at(&paths[1]))?;
                }
            }
        }
        if i < 16 || i % 64 == 0 {
            progress(i as u64, city.built.len() as u64);
        }
    }
    let ids = ["cadastre.parcel", "cadastre.building", "cadastre.boundary_point"];
    for (((shp, path), name), id) in [parcels, buildings, points].into_iter().zip(&paths).zip(names).zip(ids)
    {
        let count = shp.finish().map_err(io_at(path))?;
        folder.note(name, id, count);
    }
    Ok(())
}

/// The county of a parcel; `None` where it lies near a border of counties, or outside.
fn county_around(city: &City, ring: &[P]) -> Option<usize> {
    // Borders wind about those of the partition's cells by this much at most.
    const WINDING: f64 = 160.0;
    let steps = [[0.0, 0.0], [WINDING, 0.0], [-WINDING, 0.0], [0.0, WINDING], [0.0, -WINDING]];
    let mut found = None;
    for p in ring.iter().flat_map(|p| steps.map(|s| [p[0] + s[0], p[1] + s[1]])) {
        let county = county_of(city.partition.villages[city.partition.village_at(p)?].town);
        if *found.get_or_insert(county) != county {
            return None;
        }
    }
    found
}

/// The cadastral district of a town: its three digits; those of the statistical 430771 move out of 鼎城区's way.
fn district(town: usize) -> String {
    let code = TOWNS[town].0;
    if code.starts_with("430771") { format!("7{}", &code[7..]) } else { code[6..].to_string() }
}

/// The name that goes on the map for a parcel, if any, with its kind.
fn poi(
    rng: &mut Rng,
    parcel: &crate::parcels::Parcel,
    quarter: &str,
    built: &[crate::buildings::Building],
) -> Option<(String, &'static str)> {
    let stem = *rng.pick(STEMS);
    let mut one = |of: &[&'static str]| *rng.pick(of);
    match parcel.kind {
        Kind::School => {
            Some((format!("{stem}{}", one(&["小学", "中学", "实验学校", "职业技术学院"])), "学校"))
        }
        Kind::Hospital => Some((format!("{stem}{}", one(&["医院", "中医院", "妇幼保健院"])), "医院")),
        Kind::Park => Some((format!("{quarter}公园"), "公园")),
        Kind::Temple => Some((format!("{stem}{}", one(&["寺", "观", "庙"])), "旅游景点")),
        Kind::Slabs if built.len() > 3 => {
            Some((format!("{stem}{}", one(&["小区", "花园", "新村", "家园"])), "住宅小区"))
        }
        Kind::Tower if built.len() > 1 => {
            Some((format!("{stem}{}", one(&["国际", "华庭", "御景", "首府", "公馆"])), "住宅小区"))
        }
        Kind::Office if built.len() == 1 && built[0].floors > 8 => Some((format!("{stem}大厦"), "建筑物")),
        Kind::Shop if area(&parcel.ring) > 3600.0 => {
            Some((format!("{stem}{}", one(&["商场", "百货", "市场", "购物中心"])), "商场"))
        }
        Kind::Works if area(&parcel.ring) > 16_000.0 => {
            Some((format!("{stem}{}", one(&["机械厂", "纺织厂", "食品厂", "制药厂", "建材厂"])), "工业园区"))
        }
        _ => None,
    }
}
