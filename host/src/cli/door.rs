//! How the commands find a running host: beside its database lies a file that says where it answers and for which token.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use transload::egress::Secret;
use transload::runtime::Host;

/// Random bytes in a token: as many as a key that is not to be guessed.
const TOKEN_BYTES: usize = 32;

/// The largest file that is taken for one of ours, in bytes. It has about 150.
const FILE_BYTES_MAX: u64 = 4 << 10;

/// What the file says.
#[derive(Serialize, Deserialize)]
pub struct Address {
    /// Where the host answers, on this machine only.
    pub address: SocketAddr,
    /// What it asks for. Whoever can read the file could change the database as well.
    pub token: String,
    /// The host's process.
    pub pid: u32,
}

/// A host's admin API, open on this machine until it is closed or dropped.
pub struct Door {
    file: PathBuf,
    _stop: oneshot::Sender<()>,
}

impl Door {
    /// Serves the admin API of `host`, never on the address that webhooks come to: a proxy may stand before that one.
    pub async fn open(host: &Host, database: &Path) -> anyhow::Result<Door> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen on loopback")?;
        let address = listener.local_addr().context("cannot tell the address listened on")?;
        let token = token()?;
        let file = file_of(database);
        write(&file, &Address { address, token: token.clone(), pid: std::process::id() })
            .with_context(|| format!("cannot write {}", file.display()))?;
        let (stop, stopped) = oneshot::channel();
        let host = host.clone();
        tokio::spawn(async move {
            // Dropping the other end is what stops it.
            let stopped = async { drop(stopped.await) };
            host.serve_admin(listener, Secret::new(token), stopped).await;
        });
        Ok(Door { file, _stop: stop })
    }

    /// Closes it; requests under way are finished.
    pub fn close(self) {
        drop(self);
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // One that stays behind is found out: nobody answers there for its token.
        let _ = fs::remove_file(&self.file);
    }
}

impl Address {
    /// What the file beside `database` says, if there is one.
    pub fn read(database: &Path) -> Option<Address> {
        let file = file_of(database);
        if fs::metadata(&file).ok()?.len() > FILE_BYTES_MAX {
            return None;
        }
        let address: Address = serde_json::from_slice(&fs::read(&file).ok()?).ok()?;
        // Our files name no other; sending the token elsewhere would give it away.
        address.address.ip().is_loopback().then_some(address)
    }
}

fn file_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".admin");
    PathBuf::from(name)
}

/// Puts the file in place as a whole: whoever reads it sees an old one, none, or this one. Only its owner may read it.
fn write(file: &Path, address: &Address) -> anyhow::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    // Made with mode 0600 on Unix.
    let mut partial = tempfile::NamedTempFile::new_in(directory)?;
    serde_json::to_writer(&mut partial, address)?;
    partial.flush()?;
    partial.persist(file)?;
    Ok(())
}

/// A token that nobody can guess.
pub fn token() -> anyhow::Result<String> {
    let mut bytes = [0; TOKEN_BYTES];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| anyhow!("the system gives no random numbers"))?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_256_bits_and_differ() {
        let (one, other) = (token().unwrap(), token().unwrap());
        assert_eq!(one.len(), 64);
        assert_ne!(one, other);
    }

    #[test]
    fn the_file_is_its_owners_alone_and_names_this_machine() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("db.sqlite");
        assert!(Address::read(&database).is_none());
        let address = |text: &str| Address { address: text.parse().unwrap(), token: "t".to_owned(), pid: 7 };
        write(&file_of(&database), &address("127.0.0.1:1")).unwrap();
        assert_eq!(Address::read(&database).unwrap().pid, 7);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(directory.path().join("db.sqlite.admin")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        write(&file_of(&database), &address("192.0.2.1:1")).unwrap();
        assert!(Address::read(&database).is_none(), "the token would leave the machine");
        fs::write(file_of(&database), vec![b' '; 5000]).unwrap();
        assert!(Address::read(&database).is_none());
    }
}
