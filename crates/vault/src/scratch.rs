use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::cipher::Gcm;
use crate::error::VaultError;
use crate::file::{failed, lock, sync_folder};
use crate::frame::{self, Header, OWN_LEN, OwnKeys};
use crate::holdings::Holdings;
use crate::key::KeyId;
use crate::nonce;

/// A whole new file, beside the vault until it takes its place.
pub(crate) struct Scratch {
    file: File,
    path: PathBuf,
    vault: PathBuf,
}

impl Scratch {
    fn path_for(vault: &Path) -> PathBuf {
        let mut path = vault.as_os_str().to_owned();
        path.push(".new");
        path.into()
    }

    pub(crate) fn open(vault: &Path) -> Result<Self, VaultError> {
        let path = Self::path_for(vault);
        let file = File::options()
            .write(true)
            .create(true)
            // Not before it is locked: it may be another process's.
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|source| failed("create", &path, source))?;
        lock(&file, &path)?;
        Ok(Self { file, path, vault: vault.to_owned() })
    }

    /// A crash may have left one behind, with keys that since were to be forgotten.
    pub(crate) fn remove_left_over(vault: &Path) -> Result<(), VaultError> {
        let path = Self::path_for(vault);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove", &path, source))
            }
            _ => Ok(()),
        }
    }

    /// Durable under its own name first, then under the vault's: a crash leaves either the old
    /// file or the new, whole. Gives the file, still locked, and its header.
    pub(crate) fn write(
        self,
        epoch: KeyId,
        gcm: &Gcm,
        own: &OwnKeys,
        holdings: &Holdings,
    ) -> Result<(File, Header), VaultError> {
        let header = founding_header(epoch, holdings)?;
        let path = &self.path;
        let io = |action| move |source| failed(action, path, source);
        self.file.set_len(0).map_err(io("empty"))?;
        self.write_all(&header, gcm, own, holdings).map_err(io("write"))?;
        self.file.sync_all().map_err(io("flush"))?;
        fs::rename(&self.path, &self.vault).map_err(io("rename"))?;
        sync_folder(&self.vault).map_err(io("flush the folder of"))?;
        Ok((self.file, header))
    }

    fn write_all(
        &self,
        header: &Header,
        gcm: &Gcm,
        own: &OwnKeys,
        holdings: &Holdings,
    ) -> io::Result<()> {
        self.file.write_all_at(&header.encode(), 0)?;
        let mut len = Header::LEN as u64;
        let first = frame::seal(gcm, header, len, &nonce::random()?, OWN_LEN, |to| {
            frame::write_own(own, to);
        });
        self.file.write_all_at(&first, len)?;
        len += first.len() as u64;
        for (from, end) in holdings.frames() {
            let nonce = nonce::random()?;
            let bytes = frame::seal_holdings(gcm, header, len, &nonce, holdings, from, end);
            self.file.write_all_at(&bytes, len)?;
            len += bytes.len() as u64;
        }
        assert_eq!(len, header.founded, "the length is counted beforehand");
        Ok(())
    }
}

fn founding_header(epoch: KeyId, holdings: &Holdings) -> Result<Header, getrandom::Error> {
    let frames: usize =
        holdings.frames().map(|(from, end)| frame::frame_len(from.bytes_to(end))).sum();
    let founded = (Header::LEN + frame::frame_len(OWN_LEN) + frames) as u64;
    let mut file = [0; 16];
    getrandom::fill(&mut file)?;
    Ok(Header { epoch, file, founded })
}
