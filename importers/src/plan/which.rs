//! Which table is the layer where several hold the same things: a copy, a backup, an older state beside the present one.
//! Both would stand in the layer, or the second would be kept out row by row; which comes first in a file says nothing.

use super::{Source, Work};
use crate::notes::both;
use crate::question::{Answer, Subject};
use crate::recognise::copies;
use crate::recognise::layer::Recognised;
use crate::run::{Probe, Probed, probe};
use crate::table::Table;
use ditu_model::{Date, LayerDef, Severity, Text};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Rows of all tables of a layer that are looked at, and of one of them at most and at least.
const ROWS: usize = 20_000;
const MOST: usize = 5_000;
const LEAST: usize = 200;
/// Rows of a table that is called like another one: copies may be in another order.
const NAMESAKE: usize = 1_000_000;
/// The share of the smaller table's rows that another holds too, by which they are of the same things.
const SHARE: f64 = 0.5;
/// Rows of one shape by which tables without keys are of the same things, unless they have no others: an island may be a place
/// and a piece of nature.
const SHAPES: usize = 3;
/// Tables of one row that are told apart: more have no two copies of it by anybody's wish.
const CROWD: usize = 64;

/// Two tables that hold the same things.
struct Pair {
    a: usize,
    b: usize,
    same: usize,
}

