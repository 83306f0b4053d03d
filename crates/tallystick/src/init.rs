//! Opening a new ledger: the first record, the commissioner's description, the keys and the first
//! token. Nothing else makes a ledger; `serve` takes what it finds.

use crate::cli::Init;
use crate::node::{Node, Opening, options_if_new};
use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use tallystick_api::Principal;
use tallystick_domain::codes::{AgencyKind, AgencyStatus};
use tallystick_domain::command::Given;
use tallystick_domain::event::{AgencyDescribed, LedgerOpened};
use tallystick_domain::id::{AgencyId, CommandId, LedgerId};
use tallystick_domain::{Action, Command, Label, Origin, Role, Step};
use tallystick_ledger::{Outcome, SystemClock};
use tallystick_vault::EpochKey;

/// Name of the first token's principal; it stands in the token file and in no event.
const COMMISSIONER: &str = "commissioner";

/// Opens a ledger for its commissioner and says how to go on.
pub(crate) async fn run(init: Init) -> anyhow::Result<()> {
    if init.data.join("log").exists() {
        bail!("{} holds a ledger already", init.data.display());
    }
    let name = Label::new(&init.commissioner).context("the commissioner's name")?;
    let epoch_key = EpochKey::create(&init.epoch_key)?;
    let node = Node::open(Opening {
        data: &init.data,
        epoch_key: &epoch_key,
        signing: None,
        clock: Arc::new(SystemClock),
        options: options_if_new()?,
        verify_everything: false,
    })?;
    let agency = AgencyId(random()?);
    let actor = Principal::new(COMMISSIONER, agency, Role::Commissioner).actor();
    let today = node.ledger.today();
    let opened = LedgerOpened {
        ledger: LedgerId(random()?),
        incarnation: 1,
        commissioner: agency,
        predecessor: None,
    };
    let described = AgencyDescribed {
        name,
        kind: AgencyKind::Trust,
        parent: None,
        areas: Vec::new(),
        tags: Vec::new(),
        staff_fte: None,
        status: AgencyStatus::Partner,
        reason: None,
    };
    let command: Command<Given> = Command {
        id: CommandId(random()?),
        mac: [0; 16],
        origin: Origin { agency, actor, role: Role::Commissioner },
        steps: vec![
            Step::new(today, Action::OpenLedger(opened)),
            Step::new(today, Action::DescribeAgency { agency, described }),
        ],
    };
    match node.ledger.submit(command).await? {
        Outcome::Accepted(_) => {}
        other => bail!("the ledger could not be opened: {other:?}"),
    }
    node.ledger.close().await;
    let token = first_token(&init.tokens, agency)?;
    println!("The ledger is in {}. Its commissioner is {agency}.", init.data.display());
    println!("Token of the commissioner, shown this once: {token}");
    println!(
        "Serve it: tallystick serve --data {} --tokens {} --epoch-key {}",
        init.data.display(),
        init.tokens.display(),
        init.epoch_key.display()
    );
    println!("Keep a copy of the epoch key apart from the copies of the folder.");
    Ok(())
}

/// Writes a token file with one token, which only its owner may read.
fn first_token(path: &Path, agency: AgencyId) -> anyhow::Result<String> {
    let token = new_token()?;
    let entry = serde_json::json!([{
        "token_sha256": hex(&Sha256::digest(token.as_bytes())),
        "principal": COMMISSIONER,
        "agency": agency.to_string(),
        "role": Role::Commissioner.as_str(),
    }]);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot create the token file {}", path.display()))?;
    writeln!(file, "{entry:#}")?;
    Ok(token)
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A new bearer token: 32 random bytes.
pub(crate) fn new_token() -> anyhow::Result<String> {
    let [front, back]: [[u8; 16]; 2] = [random()?, random()?];
    Ok(format!("tsk_{:032x}{:032x}", u128::from_be_bytes(front), u128::from_be_bytes(back)))
}

/// 16 random bytes, as identifiers have.
pub(crate) fn random() -> anyhow::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(bytes)
}
