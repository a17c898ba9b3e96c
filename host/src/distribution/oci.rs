//! Modules in OCI registries.

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::HeaderValue;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::{OciDistributionError, OciErrorCode};
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};

use super::artifact::{Artifact, CONFIG, LAYER, LAYER_BEFORE};
use super::download::Taken;
use super::error::{FetchError, reason};
use super::fetcher::{Fetched, Fetcher, Progress, Pushed};
use super::{OciReference, RegistryConfig};
use crate::engine::Digest;

/// The `User-Agent` of requests to registries.
const USER_AGENT: &str = concat!("transload/", env!("CARGO_PKG_VERSION"));

/// A conversation with a registry about one artifact.
struct Session<'a> {
    reference: &'a OciReference,
    image: Reference,
    client: Client,
    auth: RegistryAuth,
    bytes_max: usize,
}

/// The module that `reference` leads to; with `pin`, the one with that digest, wherever the tag leads by now.
pub(super) async fn pull(
    fetcher: &Fetcher,
    reference: &OciReference,
    pin: Option<&Digest>,
    progress: Progress<'_>,
) -> Result<Fetched, FetchError> {
    let session = Session::open(fetcher, reference).await?;
    let (manifest, found) = session.layer().await?;
    let wanted = *pin.unwrap_or(&found);
    let fetched = |bytes| Fetched { bytes, digest: wanted, manifest: (wanted == found).then_some(manifest) };
    if wanted == found {
        return session.blob(wanted, progress).await.map(fetched);
    }
    let not_the_pinned =
        FetchError::NotThePinned { source_name: reference.to_string(), pinned: wanted, found };
    // By its own digest a manifest leads to one module for ever. A tag can be moved, and what it led to is there still.
    if reference.manifest().is_some() {
        return Err(not_the_pinned);
    }
    match session.blob(wanted, progress).await {
        Ok(bytes) => {
            tracing::warn!("{reference} leads to {found} by now; the pinned {wanted} is used");
            Ok(fetched(bytes))
        }
        Err(FetchError::NotFound { .. }) => Err(not_the_pinned),
        Err(error) => Err(error),
    }
}

/// Push a module under the tag of `target`.
pub(super) async fn push(
    fetcher: &Fetcher,
    artifact: &Artifact,
    target: &OciReference,
) -> Result<Pushed, FetchError> {
    let failed = |reason: &str| FetchError::Push { target: target.to_string(), reason: reason.to_owned() };
    if target.tag().is_none() || target.manifest().is_some() {
        return Err(failed("a push names a tag and no digest: write oci://HOST/REPOSITORY:TAG"));
    }
    let session = Session::open(fetcher, target).await?;
    let config =
        artifact.config(jiff::Timestamp::now().to_string()).map_err(|error| failed(&error.to_string()))?;
    let (layer, described) = (descriptor(LAYER, artifact.bytes()), descriptor(CONFIG, &config));
    let manifest = OciImageManifest {
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: described.clone(),
        layers: vec![layer.clone()],
        annotations: Some(artifact.annotations().clone()),
        ..OciImageManifest::default()
    };
    let body = serde_json::to_vec(&manifest).map_err(|error| failed(&error.to_string()))?;
    let pushed = Pushed { digest: artifact.digest(), manifest: Digest::of(&body) };
    session.push_blob(Bytes::copy_from_slice(artifact.bytes()), &layer).await?;
    session.push_blob(config.into(), &described).await?;
    let kind = HeaderValue::from_static(OCI_IMAGE_MEDIA_TYPE);
    session
        .client
        .push_manifest_raw(&session.image, body, kind)
        .await
        .map_err(|error| session.not_pushed(error))?;
    Ok(pushed)
}

fn descriptor(media_type: &str, content: &[u8]) -> OciDescriptor {
    OciDescriptor {
        media_type: media_type.to_owned(),
        digest: Digest::of(content).to_string(),
        size: i64::try_from(content.len()).unwrap_or(i64::MAX),
        ..OciDescriptor::default()
    }
}

