//! What is checked before a log is served: the head file against the store, and the tail.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tallystick_log::{Block, CommitNumber, Corrupt, Damage, Digest, Head, LogIdentity, ReadError};

use crate::{
    OpenError, Options,
    head_file::{self, Found, HeadFile},
    sled_log::in_place,
    store::Store,
    walk::{Walk, corrupt, damage_or_unavailable},
};

/// Blocks before the head file's commit that are checked at every start. Some milliseconds; the
/// rest is the scrub's.
const TAIL_BLOCKS: u64 = 64;

/// What a data folder holds, opened and found sound.
pub(crate) struct Booted {
    pub(crate) identity: LogIdentity,
    pub(crate) head: Head,
    pub(crate) store: Store,
    pub(crate) head_file: HeadFile,
}

/// Opens the store of a data folder and checks it against the head file.
pub(crate) fn boot(data: &Path, options: &Options) -> Result<Booted, OpenError> {
    let folder = data.join("log");
    let path = data.join("head");
    let found = head_file::read(&path).map_err(at(&path))?;
    let exists = fs::exists(&folder).map_err(at(&folder))?;
    let stated = match found {
        Found::Sound { identity, head } => {
            // Without its folder the store would be created anew, empty: look before opening.
            if !exists && head.commit > CommitNumber::ZERO {
                return Err(behind(&folder, head, CommitNumber::ZERO, 0));
            }
            Some((identity, head))
        }
        Found::Missing if !exists => {
            // The head file is there before the store is, so a store without one has lost it.
            let head = Head::empty(options.identity_if_new);
            HeadFile::create(&path, options.identity_if_new, head).map_err(at(&path))?;
            Some((options.identity_if_new, head))
        }
        Found::Missing | Found::Damaged if options.accept_lost_head_file => None,
        Found::Missing => return Err(OpenError::HeadFileMissing { path }),
        Found::Damaged => return Err(OpenError::HeadFileDamaged { path }),
    };

    let store = Store::open(&folder, options)
        .map_err(|source| OpenError::Store { folder: folder.clone(), source })?;
    let checked = Checked { folder, store };
    let (identity, head) = match stated {
        Some((identity, stated)) => (identity, checked.against(identity, stated)?),
        None => checked.whole(options.identity_if_new)?,
    };
    let head_file = HeadFile::create(&path, identity, head).map_err(at(&path))?;
    Ok(Booted { identity, head, store: checked.store, head_file })
}

/// A store while it is being checked.
struct Checked {
    folder: PathBuf,
    store: Store,
}

impl Checked {
    /// The head of the store, if it continues what the head file states.
    fn against(&self, identity: LogIdentity, stated: Head) -> Result<Head, OpenError> {
        let end = self.end()?;
        if end < stated.commit {
            let position = self.block(end)?.map_or(0, |block| block.last_position());
            return Err(behind(&self.folder, stated, end, position));
        }
        if let Some(first) = self.block(CommitNumber::new(1.min(end.get())))?
            && first.previous() != Head::empty(identity).digest
        {
            return Err(OpenError::OtherLog { folder: self.folder.clone(), stated: identity });
        }
        let before_tail = stated.commit.get().saturating_sub(TAIL_BLOCKS);
        let mut walk = match self.block(CommitNumber::new(before_tail))? {
            None => Walk::from_start(identity),
            Some(before) => Walk::after(&before),
        };
        self.walk(&mut walk, stated.commit)?;
        if walk.head() != Some(stated) {
            let folder = self.folder.clone();
            return Err(OpenError::OtherHistory { folder, commit: stated.commit });
        }
        self.walk(&mut walk, end)?;
        Ok(walk.head().expect("the walk ended without damage"))
    }

    /// The identity and head of a store that nothing else knows, after checking all of it.
    fn whole(&self, identity_if_empty: LogIdentity) -> Result<(LogIdentity, Head), OpenError> {
        let end = self.end()?;
        let identity = match self.block(CommitNumber::new(1.min(end.get())))? {
            Some(first) => LogIdentity::new(*first.previous().as_bytes()),
            None => identity_if_empty,
        };
        let mut walk = Walk::from_start(identity);
        self.walk(&mut walk, end)?;
        Ok((identity, walk.head().expect("the walk ended without damage")))
    }

    /// The last commit, if the first is 1.
    fn end(&self) -> Result<CommitNumber, OpenError> {
        let ends = self
            .store
            .ends()
            .map_err(|source| OpenError::Store { folder: self.folder.clone(), source })?;
        let Some((first, last)) = ends else { return Ok(CommitNumber::ZERO) };
        if first.get() != 1 {
            let commit = CommitNumber::new(1);
            return Err(
                self.damaged(Corrupt { commit, position: 1, damage: Damage::Missing }.into())
            );
        }
        Ok(last)
    }

    /// One block; `None` before the first.
    fn block(&self, number: CommitNumber) -> Result<Option<Block>, OpenError> {
        if number == CommitNumber::ZERO {
            return Ok(None);
        }
        let entry = self.store.after(CommitNumber::new(number.get() - 1)).next();
        let block = match entry {
            Some(Ok((found, stored))) if found == number => {
                Block::parse(stored).and_then(|block| in_place(block, number, None))
            }
            Some(Ok(_)) | None => Err(Damage::Missing),
            Some(Err(error)) => match damage_or_unavailable(error) {
                Ok(damage) => Err(damage),
                Err(unavailable) => return Err(self.damaged(unavailable)),
            },
        };
        match block {
            Ok(block) => Ok(Some(block)),
            Err(damage) => Err(self.damaged(corrupt(&self.store, number, damage).into())),
        }
    }

    fn walk(&self, walk: &mut Walk, to: CommitNumber) -> Result<(), OpenError> {
        walk.advance(&self.store, to, usize::MAX).map_err(|source| self.damaged(source))
    }

    fn damaged(&self, source: ReadError) -> OpenError {
        let source = match source {
            ReadError::Corrupt(found) => self.first_damage(found).into(),
            unavailable @ ReadError::Unavailable { .. } => unavailable,
        };
        OpenError::Damaged { folder: self.folder.clone(), source }
    }

    /// The start looks at the tail only. Where that is damaged, what comes before it may be, too: the
    /// first damage is named, however long it takes to find, because nothing is served anyway.
    fn first_damage(&self, found: Corrupt) -> Corrupt {
        let first = self.store.after(CommitNumber::ZERO).next().and_then(Result::ok);
        let first = first.and_then(|(_, stored)| Block::parse(stored).ok());
        // Without a first block it is that one, whatever the log is.
        let identity = first.map_or([0; Digest::BYTES], |block| *block.previous().as_bytes());
        let mut walk = Walk::from_start(LogIdentity::new(identity));
        match walk.advance(&self.store, found.commit, usize::MAX) {
            Err(ReadError::Corrupt(first)) => first,
            Ok(()) | Err(ReadError::Unavailable { .. }) => found,
        }
    }
}

fn behind(folder: &Path, stated: Head, found: CommitNumber, found_position: u64) -> OpenError {
    OpenError::Behind {
        folder: folder.to_owned(),
        stated: stated.commit,
        stated_position: stated.last_position,
        found,
        found_position,
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io { path, source }
}
