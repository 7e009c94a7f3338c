use super::*;

const GOOD: &str = r#"
theme = "transport"
title = { zh = "交通", en = "Transport" }

[codes.class]
title = { zh = "等级", en = "Class" }
edition = "GB/T 13923-2022"
values = [{ code = "trunk", zh = "国道", en = "National road", aliases = ["420101"] }]

[[layer]]
id = "transport.road"
title = { zh = "道路", en = "Road" }
geometry = "line"
key = ["code"]
aliases = ["DLSS", "道路*"]
gb = ["4201"]
sharing = "open"

[layer.display]
zooms = [6, 18]
by = "class"
by_value = { trunk = 6 }

[layer.label]
field = "name"

[[layer.field]]
name = "code"
title = { zh = "编码", en = "Code" }
type = "text"

[[layer.field]]
name = "name"
title = { zh = "名称", en = "Name" }
type = "text"
aliases = ["ROAD_NAME"]

[[layer.field]]
name = "class"
title = { zh = "等级", en = "Class" }
type = "text"
codes = "class"

[[layer.check]]
rule = "connected"
severity = "warning"
tolerance_m = 0.5
"#;

fn parse(text: &str) -> Result<Layers, DefinitionErrors> {
    Layers::parse(&[
        ("basemap.toml".into(), "themes = [\"transport\"]".into()),
        ("transport.toml".into(), text.into()),
    ])
}

#[test]
fn a_theme_file_is_read_whole() {
    let layers = parse(GOOD).unwrap();
    let road = layers.named("transport.road").unwrap();
    assert_eq!(road.key, [0]);
    assert_eq!(road.label.as_ref().unwrap().field, 1);
    assert_eq!(road.display.by_value["trunk"], 6);
    assert_eq!(road.checks[0].numbers["tolerance_m"], 0.5);
    assert!(road.is_called("dlss") && road.is_called("道路中心线") && road.is_called("transport_road"));
    assert!(!road.is_called("铁路"));
    assert!(road.fields[1].is_called("road_name") && road.fields[1].is_called("名称(m)"));
    assert_eq!(road.fields[2].codes.as_ref().unwrap().find("国道").unwrap().code, "trunk");
}

#[test]
fn a_mistake_names_file_line_key_and_cure() {
    for (good, bad, key, what) in [
        (
            "type = \"text\"\n\n[[layer.field]]\nname = \"name\"",
            "type = \"txt\"\n\n[[layer.field]]\nname = \"name\"",
            "type",
            "unknown variant",
        ),
        ("field = \"name\"", "field = \"nome\"", "label.field", "no field nome"),
        ("codes = \"class\"", "codes = \"klass\"", "field.codes", "no code list klass"),
        ("zooms = [6, 18]", "zooms = [18, 6]", "zooms", "no range"),
        ("by_value = { trunk = 6 }", "by_value = { trunc = 6 }", "by_value", "code list"),
        ("gb = [\"4201\"]", "gb = [\"42x\"]", "layer.gb", "13923"),
        ("id = \"transport.road\"", "id = \"road\"", "layer.id", "not a layer id"),
        ("sharing = \"open\"", "sharing = \"open\"\ncolour = 3", "colour", "unknown field"),
        ("key = [\"code\"]", "key = [\"kode\"]", "layer.key", "no field kode"),
        ("sharing = \"open\"", "sharing = \"open\"\nresolution_m = 5.0", "resolution_m", "no such length"),
        (
            "sharing = \"open\"",
            "sharing = \"open\"\nheight_resolution_m = -1.0",
            "height_resolution_m",
            "length",
        ),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let text = GOOD.replacen(good, bad, 1);
        let errors = parse(&text).unwrap_err();
        let e = &errors.0[0];
        let changed = bad.lines().find(|l| !good.contains(*l)).unwrap();
        let line = text.lines().position(|l| l == changed).unwrap() + 1;
        assert_eq!((e.file.as_str(), e.line), ("transport.toml", line), "{bad}: {e}");
        assert!(e.key.contains(key), "{bad}: {e}");
        assert!(e.what.contains(what), "{bad}: {e}");
        assert!(!e.cure.is_empty());
    }
}

#[test]
fn how_near_is_the_same_is_declared_and_a_tenth_of_a_millimetre_without_a_word() {
    let road = |text: &str| parse(text).unwrap().named("transport.road").unwrap().clone();
    let plain = road(GOOD);
    assert_eq!((plain.resolution.plane_m, plain.resolution.height_m, plain.directed), (1e-4, 1e-4, true));
    let keys = "sharing = \"open\"\nresolution_m = 0.01\nheight_resolution_m = 0.005\ndirected = false";
    let told = road(&GOOD.replacen("sharing = \"open\"", keys, 1));
    assert_eq!((told.resolution.plane_m, told.resolution.height_m, told.directed), (0.01, 0.005, false));
}

#[test]
fn a_star_stands_for_any_text() {
    for (pattern, text, expected) in [
        ("road*", "roads", true),
        ("*road", "a_road", true),
        ("*road*", "my roads", true),
        ("a*b*c", "a--b--c", true),
        ("a*b*c", "a--c--b", false),
        ("road", "roads", false),
    ] {
        assert_eq!(matches_pattern(pattern, text), expected, "{pattern} {text}");
    }
}
