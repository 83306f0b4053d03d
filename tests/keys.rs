//! Keys of ledgers and witnesses: made in files of their own, of which only the public half is ever
//! printed.

use crate::node::{printed, run};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

const LEDGER: &str = "ldg_00112233445566778899aabbccddeeff";

#[test]
fn a_key_is_made_and_only_its_public_half_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    for (whose, name) in [("--host", "ledger.example"), ("--witness", "auditor.example")] {
        let file = folder.path().join(name);
        let words = [OsStr::new("key"), OsStr::new("new"), OsStr::new(whose), OsStr::new(name)];
        let made = printed(words.into_iter().chain([OsStr::new("--out"), file.as_os_str()]));
        let secret = fs::read_to_string(&file).expect("a key");
        assert!(secret.starts_with(&format!("PRIVATE+KEY+{name}+")), "another form");
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);

        let shown = printed([OsStr::new("key"), OsStr::new("show"), file.as_os_str()]);
        assert!(shown.starts_with(&format!("{name}+")), "{shown}");
        let hidden = secret.trim().rsplit('+').next().expect("the last part");
        assert!(!made.contains(hidden) && !shown.contains(hidden), "a secret was printed");

        let again = run(words.into_iter().chain([OsStr::new("--out"), file.as_os_str()]));
        assert_eq!(again.status.code(), Some(1), "a key is not made in the place of another");
        assert_eq!(fs::read_to_string(&file).expect("a key"), secret);
    }
}

#[test]
fn a_ledgers_key_is_shown_under_the_origin_of_its_checkpoints() {
    let folder = tempfile::tempdir().expect("a folder");
    let show = |name: &str, more: &[&str]| {
        let file = folder.path().join(name);
        let words = [OsStr::new("key"), OsStr::new("show"), file.as_os_str()];
        run(words.into_iter().chain(more.iter().map(OsStr::new)))
    };
    for (whose, name) in [("--host", "ledger.example"), ("--witness", "auditor.example")] {
        let file = folder.path().join(name);
        printed(
            ["key".as_ref(), "new".as_ref(), whose.as_ref(), name.as_ref()]
                .into_iter()
                .chain([OsStr::new("--out"), file.as_os_str()]),
        );
    }
    let origin = ["--ledger", LEDGER, "--incarnation", "2"];
    let shown = show("ledger.example", &origin);
    let shown = String::from_utf8(shown.stdout).expect("text");
    assert!(shown.starts_with(&format!("ledger.example/{LEDGER}#2+")), "{shown}");

    let of_witness = show("auditor.example", &origin);
    assert_eq!(of_witness.status.code(), Some(1));
    let said = String::from_utf8_lossy(&of_witness.stderr).into_owned();
    assert!(said.contains("a witness's key"), "{said}");

    let mode = fs::Permissions::from_mode(0o644);
    fs::set_permissions(folder.path().join("ledger.example"), mode).expect("set");
    let open = show("ledger.example", &[]);
    assert_eq!(open.status.code(), Some(1), "a secret that others can read is not used");
}
