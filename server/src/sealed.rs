//! Control parameters at rest: state secrets (2003 list: 绝密), so each lies encrypted in a file of its own.
//!
//! XChaCha20-Poly1305 (RFC 8439 with the extended nonce of draft-irtf-cfrg-xchacha); the name is authenticated with the
//! content, so that a file cannot be put in another's place. The key comes from `DITU_KEY_FILE`, best on another medium
//! than the data; without it one is made in the data folder, which protects copies of single files only.

use crate::settings::Settings;
use crate::token::write_private;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use ditu_crs::control::Control;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAGIC: &[u8] = b"ditu sealed 1\n";
const NONCE: usize = 24;
const ENDING: &str = "sealed";

/// The sealed controls of a data folder.
pub(crate) struct Sealed {
    folder: PathBuf,
    key_file: PathBuf,
    /// The key was named, and is not one that lies beside what it protects.
    pub(crate) apart: bool,
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A name that is a file's too.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    (1..=60).contains(&name.chars().count()) && name.chars().all(plain)
}

impl Sealed {
    pub(crate) fn of(settings: &Settings) -> Sealed {
        let named = std::env::var_os("DITU_KEY_FILE").filter(|v| !v.is_empty()).map(PathBuf::from);
        let folder = settings.data.join("control");
        let apart = named.is_some();
        Sealed { key_file: named.unwrap_or_else(|| folder.join("key")), folder, apart }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{ENDING}"))
    }

    fn cipher(&self, make: bool) -> io::Result<XChaCha20Poly1305> {
        let text = match std::fs::read_to_string(&self.key_file) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound && self.files()?.next().is_some() => {
                // A second key would leave two kinds of files of which neither key opens all.
                let why = "密钥不在，已封存的控制参数打不开；把原密钥放回（或用 DITU_KEY_FILE 指明），或移走 *.sealed / the key is missing and sealed control cannot be opened: put it back (or name it by DITU_KEY_FILE), or move the *.sealed files away";
                return Err(at(&self.key_file, io::Error::new(e.kind(), why)));
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound && make => {
                let text: String = random::<32>()?.iter().map(|b| format!("{b:02x}")).collect();
                write_private(&self.key_file, text.as_bytes())?;
                text
            }
            Err(e) => return Err(at(&self.key_file, e)),
        };
        let text = text.trim();
        let byte = |i: usize| u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok();
        let key: Option<Vec<u8>> = (0..32).map(byte).collect();
        let key = key
            .filter(|_| text.len() == 64)
            .ok_or_else(|| at(&self.key_file, io::Error::other("a key is 64 hexadecimal digits")))?;
        XChaCha20Poly1305::new_from_slice(&key).map_err(io::Error::other)
    }

    /// Keeps a control; one of the same name stays, unless it is to be replaced.
    pub(crate) fn keep(&self, control: &Control, replace: bool) -> io::Result<()> {
        let path = self.path(&control.name);
        if !replace && path.exists() {
            let why = "已有同名控制；换一个名称，或用 --replace 替换 / there is a control of this name: choose another, or --replace it";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{}: {why}", control.name)));
        }
        std::fs::create_dir_all(&self.folder)?;
        let cipher = self.cipher(true)?;
        let nonce = random::<NONCE>()?;
        let plain = serde_json::to_vec(control).map_err(io::Error::other)?;
        let payload = Payload { msg: &plain, aad: control.name.as_bytes() };
        let sealed =
            cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| io::Error::other("sealing failed"))?;
        let new = path.with_extension("new");
        write_private(&new, &[MAGIC, &nonce, &sealed].concat())?;
        std::fs::rename(&new, &path)
    }

    fn open(&self, path: &Path, name: &str) -> io::Result<Control> {
        let bytes = std::fs::read(path)?;
        let broken = || at(path, io::Error::other("the file is damaged, or was sealed with another key"));
        let rest = bytes.strip_prefix(MAGIC).filter(|r| r.len() > NONCE).ok_or_else(broken)?;
        let (nonce, sealed) = rest.split_at(NONCE);
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| broken())?;
        let payload = Payload { msg: sealed, aad: name.as_bytes() };
        let plain = self.cipher(false)?.decrypt(&XNonce::from(nonce), payload).map_err(|_| broken())?;
        serde_json::from_slice(&plain).map_err(|_| broken())
    }

    /// The sealed files, with the names of what they hold.
    fn files(&self) -> io::Result<impl Iterator<Item = (PathBuf, String)> + use<>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(at(&self.folder, e)),
        };
        let sealed = entries.into_iter().filter(|p| p.extension().is_some_and(|e| e == ENDING));
        Ok(sealed.filter_map(|p| Some((p.clone(), p.file_stem()?.to_str()?.to_owned()))))
    }

    /// All controls, by name, and why some cannot be opened.
    pub(crate) fn all(&self) -> io::Result<(Vec<Arc<Control>>, Vec<io::Error>)> {
        let (mut found, mut broken) = (Vec::new(), Vec::new());
        for (path, name) in self.files()? {
            match self.open(&path, &name) {
                Ok(control) => found.push(Arc::new(control)),
                Err(e) => broken.push(e),
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok((found, broken))
    }
}

fn at(path: &Path, e: io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("{}: {e}", path.display()))
}
