//! The command line.

use crate::settings::{self, LogFormat};
use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use tallystick_domain::{Role, id::AgencyId};

/// A partnership ledger for probation services and those they work with.
#[derive(Debug, Parser)]
#[command(name = "tallystick", version, about, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Open a new ledger: its folder, its epoch key, and a token for its commissioner.
    Init(Init),
    /// Serve a ledger: GraphQL over HTTP and WebSocket.
    Serve(Serve),
    /// Serve an invented partnership on loopback, with tokens printed.
    Demo(Demo),
    /// Fold a stopped ledger or an export, and print counts and the digest of every view.
    Replay(Replay),
    /// Write the events of a stopped ledger as CloudEvents, one JSON object a line.
    Export(Export),
    /// Check offline that a ledger, or a receipt, is what was signed.
    Verify(Verify),
    /// Cosign a ledger's checkpoints, as a partner who remembers them.
    #[command(subcommand)]
    Witness(Witness),
    /// Make a key that signs or cosigns checkpoints, or show its public half.
    #[command(subcommand)]
    Key(Key),
    /// Copy a ledger, also while it is served: log, vault, checkpoint.
    Backup(Backup),
    /// Make a ledger's folder from a backup, checked whole.
    Restore(Restore),
    /// Print the GraphQL schema.
    Schema,
    /// Print every setting, its value and where it came from.
    Config(Serve),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Init {
    /// Folder to make.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// File to make for the key that wraps the vault's keys.
    #[arg(long, value_name = "FILE")]
    pub(crate) epoch_key: PathBuf,
    /// Token file to make.
    #[arg(long, value_name = "FILE")]
    pub(crate) tokens: PathBuf,
    /// Name of the commissioning probation trust.
    #[arg(long, value_name = "NAME")]
    pub(crate) commissioner: String,
}

/// Settings of a node. Each may also stand in the file of `--config` or in the environment as
/// `TALLYSTICK_<NAME>`; the command line wins.
#[derive(Clone, Debug, Default, Args, Serialize)]
pub(crate) struct Serve {
    /// TOML file with settings.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,
    /// Folder of the ledger.
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<PathBuf>,
    /// Address and port to serve on.
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<SocketAddr>,
    /// Token file.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<PathBuf>,
    /// File with the key that wraps the vault's keys.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) epoch_key: Option<PathBuf>,
    /// File with the key that signs checkpoints.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signing_key: Option<PathBuf>,
    /// File with a checkpoint of this ledger, kept by a witness or beside a backup, that the log
    /// must agree with; may be repeated.
    #[arg(long = "known-checkpoint", value_name = "FILE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) known_checkpoints: Vec<PathBuf>,
    /// Public key of a witness whose cosignatures are taken, `<name>+<id>+<key>`; may be repeated.
    #[arg(long = "witness", value_name = "VKEY")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) witnesses: Vec<String>,
    /// Web origin whose pages may open a WebSocket; may be repeated.
    #[arg(long = "origin", value_name = "ORIGIN")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) origins: Vec<String>,
    /// Plain HTTP off loopback is right: a proxy in front does TLS.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) behind_proxy: bool,
    /// What is checked before serving.
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verify: Option<settings::Verify>,
    /// For one start: take the store's end as the head, though the head file is lost.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) accept_lost_head_file: bool,
    /// For one start: go on although records that were signed are lost. The first event of the new
    /// incarnation cites the checkpoint that is given up.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) new_incarnation: bool,
    /// Logs on standard error as text or json.
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_format: Option<LogFormat>,
    /// Least level logged.
    #[arg(long, value_name = "LEVEL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_level: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Demo {
    /// Loopback address and port to serve on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7465")]
    pub(crate) listen: SocketAddr,
    /// Keep the ledger in this folder; without it, it is thrown away at the end.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// About how many events to make up.
    #[arg(long, value_name = "N", default_value_t = 60_000)]
    pub(crate) events: u64,
    /// The same seed makes the same partnership.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Load the ledger and stop.
    #[arg(long, requires = "data")]
    pub(crate) load_only: bool,
    /// When ready, print one line of JSON on standard output instead of the page for people.
    #[arg(long)]
    pub(crate) ready_json: bool,
    /// Logs on standard error as text or json.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// Least level logged.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    pub(crate) log_level: String,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Replay {
    /// Folder of a stopped ledger, or a copy of one.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["export", "from_bundle"])]
    pub(crate) data: Option<PathBuf>,
    /// Export of a ledger, as `tallystick export` or an auditor's `/export/events.ndjson` gave it.
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub(crate) export: Option<PathBuf>,
    /// Bundle, as `tallystick export --bundle` made it.
    #[arg(long, value_name = "DIR|FILE", conflicts_with_all = ["data", "export"])]
    pub(crate) from_bundle: Option<PathBuf>,
    /// Fold up to this position; without it, all.
    #[arg(long, value_name = "POSITION")]
    pub(crate) as_of: Option<u64>,
    /// Compare the digest with a running node's at the same position.
    #[arg(long, value_name = "URL", requires = "token_file")]
    pub(crate) url: Option<String>,
    /// File with the bearer token for that node.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) token_file: Option<PathBuf>,
    /// File with the certificates (PEM) by which that node is known, instead of those that
    /// browsers trust.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) ca: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Export {
    /// Folder of a stopped ledger, or a copy of one.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Write here instead of to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Only events after this position.
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    pub(crate) after: u64,
    /// Make a bundle in this folder instead: records, digests, tree and signed checkpoint, with a
    /// page that says how to verify them without this program. In one file if the name ends in
    /// `.tar.zst`.
    #[arg(long, value_name = "DIR|FILE", conflicts_with_all = ["out", "after"])]
    pub(crate) bundle: Option<PathBuf>,
    /// Make the bundle for this agency: of records that it may not see, the digests alone, so that
    /// the bundle verifies all the same.
    #[arg(long, value_name = "ID", requires_all = ["bundle", "role"])]
    pub(crate) agency: Option<AgencyId>,
    /// In what role the agency's person reads the bundle, as `provider_lead` or `auditor`.
    #[arg(long, value_name = "ROLE", requires = "agency", value_parser = role)]
    pub(crate) role: Option<Role>,
}