impl<'a> Session<'a> {
    async fn open(fetcher: &Fetcher, reference: &'a OciReference) -> Result<Session<'a>, FetchError> {
        let (options, host) = (&fetcher.options, reference.registry());
        let plain = RegistryConfig::may_be_plain(&options.registries, host);
        let config = ClientConfig {
            protocol: if plain { ClientProtocol::Http } else { ClientProtocol::Https },
            platform_resolver: None,
            connect_timeout: Some(options.connect_timeout),
            read_timeout: Some(options.read_timeout),
            user_agent: USER_AGENT,
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| FetchError::Setup(reason(&error)))?;
        let auth = match fetcher.credentials(host).await? {
            Some((username, password)) => RegistryAuth::Basic(username, password),
            None => RegistryAuth::Anonymous,
        };
        client.store_auth_if_needed(host, &auth).await;
        let image = image(reference);
        Ok(Session { reference, image, client, auth, bytes_max: options.bytes_max })
    }

    /// The digests of the manifest and of the module that it leads to.
    async fn layer(&self) -> Result<(Digest, Digest), FetchError> {
        let pulled = self.client.pull_manifest_raw(&self.image, &self.auth, &[OCI_IMAGE_MEDIA_TYPE]).await;
        let (body, _) = pulled.map_err(|error| self.failed(error))?;
        let manifest: OciImageManifest = serde_json::from_slice(&body)
            .map_err(|error| self.not_a_module(format!("its manifest cannot be read: {error}")))?;
        let [layer] = manifest.layers.as_slice() else {
            return Err(self.not_a_module(format!("it has {} layers, not one", manifest.layers.len())));
        };
        if layer.media_type != LAYER && layer.media_type != LAYER_BEFORE {
            return Err(self.not_a_module(format!("its layer is {:?}, not {LAYER}", layer.media_type)));
        }
        if usize::try_from(layer.size).is_ok_and(|size| size > self.bytes_max) {
            return Err(FetchError::TooLarge {
                source_name: self.reference.to_string(),
                limit: self.bytes_max,
            });
        }
        let digest =
            layer.digest.parse().map_err(|error| self.not_a_module(format!("its layer: {error}")))?;
        Ok((Digest::of(&body), digest))
    }

    /// The blob with this digest, which the client compares.
    async fn blob(&self, digest: Digest, progress: Progress<'_>) -> Result<Vec<u8>, FetchError> {
        let layer = OciDescriptor { digest: digest.to_string(), ..OciDescriptor::default() };
        let pulled = self.client.pull_blob_stream(&self.image, &layer).await;
        let mut blob = pulled.map_err(|error| self.failed(error))?;
        let mut taken = Taken::new(self.bytes_max, blob.content_length);
        while let Some(chunk) = blob.next().await {
            let chunk = chunk.map_err(|error| self.not_had(reason(&error)))?;
            taken.take(&chunk, &self.reference.to_string(), progress)?;
        }
        Ok(taken.bytes)
    }

    async fn push_blob(&self, content: Bytes, descriptor: &OciDescriptor) -> Result<(), FetchError> {
        let pushed = self.client.push_blob(&self.image, content, &descriptor.digest).await;
        pushed.map(drop).map_err(|error| self.not_pushed(error))
    }

    fn not_had(&self, reason: String) -> FetchError {
        FetchError::Failed { source_name: self.reference.to_string(), reason }
    }

    fn not_a_module(&self, reason: String) -> FetchError {
        FetchError::NotAModule { source_name: self.reference.to_string(), reason }
    }

    fn failed(&self, error: OciDistributionError) -> FetchError {
        if is_unauthorized(&error) {
            return self.unauthorized();
        }
        if is_missing(&error) {
            return FetchError::NotFound { source_name: self.reference.to_string() };
        }
        self.not_had(reason(&error))
    }

    fn not_pushed(&self, error: OciDistributionError) -> FetchError {
        if is_unauthorized(&error) {
            return self.unauthorized();
        }
        FetchError::Push { target: self.reference.to_string(), reason: reason(&error) }
    }

    fn unauthorized(&self) -> FetchError {
        let given = self.auth != RegistryAuth::Anonymous;
        FetchError::Unauthorized { host: self.reference.registry().to_owned(), given }
    }
}

/// The reference as the client has it.
fn image(reference: &OciReference) -> Reference {
    let (registry, repository) = (reference.registry().to_owned(), reference.repository().to_owned());
    match (reference.manifest(), reference.tag()) {
        (Some(manifest), _) => Reference::with_digest(registry, repository, manifest.to_string()),
        (None, tag) => Reference::with_tag(registry, repository, tag.unwrap_or_default().to_owned()),
    }
}

fn is_unauthorized(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::UnauthorizedError { .. } | OciDistributionError::AuthenticationFailure(_) => {
            true
        }
        OciDistributionError::ServerError { code, .. } => matches!(code, 401 | 403),
        OciDistributionError::RegistryError { envelope, .. } => {
            let refused =
                |code: &OciErrorCode| matches!(code, OciErrorCode::Unauthorized | OciErrorCode::Denied);
            envelope.errors.iter().any(|error| refused(&error.code))
        }
        _ => false,
    }
}

fn is_missing(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::ImageManifestNotFoundError(_) => true,
        OciDistributionError::ServerError { code, .. } => *code == 404,
        OciDistributionError::RegistryError { envelope, .. } => envelope.errors.iter().any(|error| {
            matches!(
                error.code,
                OciErrorCode::BlobUnknown
                    | OciErrorCode::ManifestUnknown
                    | OciErrorCode::NameUnknown
                    | OciErrorCode::NotFound
            )
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_the_clients_own() {
        let digest = Digest::of(b"manifest");
        for text in ["h.example/a/b:1", "127.0.0.1:5000/a:v_1.2-x"] {
            let ours: OciReference = format!("oci://{text}").parse().unwrap();
            assert_eq!(image(&ours), text.parse().unwrap(), "{text}");
        }
        let ours: OciReference = format!("oci://h.example/a:1@{digest}").parse().unwrap();
        assert_eq!(image(&ours), format!("h.example/a@{digest}").parse().unwrap());
    }
}
