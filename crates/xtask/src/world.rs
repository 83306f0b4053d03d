//! Where the chores run: the folders, the tools at hand, and how much is asked for.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// How much the long tests do. The numbers reach them as environment variables; a variable that
/// the caller has set already is left alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Amount {
    /// What each change is tried with; the tests' own numbers.
    Test,
    /// What a release is tried with.
    Soak,
}

impl Amount {
    fn variables(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Test => &[],
            Self::Soak => &[
                ("TALLYSTICK_KILLS", "200"),
                ("TALLYSTICK_POWER_CUTS", "20"),
                ("TALLYSTICK_SWEEP_CASES", "2000"),
                ("TALLYSTICK_SEEDS", "2000"),
            ],
        }
    }

    /// The profile of `nextest.toml`.
    pub(crate) fn profile(self) -> &'static str {
        match self {
            Self::Test => "default",
            Self::Soak => "soak",
        }
    }
}

/// What a step may know of its surroundings.
pub(crate) struct World {
    /// The folder of the workspace.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// Whether cargo-nextest is installed.
    pub(crate) nextest: bool,
    /// Whether a skipped test is a failure (`CI=true`).
    pub(crate) ci: bool,
    pub(crate) amount: Amount,
}

impl World {
    /// # Errors
    /// When this was not started by cargo, which says where the workspace is.
    pub(crate) fn find(amount: Amount) -> Result<Self> {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .context("start this as `cargo xtask`: cargo says where the workspace is")?;
        let root = package.ancestors().nth(2).context("xtask is not in crates/xtask")?;
        // target/debug/xtask, or the same below another target folder.
        let binary = env::current_exe().context("cannot tell where xtask itself is")?;
        let target = binary.ancestors().nth(2).context("xtask is not in a target folder")?;
        let mut world = Self {
            root: root.to_owned(),
            target: target.to_owned(),
            nextest: false,
            ci: env::var_os("CI").is_some_and(|value| value == "true"),
            amount,
        };
        world.nextest = runs(&mut world.cargo(["nextest", "--version"]));
        Ok(world)
    }

    /// A cargo command in the workspace's folder.
    pub(crate) fn cargo<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = self.command(cargo, &self.root);
        command.args(args);
        command
    }

    /// A command that finds the release binary and the amounts in its environment. The name of the
    /// first does not begin as settings do: a `serve` below it would refuse it.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).env("JOURNEYS_BINARY", self.binary());
        for (name, value) in self.amount.variables() {
            if env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        command
    }

    /// The release build of the one binary.
    pub(crate) fn binary(&self) -> PathBuf {
        self.target.join("release").join("tallystick")
    }
}

/// Whether a command can be started and succeeds; what it says is not shown.
pub(crate) fn runs(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
