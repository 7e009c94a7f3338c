//! Which pair of columns holds the places of a table that has several: by the caller's word, by the CRS that is stated, by
//! what the headings name. Else it is asked, with how far the pairs lie apart.

use super::Work;
use crate::city::{self, City};
use crate::formats::look;
use crate::geometry::measure::distance;
use crate::notes::both;
use crate::options::CrsChoice;
use crate::question::{Answer, Subject};
use crate::recognise::crs::{self, Decision};
use crate::recognise::layer::Recognised;
use crate::recognise::pairs::{self, Named, Pair, System};
use crate::table::{Claim, ShapeSource, Table, bulk};
use ditu_crs::{Crs, Datum};
use ditu_model::{LayerDef, Severity, Shape, Text};

/// Pairs that lie no farther apart are one place, in metres.
const AGREE_M: f64 = 1.0;
/// The same of degrees of an internet map, which the public formula brings back to a few metres.
const AGREE_SHIFTED_M: f64 = 10.0;
/// Metres that a number's last digit may stand for and still agree.
const COARSEST_M: f64 = 8.0;
/// Metres a degree.
const DEGREE_M: f64 = 111_000.0;
/// Rows in which the numbers of columns beside shapes are sought.
const LOOK: usize = 200;
/// Places of an answer.
const SAMPLE: usize = 200;

/// A pair with its numbers.
struct Rival {
    pair: Pair,
    /// Of the first rows, in the file's numbers.
    points: Vec<Option<[f64; 2]>>,
    numbers: Option<[f64; 4]>,
    /// The CRSs that put them on the city, the likeliest first, and whether the first number is the northing.
    ways: Vec<(Crs, bool)>,
}

/// How far two pairs lie apart: half of the rows no farther than the first, nearly all no farther than the second, in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Apart {
    median: f64,
    most: f64,
}

impl Rival {
    fn new(table: &Table, pair: Pair, said: Option<&CrsChoice>, city: Option<&City>) -> Rival {
        let (a, b) = pair.columns;
        let point = |(x, y): (&f64, &f64)| (x.is_finite() && y.is_finite()).then_some([*x, *y]);
        let points: Vec<_> = match (table.first.get(a), table.first.get(b)) {
            (Some(x), Some(y)) => x.iter().zip(y).map(point).collect(),
            _ => Vec::new(),
        };
        let numbers = bulk(&points.iter().flatten().copied().collect::<Vec<_>>());
        let ways = numbers.map(|n| ways(n, said, city)).unwrap_or_default();
        Rival { pair, points, numbers, ways }
    }

    /// True where the numbers can be degrees.
    fn in_degrees(&self) -> bool {
        self.numbers.is_some_and(|n| n.iter().all(|v| v.abs() <= 181.0))
    }

    /// Longitude and latitude on the CRS's own datum, row by row; offsets of internet maps are undone.
    fn places(&self, (crs, swapped): &(Crs, bool)) -> Vec<Option<[f64; 2]>> {
        let place = |p: &Option<[f64; 2]>| {
            let p = (*p)?;
            let p = crs.unproject(if *swapped { [p[1], p[0]] } else { p });
            let p = self.pair.shift().map_or(p, |s| s.undo(p));
            (p[0].abs() <= 180.0 && p[1].abs() <= 90.0).then_some(p)
        };
        self.points.iter().take(SAMPLE).map(place).collect()
    }

    /// What the last digit of its numbers stands for, in metres.
    fn resolution_m(&self) -> f64 {
        let digits = |v: f64| {
            let text = v.to_string();
            text.split_once('.').map_or(0, |(_, d)| d.len().min(12)) as i32
        };
        let most = self.points.iter().flatten().take(SAMPLE).flat_map(|p| p.map(digits)).max().unwrap_or(0);
        10f64.powi(-most) * if self.in_degrees() { DEGREE_M } else { 1.0 }
    }

