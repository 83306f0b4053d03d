//! What a payment cites: events of placements under its agreement, which still count.

use crate::case::Cases;
use crate::event::PaymentRecorded;
use crate::id::{AgreementId, EventId, PlacementId, StreamId};
use crate::overlay::{Facts, Overlay};
use crate::refusal::{Refusal, Rule};

/// That all evidence of a payment counts. Whether it was paid before, the agreement knows.
pub(super) fn evidence<C: Cases>(
    overlay: &Overlay<C>,
    agreement: StreamId,
    paid: &PaymentRecorded,
    facts: &Facts,
) -> Result<(), Refusal> {
    let agreement = AgreementId(agreement.id);
    if paid.evidence.iter().all(|event| counts(overlay, agreement, *event, facts)) {
        Ok(())
    } else {
        Err(Rule::EvidenceNotCounting.into())
    }
}

/// Whether an event says what was done on a placement under an agreement, and counts. A case is
/// folded from what counts, so what the case does not know was voided.
fn counts<C: Cases>(
    overlay: &Overlay<C>,
    agreement: AgreementId,
    event: EventId,
    facts: &Facts,
) -> bool {
    let found = || {
        let (stream, at) = overlay.find(facts, event)?;
        let person = overlay.case(overlay.home(stream)?)?.person()?;
        let placement = person.placement(PlacementId(stream.id))?;
        let service = person.referral(placement.referral)?.service;
        let home = overlay.case(overlay.home(service.into())?)?.agreement()?;
        Some(home.id == agreement && placement.is_fact(at))
    };
    found().unwrap_or(false)
}
