//! The one binary as it is shipped; journeys, web suites and README commands run against it.

use anyhow::Result;

use crate::count::Count;
use crate::suite;
use crate::world::World;

pub(crate) fn build(world: &World) -> Result<Count> {
    suite::succeeds(&mut world.cargo(["build", "--release", "--package", "tallystick"]))
}