    /// Whether the numbers can be in the CRS that is stated, and the headings do not name another.
    fn fits(&self, table: &Table, work: &Work<'_>, said: &CrsChoice) -> bool {
        let (city, names) = (work.options.city.as_deref(), self.pair.datum());
        match said {
            CrsChoice::Epsg(code) => {
                let Some(crs) = Crs::from_epsg(*code) else { return true };
                let Some(numbers) = self.numbers else { return true };
                !self.contradicts(said) && crs::lies(&crs, numbers, city).is_some()
            }
            CrsChoice::Dms => self.in_degrees() && self.pair.shift().is_none(),
            CrsChoice::Gcj02 | CrsChoice::Bd09 => names.is_none() && !self.contradicts(said),
            CrsChoice::Control(_) => {
                let mut alone = Table { shapes: self.shapes(), numbers: self.numbers, ..table.clone() };
                alone.claim = None;
                let stated = crs::Stated::default();
                !self.contradicts(said)
                    && self.control_takes(work, said)
                    && crs::decide(&alone, Some(said), &work.options.controls, city, &stated).is_ok()
            }
        }
    }

    /// Fitted control is for one datum, or for a grid that has none.
    fn control_takes(&self, work: &Work<'_>, said: &CrsChoice) -> bool {
        let CrsChoice::Control(name) = said else { return true };
        let control = work.options.controls.iter().find(|c| c.name == *name);
        let Some(control) = control else { return true };
        self.pair.datum().is_none_or(|d| control.datum() == Some(d))
    }

    /// True where the headings name another system than the one that is stated.
    fn contradicts(&self, said: &CrsChoice) -> bool {
        let shift = self.pair.shift();
        match said {
            CrsChoice::Epsg(code) => {
                let Some(crs) = Crs::from_epsg(*code) else { return false };
                let family = |d: Datum| if d == Datum::Wgs84 { Datum::Cgcs2000 } else { d };
                let named = self.pair.datum().is_some_and(|d| family(d) != family(crs.datum()));
                let degrees =
                    self.in_degrees() && self.pair.degrees || self.in_degrees() && !self.ways.is_empty();
                named || (degrees && !crs.is_geographic())
            }
            CrsChoice::Gcj02 => shift.is_some_and(|s| s != crs::Shift::Gcj02),
            CrsChoice::Bd09 => shift.is_some_and(|s| s != crs::Shift::Bd09),
            CrsChoice::Dms | CrsChoice::Control(_) => shift.is_some(),
        }
    }

    /// True where the headings name what is stated.
    fn names(&self, work: &Work<'_>, said: &CrsChoice) -> bool {
        match said {
            CrsChoice::Epsg(code) => {
                Crs::from_epsg(*code).is_some_and(|c| self.pair.datum() == Some(c.datum()))
            }
            CrsChoice::Gcj02 => self.pair.shift() == Some(crs::Shift::Gcj02),
            CrsChoice::Bd09 => self.pair.shift() == Some(crs::Shift::Bd09),
            CrsChoice::Dms => false,
            CrsChoice::Control(name) => {
                let control = work.options.controls.iter().find(|c| c.name == *name);
                control.is_some_and(|c| match c.datum() {
                    Some(datum) => self.pair.datum() == Some(datum),
                    None => self.pair.says.contains(&System::Own),
                })
            }
        }
    }

    fn shapes(&self) -> ShapeSource {
        ShapeSource::Columns(self.pair.columns.0, self.pair.columns.1)
    }

    /// Those that are likelier meant come first.
    fn order(&self) -> u8 {
        match () {
            () if self.pair.says.contains(&System::Cgcs2000) => 0,
            () if self.pair.says.contains(&System::New) => 1,
            () if self.pair.shift().is_some() => 5,
            () if self.pair.says.contains(&System::Old) => 4,
            () if matches!(self.pair.datum(), Some(Datum::Xian80 | Datum::Beijing54)) => 3,
            () => 2,
        }
    }
}

/// The CRSs that put numbers on the city: the one that is stated, or all that are usual and nearly as likely as the best.
fn ways(numbers: [f64; 4], said: Option<&CrsChoice>, city: Option<&City>) -> Vec<(Crs, bool)> {
    if let Some(CrsChoice::Epsg(code)) = said
        && let Some(crs) = Crs::from_epsg(*code)
        && let Some(swapped) = crs::lies(&crs, numbers, city)
    {
        return vec![(crs, swapped)];
    }
    let found = city::candidates(city, numbers);
    let best = found.first().map_or(0.0, |c| c.confidence);
    found.into_iter().filter(|c| c.confidence >= best * 0.5).take(4).map(|c| (c.crs, c.swapped)).collect()
}