impl Work<'_> {
    /// The sources without those that the caller passed over; where it was not said which to take, that is asked.
    pub(super) fn choose(&mut self, sources: Vec<Source>) -> Vec<Source> {
        let mut layers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, source) in sources.iter().enumerate() {
            layers.entry(source.layer.id.as_str()).or_default().push(i);
        }
        let mut probes: HashMap<usize, Probe> = HashMap::new();
        let (mut passed, mut open): (HashSet<usize>, Vec<Vec<usize>>) = Default::default();
        let mut same: HashMap<usize, usize> = HashMap::new();
        for of_layer in layers.values().filter(|l| l.len() > 1) {
            look(&sources, of_layer, &mut probes);
            let mut pairs = pairs(&sources, of_layer, &probes);
            for pair in &pairs {
                let (a, b) = (self.taken(&sources[pair.a]), self.taken(&sources[pair.b]));
                match (a.is_empty(), b.is_empty()) {
                    (false, true) => passed.insert(pair.b),
                    (true, false) => passed.insert(pair.a),
                    _ => continue,
                };
            }
            pairs.retain(|p| {
                let (a, b) = (self.taken(&sources[p.a]), self.taken(&sources[p.b]));
                // Both by a word each is meant so; one word for both says nothing.
                let both = a != b && !a.is_empty() && !b.is_empty();
                !both && !passed.contains(&p.a) && !passed.contains(&p.b)
            });
            for p in &pairs {
                same.insert(p.a, p.same);
                same.insert(p.b, p.same);
            }
            open.extend(groups(&pairs));
        }
        for &i in &passed {
            self.note_passed(&sources[i]);
        }
        self.ask_which(&sources, &probes, open, &same);
        let kept = sources.into_iter().enumerate().filter(|(i, _)| !passed.contains(i));
        kept.map(|(_, s)| s).collect()
    }

    /// By which of the caller's choices a source is taken.
    fn taken(&self, source: &Source) -> Vec<usize> {
        let choices = self.options.choices.iter().enumerate();
        choices.filter(|(_, c)| c.takes(&source.table.file, &source.table.name)).map(|(i, _)| i).collect()
    }

    fn note_passed(&mut self, source: &Source) {
        let name = shown(source, true);
        self.note(
            "table.passed",
            Severity::Warning,
            &source.table.file,
            both(
                format!("“{name}”与指定的表是同一批要素，没有导入"),
                format!("{name} holds the same features as the table that was named, and was passed over"),
            ),
            both("按指定处理", "as was said"),
        );
    }

    /// One question a group; groups of the same files are one, for then the files are copies.
    fn ask_which(
        &mut self,
        sources: &[Source],
        probes: &HashMap<usize, Probe>,
        open: Vec<Vec<usize>>,
        same: &HashMap<usize, usize>,
    ) {
        let mut by_files: BTreeMap<Vec<&str>, Vec<Vec<usize>>> = BTreeMap::new();
        for mut group in open {
            let mut files: Vec<&str> = group.iter().map(|&i| &*sources[i].table.file).collect();
            files.sort_unstable();
            let all = files.len();
            files.dedup();
            group.sort_by_key(|&i| order(&sources[i], &probes[&i]));
            if files.len() == all {
                by_files.entry(files).or_default().push(group);
            } else {
                let inside = files.len() == 1;
                let options =
                    group.iter().map(|&i| Choosable::table(&sources[i], &probes[&i], inside)).collect();
                let same = group.iter().filter_map(|i| same.get(i)).max().copied().unwrap_or(0);
                self.ask_group(options, &sources[group[0]].layer.title, same);
            }
        }
        for (files, groups) in by_files {
            let members = |file: &str| -> Vec<usize> {
                groups.iter().flatten().copied().filter(|&i| *sources[i].table.file == *file).collect()
            };
            let mut options: Vec<(_, Choosable)> = files
                .iter()
                .map(|file| {
                    let of_file = members(file);
                    let order = of_file.iter().map(|&i| order(&sources[i], &probes[&i])).max();
                    (order, Choosable::file(file, &of_file, sources, probes))
                })
                .collect();
            options.sort_by_key(|o| o.0);
            let same = groups.iter().flatten().filter_map(|i| same.get(i)).max().copied().unwrap_or(0);
            let title = &sources[groups[0][0]].layer.title;
            self.ask_group(options.into_iter().map(|(_, o)| o).collect(), title, same);
        }
    }

    fn ask_group(&mut self, options: Vec<Choosable>, title: &Text, same: usize) {
        let list = |zh: bool, sep: &str| -> String {
            let each = options.iter().map(|o| if zh { &o.label.zh } else { &o.label.en });
            each.map(String::as_str).collect::<Vec<_>>().join(sep)
        };
        let message = both(
            format!(
                "“{}”的同一批要素在几处都有（看到 {same} 个相同），用哪一个？{}",
                title.zh,
                list(true, "；")
            ),
            format!(
                "the same features of {} are in several places ({same} seen in both), which one is it? {}",
                title.en,
                list(false, "; ")
            ),
        );
        let cure = |zh: bool| -> String {
            let line = |o: &Choosable| {
                let value = match o.value.contains(|c: char| c.is_whitespace() || "()（）~'".contains(c)) {
                    true => format!("\"{}\"", o.value),
                    false => o.value.clone(),
                };
                format!("\n  --table {value}")
            };
            let head = if zh { "选一个：" } else { "choose one:" };
            head.to_owned() + &options.iter().map(line).collect::<String>()
        };
        let file = options[0].file.clone();
        self.note("table.several", Severity::Error, &file, message.clone(), both(cure(true), cure(false)));
        let answers = options.into_iter().map(Choosable::answer).collect();
        self.ask(&file, None, Subject::Table, &message, answers);
    }

    /// A table that the caller names and that is not there is no table to import.
    pub(super) fn check_named(&mut self, tables: &[Table]) {
        let views: Vec<(String, String)> = self
            .findings
            .iter()
            .filter(|f| f.rule == "table.view")
            .filter_map(|f| Some((f.place.file.clone()?, f.value.as_str()?.to_owned())))
            .collect();
        let named = self.options.choices.iter().filter(|c| c.take);
        let unknown: Vec<String> = named
            .filter(|c| {
                !tables.iter().any(|t| c.takes(&t.file, &t.name)) && !views.iter().any(|(f, v)| c.takes(f, v))
            })
            .filter_map(|c| c.table.clone().or_else(|| c.file.clone()))
            .collect();
        for name in unknown {
            let mut there: Vec<&str> = tables.iter().map(|t| t.name.as_str()).collect();
            there.dedup();
            there.truncate(30);
            let file = tables.first().map_or(String::new(), |t| t.file.to_string());
            self.note(
                "table.unknown",
                Severity::Error,
                &file,
                both(format!("没有叫“{name}”的表"), format!("there is no table called {name}")),
                both(format!("有：{}", there.join("、")), format!("there are: {}", there.join(", "))),
            );
        }
    }

    /// Where a file's views were passed over and nothing else of it goes to a layer, a view may be what is meant.
    pub(super) fn ask_views(&mut self, known: &[(Table, Arc<LayerDef>)], left: &[(Table, Recognised)]) {
        let mut files: Vec<Arc<str>> = left.iter().map(|(t, _)| Arc::clone(&t.file)).collect();
        files.dedup();
        files.retain(|f| !known.iter().any(|(t, _)| t.file == *f));
        for file in files {
            let passed = self.findings.iter().filter(|f| f.rule == "table.view");
            let of_file = passed.filter(|f| f.place.file.as_deref() == Some(&*file));
            let views: Vec<&str> = of_file.filter_map(|f| f.value.as_str()).collect();
            if views.is_empty() {
                continue;
            }
            let answers = views.iter().map(|v| crate::formats::view_answer(&file, v)).collect();
            let message = both(
                "文件里的表看不出是哪个图层；是否导入视图？",
                "no table of the file is recognised as a layer; is it a view that is meant?",
            );
            self.ask(&file, None, Subject::Table, &message, answers);
        }
    }
}

