//! Writes the commands: a run of deeds of a life becomes one command, as whoever does them would
//! send it. Everything follows from the life, so the same deed always gives the same command.

use super::calendar;
use super::cast;
use super::deed::{Amendment, CourseIndex, Deed, Planned, Session, Slot, Telling};
use super::form;
use super::kind::Kind;
use super::life::{Course, Life};
use super::names;
use super::partnership::{Partnership, code};
use super::qualification;
use super::reference::{self, WMPT};
use tallystick_domain::codes::{
    BreachStep, Criterion, Decision, DeclineReason, FieldGroup, Need, ProofKind, SettingReason,
    ShareBasis, WorkerRole,
};
use tallystick_domain::command::{CircumstanceGiven, Command, Given, Identity, Origin, Step};
use tallystick_domain::event::{
    BreachRecorded, Circumstance, OffenceProven, PlacementBooked, ReferralDecided, ReferralMade,
    ReferralWithdrawn, SentenceEnded, SentenceImposed, Setting, SettingChanged, Share,
    WorkerAllocated,
};
use tallystick_domain::id::{AgencyId, ReferralId, ServiceId, StreamKind};
use tallystick_domain::{Action, Code, Occurred, Role};

/// A life and the partnership that it is lived in.
pub(super) struct Clerk<'a> {
    pub(super) life: &'a Life,
    pub(super) partnership: &'a Partnership,
}

