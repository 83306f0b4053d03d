use std::{io, path::PathBuf};

use tallystick_log::{CommitNumber, LogIdentity, ReadError};
use thiserror::Error;

use crate::StoreError;

/// Why a log could not be opened. Nothing is served from a folder that gives one of these.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has the folder open. Stop it first; two writers would destroy the log.
    #[error("data folder {} is in use by another process{}", folder.display(),
        holder.as_ref().map(|pid| format!(" ({pid})")).unwrap_or_default())]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// `pid N` as the other process wrote it, if it could be read.
        holder: Option<String>,
    },
    /// A file or folder could not be read or written. Look at permissions and the disk.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// sled cannot open its store. Keep a copy of the folder as it is, then restore a backup or
    /// fetch the log from another node.
    #[error("the store in {} cannot be opened: keep a copy of it and restore a backup",
        folder.display())]
    Store {
        /// The store's folder.
        folder: PathBuf,
        /// What sled did.
        #[source]
        source: StoreError,
    },
    /// There is a store but no head file, so nothing says where the store must end. Put the head
    /// file back, or accept the store as it is with [`accept_lost_head_file`].
    ///
    /// [`accept_lost_head_file`]: crate::Options::accept_lost_head_file
    #[error("head file {} is missing, but there is a store beside it: whether the store is \
        complete cannot be told", path.display())]
    HeadFileMissing {
        /// Where the head file should be.
        path: PathBuf,
    },
    /// The head file holds no sound entry. As with [`HeadFileMissing`](Self::HeadFileMissing).
    #[error("head file {} is damaged: whether the store is complete cannot be told",
        path.display())]
    HeadFileDamaged {
        /// The head file.
        path: PathBuf,
    },
    /// Commits that were durable are gone. Restore a backup or fetch them from another node.
    #[error("the head file says commit {stated} (position {stated_position}), the store in {} \
        ends at {found} (position {found_position}): positions {} to {stated_position} are missing",
        folder.display(), found_position + 1)]
    Behind {
        /// The store's folder.
        folder: PathBuf,
        /// Last commit by the head file.
        stated: CommitNumber,
        /// Its last position.
        stated_position: u64,
        /// Last commit in the store.
        found: CommitNumber,
        /// Its last position.
        found_position: u64,
    },
    /// The store holds another commit where the head file's is: another history, or an altered
    /// one.
    #[error("commit {commit} in {} is not the one that the head file names", folder.display())]
    OtherHistory {
        /// The store's folder.
        folder: PathBuf,
        /// The commit.
        commit: CommitNumber,
    },
    /// The store's first block belongs to another log than the head file.
    #[error("the head file is of log {stated}, the store in {} of another", folder.display())]
    OtherLog {
        /// The store's folder.
        folder: PathBuf,
        /// The head file's log.
        stated: LogIdentity,
    },
    /// A block among those that are checked at every start is missing or damaged.
    #[error("the log in {} is damaged", folder.display())]
    Damaged {
        /// The store's folder.
        folder: PathBuf,
        /// Which block, and how.
        #[source]
        source: ReadError,
    },
}
