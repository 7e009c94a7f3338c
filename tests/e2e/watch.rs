//! The watched folder: what lands is imported when it is whole, and moved with its report.

use crate::harness::{City, inputs};
use ditu_sample::formats::shp::Manner;
use ditu_sample::towns;
use inputs::{road, roads};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

struct Watch {
    child: Child,
    dir: PathBuf,
}

impl Watch {
    fn start(city: &City, more: &[&str]) -> Watch {
        let dir = city.data().with_file_name("来件");
        fs::create_dir_all(&dir).unwrap();
        let mut args = vec!["watch", dir.to_str().unwrap(), "--settle", "1", "--every", "1"];
        args.extend(more);
        let child = city.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Watch { child, dir }
    }

    /// Waits for something to lie in `done` or `refused`; its folder.
    #[track_caller]
    fn outcome(&self, which: &str, name: &str) -> PathBuf {
        let begun = Instant::now();
        loop {
            let found = fs::read_dir(self.dir.join(which)).into_iter().flatten().flatten();
            let mut found = found.filter(|e| e.file_name().to_string_lossy().ends_with(name));
            if let Some(e) = found.next().filter(|e| e.path().join("report.gpkg").exists()) {
                return e.path();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{name} is not in {which}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_lands_is_imported_and_moved_and_what_is_wrong_is_refused_with_its_report() {
    let city = City::new();
    let watch = Watch::start(&city, &[]);
    let text = fs::read(roads(&city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001])])).unwrap();
    fs::write(watch.dir.join("道路.geojson"), &text).unwrap();
    fs::write(watch.dir.join("说明.xyz"), "no map").unwrap();
    let done = watch.outcome("done", "道路");
    assert_eq!(fs::read(done.join("道路.geojson")).unwrap(), text);
    assert!(fs::read_to_string(done.join("report.html")).unwrap().contains("道路"));
    let refused = watch.outcome("refused", "说明");
    assert!(fs::read_to_string(refused.join("report.json")).unwrap().contains("format.unknown"));
    assert_eq!(city.count("transport.road"), 1);
    assert!(!watch.dir.join("道路.geojson").exists() && !watch.dir.join("说明.xyz").exists());
    // A second watcher of the same folder would take the same files.
    let second = city.run(&["watch", watch.dir.to_str().unwrap(), "--once"]).expect(1);
    assert!(second.stderr.contains("another"), "{}", second.stderr);
}

#[test]
fn a_file_that_is_still_being_copied_waits_until_it_is_whole() {
    let city = City::new();
    let watch = Watch::start(&city, &["--patience", "60"]);
    let stem = city.data().with_file_name("towns");
    let written = towns::write(&stem, &Manner::OFFICE, towns::plane, &[]).unwrap();
    let part = |e: &str| fs::read(stem.with_extension(e)).unwrap();
    // The shapes come slowly and in pauses longer than it settles; the attributes last.
    let shp = part("shp");
    let mut out = fs::File::create(watch.dir.join("地名.shp")).unwrap();
    for piece in shp.chunks(shp.len() / 2 + 1) {
        out.write_all(piece).unwrap();
        out.flush().unwrap();
        std::thread::sleep(Duration::from_millis(2600));
        assert!(!watch.dir.join("done").exists() && !watch.dir.join("refused").exists());
    }
    for ending in ["shx", "dbf", "prj"] {
        fs::write(watch.dir.join(format!("地名.{ending}")), part(ending)).unwrap();
    }
    let done = watch.outcome("done", "地名");
    assert_eq!(fs::read(done.join("地名.shp")).unwrap(), shp);
    assert_eq!(city.count("placename.place"), written);
    assert_eq!(city.revisions(), 1, "taken once, and whole");
}

#[test]
fn what_never_becomes_whole_is_refused_when_patience_ends() {
    let city = City::new();
    let watch = Watch::start(&city, &["--patience", "2"]);
    fs::write(watch.dir.join("房屋.dbf"), "half").unwrap();
    let refused = watch.outcome("refused", "房屋");
    assert!(fs::read_to_string(refused.join("report.json")).unwrap().contains("file.incomplete"));
}
