//! What spans cases, tried on random partnerships.

mod folding;
mod scopes;
mod world;
