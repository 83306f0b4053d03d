//! The domain's code lists as GraphQL enums: the same values, spelled `SCREAMING_SNAKE`.

mod agency;
mod agreement;
mod event;
mod measure;
mod person;
mod placement;
mod referral;

pub(crate) use agency::{AgencyKind, AgencyStatus};
pub(crate) use agreement::{
    AgreementKind, AgreementStatus, Criterion, Level, Need, PaymentBasis, QualificationKind,
    RequirementType, Sex, Unit,
};
pub(crate) use event::{AnomalyKind, CorrectionReason, EventType, Role, StreamKind};
pub(crate) use measure::{
    MeasureState, PlanItemKind, PlanItemState, Polarity, Relation, TargetStatus, Watches,
};
pub(crate) use person::{
    AccommodationType, AssessmentTool, BreachStep, CircumstanceKind, EducationStatus,
    EmploymentStatus, IdentifierScheme, OffenceClass, ProofKind, RegisterKind, Rosh, SentenceEnd,
    SentenceKind, SettingReason, WorkerRole,
};
pub(crate) use placement::{Achievement, AttendanceOutcome, EarlyEnd, Fault};
pub(crate) use referral::{Decision, DeclineReason, FieldGroup, ShareBasis, WithdrawalReason};

/// Enums that mirror enums of the domain. Both conversions match without a wildcard, so a value
/// that one side lacks does not compile.
macro_rules! mirror {
    ($(
        $(#[$doc:meta])*
        $name:ident = $domain:path { $($(#[$value_doc:meta])* $value:ident,)+ }
    )+) => {$(
        $(#[$doc])*
        #[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name {$(
            $(#[$value_doc])*
            $value,
        )+}

        impl From<$domain> for $name {
            fn from(value: $domain) -> Self {
                use $domain as Domain;
                match value {$(Domain::$value => Self::$value,)+}
            }
        }

        impl From<$name> for $domain {
            fn from(value: $name) -> Self {
                use $domain as Domain;
                match value {$($name::$value => Domain::$value,)+}
            }
        }
    )+};
}
pub(crate) use mirror;

/// Converts each code of a list.
pub(crate) fn all<D: Copy, G: From<D>>(codes: &[D]) -> Vec<G> {
    codes.iter().copied().map(G::from).collect()
}

#[cfg(test)]
mod tests {
    use async_graphql::resolver_utils::EnumType;
    use tallystick_domain as domain;

    use super::*;

    fn spelled<D: Copy, G: EnumType + From<D>>(
        values: &[D],
        text: impl Fn(D) -> &'static str,
    ) -> usize {
        for value in values {
            let item = G::items().iter().find(|item| item.value == G::from(*value)).unwrap();
            // Levels are numbers in events, and a GraphQL name cannot begin with a digit.
            let event = text(*value).to_uppercase();
            let digit = event.starts_with(|c: char| c.is_ascii_digit());
            assert!(digit || item.name == event, "{} is {event} in events", item.name);
        }
        assert_eq!(G::items().len(), values.len());
        values.len()
    }

    #[test]
    fn a_code_is_spelled_in_graphql_as_in_events() {
        macro_rules! check {
            ($($name:ident)*) => {$(
                spelled::<_, $name>(domain::codes::$name::ALL, domain::codes::$name::as_str);
            )*};
        }
        check!(
            AgencyKind AgencyStatus AgreementKind AgreementStatus PaymentBasis Unit Need RequirementType
            Criterion Sex IdentifierScheme ProofKind OffenceClass RegisterKind AssessmentTool Rosh
            AccommodationType EmploymentStatus
            EducationStatus SentenceKind SettingReason WorkerRole BreachStep
            SentenceEnd Decision DeclineReason WithdrawalReason ShareBasis FieldGroup
            AttendanceOutcome Fault Level QualificationKind Achievement EarlyEnd CorrectionReason
        );
        spelled::<_, Role>(domain::Role::ALL, domain::Role::as_str);
    }

    #[test]
    fn every_event_type_stream_kind_and_anomaly_is_on_its_list() {
        assert_eq!(EventType::items().len(), domain::EventType::ALL.len());
        assert_eq!(StreamKind::items().len(), domain::StreamKind::ALL.len());
        assert_eq!(AnomalyKind::items().len(), domain::anomaly::AnomalyKind::ALL.len());
    }
}
