//! Kinds of course that a person may be sent on, and how each usually goes.

use std::ops::RangeInclusive;
use tallystick_domain::codes::{Need, RequirementType, Unit};

/// A kind of course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Community payback.
    UnpaidWork,
    /// The Integrated Domestic Abuse Programme.
    Idap,
    /// One-to-one alcohol treatment.
    AlcoholTreatment,
    /// Months on the farm.
    Residential,
    /// Day work on the farm and in its workshops.
    FarmDay,
    /// A bed for a while, for day clients in danger of breakdown.
    Respite,
    /// Work experience with an employer or social enterprise.
    WorkPlacement,
    /// A mentor, support with complying.
    Mentoring,
    /// Advice on housing, debts or jobs.
    Advice,
    /// A mentor through the prison gate.
    Resettlement,
}

/// How courses of a kind go. Chances are in a thousand.
pub(super) struct Shape {
    /// Sessions planned; for unpaid work the hours ordered say how many.
    pub(super) sessions: RangeInclusive<i32>,
    /// Days from one session to the next.
    pub(super) every: i32,
    /// Minutes of a session.
    pub(super) minutes: u16,
    /// Days from acceptance to the first session.
    pub(super) wait: RangeInclusive<i32>,
    /// Chance that somebody who attends well ends early all the same.
    pub(super) drop_out: u32,
    /// Whether the provider may decline, or ask to wait.
    pub(super) selective: bool,
    /// Chance that a session is missed without a good reason by somebody unsteady.
    pub(super) absence: u32,
}

impl Kind {
    /// Every kind.
    pub(super) const ALL: [Self; 10] = [
        Self::UnpaidWork,
        Self::Idap,
        Self::AlcoholTreatment,
        Self::Residential,
        Self::FarmDay,
        Self::Respite,
        Self::WorkPlacement,
        Self::Mentoring,
        Self::Advice,
        Self::Resettlement,
    ];

    /// How it goes.
    pub(super) fn shape(self) -> Shape {
        let shape = |sessions, every, minutes, drop_out| Shape {
            sessions,
            every,
            minutes,
            wait: 3..=21,
            drop_out,
            selective: true,
            absence: 150,
        };
        match self {
            Self::UnpaidWork => {
                Shape { selective: false, absence: 230, ..shape(6..=18, 7, 420, 40) }
            }
            Self::Idap => Shape { wait: 10..=40, ..shape(18..=26, 7, 120, 210) },
            Self::AlcoholTreatment => shape(8..=12, 7, 60, 290),
            Self::Residential => Shape { absence: 60, ..shape(10..=20, 7, 480, 170) },
            Self::FarmDay => Shape { absence: 120, ..shape(8..=16, 7, 360, 160) },
            Self::Respite => Shape { wait: 0..=2, absence: 0, ..shape(1..=2, 5, 30, 120) },
            Self::WorkPlacement => shape(4..=9, 7, 420, 180),
            Self::Mentoring => shape(4..=10, 7, 60, 170),
            Self::Advice => shape(1..=3, 14, 45, 90),
            Self::Resettlement => shape(5..=9, 7, 60, 200),
        }
    }

    /// What a place on it is counted in.
    pub(super) fn unit(self) -> Unit {
        match self {
            Self::UnpaidWork => Unit::Hour,
            Self::Idap => Unit::Seat,
            Self::AlcoholTreatment => Unit::OneToOneHoursWeek,
            Self::Residential | Self::Respite => Unit::Bed,
            Self::Mentoring | Self::Resettlement => Unit::Worker,
            Self::FarmDay | Self::WorkPlacement | Self::Advice => Unit::Place,
        }
    }

    /// Needs that it serves.
    pub(super) fn needs(self) -> &'static [Need] {
        match self {
            Self::UnpaidWork => &[],
            Self::Idap | Self::Mentoring => &[Need::Attitudes, Need::Family],
            Self::AlcoholTreatment => &[Need::Alcohol, Need::Health],
            Self::Residential => &[Need::Drugs, Need::Health, Need::Ete],
            Self::FarmDay => &[Need::Ete, Need::Drugs],
            Self::Respite => &[Need::Drugs, Need::Accommodation],
            Self::WorkPlacement => &[Need::Ete],
            Self::Advice => &[Need::Accommodation, Need::Finance],
            Self::Resettlement => &[Need::Accommodation, Need::Ete, Need::Finance],
        }
    }

    /// Requirements of a sentence that it serves.
    pub(super) fn requirements(self) -> &'static [RequirementType] {
        match self {
            Self::UnpaidWork => &[RequirementType::UnpaidWork],
            Self::Idap => &[RequirementType::Programme],
            Self::AlcoholTreatment => &[RequirementType::AlcoholTreatment],
            Self::Residential => &[RequirementType::DrugRehabilitation, RequirementType::Residence],
            Self::FarmDay => &[RequirementType::DrugRehabilitation, RequirementType::Activity],
            Self::WorkPlacement | Self::Mentoring => &[RequirementType::Activity],
            Self::Respite | Self::Advice | Self::Resettlement => &[],
        }
    }

    /// What is to come of it.
    pub(super) fn outcome(self) -> &'static str {
        match self {
            Self::UnpaidWork => "hours_worked",
            Self::Idap => "programme_finished",
            Self::AlcoholTreatment => "drinking_reduced",
            Self::Residential => "drug_free",
            Self::FarmDay => "skills_gained",
            Self::Respite => "back_on_programme",
            Self::WorkPlacement => "employment",
            Self::Mentoring => "engaged",
            Self::Advice => "settled_accommodation",
            Self::Resettlement => "settled_after_release",
        }
    }

    /// Code of the service kind.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::UnpaidWork => "unpaid_work",
            Self::Idap => "idap",
            Self::AlcoholTreatment => "atr_one_to_one",
            Self::Residential => "residential_rehab",
            Self::FarmDay => "farm_day_work",
            Self::Respite => "respite_bed",
            Self::WorkPlacement => "work_placement",
            Self::Mentoring => "mentoring",
            Self::Advice => "advice",
            Self::Resettlement => "resettlement_mentor",
        }
    }

    /// Whether qualifications are to be had.
    pub(super) fn qualifies(self) -> bool {
        matches!(self, Self::Residential | Self::FarmDay | Self::WorkPlacement)
    }
}
