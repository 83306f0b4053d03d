//! `tallystick demo`: the invented partnership, loaded by real commands and then served on
//! loopback.

use crate::cli::Demo;
use crate::demo::{Fate, Scenario, Turn, cast};
use crate::init::new_token;
use crate::key_file;
use crate::node::{Node, Opening, options_if_new};
use crate::observe::{self, Meter};
use crate::serve::stop_signal;
use anyhow::{Context as _, bail, ensure};
use serde::Serialize;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tallystick_api::{Principal, TokenEntry, Tokens};
use tallystick_domain::command::{Command, Given};
use tallystick_ledger::{Ledger, Outcome, Signing, VirtualClock};
use tallystick_tally::Signer;
use tallystick_vault::EpochKey;
use tokio::net::TcpListener;

/// Commands that are decided in one go while loading. They have one recorded time, so few enough
/// that it is true to some minutes.
const GROUP: usize = 64;

/// Loads the partnership if the folder is new, and serves it.
pub(crate) async fn run(demo: Demo) -> anyhow::Result<()> {
    // First of all, so that a stop is heeded at any time after the start.
    let mut stop = stop_signal()?;
    observe::start(demo.log_format, &demo.log_level)?;
    ensure!(
        demo.listen.ip().is_loopback(),
        "the demo listens on loopback only, not {}",
        demo.listen
    );
    let listener = TcpListener::bind(demo.listen)
        .await
        .with_context(|| format!("cannot listen on {}", demo.listen))?;
    let throw_away = if demo.data.is_none() { Some(tempfile::tempdir()?) } else { None };
    let data = match (&demo.data, &throw_away) {
        (Some(data), _) => data.as_path(),
        (None, Some(folder)) => folder.path(),
        (None, None) => bail!("no folder for the demo"),
    };
    let clock = Arc::new(VirtualClock::new(0));
    let node = open(data, Arc::clone(&clock))?;
    let known = node.ledger.snapshot();
    if known.position().0 == 0 {
        tokio::select! {
            loaded = load(&node.ledger, &clock, demo.seed, demo.events) => loaded?,
            () = &mut stop => {
                node.close().await;
                return Ok(());
            }
        }
    } else {
        clock.set(known.recorded_at());
    }
    drop(known);
    clock.run();
    if demo.load_only {
        node.close().await;
        return Ok(());
    }
    let (tokens, shown) = tokens()?;
    announce(&demo, listener.local_addr()?, &node.ledger, &shown);
    let origins = vec!["https://dashboard.invalid".to_owned()];
    let front = tallystick_api::Settings { origins, ..Default::default() };
    node.serve(listener, Box::new(tokens), front, stop).await;
    Ok(())
}

/// The demo keeps its keys in its folder, which no real ledger may do.
fn open(data: &Path, clock: Arc<VirtualClock>) -> anyhow::Result<Node> {
    std::fs::create_dir_all(data)?;
    let path = data.join("demo-epoch-key");
    let epoch_key = if path.exists() { EpochKey::read(&path)? } else { EpochKey::create(&path)? };
    let path = data.join("demo-signing-key");
    let signer = if path.exists() {
        Signer::parse(&key_file::read(&path)?)?
    } else {
        let signer = Signer::from_seed("demo.invalid".parse()?, &*key_file::seed()?);
        key_file::create(&path, &signer.to_secret_text())?;
        signer
    };
    Node::open(Opening {
        data,
        epoch_key: &epoch_key,
        signing: Some(Signing { signer: Some(signer), folder: data.to_owned(), known: Vec::new() }),
        clock,
        options: options_if_new()?,
        verify_everything: false,
    })
}

