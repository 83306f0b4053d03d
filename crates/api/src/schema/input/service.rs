//! Describing services and setting their capacity.

use async_graphql::{ID, InputObject};
use tallystick_domain::{
    Action, Origin, StreamKind,
    event::{AwardOffered, CapacitySet, Eligibility, ServiceDescribed, Site},
    id::ServiceId,
};

use super::{
    command::{Ask, Asked, ThingFields},
    reader::{Facts, Read, Reader},
};
use crate::schema::{code, scalar::Date};

/// A service to be described.
#[derive(InputObject)]
pub(crate) struct DescribeServiceInput {
    #[graphql(flatten)]
    command: ThingFields,
    /// Which service; leave it out for a new one, whose identifier the answer gives.
    service: Option<ID>,
    #[graphql(flatten)]
    described: ServiceDescribedInput,
}

impl Ask for DescribeServiceInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |naming, reader| {
            let service = match &self.service {
                Some(id) => reader.id("service", id),
                None => naming.new_id(StreamKind::Service).map(ServiceId),
            };
            let described = self.described.read(reader);
            Ok(Action::DescribeService { service: service?, described: described? })
        })
    }
}

/// How a service is, from `occurredOn` on.
#[derive(InputObject)]
pub(crate) struct ServiceDescribedInput {
    /// The agreement under which it is given.
    agreement: ID,
    /// Its title, at most 200 bytes.
    title: String,
    /// Who gives it: lead or subcontractor of the agreement.
    provider: ID,
    /// Its kind (`residential_rehab`, `idap`, `court_report` …): a code.
    kind: String,
    /// Needs it serves.
    #[graphql(default)]
    needs: Vec<code::Need>,
    /// Requirements of orders and licences that it can serve.
    #[graphql(default)]
    requirement_types: Vec<code::RequirementType>,
    /// Where it is given: 1 to 50 sites.
    sites: Vec<SiteInput>,
    /// For whom it is; for everybody if left out.
    eligibility: Option<EligibilityInput>,
    /// Qualifications that one can gain there.
    #[graphql(default)]
    awards_offered: Vec<AwardOfferedInput>,
}

impl Facts for ServiceDescribedInput {
    type Facts = ServiceDescribed;

    fn read(&self, reader: &mut Reader) -> Read<ServiceDescribed> {
        let agreement = reader.id("agreement", &self.agreement);
        let title = reader.label("title", &self.title);
        let provider = reader.id("provider", &self.provider);
        let kind = reader.code("kind", &self.kind);
        let sites = reader.each("sites", &self.sites, Reader::facts);
        let eligibility = reader.optional("eligibility", self.eligibility.as_ref(), Reader::facts);
        let awards_offered = reader.each("awardsOffered", &self.awards_offered, Reader::facts);
        Ok(ServiceDescribed {
            agreement: agreement?,
            title: title?,
            provider: provider?,
            kind: kind?,
            needs: code::all(&self.needs),
            requirement_types: code::all(&self.requirement_types),
            sites: sites?,
            eligibility: eligibility?.unwrap_or_default(),
            awards_offered: awards_offered?,
        })
    }
}

/// Where a service is given.
#[derive(InputObject)]
pub(crate) struct SiteInput {
    /// Code of the site, unique in the service.
    id: String,
    /// Area it lies in: a code.
    area: String,
}

impl Facts for SiteInput {
    type Facts = Site;

    fn read(&self, reader: &mut Reader) -> Read<Site> {
        let id = reader.code("id", &self.id);
        let area = reader.code("area", &self.area);
        Ok(Site { id: id?, area: area? })
    }
}

/// Whom a service is for. What is left out is not asked.
#[derive(InputObject)]
pub(crate) struct EligibilityInput {
    /// Only for this sex.
    sex: Option<code::Sex>,
    /// Youngest age in years.
    age_from: Option<i32>,
    /// Oldest age in years.
    age_to: Option<i32>,
    /// Only in custody (`true`) or only in the community (`false`).
    in_custody: Option<bool>,
    /// Only for those who would otherwise be in custody.
    #[graphql(default)]
    alternative_to_custody: bool,
}

impl Facts for EligibilityInput {
    type Facts = Eligibility;

    fn read(&self, reader: &mut Reader) -> Read<Eligibility> {
        let age_from = reader.optional("ageFrom", self.age_from, Reader::number);
        let age_to = reader.optional("ageTo", self.age_to, Reader::number);
        Ok(Eligibility {
            sex: self.sex.map(Into::into),
            age_from: age_from?,
            age_to: age_to?,
            in_custody: self.in_custody,
            alternative_to_custody: self.alternative_to_custody,
        })
    }
}

/// A qualification that a service offers.
#[derive(InputObject)]
pub(crate) struct AwardOfferedInput {
    /// Its title, at most 200 bytes.
    title: String,
    /// Its level.
    level: code::Level,
    /// Who recognises it.
    kind: code::QualificationKind,
}

impl Facts for AwardOfferedInput {
    type Facts = AwardOffered;

    fn read(&self, reader: &mut Reader) -> Read<AwardOffered> {
        let title = reader.label("title", &self.title);
        Ok(AwardOffered { title: title?, level: self.level.into(), kind: self.kind.into() })
    }
}

/// A capacity to be set.
#[derive(InputObject)]
pub(crate) struct SetCapacityInput {
    #[graphql(flatten)]
    command: ThingFields,
    /// Of which service.
    service: ID,
    #[graphql(flatten)]
    set: CapacitySetInput,
}

impl Ask for SetCapacityInput {
    fn ask(&self, origin: Origin, reader: &mut Reader) -> Read<Asked> {
        self.command.asks(origin, reader, |_, reader| {
            let service = reader.id("service", &self.service);
            let set = self.set.read(reader);
            Ok(Action::SetCapacity { service: service?, set: set? })
        })
    }
}

/// How much of a service there is at a site in a window of time.
#[derive(InputObject)]
pub(crate) struct CapacitySetInput {
    /// The site: a code of the service's.
    site: String,
    /// What is counted.
    unit: code::Unit,
    /// How many; 0 closes.
    count: i32,
    /// First day.
    from: Date,
    /// Last day, if there is one.
    to: Option<Date>,
    /// Why: a code.
    reason: Option<String>,
}

impl Facts for CapacitySetInput {
    type Facts = CapacitySet;

    fn read(&self, reader: &mut Reader) -> Read<CapacitySet> {
        let site = reader.code("site", &self.site);
        let count = reader.number("count", self.count);
        let reason = reader.optional("reason", self.reason.as_deref(), Reader::code);
        Ok(CapacitySet {
            site: site?,
            unit: self.unit.into(),
            count: count?,
            from: self.from.0,
            to: self.to.as_ref().map(|day| day.0),
            reason: reason?,
        })
    }
}
