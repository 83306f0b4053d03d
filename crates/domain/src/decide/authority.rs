//! Whether the acting agency may do this to that. A thing that it cannot see is not found.

use super::service::service_and_terms;
use crate::audience::{audience, sees};
use crate::case::{Case, CaseKey, Cases};
use crate::codes::WorkerRole;
use crate::command::{Action, Origin};
use crate::event::{LedgerOpened, ServiceDescribed};
use crate::id::{AgencyId, AgreementId, PersonId, ReferralId, ServiceId, StreamId, StreamKind};
use crate::refusal::{Refusal, Rule};
use crate::role::Role;
use alloc::sync::Arc;

/// Whether the acting agency may act in this ledger at all.
pub(super) fn may_act<C: Cases>(
    cases: &C,
    origin: &Origin,
    action: &Action,
) -> Result<(), Refusal> {
    let opened = cases.case(CaseKey::Ledger).and_then(|case| case.ledger());
    let commissioner = opened.and_then(crate::case::Ledger::commissioner);
    match (action, commissioner) {
        (Action::OpenLedger(opened), present) => {
            // Nobody takes an open ledger over: its commissioner opens the next incarnation.
            let may_open = present.is_none_or(|present| present == origin.agency);
            if may_open && opened.commissioner == origin.agency {
                Ok(())
            } else {
                Err(Rule::NotCommissioner.into())
            }
        }
        (_, None) => Err(Rule::LedgerNotOpen.into()),
        // The commissioner acts before anybody, itself included, has been described.
        (_, Some(commissioner)) if commissioner == origin.agency => Ok(()),
        (_, Some(_)) => {
            let known = cases.case(CaseKey::Agency(origin.agency)).and_then(|case| case.agency());
            if known.is_some_and(crate::agency::Agency::may_act) {
                Ok(())
            } else {
                Err(Rule::AgencyNotPartner.into())
            }
        }
    }
}

/// Whether the acting agency may do this to that: a thing it cannot see is not found.
pub(super) fn authority<C: Cases>(
    cases: &C,
    origin: &Origin,
    action: &Action,
) -> Result<(), Refusal> {
    let agency = origin.agency;
    match action {
        Action::OpenLedger(opened) => next_incarnation(cases, opened),
        Action::DescribeAgency { .. }
        | Action::DefineMeasure { .. }
        | Action::SetTarget { .. }
        | Action::SetPlanItem { .. } => {
            if is_commissioner(cases, agency) {
                Ok(())
            } else {
                Err(Rule::NotCommissioner.into())
            }
        }
        Action::SetAgreement { agreement, set } => {
            if cases.home((*agreement).into()).is_some() {
                visible(cases, origin, (*agreement).into(), "agreement")?;
            }
            let known =
                cases.case(CaseKey::Agreement(*agreement)).and_then(|case| case.agreement());
            let funder =
                known.and_then(|known| known.latest()).map_or(set.funder, |terms| terms.funder);
            yours(agency == funder || is_commissioner(cases, agency))
        }
        Action::RecordPayment { agreement, .. } => pays(cases, origin, *agreement),
        Action::DescribeService { service, described } => {
            describes_service(cases, origin, *service, described)
        }
        Action::SetCapacity { service, .. } => {
            let (described, terms) = service_and_terms(cases, *service)?;
            yours(
                agency == described.provider
                    || agency == terms.lead
                    || agency == terms.funder
                    || is_commissioner(cases, agency),
            )
        }
        Action::RegisterPerson { person, .. } => unused(cases, (*person).into()),
        Action::RecordCircumstance { person, .. }
        | Action::RecordOffence { person, .. }
        | Action::SetRegister { person, .. }
        | Action::Assess { person, .. } => responsible(cases, origin, *person, action),
        Action::ImposeSentence { sentence, imposed } => {
            unused(cases, (*sentence).into())?;
            visible(cases, origin, imposed.person.into(), "person")?;
            all_visible(cases, origin, imposed.continues, "continues")
        }
        Action::VarySentence { sentence, .. }
        | Action::ChangeSetting { sentence, .. }
        | Action::RecordBreach { sentence, .. }
        | Action::EndSentence { sentence, .. } => {
            visible(cases, origin, (*sentence).into(), "sentence").map(|_| ())
        }
        Action::AllocateWorker { to, allocated } => {
            let case = visible(cases, origin, *to, "to")?;
            match to.kind {
                // Whose workers are on a sentence decides who holds the person: that is for
                // offender managers. Others put one of their own in another's place.
                StreamKind::Sentence => yours(
                    origin.role == Role::OffenderManager
                        || (allocated.agency == agency
                            && allocated.role != WorkerRole::OffenderManager),
                ),
                StreamKind::Referral | StreamKind::Placement => yours(provides(case, *to, agency)),
                _ => Err(Refusal::NotFound { field: "to" }),
            }
        }
        Action::MakeReferral { referral, made } => {
            unused(cases, (*referral).into())?;
            visible(cases, origin, made.person.into(), "person")?;
            all_visible(cases, origin, made.sentence, "sentence")?;
            all_visible(cases, origin, made.continues, "continues")
        }
        Action::DecideReferral { referral, .. } => {
            let case = visible(cases, origin, (*referral).into(), "referral")?;
            yours(provides(case, (*referral).into(), agency))
        }
        Action::WithdrawReferral { referral, .. } => {
            let case = visible(cases, origin, (*referral).into(), "referral")?;
            let made = case.person().and_then(|person| person.referral(*referral));
            yours(
                made.is_some_and(|made| made.referrer == agency)
                    || provides(case, (*referral).into(), agency)
                    || case
                        .person()
                        .is_some_and(|person| audience(case, person.id.into()).holds(agency)),
            )
        }
        Action::BookPlacement { placement, booked } => {
            unused(cases, (*placement).into())?;
            let case = visible(cases, origin, booked.referral.into(), "referral")?;
            yours(provides(case, booked.referral.into(), agency))
        }
        Action::StartPlacement { placement }
        | Action::RecordAttendance { placement, .. }
        | Action::AwardQualification { placement, .. }
        | Action::CompletePlacement { placement, .. }
        | Action::EndPlacementEarly { placement, .. } => {
            let case = visible(cases, origin, (*placement).into(), "placement")?;
            yours(provides(case, (*placement).into(), agency))
        }
        Action::Correct { .. } => Ok(()),
    }
}

