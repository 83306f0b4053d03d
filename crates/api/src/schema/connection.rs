//! Relay connections over lists that are ordered by the position at which their things came into
//! being. That never changes, so a walk meets each thing exactly once, whatever happens meanwhile.

use std::{borrow::Cow, ops::Bound};

use async_graphql::{Object, OutputType, Result, SimpleObject, TypeName};
use tallystick_domain::Position;

use super::cursor::{Cursor, Origin, UnknownCursor};
use crate::errors::Code;

/// Things on a page, at most.
pub(crate) const PAGE_LIMIT: usize = 500;
/// Things looked at for one page, at most. A filter that little fits ends its page early, and the
/// walk goes on from there.
const SCAN_LIMIT: usize = 20_000;

/// What a thing's connections are called.
pub(crate) trait Listed: OutputType {
    /// Name of the connection.
    const CONNECTION: &'static str;
    /// Name of its edges.
    const EDGE: &'static str;
}

macro_rules! listed {
    ($($thing:ty: $connection:literal, $edge:literal;)+) => {$(
        impl $crate::schema::connection::Listed for $thing {
            const CONNECTION: &'static str = $connection;
            const EDGE: &'static str = $edge;
        }
    )+};
}
pub(crate) use listed;

/// Where a page is.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether there is more after this page.
    pub(crate) has_next_page: bool,
    /// Whether there is more before this page.
    pub(crate) has_previous_page: bool,
    /// Where the page begins; give it as `before` for the page before.
    pub(crate) start_cursor: Option<String>,
    /// Where the page ends; give it as `after` for the page after.
    pub(crate) end_cursor: Option<String>,
}

/// A page of a list.
pub(crate) struct Connection<T> {
    edges: Vec<Edge<T>>,
    origin: Origin,
    has_next: bool,
    has_previous: bool,
    start: Option<Cursor>,
    end: Option<Cursor>,
}

/// A thing on a page.
pub(crate) struct Edge<T> {
    cursor: Cursor,
    origin: Origin,
    node: T,
}

impl<T: Listed> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        T::CONNECTION.into()
    }
}

impl<T: Listed> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        T::EDGE.into()
    }
}

/// A page of a list, in the order in which its things came into being.
#[Object(name_type)]
impl<T: Listed> Connection<T> {
    /// The things with their cursors.
    async fn edges(&self) -> &[Edge<T>] {
        &self.edges
    }

    /// The things alone.
    async fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where the page is.
    fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.start.map(|cursor| self.origin.write(cursor)),
            end_cursor: self.end.map(|cursor| self.origin.write(cursor)),
        }
    }
}

/// A thing on a page and its place.
#[Object(name_type)]
impl<T: Listed> Edge<T> {
    /// The thing.
    async fn node(&self) -> &T {
        &self.node
    }

    /// Its place: works as `after` and `before` here, in `events` and in `eventStream`.
    fn cursor(&self) -> String {
        self.origin.write(self.cursor)
    }
}

/// Which page is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) origin: Origin,
    /// Things after this place.
    pub(crate) after: Option<Cursor>,
    /// Things before this place.
    pub(crate) before: Option<Cursor>,
    /// How many.
    pub(crate) count: usize,
    /// From the end of the list backwards.
    pub(crate) backwards: bool,
}

