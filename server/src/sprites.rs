//! The sprite sheet: all icons drawn from their SVG once, at one and two pixels a point.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// A sheet and where each icon lies on it.
#[derive(Clone)]
pub(crate) struct Sheet {
    pub(crate) json: Arc<String>,
    pub(crate) png: Arc<Vec<u8>>,
}

/// Draws the sheet; icons stand in rows.
///
/// # Errors
/// The icon that cannot be drawn.
pub(crate) fn sheet(ratio: u8) -> Result<Sheet, String> {
    let mut icons = crate::assets::icons();
    icons.sort();
    let mut trees = Vec::new();
    for (name, svg) in icons {
        let tree = Tree::from_data(&svg, &Options::default()).map_err(|e| format!("{name}.svg: {e}"))?;
        let size = tree.size();
        let scale = f32::from(ratio);
        let (w, h) = ((size.width() * scale).ceil() as u32, (size.height() * scale).ceil() as u32);
        trees.push((name, tree, w.max(1), h.max(1)));
    }
    let width = 512 * u32::from(ratio);
    let (mut x, mut y, mut row, mut places) = (0, 0, 0, Vec::new());
    for (_, _, w, h) in &trees {
        if x + w > width {
            (x, y, row) = (0, y + row, 0);
        }
        places.push((x, y));
        x += w;
        row = row.max(*h);
    }
    let mut sheet = Pixmap::new(width, (y + row).max(1)).ok_or("the sheet is too large")?;
    let mut index = Map::new();
    for ((name, tree, w, h), (x, y)) in trees.iter().zip(places) {
        let scale = f32::from(ratio);
        let place = Transform::from_scale(scale, scale).post_translate(x as f32, y as f32);
        resvg::render(tree, place, &mut sheet.as_mut());
        let entry: Json = json!({"x": x, "y": y, "width": w, "height": h, "pixelRatio": ratio});
        index.insert(name.clone(), entry);
    }
    let png = sheet.encode_png().map_err(|e| e.to_string())?;
    Ok(Sheet { json: Arc::new(Json::Object(index).to_string()), png: Arc::new(png) })
}
