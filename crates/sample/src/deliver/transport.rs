//! 交通: road axes and railways as shapefiles, bridges as KML, stops as a GBK table.

use super::{Folder, Poi, io_at};
use crate::SampleError;
use crate::city::City;
use crate::formats::shp::{Cell, Column, Shape, Shapefile};
use crate::formats::text::{Charset, TextFile, csv_field, lonlat_text, xml};
use crate::plane::{P, along, dist, length};
use crate::rng::{Rng, hash};
use crate::roads::stops;
use crate::streets::{Class, Street, year};

const ROAD: &[Column] = &[
    ("路段编号", 'C', 14, 0),
    ("道路名称", 'C', 40, 0),
    ("路线编号", 'C', 8, 0),
    ("道路等级", 'C', 8, 0),
    ("立体位置", 'C', 4, 0),
    ("车道数", 'N', 2, 0),
    ("路面宽度", 'N', 6, 1),
    ("路面类型", 'C', 6, 0),
];

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Motorway => "高速公路",
        Class::Expressway => "快速路",
        Class::National => "国道",
        Class::Provincial => "省道",
        Class::Arterial => "主干路",
        Class::Secondary => "次干路",
        Class::County => "县道",
        Class::Local => "支路",
        Class::Township => "乡道",
        Class::Lane => "村道",
    }
}

pub(super) fn write(city: &City, folder: &mut Folder<'_>, pois: &mut Vec<Poi>) -> Result<(), SampleError> {
    roads(city, folder)?;
    railways(city, folder)?;
    bridges(city, folder)?;
    bus_stops(city, folder, pois)
}

fn streets(city: &City) -> impl Iterator<Item = &Street> {
    city.built.iter().flat_map(|(_, plan)| plan.streets.iter()).chain(city.roads.iter())
}

fn roads(city: &City, folder: &mut Folder<'_>) -> Result<(), SampleError> {
    let name = "05交通/道路中心线.shp";
    let path = folder.path(name)?;
    let at = io_at(&path);
    let mut shp = Shapefile::create(&path, Shape::Line, ROAD).map_err(&at)?;
    for (n, s) in streets(city).enumerate() {
        let code = format!("4307{:08}", n + 1);
        // "G5513长张高速" is a number and a name.
        let digits =
            s.name.char_indices().find(|(i, c)| *i > 0 && !c.is_ascii_digit()).map_or(s.name.len(), |c| c.0);
        let numbered = s.name.starts_with(['G', 'S', 'X']);
        let (number, title) = if numbered { s.name.split_at(digits) } else { ("", s.name.as_str()) };
        let title = match (numbered, title) {
            (true, "") => format!("{}{}", &number[1..], class_name(s.class)),
            _ => title.to_string(),
        };
        let surface = match s.class {
            Class::Lane | Class::Township => "水泥",
            _ => "沥青",
        };
        shp.line(
            &s.line,
            &[
                Cell::Text(&code),
                Cell::Text(&title),
                Cell::Text(number),
                Cell::Text(class_name(s.class)),
                Cell::Text(if s.bridge { "桥上" } else { "地面" }),
                Cell::Whole(s.class.lanes()),
                Cell::Real(s.class.width()),
                Cell::Text(surface),
            ],
        )
        .map_err(&at)?;
    }
    let count = shp.finish().map_err(&at)?;
    folder.note(name, "transport.road", count);
    Ok(())
}

const RAIL: &[Column] =
    &[("线路名称", 'C', 30, 0), ("铁路类型", 'C', 20, 0), ("立体位置", 'C', 4, 0), ("电气化", 'C', 2, 0)];

