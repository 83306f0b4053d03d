//! Rows: what a case looks like in a table on a day. Whatever was claimed for a later day is not
//! there yet.

use super::condition::Value;
use super::period::Period;
use super::table::{Field, Table};
use crate::agency::{Agency, Description};
use crate::agreement::{Agreement, Service, Version};
use crate::case::{About, Case, CaseKey, Cases};
use crate::codes::{AgreementStatus, BreachStep, RequirementType, SettingReason, Unit};
use crate::date::Date;
use crate::event::{Requirement, ServiceDescribed, Setting, Site, YearValue};
use crate::id::{AgencyId, AgreementId, PlacementId, Position, SentenceId};
use crate::person::Person;
use crate::placement::{Award, Placement, PlacementState, Session};
use crate::referral::Referral;
use crate::sentence::{Sentence, SentenceState};
use crate::text::Code;
use alloc::vec::Vec;

/// Where and when rows are read.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) cases: &'a dyn Cases,
    pub(crate) as_at: Date,
    pub(crate) period: Period,
}

/// A row, borrowed from its case.
#[derive(Clone, Copy)]
pub(crate) enum Row<'a> {
    Sentence(&'a Sentence),
    Requirement(&'a Person, &'a Sentence, Span<'a>),
    Placement(Placed<'a>),
    Session(Placed<'a>, &'a Session),
    Award(Placed<'a>, &'a Award),
    Agreement(&'a Agreement, &'a Version),
    AgreementYear(&'a Agreement, &'a Version, &'a YearValue),
    Capacity(&'a Agreement, &'a Service, &'a Site, Unit),
    Agency(&'a Agency, &'a Description),
}

/// A requirement and the days between which it was in force.
#[derive(Clone, Copy)]
pub(crate) struct Span<'a> {
    requirement: &'a Requirement,
    from: (Date, Position),
    dropped: Option<(Date, Position)>,
}

/// A placement and what it belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Placed<'a> {
    person: &'a Person,
    placement: &'a Placement,
    referral: Option<&'a Referral>,
}

/// Visits every row of a table that a case has.
pub(crate) fn rows<'a>(
    look: Look<'a>,
    table: Table,
    case: &'a Case,
    visit: &mut dyn FnMut(Row<'a>),
) {
    match (&case.about, table) {
        (About::Person(person), Table::Sentences) => {
            for sentence in sentences(look, person) {
                visit(Row::Sentence(sentence));
            }
        }
        (About::Person(person), Table::Requirements) => {
            for sentence in sentences(look, person) {
                spans(sentence, |span| {
                    if span.from.0 <= look.as_at {
                        visit(Row::Requirement(person, sentence, span));
                    }
                });
            }
        }
        (About::Person(person), Table::Placements | Table::Sessions | Table::Awards) => {
            for placement in person.placements.iter().filter(|it| it.booked_on <= look.as_at) {
                let referral = person.referral(placement.referral).map(|it| &**it);
                let placed = Placed { person, placement, referral };
                match table {
                    Table::Sessions => {
                        let held = placement.sessions.iter().filter(|it| it.on <= look.as_at);
                        held.for_each(|session| visit(Row::Session(placed, session)));
                    }
                    Table::Awards => {
                        let held = placement.awards.iter().filter(|it| it.on <= look.as_at);
                        held.for_each(|award| visit(Row::Award(placed, award)));
                    }
                    _ => visit(Row::Placement(placed)),
                }
            }
        }
        (About::Agreement(agreement), Table::Agreements) => {
            if let Some(version) = agreement.version_on(look.as_at) {
                visit(Row::Agreement(agreement, version));
            }
        }
        (About::Agreement(agreement), Table::AgreementYears) => {
            if let Some(version) = agreement.version_on(look.as_at) {
                for year in &version.terms.value {
                    visit(Row::AgreementYear(agreement, version, year));
                }
            }
        }
        (About::Agreement(agreement), Table::Capacities) => {
            for service in &agreement.services {
                for site in &service.on(look.as_at).sites {
                    for unit in Unit::ALL {
                        if service
                            .capacities
                            .iter()
                            .any(|it| it.site == site.id && it.unit == *unit)
                        {
                            visit(Row::Capacity(agreement, service, site, *unit));
                        }
                    }
                }
            }
        }
        (About::Agency(agency), Table::Agencies) => {
            let held = agency.descriptions.iter().rev().find(|held| held.from <= look.as_at);
            if let Some(description) = held {
                visit(Row::Agency(agency, description));
            }
        }
        (
            About::Ledger(_)
            | About::Agency(_)
            | About::Agreement(_)
            | About::Person(_)
            | About::Measure(_)
            | About::Plan(_),
            _,
        ) => {}
    }
}

fn sentences<'a>(look: Look<'a>, person: &'a Person) -> impl Iterator<Item = &'a Sentence> {
    person.sentences.iter().map(|it| &**it).filter(move |it| it.imposed_on <= look.as_at)
}

/// Requirements of a sentence, those dropped among them.
fn spans<'a>(sentence: &'a Sentence, mut visit: impl FnMut(Span<'a>)) {
    let imposed = (sentence.imposed_on, sentence.at);
    let added = |id: &Code, before: usize| {
        let earlier = sentence.variations[..before].iter().rev();
        let found = earlier.filter(|it| it.added).find(|it| it.requirement.id == *id);
        found.map_or(imposed, |it| (it.on, it.at))
    };
    for (place, variation) in sentence.variations.iter().enumerate() {
        if !variation.added {
            let requirement = &variation.requirement;
            let from = added(&requirement.id, place);
            visit(Span { requirement, from, dropped: Some((variation.on, variation.at)) });
        }
    }
    for requirement in &sentence.requirements {
        let from = added(&requirement.id, sentence.variations.len());
        visit(Span { requirement, from, dropped: None });
    }
}

fn day(date: Option<Date>) -> Value<'static> {
    date.map_or(Value::Absent, Value::Day)
}

fn code(code: Option<&Code>) -> Value<'_> {
    code.map_or(Value::Absent, |code| Value::Code(code.as_str()))
}

