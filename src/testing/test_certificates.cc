#include "testing/test_certificates.h"

#include <atomic>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/check.h"

namespace reeve {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key make_key() {
  Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  REEVE_CHECK(key != nullptr);
  return key;
}

template <class Write>
std::string pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  REEVE_CHECK(write(out.get()) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::string certificate_text(X509* certificate) {
  return pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

void extend(X509* certificate, X509* issuer, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  REEVE_CHECK(extension != nullptr);
  REEVE_CHECK(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

// Without its signature.
Certificate make_certificate(const std::string& common_name, EVP_PKEY* key, std::chrono::seconds valid_for) {
  static std::atomic<long> serial{1};
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -7200);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), static_cast<long>(valid_for.count()));
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  REEVE_CHECK(
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0) == 1);
  return certificate;
}

bool is_address(const std::string& name) {
  return name.find_first_not_of("0123456789.") == std::string::npos || name.find(':') < name.size();
}

}  // namespace

struct TestAuthority::Signer {
  Key key = make_key();
  Certificate certificate{nullptr, X509_free};
};

TestAuthority::TestAuthority(const std::string& name) : signer_(std::make_unique<Signer>()) {
  signer_->certificate = make_certificate(name, signer_->key.get(), std::chrono::hours(24));
  X509* own = signer_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  REEVE_CHECK(X509_sign(own, signer_->key.get(), EVP_sha256()) > 0);
  certificate_pem_ = certificate_text(own);
}

TestAuthority::~TestAuthority() = default;

TestCertificate TestAuthority::issue(const TestCertificateWishes& wishes) const {
  const Key key = make_key();
  const Certificate certificate = make_certificate(wishes.common_name, key.get(), wishes.valid_for);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer_->certificate.get()));
  std::string names;
  for (const std::string& name : wishes.names) names += (names.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  if (!names.empty()) extend(certificate.get(), signer_->certificate.get(), NID_subject_alt_name, names);
  REEVE_CHECK(X509_sign(certificate.get(), signer_->key.get(), EVP_sha256()) > 0);
  return {.certificate_pem = certificate_text(certificate.get()),
          .key_pem = pem([&](BIO* out) { return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

}  // namespace reeve
