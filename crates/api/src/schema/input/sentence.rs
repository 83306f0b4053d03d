//! Sentences, from imposing to ending them, and the workers allocated under them.

use async_graphql::{ID, InputObject, OneofObject};
use tallystick_domain::{
    Action, Origin, StreamKind,
    event::{
        BreachRecorded, Requirement, SentenceEnded, SentenceImposed, SentenceVaried, Setting,
        SettingChanged, WorkerAllocated,
    },
    id::SentenceId,
};

use super::{
    command::{Ask, Asked, CaseFields},
    reader::{Facts, Read, Reader},
};
use crate::schema::{code, scalar::Date};

/// A sentence that was imposed; `occurredOn` is the day.
#[derive(InputObject)]
pub(crate) struct ImposeSentenceInput {
    #[graphql(flatten)]
    command: CaseFields,
    #[graphql(flatten)]
    imposed: SentenceImposedInput,
}

impl Ask for ImposeSentenceInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |naming, reader| {
            let imposed = self.imposed.read(reader);
            let sentence = SentenceId(naming.new_id(StreamKind::Sentence)?);
            Ok(Action::ImposeSentence { sentence, imposed: imposed? })
        })
    }
}

/// A sentence as it was imposed.
#[derive(InputObject)]
pub(crate) struct SentenceImposedInput {
    /// On whom.
    person: ID,
    /// Its kind.
    kind: code::SentenceKind,
    /// Its last day.
    expires_on: Date,
    /// Area: a code.
    area: String,
    /// Age in years when it was imposed: 10 to 120.
    age: i32,
    /// Court: a code.
    court: String,
    /// Where it begins.
    setting: SettingInput,
    /// Its requirements.
    #[graphql(default)]
    requirements: Vec<RequirementInput>,
    /// The sentence that this one goes on from.
    continues: Option<ID>,
}

impl Facts for SentenceImposedInput {
    type Facts = SentenceImposed;

    fn read(&self, reader: &mut Reader) -> Read<SentenceImposed> {
        let person = reader.id("person", &self.person);
        let area = reader.code("area", &self.area);
        let age = reader.number("age", self.age);
        let court = reader.code("court", &self.court);
        let setting = reader.facts("setting", &self.setting);
        let requirements = reader.each("requirements", &self.requirements, Reader::facts);
        let continues = reader.optional("continues", self.continues.as_ref(), Reader::id);
        Ok(SentenceImposed {
            person: person?,
            kind: self.kind.into(),
            expires_on: self.expires_on.0,
            area: area?,
            age: age?,
            court: court?,
            setting: setting?,
            requirements: requirements?,
            continues: continues?,
        })
    }
}

/// Where a sentence is being served.
#[derive(OneofObject)]
pub(crate) enum SettingInput {
    /// In prison.
    Custody(CustodyInput),
    /// In the community.
    Community(CommunityInput),
}

/// In prison.
#[derive(InputObject)]
pub(crate) struct CustodyInput {
    /// Which.
    at: ID,
}

/// In the community.
#[derive(InputObject)]
pub(crate) struct CommunityInput {
    /// On licence, after custody.
    licence: bool,
}

impl Facts for SettingInput {
    type Facts = Setting;

    fn read(&self, reader: &mut Reader) -> Read<Setting> {
        match self {
            Self::Custody(custody) => {
                let at = reader.id("custody.at", &custody.at);
                Ok(Setting::Custody { at: at? })
            }
            Self::Community(community) => Ok(Setting::Community { licence: community.licence }),
        }
    }
}

/// A requirement of a sentence.
#[derive(InputObject)]
pub(crate) struct RequirementInput {
    /// Code of the requirement, unique in the sentence.
    id: String,
    /// Its type.
    r#type: code::RequirementType,
    /// How much.
    quantity: i32,
    /// Of what.
    unit: code::Unit,
}

impl Facts for RequirementInput {
    type Facts = Requirement;

