//! Content encodings of a tile.

use crate::error::TileError;
use std::cell::RefCell;
use std::io::Write;

/// How a tile's bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// gzip, libdeflate level 1.
    Gzip,
    /// zstd level 1.
    Zstd,
    /// Brotli quality 3.
    Brotli,
}

impl Encoding {
    /// Its name in HTTP.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Identity => "identity",
            Encoding::Gzip => "gzip",
            Encoding::Zstd => "zstd",
            Encoding::Brotli => "br",
        }
    }
}

thread_local! {
    static GZIP: RefCell<libdeflater::Compressor> =
        RefCell::new(libdeflater::Compressor::new(
            // The library's "fastest" is level 0, which only stores.
            libdeflater::CompressionLvl::new(1).unwrap_or_default(),
        ));
    static ZSTD: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

/// Compresses bytes.
///
/// # Errors
/// [`TileError::Compress`] when the library fails.
pub fn compress(bytes: &[u8], encoding: Encoding) -> Result<Vec<u8>, TileError> {
    let failed = |e: &dyn std::fmt::Display| TileError::Compress(e.to_string());
    match encoding {
        Encoding::Identity => Ok(bytes.to_vec()),
        Encoding::Gzip => GZIP.with_borrow_mut(|gzip| {
            let mut out = vec![0; gzip.gzip_compress_bound(bytes.len())];
            let n = gzip.gzip_compress(bytes, &mut out).map_err(|e| failed(&e))?;
            out.truncate(n);
            Ok(out)
        }),
        Encoding::Zstd => ZSTD.with_borrow_mut(|slot| {
            if slot.is_none() {
                *slot = Some(zstd::bulk::Compressor::new(1).map_err(|e| failed(&e))?);
            }
            let zstd = slot.as_mut().ok_or_else(|| TileError::Compress("zstd".into()))?;
            zstd.compress(bytes).map_err(|e| failed(&e))
        }),
        Encoding::Brotli => {
            let mut out = Vec::with_capacity(bytes.len() / 2);
            let mut writer = brotli::CompressorWriter::new(&mut out, 4096, 3, 20);
            writer.write_all(bytes).and_then(|()| writer.flush()).map_err(|e| failed(&e))?;
            drop(writer);
            Ok(out)
        }
    }
}
