//! The front door as one value: who may enter, what they may ask, and its execution.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use async_graphql::{
    Data, Request, Response, ServerError, Variables, parser::types::OperationType,
};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{Semaphore, watch};

use crate::{
    answer::{Answer, Notes},
    caller::{Authenticate, Caller, Pass},
    documents::{Document, Engine, Operation},
    envelope::Envelope,
    errors::{Code, Refused, RequestId, presentable},
    fanout::Fanout,
    host::Host,
    limits::Limits,
    live::{Live, LiveSlot, Tick},
    metrics::Metrics,
};

/// Everything that requests and sockets share.
pub struct Service<C> {
    engine: Engine,
    callers: Box<dyn Authenticate<Caller = C>>,
    pub(crate) host: Box<dyn Host>,
    pub(crate) origins: Vec<String>,
    pub(crate) fanout: Fanout<C>,
    pub(crate) metrics: Metrics,
    /// One permit for each socket; all of them together mean that none is open.
    pub(crate) sockets: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

impl<C: Caller> Service<C> {
    /// `origins` are the web origins (`https://dashboard.example`) whose pages may open a
    /// WebSocket; clients that are no browsers send none.
    pub fn new(
        engine: Engine,
        callers: Box<dyn Authenticate<Caller = C>>,
        host: impl Host,
        origins: Vec<String>,
    ) -> Arc<Self> {
        let sockets = Arc::new(Semaphore::new(engine.limits().sockets));
        Arc::new(Self {
            engine,
            callers,
            host: Box::new(host),
            origins,
            fanout: Fanout::default(),
            metrics: Metrics::default(),
            sockets,
            closing: watch::Sender::new(false),
        })
    }

    pub(crate) fn limits(&self) -> &Limits {
        self.engine.limits()
    }

    pub(crate) fn authenticate(&self, bearer: &str) -> Option<Pass<C>> {
        self.callers.authenticate(bearer)
    }

    /// Turns true, once, when the server begins to stop.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Finds the operation that this request names and asks whether the caller may use it.
    pub(crate) fn ask(&self, caller: &Arc<C>, envelope: Envelope<'_>) -> Result<Asked<C>, Refused> {
        let document = self.engine.document(&envelope.query)?;
        let index = document.find(envelope.operation.as_deref())?;
        let asked =
            Asked { document, index, variables: envelope.variables, caller: Arc::clone(caller) };
        asked.operation().authorise(&**caller)?;
        Ok(asked)
    }

    /// Executes a query or mutation.
    pub(crate) async fn answer(
        &self,
        asked: Asked<C>,
        request_id: &RequestId,
    ) -> Result<Answer, Refused> {
        let started = Instant::now();
        let Asked { document, index, variables, caller } = asked;
        let operation = &document.operations[index];
        let kind = operation.kind;
        let mut request = self.engine.request(&document, operation, variables)?;
        let notes = self.equip(caller, &mut request.data);
        let executed = AssertUnwindSafe(self.engine.execute(request)).catch_unwind().await;
        let answer = Answer::of(executed.unwrap_or_else(|_| panicked()), &notes, request_id);
        self.count_errors(&answer);
        let elapsed = started.elapsed();
        if kind == OperationType::Mutation {
            self.metrics.mutations.record(elapsed);
        } else {
            self.metrics.queries.record(elapsed);
        }
        Ok(answer)
    }

    /// Lets a subscription's resolver say what it follows.
    pub(crate) async fn open(&self, asked: &Asked<C>, id: &RequestId) -> Result<Live, Refused> {
        let slot = LiveSlot::opening();
        let request = self.live_request(asked, Arc::clone(&slot))?.0;
        let mut opening = self.engine.stream(request);
        let first = AssertUnwindSafe(opening.next()).catch_unwind().await;
        match first {
            Ok(None) => slot.take().ok_or_else(|| {
                Refused::new(Code::BadRequest, "the subscription selects nothing to follow")
            }),
            Ok(Some(response)) if !response.errors.is_empty() => {
                let errors = response.errors.into_iter().map(|error| presentable(error, id));
                Err(Refused::of_presented(errors.collect()))
            }
            // A resolver that streams by itself would bypass sharing and back-pressure.
            Ok(Some(_)) | Err(_) => {
                tracing::error!(request.id = %id, "a subscription resolver did not open its slot");
                Err(Refused::new(Code::Internal, "internal error"))
            }
        }
    }

    /// Executes a subscription's selection for one tick.
    pub(crate) async fn show(&self, asked: &Asked<C>, tick: Tick) -> Answer {
        self.metrics.live_executions.add(1);
        let id = RequestId::next();
        let (response, notes) = match self.live_request(asked, LiveSlot::showing(tick.item)) {
            Ok((request, notes)) => {
                let mut showing = self.engine.stream(request);
                let shown = AssertUnwindSafe(showing.next()).catch_unwind().await;
                (shown.ok().flatten().unwrap_or_else(panicked), notes)
            }
            Err(refused) => (Response::from_errors(refused.errors), Notes::default()),
        };
        let answer = Answer::of(response, &notes, &id);
        self.count_errors(&answer);
        answer
    }

    fn live_request(
        &self,
        asked: &Asked<C>,
        slot: Arc<LiveSlot>,
    ) -> Result<(Request, Notes), Refused> {
        // One clone of the variables for each execution, not for each delivery.
        let mut request =
            self.engine.request(&asked.document, asked.operation(), asked.variables.clone())?;
        request.data.insert(slot);
        let notes = self.equip(Arc::clone(&asked.caller), &mut request.data);
        Ok((request, notes))
    }

    fn equip(&self, caller: Arc<C>, data: &mut Data) -> Notes {
        let notes = Notes::default();
        data.insert(caller);
        data.insert(notes.clone());
        self.host.equip(data);
        notes
    }

    fn count_errors(&self, answer: &Answer) {
        for code in &answer.codes {
            self.metrics.refused(*code);
        }
    }
}

/// An operation that a caller may use, with their variables, not yet executed.
pub(crate) struct Asked<C> {
    pub(crate) document: Arc<Document>,
    index: usize,
    pub(crate) variables: Variables,
    pub(crate) caller: Arc<C>,
}

impl<C> Asked<C> {
    pub(crate) fn operation(&self) -> &Operation {
        &self.document.operations[self.index]
    }
}

fn panicked() -> Response {
    Response::from_errors(vec![ServerError::new("a resolver panicked", None)])
}
