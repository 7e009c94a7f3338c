//! The operator's token: who holds it acts for whoever runs the server. Made at the first start, kept in the data folder
//! where only the server's user reads it.

use crate::settings::Settings;
use sha2::{Digest, Sha256};
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::Path;

/// The token, kept as its hash.
pub(crate) struct Token([u8; 32]);

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

impl Token {
    /// The token in words, from `DITU_TOKEN` or the data folder; made if there is none.
    pub(crate) fn load(settings: &Settings) -> io::Result<(Token, String)> {
        let text = match std::env::var("DITU_TOKEN").ok().filter(|t| !t.trim().is_empty()) {
            Some(text) => text.trim().to_owned(),
            None => read_or_make(&settings.data.join("operator.token"))?,
        };
        if text.len() < 16 {
            return Err(io::Error::other("DITU_TOKEN needs at least 16 characters"));
        }
        Ok((Token(hash(&text)), text))
    }

    /// True for the token's words. Hashes are compared, so that time tells nothing of the words.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0 == hash(text)
    }
}

fn read_or_make(path: &Path) -> io::Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let text = random_hex()?;
    write_private(path, text.as_bytes())?;
    Ok(text)
}

/// 32 bytes from the system's source, in hexadecimal.
fn random_hex() -> io::Result<String> {
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// Writes a file that only its owner reads.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}
