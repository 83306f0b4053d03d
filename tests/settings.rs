//! What is wrong with the settings is told at once and clearly, and nothing is touched.

use crate::folder::Home;
use crate::node::{Node, run, tallystick};
use crate::partnership::Partnership;
use std::ffi::OsStr;
use std::fs;

#[test]
fn everything_wrong_with_the_settings_is_told_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tallystick.toml");
    let text = "cache_mib = 3\nlisten = \"0.0.0.0:80\"\nliste = \"typo\"\nverify = \"never\"\n";
    fs::write(&file, text).expect("written");
    let output = tallystick([OsStr::new("serve"), OsStr::new("--config"), file.as_os_str()])
        .env("TALLYSTICK_TOKENS", "/nowhere/tokens.json")
        .env("TALLYSTICK_MIN_FREE_MIB", "much")
        .output()
        .expect("the binary starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    for part in [
        "8 things are wrong",
        "data is needed",
        "epoch_key is needed",
        "cache_mib is 3",
        "listen is 0.0.0.0:80",
        "liste from",
        "verify from",
        "/nowhere/tokens.json",
        "TALLYSTICK_MIN_FREE_MIB",
    ] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
}

#[test]
fn every_setting_is_shown_with_where_it_comes_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tallystick.toml");
    fs::write(&file, "cache_mib = 32\n").expect("written");
    let output = tallystick(["config", "--data", "somewhere", "--config"])
        .arg(&file)
        .env("TALLYSTICK_VERIFY", "full")
        .output()
        .expect("the binary starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    for part in [
        "cache_mib = 32",
        "tallystick.toml",
        "verify = \"full\"",
        "TALLYSTICK_VERIFY",
        "data = \"somewhere\"",
        "epoch_key = (not set)",
    ] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
}

#[tokio::test]
async fn a_second_process_on_the_folder_is_told_who_has_it() {
    let partnership = Partnership::found().await;
    let (home, digest) = (&partnership.home, crate::load::stand(&partnership.node).await);
    let refused = Node::try_serve(home, &[]).err().expect("a refusal");
    assert_eq!(refused.status.code(), Some(1), "{}", refused.said);
    assert!(refused.said.contains("in use by another process (pid "), "{}", refused.said);
    for command in ["replay", "export"] {
        let output = run([OsStr::new(command), OsStr::new("--data"), home.data().as_os_str()]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("in use by another process"), "{said}");
    }
    assert_eq!(crate::load::stand(&partnership.node).await, digest, "the first goes on");
    partnership.person(1).await;
}

#[test]
fn a_folder_without_a_ledger_is_not_made_one_by_looking_at_it() {
    let (home, _) = Home::init();
    let nowhere = home.data().join("nowhere");
    for command in ["replay", "export"] {
        let output = run([OsStr::new(command), OsStr::new("--data"), nowhere.as_os_str()]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("holds no ledger"), "{said}");
        assert!(!nowhere.exists());
    }
    let again = run([
        OsStr::new("init"),
        OsStr::new("--data"),
        home.data().as_os_str(),
        OsStr::new("--epoch-key"),
        home.data().join("other-key").as_os_str(),
        OsStr::new("--tokens"),
        home.data().join("other-tokens").as_os_str(),
        OsStr::new("--commissioner"),
        OsStr::new("Somebody else"),
    ]);
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(!again.status.success() && said.contains("holds a ledger already"), "{said}");
}
