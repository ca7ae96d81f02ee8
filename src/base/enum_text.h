#pragma once
// Text of an enum, written once: a constexpr `to_text` switch beside the enum. -Wswitch makes a missing
// case an error; JSON, SQL, flags and logs all go through these functions.
//
// Rules for such an enum: values count up from 0 without gaps; to_text ends in `return {}`.

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace reeve {

template <class E>
concept TextEnum = std::is_enum_v<E> && requires(E e) {
  { to_text(e) } -> std::same_as<std::string_view>;
};

template <TextEnum E>
constexpr std::optional<E> from_text(std::string_view text) {
  for (int i = 0;; ++i) {
    const std::string_view candidate = to_text(static_cast<E>(i));
    if (candidate.empty()) return std::nullopt;
    if (candidate == text) return static_cast<E>(i);
  }
}

template <TextEnum E>
constexpr int count_of() {
  int n = 0;
  while (!to_text(static_cast<E>(n)).empty()) ++n;
  return n;
}

// "available, allocated, draining": the second half of every "unknown value" message.
template <TextEnum E>
std::string all_texts() {
  std::string list;
  for (int i = 0; i < count_of<E>(); ++i) {
    if (i != 0) list += ", ";
    list += to_text(static_cast<E>(i));
  }
  return list;
}

}  // namespace reeve
