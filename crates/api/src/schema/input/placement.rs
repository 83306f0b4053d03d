//! Placements, from booking a place to the end.

use async_graphql::{ID, InputObject};
use tallystick_domain::{
    Action, Origin, StreamKind,
    event::{
        AttendanceRecorded, OutcomeAchieved, PlacementBooked, PlacementCompleted,
        PlacementEndedEarly, QualificationAwarded,
    },
    id::PlacementId,
};

use super::{
    command::{Ask, Asked, CaseFields, CommandFields, StepAsked},
    reader::{Facts, Read, Reader},
};
use crate::schema::{code, scalar::Date};

/// A place to be booked.
#[derive(InputObject)]
pub(crate) struct BookPlacementInput {
    #[graphql(flatten)]
    command: CaseFields,
    #[graphql(flatten)]
    booked: PlacementBookedInput,
}

impl Ask for BookPlacementInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |naming, reader| {
            let booked = self.booked.read(reader);
            let placement = PlacementId(naming.new_id(StreamKind::Placement)?);
            Ok(Action::BookPlacement { placement, booked: booked? })
        })
    }
}

/// What is booked, under which referral.
#[derive(InputObject)]
pub(crate) struct PlacementBookedInput {
    /// The referral, which has been accepted.
    referral: ID,
    /// The site: a code of the service's.
    site: String,
    /// What is booked.
    unit: code::Unit,
    /// First day.
    from: Date,
    /// Last day planned.
    to: Date,
    /// How much is planned.
    quantity: i32,
}

impl Facts for PlacementBookedInput {
    type Facts = PlacementBooked;

    fn read(&self, reader: &mut Reader) -> Read<PlacementBooked> {
        let referral = reader.id("referral", &self.referral);
        let site = reader.code("site", &self.site);
        let quantity = reader.number("quantity", self.quantity);
        Ok(PlacementBooked {
            referral: referral?,
            site: site?,
            unit: self.unit.into(),
            from: self.from.0,
            to: self.to.0,
            quantity: quantity?,
        })
    }
}

/// A placement that started; `occurredOn` is the start.
#[derive(InputObject)]
pub(crate) struct StartPlacementInput {
    #[graphql(flatten)]
    command: CaseFields,
    /// Which placement.
    placement: ID,
}

impl Ask for StartPlacementInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |_, reader| {
            let placement = reader.id("placement", &self.placement);
            Ok(Action::StartPlacement { placement: placement? })
        })
    }
}

/// A session sheet: who came, over any number of placements. All of it is recorded, or nothing.
#[derive(InputObject)]
pub(crate) struct RecordAttendanceInput {
    #[graphql(flatten)]
    command: CommandFields,
    /// The entries: 1 to 500.
    entries: Vec<SheetEntryInput>,
}

impl Ask for RecordAttendanceInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        const ENTRIES: &str = "entries";
        let head = self.command.head(origin, reader);
        let steps = reader.each_step(ENTRIES, &self.entries);
        Ok(Asked { steps_field: Some(ENTRIES), ..head.asks(steps?)? })
    }
}

/// An entry of a session sheet.
#[derive(InputObject)]
pub(crate) struct SheetEntryInput {
    /// Which placement.
    placement: ID,
    /// Version of the placement that you saw; leave it out to take it as it is.
    expected_version: Option<i32>,
    /// Free text about the person, at most 4,000 bytes; sealed under the person's key.
    #[graphql(secret)]
    note: Option<String>,
    #[graphql(flatten)]
    recorded: AttendanceRecordedInput,
}

impl Facts for SheetEntryInput {
    type Facts = StepAsked;

    fn read(&self, reader: &mut Reader) -> Read<StepAsked> {
        let placement = reader.id("placement", &self.placement);
        let expected_version =
            reader.optional("expectedVersion", self.expected_version, Reader::number);
        let note = reader.optional("note", self.note.as_deref(), Reader::note);
        let recorded = self.recorded.read(reader);
        Ok(StepAsked {
            expected_version: expected_version?,
            note: note?,
            action: Action::RecordAttendance { placement: placement?, recorded: recorded? },
        })
    }
}

/// How a session went.
#[derive(InputObject)]
pub(crate) struct AttendanceRecordedInput {
    /// The session, a code that is unique in its placement.
    session: String,
    /// Minutes planned, at most a day.
    planned_minutes: i32,
    /// Minutes credited, at most those planned.
    credited_minutes: i32,
    /// What came of it.
    outcome: code::AttendanceOutcome,
    /// Whose doing it was.
    fault: code::Fault,
}

