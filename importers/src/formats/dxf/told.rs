//! What is said of a drawing: what was passed over, by what it holds, and what became of its blocks.

use super::Drawing;
use super::blocks::Made;
use super::scan::is_passed;
use crate::notes::{both, of_file};
use ditu_model::{Finding, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// Names that are listed at most.
const NAMED: usize = 6;

fn listed<'a>(names: impl Iterator<Item = &'a str>, between: &str) -> String {
    let all: Vec<&str> = names.collect();
    let more = if all.len() > NAMED { " …" } else { "" };
    format!("{}{more}", all[..all.len().min(NAMED)].join(between))
}

/// Curves that stay as GDAL strokes them.
pub(super) fn curves(file: &str, strange: u64) -> Option<Finding> {
    (strange > 0).then(|| {
        of_file(
            "dxf.curves",
            Severity::Warning,
            file,
            both(
                format!("{strange} 条曲线写法特殊（如带厚度、不在水平面上、节点不合规则），按 0.5 度或每个控制点 8 段打断，不保证 1 厘米以内"),
                format!(
                    "{strange} curves are written in ways of their own (with thickness, in a tilted plane, with knots against the rules): stroked by half a degree or eight pieces a control point, not surely within a centimetre"
                ),
            ),
            both(
                "要求更高时在 CAD 中转为多段线后再导出",
                "turn them into polylines where they were drawn if that is too coarse",
            ),
        )
    })
}

/// Texts beside the symbols of their layer.
pub(super) fn labels(file: &str, layer: &str, n: u64) -> Finding {
    of_file(
        "dxf.texts",
        Severity::Warning,
        file,
        both(
            format!("图层 {layer} 里有 {n} 个文字与符号在一起，是符号的注记"),
            format!("the layer {layer} has {n} texts beside symbols: they label these"),
        ),
        both(
            "文字未导入；文字本身是数据时单独放一层",
            "the texts are passed over; give them a layer of their own if they are the data",
        ),
    )
}

/// What becomes of blocks, and what is passed over.
pub(super) fn all(file: &str, drawing: &Drawing, made: &Made) -> Vec<Finding> {
    let scan = &drawing.scan;
    let mut said = Vec::new();
    let mut note = |rule, severity, message, cure| said.push(of_file(rule, severity, file, message, cure));
    if made.drawn > 0 {
        let (n, of) = (made.entities, made.drawn);
        note(
            "dxf.blocks",
            Severity::Note,
            both(
                format!("{of} 处插入的块是图的一部分，其中 {n} 个实体按插入的位置画出"),
                format!(
                    "{of} inserted blocks are part of the map: their {n} entities are drawn where they stand"
                ),
            ),
            both("其余块是符号，按点导入", "other blocks are symbols and stay points"),
        );
    }
    if scan.paper > 0 {
        let n = scan.paper;
        note(
            "dxf.paper",
            Severity::Note,
            both(
                format!("图纸空间里有 {n} 个实体，未读"),
                format!("{n} entities of paper space are passed over"),
            ),
            both(
                "它们是布局和图廓；若是数据，请移到模型空间",
                "they are layouts and frames; move them to model space if they are data",
            ),
        );
    }
    // Entities of the drawing and of the blocks that it inserts, in one another.
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut missing, mut external, mut lost) = (BTreeSet::new(), BTreeSet::new(), 0);
    let mut patterns = 0;
    let mut todo = vec![&scan.model];
    let mut met = BTreeSet::new();
    while let Some(held) = todo.pop() {
        for (kind, n) in held.kinds.iter().filter(|(kind, _)| is_passed(kind)) {
            *kinds.entry(kind).or_default() += n;
        }
        for (name, n) in &held.inserts {
            let shown = drawing.name(name);
            if shown.to_ascii_uppercase().starts_with("*X") {
                patterns += n;
            }
            match scan.block(name) {
                Some(block) if block.external => {
                    external.insert(shown);
                    lost += n;
                }
                Some(block) => {
                    if met.insert(name) {
                        todo.push(&block.held);
                    }
                }
                None => {
                    missing.insert(shown);
                    lost += n;
                }
            }
        }
    }
    if patterns > 0 {
        *kinds.entry("HATCH (*X)").or_default() += patterns;
    }
    if !kinds.is_empty() {
        let n: u64 = kinds.values().sum();
        let by: Vec<String> = kinds.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
        let by = listed(by.iter().map(String::as_str), ", ");
        note(
            "dxf.passed",
            Severity::Warning,
            both(
                format!("{n} 个实体不是地图图形，未导入：{by}"),
                format!("{n} entities are no shapes of a map and are passed over: {by}"),
            ),
            both(
                "标注、三维实体、图像、代理实体等；若是数据，请在 CAD 中分解成线和点",
                "dimensions, solids, images, proxies and the like; explode them into lines and points if they are data",
            ),
        );
    }
    if !missing.is_empty() || !external.is_empty() {
        let names = || missing.iter().chain(&external).map(String::as_str);
        note(
            "dxf.undefined",
            if external.is_empty() { Severity::Note } else { Severity::Warning },
            both(
                format!("{lost} 处插入的块在图里没有内容（{}），只有插入点", listed(names(), "、")),
                format!(
                    "{lost} inserts are of blocks whose content is not in the drawing ({}): only their places are there",
                    listed(names(), ", ")
                ),
            ),
            both(
                "是外部参照时先绑定，或把所参照的图一起导入",
                "bind external references first, or import the drawings they refer to as well",
            ),
        );
    }
    let circular = drawing.blocks.circular;
    if circular > 0 {
        note(
            "dxf.circular",
            Severity::Warning,
            both(
                format!("{circular} 处块插入了自己，或嵌套超过 64 层，未展开"),
                format!("{circular} inserts put a block into itself, or go deeper than 64 blocks: not drawn"),
            ),
            both("在 CAD 中清理（purge、audit）后另存", "clean the drawing (purge, audit) and save it again"),
        );
    }
    said
}