/// How far two pairs lie apart, in the CRSs in which they lie nearest; by their numbers where those are not known. With the
/// CRS of the first.
fn apart(a: &Rival, b: &Rival) -> Option<(Apart, Option<Crs>)> {
    let mut best: Option<(Apart, Option<Crs>)> = None;
    let mut take = |all: Vec<f64>, crs: Option<Crs>| {
        let Some(apart) = spread(all) else { return };
        if best.as_ref().is_none_or(|(b, _)| apart.median < b.median) {
            best = Some((apart, crs));
        }
    };
    for one in &a.ways {
        let here = a.places(one);
        for other in &b.ways {
            let there = b.places(other);
            let all = here.iter().zip(&there).filter_map(|(p, q)| Some(distance((*p)?, (*q)?)));
            take(all.collect(), Some(one.0));
        }
    }
    if best.is_none() && !a.in_degrees() && !b.in_degrees() {
        let plane = |(p, q): (&Option<[f64; 2]>, &Option<[f64; 2]>)| {
            let (p, q) = ((*p)?, (*q)?);
            Some((p[0] - q[0]).hypot(p[1] - q[1]))
        };
        let all = a.points.iter().zip(&b.points).take(SAMPLE).filter_map(plane);
        let all: Vec<f64> = all.collect();
        return Some((spread(all)?, None));
    }
    best
}

fn spread(mut all: Vec<f64>) -> Option<Apart> {
    all.retain(|d| d.is_finite());
    all.sort_by(f64::total_cmp);
    let last = all.len().checked_sub(1)?;
    Some(Apart { median: all[last / 2], most: all[last - all.len() / 20] })
}

/// How far two pairs may lie apart and still be one place.
fn tolerance(a: &Rival, b: &Rival) -> f64 {
    if a.pair.shift().is_some() || b.pair.shift().is_some() {
        return AGREE_SHIFTED_M;
    }
    let digit = a.resolution_m().max(b.resolution_m());
    // Half a digit of each axis is what rounding takes.
    AGREE_M.max(digit.min(COARSEST_M) * 0.75)
}

/// Metres as people say them.
fn metres(d: f64) -> String {
    match d {
        d if d < 10.0 => format!("{d:.2} m"),
        d if d < 10_000.0 => format!("{d:.1} m"),
        d => format!("{:.1} km", d / 1000.0),
    }
}

/// What became of the search.
enum Outcome {
    /// The pair, why, and the CRS that the others prove.
    Take(usize, Text, Option<Box<Crs>>),
    Ask(Vec<usize>),
    Refuse,
}

