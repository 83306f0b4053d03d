//! The log on sled: the suite, the boot check, damage, power cuts, space.

mod boot;
mod conformance;
mod damage;
mod power_cut;
mod space;
mod store;
