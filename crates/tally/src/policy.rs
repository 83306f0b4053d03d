use std::collections::HashMap;

use thiserror::Error;

use crate::checkpoint::{Checkpoint, is_of_log};
use crate::decimal;
use crate::key::{InvalidKey, SignatureType, VerifierKey};
use crate::note::{NoteError, Verified};

/// Lines of one kind that a policy may have. The specification asks for at least 32.
pub const MAX_OF_EACH: usize = 32;

/// Whom to trust: logs, witnesses, and how many of which witnesses are enough (tlog-policy).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<KnownLog>,
    witnesses: Vec<KnownWitness>,
    /// Witnesses and groups. The members of a group are before it.
    voters: Vec<Voter>,
    quorum: Quorum,
}

/// A log that the policy names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownLog {
    /// Its key, whose name is its origin.
    pub key: VerifierKey,
    /// Where it is, in whatever form the application has for that.
    pub url: Option<Vec<u8>>,
}

/// A witness that the policy names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownWitness {
    /// Its name in the policy, bytes of no further meaning.
    pub name: Vec<u8>,
    /// Its key.
    pub key: VerifierKey,
    /// Where it takes checkpoints.
    pub url: Option<Vec<u8>>,
}

/// What has a name in the policy and can witness a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Voter {
    name: Vec<u8>,
    kind: VoterKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum VoterKind {
    /// The witness at this place of the list.
    Witness(usize),
    /// At least so many of these voters.
    Group { threshold: usize, members: Vec<usize> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quorum {
    /// The log alone is enough.
    Nobody,
    /// This voter must have witnessed the checkpoint.
    Voter(usize),
}

/// A checkpoint that the policy trusts: who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted<'a> {
    /// The log.
    pub log: &'a KnownLog,
    /// All witnesses known to the policy that cosigned, also beyond the quorum.
    pub cosigned: Vec<Verified<'a>>,
}

/// Why the policy does not trust a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Distrust {
    /// The policy has no key of a log with this origin.
    #[error("the policy knows no log {0:?}")]
    UnknownLog(String),
    /// The log did not sign it, or a signature of a known key is wrong.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Cosigned by too few.
    #[error("{cosigned} of {known} witnesses cosigned, which is not the quorum")]
    NoQuorum {
        /// Witnesses that cosigned.
        cosigned: usize,
        /// Witnesses in the policy.
        known: usize,
    },
}

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line} of the policy is wrong")]
pub struct InvalidPolicy {
    /// Number of the line, from 1; the one after the last if something is missing.
    pub line: usize,
    /// What is wrong there.
    #[source]
    pub fault: Fault,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// A control character other than tab and line feed.
    #[error("it has a control character")]
    Control,
    /// The last line is not ended.
    #[error("it does not end with a line feed")]
    Unended,
    /// Not a log, witness, group or quorum line with the items it needs.
    #[error("it is no log, witness, group or quorum line")]
    Form,
    /// The key is none, or signs something else.
    #[error("its key cannot be used there")]
    Key(#[source] InvalidKey),
    /// The key was given to another log or witness before.
    #[error("its key was given before")]
    SameKey,
    /// The name is taken, or `none`.
    #[error("its name is taken")]
    Taken,
    /// A name that no line before defines.
    #[error("it names what no line before it defines")]
    Undefined,
    /// A member of two groups, or twice of one.
    #[error("a name is a member for the second time")]
    SecondTime,
    /// Not between 1 and the number of members.
    #[error("its threshold is not between 1 and the number of its members")]
    Threshold,
    /// More than [`MAX_OF_EACH`].
    #[error("more than {MAX_OF_EACH} lines of this kind")]
    TooMany,
    /// None, or a second.
    #[error("a policy has one quorum line")]
    OneQuorum,
}

impl Policy {
    /// Reads a policy file (tlog-policy, "Policy file syntax and structure").
    ///
    /// # Errors
    /// [`InvalidPolicy`] names the first line that is wrong.
    pub fn parse(file: &[u8]) -> Result<Self, InvalidPolicy> {
        let mut draft = Draft::default();
        let mut line = 1;
        for text in file.split_inclusive(|byte| *byte == b'\n') {
            draft.read(text).map_err(|fault| InvalidPolicy { line, fault })?;
            line += 1;
        }
        let Draft { logs, witnesses, voters, quorum, .. } = draft;
        let quorum = quorum.ok_or(InvalidPolicy { line, fault: Fault::OneQuorum })?;
        Ok(Self { logs, witnesses, voters, quorum })
    }

