//! 管网: the point table and the line table of all kinds of pipes, as Excel workbooks.

use super::Folder;
use crate::SampleError;
use crate::city::City;
use crate::formats::xlsx::{Book, Cell, Sheet};
use crate::pipes::{KINDS, Network, Pipes, lay};
use crate::plane::ZONE_PREFIX;
use crate::settlement::Rank;

const POINT: &[&str] = &[
    "管线种类",
    "物探点号",
    "图上点号",
    "X坐标",
    "Y坐标",
    "地面高程",
    "管点高程",
    "埋深",
    "特征",
    "附属物",
    "井底深",
    "所在道路",
    "权属单位",
    "建设年代",
];

const LINE: &[&str] = &[
    "管线种类",
    "起点点号",
    "终点点号",
    "起点埋深",
    "终点埋深",
    "起点高程",
    "终点高程",
    "管径",
    "材质",
    "埋设类型",
    "压力",
    "电压",
    "线缆条数",
    "流向",
    "所在道路",
    "权属单位",
    "建设年代",
];

pub(super) fn write(city: &City, folder: &mut Folder<'_>) -> Result<(), SampleError> {
    let mut pipes = Pipes::default();
    for (i, site) in city.sites.iter().enumerate().filter(|(_, s)| s.rank <= Rank::Seat) {
        let (lattice, plan) = &city.built[i];
        let dense = if site.rank == Rank::City { 1.0 } else { 0.8 } * city.scale.powf(0.12);
        lay(city.site_seed(i), plan, &lattice.frame, &city.terrain, &city.water, dense, &mut pipes);
    }
    let name = "09管网/管线点成果表.xlsx";
    let path = folder.path(name)?;
    let at = |source| SampleError::Xlsx { path: path.clone(), source };
    let mut sheet = Sheet::new("管线点表", POINT).map_err(at)?;
    let mut count = 0;
    for (kind, net) in KINDS.iter().zip(&pipes.kinds) {
        for p in &net.points {
            let number = number(kind.code, p.number);
            sheet
                .row(&[
                    Cell::Text(kind.name),
                    Cell::Text(&number),
                    Cell::Text(&format!("{}{}", &kind.code[..1], p.number)),
                    Cell::Number(p.p[1]),
                    Cell::Number(p.p[0] + ZONE_PREFIX),
                    Cell::Number(p.ground),
                    Cell::Number(round(p.ground - p.depth)),
                    Cell::Number(p.depth),
                    Cell::Text(p.feature),
                    Cell::Text(p.fitting),
                    Cell::Number(p.well),
                    Cell::Text(&pipes.streets[p.street as usize]),
                    Cell::Text(kind.owner),
                    Cell::Text(&p.year.to_string()),
                ])
                .map_err(at)?;
            count += 1;
        }
    }
    save(sheet, &path)?;
    folder.note(name, "pipeline.node", count);

    let name = "09管网/管线段成果表.xlsx";
    let path = folder.path(name)?;
    let at = |source| SampleError::Xlsx { path: path.clone(), source };
    let mut sheet = Sheet::new("管线段表", LINE).map_err(at)?;
    let mut count = 0;
    for (kind, net) in KINDS.iter().zip(&pipes.kinds) {
        for l in &net.lines {
            let end = |i: u32| &net.points[i as usize];
            let (a, b) = (end(l.from), end(l.to));
            let gravity = matches!(kind.code, "YS" | "WS");
            let electric = kind.code == "DL";
            sheet
                .row(&[
                    Cell::Text(kind.name),
                    Cell::Text(&number(kind.code, a.number)),
                    Cell::Text(&number(kind.code, b.number)),
                    Cell::Number(l.depth[0]),
                    Cell::Number(l.depth[1]),
                    Cell::Number(round(a.ground - l.depth[0])),
                    Cell::Number(round(b.ground - l.depth[1])),
                    Cell::Text(&l.size),
                    Cell::Text(l.material),
                    Cell::Text(l.laid),
                    Cell::Text(if electric { "" } else { l.pressure }),
                    Cell::Text(if electric { l.pressure } else { "" }),
                    if l.cables > 0 { Cell::Number(l.cables as f64) } else { Cell::Empty },
                    Cell::Text(if gravity { "正向" } else { "" }),
                    Cell::Text(&pipes.streets[l.street as usize]),
                    Cell::Text(kind.owner),
                    Cell::Text(&l.year.to_string()),
                ])
                .map_err(at)?;
            count += 1;
        }
    }
    drop::<[Network; 8]>(std::mem::take(&mut pipes.kinds));
    save(sheet, &path)?;
    folder.note(name, "pipeline.line", count);
    Ok(())
}

fn save(sheet: Sheet, path: &std::path::Path) -> Result<(), SampleError> {
    let at = |source| SampleError::Xlsx { path: path.into(), source };
    let mut book = Book::new().map_err(at)?;
    book.add(sheet);
    book.save(path).map_err(at)
}

fn number(code: &str, n: u32) -> String {
    format!("{code}{n:06}")
}

fn round(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}
