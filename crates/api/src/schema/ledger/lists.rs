//! Pages of the lists that an agency holds.

use tallystick_views::List;

use crate::schema::{
    agreement::Agreement,
    connection::{Connection, Page},
    context::At,
    person::Person,
    placement::{Placement, PlacementStateCode},
    referral::{Referral, ReferralStateCode},
    sentence::Sentence,
};

/// Referrals on a list, of the states asked for.
pub(crate) fn referrals(
    at: &At,
    list: List,
    page: Page,
    wanted: impl Fn(ReferralStateCode) -> bool,
) -> Connection<Referral<'_>> {
    let view = at.view();
    page.take(view.list(list, page.range()), |entry| {
        let found = view.referral_at(entry).filter(|it| at.shows(it.referral.id));
        let found = found.filter(|it| wanted(ReferralStateCode::of(*it)));
        (entry.at.into(), found.map(|it| Referral::new(at, it)))
    })
}

/// Placements on a list, of the states asked for.
pub(crate) fn placements(
    at: &At,
    list: List,
    page: Page,
    wanted: impl Fn(PlacementStateCode) -> bool,
) -> Connection<Placement<'_>> {
    let view = at.view();
    page.take(view.list(list, page.range()), |entry| {
        let found = view.placement_at(entry).filter(|it| at.shows(it.placement.id));
        let found = found.filter(|it| wanted(PlacementStateCode::of(&it.placement.state)));
        (entry.at.into(), found.map(|it| Placement::new(at, it)))
    })
}

/// Sentences on a list.
pub(crate) fn sentences(at: &At, list: List, page: Page) -> Connection<Sentence<'_>> {
    let view = at.view();
    page.take(view.list(list, page.range()), |entry| {
        let found = view.sentence_at(entry).filter(|it| at.shows(it.sentence.id));
        (entry.at.into(), found.map(|it| Sentence::new(at, it)))
    })
}

/// People held.
pub(crate) fn people(at: &At, page: Page) -> Connection<Person<'_>> {
    let view = at.view();
    page.take(view.list(List::People, page.range()), |entry| {
        let found = view.person_at(entry).filter(|it| at.shows(it.id()));
        (entry.at.into(), found.map(|it| Person::new(at, it)))
    })
}

/// Agreements of which the caller is or was a partner.
pub(crate) fn agreements(at: &At, page: Page) -> Connection<Agreement<'_>> {
    let view = at.view();
    page.take(view.list(List::Agreements, page.range()), |entry| {
        let found = view.agreement_at(entry).filter(|it| at.shows(it.id));
        (entry.at.into(), found.map(|it| Agreement::new(at, it)))
    })
}
