//! The suites that come from the npm registry, in `tests/web`, against a running demo.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::count::Count;
use crate::suite::{consistent, succeeds};
use crate::transcript;
use crate::world::{World, runs};

/// Scripts of `tests/web`, each one suite, and where in the ready line stands the address that it
/// takes. They are called with the address, a token and, where there is one, the file with what to
/// ask; they end with `N of M passed`.
const SCRIPTS: [(&str, &str); 2] = [("audit.mjs", "/graphql"), ("live.mjs", "/ws")];

/// What `live.mjs` asks of the real schema.
const OPERATIONS: &str = "operations.json";

/// Enough events that every list of the demo has more than a page.
const EVENTS: &str = "2000";

const READY_WITHIN: Duration = Duration::from_mins(1);
const SCRIPT_WITHIN: Duration = Duration::from_mins(2);

pub(crate) fn suites(world: &World) -> Result<Count> {
    let folder = world.root.join("tests/web");
    if !folder.join("package.json").exists() {
        println!("there are no web suites yet");
        return Ok(Count::default());
    }
    for tool in ["node", "npm"] {
        if !runs(Command::new(tool).arg("--version")) {
            return Ok(Count::skip(format!("web: {tool} is not installed")));
        }
    }
    if !has_demo(world)? {
        // README.md, which tells people to start the demo, marks the end of laying out.
        ensure!(!world.root.join("README.md").exists(), "the binary has no demo --ready-json");
        println!("not run: the binary has no demo yet that says when it is ready");
        return Ok(Count::default());
    }
    let fetched = succeeds(world.command("npm", &folder).args(["ci", "--no-audit", "--no-fund"]))?;
    ensure!(fetched.failed == 0, "npm ci failed in tests/web");

    let demo = Demo::start(world)?;
    let mut count = Count::default();
    for (script, address) in SCRIPTS {
        count.add(demo.run(world, &folder, script, address)?);
    }
    Ok(count)
}

fn has_demo(world: &World) -> Result<bool> {
    let said = Command::new(world.binary())
        .args(["demo", "--help"])
        .stdin(Stdio::null())
        .output()
        .context("cannot start the release binary")?;
    Ok(String::from_utf8_lossy(&said.stdout).contains("--ready-json"))
}

/// A running `tallystick demo`, ended when dropped.
struct Demo {
    child: Child,
    /// The line that it printed when it was ready.
    ready: Value,
}

impl Demo {
    fn start(world: &World) -> Result<Self> {
        let child = world
            .command(world.binary(), &world.root)
            .args(["demo", "--ready-json", "--listen", "127.0.0.1:0", "--events", EVENTS])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the demo")?;
        let mut demo = Self { child, ready: Value::Null };
        let output = demo.child.stdout.take().context("the demo has no output")?;
        let (ready, received) = mpsc::channel();
        // Reads on after the ready line: a demo whose output nobody reads would stop.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Ok(value) = serde_json::from_str::<Value>(&line)
                    && value.get("url").is_some()
                {
                    ready.send(value).ok();
                }
            }
        });
        demo.ready = received
            .recv_timeout(READY_WITHIN)
            .with_context(|| format!("no ready line within {} s", READY_WITHIN.as_secs()))?;
        Ok(demo)
    }

    fn run(&self, world: &World, folder: &Path, script: &str, address: &str) -> Result<Count> {
        println!("── {script}");
        let text = |pointer| {
            let value = self.ready.pointer(pointer).and_then(Value::as_str);
            value.with_context(|| format!("the ready line has no {pointer}"))
        };
        let mut command = world.command("node", folder);
        command.args([script, text(address)?, text("/tokens/0/token")?]);
        if folder.join(OPERATIONS).exists() {
            command.arg(OPERATIONS);
        }
        let (status, output) = transcript::run(&mut command, SCRIPT_WITHIN)?;
        let count = Count::from_script(&output)
            .with_context(|| format!("{script} did not come to a closing line"))?;
        Ok(consistent(status.success(), Some(count)))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