    fn read(&self, reader: &mut Reader) -> Read<Requirement> {
        let id = reader.code("id", &self.id);
        let quantity = reader.number("quantity", self.quantity);
        let (r#type, unit) = (self.r#type.into(), self.unit.into());
        Ok(Requirement { id: id?, r#type, quantity: quantity?, unit })
    }
}

/// Gives an input type its mutation about a sentence: the sentence, and the facts beside it.
macro_rules! about_sentence {
    ($($(#[$doc:meta])* $name:ident = $action:ident { $field:ident: $facts:ty };)+) => {$(
        $(#[$doc])*
        #[derive(InputObject)]
        pub(crate) struct $name {
            #[graphql(flatten)]
            command: CaseFields,
            /// Which sentence.
            sentence: ID,
            #[graphql(flatten)]
            $field: $facts,
        }

        impl Ask for $name {
            fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
                self.command.asks(origin, reader, |_, reader| {
                    let sentence = reader.id("sentence", &self.sentence);
                    let $field = self.$field.read(reader);
                    Ok(Action::$action { sentence: sentence?, $field: $field? })
                })
            }
        }
    )+};
}

about_sentence! {
    /// A sentence to be varied.
    VarySentenceInput = VarySentence { varied: SentenceVariedInput };

    /// A sentence that goes on elsewhere.
    ChangeSettingInput = ChangeSetting { changed: SettingChangedInput };

    /// A step of enforcement.
    RecordBreachInput = RecordBreach { recorded: BreachRecordedInput };

    /// A sentence that ended.
    EndSentenceInput = EndSentence { ended: SentenceEndedInput };
}

/// How a sentence was varied.
#[derive(InputObject)]
pub(crate) struct SentenceVariedInput {
    /// Requirements added.
    #[graphql(default)]
    add: Vec<RequirementInput>,
    /// Requirements dropped, by their codes.
    #[graphql(default)]
    drop: Vec<String>,
    /// New last day.
    expires_on: Option<Date>,
    /// Why: a code.
    why: String,
}

impl Facts for SentenceVariedInput {
    type Facts = SentenceVaried;

    fn read(&self, reader: &mut Reader) -> Read<SentenceVaried> {
        let add = reader.each("add", &self.add, Reader::facts);
        let drop = reader.each("drop", &self.drop, Reader::code);
        let why = reader.code("why", &self.why);
        let expires_on = self.expires_on.as_ref().map(|day| day.0);
        Ok(SentenceVaried { add: add?, drop: drop?, expires_on, why: why? })
    }
}

/// Where a sentence goes on.
#[derive(InputObject)]
pub(crate) struct SettingChangedInput {
    /// Where to.
    to: SettingInput,
    /// Why.
    why: code::SettingReason,
}

impl Facts for SettingChangedInput {
    type Facts = SettingChanged;

    fn read(&self, reader: &mut Reader) -> Read<SettingChanged> {
        let to = reader.facts("to", &self.to);
        Ok(SettingChanged { to: to?, why: self.why.into() })
    }
}

/// A step of enforcement that was taken.
#[derive(InputObject)]
pub(crate) struct BreachRecordedInput {
    /// Number of the breach within its sentence, from 1.
    breach: i32,
    /// The step.
    step: code::BreachStep,
    /// Enforceable absences that are its grounds: their events.
    #[graphql(default)]
    grounds: Vec<ID>,
    /// Another ground: a code.
    other_ground: Option<String>,
    /// The requirement breached: its code.
    requirement: Option<String>,
    /// Court: a code.
    court: Option<String>,
    /// Disposal: a code.
    disposal: Option<String>,
}

impl Facts for BreachRecordedInput {
    type Facts = BreachRecorded;

    fn read(&self, reader: &mut Reader) -> Read<BreachRecorded> {
        let breach = reader.number("breach", self.breach);
        let grounds = reader.each("grounds", &self.grounds, Reader::id);
        let other_ground =
            reader.optional("otherGround", self.other_ground.as_deref(), Reader::code);
        let requirement = reader.optional("requirement", self.requirement.as_deref(), Reader::code);
        let court = reader.optional("court", self.court.as_deref(), Reader::code);
        let disposal = reader.optional("disposal", self.disposal.as_deref(), Reader::code);
        Ok(BreachRecorded {
            breach: breach?,
            step: self.step.into(),
            grounds: grounds?,
            other_ground: other_ground?,
            requirement: requirement?,
            court: court?,
            disposal: disposal?,
        })
    }
}

/// How a sentence ended.
#[derive(InputObject)]
pub(crate) struct SentenceEndedInput {
    /// How.
    how: code::SentenceEnd,
}

impl Facts for SentenceEndedInput {
    type Facts = SentenceEnded;

    fn read(&self, _: &mut Reader) -> Read<SentenceEnded> {
        Ok(SentenceEnded { how: self.how.into() })
    }
}

/// A worker to be allocated.
#[derive(InputObject)]
pub(crate) struct AllocateWorkerInput {
    #[graphql(flatten)]
    command: CaseFields,
    /// To which sentence, referral or placement.
    to: ID,
    #[graphql(flatten)]
    allocated: WorkerAllocatedInput,
}

impl Ask for AllocateWorkerInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |_, reader| {
            let to = reader.id("to", &self.to);
            let allocated = self.allocated.read(reader);
            Ok(Action::AllocateWorker { to: to?, allocated: allocated? })
        })
    }
}

/// Who works with the person, in place of whoever did so before in that role.
#[derive(InputObject)]
pub(crate) struct WorkerAllocatedInput {
    /// What for.
    role: code::WorkerRole,
    /// Who: `wrk_` and 32 hexadecimal digits.
    worker: ID,
    /// The worker's agency.
    agency: ID,
    /// Whether unpaid.
    #[graphql(default)]
    volunteer: bool,
}

impl Facts for WorkerAllocatedInput {
    type Facts = WorkerAllocated;

    fn read(&self, reader: &mut Reader) -> Read<WorkerAllocated> {
        let worker = reader.id("worker", &self.worker);
        let agency = reader.id("agency", &self.agency);
        Ok(WorkerAllocated {
            role: self.role.into(),
            worker: worker?,
            agency: agency?,
            volunteer: self.volunteer,
        })
    }
}
