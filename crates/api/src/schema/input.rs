//! What mutations are given. GraphQL's types say what fields there are; a [`Reader`] checks the
//! rest and makes the domain's values of it.
//!
//! The facts of an event have one input type each (`ReferralMadeInput`), used by the mutation that
//! records it and by the correction that replaces it.

mod agency;
mod agreement;
mod assessment;
mod circumstance;
mod command;
mod correction;
mod measure;
mod offence;
mod payment;
mod person;
mod placement;
mod plan;
mod reader;
mod referral;
mod register;
mod sentence;
mod service;

pub(crate) use agency::DescribeAgencyInput;
pub(crate) use agreement::SetAgreementInput;
pub(crate) use assessment::AssessPersonInput;
pub(crate) use circumstance::RecordCircumstanceInput;
pub(crate) use command::{Ask, Asked};
pub(crate) use correction::CorrectEventInput;
pub(crate) use measure::DefineMeasureInput;
pub(crate) use offence::RecordOffenceInput;
pub(crate) use payment::RecordPaymentInput;
pub(crate) use person::RegisterPersonInput;
pub(crate) use placement::{
    AwardQualificationInput, BookPlacementInput, CompletePlacementInput, EndPlacementEarlyInput,
    RecordAttendanceInput, StartPlacementInput,
};
pub(crate) use plan::{SetPlanItemInput, SetTargetInput};
pub(crate) use reader::Reader;
pub(crate) use referral::{DecideReferralInput, MakeReferralInput, WithdrawReferralInput};
pub(crate) use register::SetRegisterInput;
pub(crate) use sentence::{
    AllocateWorkerInput, ChangeSettingInput, EndSentenceInput, ImposeSentenceInput,
    RecordBreachInput, VarySentenceInput,
};
pub(crate) use service::{DescribeServiceInput, SetCapacityInput};
