use thiserror::Error;

/// What is wrong with the bytes of a block. None of these can be repaired from the block itself:
/// fetch it from a backup or another node.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Damage {
    /// Shorter than its own header, or than the length that header states.
    #[error("block has {found} bytes, {needed} are needed")]
    Truncated {
        /// Bytes that a whole block would have.
        needed: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// Bytes follow after the end that the block's header states.
    #[error("block ends at byte {end}, but {found} bytes are there")]
    TrailingBytes {
        /// Where the block ends.
        end: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// It does not begin as a block does.
    #[error("not a block: it does not begin with the magic bytes")]
    Magic,
    /// Written by newer software. Upgrade this node.
    #[error("block format version {0} is not known here")]
    Version(u8),
    /// No codec has this number.
    #[error("block codec {0} is not known here")]
    Codec(u8),
    /// A number in the header is outside what a block may hold.
    #[error("block header field {field} is {value}, outside what a block may hold")]
    Field {
        /// The field's name in `schema/log-format.md`.
        field: &'static str,
        /// What it says.
        value: u64,
    },
    /// The bytes are not those that were written.
    #[error("block checksum is {stored:08x}, its bytes give {computed:08x}")]
    Checksum {
        /// The checksum in the block.
        stored: u32,
        /// The checksum of the bytes found.
        computed: u32,
    },
    /// The checksum holds, but the compressed records do not inflate to the stated length: a
    /// fault of the writer.
    #[error("records do not inflate to the {raw_length} bytes stated")]
    Inflate {
        /// Length stated in the header.
        raw_length: usize,
    },
    /// The checksum holds, but the records do not fill the block exactly: a fault of the writer.
    #[error("record {index} does not fit into the block")]
    Framing {
        /// Which record, from 0; the count of records where bytes are left over after the last.
        index: usize,
    },
    /// A commit between others is not there.
    #[error("block is missing")]
    Missing,
    /// The storage cannot give the block back.
    #[error("block cannot be read back: {reason}")]
    Unreadable {
        /// What the storage said.
        reason: String,
    },
    /// A sound block, but not the one that belongs here.
    #[error("block says {field} {found}, its place needs {expected}")]
    Misplaced {
        /// `commit number` or `first position`.
        field: &'static str,
        /// What the block says.
        found: u64,
        /// What its place in the log needs.
        expected: u64,
    },
    /// A sound block, but not the one that its successor (or the head file) was chained to.
    #[error("block is not the one that its successor was chained to")]
    Chain,
}
