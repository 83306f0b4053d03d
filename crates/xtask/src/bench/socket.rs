//! A client of `eventStream` at as little cost as possible: frames are told apart by their length
//! and looked at for one word; no JSON is read.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::load::holds;
use super::request::EVENT_STREAM;

/// Bytes read at once.
const ROOM_BYTES: usize = 64 * 1024;
/// How far into a message its kind stands.
const KIND_WITHIN: usize = 160;

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

/// One subscriber.
pub(super) struct Socket {
    stream: TcpStream,
    room: Vec<u8>,
    /// What of the room has been read.
    at: usize,
}

impl Socket {
    /// Follows all events after a cursor, as the holder of a token.
    ///
    /// # Errors
    /// When the server does not want to.
    pub(super) async fn follow(server: SocketAddr, token: &str, after: &str) -> Result<Self> {
        let stream = TcpStream::connect(server).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        let mut socket = Self { stream, room: Vec::with_capacity(1024), at: 0 };
        socket.shake_hands().await?;
        let bearer = format!("Bearer {token}");
        let init = json!({ "type": "connection_init", "payload": { "authorization": bearer } });
        socket.say(&init.to_string()).await?;
        let acknowledged = socket.message().await?;
        ensure!(holds(acknowledged, b"connection_ack"), "the token is not taken");
        let payload = json!({ "query": EVENT_STREAM, "variables": { "after": after } });
        let subscribe = json!({ "id": "1", "type": "subscribe", "payload": payload });
        socket.say(&subscribe.to_string()).await?;
        // It says so when there is nothing more for now.
        let first = socket.message().await?;
        ensure!(
            holds(first, b"CaughtUp") || holds(first, b"EventRecorded"),
            "the subscription begins with {}",
            String::from_utf8_lossy(first)
        );
        Ok(socket)
    }

    async fn shake_hands(&mut self) -> Result<()> {
        // The key need not be random: it only shows that the other side knows the protocol.
        let request = "GET /graphql HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\n\
            connection: upgrade\r\nsec-websocket-version: 13\r\n\
            sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            sec-websocket-protocol: graphql-transport-ws\r\n\r\n";
        self.stream.write_all(request.as_bytes()).await?;
        loop {
            let read = self.stream.read_buf(&mut self.room).await?;
            ensure!(read > 0, "the server closed the connection");
            if let Some(end) = self.room.windows(4).position(|four| four == b"\r\n\r\n") {
                ensure!(self.room.starts_with(b"HTTP/1.1 101"), "no handshake");
                self.at = end + 4;
                return Ok(());
            }
        }
    }

    /// Waits for the next event.
    ///
    /// # Errors
    /// When the stream ends.
    pub(super) async fn event(&mut self) -> Result<()> {
        loop {
            let message = self.message().await?;
            let begin = &message[..message.len().min(KIND_WITHIN)];
            if holds(begin, b"EventRecorded") {
                return Ok(());
            }
            if holds(begin, br#""type":"ping""#) {
                self.say(r#"{"type":"pong"}"#).await?;
            } else if !holds(begin, br#""type":"next""#) {
                bail!("the stream ends with {}", String::from_utf8_lossy(message));
            }
        }
    }

    /// The next text message.
    async fn message(&mut self) -> Result<&[u8]> {
        let (kind, begin, end) = loop {
            if let Some((kind, begin, end)) = frame(&self.room[self.at..])? {
                let (begin, end) = (self.at + begin, self.at + end);
                self.at = end;
                if kind == PING {
                    continue;
                }
                break (kind, begin, end);
            }
            self.room.drain(..self.at);
            self.at = 0;
            self.room.reserve(ROOM_BYTES);
            let read = self.stream.read_buf(&mut self.room).await.context("the socket broke")?;
            ensure!(read > 0, "the server closed the socket");
        };
        let payload = &self.room[begin..end];
        match kind {
            TEXT => Ok(payload),
            CLOSE => bail!("the server closes: {}", String::from_utf8_lossy(payload)),
            other => bail!("a frame of kind {other:#x}"),
        }
    }

    async fn say(&mut self, text: &str) -> Result<()> {
        let mut frame = vec![TEXT];
        // Clients mask what they send; a mask of zeros leaves it as it is (RFC 6455 §5.3).
        match u16::try_from(text.len())? {
            short @ 0..126 => frame.push(0x80 | u8::try_from(short)?),
            long => {
                frame.push(0x80 | 0x7e);
                frame.extend(long.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.stream.write_all(&frame).await.context("the socket broke")
    }
}

/// The first whole frame: its first byte, and where its payload begins and ends.
fn frame(bytes: &[u8]) -> Result<Option<(u8, usize, usize)>> {
    let &[kind, short, ..] = bytes else { return Ok(None) };
    ensure!(short & 0x80 == 0, "a server does not mask");
    let (begin, length) = match short {
        126 => match bytes.get(2..4) {
            Some(long) => (4, usize::from(u16::from_be_bytes(long.try_into()?))),
            None => return Ok(None),
        },
        127 => bail!("a message of more than 64 KiB"),
        short => (2, usize::from(short)),
    };
    Ok((bytes.len() >= begin + length).then_some((kind, begin, begin + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_whole_or_not_there() {
        let mut bytes = vec![TEXT, 126, 1, 0];
        bytes.extend([b'x'; 256]);
        assert_eq!(frame(&bytes).unwrap(), Some((TEXT, 4, 260)));
        assert_eq!(frame(&bytes[..259]).unwrap(), None);
        assert_eq!(frame(&[TEXT, 1, b'a', TEXT]).unwrap(), Some((TEXT, 2, 3)));
        assert_eq!(frame(&[TEXT]).unwrap(), None);
        assert!(frame(&[TEXT, 0x81, 0]).is_err());
    }
}
