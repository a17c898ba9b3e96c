//! What `docker login` has kept.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;

use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};

/// What references call Docker's own registry.
const HUB: &str = "docker.io";

/// What `docker login` calls it.
const HUB_SERVER: &str = "https://index.docker.io/v1/";

/// The largest `config.json`, in bytes. A login takes about a hundred, a long token some thousand.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What helpers print when they know no login, by docker's own protocol for them.
const UNKNOWN: &str = "credentials not found";

/// Name and password for a registry, if there is a login. Reads a file, and may run a helper that it names.
pub(super) fn login(host: &str) -> Result<Option<(String, String)>, String> {
    let Some(path) = config(std::env::var_os("DOCKER_CONFIG"), std::env::var_os("HOME")) else {
        return Ok(None);
    };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    let server = if host == HUB { HUB_SERVER } else { host };
    match get_credential_from_reader(file.take(FILE_BYTES_MAX), server) {
        Ok(DockerCredential::UsernamePassword(username, password)) => Ok(Some((username, password))),
        Ok(DockerCredential::IdentityToken(_)) => Err("it keeps a token that only docker can use".to_owned()),
        Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(None),
        Err(CredentialRetrievalError::HelperFailure { stdout, .. }) if stdout.contains(UNKNOWN) => Ok(None),
        // What a helper printed beside that may be the secret itself.
        Err(CredentialRetrievalError::HelperFailure { helper, .. }) => Err(format!("{helper} failed")),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Where docker keeps its configuration.
fn config(directory: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let directory = directory.map(PathBuf::from).or_else(|| Some(PathBuf::from(home?).join(".docker")))?;
    Some(directory.join("config.json"))
}
