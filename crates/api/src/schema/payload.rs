//! What mutations answer: one type each, all with the same fields and what the command changed.

use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, ID, Object, Result, SimpleObject};
use tallystick_domain as domain;
use tallystick_domain::{
    Record, StreamId,
    id::{
        AgencyId, AgreementId, MeasureId, PersonId, PlacementId, PlanId, ReferralId, SentenceId,
        ServiceId,
    },
};
use tallystick_ledger::NoReceipt;
use tokio::sync::OnceCell;

use super::{
    agency::Agency,
    agreement::Agreement,
    audit::proof_of,
    command_error::CommandError,
    context::At,
    event::Event,
    id,
    measure::MeasureDefinition,
    node::Node,
    person::Person,
    placement::Placement,
    plan::DeliveryPlan,
    referral::Referral,
    scalar::{DateTime, Position},
    sentence::Sentence,
    service::Service,
};

/// What became of a command.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum CommandOutcome {
    /// It is recorded, durably. In a dry run: it would be.
    Accepted,
    /// It had been recorded before, under the same identifier and with the same input: the receipt
    /// is the same.
    Replayed,
    /// It is not recorded, `errors` say why, and its identifier is still free.
    Refused,
    /// It may be recorded or not, or come to be. Send it again with the same identifier and input,
    /// until the outcome is another.
    OutcomeUnknown,
}

/// That a command is recorded, and where.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Receipt {
    #[graphql(skip)]
    at: Arc<At>,
    /// Position of its last event: give it as `atLeast` to read what it changed, on any node.
    position: Position,
    /// Position of its first event.
    first: Position,
    /// The commit that holds it.
    commit: String,
    /// The thing that its first event is about.
    stream: ID,
    /// Version of that thing after the first event.
    version: u32,
    /// When it was recorded, by the ledger's clock.
    recorded_at: DateTime,
    /// Identifiers of its events, in order.
    events: Vec<ID>,
    /// The proof, once it was asked for.
    #[graphql(skip)]
    made: OnceCell<Result<String, NoReceipt>>,
}

/// Why a receipt has no proof. The command is recorded all the same.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum NoProof {
    /// This ledger signs nothing.
    NoKey,
    /// No checkpoint covers it yet. Send the same command again in a second.
    NotYet,
    /// It cannot be made just now, because something stored cannot be read.
    Unreadable,
}

/// That a command is recorded, and where.
#[ComplexObject]
impl Receipt {
    /// The proof of its first event, C2SP tlog-proof: shows with no server and no ledger at hand
    /// that it is in a signed tree. Absent while no checkpoint covers it: `awaitCheckpoint` waits
    /// for one, and later the same command, sent again, has it.
    async fn proof(&self) -> Option<&str> {
        self.made().await.as_deref().ok()
    }

    /// Why there is no proof; absent if there is one.
    async fn no_proof(&self) -> Option<NoProof> {
        match self.made().await {
            Ok(_) => None,
            Err(NoReceipt::Unsigned) => Some(NoProof::NoKey),
            Err(NoReceipt::NotYet(_)) => Some(NoProof::NotYet),
            Err(NoReceipt::Tree(_)) => Some(NoProof::Unreadable),
        }
    }
}

impl Receipt {
    /// The proof, made once. That it could not be made spoils nothing: what the command came to
    /// stands.
    async fn made(&self) -> &Result<String, NoReceipt> {
        let make = async || {
            proof_of(&self.at, self.first.0).await.inspect_err(|error| {
                if let NoReceipt::Tree(error) = error {
                    tracing::error!(position = self.first.0.0, %error, "a receipt has no proof");
                }
            })
        };
        self.made.get_or_init(make).await
    }

    fn of(at: &Arc<At>, receipt: &tallystick_ledger::Receipt) -> Self {
        Self {
            at: Arc::clone(at),
            position: receipt.position.into(),
            first: receipt.first.into(),
            commit: receipt.commit.to_string(),
            stream: id::show(receipt.stream),
            version: receipt.version,
            recorded_at: receipt.recorded_at.into(),
            events: receipt.events.iter().map(id::show).collect(),
            made: OnceCell::new(),
        }
    }
}

/// A command and what became of it: what all payloads are made of.
pub(crate) struct Done {
    /// The ledger with the command in it, if it was recorded.
    pub(crate) at: Arc<At>,
    pub(crate) outcome: CommandOutcome,
    pub(crate) receipt: Option<tallystick_ledger::Receipt>,
    pub(crate) errors: Vec<CommandError>,
    /// What it was about.
    pub(crate) streams: Vec<StreamId>,
}

