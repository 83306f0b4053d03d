//! What becomes of a command before it is decided: its MAC, its blind indexes, and personal values
//! sealed, so that nothing after this can read a name.

use tallystick_domain::{
    CaseKey, Cases, Command, Event, EventId, Step, StreamId,
    command::{
        Action, Amendment, CircumstanceGiven, CorrectionAsked, Form, Given, Identity, Place, Sealer,
    },
    event::{CircumstanceKind, CircumstanceText, FreeText, Identifier, PersonRegistered},
    id::{LedgerId, PersonId},
    sealed::Sealed,
    text::Note,
};
use tallystick_vault::{BlindId, KeyPurpose, SealError, SubjectId, Vault};
use tallystick_views::Snapshot;

use crate::archive::{Archive, ReadError};
use crate::sealing::{BORN, NAME, NOTE, NameText, Under, blind_id, identifier_path, ledger_of};

/// A command ready to be decided.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub(crate) command: Command,
    /// Id of its first event.
    pub(crate) id: EventId,
    /// Number of events that it records.
    pub(crate) events: usize,
    /// Bytes that its records will take, roughly.
    pub(crate) bytes: usize,
    /// Identifiers that it gives to people.
    pub(crate) identifiers: Vec<Claim>,
    /// What a personal value is about and could not be found; the value is left blank. If one of
    /// these is there when the command is decided, it must be sealed again.
    pub(crate) missing: Vec<Missing>,
}

/// Bytes of a record beside its sealed values, as a rule: 200 of header, and a payload of a few
/// codes and identifiers.
const RECORD_BYTES: usize = 500;

impl Submission {
    fn new(command: Command, identifiers: Vec<Claim>, missing: Vec<Missing>) -> Self {
        let mut events = 0;
        let mut bytes = 0;
        for step in &command.steps {
            events += match &step.action {
                Action::Correct { corrections } => corrections.len(),
                _ => 1,
            };
            // Sealed values stand in JSON as base64, four letters for three bytes.
            bytes += step.note.as_ref().map_or(0, |note| note.blob().len() * 4 / 3);
            let confidential = circumstances(step).filter_map(|it| it.circumstance.confidential());
            bytes += confidential.map(|value| value.blob().len() * 4 / 3).sum::<usize>();
        }
        bytes += events * RECORD_BYTES;
        let id = EventId::derive(command.origin.agency, command.id, 0);
        Self { command, id, events, bytes, identifiers, missing }
    }
}

/// That a step gives an identifier to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) step: usize,
    pub(crate) blind: BlindId,
    pub(crate) person: PersonId,
}

/// Something that was not there when a command was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The ledger had not been opened.
    Ledger,
    /// A stream had not been opened.
    Stream(StreamId),
    /// An event had not been recorded.
    Event(EventId),
}

/// MAC of a command's clear input. Agency and command are part of it, so that two commands with
/// the same note do not show it by equal MACs: HMAC over `tallystick/command/1\0`, the agency, the
/// command and [`Command::canonical_input`].
pub(crate) fn mac(vault: &Vault, command: &Command<Given>) -> [u8; 16] {
    let mut input = b"tallystick/command/1\0".to_vec();
    input.extend_from_slice(&command.origin.agency.0);
    input.extend_from_slice(&command.id.0);
    input.extend_from_slice(&command.canonical_input());
    vault.command_mac(&input)
}

/// Whether the command holds personal values at all.
pub(crate) fn is_personal(command: &Command<Given>) -> bool {
    let confidential = |it: &CircumstanceGiven| it.circumstance.confidential().is_some();
    registers(command)
        || command
            .steps
            .iter()
            .any(|step| step.note.is_some() || circumstances(step).any(confidential))
}

/// Circumstances that a step records or puts in place of others.
fn circumstances<F: Form>(step: &Step<F>) -> impl Iterator<Item = &F::Circumstance> {
    let (recorded, corrections): (_, &[CorrectionAsked<F>]) = match &step.action {
        Action::RecordCircumstance { recorded, .. } => (Some(recorded), &[]),
        Action::Correct { corrections } => (None, corrections),
        _ => (None, &[]),
    };
    let corrected = corrections.iter().filter_map(|asked| match &asked.op {
        Amendment::ReplaceCircumstance { recorded, .. } => Some(recorded),
        Amendment::Void | Amendment::Replace { .. } | Amendment::ReplaceIdentity { .. } => None,
    });
    recorded.into_iter().chain(corrected)
}

/// Whether it says who somebody is, which makes keys for people who may come to nothing.
pub(crate) fn registers(command: &Command<Given>) -> bool {
    identities(command).next().is_some()
}

/// Seals a command on the cases of a snapshot.
///
/// # Errors
/// [`IntakeError`].
pub(crate) fn seal(
    command: Command<Given>,
    snapshot: &Snapshot,
    archive: &Archive,
    vault: &Vault,
) -> Result<Submission, IntakeError> {
    if !is_personal(&command) {
        return Ok(blank(command, vault));
    }
    let identifiers = claims(&command, vault);
    let mut sealer = VaultSealer { vault, places: Places::of(&command, snapshot, archive) };
    let missing_ledger = sealer.places.ledger.is_none().then_some(Missing::Ledger);
    let command = command.seal(&mut sealer)?;
    let mut missing = sealer.places.missing;
    missing.extend(missing_ledger);
    Ok(Submission::new(command, identifiers, missing))
}

