//! The proportions of DOMAIN.md §3a, as far as the events of the scenario can tell them.

use super::super::calendar;
use super::rehearsal::Rehearsal;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use tallystick_domain::anomaly::{AnomalyKind, anomalies};
use tallystick_domain::codes::{
    AttendanceOutcome, EarlyEnd, QualificationKind, SentenceEnd, SentenceKind, Unit,
};
use tallystick_domain::event::Setting;
use tallystick_domain::id::ServiceId;
use tallystick_domain::placement::{Placement, PlacementState};
use tallystick_domain::referral::ReferralState;
use tallystick_domain::sentence::{Sentence, SentenceState};
use tallystick_domain::{Code, Date, EventType};

/// A part of a whole.
#[derive(Clone, Copy, Default)]
struct Share {
    part: u32,
    whole: u32,
}

impl Share {
    fn count(&mut self, counts: bool) {
        self.whole += 1;
        self.part += u32::from(counts);
    }

    fn percent(self) -> f64 {
        f64::from(self.part) * 100.0 / f64::from(self.whole.max(1))
    }
}

/// What kind of service a placement is on, and of which programme its agreement.
struct Kind {
    code: String,
    pilot: bool,
}

/// What a scenario came to.
pub(super) struct Proportions {
    completed: Share,
    pilots: Share,
    idap: Share,
    programmes: Share,
    unpaid_work_absent: Share,
    two_national: Share,
    accepted: Share,
    corrected: Share,
    late: Share,
    atr_growth: f64,
    early_jobs: u32,
    refused: u64,
    replayed: u64,
    people: usize,
    events: u64,
    types: BTreeMap<&'static str, u32>,
    oddities: BTreeMap<AnomalyKind, u32>,
}

impl Proportions {
    pub(super) fn of(rehearsal: &Rehearsal) -> Self {
        let (refused, replayed) = rehearsal.refused_and_replayed();
        let mut found = Self {
            completed: Share::default(),
            pilots: Share::default(),
            idap: Share::default(),
            programmes: Share::default(),
            unpaid_work_absent: Share::default(),
            two_national: Share::default(),
            accepted: Share::default(),
            corrected: Share::default(),
            late: Share::default(),
            atr_growth: atr_growth(rehearsal),
            early_jobs: 0,
            refused,
            replayed,
            people: rehearsal.people(),
            events: rehearsal.events(),
            types: BTreeMap::new(),
            oddities: BTreeMap::new(),
        };
        found.records(rehearsal);
        found.persons(rehearsal);
        found
    }

    fn records(&mut self, rehearsal: &Rehearsal) {
        for record in rehearsal.records() {
            let event_type = record.event.event_type();
            *self.types.entry(event_type.name()).or_default() += 1;
            self.corrected.count(event_type == EventType::Corrected);
            if event_type == EventType::AttendanceRecorded {
                let days = record.envelope.recorded_at.div_euclid(86_400_000);
                let delay = days - i64::from(record.envelope.occurred.date.days());
                self.late.count(delay > 7);
            }
        }
        let last = Date::from_days(calendar::LAST_DAY);
        for case in rehearsal.cases() {
            for anomaly in anomalies(case, last) {
                *self.oddities.entry(anomaly.kind).or_default() += 1;
            }
        }
    }

    fn persons(&mut self, rehearsal: &Rehearsal) {
        let kinds = kinds(rehearsal);
        for person in rehearsal.persons() {
            for sentence in &person.sentences {
                self.sentence(sentence);
            }
            for referral in &person.referrals {
                match referral.state {
                    ReferralState::Accepted { .. } => self.accepted.count(true),
                    ReferralState::Declined { .. } | ReferralState::Withdrawn { .. } => {
                        self.accepted.count(false);
                    }
                    _ => {}
                }
            }
            let mut instructed = None;
            for placement in &person.placements {
                let Some(referral) = person.referral(placement.referral) else { continue };
                let kind = &kinds[&referral.service];
                self.placement(placement, kind);
                if kind.code == "unpaid_work" && placement.start().is_some() {
                    let absent = placement
                        .sessions
                        .iter()
                        .any(|it| it.outcome == AttendanceOutcome::UnacceptableAbsence);
                    instructed = Some(instructed.unwrap_or(false) || absent);
                }
            }
            if let Some(absent) = instructed {
                self.unpaid_work_absent.count(absent);
            }
        }
    }

    /// Orders and licences completed, those who died or were transferred apart.
    fn sentence(&mut self, sentence: &Sentence) {
        let SentenceState::Ended { how, .. } = sentence.state else { return };
        if matches!(how, SentenceEnd::Died | SentenceEnd::TransferredOut) {
            return;
        }
        let mut settings = sentence.settings.iter().map(|period| &period.setting);
        let in_community = settings.any(|it| matches!(it, Setting::Community { .. }));
        let recalled = sentence.settings.len() > 2;
        let served = matches!(how, SentenceEnd::Expired | SentenceEnd::EarlyGoodProgress);
        let custody = sentence.kind == SentenceKind::Custody;
        self.completed.count(served && in_community && !(custody && recalled));
    }

