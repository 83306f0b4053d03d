//! What other cases say: that things named exist, and that they hold on the day claimed, as known
//! now.

use super::service::{offered_on, service_and_terms};
use crate::audience::audience;
use crate::case::{CaseKey, Cases};
use crate::codes::{Criterion, ShareBasis, WorkerRole};
use crate::date::Date;
use crate::event::{
    Circumstance, Event, PaymentRecorded, ReferralMade, Setting, Term, Threshold, WorkerAllocated,
};
use crate::id::{AgencyId, AgreementId, MeasureId, ReferralId, StreamId, StreamKind};
use crate::refusal::{Refusal, Rule};
use crate::text::Code;

/// What other cases say: that things named exist, and validity on the day claimed, as known now.
pub(super) fn elsewhere<C: Cases>(
    cases: &C,
    stream: StreamId,
    event: &Event,
    day: Date,
) -> Result<(), Refusal> {
    match event {
        Event::AgencyDescribed(described) => match described.parent {
            Some(parent) => known_agency(cases, parent, "parent"),
            None => Ok(()),
        },
        Event::AgreementSet(set) => {
            known_agency(cases, set.funder, "funder")?;
            known_agency(cases, set.lead, "lead")?;
            set.subs.iter().try_for_each(|sub| known_agency(cases, *sub, "subs"))?;
            let earlier = |id: &_| cases.case(CaseKey::Agreement(*id)).is_some();
            if !set.continues.iter().all(earlier) {
                return Err(Refusal::NotFound { field: "continues" });
            }
            let defined = |it: &Threshold| known_measure(cases, &it.measure, it.version);
            if set.measures.iter().all(defined) { Ok(()) } else { Err(Rule::MeasureUnknown.into()) }
        }
        Event::TargetSet(set) => {
            if !known_measure(cases, &set.measure, set.version) {
                return Err(Rule::MeasureUnknown.into());
            }
            known_agency(cases, set.owner, "owner")?;
            set.scope.agency.map_or(Ok(()), |agency| known_agency(cases, agency, "scope"))?;
            let agreement = set.scope.agreement.map(CaseKey::Agreement);
            if agreement.is_none_or(|key| cases.case(key).is_some()) {
                Ok(())
            } else {
                Err(Refusal::NotFound { field: "scope" })
            }
        }
        Event::PlanItemSet(set) => {
            set.owners.iter().try_for_each(|owner| known_agency(cases, *owner, "owners"))
        }
        Event::MeasureDefined(defined) => match defined.definition.code() {
            Ok(code) if StreamId::from(MeasureId::of(&code)) == stream => Ok(()),
            _ => Err(Rule::MeasureCodeDiffers.into()),
        },
        Event::PaymentRecorded(paid) => payment(cases, AgreementId(stream.id), paid),
        Event::ServiceDescribed(described) => {
            let public = is_public(cases, described.provider);
            if described.kind.as_str() == COURT_REPORT && !public {
                return Err(Rule::CourtReportsArePublic.into());
            }
            Ok(())
        }
        Event::CircumstanceRecorded(recorded) => match &recorded.circumstance {
            Circumstance::Employment { employer: Some(employer), .. } => {
                known_agency(cases, *employer, "employer")
            }
            _ => Ok(()),
        },
        Event::RegisterSet(set) => {
            set.agreed_by.iter().try_for_each(|it| known_agency(cases, *it, "agreedBy"))
        }
        Event::SentenceImposed(imposed) => known_setting(cases, &imposed.setting, "setting"),
        Event::SettingChanged(changed) => known_setting(cases, &changed.to, "to"),
        Event::WorkerAllocated(allocated) => worker(cases, stream, allocated),
        Event::ReferralMade(made) => referral(cases, made, day),
        Event::PlacementBooked(booked) => {
            let home = cases.home(booked.referral.into()).and_then(|home| cases.case(home));
            let person = home.and_then(|case| case.person());
            let Some(referral) = person.and_then(|person| person.referral(booked.referral)) else {
                return Err(Rule::ReferralUnknown.into());
            };
            let (described, _) = service_and_terms(cases, referral.service)?;
            if described.sites.iter().any(|site| site.id == booked.site) {
                Ok(())
            } else {
                Err(Rule::SiteUnknown.into())
            }
        }
        Event::LedgerOpened(_)
        | Event::CapacitySet(_)
        | Event::PersonRegistered(_)
        | Event::OffenceProven(_)
        | Event::Assessed(_)
        | Event::SentenceVaried(_)
        | Event::BreachRecorded(_)
        | Event::SentenceEnded(_)
        | Event::ReferralDecided(_)
        | Event::ReferralWithdrawn(_)
        | Event::PlacementStarted(_)
        | Event::AttendanceRecorded(_)
        | Event::QualificationAwarded(_)
        | Event::PlacementCompleted(_)
        | Event::PlacementEndedEarly(_)
        | Event::Corrected(_) => Ok(()),
    }
}