fn railways(city: &City, folder: &mut Folder<'_>) -> Result<(), SampleError> {
    let name = "05交通/铁路.shp";
    let path = folder.path(name)?;
    let at = io_at(&path);
    let mut shp = Shapefile::create(&path, Shape::Line, RAIL).map_err(&at)?;
    for r in &city.railways {
        // Over water by itself, else in sections of some kilometres.
        let wet: Vec<bool> = r.line.iter().map(|p| city.water.clearance(*p) < 8.0).collect();
        let mut start = 0;
        for i in 1..r.line.len() {
            let last = i == r.line.len() - 1;
            if !last && wet[i] == wet[start] && i - start < 60 {
                continue;
            }
            let row = [
                Cell::Text(r.name),
                Cell::Text(if r.double { "复线标准轨" } else { "单线标准轨" }),
                Cell::Text(if wet[start] { "桥上" } else { "地面" }),
                Cell::Text(if r.electric { "是" } else { "否" }),
            ];
            shp.line(&r.line[start..=i], &row).map_err(&at)?;
            start = i;
        }
    }
    let count = shp.finish().map_err(&at)?;
    folder.note(name, "transport.railway", count);
    Ok(())
}

/// The part of a line over water, a little beyond both banks.
fn span(city: &City, line: &[P]) -> Option<Vec<P>> {
    let total = length(line);
    let n = (total / 10.0).ceil().max(1.0) as usize;
    let wet: Vec<usize> = (0..=n)
        .filter(|&i| {
            along(line, total * i as f64 / n as f64).is_some_and(|(p, _)| city.water.clearance(p) < 3.0)
        })
        .collect();
    let (first, last) = (*wet.first()?, *wet.last()?);
    let (from, to) = (first.saturating_sub(3), (last + 3).min(n));
    let mut out: Vec<P> = (from..=to)
        .step_by(4)
        .filter_map(|i| along(line, total * i as f64 / n as f64))
        .map(|x| crate::plane::mm(x.0))
        .collect();
    out.extend(along(line, total * to as f64 / n as f64).map(|x| crate::plane::mm(x.0)));
    out.dedup_by_key(|p| crate::plane::key(*p));
    (out.len() > 1).then_some(out)
}

const ORDINALS: [&str; 10] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];

/// The parts of a line over water, each with the dry vertex before and after.
fn wet_runs(city: &City, line: &[P]) -> Vec<Vec<P>> {
    let wet: Vec<bool> = line.iter().map(|p| city.water.clearance(*p) < 8.0).collect();
    let mut runs = Vec::new();
    let mut start = None;
    for i in 1..line.len() {
        match (wet[i], start) {
            (true, None) => start = Some(i - 1),
            (false, Some(s)) => {
                runs.push(line[s..=i].to_vec());
                start = None;
            }
            _ => {}
        }
    }
    runs
}

/// The name of the river or lake nearest to a place.
fn river_below(city: &City, p: P) -> &str {
    let river = city.water.rivers.iter().map(|r| {
        let d = r.line.iter().map(|q| dist(*q, p)).fold(f64::MAX, f64::min);
        (d, r.name)
    });
    let lake = city.water.lakes.iter().map(|l| (l.clearance(p).max(0.0) + 60.0, l.name.as_str()));
    river.chain(lake).min_by(|a, b| a.0.total_cmp(&b.0)).map_or("", |x| x.1)
}