fn role(code: &str) -> Result<Role, String> {
    let known = || Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    let found = Role::ALL.iter().copied().find(|role| role.as_str() == code);
    found.ok_or_else(|| format!("roles are {}", known()))
}

/// What is verified, and what it is held against. Exit code 0: sound; 1: tampered, with the first
/// bad position; 2: it cannot be told, and why.
#[derive(Clone, Debug, Args)]
pub(crate) struct Verify {
    /// Folder of a stopped ledger, or a copy of one.
    #[arg(long, value_name = "DIR", conflicts_with = "bundle")]
    pub(crate) data: Option<PathBuf>,
    /// Bundle, as `tallystick export --bundle` made it.
    #[arg(long, value_name = "DIR|FILE")]
    pub(crate) bundle: Option<PathBuf>,
    /// Address of a running node, https or http on this machine: what it serves is verified from
    /// outside, records as far as the token is given them, the others by their digests.
    #[arg(long, value_name = "URL", requires = "token_file", conflicts_with_all = ["data", "bundle"])]
    pub(crate) url: Option<String>,
    /// File with the bearer token for that node.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) token_file: Option<PathBuf>,
    /// File with the certificates (PEM) by which that node is known, instead of those that
    /// browsers trust.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// Checkpoint that is known from elsewhere, older or newer; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Vec<PathBuf>,
    /// Receipt of a record; may be repeated. Needs no ledger.
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: Vec<PathBuf>,
    /// Also fold everything from nothing.
    #[arg(long)]
    pub(crate) refold: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Trust {
    /// Public key of the log, as `tallystick key show` prints it, or a file with such keys; may be
    /// repeated.
    #[arg(long, value_name = "VKEY|FILE", required_unless_present = "policy")]
    pub(crate) key: Vec<String>,
    /// Trust policy (C2SP tlog-policy): logs, witnesses and the quorum.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a key in a file that only its owner may read.
    New(NewKey),
    /// Print the public half of the key in a file.
    Show(ShowKey),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct NewKey {
    /// A ledger's, which signs checkpoints; NAME is its host's, as `ledger.example`.
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "witness",
        required_unless_present = "witness"
    )]
    pub(crate) host: Option<String>,
    /// A witness's, which cosigns them; NAME is the witness's, as `auditor.example`.
    #[arg(long, value_name = "NAME")]
    pub(crate) witness: Option<String>,
    /// File to make.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ShowKey {
    /// File with the key.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Ledger that a ledger's key signs for.
    #[arg(long, value_name = "ID", requires = "incarnation")]
    pub(crate) ledger: Option<String>,
    /// The ledger's incarnation, from 1.
    #[arg(long, value_name = "N", requires = "ledger")]
    pub(crate) incarnation: Option<u32>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Backup {
    /// Folder of the ledger.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Folder to make.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Day after which copies of the epoch key are destroyed: an erasure is final then.
    #[arg(long, value_name = "DATE")]
    pub(crate) epoch_key_expires: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Restore {
    /// Folder of the backup.
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// Folder to make.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// File with a checkpoint that somebody kept; may be repeated.
    #[arg(long = "known-checkpoint", value_name = "FILE")]
    pub(crate) known_checkpoints: Vec<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Witness {
    /// Fetch the last checkpoint of a ledger, check it, cosign it, and hand the cosignature in.
    Once(WitnessOnce),
    /// Serve `POST /add-checkpoint` (C2SP tlog-witness).
    Serve(WitnessServe),
    /// Print what was cosigned last.
    Status(WitnessStatus),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Witnessing {
    /// File with the witness's key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Public key of the log, as `tallystick key show` prints it.
    #[arg(long, value_name = "VKEY")]
    pub(crate) log: String,
    /// File with the last checkpoint that was cosigned; made with the first.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct WitnessOnce {
    /// Address of the ledger: https, or http on this machine.
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// File with the bearer token for it.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: PathBuf,
    /// File with the certificates (PEM) by which it is known, instead of those that browsers trust.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) witnessing: Witnessing,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct WitnessServe {
    /// Address and port to serve on.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Plain HTTP off loopback is right: a proxy in front does TLS, and bears with slow callers.
    #[arg(long)]
    pub(crate) behind_proxy: bool,
    #[command(flatten)]
    pub(crate) witnessing: Witnessing,
    /// Logs on standard error as text or json.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) log_format: LogFormat,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct WitnessStatus {
    /// File with the last checkpoint that was cosigned.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: PathBuf,
}