impl<'a> Row<'a> {
    /// What a field of it is.
    pub(crate) fn get(&self, field: Field, look: Look<'a>) -> Value<'a> {
        match *self {
            Self::Sentence(sentence) => of_sentence(sentence, field, look),
            Self::Requirement(person, sentence, span) => match field {
                Field::Requirement => Value::Code(span.requirement.r#type.as_str()),
                Field::ImposedOn => Value::Day(span.from.0),
                Field::EndedOn => day(span.ended(sentence, look)),
                Field::Active => Value::Flag(span.ended(sentence, look).is_none()),
                Field::Completed => {
                    Value::Flag(completion(person, sentence, &span, look).is_some())
                }
                other => of_sentence(sentence, other, look),
            },
            Self::Placement(placed) => placed.get(field, look),
            Self::Session(placed, session) => match field {
                Field::On => Value::Day(session.on),
                Field::Outcome => Value::Code(session.outcome.as_str()),
                Field::Credited => Value::Number(u64::from(session.credited)),
                other => placed.get(other, look),
            },
            Self::Award(placed, award) => match field {
                Field::On => Value::Day(award.on),
                Field::Kind => Value::Code(award.kind.as_str()),
                other => placed.get(other, look),
            },
            Self::Agreement(_, version) => of_terms(version, field, look),
            Self::AgreementYear(_, version, value) => match field {
                Field::YearFrom => {
                    let year = i16::try_from(value.fy).ok();
                    day(year.and_then(|year| Date::new(year, 4, 1)))
                }
                Field::Pence => Value::Number(u64::try_from(value.pence).unwrap_or(0)),
                other => of_terms(version, other, look),
            },
            Self::Capacity(agreement, service, site, unit) => {
                let capacity = |day| u64::from(service.capacity(&site.id, unit, day));
                match field {
                    Field::Area => Value::Code(site.area.as_str()),
                    Field::Unit => Value::Code(unit.as_str()),
                    Field::Capacity => Value::Number(capacity(look.as_at)),
                    Field::CapacityDays => {
                        let Period { from, to } = look.period;
                        let days = 0..=to.days_since(from);
                        Value::Number(days.map(|day| capacity(from.plus_days(day))).sum())
                    }
                    other => of_service(agreement, service, other, look),
                }
            }
            Self::Agency(_, description) => {
                let facts = &description.facts;
                match field {
                    Field::Kind => Value::Code(facts.kind.as_str()),
                    Field::Status => Value::Code(facts.status.as_str()),
                    Field::Area => Value::Codes(facts.areas.iter().map(Code::as_str).collect()),
                    Field::StaffFte => {
                        facts.staff_fte.map_or(Value::Absent, |fte| Value::Number(fte.into()))
                    }
                    _ => Value::Absent,
                }
            }
        }
    }

    /// The sentence that it is of, if it is of one.
    pub(crate) fn sentence(&self) -> Option<SentenceId> {
        match self {
            Self::Sentence(sentence) | Self::Requirement(_, sentence, _) => Some(sentence.id),
            Self::Placement(placed) | Self::Session(placed, _) | Self::Award(placed, _) => {
                placed.referral?.sentence
            }
            _ => None,
        }
    }

    /// The placement that it is of, if it is of one.
    pub(crate) fn placement(&self) -> Option<PlacementId> {
        match self {
            Self::Placement(placed) | Self::Session(placed, _) | Self::Award(placed, _) => {
                Some(placed.placement.id)
            }
            _ => None,
        }
    }

    /// The agreement that it is of, if it is of one.
    pub(crate) fn agreement(&self, look: Look<'_>) -> Option<AgreementId> {
        match self {
            Self::Agreement(agreement, _)
            | Self::AgreementYear(agreement, ..)
            | Self::Capacity(agreement, ..) => Some(agreement.id),
            Self::Placement(placed) | Self::Session(placed, _) | Self::Award(placed, _) => {
                match look.cases.home(placed.referral?.service.into())? {
                    CaseKey::Agreement(id) => Some(id),
                    _ => None,
                }
            }
            Self::Sentence(..) | Self::Requirement(..) | Self::Agency(..) => None,
        }
    }

    /// Whether an agency has a part in it: supervises, provides, leads, pays, or is it.
    pub(crate) fn involves(&self, agency: AgencyId, look: Look<'a>) -> bool {
        match self {
            Self::Sentence(sentence) | Self::Requirement(_, sentence, _) => {
                sentence.recorded_by == agency
                    || sentence.workers.iter().any(|worker| worker.agency == agency)
            }
            Self::Placement(placed) | Self::Session(placed, _) | Self::Award(placed, _) => placed
                .referral
                .is_some_and(|referral| referral.provider == agency || referral.lead == agency),
            Self::Agreement(_, version) | Self::AgreementYear(_, version, _) => {
                let terms = &version.terms;
                terms.funder == agency || terms.lead == agency || terms.subs.contains(&agency)
            }
            Self::Capacity(_, service, ..) => service.on(look.as_at).provider == agency,
            Self::Agency(it, _) => it.id == agency,
        }
    }

    /// Positions of the events that made it what it is on the day.
    pub(crate) fn evidence(&self, look: Look<'_>, out: &mut Vec<Position>) {
        match self {
            Self::Sentence(sentence) => sentence_evidence(sentence, look, out),
            Self::Requirement(person, sentence, span) => {
                out.push(span.from.1);
                match span.dropped {
                    Some((on, at)) if on <= look.as_at => out.push(at),
                    _ => out.extend(ended(sentence, look).map(|(_, _, at)| at)),
                }
                out.extend(completion(person, sentence, span, look));
            }
            Self::Placement(placed) => placed.evidence(look, out),
            Self::Session(_, session) => out.push(session.at),
            Self::Award(_, award) => out.push(award.at),
            Self::Agreement(_, version) | Self::AgreementYear(_, version, _) => {
                out.push(version.at);
            }
            Self::Capacity(_, service, site, unit) => out.extend(
                service
                    .capacities
                    .iter()
                    .filter(|it| it.site == site.id && it.unit == *unit)
                    .map(|it| it.at),
            ),
            Self::Agency(_, description) => out.push(description.at),
        }
    }
}

fn sentence_evidence(sentence: &Sentence, look: Look<'_>, out: &mut Vec<Position>) {
    out.push(sentence.at);
    let settings = sentence.settings.iter().filter(|it| it.from <= look.as_at);
    out.extend(settings.map(|it| it.at));
    out.extend(sentence.managed_from.filter(|it| it.from <= look.as_at).map(|it| it.at));
    let steps = sentence.breaches.iter().flat_map(|breach| &breach.steps);
    let recalls = steps.filter(|it| it.step == BreachStep::Recalled && it.on <= look.as_at);
    out.extend(recalls.map(|it| it.at));
    out.extend(ended(sentence, look).map(|(_, _, at)| at));
}

fn ended(sentence: &Sentence, look: Look<'_>) -> Option<(Date, &'static str, Position)> {
    match sentence.state {
        SentenceState::Ended { on, how, at } if on <= look.as_at => Some((on, how.as_str(), at)),
        SentenceState::Ended { .. } | SentenceState::Active => None,
    }
}

fn of_sentence<'a>(sentence: &'a Sentence, field: Field, look: Look<'a>) -> Value<'a> {
    let ended = ended(sentence, look);
    match field {
        Field::Kind => Value::Code(sentence.kind.as_str()),
        Field::Area => Value::Code(sentence.area.as_str()),
        Field::Age => Value::Number(u64::from(age(sentence, look.as_at))),
        Field::ImposedOn => Value::Day(sentence.imposed_on),
        Field::EndedOn => day(ended.map(|(on, ..)| on)),
        Field::EndedHow => ended.map_or(Value::Absent, |(_, how, _)| Value::Code(how)),
        Field::Active => Value::Flag(ended.is_none()),
        Field::Setting => {
            let last = sentence.settings.iter().rev().find(|it| it.from <= look.as_at);
            match last.map(|it| &it.setting) {
                Some(Setting::Community { .. }) => Value::Code("community"),
                Some(Setting::Custody { .. }) => Value::Code("custody"),
                None => Value::Absent,
            }
        }
        Field::CommunityPhase => Value::Flag(community_since(sentence, look).is_some()),
        Field::Recalled => Value::Flag(recalled(sentence, look)),
        Field::ManagerGapDays => {
            let managed = sentence.managed_from.is_some_and(|it| it.from <= look.as_at);
            let until = ended.map_or(look.as_at, |(on, ..)| on.plus_days(-1));
            let days = if managed { 0 } else { until.days_since(sentence.imposed_on) + 1 };
            Value::Number(u64::try_from(days).unwrap_or(0))
        }
        _ => Value::Absent,
    }
}

/// Age in years: that when the sentence was imposed and the whole years since. The birthday is
/// sealed, so this may be a year short and is never too high.
fn age(sentence: &Sentence, on: Date) -> u32 {
    u32::from(sentence.age) + on.years_since(sentence.imposed_on)
}

/// First day of the last phase in the community.
fn community_since(sentence: &Sentence, look: Look<'_>) -> Option<Date> {
    let known = sentence.settings.iter().filter(|it| it.from <= look.as_at);
    known.filter(|it| matches!(it.setting, Setting::Community { .. })).map(|it| it.from).next_back()
}

/// Whether a recall, as a step of enforcement or as a change of setting, falls into the last phase
/// in the community or ended it.
fn recalled(sentence: &Sentence, look: Look<'_>) -> bool {
    let Some(since) = community_since(sentence, look) else { return false };
    let within = |on: Date| since <= on && on <= look.as_at;
    let steps = sentence.breaches.iter().flat_map(|breach| &breach.steps);
    let mut steps = steps.filter(|it| it.step == BreachStep::Recalled);
    let mut settings = sentence.settings.iter();
    steps.any(|it| within(it.on))
        || settings.any(|it| it.why == Some(SettingReason::Recalled) && within(it.from))
}

impl Span<'_> {
    fn ended(&self, sentence: &Sentence, look: Look<'_>) -> Option<Date> {
        let dropped = self.dropped.map(|(on, _)| on).filter(|on| *on <= look.as_at);
        dropped.or(ended(sentence, look).map(|(on, ..)| on))
    }
}

/// The record that completed a requirement (DOMAIN.md §2.1): the end of a completed placement
/// whose referral names it; for unpaid work the session with which the hours ordered were worked.
fn completion(
    person: &Person,
    sentence: &Sentence,
    span: &Span<'_>,
    look: Look<'_>,
) -> Option<Position> {
    let placements = person.placements.iter().filter(|placement| {
        person.referral(placement.referral).is_some_and(|referral| {
            referral.sentence == Some(sentence.id)
                && referral.requirement.as_ref() == Some(&span.requirement.id)
        })
    });
    if span.requirement.r#type == RequirementType::UnpaidWork {
        let mut sessions: Vec<_> = placements
            .flat_map(|placement| &placement.sessions)
            .filter(|session| session.on <= look.as_at)
            .collect();
        sessions.sort_unstable_by_key(|session| (session.on, session.at));
        let ordered = u64::from(span.requirement.quantity) * 60;
        let mut credited = 0;
        return sessions.into_iter().find_map(|session| {
            credited += u64::from(session.credited);
            (credited >= ordered).then_some(session.at)
        });
    }
    placements.into_iter().find_map(|placement| match placement.state {
        PlacementState::Completed { on, at, .. } if on <= look.as_at => Some(at),
        _ => None,
    })
}

