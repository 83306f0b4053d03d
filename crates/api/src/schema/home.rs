//! An agency's home: what it holds and what waits for it. There is no argument that names an
//! agency: it is the caller's own.

use async_graphql::{Object, Result, SimpleObject};
use tallystick_views::List;

use super::{
    agency::Agency,
    agreement::Agreement,
    code,
    connection::Connection,
    context::At,
    ledger::lists,
    person::Person,
    placement::{Placement, PlacementStateCode},
    referral::Referral,
    sentence::Sentence,
};

/// What an agency holds.
pub(crate) struct AgencyView<'a> {
    pub(crate) at: &'a At,
}

/// What the caller's agency holds, and what waits for it. Of roles that read everything it is the
/// whole partnership's.
#[Object]
impl<'a> AgencyView<'a> {
    /// The agency.
    fn agency(&self) -> Option<Agency<'a>> {
        Agency::find(self.at, self.at.agency)
    }

    /// The caller's role in it.
    fn role(&self) -> code::Role {
        self.at.scope.role().into()
    }

    /// How much it holds.
    fn counts(&self) -> Counts {
        let count = |list| i32::try_from(self.at.count(list)).unwrap_or(i32::MAX);
        Counts {
            people: count(List::People),
            caseload: count(List::Caseload),
            breaches_under_way: count(List::Enforcement),
            referrals: count(List::Referrals),
            open_referrals: count(List::Inbox),
            placements: count(List::Placements),
            live_placements: count(List::LivePlacements),
            agreements: count(List::Agreements),
        }
    }

    /// Referrals to it that wait for its decision.
    fn inbox(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Referral<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(lists::referrals(self.at, List::Inbox, page, |_| true))
    }

    /// Referrals that it holds.
    fn referrals(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Referral<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(lists::referrals(self.at, List::Referrals, page, |_| true))
    }

    /// Active sentences that it holds.
    fn caseload(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Sentence<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(lists::sentences(self.at, List::Caseload, page))
    }

    /// Sentences that it holds with a breach under way.
    fn enforcement_queue(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Sentence<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(lists::sentences(self.at, List::Enforcement, page))
    }

    /// Placements that it holds.
    fn placements(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Placement<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(lists::placements(self.at, List::Placements, page, |_| true))
    }

    /// Placements that it holds and that are booked or going on.
    fn live_placements(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Placement<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(lists::placements(self.at, List::LivePlacements, page, |_| true))
    }

    /// Placements that it holds and that were completed.
    fn completions(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Placement<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        let completed = |state| state == PlacementStateCode::Completed;
        Ok(lists::placements(self.at, List::Placements, page, completed))
    }

    /// People that it holds: it has a sentence of theirs, or registered them.
    fn people(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Person<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(lists::people(self.at, page))
    }

    /// Agreements that it is or was a partner of.
    fn agreements(
        &self,
        #[graphql(desc = "How many, from the oldest: 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only those after this place.")] after: Option<String>,
        #[graphql(desc = "How many, from the latest: 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only those before this place.")] before: Option<String>,
    ) -> Result<Connection<Agreement<'a>>> {
        let page = self.at.page(first, after, last, before)?;
        Ok(lists::agreements(self.at, page))
    }
}

/// How much an agency holds.
#[derive(SimpleObject)]
pub(crate) struct Counts {
    /// People.
    people: i32,
    /// Active sentences.
    caseload: i32,
    /// Sentences with a breach under way.
    breaches_under_way: i32,
    /// Referrals.
    referrals: i32,
    /// Referrals that wait for its decision.
    open_referrals: i32,
    /// Placements.
    placements: i32,
    /// Placements that are booked or going on.
    live_placements: i32,
    /// Agreements.
    agreements: i32,
}
