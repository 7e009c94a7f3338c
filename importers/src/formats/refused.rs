//! Formats that are known and not read: each with what to do instead.

use super::{Head, Refused, refused};
use crate::delivery::Found;
use crate::notes::both;
use crate::options::Options;
use crate::table::Table;

type Answer = Result<Vec<Table>, Refused>;

fn unsupported(zh: &str, en: &str, cure_zh: &str, cure_en: &str) -> Answer {
    Err(refused("format.unsupported", both(zh, en), both(cure_zh, cure_en)))
}

pub(super) fn is_dwg(head: &Head<'_>) -> bool {
    head.bytes.starts_with(b"AC10") && head.bytes.len() > 6 && !head.holds("SECTION")
}

pub(super) fn dwg(_: &Found, _: &'static str, _: &Options) -> Answer {
    unsupported(
        "DWG 是不公开的格式",
        "DWG is a closed format",
        "另存为 DXF（R2000 或更新）再导入",
        "save it as DXF (R2000 or later) and import that",
    )
}

pub(super) fn is_packed(head: &Head<'_>) -> bool {
    let bytes = head.bytes;
    bytes.starts_with(b"Rar!") || bytes.starts_with(b"7z\xbc\xaf\x27\x1c") || bytes.starts_with(b"\x1f\x8b")
}

pub(super) fn packed(_: &Found, _: &'static str, _: &Options) -> Answer {
    unsupported(
        "RAR、7z、gz 压缩包不能直接读",
        "RAR, 7z and gz archives are not read",
        "解压后导入文件夹，或重新打包为 ZIP",
        "unpack it and import the folder, or pack it as ZIP",
    )
}

pub(super) fn is_page(head: &Head<'_>) -> bool {
    head.begins("<html") || head.begins("<!doctype html") || (head.ending == "xls" && head.begins("<table"))
}

pub(super) fn page(_: &Found, _: &'static str, _: &Options) -> Answer {
    unsupported(
        "这是网页（HTML），不是工作簿",
        "this is a web page (HTML), no workbook",
        "用表格软件打开，另存为 XLSX",
        "open it in a spreadsheet program and save it as XLSX",
    )
}

/// Files whose content is to read other files.
pub(super) fn is_reference(head: &Head<'_>) -> bool {
    [
        "<OGRVRTDataSource",
        "<VRTDataset",
        "<GDALTileIndexDataset",
        "<GDAL_WMS",
        "<OGRWFSDataSource",
        "<WMS_Capabilities",
    ]
    .iter()
    .any(|t| head.holds(t))
}

pub(super) fn reference(_: &Found, _: &'static str, _: &Options) -> Answer {
    Err(refused(
        "format.reference",
        both(
            "文件里没有数据，只是引用别处（VRT、WMS）",
            "the file holds no data but refers to other places (VRT, WMS)",
        ),
        both("导入它引用的文件本身", "import what it refers to"),
    ))
}

pub(super) fn is_mdb(head: &Head<'_>) -> bool {
    head.bytes.get(4..19) == Some(b"Standard Jet DB") || head.bytes.get(4..19) == Some(b"Standard ACE DB")
}

pub(super) fn mdb(_: &Found, _: &'static str, _: &Options) -> Answer {
    unsupported(
        "还不能读 Access 数据库",
        "Access databases are not read yet",
        "把表导出为 XLSX 或 CSV 再导入",
        "export its tables as XLSX or CSV and import those",
    )
}

pub(super) fn is_ovjsn(head: &Head<'_>) -> bool {
    head.begins("{") && (head.ending == "ovjsn" || (head.holds("\"ObjItems\"") && !head.holds("\"Feature")))
}

pub(super) fn is_ovobj(head: &Head<'_>) -> bool {
    head.bytes.starts_with(b"OviO")
}

pub(super) fn ovital(_: &Found, format: &'static str, _: &Options) -> Answer {
    let (zh, en) = (format!("奥维的 {format} 文件"), format!("an Ovital {format} file"));
    let cure = ("在奥维中以 CGCS2000 导出为 ovkml 或 ovkmz", "export it as ovkml or ovkmz with CGCS2000");
    unsupported(&zh, &en, cure.0, cure.1)
}
