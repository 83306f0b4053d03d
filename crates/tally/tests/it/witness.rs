//! What a witness cosigns, and what it answers instead.

use proptest::prelude::*;
use tallystick_tally::{
    AddCheckpoint, Checkpoint, ConsistencyProof, Hash, Refusal, TreeHead, VerifierKey,
};

use crate::sample::{Log, cosigner, signer, size};

fn known() -> [VerifierKey; 1] {
    [signer().verifier_key().clone()]
}

fn request(log: &Log, old: u64, new: u64) -> AddCheckpoint {
    let proof = ConsistencyProof::build(size(old), size(new), |tile| log.tile(tile));
    let checkpoint = signer().sign(log.head(new));
    AddCheckpoint { old: size(old), proof: proof.expect("all tiles"), checkpoint }
}

fn status(request: &AddCheckpoint, last: &TreeHead) -> u16 {
    request.judge(last, &known()).map_or_else(|refusal| refusal.status(), |_| 200)
}

#[test]
fn a_tree_that_begins_with_the_last_one_is_cosigned() {
    let log = Log::of_size(300);
    for (old, new) in [(0, 0), (0, 1), (0, 300), (1, 2), (7, 8), (255, 256), (256, 300), (300, 300)]
    {
        let request = request(&log, old, new);
        let text = request.to_string();
        assert_eq!(AddCheckpoint::parse(text.as_bytes()).as_ref(), Ok(&request));
        assert!(text.starts_with(&format!("old {old}\n")));
        let accepted = request.judge(&log.head(old), &known()).expect("consistent");
        assert_eq!(accepted.head(), &log.head(new));
        let at = tallystick_tally::Timestamp::new(1_800_000_000).expect("a time");
        let line = accepted.cosign(&cosigner("auditor"), at).to_string();
        let mut checkpoint = request.checkpoint.clone();
        let key = [cosigner("auditor").verifier_key().clone()];
        assert_eq!(checkpoint.add_cosignatures(&line, &key), Ok(1));
        let verified = checkpoint.note().verify(&key).expect("cosigned");
        assert_eq!(verified[0].at, Some(at));
    }
}

#[test]
fn each_refusal_has_the_status_of_the_specification() {
    let log = Log::of_size(30);
    let mut request = request(&log, 10, 20);
    let (ten, twenty) = (log.head(10), log.head(20));
    assert_eq!(status(&request, &ten), 200);

    // 409 with the size from which the log can go on.
    let refusal = request.judge(&log.head(12), &known()).expect_err("the witness is further");
    assert_eq!((refusal.status(), refusal.content_type()), (409, "text/x.tlog.size"));
    assert_eq!(refusal.body(), "12\n");
    let refusal = request.judge(&TreeHead::empty(), &known()).expect_err("never seen");
    assert_eq!(refusal.body(), "0\n");

    // 404 for an unknown origin, 403 for one that did not sign.
    let stranger = tallystick_tally::Signer::from_seed("x".parse().expect("a name"), &[5; 32]);
    let refusal = request.judge(&ten, &[stranger.verifier_key().clone()]).expect_err("unknown");
    assert_eq!((refusal.status(), &refusal), (404, &Refusal::UnknownOrigin));
    let impostor = stranger.with_origin(signer().verifier_key().name().clone());
    let refusal = request.judge(&ten, &[impostor.verifier_key().clone()]).expect_err("not signed");
    assert!(matches!(refusal, Refusal::NotSigned(_)) && refusal.status() == 403);

    // 400 for an old size above the new one.
    let backwards = AddCheckpoint { old: size(21), ..request.clone() };
    let refusal = backwards.judge(&log.head(21), &known()).expect_err("backwards");
    assert_eq!((refusal.status(), refusal), (400, Refusal::OldSizeTooLarge));

    // 422 for a proof that is none: changed, cut, of other sizes, or where there should be none.
    request.proof = ConsistencyProof::new(request.proof.hashes()[1..].to_vec());
    assert_eq!(status(&request, &ten), 422);
    request.proof = ConsistencyProof::new(Vec::new());
    assert_eq!(status(&request, &ten), 422);
    let idle = ConsistencyProof::new(vec![Hash::of_nothing()]);
    request.old = size(0);
    request.proof = idle.clone();
    assert_eq!(status(&request, &TreeHead::empty()), 422);
    request.old = size(20);
    request.proof = idle;
    assert_eq!(status(&request, &twenty), 422);
    // 409 for another root at the same size, and no size to go on from.
    let other = TreeHead { root: Hash::of_nothing(), ..twenty };
    let refusal = request.judge(&other, &known()).expect_err("two roots");
    assert_eq!((refusal.status(), &refusal), (409, &Refusal::OtherRoot));
    assert_eq!(refusal.content_type(), "text/plain; charset=utf-8");
}

#[test]
fn only_the_body_of_the_specification_is_a_request() {
    let sound = request(&Log::of_size(9), 3, 9).to_string();
    AddCheckpoint::parse(sound.as_bytes()).expect("a request");
    let (lines, checkpoint) = sound.split_once("\n\n").expect("two parts");
    let hash = lines.lines().last().expect("a hash");
    for first in ["", "old", "old ", "old 03", "old -3", "old  3", "Old 3", "old 3 ", "3", " old 3"]
    {
        let body = format!("{first}\n{hash}\n\n{checkpoint}");
        assert_eq!(AddCheckpoint::parse(body.as_bytes()), Err(Refusal::Malformed), "{body}");
    }
    for proof in ["x", &hash[1..], &format!("{hash} "), &format!(" {hash}"), &format!("{hash}\r")] {
        let body = format!("old 3\n{proof}\n\n{checkpoint}");
        assert_eq!(AddCheckpoint::parse(body.as_bytes()), Err(Refusal::Malformed), "{body}");
    }
    let many =
        |hashes: usize| format!("old 3\n{}\n{checkpoint}", format!("{hash}\n").repeat(hashes));
    AddCheckpoint::parse(many(63).as_bytes()).expect("as many as there may be");
    assert_eq!(AddCheckpoint::parse(many(64).as_bytes()), Err(Refusal::Malformed));
    let refusal = AddCheckpoint::parse(b"old 3\n\nno checkpoint\n").expect_err("no note");
    assert!(matches!(refusal, Refusal::Checkpoint(_)) && refusal.status() == 400);
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_of_requests_panic(bytes: Vec<u8>, text: String) {
        let _ = AddCheckpoint::parse(&bytes);
        let _ = AddCheckpoint::parse(format!("old 1\n{text}\n\n{text}").as_bytes());
        let _ = Checkpoint::parse(format!("o\n1\n{text}\n\n— {text}\n").as_bytes());
    }

    #[test]
    fn a_witness_only_ever_goes_forward(sizes in prop::collection::vec((0_u64..60, 0_u64..60), 1..40)) {
        let log = Log::of_size(60);
        let mut last = TreeHead::empty();
        for (old, new) in sizes {
            if old > new {
                continue;
            }
            let request = request(&log, old, new);
            if let Ok(accepted) = request.judge(&last, &known()) {
                prop_assert!(accepted.head().size >= last.size);
                prop_assert_eq!(old, last.size.get());
                last = *accepted.head();
            } else {
                prop_assert_ne!(old, last.size.get());
            }
        }
    }
}