/// Sends the scenario's commands in order, each at its time on the virtual clock.
async fn load(ledger: &Ledger, clock: &VirtualClock, seed: u64, events: u64) -> anyhow::Result<()> {
    let mut meter = Meter::new("loading the partnership");
    let mut group: Vec<Turn> = Vec::with_capacity(GROUP);
    for turn in Scenario::new(seed, events) {
        let ends = group.last().is_some_and(|last| last.now.today != turn.now.today)
            || group.len() == GROUP
            || needs_what_is_published(&turn.command);
        if ends {
            send(ledger, clock, &mut group).await?;
            meter.at(ledger.snapshot().position().0, events);
        }
        group.push(turn);
    }
    send(ledger, clock, &mut group).await
}

/// Notes are sealed for the person whom the ledger finds by what they are about, so that has to be
/// recorded before.
fn needs_what_is_published(command: &Command<Given>) -> bool {
    command.steps.iter().any(|step| step.note.is_some())
}

async fn send(ledger: &Ledger, clock: &VirtualClock, group: &mut Vec<Turn>) -> anyhow::Result<()> {
    let Some(last) = group.last() else { return Ok(()) };
    clock.set(last.now.recorded_at);
    let fates: Vec<_> = group.iter().map(|turn| turn.fate).collect();
    let commands = group.drain(..).map(|turn| turn.command).collect();
    let outcomes = ledger.submit_in_order(commands).await?;
    for (fate, outcome) in fates.into_iter().zip(outcomes) {
        let as_foretold = match (&outcome, fate) {
            (Outcome::Accepted(_), Fate::Accepted) | (Outcome::Replayed(_), Fate::Replayed) => true,
            (Outcome::Refused(refused), Fate::Refused(rule)) => {
                refused.refusal == tallystick_domain::Refusal::Rule { rule }
            }
            _ => false,
        };
        ensure!(as_foretold, "the scenario foretold {fate:?}, the ledger answered {outcome:?}");
    }
    Ok(())
}

/// Somebody's token, as it is printed.
#[derive(Serialize)]
struct Shown {
    agency: &'static str,
    agency_id: String,
    role: &'static str,
    token: String,
}

fn tokens() -> anyhow::Result<(Tokens<Principal>, Vec<Shown>)> {
    let mut known = Vec::new();
    let mut shown = Vec::new();
    for caller in cast() {
        let token = new_token()?;
        let agency_id = caller.origin.agency.to_string();
        let role = caller.origin.role.as_str();
        known.push(TokenEntry::for_token(&token, format!("demo {role}"), agency_id.clone(), role));
        shown.push(Shown { agency: caller.agency, agency_id, role, token });
    }
    Ok((Tokens::new(known, Principal::of)?, shown))
}

/// Says where to look: a line for programs, or a page for people.
fn announce(demo: &Demo, address: SocketAddr, ledger: &Ledger, shown: &[Shown]) {
    let snapshot = ledger.snapshot();
    let position = snapshot.position();
    if demo.ready_json {
        let ready = serde_json::json!({
            "url": format!("http://{address}"),
            "graphql": format!("http://{address}/graphql"),
            "ws": format!("ws://{address}/graphql"),
            "position": position.to_string(),
            "tokens": shown,
        });
        println!("{ready}");
        return;
    }
    println!("Tallystick: an invented West Mercia partnership, April 2008 to March 2011");
    println!(
        "{position} events in {} cases; the ledger's day is {}",
        snapshot.case_count(),
        ledger.today()
    );
    println!();
    println!("GraphQL    http://{address}/graphql   (live: ws://{address}/graphql)");
    println!("Endpoints  http://{address}/");
    println!();
    println!("Tokens, for this run:");
    for one in shown {
        println!("  {:<48} {:<18} {}", one.agency, one.role, one.token);
    }
    println!();
    println!("Try:");
    println!("  curl -s http://{address}/graphql -H 'content-type: application/json' \\");
    println!("    -H 'authorization: Bearer {}' \\", shown[0].token);
    println!(
        "    -d '{{\"query\":\"{{ ledger {{ position agency {{ agency {{ name }} counts {{ openReferrals livePlacements }} }} }} }}\"}}'"
    );
    println!();
    println!("Stop with Ctrl-C.");
}
