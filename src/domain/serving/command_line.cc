#include "domain/serving/command_line.h"

#include <algorithm>
#include <array>

namespace reeve::serving {
namespace {

constexpr int shells_deep_max = 3;  // sh -c "bash -c ..."

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool ends_command(char c) { return c == '\n' || c == ';' || c == '&' || c == '|' || c == '(' || c == ')' || c == '`'; }

// Splits a script into the words of its simple commands: quotes, backslashes, comments and redirections are understood,
// and nothing else of the language is.
class ScriptReader {
 public:
  explicit ScriptReader(std::string_view text) : rest_(text.substr(0, script_bytes_max)) {}

  std::vector<Words> read() {
    while (!rest_.empty()) step();
    end_command();
    return std::move(commands_);
  }

 private:
  void step() {
    const char c = take();
    if (c == '\'') return quoted('\'');
    if (c == '"') return quoted('"');
    if (c == '\\') return escaped();
    if (c == '$') return variable();
    if (c == '#' && !in_word_) return skip_line();
    if (c == '>' || c == '<') return redirection();
    if (is_blank(c)) return end_word();
    if (ends_command(c)) return end_command();
    put(c);
  }

  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  void put(char c) {
    word_ += c;
    in_word_ = true;
  }
  void quoted(char quote) {
    in_word_ = true;
    while (!rest_.empty()) {
      const char c = take();
      if (c == quote) return;
      if (c == '\\' && quote == '"' && !rest_.empty() && std::string_view("\"\\$`\n").find(rest_.front()) != std::string_view::npos) {
        if (const char next = take(); next != '\n') put(next);
      } else {
        put(c);
      }
    }
  }
  void escaped() {
    if (rest_.empty()) return;
    if (rest_.starts_with("\r\n")) take();
    if (const char next = take(); next != '\n') put(next);
  }
  // "$X", "${X:-1}", "$(program with words)": part of its word, as it stands.
  void variable() {
    put('$');
    if (rest_.empty() || (rest_.front() != '{' && rest_.front() != '(')) return;
    const char open = rest_.front();
    const char close = open == '{' ? '}' : ')';
    int depth = 0;
    while (!rest_.empty()) {
      const char c = take();
      put(c);
      if (c == open) ++depth;
      if (c == close && --depth == 0) return;
    }
  }
  // "2>&1", ">log", "< file": neither the descriptor nor the file is a word of the command.
  void redirection() {
    if (std::ranges::all_of(word_, [](char c) { return c >= '0' && c <= '9'; })) {
      word_.clear();
      in_word_ = false;
    }
    end_word();
    while (!rest_.empty() && (rest_.front() == '>' || rest_.front() == '<' || rest_.front() == '&')) take();
    while (!rest_.empty() && is_blank(rest_.front())) take();
    drop_next_ = true;
  }
  void skip_line() {
    while (!rest_.empty() && rest_.front() != '\n') take();
  }
  void end_word() {
    if (!in_word_) return;
    if (!drop_next_) words_.push_back(std::move(word_));
    drop_next_ = false;
    word_.clear();
    in_word_ = false;
  }
  void end_command() {
    end_word();
    drop_next_ = false;
    if (!words_.empty()) commands_.push_back(std::move(words_));
    words_.clear();
  }

  std::string_view rest_;
  std::string word_{};
  bool in_word_ = false;
  bool drop_next_ = false;
  Words words_{};
  std::vector<Words> commands_{};
};

bool is_shell(std::string_view word) {
  constexpr std::array<std::string_view, 6> shells{"sh", "bash", "dash", "ash", "zsh", "ksh"};
  return std::ranges::find(shells, base_name(word)) != shells.end();
}

// Where the script of "bash -euo pipefail -c SCRIPT" stands; absent: no script is given in words.
std::optional<std::size_t> script_place(const Words& words) {
  const auto shell = std::ranges::find_if(words, is_shell);
  if (shell == words.end()) return std::nullopt;
  for (auto i = static_cast<std::size_t>(shell - words.begin()) + 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool is_flag = word.size() > 1 && (word[0] == '-' || word[0] == '+');
    if (!is_flag) return std::nullopt;
    if (word.starts_with("--")) continue;
    if (word.find('c') != std::string::npos) return i + 1 < words.size() ? std::optional(i + 1) : std::nullopt;
    if (word.ends_with('o')) ++i;  // "-o pipefail"
  }
  return std::nullopt;
}

// "$@" stands for what follows the script and its name.
void fill_arguments(Words& words, const Words& given, std::size_t first) {
  const auto place = std::ranges::find_if(words, [](const std::string& word) { return word == "$@" || word == "$*"; });
  if (place == words.end()) return;
  const auto at = words.erase(place);
  if (first < given.size()) words.insert(at, given.begin() + static_cast<std::ptrdiff_t>(first), given.end());
}

void add_commands(const Words& words, int depth, std::vector<Words>& found) {
  const auto script = depth < shells_deep_max ? script_place(words) : std::nullopt;
  if (!script) {
    if (!words.empty()) found.push_back(words);
    return;
  }
  for (Words& command : ScriptReader(words[*script]).read()) {
    fill_arguments(command, words, *script + 2);
    add_commands(command, depth + 1, found);
  }
}

}  // namespace

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::vector<Words> simple_commands(const Words& command, const Words& args) {
  Words words = command;
  words.insert(words.end(), args.begin(), args.end());
  std::vector<Words> found;
  add_commands(words, 0, found);
  return found;
}

Options::Options(const Words& words, std::size_t begin) {
  bool may_be_value = false;  // of the option before
  for (std::size_t i = begin; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word.size() > 1 && word.front() == '-') {
      const std::size_t equals = word.find('=');
      std::string name(word.substr(0, equals));
      name.erase(0, name.find_first_not_of('-'));
      std::ranges::replace(name, '_', '-');
      options_.push_back({std::move(name), equals == std::string_view::npos ? std::string_view{} : word.substr(equals + 1)});
      may_be_value = equals == std::string_view::npos;
    } else if (may_be_value) {
      options_.back().value = word;
      may_be_value = false;
    } else if (positional_.empty()) {
      positional_ = word;
    }
  }
}

bool Options::has(std::string_view name) const { return std::ranges::find(options_, name, &Option::name) != options_.end(); }

std::string_view Options::value(std::string_view name) const {
  std::string_view found;
  for (const Option& option : options_)
    if (option.name == name) found = option.value;
  return found.find('$') == std::string_view::npos ? found : std::string_view{};
}

}  // namespace reeve::serving
