#include "adapters/targets/target_files.h"

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace reeve {
namespace {

std::string fault(std::string_view text) {
  const auto targets = parse_targets(text);
  return targets ? "none" : targets.error().message;
}

TEST(Targets, a_prometheus_file_sd_document_is_read_as_json_and_as_yaml) {
  const std::vector<Target> expected{{"http://10.0.0.7:9400", ObservationSource::dcgm_exporter, {}, "west"},
                                     {"http://10.0.0.8:9400", ObservationSource::dcgm_exporter, {}, "west"},
                                     {"http://n9:9400", ObservationSource::reeve_agent, {"n9"}, ""}};
  EXPECT_EQ(*parse_targets(R"([{"targets": ["10.0.0.7:9400", "http://10.0.0.8:9400/"], "kind": "dcgm-exporter",
                                "labels": {"cluster": "west", "rack": "r7"}},
                               {"targets": ["n9:9400"], "labels": {"node": "n9"}}])"),
            expected);
  EXPECT_EQ(*parse_targets("- targets: ['10.0.0.7:9400', '10.0.0.8:9400']\n"
                           "  labels: {cluster: west, kind: dcgm-exporter}\n"
                           "- targets: ['n9:9400']\n"
                           "  node: n9\n"),
            expected);
  EXPECT_EQ(parse_targets("- n1:9400\n- n2:9400\n")->size(), 2u);
  EXPECT_TRUE(parse_targets("")->empty());
  EXPECT_TRUE(parse_targets("[]")->empty());
}

TEST(Targets, a_fault_is_named_with_its_line) {
  EXPECT_EQ(fault("- targets: ['a:1']\n  kind: amd\n"),
            "line 2: 'kind' is reeve-agent, dcgm-exporter, amd-exporter, intel-exporter or gaudi-exporter");
  EXPECT_EQ(fault("- targets: ['a:1']\n  colour: red\n"), "line 2: unknown key 'colour'; known here: targets, labels, kind, node, cluster");
  EXPECT_EQ(fault("- labels: {node: n1}\n"), "line 1: 'targets' is a list of \"host:port\"");
  EXPECT_EQ(fault("targets: []\n"), "line 1: a list of targets is expected");
  EXPECT_EQ(fault("- targets: [['a:1']]\n"), "line 1: a text is expected");
  EXPECT_EQ(fault("- ''\n"), "line 1: a target needs \"host:port\"");
  EXPECT_EQ(fault("[{\"targets\": [\"a:1\"").substr(0, 5), "line ");
  EXPECT_NE(fault("- [1"), "none");
}

struct TargetFilesTest : testing::Test {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / fmt::format("reeve-targets-{}", ::getpid());
  std::string file = folder / "targets.yaml";

  TargetFilesTest() { std::filesystem::create_directories(folder); }
  ~TargetFilesTest() override { std::filesystem::remove_all(folder); }

  // As a careful writer does it: another file takes the name.
  void write(const std::string& text) const {
    std::ofstream(file + ".new") << text;
    std::filesystem::rename(file + ".new", file);
  }
  static std::string urls(const TargetList& list) {
    std::string all;
    for (const Target& target : list.targets) all += target.url + " ";
    return all;
  }
};

TEST_F(TargetFilesTest, a_changed_file_is_read_again) {
  write("- a:1\n");
  TargetFiles files({{.url = "http://fixed:1"}}, {file}, "west");
  EXPECT_EQ(urls(files.current()), "http://fixed:1 http://a:1 ");
  EXPECT_EQ(files.current().targets[1].cluster, "west");
  write("- b:1\n");
  EXPECT_EQ(urls(files.current()), "http://fixed:1 http://b:1 ");
  EXPECT_EQ(files.current().error, "");
}

TEST_F(TargetFilesTest, a_bad_file_keeps_what_it_had_and_says_so_until_it_is_mended) {
  write("- a:1\n");
  TargetFiles files({}, {file}, "");
  files.current();
  write("- {targets: 7}\n");
  for (int i = 0; i < 2; ++i) {
    const TargetList list = files.current();
    EXPECT_EQ(urls(list), "http://a:1 ");
    EXPECT_EQ(list.error, fmt::format("cannot read targets from '{}': line 1: 'targets' is a list of \"host:port\"", file));
  }
  write("- c:1\n");
  EXPECT_EQ(urls(files.current()), "http://c:1 ");
  EXPECT_EQ(files.current().error, "");
}

TEST_F(TargetFilesTest, a_file_that_is_gone_keeps_what_it_had_and_may_come_back) {
  TargetFiles files({}, {file}, "");
  EXPECT_NE(files.current().error.find("No such file"), std::string::npos);
  write("- a:1\n");
  EXPECT_EQ(urls(files.current()), "http://a:1 ");
  EXPECT_EQ(files.current().error, "");
  std::filesystem::remove(file);
  EXPECT_EQ(urls(files.current()), "http://a:1 ");
  EXPECT_NE(files.current().error, "");
}

TEST_F(TargetFilesTest, a_target_that_stands_twice_is_asked_once) {
  write("- a:1\n- fixed:1\n- a:1\n");
  TargetFiles files({{.url = "http://fixed:1", .node = {"n1"}}}, {file}, "");
  const TargetList list = files.current();
  EXPECT_EQ(urls(list), "http://fixed:1 http://a:1 ");
  EXPECT_EQ(list.targets[0].node.text, "n1");
}

}  // namespace
}  // namespace reeve
