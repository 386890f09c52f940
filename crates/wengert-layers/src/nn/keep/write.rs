//! Files that are whole or not there.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::KeepError;

/// Writes beside the file, and takes its place when everything is on the disk.
pub(super) fn whole(path: &Path, bytes: &[u8]) -> Result<(), KeepError> {
    let failed = |error: std::io::Error| KeepError::File {
        file: path.display().to_string(),
        reason: error.to_string(),
    };
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let beside = path.with_file_name(name);
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    match written.and_then(|()| fs::rename(&beside, path)) {
        Ok(()) => Ok(()),
        Err(error) => {
            // It may never have been made; the first error is the one to tell.
            let _ = fs::remove_file(&beside);
            Err(failed(error))
        }
    }
}

pub(super) fn read(path: &Path) -> Result<(String, Vec<u8>), KeepError> {
    let file = path.display().to_string();
    match fs::read(path) {
        Ok(bytes) => Ok((file, bytes)),
        Err(error) => Err(KeepError::File { file, reason: error.to_string() }),
    }
}
