//! A file system in a file, whose power can be cut.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A disk. Dropping it takes it away.
pub(crate) struct Disk {
    image: PathBuf,
    mount: PathBuf,
    // Removed last, once nothing is mounted in it.
    _folder: TempDir,
}

impl Disk {
    /// `None` where there can be none, having said so: it needs root and loop devices.
    pub(crate) fn new() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let (image, mount) = (folder.path().join("image"), folder.path().join("mounted"));
        File::create(&image).and_then(|file| file.set_len(1 << 30)).expect("room");
        fs::create_dir(&mount).expect("made");
        let disk = Self { image, mount, _folder: folder };
        let made = run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&disk.image));
        match made.and_then(|()| disk.attach()) {
            Ok(()) => Some(disk),
            Err(reason) => {
                println!("SKIPPED: power cuts of a node: no loop devices ({reason})");
                None
            }
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.mount
    }

    /// Everything until now reaches the disk.
    pub(crate) fn settle(&self) {
        run(Command::new("sync").arg("-f").arg(&self.mount)).expect("synced");
    }

    /// From here on nothing reaches it any more, neither data nor journal; what the system has
    /// only in memory is lost.
    pub(crate) fn cut_power(&self) {
        let aborted = run(Command::new("mount").args(["-o", "remount,abort"]).arg(&self.mount));
        // It is read-only at once, and mount may say so as a failure.
        if let Err(reason) = aborted {
            let mounts = fs::read_to_string("/proc/mounts").expect("read");
            let place = self.mount.to_string_lossy();
            let ours = mounts.lines().find(|line| line.contains(&*place));
            let off = ours.is_some_and(|it| it.contains(" ro,") || it.contains("shutdown"));
            assert!(off, "{reason}");
        }
    }

    /// The power is back. Nobody may use the disk meanwhile.
    pub(crate) fn start_again(&self) {
        run(Command::new("umount").arg(&self.mount)).expect("nobody uses it");
        self.attach().expect("the journal is sound");
    }

    fn attach(&self) -> Result<(), String> {
        run(Command::new("mount").args(["-o", "loop"]).args([&self.image, &self.mount]))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Not mounted where it could not be; busy where a journey failed with a node still there.
        let _ = run(Command::new("umount").arg("-l").arg(&self.mount));
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
