//! Services: the directory that every partner sees, and how many places are free.

use async_graphql::{ID, Object, Result, SimpleObject};
use tallystick_domain::{agreement, event, id::ServiceId};
use tallystick_views::FreePlaces;

use super::{
    agency::Agency,
    agreement::Agreement,
    code,
    connection::listed,
    context::At,
    event::EventConnection,
    history, id,
    scalar::{Code, Date},
};

/// A service, as described on the day asked for.
pub(crate) struct Service<'a> {
    at: &'a At,
    agreement: &'a agreement::Agreement,
    it: &'a agreement::Service,
}

listed! { Service<'_>: "ServiceConnection", "ServiceEdge"; }

impl<'a> Service<'a> {
    pub(crate) fn new(
        at: &'a At,
        agreement: &'a agreement::Agreement,
        it: &'a agreement::Service,
    ) -> Self {
        Self { at, agreement, it }
    }

    /// The service of that identifier, if it is in the directory.
    pub(crate) fn find(at: &'a At, id: ServiceId) -> Option<Self> {
        at.view().service(id).map(|found| Self::new(at, found.agreement, found.service))
    }

    fn facts(&self) -> &'a event::ServiceDescribed {
        self.it.on(self.at.on)
    }
}

/// A service, as described on the day asked for.
#[Object]
impl<'a> Service<'a> {
    /// Its identifier.
    pub(crate) async fn id(&self) -> ID {
        id::show(self.it.id)
    }

    /// Its title.
    fn title(&self) -> &str {
        self.facts().title.as_str()
    }

    /// Its kind: `residential_rehab`, `idap`, `court_report` …
    fn kind(&self) -> Code {
        Code(self.facts().kind.clone())
    }

    /// Who gives it.
    fn provider(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.facts().provider)
    }

    /// The agreement under which it is given, if the caller is a partner of it.
    fn agreement(&self) -> Option<Agreement<'a>> {
        Agreement::find(self.at, self.agreement.id)
    }

    /// Whether its agreement is in force on the day.
    fn live(&self) -> bool {
        self.agreement.is_live_on(self.at.on)
    }

    /// Needs it serves.
    fn needs(&self) -> Vec<code::Need> {
        code::all(&self.facts().needs)
    }

    /// Requirements of orders and licences that it can serve.
    fn requirement_types(&self) -> Vec<code::RequirementType> {
        code::all(&self.facts().requirement_types)
    }

    /// Where it is given.
    fn sites(&self) -> Vec<Site> {
        let sites = self.facts().sites.iter();
        sites.map(|it| Site { id: Code(it.id.clone()), area: Code(it.area.clone()) }).collect()
    }

    /// For whom it is.
    fn eligibility(&self) -> Eligibility {
        let asked = &self.facts().eligibility;
        Eligibility {
            sex: asked.sex.map(Into::into),
            age_from: asked.age_from.map(Into::into),
            age_to: asked.age_to.map(Into::into),
            in_custody: asked.in_custody,
            alternative_to_custody: asked.alternative_to_custody,
        }
    }

    /// Qualifications that one can gain there.
    fn awards_offered(&self) -> Vec<AwardOffered> {
        let awards = self.facts().awards_offered.iter();
        awards
            .map(|it| AwardOffered {
                title: it.title.as_str().to_owned(),
                level: it.level.into(),
                kind: it.kind.into(),
            })
            .collect()
    }

    /// Capacity against bookings on the day, for each site and unit.
    fn places(&self) -> Vec<Places> {
        let found = self.at.view().free_places(self.it, self.at.on);
        found.into_iter().map(Places::of).collect()
    }

    /// Capacities that were set, by the day from which each holds.
    fn capacities(&self) -> Vec<CapacityWindow> {
        let capacities = self.it.capacities.iter();
        capacities
            .map(|it| CapacityWindow {
                site: Code(it.site.clone()),
                unit: it.unit.into(),
                count: it.count,
                from: Date(it.from),
                to: it.to.map(Date),
            })
            .collect()
    }

    /// Version of its stream: the number of its events. Give it as `expectedVersion`.
    fn version(&self) -> u32 {
        self.at.view().version(self.it.id.into()).unwrap_or_default()
    }

    /// Its events, in the order in which they were recorded.
    async fn history(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only events after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only events before this place.")] before: Option<String>,
    ) -> Result<EventConnection> {
        let page = self.at.page(first, after, last, before)?;
        history::of_stream(self.at, self.it.id.into(), page).await
    }
}

/// Where a service is given.
#[derive(SimpleObject)]
pub(crate) struct Site {
    /// Code of the site, unique in the service.
    id: Code,
    /// Area it lies in.
    area: Code,
}

/// Whom a service is for. What is absent is not asked.
#[derive(SimpleObject)]
pub(crate) struct Eligibility {
    /// Only for this sex.
    sex: Option<code::Sex>,
    /// Youngest age in years.
    age_from: Option<u32>,
    /// Oldest age in years.
    age_to: Option<u32>,
    /// Only in custody (`true`) or only in the community (`false`).
    in_custody: Option<bool>,
    /// Only for those who would otherwise be in custody.
    alternative_to_custody: bool,
}

/// A qualification that a service offers.
#[derive(SimpleObject)]
pub(crate) struct AwardOffered {
    /// Its title.
    title: String,
    /// Its level.
    level: code::Level,
    /// Who recognises it.
    kind: code::QualificationKind,
}

/// Capacity and bookings of one unit at one site of a service on a day.
#[derive(SimpleObject)]
pub(crate) struct Places {
    /// The site.
    site: Code,
    /// What is counted.
    unit: code::Unit,
    /// How many there are.
    capacity: u32,
    /// How many are taken; more than there are where it is overbooked.
    taken: u32,
    /// How many are free.
    free: u32,
}

impl Places {
    pub(crate) fn of(places: FreePlaces) -> Self {
        let free = places.free();
        let FreePlaces { site, unit, capacity, taken } = places;
        Self { site: Code(site), unit: unit.into(), capacity, taken, free }
    }
}

/// How much of a service there is at a site in a window of time.
#[derive(SimpleObject)]
pub(crate) struct CapacityWindow {
    /// The site.
    site: Code,
    /// What is counted.
    unit: code::Unit,
    /// How many; 0 closes.
    count: u32,
    /// First day.
    from: Date,
    /// Last day, if there is one.
    to: Option<Date>,
}
