//! Which layer a table goes to, and what to say of one that goes nowhere.

use super::Work;
use crate::notes::both;
use crate::question::{Answer, Subject};
use crate::recognise::layer::{Recognised, recognise};
use crate::table::{ShapeSource, Table};
use ditu_model::layer::Kind;
use ditu_model::{LayerDef, Severity, Text};
use std::sync::Arc;

impl Work<'_> {
    pub(super) fn layer_of(&mut self, table: &Table) -> Recognised {
        let Some(id) = self.options.layer(&table.file, &table.name) else {
            return recognise(table, self.layers);
        };
        let Some(layer) = self.layers.get(id) else { return Recognised::None };
        let raster = layer.kind == Kind::Raster;
        let fits = match table.shapes {
            _ if raster || table.raster.is_some() => raster == table.raster.is_some(),
            ShapeSource::File(Some(shape)) => {
                let wanted = layer.kind.shape();
                shape == wanted || (shape == ditu_model::Shape::Line && wanted == ditu_model::Shape::Polygon)
            }
            ShapeSource::Columns(..) => layer.kind.shape() == ditu_model::Shape::Point,
            ShapeSource::File(None) => true,
            ShapeSource::None => layer.checks.iter().any(|c| c.rule == "ends"),
        };
        if fits { Recognised::One(Arc::clone(layer)) } else { Recognised::None }
    }

    pub(super) fn unplaced(&mut self, table: &Table, why: &Recognised, known: &[(Table, Arc<LayerDef>)]) {
        let name = if table.name == *table.file { String::new() } else { format!("“{}”", table.name) };
        if let Some(id) = self.options.layer(&table.file, &table.name) {
            let (rule, message) = if self.layers.get(id).is_none() {
                ("layer.unknown", both(format!("没有图层 {id}"), format!("there is no layer {id}")))
            } else {
                let what = describe(table);
                (
                    "layer.shape",
                    both(
                        format!("{name}是{}，不能进 {id}", what.zh),
                        format!("{name} holds {}, which {id} does not take", what.en),
                    ),
                )
            };
            let other = known.iter().any(|(t, _)| t.file == table.file);
            let (severity, cure) = if other {
                let cure = both(
                    "这部分未导入；它们属于另一图层时，再导入一次该文件并用 --layer 指定那一层",
                    "this part is passed over; where it belongs to another layer import the file once more and name that one with --layer",
                );
                (Severity::Warning, cure)
            } else {
                (Severity::Error, both("用 ditu layers 查看图层", "see ditu layers"))
            };
            self.note(rule, severity, &table.file, message, cure);
            return;
        }
        match why {
            Recognised::Several(several) => {
                let list = |zh: bool| -> String {
                    several
                        .iter()
                        .map(|l| {
                            format!("\n  --layer {} {}", l.id, if zh { &l.title.zh } else { &l.title.en })
                        })
                        .collect()
                };
                let message =
                    both(format!("{name}可能是几个图层"), format!("{name} may be one of several layers"));
                let answers = several.iter().map(layer_answer).collect();
                self.ask(&table.file, Some(&table.name), Subject::Layer, &message, answers);
                self.note(
                    "layer.unclear",
                    Severity::Error,
                    &table.file,
                    message,
                    both(format!("选一个：{}", list(true)), format!("choose one:{}", list(false))),
                );
            }
            _ => {
                let file_known = known.iter().any(|(t, _)| t.file == table.file);
                let severity = if file_known { Severity::Warning } else { Severity::Error };
                let what = describe(table);
                let takes: Vec<&Arc<LayerDef>> = self
                    .layers
                    .iter()
                    .filter(|l| match table.shapes {
                        _ if table.raster.is_some() => l.kind == Kind::Raster,
                        ShapeSource::File(Some(s)) => l.kind == Kind::Vector(s),
                        ShapeSource::Columns(..) => l.kind == Kind::Vector(ditu_model::Shape::Point),
                        _ => true,
                    })
                    .collect();
                let fitting: Vec<String> = takes.iter().map(|l| l.id.to_string()).collect();
                if !file_known && table.shapes != ShapeSource::None {
                    let message = both(
                        format!("{name}（{}）是哪个图层？", what.zh),
                        format!("which layer is {name} ({})?", what.en),
                    );
                    let answers = takes.into_iter().map(layer_answer).collect();
                    self.ask(&table.file, Some(&table.name), Subject::Layer, &message, answers);
                }
                let cure = if file_known {
                    both(
                        "未导入；需要时单独导入并指定图层（--layer）",
                        "passed over; import it alone and name its layer (--layer) if it is wanted",
                    )
                } else if table.shapes == ShapeSource::None {
                    let seen: Vec<&str> =
                        table.columns.iter().map(String::as_str).filter(|c| !c.is_empty()).take(16).collect();
                    both(
                        format!("加上坐标列（经度、纬度或 X坐标、Y坐标）；现有列：{}", seen.join("、")),
                        format!(
                            "add columns of coordinates (longitude and latitude, or X and Y); there are: {}",
                            seen.join(", ")
                        ),
                    )
                } else {
                    both(
                        format!("用 --layer 指定：{}", fitting.join("、")),
                        format!("name it with --layer: {}", fitting.join(", ")),
                    )
                };
                self.note(
                    if file_known { "table.ignored" } else { "layer.unknown" },
                    severity,
                    &table.file,
                    both(
                        format!("{name}（{}）看不出是哪个图层", what.zh),
                        format!("{name} ({}) is recognised as no layer", what.en),
                    ),
                    cure,
                );
            }
        }
    }
}

fn describe(table: &Table) -> Text {
    use ditu_model::Shape;
    match table.shapes {
        _ if table.raster.is_some() => both("栅格", "a raster"),
        ShapeSource::File(Some(shape)) if table.features.is_some() => {
            let n = table.features.unwrap_or_default();
            let (zh, en) = match shape {
                Shape::Point => ("点", "points"),
                Shape::Line => ("线", "lines"),
                Shape::Polygon => ("面", "polygons"),
            };
            both(format!("{zh}，{n} 个"), format!("{n} {en}"))
        }
        ShapeSource::File(Some(Shape::Point)) | ShapeSource::Columns(..) => both("点", "points"),
        ShapeSource::File(Some(Shape::Line)) => both("线", "lines"),
        ShapeSource::File(Some(Shape::Polygon)) => both("面", "polygons"),
        ShapeSource::File(None) => both("多种图形", "shapes of several kinds"),
        ShapeSource::None => both("没有图形的表", "a table without shapes"),
    }
}

fn layer_answer(layer: &Arc<LayerDef>) -> Answer {
    Answer::new(layer.id.as_str(), layer.title.clone())
}
