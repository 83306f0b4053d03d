use tallystick_log::{CommitNumber, Corrupt, Source};

/// What an operator must know about the log.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// The failure after which no append is accepted any more, until the log is opened again.
    pub poison: Option<Source>,
    /// Commits found missing or damaged since the log was opened; reading them fails. Restore
    /// them from a backup or another node.
    pub damage: Vec<Corrupt>,
    /// How far the scrub has come in its present round.
    pub scrubbed_to: CommitNumber,
    /// Rounds of the scrub that are finished since the log was opened.
    pub scrub_rounds: u64,
}

impl Health {
    /// Neither poisoned nor damaged.
    pub fn is_sound(&self) -> bool {
        self.poison.is_none() && self.damage.is_empty()
    }
}