impl Clerk<'_> {
    /// The command of a run of deeds, which is not empty.
    pub(super) fn command(&self, run: &[Planned]) -> Command<Given> {
        Command {
            id: self.life.command_id(run[0].serial),
            mac: [0; 16],
            origin: self.origin(run[0].deed),
            steps: run.iter().map(|planned| self.step(planned)).collect(),
        }
    }

    fn step(&self, planned: &Planned) -> Step<Given> {
        let date = calendar::date(planned.day);
        let minute = match planned.deed {
            Deed::Attend(_, sitting) => {
                Some(if sitting.slot == Slot::Afternoon { 810 } else { 570 })
            }
            _ => None,
        };
        Step {
            note: (planned.note > 0).then(|| names::note(planned.note)),
            ..Step::new(Occurred { date, minute }, self.action(planned))
        }
    }

    /// Who does a deed.
    fn origin(&self, deed: Deed) -> Origin {
        let officer = self.officer(self.life.person.officer);
        let by =
            |agency, number, role| Origin { agency, actor: reference::actor(agency, number), role };
        let provider = |course| self.life.service(self.partnership, course).provider;
        let caseworker = |course: CourseIndex| {
            let number = cast::FIRST_CASEWORKER + u64::from(self.course(course).caseworker);
            by(provider(course), number, Role::Caseworker)
        };
        match deed {
            Deed::Refer(course) | Deed::Withdraw(course, _)
                if self.course(course).by_link_worker =>
            {
                by(WMPT, cast::LINK_WORKER, Role::LinkWorker)
            }
            Deed::Decide(course, ..) | Deed::Book(course) | Deed::AllocateCaseworker(course) => {
                by(provider(course), cast::LEAD, Role::ProviderLead)
            }
            Deed::Start(course)
            | Deed::Attend(course, _)
            | Deed::Award(course, _)
            | Deed::Complete(course, _)
            | Deed::EndEarly(course, ..) => caseworker(course),
            Deed::Amend(
                Amendment::Session { of, .. }
                | Amendment::NoSession { of }
                | Amendment::StartedOn { of, .. },
            ) => caseworker(of.course),
            // Two agencies' records at once: only the commissioner may.
            Deed::Amend(Amendment::Pardon { .. }) => {
                by(WMPT, cast::COMMISSIONER, Role::Commissioner)
            }
            Deed::Register
            | Deed::Impose
            | Deed::AllocateOfficer { .. }
            | Deed::AllocateLinkWorker
            | Deed::Vary { .. }
            | Deed::Release
            | Deed::Recall
            | Deed::Refer(_)
            | Deed::ReferTooSoon
            | Deed::Withdraw(..)
            | Deed::Breach { .. }
            | Deed::Tell(_)
            | Deed::End(_)
            | Deed::Amend(Amendment::Identity { .. }) => by(WMPT, officer, Role::OffenderManager),
        }
    }

    fn action(&self, planned: &Planned) -> Action<Given> {
        let life = self.life;
        let sentence = life.sentence.id;
        match planned.deed {
            Deed::Register => Action::RegisterPerson {
                person: life.person.id,
                identity: self.identity(life.person.misheard),
            },
            Deed::Impose => Action::ImposeSentence { sentence, imposed: self.imposed() },
            Deed::AllocateOfficer { officer } => {
                self.allocate_to_sentence(WorkerRole::OffenderManager, self.officer(officer))
            }
            Deed::AllocateLinkWorker => {
                self.allocate_to_sentence(WorkerRole::LinkWorker, cast::LINK_WORKER)
            }
            Deed::Vary { breach } => {
                Action::VarySentence { sentence, varied: form::varied(breach) }
            }
            Deed::Release => Action::ChangeSetting {
                sentence,
                changed: SettingChanged {
                    to: Setting::Community { licence: true },
                    why: SettingReason::Released,
                },
            },
            Deed::Recall => Action::ChangeSetting {
                sentence,
                changed: SettingChanged {
                    to: Setting::Custody { at: self.prison() },
                    why: SettingReason::Recalled,
                },
            },
            Deed::ReferTooSoon => self.refer_too_soon(planned.serial),
            Deed::Breach { number, step, ground } => {
                Action::RecordBreach { sentence, recorded: self.breach(number, step, ground) }
            }
            Deed::Tell(telling) => self.told(telling, planned),
            Deed::End(how) => Action::EndSentence { sentence, ended: SentenceEnded { how } },
            Deed::Amend(amendment) => Action::Correct { corrections: self.corrections(amendment) },
            Deed::Refer(course)
            | Deed::Decide(course, ..)
            | Deed::Withdraw(course, _)
            | Deed::Book(course)
            | Deed::AllocateCaseworker(course)
            | Deed::Start(course)
            | Deed::Attend(course, _)
            | Deed::Award(course, _)
            | Deed::Complete(course, _)
            | Deed::EndEarly(course, ..) => self.on_course(planned.deed, course),
        }
    }

    fn told(&self, telling: Telling, planned: &Planned) -> Action<Given> {
        let person = self.life.person.id;
        let lives = |circumstance| {
            let recorded = CircumstanceGiven { circumstance, verified: false, source: None };
            Action::RecordCircumstance { person, recorded }
        };
        match telling {
            Telling::Assessed { high } => {
                let assessed = form::assessed(self.life, high, planned.day);
                Action::Assess { person, assessed }
            }
            Telling::Housed(r#type) => lives(Circumstance::Accommodation { r#type }),
            Telling::Works(status) => lives(form::employment(status)),
            Telling::Owes => lives(Circumstance::Debt(names::debt(planned.serial))),
            Telling::Offended { class, before } => {
                let number = self.life.number;
                let proven = OffenceProven {
                    offence_on: calendar::date(planned.day - before),
                    how: ProofKind::Conviction,
                    class,
                    source: code(&format!("court/{number}/{}", planned.serial)),
                };
                Action::RecordOffence { person, proven }
            }
            Telling::Registered { register, active } => {
                Action::SetRegister { person, set: form::registered(register, active) }
            }
        }
    }

    fn on_course(&self, deed: Deed, index: CourseIndex) -> Action<Given> {
        let course = self.course(index);
        let (referral, placement) = (course.referral, course.placement);
        let kind = self.life.service(self.partnership, index).kind;
        match deed {
            Deed::Decide(_, decision, reason) => decide(referral, decision, reason),
            Deed::Withdraw(_, reason) => {
                Action::WithdrawReferral { referral, withdrawn: ReferralWithdrawn { reason } }
            }
            Deed::Book(_) => Action::BookPlacement { placement, booked: self.booked(index) },
            Deed::AllocateCaseworker(_) => {
                Action::AllocateWorker { to: placement.into(), allocated: self.caseworker(index) }
            }
            Deed::Start(_) => Action::StartPlacement { placement },
            Deed::Attend(_, sitting) => {
                Action::RecordAttendance { placement, recorded: form::attendance(sitting) }
            }
            Deed::Award(_, number) => {
                Action::AwardQualification { placement, awarded: qualification::award(number) }
            }
            Deed::Complete(_, finish) => {
                Action::CompletePlacement { placement, completed: form::completed(kind, finish) }
            }
            Deed::EndEarly(_, reason, fault) => Action::EndPlacementEarly {
                placement,
                ended: form::ended_early(kind, reason, fault),
            },
            // What is left is the referral: `action` sends nothing else here.
            _ => Action::MakeReferral { referral, made: self.referral(index) },
        }
    }

    fn course(&self, course: CourseIndex) -> &Course {
        &self.life.courses[usize::from(course)]
    }

    /// Number of the principal who is that officer of the person's area.
    fn officer(&self, officer: u8) -> u64 {
        cast::FIRST_OFFICER + u64::from(self.life.person.area) * 100 + u64::from(officer)
    }

    fn prison(&self) -> AgencyId {
        self.partnership.prisons[usize::from(self.life.sentence.prison.unwrap_or(0))]
    }

    pub(super) fn identity(&self, misheard: bool) -> Identity {
        let name = self.life.person.name;
        let name = if misheard { name.misheard() } else { name };
        name.identity(self.life.number, calendar::date(self.life.person.born))
    }

    fn imposed(&self) -> SentenceImposed {
        let sentence = &self.life.sentence;
        SentenceImposed {
            person: self.life.person.id,
            kind: sentence.kind,
            expires_on: calendar::date(sentence.expires),
            area: self.area().clone(),
            age: self.life.person.age,
            court: code(if sentence.prison.is_some() { "crown_court" } else { "magistrates" }),
            setting: match sentence.prison {
                Some(_) => Setting::Custody { at: self.prison() },
                None => Setting::Community { licence: false },
            },
            requirements: sentence.requirements.iter().copied().map(form::required).collect(),
            continues: None,
        }
    }

    fn area(&self) -> &Code {
        &self.partnership.areas[usize::from(self.life.person.area)]
    }

    fn allocate_to_sentence(&self, role: WorkerRole, number: u64) -> Action<Given> {
        let worker = reference::worker(WMPT, number);
        Action::AllocateWorker {
            to: self.life.sentence.id.into(),
            allocated: WorkerAllocated { role, worker, agency: WMPT, volunteer: false },
        }
    }

    fn caseworker(&self, index: CourseIndex) -> WorkerAllocated {
        let service = self.life.service(self.partnership, index);
        let number = cast::FIRST_CASEWORKER + u64::from(self.course(index).caseworker);
        let mentors = matches!(service.kind, Kind::Mentoring | Kind::Resettlement);
        let role = match service.kind {
            Kind::UnpaidWork => WorkerRole::Supervisor,
            _ if mentors => WorkerRole::Mentor,
            _ => WorkerRole::Caseworker,
        };
        WorkerAllocated {
            role,
            worker: reference::worker(service.provider, number),
            agency: service.provider,
            volunteer: mentors,
        }
    }

    fn breach(&self, number: u8, step: BreachStep, ground: Option<Session>) -> BreachRecorded {
        let begins = matches!(
            step,
            BreachStep::Warning
                | BreachStep::FinalWarning
                | BreachStep::Initiated
                | BreachStep::RecallRequested
        );
        let in_court = matches!(step, BreachStep::Proven | BreachStep::NotProven);
        BreachRecorded {
            breach: u16::from(number),
            step,
            grounds: ground.map(|session| self.recorded_session(session)).into_iter().collect(),
            other_ground: (begins && ground.is_none()).then(|| code("missed_appointment")),
            requirement: None,
            court: in_court.then(|| code("magistrates")),
            disposal: None,
        }
    }

    fn referral(&self, index: CourseIndex) -> ReferralMade {
        let course = self.course(index);
        let service = self.life.service(self.partnership, index);
        let continues = course.continues.map(|earlier| self.course(earlier).referral);
        let health = service.kind.needs().contains(&Need::Health);
        let mut groups = vec![FieldGroup::Identity, FieldGroup::Risk];
        groups.extend(health.then_some(FieldGroup::Health));
        ReferralMade {
            person: self.life.person.id,
            service: service.id,
            // Provider and lead are set by the decision.
            provider: service.provider,
            lead: service.provider,
            sentence: Some(self.life.sentence.id),
            requirement: course.requirement.and_then(|place| {
                let requirement = self.life.sentence.requirements.get(usize::from(place))?;
                Some(code(requirement.kind.as_str()))
            }),
            needs: service.kind.needs().to_vec(),
            outcomes_wanted: vec![code(service.kind.outcome())],
            complete_by: Some(calendar::date(self.life.sentence.expires.max(course.to))),
            share: Share { groups, basis: share_basis(course), reason: None },
            meets: service.asks_age.then_some(Criterion::Age).into_iter().collect(),
            override_reason: None,
            continues,
        }
    }

    fn refer_too_soon(&self, serial: u16) -> Action<Given> {
        let referral = ReferralId(self.life.opened(StreamKind::Referral, WMPT, serial, 0));
        let service: ServiceId = self.partnership.women_residential;
        let made = ReferralMade {
            person: self.life.person.id,
            service,
            provider: WMPT,
            lead: WMPT,
            sentence: Some(self.life.sentence.id),
            requirement: None,
            needs: vec![Need::Drugs, Need::Family],
            outcomes_wanted: Vec::new(),
            complete_by: None,
            share: Share {
                groups: vec![FieldGroup::Identity],
                basis: ShareBasis::Consent,
                reason: None,
            },
            meets: vec![Criterion::Sex, Criterion::Age, Criterion::AlternativeToCustody],
            override_reason: None,
            continues: None,
        };
        Action::MakeReferral { referral, made }
    }

    fn booked(&self, index: CourseIndex) -> PlacementBooked {
        let course = self.course(index);
        let service = self.life.service(self.partnership, index);
        PlacementBooked {
            referral: course.referral,
            site: service.sites[usize::from(course.site)].clone(),
            unit: service.kind.unit(),
            from: calendar::date(course.from),
            to: calendar::date(course.to),
            quantity: u32::from(course.quantity),
        }
    }
}

fn decide(
    referral: ReferralId,
    decision: Decision,
    reason: Option<DeclineReason>,
) -> Action<Given> {
    Action::DecideReferral { referral, decided: ReferralDecided { decision, reason } }
}

fn share_basis(course: &Course) -> ShareBasis {
    if course.requirement.is_some() { ShareBasis::StatutoryDuty } else { ShareBasis::Consent }
}