impl Facts for AttendanceRecordedInput {
    type Facts = AttendanceRecorded;

    fn read(&self, reader: &mut Reader) -> Read<AttendanceRecorded> {
        let session = reader.code("session", &self.session);
        let planned = reader.number("plannedMinutes", self.planned_minutes);
        let credited = reader.number("creditedMinutes", self.credited_minutes);
        Ok(AttendanceRecorded {
            session: session?,
            planned: planned?,
            credited: credited?,
            outcome: self.outcome.into(),
            fault: self.fault.into(),
        })
    }
}

/// Gives an input type its mutation about a placement: the placement, and the facts beside it.
macro_rules! about_placement {
    ($($(#[$doc:meta])* $name:ident = $action:ident { $field:ident: $facts:ty };)+) => {$(
        $(#[$doc])*
        #[derive(InputObject)]
        pub(crate) struct $name {
            #[graphql(flatten)]
            command: CaseFields,
            /// Which placement.
            placement: ID,
            #[graphql(flatten)]
            $field: $facts,
        }

        impl Ask for $name {
            fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
                self.command.asks(origin, reader, |_, reader| {
                    let placement = reader.id("placement", &self.placement);
                    let $field = self.$field.read(reader);
                    Ok(Action::$action { placement: placement?, $field: $field? })
                })
            }
        }
    )+};
}

about_placement! {
    /// A qualification that was gained on a placement.
    AwardQualificationInput = AwardQualification { awarded: QualificationAwardedInput };

    /// A placement that is complete.
    CompletePlacementInput = CompletePlacement { completed: PlacementCompletedInput };

    /// A placement that ended before it was complete.
    EndPlacementEarlyInput = EndPlacementEarly { ended: PlacementEndedEarlyInput };
}

/// A qualification that was gained.
#[derive(InputObject)]
pub(crate) struct QualificationAwardedInput {
    /// Its title, at most 200 bytes; the same title once a person.
    title: String,
    /// Awarding body, at most 200 bytes.
    body: String,
    /// Its level.
    level: code::Level,
    /// Who recognises it.
    kind: code::QualificationKind,
}

impl Facts for QualificationAwardedInput {
    type Facts = QualificationAwarded;

    fn read(&self, reader: &mut Reader) -> Read<QualificationAwarded> {
        let title = reader.label("title", &self.title);
        let body = reader.label("body", &self.body);
        let (level, kind) = (self.level.into(), self.kind.into());
        Ok(QualificationAwarded { title: title?, body: body?, level, kind })
    }
}

/// With what a placement was completed.
#[derive(InputObject)]
pub(crate) struct PlacementCompletedInput {
    /// Outcomes, and how far each was achieved.
    #[graphql(default)]
    outcomes: Vec<OutcomeInput>,
    /// Where the person moved on to: a code.
    move_on: Option<String>,
}

impl Facts for PlacementCompletedInput {
    type Facts = PlacementCompleted;

    fn read(&self, reader: &mut Reader) -> Read<PlacementCompleted> {
        let outcomes = reader.each("outcomes", &self.outcomes, Reader::facts);
        let move_on = reader.optional("moveOn", self.move_on.as_deref(), Reader::code);
        Ok(PlacementCompleted { outcomes: outcomes?, move_on: move_on? })
    }
}

/// Why a placement ended before it was complete.
#[derive(InputObject)]
pub(crate) struct PlacementEndedEarlyInput {
    /// Why.
    reason: code::EarlyEnd,
    /// Whose doing it was.
    fault: code::Fault,
    /// Outcomes achieved all the same.
    #[graphql(default)]
    outcomes: Vec<OutcomeInput>,
}

impl Facts for PlacementEndedEarlyInput {
    type Facts = PlacementEndedEarly;

    fn read(&self, reader: &mut Reader) -> Read<PlacementEndedEarly> {
        let outcomes = reader.each("outcomes", &self.outcomes, Reader::facts);
        let (reason, fault) = (self.reason.into(), self.fault.into());
        Ok(PlacementEndedEarly { reason, fault, outcomes: outcomes? })
    }
}

/// An outcome and how far it was achieved.
#[derive(InputObject)]
pub(crate) struct OutcomeInput {
    /// The outcome: a code.
    code: String,
    /// How far.
    result: code::Achievement,
}

impl Facts for OutcomeInput {
    type Facts = OutcomeAchieved;

    fn read(&self, reader: &mut Reader) -> Read<OutcomeAchieved> {
        let code = reader.code("code", &self.code);
        Ok(OutcomeAchieved { code: code?, result: self.result.into() })
    }
}
