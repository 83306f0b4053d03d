//! What spans cases, tried on random partnerships.

mod folding;
mod measures;
mod scopes;
mod world;