impl Page {
    /// Reads the four arguments of a connection.
    ///
    /// # Errors
    /// `BAD_REQUEST` unless exactly one of `first` and `last` is given, 1 to [`PAGE_LIMIT`];
    /// `CURSOR_UNKNOWN`.
    pub(crate) fn read(
        origin: Origin,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Self> {
        let (count, backwards) = match (first, last) {
            (Some(count), None) => (count, false),
            (None, Some(count)) => (count, true),
            _ => return Err(Code::BadRequest.error("give either first or last")),
        };
        let count = usize::try_from(count).ok().filter(|count| (1..=PAGE_LIMIT).contains(count));
        let Some(count) = count else {
            return Err(Code::BadRequest.error(format!("a page has 1 to {PAGE_LIMIT} things")));
        };
        let after =
            after.map(|text| origin.read(&text)).transpose().map_err(|_| UnknownCursor::error())?;
        let before = before
            .map(|text| origin.read(&text))
            .transpose()
            .map_err(|_| UnknownCursor::error())?;
        Ok(Self { origin, after, before, count, backwards })
    }

    /// The positions that the page may hold, those of its cursors included: several things may
    /// share one, and `take` leaves out those on the wrong side.
    pub(crate) fn range(&self) -> (Bound<Position>, Bound<Position>) {
        let bound = |cursor: Option<Cursor>| {
            cursor.map_or(Bound::Unbounded, |cursor| Bound::Included(cursor.position))
        };
        match (self.after, self.before) {
            // An ordered map panics on a range that ends before it begins.
            (Some(after), Some(before)) if after > before => {
                (Bound::Included(after.position), Bound::Excluded(after.position))
            }
            (after, before) => (bound(after), bound(before)),
        }
    }

    /// Takes the page from a list, both in order: `read` gives the thing of an entry and its
    /// place, or nothing for one that is not asked for.
    pub(crate) fn take<E, T>(
        &self,
        entries: impl DoubleEndedIterator<Item = E>,
        read: impl FnMut(E) -> (Cursor, Option<T>),
    ) -> Connection<T> {
        if self.backwards {
            let mut page = self.fill(entries.rev(), read);
            page.edges.reverse();
            page
        } else {
            self.fill(entries, read)
        }
    }

    fn fill<E, T>(
        &self,
        entries: impl Iterator<Item = E>,
        mut read: impl FnMut(E) -> (Cursor, Option<T>),
    ) -> Connection<T> {
        let mut edges = Vec::with_capacity(self.count.min(32));
        let mut more = false;
        // Where a scan that was cut short stopped.
        let mut cut = None;
        for (looked_at, entry) in entries.enumerate() {
            let (cursor, thing) = read(entry);
            if self.after.is_some_and(|after| cursor <= after)
                || self.before.is_some_and(|before| cursor >= before)
            {
                continue;
            }
            if let Some(node) = thing {
                if edges.len() == self.count {
                    more = true;
                    break;
                }
                edges.push(Edge { cursor, origin: self.origin, node });
            }
            if looked_at + 1 == SCAN_LIMIT {
                (more, cut) = (true, Some(cursor));
                break;
            }
        }
        self.page(edges, more, cut)
    }

    /// A page of these edges, in the order in which they were met: `more` says whether the walk
    /// goes on, and `cut` from where, if not from the last edge.
    fn page<T>(&self, edges: Vec<Edge<T>>, more: bool, cut: Option<Cursor>) -> Connection<T> {
        let first = edges.first().map(|edge| edge.cursor);
        let last = cut.or_else(|| edges.last().map(|edge| edge.cursor));
        let first = first.or(last);
        let (start, end) = if self.backwards { (last, first) } else { (first, last) };
        let (has_next, has_previous) = if self.backwards {
            (self.before.is_some(), more)
        } else {
            (more, self.after.is_some())
        };
        Connection { edges, origin: self.origin, has_next, has_previous, start, end }
    }

    /// A page of things that were read from the log, in the order in which the walk met them.
    pub(crate) fn of_met<T>(
        &self,
        things: Vec<(Cursor, T)>,
        more: bool,
        cut: Option<Cursor>,
    ) -> Connection<T> {
        let edge = |(cursor, node)| Edge { cursor, origin: self.origin, node };
        let mut page = self.page(things.into_iter().map(edge).collect(), more, cut);
        if self.backwards {
            page.edges.reverse();
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};
    use tallystick_views::Snapshot;

    use super::*;

    fn page(after: Option<Cursor>, before: Option<Cursor>, count: usize, backwards: bool) -> Page {
        Page { origin: Origin::of(&Snapshot::empty()), after, before, count, backwards }
    }

    /// What a page of the things at these places holds, of those with an even part.
    fn taken(page: &Page, places: &[Cursor]) -> Connection<Cursor> {
        let within =
            |place: &&Cursor| std::ops::RangeBounds::contains(&page.range(), &place.position);
        let places: Vec<_> = places.iter().filter(within).collect();
        page.take(places.into_iter(), |place| {
            (*place, (place.part.is_multiple_of(2)).then_some(*place))
        })
    }

    fn nodes(page: &Connection<Cursor>) -> Vec<Cursor> {
        page.edges.iter().map(|edge| edge.node).collect()
    }

    proptest! {
        #[test]
        fn any_page_size_walks_exactly_once_in_both_directions(
            places in btree_set((0_u64..40, 0_u16..4), 0..60),
            count in 1_usize..12,
        ) {
            let places: Vec<_> = places
                .into_iter()
                .map(|(position, part)| Cursor { position: Position(position), part })
                .collect();
            let wanted: Vec<_> = places.iter().copied().filter(|it| it.part.is_multiple_of(2)).collect();

            let (mut forwards, mut after) = (Vec::new(), None);
            loop {
                let page = taken(&page(after, None, count, false), &places);
                prop_assert!(page.edges.len() <= count);
                forwards.extend(nodes(&page));
                if !page.has_next {
                    break;
                }
                after = page.end;
            }
            prop_assert_eq!(&forwards, &wanted);

            let (mut backwards, mut before) = (Vec::new(), None);
            loop {
                let page = taken(&page(None, before, count, true), &places);
                backwards.splice(0..0, nodes(&page));
                if !page.has_previous {
                    break;
                }
                before = page.start;
            }
            prop_assert_eq!(&backwards, &wanted);
        }

        #[test]
        fn a_page_between_two_places_holds_what_is_between_them(
            places in btree_set((0_u64..20, 0_u16..3), 0..40),
            after in (0_u64..20, 0_u16..3),
            before in (0_u64..20, 0_u16..3),
        ) {
            let cursor = |(position, part)| Cursor { position: Position(position), part };
            let (after, before) = (cursor(after), cursor(before));
            let places: Vec<_> = places.into_iter().map(cursor).collect();
            let between = |it: &Cursor| *it > after && *it < before && it.part.is_multiple_of(2);
            let wanted: Vec<_> = places.iter().copied().filter(between).collect();
            let page = taken(&page(Some(after), Some(before), PAGE_LIMIT, false), &places);
            prop_assert_eq!(nodes(&page), wanted);
        }
    }

    #[test]
    fn a_scan_that_finds_little_ends_its_page_early_and_goes_on_from_there() {
        // Of twice as many places as are looked at for a page, only the last is wanted.
        let last = 2 * SCAN_LIMIT as u64;
        let look = |asked: &Page| {
            let all = (1..=last).map(Position);
            let after = asked.after.map_or(Position::ZERO, |after| after.position);
            let entries: Vec<_> = all.filter(|at| *at > after).collect();
            asked.take(entries.into_iter(), |at| (at.into(), (at.0 == last).then_some(at)))
        };
        let first = look(&page(None, None, 1, false));
        assert!(first.edges.is_empty() && first.has_next);
        assert_eq!(first.end, Some(Position(SCAN_LIMIT as u64).into()));
        let second = look(&page(first.end, None, 1, false));
        assert_eq!(second.edges.len(), 1);
    }
}
