//! Protocol-buffer varints and zigzag.

/// Appends a varint.
#[inline]
pub(crate) fn put(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

/// How many bytes [`put`] writes.
#[inline]
pub(crate) fn len(v: u64) -> usize {
    ((63 - (v | 1).leading_zeros()) / 7 + 1) as usize
}

/// Reads a varint and moves the slice on. Zero at the end of the bytes: the file's checksum was right, so this cannot
/// happen for records.
#[inline]
pub(crate) fn take(bytes: &mut &[u8]) -> u64 {
    let (mut v, mut shift) = (0u64, 0);
    while let Some((&b, rest)) = bytes.split_first() {
        *bytes = rest;
        v |= u64::from(b & 0x7f) << shift;
        if b < 0x80 || shift > 56 {
            break;
        }
        shift += 7;
    }
    v
}

/// Signed to unsigned, small magnitudes small.
#[inline]
pub(crate) fn zigzag(v: i32) -> u64 {
    u64::from(((v << 1) ^ (v >> 31)) as u32)
}

/// The inverse of [`zigzag`].
#[inline]
pub(crate) fn unzigzag(v: u64) -> i32 {
    let v = v as u32;
    (v >> 1) as i32 ^ -((v & 1) as i32)
}
