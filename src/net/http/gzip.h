#pragma once
// gzip of response bodies.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::http {

// Does an Accept-Encoding header allow gzip? "gzip;q=0" does not.
bool accepts_gzip(std::string_view accept_encoding);

// Text and JSON shrink; what is compressed already does not.
bool worth_compressing(std::string_view content_type);

// Null when zlib fails (no memory).
std::shared_ptr<const std::string> gzip(std::string_view plain);

// Compressed forms of bodies that somebody else keeps too: an answer prepared once and sent to many is
// compressed once. One thread.
class GzipCache {
 public:
  std::shared_ptr<const std::string> compress(const std::shared_ptr<const std::string>& plain);

 private:
  struct Entry {
    std::weak_ptr<const std::string> plain;
    std::shared_ptr<const std::string> packed;
  };
  std::vector<Entry> entries_{};
};

}  // namespace reeve::http
