//! Payments: between partners, while the agreement is live, for what was done and counts, once.

use crate::scene::{Deed, day, event_of, given, refusals, replace, void};
use crate::world::*;
use tallystick_domain::codes::{AttendanceOutcome, PaymentBasis};
use tallystick_domain::event::{PaymentRecorded, Term};
use tallystick_domain::id::AgencyId;
use tallystick_domain::refusal::Problem;
use tallystick_domain::{CaseKey, EventId, EventType, Role};

fn came() -> EventId {
    event_of(YSS, "came")
}

/// A placement with a session that the person came to.
fn attended() -> Vec<Deed> {
    let mut deeds = started();
    deeds.push(attend(session("s1", AttendanceOutcome::Complied)).called("came"));
    deeds
}

fn between(from: AgencyId, to: AgencyId) -> PaymentRecorded {
    PaymentRecorded { payer: Some(from), payee: to, ..payment(&[came()]) }
}

fn of(from: &str, to: &str) -> PaymentRecorded {
    PaymentRecorded { period: Term { from: day(from), to: day(to) }, ..payment(&[came()]) }
}

refusals! {
    AgreementNotLive: nothing_is_paid_for_days_after_the_agreement =
        given(attended()).when(pay(of("2008-05-01", "2011-04-01")));
    AgreementNotLive: nothing_is_paid_for_days_before_the_agreement =
        given(attended()).when(pay(of("2008-03-31", "2008-05-01")));
    PaymentOutsideAgreement: nobody_else_is_paid =
        given(attended()).when(pay(between(TRUST, WILLOWDENE)));
    PaymentOutsideAgreement: nobody_else_pays =
        given(attended()).when(pay(between(NEXT_TRUST, YSS)));
    NotYours: only_who_funds_an_agreement_records_what_is_paid =
        given(attended()).when(pay(payment(&[came()])).by(YSS, Role::Commissioner));
    EvidenceNotCounting: nothing_unknown_is_paid_for =
        given(attended()).when(pay(payment(&[event_of(YSS, "nothing")])));
    EvidenceNotCounting: a_booking_is_nothing_done =
        given(attended()).when(pay(payment(&[event_of(YSS, "booked")])));
    EvidenceNotCounting: nothing_voided_is_paid_for = given(attended())
        .and([correct([void(came())]).by(TRUST, Role::Commissioner)])
        .when(pay(payment(&[came()])));
    EvidenceNotCounting: nothing_under_another_agreement_is_paid_for = given(attended()).when({
        let mut deed = pay(between(TRUST, WILLOWDENE));
        let tallystick_domain::Action::RecordPayment { agreement, .. } = &mut deed.step.action
        else {
            unreachable!()
        };
        *agreement = FARM_AGREEMENT;
        deed
    });
    EvidencePaid: nothing_is_paid_for_twice =
        given(attended()).and([pay(payment(&[came()]))]).when(pay(payment(&[came()])));
    EvidencePaid in history: a_voided_payment_does_not_come_back_beside_its_successor =
        given(attended())
            .and([
                pay(payment(&[came()])).called("paid"),
                correct([void(event_of(TRUST, "paid"))]).by(TRUST, Role::Commissioner).called("undone"),
                pay(payment(&[came()])),
            ])
            .when(correct([void(event_of(TRUST, "undone"))]).by(TRUST, Role::Commissioner));
    ReplacementDiffers: a_payment_keeps_its_evidence = given(attended())
        .and([pay(payment(&[came()])).called("paid")])
        .when(
            correct([replace(
                event_of(TRUST, "paid"),
                "2009-01-10",
                payment(&[event_of(YSS, "started")]),
            )])
            .by(TRUST, Role::Commissioner),
        );
}

#[test]
fn the_same_work_may_be_paid_for_on_another_basis() {
    let outcome = PaymentRecorded { basis: PaymentBasis::Outcome, ..payment(&[came()]) };
    let scene = given(attended()).and([pay(payment(&[came()]))]);
    let scene = scene.when(pay(outcome)).then([EventType::PaymentRecorded]);
    let case = scene.case(CaseKey::Agreement(AGREEMENT)).agreement().unwrap();
    assert_eq!(case.payments.len(), 2);
}

#[test]
fn a_payment_stays_when_what_it_cites_is_voided() {
    let scene = given(attended())
        .and([pay(payment(&[came()]))])
        .when(correct([void(came())]).by(TRUST, Role::Commissioner))
        .then([EventType::Corrected]);
    let case = scene.case(CaseKey::Agreement(AGREEMENT)).agreement().unwrap();
    assert_eq!(case.payments[0].facts, payment(&[came()]));
}

#[test]
fn a_payment_says_what_its_basis_asks() {
    let attempt = |paid| given(attended()).when(pay(paid));
    let income = PaymentRecorded { basis: PaymentBasis::TradingIncome, ..payment(&[]) };
    attempt(income.clone()).then_invalid("payer", Problem::NotAllowed);
    attempt(PaymentRecorded { payer: None, ..income }).then([EventType::PaymentRecorded]);
    attempt(PaymentRecorded { payer: None, ..payment(&[came()]) })
        .then_invalid("payer", Problem::Missing);
    attempt(between(YSS, YSS)).then_invalid("payee", Problem::Repeated);
    attempt(payment(&[])).then_invalid("evidence", Problem::Missing);
    attempt(PaymentRecorded { basis: PaymentBasis::Block, ..payment(&[]) })
        .then([EventType::PaymentRecorded]);
    attempt(payment(&[came(), came()])).then_invalid("evidence", Problem::Repeated);
    let least = Problem::OutOfRange { found: 0, least: 1, most: i64::MAX };
    attempt(PaymentRecorded { pence: 0, ..payment(&[came()]) }).then_invalid("pence", least);
    attempt(of("2008-05-02", "2008-05-01")).then_invalid("period", Problem::DatesOutOfOrder);
    attempt(of("2009-01-11", "2009-01-31")).then_invalid("period", Problem::DatesOutOfOrder);
    let many: Vec<_> = (0..501).map(|index| EventId { of_command: [9; 16], index }).collect();
    let most = Problem::OutOfRange { found: 501, least: 0, most: 500 };
    attempt(payment(&many)).then_invalid("evidence", most);
}

#[test]
fn a_start_may_be_paid_for() {
    given(started())
        .when(pay(payment(&[event_of(YSS, "started")])))
        .then([EventType::PaymentRecorded]);
}
