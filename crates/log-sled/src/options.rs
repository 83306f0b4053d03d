use std::time::Duration;

use tallystick_log::{LogIdentity, MAX_BLOCK_BYTES};

/// How a log is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The identity of the log if it does not exist yet: 32 random bytes. Ignored if it does.
    pub identity_if_new: LogIdentity,
    /// sled's page cache in bytes. 64 MiB: reads come from the folds, not from here.
    pub cache_bytes: u64,
    /// Largest block taken, in bytes; at most [`MAX_BLOCK_BYTES`]. Lower it for a log that is to
    /// move to a transport with smaller messages.
    pub block_limit: usize,
    /// Appends are refused while fewer bytes than this are free on the file system. 256 MiB: sled
    /// needs room for whole segments, and its behaviour on a full disk is not worth finding out.
    pub min_free_bytes: u64,
    /// Accept a store whose head file is missing or unreadable: walk it from the first commit and
    /// take its end as the head. Nothing can then notice that its end was cut off, so this is an
    /// operator's decision, for one start.
    pub accept_lost_head_file: bool,
    /// The background scrub; `None` for tools that open the log for a moment.
    pub scrub: Option<ScrubPace>,
    /// Leaves a sync out, so that a test can show that it is needed.
    #[cfg(feature = "test-faults")]
    pub left_out: Option<Sync>,
}

/// What makes an append durable beside sled's own flush.
#[cfg(feature = "test-faults")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// The `fdatasync` of sled's file.
    Fdatasync,
    /// The syncs of the files in `blobs/`, where sled puts what is large.
    Blobs,
}

impl Options {
    /// What a node uses.
    pub fn new(identity_if_new: LogIdentity) -> Self {
        Self {
            identity_if_new,
            cache_bytes: 64 << 20,
            block_limit: MAX_BLOCK_BYTES,
            min_free_bytes: 256 << 20,
            accept_lost_head_file: false,
            scrub: Some(ScrubPace::default()),
            #[cfg(feature = "test-faults")]
            left_out: None,
        }
    }
}

/// How fast the scrub reads, so that nobody notices it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScrubPace {
    /// Bytes of blocks read without a pause.
    pub slice_bytes: usize,
    /// Pause after each slice.
    pub pause: Duration,
    /// Rest between the end of one round and the beginning of the next.
    pub rest: Duration,
}

impl Default for ScrubPace {
    /// 128 KiB (below a millisecond) every 25 ms is 5 MB/s: a store of 5 GB in 17 minutes, once a
    /// day, for 3 % of one core meanwhile.
    fn default() -> Self {
        Self {
            slice_bytes: 128 << 10,
            pause: Duration::from_millis(25),
            rest: Duration::from_hours(24),
        }
    }
}
