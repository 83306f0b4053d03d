//! What waits for the writer: one lane an agency, taken from in turn, so that a bulk import does
//! not starve a caseworker of another agency.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hashbrown::HashMap;
use tallystick_domain::id::AgencyId;
use tokio::sync::Semaphore;

use crate::receipt::SubmitError;
use crate::settings::{Limit, Settings};

/// Jobs that the writer is woken for while it has something else to wait for: waking it takes as
/// long as deciding one of them.
const HANDFUL: usize = 24;

/// A bounded, fair queue between any number of callers and one writer.
pub(crate) struct Queue<J> {
    lanes: Mutex<Lanes<J>>,
    arrived: Condvar,
    limit: usize,
    lane_limit: usize,
    patience: Duration,
}

struct Lanes<J> {
    of: HashMap<AgencyId, Lane<J>>,
    /// Agencies that have something waiting, whose turn is next first.
    turns: VecDeque<AgencyId>,
    waiting: usize,
    closed: bool,
    /// How much must wait for the writer to be woken.
    wake_at: usize,
    /// Somebody wants the writer's attention for something else than jobs.
    nudged: bool,
}

struct Lane<J> {
    jobs: VecDeque<J>,
    room: Arc<Semaphore>,
}

impl<J> Queue<J> {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            lanes: Mutex::new(Lanes {
                of: HashMap::new(),
                turns: VecDeque::new(),
                waiting: 0,
                closed: false,
                wake_at: 1,
                nudged: false,
            }),
            arrived: Condvar::new(),
            limit: settings.queue,
            lane_limit: settings.lane,
            patience: settings.patience,
        }
    }

    /// Puts a job into the lane of an agency; waits for room there.
    ///
    /// # Errors
    /// [`SubmitError::Busy`] if there is none for too long, or too much waits in all lanes
    /// together; [`SubmitError::ShuttingDown`].
    pub(crate) async fn push(&self, agency: AgencyId, job: J) -> Result<(), SubmitError> {
        let (job, room) = match self.try_push(agency, job, false)? {
            Pushed::In => return Ok(()),
            Pushed::NoRoom { job, room } => (job, room),
        };
        let busy = || SubmitError::Busy { limit: Limit::Lane(self.lane_limit) };
        let waited = tokio::time::timeout(self.patience, room.acquire()).await;
        let permit = waited.map_err(|_| busy())?.map_err(|_| SubmitError::ShuttingDown)?;
        permit.forget();
        match self.try_push(agency, job, true)? {
            Pushed::In => Ok(()),
            Pushed::NoRoom { .. } => Err(busy()),
        }
    }

    /// Puts jobs into the lane of an agency, in this order: all at once where there is room, so that
    /// the writer finds them together.
    ///
    /// # Errors
    /// As [`Self::push`]; some of the jobs may then wait already.
    pub(crate) async fn push_all(&self, agency: AgencyId, jobs: Vec<J>) -> Result<(), SubmitError> {
        for job in self.try_push_all(agency, jobs)? {
            self.push(agency, job).await?;
        }
        Ok(())
    }

    /// The jobs, if there is no room for all of them.
    fn try_push_all(&self, agency: AgencyId, jobs: Vec<J>) -> Result<Vec<J>, SubmitError> {
        let mut lanes = self.lock();
        let waiting = lanes.waiting;
        let lane = lanes.lane(agency, self.lane_limit)?;
        let permits = u32::try_from(jobs.len()).unwrap_or(u32::MAX);
        if waiting + jobs.len() > self.limit {
            return Ok(jobs);
        }
        match lane.room.try_acquire_many(permits) {
            Ok(permits) => permits.forget(),
            Err(_) => return Ok(jobs),
        }
        let idle = lane.jobs.is_empty() && !jobs.is_empty();
        lanes.waiting += jobs.len();
        if idle {
            lanes.turns.push_back(agency);
        }
        let wake = waiting < lanes.wake_at && lanes.waiting >= lanes.wake_at;
        lanes.lane(agency, self.lane_limit)?.jobs.extend(jobs);
        drop(lanes);
        if wake {
            self.arrived.notify_one();
        }
        Ok(Vec::new())
    }

    /// `admitted`: the lane's permit is already taken.
    fn try_push(&self, agency: AgencyId, job: J, admitted: bool) -> Result<Pushed<J>, SubmitError> {
        let mut lanes = self.lock();
        let waiting = lanes.waiting;
        let lane = lanes.lane(agency, self.lane_limit)?;
        if waiting >= self.limit {
            if admitted {
                lane.room.add_permits(1);
            }
            return Err(SubmitError::Busy { limit: Limit::Queue(self.limit) });
        }
        if !admitted {
            match lane.room.try_acquire() {
                Ok(permit) => permit.forget(),
                Err(_) => return Ok(Pushed::NoRoom { job, room: Arc::clone(&lane.room) }),
            }
        }
        let idle = lane.jobs.is_empty();
        lane.jobs.push_back(job);
        if idle {
            lanes.turns.push_back(agency);
        }
        lanes.waiting += 1;
        let wake = lanes.waiting == lanes.wake_at;
        drop(lanes);
        if wake {
            self.arrived.notify_one();
        }
        Ok(Pushed::In)
    }

    /// Waits until there is something, and takes at most that many. `None` once the queue is
    /// closed and empty.
    pub(crate) fn wait(&self, most: usize) -> Option<Vec<J>> {
        let mut lanes = self.lock();
        lanes.wake_at = 1;
        while lanes.waiting == 0 {
            if lanes.closed {
                return None;
            }
            lanes = self.arrived.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
        Some(take(&mut lanes, most))
    }

    /// Waits until somebody nudges or so much is there that it is worth waking up for, and takes
    /// at most that many of it; if that is 0, waits for the nudge.
    pub(crate) fn wait_or_nudge(&self, most: usize) -> Vec<J> {
        let enough = if most == 0 { usize::MAX } else { HANDFUL.min(most) };
        let mut lanes = self.lock();
        lanes.wake_at = enough;
        while !lanes.nudged && lanes.waiting < enough {
            lanes = self.arrived.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
        lanes.nudged = false;
        take(&mut lanes, most)
    }

    /// Lets [`Self::wait_or_nudge`] return, now or when it is called next.
    pub(crate) fn nudge(&self) {
        self.lock().nudged = true;
        self.arrived.notify_one();
    }

    /// Takes at most that many of what is there.
    pub(crate) fn take(&self, most: usize) -> Vec<J> {
        take(&mut self.lock(), most)
    }

    /// Takes nothing more in; what is there can still be taken out.
    pub(crate) fn close(&self) {
        let mut lanes = self.lock();
        lanes.closed = true;
        for lane in lanes.of.values() {
            lane.room.close();
        }
        drop(lanes);
        self.arrived.notify_one();
    }

    /// Whether it was closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Number of jobs waiting.
    pub(crate) fn len(&self) -> usize {
        self.lock().waiting
    }

    fn lock(&self) -> MutexGuard<'_, Lanes<J>> {
        // Nothing panics while the lanes are half changed.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> Lanes<J> {
    fn lane(&mut self, agency: AgencyId, limit: usize) -> Result<&mut Lane<J>, SubmitError> {
        if self.closed {
            return Err(SubmitError::ShuttingDown);
        }
        Ok(self.of.entry(agency).or_insert_with(|| Lane {
            jobs: VecDeque::new(),
            room: Arc::new(Semaphore::new(limit)),
        }))
    }
}

enum Pushed<J> {
    In,
    NoRoom { job: J, room: Arc<Semaphore> },
}

fn take<J>(lanes: &mut Lanes<J>, most: usize) -> Vec<J> {
    let mut taken = Vec::with_capacity(most.min(lanes.waiting));
    while taken.len() < most
        && let Some(agency) = lanes.turns.pop_front()
    {
        let Some(lane) = lanes.of.get_mut(&agency) else { continue };
        if let Some(job) = lane.jobs.pop_front() {
            taken.push(job);
            lane.room.add_permits(1);
        }
        if !lane.jobs.is_empty() {
            lanes.turns.push_back(agency);
        }
    }
    lanes.waiting -= taken.len();
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(queue: usize, lane: usize) -> Queue<u32> {
        let patience = Duration::from_millis(1);
        Queue::new(&Settings { queue, lane, patience, ..Settings::default() })
    }

    const IMPORT: AgencyId = AgencyId([1; 16]);
    const OFFICE: AgencyId = AgencyId([2; 16]);

    #[tokio::test]
    async fn lanes_take_turns() {
        let queue = queue(100, 100);
        for job in 0..10 {
            queue.push(IMPORT, job).await.expect("room");
        }
        queue.push(OFFICE, 100).await.expect("room");
        queue.push(OFFICE, 101).await.expect("room");
        assert_eq!(queue.take(5), [0, 100, 1, 101, 2]);
        assert_eq!(queue.wait(100), Some(vec![3, 4, 5, 6, 7, 8, 9]));
        assert_eq!(queue.len(), 0);
    }

    #[tokio::test]
    async fn a_full_lane_lets_its_caller_wait_and_nobody_else() {
        let queue = Arc::new(Queue::new(&Settings {
            lane: 2,
            patience: Duration::from_mins(1),
            ..Settings::default()
        }));
        queue.push(IMPORT, 1).await.expect("room");
        queue.push(IMPORT, 2).await.expect("room");
        let third = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.push(IMPORT, 3).await }
        });
        tokio::task::yield_now().await;
        queue.push(OFFICE, 4).await.expect("its own lane has room");
        assert_eq!(queue.take(2), [1, 4]);
        third.await.expect("no panic").expect("there is room now");
        assert_eq!(queue.take(9), [2, 3]);
    }

    #[tokio::test]
    async fn many_jobs_arrive_together_and_in_order() {
        let queue = queue(6, 4);
        queue.push_all(IMPORT, vec![1, 2, 3]).await.expect("room");
        queue.push_all(OFFICE, vec![]).await.expect("nothing");
        assert_eq!(queue.wait(9), Some(vec![1, 2, 3]));
        let error = queue.push_all(IMPORT, (0..5).collect()).await.expect_err("full");
        assert!(matches!(error, SubmitError::Busy { limit: Limit::Lane(4) }));
        assert_eq!(queue.take(9), [0, 1, 2, 3]);
    }

    #[tokio::test]
    async fn a_nudge_is_not_lost() {
        let queue = queue(100, 100);
        queue.nudge();
        assert!(queue.wait_or_nudge(9).is_empty());
        queue.push(IMPORT, 1).await.expect("room");
        queue.nudge();
        assert!(queue.wait_or_nudge(0).is_empty());
        assert_eq!(queue.wait_or_nudge(1), [1]);
    }

    #[tokio::test]
    async fn the_limit_met_is_named() {
        let lane = queue(100, 1);
        lane.push(IMPORT, 1).await.expect("room");
        let error = lane.push(IMPORT, 2).await.expect_err("full");
        assert!(matches!(error, SubmitError::Busy { limit: Limit::Lane(1) }));

        let all = queue(2, 100);
        all.push(IMPORT, 1).await.expect("room");
        all.push(OFFICE, 2).await.expect("room");
        let error = all.push(OFFICE, 3).await.expect_err("full");
        assert!(matches!(error, SubmitError::Busy { limit: Limit::Queue(2) }));
    }

    #[tokio::test]
    async fn a_closed_queue_gives_out_what_it_has() {
        let queue = queue(100, 100);
        queue.push(IMPORT, 1).await.expect("room");
        queue.close();
        assert!(matches!(queue.push(IMPORT, 2).await, Err(SubmitError::ShuttingDown)));
        assert_eq!(queue.wait(9), Some(vec![1]));
        assert_eq!(queue.wait(9), None);
    }
}
