//! Media types: what a request may come in and what its answer goes out in.

use axum::http::{HeaderMap, HeaderValue, header};

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answering {
    /// `application/graphql-response+json`: the status tells whether the request was executed.
    GraphqlResponse,
    /// `application/json`, for older clients: well-formed requests are answered with 200.
    Json,
}

impl Answering {
    pub(crate) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }
}

/// What the `Accept` header prefers of the two; without one, or for `*/*`, JSON. `None` when it
/// names neither.
pub(crate) fn answering(headers: &HeaderMap) -> Option<Answering> {
    let mut best: Option<(Answering, u16)> = None;
    let mut named = false;
    for value in headers.get_all(header::ACCEPT) {
        for range in value.to_str().ok()?.split(',') {
            named = true;
            let mut parameters = range.split(';').map(str::trim);
            let kind = match parameters.next().unwrap_or("").to_ascii_lowercase().as_str() {
                "application/graphql-response+json" => Answering::GraphqlResponse,
                "application/json" | "application/*" | "*/*" => Answering::Json,
                _ => continue,
            };
            let Some(quality) = quality(parameters) else { continue };
            if quality > 0 && best.is_none_or(|(_, most)| quality > most) {
                best = Some((kind, quality));
            }
        }
    }
    if named { best.map(|(kind, _)| kind) } else { Some(Answering::Json) }
}

/// The `q` of a range in thousandths; `None` for a charset that we do not write.
fn quality<'a>(parameters: impl Iterator<Item = &'a str>) -> Option<u16> {
    let mut quality = 1_000;
    for parameter in parameters {
        let (name, value) = parameter.split_once('=')?;
        if name.eq_ignore_ascii_case("q") {
            let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
            let digits = format!("{whole}{fraction:0<3}");
            quality = digits.parse::<u16>().ok().filter(|q| *q <= 1_000)?;
        } else if name.eq_ignore_ascii_case("charset") && !is_utf8(value) {
            return None;
        }
    }
    Some(quality)
}

/// Whether the body is JSON in UTF-8, as it is.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    is(headers, "application/json")
}

/// Whether a body is plain text as we read it: UTF-8, not compressed.
pub(crate) fn is_text(headers: &HeaderMap) -> bool {
    is(headers, "text/plain")
}

fn is(headers: &HeaderMap, wanted: &str) -> bool {
    let identity = headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let mut parameters = value.split(';').map(str::trim);
    identity
        && parameters.next().is_some_and(|kind| kind.eq_ignore_ascii_case(wanted))
        && parameters.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) => !name.eq_ignore_ascii_case("charset") || is_utf8(value),
            None => true,
        })
}

fn is_utf8(charset: &str) -> bool {
    charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> Option<Answering> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(value).unwrap());
        answering(&headers)
    }

    #[test]
    fn accept_decides_by_quality_then_by_order() {
        use Answering::{GraphqlResponse, Json};
        assert_eq!(answering(&HeaderMap::new()), Some(Json));
        assert_eq!(accept("*/*"), Some(Json));
        assert_eq!(accept("application/graphql-response+json"), Some(GraphqlResponse));
        assert_eq!(
            accept("application/graphql-response+json, application/json;q=0.9"),
            Some(GraphqlResponse)
        );
        assert_eq!(accept("application/json, application/graphql-response+json"), Some(Json));
        assert_eq!(
            accept("application/json;q=0.5, application/graphql-response+json;q=0.75"),
            Some(GraphqlResponse)
        );
        assert_eq!(accept("application/json;q=0, */*;q=0"), None);
        assert_eq!(accept("text/html"), None);
        assert_eq!(accept("application/json; charset=utf-16"), None);
        assert_eq!(accept("text/html, */*;q=0.1"), Some(Json));
        assert_eq!(accept("application/json;q=7"), None);
    }

    #[test]
    fn only_plain_json_in_utf8_is_read() {
        let is = |content_type: &str, encoding: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
            if let Some(encoding) = encoding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_str(encoding).unwrap());
            }
            is_json(&headers)
        };
        assert!(is("application/json", None));
        assert!(is("Application/JSON; charset=\"UTF-8\"", Some("identity")));
        assert!(!is("application/json; charset=latin1", None));
        assert!(!is("application/json", Some("gzip")));
        assert!(!is("text/plain", None));
        assert!(!is("multipart/form-data; boundary=x", None));
        assert!(!is("application/jsonp", None));
        assert!(!is_json(&HeaderMap::new()));
        assert!(!is_text(&HeaderMap::new()));
    }
}
