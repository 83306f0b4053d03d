//! The log on sled: the suite, the boot check, damage, power cuts, space.

mod boot;
mod conformance;
mod damage;
#[path = "../../../../tests/disk.rs"]
mod disk;
mod power_cut;
mod space;
mod store;
