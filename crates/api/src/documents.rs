//! Documents, parsed and validated once.
//!
//! async-graphql validates on every request, and an extension that skipped it would cost every
//! field of every answer a boxed future. So the schema is built twice: the *gate* validates
//! strictly and executes nothing, the *runner* executes and checks only what it must. A document
//! that the gate has passed is kept, with its operations taken apart; per request remain the check
//! of the variables and the execution.

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Arc, OnceLock},
};

use async_graphql::{
    Name, ObjectType, Positioned, Request, Response, Schema, SchemaBuilder, ServerError,
    SubscriptionType, ValidationMode, ValidationResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextValidation},
    parser::{
        parse_query,
        types::{
            DocumentOperations, ExecutableDocument, FragmentDefinition, OperationDefinition,
            OperationType,
        },
    },
};
use futures_util::{
    FutureExt,
    future::BoxFuture,
    stream::{BoxStream, StreamExt},
};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::{
    caller::Caller,
    errors::{Code, Refused},
    limits::Limits,
    variables::InputTypes,
    weight,
};

/// A schema ready to answer, with the documents it has seen.
pub struct Engine {
    gate: Arc<dyn Run>,
    runner: Arc<dyn Run>,
    input_types: Arc<OnceLock<InputTypes>>,
    documents: Mutex<Generations>,
    limits: Limits,
}

impl Engine {
    /// Takes the schema as a builder because it is built twice. Extensions added to it run on
    /// every field, so add none.
    ///
    /// # Panics
    /// When the schema cannot answer `{ __typename }`.
    pub fn new<Q, M, S>(build: impl Fn() -> SchemaBuilder<Q, M, S>, limits: Limits) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let input_types = Arc::new(OnceLock::new());
        let open = |builder: SchemaBuilder<Q, M, S>| {
            // `weight` has refused what goes over; the library's own counter is exponential in
            // fragments, but only up to the fields we let through.
            builder.limit_recursive_depth(limits.recursion + 1)
        };
        let gate = open(build())
            .extension(Gate(Arc::clone(&input_types)))
            .validation_mode(ValidationMode::Strict)
            .finish();
        let runner = open(build()).validation_mode(ValidationMode::Fast).finish();
        let engine = Self {
            gate: Arc::new(gate),
            runner: Arc::new(runner),
            input_types,
            documents: Mutex::new(Generations::new(limits.documents, limits.document_bytes)),
            limits,
        };
        let probe = engine.document("{ __typename }");
        assert!(probe.is_ok(), "the schema does not answer __typename");
        engine
    }

    /// The limits this engine keeps.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The document of this text, from memory or parsed and validated now.
    ///
    /// # Errors
    /// `COST_EXCEEDED`, `GRAPHQL_PARSE_FAILED`, `GRAPHQL_VALIDATION_FAILED`. Refusals are not
    /// kept: whoever sends nonsense shall not push out what others use.
    pub(crate) fn document(&self, query: &str) -> Result<Arc<Document>, Refused> {
        if let Some(document) = self.documents.lock().get(query) {
            return Ok(document);
        }
        let document = Arc::new(self.admit(query)?);
        self.documents.lock().insert(query.into(), Arc::clone(&document));
        Ok(document)
    }

    fn admit(&self, query: &str) -> Result<Document, Refused> {
        weight::check_text(query, &self.limits)?;
        let parsed = parse_query(query).map_err(|error| {
            Refused::from_errors(Code::GraphqlParseFailed, vec![ServerError::from(error)])
        })?;
        weight::check_document(&parsed, &self.limits)?;
        self.validate(&parsed)?;
        let mut operations = Vec::with_capacity(parsed.operations.iter().len());
        for (name, definition) in parsed.operations.iter() {
            let roots = weight::root_fields(&parsed, &definition.node);
            if definition.node.ty == OperationType::Subscription && roots.len() != 1 {
                return Err(Refused::new(
                    Code::GraphqlValidationFailed,
                    "a subscription selects exactly one field at its root",
                ));
            }
            operations.push(Operation {
                name: name.cloned(),
                kind: definition.node.ty,
                roots,
                definition: definition.clone(),
            });
        }
        let hash = Sha256::digest(query.as_bytes()).into();
        Ok(Document { hash, operations, fragments: parsed.fragments })
    }

    fn validate(&self, parsed: &ExecutableDocument) -> Result<(), Refused> {
        let mut request = Request::new("");
        request.set_parsed_query(parsed.clone());
        // Without variables, so that the verdict is about the document alone and can be kept.
        request.operation_name =
            parsed.operations.iter().next().and_then(|(name, _)| Some(name?.to_string()));
        // The gate waits for nothing: it has no resolver to run.
        let Some(verdict) = self.gate.execute(request).now_or_never() else {
            return Err(Refused::new(Code::Internal, "internal error"));
        };
        if verdict.errors.is_empty() {
            Ok(())
        } else {
            Err(Refused::from_errors(Code::GraphqlValidationFailed, verdict.errors))
        }
    }

    /// Checks the variables and makes a request of them, without any data yet.
    ///
    /// # Errors
    /// `BAD_REQUEST`, with an error for each variable that does not fit.
    pub(crate) fn request(
        &self,
        document: &Document,
        operation: &Operation,
        variables: Variables,
    ) -> Result<Request, Refused> {
        if let Some(types) = self.input_types.get() {
            types
                .check(&operation.definition.node, &variables)
                .map_err(|errors| Refused::from_errors(Code::BadRequest, errors))?;
        }
        let mut request = Request::new("").variables(variables);
        // The library wants to own it; a copy of the home query takes 0.6 µs. Alone in its
        // document the operation needs no name.
        request.set_parsed_query(ExecutableDocument {
            operations: DocumentOperations::Single(operation.definition.clone()),
            fragments: document.fragments.clone(),
        });
        Ok(request)
    }

    /// Executes a query or mutation.
    pub(crate) fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        self.runner.execute(request)
    }

    /// Executes a subscription's resolvers; see `live`.
    pub(crate) fn stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.runner.stream(request)
    }
}