fn bridges(city: &City, folder: &mut Folder<'_>) -> Result<(), SampleError> {
    let name = "05交通/桥梁.kml";
    let path = folder.path(name)?;
    let at = io_at(&path);
    let mut kml = TextFile::create(&path, Charset::Utf8).map_err(&at)?;
    kml.put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\">\n<Document>\n<name>桥梁</name>\n<Schema name=\"桥梁\" id=\"QL\">\n<SimpleField name=\"桥梁编码\" type=\"string\"/>\n<SimpleField name=\"桥梁名称\" type=\"string\"/>\n<SimpleField name=\"桥梁类型\" type=\"string\"/>\n<SimpleField name=\"桥长\" type=\"double\"/>\n<SimpleField name=\"桥宽\" type=\"double\"/>\n<SimpleField name=\"建成年份\" type=\"int\"/>\n</Schema>\n").map_err(&at)?;
    let mut count = 0u64;
    let mut great = 0;
    let over_streets = streets(city)
        .filter(|s| s.bridge)
        .filter_map(|s| span(city, &s.line).map(|line| (line, s.name.as_str(), "公路桥", s.class.width())));
    let over_rails = city.railways.iter().flat_map(|r| {
        wet_runs(city, &r.line)
            .into_iter()
            .map(|line| (line, r.name, "铁路桥", if r.double { 12.0 } else { 7.0 }))
    });
    for (line, carries, kind, width) in over_streets.chain(over_rails) {
        let long = length(&line);
        count += 1;
        let river = river_below(city, line[line.len() / 2]);
        let title = match (kind, river) {
            ("公路桥", "沅江") if long > 400.0 && great < ORDINALS.len() => {
                great += 1;
                format!("沅水{}桥", ORDINALS[great - 1])
            }
            ("公路桥", _) if long > 120.0 => format!("{carries}{river}大桥"),
            ("公路桥", _) => format!("{carries}桥"),
            _ => format!("{carries}{river}特大桥"),
        };
        let path_text: Vec<String> = line.iter().map(|p| lonlat_text(*p)).collect();
        let built = year(city.seed, &[count as i64, 90]);
        kml.put(&format!(
            "<Placemark><name>{t}</name><ExtendedData><SchemaData schemaUrl=\"#QL\">\
             <SimpleData name=\"桥梁编码\">QL{count:05}</SimpleData><SimpleData name=\"桥梁名称\">{t}</SimpleData>\
             <SimpleData name=\"桥梁类型\">{kind}</SimpleData><SimpleData name=\"桥长\">{long:.1}</SimpleData>\
             <SimpleData name=\"桥宽\">{width:.1}</SimpleData><SimpleData name=\"建成年份\">{built}</SimpleData>\
             </SchemaData></ExtendedData><LineString><coordinates>{}</coordinates></LineString></Placemark>\n",
            path_text.join(" "),
            t = xml(&title),
        ))
        .map_err(&at)?;
    }
    kml.put("</Document>\n</kml>\n").map_err(&at)?;
    kml.finish().map_err(&at)?;
    folder.note(name, "transport.bridge", count);
    Ok(())
}

fn bus_stops(city: &City, folder: &mut Folder<'_>, pois: &mut Vec<Poi>) -> Result<(), SampleError> {
    let name = "05交通/公交站点.csv";
    let path = folder.path(name)?;
    let at = io_at(&path);
    let mut csv = TextFile::create(&path, Charset::Gbk).map_err(&at)?;
    csv.put("站点编号,站点名称,站点类型,途经线路,经度,纬度\r\n").map_err(&at)?;
    let mut count = 0u64;
    let mut put = |title: &str, kind: &str, routes: &str, p: P| {
        count += 1;
        csv.put(&format!(
            "ZD{count:06},{},{kind},{},{}\r\n",
            csv_field(title),
            csv_field(routes),
            lonlat_text(p)
        ))
        .map_err(&at)
    };
    for s in &city.stations {
        put(s.name, "火车站", "", s.p)?;
        pois.push(Poi { name: s.name.to_string(), kind: "车站", p: s.p });
    }
    for (i, (lattice, plan)) in city.built.iter().enumerate() {
        let site = &city.sites[i];
        let mut rng = Rng::new(city.site_seed(i), &[204]);
        let centre = lattice.frame.centre;
        if site.rank <= crate::settlement::Rank::Seat {
            let p = plan
                .streets
                .iter()
                .map(|s| s.line[0])
                .min_by(|a, b| dist(*a, centre).total_cmp(&dist(*b, centre)));
            if let Some(p) = p {
                let title = format!("{}汽车站", site.name.trim_end_matches("市区").trim_end_matches("县城"));
                put(&title, "长途汽车站", "", crate::plane::mm([p[0] + 35.0, p[1] + 35.0]))?;
            }
        }
        let mut number = std::collections::BTreeMap::new();
        for (p, street) in stops(&mut rng, &plan.streets, if i == 0 { 330.0 } else { 480.0 }) {
            let k: &mut u32 = number.entry(street.clone()).or_default();
            *k += 1;
            let first = 1 + hash(city.seed, &[i as i64, i64::from(*k)]) % 40;
            let routes = format!("{first}路/{}路", first + 1 + rng.below(9) as u64);
            put(
                &format!("{street}{}站", ["口", "东", "中", "西", "南", "北"][(*k as usize - 1) % 6]),
                "公交站",
                &routes,
                p,
            )?;
        }
    }
    csv.finish().map_err(&at)?;
    folder.note(name, "transport.stop", count);
    Ok(())
}
