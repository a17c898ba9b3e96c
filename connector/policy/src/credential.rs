//! Secrets, and how one is put on a request.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use zeroize::Zeroizing;

use crate::PolicyError;
use crate::manifest::{Api, Credential};

/// A credential or key. It prints as `[secret]`, cannot be serialised, and is overwritten in memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wrap `text`.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// The secret itself. Nothing that is shown, logged or stored may be made of it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The header that proves to one API who sends a request.
#[derive(PartialEq, Eq)]
pub struct Proof {
    name: HeaderName,
    value: HeaderValue,
}

impl Proof {
    /// What `api` asks for, made of `secret`; none when it asks for nothing. `setting` is the key of the configuration
    /// that the secret comes from.
    pub fn new(api: &Api, secret: Option<&Secret>, setting: &str) -> Result<Option<Proof>, PolicyError> {
        let (name, prefix) = match &api.credential {
            Credential::None => return Ok(None),
            Credential::Bearer => (header::AUTHORIZATION, "Bearer "),
            Credential::Header(name) => (key_header(api, name)?, ""),
            Credential::Oauth2(_) => return Err(PolicyError::Oauth2 { api: api.name.clone() }),
        };
        let Some(secret) = secret.filter(|secret| !secret.expose().is_empty()) else {
            return Err(PolicyError::CredentialMissing {
                api: api.name.clone(),
                setting: setting.to_owned(),
            });
        };
        let text = Zeroizing::new(format!("{prefix}{}", secret.expose()));
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| PolicyError::CredentialMalformed { setting: setting.to_owned() })?;
        // Keeps it out of HTTP/2's header tables and out of debug output.
        value.set_sensitive(true);
        Ok(Some(Proof { name, value }))
    }

    /// Put it on a request.
    pub fn put(&self, headers: &mut HeaderMap) {
        headers.insert(self.name.clone(), self.value.clone());
    }
}

/// The header named by an API's manifest, if it takes its key in one.
pub fn key_header(api: &Api, name: &str) -> Result<HeaderName, PolicyError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| PolicyError::Manifest {
        api: api.name.clone(),
        reason: format!("its credential's header {name:?} is not a header's name"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints() {
        let secret = Secret::new("hunter2");
        assert_eq!(
            format!("{secret} {secret:?} {:#?}", Some(&secret)),
            "[secret] [secret] Some(\n    [secret],\n)"
        );
        assert_eq!(secret.expose(), "hunter2");
    }
}