/// A document that has passed the gate.
pub(crate) struct Document {
    /// SHA-256 of its text.
    pub(crate) hash: [u8; 32],
    pub(crate) operations: Vec<Operation>,
    fragments: HashMap<Name, Positioned<FragmentDefinition>>,
}

impl Document {
    /// Which operation has this name, or is the only one.
    ///
    /// # Errors
    /// `BAD_REQUEST` when there is none of that name, or several and no name.
    pub(crate) fn find(&self, name: Option<&str>) -> Result<usize, Refused> {
        match (name, self.operations.as_slice()) {
            (None, [_]) => Ok(0),
            (None, _) => Err(Refused::new(
                Code::BadRequest,
                "the document has several operations: name one in operationName",
            )),
            (Some(name), operations) => operations
                .iter()
                .position(|operation| operation.name.as_deref() == Some(name))
                .ok_or_else(|| {
                    Refused::new(Code::BadRequest, "the document has no operation of that name")
                }),
        }
    }

    /// Whether every operation is a query, so that it may be asked by GET.
    pub(crate) fn only_queries(&self) -> bool {
        self.operations.iter().all(|operation| operation.kind == OperationType::Query)
    }
}

/// One operation of a document.
pub(crate) struct Operation {
    pub(crate) name: Option<Name>,
    pub(crate) kind: OperationType,
    roots: Vec<Name>,
    definition: Positioned<OperationDefinition>,
}

impl Operation {
    /// Asks for each root field whether the caller may use it.
    ///
    /// # Errors
    /// `FORBIDDEN`, naming the field.
    pub(crate) fn authorise(&self, caller: &impl Caller) -> Result<(), Refused> {
        for field in &self.roots {
            if field != "__typename" && !caller.may(self.kind, field) {
                return Err(Refused::new(Code::Forbidden, format!("you may not use {field}")));
            }
        }
        Ok(())
    }

    /// Only the variables that this operation declares, keys sorted at every level: equal for
    /// requests that mean the same.
    pub(crate) fn canonical_variables(&self, variables: &Variables) -> String {
        let mut declared: Vec<&Name> =
            self.definition.node.variable_definitions.iter().map(|v| &v.node.name.node).collect();
        declared.sort_unstable();
        let mut text = String::new();
        for name in declared {
            if let Some(value) = variables.get(name) {
                text.push_str(name);
                text.push('=');
                write_sorted(value, &mut text);
                text.push(';');
            }
        }
        text
    }
}

fn write_sorted(value: &async_graphql::Value, text: &mut String) {
    use async_graphql::Value;
    match value {
        Value::List(items) => {
            text.push('[');
            for item in items {
                write_sorted(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (key, value) in fields {
                // Quoted, because a JSON key may hold any character, these too: `:,}`.
                let _ = write!(text, "{:?}:", key.as_str());
                write_sorted(value, text);
                text.push(',');
            }
            text.push('}');
        }
        leaf => text.push_str(&leaf.to_string()),
    }
}

/// A schema of whatever root types.
trait Run: Send + Sync {
    fn execute(&self, request: Request) -> BoxFuture<'_, Response>;
    fn stream(&self, request: Request) -> BoxStream<'static, Response>;
}

impl<Q, M, S> Run for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        Schema::execute(self, request).boxed()
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.execute_stream(request).boxed()
    }
}

