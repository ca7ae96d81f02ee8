#pragma once
// Certificates made while a test runs, so that none lie in the repository and none expires there.

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"

namespace reeve {

struct TestCertificate {
  std::string certificate_pem{};
  std::string key_pem{};
};

struct TestCertificateWishes {
  std::string common_name = "test";
  std::vector<std::string> names{};           // host names and IP addresses that it is for
  std::chrono::seconds valid_for{24 * 3600};  // negative: expired
};

// An authority and what it signs. Aborts the test program when OpenSSL refuses.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "test authority");
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  const std::string& certificate_pem() const { return certificate_pem_; }
  TestCertificate issue(const TestCertificateWishes& wishes) const;

 private:
  struct Signer;
  std::unique_ptr<Signer> signer_;
  std::string certificate_pem_{};
};

}  // namespace reeve