    fn placement(&mut self, placement: &Placement, kind: &Kind) {
        if placement.start().is_none() {
            return;
        }
        let completed = matches!(placement.state, PlacementState::Completed { .. });
        let Some(_) = placement.ended_on() else { return };
        if let PlacementState::EndedEarly { reason: EarlyEnd::GainedEmployment, .. } =
            placement.state
        {
            self.early_jobs += 1;
        }
        if kind.pilot {
            self.pilots.count(completed);
        }
        if kind.code == "idap" {
            self.idap.count(completed);
        }
        if matches!(kind.code.as_str(), "idap" | "atr_one_to_one") {
            self.programmes.count(completed);
        }
        if completed && matches!(kind.code.as_str(), "residential_rehab" | "farm_day_work") {
            let national = placement.awards.iter();
            let national = national.filter(|it| it.kind == QualificationKind::National).count();
            self.two_national.count(national >= 2);
        }
    }

    /// Near the targets, on the good or the bad side of them.
    pub(super) fn assert_near_targets(&self) {
        let near = |name: &str, found: f64, from: f64, to: f64| {
            assert!((from..=to).contains(&found), "{name}: {found:.1} is not in {from}..={to}");
        };
        near("orders and licences completed", self.completed.percent(), 68.0, 75.0);
        near("pilots completed", self.pilots.percent(), 62.0, 86.0);
        near("IDAP completed", self.idap.percent(), 45.0, 75.0);
        near("programmes completed", self.programmes.percent(), 50.0, 70.0);
        near("unpaid work, failed to attend", self.unpaid_work_absent.percent(), 18.0, 26.0);
        near("two national qualifications", self.two_national.percent(), 75.0, 98.0);
        near("referrals accepted", self.accepted.percent(), 80.0, 95.0);
        near("corrections", self.corrected.percent(), 0.6, 1.6);
        near("sessions recorded late", self.late.percent(), 1.0, 6.0);
        near("growth of alcohol treatment", self.atr_growth, 20.0, 20.0);
        assert!(self.pilots.whole > 30, "only {} started a pilot", self.pilots.whole);
    }
}

impl fmt::Display for Proportions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut share = |name, share: Share, target| {
            let Share { part, whole } = share;
            writeln!(f, "{name:<38} {:>5.1} %  {part:>6} of {whole:<6} {target}", share.percent())
        };
        share("M02 orders and licences completed", self.completed, "target 72 %")?;
        share("M03 IDAP started and completed", self.idap, "achieve")?;
        share("M05 unpaid work, failed to attend", self.unpaid_work_absent, "target 20 %")?;
        share("M07 programmes completed", self.programmes, "target 60 %")?;
        share("M10 Willowdene pilots completed", self.pilots, "target 75 %")?;
        share("M12 completers with 2 national awards", self.two_national, "all")?;
        share("referrals accepted, of those decided", self.accepted, "")?;
        share("corrections among events", self.corrected, "about 1 %")?;
        share("sessions recorded over a week late", self.late, "")?;
        writeln!(f, "M04 alcohol treatment one to one       {:>+5.1} %", self.atr_growth)?;
        writeln!(f, "ended early into work: {}", self.early_jobs)?;
        writeln!(f, "{} events, {} people", self.events, self.people)?;
        writeln!(f, "refused: {}, replayed: {}", self.refused, self.replayed)?;
        writeln!(f, "types: {:?}", self.types)?;
        write!(f, "oddities at the end: {:?}", self.oddities)
    }
}

fn kinds(rehearsal: &Rehearsal) -> HashMap<ServiceId, Kind> {
    let agreements = rehearsal.cases().filter_map(|case| case.agreement());
    let services = agreements.flat_map(|agreement| {
        let programme = agreement.latest().and_then(|terms| terms.programme.as_ref());
        let pilot = programme.is_some_and(|programme| programme.as_str() == "pilot");
        agreement.services.iter().map(move |service| {
            (service.id, Kind { code: service.latest().kind.as_str().to_owned(), pilot })
        })
    });
    services.collect()
}

/// Growth of one-to-one hours for alcohol treatment over the plan, in per cent.
fn atr_growth(rehearsal: &Rehearsal) -> f64 {
    let hours = |day: i32| -> u32 {
        let agreements = rehearsal.cases().filter_map(|case| case.agreement());
        let services = agreements.flat_map(|agreement| &agreement.services);
        let atr = services.filter(|it| it.latest().kind.as_str() == "atr_one_to_one");
        let at_site = |site: &Code, service: &tallystick_domain::agreement::Service| {
            service.capacity(site, Unit::OneToOneHoursWeek, Date::from_days(day))
        };
        atr.flat_map(|service| {
            service.latest().sites.iter().map(move |site| at_site(&site.id, service))
        })
        .sum()
    };
    let (before, after) = (hours(calendar::FIRST_DAY), hours(calendar::LAST_DAY));
    f64::from(after) * 100.0 / f64::from(before) - 100.0
}
