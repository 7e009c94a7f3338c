//! Every shared survey and hostile file beside what becomes of it, in one sorted table: a change of any reader shows here.

use super::*;
use ditu_model::LayerId;

/// `file: outcome`, sorted. `DITU_RENEW_OUTCOMES=1 cargo test -p ditu-importers outcomes` writes it anew.
const TABLE: &str = include_str!("outcomes.txt");

/// Parts of other files, and what nobody delivers.
const PARTS: [&str; 16] = [
    "dbf", "shx", "prj", "qpj", "cpg", "dat", "id", "map", "mid", "gfs", "xsd", "sbn", "sbx", "md", "txt",
    "license",
];

/// What becomes of a file: without a word, and where it is asked which layer or CRS it is, with one.
fn outcome(path: &Path) -> String {
    let attempt = |layer: Option<&str>, crs: Option<u32>| {
        let (_scratch, plan) = planned(&[path.to_owned()], |o| {
            o.all().layer = layer.map(|l| LayerId::new(l).unwrap());
            o.all().crs = crs.map(CrsChoice::Epsg);
            o.city = None;
        });
        let plan = plan.map_err(|r| {
            let mut rules = rules(&r);
            rules.dedup();
            rules.join(" ")
        })?;
        let mut names: Vec<String> =
            plan.datasets().iter().map(|d| format!("{} {}", d.format, d.layer)).collect();
        names.dedup();
        let (result, report) = drained(plan);
        let read: u64 = report.layers.values().map(|c| c.read).sum();
        let end = if result.is_err() { ", aborted" } else { "" };
        Ok::<_, String>(format!("{}, {} of {read}{end}", names.join(" + "), report.committed()))
    };
    let first = match attempt(None, None) {
        Ok(read) => return read,
        Err(rules) if rules.split(' ').all(|r| r.starts_with("layer.") || r.starts_with("crs.")) => rules,
        Err(rules) => return rules,
    };
    // A drawing may hold points, lines and areas; the first layer that takes anything will do.
    for layer in ["placename.place", "water.area", "transport.road"] {
        for crs in [None, Some(4490), Some(4546)] {
            if let Ok(read) = attempt(Some(layer), crs)
                && !read.ends_with("aborted")
            {
                let word = crs.map(|c| format!(" EPSG:{c}")).unwrap_or_default();
                return format!("{first}; told{word}: {read}");
            }
        }
    }
    first
}

#[test]
fn every_shared_file_ends_as_the_table_says() {
    let root = data("survey").parent().unwrap().to_owned();
    let mut files = Vec::new();
    let mut folders = vec![data("survey"), data("hostile")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
            let cass = ending == "dat" && !path.with_extension("tab").exists();
            if path.is_dir() {
                folders.push(path);
            } else if cass || !PARTS.contains(&ending.as_str()) {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut found = String::new();
    for path in files {
        let name = path.strip_prefix(&root).unwrap().display();
        found += &format!("{name}: {}\n", outcome(&path));
    }
    if std::env::var_os("DITU_RENEW_OUTCOMES").is_some() {
        let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/shared/outcomes.txt");
        std::fs::write(table, &found).unwrap();
        return;
    }
    for (here, table) in found.lines().zip(TABLE.lines()) {
        assert_eq!(here, table);
    }
    assert_eq!(found.lines().count(), TABLE.lines().count());
}
