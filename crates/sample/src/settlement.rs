//! Which places there are, how big, and the lattice of super-blocks each is built on.

use crate::facts::{COUNTIES, TOWNS};
use crate::frame::Frame;
use crate::partition::Partition;
use crate::plane::{P, dist, from_lonlat};
use crate::rng::{Rng, at, noise};
use crate::water::Water;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Rank {
    City,
    Seat,
    Town,
    Village,
}

/// A place to be: what it is called, where, and for how many hectares of built land.
pub(crate) struct Site {
    pub(crate) rank: Rank,
    pub(crate) name: String,
    /// Index into [`TOWNS`].
    pub(crate) town: usize,
    pub(crate) centre: P,
    pub(crate) hectares: f64,
}

impl Site {
    /// Radius of a disc of its area, in metres.
    pub(crate) fn radius(&self) -> f64 {
        (self.hectares * 1e4 / std::f64::consts::PI).sqrt()
    }
}

/// Chooses the sites for a scale: the city, the seats, then towns and villages as far as the scale reaches.
pub(crate) fn sites(seed: u64, scale: f64, partition: &Partition) -> Vec<Site> {
    let town_at = |name: &str| TOWNS.iter().position(|t| t.1 == name).unwrap_or(0);
    let mut list = vec![Site {
        rank: Rank::City,
        name: "常德市区".into(),
        town: town_at("府坪街道"),
        centre: from_lonlat([111.690, 29.030]),
        hectares: 4500.0 * scale.powf(0.92),
    }];
    let seats = ["", "", "深柳镇", "龙阳街道", "澧阳街道", "安福街道", "漳江街道", "楚江街道", "三洲驿街道"];
    for (c, county) in COUNTIES.iter().enumerate().skip(2) {
        list.push(Site {
            rank: Rank::Seat,
            name: county.1.trim_end_matches(['县', '市']).to_string() + "县城",
            town: town_at(seats[c]),
            centre: from_lonlat([county.2, county.3]),
            hectares: 150.0 * scale.powf(1.0) * (0.8 + 0.4 * at(seed, &[c as i64, 21])),
        });
    }
    let clear =
        |list: &[Site], p: P, r: f64| list.iter().all(|s| dist(s.centre, p) > s.radius() * 1.7 + r + 400.0);
    let mut towns: Vec<usize> = (0..TOWNS.len()).collect();
    // Market towns first, then by a fixed shuffle.
    towns.sort_by_key(|&t| (!TOWNS[t].1.ends_with('镇'), crate::rng::hash(seed, &[t as i64, 8])));
    let wanted = ((60.0 * scale.powf(0.55)) as usize).min(towns.len());
    let mut made = 0;
    for t in towns {
        let centre = from_lonlat([TOWNS[t].2, TOWNS[t].3]);
        let hectares = 7.0 * scale.powf(0.75) * (0.6 + 0.9 * at(seed, &[t as i64, 9]));
        if made < wanted && clear(&list, centre, 500.0) {
            list.push(Site { rank: Rank::Town, name: TOWNS[t].1.into(), town: t, centre, hectares });
            made += 1;
        }
    }
    let wanted = (180.0 * scale.powf(0.95)) as usize;
    let mut order: Vec<usize> = (0..partition.villages.len()).collect();
    order.sort_by_key(|&v| crate::rng::hash(seed, &[v as i64, 10]));
    let mut made = 0;
    for v in order {
        let village = &partition.villages[v];
        if made < wanted && clear(&list, village.place, 250.0) {
            list.push(Site {
                rank: Rank::Village,
                name: village.name.clone(),
                town: village.town,
                centre: village.place,
                hectares: (1.0 + 1.5 * at(seed, &[v as i64, 11])) * scale.powf(0.15),
            });
            made += 1;
        }
    }
    list
}

/// What lies between two lattice lines across the river.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Row {
    Land,
    River,
    Rail,
}

/// What a super-block is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Use {
    Core,
    OldTown,
    Homes,
    Towers,
    Campus,
    Industry,
    Park,
    Villas,
    Hamlet,
}

/// A settlement's lattice: street lines at `us` and `vs`, and which of the super-blocks between them are built.
pub(crate) struct Lattice {
    pub(crate) frame: Frame,
    pub(crate) us: Vec<f64>,
    pub(crate) vs: Vec<f64>,
    pub(crate) rows: Vec<Row>,
    /// Column-major: `built[i * rows + j]`.
    pub(crate) built: Vec<Option<Use>>,
}

