//! History by the page: what a scope may see of a span of positions, oldest or newest first.

use std::sync::Arc;

use tallystick_domain::{Cases as _, Position, Record};
use tallystick_views::{Scope, Snapshot};

use crate::archive::{Archive, ReadError};

/// Positions looked at in one go.
const WINDOW: usize = 1_024;

/// Positions after one and before another, neither included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// After this one; [`Position::ZERO`] for all from the first.
    pub after: Position,
    /// Before this one; `None` for all up to the snapshot's.
    pub before: Option<Position>,
}

impl Span {
    /// Everything.
    pub const ALL: Self = Self { after: Position::ZERO, before: None };
}

/// From which end a page is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the first position of the span on.
    OldestFirst,
    /// From the last position of the span back.
    NewestFirst,
}

/// A page of history.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its records, in the direction asked for.
    pub records: Vec<Arc<Record>>,
    /// Whether there are more in that direction.
    pub more: bool,
}

/// Fills a page with records of streams that the scope may see today and that the filter wants.
///
/// # Errors
/// [`ReadError`].
pub(crate) fn page(
    archive: &Archive,
    snapshot: &Snapshot,
    scope: Scope,
    span: Span,
    (limit, direction): (usize, Direction),
    filter: &dyn Fn(&Record) -> bool,
) -> Result<Page, ReadError> {
    let mut records = Vec::new();
    let mut rest = span;
    // As many as are wanted, in case that none is left out; more with every round.
    let mut window = (limit + 1).min(WINDOW);
    loop {
        let positions = plan(snapshot, scope, rest, direction, window);
        let Some(last) = positions.last().copied() else { break };
        for chunk in positions.chunks(WINDOW) {
            for record in archive.records(chunk)? {
                if snapshot.sees(scope, record.envelope.stream) && filter(&record) {
                    if records.len() == limit {
                        return Ok(Page { records, more: true });
                    }
                    records.push(record);
                }
            }
        }
        match direction {
            Direction::OldestFirst => rest.after = last,
            Direction::NewestFirst => rest.before = Some(last),
        }
        window = (window * 4).min(64 * WINDOW);
    }
    Ok(Page { records, more: false })
}

/// Positions within a span that may matter to a scope, the first `most` in that direction: those
/// of the cases that it ever held, which is little beside the whole log, or all.
pub(crate) fn plan(
    snapshot: &Snapshot,
    scope: Scope,
    span: Span,
    direction: Direction,
    most: usize,
) -> Vec<Position> {
    let before = span.before.unwrap_or(Position(u64::MAX)).min(snapshot.position().next());
    let (first, end) = (span.after.0 + 1, before.0);
    if first >= end {
        return Vec::new();
    }
    let many = most as u64;
    if scope.reads_everything() {
        return match direction {
            Direction::OldestFirst => {
                (first..end.min(first.saturating_add(many))).map(Position).collect()
            }
            Direction::NewestFirst => {
                (first.max(end.saturating_sub(many))..end).rev().map(Position).collect()
            }
        };
    }
    let mut positions = Vec::new();
    for key in snapshot.ever_held(scope) {
        let Some(case) = snapshot.case(key) else { continue };
        let all = &case.trail.positions;
        let from = all.partition_point(|at| at.0 < first);
        let to = all.partition_point(|at| at.0 < end);
        positions.extend_from_slice(&all[from..to]);
    }
    if most < positions.len() {
        match direction {
            Direction::OldestFirst => positions.select_nth_unstable(most),
            Direction::NewestFirst => positions.select_nth_unstable_by(most, |a, b| b.cmp(a)),
        };
        positions.truncate(most);
    }
    positions.sort_unstable();
    if direction == Direction::NewestFirst {
        positions.reverse();
    }
    positions
}
