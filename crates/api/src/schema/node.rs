//! Whatever has an identifier.

use async_graphql::{ID, Interface};
use tallystick_domain::{
    StreamId, StreamKind,
    id::{
        AgencyId, AgreementId, MeasureId, PersonId, PlacementId, PlanId, ReferralId, SentenceId,
        ServiceId,
    },
};

use super::{
    agency::Agency, agreement::Agreement, context::At, event::Event, measure::MeasureDefinition,
    person::Person, placement::Placement, plan::DeliveryPlan, referral::Referral,
    sentence::Sentence, service::Service,
};

/// Something with an identifier.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its identifier."))]
pub(crate) enum Node<'a> {
    /// An agency.
    Agency(Agency<'a>),
    /// An agreement.
    Agreement(Agreement<'a>),
    /// A service.
    Service(Service<'a>),
    /// A person.
    Person(Person<'a>),
    /// A sentence.
    Sentence(Sentence<'a>),
    /// A referral.
    Referral(Referral<'a>),
    /// A placement.
    Placement(Placement<'a>),
    /// A measure, by its latest definition.
    MeasureDefinition(MeasureDefinition<'a>),
    /// A delivery plan.
    DeliveryPlan(DeliveryPlan<'a>),
    /// An event.
    Event(Event),
}

impl<'a> Node<'a> {
    /// The thing that a stream is about, if the caller sees it.
    pub(crate) fn of_stream(at: &'a At, stream: StreamId) -> Option<Self> {
        let id = stream.id;
        match stream.kind {
            // What it holds is read of the person.
            StreamKind::Ledger
            | StreamKind::Circumstance
            | StreamKind::Offence
            | StreamKind::Register
            | StreamKind::Assessment => None,
            StreamKind::Agency => Agency::find(at, AgencyId(id)).map(Node::Agency),
            StreamKind::Agreement => Agreement::find(at, AgreementId(id)).map(Node::Agreement),
            StreamKind::Service => Service::find(at, ServiceId(id)).map(Node::Service),
            StreamKind::Person => Person::find(at, PersonId(id)).map(Node::Person),
            StreamKind::Sentence => Sentence::find(at, SentenceId(id)).map(Node::Sentence),
            StreamKind::Referral => Referral::find(at, ReferralId(id)).map(Node::Referral),
            StreamKind::Placement => Placement::find(at, PlacementId(id)).map(Node::Placement),
            StreamKind::Plan => DeliveryPlan::find(at, PlanId(id)).map(Node::DeliveryPlan),
            StreamKind::Measure => {
                MeasureDefinition::find(at, MeasureId(id)).map(Node::MeasureDefinition)
            }
        }
    }
}
