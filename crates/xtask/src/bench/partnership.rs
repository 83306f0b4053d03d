//! The partnership that is measured: a commissioner, 60 trusts and 139 providers with a service
//! each, and people whose lives are twenty commands of one event. The same number gives the same
//! life, and identifiers are derived from commands as the API derives them, so that a life can be
//! told in process or as requests.

use anyhow::{Context, Result};
use tallystick_domain::codes::{
    AgencyKind, AgencyStatus, AgreementKind, AgreementStatus, AttendanceOutcome, BreachStep,
    Decision, Fault, IdentifierScheme, Level, Need, QualificationKind, RequirementType,
    SentenceKind, ShareBasis, Unit, WorkerRole,
};
use tallystick_domain::command::{Action, Given, Identity, Origin};
use tallystick_domain::event::{
    AgencyDescribed, AgreementSet, AttendanceRecorded, BreachRecorded, Eligibility, LedgerOpened,
    PlacementBooked, PlacementCompleted, QualificationAwarded, ReferralDecided, ReferralMade,
    Requirement, SentenceImposed, ServiceDescribed, Setting, Share, Site, Term, WorkerAllocated,
};
use tallystick_domain::id::{
    ActorId, AgencyId, AgreementId, CommandId, LedgerId, PersonId, PlacementId, ReferralId,
    SentenceId, ServiceId, WorkerId,
};
use tallystick_domain::{
    Code, Command, Date, EventId, Label, Note, Role, Step, StreamId, StreamKind,
};

/// Trusts, which refer and enforce.
const TRUSTS: u64 = 60;
/// Providers, which place. With the commissioner and the trusts there are 200 agencies.
const PROVIDERS: u64 = 139;
/// Commands, and events, of one life.
pub(crate) const LIFE: u64 = 20;
/// Noon on 1 April 2010, in milliseconds since 1970-01-01T00:00Z: every life is over by then.
pub(crate) const NOON: i64 = 1_270_119_600_000;

/// Sorts of identifiers, so that no two are the same.
#[derive(Clone, Copy)]
enum Sort {
    Agency = 1,
    Agreement,
    Service,
    Worker,
    Command,
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn id(sort: Sort, number: u64) -> [u8; 16] {
    let front = mix(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let back = mix(front ^ sort as u64);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&back.to_be_bytes());
    bytes[8..].copy_from_slice(&front.to_be_bytes());
    bytes
}

/// One of `count`, the first ones more often: a share of the square root, as agencies differ in
/// size. Of 60 trusts the first has 13 % of all people, the last 1 %.
fn skewed(number: u64, count: u64) -> u64 {
    let part = mix(number) >> 40;
    // 24 bits squared are 48, times at most 139 are 56.
    (part * part * count) >> 48
}

fn agency(number: u64) -> AgencyId {
    AgencyId(id(Sort::Agency, number))
}

pub(crate) fn commissioner() -> AgencyId {
    agency(0)
}

pub(crate) fn trusts() -> impl Iterator<Item = AgencyId> {
    (1..=TRUSTS).map(agency)
}

pub(crate) fn providers() -> impl Iterator<Item = AgencyId> {
    (1 + TRUSTS..=TRUSTS + PROVIDERS).map(agency)
}

fn origin(agency: AgencyId, role: Role) -> Origin {
    Origin { agency, actor: ActorId(agency.0), role }
}

fn command(origin: Origin, id: CommandId, on: Date, action: Action<Given>) -> Command<Given> {
    Command { id, mac: [0; 16], origin, steps: vec![Step::new(on, action)] }
}

/// What has to be there before any person.
///
/// # Errors
/// When a text of this file breaks the rules for such texts.
pub(crate) fn setup() -> Result<Vec<Command<Given>>> {
    let begun = Date::new(2008, 4, 1).context("a day")?;
    let ended = Date::new(2011, 3, 31).context("a day")?;
    let mut actions = vec![Action::OpenLedger(LedgerOpened {
        ledger: LedgerId([7; 16]),
        incarnation: 1,
        commissioner: commissioner(),
        predecessor: None,
    })];
    for number in 0..=TRUSTS + PROVIDERS {
        let kind = match number {
            0 => AgencyKind::Commissioner,
            1..=TRUSTS => AgencyKind::Trust,
            _ => AgencyKind::Charity,
        };
        let described = AgencyDescribed {
            name: Label::new(&format!("Invented agency {number}"))?,
            kind,
            parent: None,
            areas: Vec::new(),
            tags: Vec::new(),
            staff_fte: None,
            status: AgencyStatus::Partner,
            reason: None,
        };
        actions.push(Action::DescribeAgency { agency: agency(number), described });
    }
    for (number, provider) in (0..).zip(providers()) {
        let agreement = AgreementId(id(Sort::Agreement, number));
        let set = AgreementSet {
            kind: AgreementKind::Contract,
            status: AgreementStatus::Live,
            funder: commissioner(),
            lead: provider,
            subs: Vec::new(),
            programme: None,
            route: None,
            term: Term { from: begun, to: ended },
            value: Vec::new(),
            prices: Vec::new(),
            measures: Vec::new(),
            continues: Vec::new(),
            end_reason: None,
        };
        actions.push(Action::SetAgreement { agreement, set });
        let described = ServiceDescribed {
            agreement,
            title: Label::new(&format!("Invented service {number}"))?,
            provider,
            kind: Code::new("work_placement")?,
            needs: vec![Need::Ete],
            requirement_types: vec![RequirementType::UnpaidWork],
            sites: vec![Site { id: Code::new("main")?, area: Code::new("west_mercia")? }],
            eligibility: Eligibility::default(),
            awards_offered: Vec::new(),
        };
        let service = ServiceId(id(Sort::Service, number));
        actions.push(Action::DescribeService { service, described });
    }
    let by = origin(commissioner(), Role::Commissioner);
    let commands = (0..)
        .zip(actions)
        .map(|(number, action)| command(by, CommandId(id(Sort::Command, number)), begun, action));
    Ok(commands.collect())
}

/// A person's life with the partnership.
pub(crate) struct Life {
    number: u64,
    trust: AgencyId,
    provider: AgencyId,
    service: ServiceId,
    begun: Date,
}

impl Life {
    /// # Panics
    /// Never: the day is one.
    pub(crate) fn new(number: u64) -> Self {
        let provider = skewed(number ^ 0x5bd1_e995, PROVIDERS);
        let day = Date::new(2008, 6, 2).expect("a day");
        Self {
            number,
            trust: agency(1 + skewed(number, TRUSTS)),
            provider: agency(1 + TRUSTS + provider),
            service: ServiceId(id(Sort::Service, provider)),
            begun: day.plus_days(i32::try_from(number % 200).unwrap_or(0)),
        }
    }

