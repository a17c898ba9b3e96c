//! A module from a server, over HTTP.

use std::sync::Arc;

use http::StatusCode;
use reqwest::redirect::Policy;
use url::Url;

use super::error::{FetchError, reason};
use super::fetcher::{Fetched, Fetcher, Progress};
use super::{RegistryConfig, Remote};
use crate::engine::Digest;

/// Redirects that are followed. Releases of GitHub take one or two.
const REDIRECTS_MAX: usize = 5;

/// What `url` holds.
pub(super) async fn get(
    fetcher: &Fetcher,
    url: &Url,
    source: &Remote,
    progress: Progress<'_>,
) -> Result<Fetched, FetchError> {
    let host = source.host();
    if url.scheme() != "https" {
        fetcher.check_plain(&host)?;
    }
    let credentials = fetcher.credentials(&host).await?;
    let given = credentials.is_some();
    let mut request = client(fetcher)?.get(url.clone());
    if let Some((username, password)) = credentials {
        request = request.basic_auth(username, Some(password));
    }
    let failed = |error: reqwest::Error| FetchError::Failed {
        source_name: source.to_string(),
        // The address is said already, and its query is nobody's business.
        reason: reason(&error.without_url()),
    };
    let mut response = request.send().await.map_err(failed)?;
    let source_name = source.to_string();
    match response.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return Err(FetchError::Unauthorized { host, given });
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => return Err(FetchError::NotFound { source_name }),
        status => {
            return Err(FetchError::Failed { source_name, reason: format!("the server answered {status}") });
        }
    }
    let expected = response.content_length();
    let mut taken = Taken::new(fetcher.options.bytes_max, expected);
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        taken.take(&chunk, &source_name, progress)?;
    }
    let digest = Digest::of(&taken.bytes);
    Ok(Fetched { bytes: taken.bytes, digest, manifest: None })
}

/// What has come so far, within the limit.
pub(super) struct Taken {
    pub(super) bytes: Vec<u8>,
    expected: Option<u64>,
    limit: usize,
}

impl Taken {
    pub(super) fn new(limit: usize, expected: Option<u64>) -> Taken {
        Taken { bytes: Vec::new(), expected, limit }
    }

    pub(super) fn take(
        &mut self,
        chunk: &[u8],
        source_name: &str,
        progress: Progress<'_>,
    ) -> Result<(), FetchError> {
        let announced = self.expected.is_some_and(|expected| expected > self.limit as u64);
        if announced || self.bytes.len().saturating_add(chunk.len()) > self.limit {
            return Err(FetchError::TooLarge { source_name: source_name.to_owned(), limit: self.limit });
        }
        self.bytes.extend_from_slice(chunk);
        progress(self.bytes.len() as u64, self.expected);
        Ok(())
    }
}

fn client(fetcher: &Fetcher) -> Result<reqwest::Client, FetchError> {
    let options = &fetcher.options;
    let registries = Arc::new(options.registries.clone());
    let policy = Policy::custom(move |attempt| {
        let host = Remote::Http(attempt.url().clone()).host();
        if attempt.url().scheme() != "https" && !RegistryConfig::may_be_plain(&registries, &host) {
            return attempt.error(FetchError::PlainHttp { host });
        }
        if attempt.previous().len() > REDIRECTS_MAX {
            return attempt.error(format!("more than {REDIRECTS_MAX} redirects"));
        }
        attempt.follow()
    });
    reqwest::Client::builder()
        .redirect(policy)
        .connect_timeout(options.connect_timeout)
        .read_timeout(options.read_timeout)
        .user_agent(concat!("transload/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| FetchError::Setup(reason(&error)))
}