impl Done {
    /// The records of the command that the caller may see, in order.
    fn records(&self) -> Result<Vec<Arc<Record>>> {
        let Some(receipt) = &self.receipt else { return Ok(Vec::new()) };
        let positions = receipt.first.0..=receipt.position.0;
        let positions: Vec<_> = positions.map(domain::Position).collect();
        let mut records = self.at.node.ledger().records(&positions)?;
        // Whoever has lost sight of a thing reads nothing more of it, of its own either.
        records.retain(|record| self.at.holds(record.envelope.stream));
        Ok(records)
    }

    /// The things of a kind that were changed.
    fn all<'a, I: Into<StreamId> + Copy, T>(
        &'a self,
        id: impl Fn([u8; 16]) -> I,
        find: impl Fn(&'a At, I) -> Option<T>,
    ) -> Vec<T> {
        if self.receipt.is_none() {
            return Vec::new();
        }
        let of_kind = |stream: &StreamId| {
            let id = id(stream.id);
            (id.into() == *stream).then_some(id)
        };
        self.streams.iter().filter_map(of_kind).filter_map(|id| find(&self.at, id)).collect()
    }

    /// The person of whom something was recorded in a stream that bears the person's identifier.
    fn person(&self) -> Option<Person<'_>> {
        self.receipt.as_ref()?;
        let own = self.streams.iter().find(|stream| stream.kind.bears_person())?;
        Person::find(&self.at, PersonId(own.id))
    }

    /// The thing of a kind that was changed.
    fn one<'a, I: Into<StreamId> + Copy, T>(
        &'a self,
        id: impl Fn([u8; 16]) -> I,
        find: impl Fn(&'a At, I) -> Option<T>,
    ) -> Option<T> {
        self.all(id, find).into_iter().next()
    }
}

/// The thing that bears the identifier of a stream: of a person's own streams, the person.
fn named(stream: StreamId) -> StreamId {
    if stream.kind.bears_person() { PersonId(stream.id).into() } else { stream }
}

