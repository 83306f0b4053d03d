//! The tree head that is about to be signed, in `checkpoint.next`: written before the key is used,
//! and removed once the checkpoint is durable. So if the file is there, something may have been
//! signed that `checkpoint` does not show.
//!
//! It takes the place of an older one in one step, so no crash leaves a part of one: one that is cut
//! or changed was damaged later. Then it cannot be excluded that something was signed which the log
//! contradicts, and nobody can say what: a start is refused. That costs little, as the file is there
//! for some milliseconds of a node's life, and after a crash in just those.
//!
//! | line | what |
//! |---|---|
//! | 1 to 3 | origin, size and root, as in the checkpoint |
//! | 4 | `crc=` and the CRC-32 of what is before, 8 hexadecimal digits |

use tallystick_tally::TreeHead;

/// The text of the file.
pub(crate) fn write(origin: &str, head: &TreeHead) -> String {
    let text = format!("{origin}\n{}\n{}\n", head.size, head.root);
    format!("{text}crc={:08x}\n", crc32fast::hash(text.as_bytes()))
}

/// Origin and head; `None` if it is damaged.
pub(crate) fn read(bytes: &[u8]) -> Option<(&str, TreeHead)> {
    let text = str::from_utf8(bytes).ok()?;
    let mut lines = text.split('\n');
    let origin = lines.next()?;
    let head = TreeHead { size: lines.next()?.parse().ok()?, root: lines.next()?.parse().ok()? };
    (write(origin, &head) == text).then_some((origin, head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tallystick_tally::{TreeSize, leaf};

    #[test]
    fn an_intent_is_read_as_written_and_no_other_bytes_are_one() {
        let head = TreeHead { size: TreeSize::new(1_234), root: leaf(b"a record") };
        let origin = "ledger.example/led_0190#2";
        let whole = write(origin, &head).into_bytes();
        assert_eq!(read(&whole), Some((origin, head)));
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&flipped), None, "bit {bit}");
        }
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]), None, "{length} bytes");
        }
        assert_eq!(read(&[whole.as_slice(), b"\n"].concat()), None);
        assert_eq!(read(&vec![0; whole.len()]), None);
    }
}
