//! Records as bytes: one spelling, and a typed answer to everything that is not one.

use crate::golden::{encode, fixtures, fullest, sparest};
use crate::world::*;
use proptest::prelude::*;
use tallystick_domain::envelope::{Stored, Unreadable, body_json};
use tallystick_domain::event::FreeText;
use tallystick_domain::id::{AgencyId, CommandId};
use tallystick_domain::{Envelope, Event, EventType, Record, Sealed};

/// The fullest record of a type.
fn of(event_type: EventType) -> Record {
    fullest().into_iter().find(|record| record.envelope.event_type == event_type).unwrap()
}

fn header() -> Vec<u8> {
    encode(&of(EventType::PlacementStarted)).0
}

fn with(change: impl FnOnce(&mut Vec<u8>)) -> Result<Envelope, Unreadable> {
    let mut bytes = header();
    change(&mut bytes);
    Envelope::decode(&bytes)
}

/// Decodes a body with that JSON under the header of a type.
fn body(event_type: EventType, json: &str) -> Result<Event, Unreadable> {
    let (header, _) = encode(&of(event_type));
    let bytes = [&[0x5a; 16], json.as_bytes()].concat();
    Record::decode(&header, &bytes).map(|record| record.event)
}

fn refused(event_type: EventType, json: &str) {
    let answer = body(event_type, json);
    assert!(matches!(answer, Err(Unreadable::Body(_))), "{json} gave {answer:?}");
}

#[test]
fn a_record_in_one_piece_parts_where_its_header_ends() {
    for record in fullest().into_iter().chain(sparest()) {
        let (header, body) = encode(&record);
        let whole = [&header[..], &body[..]].concat();
        assert_eq!(Envelope::split(&whole), Ok((&header[..], &body[..])));
        for end in 0..header.len() {
            assert_eq!(Envelope::split(&whole[..end]), Err(Unreadable::Length { found: end }));
        }
    }
}

#[test]
fn a_header_is_laid_out_as_the_format_says() {
    let record = of(EventType::PlacementStarted);
    let envelope = &record.envelope;
    let cause = envelope.cause.unwrap();
    let expected: Vec<u8> = [
        &[1][..],                             // 0: layout
        &[1],                                 // 1: flags: a cause follows
        &[0, 25],                             // 2: type
        &[0, 1],                              // 4: schema
        &[0, 1],                              // 6: index
        &[0, 3],                              // 8: events of the command
        &[0, 0, 0, 0, 0, 0x0f, 0x42, 0x59],   // 10: position
        &[0, 0, 0, 0, 0, 1, 0x11, 0x70],      // 18: commit
        &[9],                                 // 26: kind of stream
        &PLACEMENT.0,                         // 27: stream
        &[0, 0, 1, 2],                        // 43: version
        &envelope.command.0,                  // 47: command
        &envelope.command_mac,                // 63: MAC of the command
        &YSS.0,                               // 79: agency
        &envelope.actor.0,                    // 95: actor
        &1_210_636_799_999_i64.to_be_bytes(), // 111: recorded at
        &14_011_i32.to_be_bytes(),            // 119: day claimed
        &[0x05, 0x9f],                        // 123: minute of that day
        &envelope.salt,                       // 125: salt
        &[3],                                 // 141: parties
        &TRUST.0,
        &YSS.0,
        &CONNECT.0,
        &cause.of_command,
        &cause.index.to_be_bytes(),
    ]
    .concat();
    assert_eq!(header(), expected);
    let spare = sparest().into_iter().find(|it| it.envelope.event_type == EventType::SentenceEnded);
    let (spare, _) = encode(&spare.unwrap());
    assert_eq!(spare.len(), 142);
    assert_eq!(spare[1], 0, "no cause");
    assert_eq!(spare[123..125], [0xff, 0xff], "no minute");
}

