//! What a service says of itself, and the agreement that it is given under.

use crate::case::Cases;
use crate::date::Date;
use crate::event::{AgreementSet, ServiceDescribed};
use crate::id::{AgencyId, ServiceId};
use crate::refusal::Refusal;

pub(super) fn service_and_terms<C: Cases>(
    cases: &C,
    service: ServiceId,
) -> Result<(&ServiceDescribed, &AgreementSet), Refusal> {
    let absent = Refusal::NotFound { field: "service" };
    let home = cases.home(service.into()).and_then(|home| cases.case(home));
    let agreement = home.and_then(|case| case.agreement()).ok_or(absent.clone())?;
    let described = agreement.service(service).ok_or(absent.clone())?.latest();
    Ok((described, agreement.latest().ok_or(absent)?))
}

/// What a service says on a day, and who leads its agreement then.
pub(super) fn offered_on<C: Cases>(
    cases: &C,
    service: ServiceId,
    day: Date,
) -> Result<(&ServiceDescribed, AgencyId), Refusal> {
    let absent = Refusal::NotFound { field: "service" };
    let home = cases.home(service.into()).and_then(|home| cases.case(home));
    let agreement = home.and_then(|case| case.agreement()).ok_or(absent.clone())?;
    let described = agreement.service(service).ok_or(absent.clone())?.on(day);
    // Before its first day an agreement is not live, and the referral is refused for that.
    let terms = agreement.on(day).or(agreement.latest()).ok_or(absent)?;
    Ok((described, terms.lead))
}
