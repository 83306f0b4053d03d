//! The rules of the partnership, each as a sentence: given what happened, when somebody asks for
//! something, then it is recorded or refused.

mod audiences;
mod batch;
mod catalogue;
mod circumstances;
mod codec;
mod corrections;
mod definitions;
mod directory;
mod enforcement;
mod every_rule;
mod golden;
mod history;
mod inputs;
mod intake;
mod measures;
mod oddities;
mod payments;
mod people;
mod placements;
mod plans;
mod referrals;
mod risks;
mod roles;
mod scene;
mod world;