/// Probes the tables of a layer: a little of each, more of those that are called alike.
fn look(sources: &[Source], of_layer: &[usize], probes: &mut HashMap<usize, Probe>) {
    let few = (ROWS / of_layer.len()).clamp(LEAST, MOST);
    let mut called: HashMap<String, usize> = HashMap::new();
    let names = |i: usize| {
        let t = &sources[i].table;
        let file = t.file.rsplit('/').next().unwrap_or(&t.file);
        (copies::bare(&t.name), copies::bare(file))
    };
    for &i in of_layer {
        let (table, file) = names(i);
        *called.entry(format!("{table} {file}")).or_default() += 1;
        *called.entry(format!("{} {table}", sources[i].table.file)).or_default() += 1;
    }
    for &i in of_layer {
        let (table, file) = names(i);
        let alike = called[&format!("{table} {file}")] > 1
            || called[&format!("{} {table}", sources[i].table.file)] > 1;
        let told = alike && of_layer.iter().any(|&i| former(&sources[i].table));
        probes.insert(i, probe(&sources[i], if told { NAMESAKE } else { few }));
    }
}

fn former(table: &Table) -> bool {
    copies::is_former(&table.name)
        || copies::is_former(table.file.rsplit_once('.').map_or(&table.file, |(stem, _)| stem))
}

/// The tables that hold most of what another one holds.
fn pairs(sources: &[Source], of_layer: &[usize], probes: &HashMap<usize, Probe>) -> Vec<Pair> {
    let mut holders: HashMap<u128, Vec<(usize, usize)>> = HashMap::new();
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    for &i in of_layer {
        for (at, row) in probes[&i].rows.iter().enumerate() {
            let held = holders.entry(row.hash).or_default();
            if held.last().is_none_or(|(last, _)| *last != i) && held.len() < CROWD {
                held.push((i, at));
                *sizes.entry(i).or_default() += 1;
            }
        }
    }
    let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
    for held in holders.values() {
        for (n, &(a, row_a)) in held.iter().enumerate() {
            for &(b, row_b) in &held[n + 1..] {
                if probes[&a].rows[row_a].is(&probes[&b].rows[row_b]) {
                    *shared.entry((a, b)).or_default() += 1;
                }
            }
        }
    }
    let mut pairs: Vec<Pair> = shared
        .into_iter()
        .filter(|((a, b), same)| {
            let (s, t) = (&sources[*a].table, &sources[*b].table);
            let fewer = sizes[a].min(sizes[b]);
            let keyed = probes[a].rows.iter().any(Probed::is_keyed);
            let enough = keyed || *same >= SHAPES || sizes[a] == sizes[b];
            // Kinds of shapes of one table are no copies of each other; neither are sheets that number their own things.
            let one_table = s.file == t.file && s.name == t.name;
            !one_table && enough && *same as f64 >= fewer as f64 * SHARE && !apart(&probes[a], &probes[b])
        })
        .map(|((a, b), same)| Pair { a, b, same })
        .collect();
    pairs.sort_unstable_by_key(|p| (p.a, p.b));
    pairs
}