#[test]
fn a_body_is_a_salt_and_json() {
    let (_, bytes) = encode(&of(EventType::PlacementStarted));
    assert_eq!(bytes[..16], *b"salt of the body");
    assert_eq!(body_json(&bytes), Some(r#"{"data":{},"note":"YSBzZWFsZWQgbm90ZQ"}"#));
    assert_eq!(body_json(&bytes[..15]), None);
}

#[test]
fn a_record_is_passed_on_as_it_is_stored() {
    let record = of(EventType::PlacementStarted);
    let (header, body) = encode(&record);
    let stored = Stored::read(&header, &body).unwrap();
    assert_eq!((stored.header, stored.body), (&header[..], &body[..]));
    assert_eq!((stored.envelope, stored.json), (record.envelope, body_json(&body).unwrap()));
    let nothing = Unreadable::Body("the payload is no object".into());
    for body in [&body[..15], &body[..16], &body[..body.len() - 1], &[&body[..], b" "].concat()] {
        assert_eq!(Stored::read(&header, body).unwrap_err(), nothing);
    }
    assert!(Stored::read(&header[1..], &body).is_err(), "the header is read");
}

#[test]
fn every_event_type_comes_back() {
    for (_, record) in fixtures() {
        crate::scene::comes_back(&record);
    }
}

#[test]
fn numbers_of_event_types_come_back_and_others_are_unknown() {
    for number in 0..=u16::MAX {
        match EventType::from_number(number) {
            Some(known) => assert_eq!(known as u16, number),
            None => assert!(EventType::ALL.iter().all(|known| *known as u16 != number)),
        }
    }
    assert_eq!(EventType::ALL.len(), 30);
}

#[test]
fn what_a_later_version_wrote_is_named() {
    assert_eq!(with(|bytes| bytes[0] = 2), Err(Unreadable::Layout(2)));
    assert_eq!(with(|bytes| bytes[3] = 0), Err(Unreadable::Type(0)));
    assert_eq!(with(|bytes| bytes[2] = 0xff), Err(Unreadable::Type(0xff19)));
    let event_type = EventType::PlacementStarted;
    for schema in [0, 2] {
        let expected = Unreadable::Schema { event_type, schema };
        assert_eq!(with(|bytes| bytes[5] = u8::try_from(schema).unwrap()), Err(expected));
    }
    for flags in [2, 3, 0x80] {
        assert_eq!(with(|bytes| bytes[1] = flags), Err(Unreadable::Field("flags")));
    }
}

#[test]
fn a_header_has_only_values_that_it_can_have() {
    let impossible = |field| Err(Unreadable::Field(field));
    assert_eq!(with(|bytes| bytes[7] = 3), impossible("index"));
    assert_eq!(with(|bytes| bytes[26] = 0), impossible("stream"));
    assert_eq!(with(|bytes| bytes[26] = 3), impossible("stream"));
    assert_eq!(with(|bytes| bytes[26] = 8), impossible("stream"), "a start is no referral's");
    assert_eq!(with(|bytes| bytes[119] = 0x7f), impossible("occurred_on"));
    assert_eq!(
        with(|bytes| bytes[123..125].copy_from_slice(&[0x05, 0xa0])),
        impossible("occurred_on")
    );
    assert!(with(|bytes| bytes[123..125].copy_from_slice(&[0xff, 0xff])).is_ok());
}

#[test]
fn an_event_stands_in_its_own_streams_only() {
    for record in fullest() {
        let (bytes, _) = encode(&record);
        for kind in tallystick_domain::StreamKind::ALL {
            let mut moved = bytes.clone();
            moved[26] = kind as u8;
            let stands = record.envelope.event_type.stands_in(kind);
            assert_eq!(Envelope::decode(&moved).is_ok(), stands);
        }
        assert!(record.envelope.event_type.stands_in(record.envelope.stream.kind));
    }
}

#[test]
fn a_header_cut_anywhere_or_with_a_byte_too_many_is_refused() {
    for (name, record) in fixtures() {
        let (mut bytes, _) = encode(&record);
        for length in 0..bytes.len() {
            let answer = Envelope::decode(&bytes[..length]);
            assert_eq!(answer, Err(Unreadable::Length { found: length }), "{name} at {length}");
        }
        bytes.push(0);
        assert_eq!(Envelope::decode(&bytes), Err(Unreadable::Length { found: bytes.len() }));
    }
}

#[test]
fn a_body_cut_anywhere_or_with_a_byte_too_many_is_refused() {
    for (name, record) in fixtures() {
        let (header, bytes) = encode(&record);
        for length in 0..bytes.len() {
            let answer = Record::decode(&header, &bytes[..length]);
            if length < 16 {
                assert_eq!(answer, Err(Unreadable::Field("salt")), "{name} at {length}");
            } else {
                assert!(matches!(answer, Err(Unreadable::Body(_))), "{name} at {length}");
            }
        }
        for extra in *b"\0}x,{ \n" {
            let longer = [bytes.as_slice(), &[extra]].concat();
            let answer = Record::decode(&header, &longer);
            assert!(matches!(answer, Err(Unreadable::Body(_))), "{name} with {extra}");
        }
    }
}

#[test]
fn a_body_is_of_the_type_that_its_header_announces() {
    let (header, _) = encode(&of(EventType::SentenceEnded));
    let (_, other) = encode(&of(EventType::ReferralWithdrawn));
    assert!(matches!(Record::decode(&header, &other), Err(Unreadable::Body(_))));
}

#[test]
fn keys_stand_once_and_are_known() {
    use EventType as T;
    for json in [
        r#"{"data":{"how":"died","how":"died"}}"#,
        r#"{"data":{"how":"died"},"data":{"how":"died"}}"#,
        r#"{"data":{"how":"died"},"note":"AA","note":"AA"}"#,
        r#"{"data":{"how":"died","why":"x"}}"#,
        r#"{"data":{"how":"died"},"extra":1}"#,
        r#"{"data":{}}"#,
        r#"{"note":"AA"}"#,
        r#"{"data":{"how":"Died"}}"#,
        r#"{"data":{"how":6}}"#,
        r#"{"data":null}"#,
        r#"[{"how":"died"}]"#,
        "",
        "null",
    ] {
        refused(T::SentenceEnded, json);
    }
    assert!(body(T::SentenceEnded, r#"{"data":{"how":"died"}}"#).is_ok());
    refused(
        T::SettingChanged,
        r#"{"data":{"to":{"community":{"licence":true,"licence":true}},"why":"released"}}"#,
    );
    refused(
        T::SettingChanged,
        r#"{"data":{"to":{"community":{"licence":true},"custody":{}},"why":"released"}}"#,
    );
    refused(T::SettingChanged, r#"{"data":{"to":{"community":{}},"why":"released"}}"#);
}

#[test]
fn numbers_are_whole_and_fit() {
    let set = |count: &str, from: &str| {
        format!(r#"{{"data":{{"site":"hereford","unit":"bed","count":{count},"from":"{from}"}}}}"#)
    };
    assert!(body(EventType::CapacitySet, &set("4294967295", "2008-04-01")).is_ok());
    for count in
        ["4294967296", "18446744073709551616", "-1", "1.0", "1e3", "\"1\"", "01", "NaN", "true"]
    {
        refused(EventType::CapacitySet, &set(count, "2008-04-01"));
    }
    for from in ["2008-02-30", "2008-4-1", "20080401", "2008-04-01T10:00", "+02008-04-01", ""] {
        refused(EventType::CapacitySet, &set("1", from));
    }
}

#[test]
fn text_ids_and_sealed_values_keep_to_their_forms() {
    let made = |title: &str| {
        format!(r#"{{"data":{{"title":"{title}","body":"b","level":"1","kind":"national"}}}}"#)
    };
    assert!(body(EventType::QualificationAwarded, &made(&"x".repeat(200))).is_ok());
    for title in ["", "  ", &"x".repeat(201), r"a\u0000b", r"a\u202eb", r"\ud800"] {
        refused(EventType::QualificationAwarded, &made(title));
    }
    let noted = |note: &str| format!(r#"{{"data":{{}},"note":"{note}"}}"#);
    assert!(body(EventType::PlacementStarted, &noted("AA")).is_ok());
    for note in ["A", "AB", "AA==", "A A", "-_", &"A".repeat(8_004)] {
        refused(EventType::PlacementStarted, &noted(note));
    }
    let voided = |target: &str| {
        format!(r#"{{"data":{{"target":"{target}","op":"void","reason":"duplicate"}}}}"#)
    };
    let target = tallystick_domain::EventId::derive(YSS, CommandId([1; 16]), 0).to_string();
    assert!(body(EventType::Corrected, &voided(&target)).is_ok());
    for target in ["evt_", "", &target.to_uppercase(), &format!("{target}0"), &target[4..]] {
        refused(EventType::Corrected, &voided(target));
    }
}

#[test]
fn a_nest_of_corrections_is_refused_and_does_not_overflow() {
    let open = r#"{"target":"evt_00000000000080008000000000000000_0","op":{"replace":{"occurred_on":"2008-04-01","event":{"Corrected":"#;
    for depth in [100, 100_000] {
        refused(EventType::Corrected, &format!(r#"{{"data":{}"#, open.repeat(depth)));
    }
}

#[test]
fn a_header_names_at_most_as_many_parties_as_it_has_room_for() {
    let mut record = of(EventType::PlacementStarted);
    record.envelope.parties = (0..64).map(|party| AgencyId([party; 16])).collect();
    crate::scene::comes_back(&record);
}

#[test]
fn a_sealed_value_shows_nothing_of_itself() {
    let note: Sealed<FreeText> = Sealed::from_blob(&b"who it is about"[..]);
    assert_eq!(format!("{note:?}"), "Sealed(15 bytes)");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_answered(header in prop::collection::vec(any::<u8>(), 0..400), body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Record::decode(&header, &body);
    }

    #[test]
    fn a_header_has_one_spelling(which in any::<prop::sample::Index>(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)) {
        let all = fixtures();
        let (mut bytes, _) = encode(&all[which.index(all.len())].1);
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Ok(envelope) = Envelope::decode(&bytes) {
            let mut again = Vec::new();
            envelope.encode(&mut again);
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn a_damaged_body_is_answered(which in any::<prop::sample::Index>(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let all = fixtures();
        let (header, mut bytes) = encode(&all[which.index(all.len())].1);
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        // Whatever can still be read can be written and read again.
        if let Ok(record) = Record::decode(&header, &bytes) {
            crate::scene::comes_back(&record);
        }
    }
}