impl Work<'_> {
    /// Settles which columns hold the places of every table.
    pub(super) fn coordinates(&mut self, tables: &mut [Table]) {
        // What is stated for a whole delivery may be meant for other tables than those in degrees.
        let in_degrees = |t: &Table| {
            let mut all = pairs::by_heading(&t.columns).into_iter().peekable();
            t.shapes == ShapeSource::None || (all.peek().is_some() && all.all(|p| p.degrees))
        };
        let others = tables.iter().filter(|t| t.raster.is_none() && !in_degrees(t)).count();
        for table in &mut *tables {
            let all = !self.options.is_particular(&table.file, &table.name, |c| c.crs.is_some());
            if !self.coordinates_of(table, all && others > 0) {
                self.open.push((table.file.clone(), table.name.clone()));
            }
        }
        let told = self.options.choices.iter().find_map(|c| c.coordinates.as_deref());
        if let Some(told) = told.filter(|_| !self.coordinates_told && self.open.is_empty()) {
            let seen: Vec<&str> =
                tables.iter().flat_map(|t| &t.columns).map(|c| pairs::shown(c)).take(24).collect();
            let file = tables.first().map(|t| t.file.to_string()).unwrap_or_default();
            let message = both(
                format!("没有“{told}”这一对坐标列"),
                format!("there are no two columns of places called {told}"),
            );
            let cure =
                both(format!("现有列：{}", seen.join("、")), format!("the columns are: {}", seen.join(", ")));
            self.note("coordinates.unknown", Severity::Error, &file, message, cure);
        }
    }

    /// Settles which columns hold a table's places. False where somebody must decide first, and is asked. `elsewhere`: the
    /// CRS that is stated for the whole delivery is that of other tables.
    pub(super) fn coordinates_of(&mut self, table: &mut Table, elsewhere: bool) -> bool {
        if matches!(table.shapes, ShapeSource::File(_)) || table.first.is_empty() {
            return true;
        }
        let said = self.options.crs(&table.file, Some(&table.name)).cloned();
        let (said, city) = (said.as_ref(), self.options.city.as_deref());
        let mut rivals: Vec<Rival> = pairs::by_heading(&table.columns)
            .into_iter()
            .map(|p| Rival::new(table, p, said, city))
            .filter(|r| r.pair.named == Named::Plainly || !r.ways.is_empty())
            .collect();
        if rivals.iter().any(|r| r.numbers.is_some()) {
            rivals.retain(|r| r.numbers.is_some());
        }
        if let Some(told) = self.options.coordinates(&table.file, &table.name) {
            return self.told(table, told, rivals);
        }
        let named = rivals.iter().any(|r| r.pair.named == Named::Plainly);
        if !named && table.shapes == ShapeSource::None && matches!(self.layer_of(table), Recognised::One(_)) {
            // It needs no places of its own.
            return true;
        }
        if rivals.is_empty() {
            rivals = by_numbers(table, city).into_iter().map(|p| Rival::new(table, p, said, city)).collect();
            if rivals.is_empty() {
                return true;
            }
            let all = (0..rivals.len()).collect();
            self.ask_coordinates(table, &rivals, all);
            table.shapes = rivals[0].shapes();
            return false;
        }
        match self.pick(table, &rivals, said, elsewhere) {
            Outcome::Take(i, why, crs) => {
                if rivals.len() > 1 || rivals[i].pair.named != Named::Plainly {
                    self.note_chosen(table, &rivals, i, &why);
                }
                settle(table, &rivals[i]);
                if let Some(crs) = crs {
                    let (a, b) = names(table, &rivals[i]);
                    table.claim = Some(Claim { by: format!("{a}, {b}"), crs: Ok(*crs) });
                }
                true
            }
            Outcome::Ask(open) => {
                self.ask_coordinates(table, &rivals, open);
                // Whichever it is, the layer is one of points.
                table.shapes = rivals[0].shapes();
                false
            }
            Outcome::Refuse => {
                self.refuse_coordinates(table, &rivals, said);
                false
            }
        }
    }

    fn pick(&self, table: &Table, rivals: &[Rival], said: Option<&CrsChoice>, elsewhere: bool) -> Outcome {
        let only = |i: usize| Outcome::Take(i, both("只有这一对", "there is no other"), None);
        if let Some(said) = said {
            if let [one] = rivals {
                // What numbers outside the CRS mean is for the CRS to say.
                let degrees = one.pair.datum().is_none_or(|d| !matches!(d, Datum::Xian80 | Datum::Beijing54));
                let meant_for_others = elsewhere && degrees && one.in_degrees();
                let wrong = one.contradicts(said) && matches!(said, CrsChoice::Epsg(_)) && !meant_for_others;
                let wrong = wrong || !one.control_takes(self, said);
                return if wrong { Outcome::Refuse } else { only(0) };
            }
            let fits: Vec<usize> = (0..rivals.len()).filter(|i| rivals[*i].fits(table, self, said)).collect();
            let named: Vec<usize> = fits.iter().copied().filter(|i| rivals[*i].names(self, said)).collect();
            let why = both("所指定坐标系的那一对", "the pair of the CRS that is named");
            return match (named.as_slice(), fits.as_slice()) {
                ([one], _) | ([], [one]) => Outcome::Take(*one, why, None),
                (_, []) if elsewhere && rivals.iter().all(Rival::in_degrees) => {
                    agree(rivals, (0..rivals.len()).collect(), None)
                }
                (_, []) => Outcome::Refuse,
                ([], _) => agree(rivals, clear(rivals, fits), Some(said)),
                _ => agree(rivals, named, Some(said)),
            };
        }
        let all: Vec<usize> = (0..rivals.len()).collect();
        let of_2000: Vec<usize> =
            all.iter().copied().filter(|i| rivals[*i].pair.says.contains(&System::Cgcs2000)).collect();
        let why = both("表头写明 2000", "the headings name CGCS2000");
        match of_2000.as_slice() {
            [] => {}
            [one] => return Outcome::Take(*one, why, None),
            _ => return agree(rivals, of_2000, None),
        }
        // Numbers of a grid that nobody knows are no rival to those that lie on the city.
        let mut open: Vec<usize> = all.iter().copied().filter(|i| !rivals[*i].ways.is_empty()).collect();
        if open.is_empty() {
            open = all;
        }
        let open = clear(rivals, open);
        match open.as_slice() {
            [one] => Outcome::Take(*one, both("只有它落在本市", "it alone lies on the city"), None),
            _ => agree(rivals, open, None),
        }
    }

    /// The pair that the caller names.
    fn told(&mut self, table: &mut Table, told: &str, mut rivals: Vec<Rival>) -> bool {
        let Some((a, b)) = resolve(&table.columns, told) else {
            // A word for the whole delivery is not meant for a table that leaves nothing open.
            if rivals.len() <= 1
                && !self.options.is_particular(&table.file, &table.name, |c| c.coordinates.is_some())
            {
                return true;
            }
            let message =
                both(format!("没有“{told}”这一对列"), format!("there are no two columns called {told}"));
            let all = (0..rivals.len()).collect();
            self.question_coordinates(table, &rivals, all, "coordinates.unknown", message);
            return false;
        };
        self.coordinates_told = true;
        let said = self.options.crs(&table.file, Some(&table.name)).cloned();
        let known = rivals.iter().position(|r| {
            let (x, y) = r.pair.columns;
            (x, y) == (a, b) || (y, x) == (a, b)
        });
        let i = known.unwrap_or_else(|| {
            let pair = Pair {
                columns: (a, b),
                degrees: false,
                named: Named::Not,
                says: Default::default(),
                besides: String::new(),
            };
            rivals.push(Rival::new(table, pair, said.as_ref(), self.options.city.as_deref()));
            rivals.len() - 1
        });
        let named: Vec<Text> = rivals[i].pair.says.iter().map(|s| s.name()).collect();
        if let Some(said) = said.as_ref().filter(|s| rivals[i].contradicts(s) && !named.is_empty()) {
            let list = |zh: bool| {
                named.iter().map(|t| if zh { t.zh.as_str() } else { &t.en }).collect::<Vec<_>>().join(", ")
            };
            self.note(
                "coordinates.heading",
                Severity::Warning,
                &table.file,
                both(
                    format!("表头写的是 {}，按指定作为 {said}", list(true)),
                    format!("the headings say {}; taken as {said}, as was named", list(false)),
                ),
                both("请核对位置", "please check the places"),
            );
        }
        if rivals.len() > 1 {
            let why = both("按指定（--coordinates）", "as named (--coordinates)");
            self.note_chosen(table, &rivals, i, &why);
        }
        settle(table, &rivals[i]);
        true
    }

    /// Says which pair was taken, and how far the others lie from it.
    fn note_chosen(&mut self, table: &Table, rivals: &[Rival], chosen: usize, why: &Text) {
        let (a, b) = names(table, &rivals[chosen]);
        let (mut zh, mut en) = (String::new(), String::new());
        for (i, other) in rivals.iter().enumerate().filter(|(i, _)| *i != chosen) {
            let (x, y) = names(table, &rivals[i]);
            let (far_zh, far_en) = match apart(&rivals[chosen], other) {
                Some((d, _)) => {
                    let d = metres(d.median);
                    (format!("相距 {d}"), format!("{d} away"))
                }
                None => ("无法比较".to_owned(), "not to be compared".to_owned()),
            };
            zh += &format!("；“{x}、{y}”与它{far_zh}");
            en += &format!("; {x}, {y}: {far_en}");
        }
        let n = rivals.len();
        let message = both(
            format!("有 {n} 对坐标列，取“{a}、{b}”（{}）{zh}（前几行的中位数）", why.zh),
            format!(
                "of {n} pairs of coordinates {a}, {b} is taken ({}){en} (median of the first rows)",
                why.en
            ),
        );
        self.chosen.push((table.file.clone(), table.name.clone(), message.clone()));
        let cure = both("不对时用 --coordinates 指定", "if that is wrong, name the pair with --coordinates");
        self.note("coordinates.chosen", Severity::Note, &table.file, message, cure);
    }

    fn ask_coordinates(&mut self, table: &Table, rivals: &[Rival], open: Vec<usize>) {
        let far = open.iter().skip(1).filter_map(|i| Some(apart(&rivals[open[0]], &rivals[*i])?.0.median));
        let far = far.fold(None, |most: Option<f64>, d| Some(most.map_or(d, |m| m.max(d))));
        let n = open.len();
        let message = match (n, far) {
            (1, _) => both(
                "没有列名写明坐标，只有一对列的数值落在本市：它是位置吗？",
                "no heading names coordinates, but the numbers of two columns lie on the city: are they the places?",
            ),
            (_, Some(d)) => both(
                format!("表里有 {n} 对坐标列，相距 {}（前几行的中位数）：哪一对是位置？", metres(d)),
                format!(
                    "the table has {n} pairs of coordinates that lie {} apart (median of the first rows): which are the places?",
                    metres(d)
                ),
            ),
            (_, None) => both(
                format!("表里有 {n} 对坐标列，无法比较：哪一对是位置？"),
                format!(
                    "the table has {n} pairs of coordinates that cannot be compared: which are the places?"
                ),
            ),
        };
        self.question_coordinates(table, rivals, open, "coordinates.unclear", message);
    }

    fn question_coordinates(
        &mut self,
        table: &Table,
        rivals: &[Rival],
        mut open: Vec<usize>,
        rule: &'static str,
        message: Text,
    ) {
        open.sort_by_key(|i| (rivals[*i].order(), *i));
        let (mut zh, mut en) = (String::new(), String::new());
        let mut answers = Vec::new();
        for i in &open {
            let r = &rivals[*i];
            let (a, b) = names(table, r);
            let mut label = both(format!("{a}、{b}"), format!("{a}, {b}"));
            for system in &r.pair.says {
                let name = system.name();
                label.zh += &format!("；表头写 {}", name.zh);
                label.en += &format!("; the headings say {}", name.en);
            }
            match r.ways.first() {
                Some((crs, _)) if matches!(r.pair.datum(), Some(Datum::Xian80 | Datum::Beijing54)) => {
                    let name = crs.on(r.pair.datum().unwrap_or(Datum::Cgcs2000)).name();
                    label.zh += &format!("；{name}，须经 --control 转换");
                    label.en += &format!("; {name}, which needs --control");
                }
                Some((crs, _)) if crs.is_geographic() => {
                    label.zh += "；经纬度";
                    label.en += "; degrees";
                }
                Some((crs, _)) => {
                    label.zh += &format!("；如 {}", crs.name());
                    label.en += &format!("; {} for one", crs.name());
                }
                None => {
                    label.zh += "；不像本市常用的坐标系";
                    label.en += "; in no CRS that is usual here";
                }
            }
            if *i != open[0]
                && let Some((d, _)) = apart(&rivals[open[0]], r)
            {
                label.zh += &format!("；距第一对 {}", metres(d.median));
                label.en += &format!("; {} from the first pair", metres(d.median));
            }
            let sample: Vec<[f64; 2]> =
                r.ways.first().map(|w| r.places(w).into_iter().flatten().collect()).unwrap_or_default();
            let bounds = sample.iter().fold(None, |b: Option<[f64; 4]>, p| {
                let [w, s, e, n] = b.unwrap_or([p[0], p[1], p[0], p[1]]);
                Some([w.min(p[0]), s.min(p[1]), e.max(p[0]), n.max(p[1])])
            });
            let value = word(&table.columns, r.pair.columns);
            zh += &format!("\n  --coordinates \"{value}\"：{}", label.zh);
            en += &format!("\n  --coordinates \"{value}\": {}", label.en);
            answers.push(Answer { bounds, sample, ..Answer::new(value, label) });
        }
        self.ask(&table.file, Some(&table.name), Subject::Coordinates, &message, answers);
        let cure = both(format!("选一对：{zh}"), format!("choose one:{en}"));
        self.note(rule, Severity::Error, &table.file, message, cure);
    }

    /// No pair can be in the CRS that is stated.
    fn refuse_coordinates(&mut self, table: &Table, rivals: &[Rival], said: Option<&CrsChoice>) {
        let said = said.map(ToString::to_string).unwrap_or_default();
        let (mut zh, mut en) = (Vec::new(), Vec::new());
        for r in rivals {
            let (a, b) = names(table, r);
            let (is_zh, is_en) = match r.pair.says.iter().next().map(|s| s.name()) {
                Some(name) => (format!("表头写的是 {}", name.zh), format!("whose headings say {}", name.en)),
                None if r.in_degrees() => ("是经纬度".to_owned(), "which are degrees".to_owned()),
                None => ("不在本市".to_owned(), "which do not lie on the city".to_owned()),
            };
            zh.push(format!("“{a}、{b}”{is_zh}"));
            en.push(format!("{a}, {b}, {is_en}"));
        }
        let message = both(
            format!("指定了 {said}，但没有一对坐标列可能是它：{}", zh.join("；")),
            format!("{said} is named, and no pair of coordinates can be in it: {}", en.join("; ")),
        );
        let all = (0..rivals.len()).collect();
        self.question_coordinates(table, rivals, all, "coordinates.crs", message);
    }
}

