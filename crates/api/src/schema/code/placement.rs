//! Codes of placements.

use super::mirror;

mirror! {
    /// Outcome of one session.
    AttendanceOutcome = tallystick_domain::codes::AttendanceOutcome {
        /// Complied.
        Complied,
        /// Attended, failed to comply.
        FailedToComply,
        /// Attended, sent home for behaviour.
        SentHomeBehaviour,
        /// Attended, sent home by the service.
        SentHomeService,
        /// Did not attend, without an acceptable reason.
        UnacceptableAbsence,
        /// Did not attend: medical.
        AcceptableMedical,
        /// Did not attend: employment.
        AcceptableEmployment,
        /// Did not attend: family.
        AcceptableFamily,
        /// Did not attend: religious.
        AcceptableReligious,
        /// Did not attend: court.
        AcceptableCourt,
        /// Did not attend: another acceptable reason.
        AcceptableOther,
        /// Rescheduled by the service.
        RescheduledService,
        /// Rescheduled by the person.
        RescheduledPerson,
    }

    /// Whose doing it was.
    Fault = tallystick_domain::codes::Fault {
        /// The person's.
        Person,
        /// The provider's.
        Provider,
        /// Nobody's.
        None,
    }

    /// How far an outcome was achieved.
    Achievement = tallystick_domain::codes::Achievement {
        /// Achieved.
        Achieved,
        /// Partly.
        Partly,
        /// Not.
        Not,
    }

    /// Why a placement ended before it was complete.
    EarlyEnd = tallystick_domain::codes::EarlyEnd {
        /// Never arrived; from booked only.
        DidNotArrive,
        /// Cancelled; from booked only.
        Cancelled,
        /// Gained employment.
        GainedEmployment,
        /// Medical.
        Medical,
        /// Breach.
        Breach,
        /// Removed by the provider.
        Removed,
        /// Left.
        Left,
        /// The sentence ended.
        SentenceEnded,
        /// Moved to another provider.
        Transferred,
    }
}