/// The command with blanks for its personal values: for a decision that nothing is recorded of,
/// and that leaves no key in the vault.
pub(crate) fn blank(command: Command<Given>, vault: &Vault) -> Submission {
    let identifiers = claims(&command, vault);
    match command.seal(&mut Blanks) {
        Ok(command) => Submission::new(command, identifiers, Vec::new()),
        Err(never) => match never {},
    }
}

/// Why a command could not be sealed.
#[derive(Debug)]
pub(crate) enum IntakeError {
    Seal(SealError),
    Read(ReadError),
}

impl From<SealError> for IntakeError {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

impl From<ReadError> for IntakeError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

fn identities(command: &Command<Given>) -> impl Iterator<Item = (usize, PersonId, &Identity)> {
    command.steps.iter().enumerate().flat_map(|(index, step)| {
        let registered = match &step.action {
            Action::RegisterPerson { person, identity } => Some((index, *person, identity)),
            _ => None,
        };
        let corrections = match &step.action {
            Action::Correct { corrections } => corrections.as_slice(),
            _ => &[],
        };
        let corrected = corrections.iter().filter_map(move |asked| match &asked.op {
            Amendment::ReplaceIdentity { person, identity, .. } => Some((index, *person, identity)),
            Amendment::Void | Amendment::Replace { .. } | Amendment::ReplaceCircumstance { .. } => {
                None
            }
        });
        registered.into_iter().chain(corrected)
    })
}

fn claims(command: &Command<Given>, vault: &Vault) -> Vec<Claim> {
    let identities = identities(command);
    identities
        .flat_map(|(step, person, identity)| {
            identity.identifiers.iter().map(move |(scheme, value)| Claim {
                step,
                blind: blind_id(vault, *scheme, value.as_str()),
                person,
            })
        })
        .collect()
}

/// Whose values a command holds.
struct Places<'a> {
    command: (tallystick_domain::id::AgencyId, tallystick_domain::id::CommandId),
    snapshot: &'a Snapshot,
    archive: &'a Archive,
    ledger: Option<LedgerId>,
    /// People of streams that the command itself opens.
    opened: Vec<(StreamId, PersonId)>,
    /// Streams of the command's own events, by index; `None` for corrections.
    events: Vec<Option<StreamId>>,
    missing: Vec<Missing>,
}

impl<'a> Places<'a> {
    fn of(command: &Command<Given>, snapshot: &'a Snapshot, archive: &'a Archive) -> Self {
        let mut places = Self {
            command: (command.origin.agency, command.id),
            snapshot,
            archive,
            ledger: ledger_of(snapshot),
            opened: Vec::new(),
            events: Vec::new(),
            missing: Vec::new(),
        };
        for step in &command.steps {
            places.note(&step.action);
        }
        places.missing.clear();
        places
    }

    fn note(&mut self, action: &Action<Given>) {
        match action {
            Action::OpenLedger(opened) => {
                self.ledger.get_or_insert(opened.ledger);
            }
            Action::Correct { corrections } => {
                self.events.extend(corrections.iter().map(|_| None));
                return;
            }
            Action::RegisterPerson { .. }
            | Action::ImposeSentence { .. }
            | Action::MakeReferral { .. }
            | Action::BookPlacement { .. } => {
                if let (Some(stream), Some(person)) = (action.stream(), self.opens_for(action)) {
                    self.opened.push((stream, person));
                }
            }
            _ => {}
        }
        self.events.push(action.stream());
    }

    /// The person for whom an action opens a stream.
    fn opens_for(&mut self, action: &Action<Given>) -> Option<PersonId> {
        match action {
            Action::RegisterPerson { person, .. } => Some(*person),
            Action::ImposeSentence { imposed, .. } => self.known(imposed.person),
            Action::MakeReferral { made, .. } => self.known(made.person),
            Action::BookPlacement { booked, .. } => self.person_of(booked.referral.into()),
            _ => None,
        }
    }

    /// The person that an action is about, if it is about one that is there.
    fn person(&mut self, action: &Action<Given>) -> Result<Option<PersonId>, ReadError> {
        if let Action::Correct { corrections } = action {
            let Some(first) = corrections.first() else { return Ok(None) };
            let stream = self.stream_of(first.target)?;
            return Ok(stream.and_then(|stream| self.person_of(stream)));
        }
        if let Some(person) = self.opens_for(action) {
            return Ok(Some(person));
        }
        match action {
            Action::ImposeSentence { .. }
            | Action::MakeReferral { .. }
            | Action::BookPlacement { .. } => Ok(None),
            _ => Ok(action.stream().and_then(|stream| self.person_of(stream))),
        }
    }

