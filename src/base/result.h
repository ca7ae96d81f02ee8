#pragma once
// The one way Reeve reports an operation that may fail.
//
// Expected failures (bad input, a busy GPU, a lost node) are values of Result. A broken invariant is
// a bug: REEVE_CHECK (base/check.h) stops the process, in release builds too. Nothing throws on purpose.

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace reeve {

// What the caller can do about it, not where it came from. Add a code only if some caller acts on it.
enum class Errc {
  invalid_argument,  // the request itself is wrong; sending it again cannot help
  not_found,         // the named thing does not exist
  conflict,          // somebody else holds it, or it changed meanwhile: look again, then decide
  exhausted,         // no room, quota or budget left: may succeed later
  unsupported,       // this device, driver or database cannot do it at all
  unauthorized,      // who asks is not known, or may not
  timed_out,         // the deadline passed; whether it happened is unknown
  unavailable,       // the other side is not there now: worth a retry
  internal,          // a bug of ours, or a broken disk
};

constexpr std::string_view to_text(Errc code) {
  switch (code) {
    case Errc::invalid_argument: return "INVALID_ARGUMENT";
    case Errc::not_found: return "NOT_FOUND";
    case Errc::conflict: return "CONFLICT";
    case Errc::exhausted: return "EXHAUSTED";
    case Errc::unsupported: return "UNSUPPORTED";
    case Errc::unauthorized: return "UNAUTHORIZED";
    case Errc::timed_out: return "TIMED_OUT";
    case Errc::unavailable: return "UNAVAILABLE";
    case Errc::internal: return "INTERNAL";
  }
  return {};
}

struct Error {
  Errc code = Errc::internal;
  std::string message;     // "cannot <do what>: <why>", safe to show to an API client
  std::string field = {};  // the request field at fault ("items[2].count"), empty when none is

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Precondition of value(), * and ->: ok(). Of error(): !ok().
  const T& value() const& { return REEVE_CHECK(ok()), *std::get_if<0>(&state_); }
  T& value() & { return REEVE_CHECK(ok()), *std::get_if<0>(&state_); }
  T&& value() && { return REEVE_CHECK(ok()), std::move(*std::get_if<0>(&state_)); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }
  const Error& error() const { return REEVE_CHECK(!ok()), *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

struct Done {  // the value of an operation that has nothing to return
  friend bool operator==(const Done&, const Done&) = default;
};
using Status = Result<Done>;

}  // namespace reeve
