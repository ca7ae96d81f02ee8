#pragma once
// What a container runs, as far as its manifest tells: the simple commands of a command line, shell scripts included, and
// the options in one. Nothing is expanded: a word that needs a variable or a file is not known here.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::serving {

using Words = std::vector<std::string>;

// The simple commands in a container's `command` and `args`: ["sh", "-c", "a && exec b --x"] holds two. A command line
// without a shell is one. Limited to the first `script_bytes_max` bytes of a script.
inline constexpr std::size_t script_bytes_max = 64 << 10;
std::vector<Words> simple_commands(const Words& command, const Words& args);

// "/usr/bin/python3" -> "python3".
std::string_view base_name(std::string_view path);

// "--name value", "--name=value", "--flag"; '_' in a name is '-'. Of an option that is given twice, the last counts.
class Options {
 public:
  // `words` from position `begin` on; the program and what it was called with before are not among them.
  Options(const Words& words, std::size_t begin);

  bool has(std::string_view name) const;  // "port", without dashes
  // Empty: not given, without a value, or the value holds a variable and so is not known.
  std::string_view value(std::string_view name) const;
  // The first word that is no option, nor follows one that may have taken it as its value. Empty: there is none.
  std::string_view positional() const { return positional_; }

 private:
  struct Option {
    std::string name{};
    std::string_view value{};
  };
  std::vector<Option> options_;
  std::string_view positional_{};
};

}  // namespace reeve::serving
