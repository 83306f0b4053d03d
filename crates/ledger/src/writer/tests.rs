//! The writer's rules, one block at a time.

use crate::receipt::Outcome;
use crate::solo::Solo;
use crate::world::{World, command_id};

#[test]
fn what_asks_for_records_waits_for_the_block_in_flight() {
    let world = World::SMALL;
    let mut solo = Solo::new();
    solo.set_up(world);
    let life = world.life(0);
    let (first_session, second_session) = (&life[7], &life[8]);
    for command in &life[..8] {
        solo.block([command.clone()]);
    }
    solo.offer(second_session.clone());
    let in_flight = solo.send();
    // While the second session is on its way: a correction of the first, whose case is about to
    // have one record more than the log, and a correction of the second, which nobody can read.
    solo.offer(world.recredited(first_session, 60, command_id(1)));
    solo.offer(world.recredited(second_session, 30, command_id(2)));
    solo.work_ahead();
    assert!(matches!(*solo.land(in_flight), [Outcome::Accepted(_)]));
    let corrections = solo.send();
    let outcomes = solo.land(corrections);
    let accepted = matches!(*outcomes, [Outcome::Accepted(_), Outcome::Accepted(_)]);
    assert!(accepted, "decided on a part of their case: {outcomes:?}");
}