    /// The logs, in the order of the file.
    pub fn logs(&self) -> &[KnownLog] {
        &self.logs
    }

    /// The witnesses, in the order of the file.
    pub fn witnesses(&self) -> &[KnownWitness] {
        &self.witnesses
    }

    /// Whether a log of the policy signed the checkpoint and a quorum of its witnesses cosigned it
    /// (tlog-policy, "What is a policy?"). Each signature in the name of a known key must be right.
    ///
    /// # Errors
    /// [`Distrust`].
    pub fn judge(&self, checkpoint: &Checkpoint) -> Result<Trusted<'_>, Distrust> {
        let origin = checkpoint.origin();
        let logs = || self.logs.iter().filter(|log| is_of_log(&log.key, origin));
        if logs().next().is_none() {
            return Err(Distrust::UnknownLog(origin.to_owned()));
        }
        let witnesses = self.witnesses.iter().map(|witness| &witness.key);
        let keys: Vec<_> = logs().map(|log| &log.key).chain(witnesses).collect();
        let verified = checkpoint.note().verify(keys)?;
        let signed = |key: &VerifierKey| verified.iter().any(|signature| signature.key == key);
        let log = logs().find(|log| signed(&log.key)).ok_or(NoteError::Untrusted)?;
        let cosigned: Vec<_> = verified.iter().filter(|s| s.at.is_some()).copied().collect();
        if self.has_quorum(signed) {
            Ok(Trusted { log, cosigned })
        } else {
            let known = self.witnesses.len();
            Err(Distrust::NoQuorum { cosigned: cosigned.len(), known })
        }
    }

    fn has_quorum(&self, cosigned: impl Fn(&VerifierKey) -> bool) -> bool {
        let mut witnessed: Vec<bool> = Vec::with_capacity(self.voters.len());
        for voter in &self.voters {
            witnessed.push(match &voter.kind {
                VoterKind::Witness(witness) => cosigned(&self.witnesses[*witness].key),
                VoterKind::Group { threshold, members } => {
                    members.iter().filter(|member| witnessed[**member]).count() >= *threshold
                }
            });
        }
        match self.quorum {
            Quorum::Nobody => true,
            Quorum::Voter(voter) => witnessed[voter],
        }
    }

    /// The policy as a file, without comments.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut line = |items: &[&[u8]]| {
            file.extend_from_slice(&items.join(&b' '));
            file.push(b'\n');
        };
        for KnownLog { key, url } in &self.logs {
            let key = key.to_string();
            line(&[&[&b"log"[..], key.as_bytes()], url.as_deref().as_slice()].concat());
        }
        for Voter { name, kind } in &self.voters {
            match kind {
                VoterKind::Witness(witness) => {
                    let KnownWitness { key, url, .. } = &self.witnesses[*witness];
                    let key = key.to_string();
                    let items = [&b"witness"[..], name, key.as_bytes()];
                    line(&[&items, url.as_deref().as_slice()].concat());
                }
                VoterKind::Group { threshold, members } => {
                    let threshold = threshold.to_string();
                    let items = [&b"group"[..], name, threshold.as_bytes()];
                    let members = members.iter().map(|member| &self.voters[*member].name[..]);
                    line(&items.into_iter().chain(members).collect::<Vec<_>>());
                }
            }
        }
        let quorum = match self.quorum {
            Quorum::Nobody => NONE,
            Quorum::Voter(voter) => &self.voters[voter].name,
        };
        line(&[b"quorum", quorum]);
        file
    }
}

/// Name of the quorum that needs nobody.
const NONE: &[u8] = b"none";

/// A policy as far as it was read.
#[derive(Default)]
struct Draft {
    logs: Vec<KnownLog>,
    witnesses: Vec<KnownWitness>,
    voters: Vec<Voter>,
    /// Where each name is among the voters, and whether it is a member of a group already.
    names: HashMap<Vec<u8>, (usize, bool)>,
    quorum: Option<Quorum>,
}