impl Lattice {
    pub(crate) fn new(seed: u64, site: &Site, water: &Water) -> Lattice {
        let (spacing, jitter, waver) = match site.rank {
            Rank::City => (720.0, 160.0, 75.0),
            Rank::Seat => (430.0, 90.0, 40.0),
            Rank::Town => (230.0, 50.0, 22.0),
            Rank::Village => (110.0, 30.0, 14.0),
        };
        let radius = site.radius();
        let reach = radius * 2.2 + spacing * 3.0;
        let river = if site.rank <= Rank::Seat {
            water
                .rivers
                .iter()
                .enumerate()
                .filter(|(_, r)| r.class <= 2)
                .map(|(i, r)| (i, dist(r.line[water.sample_near(i, site.centre)], site.centre)))
                .filter(|&(_, d)| d < radius * 0.9 + 300.0)
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .map(|(i, _)| i)
        } else {
            None
        };
        let frame = Frame::new(seed, water, site.centre, river, reach, waver);
        let mut rng = Rng::new(seed, &[31]);
        let step = |rng: &mut Rng| {
            let s = rng.range(spacing - jitter, spacing + jitter);
            (s / 30.0).round() * 30.0
        };
        let mut us = vec![0.0];
        while us[us.len() - 1] < reach {
            us.push(us[us.len() - 1] + step(&mut rng));
        }
        let mut west = 0.0;
        while west > -reach {
            west -= step(&mut rng);
            us.insert(0, west);
        }
        let (mut vs, mut rows) = if frame.band > 0.0 {
            (vec![-frame.band, frame.band], vec![Row::River])
        } else {
            (vec![0.0], Vec::new())
        };
        // The railway passes north of the old city, at its historical distance whatever the scale.
        let rail_at = if site.rank == Rank::City { 3600.0 } else { f64::MAX };
        let mut railed = false;
        while vs[vs.len() - 1] < reach {
            let top = vs[vs.len() - 1];
            if site.rank == Rank::Village {
                // Villages are ribbons: a house deep on both sides of their lane.
                vs.push(top + 42.0);
                rows.push(Row::Land);
            } else if !railed && top > rail_at {
                vs.push(top + 90.0);
                rows.push(Row::Rail);
                railed = true;
            } else {
                vs.push(top + step(&mut rng));
                rows.push(Row::Land);
            }
        }
        while vs[0] > -reach {
            let low = vs[0] - if site.rank == Rank::Village { 42.0 } else { step(&mut rng) };
            vs.insert(0, low);
            rows.insert(0, Row::Land);
        }
        let mut lattice = Lattice { frame, built: vec![None; (us.len() - 1) * (vs.len() - 1)], us, vs, rows };
        lattice.choose(seed, site, water);
        lattice
    }

    pub(crate) fn columns(&self) -> usize {
        self.us.len() - 1
    }

    pub(crate) fn built(&self, i: i64, j: i64) -> Option<Use> {
        let rows = self.rows.len() as i64;
        if i < 0 || j < 0 || i >= self.columns() as i64 || j >= rows {
            None
        } else {
            self.built[(i * rows + j) as usize]
        }
    }

