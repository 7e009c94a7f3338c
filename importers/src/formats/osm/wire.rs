//! Protocol Buffers, as much as OpenStreetMap's files need: fields, varints, packed numbers.

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// A message that is read field by field.
#[derive(Clone, Copy)]
pub(super) struct Wire<'a>(pub(super) &'a [u8]);

impl<'a> Wire<'a> {
    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            n |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(n);
            }
        }
        None
    }

    fn take(&mut self, n: u64) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(usize::try_from(n).ok()?)?;
        self.0 = rest;
        Some(head)
    }

    /// The next field's number and value; `Some(None)` at the end, `None` when the bytes are no message. Fields of fixed
    /// width, which these files do not use, are passed over.
    pub(super) fn field(&mut self) -> Option<Option<(u64, Value<'a>)>> {
        loop {
            if self.0.is_empty() {
                return Some(None);
            }
            let tag = self.varint()?;
            let value = match tag & 7 {
                0 => Value::Number(self.varint()?),
                1 => {
                    self.take(8)?;
                    continue;
                }
                2 => {
                    let n = self.varint()?;
                    Value::Bytes(self.take(n)?)
                }
                5 => {
                    self.take(4)?;
                    continue;
                }
                _ => return None,
            };
            return Some(Some((tag >> 3, value)));
        }
    }

    /// All fields through a function; `None` when the bytes are no message or the function says so.
    pub(super) fn each(mut self, mut take: impl FnMut(u64, Value<'a>) -> Option<()>) -> Option<()> {
        while let Some((number, value)) = self.field()? {
            take(number, value)?;
        }
        Some(())
    }

    /// Packed numbers.
    pub(super) fn packed(mut self, out: &mut Vec<u64>) -> Option<()> {
        out.clear();
        while !self.0.is_empty() {
            out.push(self.varint()?);
        }
        Some(())
    }
}

/// A signed number of zigzag form.
pub(super) fn signed(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

/// Packed differences of signed numbers, summed.
pub(super) fn summed(bytes: &[u8], out: &mut Vec<i64>) -> Option<()> {
    out.clear();
    let (mut wire, mut sum) = (Wire(bytes), 0i64);
    while !wire.0.is_empty() {
        sum = sum.checked_add(signed(wire.varint()?))?;
        out.push(sum);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_fields_are_read_and_broken_ones_are_not() {
        assert_eq!(Wire(&[0x96, 0x01]).varint(), Some(150));
        assert_eq!([0, 1, 2, 3].map(signed), [0, -1, 1, -2]);
        let mut sums = Vec::new();
        summed(&[2, 2, 1], &mut sums).unwrap();
        assert_eq!(sums, [1, 2, 1]);
        assert!(Wire(&[0xff; 11]).varint().is_none());
        assert!(Wire(&[0x0a, 0x05, 1]).field().is_none());
        assert!(Wire(&[0x0b]).field().is_none());
        assert!(matches!(Wire(&[0x0d, 0, 0, 0, 0, 0x08, 7]).field(), Some(Some((1, Value::Number(7))))));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = Wire(&bytes).each(|_, _| Some(()));
            let _ = summed(&bytes, &mut Vec::new());
        }
    }
}