    fn command_id(&self, step: u64) -> CommandId {
        // Setup has the numbers below 2^24.
        CommandId(id(Sort::Command, ((self.number + 1) << 24) | step))
    }

    fn named(&self, kind: StreamKind, by: AgencyId, step: u64) -> [u8; 16] {
        StreamId::derive(kind, by, self.command_id(step), 0).id
    }

    pub(crate) fn trust(&self) -> AgencyId {
        self.trust
    }

    pub(crate) fn referral(&self) -> ReferralId {
        ReferralId(self.named(StreamKind::Referral, self.trust, 3))
    }

    /// The commands, in order.
    ///
    /// # Errors
    /// When a text of this file breaks the rules for such texts.
    pub(crate) fn commands(&self) -> Result<Vec<Command<Given>>> {
        let manager = origin(self.trust, Role::OffenderManager);
        let lead = origin(self.provider, Role::ProviderLead);
        let caseworker = origin(self.provider, Role::Caseworker);
        let person = PersonId(self.named(StreamKind::Person, self.trust, 0));
        let sentence = SentenceId(self.named(StreamKind::Sentence, self.trust, 1));
        let referral = self.referral();
        let placement = PlacementId(self.named(StreamKind::Placement, self.provider, 5));
        let upw = Code::new("upw")?;

        let mut told: Vec<(Origin, i32, Action<Given>)> = Vec::new();
        told.push((manager, 0, Action::RegisterPerson { person, identity: self.identity()? }));
        let imposed = SentenceImposed {
            person,
            kind: SentenceKind::Community,
            expires_on: self.begun.plus_days(365),
            area: Code::new("telford_and_wrekin")?,
            age: 20 + u8::try_from(self.number % 40)?,
            court: Code::new("telford_mc")?,
            setting: Setting::Community { licence: false },
            requirements: vec![Requirement {
                id: upw.clone(),
                r#type: RequirementType::UnpaidWork,
                quantity: 120,
                unit: Unit::Hour,
            }],
            continues: None,
        };
        told.push((manager, 1, Action::ImposeSentence { sentence, imposed }));
        let allocated = WorkerAllocated {
            role: WorkerRole::OffenderManager,
            worker: WorkerId(id(Sort::Worker, self.number % 97)),
            agency: self.trust,
            volunteer: false,
        };
        told.push((manager, 2, Action::AllocateWorker { to: sentence.into(), allocated }));
        told.push((
            manager,
            3,
            Action::MakeReferral { referral, made: self.made(person, sentence, upw)? },
        ));
        let decided = ReferralDecided { decision: Decision::Accepted, reason: None };
        told.push((lead, 5, Action::DecideReferral { referral, decided }));
        let booked = PlacementBooked {
            referral,
            site: Code::new("main")?,
            unit: Unit::Place,
            from: self.begun.plus_days(7),
            to: self.begun.plus_days(100),
            quantity: 1,
        };
        told.push((lead, 6, Action::BookPlacement { placement, booked }));
        told.push((lead, 7, Action::StartPlacement { placement }));
        for session in 0..10_i32 {
            let recorded = attendance(session)?;
            let action = Action::RecordAttendance { placement, recorded };
            told.push((caseworker, 8 + session * 7, action));
        }
        // The absence is the sixth session, hence the thirteenth command.
        let absence = EventId::derive(self.provider, self.command_id(12), 0);
        let recorded = BreachRecorded {
            breach: 1,
            step: BreachStep::Warning,
            grounds: vec![absence],
            other_ground: None,
            requirement: None,
            court: None,
            disposal: None,
        };
        told.push((manager, 80, Action::RecordBreach { sentence, recorded }));
        let awarded = QualificationAwarded {
            title: Label::new("Health and safety in the workplace")?,
            body: Label::new("City & Guilds")?,
            level: Level::One,
            kind: QualificationKind::National,
        };
        told.push((lead, 90, Action::AwardQualification { placement, awarded }));
        let completed = PlacementCompleted { outcomes: Vec::new(), move_on: None };
        told.push((lead, 95, Action::CompletePlacement { placement, completed }));

        let told = (0..).zip(told).map(|(step, (by, after_days, action))| {
            let on = self.begun.plus_days(after_days);
            command(by, self.command_id(step), on, action)
        });
        let mut commands: Vec<_> = told.collect();
        let note = format!("Invented note {}: keen to work outdoors.", self.number);
        commands[3].steps[0].note = Some(Note::new(&note)?);
        Ok(commands)
    }

