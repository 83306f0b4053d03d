//! A new incarnation: a ledger goes on although records that were signed are lost. Its first event
//! cites the last checkpoint of the one before, so that everybody can see what was given up.

use crate::init::random;
use crate::node::{Node, Opening};
use anyhow::{Context as _, bail};
use std::fs;
use std::path::Path;
use tallystick_domain::command::Given;
use tallystick_domain::event::LedgerOpened;
use tallystick_domain::id::CommandId;
use tallystick_domain::{Action, CaseKey, Cases as _, Command, Origin, Position, Role, Step};
use tallystick_ledger::Outcome;
use tallystick_tally::Checkpoint;

/// Opens the next incarnation of the ledger that `opening` (without signing) opens.
///
/// Fails if the log has all that the newest of these checkpoints says: then there is no need.
pub(crate) async fn open(opening: Opening<'_>, known: &[Checkpoint]) -> anyhow::Result<()> {
    let data = opening.data;
    let file = data.join("checkpoint");
    let own = match fs::read(&file) {
        Ok(bytes) => Some(
            Checkpoint::parse(&bytes)
                .with_context(|| format!("{} holds no checkpoint", file.display()))?,
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let newest = known.iter().chain(&own).max_by_key(|it| it.head().size);
    let newest = newest.context("no checkpoint is known: no new incarnation is needed")?;
    let node = Node::open(opening)?;
    let signed = newest.head();
    if node.ledger.root(Position(signed.size.get())).is_ok_and(|root| root == signed.root) {
        bail!(
            "the log has all {} records that were signed: no new incarnation is needed",
            signed.size
        );
    }
    let snapshot = node.ledger.snapshot();
    let ledger = snapshot.case(CaseKey::Ledger).and_then(|case| case.ledger());
    let last = ledger.and_then(|ledger| ledger.openings.last());
    let last = last.context("the log does not begin with its opening")?;
    let opened = LedgerOpened {
        ledger: last.ledger,
        incarnation: last.incarnation + 1,
        commissioner: last.commissioner,
        predecessor: Some(newest.to_string()),
    };
    let agency = last.commissioner;
    let actor = tallystick_api::Principal::new("operator", agency, Role::Commissioner).actor();
    let command: Command<Given> = Command {
        id: CommandId(random()?),
        mac: [0; 16],
        origin: Origin { agency, actor, role: Role::Commissioner },
        steps: vec![Step::new(node.ledger.today(), Action::OpenLedger(opened))],
    };
    let incarnation = last.incarnation;
    match node.ledger.submit(command).await? {
        Outcome::Accepted(receipt) => tracing::warn!(
            incarnation = incarnation + 1,
            position = receipt.position.0,
            signed = signed.size.get(),
            "a new incarnation begins: records that were signed are given up"
        ),
        other => bail!("no new incarnation could be opened: {other:?}"),
    }
    node.close().await;
    set_aside(data, incarnation)
}

/// What the incarnation before had signed binds this one no more; it stays to be looked at.
fn set_aside(data: &Path, incarnation: u32) -> anyhow::Result<()> {
    let aside = data.join(format!("checkpoint.{incarnation}"));
    for (name, aside) in
        [("checkpoint", Some(aside)), ("checkpoint.cosigned", None), ("checkpoint.next", None)]
    {
        let path = data.join(name);
        let moved = match aside {
            Some(aside) => fs::rename(&path, aside),
            None => fs::remove_file(&path),
        };
        if let Err(error) = moved
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error).with_context(|| format!("cannot set {} aside", path.display()));
        }
    }
    Ok(fs::File::open(data)?.sync_all()?)
}