/// True when two tables lie beside each other: sheets whose things are numbered anew in each.
fn apart(a: &Probe, b: &Probe) -> bool {
    let bounds = |p: &Probe| {
        p.sample.iter().fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |[w, s, e, n], c| {
            [w.min(c[0]), s.min(c[1]), e.max(c[0]), n.max(c[1])]
        })
    };
    if a.sample.is_empty() || b.sample.is_empty() {
        return false;
    }
    let (a, b) = (bounds(a), bounds(b));
    a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1]
}

/// Which tables belong together by pairs.
fn groups(pairs: &[Pair]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for p in pairs {
        let (mut joined, rest): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|g: &Vec<usize>| g.contains(&p.a) || g.contains(&p.b));
        groups = rest;
        let mut one: Vec<usize> = joined.drain(..).flatten().chain([p.a, p.b]).collect();
        one.sort_unstable();
        one.dedup();
        groups.push(one);
    }
    groups
}

/// The likeliest first: not called a copy, then the newest, then the fullest.
type Order = (bool, std::cmp::Reverse<Option<Date>>, std::cmp::Reverse<u64>);

fn order(source: &Source, probe: &Probe) -> Order {
    use std::cmp::Reverse;
    (former(&source.table), Reverse(probe.newest), Reverse(rows(source, probe).0))
}

/// Rows of a table; whether there may be more.
fn rows(source: &Source, probe: &Probe) -> (u64, bool) {
    match source.table.features {
        Some(n) => (n, false),
        None => (probe.rows.len() as u64, !probe.whole),
    }
}

/// What people call a table: alone where all are of one file, else with the file.
fn shown(source: &Source, inside: bool) -> String {
    let t = &source.table;
    let stem = t.file.rsplit('/').next().and_then(|f| f.rsplit_once('.')).map_or(&*t.file, |(s, _)| s);
    if inside && t.name != stem {
        t.name.clone()
    } else if t.name == stem || t.name.is_empty() {
        t.file.to_string()
    } else {
        format!("{}/{}", t.file, t.name)
    }
}

/// One of those that may be taken.
struct Choosable {
    value: String,
    label: Text,
    file: String,
    table: Option<String>,
    sample: Vec<[f64; 2]>,
}

impl Choosable {
    fn table(source: &Source, probe: &Probe, inside: bool) -> Choosable {
        let t = &source.table;
        let value = if inside { t.name.clone() } else { format!("{}/{}", t.file, t.name) };
        let (n, more) = rows(source, probe);
        Choosable {
            label: label(&value, n, more, probe.newest),
            value,
            file: t.file.to_string(),
            table: Some(t.name.clone()),
            sample: probe.sample.clone(),
        }
    }

    fn file(file: &str, members: &[usize], sources: &[Source], probes: &HashMap<usize, Probe>) -> Choosable {
        let each = || members.iter().map(|i| rows(&sources[*i], &probes[i]));
        let newest = members.iter().filter_map(|i| probes[i].newest).max();
        Choosable {
            value: file.to_owned(),
            label: label(file, each().map(|r| r.0).sum(), each().any(|r| r.1), newest),
            file: file.to_owned(),
            table: None,
            sample: members.iter().flat_map(|i| &probes[i].sample).take(300).copied().collect(),
        }
    }

    fn answer(self) -> Answer {
        let of = Some((self.file, self.table));
        Answer { of, ..Answer::new(self.value, self.label).lying_at(self.sample) }
    }
}

fn label(name: &str, n: u64, more: bool, newest: Option<Date>) -> Text {
    let (zh, en) = if more { ("至少 ", "at least ") } else { ("", "") };
    let mut label = both(format!("{name}，{zh}{n} 个"), format!("{name}, {en}{n} features"));
    if let Some(day) = newest {
        label.zh += &format!("，最晚 {day}");
        label.en += &format!(", newest {day}");
    }
    label
}