    fn identity(&self) -> Result<Identity> {
        let number = self.number;
        Ok(Identity {
            identifiers: vec![(IdentifierScheme::Crn, Label::new(&format!("X{number:09}"))?)],
            given_name: Label::new(&format!("Given{number}"))?,
            family_name: Label::new(&format!("Family{number}"))?,
            born: Date::new(1980, 1, 1).context("a day")?.plus_days(i32::try_from(number % 5_000)?),
        })
    }

    fn made(&self, person: PersonId, sentence: SentenceId, upw: Code) -> Result<ReferralMade> {
        Ok(ReferralMade {
            person,
            service: self.service,
            // Set by the ledger.
            provider: self.provider,
            lead: self.provider,
            sentence: Some(sentence),
            requirement: Some(upw),
            needs: vec![Need::Ete],
            outcomes_wanted: vec![Code::new("employment")?],
            complete_by: None,
            share: Share { groups: Vec::new(), basis: ShareBasis::Consent, reason: None },
            meets: Vec::new(),
            override_reason: None,
            continues: None,
        })
    }
}

fn attendance(session: i32) -> Result<AttendanceRecorded> {
    let missed = session == 5;
    Ok(AttendanceRecorded {
        session: Code::new(&format!("s{session}"))?,
        planned: 420,
        credited: if missed { 0 } else { 420 },
        outcome: if missed {
            AttendanceOutcome::UnacceptableAbsence
        } else {
            AttendanceOutcome::Complied
        },
        fault: if missed { Fault::Person } else { Fault::None },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_life_is_twenty_commands_with_identifiers_of_their_own() {
        let lives = [Life::new(0), Life::new(1)];
        let ids: HashSet<_> = lives
            .iter()
            .flat_map(|life| life.commands().unwrap())
            .chain(setup().unwrap())
            .map(|command| command.id)
            .collect();
        assert_eq!(ids.len() as u64, 2 * LIFE + 1 + 1 + TRUSTS + 3 * PROVIDERS);
    }

    #[test]
    fn agencies_differ_in_size_and_all_have_people() {
        let mut trusts = vec![0; usize::try_from(TRUSTS).unwrap()];
        for number in 0..20_000 {
            trusts[usize::try_from(skewed(number, TRUSTS)).unwrap()] += 1;
        }
        assert!(trusts[0] > 2_000 && trusts[59] < 400, "{trusts:?}");
        assert!(trusts.iter().all(|people| *people > 0));
    }
}
