#include "domain/serving/command_line.h"

#include <gtest/gtest.h>

namespace reeve::serving {
namespace {

std::vector<Words> script(const std::string& text) { return simple_commands({"/bin/sh", "-c"}, {text}); }

TEST(CommandLine, without_a_shell_it_is_one_command) {
  EXPECT_EQ(simple_commands({"vllm", "serve"}, {"m", "--port", "8000"}), (std::vector<Words>{{"vllm", "serve", "m", "--port", "8000"}}));
  EXPECT_TRUE(simple_commands({}, {}).empty());
}

TEST(CommandLine, a_script_is_cut_where_the_shell_cuts_it) {
  EXPECT_EQ(script("pip install x && exec vllm serve 'my model' --a=\"b c\"; sleep 1 | tee log\nlast"),
            (std::vector<Words>{
                {"pip", "install", "x"}, {"exec", "vllm", "serve", "my model", "--a=b c"}, {"sleep", "1"}, {"tee", "log"}, {"last"}}));
  EXPECT_EQ(script("vllm serve m \\\n  --port 8000 \\\r\n --x # why; not\n"),
            (std::vector<Words>{{"vllm", "serve", "m", "--port", "8000", "--x"}}));
}

TEST(CommandLine, redirections_are_no_words) {
  EXPECT_EQ(script("vllm serve m >log 2>&1 --port 1 < in &"), (std::vector<Words>{{"vllm", "serve", "m", "--port", "1"}}));
  EXPECT_EQ(script("a &> all b"), (std::vector<Words>{{"a"}, {"b"}})) << "cut at the &, which is as good";
}

TEST(CommandLine, what_needs_a_shell_to_know_stays_in_one_word) {
  EXPECT_EQ(script("run --m $(cat a b) --n ${N:-1 2} \"$X y\""),
            (std::vector<Words>{{"run", "--m", "$(cat a b)", "--n", "${N:-1 2}", "$X y"}}));
}

TEST(CommandLine, shells_in_shells_and_their_flags_are_understood) {
  EXPECT_EQ(simple_commands({"/usr/bin/tini", "--", "bash", "-euo", "pipefail", "-c"}, {"sh -lc \"vllm serve m\""}),
            (std::vector<Words>{{"vllm", "serve", "m"}}));
  EXPECT_EQ(simple_commands({"sh", "-c", "exec vllm serve \"$@\"", "--"}, {"m", "--port", "1"}),
            (std::vector<Words>{{"exec", "vllm", "serve", "m", "--port", "1"}}));
  EXPECT_EQ(simple_commands({"bash", "/start.sh"}, {"-c"}), (std::vector<Words>{{"bash", "/start.sh", "-c"}})) << "a file, not a text";
  EXPECT_TRUE(simple_commands({"sh", "-c"}, {}).empty() || simple_commands({"sh", "-c"}, {})[0][0] == "sh");
}

TEST(CommandLine, options_are_found_however_they_are_written) {
  const Words words{"serve", "model", "--port", "8000", "--tensor_parallel_size=2", "-v", "--flag", "--name", "$(NAME)", "--port=9000"};
  const Options options(words, 1);
  EXPECT_EQ(options.positional(), "model");
  EXPECT_EQ(options.value("port"), "9000") << "the last counts";
  EXPECT_EQ(options.value("tensor-parallel-size"), "2");
  EXPECT_TRUE(options.has("flag") && options.value("flag").empty());
  EXPECT_TRUE(options.has("name"));
  EXPECT_EQ(options.value("name"), "") << "a variable is not known";
  EXPECT_FALSE(options.has("nam"));
}

TEST(CommandLine, broken_scripts_end_somewhere) {
  for (const char* text : {"'", "\"", "\\", "$", "$(", "${", ">", "2>", "&&&", "`", "a 'b", "a \"b\\", "((("}) {
    for (const Words& words : script(text)) EXPECT_FALSE(words.empty()) << text;
  }
}

}  // namespace
}  // namespace reeve::serving
