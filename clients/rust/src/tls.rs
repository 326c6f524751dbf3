//! The one place that chooses the cryptography.

/// Makes ring the process's TLS provider unless the application has already chosen one.
pub(crate) fn install_crypto() {
    // The error says that a provider is already there, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
}