/// Payloads: what all of them say, and what each command changed.
macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $(
        $(#[$field_doc:meta])* $field:ident: $type:ty = |$done:ident| $found:expr,
    )+ })+) => {$(
        $(#[$doc])*
        pub(crate) struct $name(pub(crate) Done);

        $(#[$doc])*
        #[Object]
        impl $name {
            /// What became of the command.
            fn outcome(&self) -> CommandOutcome {
                self.0.outcome
            }

            /// That it is recorded, and where; absent if it is not, and in a dry run.
            fn receipt(&self) -> Option<Receipt> {
                self.0.receipt.as_ref().map(|it| Receipt::of(&self.0.at, it))
            }

            /// Its events, in order. Absent, with an error, where they cannot be read back: what
            /// became of the command is told all the same.
            fn events(&self) -> Option<Result<Vec<Event>>> {
                let event = |record| Event::new(Arc::clone(&self.0.at), record);
                Some(self.0.records().map(|them| them.into_iter().map(event).collect()))
            }

            /// Why it was refused: everything that is wrong with its fields, or the first rule that
            /// stands against it.
            fn errors(&self) -> &[CommandError] {
                &self.0.errors
            }

            $(
                $(#[$field_doc])*
                fn $field(&self) -> $type {
                    let $done = &self.0;
                    $found
                }
            )+
        }
    )+};
}

payloads! {
    /// What came of describing an agency.
    DescribeAgencyPayload {
        /// The agency.
        agency: Option<Agency<'_>> = |done| done.one(AgencyId, Agency::find),
    }

    /// What came of setting an agreement.
    SetAgreementPayload {
        /// The agreement.
        agreement: Option<Agreement<'_>> = |done| done.one(AgreementId, Agreement::find),
    }

    /// What came of recording a payment.
    RecordPaymentPayload {
        /// The agreement.
        agreement: Option<Agreement<'_>> = |done| done.one(AgreementId, Agreement::find),
    }

    /// What came of describing a service.
    DescribeServicePayload {
        /// The service.
        service: Option<Service<'_>> = |done| done.one(ServiceId, Service::find),
    }

    /// What came of setting a capacity.
    SetCapacityPayload {
        /// The service.
        service: Option<Service<'_>> = |done| done.one(ServiceId, Service::find),
    }

    /// What came of defining a measure.
    DefineMeasurePayload {
        /// The definition.
        definition: Option<MeasureDefinition<'_>> =
            |done| done.one(MeasureId, MeasureDefinition::find),
    }

    /// What came of setting a target.
    SetTargetPayload {
        /// The plan.
        plan: Option<DeliveryPlan<'_>> = |done| done.one(PlanId, DeliveryPlan::find),
    }

    /// What came of setting an item of a plan.
    SetPlanItemPayload {
        /// The plan.
        plan: Option<DeliveryPlan<'_>> = |done| done.one(PlanId, DeliveryPlan::find),
    }

    /// What came of registering a person.
    RegisterPersonPayload {
        /// The person.
        person: Option<Person<'_>> = |done| done.one(PersonId, Person::find),
    }

    /// What came of recording how a person lives.
    RecordCircumstancePayload {
        /// The person.
        person: Option<Person<'_>> = |done| done.person(),
    }

    /// What came of recording an offence.
    RecordOffencePayload {
        /// The person.
        person: Option<Person<'_>> = |done| done.person(),
    }

    /// What came of setting a register.
    SetRegisterPayload {
        /// The person.
        person: Option<Person<'_>> = |done| done.person(),
    }

    /// What came of assessing a person.
    AssessPersonPayload {
        /// The person.
        person: Option<Person<'_>> = |done| done.person(),
    }

    /// What came of imposing a sentence.
    ImposeSentencePayload {
        /// The sentence.
        sentence: Option<Sentence<'_>> = |done| done.one(SentenceId, Sentence::find),
    }

    /// What came of varying a sentence.
    VarySentencePayload {
        /// The sentence.
        sentence: Option<Sentence<'_>> = |done| done.one(SentenceId, Sentence::find),
    }

    /// What came of changing where a sentence is served.
    ChangeSettingPayload {
        /// The sentence.
        sentence: Option<Sentence<'_>> = |done| done.one(SentenceId, Sentence::find),
    }

    /// What came of allocating a worker.
    AllocateWorkerPayload {
        /// The sentence, if the worker was allocated to one.
        sentence: Option<Sentence<'_>> = |done| done.one(SentenceId, Sentence::find),
        /// The referral, if the worker was allocated to one.
        referral: Option<Referral<'_>> = |done| done.one(ReferralId, Referral::find),
        /// The placement, if the worker was allocated to one.
        placement: Option<Placement<'_>> = |done| done.one(PlacementId, Placement::find),
    }

    /// What came of taking a step of enforcement.
    RecordBreachPayload {
        /// The sentence.
        sentence: Option<Sentence<'_>> = |done| done.one(SentenceId, Sentence::find),
    }

    /// What came of ending a sentence.
    EndSentencePayload {
        /// The sentence.
        sentence: Option<Sentence<'_>> = |done| done.one(SentenceId, Sentence::find),
    }

    /// What came of making a referral.
    MakeReferralPayload {
        /// The referral.
        referral: Option<Referral<'_>> = |done| done.one(ReferralId, Referral::find),
    }

    /// What came of deciding a referral.
    DecideReferralPayload {
        /// The referral.
        referral: Option<Referral<'_>> = |done| done.one(ReferralId, Referral::find),
    }

    /// What came of withdrawing a referral.
    WithdrawReferralPayload {
        /// The referral.
        referral: Option<Referral<'_>> = |done| done.one(ReferralId, Referral::find),
    }

    /// What came of booking a place.
    BookPlacementPayload {
        /// The placement.
        placement: Option<Placement<'_>> = |done| done.one(PlacementId, Placement::find),
    }

    /// What came of recording that a placement started.
    StartPlacementPayload {
        /// The placement.
        placement: Option<Placement<'_>> = |done| done.one(PlacementId, Placement::find),
    }

    /// What came of recording a session sheet.
    RecordAttendancePayload {
        /// The placements of the sheet, each once.
        placements: Vec<Placement<'_>> = |done| done.all(PlacementId, Placement::find),
    }

    /// What came of recording a qualification.
    AwardQualificationPayload {
        /// The placement.
        placement: Option<Placement<'_>> = |done| done.one(PlacementId, Placement::find),
    }

    /// What came of recording that a placement is complete.
    CompletePlacementPayload {
        /// The placement.
        placement: Option<Placement<'_>> = |done| done.one(PlacementId, Placement::find),
    }

    /// What came of recording that a placement ended early.
    EndPlacementEarlyPayload {
        /// The placement.
        placement: Option<Placement<'_>> = |done| done.one(PlacementId, Placement::find),
    }

    /// What came of correcting events.
    CorrectEventPayload {
        /// The things whose events were corrected, each once. What was voided altogether is not
        /// among them.
        #[expect(clippy::unnecessary_wraps, reason = "an error leaves it absent, not the payload")]
        changed: Option<Result<Vec<Node<'_>>>> = |done| {
            Some(done.records().map(|records| {
                let mut streams: Vec<_> =
                    records.iter().map(|it| named(it.envelope.stream)).collect();
                streams.sort_unstable();
                streams.dedup();
                let at: &At = &done.at;
                streams.into_iter().filter_map(|stream| Node::of_stream(at, stream)).collect()
            }))
        },
    }
}
