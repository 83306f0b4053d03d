//! The commands that README.md tells people to type: each must exist, with every flag it names.

use std::fs;

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::Task;
use crate::count::Count;
use crate::world::World;

/// One command of ours in a code block.
#[derive(Debug, PartialEq, Eq)]
struct Invocation {
    tool: Tool,
    /// `demo`, `test`; `key new`, where a verb has others below it.
    verbs: Vec<String>,
    /// `--listen`, `--only`.
    flags: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Tool {
    Tallystick,
    Xtask,
}

pub(crate) fn check(world: &World) -> Result<Count> {
    let readme = world.root.join("README.md");
    if !readme.exists() {
        println!("there is no README.md yet");
        return Ok(Count::default());
    }
    let text = fs::read_to_string(&readme).context("cannot read README.md")?;
    let mut count = Count::default();
    for invocation in invocations(&text) {
        let help = help(world, &invocation)?;
        let missing: Vec<_> = match &help {
            None => invocation.verbs.iter().map(String::as_str).collect(),
            Some(help) => {
                let unknown = |flag: &&str| !help.contains(*flag);
                invocation.flags.iter().map(String::as_str).filter(unknown).collect()
            }
        };
        if !missing.is_empty() {
            println!("README.md: {invocation:?}: there is no {}", missing.join(", "));
        }
        count.add(Count::one(missing.is_empty()));
    }
    anyhow::ensure!(count != Count::default(), "README.md has no command of ours in a code block");
    Ok(count)
}

/// The help of verbs; `None` if there are no such verbs.
fn help(world: &World, invocation: &Invocation) -> Result<Option<String>> {
    match invocation.tool {
        Tool::Xtask => {
            let mut task = Task::command();
            let mut verbs = invocation.verbs.iter();
            let verb = verbs.try_fold(&mut task, |task, verb| task.find_subcommand_mut(verb));
            Ok(verb.map(|verb| verb.render_long_help().to_string()))
        }
        Tool::Tallystick => {
            let said = world
                .command(world.binary(), &world.root)
                .args(&invocation.verbs)
                .arg("--help")
                .output()
                .context("cannot start the release binary")?;
            let help = String::from_utf8_lossy(&said.stdout).into_owned();
            Ok(said.status.success().then_some(help))
        }
    }
}

/// The commands of ours in fenced blocks; a line that ends in `\` goes on in the next.
fn invocations(markdown: &str) -> Vec<Invocation> {
    let mut found = Vec::new();
    let mut inside = false;
    let joined = markdown.replace("\\\n", " ");
    for line in joined.lines().map(str::trim) {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            let words: Vec<_> = line.trim_start_matches("$ ").split_whitespace().collect();
            found.extend(invocation(&words));
        }
    }
    found
}

fn invocation(words: &[&str]) -> Option<Invocation> {
    let (tool, rest) = match words {
        ["cargo", "xtask", rest @ ..] => (Tool::Xtask, rest),
        ["cargo", "run", rest @ ..] => {
            let separator = rest.iter().position(|word| *word == "--")?;
            (Tool::Tallystick, &rest[separator + 1..])
        }
        [program, rest @ ..] if program.rsplit('/').next() == Some("tallystick") => {
            (Tool::Tallystick, rest)
        }
        _ => return None,
    };
    let end = rest.iter().position(|word| ["|", ">", "&", "&&", "#"].contains(word));
    let rest = &rest[..end.unwrap_or(rest.len())];
    // What is no plain word is a flag or the name of a file.
    let is_verb = |word: &&&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
    let verbs: Vec<_> = rest.iter().take_while(is_verb).map(|verb| (*verb).to_owned()).collect();
    if verbs.is_empty() {
        return None;
    }
    let flags = rest
        .iter()
        .filter(|word| word.starts_with("--") && word.len() > 2)
        .map(|word| word.split('=').next().unwrap_or(word).to_owned())
        .collect();
    Some(Invocation { tool, verbs, flags })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(tool: Tool, verbs: &str, flags: &[&str]) -> Invocation {
        let verbs = verbs.split(' ').map(str::to_owned).collect();
        let flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        Invocation { tool, verbs, flags }
    }

    #[test]
    fn commands_of_ours_are_found_in_code_blocks_alone() {
        let markdown = "
Type `tallystick never` or cargo xtask never.
```sh
cargo run --release -- demo --listen 127.0.0.1:8080 | tee log
$ target/release/tallystick replay \\
    --as-of=17 --url x
curl http://localhost/
tallystick key show /etc/key --ledger x   # a comment
cargo xtask test --only fmt
```
tallystick never";
        assert_eq!(
            invocations(markdown),
            [
                said(Tool::Tallystick, "demo", &["--listen"]),
                said(Tool::Tallystick, "replay", &["--as-of", "--url"]),
                said(Tool::Tallystick, "key show", &["--ledger"]),
                said(Tool::Xtask, "test", &["--only"]),
            ]
        );
    }
}