    /// Takes the best super-blocks until the settlement has its area, then drops what is not connected.
    fn choose(&mut self, seed: u64, site: &Site, water: &Water) {
        let rows = self.rows.len();
        let radius = site.radius();
        let home = {
            // Of the two banks the one with the seat on it is preferred.
            let (_, n) = self.frame.axes(0.0, 0.0);
            let d = crate::plane::sub(site.centre, self.frame.centre);
            if d[0] * n[0] + d[1] * n[1] < 0.0 { -1.0 } else { 1.0 }
        };
        let mut candidates: Vec<(f64, usize, f64)> = Vec::new();
        for i in 0..self.columns() {
            for j in 0..rows {
                let ribbon = site.rank == Rank::Village && self.vs[j] != 0.0 && self.vs[j + 1] != 0.0;
                if self.rows[j] != Row::Land || ribbon {
                    continue;
                }
                let (u0, u1, v0, v1) = (self.us[i], self.us[i + 1], self.vs[j], self.vs[j + 1]);
                let thirds = |a: f64, b: f64| [a, (a + b) / 2.0, b];
                let fair =
                    thirds(u0, u1).iter().all(|&u| thirds(v0, v1).iter().all(|&v| self.frame.is_fair(u, v)));
                if !fair {
                    continue;
                }
                let mut dry = 0;
                for a in 0..4 {
                    for b in 0..4 {
                        let p = self.frame.exact(
                            u0 + (u1 - u0) * (0.1 + 0.8 * f64::from(a) / 3.0),
                            v0 + (v1 - v0) * (0.1 + 0.8 * f64::from(b) / 3.0),
                        );
                        dry += usize::from(water.clearance(p) > 15.0 && water.off_tracks(p) > 25.0);
                    }
                }
                if dry < 10 {
                    continue;
                }
                let (u, v) = ((u0 + u1) / 2.0, (v0 + v1) / 2.0);
                let across = if self.frame.band > 0.0 {
                    let bank = if v * home > 0.0 { 1.0 } else { 1.45 };
                    (v.abs() - self.frame.band) * bank + radius * 0.12
                } else {
                    v
                };
                let d = (u / 1.2).hypot(across) / radius;
                let score = d * (1.0 + 0.28 * noise(seed ^ 6, u / (radius * 0.5), v / (radius * 0.5)));
                candidates.push((score, i * rows + j, (u1 - u0) * (v1 - v0) / 1e4 * dry as f64 / 16.0));
            }
        }
        candidates.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut area = 0.0;
        let mut taken: Vec<(usize, f64)> = Vec::new();
        for (score, cell, hectares) in candidates {
            if area >= site.hectares {
                break;
            }
            area += hectares;
            taken.push((cell, score));
        }
        let mut member = vec![false; self.built.len()];
        taken.iter().for_each(|t| member[t.0] = true);
        let mut reached = vec![false; self.built.len()];
        let mut stack: Vec<usize> = taken.first().map(|t| t.0).into_iter().collect();
        while let Some(cell) = stack.pop() {
            if std::mem::replace(&mut reached[cell], true) {
                continue;
            }
            let (i, j) = (cell / rows, cell % rows);
            let mut push = |i: i64, j: i64| {
                if i >= 0 && j >= 0 && i < self.columns() as i64 && j < rows as i64 {
                    let n = i as usize * rows + j as usize;
                    if member[n] && !reached[n] {
                        stack.push(n);
                    }
                }
            };
            push(i as i64 - 1, j as i64);
            push(i as i64 + 1, j as i64);
            // Over the river or the railway to the row beyond.
            let over = |j: i64, d: i64| {
                if self.rows.get((j + d) as usize).is_some_and(|r| *r != Row::Land) { 2 * d } else { d }
            };
            push(i as i64, j as i64 + over(j as i64, 1));
            push(i as i64, j as i64 + over(j as i64, -1));
        }
        let worst = taken.last().map_or(1.0, |t| t.1).max(1e-9);
        for (cell, score) in taken {
            if reached[cell] {
                let (i, j) = (cell / rows, cell % rows);
                let middle = self
                    .frame
                    .exact((self.us[i] + self.us[i + 1]) / 2.0, (self.vs[j] + self.vs[j + 1]) / 2.0);
                self.built[cell] = Some(purpose(seed, site.rank, cell as i64, score / worst, middle));
            }
        }
    }
}

/// What a super-block is for: by its relative distance from the centre (0..1), its luck, and what its neighbourhood
/// is like (industry and new towns lie together).
fn purpose(seed: u64, rank: Rank, cell: i64, away: f64, p: P) -> Use {
    let x = at(seed, &[cell, 51]);
    let bent = noise(seed ^ 0x17d, p[0] / 2600.0, p[1] / 2600.0);
    match rank {
        Rank::Village => Use::Hamlet,
        Rank::Town if away < 0.4 => Use::OldTown,
        Rank::Town if x < 0.12 => Use::Campus,
        Rank::Town => Use::Hamlet,
        Rank::City | Rank::Seat => {
            use Use::{Campus, Core, Hamlet, Homes, Industry, OldTown, Park, Towers, Villas};
            let table: &[(f64, Use)] = if away < 0.22 {
                &[(0.42, Core), (0.80, OldTown), (0.86, Campus), (0.94, Homes), (1.0, Park)]
            } else if away > 0.55 && bent > 0.30 {
                &[(0.78, Industry), (0.90, Homes), (1.0, Hamlet)]
            } else if away > 0.35 && bent < -0.30 {
                &[(0.55, Towers), (0.70, Core), (0.80, Villas), (0.90, Campus), (1.0, Park)]
            } else if away < 0.60 {
                &[(0.08, Core), (0.26, OldTown), (0.66, Homes), (0.83, Towers), (0.93, Campus), (1.0, Park)]
            } else {
                &[(0.46, Homes), (0.66, Towers), (0.75, Villas), (0.82, Campus), (0.94, Hamlet), (1.0, Park)]
            };
            table.iter().find(|t| x < t.0).map_or(Homes, |t| t.1)
        }
    }
}
