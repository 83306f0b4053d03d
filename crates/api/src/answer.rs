//! Answers as bytes.

use std::{collections::BTreeMap, sync::Arc};

use async_graphql::{Response, ServerError, Value};
use bytes::Bytes;
use parking_lot::Mutex;
use serde::Serialize;

use crate::errors::{Code, Refused, RequestId, code_of, presentable};

/// What an answer says about itself, in its `extensions`: a resolver finds this in its context and
/// notes, for instance, the position that everything below it is of.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<BTreeMap<&'static str, Value>>>);

impl Notes {
    /// Sets one entry of the answer's `extensions`; the last one to set it wins.
    pub fn set(&self, name: &'static str, value: Value) {
        self.0.lock().insert(name, value);
    }
}

/// An executed operation, serialised.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The whole JSON object.
    pub(crate) bytes: Bytes,
    /// Where `data` ends in it.
    data_end: usize,
    /// The errors without their request ids.
    failures: Vec<u8>,
    /// Their codes, to be counted.
    pub(crate) codes: Vec<Code>,
}

impl Answer {
    /// Writes `data`, then `errors` as far as they may be shown, then `extensions`.
    pub(crate) fn of(response: Response, notes: &Notes, request: &RequestId) -> Self {
        // Most answers are a few KiB; growing from nothing would copy them several times.
        let mut bytes = Vec::with_capacity(4096);
        bytes.extend_from_slice(b"{\"data\":");
        write(&mut bytes, &response.data);
        let data_end = bytes.len();
        let (mut failures, mut codes) = (Vec::new(), Vec::new());
        if !response.errors.is_empty() {
            let shown: Vec<_> =
                response.errors.into_iter().map(|error| presentable(error, request)).collect();
            codes.extend(shown.iter().filter_map(code_of));
            write(&mut failures, &shown);
            bytes.extend_from_slice(b",\"errors\":");
            write(&mut bytes, &stamped(shown, request));
        }
        let notes = notes.0.lock();
        if !notes.is_empty() {
            bytes.extend_from_slice(b",\"extensions\":");
            write(&mut bytes, &*notes);
        }
        bytes.push(b'}');
        Self { bytes: bytes.into(), data_end, failures, codes }
    }

    /// Whether both say the same, `extensions` apart.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        self.bytes[..self.data_end] == other.bytes[..other.data_end]
            && self.failures == other.failures
    }
}

/// The answer to a request that was refused: errors and no `data`.
pub(crate) fn refusal(refused: &Refused, request: &RequestId) -> Bytes {
    let mut bytes = b"{\"errors\":".to_vec();
    bytes.extend_from_slice(&errors_only(refused, request));
    bytes.push(b'}');
    bytes.into()
}

/// The errors of a refusal as a JSON array.
pub(crate) fn errors_only(refused: &Refused, request: &RequestId) -> Bytes {
    let mut bytes = Vec::new();
    write(&mut bytes, &stamped(refused.errors.clone(), request));
    bytes.into()
}

fn stamped(mut errors: Vec<ServerError>, request: &RequestId) -> Vec<ServerError> {
    for error in &mut errors {
        error.extensions.get_or_insert_default().set("requestId", request.to_string());
    }
    errors
}

fn write(bytes: &mut Vec<u8>, value: &impl Serialize) {
    // Writing JSON values into memory fails only for maps whose keys are no strings; ours are.
    serde_json::to_writer(bytes, value).expect("JSON with text keys");
}
