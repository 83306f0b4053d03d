use tallystick_log::{Block, CommitNumber, Corrupt, Damage, Digest, Head, LogIdentity, ReadError};

use crate::store::{Store, StoreError};

/// How far a walk through the log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last commit that was checked.
    pub commit: CommitNumber,
    /// The commit at which the walk will end.
    pub of: CommitNumber,
    /// The last position that was checked.
    pub position: u64,
}

/// Checks one block after the other: there, sound, whole, in its place, chained to the one before.
pub(crate) struct Walk {
    /// The last commit that was looked at.
    at: CommitNumber,
    /// Last position so far, also over damaged blocks.
    position: u64,
    /// The block at `at`, unless it is damaged or the walk began after it.
    sound: Option<Sound>,
    /// Used again for each block.
    buffer: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Sound {
    first_position: u64,
    digest: Digest,
}

impl Walk {
    /// From the first commit.
    pub(crate) fn from_start(identity: LogIdentity) -> Self {
        let head = Head::empty(identity);
        let sound = Some(Sound { first_position: 0, digest: head.digest });
        Self { at: head.commit, position: 0, sound, buffer: Vec::new() }
    }

    /// From the commit after `block`, which is taken to be sound.
    pub(crate) fn after(block: &Block) -> Self {
        let sound = Some(Sound { first_position: block.first_position(), digest: block.digest() });
        Self { at: block.number(), position: block.last_position(), sound, buffer: Vec::new() }
    }

    /// The last commit that was looked at.
    pub(crate) fn at(&self) -> CommitNumber {
        self.at
    }

    /// The end of what is checked, if its last block was sound.
    pub(crate) fn head(&self) -> Option<Head> {
        let sound = self.sound?;
        Some(Head { commit: self.at, last_position: self.position, digest: sound.digest })
    }

    pub(crate) fn progress(&self, of: CommitNumber) -> Progress {
        Progress { commit: self.at, of, position: self.position }
    }

    /// Checks commits up to `to` until `budget` bytes of blocks are read. On damage the walk has
    /// gone past it and can go on.
    pub(crate) fn advance(
        &mut self,
        store: &Store,
        to: CommitNumber,
        budget: usize,
    ) -> Result<(), ReadError> {
        let mut entries = store.after(self.at);
        let mut bytes = 0;
        while self.at < to && bytes <= budget {
            let expected = self.at.next();
            let block = match entries.next() {
                Some(Ok((number, stored))) if number == expected => {
                    bytes += stored.len();
                    Block::parse(stored)
                }
                Some(Ok(_)) | None => Err(Damage::Missing),
                Some(Err(error)) => Err(damage_or_unavailable(error)?),
            };
            self.take(expected, block)?;
        }
        Ok(())
    }

    /// Checks one block against what came before it and steps over it.
    fn take(&mut self, commit: CommitNumber, block: Result<Block, Damage>) -> Result<(), Corrupt> {
        let before = self.sound.take();
        let next_position = self.position + 1;
        self.at = commit;
        let corrupt = |damage| Corrupt { commit, position: next_position, damage };
        let block = block.map_err(corrupt)?;
        if block.number() != commit {
            let (found, expected) = (block.number().get(), commit.get());
            return Err(corrupt(Damage::Misplaced { field: "commit number", found, expected }));
        }
        if before.is_some() && block.first_position() != next_position {
            let (found, expected) = (block.first_position(), next_position);
            return Err(corrupt(Damage::Misplaced { field: "first position", found, expected }));
        }
        block.scan(&mut self.buffer).map_err(corrupt)?;
        self.position = block.last_position();
        let first_position = block.first_position();
        self.sound = Some(Sound { first_position, digest: block.digest() });
        match before {
            Some(before) if before.digest != block.previous() => {
                // The block before has changed since this one was chained to it, unless there is
                // none before: then this one is not of this log.
                let commit = CommitNumber::new((commit.get() - 1).max(1));
                let position = before.first_position.max(1);
                Err(Corrupt { commit, position, damage: Damage::Chain })
            }
            _ => Ok(()),
        }
    }
}

/// Names a damaged commit. The first position that cannot be vouched for is the one after the last
/// sound block before it.
pub(crate) fn corrupt(store: &Store, commit: CommitNumber, damage: Damage) -> Corrupt {
    let sound = (1..commit.get()).rev().find_map(|before| {
        let (number, stored) = store.after(CommitNumber::new(before - 1)).next()?.ok()?;
        Block::parse(stored).ok().filter(|_| number.get() == before)
    });
    let position = sound.map_or(0, |block| block.last_position()) + 1;
    Corrupt { commit, position, damage }
}

/// An error of the store as what it says about the block, or as "not available".
pub(crate) fn damage_or_unavailable(error: StoreError) -> Result<Damage, ReadError> {
    error.damage().ok_or_else(|| ReadError::Unavailable { source: std::sync::Arc::new(error) })
}
