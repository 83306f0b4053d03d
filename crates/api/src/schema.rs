//! The schema: what partners ask and tell the ledger in GraphQL. Resolvers are thin: they read an
//! [`At`](context::At) or hand a command to the ledger.

pub(crate) mod agency;
pub(crate) mod agreement;
pub(crate) mod assessment;
pub(crate) mod audit;
pub(crate) mod circumstance;
pub(crate) mod code;
pub(crate) mod command_error;
pub(crate) mod connection;
pub(crate) mod context;
pub(crate) mod cursor;
pub(crate) mod event;
pub(crate) mod history;
pub(crate) mod home;
pub(crate) mod id;
pub(crate) mod input;
pub(crate) mod ledger;
pub(crate) mod measure;
pub(crate) mod mutation;
pub(crate) mod node;
pub(crate) mod offence;
pub(crate) mod payload;
pub(crate) mod payment;
pub(crate) mod person;
pub(crate) mod placement;
pub(crate) mod plan;
pub(crate) mod quality;
pub(crate) mod query;
pub(crate) mod referral;
pub(crate) mod register;
pub(crate) mod scalar;
pub(crate) mod sensitive;
pub(crate) mod sentence;
pub(crate) mod service;
pub(crate) mod subscription;
pub(crate) mod viewer;
pub(crate) mod worker;

use async_graphql::{SDLExportOptions, Schema, SchemaBuilder};

use mutation::Mutation;
use query::Query;
use subscription::Subscription;

/// The schema's builder; what depends on the node comes with each request.
pub(crate) fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation, Subscription)
}

/// The schema in the schema definition language, sorted, with what is said about each part.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by();
    let mut sdl = builder().finish().sdl_with_options(options);
    sdl.truncate(sdl.trim_end().len());
    sdl.push('\n');
    sdl
}
