#include "delivery/rest/embedded_documents.h"

#include <string>

extern "C" {
extern const char reeve_openapi_begin[];
extern const char reeve_openapi_end[];
extern const char reeve_error_pages_begin[];
extern const char reeve_error_pages_end[];
}

namespace reeve::rest {

std::string_view openapi_document() { return {reeve_openapi_begin, reeve_openapi_end}; }

// All pages stand one behind the other; each begins with its code as the heading "# CODE".
std::string_view error_document(std::string_view code) {
  const std::string_view pages{reeve_error_pages_begin, reeve_error_pages_end};
  const auto begin = pages.find("# " + std::string(code) + "\n");
  if (code.empty() || begin == std::string_view::npos) return {};
  const auto end = pages.find("\n# ", begin);
  return pages.substr(begin, end == std::string_view::npos ? end : end + 1 - begin);
}

}  // namespace reeve::rest