/// Payments are recorded by whoever funds the agreement, or by the commissioner.
fn pays<C: Cases>(cases: &C, origin: &Origin, agreement: AgreementId) -> Result<(), Refusal> {
    let case = visible(cases, origin, agreement.into(), "agreement")?;
    let terms = case.agreement().and_then(|agreement| agreement.latest());
    let agency = origin.agency;
    yours(terms.is_some_and(|terms| terms.funder == agency) || is_commissioner(cases, agency))
}

/// Whether the acting agency is responsible for a person, and so holds the person's own streams.
fn responsible<C: Cases>(
    cases: &C,
    origin: &Origin,
    person: PersonId,
    action: &Action,
) -> Result<(), Refusal> {
    let case = visible(cases, origin, person.into(), "person")?;
    let own = action.stream();
    yours(own.is_some_and(|own| audience(case, own).holds(origin.agency)))?;
    match action {
        Action::Assess { assessed, .. } if !assessed.tool.is_for(origin.role) => {
            Err(Rule::ToolNotForRole.into())
        }
        _ => Ok(()),
    }
}

/// The next incarnation, which after the first says what it goes on from.
fn next_incarnation<C: Cases>(cases: &C, opened: &LedgerOpened) -> Result<(), Refusal> {
    let ledger = cases.case(CaseKey::Ledger).and_then(|case| case.ledger());
    let last = ledger.and_then(|ledger| ledger.openings.last());
    let follows = match last {
        None => opened.incarnation == 1,
        Some(last) => {
            opened.ledger == last.ledger
                && Some(opened.incarnation) == last.incarnation.checked_add(1)
                && opened.predecessor.is_some()
        }
    };
    if follows { Ok(()) } else { Err(Rule::LedgerAlreadyOpen.into()) }
}

/// A service is described by whoever pays for it, leads its agreement or gives it.
fn describes_service<C: Cases>(
    cases: &C,
    origin: &Origin,
    service: ServiceId,
    described: &ServiceDescribed,
) -> Result<(), Refusal> {
    // Seen first: the other answer would tell a hidden agreement from one that is not there.
    let case = visible(cases, origin, described.agreement.into(), "agreement")?;
    let agreement = CaseKey::Agreement(described.agreement);
    if cases.home(service.into()).is_some_and(|home| home != agreement) {
        return Err(Rule::ServiceChangesAgreement.into());
    }
    let terms = case.agreement().and_then(|agreement| agreement.latest());
    let agency = origin.agency;
    yours(
        terms.is_some_and(|terms| {
            agency == terms.funder || agency == terms.lead || agency == described.provider
        }) || is_commissioner(cases, agency),
    )
}

fn yours(holds: bool) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Rule::NotYours.into()) }
}

fn unused<C: Cases>(cases: &C, stream: StreamId) -> Result<(), Refusal> {
    match cases.home(stream) {
        None => Ok(()),
        Some(_) => Err(Rule::AlreadyExists.into()),
    }
}

pub(super) fn is_commissioner<C: Cases>(cases: &C, agency: AgencyId) -> bool {
    let ledger = cases.case(CaseKey::Ledger).and_then(|case| case.ledger());
    ledger.and_then(crate::case::Ledger::commissioner) == Some(agency)
}

/// The case of a stream that the caller may see. One answer for what is hidden and what is not
/// there.
pub(super) fn visible<'a, C: Cases>(
    cases: &'a C,
    origin: &Origin,
    stream: StreamId,
    field: &'static str,
) -> Result<&'a Arc<Case>, Refusal> {
    cases
        .home(stream)
        .and_then(|home| cases.case(home))
        .filter(|case| sees(case, stream, origin.agency, origin.role))
        .ok_or(Refusal::NotFound { field })
}

/// That whatever else the command names is the caller's to see.
fn all_visible<C: Cases, I: Into<StreamId>>(
    cases: &C,
    origin: &Origin,
    named: Option<I>,
    field: &'static str,
) -> Result<(), Refusal> {
    named.into_iter().try_for_each(|id| visible(cases, origin, id.into(), field).map(|_| ()))
}

/// Whether an agency provides under the referral that a stream is or belongs to: as provider, as
/// lead, or with a worker allocated to it.
fn provides(case: &Case, stream: StreamId, agency: AgencyId) -> bool {
    let Some(person) = case.person() else { return false };
    let placement = person.placements.iter().find(|it| it.id.0 == stream.id);
    let referral = placement.map_or(ReferralId(stream.id), |placement| placement.referral);
    let own = person.referral(referral).is_some_and(|referral| {
        referral.provider == agency
            || referral.lead == agency
            || referral.workers.iter().any(|worker| worker.agency == agency)
    });
    own || placement.is_some_and(|it| it.workers.iter().any(|worker| worker.agency == agency))
}
