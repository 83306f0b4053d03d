//! GraphQL over HTTP (the GraphQL-over-HTTP specification, draft of 2025), by our own hand.

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use crate::{
    answer::refusal,
    caller::{Caller, bearer},
    envelope::Envelope,
    errors::{Code, Refused, RequestId},
    limits::Limits,
    media::{self, Answering},
    service::Service,
    socket,
};

/// `/graphql`: POST and GET, and the WebSocket handshake, which is a GET too.
pub(crate) async fn graphql<C: Caller>(
    State(service): State<Arc<Service<C>>>,
    request: Request,
) -> Response {
    let id = RequestId::next();
    let (mut parts, body) = request.into_parts();
    if socket::is_handshake(&parts) {
        return match socket::accept(&service, &mut parts).await {
            Ok(response) => response,
            Err(refused) => refuse(&service, &refused, Answering::Json, &id),
        };
    }
    let answering = media::answering(&parts.headers);
    match answer(&service, &parts, body, answering.is_some(), &id).await {
        Ok(bytes) => reply(StatusCode::OK, answering.unwrap_or(Answering::Json), bytes, &id),
        Err(refused) => refuse(&service, &refused, answering.unwrap_or(Answering::Json), &id),
    }
}

async fn answer<C: Caller>(
    service: &Service<C>,
    parts: &Parts,
    body: Body,
    acceptable: bool,
    id: &RequestId,
) -> Result<Bytes, Refused> {
    // Who is unknown learns nothing else, and has nothing parsed.
    let caller = authenticate(service, &parts.headers)?;
    if !acceptable {
        return Err(Refused::new(
            Code::NotAcceptable,
            "answers are application/graphql-response+json or application/json",
        ));
    }
    let limits = service.limits();
    let asked = match parts.method {
        Method::GET => {
            let query = parts.uri.query().unwrap_or("");
            if query.len() > limits.body_bytes {
                return Err(too_large(limits));
            }
            let asked = service.ask(&caller, Envelope::from_query(query, limits)?)?;
            // The whole document, not the operation named: a mutation must not even be near a
            // link that somebody could be made to follow.
            if !asked.document.only_queries() {
                return Err(Refused::new(
                    Code::MethodNotAllowed,
                    "only queries may be asked by GET",
                ));
            }
            asked
        }
        Method::POST => {
            if !media::is_json(&parts.headers) {
                return Err(Refused::new(
                    Code::UnsupportedMediaType,
                    "send application/json in UTF-8, not compressed",
                ));
            }
            let body = read(body, &parts.headers, limits).await?;
            service.ask(&caller, Envelope::from_json(&body, limits)?)?
        }
        _ => return Err(Refused::new(Code::MethodNotAllowed, "use POST, or GET for queries")),
    };
    if asked.operation().kind == OperationType::Subscription {
        return Err(Refused::new(
            Code::BadRequest,
            "subscriptions travel over a WebSocket, subprotocol graphql-transport-ws",
        ));
    }
    service.answer(asked, id).await.map(|answer| answer.bytes)
}

pub(crate) fn authenticate<C: Caller>(
    service: &Service<C>,
    headers: &HeaderMap,
) -> Result<Arc<C>, Refused> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| bearer(value.to_str().ok()?))
        .and_then(|token| service.authenticate(token))
        .map(|pass| pass.caller)
        .ok_or_else(|| Refused::new(Code::Unauthenticated, "send a known bearer token"))
}

pub(crate) async fn read(
    body: Body,
    headers: &HeaderMap,
    limits: &Limits,
) -> Result<Bytes, Refused> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limits.body_bytes) {
        return Err(too_large(limits));
    }
    let whole = async {
        let mut chunks = body.into_data_stream();
        let mut first: Option<Bytes> = None;
        let mut more: Option<BytesMut> = None;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Refused::new(Code::BadRequest, "the body broke off"))?;
            let so_far = more.as_ref().map_or(first.as_ref().map_or(0, Bytes::len), BytesMut::len);
            if so_far + chunk.len() > limits.body_bytes {
                return Err(too_large(limits));
            }
            // Nearly every request is one chunk, and needs no copy.
            match (&first, &mut more) {
                (None, _) => first = Some(chunk),
                (Some(first), None) => {
                    let mut all = BytesMut::from(&first[..]);
                    all.extend_from_slice(&chunk);
                    more = Some(all);
                }
                (Some(_), Some(all)) => all.extend_from_slice(&chunk),
            }
        }
        Ok(more.map(BytesMut::freeze).or(first).unwrap_or_default())
    };
    tokio::time::timeout(limits.body_within, whole)
        .await
        .unwrap_or_else(|_| Err(Refused::new(Code::BadRequest, "the body did not arrive in time")))
}

fn too_large(limits: &Limits) -> Refused {
    Refused::over(Code::PayloadTooLarge, "request bytes", limits.body_bytes)
}

pub(crate) fn refuse<C: Caller>(
    service: &Service<C>,
    refused: &Refused,
    answering: Answering,
    id: &RequestId,
) -> Response {
    service.metrics.refused(refused.code);
    let status = if answering == Answering::Json && refused.code.is_about_the_document() {
        StatusCode::OK
    } else {
        refused.code.status()
    };
    let mut response = reply(status, answering, refusal(refused, id), id);
    let headers = response.headers_mut();
    match refused.code {
        Code::Unauthenticated => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Code::MethodNotAllowed => {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
        }
        Code::RateLimited | Code::ShuttingDown => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        _ => {}
    }
    response
}

fn reply(status: StatusCode, answering: Answering, bytes: Bytes, id: &RequestId) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, answering.content_type());
    // Answers depend on who asks and when.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert("x-request-id", id);
    }
    response
}