/// The agreement is live throughout, as far as its first and last day tell, and between its
/// partners.
fn payment<C: Cases>(
    cases: &C,
    agreement: AgreementId,
    paid: &PaymentRecorded,
) -> Result<(), Refusal> {
    let home = cases.case(CaseKey::Agreement(agreement)).and_then(|case| case.agreement());
    let Some(agreement) = home else { return Err(Refusal::NotFound { field: "agreement" }) };
    let Term { from, to } = paid.period;
    if !agreement.is_live_on(from) || !agreement.is_live_on(to) {
        return Err(Rule::AgreementNotLive.into());
    }
    let partner = |agency| agreement.partners().any(|partner| partner == agency);
    if partner(paid.payee) && paid.payer.is_none_or(partner) {
        Ok(())
    } else {
        Err(Rule::PaymentOutsideAgreement.into())
    }
}

/// Kind of service that assists courts.
const COURT_REPORT: &str = "court_report";

fn known_agency<C: Cases>(cases: &C, agency: AgencyId, field: &'static str) -> Result<(), Refusal> {
    match cases.case(CaseKey::Agency(agency)) {
        Some(_) => Ok(()),
        None => Err(Refusal::NotFound { field }),
    }
}

/// Whether that version of a measure is defined.
fn known_measure<C: Cases>(cases: &C, code: &Code, version: u32) -> bool {
    let known = cases.case(CaseKey::Measure(MeasureId::of(code))).and_then(|case| case.measure());
    known.is_some_and(|measure| measure.version(version).is_some())
}

fn is_public<C: Cases>(cases: &C, agency: AgencyId) -> bool {
    let known = cases.case(CaseKey::Agency(agency)).and_then(|case| case.agency());
    known.is_some_and(crate::agency::Agency::is_public)
}

fn known_setting<C: Cases>(
    cases: &C,
    setting: &Setting,
    field: &'static str,
) -> Result<(), Refusal> {
    match setting {
        Setting::Custody { at } => known_agency(cases, *at, field),
        Setting::Community { .. } => Ok(()),
    }
}

fn worker<C: Cases>(
    cases: &C,
    stream: StreamId,
    allocated: &WorkerAllocated,
) -> Result<(), Refusal> {
    known_agency(cases, allocated.agency, "agency")?;
    if allocated.role == WorkerRole::OffenderManager && !is_public(cases, allocated.agency) {
        return Err(Rule::OffenderManagerIsPublic.into());
    }
    if stream.kind == StreamKind::Sentence {
        return Ok(());
    }
    let case = cases.home(stream).and_then(|home| cases.case(home));
    let Some(case) = case else { return Err(Refusal::NotFound { field: "to" }) };
    // A subcontractor may lend a worker before it has any other part in the referral.
    let subs = case.person().and_then(|person| {
        let placement = person.placements.iter().find(|it| it.id.0 == stream.id);
        let referral = placement.map_or(ReferralId(stream.id), |it| it.referral);
        let service = person.referral(referral)?.service;
        service_and_terms(cases, service).ok().map(|(_, terms)| &terms.subs)
    });
    let lends = subs.is_some_and(|subs| subs.contains(&allocated.agency));
    if lends || audience(case, stream).holds(allocated.agency) {
        Ok(())
    } else {
        Err(Rule::WorkerAgencyOutOfScope.into())
    }
}

fn referral<C: Cases>(cases: &C, made: &ReferralMade, day: Date) -> Result<(), Refusal> {
    let home = cases.home(made.service.into()).and_then(|home| cases.case(home));
    let agreement = home.and_then(|case| case.agreement());
    if !agreement.is_some_and(|agreement| agreement.is_live_on(day)) {
        return Err(Rule::AgreementNotLive.into());
    }
    if made.share.basis == ShareBasis::Override && made.share.reason.is_none() {
        return Err(Rule::OverrideNeedsReason.into());
    }
    if made.override_reason.is_some() {
        return Ok(());
    }
    let (described, _) = offered_on(cases, made.service, day)?;
    let asks = &described.eligibility;
    let attested = |criterion| made.meets.contains(&criterion);
    let in_custody = cases
        .case(CaseKey::Person(made.person))
        .and_then(|case| case.person())
        .and_then(|person| person.sentence(made.sentence?))
        .map(|sentence| matches!(sentence.setting(), Setting::Custody { .. }));
    let fits = (asks.sex.is_none() || attested(Criterion::Sex))
        && ((asks.age_from.is_none() && asks.age_to.is_none()) || attested(Criterion::Age))
        && (!asks.alternative_to_custody || attested(Criterion::AlternativeToCustody))
        && match (asks.in_custody, in_custody) {
            (None, _) => true,
            (Some(asked), Some(is)) => asked == is,
            (Some(_), None) => attested(Criterion::Setting),
        };
    if fits { Ok(()) } else { Err(Rule::NotEligible.into()) }
}