/// Leaves out pairs that say something besides (设计X) where another says nothing but axes.
fn clear(rivals: &[Rival], open: Vec<usize>) -> Vec<usize> {
    let plain = |i: &usize| {
        let pair = &rivals[*i].pair;
        pair.named == Named::Plainly || pair.besides.chars().all(|c| c.is_ascii_digit())
    };
    let clear: Vec<usize> = open.iter().copied().filter(plain).collect();
    if clear.is_empty() { open } else { clear }
}

/// The finest of pairs that are one place; else it is asked which is meant.
fn agree(rivals: &[Rival], open: Vec<usize>, said: Option<&CrsChoice>) -> Outcome {
    // What is finer is no better where it is not there.
    let better = |i: &usize| {
        let r = &rivals[*i];
        let missing = r.points.iter().filter(|p| p.is_none()).count();
        ((r.pair.shift().is_some(), !r.pair.says.contains(&System::Cgcs2000), missing), r.resolution_m())
    };
    let best = open.iter().copied().min_by(|a, b| {
        let (a, b) = (better(a), better(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let Some(best) = best else { return Outcome::Ask(open) };
    let mut crs = None;
    for other in open.iter().filter(|i| **i != best) {
        let (a, b) = (&rivals[best], &rivals[*other]);
        let Some((_, way)) = apart(a, b).filter(|(d, _)| d.most <= tolerance(a, b)) else {
            return Outcome::Ask(open);
        };
        if b.in_degrees() && !a.in_degrees() && b.pair.shift().is_none() {
            // Degrees beside plane coordinates say which they are.
            crs = crs.or(way);
        }
    }
    let datum = open.iter().find_map(|i| rivals[*i].pair.datum()).unwrap_or(Datum::Cgcs2000);
    let crs = crs.filter(|_| said.is_none()).map(|c| Box::new(c.on(datum)));
    Outcome::Take(best, both("各对相符，取较精的", "all agree, the finest is taken"), crs)
}

/// Pairs that no heading names, by their numbers.
fn by_numbers(table: &Table, city: Option<&City>) -> Vec<Pair> {
    let Some(city) = city else { return Vec::new() };
    let plausible = |numbers: &[f64]| {
        let known = numbers.iter().filter(|n| n.is_finite()).count();
        let place = |n: &f64| {
            let n = n.abs();
            let digits = |n: f64| n.to_string().split_once('.').map_or(0, |(_, d)| d.len());
            (100_000.0..1e6).contains(&n)
                || (2e6..46e6).contains(&n)
                || ((3.0..136.0).contains(&n) && digits(n) >= 4)
        };
        let like = numbers.iter().filter(|n| place(n)).count();
        known >= 2 && known * 10 >= numbers.len() * 9 && like * 10 >= known * 8
    };
    let open: Vec<usize> = (0..table.first.len()).filter(|i| plausible(&table.first[*i])).collect();
    let (mut found, mut at) = (Vec::new(), 0);
    while let [a, b, ..] = open[at..] {
        let points: Vec<[f64; 2]> = table.first[a]
            .iter()
            .zip(&table.first[b])
            .map(|(x, y)| [*x, *y])
            .filter(|p| p[0].is_finite() && p[1].is_finite())
            .collect();
        let best = bulk(&points).and_then(|n| city.candidates(n).into_iter().next());
        if best.is_some_and(|c| c.confidence >= 0.9) {
            found.push(Pair {
                columns: (a, b),
                degrees: false,
                named: Named::Not,
                says: Default::default(),
                besides: String::new(),
            });
            at += 2;
        } else {
            at += 1;
        }
    }
    found
}

/// The layer's own coordinate fields hold the numbers of the pair that the places come from, whatever it is called; beside
/// shapes, those of the columns called X and Y.
pub(super) fn own_fields(
    table: &Table,
    layer: &LayerDef,
    decision: &Decision,
    city: Option<&City>,
    mapping: &mut [Option<usize>],
) {
    let Some(check) = layer.checks.iter().find(|c| c.rule == "agrees") else { return };
    let field = |name: &str| check.texts.get(name).and_then(|f| layer.field(f));
    let (Some(north), Some(east)) = (field("north"), field("east")) else { return };
    let (pair, northing_first) = match table.shapes {
        ShapeSource::Columns(a, b) if decision.crs.is_none_or(|c| !c.is_geographic()) => {
            ((a, b), decision.swapped)
        }
        ShapeSource::File(Some(Shape::Point)) if mapping[north].is_none() && mapping[east].is_none() => {
            let free = |p: &Pair| {
                !p.degrees
                    && p.named == Named::Plainly
                    && !mapping.iter().flatten().any(|c| *c == p.columns.0 || *c == p.columns.1)
            };
            let mut all: Vec<Pair> = pairs::by_heading(&table.columns).into_iter().filter(free).collect();
            all.sort_by_key(|p| !p.says.contains(&System::Cgcs2000));
            let Some(pair) = all.into_iter().next() else { return };
            let seen = look(
                table.reader.as_ref(),
                ShapeSource::Columns(pair.columns.0, pair.columns.1),
                &table.columns,
                LOOK,
            );
            let Some(way) = seen.numbers.and_then(|n| ways(n, None, city).into_iter().next()) else { return };
            (pair.columns, way.1)
        }
        _ => return,
    };
    let (n, e) = if northing_first { pair } else { (pair.1, pair.0) };
    for column in mapping.iter_mut().filter(|c| **c == Some(n) || **c == Some(e)) {
        *column = None;
    }
    (mapping[north], mapping[east]) = (Some(n), Some(e));
}

/// The table's places are that pair's.
fn settle(table: &mut Table, rival: &Rival) {
    if table.shapes != rival.shapes() {
        table.shapes = rival.shapes();
        table.numbers = rival.numbers;
    }
}

fn names<'a>(table: &'a Table, rival: &Rival) -> (&'a str, &'a str) {
    let (a, b) = rival.pair.columns;
    (pairs::shown(&table.columns[a]), pairs::shown(&table.columns[b]))
}

/// A pair as a caller names it: by headings, or by the columns' numbers where headings are not clear.
fn word(columns: &[String], (a, b): (usize, usize)) -> String {
    let by_name = format!("{},{}", pairs::shown(&columns[a]), pairs::shown(&columns[b]));
    if resolve(columns, &by_name) == Some((a, b)) { by_name } else { format!("#{},#{}", a + 1, b + 1) }
}

/// The two columns that a caller names.
fn resolve(columns: &[String], said: &str) -> Option<(usize, usize)> {
    let squeezed =
        |s: &str| s.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect::<String>();
    let one = |name: &str| {
        let name = name.trim();
        if let Some(n) = name.strip_prefix('#') {
            let n: usize = n.parse().ok()?;
            return n.checked_sub(1).filter(|n| *n < columns.len());
        }
        let wanted = squeezed(name);
        let called = |c: &&String| {
            squeezed(c) == wanted || c.split(crate::recognise::fields::OR).any(|c| squeezed(c) == wanted)
        };
        let mut all = columns.iter().enumerate().filter(|(_, c)| called(c)).map(|(i, _)| i);
        all.next().filter(|_| all.next().is_none())
    };
    let comma = |c: char| matches!(c, ',' | '，' | '、' | ';');
    said.char_indices()
        .filter(|(_, c)| comma(*c))
        .find_map(|(i, c)| Some((one(&said[..i])?, one(&said[i + c.len_utf8()..])?)))
        .filter(|(a, b)| a != b)
}

#[cfg(test)]
mod tests;