/// Lets a document be validated and not executed, and takes the schema's input types along.
#[derive(Clone)]
struct Gate(Arc<OnceLock<InputTypes>>);

impl ExtensionFactory for Gate {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Gate {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        self.0.get_or_init(|| InputTypes::of(&ctx.schema_env.registry));
        next.run(ctx).await
    }

    async fn execute(
        &self,
        _: &ExtensionContext<'_>,
        _: Option<&str>,
        _: NextExecute<'_>,
    ) -> Response {
        Response::default()
    }
}

/// A map that forgets what has not been used for a while: when the young half is full it becomes
/// the old one, and what is asked for again moves back.
struct Generations {
    young: HashMap<Box<str>, Arc<Document>>,
    old: HashMap<Box<str>, Arc<Document>>,
    /// Texts in the young half.
    young_bytes: usize,
    half: usize,
    half_bytes: usize,
}

impl Generations {
    fn new(documents: usize, bytes: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            young_bytes: 0,
            half: documents.div_ceil(2),
            half_bytes: bytes.div_ceil(2),
        }
    }

    fn get(&mut self, query: &str) -> Option<Arc<Document>> {
        if let Some(document) = self.young.get(query) {
            return Some(Arc::clone(document));
        }
        let (text, document) = self.old.remove_entry(query)?;
        self.insert(text, Arc::clone(&document));
        Some(document)
    }

    fn insert(&mut self, query: Box<str>, document: Arc<Document>) {
        if query.len() > self.half_bytes {
            return;
        }
        if self.young.len() >= self.half || self.young_bytes + query.len() > self.half_bytes {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += query.len();
        self.young.insert(query, document);
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object};

    use super::*;

    struct Query;

    #[Object]
    impl Query {
        async fn number(&self, of: Option<i32>) -> i32 {
            of.unwrap_or(1)
        }
    }

    fn engine(documents: usize) -> Engine {
        Engine::new(
            || Schema::build(Query, EmptyMutation, EmptySubscription),
            Limits { documents, ..Limits::default() },
        )
    }

    #[test]
    fn a_document_is_validated_once_and_kept() {
        let engine = engine(8);
        let first = engine.document("{ number }").unwrap();
        assert!(Arc::ptr_eq(&first, &engine.document("{ number }").unwrap()));
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let engine = engine(8);
        let used = engine.document("{ number }").unwrap();
        for index in 0..100 {
            engine.document(&format!("{{ number(of: {index}) }}")).unwrap();
            assert!(Arc::ptr_eq(&used, &engine.document("{ number }").unwrap()));
        }
        let documents = engine.documents.lock();
        assert!(documents.young.len() + documents.old.len() <= 8);
    }

    #[test]
    fn the_cache_is_bounded_in_bytes_too() {
        let engine = engine(1_000);
        for index in 0..20 {
            let padding = " ".repeat(200_000);
            engine.document(&format!("{{ number(of: {index}) {padding} }}")).unwrap();
        }
        let documents = engine.documents.lock();
        let held: usize = documents.young.keys().chain(documents.old.keys()).map(|t| t.len()).sum();
        assert!(held <= Limits::default().document_bytes, "{held}");
    }

    #[test]
    fn a_refused_document_is_not_kept() {
        let engine = engine(8);
        assert_eq!(
            engine.document("{ nothing }").err().unwrap().code,
            Code::GraphqlValidationFailed
        );
        assert_eq!(engine.document("{ number").err().unwrap().code, Code::GraphqlParseFailed);
        assert_eq!(engine.documents.lock().young.len(), 1, "only the probe of the start");
    }

    #[test]
    fn equal_variables_are_equal_whatever_their_order() {
        let engine = engine(8);
        let document = engine.document("query($of: Int) { number(of: $of) }").unwrap();
        let operation = &document.operations[0];
        let canonical = |json: &str| {
            operation.canonical_variables(&serde_json::from_str::<Variables>(json).unwrap())
        };
        assert_eq!(
            canonical(r#"{"of":{"a":1,"b":2},"undeclared":3}"#),
            canonical(r#"{"of":{"b":2,"a":1}}"#)
        );
        assert_ne!(canonical(r#"{"of":1}"#), canonical(r#"{"of":"1"}"#));
        assert_ne!(canonical(r#"{"of":null}"#), canonical("{}"));
    }
}