impl Draft {
    fn read(&mut self, line: &[u8]) -> Result<(), Fault> {
        let line = line.strip_suffix(b"\n").ok_or(Fault::Unended)?;
        if line.iter().any(|byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
            return Err(Fault::Control);
        }
        let items = line.split(|byte| matches!(byte, b' ' | b'\t'));
        let items: Vec<&[u8]> = items.filter(|item| !item.is_empty()).collect();
        match items[..] {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] => self.log(key, None),
            [b"log", key, url] => self.log(key, Some(url)),
            [b"witness", name, key] => self.witness(name, key, None),
            [b"witness", name, key, url] => self.witness(name, key, Some(url)),
            [b"group", name, threshold, ref members @ ..] => self.group(name, threshold, members),
            [b"quorum", name] => self.quorum(name),
            _ => Err(Fault::Form),
        }
    }

    fn log(&mut self, key: &[u8], url: Option<&[u8]>) -> Result<(), Fault> {
        let key = parse_key(key, SignatureType::Note)?;
        if self.logs.iter().any(|log| log.key.public_bytes() == key.public_bytes()) {
            return Err(Fault::SameKey);
        }
        if self.logs.len() == MAX_OF_EACH {
            return Err(Fault::TooMany);
        }
        self.logs.push(KnownLog { key, url: url.map(<[u8]>::to_vec) });
        Ok(())
    }

    fn witness(&mut self, name: &[u8], key: &[u8], url: Option<&[u8]>) -> Result<(), Fault> {
        let key = parse_key(key, SignatureType::Cosignature)?;
        if self.witnesses.iter().any(|other| other.key.public_bytes() == key.public_bytes()) {
            return Err(Fault::SameKey);
        }
        if self.witnesses.len() == MAX_OF_EACH {
            return Err(Fault::TooMany);
        }
        self.define(name, VoterKind::Witness(self.witnesses.len()))?;
        let url = url.map(<[u8]>::to_vec);
        self.witnesses.push(KnownWitness { name: name.to_vec(), key, url });
        Ok(())
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], members: &[&[u8]]) -> Result<(), Fault> {
        let mut group = Vec::with_capacity(members.len());
        for member in members {
            let (place, is_member) = self.names.get_mut(*member).ok_or(Fault::Undefined)?;
            if std::mem::replace(is_member, true) {
                return Err(Fault::SecondTime);
            }
            group.push(*place);
        }
        let threshold = match threshold {
            b"all" => Some(group.len()),
            b"any" => Some(1),
            number => {
                let number = str::from_utf8(number).ok().and_then(|n| decimal::parse(n).ok());
                number.and_then(|number| usize::try_from(number).ok())
            }
        };
        let threshold = threshold.filter(|threshold| (1..=group.len()).contains(threshold));
        let threshold = threshold.ok_or(Fault::Threshold)?;
        // All other voters are witnesses.
        if self.voters.len() - self.witnesses.len() == MAX_OF_EACH {
            return Err(Fault::TooMany);
        }
        self.define(name, VoterKind::Group { threshold, members: group })
    }

    fn define(&mut self, name: &[u8], kind: VoterKind) -> Result<(), Fault> {
        if name == NONE || self.names.contains_key(name) {
            return Err(Fault::Taken);
        }
        self.names.insert(name.to_vec(), (self.voters.len(), false));
        self.voters.push(Voter { name: name.to_vec(), kind });
        Ok(())
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), Fault> {
        if self.quorum.is_some() {
            return Err(Fault::OneQuorum);
        }
        self.quorum = Some(match name {
            NONE => Quorum::Nobody,
            name => Quorum::Voter(self.names.get(name).ok_or(Fault::Undefined)?.0),
        });
        Ok(())
    }
}

fn parse_key(text: &[u8], kind: SignatureType) -> Result<VerifierKey, Fault> {
    let key = str::from_utf8(text).map_err(|_| InvalidKey::Form).and_then(str::parse);
    let key: VerifierKey = key.map_err(Fault::Key)?;
    if key.kind() == kind { Ok(key) } else { Err(Fault::Key(InvalidKey::Type(key.kind().byte()))) }
}