    fn stream_of(&mut self, event: EventId) -> Result<Option<StreamId>, ReadError> {
        let (agency, command) = self.command;
        if EventId::derive(agency, command, event.index) == event {
            return Ok(self.events.get(usize::from(event.index)).copied().flatten());
        }
        let found = self.archive.event(event, self.snapshot.position())?;
        if found.is_none() {
            self.missing.push(Missing::Event(event));
        }
        Ok(found.map(|record| record.envelope.stream))
    }

    /// A person that is in the ledger or will be by this command.
    fn known(&mut self, person: PersonId) -> Option<PersonId> {
        self.person_of(person.into())
    }

    fn person_of(&mut self, stream: StreamId) -> Option<PersonId> {
        // A person's own streams open with the first record in them: whose they are, the person's
        // registration says.
        let stream = if stream.kind.bears_person() { PersonId(stream.id).into() } else { stream };
        if let Some((_, person)) = self.opened.iter().find(|(of, _)| *of == stream) {
            return Some(*person);
        }
        match self.snapshot.home(stream) {
            Some(CaseKey::Person(person)) => Some(person),
            Some(_) => None,
            None => {
                if stream.kind.is_personal() {
                    self.missing.push(Missing::Stream(stream));
                }
                None
            }
        }
    }
}

struct VaultSealer<'a> {
    vault: &'a Vault,
    places: Places<'a>,
}

impl VaultSealer<'_> {
    fn under(&self, place: Place) -> Option<Under> {
        let (agency, command) = self.places.command;
        Some(Under {
            ledger: self.places.ledger?,
            agency,
            command,
            index: place.index,
            event_type: place.event_type,
            schema: Event::SCHEMA,
        })
    }
}

impl Sealer<IntakeError> for VaultSealer<'_> {
    fn identity(
        &mut self,
        place: Place,
        person: PersonId,
        clear: &Identity,
    ) -> Result<PersonRegistered, IntakeError> {
        let Some(under) = self.under(place) else { return Ok(blank_identity(clear)) };
        let subject = SubjectId(person.0);
        let seal = |path: &str, text: &str| {
            let aad = under.field(path);
            self.vault.seal(subject, KeyPurpose::Identity, &aad, text.as_bytes())
        };
        let mut identifiers = Vec::with_capacity(clear.identifiers.len());
        for (index, (scheme, value)) in clear.identifiers.iter().enumerate() {
            let value = Sealed::from_blob(seal(&identifier_path(index), value.as_str())?);
            identifiers.push(Identifier { scheme: *scheme, value });
        }
        let name = NameText {
            given: clear.given_name.as_str().into(),
            family: clear.family_name.as_str().into(),
        };
        // Two strings: writing them to memory cannot fail.
        let name = serde_json::to_string(&name).unwrap_or_default();
        Ok(PersonRegistered {
            identifiers,
            name: Sealed::from_blob(seal(NAME, &name)?),
            born: Sealed::from_blob(seal(BORN, &clear.born.to_string())?),
        })
    }

    fn circumstance(
        &mut self,
        place: Place,
        person: PersonId,
        kind: CircumstanceKind,
        clear: &Note,
    ) -> Result<Sealed<CircumstanceText>, IntakeError> {
        let (Some(person), Some(under)) = (self.places.known(person), self.under(place)) else {
            return Ok(Sealed::from_blob([]));
        };
        let aad = under.field(kind.path());
        let clear = clear.as_str().as_bytes();
        let blob = self.vault.seal(SubjectId(person.0), KeyPurpose::FreeText, &aad, clear)?;
        Ok(Sealed::from_blob(blob))
    }

    fn note(
        &mut self,
        place: Place,
        action: &Action<Given>,
        clear: &Note,
    ) -> Result<Sealed<FreeText>, IntakeError> {
        let person = self.places.person(action)?;
        let (Some(person), Some(under)) = (person, self.under(place)) else {
            return Ok(Sealed::from_blob([]));
        };
        let aad = under.field(NOTE);
        let clear = clear.as_str().as_bytes();
        let blob = self.vault.seal(SubjectId(person.0), KeyPurpose::FreeText, &aad, clear)?;
        Ok(Sealed::from_blob(blob))
    }
}

/// Seals nothing: the blobs are empty.
struct Blanks;

enum Never {}

impl Sealer<Never> for Blanks {
    fn identity(
        &mut self,
        _: Place,
        _: PersonId,
        clear: &Identity,
    ) -> Result<PersonRegistered, Never> {
        Ok(blank_identity(clear))
    }

    fn circumstance(
        &mut self,
        _: Place,
        _: PersonId,
        _: CircumstanceKind,
        _: &Note,
    ) -> Result<Sealed<CircumstanceText>, Never> {
        Ok(Sealed::from_blob([]))
    }

    fn note(&mut self, _: Place, _: &Action<Given>, _: &Note) -> Result<Sealed<FreeText>, Never> {
        Ok(Sealed::from_blob([]))
    }
}

fn blank_identity(clear: &Identity) -> PersonRegistered {
    let identifiers = clear.identifiers.iter();
    PersonRegistered {
        identifiers: identifiers
            .map(|(scheme, _)| Identifier { scheme: *scheme, value: Sealed::from_blob([]) })
            .collect(),
        name: Sealed::from_blob([]),
        born: Sealed::from_blob([]),
    }
}
