//! Railways: three lines known to pass here, drawn through their stations and along the corridor of the city.

use crate::plane::{P, from_lonlat, mm, smooth};
use crate::settlement::{Lattice, Row};

/// A railway line.
pub(crate) struct Railway {
    pub(crate) name: &'static str,
    pub(crate) line: Vec<P>,
    pub(crate) double: bool,
    pub(crate) electric: bool,
}

/// A station: name and place.
pub(crate) struct Station {
    pub(crate) name: &'static str,
    pub(crate) p: P,
}

/// All railways and their stations; the city's corridor runs along its railway row.
pub(crate) fn lay(city: &Lattice) -> (Vec<Railway>, Vec<Station>) {
    let corridor = corridor(city);
    let g = |list: &[(f64, f64)]| list.iter().map(|&(x, y)| from_lonlat([x, y])).collect::<Vec<P>>();
    let (west, east) = (corridor[0], corridor[corridor.len() - 1]);
    let draw = |control: Vec<P>| smooth(&control, 150.0).into_iter().map(mm).collect::<Vec<P>>();
    let mut shichang = draw(
        [
            g(&[
                (111.345, 29.612),
                (111.45, 29.545),
                (111.58, 29.475),
                (111.665, 29.425),
                (111.665, 29.30),
                (111.60, 29.20),
                (111.56, 29.11),
            ]),
            vec![west],
        ]
        .concat(),
    );
    shichang.pop();
    shichang.extend(&corridor);
    shichang.pop();
    shichang.extend(draw(
        [
            vec![east],
            g(&[
                (111.845, 29.01),
                (111.87, 28.97),
                (111.935, 28.885),
                (112.02, 28.80),
                (112.12, 28.73),
                (112.24, 28.68),
            ]),
        ]
        .concat(),
    ));
    let mut qianzhangchang = draw(
        [
            g(&[(110.93, 29.10), (111.12, 29.125), (111.30, 29.09), (111.42, 29.055), (111.52, 29.085)]),
            vec![west],
        ]
        .concat(),
    );
    qianzhangchang.pop();
    let jiaoliu = draw(g(&[
        (111.25, 30.03),
        (111.27, 29.90),
        (111.335, 29.74),
        (111.345, 29.612),
        (111.30, 29.53),
        (111.20, 29.45),
        (111.08, 29.38),
    ]));
    let stations = vec![
        Station { name: "常德站", p: corridor[corridor.len() / 2] },
        Station { name: "石门县北站", p: jiaoliu[nearest(&jiaoliu, g(&[(111.345, 29.612)])[0])] },
        Station { name: "临澧站", p: shichang[nearest(&shichang, g(&[(111.665, 29.425)])[0])] },
        Station { name: "汉寿站", p: shichang[nearest(&shichang, g(&[(111.935, 28.885)])[0])] },
        Station { name: "桃源站", p: qianzhangchang[nearest(&qianzhangchang, g(&[(111.42, 29.055)])[0])] },
        Station {
            name: "牛车河站", p: qianzhangchang[nearest(&qianzhangchang, g(&[(110.99, 29.11)])[0])]
        },
        Station { name: "蒙泉站", p: shichang[nearest(&shichang, g(&[(111.50, 29.515)])[0])] },
    ];
    let lines = vec![
        Railway { name: "石长铁路", line: shichang, double: true, electric: true },
        Railway { name: "黔张常铁路", line: qianzhangchang, double: true, electric: true },
        Railway { name: "焦柳铁路", line: jiaoliu, double: false, electric: true },
    ];
    (lines, stations)
}

fn nearest(line: &[P], p: P) -> usize {
    (0..line.len())
        .min_by(|&a, &b| crate::plane::dist(line[a], p).total_cmp(&crate::plane::dist(line[b], p)))
        .unwrap_or(0)
}

/// The middle of the city's railway row, from west to east.
fn corridor(city: &Lattice) -> Vec<P> {
    let row = city.rows.iter().position(|r| *r == Row::Rail).unwrap_or(0);
    let v = (city.vs[row] + city.vs[row + 1]) / 2.0;
    let (from, to) = (-7200.0_f64.min(-city.us[0]), 7200.0_f64.min(city.us[city.us.len() - 1]));
    let n = ((to - from) / 100.0) as usize;
    let points: Vec<P> =
        (0..=n).map(|i| city.frame.at(from + (to - from) * i as f64 / n as f64, v)).collect();
    if city.frame.axis[0] < 0.0 { points.into_iter().rev().collect() } else { points }
}
