//! The log on sled: the suite, the boot check, damage, power cuts.

mod boot;
mod conformance;
mod damage;
mod power_cut;
mod store;
