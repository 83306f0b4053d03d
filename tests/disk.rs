//! A file system in a file, whose power can be cut. Tests of the log use it too.

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use tempfile::TempDir;

/// Pictures of the image that are taken before one must have come out sharp.
const PICTURES: usize = 20;

/// A disk. Dropping it takes it away.
pub(crate) struct Disk {
    image: PathBuf,
    /// What the image held when the power was cut.
    left: PathBuf,
    mount: PathBuf,
    // Removed last, once nothing is mounted in it.
    _folder: TempDir,
}

impl Disk {
    /// `None` where there can be none, having said so: it needs root and loop devices.
    pub(crate) fn new(mebibytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Self {
            image: folder.path().join("image"),
            left: folder.path().join("left"),
            mount: folder.path().join("mounted"),
            _folder: folder,
        };
        File::create(&disk.image).and_then(|file| file.set_len(mebibytes << 20)).expect("room");
        fs::create_dir(&disk.mount).expect("made");
        let made = run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&disk.image));
        match made.and_then(|()| disk.attach()) {
            Ok(()) => Some(disk),
            Err(reason) => {
                println!("SKIPPED: power cut: no loop devices ({reason})");
                None
            }
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.mount
    }

    /// Cuts the power: what the image holds now is all that [`Self::start_again`] brings back.
    /// What the system has in memory only, data and journal alike, is lost.
    ///
    /// Whoever writes to the disk must stand still: see [`freeze`].
    ///
    /// Shutting the file system down instead (`mount -o remount,abort`) is no power cut: whoever
    /// writes goes on meanwhile, and was seen to have synced what was not there afterwards.
    pub(crate) fn cut_power(&self) {
        for _ in 0..PICTURES {
            let [image, left] = [&self.image, &self.left];
            run(Command::new("cp").arg("--sparse=always").args([image, left])).expect("copied");
            // The system writes behind the back of a process that stands still, so the picture
            // is of one instant only if the image has not changed since.
            if run(Command::new("cmp").arg("--quiet").args([image, left])).is_ok() {
                return;
            }
        }
        panic!("somebody goes on writing to the disk");
    }

    /// The power is back. Nobody may use the disk meanwhile.
    pub(crate) fn start_again(&self) {
        run(Command::new("umount").arg(&self.mount)).expect("nobody uses it");
        fs::rename(&self.left, &self.image).expect("the power was cut");
        self.attach().expect("the journal is sound");
    }

    fn attach(&self) -> Result<(), String> {
        run(Command::new("mount").args(["-o", "loop,commit=600"]).args([&self.image, &self.mount]))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Not mounted where it could not be; busy where a test failed with a process still there.
        let _ = run(Command::new("umount").arg("-l").arg(&self.mount));
    }
}

/// Lets a process stand still where it is, and returns when all its threads do. Killing it ends
/// that too.
pub(crate) fn freeze(child: &Child) {
    let process = Pid::from_child(child);
    kill_process(process, Signal::STOP).expect("a child of ours");
    // The signal stops one thread, and that one the others, when it is given a processor. On a busy
    // machine they have acknowledged a command or two by then.
    let told = waitpid(Some(process), WaitOptions::UNTRACED).expect("a child of ours");
    assert!(told.is_some_and(|(_, status)| status.stopped()), "it ended instead");
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
