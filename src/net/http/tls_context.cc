#include "net/http/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>

#include <fmt/format.h>

namespace reeve::http {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

// Where distributions keep the certificates that they trust: our own OpenSSL knows the place of one of them only.
constexpr std::array<const char*, 5> system_bundles = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                                       "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem",
                                                       "/etc/ssl/cert.pem"};

Error refuse(std::string_view what, const error_code& error) {
  ERR_clear_error();
  return {Errc::invalid_argument, fmt::format("cannot use the {}: {}", what, error.message())};
}

void trust_system(ssl::context& context) {
  error_code ignored;
  context.set_default_verify_paths(ignored);
  const bool own_place = ::access(X509_get_default_cert_file(), R_OK) == 0 || ::access(X509_get_default_cert_dir(), R_OK) == 0;
  for (const char* path : system_bundles)
    if (!own_place && ::access(path, R_OK) == 0) {
      context.load_verify_file(path, ignored);
      break;
    }
  ERR_clear_error();
}

Status trust(ssl::context& context, const std::string& ca_pem) {
  if (ca_pem.empty()) {
    trust_system(context);
    return Done{};
  }
  error_code error;
  context.add_certificate_authority(boost::asio::buffer(ca_pem), error);
  if (error) return refuse("trusted certificates", error);
  if (ca_pem.find("-----BEGIN ") == std::string::npos)  // which OpenSSL takes for an empty list
    return Error{Errc::invalid_argument, "cannot use the trusted certificates: they are no PEM text"};
  // As other clients do, trust what was named, be it a root or not.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context.native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
  return Done{};
}

Status show(ssl::context& context, const TlsOptions& options) {
  if (options.certificate_pem.empty() && options.key_pem.empty()) return Done{};
  if (options.certificate_pem.empty()) return Error{Errc::invalid_argument, "cannot use the client key: it has no certificate"};
  if (options.key_pem.empty()) return Error{Errc::invalid_argument, "cannot use the client certificate: it has no key"};
  error_code error;
  context.use_certificate_chain(boost::asio::buffer(options.certificate_pem), error);
  if (error) return refuse("client certificate", error);
  // Without this OpenSSL would ask at the terminal.
  context.set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  context.use_private_key(boost::asio::buffer(options.key_pem), ssl::context::pem, error);
  if (error) return refuse("client key (PEM without a password is wanted)", error);
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    ERR_clear_error();
    return Error{Errc::invalid_argument, "cannot use the client certificate: the key is not its own"};
  }
  return Done{};
}

std::string reason_of(const error_code& error) {
  const auto code = static_cast<unsigned long>(error.value());
  if (error.category() == boost::asio::error::get_ssl_category())
    if (const char* reason = ERR_reason_error_string(code)) return reason;
  return error.message();
}

}  // namespace

Result<std::unique_ptr<ssl::context>> make_tls_context(const TlsOptions& options) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  if (const auto trusted = trust(*context, options.ca_pem); !trusted) return trusted.error();
  if (const auto shown = show(*context, options); !shown) return shown.error();
  error_code ignored;
  context->set_verify_mode(options.verify_peer ? ssl::verify_peer : ssl::verify_none, ignored);
  return context;
}

bool expect_peer(SSL* session, const std::string& host, const TlsOptions& options) {
  static constexpr std::array<unsigned char, 9> http_1_1 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_set_alpn_protos(session, http_1_1.data(), http_1_1.size());
  const std::string& name = options.server_name.empty() ? host : options.server_name;
  error_code no_address;
  boost::asio::ip::make_address(name, no_address);
  X509_VERIFY_PARAM* wanted = SSL_get0_param(session);
  if (!no_address) return X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) == 1;
  if (SSL_set_tlsext_host_name(session, name.c_str()) != 1) return false;
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), name.size()) == 1;
}

std::string tls_failure(SSL* session, const std::string& host, const error_code& error) {
  const long verdict = SSL_get_verify_result(session);
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
    return fmt::format("the certificate is not for '{}'", host);
  if (verdict != X509_V_OK && (SSL_get_verify_mode(session) & SSL_VERIFY_PEER) != 0)
    return fmt::format("the certificate is not trusted: {}", X509_verify_cert_error_string(verdict));
  if (error.category() != boost::asio::error::get_ssl_category()) return error.message();
  switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return "the server demands a client certificate";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN: return fmt::format("the server refuses the client certificate: {}", reason_of(error));
    case SSL_R_WRONG_VERSION_NUMBER: return "the server does not speak TLS there";
    default: return reason_of(error);
  }
}

}  // namespace reeve::http