impl<'a> Placed<'a> {
    fn get(&self, field: Field, look: Look<'a>) -> Value<'a> {
        let ended = self.ended(look);
        match field {
            Field::StartedOn => day(self.started(look).map(|(on, _)| on)),
            Field::EndedOn => day(ended.map(|(on, ..)| on)),
            Field::EndedHow => ended.map_or(Value::Absent, |(_, how, _)| Value::Code(how)),
            Field::Active => Value::Flag(self.started(look).is_some() && ended.is_none()),
            Field::Requirement => {
                self.requirement().map_or(Value::Absent, |it| Value::Code(it.as_str()))
            }
            Field::Age => {
                let named = self.referral.and_then(|it| self.person.sentence(it.sentence?));
                let sentence = named.or(self.person.sentences.last());
                sentence.map_or(Value::Absent, |it| Value::Number(age(it, look.as_at).into()))
            }
            Field::Area => {
                let service = self.service(look).map(|(_, service)| service.on(look.as_at));
                let mut sites = service.into_iter().flat_map(|it| &it.sites);
                code(sites.find(|site| site.id == self.placement.site).map(|site| &site.area))
            }
            other => match self.service(look) {
                Some((agreement, service)) => of_service(agreement, service, other, look),
                None => Value::Absent,
            },
        }
    }

    fn started(&self, look: Look<'_>) -> Option<(Date, Position)> {
        let start = self.placement.start()?;
        (start.on <= look.as_at).then_some((start.on, start.at))
    }

    fn ended(&self, look: Look<'_>) -> Option<(Date, &'static str, Position)> {
        let (on, how, at) = match &self.placement.state {
            PlacementState::Booked | PlacementState::Started(_) => return None,
            PlacementState::Completed { on, at, .. } => (*on, "completed", *at),
            PlacementState::EndedEarly { on, at, reason, .. } => (*on, reason.as_str(), *at),
        };
        (on <= look.as_at).then_some((on, how, at))
    }

    /// Type of the requirement that the referral serves, also when it has been dropped since.
    fn requirement(&self) -> Option<RequirementType> {
        let referral = self.referral?;
        let (sentence, id) = (referral.sentence?, referral.requirement.as_ref()?);
        let mut found = None;
        spans(self.person.sentence(sentence)?, |span| {
            if span.requirement.id == *id {
                found = Some(span.requirement.r#type);
            }
        });
        found
    }

    fn service(&self, look: Look<'a>) -> Option<(&'a Agreement, &'a Service)> {
        let service = self.referral?.service;
        let agreement = look.cases.case(look.cases.home(service.into())?)?.agreement()?;
        Some((agreement, agreement.service(service)?))
    }

    fn evidence(&self, look: Look<'_>, out: &mut Vec<Position>) {
        out.extend(self.started(look).map(|(_, at)| at));
        out.extend(self.ended(look).map(|(.., at)| at));
        if out.is_empty() {
            out.push(self.placement.at);
        }
    }
}

fn of_service<'a>(
    agreement: &'a Agreement,
    service: &'a Service,
    field: Field,
    look: Look<'a>,
) -> Value<'a> {
    let described: &ServiceDescribed = service.on(look.as_at);
    match field {
        Field::ServiceKind => Value::Code(described.kind.as_str()),
        Field::Need => Value::Codes(described.needs.iter().map(|need| need.as_str()).collect()),
        Field::Requirement => {
            Value::Codes(described.requirement_types.iter().map(|it| it.as_str()).collect())
        }
        Field::Programme => {
            let terms = agreement.on(look.as_at).or(agreement.latest());
            code(terms.and_then(|terms| terms.programme.as_ref()))
        }
        _ => Value::Absent,
    }
}

fn of_terms<'a>(version: &'a Version, field: Field, look: Look<'a>) -> Value<'a> {
    let terms = &version.terms;
    let lead = || {
        let agency = look.cases.case(CaseKey::Agency(terms.lead))?.agency()?;
        agency.on(look.as_at).or(agency.latest())
    };
    match field {
        Field::Kind => Value::Code(terms.kind.as_str()),
        Field::Programme => code(terms.programme.as_ref()),
        Field::Status => {
            let in_term = terms.term.from <= look.as_at && look.as_at <= terms.term.to;
            match terms.status {
                AgreementStatus::Live if !in_term => Value::Code("out_of_term"),
                status => Value::Code(status.as_str()),
            }
        }
        Field::LeadKind => lead().map_or(Value::Absent, |it| Value::Code(it.kind.as_str())),
        Field::LeadTag => {
            let tags = lead().map(|it| it.tags.iter().map(Code::as_str).collect());
            Value::Codes(tags.unwrap_or_default())
        }
        _ => Value::Absent,
    }
}
