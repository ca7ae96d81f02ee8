#pragma once
// Strict reading of what a client sends: each parameter and field is asked for by name, and what nobody
// asked for, has the wrong type or is out of range becomes a problem that names it. The first one counts.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/enum_text.h"
#include "base/time.h"
#include "delivery/rest/problem.h"

namespace reeve::rest {

inline constexpr std::size_t text_bytes_max = 1024;  // of one parameter or field: the longest names are 253
inline constexpr std::size_t labels_max = 64;        // as many as a Kubernetes object usually has, and some

// Query parameters of one request, which outlives the reader.
class QueryReader {
 public:
  explicit QueryReader(const http::Request& request) : request_(request) {}

  std::optional<std::string> text(std::string_view name);  // an empty value counts as absent
  std::optional<bool> flag(std::string_view name);         // "true" or "false"
  std::optional<std::int64_t> number(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<Timestamp> time(std::string_view name);
  std::vector<std::string> words(std::string_view name);  // "a,b,c"
  template <TextEnum E>
  std::optional<E> word(std::string_view name) {
    const auto given = text(name);
    if (!given) return std::nullopt;
    const auto found = from_text<E>(*given);
    if (!found) refuse(name, "it is none of " + all_texts<E>(), texts_of<E>());
    return found;
  }

  void refuse(std::string_view name, const std::string& why, std::vector<std::string> allowed = {});
  // After the last question: the first fault, unknown and repeated parameters included.
  std::optional<Problem> finish();

  template <TextEnum E>
  static std::vector<std::string> texts_of() {
    std::vector<std::string> texts;
    for (int i = 0; i < count_of<E>(); ++i) texts.emplace_back(to_text(static_cast<E>(i)));
    return texts;
  }

 private:
  const http::Request& request_;
  std::vector<std::string> asked_{};
  std::optional<Problem> fault_{};
};

// The JSON object in a request's body. A field that is null counts as absent.
class BodyReader {
 public:
  explicit BodyReader(const http::Request& request);

  std::optional<std::string> text(std::string_view name);
  std::string required_text(std::string_view name);
  std::optional<bool> flag(std::string_view name);
  std::optional<std::int64_t> number(std::string_view name, std::int64_t min, std::int64_t max);
  std::int64_t required_number(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<double> amount(std::string_view name, double max);  // 0 <= amount <= max
  std::optional<Timestamp> time(std::string_view name);
  std::map<std::string, std::string> labels(std::string_view name);
  template <TextEnum E>
  std::optional<E> word(std::string_view name) {
    const auto given = text(name);
    if (!given) return std::nullopt;
    const auto found = from_text<E>(*given);
    if (!found) refuse(name, "it is none of " + all_texts<E>(), QueryReader::texts_of<E>());
    return found;
  }

  void refuse(std::string_view name, const std::string& why, std::vector<std::string> allowed = {});
  void require(std::string_view name);
  std::optional<Problem> finish();
  // The whole body in one spelling, whatever its blanks; tells requests apart.
  std::string digest() const;

 private:
  const boost::json::value* find(std::string_view name);

  boost::json::object body_{};
  std::vector<std::string> asked_{};
  std::optional<Problem> fault_{};
};

}  // namespace reeve::rest
